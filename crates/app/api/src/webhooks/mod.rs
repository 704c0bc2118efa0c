//! Events for programs outside: each is sent to the address that the administrator has configured, signed (Standard Webhooks),
//! until the receiver takes it. The journal is the outbox: what was acknowledged there is sent, also after a crash.
//!
//! In the order of their numbers, events go out a batch at a time; those of one call one after the other, those of different calls
//! side by side. What a receiver does not take is parked, with whatever follows of the same call, and sent again with growing pauses;
//! other calls go on. An event may come twice, with the same `webhook-id`: after a crash, or when an answer was lost.

mod lane;
mod sign;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hotline_api_types as api;
use hotline_base::{Pii, WallTime};
use hotline_store::Store;
use hotline_web_client::Client;
use tokio::sync::mpsc;

pub(crate) use worker::Parts;

/// One receiver, as configured.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Names it.
    pub name: String,
    /// Where events are sent: `http` or `https`.
    pub url: String,
    /// What signs them.
    pub key: Pii<Vec<u8>>,
    /// Which types: as they are written, or with `*` at the end; all if empty.
    pub types: Vec<String>,
    /// How long the receiver may take to answer.
    pub timeout: Duration,
}

impl Webhook {
    /// Whether events of this type go there.
    fn wants(&self, kind: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => kind == pattern,
        };
        self.types.is_empty() || self.types.iter().any(fits)
    }
}

/// What is configured, and by what it is sent.
#[derive(Clone)]
pub struct Webhooks {
    /// The receivers.
    pub hooks: Vec<Webhook>,
    /// The way out.
    pub client: Client,
}

/// Lets those that are new be told whatever happens from here on: the sooner in a start, the more of it.
pub(crate) async fn begin(webhooks: &Webhooks, store: &Store) {
    for hook in &webhooks.hooks {
        // If the database is away, it begins when that is back.
        if let Err(error) = worker::place(store, &hook.name).await {
            tracing::warn!(webhook = hook.name, %error, "a webhook waits for the database");
        }
    }
}

/// How a webhook stands.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// The last event that was sent or parked.
    place: u64,
    /// Events that the receiver did not take yet.
    parked: usize,
    /// Events it took since the start.
    delivered: u64,
    /// Events that were given up.
    given_up: u64,
    /// Since when it takes nothing, and why.
    failing: Option<(WallTime, String)>,
}

/// The running webhooks, for those who ask and those who want them told again.
#[derive(Default)]
pub(crate) struct Running(BTreeMap<String, Handle>);

struct Handle {
    hook: Webhook,
    standing: Arc<Mutex<Standing>>,
    rewinds: mpsc::Sender<u64>,
}

impl Running {
    /// Starts a task for each.
    pub(crate) fn start(webhooks: &Webhooks, parts: &Parts) -> (Self, Vec<impl Future<Output = ()> + use<>>) {
        let mut running = Self::default();
        let mut tasks = Vec::new();
        for hook in &webhooks.hooks {
            let standing = Arc::new(Mutex::new(Standing::default()));
            let (rewinds, orders) = mpsc::channel(1);
            tasks.push(worker::run(parts.clone(), hook.clone(), Arc::clone(&standing), orders));
            running.0.insert(hook.name.clone(), Handle { hook: hook.clone(), standing, rewinds });
        }
        (running, tasks)
    }

    /// How each stands, by name; `newest` is the last event of the journal.
    pub(crate) fn list(&self, newest: u64) -> Vec<api::Webhook> {
        self.0.values().map(|handle| handle.shape(newest)).collect()
    }

    /// Lets one be told everything after `place` again. False if there is none of that name.
    pub(crate) async fn rewind(&self, name: &str, place: u64) -> bool {
        match self.0.get(name) {
            Some(handle) => handle.rewinds.send(place).await.is_ok(),
            None => false,
        }
    }

    /// Whether there is one of that name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Handle {
    fn shape(&self, newest: u64) -> api::Webhook {
        let Standing { place, parked, delivered, given_up, failing } =
            self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (failing_since, problem) = failing.unzip();
        api::Webhook {
            name: self.hook.name.clone(),
            url: self.hook.url.clone(),
            types: self.hook.types.clone(),
            place,
            newest,
            parked,
            delivered,
            given_up,
            failing_since: failing_since.map(crate::convert::time),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_gets_the_types_that_it_wants() {
        let hook = |types: &[&str]| Webhook {
            name: "crm".into(),
            url: "http://127.0.0.1/".into(),
            key: Pii::new(vec![0; 24]),
            types: types.iter().map(|text| (*text).to_owned()).collect(),
            timeout: Duration::from_secs(10),
        };
        assert!(hook(&[]).wants("call.ended"));
        let some = hook(&["call.*", "agent.changed"]);
        assert!(some.wants("call.ended") && some.wants("agent.changed"));
        assert!(!some.wants("alarm.raised") && !some.wants("agent.changed.not"));
    }
}
