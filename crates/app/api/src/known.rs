//! Who was signed in when the database was last asked: people who are at work go on while it is away.
//!
//! Must not know: the database. Time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use hotline_base::WallTime;
use hotline_store::{SessionKind, TokenHash};

use crate::auth::Identity;

/// Sign-ins that are remembered; for one more, the one that was confirmed longest ago goes.
pub(crate) const KNOWN_MAX: usize = 4096;
/// How long the database's last word holds while it is away.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);

struct Entry {
    identity: Identity,
    confirmed_at: WallTime,
}

/// The sign-ins that the database has confirmed.
#[derive(Default)]
pub(crate) struct Known(HashMap<TokenHash, Entry>);

impl Known {
    /// The database knows this sign-in.
    pub(crate) fn confirm(&mut self, identity: &Identity, now: WallTime) {
        let token = &identity.session.token;
        if self.0.len() >= KNOWN_MAX && !self.0.contains_key(token) {
            let oldest = self.0.iter().min_by_key(|(_, entry)| entry.confirmed_at);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(token.clone(), Entry { identity: identity.clone(), confirmed_at: now });
    }

    /// It is signed out, or the database does not know it any more.
    pub(crate) fn forget(&mut self, token: &TokenHash) {
        self.0.remove(token);
    }

    /// The user is signed out everywhere.
    pub(crate) fn forget_user(&mut self, user: &str) {
        self.0.retain(|_, entry| entry.identity.user.name != user);
    }

    /// What the database said last, if that still holds.
    pub(crate) fn recall(&self, token: &TokenHash, kind: SessionKind, now: WallTime) -> Option<Identity> {
        let Entry { identity, confirmed_at } = self.0.get(token)?;
        let expired = identity.session.expires_at.is_some_and(|expires_at| expires_at <= now);
        let holds = now.since(*confirmed_at) <= KNOWN_FOR && !expired && identity.session.kind == kind;
        holds.then(|| identity.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hotline_access::Grants;
    use hotline_base::Pii;
    use hotline_store::{Session, Standing, User};

    use super::*;
    use crate::viewer::Viewer;

    const NOW: WallTime = WallTime(1_000_000_000_000_000);

    fn identity(secret: &str, expires_at: Option<WallTime>) -> Identity {
        let user = User::new("ann", "Ann", "agent", Pii::new(String::new()), NOW);
        let session = Session {
            token: TokenHash::of(secret),
            user: "ann".to_owned(),
            kind: SessionKind::Session,
            name: "browser".to_owned(),
            created_at: NOW,
            expires_at,
            last_seen_at: NOW,
            id: String::new(),
            limited: false,
            grants: None,
            address: None,
        };
        let viewer = Viewer::new(None, Grants::default(), [""; 0], Arc::default());
        Identity { session, user, standing: Standing::default(), viewer, duty: None }
    }

    fn recalls(known: &Known, secret: &str, now: WallTime) -> bool {
        known.recall(&TokenHash::of(secret), SessionKind::Session, now).is_some()
    }

    #[test]
    fn a_sign_in_is_recalled_for_an_hour_after_the_database_confirmed_it() {
        let mut known = Known::default();
        known.confirm(&identity("a", None), NOW);
        assert!(recalls(&known, "a", NOW + KNOWN_FOR));
        assert!(!recalls(&known, "a", NOW + KNOWN_FOR + Duration::from_micros(1)));
        assert!(!recalls(&known, "b", NOW));
        assert!(known.recall(&TokenHash::of("a"), SessionKind::Token, NOW).is_none());
        known.forget(&TokenHash::of("a"));
        assert!(!recalls(&known, "a", NOW));
    }

    #[test]
    fn an_expired_session_is_not_recalled() {
        let mut known = Known::default();
        known.confirm(&identity("a", Some(NOW + Duration::from_secs(60))), NOW);
        assert!(recalls(&known, "a", NOW + Duration::from_secs(59)));
        assert!(!recalls(&known, "a", NOW + Duration::from_secs(60)));
    }

    #[test]
    fn the_oldest_gives_way_when_the_table_is_full() {
        let mut known = Known::default();
        for number in 0..=KNOWN_MAX as u64 {
            known.confirm(&identity(&number.to_string(), None), NOW + Duration::from_millis(number));
        }
        assert!(!recalls(&known, "0", NOW) && recalls(&known, "1", NOW));
    }
}
