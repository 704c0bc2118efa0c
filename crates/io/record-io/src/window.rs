//! The newest part of a recording, where late pieces of both sides can still find their place.

use core::ops::Range;
use std::collections::VecDeque;

use hotline_base::LegId;
use hotline_media::{Channel, Codec};

use crate::index::Gaps;
use crate::lane::{CONTEXT, Lane};
use crate::ring::Piece;
use crate::wav::Frame;
use crate::workbench::Workbench;

/// How many frames the window holds at most: 4 s. A piece that would lie beyond pushes older frames out.
const FRAMES_MAX: u64 = 32_000;

/// What is not in the file yet. What nobody said is silence; who speak on one channel are mixed.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The position of the first frame.
    start: u64,
    lanes: Vec<Lane>,
    /// From where to where nothing is kept, in order; the last may be open.
    muted: VecDeque<(u64, Option<u64>)>,
    /// What came after its place had been written.
    late: Gaps,
    /// Samples that did not come and were filled with what is like the sound around them.
    concealed: u64,
}

impl Window {
    /// Puts a piece of a leg at its place. As much of it as was taken already is missing.
    pub(crate) fn place(&mut self, piece: &Piece) {
        let Piece { leg, channel, codec, position, span, .. } = *piece;
        let missed = self.start.saturating_sub(position).min(u64::from(span));
        let is_taken = self.lane(leg, channel, codec).push(piece);
        let missed = if is_taken { missed } else { u64::from(span) };
        if missed > 0 {
            self.late.add(channel, position, missed);
        }
    }

    fn lane(&mut self, leg: LegId, channel: Channel, codec: Codec) -> &mut Lane {
        let side = match channel {
            Channel::Customer => 0,
            Channel::Agent => 1,
        };
        let known = self.lanes.iter().position(|lane| lane.leg == leg && lane.side == side && !lane.is_over);
        let place = known.unwrap_or(self.lanes.len());
        if known.is_none() {
            // Two are usual.
            self.lanes.reserve_exact(1);
            self.lanes.push(Lane::new(leg, side, codec));
        }
        &mut self.lanes[place]
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

    /// Puts all frames before `end` on the workbench; gives the position of the first. What is missing up to `end` is
    /// silence.
    pub(crate) fn take_until(&mut self, end: u64, bench: &mut Workbench) -> u64 {
        let (first, said) = (self.start, self.end());
        self.start = first.max(end);
        let count = said.min(self.start) - first;
        for side in &mut bench.mixed {
            side.clear();
            // It fits: it is no more than the window.
            side.resize(count as usize, 0);
        }
        let (taken, muted) = (first..first + count, &self.muted);
        for lane in &mut self.lanes {
            self.concealed += lane.take(&taken, |hole| is_heard(muted, hole), bench);
            let Workbench { mixed, sound, .. } = &mut *bench;
            for (sum, sample) in mixed[lane.side].iter_mut().zip(&sound[CONTEXT..]) {
                *sum = sum.saturating_add(*sample);
            }
            if self.start > taken.end {
                lane.forget();
            }
        }
        let start = self.start;
        self.lanes.retain(|lane| !(lane.is_over && lane.end() <= start));
        let Workbench { mixed: [left, right], frames, .. } = bench;
        frames.clear();
        frames.extend(left.iter().zip(right).map(|(left, right)| [*left, *right]));
        self.silence(first, frames);
        first
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
        // Known for as long as something may be told from what was said in it.
        let start = self.start.saturating_sub(CONTEXT as u64);
        self.muted.retain(|(_, to)| to.is_none_or(|to| to > start));
    }

    /// The position of the first frame that was not taken.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The position after the last frame that anybody said something in.
    pub(crate) fn end(&self) -> u64 {
        self.lanes.iter().map(Lane::end).max().unwrap_or(0).max(self.start)
    }

    /// How many samples of short holes were filled.
    pub(crate) const fn concealed(&self) -> u64 {
        self.concealed
    }

    /// What came too late.
    pub(crate) const fn late(&self) -> &Gaps {
        &self.late
    }
}

/// True if a hole and all that tells what to fill it with may be heard.
fn is_heard(muted: &VecDeque<(u64, Option<u64>)>, hole: Range<u64>) -> bool {
    let (first, last) = (hole.start.saturating_sub(CONTEXT as u64), hole.end + CONTEXT as u64);
    muted.iter().all(|(from, to)| *from >= last || to.is_some_and(|to| to <= first))
}

#[cfg(test)]
mod tests {
    use hotline_base::{RecordingId, Rng, WallTime};

