//! What the ACD decides, and what people tell about customers.

use hotline_acd::{
    AgentError, AlarmKind as AcdAlarm, Decision, Device, Event as AcdEvent, OfferFailure, WithdrawCause,
};
use hotline_base::{AgentId, CallId, Now, Pii, WallTime};

use super::Controller;
use crate::alarm::{AlarmCause, AlarmKind};
use crate::command::{CommandError, Request};
use crate::customer::Customer;
use crate::event::EventKind;
use crate::number::normalise;
use crate::staff::{AgentFact, CallDisposition, NOTE_BYTES_MAX};

impl Controller {
    pub(super) fn on_acd(&mut self, now: Now, event: AcdEvent) {
        match event {
            AcdEvent::AgentChanged { agent, state, since, pending, device, registered, help } => {
                let kind = EventKind::Agent { agent, state, since, pending, device, registered, help };
                self.env.emit(now, kind);
            }
            AcdEvent::AgentRemoved { agent } => self.env.emit(now, EventKind::AgentRemoved { agent }),
            AcdEvent::CallbacksChanged { queue, waiting } => {
                self.env.emit(now, EventKind::CallbacksChanged { queue, waiting });
            }
            AcdEvent::SessionStarted { agent, at } => self.keep(AgentFact::SessionStarted { agent, at }),
            AcdEvent::StateEnded(span) => self.keep(AgentFact::State(span)),
            // The times are the sums of the states.
            AcdEvent::SessionEnded { agent, started, ended, times: _ } => {
                self.keep(AgentFact::SessionEnded { agent, started, ended });
            }
            AcdEvent::HelpEnded { agent, help, ended, outcome } => {
                self.keep(AgentFact::Help { agent, help, ended, outcome });
            }
            AcdEvent::Offer { reservation, call, agent, because, .. } => {
                if self.call_back(now, (reservation, call), &agent, &because) {
                    return;
                }
                let taken = self
                    .with_call(call, |call, env| call.on_agent_chosen(now, env, reservation, agent, because));
                if taken != Some(true) {
                    self.env.acd.offer_failed(now, reservation, OfferFailure::CallerGone);
                }
            }
            AcdEvent::OfferWithdrawn { reservation, call, cause, .. } => match cause {
                // The call that left or was answered has stopped the phone itself.
                WithdrawCause::CallerLeft(_) | WithdrawCause::AnsweredElsewhere => {}
                WithdrawCause::LeaseExpired | WithdrawCause::Moved => {
                    self.stop_call_back(now, call);
                    self.with_call(call, |call, env| call.on_offer_withdrawn(now, env, reservation));
                }
            },
            AcdEvent::Position { call, position, waiting, .. } => {
                self.with_call(call, |call, env| call.on_position(now, env, position, waiting));
            }
            AcdEvent::LimitReached { call, limit, .. } => {
                self.with_call(call, |call, env| call.on_limit_reached(now, env, limit));
            }
            AcdEvent::Passed { call, because, .. } => {
                self.with_call(call, |call, env| call.on_passed(now, env, because));
            }
            AcdEvent::Moved { call, to, .. } => {
                self.env.on_callback_moved(now, call);
                self.with_call(call, |call, env| call.on_moved(now, env, to));
            }
            AcdEvent::Assigned { call, agent, .. } => {
                self.with_call(call, |call, env| call.on_assigned(now, env, agent));
            }
            AcdEvent::Prioritised { call, class, credit, .. } => {
                self.with_call(call, |call, env| call.on_prioritised(now, env, class, credit));
            }
            // Which hold can be asked at any time.
            AcdEvent::Merged { .. } | AcdEvent::Split { .. } => {}
            AcdEvent::Alarm(alarm) => self.on_acd_alarm(now, alarm),
        }
    }

