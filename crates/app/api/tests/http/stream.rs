//! The live stream: gapless, filtered, resumable; and the screen pop that is written before the phone rings.

use std::io::Read;
use std::time::Duration;

use hotline_acd::{AgentState, Device};
use hotline_api::RING_MAX;
use hotline_base::{LegId, WallTime};
use hotline_call::{AlarmKind, CallEvent, Command, EventKind, QueueOutcome};
use hotline_shard::LIVE_MAX;
use serde_json::json;

use crate::client::{Message, Stream};
use crate::server::{Server, Shard, call_id, offered_view, started};

fn any(shard: &Shard) -> u64 {
    shard.emit(EventKind::AlarmCleared(AlarmKind::PromptMissing), None)
}

fn ids(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.id).collect()
}

/// The first message is a snapshot at this number.
async fn starts_with_snapshot(stream: &mut Stream, seq: u64) {
    let first = stream.next().await.unwrap();
    assert_eq!((first.event.as_str(), first.id, &first.data["seq"]), ("snapshot", seq, &json!(seq)));
}

#[tokio::test]
async fn a_page_gets_a_snapshot_and_then_everything_that_follows() {
    let server = Server::start().await;
    any(&server.shard);
    let mut stream = server.stream("", &server.token("boss").await).await;
    starts_with_snapshot(&mut stream, 1).await;
    let call = call_id(1);
    server.shard.emit_call(call, started());
    server.shard.emit_call(call, CallEvent::Answered);
    let messages = stream.take(2).await;
    assert_eq!(ids(&messages), [2, 3]);
    assert_eq!(
        messages[1].data,
        json!({ "seq": 3, "at": "1970-01-01T00:00:02.000Z", "type": "call.answered", "call": call.to_string() })
    );
    assert_eq!(
        (&messages[0].data["flow"], &messages[0].data["source"]),
        (&json!("main"), &json!({ "trunk": "demo" }))
    );
}

#[tokio::test]
async fn a_page_that_comes_back_goes_on_without_a_gap() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let mut first = server.stream("", &token).await;
    starts_with_snapshot(&mut first, 0).await;
    for _ in 0..200 {
        any(&server.shard);
    }
    assert_eq!(ids(&first.take(200).await), (1..=200).collect::<Vec<_>>());
    let mut second = server.stream("?after=50", &token).await;
    let fields = [("authorization", token.as_str()), ("last-event-id", "199")];
    let mut third = Stream::open(server.address, "?after=50", &fields).await;
    any(&server.shard);
    assert_eq!(ids(&second.take(151).await), (51..=201).collect::<Vec<_>>());
    assert_eq!(ids(&third.take(2).await), [200, 201]);
}

#[tokio::test]
async fn a_number_that_is_too_old_or_not_reached_yet_gives_a_snapshot() {
    let server = Server::start().await;
    let token = server.token("boss").await;
    let mut watcher = server.stream("", &token).await;
    starts_with_snapshot(&mut watcher, 0).await;
    let newest = RING_MAX as u64 + 10;
    let all: Vec<u64> = (1..=newest).collect();
    for some in all.chunks(64) {
        for _ in some {
            any(&server.shard);
        }
        // The watcher keeps up, so the ring has every event.
        for seq in some {
            assert_eq!(watcher.next().await.unwrap().id, *seq);
        }
    }
    for old_or_future in [0, 9, newest + 1, u64::MAX] {
        let mut stream = server.stream(&format!("?after={old_or_future}"), &token).await;
        starts_with_snapshot(&mut stream, newest).await;
    }
    let mut stream = server.stream("?after=10", &token).await;
    assert_eq!(stream.next().await.unwrap().id, 11);
}

#[tokio::test]
async fn when_events_are_missed_the_page_gets_a_snapshot_and_goes_on() {
    let server = Server::start().await;
    let mut stream = server.stream("", &server.token("boss").await).await;
    starts_with_snapshot(&mut stream, 0).await;
    // Nobody else runs while this thread emits, so the hub lags behind the broadcast.
    let missed = LIVE_MAX as u64 + 100;
    for _ in 0..missed {
        any(&server.shard);
    }
    starts_with_snapshot(&mut stream, missed).await;
    any(&server.shard);
    assert_eq!(stream.next().await.unwrap().id, missed + 1);
}

#[tokio::test]
async fn an_agent_gets_its_own_events_only() {
    let server = Server::start().await;
    let mut stream = server.stream("", &server.token("1001").await).await;
    starts_with_snapshot(&mut stream, 0).await;
    let (mine, theirs) = (call_id(1), call_id(2));
    any(&server.shard);
    server.shard.offer(theirs, 8, "1002");
    for agent in ["1002", "1001"] {
        let (state, since) = (AgentState::Ready, WallTime(0));
        let (agent, device) = (agent.into(), Device::Phone);
        let kind =
            EventKind::Agent { agent, state, since, pending: None, device, registered: true, help: None };
        server.shard.emit(kind, None);
    }
    server.shard.offer(mine, 7, "1001");
    server.shard.emit_call(theirs, CallEvent::Ringing { offer: LegId(8) });
    server.shard.emit_call(mine, CallEvent::Ringing { offer: LegId(7) });
    let messages = stream.take(3).await;
    assert_eq!(ids(&messages), [5, 7, 9]);
    assert_eq!(
        (&messages[0].data["agent"]["id"], &messages[0].data["agent"]["name"]),
        (&json!("1001"), &json!("Ann"))
    );
    assert_eq!(messages[1].data["type"], "call.offered");
    assert_eq!(messages[2].data["type"], "call.ringing");
}

