//! The way from call control to the database, on which nobody waits.
//!
//! ```text
//! write() ──► bounded queue ──► one task ──► database, a batch every 20 ms
//!                                   └─ away ─► spool on disk ──► database, in order, when it is back
//! ```
//!
//! The order of entries is never changed: once something lies in the spool, everything after it goes there too,
//! until the spool is empty. If the disk takes nothing either, the task stops receiving and the queue fills;
//! beyond [`WRITER_QUEUE_MAX`] new entries are lost and counted, and calls go on.

use std::path::Path;
use std::pin::pin;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hotline_call::{AgentFact, CallDisposition, CallRecord, Correction, Event};
use hotline_telemetry::Metric;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};

use crate::spool::Spool;
use crate::{
    CallbackChange, Store, StoreError, StoredContacts, agent_time, callbacks, calls, contacts, journal,
};

/// Entries that may wait for the task; a new one beyond that is lost and counted.
pub const WRITER_QUEUE_MAX: usize = 16_384;

/// How long the first entry of a batch waits for others. The task sleeps meanwhile, so that an entry wakes nobody.
const BATCH_WAIT: Duration = Duration::from_millis(20);
/// Entries in one transaction.
const BATCH_MAX: usize = 500;
/// Pause after the first failure; doubles up to [`RETRY_PAUSE_MAX`].
const RETRY_PAUSE_FIRST: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);

/// What call control gives to be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum JournalEntry {
    /// An event.
    Event(Event),
    /// The record of a finished call.
    Record(Box<CallRecord>),
    /// Where a SIP user is reached.
    Contacts(StoredContacts),
    /// What became of a recording after the record of its call.
    Correction(Box<Correction>),
    /// How a wish to be called back stands.
    Callback(CallbackChange),
    /// A fact about an agent's work.
    Agent(AgentFact),
    /// What became of a call.
    Disposition(CallDisposition),
}

/// Whether the database takes entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It does.
    Available,
    /// It does not; entries wait on disk.
    Unavailable {
        /// The cause in one line, for an alarm.
        detail: Arc<str>,
    },
}

/// The writer was closed or has died.
#[derive(Debug, thiserror::Error)]
#[error("the journal's writer is closed")]
pub struct WriterClosed;

/// Handle on the writing task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Writer {
    messages: mpsc::Sender<Message>,
    /// Told when somebody waits for what is in the queue.
    hurry: Arc<Notify>,
    availability: watch::Receiver<Availability>,
    lost: Arc<AtomicU64>,
}

impl Writer {
    /// Brings what an earlier process left in the spool into the database, then starts the task. Only after
    /// this are [`Store::last_seq`] and [`Store::open_calls`] complete. `spool_bytes_max` bounds the file;
    /// [`crate::SPOOL_BYTES_MAX`] is usual.
    ///
    /// # Errors
    /// [`StoreError::Spool`] if the file cannot be used, [`StoreError::Unavailable`].
    pub async fn start(store: Store, spool: &Path, spool_bytes_max: u64) -> Result<Self, StoreError> {
        let mut spool = Spool::open(spool, spool_bytes_max)?;
        while !spool.is_empty() {
            let chunk = spool.read(BATCH_MAX).await?;
            commit(&store, &chunk.entries).await?;
            spool.take_off(&chunk).await;
        }
        let (sender, messages) = mpsc::channel(WRITER_QUEUE_MAX);
        let (announce, availability) = watch::channel(Availability::Available);
        Metric::StoreAvailable.set(1.0);
        let lost = Arc::new(AtomicU64::new(0));
        let hurry = Arc::new(Notify::new());
        let task = Task {
            store,
            spool,
            messages,
            hurry: Arc::clone(&hurry),
            announce,
            lost: Arc::clone(&lost),
            lost_told: 0,
            finished: Vec::new(),
        };
        tokio::spawn(task.run());
        Ok(Self { messages: sender, hurry, availability, lost })
    }

    /// Takes an entry without waiting. It is durable when a later [`Writer::flush`] returns, usually within
    /// 25 ms. If [`WRITER_QUEUE_MAX`] entries wait already, or the writer is closed, the entry is lost and
    /// counted (`hotline_journal_lost_total`): calls do not wait for a disk.
    pub fn write(&self, entry: JournalEntry) {
        if self.messages.try_send(Message::Entry(entry)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            Metric::JournalLost.increment(1);
        }
    }

    /// Takes a record without waiting, or gives it back while [`WRITER_QUEUE_MAX`] entries wait; then
    /// [`Writer::has_room`] says when to try again. A closed writer takes it, and it is lost and counted.
    ///
    /// # Errors
    /// The record.
    pub fn try_write_record(&self, record: Box<CallRecord>) -> Result<(), Box<CallRecord>> {
        match self.messages.try_reserve() {
            Ok(place) => place.send(Message::Entry(JournalEntry::Record(record))),
            Err(TrySendError::Full(())) => return Err(record),
            Err(TrySendError::Closed(())) => self.write(JournalEntry::Record(record)),
        }
        Ok(())
    }

