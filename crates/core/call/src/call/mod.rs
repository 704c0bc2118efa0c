//! One call: its caller, what it does at the moment, and its record as it grows.
//!
//! A call moves `Opening → Live → Ending → Over`; while it is live it is in a flow, waits in a queue, is offered
//! to an agent, or talks. Each transition consumes the former state.

mod company;
mod control;
mod conversation;
mod device;
mod dialling;
mod ending;
mod flow;
mod greeting;
mod live;
mod offer;
mod opening;
mod outcall;
mod recording;
mod remaining;
mod renewing;
mod replacing;
mod returning;
mod room;
mod summons;
mod supervisors;
mod transfer;
mod waiting;

use std::sync::Arc;

use hotline_base::{AgentId, CallId, LegId, Now, Pii, RequestId};
use hotline_ivr::{Value, Variable};
use hotline_sip::SessionId;
use serde::{Deserialize, Serialize};

use crate::callbacks::Returning;
use crate::crm::{CrmFacts, CrmPage};
use crate::customer::{Customer, Found};
use crate::env::Env;
use crate::event::{CallEvent, Entry, EventKind, Party, Source};
use crate::number::normalise;
use crate::record::CallRecord;
use crate::snapshot::{Attendee, CallState, CallView, POP_STEPS_MAX, ScreenPop};

pub(crate) use conversation::Conversation;
use conversation::Partner;
pub(crate) use dialling::Dialling;
pub(crate) use flow::FlowRun;
pub(crate) use live::Live;
pub(crate) use offer::{AgentLeg, Fallback};
use opening::Opening;
pub(crate) use opening::{Invitation, turn_away};
use recording::Tape;
pub(crate) use recording::of_agent;
pub(crate) use replacing::Replacing;
pub(crate) use summons::Summons;
pub(crate) use supervisors::Supervising;
pub(crate) use waiting::Waiting;

#[derive(Serialize, Deserialize)]
pub(crate) struct Call {
    id: CallId,
    /// The SIP session of the one who is served; absent while an agent's own phone is still to be called.
    session: Option<SessionId>,
    /// That one's media leg.
    leg: LegId,
    served: Served,
    record: CallRecord,
    /// From the first talk on.
    tape: Option<Tape>,
    lookup: Lookup,
    /// What the flow had collected when the call was offered last.
    collected: Arc<[(Variable, Value)]>,
    /// What a guest has said at a web page.
    visitor: Arc<[(Variable, Value)]>,
    /// Since when the caller has a place in line, if it has waited and was not answered.
    enqueued_first: Option<Now>,
    /// Set while the call is made for somebody who is to be called back, until the two talk.
    returning: Option<Returning>,
    /// The request of a client by which an agent makes the call, until the agent has taken the own phone up.
    cause: Option<RequestId>,
    stage: Stage,
}

/// Who is on the first leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Served {
    /// Whoever called.
    Caller,
    /// Somebody outside whom an agent has called, by number.
    Callee(Pii<String>),
    /// A colleague whom an agent has called, and now sends on.
    Colleague(AgentId),
}

impl Served {
    /// The same person as who talks beside the two, or with them.
    fn of(partner: Partner) -> Self {
        match partner {
            Partner::Agent(colleague) => Self::Colleague(colleague),
            Partner::Outside(number) => Self::Callee(number),
        }
    }

    const fn party(&self) -> Party {
        match self {
            Self::Caller => Party::Caller,
            Self::Callee(_) | Self::Colleague(_) => Party::Callee,
        }
    }
}

/// What the address book said.
#[derive(Serialize, Deserialize)]
enum Lookup {
    Pending,
    Done(Option<Arc<Found>>),
}

#[derive(Serialize, Deserialize)]
enum Stage {
    /// Waits for the caller's media port.
    Opening(Opening),
    Live(Box<Live>),
    /// Everyone has hung up; waits for this recording to be closed.
    Ending,
    Over,
}

impl Call {
    pub(crate) const fn id(&self) -> CallId {
        self.id
    }

    /// True when the record has been handed over and nothing is left to do.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// The agent whose phone made this call.
    fn calling_agent(&self) -> Option<&AgentId> {
        match &self.record.source {
            Source::Agent(agent) => Some(agent),
            Source::Trunk(_) | Source::Queue(_) => None,
        }
    }

    /// Emits one event of this call and folds it into the record.
    fn emit(&mut self, now: Now, env: &mut Env, what: CallEvent) {
        self.note_request(now, env);
        self.emit_one(now, env, what);
    }

    /// Tells for which request of a client things are done, once.
    fn note_request(&mut self, now: Now, env: &mut Env) {
        if let Some(requested) = env.note_cause(self.id) {
            self.emit_one(now, env, CallEvent::Requested(requested));
        }
    }

    fn emit_one(&mut self, now: Now, env: &mut Env, what: CallEvent) {
        self.record.apply(now.wall, &what);
        env.emit(now, EventKind::Call { call: self.id, what });
    }

    /// The customer was edited during the call.
    pub(crate) fn on_customer_changed(&mut self, now: Now, env: &mut Env, customer: &Customer) {
        // An edit says nothing of calls.
        let found = match &self.lookup {
            Lookup::Done(Some(known)) => known.edited(customer),
            Lookup::Done(None) | Lookup::Pending => Found::alone(customer.clone()),
        };
        self.on_found(now, env, Some(Arc::new(found)));
    }

