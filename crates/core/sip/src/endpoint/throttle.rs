//! How much is heard of whom: a bucket of requests for each source, and silence for those that guess passwords or look
//! for names. Where phones or a trunk are, one address is many people: there only the user who is guessed is not heard.
//! Must not know who is a stranger, nor who exists.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

use hotline_base::{Now, Pii, Time, WallTime};
use serde::{Deserialize, Serialize};

use super::ledger::Ledger;

/// Requests that one source may send at once.
pub const BURST: u32 = 200;
/// How long it takes until one more may come: 50 requests a second.
pub const REQUEST_INTERVAL: Duration = Duration::from_millis(20);
/// Wrong passwords within [`FAILURE_WINDOW`] after which a source or identity is not heard for [`SILENCE`].
pub const MAX_FAILURES: u32 = 10;
/// How long a wrong password counts.
pub const FAILURE_WINDOW: Duration = Duration::from_secs(60);
/// How long who guesses is not heard.
pub const SILENCE: Duration = Duration::from_secs(30);
/// Users and numbers that a stranger may ask for within [`NAME_WINDOW`]. With one more it scans, and is not heard for
/// [`SCAN_SILENCE`]. The phones of a large office that all register for the first time must have room.
pub const MAX_NAMES: usize = 64;
/// How long a name counts.
pub const NAME_WINDOW: Duration = Duration::from_secs(60);
/// How long who scans is not heard.
pub const SCAN_SILENCE: Duration = Duration::from_secs(600);
/// Sources remembered, and as many identities. Beyond, the one that was heard of least recently is forgotten and begins
/// anew.
pub const MAX_SOURCES: usize = 8_192;
/// Bytes of a user's name that tell identities apart; a configured name is not longer.
const MAX_NAME: usize = 64;
/// The shortest time between two blocks that are told as events: more are only counted and listed.
pub const TOLD_INTERVAL: Duration = Duration::from_secs(1);

/// Programs that look for victims, as their User-Agent begins. Whoever wants to hide changes it; most do not.
const SCANNERS: [&str; 8] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "pplsip",
    "sundayddr",
    "sip-scan",
    "iwar",
];

/// Whether a User-Agent is that of a known scanner.
pub(super) fn is_scanner(user_agent: &str) -> bool {
    let begins = |name: &&str| user_agent.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name));
    SCANNERS.iter().any(begins)
}

/// Why somebody is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offence {
    /// [`MAX_FAILURES`] wrong passwords.
    Guessing,
    /// More than [`MAX_NAMES`] users or numbers.
    Scanning,
    /// It says itself that it is a scanner.
    Scanner,
}

/// Who is not heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Culprit {
    /// Everybody at this address; of an IPv6 address its network of 64 bits.
    Source(IpAddr),
    /// Who says at this address to be this user, unless that user registered from the same port. Others there are heard.
    Identity {
        /// The address.
        source: IpAddr,
        /// The user, who need not exist.
        user: Pii<String>,
    },
}

/// Somebody who is not heard for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Who.
    pub who: Culprit,
    /// Why.
    pub why: Offence,
    /// Since when.
    pub since: WallTime,
    /// Until when.
    pub until: WallTime,
    /// Requests that were dropped since.
    pub dropped: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Silence {
    why: Offence,
    since: Time,
    until: Time,
    dropped: u64,
}

impl Silence {
    fn new(now: Time, why: Offence) -> Self {
        let length = match why {
            Offence::Guessing => SILENCE,
            Offence::Scanning | Offence::Scanner => SCAN_SILENCE,
        };
        Self { why, since: now, until: now + length, dropped: 0 }
    }

    fn told(&self, now: Now, who: Culprit) -> Blocked {
        let ago = i64::try_from(now.mono.since(self.since).as_micros()).unwrap_or(i64::MAX);
        Blocked {
            who,
            why: self.why,
            since: WallTime(now.wall.0.saturating_sub(ago)),
            until: now.wall + self.until.since(now.mono),
            dropped: self.dropped,
        }
    }
}

/// Wrong passwords.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Failures {
    count: u32,
    /// When the first of them was.
    since: Time,
}

impl Failures {
    /// Whether these are too many; they are forgiven then.
    fn note(&mut self, now: Time) -> bool {
        if self.count == 0 || now.since(self.since) > FAILURE_WINDOW {
            *self = Self { count: 0, since: now };
        }
        self.count += 1;
        let too_many = self.count >= MAX_FAILURES;
        if too_many {
            self.count = 0;
        }
        too_many
    }
}

/// What is remembered of one source.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Source {
    /// When its bucket is full again.
    full_at: Time,
    failures: Failures,
    /// What it asked for since `naming_since`, as hashes.
    names: Vec<u64>,
    naming_since: Time,
    silence: Option<Silence>,
}

/// What is remembered of one user at one source.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Identity {
    failures: Failures,
    silence: Option<Silence>,
}

