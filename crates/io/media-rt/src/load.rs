//! Reads the prompts: `<root>/<folder>/<name>.wav` becomes `folder/name`.

use core::fmt;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hotline_media::{PromptId, PromptLibrary};
use hound::{SampleFormat, WavReader, WavSpec};

/// The wideband copies of all prompts; G.711 has no use for them.
const WIDEBAND: &str = "16k";
/// The longest prompt: ten minutes.
const SAMPLES_MAX: u32 = 10 * 60 * 8000;

/// Reads every prompt under `root`. Folders are languages, and `music`; the folder `16k` is left out.
///
/// # Errors
/// All files that are wrong, not only the first.
pub fn load_prompts(root: &Path) -> Result<PromptLibrary, LoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| LoadError::Folder { path, source }
    };
    let mut library = PromptLibrary::default();
    let mut wrong = Vec::new();
    for folder in sorted(root).map_err(unreadable(root))? {
        if !folder.is_dir() || folder.file_name() == Some(OsStr::new(WIDEBAND)) {
            continue;
        }
        for file in sorted(&folder).map_err(unreadable(&folder))? {
            if file.extension() != Some(OsStr::new("wav")) {
                continue;
            }
            match read(&file) {
                Ok((id, samples)) => library.insert(id, &samples),
                Err(error) => wrong.push(error),
            }
        }
    }
    if wrong.is_empty() { Ok(library) } else { Err(LoadError::Prompts(wrong)) }
}

/// Why the prompts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A folder is missing or cannot be read.
    #[error("sounds folder {path}: cannot be read", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Files are not what they should be; each is named.
    #[error("{}", Lines(.0))]
    Prompts(Vec<PromptError>),
}

/// What is wrong with one prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Not a WAV file, or cut short.
    #[error("prompt {path}: {source}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: hound::Error,
    },
    /// A WAV file of another kind.
    #[error(
        "prompt {path}: is {rate_hz} Hz, {bits} bit, {channels} channel(s); must be 8000 Hz, 16 bit, 1 channel",
        path = path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Samples a second.
        rate_hz: u32,
        /// Bits of a sample.
        bits: u16,
        /// Channels.
        channels: u16,
    },
    /// Longer than ten minutes.
    #[error("prompt {path}: is longer than 10 minutes", path = path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The name is not text.
    #[error("prompt {path}: its name is not UTF-8", path = path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
}

struct Lines<'a>(&'a [PromptError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<(PromptId, Vec<i16>), PromptError> {
    let broken = |source| PromptError::Broken { path: path.to_path_buf(), source };
    let id = prompt_id(path).ok_or_else(|| PromptError::Name { path: path.to_path_buf() })?;
    let reader = WavReader::open(path).map_err(broken)?;
    let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
    if (channels, sample_rate, bits_per_sample, sample_format) != (1, 8000, 16, SampleFormat::Int) {
        let path = path.to_path_buf();
        return Err(PromptError::Format { path, rate_hz: sample_rate, bits: bits_per_sample, channels });
    }
    if reader.duration() > SAMPLES_MAX {
        return Err(PromptError::TooLong { path: path.to_path_buf() });
    }
    let samples = reader.into_samples().collect::<Result<_, _>>().map_err(broken)?;
    Ok((id, samples))
}

fn prompt_id(path: &Path) -> Option<PromptId> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let name = path.file_stem()?.to_str()?;
    Some(PromptId::from(format!("{folder}/{name}").as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_wav(path: &Path, sample_rate: u32, samples: usize) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec =
            WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for _ in 0..samples {
            writer.write_sample(1000_i16).unwrap();
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn prompts_are_named_by_folder_and_file() {
        let root = tempfile::tempdir().unwrap();
        write_wav(&root.path().join("en/greeting.wav"), 8000, 10);
        write_wav(&root.path().join("music/waiting.wav"), 8000, 10);
        write_wav(&root.path().join("16k/en/greeting.wav"), 16_000, 10);
        fs::write(root.path().join("manifest.yaml"), "").unwrap();
        fs::write(root.path().join("en/greeting.txt"), "").unwrap();
        let library = load_prompts(root.path()).unwrap();
        assert_eq!(library.len(), 2);
        assert!(library.contains(&"en/greeting".into()) && library.contains(&"music/waiting".into()));
    }

    #[test]
    fn the_shipped_prompts_load() {
        let library = load_prompts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sounds")).unwrap();
        for prompt in ["en/greeting", "zh/greeting", "en/you_are_number", "music/waiting"] {
            assert!(library.contains(&prompt.into()), "{prompt}");
        }
    }

    #[test]
    fn every_wrong_file_is_named_with_what_is_wrong() {
        let root = tempfile::tempdir().unwrap();
        write_wav(&root.path().join("de/wide.wav"), 16_000, 10);
        fs::write(root.path().join("de/noise.wav"), "hello").unwrap();
        let message = load_prompts(root.path()).unwrap_err().to_string();
        assert!(message.contains("de/noise.wav: Ill-formed WAVE file"), "{message}");
        assert!(
            message.contains("de/wide.wav: is 16000 Hz, 16 bit, 1 channel(s); must be 8000 Hz"),
            "{message}"
        );
        let missing = load_prompts(&root.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("none: cannot be read"), "{missing}");
    }
}
