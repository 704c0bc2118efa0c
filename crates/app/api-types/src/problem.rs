//! What went wrong, as RFC 9457 problem details.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FlowMistake;

/// Body of every answer of 400 and above under `/api`, with content type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What a program can act on beyond the status; omitted where the status says all: `code_required`,
    /// `code_wrong`, `password_change_required`, `second_factor_required`, `idempotency_key_reused`, `idempotency_running`,
    /// `idempotency_unknown`, `idempotency_shown_once`, `recording_locked`, `recording_altered`; with 409 what call processing refused, such as
    /// `reason_full`, `colleague_busy`, `not_talking` (all in `docs/api.md`).
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The status text. Programs go by `status`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, for a person.
    pub detail: String,
    /// The request, as the answer has it in `X-Request-Id`: with it the server's log says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Each field that is wrong, all at once; omitted unless the body was read and refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Each mistake that flows would have, all at once; omitted unless flows were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<FlowMistake>,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldProblem {
    /// The field: `name`, `numbers[1]`.
    pub field: String,
    /// What is wrong with it, for a person.
    pub problem: String,
}
