//! People and programs that sign in. Passwords arrive hashed; hashing is not done here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hotline_base::{AgentId, Pii, WallTime};

use crate::db::{Row, Tx, sql};
use crate::roles::people_changed;
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
    /// The names of the roles.
    pub roles: BTreeSet<String>,
    /// The teams that the user oversees: groups of agents.
    pub teams: BTreeSet<String>,
    /// The agent this user is, if any.
    pub agent: Option<AgentId>,
    /// A PHC string.
    pub password_hash: Pii<String>,
    /// Since when the password holds.
    pub password_changed_at: WallTime,
    /// True if somebody else made the password: it must be changed at the first sign-in.
    pub password_temporary: bool,
    /// Until when wrong passwords keep the user out.
    pub locked_until: Option<WallTime>,
    /// True if a one-time code is asked for.
    pub second_factor: bool,
    /// True if sign-in is refused and sessions do not count.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: WallTime,
    /// The version.
    pub changed_at: WallTime,
}

impl User {
    /// A new user with one role and a password of its own.
    #[must_use]
    pub fn new(name: &str, display_name: &str, role: &str, hash: Pii<String>, now: WallTime) -> Self {
        Self {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            roles: BTreeSet::from([role.to_owned()]),
            teams: BTreeSet::new(),
            agent: None,
            password_hash: hash,
            password_changed_at: now,
            password_temporary: false,
            locked_until: None,
            second_factor: false,
            disabled: false,
            created_at: now,
            changed_at: now,
        }
    }
}

/// A password that takes the place of another.
#[derive(Clone, Debug)]
pub struct NewPassword<'a> {
    /// A PHC string.
    pub hash: &'a Pii<String>,
    /// Whether it must be changed at the first sign-in.
    pub temporary: bool,
    /// So many former ones are remembered.
    pub remembered: usize,
}

