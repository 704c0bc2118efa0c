//! The recording of a call: one from the first talk (or from the answer) to the end, through hold, transfer and another talk. The customer
//! is left, everybody else right.

use hotline_base::{AgentId, LegId, Now, RecordingId};
use hotline_media::{self as media, Channel, Mark, MarkKind, Speaker, Voice};
use serde::{Deserialize, Serialize};

use super::{Call, Served};
use crate::center::RecordingStart;
use crate::command::CommandError;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::CallEvent;

/// A recording under way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tape {
    id: RecordingId,
    /// The agent who has paused it.
    paused_by: Option<AgentId>,
}

impl Call {
    /// Records what the one who is served and this leg say from here on, in the recording that there is or in a new one.
    pub(super) fn record_talk(&mut self, now: Now, env: &mut Env, partner: LegId) {
        if self.last_queue(env).is_some_and(|queue| !queue.record) {
            return self.stop_recording(now, env);
        }
        let partner = self.voice(env, partner, Channel::Agent);
        if let Some(tape) = &self.tape {
            let recording = tape.id;
            return env.media.push_back(media::Command::JoinRecording { recording, voice: partner });
        }
        if !env.center.recording.consult && self.is_consultation(env) {
            return;
        }
        self.begin_tape(now, env, partner.leg);
    }

    /// The caller was answered: is recorded from here on, if the policy says so.
    pub(super) fn record_from_answer(&mut self, now: Now, env: &mut Env) {
        let is_wished = match env.center.recording.start {
            RecordingStart::FirstTalk => false,
            RecordingStart::Answer => self.last_queue(env).is_none_or(|queue| queue.record),
        };
        let is_aside = !env.center.recording.consult && self.is_consultation(env);
        if is_wished && !is_aside && self.tape.is_none() {
            self.start_tape(now, env, Vec::new());
        }
    }

    fn begin_tape(&mut self, now: Now, env: &mut Env, partner: LegId) {
        let partner = self.voice(env, partner, Channel::Agent);
        self.start_tape(now, env, vec![partner]);
    }

    fn start_tape(&mut self, now: Now, env: &mut Env, others: Vec<Voice>) {
        let recording = RecordingId::generate(now.wall, &mut env.rng);
        let mut voices = vec![self.voice(env, self.leg, Channel::Customer)];
        voices.extend(others);
        env.recordings.insert(recording, self.id());
        env.media.push_back(media::Command::StartRecording { recording, voices });
        self.tape = Some(Tape { id: recording, paused_by: None });
    }

    /// An agent calls somebody while another call of the agent waits.
    fn is_consultation(&self, env: &Env) -> bool {
        let Some(agent) = self.calling_agent() else { return false };
        let mut legs = env.legs.values();
        legs.any(|leg| leg.call != self.id() && leg.owner.agent.as_ref() == Some(agent))
    }

    /// The two sides have changed: who is served now is heard left.
    pub(super) fn swap_channels(&self, env: &mut Env, partner: LegId) {
        let Some(tape) = &self.tape else { return };
        for (leg, channel) in [(self.leg, Channel::Customer), (partner, Channel::Agent)] {
            let voice = self.voice(env, leg, channel);
            env.media.push_back(media::Command::JoinRecording { recording: tape.id, voice });
        }
    }

    /// Somebody more is heard in the recording, beside the agent.
    pub(super) fn join_recording(&self, env: &mut Env, leg: LegId) {
        if let Some(tape) = &self.tape {
            let (recording, voice) = (tape.id, self.voice(env, leg, Channel::Agent));
            env.media.push_back(media::Command::JoinRecording { recording, voice });
        }
    }

    /// What comes on this leg is not for the recording from here on.
    pub(super) fn leave_recording(&self, env: &mut Env, leg: LegId) {
        if self.tape.is_some() {
            env.media.push_back(media::Command::LeaveRecording { leg });
        }
    }

    fn voice(&self, env: &Env, leg: LegId, channel: Channel) -> Voice {
        Voice { leg, channel, speaker: self.speaker(env, leg) }
    }

    fn speaker(&self, env: &Env, leg: LegId) -> Speaker {
        match env.legs.get(&leg).and_then(|leg| leg.owner.agent.as_ref()) {
            Some(agent) => of_agent(agent),
            None if leg == self.leg => Speaker::from("customer"),
            None => Speaker::from("outside"),
        }
    }

    /// One side began or ended a hold. What its phone sends meanwhile is not recorded, so that the recording must
    /// understand it anew afterwards.
    pub(super) fn mark_hold(&self, env: &mut Env, leg: LegId, held: bool) {
        let kind = if held { MarkKind::Held } else { MarkKind::Retrieved };
        let by = self.speaker(env, leg);
        self.mark(env, Mark { kind, by: Some(by), why: None });
        if let (Some(tape), false) = (&self.tape, held) {
            let channel = if leg == self.leg { Channel::Customer } else { Channel::Agent };
            let (recording, voice) = (tape.id, self.voice(env, leg, channel));
            env.media.push_back(media::Command::JoinRecording { recording, voice });
        }
    }

