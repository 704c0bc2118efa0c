//! Roles, what they can allow, and the teams that users can oversee.

use std::sync::Arc;

use axum::extract::State;
use hotline_access::{ADMIN, Grants, Permission, Scope};
use hotline_api_types as api;
use hotline_store::{NAME_CHARS_MAX, ROLES_MAX, Role};
use serde_json::json;

use super::calls::wrong;
use super::people::{check_name, somebody_manages};
use crate::answer::{Created, NoContent, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::error::ApiError;
use crate::extract::{IfMatch, Json, Path};
use crate::viewer::Subject;

/// `GET /api/v1/roles`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _who: Identity,
) -> Result<axum::Json<api::RoleList>, ApiError> {
    let roles = app.ports.store.list_roles().await?;
    Ok(axum::Json(api::RoleList { roles: roles.iter().map(convert::role).collect() }))
}

/// `GET /api/v1/roles/{name}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    _who: Identity,
    Path(name): Path<String>,
) -> Result<Versioned<api::Role>, ApiError> {
    let role = app.ports.store.find_role(&name).await?.ok_or(ApiError::NotFound)?;
    Ok(answer(&role))
}

/// `POST /api/v1/roles`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(body): Json<api::NewRole>,
) -> Result<Created<api::Role>, ApiError> {
    who.may(Permission::RolesManage, Subject::Center)?;
    check_name(&body.name).map_err(|problem| wrong("name", problem))?;
    let role = read(body.name, body.role, app.now())?;
    may_grant(&who, &role.grants)?;
    let _turn = app.people.lock().await;
    if app.ports.store.list_roles().await?.len() >= ROLES_MAX {
        return Err(ApiError::Kept(
            "there are as many roles as a center can have; delete one that nobody has",
        ));
    }
    app.ports
        .store
        .create_role(&role)
        .await
        .map_err(|error| ApiError::on_conflict(error, wrong("name", "is taken")))?;
    app.audit(&who.user.name, "role.create", &role.name, detail(&role)).await?;
    let Versioned { tag, body } = answer(&role);
    Ok(Created { place: format!("/api/v1/roles/{}", role.name), tag, body })
}

/// `PUT /api/v1/roles/{name}`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: IfMatch,
    Json(body): Json<api::RoleChange>,
) -> Result<Versioned<api::Role>, ApiError> {
    who.may(Permission::RolesManage, Subject::Center)?;
    let _turn = app.people.lock().await;
    let before = app.ports.store.find_role(&name).await?.ok_or(ApiError::NotFound)?;
    if base.0 != tag(&before) {
        return Err(ApiError::Stale);
    }
    let read = read(name, body, before.changed_at)?;
    let wanted = Role { built_in: before.built_in, ..read };
    if before.name == ADMIN && (wanted.grants != before.grants || !wanted.pages) {
        return Err(ApiError::Kept("the role `admin` may always do everything; make another role for less"));
    }
    may_grant(&who, &before.grants)?;
    may_grant(&who, &wanted.grants)?;
    let mut roles = app.ports.store.list_roles().await?;
    roles.retain(|role| role.name != wanted.name);
    roles.push(wanted.clone());
    somebody_manages(&app.ports.store.list_users().await?, &roles)?;
    let after = app
        .ports
        .store
        .change_role(&wanted, app.now())
        .await
        .map_err(|error| ApiError::on_conflict(error, ApiError::Stale))?;
    app.audit(&who.user.name, "role.change", &after.name, detail(&after)).await?;
    app.hub.look_again();
    Ok(answer(&after))
}

/// `DELETE /api/v1/roles/{name}`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: IfMatch,
) -> Result<NoContent, ApiError> {
    who.may(Permission::RolesManage, Subject::Center)?;
    let _turn = app.people.lock().await;
    let before = app.ports.store.find_role(&name).await?.ok_or(ApiError::NotFound)?;
    if base.0 != tag(&before) {
        return Err(ApiError::Stale);
    }
    may_grant(&who, &before.grants)?;
    let kept = "a role that somebody has, or that is built in, stays; take its permissions away";
    let deleted = app.ports.store.delete_role(&name).await;
    deleted.map_err(|error| ApiError::on_conflict(error, ApiError::Kept(kept)))?;
    app.audit(&who.user.name, "role.delete", &name, serde_json::Value::Null).await?;
    Ok(NoContent)
}

/// `GET /api/v1/permissions`
pub(crate) async fn permissions(_who: Identity) -> axum::Json<api::PermissionList> {
    axum::Json(convert::explained())
}

/// `GET /api/v1/teams`: all for those who manage users or see every agent, else one's own.
pub(crate) async fn teams(State(app): State<Arc<App>>, who: Identity) -> axum::Json<api::TeamList> {
    let all = [Permission::UsersManage, Permission::AgentsSee].iter().any(|one| who.viewer.sees_all(*one));
    let center = app.center();
    let overseen = who.viewer.teams();
    let teams = center.teams.iter().filter(|team| all || overseen.iter().any(|own| own.name == team.name));
    axum::Json(api::TeamList { teams: teams.map(|team| convert::team(team)).collect() })
}

/// Nobody grants or takes away what they do not have.
fn may_grant(who: &Identity, grants: &Grants) -> Result<(), ApiError> {
    if who.viewer.grants.cover(grants) { Ok(()) } else { Err(ApiError::Forbidden) }
}

fn read(name: String, body: api::RoleChange, changed_at: hotline_base::WallTime) -> Result<Role, ApiError> {
    let mut errors = Vec::new();
    let mut add = |field: String, problem: &str| {
        errors.push(api::FieldProblem { field, problem: problem.to_owned() });
    };
    let label = body.label.trim().to_owned();
    if label.is_empty() || label.chars().count() > NAME_CHARS_MAX || label.contains(char::is_control) {
        add("label".to_owned(), "must have 1 to 200 characters");
    }
    let mut grants = Grants::default();
    for (word, scope) in &body.permissions {
        let field = format!("permissions.{word}");
        match (Permission::parse(word), Scope::parse(scope)) {
            (None, _) => add(field, "is no permission; GET /api/v1/permissions lists them"),
            (Some(_), None) => add(field, "must be `own`, `team` or `all`"),
            (Some(permission), Some(scope)) if !permission.is_scoped() && scope != Scope::All => {
                add(field, "cannot be limited: it must be `all`");
            }
            (Some(permission), Some(scope)) => grants.grant(permission, scope),
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::Fields(errors));
    }
    let (pages, second_factor) = (body.pages, body.second_factor);
    Ok(Role { name, label, grants, pages, second_factor, built_in: false, changed_at })
}

fn detail(role: &Role) -> serde_json::Value {
    let permissions = convert::permissions(&role.grants);
    json!({ "permissions": permissions, "pages": role.pages, "second_factor": role.second_factor })
}

fn tag(role: &Role) -> String {
    format!("\"{}\"", convert::time(role.changed_at))
}

fn answer(role: &Role) -> Versioned<api::Role> {
    Versioned { tag: tag(role), body: convert::role(role) }
}
