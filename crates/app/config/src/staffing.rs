//! What agents may choose from, and what is done after calls: `reasons:`, `skills:` and `dispositions:` of the center,
//! `wrap_up:` of a queue, `skills:` and `groups:` of an agent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use hotline_acd::{REASONS_MAX, ReasonClass, ReasonConfig, SKILL_LEVEL_MAX, WrapUp, WrapUpMode};
use hotline_base::{GroupId, SkillId};
use hotline_call::{DispositionGroup, PickUpBy, Staffing};
use hotline_yaml::{Fields, Node, Reader, Value, suggest};

use crate::format::{self, REASON, WRAP_UP};
use crate::trunks::choice;

/// The most skills of a center.
const SKILLS_MAX: usize = 1000;
/// The most dispositions of a center.
const DISPOSITIONS_MAX: usize = 500;
/// How deep groups of dispositions may lie in one another.
const DISPOSITION_DEPTH_MAX: usize = 4;
/// The most groups of one agent.
const GROUPS_MAX: usize = 100;
/// Reasons that agents have without choosing them.
const OWN_REASONS: [&str; 4] = ["signed_in", "missed", "phone_fault", "phone_lost"];
/// After-call work in whole seconds.
const WRAP_UP_S: RangeInclusive<u32> = 0..=3600;
const EXTENSIONS_MAX: usize = 20;
const DAY_S: u32 = 86_400;

const MODES: [(&str, WrapUpMode); 5] = [
    ("manual", WrapUpMode::Manual),
    ("optional", WrapUpMode::Optional),
    ("timed", WrapUpMode::Timed),
    ("forced", WrapUpMode::Forced),
    ("on_request", WrapUpMode::OnRequest),
];
const CLASSES: [(&str, ReasonClass); 6] = [
    ("break", ReasonClass::Break),
    ("meal", ReasonClass::Meal),
    ("work", ReasonClass::Work),
    ("training", ReasonClass::Training),
    ("fault", ReasonClass::Fault),
    ("other", ReasonClass::Other),
];

/// The words of who may take a call that rings at a colleague's phone.
const PICK_UP: [(&str, PickUpBy); 2] = [("groups", PickUpBy::Groups), ("everybody", PickUpBy::Everybody)];

pub(crate) fn staffing(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Staffing> {
    let reasons = fields.optional("reasons").map_or(Some(BTreeMap::new()), |node| reasons(reader, node));
    let skills = names(reader, fields, "skills", "a skill's id", SKILLS_MAX);
    let dispositions = match fields.optional("dispositions") {
        Some(node) => disposition_tree(reader, node),
        None => Some(Default::default()),
    };
    let skills = skills?.into_iter().map(|(id, name)| (SkillId::from(id.as_str()), name)).collect();
    let (dispositions, root) = dispositions?;
    let pick_up = match fields.optional("pick_up") {
        Some(node) => choice(reader, node, "rule", &PICK_UP)?,
        None => PickUpBy::default(),
    };
    // Groups name agents, who name skills.
    let groups = BTreeMap::new();
    let disposition_groups = root.groups;
    Some(Staffing { reasons: reasons?, skills, dispositions, disposition_groups, groups, pick_up })
}

fn reasons(reader: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<std::sync::Arc<str>, ReasonConfig>> {
    let entries = reader.entries(node, "reasons")?;
    if entries.len() > REASONS_MAX {
        reader.mistake(node.place, format!("{} reasons", entries.len()), format!("at most {REASONS_MAX}"));
        return None;
    }
    let mut reasons = BTreeMap::new();
    for (key, value) in entries {
        if reader.check_name(&key.text, key.place, "a reason's word").is_none() {
            continue;
        }
        if OWN_REASONS.contains(&key.text.as_str()) {
            let problem = format!("agents have the reason `{}` without choosing it", key.text);
            reader.mistake(key.place, problem, "another word");
            continue;
        }
        if let Some(reason) = reason(reader, &key.text, value) {
            reasons.insert(key.text.as_str().into(), reason);
        }
    }
    Some(reasons)
}

fn reason(reader: &mut Reader<'_>, word: &str, node: &Node) -> Option<ReasonConfig> {
    let fields = reader.fields(node, "a reason", &format::names(&REASON))?;
    let name = match fields.optional("name") {
        Some(node) => reader.text(node, "a name").map(str::to_owned),
        None => Some(word.to_owned()),
    };
    let class = match fields.optional("class") {
        Some(node) => choice(reader, node, "class", &CLASSES),
        None => Some(ReasonClass::Other),
    };
    let daily_quota = fields.optional("daily_quota_s").map(|node| reader.seconds(node, 1..=DAY_S));
    let at_once_max = fields.optional("at_once_max").map(|node| reader.count(node, 1..=10_000));
    Some(ReasonConfig {
        name: name?,
        class: class?,
        daily_quota: given(daily_quota)?,
        at_once_max: given(at_once_max)?.and_then(|most| u32::try_from(most).ok()),
    })
}

/// What is absent is fine; what is there must be good.
const fn given<T: Copy>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(good @ Some(_)) => Some(good),
    }
}

