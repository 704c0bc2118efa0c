//! The work of agents: reasons, after-call work, help, where their time went, what became of calls.

use std::time::Duration;

use hotline_acd::{AgentState, Disposition, Help, HelpAnswer, HelpOutcome, NotReadyReason, StateSpan};
use hotline_base::{LegId, Pii, WallTime};
use hotline_call::{AgentFact, CallEvent, Command};
use serde_json::{Value, json};

use crate::client::Answer;
use crate::server::{Server, call_id, record};

const BEGIN: i64 = 1_700_000_000_000_000;

fn at(seconds: u64) -> WallTime {
    WallTime(BEGIN) + Duration::from_secs(seconds)
}

async fn post(server: &Server, path: &str, token: &str, body: &Value) -> Answer {
    server.send("POST", path, &[("authorization", token)], body.clone()).await
}

#[tokio::test]
async fn an_agent_finds_whom_to_send_a_call_to() {
    let server = Server::start().await;
    let ann = server.token("1001").await;
    let found = server.get("/api/v1/directory", &ann).await.json();
    let colleague = &found["agents"][0];
    assert_eq!((found["agents"].as_array().unwrap().len(), &colleague["id"]), (1, &json!("1002")));
    assert_eq!((&colleague["name"], &colleague["ringing"]), (&json!("Bob"), &json!(null)));
    assert_eq!(
        found["numbers"],
        json!([{ "number": "4000", "flow": "main", "language": "en", "name": null }])
    );
    let script = async |queue: &str| server.get(&format!("/api/v1/queues/{queue}/script"), &ann).await;
    assert_eq!(script("sales").await.json()["script"], "# Hello {name}");
    assert_eq!(script("support").await.json()["script"], json!(null));
    assert_eq!(script("nowhere").await.status, 404);
}

#[tokio::test]
async fn whoever_runs_the_server_reads_what_it_finds_when_it_looks_at_itself() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    let found = server.get("/api/v1/system/doctor", &boss).await.json();
    assert_eq!(
        (&found["findings"][0]["verdict"], &found["retention"]["messages_days"]),
        (&json!("good"), &json!(90))
    );
}

#[tokio::test]
async fn an_agent_shows_what_ends_its_wrap_up_its_help_and_its_skills() {
    let server = Server::start().await;
    let ann = server.token("1001").await;
    {
        let mut snapshot = server.shard.snapshot.lock().unwrap();
        let agent = &mut snapshot.agents[0];
        let (until, disposition) = (Some(at(60)), Disposition::Awaited);
        agent.state = AgentState::WrapUp { call: call_id(1), until, disposition, extensions_left: 2 };
        let answered = Some(HelpAnswer { by: "boss".into(), at: at(9) });
        agent.help = Some(Help { asked: at(5), call: Some(call_id(1)), answered });
    }
    let agent = server.get("/api/v1/agents/1001", &ann).await.json();
    let until = "2023-11-14T22:14:20.000Z";
    assert_eq!(agent["wrap_up"], json!({ "until": until, "disposition": "awaited", "extensions_left": 2 }));
    assert_eq!(agent["until"], until);
    assert_eq!(
        agent["help"],
        json!({ "asked_at": "2023-11-14T22:13:25.000Z", "call": call_id(1).to_string(),
            "answered_at": "2023-11-14T22:13:29.000Z", "answered_by": "boss" })
    );
    assert_eq!(
        (&agent["skills"], &agent["groups"], &agent["daily_cap"]),
        (&json!({ "spanish": 3 }), &json!(["early"]), &json!(40))
    );
    let live = server.get("/api/v1/live", &ann).await.json();
    assert_eq!(live["agents"][0], agent);
}

#[tokio::test]
async fn reasons_say_what_is_left_to_the_agent_who_asks() {
    let server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let reasons = server.get("/api/v1/reasons", &ann).await.json();
    let lunch = json!({ "reason": "lunch", "name": "Lunch", "class": "meal", "taken": 2, "at_once_max": 4,
        "daily_quota_ms": 3_600_000, "left_ms": 1_800_000 });
    assert_eq!(reasons, json!({ "reasons": [lunch] }));
    let other = server.get("/api/v1/reasons?agent=1002", &boss).await.json();
    assert_eq!(other["reasons"][0]["left_ms"], 3_600_000);
    assert_eq!(server.get("/api/v1/reasons", &boss).await.json()["reasons"][0]["left_ms"], Value::Null);
    assert_eq!(server.get("/api/v1/reasons?agent=1002", &ann).await.status, 403);
}

