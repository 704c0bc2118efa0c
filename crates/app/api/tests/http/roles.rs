//! Who may do what, and what each sees.

use hotline_acd::{CallerKind, CallerView, QueueCounts, QueueView};
use hotline_base::WallTime;
use hotline_call::{Alarm, AlarmCause, AlarmKind, Command};
use serde_json::{Value, json};

use crate::client::send;
use crate::server::{Server, call_id, offered_view};

/// Every route below `/api` but the two that take a password.
const ROUTES: [(&str, &str); 52] = [
    ("GET", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("DELETE", "/api/v1/tokens/current"),
    ("PUT", "/api/v1/agents/1001/state"),
    ("GET", "/api/v1/agents/1001"),
    ("POST", "/api/v1/agents/1001/messages"),
    ("POST", "/api/v1/agents/1001/wrap-up"),
    ("DELETE", "/api/v1/agents/1001/wrap-up"),
    ("POST", "/api/v1/agents/1001/wrap-up/extend"),
    ("POST", "/api/v1/agents/1001/help"),
    ("POST", "/api/v1/agents/1001/help/answer"),
    ("POST", "/api/v1/agents/1001/help/end"),
    ("GET", "/api/v1/agents/1001/states"),
    ("POST", "/api/v1/agents/1001/bookings"),
    ("GET", "/api/v1/reasons"),
    ("GET", "/api/v1/dispositions"),
    ("PUT", "/api/v1/calls/x/disposition"),
    ("GET", "/api/v1/live"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/calls"),
    ("POST", "/api/v1/calls"),
    ("GET", "/api/v1/calls/x"),
    ("GET", "/api/v1/calls/x/recording"),
    ("POST", "/api/v1/calls/x/recording/pause"),
    ("POST", "/api/v1/calls/x/recording/resume"),
    ("GET", "/api/v1/calls/x/sip"),
    ("GET", "/api/v1/calls/x/sip.pcap"),
    ("GET", "/api/v1/customers"),
    ("POST", "/api/v1/customers"),
    ("PUT", "/api/v1/customers/x"),
    ("GET", "/api/v1/audit"),
    ("GET", "/api/v1/trunks"),
    ("GET", "/api/v1/sip/blocked"),
    ("DELETE", "/api/v1/sip/blocked/192.0.2.1"),
    ("GET", "/api/v1/flows"),
    ("GET", "/api/v1/flows/main"),
    ("PUT", "/api/v1/flows/main"),
    ("DELETE", "/api/v1/flows/main"),
    ("POST", "/api/v1/flows/main/check"),
    ("GET", "/api/v1/flows/main/graph"),
    ("POST", "/api/v1/flows/main/test"),
    ("GET", "/api/v1/flows/main/versions"),
    ("GET", "/api/v1/flows/main/versions/1"),
    ("GET", "/api/v1/flows/main/diff"),
    ("POST", "/api/v1/flows/main/rollback"),
    ("GET", "/api/v1/flows/main/figures"),
    ("GET", "/api/v1/hours"),
    ("PUT", "/api/v1/hours/office/override"),
    ("DELETE", "/api/v1/hours/office/override"),
    ("GET", "/api/v1/callbacks"),
    ("DELETE", "/api/v1/callbacks/x"),
    ("GET", "/api/v1/nothing"),
];

#[tokio::test]
async fn nothing_below_api_is_for_strangers() {
    let server = Server::start().await;
    for (method, path) in ROUTES {
        for fields in [&[][..], &[("authorization", "Bearer 0000")], &[("cookie", "hotline_session=0000")]] {
            let answer = send(server.address, method, path, fields, b"").await;
            assert_eq!((answer.status, &answer.json()["status"]), (401, &json!(401)), "{method} {path}");
        }
    }
    let admin = server.token("boss").await;
    for path in ["/api/v1/nothing", "/api/", "/api"] {
        let answer = server.get(path, &admin).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{path}");
    }
    let answer = send(server.address, "PATCH", "/api/v1/live", &[("authorization", &admin)], b"").await;
    assert_eq!((answer.status, &answer.json()["status"]), (405, &json!(405)));
}

#[tokio::test]
async fn an_agent_sets_its_own_state_only_and_an_admin_everybodys() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let break_ = json!({ "state": "not_ready", "reason": "break" });
    let answer =
        server.send("PUT", "/api/v1/agents/1001/state", &[("authorization", &ann)], break_.clone()).await;
    assert_eq!(answer.status, 200);
    let agent = answer.json();
    assert_eq!((&agent["id"], &agent["name"]), (&json!("1001"), &json!("Ann")));
    assert_eq!((&agent["state"], &agent["reason"]), (&json!("not_ready"), &json!("break")));
    assert_eq!(agent["pending"], json!({ "state": "signed_out", "reason": null }));
    assert_eq!(server.shard.command().await, Command::SetNotReady("1001".into(), chosen("break")));

    for (token, path, status) in [
        (&ann, "/api/v1/agents/1002/state", 403),
        (&boss, "/api/v1/agents/1002/state", 200),
        (&boss, "/api/v1/agents/1009/state", 404),
    ] {
        let answer = server.send("PUT", path, &[("authorization", token)], json!({ "state": "ready" })).await;
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(server.get("/api/v1/agents/1002", &ann).await.status, 403);
    assert_eq!(server.get("/api/v1/agents/1002", &boss).await.json()["state"], "ready");
    let long = json!({ "state": "not_ready", "reason": "x".repeat(65) });
    let answer = server.send("PUT", "/api/v1/agents/1001/state", &[("authorization", &ann)], long).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("reason")));
}

