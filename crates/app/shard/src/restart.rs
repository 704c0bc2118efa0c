//! After a crash: calls that were up get their record, with cause `server_restart` and their mended recordings, and
//! sessions of agents their end.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use hotline_acd::{AgentState, NotReadyReason, OfferFailure, StateSpan};
use hotline_base::{AgentId, CallId, WallTime};
use hotline_call::{
    AgentFact, CallEvent, CallRecord, Correction, EndCause, EndKind, Event, EventKind, OfferOutcome, Party,
    QueueOutcome, Recording, RecordingState,
};
use hotline_record_io::{Keyring, Repaired, StartError, recover, repair, settle};
use hotline_store::{EVENTS_PAGE_MAX, Store, StoreError};
use tracing::warn;

/// Event numbers left out at a start. Pages may have seen events that the former process could not write any more:
/// at most what waits for the writer, far fewer than this. Their numbers must not name anything else.
const SEQ_GAP: u64 = 100_000;

/// What a start found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restarted {
    /// Calls that were closed.
    pub calls: usize,
    /// Recordings that were mended.
    pub recordings: usize,
    /// The number after which the controller goes on.
    pub last_seq: u64,
}

/// Why the calls of the former process could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// The database could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory of recordings could not be used.
    #[error(transparent)]
    Recordings(#[from] StartError),
}

/// Mends the recordings below `recordings` and closes every call that the journal says is open. To be run when the
/// writer has brought in its spool and before anything new is written.
///
/// # Errors
/// [`RestartError`]; nothing is lost then, the next start does the rest.
pub async fn close_interrupted(
    store: &Store,
    (recordings, keys): (&Path, &Keyring),
    now: WallTime,
) -> Result<Restarted, RestartError> {
    let mended = repair(recordings, keys)?;
    close_sessions(store).await?;
    let mut seq = beyond(store.last_seq().await?);
    let open = store.open_calls().await?;
    let calls = open.len();
    for (call, events) in open {
        let Some(mut record) = fold(call, &events) else { continue };
        let found = recordings_of(&record, &mended, (recordings, keys));
        let last_known = events.last().map_or(now, |event| event.at);
        let mut closing = Vec::new();
        for (at, what) in closing_events(&record, &found, last_known) {
            record.apply(at, &what);
            seq += 1;
            closing.push(Event { seq, at, kind: EventKind::Call { call, what } });
        }
        store.append_events(&closing).await?;
        store.save_record(&record).await?;
    }
    for repaired in &mended {
        correct(store, repaired).await?;
    }
    settle(recordings, &mended)?;
    Ok(Restarted { calls, recordings: mended.len(), last_seq: seq })
}

/// Ends the sessions of agents who were signed in, at the last moment that is known: what they did then lasted until there.
async fn close_sessions(store: &Store) -> Result<(), StoreError> {
    let open = store.open_agent_sessions().await?;
    let Some(last_known) = store.last_moment().await?.filter(|_| !open.is_empty()) else { return Ok(()) };
    let began = open.iter().map(|(session, _)| session.started).min().unwrap_or(last_known);
    let mut states = last_states(store, began, open.len()).await?;
    let mut facts = Vec::new();
    for (session, counted_until) in open {
        let agent = session.agent;
        let from = counted_until.unwrap_or(session.started);
        let ended = last_known.max(from);
        // Who signed in a moment before may have been told of to nobody.
        let state = states
            .remove(&agent)
            .filter(|state| *state != AgentState::LoggedOut)
            .unwrap_or(AgentState::NotReady { reason: NotReadyReason::SignedIn });
        if ended > from {
            facts.push(AgentFact::State(StateSpan { agent: agent.clone(), state, from, until: ended }));
        }
        facts.push(AgentFact::SessionEnded { agent, started: session.started, ended });
    }
    store.save_agent_facts(&facts).await
}

/// The last state of every agent that the journal tells of since `began`; the search ends with `agents` of them.
async fn last_states(
    store: &Store,
    began: WallTime,
    agents: usize,
) -> Result<BTreeMap<AgentId, AgentState>, StoreError> {
    let mut states = BTreeMap::new();
    let mut seq = u64::MAX;
    while states.len() < agents {
        let events = store.events_of_no_call(seq, EVENTS_PAGE_MAX).await?;
        let Some(oldest) = events.last() else { break };
        seq = oldest.seq;
        let is_before = oldest.at < began;
        for event in events {
            if let EventKind::Agent { agent, state, .. } = event.kind {
                states.entry(agent).or_insert(state);
            }
        }
        if is_before {
            break;
        }
    }
    Ok(states)
}

