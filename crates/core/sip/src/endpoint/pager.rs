//! MESSAGE (RFC 3428): from the phone of one user, or from our user, to the phones of another. Everybody is asked for a
//! password; only who has proved it learns whether there is such a one.

use std::collections::BTreeMap;

use bytes::Bytes;
use hotline_base::{AgentId, Now, Pii};
use serde::{Deserialize, Serialize};

use super::{Endpoint, Event, Load, RETRY_AFTER, TimerKey};
use crate::message::{Builder, NameAddr};
use crate::outgoing::TAG_LENGTH;
use crate::pager::{Envelope, MAX_TEXT, MessageId, Origin, Page, Recipient, TEXT, address, text_of};
use crate::registrar::Binding;
use crate::session::Inbound;
use crate::uri::Host;
use crate::{Flow, HeaderName, Message};

/// Messages on their way at a time; a further MESSAGE gets 503.
pub const MAX_MESSAGES: usize = 2_000;
/// Messages of one user's phones on their way at a time; a further one gets 503.
pub const MAX_MESSAGES_PER_USER: usize = 16;

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than [`MAX_TEXT`].
    #[error("the text is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// No phone of the receiver is registered.
    #[error("no phone of the receiver is registered")]
    NotRegistered,
    /// [`MAX_MESSAGES`] are on their way, or as many transactions run as may.
    #[error("too many messages are on their way")]
    Exhausted,
}

/// All messages on their way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pages {
    all: BTreeMap<MessageId, Page>,
    /// How many are of the phones of a user.
    of_user: BTreeMap<String, usize>,
}

impl Endpoint {
    /// Sends `text` to every phone of `to`. [`Event::MessageAnswered`] tells whether one has it.
    ///
    /// # Errors
    /// [`MessageError`], when nothing was sent; no event follows then.
    pub fn message(
        &mut self,
        now: Now,
        from: NameAddr,
        to: &AgentId,
        text: &Pii<String>,
    ) -> Result<MessageId, MessageError> {
        if text.expose().len() > MAX_TEXT {
            return Err(MessageError::TooLong);
        }
        if self.pages.all.len() >= MAX_MESSAGES {
            self.shared.counters.overloaded += 1;
            return Err(MessageError::Exhausted);
        }
        let (text, user) = (Bytes::copy_from_slice(text.expose().as_bytes()), to.as_str());
        let recipients = self.recipients(user);
        if recipients.is_empty() {
            return Err(MessageError::NotRegistered);
        }
        let to = self.user_address(user, recipients.first().map(|first| first.flow));
        self.page(now, Origin::User, &Envelope { from, to, text }, &recipients).ok_or(MessageError::Exhausted)
    }

    /// A MESSAGE outside of any dialog.
    pub(super) fn handle_message(&mut self, now: Now, inbound: Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        if !self.is_heard(now, message, flow) {
            return;
        }
        // Before the proof is looked at: what is refused must not use up its nonce count.
        let text = match text_of(message) {
            Ok(text) => text,
            Err(status) => {
                let response = self.stateless(message, flow, status);
                let response =
                    if status == 415 { response.header(HeaderName::Accept, TEXT) } else { response };
                return self.send_stateless(message, flow, response);
            }
        };
        if let Some(refusal) = self.overcrowded(message, flow) {
            return self.send_stateless(message, flow, refusal);
        }
        let Some(user) = self.proved(now, &inbound) else { return };
        let tag = self.shared.rng.hex(TAG_LENGTH);
        if self.pages.of_user.get(&user).is_some_and(|sent| *sent >= MAX_MESSAGES_PER_USER) {
            self.shared.counters.overloaded += 1;
            let mut ctx = self.shared.context(now);
            let response = ctx.response(&inbound, 503, &tag);
            ctx.respond(&inbound, 503, response.header(HeaderName::RetryAfter, RETRY_AFTER.as_secs()));
            return;
        }
        let named = message.uri().ok().and_then(|uri| uri.user().map(|user| user.into_owned()));
        let Some(to) = named.and_then(|name| self.shared.config.names.get(&name).cloned()) else {
            return self.shared.context(now).reply(&inbound, 404, &tag);
        };
        let recipients = self.recipients(to.as_str());
        let display = message.from().ok().and_then(|from| from.display);
        let from = NameAddr { display, ..self.user_address(&user, Some(flow)) };
        let envelope = Envelope { from, to: self.user_address(to.as_str(), Some(flow)), text };
        let origin = Origin::Phone { user, inbound: Box::new(inbound.clone()) };
        if self.page(now, origin, &envelope, &recipients).is_none() {
            self.shared.context(now).reply(&inbound, 480, &tag);
        }
    }

