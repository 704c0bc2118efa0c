//! Caller and agent talk: bridge, recording, hold.

use bytes::Bytes;
use hotline_base::{AgentId, BridgeId, LegId, Now, RecordingId};
use hotline_ivr::Input;
use hotline_media as media;
use hotline_sip::SessionId;

use super::Call;
use super::live::Activity;
use super::offer::{Answered, Fallback};
use crate::env::{Env, Role};
use crate::event::{CallEvent, EndKind, Party, QueueOutcome};
use crate::media_leg::MediaLeg;

/// Two people who hear each other.
pub(crate) struct Conversation {
    pub(super) agent: AgentId,
    pub(super) session: SessionId,
    pub(super) media: MediaLeg,
    /// Where the call came from when it was taken; says how the agent's time is counted.
    pub(super) origin: Origin,
    pub(super) bridge: BridgeId,
    pub(super) recording: RecordingId,
    /// Who holds whom: while somebody does, the two are not bridged.
    pub(super) held_by: Option<Party>,
}

/// How the conversation came about.
pub(super) enum Origin {
    /// Offered by the ACD, which owns the agent's state until wrap-up is over.
    Queue,
    /// The agent was dialled directly.
    Direct,
}

impl Call {
    /// Joins caller and agent.
    pub(super) fn connect(&mut self, now: Now, env: &mut Env, fallback: Fallback, answered: Answered) {
        let Answered { agent, reservation, session, media } = answered;
        let (customer_leg, agent_leg) = (self.leg, media.id());
        env.media.push_back(media::Command::StopPlay { leg: customer_leg });
        env.media.push_back(media::Command::SetMusic { leg: customer_leg, prompt: None });
        self.answer_caller(now, env);
        let bridge = env.next_bridge();
        let recording = RecordingId::generate(now.wall, &mut env.rng);
        env.recordings.insert(recording, self.id());
        env.media.push_back(media::Command::Bridge { bridge, a: customer_leg, b: agent_leg });
        env.media.push_back(media::Command::StartRecording {
            recording,
            customer: customer_leg,
            agent: agent_leg,
        });
        match fallback {
            Fallback::Queue(waiting) => {
                self.emit(
                    now,
                    env,
                    CallEvent::Dequeued { queue: waiting.queue, outcome: QueueOutcome::Answered },
                );
                self.close_flow(now, env, waiting.run, Input::Connected);
            }
            Fallback::Flow(run) => self.close_flow(now, env, run, Input::Connected),
            Fallback::Refuse => {}
        }
        self.emit(now, env, CallEvent::Connected { offer: agent_leg, agent: agent.clone() });
        let origin = match reservation {
            Some(reservation) => {
                env.acd.offer_answered(now, reservation);
                Origin::Queue
            }
            None => Origin::Direct,
        };
        self.set_activity(Activity::Talking(Conversation {
            agent,
            session,
            media,
            origin,
            bridge,
            recording,
            held_by: None,
        }));
    }

    /// One side sent a new offer in the dialog: hold, retrieve, a new address. Answered on the same port.
    pub(crate) fn on_reoffer(&mut self, now: Now, env: &mut Env, role: Role, offer: Option<&Bytes>) {
        let caller_session = self.session;
        let Some(live) = self.live() else { return };
        let (session, leg) = match (role, &mut live.activity) {
            (Role::Caller, _) => (caller_session, &mut live.media),
            (Role::Agent, Activity::Talking(conversation)) => (conversation.session, &mut conversation.media),
            (
                Role::Agent,
                Activity::Idle | Activity::Flow(_) | Activity::Waiting(_) | Activity::Offering { .. },
            ) => return,
        };
        let description = match offer {
            Some(offer) => leg.answer(&env.center, offer, &mut env.media),
            None => Ok(leg.offer(&env.center, None)),
        };
        match description {
            Ok(description) => {
                env.sip.answer_reoffer(now, session, description);
                self.follow_hold(now, env, role);
            }
            Err(_) => env.sip.refuse_reoffer(now, session, 488),
        }
    }

    /// The answer to an offer that we made in a re-INVITE's 200 came with its ACK.
    pub(super) fn on_late_answer(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let Some(answer) = answer else { return };
        let Some(live) = self.live() else { return };
        if live.media.accept(answer, &mut env.media).is_ok() {
            self.follow_hold(now, env, Role::Caller);
        }
    }

    /// The same for the agent's leg.
    pub(crate) fn on_agent_confirmed(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let Some(answer) = answer else { return };
        let Some(live) = self.live() else { return };
        let Activity::Talking(conversation) = &mut live.activity else { return };
        if conversation.media.accept(answer, &mut env.media).is_ok() {
            self.follow_hold(now, env, Role::Agent);
        }
    }

    /// After a new description: if one side stopped listening, the other hears music until it listens again.
    fn follow_hold(&mut self, now: Now, env: &mut Env, role: Role) {
        let caller_leg = self.leg;
        let music = self.hold_music(env);
        let Some(live) = self.live() else { return };
        let caller_listens = live.media.remote_listens();
        let Activity::Talking(conversation) = &mut live.activity else { return };
        let agent_leg = conversation.media.id();
        let (party, listens, other) = match role {
            Role::Caller => (Party::Caller, caller_listens, agent_leg),
            Role::Agent => (Party::Agent, conversation.media.remote_listens(), caller_leg),
        };
        match (listens, conversation.held_by) {
            (false, None) => {
                conversation.held_by = Some(party);
                let bridge = conversation.bridge;
                env.media.push_back(media::Command::Unbridge { bridge });
                env.media.push_back(media::Command::SetMusic { leg: other, prompt: music });
                self.tell_hold(now, env, party, true);
            }
            (true, Some(holder)) if holder == party => {
                conversation.held_by = None;
                conversation.bridge = env.next_bridge();
                let bridge = conversation.bridge;
                env.media.push_back(media::Command::SetMusic { leg: other, prompt: None });
                env.media.push_back(media::Command::Bridge { bridge, a: caller_leg, b: agent_leg });
                self.tell_hold(now, env, party, false);
            }
            (false, Some(_)) | (true, None | Some(_)) => {}
        }
    }

    fn tell_hold(&mut self, now: Now, env: &mut Env, by: Party, held: bool) {
        if by == Party::Agent
            && let Some(agent) = self.talking_agent()
        {
            env.acd.hold(now, &agent, held);
        }
        self.emit(now, env, if held { CallEvent::Held { by } } else { CallEvent::Retrieved { by } });
    }

    fn talking_agent(&mut self) -> Option<AgentId> {
        match &self.live()?.activity {
            Activity::Talking(conversation) => Some(conversation.agent.clone()),
            Activity::Idle | Activity::Flow(_) | Activity::Waiting(_) | Activity::Offering { .. } => None,
        }
    }

    /// The music of the queue the call came from, or of any queue when it came from none.
    fn hold_music(&self, env: &Env) -> Option<media::PromptId> {
        let queue = self.record.queues.last().and_then(|visit| env.center.queues.get(&visit.queue));
        queue.or_else(|| env.center.queues.values().next()).map(|queue| queue.music.clone())
    }

    /// A phone that was heard before has fallen silent on the wire: it has vanished, with or without its owner.
    pub(crate) fn on_media_lost(&mut self, now: Now, env: &mut Env, leg: LegId) {
        let caller_leg = self.leg;
        let Some(live) = self.live() else { return };
        let talking =
            matches!(&live.activity, Activity::Talking(conversation) if conversation.media.id() == leg);
        if leg == caller_leg || talking {
            self.end_by_system(now, env, EndKind::MediaLost, None, 102);
        }
    }
}
