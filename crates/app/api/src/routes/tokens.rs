//! Tokens for programs.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hotline_api_types as api;
use hotline_base::WallTime;
use hotline_store::SessionKind;
use http::StatusCode;

use super::session::{begin, check_password, forget};
use crate::app::App;
use crate::auth::{Identity, Origin};
use crate::convert::time;
use crate::error::ApiError;
use crate::extract::Json;

/// The shortest and the longest life of a token, and the one nobody chose, in seconds.
pub(crate) const TOKEN_SECONDS_MIN: u64 = 60;
/// See [`TOKEN_SECONDS_MIN`].
pub(crate) const TOKEN_SECONDS_MAX: u64 = 365 * 24 * 3600;
/// See [`TOKEN_SECONDS_MIN`].
pub(crate) const TOKEN_SECONDS_DEFAULT: u64 = 30 * 24 * 3600;
/// The longest name of a token, in characters.
pub(crate) const TOKEN_NAME_CHARS_MAX: usize = 100;

/// `POST /api/v1/tokens`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Result<Identity, ApiError>,
    Json(body): Json<api::NewToken>,
) -> Result<Response, ApiError> {
    let seconds = body.expires_in_s.unwrap_or(TOKEN_SECONDS_DEFAULT);
    let errors = mistakes(&body, seconds);
    if !errors.is_empty() {
        return Err(ApiError::Fields(errors));
    }
    let user = match (body.user, body.password) {
        (Some(user), Some(password)) => check_password(&app, origin, &user, password).await?,
        (None, None) | (Some(_), None) | (None, Some(_)) => {
            let who = who?;
            // Else whoever finds a token could make itself another one, for ever.
            match who.session.kind {
                SessionKind::Session => who.user,
                SessionKind::Token => return Err(ApiError::Forbidden),
            }
        }
    };
    let lifetime = Duration::from_secs(seconds);
    let (token, session) = begin(&app, &user, SessionKind::Token, body.name.clone(), lifetime).await?;
    app.audit(&user.name, "token.create", &user.name, serde_json::json!({ "name": body.name })).await?;
    let expires_at = time(session.expires_at.unwrap_or(WallTime(i64::MAX)));
    Ok((StatusCode::CREATED, axum::Json(api::Token { token, expires_at })).into_response())
}

/// `DELETE /api/v1/tokens/current`
pub(crate) async fn end(State(app): State<Arc<App>>, who: Identity) -> Result<StatusCode, ApiError> {
    match who.session.kind {
        SessionKind::Token => forget(&app, &who).await.map(|()| StatusCode::NO_CONTENT),
        SessionKind::Session => Err(ApiError::NotFound),
    }
}

fn mistakes(body: &api::NewToken, seconds: u64) -> Vec<api::FieldProblem> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, problem: String| {
        errors.push(api::FieldProblem { field: field.to_owned(), problem });
    };
    let length = body.name.chars().count();
    if body.name.trim().is_empty() || length > TOKEN_NAME_CHARS_MAX || body.name.contains('\0') {
        wrong("name", format!("must have 1 to {TOKEN_NAME_CHARS_MAX} characters"));
    }
    if !(TOKEN_SECONDS_MIN..=TOKEN_SECONDS_MAX).contains(&seconds) {
        wrong("expires_in_s", format!("must lie between {TOKEN_SECONDS_MIN} and {TOKEN_SECONDS_MAX}"));
    }
    if body.user.is_some() != body.password.is_some() {
        let missing = if body.user.is_some() { "password" } else { "user" };
        wrong(missing, "is missing".to_owned());
    }
    errors
}
