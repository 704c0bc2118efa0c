//! What opens a TURN server for a page: the server's own password, or one for some hours that is derived from a secret which both know.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hotline_api_types as api;
use hotline_base::{Pii, WallTime};
use sha1::Sha1;

/// For how long a derived password opens it. A relay is refreshed with it for as long as a call lasts.
const VALID: Duration = Duration::from_secs(12 * 3600);

/// TURN servers for phones in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Their addresses.
    pub urls: Vec<String>,
    /// What opens them.
    pub access: TurnAccess,
}

/// What opens a TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnAccess {
    /// A secret that the server knows as well: each page gets a password that is good for some hours (`use-auth-secret` of coturn,
    /// draft-uberti-behave-turn-rest).
    Secret(Pii<String>),
    /// The same for every page.
    Fixed {
        /// The user name.
        user: String,
        /// The password.
        password: Pii<String>,
    },
}

impl Turn {
    /// As a browser takes it. `name` says to the TURN server's log whose page it is.
    pub(crate) fn told(&self, name: &str, now: WallTime) -> api::IceServer {
        let (username, credential) = match &self.access {
            TurnAccess::Fixed { user, password } => (user.clone(), password.expose().clone()),
            TurnAccess::Secret(secret) => {
                let username = format!("{}:{name}", (now + VALID).as_unix_seconds());
                let mut code = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
                    .expect("an HMAC takes keys of any length");
                code.update(username.as_bytes());
                let credential = BASE64_STANDARD.encode(code.finalize().into_bytes());
                (username, credential)
            }
        };
        api::IceServer { urls: self.urls.clone(), username, credential }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_derived_as_coturn_does_it_and_shown_in_no_log() {
        let urls = vec!["turn:turn.example:3478".to_owned()];
        let access = TurnAccess::Secret(Pii::from("north"));
        let turn = Turn { urls, access };
        let told = turn.told("1001", WallTime(1_700_000_000_000_000));
        assert_eq!(told.username, "1700043200:1001");
        // printf 1700043200:1001 | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(told.credential, "Csqoc7OWOpuWanjSTn5Vn4189q4=");
        assert!(!format!("{turn:?}").contains("north") && !format!("{told:?}").contains(&told.credential));
    }
}
