//! Call records and recordings.

use std::time::Duration;

use hotline_acd::OfferFailure;
use hotline_base::{CallId, LegId, RecordingId, Rng, WallTime};
use hotline_call::{CallEvent, CallRecord, CallState, CallView, EndCause, EndKind, Party, RecordingIndex};
use hotline_media::{Channel, Chunk, Codec, Event, RecordedLeg, Talk};
use hotline_record_io::{Recorder, RecorderConfig};
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::server::{Server, call_id, record, recording_keys};

const WAV: &[u8] = b"RIFF0123456789";

fn recording_id() -> RecordingId {
    RecordingId::generate(WallTime(0), &mut Rng::from_number(9))
}

/// A call that this agent took, recorded at `path`.
fn finished(call: CallId, agent: &str, path: &str) -> CallRecord {
    let mut record = record(call);
    let (offer, recording, seconds) =
        (LegId(1), recording_id(), |seconds: i64| WallTime(seconds * 1_000_000));
    let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
    for (at, event) in [
        (seconds(1), CallEvent::Offered { offer, agent: agent.into(), because: None }),
        (seconds(2), CallEvent::Connected { offer, agent: agent.into() }),
        (seconds(2), CallEvent::RecordingStarted { recording, path: path.into() }),
        (seconds(9), CallEvent::Ended { by: Party::Caller, cause }),
        (
            seconds(9),
            CallEvent::RecordingFinished {
                recording,
                duration: Duration::from_millis(7040),
                gap: Duration::ZERO,
                bytes: WAV.len() as u64,
                index: RecordingIndex {
                    legs: vec![RecordedLeg {
                        speaker: "agent:1001".into(),
                        channel: Channel::Agent,
                        from_ms: 0,
                        to_ms: 7040,
                    }],
                    talk: Some(Talk {
                        customer_ms: 2000,
                        agent_ms: 4000,
                        over_talk_ms: 500,
                        over_talks: 1,
                        silence_ms: 1540,
                        longest_silence_ms: 900,
                    }),
                    ..RecordingIndex::default()
                },
            },
        ),
    ] {
        record.apply(at, &event);
    }
    record
}

/// A server with one recorded call of agent 1001.
async fn with_call() -> (Server, CallId) {
    let server = Server::start().await;
    let directory = server.recordings.join("2026/01/31");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("a.wav"), WAV).unwrap();
    let call = call_id(1);
    server.store.save_record(&finished(call, "1001", "2026/01/31/a.wav")).await.unwrap();
    (server, call)
}

#[tokio::test]
async fn an_agent_reads_its_own_calls_and_an_admin_all() {
    let (server, call) = with_call().await;
    let (ann, bob, boss) =
        (server.token("1001").await, server.token("1002").await, server.token("boss").await);
    let path = format!("/api/v1/calls/{call}");
    let record = server.get(&path, &ann).await.json();
    assert_eq!(record["id"], call.to_string());
    assert_eq!(record["cause"], json!({ "kind": "completed", "sip_status": 200, "q850": 16 }));
    assert_eq!((&record["ended_by"], &record["agent"]), (&json!("caller"), &json!("1001")));
    assert_eq!((&record["number"], &record["flow"]), (&json!("hotline"), &json!("main")));
    assert_eq!(
        record["recordings"][0],
        json!({
            "id": recording_id().to_string(), "path": "2026/01/31/a.wav", "started_at": "1970-01-01T00:00:02.000Z",
            "state": "finished", "duration_ms": 7040, "gap_ms": 0, "bytes": 14, "problem": null, "erased_at": null,
            "legs": [{ "speaker": "agent:1001", "channel": "right", "from_ms": 0, "to_ms": 7040 }], "marks": [], "gaps": [],
            "talk": { "customer_ms": 2000, "agent_ms": 4000, "over_talk_ms": 500, "over_talks": 1, "silence_ms": 1540, "longest_silence_ms": 900 },
            "sha256": null
        })
    );
    assert_eq!(server.get(&path, &bob).await.status, 403);
    assert_eq!(server.get(&path, &boss).await.json(), record);
    assert_eq!(server.get("/api/v1/calls", &ann).await.json()["calls"], json!([record]));
    assert_eq!(server.get("/api/v1/calls", &bob).await.json()["calls"], json!([]));
    assert_eq!(server.get("/api/v1/calls?agent=1001", &bob).await.status, 403);
    assert_eq!(server.get("/api/v1/calls?queue=sales", &boss).await.json()["calls"], json!([]));
    for unknown in [call_id(2).to_string(), "x".to_owned()] {
        assert_eq!(server.get(&format!("/api/v1/calls/{unknown}"), &boss).await.status, 404);
    }
}

