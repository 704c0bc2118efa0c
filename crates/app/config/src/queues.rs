//! `queues:` of the center.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_acd::{Member, QueueConfig, Strategy};
use hotline_base::{AgentId, QueueId};
use hotline_call::{Queue, SpeechPolicy, Staffing};
use hotline_media::{Music, MusicStart, PromptId};
use hotline_yaml::{Fields, Node, Reader, Value, suggest};

use crate::agents::AgentEntry;
use crate::flows::Sounds;
use crate::speech::speech;
use crate::staffing::{dispositions, wrap_up};
use crate::trunks::choice;

const KEYS: [&str; 13] = [
    "name",
    "strategy",
    "ring_timeout_s",
    "wrap_up",
    "wrap_up_s",
    "dispositions",
    "wait_max_s",
    "waiting_max",
    "music",
    "announce_position",
    "record",
    "speech",
    "members",
];
const RING_TIMEOUT: Duration = Duration::from_secs(15);
const WAITING_MAX: usize = 200;
const MUSIC: &str = "waiting";

/// What an entry of `queues:` is checked against.
pub(crate) struct Around<'a> {
    pub(crate) agents: &'a BTreeMap<AgentId, AgentEntry>,
    pub(crate) sounds: &'a Sounds,
    /// Wished of the speech where a queue does not say otherwise.
    pub(crate) speech: &'a SpeechPolicy,
    pub(crate) staffing: &'a Staffing,
}

pub(crate) fn queues(
    reader: &mut Reader<'_>,
    node: &Node,
    around: &Around<'_>,
) -> Option<BTreeMap<QueueId, Queue>> {
    let mut queues = BTreeMap::new();
    for (key, value) in reader.entries(node, "queues")? {
        if reader.check_name(&key.text, key.place, "a queue's id").is_none() {
            continue;
        }
        let id = QueueId::from(key.text.as_str());
        let Some(fields) = reader.fields(value, "a queue", &KEYS) else { continue };
        if let Some(queue) = queue(reader, &id, &fields, around) {
            queues.insert(id, queue);
        }
    }
    Some(queues)
}

fn queue(reader: &mut Reader<'_>, id: &QueueId, fields: &Fields<'_>, around: &Around<'_>) -> Option<Queue> {
    let name = match fields.optional("name") {
        Some(node) => reader.text(node, "a name").map(str::to_owned),
        None => Some(id.as_str().to_owned()),
    };
    let strategy = strategy(reader, fields.optional("strategy"));
    let ring_timeout = seconds(reader, fields, "ring_timeout_s", 3..=300, RING_TIMEOUT);
    let wrap_up = wrap_up(reader, fields, around.staffing);
    let dispositions = dispositions(reader, fields.optional("dispositions"), around.staffing);
    let wait_max = fields.optional("wait_max_s").map(|node| reader.seconds(node, 1..=86_400));
    let waiting_max = match fields.optional("waiting_max") {
        Some(node) => reader.count(node, 1..=50_000),
        None => Some(WAITING_MAX),
    };
    let music = music(reader, fields.optional("music"), around.sounds);
    let announce_position = reader.bool(fields.optional("announce_position"), true);
    let record = reader.bool(fields.optional("record"), true);
    let speech = speech(reader, fields.optional("speech"), around.speech);
    let members = reader.required(fields, "members").and_then(|node| members(reader, node, around.agents));
    let routing = QueueConfig {
        name: name?,
        strategy: strategy?,
        ring_timeout: ring_timeout?,
        wrap_up: wrap_up?,
        waiting_max: waiting_max?,
        wait_max: match wait_max {
            Some(limit) => Some(limit?),
            None => None,
        },
        ..QueueConfig::new(id.clone(), members?)
    };
    Some(Queue {
        routing,
        music: music?,
        announce_position: announce_position?,
        record: record?,
        speech: speech?,
        dispositions: dispositions?,
    })
}

fn strategy(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Strategy> {
    let Some(node) = node else { return Some(Strategy::LongestIdle) };
    match reader.text(node, "a strategy")? {
        "longest_idle" => Some(Strategy::LongestIdle),
        other => {
            let remedy = suggest(other, ["longest_idle"]);
            reader.mistake(node.place, format!("unknown strategy `{other}`"), remedy);
            None
        }
    }
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

/// The name of a file, or `{prompt: NAME, from: start | shared}`.
fn music(reader: &mut Reader<'_>, node: Option<&Node>, sounds: &Sounds) -> Option<Music> {
    let Some(node) = node else { return Some(Music::from(music_id(MUSIC))) };
    if !matches!(node.value, Value::Map(_)) {
        return music_file(reader, node, sounds).map(Music::from);
    }
    let fields = reader.fields(node, "music", &["prompt", "from"])?;
    let prompt = match fields.optional("prompt") {
        Some(node) => music_file(reader, node, sounds),
        None => Some(music_id(MUSIC)),
    };
    let starts = [("start", MusicStart::Beginning), ("shared", MusicStart::Shared)];
    let start = match fields.optional("from") {
        Some(node) => choice(reader, node, "from", &starts),
        None => Some(MusicStart::Beginning),
    };
    Some(Music { prompt: prompt?, start: start? })
}

fn music_file(reader: &mut Reader<'_>, node: &Node, sounds: &Sounds) -> Option<PromptId> {
    let name = reader.text(node, "the name of a file in sounds/music")?;
    if sounds.music.contains(name) {
        return Some(music_id(name));
    }
    let remedy = suggest(name, sounds.music.iter().map(String::as_str));
    reader.mistake(node.place, format!("there is no music `{name}`"), remedy);
    None
}

fn music_id(name: &str) -> PromptId {
    PromptId::from(format!("music/{name}").as_str())
}

/// Ids of agents; or `{agent: ID, wrap_up_s: 30}` for one with rules of its own.
fn members(
    reader: &mut Reader<'_>,
    node: &Node,
    agents: &BTreeMap<AgentId, AgentEntry>,
) -> Option<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    for item in reader.list(node, "agents", 10_000)? {
        let member = member(reader, item)?;
        let id = member.agent.as_str();
        if !agents.contains_key(&member.agent) {
            let remedy = suggest(id, agents.keys().map(AgentId::as_str));
            reader.mistake(item.place, format!("there is no agent `{id}`"), remedy);
        } else if members.iter().any(|known| known.agent == member.agent) {
            reader.mistake(item.place, format!("agent `{id}` is there twice"), "keep one");
        } else {
            members.push(member);
        }
    }
    Some(members)
}

fn member(reader: &mut Reader<'_>, node: &Node) -> Option<Member> {
    const AGENT: &str = "an agent's id in quotes";
    if !matches!(node.value, Value::Map(_)) {
        return reader.text(node, AGENT).map(|id| Member::new(AgentId::from(id)));
    }
    let fields = reader.fields(node, "a member", &["agent", "wrap_up_s"])?;
    let agent = reader.required(&fields, "agent").and_then(|node| reader.text(node, AGENT));
    let wrap_up = match fields.optional("wrap_up_s") {
        Some(node) => Some(reader.seconds(node, 0..=3600)?),
        None => None,
    };
    Some(Member { wrap_up, ..Member::new(AgentId::from(agent?)) })
}
