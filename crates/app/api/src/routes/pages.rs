//! The built pages, from inside the binary.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::envelope::RESOURCE_POLICY;
use crate::error::ApiError;

/// What `make web` built, or a page that says that it did not; `build.rs` chooses.
#[derive(RustEmbed)]
#[folder = "$HOTLINE_PAGES"]
struct Pages;

const INDEX: &str = "index.html";
/// Files here have their content's hash in their name, so they never change.
const HASHED: &str = "assets/";
/// The compressed form of a file stands beside it, with this behind its name.
const COMPRESSED: &str = ".gz";
/// What other pages than the one are named by, without this behind it.
const PAGE: &str = ".html";
/// Scripts that pages of other hosts load, to let their visitors call.
const FOR_VISITORS: [&str; 2] = ["call-us.js", "call-us-phone.js"];

/// Any path that is no route: a file, or the one page, which reads the path itself.
pub(crate) async fn page(request: Request) -> Result<Response, ApiError> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::Method);
    }
    let path = request.uri().path().trim_start_matches('/');
    find::<Pages>(path, request.headers()).ok_or(ApiError::NotFound)
}

fn find<Files: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response> {
    if let Some(file) = Files::get(path) {
        return Some(answer::<Files>(path, file, headers));
    }
    let page = format!("{path}{PAGE}");
    if let Some(file) = Files::get(&page) {
        return Some(answer::<Files>(&page, file, headers));
    }
    // A page of a former build asks for what is gone; the page itself would be no script.
    if path.starts_with(HASHED) {
        return None;
    }
    Files::get(INDEX).map(|file| answer::<Files>(INDEX, file, headers))
}

fn answer<Files: RustEmbed>(path: &str, plain: EmbeddedFile, asked: &HeaderMap) -> Response {
    let kind = HeaderValue::from_str(plain.metadata.mimetype());
    let compressed = Files::get(&format!("{path}{COMPRESSED}"));
    let varies = compressed.is_some();
    let chosen = compressed.filter(|_| takes_gzip(asked));
    let is_compressed = chosen.is_some();
    let file = chosen.unwrap_or(plain);
    // Of the form that is sent: each has its own.
    let tag = format!(
        "\"{}\"",
        file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    );
    let known = asked.get(header::IF_NONE_MATCH).and_then(|field| field.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if varies {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if FOR_VISITORS.contains(&path) {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    if let Ok(kind) = kind {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether the client takes gzip (RFC 9110 §12.5.3): named, or meant by `*`, with a weight that is not 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    let fields = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|field| field.to_str().ok());
    for coding in fields.flat_map(|field| field.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let wanted = weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0));
        if ["gzip", "x-gzip"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip)) {
            return wanted;
        }
        any |= name == "*" && wanted;
    }
    any
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/tests/pages"]
    struct Sample;

    fn asking(fields: &[(header::HeaderName, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn field(response: &Response, name: header::HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    async fn size(response: Response) -> usize {
        to_bytes(response.into_body(), usize::MAX).await.unwrap().len()
    }

    #[tokio::test]
    async fn who_takes_gzip_gets_it_as_the_same_kind_of_file_and_under_a_tag_of_its_own() {
        for path in ["assets/app-1.js", "desk/calls"] {
            let plain = find::<Sample>(path, &HeaderMap::new()).unwrap();
            let gzip = asking(&[(header::ACCEPT_ENCODING, "gzip, deflate, br")]);
            let packed = find::<Sample>(path, &gzip).unwrap();
            assert_eq!(field(&plain, header::CONTENT_ENCODING), None);
            assert_eq!(field(&packed, header::CONTENT_ENCODING), Some("gzip"));
            assert_eq!(field(&packed, header::CONTENT_TYPE), field(&plain, header::CONTENT_TYPE));
            assert_eq!(field(&packed, header::CACHE_CONTROL), field(&plain, header::CACHE_CONTROL));
            for answer in [&plain, &packed] {
                assert_eq!(field(answer, header::VARY), Some("accept-encoding"));
            }
            let tag = field(&packed, header::ETAG).unwrap().to_owned();
            assert_ne!(field(&plain, header::ETAG), Some(tag.as_str()));

            let again = |accepted: &str| {
                let known = [(header::ACCEPT_ENCODING, accepted), (header::IF_NONE_MATCH, tag.as_str())];
                find::<Sample>(path, &asking(&known)).unwrap().status()
            };
            assert_eq!((again("gzip"), again("identity")), (StatusCode::NOT_MODIFIED, StatusCode::OK));
        }
    }

    #[tokio::test]
    async fn what_is_sent_is_smaller_and_what_has_no_compressed_form_is_sent_as_it_is() {
        let gzip = asking(&[(header::ACCEPT_ENCODING, "gzip")]);
        let plain = size(find::<Sample>("assets/app-1.js", &HeaderMap::new()).unwrap()).await;
        let packed = size(find::<Sample>("assets/app-1.js", &gzip).unwrap()).await;
        assert!(packed * 2 < plain, "{packed} of {plain} bytes");
        let font = find::<Sample>("assets/font-1.woff2", &gzip).unwrap();
        assert_eq!((field(&font, header::CONTENT_ENCODING), field(&font, header::VARY)), (None, None));
        assert_eq!(size(font).await, 12);
        assert!(find::<Sample>("assets/gone-1.js", &gzip).is_none());
    }

    #[tokio::test]
    async fn a_page_beside_the_one_is_found_by_its_name_and_only_scripts_for_visitors_are_for_other_hosts() {
        let policy = |path: &str| {
            let found = find::<Sample>(path, &HeaderMap::new()).unwrap();
            field(&found, RESOURCE_POLICY).map(str::to_owned)
        };
        assert_eq!(policy("call-us.js").as_deref(), Some("cross-origin"));
        assert_eq!((policy("assets/app-1.js"), policy("call-us")), (None, None));
        let other = find::<Sample>("call-us", &HeaderMap::new()).unwrap();
        let one = find::<Sample>("desk/calls", &HeaderMap::new()).unwrap();
        assert_ne!(field(&other, header::ETAG), field(&one, header::ETAG));
        assert_eq!(field(&other, header::CONTENT_TYPE), Some("text/html"));
    }

    #[test]
    fn gzip_is_taken_when_it_is_named_or_meant_and_not_when_it_is_refused() {
        for (accepted, expected) in [
            ("gzip", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("", false),
            ("identity, br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("gzip;q=x", false),
        ] {
            assert_eq!(takes_gzip(&asking(&[(header::ACCEPT_ENCODING, accepted)])), expected, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn the_first_load_of_the_built_pages_is_below_300_kb_on_the_wire() {
        let gzip = asking(&[(header::ACCEPT_ENCODING, "gzip")]);
        let index = Pages::get(INDEX).unwrap();
        let text = String::from_utf8(index.data.into_owned()).unwrap();
        let linked = text.split("=\"/").skip(1).filter_map(|rest| rest.split('"').next());
        let font = Pages::iter().find(|name| name.starts_with("assets/inter-latin-wght"));
        let mut bytes = 0;
        for path in linked.chain([INDEX]).chain(font.as_deref()) {
            bytes += size(find::<Pages>(path, &gzip).unwrap()).await;
        }
        assert!(bytes < 300_000, "{bytes} bytes");
    }
}
