//! The SIP messages of a call, for those who look for a fault: as a ladder, and as a file for Wireshark. They tell
//! who called whom, so each reading is in the audit log.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use futures_util::stream::iter;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_base::CallId;
use hotline_sip_trace::{Captured, Trace, View, Which, file_header, record, redact};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::answer::Pcap;
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::viewer::Subject;

/// In place of an id: the call that began last.
const LAST: &str = "last";

/// The query of the ladder.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    #[serde(default, deserialize_with = "flag")]
    #[schemars(schema_with = "flag_words")]
    full: bool,
    #[serde(default, deserialize_with = "flag")]
    #[schemars(schema_with = "flag_words")]
    redact: bool,
    #[serde(default)]
    after: u64,
}

/// The query of the file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Taken {
    #[serde(default, deserialize_with = "flag")]
    #[schemars(schema_with = "flag_words")]
    redact: bool,
}

/// `GET /api/v1/calls/{id}/sip`
pub(crate) async fn ladder(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(look): Query<Look>,
) -> Result<axum::Json<api::SipLadder>, ApiError> {
    who.may(Permission::TraceSee, Subject::Center)?;
    let trace = find(&app, &id).await?;
    let redacted = look.redact || !who.viewer.sees_all(Permission::NumbersSee);
    let view = View { redacted, full: look.full, after: look.after };
    let ladder = convert::ladder(&trace, view);
    // Who follows a living call asks again and again; what gives nothing away is not worth a row.
    if !ladder.messages.is_empty() {
        let detail = json!({
            "as": "ladder", "messages": ladder.messages.len(), "full": look.full, "redact": redacted
        });
        app.audit(&who.user.name, "sip.read", subject(&trace), detail).await?;
    }
    Ok(axum::Json(ladder))
}

/// `GET /api/v1/calls/{id}/sip.pcap`
pub(crate) async fn pcap(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
    Query(taken): Query<Taken>,
) -> Result<Pcap, ApiError> {
    who.may(Permission::TraceSee, Subject::Center)?;
    let redacted = taken.redact || !who.viewer.sees_all(Permission::NumbersSee);
    let trace = find(&app, &id).await?;
    let subject = subject(&trace);
    let mut messages: Vec<Captured> = trace.legs.into_iter().flat_map(|leg| leg.messages).collect();
    messages.sort_by_key(|message| message.seq);
    let detail = json!({ "as": "pcap", "messages": messages.len(), "redact": redacted });
    app.audit(&who.user.name, "sip.read", &subject, detail).await?;
    let records = messages.into_iter().map(move |message| {
        let redacted = redacted.then(|| redact(&message.bytes));
        record(&message, redacted.as_deref().unwrap_or(&message.bytes))
    });
    let parts = std::iter::once(file_header()).chain(records);
    let body = Body::from_stream(iter(parts.map(|part| Ok::<_, Infallible>(Bytes::from(part)))));
    Ok(Pcap { name: file_name(&subject), body })
}

async fn find(app: &App, id: &str) -> Result<Trace, ApiError> {
    if id == LAST {
        return app.ports.traces.find(Which::LastCall).await?.ok_or(ApiError::NotFound);
    }
    if let Some(call) = CallId::parse(id)
        && let Some(trace) = app.ports.traces.find(Which::Call(call)).await?
    {
        return Ok(trace);
    }
    // Many phones make Call-IDs that look like the id of a call.
    app.ports.traces.find(Which::SipCallId(id.to_owned())).await?.ok_or(ApiError::NotFound)
}

/// The call, or the Call-ID of a dialog that belongs to none.
fn subject(trace: &Trace) -> String {
    match (&trace.call, trace.legs.first()) {
        (Some(call), _) => call.to_string(),
        (None, Some(leg)) => leg.sip_call_id.to_string(),
        (None, None) => String::new(),
    }
}

/// A peer chose the Call-ID, and a browser makes a file of it.
fn file_name(subject: &str) -> String {
    let safe = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    subject.chars().take(64).map(safe).collect()
}

/// `1` or `true`, `0` or `false`.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(serde::de::Error::custom("expected 1 or 0")),
    }
}

fn flag_words(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["0", "1", "false", "true"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_of_a_peer_makes_a_harmless_file_name() {
        assert_eq!(file_name("../a\"b\r\n@192.0.2.1"), "---a-b---192-0-2-1");
        assert_eq!(file_name(&"x".repeat(999)).len(), 64);
    }
}
