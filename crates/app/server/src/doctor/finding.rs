//! What was found, and what to do about it.

use std::{fmt, io};

use hotline_api_types::{self as api, Found, Looked, SystemReason};
use serde::Serialize;

/// One thing that was looked at. `hotline doctor` says it in English, pages in the language of whoever reads.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) subject: String,
    /// How it is.
    pub(super) verdict: Verdict,
    /// In words.
    pub(super) says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
    /// The subject, typed.
    pub(super) about: Looked,
    /// What `says` says, typed.
    pub(super) found: Found,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// It may be wanted so.
    Doubtful,
    /// The center cannot serve so, or will not for long.
    Bad,
}

impl Finding {
    pub(super) fn good(about: Looked, found: Found, says: impl Into<String>) -> Self {
        Self {
            subject: subject(&about),
            verdict: Verdict::Good,
            says: says.into(),
            advice: None,
            about,
            found,
        }
    }

    pub(super) fn doubtful(
        about: Looked,
        found: Found,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { verdict: Verdict::Doubtful, advice, ..Self::good(about, found, says) }
    }

    pub(super) fn bad(
        about: Looked,
        found: Found,
        says: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { verdict: Verdict::Bad, ..Self::doubtful(about, found, says, advice) }
    }

    /// As the interface tells it.
    pub(super) fn told(self) -> api::Finding {
        let verdict = match self.verdict {
            Verdict::Good => api::Verdict::Good,
            Verdict::Doubtful => api::Verdict::Doubtful,
            Verdict::Bad => api::Verdict::Bad,
        };
        let Self { subject, says, advice, about, found, verdict: _ } = self;
        api::Finding { subject, verdict, says, advice, about, found }
    }
}

/// In English.
fn subject(about: &Looked) -> String {
    match about {
        Looked::Server => "server".to_owned(),
        Looked::SipListener { transport, address } => {
            format!("SIP over {transport} at {address}")
        }
        Looked::Pages { address } => format!("pages and API at {address}"),
        Looked::BrowserAudio { address } => format!("audio of browsers by TCP at {address}"),
        Looked::RtpPorts { first, last } => format!("RTP ports {first}-{last}"),
        Looked::SystemPorts => "ports of the system".to_owned(),
        Looked::Clock => "clock".to_owned(),
        Looked::Recordings { folder } => format!("recordings {folder}"),
        Looked::DatabaseFolder { folder } => format!("database folder {folder}"),
        Looked::Passwords { file } => format!("passwords in {file}"),
        Looked::OpenFiles => "open files".to_owned(),
        Looked::Speech { program } => format!("text to speech by {program}"),
        Looked::Certificate { file } => format!("certificate {file}"),
        Looked::Authority { directory } => format!("certificates from {directory}"),
        Looked::Database => "database".to_owned(),
        Looked::DatabaseFiles => "database files".to_owned(),
        Looked::Phones => "phones".to_owned(),
        Looked::TrunkServer { trunk, server } => format!("trunk {trunk}, server {server}"),
    }
}

/// Why the system did not do something.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others have no word of their own")]
pub(super) fn reason(error: &io::Error) -> SystemReason {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied => SystemReason::PermissionDenied,
        Kind::NotFound => SystemReason::NotFound,
        Kind::ConnectionRefused | Kind::ConnectionReset => SystemReason::ConnectionRefused,
        Kind::TimedOut => SystemReason::TimedOut,
        Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown => SystemReason::Unreachable,
        Kind::StorageFull | Kind::QuotaExceeded => SystemReason::NoSpace,
        Kind::ReadOnlyFilesystem => SystemReason::ReadOnly,
        _ => SystemReason::Other,
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => "ok  ",
            Verdict::Doubtful => "?   ",
            Verdict::Bad => "BAD ",
        };
        write!(f, "{mark} {}: {}", self.subject, self.says)?;
        match &self.advice {
            Some(advice) => write!(f, "\n      → {advice}"),
            None => Ok(()),
        }
    }
}
