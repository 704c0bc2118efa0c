//! Every step is reached, every path ends, and nothing runs in a circle without the caller or a counter.

use hotline_yaml::Place;

use super::net::Net;
use super::{Findings, counter};
use crate::expression::Value;
use crate::model::{Condition, Pace, StepKind};

pub(super) fn check(net: &Net<'_>, found: &mut Findings<'_>) {
    for ((name, step), reached) in net.nodes.iter().zip(&net.reached) {
        if !reached && net.begins() {
            let problem = format!("no path leads to step `{name}`");
            found.error(step.place, problem, "remove it or lead a step to it");
        }
        if let StepKind::Condition(condition) = &step.kind {
            conditions(condition, found);
        }
    }
    let looping = circles(net, found);
    dead_ends(net, &looping, found);
}

fn conditions(condition: &Condition, found: &mut Findings<'_>) {
    for (number, case) in condition.cases.iter().enumerate() {
        if let Some(Ok(Value::Boolean(truth))) = case.condition.always() {
            let problem = format!("this condition is always {truth}");
            let remedy = "compare a variable or a call fact, or use `goto`";
            found.warning(case.condition.place(), problem, remedy);
        } else if condition.cases[..number].iter().any(|before| before.condition.same_as(&case.condition)) {
            let problem = "the same condition as in a case before, so this one is never taken";
            found.warning(case.condition.place(), problem, "remove it or correct it");
        }
    }
}

/// Notes circles without caller or counter; gives the nodes on them.
fn circles(net: &Net<'_>, found: &mut Findings<'_>) -> Vec<bool> {
    let mut looping = vec![false; net.nodes.len()];
    let at_once = net.graph(|exit| exit.pace == Pace::AtOnce);
    for circle in at_once.circles() {
        if counter::ends(net, &at_once, &circle) {
            continue;
        }
        circle.iter().for_each(|node| looping[*node] = true);
        let (place, names) = describe(net, &circle);
        let problem = format!("steps run in a circle without the caller: {names}");
        let remedy = "lead one of them out of the circle, ask the caller on the way, or count: `set` a whole number \
                      one higher and let a `condition` lead out";
        found.error(place, problem, remedy);
    }
    looping
}

fn dead_ends(net: &Net<'_>, looping: &[bool], found: &mut Findings<'_>) {
    let all = net.graph(|_| true);
    let ends = net.nodes.iter().enumerate().map(|(number, (_, step))| (number, ends(&step.kind)));
    // A step that could not be read may end the call.
    let ends = ends.filter(|(number, ends)| *ends || net.leads_into_a_gap(*number)).map(|(number, _)| number);
    let can_end = all.reversed().reachable(ends);
    for circle in all.circles() {
        if circle.iter().all(|node| net.reached[*node] && !can_end[*node] && !looping[*node]) {
            let (place, names) = describe(net, &circle);
            let remedy = "lead one of these steps to a `hangup`, `queue` or `transfer`";
            found.error(place, format!("a path that does not end: {names}"), remedy);
        }
    }
}

/// The place of the first step of a circle and the names of its steps in the file's order.
fn describe(net: &Net<'_>, circle: &[usize]) -> (Place, String) {
    /// A circle of more steps is abbreviated.
    const MAX_NAMED: usize = 8;
    let mut steps: Vec<(Place, &str)> = circle
        .iter()
        .filter_map(|node| net.nodes.get(*node))
        .map(|(name, step)| (step.place, name.as_str()))
        .collect();
    steps.sort_unstable();
    let mut names: Vec<String> = steps.iter().take(MAX_NAMED).map(|(_, name)| format!("`{name}`")).collect();
    if steps.len() > MAX_NAMED {
        names.push("…".to_owned());
    }
    (steps.first().map(|(place, _)| *place).unwrap_or_default(), names.join(", "))
}

/// True for steps that end the call or give it away.
const fn ends(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Hangup(_) | StepKind::Queue(_) | StepKind::Transfer(_) | StepKind::Return)
}
