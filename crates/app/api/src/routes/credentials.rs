//! One's own password and second factor.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::{SECRET_BYTES, TotpSecret};
use hotline_api_types as api;
use hotline_base::Pii;
use hotline_store::{NewPassword, TokenHash};
use serde_json::json;

use super::calls::wrong;
use super::session::by_session;
use crate::answer::{NoContent, Secret};
use crate::app::App;
use crate::auth::{Identity, Origin};
use crate::error::ApiError;
use crate::extract::Json;
use crate::sign_in::{random_hex, recovery_hash, unix_s, use_code};
use crate::throttle::Key;

/// Codes for the day the app is lost.
const RECOVERY_CODES: usize = 10;
/// Under which an app lists this server.
const ISSUER: &str = "Hotline";

/// `PUT /api/v1/session/password`: ends the other sessions of the user. Tokens stay.
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
    Json(body): Json<api::ChangePassword>,
) -> Result<NoContent, ApiError> {
    by_session(&who)?;
    check_current(&app, origin, &who, body.current).await?;
    let (rules, user, store) = (&app.ports.passwords, &who.user, &app.ports.store);
    rules.check(&body.new, &user.name).map_err(|weakness| wrong("new", &weakness.to_string()))?;
    // The one that is in force is one of those that may not come again.
    let former =
        store.former_passwords(&user.name).await?.into_iter().take(rules.remembered.saturating_sub(1));
    for hash in std::iter::once(user.password_hash.clone()).chain(former) {
        if app.passwords.fits(body.new.clone(), Some(hash.into_inner())).await? {
            return Err(wrong("new", "was used before; choose another one"));
        }
    }
    let hash = Pii::new(app.passwords.hash(body.new).await?);
    let new = NewPassword { hash: &hash, temporary: false, remembered: rules.remembered };
    store.set_password(&user.name, &new, app.now()).await?;
    store.delete_other_sessions(&who.session).await?;
    app.with_known(|known| known.forget_user(&user.name));
    app.hub.look_again();
    app.audit(&user.name, "session.password", &user.name, serde_json::Value::Null).await?;
    Ok(NoContent)
}

/// `POST /api/v1/session/totp`: a secret for the authenticator app. It counts once a code has shown that the app has it.
pub(crate) async fn offer_totp(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
    Json(body): Json<api::OfferTotp>,
) -> Result<Secret<axum::Json<api::TotpOffer>>, ApiError> {
    by_session(&who)?;
    if who.user.password_temporary {
        return Err(ApiError::PasswordFirst);
    }
    check_current(&app, origin, &who, body.password).await?;
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|_| ApiError::Panicked)?;
    let secret = TotpSecret::new(random);
    let text = secret.to_base32();
    if !app.ports.store.offer_totp(&who.user.name, &Pii::new(text.clone())).await? {
        return Err(ApiError::Kept("there is a second factor already; remove it first"));
    }
    Ok(Secret(axum::Json(api::TotpOffer { uri: secret.uri(ISSUER, &who.user.name), secret: text })))
}

/// `PUT /api/v1/session/totp`: the first code. Gives codes for the day the app is lost.
pub(crate) async fn confirm_totp(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
    Json(body): Json<api::TotpCode>,
) -> Result<axum::Json<api::RecoveryCodes>, ApiError> {
    by_session(&who)?;
    let store = &app.ports.store;
    let none = ApiError::Kept("ask for a secret first: POST /api/v1/session/totp");
    let stored = store.find_totp(&who.user.name).await?.filter(|stored| !stored.active).ok_or(none)?;
    let key = Key::new(&who.user.name, origin.address);
    app.begin_sign_in(&key)?;
    let secret = TotpSecret::from_base32(stored.secret.expose()).ok_or(ApiError::Panicked)?;
    let step = secret.accept(&body.code, unix_s(&app), None).ok_or_else(|| {
        wrong("code", "is not the right one; look whether the clocks of phone and server agree")
    })?;
    app.end_sign_in(&key, true);
    let codes = recovery_codes()?;
    let hashes: Vec<TokenHash> = codes.iter().map(|code| recovery_hash(code)).collect();
    store.activate_totp(&who.user.name, step, &hashes).await?;
    app.with_known(|known| known.forget_user(&who.user.name));
    app.audit(&who.user.name, "session.totp", &who.user.name, json!({ "active": true })).await?;
    Ok(axum::Json(api::RecoveryCodes { recovery_codes: codes }))
}

/// `DELETE /api/v1/session/totp`: with a code, so that an open page of somebody who went away is not enough.
pub(crate) async fn remove_totp(
    State(app): State<Arc<App>>,
    origin: Origin,
    who: Identity,
    Json(body): Json<api::TotpCode>,
) -> Result<NoContent, ApiError> {
    by_session(&who)?;
    if who.standing.second_factor {
        return Err(ApiError::Kept("one of your roles asks for a second factor"));
    }
    if !who.user.second_factor {
        return Err(ApiError::NotFound);
    }
    let key = Key::new(&who.user.name, origin.address);
    app.begin_sign_in(&key)?;
    if !use_code(&app, &who.user.name, body.code.trim()).await? {
        return Err(wrong("code", "is not the right one, or was used before"));
    }
    app.end_sign_in(&key, true);
    app.ports.store.remove_totp(&who.user.name).await?;
    app.audit(&who.user.name, "session.totp", &who.user.name, json!({ "active": false })).await?;
    Ok(NoContent)
}

/// The password again: guessing it by an open page is slowed down like guessing it at sign-in.
async fn check_current(app: &App, origin: Origin, who: &Identity, password: String) -> Result<(), ApiError> {
    let key = Key::new(&who.user.name, origin.address);
    app.begin_sign_in(&key)?;
    if !app.passwords.fits(password, Some(who.user.password_hash.expose().clone())).await? {
        return Err(wrong("current", "is not your password"));
    }
    app.end_sign_in(&key, true);
    Ok(())
}

/// Eighty random bits each, in groups that people can copy.
fn recovery_codes() -> Result<Vec<String>, ApiError> {
    let code = || {
        random_hex::<10>().map(|hex| format!("{}-{}-{}-{}", &hex[..5], &hex[5..10], &hex[10..15], &hex[15..]))
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}
