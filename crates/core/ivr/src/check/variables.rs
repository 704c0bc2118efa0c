//! Variables are set on every path before they are read, and read if they are set; what only an answered call can do
//! comes after the answer.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::FlowId;
use hotline_yaml::At;

use super::Findings;
use super::calls::{Calls, Summary};
use super::net::Net;
use super::reads::{said, variables};
use crate::decode::MAX_VARIABLES;
use crate::end::{LookupExit, QueueExit, RecordExit, StepExit, StreamExit, TransferExit};
use crate::model::{Flow, Flows, LookupSource, SayItem, Step, StepKind};
use crate::name::Variable;

/// What holds at a place of a flow: a bit for each variable that is set there, in the order of their names, and one
/// for an answered call.
pub(super) type Known = u128;
/// The call is answered.
pub(super) const ANSWERED: Known = 1 << 127;
const _: () = assert!(MAX_VARIABLES < 127, "a bit for each");

/// The bit of a variable; none if it is not declared.
pub(super) fn bit(flow: &Flow, variable: &Variable) -> Known {
    flow.variables.keys().position(|known| known == variable).map_or(0, |number| 1 << number)
}

/// What holds when a flow begins, the answer aside: it has its parameters and what is there from the start.
pub(super) fn at_start(flow: &Flow) -> Known {
    if flow.gaps.variables {
        return !ANSWERED;
    }
    let initial = flow.variables.iter().filter(|(_, declared)| declared.initial.is_some());
    let given = flow.parameters.iter().map(|parameter| &parameter.value);
    initial.map(|(name, _)| name).chain(given).fold(0, |known, name| known | bit(flow, name))
}

/// What holds on every path to each step; everything for steps that are not reached.
pub(super) fn known_at(
    net: &Net<'_>,
    flows: &Flows,
    summaries: &BTreeMap<&FlowId, Summary>,
    start: Known,
) -> Vec<Known> {
    let mut known = vec![Known::MAX; net.nodes.len()];
    let Some(first) = net.start() else { return known };
    known[first] = start;
    let mut open = vec![first];
    let mut seen = vec![false; net.nodes.len()];
    while let Some(node) = open.pop() {
        seen[node] = true;
        for (exit, to) in &net.edges[node] {
            let after = known[node] | gained(net.flow, net.nodes[node].1, exit.exit, flows, summaries);
            let both = known[*to] & after;
            if both != known[*to] || !seen[*to] {
                known[*to] = both;
                open.push(*to);
            }
        }
    }
    known
}

/// What holds after a way out of a step beyond what held before.
fn gained(
    flow: &Flow,
    step: &Step,
    exit: StepExit,
    flows: &Flows,
    summaries: &BTreeMap<&FlowId, Summary>,
) -> Known {
    if let StepKind::Call(call) = &step.kind {
        let (Some(called), Some(summary)) = (flows.get(&call.flow.value), summaries.get(&call.flow.value))
        else {
            // A flow that does not exist or runs in a circle is a mistake of its own.
            return Known::MAX;
        };
        let set = call.into.iter().filter(|(_, theirs)| summary.known & bit(called, &theirs.value) != 0);
        return set.fold(summary.known & ANSWERED, |known, (ours, _)| known | bit(flow, &ours.value));
    }
    let answered = match (&step.kind, exit) {
        (StepKind::Answer(_), _)
        | (StepKind::Queue(_), StepExit::Queue(QueueExit::AgentLeft))
        | (StepKind::Transfer(_), StepExit::Transfer(TransferExit::AgentLeft)) => true,
        (StepKind::Condition(condition), StepExit::Case(number)) => {
            let number = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
            condition.cases.get(number).is_some_and(|case| case.condition.implies_answered(true))
        }
        (StepKind::Condition(condition), StepExit::Else) => {
            condition.cases.iter().any(|case| case.condition.implies_answered(false))
        }
        _ => false,
    };
    let start = if answered { ANSWERED } else { 0 };
    written(&step.kind, exit).fold(start, |known, variable| known | bit(flow, &variable.value))
}

