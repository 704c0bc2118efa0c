//! SUBSCRIBE: who may watch whom, and for how long (RFC 6665 §4.2.1). Everybody is asked for a password; only who has
//! proved it learns whether there is such a one. Any registered user may watch the calls of every agent, and the own
//! mailbox.

use core::time::Duration;

use hotline_base::{AgentId, Now, Time};

use super::access::Access;
use super::{Endpoint, Load, MessageSummary, SessionId};
use crate::address::reply_flow;
use crate::dialog::Dialog;
use crate::flow::Flow;
use crate::message::Builder;
use crate::notifier::{
    ALLOW_EVENTS, End, EventHeader, Package, Subscription, SubscriptionId, Terms, takes_documents,
};
use crate::outgoing::TAG_LENGTH;
use crate::session::Inbound;
use crate::uri::{SipUri, Uri};
use crate::{HeaderName, Message};

/// Subscriptions at a time; a further SUBSCRIBE gets 503.
pub const MAX_SUBSCRIPTIONS: usize = 20_000;
/// Subscriptions of one user, whose phones may have a hundred lamps each. At the limit the one that would expire first
/// gives way to the new one: it is of a phone that was started anew.
pub const MAX_SUBSCRIPTIONS_PER_USER: usize = 500;
/// The shortest subscription granted; shorter ones get 423 (RFC 6665 §4.2.1.1).
pub const SUBSCRIPTION_MIN: Duration = Duration::from_secs(60);
/// The longest subscription granted, and that of a phone which asks for none (RFC 4235 §3.4, RFC 3842 §3.4); longer ones
/// are cut.
pub const SUBSCRIPTION_MAX: Duration = Duration::from_secs(3600);

