//! Signing in and out with a browser.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::{NAME_CHARS_MAX, Role, Session, SessionKind, TokenHash, User};
use hotline_telemetry::Metric;
use http::{HeaderMap, StatusCode, header};

use crate::app::App;
use crate::auth::{COOKIE, Identity, Origin};
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Json;
use crate::throttle::Key;

/// How long a browser stays signed in: a shift with its breaks.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// `POST /api/v1/session`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    origin: Origin,
    headers: HeaderMap,
    Json(body): Json<api::SignIn>,
) -> Result<Response, ApiError> {
    let user = check_password(&app, origin, &body.user, body.password).await?;
    let browser = headers.get(header::USER_AGENT).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let name = browser.chars().take(NAME_CHARS_MAX).collect();
    let (secret, session) = begin(&app, &user, SessionKind::Session, name, SESSION_LIFETIME).await?;
    app.audit(&user.name, "session.create", &user.name, serde_json::json!({ "from": origin.0 })).await?;
    let cookie = cookie(&secret, SESSION_LIFETIME, app.ports.https);
    Ok(([(header::SET_COOKIE, cookie)], axum::Json(shape(&session, &user))).into_response())
}

/// `GET /api/v1/session`
pub(crate) async fn show(who: Identity) -> axum::Json<api::Session> {
    axum::Json(shape(&who.session, &who.user))
}

/// `DELETE /api/v1/session`
pub(crate) async fn end(State(app): State<Arc<App>>, who: Identity) -> Result<Response, ApiError> {
    forget(&app, &who).await?;
    let cookie = cookie("", Duration::ZERO, app.ports.https);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// The user, if the password is right. The same answer in the same time for a wrong password, a user who does
/// not exist and one who is disabled.
pub(super) async fn check_password(
    app: &App,
    origin: Origin,
    name: &str,
    password: String,
) -> Result<User, ApiError> {
    let key = Key::new(name, origin.0);
    app.begin_sign_in(&key).inspect_err(|_| count("throttled"))?;
    match try_password(app, name, password).await {
        Ok(Some(user)) => {
            app.end_sign_in(&key, true);
            count("right");
            Ok(user)
        }
        Ok(None) => {
            count("wrong");
            // Without the name: people type their password into that field.
            tracing::info!(from = %origin.0, "sign-in refused");
            Err(ApiError::SignInFailed)
        }
        Err(error) => {
            app.end_sign_in(&key, false);
            Err(error)
        }
    }
}

async fn try_password(app: &App, name: &str, password: String) -> Result<Option<User>, ApiError> {
    let user = app.ports.store.find_user(name).await?.filter(|user| !user.disabled);
    let hash = user.as_ref().map(|user| user.password_hash.expose().clone());
    Ok(if app.passwords.fits(password, hash).await? { user } else { None })
}

/// Keeps a new session and gives its secret.
pub(super) async fn begin(
    app: &App,
    user: &User,
    kind: SessionKind,
    name: String,
    lifetime: Duration,
) -> Result<(String, Session), ApiError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| ApiError::Panicked)?;
    let secret = random.map(|byte| format!("{byte:02x}")).concat();
    let now = app.now();
    // No better moment: as many go as come.
    app.ports.store.delete_expired_sessions(now).await?;
    let session = Session {
        token: TokenHash::of(&secret),
        user: user.name.clone(),
        kind,
        name,
        created_at: now,
        expires_at: Some(now + lifetime),
        last_seen_at: now,
    };
    app.ports.store.create_session(&session).await?;
    Ok((secret, session))
}

/// Ends the session or token of the request, and its open pages.
pub(super) async fn forget(app: &App, who: &Identity) -> Result<(), ApiError> {
    app.ports.store.delete_session(&who.session.token).await?;
    app.with_known(|known| known.forget(&who.session.token));
    app.hub.close_pages_of(&who.session.token);
    app.audit(&who.user.name, "session.end", &who.user.name, serde_json::Value::Null).await
}

fn shape(session: &Session, user: &User) -> api::Session {
    api::Session {
        user: user.name.clone(),
        name: user.display_name.clone(),
        role: match user.role {
            Role::Agent => api::Role::Agent,
            Role::Admin => api::Role::Admin,
        },
        agent: user.agent.as_ref().map(ToString::to_string),
        expires_at: time(session.expires_at.unwrap_or(WallTime(i64::MAX))),
    }
}

fn cookie(secret: &str, lifetime: Duration, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", lifetime.as_secs())
}

fn count(outcome: &'static str) {
    Metric::ApiSignIns.increment_for([outcome]);
}
