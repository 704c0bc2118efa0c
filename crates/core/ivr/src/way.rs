//! The longest way before a caller can reach a person.

use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::FlowId;

use crate::check::{Calls, Net};
use crate::decode::MAX_DIGITS;
use crate::end::StepExit;
use crate::model::{Ask, Flow, Flows, LookupSource, SayItem, StepKind, TransferTo};
use crate::name::{Language, PromptName, StepName};
use crate::session::{CALLBACK_LIMIT, KEY_LENGTH};

/// The longest way from the start of a flow to the first step at which a person may answer: a queue, or a transfer to
/// an extension, an agent or a number outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// How long it takes.
    pub duration: Duration,
    /// How many things are said on the way whose length is not known; they count as nothing.
    pub unknown_lengths: usize,
    /// The steps in their order. The last one is where a person may answer, and takes no time itself.
    pub steps: Vec<WayStep>,
}

/// One step on a [`Way`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayStep {
    /// The flow.
    pub flow: FlowId,
    /// The step.
    pub step: StepName,
    /// The way out that is taken; empty at the last step.
    pub exit: String,
    /// How long the caller is in it.
    pub duration: Duration,
}

/// The longest way from the start of `flow` to a person; `None` if no way leads to one, or if there is no such flow.
///
/// It is the way of a caller who lets every time limit run out: each question is repeated as often as the step allows,
/// for silence and for wrong keys, and answered with the last second; requests, recordings and streams last as long
/// as they may. Prompts last as long as `length` says, in the slowest language of the flow; what is said of values or
/// by the speech engine counts as nothing and is counted. Conditions, calendars and variables take no time. A step is
/// passed once: the way back to a step from which the way came is not taken, so a menu to which a caller returns
/// counts once. Flows that are called or handed to count with their own longest way.
#[must_use]
pub fn longest_way(
    flows: &Flows,
    flow: &FlowId,
    length: &dyn Fn(&Language, &PromptName) -> Option<Duration>,
) -> Option<Way> {
    let calls = Calls::new(flows);
    let mut known: BTreeMap<&FlowId, Ends> = BTreeMap::new();
    for name in calls.order() {
        let Some(net) = calls.net(name) else { continue };
        known.insert(name, Lengths { flow: net.flow, length }.longest(net, &known));
        if *name == flow {
            break;
        }
    }
    known.remove(flow)?.person
}

/// The longest ways out of a flow.
#[derive(Clone, Default)]
struct Ends {
    /// To a person.
    person: Option<Way>,
    /// To a `return`.
    returned: Option<Span>,
}

/// The longest ways from a step on.
#[derive(Clone, Copy, Default)]
struct Onward<'f> {
    person: Option<(Span, Next<'f>)>,
    returned: Option<Span>,
}

/// How a way goes on.
#[derive(Clone, Copy)]
enum Next<'f> {
    /// It ends here.
    Here,
    /// In another flow.
    Flow(&'f FlowId),
    /// By this way out of the step.
    Exit(usize),
}

struct Lengths<'a> {
    flow: &'a Flow,
    length: &'a dyn Fn(&Language, &PromptName) -> Option<Duration>,
}

/// A time, and how many things in it have no known length.
#[derive(Clone, Copy, Default)]
struct Span {
    duration: Duration,
    unknown: usize,
}

impl Span {
    fn of(duration: Duration) -> Self {
        Self { duration, unknown: 0 }
    }

