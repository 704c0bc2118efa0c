//! Who is signed in: browser sessions and API tokens, known by the hash of an opaque secret only.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use hotline_access::Grants;
use hotline_base::WallTime;
use sha2::{Digest, Sha256};

use crate::db::{Row, sql};
use crate::roles::{Standing, decode, encode, people_changed};
use crate::text::check;
use crate::{NAME_CHARS_MAX, Store, StoreError, User};

/// How exact "last seen" is: [`Store::touch_session`] writes at most this often for one session.
pub const SESSION_TOUCH_EVERY: Duration = Duration::from_secs(60);

/// Most sessions and tokens that one list gives.
pub const SESSION_PAGE_MAX: usize = 500;

/// Which sessions a list gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionPart<'a> {
    /// Without those of browsers.
    pub tokens_only: bool,
    /// Those behind the one that was made at that time and has that id.
    pub after: Option<(WallTime, &'a str)>,
    /// At most so many, and one more than [`SESSION_PAGE_MAX`]: it tells whether there are others.
    pub limit: usize,
}

/// SHA-256 of a session's secret. The secret itself is never stored: who reads the database cannot sign in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a secret as the client sends it.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(hex(&Sha256::digest(secret.as_bytes())))
    }

    /// As it is stored.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
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
    /// Names the session, for its owner.
    pub token: TokenHash,
    /// Names the session without giving it away, in lists.
    pub id: String,
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
    /// True if it may do nothing but change the password or add the second factor.
    pub limited: bool,
    /// What a token is limited to, within what its user may do.
    pub grants: Option<Grants>,
    /// Where it was made from.
    pub address: Option<String>,
}

