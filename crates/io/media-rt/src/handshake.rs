//! One handshake with a browser (DTLS, RFC 9147 and RFC 6347; keys by RFC 5764).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use hotline_media::srtp::{MasterKey, PeerKey, Suite};
use hotline_media::{ConnectFailure, Fingerprint, Srtp};

use crate::identity::{self, Identity, IdentityError};

/// How long a browser has from its first check to the last message of the handshake.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// How long it has until its first check: it gets our description only when somebody answers, whose phone may ring long.
const REACH_MAX: Duration = Duration::from_secs(300);
/// When a message is repeated first: on most ways an answer takes less.
const FIRST_REPETITION: Duration = Duration::from_millis(400);
/// Datagrams of one message that is long.
const QUEUE_MAX: usize = 30;
/// Room for any datagram that is sent.
const DATAGRAM_MAX: usize = 2048;

/// What all handshakes have in common.
#[derive(Clone)]
#[doc(hidden)]
pub struct Terms {
    config: Arc<Config>,
    certificate: DtlsCertificate,
}

impl Terms {
    /// With the certificate that shows who this side is.
    ///
    /// # Errors
    /// The certificate is of no use.
    pub fn of(identity: &Identity) -> Result<Self, IdentityError> {
        Self::new(identity).map_err(IdentityError::Useless)
    }

    pub(crate) fn new(identity: &Identity) -> Result<Self, dimpl::Error> {
        let config = Config::builder()
            // The checks have proved that the peer is where it says.
            .use_server_cookie(false)
            .max_queue_rx(QUEUE_MAX)
            .flight_start_rto(FIRST_REPETITION)
            .handshake_timeout(CONNECT_MAX)
            .build()?;
        let Identity { certificate, private_key } = identity.clone();
        Ok(Self { config: Arc::new(config), certificate: DtlsCertificate { certificate, private_key } })
    }
}

/// A handshake, and what keeps it after its end: the peer may have missed the last message.
pub(crate) struct Handshake {
    dtls: Dtls,
    fingerprints: Vec<Fingerprint>,
    /// Where the peer is.
    to: Option<SocketAddr>,
    is_known: bool,
    keys: Option<Srtp>,
    is_over: bool,
    due: Instant,
    deadline: Instant,
}

/// What follows from a datagram or from time.
pub(crate) enum Outcome {
    /// Nothing yet.
    Waiting,
    /// The peer is who it should be, and audio can be encrypted.
    Keyed(Box<Srtp>),
    /// There will be no audio.
    Failed(ConnectFailure),
}

impl Handshake {
    pub(crate) fn new(terms: &Terms, is_client: bool, fingerprints: Vec<Fingerprint>, now: Instant) -> Self {
        let mut dtls = Dtls::new_auto(Arc::clone(&terms.config), terms.certificate.clone(), now);
        if is_client {
            dtls.set_active(true);
        }
        let deadline = now + REACH_MAX;
        Self {
            dtls,
            fingerprints,
            to: None,
            is_known: false,
            keys: None,
            is_over: false,
            due: deadline,
            deadline,
        }
    }

    /// When it must be woken.
    pub(crate) fn due(&self) -> Instant {
        if self.is_over { self.due } else { self.due.min(self.deadline) }
    }

    /// The peer is there: who begins may begin.
    pub(crate) fn reach(
        &mut self,
        now: Instant,
        at: SocketAddr,
        send: impl FnMut(SocketAddr, &[u8]),
    ) -> Outcome {
        self.note(now, at);
        self.handle_timeout(now, send)
    }

