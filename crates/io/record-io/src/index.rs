//! What a recording under way keeps of its time line for its manifest, within bounds.

use std::collections::BTreeMap;

use hotline_base::LegId;
use hotline_media::{Channel, Mark, RecordedGap, RecordedLeg, RecordedMark, RecordingIndex, Talk, Voice};

use crate::wav::millis;

/// Legs that are told.
const LEGS_MAX: usize = 100;
/// Marks that are told.
const MARKS_MAX: usize = 250;
/// Gaps that are told; their sum is always true.
const GAPS_MAX: usize = 100;
/// Gaps of one side that are so near are told as one: 200 ms.
const GAP_MERGE: u32 = 1600;

/// Audio that is missing, in samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    spans: Vec<Gap>,
    samples: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    channel: Channel,
    /// In a day there are fewer samples than fit.
    from: u32,
    to: u32,
}

impl Gaps {
    /// None, with room for as many as are told.
    pub(crate) fn with_room() -> Self {
        Self { spans: Vec::with_capacity(GAPS_MAX), samples: 0 }
    }

    /// How much is missing.
    pub(crate) const fn samples(&self) -> u64 {
        self.samples
    }

    /// So many samples are missing there.
    pub(crate) fn add(&mut self, channel: Channel, from: u64, samples: u64) {
        self.samples += samples;
        let place = |at: u64| u32::try_from(at).unwrap_or(u32::MAX - GAP_MERGE);
        self.put(Gap { channel, from: place(from), to: place(from + samples) });
    }

    fn put(&mut self, gap: Gap) {
        let near = |known: &&mut Gap| {
            known.channel == gap.channel
                && gap.from <= known.to + GAP_MERGE
                && known.from <= gap.to + GAP_MERGE
        };
        if let Some(known) = self.spans.iter_mut().rev().find(near) {
            (known.from, known.to) = (known.from.min(gap.from), known.to.max(gap.to));
        } else if self.spans.len() < GAPS_MAX {
            self.spans.push(gap);
        }
    }

    /// Both together.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        other.spans.iter().for_each(|gap| self.put(*gap));
    }

    fn told(&self) -> Vec<RecordedGap> {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|gap| (gap.from, gap.channel));
        let told = |gap: &Gap| RecordedGap {
            channel: gap.channel,
            from_ms: millis(gap.from.into()),
            length_ms: millis((gap.to - gap.from).into()),
        };
        spans.iter().map(told).collect()
    }
}

/// Legs and marks so far.
#[derive(Debug, Default)]
pub(crate) struct Index {
    index: RecordingIndex,
    /// Where in the list the legs are that are heard now.
    open: BTreeMap<LegId, usize>,
}

impl Index {
    /// A leg is heard from here on.
    pub(crate) fn join(&mut self, voice: &Voice, at: u64) {
        self.leave(voice.leg, at);
        let (at_ms, legs) = (millis(at), &mut self.index.legs);
        // One that joins as it was is only understood anew.
        let is_same = |leg: &RecordedLeg| {
            leg.to_ms == at_ms && leg.channel == voice.channel && leg.speaker == voice.speaker
        };
        let former = legs.iter().rposition(is_same);
        if let Some(place) = former.filter(|place| !self.open.values().any(|open| open == place)) {
            self.open.insert(voice.leg, place);
            return;
        }
        if legs.len() >= LEGS_MAX {
            return;
        }
        self.open.insert(voice.leg, legs.len());
        let (speaker, channel) = (voice.speaker.clone(), voice.channel);
        legs.push(RecordedLeg { speaker, channel, from_ms: at_ms, to_ms: at_ms });
    }

    /// A leg is heard no more.
    pub(crate) fn leave(&mut self, leg: LegId, at: u64) {
        if let Some(place) = self.open.remove(&leg) {
            self.index.legs[place].to_ms = millis(at);
        }
    }

    /// Something happened.
    pub(crate) fn mark(&mut self, mark: &Mark, at: u64) {
        if self.index.marks.len() < MARKS_MAX {
            let Mark { kind, by, why } = mark.clone();
            self.index.marks.push(RecordedMark { at_ms: millis(at), kind, by, why });
        }
    }

    /// All of a recording of this length.
    pub(crate) fn finish(mut self, length: u64, gaps: &Gaps, talk: Talk) -> RecordingIndex {
        for place in self.open.into_values() {
            self.index.legs[place].to_ms = millis(length);
        }
        RecordingIndex { gaps: gaps.told(), talk: Some(talk), sha256: None, ..self.index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_that_touch_are_one_and_the_sum_is_true_beyond_the_bound() {
        let mut gaps = Gaps::default();
        gaps.add(Channel::Agent, 16_000, 160);
        gaps.add(Channel::Agent, 16_160, 160);
        gaps.add(Channel::Customer, 0, 80);
        assert_eq!(gaps.samples(), 400);
        let gap = |channel, from_ms, length_ms| RecordedGap { channel, from_ms, length_ms };
        assert_eq!(gaps.told(), [gap(Channel::Customer, 0, 10), gap(Channel::Agent, 2000, 40)]);
        for second in 0..1000 {
            gaps.add(Channel::Customer, second * 8000, 80);
        }
        assert_eq!((gaps.told().len(), gaps.samples()), (GAPS_MAX, 400 + 80_000));
    }

    #[test]
    fn a_leg_that_changes_its_channel_is_told_twice_and_one_that_comes_back_at_once_is_not() {
        let mut index = Index::default();
        let leg = LegId(1);
        index.join(&Voice::new(leg, Channel::Agent, "agent:1"), 0);
        index.join(&Voice::new(leg, Channel::Customer, "agent:1"), 8000);
        index.leave(leg, 12_000);
        index.join(&Voice::new(leg, Channel::Customer, "agent:1"), 12_000);
        let legs = index.finish(16_000, &Gaps::default(), Talk::default()).legs;
        let spans: Vec<_> = legs.iter().map(|leg| (leg.channel, leg.from_ms, leg.to_ms)).collect();
        assert_eq!(spans, [(Channel::Agent, 0, 1000), (Channel::Customer, 1000, 2000)]);
    }
}
