//! The headers by which the life of a session is agreed on: RFC 4028 §4 and §5.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Message;
use super::error::HeaderError;
use super::lexis;
use super::name::HeaderName;
use super::params::Params;
use super::typed::seconds;

/// The option tag of session timers (RFC 4028 §11).
pub(crate) const TIMER: &str = "timer";

/// Who refreshes a session, by its part in the transaction that says so (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

/// Session-Expires: `1800;refresher=uac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionExpires {
    /// How long the session lives without a refresh.
    pub interval: Duration,
    /// Who refreshes it; a request may leave that open.
    pub refresher: Option<Refresher>,
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interval.as_secs())?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

impl Message {
    /// How long the session lives, and who refreshes it. A `refresher` that is neither of the two counts as none.
    ///
    /// # Errors
    /// If the interval is no number or a parameter cannot be read.
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, HeaderError> {
        let Some(value) = self.lines(HeaderName::SessionExpires).next() else { return Ok(None) };
        let (interval, params) = delta_seconds(value)?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) | None => None,
        };
        Ok(Some(SessionExpires { interval, refresher }))
    }

    /// The shortest life of a session that everybody on the way agrees with.
    ///
    /// # Errors
    /// If it is no number or a parameter cannot be read.
    pub fn min_se(&self) -> Result<Option<Duration>, HeaderError> {
        let Some(value) = self.lines(HeaderName::MinSe).next() else { return Ok(None) };
        delta_seconds(value).map(|(interval, _)| Some(interval))
    }
}

/// `delta-seconds *( SEMI param )`.
fn delta_seconds(value: &[u8]) -> Result<(Duration, Params), HeaderError> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (number, params) = value.split_at(end);
    let seconds = seconds(lexis::trim(number)).ok_or(HeaderError::Number)?;
    Ok((Duration::from_secs(seconds.into()), Params::parse(params)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(extra: &str) -> Message {
        let text = format!(
            "UPDATE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n\
             To: <sip:b@y>;tag=2\r\nCall-ID: c\r\nCSeq: 2 UPDATE\r\n{extra}\r\n"
        );
        Message::parse(text).unwrap()
    }

    fn read(value: &str) -> Result<Option<SessionExpires>, HeaderError> {
        message(&format!("Session-Expires: {value}\r\n")).session_expires()
    }

    #[test]
    fn an_interval_and_its_refresher_are_read_and_written() {
        for (value, seconds, refresher, written) in [
            ("1800", 1800, None, "1800"),
            ("1800;refresher=uac", 1800, Some(Refresher::Uac), "1800;refresher=uac"),
            ("90 ; Refresher = UAS ; x=y", 90, Some(Refresher::Uas), "90;refresher=uas"),
            ("4000;refresher=nobody", 4000, None, "4000"),
            ("99999999999", u64::from(u32::MAX), None, "4294967295"),
        ] {
            let expected = SessionExpires { interval: Duration::from_secs(seconds), refresher };
            assert_eq!(read(value), Ok(Some(expected)), "{value}");
            assert_eq!(expected.to_string(), written);
        }
        assert_eq!(
            message("x: 90;refresher=uas\r\n").session_expires().unwrap().unwrap().interval.as_secs(),
            90
        );
        assert_eq!(message("").session_expires(), Ok(None));
    }

    #[test]
    fn what_is_no_interval_is_told() {
        for wrong in ["", "soon", "-1", "1.5", ";refresher=uac", "18 00"] {
            assert_eq!(read(wrong), Err(HeaderError::Number), "{wrong:?}");
        }
        assert_eq!(message("Min-SE: 120;x\r\n").min_se(), Ok(Some(Duration::from_secs(120))));
        assert_eq!(message("Min-SE: few\r\n").min_se(), Err(HeaderError::Number));
        assert_eq!(message("").min_se(), Ok(None));
    }
}
