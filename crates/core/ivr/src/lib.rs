//! IVR flows: what a caller hears and which keys lead where, written in YAML, checked when loaded, run per call.
//!
//! [`parse`] reads a file and tells all its mistakes; [`check()`] compares it with what exists; [`Session`] runs it
//! for one caller; [`phrases`] says values in prompts. Must never know: SIP, media, queues' insides, files. Start reading at [`Session`]; the format
//! is explained at the top of `ivr-flows/main.yaml`.

mod action;
mod asking;
mod check;
mod decode;
mod end;
mod graph;
mod keys;
mod model;
mod name;
mod session;
mod spoken;

pub use action::{Action, Digit, Facts, Input, PathStep, PlayTag, Timer};
pub use check::{World, check};
pub use decode::{MAX_DIGIT_WAIT_S, MAX_DIGITS, MAX_LANGUAGES, MAX_PROMPTS, MAX_RETRIES, MAX_STEPS, parse};
pub use end::{HangupCause, QueueExit, StepExit, TransferExit};
pub use hotline_yaml::{Diagnostic, MAX_BYTES};
pub use keys::MAX_TYPED_AHEAD;
pub use model::Flow;
pub use name::{Language, PromptName, StepName, Variable};
pub use session::{ANSWER_LIMIT, MAX_STEPS_PER_CALL, MAX_STEPS_WITHOUT_INPUT, PLAYBACK_LIMIT, Session};
pub use spoken::{
    Currency, MAX_NUMBER, SPOKEN_DIGITS_MAX, SPOKEN_NUMBER_MAX, SPOKEN_PHRASES_MAX, SPOKEN_PLACES_MAX,
    SPOKEN_YEARS, Spoken, SpokenError, SpokenKind, all_phrases, announcement_prompts, number_phrases,
    phrases, position_announcement,
};
