//! Reads the prompts: `<root>/<folder>/<name>.wav` becomes `folder/name`.

use core::fmt;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hotline_audio::{Rate, gain, resampled};
use hotline_media::{PromptId, PromptLibrary};

use crate::wav::{RATES_HZ, Wav, read_wav};

/// Wideband versions of prompts whose own files are narrow: `16k/<folder>/<name>.wav`.
const WIDEBAND: &str = "16k";
/// The folder whose sounds are played in a loop.
const MUSIC: &str = "music";
/// A loop is resampled with so much of its other end on each side. At every rate of files these are whole samples.
const SEAMS_A_SECOND: u32 = 25;

/// How prompts are read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadConfig {
    /// The level to which the speech of every prompt is brought, in dBFS; music is left as it is.
    pub normalize_dbfs: Option<f64>,
}

/// Reads every prompt under `root`. Folders are languages, and `music`. What has more than 8000 samples a second is also kept at
/// 16 000 for wideband phones; so is what has a file of the same name under `16k`.
///
/// # Errors
/// All files that are wrong, not only the first.
pub fn load_prompts(root: &Path, config: LoadConfig) -> Result<PromptLibrary, LoadError> {
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
            match read(root, &file, config) {
                Ok((id, Sound { narrow, wide: Some(wide) })) => library.insert_wide(id, &narrow, wide),
                Ok((id, Sound { narrow, wide: None })) => library.insert(id, &narrow),
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
    /// Not a WAV file, cut short, or coded in a way that is not read.
    #[error(
        "prompt {path}: {source}; must be PCM of 8, 16, 24 or 32 bits, floating point, or G.711 in a WAV file",
        path = path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: hound::Error,
    },
    /// A WAV file of another kind.
    #[error(
        "prompt {path}: is {rate_hz} Hz, {bits} bit, {channels} channel(s); must be {rates} Hz with 1 or 2 channels",
        path = path.display(),
        rates = Rates
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

/// The rates that can be read, for people.
struct Rates;

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rate_hz) in RATES_HZ.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == RATES_HZ.len() => " or ",
                _ => ", ",
            };
            write!(f, "{separator}{rate_hz}")?;
        }
        Ok(())
    }
}

/// A prompt at our rates.
pub(crate) struct Sound {
    pub(crate) narrow: Vec<i16>,
    pub(crate) wide: Option<Vec<i16>>,
}

/// Reads the prompt of a file below `root`, with its wideband version.
pub(crate) fn read(root: &Path, path: &Path, config: LoadConfig) -> Result<(PromptId, Sound), PromptError> {
    let id = prompt_id(path).ok_or_else(|| PromptError::Name { path: path.to_path_buf() })?;
    let is_loop = id.as_str().split('/').next() == Some(MUSIC);
    let level = config.normalize_dbfs.filter(|_| !is_loop);
    let wav = read_wav(path)?;
    if wav.rate_hz > Rate::Narrow.hz() {
        return Ok((id, sound_of(wav, level, is_loop)));
    }
    let wideband = path.strip_prefix(root).map(|below| root.join(WIDEBAND).join(below));
    let wide = match wideband.ok().filter(|path| path.is_file()) {
        Some(path) => {
            let mut wide = at_rate(&read_wav(&path)?, Rate::Wide, is_loop);
            normalize(&mut wide, Rate::Wide, level);
            Some(wide)
        }
        None => None,
    };
    Ok((id, Sound { wide, ..sound_of(wav, level, is_loop) }))
}

/// Reads a file that is no loop and has no wideband version of its own.
pub(crate) fn read_sound(path: &Path, config: LoadConfig) -> Result<Sound, PromptError> {
    Ok(sound_of(read_wav(path)?, config.normalize_dbfs, false))
}

/// A sound at our rates: at both if it has more than the narrow one.
fn sound_of(wav: Wav, level: Option<f64>, is_loop: bool) -> Sound {
    if wav.rate_hz <= Rate::Narrow.hz() {
        let mut narrow = wav.samples;
        normalize(&mut narrow, Rate::Narrow, level);
        return Sound { narrow, wide: None };
    }
    let mut wide = at_rate(&wav, Rate::Wide, is_loop);
    normalize(&mut wide, Rate::Wide, level);
    let wav = Wav { rate_hz: Rate::Wide.hz(), samples: wide };
    let narrow = at_rate(&wav, Rate::Narrow, is_loop);
    Sound { narrow, wide: Some(wav.samples) }
}

fn normalize(samples: &mut [i16], rate: Rate, level: Option<f64>) {
    if let Some(level) = level {
        gain::normalize(samples, rate, level);
    }
}

/// A sound at one of our rates. The ends of a loop fit together as they did before.
fn at_rate(wav: &Wav, rate: Rate, is_loop: bool) -> Vec<i16> {
    let Wav { rate_hz, samples } = wav;
    let resampled = |samples: &[i16]| {
        resampled(samples, *rate_hz, rate).expect("a rate that is read can be turned into ours")
    };
    if !is_loop || samples.is_empty() || *rate_hz == rate.hz() {
        return resampled(samples);
    }
    let seam = (*rate_hz / SEAMS_A_SECOND) as usize;
    let length = (samples.len() as u64 * u64::from(rate.hz())).div_ceil(u64::from(*rate_hz)) as usize;
    let around = samples.iter().cycle().copied();
    let before = (samples.len() - seam % samples.len()) % samples.len();
    let padded: Vec<i16> = around.skip(before).take(seam + samples.len() + seam).collect();
    let begin = (rate.hz() / SEAMS_A_SECOND) as usize;
    resampled(&padded)[begin..begin + length].to_vec()
}