    use super::*;

    const A: (LegId, Channel) = (LegId(1), Channel::Customer);
    const B: (LegId, Channel) = (LegId(2), Channel::Agent);
    const C: (LegId, Channel) = (LegId(3), Channel::Agent);

    /// A window with what it needs.
    #[derive(Default)]
    struct Desk {
        window: Window,
        bench: Workbench,
    }

    impl Desk {
        fn place(&mut self, (leg, channel): (LegId, Channel), at: u64, codec: Codec, payload: &[u8]) {
            let recording = RecordingId::generate(WallTime(0), &mut Rng::from_number(1));
            let span = codec.span(payload).unwrap() as u16;
            let piece = Piece::new(recording, (leg, channel), codec, (at, span), payload);
            self.window.place(&piece);
        }

        fn take_until(&mut self, end: u64) -> (u64, Vec<Frame>) {
            let first = self.window.take_until(end, &mut self.bench);
            (first, self.bench.frames.clone())
        }
    }

    /// μ-law bytes and what they decode to.
    fn loud(byte: u8) -> i16 {
        hotline_audio::ulaw::decode(byte)
    }

    #[test]
    fn sides_meet_in_one_frame_and_gaps_are_silence() {
        let mut window = Desk::default();
        window.place(A, 1, Codec::Pcmu, &[1, 2]);
        window.place(B, 2, Codec::Pcmu, &[3, 4]);
        let (first, frames) = window.take_until(6);
        assert_eq!(first, 0);
        assert_eq!(frames, [[0, 0], [loud(1), 0], [loud(2), loud(3)], [0, loud(4)]]);
        assert_eq!(window.window.start(), 6, "two frames of silence follow");
    }

    #[test]
    fn what_is_too_late_is_cut_off_and_counted() {
        let mut window = Desk::default();
        window.take_until(10);
        window.place(A, 8, Codec::Pcmu, &[1, 2, 3]);
        window.place(A, 0, Codec::Pcmu, &[9; 10]);
        assert_eq!(window.window.late().samples(), 12);
        assert_eq!(window.take_until(11), (10, vec![[loud(3), 0]]));
        assert_eq!(window.take_until(5), (11, vec![]), "nothing twice");
    }

    #[test]
    fn who_speak_on_one_channel_are_mixed_and_never_wrap() {
        let mut window = Desk::default();
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
        let mut window = Desk::default();
        window.place(B, 0, Codec::Pcmu, &[1, 2]);
        window.window.leave(B.0);
        window.place((B.0, Channel::Customer), 1, Codec::Pcmu, &[3]);
        assert_eq!(window.take_until(1).1, [[0, loud(1)]]);
        assert_eq!(window.take_until(2).1, [[loud(3), loud(2)]]);
        assert_eq!(window.window.lanes.len(), 1);
    }

    #[test]
    fn what_is_muted_is_silent_to_the_sample_also_across_two_takes() {
        let mut window = Desk::default();
        window.place(A, 0, Codec::Pcmu, &[1; 10]);
        window.window.mute(2);
        window.window.mute(3);
        assert_eq!(window.take_until(4).1, [[loud(1), 0], [loud(1), 0], [0, 0], [0, 0]]);
        window.window.unmute(6);
        window.window.unmute(7);
        assert_eq!(window.take_until(7).1, [[0, 0], [0, 0], [loud(1), 0]]);
        assert_eq!(window.window.muted.len(), 1, "a hole may still be filled with what came before it");
        assert_eq!(window.take_until(10).1, [[loud(1), 0]; 3]);
        window.take_until(6 + CONTEXT as u64);
        assert!(window.window.muted.is_empty());
    }
}
