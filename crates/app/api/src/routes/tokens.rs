//! Tokens for programs: each may what its user may, or less.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use hotline_access::{Grants, Permission, Scope};
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::SessionKind;
use serde_json::json;

use super::people::stronger_than;
use super::session::{Part, by_session, forget, list_of};
use crate::answer::{Made, NoContent, Secret};
use crate::app::App;
use crate::auth::{Duty, Identity, Origin, duty};
use crate::convert::{permissions, time};
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::sign_in::{Begin, Proof, Proved, begin, prove};

/// The shortest life of a token, in seconds. The longest is configured.
pub(crate) const TOKEN_SECONDS_MIN: u64 = 60;
/// The life of a token that nobody chose, in seconds, unless the longest is shorter.
pub(crate) const TOKEN_SECONDS_DEFAULT: u64 = 90 * 24 * 3600;
/// The longest name of a token, in characters.
pub(crate) const TOKEN_NAME_CHARS_MAX: usize = 100;

/// `POST /api/v1/tokens`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Result<Identity, ApiError>,
    Json(mut body): Json<api::NewToken>,
) -> Result<Secret<Made<api::Token>>, ApiError> {
    let wanted = read(&app, &body)?;
    let (user, standing) = match (body.user.take(), body.password.take()) {
        (Some(user), Some(password)) => {
            let proof = Proof { user, password, code: body.code.take() };
            let Proved { user, standing } = prove(&app, origin, proof).await?;
            match duty(&app, &user, &standing) {
                None => {}
                Some(Duty::Password) => return Err(ApiError::PasswordFirst),
                Some(Duty::SecondFactor) => return Err(ApiError::SecondFactorFirst),
            }
            (user, standing)
        }
        (None, None) | (Some(_), None) | (None, Some(_)) => {
            let who = who?;
            who.is_free()?;
            // Else whoever finds a token could make itself another one, for ever.
            by_session(&who)?;
            (who.user, who.standing)
        }
    };
    wanted.make(&app, origin, (&user.name, &standing.grants), &user.name).await
}

/// `POST /api/v1/users/{name}/tokens`: for a program, by whoever manages it. People make their own.
pub(crate) async fn create_for(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
    Path(name): Path<String>,
    Json(body): Json<api::NewToken>,
) -> Result<Secret<Made<api::Token>>, ApiError> {
    by_session(&who)?;
    let wanted = read(&app, &body)?;
    let user = stronger_than(&app, &who, &name).await?;
    let standing = app.ports.store.standing_of(&user.name).await?;
    if standing.pages {
        return Err(ApiError::Kept("this user signs in to the pages and makes tokens there"));
    }
    wanted.make(&app, origin, (&user.name, &standing.grants), &who.user.name).await
}

/// `GET /api/v1/tokens`: one's own.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::SessionList>, ApiError> {
    list_of(&app, (&who, &who.user.name), &part, true).await
}

/// `DELETE /api/v1/tokens/current`
pub(crate) async fn end(State(app): State<Arc<App>>, who: Identity) -> Result<NoContent, ApiError> {
    match who.session.kind {
        SessionKind::Token => forget(&app, &who).await.map(|()| NoContent),
        SessionKind::Session => Err(ApiError::NotFound),
    }
}

/// A token that is to be made.
struct Wanted {
    name: String,
    lifetime: Duration,
    grants: Option<Grants>,
}

impl Wanted {
    async fn make(
        self,
        app: &App,
        origin: Origin,
        (user, held): (&str, &Grants),
        by: &str,
    ) -> Result<Secret<Made<api::Token>>, ApiError> {
        if self.grants.as_ref().is_some_and(|wanted| !held.cover(wanted)) {
            return Err(ApiError::Forbidden);
        }
        let detail = json!({
            "name": self.name, "days": self.lifetime.as_secs() / 86_400,
            "permissions": self.grants.as_ref().map(permissions)
        });
        let kind = SessionKind::Token;
        let (name, lifetime, grants) = (self.name, self.lifetime, self.grants);
        let wanted = Begin { kind, name, lifetime, limited: false, grants, origin };
        let (token, session) = begin(app, user, wanted).await?;
        app.audit(by, "token.create", user, detail).await?;
        let expires_at = time(session.expires_at.unwrap_or(WallTime(i64::MAX)));
        Ok(Secret(Made(api::Token { id: session.id, token, expires_at })))
    }
}

fn read(app: &App, body: &api::NewToken) -> Result<Wanted, ApiError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, problem: String| {
        errors.push(api::FieldProblem { field: field.to_owned(), problem });
    };
    let length = body.name.chars().count();
    if body.name.trim().is_empty() || length > TOKEN_NAME_CHARS_MAX || body.name.contains('\0') {
        wrong("name", format!("must have 1 to {TOKEN_NAME_CHARS_MAX} characters"));
    }
    let most = app.ports.token_age_max.as_secs();
    let seconds = body.expires_in_s.unwrap_or(TOKEN_SECONDS_DEFAULT.min(most));
    if !(TOKEN_SECONDS_MIN..=most).contains(&seconds) {
        wrong("expires_in_s", format!("must lie between {TOKEN_SECONDS_MIN} and {most}"));
    }
    if body.user.is_some() != body.password.is_some() {
        let missing = if body.user.is_some() { "password" } else { "user" };
        wrong(missing, "is missing".to_owned());
    }
    let mut limit = Grants::default();
    for (word, scope) in body.permissions.iter().flatten() {
        match (Permission::parse(word), Scope::parse(scope)) {
            (Some(permission), Some(scope)) => limit.grant(permission, scope),
            (_, _) => wrong(&format!("permissions.{word}"), "is no permission with a scope".to_owned()),
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::Fields(errors));
    }
    let grants = body.permissions.is_some().then_some(limit);
    Ok(Wanted { name: body.name.clone(), lifetime: Duration::from_secs(seconds), grants })
}
