//! The browser's side of a leg, without sockets: finds the server by checks, makes the handshake with it, and encrypts as agreed.
//! For phones of tests and for what measures the server; the server itself is always the other side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use hotline_base::Pii;
use hotline_media::Fingerprint;
use hotline_srtp::OVERHEAD_MAX;
use is::stun::{StunMessage, StunMessageBuilder, TransId};

use crate::guard::Guard;
use crate::handshake::{Handshake, Outcome, Terms};
use crate::ice::sha1_hmac;
use crate::thread::DATAGRAM_MAX;

/// How soon a check is repeated that was not answered (RFC 8445 §14.3 allows so little to one stream)…
const CHECK_AGAIN: Duration = Duration::from_millis(50);
/// …and how often the way is looked at once it was (RFC 7675 §5.1 wants it every five seconds; Chromium does it as often as this).
const CONSENT: Duration = Duration::from_millis(2500);
/// A check with all its attributes.
const CHECK_MAX: usize = 256;
/// Handshakes know their peer by its address; here there is only one, whichever the socket's owner sends to.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9);
/// What a check says of its way's worth (RFC 8445 §5.1.2): a host candidate of the first address.
const PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;

/// How the server is found and known.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Meeting {
    /// The browser's name in checks.
    pub ufrag: String,
    /// The server's.
    pub peer_ufrag: String,
    /// What proves to the server that a check is from who has its description.
    pub peer_password: Pii<String>,
    /// One of these is that of the server's certificate.
    pub fingerprints: Vec<Fingerprint>,
    /// Whether the browser begins the handshake.
    pub is_client: bool,
}

/// One leg, seen from the browser.
#[doc(hidden)]
pub struct BrowserEnd {
    meeting: Meeting,
    handshake: Handshake,
    waiting: Vec<Vec<u8>>,
    check_due: Instant,
    /// A check was answered.
    is_found: bool,
    /// Why the handshake came to nothing.
    failed: Option<hotline_media::ConnectFailure>,
    srtp: Option<Guard>,
    room: Box<[u8; DATAGRAM_MAX + OVERHEAD_MAX]>,
}

impl BrowserEnd {
    /// A leg whose first check is due at once.
    #[must_use]
    pub fn new(terms: &Terms, meeting: Meeting, now: Instant) -> Self {
        let handshake = Handshake::new(terms, meeting.is_client, meeting.fingerprints.clone(), now);
        Self {
            meeting,
            handshake,
            waiting: Vec::new(),
            check_due: now,
            is_found: false,
            failed: None,
            srtp: None,
            room: Box::new([0; DATAGRAM_MAX + OVERHEAD_MAX]),
        }
    }

