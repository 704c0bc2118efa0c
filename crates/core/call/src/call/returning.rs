//! A call that is made for somebody who is to be called back: either the chosen agent's phone is called first, then the number;
//! or the number, and who answers waits in the place of the wish.

use std::sync::Arc;

use hotline_acd::{Decision, OfferFailure};
use hotline_base::{CallId, FlowId, Now, ReservationId};
use hotline_ivr::{Flows, QueueExit, parse};

use super::ending::Ending;
use super::live::{Activity, Live, Progress};
use super::opening::{Begun, Opening};
use super::{Call, Stage};
use crate::callbacks::{CallbackState, First, Returning, Wish};
use crate::controller::CallTimer;
use crate::env::Env;
use crate::event::{CallEvent, DialFailure, EndKind, Entry, Party, QueueOutcome, Source};
use crate::queue::{CALLBACK_KEY, CALLBACK_PROMPT};
use crate::record::DialOutcome;

/// The flow through which whoever answers is led; none of the center's.
const WAITS: &str = "called_back";

impl Call {
    /// Begins the call for a wish whose turn comes: asks for a media port for the number.
    pub(crate) fn call_customer(
        now: Now,
        env: &mut Env,
        (id, wish): (CallId, Wish),
        (returning, because): (Returning, Decision),
    ) -> Self {
        let Wish { number, language, requested_at } = wish;
        let started = CallEvent::Started {
            caller: number.clone(),
            caller_name: None,
            called: number.clone(),
            entry: Entry::Outside(number),
            source: Source::Queue(returning.queue.clone()),
            sip_call_id: String::new(),
            language,
            diversion: None,
        };
        let begun = Begun { id, started, session: None, opening: Opening::CalledBack };
        let mut call = Self::open(now, env, begun);
        let callback = returning.callback;
        call.returning = Some(returning);
        call.emit(now, env, CallEvent::CallingBack { callback, requested_at, because });
        call
    }

    /// The port is open: the number is called.
    pub(super) fn summon_customer(&mut self, now: Now, env: &mut Env, port: u16) {
        let Entry::Outside(number) = self.record.entry.clone() else { return };
        match self.ring_customer(now, env, number, port) {
            Ok((device, rings)) => {
                env.arm(self.id(), CallTimer::Ring(self.leg), now.mono + rings);
                self.session = Some(device.session);
                let media = device.offered.clone();
                let progress = Progress::Summoned { caller_id: None, device: Box::new(device) };
                let activity = Activity::Summoning;
                self.stage = Stage::Live(Box::new(Live::new(media, progress, activity)));
            }
            Err(_) => self.refuse(now, env, 503, 38),
        }
    }

    /// Whether the number is, or was, called first, and no agent has taken the call yet.
    pub(super) fn is_called_first(&self) -> bool {
        self.returning.as_ref().is_some_and(|returning| matches!(returning.first, First::Customer))
    }

    /// Whoever was called has answered, and waits for an agent.
    pub(super) fn stand_in_line(&mut self, now: Now, env: &mut Env) {
        let place = self.returning.as_ref().and_then(|returning| env.acd.place(returning.callback));
        let is_asked = self.is_to_confirm(env);
        let flows = place.and_then(|place| flows(place.queue.as_str(), &self.record.language, is_asked));
        let is_led = flows.is_some_and(|flows| self.start_flow_of(now, env, flows, &FlowId::from(WAITS)));
        if !is_led {
            self.end_by_system(now, env, EndKind::Refused, Some(200), 41);
        }
    }

    /// Whether the queue wants to know that a person has answered.
    fn is_to_confirm(&self, env: &Env) -> bool {
        let queue = match &self.record.source {
            Source::Queue(queue) => env.center.queues.get(queue),
            Source::Trunk(_) | Source::Agent(_) => None,
        };
        queue.is_some_and(|queue| queue.callback.confirm)
    }

    /// Takes the place of the wish for which this call is made; `None` if it is for none, or has an agent.
    pub(super) fn stand_in(&self, now: Now, env: &mut Env) -> Option<Result<(), QueueExit>> {
        let wish = self.returning.as_ref().filter(|_| self.is_called_first())?.callback;
        Some(env.acd.stand_in(now, wish, self.id()).map_err(|_| QueueExit::NoAgents))
    }

    /// An agent has whoever was called first.
    pub(super) fn settle_wish(&mut self, env: &mut Env) {
        if let Some(Returning { callback, .. }) = self.returning.take() {
            env.end_callback(callback, CallbackState::Reached);
        }
    }

    /// The agent's own phone rings, or the number that is called first.
    pub(crate) fn on_own_ringing(&mut self, now: Now, env: &mut Env) {
        let leg = self.first_leg();
        self.on_device_found(now, env, leg);
        if let Some(reservation) = self.returning.as_ref().and_then(Returning::reservation) {
            env.acd.offer_ringing(now, reservation);
        }
    }

    /// Whoever is called back has taken the call: the agent's time is the queue's from here on. False if nobody is.
    pub(super) fn settle_return(&mut self, now: Now, env: &mut Env) -> bool {
        let Some(returning) = self.returning.take() else { return false };
        if let Some(reservation) = returning.reservation() {
            env.acd.offer_answered_in(now, reservation, self.id());
        }
        env.end_callback(returning.callback, CallbackState::Reached);
        // The wait itself was that of the wish.
        let (queue, outcome) = (returning.queue, QueueOutcome::Answered);
        self.emit(now, env, CallEvent::Queued { queue: queue.clone() });
        self.emit(now, env, CallEvent::Dequeued { queue, outcome });
        true
    }

