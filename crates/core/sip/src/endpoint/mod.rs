//! The SIP endpoint: everything of this crate behind one machine.
//!
//! Give it datagrams and time; after each call take what it has to send and to tell until there is no more, then
//! ask when to call again:
//!
//! 1. [`Endpoint::handle_datagram`], [`Endpoint::handle_timeout`], or one of the calls about a session;
//! 2. [`Endpoint::poll_transmit`] until `None`;
//! 3. [`Endpoint::poll_event`] until `None`;
//! 4. [`Endpoint::poll_contacts`] until `None`, where registrations are to outlive the process;
//! 5. [`Endpoint::poll_timeout`].
//!
//! Must not know sockets, nor what a call is for.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use hotline_base::{Given, Now, RequestId, Rng, Time, TimerQueue, TrunkId, numbers_of};
use serde::{Deserialize, Serialize};

mod access;
mod config;
mod counters;
mod event;
mod identity;
mod ledger;
mod pager;
mod passes;
mod probes;
mod receive;
mod register;
mod restore;
mod subscribe;
mod throttle;

pub use crate::probe::MAX_MISSES;
pub use config::{
    EndpointConfig, IpPrefix, Limits, Listener, MAX_CLIENT_TRANSACTIONS, MAX_REGISTRATIONS,
    MAX_SERVER_TRANSACTIONS, MAX_SESSIONS, PROBE_INTERVAL, ProbeConfig, Probed, RETRY_AFTER, TrunkConfig,
    UserConfig,
};
pub use counters::Counters;
pub use event::{
    Contact, Datagram, Diversion, Event, Failure, Invite, InviteError, Login, Party, Peer, ProbeId, Reason,
    ReferTarget, Register, RegistrationId, SessionId, Side, Transmit, Why,
};
pub use pager::{MAX_MESSAGES, MAX_MESSAGES_PER_USER, MessageError};
pub use passes::{GUESTS_MAX, PASSES_PER_USER_MAX};
pub use register::{MAX_INSTANCE, MAX_PATH};
pub use subscribe::{MAX_SUBSCRIPTIONS, MAX_SUBSCRIPTIONS_PER_USER, SUBSCRIPTION_MAX, SUBSCRIPTION_MIN};
pub use throttle::{
    BURST, Blocked, Culprit, FAILURE_WINDOW, MAX_FAILURES, MAX_NAMES, MAX_SOURCES, NAME_WINDOW, Offence,
    REQUEST_INTERVAL, SCAN_SILENCE, SILENCE, TOLD_INTERVAL,
};

use pager::Pages;
use probes::Probes;
use throttle::Throttle;

use crate::address::is_sendable;
use crate::digest::{NonceIssuer, UsedNonces, Verifier};
use crate::flow::{Flow, Transport};
use crate::notifier::{MessageSummary, Notifier};
use crate::outgoing::TAG_LENGTH;
use crate::pager::MessageId;
use crate::registrar::{Binding, Presence, Registrar, SavedContacts};
use crate::registration::Registration;
use crate::replaces::Replaces;
use crate::session::{self, Context, Owner, Peerage, Session};
pub use crate::session::{ReliableProvisionals, SessionRules};
use crate::transaction::{self, Layer, Notice};
use crate::uri::SipUri;

/// The methods we take.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, REGISTER, SUBSCRIBE, MESSAGE";
/// The extensions we know.
pub(crate) const SUPPORTED: &str = "replaces, timer, 100rel";
/// Those we say that we know in a call of ours, if nothing is to be acknowledged before its answer.
pub(crate) const SUPPORTED_WITHOUT_PRACK: &str = "replaces, timer";
/// The bodies we take.
pub(crate) const ACCEPT: &str = "application/sdp, multipart/mixed, application/dtmf-relay, application/dtmf";
/// How long a nonce may be used.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(600);

/// Why the endpoint will wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// A transaction's.
    Transaction(transaction::Timer),
    /// A session's.
    Session(session::Timer),
    /// A registration of ours is to be refreshed or tried again.
    Registration,
    /// A user's contact expires.
    Binding,
    /// A peer is to be asked whether it is there, or did not answer that.
    Probe,
    /// A NOTIFY is due, or a subscription expires.
    Subscription,
    /// A message was taken by no phone in time.
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum TimerKey {
    Session(SessionId),
    Registration(RegistrationId),
    Probe(ProbeId),
    Message(MessageId),
}

