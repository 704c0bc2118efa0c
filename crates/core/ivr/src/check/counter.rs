//! Circles that a counter leaves: `set` counts, and a condition leads out when the count is reached. A boolean that is
//! set once counts to one.

use std::collections::BTreeSet;

use crate::end::StepExit;
use crate::expression::{Bound, Value};
use crate::graph::Graph;
use crate::model::{Condition, StepKind};
use crate::name::Variable;

use super::net::Net;
use super::variables::written;

/// More counters and conditions than this are not tried: the call's own limit of steps ends what they miss.
const MAX_TRIED: usize = 500;

/// True if counters lead out of every circle among `circle`'s nodes, given the graph of ways out that are taken at
/// once.
pub(super) fn ends(net: &Net<'_>, graph: &Graph, circle: &[usize]) -> bool {
    ends_within(net, graph, circle, &mut 0)
}

/// What passes both a counting step and the condition that looks at the count again and again is led out of the
/// circle; what runs for ever would have to avoid one of them.
fn ends_within(net: &Net<'_>, graph: &Graph, circle: &[usize], tried: &mut usize) -> bool {
    let within: BTreeSet<usize> = circle.iter().copied().collect();
    for condition in circle {
        for (variable, bound) in counted(net, &within, *condition) {
            *tried += 1;
            if *tried > MAX_TRIED {
                return true;
            }
            let Some(counting) = counting(net, &within, variable, bound) else { continue };
            let without = |left_out: &BTreeSet<usize>| {
                let kept: BTreeSet<usize> = within.difference(left_out).copied().collect();
                graph.within(&kept).circles()
            };
            let mut rest = without(&BTreeSet::from([*condition]));
            rest.extend(without(&counting));
            if rest.iter().all(|inner| ends_within(net, graph, inner, tried)) {
                return true;
            }
        }
    }
    false
}

/// The numbers that are bounded wherever the condition stays within the circle, and on which side.
fn counted<'f>(net: &Net<'f>, within: &BTreeSet<usize>, node: usize) -> Vec<(&'f Variable, Bound)> {
    let Some(StepKind::Condition(condition)) = net.nodes.get(node).map(|(_, step)| &step.kind) else {
        return Vec::new();
    };
    let Some(edges) = net.edges.get(node) else { return Vec::new() };
    let mut all: Option<BTreeSet<(&Variable, Bound)>> = None;
    for (exit, _) in edges.iter().filter(|(_, to)| within.contains(to)) {
        let here = bounded_at(net, within, condition, exit.exit);
        all = Some(match all {
            None => here,
            Some(before) => before.intersection(&here).copied().collect(),
        });
    }
    all.unwrap_or_default().into_iter().collect()
}

/// What is bounded where the condition is left by `exit`: what its case implies, and that those before were false.
fn bounded_at<'f>(
    net: &Net<'_>,
    within: &BTreeSet<usize>,
    condition: &'f Condition,
    exit: StepExit,
) -> BTreeSet<(&'f Variable, Bound)> {
    let number = if let StepExit::Case(number) = exit {
        usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)
    } else if exit == StepExit::Else {
        condition.cases.len()
    } else {
        // Where a condition could not be computed nothing is known.
        return BTreeSet::new();
    };
    let before = condition.cases.iter().take(number).map(|case| (case, false));
    let own = condition.cases.get(number).map(|case| (case, true));
    let bounds = before.chain(own).flat_map(|(case, truth)| case.condition.bounds(truth));
    let fixed = |against: &BTreeSet<&Variable>| {
        against.iter().all(|variable| {
            within
                .iter()
                .all(|node| !net.edges[*node].iter().any(|(exit, _)| writes(net, *node, exit.exit, variable)))
        })
    };
    bounds.filter(|found| fixed(&found.against)).map(|found| (found.variable, found.bound)).collect()
}

fn writes(net: &Net<'_>, node: usize, exit: StepExit, variable: &Variable) -> bool {
    net.nodes.get(node).is_some_and(|(_, step)| written(&step.kind, exit).any(|one| one.value == *variable))
}

/// The steps of the circle that count the variable towards its bound; `None` if something else changes it too.
fn counting(
    net: &Net<'_>,
    within: &BTreeSet<usize>,
    variable: &Variable,
    bound: Bound,
) -> Option<BTreeSet<usize>> {
    let mut counting = BTreeSet::new();
    for node in within {
        let (_, step) = net.nodes.get(*node)?;
        if !net.edges[*node].iter().any(|(exit, _)| writes(net, *node, exit.exit, variable)) {
            continue;
        }
        let StepKind::Set(set) = &step.kind else { return None };
        let (_, value) = set.values.iter().find(|(name, _)| name.value == *variable)?;
        let up = match value.as_constant() {
            Some(Value::Boolean(done)) => *done,
            Some(_) => return None,
            None => value.step_of(variable).filter(|step| *step != 0)? > 0,
        };
        if up != (bound == Bound::Above) {
            return None;
        }
        // Where it cannot be computed nothing is counted.
        if net.edges[*node].iter().any(|(exit, to)| exit.exit == StepExit::Failed && within.contains(to)) {
            return None;
        }
        counting.insert(*node);
    }
    (!counting.is_empty()).then_some(counting)
}
