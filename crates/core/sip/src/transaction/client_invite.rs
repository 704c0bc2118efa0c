//! The client INVITE transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §8.4.
//! Must not know dialogs: a 2xx is acknowledged by the session, a failure here.

use bytes::Bytes;
use core::time::Duration;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::timer::{GIVEN_UP, Repeat, TIMER_A, TIMER_B, TIMER_D, TIMER_M, Timer, earliest, linger};
use super::{Outcome, Verdict};

/// One INVITE that we sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientInvite {
    reliable: bool,
    state: State,
    transmit: Option<Bytes>,
    outcome: Option<Outcome>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Calling(Calling),
    /// Somebody decides; the RFC sets no deadline.
    Proceeding,
    /// Nobody waits for the decision any more.
    GivenUp {
        end: Time,
    },
    Completed(Completed),
    Accepted {
        m: Time,
    },
    Terminated,
}

/// No response yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Calling {
    request: Bytes,
    a: Repeat,
    b: Time,
}

/// A failure came; its ACK is repeated whenever it comes again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Completed {
    ack: Bytes,
    d: Time,
}

impl ClientInvite {
    /// Sends `request`.
    #[must_use]
    pub fn new(now: Now, request: Bytes, reliable: bool) -> Self {
        let calling = Calling {
            request: request.clone(),
            a: Repeat::new(now.mono, TIMER_A, reliable),
            b: now.mono + TIMER_B,
        };
        Self { reliable, state: State::Calling(calling), transmit: Some(request), outcome: None }
    }

    /// A 1xx arrived.
    pub fn handle_provisional(&mut self, _now: Now) -> Verdict {
        match self.state {
            State::Calling(_) | State::Proceeding => {
                self.state = State::Proceeding;
                Verdict::Pass
            }
            State::GivenUp { .. } | State::Completed(_) | State::Accepted { .. } | State::Terminated => {
                Verdict::Absorb
            }
        }
    }

    /// It was cancelled, or whoever sent it is gone: what was heard of ends after 64·T1 (RFC 3261 §9.1), what was not
    /// ends by timer B.
    pub fn give_up(&mut self, now: Now) {
        match self.state {
            State::Proceeding => self.state = State::GivenUp { end: now.mono + GIVEN_UP },
            State::Calling(_)
            | State::GivenUp { .. }
            | State::Completed(_)
            | State::Accepted { .. }
            | State::Terminated => {}
        }
    }

    /// A 2xx arrived: each one is passed on, since each may come from another fork and wants an ACK.
    pub fn handle_success(&mut self, now: Now) -> Verdict {
        match self.state {
            State::Calling(_) | State::Proceeding | State::GivenUp { .. } => {
                self.state = State::Accepted { m: now.mono + TIMER_M };
                Verdict::Pass
            }
            State::Accepted { .. } => Verdict::Pass,
            State::Completed(_) | State::Terminated => Verdict::Absorb,
        }
    }

    /// A 3xx to 6xx arrived; `ack` is what acknowledges it (RFC 3261 §17.1.1.3).
    pub fn handle_failure(&mut self, now: Now, ack: Bytes) -> Verdict {
        match &self.state {
            State::Calling(_) | State::Proceeding | State::GivenUp { .. } => {
                let d = linger(now.mono, TIMER_D, self.reliable);
                self.transmit = Some(ack.clone());
                self.state = State::Completed(Completed { ack, d });
                Verdict::Pass
            }
            State::Completed(completed) => {
                self.transmit = Some(completed.ack.clone());
                Verdict::Absorb
            }
            State::Accepted { .. } | State::Terminated => Verdict::Absorb,
        }
    }

    /// The way to the peer is gone: true if that ends it, as nobody can have seen the request.
    pub fn handle_unreachable(&mut self) -> bool {
        let unheard = matches!(self.state, State::Calling(_));
        if unheard {
            self.outcome = Some(Outcome::Unreachable);
            self.state = State::Terminated;
        }
        unheard
    }

    /// Advances whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        match &mut self.state {
            State::Calling(Calling { b: end, .. }) | State::GivenUp { end } if *end <= now.mono => {
                self.outcome = Some(Outcome::TimedOut);
                self.state = State::Terminated;
            }
            State::Calling(calling) => {
                if calling.a.take_due(now.mono, Duration::MAX) {
                    self.transmit = Some(calling.request.clone());
                }
            }
            State::Completed(Completed { d: end, .. }) | State::Accepted { m: end } => {
                if *end <= now.mono {
                    self.state = State::Terminated;
                }
            }
            State::Proceeding | State::GivenUp { .. } | State::Terminated => {}
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
            State::Calling(calling) => Some(earliest(calling.a, Timer::A, calling.b, Timer::B)),
            State::GivenUp { end } => Some((*end, Timer::GivenUp)),
            State::Completed(completed) => Some((completed.d, Timer::D)),
            State::Accepted { m } => Some((*m, Timer::M)),
            State::Proceeding | State::Terminated => None,
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
    use super::super::testing::{ack, at, drive, request};
    use super::*;

