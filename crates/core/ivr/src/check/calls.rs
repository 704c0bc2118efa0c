//! Flows that call one another, and flows that calls are handed to.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::FlowId;
use hotline_yaml::{At, Place, suggest};

use super::net::Net;
use super::variables::{ANSWERED, Known, at_start, known_at};
use super::{Findings, World};
use crate::expression::Type;
use crate::graph::Graph;
use crate::model::{CallFlow, Exit, Flow, Flows, Pace, Step, StepKind, TransferTo};
use crate::name::{Language, Variable};
use crate::session::MAX_DEPTH;

/// What whoever calls a flow can count on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    /// False if it never comes back.
    returns: bool,
    /// True if it may come back without anything that the caller did.
    at_once: bool,
    /// What holds at every `return`, in the order of its variables.
    pub(super) known: Known,
}

/// All flows with their graphs, and what each gives to those that call it.
pub(crate) struct Calls<'f> {
    flows: &'f Flows,
    nets: BTreeMap<&'f FlowId, Net<'f>>,
    summaries: BTreeMap<&'f FlowId, Summary>,
    /// The flows, those that are called before those that call them.
    order: Vec<&'f FlowId>,
}

/// How one flow leads to another.
#[derive(Clone, Copy)]
enum Link<'f> {
    Call(&'f CallFlow),
    Transfer(Place),
}

type Findable<'f> = BTreeMap<&'f FlowId, Findings<'f>>;

impl<'f> Calls<'f> {
    pub(crate) fn new(flows: &'f Flows) -> Self {
        let names: Vec<&FlowId> = flows.iter().map(|(name, _)| name).collect();
        let order: Vec<&FlowId> =
            graph(flows, &names, |_| true).finishing_order().into_iter().map(|node| names[node]).collect();
        let mut calls = Self { flows, nets: BTreeMap::new(), summaries: BTreeMap::new(), order: Vec::new() };
        for name in &order {
            let Some(flow) = flows.get(name) else { continue };
            let net = Net::new(flow, |step, exit| calls.pace(step, exit));
            // What one with mistakes gives to others nobody knows.
            if flow.is_whole() {
                let summary = calls.summarize(&net);
                calls.summaries.insert(name, summary);
            }
            calls.nets.insert(name, net);
        }
        calls.order = order;
        calls
    }

