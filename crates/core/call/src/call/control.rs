//! What an agent does with the own call from the page, with any phone: hold, mute, keys, hang up, answer, pick up.

use hotline_acd::{OfferFailure, Outside};
use hotline_base::{AgentId, Now};
use hotline_media as media;
use hotline_sip::Reason;

use super::Call;
use super::live::Activity;
use super::offer::Candidate;
use crate::command::CommandError;
use crate::env::Env;
use crate::event::{CallEvent, EndKind, Party};

/// The most keys that are pressed at once.
pub(crate) const KEYS_MAX: usize = 32;

impl Call {
    /// The agent hangs up.
    pub(crate) fn hang_up_by(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        if self.talk_of(by).is_some() {
            if !(self.hand_on(now, env, true) || self.go_on_after_talk(now, env, true)) {
                self.end_by(now, env, Party::Agent, EndKind::Completed);
            }
            return Ok(());
        }
        if self.calling_agent() == Some(by) && self.live().is_some() {
            self.end_by(now, env, Party::Agent, self.kind_of_end());
            return Ok(());
        }
        if self.leave_as_member(now, env, by) {
            return Ok(());
        }
        if self.is_served(by) {
            self.leave_as_served(now, env);
            return Ok(());
        }
        let Some(offer) = self.offer_to(by) else { return Err(CommandError::NotTalking) };
        self.fail_offer(now, env, offer, OfferFailure::Rejected, None);
        Ok(())
    }

    fn kind_of_end(&self) -> EndKind {
        if self.conversation().is_some() { EndKind::Completed } else { EndKind::HungUpEarly }
    }

    /// The agent holds the other side, who hears music, or is back.
    pub(crate) fn hold_by(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
        holds: bool,
    ) -> Result<(), CommandError> {
        self.talk_of(by).ok_or(CommandError::NotTalking)?;
        self.set_page_hold(now, env, holds);
        Ok(())
    }

    /// Nobody hears the agent, or everybody does again.
    pub(crate) fn mute_by(
        &mut self,
        now: Now,
        env: &mut Env,
        by: &AgentId,
        is_muted: bool,
    ) -> Result<(), CommandError> {
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        if std::mem::replace(&mut talk.is_muted, is_muted) != is_muted {
            talk.media.set_muted(is_muted, &mut env.media);
            self.emit(now, env, CallEvent::Muted { by: by.clone(), is_muted });
        }
        Ok(())
    }

    /// Presses keys toward whom the agent talks with.
    pub(crate) fn press_by(&mut self, env: &mut Env, by: &AgentId, keys: &str) -> Result<(), CommandError> {
        let served = self.leg;
        let talk = self.talk_of(by).ok_or(CommandError::NotTalking)?;
        let asked = talk.company.consulted().filter(|_| talk.holds.agent_is_aside());
        let leg = asked.map_or(served, |member| member.media.id());
        let digits: Option<Vec<media::Digit>> = keys.chars().map(media::Digit::from_char).collect();
        let Some(digits) = digits.filter(|digits| (1..=KEYS_MAX).contains(&digits.len())) else {
            return Err(CommandError::NoKeys);
        };
        env.media.extend(digits.into_iter().map(|digit| media::Command::SendDigit { leg, digit }));
        Ok(())
    }

    /// The agent's phone is made to take the call that rings at it.
    pub(crate) fn answer_by(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        if self.talk_of(by).is_some() {
            return Ok(());
        }
        let offer = self.offer_to(by).ok_or(CommandError::NotOffered)?;
        let session =
            self.agent_leg(offer).and_then(|leg| leg.session()).ok_or(CommandError::NotRingingYet)?;
        if !env.sip.ask_to_answer(now, session) {
            self.renew(now, env, offer)?;
        }
        // Nothing else of it is told before the phone has taken the call.
        self.note_request(now, env);
        Ok(())
    }

    /// The agent takes the call that rings at a colleague's phone: the own phone rings beside it.
    pub(crate) fn pick_up_by(&mut self, now: Now, env: &mut Env, by: &AgentId) -> Result<(), CommandError> {
        if self.offer_to(by).is_some() {
            return Ok(());
        }
        let Some(Activity::Offering { .. }) = self.live().map(|live| &live.activity) else {
            return Err(CommandError::NotOffered);
        };
        let rings_at =
            self.offers().into_iter().filter_map(|offer| Some(self.agent_leg(offer)?.agent.clone()));
        if !rings_at.collect::<Vec<_>>().iter().any(|colleague| env.center.may_pick_up(by, colleague)) {
            return Err(CommandError::NoColleague);
        }
        if !env.acd.agent(by).is_some_and(|view| view.is_free()) {
            return Err(CommandError::Busy);
        }
        env.acd.set_outside_call(now, by, self.id(), Some(Outside::Ringing));
        let ring_timeout = env.center.timing.extension_ring;
        let candidate = Candidate { agent: by.clone(), reservation: None, ring_timeout, because: None };
        self.add_offer(now, env, candidate);
        Ok(())
    }

    /// A supervisor ends the call for all.
    pub(crate) fn end_by_force(&mut self, now: Now, env: &mut Env) {
        let kind = self.kind_of_end();
        self.end_by(now, env, Party::System, kind);
    }

    /// One in the conference leaves it by the page.
    fn leave_as_member(&mut self, now: Now, env: &mut Env, by: &AgentId) -> bool {
        let Some(Activity::Talking(talk)) = self.live().map(|live| &live.activity) else { return false };
        let Some(leg) = talk.company.leg_of_agent(by) else { return false };
        self.on_member_leg_gone(now, env, leg)
    }

    /// A colleague who has the place of the customer leaves by the page.
    fn leave_as_served(&mut self, now: Now, env: &mut Env) {
        if !self.go_on_without_served(now, env, Some(&Reason::NORMAL)) {
            self.end_by(now, env, Party::Callee, self.kind_of_end());
        }
    }

    /// The leg on which the call is offered to this agent.
    fn offer_to(&mut self, agent: &AgentId) -> Option<hotline_base::LegId> {
        let offers = self.offers();
        offers.into_iter().find(|offer| self.agent_leg(*offer).is_some_and(|leg| leg.agent == *agent))
    }
}