#[tokio::test]
async fn a_missed_call_is_in_the_list_of_the_agent_it_was_offered_to() {
    let server = Server::start().await;
    let (ann, bob) = (server.token("1001").await, server.token("1002").await);
    let mut record = record(call_id(1));
    let (first, second) = (LegId(1), LegId(2));
    for what in [
        CallEvent::Offered { offer: first, agent: "1001".into(), because: None },
        CallEvent::OfferFailed {
            offer: first,
            agent: "1001".into(),
            failure: OfferFailure::NoAnswer,
            status: None,
        },
        CallEvent::Offered { offer: second, agent: "1002".into(), because: None },
        CallEvent::Connected { offer: second, agent: "1002".into() },
    ] {
        record.apply(WallTime(2_000_000), &what);
    }
    server.store.save_record(&record).await.unwrap();
    for token in [&ann, &bob] {
        let calls = &server.get("/api/v1/calls", token).await.json()["calls"];
        assert_eq!((calls[0]["agent"].as_str(), calls.as_array().unwrap().len()), (Some("1002"), 1));
    }
}

#[tokio::test]
async fn the_list_is_read_page_by_page() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    for number in 0..5 {
        let mut record = record(call_id(number));
        record.started_at = WallTime(i64::try_from(number).unwrap() / 2);
        server.store.save_record(&record).await.unwrap();
    }
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/v1/calls?limit=2{query}"), &boss).await.json();
        let calls: Vec<Value> = page["calls"].as_array().unwrap().clone();
        assert!(calls.len() <= 2);
        seen.extend(calls.iter().map(|call| call["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    assert_eq!(server.get("/api/v1/calls?cursor=x", &boss).await.status, 400);
}

#[tokio::test]
async fn a_living_call_has_a_record_and_a_recording_as_far_as_they_go() {
    let server = Server::start().await;
    let (call, ann) = (call_id(1), server.token("1001").await);
    let mut record = record(call);
    let (offer, recording) = (LegId(1), recording_id());
    record.apply(WallTime(0), &CallEvent::Offered { offer, agent: "1001".into(), because: None });
    record.apply(WallTime(0), &CallEvent::RecordingStarted { recording, path: "growing.wav".into() });
    let state = CallState::Connected { agent: "1001".into() };
    server.shard.snapshot.lock().unwrap().calls = vec![CallView {
        record,
        state,
        found: None,
        collected: Default::default(),
        crm: None,
        attendees: Vec::new(),
        is_consulting: false,
        is_held: false,
        is_muted: false,
        is_listed: true,
    }];
    let path = format!("/api/v1/calls/{call}");
    assert_eq!(server.get(&path, &ann).await.json()["recordings"][0]["state"], "open");
    let audio = format!("{path}/recording");
    assert_eq!(server.get(&audio, &ann).await.status, 404, "nothing is written yet");
    for length in [4, 9] {
        std::fs::write(server.recordings.join("growing.wav"), &WAV[..length]).unwrap();
        assert_eq!(server.get(&audio, &ann).await.body, &WAV[..length]);
    }
}

#[tokio::test]
async fn a_recording_is_heard_whole_or_in_parts() {
    let (server, call) = with_call().await;
    let ann = server.token("1001").await;
    let path = format!("/api/v1/calls/{call}/recording");
    let ask = async |fields: &[(&str, &str)]| -> Answer {
        let fields = [&[("authorization", ann.as_str())], fields].concat();
        send(server.address, "GET", &path, &fields, b"").await
    };
    let whole = ask(&[]).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, WAV));
    assert_eq!(whole.field("content-type"), Some("audio/wav"));
    assert_eq!((whole.field("accept-ranges"), whole.field("content-length")), (Some("bytes"), Some("14")));
    let part = ask(&[("range", "bytes=4-7")]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &WAV[4..8]));
    assert_eq!(part.field("content-range"), Some("bytes 4-7/14"));
    assert_eq!(ask(&[("range", "bytes=-4")]).await.body, &WAV[10..]);
    assert_eq!(ask(&[("range", "bytes=4-7"), ("if-range", "\"x\"")]).await.status, 200);
    let outside = ask(&[("range", "bytes=14-")]).await;
    assert_eq!((outside.status, outside.field("content-range")), (416, Some("bytes */14")));

    let boss = server.token("boss").await;
    let log = server.get("/api/v1/audit", &boss).await.json();
    let heard =
        |entry: &&Value| entry["action"] == "recording.listen" && entry["subject"] == call.to_string();
    let entries: Vec<_> = log["entries"].as_array().unwrap().iter().filter(heard).collect();
    assert_eq!(entries.len(), 4, "each listening, and nothing that was not heard");
    assert_eq!((&entries[2]["actor"], &entries[2]["detail"]["first_byte"]), (&json!("1001"), &json!(4)));
}

