//! What is sensitive reaches no address, webhook, stream, speech, record, or variable that is not.

use super::Findings;
use super::reads::{Goes, expressions};
use crate::model::{Flow, Flows, StepKind};
use crate::name::Variable;

pub(super) fn check(flow: &Flow, flows: &Flows, found: &mut Findings<'_>) {
    for step in flow.steps.values() {
        for read in expressions(&step.kind) {
            let Some(variable) = read.expression.reveals().into_iter().find(|one| flow.is_sensitive(one))
            else {
                continue;
            };
            if let Some((where_to, remedy)) = leak(flow, flows, variable, read.goes) {
                let problem = format!("sensitive `{variable}` goes into {where_to}");
                found.error(read.expression.place(), problem, remedy);
            }
        }
        entered(flow, &step.kind, found);
        if let StepKind::Call(call) = &step.kind {
            let Some(called) = flows.get(&call.flow.value) else { continue };
            for (ours, theirs) in &call.into {
                if called.is_sensitive(&theirs.value) && !flow.is_sensitive(&ours.value) {
                    let problem = format!(
                        "sensitive result `{}` goes into `{}`, which is not",
                        theirs.value, ours.value
                    );
                    found.error(
                        ours.place,
                        problem,
                        format!("declare `{}` with `sensitive: true`", ours.value),
                    );
                }
            }
        }
    }
}

/// What digits are kept in is as secret as they are, and the other way round.
fn entered(flow: &Flow, kind: &StepKind, found: &mut Findings<'_>) {
    if let StepKind::Collect(collect) = kind
        && collect.sensitive
        && !flow.is_sensitive(&collect.into.value)
    {
        let variable = &collect.into.value;
        let problem = format!("sensitive digits go into `{variable}`, which is not");
        let remedy = format!("declare `{variable}: {{type: text, sensitive: true}}`");
        found.error(collect.into.place, problem, remedy);
    }
    if let StepKind::Menu(menu) = kind
        && let Some(dial) = &menu.direct_dial
        && flow.is_sensitive(&dial.into.value)
    {
        let problem = format!("sensitive `{}` gets an extension, which is on record", dial.into.value);
        found.error(dial.into.place, problem, "use `collect` for secrets, or another variable");
    }
}

/// Why a sensitive value must not go there, and what would be right; `None` if it may.
fn leak(flow: &Flow, flows: &Flows, variable: &Variable, goes: Goes<'_>) -> Option<(String, String)> {
    let told = |place: &str, remedy: &str| Some((place.to_owned(), remedy.to_owned()));
    match goes {
        Goes::Nowhere | Goes::Question { encrypted: true } => None,
        Goes::Address => told("an address, which is written into logs", "send it in `body`, over https://"),
        Goes::Question { encrypted: false } => told("a request that is not encrypted", "use https://"),
        Goes::Webhook => told("a webhook", "leave it out; ask a service with `lookup` and send the outcome"),
        Goes::Stream => told("the parameters of a stream", "leave it out"),
        Goes::Speech => told("speech, which is kept", "say it with `{digits: …}` if it must be said"),
        Goes::Dialled => told("what is dialled, which is on record", "use a variable that is not sensitive"),
        Goes::Skill => {
            told("a skill that is asked for, which is on record", "use a variable that is not sensitive")
        }
        Goes::Variable(to) if !flow.is_sensitive(to) => Some((
            format!("`{to}`, which is not"),
            format!(
                "declare `{to}` with `sensitive: true`, or keep only what a comparison with `{variable}` gives"
            ),
        )),
        Goes::Parameter(called, to) if flows.get(called).is_some_and(|called| !called.is_sensitive(to)) => {
            Some((
                format!("parameter `{to}` of `{called}`, which is not"),
                format!("declare `{to}` with `sensitive: true` in `{called}`"),
            ))
        }
        Goes::Variable(_) | Goes::Parameter(..) => None,
    }
}
