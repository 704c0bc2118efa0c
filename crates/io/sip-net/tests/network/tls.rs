//! TLS: who shows which certificate to whom, and what happens when its files change.

use std::time::Duration;

use hotline_sip::Transport;
use hotline_sip_net::{
    ClientAuth, Identity, Listen, Network, NetworkConfig, NetworkError, TlsConfig, check_tls,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificates::{Authority, connect};
use crate::stage::{PATIENCE, Peer, Stage, config, listen, message};

const LOOK: Duration = Duration::from_millis(20);

fn secured(tls: TlsConfig, client_auth: ClientAuth) -> NetworkConfig {
    let listen = vec![Listen { client_auth, ..listen(Transport::Tls) }];
    NetworkConfig { listen, tls, reload_interval: LOOK, ..config(Transport::Tls) }
}

#[tokio::test]
async fn messages_go_both_ways() {
    let authority = Authority::new();
    let mut stage = Stage::set(secured(authority.config(&["sip.example"]), ClientAuth::None));
    let mut peer = connect(&stage, &authority.client(None), "sip.example").await.unwrap();
    peer.send(message("a", "body") + "\r\n\r\n").await;
    stage.expect(peer.here, &message("a", "body")).await;
    peer.expect("\r\n").await;
    stage.send(peer.here, "answer");
    peer.expect("answer").await;
    let here = peer.here;
    drop(peer);
    stage.expect_end(here).await;
}

#[tokio::test]
async fn who_does_not_speak_tls_is_let_go_unheard() {
    let authority = Authority::new();
    let mut stage = Stage::set(secured(authority.config(&["sip.example"]), ClientAuth::None));
    let mut plain = stage.connect().await;
    plain.send(message("plain", "")).await;
    let mut rest = Vec::new();
    let read = plain.stream.read_to_end(&mut rest);
    // What comes back, if anything, is TLS's word about it.
    assert!(timeout(PATIENCE, read).await.is_ok() && !rest.starts_with(b"SIP"));
    let mut peer = connect(&stage, &authority.client(None), "sip.example").await.unwrap();
    peer.send(message("a", "")).await;
    stage.expect(peer.here, &message("a", "")).await;
}

/// What a client shows.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Nothing,
    Good,
    OfAnotherAuthority,
}

/// Whether a client is heard by a server that asks for this.
async fn is_heard(client_auth: ClientAuth, shown: Shown) -> bool {
    let authority = Authority::new();
    let mut stage = Stage::set(secured(authority.config(&["sip.example"]), client_auth));
    let own = match shown {
        Shown::Nothing => None,
        Shown::Good => Some(authority.vouch(&["trunk.example"])),
        Shown::OfAnotherAuthority => Some(Authority::new().vouch(&["trunk.example"])),
    };
    let client = authority.client(own);
    let Ok(mut peer) = connect(&stage, &client, "sip.example").await else { return false };
    // With TLS 1.3 the client learns of a refusal only when it reads.
    if peer.stream.write_all(message("a", "").as_bytes()).await.is_err() {
        return false;
    }
    tokio::select! {
        _ = stage.next() => true,
        () = peer.expect_end() => false,
    }
}

#[tokio::test]
async fn clients_show_a_good_certificate_where_it_is_required() {
    assert!(is_heard(ClientAuth::Required, Shown::Good).await);
    assert!(!is_heard(ClientAuth::Required, Shown::Nothing).await);
    assert!(!is_heard(ClientAuth::Required, Shown::OfAnotherAuthority).await);
}

#[tokio::test]
async fn clients_may_show_a_certificate_where_it_is_optional_and_it_must_be_good() {
    assert!(is_heard(ClientAuth::Optional, Shown::Good).await);
    assert!(is_heard(ClientAuth::Optional, Shown::Nothing).await);
    assert!(!is_heard(ClientAuth::Optional, Shown::OfAnotherAuthority).await);
}

#[tokio::test]
async fn clients_are_not_asked_where_no_certificate_is_wanted() {
    assert!(is_heard(ClientAuth::None, Shown::Nothing).await);
    assert!(is_heard(ClientAuth::None, Shown::OfAnotherAuthority).await);
}

/// A network that sends to a server with a certificate for these names; whether that is heard.
async fn is_sent(names: &[&str], told: Option<&str>, trust: bool) -> bool {
    let authority = Authority::new();
    let config = authority.config(names);
    let client = TlsConfig { server_ca: trust.then(|| authority.path("ca.pem")), ..config.clone() };
    // The server wants to see who connects.
    let mut server = Stage::set(secured(config, ClientAuth::Required));
    let mut stage = Stage::set(secured(client, ClientAuth::None));
    if let Some(host) = told {
        stage.network.names().tell(server.local().ip(), host);
    }
    let there = server.local();
    stage.send(there, &message("a", ""));
    tokio::select! {
        _ = server.next() => true,
        () = stage.expect_end(there) => false,
    }
}

