//! The newest part of a recording, where late pieces of both sides can still find their place.

use std::collections::VecDeque;

use hotline_base::LegId;
use hotline_media::{Channel, Codec, Decoder};

use crate::index::Gaps;
use crate::wav::Frame;

/// How many frames the window holds at most: 4 s. A piece that would lie beyond pushes older frames out.
const FRAMES_MAX: u64 = 32_000;

/// The most samples of a packet: 120 ms.
const PACKET_SAMPLES_MAX: usize = 960;

/// A recording joins a G.722 stream in its middle, and its decoder is not in step with the phone's encoder before it has heard so
/// many samples of it: 100 ms. Until then it would make a burst, so there is silence.
const SETTLING: usize = 800;

/// Samples that are not in the file yet. What nobody said is silence; who speak on one channel are mixed.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The position of the first frame.
    start: u64,
    lanes: Vec<Lane>,
    /// From where to where nothing is kept, in order; the last may be open.
    muted: VecDeque<(u64, Option<u64>)>,
    /// What came after its place had been written.
    late: Gaps,
}

/// What one leg said.
#[derive(Debug)]
struct Lane {
    leg: LegId,
    side: usize,
    /// For the codec it has now.
    speech: Speech,
    /// From the window's start on.
    samples: Vec<i16>,
    /// It has left; gone when its samples are.
    is_over: bool,
}

/// How a leg is understood.
#[derive(Debug)]
struct Speech {
    decoder: Decoder,
    /// Samples until it is in step.
    settling: usize,
}

impl Speech {
    fn new(codec: Codec) -> Self {
        let settling = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::Opus | Codec::L16 => 0,
            Codec::G722 => SETTLING,
        };
        Self { decoder: codec.decoder(), settling }
    }

    /// Gives the number of samples.
    fn decode(&mut self, payload: &[u8], sound: &mut [i16]) -> usize {
        let length = self.decoder.decode(payload, sound);
        let settling = self.settling.min(length);
        sound[..settling].fill(0);
        self.settling -= settling;
        length
    }
}

impl Window {
    /// Puts a piece of a leg at its place.
    pub(crate) fn place(&mut self, (leg, channel): (LegId, Channel), at: u64, codec: Codec, payload: &[u8]) {
        let Some(span) = codec.span(payload) else { return };
        let start = self.start;
        let lane = self.lane(leg, channel, codec);
        let Some(first) = at.checked_sub(start) else {
            return self.place_late((leg, channel), at, codec, payload);
        };
        // Within the window, which fits the memory.
        let (first, end) = (first as usize, first as usize + span);
        if lane.samples.len() < end {
            lane.samples.resize(end, 0);
        }
        lane.speech.decode(payload, &mut lane.samples[first..end]);
    }

    /// Puts as much of a piece at its place as was not taken yet. What follows is told from what came before.
    fn place_late(&mut self, (leg, channel): (LegId, Channel), at: u64, codec: Codec, payload: &[u8]) {
        let missed = usize::try_from(self.start - at).unwrap_or(usize::MAX);
        let lane = self.lane(leg, channel, codec);
        let mut sound = [0; PACKET_SAMPLES_MAX];
        let length = lane.speech.decode(payload, &mut sound);
        let (missed, sound) = sound[..length].split_at(missed.min(length));
        if lane.samples.len() < sound.len() {
            lane.samples.resize(sound.len(), 0);
        }
        lane.samples[..sound.len()].copy_from_slice(sound);
        self.late.add(channel, at, missed.len() as u64);
    }

    fn lane(&mut self, leg: LegId, channel: Channel, codec: Codec) -> &mut Lane {
        let side = match channel {
            Channel::Customer => 0,
            Channel::Agent => 1,
        };
        let known = self.lanes.iter().position(|lane| lane.leg == leg && lane.side == side && !lane.is_over);
        let place = known.unwrap_or(self.lanes.len());
        if known.is_none() {
            let speech = Speech::new(codec);
            self.lanes.push(Lane { leg, side, speech, samples: Vec::new(), is_over: false });
        }
        let lane = &mut self.lanes[place];
        if lane.speech.decoder.codec() != codec {
            lane.speech = Speech::new(codec);
        }
        lane
    }

