//! YAML nodes to a [`Flow`]: the format of a flow file. The comment at the top of `ivr-flows/main.yaml` explains
//! it to authors.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{At, Diagnostic, Fields, Key, Node, Place, Reader, Source, Value, shown, suggest};

use crate::end::{HangupCause, QueueExit, TransferExit};
use crate::model::{
    Answer, Ask, Collect, Failure, Flow, Menu, Prompts, Queue, Say, SetLanguage, Step, StepKind, Transfer,
};
use crate::name::{Language, PromptName, StepName, Variable};

/// The most steps in a flow.
pub const MAX_STEPS: usize = 1000;
/// The most languages of a flow.
pub const MAX_LANGUAGES: usize = 32;
/// The most prompts that are played in one go.
pub const MAX_PROMPTS: usize = 16;
/// The most repetitions of a question.
pub const MAX_RETRIES: usize = 10;
/// The most digits that a step collects.
pub const MAX_DIGITS: usize = 32;
/// The longest wait for a digit, in seconds.
pub const MAX_DIGIT_WAIT_S: u32 = 120;

/// The keys of a telephone.
const KEYS: &str = "0123456789*#ABCD";
/// Every kind of step, as it is written.
const KINDS: &[&str] =
    &["answer", "say", "menu", "collect", "language", "queue", "transfer", "goto", "hangup"];
/// Seconds to wait for the first digit unless the step says otherwise.
const FIRST_DIGIT_S: u32 = 5;
/// Seconds to wait for each further digit unless the step says otherwise.
const NEXT_DIGIT_S: u32 = 3;

/// Reads a flow. `file` is named in diagnostics; its name without ending must be the flow's.
///
/// # Errors
/// All mistakes of the file at once (a mistake in the YAML itself comes alone), at most 100, in the file's order.
pub fn parse(file: &str, text: &str) -> Result<Flow, Vec<Diagnostic>> {
    let source = Source::new(file, text);
    let root = hotline_yaml::read(&source).map_err(|diagnostic| vec![diagnostic])?;
    let mut reader = Reader::new(&source);
    let flow = flow(&mut reader, &source, &root);
    let mut diagnostics = reader.into_diagnostics();
    match flow {
        Some(flow) if diagnostics.is_empty() => Ok(flow),
        Some(_) | None => {
            diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
            Err(diagnostics)
        }
    }
}

fn flow(r: &mut Reader<'_>, source: &Source, root: &Node) -> Option<Flow> {
    let fields = r.fields(root, "flow", &["flow", "languages", "start", "steps"])?;
    let name = r.required(&fields, "flow").and_then(|node| r.name::<FlowId>(node, "a flow's name"));
    if let Some(name) = &name {
        let stem = file_stem(source.file());
        if name.value.as_str() != stem {
            let problem = format!("the flow is named `{}` but its file `{stem}`", name.value);
            r.mistake(name.place, problem, format!("write `flow: {}` or rename the file", shown(stem)));
        }
    }
    let languages = r.required(&fields, "languages").and_then(|node| languages(r, node));
    let start = r.required(&fields, "start").and_then(|node| step_name(r, node));
    let steps = r.required(&fields, "steps").and_then(|node| steps(r, node));
    Some(Flow {
        name: name?.value,
        languages: languages?,
        start: start?,
        steps: steps?,
        source: source.clone(),
    })
}

/// `ivr-flows/main.yaml` is `main`.
fn file_stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

fn languages(r: &mut Reader<'_>, node: &Node) -> Option<Vec<At<Language>>> {
    let mut languages: Vec<At<Language>> = Vec::new();
    for item in r.list(node, "languages", MAX_LANGUAGES)? {
        let Some(language) = r.name::<Language>(item, "a language") else { continue };
        if languages.iter().any(|known| known.value == language.value) {
            r.mistake(item.place, format!("`{}` is there twice", language.value), "keep one");
        }
        languages.push(language);
    }
    Some(languages)
}

