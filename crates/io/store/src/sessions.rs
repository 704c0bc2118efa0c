//! Who is signed in: browser sessions and API tokens, known by the hash of an opaque secret only.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use hotline_base::WallTime;
use sha2::{Digest, Sha256};

use crate::db::sql;
use crate::text::check;
use crate::{NAME_CHARS_MAX, Store, StoreError, User};

/// How exact "last seen" is: [`Store::touch_session`] writes at most this often for one session.
pub const SESSION_TOUCH_EVERY: Duration = Duration::from_secs(60);

/// SHA-256 of a session's secret. The secret itself is never stored: who reads the database cannot sign in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a secret as the client sends it.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(hex(&Sha256::digest(secret.as_bytes())))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session.
    pub token: TokenHash,
    /// Whose it is.
    pub user: String,
    /// A browser's or a program's.
    pub kind: SessionKind,
    /// What its owner recognises it by: the browser, or the purpose of a token.
    pub name: String,
    /// When it began.
    pub created_at: WallTime,
    /// When it ends; absent for a token without an end.
    pub expires_at: Option<WallTime>,
    /// Last use, exact to [`SESSION_TOUCH_EVERY`].
    pub last_seen_at: WallTime,
}

/// Kinds of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser's, in a cookie.
    Session,
    /// A program's, in the Authorization header.
    Token,
}

impl SessionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "session" => Some(Self::Session),
            "token" => Some(Self::Token),
            _ => None,
        }
    }
}

impl Store {
    /// Keeps a new session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such user, [`StoreError::Conflict`] if the token is in use,
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        check("the session's name", &session.name, NAME_CHARS_MAX)?;
        let statement = sql("INSERT INTO session
                (token_hash, user_name, kind, name, created_at, expires_at, last_seen_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(session.token.0.as_str())
        .bind(session.user.as_str())
        .bind(session.kind.as_str())
        .bind(session.name.as_str())
        .bind(session.created_at.as_unix_micros())
        .bind(session.expires_at.map(WallTime::as_unix_micros))
        .bind(session.last_seen_at.as_unix_micros());
        self.db.execute(statement).await.map(drop)
    }

    /// The session with its user, if it has not expired and the user is not disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_session(
        &self,
        token: &TokenHash,
        now: WallTime,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let statement = sql("SELECT u.*, s.kind AS session_kind, s.name AS session_name,
                s.created_at AS session_created_at, s.expires_at, s.last_seen_at
            FROM session s JOIN app_user u ON u.name = s.user_name
            WHERE s.token_hash = $1 AND (s.expires_at IS NULL OR s.expires_at > $2) AND NOT u.disabled")
        .bind(token.0.as_str())
        .bind(now.as_unix_micros());
        let Some(row) = self.db.fetch_first(statement).await? else {
            return Ok(None);
        };
        let user = User::read(&row)?;
        let Some(kind) = SessionKind::parse(&row.get::<String>("session_kind")?) else {
            return Err(StoreError::Corrupt { what: "session of", key: user.name, source: None });
        };
        let session = Session {
            token: token.clone(),
            user: user.name.clone(),
            kind,
            name: row.get("session_name")?,
            created_at: WallTime(row.get("session_created_at")?),
            expires_at: row.get::<Option<i64>>("expires_at")?.map(WallTime),
            last_seen_at: WallTime(row.get("last_seen_at")?),
        };
        Ok(Some((session, user)))
    }

    /// Notes that `session` was used. Cheap: writes only if the last note is [`SESSION_TOUCH_EVERY`] old.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn touch_session(&self, session: &Session, now: WallTime) -> Result<(), StoreError> {
        if now.since(session.last_seen_at) < SESSION_TOUCH_EVERY {
            return Ok(());
        }
        let statement = sql("UPDATE session SET last_seen_at = $2 WHERE token_hash = $1")
            .bind(session.token.0.as_str())
            .bind(now.as_unix_micros());
        self.db.execute(statement).await.map(drop)
    }

    /// Ends a session; false if there was none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_session(&self, token: &TokenHash) -> Result<bool, StoreError> {
        let statement = sql("DELETE FROM session WHERE token_hash = $1").bind(token.0.as_str());
        Ok(self.db.execute(statement).await? > 0)
    }

    /// Ends all browser sessions of a user, for a changed password; how many. API tokens stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_sessions_of(&self, user: &str) -> Result<u64, StoreError> {
        let statement = sql("DELETE FROM session WHERE user_name = $1 AND kind = 'session'").bind(user);
        self.db.execute(statement).await
    }

    /// Forgets what has expired; how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_expired_sessions(&self, now: WallTime) -> Result<u64, StoreError> {
        self.db.execute(sql("DELETE FROM session WHERE expires_at <= $1").bind(now.as_unix_micros())).await
    }
}
