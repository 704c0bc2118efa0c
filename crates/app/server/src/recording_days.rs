//! The daily chain of recordings: closes each day that is over, and proves all of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hotline_base::{Pii, WallTime};
use hotline_config::Configuration;
use hotline_record_io::{Keyring, SealError, checksum};
use hotline_shard::Clock;
use hotline_store::{
    AUDIT_PAGE_MAX, AuditEntry, AuditFilter, DAY_ENTRIES_AT_ONCE, DayEntry, Fate, RecordingDay, Store, day,
};
use hotline_telemetry::Metric;
use serde_json::json;
use time::{Date, OffsetDateTime};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often it is looked whether a day is over.
const PAUSE: Duration = Duration::from_secs(3600);
/// After the start, when there is enough else to do.
const FIRST: Duration = Duration::from_secs(20);
/// So long after its end a day is closed: until then the calls of its last minutes are over and written down. What ends later belongs
/// to the next day.
const GRACE: Duration = Duration::from_secs(7200);
/// Days that are closed in one go at most, as after a year in which no server ran.
const DAYS_MAX: i64 = 400;
/// The action of the audit log under which the hash of a day is kept.
const ACTION: &str = "recording.day";

/// Closes days while the server runs.
pub(crate) struct Closer {
    recordings: PathBuf,
    keys: Keyring,
    store: Store,
    clock: Clock,
}

impl Closer {
    pub(crate) fn new(configuration: &Configuration, store: Store, clock: Clock) -> Self {
        let settings = &configuration.server;
        let (recordings, keys) = (settings.storage.recordings.clone(), settings.recordings.keys.clone());
        Self { recordings, keys, store, clock }
    }

    /// Closes days until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.close_on() => {}
        }
    }

    async fn close_on(&self) {
        sleep(FIRST).await;
        loop {
            if let Err(error) = self.close_due(self.clock.now().wall).await {
                let error = format!("{error:#}");
                warn!(error, "a day of recordings is not closed; it is tried again in an hour");
                Metric::RecordingDayFailures.increment(1);
            }
            sleep(PAUSE).await;
        }
    }

    /// Closes what is over and not closed yet. The first day of all is the last that is over.
    pub(crate) async fn close_due(&self, now: WallTime) -> Result<()> {
        let grace = i64::try_from(GRACE.as_micros()).unwrap_or(0);
        let last_over = day(WallTime(now.as_unix_micros() - grace)) - 1;
        let mut before = self.store.last_recording_day().await?;
        for _ in 0..DAYS_MAX {
            let next = before.as_ref().map_or(last_over, |before| before.day + 1);
            if next > last_over {
                break;
            }
            let previous = before.map_or_else(String::new, |before| before.hash);
            before = Some(self.close(next, &previous, now).await?);
        }
        Ok(())
    }

    async fn close(&self, number: i64, previous: &str, now: WallTime) -> Result<RecordingDay> {
        let mut entries: Vec<DayEntry> = Vec::new();
        let mut after = None;
        loop {
            let found = self.store.unchained_recordings(number, after).await?;
            after = found.last().map(|last| last.recording);
            let is_last = found.len() < DAY_ENTRIES_AT_ONCE;
            for one in found {
                let sha256 = match one.sha256 {
                    Some(sha256) => sha256,
                    // What it was nobody knows any more.
                    None if one.is_erased => continue,
                    None => self.sha256_of_mended(&one.path).await,
                };
                entries.push(DayEntry { recording: one.recording, path: one.path, sha256 });
            }
            if is_last {
                break;
            }
        }
        entries.sort_by_key(|entry| entry.recording.to_string());
        let closed = RecordingDay::close(number, previous, &entries);
        self.store.close_recording_day(&closed, &entries, now).await?;
        info!(day = date(number), recordings = closed.recordings, "a day of recordings is closed");
        let entry = AuditEntry {
            at: now,
            actor: "system".to_owned(),
            action: ACTION.to_owned(),
            subject: date(number),
            detail: Pii::new(json!({ "recordings": closed.recordings, "hash": closed.hash })),
        };
        self.store.append_audit(&entry).await.context("the hash of the day is not in the audit log")?;
        Ok(closed)
    }

    /// Of a recording that a crash cut off: what there is of it when its day is closed. Nothing if it cannot be read.
    async fn sha256_of_mended(&self, path: &str) -> String {
        let (file, keys) = (self.recordings.join(path), self.keys.clone());
        let read = spawn_blocking(move || checksum(&file, &keys)).await;
        match read.unwrap_or_else(|_| Err(io::Error::other("a defect in the server"))) {
            Ok(sha256) => sha256,
            Err(error) => {
                warn!(path, %error, "a recording whose checksum is not known belongs to its day without one");
                String::new()
            }
        }
    }
}