#[tokio::test]
async fn only_files_below_the_recordings_are_given() {
    let server = Server::start().await;
    let boss = server.token("boss").await;
    let outside = server.recordings.parent().unwrap().join("secret.wav");
    std::fs::write(&outside, WAV).unwrap();
    std::os::unix::fs::symlink(&outside, server.recordings.join("link.wav")).unwrap();
    let paths =
        ["../secret.wav", outside.to_str().unwrap(), "a/../../secret.wav", "link.wav", "", "missing.wav"];
    for (number, path) in (1..).zip(paths) {
        let call = call_id(number);
        let mut record = finished(call, "1001", path);
        record.recordings[0].id = RecordingId::generate(WallTime(0), &mut Rng::from_number(number));
        server.store.save_record(&record).await.unwrap();
        let answer = server.get(&format!("/api/v1/calls/{call}/recording"), &boss).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_recording_is_not_for_other_agents() {
    let (server, call) = with_call().await;
    let bob = server.token("1002").await;
    assert_eq!(server.get(&format!("/api/v1/calls/{call}/recording"), &bob).await.status, 403);
}

#[tokio::test]
async fn a_recording_is_erased_once_and_not_while_its_call_is_held() {
    let (server, call) = with_call().await;
    let (ann, boss) = (server.token("1001").await, server.token("boss").await);
    let ask = async |method: &str, path: &str, token: &str, body: Value| {
        let path = format!("/api/v1/calls/{call}/{path}");
        server.send(method, &path, &[("authorization", token)], body).await
    };
    assert_eq!(ask("GET", "legal-hold", &boss, Value::Null).await.status, 404);
    for reason in ["", " ", "a\0b", "x".repeat(501).as_str()] {
        let answer = ask("PUT", "legal-hold", &boss, json!({ "reason": reason })).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("reason")));
    }
    assert_eq!(ask("PUT", "legal-hold", &ann, json!({ "reason": "case 7" })).await.status, 403);
    for reason in ["case 7", "again"] {
        assert_eq!(ask("PUT", "legal-hold", &boss, json!({ "reason": reason })).await.status, 204);
    }
    let hold = ask("GET", "legal-hold", &boss, Value::Null).await.json();
    assert_eq!((&hold["by"], &hold["reason"]), (&json!("boss"), &json!("case 7")));
    assert_eq!(ask("DELETE", "recording", &ann, Value::Null).await.status, 403);
    assert_eq!(ask("DELETE", "recording", &boss, Value::Null).await.status, 409);
    assert_eq!(ask("GET", "recording", &ann, Value::Null).await.body, WAV);

    assert_eq!(ask("DELETE", "legal-hold", &boss, Value::Null).await.status, 204);
    assert_eq!(ask("DELETE", "legal-hold", &boss, Value::Null).await.status, 404);
    assert_eq!(ask("DELETE", "recording", &boss, Value::Null).await.status, 204);
    assert!(!server.recordings.join("2026/01/31/a.wav").exists());
    assert_eq!(ask("GET", "recording", &ann, Value::Null).await.status, 404);
    assert_eq!(ask("DELETE", "recording", &boss, Value::Null).await.status, 409, "it is erased already");
    let record = server.get(&format!("/api/v1/calls/{call}"), &ann).await.json();
    assert_eq!(record["recordings"][0]["state"], "erased");
    assert_eq!(record["recordings"][0]["legs"][0]["speaker"], "agent:1001", "what happened stays");
    let log = server.get("/api/v1/audit?action=recording.", &boss).await.json();
    let done: Vec<&str> =
        log["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(done, ["recording.erase", "recording.release", "recording.listen", "recording.hold"]);
}

#[tokio::test]
async fn a_picture_of_a_recording_shows_who_was_loud_when() {
    let (server, call) = with_call().await;
    let ann = server.token("1001").await;
    let path = format!("/api/v1/calls/{call}/recording/peaks");
    assert_eq!(server.get(&path, &ann).await.status, 404, "it is no recording");
    // Stereo, 16 bits, 8 kHz: a second of silence, in which the agent says something once.
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data".to_vec();
    wav.extend(32_000_u32.to_le_bytes());
    let mut samples = vec![0; 32_000];
    samples[24_002..24_004].copy_from_slice(&(-9000_i16).to_le_bytes());
    wav.extend(samples);
    std::fs::write(server.recordings.join("2026/01/31/a.wav"), wav).unwrap();
    let picture = server.get(&format!("{path}?points=4"), &ann).await.json();
    assert_eq!(picture, json!({ "duration_ms": 1000, "channels": [[0, 0, 0, 0], [0, 0, 0, 9000]] }));
    for points in ["0", "4001"] {
        let answer = server.get(&format!("{path}?points={points}"), &ann).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("points")));
    }
    let bob = server.token("1002").await;
    assert_eq!(server.get(&path, &bob).await.status, 403);
}

