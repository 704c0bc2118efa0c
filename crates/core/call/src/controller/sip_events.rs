//! What the SIP endpoint reports goes to the call and leg it concerns.

use hotline_base::Now;
use hotline_sip::{Event as SipEvent, Reason, SessionId, Side};

use super::Controller;
use crate::call::Call;
use crate::env::{Env, Role};
use crate::event::EndKind;

impl Controller {
    pub(super) fn on_sip(&mut self, now: Now, event: SipEvent) {
        match event {
            SipEvent::Incoming { .. } => self.on_incoming(now, event),
            SipEvent::Refer { session, target, .. } => self.on_refer(now, session, &target),
            SipEvent::Registered { agent, .. } | SipEvent::Unregistered { agent, .. } => {
                self.follow_registration(now, &agent);
            }
            SipEvent::RegistrationSucceeded { id, .. } => {
                self.env.with_trunks(now, |trunks, outer| trunks.on_registered(now, id, outer));
            }
            SipEvent::RegistrationFailed { id, status } => self.env.with_trunks(now, |trunks, outer| {
                trunks.on_registration_failed(now, id, status, outer);
            }),
            SipEvent::ProbeAnswered { id } => {
                self.env.with_trunks(now, |trunks, outer| trunks.on_probe(now, id, 0, outer));
            }
            SipEvent::ProbeMissed { id, misses } => {
                self.env.with_trunks(now, |trunks, outer| trunks.on_probe(now, id, misses, outer));
            }
            SipEvent::MessageAnswered { id, status } => self.on_message_answered(id, status),
            // We offer nothing within a dialog.
            SipEvent::ReofferRefused { .. } => {}
            SipEvent::Trying { session }
            | SipEvent::Ringing { session, .. }
            | SipEvent::Answered { session, .. }
            | SipEvent::Confirmed { session, .. }
            | SipEvent::Failed { session, .. }
            | SipEvent::Cancelled { session, .. }
            | SipEvent::Ended { session, .. }
            | SipEvent::Reoffer { session, .. }
            | SipEvent::ReofferAnswered { session, .. }
            | SipEvent::Info { session, .. } => self.on_session(now, session, event),
        }
    }

    /// Events of sessions that no call waits for any more are the echoes of our own hanging up.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is told by who is at the other end")]
    fn on_session(&mut self, now: Now, session: SessionId, event: SipEvent) {
        let Some(&(id, role)) = self.env.sessions.get(&session) else { return };
        if event.is_terminal() {
            self.env.sessions.remove(&session);
        }
        self.with_call(id, |call, env| match event {
            SipEvent::Reoffer { offer, .. } => {
                call.on_reoffer(now, env, (session, role), offer.as_ref());
            }
            SipEvent::ReofferAnswered { body, .. } => {
                call.on_reoffer_answered(now, env, (session, role), body.as_ref());
            }
            event => match role {
                Role::Caller => tell_caller(call, now, env, event),
                Role::Agent => tell_agent(call, now, env, session, event),
                Role::Callee => tell_callee(call, now, env, session, event),
                Role::Supervisor => tell_supervisor(call, now, env, session, event),
                Role::Transferor => {
                    if matches!(event, SipEvent::Cancelled { .. } | SipEvent::Ended { .. }) {
                        call.on_transferor_gone(now, env);
                    }
                }
            },
        });
    }
}

/// What became of a session that neither side has ended.
fn lost(reason: Option<&Reason>) -> EndKind {
    if reason == Some(&Reason::SESSION_EXPIRED) { EndKind::SessionExpired } else { EndKind::Unreachable }
}

