//! After a crash: calls that were up get their record, with cause `server_restart` and their mended recordings.

use hotline_base::{RecordingId, WallTime};
use hotline_call::{
    CallEvent, CallRecord, EndCause, EndKind, Event, EventKind, Party, QueueOutcome, RecordingState,
};
use hotline_store::{JournalEntry, Store, StoreError, Writer, WriterClosed};
use std::time::Duration;

/// A recording whose file was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedRecording {
    /// The recording.
    pub recording: RecordingId,
    /// Length after mending.
    pub duration: Duration,
    /// Size after mending.
    pub bytes: u64,
}

/// Why the calls of the former process could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal could not be written.
    #[error(transparent)]
    Writer(#[from] WriterClosed),
}

/// Closes every call that the journal says is open. Returns how many there were, and the number of the last
/// event of the journal, from which the controller goes on.
///
/// # Errors
/// [`RestartError`]; nothing is lost then, the next start tries again.
pub async fn close_interrupted(
    store: &Store,
    writer: &Writer,
    mended: &[MendedRecording],
    now: WallTime,
) -> Result<(usize, u64), RestartError> {
    let mut seq = store.last_seq().await?;
    let open = store.open_calls().await?;
    let count = open.len();
    for (call, events) in open {
        let mut record = None;
        for event in &events {
            let EventKind::Call { what, .. } = &event.kind else { continue };
            match &mut record {
                None => record = CallRecord::begin(call, event.at, what),
                Some(record) => record.apply(event.at, what),
            }
        }
        let Some(mut record) = record else { continue };
        // Nobody knows when the process died; the last thing known of the call is the best answer.
        let died = events.last().map_or(now, |event| event.at);
        for what in closing_events(&record, mended) {
            record.apply(died, &what);
            seq += 1;
            writer.write(JournalEntry::Event(Event { seq, at: died, kind: EventKind::Call { call, what } }));
        }
        writer.write(JournalEntry::Record(Box::new(record)));
    }
    writer.flush().await?;
    Ok((count, seq))
}

/// What has to be said of a call so that its record is complete.
fn closing_events(record: &CallRecord, mended: &[MendedRecording]) -> Vec<CallEvent> {
    let mut events = Vec::new();
    if let Some(visit) = record.queues.last()
        && visit.outcome.is_none()
    {
        events.push(CallEvent::Dequeued { queue: visit.queue.clone(), outcome: QueueOutcome::Withdrawn });
    }
    if record.ended_at.is_none() {
        let cause = EndCause { kind: EndKind::ServerRestart, sip_status: None, q850: 41 };
        events.push(CallEvent::Ended { by: Party::System, cause });
    }
    for recording in &record.recordings {
        if recording.state != RecordingState::Open {
            continue;
        }
        let found = mended.iter().find(|mended| mended.recording == recording.id);
        events.push(match found {
            Some(MendedRecording { duration, bytes, .. }) => {
                CallEvent::RecordingMended { recording: recording.id, duration: *duration, bytes: *bytes }
            }
            None => CallEvent::RecordingFailed {
                recording: recording.id,
                problem: format!("{}: not found after the restart", recording.path),
            },
        });
    }
    events
}
