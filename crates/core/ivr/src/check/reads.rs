//! What a step reads, and where that goes.

use hotline_base::FlowId;
use hotline_yaml::{At, Place};

use crate::expression::Expression;
use crate::model::{
    Ask, CallFlow, Http, Lookup, LookupSource, SayItem, StepKind, Stream, Transfer, TransferTo,
};
use crate::name::Variable;
use crate::template::Template;

/// Where a value goes that a step reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goes<'f> {
    /// Nowhere: it is compared, said by recorded phrases, sent to the caller, or compared with the address book.
    Nowhere,
    /// Into the address of a service.
    Address,
    /// Into the header fields or the body of a question to a service; encrypted or not.
    Question { encrypted: bool },
    /// Into a webhook.
    Webhook,
    /// Into the parameters of a stream.
    Stream,
    /// To the speech engine, which keeps what it has said.
    Speech,
    /// Into what is dialled, or noted for a call back: both are on record.
    Dialled,
    /// Into the name of a skill that is asked for.
    Skill,
    /// Into a variable of this flow.
    Variable(&'f Variable),
    /// Into a parameter of another flow.
    Parameter(&'f FlowId, &'f Variable),
}

/// An expression of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'f> {
    pub(super) expression: &'f Expression,
    pub(super) goes: Goes<'f>,
}

/// All expressions of a step.
pub(super) fn expressions(kind: &StepKind) -> Vec<Read<'_>> {
    let mut reads = Vec::new();
    for item in said(kind) {
        match item {
            SayItem::Value { value, .. } => reads.push(Read { expression: value, goes: Goes::Nowhere }),
            SayItem::Speech(text) => add(&mut reads, text, Goes::Speech),
            SayItem::Prompt(_) | SayItem::Recorded(_) => {}
        }
    }
    let mut own = |expression, goes| reads.push(Read { expression, goes });
    match kind {
        StepKind::Condition(condition) => {
            condition.cases.iter().for_each(|case| own(&case.condition, Goes::Nowhere));
        }
        StepKind::Set(set) => {
            set.values.iter().for_each(|(variable, value)| own(value, Goes::Variable(&variable.value)));
        }
        StepKind::Queue(queue) => {
            queue.priority_credit.iter().for_each(|credit| own(credit, Goes::Nowhere));
            queue.agent.iter().for_each(|agent| own(agent, Goes::Dialled));
            queue.skills.iter().for_each(|(skill, _)| add(&mut reads, skill, Goes::Skill));
        }
        StepKind::Callback(callback) => own(&callback.number, Goes::Dialled),
        StepKind::Call(call) => {
            let CallFlow { flow, with, .. } = &**call;
            with.iter().for_each(|(name, value)| own(value, Goes::Parameter(&flow.value, &name.value)));
        }
        StepKind::Lookup(lookup) => self::lookup(lookup, &mut reads),
        StepKind::Webhook(webhook) => http(&webhook.http, Goes::Webhook, &mut reads),
        StepKind::Stream(stream) => self::stream(stream, &mut reads),
        StepKind::Transfer(transfer) => dialled(transfer, &mut reads),
        StepKind::Dtmf(dtmf) => add(&mut reads, &dtmf.digits, Goes::Nowhere),
        StepKind::Answer(_)
        | StepKind::Ring(_)
        | StepKind::Say(_)
        | StepKind::Menu(_)
        | StepKind::Collect(_)
        | StepKind::Hours(_)
        | StepKind::Voicemail(_)
        | StepKind::Record(_)
        | StepKind::Survey(_)
        | StepKind::Language(_)
        | StepKind::Return
        | StepKind::Goto(_)
        | StepKind::Hangup(_) => {}
    }
    reads
}

fn add<'f>(reads: &mut Vec<Read<'f>>, text: &'f Template, goes: Goes<'f>) {
    reads.extend(text.expressions().map(|expression| Read { expression, goes }));
}

fn lookup<'f>(lookup: &'f Lookup, reads: &mut Vec<Read<'f>>) {
    match &lookup.source {
        LookupSource::Customer { number, .. } => reads.push(Read { expression: number, goes: Goes::Nowhere }),
        LookupSource::Http { http: request, .. } => {
            let encrypted = request.url.beginning().starts_with("https://");
            http(request, Goes::Question { encrypted }, reads);
        }
    }
}

fn http<'f>(http: &'f Http, goes: Goes<'f>, reads: &mut Vec<Read<'f>>) {
    add(reads, &http.url, Goes::Address);
    http.headers.iter().chain(&http.body).for_each(|(_, text)| add(reads, text, goes));
}

fn stream<'f>(stream: &'f Stream, reads: &mut Vec<Read<'f>>) {
    add(reads, &stream.url, Goes::Address);
    stream.parameters.iter().for_each(|(_, text)| add(reads, text, Goes::Stream));
}

fn dialled<'f>(transfer: &'f Transfer, reads: &mut Vec<Read<'f>>) {
    match &transfer.to {
        TransferTo::Extension(text) | TransferTo::Agent(text) | TransferTo::Number(text) => {
            add(reads, text, Goes::Dialled);
        }
        TransferTo::Flow(_) => {}
    }
}

/// The variables that a step reads and where, each once.
pub(super) fn variables(kind: &StepKind) -> Vec<(&Variable, Place)> {
    let mut found: Vec<(&Variable, Place)> = Vec::new();
    let mut add = |variable, place| {
        if !found.iter().any(|(known, _)| *known == variable) {
            found.push((variable, place));
        }
    };
    for read in expressions(kind) {
        read.expression.reads().into_iter().for_each(|variable| add(variable, read.expression.place()));
    }
    for item in said(kind) {
        if let SayItem::Recorded(At { value, place }) = item {
            add(value, *place);
        }
    }
    found
}

/// All that a step may say.
pub(super) fn said(kind: &StepKind) -> Vec<&SayItem> {
    fn asked(ask: &Ask) -> Vec<&SayItem> {
        let retries = ask.no_input.retries.iter().chain(&ask.invalid.retries).flatten();
        ask.prompts.iter().chain(retries).collect()
    }
    match kind {
        StepKind::Say(say) => say.prompts.iter().collect(),
        StepKind::Menu(menu) => asked(&menu.ask),
        StepKind::Collect(collect) => asked(&collect.ask),
        StepKind::Survey(survey) => survey.questions.iter().flat_map(|question| &question.prompts).collect(),
        StepKind::Voicemail(voicemail) => voicemail.recording.prompts.iter().collect(),
        StepKind::Record(record) => record.prompts.iter().collect(),
        StepKind::Answer(_)
        | StepKind::Ring(_)
        | StepKind::Condition(_)
        | StepKind::Hours(_)
        | StepKind::Set(_)
        | StepKind::Lookup(_)
        | StepKind::Queue(_)
        | StepKind::Transfer(_)
        | StepKind::Callback(_)
        | StepKind::Dtmf(_)
        | StepKind::Language(_)
        | StepKind::Call(_)
        | StepKind::Return
        | StepKind::Webhook(_)
        | StepKind::Stream(_)
        | StepKind::Goto(_)
        | StepKind::Hangup(_) => Vec::new(),
    }
}
