//! Signing in and out with a browser, and one's own sessions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Permission, Scope};
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::{NAME_CHARS_MAX, Session, SessionKind, SessionPart};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::people::stronger_than;
use crate::answer::{NoContent, SignedIn, SignedOut};
use crate::app::App;
use crate::auth::{COOKIE, Duty, Identity, Origin, SECURE_COOKIE, duty, identity};
use crate::convert::{permissions, time};
use crate::cursor::{self, page_size};
use crate::error::ApiError;
use crate::extract::{Browser, Json, Path, Query};
use crate::sign_in::{Begin, Proof, Proved, begin, prove};

/// How long a browser stays signed in: a shift with its breaks.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// `POST /api/v1/session`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    origin: Origin,
    browser: Browser,
    Json(body): Json<api::SignIn>,
) -> Result<SignedIn<api::Session>, ApiError> {
    let proof = Proof { user: body.user, password: body.password, code: body.code };
    let Proved { user, standing } = prove(&app, origin, proof).await?;
    if !standing.pages {
        return Err(ApiError::NoPages);
    }
    let duty = duty(&app, &user, &standing);
    let wanted = Begin {
        kind: SessionKind::Session,
        name: browser.0.chars().take(NAME_CHARS_MAX).collect(),
        lifetime: SESSION_LIFETIME,
        limited: duty.is_some(),
        grants: None,
        origin,
    };
    let (secret, session) = begin(&app, &user.name, wanted).await?;
    let detail = json!({ "from": origin.address, "limited": duty.is_some() });
    app.audit(&user.name, "session.create", &user.name, detail).await?;
    let found = app.ports.store.find_session(&session.token, app.now()).await?;
    let who = identity(&app, found.ok_or(ApiError::SignInFailed)?);
    let cookie = cookie(&secret, SESSION_LIFETIME, origin.is_secure);
    Ok(SignedIn { cookie, body: shape(&who) })
}

/// `GET /api/v1/session`
pub(crate) async fn show(who: Identity) -> axum::Json<api::Session> {
    axum::Json(shape(&who))
}

