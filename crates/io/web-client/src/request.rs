//! What is asked, and whether it can be.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, UPGRADE};
use http::header::{HeaderName, HeaderValue, TRANSFER_ENCODING, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, Uri};
use http_body_util::Full;
use serde_json::Value;

use crate::limits::{
    HEADERS_MAX, HEADERS_SIZE_MAX, REQUEST_BODY_MAX, RESPONSE_CEILING, RESPONSE_MAX, RETRIES_MAX,
    TIMEOUT_MAX, URL_MAX,
};
use crate::{Failure, Keys};

const AGENT: &str = concat!("hotline/", env!("CARGO_PKG_VERSION"));
/// What belongs to the connection and is set by it.
pub(crate) const RESERVED: [HeaderName; 8] =
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// A method of RFC 9110 §9 or RFC 5789.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST: not repeated once anything was sent.
    Post,
    /// PUT.
    Put,
    /// PATCH: not repeated once anything was sent.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// RFC 9110 §9.2.2: whether doing it twice is like doing it once.
    pub(crate) const fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }

    const fn http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Post => http::Method::POST,
            Self::Put => http::Method::PUT,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }
}

/// What a request brings along.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// `application/json`.
    Json(Value),
    /// `text/plain; charset=utf-8`.
    Text(String),
    /// Anything, with its content type.
    Bytes(&'static str, Bytes),
}

/// One request. `Debug` shows nothing of a person.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address: `http` or `https`, ASCII, percent-encoded by who made it.
    pub url: String,
    /// Header fields. `accept`, `content-type` and `user-agent` replace ours; those of the connection are refused.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// For everything together: names, connection, repetitions, the whole answer. Up to [`TIMEOUT_MAX`].
    pub timeout: Duration,
    /// How often it is tried again, up to [`RETRIES_MAX`]: if nothing was sent yet, or, for GET, PUT and DELETE, if the
    /// connection broke or the answer was 429, 502, 503 or 504.
    pub retries: u8,
    /// The most bytes of an answer, up to [`RESPONSE_CEILING`].
    pub response_max: usize,
}

impl Request {
    /// A request without header fields or body that is not repeated.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>, timeout: Duration) -> Self {
        let (headers, body, retries) = (Vec::new(), Body::Empty, 0);
        Self { method, url: url.into(), headers, body, timeout, retries, response_max: RESPONSE_MAX }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, timeout, retries, .. } = self;
        write!(f, "Request {{ {method:?} ***, timeout: {timeout:?}, retries: {retries} }}")
    }
}

/// Whether an address could be asked: a checker of flows calls this.
///
/// # Errors
/// [`Failure::BadUrl`] if it has another scheme than `http` and `https`, no host, a user name or password (which would end up
/// in logs of proxies: use a header field), characters that must be percent-encoded, or is longer than [`URL_MAX`].
pub fn check_url(url: &str) -> Result<(), Failure> {
    address(url).map(drop)
}

/// A request that can be sent, any number of times.
pub(crate) struct Prepared {
    pub(crate) host: String,
    pub(crate) method: Method,
    pub(crate) timeout: Duration,
    pub(crate) retries: u8,
    pub(crate) response_max: usize,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    pub(crate) fn new(request: &Request, keys: &Keys) -> Result<Self, Failure> {
        let (uri, host) = address(&request.url)?;
        let mut headers = headers(&request.headers, content_type(&request.body))?;
        for (name, value) in keys.fields(&request.url) {
            let name: HeaderName = name.parse().map_err(|_| Failure::BadRequest)?;
            let mut value: HeaderValue = value.expose().parse().map_err(|_| Failure::BadRequest)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let body = match &request.body {
            Body::Empty => Bytes::new(),
            Body::Json(value) => Bytes::from(value.to_string()),
            Body::Text(text) => Bytes::from(text.clone()),
            Body::Bytes(_, bytes) => bytes.clone(),
        };
        if body.len() > REQUEST_BODY_MAX {
            return Err(Failure::BadRequest);
        }
        Ok(Self {
            host,
            method: request.method,
            timeout: request.timeout.min(TIMEOUT_MAX),
            retries: request.retries.min(RETRIES_MAX),
            response_max: request.response_max.min(RESPONSE_CEILING),
            uri,
            headers,
            body,
        })
    }

    pub(crate) fn request(&self) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.http();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn address(url: &str) -> Result<(Uri, String), Failure> {
    if url.len() > URL_MAX {
        return Err(Failure::BadUrl);
    }
    let uri: Uri = url.parse().map_err(|_| Failure::BadUrl)?;
    let default_port = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        Some(_) | None => return Err(Failure::BadUrl),
    };
    let authority = uri.authority().filter(|authority| is_plain(authority)).ok_or(Failure::BadUrl)?;
    let port = authority.port_u16().unwrap_or(default_port);
    let host = format!("{}:{port}", authority.host().to_ascii_lowercase());
    Ok((uri, host))
}

/// A host with or without a port, and nothing else.
fn is_plain(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    let is_port = |rest: &str| rest.is_empty() || authority.port_u16().is_some_and(|port| port > 0);
    !authority.host().is_empty() && rest.is_some_and(is_port)
}

const fn content_type(body: &Body) -> Option<&'static str> {
    match body {
        Body::Empty => None,
        Body::Json(_) => Some("application/json"),
        Body::Text(_) => Some("text/plain; charset=utf-8"),
        Body::Bytes(content_type, _) => Some(content_type),
    }
}

