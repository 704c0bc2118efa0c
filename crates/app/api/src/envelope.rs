//! Around every request: its id (the client's own if it sent a good one), its time limit, what becomes of a panic, and the headers every answer has.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use hotline_base::{RequestId, WallTime};
use hotline_otlp::{Kind, Parent, Span, SpanId, TraceId};
use hotline_shard::for_request;
use hotline_telemetry::Metric;
use http::{HeaderName, HeaderValue, header};
use tracing::Instrument;

use crate::app::App;
use crate::error::ApiError;
use crate::secure;

/// Which pages may load what is answered: those of this server, unless the answer says that all may.
pub(crate) const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// How long a request may take until its answer begins, its body's arrival included.
pub(crate) const REQUEST_MAX: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// Only what this server sends itself; no frames around its pages. Styles may stand in the page, because the
/// pages' component library writes its theme there; scripts may not.
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// See the module.
pub(crate) async fn envelope(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let traced = Traced::begin(&app, &request);
    let sent = request.headers().get(REQUEST_ID).and_then(|id| RequestId::parse(id.to_str().ok()?));
    let id = sent.unwrap_or_else(|| generated(&app));
    let method = request.method().clone();
    // The pattern, not the path: paths hold ids.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let in_api = route.starts_with("/api") || request.uri().path().starts_with("/api");
    let span = tracing::info_span!("request", %id, %method, route);
    let elsewhere = secure::answer_authority(&app.ports.challenges, &request)
        .or_else(|| secure::redirect(app.ports.https_port, &request));
    let answer = async {
        match elsewhere {
            Some(elsewhere) => elsewhere,
            None => next.run(request).await,
        }
    };
    let answer = for_request(id.clone(), tokio::time::timeout(REQUEST_MAX, answer));
    // Nothing is seen again after a panic but the shared state, whose locks are never held while foreign code
    // runs.
    let answer = AssertUnwindSafe(answer).catch_unwind().instrument(span.clone()).await;
    let failed = |error: ApiError| error.for_request(&id);
    let mut response = span.in_scope(|| match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => failed(ApiError::TooSlow),
        Err(_) => {
            Metric::ApiPanics.increment(1);
            tracing::error!("a request ended in a panic");
            failed(ApiError::Panicked)
        }
    });
    decorate(&mut response, id.as_str(), in_api);
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, elapsed = ?began.elapsed(), "answered"));
    Metric::ApiRequests.increment_for([method_label(&method), &route, &status.to_string()]);
    Metric::ApiRequestTime.record(began.elapsed().as_secs_f64());
    if let Some(traced) = traced {
        traced.end(&app, (method_label(&method), &route), status, &id);
    }
    response
}

/// A request that is traced.
struct Traced {
    trace: TraceId,
    parent: Option<SpanId>,
    from: WallTime,
}

impl Traced {
    /// As a part of the client's trace, if it names one, which then says whether it is kept.
    fn begin(app: &App, request: &Request) -> Option<Self> {
        let traces = &app.ports.traces_out;
        if !traces.is_on() {
            return None;
        }
        let field = request.headers().get(TRACE_PARENT).and_then(|field| field.to_str().ok());
        let parent = field.and_then(Parent::parse);
        let trace = parent.map_or_else(
            || {
                TraceId(
                    app.with_rng(|rng| u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())).max(1),
                )
            },
            |parent| parent.trace,
        );
        let is_kept = parent.map_or_else(|| traces.keeps(trace), |parent| parent.is_sampled);
        is_kept.then(|| Self { trace, parent: parent.map(|parent| parent.span), from: app.now() })
    }

    fn end(self, app: &App, (method, route): (&'static str, &str), status: u16, id: &RequestId) {
        let Self { trace, parent, from } = self;
        app.ports.traces_out.push(Span {
            trace,
            id: SpanId(app.with_rng(|rng| rng.next_u64()).max(1)),
            parent,
            name: format!("{method} {route}"),
            kind: Kind::Server,
            from,
            to: app.now(),
            attributes: vec![
                ("http.request.method", method.into()),
                ("http.route", route.into()),
                ("http.response.status_code", status.into()),
                ("hotline.request", id.as_str().into()),
            ],
            moments: Vec::new(),
            is_error: status >= 500,
        });
    }
}

/// An id of ours. It has a letter.
fn generated(app: &App) -> RequestId {
    let id = app.with_rng(|rng| format!("r{}", rng.hex(16)));
    RequestId::parse(&id).expect("a letter and hexadecimal digits")
}

/// Clients can make up methods, and each would be a new time series.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn decorate(response: &mut Response, id: &str, in_api: bool) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (RESOURCE_POLICY, if headers.contains_key(RESOURCE_POLICY) { "cross-origin" } else { "same-origin" }),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if in_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
