//! Phones in web pages: of agents, and of guests, who call a number of the center without a phone, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::AgentError;
use hotline_base::{AgentId, Now, Pii, QueueId, Time};
use hotline_ivr::{Value, Variable};
use serde::{Deserialize, Serialize};

use crate::command::CommandError;
use crate::env::Env;

/// Calls of guests come by a trunk of this name, which no configured one can have.
pub const GUESTS: &str = "web:guests";
/// How guests are shown in place of a number.
const GUEST_CALLER: &str = "anonymous";
/// The longest of what a visitor says, in characters.
pub const VISITOR_CHARS_MAX: usize = 500;

/// What a visitor has said, as what a flow has collected.
pub(crate) type Told = Arc<[(Variable, Value)]>;

/// What visitors of web pages may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// The numbers that they may call, as they are configured.
    pub numbers: BTreeSet<String>,
    /// Where those wait who leave a number; nobody may if there is none.
    pub callback: Option<QueueId>,
    /// Pages of other hosts that may ask, such as `https://shop.example`.
    pub origins: BTreeSet<String>,
    /// The most calls at a time.
    pub calls_max: usize,
}

/// Somebody at a web page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// As whom the visitor wants to be known.
    pub name: Option<Pii<String>>,
    /// The page that was open.
    pub page: Option<Pii<String>>,
    /// What it is about.
    pub question: Option<Pii<String>>,
}

/// From where a visitor calls and why, each at most [`VISITOR_CHARS_MAX`] characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visiting {
    /// The page that was open.
    pub page: Option<Pii<String>>,
    /// What it is about.
    pub question: Option<Pii<String>>,
}

impl Visiting {
    fn of(visitor: &Visitor) -> Self {
        let cut = |text: &Option<Pii<String>>| {
            let text: String = text.as_ref()?.expose().chars().take(VISITOR_CHARS_MAX).collect();
            Some(Pii::new(text))
        };
        Self { page: cut(&visitor.page), question: cut(&visitor.question) }
    }

    /// Whether nothing was said.
    pub(crate) const fn is_empty(&self) -> bool {
        self.page.is_none() && self.question.is_none()
    }

    /// As what a flow has collected.
    pub(crate) fn told(&self) -> Told {
        let all = [("visitor_page", &self.page), ("visitor_question", &self.question)];
        let told = all.into_iter().filter_map(|(name, text)| {
            Some((Variable::from(name), Value::Text(text.as_ref()?.expose().clone())))
        });
        told.collect()
    }
}

/// Somebody who may call once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The SIP user, which nobody can guess.
    pub user: String,
    /// The password.
    pub password: Pii<String>,
    /// The number that may be called, as it is configured.
    pub called: String,
    /// Who it is.
    pub visitor: Visitor,
    /// For how long.
    pub valid: Duration,
}

/// Guests who have not called yet, by their SIP users.
#[derive(Debug, Default)]
pub(crate) struct Guests(BTreeMap<String, (Visitor, Time)>);

impl Env {
    /// Lets the phone of an agent prove itself by this password, too, for so long.
    pub(crate) fn admit_phone(
        &mut self,
        now: Now,
        agent: &AgentId,
        (password, valid): (&Pii<String>, Duration),
    ) -> Result<(), CommandError> {
        if !self.center.agents.contains_key(agent) {
            return Err(CommandError::Agent(AgentError::Unknown));
        }
        self.sip.admit_phone(now, agent.as_str(), password.expose(), now.mono + valid);
        Ok(())
    }

    pub(crate) fn admit_guest(&mut self, now: Now, guest: Guest) -> Result<(), CommandError> {
        let Guest { user, password, called, visitor, valid } = guest;
        let until = now.mono + valid;
        self.guests.0.retain(|_, (_, until)| *until > now.mono);
        if !self.center.web.numbers.contains(&called) {
            return Err(CommandError::UnknownTarget);
        }
        if !self.sip.admit_guest(now, (&user, password.expose()), &called, until) {
            return Err(CommandError::NoNewCalls);
        }
        self.guests.0.insert(user, (visitor, until));
        Ok(())
    }

    /// As what the guest who calls by this SIP user is shown: number, name, and what else is known.
    pub(crate) fn shown_guest(&mut self, user: &str) -> (Pii<String>, Option<Pii<String>>, Visiting) {
        let visitor = self.guests.0.remove(user).map(|(visitor, _)| visitor).unwrap_or_default();
        let visiting = Visiting::of(&visitor);
        (Pii::from(GUEST_CALLER), visitor.name, visiting)
    }
}
