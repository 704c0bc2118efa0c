//! `hotline recordings new-key`, `rekey` and `export`: the keys of sealed recordings, and one of them as a WAV file.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};
use hotline_base::Pii;
use hotline_config::Configuration;
use hotline_record_io::{MasterKey, Playback, Rekeyed, rekey as wrap_anew};
use hotline_store::{AuditEntry, Store};
use serde_json::json;

use crate::banner;
use crate::users::now;

/// How much of a recording is read at a time, in bytes.
const BLOCK: usize = 64 * 1024;

/// Writes a key that nobody has yet to a file that is not there, and which only its owner may read.
///
/// # Errors
/// The file cannot be made.
pub(crate) fn new_key(path: &Path) -> Result<()> {
    let digits = MasterKey::generate()?;
    let key = MasterKey::parse(&digits).context("a key that was just made")?;
    private(path)
        .and_then(|mut file| {
            writeln!(file, "{digits}")?;
            file.sync_all()
        })
        .with_context(|| path.display().to_string())?;
    banner::print(&format!(
        "{} has the key {}. Without it nobody hears what it seals:",
        path.display(),
        key.id()
    ));
    banner::print("keep a copy where no backup of the recordings is.");
    Ok(())
}

/// Wraps the keys of all recordings with the current key. The server may run, if it has been started with the same keys.
///
/// # Errors
/// No key is configured, or a recording could not be opened.
pub(crate) async fn rekey(configuration: &Configuration) -> Result<()> {
    let (root, keys) = (&configuration.server.storage.recordings, &configuration.server.recordings.keys);
    let Some(current) = keys.current() else {
        bail!("`recordings.encryption` of the server's file names no key")
    };
    let (mut done, mut already, mut plain, mut failed) = (0_u64, 0_u64, 0_u64, 0_u64);
    wrap_anew(root, keys, |path, outcome| match outcome {
        Rekeyed::Done => done += 1,
        Rekeyed::Already => already += 1,
        Rekeyed::Plain => plain += 1,
        Rekeyed::Failed(error) => {
            failed += 1;
            banner::print(&format!("{path}: {error}"));
        }
    })
    .with_context(|| format!("reading the recordings in {}", root.display()))?;
    let id = current.id().to_string();
    audit(configuration, "recording.rekey", &id, json!({ "by": "command", "recordings": done })).await?;
    banner::print(&format!(
        "The key {id} opens {} recordings, {done} of them from now on; {plain} are not sealed, {failed} could not be opened.",
        done + already
    ));
    if failed > 0 {
        bail!("{failed} recordings are as they were: keep the keys before");
    }
    Ok(())
}

/// Writes one recording as the WAV file that anybody can play, and notes that.
///
/// # Errors
/// It cannot be opened, is not what was recorded, or the file cannot be made.
pub(crate) async fn export(configuration: &Configuration, recording: &Path, to: &Path) -> Result<()> {
    let (root, keys) = (&configuration.server.storage.recordings, &configuration.server.recordings.keys);
    let inside = recording.strip_prefix(root).unwrap_or(recording);
    if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        bail!("{} is not below {}", recording.display(), root.display());
    }
    let from = root.join(inside);
    let playback = Playback::open(&from, keys).with_context(|| from.display().to_string())?;
    let detail = json!({ "by": "command", "path": inside.display().to_string() });
    audit(configuration, "recording.export", &inside.display().to_string(), detail).await?;
    let file = private(to).with_context(|| to.display().to_string())?;
    if let Err(error) = copy(&playback, file) {
        std::fs::remove_file(to).with_context(|| format!("half of it stays in {}", to.display()))?;
        return Err(error).with_context(|| from.display().to_string());
    }
    banner::print(&format!(
        "{}: {} bytes. Anybody who gets it can hear it.",
        to.display(),
        playback.length()
    ));
    Ok(())
}

fn copy(playback: &Playback, mut to: File) -> io::Result<()> {
    let (mut at, mut bytes) = (0, vec![0; BLOCK]);
    while at < playback.length() {
        let length = usize::try_from(playback.length() - at).unwrap_or(BLOCK).min(BLOCK);
        playback.read(&mut bytes[..length], at)?;
        to.write_all(&bytes[..length])?;
        at += length as u64;
    }
    to.sync_all()
}

fn private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

async fn audit(
    configuration: &Configuration,
    action: &str,
    subject: &str,
    detail: serde_json::Value,
) -> Result<()> {
    let store = Store::open(&configuration.server.storage.database).await?;
    let entry = AuditEntry {
        at: now(),
        actor: "system".to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: Pii::new(detail),
    };
    let noted = store.append_audit(&entry).await;
    store.close().await;
    noted.map(drop).context("the audit log")
}