    /// The peer is there, and has the time of a handshake from the first time on.
    fn note(&mut self, now: Instant, at: SocketAddr) {
        if self.to.replace(at).is_none() {
            self.deadline = now + CONNECT_MAX;
        }
    }

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        send: impl FnMut(SocketAddr, &[u8]),
    ) -> Outcome {
        self.note(now, from);
        let taken = self.dtls.handle_timeout(now).and_then(|()| self.dtls.handle_packet(datagram));
        self.go_on(taken, send)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, send: impl FnMut(SocketAddr, &[u8])) -> Outcome {
        if !self.is_over && now >= self.deadline {
            return self.fail(ConnectFailure::Unreached);
        }
        // Who begins waits until there is somebody to begin with.
        if self.to.is_none() {
            return Outcome::Waiting;
        }
        let woken = self.dtls.handle_timeout(now);
        self.go_on(woken, send)
    }

    fn fail(&mut self, cause: ConnectFailure) -> Outcome {
        // What happens to the handshake after its end changes nothing for the audio.
        if std::mem::replace(&mut self.is_over, true) { Outcome::Waiting } else { Outcome::Failed(cause) }
    }

    fn go_on(&mut self, done: Result<(), dimpl::Error>, mut send: impl FnMut(SocketAddr, &[u8])) -> Outcome {
        if let Err(error) = done {
            tracing::debug!(%error, "a handshake with a browser has failed");
            self.due = self.deadline;
            return self.fail(ConnectFailure::Handshake);
        }
        let mut room = [0; DATAGRAM_MAX];
        let mut is_connected = false;
        loop {
            match self.dtls.poll_output(&mut room) {
                Output::Packet(packet) => {
                    if let Some(to) = self.to {
                        send(to, packet);
                    }
                }
                Output::PeerCert(certificate) => {
                    self.is_known = identity::is_described(certificate, &self.fingerprints);
                    if !self.is_known {
                        return self.fail(ConnectFailure::WrongCertificate);
                    }
                }
                Output::KeyingMaterial(material, profile) => {
                    self.keys = split(&material, profile, self.dtls.is_active());
                }
                Output::Connected => is_connected = true,
                Output::Timeout(at) => {
                    self.due = at;
                    break;
                }
                Output::BufferTooSmall { .. } => return self.fail(ConnectFailure::Handshake),
                // Nothing is agreed on that could be said in them; who hangs up says so by SIP.
                Output::ApplicationData(_) | Output::CloseNotify => {}
                _ => {}
            }
        }
        if !is_connected || self.is_over {
            return Outcome::Waiting;
        }
        match self.keys.take().filter(|_| self.is_known) {
            Some(keys) => {
                self.is_over = true;
                Outcome::Keyed(Box::new(keys))
            }
            None => self.fail(ConnectFailure::Handshake),
        }
    }
}

