//! Offers to agents: for each, screen pop and media port side by side, then the INVITE, then an answer or not. Several
//! phones may ring for one call; the first that is taken up has it, the others are told so.

use std::time::Duration;

use bytes::Bytes;
use hotline_acd::{Decision, OfferFailure};
use hotline_base::{AgentId, LegId, Now, PlayId, ReservationId};
use hotline_ivr::PromptName;
use hotline_media::{self as media, LegFailure};
use hotline_sip::uri::Host;
use hotline_sip::{Failure, NameAddr, Reason, SessionId, SipUri};
use serde::{Deserialize, Serialize};

use super::device::{DeviceCall, Summoning};
use super::flow::prompt_id;
use super::live::Activity;
use super::summons::auto_answer;
use super::transfer::Handover;
use super::{Call, FlowRun, Waiting};
use crate::center::{AutoAnswer, TAKE_CALL_KEY, TAKE_CALL_PROMPT};
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner};
use crate::event::{CallEvent, DialFailure};
use crate::media_leg::{DialogSeed, MediaLeg, Peer};
use crate::sessions::LegEnd;

/// The longest name that is sent to a phone's display, in characters.
const DISPLAY_MAX: usize = 64;

/// How often a device outside is told which key to press: longer than any phone is let ring.
const TAKE_CALL_SAID: usize = 40;

/// The agent's side of an offer.
#[derive(Serialize, Deserialize)]
pub(crate) struct AgentLeg {
    pub(super) offer: LegId,
    pub(super) agent: AgentId,
    /// The ACD's reservation; absent when the agent was dialled directly.
    pub(super) reservation: Option<ReservationId>,
    ring_timeout: Duration,
    progress: Progress,
}

#[derive(Serialize, Deserialize)]
enum Progress {
    /// The port is being opened and the pop written, in either order.
    Preparing { port: Port, pop: Pop },
    /// The INVITE is out.
    Called { device: Box<DeviceCall>, taken: Taken },
}

/// How far the agent has taken the call.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Taken {
    /// Not at all: the device rings.
    Not,
    /// The device is taken up, and is told which key puts the call through.
    Asking,
    /// Both sides hear something before they hear each other; absent is what has been heard.
    Greeting { agent: Option<PlayId>, caller: Option<PlayId> },
}

/// The media port of the agent's leg.
#[derive(Serialize, Deserialize)]
enum Port {
    Opening,
    Open(Box<MediaLeg>),
}

/// The screen pop, all of it within [`crate::Timing::pop_wait`].
#[derive(Serialize, Deserialize)]
enum Pop {
    /// The offer is told when the address book has said who calls.
    Unknown { because: Option<Decision> },
    /// The offer is told, and with it the pop; the page is being written.
    Told,
    /// Written, or not in time.
    Settled,
}

impl AgentLeg {
    /// Whether the offer is told.
    pub(super) const fn is_told(&self) -> bool {
        !matches!(self.progress, Progress::Preparing { pop: Pop::Unknown { .. }, .. })
    }

    pub(super) fn device_call(&mut self) -> Option<&mut DeviceCall> {
        match &mut self.progress {
            Progress::Called { device, .. } => Some(device),
            Progress::Preparing { .. } => None,
        }
    }

    /// How far the agent has taken the call, once the device is called.
    pub(super) fn taken(&mut self) -> Option<&mut Taken> {
        match &mut self.progress {
            Progress::Called { taken, .. } => Some(taken),
            Progress::Preparing { .. } => None,
        }
    }

    pub(super) fn session(&self) -> Option<SessionId> {
        match &self.progress {
            Progress::Called { device, .. } => Some(device.session),
            Progress::Preparing { .. } => None,
        }
    }

    /// Whose device was called, and what is agreed with it.
    pub(super) fn into_called(self) -> Option<(AgentId, SessionId, MediaLeg)> {
        match self.progress {
            Progress::Called { device, .. } => Some((self.agent, device.session, device.offered)),
            Progress::Preparing { .. } => None,
        }
    }
}

