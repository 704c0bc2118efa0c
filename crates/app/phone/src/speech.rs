//! What a phone says: a sample at a time, 8 kHz.

use std::path::Path;
use std::sync::Arc;

use hotline_audio::{SAMPLE_RATE_HZ, Tone};

/// How loud tones are spoken.
const TONE_DBFS: f64 = -12.0;

/// What a phone says from some moment on.
#[derive(Clone, Debug)]
pub enum Speech {
    /// Packets of silence.
    Silence,
    /// A tone for as long as the call lasts.
    Tone(Tone),
    /// A recording, once, then silence.
    Samples {
        /// The recording.
        samples: Arc<[i16]>,
        /// The next sample.
        next: usize,
    },
}

impl Speech {
    /// A tone of `frequency_hz`.
    #[must_use]
    pub fn tone(frequency_hz: f64) -> Self {
        Self::Tone(Tone::new(frequency_hz, TONE_DBFS, SAMPLE_RATE_HZ))
    }

    /// A recording at 8 kHz.
    #[must_use]
    pub fn samples(samples: Vec<i16>) -> Self {
        Self::Samples { samples: samples.into(), next: 0 }
    }

    /// A mono 16-bit WAV file at 8 kHz.
    ///
    /// # Errors
    /// The file is missing or of another format.
    pub fn wav(path: &Path) -> Result<Self, hound::Error> {
        let mut reader = hound::WavReader::open(path)?;
        let spec = reader.spec();
        if spec.channels != 1 || spec.sample_rate != SAMPLE_RATE_HZ || spec.bits_per_sample != 16 {
            return Err(hound::Error::Unsupported);
        }
        let samples: Result<Vec<i16>, _> = reader.samples::<i16>().collect();
        Ok(Self::samples(samples?))
    }

    pub(crate) fn fill(&mut self, frame: &mut [i16]) {
        match self {
            Self::Silence => frame.fill(0),
            Self::Tone(tone) => frame.fill_with(|| tone.next().unwrap_or(0)),
            Self::Samples { samples, next } => frame.fill_with(|| {
                let sample = samples.get(*next).copied().unwrap_or(0);
                *next = next.saturating_add(1);
                sample
            }),
        }
    }
}
