//! Users, roles, permissions and teams.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Permissions by word, each with its scope: `own`, `team` or `all`.
pub type Permissions = BTreeMap<String, String>;

/// Someone who signs in, a person or a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// What is typed at sign-in.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// The names of the roles; what they allow adds up.
    pub roles: Vec<String>,
    /// The teams that the user oversees.
    pub teams: Vec<String>,
    /// The agent that this user is, if any.
    pub agent: Option<String>,
    /// True if the user cannot sign in.
    pub disabled: bool,
    /// Until when too many wrong passwords keep the user out.
    pub locked_until: Option<Timestamp>,
    /// Since when the password holds.
    pub password_changed_at: Timestamp,
    /// True if the password must be changed at the next sign-in.
    pub password_temporary: bool,
    /// True if a one-time code is asked for.
    pub second_factor: bool,
    /// When the user was made.
    pub created_at: Timestamp,
}

/// Answer to `GET /api/v1/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserList {
    /// Those that the asking user may manage, by name.
    pub users: Vec<User>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
}

/// Body of `POST /api/v1/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What is typed at sign-in; it stays.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What others see.
    #[schemars(length(min = 1, max = 200))]
    pub display_name: String,
    /// The names of the roles.
    #[schemars(length(min = 1))]
    pub roles: Vec<String>,
    /// The teams that the user oversees.
    #[serde(default)]
    pub teams: Vec<String>,
    /// The agent that this user is, if any.
    #[serde(default)]
    pub agent: Option<String>,
}

/// Body of `PUT /api/v1/users/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// What others see.
    pub display_name: String,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The teams that the user oversees.
    #[serde(default)]
    pub teams: Vec<String>,
    /// The agent that this user is, if any.
    #[serde(default)]
    pub agent: Option<String>,
    /// True to refuse sign-in and end all sessions.
    #[serde(default)]
    pub disabled: bool,
}

/// Answer to `POST /api/v1/users`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserCreated {
    /// The user.
    pub user: User,
    /// The password for the first sign-in, at which it must be changed; shown this once. `null` for programs, which have
    /// tokens.
    pub password: Option<String>,
}

impl fmt::Debug for UserCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserCreated").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Answer to `POST /api/v1/users/{name}/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OneTimePassword {
    /// The password for the next sign-in, at which it must be changed; shown this once.
    pub password: String,
}

impl fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimePassword").finish_non_exhaustive()
    }
}

/// A name for what people may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// How users name it.
    pub name: String,
    /// How people name it.
    pub label: String,
    /// What it allows.
    pub permissions: Permissions,
    /// False for programs alone, which have tokens and no pages.
    pub pages: bool,
    /// True if whoever has it must have a second factor.
    pub second_factor: bool,
    /// True if every center has it; then it cannot be deleted.
    pub built_in: bool,
}

/// Answer to `GET /api/v1/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleList {
    /// By name.
    pub roles: Vec<Role>,
}

/// Body of `POST /api/v1/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// How users name it; it stays.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The rest.
    #[serde(flatten)]
    pub role: RoleChange,
}

/// Body of `PUT /api/v1/roles/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleChange {
    /// How people name it.
    pub label: String,
    /// What it allows.
    pub permissions: Permissions,
    /// False for programs alone.
    #[serde(default = "yes")]
    pub pages: bool,
    /// True if whoever has it must have a second factor.
    #[serde(default)]
    pub second_factor: bool,
}

const fn yes() -> bool {
    true
}

/// Something that a role can allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Permission {
    /// The word.
    pub permission: String,
    /// Whether it can be limited to `own` or `team`; else it is granted for `all`.
    pub scoped: bool,
    /// What it means, in English.
    pub en: String,
    /// What it means, in Chinese.
    pub zh: String,
}

/// Answer to `GET /api/v1/permissions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionList {
    /// In the order in which people read them.
    pub permissions: Vec<Permission>,
}

/// A group of agents that can be overseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    /// The group's name.
    pub name: String,
    /// How people name it; `null` if nothing is said.
    pub label: Option<String>,
    /// The agents who lead it: each oversees it.
    pub leaders: Vec<String>,
    /// Who is in it.
    pub agents: Vec<String>,
    /// The queues that they serve.
    pub queues: Vec<String>,
}

/// Answer to `GET /api/v1/teams`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TeamList {
    /// By name.
    pub teams: Vec<Team>,
}
