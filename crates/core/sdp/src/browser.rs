//! What a browser's description holds beyond a phone's: where it can be reached (ICE, RFC 8839), and by which
//! certificate it is known (DTLS-SRTP, RFC 5763 and RFC 8122).

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hotline_base::Pii;
use serde::{Deserialize, Serialize};

use crate::error::NegotiationError;
use crate::local::Browser;
use crate::session::{Media, Session};

/// The most fingerprints that are kept of one line or session.
pub const FINGERPRINTS_MAX: usize = 8;
/// The most candidates that are kept of one line.
pub const CANDIDATES_MAX: usize = 32;
/// "Nowhere yet" in the description of somebody who is found by ICE (RFC 8840 §4.1.1).
pub const FOUND_BY_ICE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9);

/// The lengths that RFC 8839 §5.4 allows.
const UFRAG_CHARS: core::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD_CHARS: core::ops::RangeInclusive<usize> = 22..=256;
/// A host candidate's preference among types (RFC 8445 §5.1.2.2).
const HOST_PREFERENCE: u32 = 126;
/// RFC 6544 §4.2: below all of UDP. A stream waits for what is lost, which speech does not.
const TCP_HOST_PREFERENCE: u32 = 90;
/// RFC 6544 §4.2: among ways of TCP, the one by which the other side connects.
const PASSIVE_PREFERENCE: u32 = 4;

/// The name and password of one side's connectivity checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceCredentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: Pii<String>,
}

/// A hash by which a certificate is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Every hash that is understood. Weaker ones are not kept.
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// `a=fingerprint` (RFC 8122 §5): the hash of its writer's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Which hash.
    pub hash: Hash,
    /// Its value, of [`Hash::bytes`].
    pub value: Vec<u8>,
}

impl Fingerprint {
    /// `sha-256 4A:AD:…`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once(' ')?;
        let hash = Hash::ALL.into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))?;
        let byte = |text: &str| (text.len() == 2).then(|| u8::from_str_radix(text, 16).ok())?;
        let value: Vec<u8> = value.trim().split(':').map(byte).collect::<Option<_>>()?;
        (value.len() == hash.bytes()).then_some(Self { hash, value })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.hash.name())?;
        self.value.iter().enumerate().try_for_each(|(place, byte)| {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")
        })
    }
}

/// `a=setup` (RFC 4145): which side begins the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setup {
    /// The other side chooses.
    ActPass,
    /// Its writer.
    Active,
    /// The other side.
    Passive,
}

impl Setup {
    const ALL: [Self; 3] = [Self::ActPass, Self::Active, Self::Passive];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ActPass => "actpass",
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setup| setup.name().eq_ignore_ascii_case(text))
    }
}

/// How a candidate is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By datagrams.
    Udp,
    /// By a connection that the other side makes (`tcptype passive`, RFC 6544 §4.5).
    TcpPassive,
}

/// One `a=candidate`: an address of its writer's machine, or one under which that is known outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What candidates of one kind have in common.
    pub foundation: String,
    /// Which is tried first.
    pub priority: u32,
    /// Where.
    pub address: SocketAddr,
    /// How.
    pub way: Way,
}

impl Candidate {
    /// Ours for RTP, of which the first is preferred (RFC 8445 §5.1.2.1).
    fn ours(place: u32, address: SocketAddr) -> Self {
        let priority = (HOST_PREFERENCE << 24) | ((0xFFFF - place) << 8) | 255;
        Self { foundation: (place + 1).to_string(), priority, address, way: Way::Udp }
    }

    /// The same by TCP. Foundations go on after those of UDP.
    fn passive(place: u32, after: u32, address: SocketAddr) -> Self {
        let local = PASSIVE_PREFERENCE << 13 | (0x1FFF - place);
        let priority = (TCP_HOST_PREFERENCE << 24) | (local << 8) | 255;
        Self { foundation: (after + place + 1).to_string(), priority, address, way: Way::TcpPassive }
    }

    /// `<foundation> 1 udp <priority> <address> <port> typ host`, or `tcp` with `tcptype passive` at the end. What is reached otherwise, or
    /// has a name for an address, is not kept: who answers checks only needs none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let foundation = words.next()?.to_owned();
        let (component, transport) = (words.next()?, words.next()?);
        let priority = words.next()?.parse().ok()?;
        let address = SocketAddr::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let is_host = words.next() == Some("typ") && words.next() == Some("host");
        let way = if transport.eq_ignore_ascii_case("udp") {
            Way::Udp
        } else if transport.eq_ignore_ascii_case("tcp") && words.next() == Some("tcptype") {
            words.next().filter(|kind| *kind == "passive").map(|_| Way::TcpPassive)?
        } else {
            return None;
        };
        (is_host && component == "1").then_some(Self { foundation, priority, address, way })
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, priority, address, way } = self;
        let (transport, end) = match way {
            Way::Udp => ("udp", ""),
            Way::TcpPassive => ("tcp", " tcptype passive"),
        };
        write!(f, "{foundation} 1 {transport} {priority} {} {} typ host{end}", address.ip(), address.port())
    }
}

/// The lines that may stand above all streams or in one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connecting {
    /// `a=ice-ufrag`.
    pub ufrag: Option<String>,
    /// `a=ice-pwd`.
    pub password: Option<Pii<String>>,
    /// `a=fingerprint`, those with a hash that is understood.
    pub fingerprints: Vec<Fingerprint>,
    /// `a=setup`.
    pub setup: Option<Setup>,
}

