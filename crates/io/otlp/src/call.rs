//! The trace of a call: made when it is over, of what its events say.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hotline_base::{CallId, WallTime};
use hotline_call::{
    CallEvent, CallRecord, DialOutcome, EndKind, Entry, Event, EventKind, OfferOutcome, QueueOutcome, Source,
};
use hotline_telemetry::Metric;

use crate::span::{Kind, Moment, Span, SpanId, TraceId, Value};
use crate::traces::Traces;

/// Calls that are followed at a time; further ones are not traced, and counted.
pub const CALLS_MAX: usize = 10_000;

/// Follows the calls of a server.
pub struct CallTraces {
    traces: Traces,
    /// Those that began while it looked, are kept, and are not over.
    calls: BTreeMap<CallId, CallRecord>,
}

impl CallTraces {
    /// Follows calls that begin from here on.
    #[must_use]
    pub const fn new(traces: Traces) -> Self {
        Self { traces, calls: BTreeMap::new() }
    }

    /// Takes what happened.
    pub fn note(&mut self, event: &Event) {
        let EventKind::Call { call, what } = &event.kind else { return };
        if matches!(what, CallEvent::Started { .. }) {
            return self.begin(*call, event.at, what);
        }
        let Some(record) = self.calls.get_mut(call) else { return };
        record.apply(event.at, what);
        if matches!(what, CallEvent::Ended { .. }) {
            spans(record, event.at).into_iter().for_each(|span| self.traces.push(span));
            self.calls.remove(call);
        }
    }

    /// Events were missed: the calls that are under way are not traced.
    pub fn missed(&mut self) {
        Metric::OtlpSpans.counter_for(["dropped"]).increment(self.calls.len() as u64);
        self.calls.clear();
    }

    fn begin(&mut self, call: CallId, at: WallTime, what: &CallEvent) {
        if !self.traces.keeps(trace_of(call)) {
            return;
        }
        if self.calls.len() >= CALLS_MAX {
            return Metric::OtlpSpans.increment_for(["dropped"]);
        }
        self.calls.extend(CallRecord::begin(call, at, what).map(|record| (call, record)));
    }
}

/// The trace of a call has the id of the call, without its hyphens.
fn trace_of(call: CallId) -> TraceId {
    let digits: String = call.to_string().chars().filter(|digit| *digit != '-').collect();
    TraceId(u128::from_str_radix(&digits, 16).unwrap_or(1).max(1))
}

/// The spans of a call that are made one after the other.
struct Tree {
    trace: TraceId,
    root: u64,
    spans: Vec<Span>,
}

impl Tree {
    fn add(&mut self, name: String, kind: Kind, (from, to): (WallTime, WallTime)) -> &mut Span {
        let number = self.spans.len() as u64;
        let id = SpanId(self.root.wrapping_add(number).max(1));
        let parent = (number > 0).then(|| SpanId(self.root.max(1)));
        let (attributes, moments) = (Vec::new(), Vec::new());
        let trace = self.trace;
        let to = to.max(from);
        self.spans.push(Span {
            trace,
            id,
            parent,
            name,
            kind,
            from,
            to,
            attributes,
            moments,
            is_error: false,
        });
        self.spans.last_mut().expect("it was just added")
    }
}

fn spans(record: &CallRecord, end: WallTime) -> Vec<Span> {
    let trace = trace_of(record.call);
    // Far enough from the end of the numbers that those of the parts come after it.
    #[expect(clippy::cast_possible_truncation, reason = "the low half of the id")]
    let root = (trace.0 as u64 & 0x7FFF_FFFF_FFFF_FFFF).max(1);
    let mut tree = Tree { trace, root, spans: Vec::new() };
    add_root(&mut tree, record, end);
    add_flows(&mut tree, record);
    for visit in &record.queues {
        let span = tree.add(
            format!("queue {}", visit.queue),
            Kind::Internal,
            (visit.entered_at, visit.left_at.unwrap_or(end)),
        );
        let outcome = visit.outcome.map_or_else(|| "pending".to_owned(), word);
        span.is_error = visit.outcome == Some(QueueOutcome::Abandoned);
        span.attributes.push(("hotline.queue.outcome", outcome.into()));
        span.attributes.push(("hotline.queue", visit.queue.as_str().into()));
    }
    for offer in &record.offers {
        let times = (offer.offered_at, offer.ended_at.unwrap_or(end));
        let span = tree.add("leg agent".to_owned(), Kind::Client, times);
        span.moments = moments(&[("invited", offer.invited_at), ("ringing", offer.ringing_at)]);
        let status = match offer.outcome {
            OfferOutcome::Pending => None,
            OfferOutcome::Answered => Some(("answered".to_owned(), None)),
            OfferOutcome::Failed { failure, status } => Some((word(failure), status)),
        };
        outcome(span, status, offer.outcome == OfferOutcome::Answered);
    }
    for dial in &record.dials {
        let times = (dial.dialled_at, dial.ended_at.unwrap_or(end));
        let span = tree.add(format!("leg {}", dial.trunk), Kind::Client, times);
        span.moments = moments(&[("ringing", dial.ringing_at)]);
        span.attributes.push(("hotline.trunk", dial.trunk.as_str().into()));
        let status = match dial.outcome {
            DialOutcome::Pending => None,
            DialOutcome::Answered => Some(("answered".to_owned(), None)),
            DialOutcome::Failed { failure, status } => Some((word(failure), status)),
        };
        outcome(span, status, dial.outcome == DialOutcome::Answered);
    }
    if let Some(connected) = record.connected_at {
        tree.add("talk".to_owned(), Kind::Internal, (connected, end));
    }
    tree.spans
}

