//! Whom an agent brings into the talk: somebody asked aside while the customer waits, who may then take over or join in, and
//! a conference of all of them.

use hotline_acd::{Direction, OfferFailure, Outside};
use hotline_base::{AgentId, LegId, Now, Pii};
use hotline_sip::{Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::conversation::{Conversation, Origin, Partner, end_side};
use super::dialling::Dialling;
use super::live::Activity;
use super::offer::{AgentLeg, Candidate, Fallback};
use super::{Call, Served};
use crate::command::CommandError;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, DialFailure, EndKind, Entry, Part, Party, Who};
use crate::media_leg::MediaLeg;

/// Somebody who talks beside the two.
#[derive(Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) partner: Partner,
    pub(super) session: SessionId,
    pub(super) media: MediaLeg,
}

impl Member {
    /// Whether the own phone does not hold the others.
    pub(super) fn listens(&self) -> bool {
        self.media.remote_listens()
    }

    pub(super) fn who(&self) -> Who {
        match &self.partner {
            Partner::Agent(agent) => Who::Agent(agent.clone()),
            Partner::Outside(number) => Who::Outside(number.clone()),
        }
    }
}

/// Somebody whom the agent asks while the customer waits.
#[derive(Serialize, Deserialize)]
pub(super) enum Consult {
    /// A colleague's phone is to ring, or rings.
    Ringing { leg: AgentLeg, rings: bool },
    /// Somebody outside is called.
    Dialling { dial: Box<Dialling>, rings: bool },
    /// The two talk, or the agent is back with the customer and the one who is asked waits: the holds of the
    /// conversation say which.
    Talking { member: Member },
}

/// All beside the two.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Company {
    consult: Option<Box<Consult>>,
    members: Vec<Member>,
}

impl Company {
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    pub(super) fn consult(&self) -> Option<&Consult> {
        self.consult.as_deref()
    }

    /// Who is asked and has taken the call.
    pub(super) fn consulted(&self) -> Option<&Member> {
        match self.consult.as_deref()? {
            Consult::Talking { member } => Some(member),
            Consult::Ringing { .. } | Consult::Dialling { .. } => None,
        }
    }

    /// Whether somebody is being called who is to be asked.
    pub(super) fn is_calling(&self) -> bool {
        self.consult.is_some() && self.consulted().is_none()
    }

    /// The phone of a colleague that is to ring, or rings.
    pub(super) fn ringing(&mut self) -> Option<&mut AgentLeg> {
        match self.consult.as_deref_mut()? {
            Consult::Ringing { leg, .. } => Some(leg),
            Consult::Dialling { .. } | Consult::Talking { .. } => None,
        }
    }

    /// The call to somebody outside that is asked.
    pub(super) fn dialling(&mut self) -> Option<&mut Dialling> {
        match self.consult.as_deref_mut()? {
            Consult::Dialling { dial, .. } => Some(dial),
            Consult::Ringing { .. } | Consult::Talking { .. } => None,
        }
    }

    /// Whoever talks here by this session.
    pub(super) fn by_session(&mut self, session: SessionId) -> Option<&mut Member> {
        let asked = match self.consult.as_deref_mut() {
            Some(Consult::Talking { member }) => Some(member),
            Some(Consult::Ringing { .. } | Consult::Dialling { .. }) | None => None,
        };
        self.members.iter_mut().chain(asked).find(|member| member.session == session)
    }

    /// The leg of whoever talks, is rung or is called here by this session.
    pub(super) fn side(&mut self, session: SessionId) -> Option<&mut MediaLeg> {
        let rung = match self.consult.as_deref_mut() {
            Some(Consult::Talking { member }) => Some((member.session, &mut member.media)),
            Some(Consult::Ringing { leg, .. }) => {
                leg.device_call().map(|device| (device.session, &mut device.offered))
            }
            Some(Consult::Dialling { dial, .. }) => dial.tried().map(|media| (session, media)),
            None => None,
        };
        let members = self.members.iter_mut().map(|member| (member.session, &mut member.media));
        members.chain(rung).find(|(own, _)| *own == session).map(|(_, media)| media)
    }

    /// The leg of whoever talks or is rung here by this session.
    pub(super) fn leg_of(&mut self, session: SessionId) -> Option<LegId> {
        if let Some(leg) = self.ringing().filter(|leg| leg.session() == Some(session)) {
            return Some(leg.offer);
        }
        self.by_session(session).map(|member| member.media.id())
    }

