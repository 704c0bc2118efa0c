//! Who speaks in a recording, and for how long.

use hotline_audio::voice::{Activity, Detector, FRAME_MS};
use hotline_media::Talk;

use crate::wav::{Frame, SAMPLE_RATE_HZ};

/// Samples of what is listened to at a time.
pub(crate) const LISTENED: usize = (SAMPLE_RATE_HZ * FRAME_MS / 1000) as usize;

/// Hears both sides as they are written.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    detectors: [Detector; 2],
    activity: Activity,
    /// What does not fill a frame yet.
    started: Vec<Frame>,
}

impl Listening {
    /// Takes what comes next.
    pub(crate) fn hear(&mut self, frames: &[Frame]) {
        let (first, whole) = frames.split_at(frames.len().min((LISTENED - self.started.len()) % LISTENED));
        self.started.extend_from_slice(first);
        if self.started.len() == LISTENED {
            let started = std::mem::take(&mut self.started);
            self.listen(&started);
        }
        let (whole, rest) = whole.as_chunks::<LISTENED>();
        whole.iter().for_each(|frame| self.listen(frame));
        self.started.extend_from_slice(rest);
    }

    /// So many frames of silence come next.
    pub(crate) fn hear_silence(&mut self, mut frames: u64) {
        const SILENCE: [Frame; LISTENED] = [[0; 2]; LISTENED];
        while frames > 0 {
            let taken = frames.min(LISTENED as u64);
            self.hear(&SILENCE[..taken as usize]);
            frames -= taken;
        }
    }

    fn listen(&mut self, frames: &[Frame]) {
        let speaks = [0, 1].map(|side| {
            let mut sound = [0; LISTENED];
            for (sample, frame) in sound.iter_mut().zip(frames) {
                *sample = frame[side];
            }
            self.detectors[side].push(&sound)
        });
        self.activity.push(speaks, FRAME_MS);
    }

    /// What was heard so far.
    pub(crate) fn talk(&self) -> Talk {
        let Activity { talk_ms, over_talk_ms, over_talks, silence_ms, longest_silence_ms, .. } =
            self.activity;
        let [customer_ms, agent_ms] = talk_ms;
        Talk { customer_ms, agent_ms, over_talk_ms, over_talks, silence_ms, longest_silence_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many milliseconds in which a side speaks or does not, syllable by syllable.
    fn said(ms: usize, speaks: [bool; 2]) -> Vec<Frame> {
        let sample = |at: usize, speaks: bool| {
            let is_loud = speaks && at / 1200 % 4 != 3;
            if is_loud { ((at * at % 3001) as i16 - 1500) * 4 } else { (at % 3) as i16 }
        };
        (0..ms * 8).map(|at| speaks.map(|speaks| sample(at, speaks))).collect()
    }

    #[test]
    fn each_side_both_and_nobody_are_told_apart() {
        let mut listening = Listening::default();
        let all = [
            said(1000, [false, false]),
            said(4000, [true, false]),
            said(2000, [true, true]),
            said(3000, [false, true]),
        ]
        .concat();
        // As it comes: in pieces that fill no frame.
        all.chunks(1777).for_each(|piece| listening.hear(piece));
        listening.hear_silence(5 * 8000 + 77);
        let talk = listening.talk();
        let near = |found: u64, ms: u64| found.abs_diff(ms) <= 500;
        assert!(near(talk.customer_ms, 6000) && near(talk.agent_ms, 5000), "{talk:?}");
        assert!(near(talk.over_talk_ms, 2000) && near(talk.silence_ms, 6000), "{talk:?}");
        assert!(near(talk.longest_silence_ms, 5000) && talk.over_talks >= 1, "{talk:?}");
    }
}
