//! Who may call in, and the proof: trunks by their address, users by their password (RFC 3261 §22).

use hotline_base::{AgentId, Now, Pii, TrunkId};

use super::receive::reply_flow;
use super::{Endpoint, Event, Party, Peer, SessionId, TAG_LENGTH};
use crate::digest::{Algorithm, Credentials, Ha1, Verdict};
use crate::message::NameAddr;
use crate::session::{Inbound, Owner, Peerage, Sdp, Session, sdp_of};
use crate::transaction::Flow;
use crate::uri::Uri;
use crate::{HeaderName, Message};

/// What the credentials of a request prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// The password of this user.
    Granted { user: String, agent: AgentId },
    /// There are none for our realm.
    Missing,
    /// The password, but the nonce cannot be used again.
    Stale { user: String },
    /// Nothing: wrong, or of nobody.
    Denied,
}

impl Endpoint {
    /// An INVITE outside of a dialog.
    pub(super) fn handle_invite(&mut self, now: Now, inbound: Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        let claimed = message.from().ok().and_then(|from| from.uri.user().map(|user| user.into_owned()));
        let claimed = claimed.filter(|user| self.shared.config.users.contains_key(user));
        let peer = match (self.trunk_of(claimed.as_deref(), &flow), self.authenticate(now, message), claimed)
        {
            (_, Access::Granted { agent, .. }, _) => Peer::Agent(agent),
            (Some(trunk), _, _) => Peer::Trunk(trunk),
            (None, Access::Stale { user }, _) => return self.challenge(now, message, flow, &user, true),
            (None, Access::Missing, Some(user)) => return self.challenge(now, message, flow, &user, false),
            (None, Access::Missing, None) | (None, Access::Denied, _) => {
                self.shared.counters.refused_invites += 1;
                return self.refuse(message, flow, 403);
            }
        };
        if sdp_of(message) == Sdp::Foreign {
            let response = self.stateless(message, flow, 415).header(HeaderName::Accept, super::ACCEPT);
            return self.send_stateless(message, flow, response);
        }
        self.admit(inbound, peer);
    }

    /// What the credentials of `message` prove.
    pub(super) fn authenticate(&mut self, now: Now, message: &Message) -> Access {
        let config = &self.shared.config;
        let given = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        let credentials = given
            .into_iter()
            .flat_map(|name| message.headers(name))
            .filter_map(|value| Credentials::parse(&value).ok())
            .find(|credentials| *credentials.realm == *config.realm);
        let (Some(credentials), Some(method)) = (credentials, message.method()) else {
            return Access::Missing;
        };
        let user = config.users.get(&*credentials.username);
        let hash = user.and_then(|user| user.ha1.iter().find(|(known, _)| *known == credentials.algorithm));
        // Somebody unknown costs the same time as a wrong password.
        let nobody = Ha1::from_hex(credentials.algorithm, "");
        let ha1 = hash.map_or(&nobody, |(_, ha1)| ha1);
        let verdict = self.verifier.check(now, &credentials, ha1, method.as_str());
        match (verdict, user) {
            (Verdict::Accepted, Some(user)) => {
                Access::Granted { user: credentials.username.into(), agent: user.agent.clone() }
            }
            (Verdict::Stale, Some(_)) => {
                self.shared.counters.replays += 1;
                Access::Stale { user: credentials.username.into() }
            }
            (Verdict::Wrong, _) | (Verdict::Accepted | Verdict::Stale, None) => {
                self.shared.counters.auth_failures += 1;
                Access::Denied
            }
        }
    }

    /// Asks for the password of `user`, in the order of algorithms set for that user. For somebody who does not
    /// exist another user's order is taken, always the same one, so that the answer tells nothing.
    pub(super) fn challenge(&mut self, now: Now, message: &Message, flow: Flow, user: &str, stale: bool) {
        self.shared.counters.challenges += 1;
        let algorithms = self.algorithms(user);
        let mut response = self.stateless(message, flow, 401);
        for algorithm in algorithms {
            let shared = &mut self.shared;
            let challenge =
                self.verifier.challenge(now, &shared.config.realm, algorithm, stale, &mut shared.rng);
            response = response.header(HeaderName::WwwAuthenticate, challenge);
        }
        self.send_stateless(message, flow, response);
    }

    fn algorithms(&self, user: &str) -> Vec<Algorithm> {
        let users = &self.shared.config.users;
        let stand_in = || {
            let sum = user.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
            users.values().nth(sum.checked_rem(users.len())?)
        };
        let user = users.get(user).or_else(stand_in);
        let known = user.map(|user| user.ha1.iter().map(|(algorithm, _)| *algorithm).collect());
        known.unwrap_or_else(|| vec![Algorithm::Sha256, Algorithm::Md5])
    }

    /// The trunk that `flow` comes from. A user's phone at an address of a trunk is no trunk.
    fn trunk_of(&self, claimed: Option<&str>, flow: &Flow) -> Option<TrunkId> {
        let bindings = claimed.map_or(&[][..], |user| self.registrar.bindings(user));
        let is_phone = bindings.iter().any(|binding| binding.flow == *flow);
        self.shared.config.trunk_of(flow.remote.ip()).filter(|_| !is_phone).cloned()
    }

    /// Begins the session of an INVITE from somebody who may call.
    fn admit(&mut self, inbound: Inbound, peer: Peer) {
        let (message, flow) = (inbound.message.clone(), inbound.flow);
        if self.sessions.len() >= self.shared.config.limits.sessions {
            return self.refuse_overload(&message, flow);
        }
        let (Ok(uri), Ok(from)) = (message.uri(), message.from()) else {
            return self.refuse(&message, flow, 400);
        };
        let id = SessionId(self.next_id());
        let called = uri.user().unwrap_or_default().into_owned();
        let peerage = Peerage {
            flow: reply_flow(&message, flow),
            pinned: matches!(peer, Peer::Agent(_)),
            local_tag: self.shared.rng.hex(TAG_LENGTH),
            contact: self.contact_header(Some(&called)),
        };
        let key = inbound.key.clone();
        let Ok(session) = Session::incoming(id, inbound.clone(), peerage) else {
            return self.refuse(&message, flow, 400);
        };
        if !self.open(&inbound) {
            return;
        }
        self.shared.layer.adopt(&key, Owner::Session(id));
        self.dialogs.insert(session.key(), id);
        self.sessions.insert(id, session);
        self.shared.events.push_back(Event::Incoming {
            session: id,
            caller: caller(&message, &peer, &from),
            peer,
            called: Pii::new(called),
            offer: sdp_of(&message).known(),
            source: flow.remote,
            call_id: message.call_id().into_owned(),
        });
        self.settle(id);
    }
}

/// Who calls: what a trunk asserts (RFC 3325), else From.
fn caller(message: &Message, peer: &Peer, from: &NameAddr) -> Party {
    let asserted = match peer {
        Peer::Trunk(_) => message.name_addr(HeaderName::PAssertedIdentity).ok().flatten(),
        Peer::Agent(_) => None,
    };
    let who = asserted.as_ref().unwrap_or(from);
    let display = who.display.as_deref().or(from.display.as_deref());
    let host = match &who.uri {
        Uri::Sip(uri) => uri.host.to_string(),
        Uri::Tel(_) | Uri::Other(_) => String::new(),
    };
    Party {
        user: Pii::new(who.uri.user().unwrap_or_default().into_owned()),
        display: display.map(Pii::from),
        host,
    }
}
