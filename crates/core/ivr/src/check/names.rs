//! Everything that a flow names exists.

use hotline_base::QueueId;
use hotline_yaml::{At, Place, suggest};

use super::reads::{expressions, said};
use super::{Findings, World};
use crate::expression::{Fact, Value};
use crate::model::{Flow, SayItem, Step, StepKind, Transfer, TransferTo};
use crate::name::{Language, PromptName, StepName};
use crate::spoken::{all_phrases, announcement_prompts};

pub(super) fn check(flow: &Flow, world: &World<'_>, found: &mut Findings<'_>) {
    languages(flow, world, found);
    steps(flow, found);
    for step in flow.steps.values() {
        for item in said(&step.kind) {
            self::said_item(flow, item, step, world, found);
        }
        for read in expressions(&step.kind) {
            for fact in read.expression.facts() {
                if let Fact::Queue(queue, _) = fact {
                    self::queue(queue, read.expression.place(), world, found);
                }
            }
        }
        named(flow, step, world, found);
    }
    announcements(flow, world, found);
}

fn languages(flow: &Flow, world: &World<'_>, found: &mut Findings<'_>) {
    for language in &flow.languages {
        if !world.prompts.contains_key(&language.value) {
            let remedy = suggest(language.value.as_str(), world.prompts.keys().map(Language::as_str));
            found.error(language.place, format!("no prompts in language `{}`", language.value), remedy);
        }
    }
}

fn steps(flow: &Flow, found: &mut Findings<'_>) {
    let references = flow.steps.values().flat_map(|step| step.kind.exits().into_iter().map(|exit| exit.to));
    for reference in core::iter::once(&flow.start).chain(references) {
        let is_there =
            flow.steps.contains_key(&reference.value) || flow.gaps.steps.contains_key(&reference.value);
        // The first step may be the one that is missing.
        let is_known = !reference.value.as_str().is_empty() && !flow.gaps.unnamed;
        if !is_there && is_known {
            let remedy = suggest(reference.value.as_str(), flow.steps.keys().map(StepName::as_str));
            found.error(reference.place, format!("unknown step `{}`", reference.value), remedy);
        }
    }
}

fn named(flow: &Flow, step: &Step, world: &World<'_>, found: &mut Findings<'_>) {
    if let StepKind::Language(language) = &step.kind
        && !flow.languages.is_empty()
        && flow.languages().all(|known| *known != language.to.value)
    {
        let problem = format!("the flow does not speak `{}`", language.to.value);
        let remedy = suggest(language.to.value.as_str(), flow.languages().map(Language::as_str));
        found.error(language.to.place, problem, format!("{remedy} (or add it to `languages`)"));
    }
    if let StepKind::Hours(hours) = &step.kind {
        let At { value, place } = &hours.schedule;
        known("schedule", value, *place, world.schedules.iter().map(String::as_str), found);
    }
    if let StepKind::Queue(queue) = &step.kind {
        self::queue(&queue.queue.value, queue.queue.place, world, found);
        for (skill, level) in &queue.skills {
            // A name that is computed is looked for when the call comes there.
            if let Some(name) = skill.as_constant() {
                known("skill", name, skill.place, world.skills.iter().map(String::as_str), found);
                let skill = At { value: name, place: skill.place };
                skilled(&queue.queue.value, &skill, *level, world, found);
            }
        }
        if let Some(agent) = &queue.agent
            && let Some(Value::Text(id)) = agent.as_constant()
        {
            let all = world.agents.iter().chain(world.extensions).map(String::as_str);
            known("agent", id, agent.place(), all, found);
        }
    }
    if let StepKind::Callback(callback) = &step.kind {
        self::queue(&callback.queue.value, callback.queue.place, world, found);
    }
    if let StepKind::Voicemail(voicemail) = &step.kind {
        let all = world.agents.iter().map(String::as_str).chain(world.queues.iter().map(QueueId::as_str));
        known("agent or queue", &voicemail.to.value, voicemail.to.place, all, found);
    }
    if let StepKind::Transfer(transfer) = &step.kind {
        self::transfer(transfer, world, found);
    }
}