/// Where the call goes when the offer comes to nothing.
#[derive(Serialize, Deserialize)]
pub(crate) enum Fallback {
    /// Back to its place in line.
    Queue(Waiting),
    /// The flow goes on by its exit.
    Flow(FlowRun),
    /// Back to the agent who sends the caller on.
    Transferor(Box<Handover>),
    /// The caller is told: busy, no answer.
    Refuse,
}

/// An agent to be offered a call.
pub(crate) struct Candidate {
    pub(crate) agent: AgentId,
    pub(crate) reservation: Option<ReservationId>,
    pub(crate) ring_timeout: Duration,
    pub(crate) because: Option<Decision>,
}

impl Call {
    pub(super) fn begin_offer(&mut self, now: Now, env: &mut Env, candidate: Candidate, fallback: Fallback) {
        self.set_activity(Activity::Offering { agents: Vec::new(), fallback });
        self.add_offer(now, env, candidate);
    }

    /// Another phone is to ring beside those that do.
    pub(super) fn add_offer(&mut self, now: Now, env: &mut Env, candidate: Candidate) {
        let leg = self.open_offer(now, env, candidate);
        let offer = leg.offer;
        match self.live().map(|live| &mut live.activity) {
            Some(Activity::Offering { agents, .. }) => agents.push(leg),
            Some(_) | None => return,
        }
        if self.is_looked_up() {
            self.tell_offer(now, env, offer);
        }
    }

    /// Asks for a port from which the agent's phone is called.
    pub(super) fn open_offer(&self, now: Now, env: &mut Env, candidate: Candidate) -> AgentLeg {
        let Candidate { agent, reservation, ring_timeout, because } = candidate;
        let offer = env.open_leg(self.id(), LegOwner::agent(&agent));
        env.arm(self.id(), CallTimer::Pop(offer), now.mono + env.center.timing.pop_wait);
        env.arm(self.id(), CallTimer::AgentMediaOpen(offer), now.mono + env.center.timing.media_open);
        let progress = Progress::Preparing { port: Port::Opening, pop: Pop::Unknown { because } };
        AgentLeg { offer, agent, reservation, ring_timeout, progress }
    }

    /// Tells the agent's page of the offer and who calls, if that was not done.
    pub(super) fn tell_offer(&mut self, now: Now, env: &mut Env, offer: LegId) {
        let Some(leg) = self.agent_leg(offer) else { return };
        let Progress::Preparing { pop, .. } = &mut leg.progress else { return };
        if let Pop::Unknown { because } = pop {
            let because = because.take();
            *pop = Pop::Told;
            let agent = leg.agent.clone();
            self.keep_collected();
            self.emit(now, env, CallEvent::Offered { offer, agent, because });
        }
    }

    /// The pop was written, there is no page (`written` false), or it took too long (false).
    pub(crate) fn on_popped(&mut self, now: Now, env: &mut Env, offer: LegId, written: bool) -> bool {
        let Some(AgentLeg { progress: Progress::Preparing { pop: pop @ Pop::Told, .. }, .. }) =
            self.agent_leg(offer)
        else {
            return false;
        };
        *pop = Pop::Settled;
        env.disarm(self.id(), CallTimer::Pop(offer));
        self.emit(now, env, CallEvent::Popped { offer, written });
        self.invite_agent(now, env, offer);
        true
    }

    /// The wait for the pop is over. An address book that is slower than that says who calls while the phone rings.
    pub(crate) fn on_pop_timeout(&mut self, now: Now, env: &mut Env, offer: LegId) {
        self.tell_offer(now, env, offer);
        self.on_popped(now, env, offer, false);
    }

    pub(super) fn on_agent_leg_open(&mut self, now: Now, env: &mut Env, leg: LegId, port: u16) {
        let seed = DialogSeed::draw(&mut env.rng);
        let Some(AgentLeg { agent, progress: Progress::Preparing { port: opening, .. }, .. }) =
            self.agent_leg(leg)
        else {
            return;
        };
        *opening = Port::Open(Box::new(MediaLeg::new(leg, port, seed, Peer::Phone(agent.clone()))));
        env.disarm(self.id(), CallTimer::AgentMediaOpen(leg));
        self.invite_agent(now, env, leg);
    }