/// Where the numbers go on; an empty journal begins at the beginning.
fn beyond(last_seq: u64) -> u64 {
    if last_seq == 0 { 0 } else { (last_seq + SEQ_GAP).next_multiple_of(SEQ_GAP) }
}

fn fold(call: CallId, events: &[Event]) -> Option<CallRecord> {
    let mut record = None;
    for event in events {
        let EventKind::Call { what, .. } = &event.kind else { continue };
        match &mut record {
            None => record = CallRecord::begin(call, event.at, what),
            Some(record) => record.apply(event.at, what),
        }
    }
    record
}

/// The complete recordings of a call: the mended ones, and those that only the journal knows.
fn recordings_of(record: &CallRecord, mended: &[Repaired], (root, keys): (&Path, &Keyring)) -> Vec<Repaired> {
    let is_of_call = |repaired: &&Repaired| {
        let is_known = record.recordings.iter().any(|known| known.id == repaired.recording);
        is_known || repaired.call == record.call
    };
    let mut found: Vec<Repaired> = mended.iter().filter(is_of_call).cloned().collect();
    for recording in &record.recordings {
        let is_found = found.iter().any(|repaired| repaired.recording == recording.id);
        if is_found || recording.state != RecordingState::Open {
            continue;
        }
        let of = (recording.id, record.call, recording.started_at);
        match recover(root, keys, of, &recording.path) {
            Ok(told) => found.push(told),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => warn!(recording = %recording.id, %error, "a recording cannot be mended"),
        }
    }
    found
}

/// What has to be said of a call so that its record is complete, and when that was.
fn closing_events(
    record: &CallRecord,
    found: &[Repaired],
    last_known: WallTime,
) -> Vec<(WallTime, CallEvent)> {
    // Nobody knows when the process died; the last that is known of the call is the best answer.
    let recorded_until = found.iter().map(|repaired| repaired.started + duration(repaired));
    let died = recorded_until.chain([last_known]).max().unwrap_or(last_known);
    let unknown = |repaired: &&Repaired| record.recordings.iter().all(|known| known.id != repaired.recording);
    let mut events: Vec<(WallTime, CallEvent)> = found
        .iter()
        .filter(unknown)
        .map(|Repaired { recording, started, path, .. }| {
            (*started, CallEvent::RecordingStarted { recording: *recording, path: path.clone() })
        })
        .collect();
    let pending = record.offers.iter().filter(|offer| offer.outcome == OfferOutcome::Pending);
    events.extend(pending.map(|offer| {
        let (offer, agent, failure) = (offer.leg, offer.agent.clone(), OfferFailure::ServerFault);
        (died, CallEvent::OfferFailed { offer, agent, failure, status: None })
    }));
    if let Some(visit) = record.queues.last().filter(|visit| visit.outcome.is_none()) {
        let (queue, outcome) = (visit.queue.clone(), QueueOutcome::Withdrawn);
        events.push((died, CallEvent::Dequeued { queue, outcome }));
    }
    if record.ended_at.is_none() {
        let cause = EndCause { kind: EndKind::ServerRestart, sip_status: None, q850: 41 };
        events.push((died, CallEvent::Ended { by: Party::System, cause }));
    }
    events.extend(found.iter().filter(unknown).map(|repaired| (died, end_of(repaired))));
    for recording in &record.recordings {
        let repaired = found.iter().find(|repaired| repaired.recording == recording.id);
        events.extend(closing_of(recording, repaired).map(|event| (died, event)));
    }
    events
}

/// What has to be said of a recording of the record; nothing if its end is known.
fn closing_of(recording: &Recording, repaired: Option<&Repaired>) -> Option<CallEvent> {
    match (&recording.state, repaired) {
        (
            RecordingState::Finished { .. } | RecordingState::Mended { .. } | RecordingState::Erased { .. },
            _,
        )
        | (RecordingState::Failed { .. }, None) => None,
        (RecordingState::Open | RecordingState::Failed { .. }, Some(repaired)) => Some(end_of(repaired)),
        (RecordingState::Open, None) => Some(CallEvent::RecordingFailed {
            recording: recording.id,
            problem: format!("{}: not found after the restart", recording.path),
        }),
    }
}