    /// Nothing more comes of this leg.
    pub(crate) fn leave(&mut self, leg: LegId) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.leg == leg) {
            lane.is_over = true;
        }
    }

    /// From here on there is silence.
    pub(crate) fn mute(&mut self, from: u64) {
        if self.muted.back().is_none_or(|(_, to)| to.is_some()) {
            self.muted.push_back((from, None));
        }
    }

    /// The silence ends here.
    pub(crate) fn unmute(&mut self, to: u64) {
        if let Some((_, open @ None)) = self.muted.back_mut() {
            *open = Some(to);
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
        let count = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX).min(self.length());
        self.start = first.max(end);
        let mut frames: Vec<Frame> = vec![[0; 2]; count];
        for lane in &mut self.lanes {
            let said = lane.samples.drain(..count.min(lane.samples.len()));
            for (frame, sample) in frames.iter_mut().zip(said) {
                frame[lane.side] = frame[lane.side].saturating_add(sample);
            }
        }
        self.lanes.retain(|lane| !(lane.is_over && lane.samples.is_empty()));
        self.silence(first, &mut frames);
        (first, frames)
    }

    /// Takes out what nobody may hear of frames from `first` on.
    fn silence(&mut self, first: u64, frames: &mut [Frame]) {
        let place =
            |at: u64| usize::try_from(at.saturating_sub(first)).unwrap_or(usize::MAX).min(frames.len());
        let spans: Vec<_> =
            self.muted.iter().map(|(from, to)| place(*from)..place(to.unwrap_or(u64::MAX))).collect();
        for span in spans.into_iter().filter(|span| span.start < span.end) {
            frames[span].fill([0, 0]);
        }
        let start = self.start;
        self.muted.retain(|(_, to)| to.is_none_or(|to| to > start));
    }

    /// The position of the first frame that was not taken.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The position after the last frame that anybody said something in.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.length() as u64
    }

    fn length(&self) -> usize {
        self.lanes.iter().map(|lane| lane.samples.len()).max().unwrap_or(0)
    }

    /// What came too late.
    pub(crate) const fn late(&self) -> &Gaps {
        &self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (LegId, Channel) = (LegId(1), Channel::Customer);
    const B: (LegId, Channel) = (LegId(2), Channel::Agent);
    const C: (LegId, Channel) = (LegId(3), Channel::Agent);

    /// μ-law bytes and what they decode to.
    fn loud(byte: u8) -> i16 {
        hotline_audio::ulaw::decode(byte)
    }

    #[test]
    fn sides_meet_in_one_frame_and_gaps_are_silence() {
        let mut window = Window::default();
        window.place(A, 1, Codec::Pcmu, &[1, 2]);
        window.place(B, 2, Codec::Pcmu, &[3, 4]);
        let (first, frames) = window.take_until(6);
        assert_eq!(first, 0);
        assert_eq!(frames, [[0, 0], [loud(1), 0], [loud(2), loud(3)], [0, loud(4)]]);
        assert_eq!(window.start(), 6, "two frames of silence follow");
    }

    #[test]
    fn what_is_too_late_is_cut_off_and_counted() {
        let mut window = Window::default();
        window.take_until(10);
        window.place(A, 8, Codec::Pcmu, &[1, 2, 3]);
        window.place(A, 0, Codec::Pcmu, &[9; 10]);
        assert_eq!(window.late().samples(), 12);
        assert_eq!(window.take_until(11), (10, vec![[loud(3), 0]]));
        assert_eq!(window.take_until(5), (11, vec![]), "nothing twice");
    }

    #[test]
    fn who_speak_on_one_channel_are_mixed_and_never_wrap() {
        let mut window = Window::default();
        // 0x80 is the loudest that there is, 0xEF is quiet.
        window.place(B, 0, Codec::Pcmu, &[0x80, 0x80, 0xEF]);
        window.place(C, 0, Codec::Pcmu, &[0x80, 0xEF]);
        let (loudest, quiet) = (loud(0x80), loud(0xEF));
        let right: Vec<i16> = window.take_until(3).1.iter().map(|frame| frame[1]).collect();
        assert_eq!(right, [i16::MAX, loudest + quiet, quiet]);
        // The same leg overwrites itself.
        window.place(B, 3, Codec::Pcmu, &[0xEF]);
        window.place(B, 3, Codec::Pcmu, &[0xEF]);
        assert_eq!(window.take_until(4).1, [[0, quiet]]);
    }

    #[test]
    fn a_leg_that_has_left_is_heard_to_its_last_sample_and_costs_nothing_then() {
        let mut window = Window::default();
        window.place(B, 0, Codec::Pcmu, &[1, 2]);
        window.leave(B.0);
        window.place((B.0, Channel::Customer), 1, Codec::Pcmu, &[3]);
        assert_eq!(window.take_until(1).1, [[0, loud(1)]]);
        assert_eq!(window.take_until(2).1, [[loud(3), loud(2)]]);
        assert_eq!(window.lanes.len(), 1);
    }

    #[test]
    fn what_is_muted_is_silent_to_the_sample_also_across_two_takes() {
        let mut window = Window::default();
        window.place(A, 0, Codec::Pcmu, &[1; 10]);
        window.mute(2);
        window.mute(3);
        assert_eq!(window.take_until(4).1, [[loud(1), 0], [loud(1), 0], [0, 0], [0, 0]]);
        window.unmute(6);
        window.unmute(7);
        assert_eq!(window.take_until(7).1, [[0, 0], [0, 0], [loud(1), 0]]);
        assert!(window.muted.is_empty());
        assert_eq!(window.take_until(10).1, [[loud(1), 0]; 3]);
    }
}
