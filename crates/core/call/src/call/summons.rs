//! A call that an agent makes from the page: the agent's own device is called first, then whom the agent wants.

use std::time::Duration;

use bytes::Bytes;
use hotline_acd::{Decision, OfferFailure, Outside};
use hotline_base::{AgentId, CallId, Now, Pii, WallTime};
use hotline_media as media;
use hotline_sip::uri::Host;
use hotline_sip::{Failure, HeaderName, NameAddr, SipUri};

use super::device::Summoning;
use super::live::{Activity, Live, Progress};
use super::opening::{Begun, Opening};
use super::{Call, Stage};
use crate::callbacks::Returning;
use crate::cause::Cause;
use crate::center::{AutoAnswer, TAKE_CALL_KEY};
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Entry, Source};
use crate::media_leg::MediaLeg;
use crate::sessions::LegEnd;

/// However long the number of somebody who is called back rings, by whatever ways: after so long the agent is free again.
const RETURN_MAX: Duration = Duration::from_secs(180);

/// What an agent wants.
pub(crate) struct Summons {
    pub(crate) id: CallId,
    pub(crate) agent: AgentId,
    /// As the agent wrote it.
    pub(crate) called: String,
    pub(crate) entry: Entry,
    pub(crate) language: String,
    /// The number that is to be shown, normalised.
    pub(crate) caller_id: Option<Pii<String>>,
}

impl Call {
    /// Begins the call: asks for a media port for the agent's own device.
    pub(crate) fn summon(now: Now, env: &mut Env, summons: Summons) -> Self {
        let (id, agent) = (summons.id, summons.agent.clone());
        env.acd.set_outside_call(now, &agent, id, Some(Outside::Ringing));
        Self::begin_summons(now, env, summons)
    }

    /// The same for somebody who is to be called back, for whom the ACD has chosen the agent.
    pub(crate) fn call_back(
        now: Now,
        env: &mut Env,
        summons: Summons,
        (returning, requested_at, because): (Returning, WallTime, Decision),
    ) -> Self {
        let mut call = Self::begin_summons(now, env, summons);
        let callback = returning.callback;
        call.returning = Some(returning);
        call.emit(now, env, CallEvent::CallingBack { callback, requested_at, because });
        call
    }

    fn begin_summons(now: Now, env: &mut Env, summons: Summons) -> Self {
        let Summons { id, agent, called, entry, language, caller_id } = summons;
        let known = env.center.agents.get(&agent);
        let extension = known.map(|known| known.extension.clone()).unwrap_or_default();
        let name = known.map(|known| Pii::from(known.name.as_str()));
        let started = CallEvent::Started {
            caller: Pii::new(extension),
            caller_name: name,
            called: Pii::new(called),
            entry,
            source: Source::Agent(agent.clone()),
            sip_call_id: String::new(),
            language,
            diversion: None,
        };
        Self::open(now, env, Begun { id, started, session: None, opening: Opening::Summoned { caller_id } })
    }

    /// The port for the agent's own device is open: calls it.
    pub(super) fn summon_agent(
        &mut self,
        now: Now,
        env: &mut Env,
        media: MediaLeg,
        caller_id: Option<Pii<String>>,
    ) {
        let Some(agent) = self.calling_agent().cloned() else { return };
        let mut from = NameAddr::new(SipUri::new(Some(self.called()), env.center.domain.clone(), None));
        from.display = self.display_name().map(Into::into);
        let headers = match env.center.agents.get(&agent).map(|agent| agent.auto_answer).unwrap_or_default() {
            AutoAnswer::Always => auto_answer(&env.center.domain),
            // The queue has chosen the agent.
            AutoAnswer::OwnCalls | AutoAnswer::Never if self.returning.is_some() => Vec::new(),
            AutoAnswer::OwnCalls | AutoAnswer::Never => asked_for(env, &agent),
        };
        let end = LegEnd::Caller(self.record.source.clone());
        let device = match self.ring_device(now, env, media, Summoning { agent, from, headers, end }) {
            Ok(device) => Box::new(device),
            Err(OfferFailure::ServerFault) => {
                self.refuse(now, env, 503, 41);
                return;
            }
            Err(_) => {
                self.refuse(now, env, 480, 20);
                return;
            }
        };
        let queue = self.returning.as_ref().and_then(|returning| env.center.queues.get(&returning.queue));
        let rings = queue.map_or(env.center.timing.extension_ring, |queue| queue.routing.ring_timeout);
        env.arm(self.id(), CallTimer::Ring(self.leg), now.mono + rings);
        self.session = Some(device.session);
        let media = device.offered.clone();
        let progress = Progress::Summoned { caller_id, device };
        self.stage = Stage::Live(Box::new(Live::new(media, progress, Activity::Summoning)));
    }

