//! REGISTER: RFC 3261 §10.3. Everybody is asked for a password; only who has proved it learns anything.

use core::time::Duration;

use hotline_base::{AgentId, Now};

use super::Endpoint;
use super::access::Access;
use crate::HeaderName;
use crate::message::{Contacts, HeaderError, NameAddr};
use crate::outgoing::TAG_LENGTH;
use crate::registrar::{Binding, Change, OutOfOrder, Requested, Update};
use crate::session::Inbound;

/// Why a REGISTER is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// A Contact or Expires cannot be read, or `*` without `Expires: 0`: 400.
    Malformed,
    /// A contact would expire too soon: 423.
    TooBrief,
    /// [`OutOfOrder`]: 500.
    OutOfOrder,
}

impl From<HeaderError> for Refusal {
    fn from(_: HeaderError) -> Self {
        Self::Malformed
    }
}

impl From<OutOfOrder> for Refusal {
    fn from(_: OutOfOrder) -> Self {
        Self::OutOfOrder
    }
}

impl Endpoint {
    /// A REGISTER.
    pub(super) fn handle_register(&mut self, now: Now, inbound: &Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        let of =
            message.to().ok().and_then(|to| to.uri.user().map(|user| user.into_owned())).unwrap_or_default();
        // RFC 3261 §10.3, step 4: nobody changes another user's contacts, whatever the proof.
        if self.claim(message).user().is_some_and(|user| user != of) {
            self.note_failure(now, flow);
            return self.refuse(message, flow, 403);
        }
        if self.is_full() {
            return self.refuse_overload(message, flow);
        }
        match self.authenticate(now, message, flow, core::slice::from_ref(&of)) {
            Access::Missing | Access::Denied => self.challenge(now, message, flow, &of, false),
            Access::Unusable => self.refuse(message, flow, 400),
            Access::Stale { user } => self.challenge(now, message, flow, &user, true),
            Access::Granted { user, agent } => {
                if self.open(inbound) {
                    self.answer_register(now, inbound, user, agent);
                }
            }
        }
    }

    fn answer_register(&mut self, now: Now, inbound: &Inbound, user: String, agent: AgentId) {
        let result = self.apply_register(now, inbound, user.clone(), agent);
        let tag = self.shared.rng.hex(TAG_LENGTH);
        let least = self.shared.config.expires_min.as_secs();
        let mut ctx = self.shared.context(now);
        match result {
            Ok(()) => {
                let mut response = ctx.response(inbound, 200, &tag);
                for binding in self.registrar.bindings(&user) {
                    response = response.header(HeaderName::Contact, contact(now, binding));
                }
                ctx.respond(inbound, 200, response);
            }
            Err(Refusal::Malformed) => ctx.reply(inbound, 400, &tag),
            Err(Refusal::OutOfOrder) => ctx.reply(inbound, 500, &tag),
            Err(Refusal::TooBrief) => {
                let response = ctx.response(inbound, 423, &tag).header(HeaderName::MinExpires, least);
                ctx.respond(inbound, 423, response);
            }
        }
    }

    fn apply_register(
        &mut self,
        now: Now,
        inbound: &Inbound,
        user: String,
        agent: AgentId,
    ) -> Result<(), Refusal> {
        let message = &inbound.message;
        let expires = message.expires().unwrap_or_default();
        let change = match message.contacts()? {
            Contacts::Star if expires == Some(0) => Change::RemoveAll,
            Contacts::Star => return Err(Refusal::Malformed),
            Contacts::List(list) if list.is_empty() => Change::Query,
            Contacts::List(list) => {
                let requested: Result<_, _> = list.iter().map(|one| self.requested(one, expires)).collect();
                Change::Contacts(requested?)
            }
        };
        let update = Update {
            user,
            agent,
            call_id: message.call_id().into_owned(),
            cseq: message.cseq()?.number,
            flow: inbound.flow,
            change,
        };
        for old in self.registrar.handle_register(now, update)? {
            self.sessions.values_mut().for_each(|session| session.follow(old, inbound.flow));
        }
        self.shared.counters.bindings_replaced = self.registrar.replaced();
        Ok(())
    }

    /// One contact and how long it is granted (RFC 3261 §10.3, step 7).
    fn requested(&self, contact: &NameAddr, expires: Option<u32>) -> Result<Requested, Refusal> {
        let config = &self.shared.config;
        let asked = contact.expires().or(expires).map(|seconds| Duration::from_secs(seconds.into()));
        let asked = asked.unwrap_or(config.expires_default);
        if !asked.is_zero() && asked < config.expires_min {
            return Err(Refusal::TooBrief);
        }
        let expires = asked.min(config.expires_max);
        Ok(Requested { uri: contact.uri.clone(), expires, q: contact.q_thousandths() })
    }
}

/// A contact as the 200 lists it, with the time it has left.
fn contact(now: Now, binding: &Binding) -> NameAddr {
    let left = binding.expires_at.since(now.mono).as_secs().to_string();
    let mut contact = NameAddr::new(binding.uri.clone());
    contact.params.set("expires", Some(&left));
    contact
}
