//! The steps of a queue's plan.

use std::collections::BTreeSet;
use std::time::Duration;

use hotline_acd::{PLAN_STEPS_MAX, Plan, PlanStep, Preference, Requirement, SKILL_LEVEL_MAX, SkipIf};
use hotline_base::{GroupId, SkillId};
use hotline_yaml::{Fields, Node, Reader, Value, suggest};

use super::{Around, seconds};
use crate::format::{PLAN_STEP, names};
use crate::trunks::choice;

/// Skills or groups in one step.
const NAMES_MAX: usize = 8;
const SKIP_IF: [(&str, SkipIf); 2] =
    [("nobody_free", SkipIf::NobodyFree), ("nobody_working", SkipIf::NobodyWorking)];

/// The steps in the order of their time; what is not in it is a mistake.
pub(super) fn plan(reader: &mut Reader<'_>, node: Option<&Node>, around: &Around<'_>) -> Option<Plan> {
    let Some(node) = node else { return Some(Plan::default()) };
    let mut steps: Vec<PlanStep> = Vec::new();
    for item in reader.list(node, "steps", PLAN_STEPS_MAX)? {
        let Some(fields) = reader.fields(item, "a step of a plan", &names(&PLAN_STEP)) else { continue };
        let Some(step) = step(reader, &fields, around) else { continue };
        if steps.last().is_some_and(|last| last.after > step.after) {
            reader.mistake(item.place, "the step before it begins later", "put the steps in their order");
        }
        steps.push(step);
    }
    Some(Plan { steps })
}

fn step(reader: &mut Reader<'_>, fields: &Fields<'_>, around: &Around<'_>) -> Option<PlanStep> {
    let after = seconds(reader, fields, "after_s", 0..=86_400, Duration::ZERO);
    let require = levels(reader, fields.optional("require"), 1..=SKILL_LEVEL_MAX.into(), around);
    let prefer = levels(reader, fields.optional("prefer"), 1..=100, around);
    let groups = match fields.optional("groups") {
        Some(node) => groups(reader, node, around),
        None => Some(BTreeSet::new()),
    };
    let min_level = small(reader, fields, "min_level", 0..=SKILL_LEVEL_MAX.into());
    let ring_count = small(reader, fields, "ring_count", 1..=16);
    let priority_credit = seconds(reader, fields, "priority_credit_s", 0..=86_400, Duration::ZERO);
    let replace = reader.bool(fields.optional("replace"), false);
    let skip_if = match fields.optional("skip_if") {
        Some(node) => choice(reader, node, "condition", &SKIP_IF).map(Some),
        None => Some(None),
    };
    let require = require?.into_iter().map(|(skill, level)| Requirement { skill, level, weight: 1 });
    let prefer = prefer?.into_iter().map(|(skill, weight)| Preference { skill, weight });
    Some(PlanStep {
        after: after?,
        require: require.collect(),
        prefer: prefer.collect(),
        groups: groups?,
        min_level: min_level?,
        ring_count: ring_count?.map(u32::from),
        priority_credit: priority_credit?,
        replace: replace?,
        skip_if: skip_if?,
    })
}

/// `{SKILL: number}`, or a list of skills, each with 1.
fn levels(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    allowed: std::ops::RangeInclusive<usize>,
    around: &Around<'_>,
) -> Option<Vec<(SkillId, u8)>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let mut found = Vec::new();
    if !matches!(node.value, Value::Map(_)) {
        for item in reader.list(node, "skills", NAMES_MAX)? {
            let text = reader.text(item, "a skill")?;
            found.push((skill(reader, text, item, around)?, 1));
        }
        return Some(found);
    }
    for (key, value) in reader.entries(node, "skills")? {
        let named = skill(reader, &key.text, value, around);
        let number = reader.count(value, allowed.clone());
        found.push((named?, u8::try_from(number?).ok()?));
    }
    Some(found)
}

fn skill(reader: &mut Reader<'_>, text: &str, node: &Node, around: &Around<'_>) -> Option<SkillId> {
    let id = SkillId::from(text);
    if around.skills.contains(&id) {
        return Some(id);
    }
    let remedy = suggest(text, around.skills.iter().map(SkillId::as_str));
    reader.mistake(node.place, format!("no agent has the skill `{text}`"), remedy);
    None
}

fn groups(reader: &mut Reader<'_>, node: &Node, around: &Around<'_>) -> Option<BTreeSet<GroupId>> {
    let mut groups = BTreeSet::new();
    for item in reader.list(node, "groups of agents", NAMES_MAX)? {
        let text = reader.text(item, "a group's name")?;
        let id = GroupId::from(text);
        if !around.groups.contains(&id) {
            let remedy = suggest(text, around.groups.iter().map(GroupId::as_str));
            reader.mistake(item.place, format!("no agent is in a group `{text}`"), remedy);
            return None;
        }
        groups.insert(id);
    }
    Some(groups)
}

fn small(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: std::ops::RangeInclusive<usize>,
) -> Option<Option<u8>> {
    match fields.optional(key) {
        Some(node) => reader.count(node, allowed).and_then(|number| u8::try_from(number).ok()).map(Some),
        None => Some(None),
    }
}
