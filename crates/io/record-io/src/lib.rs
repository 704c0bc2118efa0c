//! Recordings: from the media threads' bounded rings to WAV files that play at any moment.
//!
//! ```text
//! media thread ─ Tap ─▶ ring ─▶ recorder thread ─ twice a second: frames, header ─▶ file
//! media thread ─ Tap ─▶ ring ─▶      │
//!                                    └─ fdatasync, names ─▶ sync thread
//! ```
//!
//! A media thread never waits: a full ring is a gap, counted and written as silence in its place. A full or dead
//! disk costs the recording, never the call. Must never know: sockets, SIP, the database. Start reading at
//! [`Recorder`].

#[cfg(test)]
mod alignment;
mod archive;
mod blocks;
mod bytes;
#[cfg(test)]
mod concealment;
mod failure;
mod format;
mod index;
mod lane;
mod manifest;
mod notes;
mod outbox;
mod peaks;
mod pen;
mod playback;
mod recorder;
mod recording;
mod rekey;
mod repair;
mod ring;
mod sealed;
mod shelf;
mod sync;
mod talk;
mod wav;
mod window;
mod workbench;

pub use archive::{Condition, checksum, inspect};
pub use failure::StartError;
pub use format::{Channels, Coding, Format};
pub use outbox::{Outbox, RETRY};
pub use peaks::{PEAKS_MAX, Peaks, peaks};
pub use playback::Playback;
pub use recorder::{Recorder, RecorderConfig, RecorderCounters, RecorderGauge};
pub use recording::LENGTH_MAX;
pub use rekey::{Rekeyed, rekey};
pub use repair::{Repaired, recover, repair, repair_unnoted, settle};
pub use ring::Tap;
pub use sealed::{KeyId, Keyring, MasterKey, SealError};