impl Endpoint {
    /// How many subscriptions there are.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.notifier.len()
    }

    /// From here on `session` is a call of a phone of `agent`: those who watch it are told how it goes.
    pub fn assign(&mut self, now: Now, session: SessionId, agent: &AgentId) {
        if self.sessions.contains_key(&session) {
            self.notifier.assign(session, agent.clone());
            self.follow_line(now, session);
            self.notify(now);
        }
    }

    /// How many messages wait in the mailbox of `agent`; none, until it is said.
    pub fn set_mailbox(&mut self, now: Now, agent: &AgentId, summary: MessageSummary) {
        self.notifier.set_mailbox(now, agent, summary);
        self.notify(now);
    }

    /// Ends every subscription, as the server stops, and takes no other from here on.
    pub fn end_subscriptions(&mut self, now: Now) {
        self.notifier.close();
        self.notifier.end_all(&mut self.shared.context(now), None, End::Deactivated);
    }

    /// A SUBSCRIBE.
    pub(super) fn handle_subscribe(&mut self, now: Now, inbound: &Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        if !self.is_heard(now, message, flow) {
            return;
        }
        // Before the proof is looked at: what is refused must not use up its nonce count.
        let event = match EventHeader::of(message) {
            Ok(event) => event,
            Err(status) => {
                let response = self.stateless(message, flow, status);
                let response = match status {
                    489 => response.header(HeaderName::AllowEvents, ALLOW_EVENTS),
                    _ => response,
                };
                return self.send_stateless(message, flow, response);
            }
        };
        if let Some(refusal) = self.unwanted(message, flow, event.package) {
            return self.send_stateless(message, flow, refusal);
        }
        let Some(user) = self.proved(now, inbound) else { return };
        match (self.notifier.of_dialog(message), message.to_tag()) {
            (Some(id), _) => self.refresh_subscription(now, inbound, id, &user),
            (None, None) => self.subscribe(now, inbound, user, event),
            // Not before the proof: what is refused without a transaction is refused again in the same way.
            (None, Some(tag)) => {
                self.shared.counters.unknown_dialogs += 1;
                self.shared.context(now).reply(inbound, 481, &tag);
            }
        }
        self.notify(now);
    }

    /// Whether who says in a request outside of calls to be somebody is heard.
    pub(super) fn is_heard(&mut self, now: Now, message: &Message, flow: Flow) -> bool {
        let user = sender(message);
        self.hears(now, flow, self.claim(message).user().unwrap_or(&user))
    }

    /// Whose password a request outside of calls proves, if a phone of that user is registered; its transaction is open
    /// then. `None` after it was refused or asked for the password.
    pub(super) fn proved(&mut self, now: Now, inbound: &Inbound) -> Option<String> {
        let (message, flow) = (&inbound.message, inbound.flow);
        let asked = sender(message);
        let claimed = self.claim(message).user().unwrap_or(&asked).to_owned();
        match self.authenticate(now, message, flow, core::slice::from_ref(&claimed)) {
            // A repetition would find its nonce count used up: what was proved is remembered.
            Access::Granted { user, .. } if self.open(inbound) => {
                if !self.registrar.bindings(&user).is_empty() {
                    return Some(user);
                }
                self.shared.counters.refused_requests += 1;
                let tag = self.shared.rng.hex(TAG_LENGTH);
                self.shared.context(now).reply(inbound, 403, &tag);
            }
            Access::Granted { .. } => {}
            Access::Missing | Access::Denied => self.challenge(now, message, flow, &asked, false),
            Access::Stale { user } => self.challenge(now, message, flow, &user, true),
            Access::Unusable => self.refuse(message, flow, 400),
        }
        None
    }

    /// The response to a SUBSCRIBE that nobody may send.
    fn unwanted(&mut self, message: &Message, flow: Flow, package: Package) -> Option<Builder> {
        if !takes_documents(message, package) {
            return Some(self.stateless(message, flow, 406));
        }
        let is_brief = match message.expires() {
            Err(_) => return Some(self.stateless(message, flow, 400)),
            Ok(asked) => asked
                .is_some_and(|seconds| seconds > 0 && Duration::from_secs(seconds.into()) < SUBSCRIPTION_MIN),
        };
        if is_brief {
            let least = SUBSCRIPTION_MIN.as_secs();
            return Some(self.stateless(message, flow, 423).header(HeaderName::MinExpires, least));
        }
        if Dialog::from_request(message, "").is_err() {
            return Some(self.stateless(message, flow, 400));
        }
        let is_new = message.to_tag().is_none();
        let has_room =
            self.notifier.is_open() && self.notifier.len() < MAX_SUBSCRIPTIONS && self.load == Load::Bearable;
        (self.is_full() || is_new && !has_room).then(|| self.overload(message, flow))
    }

    /// A SUBSCRIBE of `user` for something new.
    fn subscribe(&mut self, now: Now, inbound: &Inbound, user: String, event: EventHeader) {
        let message = &inbound.message;
        let tag = self.shared.rng.hex(TAG_LENGTH);
        let named = message.uri().ok().and_then(|uri| entity(&uri));
        let resource = named.as_ref().and_then(|(name, _)| self.shared.config.names.get(name).cloned());
        let (Some((name, entity)), Some(resource)) = (named, resource) else {
            return self.shared.context(now).reply(inbound, 404, &tag);
        };
        if event.package == Package::MessageSummary && !self.is_own(&user, &resource) {
            return self.shared.context(now).reply(inbound, 403, &tag);
        }
        let Ok(dialog) = Dialog::from_request(message, &tag) else {
            return self.shared.context(now).reply(inbound, 400, &tag);
        };
        while self.notifier.count_of(&user) >= MAX_SUBSCRIPTIONS_PER_USER {
            let Some(id) = self.notifier.soonest_of(&user) else { break };
            self.shared.counters.subscriptions_replaced += 1;
            self.notifier.end(&mut self.shared.context(now), id, End::Rejected);
            if self.notifier.get(id).is_some() {
                // Its last NOTIFY waits for an answer that may never come.
                self.notifier.forget(id);
            }
        }
        let contact = self.contact_header(inbound.flow, Some(&name));
        let flow = reply_flow(message, inbound.flow);
        let terms = Terms { user, resource, event, entity, contact, flow };
        let id = SubscriptionId(self.next_id());
        let granted = granted(message);
        self.grant(now, inbound, &tag, &terms.contact, granted);
        self.notifier.insert(Subscription::new(now, id, terms, dialog, now.mono + granted));
    }

    /// A SUBSCRIBE of `user` within a dialog: it goes on, or ends.
    fn refresh_subscription(&mut self, now: Now, inbound: &Inbound, id: SubscriptionId, user: &str) {
        let granted = granted(&inbound.message);
        let Some(subscription) = self.notifier.get_mut(id) else { return };
        let (_, tag) = subscription.key();
        let (contact, resource) = (subscription.contact().to_owned(), subscription.resource.clone());
        let is_same = EventHeader::of(&inbound.message).as_ref() == Ok(&subscription.event);
        let is_in_order =
            inbound.message.cseq().is_ok_and(|cseq| subscription.dialog.accept_seq(cseq.number));
        let refusal = match () {
            () if subscription.user != user => Some(403),
            // RFC 6665 §4.5.2: no other subscription shares a dialog with it.
            () if !is_same => Some(481),
            () if !is_in_order => Some(500),
            () => None,
        };
        if let Some(status) = refusal {
            return self.shared.context(now).reply(inbound, status, &tag);
        }
        self.grant(now, inbound, &tag, &contact, granted);
        let ends = match (granted, self.shared.config.names.values().any(|known| *known == resource)) {
            (Duration::ZERO, _) => Some(End::Timeout),
            (_, false) => Some(End::NoResource),
            (_, true) => None,
        };
        let flow = reply_flow(&inbound.message, inbound.flow);
        self.notifier.step(&mut self.shared.context(now), id, |subscription, ctx, content| {
            subscription.refresh(now, &inbound.message, flow, now.mono + granted);
            if let Some(why) = ends {
                subscription.end(ctx, content, why);
            }
        });
    }

    fn grant(&mut self, now: Now, inbound: &Inbound, tag: &str, contact: &str, granted: Duration) {
        let mut ctx = self.shared.context(now);
        let response = ctx.response(inbound, 200, tag);
        let response = response.header(HeaderName::Contact, contact);
        let response = response.header(HeaderName::Expires, granted.as_secs());
        ctx.respond(inbound, 200, response.header(HeaderName::AllowEvents, ALLOW_EVENTS));
    }

    fn is_own(&self, user: &str, resource: &AgentId) -> bool {
        self.shared.config.users.get(user).is_some_and(|user| user.agent == *resource)
    }

    /// A NOTIFY was answered, or nobody answered it.
    pub(super) fn answer_notify(&mut self, now: Now, id: SubscriptionId, cseq: u32, status: u16) {
        let is_failed =
            self.notifier.step(&mut self.shared.context(now), id, |subscription, ctx, content| {
                subscription.handle_answer(ctx, content, cseq, status)
            });
        self.shared.counters.notifies_failed += u64::from(is_failed == Some(true));
    }

    /// Whoever watches the phone that has `session` is to be told what became of it.
    pub(super) fn follow_line(&mut self, now: Now, session: SessionId) {
        let sessions = &self.sessions;
        let line = || sessions.get(&session).and_then(|session| session.line());
        self.notifier.set_line(now, session, line);
    }

    /// Sends the NOTIFYs that are due.
    pub(super) fn notify(&mut self, now: Now) {
        self.notifier.handle_timeout(&mut self.shared.context(now));
    }

    /// No phone of this user is registered any more.
    pub(super) fn deactivate(&mut self, now: Now, user: &str) {
        self.notifier.end_all(&mut self.shared.context(now), Some(user), End::Deactivated);
    }

    /// When a NOTIFY is due, or a subscription expires.
    pub(super) fn poll_subscriptions(&self) -> Option<Time> {
        self.notifier.poll_timeout()
    }
}

/// Who says in From to send a request.
fn sender(message: &Message) -> String {
    let from = message.from().ok();
    from.and_then(|from| from.uri.user().map(|user| user.into_owned())).unwrap_or_default()
}

/// Whom a Request-URI names, and the URI that documents are about: user and host of it.
fn entity(uri: &Uri) -> Option<(String, String)> {
    let uri = uri.sip()?;
    let name = uri.user_text().filter(|user| !user.is_empty())?.into_owned();
    let entity = SipUri::new(Some(&name), uri.host.clone(), None).to_string();
    Some((name, entity))
}

/// How long a SUBSCRIBE is granted.
fn granted(message: &Message) -> Duration {
    let asked = message.expires().ok().flatten();
    asked.map_or(SUBSCRIPTION_MAX, |seconds| Duration::from_secs(seconds.into())).min(SUBSCRIPTION_MAX)
}
