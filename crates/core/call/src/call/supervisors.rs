//! Supervisors in a call: each hears and is heard as the mode says, changes it by key on the own phone (4 listens, 5 whispers, 6
//! barges in) or from the page, and stays with the customer through holds and transfers, or with the agent.

use bytes::Bytes;
use hotline_acd::{Device, Direction, Outside};
use hotline_base::{AgentId, LegId, Now};
use hotline_media::Supervision as Mode;
use hotline_sip::{NameAddr, Reason, SessionId, SipUri};
use serde::{Deserialize, Serialize};

use super::Call;
use super::company::Member;
use super::conversation::Partner;
use super::device::{DeviceCall, Summoning};
use super::summons::asked_for;
use crate::command::{CommandError, Follow};
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner};
use crate::event::{CallEvent, Part, Who};
use crate::media_leg::{DialogSeed, MediaLeg, Peer};
use crate::sessions::LegEnd;

/// Supervisors of one call.
const SUPERVISORS_MAX: usize = 4;

/// Somebody who supervises this call.
#[derive(Serialize, Deserialize)]
pub(super) struct Supervisor {
    leg: LegId,
    agent: AgentId,
    mode: Mode,
    /// The modes that keys may choose.
    allowed: Vec<Mode>,
    /// The agent with whom the supervisor stays, in the place of the customer.
    follows: Option<AgentId>,
    state: State,
}

/// How somebody is to supervise.
pub(crate) struct Supervising {
    pub(crate) mode: Mode,
    pub(crate) allowed: Vec<Mode>,
    pub(crate) follow: Follow,
}

#[derive(Serialize, Deserialize)]
enum State {
    /// The port is being opened.
    Opening,
    /// The own phone rings.
    Ringing(Box<DeviceCall>),
    /// The supervisor is in the call.
    Present { session: SessionId, media: Box<MediaLeg> },
}

impl Supervisor {
    const fn is_present(&self) -> bool {
        matches!(self.state, State::Present { .. })
    }

    /// The leg of one who talks with both.
    pub(super) fn barging(&self) -> Option<LegId> {
        matches!(self.mode, Mode::Barge | Mode::TakeOver).then_some(self.leg).filter(|_| self.is_present())
    }

    /// The leg of one who is not heard by both, and the mode.
    pub(super) fn apart(&self) -> Option<(LegId, Mode)> {
        let is_apart = matches!(self.mode, Mode::Listen | Mode::Whisper | Mode::PrivateWhisper);
        (is_apart && self.is_present()).then_some((self.leg, self.mode))
    }

    /// Whether the supervisor stays with this agent.
    pub(super) fn follows(&self, agent: Option<&AgentId>) -> bool {
        self.follows.is_some() && self.follows.as_ref() == agent
    }

    /// What others may know of it, once it is in the call.
    pub(super) fn part(&self) -> Option<(LegId, Who, Part)> {
        let who = Who::Agent(self.agent.clone());
        self.is_present().then_some((self.leg, who, Part::Supervising(self.mode)))
    }

    fn session(&self) -> Option<SessionId> {
        match &self.state {
            State::Opening => None,
            State::Ringing(device) => Some(device.session),
            State::Present { session, .. } => Some(*session),
        }
    }

    /// Whether its phone is at the other end of this session.
    pub(super) fn leads_to(&self, session: SessionId) -> bool {
        self.session() == Some(session)
    }

    pub(super) fn device_call(&mut self) -> Option<&mut DeviceCall> {
        match &mut self.state {
            State::Ringing(device) => Some(device),
            State::Opening | State::Present { .. } => None,
        }
    }

    /// What is agreed with the own phone, or offered to it.
    pub(super) fn media(&mut self) -> Option<&mut MediaLeg> {
        match &mut self.state {
            State::Opening => None,
            State::Ringing(device) => Some(&mut device.offered),
            State::Present { media, .. } => Some(media),
        }
    }
}

