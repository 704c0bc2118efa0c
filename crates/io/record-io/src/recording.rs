//! One recording under way.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline_base::{CallId, LegId, RecordingId, WallTime};
use hotline_media::{Event, Mark, MarkKind, RecordingEnd, RecordingFailure, Voice};

use crate::failure::cause;
use crate::format::Format;
use crate::index::{Gaps, Index};
use crate::manifest::Manifest;
use crate::notes::{Note, Slot};
use crate::pen::Pen;
use crate::ring::Piece;
use crate::shelf::Shelf;
use crate::sync::{Ending, SyncThread, Synced};
use crate::talk::{LISTENED, Listening};
use crate::wav;
use crate::window::Window;
use crate::workbench::Workbench;

/// How often frames and header go into the file. A crash costs at most this, [`HOLD_FRAMES`] and the ring.
const REFRESH: Duration = Duration::from_millis(500);
/// After how many of those a recording is put on the disk for the first time, with its names: one that is over before is put
/// there once.
const REFRESHES_AT_FIRST: u8 = 2;
/// How many of those go together to the disk then: a loss of power costs three seconds at most.
const REFRESHES_PER_SYNC: u8 = 6;
/// How long late packets find their place: 400 ms, longer than any jitter a conversation survives.
const HOLD_FRAMES: u64 = 3200;

/// How long before its mark a pause begins: a packet that comes after it may be laid so much before it, by its length of
/// up to 120 ms and by what its place may stray.
const PAUSE_LEAD: u64 = 1120;

/// The longest recording. Then it ends, complete, and the call goes on without: a header cannot say much more, and
/// no conversation is that long.
pub const LENGTH_MAX: Duration = Duration::from_secs(wav::FRAMES_MAX / wav::SAMPLE_RATE_HZ as u64);

/// An open file and what is on its way into it.
pub(crate) struct Recording {
    note: Note,
    slot: Slot,
    path: PathBuf,
    pen: Pen,
    /// The note and the files' names are on the disk, or will be when it has time.
    is_kept: bool,
    /// Since it was put on the disk last.
    refreshes: u8,
    synced: Arc<Synced>,
    window: Window,
    started: Instant,
    next_refresh: Instant,
    digest: wav::Digester,
    index: Index,
    listening: Listening,
}

/// Which recording, of which call, since when.
pub(crate) struct Begin {
    pub(crate) recording: RecordingId,
    pub(crate) call: CallId,
    pub(crate) at: WallTime,
}

impl Recording {
    /// Creates the file with a valid header, and its note. Neither is put on the disk before the first refresh: a
    /// conversation that is over by then is put there once, and what a loss of power may cost is no more.
    pub(crate) fn start(
        shelf: &Shelf,
        format: Format,
        Begin { recording, call, at }: Begin,
        now: Instant,
    ) -> Result<Self, RecordingFailure> {
        let path = Shelf::relative(recording, at, shelf.keys.current().is_some());
        let note = Note { recording, call, started_unix_us: at, path, format, is_cut: false };
        let path = shelf.full(&note.path);
        let failed = |error: io::Error| cause(&path, &error);
        shelf.make_room(&note.path).map_err(failed)?;
        // Noted before there is a file, so that a crash leaves none that nobody knows of.
        let slot = shelf.notes.write(&note).map_err(failed)?;
        let opened = File::options().read(true).write(true).create_new(true).open(&path);
        let begun = opened.and_then(|file| match Pen::begin(&file, format, &shelf.keys) {
            Ok(pen) => Ok((file, pen)),
            // An empty file is of no use.
            Err(error) => fs::remove_file(&path).and(Err(error)),
        });
        let (file, pen) = begun.map_err(|error| {
            shelf.notes.erase(slot).unwrap_or_else(|_| tracing::warn!(%recording, "its note stays"));
            failed(error)
        })?;
        Ok(Self {
            synced: Arc::new(Synced::new(file, shelf.day(&note.path))),
            note,
            slot,
            path,
            pen,
            is_kept: false,
            refreshes: 0,
            window: Window::default(),
            started: now,
            next_refresh: now + REFRESH,
            digest: wav::Digester::default(),
            index: Index::default(),
            listening: Listening::default(),
        })
    }

    /// Relative to the root.
    pub(crate) fn relative(&self) -> &str {
        &self.note.path
    }

    /// Takes some audio. What lies beyond the greatest length is left out.
    pub(crate) fn place(&mut self, piece: &Piece, bench: &mut Workbench) -> Result<(), RecordingFailure> {
        let end = piece.position + u64::from(piece.span);
        if end > wav::FRAMES_MAX {
            return Ok(());
        }
        if self.window.overflows(end) {
            self.write_until(whole(end.saturating_sub(HOLD_FRAMES)), bench)?;
        }
        self.window.place(piece);
        Ok(())
    }

    /// A leg is heard from here on.
    pub(crate) fn join(&mut self, voice: &Voice, at: u64) {
        self.index.join(voice, at);
    }

