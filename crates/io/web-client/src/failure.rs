//! Why there is no answer, sorted by whose fault it is.

use std::error::Error;
use std::io;

/// Why a request has no usable answer. Its text names no address, header or body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Ours: the address cannot be asked. See [`check_url`](crate::check_url).
    #[error("the address is not http:// or https:// with a host, or is too long, or holds a user name")]
    BadUrl,
    /// Ours: a header field or the body is malformed, reserved or too long.
    #[error("a header field or the body of the request is malformed, reserved or too long")]
    BadRequest,
    /// Exhausted: too many requests, to this host or at all.
    #[error("too many requests are under way")]
    Busy,
    /// The host failed repeatedly and is left alone for a while.
    #[error("the host failed repeatedly and is left alone for a while")]
    Open,
    /// The time of the request was over.
    #[error("no answer in time")]
    Timeout,
    /// The name is not known, or nobody takes connections there.
    #[error("the host is not known or takes no connection")]
    Refused,
    /// The other side's certificate is not to be trusted, or it does not speak TLS.
    #[error("the certificate of the host is not trusted, or it does not speak TLS")]
    Tls,
    /// The connection ended before the answer did, or what came is not HTTP.
    #[error("the connection ended before the answer did, or the answer is not HTTP")]
    Broken,
    /// The answer is longer than was asked for.
    #[error("the answer is too long")]
    TooLarge,
    /// An answer that is not 2xx. Redirects (3xx) are among these: they are not followed.
    #[error("the host answered {0}")]
    Status(u16),
    /// The body of the answer is not JSON, or nested too deeply.
    #[error("the answer is not JSON")]
    NotJson,
}

impl Failure {
    /// One word, for metrics and the failure exits of flows.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::BadUrl => "bad_url",
            Self::BadRequest => "bad_request",
            Self::Busy => "busy",
            Self::Open => "open",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
            Self::Status(300..=399) => "status_3xx",
            Self::Status(400..=499) => "status_4xx",
            Self::Status(500..=599) => "status_5xx",
            Self::Status(_) => "status_other",
            Self::NotJson => "not_json",
        }
    }

    /// True if it speaks against the host, and not against the request.
    pub(crate) const fn is_of_host(self) -> bool {
        match self {
            Self::Timeout | Self::Refused | Self::Tls | Self::Broken | Self::Status(500..) => true,
            Self::BadUrl
            | Self::BadRequest
            | Self::Busy
            | Self::Open
            | Self::TooLarge
            | Self::Status(_)
            | Self::NotJson => false,
        }
    }

    /// True if another try may bring more: always if nothing was sent, else only for methods that may be repeated.
    pub(crate) const fn may_repeat(self, is_idempotent: bool) -> bool {
        match self {
            Self::Refused => true,
            // RFC 9110 §9.2.2; the statuses are those of a server or proxy that is overloaded or just restarting.
            Self::Broken | Self::Status(429 | 502 | 503 | 504) => is_idempotent,
            Self::BadUrl
            | Self::BadRequest
            | Self::Busy
            | Self::Open
            | Self::Timeout
            | Self::Tls
            | Self::TooLarge
            | Self::Status(_)
            | Self::NotJson => false,
        }
    }

    /// What the library's error means.
    pub(crate) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(known) = cause {
            if known.is::<rustls::Error>() {
                return Self::Tls;
            }
            // `source` of an I/O error passes over what it holds.
            let held = known.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = held.map(|held| held as _).or_else(|| known.source());
        }
        if error.is_connect() { Self::Refused } else { Self::Broken }
    }
}