#[tokio::test]
async fn an_admin_sends_texts_to_phones_and_hears_whether_one_has_it() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let say = async |token: &str, agent: &str, text: &str| {
        let path = format!("/api/v1/agents/{agent}/messages");
        let answer = server.send("POST", &path, &[("authorization", token)], json!({ "text": text })).await;
        (answer.status, answer.json())
    };
    assert_eq!(say(&boss, "1001", "back at five").await, (200, json!({ "taken": true })));
    let (status, problem) = say(&boss, "1002", "hi").await;
    assert_eq!((status, &problem["type"]), (409, &json!("no_phone")));
    assert_eq!(say(&boss, "1009", "hi").await.0, 404);
    assert_eq!(say(&ann, "1002", "hi").await.0, 403);
    for text in ["", " ", &"x".repeat(1301)] {
        let (status, problem) = say(&boss, "1001", text).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("text")));
    }
    let audit = server.get("/api/v1/audit", &boss).await;
    let entries = audit.json()["entries"].to_string();
    assert!(entries.contains("agent.message") && !entries.contains("back at five"), "{entries}");
    let sent = server.shard.texts.recv().await.unwrap();
    assert_eq!((sent.to.as_str(), sent.text.expose().as_str()), ("1001", "back at five"));
    assert_eq!(sent.from, "The Boss");
}

#[tokio::test]
async fn an_agent_pauses_and_resumes_the_recording_of_its_talk_and_both_are_audited() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let call = call_id(1);
    let ask = async |server: &Server, token: &str, what: &str, body: Value| {
        let path = format!("/api/v1/calls/{call}/recording/{what}");
        let answer = server.send("POST", &path, &[("authorization", token)], body).await;
        (answer.status, answer.json())
    };
    let by = hotline_base::AgentId::from("1001");
    let reason = json!({ "reason": " a card number " });
    assert_eq!(ask(&server, &ann, "pause", reason).await.0, 202);
    let why = Some("a card number".to_owned());
    assert_eq!(server.shard.command().await, Command::PauseRecording { call, by: by.clone(), why });
    assert_eq!(ask(&server, &ann, "pause", json!({})).await.0, 202, "nobody must say why");
    assert_eq!(server.shard.command().await, Command::PauseRecording { call, by: by.clone(), why: None });
    assert_eq!(ask(&server, &ann, "resume", json!({})).await.0, 202);
    assert_eq!(server.shard.command().await, Command::ResumeRecording { call, by });
    assert_eq!(ask(&server, &boss, "pause", json!({})).await.0, 403, "the boss does not talk");
    let (status, problem) = ask(&server, &ann, "pause", json!({ "reason": "x".repeat(101) })).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("reason")));
    let audit = server.get("/api/v1/audit", &boss).await.json()["entries"].to_string();
    assert!(audit.contains("recording.pause") && audit.contains("a card number"), "{audit}");
    assert!(audit.contains("recording.resume"), "{audit}");
}

fn chosen(reason: &str) -> hotline_acd::NotReadyReason {
    hotline_acd::NotReadyReason::Chosen(reason.into())
}

