//! Listening: is a tone there, and when did it begin?

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use hotline_audio::{SAMPLE_RATE_HZ, Tone, rms_dbfs, tone_dbfs};
use hotline_phone::{Phone, Speech};

use crate::center::root;
use crate::wait::eventually;

/// A tone counts as heard above this level; phones speak at −12 dB.
const HEARD_DBFS: f64 = -24.0;
/// What is at least so much fainter than a spoken tone is absent: the companding of G.711 alone leaves −37 dB.
const ABSENT_DBFS: f64 = -40.0;
/// The piece of sound in which a tone is looked for: long enough to tell 100 Hz apart.
const WINDOW: usize = 400;
/// How many pieces with the tone are enough to say that it is heard: a quarter of a second, of which the same is
/// then in the recording too.
const PIECES_HEARD: usize = 5;
/// The piece of a prompt that is looked for: 200 ms.
const PIECE: usize = 1600;
/// How many of them are looked for.
const PIECES_SOUGHT: usize = 3;
/// Alike enough to be the same speech: two codings of one voice reach 0.99, other speech stays below 0.5.
const ALIKE: f64 = 0.9;
/// Every how many samples are looked at first.
const SKIM: usize = 8;
/// What they must be alike for a closer look.
const ALIKE_AT_A_SKIM: f64 = 0.7;
/// How finely the beginning of a tone is sought: 2.5 ms.
const STEP: usize = 20;

/// The level of the loudest piece of `samples` at this frequency.
#[must_use]
pub fn level(samples: &[i16], frequency_hz: f64) -> f64 {
    let pieces = samples.chunks(WINDOW).filter(|piece| piece.len() == WINDOW);
    pieces.map(|piece| tone_dbfs(piece, frequency_hz, SAMPLE_RATE_HZ)).fold(f64::NEG_INFINITY, f64::max)
}

/// How loud the last tenth of a second is, at whatever frequency.
#[must_use]
pub fn loudness(samples: &[i16]) -> f64 {
    rms_dbfs(&samples[samples.len().saturating_sub(800)..])
}

/// True if the tone is there, false if it is certainly not.
///
/// # Panics
/// It is something between.
#[must_use]
pub fn hears(samples: &[i16], frequency_hz: f64) -> bool {
    let level = level(samples, frequency_hz);
    assert!(!(ABSENT_DBFS..=HEARD_DBFS).contains(&level), "{frequency_hz} Hz at {level:.1} dB is neither");
    level > HEARD_DBFS
}

/// Waits until the phone has heard a quarter of a second of the tone.
///
/// # Errors
/// It does not in time.
pub async fn wait_until_heard(phone: &Phone, frequency_hz: f64) -> Result<()> {
    eventually(&format!("{frequency_hz} Hz to be heard"), async || {
        let heard = phone.heard();
        let pieces = heard.chunks(WINDOW).filter(|piece| level(piece, frequency_hz) > HEARD_DBFS);
        Ok((pieces.count() >= PIECES_HEARD).then_some(()))
    })
    .await
}

/// Waits until the phone is told this prompt of `sounds/`, as in `en/number_3`, and gives where it was heard, in
/// samples.
///
/// # Errors
/// It is not in time.
pub async fn wait_until_told(phone: &Phone, prompt: &str) -> Result<usize> {
    let pieces: Arc<[Vec<i16>]> = pieces(prompt)?.into();
    let mut searched = 0;
    eventually(&format!("{prompt} to be heard"), async || {
        let (pieces, heard) = (Arc::clone(&pieces), phone.heard());
        let from = searched.min(heard.len());
        searched = heard.len().saturating_sub(PIECE);
        // On a thread of its own: the phone speaks and listens on this one.
        let find_any = move || pieces.iter().find_map(|piece| find(piece, &heard[from..]));
        let found = tokio::task::spawn_blocking(find_any).await?;
        Ok(found.map(|at| from + at))
    })
    .await
}

/// Whether `heard` contains this prompt of `sounds/`.
///
/// # Errors
/// There is no such prompt.
pub fn tells(heard: &[i16], prompt: &str) -> Result<bool> {
    Ok(pieces(prompt)?.iter().any(|piece| find(piece, heard).is_some()))
}

fn pieces(prompt: &str) -> Result<Vec<Vec<i16>>> {
    let path = root().join("sounds").join(format!("{prompt}.wav"));
    let mut reader = hound::WavReader::open(&path).with_context(|| path.display().to_string())?;
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    Ok(loudest(&samples))
}

/// The loudest pieces of a prompt: nothing else sounds like them, while every prompt has pauses. Several, because a
/// busy machine may tear one.
fn loudest(samples: &[i16]) -> Vec<Vec<i16>> {
    let mut pieces: Vec<&[i16]> = samples.chunks(PIECE).filter(|piece| piece.len() == PIECE).collect();
    pieces.sort_by(|a, b| rms_dbfs(b).total_cmp(&rms_dbfs(a)));
    pieces.into_iter().take(PIECES_SOUGHT).map(<[i16]>::to_vec).collect()
}

/// Where `heard` is sample by sample like `piece`. Every eighth sample is enough to see where it cannot be.
fn find(piece: &[i16], heard: &[i16]) -> Option<usize> {
    let is_alike = |part: &[i16], step: usize, alike: f64| {
        let pairs = piece.iter().zip(part).step_by(step);
        let (mut cross, mut own, mut other) = (0_i64, 0_i64, 0_i64);
        for (a, b) in pairs.map(|(a, b)| (i64::from(*a), i64::from(*b))) {
            cross += a * b;
            own += a * a;
            other += b * b;
        }
        cross > 0 && cross as f64 > alike * (own as f64 * other as f64).sqrt()
    };
    heard
        .windows(piece.len())
        .position(|part| is_alike(part, SKIM, ALIKE_AT_A_SKIM) && is_alike(part, 1, ALIKE))
}

