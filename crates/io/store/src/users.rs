//! People who sign in. Passwords arrive hashed; hashing is not done here.

use hotline_base::{AgentId, Pii, WallTime};

use crate::db::{Row, sql};
use crate::text::{check, check_required};
use crate::{NAME_CHARS_MAX, Store, StoreError};

/// The longest password hash in characters (an Argon2 hash takes about 100).
const PASSWORD_HASH_CHARS_MAX: usize = 512;

/// Someone who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What is typed at sign-in.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// What the user may do.
    pub role: Role,
    /// The agent this user is, if any.
    pub agent: Option<AgentId>,
    /// A PHC string.
    pub password_hash: Pii<String>,
    /// True if sign-in is refused and sessions do not count.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: WallTime,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes calls.
    Agent,
    /// Everything.
    Admin,
}

impl Role {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "agent" => Some(Self::Agent),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

impl Store {
    /// The user of this name, also if disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let statement = sql("SELECT * FROM app_user WHERE name = $1").bind(name);
        self.db.fetch_first(statement).await?.map(|row| User::read(&row)).transpose()
    }

    /// Makes the user, or brings display name, role, agent and `disabled` of an existing one up to date. An
    /// existing user keeps password and time of birth: the configuration must not undo a changed password.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn upsert_user(&self, user: &User) -> Result<(), StoreError> {
        check_required("the user name", &user.name, NAME_CHARS_MAX)?;
        check_required("the display name", &user.display_name, NAME_CHARS_MAX)?;
        check("the password hash", user.password_hash.expose(), PASSWORD_HASH_CHARS_MAX)?;
        let statement = sql("INSERT INTO app_user
                (name, display_name, role, agent, password_hash, disabled, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, role = excluded.role,
                agent = excluded.agent, disabled = excluded.disabled")
        .bind(user.name.as_str())
        .bind(user.display_name.as_str())
        .bind(user.role.as_str())
        .bind(user.agent.as_ref().map(ToString::to_string))
        .bind(user.password_hash.expose().as_str())
        .bind(user.disabled)
        .bind(user.created_at.as_unix_micros());
        self.db.execute(statement).await.map(drop)
    }

    /// Changes the password. Sessions stay; see [`Store::delete_sessions_of`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn set_password_hash(&self, name: &str, hash: &Pii<String>) -> Result<(), StoreError> {
        check_required("the password hash", hash.expose(), PASSWORD_HASH_CHARS_MAX)?;
        let statement = sql("UPDATE app_user SET password_hash = $2 WHERE name = $1")
            .bind(name)
            .bind(hash.expose().as_str());
        match self.db.execute(statement).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        self.db.fetch(sql("SELECT * FROM app_user ORDER BY name")).await?.iter().map(User::read).collect()
    }
}

impl User {
    /// Reads the columns of `app_user`.
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        let name: String = row.get("name")?;
        let Some(role) = Role::parse(&row.get::<String>("role")?) else {
            return Err(StoreError::Corrupt { what: "user", key: name, source: None });
        };
        Ok(Self {
            name,
            display_name: row.get("display_name")?,
            role,
            agent: row.get::<Option<String>>("agent")?.map(|agent| AgentId::from(agent.as_str())),
            password_hash: Pii::new(row.get("password_hash")?),
            disabled: row.get("disabled")?,
            created_at: WallTime(row.get("created_at")?),
        })
    }
}
