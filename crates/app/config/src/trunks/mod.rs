//! `trunks:` of the center: who calls in without a password, and by which ways calls go out.

mod routes;
mod servers;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use hotline_base::{Pii, TrunkId};
use hotline_call::{Account, DialPlan, Format, Identity, Numbers, Trunk, Voice, number};
use hotline_sip::uri::Host;
use hotline_sip::{HeaderName, IpPrefix, Login, TrunkConfig};
use hotline_yaml::{Fields, Node, Reader, Value, suggest};

pub(crate) use routes::{pattern, routes};
use servers::servers;

use crate::format::{LOGIN, REGISTRATION, TRUNK, WRITTEN, names};
use crate::voice::voice;

const PEERS_MAX: usize = 256;
const CALLS_MAX: RangeInclusive<usize> = 1..=10_000;
const PROBE: RangeInclusive<u32> = 5..=3600;
const EXPIRES: RangeInclusive<u32> = 60..=86_400;
const EXPIRES_DEFAULT: Duration = Duration::from_secs(600);
const RESPONSE_TIMEOUT: RangeInclusive<u32> = 1..=30;
const RESPONSE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(4);
const RING_TIMEOUT: RangeInclusive<u32> = 5..=600;
const RING_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
const HEADERS_MAX: usize = 32;
/// Header fields that make the transaction and the dialog, or that follow from what both sides can.
const OURS: [HeaderName; 18] = [
    HeaderName::Via,
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::Contact,
    HeaderName::Route,
    HeaderName::RecordRoute,
    HeaderName::ContentLength,
    HeaderName::ContentType,
    HeaderName::Require,
    HeaderName::Supported,
    HeaderName::SessionExpires,
    HeaderName::MinSe,
    HeaderName::Authorization,
    HeaderName::ProxyAuthorization,
    HeaderName::Replaces,
];

/// A trunk as the SIP endpoint and as call control see it.
pub(crate) struct TrunkEntry {
    pub(crate) incoming: TrunkConfig,
    pub(crate) outgoing: Trunk,
}

pub(crate) fn trunks(
    reader: &mut Reader<'_>,
    node: &Node,
    plan: &DialPlan,
    of_center: &Voice,
) -> Option<Vec<TrunkEntry>> {
    let mut trunks = Vec::new();
    for (key, value) in reader.entries(node, "trunks")? {
        if reader.check_name(&key.text, key.place, "a trunk's id").is_none() {
            continue;
        }
        let Some(fields) = reader.fields(value, "a trunk", &names(&TRUNK)) else { continue };
        if let Some(entry) = trunk(reader, &key.text, value, &fields, (plan, of_center)) {
            trunks.push(entry);
        }
    }
    Some(trunks)
}

fn trunk(
    reader: &mut Reader<'_>,
    id: &str,
    node: &Node,
    fields: &Fields<'_>,
    (plan, of_center): (&DialPlan, &Voice),
) -> Option<TrunkEntry> {
    let peers = match fields.optional("peers") {
        Some(node) => peers(reader, node),
        None => Some(Vec::new()),
    };
    let servers = match fields.optional("servers") {
        Some(node) => servers(reader, node),
        None => Some(Vec::new()),
    };
    let (peers, servers) = (peers?, servers?);
    if peers.is_empty() && servers.is_empty() {
        let remedy = "`peers` for calls that come in, `servers` for calls that go out";
        reader.mistake(node.place, "a trunk without peers and without servers carries no call", remedy);
        return None;
    }
    let login = optional(reader, fields, "login", login);
    let named = servers.iter().map(|server| &server.destination.host).find(|host| host.ip().is_none());
    let domain = match fields.optional("domain") {
        Some(node) => Some(host(reader, node)?),
        None => named.cloned(),
    };
    let account = match fields.optional("register") {
        Some(node) => {
            let around = (
                login.as_ref().and_then(Option::as_ref),
                domain.as_ref().or(servers.first().map(|server| &server.destination.host)),
            );
            account(reader, node, around)
        }
        None => Some(None),
    };
    let outgoing = Trunk {
        id: TrunkId::from(id),
        servers,
        login: login?,
        account: account?,
        probe: optional(reader, fields, "probe_s", |reader, node| reader.seconds(node, PROBE))?,
        calls_max: count(reader, fields, "calls_max")?,
        calls_per_second: count(reader, fields, "calls_per_second")?,
        response_timeout: optional(reader, fields, "response_timeout_s", |reader, node| {
            reader.seconds(node, RESPONSE_TIMEOUT)
        })?
        .unwrap_or(RESPONSE_TIMEOUT_DEFAULT),
        ring_timeout: optional(reader, fields, "ring_timeout_s", |reader, node| {
            reader.seconds(node, RING_TIMEOUT)
        })?
        .unwrap_or(RING_TIMEOUT_DEFAULT),
        numbers: match fields.optional("numbers") {
            Some(node) => written(reader, node)?,
            None => Numbers { format: Format::E164, prefix: String::new(), dial_plan: None },
        },
        voice: voice(reader, fields.optional("audio"), of_center)?,
        caller_id: optional(reader, fields, "caller_id", |reader, node| caller_id(reader, node, plan))?,
        identity: optional(reader, fields, "identity", identity)?.unwrap_or(Identity::From),
        domain,
        headers: optional(reader, fields, "headers", headers)?.unwrap_or_default(),
    };
    let incoming = TrunkConfig {
        trusted: reader.bool(fields.optional("trusted"), false)?,
        account: outgoing.account.as_ref().map(|account| account.user.clone()),
        ..TrunkConfig::new(id, peers)
    };
    Some(TrunkEntry { incoming, outgoing })
}

