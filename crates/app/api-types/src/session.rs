//! Signing in: people by session, programs by token.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Permissions, Timestamp};

/// Body of `POST /api/v1/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// The one-time code of the authenticator app, or a recovery code; asked for by a 401 of type `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Which pages a user begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// The desk of an agent.
    Agent,
    /// The center: the user may see agents beyond itself.
    Admin,
}

/// Who is signed in: answer to `POST` and `GET /api/v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// User name.
    pub user: String,
    /// Shown name.
    pub name: String,
    /// Which pages the user begins with.
    pub role: PageKind,
    /// The agent that this user is, if any.
    pub agent: Option<String>,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The teams that the user oversees.
    pub teams: Vec<String>,
    /// What this session or token may do.
    pub permissions: Permissions,
    /// Whether a one-time code is asked for at sign-in.
    pub second_factor: bool,
    /// What must be done before anything else is allowed: `password_change` or `second_factor`.
    pub must: Option<String>,
    /// When the session or token ends.
    pub expires_at: Timestamp,
}

/// Body of `POST /api/v1/tokens`. Without `user` and `password` the signed-in user of the session is meant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// User name; goes with `password`.
    #[serde(default)]
    pub user: Option<String>,
    /// Password; goes with `user`.
    #[serde(default)]
    pub password: Option<String>,
    /// What the token is for, shown in lists and in the audit: 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The one-time code; goes with `password` for a user with a second factor.
    #[serde(default)]
    pub code: Option<String>,
    /// Lifetime in seconds: from 60 to what is configured (a year if nothing is); 90 days if absent.
    #[serde(default)]
    #[schemars(range(min = 60))]
    pub expires_in_s: Option<u64>,
    /// What the token may do, within what its user may do at any time; everything of the user if absent.
    #[serde(default)]
    pub permissions: Option<Permissions>,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("user", &self.user).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Answer to `POST /api/v1/tokens`. The token is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Names it in lists.
    pub id: String,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Body of `PUT /api/v1/session/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password that is in force.
    pub current: String,
    /// The one that is to take its place.
    pub new: String,
}

/// Body of `POST /api/v1/session/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferTotp {
    /// The user's password.
    pub password: String,
}

/// Answer to `POST /api/v1/session/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TotpOffer {
    /// For typing into an authenticator app, in base 32.
    pub secret: String,
    /// For a QR code.
    pub uri: String,
}

/// Body of `PUT` and `DELETE /api/v1/session/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    /// What the app shows.
    pub code: String,
}

/// Answer to `PUT /api/v1/session/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryCodes {
    /// Each takes the place of a code of the app once; shown this once.
    pub recovery_codes: Vec<String>,
}

macro_rules! secret_debug {
    ($($secret:ident)+) => {
        $(impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($secret), "(***)"))
            }
        })+
    };
}

secret_debug!(ChangePassword OfferTotp TotpOffer TotpCode RecoveryCodes);

/// Answer to `GET /api/v1/sessions` and `GET /api/v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionList {
    /// The newest first.
    pub sessions: Vec<ListedSession>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
}

/// A session or token of the asking user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedSession {
    /// Names it.
    pub id: String,
    /// A browser's or a program's.
    pub kind: SessionKind,
    /// The browser, or what the token is for.
    pub name: String,
    /// Where it was made from.
    pub address: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, exact to a minute.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// What a token is limited to; `null` for everything that its user may do.
    pub permissions: Option<Permissions>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Kinds of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A browser's.
    Session,
    /// A program's.
    Token,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let sign_in = SignIn { user: "1001".into(), password: "hush".into(), code: Some("hush".into()) };
        let token =
            Token { id: "1".into(), token: "hush".into(), expires_at: Timestamp::from_unix_millis(0) };
        let wish =
            NewToken { password: Some("hush".into()), ..serde_json::from_str(r#"{"name":"wall"}"#).unwrap() };
        let new = ChangePassword { current: "hush".into(), new: "hush".into() };
        assert!(!format!("{sign_in:?} {token:?} {wish:?} {new:?}").contains("hush"));
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(serde_json::from_str::<NewToken>(r#"{"name":"wall","expires_in":60}"#).is_err());
        assert!(serde_json::from_str::<NewToken>(r#"{"name":"wall"}"#).is_ok());
    }
}
