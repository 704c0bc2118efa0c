//! Where the time of agents went, and what became of their calls.

use hotline_acd::{
    AgentState, Direction, Disposition, Help, HelpAnswer, HelpOutcome, NotReadyReason, StateSpan,
};
use hotline_base::{AgentId, Pii, QueueId};
use hotline_call::{AgentFact, CallDisposition};
use hotline_store::{
    AGENT_SPANS_PAGE_MAX, Booking, JournalEntry, SPOOL_BYTES_MAX, StoreError, StoredHelp, StoredSession,
    StoredSpan, Writer,
};

use crate::bench::Bench;
use crate::sample::{at, call_id, record};

fn ann() -> AgentId {
    AgentId::from("1001")
}

fn span(state: AgentState, from: u64, until: u64) -> AgentFact {
    AgentFact::State(StateSpan { agent: ann(), state, from: at(from), until: at(until) })
}

fn stored(state: &str, detail: Option<&str>, from: u64, until: u64) -> StoredSpan {
    StoredSpan {
        state: state.to_owned(),
        detail: detail.map(str::to_owned),
        call: None,
        from: at(from),
        until: at(until),
    }
}

fn session(ended: Option<u64>) -> StoredSession {
    StoredSession { agent: ann(), started: at(0), ended: ended.map(at) }
}

/// A break, a call with its after-call work, which is overdue at the end.
fn facts() -> Vec<AgentFact> {
    let call = call_id(1);
    let wrap_up = |disposition| AgentState::WrapUp { call, until: None, disposition, extensions_left: 0 };
    vec![
        AgentFact::SessionStarted { agent: ann(), at: at(0) },
        span(AgentState::NotReady { reason: NotReadyReason::Chosen("tea\0".into()) }, 0, 10),
        span(AgentState::Ready, 10, 20),
        span(wrap_up(Disposition::Awaited), 20, 30),
        span(wrap_up(Disposition::Missing), 30, 40),
        AgentFact::SessionEnded { agent: ann(), started: at(0), ended: at(40) },
    ]
}

pub(crate) async fn spans_of_a_session_come_back_in_order_and_once(bench: Bench) {
    let store = &bench.store;
    store.save_agent_facts(&facts()).await.unwrap();
    store.save_agent_facts(&facts()).await.unwrap();
    let call = Some(call_id(1));
    let expected = [
        stored("not_ready", Some("tea\u{fffd}"), 0, 10),
        stored("ready", None, 10, 20),
        StoredSpan { call, ..stored("wrap_up", None, 20, 30) },
        StoredSpan { call, ..stored("wrap_up", Some("disposition_missing"), 30, 40) },
    ];
    assert_eq!(store.agent_spans(&ann(), at(0), at(100)).await.unwrap(), expected);
    assert_eq!(store.agent_spans(&ann(), at(15), at(21)).await.unwrap(), expected[1..3], "what reaches in");
    assert_eq!(store.agent_spans(&ann(), at(20), at(30)).await.unwrap(), expected[2..3]);
    assert_eq!(store.agent_spans(&AgentId::from("1002"), at(0), at(100)).await.unwrap(), []);
    assert_eq!(store.agent_sessions(&ann(), at(0), at(100)).await.unwrap(), [session(Some(40))]);
    assert_eq!(store.agent_sessions(&ann(), at(40), at(100)).await.unwrap(), []);
    assert_eq!(store.open_agent_sessions().await.unwrap(), []);
}

pub(crate) async fn a_session_without_an_end_is_open(bench: Bench) {
    let store = &bench.store;
    store.save_agent_facts(&facts()[..1]).await.unwrap();
    assert_eq!(store.open_agent_sessions().await.unwrap(), [(session(None), None)]);
    store.save_agent_facts(&facts()[..3]).await.unwrap();
    assert_eq!(store.open_agent_sessions().await.unwrap(), [(session(None), Some(at(20)))]);
    assert_eq!(store.agent_sessions(&ann(), at(50), at(60)).await.unwrap(), [session(None)]);
    store.save_agent_facts(&facts()[5..]).await.unwrap();
    assert_eq!(store.open_agent_sessions().await.unwrap(), []);
}

pub(crate) async fn help_comes_back_with_its_answer_and_outcome(bench: Bench) {
    let help = Help {
        asked: at(5),
        call: Some(call_id(1)),
        answered: Some(HelpAnswer { by: "lea".into(), at: at(7) }),
    };
    let fact = AgentFact::Help { agent: ann(), help, ended: at(60), outcome: HelpOutcome::Solved };
    bench.store.save_agent_facts(&[fact]).await.unwrap();
    let expected = StoredHelp {
        asked: at(5),
        call: Some(call_id(1)),
        answered: Some((at(7), "lea".to_owned())),
        ended: at(60),
        outcome: "solved".to_owned(),
    };
    assert_eq!(bench.store.agent_help(&ann(), at(0), at(10)).await.unwrap(), [expected]);
    assert_eq!(bench.store.agent_help(&ann(), at(6), at(10)).await.unwrap(), []);
}

