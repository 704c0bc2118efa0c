//! An agent's own device is rung: the registered phone, or a number outside.

use std::time::Duration;

use hotline_acd::{Device, OfferFailure};
use hotline_base::{AgentId, CallId, LegId, Now, Pii};
use hotline_sip::{Failure, HeaderName, Invite, InviteError, NameAddr, SessionId, SipUri};
use serde::{Deserialize, Serialize};

use super::Call;
use super::dialling::as_offer;
use super::live::Progress;
use super::outcall::Aim;
use super::renewing::Renewal;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, DialFailure};
use crate::media_leg::MediaLeg;
use crate::sessions::{LegEnd, SipLeg};
use crate::trunk::{Hunt, Outlook};

/// The INVITE to an agent's device.
#[derive(Serialize, Deserialize)]
pub(super) struct DeviceCall {
    pub(super) session: SessionId,
    /// As offered, and as changed since before the answer.
    pub(super) offered: MediaLeg,
    /// Set while the phone is called anew, to take the call by itself.
    pub(super) renewal: Renewal,
    way: Way,
}

/// How the device is reached.
#[derive(Serialize, Deserialize)]
enum Way {
    /// At its contact.
    Phone,
    /// Over a trunk.
    Outside {
        hunt: Box<Hunt>,
        /// The network has found the device: it is not called again by another way.
        found: bool,
    },
}

/// Whom to ring, and what the device is told. Only a registered phone is told who calls: a number outside is shown one of
/// the center's, as for every call over a trunk.
pub(super) struct Summoning {
    pub(super) agent: AgentId,
    pub(super) from: NameAddr,
    pub(super) headers: Vec<(HeaderName, String)>,
    /// Which leg of the call this is.
    pub(super) end: LegEnd,
}

impl DeviceCall {
    /// Whether it is the registered phone.
    pub(super) const fn is_phone(&self) -> bool {
        matches!(self.way, Way::Phone)
    }

    /// Gives back the place on a trunk, if it has one: the device is not called any more.
    pub(super) fn leave_trunk(&mut self, env: &mut Env, call: CallId) {
        match &mut self.way {
            Way::Phone => {}
            Way::Outside { hunt, .. } => hunt.leave(env, call),
        }
    }
}

impl Call {
    /// Sends the INVITE to where the agent is reached, for the leg of `media`.
    pub(super) fn ring_device(
        &mut self,
        now: Now,
        env: &mut Env,
        media: MediaLeg,
        summoning: Summoning,
    ) -> Result<DeviceCall, OfferFailure> {
        match env.acd.agent(&summoning.agent).map(|agent| agent.device) {
            Some(Device::Outside(number)) => {
                let outlook = Outlook { number, caller_id: None };
                let hunt = Hunt::new(now, env, outlook).ok_or(OfferFailure::PhoneFault)?;
                let (Summoning { agent, end, .. }, leg, port) = (summoning, media.id(), media.port());
                let aim = Aim { leg, port, end, device_of: Some(agent) };
                let rung = self.ring_outside(now, env, hunt, &aim, DialFailure::NoWay);
                rung.map(|(device, _)| device).map_err(as_device)
            }
            Some(Device::Phone) | None => self.ring_phone(now, env, media, summoning),
        }
    }

    fn ring_phone(
        &self,
        now: Now,
        env: &mut Env,
        mut media: MediaLeg,
        summoning: Summoning,
    ) -> Result<DeviceCall, OfferFailure> {
        let Summoning { agent, from, headers, end } = summoning;
        let contact = env.sip.contact(agent.as_str()).ok_or(OfferFailure::NotRegistered)?;
        // Over a WebSocket come browsers, and these know nothing but encrypted audio.
        media.set_browser(contact.flow.transport.is_websocket());
        let first = self.first_codec();
        let invite = Invite {
            uri: contact.uri,
            flow: contact.flow,
            routes: contact.routes,
            from,
            to: NameAddr::new(SipUri::new(Some(agent.as_str()), env.center.domain.clone(), None)),
            headers,
            overrides: Vec::new(),
            offer: media.offer(&env.center, first),
            credentials: None,
        };
        let session = env.sip.invite(now, invite).map_err(|error| match error {
            InviteError::Uri => OfferFailure::PhoneFault,
            InviteError::Header | InviteError::Exhausted => OfferFailure::ServerFault,
        })?;
        let sip_call_id = env.sip.call_id(session).expect("a session that has just begun is known");
        env.sessions.adopt(session, SipLeg { call: self.id(), end, sip_call_id });
        Ok(DeviceCall { session, offered: media, renewal: Renewal::None, way: Way::Phone })
    }

