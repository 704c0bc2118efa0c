//! `routes:` of the center: which numbers outside can be dialled, over which trunks.

use hotline_base::TrunkId;
use hotline_call::{DialPlan, Pattern, Route, RouteTrunk, Trunk};
use hotline_yaml::{Node, Place, Reader, Value, shown, suggest};

use super::{TrunkEntry, caller_id, optional};

use crate::format::{ROUTE, ROUTE_TRUNK, names};

const ROUTES_MAX: usize = 1000;
const PATTERNS_MAX: usize = 1000;
const TRUNKS_MAX: usize = 64;
const WEIGHT_MAX: usize = 65_535;

pub(crate) fn routes(
    reader: &mut Reader<'_>,
    node: &Node,
    trunks: &[TrunkEntry],
    plan: &DialPlan,
) -> Option<Vec<Route>> {
    let items = reader.list(node, "routes", ROUTES_MAX)?;
    Some(items.iter().filter_map(|item| route(reader, item, trunks, plan)).collect())
}

fn route(reader: &mut Reader<'_>, node: &Node, trunks: &[TrunkEntry], plan: &DialPlan) -> Option<Route> {
    let fields = reader.fields(node, "a route", &names(&ROUTE))?;
    let numbers = reader.required(&fields, "numbers").and_then(|node| {
        let items = reader.list(node, "numbers", PATTERNS_MAX)?;
        let numbers: Vec<Pattern> = items.iter().filter_map(|item| item_pattern(reader, item)).collect();
        (numbers.len() == items.len()).then_some(numbers)
    });
    let chosen = reader.required(&fields, "trunks").and_then(|node| {
        let items = reader.list(node, "trunks", TRUNKS_MAX)?;
        let entries =
            items.iter().zip(0_u16..).filter_map(|(item, place)| entry(reader, item, place, trunks));
        let entries: Vec<RouteTrunk> = entries.collect();
        (entries.len() == items.len()).then_some(entries)
    });
    let caller_id = optional(reader, &fields, "caller_id", |reader, node| caller_id(reader, node, plan));
    Some(Route { numbers: numbers?, trunks: chosen?, caller_id: caller_id? })
}

fn item_pattern(reader: &mut Reader<'_>, node: &Node) -> Option<Pattern> {
    let text = reader.text(node, "numbers in quotes, such as \"+49*\"")?;
    pattern(reader, text, node.place)
}

/// `+49*`, `112`, `*`: what normalised numbers begin with, or one of them.
pub(crate) fn pattern(reader: &mut Reader<'_>, text: &str, place: Place) -> Option<Pattern> {
    let (prefix, open) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
    let digits = prefix.strip_prefix('+').unwrap_or(prefix);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (open || !digits.is_empty());
    if !is_number {
        let remedy = "\"+49*\" for all that begin so, \"112\" for one, \"*\" for all";
        reader.mistake(place, format!("`{}` stands for no numbers", shown(text)), remedy);
        return None;
    }
    Some(Pattern { prefix: prefix.to_owned(), open })
}

/// A trunk by itself has the priority of its place in the list.
fn entry(reader: &mut Reader<'_>, node: &Node, place: u16, trunks: &[TrunkEntry]) -> Option<RouteTrunk> {
    if !matches!(node.value, Value::Map(_)) {
        let trunk = named(reader, node, trunks)?;
        return Some(RouteTrunk { trunk, priority: place, weight: 0 });
    }
    let fields = reader.fields(node, "a trunk of a route", &names(&ROUTE_TRUNK))?;
    let trunk = reader.required(&fields, "trunk").and_then(|node| named(reader, node, trunks));
    let mut number = |key: &str, otherwise: u16| match fields.optional(key) {
        Some(node) => reader.count(node, 0..=WEIGHT_MAX).and_then(|count| u16::try_from(count).ok()),
        None => Some(otherwise),
    };
    let (priority, weight) = (number("priority", place), number("weight", 1));
    Some(RouteTrunk { trunk: trunk?, priority: priority?, weight: weight? })
}

fn named(reader: &mut Reader<'_>, node: &Node, trunks: &[TrunkEntry]) -> Option<TrunkId> {
    let text = reader.text(node, "a trunk's id")?;
    let known = trunks.iter().map(|entry| &entry.outgoing);
    let Some(trunk) = known.clone().find(|trunk| trunk.id.as_str() == text) else {
        let remedy = suggest(text, known.map(|trunk| trunk.id.as_str()));
        reader.mistake(node.place, format!("there is no trunk `{text}`"), remedy);
        return None;
    };
    if !goes_out(trunk) {
        let problem = format!("no call goes out by trunk `{text}`: it has no servers");
        reader.mistake(node.place, problem, "`servers:` of that trunk");
        return None;
    }
    Some(trunk.id.clone())
}

const fn goes_out(trunk: &Trunk) -> bool {
    !trunk.servers.is_empty()
}
