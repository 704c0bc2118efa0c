//! Compares a flow with what exists (queues, extensions, prompts) and with itself: every step is reachable, every
//! path ends, nothing runs in a circle without the caller, nothing is played before the call is answered.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::QueueId;
use hotline_yaml::{At, Diagnostic, MAX_DIAGNOSTICS, Place, suggest};

use crate::end::QueueExit;
use crate::graph::Graph;
use crate::model::{Ask, Flow, Prompts, Step, StepKind};
use crate::name::{Language, PromptName, StepName};
use crate::spoken::announcement_prompts;

/// What a flow may name.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The queues.
    pub queues: &'a BTreeSet<QueueId>,
    /// The extensions that calls can be transferred to.
    pub extensions: &'a BTreeSet<String>,
    /// The prompts of each language.
    pub prompts: &'a BTreeMap<Language, BTreeSet<PromptName>>,
}

/// All mistakes of a flow that was read, at most 100, in the file's order. Empty if it can run: then no call
/// reaches a step that does not exist.
#[must_use]
pub fn check(flow: &Flow, world: &World<'_>) -> Vec<Diagnostic> {
    let mut checker = Checker { flow, diagnostics: Vec::new() };
    checker.check_languages(world);
    for step in flow.steps.values() {
        checker.check_names(step, world);
    }
    checker.check_announcements(world);
    checker.check_steps_exist();
    checker.check_paths();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    diagnostics.truncate(MAX_DIAGNOSTICS);
    diagnostics
}

struct Checker<'f> {
    flow: &'f Flow,
    diagnostics: Vec<Diagnostic>,
}

/// Where a step may lead.
struct Edge<'f> {
    to: &'f At<StepName>,
    /// True if only a caller's key or a queue's time limit leads there, so that a circle through it is no
    /// busy loop.
    paced: bool,
}

impl<'f> Checker<'f> {
    fn mistake(&mut self, place: Place, problem: String, remedy: impl Into<String>) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(self.flow.source.diagnostic(place, problem, remedy));
        }
    }

    fn check_languages(&mut self, world: &World<'_>) {
        for language in &self.flow.languages {
            if !world.prompts.contains_key(&language.value) {
                let remedy = suggest(language.value.as_str(), world.prompts.keys().map(Language::as_str));
                self.mistake(language.place, format!("no prompts in language `{}`", language.value), remedy);
            }
        }
    }

    fn check_names(&mut self, step: &'f Step, world: &World<'_>) {
        match &step.kind {
            StepKind::Say(say) => self.check_prompts(&say.prompts, world),
            StepKind::Menu(menu) => self.check_ask(&menu.ask, world),
            StepKind::Collect(collect) => self.check_ask(&collect.ask, world),
            StepKind::Language(language)
                if self.flow.languages().all(|known| *known != language.to.value) =>
            {
                let problem = format!("the flow does not speak `{}`", language.to.value);
                let remedy = suggest(language.to.value.as_str(), self.flow.languages().map(Language::as_str));
                self.mistake(language.to.place, problem, format!("{remedy} (or add it to `languages`)"));
            }
            StepKind::Queue(queue) if !world.queues.contains(&queue.queue.value) => {
                let remedy = suggest(queue.queue.value.as_str(), world.queues.iter().map(QueueId::as_str));
                self.mistake(queue.queue.place, format!("unknown queue `{}`", queue.queue.value), remedy);
            }
            StepKind::Transfer(transfer) if !world.extensions.contains(&transfer.extension.value) => {
                let problem = format!("unknown extension `{}`", transfer.extension.value);
                let remedy = suggest(&transfer.extension.value, world.extensions.iter().map(String::as_str));
                self.mistake(transfer.extension.place, problem, remedy);
            }
            StepKind::Answer(_)
            | StepKind::Language(_)
            | StepKind::Queue(_)
            | StepKind::Transfer(_)
            | StepKind::Goto(_)
            | StepKind::Hangup(_) => {}
        }
    }

    fn check_ask(&mut self, ask: &'f Ask, world: &World<'_>) {
        self.check_prompts(&ask.prompts, world);
        for prompts in ask.no_input.retries.iter().chain(&ask.invalid.retries) {
            self.check_prompts(prompts, world);
        }
    }

    fn check_prompts(&mut self, prompts: &'f Prompts, world: &World<'_>) {
        for prompt in prompts {
            for language in self.flow.languages() {
                let Some(known) = world.prompts.get(language) else { continue };
                if !known.contains(&prompt.value) && self.diagnostics.len() < MAX_DIAGNOSTICS {
                    let problem = format!("no prompt `{}` in language `{language}`", prompt.value);
                    let remedy = suggest(prompt.value.as_str(), known.iter().map(PromptName::as_str));
                    self.mistake(prompt.place, problem, remedy);
                }
            }
        }
    }

    /// A queue tells callers their position with prompts that the flow does not name.
    fn check_announcements(&mut self, world: &World<'_>) {
        let queue = self.flow.steps.values().find(|step| matches!(step.kind, StepKind::Queue(_)));
        let Some(queue) = queue else { return };
        for language in self.flow.languages() {
            let Some(known) = world.prompts.get(language) else { continue };
            let missing = announcement_prompts(language).into_iter().find(|prompt| !known.contains(prompt));
            if let Some(missing) = missing {
                let problem = format!("queues announce positions with `{missing}`, missing in `{language}`");
                self.mistake(queue.place, problem, "add the prompt; sounds/manifest.yaml lists all of them");
            }
        }
    }

    fn check_steps_exist(&mut self) {
        let references =
            self.flow.steps.values().flat_map(|step| edges(step).into_iter().map(|edge| edge.to));
        for reference in core::iter::once(&self.flow.start).chain(references) {
            if !self.flow.steps.contains_key(&reference.value) && self.diagnostics.len() < MAX_DIAGNOSTICS {
                let remedy = suggest(reference.value.as_str(), self.flow.steps.keys().map(StepName::as_str));
                self.mistake(reference.place, format!("unknown step `{}`", reference.value), remedy);
            }
        }
    }

    fn check_paths(&mut self) {
        let flow = self.flow;
        let nodes: Vec<(&StepName, &Step)> = flow.steps.iter().collect();
        let numbers: BTreeMap<&StepName, usize> =
            nodes.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
        let graph = |follow: &dyn Fn(&Step, &Edge<'_>) -> bool| {
            let edges = nodes.iter().enumerate().flat_map(|(from, (_, step))| {
                let followed = edges(step).into_iter().filter(|edge| follow(step, edge));
                followed.filter_map(|edge| numbers.get(&edge.to.value).copied()).map(move |to| (from, to))
            });
            Graph::new(nodes.len(), edges.collect::<Vec<_>>())
        };
        let start = numbers.get(&flow.start.value).copied();

        let all = graph(&|_, _| true);
        let reached = all.reachable(start);
        for (name, step) in
            nodes.iter().zip(&reached).filter_map(|(node, reached)| (!reached).then_some(node))
        {
            self.mistake(
                step.place,
                format!("no path leads to step `{name}`"),
                "remove it or lead a step to it",
            );
        }

        let unanswered = graph(&|step, _| !matches!(step.kind, StepKind::Answer(_))).reachable(start);
        for (number, (name, step)) in nodes.iter().enumerate() {
            if unanswered[number] && plays(&step.kind) {
                let problem = format!("step `{name}` plays before the call is answered");
                self.mistake(step.place, problem, "put an `answer` step on every path to it");
            }
        }

        let mut looping = vec![false; nodes.len()];
        for circle in graph(&|_, edge| !edge.paced).circles() {
            circle.iter().for_each(|node| looping[*node] = true);
            let (place, names) = describe(&nodes, &circle);
            let problem = format!("steps run in a circle without the caller: {names}");
            self.mistake(place, problem, "lead one of them out of the circle, or ask the caller on the way");
        }

        let ends =
            nodes.iter().enumerate().filter(|(_, (_, step))| ends(&step.kind)).map(|(number, _)| number);
        let can_end = all.reversed().reachable(ends);
        for circle in all.circles() {
            if circle.iter().all(|node| reached[*node] && !can_end[*node] && !looping[*node]) {
                let (place, names) = describe(&nodes, &circle);
                let remedy = "lead one of these steps to a `hangup`, `queue` or `transfer`";
                self.mistake(place, format!("a path that does not end: {names}"), remedy);
            }
        }
    }
}

