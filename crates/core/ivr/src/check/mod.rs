//! Proves flows before callers hear them: everything they name exists (`names.rs`), every step is reached and every
//! path ends (`paths.rs`), variables are set before they are read (`variables.rs`), flows that call one another fit
//! (`calls.rs`), and what is secret stays so (`privacy.rs`).
//!
//! What is an error would hurt a caller; what is a warning works, but hardly as it is meant.

mod calls;
mod counter;
mod names;
mod net;
mod paths;
mod privacy;
mod reads;
mod variables;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{FlowId, QueueId};
use hotline_yaml::{Diagnostic, MAX_DIAGNOSTICS, Place};

pub(crate) use self::calls::Calls;
pub(crate) use self::net::Net;
use crate::model::{Flow, Flows};
use crate::name::{Language, PromptName};

/// What flows may name.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The flows that numbers lead to.
    pub entries: &'a BTreeSet<FlowId>,
    /// The flows that exist and of which nothing could be read. What they lead to, and how, is not known.
    pub unread: &'a BTreeSet<FlowId>,
    /// The queues.
    pub queues: &'a BTreeSet<QueueId>,
    /// The extensions that calls can be transferred to.
    pub extensions: &'a BTreeSet<String>,
    /// The ids of the agents.
    pub agents: &'a BTreeSet<String>,
    /// The skills that agents can have.
    pub skills: &'a BTreeSet<String>,
    /// The highest level of a skill among the members of a queue; 0 if none has it.
    pub skilled: &'a dyn Fn(&QueueId, &str) -> u8,
    /// The schedules of opening hours.
    pub schedules: &'a BTreeSet<String>,
    /// The prompts of each language.
    pub prompts: &'a BTreeMap<Language, BTreeSet<PromptName>>,
    /// True if there is an engine for `{speak: …}`.
    pub speech: bool,
    /// Whether a number outside, as a flow writes it, has a route.
    pub routed: &'a dyn Fn(&str) -> bool,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("entries", self.entries)
            .field("queues", self.queues)
            .field("schedules", self.schedules)
            .finish_non_exhaustive()
    }
}

/// All mistakes of flows that were read, at most 100 of each, by flow and in the order of its file. Where none is an
/// error and all flows are whole they can run: then no call reaches a step that does not exist. Of a flow that is not
/// whole, and of what others expect of it, only that is told which holds whatever was meant at its mistakes.
///
/// Flows are checked together because they call one another: what one sets, another reads.
#[must_use]
pub fn check(flows: &Flows, world: &World<'_>) -> Vec<Diagnostic> {
    let calls = Calls::new(flows);
    let mut findings: BTreeMap<&FlowId, Findings<'_>> =
        flows.iter().map(|(name, flow)| (name, Findings::new(flow))).collect();
    calls.check(flows, world, &mut findings);
    let answered = calls.answered_at_start(flows, world);
    for (name, flow) in flows.iter() {
        let Some(found) = findings.get_mut(name) else { continue };
        let Some(net) = calls.net(name) else { continue };
        names::check(flow, world, found);
        paths::check(net, found);
        let at_start = answered.get(name).copied().unwrap_or(true);
        variables::check(net, &calls, at_start, found);
        privacy::check(flow, flows, found);
    }
    findings.into_values().flat_map(Findings::into_diagnostics).collect()
}

/// The mistakes of one flow.
pub(super) struct Findings<'f> {
    flow: &'f Flow,
    diagnostics: Vec<Diagnostic>,
}

impl<'f> Findings<'f> {
    const fn new(flow: &'f Flow) -> Self {
        Self { flow, diagnostics: Vec::new() }
    }

    /// Notes what would hurt a caller.
    fn error(&mut self, place: Place, problem: impl Into<String>, remedy: impl Into<String>) {
        self.note(self.flow.source.diagnostic(place, problem, remedy));
    }

    /// Notes what works, but hardly as it is meant.
    fn warning(&mut self, place: Place, problem: impl Into<String>, remedy: impl Into<String>) {
        self.note(self.flow.source.diagnostic(place, problem, remedy).as_warning());
    }

    fn note(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS && !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        diagnostics
    }
}
