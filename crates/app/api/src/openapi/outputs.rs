//! What handlers give, as a client sees it.

use schemars::JsonSchema;
use serde_json::json;

use super::{Operation, Output};
use crate::answer::{
    Accepted, Created, CsvFile, EventStream, Frozen, Made, NoContent, Page, Pcap, SavedFlow, SavedPart,
    SavedPrompt, Secret, SignedIn, SignedOut, Started, Versioned, XLSX, XlsxFile,
};
use crate::error::ApiError;
use crate::sound::Sound;

const TAG: &str = "The version, for `If-Match`.";
const PLACE: &str = "Where it is.";
const COOKIE: &str = "The session's cookie.";

impl<T: Output> Output for Result<T, ApiError> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

fn written<T: JsonSchema>(operation: &mut Operation<'_>, status: u16, about: &str) {
    let schema = operation.schemas.written::<T>();
    operation.response(status, about, Some(("application/json", schema)));
}

impl<T: JsonSchema> Output for axum::Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 200, "As wished.");
    }
}

impl<T: JsonSchema> Output for Versioned<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 200, "As wished.");
        operation.header(200, "ETag", TAG);
    }
}

impl<T: JsonSchema> Output for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 201, "It is made.");
        operation.header(201, "Location", PLACE);
        operation.header(201, "ETag", TAG);
    }
}

impl<T: JsonSchema> Output for Made<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 201, "It is made.");
    }
}

impl<T: JsonSchema> Output for Started<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 202, "It has begun.");
    }
}

impl Output for Accepted {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(202, "It is done or on its way.", None);
    }
}

impl Output for NoContent {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(204, "It is done.", None);
    }
}

impl<T: JsonSchema> Output for SignedIn<T> {
    fn describe(operation: &mut Operation<'_>) {
        written::<T>(operation, 200, "Signed in.");
        operation.header(200, "Set-Cookie", COOKIE);
    }
}

impl Output for SignedOut {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(204, "Signed out.", None);
        operation.header(204, "Set-Cookie", "Takes the session's cookie away.");
    }
}

impl<T: Output> Output for Secret<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        operation.shown_once = true;
    }
}

impl Output for SavedFlow {
    fn describe(operation: &mut Operation<'_>) {
        for (status, about) in [(200, "It is in force."), (201, "It is new, and in force.")] {
            written::<hotline_api_types::FlowText>(operation, status, about);
            operation.header(status, "ETag", TAG);
        }
    }
}

impl Output for SavedPart {
    fn describe(operation: &mut Operation<'_>) {
        for (status, about) in [(200, "It is in force."), (201, "It is new, and in force.")] {
            written::<hotline_api_types::ConfigPart>(operation, status, about);
            operation.header(status, "ETag", TAG);
        }
    }
}

impl Output for SavedPrompt {
    fn describe(operation: &mut Operation<'_>) {
        for (status, about) in [(200, "It can be played."), (201, "It is new, and can be played.")] {
            written::<hotline_api_types::Prompt>(operation, status, about);
            operation.header(status, "ETag", TAG);
        }
    }
}

impl Output for Sound {
    fn describe(operation: &mut Operation<'_>) {
        let bytes = json!({ "type": "string", "format": "binary" });
        operation.response(200, "All of it.", Some(("audio/wav", bytes.clone())));
        operation.header(200, "Accept-Ranges", "`bytes`.");
        operation.response(206, "The part that was asked for.", Some(("audio/wav", bytes)));
        operation.header(206, "Accept-Ranges", "`bytes`.");
        operation.header(206, "Content-Range", "Which part of how much.");
    }
}

impl Output for Pcap {
    fn describe(operation: &mut Operation<'_>) {
        let bytes = json!({ "type": "string", "format": "binary" });
        operation.response(200, "A file for Wireshark.", Some(("application/vnd.tcpdump.pcap", bytes)));
        operation.header(200, "Content-Disposition", "The name of the file.");
    }
}

impl Output for CsvFile {
    fn describe(operation: &mut Operation<'_>) {
        let text = json!({ "type": "string" });
        operation.response(200, "A table (RFC 4180), UTF-8, with a line of names.", Some(("text/csv", text)));
        operation.header(200, "Content-Disposition", "The name of the file.");
    }
}

impl Output for XlsxFile {
    fn describe(operation: &mut Operation<'_>) {
        let bytes = json!({ "type": "string", "format": "binary" });
        operation.response(200, "A table for spreadsheets.", Some((XLSX, bytes)));
        operation.header(200, "Content-Disposition", "The name of the file.");
    }
}

impl Output for EventStream {
    fn describe(operation: &mut Operation<'_>) {
        let about = "Server-sent events without an end; the schema is that of one of them. The data of `snapshot` is a `Live`, \
             that of `event` an `Event`, that of `line`, which has no `id`, a `LineQuality`.";
        let live = operation.schemas.written::<hotline_api_types::Live>();
        let event = operation.schemas.written::<hotline_api_types::Event>();
        let line = operation.schemas.written::<hotline_api_types::LineQuality>();
        let schemas = json!({ "anyOf": [live, event, line] });
        let data = json!({
            "type": "string", "contentMediaType": "application/json", "contentSchema": schemas
        });
        let fields = json!({
            "id": { "type": "string" }, "event": { "enum": ["snapshot", "event", "line"] }, "data": data
        });
        let schema = json!({ "type": "object", "properties": fields, "required": ["event", "data"] });
        operation.response(200, about, Some(("text/event-stream", schema)));
    }
}

impl Output for Frozen {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(200, "This document.", Some(("application/json", json!({ "type": "object" }))));
    }
}

impl Output for Page {
    fn describe(operation: &mut Operation<'_>) {
        operation.response(200, "A page.", Some(("text/html", json!({ "type": "string" }))));
    }
}