    #[test]
    fn an_unanswered_invite_is_sent_seven_times_and_fails_after_32_seconds() {
        let mut machine = ClientInvite::new(at(0), request(), false);
        let sent = drive!(machine);
        assert_eq!(sent, [0, 500, 1500, 3500, 7500, 15500, 31500]);
        assert_eq!(machine.poll_outcome(), Some(Outcome::TimedOut));
        assert_eq!(machine.poll_outcome(), None);
        assert!(machine.is_terminated());
    }

    #[test]
    fn a_reliable_transport_sends_once() {
        let mut machine = ClientInvite::new(at(0), request(), true);
        assert_eq!(drive!(machine), [0]);
        assert_eq!(machine.poll_outcome(), Some(Outcome::TimedOut));
    }

    #[test]
    fn a_provisional_response_stops_repetition_and_the_deadline() {
        let mut machine = ClientInvite::new(at(0), request(), false);
        assert_eq!(machine.handle_provisional(at(100)), Verdict::Pass);
        assert_eq!(machine.handle_provisional(at(200)), Verdict::Pass);
        assert_eq!(machine.poll_timeout(), None);
        assert!(!machine.is_terminated());
    }

    #[test]
    fn once_given_up_it_ends_after_32_seconds_whatever_progress_comes() {
        let mut machine = ClientInvite::new(at(0), request(), false);
        machine.handle_provisional(at(100));
        machine.give_up(at(1000));
        assert_eq!(machine.handle_provisional(at(2000)), Verdict::Absorb);
        machine.give_up(at(3000));
        assert_eq!(machine.poll_timeout(), Some((at(33_000).mono, Timer::GivenUp)));
        assert_eq!(machine.clone().handle_success(at(4000)), Verdict::Pass);
        assert_eq!(machine.clone().handle_failure(at(4000), ack()), Verdict::Pass);
        machine.handle_timeout(at(33_000));
        assert_eq!(machine.poll_outcome(), Some(Outcome::TimedOut));
        assert!(machine.is_terminated());
    }

    #[test]
    fn a_failure_is_passed_once_and_acknowledged_each_time() {
        let mut machine = ClientInvite::new(at(0), request(), false);
        assert!(machine.poll_transmit().is_some());
        assert_eq!(machine.handle_failure(at(100), ack()), Verdict::Pass);
        assert_eq!(machine.poll_transmit(), Some(ack()));
        assert_eq!(machine.handle_failure(at(600), Bytes::from_static(b"another ACK")), Verdict::Absorb);
        assert_eq!(machine.poll_transmit(), Some(ack()));
        assert_eq!(machine.handle_provisional(at(700)), Verdict::Absorb);
        assert_eq!(machine.handle_success(at(700)), Verdict::Absorb);
        assert_eq!(machine.poll_transmit(), None);
        assert_eq!(machine.poll_timeout(), Some((at(32_100).mono, Timer::D)));
        machine.handle_timeout(at(32_100));
        assert!(machine.is_terminated());
        assert_eq!(machine.handle_failure(at(33_000), ack()), Verdict::Absorb);
        assert_eq!(machine.poll_transmit(), None);
    }

    #[test]
    fn on_a_reliable_transport_a_failure_ends_it_at_once() {
        let mut machine = ClientInvite::new(at(0), request(), true);
        machine.handle_failure(at(100), ack());
        machine.handle_timeout(at(100));
        assert!(machine.is_terminated());
    }

    #[test]
    fn every_2xx_is_passed_until_timer_m_and_never_acknowledged_here() {
        let mut machine = ClientInvite::new(at(0), request(), false);
        assert!(machine.poll_transmit().is_some());
        assert_eq!(machine.handle_success(at(1000)), Verdict::Pass);
        assert_eq!(machine.handle_success(at(1500)), Verdict::Pass);
        assert_eq!(machine.handle_provisional(at(1600)), Verdict::Absorb);
        assert_eq!(machine.handle_failure(at(1700), ack()), Verdict::Absorb);
        assert_eq!(machine.poll_transmit(), None);
        assert_eq!(machine.poll_timeout(), Some((at(33_000).mono, Timer::M)));
        machine.handle_timeout(at(33_000));
        assert!(machine.is_terminated());
        assert_eq!(machine.handle_success(at(34_000)), Verdict::Absorb);
        assert_eq!(machine.poll_outcome(), None);
    }
}
