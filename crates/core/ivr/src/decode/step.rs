//! One step of each kind.

use std::collections::BTreeMap;

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{At, Fields, Key, Node, Value as Yaml, shown, suggest};

use super::Decoder;
use crate::end::{CallbackExit, HangupCause, HoursExit, QueueExit, RecordExit, TransferExit};
use crate::expression::{Expression, Type};
use crate::format::{self, CASE};
use crate::model::{
    Answer, CallFlow, Callback, Case, Condition, Dtmf, Hours, Queue, Record, Ring, Say, Set, SetLanguage,
    StepKind, Transfer, TransferTo, Voicemail,
};
use crate::name::{Language, Variable};

/// Seconds that a message may last unless the step says otherwise.
const LONGEST_S: u32 = 120;
/// Seconds of silence that end a message unless the step says otherwise.
const SILENCE_S: u32 = 5;
/// Seconds below which a message is none unless the step says otherwise.
const SHORTEST_S: u32 = 1;
/// Seconds for which only the agent of the step is asked unless it says otherwise.
const AGENT_WAIT_S: u32 = 30;
/// The levels of skills.
const LEVELS: core::ops::RangeInclusive<usize> = 1..=10;

impl Decoder<'_> {
    /// One step: a mapping with one key, its kind.
    pub(super) fn step(&mut self, name: &Key, node: &Node) -> Option<StepKind> {
        let kinds = || StepKind::NAMES.join(", ");
        let Yaml::Map(entries) = &node.value else {
            let problem = format!("step `{}` has no kind", shown(&name.text));
            self.r.mistake(name.place, problem, format!("one of {}", kinds()));
            return None;
        };
        let [(kind, value)] = entries.as_slice() else {
            let problem = format!("step `{}` has {} keys", shown(&name.text), entries.len());
            let remedy = format!("exactly one, its kind, and its settings indented below: {}", kinds());
            self.r.mistake(name.place, problem, remedy);
            return None;
        };
        match kind.text.as_str() {
            "answer" => {
                let fields = self.kind_fields("answer", value)?;
                Some(StepKind::Answer(Answer { then: self.then(&fields)? }))
            }
            "ring" => self.ring(value),
            "say" => self.say(value),
            "menu" => self.menu(value).map(|menu| StepKind::Menu(menu.into())),
            "collect" => self.collect(value).map(|collect| StepKind::Collect(collect.into())),
            "condition" => self.condition(value),
            "hours" => self.hours(value),
            "set" => self.set(value),
            "lookup" => self.lookup(value),
            "queue" => self.queue(value),
            "transfer" => self.transfer(value),
            "voicemail" => self.voicemail(value),
            "record" => self.record(value),
            "survey" => self.survey(value).map(|survey| StepKind::Survey(survey.into())),
            "callback" => self.callback(value),
            "dtmf" => self.dtmf(value),
            "language" => self.set_language(value),
            "call" => self.call(value),
            "return" => self.kind_fields("return", value).map(|_| StepKind::Return),
            "webhook" => self.webhook(value),
            "stream" => self.stream(value),
            "goto" => self.step_name(value).map(StepKind::Goto),
            "hangup" => self.hangup(value),
            other => {
                let problem = format!("unknown kind of step `{}`", shown(other));
                self.r.mistake(kind.place, problem, suggest(other, StepKind::NAMES.iter().copied()));
                None
            }
        }
    }

    fn ring(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("ring", node)?;
        let duration = self.seconds(format::fields("ring"), &fields, "for_s", 0);
        let then = self.then(&fields);
        Some(StepKind::Ring(Ring { duration: duration?, then: then? }))
    }

    fn say(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("say", node)?;
        let prompts = self.r.required(&fields, "prompts").and_then(|node| self.prompts(node));
        let barge_in = self.r.bool(fields.optional("barge_in"), true);
        let then = self.then(&fields);
        let failed = self.optional_step(&fields, "failed");
        let say = Say { prompts: prompts?, barge_in: barge_in?, then: then?, failed: failed? };
        Some(StepKind::Say(say.into()))
    }

    fn condition(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("condition", node)?;
        let cases = match (fields.optional("if"), fields.optional("cases")) {
            (Some(condition), None) => {
                let condition = self.expression_of(condition, Type::Boolean);
                let then = self.then(&fields);
                condition.zip(then).map(|(condition, then)| vec![Case { condition, then }])
            }
            (None, Some(cases)) => {
                if let Some(node) = fields.optional("then") {
                    self.r.mistake(node.place, "`then` beside `cases`", "each case has its own `then`");
                }
                self.cases(cases)
            }
            (Some(_), Some(_)) | (None, None) => {
                return self.exactly_one(node.place, "condition", &["if", "cases"]);
            }
        };
        let otherwise = self.r.required(&fields, "else").and_then(|node| self.step_name(node));
        let error = self.optional_step(&fields, "error");
        let condition = Condition { cases: cases?, otherwise: otherwise?, error: error? };
        let can_fail =
            condition.cases.iter().map(|case| &case.condition).find(|condition| condition.can_fail());
        self.error_exit(can_fail, condition.error.is_some());
        Some(StepKind::Condition(condition.into()))
    }

    fn cases(&mut self, node: &Node) -> Option<Vec<Case>> {
        let items = self.r.list(node, "cases", super::MAX_ENTRIES)?;
        let read: Vec<Option<Case>> = items
            .iter()
            .map(|item| {
                let fields = self.known_fields(item, "case", CASE)?;
                let condition =
                    self.r.required(&fields, "if").and_then(|node| self.expression_of(node, Type::Boolean));
                let then = self.then(&fields);
                Some(Case { condition: condition?, then: then? })
            })
            .collect();
        read.into_iter().collect()
    }

    /// An expression that may give nothing needs a way out for that.
    fn error_exit(&mut self, can_fail: Option<&Expression>, there: bool) {
        if let (Some(expression), false) = (can_fail, there) {
            let problem = "an expression that cannot always be computed, and no way out for that";
            let remedy = "add `error: <step>`; dividing and making numbers of texts can fail";
            self.r.mistake(expression.place(), problem, remedy);
        }
    }

    fn hours(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("hours", node)?;
        let schedule = self
            .r
            .required(&fields, "schedule")
            .and_then(|node| self.r.name::<String>(node, "a schedule's name"));
        let exits = self.exits("hours", &fields, HoursExit::from_name);
        Some(StepKind::Hours(Hours { schedule: schedule?, exits: exits? }))
    }

    fn set(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("set", node)?;
        let values =
            self.r.required(&fields, "values").and_then(|node| self.assignments(Some(node), "values"));
        let then = self.then(&fields);
        let error = self.optional_step(&fields, "error");
        let set = Set { values: values?, then: then?, error: error? };
        let can_fail = set.values.iter().map(|(_, value)| value).find(|value| value.can_fail());
        self.error_exit(can_fail, set.error.is_some());
        Some(StepKind::Set(set.into()))
    }

    /// Variables of this flow and what they become.
    fn assignments(
        &mut self,
        node: Option<&Node>,
        what: &'static str,
    ) -> Option<Vec<(At<Variable>, Expression)>> {
        self.pairs(node, what, |d, key, value| {
            let variable = d.key_variable(&key)?;
            let wanted = d.types.get(&variable.value).copied()?;
            Some((variable, d.expression_of(value, wanted)?))
        })
    }

    fn queue(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("queue", node)?;
        let queue =
            self.r.required(&fields, "name").and_then(|node| self.r.name::<QueueId>(node, "a queue's name"));
        let skills = self.pairs(fields.optional("skills"), "skills", |d, key, value| {
            let level = d.r.count(value, LEVELS);
            let skill = d.template_at(&At { value: key.value.to_owned(), place: key.place })?;
            if let Some(name) = skill.as_constant() {
                d.r.check_name(name, skill.place, "a skill's name")?;
            }
            Some((skill, u8::try_from(level?).ok()?))
        });
        let priority_credit = self.optional_expression(&fields, "priority_credit_s", Type::Integer);
        let agent = self.optional_expression(&fields, "agent", Type::Text);
        let agent_wait = self.seconds(format::fields("queue"), &fields, "agent_wait_s", AGENT_WAIT_S);
        let agent_only = self.r.bool(fields.optional("agent_only"), false);
        if fields.optional("agent").is_none() {
            self.meaningless_without_agent(&fields);
        }
        let emergency = self.r.bool(fields.optional("emergency"), false);
        let keys = self.key_sequences(fields.optional("keys"));
        let exits = self.exits("queue", &fields, QueueExit::from_name);
        let queue = Queue {
            queue: queue?,
            skills: skills?,
            priority_credit: priority_credit?,
            agent: agent?,
            agent_wait: agent_wait?,
            agent_only: agent_only?,
            emergency: emergency?,
            keys: keys?,
            exits: exits?,
        };
        Some(StepKind::Queue(queue.into()))
    }

    fn meaningless_without_agent(&mut self, fields: &Fields<'_>) {
        for key in ["agent_wait_s", "agent_only"] {
            if let Some(node) = fields.optional(key) {
                let problem = format!("`{key}` means nothing without `agent`");
                self.r.mistake(node.place, problem, "add `agent: …`, the agent's id, or leave it out");
            }
        }
    }

    fn optional_expression(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        wanted: Type,
    ) -> Option<Option<Expression>> {
        match fields.optional(key) {
            Some(node) => self.expression_of(node, wanted).map(Some),
            None => Some(None),
        }
    }

    fn transfer(&mut self, node: &Node) -> Option<StepKind> {
        const TARGETS: &[&str] = &["extension", "agent", "number", "flow"];
        let fields = self.kind_fields("transfer", node)?;
        let named: Vec<(&str, &Node)> =
            TARGETS.iter().filter_map(|name| Some((*name, fields.optional(name)?))).collect();
        let [(name, target)] = named[..] else {
            return self.exactly_one(node.place, "transfer", TARGETS);
        };
        let to = match name {
            "extension" => self.template(target).map(TransferTo::Extension),
            "agent" => self.template(target).map(TransferTo::Agent),
            "number" => self.template(target).map(TransferTo::Number),
            _ => self.r.name::<FlowId>(target, "a flow's name").map(TransferTo::Flow),
        };
        let ring = match fields.optional("ring_s") {
            Some(_) => self.seconds(format::fields("transfer"), &fields, "ring_s", 0).map(Some),
            None => Some(None),
        };
        let exits = match (name, fields.optional("exits")) {
            ("flow", Some(node)) => {
                self.r.mistake(node.place, "`exits` beside `flow`", "leave them out: the other flow goes on");
                None
            }
            ("flow", None) => Some(BTreeMap::new()),
            _ => self.exits("transfer", &fields, TransferExit::from_name),
        };
        let transfer = Transfer { place: target.place, to: to?, ring: ring?, exits: exits? };
        Some(StepKind::Transfer(transfer.into()))
    }

    fn voicemail(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("voicemail", node)?;
        let to = self
            .r
            .required(&fields, "to")
            .and_then(|node| self.r.name::<String>(node, "an agent or a queue"));
        let recording = self.recording("voicemail", &fields, None);
        Some(StepKind::Voicemail(Voicemail { to: to?, recording: recording? }.into()))
    }

    fn record(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("record", node)?;
        let into = self.r.required(&fields, "into").and_then(|node| self.variable_of(node, Type::Text));
        let recording = self.recording("record", &fields, into.clone());
        into?;
        Some(StepKind::Record(recording?.into()))
    }

    fn recording(
        &mut self,
        kind: &'static str,
        fields: &Fields<'_>,
        into: Option<At<Variable>>,
    ) -> Option<Record> {
        let known = format::fields(kind);
        let prompts = match fields.optional("prompts") {
            Some(node) => self.prompts(node),
            None => Some(Vec::new()),
        };
        let longest = self.seconds(known, fields, "max_s", LONGEST_S);
        let silence = self.seconds(known, fields, "silence_s", SILENCE_S);
        let shortest = self.seconds(known, fields, "min_s", SHORTEST_S);
        let terminator = self.optional_key(fields, "terminator");
        let exits = self.exits(kind, fields, RecordExit::from_name);
        Some(Record {
            prompts: prompts?,
            into,
            longest: longest?,
            silence: silence?,
            shortest: shortest?,
            terminator: terminator?,
            exits: exits?,
        })
    }

    fn callback(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("callback", node)?;
        let queue =
            self.r.required(&fields, "queue").and_then(|node| self.r.name::<QueueId>(node, "a queue's name"));
        let number = self.r.required(&fields, "number").and_then(|node| self.expression_of(node, Type::Text));
        let exits = self.exits("callback", &fields, CallbackExit::from_name);
        Some(StepKind::Callback(Callback { queue: queue?, number: number?, exits: exits? }.into()))
    }

    fn dtmf(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("dtmf", node)?;
        let digits = self.r.required(&fields, "digits").and_then(|node| self.template(node));
        let then = self.then(&fields);
        let dtmf = Dtmf { digits: digits?, then: then? };
        let keys = dtmf.digits.as_constant();
        let wrong = keys.is_some_and(|keys| {
            keys.is_empty()
                || keys.len() > super::MAX_DIGITS
                || !keys.chars().all(|key| crate::sequence::KEYS.contains(key))
        });
        if wrong {
            let problem = format!("`{}` are no keys of a telephone", shown(keys.unwrap_or_default()));
            self.r.mistake(dtmf.digits.place, problem, "1 to 32 of 0 to 9, *, # and A to D");
            return None;
        }
        Some(StepKind::Dtmf(dtmf.into()))
    }

    fn set_language(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("language", node)?;
        let to = self.r.required(&fields, "to").and_then(|node| self.r.name::<Language>(node, "a language"));
        let then = self.then(&fields);
        Some(StepKind::Language(SetLanguage { to: to?, then: then? }))
    }

    fn call(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("call", node)?;
        let flow =
            self.r.required(&fields, "flow").and_then(|node| self.r.name::<FlowId>(node, "a flow's name"));
        // The parameters are the other flow's variables, so only that flow knows their types: the checker compares.
        let with = self.pairs(fields.optional("with"), "with", |d, key, value| {
            d.r.check_name(key.value, key.place, "a parameter's name")?;
            let name = At { value: Variable::from(key.value), place: key.place };
            Some((name, d.expression(value)?))
        });
        let into = self.pairs(fields.optional("into"), "into", |d, key, value| {
            let variable = d.key_variable(&key)?;
            Some((variable, d.r.name::<Variable>(value, "a result's name")?))
        });
        let then = self.then(&fields);
        Some(StepKind::Call(CallFlow { flow: flow?, with: with?, into: into?, then: then? }.into()))
    }

    fn hangup(&mut self, node: &Node) -> Option<StepKind> {
        let fields = self.kind_fields("hangup", node)?;
        let node = self.r.required(&fields, "cause")?;
        let names: Vec<&'static str> = HangupCause::WRITABLE.iter().map(|cause| cause.name()).collect();
        self.one_of(node, "cause", &names, HangupCause::from_name).map(StepKind::Hangup)
    }
}
