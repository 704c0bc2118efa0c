//! `blocked`, `allowed` and `blocked_customers` of the center, and `allow_only` of its numbers: who gets through.

use hotline_base::WallTime;
use hotline_call::{BlockList, Callers, DialPlan, Listed, Pattern, Refusal, Screening, number};
use hotline_hours::Zone;
use hotline_yaml::{Fields, Node, Place, Reader, Value};

use crate::center::{Known, flow_named};
use crate::flow_world::NumberEntry;
use crate::format::{BLOCK_LIST, LISTED, REFUSING_FLOW, names};
use crate::trunks::pattern;

/// The most lists of blocked callers.
const LISTS_MAX: usize = 100;
/// The most callers on one list.
const CALLERS_MAX: usize = 10_000;
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 200;
/// Who sends no number.
const ANONYMOUS: &str = "anonymous";

/// What entries of the lists are read with.
pub(crate) struct Around<'a> {
    pub(crate) plan: &'a DialPlan,
    pub(crate) zone: &'a Zone,
    pub(crate) language: &'a str,
    pub(crate) known: &'a Known<'a>,
}

impl<'a> Around<'a> {
    /// `None` if one of them could not be read, which has its own mistake.
    pub(crate) fn of(
        plan: Option<&'a DialPlan>,
        zone: Option<&'a Zone>,
        language: Option<&'a str>,
        known: &'a Known<'a>,
    ) -> Option<Self> {
        Some(Self { plan: plan?, zone: zone?, language: language?, known })
    }
}

/// Who gets through, and the flows that answer those who do not.
pub(crate) fn screening(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    around: &Around<'_>,
) -> Option<(Screening, Vec<NumberEntry>)> {
    let mut flows = Vec::new();
    let blocked = match fields.optional("blocked") {
        Some(node) => lists(reader, node, around, &mut flows),
        None => Some(Vec::new()),
    };
    let allowed = match fields.optional("allowed") {
        Some(node) => callers(reader, node, around),
        None => Some(Vec::new()),
    };
    let customers = match fields.optional("blocked_customers") {
        Some(node) if matches!(&node.value, Value::Text(text) if text == "admit") => Some(None),
        Some(node) => {
            refusal(reader, node, around, &mut flows, "decline, busy, admit, or {flow: NAME}").map(Some)
        }
        None => Some(Some(Refusal::Decline)),
    };
    Some((Screening { blocked: blocked?, allowed: allowed?, customers: customers? }, flows))
}

fn lists(
    reader: &mut Reader<'_>,
    node: &Node,
    around: &Around<'_>,
    flows: &mut Vec<NumberEntry>,
) -> Option<Vec<BlockList>> {
    let entries = reader.entries(node, "lists of blocked callers")?;
    if entries.len() > LISTS_MAX {
        reader.mistake(node.place, format!("{} lists", entries.len()), format!("at most {LISTS_MAX}"));
        return None;
    }
    let mut lists = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if reader.check_name(&key.text, key.place, "the name of a list").is_none() {
            continue;
        }
        let Some(fields) = reader.fields(value, "a list of blocked callers", &names(&BLOCK_LIST)) else {
            continue;
        };
        let refusal = match fields.optional("answer") {
            Some(node) => refusal(reader, node, around, flows, "decline, busy, or {flow: NAME}"),
            None => Some(Refusal::Decline),
        };
        let callers =
            reader.required(&fields, "numbers").and_then(|numbers| callers(reader, numbers, around));
        if let (Some(refusal), Some(callers)) = (refusal, callers) {
            lists.push(BlockList { name: key.text.clone(), refusal, callers });
        }
    }
    Some(lists)
}

