//! The built pages, from inside the binary.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

/// What `make web` built, or a page that says that it did not; `build.rs` chooses.
#[derive(RustEmbed)]
#[folder = "$HOTLINE_PAGES"]
struct Pages;

const INDEX: &str = "index.html";
/// Files here have their content's hash in their name, so they never change.
const HASHED: &str = "assets/";

/// Any path that is no route: a file, or the one page, which reads the path itself.
pub(crate) async fn page(request: Request) -> Result<Response, ApiError> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::Method);
    }
    let path = request.uri().path().trim_start_matches('/');
    match Pages::get(path) {
        Some(file) => Ok(answer(path, &file, request.headers())),
        // A page of a former build asks for what is gone; the page itself would be no script.
        None if path.starts_with(HASHED) => Err(ApiError::NotFound),
        None => {
            Pages::get(INDEX).map(|file| answer(INDEX, &file, request.headers())).ok_or(ApiError::NotFound)
        }
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!(
        "\"{}\"",
        file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    );
    let known = headers.get(header::IF_NONE_MATCH).and_then(|field| field.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.clone().into_owned().into_response()
    };
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
