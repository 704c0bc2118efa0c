//! Finding calls.

use std::time::{Duration, Instant};

use hotline_base::{AgentId, CallId, FlowId, LegId, NumberId, Pii, QueueId, TrunkId, WallTime};
use hotline_call::{
    CallDisposition, CallEvent, CallRecord, EndCause, EndKind, Entry, Party, QueueOutcome, Source,
};
use hotline_store::{
    Among, CallDirection, CallFilter, CallSearch, JournalEntry, NumberPart, NumberSearch, SPOOL_BYTES_MAX,
    Store, TextSearch, Within, Writer,
};

use crate::bench::{Backend, Bench, runtime};
use crate::sample::{at, call_id, finished, recording};

/// What is different between calls.
struct Call<'a> {
    number: u64,
    caller: &'a str,
    queue: &'a str,
    agent: Option<&'a str>,
    waited_s: u64,
    talked_s: u64,
}

/// A call from outside into a queue.
fn call(of: Call<'_>) -> CallRecord {
    let begin = at(of.number);
    let after = |seconds: u64| begin + Duration::from_secs(seconds);
    let started = CallEvent::Started {
        caller: Pii::from(of.caller),
        caller_name: None,
        called: "800".into(),
        entry: Entry::Number { number: NumberId::from("hotline"), flow: FlowId::from("main") },
        source: Source::Trunk(TrunkId::from("carrier")),
        sip_call_id: format!("{}@carrier", of.number),
        language: "zh".to_owned(),
        diversion: None,
    };
    let mut record = CallRecord::begin(call_id(of.number), begin, &started).unwrap();
    let (queue, offer) = (QueueId::from(of.queue), LegId(1));
    record.apply(begin, &CallEvent::Queued { queue: queue.clone() });
    let left = after(of.waited_s);
    let (outcome, kind) = match of.agent {
        Some(_) => (QueueOutcome::Answered, EndKind::Completed),
        None => (QueueOutcome::Abandoned, EndKind::Abandoned),
    };
    if let Some(agent) = of.agent.map(AgentId::from) {
        record.apply(left, &CallEvent::Offered { offer, agent: agent.clone(), because: None });
        record.apply(left, &CallEvent::Connected { offer, agent });
    }
    record.apply(left, &CallEvent::Dequeued { queue, outcome });
    let cause = EndCause { kind, sip_status: Some(200), q850: 16 };
    record.apply(after(of.waited_s + of.talked_s), &CallEvent::Ended { by: Party::Caller, cause });
    record
}

/// An agent calls somebody outside.
fn outgoing(number: u64, agent: &str, to: &str) -> CallRecord {
    let started = CallEvent::Started {
        caller: Pii::from(agent),
        caller_name: None,
        called: Pii::from(to),
        entry: Entry::Outside(Pii::from(to)),
        source: Source::Agent(AgentId::from(agent)),
        sip_call_id: format!("{number}@phone"),
        language: "zh".to_owned(),
        diversion: None,
    };
    let mut record = CallRecord::begin(call_id(number), at(number), &started).unwrap();
    let (leg, trunk) = (LegId(2), TrunkId::from("other"));
    let dialled =
        CallEvent::Dialled { leg, trunk, server: "x".to_owned(), number: Pii::from(to), device_of: None };
    record.apply(at(number), &dialled);
    let cause = EndCause { kind: EndKind::NotAnswered, sip_status: Some(486), q850: 17 };
    record.apply(at(number + 5), &CallEvent::Ended { by: Party::Agent, cause });
    record
}

fn said(number: u64, agent: &str, code: &str, note: &str) -> CallDisposition {
    CallDisposition {
        call: call_id(number),
        agent: AgentId::from(agent),
        queue: None,
        code: code.to_owned(),
        note: Some(Pii::from(note)),
        at: at(number),
        follow_up_at: None,
    }
}