/// The place of the first step of a circle and the names of its steps in the file's order.
fn describe(nodes: &[(&StepName, &Step)], circle: &[usize]) -> (Place, String) {
    /// A circle of more steps is abbreviated.
    const MAX_NAMED: usize = 8;
    let mut steps: Vec<(Place, &StepName)> =
        circle.iter().filter_map(|node| nodes.get(*node)).map(|(name, step)| (step.place, *name)).collect();
    steps.sort();
    let mut names: Vec<String> = steps.iter().take(MAX_NAMED).map(|(_, name)| format!("`{name}`")).collect();
    if steps.len() > MAX_NAMED {
        names.push("…".to_owned());
    }
    (steps.first().map(|(place, _)| *place).unwrap_or_default(), names.join(", "))
}

/// True for steps that end the call or give it away.
fn ends(kind: &StepKind) -> bool {
    match kind {
        StepKind::Hangup(_) | StepKind::Queue(_) | StepKind::Transfer(_) => true,
        StepKind::Answer(_)
        | StepKind::Say(_)
        | StepKind::Menu(_)
        | StepKind::Collect(_)
        | StepKind::Language(_)
        | StepKind::Goto(_) => false,
    }
}

/// True for steps that the caller must be able to hear.
fn plays(kind: &StepKind) -> bool {
    match kind {
        StepKind::Say(_) | StepKind::Menu(_) | StepKind::Collect(_) | StepKind::Queue(_) => true,
        StepKind::Answer(_)
        | StepKind::Language(_)
        | StepKind::Transfer(_)
        | StepKind::Goto(_)
        | StepKind::Hangup(_) => false,
    }
}

/// Where a step may lead, in the order of the file's keys.
fn edges(step: &Step) -> Vec<Edge<'_>> {
    match &step.kind {
        StepKind::Answer(answer) => vec![at_once(&answer.then)],
        StepKind::Say(say) => vec![at_once(&say.then)],
        StepKind::Menu(menu) => menu.choices.values().map(paced).chain(failures(&menu.ask)).collect(),
        StepKind::Collect(collect) => {
            core::iter::once(paced(&collect.then)).chain(failures(&collect.ask)).collect()
        }
        StepKind::Language(language) => vec![at_once(&language.then)],
        StepKind::Queue(queue) => {
            queue.exits.iter().map(|(exit, to)| Edge { to, paced: *exit == QueueExit::Timeout }).collect()
        }
        StepKind::Transfer(transfer) => transfer.exits.values().map(at_once).collect(),
        StepKind::Goto(to) => vec![at_once(to)],
        StepKind::Hangup(_) => Vec::new(),
    }
}

fn failures(ask: &Ask) -> [Edge<'_>; 2] {
    [at_once(&ask.no_input.then), paced(&ask.invalid.then)]
}

const fn at_once(to: &At<StepName>) -> Edge<'_> {
    Edge { to, paced: false }
}

const fn paced(to: &At<StepName>) -> Edge<'_> {
    Edge { to, paced: true }
}