    pub(super) const fn flows(&self) -> &'f Flows {
        self.flows
    }

    pub(super) const fn summaries(&self) -> &BTreeMap<&'f FlowId, Summary> {
        &self.summaries
    }

    pub(crate) fn net(&self, name: &FlowId) -> Option<&Net<'f>> {
        self.nets.get(name)
    }

    /// The flows, those that are called or handed to before those that do it, except around circles.
    pub(crate) fn order(&self) -> &[&'f FlowId] {
        &self.order
    }

    /// A call is as slow as the flow that it calls.
    fn pace(&self, step: &Step, exit: &Exit<'_>) -> Pace {
        let StepKind::Call(call) = &step.kind else { return exit.pace };
        match self.summaries.get(&call.flow.value) {
            Some(summary) if summary.at_once => Pace::AtOnce,
            // One that does not exist, has mistakes, runs in a circle or never comes back is a mistake of its own.
            Some(_) | None => Pace::Paced,
        }
    }

    fn summarize(&self, net: &Net<'f>) -> Summary {
        let known = known_at(net, self.flows, &self.summaries, at_start(net.flow));
        let at_once = net.reached_at_once();
        let mut summary = Summary { returns: false, at_once: false, known: Known::MAX };
        for (node, _, step) in net.reached() {
            if matches!(step.kind, StepKind::Return) {
                summary.returns = true;
                summary.at_once |= at_once[node];
                summary.known &= known[node];
            }
        }
        summary
    }

    /// For each flow, whether a call is answered wherever the flow begins.
    pub(super) fn answered_at_start(
        &self,
        flows: &'f Flows,
        world: &World<'_>,
    ) -> BTreeMap<&'f FlowId, bool> {
        let mut answered: BTreeMap<&FlowId, bool> = BTreeMap::new();
        for name in self.order.iter().rev() {
            let (Some(net), Some((name, flow))) = (self.nets.get(name), flows.get_entry(name)) else {
                continue;
            };
            // Flows that could not be read may lead to it, with an answered call.
            let alone = flow.parameters.is_empty()
                && self.summaries.get(name).is_some_and(|one| !one.returns)
                && world.unread.is_empty();
            let here = if world.entries.contains(name) {
                false
            } else {
                answered.get(name).copied().unwrap_or(!alone)
            };
            answered.insert(name, here);
            let start = at_start(flow) | if here { ANSWERED } else { 0 };
            let known = known_at(net, self.flows, &self.summaries, start);
            for (node, _, step) in net.reached() {
                if let Some((to, _)) = link(step)
                    && let Some((to, _)) = flows.get_entry(&to.value)
                {
                    *answered.entry(to).or_insert(true) &= known[node] & ANSWERED != 0;
                }
            }
        }
        answered
    }

    /// Notes what does not fit between flows.
    pub(super) fn check(&self, flows: &'f Flows, world: &World<'_>, findings: &mut Findable<'f>) {
        for (name, flow) in flows.iter() {
            let Some(found) = findings.get_mut(name) else { continue };
            for step in flow.steps.values() {
                let Some((to, link)) = link(step) else { continue };
                if world.unread.contains(&to.value)
                    || flows.get(&to.value).is_some_and(|flow| !flow.is_whole())
                {
                    continue;
                }
                let Some(called) = flows.get(&to.value) else {
                    let remedy = suggest(to.value.as_str(), flows.iter().map(|(name, _)| name.as_str()));
                    found.error(to.place, format!("unknown flow `{}`", to.value), remedy);
                    continue;
                };
                match link {
                    Link::Call(call) => self.called(flow, called, call, found),
                    Link::Transfer(place) => self.handed_to(called, place, found),
                }
            }
            if world.entries.contains(name) {
                self.entry(flow, found);
            }
        }
        self.circles(findings);
        self.depth(findings);
    }

    fn called(&self, flow: &Flow, called: &Flow, call: &CallFlow, found: &mut Findings<'_>) {
        let name = called.name();
        if !self.summaries.get(name).is_none_or(|summary| summary.returns) {
            let problem = format!("flow `{name}` never returns");
            let remedy = "give it a `return` step, or lead there with `transfer: {flow: …}`";
            found.error(call.flow.place, problem, remedy);
        }
        parameters(called, call, found);
        results(flow, called, call, found);
        languages(flow, called, call, found);
    }

    /// A flow that a call is handed to begins alone, so there is nobody to give it anything or to come back to.
    fn handed_to(&self, called: &Flow, place: Place, found: &mut Findings<'_>) {
        if self.summaries.get(called.name()).is_some_and(|summary| summary.returns) {
            let problem = format!(
                "flow `{}` returns, and after a transfer there is nowhere to return to",
                called.name()
            );
            found.error(place, problem, "use a `call` step, or end that flow with `hangup`");
        }
        if let Some(parameter) = called.parameters.first() {
            let problem =
                format!("flow `{}` needs `{}`, which a transfer cannot give", called.name(), parameter.value);
            found.error(
                place,
                problem,
                "use a `call` step with `with`, or give that flow a variable of its own",
            );
        }
    }

    fn entry(&self, flow: &Flow, found: &mut Findings<'_>) {
        if let Some(parameter) = flow.parameters.first() {
            let problem = format!("a number leads to this flow, so nobody gives it `{}`", parameter.value);
            found.error(parameter.place, problem, "let the number lead to a flow that calls this one");
        }
        let Some(net) = self.nets.get(flow.name()) else { return };
        for (_, _, step) in net.reached().filter(|(_, _, step)| matches!(step.kind, StepKind::Return)) {
            let problem = "a number leads to this flow, so there is nowhere to return to";
            found.error(step.place, problem, "write `hangup: {cause: normal}`");
        }
    }

    /// Flows that call themselves, and flows that hand a caller around who does nothing.
    fn circles(&self, findings: &mut Findable<'f>) {
        let names: Vec<&FlowId> = self.flows.iter().map(|(name, _)| name).collect();
        let only_calls = graph(self.flows, &names, |step| matches!(step.kind, StepKind::Call(_)));
        let mut told = BTreeSet::new();
        for circle in only_calls.circles() {
            told.extend(circle.iter().copied());
            self.circle(&names, &circle, "flows call one another in a circle", findings);
        }
        let edges = names.iter().enumerate().flat_map(|(from, name)| {
            let net = self.nets.get(name);
            let steps = net.map(|net| {
                let at_once = net.reached_at_once();
                net.reached()
                    .filter(|(node, _, _)| at_once[*node])
                    .map(|(_, _, step)| step)
                    .collect::<Vec<_>>()
            });
            let targets = steps.unwrap_or_default().into_iter().filter_map(|step| link(step));
            let numbers: Vec<usize> =
                targets.filter_map(|(to, _)| names.iter().position(|name| **name == to.value)).collect();
            numbers.into_iter().map(move |to| (from, to))
        });
        for circle in Graph::new(names.len(), edges.collect::<Vec<_>>()).circles() {
            if !circle.iter().any(|node| told.contains(node)) {
                self.circle(&names, &circle, "flows hand calls on in a circle without the caller", findings);
            }
        }
    }

    /// Notes a circle in each of its flows, at the first step that leads along it.
    fn circle(&self, names: &[&'f FlowId], circle: &[usize], what: &str, findings: &mut Findable<'f>) {
        let mut within: Vec<&FlowId> = circle.iter().map(|node| names[*node]).collect();
        within.sort();
        let listed: Vec<String> = within.iter().map(|name| format!("`{name}`")).collect();
        let problem = format!("{what}: {}", listed.join(", "));
        for name in &within {
            let (Some(flow), Some(found)) = (self.flows.get(name), findings.get_mut(*name)) else { continue };
            let links = flow.steps.values().filter_map(|step| link(step).map(|(to, _)| to));
            if let Some(place) = links.filter(|to| within.contains(&&to.value)).map(|to| to.place).min() {
                found.error(place, problem.clone(), "lead one of them out of the circle");
            }
        }
    }

    /// No chain of calls is longer than the interpreter allows.
    fn depth(&self, findings: &mut Findable<'f>) {
        let mut depths: BTreeMap<&FlowId, usize> = BTreeMap::new();
        for name in &self.order {
            let Some(flow) = self.flows.get(name) else { continue };
            let mut deepest = 1;
            for step in flow.steps.values() {
                let Some((to, Link::Call(_))) = link(step) else { continue };
                let depth = 1 + depths.get(&to.value).copied().unwrap_or(0);
                if depth == MAX_DEPTH + 1
                    && let Some(found) = findings.get_mut(name)
                {
                    let problem = format!("more than {MAX_DEPTH} flows call one another from here on");
                    found.error(to.place, problem, "put two of them together");
                }
                deepest = deepest.max(depth);
            }
            depths.insert(name, deepest);
        }
    }
}

