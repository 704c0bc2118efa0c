//! What peers may hold, and for how long.

use std::time::Duration;

use hotline_sip::Transport;
use hotline_sip_net::{Incoming, Limits, NetworkConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{Stage, config, message};

/// Long enough for what has to come before it is over.
const SHORT: Duration = Duration::from_millis(300);

fn with(limits: Limits) -> NetworkConfig {
    NetworkConfig { limits, ..config(Transport::Tcp) }
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_closed_at_once_and_its_place_can_be_had_again() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let mut stage = Stage::set(with(limits));
    let mut first = stage.connect().await;
    let mut second = stage.connect().await;
    for peer in [&mut first, &mut second] {
        peer.send(message("a", "")).await;
        stage.expect(peer.here, &message("a", "")).await;
    }
    stage.turns_away().await;
    let here = first.here;
    drop(first);
    stage.expect_end(here).await;
    // The place is given back soon after the end is told.
    let mut nothing = [0; 9];
    loop {
        let Ok(mut third) = TcpStream::connect(stage.local()).await else { continue };
        if third.write_all(message("b", "").as_bytes()).await.is_err() {
            continue;
        }
        tokio::select! {
            Incoming::Message { .. } = stage.next() => break,
            _ = third.read(&mut nothing) => {}
        }
    }
}

#[tokio::test]
async fn one_source_cannot_have_more_than_its_share() {
    let limits = Limits { connections_per_source: 1, ..Limits::default() };
    let mut stage = Stage::set(with(limits));
    let mut first = stage.connect().await;
    first.send(message("a", "")).await;
    stage.expect(first.here, &message("a", "")).await;
    stage.turns_away().await;
    first.send(message("b", "")).await;
    stage.expect(first.here, &message("b", "")).await;
}

#[tokio::test]
async fn a_connection_without_a_whole_message_is_closed_in_time() {
    let mut stage = Stage::set(with(Limits { first_message: SHORT, ..Limits::default() }));
    let mut silent = stage.connect().await;
    silent.expect_end().await;
    stage.expect_end(silent.here).await;
    let mut pinging = stage.connect().await;
    pinging.send("\r\n\r\n").await;
    pinging.expect("\r\n").await;
    pinging.expect_end().await;
    stage.expect_end(pinging.here).await;
}

#[tokio::test]
async fn a_message_that_does_not_end_is_not_waited_for() {
    let mut stage = Stage::set(with(Limits { message: SHORT, ..Limits::default() }));
    let mut peer = stage.connect().await;
    peer.send(message("a", "") + "OPTIONS sip:").await;
    stage.expect(peer.here, &message("a", "")).await;
    peer.expect_end().await;
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_for_long_is_let_go() {
    let mut stage = Stage::set(with(Limits { idle: SHORT, ..Limits::default() }));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    peer.expect_end().await;
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_let_go_and_nobody_waits_for_it() {
    let mut stage = Stage::set(with(Limits { outbox: 4, ..Limits::default() }));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    let text = "x".repeat(60_000);
    while stage.incoming.is_empty() {
        stage.send(peer.here, &text);
        tokio::task::yield_now().await;
    }
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_not_waited_for() {
    let mut stage = Stage::set(with(Limits { write: SHORT, ..Limits::default() }));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    // More than the buffers of the system hold, and less than the outbox does.
    for _ in 0..500 {
        stage.send(peer.here, &"x".repeat(60_000));
    }
    stage.expect_end(peer.here).await;
}
