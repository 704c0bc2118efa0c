//! Extractors whose refusals are problem details.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use hotline_flow_files::Expected;
use http::request::Parts;
use http::{HeaderName, header};

use crate::answer::XLSX;
use crate::error::ApiError;
use crate::imports::sheet::CSV;

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub(crate) struct Json<T>(pub(crate) T);

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Query<T>(pub(crate) T);

/// The variable parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

/// A file with a table.
pub(crate) enum Upload {
    /// Values with separators.
    Csv(Bytes),
    /// A workbook.
    Xlsx(Bytes),
}

/// A file with a sound.
pub(crate) struct SoundFile(pub(crate) Bytes);

/// The media types of sounds.
pub(crate) const SOUNDS: [&str; 6] =
    ["audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/mpeg", "audio/ogg", "application/ogg"];

/// `If-Match`: the version that is to be changed, as it is written.
pub(crate) struct IfMatch(pub(crate) String);

/// Which text of a flow is to be changed: that of the `ETag` in `If-Match`, or none yet (`If-None-Match: *`).
pub(crate) struct FlowBase(pub(crate) Expected);

/// `Range` and `If-Range`.
pub(crate) struct RangeFields {
    /// What is asked for; `None` for everything.
    pub(crate) range: Option<String>,
}

/// `Last-Event-ID`: the last event that a client has.
pub(crate) struct LastEvent(pub(crate) Option<u64>);

/// `User-Agent`, as far as it is text.
pub(crate) struct Browser(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let named = request.headers().get(header::CONTENT_TYPE).and_then(|field| field.to_str().ok());
        let named = named.and_then(|field| field.split(';').next()).unwrap_or_default().trim();
        let read = if named.eq_ignore_ascii_case(CSV) {
            Self::Csv
        } else if named.eq_ignore_ascii_case(XLSX) {
            Self::Xlsx
        } else {
            return Err(ApiError::MediaType);
        };
        // Whatever else can be wrong with a body is that the client went away.
        Bytes::from_request(request, state).await.map(read).map_err(|_| ApiError::TooLarge)
    }
}

impl<S: Send + Sync> FromRequest<S> for SoundFile {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let named = request.headers().get(header::CONTENT_TYPE).and_then(|field| field.to_str().ok());
        let named = named.and_then(|field| field.split(';').next()).unwrap_or_default().trim();
        if !SOUNDS.iter().any(|sound| named.eq_ignore_ascii_case(sound)) {
            return Err(ApiError::NoSound);
        }
        // Whatever else can be wrong with a body is that the client went away.
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge)?;
        Ok(Self(bytes))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let field = parts.headers.get(header::IF_MATCH).ok_or(ApiError::NoVersion)?;
        Ok(Self(field.to_str().unwrap_or_default().trim().to_owned()))
    }
}

impl<S: Sync> FromRequestParts<S> for FlowBase {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match (text(parts, header::IF_MATCH), text(parts, header::IF_NONE_MATCH)) {
            (Some(_), Some(absent)) if absent != "*" => Err(ApiError::NotAbsent),
            (Some(tag), _) => Ok(Self(Expected::Hash(tag.trim_matches('"').to_owned()))),
            (None, Some("*")) => Ok(Self(Expected::Absent)),
            (None, None) => Err(ApiError::NoVersion),
            (None, Some(_)) => Err(ApiError::NotAbsent),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RangeFields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Of a file that grows, no later request can be sure to get the same bytes.
        let unchanged = !parts.headers.contains_key(header::IF_RANGE);
        let range = text(parts, header::RANGE).filter(|_| unchanged).map(str::to_owned);
        Ok(Self { range })
    }
}

impl<S: Sync> FromRequestParts<S> for LastEvent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let id = text(parts, HeaderName::from_static("last-event-id"));
        Ok(Self(id.and_then(|id| id.parse().ok())))
    }
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(text(parts, header::USER_AGENT).unwrap_or_default().to_owned()))
    }
}

fn text(parts: &Parts, name: HeaderName) -> Option<&str> {
    parts.headers.get(name).and_then(|field| field.to_str().ok()).map(str::trim)
}
