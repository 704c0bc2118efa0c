//! Messages that callers left.

use std::time::Duration;

use hotline_base::{AgentId, QueueId, Rng, VoiceMessageId, WallTime};
use hotline_call::{CallEvent, Command, MessageSummary};
use hotline_store::StoredMessage;
use serde_json::{Value, json};

use crate::client::send;
use crate::server::{Server, call_id, started};

/// Enough of a file for ranges.
const WAV: &[u8] = b"RIFF0123456789";

fn message(number: u64, mailbox: Option<&str>) -> StoredMessage {
    let at = WallTime(1_700_000_000_000_000) + Duration::from_secs(number);
    let id = VoiceMessageId::generate(at, &mut Rng::from_number(number));
    StoredMessage {
        id,
        call: call_id(number),
        mailbox: mailbox.map(str::to_owned),
        caller: "+4930123456".into(),
        path: format!("messages/2023/11/14/{id}.wav"),
        started_at: at,
        duration: Duration::from_millis(1240),
        heard: None,
    }
}

/// A server on which 1001 serves the queue `sales`, with these messages.
async fn with_messages(messages: &[StoredMessage]) -> Server {
    let server = Server::start().await;
    let serves = |server: &Server| {
        let mut snapshot = server.shard.snapshot.lock().unwrap();
        snapshot.agents[0].queues = [QueueId::from("sales")].into();
    };
    serves(&server);
    std::fs::create_dir_all(server.recordings.join("messages/2023/11/14")).unwrap();
    for message in messages {
        std::fs::write(server.recordings.join(&message.path), WAV).unwrap();
        server.store.add_message(message).await.unwrap();
    }
    server
}

