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

/// The clock of Opus, and the rate at which browsers encode.
pub(super) const FULL_BAND_HZ: u32 = 48_000;
/// What Chromium makes of one channel.
const FULL_BAND_BITS: i32 = 32_000;

/// The packets of 20 ms that a browser makes of a sound in full band, whose length is a multiple of that; it was said once before.
pub(super) fn full_band(sound: &[i16]) -> opus::Result<Vec<Vec<u8>>> {
    let mut encoder = opus::Encoder::new(FULL_BAND_HZ, opus::Channels::Mono, opus::Application::Voip)?;
    encoder.set_bitrate(opus::Bitrate::Bits(FULL_BAND_BITS))?;
    encoder.set_inband_fec(true)?;
    let mut room = [0; 1500];
    let mut packets = Vec::new();
    for _ in 0..2 {
        packets.clear();
        for frame in sound.chunks_exact(FULL_BAND_HZ as usize / PACKETS) {
            let length = encoder.encode(frame, &mut room)?;
            packets.push(room[..length].to_vec());
        }
    }
    Ok(packets)
}