    /// The agent whose page shows this offer.
    pub(super) fn agent_of(&self, offer: LegId) -> Option<&AgentId> {
        if let Some(Consult::Ringing { leg, .. }) = self.consult() {
            return (leg.offer == offer).then_some(&leg.agent);
        }
        let mut all = self.members().chain(self.consulted());
        match &all.find(|member| member.media.id() == offer)?.partner {
            Partner::Agent(agent) => Some(agent),
            Partner::Outside(_) => None,
        }
    }

    /// The leg of this agent, if it talks here.
    pub(super) fn leg_of_agent(&self, agent: &AgentId) -> Option<LegId> {
        let mut all = self.members().chain(self.consulted());
        let own = all.find(|member| member.partner == Partner::Agent(agent.clone()))?;
        Some(own.media.id())
    }

    fn is_empty(&self) -> bool {
        self.consult.is_none() && self.members.is_empty()
    }

    /// All who talk, and who they are in it.
    pub(super) fn parts(&self) -> impl Iterator<Item = (LegId, Who, Part)> {
        let members = self.members().map(|member| (member, Part::Conference));
        let asked = self.consulted().map(|member| (member, Part::Consulted));
        members.chain(asked).map(|(member, part)| (member.media.id(), member.who(), part))
    }

    /// Takes out who comes first: one of the conference, or else whoever is asked and talks, which the second says.
    pub(super) fn take_next(&mut self) -> Option<(Member, bool)> {
        if !self.members.is_empty() {
            return Some((self.members.remove(0), false));
        }
        let asked = self.consulted()?.media.id();
        self.take(asked).map(|member| (member, true))
    }

    /// Takes out whoever has this leg and talks.
    fn take(&mut self, leg: LegId) -> Option<Member> {
        if let Some(place) = self.members.iter().position(|member| member.media.id() == leg) {
            return Some(self.members.remove(place));
        }
        let is_asked = self.consulted().is_some_and(|member| member.media.id() == leg);
        match self.consult.take_if(|_| is_asked).map(|consult| *consult) {
            Some(Consult::Talking { member }) => Some(member),
            Some(Consult::Ringing { .. } | Consult::Dialling { .. }) | None => None,
        }
    }
}

impl Call {
    /// The agent asks somebody while the customer waits. One is asked at a time.
    pub(crate) fn consult(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
        to: Entry,
    ) -> Result<(), CommandError> {
        let Some(talk) = self.talk_of(by) else { return Err(CommandError::NotTalking) };
        if talk.company.consult.is_some() {
            return Err(CommandError::ConsultsAlready);
        }
        // The customer, the agent, and those who are there.
        if talk.company.members.len() + 2 >= env.center.parties_max {
            return Err(CommandError::TooManyParties);
        }
        let consult = match to.clone() {
            Entry::Extension(agent) => {
                if !env.acd.agent(&agent).is_some_and(|view| view.is_free()) {
                    return Err(CommandError::ColleagueBusy);
                }
                env.acd.set_outside_call(now, &agent, self.id(), Some(Outside::Ringing));
                let ring_timeout = env.center.timing.extension_ring;
                let candidate = Candidate { agent, reservation: None, ring_timeout, because: None };
                Consult::Ringing { leg: self.open_offer(now, env, candidate), rings: false }
            }
            Entry::Outside(number) => {
                let dial = self.open_dial(now, env, number, None).ok_or(CommandError::NoRoute)?;
                Consult::Dialling { dial: Box::new(dial), rings: false }
            }
            Entry::Number { .. } | Entry::Queue(_) => return Err(CommandError::NobodyToAsk),
        };
        let offer = match &consult {
            Consult::Ringing { leg, .. } => Some(leg.offer),
            Consult::Dialling { .. } | Consult::Talking { .. } => None,
        };
        self.emit(now, env, CallEvent::Consulting { by: by.clone(), to });
        self.with_company(|company| company.consult = Some(Box::new(consult)));
        self.set_aside(now, env, true);
        if let Some(offer) = offer.filter(|_| self.is_looked_up()) {
            self.tell_offer(now, env, offer);
        }
        Ok(())
    }

    /// The agent goes from the one to the other: the customer, and whom the agent asks.
    pub(crate) fn swap(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        if talk.company.consulted().is_none() {
            return Err(CommandError::NobodyAsked);
        }
        let is_aside = talk.holds.is_aside();
        self.set_aside(now, env, !is_aside);
        Ok(())
    }

    /// The agent asks nobody any more, and is back with the customer.
    pub(crate) fn end_consult(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        self.talk_of(by).ok_or(CommandError::NotTalking)?;
        self.drop_consult(now, env);
        Ok(())
    }