    /// Waits until the queue takes an entry, or the writer is closed.
    pub async fn has_room(&self) {
        // Either way it is worth trying again.
        drop(self.messages.reserve().await);
    }

    /// Waits until everything written before is on disk: in the database, or in the spool while that is away.
    ///
    /// # Errors
    /// [`WriterClosed`]; then nothing is known about what was written last.
    pub async fn flush(&self) -> Result<(), WriterClosed> {
        self.ask(Message::Flush).await
    }

    /// Takes nothing more, makes durable what waits, and ends the task. Waits as long as neither database nor
    /// disk takes anything: give it a deadline.
    ///
    /// # Errors
    /// [`WriterClosed`] if it was closed before.
    pub async fn close(&self) -> Result<(), WriterClosed> {
        self.ask(Message::Close).await
    }

    async fn ask(&self, message: impl FnOnce(oneshot::Sender<()>) -> Message) -> Result<(), WriterClosed> {
        let (done, wait) = oneshot::channel();
        self.messages.send(message(done)).await.map_err(|_| WriterClosed)?;
        self.hurry.notify_one();
        wait.await.map_err(|_| WriterClosed)
    }

    /// Changes whenever the database goes away or comes back.
    #[must_use]
    pub fn availability(&self) -> watch::Receiver<Availability> {
        self.availability.clone()
    }

    /// Entries lost since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Store {
    /// Writes events, records and contacts, each kind in order, in one transaction.
    pub(crate) async fn write_entries(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let (mut events, mut records, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut corrections, mut wishes) = (Vec::new(), Vec::new());
        let (mut facts, mut dispositions) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                JournalEntry::Event(event) => events.push(event),
                JournalEntry::Record(record) => records.push(&**record),
                JournalEntry::Contacts(replaced) => contacts.push(replaced),
                JournalEntry::Correction(correction) => corrections.push(correction),
                JournalEntry::Callback(change) => wishes.push(change),
                JournalEntry::Agent(fact) => facts.push(fact),
                JournalEntry::Disposition(disposition) => dispositions.push(disposition),
            }
        }
        // A call's record follows its events, so the kinds do not get into each other's way.
        journal::insert(&mut tx, &events).await?;
        calls::insert(&mut tx, &records).await?;
        for correction in corrections {
            calls::correct(&mut tx, correction).await?;
        }
        agent_time::insert(&mut tx, &facts).await?;
        for disposition in dispositions {
            crate::dispositions::put(&mut tx, disposition).await?;
        }
        for replaced in contacts {
            contacts::replace(&mut tx, replaced).await?;
        }
        for change in wishes {
            callbacks::change(&mut tx, change).await?;
        }
        tx.commit().await
    }
}