/// `DELETE /api/v1/session`
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
) -> Result<SignedOut, ApiError> {
    forget(&app, &who).await?;
    Ok(signed_out(origin))
}

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many on a page: 1 to 500, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/sessions`: one's own sessions and tokens.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::SessionList>, ApiError> {
    list_of(&app, (&who, &who.user.name), &part, false).await
}

/// Sessions and tokens of a user, or tokens alone, as `who` sees them.
pub(super) async fn list_of(
    app: &App,
    (who, whose): (&Identity, &str),
    part: &Part,
    tokens_only: bool,
) -> Result<axum::Json<api::SessionList>, ApiError> {
    let size = page_size(part.limit);
    let after: Option<(WallTime, String)> = cursor::read(part.cursor.as_deref())?;
    let after = after.as_ref().map(|(created_at, id)| (*created_at, id.as_str()));
    let wanted = SessionPart { tokens_only, after, limit: size + 1 };
    let sessions = app.ports.store.list_sessions(whose, &wanted, app.now()).await?;
    let (sessions, next) = cursor::page(sessions, size, |last| (last.created_at, last.id.clone()));
    let sessions = sessions.iter().map(|one| listed(one, &who.session)).collect();
    Ok(axum::Json(api::SessionList { sessions, next }))
}

/// `GET /api/v1/users/{name}/sessions`: those of a user and tokens, by whoever manages the user.
pub(crate) async fn list_of_user(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::SessionList>, ApiError> {
    let user = stronger_than(&app, &who, &name).await?;
    list_of(&app, (&who, &user.name), &part, false).await
}

/// `DELETE /api/v1/users/{name}/sessions/{id}`: one of them ends.
pub(crate) async fn end_of_user(
    State(app): State<Arc<App>>,
    who: Identity,
    Path((name, id)): Path<(String, String)>,
) -> Result<NoContent, ApiError> {
    let user = stronger_than(&app, &who, &name).await?;
    if !app.ports.store.delete_session_of(&user.name, &id).await? {
        return Err(ApiError::NotFound);
    }
    app.with_known(|known| known.forget_user(&user.name));
    app.hub.look_again();
    app.audit(&who.user.name, "user.session.end", &user.name, json!({ "id": id })).await?;
    Ok(NoContent)
}

/// `DELETE /api/v1/sessions`: signs out everywhere. Tokens stay.
pub(crate) async fn end_all(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
) -> Result<SignedOut, ApiError> {
    by_session(&who)?;
    let ended = app.ports.store.delete_sessions_of(&who.user.name).await?;
    app.with_known(|known| known.forget_user(&who.user.name));
    app.hub.look_again();
    app.audit(&who.user.name, "session.end_all", &who.user.name, json!({ "ended": ended })).await?;
    Ok(signed_out(origin))
}

/// `DELETE /api/v1/sessions/{id}`: one of one's own sessions or tokens.
pub(crate) async fn end_one(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    by_session(&who)?;
    if !app.ports.store.delete_session_of(&who.user.name, &id).await? {
        return Err(ApiError::NotFound);
    }
    app.with_known(|known| known.forget_user(&who.user.name));
    app.hub.look_again();
    app.audit(&who.user.name, "session.end", &who.user.name, json!({ "id": id })).await?;
    Ok(NoContent)
}

/// Whoever finds a token must not be able to act on its owner's sessions and credentials.
pub(super) fn by_session(who: &Identity) -> Result<(), ApiError> {
    match who.session.kind {
        SessionKind::Session => Ok(()),
        SessionKind::Token => Err(ApiError::Forbidden),
    }
}

/// Ends the session or token of the request, and its open pages.
pub(super) async fn forget(app: &App, who: &Identity) -> Result<(), ApiError> {
    app.ports.store.delete_session(&who.session.token).await?;
    app.with_known(|known| known.forget(&who.session.token));
    app.hub.close_pages_of(&who.session.token);
    app.audit(&who.user.name, "session.end", &who.user.name, serde_json::Value::Null).await
}

fn signed_out(origin: Origin) -> SignedOut {
    SignedOut { cookie: cookie("", Duration::ZERO, origin.is_secure) }
}

fn shape(who: &Identity) -> api::Session {
    let Identity { session, user, viewer, duty, .. } = who;
    let overseen = viewer.teams().iter().map(|team| team.name.clone());
    let teams: BTreeSet<String> = user.teams.iter().cloned().chain(overseen).collect();
    let sees_others = viewer.grants.scope(Permission::AgentsSee) > Some(Scope::Own);
    api::Session {
        user: user.name.clone(),
        name: user.display_name.clone(),
        role: if sees_others { api::PageKind::Admin } else { api::PageKind::Agent },
        agent: user.agent.as_ref().map(ToString::to_string),
        roles: user.roles.iter().cloned().collect(),
        teams: teams.into_iter().collect(),
        permissions: permissions(&viewer.grants),
        second_factor: user.second_factor,
        must: duty.map(|duty| match duty {
            Duty::Password => "password_change".to_owned(),
            Duty::SecondFactor => "second_factor".to_owned(),
        }),
        expires_at: time(session.expires_at.unwrap_or(WallTime(i64::MAX))),
    }
}

/// A session as its owner sees it in a list.
fn listed(session: &Session, current: &Session) -> api::ListedSession {
    api::ListedSession {
        id: session.id.clone(),
        kind: match session.kind {
            SessionKind::Session => api::SessionKind::Session,
            SessionKind::Token => api::SessionKind::Token,
        },
        name: session.name.clone(),
        address: session.address.clone(),
        created_at: time(session.created_at),
        last_seen_at: time(session.last_seen_at),
        expires_at: session.expires_at.map(time),
        permissions: session.grants.as_ref().map(permissions),
        current: session.token == current.token,
    }
}

fn cookie(secret: &str, lifetime: Duration, is_secure: bool) -> String {
    let (name, secure) = if is_secure { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    format!("{name}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", lifetime.as_secs())
}