#[tokio::test]
async fn a_server_must_have_a_certificate_for_its_name_or_else_for_its_address() {
    assert!(is_sent(&["trunk.example"], Some("trunk.example"), true).await);
    assert!(is_sent(&["127.0.0.1"], None, true).await);
    assert!(!is_sent(&["trunk.example"], None, true).await);
    assert!(!is_sent(&["trunk.example"], Some("other.example"), true).await);
}

#[tokio::test]
async fn a_server_whom_nobody_vouches_for_is_not_spoken_to() {
    assert!(!is_sent(&["127.0.0.1"], None, false).await);
}

#[tokio::test]
async fn new_connections_use_a_new_certificate_and_old_ones_go_on() {
    let authority = Authority::new();
    let mut stage = Stage::set(secured(authority.config(&["old.example"]), ClientAuth::None));
    let client = authority.client(None);
    let mut before = connect(&stage, &client, "old.example").await.unwrap();
    authority.install(&authority.vouch(&["new.example"]));
    let mut after = eventually(&stage, &client, "new.example").await;
    for peer in [&mut before, &mut after] {
        peer.send(message("a", "")).await;
        stage.expect(peer.here, &message("a", "")).await;
    }
}

#[tokio::test]
async fn a_bad_file_never_replaces_a_good_one_and_is_told() {
    let authority = Authority::new();
    let stage = Stage::set(secured(authority.config(&["old.example"]), ClientAuth::None));
    let client = authority.client(None);
    let mut trouble = stage.network.trouble();
    assert_eq!(*trouble.borrow(), None);
    for (bad, words) in [("no PEM at all", "certificate.pem"), ("", "no certificate")] {
        authority.write("certificate.pem", bad);
        let told =
            timeout(PATIENCE, trouble.wait_for(|told| told.as_ref().is_some_and(|t| t.contains(words))));
        told.await.expect("the trouble in time").unwrap();
        connect(&stage, &client, "old.example").await.unwrap();
    }
    // A key that does not belong to it.
    let (new, other) = (authority.vouch(&["new.example"]), authority.vouch(&["new.example"]));
    authority.write("key.pem", &other.key);
    authority.write("certificate.pem", &new.certificate);
    let is_told = |told: &Option<String>| told.as_ref().is_some_and(|told| told.contains("cannot be used"));
    timeout(PATIENCE, trouble.wait_for(is_told)).await.expect("the trouble in time").unwrap();
    connect(&stage, &client, "old.example").await.unwrap();

    authority.install(&new);
    timeout(PATIENCE, trouble.wait_for(Option::is_none)).await.expect("the relief in time").unwrap();
    connect(&stage, &client, "new.example").await.unwrap();
}

/// Connects as soon as the server has a certificate for `name`.
async fn eventually(stage: &Stage, client: &TlsConnector, name: &str) -> Peer<TlsStream<TcpStream>> {
    let trying = async {
        loop {
            if let Ok(peer) = connect(stage, client, name).await {
                return peer;
            }
        }
    };
    timeout(PATIENCE, trying).await.expect("the new certificate in time")
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_at_the_start() {
    let authority = Authority::new();
    let good = authority.config(&["sip.example"]);
    assert!(check_tls(&good, &[ClientAuth::Required]).is_ok());
    authority.write("empty.pem", "");
    authority.write("other_key.pem", &authority.vouch(&["sip.example"]).key);
    let identity = |certificate: &str, key: &str| TlsConfig {
        identity: Some(Identity { certificate: authority.path(certificate), key: authority.path(key) }),
        ..good.clone()
    };
    for (config, words) in [
        (identity("missing.pem", "key.pem"), "missing.pem"),
        (identity("empty.pem", "key.pem"), "empty.pem: no certificate"),
        (identity("certificate.pem", "certificate.pem"), "certificate.pem: not readable"),
        (identity("certificate.pem", "other_key.pem"), "certificate.pem: the certificate and its key"),
        (TlsConfig { client_ca: Some(authority.path("empty.pem")), ..good.clone() }, "empty.pem"),
        (TlsConfig { server_ca: Some(authority.path("key.pem")), ..good.clone() }, "key.pem"),
        (TlsConfig { client_ca: None, ..good.clone() }, "an authority"),
        (TlsConfig::default(), "a certificate"),
    ] {
        let error = check_tls(&config, &[ClientAuth::Required]).unwrap_err();
        assert!(error.to_string().contains(words), "{error} has no `{words}`");
        let bound = Network::bind(secured(config, ClientAuth::Required), mpsc::channel(1).0).err().unwrap();
        assert!(matches!(bound, NetworkError::Tls(_)), "{bound}");
    }
}
