//! What a service says, on its way to the caller: cut into frames, in order, with marks between them.

use std::collections::VecDeque;

use hotline_media_rt::{Frame, ServiceEnd};

use crate::limits::{AHEAD, MARKS_MAX, PLAYING_MAX};

/// Sound and marks that the caller has not heard yet.
#[derive(Default)]
pub(crate) struct Playing {
    /// Samples that do not fill a frame yet.
    partial: Vec<i16>,
    frames: VecDeque<Frame>,
    /// Each with how many frames were before it.
    marks: VecDeque<(u64, String)>,
    /// All frames that were taken in so far, and how many of them were never given to the line.
    accepted: u64,
    skipped: u64,
}

impl Playing {
    /// Takes sound in: 16-bit little-endian samples. Gives the number of frames for which there was no room.
    pub(crate) fn push(&mut self, line: &ServiceEnd, sound: &[u8]) -> u64 {
        let length = line.rate().samples(20);
        let mut dropped = 0;
        for sample in sound.as_chunks().0 {
            self.partial.push(i16::from_le_bytes(*sample));
            if self.partial.len() == length {
                dropped += self.complete(line);
            }
        }
        dropped
    }

    /// Takes a mark in, behind all sound before it. False if too many wait.
    pub(crate) fn mark(&mut self, line: &ServiceEnd, name: String) -> bool {
        if !self.partial.is_empty() {
            self.complete(line);
        }
        if self.marks.len() >= MARKS_MAX {
            return false;
        }
        self.marks.push_back((self.accepted, name));
        true
    }

    /// Drops all that was not heard. Marks among it have been reached.
    pub(crate) fn clear(&mut self, line: &mut ServiceEnd) {
        self.partial.clear();
        self.skipped += self.frames.len() as u64;
        self.frames.clear();
        line.clear();
        for (after, _) in &mut self.marks {
            *after = 0;
        }
    }

    /// Gives the line what it needs next. What does not fill a frame goes out only if nothing follows it in time.
    pub(crate) fn feed(&mut self, line: &mut ServiceEnd) {
        if self.frames.is_empty() && line.waiting() == 0 && !self.partial.is_empty() {
            self.complete(line);
        }
        while line.waiting() < AHEAD {
            let Some(frame) = self.frames.pop_front() else { return };
            let is_taken = line.say(&frame);
            debug_assert!(is_taken, "a line has room for what it is ahead");
        }
    }

    /// The next mark that was reached.
    pub(crate) fn reached(&mut self, line: &ServiceEnd) -> Option<String> {
        let heard = line.taken() + self.skipped;
        self.marks.pop_front_if(|(after, _)| *after <= heard).map(|(_, name)| name)
    }

    fn complete(&mut self, line: &ServiceEnd) -> u64 {
        let frame = Frame::new(line.rate(), &self.partial);
        self.partial.clear();
        if self.frames.len() >= PLAYING_MAX {
            return 1;
        }
        self.frames.push_back(frame);
        self.accepted += 1;
        0
    }
}

#[cfg(test)]
mod tests {
    use hotline_audio::Rate;
    use hotline_media_rt::{LegEnd, line};

    use super::*;

    fn sound(samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
        samples.into_iter().flat_map(i16::to_le_bytes).collect()
    }

    fn beat(leg: &mut LegEnd) -> Option<Vec<i16>> {
        let mut frame = [0; 160];
        leg.say(&mut frame).then(|| frame.to_vec())
    }

    #[test]
    fn sound_in_pieces_of_any_length_is_heard_without_a_gap() {
        let (mut leg, mut service) = line(Rate::Narrow);
        let mut playing = Playing::default();
        let all: Vec<i16> = (0..1600).collect();
        for piece in all.chunks(37) {
            assert_eq!(playing.push(&service, &sound(piece.iter().copied())), 0);
        }
        let mut heard = Vec::new();
        for _ in 0..10 {
            playing.feed(&mut service);
            heard.extend(beat(&mut leg).unwrap());
        }
        assert_eq!(heard, all);
        assert_eq!(beat(&mut leg), None);
    }

    #[test]
    fn a_mark_is_reached_when_all_before_it_was_heard() {
        let (mut leg, mut service) = line(Rate::Narrow);
        let mut playing = Playing::default();
        playing.push(&service, &sound([1; 200]));
        assert!(playing.mark(&service, "a".to_owned()));
        playing.push(&service, &sound([2; 10]));
        assert!(playing.mark(&service, "b".to_owned()));
        let mut reached = Vec::new();
        for _ in 0..4 {
            playing.feed(&mut service);
            reached.push(playing.reached(&service));
            beat(&mut leg);
        }
        reached.push(playing.reached(&service));
        assert_eq!(reached, [None, None, Some("a".to_owned()), Some("b".to_owned()), None]);
    }

    #[test]
    fn clearing_drops_what_was_not_heard_and_reaches_its_marks_and_no_others() {
        let (mut leg, mut service) = line(Rate::Narrow);
        let mut playing = Playing::default();
        playing.push(&service, &sound([1; 160 * 100]));
        playing.mark(&service, "old".to_owned());
        playing.feed(&mut service);
        assert_eq!(beat(&mut leg).unwrap()[0], 1);
        playing.clear(&mut service);
        assert_eq!(playing.reached(&service).as_deref(), Some("old"));
        playing.push(&service, &sound([2; 160]));
        playing.mark(&service, "after".to_owned());
        playing.feed(&mut service);
        assert_eq!(playing.reached(&service), None);
        assert_eq!(beat(&mut leg).unwrap()[0], 2);
        assert_eq!(playing.reached(&service).as_deref(), Some("after"));
    }

    #[test]
    fn what_is_far_ahead_is_bounded_and_so_are_marks() {
        let (_leg, service) = line(Rate::Narrow);
        let mut playing = Playing::default();
        let frames = PLAYING_MAX + 7;
        assert_eq!(playing.push(&service, &sound(vec![0; 160 * frames])), 7);
        for number in 0..MARKS_MAX {
            assert!(playing.mark(&service, number.to_string()));
        }
        assert!(!playing.mark(&service, "one more".to_owned()));
    }
}
