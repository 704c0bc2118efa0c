//! An agent's phone takes the place of another in a call (INVITE with Replaces, RFC 3891): the agent moves the own call to
//! another phone, or takes one that rings at a colleague's. The media leg stays, so that nobody misses more than a moment.

use bytes::Bytes;
use hotline_acd::OfferFailure;
use hotline_base::{AgentId, Now};
use hotline_media as media;
use hotline_sip::{Reason, SessionId};

use super::live::{Activity, Progress};
use super::offer::Answered;
use super::{Call, Served};
use crate::controller::CallTimer;
use crate::env::{Env, LegOwner};
use crate::event::CallEvent;
use crate::media_leg::{DialogSeed, MediaLeg};
use crate::sessions::{LegEnd, SipLeg};

/// An INVITE that is to take the place of a session.
pub(crate) struct Replacing {
    pub(crate) session: SessionId,
    /// Whose phone sent it.
    pub(crate) by: AgentId,
    pub(crate) offer: Option<Bytes>,
    pub(crate) sip_call_id: String,
    /// Whose place it is to take.
    pub(crate) replaced: SessionId,
}

impl Replacing {
    /// Answers on the leg that the replaced session had, if offer and answer fit.
    fn answer(&self, now: Now, env: &mut Env, former: &MediaLeg) -> Result<MediaLeg, u16> {
        let mut media = former.succeed(DialogSeed::draw(&mut env.rng), self.by.clone());
        let description = match &self.offer {
            Some(offer) => {
                media.answer(&env.center, offer, &mut env.media).map_err(|error| error.refusal().0)?
            }
            // The answer comes with the ACK.
            None => media.offer(&env.center, former.codec()),
        };
        env.sip.answer(now, self.session, description);
        Ok(media)
    }

    fn leg(&self, call: &Call, end: LegEnd) -> SipLeg {
        SipLeg { call: call.id(), end, sip_call_id: self.sip_call_id.clone() }
    }
}

impl Call {
    /// Lets the session take its place, or gives the status that refuses it.
    pub(crate) fn take_place(&mut self, now: Now, env: &mut Env, replacing: &Replacing) -> Result<(), u16> {
        if self.conversation().is_some_and(|talk| talk.session == replacing.replaced) {
            self.move_talk(now, env, replacing)
        } else if self.session == Some(replacing.replaced) {
            self.move_own_call(now, env, replacing)
        } else {
            self.pick_up(now, env, replacing)
        }
    }

    /// The agent who talks goes on at another phone.
    fn move_talk(&mut self, now: Now, env: &mut Env, replacing: &Replacing) -> Result<(), u16> {
        let Some(talk) = self.conversation().filter(|talk| talk.agent() == Some(&replacing.by)) else {
            return Err(403);
        };
        let media = replacing.answer(now, env, &talk.media)?;
        let leg = replacing.leg(self, LegEnd::Agent(replacing.by.clone()));
        if let Some(Activity::Talking(talk)) = self.live().map(|live| &mut live.activity) {
            (talk.session, talk.media) = (replacing.session, media);
        }
        env.sessions.adopt(replacing.session, leg);
        dismiss(now, env, replacing.replaced);
        self.follow_hold(now, env);
        Ok(())
    }

    /// The agent who has made the call goes on at another phone.
    fn move_own_call(&mut self, now: Now, env: &mut Env, replacing: &Replacing) -> Result<(), u16> {
        let is_own = self.served == Served::Caller && self.calling_agent() == Some(&replacing.by);
        let Some(live) = self.live().filter(|_| is_own) else { return Err(403) };
        // An early dialog that we have not begun (RFC 3891 §3).
        let (Progress::Answered | Progress::Confirmed) = live.progress else { return Err(481) };
        live.media = replacing.answer(now, env, &live.media)?;
        // Until the ACK of the other phone, which may bring the answer.
        live.progress = Progress::Answered;
        let leg = replacing.leg(self, LegEnd::Caller(self.record.source.clone()));
        self.session = Some(replacing.session);
        env.sessions.adopt(replacing.session, leg);
        dismiss(now, env, replacing.replaced);
        self.follow_hold(now, env);
        Ok(())
    }

    /// An agent takes the call that rings at the own phone, or at that of a colleague, who is not to blame.
    fn pick_up(&mut self, now: Now, env: &mut Env, replacing: &Replacing) -> Result<(), u16> {
        let offer = self.agent_leg_of(replacing.replaced).ok_or(481_u16)?;
        let rings_at = self.agent_leg(offer).map(|leg| leg.agent.clone());
        if rings_at
            .is_some_and(|agent| agent != replacing.by && !env.center.may_pick_up(&replacing.by, &agent))
        {
            return Err(403);
        }
        let former = self.device_call(offer).map(|device| device.offered.clone()).ok_or(481_u16)?;
        let media = replacing.answer(now, env, &former)?;
        let (mut leg, others, fallback) = self.take_offers(offer).ok_or(481_u16)?;
        for timer in [CallTimer::Ring, CallTimer::Response] {
            env.disarm(self.id(), timer(offer));
        }
        if let Some(device) = leg.device_call() {
            device.leave_trunk(env, self.id());
        }
        // A device outside may have been told which key takes the call.
        env.media.push_back(media::Command::StopPlay { leg: offer });
        env.sessions.remove(&replacing.replaced);
        env.sip.hang_up(now, replacing.replaced, Some(Reason::COMPLETED_ELSEWHERE));
        let (by, session) = (replacing.by.clone(), replacing.session);
        env.sessions.adopt(session, replacing.leg(self, LegEnd::Agent(by.clone())));
        let mut reservation = leg.reservation;
        if by != leg.agent {
            match reservation.take() {
                Some(reservation) => env.acd.offer_failed(now, reservation, OfferFailure::Elsewhere),
                None => env.acd.set_outside_call(now, &leg.agent, self.id(), None),
            }
            let (failure, status, agent) = (OfferFailure::Elsewhere, None, leg.agent);
            if let Some(taken) = env.legs.get_mut(&offer) {
                taken.owner = LegOwner::agent(&by);
            }
            self.emit(now, env, CallEvent::OfferFailed { offer, agent, failure, status });
            self.emit(now, env, CallEvent::Offered { offer, agent: by.clone(), because: None });
        }
        self.connect(now, env, fallback, Answered { agent: by, reservation, session, media });
        self.drop_offers(now, env, others, OfferFailure::Elsewhere);
        Ok(())
    }
}

/// The phone whose place was taken is told.
fn dismiss(now: Now, env: &mut Env, replaced: SessionId) {
    env.sessions.remove(&replaced);
    env.sip.hang_up(now, replaced, Some(Reason::NORMAL));
}
