//! REGISTER: RFC 3261 §10.3 with Path (RFC 3327) and outbound (RFC 5626). Everybody is asked for a password; only who
//! has proved it learns anything.

use core::time::Duration;

use hotline_base::{AgentId, Now};

use super::Endpoint;
use super::access::Access;
use crate::message::{Contacts, HeaderError, NameAddr, lexis};
use crate::outgoing::TAG_LENGTH;
use crate::registrar::{Binding, Change, Instance, OutOfOrder, Requested, Update};
use crate::session::Inbound;
use crate::{HeaderName, Message};

/// Proxies on the way to a contact. A REGISTER with more gets 400.
pub const MAX_PATH: usize = 8;
/// The longest `+sip.instance` in bytes; a REGISTER with a longer one gets 400.
pub const MAX_INSTANCE: usize = 256;
/// The extensions that a REGISTER may insist on.
pub(super) const EXTENSIONS: &str = "path, outbound";
/// RFC 3327 §8.1.
const PATH: &str = "path";
/// RFC 5626 §11.6.
const OUTBOUND: &str = "outbound";

/// Why a REGISTER is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// A header cannot be read, `*` without `Expires: 0`, several contacts for one way, or too much: 400.
    Malformed,
    /// A contact would expire too soon: 423.
    TooBrief,
    /// The proxy next to the phone does not know the way back to it, which the phone relies on: 439 (RFC 5626 §6).
    FirstHop,
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

/// Whether phone and registrar keep several ways to the phone apart (RFC 5626 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outbound {
    /// They do; the 200 says so.
    InForce,
    /// The phone does not ask for it, or the way does not allow it: `reg-id` is passed over.
    Absent,
}