fn ids(list: &Value) -> Vec<&str> {
    list["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_agent_has_the_own_mailbox_and_those_of_its_queues_and_an_admin_all() {
    let messages =
        [Some("1001"), Some("sales"), Some("1002"), None].iter().zip(1..).map(|(of, n)| message(n, *of));
    let messages: Vec<_> = messages.collect();
    let server = with_messages(&messages).await;
    let (ann, bob, boss) =
        (server.token("1001").await, server.token("1002").await, server.token("boss").await);
    let [own, sales, other, flow] = [0, 1, 2, 3].map(|place: usize| messages[place].id.to_string());
    let list = server.get("/api/v1/messages", &ann).await.json();
    assert_eq!((ids(&list), &list["unheard"]), (vec![sales.as_str(), own.as_str()], &json!(2)));
    assert_eq!(
        list["messages"][1],
        json!({
            "id": own, "call": call_id(1).to_string(), "mailbox": "1001", "caller": "+4930123456",
            "started_at": "2023-11-14T22:13:21.000Z", "duration_ms": 1240, "heard_at": null, "heard_by": null
        })
    );
    assert_eq!(ids(&server.get("/api/v1/messages", &bob).await.json()), [other.as_str()]);
    assert_eq!(
        ids(&server.get("/api/v1/messages", &boss).await.json()),
        [flow.as_str(), other.as_str(), sales.as_str(), own.as_str()]
    );
    let first = server.get("/api/v1/messages?limit=1", &ann).await.json();
    let next = format!("/api/v1/messages?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = server.get(&next, &ann).await.json();
    assert_eq!((ids(&second), &second["next"]), (vec![own.as_str()], &Value::Null));
    assert_eq!(ids(&server.get("/api/v1/messages?mailbox=1002", &boss).await.json()), [other.as_str()]);
    assert_eq!(ids(&server.get("/api/v1/messages?mailbox=sales", &ann).await.json()), [sales.as_str()]);
    assert_eq!(server.get("/api/v1/messages?mailbox=1002", &ann).await.status, 403);
    assert_eq!(server.get("/api/v1/messages?cursor=x", &ann).await.status, 400);
    assert_eq!(server.get(&format!("/api/v1/messages/{own}"), &ann).await.json(), list["messages"][1]);
    for (method, path) in [("GET", ""), ("GET", "/audio"), ("PUT", ""), ("DELETE", "")] {
        let path = format!("/api/v1/messages/{other}{path}");
        let answer = server.send(method, &path, &[("authorization", &ann)], json!({ "heard": true })).await;
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    assert_eq!(server.get("/api/v1/messages/x", &boss).await.status, 404);
}

#[tokio::test]
async fn who_listens_has_heard_it_and_the_lamp_of_the_phone_goes_out() {
    let left = message(1, Some("1001"));
    let mut server = with_messages(std::slice::from_ref(&left)).await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let path = format!("/api/v1/messages/{}", left.id);
    let audio = format!("{path}/audio");
    // An admin's listening is no reason for the agent not to.
    assert_eq!(server.get(&audio, &boss).await.body, WAV);
    assert_eq!(server.get(&path, &ann).await.json()["heard_at"], Value::Null);
    let fields = [("authorization", ann.as_str()), ("range", "bytes=4-7")];
    let part = send(server.address, "GET", &audio, &fields, b"").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &WAV[4..8]));
    assert_eq!(part.field("content-range"), Some("bytes 4-7/14"));
    let heard = server.get(&path, &ann).await.json();
    assert!(heard["heard_at"].is_string() && heard["heard_by"] == "1001", "{heard}");
    let lamp = |new, old| Command::SetMailbox(AgentId::from("1001"), MessageSummary { new, old });
    assert_eq!(server.shard.command().await, lamp(0, 1));

    let mark = json!({ "heard": false });
    let answer = server.send("PUT", &path, &[("authorization", &ann)], mark.clone()).await;
    assert_eq!((answer.status, &answer.json()["heard_by"]), (200, &Value::Null));
    assert_eq!(server.shard.command().await, lamp(1, 0));
    assert_eq!(server.send("PUT", &path, &[("authorization", &ann)], mark).await.status, 200);

    let log = server.get("/api/v1/audit", &boss).await.json();
    let actions: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    let count = |action: &str| actions.iter().filter(|known| **known == action).count();
    assert_eq!((count("message.listen"), count("message.mark")), (2, 1));
}

#[tokio::test]
async fn a_deleted_message_is_gone_with_its_sound() {
    let (left, without_file) = (message(1, Some("1001")), message(2, Some("1001")));
    let mut server = with_messages(&[left.clone(), without_file.clone()]).await;
    std::fs::remove_file(server.recordings.join(&without_file.path)).unwrap();
    let ann = server.token("1001").await;
    for (message, new) in [(left, 1), (without_file, 0)] {
        let path = format!("/api/v1/messages/{}", message.id);
        let answer = server.send("DELETE", &path, &[("authorization", &ann)], Value::Null).await;
        assert_eq!(answer.status, 204);
        assert!(!server.recordings.join(&message.path).exists());
        assert_eq!(server.get(&path, &ann).await.status, 404);
        let lamp = Command::SetMailbox(AgentId::from("1001"), MessageSummary { new, old: 0 });
        assert_eq!(server.shard.command().await, lamp);
    }
}

#[tokio::test]
async fn only_files_below_the_recordings_are_given_or_deleted() {
    let server = with_messages(&[]).await;
    let boss = server.token("boss").await;
    let secret = server.recordings.parent().unwrap().join("secret.wav");
    std::fs::write(&secret, WAV).unwrap();
    let left = StoredMessage { path: "../secret.wav".to_owned(), ..message(1, Some("1001")) };
    server.store.add_message(&left).await.unwrap();
    let path = format!("/api/v1/messages/{}", left.id);
    assert_eq!(server.get(&format!("{path}/audio"), &boss).await.status, 404);
    assert_eq!(server.send("DELETE", &path, &[("authorization", &boss)], Value::Null).await.status, 204);
    assert!(secret.exists());
}

/// The caller has hung up: the call is over when the message is complete.
#[tokio::test]
async fn a_message_is_told_to_those_whose_it_is() {
    let server = with_messages(&[]).await;
    let (ann, bob) = (server.token("1001").await, server.token("1002").await);
    let mut pages = [server.stream("", &ann).await, server.stream("", &bob).await];
    for page in &mut pages {
        assert_eq!(page.next().await.unwrap().event, "snapshot");
    }
    let left = |number, mailbox: &str| {
        let message = message(number, None).id;
        let duration = Duration::from_millis(1240);
        CallEvent::MessageLeft { message, mailbox: Some(mailbox.to_owned()), duration }
    };
    server.shard.emit_call(call_id(1), started());
    server.shard.emit_call(call_id(9), left(1, "1001"));
    server.shard.emit_call(call_id(9), left(2, "sales"));
    let [ann, bob] = &mut pages;
    let own = ann.next().await.unwrap().data;
    assert_eq!(
        (&own["type"], &own["mailbox"], &own["duration_ms"]),
        (&json!("message.left"), &json!("1001"), &json!(1240))
    );
    for page in [ann, bob] {
        let shared = page.next().await.unwrap().data;
        assert_eq!((&shared["mailbox"], shared.get("call")), (&json!("sales"), None));
    }
}
