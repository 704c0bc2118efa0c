//! `config/center.yaml`: numbers, queues, agents, trunks, checked against each other, the flows and the sounds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::country_tones::{Meaning, countries, country_tone};
use hotline_base::{AgentId, FlowId, HoursId, NumberId, QueueId};
use hotline_call::{
    Center, CrmLink, DialPlan, Number, Queue, Route, Screening, SpeechPolicy, Staffing, Timing, Trunk, Voice,
    Web, number,
};
use hotline_hours::{Schedule, Zone, schedules};
use hotline_ivr::{Flow, Flows, Language, announcement_prompts};
use hotline_media::PromptId;
use hotline_sip::uri::Host;
use hotline_sip::{TrunkConfig, UserConfig};
use hotline_yaml::{Diagnostic, Fields, Node, Place, Reader, Source, read, shown, suggest};

use crate::agents::{self, AgentEntry, agents, check_outside_numbers, demo};
use crate::crm::crm;
use crate::flow_world::{FlowWorld, NumberEntry, led_to};
use crate::flows::{FlowText, Sounds};
use crate::format::{CENTER, DIAL_PLAN, NUMBER, names};
use crate::groups::groups;
use crate::queues::{self, Queues, queues};
use crate::retention::{Kept, QueueRetention, Retention, retention};
use crate::screening::{self, allow_only, screening};
use crate::server::Server;
use crate::speech::speech;
use crate::staffing::staffing;
use crate::trunks::{TrunkEntry, routes, trunks};
use crate::voice::voice;
use crate::web::web;
use crate::{Configuration, Demo, DemoUser};

/// The sections of the file.
pub const SECTIONS: [&str; CENTER.len()] = names(&CENTER);

/// Lengths of national numbers anywhere (E.164 §6: 15 digits with the country code).
const NATIONAL_DIGITS: RangeInclusive<usize> = 4..=14;
/// Without `dial_plan:` numbers are compared as they are written.
const AS_WRITTEN: DialPlan = DialPlan {
    country: String::new(),
    national_prefix: String::new(),
    international_prefix: String::new(),
    national_digits: None,
};

/// Whose tones are heard if neither a country is named nor one of these codes (ITU-T E.164) is in the dial plan.
const COUNTRY: &str = "us";
const COUNTRY_CODES: [(&str, &str); 22] = [
    ("1", "us"),
    ("31", "nl"),
    ("32", "be"),
    ("33", "fr"),
    ("34", "es"),
    ("39", "it"),
    ("41", "ch"),
    ("43", "at"),
    ("44", "gb"),
    ("46", "se"),
    ("49", "de"),
    ("55", "br"),
    ("61", "au"),
    ("64", "nz"),
    ("65", "sg"),
    ("7", "ru"),
    ("81", "jp"),
    ("82", "kr"),
    ("852", "hk"),
    ("86", "cn"),
    ("886", "tw"),
    ("91", "in"),
];

/// The center's file, read and checked; it lacks only what the server's file says.
pub(crate) struct Draft {
    domain: Host,
    language: String,
    country: String,
    dial_plan: DialPlan,
    voice: Voice,
    speech: SpeechPolicy,
    numbers: BTreeMap<String, Number>,
    /// Where each of the numbers names its flow.
    number_entries: Vec<NumberEntry>,
    further: Further,
    zone: Zone,
    queues: BTreeMap<QueueId, Queue>,
    agents: BTreeMap<AgentId, AgentEntry>,
    staffing: Staffing,
    trunks: Vec<TrunkEntry>,
    routes: Vec<Route>,
    hours: BTreeMap<HoursId, Schedule>,
    screening: Screening,
    web: Web,
    masked_queues: BTreeSet<QueueId>,
    queue_retention: BTreeMap<QueueId, QueueRetention>,
    scripts: BTreeMap<QueueId, String>,
    demo: Option<(Vec<DemoUser>, bool)>,
    /// The flows that numbers lead to and that are not among those that are looked at.
    elsewhere: BTreeSet<FlowId>,
}

/// Sections that no other looks at.
struct Further {
    areas: BTreeMap<String, String>,
    tells_of_listening: bool,
    phone_grace: Option<Duration>,
    crm: Option<CrmLink>,
    /// What the server's file says, unless it is said here.
    retention: Option<Retention>,
}

/// What entries of the center may name.
pub(crate) struct Known<'a> {
    pub(crate) flows: &'a Flows,
    /// The flows that have a file, also those of which nothing could be read; `None` if what numbers lead to is not to be judged.
    pub(crate) written: Option<&'a BTreeSet<FlowId>>,
    pub(crate) sounds: &'a Sounds,
}

