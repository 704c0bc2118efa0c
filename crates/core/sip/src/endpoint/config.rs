//! What the endpoint is told about its surroundings: its name and address, who may call in, and its limits.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;

use hotline_base::{AgentId, TrunkId};

use crate::digest::{Algorithm, Ha1};
use crate::flow::{Flow, SentBy, Transport};
use crate::registrar::Binding;
use crate::session::SessionRules;

/// Server transactions at a time; a further request gets 503. INVITE and BYE of a call stay for 32 s each (RFC 3261
/// timers J and L), so a thousand calls a second hold 64 000.
pub const MAX_SERVER_TRANSACTIONS: usize = 100_000;
/// Client transactions at a time; a further INVITE or REGISTER fails with 503.
pub const MAX_CLIENT_TRANSACTIONS: usize = 50_000;
/// Sessions at a time, without those that are over; a further INVITE gets, or fails with, 503.
pub const MAX_SESSIONS: usize = 10_000;
/// Client registrations at a time.
pub const MAX_REGISTRATIONS: usize = 1_000;
/// How often a contact is asked whether it is there: more often than a NAT forgets a way over UDP, which is 30 s at the
/// earliest.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(25);
/// What a 503 tells the peer to wait.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Everything the endpoint is configured with. Replaced as a whole by
/// [`Endpoint::reconfigure`](super::Endpoint::reconfigure).
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// The realm of digest challenges: what the users' HA1 were made with.
    pub realm: String,
    /// Server and User-Agent of what we send.
    pub user_agent: String,
    /// Where we listen, at least at one address.
    pub listeners: Vec<Listener>,
    /// Who may call in without a password.
    pub trunks: Vec<TrunkConfig>,
    /// Who may register and call in with one, by user name.
    pub users: BTreeMap<String, UserConfig>,
    /// Whom SUBSCRIBE and MESSAGE may name: agents by the user parts under which they are known, such as their
    /// extensions. The agent's id is the user whose phones get messages.
    pub names: BTreeMap<String, AgentId>,
    /// The shortest registration granted; shorter ones get 423.
    pub expires_min: Duration,
    /// The longest registration granted; longer ones are cut.
    pub expires_max: Duration,
    /// The registration of a phone that asks for none.
    pub expires_default: Duration,
    /// How sessions are run.
    pub sessions: SessionRules,
    /// Which registered phones are asked whether they are there.
    pub probes: ProbeConfig,
    /// How much may run at a time.
    pub limits: Limits,
}

impl EndpointConfig {
    /// One UDP address, no trunks, no users, the default times and limits.
    #[must_use]
    pub fn new(realm: &str, advertised: SocketAddr) -> Self {
        Self {
            realm: realm.to_owned(),
            user_agent: "Hotline".to_owned(),
            listeners: vec![Listener { transport: Transport::Udp, local: advertised, advertised }],
            trunks: Vec::new(),
            users: BTreeMap::new(),
            names: BTreeMap::new(),
            expires_min: Duration::from_secs(30),
            expires_max: Duration::from_secs(3600),
            expires_default: Duration::from_secs(300),
            sessions: SessionRules::default(),
            probes: ProbeConfig { whom: Probed::BehindNat, interval: PROBE_INTERVAL },
            limits: Limits::default(),
        }
    }

    /// What we call ourselves on `flow`.
    ///
    /// # Panics
    /// Without any listener.
    #[must_use]
    pub fn sent_by(&self, flow: &Flow) -> SentBy {
        let listener = self.listener(flow.transport, flow.local);
        let listener = listener.or(self.listeners.first()).expect("an endpoint listens somewhere");
        SentBy { transport: flow.transport, address: listener.advertised }
    }

    /// The listener of that transport at `local`, else one of the same family.
    pub(crate) fn listener(&self, transport: Transport, local: SocketAddr) -> Option<&Listener> {
        let of_transport = || self.listeners.iter().filter(move |listener| listener.transport == transport);
        let is_like = |listener: &&Listener| listener.local.is_ipv4() == local.is_ipv4();
        of_transport().find(|listener| listener.local == local).or_else(|| of_transport().find(is_like))
    }

    /// The first trunk that has `address` in its list.
    #[must_use]
    pub fn trunk_of(&self, address: IpAddr) -> Option<&TrunkConfig> {
        let has = |trunk: &&TrunkConfig| trunk.peers.iter().any(|prefix| prefix.contains(address));
        self.trunks.iter().find(has)
    }
}

/// One address that we listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// How messages come there.
    pub transport: Transport,
    /// The socket's address.
    pub local: SocketAddr,
    /// How peers reach it: in our Via and Contact.
    pub advertised: SocketAddr,
}

/// The asking of registered phones whether they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeConfig {
    /// Who is asked.
    pub whom: Probed,
    /// How often each.
    pub interval: Duration,
}

