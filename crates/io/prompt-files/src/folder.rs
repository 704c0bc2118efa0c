//! The files of prompts: `<folder>/<language>/<name>.wav`, and wideband versions of narrow ones under `16k/`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hotline_audio::Rate;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// Wideband versions, which give way to a file that has more than 8000 samples a second itself.
const WIDEBAND: &str = "16k";

/// A prompt's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptFile {
    /// The name in flows.
    pub name: String,
    /// How long it is; `None` if it cannot be read.
    pub duration: Option<Duration>,
    /// How large it is.
    pub bytes: u64,
    /// When it was written.
    pub changed_at: SystemTime,
}

/// The folders of prompts, by name: languages, music, and what else lies there.
///
/// # Errors
/// The folder cannot be read.
pub fn folders(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.path().is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The prompts of a language with names after `after`, at most `limit`, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn list(root: &Path, language: &str, after: Option<&str>, limit: usize) -> io::Result<Vec<PromptFile>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(language))? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".wav"))
            && !name.starts_with('.')
            && after.is_none_or(|after| name > after)
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.truncate(limit);
    // One that is taken away meanwhile is not there.
    Ok(names.into_iter().filter_map(|name| look(root, language, name).ok()).collect())
}

/// One prompt; `None` if there is none.
///
/// # Errors
/// The file cannot be looked at.
pub fn find(root: &Path, language: &str, name: &str) -> io::Result<Option<PromptFile>> {
    match look(root, language, name.to_owned()) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(root: &Path, language: &str, name: String) -> io::Result<PromptFile> {
    let path = path(root, language, &name);
    let about = fs::metadata(&path)?;
    let duration = WavReader::open(&path).ok().map(|reader| {
        Duration::from_secs_f64(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate.max(1)))
    });
    Ok(PromptFile { name, duration, bytes: about.len(), changed_at: about.modified()? })
}

/// Writes a prompt of 16 kHz so that nobody ever sees half of it, and it is there after a crash.
///
/// # Errors
/// The system does not let it.
pub fn write(root: &Path, language: &str, name: &str, samples: &[i16]) -> io::Result<()> {
    let target = path(root, language, name);
    fs::create_dir_all(root.join(language))?;
    // Hidden, and of another ending: nobody takes it for a prompt.
    let draft = target.with_file_name(format!(".{name}.draft"));
    let written = write_draft(&draft, samples).and_then(|()| fs::rename(&draft, &target));
    if let Err(error) = written {
        // Left behind it harms nobody.
        drop(fs::remove_file(&draft));
        return Err(error);
    }
    forget(&path(&root.join(WIDEBAND), language, name))?;
    File::open(root.join(language))?.sync_all()
}

fn write_draft(draft: &Path, samples: &[i16]) -> io::Result<()> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: Rate::Wide.hz(),
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = BufWriter::new(File::create(draft)?);
    let mut writer = WavWriter::new(&mut file, spec).map_err(io::Error::other)?;
    for sample in samples {
        writer.write_sample(*sample).map_err(io::Error::other)?;
    }
    writer.finalize().map_err(io::Error::other)?;
    file.flush()?;
    file.get_ref().sync_all()
}

/// Takes a prompt away, with its wideband version.
///
/// # Errors
/// The system does not let it, or there is none.
pub fn remove(root: &Path, language: &str, name: &str) -> io::Result<()> {
    fs::remove_file(path(root, language, name))?;
    forget(&path(&root.join(WIDEBAND), language, name))?;
    File::open(root.join(language))?.sync_all()
}

fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn path(root: &Path, language: &str, name: &str) -> PathBuf {
    root.join(language).join(format!("{name}.wav"))
}
