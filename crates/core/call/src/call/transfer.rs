//! The agent sends the caller on: blindly to an extension or a number, or into the talk with a colleague whom the agent
//! has called meanwhile.

use std::sync::Arc;

use hotline_acd::{OfferFailure, Outside};
use hotline_base::{AgentId, FlowId, LegId, Now, Pii, QueueId};
use hotline_ivr::{Flow, parse};
use hotline_media as media;
use hotline_sip::{Reason, SessionId};
use serde::{Deserialize, Serialize};

use super::conversation::{Conversation, Holds, Origin, Partner};
use super::ending::Ending;
use super::live::Activity;
use super::offer::Fallback;
use super::{Call, Served};
use crate::env::{Env, Role};
use crate::event::{CallEvent, EndKind, Entry, Party, Source};
use crate::sessions::{LegEnd, SipLeg};

/// The flow through which an agent sends a caller into a queue; none of the center's.
const SENT_ON: &str = "sent_on";

/// A caller whom an agent sends on, while somebody else's phone rings.
#[derive(Serialize, Deserialize)]
pub(crate) struct Handover {
    /// The talk to which the caller comes back if nobody takes over.
    pub(super) conversation: Conversation,
    by: AgentId,
    to: Entry,
}

impl Handover {
    /// Who sends the caller on.
    pub(super) const fn agent(&self) -> &AgentId {
        &self.by
    }

    pub(super) fn into_conversation(self) -> Conversation {
        self.conversation
    }
}

/// What a conversation takes along into another call.
pub(crate) struct Joining {
    conversation: Conversation,
    to: Entry,
}

impl Call {
    /// Whether this agent talks in the call.
    pub(crate) fn is_talking_to(&self, agent: &AgentId) -> bool {
        self.conversation().and_then(Conversation::agent) == Some(agent)
    }

    /// Whether the call came in by this trunk.
    pub(crate) fn is_of_trunk(&self, trunk: &str) -> bool {
        matches!(&self.record.source, Source::Trunk(own) if own.as_str() == trunk)
    }

    /// Whether anybody talks in it.
    pub(crate) fn is_in_talk(&self) -> bool {
        self.conversation().is_some()
    }

    /// Whether an agent talks with the one who is served.
    pub(crate) fn is_in_talk_with_agent(&self) -> bool {
        self.conversation().is_some_and(|talk| talk.agent().is_some())
    }

    /// Whether this agent talks in the call, or has made it.
    pub(crate) fn has_agent(&self, agent: &AgentId) -> bool {
        self.is_talking_to(agent) || self.calling_agent() == Some(agent)
    }

    /// Whether the agent of this session can send the other one on.
    pub(crate) fn may_transfer(&self, session: SessionId) -> bool {
        let is_agent =
            self.conversation().is_some_and(|talk| talk.session == session && talk.agent().is_some());
        is_agent || (self.session == Some(session) && self.can_turn_round())
    }

    /// Whether an agent has made this call who talks in it with a colleague, or whom a flow has sent outside. Not one
    /// whom a queue has given: the queue's agent is served by nobody.
    fn can_turn_round(&self) -> bool {
        let is_direct = self.conversation().is_some_and(|talk| matches!(talk.origin, Origin::Direct));
        is_direct && !self.has_company() && self.served == Served::Caller && self.calling_agent().is_some()
    }

    /// The agent who has called sends the other one on: from here on the other is who is served, and the agent talks. Does
    /// nothing if `by` is not the agent of such a call.
    pub(crate) fn turn_round(&mut self, env: &mut Env, by: &AgentId) {
        if !self.can_turn_round() || self.calling_agent() != Some(by) {
            return;
        }
        let (id, own_leg) = (self.id(), self.session);
        let speech = self.speech_policy(env);
        let Some(live) = self.live() else { return };
        let Activity::Talking(talk) = &mut live.activity else { return };
        let Some(own_session) = own_leg else { return };
        let own_media = live.media.id();
        let other_session = std::mem::replace(&mut talk.session, own_session);
        std::mem::swap(&mut talk.media, &mut live.media);
        speech.apply(env, &mut live.media, &mut talk.media);
        talk.holds = talk.holds.turned();
        let partner = std::mem::replace(&mut talk.partner, Partner::Agent(by.clone()));
        self.leg = live.media.id();
        self.session = Some(other_session);
        self.served = Served::of(partner);
        env.sessions.insert(other_session, (id, Role::Caller));
        env.sessions.insert(own_session, (id, Role::Agent));
        self.swap_channels(env, own_media);
    }

    /// The agent whose phone this session is, if that agent talks in the call or has made it.
    pub(crate) fn agent_of_session(&self, session: SessionId) -> Option<&AgentId> {
        match self.conversation() {
            Some(talk) if talk.session == session => talk.agent(),
            Some(_) if self.session == Some(session) => self.calling_agent(),
            Some(_) | None => None,
        }
    }