#[tokio::test]
async fn an_agent_is_told_how_many_wait_and_not_who() {
    let server = Server::start().await;
    let mut ann = server.stream("", &server.token("1001").await).await;
    let mut boss = server.stream("", &server.token("boss").await).await;
    starts_with_snapshot(&mut ann, 0).await;
    starts_with_snapshot(&mut boss, 0).await;
    let (mine, theirs) = (call_id(1), call_id(2));
    let queued = || CallEvent::Queued { queue: "sales".into() };
    let answered = || CallEvent::Dequeued { queue: "sales".into(), outcome: QueueOutcome::Answered };
    server.shard.emit_call(theirs, started());
    server.shard.emit_call(theirs, queued());
    server.shard.emit_call(theirs, CallEvent::Position { queue: "sales".into(), position: 1, waiting: 1 });
    server.shard.offer(mine, 7, "1001");
    server.shard.emit_call(mine, queued());
    server.shard.emit_call(theirs, answered());
    server.shard.emit_call(mine, answered());

    let told = ann.take(5).await;
    assert_eq!(ids(&told), [2, 5, 6, 7, 8]);
    let changed = |seq: u64, length: usize| {
        json!({ "seq": seq, "at": "1970-01-01T00:00:02.000Z",
        "type": "queue.changed", "queue": "sales", "length": length, "longest_since": "1970-01-01T00:00:02.000Z" })
    };
    assert_eq!((&told[0].data, &told[3].data), (&changed(2, 1), &changed(7, 1)));
    assert_eq!(
        (&told[2].data["type"], &told[4].data["type"]),
        (&json!("call.queued"), &json!("call.dequeued"))
    );
    let types: Vec<_> = boss.take(8).await.into_iter().map(|message| message.data["type"].clone()).collect();
    assert!(!types.contains(&json!("queue.changed")), "admins see who waits: {types:?}");
}

#[tokio::test]
async fn the_pop_is_with_the_kernel_when_the_core_is_told() {
    let mut server = Server::start().await;
    let mut stream = server.stream("", &server.token("1001").await).await;
    starts_with_snapshot(&mut stream, 0).await;
    server.shard.offer(call_id(1), 7, "1001");
    assert_eq!(server.shard.command().await, Command::PopWritten { offer: LegId(7), written: true });
    // This thread is the only one that could write, and from here on it does nothing but read.
    let mut socket = stream.socket.into_std().unwrap();
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let count = socket.read(&mut buffer).unwrap();
    let text = String::from_utf8_lossy(&buffer[..count]);
    assert!(text.contains(r#""pop":{"#) && text.contains("+4930123456"), "{text}");
}

#[tokio::test]
async fn without_a_page_of_the_agent_the_core_is_told_at_once() {
    let mut server = Server::start().await;
    let mut boss = server.stream("", &server.token("boss").await).await;
    let mut bob = server.stream("", &server.token("1002").await).await;
    starts_with_snapshot(&mut boss, 0).await;
    starts_with_snapshot(&mut bob, 0).await;
    server.shard.offer(call_id(1), 7, "1001");
    assert_eq!(server.shard.command().await, Command::PopWritten { offer: LegId(7), written: false });
    let offered = &boss.take(2).await[1];
    assert_eq!((&offered.data["type"], offered.data.get("pop")), (&json!("call.offered"), None));
}

#[tokio::test]
async fn several_pages_get_the_pop_and_one_that_has_left_counts_no_more() {
    let mut server = Server::start().await;
    let token = server.token("1001").await;
    let mut pages = [server.stream("", &token).await, server.stream("", &token).await];
    for page in &mut pages {
        starts_with_snapshot(page, 0).await;
    }
    server.shard.offer(call_id(1), 7, "1001");
    for page in &mut pages {
        assert_eq!(page.next().await.unwrap().data["pop"]["offer"], 7);
        assert_eq!(server.shard.command().await, Command::PopWritten { offer: LegId(7), written: true });
    }
    drop(pages);
    // The server learns of a closed connection by itself; until then it may still count the page.
    let mut offer = 8;
    loop {
        server.shard.offer(call_id(offer), offer, "1001");
        let Command::PopWritten { written, .. } = server.shard.command().await else { panic!("a fate") };
        if !written {
            break;
        }
        offer += 1;
    }
}

#[tokio::test]
async fn a_page_that_starts_during_the_offer_has_the_pop_in_its_snapshot() {
    let mut server = Server::start().await;
    server.shard.snapshot.lock().unwrap().calls = vec![offered_view(call_id(1), 7, "1001")];
    let mut stream = server.stream("", &server.token("1001").await).await;
    assert_eq!(stream.next().await.unwrap().data["pop"]["offer"], 7);
    assert_eq!(server.shard.command().await, Command::PopWritten { offer: LegId(7), written: true });
}

#[tokio::test]
async fn streams_end_in_good_order_when_the_server_stops() {
    let server = Server::start().await;
    let mut stream = server.stream("", &server.token("boss").await).await;
    starts_with_snapshot(&mut stream, 0).await;
    server.shutdown.cancel();
    assert_eq!(stream.next().await, None);
    tokio::time::timeout(crate::client::PATIENCE, server.task).await.expect("an end in time").unwrap();
}
