//! Why a stream ended.

use std::io;

use hotline_base::Pii;
use tokio_tungstenite::tungstenite::Error;

use crate::message::Values;

/// Why a stream ended, told once as its last event.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The service gave its result.
    Result(Pii<Values>),
    /// The service had enough: `stop`, or it closed the WebSocket.
    Stopped,
    /// We had enough, or the caller is gone.
    Told,
    /// Ours: the address, a header field or the parameters cannot be used.
    BadRequest,
    /// Exhausted: too many streams.
    Busy,
    /// There was no connection in time.
    Timeout,
    /// The host is not known or takes no connection.
    Refused,
    /// The certificate of the host is not trusted, or it does not speak TLS.
    Tls,
    /// The service does not take the WebSocket: with this HTTP status, or with none.
    Rejected(Option<u16>),
    /// The service sent what the protocol does not have. It was told, too.
    Protocol(&'static str),
    /// The connection broke.
    Broken,
    /// The service sent nothing for too long.
    Idle,
    /// The service read nothing for too long.
    Stalled,
    /// Nobody reads what the service tells.
    Overrun,
}

impl End {
    /// One word, for metrics and the failure exits of flows.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Result(_) => "result",
            Self::Stopped => "stopped",
            Self::Told => "told",
            Self::BadRequest => "bad_request",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Rejected(_) => "rejected",
            Self::Protocol(_) => "protocol",
            Self::Broken => "broken",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
            Self::Overrun => "overrun",
        }
    }

    /// True if the step of a flow goes on by its failure exit.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Result(_) | Self::Stopped | Self::Told)
    }

    /// What an error on an open WebSocket means.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::ConnectionClosed => Self::Stopped,
            Error::Capacity(_) => Self::Protocol("a message is longer than 262144 bytes"),
            Error::Utf8(_) => Self::Protocol("a text is not UTF-8"),
            Error::Protocol(_)
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::AttackAttempt
            | Error::Tls(_)
            | Error::WriteBufferFull(_)
            | Error::Url(_)
            | Error::Http(_)
            | Error::HttpFormat(_) => Self::Broken,
        }
    }

    /// What an error during the handshake means.
    pub(crate) fn of_handshake(error: &Error) -> Self {
        match error {
            Error::Http(response) => Self::Rejected(Some(response.status().as_u16())),
            Error::HttpFormat(_) | Error::Url(_) => Self::BadRequest,
            Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_) | Error::AttackAttempt => {
                Self::Rejected(None)
            }
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Tls(_)
            | Error::WriteBufferFull(_) => Self::Broken,
        }
    }

    /// What an error of TLS means.
    pub(crate) fn of_tls(error: &io::Error) -> Self {
        let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        if is_tls { Self::Tls } else { Self::Broken }
    }
}
