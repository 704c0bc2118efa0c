//! Steps that ask something outside, each with a time limit and a way out if nothing comes.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_yaml::{At, Place};
use serde::{Deserialize, Serialize};

use super::step::To;
use crate::end::{LookupExit, StreamExit, WebhookExit};
use crate::expression::{CustomerField, Expression};
use crate::name::Variable;
use crate::template::Template;

/// Finds something out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    pub(crate) source: LookupSource,
    /// Complete: one for each of [`LookupExit::ALL`].
    pub(crate) exits: BTreeMap<LookupExit, To>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum LookupSource {
    /// The customer with a number; afterwards the call is that customer's.
    Customer { number: Expression, into: Vec<(At<Variable>, CustomerField)>, timeout: Duration },
    /// An answer over HTTP, values out of its JSON by path.
    Http { http: Http, into: Vec<(At<Variable>, At<String>)> },
}

/// One request over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Http {
    pub(crate) place: Place,
    pub(crate) url: Template,
    pub(crate) method: Method,
    pub(crate) headers: Vec<(String, Template)>,
    /// The members of a JSON object; empty for no body.
    pub(crate) body: Vec<(String, Template)>,
    /// For everything, repetitions included.
    pub(crate) timeout: Duration,
    pub(crate) retries: u8,
}

/// How a service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// For an answer alone.
    Get,
    /// To tell something.
    Post,
    /// To tell something that may be told twice.
    Put,
}

impl Method {
    pub(crate) const NAMES: &'static [&'static str] = &["GET", "POST", "PUT"];

    /// As it stands in the request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put].into_iter().find(|method| method.name() == name)
    }
}

/// Tells somebody something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) http: Http,
    /// Complete: one for each of [`WebhookExit::ALL`].
    pub(crate) exits: BTreeMap<WebhookExit, To>,
}

/// Connects the caller's sound both ways to a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) place: Place,
    pub(crate) url: Template,
    pub(crate) parameters: Vec<(String, Template)>,
    /// Variables, and the members of the service's result that they get.
    pub(crate) into: Vec<(At<Variable>, String)>,
    /// How long the service may take to be there.
    pub(crate) connect: Duration,
    /// How long it may last.
    pub(crate) longest: Duration,
    /// Complete: one for each of [`StreamExit::ALL`].
    pub(crate) exits: BTreeMap<StreamExit, To>,
}
