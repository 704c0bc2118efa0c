//! The section `sip` of `config/hotline.yaml`: where SIP is listened on, how, and with which certificates.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use hotline_sip::Transport;
use hotline_sip::endpoint::ProbeConfig;
use hotline_sip_net::{ClientAuth, Identity, Limits, TlsConfig, TlsError, check_tls};
use hotline_yaml::{At, Fields, Node, Place, Reader, Value, suggest};

use crate::keepalive::keepalive;
use crate::server::parsed;
use crate::trace::{self, Hep, SipTrace};

/// Addresses to listen at.
pub const LISTENERS_MAX: usize = 32;
/// The most that a limit of connections may be set to: a process has about so many files at most.
const CONNECTIONS_SETTING_MAX: usize = 500_000;

/// Name servers that are asked.
const NAME_SERVERS_MAX: usize = 8;
const DNS_PORT: u16 = 53;

const AN_ADDRESS: &str = "an address and port such as `127.0.0.1:5060`";

/// SIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// Where it is listened on, at least at one address.
    pub listen: Vec<SipListener>,
    /// Certificates.
    pub tls: TlsConfig,
    /// How many connections others may have.
    pub limits: Limits,
    /// Which messages are kept, and for how long.
    pub trace: SipTrace,
    /// Where every message is sent to as well.
    pub hep: Option<Hep>,
    /// Which phones are asked whether they are there.
    pub keepalive: ProbeConfig,
    /// Name servers that are asked where trunks' servers are; the system's if there are none.
    pub dns: Vec<SocketAddr>,
}

/// One address that is listened at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SipListener {
    /// How messages come there.
    pub transport: Transport,
    /// The socket's address.
    pub address: SocketAddr,
    /// The address that phones and trunks are told; the socket's unless set.
    pub external: SocketAddr,
    /// What TLS asks of clients.
    pub client_auth: ClientAuth,
}

impl Sip {
    /// UDP and TCP at one address (RFC 3261 §18 wants both), told to everybody as it is.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        let listen = plain(address, address).to_vec();
        let (tls, limits, trace) = (TlsConfig::default(), Limits::default(), SipTrace::default());
        Self { listen, tls, limits, trace, hep: None, keepalive: crate::keepalive::DEFAULT, dns: Vec::new() }
    }

    /// The first address for UDP.
    #[must_use]
    pub fn udp(&self) -> Option<SocketAddr> {
        let of_udp = |listener: &&SipListener| listener.transport == Transport::Udp;
        self.listen.iter().find(of_udp).map(|listener| listener.address)
    }
}

const fn plain(address: SocketAddr, external: SocketAddr) -> [SipListener; 2] {
    let client_auth = ClientAuth::None;
    [
        SipListener { transport: Transport::Udp, address, external, client_auth },
        SipListener { transport: Transport::Tcp, address, external, client_auth },
    ]
}

/// What `sip.tls` says.
#[derive(Default)]
struct Tls<'n> {
    config: TlsConfig,
    client_auth: ClientAuth,
    /// Where each file is named.
    files: Vec<(PathBuf, Place)>,
    client_ca: Option<&'n Node>,
}

pub(crate) fn sip(reader: &mut Reader<'_>, node: &Node) -> Option<Sip> {
    let fields = reader.fields(
        node,
        "sip",
        &["listen", "external", "tls", "connections", "trace", "hep", "keepalive", "keepalive_s", "dns"],
    )?;
    let tls = match fields.optional("tls") {
        Some(node) => tls(reader, node),
        None => Some(Tls::default()),
    };
    let limits = match fields.optional("connections") {
        Some(node) => connections(reader, node),
        None => Some(Limits::default()),
    };
    let trace = fields.optional("trace").map_or(Some(SipTrace::default()), |node| trace::kept(reader, node));
    let hep = match fields.optional("hep") {
        Some(node) => trace::hep(reader, node).map(Some),
        None => Some(None),
    };
    let keepalive = keepalive(reader, &fields);
    let dns = match fields.optional("dns") {
        Some(node) => name_servers(reader, node),
        None => Some(Vec::new()),
    };
    let listen = listen(reader, &fields, tls.as_ref().map(|tls| tls.client_auth));
    let (tls, listen) = (tls?, listen?);
    check(reader, &tls, &listen)?;
    let listen = listen.into_iter().map(|listener| listener.value).collect();
    Some(Sip {
        listen,
        tls: tls.config,
        limits: limits?,
        trace: trace?,
        hep: hep?,
        keepalive: keepalive?,
        dns: dns?,
    })
}

/// Name servers, at port 53 unless it is said.
fn name_servers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<SocketAddr>> {
    let items = reader.list(node, "name servers", NAME_SERVERS_MAX)?;
    let servers: Vec<SocketAddr> = items.iter().filter_map(|item| name_server(reader, item)).collect();
    (servers.len() == items.len()).then_some(servers)
}

