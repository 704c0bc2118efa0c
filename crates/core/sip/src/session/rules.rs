//! What an administrator may choose about sessions: which provisional responses are reliable (RFC 3262), and how long a
//! session lives without a sign of life (RFC 4028).

use core::time::Duration;

/// How long a session lives without a refresh, unless configured otherwise (RFC 4028 §4 recommends half an hour).
pub const SESSION_EXPIRES: Duration = Duration::from_secs(1800);
/// RFC 4028 §5. The shortest life of a session that may be insisted on.
pub const MIN_SE: Duration = Duration::from_secs(90);

/// How sessions are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// How long a session is to live without a refresh.
    pub session_expires: Duration,
    /// The shortest such life that is agreed to; shorter ones get 422.
    pub min_se: Duration,
    /// Which provisional responses are sent reliably.
    pub reliable_provisionals: ReliableProvisionals,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self {
            session_expires: SESSION_EXPIRES,
            min_se: MIN_SE,
            reliable_provisionals: ReliableProvisionals::default(),
        }
    }
}

/// When a provisional response is repeated until a PRACK comes. One that the caller insists on always is, and a PRACK of
/// ours follows each that wants one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReliableProvisionals {
    /// Only where the caller insists on it. Our own calls do not say that they know it.
    Never,
    /// Where the response has a session description and the caller knows PRACK.
    #[default]
    Described,
    /// Wherever the caller knows PRACK.
    Supported,
    /// As `Supported`, and our own calls insist on it.
    Required,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_half_an_hour_and_nobody_may_ask_for_less_than_90_seconds() {
        let rules = SessionRules::default();
        assert_eq!((rules.session_expires.as_secs(), rules.min_se.as_secs()), (1800, 90));
        assert_eq!(rules.reliable_provisionals, ReliableProvisionals::Described);
    }
}