/// A key that may be left out: `None` if it is there and wrong.
fn optional<T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    read: impl FnOnce(&mut Reader<'_>, &Node) -> Option<T>,
) -> Option<Option<T>> {
    match fields.optional(key) {
        Some(node) => read(reader, node).map(Some),
        None => Some(None),
    }
}

fn count(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<Option<u32>> {
    let most = optional(reader, fields, key, |reader, node| reader.count(node, CALLS_MAX))?;
    Some(most.and_then(|most| u32::try_from(most).ok()))
}

fn peers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<IpPrefix>> {
    let items = reader.list(node, "addresses", PEERS_MAX)?;
    Some(items.iter().filter_map(|item| prefix(reader, item)).collect())
}

fn login(reader: &mut Reader<'_>, node: &Node) -> Option<Login> {
    let fields = reader.fields(node, "a login", &names(&LOGIN))?;
    let username = reader.required(&fields, "username").and_then(|node| reader.text(node, "a user name"));
    let password = reader.required(&fields, "password").and_then(|node| reader.text(node, "a password"));
    Some(Login { username: Pii::from(username?), password: Pii::from(password?) })
}

/// `register: true`, or with what differs from the login and the server.
fn account(
    reader: &mut Reader<'_>,
    node: &Node,
    (login, host): (Option<&Login>, Option<&Host>),
) -> Option<Option<Account>> {
    if let Value::Bool(wanted) = node.value {
        let user = login.map(|login| login.username.expose().clone());
        return match (wanted, user, host) {
            (false, ..) => Some(None),
            (true, Some(user), Some(host)) => {
                Some(Some(Account { user, domain: host.to_string(), expires: EXPIRES_DEFAULT }))
            }
            (true, ..) => {
                let remedy = "`login:` with username and password, and `servers:` to register at";
                reader.mistake(node.place, "nobody can register without a login and a server", remedy);
                None
            }
        };
    }
    let fields = reader.fields(node, "a registration", &names(&REGISTRATION))?;
    let user = optional(reader, &fields, "user", |reader, node| {
        reader.text(node, "our user name at the provider").map(str::to_owned)
    })?;
    let domain = optional(reader, &fields, "domain", |reader, node| {
        self::host(reader, node).map(|host| host.to_string())
    })?;
    let expires = optional(reader, &fields, "expires_s", |reader, node| reader.seconds(node, EXPIRES))?;
    let user = user.or(login.map(|login| login.username.expose().clone()));
    let domain = domain.or(host.map(ToString::to_string));
    let (Some(user), Some(domain)) = (user, domain) else {
        let remedy = "`user`, or a `login:`; and `servers:` to register at";
        reader.mistake(node.place, "it is not said as whom and where to register", remedy);
        return None;
    };
    Some(Some(Account { user, domain, expires: expires.unwrap_or(EXPIRES_DEFAULT) }))
}

fn host(reader: &mut Reader<'_>, node: &Node) -> Option<Host> {
    let text = reader.text(node, "a domain such as `sip.example.net`")?;
    let host = Host::parse(text).ok();
    if host.is_none() {
        reader.mistake(node.place, format!("`{text}` is no domain"), "such as `sip.example.net`");
    }
    host
}

fn written(reader: &mut Reader<'_>, node: &Node) -> Option<Numbers> {
    let fields = reader.fields(node, "how numbers are written", &names(&WRITTEN))?;
    let format = optional(reader, &fields, "format", |reader, node| {
        let known = [("e164", Format::E164), ("digits", Format::Digits), ("dialled", Format::Dialled)];
        choice(reader, node, "format", &known)
    })?;
    let prefix = optional(reader, &fields, "prefix", |reader, node| {
        let text = reader.text(node, "digits in quotes")?;
        let is_dialled = text.bytes().all(|byte| byte.is_ascii_digit() || b"*#+".contains(&byte));
        if !is_dialled {
            reader.mistake(node.place, format!("`{text}` cannot be dialled"), "digits, `*`, `#` or `+`");
        }
        is_dialled.then(|| text.to_owned())
    })?;
    let dial_plan =
        optional(reader, &fields, "dial_plan", |reader, node| crate::center::dial_plan(reader, Some(node)))?;
    Some(Numbers { format: format.unwrap_or(Format::E164), prefix: prefix.unwrap_or_default(), dial_plan })
}

fn identity(reader: &mut Reader<'_>, node: &Node) -> Option<Identity> {
    let known =
        [("from", Identity::From), ("asserted", Identity::Asserted), ("preferred", Identity::Preferred)];
    choice(reader, node, "identity", &known)
}

/// One of several words.
pub(crate) fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    known: &[(&str, T)],
) -> Option<T> {
    let names = || known.iter().map(|(name, _)| *name);
    let text = reader.text(node, &format!("one of {}", names().collect::<Vec<_>>().join(", ")))?;
    let found = known.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        reader.mistake(node.place, format!("unknown {what} `{text}`"), suggest(text, names()));
    }
    found.map(|(_, value)| *value)
}