pub(crate) async fn a_booking_stands_beside_what_was_measured(bench: Bench) {
    let store = &bench.store;
    store.save_agent_facts(&facts()).await.unwrap();
    let measured = store.agent_spans(&ann(), at(0), at(100)).await.unwrap();
    let booking = Booking {
        id: "booking-1".to_owned(),
        agent: ann(),
        from: at(15),
        until: at(25),
        note: "the network was down".to_owned(),
        by: "boss".to_owned(),
        at: at(90),
    };
    store.book(&booking).await.unwrap();
    let nothing = Booking { id: "booking-2".to_owned(), note: " ".to_owned(), ..booking.clone() };
    assert!(matches!(store.book(&nothing).await, Err(StoreError::Invalid { field: "note", .. })));
    assert_eq!(store.bookings(&ann(), at(0), at(16)).await.unwrap(), [booking]);
    assert_eq!(store.bookings(&ann(), at(25), at(90)).await.unwrap(), []);
    assert_eq!(store.agent_spans(&ann(), at(0), at(100)).await.unwrap(), measured);
}

pub(crate) async fn the_last_disposition_of_each_agent_is_on_the_record(bench: Bench) {
    let writer = Writer::start(bench.store.clone(), &bench.directory.path().join("spool"), SPOOL_BYTES_MAX)
        .await
        .unwrap();
    let call = call_id(1);
    let disposition = |agent: &str, code: &str, second| CallDisposition {
        call,
        agent: AgentId::from(agent),
        queue: Some(QueueId::from("sales")),
        code: code.to_owned(),
        note: Some(Pii::from("wants a quote")),
        at: at(second),
        follow_up_at: None,
    };
    let (first, later) = (disposition("1001", "sold", 5), disposition("1001", "lost", 9));
    let other = CallDisposition { queue: None, note: None, ..disposition("1002", "sold", 7) };
    writer.write(JournalEntry::Disposition(first));
    writer.write(JournalEntry::Record(Box::new(record(call))));
    writer.write(JournalEntry::Disposition(other.clone()));
    writer.write(JournalEntry::Disposition(later.clone()));
    for fact in facts() {
        writer.write(JournalEntry::Agent(fact));
    }
    writer.flush().await.unwrap();
    let record = bench.store.get_call(call).await.unwrap().unwrap();
    assert_eq!(record.dispositions, [other, later]);
    assert_eq!(bench.store.agent_sessions(&ann(), at(0), at(9)).await.unwrap(), [session(Some(40))]);
}

pub(crate) async fn the_latest_spans_of_all_agents_come_by_pages_and_no_further_back_than_asked(
    bench: Bench,
) {
    let store = &bench.store;
    let bob = AgentId::from("1002");
    let of = |agent: &AgentId, second: u64| {
        let (agent, state) = (agent.clone(), AgentState::Ready);
        StateSpan { agent, state, from: at(second), until: at(second + 1) }
    };
    let seconds = AGENT_SPANS_PAGE_MAX as u64 + 10;
    let spans: Vec<StateSpan> =
        (0..seconds).flat_map(|second| [of(&ann(), second), of(&bob, second)]).collect();
    let facts: Vec<AgentFact> = spans.iter().cloned().map(AgentFact::State).collect();
    store.save_agent_facts(&facts).await.unwrap();
    let expected: Vec<StateSpan> = spans.into_iter().rev().collect();
    assert!(store.latest_spans(at(0), usize::MAX).await.unwrap() == expected);
    assert_eq!(store.latest_spans(at(0), 3).await.unwrap(), expected[..3]);
    assert_eq!(store.latest_spans(at(seconds - 1), usize::MAX).await.unwrap(), expected[..2]);
    assert_eq!(store.latest_spans(at(seconds), usize::MAX).await.unwrap(), []);
    store.save_agent_facts(&facts_of_a_call()).await.unwrap();
    let talk = store.latest_spans(at(9000), 1).await.unwrap();
    assert!(matches!(talk[0].state, AgentState::Talking { direction: Direction::In, call: Some(_) }));
}

fn facts_of_a_call() -> [AgentFact; 1] {
    [span(AgentState::Talking { direction: Direction::In, call: Some(call_id(1)) }, 9000, 9001)]
}