impl Connecting {
    /// Reads a line; false if it is another one.
    pub(crate) fn read(&mut self, name: &str, value: &str) -> bool {
        match name {
            "ice-ufrag" => self.ufrag = ice_chars(value, UFRAG_CHARS),
            "ice-pwd" => self.password = ice_chars(value, PASSWORD_CHARS).map(Pii::new),
            "fingerprint" if self.fingerprints.len() < FINGERPRINTS_MAX => {
                self.fingerprints.extend(Fingerprint::parse(value));
            }
            "setup" => self.setup = Setup::parse(value),
            _ => return false,
        }
        true
    }

    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ufrag) = &self.ufrag {
            write!(f, "a=ice-ufrag:{ufrag}\r\n")?;
        }
        if let Some(password) = &self.password {
            write!(f, "a=ice-pwd:{}\r\n", password.expose())?;
        }
        for fingerprint in &self.fingerprints {
            write!(f, "a=fingerprint:{fingerprint}\r\n")?;
        }
        match self.setup {
            Some(setup) => write!(f, "a=setup:{}\r\n", setup.name()),
            None => Ok(()),
        }
    }
}

/// Letters, digits, `+` and `/` (RFC 8839 §5.4).
fn ice_chars(text: &str, lengths: core::ops::RangeInclusive<usize>) -> Option<String> {
    let is_ice = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    (lengths.contains(&text.len()) && text.bytes().all(is_ice)).then(|| text.to_owned())
}

/// How a browser and we find and know each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dtls {
    /// What the peer's checks are answered with.
    pub ours: IceCredentials,
    /// Whom the checks come from.
    pub peer_ufrag: String,
    /// One of these is that of the peer's certificate.
    pub fingerprints: Vec<Fingerprint>,
    /// Whether we begin the handshake.
    pub is_client: bool,
}

/// Writes into our line how we are reached and known.
pub(crate) fn announce(media: &mut Media, local: &Browser<'_>, setup: Setup, mid: Option<String>) {
    let IceCredentials { ufrag, password } = local.credentials.clone();
    let fingerprints = vec![local.fingerprint.clone()];
    let connecting =
        Connecting { ufrag: Some(ufrag), password: Some(password), fingerprints, setup: Some(setup) };
    let port = media.port;
    let udp =
        (0..).zip(local.addresses).map(|(place, ip)| Candidate::ours(place, SocketAddr::new(*ip, port)));
    let after = u32::try_from(local.addresses.len()).unwrap_or(u32::MAX / 2);
    let tcp = (0..).zip(local.tcp).map(|(place, address)| Candidate::passive(place, after, *address));
    let candidates = udp.chain(tcp).take(CANDIDATES_MAX);
    (media.candidates, media.connecting) = (candidates.collect(), connecting);
    (media.mid, media.end_of_candidates, media.rtcp_mux) = (mid, true, true);
}

/// What the peer's offer means, and the setup of our answer.
pub(crate) fn answering(
    offer: &Session,
    offered: &Media,
    local: &Browser<'_>,
) -> Result<(Setup, Dtls), NegotiationError> {
    let setup = offered.connecting.setup.or(offer.connecting.setup);
    let is_client = match setup.ok_or(NegotiationError::NoSetup)? {
        // Within a conversation nobody changes sides (RFC 8842 §5.3).
        Setup::ActPass => local.is_client.unwrap_or(false),
        Setup::Active => false,
        Setup::Passive => true,
    };
    let setup = if is_client { Setup::Active } else { Setup::Passive };
    Ok((setup, dtls(offer, offered, local.credentials.clone(), is_client)?))
}

/// What the peer's answer to our offer means.
pub(crate) fn answered(ours: &Media, answer: &Session, theirs: &Media) -> Result<Dtls, NegotiationError> {
    let is_client = match theirs.connecting.setup.or(answer.connecting.setup) {
        Some(Setup::Active) => false,
        Some(Setup::Passive) => true,
        Some(Setup::ActPass) | None => return Err(NegotiationError::NoSetup),
    };
    let Connecting { ufrag: Some(ufrag), password: Some(password), .. } = ours.connecting.clone() else {
        return Err(NegotiationError::NoIce);
    };
    dtls(answer, theirs, IceCredentials { ufrag, password }, is_client)
}

fn dtls(
    session: &Session,
    media: &Media,
    ours: IceCredentials,
    is_client: bool,
) -> Result<Dtls, NegotiationError> {
    if !media.rtcp_mux {
        return Err(NegotiationError::NoRtcpMux);
    }
    let (above, own) = (&session.connecting, &media.connecting);
    let peer_ufrag = own.ufrag.as_ref().or(above.ufrag.as_ref());
    let password = own.password.as_ref().or(above.password.as_ref());
    let (Some(peer_ufrag), Some(_)) = (peer_ufrag, password) else { return Err(NegotiationError::NoIce) };
    let fingerprints = if own.fingerprints.is_empty() { &above.fingerprints } else { &own.fingerprints };
    if fingerprints.is_empty() {
        return Err(NegotiationError::NoFingerprint);
    }
    Ok(Dtls { ours, peer_ufrag: peer_ufrag.clone(), fingerprints: fingerprints.clone(), is_client })
}
