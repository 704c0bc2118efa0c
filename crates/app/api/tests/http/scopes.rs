//! What is seen of calls and telephone numbers: by oneself, by one's team, by all.

use hotline_access::{BUILT_IN, Grants, Permission};
use hotline_base::{CallId, LegId};
use hotline_call::{CallEvent, EndCause, EndKind, MonitorMode, Part, Party, Who};
use hotline_store::Role;
use serde_json::{Value, json};

use crate::server::{Server, call_id, offered_view, record, started, user};

/// The caller's number in full, as every test call has it.
const NUMBER: &str = "+4930123456";
/// What is left of it.
const MASKED: &str = "+•••••••456";

/// Leads the team `early`, of 1001 and 1002, who serve `sales`. Is no agent.
async fn leader(server: &Server) -> String {
    let mut user = user("leader", "Leader", "team_leader", None);
    user.teams.insert("early".to_owned());
    server.store.create_user(&user).await.unwrap();
    server.token("leader").await
}

fn queued(queue: &str) -> CallEvent {
    CallEvent::Queued { queue: queue.into() }
}

fn offered(agent: &str) -> CallEvent {
    CallEvent::Offered { offer: LegId(7), agent: agent.into(), because: None }
}

fn ended() -> CallEvent {
    let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
    CallEvent::Ended { by: Party::Caller, cause }
}

#[tokio::test]
async fn an_agent_is_given_the_whole_call_with_the_offer_and_not_who_listens_unheard() {
    let server = Server::start().await;
    let ann = server.token("1001").await;
    let mut page = server.stream("", &ann).await;
    assert_eq!(page.next().await.unwrap().event, "snapshot");
    let call = call_id(1);
    server.shard.emit_call(call, started());
    server.shard.emit_call(call, queued("sales"));
    let connected = CallEvent::Connected { offer: LegId(6), agent: "1002".into() };
    server.shard.emit_call(call, connected);
    let (who, part) = (Who::Agent("1003".into()), Part::Supervising(MonitorMode::Listen));
    server.shard.emit_call(call, CallEvent::PartyJoined { leg: LegId(9), who, part, told: false });
    server.shard.emit_call(call, offered("1001"));

    let length = page.next().await.unwrap().data;
    assert_eq!((&length["type"], &length["length"]), (&json!("queue.changed"), &json!(1)));
    assert_ne!(length["longest_since"], Value::Null);
    let offer = page.next().await.unwrap().data;
    let shown = &offer["shown"];
    assert_eq!((&offer["type"], &shown["id"]), (&json!("call.offered"), &json!(call.to_string())));
    assert_eq!((&shown["queue"], &shown["caller"]), (&json!("sales"), &json!(NUMBER)));
    assert_eq!(shown["attendees"], json!([]));
}

#[tokio::test]
async fn a_leader_sees_a_call_from_the_moment_on_that_the_team_has_to_do_with_it() {
    let server = Server::start().await;
    let token = leader(&server).await;
    let mut page = server.stream("", &token).await;
    assert_eq!(page.next().await.unwrap().event, "snapshot");
    let (ours, theirs) = (call_id(1), call_id(2));
    for call in [theirs, ours] {
        server.shard.emit_call(call, started());
    }
    server.shard.emit_call(theirs, queued("support"));
    let first = server.shard.emit_call(ours, queued("sales"));
    server.shard.emit_call(theirs, offered("1003"));
    server.shard.emit_call(ours, offered("1002"));
    server.shard.emit_call(theirs, ended());
    server.shard.emit_call(ours, ended());

    // Of the other queue no more than how long it is.
    let length = page.next().await.unwrap().data;
    assert_eq!(
        (&length["type"], &length["queue"], &length["call"]),
        (&json!("queue.changed"), &json!("support"), &Value::Null)
    );
    let seen = page.next().await.unwrap();
    assert_eq!((seen.id, &seen.data["type"]), (first, &json!("call.queued")));
    let shown = &seen.data["shown"];
    assert_eq!(
        (&shown["id"], &shown["caller"], &shown["state"]),
        (&json!(ours.to_string()), &json!(NUMBER), &json!("queued"))
    );
    let offer = page.next().await.unwrap().data;
    assert_eq!((&offer["type"], &offer["shown"]["offered_to"]), (&json!("call.offered"), &json!(["1002"])));
    assert_eq!(offer["pop"], Value::Null, "the screen pop is for the agent");
    let rest = [page.next().await.unwrap().data, page.next().await.unwrap().data];
    let told: Vec<&Value> = rest.iter().map(|event| &event["call"]).collect();
    assert_eq!(
        told,
        [&Value::Null, &json!(ours.to_string())],
        "the length of the other queue, and the end of ours"
    );
}

