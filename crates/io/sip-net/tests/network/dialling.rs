//! Connections that the network opens because a message is to go there.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hotline_sip::{Flow, Transport};
use hotline_sip_net::{Incoming, Limits, NetworkConfig};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::stage::{Peer, Stage, config, listen_at, message};

async fn accept(listener: &TcpListener) -> Peer<TcpStream> {
    let (stream, here) = listener.accept().await.unwrap();
    Peer { stream, here }
}

#[tokio::test]
async fn the_first_message_opens_a_connection_from_the_host_that_is_listened_at() {
    let host = Ipv4Addr::new(127, 0, 0, 77);
    let mut stage = Stage::set(NetworkConfig::new(vec![listen_at(host, Transport::Tcp)]));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let there = listener.local_addr().unwrap();
    stage.send(there, "one,");
    stage.send(there, "two,");
    let mut peer = accept(&listener).await;
    assert_eq!(peer.here.ip(), host);
    peer.expect("one,two,").await;
    stage.send(there, "three");
    peer.expect("three").await;
    // What comes back has the flow that was sent on.
    peer.send(message("a", "")).await;
    stage.expect(there, &message("a", "")).await;
    drop(peer);
    stage.expect_end(there).await;
    stage.send(there, "anew");
    accept(&listener).await.expect("anew").await;
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn where_nobody_listens_the_end_is_told() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let nobody = nobody().await;
    for _ in 0..3 {
        stage.send(nobody, "hello?");
        stage.expect_end(nobody).await;
    }
}

#[tokio::test]
async fn a_browser_cannot_be_called_back() {
    let mut stage = Stage::set(config(Transport::Ws));
    let browser: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    stage.send(browser, "hello?");
    stage.expect_end(browser).await;
}

#[tokio::test]
async fn many_peers_that_cannot_be_reached_are_all_told() {
    let mut stage = Stage::with_room(config(Transport::Tcp), 1);
    let port = nobody().await.port();
    let peers: Vec<SocketAddr> = (1..=200).map(|n| SocketAddr::from(([127, 0, 9, n], port))).collect();
    for peer in &peers {
        stage.send(*peer, "hello?");
    }
    let mut told = Vec::new();
    while told.len() < peers.len() {
        match stage.next().await {
            Incoming::Disconnected(Flow { remote, .. }) => told.push(remote),
            message @ Incoming::Message { .. } => panic!("{message:?}"),
        }
    }
    told.sort();
    assert_eq!(told, peers);
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_is_not_waited_for() {
    let limits = Limits { handshake: Duration::from_millis(50), ..Limits::default() };
    let mut stage = Stage::set(NetworkConfig { limits, ..config(Transport::Tcp) });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let there = listener.local_addr().unwrap();
    let flow = Flow { transport: Transport::Tls, ..stage.flow(there) };
    stage.network.send(flow, "hello?".into());
    let _silent = accept(&listener).await;
    assert_eq!(stage.next().await, Incoming::Disconnected(flow));
}

/// A listener, and a connection from the same port.
fn from_its_port(to: SocketAddr) -> (TcpListener, impl AsyncFn() -> Peer<TcpStream>) {
    let socket = |address: SocketAddr| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.bind(&address.into()).unwrap();
        socket
    };
    let listening = socket((Ipv4Addr::LOCALHOST, 0).into());
    listening.listen(9).unwrap();
    let listener = TcpListener::from_std(listening.into()).unwrap();
    let here = listener.local_addr().unwrap();
    let connect = async move || {
        let connecting = TcpSocket::from_std_stream(socket(here).into());
        Peer { stream: connecting.connect(to).await.unwrap(), here }
    };
    (listener, connect)
}

#[tokio::test]
async fn a_peer_that_connects_from_the_port_it_is_connected_at_is_sent_everything_there() {
    let mut stage = Stage::set(config(Transport::Tcp));
    let (listener, connect) = from_its_port(stage.local());
    let there = listener.local_addr().unwrap();
    stage.send(there, "by ours");
    let mut ours = accept(&listener).await;
    ours.expect("by ours").await;
    let mut theirs = connect().await;
    theirs.send(message("a", "")).await;
    stage.expect(there, &message("a", "")).await;
    stage.send(there, "by theirs");
    theirs.expect("by theirs").await;
    // What still comes by the other is heard, and its end is not the end of the flow.
    ours.send(message("b", "")).await;
    stage.expect(there, &message("b", "")).await;
    drop(ours);
    theirs.send(message("c", "")).await;
    stage.expect(there, &message("c", "")).await;
    drop(theirs);
    stage.expect_end(there).await;
}
