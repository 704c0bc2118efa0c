//! Every prompt, encoded once for each law and shared by all threads.

use std::collections::HashMap;
use std::sync::Arc;

use hotline_audio::country_tones::{Meaning, country_tone};
use hotline_audio::{Rate, alaw, ulaw};

use crate::PromptId;

/// What a caller hears while a phone rings: a prompt for a loop, made by [`PromptLibrary::insert_tones`].
pub const RINGBACK: &str = "tone/ringback";
/// What a caller hears if the line is taken: a prompt of some seconds.
pub const BUSY: &str = "tone/busy";
/// What a caller hears if the call cannot be put through: a prompt of some seconds.
pub const CONGESTION: &str = "tone/congestion";

/// A short tone that says: now it is the caller's turn. Made by [`PromptLibrary::insert_tones`] too.
pub const BEEP: &str = "tone/beep";

/// Pitch, length and peak of [`BEEP`].
const BEEP_HZ: u32 = 1000;
const BEEP_MS: usize = 300;
const BEEP_PEAK: f64 = 8000.0;

/// How long a tone that tells of a failure is at least; its cadence is played to the end.
const FAILURE_MS: usize = 3000;

/// Prompts and music by id. It is never changed while it is shared. A clone shares their sound.
#[derive(Clone, Debug, Default)]
pub struct PromptLibrary {
    prompts: HashMap<PromptId, Arc<Prompt>>,
}

/// One prompt at 8 kHz in both laws, and at 16 kHz if it has more to say.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) pcmu: Box<[u8]>,
    pub(crate) pcma: Box<[u8]>,
    pub(crate) wide: Option<Box<[i16]>>,
}

/// Whole periods, so that it ends as it began: without a click.
#[expect(clippy::cast_possible_truncation, reason = "the peak is far below the largest sample")]
fn beep(rate: Rate) -> Vec<i16> {
    let samples = u32::try_from(rate.samples(BEEP_MS)).unwrap_or(0);
    let per_second = f64::from(u32::try_from(rate.samples(1000)).unwrap_or(1));
    let turn = core::f64::consts::TAU * f64::from(BEEP_HZ) / per_second;
    (0..samples).map(|index| ((f64::from(index) * turn).sin() * BEEP_PEAK) as i16).collect()
}

impl PromptLibrary {
    /// Adds a prompt of linear samples at 8 kHz, replacing one of the same id. For wideband codecs it is resampled on the beat.
    pub fn insert(&mut self, id: PromptId, samples: &[i16]) {
        self.prompts.insert(id, Arc::new(Prompt::new(samples, None)));
    }

    /// Adds a prompt of linear samples at 8 kHz, and at 16 kHz for wideband codecs. Each is played to its own end.
    pub fn insert_wide(&mut self, id: PromptId, samples: &[i16], mut wide: Vec<i16>) {
        if let (1, Some(last)) = (wide.len() % 2, wide.last()) {
            wide.push(*last);
        }
        self.prompts.insert(id, Arc::new(Prompt::new(samples, Some(wide.into()))));
    }

    /// Adds [`BEEP`], and [`RINGBACK`], [`BUSY`] and [`CONGESTION`] as they sound in a country, but none that is there. False if its tones are
    /// not known (see [`hotline_audio::country_tones::countries`]).
    pub fn insert_tones(&mut self, country: &str) -> bool {
        let tones = [
            (RINGBACK, Meaning::Ringback, 0),
            (BUSY, Meaning::Busy, FAILURE_MS),
            (CONGESTION, Meaning::Congestion, FAILURE_MS),
        ];
        for (id, meaning, ms_min) in tones {
            let Some(tone) = country_tone(country, meaning) else { return false };
            let id = PromptId::from(id);
            if self.contains(&id) {
                continue;
            }
            let [narrow, wide] = [Rate::Narrow, Rate::Wide].map(|rate| {
                let cycle = tone.cycle(rate);
                let cycles = rate.samples(ms_min).div_ceil(cycle.len()).max(1);
                cycle.repeat(cycles)
            });
            self.insert_wide(id, &narrow, wide);
        }
        let [narrow, wide] = [Rate::Narrow, Rate::Wide].map(beep);
        self.insert_wide(PromptId::from(BEEP), &narrow, wide);
        true
    }

    /// Takes a prompt out.
    pub fn remove(&mut self, id: &PromptId) {
        self.prompts.remove(id);
    }

    /// How many bytes the sound of a prompt takes; 0 if it is not there.
    #[must_use]
    pub fn size(&self, id: &PromptId) -> usize {
        self.get(id).map_or(0, |prompt| {
            let wide = prompt.wide.as_ref().map_or(0, |wide| size_of_val(&**wide));
            prompt.pcmu.len() + prompt.pcma.len() + wide
        })
    }

    /// True if the prompt is there.
    #[must_use]
    pub fn contains(&self, id: &PromptId) -> bool {
        self.prompts.contains_key(id)
    }

    /// How many prompts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    pub(crate) fn get(&self, id: &PromptId) -> Option<&Prompt> {
        self.prompts.get(id).map(Arc::as_ref)
    }
}

impl Prompt {
    fn new(samples: &[i16], wide: Option<Box<[i16]>>) -> Self {
        let encode = |law: fn(i16) -> u8| samples.iter().map(|sample| law(*sample)).collect();
        Self { pcmu: encode(ulaw::encode), pcma: encode(alaw::encode), wide }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_its_tones_at_both_rates_and_recordings_go_first() {
        let mut library = PromptLibrary::default();
        library.insert(BUSY.into(), &[0; 10]);
        assert!(library.insert_tones("US"));
        let seconds = |id: &str| {
            let prompt = library.get(&id.into()).unwrap();
            let wide = prompt.wide.as_ref().map_or(0, |wide| wide.len());
            (prompt.pcmu.len() as f64 / 8000.0, wide as f64 / 16_000.0)
        };
        assert_eq!(seconds(RINGBACK), (6.0, 6.0), "two seconds of every six");
        assert_eq!(seconds(CONGESTION), (3.0, 3.0));
        assert_eq!(library.get(&BUSY.into()).unwrap().pcmu.len(), 10);
        assert!(!library.insert_tones("xx"));
    }

    #[test]
    fn what_is_taken_out_of_a_clone_stays_in_the_other() {
        let mut library = PromptLibrary::default();
        library.insert_wide("tts/a".into(), &[0; 10], vec![0; 20]);
        let mut clone = library.clone();
        clone.remove(&"tts/a".into());
        assert_eq!((library.size(&"tts/a".into()), clone.size(&"tts/a".into())), (60, 0));
        assert!(clone.is_empty() && library.contains(&"tts/a".into()));
    }
}