    fn ring_outside(
        &mut self,
        now: Now,
        env: &mut Env,
        mut hunt: Hunt,
        aim: &Aim,
        last: DialFailure,
    ) -> Result<(DeviceCall, Duration), DialFailure> {
        let sent = self.send_out(now, env, &mut hunt, aim, last)?;
        let way = Way::Outside { hunt: Box::new(hunt), found: false };
        let (session, offered, renewal) = (sent.session, sent.offered, Renewal::None);
        Ok((DeviceCall { session, offered, renewal, way }, sent.rings))
    }

    /// Calls the number of who is to be called back, for the first leg. Also gives how long it is let ring.
    pub(super) fn ring_customer(
        &mut self,
        now: Now,
        env: &mut Env,
        number: Pii<String>,
        port: u16,
    ) -> Result<(DeviceCall, Duration), DialFailure> {
        let hunt = Hunt::new(now, env, Outlook { number, caller_id: None }).ok_or(DialFailure::NoWay)?;
        let end = LegEnd::Caller(self.record.source.clone());
        let aim = Aim { leg: self.leg, port, end, device_of: None };
        self.ring_outside(now, env, hunt, &aim, DialFailure::NoWay)
    }

    /// Somebody has the INVITE.
    pub(crate) fn on_device_trying(&mut self, env: &mut Env, leg: LegId) {
        let id = self.id();
        if let Some(DeviceCall { way: Way::Outside { hunt, .. }, .. }) = self.device_call(leg) {
            hunt.heard(env);
            env.disarm(id, CallTimer::Response(leg));
        }
    }

    /// The device rings, or the network says that it calls it. Mobile networks often say no more than 183.
    pub(crate) fn on_device_found(&mut self, now: Now, env: &mut Env, leg: LegId) {
        self.on_device_trying(env, leg);
        let Some(call) = self.device_call(leg) else { return };
        if let Way::Outside { found, .. } = &mut call.way
            && !std::mem::replace(found, true)
        {
            self.emit(now, env, CallEvent::DialRinging { leg });
        }
    }

    /// Whether it is to be made sure that a person has the call, and no mailbox of the network or phone that answers by itself.
    pub(super) fn is_to_be_asked(&mut self, env: &Env, leg: LegId) -> bool {
        let Some((Some(agent), _)) = self.device_owner(leg) else { return false };
        let Some(agent) = env.center.agents.get(&agent) else { return false };
        let by_queue = match leg == self.leg {
            true => self.returning.is_some(),
            false => self.agent_leg(leg).is_some_and(|leg| leg.reservation.is_some()),
        };
        match self.device_call(leg).map(|call| &call.way) {
            Some(Way::Outside { .. }) => agent.confirm_outside,
            Some(Way::Phone) => agent.confirm_key && by_queue,
            None => false,
        }
    }

    /// The device took the call.
    pub(super) fn on_device_answered(&mut self, now: Now, env: &mut Env, leg: LegId) {
        self.on_device_trying(env, leg);
        if let Some(DeviceCall { way: Way::Outside { .. }, .. }) = self.device_call(leg) {
            self.emit(now, env, CallEvent::DialAnswered { leg });
        }
    }

    /// The INVITE got a final status that refuses. `None` if the device is called by another way; else what came of it.
    pub(super) fn on_device_refused(
        &mut self,
        now: Now,
        env: &mut Env,
        leg: LegId,
        failure: &Failure,
    ) -> Option<OfferFailure> {
        let Some(call) = self.device_call(leg) else { return Some(OfferFailure::PhoneFault) };
        let Way::Outside { hunt, found } = &mut call.way else { return Some(classify(failure.status)) };
        let found = *found;
        let (meaning, elsewhere) = hunt.judge(now, env, failure);
        env.disarm(self.id(), CallTimer::Response(leg));
        self.emit(now, env, CallEvent::DialFailed { leg, failure: meaning, status: Some(failure.status) });
        if elsewhere && !found {
            return self.ring_next(now, env, leg, meaning);
        }
        Some(as_device(meaning))
    }