impl Call {
    /// The supervisor is in this call in that mode from here on; the own phone is called if it is not.
    pub(crate) fn supervise(
        &mut self,
        now: Now,
        env: &mut Env,
        agent: &AgentId,
        Supervising { mode, allowed, follow }: Supervising,
    ) -> Result<(), CommandError> {
        let follows = match follow {
            Follow::Customer => None,
            Follow::Agent => self.conversation().and_then(|talk| talk.agent()).cloned(),
        };
        if mode == Mode::TakeOver && !self.can_be_taken_over(agent) {
            return Err(CommandError::NothingToTakeOver);
        }
        let known = self.supervisors().iter().find(|supervisor| supervisor.agent == *agent);
        if let Some(leg) = known.map(|supervisor| supervisor.leg) {
            if let Some(supervisor) = self.supervisor(leg) {
                (supervisor.allowed, supervisor.follows) = (allowed, follows);
            }
            self.change_mode(now, env, leg, mode);
            self.arrange(env);
            return Ok(());
        }
        let Some(view) = env.acd.agent(agent) else { return Err(hotline_acd::AgentError::Unknown.into()) };
        // Nobody but a person at a phone of the center may hear what is said: no mailbox of a network.
        if view.device != Device::Phone || env.sip.contact(agent.as_str()).is_none() {
            return Err(CommandError::NoPhone);
        }
        if !view.is_free() {
            return Err(CommandError::Busy);
        }
        if self.supervisors().len() >= SUPERVISORS_MAX {
            return Err(CommandError::TooManyParties);
        }
        if self.live().is_none() {
            return Err(CommandError::NotTalking);
        }
        env.acd.set_outside_call(now, agent, self.id(), Some(Outside::Ringing));
        let leg = env.open_leg(self.id(), LegOwner::agent(agent));
        env.arm(self.id(), CallTimer::AgentMediaOpen(leg), now.mono + env.center.timing.media_open);
        let (agent, state) = (agent.clone(), State::Opening);
        let supervisor = Supervisor { leg, agent, mode, allowed, follows, state };
        if let Some(live) = self.live() {
            live.supervisors.push(supervisor);
        }
        Ok(())
    }

    /// The supervisor leaves. Does nothing if it is not in the call.
    pub(crate) fn end_supervision(&mut self, now: Now, env: &mut Env, agent: &AgentId) {
        let leg = self.supervisors().iter().find(|one| one.agent == *agent).map(|one| one.leg);
        if let Some(leg) = leg {
            self.drop_supervisor(now, env, leg, Some(&Reason::NORMAL));
        }
    }

    fn can_be_taken_over(&self, by: &AgentId) -> bool {
        self.conversation().and_then(|talk| talk.agent()).is_some_and(|agent| agent != by)
    }

    fn change_mode(&mut self, now: Now, env: &mut Env, leg: LegId, mode: Mode) {
        let Some(supervisor) = self.supervisor(leg) else { return };
        if supervisor.mode == mode {
            return;
        }
        supervisor.mode = mode;
        if supervisor.is_present() {
            self.take_seat(now, env, leg);
        }
    }

    /// The supervisor takes part as the mode says.
    fn take_seat(&mut self, now: Now, env: &mut Env, leg: LegId) {
        let Some((mode, agent)) = self.supervisor(leg).map(|one| (one.mode, one.agent.clone())) else {
            return;
        };
        let (who, part) = (Who::Agent(agent.clone()), Part::Supervising(mode));
        self.emit(now, env, CallEvent::PartyJoined { leg, who, part, told: env.center.tells_of(part) });
        match mode {
            Mode::TakeOver if self.can_be_taken_over(&agent) => self.let_take_over(now, env, leg, &agent),
            Mode::Barge | Mode::TakeOver => self.join_recording(env, leg),
            Mode::Listen | Mode::Whisper | Mode::PrivateWhisper => self.leave_recording(env, leg),
        }
        self.arrange(env);
    }

