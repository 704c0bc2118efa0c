//! `agents:` and `demo:` of the center.

use std::collections::{BTreeMap, BTreeSet};

use hotline_access::BUILT_IN;
use hotline_base::{AgentId, GroupId, Pii};
use hotline_call::{
    Agent, AutoAnswer, DialPlan, OUTSIDE_NUMBERS_MAX, Route, Staffing, TAKE_CALL_PROMPT, number,
};
use hotline_ivr::PromptName;
use hotline_sip::UserConfig;
use hotline_sip::digest::{Algorithm, Ha1};
use hotline_yaml::{Key, Node, Place, Reader, suggest};

use crate::DemoUser;
use crate::format::{AGENT, DEMO_USER, names};
use crate::staffing::{groups, levels};
use crate::trunks::caller_id;
use crate::voice::encryption;

/// The order in which a phone is challenged unless the center says otherwise: the strong one first (RFC 8760 §2.4).
const DEFAULT_ORDER: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];
const SIP_PASSWORD_MIN: usize = 8;
const EXTENSION_DIGITS_MAX: usize = 10;

/// Beside the names of people in `demo:`.
const ALLOW_ANYWHERE: &str = "allow_anywhere";
const CALLS_PER_DAY_MAX: usize = 10_000;

/// What entries of `agents:` are checked against.
pub(crate) struct Around<'a> {
    pub(crate) realm: &'a str,
    pub(crate) plan: &'a DialPlan,
    pub(crate) staffing: &'a Staffing,
}

/// An agent with the secrets of the phone.
pub(crate) struct AgentEntry {
    pub(crate) agent: Agent,
    pub(crate) sip_password: Pii<String>,
    ha1: Vec<(Algorithm, Ha1)>,
    /// Where numbers outside are named.
    outside: Option<Place>,
}

impl AgentEntry {
    pub(crate) fn sip_user(&self, id: &AgentId) -> UserConfig {
        UserConfig { agent: id.clone(), ha1: self.ha1.clone() }
    }
}

pub(crate) fn agents(
    reader: &mut Reader<'_>,
    node: &Node,
    around: &Around<'_>,
) -> Option<BTreeMap<AgentId, AgentEntry>> {
    let mut agents = BTreeMap::new();
    let mut extensions: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in reader.entries(node, "agents")? {
        if reader.check_name(&key.text, key.place, "an agent's id").is_none() {
            continue;
        }
        let Some(entry) = agent(reader, key, value, around) else { continue };
        if let Some(other) = extensions.insert(entry.agent.extension.clone(), key.text.clone()) {
            let problem = format!("extension {} is taken by agent `{other}`", entry.agent.extension);
            reader.mistake(value.place, problem, "give each agent an extension of its own");
        }
        agents.insert(AgentId::from(key.text.as_str()), entry);
    }
    Some(agents)
}

