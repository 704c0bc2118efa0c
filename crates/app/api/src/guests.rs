//! How often visitors of web pages may ask, who are nobody: by address and in total; and which pages of other hosts may ask for them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use hotline_telemetry::Metric;
use http::{HeaderValue, Method, StatusCode, header};

use crate::app::App;
use crate::error::ApiError;

/// Paths below `/api` for visitors.
const PATHS: [&str; 2] = ["/v1/guests", "/v1/guests/callbacks"];
/// Addresses that are remembered; while there are as many, no others are let in.
const SOURCES_MAX: usize = 10_000;

/// What visitors ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To call.
    Call,
    /// To be called back.
    Callback,
}

impl Wish {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Callback => "callback",
        }
    }

    /// How many at once, and how long each takes to be forgotten: of one address.
    const fn of_source(self) -> (u32, Duration) {
        match self {
            Self::Call => (6, Duration::from_secs(10)),
            Self::Callback => (3, Duration::from_secs(600)),
        }
    }

    /// The same of all.
    const fn of_all(self) -> (u32, Duration) {
        match self {
            Self::Call => (60, Duration::from_secs(1)),
            Self::Callback => (60, Duration::from_secs(60)),
        }
    }
}

/// What was asked, each forgotten after its time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When all is forgotten.
    empty_at: Instant,
}

impl Bucket {
    /// Counts one, or says how long to wait.
    fn take(&mut self, now: Instant, (most, each): (u32, Duration)) -> Result<(), Duration> {
        let empty_at = self.empty_at.max(now) + each;
        let over = empty_at.saturating_duration_since(now + each * most);
        if !over.is_zero() {
            return Err(over);
        }
        self.empty_at = empty_at;
        Ok(())
    }
}

/// Who asked how often.
#[derive(Default)]
pub(crate) struct Visits {
    sources: HashMap<(IpAddr, u8), Bucket>,
    all: HashMap<u8, Bucket>,
}

impl Visits {
    /// Counts a wish from there, or says how long to wait.
    pub(crate) fn take(&mut self, wish: Wish, source: IpAddr, now: Instant) -> Result<(), Duration> {
        let key = (network(source), wish as u8);
        if self.sources.len() >= SOURCES_MAX && !self.sources.contains_key(&key) {
            self.sources.retain(|_, bucket| bucket.empty_at > now);
            if self.sources.len() >= SOURCES_MAX {
                return Err(wish.of_source().1);
            }
        }
        let fresh = Bucket { empty_at: now };
        let source = self.sources.entry(key).or_insert(fresh);
        let mut counted = *source;
        counted.take(now, wish.of_source())?;
        self.all.entry(wish as u8).or_insert(fresh).take(now, wish.of_all())?;
        *source = counted;
        Ok(())
    }
}

/// Whoever has one address of IPv6 has its whole network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Whether a request is one of visitors, whose cookie counts for nothing.
pub(crate) fn is_for_visitors(request: &Request) -> bool {
    PATHS.contains(&request.uri().path())
}

/// Lets pages of the hosts that the center names ask for visitors (CORS), and no others.
///
/// # Errors
/// [`ApiError::CrossSite`].
pub(crate) async fn across(app: &App, request: Request, next: Next) -> Result<Response, ApiError> {
    let Some((origin, is_own)) = origin_of(&request) else {
        return Ok(next.run(request).await);
    };
    let is_named = app.center().control.web.origins.contains(&origin);
    if !is_own && !is_named {
        Metric::ApiCrossSiteRefused.increment(1);
        return Err(ApiError::CrossSite);
    }
    let mut response = if request.method() == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let fields = response.headers_mut();
        fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
        fields.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        response
    } else {
        next.run(request).await
    };
    if let (true, Ok(origin)) = (is_named, HeaderValue::from_str(&origin)) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

/// Where the page of a request is from, and whether that is this server.
fn origin_of(request: &Request) -> Option<(String, bool)> {
    let field = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = field(header::ORIGIN)?.to_ascii_lowercase();
    let is_own = origin.split_once("://").is_some_and(|(_, host)| field(header::HOST) == Some(host));
    Some((origin, is_own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_asks_so_often_and_all_together_more_often() {
        let (mut visits, now) = (Visits::default(), Instant::now());
        let at = |host: u8| IpAddr::from([192, 0, 2, host]);
        for _ in 0..6 {
            assert_eq!(visits.take(Wish::Call, at(1), now), Ok(()));
        }
        assert_eq!(visits.take(Wish::Call, at(1), now), Err(Duration::from_secs(10)));
        assert_eq!(visits.take(Wish::Callback, at(1), now), Ok(()), "something else");
        assert_eq!(visits.take(Wish::Call, at(1), now + Duration::from_secs(10)), Ok(()));
        let others = (2..=255).filter(|host| visits.take(Wish::Call, at(*host), now).is_ok()).count();
        assert_eq!(others, 53, "the seven of the first count too");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (mut visits, now) = (Visits::default(), Instant::now());
        let mut ask = |host: &str| visits.take(Wish::Callback, host.parse().unwrap(), now).is_ok();
        assert!(ask("2001:db8::1") && ask("2001:db8::2") && ask("2001:db8::3"));
        assert!(!ask("2001:db8::4"));
        assert!(ask("2001:db8:0:1::4"));
    }

    #[test]
    fn so_many_addresses_are_remembered() {
        let (mut visits, now) = (Visits::default(), Instant::now());
        let full = Bucket { empty_at: now + Duration::from_secs(5) };
        for number in 0..SOURCES_MAX as u32 {
            visits.sources.insert((IpAddr::from(number.to_be_bytes()), 0), full);
        }
        let other = IpAddr::from([192, 0, 2, 1]);
        assert!(visits.take(Wish::Call, other, now).is_err());
        assert!(visits.take(Wish::Call, other, now + Duration::from_secs(5)).is_ok());
    }
}
