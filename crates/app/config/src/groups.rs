//! `groups:` of the center: agents who belong together, how people name them, and who leads them.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{AgentId, GroupId};
use hotline_call::Group;
use hotline_yaml::{Fields, Node, Reader, suggest};

use crate::agents::AgentEntry;
use crate::format::{GROUP, names};

/// The most groups that are described.
const GROUPS_MAX: usize = 1000;
/// The most agents that one group names.
const MEMBERS_MAX: usize = 10_000;
/// The most leaders of one group.
const LEADERS_MAX: usize = 16;
/// The longest label, in characters.
const LABEL_CHARS_MAX: usize = 100;

/// Reads the groups and puts their members into them, beside those agents who name a group themselves.
pub(crate) fn groups(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    agents: &mut BTreeMap<AgentId, AgentEntry>,
) -> Option<BTreeMap<GroupId, Group>> {
    let Some(node) = node else { return Some(BTreeMap::new()) };
    let entries = reader.entries(node, "groups")?;
    if entries.len() > GROUPS_MAX {
        reader.mistake(node.place, format!("{} groups", entries.len()), format!("at most {GROUPS_MAX}"));
        return None;
    }
    let mut groups = BTreeMap::new();
    for (key, value) in entries {
        if reader.check_name(&key.text, key.place, "a group's name").is_none() {
            continue;
        }
        let id = GroupId::from(key.text.as_str());
        let Some(fields) = reader.fields(value, "a group", &names(&GROUP)) else { continue };
        let label = label(reader, &fields);
        let leaders = named(reader, fields.optional("leaders"), LEADERS_MAX, agents);
        let members = named(reader, fields.optional("members"), MEMBERS_MAX, agents);
        for member in &members {
            let entry = agents.get_mut(member).expect("only agents who are there are named");
            entry.agent.groups.insert(id.clone());
        }
        groups.insert(id, Group { label, leaders });
    }
    Some(groups)
}

fn label(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let node = fields.optional("label")?;
    let label = reader.text(node, "a label")?;
    if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX {
        let remedy = format!("1 to {LABEL_CHARS_MAX} characters");
        reader.mistake(node.place, "a label that cannot be shown", remedy);
    }
    Some(label.to_owned())
}

/// The agents of a list; who is not there is a mistake.
fn named(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    most: usize,
    agents: &BTreeMap<AgentId, AgentEntry>,
) -> BTreeSet<AgentId> {
    let Some(items) = node.and_then(|node| reader.list(node, "agents' ids", most)) else {
        return BTreeSet::new();
    };
    let mut found = BTreeSet::new();
    for item in items {
        let Some(text) = reader.text(item, "an agent's id in quotes") else { continue };
        let id = AgentId::from(text);
        if agents.contains_key(&id) {
            found.insert(id);
        } else {
            let remedy = suggest(text, agents.keys().map(AgentId::as_str));
            reader.mistake(item.place, format!("there is no agent `{text}`"), remedy);
        }
    }
    found
}
