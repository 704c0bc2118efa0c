//! `webhooks:` of the server's file: which programs outside are sent events.

use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hotline_api_types::What;
use hotline_base::Pii;
use hotline_web_client::check_url;
use hotline_yaml::{Fields, Key, Node, Reader, suggest};

/// Webhooks that may be configured.
pub const WEBHOOKS_MAX: usize = 16;
/// Patterns of one webhook.
const PATTERNS_MAX: usize = 64;
/// What keys begin with (Standard Webhooks), and how long they are then.
const KEY_PREFIX: &str = "whsec_";
const KEY_BYTES: RangeInclusive<usize> = 24..=64;
/// How long a receiver may take to answer.
const TIMEOUT_S: RangeInclusive<u32> = 1..=60;
const TIMEOUT_USUAL: Duration = Duration::from_secs(10);

/// One receiver of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Names it.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// What signs them: 24 to 64 bytes.
    pub key: Pii<Vec<u8>>,
    /// Which types, as written or with `*` at the end; all if empty.
    pub types: Vec<String>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

pub(crate) fn webhooks(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Vec<Webhook>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let entries = reader.entries(node, "the webhooks by name")?;
    if entries.len() > WEBHOOKS_MAX {
        reader.mistake(node.place, "too many webhooks", format!("{WEBHOOKS_MAX} at most"));
        return None;
    }
    let hooks: Vec<Option<Webhook>> =
        entries.into_iter().map(|(name, node)| webhook(reader, name, node)).collect();
    hooks.into_iter().collect()
}

fn webhook(reader: &mut Reader<'_>, name: &Key, node: &Node) -> Option<Webhook> {
    let is_named = reader.check_name(&name.text, name.place, "webhook");
    let fields = reader.fields(node, "a webhook", &["url", "key", "events", "timeout_s"])?;
    let url = reader.required(&fields, "url").and_then(|node| url(reader, node));
    let key = reader.required(&fields, "key").and_then(|node| key(reader, node));
    let types = types(reader, &fields);
    let timeout = match fields.optional("timeout_s") {
        Some(node) => reader.seconds(node, TIMEOUT_S),
        None => Some(TIMEOUT_USUAL),
    };
    is_named?;
    Some(Webhook { name: name.text.clone(), url: url?, key: key?, types: types?, timeout: timeout? })
}

fn url(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "an address")?;
    match check_url(text) {
        Ok(()) => Some(text.to_owned()),
        Err(failure) => {
            reader.mistake(node.place, failure.to_string(), "such as `https://crm.example/hotline`");
            None
        }
    }
}

/// What is wrong with a key is said without the key.
fn key(reader: &mut Reader<'_>, node: &Node) -> Option<Pii<Vec<u8>>> {
    let text = reader.text(node, "a key")?;
    let bytes = text.strip_prefix(KEY_PREFIX).and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.filter(|bytes| KEY_BYTES.contains(&bytes.len()));
    if bytes.is_none() {
        let remedy = "`whsec_` and 24 to 64 random bytes in base64: `echo whsec_$(openssl rand -base64 32)`";
        reader.mistake(node.place, "this is no key of a webhook", remedy);
    }
    bytes.map(Pii::new)
}

fn types(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<String>> {
    let Some(node) = fields.optional("events") else { return Some(Vec::new()) };
    let nodes = reader.list(node, "types of events", PATTERNS_MAX)?;
    let all: Vec<Option<String>> = nodes.iter().map(|node| pattern(reader, node)).collect();
    all.into_iter().collect()
}

fn pattern(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "a type of event such as `call.ended` or `call.*`")?;
    let fits = |kind: &&str| match text.strip_suffix('*') {
        Some(beginning) => kind.starts_with(beginning),
        None => **kind == *text,
    };
    if !What::TYPES.iter().any(fits) {
        let remedy = suggest(text, What::TYPES.iter().copied());
        reader.mistake(node.place, format!("no event is of type `{text}`"), remedy);
        return None;
    }
    Some(text.to_owned())
}