fn add_root(tree: &mut Tree, record: &CallRecord, end: WallTime) {
    let kind = if matches!(record.source, Source::Trunk(_)) { Kind::Server } else { Kind::Internal };
    let span = tree.add("call".to_owned(), kind, (record.started_at, end));
    let mut add = |key: &'static str, value: Value| span.attributes.push((key, value));
    add("hotline.call", record.call.to_string().into());
    match &record.source {
        Source::Trunk(trunk) => {
            add("hotline.source", "trunk".into());
            add("hotline.trunk", trunk.as_str().into());
        }
        Source::Agent(_) => add("hotline.source", "agent".into()),
        Source::Queue(queue) => {
            add("hotline.source", "queue".into());
            add("hotline.queue", queue.as_str().into());
        }
    }
    match &record.entry {
        Entry::Number { number, flow } => {
            add("hotline.number", number.as_str().into());
            add("hotline.flow", flow.as_str().into());
        }
        Entry::Extension(_) => add("hotline.entry", "extension".into()),
        Entry::Outside(_) => add("hotline.entry", "outside".into()),
        Entry::Queue(queue) => {
            add("hotline.entry", "queue".into());
            add("hotline.queue", queue.as_str().into());
        }
    }
    if let Some(cause) = &record.cause {
        add("hotline.cause", word(cause.kind).into());
        add("hotline.q850", u16::from(cause.q850).into());
        if let Some(status) = cause.sip_status {
            add("hotline.sip.status", status.into());
        }
    }
    span.is_error = record.cause.as_ref().is_some_and(|cause| is_fault(cause.kind));
    span.moments = moments(&[("answered", record.answered_at), ("connected", record.connected_at)]);
    span.moments.extend(record.requests.iter().map(|one| Moment {
        at: one.at,
        name: "request",
        attributes: vec![
            ("hotline.request", one.what.request.as_str().into()),
            ("hotline.command", one.what.what.as_str().into()),
        ],
    }));
    span.moments.sort_by_key(|moment| moment.at);
}

/// A span for each stretch in one flow.
fn add_flows(tree: &mut Tree, record: &CallRecord) {
    for steps in record.path.chunk_by(|one, other| one.flow == other.flow) {
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { continue };
        let times = (first.step.entered.wall, last.step.left.wall);
        let span = tree.add(format!("flow {}", first.flow), Kind::Internal, times);
        span.attributes.push(("hotline.flow", first.flow.as_str().into()));
        span.moments.extend(steps.iter().map(|step| Moment {
            at: step.step.entered.wall,
            name: "step",
            attributes: vec![("hotline.flow.step", step.step.step.as_str().into())],
        }));
    }
}

fn outcome(span: &mut Span, outcome: Option<(String, Option<u16>)>, is_good: bool) {
    let Some((word, status)) = outcome else { return };
    span.attributes.push(("hotline.leg.outcome", word.into()));
    span.attributes.extend(status.map(|status| ("hotline.sip.status", status.into())));
    span.is_error = !is_good;
}

fn moments(known: &[(&'static str, Option<WallTime>)]) -> Vec<Moment> {
    let moment = |(name, at): &(&'static str, Option<WallTime>)| {
        at.map(|at| Moment { at, name, attributes: Vec::new() })
    };
    known.iter().filter_map(moment).collect()
}

/// Whether a call that ended so did not do what it was for.
const fn is_fault(kind: EndKind) -> bool {
    match kind {
        EndKind::Completed
        | EndKind::Transferred
        | EndKind::FlowEnded
        | EndKind::HungUpEarly
        | EndKind::NotAnswered
        | EndKind::Blocked
        | EndKind::Shutdown => false,
        EndKind::Abandoned
        | EndKind::Refused
        | EndKind::NoTrunk
        | EndKind::Unreachable
        | EndKind::MediaLost
        | EndKind::SessionExpired
        | EndKind::ServerRestart
        | EndKind::InternalError => true,
    }
}

/// The name of a variant: `no_answer` of `NoAnswer`.
fn word(variant: impl Debug) -> String {
    let name = format!("{variant:?}");
    let mut word = String::new();
    for letter in name.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
