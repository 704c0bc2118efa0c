//! What the SIP endpoint reports goes to the call and leg it concerns.

use hotline_base::Now;
use hotline_sip::{Event as SipEvent, SessionId, Side};

use super::Controller;
use crate::env::Role;

impl Controller {
    pub(super) fn on_sip(&mut self, now: Now, event: SipEvent) {
        match event {
            SipEvent::Incoming { .. } => self.on_incoming(now, event),
            SipEvent::Refer { session, target, .. } => self.on_refer(now, session, &target),
            SipEvent::Registered { agent, .. } if self.agent_is_configured(&agent) => {
                self.env.acd.set_registered(now, &agent, true);
            }
            SipEvent::Unregistered { agent, .. } if self.env.sip.contact(agent.as_str()).is_none() => {
                self.env.acd.set_registered(now, &agent, false);
            }
            // We register nowhere, and offer nothing within a dialog.
            SipEvent::Registered { .. }
            | SipEvent::Unregistered { .. }
            | SipEvent::RegistrationSucceeded { .. }
            | SipEvent::RegistrationFailed { .. }
            | SipEvent::ReofferRefused { .. } => {}
            SipEvent::Ringing { session, .. }
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
    fn on_session(&mut self, now: Now, session: SessionId, event: SipEvent) {
        let Some(&(id, role)) = self.env.sessions.get(&session) else { return };
        if event.is_terminal() {
            self.env.sessions.remove(&session);
        }
        self.with_call(id, |call, env| match (role, event) {
            (Role::Caller, SipEvent::Confirmed { body, .. }) => {
                call.on_caller_confirmed(now, env, body.as_ref())
            }
            (Role::Caller, SipEvent::Ended { by: Side::Local, .. }) => {
                call.on_caller_unreachable(now, env, 408)
            }
            (Role::Caller, SipEvent::Cancelled { reason, .. } | SipEvent::Ended { reason, .. }) => {
                call.on_caller_gone(now, env, reason.as_ref());
            }
            (Role::Caller, SipEvent::Failed { failure, .. }) => {
                call.on_caller_unreachable(now, env, failure.status)
            }
            (Role::Caller, SipEvent::Info { digit, .. }) => call.on_caller_digit(now, env, *digit.expose()),
            (Role::Agent, SipEvent::Ringing { .. }) => call.on_agent_ringing(now, env),
            (Role::Agent, SipEvent::Answered { body, .. }) => call.on_agent_answered(now, env, body.as_ref()),
            (Role::Agent, SipEvent::Failed { failure, .. }) => call.on_agent_failed(now, env, &failure),
            (Role::Agent, SipEvent::Cancelled { reason, .. } | SipEvent::Ended { reason, .. }) => {
                call.on_agent_gone(now, env, reason.as_ref());
            }
            (Role::Transferor, SipEvent::Cancelled { .. } | SipEvent::Ended { .. }) => {
                call.on_transferor_gone(now, env);
            }
            (role, SipEvent::Reoffer { offer, .. }) => call.on_reoffer(now, env, role, offer.as_ref()),
            (role, SipEvent::ReofferAnswered { body, .. }) => {
                call.on_reoffer_answered(now, env, role, body.as_ref());
            }
            // A caller's INVITE is answered by us, and an agent's keys mean nothing to a call.
            (Role::Caller, SipEvent::Ringing { .. } | SipEvent::Answered { .. })
            | (Role::Agent, SipEvent::Info { .. } | SipEvent::Confirmed { .. })
            | (
                Role::Transferor,
                SipEvent::Ringing { .. }
                | SipEvent::Answered { .. }
                | SipEvent::Confirmed { .. }
                | SipEvent::Failed { .. }
                | SipEvent::Info { .. },
            )
            | (
                _,
                SipEvent::Incoming { .. }
                | SipEvent::Refer { .. }
                | SipEvent::ReofferRefused { .. }
                | SipEvent::Registered { .. }
                | SipEvent::Unregistered { .. }
                | SipEvent::RegistrationSucceeded { .. }
                | SipEvent::RegistrationFailed { .. },
            ) => {}
        });
    }
}
