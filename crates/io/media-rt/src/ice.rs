//! Answers the connectivity checks of a browser (ICE, RFC 8445): this side is lite, so it is found and finds nobody.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hotline_base::LegId;
use hotline_media::Dtls;
use is::stun::StunMessage;
use sha1::Sha1;

use crate::names::Meant;

/// From how many addresses the peer may have proved to be reached, the newest that is not in use giving way. A machine with
/// several networks and IPv6 has about as many.
const PATHS_MAX: usize = 8;
/// Room for an answer: header, mapped address, integrity and fingerprint.
pub(crate) const ANSWER_MAX: usize = 128;

/// The peer's addresses, as its checks proved them.
pub(crate) struct Responder {
    ufrag: String,
    password: String,
    peer_ufrag: String,
    /// From which an authentic check came.
    paths: Vec<SocketAddr>,
    /// The one of them that the peer chose.
    nominated: Option<SocketAddr>,
}

/// Not a check of our peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl Responder {
    pub(crate) fn new(agreed: &Dtls) -> Self {
        let mut responder = Self {
            ufrag: String::new(),
            password: String::new(),
            peer_ufrag: String::new(),
            paths: Vec::with_capacity(PATHS_MAX),
            nominated: None,
        };
        responder.renew(agreed);
        responder
    }

    /// Takes other names and passwords. What was proved with those before goes on until there is better.
    pub(crate) fn renew(&mut self, agreed: &Dtls) {
        self.ufrag.clone_from(&agreed.ufrag);
        self.password.clone_from(agreed.password.expose());
        self.peer_ufrag.clone_from(&agreed.peer_ufrag);
    }

    /// Whether the peer has proved to be there.
    pub(crate) fn knows(&self, source: SocketAddr) -> bool {
        self.paths.contains(&source)
    }

    /// Where to send to: where the peer chose, until then where it was seen first.
    pub(crate) fn selected(&self) -> Option<SocketAddr> {
        self.nominated.or_else(|| self.paths.first().copied())
    }

    /// Writes the answer to a check into `room`; gives its length. Whoever does not know our password gets none.
    pub(crate) fn answer(
        &mut self,
        packet: &[u8],
        source: SocketAddr,
        room: &mut [u8; ANSWER_MAX],
    ) -> Result<usize, NotOurs> {
        let check = StunMessage::parse(packet).map_err(|_| NotOurs)?;
        let is_for_us = check.split_username().is_some_and(|(to, _)| to == self.ufrag);
        if !is_for_us || !is_authentic(&check, &self.peer_ufrag, &self.password) {
            return Err(NotOurs);
        }
        // Who only answers is controlled (RFC 8445 §6.1.1); a peer that wants to be so itself must think again.
        let answer = if check.ice_controlled().is_some() {
            StunMessage::binding_role_conflict_reply(check.trans_id())
        } else {
            self.note(source, check.use_candidate());
            let seen = SocketAddr::new(source.ip().to_canonical(), source.port());
            StunMessage::binding_reply(check.trans_id(), seen)
        };
        answer.to_bytes(Some(self.password.as_bytes()), room, sha1_hmac).map_err(|_| NotOurs)
    }

    /// There is no way to that address any more.
    pub(crate) fn forget(&mut self, path: SocketAddr) {
        self.paths.retain(|known| *known != path);
        self.nominated = self.nominated.filter(|nominated| *nominated != path);
    }

    fn note(&mut self, source: SocketAddr, is_nominated: bool) {
        if !self.knows(source) {
            if self.paths.len() == PATHS_MAX {
                let unused = self.paths.iter().rposition(|path| Some(*path) != self.selected());
                self.paths.remove(unused.unwrap_or(PATHS_MAX - 1));
            }
            self.paths.push(source);
        }
        if is_nominated {
            self.nominated = Some(source);
        }
    }
}

/// Whom the first check of a connection is for.
pub(crate) enum Called {
    /// This leg, whose password it knows.
    Proved { leg: LegId, thread: usize },
    /// Somebody who is not there, or not yet.
    Unknown,
    /// It is no check, or from somebody who does not know the password.
    Wrong,
}

