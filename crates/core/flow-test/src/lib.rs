//! Tests beside the flows: `ivr-flows/NAME.test.yaml` says what callers do and what they must hear.
//!
//! [`parse`] reads such a file and tells all its mistakes; [`run()`] plays one test on the real
//! [`hotline_ivr::Session`] in virtual time; [`Coverage`] says what no test has reached; [`junit()`] writes the results
//! for other programs. Must never know: files, clocks, SIP, media. Start reading at [`run()`]; what can be written is
//! explained in `docs/flow-tests.md`.

mod around;
mod calendar;
mod call;
mod coverage;
mod expect;
mod junit;
mod model;
mod outcome;
mod read;
mod reply;
mod run;
mod said;
mod state;
#[cfg(test)]
mod walk;

pub use around::{Center, NoCenter, PROMPT_LENGTH};
pub use call::{KEY_GAP, MAX_TURNS};
pub use coverage::{Coverage, FlowCoverage, Unreached};
pub use junit::junit;
pub use model::{Test, TestFile};
pub use outcome::{Failure, Outcome, Sound, Spoken};
pub use read::{MAX_KEYS, MAX_SECONDS, MAX_STEPS_PER_TEST, MAX_TESTS, parse};
pub use run::run;
