//! A WAV file that grows and is valid at every moment.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotline_audio::Rate;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// What `hound` writes before the samples of one channel with 16 bits.
const HEADER_LEN: u32 = 44;
/// Where the header has the length of what follows, and that of the samples.
const RIFF_LENGTH_AT: u64 = 4;
const DATA_LENGTH_AT: u64 = 40;
const SAMPLE_LEN: u32 = 2;

/// How long the message in a file is, also in one that nobody finished; `None` if it is none. Waits for the disk.
#[must_use]
pub fn duration_of(path: &Path) -> Option<Duration> {
    let reader = WavReader::open(path).ok()?;
    let rate = reader.spec().sample_rate;
    (rate > 0).then(|| Duration::from_secs(reader.duration().into()) / rate)
}

/// The file of one message. All of it waits for the disk.
pub(crate) struct MessageFile {
    path: PathBuf,
    /// The same file as the writer's.
    file: File,
    writer: WavWriter<BufWriter<File>>,
}

impl MessageFile {
    /// Makes the file, and its directories below `root`.
    pub(crate) fn create(root: &Path, relative: &str, rate: Rate) -> io::Result<Self> {
        let path = root.join(relative);
        if let Some(day) = path.parent() {
            fs::create_dir_all(day)?;
        }
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Self::begin(path, file, rate)
    }

    fn begin(path: PathBuf, file: File, rate: Rate) -> io::Result<Self> {
        let spec = WavSpec {
            channels: 1,
            sample_rate: rate.hz(),
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::new(BufWriter::new(file.try_clone()?), spec).map_err(cause)?;
        writer.flush().map_err(cause)?;
        Ok(Self { path, file, writer })
    }

    /// Adds samples, then renews the header.
    pub(crate) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        for sample in samples {
            self.writer.write_sample(*sample).map_err(cause)?;
        }
        self.writer.flush().map_err(cause)
    }

    /// Cuts the file to so many samples and puts it and its name on the disk, up to the directory `root`.
    pub(crate) fn finish(self, root: &Path, samples: u32) -> io::Result<()> {
        self.writer.finalize().map_err(cause)?;
        let length = samples * SAMPLE_LEN;
        // The header first: it never promises more than there is.
        self.file.write_all_at(&length.to_le_bytes(), DATA_LENGTH_AT)?;
        let riff = HEADER_LEN - 8 + length;
        self.file.write_all_at(&riff.to_le_bytes(), RIFF_LENGTH_AT)?;
        self.file.set_len(u64::from(HEADER_LEN + length))?;
        self.file.sync_all()?;
        let above = self.path.ancestors().skip(1).take_while(|directory| directory.starts_with(root));
        above.into_iter().try_for_each(|directory| File::open(directory)?.sync_all())
    }

    /// Deletes the file.
    pub(crate) fn discard(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn cause(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        error @ (hound::Error::FormatError(_)
        | hound::Error::TooWide
        | hound::Error::UnfinishedSample
        | hound::Error::Unsupported
        | hound::Error::InvalidSampleFormat) => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    fn play(path: &Path) -> Vec<i16> {
        hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect()
    }

    /// Nobody closes the file in the middle: what a reader sees is what a killed server leaves.
    #[test]
    fn it_plays_after_every_block_and_has_no_more_than_is_kept() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join("a/b/c.wav");
            let mut file = MessageFile::create(root.path(), "a/b/c.wav", rate).unwrap();
            assert!(play(&path).is_empty());
            file.write(&[1; 5000]).unwrap();
            assert_eq!(play(&path), [1; 5000]);
            file.write(&[2; 5000]).unwrap();
            assert_eq!(play(&path), [[1; 5000], [2; 5000]].concat());
            file.finish(root.path(), 6000).unwrap();
            let kept = play(&path);
            assert_eq!((kept.len(), kept[5999], kept[4999]), (6000, 2, 1));
            assert_eq!(fs::metadata(&path).unwrap().len(), 44 + 12_000);
            assert_eq!(hound::WavReader::open(&path).unwrap().spec().sample_rate, rate.hz());
        }
    }

    #[test]
    fn a_full_disk_is_named_as_such() {
        let full = PathBuf::from("/dev/full");
        let file = File::options().read(true).write(true).open(&full).unwrap();
        let error = MessageFile::begin(full, file, Rate::Narrow).map(drop).unwrap_err();
        assert_eq!(Failure::from(error), Failure::DiskFull);
    }

    #[test]
    fn no_file_takes_the_place_of_another() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.wav"), b"another").unwrap();
        let error = MessageFile::create(root.path(), "a.wav", Rate::Narrow).map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