    fn and(self, other: Self) -> Self {
        Self {
            duration: self.duration.saturating_add(other.duration),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

impl<'a> Lengths<'a> {
    /// Goes through the steps, those that are led to before those that lead to them.
    fn longest(&self, net: &Net<'a>, flows: &BTreeMap<&FlowId, Ends>) -> Ends {
        let order = net.graph(|_| true).finishing_order();
        let mut rank = vec![0; net.nodes.len()];
        order.iter().enumerate().for_each(|(place, node)| rank[*node] = place);
        let mut best: Vec<Onward<'_>> = vec![Onward::default(); net.nodes.len()];
        for node in order {
            let kind = &net.nodes[node].1.kind;
            let mut onward = at_step(kind, flows);
            for (number, (exit, to)) in net.edges[node].iter().enumerate() {
                // A step that was finished later is one from which the way came.
                if rank[*to] >= rank[node] {
                    continue;
                }
                let Some(through) = self.through(kind, exit.exit, flows) else { continue };
                if let Some((after, _)) = best[*to].person {
                    let span = through.and(after);
                    if onward.person.is_none_or(|(known, _)| span.duration > known.duration) {
                        onward.person = Some((span, Next::Exit(number)));
                    }
                }
                let returned = best[*to].returned.map(|after| through.and(after));
                onward.returned =
                    [onward.returned, returned].into_iter().flatten().max_by_key(|span| span.duration);
            }
            best[node] = onward;
        }
        let start = net.start().and_then(|start| best.get(start)).copied().unwrap_or_default();
        let person = start.person.map(|(span, _)| Way {
            duration: span.duration,
            unknown_lengths: span.unknown,
            steps: self.steps(net, &best, flows),
        });
        Ends { person, returned: start.returned }
    }

    /// The steps of the longest way to a person.
    fn steps(&self, net: &Net<'a>, best: &[Onward<'_>], flows: &BTreeMap<&FlowId, Ends>) -> Vec<WayStep> {
        let mut steps = Vec::new();
        let mut next = net.start();
        while let Some(node) = next {
            let (name, step) = net.nodes[node];
            let Some((_, onward)) = best[node].person else { break };
            let way_out = if let Next::Exit(number) = onward { net.edges[node].get(number) } else { None };
            let span = way_out.and_then(|(exit, _)| self.through(&step.kind, exit.exit, flows));
            steps.push(WayStep {
                flow: self.flow.name().clone(),
                step: name.clone(),
                exit: way_out.map(|(exit, _)| exit.name()).unwrap_or_default(),
                duration: span.unwrap_or_default().duration,
            });
            if let Next::Flow(flow) = onward
                && let Some(way) = flows.get(flow).and_then(|ends| ends.person.as_ref())
            {
                steps.extend(way.steps.iter().cloned());
            }
            next = way_out.map(|(_, to)| *to);
        }
        steps
    }

    /// The way through a step by one of its exits; `None` if a person is there, or a flow that never comes back.
    fn through(&self, kind: &StepKind, exit: StepExit, flows: &BTreeMap<&FlowId, Ends>) -> Option<Span> {
        if let StepKind::Call(call) = kind {
            return flows.get(&call.flow.value)?.returned;
        }
        let person = matches!(kind, StepKind::Queue(_) | StepKind::Transfer(_));
        (!person).then(|| self.span(kind, exit))
    }

    fn span(&self, kind: &StepKind, exit: StepExit) -> Span {
        match kind {
            StepKind::Ring(ring) => Span::of(ring.duration),
            StepKind::Say(say) => self.said(&say.prompts),
            StepKind::Menu(menu) => {
                let dialled = menu.direct_dial.as_ref().filter(|_| exit == StepExit::Dialled);
                let digits = dialled.map_or(Duration::ZERO, |dial| between(dial.digits, dial.next_digit));
                self.asked(&menu.ask, Duration::ZERO, digits)
            }
            StepKind::Collect(collect) => {
                let digits = between(collect.max_digits, collect.next_digit);
                self.asked(
                    &collect.ask,
                    digits,
                    if exit == StepExit::NoInput { Duration::ZERO } else { digits },
                )
            }
            StepKind::Lookup(lookup) => Span::of(match &lookup.source {
                LookupSource::Customer { timeout, .. } => *timeout,
                LookupSource::Http { http, .. } => http.timeout,
            }),
            StepKind::Webhook(webhook) => Span::of(webhook.http.timeout),
            StepKind::Voicemail(voicemail) => {
                self.said(&voicemail.recording.prompts).and(Span::of(voicemail.recording.longest))
            }
            StepKind::Record(record) => self.said(&record.prompts).and(Span::of(record.longest)),
            StepKind::Survey(survey) => survey.questions.iter().fold(Span::default(), |span, question| {
                let once = self.said(&question.prompts).and(Span::of(survey.first_digit));
                span.and(once).and(once)
            }),
            StepKind::Callback(_) => Span::of(CALLBACK_LIMIT),
            StepKind::Dtmf(dtmf) => {
                let keys = dtmf.digits.as_constant().map_or(MAX_DIGITS, str::len);
                Span::of(KEY_LENGTH.saturating_mul(u32::try_from(keys).unwrap_or(u32::MAX)))
            }
            StepKind::Stream(stream) => Span::of(stream.longest),
            StepKind::Answer(_)
            | StepKind::Condition(_)
            | StepKind::Hours(_)
            | StepKind::Set(_)
            | StepKind::Queue(_)
            | StepKind::Transfer(_)
            | StepKind::Language(_)
            | StepKind::Call(_)
            | StepKind::Return
            | StepKind::Goto(_)
            | StepKind::Hangup(_) => Span::default(),
        }
    }

    /// A question with all its repetitions: `wrong` is what wrong keys take beyond the first, `last` what the last
    /// answer does.
    fn asked(&self, ask: &Ask, wrong: Duration, last: Duration) -> Span {
        let wait = Span::of(ask.first_digit);
        let first = self.said(&ask.prompts).and(wait).and(Span::of(last));
        let silent = ask.no_input.retries.iter().map(|prompts| self.said(prompts).and(wait));
        let invalid =
            ask.invalid.retries.iter().map(|prompts| self.said(prompts).and(wait).and(Span::of(wrong)));
        silent.chain(invalid).fold(first, Span::and)
    }

    /// What is said, in the slowest of the flow's languages.
    fn said(&self, items: &[SayItem]) -> Span {
        let in_language = |language: &Language| {
            items.iter().fold(Span::default(), |span, item| {
                let known = match item {
                    SayItem::Prompt(prompt) => (self.length)(language, &prompt.value),
                    SayItem::Value { .. } | SayItem::Speech(_) | SayItem::Recorded(_) => None,
                };
                span.and(known.map_or(Span { duration: Duration::ZERO, unknown: 1 }, Span::of))
            })
        };
        self.flow.languages().map(in_language).max_by_key(|span| span.duration).unwrap_or_default()
    }
}

/// The waits between so many digits.
fn between(digits: usize, wait: Duration) -> Duration {
    wait.saturating_mul(u32::try_from(digits.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// The ways that end in a step, or in a flow that it leads to.
fn at_step<'f>(kind: &'f StepKind, flows: &BTreeMap<&FlowId, Ends>) -> Onward<'f> {
    let here = (Span::default(), Next::Here);
    let person = if let StepKind::Transfer(transfer) = kind {
        match &transfer.to {
            TransferTo::Flow(flow) => beyond(&flow.value, flows),
            TransferTo::Extension(_) | TransferTo::Agent(_) | TransferTo::Number(_) => Some(here),
        }
    } else if let StepKind::Call(call) = kind {
        beyond(&call.flow.value, flows)
    } else {
        matches!(kind, StepKind::Queue(_)).then_some(here)
    };
    Onward { person, returned: matches!(kind, StepKind::Return).then(Span::default) }
}

/// The way to a person in another flow.
fn beyond<'f>(flow: &'f FlowId, flows: &BTreeMap<&FlowId, Ends>) -> Option<(Span, Next<'f>)> {
    let way = flows.get(flow)?.person.as_ref()?;
    Some((Span { duration: way.duration, unknown: way.unknown_lengths }, Next::Flow(flow)))
}