#[tokio::test]
async fn snapshots_and_records_of_a_leader_are_those_of_the_team() {
    let server = Server::start().await;
    let token = leader(&server).await;
    let (ours, theirs) = (call_id(1), call_id(2));
    let in_queue = |call: CallId, queue: &str, agent: &str| {
        let mut record = record(call);
        for what in [queued(queue), offered(agent), ended()] {
            record.apply(hotline_base::WallTime(1), &what);
        }
        record
    };
    server.shard.snapshot.lock().unwrap().calls =
        vec![offered_view(ours, 7, "1002"), offered_view(theirs, 8, "1003")];
    server.shard.snapshot.lock().unwrap().calls[1].record = in_queue(theirs, "support", "1003");
    let live = server.get("/api/v1/live", &token).await.json();
    assert_eq!(live["calls"].as_array().unwrap().len(), 1);
    assert_eq!(live["calls"][0]["id"], ours.to_string());
    assert_eq!((&live["alarms"], &live["counters"]), (&json!([]), &json!({})));
    let ids: Vec<&Value> = live["agents"].as_array().unwrap().iter().map(|agent| &agent["id"]).collect();
    assert_eq!(ids, ["1001", "1002"]);

    server.shard.snapshot.lock().unwrap().calls.clear();
    for (number, queue, agent) in [(3, "sales", "1002"), (4, "support", "1003"), (5, "support", "1001")] {
        server.store.save_record(&in_queue(call_id(number), queue, agent)).await.unwrap();
    }
    let page = server.get("/api/v1/calls", &token).await.json();
    let mut listed: Vec<&str> =
        page["calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
    let mut expected = [call_id(3).to_string(), call_id(5).to_string()];
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    for (number, status) in [(3, 200), (4, 403), (5, 200)] {
        let path = format!("/api/v1/calls/{}", call_id(number));
        assert_eq!(server.get(&path, &token).await.status, status, "{number}");
    }
}

/// An agent, and an admin, who may not read numbers.
async fn blind(server: &Server) -> (String, String) {
    for (name, like) in [("blind", "agent"), ("blind_admin", "admin")] {
        let known = BUILT_IN.iter().find(|role| role.name == like).unwrap();
        let grants: Grants =
            known.grants().iter().filter(|(permission, _)| *permission != Permission::NumbersSee).collect();
        let changed_at = hotline_base::WallTime(0);
        let (name, label) = (name.to_owned(), name.to_owned());
        let role =
            Role { name, label, grants, pages: true, second_factor: false, built_in: false, changed_at };
        server.store.create_role(&role).await.unwrap();
    }
    server.store.upsert_user(&user("1001", "Ann", "blind", Some("1001"))).await.unwrap();
    server.store.create_user(&user("chief", "Chief", "blind_admin", None)).await.unwrap();
    (server.token("1001").await, server.token("chief").await)
}

#[tokio::test]
async fn whoever_may_not_read_numbers_reads_their_last_digits_everywhere() {
    let server = Server::start().await;
    let (ann, chief) = blind(&server).await;
    let boss = server.token("boss").await;
    let mut pages = [server.stream("", &ann).await, server.stream("", &chief).await];
    for page in &mut pages {
        assert_eq!(page.next().await.unwrap().event, "snapshot");
    }
    let call = call_id(1);
    server.shard.offer(call, 7, "1001");
    let popped = pages[0].next().await.unwrap().data;
    assert_eq!(popped["pop"]["caller"], MASKED);
    assert_eq!(pages[1].next().await.unwrap().data["caller"], MASKED);

    server.shard.snapshot.lock().unwrap().calls = vec![offered_view(call, 7, "1001")];
    let mut over = record(call_id(2));
    for what in [offered("1001"), ended()] {
        over.apply(hotline_base::WallTime(1), &what);
    }
    server.store.save_record(&over).await.unwrap();
    let customer = json!({ "name": "Ada", "numbers": [NUMBER, "+49301111111"] });
    let made = server.send("POST", "/api/v1/customers", &[("authorization", &boss)], customer).await.json();
    server
        .send("POST", "/api/v1/calls", &[("authorization", &boss)], json!({ "to": NUMBER, "agent": "1001" }))
        .await;
    let id = made["id"].as_str().unwrap();
    let paths = [
        "/api/v1/live".to_owned(),
        "/api/v1/calls".to_owned(),
        format!("/api/v1/calls/{}", call_id(2)),
        "/api/v1/customers?q=ada".to_owned(),
        format!("/api/v1/customers/{id}"),
        format!("/api/v1/customers?number={}", NUMBER.replace('+', "%2B")),
        "/api/v1/audit".to_owned(),
    ];
    for path in &paths {
        let full = server.get(path, &boss).await.json().to_string();
        for token in [&ann, &chief] {
            let answer = server.get(path, token).await;
            let text = answer.json().to_string();
            assert!(!text.contains("30123456") && !text.contains("301111111"), "{path}: {text}");
            if answer.status == 200 && full.contains(NUMBER) {
                assert!(text.contains(MASKED), "{path}: {text}");
            }
        }
    }

    // What comes back masked is what was there.
    let tag = server.get(&format!("/api/v1/customers/{id}"), &ann).await;
    let tag = tag.field("etag").unwrap().to_owned();
    let changed = json!({ "name": "Ada Byron", "numbers": [MASKED, "+49302222222"] });
    let fields = [("authorization", ann.as_str()), ("if-match", &tag)];
    let answer = server.send("PUT", &format!("/api/v1/customers/{id}"), &fields, changed).await;
    assert_eq!(answer.status, 200);
    let after = server.get(&format!("/api/v1/customers/{id}"), &boss).await.json();
    assert_eq!(after["numbers"], json!([NUMBER, "+49302222222"]));
}

#[tokio::test]
async fn callers_of_a_masked_queue_are_masked_for_all_who_may_not_read_every_number() {
    let server = Server::start().await;
    let (leader, boss) = (leader(&server).await, server.token("boss").await);
    let ann = server.token("1001").await;
    for (number, queue) in [(1, "sales"), (2, "support")] {
        let mut over = record(call_id(number));
        for what in [queued(queue), offered("1001"), ended()] {
            over.apply(hotline_base::WallTime(1), &what);
        }
        server.store.save_record(&over).await.unwrap();
    }
    for (number, token, caller) in
        [(1, &ann, NUMBER), (1, &leader, NUMBER), (2, &ann, MASKED), (2, &leader, MASKED), (2, &boss, NUMBER)]
    {
        let path = format!("/api/v1/calls/{}", call_id(number));
        let shown = server.get(&path, token).await.json();
        assert_eq!((&shown["caller"], &shown["called"]), (&json!(caller), &json!("4000")), "{number}");
    }
}
