//! `hotline recordings`: whether what was recorded is still there, and mending what a crash left.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hotline_config::Configuration;
use hotline_record_io::{Condition, inspect, repair_unnoted};
use hotline_shard::{Clock, Restarted, close_interrupted};
use hotline_store::Store;

use crate::recording_days::{Proof, prove};
use crate::{banner, server};

/// How often it is told how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Counts {
    whole: u64,
    mended: u64,
    milliseconds: u64,
    under_way: u64,
    broken: u64,
}

/// Looks at every recording, and says of each that is not whole what is wrong with it; then proves the chain of days.
///
/// # Errors
/// One of them is not whole, the chain of days is broken, or the directory or the database cannot be read.
pub(crate) async fn verify(configuration: &Configuration) -> Result<()> {
    let (root, keys) = (&configuration.server.storage.recordings, &configuration.server.recordings.keys);
    let mut counts = Counts::default();
    let mut told = Instant::now();
    inspect(root, keys, |path, condition| {
        counts.note(path, condition);
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            banner::print(&format!("… {} looked at, now {path}", counts.all()));
        }
    })
    .with_context(|| format!("reading the recordings in {}", root.display()))?;
    banner::print(&format!(
        "{} recordings in {}, {}: {} whole, {} mended, {} under way, {} not whole.",
        counts.all(),
        root.display(),
        hours(counts.milliseconds),
        counts.whole,
        counts.mended,
        counts.under_way,
        counts.broken,
    ));
    let problems = prove_days(configuration).await?;
    if counts.broken > 0 {
        bail!("{} recordings are not whole", counts.broken);
    }
    if problems > 0 {
        bail!("the chain of days has {problems} problems");
    }
    Ok(())
}

/// Proves the chain of days; gives how many problems there are.
async fn prove_days(configuration: &Configuration) -> Result<usize> {
    let settings = &configuration.server;
    let store = Store::open_for_reading(&settings.storage.database).await;
    let store = store.context("the recordings' days are in the database")?;
    let proof = prove(&store, &settings.storage.recordings, &settings.recordings.keys).await;
    store.close().await;
    let Proof { span, days, recordings, erased, problems } = proof?;
    for problem in &problems {
        banner::print(problem);
    }
    match span {
        Some((first, last)) => banner::print(&format!(
            "{days} days are closed, from {first} to {last}: {recordings} recordings, {erased} of them erased since; {} problems.",
            problems.len()
        )),
        None => banner::print("No day of recordings is closed yet."),
    }
    Ok(problems.len())
}

/// Does to recordings and calls what a start of the server would do after a crash, and does not start. Beyond that it reads
/// all recordings, and completes those that are cut off and that nobody knows of.
///
/// # Errors
/// A server runs, or what it needs cannot be used.
pub(crate) async fn repair(configuration: &Configuration) -> Result<()> {
    let _locks = server::lock_files(&configuration.server)?;
    let (store, writer) = server::open_store(configuration).await?;
    let root: &Path = &configuration.server.storage.recordings;
    let keys = &configuration.server.recordings.keys;
    let done = close_interrupted(&store, (root, keys), Clock::start().now().wall).await;
    let closed = writer.close().await;
    store.close().await;
    let Restarted { calls, recordings, .. } = done?;
    closed.context("the journal")?;
    let (mut unnoted, mut broken) = (0, 0);
    repair_unnoted(root, keys, |path, outcome| match outcome {
        Ok(()) => unnoted += 1,
        Err(error) => {
            broken += 1;
            banner::print(&format!("{path}: {error}"));
        }
    })
    .with_context(|| format!("reading the recordings in {}", root.display()))?;
    let mended = recordings + unnoted;
    banner::print(&format!("Mended {mended} recordings; closed the records of {calls} calls."));
    if broken > 0 {
        bail!("{broken} recordings cannot be mended");
    }
    Ok(())
}

impl Counts {
    const fn all(&self) -> u64 {
        self.whole + self.mended + self.under_way + self.broken
    }

    fn note(&mut self, path: &str, condition: Condition) {
        let problem = match condition {
            Condition::Whole { duration_ms } => {
                self.whole += 1;
                self.milliseconds += duration_ms;
                return;
            }
            Condition::Mended { duration_ms } => {
                self.mended += 1;
                self.milliseconds += duration_ms;
                return;
            }
            Condition::UnderWay => {
                self.under_way += 1;
                return;
            }
            Condition::Unfinished => {
                "cut off: it plays as far as it goes; `hotline recordings repair` completes it".to_owned()
            }
            Condition::Altered => "altered: these are not the samples that were recorded".to_owned(),
            Condition::Locked { key } => {
                format!(
                    "sealed with the key {key}, which `recordings.encryption` of the server's file does not name"
                )
            }
            Condition::Unreadable { problem } => problem,
        };
        self.broken += 1;
        banner::print(&format!("{path}: {problem}"));
    }
}

/// `3 h 25 min`.
fn hours(milliseconds: u64) -> String {
    let minutes = milliseconds / 60_000;
    format!("{} h {} min", minutes / 60, minutes % 60)
}