/// Names by their ids; the list may be absent.
fn names(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    list: &str,
    what: &str,
    most: usize,
) -> Option<BTreeMap<String, String>> {
    let Some(node) = fields.optional(list) else { return Some(BTreeMap::new()) };
    let entries = reader.entries(node, list)?;
    if entries.len() > most {
        reader.mistake(node.place, format!("{} {list}", entries.len()), format!("at most {most}"));
        return None;
    }
    let mut names = BTreeMap::new();
    for (key, value) in entries {
        let is_name = reader.check_name(&key.text, key.place, what).is_some();
        if let Some(name) = reader.text(value, "a name").filter(|_| is_name) {
            names.insert(key.text.clone(), name.to_owned());
        }
    }
    Some(names)
}

/// The dispositions by their codes, and how they are grouped: `{sold: Sold, complaint: {name: Complaint, codes: {late: Late}}}`.
fn disposition_tree(
    reader: &mut Reader<'_>,
    node: &Node,
) -> Option<(BTreeMap<String, String>, DispositionGroup)> {
    let (mut names, mut root) = (BTreeMap::new(), DispositionGroup::default());
    let mut codes = BTreeSet::new();
    add_dispositions(reader, node, (&mut names, &mut codes), &mut root, DISPOSITION_DEPTH_MAX)?;
    if codes.len() > DISPOSITIONS_MAX {
        let problem = format!("{} dispositions", codes.len());
        reader.mistake(node.place, problem, format!("at most {DISPOSITIONS_MAX}"));
        return None;
    }
    Some((names, root))
}

/// Adds the entries of one group. A code stands for one thing, wherever it is.
fn add_dispositions(
    reader: &mut Reader<'_>,
    node: &Node,
    known: (&mut BTreeMap<String, String>, &mut BTreeSet<String>),
    group: &mut DispositionGroup,
    depth: usize,
) -> Option<()> {
    let (names, codes) = known;
    for (key, value) in reader.entries(node, "dispositions")? {
        if reader.check_name(&key.text, key.place, "a disposition's code").is_none() {
            continue;
        }
        if !codes.insert(key.text.clone()) {
            reader.mistake(key.place, format!("`{}` is there twice", key.text), "another code");
            continue;
        }
        if !matches!(value.value, Value::Map(_)) {
            if let Some(name) = reader.text(value, "a name") {
                names.insert(key.text.clone(), name.to_owned());
                group.codes.push(key.text.clone());
            }
            continue;
        }
        let fields = reader.fields(value, "a group of dispositions", &["name", "codes"])?;
        let name = reader.required(&fields, "name").and_then(|node| reader.text(node, "a name"));
        let inner = reader.required(&fields, "codes");
        let (Some(name), Some(inner)) = (name, inner) else { continue };
        if depth == 0 {
            reader.mistake(key.place, "groups lie too deep in one another", "fewer groups in groups");
            continue;
        }
        let mut own =
            DispositionGroup { code: key.text.clone(), name: name.to_owned(), ..DispositionGroup::default() };
        add_dispositions(reader, inner, (names, codes), &mut own, depth - 1)?;
        group.groups.push(own);
    }
    Some(())
}

