//! Instant messages from people at pages to the phones of agents, and the lamps of their mailboxes.

use hotline_acd::AgentError;
use hotline_base::{AgentId, Now, Pii};
use hotline_sip::endpoint::MessageError;
use hotline_sip::{MessageId, MessageSummary, NameAddr, SipUri};
use serde::{Deserialize, Serialize};

use super::Controller;
use crate::command::CommandError;

/// The longest text in bytes that a phone is sent.
pub const MESSAGE_BYTES_MAX: usize = hotline_sip::pager::MAX_TEXT;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageOutcome {
    /// Which.
    pub id: MessageId,
    /// Whether a phone has it.
    pub taken: bool,
}

impl Controller {
    /// Sends `text` to every phone of an agent; `sender` is the name that they show. [`Controller::poll_message`] tells
    /// within 20 s whether one has it.
    ///
    /// # Errors
    /// [`CommandError`], if nothing was sent; nothing is told then.
    pub fn send_message(
        &mut self,
        now: Now,
        sender: &str,
        to: &AgentId,
        text: &Pii<String>,
    ) -> Result<MessageId, CommandError> {
        if !self.env.center.agents.contains_key(to) {
            return Err(CommandError::Agent(AgentError::Unknown));
        }
        let mut from = NameAddr::new(SipUri::new(None, self.env.center.domain.clone(), None));
        let sender: String = sender.chars().filter(|character| !character.is_control()).collect();
        from.display = Some(sender.into());
        let sent = self.env.sip.message(now, from, to, text).map_err(|error| match error {
            MessageError::NotRegistered => CommandError::NoPhone,
            MessageError::Exhausted => CommandError::TooManyMessages,
            MessageError::TooLong => CommandError::TextTooLong,
        });
        self.settle(now);
        sent
    }

    /// The next message of which it has become known whether a phone has it.
    pub fn poll_message(&mut self) -> Option<MessageOutcome> {
        self.env.messages.pop_front()
    }

    /// Subscriptions to lamps and mailboxes.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.env.sip.subscriptions()
    }

    /// Tells the phones that watch the mailbox of an agent how many messages are in it.
    pub(super) fn set_mailbox(
        &mut self,
        now: Now,
        agent: &AgentId,
        summary: MessageSummary,
    ) -> Result<(), CommandError> {
        if !self.env.center.agents.contains_key(agent) {
            return Err(CommandError::Agent(AgentError::Unknown));
        }
        self.env.sip.set_mailbox(now, agent, summary);
        Ok(())
    }

    pub(super) fn on_message_answered(&mut self, id: MessageId, status: u16) {
        self.env.messages.push_back(MessageOutcome { id, taken: (200..300).contains(&status) });
    }
}