    /// The agent leaves, and the supervisor has the customer.
    fn let_take_over(&mut self, now: Now, env: &mut Env, leg: LegId, by: &AgentId) {
        let Some(live) = self.live() else { return };
        let Some(place) = live.supervisors.iter().position(|one| one.leg == leg) else { return };
        let supervisor = live.supervisors.remove(place);
        let State::Present { session, media } = supervisor.state else { return };
        self.drop_consult(now, env);
        let id = self.id();
        env.sessions.insert(session, (id, crate::env::Role::Agent));
        let next = Member { partner: Partner::Agent(by.clone()), session, media: *media };
        self.succeed(now, env, next, true, Some(by));
    }

    /// The port for a supervisor is open: the own phone is called. False if the leg is none's.
    pub(super) fn on_supervisor_leg_open(&mut self, now: Now, env: &mut Env, leg: LegId, port: u16) -> bool {
        let Some(Supervisor { agent, state: State::Opening, .. }) = self.supervisor(leg) else {
            return false;
        };
        let agent = agent.clone();
        env.disarm(self.id(), CallTimer::AgentMediaOpen(leg));
        let seed = DialogSeed::draw(&mut env.rng);
        let media = MediaLeg::new(leg, port, seed, Peer::Phone(agent.clone()));
        let mut from = NameAddr::new(SipUri::new(Some(self.caller()), env.center.domain.clone(), None));
        from.display = self.display_name().map(Into::into);
        let headers = asked_for(env, &agent);
        let end = LegEnd::Supervisor(agent.clone());
        match self.ring_device(now, env, media, Summoning { agent, from, headers, end }) {
            Ok(device) => {
                if let Some(supervisor) = self.supervisor(leg) {
                    supervisor.state = State::Ringing(Box::new(device));
                }
                env.arm(self.id(), CallTimer::Ring(leg), now.mono + env.center.timing.extension_ring);
            }
            Err(_) => self.drop_supervisor(now, env, leg, None),
        }
        true
    }

    /// The supervisor has taken the own phone up.
    pub(crate) fn on_supervisor_answered(
        &mut self,
        now: Now,
        env: &mut Env,
        session: SessionId,
        answer: Option<&Bytes>,
    ) {
        let Some(leg) = self.supervisor_by(session) else { return };
        env.disarm(self.id(), CallTimer::Ring(leg));
        let Some(supervisor) = self.supervisor(leg) else { return };
        let Some(device) = supervisor.device_call() else { return };
        if !device.offered.conclude(answer, &mut env.media) {
            return self.drop_supervisor(now, env, leg, Some(&Reason::q850(88, "Incompatible destination")));
        }
        let media = Box::new(device.offered.clone());
        supervisor.state = State::Present { session, media };
        let agent = supervisor.agent.clone();
        let talking = Outside::Talking(Direction::Internal);
        env.acd.set_outside_call(now, &agent, self.id(), Some(talking));
        self.take_seat(now, env, leg);
    }

    /// The supervisor's phone refused or hung up, or its session failed.
    pub(crate) fn on_supervisor_gone(&mut self, now: Now, env: &mut Env, session: SessionId) {
        if let Some(leg) = self.supervisor_by(session) {
            self.drop_supervisor(now, env, leg, None);
        }
    }

    /// A key of a supervisor's phone chooses the mode. False if the leg is none's.
    pub(super) fn on_supervisor_digit(&mut self, now: Now, env: &mut Env, leg: LegId, key: char) -> bool {
        if !self.supervisor(leg).is_some_and(|one| one.is_present()) {
            return false;
        }
        let mode = match key {
            '4' => Some(Mode::Listen),
            '5' => Some(Mode::Whisper),
            '6' => Some(Mode::Barge),
            _ => None,
        };
        let allowed = self.supervisor(leg).map(|one| one.allowed.clone()).unwrap_or_default();
        if let Some(mode) = mode.filter(|mode| allowed.contains(mode)) {
            self.change_mode(now, env, leg, mode);
        }
        true
    }

