//! What agents and supervisors do with calls from the page, and who hears whom.

use std::time::Duration;

use hotline_base::{CallId, RequestId};
use hotline_call::{CallView, Center, Command, CommandError, Control, Oversight};

use super::World;
use crate::center;
use crate::phone::PhoneId;

impl World {
    /// The center is changed while it runs.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Center)) {
        let configured = self.restores.changed(change);
        self.watch.keeps(&configured.center);
        self.command(Command::CenterChanged(configured));
    }

    /// The number of this agent's extension.
    #[must_use]
    pub fn extension_of(&self, agent: PhoneId) -> String {
        center::extension(agent.0)
    }

    /// A living call as others see it.
    #[must_use]
    pub fn view(&self, call: CallId) -> Option<CallView> {
        self.controller.snapshot(self.now).calls.into_iter().find(|view| view.record.call == call)
    }

    /// The agent at `by` does something with its call from the page.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn control(&mut self, by: PhoneId, what: Control) -> Result<(), CommandError> {
        self.watch.has_company = true;
        let (call, by) = self.talk_of(by);
        self.try_command(Command::Control { call, by, what })
    }

    /// The only call there is.
    ///
    /// # Panics
    /// If there is none, or more.
    #[must_use]
    pub fn only_call(&self) -> CallView {
        let mut calls = self.living_calls();
        assert_eq!(calls.len(), 1, "one call");
        calls.remove(0)
    }

    /// All calls as others see them.
    #[must_use]
    pub fn living_calls(&self) -> Vec<CallView> {
        self.controller.snapshot(self.now).calls
    }

    /// The same for a request of a client.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn control_for(
        &mut self,
        request: RequestId,
        by: PhoneId,
        what: Control,
    ) -> Result<(), CommandError> {
        self.watch.has_company = true;
        let (call, by) = self.talk_of(by);
        let (command, now) = (Command::Control { call, by, what }, self.now);
        let name = command.name();
        let outcome =
            self.controller.for_request(Some(request), name, |core| core.handle_command(now, command));
        self.drain();
        self.check();
        outcome
    }

    /// A supervisor does something with a call.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn oversee(&mut self, call: CallId, what: Oversight) -> Result<(), CommandError> {
        self.watch.has_company = true;
        self.try_command(Command::Oversee { call, what })
    }

    /// True if the one hears the other.
    #[must_use]
    pub fn hears(&self, one: PhoneId, other: PhoneId) -> bool {
        let port = |phone: PhoneId| self.phones[phone.0].server_port();
        port(one).zip(port(other)).is_some_and(|(one, other)| self.media.hears(one, other))
    }

    /// True if a recording hears this phone.
    #[must_use]
    pub fn is_recorded(&self, phone: PhoneId) -> bool {
        self.phones[phone.0].server_port().is_some_and(|port| self.media.is_recorded(port))
    }

    /// Nobody is to be called back any more.
    pub(super) fn cancel_wishes(&mut self) {
        for wish in self.watch.open_wishes() {
            // One that was only just booked is not in line yet.
            while self.try_command(Command::CancelCallback(wish)).is_err() {
                self.run_for(Duration::from_millis(50));
            }
            self.watch.on_cancelled(wish);
        }
    }
}