#[tokio::test]
async fn wrap_up_is_asked_for_made_longer_and_ended_by_its_agent() {
    let mut server = Server::start().await;
    let ann = server.token("1001").await;
    for (method, path, command) in [
        ("POST", "wrap-up", Command::AskWrapUp("1001".into())),
        ("POST", "wrap-up/extend", Command::ExtendWrapUp("1001".into())),
        ("DELETE", "wrap-up", Command::EndWrapUp("1001".into())),
    ] {
        let own = format!("/api/v1/agents/1001/{path}");
        let answer = server.send(method, &own, &[("authorization", &ann)], json!({})).await;
        assert_eq!((answer.status, &answer.json()["id"]), (200, &json!("1001")), "{path}");
        assert_eq!(server.shard.command().await, command);
        let others = format!("/api/v1/agents/1002/{path}");
        assert_eq!(server.send(method, &others, &[("authorization", &ann)], json!({})).await.status, 403);
    }
}

#[tokio::test]
async fn an_agent_asks_for_help_and_a_leader_answers() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let help = "/api/v1/agents/1001/help";
    assert_eq!(post(&server, help, &ann, &json!({})).await.status, 200);
    assert_eq!(server.shard.command().await, Command::AskHelp("1001".into()));
    let answer = format!("{help}/answer");
    assert_eq!(post(&server, &answer, &ann, &json!({})).await.status, 403);
    assert_eq!(post(&server, &answer, &boss, &json!({})).await.status, 200);
    let expected = Command::AnswerHelp { agent: "1001".into(), by: "boss".to_owned() };
    assert_eq!(server.shard.command().await, expected);
    let end = format!("{help}/end");
    assert_eq!(post(&server, &end, &boss, &json!({ "outcome": "unsolved" })).await.status, 200);
    let expected = Command::EndHelp("1001".into(), HelpOutcome::Unsolved);
    assert_eq!(server.shard.command().await, expected);
    assert_eq!(post(&server, &end, &boss, &json!({ "outcome": "signed_out" })).await.status, 422);
    let audit = server.get("/api/v1/audit", &boss).await.json();
    let actions: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    for action in ["agent.help.ask", "agent.help.answer", "agent.help.end"] {
        assert!(actions.contains(&json!(action)), "{actions:?}");
    }
}

#[tokio::test]
async fn whoever_had_a_call_says_what_became_of_it() {
    let mut server = Server::start().await;
    let (ann, bob, boss) =
        (server.token("1001").await, server.token("1002").await, server.token("boss").await);
    let mut finished = record(call_id(1));
    let offer = LegId(1);
    for what in [
        CallEvent::Offered { offer: LegId(7), agent: "1002".into(), because: None },
        CallEvent::Offered { offer, agent: "1001".into(), because: None },
        CallEvent::Connected { offer, agent: "1001".into() },
    ] {
        finished.apply(at(1), &what);
    }
    server.store.save_record(&finished).await.unwrap();
    let path = format!("/api/v1/calls/{}/disposition", call_id(1));
    let put = async |token: &str, body: Value| {
        server.send("PUT", &path, &[("authorization", token)], body).await.status
    };
    assert_eq!(put(&ann, json!({ "code": "sold", "note": " wants a quote " })).await, 204);
    let (call, code, note) = (call_id(1), "sold".to_owned(), Some(Pii::from("wants a quote")));
    let expected = Command::Dispose { call, by: "1001".into(), code: code.clone(), note, follow_up_at: None };
    assert_eq!(put(&bob, json!({ "code": "sold" })).await, 422, "was only offered the call");
    assert_eq!(put(&boss, json!({ "code": "sold" })).await, 422, "for whom?");
    assert_eq!(put(&ann, json!({ "code": "sold", "note": "x".repeat(2001) })).await, 422);
    assert_eq!(put(&boss, json!({ "code": "sold", "agent": "1001" })).await, 204);
    assert_eq!(server.shard.command().await, expected);
    let expected = Command::Dispose { call, by: "1001".into(), code, note: None, follow_up_at: None };
    assert_eq!(server.shard.command().await, expected);

    let list = server.get("/api/v1/dispositions", &bob).await.json();
    let expected = json!({ "dispositions": { "sold": "Sold", "lost": "Lost" }, "groups": [], "queues": { "sales": ["sold"] } });
    assert_eq!(list, expected);
}

