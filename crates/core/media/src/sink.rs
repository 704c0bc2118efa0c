//! Where the engine's output goes.

use core::net::SocketAddr;

use hotline_base::{CallId, LegId, RecordingId, WallTime};

use crate::{Channel, Codec, Mark, Voice};

/// Takes what the engine makes, at once: no call may wait, allocate or lock for the sake of one packet.
pub trait Sink {
    /// Sends a datagram from a leg's socket.
    fn send(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]);

    /// Sends a report (RTCP) of a leg: from its port for them, or, if `is_muxed`, from the one for audio (RFC 5761).
    fn report(&mut self, leg: LegId, to: SocketAddr, is_muxed: bool, packet: &[u8]);

    /// Passes a piece of a recording on. Pieces of one recording come in the order `Start`, all others, `Finish`.
    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>);

    /// Passes on what a leg on a line said in a beat: 20 ms at the rate of the line. Nobody hears it unless this is written anew.
    fn line_heard(&mut self, _leg: LegId, _frame: &[i16]) {}

    /// Fills the frame of a beat with what is said to a leg on a line: 20 ms at the rate of the line. False if there is nothing.
    fn line_said(&mut self, _leg: LegId, _frame: &mut [i16]) -> bool {
        false
    }
}

/// A piece of a recording. Positions and lengths are samples at 8 kHz since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// The recording begins.
    Start {
        /// Whose conversation it is.
        call: CallId,
        /// When.
        at: WallTime,
    },
    /// A leg is heard from here on.
    Join {
        /// Who, and where.
        voice: &'a Voice,
        /// Since when.
        at: u64,
    },
    /// A leg is heard no more.
    Leave {
        /// Who.
        leg: LegId,
        /// Until when.
        at: u64,
    },
    /// Something happened.
    Mark {
        /// What.
        mark: &'a Mark,
        /// When.
        at: u64,
    },
    /// What a leg that has joined said. What no piece covers is silence; pieces may come late and in any order.
    Audio {
        /// Who. Legs on one channel are mixed.
        leg: LegId,
        /// Where.
        channel: Channel,
        /// Where on the time line it begins.
        position: u64,
        /// How it is coded.
        codec: Codec,
        /// The bytes.
        payload: &'a [u8],
    },
    /// The recording is over.
    Finish {
        /// How long it is.
        length: u64,
    },
}
