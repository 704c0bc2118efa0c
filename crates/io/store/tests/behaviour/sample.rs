//! Calls, events and records to store.

use std::time::Duration;

use hotline_base::{
    AgentId, CallId, FlowId, LegId, NumberId, Pii, QueueId, RecordingId, Rng, TrunkId, WallTime,
};
use hotline_call::{
    CallEvent, CallRecord, EndCause, EndKind, Entry, Event, EventKind, Party, Recording, RecordingState,
    Source,
};

/// 2026-01-01T00:00:00Z.
pub(crate) const BEGIN: WallTime = WallTime(1_767_225_600_000_000);

/// `BEGIN` and so many seconds.
pub(crate) fn at(seconds: u64) -> WallTime {
    BEGIN + Duration::from_secs(seconds)
}

/// The id of the call with this number; higher numbers sort later.
pub(crate) fn call_id(number: u64) -> CallId {
    CallId::generate(at(number), &mut Rng::from_number(number))
}

/// The id of a recording.
pub(crate) fn recording_id(number: u64) -> RecordingId {
    RecordingId::generate(at(number), &mut Rng::from_number(number))
}

/// The first event of a call.
pub(crate) fn started(seq: u64, call: CallId) -> Event {
    let what = CallEvent::Started {
        caller: Pii::from("+8613812345678"),
        caller_name: Some(Pii::from("王小明\0")),
        called: "800".into(),
        entry: Entry::Number { number: NumberId::from("main"), flow: FlowId::from("main") },
        source: Source::Trunk(TrunkId::from("carrier")),
        sip_call_id: "a84b4c76e66710".to_owned(),
        language: "zh".to_owned(),
        diversion: None,
    };
    event(seq, call, what)
}

/// Another event of a call.
pub(crate) fn event(seq: u64, call: CallId, what: CallEvent) -> Event {
    Event { seq, at: at(seq), kind: EventKind::Call { call, what } }
}

/// The events of a whole call, numbered from `seq`.
pub(crate) fn whole_call(seq: u64, call: CallId) -> Vec<Event> {
    let queue = QueueId::from("sales");
    let cause = EndCause { kind: EndKind::Abandoned, sip_status: Some(200), q850: 16 };
    vec![
        started(seq, call),
        event(seq + 1, call, CallEvent::Answered),
        event(seq + 2, call, CallEvent::Queued { queue }),
        event(seq + 3, call, CallEvent::Ended { by: Party::Caller, cause }),
    ]
}

/// The record that those events give.
pub(crate) fn record(call: CallId) -> CallRecord {
    let events = whole_call(1, call);
    let calls: Vec<(WallTime, &CallEvent)> = events
        .iter()
        .map(|event| match &event.kind {
            EventKind::Call { what, .. } => (event.at, what),
            EventKind::Agent { .. }
            | EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => {
                unreachable!()
            }
        })
        .collect();
    let mut record = CallRecord::begin(call, calls[0].0, calls[0].1).unwrap();
    for (at, what) in &calls[1..] {
        record.apply(*at, what);
    }
    record
}

/// The record of a call that began at `started_at` and was taken by `agent`.
pub(crate) fn record_of(number: u64, started_at: WallTime, agent: &str) -> CallRecord {
    CallRecord { started_at, agent: Some(AgentId::from(agent)), ..record(call_id(number)) }
}

/// The record of a call that was offered to `offered` one after another and taken by `taken_by`.
pub(crate) fn offered_record(number: u64, offered: &[&str], taken_by: Option<&str>) -> CallRecord {
    let mut record = record(call_id(number));
    record.started_at = at(number);
    record.agent = taken_by.map(AgentId::from);
    for (offer, agent) in (1..).zip(offered) {
        let what = CallEvent::Offered { offer: LegId(offer), agent: AgentId::from(*agent), because: None };
        record.apply(at(number + offer), &what);
    }
    record
}

/// A recording in a given state.
pub(crate) fn recording(number: u64, state: RecordingState) -> Recording {
    let index = serde_json::json!({
        "legs": [{"speaker": "agent:1001", "channel": "agent", "from_ms": 0, "to_ms": 7}],
        "marks": [{"at_ms": 3, "kind": "paused", "by": "agent:1001", "why": "a \u{0} card"}],
        "gaps": [{"channel": "customer", "from_ms": 1, "length_ms": 2}],
    });
    Recording {
        index: serde_json::from_value(index).unwrap(),
        id: recording_id(number),
        path: format!("2026/01/01/{number}.wav"),
        started_at: at(number),
        state,
    }
}

/// A complete one.
pub(crate) fn finished() -> RecordingState {
    RecordingState::Finished {
        duration: Duration::from_millis(12_340),
        gap: Duration::from_millis(20),
        bytes: 394_924,
    }
}