/// The variables that a step sets where it is left by `exit`; those of a `call` if the flow that it calls sets them.
pub(super) fn written(kind: &StepKind, exit: StepExit) -> impl Iterator<Item = &At<Variable>> {
    let all = match (kind, exit) {
        (StepKind::Set(set), StepExit::Done) => set.values.iter().map(|(name, _)| name).collect(),
        (StepKind::Collect(collect), StepExit::Done) => vec![&collect.into],
        (StepKind::Menu(menu), StepExit::Dialled) => menu.direct_dial.iter().map(|dial| &dial.into).collect(),
        (StepKind::Call(call), StepExit::Done) => call.into.iter().map(|(ours, _)| ours).collect(),
        (StepKind::Record(record), StepExit::Record(RecordExit::Recorded)) => record.into.iter().collect(),
        (StepKind::Stream(stream), StepExit::Stream(StreamExit::Done)) => {
            stream.into.iter().map(|(name, _)| name).collect()
        }
        (StepKind::Lookup(lookup), StepExit::Lookup(LookupExit::Found)) => match &lookup.source {
            LookupSource::Customer { into, .. } => into.iter().map(|(name, _)| name).collect(),
            LookupSource::Http { into, .. } => into.iter().map(|(name, _)| name).collect(),
        },
        _ => Vec::new(),
    };
    all.into_iter()
}

pub(super) fn check(net: &Net<'_>, calls: &Calls<'_>, answered: bool, found: &mut Findings<'_>) {
    let start = at_start(net.flow) | if answered { ANSWERED } else { 0 };
    let known = known_at(net, calls.flows(), calls.summaries(), start);
    let ever = ever_set(net.flow);
    let mut told: BTreeSet<&Variable> = BTreeSet::new();
    for (node, name, step) in net.reached() {
        for (variable, place) in variables(&step.kind) {
            if known[node] & bit(net.flow, variable) != 0 || !net.flow.variables.contains_key(variable) {
                continue;
            }
            let (problem, remedy) = if ever.contains(variable) || !net.flow.is_whole() {
                let way = lacking(net, calls, &known, node, bit(net.flow, variable));
                let problem = format!("`{variable}` is not set on every path to `{name}`");
                (problem, format!("set it before, or give it an `initial` value; it is not set {way}"))
            } else if told.insert(variable) {
                (
                    format!("`{variable}` is read but never set"),
                    "set it, or give it an `initial` value".to_owned(),
                )
            } else {
                continue;
            };
            found.error(place, problem, remedy);
        }
        if known[node] & ANSWERED == 0 && needs_answer(&step.kind) {
            let way = lacking(net, calls, &known, node, ANSWERED);
            let problem = format!("`{}` before the call is answered", step.kind.name());
            found.error(
                step.place,
                problem,
                format!("lead through an `answer` step; the call is not answered {way}"),
            );
        }
    }
    // Steps that could not be read may set and read what no other does.
    if net.flow.is_whole() {
        recorded(net, found);
        unused(net.flow, &ever, found);
    }
}

/// On which way to a step something does not hold.
fn lacking(net: &Net<'_>, calls: &Calls<'_>, known: &[Known], node: usize, wanted: Known) -> String {
    for (from, _, step) in net.reached() {
        for (exit, to) in &net.edges[from] {
            let after = known[from] | gained(net.flow, step, exit.exit, calls.flows(), calls.summaries());
            if *to == node && after & wanted == 0 {
                return format!("on the way from {}", net.way(from, exit.exit));
            }
        }
    }
    "when the flow begins".to_owned()
}

/// What callers can do only once the call is answered: before, nothing of theirs is heard for sure.
const fn needs_answer(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::Voicemail(_)
            | StepKind::Record(_)
            | StepKind::Survey(_)
            | StepKind::Stream(_)
            | StepKind::Dtmf(_)
    )
}

