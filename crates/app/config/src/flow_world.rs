//! What flows are checked against: by the start, and again whenever a flow changes while the server runs.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{FlowId, QueueId};
use hotline_call::{DialPlan, Route, number};
use hotline_ivr::{Flows, World, check};
use hotline_yaml::{Diagnostic, Node, Place, Source, Value, suggest};

use crate::flows::{FlowText, Prompts, parse_all, sort};

/// The center as flows see it.
#[derive(Clone, Debug)]
pub struct FlowWorld {
    /// The flows that numbers lead to.
    pub(crate) entries: BTreeSet<FlowId>,
    pub(crate) queues: BTreeSet<QueueId>,
    pub(crate) skills: BTreeSet<String>,
    /// The highest level of each skill among the members of each queue.
    pub(crate) skilled: BTreeMap<(QueueId, String), u8>,
    pub(crate) extensions: BTreeSet<String>,
    pub(crate) agents: BTreeSet<String>,
    pub(crate) schedules: BTreeSet<String>,
    pub(crate) dial_plan: DialPlan,
    pub(crate) routes: Vec<Route>,
    pub(crate) prompts: Prompts,
    /// The flows that numbers lead to and that are not judged beside these: what they lead to, and how, is not known.
    pub(crate) elsewhere: BTreeSet<FlowId>,
    /// The file that names flows.
    pub(crate) center: Source,
    pub(crate) numbers: Vec<NumberEntry>,
}

/// A number that leads to a flow.
#[derive(Clone, Debug)]
pub(crate) struct NumberEntry {
    pub(crate) flow: FlowId,
    pub(crate) language: String,
    /// Where the flow is named.
    pub(crate) place: Place,
}

impl FlowWorld {
    /// The flows of these texts, all of them together, and what is to be said about them, in the order of the texts:
    /// they can be used if none of it is an error. What the center's numbers lead to must be among them.
    #[must_use]
    pub fn check(&self, texts: &[FlowText]) -> (Flows, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let flows = parse_all(texts, &mut found);
        let written: BTreeSet<FlowId> = texts.iter().map(|text| text.flow.clone()).collect();
        self.check_flows(&flows, &unread(&flows, &written), &mut found);
        sort(texts, &mut found);
        self.check_numbers(&flows, &written, &mut found);
        (flows, found)
    }

    /// The text of the center's file, with its passwords.
    #[must_use]
    pub fn center_text(&self) -> &str {
        self.center.text()
    }

    /// The prompts that flows may name.
    #[must_use]
    pub const fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    /// The same center with other prompts.
    #[must_use]
    pub fn with_prompts(&self, prompts: Prompts) -> Self {
        Self { prompts, ..self.clone() }
    }

    pub(crate) fn check_flows(&self, flows: &Flows, unread: &BTreeSet<FlowId>, found: &mut Vec<Diagnostic>) {
        let routed = |number: &str| {
            let number = number::normalise(number, &self.dial_plan);
            number.is_some_and(|number| self.routes.iter().any(|route| route.fits(&number)))
        };
        let skilled = |queue: &QueueId, skill: &str| {
            self.skilled.get(&(queue.clone(), skill.to_owned())).copied().unwrap_or_default()
        };
        let unread = unread.union(&self.elsewhere).cloned().collect();
        let world = World {
            entries: &self.entries,
            unread: &unread,
            queues: &self.queues,
            extensions: &self.extensions,
            agents: &self.agents,
            skills: &self.skills,
            skilled: &skilled,
            schedules: &self.schedules,
            prompts: &self.prompts,
            // Without a setting it is espeak-ng.
            speech: true,
            routed: &routed,
        };
        found.extend(check(flows, &world));
    }

    /// A number whose flow is `written` but was not read, or not wholly, has nothing to be told.
    fn check_numbers(&self, flows: &Flows, written: &BTreeSet<FlowId>, mistakes: &mut Vec<Diagnostic>) {
        for number in &self.numbers {
            match flows.get(&number.flow) {
                Some(flow) if !flow.is_whole() => {}
                Some(flow) if flow.languages().any(|known| known.as_str() == number.language) => {}
                Some(_) => {
                    let (flow, language) = (&number.flow, &number.language);
                    let problem =
                        format!("flow `{flow}` does not speak `{language}`, the language of this number");
                    mistakes.push(self.center.diagnostic(
                        number.place,
                        problem,
                        format!("add `{language}` to the `languages` of the flow"),
                    ));
                }
                None if written.contains(&number.flow) => {}
                None => {
                    let remedy = suggest(number.flow.as_str(), flows.iter().map(|(id, _)| id.as_str()));
                    let problem =
                        format!("there is no flow `{}`, which the center leads calls to", number.flow);
                    mistakes.push(self.center.diagnostic(number.place, problem, remedy));
                }
            }
        }
    }
}

/// The flows that are written and of which nothing could be read.
pub(crate) fn unread(flows: &Flows, written: &BTreeSet<FlowId>) -> BTreeSet<FlowId> {
    written.iter().filter(|name| flows.get(name).is_none()).cloned().collect()
}

/// The flows that numbers of a center's file lead to, and those that answer blocked callers, whether there are such or not.
pub(crate) fn led_to(root: &Node) -> impl Iterator<Item = FlowId> {
    let numbers = values(entry(root, "numbers"));
    let lists = values(entry(root, "blocked")).filter_map(|list| entry(list, "answer"));
    let all = numbers.chain(lists).chain(entry(root, "blocked_customers"));
    all.filter_map(|number| match &entry(number, "flow")?.value {
        Value::Text(flow) => Some(FlowId::from(flow.as_str())),
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::List(_)
        | Value::Map(_) => None,
    })
}

fn values(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let entries = match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries.as_slice(),
        Some(
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Text(_)
            | Value::List(_),
        )
        | None => &[],
    };
    entries.iter().map(|(_, value)| value)
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(known, _)| known.text == key).map(|(_, value)| value)
}
