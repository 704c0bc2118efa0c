//! The server transaction of every request but INVITE and ACK: RFC 3261 §17.2.2.

use bytes::Bytes;
use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use super::timer::{TIMER_J, Timer, linger};

/// One request that we received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerNonInvite {
    reliable: bool,
    state: State,
    transmit: Option<Bytes>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Trying,
    Proceeding { provisional: Bytes },
    Completed { response: Bytes, j: Time },
    Terminated,
}

impl ServerNonInvite {
    /// Waits for the response; nothing is sent by itself (RFC 4320 §4.1: no early 100).
    #[must_use]
    pub const fn new(reliable: bool) -> Self {
        Self { reliable, state: State::Trying, transmit: None }
    }

    /// The request came again.
    pub fn handle_request(&mut self) {
        match &self.state {
            State::Proceeding { provisional: response } | State::Completed { response, .. } => {
                self.transmit = Some(response.clone());
            }
            State::Trying | State::Terminated => {}
        }
    }

    /// Sends a response. False if a final one was sent before.
    pub fn respond(&mut self, now: Now, status: u16, response: Bytes) -> bool {
        match self.state {
            State::Trying | State::Proceeding { .. } => {
                self.transmit = Some(response.clone());
                self.state = if status < 200 {
                    State::Proceeding { provisional: response }
                } else {
                    State::Completed { response, j: linger(now.mono, TIMER_J, self.reliable) }
                };
                true
            }
            State::Completed { .. } | State::Terminated => false,
        }
    }

    /// Advances whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        match self.state {
            State::Completed { j, .. } if j <= now.mono => self.state = State::Terminated,
            State::Completed { .. } | State::Trying | State::Proceeding { .. } | State::Terminated => {}
        }
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmit.take()
    }

    /// When [`Self::handle_timeout`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        match self.state {
            State::Completed { j, .. } => Some((j, Timer::J)),
            State::Trying | State::Proceeding { .. } | State::Terminated => None,
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
    use super::super::testing::{at, busy, ok, trying};
    use super::*;

    #[test]
    fn a_repeated_request_gets_the_same_response_for_32_seconds() {
        let mut machine = ServerNonInvite::new(false);
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), None);
        assert!(machine.respond(at(0), 200, ok()));
        assert_eq!(machine.poll_transmit(), Some(ok()));
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), Some(ok()));
        assert_eq!(machine.poll_timeout(), Some((at(32_000).mono, Timer::J)));
        machine.handle_timeout(at(31_999));
        assert!(!machine.is_terminated());
        machine.handle_timeout(at(32_000));
        assert!(machine.is_terminated());
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), None);
    }

    #[test]
    fn only_the_first_final_response_leaves() {
        let mut machine = ServerNonInvite::new(false);
        assert!(machine.respond(at(0), 100, trying()));
        assert!(machine.respond(at(0), 486, busy()));
        assert_eq!(machine.poll_transmit(), Some(busy()));
        assert!(!machine.respond(at(1), 200, ok()));
        assert_eq!(machine.poll_transmit(), None);
    }

    #[test]
    fn a_provisional_response_is_repeated_on_demand() {
        let mut machine = ServerNonInvite::new(false);
        assert!(machine.respond(at(0), 100, trying()));
        assert!(machine.poll_transmit().is_some());
        machine.handle_request();
        assert_eq!(machine.poll_transmit(), Some(trying()));
        assert_eq!(machine.poll_timeout(), None);
    }

    #[test]
    fn on_a_reliable_transport_it_ends_with_the_response() {
        let mut machine = ServerNonInvite::new(true);
        assert!(machine.respond(at(0), 200, ok()));
        machine.handle_timeout(at(0));
        assert!(machine.is_terminated());
    }
}