    /// The agent has taken the own device up: whom the agent wants is called, at once or when the key has said that no mailbox took it.
    pub(crate) fn on_summoned(&mut self, now: Now, env: &mut Env, answer: Option<&Bytes>) {
        let leg = self.leg;
        let asks = self.is_to_be_asked(env, leg);
        self.on_device_answered(now, env, leg);
        let Some(live) = self.live() else { return };
        if !live.media.conclude(answer, &mut env.media) {
            self.leave_summons(env);
            self.end_by_system(now, env, EndKind::Refused, Some(200), 88);
        } else if asks {
            Self::say_which_key(env, leg);
        } else {
            self.take_up(now, env);
        }
    }

    /// A key was pressed on the agent's own device, which has been taken up and has yet to confirm it; false if that is not so.
    pub(super) fn on_summoned_digit(&mut self, now: Now, env: &mut Env, key: char) -> bool {
        let is_asking = self.is_summoning() && self.live().is_some_and(|live| live.media.is_agreed());
        if is_asking && key == TAKE_CALL_KEY {
            env.media.push_back(media::Command::StopPlay { leg: self.leg });
            self.take_up(now, env);
        }
        is_asking
    }

    fn take_up(&mut self, now: Now, env: &mut Env) {
        // What follows is done for the request that began it.
        let cause = self.cause.take().map(|request| Cause::continued(request, self.id()));
        env.set_cause(cause);
        self.call_wanted(now, env);
        env.set_cause(None);
    }

    fn call_wanted(&mut self, now: Now, env: &mut Env) {
        let id = self.id();
        let Some(Live { progress: Progress::Summoned { caller_id, .. }, .. }) = self.live() else { return };
        let caller_id = caller_id.take();
        self.leave_summons(env);
        self.emit(now, env, CallEvent::Answered);
        if self.is_called_first() {
            self.stand_in_line(now, env);
            return;
        }
        if let Some(reservation) = self.returning.as_ref().and_then(Returning::reservation) {
            env.acd.offer_accepted(now, reservation, RETURN_MAX);
        } else if let Some(agent) = self.calling_agent() {
            let talking = Outside::Talking(self.direction_of_entry());
            env.acd.set_outside_call(now, agent, id, Some(talking));
        }
        self.enter(now, env, caller_id);
    }

    /// The device is up, and the call does nothing yet.
    fn leave_summons(&mut self, env: &mut Env) {
        env.disarm(self.id(), CallTimer::Ring(self.leg));
        if let Some(live) = self.live() {
            live.progress = Progress::Confirmed;
            live.activity = Activity::Idle;
        }
    }

    /// The agent's own device refused, or cannot be reached that way.
    pub(crate) fn on_summons_refused(&mut self, now: Now, env: &mut Env, failure: &Failure) {
        if self.on_device_refused(now, env, self.leg, failure).is_some() {
            self.on_summons_failed(now, env, failure.status);
        }
    }

    /// The agent's own device refused, or cannot be reached.
    pub(crate) fn on_summons_failed(&mut self, now: Now, env: &mut Env, status: u16) {
        self.end_by_system(now, env, EndKind::NotAnswered, Some(status), 19);
    }

    pub(crate) fn is_summoning(&self) -> bool {
        let Stage::Live(live) = &self.stage else { return false };
        matches!(live.activity, Activity::Summoning)
    }
}

/// With what the phone of an agent is called who has asked for the call on the page: as it is configured, and a phone in a page is
/// always to take it by itself, for who has just pressed a button there does not press another to be heard.
pub(super) fn asked_for(env: &Env, agent: &AgentId) -> Vec<(HeaderName, String)> {
    let configured = env.center.agents.get(agent).map(|agent| agent.auto_answer).unwrap_or_default();
    let is_in_page =
        || env.sip.contact(agent.as_str()).is_some_and(|contact| contact.flow.transport.is_websocket());
    match configured {
        AutoAnswer::Never if !is_in_page() => Vec::new(),
        AutoAnswer::Never | AutoAnswer::OwnCalls | AutoAnswer::Always => auto_answer(&env.center.domain),
    }
}

/// What phones know that take a call by themselves: the draft that RFC 5373 grew out of, and what desk phones made of
/// Alert-Info.
pub(super) fn auto_answer(domain: &Host) -> Vec<(HeaderName, String)> {
    vec![
        (HeaderName::CallInfo, format!("<sip:{domain}>;answer-after=0")),
        (HeaderName::AlertInfo, format!("<http://{domain}>;info=alert-autoanswer;delay=0")),
    ]
}
