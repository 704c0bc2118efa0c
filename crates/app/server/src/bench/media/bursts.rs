//! How long sound takes through a server whose codecs make its packets anew: bursts are looked for in what some calls hear.

use std::time::Duration;

use hotline_audio::SAMPLE_RATE_HZ;
use hotline_media::{Codec, Decoder};

use crate::bench::socket::Stamp;

/// Calls that are listened to: decoding all would cost the load, which shares the machine, as much as the server.
const CALLS: usize = 10;
/// A sample beyond this is a burst's, a third of full scale: what is said meanwhile stays far below.
const LOUD: u16 = 10_000;

/// Who listens for bursts, and when each end sent its last.
pub(super) struct Bursts {
    /// Of callers and phones.
    ears: Vec<[Decoder; 2]>,
    sent: Vec<[Option<Stamp>; 2]>,
}

impl Bursts {
    pub(super) fn new(codecs: [Codec; 2]) -> Self {
        let ears = (0..CALLS).map(|_| codecs.map(Codec::decoder)).collect();
        Self { ears, sent: vec![[None; 2]; CALLS] }
    }

    /// An end sends the packet that a burst begins with.
    pub(super) fn begin(&mut self, call: u32, end: usize) {
        if let Some(sent) = self.sent.get_mut(call as usize) {
            sent[end] = Some(Stamp::now());
        }
    }

    /// An end hears a payload that came at `stamp`; how long the other end's burst took if that is where it begins.
    pub(super) fn hear(&mut self, call: u32, end: usize, payload: &[u8], stamp: Stamp) -> Option<Duration> {
        let sound = self.ears.get_mut(call as usize)?[end].sound(payload);
        let sent = &mut self.sent[call as usize][1 - end];
        let place = sound.iter().position(|sample| sample.unsigned_abs() > LOUD)?;
        let place = Duration::from_secs_f64(place as f64 / f64::from(SAMPLE_RATE_HZ));
        Some((stamp + place).since(sent.take()?))
    }
}

#[cfg(test)]
mod tests {
    use hotline_media::Opus;

    use super::*;

    #[test]
    fn a_burst_is_timed_to_the_sample_and_once() {
        let mut bursts = Bursts::new([Codec::Pcmu; 2]);
        let mut encoder = Codec::Pcmu.encoder(Opus::default());
        let mut payload = |from: usize| {
            let sound: Vec<i16> = (0..160).map(|place| if place < from { 300 } else { 20_000 }).collect();
            encoder.payload(&sound)
        };
        bursts.begin(3, 0);
        let now = Stamp::now();
        assert_eq!(bursts.hear(3, 1, &payload(160), now), None, "it is quiet");
        let took = bursts.hear(3, 1, &payload(80), now + Duration::from_millis(20)).unwrap();
        assert!((30..40).contains(&took.as_millis()), "{took:?}");
        assert_eq!(bursts.hear(3, 1, &payload(0), now), None, "it goes on");
        bursts.begin(3, 0);
        assert_eq!(bursts.hear(3, 0, &payload(0), now), None, "nobody hears oneself");
        bursts.begin(CALLS as u32, 0);
        assert_eq!(bursts.hear(CALLS as u32, 1, &payload(0), now), None, "nobody listens there");
    }
}
