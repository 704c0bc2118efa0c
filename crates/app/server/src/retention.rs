//! Once a day what is older than the configuration allows is forgotten: messages of callers, figures of flows.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hotline_base::{AgentId, Pii, WallTime};
use hotline_call::{Command, MessageSummary};
use hotline_config::{Configuration, Retention};
use hotline_shard::{Clock, Handle};
use hotline_store::{AuditEntry, Store, StoreError, day};
use hotline_telemetry::Metric;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Between two sweeps.
const DAY: Duration = Duration::from_secs(86_400);
/// After a sweep that failed or left something.
const AGAIN: Duration = Duration::from_secs(600);
/// After the start, when there is enough else to do.
const FIRST: Duration = Duration::from_secs(5);
/// Messages that one sweep deletes at most, and how many are asked for at once.
const MESSAGES_MAX: usize = 10_000;
const MESSAGES_AT_ONCE: usize = 100;
/// Days whose figures one sweep deletes at most.
const DAYS_MAX: u64 = 400;

/// Forgets what is too old.
pub(crate) struct Sweeper {
    retention: Retention,
    recordings: PathBuf,
    store: Store,
    shard: Handle,
    clock: Clock,
}

impl Sweeper {
    pub(crate) fn new(configuration: &Configuration, store: Store, shard: Handle, clock: Clock) -> Self {
        let (retention, recordings) =
            (configuration.server.retention, configuration.server.storage.recordings.clone());
        Self { retention, recordings, store, shard, clock }
    }

    /// Sweeps until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.sweep_on() => {}
        }
    }

    async fn sweep_on(&self) {
        sleep(FIRST).await;
        loop {
            let pause = match self.sweep().await {
                Ok(true) => DAY,
                Ok(false) => AGAIN,
                Err(error) => {
                    warn!(
                        error = format!("{error:#}"),
                        "what is too old was not forgotten; it is tried again"
                    );
                    Metric::RetentionFailures.increment(1);
                    AGAIN
                }
            };
            sleep(pause).await;
        }
    }

    /// True if nothing is left that is too old.
    async fn sweep(&self) -> Result<bool> {
        let now = self.clock.now().wall;
        let mut is_done = true;
        if let Some(days) = self.retention.messages_days {
            is_done &= self.messages(before(now, days)).await?;
        }
        if let Some(days) = self.retention.flow_figures_days {
            is_done &= self.flow_figures(day(before(now, days))).await?;
        }
        Ok(is_done)
    }

    async fn messages(&self, before: WallTime) -> Result<bool> {
        let mut deleted = 0;
        let outcome = self.delete_messages(before, &mut deleted).await;
        // Also of those before one that could not be deleted.
        self.note("messages", deleted, json!({ "deleted": deleted, "before": before.as_unix_seconds() }))
            .await?;
        outcome
    }

    async fn delete_messages(&self, before: WallTime, deleted: &mut u64) -> Result<bool> {
        for _ in 0..MESSAGES_MAX / MESSAGES_AT_ONCE {
            let old = self.store.messages_before(before, MESSAGES_AT_ONCE).await?;
            if old.is_empty() {
                return Ok(true);
            }
            for message in old {
                // The file first: an entry without a file is found again, a file without an entry is not.
                delete(&self.recordings, &message.path).await.with_context(|| message.path.clone())?;
                if self.store.delete_message(message.id).await? {
                    *deleted += 1;
                }
                if let Some(mailbox) = &message.mailbox {
                    self.tell_phones(mailbox).await?;
                }
            }
        }
        Ok(false)
    }

    async fn flow_figures(&self, first_kept: i64) -> Result<bool> {
        let days = self.store.forget_flow_figures(first_kept, DAYS_MAX).await?;
        self.note("flow_figures", days, json!({ "days": days })).await?;
        Ok(days < DAYS_MAX)
    }

    /// Lets the lamps of phones follow.
    async fn tell_phones(&self, mailbox: &str) -> Result<(), StoreError> {
        let count = self.store.count_messages_of(mailbox).await?;
        let summary = MessageSummary { new: count.unheard, old: count.heard };
        // The mailbox of a queue is refused: no phone watches it.
        drop(self.shard.command(Command::SetMailbox(AgentId::from(mailbox), summary)).await);
        Ok(())
    }

    async fn note(&self, what: &'static str, count: u64, detail: Value) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        Metric::RetentionDeleted.counter_for([what]).increment(count);
        info!(what, count, "what was too old is forgotten");
        let entry = AuditEntry {
            at: self.clock.now().wall,
            actor: "system".to_owned(),
            action: "retention.delete".to_owned(),
            subject: what.to_owned(),
            detail: Pii::new(detail),
        };
        self.store.append_audit(&entry).await.map(drop)
    }
}

fn before(now: WallTime, days: u32) -> WallTime {
    WallTime(now.as_unix_micros() - i64::from(days) * 86_400_000_000)
}

async fn delete(recordings: &Path, path: &str) -> io::Result<()> {
    let file = recordings.join(path);
    match tokio::fs::remove_file(&file).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
