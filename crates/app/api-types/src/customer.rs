//! The address book.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Number, Timestamp};

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
}

impl fmt::Debug for CustomerDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerDraft { *** }")
    }
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
