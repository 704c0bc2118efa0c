//! The tone after which a message begins.

use hotline_audio::{Rate, Tone, fade_in, fade_out};
use hotline_media_rt::{Frame, ServiceEnd};

/// What callers know from answering machines.
const HZ: f64 = 1000.0;
const LEVEL_DBFS: f64 = -15.0;
const LENGTH_MS: usize = 400;
const FADE_MS: usize = 5;
const FRAME_MS: usize = 20;
/// Frames that are ready for the media thread: what it needs if the task is 100 ms late.
const AHEAD: usize = 5;

/// A beep that is said to the caller bit by bit.
pub(crate) struct Beep {
    frames: Vec<Frame>,
    said: usize,
}

impl Beep {
    pub(crate) fn new(rate: Rate) -> Self {
        let mut sound: Vec<i16> =
            Tone::new(HZ, LEVEL_DBFS, rate.hz()).take(rate.samples(LENGTH_MS)).collect();
        let (length, fade) = (sound.len(), rate.samples(FADE_MS));
        fade_in(&mut sound[..fade]);
        fade_out(&mut sound[length - fade..]);
        let frames = sound.chunks(rate.samples(FRAME_MS)).map(|frame| Frame::new(rate, frame)).collect();
        Self { frames, said: 0 }
    }

    /// Says what has room. True once the leg has taken all of it.
    pub(crate) fn say(&mut self, line: &mut ServiceEnd) -> bool {
        while line.waiting() < AHEAD
            && let Some(frame) = self.frames.get(self.said)
            && line.say(frame)
        {
            self.said += 1;
        }
        line.taken() >= self.frames.len() as u64
    }
}
