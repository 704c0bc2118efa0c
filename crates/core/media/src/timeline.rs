//! Where a packet's audio belongs on our own clock, whatever the peer's clock and the network do.

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// How far a stream may stray from our clock before it is moved: 10 ms.
const TOLERANCE_SAMPLES: i64 = 80;
/// Lateness beyond which the peer's timestamps are taken to have stood still: 1 s.
const JUMP_SAMPLES: i64 = 8000;
/// How far packets in a row may run ahead of our clock so that none is laid over the one before it: 250 ms.
/// Beyond it the peer sends faster than it speaks, and is moved back at once.
const AHEAD_MAX_SAMPLES: i64 = 2000;
/// How much of its predecessor's end a packet that is ahead covers, to come back to our clock: half a millisecond,
/// so that nobody hears it and a quarter of a second is made up for in ten.
const SLEW_SAMPLES: i64 = 4;
/// Over how many packets lateness must last before it is taken for drift: 1 s of 20 ms packets.
const WINDOW_PACKETS: u16 = 50;

/// Our clock in samples at 8 kHz.
pub(crate) const fn samples_at(time: Time) -> u64 {
    time.as_micros() / 125
}

/// Maps one stream's timestamps to our clock. A packet's last sample was spoken when the packet arrived, less
/// the network's delay, which is taken to be that of the fastest packets; so jitter does not move audio, drift
/// of the peer's clock does not add up, and two streams placed so are aligned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// Of the newest packet: its timestamp, where it begins on our clock, and where it ends.
    timestamp: u32,
    position: i64,
    end: i64,
    window: Window,
}

/// What the packets of about a second have in common.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Window {
    least_lateness: i64,
    packets: u16,
}

impl Timeline {
    /// Begins with a packet of `samples` that came at `arrival` on our clock.
    pub(crate) const fn begin(arrival: u64, timestamp: u32, samples: usize) -> Self {
        // It fits: our clock needs millions of years to fill 63 bits, and a datagram is small.
        let (end, samples) = (arrival as i64, samples as i64);
        Self { timestamp, position: end - samples, end, window: Window::EMPTY }
    }

    /// Where the newest packet begins on our clock in samples; below zero if it began before our clock did.
    pub(crate) const fn position(&self) -> i64 {
        self.position
    }

    /// Places the next packet: never behind the end of the one before it, but for [`SLEW_SAMPLES`].
    pub(crate) fn place(&mut self, arrival: u64, timestamp: u32, samples: usize, marker: bool) -> i64 {
        let samples = samples as i64;
        let on_time = arrival as i64 - samples;
        let expected = self.expected(timestamp);
        let lateness = on_time - expected;
        let overdue = lateness > JUMP_SAMPLES || (marker && lateness > TOLERANCE_SAMPLES);
        let is_flood = self.end - on_time > AHEAD_MAX_SAMPLES;
        let floor = if is_flood { on_time } else { self.end };
        let position = if overdue {
            self.window = Window::EMPTY;
            on_time.max(floor)
        } else if lateness < -TOLERANCE_SAMPLES {
            self.window = Window::EMPTY;
            on_time.max(floor - SLEW_SAMPLES)
        } else {
            let expected = expected.max(floor);
            expected + self.window.drift_after(on_time - expected)
        };
        self.timestamp = timestamp;
        self.position = position;
        self.end = position + samples;
        position
    }

    /// Where a packet belongs that was overtaken by a later one: nowhere that is still to come.
    pub(crate) fn place_overtaken(&self, timestamp: u32) -> i64 {
        self.expected(timestamp).min(self.position)
    }

    fn expected(&self, timestamp: u32) -> i64 {
        self.position + i64::from(timestamp.wrapping_sub(self.timestamp).cast_signed())
    }
}

impl Window {
    const EMPTY: Self = Self { least_lateness: i64::MAX, packets: 0 };

