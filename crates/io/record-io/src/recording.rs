//! One recording under way.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline_base::{CallId, RecordingId, WallTime};
use hotline_media::{Event, RecordingFailure};

use crate::failure::cause;
use crate::manifest::{End, Manifest, Outcome};
use crate::ring::Piece;
use crate::shelf::Shelf;
use crate::sync::{Ending, SyncThread, Synced};
use crate::wav;
use crate::window::Window;

/// How often frames and header go into the file. A crash costs at most this, [`HOLD_FRAMES`] and the ring.
const REFRESH: Duration = Duration::from_secs(1);
/// How long late packets find their place: half a second, longer than any jitter a conversation survives.
const HOLD_FRAMES: u64 = 4000;

/// An open file and what is on its way into it.
pub(crate) struct Recording {
    manifest: Manifest,
    relative: String,
    path: PathBuf,
    synced: Arc<Synced>,
    window: Window,
    started: Instant,
    next_refresh: Instant,
    scratch: Vec<u8>,
}

impl Recording {
    /// Creates the file with a valid header, and its manifest.
    pub(crate) fn start(
        shelf: &Shelf,
        recording: RecordingId,
        call: CallId,
        at: WallTime,
        now: Instant,
    ) -> Result<Self, RecordingFailure> {
        let relative = Shelf::relative(recording, at);
        let path = shelf.full(&relative);
        let manifest = Manifest::new(recording, call, at);
        let create = || {
            shelf.announce(recording, &relative)?;
            manifest.write(&path)?;
            let file = File::options().read(true).write(true).create_new(true).open(&path)?;
            wav::write_header(&file, 0)?;
            Ok(file)
        };
        let file = create().map_err(|error: io::Error| cause(&path, &error))?;
        Ok(Self {
            manifest,
            relative,
            path,
            synced: Arc::new(Synced::new(file)),
            window: Window::default(),
            started: now,
            next_refresh: now + REFRESH,
            scratch: Vec::new(),
        })
    }

    /// Relative to the root.
    pub(crate) fn relative(&self) -> &str {
        &self.relative
    }

    /// Takes some audio.
    pub(crate) fn place(&mut self, piece: &Piece) -> Result<(), RecordingFailure> {
        let end = piece.position + piece.payload().len() as u64;
        if self.window.overflows(end) {
            self.write_until(end.saturating_sub(HOLD_FRAMES))?;
        }
        self.window.place(piece.channel, piece.position, piece.codec, piece.payload());
        Ok(())
    }

    /// Writes what is due. All audio that came before `now` must have been placed.
    pub(crate) fn refresh(&mut self, now: Instant, sync: &SyncThread) -> Result<(), RecordingFailure> {
        if now < self.next_refresh {
            return Ok(());
        }
        self.next_refresh = now + REFRESH;
        self.synced.check().map_err(|error| cause(&self.path, &error))?;
        self.write_until(self.frames_at(now).saturating_sub(HOLD_FRAMES))?;
        sync.refresh(&self.synced);
        Ok(())
    }

    /// Completes the file at `length` frames; the sync thread reports it. `refused` is what the ring refused.
    pub(crate) fn finish(
        mut self,
        length: u64,
        refused: u64,
        sync: &SyncThread,
    ) -> Result<(), RecordingFailure> {
        let length = length.max(self.window.start());
        self.write_until(length)?;
        let gap_ms = wav::millis(refused + self.window.late());
        let bytes = wav::HEADER_LEN + length * wav::FRAME_LEN;
        let duration_ms = wav::millis(length);
        self.manifest.end =
            Some(End { outcome: Outcome::Finished, duration_ms, gap_ms: Some(gap_ms), bytes });
        let finished = Event::RecordingFinished {
            recording: self.manifest.recording,
            path: self.relative,
            duration_ms,
            gap_ms,
            bytes,
        };
        sync.end(Ending { synced: self.synced, manifest: self.manifest, path: self.path, finished });
        Ok(())
    }

    /// How long it is if it ends at `now` without anybody having ended it.
    pub(crate) fn length_at(&self, now: Instant) -> u64 {
        self.frames_at(now).max(self.window.end())
    }

    fn frames_at(&self, now: Instant) -> u64 {
        let elapsed = now.duration_since(self.started).as_micros() as u64;
        elapsed * u64::from(wav::SAMPLE_RATE_HZ) / 1_000_000
    }

    fn write_until(&mut self, end: u64) -> Result<(), RecordingFailure> {
        let (first, frames) = self.window.take_until(end);
        if frames.is_empty() {
            return Ok(());
        }
        wav::write_frames(&self.synced.file, first, &frames, &mut self.scratch)
            .and_then(|()| wav::write_header(&self.synced.file, self.window.start()))
            .map_err(|error| cause(&self.path, &error))
    }
}
