//! What goes into a [`crate::Session`] and what comes out.

use core::fmt;

use hotline_base::{Now, Pii, QueueId};
use serde::{Deserialize, Serialize};

use crate::end::{HangupCause, QueueExit, StepExit, TransferExit};
use crate::name::{Language, PromptName, StepName};

/// What is known about a call before its flow starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The caller's number; empty if withheld.
    pub caller: Pii<String>,
    /// The number that was dialled.
    pub called: Pii<String>,
    /// The caller's language, if known; ignored if the flow does not speak it.
    pub language: Option<Language>,
}

/// What happened to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// The answer to [`Action::Answer`] is done: prompts can be heard.
    Answered,
    /// The prompts of a [`Action::Play`] are over, for whatever reason.
    PlayFinished(PlayTag),
    /// The caller pressed a key.
    Digit(Digit),
    /// The queue gave the call back.
    QueueExited(QueueExit),
    /// The transfer did not connect.
    TransferFailed(TransferExit),
    /// An agent or extension answered: the flow's work is done.
    Connected,
    /// The call is over, whoever ended it.
    CallEnded,
}

/// A key of the telephone. `Debug` does not show which.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digit(char);

impl Digit {
    /// One of `0`–`9`, `*`, `#`, `A`–`D`; small letters count too.
    #[must_use]
    pub fn new(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Self(key))
    }

    /// The key.
    #[must_use]
    pub const fn key(self) -> char {
        self.0
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digit(***)")
    }
}

/// Names one [`Action::Play`] within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayTag(pub u32);

/// What the call must do for the flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Accept the call, then tell [`Input::Answered`].
    Answer,
    /// Play prompts one after the other, then tell [`Input::PlayFinished`].
    Play {
        /// To be told with the end.
        tag: PlayTag,
        /// The folder of the prompts.
        language: Language,
        /// What to play.
        prompts: Vec<PromptName>,
    },
    /// Stop a playback. Its end need not be told.
    StopPlay(PlayTag),
    /// Put the call into a queue; music and announcements are the queue's. Then tell [`Input::Connected`] or
    /// [`Input::QueueExited`].
    Enqueue {
        /// The queue.
        queue: QueueId,
    },
    /// Ring an extension. Then tell [`Input::Connected`] or [`Input::TransferFailed`].
    Transfer {
        /// The extension, as configured.
        extension: String,
    },
    /// The language of all that follows is another.
    LanguageChanged(Language),
    /// End the call. The flow is over.
    Hangup {
        /// Why.
        cause: HangupCause,
    },
}

/// Why the session will wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// [`Input::Answered`] is missing.
    Answer,
    /// [`Input::PlayFinished`] is missing.
    Playback,
    /// The caller has not pressed a first key.
    FirstDigit,
    /// The caller has not pressed a further key.
    NextDigit,
}

/// One step that the call went through, for its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// The step.
    pub step: StepName,
    /// When it began.
    pub entered: Now,
    /// When it ended.
    pub left: Now,
    /// How it ended.
    pub exit: StepExit,
    /// The keys that the caller pressed at the last attempt; `***` if the step is sensitive.
    pub input: Option<Pii<String>>,
}
