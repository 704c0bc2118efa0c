//! Who serves a queue.

use std::collections::BTreeMap;

use hotline_acd::Member;
use hotline_base::AgentId;
use hotline_yaml::{Node, Reader, Value, suggest};

use super::seconds;
use crate::agents::AgentEntry;
use crate::format::{MEMBER, names};

/// Members of one queue.
const MEMBERS_MAX: usize = 10_000;

/// Agents' ids, or `{agent: ID, tier: …, weight: …, wrap_up_s: …}`, in the order in which they are asked.
pub(super) fn members(
    reader: &mut Reader<'_>,
    node: &Node,
    agents: &BTreeMap<AgentId, AgentEntry>,
) -> Option<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    for item in reader.list(node, "agents", MEMBERS_MAX)? {
        let Some(member) = member(reader, item, agents) else { continue };
        if members.iter().any(|other| other.agent == member.agent) {
            reader.mistake(item.place, format!("agent `{}` is there twice", member.agent), "keep one");
        } else {
            members.push(member);
        }
    }
    Some(members)
}

fn member(reader: &mut Reader<'_>, node: &Node, agents: &BTreeMap<AgentId, AgentEntry>) -> Option<Member> {
    if !matches!(node.value, Value::Map(_)) {
        return agent(reader, node, agents).map(Member::new);
    }
    let fields = reader.fields(node, "a member", &names(&MEMBER))?;
    let agent = reader.required(&fields, "agent").and_then(|node| agent(reader, node, agents));
    let mut small = |key, most| match fields.optional(key) {
        Some(node) => reader.count(node, 1..=most).and_then(|number| u8::try_from(number).ok()),
        None => Some(1),
    };
    let (tier, weight) = (small("tier", 20), small("weight", 100));
    let wrap_up = match fields.optional("wrap_up_s") {
        Some(_) => seconds(reader, &fields, "wrap_up_s", 0..=3600, core::time::Duration::ZERO).map(Some),
        None => Some(None),
    };
    Some(Member { agent: agent?, tier: tier?, weight: weight?, wrap_up: wrap_up? })
}

fn agent(reader: &mut Reader<'_>, node: &Node, agents: &BTreeMap<AgentId, AgentEntry>) -> Option<AgentId> {
    let text = reader.text(node, "an agent's id in quotes")?;
    let id = AgentId::from(text);
    if agents.contains_key(&id) {
        return Some(id);
    }
    let remedy = suggest(text, agents.keys().map(AgentId::as_str));
    reader.mistake(node.place, format!("there is no agent `{text}`"), remedy);
    None
}
