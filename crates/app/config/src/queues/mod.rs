//! `queues:` of the center. Routing is read in `routing.rs`, who serves in `members.rs`, steps of a plan in `plan.rs`, and
//! what people hear in `sound.rs`.

mod members;
mod plan;
mod routing;
mod sound;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hotline_base::{AgentId, GroupId, HoursId, QueueId, SkillId};
use hotline_call::{CALLBACK_PROMPT, CallbackRules, CalledFirst, Queue, SpeechPolicy, Staffing};
use hotline_ivr::PromptName;
use hotline_yaml::{Fields, Node, Reader, suggest};

use crate::agents::AgentEntry;
use crate::crm::crm;
use crate::flows::Sounds;
use crate::format::{CALLBACK, QUEUE, names};
use crate::retention::{self, QueueRetention};
use crate::speech::speech;
use crate::staffing::dispositions;
use crate::trunks::choice;

/// The longest script, in bytes.
const SCRIPT_BYTES_MAX: usize = 8 * 1024;
/// What can stand in braces in a script, beside `field.` and the name of one of the center's fields of customers.
const SCRIPT_PLACES: [&str; 8] = ["name", "company", "number", "email", "class", "note", "agent", "queue"];

/// What an entry of `queues:` is checked against.
pub(crate) struct Around<'a> {
    agents: &'a BTreeMap<AgentId, AgentEntry>,
    sounds: &'a Sounds,
    /// Wished of the speech where a queue does not say otherwise.
    speech: &'a SpeechPolicy,
    staffing: &'a Staffing,
    /// The opening hours there are.
    hours: BTreeSet<HoursId>,
    /// The skills that agents have.
    skills: BTreeSet<SkillId>,
    /// The groups that agents are in.
    groups: BTreeSet<GroupId>,
}

impl<'a> Around<'a> {
    pub(crate) fn new(
        agents: &'a BTreeMap<AgentId, AgentEntry>,
        sounds: &'a Sounds,
        speech: &'a SpeechPolicy,
        staffing: &'a Staffing,
        hours: BTreeSet<HoursId>,
    ) -> Self {
        let all = || agents.values().map(|entry| &entry.agent);
        let skills = all().flat_map(|agent| agent.skills.keys().cloned()).collect();
        let groups = all().flat_map(|agent| agent.groups.iter().cloned()).collect();
        Self { agents, sounds, speech, staffing, hours, skills, groups }
    }
}

/// The queues, and what the core does not need to know of them.
#[derive(Default)]
pub(crate) struct Queues {
    pub(crate) queues: BTreeMap<QueueId, Queue>,
    /// Those whose callers' numbers are masked.
    pub(crate) masked: BTreeSet<QueueId>,
    /// How long things of them are kept, where they say so.
    pub(crate) retention: BTreeMap<QueueId, QueueRetention>,
    /// What their agents are to say, where there is anything.
    pub(crate) scripts: BTreeMap<QueueId, String>,
}

/// The queues.
pub(crate) fn queues(reader: &mut Reader<'_>, node: &Node, around: &Around<'_>) -> Option<Queues> {
    let mut all = Queues::default();
    for (key, value) in reader.entries(node, "queues")? {
        if reader.check_name(&key.text, key.place, "a queue's id").is_none() {
            continue;
        }
        let id = QueueId::from(key.text.as_str());
        let Some(fields) = reader.fields(value, "a queue", &names(&QUEUE)) else { continue };
        if reader.bool(fields.optional("mask_numbers"), false)? {
            all.masked.insert(id.clone());
        }
        if let Some(kept) = retention::of_queue(reader, &fields)? {
            all.retention.insert(id.clone(), kept);
        }
        if let Some(script) = script(reader, fields.optional("script"))? {
            all.scripts.insert(id.clone(), script);
        }
        if let Some(queue) = queue(reader, &id, &fields, around) {
            all.queues.insert(id, queue);
        }
    }
    Some(all)
}