fn prompt_id(path: &Path) -> Option<PromptId> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let name = path.file_stem()?.to_str()?;
    Some(PromptId::from(format!("{folder}/{name}").as_str()))
}

#[cfg(test)]
mod tests {
    use hotline_audio::Tone;
    use hound::{SampleFormat, WavSpec};

    use super::*;

    fn write_wav(path: &Path, sample_rate: u32, samples: impl IntoIterator<Item = i16>) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec =
            WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
    }

    fn load(root: &Path) -> Result<PromptLibrary, LoadError> {
        load_prompts(root, LoadConfig::default())
    }

    #[test]
    fn prompts_are_named_by_folder_and_file() {
        let root = tempfile::tempdir().unwrap();
        write_wav(&root.path().join("en/greeting.wav"), 8000, [1000; 10]);
        write_wav(&root.path().join("music/waiting.wav"), 8000, [1000; 10]);
        write_wav(&root.path().join("16k/en/greeting.wav"), 16_000, [1000; 10]);
        fs::write(root.path().join("manifest.yaml"), "").unwrap();
        fs::write(root.path().join("en/greeting.txt"), "").unwrap();
        let library = load(root.path()).unwrap();
        assert_eq!(library.len(), 2);
        assert!(library.contains(&"en/greeting".into()) && library.contains(&"music/waiting".into()));
    }

    #[test]
    fn the_shipped_prompts_load() {
        let library = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sounds")).unwrap();
        for prompt in ["en/greeting", "zh/greeting", "en/you_are_number", "music/waiting"] {
            assert!(library.contains(&prompt.into()), "{prompt}");
        }
    }

    #[test]
    fn every_wrong_file_is_named_with_what_is_wrong() {
        let root = tempfile::tempdir().unwrap();
        write_wav(&root.path().join("de/odd.wav"), 9600, [1000; 10]);
        fs::write(root.path().join("de/noise.wav"), "hello").unwrap();
        let message = load(root.path()).unwrap_err().to_string();
        assert!(message.contains("de/noise.wav: Ill-formed WAVE file"), "{message}");
        let wanted = "de/odd.wav: is 9600 Hz, 16 bit, 1 channel(s); must be 8000, 11025, 12000, 16000, 22050, 24000, \
                      32000, 44100 or 48000 Hz with 1 or 2 channels";
        assert!(message.contains(wanted), "{message}");
        let missing = load(&root.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("none: cannot be read"), "{missing}");
    }

    fn sound(root: &Path, path: &str, config: LoadConfig) -> Sound {
        read(root, &root.join(path), config).unwrap().1
    }

    #[test]
    fn what_has_more_is_kept_at_both_rates_and_what_has_not_has_its_file_of_wideband() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write_wav(&root.join("en/full.wav"), 48_000, Tone::new(5000.0, -10.0, 48_000).take(48_000));
        write_wav(&root.join("en/phone.wav"), 8000, [0; 800]);
        write_wav(&root.join("en/both.wav"), 8000, [0; 800]);
        write_wav(&root.join("16k/en/both.wav"), 16_000, [5; 1700]);
        let lengths = |path| {
            let Sound { narrow, wide } = sound(root, path, LoadConfig::default());
            (narrow.len(), wide.map(|wide| wide.len()))
        };
        assert_eq!(lengths("en/full.wav"), (8000, Some(16_000)));
        assert_eq!(lengths("en/phone.wav"), (800, None));
        assert_eq!(lengths("en/both.wav"), (800, Some(1700)));
    }

    #[test]
    fn prompts_are_brought_to_a_level_if_that_is_wished_and_music_is_not() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for path in ["en/quiet.wav", "music/quiet.wav"] {
            write_wav(&root.join(path), 16_000, Tone::new(440.0, -40.0, 16_000).take(16_000));
        }
        let level = |path, normalize_dbfs| {
            let Sound { narrow, wide } = sound(root, path, LoadConfig { normalize_dbfs });
            [hotline_audio::rms_dbfs(&narrow), hotline_audio::rms_dbfs(&wide.unwrap())]
        };
        let near = |levels: [f64; 2], wanted: f64| levels.iter().all(|level| (level - wanted).abs() < 0.3);
        assert!(near(level("en/quiet.wav", None), -40.0));
        assert!(near(level("en/quiet.wav", Some(-20.0)), -20.0));
        assert!(near(level("music/quiet.wav", Some(-20.0)), -40.0));
    }

    #[test]
    fn a_loop_has_no_seam_after_resampling() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        // Whole waves that begin and end at their peak.
        let wave = |rate_hz: u32| {
            Tone::new(200.0, -6.0, rate_hz).skip(rate_hz as usize / 800).take(rate_hz as usize)
        };
        write_wav(&root.join("music/loop.wav"), 44_100, wave(44_100));
        let Sound { narrow, wide } = sound(root, "music/loop.wav", LoadConfig::default());
        for (samples, rate) in [(narrow, Rate::Narrow), (wide.unwrap(), Rate::Wide)] {
            assert_eq!(samples.len(), rate.hz() as usize);
            let step = |pair: [i16; 2]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
            let steepest = samples.array_windows().map(|pair| step(*pair)).max().unwrap();
            let seam = step([samples[samples.len() - 1], samples[0]]);
            assert!(seam <= steepest / 4, "{seam} where {steepest} is the steepest");
        }
    }
}