fn agent(reader: &mut Reader<'_>, id: &Key, node: &Node, around: &Around<'_>) -> Option<AgentEntry> {
    let plan = around.plan;
    let fields = reader.fields(node, "an agent", &names(&AGENT))?;
    let name =
        reader.required(&fields, "name").and_then(|node| reader.text(node, "a name")).map(str::to_owned);
    let extension = match fields.optional("extension") {
        Some(node) => {
            let text = reader.text(node, "an extension in quotes, such as \"1001\"")?;
            extension(reader, text, node.place, plan)
        }
        None => extension(reader, &id.text, id.place, plan),
    };
    let password = reader.required(&fields, "sip_password").and_then(|node| {
        let password = reader.text(node, "a password")?;
        if password.len() < SIP_PASSWORD_MIN {
            let remedy = format!("at least {SIP_PASSWORD_MIN} characters");
            reader.mistake(node.place, "the SIP password is too short", remedy);
            return None;
        }
        Some(password.to_owned())
    });
    let order = match fields.optional("digest") {
        Some(node) => digest_order(reader, node),
        None => Some(DEFAULT_ORDER.to_vec()),
    };
    let caller_id = match fields.optional("caller_id") {
        Some(node) => Some(caller_id(reader, node, plan)?),
        None => None,
    };
    let auto_answer = match fields.optional("auto_answer") {
        Some(node) => auto_answer(reader, node)?,
        None => AutoAnswer::Never,
    };
    let outside_numbers = match fields.optional("outside_numbers") {
        Some(node) => outside_numbers(reader, node, plan)?,
        None => Vec::new(),
    };
    let confirm_outside = reader.bool(fields.optional("confirm_outside"), true)?;
    let confirm_key = reader.bool(fields.optional("confirm_key"), false)?;
    let skills = levels(reader, fields.optional("skills"), around.staffing);
    let groups = groups(reader, fields.optional("groups"));
    let daily_cap = match fields.optional("daily_cap") {
        Some(node) => Some(reader.count(node, 1..=CALLS_PER_DAY_MAX)?),
        None => None,
    };
    let daily_cap = daily_cap.and_then(|most| u32::try_from(most).ok());
    let encryption = match fields.optional("encryption") {
        Some(node) => Some(encryption(reader, node)?),
        None => None,
    };
    let password = password?;
    let ha1 = order?
        .into_iter()
        .map(|algorithm| (algorithm, Ha1::new(algorithm, &id.text, around.realm, &password)))
        .collect();
    let (name, extension) = (name?, extension?);
    let agent = Agent {
        name,
        extension,
        caller_id,
        auto_answer,
        outside_numbers,
        confirm_outside,
        confirm_key,
        skills: skills?,
        groups: groups?,
        daily_cap,
        encryption,
    };
    let outside = fields.optional("outside_numbers").map(|node| node.place);
    Some(AgentEntry { agent, sip_password: Pii::new(password), ha1, outside })
}

/// Numbers at which an agent may choose to be reached, normalised.
fn outside_numbers(reader: &mut Reader<'_>, node: &Node, plan: &DialPlan) -> Option<Vec<Pii<String>>> {
    let nodes = reader.list(node, "telephone numbers in quotes", OUTSIDE_NUMBERS_MAX)?;
    nodes.iter().map(|node| caller_id(reader, node, plan).map(Pii::new)).collect()
}

/// Agents at numbers outside need a route there, and whoever is to confirm a call must be told how.
pub(crate) fn check_outside_numbers(
    reader: &mut Reader<'_>,
    agents: &BTreeMap<AgentId, AgentEntry>,
    routes: &[Route],
    prompts: Option<&BTreeSet<PromptName>>,
) {
    for entry in agents.values() {
        let (agent, Some(place)) = (&entry.agent, entry.outside) else { continue };
        for number in &agent.outside_numbers {
            if !routes.iter().any(|route| route.fits(number.expose())) {
                let problem = format!("no route leads to {}", number.expose());
                reader.mistake(place, problem, "a route for it under `routes:`");
            }
        }
        let told = prompts.is_some_and(|prompts| prompts.contains(&PromptName::from(TAKE_CALL_PROMPT)));
        if agent.confirm_outside && !told {
            let problem = format!("there is no prompt `{TAKE_CALL_PROMPT}` in the center's language");
            reader.mistake(place, problem, "add the sound, or `confirm_outside: false`");
        }
    }
}

/// An extension is dialled like any number, so the dial plan must leave it as it is.
fn extension(reader: &mut Reader<'_>, text: &str, place: Place, plan: &DialPlan) -> Option<String> {
    let is_short = (1..=EXTENSION_DIGITS_MAX).contains(&text.len());
    if !is_short || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let remedy =
            format!("`extension:` with 1 to {EXTENSION_DIGITS_MAX} digits in quotes, such as \"1001\"");
        reader.mistake(place, format!("`{text}` is no extension"), remedy);
        return None;
    }
    match number::normalise(text, plan) {
        Some(dialled) if dialled == text => Some(dialled),
        Some(dialled) => {
            let problem = format!("nobody can reach extension {text}: the dial plan takes it for {dialled}");
            reader.mistake(place, problem, "another extension, such as \"1001\"");
            None
        }
        None => None,
    }
}

