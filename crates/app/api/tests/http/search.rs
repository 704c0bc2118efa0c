//! Searching call records, and taking them away as tables.

use std::io::{Cursor, Read as _};

use hotline_base::{CallId, LegId, WallTime};
use hotline_call::{CallEvent, CallRecord, EndCause, EndKind, Party};
use serde_json::{Value, json};

use crate::server::{Server, call_id, detail, record, user};

/// A call of `+4930123456` that this agent took in `queue`.
fn taken(number: u64, agent: &str, queue: &str) -> CallRecord {
    let mut record = record(call_id(number));
    let begin = record.started_at;
    record.started_at = WallTime(begin.as_unix_micros() + i64::try_from(number).unwrap());
    let offer = LegId(1);
    let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
    for what in [
        CallEvent::Queued { queue: queue.into() },
        CallEvent::Offered { offer, agent: agent.into(), because: None },
        CallEvent::Connected { offer, agent: agent.into() },
        CallEvent::Ended { by: Party::Caller, cause },
    ] {
        record.apply(begin, &what);
    }
    record
}

/// A server with three calls: of Ann and of Bob in `sales`, and of Cy in `support`, whose callers are masked.
async fn with_calls() -> Server {
    let server = Server::start().await;
    for (number, agent, queue) in [(1, "1001", "sales"), (2, "1002", "sales"), (3, "1003", "support")] {
        server.store.save_record(&taken(number, agent, queue)).await.unwrap();
    }
    server
}

fn ids(page: &Value) -> Vec<CallId> {
    let calls = page["calls"].as_array().unwrap_or_else(|| panic!("{page}"));
    calls.iter().map(|call| CallId::parse(call["id"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_call_is_found_by_its_number_in_any_spelling_and_by_more() {
    let server = with_calls().await;
    let boss = server.token("boss").await;
    let all: Vec<CallId> = [3, 2, 1].map(call_id).to_vec();
    for (query, expected) in [
        ("number=%2B49%2030%20123456", all.clone()),
        ("number=030%2F123456", all.clone()),
        ("number=0049-30-123456", all.clone()),
        ("number=030%2F123457", vec![]),
        ("number_begins=030%2012", all.clone()),
        ("number_ends=3456", all.clone()),
        ("number_ends=3456&agent=1002", vec![call_id(2)]),
        ("queue=support&cause=completed&direction=in", vec![call_id(3)]),
        ("dialled=hotline&flow=main&trunk=demo&recorded=false", all.clone()),
        ("talked_min_s=0&waited_max_s=5", all.clone()),
        ("talked_min_s=9", vec![]),
        ("direction=out", vec![]),
        ("from=2023-11-14T00:00:00Z&until=2023-11-15T00:00:00Z&queue=sales", vec![call_id(2), call_id(1)]),
    ] {
        let answer = server.get(&format!("/api/v1/calls?{query}"), &boss).await;
        assert_eq!(ids(&answer.json()), expected, "{query}");
    }
    for (query, field) in [
        ("number=anonymous", "number"),
        ("number_begins=03", "number_begins"),
        ("number_ends=456", "number_ends"),
        ("number=1&number_ends=3456", "number_ends"),
        ("customer=x", "customer"),
        ("text=%20", "text"),
        ("queue=%00", "queue"),
        ("from=2024-01-02T00:00:00Z&until=2024-01-01T00:00:00Z", "until"),
    ] {
        let answer = server.get(&format!("/api/v1/calls?{query}"), &boss).await;
        assert_eq!(answer.status, 422, "{query}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}: {}", answer.json());
    }
    assert_eq!(server.get("/api/v1/calls?cause=nothing", &boss).await.status, 400);
}

#[tokio::test]
async fn whoever_may_not_read_a_number_does_not_find_it_either() {
    let server = with_calls().await;
    let mut leader = user("leader", "Leader", "team_leader", None);
    leader.teams.extend(["early".to_owned(), "late".to_owned()]);
    server.store.create_user(&leader).await.unwrap();
    server.store.create_user(&user("ear", "Ear", "quality", None)).await.unwrap();
    let found = async |user: &str, query: &str| {
        let token = server.token(user).await;
        server.get(&format!("/api/v1/calls?{query}"), &token).await
    };
    // Who sees all calls, and of numbers the last digits.
    assert_eq!(ids(&found("ear", "queue=sales").await.json()).len(), 2);
    for query in ["number=030123456", "number_begins=0301", "number_ends=3456"] {
        assert_eq!(found("ear", query).await.status, 403, "{query}");
    }
    // A leader finds what the teams had, but for the queue that is masked.
    assert_eq!(ids(&found("leader", "direction=in").await.json()).len(), 3);
    assert_eq!(ids(&found("leader", "number=030123456").await.json()), [call_id(2), call_id(1)]);
    // An agent finds the own calls.
    assert_eq!(ids(&found("1001", "number=030123456").await.json()), [call_id(1)]);
    assert_eq!(found("1001", "number=030123456&agent=1002").await.status, 403);
}

#[tokio::test]
async fn calls_are_taken_away_as_tables_and_that_is_in_the_audit_log() {
    let server = with_calls().await;
    let mut evil = taken(4, "1001", "sales");
    evil.caller_name = Some("=cmd|'/C calc'!A0".into());
    server.store.save_record(&evil).await.unwrap();
    let boss = server.token("boss").await;
    let answer = server.get("/api/v1/calls.csv?queue=sales", &boss).await;
    assert_eq!(
        (answer.status, answer.field("content-type")),
        (200, Some("text/csv; charset=utf-8; header=present"))
    );
    let text = whole(&answer.body);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("id,started_at,direction,caller,caller_name,"), "{text}");
    assert!(
        lines[1].contains(",in,+4930123456,'=cmd|'/C calc'!A0,4000,hotline,main,demo,sales,1001,"),
        "{text}"
    );
    let two = server.get("/api/v1/calls.csv?limit=2", &boss).await;
    assert_eq!(whole(&two.body).lines().count(), 3);

    let answer = server.get("/api/v1/calls.xlsx?queue=sales", &boss).await;
    assert_eq!(answer.status, 200);
    let sheet = unzipped(&answer.body, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("=cmd|") && !sheet.contains("<f>"), "a text and no formula: {sheet}");
    assert!(sheet.contains("+4930123456"), "{sheet}");

    let ann = server.token("1001").await;
    assert_eq!(server.get("/api/v1/calls.csv", &ann).await.status, 403);
    assert_eq!(server.get("/api/v1/calls.csv?number_ends=1", &boss).await.status, 422);
    let log = server.get("/api/v1/audit?action=records.export", &boss).await.json();
    let details: Vec<Value> = log["entries"].as_array().unwrap().iter().map(detail).collect();
    assert_eq!(
        details,
        [
            json!({"as": "xlsx", "queue": "sales"}),
            json!({"as": "csv", "limit": 2}),
            json!({"as": "csv", "queue": "sales"})
        ]
    );
}

/// The text of a body that came in chunks (RFC 9112 §7.1).
fn whole(body: &[u8]) -> String {
    let (mut text, mut rest) = (String::new(), std::str::from_utf8(body).unwrap());
    loop {
        let (length, after) = rest.split_once("\r\n").unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return text;
        }
        text.push_str(&after[..length]);
        rest = after[length..].strip_prefix("\r\n").unwrap();
    }
}

/// One file of an archive.
fn unzipped(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}
