//! What reports are made of: counted once with the record, and what the nightly counting anew finds.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_acd::{AgentState, Direction, Disposition, StateSpan};
use hotline_base::{AgentId, LegId, QueueId, WallTime};
use hotline_call::{AgentFact, CallEvent, CallRecord, CalledBack, Ending, QueueOutcome};
use hotline_store::{HandleCount, ReportCheck, Span};

use crate::bench::Bench;
use crate::sample::{BEGIN, at, call_id, record};

const SLOT_US: i64 = 900_000_000;

/// A call that waited so long in a queue from a moment on; taken by an agent, or abandoned.
fn waited(number: u64, queue: &str, from: WallTime, wait: Duration, agent: Option<&str>) -> CallRecord {
    let mut record = CallRecord { queues: Vec::new(), offers: Vec::new(), ..record(call_id(number)) };
    let queue = QueueId::from(queue);
    let until = from + wait;
    record.started_at = from;
    record.apply(from, &CallEvent::Queued { queue: queue.clone() });
    let outcome = match agent.map(AgentId::from) {
        Some(agent) => {
            let offer = LegId(2);
            record.apply(from, &CallEvent::Offered { offer, agent: agent.clone(), because: None });
            record.apply(from, &CallEvent::Ringing { offer });
            record.apply(until, &CallEvent::Connected { offer, agent });
            QueueOutcome::Answered
        }
        None => QueueOutcome::Abandoned,
    };
    record.apply(until, &CallEvent::Dequeued { queue, outcome });
    record
}

fn all() -> Span {
    Span { from: BEGIN, until: BEGIN + Duration::from_secs(86_400) }
}

pub(crate) async fn stays_are_counted_by_interval_and_once(bench: Bench) {
    let second = Duration::from_secs(1);
    let records = [
        waited(1, "sales", at(10), 20 * second, Some("1001")),
        waited(2, "sales", at(20), 20 * second + Duration::from_micros(1), Some("1001")),
        waited(3, "sales", at(899), 3 * second, None),
        waited(4, "sales", at(900), 3 * second, None),
        waited(5, "support", at(1), second, None),
    ];
    for record in records.iter().chain(&records) {
        bench.store.save_record(record).await.unwrap();
    }
    let counts = bench.store.wait_counts(all(), None).await.unwrap();
    let told: BTreeSet<_> = counts
        .iter()
        .map(|count| {
            let slot = (count.slot - BEGIN.as_unix_micros()) / SLOT_US;
            (count.queue.to_string(), slot, count.ending.as_str(), count.wait_s, count.stays)
        })
        .collect();
    let expected = [
        ("sales", 0, "abandoned", 3, 1),
        ("sales", 0, "answered", 20, 1),
        ("sales", 0, "answered", 21, 1),
        ("sales", 1, "abandoned", 3, 1),
        ("support", 0, "abandoned", 1, 1),
    ];
    assert_eq!(
        told,
        expected
            .map(|(queue, slot, ending, wait, stays)| (queue.to_owned(), slot, ending, wait, stays))
            .into()
    );
    let support = BTreeSet::from([QueueId::from("support")]);
    assert_eq!(bench.store.wait_counts(all(), Some(&support)).await.unwrap().len(), 1);
    assert!(bench.store.wait_counts(all(), Some(&BTreeSet::new())).await.unwrap().is_empty());
    let early = Span { from: BEGIN, until: at(900) };
    assert_eq!(bench.store.wait_counts(early, None).await.unwrap().len(), 4);
    let offers = bench.store.offer_counts(all()).await.unwrap();
    let told: Vec<_> =
        offers.iter().map(|count| (count.agent.as_str(), count.outcome.as_str(), count.offers)).collect();
    assert_eq!(told, [("1001", "answered", 2)]);
}