/// How much there is to do, as the shell sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Load {
    /// All is done in time.
    #[default]
    Bearable,
    /// More comes than is worked off: new calls are refused before the running ones suffer.
    TooMuch,
}

/// One SIP endpoint, server and client. It can be written down at any moment between two turns, without its
/// configuration and its nonce secret; whoever reads it calls [`Endpoint::restore`] before anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct Endpoint {
    shared: Shared,
    verifier: Verifier,
    throttle: Throttle,
    /// Whoever reads the endpoint has another load.
    #[serde(skip)]
    load: Load,
    /// Whoever reads the endpoint has none: they are asked for again.
    #[serde(skip)]
    passes: passes::Passes,
    registrar: Registrar,
    probes: Probes,
    notifier: Notifier,
    pages: Pages,
    /// Further addresses from which trunks call, as [`Self::set_trunk_addresses`] told.
    trunk_addresses: BTreeMap<TrunkId, BTreeSet<IpAddr>>,
    /// What is to be kept of users whose contacts changed.
    saved: VecDeque<SavedContacts>,
    /// Each by itself: the nodes of a map are half empty, and a session is large.
    sessions: BTreeMap<SessionId, Box<Session>>,
    /// Those of them that are over and only wait for the ends of their transactions, whose number has a limit of its
    /// own: they hold no place of [`Limits::sessions`], or a busy center would be full of calls that ended.
    #[serde(skip)]
    over: BTreeSet<SessionId>,
    /// Sessions by Call-ID and our tag.
    dialogs: BTreeMap<(String, String), SessionId>,
    registrations: BTreeMap<RegistrationId, Registration>,
    timers: TimerQueue<TimerKey>,
    /// The last id given to a session, registration or probe.
    last_id: u64,
}

/// What sessions and registrations may touch of the endpoint.
#[derive(Debug, Serialize, Deserialize)]
struct Shared {
    config: Given<EndpointConfig>,
    rng: Rng,
    layer: Layer<Owner>,
    events: VecDeque<Event>,
    counters: Counters,
    /// What is done is done for it; within a turn.
    #[serde(skip)]
    cause: Option<RequestId>,
}

impl Shared {
    fn context(&mut self, now: Now) -> Context<'_> {
        let Self { config, rng, layer, events, counters, cause } = self;
        Context { now, config, rng, layer, events, counters, cause: cause.as_ref() }
    }
}

impl Endpoint {
    /// Whatever is sent from here on is done for this request, and says so; `None`: for none.
    pub fn set_cause(&mut self, request: Option<RequestId>) {
        self.shared.cause = request;
    }

    /// An endpoint without sessions. `nonce_secret` comes from a secure source; the same one, and what
    /// [`Self::used_nonces`] told, let phones go on with their nonces after a restart.
    #[must_use]
    pub fn new(config: EndpointConfig, rng: Rng, nonce_secret: [u8; 32]) -> Self {
        let shared = Shared {
            config: Given::new(config),
            rng,
            layer: Layer::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            cause: None,
        };
        Self {
            shared,
            verifier: Verifier::new(NonceIssuer::new(nonce_secret, NONCE_LIFETIME)),
            throttle: Throttle::default(),
            load: Load::Bearable,
            passes: passes::Passes::default(),
            registrar: Registrar::default(),
            probes: Probes::default(),
            notifier: Notifier::default(),
            pages: Pages::default(),
            trunk_addresses: BTreeMap::new(),
            saved: VecDeque::new(),
            sessions: BTreeMap::new(),
            over: BTreeSet::new(),
            dialogs: BTreeMap::new(),
            registrations: BTreeMap::new(),
            timers: TimerQueue::new(),
            last_id: 0,
        }
    }

    /// Counts its ids from where those of `shard` begin.
    #[must_use]
    pub const fn with_shard(mut self, shard: u8) -> Self {
        // What was begun before has ids of its own.
        if self.last_id < numbers_of(shard) {
            self.last_id = numbers_of(shard);
        }
        self
    }

    /// Gives an endpoint that was read what was not written with it. The configuration may be another by now, see
    /// [`Self::reconfigure`].
    pub fn restore(&mut self, config: EndpointConfig, nonce_secret: [u8; 32]) {
        self.verifier.give(NonceIssuer::new(nonce_secret, NONCE_LIFETIME));
        self.over =
            self.sessions.iter().filter(|(_, session)| session.is_over()).map(|(id, _)| *id).collect();
        self.reconfigure(config);
    }

