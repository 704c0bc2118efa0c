//! Compares a flow with what exists (queues, extensions, prompts) and with itself: every step is reachable, every
//! path ends, nothing runs in a circle without the caller.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::QueueId;
use hotline_yaml::{Diagnostic, MAX_DIAGNOSTICS, Place, suggest};

use crate::graph::Graph;
use crate::model::{Ask, Exit, Flow, Pace, SayItem, Step, StepKind, TransferTo};
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
        for item in said(&step.kind) {
            self.check_prompt(item, world);
        }
        match &step.kind {
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
            StepKind::Transfer(transfer) => {
                if let TransferTo::Extension(extension) = &transfer.to
                    && let Some(extension) = extension.as_constant()
                    && !world.extensions.contains(extension)
                {
                    let problem = format!("unknown extension `{extension}`");
                    let remedy = suggest(extension, world.extensions.iter().map(String::as_str));
                    self.mistake(transfer.place, problem, remedy);
                }
            }
            _ => {}
        }
    }

    fn check_prompt(&mut self, item: &'f SayItem, world: &World<'_>) {
        let SayItem::Prompt(prompt) = item else { return };
        for language in self.flow.languages() {
            let Some(known) = world.prompts.get(language) else { continue };
            if !known.contains(&prompt.value) && self.diagnostics.len() < MAX_DIAGNOSTICS {
                let problem = format!("no prompt `{}` in language `{language}`", prompt.value);
                let remedy = suggest(prompt.value.as_str(), known.iter().map(PromptName::as_str));
                self.mistake(prompt.place, problem, remedy);
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
            self.flow.steps.values().flat_map(|step| step.kind.exits().into_iter().map(|exit| exit.to));
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
        let graph = |follow: &dyn Fn(&Step, &Exit<'_>) -> bool| {
            let edges = nodes.iter().enumerate().flat_map(|(from, (_, step))| {
                let followed = step.kind.exits().into_iter().filter(|exit| follow(step, exit));
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

        let mut looping = vec![false; nodes.len()];
        for circle in graph(&|_, exit| exit.pace == Pace::AtOnce).circles() {
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
const fn ends(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Hangup(_) | StepKind::Queue(_) | StepKind::Transfer(_) | StepKind::Return)
}

/// All that a step may say.
fn said(kind: &StepKind) -> Vec<&SayItem> {
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
        _ => Vec::new(),
    }
}
