//! Whom a queue gives its callers to, and its limits.

use std::time::Duration;

use hotline_acd::{Join, QueueConfig, Strategy, Tiers, Unanswered};
use hotline_base::QueueId;
use hotline_yaml::{Fields, Node, Reader};

use super::{Around, members, plan, seconds};
use crate::format::{TIERS, UNANSWERED, names};
use crate::staffing::wrap_up;
use crate::trunks::choice;

pub(super) fn routing(
    reader: &mut Reader<'_>,
    id: &QueueId,
    fields: &Fields<'_>,
    around: &Around<'_>,
) -> Option<QueueConfig> {
    let usual = QueueConfig::new(id.clone(), Vec::new());
    let name = match fields.optional("name") {
        Some(node) => reader.text(node, "a name").map(str::to_owned),
        None => Some(usual.name.clone()),
    };
    let strategy = strategy(reader, fields);
    let ring_timeout = seconds(reader, fields, "ring_timeout_s", 3..=300, usual.ring_timeout);
    let wrap_up = wrap_up(reader, fields, around.staffing);
    let wait_max = optional_seconds(reader, fields, "wait_max_s", 1..=86_400);
    let waiting_max = count(reader, fields, "waiting_max", 1..=50_000, usual.waiting_max);
    let weight = count(reader, fields, "weight", 1..=100, usize::from(usual.weight));
    let join = match fields.optional("join") {
        Some(node) => choice(reader, node, "rule", &JOIN),
        None => Some(usual.join),
    };
    let unstaffed_max = optional_seconds(reader, fields, "unstaffed_max_s", 0..=86_400);
    let tiers = tiers(reader, fields.optional("tiers"));
    let members =
        reader.required(fields, "members").and_then(|node| members::members(reader, node, around.agents));
    let plan = plan::plan(reader, fields.optional("plan"), around);
    let unanswered = unanswered(reader, fields.optional("unanswered"));
    let short_abandon = seconds(reader, fields, "short_abandon_s", 0..=60, usual.short_abandon);
    Some(QueueConfig {
        name: name?,
        strategy: strategy?,
        ring_timeout: ring_timeout?,
        wrap_up: wrap_up?,
        waiting_max: waiting_max?,
        wait_max: wait_max?,
        weight: u8::try_from(weight?).ok()?,
        join: join?,
        unstaffed_max: unstaffed_max?,
        tiers: tiers?,
        members: members?,
        plan: plan?,
        unanswered: unanswered?,
        short_abandon: short_abandon?,
        ..usual
    })
}

const JOIN: [(&str, Join); 3] =
    [("always", Join::Always), ("signed_in", Join::SignedIn), ("working", Join::Working)];

/// How long one phone rings alone with `progressive_ring`.
const RING_DELAY: Duration = Duration::from_secs(10);

fn strategy(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Strategy> {
    let delay = optional_seconds(reader, fields, "ring_delay_s", 1..=300)?;
    let known = Strategy::all(delay.unwrap_or(RING_DELAY)).map(|one| (one.as_str(), one));
    let chosen = match fields.optional("strategy") {
        Some(node) => choice(reader, node, "strategy", &known)?,
        None => Strategy::LongestIdle,
    };
    if let (Some(node), true) =
        (fields.optional("ring_delay_s"), !matches!(chosen, Strategy::ProgressiveRing(_)))
    {
        reader.mistake(
            node.place,
            "`ring_delay_s` has no meaning here",
            "leave it out, or say `strategy: progressive_ring`",
        );
    }
    Some(chosen)
}

fn tiers(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Tiers> {
    let usual = Tiers::default();
    let Some(node) = node else { return Some(usual) };
    let fields = reader.fields(node, "tiers", &names(&TIERS))?;
    let wait = seconds(reader, &fields, "wait_s", 0..=3600, usual.wait);
    let each = reader.bool(fields.optional("each"), usual.each);
    let skip_unstaffed = reader.bool(fields.optional("skip_unstaffed"), usual.skip_unstaffed);
    Some(Tiers { wait: wait?, each: each?, skip_unstaffed: skip_unstaffed? })
}

fn unanswered(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Unanswered> {
    let usual = Unanswered::default();
    let Some(node) = node else { return Some(usual) };
    let fields = reader.fields(node, "rules for calls that are not taken", &names(&UNANSWERED))?;
    let missed_max = count(reader, &fields, "missed_max", 0..=100, 1);
    let missed = seconds(reader, &fields, "missed_delay_s", 0..=3600, usual.missed_delay);
    let rejected = seconds(reader, &fields, "rejected_delay_s", 0..=3600, usual.rejected_delay);
    let busy = seconds(reader, &fields, "busy_delay_s", 0..=3600, usual.busy_delay);
    Some(Unanswered {
        missed_max: u32::try_from(missed_max?).ok()?,
        missed_delay: missed?,
        rejected_delay: rejected?,
        busy_delay: busy?,
    })
}

pub(super) fn count(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: std::ops::RangeInclusive<usize>,
    usual: usize,
) -> Option<usize> {
    match fields.optional(key) {
        Some(node) => reader.count(node, allowed),
        None => Some(usual),
    }
}

fn optional_seconds(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: std::ops::RangeInclusive<u32>,
) -> Option<Option<Duration>> {
    match fields.optional(key) {
        Some(node) => reader.seconds(node, allowed).map(Some),
        None => Some(None),
    }
}