    /// Whether audio can be sent and heard.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.srtp.is_some()
    }

    /// Why there will be no audio.
    #[must_use]
    pub const fn failure(&self) -> Option<hotline_media::ConnectFailure> {
        self.failed
    }

    /// A datagram that is to be sent, unless it is audio.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        if self.waiting.is_empty() { None } else { Some(self.waiting.remove(0)) }
    }

    /// Whether [`BrowserEnd::handle_timeout`] has something to do.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.check_due || self.is_handshake_due(now)
    }

    /// Sends the check that is due, and repeats what the handshake lost.
    pub fn handle_timeout(&mut self, now: Instant) {
        if now >= self.check_due {
            self.check_due = now + if self.is_found { CONSENT } else { CHECK_AGAIN };
            self.waiting.push(self.check());
        }
        if self.is_handshake_due(now) {
            self.shake(|handshake, send| handshake.handle_timeout(now, send));
        }
    }

    fn is_handshake_due(&self, now: Instant) -> bool {
        self.failed.is_none() && now >= self.handshake.due()
    }

    /// Takes what came from the server, in its place; the length of audio, or of a report, if it was one.
    pub fn take(&mut self, now: Instant, packet: &mut [u8]) -> Option<usize> {
        match packet.first() {
            Some(0..=3) => {
                let password = self.meeting.peer_password.expose().as_bytes();
                let answer = StunMessage::parse(packet).ok()?;
                let is_answer = answer.is_successful_binding_response() && answer.verify(password, sha1_hmac);
                if is_answer && !std::mem::replace(&mut self.is_found, true) {
                    self.check_due = now + CONSENT;
                    self.shake(|handshake, send| handshake.reach(now, SERVER, send));
                }
                None
            }
            Some(20..=63) => {
                self.shake(|handshake, send| handshake.handle_datagram(now, SERVER, packet, send));
                None
            }
            Some(128..=191) => self.srtp.as_mut()?.open(packet).ok(),
            _ => None,
        }
    }

    /// A packet, encrypted; `None` before there are keys.
    pub fn protect(&mut self, packet: &[u8]) -> Option<&[u8]> {
        self.srtp.as_mut()?.protect(packet, &mut self.room)
    }

    fn check(&self) -> Vec<u8> {
        let Meeting { ufrag, peer_ufrag, peer_password, .. } = &self.meeting;
        let username = format!("{peer_ufrag}:{ufrag}");
        let check = StunMessageBuilder::new().binding().request().username(&username).prio(PRIORITY);
        let check = check.use_candidate().ice_controlling(1).build(TransId::new());
        let mut bytes = vec![0; CHECK_MAX];
        let written = check.to_bytes(Some(peer_password.expose().as_bytes()), &mut bytes, sha1_hmac);
        bytes.truncate(written.unwrap_or(0));
        bytes
    }

    fn shake(&mut self, step: impl FnOnce(&mut Handshake, &mut dyn FnMut(SocketAddr, &[u8])) -> Outcome) {
        let waiting = &mut self.waiting;
        match step(&mut self.handshake, &mut |_, datagram| waiting.push(datagram.to_vec())) {
            Outcome::Waiting => {}
            Outcome::Keyed(keys) => self.srtp = Some(Guard::new(&keys)),
            Outcome::Failed(cause) => self.failed = Some(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::LegId;

    use super::*;
    use crate::browser::{BrowserGuard, Came};
    use crate::desk::{Reply, by_hand};
    use crate::ice::ANSWER_MAX;
    use crate::ice::tests::{PASSWORD, agreed};
    use crate::identity::Identity;

    const BROWSER: ([u8; 4], u16) = ([192, 0, 2, 7], 50_000);

    #[test]
    fn a_browser_finds_a_leg_of_the_server_shakes_hands_with_it_and_both_hear_each_other() {
        let (ours, theirs) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let (mut clerk, mut counter, replies) = by_hand(Terms::new(&ours).unwrap()).unwrap();
        let leg = hotline_media::Dtls { fingerprints: vec![theirs.fingerprint()], ..agreed() };
        let mut guard = BrowserGuard::new(LegId(1), &leg, &mut counter).unwrap();
        let meeting = Meeting {
            ufrag: "theirs".to_owned(),
            peer_ufrag: "ours".to_owned(),
            peer_password: Pii::from(PASSWORD),
            fingerprints: vec![ours.fingerprint()],
            is_client: true,
        };
        let now = Instant::now();
        let mut browser = BrowserEnd::new(&Terms::new(&theirs).unwrap(), meeting, now);
        assert!(browser.is_due(now) && browser.protect(&[0x80; 172]).is_none());
        browser.handle_timeout(now);
        let mut answer = [0; ANSWER_MAX];
        while let Some(mut datagram) = browser.poll_transmit() {
            let came = guard.take(&mut datagram, BROWSER.into(), &mut answer, &counter);
            if let Came::Check(length) = came {
                browser.take(now, &mut answer[..length]);
            }
            clerk.catch_up(now);
            for reply in replies.try_iter() {
                match reply {
                    Reply::Send { mut datagram, .. } => assert_eq!(browser.take(now, &mut datagram), None),
                    Reply::Keyed { keys, .. } => guard.open(&keys),
                    Reply::Failed { cause, .. } => panic!("{cause}"),
                }
            }
        }
        assert!(browser.is_open() && browser.failure().is_none() && !browser.is_due(now));
        let mut packet = vec![0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        packet.extend([0x55; 160]);
        let mut sealed = browser.protect(&packet).unwrap().to_vec();
        let came = guard.take(&mut sealed, BROWSER.into(), &mut answer, &counter);
        assert_eq!(came, Came::Audio(packet.len()));
        let mut room = [0; DATAGRAM_MAX + OVERHEAD_MAX];
        let mut sealed = guard.protect(&packet, &mut room).unwrap().0.to_vec();
        assert_eq!(browser.take(now, &mut sealed), Some(packet.len()));
    }
}