/// A number of ours that is shown outside, normalised.
pub(crate) fn caller_id(reader: &mut Reader<'_>, node: &Node, plan: &DialPlan) -> Option<String> {
    let text = reader.text(node, "a number in quotes, such as \"+15550100\"")?;
    let number = number::normalise(text, plan);
    if number.is_none() {
        reader.mistake(
            node.place,
            format!("`{text}` is no number"),
            "digits in quotes, with + if it has one",
        );
    }
    number
}

fn headers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (key, value) in reader.entries(node, "headers")?.into_iter().take(HEADERS_MAX) {
        let name = &key.text;
        let is_token = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte));
        if !is_token {
            reader.mistake(key.place, format!("`{name}` is no header name"), "such as `X-Account`");
            continue;
        }
        if HeaderName::parse(name.as_bytes()).is_some_and(|known| OURS.contains(&known)) {
            let problem = format!("`{name}` is written by the server itself");
            reader.mistake(key.place, problem, "leave it out");
            continue;
        }
        let is_absent = matches!(value.value, Value::Null);
        let text = if is_absent { Some("") } else { reader.text(value, "a value, or nothing") };
        let Some(text) = text else { continue };
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            reader.mistake(value.place, "a header's value is one line", "without line ends");
            continue;
        }
        headers.push((name.clone(), text.to_owned()));
    }
    Some(headers)
}

/// `192.0.2.7` or `192.0.2.0/24`.
fn prefix(reader: &mut Reader<'_>, node: &Node) -> Option<IpPrefix> {
    let text = reader.text(node, "an address such as `192.0.2.7` or `192.0.2.0/24`")?;
    let prefix = parse_prefix(text);
    if prefix.is_none() {
        reader.mistake(
            node.place,
            format!("`{text}` is no address"),
            "such as `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`",
        );
    }
    prefix
}

fn parse_prefix(text: &str) -> Option<IpPrefix> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let addr: IpAddr = address.parse().ok()?;
    let longest = if addr.is_ipv4() { 32 } else { 128 };
    let len = length.unwrap_or(longest);
    (len <= longest).then_some(IpPrefix { addr, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_blocks() {
        assert_eq!(parse_prefix("192.0.2.7").map(|prefix| prefix.len), Some(32));
        assert_eq!(parse_prefix("2001:db8::/32").map(|prefix| prefix.len), Some(32));
        assert!(parse_prefix("192.0.2.0/33").is_none());
        assert!(parse_prefix("trunk.example").is_none());
    }
}