pub(crate) fn parse(
    source: &Source,
    flows: &Flows,
    unread: &BTreeSet<FlowId>,
    written: Option<&BTreeSet<FlowId>>,
    sounds: &Sounds,
    mistakes: &mut Vec<Diagnostic>,
) -> Option<Draft> {
    let root = match read(source) {
        Ok(root) => root,
        Err(mistake) => {
            mistakes.push(mistake);
            return None;
        }
    };
    let mut reader = Reader::new(source);
    let mut draft = draft(&mut reader, &root, &Known { flows, written, sounds });
    let found = reader.into_diagnostics();
    // What flows may name is known, whatever else is wrong with the center.
    if let Some(draft) = draft.as_mut() {
        if written.is_none() {
            draft.elsewhere = led_to(&root).filter(|flow| flows.get(flow).is_none()).collect();
        }
        let mut found = Vec::new();
        draft.flow_world(source, sounds).check_flows(flows, unread, &mut found);
        mistakes.extend(found.into_iter().filter(Diagnostic::is_error));
    }
    mistakes.extend(found);
    draft
}

/// How long an agent who is ready may be without a phone; without the key there is no limit.
fn phone_grace(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Option<Duration>> {
    node.map_or(Some(None), |node| reader.seconds(node, 5..=3600).map(Some))
}

fn draft(reader: &mut Reader<'_>, root: &Node, known: &Known<'_>) -> Option<Draft> {
    let fields = reader.fields(root, "the center", &SECTIONS)?;
    let domain = reader.required(&fields, "domain").and_then(|node| domain(reader, node));
    let language = language(reader, &fields, known);
    let dial_plan = dial_plan(reader, fields.optional("dial_plan"));
    let country = country(reader, fields.optional("country"), dial_plan.as_ref());
    let staffing = staffing(reader, &fields);
    let mut agents = reader.required(&fields, "agents").and_then(|node| {
        let realm = domain.as_ref()?.to_string();
        let (plan, staffing) = (dial_plan.as_ref()?, staffing.as_ref()?);
        agents(reader, node, &agents::Around { realm: &realm, plan, staffing })
    });
    let groups = agents.as_mut().and_then(|agents| groups(reader, fields.optional("groups"), agents));
    let speech = speech(reader, fields.optional("speech"), &SpeechPolicy::default());
    let zone = zone(reader, fields.optional("zone"));
    let hours = fields.optional("hours").map_or(Some(BTreeMap::new()), |node| schedules(reader, node));
    let queues = reader.required(&fields, "queues").and_then(|node| {
        let hours = hours.as_ref()?.keys().cloned().collect();
        let (agents, speech, staffing) = (agents.as_ref()?, speech.as_ref()?, staffing.as_ref()?);
        queues(reader, node, &queues::Around::new(agents, known.sounds, speech, staffing, hours))
    });
    let numbers = reader.required(&fields, "numbers").and_then(|node| {
        let (plan, language, agents) = (dial_plan.as_ref()?, language.as_deref()?, agents.as_ref()?);
        numbers(reader, node, &Around { plan, language, agents, known })
    });
    let voice = voice(reader, fields.optional("audio"), &Voice::default());
    let trunks = reader
        .required(&fields, "trunks")
        .and_then(|node| trunks(reader, node, dial_plan.as_ref()?, voice.as_ref()?));
    let routes = match fields.optional("routes") {
        Some(node) => routes(reader, node, trunks.as_ref()?, dial_plan.as_ref()?),
        None => Some(Vec::new()),
    };
    if let (Some(agents), Some(routes), Some(language)) = (&agents, &routes, &language) {
        let prompts = known.sounds.prompts.get(&Language::from(language.as_str()));
        check_outside_numbers(reader, agents, routes, prompts);
    }
    let further = further(reader, &fields);
    let screening = screening::Around::of(dial_plan.as_ref(), zone.as_ref(), language.as_deref(), known)
        .and_then(|around| screening(reader, &fields, &around));
    let web = web(reader, &fields, dial_plan.as_ref(), (&numbers, &queues));
    let demo = fields.optional("demo").map(|node| demo(reader, node, agents.as_ref()?));
    let (numbers, mut number_entries) = numbers?;
    let (screening, refusing) = screening?;
    number_entries.extend(refusing);
    let Queues { queues, masked: masked_queues, retention: queue_retention, scripts } = queues?;
    Some(Draft {
        domain: domain?,
        language: language?,
        country: country?,
        dial_plan: dial_plan?,
        voice: voice?,
        speech: speech?,
        numbers,
        number_entries,
        further: further?,
        zone: zone?,
        queues,
        agents: agents?,
        staffing: Staffing { groups: groups?, ..staffing? },
        trunks: trunks?,
        routes: routes?,
        hours: hours?,
        screening,
        web: web?,
        masked_queues,
        queue_retention,
        scripts,
        demo: demo.map_or(Some(None), |read| read.map(Some))?,
        elsewhere: BTreeSet::new(),
    })
}

/// What stands for itself.
fn further(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Further> {
    let areas = areas(reader, fields.optional("areas"));
    let tells_of_listening = reader.bool(fields.optional("tell_of_listening"), false);
    let phone_grace = phone_grace(reader, fields.optional("phone_grace_s"));
    let crm = crm(reader, fields.optional("crm"));
    let retention = fields.optional("retention").map(|node| retention(reader, Some(node)));
    Some(Further {
        areas: areas?,
        tells_of_listening: tells_of_listening?,
        phone_grace: phone_grace?,
        crm: crm?,
        retention: retention.map_or(Some(None), |read| read.map(Some))?,
    })
}

fn language(reader: &mut Reader<'_>, fields: &Fields<'_>, known: &Known<'_>) -> Option<String> {
    let node = reader.required(fields, "language")?;
    spoken(reader, node, known)
}

fn domain(reader: &mut Reader<'_>, node: &Node) -> Option<Host> {
    let text = reader.text(node, "a domain such as `hotline.example`")?;
    let host = Host::parse(text).ok();
    if host.is_none() {
        reader.mistake(node.place, format!("`{text}` is no domain"), "such as `hotline.example`");
    }
    host
}

/// The country whose tones are heard: the one that is named, or that of the dial plan.
fn country(reader: &mut Reader<'_>, node: Option<&Node>, plan: Option<&DialPlan>) -> Option<String> {
    let Some(node) = node else {
        let code = plan.map_or("", |plan| plan.country.as_str());
        let known = COUNTRY_CODES.iter().find(|(known, _)| *known == code);
        return Some(known.map_or(COUNTRY, |(_, country)| country).to_owned());
    };
    let name = reader.text(node, "a country such as `de`")?;
    if country_tone(name, Meaning::Ringback).is_some() {
        return Some(name.to_owned());
    }
    let remedy = format!("one of {}", countries().collect::<Vec<_>>().join(", "));
    reader.mistake(node.place, format!("the tones of `{name}` are not known"), remedy);
    None
}

/// A language for which there are prompts.
fn spoken(reader: &mut Reader<'_>, node: &Node, known: &Known<'_>) -> Option<String> {
    let language = reader.text(node, "a language such as `en`")?;
    if known.sounds.prompts.keys().any(|spoken| spoken.as_str() == language) {
        return Some(language.to_owned());
    }
    let remedy = suggest(language, known.sounds.prompts.keys().map(Language::as_str));
    reader.mistake(node.place, format!("no prompts in language `{language}`"), remedy);
    None
}

pub(crate) fn dial_plan(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<DialPlan> {
    let Some(node) = node else { return Some(AS_WRITTEN) };
    let fields = reader.fields(node, "dial_plan", &names(&DIAL_PLAN))?;
    let mut digits = |key: &str| {
        let node = reader.required(&fields, key)?;
        let text = reader.text(node, "digits in quotes")?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text.to_owned());
        }
        reader.mistake(
            node.place,
            format!("`{text}` is not digits"),
            "only digits, in quotes, such as \"49\"",
        );
        None
    };
    let (country, national, international) =
        (digits("country"), digits("national_prefix"), digits("international_prefix"));
    let national_digits = match fields.optional("national_digits") {
        Some(node) => Some(reader.count(node, NATIONAL_DIGITS)?),
        None => None,
    };
    Some(DialPlan {
        country: country?,
        national_prefix: national?,
        international_prefix: international?,
        national_digits,
    })
}

/// What an entry of `numbers:` is checked against.
struct Around<'a> {
    plan: &'a DialPlan,
    /// Spoken where a number does not say otherwise.
    language: &'a str,
    agents: &'a BTreeMap<AgentId, AgentEntry>,
    known: &'a Known<'a>,
}