/// Where a tone begins after a pause, in milliseconds.
#[must_use]
pub fn onsets(samples: &[i16], frequency_hz: f64) -> Vec<f64> {
    let mut onsets = Vec::new();
    let mut sounding = false;
    let loudest = level(samples, frequency_hz);
    if loudest < HEARD_DBFS {
        return onsets;
    }
    for start in (0..samples.len().saturating_sub(WINDOW)).step_by(STEP) {
        let level = tone_dbfs(&samples[start..start + WINDOW], frequency_hz, SAMPLE_RATE_HZ);
        // Half of the window full of tone is 6 dB less than all of it.
        if !sounding && level > loudest - 6.0 {
            sounding = true;
            onsets.push((start + WINDOW / 2) as f64 / 8.0);
        } else if sounding && level < loudest - 20.0 {
            sounding = false;
        }
    }
    onsets
}

/// Two phones that speak at the same moments, by which the alignment of two channels is measured.
#[derive(Debug)]
pub struct Bursts {
    /// Frequency of the first phone.
    pub first_hz: f64,
    /// Frequency of the second phone.
    pub second_hz: f64,
    /// By how much the second phone spoke later than the first, in milliseconds, for each burst.
    pub lags_ms: Vec<f64>,
}

impl Bursts {
    const TONE: Duration = Duration::from_millis(300);
    const PAUSE: Duration = Duration::from_millis(300);

    /// Lets both speak `count` times, each time when both have heard the other's last burst to its end.
    ///
    /// # Errors
    /// One does not hear the other.
    pub async fn speak(first: &Phone, second: &Phone, count: usize) -> Result<Self> {
        let mut bursts = Self { first_hz: 440.0, second_hz: 1000.0, lags_ms: Vec::new() };
        for _ in 0..count {
            first.forget_heard();
            second.forget_heard();
            let began = SystemTime::now();
            first.say(burst(bursts.first_hz)).await?;
            second.say(burst(bursts.second_hz)).await?;
            for (phone, frequency_hz) in [(second, bursts.first_hz), (first, bursts.second_hz)] {
                eventually("a burst to end", async || Ok(has_ended(&phone.heard(), frequency_hz))).await?;
            }
            let (Some(one), Some(two)) = (first.spoke_at(), second.spoke_at()) else {
                anyhow::bail!("a phone was heard that did not speak");
            };
            ensure!(one >= began && two >= began, "the moments are those of an earlier burst");
            bursts.lags_ms.push(milliseconds(one, two));
        }
        Ok(bursts)
    }

    /// How far the second channel is from where it should be, in milliseconds: the median over all bursts.
    ///
    /// # Errors
    /// A burst is missing.
    pub fn misalignment_ms(&self, first: &[i16], second: &[i16]) -> Result<f64> {
        let (first, second) = (onsets(first, self.first_hz), onsets(second, self.second_hz));
        ensure!(
            first.len() == self.lags_ms.len() && second.len() == self.lags_ms.len(),
            "{} bursts were spoken; found at {first:?} and {second:?}",
            self.lags_ms.len()
        );
        let pairs = first.iter().zip(&second).zip(&self.lags_ms);
        let mut errors: Vec<f64> = pairs.map(|((first, second), lag)| second - first - lag).collect();
        errors.sort_by(f64::total_cmp);
        Ok(errors[errors.len() / 2])
    }
}

fn burst(frequency_hz: f64) -> Speech {
    let samples = Bursts::TONE.as_millis() as usize * 8;
    Speech::samples(Tone::new(frequency_hz, -12.0, SAMPLE_RATE_HZ).take(samples).collect())
}

fn has_ended(heard: &[i16], frequency_hz: f64) -> Option<()> {
    let quiet = Bursts::PAUSE.as_millis() as usize * 8;
    let (before, after) = heard.split_at(heard.len().saturating_sub(quiet));
    (level(before, frequency_hz) > HEARD_DBFS && level(after, frequency_hz) < ABSENT_DBFS).then_some(())
}

fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(later) => later.as_secs_f64() * 1000.0,
        Err(earlier) => -earlier.duration().as_secs_f64() * 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn onsets_are_found_to_a_few_milliseconds() {
        let tone = |ms: usize| Tone::new(440.0, -12.0, SAMPLE_RATE_HZ).take(ms * 8);
        let samples: Vec<i16> =
            [0; 800].into_iter().chain(tone(300)).chain([0; 2400]).chain(tone(300)).chain([0; 800]).collect();
        let found = onsets(&samples, 440.0);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0] - 100.0).abs() < 10.0 && (found[1] - 700.0).abs() < 10.0, "{found:?}");
        assert!(onsets(&[0; 4000], 440.0).is_empty());
    }

    #[test]
    fn a_shifted_channel_is_measured() {
        let tone = |hz: f64| Tone::new(hz, -12.0, SAMPLE_RATE_HZ).take(2400);
        let bursts = Bursts { first_hz: 440.0, second_hz: 1000.0, lags_ms: vec![0.0] };
        let first: Vec<i16> = [0; 800].into_iter().chain(tone(440.0)).chain([0; 1600]).collect();
        let second: Vec<i16> = [0; 1200].into_iter().chain(tone(1000.0)).chain([0; 1200]).collect();
        let found = bursts.misalignment_ms(&first, &second).unwrap();
        assert!((found - 50.0).abs() < 8.0, "{found}");
    }
}