/// `decline`, `busy`, or `{flow: NAME}`.
fn refusal(
    reader: &mut Reader<'_>,
    node: &Node,
    around: &Around<'_>,
    flows: &mut Vec<NumberEntry>,
    expected: &str,
) -> Option<Refusal> {
    match &node.value {
        Value::Text(text) if text == "decline" => Some(Refusal::Decline),
        Value::Text(text) if text == "busy" => Some(Refusal::Busy),
        Value::Map(_) => {
            let fields = reader.fields(node, "an answer", &names(&REFUSING_FLOW))?;
            let named = reader.required(&fields, "flow")?;
            let flow = flow_named(reader, named, around.known)?.name().clone();
            let language = around.language.to_owned();
            flows.push(NumberEntry { flow: flow.clone(), language, place: named.place });
            Some(Refusal::Flow(flow))
        }
        Value::Text(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::List(_) => {
            reader.mistake(node.place, "that is no answer to a call", expected);
            None
        }
    }
}

/// Numbers, or beginnings of numbers, with the reason why they are on the list, and until when.
fn callers(reader: &mut Reader<'_>, node: &Node, around: &Around<'_>) -> Option<Vec<Listed>> {
    let entries = reader.entries(node, "callers by their numbers")?;
    if entries.len() > CALLERS_MAX {
        reader.mistake(node.place, format!("{} callers", entries.len()), format!("at most {CALLERS_MAX}"));
        return None;
    }
    let listed = entries.iter().filter_map(|(key, value)| {
        let callers = caller(reader, &key.text, key.place, around.plan);
        let (reason, until) = reason(reader, value, around.zone)?;
        Some(Listed { callers: callers?, reason, until })
    });
    Some(listed.collect())
}

/// Who alone may call a number.
pub(crate) fn allow_only(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    plan: &DialPlan,
) -> Option<Option<Vec<Callers>>> {
    let Some(node) = node else { return Some(None) };
    let items = reader.list(node, "numbers", CALLERS_MAX)?;
    let mut only = Vec::with_capacity(items.len());
    for item in items {
        let text = reader.text(item, "numbers in quotes, such as \"+49*\"")?;
        only.push(caller(reader, text, item.place, plan)?);
    }
    Some(Some(only))
}

fn caller(reader: &mut Reader<'_>, text: &str, place: Place, plan: &DialPlan) -> Option<Callers> {
    if text == ANONYMOUS {
        return Some(Callers::Anonymous);
    }
    let Pattern { prefix, open } = pattern(reader, text, place)?;
    // Whoever writes one number writes it as it is dialled.
    let whole = if open { None } else { number::normalise(&prefix, plan) };
    Some(Callers::Numbers(Pattern { prefix: whole.unwrap_or(prefix), open }))
}

/// A reason, or `{reason, until}`.
fn reason(reader: &mut Reader<'_>, node: &Node, zone: &Zone) -> Option<(String, Option<WallTime>)> {
    let (reason, until) = match &node.value {
        Value::Map(_) => {
            let fields = reader.fields(node, "a caller on a list", &names(&LISTED))?;
            let until = match fields.optional("until") {
                Some(node) => Some(last_day(reader, node, zone)?),
                None => None,
            };
            (reader.required(&fields, "reason")?, until)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::List(_) => (node, None),
    };
    let text = reader.text(reason, "the reason, in a few words")?;
    if text.is_empty() || text.chars().count() > REASON_CHARS_MAX {
        let remedy = format!("1 to {REASON_CHARS_MAX} characters");
        reader.mistake(reason.place, "a reason that cannot be shown", remedy);
        return None;
    }
    Some((text.to_owned(), until))
}

/// The end of the last day, such as `2027-01-31`, in the center's zone.
fn last_day(reader: &mut Reader<'_>, node: &Node, zone: &Zone) -> Option<WallTime> {
    let text = reader.text(node, "a date in quotes, such as \"2027-01-31\"")?;
    let mut parts = text.splitn(3, '-');
    let date = (|| {
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let is_written_out = year.len() == 4 && month.len() == 2 && day.len() == 2;
        is_written_out.then_some(())?;
        zone.midnight(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    })();
    if date.is_none() {
        reader.mistake(node.place, "that is no date", "the last day, such as \"2027-01-31\"");
    }
    date.map(|midnight| zone.day_after(midnight))
}