fn name_server(reader: &mut Reader<'_>, node: &Node) -> Option<SocketAddr> {
    let text = reader.text(node, "an address such as `192.0.2.53`")?;
    let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS_PORT));
    let address = address.or_else(|_| text.parse::<SocketAddr>()).ok();
    if address.is_none() {
        let remedy = "such as `192.0.2.53` or `127.0.0.1:5353`";
        reader.mistake(node.place, format!("`{text}` is no address of a name server"), remedy);
    }
    address
}

/// The listeners; of an unknown `client_auth` if `tls` cannot be read.
fn listen(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    client_auth: Option<ClientAuth>,
) -> Option<Vec<At<SipListener>>> {
    let node = reader.required(fields, "listen")?;
    let external = fields.optional("external");
    let Value::List(_) = node.value else {
        return at_one_address(reader, node, external);
    };
    if let Some(external) = external {
        let remedy = "with a list, give each of its entries its own `external: ADDRESS:PORT`";
        reader.mistake(external.place, "`external` beside a list of addresses", remedy);
    }
    let items = reader.list(node, "addresses to listen at", LISTENERS_MAX)?;
    let mut all = Vec::new();
    let mut is_whole = external.is_none();
    for item in items {
        let found = match item.value {
            Value::Map(_) => listener(reader, item, client_auth).map(|one| vec![one]),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Text(_)
            | Value::List(_) => at_one_address(reader, item, None),
        };
        is_whole &= found.is_some();
        all.extend(found.into_iter().flatten());
    }
    is_whole.then_some(all)
}

/// UDP and TCP at one address.
fn at_one_address(
    reader: &mut Reader<'_>,
    node: &Node,
    external: Option<&Node>,
) -> Option<Vec<At<SipListener>>> {
    let address = parsed(reader, node, AN_ADDRESS)?;
    let external = reachable(reader, node.place, address, external)?;
    let both = plain(address, external);
    Some(both.map(|value| At { value, place: node.place }).to_vec())
}

/// `{transport: tls, address: 0.0.0.0:5061, external: 203.0.113.7:5061}`.
fn listener(reader: &mut Reader<'_>, node: &Node, default: Option<ClientAuth>) -> Option<At<SipListener>> {
    let fields =
        reader.fields(node, "a SIP listener", &["transport", "address", "external", "client_auth"])?;
    let transport = reader.required(&fields, "transport").and_then(|node| transport(reader, node));
    let address = reader.required(&fields, "address").and_then(|node| parsed(reader, node, AN_ADDRESS));
    let own = fields.optional("client_auth");
    let client_auth = match own {
        Some(node) => client_auth(reader, node),
        None => default,
    };
    let external =
        address.and_then(|address| reachable(reader, node.place, address, fields.optional("external")));
    let (transport, address, external) = (transport?, address?, external?);
    let client_auth = if transport.is_secure() { client_auth? } else { ClientAuth::None };
    if let Some(own) = own.filter(|_| !transport.is_secure()) {
        let remedy = "only clients of tls and wss have certificates; remove it here";
        reader.mistake(own.place, format!("`client_auth` for {}", transport.as_str()), remedy);
        return None;
    }
    Some(At { value: SipListener { transport, address, external, client_auth }, place: node.place })
}

fn transport(reader: &mut Reader<'_>, node: &Node) -> Option<Transport> {
    let names = ["udp", "tcp", "tls", "ws", "wss"];
    let name = reader.text(node, "`udp`, `tcp`, `tls`, `ws` or `wss`")?;
    let transport = Transport::parse(name);
    if transport.is_none() {
        reader.mistake(node.place, format!("unknown transport `{name}`"), suggest(name, names));
    }
    transport
}

fn client_auth(reader: &mut Reader<'_>, node: &Node) -> Option<ClientAuth> {
    match reader.text(node, "`none`, `optional` or `required`")? {
        "none" => Some(ClientAuth::None),
        "optional" => Some(ClientAuth::Optional),
        "required" => Some(ClientAuth::Required),
        other => {
            let remedy = suggest(other, ["none", "optional", "required"]);
            reader.mistake(node.place, format!("`{other}` is no way to ask for certificates"), remedy);
            None
        }
    }
}

/// What peers are told of `address`: what is set, or itself.
fn reachable(
    reader: &mut Reader<'_>,
    place: Place,
    address: SocketAddr,
    external: Option<&Node>,
) -> Option<SocketAddr> {
    let (told, place) = match external {
        Some(node) => (parsed(reader, node, "an address and port such as `203.0.113.7:5060`")?, node.place),
        None => (address, place),
    };
    if told.ip().is_unspecified() {
        let remedy =
            "add `external: ADDRESS:PORT` with the address under which phones and trunks see this server";
        reader.mistake(place, format!("phones cannot reach {told}"), remedy);
        return None;
    }
    if told.is_ipv4() != address.is_ipv4() {
        let remedy = "an IPv4 address for an IPv4 listener, an IPv6 address for an IPv6 listener";
        reader.mistake(place, format!("{told} does not lead to {address}"), remedy);
        return None;
    }
    Some(told)
}

