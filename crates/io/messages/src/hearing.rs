//! What of a message is speech, and what silence.

use hotline_audio::voice::{Detector, FRAME_MS};

/// Listens to the caller of one message. Counts frames of 20 ms.
#[derive(Default)]
pub(crate) struct Hearing {
    detector: Detector,
    heard: u64,
    speech: u64,
    /// Frames since the last one that was speech, while it may still be a gap between words.
    gap: u64,
    /// Where the last speech ended, the moment included that the detector takes to be sure.
    spoken: u64,
}

impl Hearing {
    /// Takes what is said during the beep: it only tells how loud the line's noise is.
    pub(crate) fn learn(&mut self, frame: &[i16]) {
        self.detector.push(frame);
    }

    /// Takes a frame of the message.
    pub(crate) fn push(&mut self, frame: &[i16]) {
        self.heard += 1;
        if !self.detector.push(frame) {
            self.gap = 0;
            return;
        }
        self.spoken = self.heard;
        self.gap += 1;
        if self.detector.is_loud() {
            self.speech += core::mem::take(&mut self.gap);
        }
    }

    /// All frames.
    pub(crate) const fn heard(&self) -> u64 {
        self.heard
    }

    /// Those without the silence at the end.
    pub(crate) const fn spoken(&self) -> u64 {
        self.spoken
    }

    /// Milliseconds of speech, gaps within words included.
    pub(crate) fn speech_ms(&self) -> u64 {
        self.speech * u64::from(FRAME_MS)
    }

    /// Milliseconds of silence at the end.
    pub(crate) fn silence_ms(&self) -> u64 {
        (self.heard - self.spoken) * u64::from(FRAME_MS)
    }
}
