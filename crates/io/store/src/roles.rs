//! Roles: names for what people may do. Users have several; see `users.rs`.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_access::{BUILT_IN, Grants, Permission, Scope};
use hotline_base::WallTime;

use crate::db::{Row, Tx, sql};
use crate::text::check_required;
use crate::{NAME_CHARS_MAX, Store, StoreError};

/// In place of the permissions that a role has heard of: all that there were.
const EVERYTHING: &str = "*";
/// Most roles that a center has.
pub const ROLES_MAX: usize = 200;

/// What people of one kind may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// How users name it.
    pub name: String,
    /// How people name it.
    pub label: String,
    /// What it allows.
    pub grants: Grants,
    /// Whether it is for people, who sign in to the pages, and not for programs alone.
    pub pages: bool,
    /// Whether whoever has it must have a second factor.
    pub second_factor: bool,
    /// Whether every center has it; then it cannot be deleted.
    pub built_in: bool,
    /// Its version.
    pub changed_at: WallTime,
}

impl Store {
    /// All roles, by name.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn list_roles(&self) -> Result<Vec<Role>, StoreError> {
        self.db.fetch(sql("SELECT * FROM role ORDER BY name")).await?.iter().map(Role::read).collect()
    }

    /// The role of this name.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn find_role(&self, name: &str) -> Result<Option<Role>, StoreError> {
        let statement = sql("SELECT * FROM role WHERE name = $1").bind(name);
        self.db.fetch_first(statement).await?.map(|row| Role::read(&row)).transpose()
    }

    /// Keeps a new role.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one of this name, [`StoreError::Invalid`], [`StoreError::Unavailable`].
    pub async fn create_role(&self, role: &Role) -> Result<(), StoreError> {
        check_role(role)?;
        let statement =
            sql("INSERT INTO role (name, label, grants, pages, second_factor, built_in, changed_at)
                VALUES ($1, $2, $3, $4, $5, FALSE, $6)")
            .bind(role.name.as_str())
            .bind(role.label.as_str())
            .bind(encode(&role.grants)?)
            .bind(role.pages)
            .bind(role.second_factor)
            .bind(role.changed_at.as_unix_micros());
        self.db.execute(statement).await.map(drop)
    }

    /// Changes a role, if it is still what was read; gives it with its new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody else changed it since, [`StoreError::NotFound`], [`StoreError::Invalid`],
    /// [`StoreError::Unavailable`].
    pub async fn change_role(&self, role: &Role, now: WallTime) -> Result<Role, StoreError> {
        check_role(role)?;
        let changed_at = now.max(role.changed_at + Duration::from_millis(1));
        let mut tx = self.db.begin().await?;
        let statement = sql("UPDATE role SET label = $3, grants = $4, pages = $5, second_factor = $6,
                changed_at = $7 WHERE name = $1 AND changed_at = $2")
        .bind(role.name.as_str())
        .bind(role.changed_at.as_unix_micros())
        .bind(role.label.as_str())
        .bind(encode(&role.grants)?)
        .bind(role.pages)
        .bind(role.second_factor)
        .bind(changed_at.as_unix_micros());
        if tx.execute(statement).await? == 0 {
            let known = sql("SELECT name FROM role WHERE name = $1").bind(role.name.as_str());
            let known = tx.fetch_first(known).await?;
            return Err(if known.is_some() { StoreError::Conflict } else { StoreError::NotFound });
        }
        people_changed(&mut tx).await?;
        tx.commit().await?;
        Ok(Role { changed_at, ..role.clone() })
    }

    /// Deletes a role that nobody has and that is not built in.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody has it or it is built in, [`StoreError::NotFound`],
    /// [`StoreError::Unavailable`].
    pub async fn delete_role(&self, name: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM role WHERE name = $1 AND NOT built_in
                AND NOT EXISTS (SELECT 1 FROM user_role WHERE role = $1)")
        .bind(name);
        if self.db.execute(statement).await? > 0 {
            return Ok(());
        }
        Err(if self.find_role(name).await?.is_some() { StoreError::Conflict } else { StoreError::NotFound })
    }

    /// Grows with every change to users, roles and sessions: who keeps what they may do asks again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn people_version(&self) -> Result<u64, StoreError> {
        let row = self.db.fetch_first(sql("SELECT version FROM people_version")).await?;
        Ok(row.ok_or(StoreError::NotFound)?.get::<i64>("version")?.unsigned_abs())
    }

    /// Gives the built-in roles what they have by the program and this database has not heard of: everything in a new one, later what
    /// came with another program. What somebody took away stays away.
    pub(crate) async fn fill_roles(&self) -> Result<(), StoreError> {
        let all: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
        let all = all.join(" ");
        let mut tx = self.db.begin().await?;
        let mut is_changed = false;
        for role in &BUILT_IN {
            let statement = sql("SELECT grants, known FROM role WHERE name = $1 AND known <> $2");
            let row = tx.fetch_first(statement.bind(role.name).bind(all.as_str())).await?;
            let Some(row) = row else { continue };
            let known: String = row.get("known")?;
            let is_news = |permission: Permission| {
                known != EVERYTHING && known.split(' ').all(|word| word != permission.as_str())
            };
            let news = role.grants().iter().filter(|(permission, _)| is_news(*permission)).collect();
            let mut grants = decode(&row.get::<String>("grants")?, role.name)?;
            grants.widen(&news);
            let statement = sql("UPDATE role SET grants = $2, known = $3 WHERE name = $1");
            tx.execute(statement.bind(role.name).bind(encode(&grants)?).bind(all.as_str())).await?;
            is_changed = true;
        }
        if is_changed {
            people_changed(&mut tx).await?;
        }
        tx.commit().await
    }

    /// What follows from the roles and teams of a user.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    pub async fn standing_of(&self, user: &str) -> Result<Standing, StoreError> {
        let statement = sql("SELECT r.name, r.label, r.grants, r.pages, r.second_factor, r.built_in, r.changed_at, NULL AS team
            FROM user_role u JOIN role r ON r.name = u.role
                WHERE u.user_name = $1
            UNION ALL SELECT '', '', '', FALSE, FALSE, FALSE, 0, team FROM user_team WHERE user_name = $1")
        .bind(user);
        let mut standing = Standing::default();
        for row in self.db.fetch(statement).await? {
            if let Some(team) = row.get::<Option<String>>("team")? {
                standing.teams.insert(team);
                continue;
            }
            let role = Role::read(&row)?;
            standing.grants.widen(&role.grants);
            standing.pages |= role.pages;
            standing.second_factor |= role.second_factor;
            standing.roles.insert(role.name);
        }
        Ok(standing)
    }
}

