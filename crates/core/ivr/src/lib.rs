//! IVR flows: what a caller hears and which keys lead where, written in YAML, checked when loaded, run per call.
//!
//! [`parse`] reads a file and tells all its mistakes; [`check()`] compares it with what exists; [`Session`] runs it
//! for one caller; [`phrases`] says values in prompts. Must never know: SIP, media, queues' insides, files. Start
//! reading at [`Session`]; the language is one table in `format.rs`, and explained in `docs/flows.md`.

mod action;
mod asking;
mod check;
mod decode;
mod digits;
mod end;
mod expression;
mod format;
mod graph;
mod keys;
mod model;
mod name;
mod picture;
mod reference;
mod schema;
mod sequence;
mod session;
mod spoken;
mod template;
mod way;

pub use action::{
    Action, Customer, Digit, Enqueue, Facts, HttpRequest, Input, LocalTime, OpenStream, PathStep, PlayTag,
    Prompt, Recorded, Reply, Request, RequestTag, Surroundings, Target, Timer,
};
pub use check::{World, check};
pub use decode::{
    MAX_DIGIT_WAIT_S, MAX_DIGITS, MAX_LANGUAGES, MAX_PROMPTS, MAX_RETRIES, MAX_STEPS, MAX_VARIABLES, draft,
    parse,
};
pub use end::{
    CallbackExit, HangupCause, HoursExit, LookupExit, QueueExit, RecordExit, StepExit, StreamExit,
    TransferExit, WebhookExit,
};
pub use expression::{CustomerFact, CustomerField, Fact, MAX_TEXT, QueueFact, Type, Value};
pub use hotline_yaml::{Diagnostic, MAX_BYTES, Severity};
pub use keys::MAX_TYPED_AHEAD;
pub use model::{Exit, Flow, Flows, Method};
pub use name::{FieldName, Language, PromptName, StepName, Variable};
pub use picture::{FlowGraph, GraphEdge, GraphNode, graph};
pub use reference::{tables, with_tables};
pub use schema::schema;
pub use sequence::{KeySequence, MAX_SEQUENCE};
pub use session::{
    ANSWER_LIMIT, CALLBACK_LIMIT, KEY_LENGTH, MAX_DEPTH, MAX_STEPS_PER_CALL, MAX_STEPS_WITHOUT_INPUT,
    PLAYBACK_LIMIT, RECORDING_GRACE, REPLY_GRACE, Session,
};
pub use spoken::{
    Currency, MAX_NUMBER, MAX_WAIT_MINUTES, SPOKEN_DIGITS_MAX, SPOKEN_NUMBER_MAX, SPOKEN_PHRASES_MAX,
    SPOKEN_PLACES_MAX, SPOKEN_YEARS, Spoken, SpokenError, SpokenKind, agent_announcement, all_phrases,
    announcement_prompts, number_phrases, phrases, position_announcement, wait_announcement,
    waited_announcement,
};
pub use way::{Way, WayStep, longest_way};
