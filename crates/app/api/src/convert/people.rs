//! Users, roles, permissions, teams.

use hotline_access::{Grants, Permission};
use hotline_api_types as api;
use hotline_store::{Role, User};

use super::time;
use crate::teams::Team;

/// Someone who signs in.
pub(crate) fn user(user: &User) -> api::User {
    api::User {
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        roles: user.roles.iter().cloned().collect(),
        teams: user.teams.iter().cloned().collect(),
        agent: user.agent.as_ref().map(ToString::to_string),
        disabled: user.disabled,
        locked_until: user.locked_until.map(time),
        password_changed_at: time(user.password_changed_at),
        password_temporary: user.password_temporary,
        second_factor: user.second_factor,
        created_at: time(user.created_at),
    }
}

/// A role.
pub(crate) fn role(role: &Role) -> api::Role {
    api::Role {
        name: role.name.clone(),
        label: role.label.clone(),
        permissions: permissions(&role.grants),
        pages: role.pages,
        second_factor: role.second_factor,
        built_in: role.built_in,
    }
}

/// Permissions in words.
pub(crate) fn permissions(grants: &Grants) -> api::Permissions {
    let words = grants.iter();
    words.map(|(permission, scope)| (permission.as_str().to_owned(), scope.as_str().to_owned())).collect()
}

/// Everything that a role can allow, explained.
pub(crate) fn explained() -> api::PermissionList {
    let explained = Permission::ALL.iter().map(|permission| api::Permission {
        permission: permission.as_str().to_owned(),
        scoped: permission.is_scoped(),
        en: permission.meaning_en().to_owned(),
        zh: permission.meaning_zh().to_owned(),
    });
    api::PermissionList { permissions: explained.collect() }
}

/// A team.
pub(crate) fn team(team: &Team) -> api::Team {
    api::Team {
        name: team.name.clone(),
        label: team.label.clone(),
        leaders: team.leaders.iter().map(ToString::to_string).collect(),
        agents: team.agents.iter().map(ToString::to_string).collect(),
        queues: team.queues.iter().map(ToString::to_string).collect(),
    }
}