    /// Whom the agent has asked joins the customer and the agent.
    pub(crate) fn conference(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        let Some(asked) = talk.company.consulted().map(|member| member.media.id()) else {
            let is_one = talk.company.consult.is_none() && !talk.company.members.is_empty();
            return if is_one { Ok(()) } else { Err(CommandError::NobodyAsked) };
        };
        let Some(member) = talk.company.take(asked) else { return Err(CommandError::NobodyAsked) };
        let who = member.who();
        talk.company.members.push(member);
        self.emit(now, env, CallEvent::PartyJoined { leg: asked, who, part: Part::Conference, told: true });
        self.join_recording(env, asked);
        self.after_consult(now, env);
        Ok(())
    }

    /// The agent leaves the customer with whom the agent has asked, also while that phone rings.
    pub(crate) fn complete_consult(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
    ) -> Result<(), CommandError> {
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        if talk.company.consult.is_none() {
            return Err(CommandError::NobodyAsked);
        }
        self.hand_on(now, env, true);
        Ok(())
    }

    /// The agent takes somebody out of the conference, or asks nobody any more.
    pub(crate) fn drop_party(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
        leg: LegId,
    ) -> Result<(), CommandError> {
        self.talk_of(by).ok_or(CommandError::NotTalking)?;
        match self.drop_from_customers_place(now, env, leg) {
            Some(true) => return Ok(()),
            Some(false) => {
                self.end_by(now, env, Party::Agent, EndKind::Completed);
                return Ok(());
            }
            None => {}
        }
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        let member = talk.company.take(leg).ok_or(CommandError::NoParty)?;
        self.let_leave(now, env, member, Some(&Reason::NORMAL));
        self.after_consult(now, env);
        Ok(())
    }

    /// A phone of those beside the two hung up, or its session failed. False if it is none of theirs.
    pub(super) fn on_member_gone(&mut self, now: Now, env: &mut Env, session: SessionId) -> bool {
        let leg = self.with_company(|company| company.by_session(session).map(|member| member.media.id()));
        let Some(leg) = leg.flatten() else { return false };
        self.on_member_leg_gone(now, env, leg)
    }

    /// A leg of those beside the two is silent or closed. False if it is none of theirs.
    pub(super) fn on_member_leg_gone(&mut self, now: Now, env: &mut Env, leg: LegId) -> bool {
        let Some(member) = self.with_company(|company| company.take(leg)).flatten() else { return false };
        self.let_leave(now, env, member, Some(&Reason::NORMAL));
        self.after_consult(now, env);
        true
    }

    /// The colleague has taken the phone up: the two talk aside.
    pub(super) fn on_consult_taken(&mut self, now: Now, env: &mut Env, offer: LegId) {
        let ringing = self.with_company(|company| match company.consult.take().map(|consult| *consult) {
            Some(Consult::Ringing { leg, .. }) if leg.offer == offer => leg.into_called(),
            other => {
                company.consult = other.map(Box::new);
                None
            }
        });
        let Some((agent, session, media)) = ringing.flatten() else { return };
        env.disarm(self.id(), CallTimer::Ring(offer));
        let talking = Outside::Talking(Direction::Internal);
        env.acd.set_outside_call(now, &agent, self.id(), Some(talking));
        self.talk_aside(now, env, Member { partner: Partner::Agent(agent), session, media });
    }

    /// Somebody outside has taken the call: the two talk aside.
    pub(super) fn talk_aside(&mut self, now: Now, env: &mut Env, member: Member) {
        let (leg, who) = (member.media.id(), member.who());
        let consult = Consult::Talking { member };
        self.with_company(|company| company.consult = Some(Box::new(consult)));
        self.emit(now, env, CallEvent::PartyJoined { leg, who, part: Part::Consulted, told: true });
        if env.center.recording.consult {
            self.join_recording(env, leg);
        }
        self.arrange(env);
    }

    /// The phone of whom the agent asks rings: the agent hears a tone.
    pub(super) fn hear_consult_ringing(&mut self, env: &mut Env, leg: LegId) {
        let rang = self.with_company(|company| match company.consult.as_deref_mut() {
            Some(Consult::Ringing { leg: asked, rings }) if asked.offer == leg => *rings = true,
            Some(Consult::Dialling { dial, rings }) if dial.leg() == leg => *rings = true,
            Some(_) | None => {}
        });
        if rang.is_some() {
            self.arrange(env);
        }
    }

    /// Whether this leg's phone rings, or is to, for somebody who is asked.
    pub(super) fn is_asked(&mut self, leg: LegId) -> bool {
        self.with_company(|company| company.ringing().is_some_and(|asked| asked.offer == leg)) == Some(true)
    }