/// See [`Called`]. `find` says who has a name.
pub(crate) fn called(packet: &[u8], find: impl FnOnce(&str) -> Option<Meant>) -> Called {
    let Ok(check) = StunMessage::parse(packet) else { return Called::Wrong };
    let Some((to, _)) = check.split_username().filter(|_| check.is_binding_request()) else {
        return Called::Wrong;
    };
    let Some(Meant { leg, thread, password, peer_ufrag }) = find(to) else { return Called::Unknown };
    if is_authentic(&check, &peer_ufrag, password.expose()) {
        Called::Proved { leg, thread }
    } else {
        Called::Wrong
    }
}

/// A check of this peer with this password.
fn is_authentic(check: &StunMessage<'_>, peer_ufrag: &str, password: &str) -> bool {
    check.is_binding_request()
        && check.split_username().is_some_and(|(_, from)| from == peer_ufrag)
        && check.verify(password.as_bytes(), sha1_hmac)
}

pub(crate) fn sha1_hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut code = Hmac::<Sha1>::new_from_slice(key).expect("an HMAC takes keys of any length");
    parts.iter().for_each(|part| code.update(part));
    code.finalize().into_bytes().into()
}

#[cfg(test)]
pub(crate) mod tests {
    use hotline_base::Pii;
    use is::stun::{StunMessageBuilder, TransId};

    use super::*;

    pub(crate) const PASSWORD: &str = "0123456789abcdefghijklmn";

    pub(crate) fn agreed() -> Dtls {
        Dtls {
            ufrag: "ours".to_owned(),
            password: Pii::from(PASSWORD),
            peer_ufrag: "theirs".to_owned(),
            fingerprints: Vec::new(),
            is_client: false,
        }
    }

    pub(crate) fn check(username: &str, password: &str, nominates: bool) -> Vec<u8> {
        let check = StunMessageBuilder::new().binding().request().username(username).prio(1);
        let check = if nominates { check.use_candidate() } else { check };
        let check = check.ice_controlling(7).build(TransId::new());
        let mut bytes = vec![0; 256];
        let length = check.to_bytes(Some(password.as_bytes()), &mut bytes, sha1_hmac).unwrap();
        bytes.truncate(length);
        bytes
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], port))
    }

    #[test]
    fn who_knows_the_password_is_answered_and_may_set_the_address_and_nobody_else() {
        let (mut responder, mut room) = (Responder::new(&agreed()), [0; ANSWER_MAX]);
        for wrong in [
            check("ours:theirs", "another password, long enough", true),
            check("ours:others", PASSWORD, true),
            check("others:theirs", PASSWORD, true),
            b"\x00\x01".to_vec(),
        ] {
            assert_eq!(responder.answer(&wrong, at(1), &mut room), Err(NotOurs));
        }
        assert_eq!(responder.selected(), None);

        let length = responder.answer(&check("ours:theirs", PASSWORD, false), at(2), &mut room).unwrap();
        let answer = StunMessage::parse(&room[..length]).unwrap();
        assert!(answer.is_successful_binding_response() && answer.verify(PASSWORD.as_bytes(), sha1_hmac));
        assert_eq!(answer.mapped_address(), Some(at(2)));
        assert_eq!(responder.selected(), Some(at(2)));
        responder.answer(&check("ours:theirs", PASSWORD, true), at(3), &mut room).unwrap();
        assert_eq!(responder.selected(), Some(at(3)), "the peer chooses");
        responder.forget(at(3));
        assert_eq!(responder.selected(), Some(at(2)), "the way that is left");
        responder.answer(&check("ours:theirs", PASSWORD, true), at(3), &mut room).unwrap();
        for port in 100..200 {
            responder.answer(&check("ours:theirs", PASSWORD, false), at(port), &mut room).unwrap();
        }
        assert_eq!((responder.selected(), responder.paths.len()), (Some(at(3)), PATHS_MAX));
    }
}
