//! What libopus takes of itself.

use std::time::Instant;

use hotline_audio::Tone;
use hotline_audio::opus::{Decoder, Encoder, PACKET_SAMPLES_MAX, SAMPLE_RATE_HZ, Settings};

/// Packets of one way in a second.
const PACKETS: usize = 50;
/// Seconds that are timed; the one of the middle counts.
const SECONDS: usize = 15;

/// Milliseconds of processor time for each second of a call: each packet of one way encoded and each of the other decoded, as the
/// server does.
pub(super) fn cost_ms() -> f64 {
    let sound: Vec<i16> = Tone::new(440.0, -20.0, SAMPLE_RATE_HZ).take(SAMPLE_RATE_HZ as usize).collect();
    let (mut encoder, mut decoder) = (Encoder::new(Settings::default()), Decoder::default());
    let mut costs: Vec<f64> = (0..SECONDS)
        .map(|_| {
            let begun = Instant::now();
            for frame in sound.chunks(SAMPLE_RATE_HZ as usize / PACKETS) {
                let (mut packet, mut heard) = ([0; 1500], [0; PACKET_SAMPLES_MAX]);
                let length = encoder.encode(frame, &mut packet);
                decoder.decode(&packet[..length], &mut heard);
            }
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    costs[SECONDS / 2]
}