fn auto_answer(reader: &mut Reader<'_>, node: &Node) -> Option<AutoAnswer> {
    let known = ["never", "own_calls", "always"];
    match reader.text(node, "`never`, `own_calls` or `always`")? {
        "never" => Some(AutoAnswer::Never),
        "own_calls" => Some(AutoAnswer::OwnCalls),
        "always" => Some(AutoAnswer::Always),
        other => {
            reader.mistake(node.place, format!("unknown auto_answer `{other}`"), suggest(other, known));
            None
        }
    }
}

/// An order of algorithms, each once.
fn digest_order(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Algorithm>> {
    let known = Algorithm::ALL.map(Algorithm::as_str);
    let mut order = Vec::new();
    for item in reader.list(node, "digest algorithms", known.len())? {
        let text = reader.text(item, "`SHA-512-256`, `SHA-256` or `MD5`")?;
        let Ok(algorithm) = text.parse::<Algorithm>() else {
            reader.mistake(item.place, format!("unknown digest algorithm `{text}`"), suggest(text, known));
            return None;
        };
        if order.contains(&algorithm) {
            reader.mistake(item.place, format!("`{algorithm}` is there twice"), "keep one");
            return None;
        }
        order.push(algorithm);
    }
    Some(order)
}

/// The people of a demonstration, and whether it may be reached from elsewhere.
pub(crate) fn demo(
    reader: &mut Reader<'_>,
    node: &Node,
    agents: &BTreeMap<AgentId, AgentEntry>,
) -> Option<(Vec<DemoUser>, bool)> {
    let (mut users, mut allow_anywhere) = (Vec::new(), false);
    for (key, value) in reader.entries(node, "demo users")? {
        if key.text == ALLOW_ANYWHERE {
            allow_anywhere = reader.bool(Some(value), false)?;
        } else {
            users.extend(demo_user(reader, key, value, agents));
        }
    }
    Some((users, allow_anywhere))
}

fn demo_user(
    reader: &mut Reader<'_>,
    key: &Key,
    value: &Node,
    agents: &BTreeMap<AgentId, AgentEntry>,
) -> Option<DemoUser> {
    let fields = reader.fields(value, "a demo user", &names(&DEMO_USER))?;
    let name = reader.required(&fields, "name").and_then(|node| reader.text(node, "a name"));
    let password = reader.required(&fields, "password").and_then(|node| reader.text(node, "a password"));
    let role = reader.required(&fields, "role").and_then(|node| {
        let known = BUILT_IN.iter().map(|role| role.name);
        let text = reader.text(node, "a role such as `agent` or `admin`")?;
        if known.clone().any(|role| role == text) {
            return Some(text.to_owned());
        }
        reader.mistake(node.place, format!("unknown role `{text}`"), suggest(text, known));
        None
    });
    let teams = groups(reader, fields.optional("teams"));
    let there = |team: &GroupId| agents.values().any(|entry| entry.agent.groups.contains(team));
    if let (Some(teams), Some(node)) = (&teams, fields.optional("teams")) {
        for team in teams.iter().filter(|team| !there(team)) {
            let problem = format!("no agent is in the group `{team}`");
            reader.mistake(node.place, problem, "`groups:` of an agent makes one");
        }
    }
    let agent = match fields.optional("agent") {
        None => None,
        Some(node) => {
            let id = reader.text(node, "an agent's id in quotes")?;
            if !agents.contains_key(&AgentId::from(id)) {
                let remedy = suggest(id, agents.keys().map(AgentId::as_str));
                reader.mistake(node.place, format!("there is no agent `{id}`"), remedy);
            }
            Some(id.to_owned())
        }
    };
    let (user, password) = (key.text.clone(), Pii::from(password?));
    let teams = teams?.iter().map(ToString::to_string).collect();
    Some(DemoUser { user, name: name?.to_owned(), password, role: role?, agent, teams })
}
