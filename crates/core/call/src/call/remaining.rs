//! The customer hangs up while others are in the talk: the agent talks on with them. Whoever comes first takes the place of
//! the one who is served, so that all that an agent may do with a customer is done with them as well.

use hotline_base::{AgentId, LegId, Now};
use hotline_sip::{Reason, SessionId};

use super::company::Member;
use super::live::{Activity, Progress};
use super::{Call, Served};
use crate::env::{Env, Role};
use crate::event::{CallEvent, Part, Who};

impl Call {
    /// The one who is served has left, or is to hang up (`told`): the agent and whoever is there beside the two talk on. False
    /// if nobody is, and the call is over.
    pub(super) fn go_on_without_served(&mut self, now: Now, env: &mut Env, told: Option<&Reason>) -> bool {
        let is_own_call = self.served == Served::Caller && self.calling_agent().is_some();
        let Some(Activity::Talking(talk)) = self.live().map(|live| &mut live.activity) else { return false };
        // An agent who has called has a phone of the own, which hangs up.
        if talk.agent().is_none() || is_own_call {
            return false;
        }
        let Some((next, was_asked)) = talk.company.take_next() else { return false };
        let (by, after) = (talk.agent().cloned(), talk.after.take());
        if let Some(run) = after {
            self.end_flow(now, env, *run);
        }
        let (former, leg, who) = (self.leg, next.media.id(), next.who());
        let former_session = self.put_in_customers_place(now, env, next);
        if was_asked && let Some(by) = by {
            self.emit(now, env, CallEvent::ConsultEnded { by });
            self.emit(now, env, CallEvent::PartyJoined { leg, who, part: Part::Conference, told: true });
            self.join_recording(env, leg);
            self.set_aside(now, env, false);
        }
        self.emit(
            now,
            env,
            match self.has_lost_customer() {
                false => CallEvent::CustomerLeft,
                true => CallEvent::PartyLeft { leg: former },
            },
        );
        self.follow_hold(now, env);
        self.arrange(env);
        // Last: a recording ends with the last leg that it hears.
        let is_up = former_session.is_some_and(|session| env.sessions.remove(&session).is_some());
        if let (true, Some(session), Some(reason)) = (is_up, former_session, told) {
            env.sip.hang_up(now, session, Some(reason.clone()));
        }
        env.close_leg(former);
        true
    }

    /// Gives the session of whoever was there.
    fn put_in_customers_place(&mut self, now: Now, env: &mut Env, next: Member) -> Option<SessionId> {
        let id = self.id();
        let Member { partner, session, media } = next;
        self.leg = media.id();
        if let Some(live) = self.live() {
            live.media = media;
            live.progress = Progress::Confirmed;
        }
        if let Served::Colleague(agent) = std::mem::replace(&mut self.served, Served::of(partner)) {
            env.acd.set_outside_call(now, &agent, id, None);
        }
        env.sessions.insert(session, (id, Role::Caller));
        self.session.replace(session)
    }

    /// Whether the agent talks with others than the customer, who has left.
    pub(super) const fn has_lost_customer(&self) -> bool {
        self.record.customer_left_at.is_some()
    }

    /// Whoever has the place of a customer who has left.
    pub(super) fn in_customers_place(&self) -> Option<(LegId, Who, Part)> {
        let who = match &self.served {
            Served::Caller => return None,
            Served::Callee(number) => Who::Outside(number.clone()),
            Served::Colleague(agent) => Who::Agent(agent.clone()),
        };
        let is_there = self.has_lost_customer() && self.conversation().is_some();
        is_there.then_some((self.leg, who, Part::Conference))
    }

    /// Takes whoever has the place of the customer out, as the agent says. `None` if this is nobody's leg who has it.
    pub(super) fn drop_from_customers_place(&mut self, now: Now, env: &mut Env, leg: LegId) -> Option<bool> {
        let (own, ..) = self.in_customers_place()?;
        (own == leg).then(|| self.go_on_without_served(now, env, Some(&Reason::NORMAL)))
    }

    /// Whether this agent has the place of the one who is served.
    pub(super) fn is_served(&self, agent: &AgentId) -> bool {
        matches!(&self.served, Served::Colleague(own) if own == agent)
    }
}