fn end_of(repaired: &Repaired) -> CallEvent {
    let (recording, duration, bytes) = (repaired.recording, duration(repaired), repaired.bytes);
    match repaired.gap_ms {
        Some(gap_ms) => {
            let gap = Duration::from_millis(gap_ms);
            let index = repaired.index.clone();
            CallEvent::RecordingFinished { recording, duration, gap, bytes, index }
        }
        None => CallEvent::RecordingMended { recording, duration, bytes },
    }
}

/// A record that was written without the end of its recording gets it now.
async fn correct(store: &Store, repaired: &Repaired) -> Result<(), StoreError> {
    let Repaired { recording, call, path, .. } = repaired;
    let Some((_, mut known)) = store.find_recording(*recording).await? else {
        warn!(%recording, %call, path, "a mended recording is on no record; the file stays");
        return Ok(());
    };
    let (duration, bytes) = (duration(repaired), repaired.bytes);
    let state = match repaired.gap_ms.map(Duration::from_millis) {
        Some(gap) => RecordingState::Finished { duration, gap, bytes },
        None => RecordingState::Mended { duration, bytes },
    };
    let index = repaired.gap_ms.map(|_| repaired.index.clone());
    let correction = Correction { recording: *recording, path: path.clone(), state, index };
    if correction.apply_to(&mut known) { store.update_recording(&known).await } else { Ok(()) }
}

fn duration(repaired: &Repaired) -> Duration {
    Duration::from_millis(repaired.duration_ms)
}

#[cfg(test)]
mod tests {
    use hotline_base::{AgentId, FlowId, LegId, NumberId, Pii, QueueId, RecordingId, Rng, TrunkId};
    use hotline_call::{Entry, RecordingIndex, Source};

    use super::*;

    const PATH: &str = "2026/11/23/x.wav";

    fn at(seconds: i64) -> WallTime {
        WallTime(seconds * 1_000_000)
    }

    fn call() -> CallId {
        CallId::generate(at(0), &mut Rng::from_number(1))
    }

    fn recording() -> RecordingId {
        RecordingId::generate(at(0), &mut Rng::from_number(2))
    }

    /// Events at these seconds, the first the call's beginning.
    fn journal(events: impl IntoIterator<Item = (i64, CallEvent)>) -> Vec<Event> {
        let started = CallEvent::Started {
            caller: Pii::from("+15550100"),
            caller_name: None,
            called: "4000".into(),
            entry: Entry::Number { number: NumberId::from("4000"), flow: FlowId::from("main") },
            source: Source::Trunk(TrunkId::from("demo")),
            sip_call_id: "x".to_owned(),
            language: "en".to_owned(),
            diversion: None,
        };
        let events = [(0, started)].into_iter().chain(events);
        (1..)
            .zip(events)
            .map(|(seq, (seconds, what))| {
                let kind = EventKind::Call { call: call(), what };
                Event { seq, at: at(seconds), kind }
            })
            .collect()
    }

    fn closed(events: impl IntoIterator<Item = (i64, CallEvent)>, found: &[Repaired]) -> CallRecord {
        let events = journal(events);
        let mut record = fold(call(), &events).unwrap();
        let last_known = events.last().unwrap().at;
        for (at, what) in closing_events(&record, found, last_known) {
            record.apply(at, &what);
        }
        assert_eq!(closing_events(&record, found, last_known), [], "once");
        record
    }

    fn repaired(started: i64, seconds: u64) -> Repaired {
        Repaired {
            recording: recording(),
            call: call(),
            path: PATH.to_owned(),
            started: at(started),
            duration_ms: seconds * 1000,
            gap_ms: None,
            bytes: 44,
            index: RecordingIndex::default(),
        }
    }

    fn offered() -> Vec<(i64, CallEvent)> {
        let (offer, agent) = (LegId(7), AgentId::from("1001"));
        vec![
            (1, CallEvent::Answered),
            (2, CallEvent::Queued { queue: QueueId::from("sales") }),
            (3, CallEvent::Offered { offer, agent, because: None }),
        ]
    }

    fn talking() -> Vec<(i64, CallEvent)> {
        let (offer, agent) = (LegId(7), AgentId::from("1001"));
        let mut events = offered();
        events.push((5, CallEvent::Connected { offer, agent }));
        events.push((
            5,
            CallEvent::Dequeued { queue: QueueId::from("sales"), outcome: QueueOutcome::Answered },
        ));
        events
    }