/// Whoever asks for more than any member can would wait for nobody. An unknown queue or skill is told of elsewhere.
fn skilled(queue: &QueueId, skill: &At<&str>, level: u8, world: &World<'_>, found: &mut Findings<'_>) {
    let best = (world.skilled)(queue, skill.value);
    if best < level && world.queues.contains(queue) && world.skills.contains(skill.value) {
        let problem = format!("no agent of queue `{queue}` has `{}` at level {level}", skill.value);
        let remedy = match best {
            0 => "add the skill to an agent who serves it".to_owned(),
            best => format!("at most {best}, or a higher level for an agent who serves it"),
        };
        found.error(skill.place, problem, remedy);
    }
}

fn queue(queue: &QueueId, place: Place, world: &World<'_>, found: &mut Findings<'_>) {
    known("queue", queue.as_str(), place, world.queues.iter().map(QueueId::as_str), found);
}

fn transfer(transfer: &Transfer, world: &World<'_>, found: &mut Findings<'_>) {
    match &transfer.to {
        TransferTo::Extension(text) => {
            if let Some(extension) = text.as_constant() {
                let all = world.extensions.iter().map(String::as_str);
                known("extension", extension, transfer.place, all, found);
            }
        }
        TransferTo::Agent(text) => {
            if let Some(agent) = text.as_constant() {
                known("agent", agent, transfer.place, world.agents.iter().map(String::as_str), found);
            }
        }
        TransferTo::Number(text) => {
            if let Some(number) = text.as_constant()
                && !(world.routed)(number)
            {
                let problem = format!("no route leads to `{number}`");
                found.error(transfer.place, problem, "add one to `routes` in config/center.yaml");
            }
        }
        // Whether it exists is for `calls.rs`.
        TransferTo::Flow(_) => {}
    }
}

fn known<'k>(
    what: &str,
    name: &str,
    place: Place,
    all: impl Iterator<Item = &'k str> + Clone,
    found: &mut Findings<'_>,
) {
    if !all.clone().any(|known| known == name) {
        found.error(place, format!("unknown {what} `{name}`"), suggest(name, all));
    }
}

fn said_item(flow: &Flow, item: &SayItem, step: &Step, world: &World<'_>, found: &mut Findings<'_>) {
    match item {
        SayItem::Prompt(prompt) => {
            for language in flow.languages() {
                let Some(known) = world.prompts.get(language) else { continue };
                if !known.contains(&prompt.value) {
                    let problem = format!("no prompt `{}` in language `{language}`", prompt.value);
                    let remedy = suggest(prompt.value.as_str(), known.iter().map(PromptName::as_str));
                    found.error(prompt.place, problem, remedy);
                }
            }
        }
        SayItem::Value { kind, value } => {
            let Some(kind) = kind.kind(value.value_type()) else { return };
            for language in flow.languages() {
                let Some(known) = world.prompts.get(language) else { continue };
                let Some(needed) = all_phrases(language, kind) else {
                    let problem = format!("values cannot be said in `{language}`");
                    found.error(value.place(), problem, "record a prompt, or use `{speak: …}`");
                    continue;
                };
                if let Some(missing) = needed.iter().find(|prompt| !known.contains(*prompt)) {
                    let problem = format!("values are said with `{missing}`, missing in `{language}`");
                    found.error(
                        value.place(),
                        problem,
                        "add the prompt; sounds/manifest.yaml lists all of them",
                    );
                }
            }
        }
        SayItem::Speech(text) => {
            if !world.speech {
                let place = if text.place == Place::default() { step.place } else { text.place };
                found.error(
                    place,
                    "no speech engine is configured",
                    "record a prompt, or configure an engine",
                );
            }
        }
        SayItem::Recorded(_) => {}
    }
}

/// A queue tells callers their position with prompts that the flow does not name.
fn announcements(flow: &Flow, world: &World<'_>, found: &mut Findings<'_>) {
    let queue = flow.steps.values().find(|step| matches!(step.kind, StepKind::Queue(_)));
    let Some(queue) = queue else { return };
    for language in flow.languages() {
        let Some(known) = world.prompts.get(language) else { continue };
        let missing = announcement_prompts(language).into_iter().find(|prompt| !known.contains(prompt));
        if let Some(missing) = missing {
            let problem = format!("queues say to callers and agents `{missing}`, missing in `{language}`");
            found.error(queue.place, problem, "add the prompt; sounds/manifest.yaml lists all of them");
        }
    }
}
