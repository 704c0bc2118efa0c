//! What a recording looks like: the loudest sample of each of some stretches, for both sides. Also of one that is being written.

use std::io;
use std::path::Path;

use hotline_audio::ulaw;

use crate::bytes::Found;
use crate::format::{Channels, Coding, Format};
use crate::sealed::Keyring;
use crate::wav::{SAMPLE_RATE_HZ, frames_said};

/// The most stretches into which a recording is cut.
pub const PEAKS_MAX: usize = 4000;
/// How many bytes are read at a time; whole frames of every format.
const BLOCK: usize = 64 * 1024;

/// The loudest samples of a recording, one for each stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// As far as the recording goes, in milliseconds.
    pub duration_ms: u64,
    /// For each channel, left first, amplitudes from 0 to 32 768.
    pub channels: Vec<Vec<u16>>,
}

/// Reads the recording at `path`, all of it, and gives the loudest sample of each of `points` stretches of equal length (at most
/// [`PEAKS_MAX`], and no more than there are samples). Takes as long as the disk needs: not for a thread that must not wait.
///
/// # Errors
/// The file cannot be read, is no recording, or is sealed and cannot be opened ([`SealError`](crate::SealError)).
pub fn peaks(path: &Path, keys: &Keyring, points: usize) -> io::Result<Peaks> {
    let found = Found::open(path, keys, false)?;
    let file = found.bytes();
    let format = Format::read(file)?.ok_or(io::ErrorKind::InvalidData)?;
    let on_disk = file.length()?.saturating_sub(format.header_len()) / format.frame_len();
    let frames = frames_said(file, format)?.unwrap_or(0).min(on_disk);
    let channels = match format.channels {
        Channels::Stereo => 2,
        Channels::Mono => 1,
    };
    let points = (points.clamp(1, PEAKS_MAX) as u64).min(frames);
    let mut peaks = vec![vec![0; points as usize]; channels];
    let mut bytes = vec![0; BLOCK];
    let (mut frame, end) = (0, format.header_len() + frames * format.frame_len());
    let mut at = format.header_len();
    while at < end {
        // It fits: it is no more than the block.
        let length = (end - at).min(BLOCK as u64) as usize;
        file.read_exact_at(&mut bytes[..length], at)?;
        for samples in bytes[..length].chunks_exact(format.frame_len() as usize) {
            // Below the number of points, as the frame is below that of frames.
            let point = (frame * points / frames) as usize;
            for (channel, sample) in amplitudes(samples, format.coding).enumerate() {
                let peak = &mut peaks[channel][point];
                *peak = sample.max(*peak);
            }
            frame += 1;
        }
        at += length as u64;
    }
    Ok(Peaks { duration_ms: frames * 1000 / u64::from(SAMPLE_RATE_HZ), channels: peaks })
}

/// How far the samples of a frame are from silence.
fn amplitudes(frame: &[u8], coding: Coding) -> impl Iterator<Item = u16> {
    let width = match coding {
        Coding::Pcm16 => 2,
        Coding::Ulaw => 1,
    };
    frame.chunks_exact(width).map(|sample| match *sample {
        [low, high] => i16::from_le_bytes([low, high]).unsigned_abs(),
        [one] => ulaw::decode(one).unsigned_abs(),
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_its_loudest_sample_on_the_side_where_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let mut frames = vec![[0_i16, 0]; 8000];
        frames[1000] = [-20_000, 0];
        frames[1001] = [300, 0];
        frames[7999] = [0, i16::MIN];
        for format in Format::ALL {
            let path = directory.path().join("x.wav");
            let mut bytes = format.header(frames.len() as u64, 0);
            format.encode(&frames, &mut bytes);
            // What is behind the samples is not looked at.
            bytes.extend([0x7F; 100]);
            std::fs::write(&path, &bytes).unwrap();
            let found = peaks(&path, &Keyring::default(), 4).unwrap();
            assert_eq!(found.duration_ms, 1000);
            let near = |peak: u16, expected: u16| peak.abs_diff(expected) < 700;
            let left = &found.channels[0];
            assert!(near(left[0], 20_000) && near(left[1], 0) && near(left[2], 0), "{format:?}: {left:?}");
            let last = found.channels.last().unwrap();
            assert!(near(last[3], 32_768), "{format:?}: {last:?}");
            assert_eq!(found.channels.len(), if format.channels == Channels::Stereo { 2 } else { 1 });
            assert_eq!(peaks(&path, &Keyring::default(), usize::MAX).unwrap().channels[0].len(), PEAKS_MAX);
            // While it is written, as far as it goes.
            std::fs::write(&path, &bytes[..(format.header_len() + 4000 * format.frame_len()) as usize])
                .unwrap();
            assert_eq!(peaks(&path, &Keyring::default(), 4).unwrap().duration_ms, 500);
            std::fs::write(&path, format.header(0, 0)).unwrap();
            assert_eq!(peaks(&path, &Keyring::default(), 4).unwrap().channels[0], Vec::<u16>::new());
        }
        std::fs::write(directory.path().join("y.wav"), "no recording").unwrap();
        assert!(peaks(&directory.path().join("y.wav"), &Keyring::default(), 4).is_err());
    }
}
