//! What a recording is told beside audio, and what it knows of itself at its end.

use core::fmt;
use std::sync::Arc;

use hotline_base::LegId;
use serde::{Deserialize, Serialize};

/// A channel of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Left: the customer.
    Customer,
    /// Right: everybody else.
    Agent,
}

/// Who speaks on a leg, or did something, by a name that call control gives and the recording keeps: `customer`,
/// `agent:1001`. No number and no name of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Speaker(Arc<str>);

impl Speaker {
    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Speaker {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A leg as a recording hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// The leg.
    pub leg: LegId,
    /// Where it is heard. Several on one channel are mixed.
    pub channel: Channel,
    /// Who that is.
    pub speaker: Speaker,
}

impl Voice {
    /// A leg, where it is heard, and who that is.
    #[must_use]
    pub fn new(leg: LegId, channel: Channel, speaker: &str) -> Self {
        Self { leg, channel, speaker: speaker.into() }
    }
}

/// Something that happened in a conversation and is marked in its recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What.
    pub kind: MarkKind,
    /// Who did it; `None` for the server itself.
    pub by: Option<Speaker>,
    /// Why, in the words of who did it.
    pub why: Option<String>,
}

/// The kinds of mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// One put the other on hold.
    Held,
    /// The hold is over.
    Retrieved,
    /// From here to the next `Resumed` there is silence in the file.
    Paused,
    /// What is said is recorded again.
    Resumed,
    /// The customer was sent on.
    Transferred,
    /// A person marked this moment, with a note.
    Noted,
}

/// What a complete recording says of its time line. Milliseconds count from its first sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingIndex {
    /// Who was heard when, in the order in which they joined; bounded.
    pub legs: Vec<RecordedLeg>,
    /// What happened, in order; bounded.
    pub marks: Vec<RecordedMark>,
    /// Silence in place of audio that arrived, in order; bounded. The sum of all is told beside.
    pub gaps: Vec<RecordedGap>,
    /// Who spoke for how long; `None` if nobody listened, as after a crash.
    #[serde(default)]
    pub talk: Option<Talk>,
    /// SHA-256 of the samples as they are in the file, in hexadecimal; `None` while it is open, and after a crash.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// Who spoke for how long in a recording, by how much louder a side was than its line. Music and ringing count as speech, a pause
/// as silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The left side, alone or not.
    pub customer_ms: u64,
    /// The right side, alone or not.
    pub agent_ms: u64,
    /// Both at once.
    pub over_talk_ms: u64,
    /// How often that began.
    pub over_talks: u32,
    /// Neither.
    pub silence_ms: u64,
    /// The longest silence in one piece.
    pub longest_silence_ms: u64,
}

/// A leg from joining to leaving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedLeg {
    /// Whose.
    pub speaker: Speaker,
    /// Where.
    pub channel: Channel,
    /// When it joined.
    pub from_ms: u64,
    /// When it left, or the recording ended.
    pub to_ms: u64,
}

/// A [`Mark`] with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedMark {
    /// Where.
    pub at_ms: u64,
    /// What.
    pub kind: MarkKind,
    /// Who did it; `None` for the server itself.
    pub by: Option<Speaker>,
    /// Why.
    pub why: Option<String>,
}

/// Audio that arrived and is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedGap {
    /// Of which side.
    pub channel: Channel,
    /// Where it begins.
    pub from_ms: u64,
    /// From the first missing sample to the last.
    pub length_ms: u64,
}