    /// An agent has sent the customer on.
    pub(super) fn mark_transfer(&self, env: &mut Env, by: &AgentId) {
        self.mark(env, Mark { kind: MarkKind::Transferred, by: Some(of_agent(by)), why: None });
    }

    fn mark(&self, env: &mut Env, mark: Mark) {
        if let Some(tape) = &self.tape {
            env.media.push_back(media::Command::MarkRecording { recording: tape.id, mark });
        }
    }

    /// Keeps what is said out of the recording until it is resumed, at the latest after the configured time or when the
    /// agent leaves. Said again, the time begins anew.
    pub(crate) fn pause_recording(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
        why: Option<String>,
    ) -> Result<(), CommandError> {
        let recording = self.recording_for(by)?;
        let pause = env.center.recording.pause_max;
        env.arm(self.id(), CallTimer::Resume, now.mono + pause);
        let Some(tape) = &mut self.tape else { return Err(CommandError::NotRecorded) };
        if tape.paused_by.is_some() {
            return Ok(());
        }
        tape.paused_by = Some(by.clone());
        self.mark(env, Mark { kind: MarkKind::Paused, by: Some(of_agent(by)), why: why.clone() });
        let until = now.wall + pause;
        self.emit(now, env, CallEvent::RecordingPaused { recording, by: by.clone(), why, until });
        Ok(())
    }

    /// A supervisor has the talk recorded, or no longer. Says nothing of what the queue wishes.
    pub(crate) fn record_by_force(
        &mut self,
        now: Now,
        env: &mut Env,
        is_wanted: bool,
    ) -> Result<(), CommandError> {
        let Some(partner) = self.conversation().map(|talk| talk.media.id()) else {
            return Err(CommandError::NotTalking);
        };
        match (is_wanted, &self.tape) {
            (true, None) => self.begin_tape(now, env, partner),
            (false, Some(_)) => self.stop_recording(now, env),
            (true, Some(_)) | (false, None) => {}
        }
        Ok(())
    }

    /// Marks this moment in the recording.
    pub(crate) fn mark_by_hand(&self, env: &mut Env, note: String) -> Result<(), CommandError> {
        if self.tape.is_none() {
            return Err(CommandError::NotRecorded);
        }
        self.mark(env, Mark { kind: MarkKind::Noted, by: None, why: Some(note) });
        Ok(())
    }

    /// Records again what is said.
    pub(crate) fn resume_recording(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
    ) -> Result<(), CommandError> {
        self.recording_for(by)?;
        self.end_pause(now, env, Some(by));
        Ok(())
    }

    /// The pause has lasted as long as one may.
    pub(crate) fn on_pause_timeout(&mut self, now: Now, env: &mut Env) {
        self.end_pause(now, env, None);
    }

    /// A conversation with this agent is over, and so is a pause that the agent wanted.
    pub(super) fn forget_pause_of(&mut self, now: Now, env: &mut Env, agent: Option<&AgentId>) {
        if agent.is_some() && self.tape.as_ref().and_then(|tape| tape.paused_by.as_ref()) == agent {
            self.end_pause(now, env, None);
        }
    }

    fn end_pause(&mut self, now: Now, env: &mut Env, by: Option<&AgentId>) {
        let Some(tape) = &mut self.tape else { return };
        let recording = tape.id;
        if tape.paused_by.take().is_none() {
            return;
        }
        env.disarm(self.id(), CallTimer::Resume);
        self.mark(env, Mark { kind: MarkKind::Resumed, by: by.map(of_agent), why: None });
        self.emit(now, env, CallEvent::RecordingResumed { recording, by: by.cloned() });
    }

    /// The recording, if this agent talks in the call.
    fn recording_for(&self, agent: &AgentId) -> Result<RecordingId, CommandError> {
        if self.conversation().is_none() || !self.speaks_now(agent) {
            return Err(CommandError::NotTalking);
        }
        self.tape.as_ref().map(|tape| tape.id).ok_or(CommandError::NotRecorded)
    }

    /// Whether an agent is heard in the talk: not one who made the call and has sent the other one on.
    fn speaks_now(&self, agent: &AgentId) -> bool {
        let is_served = match &self.served {
            Served::Caller => self.calling_agent() == Some(agent),
            Served::Colleague(colleague) => colleague == agent,
            Served::Callee(_) => false,
        };
        is_served || self.is_talking_to(agent)
    }

    /// The talk is over.
    pub(super) fn stop_recording(&mut self, now: Now, env: &mut Env) {
        self.end_pause(now, env, None);
        if let Some(Tape { id: recording, .. }) = self.tape.take() {
            env.media.push_back(media::Command::StopRecording { recording });
        }
    }

    /// The recorder has ended a recording, for whatever reason: the legs are free for another.
    pub(super) fn on_recording_over(&mut self, now: Now, env: &mut Env, recording: RecordingId) {
        if self.tape.as_ref().is_some_and(|tape| tape.id == recording) {
            self.stop_recording(now, env);
        }
    }
}

/// How recordings and their marks name an agent.
pub(crate) fn of_agent(agent: &AgentId) -> Speaker {
    Speaker::from(&*format!("agent:{agent}"))
}