    /// Goes on with the nonces of a former endpoint with the same secret. To be called before anything comes.
    pub fn resume_nonces(&mut self, now: Now, used: UsedNonces) {
        self.verifier.resume(now, used);
    }

    /// For [`Self::resume_nonces`], when nothing comes any more.
    #[must_use]
    pub fn used_nonces(&self) -> UsedNonces {
        self.verifier.used()
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &EndpointConfig {
        &self.shared.config
    }

    /// Replaces the configuration. Sessions go on; users who are gone lose their contacts.
    pub fn reconfigure(&mut self, config: EndpointConfig) {
        let users: BTreeSet<&str> = config.users.keys().map(String::as_str).collect();
        self.registrar.keep_users(&users);
        self.shared.config = Given::new(config);
        self.tell_presence();
    }

    /// From where else this trunk calls than from its configured peers: where its servers are found at present. An
    /// address that several trunks have is the first one's, in the order of the configuration.
    pub fn set_trunk_addresses(&mut self, trunk: &TrunkId, addresses: BTreeSet<IpAddr>) {
        let addresses: BTreeSet<IpAddr> = addresses.iter().map(IpAddr::to_canonical).collect();
        if addresses.is_empty() {
            self.trunk_addresses.remove(trunk);
        } else {
            self.trunk_addresses.insert(trunk.clone(), addresses);
        }
    }

    /// The trunk that calls from `address`.
    pub(super) fn trunk_at(&self, address: IpAddr) -> Option<&TrunkConfig> {
        let config = &*self.shared.config;
        config.trunk_of(address).or_else(|| {
            let address = address.to_canonical();
            let is_at = |trunk: &&TrunkConfig| {
                self.trunk_addresses.get(&trunk.id).is_some_and(|known| known.contains(&address))
            };
            config.trunks.iter().find(is_at)
        })
    }

    /// A way to `remote` from one of our addresses; `None` if we do not listen by that transport and family.
    #[must_use]
    pub fn way_to(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        let listener = self.shared.config.listener(transport, remote)?;
        Some(Flow { transport, local: listener.local, remote })
    }

    /// Advances whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.shared.layer.handle_timeout(now, &mut self.shared.counters);
        self.registrar.handle_timeout(now);
        while let Some(key) = self.timers.pop_due(now.mono) {
            match key {
                TimerKey::Session(id) => self.step(now, id, Session::handle_timeout),
                TimerKey::Registration(id) => self.step_registration(now, id, Registration::handle_timeout),
                TimerKey::Probe(id) => self.wake_probe(now, id),
                TimerKey::Message(id) => self.give_up_message(now, id),
            }
        }
        self.drain(now);
    }

    /// A connection is gone, or could not be opened. Whoever registered over it is reached no more until it registers
    /// anew (RFC 5626 §4.2.2).
    pub fn handle_disconnect(&mut self, now: Now, gone: Flow) {
        self.shared.layer.handle_disconnect(now, gone, &mut self.shared.counters);
        self.registrar.handle_disconnect(now, gone);
        self.notifier.handle_disconnect(gone);
        self.sessions.values_mut().for_each(|session| session.disconnect(gone));
        let ours: Vec<RegistrationId> = self.registrations.keys().copied().collect();
        for id in ours {
            self.step_registration(now, id, |registration, ctx| registration.handle_disconnect(ctx, gone));
        }
        self.drain(now);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        while let Some((flow, bytes)) = self.shared.layer.poll_transmit() {
            if is_sendable(flow.remote) {
                return Some(Transmit { flow, bytes });
            }
            self.shared.counters.unsendable += 1;
        }
        None
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.shared.events.pop_front()
    }

