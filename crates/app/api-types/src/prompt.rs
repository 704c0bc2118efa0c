//! Prompts: the sounds that flows and queues play.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FlowMistake, Timestamp};

/// A prompt of a language, or a piece of music.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prompt {
    /// The language, or `music`.
    pub language: String,
    /// The name by which flows play it.
    pub name: String,
    /// How long it is; `null` if its file cannot be read.
    pub duration_ms: Option<u64>,
    /// How large its file is.
    pub bytes: u64,
    /// When it was written.
    pub changed_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

/// Answer to `GET /api/v1/prompts/{language}`, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptList {
    /// The prompts.
    pub prompts: Vec<Prompt>,
    /// The cursor of the next page; `null` at the end.
    pub next: Option<String>,
}

/// Answer to `GET /api/v1/prompts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptLanguages {
    /// By name; `music` among them if there is any.
    pub languages: Vec<String>,
}

/// Answer to `GET /api/v1/prompts/{language}/{name}/uses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromptUses {
    /// What would be wrong without it, with the places; empty if nothing needs it.
    pub places: Vec<FlowMistake>,
}
