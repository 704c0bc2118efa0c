//! A new INVITE from a trunk or an agent: where does it go?

use hotline_base::{AgentId, CallId, Now, Pii, TrunkId};
use hotline_sip::{Event as SipEvent, Peer, Reason, SessionId};

use super::{CALLS_MAX, Controller};
use crate::call::{Call, Invitation, Replacing, Summons, turn_away};
use crate::command::CommandError;
use crate::event::{Entry, Source};
use crate::guests::{GUESTS, Visiting};
use crate::number::normalise;
use crate::screening::Screened;

impl Controller {
    pub(super) fn on_incoming(&mut self, now: Now, event: SipEvent) {
        let SipEvent::Incoming { session, peer, caller, called, diversion, offer, call_id, replaces, .. } =
            event
        else {
            return;
        };
        let source = match peer {
            Peer::Trunk(trunk) => Source::Trunk(trunk),
            Peer::Agent(agent) => Source::Agent(agent),
            Peer::Guest => Source::Trunk(TrunkId::from(GUESTS)),
        };
        let is_guest = matches!(&source, Source::Trunk(trunk) if trunk.as_str() == GUESTS);
        self.env.trunks.began(&source);
        if self.draining || self.calls.len() >= CALLS_MAX || (is_guest && self.has_enough_guests()) {
            return self.shed(now, session, &source, None);
        }
        // What was dialled says nothing then (RFC 3891 §3).
        if let (Some(replaced), Source::Agent(by)) = (replaces, &source) {
            let (by, sip_call_id) = (by.clone(), call_id);
            self.replace(now, &Replacing { session, by, offer, sip_call_id, replaced });
            return;
        }
        let entry = match &source {
            Source::Agent(_) => self.entry_for_agent(called.expose()),
            Source::Trunk(_) | Source::Queue(_) => self.entry_of(called.expose()),
        };
        let Some((entry, language)) = entry else {
            self.env.counters.calls_unknown_number += 1;
            self.env.trunks.failed(&source, 404);
            self.env.sip.reject(now, session, 404, None);
            return;
        };
        let id = self.id_beside(now, &source);
        let screened = self.screen(now, &source, &entry, &caller.user);
        if screened.is_some() {
            self.env.counters.calls_blocked += 1;
        }
        let turned_away = screened.as_ref().and_then(|screened| screened.refusal.status());
        if turned_away.is_none()
            && let Source::Trunk(trunk) = &source
            && self.env.trunks.enter(trunk, id, &self.env.center).is_err()
        {
            let reason = Reason::q850(34, "No circuit available");
            return self.shed(now, session, &source, Some(&reason));
        }
        let (caller, caller_name, visiting) = if is_guest {
            self.env.shown_guest(caller.user.expose())
        } else {
            (caller.user, caller.display, Visiting::default())
        };
        let invitation = Invitation {
            id,
            session,
            source,
            caller,
            caller_name,
            visiting,
            called: called.into_inner(),
            entry,
            language,
            diversion,
            sip_call_id: call_id,
            offer,
            screened,
        };
        self.env.counters.calls_started += 1;
        if let Some(status) = turned_away {
            turn_away(now, &mut self.env, invitation, status);
            return;
        }
        let call = Call::begin(now, &mut self.env, invitation);
        self.calls.insert(call.id(), call);
    }

    /// Refuses a call because there are too many.
    fn shed(&mut self, now: Now, session: SessionId, source: &Source, reason: Option<&Reason>) {
        self.env.counters.calls_shed += 1;
        self.env.trunks.failed(source, 503);
        self.env.sip.reject(now, session, 503, reason);
    }

    /// Whether as many guests talk or wait as may.
    fn has_enough_guests(&self) -> bool {
        let guests = self.calls.values().filter(|call| call.is_of_trunk(GUESTS)).count();
        guests >= self.env.center.web.calls_max
    }

