//! A scenario's file: every mistake at once, with its place and what would be right.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use hotline_base::{AgentId, GroupId, QueueId};
use hotline_call::Center;
use hotline_yaml::{Diagnostic, Fields, Node, Reader, Source, Value, shown, suggest};

use super::terms::{distribution, number, span, time};
use super::{Crew, Scenario, Stream};
use crate::Distribution;

/// Streams of one scenario.
pub const STREAMS_MAX: usize = 200;
/// Crews of one scenario.
pub const CREWS_MAX: usize = 1000;
/// Callers of one stream in half an hour.
pub const RATE_MAX: f64 = 100_000.0;

const KEYS: [&str; 5] = ["day", "seed", "answer_within_s", "callers", "agents"];
const STREAM_KEYS: [&str; 8] = ["queue", "number", "keys", "profile", "until", "patience", "talk", "wrap_up"];
const CREW_KEYS: [&str; 10] = [
    "agents",
    "queue",
    "group",
    "shift",
    "breaks",
    "pick_up",
    "missed_percent",
    "back_after",
    "phone_losses_per_hour",
    "phone_loss",
];
/// A Monday.
const DAY: (i16, i8, i8) = (2026, 3, 2);
const AGENTS_MAX: usize = 10_000;
const BREAKS_MAX: usize = 24;
const KEYS_MAX: usize = 32;

/// Reads a scenario for a center.
///
/// # Errors
/// Every mistake.
pub fn parse(source: &Source, center: &Center) -> Result<Scenario, Vec<Diagnostic>> {
    let node = hotline_yaml::read(source).map_err(|mistake| vec![mistake])?;
    let mut reader = Reader::new(source);
    let scenario = scenario(&mut reader, &node, &Known::new(center));
    let mistakes = reader.into_diagnostics();
    match scenario {
        Some(scenario) if mistakes.is_empty() => Ok(scenario),
        Some(_) | None => Err(mistakes),
    }
}

/// What a scenario can name.
struct Known<'c> {
    center: &'c Center,
    queues: BTreeMap<&'c QueueId, Vec<AgentId>>,
    groups: BTreeMap<GroupId, Vec<AgentId>>,
}

impl<'c> Known<'c> {
    fn new(center: &'c Center) -> Self {
        let members = |queue: &'c hotline_call::Queue| {
            queue.routing.members.iter().map(|member| member.agent.clone()).collect()
        };
        let mut groups: BTreeMap<GroupId, Vec<AgentId>> = BTreeMap::new();
        for (id, agent) in &center.agents {
            for group in &agent.groups {
                groups.entry(group.clone()).or_default().push(id.clone());
            }
        }
        Self {
            center,
            queues: center.queues.iter().map(|(id, queue)| (id, members(queue))).collect(),
            groups,
        }
    }
}

