//! People who can sign in: the published ones of a demonstration, the first administrator, and those added by
//! command.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use hotline_access::{ADMIN, Grants, Permission, Scope};
use hotline_api::{hash_password, one_time_password};
use hotline_base::{AgentId, Pii, WallTime};
use hotline_config::{Configuration, Demo};
use hotline_store::{AuditEntry, NewPassword, Store, User};
use serde_json::json;
use tracing::warn;

use crate::{banner, cli};

const FIRST_ADMIN: &str = "admin";

/// Lets the demonstration's people in with their published passwords, and out again once it is gone. In a real
/// center that no administrator can enter, makes one with a password that is shown once and must be changed.
pub(crate) async fn prepare(store: &Store, demo: Option<&Demo>) -> Result<()> {
    let people = demo.map_or(&[][..], |demo| &demo.users);
    for person in people {
        let wanted = Wanted {
            roles: BTreeSet::from([person.role.clone()]),
            teams: person.teams.iter().cloned().collect(),
            agent: person.agent.as_deref().map(AgentId::from),
            ..Wanted::new(&person.user, &person.name)
        };
        wanted.save(store, person.password.expose()).await?;
    }
    let names: Vec<&str> = people.iter().map(|person| person.user.as_str()).collect();
    let left = store.set_demo_users(&names).await?;
    if !left.is_empty() {
        warn!(users = left.join(", "), "their passwords were published: they cannot sign in any more");
    }
    if demo.is_none() && !somebody_manages(store).await? {
        let password = one_time_password()?;
        let roles = BTreeSet::from([ADMIN.to_owned()]);
        let wanted = Wanted { roles, temporary: true, ..Wanted::new(FIRST_ADMIN, "Administrator") };
        wanted.save(store, &password).await?;
        note(store, FIRST_ADMIN, &json!({ "by": "first start", "roles": [ADMIN] })).await?;
        // To the terminal and not to the log, which others read and which is kept.
        banner::print(&format!(
            "No administrator yet: sign in as `{FIRST_ADMIN}` with the password {password}\n\
             It is shown only this once, and you choose another at the first sign-in."
        ));
    }
    Ok(())
}

/// Writes who came in by which way into the audit log.
async fn note(store: &Store, user: &str, detail: &serde_json::Value) -> Result<()> {
    let entry = AuditEntry {
        at: now(),
        actor: "system".to_owned(),
        action: "user.set".to_owned(),
        subject: user.to_owned(),
        detail: Pii::new(detail.clone()),
    };
    store.append_audit(&entry).await.map(drop).context("writing the audit log")
}

/// The wall clock, for commands that run without a server.
pub(crate) fn now() -> WallTime {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}

/// Whether anybody who can sign in can manage users and roles.
async fn somebody_manages(store: &Store) -> Result<bool> {
    let roles = store.list_roles().await?;
    let manages = |user: &User| {
        let mut grants = Grants::default();
        for role in roles.iter().filter(|role| role.pages && user.roles.contains(&role.name)) {
            grants.widen(&role.grants);
        }
        let all = |permission| grants.scope(permission) == Some(Scope::All);
        !user.disabled && all(Permission::UsersManage) && all(Permission::RolesManage)
    };
    Ok(store.list_users().await?.iter().any(manages))
}

/// `hotline user`.
pub(crate) async fn add(configuration: &Configuration, wanted: &cli::User) -> Result<()> {
    let center = &configuration.center;
    let agent = wanted.agent.as_deref().map(AgentId::from);
    if let Some(agent) = &agent
        && !center.agents.contains_key(agent)
    {
        bail!("there is no agent `{agent}` in {}", configuration.server.storage.center.display());
    }
    let mut roles: BTreeSet<String> = wanted.role.iter().cloned().collect();
    roles.extend(wanted.admin.then(|| ADMIN.to_owned()));
    if roles.is_empty() && agent.is_some() {
        roles.insert("agent".to_owned());
    }
    ensure!(!roles.is_empty(), "say what `{}` may do: --agent ID, --admin, or --role NAME", wanted.user);
    for team in &wanted.team {
        let there =
            center.agents.values().any(|agent| agent.groups.iter().any(|group| group.as_str() == team));
        ensure!(there, "no agent is in the group `{team}`, so there is no such team");
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("reading the password from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if let Err(weakness) = configuration.server.http.passwords.check(password, &wanted.user) {
        bail!("the password {weakness}; nothing was changed");
    }
    let store = Store::open(&configuration.server.storage.database).await?;
    let known = store.list_roles().await?;
    for role in &roles {
        let names: Vec<&str> = known.iter().map(|role| role.name.as_str()).collect();
        ensure!(names.contains(&role.as_str()), "there is no role `{role}`; there are {}", names.join(", "));
    }
    let name = wanted.name.as_deref().unwrap_or(&wanted.user);
    let teams = wanted.team.iter().cloned().collect();
    let temporary = wanted.temporary;
    let detail = json!({ "by": "command", "roles": roles, "teams": wanted.team, "agent": wanted.agent });
    Wanted { roles, teams, agent, temporary, ..Wanted::new(&wanted.user, name) }
        .save(&store, password)
        .await?;
    store.keep_demo_user(&wanted.user).await?;
    note(&store, &wanted.user, &detail).await?;
    banner::print(&format!("`{}` can sign in.", wanted.user));
    store.close().await;
    Ok(())
}

/// A user that is to be there.
struct Wanted<'a> {
    user: &'a str,
    name: &'a str,
    roles: BTreeSet<String>,
    teams: BTreeSet<String>,
    agent: Option<AgentId>,
    temporary: bool,
}

impl<'a> Wanted<'a> {
    fn new(user: &'a str, name: &'a str) -> Self {
        Self { user, name, roles: BTreeSet::new(), teams: BTreeSet::new(), agent: None, temporary: false }
    }

    async fn save(self, store: &Store, password: &str) -> Result<()> {
        let secret = password.to_owned();
        let hash = tokio::task::spawn_blocking(move || hash_password(&secret)).await??;
        let now = now();
        let user = User {
            roles: self.roles,
            teams: self.teams,
            agent: self.agent,
            password_temporary: self.temporary,
            ..User::new(self.user, self.name, "", Pii::new(hash), now)
        };
        let saving = || format!("saving user `{}`", user.name);
        store.upsert_user(&user).await.with_context(saving)?;
        // Passwords that are given here are nobody's secret choice: none is remembered.
        let new = NewPassword { hash: &user.password_hash, temporary: self.temporary, remembered: 0 };
        store.set_password(&user.name, &new, now).await.with_context(saving)
    }
}
