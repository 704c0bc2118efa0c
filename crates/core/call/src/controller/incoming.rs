//! A new INVITE from a trunk or an agent: where does it go?

use hotline_base::{CallId, Now};
use hotline_sip::{Event as SipEvent, Peer};

use super::{CALLS_MAX, Controller};
use crate::call::{Call, Invitation};
use crate::event::{Entry, Source};
use crate::number::normalise;

impl Controller {
    pub(super) fn on_incoming(&mut self, now: Now, event: SipEvent) {
        let SipEvent::Incoming { session, peer, caller, called, offer, call_id, replaces, .. } = event else {
            return;
        };
        let source = match peer {
            Peer::Trunk(trunk) => Source::Trunk(trunk),
            Peer::Agent(agent) => Source::Agent(agent),
        };
        self.env.trunks.began(&source);
        if self.draining || self.calls.len() >= CALLS_MAX {
            self.env.counters.calls_shed += 1;
            self.env.trunks.failed(&source, 503);
            self.env.sip.reject(now, session, 503, None);
            return;
        }
        let Some((entry, language)) = self.entry_of(called.expose()) else {
            self.env.counters.calls_unknown_number += 1;
            self.env.trunks.failed(&source, 404);
            self.env.sip.reject(now, session, 404, None);
            return;
        };
        if replaces.is_some() {
            // Phones take calls over by transfer.
            self.env.counters.transfers_refused += 1;
            self.env.trunks.failed(&source, 603);
            self.env.sip.reject(now, session, 603, None);
            return;
        }
        let beside = match &source {
            Source::Agent(agent) => self.calls.values().find(|call| call.is_talking_to(agent)),
            Source::Trunk(_) => None,
        };
        let id = match beside {
            Some(call) => call.id().sibling(now.wall, &mut self.env.rng),
            None => CallId::generate(now.wall, &mut self.env.rng),
        };
        let invitation = Invitation {
            id,
            session,
            source,
            caller: caller.user,
            caller_name: caller.display,
            called: called.into_inner(),
            entry,
            language,
            sip_call_id: call_id,
            offer,
        };
        self.env.counters.calls_started += 1;
        let call = Call::begin(now, &mut self.env, invitation);
        self.calls.insert(call.id(), call);
    }

    /// Numbers go before extensions: what callers dial must not be hidden by an agent's extension.
    pub(super) fn entry_of(&self, called: &str) -> Option<(Entry, String)> {
        let center = &self.env.center;
        let dialled = normalise(called, &center.dial_plan)?;
        if let Some(number) = center.numbers.get(&dialled) {
            let entry = Entry::Number { number: number.id.clone(), flow: number.flow.clone() };
            return Some((entry, number.language.clone()));
        }
        let agent = center.agent_by_extension(&dialled)?;
        Some((Entry::Extension(agent.clone()), center.language.clone()))
    }
}