/// The flow that a step leads to.
fn link(step: &Step) -> Option<(&At<FlowId>, Link<'_>)> {
    if let StepKind::Call(call) = &step.kind {
        return Some((&call.flow, Link::Call(call)));
    }
    if let StepKind::Transfer(transfer) = &step.kind
        && let TransferTo::Flow(flow) = &transfer.to
    {
        return Some((flow, Link::Transfer(flow.place)));
    }
    None
}

/// Which flow leads to which, by those steps that `follow` takes.
fn graph(flows: &Flows, names: &[&FlowId], follow: impl Fn(&Step) -> bool) -> Graph {
    let numbers: BTreeMap<&FlowId, usize> =
        names.iter().enumerate().map(|(number, name)| (*name, number)).collect();
    let edges = flows.iter().enumerate().flat_map(|(from, (_, flow))| {
        let targets = flow.steps.values().filter(|step| follow(step)).filter_map(link);
        let known: Vec<usize> = targets.filter_map(|(to, _)| numbers.get(&to.value).copied()).collect();
        known.into_iter().map(move |to| (from, to))
    });
    Graph::new(names.len(), edges.collect::<Vec<_>>())
}

/// Each parameter is given once, with its type.
fn parameters(called: &Flow, call: &CallFlow, found: &mut Findings<'_>) {
    let wanted = || called.parameters.iter().map(|parameter| parameter.value.as_str());
    for (name, value) in &call.with {
        if !called.parameters.iter().any(|parameter| parameter.value == name.value) {
            let problem = format!("flow `{}` has no parameter `{}`", called.name(), name.value);
            found.error(name.place, problem, suggest(name.value.as_str(), wanted()));
            continue;
        }
        let Some(declared) = called.variables.get(&name.value) else { continue };
        let given = value.value_type();
        if given != declared.value_type && !(given == Type::Integer && declared.value_type == Type::Decimal) {
            let problem = format!("{given} for parameter `{}`, which is {}", name.value, declared.value_type);
            found.error(value.place(), problem, format!("give it {}", declared.value_type));
        }
        if value.can_fail() {
            let problem = "an expression that cannot always be computed, and no way out for that";
            found.error(value.place(), problem, "compute it in a `set` step before, which has `error`");
        }
    }
    for parameter in &called.parameters {
        if !call.with.iter().any(|(name, _)| name.value == parameter.value) {
            let problem = format!("flow `{}` needs parameter `{}`", called.name(), parameter.value);
            found.error(call.flow.place, problem, format!("add `with: {{{}: …}}`", parameter.value));
        }
    }
}