/// What follows from somebody's roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The teams that are overseen: groups of agents.
    pub teams: BTreeSet<String>,
    /// What the roles allow together.
    pub grants: Grants,
    /// Whether one of them is for people.
    pub pages: bool,
    /// Whether one of them asks for a second factor.
    pub second_factor: bool,
}

/// To be called in every transaction after which somebody may do more or less than before.
pub(crate) async fn people_changed(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(sql("UPDATE people_version SET version = version + 1 WHERE id = 1")).await.map(drop)
}

fn check_role(role: &Role) -> Result<(), StoreError> {
    check_required("the role's name", &role.name, NAME_CHARS_MAX)?;
    check_required("the role's label", &role.label, NAME_CHARS_MAX)
}

/// Permissions as a JSON object of words.
pub(crate) fn encode(grants: &Grants) -> Result<String, StoreError> {
    let words: serde_json::Map<_, _> = grants
        .iter()
        .map(|(permission, scope)| (permission.as_str().to_owned(), scope.as_str().into()))
        .collect();
    serde_json::to_string(&words).map_err(StoreError::Encode)
}

/// Reads [`encode`]. Words that this program does not know grant nothing.
pub(crate) fn decode(text: &str, whose: &str) -> Result<Grants, StoreError> {
    let words: serde_json::Map<String, serde_json::Value> = match text {
        "" => return Ok(Grants::default()),
        text => serde_json::from_str(text).map_err(|source| StoreError::Corrupt {
            what: "the permissions of",
            key: whose.to_owned(),
            source: Some(source),
        })?,
    };
    let known = words
        .iter()
        .filter_map(|(word, scope)| Some((Permission::parse(word)?, Scope::parse(scope.as_str()?)?)));
    Ok(known.collect())
}

impl Role {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let name: String = row.get("name")?;
        // Everything, also what was made later than this database.
        let grants = if name == hotline_access::ADMIN {
            Grants::everything()
        } else {
            decode(&row.get::<String>("grants")?, &name)?
        };
        Ok(Self {
            grants,
            label: row.get("label")?,
            pages: row.get("pages")?,
            second_factor: row.get("second_factor")?,
            built_in: row.get("built_in")?,
            changed_at: WallTime(row.get("changed_at")?),
            name,
        })
    }
}
