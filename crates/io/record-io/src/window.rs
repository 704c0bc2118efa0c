//! The newest part of a recording, where late pieces of both sides can still find their place.

use hotline_media::{Channel, Codec, Decoder};

use crate::wav::Frame;

/// How many frames the window holds at most: 4 s. A piece that would lie beyond pushes older frames out.
const FRAMES_MAX: u64 = 32_000;

/// A recording joins a G.722 stream in its middle, and its decoder is not in step with the phone's encoder before it has heard so
/// many samples of it: 100 ms. Until then it would make a burst, so there is silence.
const SETTLING: usize = 800;

/// Frames that are not in the file yet. What nobody said is silence.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The position of the first frame.
    start: u64,
    frames: Vec<Frame>,
    /// Of each side, for the codec it has now.
    sides: [Option<Side>; 2],
    /// Samples that came after their place had been written.
    late: u64,
}

/// How a side is understood.
#[derive(Debug)]
struct Side {
    decoder: Decoder,
    /// Samples until it is in step.
    settling: usize,
}

impl Side {
    fn new(codec: Codec) -> Self {
        let settling = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::Opus | Codec::L16 => 0,
            Codec::G722 => SETTLING,
        };
        Self { decoder: codec.decoder(), settling }
    }

    fn decode(&mut self, payload: &[u8]) -> Vec<i16> {
        let mut sound = self.decoder.sound(payload);
        let settling = self.settling.min(sound.len());
        sound[..settling].fill(0);
        self.settling -= settling;
        sound
    }
}

impl Window {
    /// Puts a piece at its place.
    pub(crate) fn place(&mut self, channel: Channel, position: u64, codec: Codec, payload: &[u8]) {
        let side = match channel {
            Channel::Customer => 0,
            Channel::Agent => 1,
        };
        let spoken = match &mut self.sides[side] {
            Some(known) if known.decoder.codec() == codec => known,
            other => other.insert(Side::new(codec)),
        };
        let sound = spoken.decode(payload);
        let missed = usize::try_from(self.start.saturating_sub(position)).unwrap_or(usize::MAX);
        let (missed, sound) = sound.split_at(missed.min(sound.len()));
        self.late += missed.len() as u64;
        if sound.is_empty() {
            return;
        }
        // Within the window, which fits the memory.
        let first = (position.max(self.start) - self.start) as usize;
        let end = first + sound.len();
        if self.frames.len() < end {
            self.frames.resize(end, [0, 0]);
        }
        for (frame, sample) in self.frames[first..end].iter_mut().zip(sound) {
            frame[side] = *sample;
        }
    }

    /// True if a piece that ends at `end` has no room before older frames are taken.
    pub(crate) const fn overflows(&self, end: u64) -> bool {
        end > self.start + FRAMES_MAX
    }

    /// Takes all frames before `end`: the position of the first, and the frames. What is missing up to `end` is
    /// silence.
    pub(crate) fn take_until(&mut self, end: u64) -> (u64, Vec<Frame>) {
        let first = self.start;
        let count = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
        self.start = first.max(end);
        (first, self.frames.drain(..count.min(self.frames.len())).collect())
    }

    /// The position of the first frame that was not taken.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The position after the last frame that anybody said something in.
    pub(crate) const fn end(&self) -> u64 {
        self.start + self.frames.len() as u64
    }

    /// Samples that came too late.
    pub(crate) const fn late(&self) -> u64 {
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// μ-law bytes and what they decode to.
    fn loud(byte: u8) -> i16 {
        hotline_audio::ulaw::decode(byte)
    }

    #[test]
    fn sides_meet_in_one_frame_and_gaps_are_silence() {
        let mut window = Window::default();
        window.place(Channel::Customer, 1, Codec::Pcmu, &[1, 2]);
        window.place(Channel::Agent, 2, Codec::Pcmu, &[3, 4]);
        let (first, frames) = window.take_until(6);
        assert_eq!(first, 0);
        assert_eq!(frames, [[0, 0], [loud(1), 0], [loud(2), loud(3)], [0, loud(4)]]);
        assert_eq!(window.start(), 6, "two frames of silence follow");
    }

    #[test]
    fn what_is_too_late_is_cut_off_and_counted() {
        let mut window = Window::default();
        window.take_until(10);
        window.place(Channel::Customer, 8, Codec::Pcmu, &[1, 2, 3]);
        window.place(Channel::Customer, 0, Codec::Pcmu, &[9; 10]);
        assert_eq!(window.late(), 12);
        assert_eq!(window.take_until(11), (10, vec![[loud(3), 0]]));
        assert_eq!(window.take_until(5), (11, vec![]), "nothing twice");
    }
}