/// Ten seconds of a break, ten ready, of a session that lasts.
async fn with_session(server: &Server) {
    let lunch = NotReadyReason::Chosen("lunch".into());
    let span = |state, from, until| {
        AgentFact::State(StateSpan { agent: "1001".into(), state, from: at(from), until: at(until) })
    };
    let facts = [
        AgentFact::SessionStarted { agent: "1001".into(), at: at(0) },
        span(AgentState::NotReady { reason: lunch }, 0, 10),
        span(AgentState::Ready, 10, 20),
        AgentFact::Help {
            agent: "1001".into(),
            help: Help { asked: at(4), call: None, answered: None },
            ended: at(8),
            outcome: HelpOutcome::Withdrawn,
        },
    ];
    server.store.save_agent_facts(&facts).await.unwrap();
}

#[tokio::test]
async fn where_the_time_of_an_agent_went_is_told_to_it_and_to_admins() {
    let server = Server::start().await;
    let (ann, bob) = (server.token("1001").await, server.token("1002").await);
    with_session(&server).await;
    let path = "/api/v1/agents/1001/states?from=2023-11-14T22:13:25.000Z&until=2023-11-14T23:00:00.000Z";
    let times = server.get(path, &ann).await.json();
    assert_eq!(times["sessions"], json!([{ "started_at": "2023-11-14T22:13:20.000Z", "ended_at": null }]));
    assert_eq!(
        times["states"],
        json!([
            { "state": "not_ready", "detail": "lunch", "call": null,
              "from": "2023-11-14T22:13:20.000Z", "until": "2023-11-14T22:13:30.000Z" },
            { "state": "ready", "detail": null, "call": null,
              "from": "2023-11-14T22:13:30.000Z", "until": "2023-11-14T22:13:40.000Z" },
        ])
    );
    assert_eq!((&times["next"], &times["help"], &times["bookings"]), (&Value::Null, &json!([]), &json!([])));
    assert_eq!(server.get(path, &bob).await.status, 403);
    let backwards = "/api/v1/agents/1001/states?from=2023-11-15T00:00:00.000Z&until=2023-11-14T00:00:00.000Z";
    assert_eq!(server.get(backwards, &ann).await.status, 422);
    let endless = "/api/v1/agents/1001/states?from=2020-01-01T00:00:00.000Z";
    assert_eq!(server.get(endless, &ann).await.status, 422);
}

#[tokio::test]
async fn a_leader_books_a_fault_of_the_system_beside_what_was_measured() {
    let server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    with_session(&server).await;
    let path = "/api/v1/agents/1001/bookings";
    let body = json!({ "from": "2023-11-14T22:13:32.000Z", "until": "2023-11-14T22:13:35.000Z",
        "note": "the network was down" });
    assert_eq!(post(&server, path, &ann, &body).await.status, 403);
    let answer = post(&server, path, &boss, &body).await;
    assert_eq!(answer.status, 201);
    let booking = answer.json();
    assert_eq!((&booking["by"], &booking["note"]), (&json!("boss"), &body["note"]));
    let day = "/api/v1/agents/1001/states?from=2023-11-14T22:00:00.000Z&until=2023-11-14T23:00:00.000Z";
    let times = server.get(day, &ann).await.json();
    assert_eq!(times["bookings"], json!([booking]));
    assert_eq!(times["states"].as_array().unwrap().len(), 2, "what was measured stays");
    assert_eq!(times["help"][0]["outcome"], "withdrawn");
    let audit = server.get("/api/v1/audit", &boss).await.json();
    assert_eq!(audit["entries"][0]["action"], "agent.booking");

    let mut wrong = body.clone();
    wrong["note"] = json!(" ");
    assert_eq!(post(&server, path, &boss, &wrong).await.status, 422);
    wrong = body.clone();
    wrong["until"] = json!("2999-01-01T00:00:00.000Z");
    assert_eq!(post(&server, path, &boss, &wrong).await.status, 422);
    assert_eq!(post(&server, "/api/v1/agents/1009/bookings", &boss, &body).await.status, 404);
}
