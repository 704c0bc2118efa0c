//! What flows ask outside: web services and the list of those who want to be called back. It runs beside the loop, and each
//! question answers within its own time.

use hotline_base::{CallId, Pii};
use hotline_call::Callback;
use hotline_ivr::{HttpRequest, Reply, Value, WebhookExit};
use hotline_json_path::{Path, Scalar};
use hotline_store::{BookedCallback, CallbackBooking, Store};
use hotline_web_client::{Body, Client, Failure, Method, Request};
use serde_json::{Map, json};
use tracing::warn;

/// Asks a service, and picks what is wanted out of its answer.
pub(crate) async fn ask(client: &Client, call: CallId, request: &HttpRequest, paths: &[String]) -> Reply {
    match client.request(&outgoing(request)).await {
        Ok(response) => match response.json() {
            Ok(answer) => Reply::Found(paths.iter().map(|path| pick(&answer, path)).collect()),
            Err(_) if paths.is_empty() => Reply::Found(Vec::new()),
            Err(failure) => failed(call, failure),
        },
        Err(Failure::Status(404)) => Reply::NotFound,
        Err(failure) => failed(call, failure),
    }
}

fn failed(call: CallId, failure: Failure) -> Reply {
    warn!(%call, %failure, "a service that a flow asked");
    Reply::Failed
}

/// Tells a service something.
pub(crate) async fn tell(client: &Client, call: CallId, request: &HttpRequest) -> Reply {
    Reply::Webhook(match client.request(&outgoing(request)).await {
        Ok(_) => WebhookExit::Done,
        Err(failure) => {
            warn!(%call, %failure, "a service that a flow told something");
            WebhookExit::Failed
        }
    })
}

/// Keeps that somebody wants to be called back: what is new, nothing if it is known, `None` if it cannot be kept.
pub(crate) async fn book(store: &Store, booked: BookedCallback) -> Option<Option<Box<Callback>>> {
    match store.book_callback(&booked).await {
        Ok(CallbackBooking::New) => Some(Some(Box::new(booked.callback))),
        Ok(CallbackBooking::Known) => Some(None),
        Ok(CallbackBooking::Full) => {
            warn!(call = %booked.call, "too many wait to be called back");
            None
        }
        Err(error) => {
            warn!(call = %booked.call, %error, "keeping a wish to be called back");
            None
        }
    }
}

fn outgoing(request: &HttpRequest) -> Request {
    let method = match request.method {
        hotline_ivr::Method::Get => Method::Get,
        hotline_ivr::Method::Post => Method::Post,
        hotline_ivr::Method::Put => Method::Put,
    };
    let members: Map<_, _> =
        request.body.iter().map(|(name, value)| (name.clone(), to_json(value))).collect();
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.expose().clone()));
    Request {
        headers: headers.collect(),
        body: if members.is_empty() { Body::Empty } else { Body::Json(members.into()) },
        retries: request.retries,
        ..Request::new(method, request.url.expose().as_str(), request.timeout)
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Decimal(number) => json!(number),
        Value::Boolean(value) => json!(value),
    }
}

fn pick(answer: &serde_json::Value, path: &str) -> Option<Pii<String>> {
    let path = Path::parse(path).ok()?;
    Some(Pii::new(match path.pick(answer).ok()? {
        Scalar::Text(text) => text.to_owned(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Bool(value) => value.to_string(),
    }))
}
