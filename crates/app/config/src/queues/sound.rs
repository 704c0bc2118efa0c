//! What people hear of a queue: music, announcements, greetings.

use std::collections::BTreeMap;

use hotline_call::{Announcements, Greeting, QUEUE_PROMPTS_MAX};
use hotline_ivr::PromptName;
use hotline_media::{Music, MusicStart, PromptId};
use hotline_yaml::{Fields, Node, Place, Reader, Value, suggest};

use super::seconds;
use crate::flows::Sounds;
use crate::format::{ANNOUNCE, COMFORT, GREETING, MUSIC, names};
use crate::trunks::choice;

const USUAL_MUSIC: &str = "waiting";

/// The name of a file, or `{prompt: NAME, from: start | shared}`.
pub(super) fn music(reader: &mut Reader<'_>, node: Option<&Node>, sounds: &Sounds) -> Option<Music> {
    let Some(node) = node else { return Some(Music::from(music_id(USUAL_MUSIC))) };
    if !matches!(node.value, Value::Map(_)) {
        return music_file(reader, node, sounds).map(Music::from);
    }
    let fields = reader.fields(node, "music", &names(&MUSIC))?;
    let prompt = match fields.optional("prompt") {
        Some(node) => music_file(reader, node, sounds),
        None => Some(music_id(USUAL_MUSIC)),
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

/// `announce:` and `comfort:`. `announce_position` is short for `announce: {position: …}`.
pub(super) fn announcements(
    reader: &mut Reader<'_>,
    queue: &Fields<'_>,
    sounds: &Sounds,
) -> Option<Announcements> {
    let usual = Announcements::default();
    let short = reader.bool(queue.optional("announce_position"), usual.position);
    let mut told = Announcements { position: short?, ..usual };
    if let Some(node) = queue.optional("announce") {
        let fields = reader.fields(node, "announcements", &names(&ANNOUNCE))?;
        let position = reader.bool(fields.optional("position"), told.position);
        let wait = reader.bool(fields.optional("wait"), told.wait);
        let after = seconds(reader, &fields, "after_s", 0..=600, told.after);
        let interval = seconds(reader, &fields, "interval_s", 1..=3600, told.interval);
        let repeat = fields.optional("repeat_s").map(|node| reader.seconds(node, 10..=3600));
        let over_music = reader.bool(fields.optional("over_music"), told.over_music);
        told = Announcements {
            position: position?,
            wait: wait?,
            after: after?,
            interval: interval?,
            over_music: over_music?,
            repeat: match repeat {
                Some(repeat) => Some(repeat?),
                None => None,
            },
            ..told
        };
    }
    if let Some(node) = queue.optional("comfort") {
        let fields = reader.fields(node, "comfort messages", &names(&COMFORT))?;
        let comfort = reader.required(&fields, "prompts").and_then(|node| prompts(reader, node, sounds));
        let every = seconds(reader, &fields, "every_s", 5..=3600, told.comfort_every);
        told = Announcements { comfort: comfort?, comfort_every: every?, ..told };
    }
    Some(told)
}

pub(super) fn greeting(reader: &mut Reader<'_>, node: Option<&Node>, sounds: &Sounds) -> Option<Greeting> {
    let Some(node) = node else { return Some(Greeting::default()) };
    let fields = reader.fields(node, "a greeting", &names(&GREETING))?;
    let whisper = match fields.optional("whisper") {
        Some(node) => prompts(reader, node, sounds),
        None => Some(Vec::new()),
    };
    let whisper_wait = reader.bool(fields.optional("whisper_wait"), false);
    let mut whisper_class = BTreeMap::new();
    if let Some(node) = fields.optional("whisper_class") {
        for (class, prompt) in reader.entries(node, "classes of customers")? {
            whisper_class.insert(class.text.clone(), prompt_of(reader, prompt, sounds)?);
        }
    }
    let agent_number = reader.bool(fields.optional("agent_number"), false);
    Some(Greeting {
        whisper: whisper?,
        whisper_wait: whisper_wait?,
        whisper_class,
        agent_number: agent_number?,
    })
}

fn prompts(reader: &mut Reader<'_>, node: &Node, sounds: &Sounds) -> Option<Vec<PromptName>> {
    let items = reader.list(node, "prompts", QUEUE_PROMPTS_MAX)?;
    let found: Vec<Option<PromptName>> = items.iter().map(|item| prompt_of(reader, item, sounds)).collect();
    found.into_iter().collect()
}

/// A prompt that every language has.
fn prompt_of(reader: &mut Reader<'_>, node: &Node, sounds: &Sounds) -> Option<PromptName> {
    let name = PromptName::from(reader.text(node, "a prompt's name")?);
    is_there(reader, node.place, &name, sounds)?;
    Some(name)
}

/// Notes a mistake if a language does not have the prompt.
pub(super) fn is_there(
    reader: &mut Reader<'_>,
    place: Place,
    name: &PromptName,
    sounds: &Sounds,
) -> Option<()> {
    let missing = sounds.prompts.iter().find(|(_, known)| !known.contains(name));
    let Some((language, known)) = missing else { return Some(()) };
    let remedy = match suggest(name.as_str(), known.iter().map(PromptName::as_str)) {
        near if near.is_empty() => format!("put it into sounds/{language}"),
        near => near,
    };
    reader.mistake(place, format!("there is no prompt `{}` in {language}", name.as_str()), remedy);
    None
}