fn numbers(
    reader: &mut Reader<'_>,
    node: &Node,
    around: &Around<'_>,
) -> Option<(BTreeMap<String, Number>, Vec<NumberEntry>)> {
    let (mut numbers, mut entries) = (BTreeMap::new(), Vec::new());
    for (key, value) in reader.entries(node, "numbers")? {
        let Some(dialled) = number::normalise(&key.text, around.plan) else {
            reader.mistake(
                key.place,
                format!("`{}` is not a number", key.text),
                "digits in quotes, with + if it has one",
            );
            continue;
        };
        if let Some((agent, _)) = around.agents.iter().find(|(_, entry)| entry.agent.extension == dialled) {
            let problem =
                format!("{dialled} is also the extension of agent `{agent}`, who could not be reached");
            reader.mistake(key.place, problem, "another number or another extension");
        }
        let Some((number, place)) = number(reader, &key.text, value, around) else { continue };
        entries.push(NumberEntry { flow: number.flow.clone(), language: number.language.clone(), place });
        if numbers.insert(dialled, number).is_some() {
            reader.mistake(
                key.place,
                format!("`{}` is there twice, written differently", key.text),
                "keep one",
            );
        }
    }
    Some((numbers, entries))
}

/// A number, and where it names its flow.
fn number(reader: &mut Reader<'_>, id: &str, node: &Node, around: &Around<'_>) -> Option<(Number, Place)> {
    let fields = reader.fields(node, "a number", &names(&NUMBER))?;
    let name = fields.optional("name").and_then(|node| reader.text(node, "a name")).map(str::to_owned);
    let flow_node = reader.required(&fields, "flow");
    let flow = flow_node.and_then(|node| flow_named(reader, node, around.known));
    let allow_only = allow_only(reader, fields.optional("allow_only"), around.plan);
    let (language, place) = match fields.optional("language") {
        Some(node) => (spoken(reader, node, around.known), node.place),
        None => (Some(around.language.to_owned()), node.place),
    };
    let (flow, language) = (flow?, language?);
    let spoken = flow.languages().any(|known| known.as_str() == language);
    if !spoken && flow.is_whole() && around.known.written.is_some() {
        let known: Vec<&str> = flow.languages().map(Language::as_str).collect();
        let problem = format!("flow `{}` does not speak `{language}`", flow.name());
        let remedy =
            format!("one of its languages: {}; or add it to the flow's `languages`", known.join(", "));
        reader.mistake(place, problem, remedy);
    }
    let place = flow_node.map_or(node.place, |node| node.place);
    let number =
        Number { id: NumberId::from(id), name, flow: flow.name().clone(), language, allow_only: allow_only? };
    Some((number, place))
}

