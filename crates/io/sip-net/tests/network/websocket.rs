//! RFC 7118: browsers over WebSocket, plain and over TLS.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hotline_sip::Transport;
use hotline_sip_net::{Limits, NetworkConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::certificates::{Authority, connect};
use crate::stage::{PATIENCE, Peer, Stage, config, listen, message};

/// Opens a WebSocket as a browser does, with this sub-protocol; what the server says it speaks.
async fn open<S>(stream: S, protocol: Option<&str>) -> Result<(WebSocketStream<S>, String), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = "ws://sip.example/any/path".into_client_request()?;
    if let Some(protocol) = protocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_str(protocol)?);
    }
    let (socket, response) = client_async(request, stream).await?;
    let spoken = response.headers()["Sec-WebSocket-Protocol"].to_str().unwrap().to_owned();
    Ok((socket, spoken))
}

async fn browser(stage: &Stage) -> Peer<WebSocketStream<TcpStream>> {
    let Peer { stream, here } = stage.connect().await;
    Peer { stream: open(stream, Some("sip")).await.unwrap().0, here }
}

async fn next<S>(socket: &mut WebSocketStream<S>) -> Message
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    timeout(PATIENCE, socket.next()).await.expect("a frame in time").expect("an open WebSocket").unwrap()
}

#[tokio::test]
async fn the_sub_protocol_is_sip_or_the_handshake_is_refused() {
    let stage = Stage::set(config(Transport::Ws));
    for good in ["sip", "xmpp, sip"] {
        let (_, spoken) = open(stage.connect().await.stream, Some(good)).await.unwrap();
        assert_eq!(spoken, "sip", "{good}");
    }
    for bad in [None, Some("xmpp"), Some("SIPS, gossip")] {
        let refused = open(stage.connect().await.stream, bad).await;
        let Err(Error::Http(response)) = refused else { panic!("{bad:?}: {:?}", refused.map(|_| ())) };
        assert_eq!(response.status(), 400, "{bad:?}");
    }
}

#[tokio::test]
async fn each_frame_of_text_or_bytes_is_a_message() {
    let mut stage = Stage::set(config(Transport::Ws));
    let mut peer = browser(&stage).await;
    let without_length = "OPTIONS sip:hotline SIP/2.0\r\n\r\nbody";
    peer.stream.send(Message::text(without_length)).await.unwrap();
    peer.stream.send(Message::binary(message("b", "").into_bytes())).await.unwrap();
    stage.expect(peer.here, without_length).await;
    stage.expect(peer.here, &message("b", "")).await;
    stage.send(peer.here, "answer");
    assert_eq!(next(&mut peer.stream).await, Message::text("answer"));
    stage.network.send(stage.flow(peer.here), (&b"\xfc"[..]).into());
    assert_eq!(next(&mut peer.stream).await, Message::binary(&b"\xfc"[..]));
}

#[tokio::test]
async fn every_kind_of_ping_is_answered() {
    let mut stage = Stage::set(config(Transport::Ws));
    let mut peer = browser(&stage).await;
    peer.stream.send(Message::Ping("a".into())).await.unwrap();
    assert_eq!(next(&mut peer.stream).await, Message::Pong("a".into()));
    peer.stream.send(Message::text("\r\n\r\n")).await.unwrap();
    assert_eq!(next(&mut peer.stream).await, Message::text("\r\n"));
    peer.stream.send(Message::text(message("a", ""))).await.unwrap();
    stage.expect(peer.here, &message("a", "")).await;
}

#[tokio::test]
async fn closing_is_answered_and_told() {
    let mut stage = Stage::set(config(Transport::Ws));
    let mut peer = browser(&stage).await;
    peer.stream.close(None).await.unwrap();
    assert!(matches!(next(&mut peer.stream).await, Message::Close(_)));
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn at_the_server_s_end_a_browser_is_told_that_it_closes() {
    let stage = Stage::set(config(Transport::Ws));
    let mut peer = browser(&stage).await;
    drop(stage.incoming);
    assert!(matches!(next(&mut peer.stream).await, Message::Close(_)));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection() {
    let mut stage = Stage::set(config(Transport::Ws));
    let mut peer = browser(&stage).await;
    // The server may close before all of it is written.
    peer.stream.send(Message::text("x".repeat(70_000))).await.ok();
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn a_browser_that_has_vanished_is_noticed_by_its_missing_pongs() {
    let [ping, silence] = [50, 500].map(Duration::from_millis);
    let limits = Limits { ping, silence, ..Limits::default() };
    let mut stage = Stage::set(NetworkConfig { limits, ..config(Transport::Ws) });
    let mut peer = browser(&stage).await;
    peer.stream.send(Message::text(message("a", ""))).await.unwrap();
    stage.expect(peer.here, &message("a", "")).await;
    // As long as it reads, which answers pings, it may be silent.
    for _ in 0..20 {
        assert!(matches!(next(&mut peer.stream).await, Message::Ping(_)));
    }
    assert!(stage.incoming.is_empty());
    stage.expect_end(peer.here).await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let limits = Limits { handshake: Duration::from_millis(50), ..Limits::default() };
    let stage = Stage::set(NetworkConfig { limits, ..config(Transport::Ws) });
    stage.connect().await.expect_end().await;
}

#[tokio::test]
async fn what_is_no_websocket_is_refused() {
    let stage = Stage::set(config(Transport::Ws));
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, peer.stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok() && !rest.starts_with(b"SIP"), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn one_source_cannot_have_all_handshakes() {
    let limits = Limits { handshakes_per_source: 1, ..Limits::default() };
    let stage = Stage::set(NetworkConfig { limits, ..config(Transport::Ws) });
    let first = stage.connect().await;
    stage.turns_away().await;
    open(first.stream, Some("sip")).await.unwrap();
}

#[tokio::test]
async fn a_browser_registers_over_tls_too() {
    let authority = Authority::new();
    let tls = authority.config(&["sip.example"]);
    let mut stage = Stage::set(NetworkConfig { tls, ..NetworkConfig::new(vec![listen(Transport::Wss)]) });
    let Peer { stream, here } = connect(&stage, &authority.client(None), "sip.example").await.unwrap();
    let (mut socket, _) = open(stream, Some("sip")).await.unwrap();
    socket.send(Message::text(message("a", ""))).await.unwrap();
    stage.expect(here, &message("a", "")).await;
    stage.send(here, "answer");
    assert_eq!(next(&mut socket).await, Message::text("answer"));
}