fn headers(given: &[(String, String)], content_type: Option<&'static str>) -> Result<HeaderMap, Failure> {
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if given.len() > HEADERS_MAX || size > HEADERS_SIZE_MAX {
        return Err(Failure::BadRequest);
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in given {
        let name: HeaderName = name.parse().map_err(|_| Failure::BadRequest)?;
        let mut value: HeaderValue = value.parse().map_err(|_| Failure::BadRequest)?;
        if RESERVED.contains(&name) {
            return Err(Failure::BadRequest);
        }
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> Request {
        Request::new(Method::Get, url, Duration::from_secs(1))
    }

    #[test]
    fn addresses_that_cannot_be_asked_are_refused_before_anything_is_sent() {
        for good in ["http://crm.example", "https://[::1]:8443/a?b=%2B49", "HTTP://10.0.0.1:80/"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let long = format!("http://a/{}", "x".repeat(URL_MAX));
        for bad in [
            "",
            "crm.example/customers",
            "/customers",
            "ftp://crm.example",
            "file:///etc/passwd",
            "http://",
            "http://:80/",
            "http://user:secret@crm.example/",
            "http://crm.example:0/",
            "http://crm.example:99999/",
            "http://crm.example/a b",
            "http://crm.example/\r\nX: y",
            &long,
        ] {
            assert_eq!(check_url(bad), Err(Failure::BadUrl), "{bad}");
        }
    }

    #[test]
    fn a_host_is_one_however_it_is_written() {
        let host = |url: &str| address(url).unwrap().1;
        assert_eq!(host("http://CRM.example/a"), host("http://crm.example:80/b?c"));
        assert_ne!(host("http://crm.example/"), host("https://crm.example/"));
    }

    #[test]
    fn header_fields_cannot_break_out_or_take_over_the_connection() {
        for (name, value) in
            [("x", "a\r\nHost: b"), ("x y", "a"), ("Host", "b"), ("content-length", "3"), ("Upgrade", "h2c")]
        {
            let mut request = request("http://crm.example");
            request.headers = vec![(name.to_owned(), value.to_owned())];
            assert_eq!(Prepared::new(&request, &Keys::default()).err(), Some(Failure::BadRequest), "{name}");
        }
        let mut many = request("http://crm.example");
        many.headers = (0..=HEADERS_MAX).map(|n| (format!("x-{n}"), String::new())).collect();
        assert_eq!(Prepared::new(&many, &Keys::default()).err(), Some(Failure::BadRequest));
        let mut own = request("http://crm.example");
        own.headers = vec![("Accept".to_owned(), "audio/wav".to_owned())];
        assert_eq!(Prepared::new(&own, &Keys::default()).unwrap().request().headers()[ACCEPT], "audio/wav");
    }

    #[test]
    fn a_request_shows_nothing_of_a_person() {
        let mut request = request("http://crm.example/customers/+4930123456?name=Mueller");
        request.headers = vec![("authorization".to_owned(), "Bearer hunter2".to_owned())];
        request.body = Body::Text("Mueller".to_owned());
        let shown = format!("{request:?}");
        assert_eq!(shown, "Request { Get ***, timeout: 1s, retries: 0 }");
    }
}
