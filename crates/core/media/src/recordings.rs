//! The recordings of one media thread: which legs each hears, and from when to when.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{CallId, LegId, Now, RecordingId};
use serde::{Deserialize, Serialize};

use crate::leg::{Leg, Legs, Tap};
use crate::timeline::samples_at;
use crate::{Chunk, Mark, RecordingFailure, Sink, Voice};

/// The recordings under way. The legs themselves know by their [`Tap`] which one hears them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recordings {
    open: BTreeMap<RecordingId, Recording>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Recording {
    /// The first sample on our clock.
    started: u64,
    /// Those that are heard.
    legs: BTreeSet<LegId>,
}

impl Recording {
    /// Where on its time line we are.
    fn position(&self, now: Now) -> u64 {
        samples_at(now.mono).saturating_sub(self.started)
    }
}

impl Recordings {
    /// Begins a recording that hears `voices`.
    pub(crate) fn start(
        &mut self,
        now: Now,
        legs: &mut Legs,
        (recording, voices): (RecordingId, &[Voice]),
        out: &mut impl Sink,
    ) -> Result<(), RecordingFailure> {
        let call = self.check(legs, recording, voices)?;
        let started = samples_at(now.mono);
        self.open.insert(recording, Recording { started, legs: BTreeSet::new() });
        out.record(recording, Chunk::Start { call, at: now.wall });
        for voice in voices {
            self.join(now, legs, (recording, voice), out);
        }
        Ok(())
    }

    fn check(
        &self,
        legs: &Legs,
        recording: RecordingId,
        voices: &[Voice],
    ) -> Result<CallId, RecordingFailure> {
        let mut call = None;
        let mut seen = BTreeSet::new();
        for voice in voices {
            let leg = legs.get(&voice.leg).filter(|_| seen.insert(voice.leg));
            let leg = leg.ok_or(RecordingFailure::NoSuchLegs)?;
            if leg.tap.is_some() {
                return Err(RecordingFailure::AlreadyRecorded);
            }
            call.get_or_insert(leg.call);
        }
        if self.open.contains_key(&recording) {
            return Err(RecordingFailure::AlreadyRecorded);
        }
        call.ok_or(RecordingFailure::NoSuchLegs)
    }

    /// Lets a recording hear one more leg, which leaves the one it was in. False if one of the two is not there.
    pub(crate) fn join(
        &mut self,
        now: Now,
        legs: &mut Legs,
        (recording, voice): (RecordingId, &Voice),
        out: &mut impl Sink,
    ) -> bool {
        let Some(leg) = legs.get_mut(&voice.leg) else { return false };
        let Some(known) = self.open.get_mut(&recording) else { return false };
        known.legs.insert(voice.leg);
        let (started, at) = (known.started, known.position(now));
        let joined = samples_at(now.mono);
        let tap = Tap { recording, channel: voice.channel, started, joined };
        match leg.tap.replace(tap) {
            // It changes its channel.
            Some(former) if former.recording == recording => {
                out.record(recording, Chunk::Leave { leg: voice.leg, at });
            }
            Some(former) => self.forget(now, voice.leg, former, out),
            None => {}
        }
        out.record(recording, Chunk::Join { voice, at });
        true
    }

    /// A recording hears this leg no more; without any, it is over.
    pub(crate) fn leave(&mut self, now: Now, leg: LegId, state: &mut Leg, out: &mut impl Sink) {
        if let Some(tap) = state.tap.take() {
            self.forget(now, leg, tap, out);
        }
    }

    fn forget(&mut self, now: Now, leg: LegId, tap: Tap, out: &mut impl Sink) {
        let Some(known) = self.open.get_mut(&tap.recording) else { return };
        known.legs.remove(&leg);
        let (at, is_over) = (known.position(now), known.legs.is_empty());
        if is_over {
            self.open.remove(&tap.recording);
        }
        out.record(tap.recording, Chunk::Leave { leg, at });
        if is_over {
            out.record(tap.recording, Chunk::Finish { length: at });
        }
    }

    /// Marks what happened.
    pub(crate) fn mark(&self, now: Now, recording: RecordingId, mark: &Mark, out: &mut impl Sink) {
        if let Some(known) = self.open.get(&recording) {
            out.record(recording, Chunk::Mark { mark, at: known.position(now) });
        }
    }

    /// Ends a recording.
    pub(crate) fn stop(&mut self, now: Now, legs: &mut Legs, recording: RecordingId, out: &mut impl Sink) {
        let Some(stopped) = self.open.remove(&recording) else { return };
        for leg in &stopped.legs {
            if let Some(leg) = legs.get_mut(leg) {
                leg.tap = None;
            }
        }
        out.record(recording, Chunk::Finish { length: stopped.position(now) });
    }
}