    /// Somebody has decided about opening hours: whoever waits in a queue that is closed by it leaves, and nobody is called
    /// back meanwhile.
    pub(super) fn follow_hours(&mut self, now: Now) {
        self.env.follow_hours(now);
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.with_call(id, |call, env| call.watch_hours(now, env));
        }
    }

    /// The agent takes calls, and what was wrong with its phone is past.
    pub(super) fn set_ready(&mut self, now: Now, agent: AgentId) -> Result<(), CommandError> {
        self.env.acd.sign_in(now, &agent)?;
        self.env.acd.set_ready(now, &agent)?;
        self.env.clear(now, &AlarmKind::PhoneFault(agent.clone()));
        self.env.clear(now, &AlarmKind::PhoneBusy(agent.clone()));
        self.env.clear(now, &AlarmKind::ReservationExpired(agent));
        Ok(())
    }

    fn keep(&mut self, fact: AgentFact) {
        self.env.requests.push_back(Request::SaveAgentFact(fact));
    }

    /// An agent says what became of a call. Of which queue it was is known as long as the agent has had no other.
    pub(super) fn dispose(
        &mut self,
        now: Now,
        call: CallId,
        by: AgentId,
        code: String,
        (note, follow_up_at): (Option<Pii<String>>, Option<WallTime>),
    ) -> Result<(), CommandError> {
        if self.env.acd.agent(&by).is_none() {
            return Err(AgentError::Unknown.into());
        }
        if note.as_ref().is_some_and(|note| note.expose().len() > NOTE_BYTES_MAX) {
            return Err(CommandError::NoteTooLong);
        }
        let queue = self.env.acd.queue_of(&by, call).cloned();
        if !self.env.center.may_dispose(queue.as_ref(), &code) {
            return Err(CommandError::UnknownDisposition);
        }
        self.env.acd.disposed(now, &by, call);
        let disposition = CallDisposition { call, agent: by, queue, code, note, at: now.wall, follow_up_at };
        self.env.requests.push_back(Request::SaveDisposition(disposition));
        Ok(())
    }

    /// A phone of the agent has registered, or one is gone.
    pub(super) fn follow_registration(&mut self, now: Now, agent: &AgentId) {
        let Some(view) = self.env.acd.agent(agent) else { return };
        self.env.acd.set_registered(now, agent, self.is_reachable(agent, &view.device));
    }

    /// The agent wants to be reached elsewhere. Only at numbers of the configuration: whoever has an agent's password
    /// must not send the center's callers where they like.
    pub(super) fn set_device(
        &mut self,
        now: Now,
        agent: &AgentId,
        device: Device,
    ) -> Result<(), CommandError> {
        let known = self.env.center.agents.get(agent).ok_or(AgentError::Unknown)?;
        let device = match device {
            Device::Phone => device,
            Device::Outside(number) => {
                let number = normalise(number.expose(), &self.env.center.dial_plan).map(Pii::new);
                let number = number.filter(|number| known.outside_numbers.contains(number));
                Device::Outside(number.ok_or(CommandError::ForbiddenDevice)?)
            }
        };
        let is_reachable = self.is_reachable(agent, &device);
        if !is_reachable && device != Device::Phone {
            return Err(CommandError::ForbiddenDevice);
        }
        self.env.acd.set_device(now, agent, device, is_reachable);
        Ok(())
    }

    /// Whether there is a way to the agent's device.
    pub(super) fn is_reachable(&self, agent: &AgentId, device: &Device) -> bool {
        match device {
            Device::Phone => self.env.sip.contact(agent.as_str()).is_some(),
            Device::Outside(number) => self.env.center.route(number.expose()).is_some(),
        }
    }

    fn on_acd_alarm(&mut self, now: Now, alarm: AcdAlarm) {
        let (kind, cause) = match alarm {
            AcdAlarm::NotOffered { call, agent, because } => {
                self.on_not_offered(now, call, &agent, because);
                return;
            }
            AcdAlarm::LeaseExpired { agent, .. } => {
                (AlarmKind::ReservationExpired(agent), AlarmCause::OfferUnsettled)
            }
            AcdAlarm::PhoneFaults { agent } => (AlarmKind::PhoneFault(agent), AlarmCause::PhoneFailed),
            AcdAlarm::PhoneBusy { agent } => (AlarmKind::PhoneBusy(agent), AlarmCause::PhoneBusy),
        };
        self.env.raise(now, kind, cause);
    }

    /// The routing had forgotten a caller; it is offered now. What the routing knew goes with the call.
    fn on_not_offered(&mut self, now: Now, call: CallId, agent: &AgentId, because: Decision) {
        let cause = AlarmCause::NotOffered {
            call,
            agent: agent.clone(),
            waited_s: because.waited.as_secs(),
            position: because.position,
            free: because.candidates.len(),
            refused: because.refused.len(),
        };
        self.env.raise(now, AlarmKind::NotOffered, cause);
        self.with_call(call, |call, env| call.on_passed(now, env, because));
    }

    /// Calls of that customer's numbers show the new record at once.
    pub(super) fn on_customer_changed(&mut self, now: Now, customer: &Customer) {
        let plan = &self.env.center.dial_plan;
        let concerned: Vec<CallId> = self
            .calls
            .values()
            .filter(|call| {
                normalise(call.number(), plan)
                    .is_some_and(|number| customer.numbers.iter().any(|known| *known.expose() == number))
            })
            .map(crate::call::Call::id)
            .collect();
        for id in concerned {
            self.with_call(id, |call, env| call.on_customer_changed(now, env, customer));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use hotline_acd::Strategy;
    use hotline_base::Rng;
    use hotline_sip::EndpointConfig;
    use hotline_sip::uri::Host;

    use super::*;
    use crate::center::Center;

    #[test]
    fn an_offer_that_was_forgotten_raises_an_alarm_that_names_caller_agent_and_reason() {
        let now = Now::default();
        let domain = Host::parse("hotline.example").unwrap();
        let endpoint = EndpointConfig::new("hotline.example", "192.0.2.1:5060".parse().unwrap());
        let center = Arc::new(Center::new(domain, "en"));
        let mut controller = Controller::new(now, center, endpoint, Rng::from_number(1), [1; 32], 0);
        let call = CallId::parse(&format!("{:032x}", 7)).unwrap();
        let because = Decision {
            strategy: Strategy::LongestIdle,
            position: 3,
            waited: Duration::from_secs(40),
            step: None,
            seed: None,
            candidates: Vec::new(),
            refused: Vec::new(),
            unlisted: 0,
        };
        controller.on_acd_alarm(now, AcdAlarm::NotOffered { call, agent: AgentId::from("1001"), because });
        let [alarm] = &controller.alarms()[..] else { panic!("one alarm") };
        assert_eq!(alarm.kind, AlarmKind::NotOffered);
        let said = alarm.cause.to_string();
        for named in [&call.to_string(), "1001", "40 s", "place 3"] {
            assert!(said.contains(named), "{named} is missing in {said}");
        }
    }
}
