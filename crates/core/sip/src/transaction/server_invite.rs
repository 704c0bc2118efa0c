//! The server INVITE transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §8.7.
//! Must not know dialogs: the session repeats its 2xx and waits for that ACK, a failure is repeated here.

use bytes::Bytes;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::Verdict;
use super::timer::{Repeat, T2, TIMER_G, TIMER_H, TIMER_I, TIMER_L, Timer, earliest, linger};

/// One INVITE that we received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerInvite {
    reliable: bool,
    state: State,
    transmit: Option<Bytes>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Proceeding { provisional: Bytes },
    Completed(Completed),
    Confirmed { i: Time },
    Accepted { l: Time },
    Terminated,
}

/// A failure was sent; it is repeated until its ACK.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Completed {
    response: Bytes,
    g: Repeat,
    h: Time,
}

impl ServerInvite {
    /// Sends `trying`, the 100 response: at once, since an answer may take longer than 200 ms.
    #[must_use]
    pub fn new(trying: Bytes, reliable: bool) -> Self {
        let transmit = Some(trying.clone());
        Self { reliable, state: State::Proceeding { provisional: trying }, transmit }
    }

    /// The INVITE came again.
    pub fn handle_request(&mut self) {
        match &self.state {
            State::Proceeding { provisional: response } | State::Completed(Completed { response, .. }) => {
                self.transmit = Some(response.clone());
            }
            State::Confirmed { .. } | State::Accepted { .. } | State::Terminated => {}
        }
    }

    /// An ACK of this transaction came. After a 2xx it is the session's.
    pub fn handle_ack(&mut self, now: Now) -> Verdict {
        match self.state {
            State::Completed(_) => {
                self.state = State::Confirmed { i: linger(now.mono, TIMER_I, self.reliable) };
                Verdict::Absorb
            }
            State::Accepted { .. } => Verdict::Pass,
            State::Proceeding { .. } | State::Confirmed { .. } | State::Terminated => Verdict::Absorb,
        }
    }

    /// Sends a response. False if the state has no place for it: only one final response leaves a transaction,
    /// except the 2xx that the session repeats.
    pub fn respond(&mut self, now: Now, status: u16, response: Bytes) -> bool {
        match self.state {
            State::Proceeding { .. } => {
                self.transmit = Some(response.clone());
                self.state = match status {
                    0..200 => State::Proceeding { provisional: response },
                    200..300 => State::Accepted { l: now.mono + TIMER_L },
                    300.. => State::Completed(Completed {
                        response,
                        g: Repeat::new(now.mono, TIMER_G, self.reliable),
                        h: now.mono + TIMER_H,
                    }),
                };
                true
            }
            State::Accepted { .. } if (200..300).contains(&status) => {
                self.transmit = Some(response);
                true
            }
            State::Accepted { .. } | State::Completed(_) | State::Confirmed { .. } | State::Terminated => {
                false
            }
        }
    }

    /// Advances whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        match &mut self.state {
            State::Completed(completed) if completed.h <= now.mono => self.state = State::Terminated,
            State::Completed(completed) => {
                if completed.g.take_due(now.mono, T2) {
                    self.transmit = Some(completed.response.clone());
                }
            }
            State::Confirmed { i: end } | State::Accepted { l: end } => {
                if *end <= now.mono {
                    self.state = State::Terminated;
                }
            }
            State::Proceeding { .. } | State::Terminated => {}
        }
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmit.take()
    }

    /// When [`Self::handle_timeout`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match &self.state {
            State::Completed(completed) => Some(earliest(completed.g, Timer::G, completed.h, Timer::H)),
            State::Confirmed { i } => Some((*i, Timer::I)),
            State::Accepted { l } => Some((*l, Timer::L)),
            State::Proceeding { .. } | State::Terminated => None,
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
    use super::super::testing::{at, busy, drive, ok, ringing, trying};
    use super::*;

    #[test]
    fn trying_leaves_at_once_and_a_repeated_invite_gets_the_latest_provisional_response() {
        let mut machine = ServerInvite::new(trying(), false);
        assert_eq!(machine.poll_transmit(), Some(trying()));
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), Some(trying()));
        assert!(machine.respond(at(10), 180, ringing()));
        assert_eq!(machine.poll_transmit(), Some(ringing()));
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), Some(ringing()));
        assert_eq!(machine.poll_timeout(), None);
    }

    #[test]
    fn an_unacknowledged_failure_is_repeated_for_32_seconds() {
        let mut machine = ServerInvite::new(trying(), false);
        assert!(machine.poll_transmit().is_some());
        assert!(machine.respond(at(0), 486, busy()));
        let sent = drive!(machine);
        assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
        assert!(machine.is_terminated());
    }

    #[test]
    fn the_ack_stops_repetition_and_later_acks_are_absorbed_for_5_seconds() {
        let mut machine = ServerInvite::new(trying(), false);
        assert!(machine.respond(at(0), 486, busy()));
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), Some(busy()));
        assert_eq!(machine.handle_ack(at(100)), Verdict::Absorb);
        assert_eq!(machine.handle_ack(at(200)), Verdict::Absorb);
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), None);
        assert_eq!(machine.poll_timeout(), Some((at(5100).mono, Timer::I)));
        machine.handle_timeout(at(5100));
        assert!(machine.is_terminated());
    }

    #[test]
    fn after_a_2xx_invites_are_absorbed_and_acks_belong_to_the_session() {
        let mut machine = ServerInvite::new(trying(), false);
        assert!(machine.respond(at(0), 200, ok()));
        assert_eq!(machine.poll_transmit(), Some(ok()));
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), None);
        assert_eq!(machine.handle_ack(at(50)), Verdict::Pass);
        assert!(machine.respond(at(500), 200, ok()), "the session repeats its 2xx");
        assert_eq!(machine.poll_transmit(), Some(ok()));
        assert_eq!(machine.poll_timeout(), Some((at(32_000).mono, Timer::L)));
        machine.handle_timeout(at(32_000));
        assert!(machine.is_terminated());
    }

    #[test]
    fn a_second_final_response_never_leaves() {
        let mut failed = ServerInvite::new(trying(), false);
        assert!(failed.respond(at(0), 486, busy()));
        assert!(failed.poll_transmit().is_some());
        assert!(!failed.respond(at(1), 200, ok()));
        assert!(!failed.respond(at(1), 180, ringing()));
        assert_eq!(failed.poll_transmit(), None);
        let mut accepted = ServerInvite::new(trying(), false);
        assert!(accepted.respond(at(0), 200, ok()));
        assert!(accepted.poll_transmit().is_some());
        assert!(!accepted.respond(at(1), 487, busy()));
        assert_eq!(accepted.poll_transmit(), None);
    }

    #[test]
    fn on_a_reliable_transport_a_failure_is_sent_once() {
        let mut machine = ServerInvite::new(trying(), true);
        assert!(machine.poll_transmit().is_some());
        assert!(machine.respond(at(0), 486, busy()));
        assert_eq!(machine.poll_timeout(), Some((at(32_000).mono, Timer::H)));
        assert_eq!(machine.handle_ack(at(10)), Verdict::Absorb);
        machine.handle_timeout(at(10));
        assert!(machine.is_terminated());
    }
}
