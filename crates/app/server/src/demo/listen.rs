//! Is what was said what was heard? Speech is looked for in a recording by its loudness over time, then sample by
//! sample.

use std::path::Path;

use anyhow::{Context, Result};
use hotline_audio::SAMPLE_RATE_HZ;
use hotline_config::Configuration;
use hotline_ivr::{Language, position_announcement};

/// Samples of one step of the loudness curve: 10 ms.
const STEP: usize = SAMPLE_RATE_HZ as usize / 100;
/// Alike enough to be the same speech; two codings of one voice reach 0.99, other speech stays below 0.3.
const ALIKE: f64 = 0.8;

/// Speech that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Where it begins, in milliseconds.
    pub(super) at_ms: usize,
    /// 1 is the same sample by sample.
    pub(super) likeness: f64,
}

/// What a caller at this place in line is told.
pub(super) fn announcement(configuration: &Configuration, language: &str, position: u32) -> Result<Vec<i16>> {
    let folder = configuration.server.storage.sounds.join(language);
    let mut samples = Vec::new();
    for name in position_announcement(&Language::from(language), position) {
        samples.extend(load(&folder.join(format!("{name}.wav")))?);
    }
    Ok(samples)
}

/// The samples of a mono WAV file.
pub(super) fn load(path: &Path) -> Result<Vec<i16>> {
    let mut reader = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
    Ok(reader.samples::<i16>().collect::<Result<_, _>>()?)
}

/// Looks for `speech` in `heard`; `heard` may end before the speech does, but not before half of it.
pub(super) fn find(speech: &[i16], heard: &[i16]) -> Option<Found> {
    let (speech_curve, heard_curve) = (curve(speech), curve(heard));
    let half = speech_curve.len() / 2;
    let last = heard_curve.len().checked_sub(half)?;
    let coarse = (0..=last)
        .map(|lag| (lag, likeness_of_curves(&speech_curve, &heard_curve[lag..])))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let around = (coarse.0 * STEP).saturating_sub(2 * STEP)..(coarse.0 + 2) * STEP;
    let found = around
        .filter(|lag| *lag < heard.len())
        .map(|lag| Found { at_ms: lag / (STEP / 10), likeness: likeness(speech, &heard[lag..]) })
        .max_by(|a, b| a.likeness.total_cmp(&b.likeness))?;
    (found.likeness >= ALIKE).then_some(found)
}

fn curve(samples: &[i16]) -> Vec<f64> {
    samples
        .chunks(STEP)
        .map(|step| step.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>().sqrt())
        .collect()
}

fn likeness_of_curves(a: &[f64], b: &[f64]) -> f64 {
    normalised(a.iter().copied().zip(b.iter().copied()))
}

fn likeness(a: &[i16], b: &[i16]) -> f64 {
    normalised(a.iter().zip(b).map(|(a, b)| (f64::from(*a), f64::from(*b))))
}

/// Correlation of two signals, each at its own loudness.
fn normalised(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use hotline_audio::{Tone, ulaw};

    use super::*;

    /// Syllables of two pitches with pauses: enough like speech to have a shape.
    fn speech(first: f64) -> Vec<i16> {
        let mut samples = Vec::new();
        for (syllable, pause) in [(1.0, 700), (1.3, 300), (0.8, 1500), (1.7, 400), (1.1, 900)] {
            samples.extend(Tone::new(first * syllable, -12.0, SAMPLE_RATE_HZ).take(2000 + pause));
            samples.extend(std::iter::repeat_n(0, pause));
        }
        samples
    }

    #[test]
    fn speech_is_found_where_it_is_after_the_codec() {
        let said = speech(300.0);
        let mut heard = vec![0; 8 * 777];
        heard.extend(said.iter().map(|sample| ulaw::decode(ulaw::encode(*sample))));
        let found = find(&said, &heard).unwrap();
        assert_eq!(found.at_ms, 777);
        assert!(found.likeness > 0.99, "{found:?}");
    }

    #[test]
    fn other_speech_and_silence_are_not_taken_for_it() {
        let said = speech(300.0);
        assert_eq!(find(&said, &speech(433.0)), None);
        assert_eq!(find(&said, &vec![0; 40_000]), None);
        assert_eq!(find(&said, &[]), None);
    }
}