#[tokio::test]
async fn an_agent_sees_itself_its_call_and_the_lengths_of_queues() {
    let server = Server::start().await;
    let (mine, theirs) = (call_id(1), call_id(2));
    {
        let mut snapshot = server.shard.snapshot.lock().unwrap();
        snapshot.calls = vec![offered_view(mine, 7, "1001"), offered_view(theirs, 8, "1002")];
        let caller = CallerView {
            call: theirs,
            since: WallTime(0),
            position: 1,
            offered_to: vec![],
            kind: CallerKind::OnTheLine,
        };
        snapshot.queues = vec![QueueView {
            id: "sales".into(),
            name: "Sales".into(),
            waiting: vec![caller],
            members: 2,
            staffed: 2,
            offerable: 1,
            working: 2,
            longest_since: Some(WallTime(0)),
            callbacks_waiting: 0,
            counts: QueueCounts::default(),
        }];
        let (kind, cause) = (AlarmKind::PromptMissing, AlarmCause::Prompt);
        snapshot.alarms = vec![Alarm { kind, since: WallTime(0), cause }];
    }
    let ann = server.get("/api/v1/live", &server.token("1001").await).await.json();
    assert_eq!(ids(&ann["agents"]), ["1001"]);
    assert_eq!(ids(&ann["calls"]), [mine.to_string()]);
    assert_eq!(
        ann["queues"],
        json!([{ "id": "sales", "name": "Sales", "length": 1, "longest_since": "1970-01-01T00:00:00.000Z",
            "waiting": null, "agents": null, "callbacks": 0 }])
    );
    assert_eq!((&ann["pop"]["offer"], &ann["pop"]["queue"]), (&json!(7), &json!("sales")));
    assert_eq!((&ann["alarms"], &ann["counters"]), (&json!([]), &json!({})));
    assert!(!ann.to_string().contains(&theirs.to_string()));

    let boss = server.get("/api/v1/live", &server.token("boss").await).await.json();
    assert_eq!(ids(&boss["agents"]), ["1001", "1002"]);
    assert_eq!(ids(&boss["calls"]).len(), 2);
    assert_eq!(boss["queues"][0]["waiting"][0]["call"], theirs.to_string());
    assert_eq!((&boss["pop"], &boss["alarms"][0]["kind"]), (&json!(null), &json!("prompt_missing")));
    assert_eq!(boss["counters"], json!({ "calls": 3 }));
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_audit_log_is_for_admins_and_tells_who_did_what() {
    let server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    server
        .send("PUT", "/api/v1/agents/1001/state", &[("authorization", &ann)], json!({ "state": "ready" }))
        .await;
    assert_eq!(server.get("/api/v1/audit", &ann).await.status, 403);
    let page = server.get("/api/v1/audit?limit=2", &boss).await.json();
    let last = &page["entries"][0];
    assert_eq!((&last["actor"], &last["action"]), (&json!("1001"), &json!("agent.state")));
    assert_eq!((&last["subject"], &last["detail"]["state"]), (&json!("1001"), &json!("ready")));
    let older = format!("/api/v1/audit?cursor={}", page["next"].as_str().unwrap());
    let older = server.get(&older, &boss).await.json();
    assert_eq!((&older["entries"][0]["action"], &older["next"]), (&json!("token.create"), &json!(null)));
}

#[tokio::test]
async fn health_is_for_everybody_and_metrics_for_this_machine_and_admins() {
    let server = Server::start().await;
    let health = send(server.address, "GET", "/healthz", &[], b"").await;
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok\n"[..]));
    assert_eq!(send(server.address, "GET", "/readyz", &[], b"").await.status, 200);
    let secret = AlarmCause::RecordingFull { file: "/secret/path".into() };
    let alarm = |kind| Alarm { kind, since: WallTime(0), cause: secret.clone() };
    let kinds = [AlarmKind::RecordingFailed, AlarmKind::PhoneFault("1001".into())];
    server.shard.snapshot.lock().unwrap().alarms = kinds.map(alarm).into();
    let health = send(server.address, "GET", "/healthz", &[], b"").await;
    assert_eq!((health.status, health.body.as_slice()), (503, &b"recording_failed\n"[..]));

    let metrics = send(server.address, "GET", "/metrics", &[], b"").await;
    assert_eq!((metrics.status, metrics.body.as_slice()), (200, &b"hotline_test 1\n"[..]));
    let far = ("x-forwarded-for", "192.0.2.1");
    assert_eq!(send(server.address, "GET", "/metrics", &[far], b"").await.status, 403);
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    assert_eq!(
        send(server.address, "GET", "/metrics", &[far, ("authorization", &ann)], b"").await.status,
        403
    );
    assert_eq!(
        send(server.address, "GET", "/metrics", &[far, ("authorization", &boss)], b"").await.status,
        200
    );
}

#[tokio::test]
async fn trunks_and_who_is_not_heard_are_for_admins() {
    let mut server = Server::start().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    for (method, path) in [
        ("GET", "/api/v1/trunks"),
        ("GET", "/api/v1/sip/blocked"),
        ("DELETE", "/api/v1/sip/blocked/192.0.2.1"),
    ] {
        let answer = send(server.address, method, path, &[("authorization", &ann)], b"").await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    assert_eq!(server.get("/api/v1/trunks", &boss).await.json(), json!({ "trunks": [] }));
    assert_eq!(server.get("/api/v1/sip/blocked", &boss).await.json(), json!({ "blocked": [] }));
    let release = async |address: &str| {
        let path = format!("/api/v1/sip/blocked/{address}");
        send(server.address, "DELETE", &path, &[("authorization", &boss)], b"").await.status
    };
    assert_eq!(release("nonsense").await, 422);
    assert_eq!(release("2001:db8::1").await, 204);
    assert_eq!(server.shard.command().await, Command::Release("2001:db8::1".parse().unwrap()));
}