impl Store {
    /// The user of this name, also if disabled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let statement = sql("SELECT * FROM app_user WHERE name = $1").bind(name);
        let Some(row) = self.db.fetch_first(statement).await? else { return Ok(None) };
        let mut user = User::read(&row)?;
        let standing = self.standing_of(name).await?;
        (user.roles, user.teams) = (standing.roles, standing.teams);
        Ok(Some(user))
    }

    /// Makes the user, or brings display name, roles, teams, agent and `disabled` of an existing one up to date. An
    /// existing user keeps password and time of birth: the configuration must not undo a changed password.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a role that is not there, [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn upsert_user(&self, user: &User) -> Result<(), StoreError> {
        check_user(user)?;
        let mut tx = self.db.begin().await?;
        let mut statement = sql(INSERT);
        statement.push(
            " ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name,
                agent = excluded.agent, disabled = excluded.disabled, changed_at = excluded.changed_at",
        );
        tx.execute(insert_values(statement, user)).await?;
        keep_roles(&mut tx, user).await?;
        tx.commit().await
    }

    /// Keeps a new user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the name is taken, [`StoreError::NotFound`] for a role that is not there,
    /// [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn create_user(&self, user: &User) -> Result<(), StoreError> {
        check_user(user)?;
        let mut tx = self.db.begin().await?;
        tx.execute(insert_values(sql(INSERT), user)).await?;
        keep_roles(&mut tx, user).await?;
        tx.commit().await
    }

    /// Changes display name, roles, teams, agent and `disabled`, if the user is still what was read; gives the user with
    /// the new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody else changed the user since, [`StoreError::NotFound`] for a user or a role
    /// that is not there, [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn change_user(&self, user: &User, now: WallTime) -> Result<User, StoreError> {
        check_user(user)?;
        let changed_at = now.max(user.changed_at + Duration::from_millis(1));
        let mut tx = self.db.begin().await?;
        let statement =
            sql("UPDATE app_user SET display_name = $3, agent = $4, disabled = $5, changed_at = $6
                WHERE name = $1 AND changed_at = $2")
            .bind(user.name.as_str())
            .bind(user.changed_at.as_unix_micros())
            .bind(user.display_name.as_str())
            .bind(user.agent.as_ref().map(ToString::to_string))
            .bind(user.disabled)
            .bind(changed_at.as_unix_micros());
        if tx.execute(statement).await? == 0 {
            let known = sql("SELECT name FROM app_user WHERE name = $1").bind(user.name.as_str());
            let known = tx.fetch_first(known).await?;
            return Err(if known.is_some() { StoreError::Conflict } else { StoreError::NotFound });
        }
        keep_roles(&mut tx, user).await?;
        tx.commit().await?;
        Ok(User { changed_at, ..user.clone() })
    }

    /// Deletes a user with all sessions and tokens; what the audit log says of the user stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn delete_user(&self, name: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.execute(sql("DELETE FROM app_user WHERE name = $1").bind(name)).await? == 0 {
            return Err(StoreError::NotFound);
        }
        // Another person of the same name is not to be told what this one was answered.
        tx.execute(sql("DELETE FROM idempotency WHERE user_name = $1").bind(name)).await?;
        people_changed(&mut tx).await?;
        tx.commit().await
    }

    /// Changes the password, remembers the former one, and lets the user in again if wrong ones kept the user out.
    /// Sessions stay; see [`Store::delete_sessions_of`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn set_password(
        &self,
        name: &str,
        new: &NewPassword<'_>,
        now: WallTime,
    ) -> Result<(), StoreError> {
        check_required("the password hash", new.hash.expose(), PASSWORD_HASH_CHARS_MAX)?;
        let mut tx = self.db.begin().await?;
        let keep = sql("INSERT INTO former_password (user_name, replaced_at, hash)
                SELECT name, $2, password_hash FROM app_user WHERE name = $1
                ON CONFLICT (user_name, replaced_at) DO NOTHING")
        .bind(name)
        .bind(now.as_unix_micros());
        tx.execute(keep).await?;
        let forget = sql("DELETE FROM former_password WHERE user_name = $1 AND replaced_at NOT IN
                (SELECT replaced_at FROM former_password WHERE user_name = $1 ORDER BY replaced_at DESC LIMIT $2)")
        .bind(name)
        .bind(i64::try_from(new.remembered).unwrap_or(i64::MAX));
        tx.execute(forget).await?;
        let statement = sql("UPDATE app_user SET password_hash = $2, password_changed_at = $3,
                password_temporary = $4, failures = 0, locked_until = NULL WHERE name = $1")
        .bind(name)
        .bind(new.hash.expose().as_str())
        .bind(now.as_unix_micros())
        .bind(new.temporary);
        if tx.execute(statement).await? == 0 {
            return Err(StoreError::NotFound);
        }
        tx.commit().await
    }

    /// The hashes of former passwords, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn former_passwords(&self, name: &str) -> Result<Vec<Pii<String>>, StoreError> {
        let statement =
            sql("SELECT hash FROM former_password WHERE user_name = $1 ORDER BY replaced_at DESC");
        let rows = self.db.fetch(statement.bind(name)).await?;
        rows.iter().map(|row| row.get("hash").map(Pii::new)).collect()
    }

    /// Counts a wrong password. From `failures_max` in a row on, the user is locked until `locked_until`; gives whether
    /// this one locked the user. A lock that has passed begins the count anew.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_failure(
        &self,
        name: &str,
        failures_max: u32,
        (now, locked_until): (WallTime, WallTime),
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let count = sql("UPDATE app_user SET
                failures = CASE WHEN locked_until <= $2 THEN 1 ELSE failures + 1 END,
                locked_until = CASE WHEN locked_until <= $2 THEN NULL ELSE locked_until END
                WHERE name = $1 RETURNING failures, locked_until")
        .bind(name)
        .bind(now.as_unix_micros());
        let Some(row) = tx.fetch_first(count).await? else { return Ok(false) };
        let is_full = row.get::<i64>("failures")? >= i64::from(failures_max);
        let locks = is_full && row.get::<Option<i64>>("locked_until")?.is_none();
        if locks {
            let lock = sql("UPDATE app_user SET locked_until = $2 WHERE name = $1");
            tx.execute(lock.bind(name).bind(locked_until.as_unix_micros())).await?;
        }
        tx.commit().await?;
        Ok(locks)
    }

    /// Forgets wrong passwords, and unlocks.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn unlock_user(&self, name: &str) -> Result<(), StoreError> {
        let statement = sql("UPDATE app_user SET failures = 0, locked_until = NULL WHERE name = $1");
        match self.db.execute(statement.bind(name)).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        let rows = self.db.fetch(sql("SELECT * FROM app_user ORDER BY name")).await?;
        let mut users: Vec<User> = rows.iter().map(User::read).collect::<Result<_, _>>()?;
        let mut roles = by_user(&self.db.fetch(sql("SELECT user_name, role AS word FROM user_role")).await?)?;
        let mut teams = by_user(&self.db.fetch(sql("SELECT user_name, team AS word FROM user_team")).await?)?;
        for user in &mut users {
            user.roles = roles.remove(&user.name).unwrap_or_default();
            user.teams = teams.remove(&user.name).unwrap_or_default();
        }
        Ok(users)
    }

    /// Users by name, those behind `after` (all if absent), at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn list_users_after(&self, after: Option<&str>, limit: usize) -> Result<Vec<User>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let after = after.unwrap_or_default();
        let statement = sql("SELECT * FROM app_user WHERE name > $1 ORDER BY name LIMIT $2");
        let rows = self.db.fetch(statement.bind(after).bind(limit)).await?;
        let mut users: Vec<User> = rows.iter().map(User::read).collect::<Result<_, _>>()?;
        let Some(last) = users.last().map(|user| user.name.clone()) else { return Ok(users) };
        let roles =
            sql("SELECT user_name, role AS word FROM user_role WHERE user_name > $1 AND user_name <= $2");
        let mut roles = by_user(&self.db.fetch(roles.bind(after).bind(last.as_str())).await?)?;
        let teams =
            sql("SELECT user_name, team AS word FROM user_team WHERE user_name > $1 AND user_name <= $2");
        let mut teams = by_user(&self.db.fetch(teams.bind(after).bind(last.as_str())).await?)?;
        for user in &mut users {
            user.roles = roles.remove(&user.name).unwrap_or_default();
            user.teams = teams.remove(&user.name).unwrap_or_default();
        }
        Ok(users)
    }
}