/// RFC 5764 §4.2: the key of the client, that of the server, the client's salt, the server's.
fn split(material: &[u8], profile: SrtpProfile, is_client: bool) -> Option<Srtp> {
    let suite = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128HmacSha1Tag80,
        SrtpProfile::AEAD_AES_128_GCM => Suite::AeadAes128Gcm,
        SrtpProfile::AEAD_AES_256_GCM => Suite::AeadAes256Gcm,
        _ => return None,
    };
    let (keys, salts) = material.split_at_checked(2 * suite.key_len())?;
    let (client_key, server_key) = keys.split_at(suite.key_len());
    let (client_salt, server_salt) = salts.split_at_checked(salts.len() / 2)?;
    let client = MasterKey::new(suite, client_key, client_salt)?;
    let server = MasterKey::new(suite, server_key, server_salt)?;
    let (ours, theirs) = if is_client { (client, server) } else { (server, client) };
    Some(Srtp { ours, theirs: vec![PeerKey { key: theirs, mki: None }] })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::guard::Guard;

    const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 20_000);
    const BROWSER: ([u8; 4], u16) = ([192, 0, 2, 7], 50_000);

    struct Side {
        handshake: Handshake,
        sent: Vec<Vec<u8>>,
        outcome: Outcome,
    }

    impl Side {
        fn new(identity: &Identity, is_client: bool, peer: Fingerprint, now: Instant) -> Self {
            let terms = Terms::new(identity).unwrap();
            let handshake = Handshake::new(&terms, is_client, vec![peer], now);
            Self { handshake, sent: Vec::new(), outcome: Outcome::Waiting }
        }

        fn act(&mut self, step: impl FnOnce(&mut Handshake, &mut dyn FnMut(SocketAddr, &[u8])) -> Outcome) {
            let sent = &mut self.sent;
            let outcome = step(&mut self.handshake, &mut |_, packet| sent.push(packet.to_vec()));
            if !matches!(outcome, Outcome::Waiting) {
                self.outcome = outcome;
            }
        }
    }

    /// Server and client, after all that they had to say.
    fn shake(server: &mut Side, client: &mut Side, now: Instant) {
        client.act(|client, send| client.reach(now, SERVER.into(), &mut *send));
        while !server.sent.is_empty() || !client.sent.is_empty() {
            for packet in std::mem::take(&mut client.sent) {
                server.act(|side, send| side.handle_datagram(now, BROWSER.into(), &packet, &mut *send));
            }
            for packet in std::mem::take(&mut server.sent) {
                client.act(|side, send| side.handle_datagram(now, SERVER.into(), &packet, &mut *send));
            }
        }
    }

    fn keys(side: Side) -> Srtp {
        match side.outcome {
            Outcome::Keyed(keys) => *keys,
            Outcome::Waiting | Outcome::Failed(_) => panic!("the handshake is not complete"),
        }
    }

    #[test]
    fn both_sides_get_the_same_keys_and_understand_each_other() {
        let (ours, theirs) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let now = Instant::now();
        let mut server = Side::new(&ours, false, theirs.fingerprint(), now);
        let mut client = Side::new(&theirs, true, ours.fingerprint(), now);
        shake(&mut server, &mut client, now);
        let (mut server, mut client) = (Guard::new(&keys(server)), Guard::new(&keys(client)));
        let mut packet = vec![0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        packet.extend([0x55; 160]);
        let mut room = [0; crate::thread::DATAGRAM_MAX + hotline_srtp::OVERHEAD_MAX];
        let mut sent = server.protect(&packet, &mut room).unwrap().to_vec();
        assert_eq!(client.open(&mut sent), Ok(packet.len()));
        let mut sent = client.protect(&packet, &mut room).unwrap().to_vec();
        assert_eq!(server.open(&mut sent), Ok(packet.len()));
    }

    #[test]
    fn a_certificate_that_was_not_described_gets_no_keys() {
        let [ours, theirs, another] = [(); 3].map(|()| Identity::generate().unwrap());
        let now = Instant::now();
        for is_client in [false, true] {
            let mut here = Side::new(&ours, is_client, another.fingerprint(), now);
            let mut there = Side::new(&theirs, !is_client, ours.fingerprint(), now);
            let (server, client) = if is_client { (&mut there, &mut here) } else { (&mut here, &mut there) };
            shake(server, client, now);
            assert!(matches!(here.outcome, Outcome::Failed(ConnectFailure::WrongCertificate)));
        }
    }

    #[test]
    fn who_never_comes_or_never_ends_it_is_given_up() {
        let (ours, theirs) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let now = Instant::now();
        let mut alone = Side::new(&ours, false, theirs.fingerprint(), now);
        alone.act(|side, send| side.handle_timeout(now + REACH_MAX - Duration::from_secs(1), &mut *send));
        assert!(matches!(alone.outcome, Outcome::Waiting));
        alone.act(|side, send| side.handle_timeout(now + REACH_MAX, &mut *send));
        assert!(matches!(alone.outcome, Outcome::Failed(ConnectFailure::Unreached)));

        let mut silent = Side::new(&ours, false, theirs.fingerprint(), now);
        silent.act(|side, send| side.reach(now, BROWSER.into(), &mut *send));
        silent.act(|side, send| side.handle_timeout(now + CONNECT_MAX, &mut *send));
        assert!(matches!(silent.outcome, Outcome::Failed(ConnectFailure::Unreached)));
    }
}
