//! Users: who signs in, with which roles. Nobody gives what they do not have, and nobody acts on a user who may do more.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use hotline_access::{Grants, Permission, Scope};
use hotline_api_types as api;
use hotline_base::{AgentId, Pii};
use hotline_store::{NAME_CHARS_MAX, NewPassword, Role, StoreError, User};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::calls::wrong;
use crate::answer::{Created, NoContent, Secret, Versioned};
use crate::app::App;
use crate::auth::Identity;
use crate::convert;
use crate::cursor::{self, PAGE_MAX, page_size};
use crate::error::ApiError;
use crate::extract::{IfMatch, Json, Path, Query};
use crate::password::one_time_password;
use crate::viewer::Subject;

/// Users of one center; one more is refused.
const USERS_MAX: usize = 20_000;

/// The query of a list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// At most so many on a page: 1 to 500, 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// `GET /api/v1/users`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(part): Query<Part>,
) -> Result<axum::Json<api::UserList>, ApiError> {
    let size = page_size(part.limit);
    let mut after: Option<String> = cursor::read(part.cursor.as_deref())?;
    let mut seen = Vec::new();
    // Few of many may be reached.
    loop {
        let users = app.ports.store.list_users_after(after.as_deref(), PAGE_MAX).await?;
        let is_last = users.len() < PAGE_MAX;
        after = users.last().map(|last| last.name.clone());
        seen.extend(users.into_iter().filter(|user| is_reached(&who, user)));
        if is_last || seen.len() > size {
            break;
        }
    }
    let (users, next) = cursor::page(seen, size, |user| user.name.clone());
    Ok(axum::Json(api::UserList { users: users.iter().map(convert::user).collect(), next }))
}

/// `GET /api/v1/users/{name}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<Versioned<api::User>, ApiError> {
    let user = find(&app, &who, &name).await?;
    Ok(answer(&user))
}

/// `POST /api/v1/users`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Identity,
    Json(body): Json<api::NewUser>,
) -> Result<Secret<Created<api::UserCreated>>, ApiError> {
    let now = app.now();
    let mut wanted = User::new(body.name.trim(), body.display_name.trim(), "", Pii::from(""), now);
    wanted.roles = body.roles.into_iter().collect();
    wanted.teams = body.teams.into_iter().collect();
    wanted.agent = body.agent.as_deref().map(AgentId::from);
    let password = one_time_password()?;
    wanted.password_hash = Pii::new(app.passwords.hash(password.clone()).await?);
    wanted.password_temporary = true;
    let _turn = app.people.lock().await;
    let roles = app.ports.store.list_roles().await?;
    check(&app, &wanted, &roles)?;
    may_give(&who, &wanted, &roles)?;
    if app.ports.store.list_users().await?.len() >= USERS_MAX {
        return Err(ApiError::Kept("there are as many users as a center can have"));
    }
    app.ports
        .store
        .create_user(&wanted)
        .await
        .map_err(|error| ApiError::on_conflict(error, wrong("name", "is taken")))?;
    app.audit(&who.user.name, "user.create", &wanted.name, detail(&wanted)).await?;
    // A program has tokens: nobody needs to know a password of it.
    let has_pages = roles.iter().any(|role| role.pages && wanted.roles.contains(&role.name));
    let password = has_pages.then_some(password);
    let created = api::UserCreated { user: convert::user(&wanted), password };
    let place = format!("/api/v1/users/{}", wanted.name);
    Ok(Secret(Created { place, tag: tag(&wanted), body: created }))
}

/// `PUT /api/v1/users/{name}`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: IfMatch,
    Json(body): Json<api::UserChange>,
) -> Result<Versioned<api::User>, ApiError> {
    let _turn = app.people.lock().await;
    let before = find(&app, &who, &name).await?;
    if base.0 != tag(&before) {
        return Err(ApiError::Stale);
    }
    let wanted = User {
        display_name: body.display_name.trim().to_owned(),
        roles: body.roles.into_iter().collect(),
        teams: body.teams.into_iter().collect(),
        agent: body.agent.as_deref().map(AgentId::from),
        disabled: body.disabled,
        ..before.clone()
    };
    let roles = app.ports.store.list_roles().await?;
    check(&app, &wanted, &roles)?;
    may_give(&who, &before, &roles)?;
    may_give(&who, &wanted, &roles)?;
    let mut users = app.ports.store.list_users().await?;
    users.retain(|user| user.name != wanted.name);
    users.push(wanted.clone());
    somebody_manages(&users, &roles)?;
    let after = app.ports.store.change_user(&wanted, app.now()).await.map_err(stale)?;
    if after.disabled {
        end_everything(&app, &after.name).await?;
    }
    app.audit(&who.user.name, "user.change", &after.name, detail(&after)).await?;
    app.hub.look_again();
    Ok(answer(&after))
}