impl Endpoint {
    /// A REGISTER.
    pub(super) fn handle_register(&mut self, now: Now, inbound: &Inbound) {
        let (message, flow) = (&inbound.message, inbound.flow);
        let of =
            message.to().ok().and_then(|to| to.uri.user().map(|user| user.into_owned())).unwrap_or_default();
        let claim = self.claim(message);
        let claimed = claim.user().unwrap_or(&of);
        if !self.hears(now, flow, claimed) {
            return;
        }
        // RFC 3261 §10.3, step 4: nobody changes another user's contacts, whatever the proof.
        if claimed != of {
            self.note_failure(now, flow, claimed);
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
        let (status, response) = match result {
            Ok(outbound) => {
                let mut response = ctx.response(inbound, 200, &tag);
                for binding in self.registrar.bindings(&user) {
                    response = response.header(HeaderName::Contact, contact(now, binding));
                }
                // RFC 3327 §5.3: the phone is told the way, if it wants to know.
                if supports(&inbound.message, PATH) {
                    response = response.copy(&inbound.message, HeaderName::Path);
                }
                response = response.header(HeaderName::Supported, EXTENSIONS);
                match outbound {
                    Outbound::InForce => (200, response.header(HeaderName::Require, OUTBOUND)),
                    Outbound::Absent => (200, response),
                }
            }
            Err(Refusal::Malformed) => (400, ctx.response(inbound, 400, &tag)),
            Err(Refusal::FirstHop) => (439, ctx.response(inbound, 439, &tag)),
            Err(Refusal::OutOfOrder) => (500, ctx.response(inbound, 500, &tag)),
            Err(Refusal::TooBrief) => {
                (423, ctx.response(inbound, 423, &tag).header(HeaderName::MinExpires, least))
            }
        };
        ctx.respond(inbound, status, response);
    }

    fn apply_register(
        &mut self,
        now: Now,
        inbound: &Inbound,
        user: String,
        agent: AgentId,
    ) -> Result<Outbound, Refusal> {
        let message = &inbound.message;
        let path = message.name_addrs(HeaderName::Path)?;
        if path.len() > MAX_PATH || !path.iter().all(is_proxy) {
            return Err(Refusal::Malformed);
        }
        let expires = message.expires().unwrap_or_default();
        let mut outbound = Outbound::Absent;
        let change = match message.contacts()? {
            Contacts::Star if expires == Some(0) => Change::RemoveAll,
            Contacts::Star => return Err(Refusal::Malformed),
            Contacts::List(list) if list.is_empty() => Change::Query,
            Contacts::List(list) => {
                outbound = outbound_of(inbound, &path, &list)?;
                let requested = list.iter().map(|one| self.requested(one, expires, outbound));
                Change::Contacts(requested.collect::<Result<_, _>>()?)
            }
        };
        let (call_id, cseq) = (message.call_id().into_owned(), message.cseq()?.number);
        if has_rival_ways(&change) {
            return Err(Refusal::Malformed);
        }
        let update = Update { user, agent, call_id, cseq, flow: inbound.flow, path, change };
        let followed = update.user.clone();
        for old in self.registrar.handle_register(now, update)? {
            self.sessions.values_mut().for_each(|session| session.follow(old, inbound.flow));
            self.notifier.follow(&followed, old, inbound.flow);
        }
        self.shared.counters.bindings_replaced = self.registrar.replaced();
        Ok(outbound)
    }

    /// One contact and how long it is granted (RFC 3261 §10.3, step 7).
    fn requested(
        &self,
        contact: &NameAddr,
        expires: Option<u32>,
        outbound: Outbound,
    ) -> Result<Requested, Refusal> {
        let config = &self.shared.config;
        let asked = contact.expires().or(expires).map(|seconds| Duration::from_secs(seconds.into()));
        let asked = asked.unwrap_or(config.expires_default);
        if !asked.is_zero() && asked < config.expires_min {
            return Err(Refusal::TooBrief);
        }
        let id = contact.instance().filter(|id| !id.is_empty());
        if id.as_ref().is_some_and(|id| id.len() > MAX_INSTANCE || id.contains(char::is_control)) {
            return Err(Refusal::Malformed);
        }
        let reg_id = match outbound {
            Outbound::InForce => contact.reg_id(),
            Outbound::Absent => None,
        };
        Ok(Requested {
            uri: contact.uri.clone(),
            expires: asked.min(config.expires_max),
            q: contact.q_thousandths(),
            instance: id.map(|id| Instance { id: id.into(), reg_id }),
        })
    }
}

/// RFC 5626 §6. A phone that asks for it behind proxies which do not know how to get back to it is told so. Right next to
/// us it has it over a connection; over UDP it would have to be able to ask by STUN whether the way is still there (§5.4),
/// which we do not answer.
fn outbound_of(inbound: &Inbound, path: &[NameAddr], contacts: &[NameAddr]) -> Result<Outbound, Refusal> {
    let message = &inbound.message;
    let has_way = |contact: &NameAddr| contact.instance().is_some() && contact.reg_id().is_some();
    let is_asked = supports(message, OUTBOUND) || message.require().any(|option| option == OUTBOUND);
    if !is_asked || !contacts.iter().any(has_way) {
        return Ok(Outbound::Absent);
    }
    let knows_way_back = |proxy: &NameAddr| proxy.uri.sip().is_some_and(|uri| uri.params.has("ob"));
    match (path.last(), message.headers(HeaderName::Via).count()) {
        (Some(first_hop), _) if knows_way_back(first_hop) => Ok(Outbound::InForce),
        (Some(_), _) | (None, 2..) => Err(Refusal::FirstHop),
        (None, _) if inbound.flow.transport.is_reliable() => Ok(Outbound::InForce),
        (None, _) => Ok(Outbound::Absent),
    }
}

/// Whether a request can be sent by this way.
fn is_proxy(proxy: &NameAddr) -> bool {
    proxy.uri.sip().is_some() && !proxy.to_string().contains(char::is_control)
}

/// Whether a phone adds two contacts as one of its ways (RFC 5626 §6: one at a time).
fn has_rival_ways(change: &Change) -> bool {
    let Change::Contacts(contacts) = change else { return false };
    let is_way = |contact: &&Requested| {
        let way = contact.instance.as_ref().and_then(|instance| instance.reg_id);
        way.is_some() && !contact.expires.is_zero()
    };
    contacts.iter().filter(is_way).count() > 1
}

/// Whether the sender knows an extension.
fn supports(message: &Message, extension: &str) -> bool {
    message.headers(HeaderName::Supported).any(|known| known.eq_ignore_ascii_case(extension))
}

/// A contact as the 200 lists it, with the time it has left.
fn contact(now: Now, binding: &Binding) -> NameAddr {
    const ONE: u16 = 1000;
    let left = binding.expires_at.since(now.mono).as_secs().to_string();
    let mut contact = NameAddr::new(binding.uri.clone());
    contact.params.set("expires", Some(&left));
    if binding.q != ONE {
        contact.params.set("q", Some(&format!("0.{:03}", binding.q)));
    }
    if let Some(Instance { id, reg_id }) = &binding.instance {
        contact.params.set("+sip.instance", Some(&lexis::quoted(id)));
        if let Some(way) = reg_id {
            contact.params.set("reg-id", Some(&way.to_string()));
        }
    }
    contact
}
