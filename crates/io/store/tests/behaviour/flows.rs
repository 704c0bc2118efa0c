//! Versions of flows, and what became of calls in them.

use hotline_base::{FlowId, WallTime};
use hotline_call::{CallEvent, CallRecord, EndCause, EndKind, Party};
use hotline_store::{CENTER_VERSIONS_KEPT, FlowExitCount, FlowFigures, day};
use serde_json::json;

use crate::bench::Bench;
use crate::sample::{BEGIN, at, call_id, record, started};

pub(crate) async fn a_flow_is_noted_when_it_changes(bench: Bench) {
    let (main, night) = (FlowId::from("main"), FlowId::from("night"));
    let notes = [
        (Some("a: 1"), "file", at(1), 1, true),
        (Some("a: 1"), "boss", at(2), 1, false),
        (Some("a: 2"), "boss", at(3), 2, true),
        (Some("a: 1"), "file", at(2), 3, true),
        (None, "boss", at(9), 4, true),
        (None, "file", at(10), 4, false),
        (Some("a: 1"), "file", at(11), 5, true),
    ];
    for (text, author, now, number, is_new) in notes {
        let recorded = bench.store.record_flow(&main, text, author, now).await.unwrap();
        assert_eq!((recorded.version.number, recorded.is_new), (number, is_new), "{text:?} at {now:?}");
    }
    assert!(bench.store.record_flow(&night, Some("a: 1"), "file", at(1)).await.unwrap().is_new);

    let versions = bench.store.list_flow_versions(&main, None, 10).await.unwrap();
    let shown: Vec<(u64, &str, bool)> =
        versions.iter().map(|version| (version.number, version.author.as_str(), version.removed)).collect();
    let expected =
        [(5, "file", false), (4, "boss", true), (3, "file", false), (2, "boss", false), (1, "file", false)];
    assert_eq!(shown, expected, "newest first, also when the clock was set back");
    assert_eq!((versions[4].since, &versions[4].hash), (at(1), &versions[2].hash));
    assert_eq!(bench.store.list_flow_versions(&main, None, 1).await.unwrap(), versions[..1]);

    for (number, text) in [(1, "a: 1"), (2, "a: 2"), (4, "")] {
        let (version, kept) = bench.store.flow_version(&main, number).await.unwrap().unwrap();
        assert_eq!((&version, kept.as_str()), (&versions[usize::try_from(5 - number).unwrap()], text));
    }
    for number in [0, 6, u64::MAX] {
        assert_eq!(bench.store.flow_version(&main, number).await.unwrap(), None, "version {number}");
    }
}

/// A call through steps of flows that began at `began` and was in no queue.
fn call(number: u64, began: WallTime, steps: &[(&str, &str, &str)]) -> CallRecord {
    let events = [started(1, call_id(number))];
    let hotline_call::EventKind::Call { what, .. } = &events[0].kind else { unreachable!() };
    let mut record = CallRecord::begin(call_id(number), began, what).unwrap();
    for (flow, step, exit) in steps {
        let step = json!({
            "flow": flow,
            "step": {
                "step": step,
                "entered": {"mono": 0, "wall": 0},
                "left": {"mono": 0, "wall": 0},
                "exit": serde_json::from_str::<serde_json::Value>(exit).unwrap(),
                "input": null,
            },
        });
        record.path.push(serde_json::from_value(step).unwrap());
    }
    let cause = EndCause { kind: EndKind::Abandoned, sip_status: Some(200), q850: 16 };
    record.apply(began, &CallEvent::Ended { by: Party::Caller, cause });
    record
}

fn exit(step: &str, exit: &str, count: u64) -> FlowExitCount {
    FlowExitCount { step: step.to_owned(), exit: exit.to_owned(), count }
}

