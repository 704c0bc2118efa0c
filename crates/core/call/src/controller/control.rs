//! What agents and supervisors do with calls from the page.

use hotline_base::{AgentId, CallId, Now};

use super::Controller;
use crate::call::Supervising;
use crate::command::{CommandError, Control, Oversight};

impl Controller {
    /// An agent does something with the own call.
    pub(super) fn control(
        &mut self,
        now: Now,
        call: CallId,
        by: &AgentId,
        what: Control,
    ) -> Result<(), CommandError> {
        let to = match &what {
            Control::Consult(to) => {
                let (entry, _) = self.entry_for_agent(to.expose()).ok_or(CommandError::UnknownTarget)?;
                Some(entry)
            }
            Control::HangUp
            | Control::Hold(_)
            | Control::Mute(_)
            | Control::Press(_)
            | Control::Answer
            | Control::PickUp
            | Control::EndConsult
            | Control::Swap
            | Control::Complete
            | Control::Conference
            | Control::Drop(_) => None,
        };
        let done = self.with_call(call, |call, env| {
            // Who has made the call talks in it like its agent from here on.
            if !matches!(what, Control::Answer | Control::PickUp) {
                call.turn_round(env, by);
            }
            match (what, to) {
                (Control::Consult(_), Some(to)) => call.consult(now, env, by, to),
                (Control::Consult(_), None) => Err(CommandError::UnknownTarget),
                (Control::HangUp, _) => call.hang_up_by(now, env, by),
                (Control::Hold(holds), _) => call.hold_by(now, env, by, holds),
                (Control::Mute(is_muted), _) => call.mute_by(now, env, by, is_muted),
                (Control::Press(keys), _) => call.press_by(env, by, keys.expose()),
                (Control::Answer, _) => call.answer_by(now, env, by),
                (Control::PickUp, _) => call.pick_up_by(now, env, by),
                (Control::EndConsult, _) => call.end_consult(now, env, by),
                (Control::Swap, _) => call.swap(now, env, by),
                (Control::Complete, _) => call.complete_consult(now, env, by),
                (Control::Conference, _) => call.conference(now, env, by),
                (Control::Drop(leg), _) => call.drop_party(now, env, by, leg),
            }
        });
        done.unwrap_or(Err(CommandError::NotTalking))
    }

    /// A supervisor does something with a call of others.
    pub(super) fn oversee(&mut self, now: Now, call: CallId, what: Oversight) -> Result<(), CommandError> {
        let unknown = CommandError::NoSuchCall;
        match what {
            Oversight::Monitor { agent, mode, allowed, follow } => {
                let how = Supervising { mode, allowed, follow };
                let done = self.with_call(call, |call, env| call.supervise(now, env, &agent, how));
                done.ok_or(unknown)?
            }
            Oversight::Leave(agent) => {
                let done = self.with_call(call, |call, env| call.end_supervision(now, env, &agent));
                done.ok_or(unknown)
            }
            Oversight::HangUp => self.with_call(call, |call, env| call.end_by_force(now, env)).ok_or(unknown),
            Oversight::Transfer(to) => {
                let (entry, language) =
                    self.target_for_agent(to.expose()).ok_or(CommandError::UnknownTarget)?;
                let calls = self.calls.get(&call).ok_or(unknown)?;
                if !calls.is_in_talk_with_agent() {
                    return Err(CommandError::NotTalking);
                }
                self.with_call(call, |call, env| call.transfer(now, env, entry, language));
                Ok(())
            }
            Oversight::Record(is_wanted) => {
                let done = self.with_call(call, |call, env| call.record_by_force(now, env, is_wanted));
                done.ok_or(unknown)?
            }
            Oversight::Mark(note) => {
                self.with_call(call, |call, env| call.mark_by_hand(env, note)).ok_or(unknown)?
            }
        }
    }
}