    /// The response to a MESSAGE for which there is no room.
    fn overcrowded(&mut self, message: &Message, flow: Flow) -> Option<Builder> {
        let is_full = self.is_full() || self.pages.all.len() >= MAX_MESSAGES || self.load != Load::Bearable;
        is_full.then(|| self.overload(message, flow))
    }

    fn recipients(&self, user: &str) -> Vec<Recipient> {
        let recipient = |binding: &Binding| Recipient {
            uri: binding.uri.clone(),
            routes: binding.path.clone(),
            flow: binding.way(),
        };
        self.registrar.preferred(user).into_iter().map(recipient).collect()
    }

    /// A user as others know it: in our domain, or at our address if that has no name.
    fn user_address(&self, user: &str, flow: Option<Flow>) -> NameAddr {
        let config = &self.shared.config;
        let ours = || {
            let listener = config.listeners.first().map(|listener| listener.advertised.ip());
            flow.map(|flow| config.sent_by(&flow).address.ip()).or(listener).map(Host::from)
        };
        let domain = Host::parse(&config.realm).ok().or_else(ours);
        address(user, &domain.expect("an endpoint listens somewhere"))
    }

    /// Sends it; `None` if it could be sent to nobody.
    fn page(
        &mut self,
        now: Now,
        origin: Origin,
        envelope: &Envelope,
        recipients: &[Recipient],
    ) -> Option<MessageId> {
        let id = MessageId(self.next_id());
        let page = Page::send(&mut self.shared.context(now), id, origin, envelope, recipients)?;
        self.shared.counters.messages += 1;
        self.timers.set(TimerKey::Message(id), page.gives_up_at);
        if let Origin::Phone { user, .. } = &page.origin {
            *self.pages.of_user.entry(user.clone()).or_default() += 1;
        }
        self.pages.all.insert(id, page);
        Some(id)
    }

    /// A phone answered, or nobody answered for it; later answers count for nothing.
    pub(super) fn answer_message(&mut self, now: Now, id: MessageId, status: u16) {
        let Some(page) = self.pages.all.get_mut(&id) else { return };
        if let Some(status) = page.handle_answer(status) {
            self.conclude_message(now, id, status);
        }
    }

    /// No phone has answered in time.
    pub(super) fn give_up_message(&mut self, now: Now, id: MessageId) {
        if let Some(page) = self.pages.all.get(&id) {
            let status = page.give_up();
            self.conclude_message(now, id, status);
        }
    }

    fn conclude_message(&mut self, now: Now, id: MessageId, status: u16) {
        self.timers.cancel(&TimerKey::Message(id));
        let Some(page) = self.pages.all.remove(&id) else { return };
        self.shared.counters.messages_failed += u64::from(status >= 300);
        match page.origin {
            Origin::Phone { user, inbound } => {
                if let Some(sent) = self.pages.of_user.get_mut(&user) {
                    *sent -= 1;
                    if *sent == 0 {
                        self.pages.of_user.remove(&user);
                    }
                }
                let tag = self.shared.rng.hex(TAG_LENGTH);
                self.shared.context(now).reply(&inbound, status, &tag);
            }
            Origin::User => self.shared.events.push_back(Event::MessageAnswered { id, status }),
        }
    }
}
