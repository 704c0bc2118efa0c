//! Whoever comes by plain HTTP from elsewhere is sent to HTTPS. This machine is not: programs on it, and a proxy in front, may go on as
//! they are. An authority of certificates that looks for an answer is given it.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hotline_tls::{ACME_PATH, Challenges};
use http::uri::Authority;
use http::{HeaderValue, Method, StatusCode, header};

use crate::auth::Origin;

/// What monitors ask, who follow nobody elsewhere.
const PLAIN: [&str; 2] = ["/healthz", "/readyz"];

/// The answer to an authority that looks whether a name leads here (RFC 8555 §8.3), while a certificate is asked for.
pub(crate) fn answer_authority(challenges: &Challenges, request: &Request) -> Option<Response> {
    let token = request.uri().path().strip_prefix(ACME_PATH)?;
    let answer = challenges.http(token).filter(|_| request.method() == Method::GET)?;
    let mut response = Response::new(Body::from(answer));
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Some(response)
}

/// The answer to a request that is to come again by HTTPS; `None` if it may be answered as it is.
pub(crate) fn redirect(https_port: Option<u16>, request: &Request) -> Option<Response> {
    let origin = request.extensions().get::<Origin>()?;
    let is_own = origin.address.to_canonical().is_loopback();
    let port = https_port.filter(|_| !origin.is_secure && !is_own)?;
    if PLAIN.contains(&request.uri().path()) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    match place(request, port) {
        Some(place) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, place);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Some(response)
}

/// The same place by HTTPS, at the host that the client has named.
fn place(request: &Request, port: u16) -> Option<HeaderValue> {
    let named = request.headers().get(header::HOST)?.to_str().ok()?.parse::<Authority>().ok()?;
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    HeaderValue::from_str(&format!("https://{}{port}{path}", named.host())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a request from there is sent, or its status.
    fn sent(from: &str, is_secure: bool, host: Option<&str>, path: &str) -> Option<String> {
        let mut request = Request::builder().uri(path);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Origin { address: from.parse().unwrap(), is_secure });
        let response = redirect(Some(8443), &request)?;
        let place = response.headers().get(header::LOCATION).map(|place| place.to_str().unwrap().to_owned());
        Some(place.unwrap_or_else(|| response.status().to_string()))
    }

    #[test]
    fn an_authority_finds_its_answer_while_it_looks_and_nobody_is_told_of_others() {
        let challenges = Challenges::default();
        let asked = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            answer_authority(&challenges, &request).map(|response| response.status().as_u16())
        };
        let path = "/.well-known/acme-challenge/token-1";
        assert_eq!(asked(Method::GET, path), None);
        challenges.answer_http("token-1", "token-1.thumb");
        assert_eq!(asked(Method::GET, path), Some(200));
        assert_eq!(asked(Method::POST, path), None);
        assert_eq!(asked(Method::GET, "/.well-known/acme-challenge/token-2"), None);
        assert_eq!(asked(Method::GET, "/.well-known/acme-challenge/"), None);
        challenges.clear();
        assert_eq!(asked(Method::GET, path), None);
    }

    #[test]
    fn whoever_comes_from_elsewhere_by_http_is_sent_to_https() {
        let lan = "192.0.2.9";
        let host = Some("hotline.lan:8080");
        assert_eq!(sent(lan, false, host, "/desk?a=b").as_deref(), Some("https://hotline.lan:8443/desk?a=b"));
        assert_eq!(
            sent(lan, false, Some("[2001:db8::1]"), "/").as_deref(),
            Some("https://[2001:db8::1]:8443/")
        );
        assert_eq!(sent(lan, false, None, "/").as_deref(), Some("400 Bad Request"));
        assert_eq!(sent(lan, false, Some("a b"), "/").as_deref(), Some("400 Bad Request"));
        assert_eq!(sent(lan, true, host, "/"), None);
        assert_eq!(sent(lan, false, host, "/healthz"), None);
        assert_eq!(sent("127.0.0.1", false, host, "/"), None);
        assert_eq!(sent("::ffff:127.0.0.1", false, host, "/"), None);
    }
}