    /// The call ends and the two have not talked: the agent is free, and the wish waits on, or is given up.
    pub(super) fn give_up_return(&mut self, now: Now, env: &mut Env, ending: &Ending) {
        let Some(returning) = self.returning.take() else { return };
        match returning.first {
            First::Agent(reservation) => {
                self.give_up_agent(now, env, (returning.callback, reservation), ending);
            }
            First::Customer => self.give_up_customer(now, env, returning.callback, ending),
        }
    }

    fn give_up_agent(
        &self,
        now: Now,
        env: &mut Env,
        (id, reservation): (CallId, ReservationId),
        ending: &Ending,
    ) {
        let taken = self.record.answered_at.is_some();
        let by_agent = taken && ending.by == Party::Caller;
        if taken && !by_agent && ending.kind != EndKind::Shutdown {
            match ending.kind == EndKind::NoTrunk {
                true => env.callback_without_trunk(now, id, Some(reservation)),
                false => env.callback_missed(now, id, Some(reservation)),
            }
            return;
        }
        let failure = match ending.status {
            _ if by_agent => OfferFailure::Rejected,
            Some(486 | 600) => OfferFailure::Busy,
            Some(603) => OfferFailure::Rejected,
            Some(480) => OfferFailure::NoAnswer,
            Some(404 | 410 | 604) => OfferFailure::NotRegistered,
            Some(503) => OfferFailure::ServerFault,
            Some(_) | None => OfferFailure::PhoneFault,
        };
        env.callback_waits(id);
        env.acd.offer_failed(now, reservation, failure);
    }

    /// Who was called first and hangs up before an agent comes is missed: the number was called, and is not called again. Who
    /// was asked for a key and has pressed none has never stood in line: a mailbox, for all that is known.
    fn give_up_customer(&mut self, now: Now, env: &mut Env, id: CallId, ending: &Ending) {
        let dial = self.record.dials.last().map(|dial| (dial.leg, dial.outcome));
        if let Some((leg, DialOutcome::Pending)) = dial {
            let failure =
                if ending.status == Some(480) { DialFailure::NoAnswer } else { DialFailure::CallerGone };
            self.emit(now, env, CallEvent::DialFailed { leg, failure, status: None });
        }
        if ending.kind == EndKind::Shutdown {
            env.callback_waits(id);
        } else if self.record.answered_at.is_some() {
            match self.record.queues.is_empty() && self.is_to_confirm(env) {
                true => env.callback_missed(now, id, None),
                false => env.give_up_callback(now, id),
            }
        } else if is_trunks(dial.map(|(_, outcome)| outcome)) {
            env.callback_without_trunk(now, id, None);
        } else {
            env.callback_missed(now, id, None);
        }
    }
}

/// Whether it was not for want of anybody who answers that nobody did.
const fn is_trunks(last: Option<DialOutcome>) -> bool {
    match last {
        // No server was tried: there is no way, or no media port.
        None => true,
        Some(DialOutcome::Pending | DialOutcome::Answered) => false,
        Some(DialOutcome::Failed { failure, .. }) => match failure {
            DialFailure::Silent
            | DialFailure::TrunkFault
            | DialFailure::TrunkFull
            | DialFailure::TrunkBusy
            | DialFailure::NoWay
            | DialFailure::ServerFault => true,
            DialFailure::Busy
            | DialFailure::NoAnswer
            | DialFailure::Rejected
            | DialFailure::UnknownNumber
            | DialFailure::NoCodec
            | DialFailure::CallerGone => false,
        },
    }
}

/// The way of whoever answers: into the queue, after a key if one is asked for, and out of the call if that ends without an
/// agent. The question is put three times: a mailbox says its own words first, and so do people.
fn flows(queue: &str, language: &str, is_asked: bool) -> Option<Arc<Flows>> {
    let then = if is_asked { "ask" } else { "wait" };
    let ask = format!(
        "  ask: {{menu: {{prompts: [{CALLBACK_PROMPT}], timeout_s: 3, choices: {{{CALLBACK_KEY}: wait}}, no_input: {{retries: \
         [[{CALLBACK_PROMPT}], [{CALLBACK_PROMPT}]], then: bye}}, invalid: {{retries: [[{CALLBACK_PROMPT}]], then: bye}}}}}}\n"
    );
    let ask = if is_asked { ask.as_str() } else { "" };
    let text = format!(
        "flow: {WAITS:?}\nlanguages: [{language:?}]\nstart: answer\nsteps:\n  answer: {{answer: {{then: {then}}}}}\n{ask}  \
         wait: {{queue: {{name: {queue:?}, exits: {{full: bye, timeout: bye, no_agents: bye}}}}}}\n  \
         bye: {{hangup: {{cause: normal}}}}\n"
    );
    let flow = parse(&format!("{WAITS}.yaml"), &text).ok()?;
    Some(Arc::new(Flows::from_iter([flow])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_answers_can_be_led_into_any_queue_in_any_language() {
        for (queue, language, is_asked) in [("sales", "en", false), ("sales-de_2", "zh", true)] {
            let flows = flows(queue, language, is_asked).unwrap();
            let flow = flows.get(&FlowId::from(WAITS)).unwrap();
            assert_eq!(flow.queues().map(hotline_base::QueueId::as_str).collect::<Vec<_>>(), [queue]);
            assert_eq!(flow.languages().next().map(|language| language.as_str()), Some(language));
        }
    }
}