/// A recorder of the server's key leaves a second of a call below the recordings; gives its path.
fn sealed_recording(root: &std::path::Path) -> String {
    let (tell, events) = std::sync::mpsc::channel();
    let config = RecorderConfig { keys: recording_keys(), ..RecorderConfig::new(root.to_path_buf()) };
    let tell = move |event| tell.send(event).err().map(|refused| refused.0);
    let recorder = Recorder::start(config, tell).unwrap();
    let mut tap = recorder.tap();
    tap.record(recording_id(), Chunk::Start { call: call_id(1), at: WallTime(0) });
    let (leg, channel, codec) = (LegId(1), Channel::Customer, Codec::Pcmu);
    let chunk = Chunk::Audio { leg, channel, position: 0, codec, payload: &[0x90; 160] };
    tap.record(recording_id(), chunk);
    tap.record(recording_id(), Chunk::Finish { length: 8000 });
    let finished = events.iter().find_map(|event| {
        let Event::RecordingFinished { path, .. } = event else { return None };
        Some(path)
    });
    recorder.stop();
    finished.unwrap()
}

#[tokio::test]
async fn a_sealed_recording_is_heard_like_any_other_and_one_that_was_changed_is_told() {
    let server = Server::start().await;
    let (call, ann) = (call_id(1), server.token("1001").await);
    let file = sealed_recording(&server.recordings);
    server.store.save_record(&finished(call, "1001", &file)).await.unwrap();
    let path = format!("/api/v1/calls/{call}/recording");
    let whole = server.get(&path, &ann).await;
    assert_eq!((whole.status, &whole.body[..4]), (200, &b"RIFF"[..]));
    assert_eq!(whole.body[44..48], whole.body[48..52], "the customer's first two samples");
    assert_ne!(whole.body[44..46], [0, 0]);
    let fields = [("authorization", ann.as_str()), ("range", "bytes=100-63999")];
    let part = send(server.address, "GET", &path, &fields, b"").await;
    let length = whole.body.len();
    assert_eq!(part.field("content-range"), Some(&*format!("bytes 100-{}/{length}", length.min(64_000) - 1)));
    assert_eq!(part.body, whole.body[100..length.min(64_000)]);
    let picture = server.get(&format!("{path}/peaks?points=2"), &ann).await.json();
    assert!(picture["channels"][0][0].as_u64() > Some(1000) && picture["channels"][0][1] == 0, "{picture}");

    let on_disk = server.recordings.join(&file);
    let mut bytes = std::fs::read(&on_disk).unwrap();
    bytes[1100] ^= 1;
    std::fs::write(&on_disk, &bytes).unwrap();
    for path in [path.clone(), format!("{path}/peaks")] {
        let told = server.get(&path, &ann).await;
        let told = (told.status, told.json());
        assert_eq!((told.0, &told.1["type"]), (500, &json!("recording_altered")), "{path}: {}", told.1);
    }
    // With a slot of another key.
    bytes[515] ^= 1;
    std::fs::write(&on_disk, &bytes).unwrap();
    let told = server.get(&path, &ann).await;
    assert_eq!((told.status, &told.json()["type"]), (500, &json!("recording_locked")));
}
