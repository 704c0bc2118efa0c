//! The recordings of a call in its record.

use std::time::Duration;

use hotline_base::{AgentId, RecordingId, WallTime};
use hotline_media::{Mark, MarkKind, RecordedMark, RecordingIndex, Speaker};
use serde::{Deserialize, Serialize};

use super::CallRecord;
use crate::call::of_agent;
use crate::event::{CallEvent, Entry, Party};

/// Marks of one recording that are kept.
const MARKS_MAX: usize = 250;

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The recording.
    pub id: RecordingId,
    /// Path below the recordings directory; empty if the file was never opened.
    pub path: String,
    /// First sample.
    pub started_at: WallTime,
    /// How it stands.
    pub state: RecordingState,
    /// Who was heard when, what happened, and where audio is missing. Until it is complete only what happened, to
    /// about 50 ms.
    #[serde(default)]
    pub index: RecordingIndex,
}

/// What became of a recording that had failed, known only when the record of its call was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The recording.
    pub recording: RecordingId,
    /// Path below the recordings directory.
    pub path: String,
    /// How it stands.
    pub state: RecordingState,
    /// What is known of its time line; `None` leaves what the record says.
    pub index: Option<RecordingIndex>,
}

impl Correction {
    /// Sets the record of a call right. False if it has no such recording, or says already how that ended.
    pub fn apply(&self, record: &mut CallRecord) -> bool {
        record.recordings.iter_mut().any(|known| known.id == self.recording && self.apply_to(known))
    }

    /// Sets what is known of the recording right. False if that says already how it ended.
    pub fn apply_to(&self, known: &mut Recording) -> bool {
        if known.is_complete() {
            return false;
        }
        known.path.clone_from(&self.path);
        known.state = self.state.clone();
        if let Some(index) = &self.index {
            known.index.clone_from(index);
        }
        true
    }
}

impl Recording {
    const fn is_complete(&self) -> bool {
        match self.state {
            RecordingState::Finished { .. }
            | RecordingState::Mended { .. }
            | RecordingState::Erased { .. } => true,
            RecordingState::Open | RecordingState::Failed { .. } => false,
        }
    }
}

/// How a recording stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingState {
    /// Being written.
    Open,
    /// Complete.
    Finished {
        /// Length.
        duration: Duration,
        /// Silence in place of audio the recorder could not take.
        gap: Duration,
        /// Size of the file.
        bytes: u64,
    },
    /// Complete up to the moment at which the server stopped.
    Mended {
        /// Length.
        duration: Duration,
        /// Size of the file.
        bytes: u64,
    },
    /// Could not be written.
    Failed {
        /// The cause in words.
        problem: String,
    },
    /// Complete once, and erased since.
    Erased {
        /// When.
        at: WallTime,
    },
}

impl CallRecord {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these are given here")]
    pub(super) fn apply_recording(&mut self, at: WallTime, event: &CallEvent) {
        match event {
            CallEvent::Held { by } => self.mark_of(at, MarkKind::Held, Some(self.speaker(*by))),
            CallEvent::Retrieved { by } => self.mark_of(at, MarkKind::Retrieved, Some(self.speaker(*by))),
            CallEvent::RecordingStarted { recording, path } => {
                self.open_recording(*recording, path.clone(), at)
            }
            CallEvent::RecordingPaused { by, why, .. } => {
                let (kind, by) = (MarkKind::Paused, Some(of_agent(by)));
                self.mark(at, Mark { kind, by, why: why.clone() });
            }
            CallEvent::RecordingResumed { by, .. } => {
                self.mark_of(at, MarkKind::Resumed, by.as_ref().map(of_agent));
            }
            CallEvent::RecordingFinished { recording, duration, gap, bytes, index } => {
                let (duration, gap, bytes) = (*duration, *gap, *bytes);
                self.set_recording(*recording, RecordingState::Finished { duration, gap, bytes });
                if let Some(known) = self.recordings.iter_mut().find(|known| known.id == *recording) {
                    known.index.clone_from(index);
                }
            }
            CallEvent::RecordingMended { recording, duration, bytes } => {
                self.set_recording(*recording, RecordingState::Mended { duration: *duration, bytes: *bytes });
            }
            CallEvent::RecordingFailed { recording, problem } => {
                self.open_recording(*recording, String::new(), at);
                self.set_recording(*recording, RecordingState::Failed { problem: problem.clone() });
            }
            _ => {}
        }
    }

    /// An agent has sent the customer on.
    pub(super) fn mark_transfer(&mut self, at: WallTime, by: &AgentId) {
        self.mark_of(at, MarkKind::Transferred, Some(of_agent(by)));
    }

    /// Notes a recording unless it is on record already.
    fn open_recording(&mut self, id: RecordingId, path: String, at: WallTime) {
        if !self.recordings.iter().any(|known| known.id == id) {
            let (state, index) = (RecordingState::Open, RecordingIndex::default());
            self.recordings.push(Recording { id, path, started_at: at, state, index });
        }
    }

    fn mark_of(&mut self, at: WallTime, kind: MarkKind, by: Option<Speaker>) {
        self.mark(at, Mark { kind, by, why: None });
    }

    /// Notes what happened on the time line of the recording that is being written.
    fn mark(&mut self, at: WallTime, Mark { kind, by, why }: Mark) {
        let mut recordings = self.recordings.iter_mut();
        let open = recordings.find(|recording| recording.state == RecordingState::Open);
        let Some(recording) = open.filter(|open| open.index.marks.len() < MARKS_MAX) else { return };
        let at_ms = u64::try_from(at.since(recording.started_at).as_millis()).unwrap_or(u64::MAX);
        recording.index.marks.push(RecordedMark { at_ms, kind, by, why });
    }

    /// How a recording names a party.
    fn speaker(&self, party: Party) -> Speaker {
        match (party, &self.agent) {
            (Party::Agent, Some(agent)) => of_agent(agent),
            (Party::Agent | Party::System, _) => Speaker::from("agent"),
            (Party::Caller, _) => Speaker::from("customer"),
            (Party::Callee, _) if matches!(self.entry, Entry::Outside(_)) => Speaker::from("customer"),
            (Party::Callee, _) => Speaker::from("outside"),
        }
    }

    fn set_recording(&mut self, id: RecordingId, state: RecordingState) {
        if let Some(recording) = self.recordings.iter_mut().find(|recording| recording.id == id) {
            recording.state = state;
        }
    }

    /// True while a recording of the call is being written.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.recordings.iter().any(|recording| recording.state == RecordingState::Open)
    }
}