/// The flow that is named there.
pub(crate) fn flow_named<'k>(reader: &mut Reader<'_>, node: &Node, known: &Known<'k>) -> Option<&'k Flow> {
    let name = reader.text(node, "the name of a flow")?;
    let found = known.flows.get(&FlowId::from(name)).map(Arc::as_ref);
    // A flow that could not be read has its own mistakes.
    if found.is_none() && known.written.is_some_and(|written| !written.contains(&FlowId::from(name))) {
        let remedy = suggest(name, known.flows.iter().map(|(id, _)| id.as_str()));
        reader.mistake(node.place, format!("there is no flow `{name}`"), remedy);
    }
    found
}

/// The zone of the center; UTC unless one is named.
fn zone(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Zone> {
    let Some(node) = node else { return Some(Zone::utc()) };
    let name = reader.text(node, "a time zone such as `Europe/Berlin`")?;
    let zone = Zone::named(name);
    if zone.is_none() {
        reader.mistake(
            node.place,
            format!("unknown time zone `{}`", shown(name)),
            suggest(name, Zone::names()),
        );
    }
    zone
}

/// The most areas of callers.
const AREAS_MAX: usize = 10_000;
/// The longest name of an area, in characters.
const AREA_CHARS_MAX: usize = 64;

/// Beginnings of numbers in their international form, and the areas that they belong to.
fn areas(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<BTreeMap<String, String>> {
    let Some(node) = node else { return Some(BTreeMap::new()) };
    let entries = reader.entries(node, "areas")?;
    if entries.len() > AREAS_MAX {
        reader.mistake(node.place, format!("{} areas", entries.len()), format!("at most {AREAS_MAX}"));
        return None;
    }
    let mut areas = BTreeMap::new();
    for (key, value) in entries {
        let digits = key.text.strip_prefix('+').unwrap_or_default();
        if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            let problem = format!("`{}` is no beginning of a number", shown(&key.text));
            reader.mistake(
                key.place,
                problem,
                "`+`, the country's code and the digits that follow, such as \"+4930\"",
            );
            continue;
        }
        let Some(area) = reader.text(value, "the name of an area") else { continue };
        if area.is_empty() || area.chars().count() > AREA_CHARS_MAX {
            reader.mistake(
                value.place,
                "an area without a usable name",
                format!("1 to {AREA_CHARS_MAX} characters"),
            );
            continue;
        }
        areas.insert(key.text.clone(), area.to_owned());
    }
    Some(areas)
}

impl Draft {
    /// The highest level of each skill among the members of each queue.
    fn skilled(&self) -> BTreeMap<(QueueId, String), u8> {
        let mut best = BTreeMap::new();
        for (queue, config) in &self.queues {
            let members = config.routing.members.iter().filter_map(|member| self.agents.get(&member.agent));
            for (skill, level) in members.flat_map(|entry| &entry.agent.skills) {
                let known: &mut u8 = best.entry((queue.clone(), skill.as_str().to_owned())).or_default();
                *known = (*known).max(*level);
            }
        }
        best
    }

    fn flow_world(&self, source: &Source, sounds: &Sounds) -> FlowWorld {
        FlowWorld {
            entries: self.number_entries.iter().map(|entry| entry.flow.clone()).collect(),
            queues: self.queues.keys().cloned().collect(),
            skills: self.staffing.skills.keys().map(|id| id.as_str().to_owned()).collect(),
            skilled: self.skilled(),
            extensions: self.agents.values().map(|entry| entry.agent.extension.clone()).collect(),
            agents: self.agents.keys().map(|id| id.as_str().to_owned()).collect(),
            schedules: self.hours.keys().map(|id| id.as_str().to_owned()).collect(),
            prompts: sounds.prompts.clone(),
            dial_plan: self.dial_plan.clone(),
            routes: self.routes.clone(),
            elsewhere: self.elsewhere.clone(),
            center: source.clone(),
            numbers: self.number_entries.clone(),
        }
    }

    pub(crate) fn into_configuration(
        self,
        server: Server,
        source: &Source,
        flows: Flows,
        flow_texts: Vec<FlowText>,
        sounds: &Sounds,
    ) -> Configuration {
        let sip_users: BTreeMap<String, UserConfig> =
            self.agents.iter().map(|(id, entry)| (id.as_str().to_owned(), entry.sip_user(id))).collect();
        let sip_passwords = self
            .agents
            .iter()
            .map(|(id, entry)| (id.as_str().to_owned(), entry.sip_password.clone()))
            .collect();
        let prompts = self.prompts(sounds);
        let flow_world = self.flow_world(source, sounds);
        let (incoming, outgoing): (Vec<TrunkConfig>, Vec<Trunk>) =
            self.trunks.into_iter().map(|entry| (entry.incoming, entry.outgoing)).unzip();
        let center = Center {
            dial_plan: self.dial_plan,
            numbers: self.numbers,
            flows: Arc::new(flows),
            areas: self.further.areas,
            zone: self.zone,
            queues: self.queues,
            agents: self.agents.into_iter().map(|(id, entry)| (id, entry.agent)).collect(),
            staffing: self.staffing,
            trunks: outgoing.into_iter().map(|trunk| (trunk.id.clone(), trunk)).collect(),
            routes: self.routes,
            hours: self.hours,
            screening: self.screening,
            web: self.web,
            crm: self.further.crm,
            language: self.language,
            domain: self.domain,
            media_address: server.media.external,
            // Their certificate is made when the server starts.
            browsers: None,
            voice: self.voice,
            speech: self.speech,
            parties_max: server.media.parties_max,
            tells_of_listening: self.further.tells_of_listening,
            recording: server.recordings.policy,
            timing: Timing { phone_grace: self.further.phone_grace, ..Timing::default() },
        };
        let demo = self.demo.map(|(users, allow_anywhere)| Demo { users, sip_passwords, allow_anywhere });
        let country = self.country;
        let retention = self.further.retention.unwrap_or(server.retention);
        Configuration {
            server,
            center,
            country,
            trunks: incoming,
            sip_users,
            demo,
            flows: flow_texts,
            flow_world,
            masked_queues: self.masked_queues,
            kept: Kept { retention, queues: self.queue_retention },
            scripts: self.scripts,
            prompts,
        }
    }

    /// All prompts of all languages, and the music of the queues.
    fn prompts(&self, sounds: &Sounds) -> BTreeSet<PromptId> {
        let spoken = sounds.prompts.iter().flat_map(|(language, names)| {
            names.iter().map(move |name| PromptId::from(format!("{language}/{name}").as_str()))
        });
        let announced = sounds.prompts.keys().flat_map(|language| {
            announcement_prompts(language)
                .into_iter()
                .map(move |name| PromptId::from(format!("{language}/{name}").as_str()))
        });
        let music = self.queues.values().map(|queue| queue.music.prompt.clone());
        spoken.chain(announced).chain(music).collect()
    }
}
