//! What handlers give: each kind of answer is a type, so that the description of the interface is made from what is sent.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hotline_api_types::{ConfigPart, FlowText, Prompt};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// 204: it is done, and there is nothing to say.
pub(crate) struct NoContent;

/// 202: it is done or on its way; the event stream tells what comes of it.
pub(crate) struct Accepted;

/// 200 with the version of what is shown.
pub(crate) struct Versioned<T> {
    /// The `ETag`, with its quotes.
    pub(crate) tag: String,
    pub(crate) body: T,
}

/// 201: something with an address and a version.
pub(crate) struct Created<T> {
    /// The path.
    pub(crate) place: String,
    /// The `ETag`, with its quotes.
    pub(crate) tag: String,
    pub(crate) body: T,
}

/// 201: something without an address.
pub(crate) struct Made<T>(pub(crate) T);

/// 202 with what has begun.
pub(crate) struct Started<T>(pub(crate) T);

/// 200 with a session's cookie.
pub(crate) struct SignedIn<T> {
    pub(crate) cookie: String,
    pub(crate) body: T,
}

/// 204 that takes the session's cookie away.
pub(crate) struct SignedOut {
    pub(crate) cookie: String,
}

/// A flow that is in force: 201 if it is new, else 200.
pub(crate) struct SavedFlow {
    pub(crate) is_new: bool,
    pub(crate) flow: Versioned<FlowText>,
}

/// A part of the configuration that is in force: 201 if it is new, else 200.
pub(crate) struct SavedPart {
    pub(crate) is_new: bool,
    pub(crate) part: Versioned<ConfigPart>,
}

/// A prompt that can be played: 201 if it is new, else 200.
pub(crate) struct SavedPrompt {
    pub(crate) is_new: bool,
    pub(crate) prompt: Versioned<Prompt>,
}

/// An answer with a secret that is shown this once: it is never kept.
pub(crate) struct Secret<T>(pub(crate) T);

/// Marks such an answer for those who would keep it.
#[derive(Clone, Copy)]
pub(crate) struct ShownOnce;

/// A file for Wireshark.
pub(crate) struct Pcap {
    pub(crate) name: String,
    pub(crate) body: Body,
}

/// A table for programs.
pub(crate) struct CsvFile {
    pub(crate) name: String,
    pub(crate) body: Body,
}

/// A table for spreadsheets.
pub(crate) struct XlsxFile {
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
}

/// The media type of XLSX files.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Events without an end.
pub(crate) struct EventStream(pub(crate) Body);

/// JSON that stays the same while the server runs.
pub(crate) struct Frozen(pub(crate) &'static str);

/// HTML that stays the same while the server runs.
pub(crate) struct Page(pub(crate) &'static str);

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, self.tag)], axum::Json(self.body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let fields = [(header::LOCATION, encoded(&self.place)), (header::ETAG, self.tag)];
        (StatusCode::CREATED, fields, axum::Json(self.body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, axum::Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Started<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, axum::Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for SignedIn<T> {
    fn into_response(self) -> Response {
        ([(header::SET_COOKIE, self.cookie)], axum::Json(self.body)).into_response()
    }
}

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        (StatusCode::NO_CONTENT, [(header::SET_COOKIE, self.cookie)]).into_response()
    }
}

impl IntoResponse for SavedFlow {
    fn into_response(self) -> Response {
        let status = if self.is_new { StatusCode::CREATED } else { StatusCode::OK };
        (status, self.flow).into_response()
    }
}

impl IntoResponse for SavedPart {
    fn into_response(self) -> Response {
        let status = if self.is_new { StatusCode::CREATED } else { StatusCode::OK };
        (status, self.part).into_response()
    }
}

impl IntoResponse for SavedPrompt {
    fn into_response(self) -> Response {
        let status = if self.is_new { StatusCode::CREATED } else { StatusCode::OK };
        (status, self.prompt).into_response()
    }
}

impl<T: IntoResponse> IntoResponse for Secret<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(ShownOnce);
        response
    }
}

impl IntoResponse for Pcap {
    fn into_response(self) -> Response {
        let fields: [(HeaderName, String); 2] = [
            (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.pcap\"", self.name)),
        ];
        (fields, self.body).into_response()
    }
}

impl IntoResponse for CsvFile {
    fn into_response(self) -> Response {
        let fields: [(HeaderName, String); 2] = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", self.name)),
        ];
        (fields, self.body).into_response()
    }
}

impl IntoResponse for XlsxFile {
    fn into_response(self) -> Response {
        let fields: [(HeaderName, String); 2] = [
            (header::CONTENT_TYPE, XLSX.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.xlsx\"", self.name)),
        ];
        (fields, self.body).into_response()
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let fields = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // nginx would hold events back to fill its buffer.
            (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        ];
        (fields, self.0).into_response()
    }
}

impl IntoResponse for Frozen {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], self.0).into_response()
    }
}

/// A path as it may stand in a header field: names may have letters of any alphabet.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_header_field_whatever_the_name_is() {
        assert_eq!(encoded("/api/v1/users/ann.lee"), "/api/v1/users/ann.lee");
        assert_eq!(encoded("/api/v1/users/王 x"), "/api/v1/users/%E7%8E%8B%20x");
    }
}