/// Who is asked whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// Nobody.
    Nobody,
    /// Contacts over UDP that registered from another address than their own: a NAT would forget the way to them.
    BehindNat,
    /// Every contact.
    Everybody,
}

impl ProbeConfig {
    pub(super) fn concerns(&self, binding: &Binding) -> bool {
        match self.whom {
            Probed::Nobody => false,
            Probed::BehindNat => binding.flow.transport == Transport::Udp && binding.is_translated(),
            Probed::Everybody => true,
        }
    }
}

/// How much may run at a time; the defaults are this module's constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`MAX_SERVER_TRANSACTIONS`].
    pub server_transactions: usize,
    /// [`MAX_CLIENT_TRANSACTIONS`].
    pub client_transactions: usize,
    /// [`MAX_SESSIONS`].
    pub sessions: usize,
    /// [`MAX_REGISTRATIONS`].
    pub registrations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            server_transactions: MAX_SERVER_TRANSACTIONS,
            client_transactions: MAX_CLIENT_TRANSACTIONS,
            sessions: MAX_SESSIONS,
            registrations: MAX_REGISTRATIONS,
        }
    }
}

/// One SIP trunk.
#[derive(Clone, Debug)]
pub struct TrunkConfig {
    /// Its name in the configuration.
    pub id: TrunkId,
    /// The addresses it calls from, beside those that [`Endpoint::set_trunk_addresses`](super::Endpoint) tells.
    pub peers: Vec<IpPrefix>,
    /// Our name there, if we have registered: the provider calls that, and To says which number was dialled.
    pub account: Option<String>,
    /// Whether its P-Asserted-Identity and Privacy are believed (RFC 3325 §2: one trust domain).
    pub trusted: bool,
}

impl TrunkConfig {
    /// A trunk that calls from `peers`, has no account of ours and is not trusted.
    #[must_use]
    pub fn new(id: &str, peers: Vec<IpPrefix>) -> Self {
        Self { id: TrunkId::from(id), peers, account: None, trusted: false }
    }
}

/// One user: a phone that registers, or a program that calls in.
#[derive(Clone, Debug)]
pub struct UserConfig {
    /// Whose it is.
    pub agent: AgentId,
    /// The hashed password by algorithm, in the order in which challenges are sent: many phones answer only the
    /// first they see.
    pub ha1: Vec<(Algorithm, Ha1)>,
}

/// A block of addresses: `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpPrefix {
    /// Any address of the block.
    pub addr: IpAddr,
    /// How many leading bits count: at most 32 or 128; more count as all.
    pub len: u8,
}

impl IpPrefix {
    /// Whether `address` lies in the block. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.addr.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.len.min(32));
                (u64::from(block.to_bits()) >> shift) == (u64::from(address.to_bits()) >> shift)
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.len.min(128));
                block.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(block: &str, len: u8, address: &str) -> bool {
        IpPrefix { addr: block.parse().unwrap(), len }.contains(address.parse().unwrap())
    }

    #[test]
    fn a_prefix_holds_its_block_and_nothing_else() {
        assert!(contains("192.0.2.7", 24, "192.0.2.255"));
        assert!(!contains("192.0.2.0", 24, "192.0.3.0"));
        assert!(contains("192.0.2.7", 32, "192.0.2.7"));
        assert!(!contains("192.0.2.7", 32, "192.0.2.6"));
        assert!(contains("192.0.2.7", 99, "192.0.2.7"));
        assert!(contains("0.0.0.0", 0, "203.0.113.9"));
        assert!(contains("2001:db8::", 32, "2001:db8:1::1"));
        assert!(!contains("2001:db8::", 128, "2001:db8::1"));
        assert!(contains("::", 0, "2001:db8::1"));
        assert!(!contains("0.0.0.0", 0, "2001:db8::1"));
        assert!(contains("192.0.2.0", 24, "::ffff:192.0.2.9"));
    }

    #[test]
    fn the_first_matching_trunk_is_taken() {
        let mut config = EndpointConfig::new("hotline", "192.0.2.1:5060".parse().unwrap());
        let prefix = |addr: &str, len| IpPrefix { addr: addr.parse().unwrap(), len };
        config.trunks = vec![
            TrunkConfig::new("one", vec![prefix("198.51.100.1", 32)]),
            TrunkConfig::new("all", vec![prefix("198.51.100.0", 24)]),
        ];
        let of = |address: &str| config.trunk_of(address.parse().unwrap()).map(|trunk| trunk.id.as_str());
        assert_eq!(of("198.51.100.1"), Some("one"));
        assert_eq!(of("198.51.100.2"), Some("all"));
        assert_eq!(of("192.0.2.1"), None);
    }
}