pub(crate) async fn what_calls_did_in_a_flow_is_counted_once_by_day(bench: Bench) {
    let next_day = at(86_400);
    let menu = ("main", "menu", r#"{"Choice": "1"}"#);
    let calls = [
        call(1, BEGIN, &[menu, ("night", "bye", r#""Done""#)]),
        call(2, BEGIN, &[menu, ("main", "menu", r#""NoInput""#), ("main", "menu", r#""CallEnded""#)]),
        call(3, next_day, &[menu]),
        CallRecord { path: call(4, BEGIN, &[menu]).path, ..record(call_id(4)) },
    ];
    for record in &calls {
        bench.store.save_record(record).await.unwrap();
    }
    // A record that is written again does not count again.
    bench.store.save_record(&calls[0]).await.unwrap();

    let (main, today) = (FlowId::from("main"), day(BEGIN));
    let figures = bench.store.flow_figures(&main, today, today).await.unwrap();
    let exits = vec![exit("menu", "call_ended", 1), exit("menu", "choice 1", 3), exit("menu", "no_input", 1)];
    assert_eq!(figures, FlowFigures { calls: 3, contained: 2, exits }, "the fourth was in a queue");
    let both = bench.store.flow_figures(&main, today, today + 1).await.unwrap();
    assert_eq!((both.calls, both.contained, both.exits[1].count), (4, 3, 4));
    let night = bench.store.flow_figures(&FlowId::from("night"), today, today).await.unwrap();
    assert_eq!(night, FlowFigures { calls: 0, contained: 0, exits: vec![exit("bye", "done", 1)] });
    let none = bench.store.flow_figures(&main, today + 2, today + 9).await.unwrap();
    assert_eq!(none, FlowFigures::default());
}

pub(crate) async fn old_figures_are_forgotten_day_by_day(bench: Bench) {
    let menu = ("main", "menu", r#"{"Choice": "1"}"#);
    for number in 0..4 {
        bench.store.save_record(&call(number, at(number * 86_400), &[menu])).await.unwrap();
    }
    let (main, first) = (FlowId::from("main"), day(at(0)));
    let left = async || bench.store.flow_figures(&main, first, first + 9).await.unwrap().calls;
    assert_eq!(bench.store.forget_flow_figures(first + 3, 2).await.unwrap(), 2, "not more days than may be");
    assert_eq!(left().await, 2);
    assert_eq!(bench.store.forget_flow_figures(first + 3, 100).await.unwrap(), 1);
    assert_eq!(left().await, 1);
    assert_eq!(bench.store.forget_flow_figures(first + 3, 100).await.unwrap(), 0);
}

pub(crate) async fn a_configuration_is_noted_when_it_changes(bench: Bench) {
    let notes = [
        ("a: 1", ("file", "start"), at(1), 1),
        ("a: 1", ("boss", "queues/sales"), at(2), 1),
        ("a: 2", ("boss", "queues/sales"), at(3), 2),
        ("a: 1", ("boss", "version 1"), at(2), 3),
    ];
    for (text, by, now, number) in notes {
        let version = bench.store.record_center(&text.into(), by, now).await.unwrap();
        assert_eq!(version.number, number, "{text} at {now:?}");
    }
    let versions = bench.store.list_center_versions(None, 10).await.unwrap();
    let shown: Vec<(u64, &str, &str)> =
        versions.iter().map(|one| (one.number, one.author.as_str(), one.change.as_str())).collect();
    assert_eq!(shown, [(3, "boss", "version 1"), (2, "boss", "queues/sales"), (1, "file", "start")]);
    assert_eq!(bench.store.list_center_versions(Some(3), 1).await.unwrap(), versions[1..2]);
    let (version, text) = bench.store.center_version(2).await.unwrap().unwrap();
    assert_eq!((version, text.expose().as_str()), (versions[1].clone(), "a: 2"));
    for number in [0, 4, u64::MAX] {
        assert_eq!(bench.store.center_version(number).await.unwrap(), None, "version {number}");
    }
}

pub(crate) async fn the_latest_configurations_are_kept_with_their_numbers(bench: Bench) {
    let by = ("boss", "zone");
    for number in 1..=CENTER_VERSIONS_KEPT + 2 {
        bench.store.record_center(&format!("a: {number}").into(), by, at(number)).await.unwrap();
    }
    assert_eq!(bench.store.center_version(2).await.unwrap(), None);
    let (oldest, text) = bench.store.center_version(3).await.unwrap().unwrap();
    assert_eq!((oldest.number, text.expose().as_str()), (3, "a: 3"));
    let next = bench.store.record_center(&"a: 0".into(), by, at(9999)).await.unwrap();
    assert_eq!(next.number, CENTER_VERSIONS_KEPT + 3);
}