/// All sources and identities.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Throttle {
    sources: Ledger<IpAddr, Source>,
    identities: Ledger<(IpAddr, String), Identity>,
    /// The latest block that nobody was told of yet, and when the last one was told.
    untold: Option<Blocked>,
    told_at: Option<Time>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            sources: Ledger::new(MAX_SOURCES),
            identities: Ledger::new(MAX_SOURCES),
            untold: None,
            told_at: None,
        }
    }
}

impl Throttle {
    /// Whether a request from `address` is to be looked at.
    pub(super) fn take(&mut self, now: Time, address: IpAddr) -> bool {
        let source = self.source(now, address);
        if !is_heard(&mut source.silence, now) {
            return false;
        }
        let full_at = source.full_at.max(now) + REQUEST_INTERVAL;
        let has_room = full_at.since(now) <= REQUEST_INTERVAL * BURST;
        if has_room {
            source.full_at = full_at;
        }
        has_room
    }

    /// Notes a wrong password from `address`; true if it is not heard from here on.
    pub(super) fn note_failure(&mut self, now: Now, address: IpAddr) -> bool {
        let too_many = self.source(now.mono, address).failures.note(now.mono);
        if too_many {
            self.block(now, address, Offence::Guessing);
        }
        too_many
    }

    /// Notes that `address` asks for a user or number, given as a hash; true if it scans, and is not heard from here
    /// on.
    pub(super) fn note_name(&mut self, now: Now, address: IpAddr, name: u64) -> bool {
        let source = self.source(now.mono, address);
        if now.mono.since(source.naming_since) > NAME_WINDOW {
            source.names.clear();
        }
        if source.names.contains(&name) {
            return false;
        }
        if source.names.is_empty() {
            source.naming_since = now.mono;
        }
        let scans = source.names.len() >= MAX_NAMES;
        if scans {
            self.block(now, address, Offence::Scanning);
        } else {
            source.names.push(name);
        }
        scans
    }

    /// From here on `address` is not heard.
    pub(super) fn block(&mut self, now: Now, address: IpAddr, why: Offence) {
        let silence = Silence::new(now.mono, why);
        let source = self.source(now.mono, address);
        source.names = Vec::new();
        source.silence = Some(silence);
        self.tell(now, silence.told(now, Culprit::Source(network(address))));
    }

    /// Notes a wrong password of who says at `address` to be `user`; true if that identity is not heard from here on.
    pub(super) fn note_identity_failure(&mut self, now: Now, address: IpAddr, user: &str) -> bool {
        let key = identity(address, user);
        let fresh = Identity { failures: Failures { count: 0, since: now.mono }, silence: None };
        let known = self.identities.entry(now.mono, key.clone(), fresh);
        let too_many = known.failures.note(now.mono);
        if too_many {
            let silence = Silence::new(now.mono, Offence::Guessing);
            known.silence = Some(silence);
            self.tell(now, silence.told(now, culprit(&key)));
        }
        too_many
    }

    /// Whether a request of who says at `address` to be `user` is to be looked at.
    pub(super) fn hears(&mut self, now: Time, address: IpAddr, user: &str) -> bool {
        let known = self.identities.get_mut(&identity(address, user));
        known.is_none_or(|known| is_heard(&mut known.silence, now))
    }

    /// Everybody who is not heard, at most twice [`MAX_SOURCES`]; by address, then by name.
    pub(super) fn blocked(&self, now: Now) -> Vec<Blocked> {
        let is_on = |silence: &&Silence| silence.until > now.mono;
        let sources = self.sources.iter().filter_map(|(address, source)| {
            Some(source.silence.as_ref().filter(is_on)?.told(now, Culprit::Source(*address)))
        });
        let identities = self.identities.iter().filter_map(|(key, identity)| {
            Some(identity.silence.as_ref().filter(is_on)?.told(now, culprit(key)))
        });
        sources.chain(identities).collect()
    }

    /// Hears `address`, and every user there, again; false if all were heard.
    pub(super) fn release(&mut self, now: Time, address: IpAddr) -> bool {
        let address = network(address);
        let mut released = false;
        let mut free = |silence: &mut Option<Silence>| {
            released |= silence.take().is_some_and(|silence| silence.until > now);
        };
        if let Some(source) = self.sources.get_mut(&address) {
            free(&mut source.silence);
        }
        let from = (address, String::new());
        let own = self.identities.range_mut(from).take_while(|((source, _), _)| *source == address);
        own.for_each(|(_, identity)| free(&mut identity.silence));
        released
    }

    /// The latest block, at most one every [`TOLD_INTERVAL`].
    pub(super) fn poll_blocked(&mut self) -> Option<Blocked> {
        self.untold.take()
    }

    fn tell(&mut self, now: Now, blocked: Blocked) {
        if self.told_at.is_none_or(|at| now.mono.since(at) >= TOLD_INTERVAL) {
            self.told_at = Some(now.mono);
            self.untold = Some(blocked);
        }
    }

    fn source(&mut self, now: Time, address: IpAddr) -> &mut Source {
        let failures = Failures { count: 0, since: now };
        let fresh = Source { full_at: now, failures, names: Vec::new(), naming_since: now, silence: None };
        self.sources.entry(now, network(address), fresh)
    }
}

