//! Datagrams, and the port that UDP and TCP share.

use std::net::{Ipv4Addr, SocketAddr};

use hotline_sip::Transport;
use hotline_sip_net::{Incoming, Listen, Network, NetworkConfig};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::stage::{Stage, config, listen, message};

#[tokio::test]
async fn a_datagram_arrives_with_both_addresses_and_an_answer_goes_back() {
    let mut stage = Stage::set(config(Transport::Udp));
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let here = peer.local_addr().unwrap();
    peer.send_to(b"hello", stage.local()).await.unwrap();
    stage.expect(here, "hello").await;
    stage.send(here, "answer");
    let mut buffer = [0; 64];
    let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"answer"[..], stage.local()));
}

#[tokio::test]
async fn a_datagram_that_the_system_refuses_harms_nothing_and_nobody_waits() {
    let mut stage = Stage::set(config(Transport::Udp));
    let local = stage.local();
    stage.send(local, &"x".repeat(70_000));
    stage.send(local, "to itself");
    stage.expect(local, "to itself").await;
}

#[tokio::test]
async fn datagrams_are_dropped_when_nobody_takes_them_and_a_connection_waits() {
    let config = NetworkConfig::new(vec![listen(Transport::Tcp), listen(Transport::Udp)]);
    let mut stage = Stage::with_room(config, 1);
    let udp = stage.network.listening()[1].local;
    let mut peer = stage.connect().await;
    peer.send(message("a", "")).await;
    // There is no room until the test takes the first.
    while stage.incoming.is_empty() {
        tokio::task::yield_now().await;
    }
    peer.send(message("b", "")).await;
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for _ in 0..10 {
        other.send_to(b"lost", udp).await.unwrap();
    }
    peer.send(message("c", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
    let mut after = Vec::new();
    while after.len() < 2 {
        match stage.next().await {
            Incoming::Message { flow, bytes } if flow.transport == Transport::Tcp => after.push(bytes),
            // One that came when there was room again.
            Incoming::Message { .. } => {}
            Incoming::Disconnected(flow) => panic!("{flow:?}"),
        }
    }
    assert_eq!(after, [message("b", ""), message("c", "")]);
}

#[tokio::test]
async fn udp_and_tcp_at_a_free_port_get_the_same_one() {
    let config =
        NetworkConfig::new(vec![listen(Transport::Udp), listen(Transport::Tcp), listen(Transport::Tcp)]);
    let stage = Stage::set(config);
    let ports: Vec<u16> = stage.network.listening().iter().map(|one| one.local.port()).collect();
    assert_eq!(ports[0], ports[1]);
    assert_ne!(ports[0], ports[2]);
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_transport() {
    for (transport, name) in [(Transport::Udp, "udp"), (Transport::Tcp, "tcp"), (Transport::Ws, "ws")] {
        let first = Stage::set(config(transport));
        let taken: SocketAddr = first.local();
        let again = NetworkConfig::new(vec![Listen { address: taken, ..listen(transport) }]);
        let error = Network::bind(again, mpsc::channel(1).0).err().unwrap();
        assert!(error.to_string().contains(&format!("{name} {taken}")), "{error}");
    }
}