/// After-call work of a queue: `wrap_up:`, or its length alone as `wrap_up_s:`.
pub(crate) fn wrap_up(reader: &mut Reader<'_>, fields: &Fields<'_>, staffing: &Staffing) -> Option<WrapUp> {
    let usual = WrapUp::default();
    let (Some(node), short) = (fields.optional("wrap_up"), fields.optional("wrap_up_s")) else {
        let length = match fields.optional("wrap_up_s") {
            Some(node) => reader.seconds(node, WRAP_UP_S)?,
            None => usual.length,
        };
        return Some(WrapUp { length, ..usual });
    };
    if let Some(short) = short {
        reader.mistake(short.place, "both `wrap_up` and `wrap_up_s`", "keep one; `seconds` is the length");
    }
    let own = reader.fields(node, "wrap_up", &format::names(&WRAP_UP))?;
    let mode = match own.optional("mode") {
        Some(node) => choice(reader, node, "mode", &MODES),
        None => Some(usual.mode),
    };
    if let (Some(WrapUpMode::Manual), Some(node)) = (mode, own.optional("seconds")) {
        reader.mistake(node.place, "`manual` lasts until the agent ends it", "another mode, or no `seconds`");
    }
    let length = seconds(reader, &own, "seconds", WRAP_UP_S, usual.length);
    let extend_by = seconds(reader, &own, "extend_s", 1..=3600, usual.extend_by);
    let extensions_max = match own.optional("extensions") {
        Some(node) => reader.count(node, 0..=EXTENSIONS_MAX).and_then(|most| u8::try_from(most).ok()),
        None => Some(usual.extensions_max),
    };
    let disposition_required = match own.optional("disposition") {
        Some(node) => {
            let required = choice(reader, node, "disposition", &[("required", true), ("optional", false)])?;
            if required && staffing.dispositions.is_empty() {
                let remedy = "add `dispositions:` to the center";
                reader.mistake(node.place, "a disposition is required, and the center has none", remedy);
            }
            Some(required)
        }
        None => Some(false),
    };
    Some(WrapUp {
        mode: mode?,
        length: length?,
        extend_by: extend_by?,
        extensions_max: extensions_max?,
        disposition_required: disposition_required?,
    })
}

fn seconds(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: RangeInclusive<u32>,
    usual: Duration,
) -> Option<Duration> {
    fields.optional(key).map_or(Some(usual), |node| reader.seconds(node, allowed))
}

/// The dispositions that calls of a queue can get.
pub(crate) fn dispositions(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    staffing: &Staffing,
) -> Option<BTreeSet<String>> {
    let Some(node) = node else { return Some(BTreeSet::new()) };
    let mut codes = BTreeSet::new();
    for item in reader.list(node, "codes of dispositions", DISPOSITIONS_MAX)? {
        let code = reader.text(item, "a disposition's code")?;
        if !staffing.dispositions.contains_key(code) {
            let remedy = suggest(code, staffing.dispositions.keys().map(String::as_str));
            reader.mistake(item.place, format!("there is no disposition `{code}`"), remedy);
        }
        codes.insert(code.to_owned());
    }
    Some(codes)
}

/// What an agent can do: skills of the center, each with its level.
pub(crate) fn levels(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    staffing: &Staffing,
) -> Option<BTreeMap<SkillId, u8>> {
    let Some(node) = node else { return Some(BTreeMap::new()) };
    let mut levels = BTreeMap::new();
    for (key, value) in reader.entries(node, "skills")? {
        let skill = SkillId::from(key.text.as_str());
        let level = reader.count(value, 1..=usize::from(SKILL_LEVEL_MAX));
        if !staffing.skills.contains_key(&skill) {
            let remedy = suggest(&key.text, staffing.skills.keys().map(SkillId::as_str));
            reader.mistake(key.place, format!("there is no skill `{}`", key.text), remedy);
        }
        if let Some(level) = level.and_then(|level| u8::try_from(level).ok()) {
            levels.insert(skill, level);
        }
    }
    Some(levels)
}

/// The groups of an agent.
pub(crate) fn groups(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<BTreeSet<GroupId>> {
    let Some(node) = node else { return Some(BTreeSet::new()) };
    let mut groups = BTreeSet::new();
    for item in reader.list(node, "names of groups", GROUPS_MAX)? {
        let name = reader.text(item, "the name of a group")?;
        reader.check_name(name, item.place, "a group's name")?;
        groups.insert(GroupId::from(name));
    }
    Some(groups)
}