/// Who a session is of, and what that user may do by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
    /// What the user's roles allow, within the limit of the session.
    pub standing: Standing,
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
        let statement = sql("INSERT INTO session (token_hash, user_name, kind, name, created_at, expires_at,
                last_seen_at, id, limited, grants, address)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(session.token.0.as_str())
        .bind(session.user.as_str())
        .bind(session.kind.as_str())
        .bind(session.name.as_str())
        .bind(session.created_at.as_unix_micros())
        .bind(session.expires_at.map(WallTime::as_unix_micros))
        .bind(session.last_seen_at.as_unix_micros())
        .bind(session.id.as_str())
        .bind(session.limited)
        .bind(session.grants.as_ref().map(encode).transpose()?)
        .bind(session.address.clone());
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
    ) -> Result<Option<SignedIn>, StoreError> {
        let statement = sql("SELECT u.*, s.token_hash, s.kind AS session_kind, s.name AS session_name,
                s.created_at AS session_created_at, s.expires_at, s.last_seen_at, s.id, s.limited, s.grants, s.address
            FROM session s JOIN app_user u ON u.name = s.user_name
            WHERE s.token_hash = $1 AND (s.expires_at IS NULL OR s.expires_at > $2) AND NOT u.disabled")
        .bind(token.0.as_str())
        .bind(now.as_unix_micros());
        let Some(row) = self.db.fetch_first(statement).await? else {
            return Ok(None);
        };
        let mut user = User::read(&row)?;
        let session = Session::read(&row, user.name.clone())?;
        let mut standing = self.standing_of(&user.name).await?;
        (user.roles, user.teams) = (standing.roles.clone(), standing.teams.clone());
        if let Some(limit) = &session.grants {
            standing.grants = standing.grants.within(limit);
        }
        Ok(Some(SignedIn { session, user, standing }))
    }

    /// Sessions and tokens of a user that count at `now`, the newest first, as `part` says.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn list_sessions(
        &self,
        user: &str,
        part: &SessionPart<'_>,
        now: WallTime,
    ) -> Result<Vec<Session>, StoreError> {
        let mut statement = sql("SELECT token_hash, kind AS session_kind, name AS session_name,
                created_at AS session_created_at, expires_at, last_seen_at, id, limited, grants, address
            FROM session WHERE user_name = $1 AND (expires_at IS NULL OR expires_at > $2)")
        .bind(user)
        .bind(now.as_unix_micros());
        if part.tokens_only {
            statement.push(" AND kind = 'token'");
        }
        if let Some((created_at, id)) = part.after {
            statement.push_bind(" AND (created_at < ", created_at.as_unix_micros());
            statement.push_bind(" OR (created_at = ", created_at.as_unix_micros());
            statement.push_bind(" AND id > ", id);
            statement.push("))");
        }
        let limit = i64::try_from(part.limit.min(SESSION_PAGE_MAX + 1)).unwrap_or(0);
        statement.push_bind(" ORDER BY created_at DESC, id LIMIT ", limit);
        let rows = self.db.fetch(statement).await?;
        rows.iter().map(|row| Session::read(row, user.to_owned())).collect()
    }

    /// Whether a living session of the user was made from this address.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn has_session_from(
        &self,
        user: &str,
        address: &str,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let statement = sql("SELECT id FROM session WHERE user_name = $1 AND address = $2
                AND kind = 'session' AND NOT limited AND expires_at > $3 LIMIT 1")
        .bind(user)
        .bind(address)
        .bind(now.as_unix_micros());
        Ok(self.db.fetch_first(statement).await?.is_some())
    }

    /// The password was changed: the session may do everything again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn free_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        let statement = sql("UPDATE session SET limited = FALSE WHERE token_hash = $1");
        self.db.execute(statement.bind(token.0.as_str())).await.map(drop)
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
        self.delete_where(statement).await.map(|ended| ended > 0)
    }

    /// Ends the session of this id, if it is of this user; false if there was none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_session_of(&self, user: &str, id: &str) -> Result<bool, StoreError> {
        let statement = sql("DELETE FROM session WHERE user_name = $1 AND id = $2").bind(user).bind(id);
        self.delete_where(statement).await.map(|ended| ended > 0)
    }

    /// Ends all browser sessions of a user, for a changed password; how many. API tokens stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_sessions_of(&self, user: &str) -> Result<u64, StoreError> {
        let statement = sql("DELETE FROM session WHERE user_name = $1 AND kind = 'session'").bind(user);
        self.delete_where(statement).await
    }

    /// Ends all browser sessions of a user but one; how many. API tokens stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_other_sessions(&self, session: &Session) -> Result<u64, StoreError> {
        let statement =
            sql("DELETE FROM session WHERE user_name = $1 AND kind = 'session' AND token_hash <> $2")
                .bind(session.user.as_str())
                .bind(session.token.0.as_str());
        self.delete_where(statement).await
    }

    /// Ends all sessions and tokens of a user; how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_everything_of(&self, user: &str) -> Result<u64, StoreError> {
        self.delete_where(sql("DELETE FROM session WHERE user_name = $1").bind(user)).await
    }

    async fn delete_where(&self, statement: crate::db::Statement) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let ended = tx.execute(statement).await?;
        if ended > 0 {
            people_changed(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Forgets what has expired; how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_expired_sessions(&self, now: WallTime) -> Result<u64, StoreError> {
        self.db.execute(sql("DELETE FROM session WHERE expires_at <= $1").bind(now.as_unix_micros())).await
    }
}

impl Session {
    fn read(row: &Row, user: String) -> Result<Self, StoreError> {
        let Some(kind) = SessionKind::parse(&row.get::<String>("session_kind")?) else {
            return Err(StoreError::Corrupt { what: "session of", key: user, source: None });
        };
        let grants = row.get::<Option<String>>("grants")?.map(|text| decode(&text, &user)).transpose()?;
        Ok(Self {
            token: TokenHash(row.get("token_hash")?),
            id: row.get("id")?,
            user,
            kind,
            name: row.get("session_name")?,
            created_at: WallTime(row.get("session_created_at")?),
            expires_at: row.get::<Option<i64>>("expires_at")?.map(WallTime),
            last_seen_at: WallTime(row.get("last_seen_at")?),
            limited: row.get("limited")?,
            grants,
            address: row.get("address")?,
        })
    }
}