    /// The trunk's server said nothing in time: the device is called by the next way.
    pub(super) fn on_device_response_timeout(&mut self, now: Now, env: &mut Env, leg: LegId) {
        match self.on_device_silent(now, env, leg) {
            Some(_) if self.is_summoning() => self.on_summons_failed(now, env, 408),
            Some(_) if self.on_supervisor_leg_gone(now, env, leg) => {}
            Some(failure) => self.fail_offer(now, env, leg, failure, Some(408)),
            None => {}
        }
    }

    /// `None` as for a refusal.
    fn on_device_silent(&mut self, now: Now, env: &mut Env, leg: LegId) -> Option<OfferFailure> {
        let DeviceCall { session, way: Way::Outside { hunt, .. }, .. } = self.device_call(leg)? else {
            return None;
        };
        let session = *session;
        hunt.rest(now, env);
        env.sessions.remove(&session);
        env.sip.hang_up(now, session, None);
        self.emit(now, env, CallEvent::DialFailed { leg, failure: DialFailure::Silent, status: None });
        self.ring_next(now, env, leg, DialFailure::Silent)
    }

    /// Calls the device by the next way.
    fn ring_next(&mut self, now: Now, env: &mut Env, leg: LegId, last: DialFailure) -> Option<OfferFailure> {
        let (device_of, end) = self.device_owner(leg)?;
        let call = self.device_call(leg)?;
        let Way::Outside { hunt, .. } = &mut call.way else { return None };
        let (hunt, port) = (hunt.take(), call.offered.port());
        let aim = Aim { leg, port, end, device_of };
        match self.ring_outside(now, env, hunt, &aim, last) {
            Ok((next, _)) => {
                if self.is_summoning() {
                    self.session = Some(next.session);
                    if let Some(live) = self.live() {
                        live.media = next.offered.clone();
                    }
                }
                if let Some(call) = self.device_call(leg) {
                    *call = next;
                }
                None
            }
            Err(failure) => Some(as_device(failure)),
        }
    }

    /// Whose device is called, if an agent's is, and which leg of the call that is.
    fn device_owner(&mut self, leg: LegId) -> Option<(Option<AgentId>, LegEnd)> {
        if self.is_summoning() {
            return Some((self.calling_agent().cloned(), LegEnd::Caller(self.record.source.clone())));
        }
        if let Some(agent) = self.supervisor_on(leg) {
            return Some((Some(agent.clone()), LegEnd::Supervisor(agent)));
        }
        let agent = self.agent_leg(leg)?.agent.clone();
        Some((Some(agent.clone()), LegEnd::Agent(agent)))
    }

    /// The agent's device that is being called for this leg: one that is offered the call, or the own one of an agent who
    /// makes it.
    pub(super) fn device_call(&mut self, leg: LegId) -> Option<&mut DeviceCall> {
        if leg != self.leg {
            return match self.supervisor_on(leg) {
                Some(_) => self.supervisor(leg)?.device_call(),
                None => self.agent_leg(leg)?.device_call(),
            };
        }
        match &mut self.live()?.progress {
            Progress::Summoned { device, .. } => Some(device),
            Progress::Proceeding(_) | Progress::Early(_) | Progress::Answered | Progress::Confirmed => None,
        }
    }

    /// The codec of the first leg, once it is agreed: with it the second needs no transcoding.
    pub(super) fn first_codec(&self) -> Option<hotline_sdp::Codec> {
        let super::Stage::Live(live) = &self.stage else { return None };
        live.media.codec()
    }
}

/// What a final status of the agent's phone says about the agent.
fn classify(status: u16) -> OfferFailure {
    match status {
        480 | 603 => OfferFailure::Rejected,
        486 | 600 => OfferFailure::Busy,
        404 | 410 | 604 => OfferFailure::NotRegistered,
        _ => OfferFailure::PhoneFault,
    }
}

/// What became of the call to an agent's number outside. The agent is not to blame for what trunks do; a trunk that does
/// not work counts as a phone that does not, so that the agent is not offered one call after the other in vain.
const fn as_device(failure: DialFailure) -> OfferFailure {
    match as_offer(failure) {
        OfferFailure::ServerFault | OfferFailure::NotRegistered => OfferFailure::PhoneFault,
        other @ (OfferFailure::NoAnswer
        | OfferFailure::Rejected
        | OfferFailure::Busy
        | OfferFailure::PhoneFault
        | OfferFailure::Elsewhere
        | OfferFailure::CallerGone) => other,
    }
}