    /// Why a caller by a trunk is not let through.
    fn screen(&self, now: Now, source: &Source, entry: &Entry, caller: &Pii<String>) -> Option<Screened> {
        // Guests have no number, and have to be let in before.
        let Source::Trunk(trunk) = source else { return None };
        if trunk.as_str() == GUESTS {
            return None;
        }
        let center = &self.env.center;
        let number = normalise(caller.expose(), &center.dial_plan);
        let allow_only = match entry {
            Entry::Number { number, .. } => {
                let dialled = center.numbers.values().find(|known| known.id == *number);
                dialled.and_then(|number| number.allow_only.as_deref())
            }
            Entry::Extension(_) | Entry::Outside(_) | Entry::Queue(_) => None,
        };
        center.screening.judge(number.as_deref(), allow_only, now.wall)
    }

    /// An agent's call that belongs to a talk of that agent (a consultation) is handled by the same media thread.
    fn id_beside(&mut self, now: Now, source: &Source) -> CallId {
        let beside = match source {
            Source::Agent(agent) => self.calls.values().find(|call| call.has_agent(agent)),
            Source::Trunk(_) | Source::Queue(_) => None,
        };
        match beside {
            Some(call) => call.id().sibling(now.wall, &mut self.env.rng),
            None => CallId::generate(now.wall, &mut self.env.rng),
        }
    }

    /// An agent makes a call from the page: the own device is called first. Signs in an agent who was not. `caller_id` is
    /// the number that is to be shown outside, one of the center's.
    ///
    /// # Errors
    /// [`CommandError`], if nothing was begun.
    pub fn originate(
        &mut self,
        now: Now,
        agent: &AgentId,
        to: &str,
        caller_id: Option<&str>,
    ) -> Result<CallId, CommandError> {
        if self.draining || self.calls.len() >= CALLS_MAX {
            self.env.counters.calls_shed += 1;
            return Err(CommandError::NoNewCalls);
        }
        let view = self.env.acd.agent(agent).ok_or(CommandError::NoPhone)?;
        let (entry, language) = self.entry_for_agent(to).ok_or(CommandError::UnknownTarget)?;
        let caller_id = match caller_id {
            Some(number) => Some(self.own_number(agent, number).ok_or(CommandError::UnknownCallerId)?),
            None => None,
        };
        if !self.is_reachable(agent, &view.device) {
            return Err(CommandError::NoPhone);
        }
        if !view.is_free() {
            return Err(CommandError::Busy);
        }
        self.env.acd.sign_in(now, agent)?;
        let id = CallId::generate(now.wall, &mut self.env.rng);
        let summons = Summons { id, agent: agent.clone(), called: to.to_owned(), entry, language, caller_id };
        self.env.counters.calls_started += 1;
        let call = Call::summon(now, &mut self.env, summons);
        self.calls.insert(call.id(), call);
        self.settle(now);
        Ok(id)
    }

    /// A number that an agent may show outside: the own one, or one by which the center is called.
    fn own_number(&self, agent: &AgentId, number: &str) -> Option<Pii<String>> {
        let center = &self.env.center;
        let number = normalise(number, &center.dial_plan)?;
        let own = center.agents.get(agent).and_then(|agent| agent.caller_id.as_ref());
        let is_ours = own == Some(&number)
            || center.numbers.contains_key(&number)
            || center.trunks.values().any(|trunk| trunk.caller_id.as_ref() == Some(&number))
            || center.routes.iter().any(|route| route.caller_id.as_ref() == Some(&number));
        is_ours.then(|| Pii::new(number))
    }

    /// Where a number leads that an agent dials: what the center has goes first, then outside, if a route is there.
    pub(super) fn entry_for_agent(&self, called: &str) -> Option<(Entry, String)> {
        self.entry_of(called).or_else(|| {
            let center = &self.env.center;
            let number = normalise(called, &center.dial_plan)?;
            center.route(&number)?;
            Some((Entry::Outside(Pii::new(number)), center.language.clone()))
        })
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
