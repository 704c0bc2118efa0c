//! Where a packet's audio belongs on our own clock, whatever the peer's clock and the network do.

use hotline_base::Time;
use serde::{Deserialize, Serialize};

/// How far a stream may stray from our clock before it is moved: 10 ms.
const TOLERANCE_SAMPLES: i64 = 80;
/// Lateness beyond which the peer's timestamps are taken to have stood still: 1 s.
const JUMP_SAMPLES: i64 = 8000;
/// Over how many packets lateness must last before it is taken for drift: 1 s of 20 ms packets.
const WINDOW_PACKETS: u16 = 50;

/// Our clock in samples at 8 kHz.
pub(crate) const fn samples_at(time: Time) -> u64 {
    time.as_micros() / 125
}

/// Maps one stream's timestamps to our clock. A packet's last sample was spoken when the packet arrived, less
/// the network's delay, which is taken to be that of the fastest packets; so jitter does not move audio, drift
/// of the peer's clock does not add up, and two streams placed so are aligned.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timeline {
    anchor: Option<Anchor>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Anchor {
    timestamp: u32,
    /// Our clock at `timestamp`.
    position: i64,
    /// The least lateness of the window under way, and how many packets it has.
    least_lateness: i64,
    packets: u16,
}

impl Timeline {
    /// Where a packet that came at `arrival` begins, both on our clock in samples; below zero if it began
    /// before our clock did.
    pub(crate) fn place(&mut self, arrival: u64, timestamp: u32, samples: usize, marker: bool) -> i64 {
        // Both fit: a datagram is small, and our clock needs millions of years to fill 63 bits.
        let (arrival, samples) = (arrival as i64, samples as i64);
        let on_time = arrival - samples;
        let Some(anchor) = &mut self.anchor else {
            self.anchor = Some(Anchor::at(timestamp, on_time));
            return on_time;
        };
        let step = timestamp.wrapping_sub(anchor.timestamp).cast_signed();
        let lateness = on_time - (anchor.position + i64::from(step));
        let overdue = lateness > JUMP_SAMPLES || (marker && lateness > TOLERANCE_SAMPLES);
        if overdue || lateness < -TOLERANCE_SAMPLES {
            *anchor = Anchor::at(timestamp, on_time);
            return on_time;
        }
        anchor.timestamp = timestamp;
        anchor.position += i64::from(step);
        anchor.least_lateness = anchor.least_lateness.min(lateness);
        anchor.packets += 1;
        if anchor.packets == WINDOW_PACKETS {
            let drift = anchor.least_lateness;
            *anchor = Anchor::at(timestamp, anchor.position);
            if drift > TOLERANCE_SAMPLES {
                anchor.position += drift;
            }
        }
        anchor.position
    }

    /// The peer began a new time line.
    pub(crate) fn restart(&mut self) {
        self.anchor = None;
    }
}

impl Anchor {
    const fn at(timestamp: u32, position: i64) -> Self {
        Self { timestamp, position, least_lateness: i64::MAX, packets: 0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn jitter_does_not_move_audio() {
        let mut timeline = Timeline::default();
        for packet in 0..200_u32 {
            let arrival = 10_000 + u64::from(packet) * 160 + u64::from(packet % 7) * 50;
            let placed = timeline.place(arrival, (u32::MAX - 5000).wrapping_add(packet * 160), 160, false);
            assert_eq!(placed, 9840 + i64::from(packet) * 160, "packet {packet}");
        }
    }

    #[test]
    fn a_late_first_packet_is_corrected_by_the_next() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.place(10_800, 0, 160, true), 10_640);
        assert_eq!(timeline.place(10_160, 160, 160, false), 10_000);
    }

    #[test]
    fn a_clock_that_stood_still_is_caught_up() {
        let mut timeline = Timeline::default();
        timeline.place(160, 0, 160, false);
        assert_eq!(timeline.place(160 + 80_000, 160, 160, false), 80_000, "a long hold, at once");
        assert_eq!(timeline.place(85_000, 320, 160, true), 84_840, "a short one, at its marker");
        for packet in 0..60_u32 {
            timeline.place(90_000 + u64::from(packet) * 160, 480 + packet * 160, 160, false);
        }
        let placed = timeline.place(90_000 + 60 * 160, 480 + 60 * 160, 160, false);
        assert_eq!(placed, 89_840 + 60 * 160, "a short one without marker, after the window");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// An hour of a peer whose clock is wrong by up to 200 ppm, with jitter, stays within 13 ms.
        #[test]
        fn drift_never_adds_up(ppm in -200_i64..200, seed: u64, start: u32) {
            let mut rng = hotline_base::Rng::from_number(seed);
            let mut timeline = Timeline::default();
            for packet in 0..180_000_u32 {
                let spoken = 1_000_000 + i64::from(packet) * (160_000_000 + 160 * ppm) / 1_000_000;
                let jitter = if rng.chance(1, 4) { rng.below(400) as i64 } else { 0 };
                let arrival = u64::try_from(spoken + jitter).unwrap() + 160;
                let placed = timeline.place(arrival, start.wrapping_add(packet * 160), 160, false);
                prop_assert!((placed - spoken).abs() <= 104 || packet < 50, "packet {packet}: {}", placed - spoken);
            }
        }
    }
}
