//! Help: an agent asks for it by one key, a leader answers, and it ends with an outcome.

use std::sync::Arc;

use hotline_base::{AgentId, CallId, Now, WallTime};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::{Acd, AgentError, Event};

/// The longest name of a leader, in bytes.
pub const LEADER_BYTES_MAX: usize = 64;

/// An agent wants help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// Since when.
    pub asked: WallTime,
    /// In which call of a queue.
    pub call: Option<CallId>,
    /// Who helps, once somebody does.
    pub answered: Option<HelpAnswer>,
}

/// A leader helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelpAnswer {
    /// The leader's user name. At most [`LEADER_BYTES_MAX`].
    pub by: Arc<str>,
    /// Since when.
    pub at: WallTime,
}

/// How help ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HelpOutcome {
    /// The question is answered.
    Solved,
    /// It is not; somebody else has to look at it.
    Unsolved,
    /// The agent took the wish back.
    Withdrawn,
    /// The agent signed out.
    SignedOut,
}

impl HelpOutcome {
    /// The word that stands for it in reports. Never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Solved => "solved",
            Self::Unsolved => "unsolved",
            Self::Withdrawn => "withdrawn",
            Self::SignedOut => "signed_out",
        }
    }
}

/// Why a wish about help cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelpError {
    /// The agent is unknown or signed out.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The agent asks for no help.
    #[error("the agent does not ask for help")]
    NotAsked,
    /// Another leader helps.
    #[error("another leader helps already")]
    Answered,
    /// The leader's name is longer than [`LEADER_BYTES_MAX`].
    #[error("the leader's name is too long")]
    NameTooLong,
}

impl Acd {
    /// The agent wants help. Asking again changes nothing.
    ///
    /// # Errors
    /// [`HelpError::Agent`].
    pub fn ask_help(&mut self, now: Now, agent: &AgentId) -> Result<(), HelpError> {
        let known = self.agents.get(agent).ok_or(AgentError::Unknown)?;
        if known.session.is_none() {
            return Err(AgentError::SignedOut.into());
        }
        self.update(now, agent, |agent| {
            let call = agent.state().call();
            agent.help.get_or_insert(Help { asked: now.wall, call, answered: None });
        });
        self.settle(now);
        Ok(())
    }

    /// The leader `by` helps. Repeats are harmless.
    ///
    /// # Errors
    /// [`HelpError::Agent`], [`HelpError::NotAsked`], [`HelpError::Answered`], [`HelpError::NameTooLong`].
    pub fn answer_help(&mut self, now: Now, agent: &AgentId, by: &str) -> Result<(), HelpError> {
        if by.len() > LEADER_BYTES_MAX {
            return Err(HelpError::NameTooLong);
        }
        let help = self.agents.get(agent).ok_or(AgentError::Unknown)?.help.as_ref();
        match &help.ok_or(HelpError::NotAsked)?.answered {
            Some(answer) if *answer.by == *by => return Ok(()),
            Some(_) => return Err(HelpError::Answered),
            None => {}
        }
        self.update(now, agent, |agent| {
            if let Some(help) = &mut agent.help {
                help.answered = Some(HelpAnswer { by: by.into(), at: now.wall });
            }
        });
        self.settle(now);
        Ok(())
    }

    /// The agent needs no more help.
    ///
    /// # Errors
    /// [`HelpError::Agent`], [`HelpError::NotAsked`].
    pub fn end_help(&mut self, now: Now, agent: &AgentId, outcome: HelpOutcome) -> Result<(), HelpError> {
        if self.agents.get(agent).ok_or(AgentError::Unknown)?.help.is_none() {
            return Err(HelpError::NotAsked);
        }
        let mut ended = None;
        self.update(now, agent, |agent| ended = agent.help_ended(now, outcome));
        self.events.extend(ended);
        self.settle(now);
        Ok(())
    }
}

impl Agent {
    /// Forgets its wish for help; what is to be told of it.
    pub(crate) fn help_ended(&mut self, now: Now, outcome: HelpOutcome) -> Option<Event> {
        let agent = self.config.id.clone();
        self.help.take().map(|help| Event::HelpEnded { agent, help, ended: now.wall, outcome })
    }
}