/// Whether the silence, if there was one, is over; counts what is dropped otherwise.
fn is_heard(silence: &mut Option<Silence>, now: Time) -> bool {
    match silence {
        Some(standing) if standing.until > now => {
            standing.dropped += 1;
            false
        }
        Some(_) => {
            *silence = None;
            true
        }
        None => true,
    }
}

fn identity(address: IpAddr, user: &str) -> (IpAddr, String) {
    let end = user.floor_char_boundary(MAX_NAME);
    (network(address), user[..end].to_owned())
}

fn culprit((source, user): &(IpAddr, String)) -> Culprit {
    Culprit::Identity { source: *source, user: Pii::new(user.clone()) }
}

/// What one host can have all of: an IPv4 address, or the network of 64 bits of an IPv6 address.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now { mono: Time::ZERO, wall: WallTime(1_000_000_000_000) } + Duration::from_secs(seconds)
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn known_scanners_are_told_by_how_their_name_begins() {
        for agent in ["friendly-scanner", "SIPVicious 0.3", "sipcli/v1.8", "pplsip"] {
            assert!(is_scanner(agent), "{agent}");
        }
        for agent in ["", "Yealink SIP-T46S", "Linphone", "not-sipvicious", "sip", "\u{fc}\u{fc}\u{fc}\u{fc}"]
        {
            assert!(!is_scanner(agent), "{agent}");
        }
    }

    #[test]
    fn who_guesses_is_listed_with_what_was_dropped_until_its_time_is_over() {
        let mut throttle = Throttle::default();
        for _ in 1..MAX_FAILURES {
            assert!(!throttle.note_failure(at(0), address(7)));
        }
        assert!(throttle.note_failure(at(5), address(7)));
        assert!(!throttle.take(at(6).mono, address(7)));
        let expected = Blocked {
            who: Culprit::Source(address(7)),
            why: Offence::Guessing,
            since: at(5).wall,
            until: at(35).wall,
            dropped: 1,
        };
        assert_eq!(throttle.blocked(at(10)), [expected]);
        assert_eq!(throttle.blocked(at(35)), []);
        assert!(throttle.take(at(35).mono, address(7)));
    }

    #[test]
    fn one_user_at_an_address_is_not_heard_and_the_others_are() {
        let mut throttle = Throttle::default();
        let guessed = |throttle: &mut Throttle| {
            (0..MAX_FAILURES)
                .map(|_| throttle.note_identity_failure(at(0), address(7), "ann"))
                .collect::<Vec<_>>()
        };
        assert_eq!(guessed(&mut throttle).iter().filter(|too_many| **too_many).count(), 1);
        let hears =
            |throttle: &mut Throttle, number, user: &str| throttle.hears(at(1).mono, address(number), user);
        assert!(!hears(&mut throttle, 7, "ann"));
        assert!(hears(&mut throttle, 7, "bob") && hears(&mut throttle, 8, "ann"));
        let who = Culprit::Identity { source: address(7), user: Pii::from("ann") };
        assert_eq!(throttle.blocked(at(2)).iter().map(|one| &one.who).collect::<Vec<_>>(), [&who]);
        assert!(throttle.release(at(3).mono, address(7)) && !throttle.release(at(3).mono, address(7)));
        assert!(hears(&mut throttle, 7, "ann"));
        assert_eq!(throttle.blocked(at(4)), []);
    }

    #[test]
    fn a_stranger_may_ask_for_64_names_a_minute_however_often() {
        let mut throttle = Throttle::default();
        for round in 0..3 {
            for name in 0..MAX_NAMES as u64 {
                assert!(!throttle.note_name(at(round), address(7), name));
            }
        }
        assert!(!throttle.note_name(at(61), address(7), 99), "the others are forgotten");
        for name in 0..MAX_NAMES as u64 - 1 {
            assert!(!throttle.note_name(at(62), address(7), name));
        }
        assert!(throttle.note_name(at(63), address(7), 100));
        assert!(!throttle.take(at(662).mono, address(7)) && throttle.take(at(663).mono, address(7)));
    }

    #[test]
    fn of_many_blocks_one_a_second_is_told_and_all_are_listed() {
        let mut throttle = Throttle::default();
        let mut told = 0;
        for number in 0..1000 {
            throttle.block(at(u64::from(number) / 100), address(number), Offence::Scanner);
            told += usize::from(throttle.poll_blocked().is_some());
        }
        assert_eq!((told, throttle.blocked(at(10)).len()), (10, 1000));
    }

    #[test]
    fn only_so_many_sources_and_users_are_remembered_those_heard_of_last() {
        let mut throttle = Throttle::default();
        for number in 0..2 * MAX_SOURCES as u32 {
            let now = at(0) + Duration::from_micros(number.into());
            throttle.take(now.mono, address(number));
            throttle.note_name(now, address(number), 1);
            throttle.note_identity_failure(now, address(1), &format!("{number}{}", "x".repeat(1000)));
        }
        assert_eq!((throttle.sources.len(), throttle.identities.len()), (MAX_SOURCES, MAX_SOURCES));
        assert!(throttle.identities.iter().all(|((_, user), _)| user.len() <= MAX_NAME));
    }
}
