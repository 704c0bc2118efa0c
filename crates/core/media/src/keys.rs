//! Keys that we press toward a peer as telephone-events (RFC 4733), one after the other.

use std::collections::VecDeque;

use hotline_rtp::{Digit, EventPacket, EventSender, HEADER_LEN, Header};
use serde::{Deserialize, Serialize};

/// Keys that may wait for their turn on one leg: more than any number has digits. Further ones are dropped and counted.
pub const KEYS_WAITING_MAX: usize = 32;
/// How long each is held: 100 ms, in timestamp units at 8 kHz.
const HELD: u16 = 800;
/// Beats of silence between two keys (RFC 4733 §2.5.2.4 asks for 40 ms): 60 ms.
const PAUSE_BEATS: u8 = 3;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    waiting: VecDeque<Digit>,
    state: State,
    /// Numbers the presses, so that each has a timestamp of its own.
    presses: u32,
    sequence: u16,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
enum State {
    #[default]
    Idle,
    Pressed(EventSender),
    Pausing {
        beats: u8,
    },
}

impl Keys {
    /// False if too many wait already.
    pub(crate) fn push(&mut self, digit: Digit) -> bool {
        let has_room = self.waiting.len() < KEYS_WAITING_MAX;
        if has_room {
            self.waiting.push_back(digit);
        }
        has_room
    }

    /// The packet of this beat, if a key is held: as if it came from a peer with a stream for its keys alone.
    pub(crate) fn beat(&mut self) -> Option<(Header, [u8; HEADER_LEN + hotline_rtp::EVENT_LEN])> {
        self.step();
        let State::Pressed(press) = &mut self.state else { return None };
        let Some(EventPacket { marker, payload }) = press.next() else {
            self.state = State::Pausing { beats: PAUSE_BEATS };
            return None;
        };
        let (timestamp, payload_type) = (self.presses.wrapping_mul(2 * u32::from(HELD)), 0);
        self.sequence = self.sequence.wrapping_add(1);
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: 0 };
        let mut packet = [0; HEADER_LEN + hotline_rtp::EVENT_LEN];
        packet[HEADER_LEN..].copy_from_slice(&payload);
        Some((header, packet))
    }

    fn step(&mut self) {
        match &mut self.state {
            State::Pressed(_) => {}
            State::Pausing { beats } if *beats > 1 => *beats -= 1,
            State::Pausing { .. } | State::Idle => {
                self.state = match self.waiting.pop_front() {
                    Some(digit) => {
                        self.presses = self.presses.wrapping_add(1);
                        State::Pressed(EventSender::new(digit, HELD))
                    }
                    None => State::Idle,
                };
            }
        }
    }
}