    /// A key of a supervisor's phone, told by INFO.
    pub(crate) fn on_supervisor_info(&mut self, now: Now, env: &mut Env, session: SessionId, key: char) {
        if let Some(leg) = self.supervisor_by(session) {
            self.on_supervisor_digit(now, env, leg, key);
        }
    }

    /// Gives a supervisor's leg back. False if the leg is none's.
    pub(super) fn on_supervisor_leg_gone(&mut self, now: Now, env: &mut Env, leg: LegId) -> bool {
        let is_one = self.supervisor(leg).is_some();
        self.drop_supervisor(now, env, leg, Some(&Reason::NORMAL));
        is_one
    }

    fn drop_supervisor(&mut self, now: Now, env: &mut Env, leg: LegId, told: Option<&Reason>) {
        let Some(live) = self.live() else { return };
        let Some(place) = live.supervisors.iter().position(|one| one.leg == leg) else { return };
        let supervisor = live.supervisors.remove(place);
        self.dismiss(now, env, supervisor, told);
        self.arrange(env);
    }

    /// An agent leaves the talk: so do those who stay with that agent.
    pub(super) fn drop_followers(&mut self, now: Now, env: &mut Env, agent: &AgentId) {
        let all = self.supervisors().iter().filter(|one| one.follows(Some(agent)));
        for leg in all.map(|one| one.leg).collect::<Vec<_>>() {
            self.drop_supervisor(now, env, leg, Some(&Reason::NORMAL));
        }
    }

    /// The call is over for those who supervise it.
    pub(super) fn dismiss_supervisors(&mut self, now: Now, env: &mut Env, all: Vec<Supervisor>) {
        let reason = Reason::q850(16, "Call ended");
        for supervisor in all {
            self.dismiss(now, env, supervisor, Some(&reason));
        }
    }

    fn dismiss(&mut self, now: Now, env: &mut Env, supervisor: Supervisor, told: Option<&Reason>) {
        let leg = supervisor.leg;
        for timer in [CallTimer::AgentMediaOpen, CallTimer::Ring, CallTimer::Response] {
            env.disarm(self.id(), timer(leg));
        }
        if let Some(session) = supervisor.session()
            && env.sessions.remove(&session).is_some()
        {
            env.sip.hang_up(now, session, told.cloned());
        }
        env.close_leg(leg);
        env.acd.set_outside_call(now, &supervisor.agent, self.id(), None);
        if supervisor.is_present() {
            self.emit(now, env, CallEvent::PartyLeft { leg });
        }
    }

    /// Who supervises the call, and how.
    pub(super) fn supervising(&self) -> impl Iterator<Item = (LegId, Who, Part)> {
        self.supervisors().iter().filter_map(Supervisor::part)
    }

    fn supervisors(&self) -> &[Supervisor] {
        match &self.stage {
            super::Stage::Live(live) => &live.supervisors,
            super::Stage::Opening(_) | super::Stage::Ending | super::Stage::Over => &[],
        }
    }

    pub(super) fn supervisor(&mut self, leg: LegId) -> Option<&mut Supervisor> {
        self.live()?.supervisors.iter_mut().find(|supervisor| supervisor.leg == leg)
    }

    /// The leg of the supervisor to whose phone this session leads.
    pub(super) fn supervisor_by(&mut self, session: SessionId) -> Option<LegId> {
        let mut all = self.live()?.supervisors.iter();
        all.find(|supervisor| supervisor.session() == Some(session)).map(|supervisor| supervisor.leg)
    }

    /// The agent to whose phone this leg leads, if it is one who supervises.
    pub(super) fn supervisor_on(&self, leg: LegId) -> Option<AgentId> {
        self.supervisors().iter().find(|one| one.leg == leg).map(|one| one.agent.clone())
    }
}
