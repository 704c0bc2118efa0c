//! A phone that rings and cannot be told to take the call (NOTIFY `talk`) is called anew, with the headers by which many phones take a call
//! by themselves. Whether it does so is learnt from what it did the last time.

use std::time::Duration;

use hotline_base::{AgentId, LegId, Now, RequestId};
use hotline_sip::Reason;
use serde::{Deserialize, Serialize};

use super::Call;
use super::device::Summoning;
use super::summons::auto_answer;
use crate::cause::Cause;
use crate::command::CommandError;
use crate::controller::CallTimer;
use crate::env::Env;
use crate::sessions::LegEnd;

/// How long the phone has to end the first ringing, so that it is not busy with it.
const CANCEL_MAX: Duration = Duration::from_millis(300);
/// How often it is called anew while it says that it is busy with it.
const TRIES_MAX: u8 = 4;
/// What takes longer was taken by a person.
const BY_ITSELF_MAX: Duration = Duration::from_secs(3);

/// RFC 3261 §21.4.24.
const BUSY_HERE: u16 = 486;

/// How far a phone is called anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Renewal {
    /// It is not.
    #[default]
    None,
    /// The ringing was called off, for this request of a client; so many times it was called anew.
    CalledOff { tries: u8, request: Option<RequestId> },
    /// It is asked to take the call by itself, at this contact, since then.
    Asked { contact: String, since: Now, tries: u8, request: Option<RequestId> },
}

impl Call {
    /// Calls the phone anew at which this offer rings. The caller hears nothing of it, and the offer lasts no longer than it would.
    pub(super) fn renew(&mut self, now: Now, env: &mut Env, offer: LegId) -> Result<(), CommandError> {
        let rang = self.record.offers.iter().any(|entry| entry.leg == offer && entry.ringing_at.is_some());
        let agent = self.agent_leg(offer).map(|leg| leg.agent.clone()).ok_or(CommandError::NotOffered)?;
        let contact = env.sip.contact(agent.as_str()).ok_or(CommandError::PhoneCannotAnswer)?;
        let does_not = env.phones_that_answer.get(&agent) == Some(&(contact.uri, false));
        let device = self.device_call(offer).filter(|device| device.is_phone());
        let device = device.ok_or(CommandError::PhoneCannotAnswer)?;
        if device.renewal != Renewal::None {
            return Ok(());
        }
        if does_not {
            return Err(CommandError::PhoneCannotAnswer);
        }
        if !rang {
            return Err(CommandError::NotRingingYet);
        }
        device.renewal = Renewal::CalledOff { tries: 0, request: env.request() };
        let session = device.session;
        env.sessions.remove(&session);
        env.sip.hang_up(now, session, Some(Reason::COMPLETED_ELSEWHERE));
        env.arm(self.id(), CallTimer::Renew(offer), now.mono + CANCEL_MAX);
        Ok(())
    }

    /// The first ringing is over: the phone is called with the headers.
    pub(crate) fn on_renew(&mut self, now: Now, env: &mut Env, offer: LegId) {
        let from = self.shown_to_agent(env);
        let Some(leg) = self.agent_leg(offer) else { return };
        let agent = leg.agent.clone();
        let Some(device) = self.device_call(offer) else { return };
        let Renewal::CalledOff { tries, ref request } = device.renewal else { return };
        let request = request.clone();
        let media = device.offered.clone();
        let contact = env.sip.contact(agent.as_str()).map(|contact| contact.uri).unwrap_or_default();
        let (headers, end) = (auto_answer(&env.center.domain), LegEnd::Agent(agent.clone()));
        env.set_cause(request.clone().map(|request| Cause::continued(request, self.id())));
        let rung = self.ring_device(now, env, media, Summoning { agent, from, headers, end });
        env.set_cause(None);
        match rung {
            Ok(again) => {
                let Some(device) = self.device_call(offer) else { return };
                *device = again;
                device.renewal = Renewal::Asked { contact, since: now, tries: tries + 1, request };
            }
            Err(failure) => self.fail_offer(now, env, offer, failure, None),
        }
    }

    /// The phone refused. True if it may be busy with the ringing that was called off, and is called once more.
    pub(super) fn is_busy_with_former(&mut self, now: Now, env: &mut Env, offer: LegId, status: u16) -> bool {
        let Some(device) = self.device_call(offer) else { return false };
        let Renewal::Asked { tries, ref request, .. } = device.renewal else { return false };
        if status != BUSY_HERE || tries >= TRIES_MAX {
            return false;
        }
        device.renewal = Renewal::CalledOff { tries, request: request.clone() };
        env.arm(self.id(), CallTimer::Renew(offer), now.mono + CANCEL_MAX);
        true
    }

    /// The phone took the call, or rang until its time was over: what it does with the headers is known.
    pub(super) fn learn_of_phone(&mut self, now: Now, env: &mut Env, offer: LegId, is_taken: bool) {
        let Some(agent) = self.agent_leg(offer).map(|leg| leg.agent.clone()) else { return };
        let Some(device) = self.device_call(offer) else { return };
        let Renewal::Asked { contact, since, .. } = std::mem::take(&mut device.renewal) else { return };
        let by_itself = is_taken && now.mono - since.mono <= BY_ITSELF_MAX;
        env.learn_of_phone(agent, contact, by_itself);
    }
}

impl Env {
    /// Whether the phone at that contact takes calls by itself when asked. One is known of each agent: the last.
    fn learn_of_phone(&mut self, agent: AgentId, contact: String, by_itself: bool) {
        if self.center.agents.contains_key(&agent) {
            self.phones_that_answer.insert(agent, (contact, by_itself));
        }
    }
}
