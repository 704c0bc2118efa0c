//! Where servers are: NAPTR, SRV and address records, asked of DNS as RFC 3263 §4 says.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::NAPTR;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver as Dns, TokioResolver};
use hotline_sip::{Destination, Located, Place, Transport};
use tokio::time::timeout;

use crate::names::Names;

/// Places of one destination that are used; DNS may name more.
pub const PLACES_MAX: usize = 32;
/// Hosts of one destination whose addresses are asked for.
pub const HOSTS_MAX: usize = 16;
/// How long one question may take with everything that follows from it.
pub const TIME_MAX: Duration = Duration::from_secs(5);
/// The shortest time for which an answer is believed: a record without any would have us ask all the time.
pub const TTL_MIN: Duration = Duration::from_secs(30);
/// The longest time for which an answer is believed, so that a server that has moved is found within it.
pub const TTL_MAX: Duration = Duration::from_secs(3600);
/// How long one name server may take before it, or another, is asked again.
const ATTEMPT: Duration = Duration::from_millis(1500);

/// Why nobody knows where a server is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// DNS says that there is no such name, or that it has no address.
    #[error("DNS knows no address of it")]
    Unknown,
    /// DNS does not answer, or not in a way that can be used.
    #[error("DNS does not answer: {0}")]
    Unanswered(String),
}

/// Asks DNS. Answers are kept as long as DNS allows.
#[derive(Clone)]
pub struct Resolver {
    dns: TokioResolver,
    /// Told by which name an address was found, for the certificates of servers.
    names: Arc<Names>,
    time_max: Duration,
}

/// A host that offers SIP, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Service {
    transport: Transport,
    host: String,
    port: u16,
    priority: u16,
    weight: u16,
}

impl Resolver {
    /// Asks the name servers of the system, or these; `names` learns by which name addresses were found.
    ///
    /// # Errors
    /// The system's configuration (`/etc/resolv.conf`) cannot be read.
    pub fn new(servers: &[SocketAddr], names: Arc<Names>) -> Result<Self, LocateError> {
        let unusable = |error: NetError| LocateError::Unanswered(error.to_string());
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(unusable)?
        } else {
            let servers = servers.iter().copied().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            Dns::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = ATTEMPT;
        options.attempts = 2;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        Ok(Self { dns: builder.build().map_err(unusable)?, names, time_max: TIME_MAX })
    }

    /// Gives up after this time instead of [`TIME_MAX`].
    #[must_use]
    pub const fn within(mut self, time_max: Duration) -> Self {
        self.time_max = time_max;
        self
    }

    /// Where a destination is (RFC 3263 §4).
    ///
    /// # Errors
    /// [`LocateError`]; what was known before is then still the best guess.
    pub async fn locate(&self, destination: &Destination) -> Result<Located, LocateError> {
        if let Some(place) = destination.numeric() {
            return Ok(Located { places: vec![place], ttl: TTL_MAX });
        }
        let found = timeout(self.time_max, self.ask(destination)).await;
        found.unwrap_or_else(|_| Err(LocateError::Unanswered("it took too long".to_owned())))
    }

    async fn ask(&self, destination: &Destination) -> Result<Located, LocateError> {
        let host = destination.host.to_string();
        let mut until = Until::default();
        let services = match (destination.port, transports(destination)) {
            // §4.2: a port is there, so that addresses are all that is wanted.
            (Some(port), transports) => vec![service(first(&transports), &host, port)],
            (None, transports) => self.services(&host, &transports, &mut until).await?,
        };
        let mut places: Vec<Place> = Vec::new();
        let mut unanswered = None;
        for service in services.into_iter().take(HOSTS_MAX) {
            match self.addresses(&service, &mut until).await {
                Ok(addresses) => {
                    for address in addresses {
                        self.names.tell(address, &host);
                        let remote = SocketAddr::new(address, service.port);
                        let Service { transport, priority, weight, .. } = service;
                        places.push(Place { transport, remote, priority, weight });
                    }
                }
                Err(LocateError::Unknown) => {}
                Err(error @ LocateError::Unanswered(_)) => unanswered = Some(error),
            }
        }
        let mut seen = BTreeSet::new();
        places.retain(|place| seen.insert((place.transport, place.remote)));
        places.truncate(PLACES_MAX);
        match (places.is_empty(), unanswered) {
            (false, _) => Ok(Located { places, ttl: until.ttl() }),
            (true, Some(error)) => Err(error),
            (true, None) => Err(LocateError::Unknown),
        }
    }

