//! The steps of a test: what somebody does, what is expected, what is so.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_ivr::{
    CallbackExit, Digit, Language, QueueExit, RecordExit, StreamExit, TransferExit, Value, Variable,
    WebhookExit,
};
use hotline_yaml::{At, Fields, Key, Node, Place, Value as Yaml, shown, suggest};

use super::{Decoder, MAX_ENTRIES, MAX_KEYS, MAX_STEPS_PER_TEST};
use crate::call::KEY_GAP;
use crate::model::{Answer, Deed, State, Step, StepKind};

/// What stands alone: nothing more can be said about it.
const WORDS: &[&str] = &["...", "connected", "agent_left", "hangs_up", "prompt_fails", "records"];
/// Somebody does something; `after_s` may stand beside it.
const DEEDS: &[&str] = &[
    "presses",
    "silence",
    "queue",
    "transfer",
    "connected",
    "agent_left",
    "hangs_up",
    "replies",
    "recording",
    "stream_ends",
    "prompt_fails",
];
/// The flow does something; `within_s` may stand beside it.
const EXPECTED: &[&str] = &["hears", "queued", "transferred", "asks", "records", "stream", "sends"];
/// What is so; `after_s` may stand beside it.
const STATES: &[&str] = &["variables", "language", "in_step", "answered", "ringing", "survey"];
/// What may stand beside.
const BESIDE: &[&str] = &["after_s", "within_s"];
/// One-word answers.
const ANSWERS: &[&str] = &["not_found", "failed", "nothing", "done", "booked", "refused"];

