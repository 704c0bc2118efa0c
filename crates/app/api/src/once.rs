//! Requests that may be sent twice and are done once: `Idempotency-Key`, after the draft of the IETF
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! The first request with a key is carried out in a task of its own, so that a client who goes away does not leave it half
//! done, and its answer is kept for a day. A second one gets that answer. Answers that hold a secret are not kept: whoever asks
//! again is told that it was done. See docs/adr/0026.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hotline_store::{KeyedAnswer, KeyedRequest, KeyedState};
use hotline_telemetry::Metric;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::answer::ShownOnce;
use crate::app::App;
use crate::auth::Identity;
use crate::error::{ApiError, NothingDone};
use crate::routes::FLOW_BODY_BYTES_MAX;

/// The request field.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The field of an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// Signing in makes a cookie each time, and takes no key.
const SIGN_IN: &str = "/v1/session";
/// The fields of an answer that are kept with it.
const KEPT_FIELDS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
/// How often old keys are forgotten.
const TRIM_EVERY: Duration = Duration::from_secs(60);
/// Keys after which old ones are forgotten at once.
const TRIM_AFTER: u64 = 1000;

/// Which run of the server this is, and how many keys it has taken.
pub(crate) struct Keys {
    run: String,
    taken: AtomicU64,
    /// Users and hashes of keys whose requests are being done. Held for one look-up, never across an await.
    under_way: Mutex<BTreeSet<(String, String)>>,
}