/// `DELETE /api/v1/users/{name}`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
    base: IfMatch,
) -> Result<NoContent, ApiError> {
    let _turn = app.people.lock().await;
    let before = find(&app, &who, &name).await?;
    if base.0 != tag(&before) {
        return Err(ApiError::Stale);
    }
    let roles = app.ports.store.list_roles().await?;
    may_give(&who, &before, &roles)?;
    let mut users = app.ports.store.list_users().await?;
    users.retain(|user| user.name != before.name);
    somebody_manages(&users, &roles)?;
    end_everything(&app, &before.name).await?;
    app.ports.store.delete_user(&before.name).await?;
    app.audit(&who.user.name, "user.delete", &before.name, detail(&before)).await?;
    Ok(NoContent)
}

/// `POST /api/v1/users/{name}/password`: a password for the next sign-in, and an end to every session.
pub(crate) async fn reset_password(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<Secret<axum::Json<api::OneTimePassword>>, ApiError> {
    let user = stronger_than(&app, &who, &name).await?;
    let password = one_time_password()?;
    let hash = Pii::new(app.passwords.hash(password.clone()).await?);
    let remembered = app.ports.passwords.remembered;
    let new = NewPassword { hash: &hash, temporary: true, remembered };
    app.ports.store.set_password(&user.name, &new, app.now()).await?;
    end_everything(&app, &user.name).await?;
    app.audit(&who.user.name, "user.password", &user.name, serde_json::Value::Null).await?;
    Ok(Secret(axum::Json(api::OneTimePassword { password })))
}

/// `DELETE /api/v1/users/{name}/second-factor`: for a user whose app is lost.
pub(crate) async fn remove_second_factor(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    let user = stronger_than(&app, &who, &name).await?;
    if !app.ports.store.remove_totp(&user.name).await? {
        return Err(ApiError::NotFound);
    }
    app.audit(&who.user.name, "user.second_factor", &user.name, serde_json::Value::Null).await?;
    Ok(NoContent)
}

/// `POST /api/v1/users/{name}/unlock`
pub(crate) async fn unlock(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    let user = find(&app, &who, &name).await?;
    app.ports.store.unlock_user(&user.name).await?;
    app.audit(&who.user.name, "user.unlock", &user.name, serde_json::Value::Null).await?;
    Ok(NoContent)
}

/// `POST /api/v1/users/{name}/sign-out`: everywhere, tokens included.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    who: Identity,
    Path(name): Path<String>,
) -> Result<NoContent, ApiError> {
    let user = stronger_than(&app, &who, &name).await?;
    let ended = end_everything(&app, &user.name).await?;
    app.audit(&who.user.name, "user.sign_out", &user.name, json!({ "ended": ended })).await?;
    Ok(NoContent)
}

/// The user, if whoever asks may do all that the user may.
pub(super) async fn stronger_than(app: &App, who: &Identity, name: &str) -> Result<User, ApiError> {
    let user = find(app, who, name).await?;
    may_give(who, &user, &app.ports.store.list_roles().await?)?;
    Ok(user)
}

/// Ends sessions and tokens, those of this moment's requests included.
pub(super) async fn end_everything(app: &App, name: &str) -> Result<u64, ApiError> {
    let ended = app.ports.store.delete_everything_of(name).await?;
    app.with_known(|known| known.forget_user(name));
    app.hub.look_again();
    Ok(ended)
}

async fn find(app: &App, who: &Identity, name: &str) -> Result<User, ApiError> {
    let user = app.ports.store.find_user(name).await?;
    // Who may manage some users is not told of others.
    user.filter(|user| is_reached(who, user)).ok_or(ApiError::NotFound)
}