impl Decoder<'_> {
    pub(super) fn steps(&mut self, node: &Node) -> Option<Vec<Step>> {
        let items = self.r.list(node, "steps", MAX_STEPS_PER_TEST)?;
        let read: Vec<_> = items.iter().map(|item| self.step(item)).collect();
        read.into_iter().collect()
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        if let Yaml::Text(word) = &node.value {
            let kind = self.word(word, node.place)?;
            return Some(Step { place: node.place, kind, after: None, within: None });
        }
        let entries = self.r.entries(node, "a step as one of its kinds")?;
        let mut kind: Option<(&Key, &Node)> = None;
        let (mut after, mut within) = (None, None);
        for (key, value) in entries {
            match (key.text.as_str(), kind) {
                ("after_s", _) => after = Some(At { value: self.seconds(value)?, place: key.place }),
                ("within_s", _) => within = Some(At { value: self.seconds(value)?, place: key.place }),
                (_, None) => kind = Some((key, value)),
                (_, Some((first, _))) => {
                    let problem = format!("`{}` and `{}` in one step", shown(&first.text), shown(&key.text));
                    self.r.mistake(key.place, problem, "begin each with its own `- `");
                    return None;
                }
            }
        }
        let Some((key, value)) = kind else {
            self.r.mistake(node.place, "a step without anything", suggest("", kinds()));
            return None;
        };
        let name = key.text.as_str();
        if let Some(after) = after.as_ref().filter(|_| EXPECTED.contains(&name)) {
            let remedy = "`within_s` says by when it is expected; `silence` lets time pass";
            self.r.mistake(after.place, format!("`after_s` beside `{name}`"), remedy);
        }
        if let Some(within) = within.as_ref().filter(|_| !EXPECTED.contains(&name)) {
            let remedy = "it may stand beside what is expected of the flow";
            self.r.mistake(within.place, format!("`within_s` beside `{}`", shown(name)), remedy);
        }
        let kind = self.kind(key, value)?;
        let (after, within) = (after.map(|after| after.value), within.map(|within| within.value));
        Some(Step { place: key.place, kind, after, within })
    }

    fn word(&mut self, word: &str, place: Place) -> Option<StepKind> {
        match word {
            "..." | "…" => Some(StepKind::Skip),
            "connected" => Some(StepKind::Does(Deed::Connected)),
            "agent_left" => Some(StepKind::Does(Deed::AgentLeft)),
            "hangs_up" => Some(StepKind::Does(Deed::HangsUp)),
            "prompt_fails" => Some(StepKind::Does(Deed::PromptFails)),
            "records" => Some(StepKind::Expects(crate::model::Expected::Records { mailbox: None })),
            _ => {
                let (problem, remedy) = if kinds().any(|kind| kind == word) {
                    (format!("`{word}` without a value"), format!("write `{word}: …`"))
                } else {
                    let known = kinds().chain(WORDS.iter().copied());
                    (format!("`{}` is no step of a test", shown(word)), suggest(word, known))
                };
                self.r.mistake(place, problem, remedy);
                None
            }
        }
    }

    fn kind(&mut self, key: &Key, node: &Node) -> Option<StepKind> {
        let name = key.text.as_str();
        if EXPECTED.contains(&name) {
            return self.expected(name, node).map(StepKind::Expects);
        }
        if STATES.contains(&name) {
            return self.state(name, node).map(StepKind::State);
        }
        if DEEDS.contains(&name) {
            return self.deed(name, node).map(StepKind::Does);
        }
        let remedy = suggest(name, kinds().chain(BESIDE.iter().copied()));
        self.r.mistake(key.place, format!("`{}` is no step of a test", shown(name)), remedy);
        None
    }

    fn deed(&mut self, name: &str, node: &Node) -> Option<Deed> {
        match name {
            "presses" => self.presses(node),
            "silence" => self.seconds(node).map(Deed::Silence),
            "queue" => {
                let names: Vec<&str> = QueueExit::UNANSWERED.iter().map(|exit| exit.name()).collect();
                self.one_of(node, "way out of a queue", &names, QueueExit::from_name).map(Deed::Queue)
            }
            "transfer" => {
                let names: Vec<&str> = TransferExit::REQUIRED.iter().map(|exit| exit.name()).collect();
                self.one_of(node, "way out of a transfer", &names, TransferExit::from_name)
                    .map(Deed::Transfer)
            }
            "replies" => self.answer(node).map(Deed::Replies),
            "recording" => {
                let names: Vec<&str> = RecordExit::ALL.iter().map(|exit| exit.name()).collect();
                self.one_of(node, "end of a recording", &names, RecordExit::from_name).map(Deed::Recording)
            }
            "stream_ends" => self.stream_ends(node),
            "connected" => self.yes(node).map(|()| Deed::Connected),
            "agent_left" => self.yes(node).map(|()| Deed::AgentLeft),
            "hangs_up" => self.yes(node).map(|()| Deed::HangsUp),
            "prompt_fails" => self.yes(node).map(|()| Deed::PromptFails),
            _ => None,
        }
    }

    /// `true`, or nothing, where a word has something beside it.
    pub(super) fn yes(&mut self, node: &Node) -> Option<()> {
        if matches!(node.value, Yaml::Null | Yaml::Bool(true)) {
            return Some(());
        }
        self.r.mistake(node.place, "this can only be `true`", "write `true`, or the word alone");
        None
    }

    /// `"12#"`, or `{keys: "12#", gap_s: 1}`.
    fn presses(&mut self, node: &Node) -> Option<Deed> {
        if !matches!(node.value, Yaml::Map(_)) {
            return self.keys(node).map(|keys| Deed::Presses { keys, gap: KEY_GAP });
        }
        let fields = self.r.fields(node, "presses", &["keys", "gap_s"])?;
        let keys = self.r.required(&fields, "keys").and_then(|node| self.keys(node));
        let gap = match fields.optional("gap_s") {
            Some(node) => self.seconds(node),
            None => Some(KEY_GAP),
        };
        Some(Deed::Presses { keys: keys?, gap: gap? })
    }

    fn keys(&mut self, node: &Node) -> Option<Vec<Digit>> {
        let text = self.digits(node, "keys")?;
        let keys: Option<Vec<Digit>> = text.chars().map(Digit::new).collect();
        let keys = keys.filter(|keys| (1..=MAX_KEYS).contains(&keys.len()));
        if keys.is_none() {
            let remedy = format!("1 to {MAX_KEYS} of 0–9, *, # and A–D, in quotes");
            self.r.mistake(node.place, format!("`{}` are no keys", shown(&text)), remedy);
        }
        keys
    }

    /// One word, or `{json: …}`, `{customer: …}`.
    fn answer(&mut self, node: &Node) -> Option<Answer> {
        if let Yaml::Map(_) = node.value {
            let fields = self.r.fields(node, "answer", &["json", "customer"])?;
            return match (fields.optional("json"), fields.optional("customer")) {
                (Some(json), None) => Some(Answer::Json(as_json(json))),
                (None, Some(customer)) => self.customer(customer).map(Answer::Customer),
                (Some(_), Some(_)) | (None, None) => {
                    self.r.mistake(node.place, "not exactly one answer", "`{json: …}` or `{customer: …}`");
                    None
                }
            };
        }
        self.one_of(node, "answer", ANSWERS, answer_of_word)
    }

    /// `done`, `failed`, `timeout`, or `{result: {…}}`.
    fn stream_ends(&mut self, node: &Node) -> Option<Deed> {
        if let Yaml::Map(_) = node.value {
            let fields = self.r.fields(node, "end of a stream", &["result"])?;
            let result = self.r.required(&fields, "result")?;
            let result = self.texts(result, "result")?;
            return Some(Deed::StreamEnds { exit: StreamExit::Done, result });
        }
        let names: Vec<&str> = StreamExit::ALL.iter().map(|exit| exit.name()).collect();
        let exit = self.one_of(node, "end of a stream", &names, StreamExit::from_name)?;
        Some(Deed::StreamEnds { exit, result: BTreeMap::new() })
    }

    fn state(&mut self, name: &str, node: &Node) -> Option<State> {
        match name {
            "variables" => self.variables(node).map(State::Variables),
            "language" => {
                self.r.name::<Language>(node, "a language").map(|language| State::Language(language.value))
            }
            "in_step" => self.r.text(node, "a step's name").map(|step| State::InStep(step.to_owned())),
            "answered" => self.r.bool(Some(node), true).map(State::Answered),
            "ringing" => self.r.bool(Some(node), true).map(State::Ringing),
            "survey" => {
                let mut answers = BTreeMap::new();
                for (key, value) in self.r.entries(node, "answers")?.into_iter().take(MAX_ENTRIES) {
                    let answer = self.r.count(value, 0..=9)?;
                    answers.insert(key.text.clone(), u8::try_from(answer).ok()?);
                }
                Some(State::Survey(answers))
            }
            _ => None,
        }
    }

    fn variables(&mut self, node: &Node) -> Option<Vec<(At<Variable>, Option<Value>)>> {
        let mut variables = Vec::new();
        for (key, value) in self.r.entries(node, "variables")?.into_iter().take(MAX_ENTRIES) {
            let value = self.value(value, "value of a variable")?;
            variables.push((At { value: Variable::from(key.text.as_str()), place: key.place }, value));
        }
        Some(variables)
    }

    /// Named texts; numbers and truth values as they are written.
    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Option<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        for (key, value) in self.r.entries(node, what)?.into_iter().take(MAX_ENTRIES) {
            let value = self.value(value, what)?;
            texts.insert(key.text.clone(), value.map(|value| value.written()).unwrap_or_default());
        }
        Some(texts)
    }

    pub(super) fn optional_seconds(&mut self, fields: &Fields<'_>, key: &str) -> Option<Option<Duration>> {
        match fields.optional(key) {
            Some(node) => self.seconds(node).map(Some),
            None => Some(None),
        }
    }
}

/// The answer that one word says.
pub(crate) fn answer_of_word(word: &str) -> Option<Answer> {
    match word {
        "not_found" => Some(Answer::NotFound),
        "failed" => Some(Answer::Failed),
        "nothing" => Some(Answer::Nothing),
        "done" => Some(Answer::Webhook(WebhookExit::Done)),
        "booked" => Some(Answer::Callback(CallbackExit::Booked)),
        "refused" => Some(Answer::Callback(CallbackExit::Refused)),
        _ => None,
    }
}

/// What a service would send for this.
fn as_json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Yaml::Null => Json::Null,
        Yaml::Bool(value) => Json::Bool(*value),
        Yaml::Integer(number) => Json::from(*number),
        Yaml::Decimal(number) => Json::from(*number),
        Yaml::Text(text) => Json::String(text.clone()),
        Yaml::List(items) => items.iter().map(as_json).collect(),
        Yaml::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.text.clone(), as_json(value))).collect())
        }
    }
}

/// Every kind of step.
fn kinds() -> impl Iterator<Item = &'static str> {
    DEEDS.iter().chain(EXPECTED).chain(STATES).copied()
}