    /// The media plane did not answer in time about the second leg.
    pub(crate) fn on_agent_media_open_timeout(&mut self, now: Now, env: &mut Env, leg: LegId) {
        if self.dialled_leg() == Some(leg) {
            self.on_dial_media_timeout(now, env);
            return;
        }
        if self.on_supervisor_leg_gone(now, env, leg) {
            env.raise_media(now, None);
            return;
        }
        self.on_agent_leg_failed(now, env, leg, None);
    }

    /// No port for the agent's leg. The agent is not to blame.
    pub(super) fn on_agent_leg_failed(
        &mut self,
        now: Now,
        env: &mut Env,
        offer: LegId,
        cause: Option<LegFailure>,
    ) {
        env.raise_media(now, cause);
        self.fail_offer(now, env, offer, OfferFailure::ServerFault, None);
    }

    /// Sends the INVITE once the pop is settled and the port is open.
    fn invite_agent(&mut self, now: Now, env: &mut Env, offer: LegId) {
        let from = self.shown_to_agent(env);
        let Some(leg) = self.agent_leg(offer) else { return };
        let Progress::Preparing { port: Port::Open(media), pop: Pop::Settled } = &leg.progress else {
            return;
        };
        let (agent, ring_timeout, by_queue) =
            (leg.agent.clone(), leg.ring_timeout, leg.reservation.is_some());
        let media = (**media).clone();
        let headers = match env.center.agents.get(&agent).map(|agent| agent.auto_answer) {
            Some(AutoAnswer::Always) if by_queue => auto_answer(&env.center.domain),
            Some(AutoAnswer::Always | AutoAnswer::OwnCalls | AutoAnswer::Never) | None => Vec::new(),
        };
        self.emit(now, env, CallEvent::Invited { offer });
        let end = LegEnd::Agent(agent.clone());
        let device = match self.ring_device(now, env, media, Summoning { agent, from, headers, end }) {
            Ok(device) => Box::new(device),
            Err(failure) => {
                self.fail_offer(now, env, offer, failure, None);
                return;
            }
        };
        if let Some(leg) = self.agent_leg(offer) {
            leg.progress = Progress::Called { device, taken: Taken::Not };
        }
        env.arm(self.id(), CallTimer::Ring(offer), now.mono + ring_timeout);
    }

    /// Who calls, as the agent's phone shows it.
    pub(super) fn shown_to_agent(&self, env: &Env) -> NameAddr {
        let mut from = NameAddr::new(caller_uri(self.caller(), &env.center.domain));
        from.display = self.display_name().map(Into::into);
        from
    }

    pub(super) fn display_name(&self) -> Option<String> {
        let known = self.customer().map(|customer| customer.name.expose());
        let name = known.or(self.record.caller_name.as_ref().map(|name| name.expose()))?;
        Some(name.chars().filter(|character| !character.is_control()).take(DISPLAY_MAX).collect())
    }

    /// The agent's phone rings.
    pub(crate) fn on_agent_ringing(&mut self, now: Now, env: &mut Env, offer: LegId) {
        self.on_device_found(now, env, offer);
        let Some(AgentLeg { reservation, .. }) = self.agent_leg(offer) else { return };
        let reservation = *reservation;
        let again = self.record.offers.iter().any(|entry| entry.leg == offer && entry.ringing_at.is_some());
        if again {
            return;
        }
        if let Some(reservation) = reservation {
            env.acd.offer_ringing(now, reservation);
        }
        self.ring_caller(now, env);
        self.hear_ringing(env);
        self.hear_consult_ringing(env, offer);
        self.tell_transferor(now, env, 180);
        self.emit(now, env, CallEvent::Ringing { offer });
    }

    /// The agent answered. Media is agreed and the two are connected.
    pub(crate) fn on_agent_answered(
        &mut self,
        now: Now,
        env: &mut Env,
        offer: LegId,
        answer: Option<&Bytes>,
    ) {
        let asks = self.is_to_be_asked(env, offer);
        if asks {
            // Whoever has answered was rung, even if the network lost the word of it.
            self.on_agent_ringing(now, env, offer);
        }
        self.on_device_answered(now, env, offer);
        self.learn_of_phone(now, env, offer, true);
        let Some(device) = self.device_call(offer) else { return };
        if !device.offered.conclude(answer, &mut env.media) {
            self.fail_offer(now, env, offer, OfferFailure::PhoneFault, Some(200));
        } else if asks {
            self.ask_for_key(env, offer);
        } else {
            self.greet(now, env, offer);
        }
    }