    /// Sends the caller on to a number's flow or to an agent; `language` is the one of the number.
    pub(crate) fn transfer(&mut self, now: Now, env: &mut Env, to: Entry, language: String) {
        let Some(by) = self.conversation().and_then(Conversation::agent).cloned() else { return };
        self.drop_consult(now, env);
        let Some(Activity::Talking(mut conversation)) = self.take_activity() else { return };
        self.emit(now, env, CallEvent::Transferring { by: by.clone(), to: to.clone() });
        self.part(env, &mut conversation);
        match to.clone() {
            Entry::Number { flow, .. } => {
                if env.center.flows.get(&flow).is_none() {
                    self.resume(now, env, Handover { conversation, by, to }, OfferFailure::ServerFault);
                    return;
                }
                self.release_transferor(now, env, Handover { conversation, by, to });
                if self.record.language != language {
                    self.emit(now, env, CallEvent::LanguageChanged { language });
                }
                env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
                self.start_flow(now, env, &flow);
            }
            Entry::Extension(agent) => {
                env.sessions.insert(conversation.session, (self.id(), Role::Transferor));
                let handover = Box::new(Handover { conversation, by, to });
                self.offer_directly(now, env, agent, None, Fallback::Transferor(handover));
            }
            Entry::Outside(number) => {
                env.sessions.insert(conversation.session, (self.id(), Role::Transferor));
                let handover = Box::new(Handover { conversation, by, to });
                self.begin_dialling(now, env, number, None, Fallback::Transferor(handover));
            }
            Entry::Queue(queue) => {
                if !env.center.queues.contains_key(&queue) {
                    self.resume(now, env, Handover { conversation, by, to }, OfferFailure::ServerFault);
                    return;
                }
                self.release_transferor(now, env, Handover { conversation, by, to });
                env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
                self.enter_queue(now, env, &queue);
            }
        }
    }

    /// Puts a caller whom an agent sends on into a queue. Whoever leaves it without an agent begins the flow of the number that
    /// was called again, so that nobody is lost; who has called none is told good-bye.
    pub(super) fn enter_queue(&mut self, now: Now, env: &mut Env, queue: &QueueId) {
        let begun = match &self.record.entry {
            Entry::Number { flow, .. } => env.center.flows.get(flow).map(|_| flow),
            Entry::Extension(_) | Entry::Outside(_) | Entry::Queue(_) => None,
        };
        let way = way_into(queue.as_str(), &self.record.language, begun.map(FlowId::as_str));
        let flows = way.map(|way| Arc::new(env.center.flows.with(way)));
        let is_led = flows.is_some_and(|flows| self.start_flow_of(now, env, flows, &FlowId::from(SENT_ON)));
        if !is_led {
            self.end_by_system(now, env, EndKind::Refused, Some(503), 41);
        }
    }