fn by_user(rows: &[Row]) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
    let mut words: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        words.entry(row.get("user_name")?).or_default().insert(row.get("word")?);
    }
    Ok(words)
}

fn check_user(user: &User) -> Result<(), StoreError> {
    check_required("the user name", &user.name, NAME_CHARS_MAX)?;
    check_required("the display name", &user.display_name, NAME_CHARS_MAX)?;
    for team in &user.teams {
        check_required("the team", team, NAME_CHARS_MAX)?;
    }
    check("the password hash", user.password_hash.expose(), PASSWORD_HASH_CHARS_MAX)
}

const INSERT: &str = "INSERT INTO app_user (name, display_name, agent, password_hash, password_changed_at,
        password_temporary, disabled, created_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

fn insert_values(statement: crate::db::Statement, user: &User) -> crate::db::Statement {
    statement
        .bind(user.name.as_str())
        .bind(user.display_name.as_str())
        .bind(user.agent.as_ref().map(ToString::to_string))
        .bind(user.password_hash.expose().as_str())
        .bind(user.password_changed_at.as_unix_micros())
        .bind(user.password_temporary)
        .bind(user.disabled)
        .bind(user.created_at.as_unix_micros())
        .bind(user.changed_at.as_unix_micros())
}

/// Roles and teams as given, in place of those before.
async fn keep_roles(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    tx.execute(sql("DELETE FROM user_role WHERE user_name = $1").bind(user.name.as_str())).await?;
    tx.execute(sql("DELETE FROM user_team WHERE user_name = $1").bind(user.name.as_str())).await?;
    for role in &user.roles {
        let statement = sql("INSERT INTO user_role (user_name, role) VALUES ($1, $2)");
        tx.execute(statement.bind(user.name.as_str()).bind(role.as_str())).await?;
    }
    for team in &user.teams {
        let statement = sql("INSERT INTO user_team (user_name, team) VALUES ($1, $2)");
        tx.execute(statement.bind(user.name.as_str()).bind(team.as_str())).await?;
    }
    people_changed(tx).await
}

impl User {
    /// Reads the columns of `app_user`; roles and teams are elsewhere.
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get("name")?,
            display_name: row.get("display_name")?,
            roles: BTreeSet::new(),
            teams: BTreeSet::new(),
            agent: row.get::<Option<String>>("agent")?.map(|agent| AgentId::from(agent.as_str())),
            password_hash: Pii::new(row.get("password_hash")?),
            password_changed_at: WallTime(row.get("password_changed_at")?),
            password_temporary: row.get("password_temporary")?,
            locked_until: row.get::<Option<i64>>("locked_until")?.map(WallTime),
            second_factor: row.get("totp_active")?,
            disabled: row.get("disabled")?,
            created_at: WallTime(row.get("created_at")?),
            changed_at: WallTime(row.get("changed_at")?),
        })
    }
}