    /// Says which key puts the call through, for as long as the offer lasts.
    fn ask_for_key(&mut self, env: &mut Env, offer: LegId) {
        let Some(leg) = self.agent_leg(offer) else { return };
        if let Some(taken) = leg.taken() {
            *taken = Taken::Asking;
        }
        Self::say_which_key(env, offer);
    }

    pub(super) fn say_which_key(env: &mut Env, leg: LegId) {
        let play = env.next_play();
        let prompt = prompt_id(&env.center.language, &PromptName::from(TAKE_CALL_PROMPT));
        let prompts = vec![prompt; TAKE_CALL_SAID];
        env.media.push_back(media::Command::Play { leg, play, prompts, behind: media::Behind::Silence });
    }

    /// A key was pressed on the device to which the call is offered.
    pub(super) fn on_offer_digit(&mut self, now: Now, env: &mut Env, offer: LegId, key: char) {
        if self.is_asking(offer) && key == TAKE_CALL_KEY {
            env.media.push_back(media::Command::StopPlay { leg: offer });
            self.greet(now, env, offer);
        }
    }

    /// Whether the device that has taken the call has yet to confirm it.
    pub(super) fn is_asking(&mut self, offer: LegId) -> bool {
        self.agent_leg(offer).and_then(AgentLeg::taken).is_some_and(|taken| *taken == Taken::Asking)
    }

    pub(super) fn put_through(&mut self, now: Now, env: &mut Env, offer: LegId) {
        if self.is_asked(offer) {
            self.on_consult_taken(now, env, offer);
            return;
        }
        let Some((leg, others, fallback)) = self.take_offers(offer) else { return };
        let AgentLeg { agent, reservation, progress, .. } = leg;
        let Progress::Called { device, .. } = progress else { return };
        let DeviceCall { session, offered: media, .. } = *device;
        env.disarm(self.id(), CallTimer::Ring(offer));
        // A colleague has taken the call whom the ACD did not choose.
        let chosen = others.iter().find_map(|leg| leg.reservation).filter(|_| reservation.is_none());
        if let Some(chosen) = chosen {
            env.acd.offer_failed(now, chosen, OfferFailure::Elsewhere);
        }
        self.connect(now, env, fallback, Answered { agent, reservation, session, media });
        self.drop_offers(now, env, others, OfferFailure::Elsewhere);
    }

    /// Takes the offers out: the one that is taken, and the others that ring for the same caller. They are stopped when the
    /// two hear each other.
    pub(super) fn take_offers(&mut self, offer: LegId) -> Option<(AgentLeg, Vec<AgentLeg>, Fallback)> {
        self.agent_leg(offer).filter(|leg| leg.offer == offer)?;
        if self.is_asked(offer) {
            return None;
        }
        let Some(Activity::Offering { mut agents, fallback }) = self.take_activity() else { return None };
        let place = agents.iter().position(|leg| leg.offer == offer)?;
        Some((agents.remove(place), agents, fallback))
    }

    /// Stops these phones, whose call goes on without them.
    pub(super) fn drop_offers(
        &mut self,
        now: Now,
        env: &mut Env,
        agents: Vec<AgentLeg>,
        failure: OfferFailure,
    ) {
        for leg in agents {
            if leg.reservation.is_none() {
                env.acd.set_outside_call(now, &leg.agent, self.id(), None);
            }
            self.drop_agent_leg(now, env, leg, failure, None);
        }
    }

    /// The agent's INVITE failed with a final status.
    pub(crate) fn on_agent_failed(&mut self, now: Now, env: &mut Env, offer: LegId, failure: &Failure) {
        if self.is_busy_with_former(now, env, offer, failure.status) {
            return;
        }
        if let Some(fault) = self.on_device_refused(now, env, offer, failure) {
            self.fail_offer(now, env, offer, fault, Some(failure.status));
        }
    }

