//! Signing in: people by session, programs by token.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Body of `POST /api/v1/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls; sees its own calls and state.
    Agent,
    /// Sees and does everything.
    Admin,
}

/// Who is signed in: answer to `POST` and `GET /api/v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// User name.
    pub user: String,
    /// Shown name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// The agent that this user is, if any.
    pub agent: Option<String>,
    /// When the session or token ends.
    pub expires_at: Timestamp,
}

/// Body of `POST /api/v1/tokens`. Without `user` and `password` the signed-in user of the session is meant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// User name; goes with `password`.
    #[serde(default)]
    pub user: Option<String>,
    /// Password; goes with `user`.
    #[serde(default)]
    pub password: Option<String>,
    /// What the token is for, shown in lists and in the audit: 1 to 100 characters.
    pub name: String,
    /// Lifetime in seconds: 60 to 31 536 000 (a year); 30 days if absent.
    #[serde(default)]
    pub expires_in_s: Option<u64>,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("user", &self.user).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Answer to `POST /api/v1/tokens`. The token is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let sign_in = SignIn { user: "1001".into(), password: "hush".into() };
        let token = Token { token: "hush".into(), expires_at: Timestamp::from_unix_millis(0) };
        let wish =
            NewToken { user: None, password: Some("hush".into()), name: "wall".into(), expires_in_s: None };
        assert!(!format!("{sign_in:?} {token:?} {wish:?}").contains("hush"));
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(serde_json::from_str::<NewToken>(r#"{"name":"wall","expires_in":60}"#).is_err());
        assert!(serde_json::from_str::<NewToken>(r#"{"name":"wall"}"#).is_ok());
    }
}