fn scenario(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<Scenario> {
    let fields = reader.fields(node, "a scenario", &KEYS)?;
    let midnight = match fields.optional("day") {
        Some(node) => day(reader, node, known),
        None => known.center.zone.midnight(DAY.0, DAY.1, DAY.2),
    };
    let seed = match fields.optional("seed") {
        Some(node) => reader.count(node, 0..=u32::MAX as usize).map(|seed| seed as u64),
        None => Some(1),
    };
    let answer_within = match fields.optional("answer_within_s") {
        Some(node) => reader.seconds(node, 0..=3600),
        None => Some(Duration::from_secs(20)),
    };
    let streams = reader.required(&fields, "callers").and_then(|node| streams(reader, node, known));
    let crews = reader.required(&fields, "agents").and_then(|node| crews(reader, node, known));
    Some(Scenario {
        midnight: midnight?,
        seed: seed?,
        answer_within: answer_within?,
        streams: streams?,
        crews: crews?,
    })
}

fn day(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<hotline_base::WallTime> {
    let text = reader.text(node, "a date such as \"2026-03-02\"")?;
    let mut parts = text.splitn(3, '-');
    let mut part = || parts.next()?.parse::<i16>().ok();
    let date = part().zip(part()).zip(part());
    let midnight = date.and_then(|((year, month), day)| {
        known.center.zone.midnight(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
    });
    if midnight.is_none() {
        reader.mistake(
            node.place,
            format!("`{}` is no date", shown(text)),
            "year, month and day: \"2026-03-02\"",
        );
    }
    midnight
}

fn streams(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<Vec<Stream>> {
    let items = reader.list(node, "callers", STREAMS_MAX)?;
    let read: Vec<_> = items.iter().map(|item| stream(reader, item, known)).collect();
    read.into_iter().collect()
}

fn stream(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<Stream> {
    let fields = reader.fields(node, "callers", &STREAM_KEYS)?;
    let queue = reader.required(&fields, "queue").and_then(|node| queue(reader, node, known));
    let number = match fields.optional("number") {
        Some(node) => number_of(reader, node, known).map(Some),
        None => Some(None),
    };
    let keys = match fields.optional("keys") {
        Some(node) => keys(reader, node),
        None => Some(String::new()),
    };
    let profile = reader.required(&fields, "profile").and_then(|node| profile(reader, node));
    let until = reader.required(&fields, "until").and_then(|node| {
        let text = reader.text(node, "a time such as \"18:00\", in quotes")?;
        let until = time(reader, text, node.place)?;
        let last =
            profile.as_ref().and_then(|profile| profile.last()).map_or(Duration::ZERO, |(from, _)| *from);
        if until <= last {
            reader.mistake(node.place, "`until` is not after the last time of the profile", "a later time");
            return None;
        }
        Some(until)
    });
    let patience = required_time(reader, &fields, "patience");
    let talk = required_time(reader, &fields, "talk");
    let wrap_up = match fields.optional("wrap_up") {
        Some(node) => distribution(reader, node).map(Some),
        None => Some(None),
    };
    Some(Stream {
        queue: queue?,
        number: number?,
        keys: keys?,
        profile: profile?,
        until: until?,
        patience: patience?,
        talk: talk?,
        wrap_up: wrap_up?,
    })
}

fn required_time(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<Distribution> {
    reader.required(fields, key).and_then(|node| distribution(reader, node))
}

fn queue(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<QueueId> {
    let name = reader.text(node, "the id of a queue")?;
    let found = known.queues.keys().find(|id| id.as_str() == name);
    if found.is_none() {
        let remedy = suggest(name, known.queues.keys().map(|id| id.as_str()));
        reader.mistake(node.place, format!("there is no queue `{}`", shown(name)), remedy);
    }
    found.copied().cloned()
}

fn number_of(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<String> {
    let written = reader.text(node, "a number of the center, in quotes")?;
    let numbers = &known.center.numbers;
    let is_known =
        numbers.contains_key(written) || numbers.values().any(|number| number.id.as_str() == written);
    if !is_known {
        let remedy = suggest(written, numbers.values().map(|number| number.id.as_str()));
        reader.mistake(node.place, format!("the center has no number `{}`", shown(written)), remedy);
        return None;
    }
    Some(written.to_owned())
}

fn keys(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let keys = reader.text(node, "keys, in quotes")?;
    let are_keys =
        keys.len() <= KEYS_MAX && keys.chars().all(|key| hotline_media::Digit::from_char(key).is_some());
    if !are_keys {
        let remedy = format!("at most {KEYS_MAX} of 0 to 9, `*`, `#`, A to D");
        reader.mistake(node.place, format!("`{}` cannot be pressed", shown(keys)), remedy);
        return None;
    }
    Some(keys.to_owned())
}

fn profile(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(Duration, f64)>> {
    let entries = reader.entries(node, "a profile")?;
    if entries.is_empty() {
        reader.mistake(node.place, "a profile without times", "such as `{\"08:00\": 40, \"12:00\": 25}`");
        return None;
    }
    let mut profile: Vec<(Duration, f64)> = Vec::new();
    let mut is_good = true;
    for (key, value) in entries {
        let from = time(reader, &key.text, key.place);
        let rate = number(reader, value, 0.0..=RATE_MAX);
        let (Some(from), Some(rate)) = (from, rate) else {
            is_good = false;
            continue;
        };
        if profile.last().is_some_and(|(last, _)| from <= *last) {
            reader.mistake(
                key.place,
                "this time is not after the one before",
                "times of a profile in their order",
            );
            is_good = false;
        }
        profile.push((from, rate));
    }
    is_good.then_some(profile)
}

fn crews(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<Vec<Crew>> {
    let items = reader.list(node, "agents", CREWS_MAX)?;
    let mut crews = Vec::new();
    let mut is_good = true;
    let mut working: BTreeSet<AgentId> = BTreeSet::new();
    for item in items {
        let Some(mut crew) = crew(reader, item, known) else {
            is_good = false;
            continue;
        };
        // Who is named one by one twice has two plans; who comes with a queue or group may have another already.
        crew.agents.retain(|agent| working.insert(agent.clone()));
        crews.push(crew);
    }
    is_good.then_some(crews)
}

fn crew(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<Crew> {
    let fields = reader.fields(node, "agents", &CREW_KEYS)?;
    let agents = agents(reader, node, &fields, known);
    let shift = reader.required(&fields, "shift").and_then(|node| span(reader, node));
    let breaks = match fields.optional("breaks") {
        Some(node) => breaks(reader, node, shift.as_ref()),
        None => Some(Vec::new()),
    };
    let plain = Crew::new(Vec::new(), Duration::ZERO..Duration::ZERO);
    let pick_up = optional_time(reader, &fields, "pick_up", plain.pick_up);
    let missed_percent = optional_number(reader, &fields, "missed_percent", 100.0);
    let back_after = optional_time(reader, &fields, "back_after", plain.back_after);
    let losses_per_hour = optional_number(reader, &fields, "phone_losses_per_hour", 60.0);
    let loss = optional_time(reader, &fields, "phone_loss", plain.loss);
    Some(Crew {
        agents: agents?,
        shift: shift?,
        breaks: breaks?,
        pick_up: pick_up?,
        missed_percent: missed_percent?,
        back_after: back_after?,
        losses_per_hour: losses_per_hour?,
        loss: loss?,
    })
}

fn optional_time(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    default: Distribution,
) -> Option<Distribution> {
    match fields.optional(key) {
        Some(node) => distribution(reader, node),
        None => Some(default),
    }
}

fn optional_number(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, most: f64) -> Option<f64> {
    match fields.optional(key) {
        Some(node) => number(reader, node, 0.0..=most),
        None => Some(0.0),
    }
}

/// By their ids, as members of a queue, or as a group: one of the three.
fn agents(
    reader: &mut Reader<'_>,
    node: &Node,
    fields: &Fields<'_>,
    known: &Known<'_>,
) -> Option<Vec<AgentId>> {
    match (fields.optional("agents"), fields.optional("queue"), fields.optional("group")) {
        (Some(ids), None, None) => {
            let ids = reader.list(ids, "agents", AGENTS_MAX)?;
            let found: Vec<_> = ids.iter().map(|id| agent(reader, id, known)).collect();
            found.into_iter().collect()
        }
        (None, Some(node), None) => {
            queue(reader, node, known).and_then(|queue| known.queues.get(&queue).cloned())
        }
        (None, None, Some(node)) => {
            let name = reader.text(node, "the name of a group")?;
            let found = known.groups.iter().find(|(group, _)| group.as_str() == name);
            if found.is_none() {
                let remedy = suggest(name, known.groups.keys().map(GroupId::as_str));
                reader.mistake(node.place, format!("no agent is in a group `{}`", shown(name)), remedy);
            }
            found.map(|(_, agents)| agents.clone())
        }
        (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            let remedy = "one of `agents: [\"1001\"]`, `queue: sales` and `group: early`";
            reader.mistake(node.place, "it is not clear who works", remedy);
            None
        }
    }
}

fn agent(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<AgentId> {
    let id = match &node.value {
        // Ids of digits are written without quotes easily.
        Value::Integer(number) => number.to_string(),
        Value::Null
        | Value::Bool(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => reader.text(node, "the id of an agent")?.to_owned(),
    };
    let agents = &known.center.agents;
    let found = agents.keys().find(|agent| agent.as_str() == id);
    if found.is_none() {
        let remedy = suggest(&id, agents.keys().map(AgentId::as_str));
        reader.mistake(node.place, format!("there is no agent `{}`", shown(&id)), remedy);
    }
    found.cloned()
}

fn breaks(
    reader: &mut Reader<'_>,
    node: &Node,
    shift: Option<&Range<Duration>>,
) -> Option<Vec<Range<Duration>>> {
    let items = reader.list(node, "breaks", BREAKS_MAX)?;
    let mut breaks: Vec<Range<Duration>> = Vec::new();
    let mut is_good = true;
    for item in items {
        let Some(pause) = span(reader, item) else {
            is_good = false;
            continue;
        };
        let begins = breaks.last().map(|last| last.end).or(shift.map(|shift| shift.start));
        let is_within = begins.is_none_or(|begins| pause.start >= begins)
            && shift.is_none_or(|shift| pause.end <= shift.end);
        if !is_within {
            let remedy = "breaks within the shift, in their order";
            reader.mistake(
                item.place,
                "this break is outside the shift, or not after the one before",
                remedy,
            );
            is_good = false;
        }
        breaks.push(pause);
    }
    is_good.then_some(breaks)
}
