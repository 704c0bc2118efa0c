//! Who may call in, and the proof: trunks by their address, users by their password (RFC 3261 §22).

use hotline_base::{AgentId, Now, Pii, TrunkId};

use super::identity::{caller, diversion};
use super::{Endpoint, Event, Load, Party, Peer, SessionId, TrunkConfig};
use crate::address::reply_flow;
use crate::dialog::Dialog;
use crate::digest::{Algorithm, Credentials, Ha1, Verdict, realm_of};
use crate::flow::Flow;
use crate::message::{Builder, NameAddr};
use crate::outgoing::TAG_LENGTH;
use crate::replaces::Replaces;
use crate::session::{Inbound, Owner, Peerage, Sdp, Session, is_too_brief, sdp_of};
use crate::uri::Uri;
use crate::{HeaderName, Message, Transport};

/// What the credentials of a request prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// The password of this user.
    Granted { user: String, agent: AgentId },
    /// There are none for our realm.
    Missing,
    /// They use what was not offered, or cannot be read: 400 (RFC 7616 §3.4). A challenge would be answered in the
    /// same way again.
    Unusable,
    /// The password, but the nonce cannot be used again.
    Stale { user: String },
    /// Nothing: wrong, or of nobody. Asked again as if there had been none: a phone that is set right needs no
    /// restart.
    Denied,
}

/// Whom the credentials of a request prove; as [`Access`], of agents and guests.
enum Proof {
    Proved(String),
    Missing,
    Unusable,
    Stale(String),
    Denied,
}

/// The credentials of a request for our realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// None, or only a user's name.
    Nothing,
    /// Some that cannot be checked.
    Unusable,
    /// Proved or not.
    Credentials(Box<Credentials>),
}

impl Claim {
    /// Whom they name.
    pub(super) fn user(&self) -> Option<&str> {
        match self {
            Self::Nothing | Self::Unusable => None,
            Self::Credentials(credentials) => Some(&credentials.username),
        }
    }
}

/// Where an INVITE comes from, as far as its address tells.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// An address of a trunk.
    Trunk(TrunkId),
    /// Where a phone of these users registered: the password of one of them lets it in. `asked` is the one in
    /// whose order of algorithms it is challenged.
    Phone { users: Vec<String>, asked: String },
    /// A guest who may call one number.
    Guest { user: String },
}

/// Who was let in.
struct Admitted {
    peer: Peer,
    caller: Party,
}