/// Of the one who is served, or of an agent who makes a call.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing to a call")]
fn tell_caller(call: &mut Call, now: Now, env: &mut Env, event: SipEvent) {
    match event {
        SipEvent::Answered { body, .. } => call.on_summoned(now, env, body.as_ref()),
        SipEvent::Trying { .. } => call.on_device_trying(env, call.first_leg()),
        SipEvent::Ringing { .. } => call.on_own_ringing(now, env),
        SipEvent::Failed { failure, .. } if call.is_summoning() => {
            call.on_summons_refused(now, env, &failure);
        }
        SipEvent::Confirmed { body, .. } => call.on_caller_confirmed(now, env, body.as_ref()),
        SipEvent::Ended { by: Side::Local, reason, .. } => {
            call.on_caller_lost(now, env, lost(reason.as_ref()), 408);
        }
        SipEvent::Cancelled { reason, .. } | SipEvent::Ended { reason, .. } => {
            call.on_caller_gone(now, env, reason.as_ref());
        }
        SipEvent::Failed { failure, .. } => {
            call.on_caller_lost(now, env, EndKind::Unreachable, failure.status);
        }
        SipEvent::Info { digit, .. } => call.on_caller_info(now, env, *digit.expose()),
        _ => {}
    }
}

/// Of an agent to whom a call is offered, or who talks.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing to a call")]
fn tell_agent(call: &mut Call, now: Now, env: &mut Env, session: SessionId, event: SipEvent) {
    let Some(leg) = call.agent_leg_of(session) else { return };
    match event {
        SipEvent::Trying { .. } => call.on_device_trying(env, leg),
        SipEvent::Ringing { .. } => call.on_agent_ringing(now, env, leg),
        SipEvent::Answered { body, .. } => call.on_agent_answered(now, env, leg, body.as_ref()),
        SipEvent::Failed { failure, .. } => call.on_agent_failed(now, env, leg, &failure),
        SipEvent::Ended { by: Side::Local, reason, .. } => {
            call.on_partner_lost(now, env, session, lost(reason.as_ref()));
        }
        SipEvent::Cancelled { reason, .. } | SipEvent::Ended { reason, .. } => {
            call.on_agent_gone(now, env, session, reason.as_ref());
        }
        SipEvent::Confirmed { body, .. } => {
            call.on_reoffer_answered(now, env, (session, Role::Agent), body.as_ref());
        }
        SipEvent::Info { digit, .. } => call.on_agent_digit(now, env, leg, *digit.expose()),
        _ => {}
    }
}

/// Of a supervisor.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing to a call")]
fn tell_supervisor(call: &mut Call, now: Now, env: &mut Env, session: SessionId, event: SipEvent) {
    match event {
        SipEvent::Answered { body, .. } => call.on_supervisor_answered(now, env, session, body.as_ref()),
        SipEvent::Failed { .. } | SipEvent::Cancelled { .. } | SipEvent::Ended { .. } => {
            call.on_supervisor_gone(now, env, session);
        }
        SipEvent::Info { digit, .. } => call.on_supervisor_info(now, env, session, *digit.expose()),
        _ => {}
    }
}

/// Of somebody outside who is called, or talks.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing to a call")]
fn tell_callee(call: &mut Call, now: Now, env: &mut Env, session: SessionId, event: SipEvent) {
    match event {
        SipEvent::Trying { .. } => call.on_dial_trying(env),
        SipEvent::Ringing { status, body, .. } => call.on_dial_progress(now, env, status, body.as_ref()),
        SipEvent::Answered { body, .. } => call.on_dial_answered(now, env, body.as_ref()),
        SipEvent::Failed { failure, .. } => call.on_dial_failed(now, env, &failure),
        SipEvent::Ended { by: Side::Local, reason, .. } => {
            call.on_partner_lost(now, env, session, lost(reason.as_ref()));
        }
        SipEvent::Cancelled { reason, .. } | SipEvent::Ended { reason, .. } => {
            call.on_agent_gone(now, env, session, reason.as_ref());
        }
        SipEvent::Info { digit, .. } => {
            if let Some(leg) = call.agent_leg_of(session) {
                call.on_agent_digit(now, env, leg, *digit.expose());
            }
        }
        _ => {}
    }
}
