//! Sound files that come or change while the server runs: seen within seconds, read, and there for calls that hear them next.
//!
//! A file that cannot be used changes nothing: the sound before stays, and operators are told. One that is taken away stays
//! playable until a restart, but flows that are checked from then on must not name it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotline_config::{Configuration, Prompts, read_prompts};
use hotline_flow_files::FlowFiles;
use hotline_ivr::{Language, PromptName};
use hotline_media_rt::{LoadConfig, MediaHandle};
use hotline_telemetry::Metric;
use hotline_yaml::{Diagnostic, Place, Source};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the folder is looked at. It has some hundred files, which takes a millisecond.
const LOOK: Duration = Duration::from_secs(2);
/// Files beyond are not looked at.
const FILES_MAX: usize = 20_000;
/// Wideband versions, which belong to the file of the same name.
const WIDEBAND: &str = "16k";

/// What tells one state of a file from another: inode, bytes, time of the last change in nanoseconds.
type Stamp = (u64, u64, (i64, i64));
/// The sound files as they were seen.
pub(crate) type Files = BTreeMap<PathBuf, Stamp>;

/// Looks after the sound files.
pub(crate) struct Watch {
    folder: PathBuf,
    reading: LoadConfig,
    media: MediaHandle,
    flows: FlowFiles,
    /// What is in use, or was tried.
    taken: Files,
    /// Why files are not in use.
    unusable: BTreeMap<PathBuf, String>,
    /// Who has changed files and waits until they are in use.
    asked: mpsc::Receiver<oneshot::Sender<()>>,
}

/// How many may wait for that at once: they come one after the other.
pub(crate) const ASKED_MAX: usize = 8;

impl Watch {
    /// Begins with what the server has read. Call it before: what changes between is then read twice, and nothing is missed.
    pub(crate) fn new(
        configuration: &Configuration,
        media: MediaHandle,
        flows: FlowFiles,
        taken: Files,
        asked: mpsc::Receiver<oneshot::Sender<()>>,
    ) -> Self {
        let storage = &configuration.server.storage;
        let reading = LoadConfig { normalize_dbfs: storage.normalize_dbfs.map(f64::from) };
        Self {
            folder: storage.sounds.clone(),
            reading,
            media,
            flows,
            taken,
            unusable: BTreeMap::new(),
            asked,
        }
    }

    /// Takes in what changes until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.look_on() => {}
        }
    }

    async fn look_on(&mut self) {
        // While a file is being written two looks differ.
        let mut seen = None;
        loop {
            let asked = tokio::select! {
                () = sleep(LOOK) => None,
                asked = self.asked.recv() => asked,
            };
            let folder = self.folder.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || look(&folder)).await else { continue };
            if let Some(done) = asked {
                // Whoever asks has written the whole file.
                self.take_in(now.clone().unwrap_or_default()).await;
                // Whoever asked may have gone away meanwhile.
                done.send(()).ok();
            }
            if now.as_ref().is_some_and(|now| *now != self.taken) && now == seen {
                let files = now.clone().unwrap_or_default();
                if self.take_in(files).await.is_none() {
                    return;
                }
            }
            seen = now;
        }
    }

    /// `None` if the server stops.
    async fn take_in(&mut self, now: Files) -> Option<()> {
        let changed: Vec<PathBuf> = now
            .iter()
            .filter(|(path, stamp)| self.taken.get(*path) != Some(stamp))
            .filter_map(|(path, _)| prompt_file(&self.folder, path))
            .filter(|path| now.contains_key(path))
            .collect();
        self.unusable.retain(|path, _| now.contains_key(path));
        for path in changed {
            let (media, folder, reading, file) =
                (self.media.clone(), self.folder.clone(), self.reading, path.clone());
            let read = tokio::task::spawn_blocking(move || media.renew_prompt(&folder, &file, reading)).await;
            match read {
                Ok(Ok(prompt)) => {
                    info!(%prompt, "a sound file is in use from now on");
                    Metric::SoundsRenewed.increment_for(["taken"]);
                    self.unusable.remove(&path);
                }
                Ok(Err(error)) => {
                    warn!(%error, "a sound file cannot be used");
                    Metric::SoundsRenewed.increment_for(["refused"]);
                    self.unusable.insert(path, error.to_string());
                }
                Err(error) => warn!(%error, "reading a sound file"),
            }
        }
        self.taken = now;
        let folder = self.folder.clone();
        let prompts = tokio::task::spawn_blocking(move || read_prompts(&folder)).await;
        match prompts {
            Ok(Ok(prompts)) => self.flows.sounds_changed(self.usable(prompts), self.mistakes()).await.ok(),
            Ok(Err(error)) => {
                warn!(%error, "the folder of sounds");
                Some(())
            }
            Err(_) => Some(()),
        }
    }

    /// Without the prompts that have never been read. One whose new file is bad still has its sound.
    fn usable(&self, mut prompts: Prompts) -> Prompts {
        for path in self.unusable.keys() {
            let (Some(language), Some(name)) = (folder_of(path), path.file_stem().and_then(OsStr::to_str))
            else {
                continue;
            };
            let has_sound = self.media.has_prompt(&format!("{language}/{name}").as_str().into());
            if let Some(names) = prompts.get_mut(&Language::from(language)).filter(|_| !has_sound) {
                names.remove(&PromptName::from(name));
            }
        }
        prompts
    }

    fn mistakes(&self) -> Vec<Diagnostic> {
        let told = self.unusable.iter().map(|(path, problem)| {
            let source = Source::new(&path.display().to_string(), "");
            let remedy =
                "put a good sound file there, or take it away; until then calls hear what was there before";
            source.diagnostic(Place { line: 1, column: 1 }, problem.clone(), remedy)
        });
        told.collect()
    }
}

/// The sound files below a folder; `None` if it cannot be read.
pub(crate) fn look(folder: &Path) -> Option<Files> {
    let mut files = Files::new();
    for below in folders(folder)? {
        if below.file_name() == Some(OsStr::new(WIDEBAND)) {
            folders(&below)?.iter().for_each(|below| sound_files(below, &mut files));
        } else {
            sound_files(&below, &mut files);
        }
    }
    Some(files)
}

fn folders(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).ok()?;
    Some(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect())
}

/// One that is gone or cannot be read is seen next time.
fn sound_files(folder: &Path, files: &mut Files) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.extension() == Some(OsStr::new("wav"))
            && files.len() < FILES_MAX
            && let Ok(about) = fs::metadata(&path)
        {
            files.insert(path, (about.ino(), about.size(), (about.ctime(), about.ctime_nsec())));
        }
    }
}

/// The file of a prompt, also for that of its wideband version.
fn prompt_file(root: &Path, path: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix(root).ok()?;
    Some(root.join(below.strip_prefix(WIDEBAND).unwrap_or(below)))
}

fn folder_of(path: &Path) -> Option<&str> {
    path.parent()?.file_name()?.to_str()
}