/// Each result exists and has the type of the variable that gets it.
fn results(flow: &Flow, called: &Flow, call: &CallFlow, found: &mut Findings<'_>) {
    let type_of = |flow: &Flow, name: &Variable| flow.variables.get(name).map(|declared| declared.value_type);
    for (ours, theirs) in &call.into {
        if !called.results.iter().any(|result| result.value == theirs.value) {
            let problem = format!("flow `{}` has no result `{}`", called.name(), theirs.value);
            let remedy =
                suggest(theirs.value.as_str(), called.results.iter().map(|result| result.value.as_str()));
            found.error(theirs.place, problem, remedy);
        } else if let (Some(our_type), Some(their_type)) =
            (type_of(flow, &ours.value), type_of(called, &theirs.value))
            && our_type != their_type
        {
            let problem =
                format!("result `{}` is {their_type}, `{}` is {our_type}", theirs.value, ours.value);
            found.error(ours.place, problem, format!("declare `{}` as {their_type}", ours.value));
        }
    }
}

/// What a flow changes the language to, whoever called it goes on in.
fn languages(flow: &Flow, called: &Flow, call: &CallFlow, found: &mut Findings<'_>) {
    let speaks = |flow: &Flow, language: &Language| flow.languages().any(|known| known == language);
    let own_first = called.languages().next();
    let strange = flow.languages().any(|language| !speaks(called, language));
    let changed = called.steps.values().filter_map(|step| {
        if let StepKind::Language(language) = &step.kind { Some(&language.to.value) } else { None }
    });
    let may_end_in = changed.chain(own_first.filter(|_| strange));
    let unknown: BTreeSet<&Language> =
        may_end_in.filter(|language| speaks(called, language) && !speaks(flow, language)).collect();
    if let Some(language) = unknown.first() {
        let problem = format!(
            "flow `{}` may come back in language `{language}`, which this one does not speak",
            called.name()
        );
        let remedy =
            format!("add `{language}` to `languages` here, or this flow's languages to `{}`", called.name());
        found.error(call.flow.place, problem, remedy);
    }
}
