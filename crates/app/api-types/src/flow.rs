//! The flows: what is in force, what is wrong, versions, figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `GET /api/v1/flows`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowList {
    /// By name.
    pub flows: Vec<Flow>,
    /// Mistakes that are in no flow's file: a file that cannot be read, a number without its flow.
    pub mistakes: Vec<FlowMistake>,
}

/// How a flow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Its name, also that of its file without `.yaml`.
    pub name: String,
    /// The version in force, counted from 1; `null` if the flow is not in force.
    pub version: Option<u64>,
    /// In force since then.
    pub since: Option<Timestamp>,
    /// Who brought it into force: a user, or `file` if the file was changed on disk.
    pub author: Option<String>,
    /// Whether calls that begin now run on the text that lies on disk.
    pub is_current: bool,
    /// What is wrong with the file on disk, if it is not in force.
    pub mistakes: Vec<FlowMistake>,
}

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowMistake {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// The column behind what is wrong.
    pub end_column: u32,
    /// Whether the flow cannot be used.
    pub severity: FlowSeverity,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
    /// The line of the file, at most 120 characters of it.
    pub source_line: String,
}

/// Answer to `GET`, `PUT` of `/api/v1/flows/{name}` and to a roll-back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowText {
    /// How it stands.
    pub flow: Flow,
    /// The file on disk.
    pub text: String,
}

/// Body of `PUT /api/v1/flows/{name}` and `POST /api/v1/flows/{name}/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowDraft {
    /// The whole file.
    pub text: String,
}

/// Answer to `POST /api/v1/flows/{name}/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowCheck {
    /// All mistakes; the text is good if there are none.
    pub mistakes: Vec<FlowMistake>,
    /// The text, to be drawn; `null` if it is no flow at all.
    #[serde(default)]
    pub graph: Option<FlowGraph>,
}

/// Answer to `GET /api/v1/flows/{name}/versions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowVersionList {
    /// Newest first.
    pub versions: Vec<FlowVersion>,
    /// For `?cursor=`: what follows; `null` at the end.
    pub next: Option<String>,
}

/// A text that was in force, or that there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowVersion {
    /// Counted from 1.
    pub version: u64,
    /// In force from here until the next version.
    pub since: Timestamp,
    /// Who brought it into force.
    pub author: String,
    /// True if the flow was taken away.
    pub removed: bool,
}

/// Answer to `GET /api/v1/flows/{name}/versions/{version}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowVersionText {
    /// When and by whom.
    pub version: FlowVersion,
    /// The file as it was; empty if the flow was taken away.
    pub text: String,
}

/// Answer to `GET /api/v1/flows/{name}/diff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowDiff {
    /// What differs, as a unified diff with three lines around; empty if nothing does.
    pub diff: String,
}

/// Body of `POST /api/v1/flows/{name}/rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowRollback {
    /// The version whose text is to be in force again.
    pub version: u64,
}

/// Answer to `GET /api/v1/flows/{name}/figures`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowFigures {
    /// Calls that began with this flow.
    pub calls: u64,
    /// Those of them that ended without a person: nobody was called, and they were in no queue.
    pub contained: u64,
    /// By name of the step.
    pub steps: Vec<FlowStepFigures>,
}

/// What became of calls in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowStepFigures {
    /// The step.
    pub step: String,
    /// How often it was run.
    pub runs: u64,
    /// How often the call ended in it, whoever hung up.
    pub dropped: u64,
    /// By exit.
    pub exits: Vec<FlowExitFigures>,
}

/// How often a step was left by one exit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowExitFigures {
    /// The exit, in the words of the path of a call.
    pub exit: String,
    /// How often.
    pub count: u64,
}

/// Body of `POST /api/v1/flows/{name}/test`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowTestDraft {
    /// The text to be tested; the file on disk if absent.
    #[serde(default)]
    pub text: Option<String>,
    /// A file of tests, as it would be written beside the flow, in place of the one that is there. Whoever makes one up
    /// key by key makes a test call.
    #[serde(default)]
    pub tests: Option<String>,
}

/// Answer to `POST /api/v1/flows/{name}/test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTestRun {
    /// In the order of the file of tests; none if there is no such file.
    pub tests: Vec<FlowTest>,
    /// How much of the flow's steps and exits the tests reach, in percent.
    pub coverage_percent: u8,
    /// What they do not reach, in words.
    pub unreached: Vec<String>,
}

/// How one test went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTest {
    /// What it is called.
    pub name: String,
    /// Where it begins in its file.
    pub line: u32,
    /// How long its call took, in the call's own time.
    pub duration_ms: u64,
    /// Why it failed; `null` if it passed.
    pub failure: Option<FlowTestFailure>,
    /// The steps that were left, in order. Given if the request had `tests`.
    #[serde(default)]
    pub path: Vec<FlowTestStep>,
    /// Where the call was at the end; as above.
    #[serde(default)]
    pub last: Option<FlowPlace>,
    /// All that happened in the call; as above.
    #[serde(default)]
    pub transcript: Vec<FlowTestMoment>,
}

/// A step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowPlace {
    /// The flow.
    pub flow: String,
    /// The step.
    pub step: String,
}

/// A step that a tested call left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTestStep {
    /// The flow.
    pub flow: String,
    /// The step.
    pub step: String,
    /// By which exit, in the words of the path of a call.
    pub exit: String,
}

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTestFailure {
    /// Where the expectation stands.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// What was expected.
    pub expected: String,
    /// What happened instead.
    pub happened: String,
    /// The call so far.
    pub transcript: Vec<FlowTestMoment>,
}

/// Something that happened in a tested call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTestMoment {
    /// Since the call began.
    pub at_ms: u64,
    /// What happened, in English words.
    pub what: String,
    /// The same for programs and for pages in other languages: `presses`, `hears`, `queued`, ….
    pub code: String,
    /// What the code is about, such as the key, the prompt or the queue; empty if it says all.
    pub about: String,
    /// The recorded prompt that the caller hears, as `GET /api/v1/prompts/{language}/{name}` has it; `null` if it is none.
    pub prompt: Option<FlowTestPrompt>,
}

/// A prompt that is heard in a tested call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowTestPrompt {
    /// Its folder.
    pub language: String,
    /// Its name in there.
    pub name: String,
}

/// Whether a flow with this mistake can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowSeverity {
    /// It cannot.
    Error,
    /// It can; only a check tells of it.
    Warning,
}

/// Answer to `GET /api/v1/flows/{name}/graph`: the file on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowGraph {
    /// The step where calls begin.
    pub start: String,
    /// The steps in the order of the file.
    pub nodes: Vec<FlowNode>,
    /// The ways out of each.
    pub edges: Vec<FlowEdge>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowNode {
    /// Its name.
    pub step: String,
    /// Its kind, as it is written.
    pub kind: String,
    /// What it is told, in a few words.
    pub title: String,
    /// Where its name stands: the line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}

/// A way out of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowEdge {
    /// The step.
    pub from: String,
    /// The exit, in the words of the path of a call.
    pub exit: String,
    /// The step where it leads; it may be one that there is not.
    pub to: String,
    /// Where the name of that step stands: the line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}
