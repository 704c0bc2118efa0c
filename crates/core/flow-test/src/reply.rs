//! From what a test says that a service answers to what the session gets.

use hotline_base::Pii;
use hotline_ivr::{PathPart, Reply, Request, parse_path};
use hotline_yaml::{Node, Value};

use crate::model::{Answer, customer_text};

/// The reply to `request`; `None` if the answer is none to it. [`Answer::Nothing`] is for the caller.
pub(crate) fn reply(request: &Request, answer: &Answer) -> Option<Reply> {
    match (request, answer) {
        (Request::Http { paths, .. }, Answer::Json(json)) => {
            Some(Reply::Found(paths.iter().map(|path| found(json, path)).collect()))
        }
        (Request::Customer { fields, .. }, Answer::Customer(customer)) => {
            let values = fields.iter().map(|field| customer_text(customer, *field).map(Pii::new));
            Some(Reply::Found(values.collect()))
        }
        (Request::Http { .. } | Request::Customer { .. }, Answer::NotFound) => Some(Reply::NotFound),
        (Request::Http { .. } | Request::Customer { .. }, Answer::Failed) => Some(Reply::Failed),
        (Request::Webhook(_), Answer::Webhook(exit)) => Some(Reply::Webhook(*exit)),
        (Request::Webhook(_), Answer::Failed) => Some(Reply::Webhook(hotline_ivr::WebhookExit::Failed)),
        (Request::Callback { .. }, Answer::Callback(exit)) => Some(Reply::Callback(*exit)),
        (
            Request::Http { .. } | Request::Customer { .. } | Request::Webhook(_) | Request::Callback { .. },
            Answer::Json(_)
            | Answer::Customer(_)
            | Answer::NotFound
            | Answer::Failed
            | Answer::Nothing
            | Answer::Webhook(_)
            | Answer::Callback(_),
        ) => None,
    }
}

/// What would answer it.
pub(crate) const fn fitting(request: &Request) -> &'static str {
    match request {
        Request::Http { .. } => "`replies:` with `{json: …}`, `not_found`, `failed` or `nothing`",
        Request::Customer { .. } => "`replies:` with `{customer: …}`, `not_found`, `failed` or `nothing`",
        Request::Webhook(_) => "`replies:` with `done`, `failed` or `nothing`",
        Request::Callback { .. } => "`replies:` with `booked`, `refused` or `nothing`",
    }
}

/// The scalar at the path, as a text.
fn found(json: &Node, path: &str) -> Option<Pii<String>> {
    let mut node = json;
    for part in parse_path(path).ok()? {
        node = match (&node.value, part) {
            (Value::Map(entries), PathPart::Member(name)) => {
                &entries.iter().find(|(key, _)| key.text == name)?.1
            }
            (Value::List(items), PathPart::Element(index)) => items.get(index)?,
            (
                Value::Null
                | Value::Bool(_)
                | Value::Integer(_)
                | Value::Decimal(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Map(_),
                PathPart::Member(_) | PathPart::Element(_),
            ) => return None,
        };
    }
    let text = match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    };
    Some(Pii::new(text))
}