    /// Nobody took the phone up in time.
    pub(crate) fn on_ring_timeout(&mut self, now: Now, env: &mut Env, leg: LegId) {
        if self.on_supervisor_leg_gone(now, env, leg) {
            return;
        }
        if self.is_summoning() {
            self.on_summons_failed(now, env, 480);
            return;
        }
        if self.dialled_leg() == Some(leg) {
            self.stop_dialling(now, env, DialFailure::NoAnswer);
            return;
        }
        if self.is_greeting(leg) {
            self.put_through(now, env, leg);
            return;
        }
        // A phone that never rang cannot have been heard: its agent is not to blame.
        let rang = self.record.offers.iter().any(|entry| entry.leg == leg && entry.ringing_at.is_some());
        let failure = if rang { OfferFailure::NoAnswer } else { OfferFailure::PhoneFault };
        self.learn_of_phone(now, env, leg, false);
        self.fail_offer(now, env, leg, failure, None);
    }

    /// The ACD took the reservation back while the caller is still there.
    pub(crate) fn on_offer_withdrawn(&mut self, now: Now, env: &mut Env, reservation: ReservationId) {
        let Some(live) = self.live() else { return };
        let Activity::Offering { agents, .. } = &live.activity else { return };
        let leg = agents.iter().find(|leg| leg.reservation == Some(reservation));
        if let Some(offer) = leg.map(|leg| leg.offer) {
            self.withdraw_offer(now, env, offer, OfferFailure::NoAnswer, None);
        }
    }

    /// Ends the present offer without a talk and sends the call where it then belongs.
    pub(super) fn fail_offer(
        &mut self,
        now: Now,
        env: &mut Env,
        offer: LegId,
        failure: OfferFailure,
        status: Option<u16>,
    ) {
        let call = self.id();
        let Some(leg) = self.agent_leg(offer) else { return };
        match leg.reservation {
            Some(reservation) => env.acd.offer_failed(now, reservation, failure),
            None => env.acd.set_outside_call(now, &leg.agent, call, None),
        }
        self.withdraw_offer(now, env, offer, failure, status);
    }

    /// The part of a failed offer that the ACD need not be told.
    fn withdraw_offer(
        &mut self,
        now: Now,
        env: &mut Env,
        offer: LegId,
        failure: OfferFailure,
        status: Option<u16>,
    ) {
        if self.is_asked(offer) {
            self.fail_consult(now, env, failure, status);
            return;
        }
        let Some((leg, others, fallback)) = self.take_offers(offer) else { return };
        self.drop_agent_leg(now, env, leg, failure, status);
        if others.is_empty() {
            self.fall_back(now, env, fallback, failure);
        } else {
            self.set_activity(Activity::Offering { agents: others, fallback });
        }
    }

    /// Nobody took the call: it goes where it then belongs.
    pub(super) fn fall_back(&mut self, now: Now, env: &mut Env, fallback: Fallback, failure: OfferFailure) {
        match fallback {
            Fallback::Queue(waiting) => {
                self.set_activity(Activity::Waiting(waiting));
                self.announce(now, env);
                self.watch_hours(now, env);
            }
            Fallback::Flow(run) => {
                self.set_activity(Activity::Flow(run));
                self.on_transfer_failed(now, env, failure);
            }
            Fallback::Transferor(handover) => self.resume(now, env, *handover, failure),
            Fallback::Refuse if self.begin_again(now, env) => {}
            Fallback::Refuse => self.refuse_extension(now, env, failure),
        }
    }

