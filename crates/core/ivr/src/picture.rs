//! A flow as nodes and edges, for pages that draw it.

use hotline_yaml::Place;

use crate::model::{Flow, LookupSource, SayItem, Step, StepKind, TransferTo};
use crate::name::StepName;

/// A flow to be drawn. Positions are those of its file, so that what is clicked is found in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowGraph {
    /// Where calls begin.
    pub start: StepName,
    /// The steps in the file's order.
    pub nodes: Vec<GraphNode>,
    /// The ways out, by step and in the order of the documentation.
    pub edges: Vec<GraphEdge>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    /// Its name.
    pub step: StepName,
    /// Its kind, as it is written.
    pub kind: &'static str,
    /// Where its name stands: the line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// What it is told, in a few words: the name of a queue, the prompts, the condition's line.
    pub title: String,
}

/// One way out of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphEdge {
    /// The step.
    pub from: StepName,
    /// How the way out is called in call records.
    pub exit: String,
    /// The step where it leads, which may be one that does not exist.
    pub to: StepName,
    /// Where the name of that step stands: the line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}

/// The most characters of a title.
const MAX_TITLE: usize = 60;

/// The steps of a flow and the ways between them.
#[must_use]
pub fn graph(flow: &Flow) -> FlowGraph {
    let mut steps: Vec<(&StepName, &Step)> = flow.steps.iter().collect();
    steps.sort_by_key(|(_, step)| step.place);
    let nodes = steps.iter().map(|(name, step)| {
        let Place { line, column } = step.place;
        GraphNode {
            step: (*name).clone(),
            kind: step.kind.name(),
            line,
            column,
            title: title(flow, &step.kind),
        }
    });
    let edges = steps.iter().flat_map(|(name, step)| {
        step.kind.exits().into_iter().map(|exit| {
            let Place { line, column } = exit.to.place;
            GraphEdge { from: (*name).clone(), exit: exit.name(), to: exit.to.value.clone(), line, column }
        })
    });
    FlowGraph { start: flow.start.value.clone(), nodes: nodes.collect(), edges: edges.collect() }
}

fn title(flow: &Flow, kind: &StepKind) -> String {
    let full = match kind {
        StepKind::Say(say) => said(&say.prompts),
        StepKind::Menu(menu) => said(&menu.ask.prompts),
        StepKind::Collect(collect) => collect.into.value.to_string(),
        StepKind::Condition(condition) => {
            let first = condition.cases.first().map(|case| written(flow, case.condition.place()));
            // Where the step stands in one line, what follows the condition is no part of it.
            first.unwrap_or_default().split(", then:").next().unwrap_or_default().to_owned()
        }
        StepKind::Hours(hours) => hours.schedule.value.clone(),
        StepKind::Set(set) => {
            set.values.iter().map(|(name, _)| name.value.to_string()).collect::<Vec<_>>().join(", ")
        }
        StepKind::Lookup(lookup) => match &lookup.source {
            LookupSource::Customer { .. } => "customer".to_owned(),
            LookupSource::Http { http, .. } => http.url.beginning().to_owned(),
        },
        StepKind::Queue(queue) => queue.queue.value.to_string(),
        StepKind::Transfer(transfer) => match &transfer.to {
            TransferTo::Extension(to) | TransferTo::Agent(to) | TransferTo::Number(to) => {
                to.as_constant().map_or_else(|| written(flow, to.place), str::to_owned)
            }
            TransferTo::Flow(flow) => flow.value.to_string(),
        },
        StepKind::Voicemail(voicemail) => voicemail.to.value.clone(),
        StepKind::Record(record) => {
            record.into.as_ref().map(|into| into.value.to_string()).unwrap_or_default()
        }
        StepKind::Survey(survey) => survey.name.clone(),
        StepKind::Callback(callback) => callback.queue.value.to_string(),
        StepKind::Dtmf(dtmf) => dtmf.digits.as_constant().unwrap_or_default().to_owned(),
        StepKind::Language(language) => language.to.value.to_string(),
        StepKind::Call(call) => call.flow.value.to_string(),
        StepKind::Webhook(webhook) => webhook.http.url.beginning().to_owned(),
        StepKind::Stream(stream) => stream.url.beginning().to_owned(),
        StepKind::Goto(to) => to.value.to_string(),
        StepKind::Hangup(cause) => cause.name().to_owned(),
        StepKind::Answer(_) | StepKind::Ring(_) | StepKind::Return => String::new(),
    };
    full.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TITLE).collect()
}

fn said(items: &[SayItem]) -> String {
    let names = items.iter().map(|item| match item {
        SayItem::Prompt(name) => name.value.as_str(),
        SayItem::Value { .. } => "(value)",
        SayItem::Speech(_) => "(speech)",
        SayItem::Recorded(_) => "(recording)",
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The rest of the line at a place, as it stands in the file.
fn written(flow: &Flow, place: Place) -> String {
    let line = usize::try_from(place.line).unwrap_or(0).checked_sub(1);
    let line = line.and_then(|line| flow.source.text().lines().nth(line)).unwrap_or_default();
    let column = usize::try_from(place.column).unwrap_or(0).saturating_sub(1);
    line.chars().skip(column).collect()
}
