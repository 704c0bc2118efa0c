//! How long a peer may be silent, by what it has sent so far. Knows no socket: it is told what came and when.

use tokio::time::Instant;

use crate::ending::Ending;
use crate::limits::Limits;

/// What a connection waits for, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    state: State,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// For the first whole message; nothing less gives it more time.
    Stranger { until: Instant },
    /// For the rest of a message; more of it gives it no more time.
    Message { until: Instant },
    /// For anything.
    Idle { until: Instant },
}

/// What was read from a peer at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A keep-alive.
    Alive,
    /// Part of a message, and none was completed.
    Part,
    /// One message or more, and nothing of a further one.
    Whole,
    /// One message or more, and a part.
    WholeAndPart,
}

impl Patience {
    /// With who has opened a connection.
    pub(crate) fn with_stranger(now: Instant, limits: Limits) -> Self {
        Self { state: State::Stranger { until: now + limits.first_message }, limits }
    }

    /// With whom we have opened one.
    pub(crate) fn with_callee(now: Instant, limits: Limits) -> Self {
        Self { state: State::Idle { until: now + limits.idle }, limits }
    }

    /// Until when.
    pub(crate) const fn until(&self) -> Instant {
        match self.state {
            State::Stranger { until } | State::Message { until } | State::Idle { until } => until,
        }
    }

    /// What it is when it is over.
    pub(crate) const fn ending(&self) -> Ending {
        match self.state {
            State::Stranger { .. } => Ending::NoMessage,
            State::Message { .. } => Ending::SlowMessage,
            State::Idle { .. } => Ending::Idle,
        }
    }

    /// Something was read.
    pub(crate) fn handle_sign(&mut self, now: Instant, sign: Sign) {
        let message = State::Message { until: now + self.limits.message };
        let idle = State::Idle { until: now + self.limits.idle };
        self.state = match (self.state, sign) {
            (_, Sign::Whole) => idle,
            (_, Sign::WholeAndPart) | (State::Idle { .. }, Sign::Part) => message,
            (State::Idle { .. }, Sign::Alive) => idle,
            (stays @ (State::Stranger { .. } | State::Message { .. }), Sign::Alive | Sign::Part) => stays,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        let [first_message, message, idle] = [30, 20, 1000].map(Duration::from_secs);
        Limits { first_message, message, idle, ..Limits::default() }
    }

    /// What happens when these signs come, each 15 s after the one before: how long after the last one the patience ends.
    fn left(mut patience: Patience, start: Instant, signs: &[Sign]) -> (u64, Ending) {
        let mut now = start;
        for sign in signs {
            now += Duration::from_secs(15);
            patience.handle_sign(now, *sign);
        }
        ((patience.until() - now).as_secs(), patience.ending())
    }

    #[test]
    fn a_stranger_has_so_long_for_a_whole_message_whatever_else_it_sends() {
        let start = Instant::now();
        let stranger = Patience::with_stranger(start, limits());
        assert_eq!(left(stranger, start, &[]), (30, Ending::NoMessage));
        assert_eq!(left(stranger, start, &[Sign::Alive]), (15, Ending::NoMessage));
        assert_eq!(left(stranger, start, &[Sign::Part]), (15, Ending::NoMessage));
        assert_eq!(left(stranger, start, &[Sign::Whole]), (1000, Ending::Idle));
        assert_eq!(left(stranger, start, &[Sign::Part, Sign::WholeAndPart]), (20, Ending::SlowMessage));
    }

    #[test]
    fn a_message_that_comes_in_drops_has_no_more_time_than_another() {
        let start = Instant::now();
        let callee = Patience::with_callee(start, limits());
        assert_eq!(left(callee, start, &[Sign::Part]), (20, Ending::SlowMessage));
        assert_eq!(left(callee, start, &[Sign::Part, Sign::Part]), (5, Ending::SlowMessage));
        assert_eq!(left(callee, start, &[Sign::Part, Sign::Whole]), (1000, Ending::Idle));
    }

    #[test]
    fn keep_alives_keep_a_known_peer() {
        let start = Instant::now();
        let callee = Patience::with_callee(start, limits());
        assert_eq!(left(callee, start, &[]), (1000, Ending::Idle));
        assert_eq!(left(callee, start, &[Sign::Alive, Sign::Alive]), (1000, Ending::Idle));
    }
}
