//! People who can sign in: the published ones of a demonstration, the first administrator, and those added by
//! command.

use std::io::BufRead;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use hotline_api::hash_password;
use hotline_base::{AgentId, Pii, Rng, WallTime};
use hotline_config::{Configuration, Demo};
use hotline_store::{Role, Store, User};
use tracing::warn;

use crate::{banner, cli};

const PASSWORD_MIN: usize = 8;
const FIRST_ADMIN: &str = "admin";

/// Lets the demonstration's people in with their published passwords, and out again once it is gone. In a real
/// center that no administrator can enter, makes one with a password that is shown once.
pub(crate) async fn prepare(store: &Store, demo: Option<&Demo>, rng: &mut Rng) -> Result<()> {
    let people = demo.map_or(&[][..], |demo| &demo.users);
    for person in people {
        let role = if person.admin { Role::Admin } else { Role::Agent };
        let agent = person.agent.as_deref().map(AgentId::from);
        save(store, &person.user, &person.name, role, agent, person.password.expose()).await?;
    }
    let names: Vec<&str> = people.iter().map(|person| person.user.as_str()).collect();
    let left = store.set_demo_users(&names).await?;
    if !left.is_empty() {
        warn!(users = left.join(", "), "their passwords were published: they cannot sign in any more");
    }
    let can_administer = |user: &User| user.role == Role::Admin && !user.disabled;
    if demo.is_none() && !store.list_users().await?.iter().any(can_administer) {
        let password = rng.hex(16);
        save(store, FIRST_ADMIN, "Administrator", Role::Admin, None, &password).await?;
        banner::print(&format!(
            "No administrator yet: sign in as `{FIRST_ADMIN}` with the password {password}\n\
             It is shown only this once; change it with `hotline user {FIRST_ADMIN} --admin`."
        ));
    }
    Ok(())
}

/// `hotline user`.
pub(crate) async fn add(configuration: &Configuration, wanted: &cli::User) -> Result<()> {
    let agent = wanted.agent.as_deref().map(AgentId::from);
    if let Some(agent) = &agent
        && !configuration.center.agents.contains_key(agent)
    {
        bail!("there is no agent `{agent}` in {}", configuration.server.storage.center.display());
    }
    let role = match (wanted.admin, &agent) {
        (true, _) => Role::Admin,
        (false, Some(_)) => Role::Agent,
        (false, None) => bail!("say what `{}` may do: --agent ID, --admin, or both", wanted.user),
    };
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("reading the password from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_MIN {
        bail!("the password needs at least {PASSWORD_MIN} characters; nothing was changed");
    }
    let store = Store::open(&configuration.server.storage.database).await?;
    let name = wanted.name.as_deref().unwrap_or(&wanted.user);
    save(&store, &wanted.user, name, role, agent, password).await?;
    store.keep_demo_user(&wanted.user).await?;
    banner::print(&format!("`{}` can sign in.", wanted.user));
    store.close().await;
    Ok(())
}

async fn save(
    store: &Store,
    user: &str,
    name: &str,
    role: Role,
    agent: Option<AgentId>,
    password: &str,
) -> Result<()> {
    let secret = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || hash_password(&secret)).await??;
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let user = User {
        name: user.to_owned(),
        display_name: name.to_owned(),
        role,
        agent,
        password_hash: Pii::new(hash),
        disabled: false,
        created_at: WallTime(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
    };
    let saving = || format!("saving user `{}`", user.name);
    store.upsert_user(&user).await.with_context(saving)?;
    store.set_password_hash(&user.name, &user.password_hash).await.with_context(saving)
}
