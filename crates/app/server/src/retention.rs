//! Once a day what is older than the configuration allows is forgotten: messages of callers, recordings,
//! records of calls, figures of flows. What reports count stays.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hotline_base::{AgentId, Pii, QueueId, WallTime};
use hotline_call::{Command, MessageSummary, Recording};
use hotline_config::{Configuration, Kept};
use hotline_shard::{Clock, Handle};
use hotline_store::{AuditEntry, Erasure, OfQueues, Store, StoreError, day};
use hotline_telemetry::Metric;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Between two sweeps.
const DAY: Duration = Duration::from_secs(86_400);
/// After a sweep that failed or left something.
const AGAIN: Duration = Duration::from_secs(600);
/// After a change of the configuration: so long it can be taken back.
const CHANGED: Duration = Duration::from_secs(60);
/// After the start, when there is enough else to do.
const FIRST: Duration = Duration::from_secs(5);
/// Messages that one sweep deletes at most of each queue that has a time of its own, and of all others; how many are asked for at once.
const MESSAGES_MAX: usize = 10_000;
const MESSAGES_AT_ONCE: usize = 100;
/// Recordings that one sweep erases at most of each queue that has a time of its own, and of all others.
const RECORDINGS_MAX: usize = 10_000;
const RECORDINGS_AT_ONCE: usize = 100;
/// Records of calls that one sweep deletes at most of each queue that has a time of its own, and of all others.
const CALLS_MAX: usize = 10_000;
const CALLS_AT_ONCE: usize = 100;
/// Days whose figures one sweep deletes at most.
const DAYS_MAX: u64 = 400;

/// Forgets what is too old.
pub(crate) struct Sweeper {
    /// As the configuration in force says.
    kept: watch::Receiver<Kept>,
    recordings: PathBuf,
    store: Store,
    shard: Handle,
    clock: Clock,
}

impl Sweeper {
    pub(crate) fn new(
        configuration: &Configuration,
        kept: watch::Receiver<Kept>,
        store: Store,
        (shard, clock): (Handle, Clock),
    ) -> Self {
        let recordings = configuration.server.storage.recordings.clone();
        Self { kept, recordings, store, shard, clock }
    }

    /// Sweeps until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.sweep_on() => {}
        }
    }

    async fn sweep_on(mut self) {
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
            // What is kept for a shorter time from here on need not wait for the next day.
            tokio::select! {
                () = sleep(pause) => {}
                Ok(()) = self.kept.changed() => sleep(CHANGED).await,
            }
        }
    }

    /// True if nothing is left that is too old.
    async fn sweep(&mut self) -> Result<bool> {
        let now = self.clock.now().wall;
        let kept = self.kept.borrow_and_update().clone();
        let mut is_done = self.messages(now, &kept).await?;
        is_done &= self.old_recordings(now, &kept).await?;
        is_done &= self.old_calls(now, &kept).await?;
        if let Some(days) = kept.retention.flow_figures_days {
            is_done &= self.flow_figures(day(before(now, days))).await?;
        }
        Ok(is_done)
    }

    async fn messages(&self, now: WallTime, kept: &Kept) -> Result<bool> {
        let mut deleted = 0;
        let outcome = self.old_messages(now, kept, &mut deleted).await;
        // Also of those before one that could not be deleted.
        self.note("messages", deleted, json!({ "deleted": deleted })).await?;
        outcome
    }

    async fn old_messages(&self, now: WallTime, kept: &Kept, deleted: &mut u64) -> Result<bool> {
        let mut is_done = true;
        for (of, days) in portions(kept, &kept.named(), Kept::messages_days) {
            is_done &= self.delete_messages(before(now, days), of, deleted).await?;
        }
        Ok(is_done)
    }

    async fn delete_messages(&self, before: WallTime, of: OfQueues<'_>, deleted: &mut u64) -> Result<bool> {
        for _ in 0..MESSAGES_MAX / MESSAGES_AT_ONCE {
            let old = self.store.messages_before(before, of, MESSAGES_AT_ONCE).await?;
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

    async fn old_recordings(&self, now: WallTime, kept: &Kept) -> Result<bool> {
        let mut erased = 0;
        let outcome = self.erase_recordings(now, kept, &mut erased).await;
        self.note("recordings", erased, json!({ "erased": erased })).await?;
        outcome
    }

    async fn erase_recordings(&self, now: WallTime, kept: &Kept, erased: &mut u64) -> Result<bool> {
        // What was noted as erased when the server died, or when the file could not be deleted.
        for recording in self.store.files_to_delete(RECORDINGS_AT_ONCE).await? {
            self.delete_file(&recording).await?;
        }
        let mut is_done = true;
        for (of, days) in portions(kept, &kept.named(), Kept::recordings_days) {
            is_done &= self.erase_of(before(now, days), of, erased).await?;
        }
        Ok(is_done)
    }

    async fn erase_of(&self, before: WallTime, of: OfQueues<'_>, erased: &mut u64) -> Result<bool> {
        for _ in 0..RECORDINGS_MAX / RECORDINGS_AT_ONCE {
            let old = self.store.recordings_before(before, of, RECORDINGS_AT_ONCE).await?;
            if old.is_empty() {
                return Ok(true);
            }
            for recording in old {
                // Not if somebody has put a hold on it meanwhile.
                if self.store.erase_recording(recording.id, self.clock.now().wall).await? == Erasure::Done {
                    *erased += 1;
                    self.delete_file(&recording).await?;
                }
            }
        }
        Ok(false)
    }

    async fn delete_file(&self, recording: &Recording) -> Result<()> {
        // One that was never opened has no file.
        if !recording.path.is_empty() {
            delete(&self.recordings, &recording.path).await.with_context(|| recording.path.clone())?;
        }
        Ok(self.store.note_file_deleted(recording.id, self.clock.now().wall).await?)
    }

    async fn old_calls(&self, now: WallTime, kept: &Kept) -> Result<bool> {
        let mut deleted = 0;
        let outcome = self.delete_calls(now, kept, &mut deleted).await;
        self.note("calls", deleted, json!({ "deleted": deleted })).await?;
        outcome
    }

    async fn delete_calls(&self, now: WallTime, kept: &Kept, deleted: &mut u64) -> Result<bool> {
        let mut is_done = true;
        for (of, days) in portions(kept, &kept.named(), Kept::calls_days) {
            is_done &= self.delete_calls_of(before(now, days), of, deleted).await?;
        }
        Ok(is_done)
    }

    async fn delete_calls_of(&self, before: WallTime, of: OfQueues<'_>, deleted: &mut u64) -> Result<bool> {
        for _ in 0..CALLS_MAX / CALLS_AT_ONCE {
            let old = self.store.calls_before(before, of, CALLS_AT_ONCE).await?;
            if old.is_empty() {
                return Ok(true);
            }
            for call in old {
                // Not if somebody has put a hold on it meanwhile.
                *deleted += u64::from(self.store.delete_call(call).await?);
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

/// What a time says of each queue that has one of its own, and of all others; nothing where things are kept for good.
fn portions<'k>(
    kept: &'k Kept,
    named: &'k BTreeSet<QueueId>,
    days: impl Fn(&Kept, Option<&QueueId>) -> Option<u32>,
) -> Vec<(OfQueues<'k>, u32)> {
    let own = named.iter().filter_map(|queue| Some((OfQueues::One(queue), days(kept, Some(queue))?)));
    let others = days(kept, None).map(|days| (OfQueues::Others(named), days));
    own.chain(others).collect()
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