/// The variables that have a value from the start or that some step sets.
fn ever_set(flow: &Flow) -> BTreeSet<&Variable> {
    let initial =
        flow.variables.iter().filter(|(_, declared)| declared.initial.is_some()).map(|(name, _)| name);
    let given = flow.parameters.iter().map(|parameter| &parameter.value);
    initial.chain(given).chain(set_by_steps(flow)).collect()
}

fn set_by_steps(flow: &Flow) -> impl Iterator<Item = &Variable> {
    flow.steps.values().flat_map(|step| {
        let exits = step.kind.exits();
        exits.into_iter().flat_map(|exit| written(&step.kind, exit.exit)).map(|variable| &variable.value)
    })
}

fn unused(flow: &Flow, ever: &BTreeSet<&Variable>, found: &mut Findings<'_>) {
    let read: BTreeSet<&Variable> = flow
        .steps
        .values()
        .flat_map(|step| variables(&step.kind).into_iter().map(|(variable, _)| variable))
        .chain(flow.results.iter().map(|result| &result.value))
        .collect();
    let set: BTreeSet<&Variable> = set_by_steps(flow).collect();
    let recorded = on_record(flow);
    for (variable, declared) in &flow.variables {
        if read.contains(variable) || recorded.contains(variable) {
            continue;
        }
        if let Some(parameter) = flow.parameters.iter().find(|parameter| parameter.value == *variable) {
            let problem = format!("parameter `{variable}` is never read");
            found.warning(parameter.place, problem, "read it, or take it off `parameters`");
        } else if set.contains(variable) {
            let problem = format!("`{variable}` is set but never read");
            found.warning(declared.place, problem, "read it, or remove it");
        } else {
            found.warning(declared.place, format!("`{variable}` is never used"), "use it, or remove it");
        }
    }
    for result in &flow.results {
        if !ever.contains(&result.value) {
            let problem = format!("result `{}` is never set", result.value);
            found.error(result.place, problem, "set it, or take it off `results`");
        }
    }
}

/// What is said as recorded is what a `record` step may have left there, here or in another flow.
fn recorded(net: &Net<'_>, found: &mut Findings<'_>) {
    let flow = net.flow;
    let may_be = |variable: &Variable| {
        let is_it = |name: &At<Variable>| name.value == *variable;
        let by_step = flow.steps.values().any(|step| {
            if let StepKind::Record(record) = &step.kind {
                return record.into.as_ref().is_some_and(is_it);
            }
            if let StepKind::Call(call) = &step.kind {
                return call.into.iter().any(|(ours, _)| is_it(ours));
            }
            let StepKind::Set(set) = &step.kind else { return false };
            set.values.iter().any(|(name, value)| is_it(name) && !value.reads().is_empty())
        });
        by_step || flow.parameters.iter().any(is_it)
    };
    let ever = ever_set(flow);
    for (_, _, step) in net.reached() {
        for item in said(&step.kind) {
            if let SayItem::Recorded(name) = item
                && ever.contains(&name.value)
                && !may_be(&name.value)
            {
                let problem = format!("no `record` step leaves a recording in `{}`", name.value);
                found.error(name.place, problem, "let one do so by `into`, or say a prompt");
            }
        }
    }
}

/// The variables of digits that stand in the call's record: they are of use without being read.
fn on_record(flow: &Flow) -> BTreeSet<&Variable> {
    let entered = flow.steps.values().filter_map(|step| {
        if let StepKind::Collect(collect) = &step.kind {
            return Some(&collect.into.value).filter(|variable| !flow.is_sensitive(variable));
        }
        if let StepKind::Menu(menu) = &step.kind {
            return menu.direct_dial.as_ref().map(|dial| &dial.into.value);
        }
        None
    });
    entered.collect()
}
