//! Sounds of an administrator's own.

use std::fs;
use std::path::Path;

use anyhow::Result;
use hotline_audio::SAMPLE_RATE_HZ;
use hound::{SampleFormat, WavSpec, WavWriter};
use tempfile::TempDir;

use crate::center::root;

/// The shipped sounds at 8 kHz, in a directory that goes when the test ends.
///
/// # Errors
/// They cannot be copied.
pub fn copied_sounds() -> Result<TempDir> {
    let directory = TempDir::new()?;
    for folder in ["en", "zh", "music"] {
        copy(&root().join("sounds").join(folder), &directory.path().join(folder))?;
    }
    Ok(directory)
}

/// Puts a sound of 8 kHz in the place of one, as in `en/greeting`.
///
/// # Errors
/// It cannot be written.
pub fn put_sound(sounds: &Path, name: &str, samples: impl IntoIterator<Item = i16>) -> Result<()> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut writer = WavWriter::create(sounds.join(format!("{name}.wav")), spec)?;
    for sample in samples {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