    /// A leg is heard no more.
    pub(crate) fn leave(&mut self, leg: LegId, at: u64) {
        self.window.leave(leg);
        self.index.leave(leg, at);
    }

    /// Something happened.
    pub(crate) fn mark(&mut self, mark: &Mark, at: u64) {
        match mark.kind {
            MarkKind::Paused => self.window.mute(at.saturating_sub(PAUSE_LEAD)),
            MarkKind::Resumed => self.window.unmute(at),
            MarkKind::Held | MarkKind::Retrieved | MarkKind::Transferred | MarkKind::Noted => {}
        }
        self.index.mark(mark, at);
    }

    /// True if [`Recording::refresh`] has something to do.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.next_refresh
    }

    /// True if it has the greatest length.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.length_at(now) >= wav::FRAMES_MAX
    }

    /// Writes what is due. All audio that came before `now` must have been placed.
    pub(crate) fn refresh(
        &mut self,
        now: Instant,
        sync: &SyncThread,
        bench: &mut Workbench,
    ) -> Result<(), RecordingFailure> {
        self.next_refresh = now + REFRESH;
        self.synced.check().map_err(|error| cause(&self.path, &error))?;
        self.write_until(whole(self.frames_at(now).saturating_sub(HOLD_FRAMES)), bench)?;
        self.refreshes += 1;
        if self.is_kept && self.refreshes >= REFRESHES_PER_SYNC {
            self.refreshes = 0;
            sync.refresh(&self.synced);
        } else if !self.is_kept && self.refreshes >= REFRESHES_AT_FIRST {
            self.refreshes = 0;
            self.is_kept = sync.begin(&self.synced);
        }
        Ok(())
    }

    /// Completes the file at `length` frames; the sync thread reports it. `refused` is what the ring refused.
    pub(crate) fn finish(
        &mut self,
        (length, end): (u64, RecordingEnd),
        refused: &Gaps,
        sync: &SyncThread,
        bench: &mut Workbench,
    ) -> Result<(), RecordingFailure> {
        // At an even place, which the longest length is too.
        let format = self.note.format;
        let length = length.min(wav::FRAMES_MAX).max(self.window.start());
        let length = length + length - format.even(length);
        self.write_until(length, bench)?;
        let mut gaps = refused.clone();
        gaps.merge(self.window.late());
        let gap_ms = wav::millis(gaps.samples());
        let refused_ms = wav::millis(refused.samples());
        let index = std::mem::take(&mut self.index).finish(length, &gaps, self.listening.talk());
        let sha256 = std::mem::take(&mut self.digest).hex();
        let told = (gap_ms, wav::millis(self.window.concealed()), index);
        let manifest = Manifest::finished(self.note.identity(), format, length, told, sha256);
        let index = manifest.index_told();
        let bytes = self
            .pen
            .complete(&self.synced.file, format, length, &manifest)
            .map_err(|error| cause(&self.path, &error))?;
        let (recording, path) = (self.note.recording, self.note.path.clone());
        let duration_ms = manifest.duration_ms;
        let finished =
            Event::RecordingFinished { recording, path, duration_ms, gap_ms, refused_ms, bytes, end, index };
        let (synced, note) = (Arc::clone(&self.synced), self.note.clone());
        sync.end(Ending { synced, slot: self.slot, path: self.path.clone(), note, finished });
        Ok(())
    }

    /// It cannot be written on: what there is of it becomes a complete file as soon as the disk lets it.
    pub(crate) fn cut(self, sync: &SyncThread) {
        sync.cut(self.slot, self.note);
    }

    /// How long it is if it ends at `now` without anybody having ended it.
    pub(crate) fn length_at(&self, now: Instant) -> u64 {
        self.frames_at(now).max(self.window.end())
    }

    fn frames_at(&self, now: Instant) -> u64 {
        let elapsed = now.duration_since(self.started).as_micros() as u64;
        elapsed * u64::from(wav::SAMPLE_RATE_HZ) / 1_000_000
    }

    fn write_until(&mut self, end: u64, bench: &mut Workbench) -> Result<(), RecordingFailure> {
        let format = self.note.format;
        let first = self.window.take_until(format.even(end), bench);
        let length = self.window.start();
        if length == first {
            return Ok(());
        }
        let file = &self.synced.file;
        let mut write = || {
            self.pen.frames(file, format, first, bench)?;
            self.digest.frames(&bench.bytes);
            let written = first + bench.frames.len() as u64;
            self.listening.hear(&bench.frames);
            self.listening.hear_silence(length - written);
            self.pen.silence(file, format, (written, length), &mut self.digest)?;
            self.pen.show(file, format, length)
        };
        write().map_err(|error: io::Error| cause(&self.path, &error))
    }
}

/// The last place not after `frames` at which nothing is left over for whoever listens frame by frame.
const fn whole(frames: u64) -> u64 {
    frames - frames % LISTENED as u64
}