    /// Caller and agent hear each other no more; the caller hears music.
    pub(super) fn part(&self, env: &mut Env, conversation: &mut Conversation) {
        conversation.rooms.close(env);
        conversation.is_muted = false;
        conversation.media.set_muted(false, &mut env.media);
        let music = self.hold_music(env);
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: music });
        let agent_leg = conversation.media.id();
        env.media.push_back(media::Command::SetMusic { leg: agent_leg, prompt: None });
    }

    /// Nobody took over: the caller is back with the agent.
    pub(super) fn resume(&mut self, now: Now, env: &mut Env, handover: Handover, failure: OfferFailure) {
        let Handover { mut conversation, by, to } = handover;
        env.sip.report_refer(now, conversation.session, status_of(failure));
        env.sessions.insert(conversation.session, (self.id(), Role::Agent));
        let (caller_leg, agent_leg) = (self.leg, conversation.media.id());
        env.media.push_back(media::Command::SetMusic { leg: caller_leg, prompt: None });
        env.media.push_back(media::Command::SetMusic { leg: agent_leg, prompt: None });
        conversation.holds = Holds::NONE;
        self.set_activity(Activity::Talking(conversation));
        self.arrange(env);
        self.emit(now, env, CallEvent::TransferFailed { by, to });
        // The agent's phone holds the caller since before it asked for the transfer.
        self.follow_hold(now, env);
    }

    /// Somebody has taken over: the agent's leg is given back.
    pub(super) fn release_transferor(&mut self, now: Now, env: &mut Env, handover: Handover) {
        let Handover { conversation, by, to } = handover;
        env.sip.report_refer(now, conversation.session, 200);
        self.drop_conversation(now, env, conversation);
        self.emit(now, env, CallEvent::Transferred { by, to, attended: false });
    }

    /// Ends a conversation and gives its agent's leg back. The call goes on, and so does its recording.
    fn drop_conversation(&mut self, now: Now, env: &mut Env, conversation: Conversation) {
        self.release(now, env, conversation, true);
    }

    /// The same, of an agent who hangs up by itself (`hangs_up` false), too.
    pub(super) fn release(&mut self, now: Now, env: &mut Env, conversation: Conversation, hangs_up: bool) {
        self.leave_talk(now, env, &conversation);
        let reason = Reason::q850(16, "Transferred");
        self.end_conversation(now, env, conversation, (&reason, hangs_up));
    }

    fn leave_talk(&mut self, now: Now, env: &mut Env, conversation: &Conversation) {
        self.forget_pause_of(now, env, conversation.agent());
        if let Some(agent) = conversation.agent() {
            self.mark_transfer(env, agent);
            self.drop_followers(now, env, agent);
        }
    }

    /// The agent hung up without waiting for somebody to take over: from here on the caller has nobody to come back to, and
    /// begins again if nobody does.
    pub(crate) fn on_transferor_gone(&mut self, now: Now, env: &mut Env) {
        let Some(live) = self.live() else { return };
        let (Activity::Offering { fallback, .. } | Activity::Dialling { fallback, .. }) = &mut live.activity
        else {
            return;
        };
        match std::mem::replace(fallback, Fallback::Refuse) {
            Fallback::Transferor(handover) => {
                let Handover { conversation, by, to } = *handover;
                self.release(now, env, conversation, false);
                self.emit(now, env, CallEvent::Transferred { by, to, attended: false });
            }
            other @ (Fallback::Queue(_) | Fallback::Flow(_) | Fallback::Refuse) => *fallback = other,
        }
    }

    /// Nobody took over, and the agent who sent the caller on has left: whoever called a number begins its flow again, so
    /// that nobody is lost. False if the caller had called no number.
    pub(super) fn begin_again(&mut self, now: Now, env: &mut Env) -> bool {
        let Entry::Number { flow, .. } = self.record.entry.clone() else { return false };
        if env.center.flows.get(&flow).is_none() {
            return false;
        }
        if let Some((by, to)) = self.record.transfers.last().map(|last| (last.by.clone(), last.to.clone())) {
            self.emit(now, env, CallEvent::TransferFailed { by, to });
        }
        env.media.push_back(media::Command::SetMusic { leg: self.leg, prompt: None });
        self.start_flow(now, env, &flow)
    }

    /// The phone to which the caller is sent rings.
    pub(super) fn tell_transferor(&self, now: Now, env: &mut Env, status: u16) {
        if let Some(session) = self.transferor() {
            env.sip.report_refer(now, session, status);
        }
    }

    fn transferor(&self) -> Option<SessionId> {
        let super::Stage::Live(live) = &self.stage else { return None };
        match &live.activity {
            Activity::Offering { fallback: Fallback::Transferor(handover), .. }
            | Activity::Dialling { fallback: Fallback::Transferor(handover), .. } => {
                Some(handover.conversation.session)
            }
            Activity::Offering { .. }
            | Activity::Dialling { .. }
            | Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Talking(_) => None,
        }
    }

    /// Gives the one to whom an agent speaks in this call, which the agent made, away to another call; the agent's own
    /// leg and the call end. `None` if nobody talks.
    pub(crate) fn give_away(&mut self, now: Now, env: &mut Env) -> Option<Joining> {
        self.conversation()?;
        let Some(Activity::Talking(mut conversation)) = self.take_activity() else { return None };
        conversation.rooms.close(env);
        self.stop_recording(now, env);
        if let (Some(agent), Origin::Direct) = (conversation.agent(), &conversation.origin) {
            env.acd.set_outside_call(now, agent, self.id(), None);
        }
        let joining = match &self.served {
            // Whoever has been sent on once is taken along like somebody outside, by whoever talks with them.
            Served::Colleague(agent) => {
                let (agent, id) = (agent.clone(), self.id());
                env.acd.set_outside_call(now, &agent, id, None);
                self.served = Served::Callee(Pii::from(self.number()));
                self.part_with(conversation, Partner::Agent(agent.clone()), Entry::Extension(agent))?
            }
            Served::Caller => match &conversation.partner {
                Partner::Agent(agent) => Joining { to: Entry::Extension(agent.clone()), conversation },
                Partner::Outside(number) => Joining { to: Entry::Outside(number.clone()), conversation },
            },
            Served::Callee(number) => {
                let number = number.clone();
                let partner = Partner::Outside(number.clone());
                self.part_with(conversation, partner, Entry::Outside(number))?
            }
        };
        self.end_given_away(now, env);
        Some(joining)
    }

    /// Who is on the first leg becomes the partner of another call's caller; what is left here is the agent's own leg.
    fn part_with(&mut self, own: Conversation, partner: Partner, to: Entry) -> Option<Joining> {
        let Conversation { session: own_session, media: own_media, .. } = own;
        let session = self.session.replace(own_session)?;
        self.leg = own_media.id();
        let live = self.live()?;
        let media = std::mem::replace(&mut live.media, own_media);
        let conversation = Conversation::new(partner, (session, media), Origin::Direct, None);
        Some(Joining { conversation, to })
    }

    fn end_given_away(&mut self, now: Now, env: &mut Env) {
        self.stage = super::Stage::Over;
        if let Some(session) = self.session {
            env.sessions.remove(&session);
            env.sip.hang_up(now, session, Some(Reason::q850(16, "Transferred")));
        }
        env.close_leg(self.leg);
        let ending = Ending { by: Party::System, kind: EndKind::Transferred, status: Some(200), q850: 16 };
        self.close(now, env, ending);
    }

    /// Takes a talk over from another call in place of this call's own; the agent who had it leaves.
    pub(crate) fn take_over(&mut self, now: Now, env: &mut Env, joining: Joining) {
        let Some(by) = self.conversation().and_then(Conversation::agent).cloned() else { return };
        let Some(Activity::Talking(mut former)) = self.take_activity() else { return };
        let Joining { mut conversation, to } = joining;
        env.sip.report_refer(now, former.session, 200);
        self.part(env, &mut former);
        self.drop_conversation(now, env, former);
        let (id, caller_leg, agent_leg) = (self.id(), self.leg, conversation.media.id());
        match env.sip.call_id(conversation.session) {
            Some(sip_call_id) => {
                let end = match &conversation.partner {
                    Partner::Agent(agent) => LegEnd::Agent(agent.clone()),
                    Partner::Outside(_) => LegEnd::Callee,
                };
                env.sessions.adopt(conversation.session, SipLeg { call: id, end, sip_call_id });
            }
            // It has ended in this very turn, and says so next.
            None => env.sessions.insert(conversation.session, (id, Role::Agent)),
        }
        if let Some(leg) = env.legs.get_mut(&agent_leg) {
            leg.call = id;
        }
        env.media.push_back(media::Command::SetMusic { leg: caller_leg, prompt: None });
        env.media.push_back(media::Command::SetMusic { leg: agent_leg, prompt: None });
        conversation.holds = Holds::NONE;
        if let (Some(agent), Origin::Direct) = (conversation.agent(), &conversation.origin) {
            let talking = Outside::Talking(self.direction());
            env.acd.set_outside_call(now, agent, id, Some(talking));
        }
        let agent = conversation.agent().cloned();
        let offer: LegId = agent_leg;
        self.begin_talk(now, env, conversation);
        self.emit(now, env, CallEvent::Transferred { by, to, attended: true });
        if let Some(agent) = agent {
            self.emit(now, env, CallEvent::Connected { offer, agent });
        }
        self.follow_hold(now, env);
    }

    pub(super) fn conversation(&self) -> Option<&Conversation> {
        let super::Stage::Live(live) = &self.stage else { return None };
        match &live.activity {
            Activity::Talking(conversation) => Some(conversation),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Offering { .. }
            | Activity::Dialling { .. } => None,
        }
    }
}