    /// Stops the agent's phone and gives the leg back; says nothing to the ACD.
    pub(super) fn drop_agent_leg(
        &mut self,
        now: Now,
        env: &mut Env,
        agent: AgentLeg,
        failure: OfferFailure,
        status: Option<u16>,
    ) {
        let offer = agent.offer;
        for timer in [
            CallTimer::Pop,
            CallTimer::AgentMediaOpen,
            CallTimer::Ring,
            CallTimer::Response,
            CallTimer::Renew,
        ] {
            env.disarm(self.id(), timer(offer));
        }
        match agent.progress {
            Progress::Called { mut device, taken } => {
                if let Taken::Greeting { caller: Some(_), .. } = taken {
                    env.media.push_back(media::Command::StopPlay { leg: self.leg });
                }
                device.leave_trunk(env, self.id());
                env.sessions.remove(&device.session);
                if status.is_none_or(|status| status < 300) {
                    env.sip.hang_up(now, device.session, Some(withdrawal(failure)));
                }
            }
            // Who was chosen is on record even if nobody heard of it.
            Progress::Preparing { pop: Pop::Unknown { because }, .. } => {
                let agent = agent.agent.clone();
                self.emit(now, env, CallEvent::Offered { offer, agent, because });
            }
            Progress::Preparing { pop: Pop::Told | Pop::Settled, .. } => {}
        }
        env.close_leg(offer);
        self.emit(now, env, CallEvent::OfferFailed { offer, agent: agent.agent, failure, status });
    }

    /// The offer on this leg, if it goes on.
    pub(super) fn agent_leg(&mut self, offer: LegId) -> Option<&mut AgentLeg> {
        match &mut self.live()?.activity {
            Activity::Offering { agents, .. } => agents.iter_mut().find(|leg| leg.offer == offer),
            Activity::Talking(talk) => talk.company.ringing().filter(|leg| leg.offer == offer),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Dialling { .. } => None,
        }
    }

    /// The legs of the agents to whom the call is offered.
    pub(super) fn offers(&mut self) -> Vec<LegId> {
        match self.live().map(|live| &mut live.activity) {
            Some(Activity::Offering { agents, .. }) => agents.iter().map(|leg| leg.offer).collect(),
            Some(Activity::Talking(talk)) => {
                talk.company.ringing().map(|leg| leg.offer).into_iter().collect()
            }
            Some(
                Activity::Idle
                | Activity::Summoning
                | Activity::Flow(_)
                | Activity::Waiting(_)
                | Activity::Dialling { .. },
            )
            | None => Vec::new(),
        }
    }

    /// The leg of an agent to whom this session leads: one that rings, or the one who talks.
    pub(crate) fn agent_leg_of(&mut self, session: SessionId) -> Option<LegId> {
        match &mut self.live()?.activity {
            Activity::Offering { agents, .. } => {
                let leg = agents.iter().find(|leg| leg.session() == Some(session))?;
                Some(leg.offer)
            }
            Activity::Talking(talk) if talk.session == session => Some(talk.media.id()),
            Activity::Talking(talk) => talk.company.leg_of(session),
            Activity::Idle
            | Activity::Summoning
            | Activity::Flow(_)
            | Activity::Waiting(_)
            | Activity::Dialling { .. } => None,
        }
    }
}

/// An agent's leg that was answered.
pub(super) struct Answered {
    pub(super) agent: AgentId,
    pub(super) reservation: Option<ReservationId>,
    pub(super) session: SessionId,
    pub(super) media: MediaLeg,
}

/// Who the agent's phone says is calling. A caller who withheld the number is anonymous (RFC 3323 §4.1.1.3).
fn caller_uri(caller: &str, domain: &Host) -> SipUri {
    match Host::parse("anonymous.invalid") {
        Ok(nowhere) if caller.is_empty() => SipUri::new(Some("anonymous"), nowhere, None),
        Ok(_) | Err(_) => SipUri::new(Some(caller), domain.clone(), None),
    }
}

/// What the phone is told when we stop ringing it (RFC 3326).
const fn withdrawal(failure: OfferFailure) -> Reason {
    match failure {
        OfferFailure::NoAnswer => Reason::q850(19, "No answer from user"),
        OfferFailure::CallerGone => Reason::q850(16, "Normal call clearing"),
        OfferFailure::Elsewhere => Reason::COMPLETED_ELSEWHERE,
        OfferFailure::Rejected
        | OfferFailure::Busy
        | OfferFailure::NotRegistered
        | OfferFailure::PhoneFault
        | OfferFailure::ServerFault => Reason::q850(31, "Normal, unspecified"),
    }
}