fn tls<'n>(reader: &mut Reader<'_>, node: &'n Node) -> Option<Tls<'n>> {
    let known = ["certificate", "key", "client_ca", "client_auth", "server_ca"];
    let fields = reader.fields(node, "tls", &known)?;
    let mut files = Vec::new();
    let mut is_whole = true;
    let mut file = |reader: &mut Reader<'_>, key: &str| {
        let node = fields.optional(key)?;
        let path = reader.text(node, "a PEM file").map(PathBuf::from);
        is_whole &= path.is_some();
        files.extend(path.clone().map(|path| (path, node.place)));
        path
    };
    let (certificate, key) = (file(reader, "certificate"), file(reader, "key"));
    let (client_ca, server_ca) = (file(reader, "client_ca"), file(reader, "server_ca"));
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            is_whole &= reader.required(&fields, "key").is_some();
            None
        }
        (None, Some(_)) => {
            is_whole &= reader.required(&fields, "certificate").is_some();
            None
        }
    };
    let client_auth = match fields.optional("client_auth") {
        Some(node) => client_auth(reader, node),
        None => Some(ClientAuth::None),
    };
    let config = TlsConfig { identity, client_ca, server_ca };
    let tls = Tls { config, client_auth: client_auth?, files, client_ca: fields.optional("client_ca") };
    is_whole.then_some(tls)
}

fn connections(reader: &mut Reader<'_>, node: &Node) -> Option<Limits> {
    let fields = reader.fields(node, "connections", &["max", "per_source"])?;
    let mut limits = Limits::default();
    if let Some(node) = fields.optional("max") {
        limits.connections = reader.count(node, 1..=CONNECTIONS_SETTING_MAX)?;
    }
    let per_source = fields.optional("per_source");
    limits.connections_per_source = match per_source {
        Some(node) => reader.count(node, 1..=CONNECTIONS_SETTING_MAX)?,
        None => limits.connections_per_source.min(limits.connections),
    };
    if let Some(node) = per_source.filter(|_| limits.connections_per_source > limits.connections) {
        let remedy = format!("at most `max`, which is {}", limits.connections);
        reader.mistake(node.place, "one source may have more connections than all may", remedy);
        return None;
    }
    Some(limits)
}

/// What is wrong with listeners and certificates together.
fn check(reader: &mut Reader<'_>, tls: &Tls<'_>, listen: &[At<SipListener>]) -> Option<()> {
    let before = listen.iter().enumerate().find_map(|(index, one)| {
        let first = listen[..index].iter().find(|first| collides(&first.value, &one.value))?;
        Some((one, first))
    });
    if let Some((one, first)) = before {
        let SipListener { transport, address, .. } = one.value;
        let remedy = format!("one of the two needs another port; the first is in line {}", first.place.line);
        reader.mistake(one.place, format!("{} at {address} is taken", transport.as_str()), remedy);
        return None;
    }
    let secure = || listen.iter().filter(|listener| listener.value.transport.is_secure());
    if let Some(one) = secure().next().filter(|_| tls.config.identity.is_none()) {
        let remedy = "add `tls: {certificate: FILE, key: FILE}` to `sip`, both in PEM";
        reader.mistake(one.place, format!("{} without a certificate", one.value.transport.as_str()), remedy);
        return None;
    }
    let asking = secure().find(|listener| listener.value.client_auth != ClientAuth::None);
    match (asking, tls.client_ca) {
        (Some(one), None) => {
            let remedy = "add `client_ca: FILE` to `sip.tls`: the authorities that vouch for clients, in PEM";
            reader.mistake(one.place, "clients are asked for certificates that nobody can check", remedy);
            return None;
        }
        (None, Some(node)) => {
            let remedy = "add `client_auth: optional` or `client_auth: required`, here or to a listener";
            reader.mistake(node.place, "`client_ca`, and no listener asks for a certificate", remedy);
            return None;
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    let asked: Vec<ClientAuth> = secure().map(|listener| listener.value.client_auth).collect();
    match check_tls(&tls.config, &asked) {
        Ok(()) => Some(()),
        Err(problem) => {
            unusable(reader, tls, &problem);
            None
        }
    }
}

fn collides(first: &SipListener, second: &SipListener) -> bool {
    let is_udp = |listener: &SipListener| listener.transport == Transport::Udp;
    first.address == second.address && first.address.port() != 0 && is_udp(first) == is_udp(second)
}

/// A certificate's file that cannot be used, at the place where it is named.
fn unusable(reader: &mut Reader<'_>, tls: &Tls<'_>, problem: &TlsError) {
    let is_it = |(path, _): &&(PathBuf, Place)| problem.path() == Some(path.as_path() as &Path);
    let Some((_, place)) = tls.files.iter().find(is_it).or(tls.files.first()) else { return };
    let causes = std::iter::successors(problem.source(), |cause| (*cause).source());
    let text = causes.fold(problem.to_string(), |text, cause| format!("{text}: {cause}"));
    let remedy = "a file in PEM that this program may read; relative paths begin where it is started";
    reader.mistake(*place, text, remedy);
}

#[cfg(test)]
mod tests;