/// Whether the scope of managing users reaches this one: oneself, agents of one's teams and those who oversee nothing else.
fn is_reached(who: &Identity, user: &User) -> bool {
    match who.viewer.grants.scope(Permission::UsersManage) {
        None => false,
        Some(Scope::All) => true,
        Some(Scope::Own) => user.name == who.user.name,
        Some(Scope::Team) => {
            let of_team = user
                .agent
                .as_ref()
                .is_some_and(|agent| who.viewer.may(Permission::UsersManage, Subject::Agent(agent)));
            of_team || !user.teams.is_empty() && user.teams.is_subset(&who.user.teams)
        }
    }
}

/// What a user's roles allow together.
fn grants(user: &User, roles: &[Role]) -> Grants {
    let mut grants = Grants::default();
    for role in roles.iter().filter(|role| user.roles.contains(&role.name)) {
        grants.widen(&role.grants);
    }
    grants
}

/// Nobody gives, takes or resets what they do not have.
fn may_give(who: &Identity, user: &User, roles: &[Role]) -> Result<(), ApiError> {
    let of_team = |agent: &AgentId| who.viewer.may(Permission::UsersManage, Subject::Agent(agent));
    let within = who.viewer.sees_all(Permission::UsersManage)
        || user.teams.is_subset(&who.user.teams) && user.agent.as_ref().is_none_or(of_team);
    if within && is_reached(who, user) && who.viewer.grants.cover(&grants(user, roles)) {
        Ok(())
    } else {
        Err(ApiError::Forbidden)
    }
}

/// Somebody must be left who can change users and roles.
pub(super) fn somebody_manages(users: &[User], roles: &[Role]) -> Result<(), ApiError> {
    let manages = |user: &User| {
        let grants = grants(user, roles);
        let all = |permission| grants.scope(permission) == Some(Scope::All);
        let pages = roles.iter().any(|role| role.pages && user.roles.contains(&role.name));
        !user.disabled && pages && all(Permission::UsersManage) && all(Permission::RolesManage)
    };
    if users.iter().any(manages) {
        return Ok(());
    }
    Err(ApiError::Kept(
        "nobody would be left who can manage users and roles; give another user these rights first",
    ))
}

fn check(app: &App, wanted: &User, roles: &[Role]) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    let mut add = |field: &str, problem: String| {
        errors.push(api::FieldProblem { field: field.to_owned(), problem });
    };
    if let Err(problem) = check_name(&wanted.name) {
        add("name", problem.to_owned());
    }
    let shown = &wanted.display_name;
    if shown.is_empty() || shown.chars().count() > NAME_CHARS_MAX || shown.contains(char::is_control) {
        add("display_name", format!("must have 1 to {NAME_CHARS_MAX} characters"));
    }
    if wanted.roles.is_empty() {
        add("roles", "must name one role at least".to_owned());
    }
    let known: BTreeSet<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    for role in wanted.roles.iter().filter(|role| !known.contains(role.as_str())) {
        add("roles", format!("`{role}` is no role"));
    }
    let teams = Arc::clone(&app.center().teams);
    for team in wanted.teams.iter().filter(|team| teams.get(team).is_none()) {
        add("teams", format!("`{team}` is no team: the groups of the configured agents are"));
    }
    if wanted.agent.as_ref().is_some_and(|agent| !teams.knows(agent)) {
        add("agent", "is not configured".to_owned());
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Fields(errors)) }
}

/// Names stand in addresses and logs.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |one: char| one.is_alphanumeric() || "._-@".contains(one);
    let length = name.chars().count();
    if (1..=64).contains(&length) && name.chars().all(plain) && name != "system" {
        return Ok(());
    }
    Err("must have 1 to 64 letters, digits, dots, hyphens, underscores or @")
}

fn detail(user: &User) -> serde_json::Value {
    json!({
        "roles": user.roles, "teams": user.teams, "agent": user.agent.as_ref().map(AgentId::as_str),
        "disabled": user.disabled
    })
}

fn stale(error: StoreError) -> ApiError {
    ApiError::on_conflict(error, ApiError::Stale)
}

fn tag(user: &User) -> String {
    format!("\"{}\"", convert::time(user.changed_at))
}

fn answer(user: &User) -> Versioned<api::User> {
    Versioned { tag: tag(user), body: convert::user(user) }
}
