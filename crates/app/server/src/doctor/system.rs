//! The machine: clock, folders, disk, limits.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hotline_api_types::{Found, Looked};
use hotline_config::{Configuration, TtsEngine};
use rustix::process::{Resource, getrlimit};
use tokio::process::Command;
use tokio::time::timeout;

use super::finding::{Finding, reason};
use crate::files;

/// What an hour of a recorded talk takes: two channels of 8000 samples a second, two bytes each.
const BYTES_AN_HOUR: u64 = 2 * 8000 * 2 * 3600;
/// Less room than this is doubtful, and less than a tenth of it bad.
const ROOM_HOURS: u64 = 200;
/// The disk keeps what it is told within this time; a slower one holds up records and recordings.
const KEEP_MAX: Duration = Duration::from_millis(50);

pub(super) async fn look(configuration: &Configuration) -> Vec<Finding> {
    let storage = &configuration.server.storage;
    let mut findings = vec![clock().await];
    let shown = |folder: &Path| folder.display().to_string();
    findings.push(folder(Looked::Recordings { folder: shown(&storage.recordings) }, &storage.recordings));
    if let Some(file) = storage.database.strip_prefix("sqlite://") {
        let directory = Path::new(file).parent().filter(|parent| *parent != Path::new(""));
        let directory = directory.unwrap_or(Path::new("."));
        findings.push(folder(Looked::DatabaseFolder { folder: shown(directory) }, directory));
    }
    findings.push(secrets(&storage.center));
    findings.push(open_files(configuration));
    findings.extend(speech(&configuration.server.tts.engine));
    findings
}

/// Records, one-time codes and certificates need the time of day.
async fn clock() -> Finding {
    let mut command = Command::new("timedatectl");
    command
        .args(["show", "--property", "NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(Duration::from_secs(3), command.output()).await;
    let said = output.ok().and_then(Result::ok).filter(|output| output.status.success());
    match said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).as_deref() {
        Some("yes") => {
            Finding::good(Looked::Clock, Found::ClockSet, "the system says that it is set by the network")
        }
        Some(_) => Finding::doubtful(
            Looked::Clock,
            Found::ClockUnset,
            "the system says that the network does not set it",
            "install chrony or systemd-timesyncd: one-time codes fail when it is half a minute wrong",
        ),
        None => Finding::doubtful(
            Looked::Clock,
            Found::ClockUnknown,
            "nothing here says whether the network sets it",
            "in a container the host's clock counts; look there with `timedatectl`",
        ),
    }
}

/// Whether a folder can be written, how long the disk takes to keep it, and how much room there is.
fn folder(about: Looked, path: &Path) -> Finding {
    if !path.exists() {
        return Finding::doubtful(
            about,
            Found::FolderMissing,
            "is not there yet",
            "the server makes it at its start, if it may",
        );
    }
    let kept = match keep(path) {
        Ok(kept) => kept,
        Err(error) => {
            return Finding::bad(
                about,
                Found::FolderReadOnly { reason: reason(&error), said: error.to_string() },
                format!("cannot be written: {error}"),
                "give it to the user that the server runs as: chown -R hotline:hotline",
            );
        }
    };
    match rustix::fs::statvfs(path) {
        Ok(status) => room(about, status.f_bavail.saturating_mul(status.f_frsize), kept),
        Err(error) => Finding::doubtful(
            about,
            Found::RoomUnknown { said: error.to_string() },
            format!("the room is not known: {error}"),
            "df -h",
        ),
    }
}

/// Whether `free` bytes on a disk that takes `kept` to keep 4 kB are enough.
fn room(about: Looked, free: u64, kept: Duration) -> Finding {
    let (hours, gigabytes) = (free / BYTES_AN_HOUR, free / 1_000_000_000);
    let keeps_us = u64::try_from(kept.as_micros()).unwrap_or(u64::MAX);
    let room = format!("room for {hours} hours of recorded talk ({gigabytes} GB)");
    let little = Found::RoomLittle { hours, gigabytes };
    let advice = "erase what is no longer needed, or take a larger disk";
    match hours {
        0..20 => Finding::bad(about, little, room, advice),
        20..ROOM_HOURS => Finding::doubtful(about, little, room, advice),
        _ if kept > KEEP_MAX => Finding::doubtful(
            about,
            Found::DiskSlow { hours, gigabytes, keeps_us },
            format!("{room}; the disk takes {} ms to keep 4 kB", kept.as_millis()),
            "a disk of its own for the database and recordings, without a write cache that lies",
        ),
        _ => Finding::good(
            about,
            Found::RoomEnough { hours, gigabytes, keeps_us },
            format!("{room}; the disk keeps 4 kB in {:.1} ms", kept.as_secs_f64() * 1e3),
        ),
    }
}

/// The median of five times that the disk takes to keep 4 kB.
fn keep(path: &Path) -> std::io::Result<Duration> {
    let mut file = tempfile::tempfile_in(path)?;
    let mut times = [Duration::ZERO; 5];
    for time in &mut times {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        *time = began.elapsed();
    }
    times.sort();
    Ok(times[2])
}

/// The center's file holds the passwords of phones and trunks.
fn secrets(path: &Path) -> Finding {
    let about = Looked::Passwords { file: path.display().to_string() };
    match File::open(path).and_then(|file| file.metadata()) {
        Ok(status) if status.permissions().mode() & 0o004 != 0 => Finding::doubtful(
            about,
            Found::ReadByAll { file: path.display().to_string() },
            "everybody on this machine can read them",
            format!("chmod o-rwx {}", path.display()),
        ),
        Ok(_) => Finding::good(about, Found::ReadByOwner, "only its owner and group can read them"),
        Err(error) => Finding::bad(
            about,
            Found::Unreadable { reason: reason(&error), said: error.to_string() },
            error.to_string(),
            "the server could not read it either",
        ),
    }
}

fn open_files(configuration: &Configuration) -> Finding {
    let needed = files::needed(&configuration.server);
    match getrlimit(Resource::Nofile).maximum {
        Some(allowed) if allowed < needed => Finding::doubtful(
            Looked::OpenFiles,
            Found::FilesFew { allowed, needed },
            format!("{allowed} may be open, and {needed} may come to be needed"),
            "ulimit -Hn, or LimitNOFILE= of the unit",
        ),
        _ => Finding::good(
            Looked::OpenFiles,
            Found::FilesEnough { needed },
            format!("enough for all calls and pages ({needed})"),
        ),
    }
}

/// Whether the program that speaks is there, if it is one.
fn speech(engine: &TtsEngine) -> Option<Finding> {
    let program = match engine {
        TtsEngine::Espeak { program, .. } | TtsEngine::Command { program, .. } => program,
        TtsEngine::Web { .. } => return None,
    };
    let about = Looked::Speech { program: program.display().to_string() };
    let found = if program.components().count() > 1 {
        program.is_file()
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .any(|folder| fs::metadata(folder.join(program)).is_ok_and(|status| status.is_file()))
    };
    Some(if found {
        Finding::good(about, Found::ProgramThere, "the program is there")
    } else {
        Finding::doubtful(
            about,
            Found::ProgramMissing,
            "there is no such program: texts of flows are not spoken, their steps fail",
            "apt-get install espeak-ng, or name another in `tts`",
        )
    })
}