    /// Takes a packet's lateness. At the end of a window gives back by how much all its packets were late, if
    /// that is more than jitter.
    fn drift_after(&mut self, lateness: i64) -> i64 {
        self.least_lateness = self.least_lateness.min(lateness);
        self.packets += 1;
        if self.packets < WINDOW_PACKETS {
            return 0;
        }
        let drift = self.least_lateness;
        *self = Self::EMPTY;
        if drift > TOLERANCE_SAMPLES { drift } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn jitter_does_not_move_audio() {
        let mut timeline = Timeline::begin(10_000, u32::MAX - 5000, 160);
        assert_eq!(timeline.position(), 9840);
        for packet in 1..200_u32 {
            let arrival = 10_000 + u64::from(packet) * 160 + u64::from(packet % 7) * 50;
            let placed = timeline.place(arrival, (u32::MAX - 5000).wrapping_add(packet * 160), 160, false);
            assert_eq!(placed, 9840 + i64::from(packet) * 160, "packet {packet}");
        }
    }

    #[test]
    fn a_late_beginning_covers_nothing_and_is_made_up_for() {
        // The first packet of a spurt is 50 ms late; those after it are not.
        let mut timeline = Timeline::begin(10_400, 0, 160);
        let mut end = 10_400;
        for packet in 1..200_u32 {
            let placed =
                timeline.place((10_000 + u64::from(packet) * 160).max(10_400), packet * 160, 160, false);
            assert!(placed >= end - SLEW_SAMPLES, "packet {packet} covers {} samples", end - placed);
            end = placed + 160;
        }
        let true_end = 10_000 + 199 * 160;
        assert!((true_end..=true_end + TOLERANCE_SAMPLES).contains(&end), "{}", end - true_end);
    }

    #[test]
    fn a_late_beginning_is_made_up_for_at_once_where_there_is_room() {
        let mut timeline = Timeline::begin(10_400, 0, 160);
        assert_eq!(timeline.place(18_000, 50 * 160, 160, false), 17_840);
    }

    #[test]
    fn a_peer_whose_timestamps_stand_still_loses_no_audio() {
        let mut timeline = Timeline::begin(160, 7, 160);
        for packet in 2..500_u64 {
            assert_eq!(timeline.place(packet * 160, 7, 160, false) % 160, 0, "packet {packet}");
            assert_eq!(timeline.position(), packet as i64 * 160 - 160);
        }
    }

    #[test]
    fn a_peer_that_sends_faster_than_it_speaks_stays_near_our_clock() {
        let mut timeline = Timeline::begin(160, 0, 160);
        for packet in 1..5000_u32 {
            let arrival = 160 + u64::from(packet) * 40;
            let placed = timeline.place(arrival, packet * 160, 160, false);
            assert!(placed - arrival as i64 <= AHEAD_MAX_SAMPLES, "packet {packet}");
        }
    }

    #[test]
    fn a_clock_that_stood_still_is_caught_up() {
        let mut timeline = Timeline::begin(160, 0, 160);
        assert_eq!(timeline.place(160 + 80_000, 160, 160, false), 80_000, "a long hold, at once");
        assert_eq!(timeline.place(85_000, 320, 160, true), 84_840, "a short one, at its marker");
        for packet in 0..60_u32 {
            timeline.place(90_000 + u64::from(packet) * 160, 480 + packet * 160, 160, false);
        }
        let placed = timeline.place(90_000 + 60 * 160, 480 + 60 * 160, 160, false);
        assert_eq!(placed, 89_840 + 60 * 160, "a short one without marker, after the window");
    }

    #[test]
    fn an_overtaken_packet_fills_its_hole() {
        let mut timeline = Timeline::begin(160, 0, 160);
        timeline.place(480, 320, 160, false);
        assert_eq!(timeline.place_overtaken(160), 160);
        assert_eq!(timeline.place_overtaken(1 << 30), 320, "not in the future, whatever it says");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// An hour of a peer whose clock is wrong by up to 200 ppm, with jitter, stays within 13 ms.
        #[test]
        fn drift_never_adds_up(ppm in -200_i64..200, seed: u64, start: u32) {
            let mut rng = hotline_base::Rng::from_number(seed);
            let mut timeline = Timeline::begin(1_000_160 + rng.below(400), start, 160);
            for packet in 1..180_000_u32 {
                let spoken = 1_000_000 + i64::from(packet) * (160_000_000 + 160 * ppm) / 1_000_000;
                let jitter = if rng.chance(1, 4) { rng.below(400) as i64 } else { 0 };
                let arrival = u64::try_from(spoken + jitter).unwrap() + 160;
                let placed = timeline.place(arrival, start.wrapping_add(packet * 160), 160, false);
                prop_assert!((placed - spoken).abs() <= 104 || packet < 200, "packet {packet}: {}", placed - spoken);
            }
        }
    }
}
