//! `web:` of the center: what visitors of web pages may do.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::QueueId;
use hotline_call::number::normalise;
use hotline_call::{DialPlan, Number, Queue, Web};
use hotline_yaml::{Fields, Node, Reader, Value, suggest};

use crate::flow_world::NumberEntry;
use crate::format::{WEB, names};
use crate::queues::Queues;

/// Numbers that visitors may call, and hosts whose pages may ask.
const LIST_MAX: usize = 100;
/// Calls of visitors at a time unless it is said.
const CALLS_MAX: usize = 20;

/// The numbers of a center, and where they lead.
type Numbers = (BTreeMap<String, Number>, Vec<NumberEntry>);

/// What visitors may do, with the numbers and queues of the center; nothing unless it is said. `center` is the
/// whole file.
pub(crate) fn web(
    reader: &mut Reader<'_>,
    center: &Fields<'_>,
    plan: Option<&DialPlan>,
    (numbers, queues): (&Option<Numbers>, &Option<Queues>),
) -> Option<Web> {
    let Some(node) = center.optional("web") else { return Some(Web::default()) };
    let (plan, (numbers, _), Queues { queues, .. }) = (plan?, numbers.as_ref()?, queues.as_ref()?);
    let fields = reader.fields(node, "web", &names(&WEB))?;
    let mut allowed = BTreeSet::new();
    for item in list(reader, fields.optional("numbers"), "numbers of the center")? {
        let Some(text) = reader.text(item, "a number in quotes") else { continue };
        if normalise(text, plan).is_some_and(|number| numbers.contains_key(&number)) {
            allowed.insert(text.to_owned());
        } else {
            let remedy = suggest(text, numbers.keys().map(String::as_str));
            reader.mistake(item.place, format!("`{text}` is no number of this center"), remedy);
        }
    }
    let callback = match fields.optional("callback") {
        Some(node) => Some(queue(reader, node, queues, center.optional("queues"))?),
        None => None,
    };
    let mut origins = BTreeSet::new();
    for item in list(reader, fields.optional("origins"), "hosts of pages")? {
        let Some(text) = reader.text(item, "such as `https://shop.example`") else { continue };
        if is_origin(text) {
            origins.insert(text.to_ascii_lowercase());
        } else {
            let remedy = "a scheme and a host, such as `https://shop.example`, without a path";
            reader.mistake(item.place, format!("`{text}` is no place of pages"), remedy);
        }
    }
    let calls_max = match fields.optional("calls_max") {
        Some(node) => reader.count(node, 1..=10_000)?,
        None => CALLS_MAX,
    };
    Some(Web { numbers: allowed, callback, origins, calls_max })
}

fn list<'n>(reader: &mut Reader<'_>, node: Option<&'n Node>, what: &str) -> Option<&'n [Node]> {
    match node {
        Some(node) => reader.list(node, what, LIST_MAX),
        None => Some(&[]),
    }
}

fn queue(
    reader: &mut Reader<'_>,
    node: &Node,
    queues: &BTreeMap<QueueId, Queue>,
    written: Option<&Node>,
) -> Option<QueueId> {
    let text = reader.text(node, "a queue's id")?;
    let id = QueueId::from(text);
    if queues.contains_key(&id) {
        return Some(id);
    }
    // One with mistakes is there all the same.
    let is_written = written.is_some_and(|queues| {
        matches!(&queues.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.text == text))
    });
    if !is_written {
        let remedy = suggest(text, queues.keys().map(QueueId::as_str));
        reader.mistake(node.place, format!("there is no queue `{text}`"), remedy);
    }
    None
}

/// What a browser sends as `Origin` (RFC 6454 §6.2).
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | ':' | '[' | ']')
    };
    rest.is_some_and(|host| !host.is_empty() && host.len() <= 255 && host.chars().all(is_host))
}