fn queue(reader: &mut Reader<'_>, id: &QueueId, fields: &Fields<'_>, around: &Around<'_>) -> Option<Queue> {
    let routing = routing::routing(reader, id, fields, around);
    let music = sound::music(reader, fields.optional("music"), around.sounds);
    let announcements = sound::announcements(reader, fields, around.sounds);
    let greeting = sound::greeting(reader, fields.optional("greeting"), around.sounds);
    let hours = match fields.optional("hours") {
        Some(node) => hours(reader, node, &around.hours).map(Some),
        None => Some(None),
    };
    let place_kept = seconds(reader, fields, "place_kept_s", 0..=3600, Duration::ZERO);
    let callback = callback(reader, fields.optional("callback"), around.sounds);
    let dispositions = dispositions(reader, fields.optional("dispositions"), around.staffing);
    let crm = crm(reader, fields.optional("crm"));
    let record = reader.bool(fields.optional("record"), true);
    let speech = speech(reader, fields.optional("speech"), around.speech);
    Some(Queue {
        routing: routing?,
        music: music?,
        announcements: announcements?,
        greeting: greeting?,
        hours: hours?,
        place_kept: place_kept?,
        callback: callback?,
        record: record?,
        speech: speech?,
        dispositions: dispositions?,
        crm: crm?,
    })
}

/// What agents are to say: a text with a few marks and places such as `{name}`, which the page fills.
fn script(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<String>> {
    let Some(node) = node else { return Some(None) };
    let text = reader.text(node, "what agents are to say")?;
    if text.len() > SCRIPT_BYTES_MAX {
        reader.mistake(
            node.place,
            format!("the script is longer than {SCRIPT_BYTES_MAX} bytes"),
            "a shorter one",
        );
        return None;
    }
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        let Some((place, after)) = behind.split_once('}') else {
            reader.mistake(node.place, "a `{` has no `}` behind it", "such as `{name}`");
            return None;
        };
        if !SCRIPT_PLACES.contains(&place) && !place.starts_with("field.") {
            let remedy = format!(
                "one of `{{{}}}`, or `{{field.…}}` for a field of the center",
                SCRIPT_PLACES.join("}`, `{")
            );
            reader.mistake(node.place, format!("there is no place `{{{place}}}` in scripts"), remedy);
            return None;
        }
        rest = after;
    }
    Some(Some(text.to_owned()))
}

fn hours(reader: &mut Reader<'_>, node: &Node, known: &BTreeSet<HoursId>) -> Option<HoursId> {
    let name = reader.text(node, "the name of opening hours")?;
    let hours = known.get(&HoursId::from(name)).cloned();
    if hours.is_none() {
        let remedy = suggest(name, known.iter().map(HoursId::as_str));
        reader.mistake(node.place, format!("there are no hours `{name}`"), remedy);
    }
    hours
}

const FIRST: [(&str, CalledFirst); 2] = [("agent", CalledFirst::Agent), ("customer", CalledFirst::Customer)];

fn callback(reader: &mut Reader<'_>, node: Option<&Node>, sounds: &Sounds) -> Option<CallbackRules> {
    let usual = CallbackRules::default();
    let Some(node) = node else { return Some(usual) };
    let fields = reader.fields(node, "rules for calling back", &names(&CALLBACK))?;
    let first = match fields.optional("first") {
        Some(node) => choice(reader, node, "side", &FIRST),
        None => Some(usual.first),
    };
    let confirm = reader.bool(fields.optional("confirm"), usual.confirm);
    if let (Some(node), Some(true), Some(first)) = (fields.optional("confirm"), confirm, first) {
        if first == CalledFirst::Agent {
            reader.mistake(node.place, "an agent hears by itself who answers", "`first: customer` beside it");
        }
        sound::is_there(reader, node.place, &PromptName::from(CALLBACK_PROMPT), sounds)?;
    }
    let retries = routing::count(reader, &fields, "retries", 0..=20, usual.retries.into());
    let retry = seconds(reader, &fields, "retry_s", 1..=86_400, usual.retry);
    let keep = routing::count(reader, &fields, "keep_h", 1..=8760, 96);
    Some(CallbackRules {
        first: first?,
        confirm: confirm?,
        retries: u8::try_from(retries?).ok()?,
        retry: retry?,
        keep: Duration::from_hours(u64::try_from(keep?).ok()?),
    })
}

fn seconds(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    allowed: std::ops::RangeInclusive<u32>,
    default: Duration,
) -> Option<Duration> {
    match fields.optional(key) {
        Some(node) => reader.seconds(node, allowed),
        None => Some(default),
    }
}
