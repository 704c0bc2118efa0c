//! Messages over TCP in both directions, and what follows when a connection ends.

use bytes::Bytes;
use hotline_sip::Transport;
use hotline_sip_net::Incoming;

use crate::stage::{Stage, config, message};

#[tokio::test]
async fn messages_come_with_their_flow_and_answers_go_back_on_the_same_connection() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    let mut other = stage.connect().await;
    peer.send(message("a", "body")).await;
    stage.expect(peer.here, &message("a", "body")).await;
    other.send(message("b", "")).await;
    stage.expect(other.here, &message("b", "")).await;
    stage.send(other.here, "to b");
    stage.send(peer.here, "to a");
    peer.expect("to a").await;
    other.expect("to b").await;
}

#[tokio::test]
async fn messages_are_found_however_the_stream_is_cut() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    let (a, b) = (message("a", "in two"), message("b", ""));
    let row = format!("{a}\r\n{b}{a}");
    for piece in [&row[..30], &row[30..a.len() - 2], &row[a.len() - 2..]] {
        peer.send(piece).await;
    }
    for text in [&a, &b, &a] {
        stage.expect(peer.here, text).await;
    }
}

#[tokio::test]
async fn a_ping_is_answered_at_once_and_passed_to_nobody() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    peer.send("\r\n\r\n").await;
    peer.expect("\r\n").await;
    peer.send("\r\n\r\n\r\n\r\n").await;
    peer.expect("\r\n\r\n").await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
}

#[tokio::test]
async fn garbage_closes_its_connection_and_nothing_else_suffers() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut good = stage.connect().await;
    good.send(message("a", "")).await;
    stage.expect(good.here, &message("a", "")).await;
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\0", &[b'A'; 4096], b"SIP/2.0 200\r\nl: x\r\n\r\n"]
    {
        let mut bad = stage.connect().await;
        bad.send(garbage).await;
        bad.expect_end().await;
        stage.expect_end(bad.here).await;
    }
    good.send(message("b", "")).await;
    stage.expect(good.here, &message("b", "")).await;
    stage.send(good.here, "still there");
    good.expect("still there").await;
}

#[tokio::test]
async fn what_a_peer_said_before_it_left_comes_before_its_end() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    peer.send(message("a", "") + &message("b", "")).await;
    let here = peer.here;
    drop(peer);
    stage.expect(here, &message("a", "")).await;
    stage.expect(here, &message("b", "")).await;
    stage.expect_end(here).await;
}

#[tokio::test]
async fn a_peer_that_sends_faster_than_it_is_heard_loses_nothing() {
    let mut stage = Stage::with_room(config(Transport::Tcp), 1);
    let mut peer = stage.connect().await;
    let (here, body) = (peer.here, "x".repeat(5000));
    let text = body.clone();
    let sending = tokio::spawn(async move {
        for number in 0..500 {
            peer.send(message(&number.to_string(), &text)).await;
        }
    });
    for number in 0..500 {
        stage.expect(here, &message(&number.to_string(), &body)).await;
    }
    sending.await.unwrap();
    stage.expect_end(here).await;
}

#[tokio::test]
async fn an_end_waits_for_room_and_is_never_lost() {
    let mut stage = Stage::with_room(config(Transport::Tcp), 1);
    let mut peers = Vec::new();
    for number in 0..9 {
        let mut peer = stage.connect().await;
        peer.send(message(&number.to_string(), "")).await;
        peers.push(peer.here);
    }
    let mut ended = Vec::new();
    while ended.len() < peers.len() {
        if let Incoming::Disconnected(flow) = stage.next().await {
            ended.push(flow.remote);
        }
    }
    ended.sort();
    peers.sort();
    assert_eq!(ended, peers);
}

#[tokio::test]
async fn what_is_sent_to_a_peer_that_has_left_is_followed_by_its_end() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    let here = peer.here;
    drop(peer);
    stage.expect_end(here).await;
    // A connection to where nobody listens: the end of another try.
    stage.send(here, "are you there?");
    stage.expect_end(here).await;
}

#[tokio::test]
async fn at_the_server_s_end_what_waits_is_written_and_connections_are_closed() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    stage.network.send(stage.flow(peer.here), Bytes::from_static(b"goodbye"));
    drop(stage.incoming);
    peer.expect("goodbye").await;
    peer.expect_end().await;
    stage.running.await.unwrap();
}