pub(crate) async fn say(bench: &Bench, said: Vec<CallDisposition>) {
    let spool = bench.directory.path().join("spool");
    let writer = Writer::start(bench.store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
    for disposition in said {
        writer.write(JournalEntry::Disposition(disposition));
    }
    writer.close().await.unwrap();
}

fn number(part: NumberPart, forms: &[&str]) -> CallSearch {
    let forms = forms.iter().map(|form| Pii::from(*form)).collect();
    CallSearch { number: Some(NumberSearch { part, forms }), ..CallSearch::default() }
}

fn text(text: &str, customers: bool) -> CallSearch {
    let text = Some(TextSearch { text: Pii::from(text), customers });
    CallSearch { text, ..CallSearch::default() }
}

/// The numbers of the calls that are found, by pages of `size`.
async fn found(store: &Store, search: &CallSearch, size: usize) -> Vec<CallId> {
    let (mut calls, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.search_calls(search, cursor, size).await.unwrap();
        assert!(page.calls.len() <= size);
        calls.extend(page.calls.into_iter().map(|record| record.call));
        cursor = page.next;
        if cursor.is_none() {
            return calls;
        }
    }
}

async fn finds(store: &Store, search: CallSearch, expected: &[u64]) {
    let expected: Vec<CallId> = expected.iter().copied().map(call_id).collect();
    for size in [1, 2, 50] {
        assert_eq!(found(store, &search, size).await, expected, "{search:?} by {size}");
    }
}

fn five_calls() -> Vec<CallRecord> {
    let of = |number, caller, queue, agent, waited_s, talked_s| {
        call(Call { number, caller, queue, agent, waited_s, talked_s })
    };
    let mut recorded = of(2, "030901820", "sales", Some("1002"), 40, 600);
    recorded.recordings.push(recording(1, finished()));
    vec![
        of(1, "+4930901820", "sales", Some("1001"), 5, 60),
        recorded,
        of(3, "+8613812345678", "support", None, 90, 0),
        outgoing(4, "1001", "+4930901999"),
        of(5, "anonymous", "sales", Some("1001"), 0, 5),
    ]
}

pub(crate) async fn a_call_is_found_by_everything_that_is_known_of_it(bench: Bench) {
    let store = &bench.store;
    store.save_records(&five_calls()).await.unwrap();
    say(&bench, vec![said(2, "1002", "sold", "two of them"), said(5, "1001", "lost", "")]).await;
    let all = CallSearch::default;
    let filter = |filter: CallFilter| CallSearch { filter, ..CallSearch::default() };
    let any = CallFilter::default;
    let (whole, begins, ends) = (NumberPart::Whole, NumberPart::Beginning, NumberPart::End);
    for (search, expected) in [
        (all(), vec![5, 4, 3, 2, 1]),
        (number(whole, &["4930901820", "030901820"]), vec![2, 1]),
        (number(whole, &["1001"]), vec![4]),
        (number(begins, &["4930"]), vec![4, 1]),
        (number(begins, &["49309018"]), vec![1]),
        (number(begins, &["49309018", "0309018"]), vec![2, 1]),
        (number(ends, &["901820"]), vec![2, 1]),
        (number(ends, &["5678"]), vec![3]),
        (number(ends, &["0820"]), vec![]),
        (filter(CallFilter { agent: Some("1001".into()), ..any() }), vec![5, 4, 1]),
        (filter(CallFilter { queue: Some("sales".into()), ..any() }), vec![5, 2, 1]),
        (filter(CallFilter { queue: Some("sales".into()), agent: Some("1001".into()), ..any() }), vec![5, 1]),
        (CallSearch { trunk: Some("other".into()), ..all() }, vec![4]),
        (
            CallSearch { dialled: Some("hotline".into()), flow: Some("main".into()), ..all() },
            vec![5, 3, 2, 1],
        ),
        (CallSearch { direction: Some(CallDirection::Out), ..all() }, vec![4]),
        (CallSearch { cause: Some(EndKind::Abandoned), ..all() }, vec![3]),
        (CallSearch { disposition: Some("sold".into()), ..all() }, vec![2]),
        (CallSearch { recorded: Some(true), ..all() }, vec![2]),
        (CallSearch { recorded: Some(false), ..all() }, vec![5, 4, 3, 1]),
        (CallSearch { waited_s: Within { min: Some(40), max: None }, ..all() }, vec![3, 2]),
        (CallSearch { talked_s: Within { min: Some(5), max: Some(60) }, ..all() }, vec![5, 1]),
        (CallSearch { talked_s: Within { min: Some(100), max: None }, ..number(ends, &["1820"]) }, vec![2]),
        (CallSearch { outside_of: ["sales".into()].into(), ..all() }, vec![4, 3]),
        (
            CallSearch {
                filter: CallFilter { since: Some(at(2)), until: Some(at(5)), ..any() },
                ..number(whole, &["4930901820", "030901820"])
            },
            vec![2],
        ),
        (
            CallSearch {
                filter: CallFilter {
                    among: Some(Among { agents: ["1002".into()].into(), queues: ["support".into()].into() }),
                    ..any()
                },
                waited_s: Within { min: Some(1), max: None },
                ..all()
            },
            vec![3, 2],
        ),
        (
            CallSearch {
                filter: CallFilter { among: Some(Among::default()), ..any() },
                recorded: Some(true),
                ..all()
            },
            vec![],
        ),
        (CallSearch { trunk: Some("x' OR '1'='1".into()), ..all() }, vec![]),
    ] {
        finds(store, search, &expected).await;
    }
}

pub(crate) async fn two_chinese_characters_are_found_in_notes_and_in_names(bench: Bench) {
    let store = &bench.store;
    let customer = crate::customers::customer(1, "王小明", &[]);
    store.create_customer(&customer).await.unwrap();
    let mut records = five_calls();
    records[2].customer = Some(customer.id);
    store.save_records(&records).await.unwrap();
    let notes = [
        said(1, "1001", "a", "客户要投诉快递，明天再打"),
        said(2, "1002", "a", "Wants a REFUND for iPhone 15"),
        said(4, "1001", "a", "投票"),
    ];
    say(&bench, notes.to_vec()).await;
    for (search, expected) in [
        (text("投诉", false), vec![1]),
        (text("投诉 明天", false), vec![1]),
        (text("投诉快递", false), vec![1]),
        (text("诉投", false), vec![]),
        (text("refund", false), vec![2]),
        (text("Refund, 15", false), vec![2]),
        (text("fund", false), vec![]),
        (text("小明", false), vec![]),
        (text("小明", true), vec![3]),
        (CallSearch { cause: Some(EndKind::Completed), ..text("小明", true) }, vec![]),
        (
            CallSearch {
                filter: CallFilter { agent: Some("1001".into()), ..CallFilter::default() },
                ..text("投票", true)
            },
            vec![4],
        ),
    ] {
        finds(store, search, &expected).await;
    }
}

pub(crate) async fn a_call_is_found_by_what_is_said_about_it_now(bench: Bench) {
    // Said before the call was over.
    say(&bench, vec![said(1, "1001", "sold", "one apple")]).await;
    bench.store.save_records(&five_calls()).await.unwrap();
    let sold = || CallSearch { disposition: Some("sold".into()), ..CallSearch::default() };
    finds(&bench.store, sold(), &[1]).await;
    finds(&bench.store, text("apple", false), &[1]).await;
    // Somebody else says the same, and the first says something else.
    say(&bench, vec![said(1, "1002", "sold", "one pear"), said(1, "1001", "lost", "no fruit")]).await;
    finds(&bench.store, sold(), &[1]).await;
    finds(&bench.store, text("apple", false), &[]).await;
    finds(&bench.store, text("fruit", false), &[1]).await;
    say(&bench, vec![said(1, "1002", "lost", "")]).await;
    finds(&bench.store, sold(), &[]).await;
    finds(&bench.store, text("pear", false), &[]).await;
}

pub(crate) async fn calls_of_before_there_was_a_search_are_found_after_a_while(bench: Bench) {
    let records: Vec<CallRecord> = (0..450)
        .map(|number| {
            let caller = format!("+4930{number:06}");
            call(Call { number, caller: &caller, queue: "sales", agent: None, waited_s: number, talked_s: 0 })
        })
        .chain(
            five_calls()
                .into_iter()
                .skip(1)
                .take(1)
                .map(|record| CallRecord { call: call_id(999), ..record }),
        )
        .collect();
    bench.store.save_records(&records).await.unwrap();
    bench.store.close().await;
    bench
        .raw(
            "DROP TABLE call_search; DROP TABLE call_term; DROP TABLE call_search_rest; DROP TABLE legal_hold;
            DROP INDEX recording_started_at; DROP INDEX recording_erased_at;
            ALTER TABLE recording DROP COLUMN erased_at; ALTER TABLE recording DROP COLUMN file_deleted_at;
            DELETE FROM _sqlx_migrations WHERE version = 60;",
        )
        .await
        .unwrap();
    let store = Store::open(&bench.url).await.unwrap();
    let recorded = CallSearch { recorded: Some(true), ..CallSearch::default() };
    finds(&store, recorded.clone(), &[]).await;
    let mut turns = 0;
    while store.fill_search().await.unwrap() {
        turns += 1;
    }
    assert_eq!(turns, 2, "at most 200 calls at once");
    assert!(!store.fill_search().await.unwrap());
    assert_eq!(found(&store, &recorded, 10).await, [call_id(999)]);
    finds(&store, number(NumberPart::End, &["000007"]), &[7]).await;
    let all = CallSearch { direction: Some(CallDirection::In), ..CallSearch::default() };
    assert_eq!(found(&store, &all, 200).await.len(), records.len());
}

/// Calls that are written as a server writes them, how often the database copies each, and the longest a search may take.
const WRITTEN: u64 = 2000;
const COPIES: u64 = 99;
const LONGEST: Duration = Duration::from_millis(300);

/// Each of the usual searches among 200,000 calls, by indices alone.
pub(crate) fn usual_searches_are_quick_among_many_calls(backend: &Backend) {
    runtime().block_on(async {
        let bench = Bench::new(backend, "many_calls").await;
        let records: Vec<CallRecord> = (0..WRITTEN).map(one_of_many).collect();
        bench.store.save_records(&records).await.unwrap();
        say(&bench, (0..50).map(|number| said(number * 40, "1001", "rare", "投诉 refund")).collect()).await;
        copy_calls(&bench).await;
        bench.store.close().await;
        let store = Store::open(&bench.url).await.unwrap();
        let scans = bench.full_scans().await;
        for (what, search) in usual_searches() {
            let mut cursor = None;
            for _ in 0..3 {
                let begun = Instant::now();
                let page = store.search_calls(&search, cursor, 50).await.unwrap();
                let took = begun.elapsed();
                assert!(took < LONGEST, "{what} took {took:?}");
                assert!(!page.calls.is_empty(), "{what} found nothing");
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        store.close().await;
        assert_eq!(bench.full_scans().await, scans, "a search has read a whole table");
    });
}

/// Each call again so many times before, under other ids.
async fn copy_calls(bench: &Bench) {
    let copies =
        format!("WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {COPIES})");
    let of = |id: &str| format!("substr({id}, 1, 28) || substr(CAST(100000000 + n AS TEXT), 2)");
    let at = format!("started_at - CAST(n AS BIGINT) * {}", WRITTEN * 1_000_000);
    let (id, call) = (of("id"), of("call"));
    for (table, columns, values) in [
        (
            "call",
            "id, started_at, agent, queue, customer, version, record",
            format!("{id}, {at}, agent, queue, customer, version, record"),
        ),
        ("call_agent", "call, started_at, agent", format!("{call}, {at}, agent")),
        ("call_term", "call, started_at, term", format!("{call}, {at}, term")),
        (
            "call_search",
            "call, started_at, waited_s, talked_s, numbers",
            format!("{call}, {at}, waited_s, talked_s, numbers"),
        ),
    ] {
        let statement =
            format!("INSERT INTO {table} ({columns}) {copies} SELECT {values} FROM {table}, copy");
        bench.raw(&statement).await.unwrap();
    }
}

fn one_of_many(number: u64) -> CallRecord {
    let caller = format!("+4930{:07}", number.wrapping_mul(7919) % 10_000_000);
    let agent = (1001 + number % 200).to_string();
    let queue = format!("q{}", number % 40);
    let agent = (!number.is_multiple_of(7)).then_some(agent.as_str());
    let talked_s = if agent.is_some() { 20 + number % 900 } else { 0 };
    let mut record =
        call(Call { number, caller: &caller, queue: &queue, agent, waited_s: number % 120, talked_s });
    if number == 77 {
        record.source = Source::Trunk(TrunkId::from("rare"));
    }
    record
}

fn usual_searches() -> Vec<(&'static str, CallSearch)> {
    let all = CallSearch::default;
    let any = CallFilter::default;
    let agent = || CallFilter { agent: Some(AgentId::from("1050")), ..any() };
    let before = |seconds: i64| WallTime(at(0).as_unix_micros() - seconds * 1_000_000);
    let among = Among {
        agents: (1001..1010).map(|agent| AgentId::from(agent.to_string().as_str())).collect(),
        queues: [QueueId::from("q7")].into(),
    };
    vec![
        ("all calls", all()),
        ("a number", number(NumberPart::Whole, &["49300007919", "0300007919"])),
        ("the beginning of a number", number(NumberPart::Beginning, &["49301", "0301"])),
        ("the end of a number", number(NumberPart::End, &["07919"])),
        ("an agent", CallSearch { filter: agent(), ..all() }),
        (
            "an agent and a queue",
            CallSearch { filter: CallFilter { queue: Some("q9".into()), ..agent() }, ..all() },
        ),
        (
            "a queue and who hung up",
            CallSearch {
                filter: CallFilter { queue: Some("q7".into()), ..any() },
                cause: Some(EndKind::Abandoned),
                ..all()
            },
        ),
        ("a trunk that is seldom used", CallSearch { trunk: Some("rare".into()), ..all() }),
        ("a disposition", CallSearch { disposition: Some("rare".into()), ..all() }),
        (
            "long waits and long talks",
            CallSearch {
                waited_s: Within { min: Some(110), max: None },
                talked_s: Within { min: Some(850), max: None },
                ..all()
            },
        ),
        ("two Chinese characters", text("投诉", true)),
        (
            "a word and an agent",
            CallSearch { filter: CallFilter { agent: Some("1001".into()), ..any() }, ..text("refund", true) },
        ),
        (
            "a day",
            CallSearch {
                filter: CallFilter { since: Some(before(110_000)), until: Some(before(23_600)), ..any() },
                direction: Some(CallDirection::In),
                ..all()
            },
        ),
        (
            "a team",
            CallSearch {
                filter: CallFilter { among: Some(among), ..any() },
                cause: Some(EndKind::Completed),
                ..all()
            },
        ),
    ]
}