    /// When [`Self::handle_timeout`] is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        let transaction = self.shared.layer.poll_timeout().map(|(at, timer)| (at, Timer::Transaction(timer)));
        let binding = self.registrar.poll_timeout().map(|at| (at, Timer::Binding));
        let subscription = self.poll_subscriptions().map(|at| (at, Timer::Subscription));
        let other = self.timers.next().and_then(|(at, key)| match key {
            TimerKey::Session(id) => {
                let (_, timer) = self.sessions.get(id)?.poll_timeout()?;
                Some((at, Timer::Session(timer)))
            }
            TimerKey::Registration(_) => Some((at, Timer::Registration)),
            TimerKey::Probe(_) => Some((at, Timer::Probe)),
            TimerKey::Message(_) => Some((at, Timer::Message)),
        });
        transaction.into_iter().chain(binding).chain(subscription).chain(other).min()
    }

    /// Calls somebody. `Answered`, `Failed` and the like follow as events, and one terminal event.
    ///
    /// # Errors
    /// [`InviteError`], when nothing was sent; no event follows then.
    pub fn invite(&mut self, now: Now, invite: Invite) -> Result<SessionId, InviteError> {
        if self.is_out_of_sessions() {
            self.shared.counters.overloaded += 1;
            return Err(InviteError::Exhausted);
        }
        let id = SessionId(self.next_id());
        let flow = invite.flow;
        let peerage = Peerage {
            flow,
            pinned: flow.transport.is_reliable() || self.registrar.at(flow.remote).next().is_some(),
            local_tag: self.shared.rng.hex(TAG_LENGTH),
            contact: self.contact_header(flow, invite.from.uri.user().as_deref()),
        };
        let session = Session::outgoing(&mut self.shared.context(now), id, invite, peerage)?;
        self.dialogs.insert(session.key(), id);
        self.sessions.insert(id, Box::new(session));
        Ok(id)
    }

    /// Tells the caller of an incoming session that it rings: 180, or 183 with early media.
    pub fn ring(&mut self, now: Now, session: SessionId, early: Option<Bytes>) {
        self.step(now, session, |session, ctx| session.ring(ctx, early));
        self.drain(now);
    }

    /// Tells the caller of an incoming session that it rings (180), and offers `sdp` if the INVITE had no offer and this is the
    /// first message that is sent reliably (RFC 3261 §13.2.1).
    pub fn alert(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |session, ctx| session.alert(ctx, sdp));
        self.drain(now);
    }

    /// Answers an incoming session: the SDP answer, or an offer when the INVITE had none.
    pub fn answer(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |session, ctx| session.answer(ctx, sdp));
        self.drain(now);
    }

    /// Refuses an incoming session with a status of 300 to 699.
    pub fn reject(&mut self, now: Now, session: SessionId, status: u16, reason: Option<&Reason>) {
        self.step(now, session, |session, ctx| session.reject(ctx, status, reason));
        self.drain(now);
    }

    /// Refuses the session description of an INVITE with a status of 300 to 699, and says why in words of printable ASCII without
    /// quotes, which the caller's phone may show (Warning, RFC 3261 §20.43).
    pub fn refuse_offer(&mut self, now: Now, session: SessionId, status: u16, why: &str) {
        self.step(now, session, |session, ctx| session.refuse_offer(ctx, status, why));
        self.drain(now);
    }

    /// Ends a session by whatever its state needs: CANCEL, a refusal or BYE. The terminal event comes at once, and
    /// what the peer needs follows in the background.
    pub fn hang_up(&mut self, now: Now, session: SessionId, reason: Option<Reason>) {
        self.step(now, session, |session, ctx| session.hang_up(ctx, reason));
        self.drain(now);
    }

    /// Offers another session description in an answered session, one at a time: `ReofferAnswered` or
    /// `ReofferRefused` follows.
    pub fn reoffer(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |session, ctx| session.reoffer(ctx, sdp));
        self.drain(now);
    }

    /// Tells the phone that rings in this session to take the call by itself: a NOTIFY with the event `talk` in the early dialog.
    /// False if the phone has not said in its 18x that it knows that (`Allow-Events`, RFC 6665 §8.2.2). What becomes of it is told
    /// by [`Event::Answered`], or not at all.
    pub fn ask_to_answer(&mut self, now: Now, session: SessionId) -> bool {
        let mut is_told = false;
        self.step(now, session, |session, ctx| is_told = session.ask_to_answer(ctx));
        self.drain(now);
        is_told
    }

    /// Agrees to [`Event::Reoffer`]: the SDP answer, or an offer when it had none.
    pub fn answer_reoffer(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |session, ctx| session.answer_reoffer(ctx, sdp));
        self.drain(now);
    }

    /// Refuses [`Event::Reoffer`] with a status of 300 to 699, usually 488; the session goes on as before.
    pub fn refuse_reoffer(&mut self, now: Now, session: SessionId, status: u16) {
        self.step(now, session, |session, ctx| session.refuse_reoffer(ctx, status));
        self.drain(now);
    }

    /// Agrees to [`Event::Refer`]: 202. `report_refer` then tells the peer how it goes.
    pub fn accept_refer(&mut self, now: Now, session: SessionId) {
        self.step(now, session, Session::accept_refer);
        self.drain(now);
    }

    /// Refuses [`Event::Refer`] with a status of 300 to 699; the session goes on as before.
    pub fn refuse_refer(&mut self, now: Now, session: SessionId, status: u16) {
        self.step(now, session, |session, ctx| session.refuse_refer(ctx, status));
        self.drain(now);
    }

    /// Tells who asked for a transfer how it goes: 1xx, or the final status once.
    pub fn report_refer(&mut self, now: Now, session: SessionId, status: u16) {
        self.step(now, session, |session, ctx| session.report_refer(ctx, status));
        self.drain(now);
    }

    /// How the peer of a session knows its dialog, for a Replaces that it is to read; `None` before there is one.
    #[must_use]
    pub fn dialog_at_peer(&self, session: SessionId) -> Option<Replaces> {
        let session = self.sessions.get(&session)?;
        let (call_id, from_tag) = session.key();
        let to_tag = session.remote_tag()?.to_owned();
        Some(Replaces { call_id, to_tag, from_tag, early_only: false })
    }

    /// The session that `replaces` names, and whether it is answered (RFC 3891 §3).
    #[must_use]
    pub fn replaced(&self, replaces: &Replaces) -> Option<(SessionId, bool)> {
        let id = *self.dialogs.get(&(replaces.call_id.clone(), replaces.to_tag.clone()))?;
        let session = self.sessions.get(&id)?;
        let is_it = !session.is_over() && session.is_with(&replaces.from_tag);
        is_it.then(|| (id, session.is_answered()))
    }

    /// Where `user` is reached best; `None` while it has no contact that answers.
    #[must_use]
    pub fn contact(&self, user: &str) -> Option<Contact> {
        self.contacts(user).into_iter().next()
    }

    /// Where `user` is reached: first the contact it prefers, among equals the one refreshed last.
    #[must_use]
    pub fn contacts(&self, user: &str) -> Vec<Contact> {
        let contact = |binding: &Binding| Contact {
            uri: binding.uri.to_string(),
            flow: binding.way(),
            routes: binding.path.clone(),
            q: binding.q,
        };
        self.registrar.preferred(user).into_iter().map(contact).collect()
    }

    /// The Call-ID of a session; `None` once it is forgotten.
    #[must_use]
    pub fn call_id(&self, session: SessionId) -> Option<String> {
        self.sessions.get(&session).map(|session| session.key().0)
    }

    /// Keeps a registration at another server until [`Self::unregister`]. `None` at
    /// [`Limits::registrations`].
    pub fn register(&mut self, now: Now, register: Register) -> Option<RegistrationId> {
        if self.registrations.len() >= self.shared.config.limits.registrations {
            self.shared.counters.overloaded += 1;
            return None;
        }
        let id = RegistrationId(self.next_id());
        let registration = Registration::new(&mut self.shared.context(now), id, register);
        self.registrations.insert(id, registration);
        self.settle_registration(id);
        Some(id)
    }

    /// Takes a registration back at the server and forgets it.
    pub fn unregister(&mut self, now: Now, id: RegistrationId) {
        self.step_registration(now, id, Registration::remove);
        self.drain(now);
    }

    /// Whether more comes than is worked off. New calls are then refused with 503 and Retry-After; whatever belongs to
    /// a running one is taken.
    pub fn set_overloaded(&mut self, is_overloaded: bool) {
        self.load = if is_overloaded { Load::TooMuch } else { Load::Bearable };
    }

    /// Everybody who is not heard for a while, at most twice [`MAX_SOURCES`].
    #[must_use]
    pub fn blocked(&self, now: Now) -> Vec<Blocked> {
        self.throttle.blocked(now)
    }

    /// Hears an address, and every user there, again; false if all were heard. An address counts as its network, as in
    /// [`Culprit`].
    pub fn release(&mut self, now: Now, source: IpAddr) -> bool {
        self.throttle.release(now.mono, source)
    }

    /// The latest who is not heard from here on, at most one every [`TOLD_INTERVAL`]; [`Self::blocked`] has all.
    pub fn poll_blocked(&mut self) -> Option<Blocked> {
        self.throttle.poll_blocked()
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// How many sessions there are, those included that only wait for the ends of transactions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many transactions there are.
    #[must_use]
    pub fn transactions(&self) -> usize {
        self.shared.layer.clients() + self.shared.layer.servers()
    }

    /// True if nothing is going on: no session, no transaction, nothing to send or to tell. Contacts of users may
    /// be there, probes of them that wait for their time, and subscriptions.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.sessions.is_empty()
            && self.dialogs.is_empty()
            && self.notifier.has_no_lines()
            && self.shared.layer.is_empty()
            && self.timers.len() == self.probes.len()
            && self.registrations.is_empty()
            && self.shared.events.is_empty()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Our Contact, with `user` in it so that a peer's log can be read.
    fn contact_header(&self, flow: Flow, user: Option<&str>) -> String {
        format!("<{}>", SipUri::at(user, self.shared.config.sent_by(&flow)))
    }

    /// Whether as many sessions live as may.
    fn is_out_of_sessions(&self) -> bool {
        self.sessions.len() - self.over.len() >= self.shared.config.limits.sessions
    }

    /// Does something to a session, then takes care of its timer and its end.
    fn step(&mut self, now: Now, id: SessionId, action: impl FnOnce(&mut Session, &mut Context<'_>)) {
        if let Some(session) = self.sessions.get_mut(&id) {
            action(session, &mut self.shared.context(now));
        }
        self.settle(now, id);
    }

    fn step_registration(
        &mut self,
        now: Now,
        id: RegistrationId,
        action: impl FnOnce(&mut Registration, &mut Context<'_>),
    ) {
        if let Some(registration) = self.registrations.get_mut(&id) {
            action(registration, &mut self.shared.context(now));
        }
        self.settle_registration(id);
    }

    /// Arms a session's timer; forgets one that is over as soon as it has no transaction left, which is 64·T1 later
    /// at most.
    fn settle(&mut self, now: Now, id: SessionId) {
        self.follow_line(now, id);
        let Some(session) = self.sessions.get(&id) else { return };
        match session.poll_timeout() {
            Some((at, _)) => self.timers.set(TimerKey::Session(id), at),
            None => {
                self.timers.cancel(&TimerKey::Session(id));
            }
        }
        if !session.is_over() {
            return;
        }
        self.shared.layer.give_up(now, Owner::Session(id));
        if !self.shared.layer.owns(Owner::Session(id)) {
            self.dialogs.remove(&session.key());
            self.sessions.remove(&id);
            self.over.remove(&id);
        } else {
            self.over.insert(id);
        }
    }

    fn settle_registration(&mut self, id: RegistrationId) {
        let Some(registration) = self.registrations.get(&id) else { return };
        match registration.poll_timeout() {
            Some(at) => self.timers.set(TimerKey::Registration(id), at),
            None => {
                self.timers.cancel(&TimerKey::Registration(id));
            }
        }
        if registration.is_over() {
            self.registrations.remove(&id);
        }
    }

    /// Passes on what transactions and the registrar have to tell. Done by hand instead of composing their polls,
    /// so that whatever one causes in another is done before anything leaves.
    fn drain(&mut self, now: Now) {
        while let Some(notice) = self.shared.layer.poll_notice() {
            match notice {
                Notice::NoResponse { owner: Owner::Session(id), method, cseq, status } => {
                    self.step(now, id, |session, ctx| session.handle_no_response(ctx, &method, cseq, status));
                }
                Notice::NoResponse { owner: Owner::Registration(id), cseq, status, .. } => {
                    self.step_registration(now, id, |registration, ctx| {
                        registration.handle_no_response(ctx, cseq, status)
                    });
                }
                Notice::Closed { owner: Owner::Session(id) } => self.settle(now, id),
                Notice::NoResponse { owner: Owner::Subscription(id), cseq, status, .. } => {
                    self.answer_notify(now, id, cseq, status);
                }
                Notice::NoResponse { owner: Owner::Message(id), status, .. } => {
                    self.answer_message(now, id, status);
                }
                // A probe counts for itself what is not answered in time.
                Notice::NoResponse { owner: Owner::Probe(_), .. }
                | Notice::Closed {
                    owner:
                        Owner::Registration(_) | Owner::Probe(_) | Owner::Subscription(_) | Owner::Message(_),
                } => {}
            }
        }
        while let Some(user) = self.registrar.poll_changed() {
            self.sync_probes(now, &user);
            if self.registrar.bindings(&user).is_empty() {
                self.deactivate(now, &user);
            }
            self.saved.push_back(self.registrar.save(now, &user));
        }
        self.tell_presence();
        self.notify(now);
    }

    fn tell_presence(&mut self) {
        while let Some(presence) = self.registrar.poll_event() {
            self.shared.events.push_back(match presence {
                Presence::Registered { agent, contacts, expires } => {
                    Event::Registered { agent, contacts, expires }
                }
                Presence::Unregistered { agent, why } => Event::Unregistered { agent, why },
            });
        }
    }
}