/// What the proof of all days found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The first and the last day.
    pub(crate) span: Option<(String, String)>,
    pub(crate) days: u64,
    pub(crate) recordings: u64,
    /// Recordings of them that were erased, as the database says.
    pub(crate) erased: u64,
    /// Sentences.
    pub(crate) problems: Vec<String>,
}

/// Computes all days anew, and compares the recordings with what they were.
pub(crate) async fn prove(store: &Store, root: &Path, keys: &Keyring) -> Result<Proof> {
    let logged = logged(store).await?;
    let mut proof = Proof::default();
    let mut before: Option<RecordingDay> = None;
    while let Some(known) = store.next_recording_day(before.as_ref().map(|before| before.day)).await? {
        let name = date(known.day);
        let mut entries = store.recording_day_entries(known.day).await?;
        entries.sort_by_key(|(entry, _)| entry.recording.to_string());
        if let Some(before) = &before
            && (before.hash != known.previous || before.day + 1 != known.day)
        {
            let last = date(before.day);
            proof
                .problems
                .push(format!("{name}: it does not follow {last}: a day is missing or was changed"));
        }
        let list: Vec<DayEntry> = entries.iter().map(|(entry, _)| entry.clone()).collect();
        if RecordingDay::close(known.day, &known.previous, &list).hash != known.hash {
            let problem = "its recordings are not those that it was closed with: the database was changed";
            proof.problems.push(format!("{name}: {problem}"));
        }
        if logged.get(&name).is_some_and(|hash| *hash != known.hash) {
            proof.problems.push(format!("{name}: the audit log has another hash of it"));
        }
        for (entry, fate) in &entries {
            proof.look(root, keys, (entry, *fate), &name);
        }
        proof.span = Some((proof.span.take().map_or_else(|| name.clone(), |(first, _)| first), name));
        proof.days += 1;
        before = Some(known);
    }
    let last = before.map(|before| date(before.day)).unwrap_or_default();
    for name in logged.keys().filter(|name| **name > last) {
        proof.problems.push(format!("{name}: the audit log knows this day, and it is missing"));
    }
    Ok(proof)
}

impl Proof {
    fn look(&mut self, root: &Path, keys: &Keyring, (entry, fate): (&DayEntry, Fate), day: &str) {
        self.recordings += 1;
        let DayEntry { recording, path, sha256 } = entry;
        match fate {
            Fate::Erased => {
                self.erased += 1;
                return;
            }
            Fate::Unknown => {
                let problem = format!(
                    "recording {recording} of {day} ({path}): the database knows nothing of it any more"
                );
                return self.problems.push(problem);
            }
            Fate::Kept => {}
        }
        match checksum(&root.join(path), keys) {
            // There was nothing to compare it with when its day was closed.
            Ok(_) if sha256.is_empty() => {}
            Ok(found) if found == *sha256 => {}
            Ok(_) => self.problems.push(format!("{path}: changed since {day} was closed")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.problems.push(format!("{path}: missing since {day} was closed, and nobody erased it"));
            }
            // The look at all files has told it.
            Err(error) if matches!(SealError::of(&error), Some(SealError::Locked { .. })) => {}
            Err(error) => self.problems.push(format!("{path}: of {day}: {error}")),
        }
    }
}