    /// A colleague who is asked does not take the call.
    pub(super) fn fail_consult(
        &mut self,
        now: Now,
        env: &mut Env,
        failure: OfferFailure,
        status: Option<u16>,
    ) {
        let consult = self.with_company(|company| company.consult.take()).flatten();
        if let Some(Consult::Ringing { leg, .. }) = consult.map(|consult| *consult) {
            self.drop_agent_leg(now, env, leg, failure, status);
            self.after_consult(now, env);
        }
    }

    /// The call to somebody outside who is asked, taken out. `None` if there is none.
    pub(super) fn take_consult_dial(&mut self) -> Option<Box<Dialling>> {
        self.with_company(|company| {
            match company.consult.take_if(|consult| matches!(**consult, Consult::Dialling { .. })) {
                Some(consult) => match *consult {
                    Consult::Dialling { dial, .. } => Some(dial),
                    Consult::Ringing { .. } | Consult::Talking { .. } => None,
                },
                None => None,
            }
        })
        .flatten()
    }

    /// Nobody is asked any more: the agent is back with the customer.
    pub(super) fn after_consult(&mut self, now: Now, env: &mut Env) {
        let Some(talk) = self.conversation() else { return };
        let (was_aside, by) = (talk.holds.is_aside(), talk.agent().cloned());
        if talk.company.consult.is_none() && was_aside {
            if let Some(by) = by {
                self.emit(now, env, CallEvent::ConsultEnded { by });
            }
            self.set_aside(now, env, false);
        } else {
            self.arrange(env);
        }
    }

    /// The agent asks nobody any more.
    pub(super) fn drop_consult(&mut self, now: Now, env: &mut Env) {
        let consult = self.with_company(|company| company.consult.take()).flatten();
        self.close_consult(now, env, consult.map(|consult| *consult));
        self.after_consult(now, env);
    }

    fn close_consult(&mut self, now: Now, env: &mut Env, consult: Option<Consult>) {
        match consult {
            Some(Consult::Ringing { leg, .. }) => {
                env.acd.set_outside_call(now, &leg.agent, self.id(), None);
                self.drop_agent_leg(now, env, leg, OfferFailure::CallerGone, None);
            }
            Some(Consult::Dialling { dial, .. }) => self.drop_dial(now, env, *dial, DialFailure::CallerGone),
            Some(Consult::Talking { member }) => self.let_leave(now, env, member, Some(&Reason::NORMAL)),
            None => {}
        }
    }

    /// The talk ends: so does the part of all beside the two.
    pub(super) fn dismiss_company(&mut self, now: Now, env: &mut Env, company: Company, reason: &Reason) {
        self.close_consult(now, env, company.consult.map(|consult| *consult));
        for member in company.members {
            self.let_leave(now, env, member, Some(reason));
        }
    }

    /// Somebody beside the two leaves; `told` is what the phone is told, unless it has hung up.
    fn let_leave(&mut self, now: Now, env: &mut Env, member: Member, told: Option<&Reason>) {
        let Member { partner, session, media } = member;
        let leg = media.id();
        end_side(self.id(), now, env, (&partner, &Origin::Direct), (session, leg), told);
        self.emit(now, env, CallEvent::PartyLeft { leg });
    }

    /// Whether an agent is there beside the partner.
    fn has_colleague(&self) -> bool {
        let is_agent = |member: &Member| matches!(member.partner, Partner::Agent(_));
        matches!(self.served, Served::Colleague(_))
            || self.conversation().is_some_and(|talk| talk.company.members().any(is_agent))
    }

    /// Whether somebody is there beside the two, or is asked.
    pub(crate) fn has_company(&self) -> bool {
        self.conversation().is_some_and(|talk| !talk.company.is_empty())
    }

    /// The partner leaves the customer with whoever is there beside the two. False if nobody is, or if the customer has left and
    /// nobody of the center would be there any more.
    pub(super) fn hand_on(&mut self, now: Now, env: &mut Env, hangs_up: bool) -> bool {
        if self.has_lost_customer() && !self.has_colleague() {
            return false;
        }
        let next = self.with_company(|company| {
            let asked = company.consulted().map(|member| member.media.id());
            let next = asked.or_else(|| company.members().next().map(|member| member.media.id()));
            next.and_then(|leg| company.take(leg))
        });
        match next.flatten() {
            Some(next) => {
                let consult = self.with_company(|company| company.consult.take()).flatten();
                let asked_by = self.conversation().and_then(Conversation::agent).cloned();
                if let (Some(consult), Some(by)) = (consult, asked_by) {
                    self.close_consult(now, env, Some(*consult));
                    self.emit(now, env, CallEvent::ConsultEnded { by });
                }
                self.succeed(now, env, next, hangs_up, None);
                true
            }
            None => self.leave_to_ringing(now, env, hangs_up),
        }
    }