fn steps(r: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<StepName, Step>> {
    let entries = r.entries(node, "steps")?;
    if entries.is_empty() || entries.len() > MAX_STEPS {
        r.mistake(node.place, format!("{} steps", entries.len()), format!("1 to {MAX_STEPS} of them"));
    }
    let mut steps = BTreeMap::new();
    for (key, value) in entries.into_iter().take(MAX_STEPS) {
        let name = r.check_name(&key.text, key.place, "a step's name");
        if let (Some(()), Some(kind)) = (name, step(r, key, value)) {
            steps.insert(StepName::from(key.text.as_str()), Step { place: key.place, kind });
        }
    }
    Some(steps)
}

/// One step: a mapping with one key, its kind.
fn step(r: &mut Reader<'_>, name: &Key, node: &Node) -> Option<StepKind> {
    let Value::Map(entries) = &node.value else {
        let problem = format!("step `{}` has no kind", shown(&name.text));
        r.mistake(name.place, problem, format!("one of {}", KINDS.join(", ")));
        return None;
    };
    let [(kind, value)] = entries.as_slice() else {
        let problem = format!("step `{}` has {} keys", shown(&name.text), entries.len());
        let remedy = format!("exactly one, its kind, and its settings indented below: {}", KINDS.join(", "));
        r.mistake(name.place, problem, remedy);
        return None;
    };
    match kind.text.as_str() {
        "answer" => Some(StepKind::Answer(Answer { then: then_only(r, value, "answer")? })),
        "say" => say(r, value).map(StepKind::Say),
        "menu" => menu(r, value).map(|menu| StepKind::Menu(Arc::new(menu))),
        "collect" => collect(r, value).map(|collect| StepKind::Collect(Arc::new(collect))),
        "language" => set_language(r, value).map(StepKind::Language),
        "queue" => queue(r, value).map(StepKind::Queue),
        "transfer" => transfer(r, value).map(StepKind::Transfer),
        "goto" => step_name(r, value).map(StepKind::Goto),
        "hangup" => hangup(r, value).map(StepKind::Hangup),
        other => {
            let problem = format!("unknown kind of step `{}`", shown(other));
            r.mistake(kind.place, problem, suggest(other, KINDS.iter().copied()));
            None
        }
    }
}

fn then_only(r: &mut Reader<'_>, node: &Node, what: &'static str) -> Option<At<StepName>> {
    let fields = r.fields(node, what, &["then"])?;
    then(r, &fields)
}

fn say(r: &mut Reader<'_>, node: &Node) -> Option<Say> {
    let fields = r.fields(node, "say", &["prompts", "barge_in", "then"])?;
    let prompts = r.required(&fields, "prompts").and_then(|node| prompts(r, node));
    let barge_in = r.bool(fields.optional("barge_in"), true);
    let then = then(r, &fields);
    Some(Say { prompts: prompts?, barge_in: barge_in?, then: then? })
}

fn menu(r: &mut Reader<'_>, node: &Node) -> Option<Menu> {
    let known = ["prompts", "barge_in", "timeout_s", "choices", "no_input", "invalid"];
    let fields = r.fields(node, "menu", &known)?;
    let ask = ask(r, &fields);
    let choices = r.required(&fields, "choices").and_then(|node| choices(r, node));
    Some(Menu { ask: ask?, choices: choices? })
}

fn choices(r: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<char, At<StepName>>> {
    let entries = r.entries(node, "choices")?;
    if entries.is_empty() {
        r.mistake(node.place, "a menu without choices", "add `1: <step>`");
    }
    let mut choices = BTreeMap::new();
    for (key, value) in entries {
        let digit = single_key(r, &key.text, key.place);
        if let (Some(digit), Some(step)) = (digit, step_name(r, value)) {
            choices.insert(digit, step);
        }
    }
    Some(choices)
}

fn collect(r: &mut Reader<'_>, node: &Node) -> Option<Collect> {
    let known = [
        "prompts",
        "barge_in",
        "timeout_s",
        "next_digit_s",
        "into",
        "min_digits",
        "max_digits",
        "terminator",
        "sensitive",
        "no_input",
        "invalid",
        "then",
    ];
    let fields = r.fields(node, "collect", &known)?;
    let ask = ask(r, &fields);
    let into = r.required(&fields, "into").and_then(|node| r.name::<Variable>(node, "a variable's name"));
    let min_digits = r.required(&fields, "min_digits").and_then(|node| r.count(node, 1..=MAX_DIGITS));
    let max_digits = r.required(&fields, "max_digits").and_then(|node| r.count(node, 1..=MAX_DIGITS));
    if let (Some(min), Some(max), Some(place)) = (min_digits, max_digits, fields.optional("max_digits"))
        && min > max
    {
        r.mistake(place.place, format!("at most {max} digits but at least {min}"), format!("{min} or more"));
    }
    let terminator = match fields.optional("terminator") {
        Some(node) => r.text(node, "one key").and_then(|text| single_key(r, text, node.place)).map(Some),
        None => Some(None),
    };
    let next_digit = wait(r, &fields, "next_digit_s", NEXT_DIGIT_S);
    let sensitive = r.bool(fields.optional("sensitive"), false);
    let then = then(r, &fields);
    Some(Collect {
        ask: ask?,
        into: into?.value,
        min_digits: min_digits?,
        max_digits: max_digits?,
        terminator: terminator?,
        next_digit: next_digit?,
        sensitive: sensitive?,
        then: then?,
    })
}

fn ask(r: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Ask> {
    let prompts = r.required(fields, "prompts").and_then(|node| prompts(r, node));
    let barge_in = r.bool(fields.optional("barge_in"), true);
    let first_digit = wait(r, fields, "timeout_s", FIRST_DIGIT_S);
    let no_input = r.required(fields, "no_input").and_then(|node| failure(r, node, "no_input"));
    let invalid = r.required(fields, "invalid").and_then(|node| failure(r, node, "invalid"));
    Some(Ask {
        prompts: prompts?,
        barge_in: barge_in?,
        first_digit: first_digit?,
        no_input: no_input?,
        invalid: invalid?,
    })
}

fn failure(r: &mut Reader<'_>, node: &Node, what: &'static str) -> Option<Failure> {
    let fields = r.fields(node, what, &["retries", "then"])?;
    let retries = match fields.optional("retries") {
        Some(node) => r
            .list(node, "retries", MAX_RETRIES)
            .map(|items| items.iter().filter_map(|item| prompts(r, item)).collect::<Vec<Prompts>>()),
        None => Some(Vec::new()),
    };
    let then = then(r, &fields);
    Some(Failure { retries: retries?, then: then? })
}

fn set_language(r: &mut Reader<'_>, node: &Node) -> Option<SetLanguage> {
    let fields = r.fields(node, "language", &["to", "then"])?;
    let to = r.required(&fields, "to").and_then(|node| r.name::<Language>(node, "a language"));
    let then = then(r, &fields);
    Some(SetLanguage { to: to?, then: then? })
}

fn queue(r: &mut Reader<'_>, node: &Node) -> Option<Queue> {
    let fields = r.fields(node, "queue", &["name", "exits"])?;
    let queue = r.required(&fields, "name").and_then(|node| r.name::<QueueId>(node, "a queue's name"));
    let names: Vec<&'static str> = QueueExit::ALL.iter().map(|exit| exit.name()).collect();
    let exits = exits(r, &fields, &names);
    let exits = exits?.into_iter().filter_map(|(name, step)| Some((QueueExit::from_name(name)?, step)));
    Some(Queue { queue: queue?, exits: exits.collect() })
}

fn transfer(r: &mut Reader<'_>, node: &Node) -> Option<Transfer> {
    let fields = r.fields(node, "transfer", &["extension", "exits"])?;
    let extension = r.required(&fields, "extension").and_then(|node| {
        let text = r.text(node, "an extension")?;
        r.check_name(text, node.place, "an extension")?;
        Some(At { value: text.to_owned(), place: node.place })
    });
    let names: Vec<&'static str> = TransferExit::ALL.iter().map(|exit| exit.name()).collect();
    let exits = exits(r, &fields, &names);
    let exits = exits?.into_iter().filter_map(|(name, step)| Some((TransferExit::from_name(name)?, step)));
    Some(Transfer { extension: extension?, exits: exits.collect() })
}

/// The `exits` of a step: each of `names` must be there.
fn exits(
    r: &mut Reader<'_>,
    fields: &Fields<'_>,
    names: &[&'static str],
) -> Option<Vec<(&'static str, At<StepName>)>> {
    let node = r.required(fields, "exits")?;
    let fields = r.fields(node, "exits", names)?;
    let found: Vec<_> = names
        .iter()
        .map(|name| {
            let step = r.required(&fields, name).and_then(|node| step_name(r, node));
            step.map(|step| (*name, step))
        })
        .collect();
    found.into_iter().collect()
}

fn hangup(r: &mut Reader<'_>, node: &Node) -> Option<HangupCause> {
    let fields = r.fields(node, "hangup", &["cause"])?;
    let node = r.required(&fields, "cause")?;
    let text = r.text(node, "a cause")?;
    let cause = HangupCause::from_name(text).filter(|cause| HangupCause::WRITABLE.contains(cause));
    if cause.is_none() {
        let names = HangupCause::WRITABLE.iter().map(|cause| cause.name());
        r.mistake(node.place, format!("unknown cause `{}`", shown(text)), suggest(text, names));
    }
    cause
}

fn prompts(r: &mut Reader<'_>, node: &Node) -> Option<Prompts> {
    let items = r.list(node, "prompts", MAX_PROMPTS)?;
    let read: Vec<_> = items.iter().map(|item| r.name::<PromptName>(item, "a prompt's name")).collect();
    read.into_iter().collect()
}

fn then(r: &mut Reader<'_>, fields: &Fields<'_>) -> Option<At<StepName>> {
    let node = r.required(fields, "then")?;
    step_name(r, node)
}

fn step_name(r: &mut Reader<'_>, node: &Node) -> Option<At<StepName>> {
    r.name::<StepName>(node, "a step's name")
}

fn wait(r: &mut Reader<'_>, fields: &Fields<'_>, key: &str, default_s: u32) -> Option<core::time::Duration> {
    match fields.optional(key) {
        Some(node) => r.seconds(node, 1..=MAX_DIGIT_WAIT_S),
        None => Some(core::time::Duration::from_secs(default_s.into())),
    }
}

fn single_key(r: &mut Reader<'_>, text: &str, place: Place) -> Option<char> {
    let mut chars = text.chars();
    if let (Some(key), None) = (chars.next(), chars.next())
        && KEYS.contains(key)
    {
        return Some(key);
    }
    r.mistake(place, format!("`{}` is no key of a telephone", shown(text)), "0 to 9, \"*\", \"#\" or A to D");
    None
}
