//! What the address book knows of whoever calls: the customer, others with the same number, and the contacts before.

use std::collections::BTreeMap;

use hotline_base::{AgentId, CallId, CustomerId, Pii, QueueId, WallTime};
use serde::{Deserialize, Serialize};

/// Others with the same number that a pop shows beside the customer: a switchboard may have hundreds.
pub const OTHERS_MAX: usize = 9;
/// Contacts before this one that a pop shows.
pub const HISTORY_MAX: usize = 10;

/// A customer as the agent's screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer.
    pub id: CustomerId,
    /// Name of the person.
    pub name: Pii<String>,
    /// Company, if any.
    pub company: Option<Pii<String>>,
    /// E-mail address, if any.
    pub email: Option<Pii<String>>,
    /// Normalised numbers.
    pub numbers: Vec<Pii<String>>,
    /// Free text for the agents.
    pub note: Option<Pii<String>>,
    /// The class, such as `gold`, for flows and queues.
    #[serde(default)]
    pub class: Option<String>,
    /// The language in which the customer wants to be served.
    #[serde(default)]
    pub language: Option<String>,
    /// Whether the customer is to be treated with preference; flows decide what that means.
    #[serde(default)]
    pub vip: bool,
    /// Whether the center does not want to hear from the customer; flows decide what that means.
    #[serde(default)]
    pub blocked: bool,
    /// Words by which customers are found again, each once.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The agent who looks after the customer.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// Values of the fields that the center has added, by the fields' names.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldValue>,
    /// What the customer has bought.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// The agent who had a call of the customer last; known where the customer was found by a number.
    #[serde(default)]
    pub last_agent: Option<AgentId>,
    /// Last change, also the version for edits.
    pub changed_at: WallTime,
}

/// The value of a field that the center has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// A text, a choice, or a date as `2026-11-30`.
    Text(Pii<String>),
    /// A number as JSON writes it.
    Number(Pii<String>),
    /// Yes or no.
    Boolean(bool),
}

/// Something that the customer has bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// What it is.
    pub product: String,
    /// Serial number.
    pub serial: Option<Pii<String>>,
    /// Contract.
    pub contract: Option<Pii<String>>,
    /// The last day of the warranty, as `2026-11-30`.
    pub warranty_end: Option<String>,
}

/// What the address book has found by a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The customer; of several the one changed last.
    pub customer: Customer,
    /// The others with that number, at most [`OTHERS_MAX`].
    pub others: Vec<Customer>,
    /// The customer's contacts before, the newest first, at most [`HISTORY_MAX`].
    pub history: Vec<Contact>,
}

impl Found {
    /// A customer of whom nothing else is known.
    #[must_use]
    pub const fn alone(customer: Customer) -> Self {
        Self { customer, others: Vec::new(), history: Vec::new() }
    }

    /// What is known after an edit: nothing of calls or of others.
    #[must_use]
    pub fn edited(&self, customer: &Customer) -> Self {
        let others = self.others.iter().chain([&self.customer]).filter(|known| known.id != customer.id);
        let others = others.cloned().collect();
        let mut customer = customer.clone();
        if customer.id != self.customer.id {
            return Self { customer, others, history: Vec::new() };
        }
        customer.last_agent = customer.last_agent.or_else(|| self.customer.last_agent.clone());
        Self { customer, others, history: self.history.clone() }
    }
}

/// A call of the customer that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The call.
    pub call: CallId,
    /// When it began.
    pub started_at: WallTime,
    /// Whether the center called the customer.
    pub is_outgoing: bool,
    /// What became of it.
    pub outcome: ContactOutcome,
    /// The agent who had it last.
    pub agent: Option<AgentId>,
    /// The queue it was in last.
    pub queue: Option<QueueId>,
    /// What the agent said became of it: the code that was given last.
    pub disposition: Option<String>,
    /// The agent's words about it.
    pub note: Option<Pii<String>>,
}

/// What became of a call of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactOutcome {
    /// Somebody talked with the customer.
    Talked,
    /// The customer left a message.
    MessageLeft,
    /// The customer waited in a queue and talked with nobody.
    Abandoned,
    /// Nobody talked, and there was no queue.
    NoTalk,
}

#[cfg(test)]
mod tests {
    use hotline_base::Rng;

    use super::*;

    fn customer(id: u64, name: &str) -> Customer {
        Customer {
            id: CustomerId::generate(WallTime(0), &mut Rng::from_number(id)),
            name: name.into(),
            company: None,
            email: None,
            numbers: Vec::new(),
            note: None,
            class: None,
            language: None,
            vip: false,
            blocked: false,
            tags: Vec::new(),
            agent: None,
            fields: BTreeMap::new(),
            assets: Vec::new(),
            last_agent: None,
            changed_at: WallTime(0),
        }
    }

    #[test]
    fn an_edit_keeps_what_is_known_of_calls_and_of_others() {
        let ada = Customer { last_agent: Some("1002".into()), ..customer(1, "Ada") };
        let found = Found { others: vec![customer(2, "Bert")], ..Found::alone(ada) };
        let edited = found.edited(&customer(1, "Ada Lovelace"));
        assert_eq!(edited.customer.last_agent, Some("1002".into()));
        assert_eq!(edited.customer.name.expose(), "Ada Lovelace");
        assert_eq!(edited.others, found.others);
    }

    #[test]
    fn of_several_the_one_who_was_edited_comes_to_the_front() {
        let found = Found { others: vec![customer(2, "Bert")], ..Found::alone(customer(1, "Ada")) };
        let edited = found.edited(&customer(2, "Bertram"));
        assert_eq!(edited.customer.name.expose(), "Bertram");
        assert_eq!(edited.others, [customer(1, "Ada")]);
    }
}