/// The hashes of days that the audit log has, by their dates.
async fn logged(store: &Store) -> Result<BTreeMap<String, String>> {
    let filter = AuditFilter { action: Some(ACTION.to_owned()), ..AuditFilter::default() };
    let (mut found, mut before) = (BTreeMap::new(), None);
    loop {
        let rows = store.list_audit(&filter, before, AUDIT_PAGE_MAX).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        before = Some(last.seq);
        for row in &rows {
            let hash = row.entry.detail.expose()["hash"].as_str().unwrap_or_default().to_owned();
            found.insert(row.entry.subject.clone(), hash);
        }
    }
}

/// `2026-11-30` of a day counted since 1970.
fn date(day: i64) -> String {
    let date = OffsetDateTime::from_unix_timestamp(day.saturating_mul(86_400)).map(OffsetDateTime::date);
    let date: Date = date.unwrap_or(Date::MIN);
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

#[cfg(test)]
mod tests {
    use hotline_audio::ulaw;
    use hotline_base::{CallId, LegId, RecordingId, Rng};
    use hotline_call::{CallEvent, CallRecord, EndCause, EndKind, Entry, Party, Source};
    use hotline_media::{Channel, Chunk, Codec, Event};
    use hotline_record_io::{MasterKey, Recorder, RecorderConfig};
    use hotline_store::Erasure;

    use super::*;

    const DAY_US: i64 = 86_400_000_000;
    /// 2026-11-23 06:30:00 UTC.
    const AT: WallTime = WallTime(1_795_415_400_000_000);

    struct Archive {
        directory: tempfile::TempDir,
        closer: Closer,
    }

    impl Archive {
        async fn open() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}/db", directory.path().display());
            let store = Store::open(&url).await.unwrap();
            let keys = Keyring::new(MasterKey::parse(&"c".repeat(64)).unwrap(), []);
            let recordings = directory.path().join("recordings");
            let closer = Closer { recordings, keys, store, clock: Clock::start() };
            Self { directory, closer }
        }

        /// A call of a day with a second of recording; gives the path of its file.
        async fn record(&self, number: u64, days_later: i64) -> String {
            let at = WallTime(AT.as_unix_micros() + days_later * DAY_US);
            let Closer { recordings, keys, store, .. } = &self.closer;
            let (tell, events) = std::sync::mpsc::channel();
            let config = RecorderConfig { keys: keys.clone(), ..RecorderConfig::new(recordings.clone()) };
            let tell = move |event| tell.send(event).err().map(|refused| refused.0);
            let recorder = Recorder::start(config, tell).unwrap();
            let (recording, call) = (id(number, at), CallId::generate(at, &mut Rng::from_number(number)));
            let mut tap = recorder.tap();
            tap.record(recording, Chunk::Start { call, at });
            let payload = [ulaw::encode(i16::try_from(number).unwrap() * 1000); 160];
            let (leg, channel, codec) = (LegId(1), Channel::Customer, Codec::Pcmu);
            tap.record(recording, Chunk::Audio { leg, channel, position: 0, codec, payload: &payload });
            tap.record(recording, Chunk::Finish { length: 8000 });
            recorder.stop();
            let finished = events.try_iter().find_map(|event| {
                let Event::RecordingFinished { path, bytes, index, .. } = event else { return None };
                Some((path, bytes, index))
            });
            let (path, bytes, index) = finished.unwrap();
            let mut record = CallRecord::begin(call, at, &started()).unwrap();
            let (duration, gap) = (Duration::from_secs(1), Duration::ZERO);
            let cause = EndCause { kind: EndKind::Completed, sip_status: Some(200), q850: 16 };
            for what in [
                CallEvent::RecordingStarted { recording, path: path.clone() },
                CallEvent::Ended { by: Party::Caller, cause },
                CallEvent::RecordingFinished { recording, duration, gap, bytes, index },
            ] {
                record.apply(at, &what);
            }
            store.save_record(&record).await.unwrap();
            path
        }

        async fn close(&self, days_later: i64) {
            let now = WallTime(AT.as_unix_micros() + days_later * DAY_US);
            self.closer.close_due(now).await.unwrap();
        }

        async fn prove(&self) -> Proof {
            let Closer { store, recordings, keys, .. } = &self.closer;
            prove(store, recordings, keys).await.unwrap()
        }

        /// What somebody does who may write to the database.
        async fn meddle(&self, statement: &str) {
            use sqlx::Connection;
            let url = format!("sqlite://{}/db", self.directory.path().display());
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    fn id(number: u64, at: WallTime) -> RecordingId {
        RecordingId::generate(at, &mut Rng::from_number(number))
    }

    fn started() -> CallEvent {
        CallEvent::Started {
            caller: Pii::from("+8613812345678"),
            caller_name: None,
            called: "800".into(),
            entry: Entry::Number { number: "main".into(), flow: "main".into() },
            source: Source::Trunk("carrier".into()),
            sip_call_id: "a84b4c76e66710".to_owned(),
            language: "en".to_owned(),
            diversion: None,
        }
    }

    #[tokio::test]
    async fn days_follow_one_another_and_what_was_erased_is_known_as_such() {
        let archive = Archive::open().await;
        archive.record(1, 0).await;
        archive.close(0).await;
        assert_eq!(archive.prove().await.days, 1, "the day before, on which there was none");
        archive.close(1).await;
        archive.close(1).await;
        archive.record(2, 1).await;
        archive.record(3, 3).await;
        archive.close(5).await;
        let span = Some(("2026-11-22".to_owned(), "2026-11-27".to_owned()));
        let whole = Proof { span, days: 6, recordings: 3, ..Proof::default() };
        assert_eq!(archive.prove().await, whole);
        let at = WallTime(AT.as_unix_micros() + DAY_US);
        let store = &archive.closer.store;
        assert_eq!(store.erase_recording(id(2, at), at).await.unwrap(), Erasure::Done);
        assert_eq!(archive.prove().await, Proof { erased: 1, ..whole });
    }

    #[tokio::test]
    async fn what_is_missing_or_changed_is_named() {
        let archive = Archive::open().await;
        let (first, second, third) =
            (archive.record(1, 0).await, archive.record(2, 0).await, archive.record(3, 0).await);
        archive.close(3).await;
        assert_eq!(archive.prove().await.problems, [""; 0]);
        let root = archive.closer.recordings.clone();
        std::fs::remove_file(root.join(&first)).unwrap();
        // Another recording of the same server, whole in itself.
        std::fs::copy(root.join(&third), root.join(&second)).unwrap();
        let problems = archive.prove().await.problems;
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{first}: missing"))));
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{second}: changed"))));
    }

    #[tokio::test]
    async fn a_database_that_was_changed_is_told() {
        let archive = Archive::open().await;
        let path = archive.record(1, 0).await;
        archive.close(4).await;
        archive.meddle("CREATE TABLE kept AS SELECT * FROM recording").await;
        archive.meddle("DELETE FROM recording").await;
        let problems = archive.prove().await.problems;
        assert!(problems.len() == 1 && problems[0].contains("knows nothing of it"), "{problems:?}");
        assert!(problems[0].contains(&path), "{problems:?}");
        archive.meddle("INSERT INTO recording SELECT * FROM kept").await;
        for (change, back, told) in [
            (
                "UPDATE recording_day_entry SET sha256 = 'f' || sha256",
                "UPDATE recording_day_entry SET sha256 = substr(sha256, 2)",
                "not those that it was closed with",
            ),
            (
                "DELETE FROM recording_day WHERE day = (SELECT MAX(day) FROM recording_day)",
                "",
                "the audit log knows this day, and it is missing",
            ),
        ] {
            archive.meddle(change).await;
            let problems = archive.prove().await.problems;
            assert!(problems.iter().any(|problem| problem.contains(told)), "{told}: {problems:?}");
            if !back.is_empty() {
                archive.meddle(back).await;
                assert_eq!(archive.prove().await.problems, [""; 0]);
            }
        }
    }
}