impl Keys {
    pub(crate) fn new(run: String) -> Self {
        Self { run, taken: AtomicU64::new(0), under_way: Mutex::default() }
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for a request in the database.
struct Keyed {
    user: String,
    key_hash: String,
    request_hash: String,
}

impl Keyed {
    fn request<'a>(&'a self, app: &'a App) -> KeyedRequest<'a> {
        let Self { user, key_hash, request_hash } = self;
        KeyedRequest { user, key_hash, request_hash, run: &app.keys.run }
    }
}

/// Does a `POST` with a key once. What has no key, or nobody who asks, passes.
pub(crate) async fn once(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    // Who must do something else first is turned away by the guard, and so nothing is told that was kept.
    let free = request.extensions().get::<Identity>().filter(|who| who.is_free().is_ok());
    let user = free.map(|who| who.user.name.clone());
    let signs_in = request.uri().path().ends_with(SIGN_IN);
    let (Some(field), Some(user), &Method::POST, false) =
        (request.headers().get(KEY), user, request.method(), signs_in)
    else {
        return Ok(next.run(request).await);
    };
    let key = read_key(field)?.to_owned();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, FLOW_BODY_BYTES_MAX).await.map_err(|_| ApiError::TooLarge)?;
    let asked = parts.uri.path_and_query().map_or("", |asked| asked.as_str());
    let keyed = Keyed {
        key_hash: hash([key.as_bytes(), b"", b"", b""]),
        // With the key, which nobody keeps: a body may hold a password, which is not to be guessed from what is kept.
        request_hash: hash([key.as_bytes(), asked.as_bytes(), if_match(&parts.headers), &body]),
        user,
    };
    let under_way = UnderWay::begin(&app, &keyed);
    match app.ports.store.begin_keyed(keyed.request(&app), app.now()).await? {
        KeyedState::New => {}
        KeyedState::Running if under_way.is_none() => return Err(ApiError::KeyRunning),
        // It was begun by this process, and has failed in a way of which nobody knows how far it came.
        KeyedState::Running => return Err(ApiError::KeyUnknown),
        KeyedState::Unknown => return Err(ApiError::KeyUnknown),
        KeyedState::Other => return Err(ApiError::KeyReused),
        KeyedState::Answered(answer) => {
            // The guard of the route asks for the permission first: it may have been taken away since.
            let mut request = Request::from_parts(parts, Body::from(body));
            request.extensions_mut().insert(Given(answer));
            return Ok(next.run(request).await);
        }
    }
    if app.keys.taken.fetch_add(1, Ordering::Relaxed) % TRIM_AFTER == TRIM_AFTER - 1 {
        trim(&app).await;
    }
    let request = Request::from_parts(parts, Body::from(body));
    let under_way = under_way.or_else(|| UnderWay::begin(&app, &keyed));
    let work = async move {
        let _under_way = under_way;
        let answer = next.run(request).await;
        keep(&app, &keyed, answer).await
    };
    // A panic leaves the key as it is: nobody knows how far it came.
    tokio::spawn(work.in_current_span()).await.map_err(|_| ApiError::Panicked)?
}

/// A request that is being done, until this is dropped.
struct UnderWay {
    app: Arc<App>,
    which: (String, String),
}

impl UnderWay {
    /// `None` if it is under way already.
    fn begin(app: &Arc<App>, keyed: &Keyed) -> Option<Self> {
        let which = (keyed.user.clone(), keyed.key_hash.clone());
        let is_first = app.keys.under_way().insert(which.clone());
        is_first.then(|| Self { app: Arc::clone(app), which })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.app.keys.under_way().remove(&self.which);
    }
}

/// The draft writes a string with quotes; many clients leave them out.
fn read_key(field: &HeaderValue) -> Result<&str, ApiError> {
    let key = field.to_str().unwrap_or_default().trim();
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    if key.is_empty() || key.len() > KEY_BYTES_MAX { Err(ApiError::Key) } else { Ok(key) }
}

fn if_match(headers: &HeaderMap) -> &[u8] {
    headers.get(header::IF_MATCH).map(HeaderValue::as_bytes).unwrap_or_default()
}

/// Of parts that cannot be taken for one another.
fn hash(parts: [&[u8]; 4]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps what was done; what was refused may be asked again. A failure may have come after the act, so its key stands for
/// something of which nobody knows, unless it is one that comes before.
async fn keep(app: &App, keyed: &Keyed, answer: Response) -> Result<Response, ApiError> {
    let (request, status) = (keyed.request(app), answer.status());
    let nothing_done = answer.extensions().get::<NothingDone>().is_some();
    if status.is_client_error() || nothing_done {
        app.ports.store.forget_keyed(request).await?;
    }
    if !status.is_success() {
        return Ok(answer);
    }
    let is_shown_once = answer.extensions().get::<ShownOnce>().is_some();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| ApiError::Panicked)?;
    let fields =
        KEPT_FIELDS.iter().filter_map(|name| Some((name.as_str(), parts.headers.get(name)?.to_str().ok()?)));
    let headers = serde_json::Map::from_iter(fields.map(|(name, value)| (name.to_owned(), value.into())));
    let text = String::from_utf8(body.to_vec()).map_err(|_| ApiError::Panicked)?;
    let kept = KeyedAnswer {
        status: status.as_u16(),
        headers: serde_json::Value::Object(headers).to_string(),
        body: (!is_shown_once).then_some(text),
    };
    if let Err(error) = app.ports.store.answer_keyed(request, &kept).await {
        // It is done; who asks again learns that nobody knows.
        tracing::warn!(%error, "an answer was not kept for its key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What was answered to the same request before.
#[derive(Clone)]
pub(crate) struct Given(KeyedAnswer);

/// The answer of before, in place of a handler's.
pub(crate) fn replay(Given(answer): Given) -> Result<Response, ApiError> {
    Metric::ApiKeysReplayed.increment(1);
    let Some(body) = answer.body else { return Err(ApiError::KeyShownOnce) };
    let status = StatusCode::from_u16(answer.status).map_err(|_| ApiError::Panicked)?;
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&answer.headers).unwrap_or_default();
    let mut response = (status, Bytes::from(body)).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in &fields {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

async fn trim(app: &App) {
    match app.ports.store.trim_keyed(app.now()).await {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        Ok(kept) => Metric::ApiKeys.gauge().set(kept as f64),
        Err(error) => tracing::debug!(%error, "old keys are forgotten later"),
    }
}

/// Forgets old keys until `shutdown`.
pub(crate) async fn look_after_keys(app: Arc<App>, shutdown: CancellationToken) {
    let mut beat = interval(TRIM_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(beat.tick()).await.is_some() {
        trim(&app).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_and_without_quotes() {
        let read = |text: &str| read_key(&HeaderValue::from_str(text).unwrap()).map(str::to_owned).ok();
        assert_eq!(read("\"8e03978e\""), Some("8e03978e".to_owned()));
        assert_eq!(read(" 8e03978e "), Some("8e03978e".to_owned()));
        assert_eq!(read("\"\""), None);
        assert_eq!(read(&"x".repeat(256)), None);
    }

    #[test]
    fn what_is_asked_cannot_be_shifted_between_its_parts() {
        assert_ne!(hash([b"ab", b"", b"c", b""]), hash([b"a", b"b", b"c", b""]));
        assert_eq!(hash([b"a", b"", b"", b""]).len(), 64);
    }
}
