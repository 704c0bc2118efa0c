//! `hotline backup` and `hotline restore`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hotline_backup::{
    Existing, Manifest, Place, Progress, inspect, restore as restore_from, restore_files, write,
};
use hotline_base::{Pii, WallTime};
use hotline_config::{ConfigError, Configuration, Server, read_server};
use hotline_store::{AuditEntry, Store};
use serde_json::json;

use crate::cli::{Backup, Restore};
use crate::users::now;
use crate::{banner, server};

/// How often it is told how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

/// Writes a backup. The server may run.
///
/// # Errors
/// There is no backup; the message says why.
pub(crate) async fn backup(
    configuration: &Configuration,
    server_file: &Path,
    options: &Backup,
) -> Result<()> {
    let database = &configuration.server.storage.database;
    // Whoever only reads finds out whether the tables are those of this program, and changes them in no case.
    let store = Store::open_for_reading(database).await?;
    let at = now();
    let mut told = Instant::now();
    let places = places(&configuration.server, server_file, !options.without_recordings);
    let written =
        write(&store, &places, &options.file, at.as_unix_micros(), |progress| tell(&mut told, progress));
    let written = written.await;
    store.close().await;
    let manifest = written.with_context(|| format!("{} was not written", options.file.display()))?;
    audit(database, at, &manifest).await.context("the backup is written, but not noted in the audit log")?;
    banner::print(&format!("{}: {}.", options.file.display(), contents(&manifest)));
    banner::print("It holds passwords and what callers said: keep it as safe as the server itself.");
    Ok(())
}

/// Restores a backup, or only looks whether it is whole.
///
/// # Errors
/// The backup is not whole, a server runs, or something is in the way; or something could not be written.
pub(crate) async fn restore(server_file: &Path, options: &Restore) -> Result<()> {
    let mut told = Instant::now();
    let manifest = inspect(&options.file, |progress| tell(&mut told, progress))?;
    banner::print(&format!("{} is whole: {}.", options.file.display(), contents(&manifest)));
    if options.check {
        return Ok(());
    }
    let settings = settings(server_file, options)?;
    let _locks = server::lock_files(&settings)?;
    let existing = if options.replace { Existing::Replace } else { Existing::Keep };
    let mut places = places(&settings, server_file, !options.without_recordings);
    // This machine's own settings stay as they are.
    places.retain(|place| place.path != server_file);
    let url = &settings.storage.database;
    let done =
        restore_from(&options.file, &manifest, &places, (url, existing), |done| tell(&mut told, done)).await;
    let done = done.map_err(|error| match (&error, options.replace) {
        (hotline_backup::BackupError::Occupied { .. } | hotline_backup::BackupError::Open(_), false) => {
            anyhow::Error::new(error)
                .context("nothing was restored; `--replace` puts the backup in the place of what is there")
        }
        _ => anyhow::Error::new(error),
    })?;
    banner::print(&format!("Restored: {} rows, {} files, {}.", done.rows, done.files, size(done.bytes)));
    banner::print("Calls that were up when the backup was written are closed when the server starts.");
    Ok(())
}

/// The server's settings: those of this machine, or, if it has none, those of the backup.
fn settings(server_file: &Path, options: &Restore) -> Result<Server> {
    match read_server(server_file) {
        Err(ConfigError::Unreadable { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {}
        read => return Ok(read?),
    }
    let place = Place { name: SERVER_FILE, path: server_file.to_owned() };
    restore_files(&options.file, &[place])?;
    banner::print(&format!("{} was not there, and is that of the backup now.", server_file.display()));
    Ok(read_server(server_file)?)
}

/// The name of the server's settings in a backup.
const SERVER_FILE: &str = "config/hotline.yaml";

/// What belongs to a center beside its database.
fn places(settings: &Server, server_file: &Path, recordings: bool) -> Vec<Place> {
    let storage = &settings.storage;
    let mut places = vec![
        Place { name: SERVER_FILE, path: server_file.to_owned() },
        Place { name: "config/center.yaml", path: storage.center.clone() },
        Place { name: "flows", path: storage.flows.clone() },
        Place { name: "sounds", path: storage.sounds.clone() },
    ];
    if recordings {
        places.push(Place { name: "recordings", path: storage.recordings.clone() });
    }
    places
}

/// A backup takes everything that anybody ever said along: it is noted like an export.
async fn audit(database: &str, at: WallTime, manifest: &Manifest) -> Result<()> {
    let store = Store::open(database).await?;
    let recordings = manifest.files.iter().filter(|file| file.path.starts_with("recordings/")).count();
    let entry = AuditEntry {
        at,
        actor: "system".to_owned(),
        action: "backup.create".to_owned(),
        subject: "center".to_owned(),
        detail: Pii::new(json!({ "by": "command", "files": manifest.files.len(), "recordings": recordings })),
    };
    let noted = store.append_audit(&entry).await;
    store.close().await;
    noted.map(drop).map_err(Into::into)
}

fn tell(told: &mut Instant, progress: Progress) {
    if told.elapsed() >= PROGRESS {
        *told = Instant::now();
        let Progress { rows, files, bytes } = progress;
        banner::print(&format!("… {rows} rows, {files} files, {}", size(bytes)));
    }
}

fn contents(manifest: &Manifest) -> String {
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let bytes = manifest.files.iter().map(|file| file.bytes).sum();
    let at = hotline_api_types::Timestamp::from_unix_millis(manifest.at / 1000);
    format!("{rows} rows as of {at}, {} files, {}", manifest.files.len(), size(bytes))
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