impl Endpoint {
    /// An INVITE outside of a dialog. Who calls is told by the address, then by a password; From is only what the
    /// caller wants shown, and changes no answer.
    pub(super) fn handle_invite(&mut self, now: Now, inbound: Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        let (Some(source), Ok(from)) = (self.source_of(now, message, &flow), message.from()) else {
            self.shared.counters.refused_invites += 1;
            return self.refuse(message, flow, 403);
        };
        if let Source::Phone { .. } | Source::Guest { .. } = source {
            let user = from.uri.user().unwrap_or_default();
            if !self.hears(now, flow, self.claim(message).user().unwrap_or(&user)) {
                return;
            }
        }
        // Before the proof is looked at: what is refused must not use up its nonce count.
        if let Some(refusal) = self.inadmissible(message, flow) {
            return self.send_stateless(message, flow, refusal);
        }
        let replaces = match Self::replaced_by(message, &source) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(message, flow, status),
        };
        let admitted = match source {
            Source::Trunk(trunk) => {
                let is_trusted = self.trunk(&trunk).is_some_and(|trunk| trunk.trusted);
                Admitted { caller: caller(message, from, is_trusted), peer: Peer::Trunk(trunk) }
            }
            Source::Phone { users, asked } => match self.authenticate(now, message, flow, &users) {
                Access::Granted { user, agent } => {
                    Admitted { caller: self.account(user, &from), peer: Peer::Agent(agent) }
                }
                Access::Stale { user } => return self.challenge(now, message, flow, &user, true),
                Access::Missing | Access::Denied => return self.challenge(now, message, flow, &asked, false),
                Access::Unusable => return self.refuse(message, flow, 400),
            },
            Source::Guest { user } => match self.admit_as_guest(now, message, flow, (&user, &from)) {
                Some(admitted) => admitted,
                None => return,
            },
        };
        self.admit(now, inbound, admitted, replaces);
    }

    /// The dialog that an INVITE is to take the place of, or the status that refuses it: only phones of ours may (RFC 3891
    /// §3).
    fn replaced_by(message: &Message, source: &Source) -> Result<Option<Replaces>, u16> {
        let mut named = message.headers(HeaderName::Replaces);
        let Some(value) = named.next() else { return Ok(None) };
        let replaces = Replaces::parse(&value).map_err(|_| 400_u16)?;
        match (source, named.next()) {
            (_, Some(_)) => Err(400),
            (Source::Trunk(_) | Source::Guest { .. }, None) => Err(403),
            (Source::Phone { .. }, None) => Ok(Some(replaces)),
        }
    }

    /// Its session, or the status that refuses the one that is to take its place.
    fn replaceable(&self, replaces: &Replaces) -> Result<SessionId, u16> {
        match self.replaced(replaces) {
            None => Err(481),
            Some((_, true)) if replaces.early_only => Err(486),
            Some((session, _)) => Ok(session),
        }
    }

    /// The response to an INVITE that nobody may send: a body, a way back or a number that cannot be read, a session
    /// that would live too short, or one too many.
    fn inadmissible(&mut self, message: &Message, flow: Flow) -> Option<Builder> {
        let is_shed = match self.load {
            Load::Bearable => false,
            Load::TooMuch => {
                self.shared.counters.shed += 1;
                true
            }
        };
        if is_shed || self.is_out_of_sessions() || self.is_full() {
            return Some(self.overload(message, flow));
        }
        if message.uri().is_err() || Dialog::from_request(message, "").is_err() {
            return Some(self.stateless(message, flow, 400));
        }
        if is_too_brief(message, &self.shared.config.sessions) {
            self.shared.counters.brief_sessions += 1;
            let least = self.shared.config.sessions.min_se.as_secs();
            return Some(self.stateless(message, flow, 422).header(HeaderName::MinSe, least));
        }
        let is_foreign = sdp_of(message) == Sdp::Foreign;
        is_foreign.then(|| {
            let response = self.stateless(message, flow, 415).header(HeaderName::Accept, super::ACCEPT);
            response.header(HeaderName::AcceptEncoding, "identity")
        })
    }

    /// Whose address an INVITE comes from; `None` for a stranger's. Where a phone registered there is that phone
    /// and no trunk. A NAT may show a phone's calls at another port than its registration, so that the address
    /// alone counts when no phone is at that port.
    fn source_of(&self, now: Now, message: &Message, flow: &Flow) -> Option<Source> {
        if matches!(flow.transport, Transport::Ws | Transport::Wss)
            && let Some(user) =
                message.from().ok().and_then(|from| from.uri.user().map(|user| user.into_owned()))
            && self.passes.called_by(now, &user).is_some()
        {
            return Some(Source::Guest { user });
        }
        let mut users: Vec<&str> = self.registrar.at(flow.remote).collect();
        if users.is_empty() {
            if let Some(trunk) = self.trunk_at(flow.remote.ip()) {
                return Some(Source::Trunk(trunk.id.clone()));
            }
            users = self.registrar.behind(flow.remote.ip()).collect();
        }
        let from = message.from().ok();
        let from = from.as_ref().and_then(|from| from.uri.user()).unwrap_or_default();
        let asked = users.iter().find(|user| **user == from).or(users.first())?;
        Some(Source::Phone {
            asked: (*asked).to_owned(),
            users: users.into_iter().map(str::to_owned).collect(),
        })
    }

    /// A guest who has proved the password and calls the number that it is for; else the INVITE is answered.
    fn admit_as_guest(
        &mut self,
        now: Now,
        message: &Message,
        flow: Flow,
        (user, from): (&str, &NameAddr),
    ) -> Option<Admitted> {
        let own = [user.to_owned()];
        match self.prove(now, message, flow, &own) {
            Proof::Proved(_) => {}
            Proof::Stale(user) => {
                self.challenge(now, message, flow, &user, true);
                return None;
            }
            Proof::Missing | Proof::Denied => {
                self.challenge(now, message, flow, user, false);
                return None;
            }
            Proof::Unusable => {
                self.refuse(message, flow, 400);
                return None;
            }
        }
        let called = message.uri().ok().and_then(|uri| uri.user().map(|user| user.into_owned()));
        if called.as_deref() != self.passes.called_by(now, user) {
            self.shared.counters.refused_invites += 1;
            self.refuse(message, flow, 403);
            return None;
        }
        self.passes.use_up(user);
        Some(Admitted { caller: self.account(user.to_owned(), from), peer: Peer::Guest })
    }

    /// What the credentials of `message` prove, if they are of one of `users`.
    pub(super) fn authenticate(
        &mut self,
        now: Now,
        message: &Message,
        flow: Flow,
        users: &[String],
    ) -> Access {
        // A guest is nobody's phone.
        let known: Vec<String> =
            users.iter().filter(|user| self.shared.config.users.contains_key(*user)).cloned().collect();
        match self.prove(now, message, flow, &known) {
            Proof::Proved(user) => match self.shared.config.users.get(&user) {
                Some(of) => Access::Granted { agent: of.agent.clone(), user },
                None => Access::Denied,
            },
            Proof::Stale(user) => Access::Stale { user },
            Proof::Missing => Access::Missing,
            Proof::Unusable => Access::Unusable,
            Proof::Denied => Access::Denied,
        }
    }

    /// Which of `users` the credentials of `message` prove, by the configuration or by a password for a while.
    fn prove(&mut self, now: Now, message: &Message, flow: Flow, users: &[String]) -> Proof {
        let credentials = match self.claim(message) {
            Claim::Credentials(credentials) => credentials,
            Claim::Nothing => return Proof::Missing,
            Claim::Unusable => {
                self.shared.counters.unusable_credentials += 1;
                return Proof::Unusable;
            }
        };
        let Some(method) = message.method() else { return Proof::Missing };
        let (name, algorithm) = (&*credentials.username, credentials.algorithm);
        let is_meant = users.iter().any(|user| **user == *name);
        let configured = self.shared.config.users.get(name).into_iter().flat_map(|user| &user.ha1);
        let configured = configured.filter(|(known, _)| *known == algorithm).map(|(_, ha1)| ha1);
        let all = configured.chain(self.passes.hashes(now, name, algorithm)).filter(|_| is_meant);
        // Somebody unknown costs the same time as a wrong password.
        let nobody = Ha1::from_hex(algorithm, "");
        let mut verdict = Verdict::Wrong;
        for ha1 in all.chain(core::iter::once(&nobody)) {
            verdict = self.verifier.check(now, &credentials, ha1, method.as_str());
            if verdict != Verdict::Wrong {
                break;
            }
        }
        self.shared.counters.nonces_evicted = self.verifier.evicted();
        match verdict {
            Verdict::Accepted if is_meant => Proof::Proved(credentials.username.into()),
            Verdict::Stale if is_meant => {
                self.shared.counters.replays += 1;
                Proof::Stale(credentials.username.into())
            }
            Verdict::Wrong | Verdict::Accepted | Verdict::Stale => {
                self.note_failure(now, flow, &credentials.username);
                Proof::Denied
            }
        }
    }

    /// Counts a wrong password of who says to be `user`. A stranger with too many is not heard for a while; where a phone
    /// or a trunk is, only that user is not, as others must not suffer for it.
    pub(super) fn note_failure(&mut self, now: Now, flow: Flow, user: &str) {
        let (source, counters) = (flow.remote.ip(), &mut self.shared.counters);
        counters.auth_failures += 1;
        if self.is_stranger(source) {
            self.shared.counters.sources_blocked += u64::from(self.throttle.note_failure(now, source));
        } else {
            let is_blocked = self.throttle.note_identity_failure(now, source, user);
            self.shared.counters.identities_blocked += u64::from(is_blocked);
        }
    }

    /// Whether who says to be `user` is heard; counts it otherwise. From the very port where that user registered it
    /// always is: who is there has proved the password, and must not be locked out by others who guess it.
    pub(super) fn hears(&mut self, now: Now, flow: Flow, user: &str) -> bool {
        let is_there = self.registrar.at(flow.remote).any(|known| known == user);
        let is_heard = is_there || self.throttle.hears(now.mono, flow.remote.ip(), user);
        self.shared.counters.ignored += u64::from(!is_heard);
        is_heard
    }

    /// The credentials of `message` for our realm: of several, as a phone may answer each challenge, the first that
    /// can be checked.
    pub(super) fn claim(&self, message: &Message) -> Claim {
        let names = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        let mut claim = Claim::Nothing;
        for value in names.into_iter().flat_map(|name| message.headers(name)) {
            match Credentials::parse(&value) {
                Ok(credentials) if *credentials.realm != *self.shared.config.realm => {}
                Ok(credentials) if credentials.is_blank() => {}
                Ok(credentials) => return Claim::Credentials(Box::new(credentials)),
                Err(_) if realm_of(&value).as_deref() == Some(&*self.shared.config.realm) => {
                    claim = Claim::Unusable;
                }
                Err(_) => {}
            }
        }
        claim
    }

    /// Asks for the password of `user`, in the order of algorithms set for that user. For somebody who does not
    /// exist another user's order is taken, always the same one, so that the answer tells nothing. Libraries of browsers know only
    /// MD5 and read only one challenge, some of them the last: over a WebSocket, which is encrypted itself, it is asked for alone.
    pub(super) fn challenge(&mut self, now: Now, message: &Message, flow: Flow, user: &str, stale: bool) {
        self.shared.counters.challenges += 1;
        let mut algorithms = self.algorithms(user);
        // Passwords of pages are long, hold for a minute, and can be proved whatever the user's list is.
        let of_page = || self.passes.hashes(now, user, Algorithm::Md5).next().is_some();
        if flow.transport.is_websocket() && (algorithms.contains(&Algorithm::Md5) || of_page()) {
            algorithms = vec![Algorithm::Md5];
        }
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

    /// Who calls from a phone: the account whose password was proved. Only the name that is shown is From's.
    fn account(&self, user: String, from: &NameAddr) -> Party {
        let display = from.display.as_deref().map(Pii::from);
        Party { user: Pii::new(user), display, host: self.shared.config.realm.clone() }
    }

    fn trunk(&self, id: &TrunkId) -> Option<&TrunkConfig> {
        self.shared.config.trunks.iter().find(|known| known.id == *id)
    }

    /// Which number is called. A provider at which we have registered calls our account there, and To says which number
    /// was dialled.
    fn called(&self, message: &Message, uri: &Uri, peer: &Peer) -> String {
        let called = uri.user().unwrap_or_default();
        let account = match peer {
            Peer::Trunk(trunk) => self.trunk(trunk).and_then(|trunk| trunk.account.as_deref()),
            Peer::Agent(_) | Peer::Guest => None,
        };
        let dialled = match account {
            Some(account) if account == called => message.to().ok(),
            Some(_) | None => None,
        };
        let dialled = dialled.as_ref().and_then(|to| to.uri.user()).filter(|user| !user.is_empty());
        dialled.unwrap_or(called).into_owned()
    }

    /// Begins the session of an INVITE from somebody who may call.
    fn admit(&mut self, now: Now, inbound: Inbound, admitted: Admitted, replaces: Option<Replaces>) {
        let Admitted { peer, caller } = admitted;
        let (message, flow) = (inbound.message.clone(), inbound.flow);
        let Ok(uri) = message.uri() else {
            return self.refuse(&message, flow, 400);
        };
        let id = SessionId(self.next_id());
        let called = self.called(&message, &uri, &peer);
        let peerage = Peerage {
            flow: reply_flow(&message, flow),
            pinned: flow.transport.is_reliable() || matches!(peer, Peer::Agent(_)),
            local_tag: self.shared.rng.hex(TAG_LENGTH),
            contact: self.contact_header(flow, Some(&called)),
        };
        let diversion = match &peer {
            Peer::Trunk(_) => diversion(&message),
            Peer::Agent(_) | Peer::Guest => None,
        };
        let key = inbound.key.clone();
        let Ok(session) = Session::incoming(&mut self.shared.rng, id, inbound.clone(), peerage) else {
            return self.refuse(&message, flow, 400);
        };
        if !self.open(&inbound) {
            return;
        }
        self.shared.layer.adopt(&key, Owner::Session(id));
        self.dialogs.insert(session.key(), id);
        self.sessions.insert(id, Box::new(session));
        // Only now: strangers do not learn which dialogs there are, and a repetition gets the same answer.
        let replaces = match replaces.map(|dialog| self.replaceable(&dialog)).transpose() {
            Ok(replaces) => replaces,
            Err(status) => return self.reject(now, id, status, None),
        };
        self.shared.events.push_back(Event::Incoming {
            session: id,
            caller,
            peer,
            called: Pii::new(called),
            diversion,
            offer: sdp_of(&message).known(),
            replaces,
            source: flow.remote,
            call_id: message.call_id().into_owned(),
        });
        self.settle(now, id);
    }
}