/// The flow that leads into a queue and, without an agent there, to another flow or out of the call.
fn way_into(queue: &str, language: &str, begun: Option<&str>) -> Option<Flow> {
    let then = match begun {
        Some(flow) => format!("transfer: {{flow: {flow:?}}}"),
        None => "hangup: {cause: normal}".to_owned(),
    };
    let text = format!(
        "flow: {SENT_ON:?}\nlanguages: [{language:?}]\nstart: wait\nsteps:\n  wait: {{queue: {{name: {queue:?}, exits: {{full: \
         out, timeout: out, no_agents: out, closed: out}}}}}}\n  out: {{{then}}}\n"
    );
    parse(&format!("{SENT_ON}.yaml"), &text).ok()
}

/// What the agent's phone is told when nobody takes over.
const fn status_of(failure: OfferFailure) -> u16 {
    match failure {
        OfferFailure::Busy => 486,
        OfferFailure::Rejected => 603,
        OfferFailure::NoAnswer | OfferFailure::NotRegistered | OfferFailure::PhoneFault => 480,
        OfferFailure::ServerFault | OfferFailure::CallerGone | OfferFailure::Elsewhere => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_can_be_sent_into_any_queue_in_any_language() {
        for (queue, language, begun) in [("sales", "en", None), ("sales-de_2", "zh", Some("main"))] {
            let flow = way_into(queue, language, begun).unwrap();
            assert_eq!(flow.queues().map(QueueId::as_str).collect::<Vec<_>>(), [queue]);
            assert_eq!(flow.linked().map(FlowId::as_str).next(), begun);
        }
    }
}