    #[test]
    fn a_call_that_was_offered_leaves_nothing_pending() {
        let record = closed(offered(), &[]);
        let failure = OfferFailure::ServerFault;
        assert_eq!(record.offers[0].outcome, OfferOutcome::Failed { failure, status: None });
        assert_eq!(record.offers[0].ended_at, Some(at(3)));
        assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Withdrawn));
        assert_eq!(record.ended_at, Some(at(3)));
        assert_eq!(record.cause.unwrap().kind, EndKind::ServerRestart);
    }

    #[test]
    fn a_talk_lasted_at_least_as_long_as_its_recording() {
        let mut events = talking();
        events.push((5, CallEvent::RecordingStarted { recording: recording(), path: PATH.to_owned() }));
        let record = closed(events.clone(), &[repaired(5, 600)]);
        assert_eq!(record.ended_at, Some(at(605)));
        let (duration, bytes) = (Duration::from_secs(600), 44);
        assert_eq!(record.recordings[0].state, RecordingState::Mended { duration, bytes });
        assert_eq!(record.offers[0].outcome, OfferOutcome::Answered);

        let lost = closed(events, &[]);
        assert_eq!(lost.ended_at, Some(at(5)));
        assert!(
            matches!(&lost.recordings[0].state, RecordingState::Failed { problem } if problem.contains(PATH))
        );
    }

    /// The file of a mended recording says nothing of holds and pauses; the journal does.
    #[test]
    fn what_happened_in_a_recording_that_was_cut_off_is_on_record() {
        let (recording, by) = (recording(), AgentId::from("1001"));
        let why = Some("a card number".to_owned());
        let mut events = talking();
        events.extend([
            (5, CallEvent::RecordingStarted { recording, path: PATH.to_owned() }),
            (6, CallEvent::Held { by: Party::Agent }),
            (7, CallEvent::Retrieved { by: Party::Caller }),
            (8, CallEvent::RecordingPaused { recording, by: by.clone(), why, until: at(99) }),
            (9, CallEvent::RecordingResumed { recording, by: None }),
        ]);
        let record = closed(events, &[repaired(5, 10)]);
        let marks = record.recordings[0].index.marks.iter();
        let told: Vec<_> = marks
            .map(|mark| (mark.at_ms, mark.by.as_ref().map(|by| by.as_str()), mark.why.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (1000, Some("agent:1001"), None),
                (2000, Some("customer"), None),
                (3000, Some("agent:1001"), Some("a card number")),
                (4000, None, None)
            ]
        );
    }

    #[test]
    fn a_recording_of_which_the_journal_knows_nothing_is_linked() {
        let record = closed(talking(), &[repaired(5, 1)]);
        assert_eq!((record.recordings.len(), record.recordings[0].path.as_str()), (1, PATH));
        assert_eq!(record.recordings[0].started_at, at(5));
        assert!(!record.is_recording());
        assert_eq!(record.ended_at, Some(at(6)));
    }

    #[test]
    fn a_recording_that_was_finished_before_the_crash_is_finished() {
        let mut events = talking();
        events.push((5, CallEvent::RecordingStarted { recording: recording(), path: PATH.to_owned() }));
        let finished = Repaired { gap_ms: Some(20), ..repaired(5, 3) };
        let record = closed(events, &[finished]);
        let (duration, gap) = (Duration::from_secs(3), Duration::from_millis(20));
        assert_eq!(record.recordings[0].state, RecordingState::Finished { duration, gap, bytes: 44 });
    }

    #[test]
    fn a_call_that_had_ended_keeps_its_end() {
        let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
        let mut events = talking();
        events.push((9, CallEvent::Ended { by: Party::Caller, cause: cause.clone() }));
        let record = closed(events, &[]);
        assert_eq!((record.ended_at, record.ended_by), (Some(at(9)), Some(Party::Caller)));
        assert_eq!(record.cause, Some(cause));
    }

    #[test]
    fn numbers_that_a_page_may_have_seen_are_not_used_again() {
        assert_eq!(beyond(0), 0);
        for last in [1, 99_999, 100_000, 123_456] {
            assert!(beyond(last) - last >= SEQ_GAP && beyond(last).is_multiple_of(SEQ_GAP), "{last}");
        }
    }

    /// A call that is over, whose record says that its recording failed.
    async fn with_a_failed_recording(store: &Store) -> CallRecord {
        let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
        let mut events = talking();
        events.extend([
            (5, CallEvent::RecordingStarted { recording: recording(), path: PATH.to_owned() }),
            (6, CallEvent::RecordingFailed { recording: recording(), problem: "no room".to_owned() }),
            (9, CallEvent::Ended { by: Party::Caller, cause }),
        ]);
        let record = fold(call(), &journal(events)).unwrap();
        store.save_record(&record).await.unwrap();
        record
    }

    /// Its disk failed behind the back of the recorder, and the file turned out to be complete.
    #[tokio::test]
    async fn a_record_gets_the_end_of_its_recording_from_a_complete_file_and_from_a_mended_one() {
        for gap_ms in [Some(20), None] {
            let directory = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", directory.path().join("test.db").display());
            let store = Store::open(&url).await.unwrap();
            let before = with_a_failed_recording(&store).await.recordings[0].clone();
            let at = hotline_media::RecordedMark {
                at_ms: 7,
                kind: hotline_media::MarkKind::Held,
                by: None,
                why: None,
            };
            let index = RecordingIndex { marks: vec![at], ..RecordingIndex::default() };
            let found = Repaired { gap_ms, index: index.clone(), ..repaired(5, 3) };
            correct(&store, &found).await.unwrap();
            let record = store.get_call(call()).await.unwrap().unwrap();
            let (duration, bytes) = (Duration::from_secs(3), 44);
            let (state, index) = match gap_ms.map(Duration::from_millis) {
                Some(gap) => (RecordingState::Finished { duration, gap, bytes }, index),
                None => (RecordingState::Mended { duration, bytes }, before.index.clone()),
            };
            let expected = Recording { state, index, ..before };
            assert_eq!(record.recordings, std::slice::from_ref(&expected));
            // What is known of its end stays.
            correct(&store, &Repaired { gap_ms, ..repaired(5, 9) }).await.unwrap();
            assert_eq!(store.get_call(call()).await.unwrap().unwrap().recordings, [expected]);
        }
    }

    #[tokio::test]
    async fn closing_is_done_once_and_numbers_go_on() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        let recordings = directory.path().join("recordings");
        let fresh = close_interrupted(&store, (&*recordings, &Keyring::default()), at(0)).await.unwrap();
        assert_eq!(fresh, Restarted { calls: 0, recordings: 0, last_seq: 0 });

        store.append_events(&journal(offered())).await.unwrap();
        let first = close_interrupted(&store, (&*recordings, &Keyring::default()), at(99)).await.unwrap();
        assert_eq!((first.calls, first.last_seq), (1, 2 * SEQ_GAP + 3));
        let record = store.get_call(call()).await.unwrap().unwrap();
        assert_eq!(record.ended_at, Some(at(3)));
        let second = close_interrupted(&store, (&*recordings, &Keyring::default()), at(99)).await.unwrap();
        assert_eq!((second.calls, second.last_seq), (0, 4 * SEQ_GAP));
    }

    #[tokio::test]
    async fn a_session_that_was_open_ends_with_the_last_that_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        let recordings = directory.path().join("recordings");
        let agents = [AgentId::from("1001"), AgentId::from("1002")];
        let started =
            agents.each_ref().map(|agent| AgentFact::SessionStarted { agent: agent.clone(), at: at(10) });
        store.save_agent_facts(&started).await.unwrap();
        let [ann, _] = &agents;
        let signed_in = AgentState::NotReady { reason: NotReadyReason::SignedIn };
        let first = StateSpan { agent: ann.clone(), state: signed_in, from: at(10), until: at(20) };
        store.save_agent_facts(&[AgentFact::State(first)]).await.unwrap();
        let kind = EventKind::Agent {
            agent: ann.clone(),
            state: AgentState::Ready,
            since: at(20),
            pending: None,
            device: hotline_acd::Device::Phone,
            registered: true,
            help: None,
        };
        let mut events = journal([(2, CallEvent::Answered)]);
        events.push(Event { seq: 3, at: at(20), kind });
        events.push(Event { seq: 4, at: at(70), ..events[1].clone() });
        store.append_events(&events).await.unwrap();

        for _ in 0..2 {
            close_interrupted(&store, (&*recordings, &Keyring::default()), at(99)).await.unwrap();
            let mut told = Vec::new();
            for agent in &agents {
                let sessions = store.agent_sessions(agent, at(0), at(99)).await.unwrap();
                let spans = store.agent_spans(agent, at(0), at(99)).await.unwrap();
                let spans: Vec<_> =
                    spans.into_iter().map(|span| (span.state, span.from, span.until)).collect();
                told.push((sessions[0].ended, spans));
            }
            let span = |state: &str, from, until| (state.to_owned(), at(from), at(until));
            assert_eq!(
                told,
                [
                    (Some(at(70)), vec![span("not_ready", 10, 20), span("ready", 20, 70)]),
                    (Some(at(70)), vec![span("not_ready", 10, 70)]),
                ]
            );
        }
    }
}