    /// Somebody else talks with the customer from here on; the partner leaves. `by` is a supervisor who takes the call over.
    pub(super) fn succeed(
        &mut self,
        now: Now,
        env: &mut Env,
        next: Member,
        hangs_up: bool,
        by: Option<&AgentId>,
    ) {
        let Some(Activity::Talking(mut talk)) = self.take_activity() else { return };
        let Member { partner, session, media } = next;
        let (leg, to) = (media.id(), entry_of(&partner));
        self.forget_pause_of(now, env, talk.agent());
        if let Some(agent) = talk.agent() {
            self.mark_transfer(env, agent);
        }
        let former = std::mem::replace(&mut talk.partner, partner);
        let side = (std::mem::replace(&mut talk.session, session), talk.media.id());
        talk.media = media;
        let origin = std::mem::replace(&mut talk.origin, Origin::Direct);
        talk.holds = talk.holds.of_another();
        talk.is_muted = false;
        let reason = Reason::q850(16, "Transferred");
        end_side(self.id(), now, env, (&former, &origin), side, hangs_up.then_some(&reason));
        let agent = talk.agent().cloned();
        if let Some(agent) = &agent {
            let talking = Outside::Talking(self.direction());
            env.acd.set_outside_call(now, agent, self.id(), Some(talking));
        }
        self.set_activity(Activity::Talking(talk));
        if let Partner::Agent(former) = &former {
            self.drop_followers(now, env, former);
        }
        match (by, former) {
            (Some(by), Partner::Agent(from)) => {
                self.emit(now, env, CallEvent::TakenOver { leg, by: by.clone(), from });
            }
            (None, Partner::Agent(by)) => {
                self.emit(now, env, CallEvent::Transferred { by, to, attended: true });
            }
            (_, Partner::Outside(_)) => self.emit(now, env, CallEvent::PartyLeft { leg: side.1 }),
        }
        if let Some(agent) = agent {
            self.emit(now, env, CallEvent::Connected { offer: leg, agent });
        }
        self.join_recording(env, leg);
        self.follow_hold(now, env);
        self.arrange(env);
    }

    /// The partner leaves while the phone rings of whom the agent asks: whoever takes it has the customer.
    fn leave_to_ringing(&mut self, now: Now, env: &mut Env, hangs_up: bool) -> bool {
        let Some(consult) = self.with_company(|company| company.consult.take()).flatten() else {
            return false;
        };
        let Some(Activity::Talking(mut talk)) = self.take_activity() else { return false };
        let fallback = Fallback::Refuse;
        let (activity, to) = match *consult {
            Consult::Ringing { leg, .. } => {
                let to = Entry::Extension(leg.agent.clone());
                (Activity::Offering { agents: vec![leg], fallback }, to)
            }
            Consult::Dialling { dial, .. } => {
                let to = Entry::Outside(dial.number());
                (Activity::Dialling { dial, fallback }, to)
            }
            Consult::Talking { member } => {
                // Whoever talks was asked before this.
                talk.company.members.push(member);
                self.set_activity(Activity::Talking(talk));
                return false;
            }
        };
        self.set_activity(activity);
        if let Some(by) = talk.agent().cloned() {
            self.emit(now, env, CallEvent::Transferring { by: by.clone(), to: to.clone() });
            self.part(env, &mut talk);
            self.release(now, env, talk, hangs_up);
            self.emit(now, env, CallEvent::Transferred { by, to, attended: false });
        }
        true
    }

    fn with_company<T>(&mut self, act: impl FnOnce(&mut Company) -> T) -> Option<T> {
        match &mut self.live()?.activity {
            Activity::Talking(talk) => Some(act(&mut talk.company)),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. }
            | Activity::Dialling { .. } => None,
        }
    }

    /// The talk, if this agent is the one who talks in it.
    pub(super) fn talk_of(&mut self, agent: &AgentId) -> Option<&mut Conversation> {
        match &mut self.live()?.activity {
            Activity::Talking(talk) if talk.agent() == Some(agent) => Some(talk),
            Activity::Talking(_)
            | Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. }
            | Activity::Dialling { .. } => None,
        }
    }
}

/// Where somebody is found who talks.
fn entry_of(partner: &Partner) -> Entry {
    match partner {
        Partner::Agent(agent) => Entry::Extension(agent.clone()),
        Partner::Outside(number) => Entry::Outside(Pii::clone(number)),
    }
}