    /// The address book answered.
    pub(crate) fn on_found(&mut self, now: Now, env: &mut Env, found: Option<Arc<Found>>) {
        let id = found.as_ref().map(|found| found.customer.id);
        let first = matches!(self.lookup, Lookup::Pending);
        self.lookup = Lookup::Done(found);
        let living = matches!(self.stage, Stage::Opening(_) | Stage::Live(_));
        if living && (first || self.record.customer != id) {
            self.emit(now, env, CallEvent::CustomerMatched { customer: id });
        }
        for offer in self.offers() {
            self.tell_offer(now, env, offer);
        }
        self.on_screened(now, env);
    }

    /// Whether the address book has said who calls, or is not asked.
    pub(crate) const fn is_looked_up(&self) -> bool {
        matches!(self.lookup, Lookup::Done(_))
    }

    /// The media leg of the one who is served, or who makes the call.
    pub(crate) const fn first_leg(&self) -> LegId {
        self.leg
    }

    /// What was dialled, as sent.
    pub(crate) fn called(&self) -> &str {
        self.record.called.expose()
    }

    /// The agent whose phone made this call.
    pub(crate) fn maker(&self) -> Option<&AgentId> {
        self.calling_agent()
    }

    /// The caller's number as it was sent.
    pub(crate) fn caller(&self) -> &str {
        self.record.caller.expose()
    }

    /// The number of the one who is, or is to be, served: by it the address book is asked.
    pub(crate) fn number(&self) -> &str {
        match &self.record.entry {
            Entry::Outside(number) => number.expose(),
            Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_) => self.caller(),
        }
    }

    pub(crate) fn view(&self, env: &Env) -> CallView {
        let is_over = matches!(self.stage, Stage::Ending | Stage::Over);
        CallView {
            record: self.record.clone(),
            state: self.state(env),
            found: self.found().cloned(),
            collected: Arc::clone(&self.collected),
            crm: self.crm(env),
            attendees: self.attendees(env),
            is_consulting: self.conversation().is_some_and(|talk| talk.company.is_calling()),
            is_held: self
                .conversation()
                .is_some_and(|talk| talk.agent().is_some() && talk.holds.agent_is_away()),
            is_muted: self.conversation().is_some_and(|talk| talk.is_muted),
            is_listed: !is_over || env.recordings_of(self.id()).next().is_some(),
        }
    }

    pub(super) fn customer(&self) -> Option<&Customer> {
        self.found().map(|found| &found.customer)
    }

    const fn found(&self) -> Option<&Arc<Found>> {
        match &self.lookup {
            Lookup::Pending => None,
            Lookup::Done(found) => found.as_ref(),
        }
    }

    /// Where another system shows the customer: the queue's address, or else the center's.
    fn crm(&self, env: &Env) -> Option<CrmPage> {
        let queue = self.record.queues.last().map(|visit| &visit.queue);
        let own = queue.and_then(|queue| env.center.queues.get(queue)?.crm.as_ref());
        let link = own.or(env.center.crm.as_ref())?;
        let number = normalise(self.number(), &env.center.dial_plan);
        Some(link.page(&CrmFacts {
            number: &number.map_or_else(|| Pii::from(self.number()), Pii::new),
            called: &self.record.called,
            customer: self.customer().map(|customer| customer.id),
            call: self.id,
            queue,
        }))
    }

    /// Who takes part beside the two.
    fn attendees(&self, env: &Env) -> Vec<Attendee> {
        let company = self.conversation().into_iter().flat_map(|talk| talk.company.parts());
        let all = self.in_customers_place().into_iter().chain(company).chain(self.supervising());
        all.map(|(leg, who, part)| {
            let told = env.center.tells_of(part);
            Attendee { leg, who, part, told }
        })
        .collect()
    }

    fn state(&self, env: &Env) -> CallState {
        match &self.stage {
            Stage::Live(live) if !self.is_summoning() => live.state(self.id, env),
            Stage::Opening(_) | Stage::Live(_) => match self.record.entry {
                Entry::Outside(_) => CallState::Dialling,
                Entry::Number { .. } | Entry::Extension(_) | Entry::Queue(_) => CallState::InFlow,
            },
            Stage::Ending | Stage::Over => CallState::Ending,
        }
    }

    /// What the agent of `offer` should see; `None` if that offer is over.
    pub(crate) fn screen_pop(&self, env: &Env, offer: LegId) -> Option<ScreenPop> {
        let Stage::Live(live) = &self.stage else { return None };
        let agent = live.agent_of(offer)?;
        let visit = self.record.queues.last();
        Some(ScreenPop {
            call: self.id,
            offer,
            agent: agent.clone(),
            caller: self.record.caller.clone(),
            caller_name: self.record.caller_name.clone(),
            called: self.record.called.clone(),
            queue: visit.map(|visit| visit.queue.clone()),
            queued_at: visit.map(|visit| visit.entered_at),
            diversion: self.record.diversion.clone(),
            language: self.record.language.clone(),
            found: self.found().cloned(),
            path: self.record.last_steps(POP_STEPS_MAX).to_vec(),
            collected: Arc::clone(&self.collected),
            crm: self.crm(env),
            lookup_done: matches!(self.lookup, Lookup::Done(_)),
        })
    }
}
