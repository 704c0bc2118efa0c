//! The address book.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Direction, Number, Timestamp};

/// A customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer.
    pub id: String,
    /// Name of the person.
    pub name: String,
    /// Company.
    pub company: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Normalised telephone numbers.
    pub numbers: Vec<Number>,
    /// Free text for the agents.
    pub note: Option<String>,
    /// The class, such as `gold`, by which flows and queues go.
    pub class: Option<String>,
    /// The language in which the customer wants to be served.
    pub language: Option<String>,
    /// Whether the customer is to be treated with preference.
    #[serde(default)]
    pub vip: bool,
    /// Whether the center does not want to hear from the customer. What calls then meet with is up to the flows.
    #[serde(default)]
    pub blocked: bool,
    /// Words by which customers are found again: at most 32 of at most 64 characters.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The agent who looks after the customer, by id.
    #[serde(default)]
    pub agent: Option<String>,
    /// The fields that the center has added, by their names; without those that the user must not see.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldValue>,
    /// What the customer has bought: at most 64.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// Last change. In quotes it is the ETag that `PUT` wants back as `If-Match`.
    pub changed_at: Timestamp,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Body of `POST /api/v1/customers` and `PUT /api/v1/customers/{id}`: the whole customer, without what the server
/// sets. Empty text counts as absent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerDraft {
    /// Name of the person: 1 to 200 characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Company: at most 200 characters.
    #[serde(default)]
    pub company: Option<String>,
    /// E-mail address: at most 320 characters.
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone numbers, in any usual spelling: at most 20.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Free text for the agents: at most 10 000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// The class, such as `gold`, by which flows and queues go: at most 64 characters.
    #[serde(default)]
    pub class: Option<String>,
    /// The language in which the customer wants to be served: at most 35 characters.
    #[serde(default)]
    pub language: Option<String>,
    /// Whether the customer is to be treated with preference.
    #[serde(default)]
    pub vip: bool,
    /// Whether the center does not want to hear from the customer. What calls then meet with is up to the flows.
    #[serde(default)]
    pub blocked: bool,
    /// Words by which customers are found again: at most 32 of at most 64 characters.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The agent who looks after the customer, by id.
    #[serde(default)]
    pub agent: Option<String>,
    /// The fields that the center has added, by their names; without those that the user must not see.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldValue>,
    /// What the customer has bought: at most 64.
    #[serde(default)]
    pub assets: Vec<Asset>,
}

impl fmt::Debug for CustomerDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerDraft { *** }")
    }
}

/// A value of a field that the center has added, or of a variable of a flow.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldValue {
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text, a choice, or a date as `2026-11-30`: at most 2000 characters.
    Text(String),
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldValue(***)")
    }
}

/// Something that a customer has bought.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// What it is: 1 to 200 characters.
    pub product: String,
    /// Serial number: at most 200 characters.
    #[serde(default)]
    pub serial: Option<String>,
    /// Contract: at most 200 characters.
    #[serde(default)]
    pub contract: Option<String>,
    /// The last day of the warranty, as `2026-11-30`.
    #[serde(default)]
    pub warranty_end: Option<String>,
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asset").field("product", &self.product).finish_non_exhaustive()
    }
}

/// A call of a customer that is over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// The call.
    pub call: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Who called whom: `in` or `out`.
    pub direction: Direction,
    /// What became of it.
    pub outcome: ContactOutcome,
    /// The agent who had it last.
    pub agent: Option<String>,
    /// The queue it was in last.
    pub queue: Option<String>,
    /// The disposition that was given last.
    pub disposition: Option<String>,
    /// The agent's words about it.
    pub note: Option<String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("call", &self.call).finish_non_exhaustive()
    }
}

/// What became of a call of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

/// A field that the center has added to customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerField {
    /// The word by which it is known.
    pub name: String,
    /// Shown in English.
    pub label_en: String,
    /// Shown in Chinese.
    pub label_zh: String,
    /// What it holds.
    pub kind: CustomerFieldKind,
    /// What can be chosen, for `choice`.
    pub choices: Vec<String>,
    /// Whether every customer must have it.
    pub required: bool,
    /// The roles that see it; empty for all.
    pub visible_to: Vec<String>,
    /// Last change. In quotes it is the ETag that `PUT` wants back as `If-Match`.
    pub changed_at: Timestamp,
}

/// What a field of customers holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerFieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// A date as `2026-11-30`.
    Date,
    /// Yes or no.
    Boolean,
    /// One of `choices`.
    Choice,
}

/// Body of `POST /api/v1/customer-fields`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomerField {
    /// The word by which it is known: a to z, 0 to 9 and `_`, at most 32.
    #[schemars(length(min = 1, max = 32))]
    pub name: String,
    /// Shown in English: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub label_en: String,
    /// Shown in Chinese: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub label_zh: String,
    /// What it holds.
    pub kind: CustomerFieldKind,
    /// What can be chosen, for `choice` alone: 1 to 100 of at most 100 characters.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether every customer must have it from the next change on.
    #[serde(default)]
    pub required: bool,
    /// The roles that see it, at most 50; empty for all.
    #[serde(default)]
    pub visible_to: Vec<String>,
}

/// Body of `PUT /api/v1/customer-fields/{name}`. What it holds does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerFieldChange {
    /// Shown in English: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub label_en: String,
    /// Shown in Chinese: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub label_zh: String,
    /// What can be chosen, for `choice` alone: 1 to 100 of at most 100 characters.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether every customer must have it from the next change on.
    #[serde(default)]
    pub required: bool,
    /// The roles that see it, at most 50; empty for all.
    #[serde(default)]
    pub visible_to: Vec<String>,
}

/// Answer to `GET /api/v1/customer-fields`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerFieldList {
    /// Those that the user sees, in the order in which they were added.
    pub fields: Vec<CustomerField>,
}

/// Body of `POST /api/v1/customers/{id}/erase`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseCustomer {
    /// Why, for the audit log: 1 to 500 characters.
    pub reason: String,
}

/// What is, or was, erased of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerErasure {
    /// Calls in which numbers, names and keys that were pressed are forgotten.
    pub calls: u64,
    /// Recordings.
    pub recordings: u64,
    /// Messages that the customer left.
    pub messages: u64,
    /// Notes of agents about calls.
    pub notes: u64,
    /// Wishes to be called back that are over.
    pub callbacks: u64,
    /// Calls under a legal hold, which stay as they are.
    pub held: u64,
    /// Whether that is all: else the customer stays until the same is asked for once more.
    pub is_complete: bool,
    /// What stands against it for the moment.
    pub hindrance: Option<String>,
}

/// Body of `POST /api/v1/customers/{id}/merge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCustomers {
    /// The customer that is the same one, and is gone afterwards.
    pub other: String,
}

/// Answer to `GET /api/v1/customers/{id}/duplicates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DuplicateList {
    /// Others with one of the numbers or the e-mail address, at most 50.
    pub customers: Vec<Customer>,
}

/// Answer to `GET /api/v1/customers/{id}/contacts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContactList {
    /// The last calls, the newest first, at most 10.
    pub contacts: Vec<Contact>,
}

/// Answer to `GET /api/v1/customers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerList {
    /// Those found, by name.
    pub customers: Vec<Customer>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_does_not_print_the_person() {
        let draft = CustomerDraft { name: "Ada".into(), ..CustomerDraft::default() };
        assert!(!format!("{draft:?}").contains("Ada"));
    }
}
