//! From what a test says that a service answers to what the session gets.

use hotline_base::Pii;
use hotline_ivr::{Reply, Request};
use hotline_json_path::Scalar;
use serde_json::Value;

use crate::model::Answer;

/// The reply to `request`; `None` if the answer is none to it. [`Answer::Nothing`] is for the caller.
pub(crate) fn reply(request: &Request, answer: &Answer) -> Option<Reply> {
    match (request, answer) {
        (Request::Http { paths, .. }, Answer::Json(json)) => {
            Some(Reply::Found(paths.iter().map(|path| found(json, path)).collect()))
        }
        (Request::Customer { fields, .. }, Answer::Customer(customer)) => {
            Some(Reply::Found(fields.iter().map(|field| customer.value(field)).collect()))
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

/// The value at the path, as the server gives it to the session.
fn found(json: &Value, path: &str) -> Option<Pii<String>> {
    Some(Pii::new(match hotline_json_path::select(json, path)? {
        Scalar::Text(text) => text.to_owned(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Bool(value) => value.to_string(),
    }))
}