pub(crate) async fn the_time_of_a_call_counts_for_the_interval_in_which_it_began_to_wait(bench: Bench) {
    let call = call_id(1);
    bench
        .store
        .save_record(&waited(1, "sales", at(890), Duration::from_secs(20), Some("1001")))
        .await
        .unwrap();
    let span = |agent: &str, state, from, until| {
        AgentFact::State(StateSpan { agent: AgentId::from(agent), state, from: at(from), until: at(until) })
    };
    let talking = |call| AgentState::Talking { direction: Direction::In, call };
    let wrap_up =
        AgentState::WrapUp { call, until: None, disposition: Disposition::Settled, extensions_left: 0 };
    let facts = [
        span("1001", talking(Some(call)), 910, 970),
        span("1001", AgentState::Hold { call }, 970, 980),
        span("1001", talking(Some(call)), 980, 1000),
        span("1001", wrap_up, 1000, 1030),
        // Whoever was asked aside, and what had nothing to do with it.
        span("1002", talking(Some(call)), 950, 980),
        span("1001", talking(None), 1100, 1200),
        span("1001", AgentState::Ready, 1200, 1300),
    ];
    bench.store.save_agent_facts(&facts).await.unwrap();
    let counts = bench.store.handle_counts(all(), None).await.unwrap();
    let count = |state: &str, seconds: u64| HandleCount {
        queue: QueueId::from("sales"),
        slot: BEGIN.as_unix_micros() / SLOT_US * SLOT_US,
        state: state.to_owned(),
        calls: 1,
        time_us: seconds * 1_000_000,
    };
    let mut found = counts;
    found.sort_by(|one, other| one.state.cmp(&other.state));
    assert_eq!(found, [count("hold", 10), count("talking", 80), count("wrap_up", 30)]);

    let first = bench.store.report_spans(all(), None).await.unwrap();
    assert_eq!(first.len(), facts.len());
    let rest = bench.store.report_spans(all(), Some(&first[2])).await.unwrap();
    assert_eq!(rest, first[3..]);
}

pub(crate) async fn counting_anew_finds_and_mends_what_is_not_so(bench: Bench) {
    let record = waited(1, "sales", at(10), Duration::from_secs(20), Some("1001"));
    bench.store.save_record(&record).await.unwrap();
    assert!(bench.store.counts_as(&record).await.unwrap());
    bench.raw("UPDATE queue_visit SET ending = 'abandoned'").await.unwrap();
    assert!(!bench.store.counts_as(&record).await.unwrap());
    bench.store.count_anew(&record).await.unwrap();
    assert!(bench.store.counts_as(&record).await.unwrap());
    assert_eq!(bench.store.wait_counts(all(), None).await.unwrap()[0].ending, Ending::Answered);

    assert_eq!(bench.store.calls_begun(all(), None, 10).await.unwrap(), [record.call]);
    assert!(bench.store.calls_begun(all(), Some(record.call), 10).await.unwrap().is_empty());
    let check =
        |day, differing| ReportCheck {
            day, checked_at: at(5), calls: 7, differing, detail: "王".to_owned()
        };
    for check in [check(3, 1), check(4, 0), check(3, 0)] {
        bench.store.note_report_check(&check).await.unwrap();
    }
    assert_eq!(bench.store.report_checks(10).await.unwrap(), [check(4, 0), check(3, 0)]);
    assert_eq!(bench.store.report_checks(1).await.unwrap(), [check(4, 0)]);
}

pub(crate) async fn the_time_of_an_agent_counts_for_one_stay_and_not_for_those_called_back(bench: Bench) {
    let (sales, support) = (QueueId::from("sales"), QueueId::from("support"));
    // One agent takes the same call out of two queues.
    let mut twice = waited(1, "sales", at(10), Duration::from_secs(10), Some("1001"));
    twice.apply(at(60), &CallEvent::Queued { queue: support.clone() });
    let (offer, agent) = (LegId(3), AgentId::from("1001"));
    twice.apply(at(61), &CallEvent::Offered { offer, agent: agent.clone(), because: None });
    twice.apply(at(70), &CallEvent::Connected { offer, agent });
    twice.apply(at(70), &CallEvent::Dequeued { queue: support, outcome: QueueOutcome::Answered });
    let mut called_back = waited(2, "sales", at(100), Duration::from_secs(1), Some("1002"));
    called_back.callback = Some(CalledBack { id: call_id(9), requested_at: at(50) });
    for record in [&twice, &called_back] {
        bench.store.save_record(record).await.unwrap();
    }
    let span = |agent: &str, call, from, until| {
        let state = AgentState::Talking { direction: Direction::In, call: Some(call) };
        AgentFact::State(StateSpan { agent: AgentId::from(agent), state, from: at(from), until: at(until) })
    };
    let facts = [
        span("1001", twice.call, 20, 60),
        span("1001", twice.call, 70, 75),
        span("1002", called_back.call, 101, 190),
    ];
    bench.store.save_agent_facts(&facts).await.unwrap();
    let counts = bench.store.handle_counts(all(), None).await.unwrap();
    let told: Vec<_> = counts.iter().map(|count| (count.queue.as_str(), count.time_us / 1_000_000)).collect();
    assert_eq!(told, [(sales.as_str(), 40), ("support", 5)]);
}
