//! How a test went, in words.

use core::fmt;
use core::time::Duration;

use hotline_base::FlowId;
use hotline_ivr::{Language, PathStep, PromptName, StepName};
use hotline_yaml::{Diagnostic, Place};

/// How one test went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The test.
    pub test: String,
    /// Its file.
    pub file: String,
    /// The line where it begins.
    pub line: u32,
    /// How long the call took, in its own time.
    pub duration: Duration,
    /// The steps that were left, in order, each with its flow.
    pub path: Vec<(FlowId, PathStep)>,
    /// The flow and step that the call was in at the end.
    pub last: Option<(FlowId, StepName)>,
    /// All that happened in the call.
    pub transcript: Vec<Spoken>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
}

/// One line of a call's course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Since the call began.
    pub at: Duration,
    /// What happened, in words.
    pub what: String,
    /// The same for programs and other languages: `presses`, `hears`, `queued`, ….
    pub code: &'static str,
    /// What the code is about, such as the key, the prompt or the queue; empty if it says all.
    pub about: String,
    /// What was heard, if it can be played.
    pub sound: Option<Sound>,
}

/// A sound of a tested call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A recorded prompt.
    Prompt {
        /// Its folder.
        language: Language,
        /// Its name in there.
        name: PromptName,
    },
}

/// Why a test failed. `Display` gives everything for a person.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where the expectation stands; its problem is what happened and its remedy what was expected.
    pub at: Diagnostic,
    /// The test.
    pub test: String,
    /// What was expected.
    pub expected: String,
    /// What happened instead.
    pub happened: String,
    /// The call so far, the outcome's transcript.
    pub transcript: Vec<Spoken>,
}

/// What went wrong: where, what was expected, what happened.
pub(crate) struct Wrong {
    pub(crate) place: Place,
    pub(crate) expected: String,
    pub(crate) happened: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { file, line, column, source_line, .. } = &self.at;
        writeln!(f, "{file}:{line}:{column}: test `{}` failed", self.test)?;
        let shown = usize::try_from(*column).unwrap_or(usize::MAX).saturating_sub(1);
        if shown <= source_line.chars().count() {
            writeln!(f, "{line:>5} | {source_line}")?;
            writeln!(f, "      | {:shown$}^", "")?;
        }
        writeln!(f, "  expected: {}", self.expected)?;
        writeln!(f, "  happened: {}", self.happened)?;
        write!(f, "  the call so far:")?;
        for Spoken { at, what, .. } in &self.transcript {
            write!(f, "\n  {:>8.1} s  {what}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