    /// The hosts that offer SIP for a domain (§4.1): by NAPTR where the transport is open, else by SRV, else the domain
    /// itself.
    async fn services(
        &self,
        domain: &str,
        transports: &[Transport],
        until: &mut Until,
    ) -> Result<Vec<Service>, LocateError> {
        if transports.len() > 1
            && let Some(lookup) = known(self.dns.lookup(fqdn(domain), RecordType::NAPTR).await)?
        {
            until.note(&lookup);
            let mut records: Vec<NAPTR> = naptrs(&lookup);
            records.sort_by_key(|record| (record.order, record.preference));
            for record in records {
                let Some(transport) = offered(&record).filter(|offered| transports.contains(offered)) else {
                    continue;
                };
                let services = self.srv(&record.replacement.to_utf8(), transport, until).await?;
                if !services.is_empty() {
                    return Ok(services);
                }
            }
        }
        for &transport in transports {
            let services = self.srv(&srv_name(domain, transport), transport, until).await?;
            if !services.is_empty() {
                return Ok(services);
            }
        }
        let transport = first(transports);
        Ok(vec![service(transport, domain, transport.default_port())])
    }

    async fn srv(
        &self,
        name: &str,
        transport: Transport,
        until: &mut Until,
    ) -> Result<Vec<Service>, LocateError> {
        let Some(lookup) = known(self.dns.srv_lookup(fqdn(name)).await)? else { return Ok(Vec::new()) };
        until.note(&lookup);
        let services = lookup.answers().iter().filter_map(|record| {
            let RData::SRV(srv) = &record.data else { return None };
            // "." says that the service is decidedly not there (RFC 2782).
            let host = srv.target.to_utf8();
            (host != ".").then_some(Service {
                transport,
                host,
                port: srv.port,
                priority: srv.priority,
                weight: srv.weight,
            })
        });
        let mut services: Vec<Service> = services.collect();
        services.sort_by_key(|service| service.priority);
        Ok(services)
    }

    async fn addresses(&self, service: &Service, until: &mut Until) -> Result<Vec<IpAddr>, LocateError> {
        let Some(lookup) = known(self.dns.lookup_ip(fqdn(&service.host)).await)? else {
            return Err(LocateError::Unknown);
        };
        until.note(lookup.as_lookup());
        Ok(lookup.iter().take(PLACES_MAX).collect())
    }
}

/// Until when all that was asked may be believed.
#[derive(Debug, Default)]
struct Until(Option<Instant>);

impl Until {
    fn note(&mut self, lookup: &Lookup) {
        let until = lookup.valid_until();
        self.0 = Some(self.0.map_or(until, |known| known.min(until)));
    }

    fn ttl(&self) -> Duration {
        let left = self.0.map(|until| until.saturating_duration_since(Instant::now()));
        left.unwrap_or(TTL_MAX).clamp(TTL_MIN, TTL_MAX)
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let mut udp = ConnectionConfig::udp();
    udp.port = address.port();
    let mut tcp = ConnectionConfig::tcp();
    tcp.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![udp, tcp])
}

/// The transports that will do, the preferred first (§4.1).
fn transports(destination: &Destination) -> Vec<Transport> {
    match (destination.transport, destination.secure) {
        (_, true) => vec![Transport::Tls],
        (Some(transport), false) => vec![transport],
        (None, false) => vec![Transport::Udp, Transport::Tcp, Transport::Tls],
    }
}

fn first(transports: &[Transport]) -> Transport {
    transports.first().copied().unwrap_or(Transport::Udp)
}

fn service(transport: Transport, host: &str, port: u16) -> Service {
    Service { transport, host: host.to_owned(), port, priority: 0, weight: 0 }
}

/// Names are whole: the system's search domains are not tried.
fn fqdn(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

fn srv_name(domain: &str, transport: Transport) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    format!("{service}.{domain}")
}

fn naptrs(lookup: &Lookup) -> Vec<NAPTR> {
    let naptr = |data: &RData| {
        let RData::NAPTR(naptr) = data else { return None };
        Some(naptr.clone())
    };
    lookup.answers().iter().filter_map(|record| naptr(&record.data)).take(HOSTS_MAX).collect()
}

/// The transport that a NAPTR record offers by SRV (§4.1); `None` for one that is not for us.
fn offered(record: &NAPTR) -> Option<Transport> {
    if !record.flags.eq_ignore_ascii_case(b"s") {
        return None;
    }
    match record.services.to_ascii_uppercase().as_slice() {
        b"SIP+D2U" => Some(Transport::Udp),
        b"SIP+D2T" => Some(Transport::Tcp),
        b"SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

/// `None` if DNS says that there is nothing of the kind.
fn known<T>(answer: Result<T, NetError>) -> Result<Option<T>, LocateError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_no_records_found() => Ok(None),
        Err(error) => Err(LocateError::Unanswered(error.to_string())),
    }
}
