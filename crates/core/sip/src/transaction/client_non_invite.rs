//! The client transaction of every request but INVITE: RFC 3261 §17.1.2.

use bytes::Bytes;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::timer::{Repeat, T2, TIMER_E, TIMER_F, TIMER_K, Timer, earliest, linger};
use super::{Outcome, Verdict};

/// One request that we sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientNonInvite {
    reliable: bool,
    state: State,
    transmit: Option<Bytes>,
    outcome: Option<Outcome>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Trying(Waiting),
    Proceeding(Waiting),
    Completed { k: Time },
    Terminated,
}

/// No final response yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    request: Bytes,
    e: Repeat,
    f: Time,
}

impl ClientNonInvite {
    /// Sends `request`.
    #[must_use]
    pub fn new(now: Now, request: Bytes, reliable: bool) -> Self {
        let waiting = Waiting {
            request: request.clone(),
            e: Repeat::new(now.mono, TIMER_E, reliable),
            f: now.mono + TIMER_F,
        };
        Self { reliable, state: State::Trying(waiting), transmit: Some(request), outcome: None }
    }

    /// A 1xx arrived: the request is repeated every T2 from then on.
    pub fn handle_provisional(&mut self, now: Now) -> Verdict {
        match &self.state {
            State::Trying(waiting) => {
                let e = Repeat::new(now.mono, T2, self.reliable);
                self.state = State::Proceeding(Waiting { e, ..waiting.clone() });
                Verdict::Pass
            }
            State::Proceeding(_) => Verdict::Pass,
            State::Completed { .. } | State::Terminated => Verdict::Absorb,
        }
    }

    /// A final response arrived.
    pub fn handle_final(&mut self, now: Now) -> Verdict {
        match self.state {
            State::Trying(_) | State::Proceeding(_) => {
                self.state = State::Completed { k: linger(now.mono, TIMER_K, self.reliable) };
                Verdict::Pass
            }
            State::Completed { .. } | State::Terminated => Verdict::Absorb,
        }
    }

    /// The way to the peer is gone: true if that ends it.
    pub fn handle_unreachable(&mut self) -> bool {
        let waits = matches!(self.state, State::Trying(_) | State::Proceeding(_));
        if waits {
            self.outcome = Some(Outcome::Unreachable);
            self.state = State::Terminated;
        }
        waits
    }

    /// Advances whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        match &mut self.state {
            State::Trying(waiting) | State::Proceeding(waiting) => {
                if waiting.f <= now.mono {
                    self.outcome = Some(Outcome::TimedOut);
                    self.state = State::Terminated;
                } else if waiting.e.take_due(now.mono, T2) {
                    self.transmit = Some(waiting.request.clone());
                }
            }
            State::Completed { k } if *k <= now.mono => self.state = State::Terminated,
            State::Completed { .. } | State::Terminated => {}
        }
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmit.take()
    }

    /// What became of the request, once, if no response told it.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    /// When [`Self::handle_timeout`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match &self.state {
            State::Trying(waiting) | State::Proceeding(waiting) => {
                Some(earliest(waiting.e, Timer::E, waiting.f, Timer::F))
            }
            State::Completed { k } => Some((*k, Timer::K)),
            State::Terminated => None,
        }
    }

    /// True when nothing more can happen.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, drive, request};
    use super::*;

    #[test]
    fn an_unanswered_request_is_sent_eleven_times_and_fails_after_32_seconds() {
        let mut machine = ClientNonInvite::new(at(0), request(), false);
        let sent = drive!(machine);
        assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
        assert_eq!(machine.poll_outcome(), Some(Outcome::TimedOut));
        assert!(machine.is_terminated());
    }

    #[test]
    fn after_a_provisional_response_it_repeats_every_4_seconds_and_still_fails() {
        let mut machine = ClientNonInvite::new(at(0), request(), false);
        assert_eq!(machine.handle_provisional(at(100)), Verdict::Pass);
        assert_eq!(drive!(machine)[..3], [0, 4100, 8100]);
        assert_eq!(machine.poll_outcome(), Some(Outcome::TimedOut));
    }

    #[test]
    fn the_final_response_is_passed_once_and_repetitions_are_absorbed_for_5_seconds() {
        let mut machine = ClientNonInvite::new(at(0), request(), false);
        assert!(machine.poll_transmit().is_some());
        assert_eq!(machine.handle_final(at(100)), Verdict::Pass);
        assert_eq!(machine.handle_final(at(200)), Verdict::Absorb);
        assert_eq!(machine.handle_provisional(at(200)), Verdict::Absorb);
        assert_eq!(machine.poll_timeout(), Some((at(5100).mono, Timer::K)));
        machine.handle_timeout(at(5100));
        assert!(machine.is_terminated());
        assert_eq!((machine.poll_transmit(), machine.poll_outcome()), (None, None));
    }

    #[test]
    fn a_reliable_transport_sends_once_and_ends_with_the_response() {
        let mut machine = ClientNonInvite::new(at(0), request(), true);
        assert!(machine.poll_transmit().is_some());
        assert_eq!(machine.poll_timeout(), Some((at(32_000).mono, Timer::F)));
        machine.handle_final(at(10));
        machine.handle_timeout(at(10));
        assert!(machine.is_terminated());
    }
}