/// Writes `entries`. One that the database can never take is dropped with an error in the log and a count; an
/// error is returned only if the database takes nothing. Harmless to repeat.
async fn commit(store: &Store, entries: &[JournalEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let began = Instant::now();
    match store.write_entries(entries).await {
        Ok(()) => {}
        Err(error) if error.is_about_the_value() => {
            for entry in entries {
                match store.write_entries(slice::from_ref(entry)).await {
                    Ok(()) => {}
                    Err(error) if error.is_about_the_value() => {
                        tracing::error!(error = one_line(&error), "a journal entry is dropped");
                        Metric::JournalRefused.increment(1);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(error) => return Err(error),
    }
    Metric::JournalCommit.record(began.elapsed().as_secs_f64());
    Metric::JournalEntries.increment(entries.len() as u64);
    Ok(())
}

/// An error with its causes.
fn one_line(error: &StoreError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

#[expect(clippy::large_enum_variant, reason = "nearly all messages are entries")]
#[derive(Debug)]
enum Message {
    Entry(JournalEntry),
    Flush(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Entries that become durable together.
#[derive(Debug, Default)]
struct Batch {
    entries: Vec<JournalEntry>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn acknowledge(self) {
        for waiting in self.waiting {
            if waiting.send(()).is_err() {
                tracing::debug!("who asked for a flush has stopped waiting");
            }
        }
    }
}

struct Task {
    store: Store,
    spool: Spool,
    messages: mpsc::Receiver<Message>,
    hurry: Arc<Notify>,
    announce: watch::Sender<Availability>,
    lost: Arc<AtomicU64>,
    lost_told: u64,
    finished: Vec<oneshot::Sender<()>>,
}

impl Task {
    async fn run(mut self) {
        while let Some(message) = self.messages.recv().await {
            let batch = self.fill(message).await;
            match commit(&self.store, &batch.entries).await {
                Ok(()) => batch.acknowledge(),
                Err(error) => self.bridge_outage(batch, error).await,
            }
        }
        Batch { entries: Vec::new(), waiting: self.finished }.acknowledge();
    }

    /// Gathers what follows `first` for [`BATCH_WAIT`], or until somebody waits for it.
    async fn fill(&mut self, first: Message) -> Batch {
        let mut batch = Batch::default();
        self.add(&mut batch, first);
        if batch.waiting.is_empty() && self.messages.len() < BATCH_MAX && !self.messages.is_closed() {
            tokio::select! {
                () = self.hurry.notified() => {}
                () = sleep(BATCH_WAIT) => {}
            }
        }
        while batch.waiting.is_empty()
            && batch.entries.len() < BATCH_MAX
            && let Ok(message) = self.messages.try_recv()
        {
            self.add(&mut batch, message);
        }
        Metric::JournalQueue.set(self.messages.len() as f64);
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.lost_told {
            tracing::error!(
                entries = lost - self.lost_told,
                "the journal's queue was full, entries are lost"
            );
            self.lost_told = lost;
        }
        batch
    }

    fn add(&mut self, batch: &mut Batch, message: Message) {
        match message {
            Message::Entry(entry) => batch.entries.push(entry),
            Message::Flush(waiting) => batch.waiting.push(waiting),
            Message::Close(waiting) => {
                // What waits in the queue still comes out, then `recv` gives `None`.
                self.messages.close();
                self.finished.push(waiting);
            }
        }
    }

    /// Spools until the database has taken everything again, or the writer is closed.
    async fn bridge_outage(&mut self, batch: Batch, error: StoreError) {
        let mut outcome = Err(error);
        // A batch that the spool did not take either. While there is one, nothing more is received.
        let mut held = self.keep(batch).await;
        let mut pause = Duration::ZERO;
        loop {
            self.announce(&outcome);
            pause = match &outcome {
                Ok(()) => Duration::ZERO,
                Err(_) => (pause * 2).clamp(RETRY_PAUSE_FIRST, RETRY_PAUSE_MAX),
            };
            if self.spool.is_empty() {
                let Some(batch) = held.take() else { return };
                sleep(pause).await;
                outcome = commit(&self.store, &batch.entries).await;
                match &outcome {
                    Ok(()) => batch.acknowledge(),
                    Err(_) => held = self.keep(batch).await,
                }
            } else {
                let Some(tried) = self.replay(pause, &mut held).await else { return };
                outcome = tried;
                if let Some(batch) = held.take() {
                    held = self.keep(batch).await;
                }
            }
        }
    }

    /// After `pause`, moves the oldest entries from the spool to the database, and spools meanwhile what comes
    /// in. `None` if the writer was closed meanwhile: everything is on disk, and the next start goes on.
    async fn replay(&mut self, pause: Duration, held: &mut Option<Batch>) -> Option<Result<(), StoreError>> {
        let chunk = match self.spool.read(BATCH_MAX).await {
            Ok(chunk) => chunk,
            Err(error) => {
                sleep(RETRY_PAUSE_MAX).await;
                return Some(Err(error));
            }
        };
        let store = self.store.clone();
        let mut attempt = pin!(async {
            sleep(pause).await;
            commit(&store, &chunk.entries).await
        });
        let outcome = loop {
            tokio::select! {
                outcome = &mut attempt => break outcome,
                message = self.messages.recv(), if held.is_none() => {
                    let batch = self.fill(message?).await;
                    *held = self.keep(batch).await;
                }
            }
        };
        if outcome.is_ok() {
            self.spool.take_off(&chunk).await;
        }
        Some(outcome)
    }

    /// Puts a batch on the spool; gives it back if the disk does not take it.
    async fn keep(&mut self, batch: Batch) -> Option<Batch> {
        match self.spool.append(&batch.entries).await {
            Ok(()) => {
                batch.acknowledge();
                None
            }
            Err(error) => {
                tracing::error!(error = one_line(&error), "events wait in memory");
                Some(batch)
            }
        }
    }

    fn announce(&self, outcome: &Result<(), StoreError>) {
        let availability = match outcome {
            Ok(()) => Availability::Available,
            Err(error) => Availability::Unavailable { detail: one_line(error).into() },
        };
        let is_available = availability == Availability::Available;
        self.announce.send_if_modified(|known| {
            // The cause of the first failure stands until the database is back.
            let changes = is_available != (*known == Availability::Available);
            if changes {
                tracing::warn!(?availability, "the database's availability changed");
                *known = availability;
            }
            changes
        });
        Metric::StoreAvailable.set(if is_available { 1.0 } else { 0.0 });
    }
}
