//! A SIP endpoint under datagrams from its trunk, from a phone that knows a password, and from a stranger.
//!
//! An input is a row of datagrams, set apart by [`SEPARATOR`]. Each begins with who sends it (`t`, `p`, anything
//! else for the stranger) and how long after the one before (`0`, then a digit for 10 ms · 4ⁿ). What the sender of
//! an answer must repeat is written as one of the words of [`Attack::fill_in`], so that mutations stay inside
//! transactions and dialogs.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use bytes::Bytes;
use hotline_base::{AgentId, Now, Rng, Time, WallTime};
use hotline_sip::digest::{Algorithm, Challenge, Ha1};
use hotline_sip::endpoint::{ProbeConfig, Probed};
use hotline_sip::message::Malformed;
use hotline_sip::uri::Uri;
use hotline_sip::{
    Datagram, Endpoint, EndpointConfig, Event, Flow, HeaderName, Invite, IpPrefix, Message, NameAddr,
    SessionId, TrunkConfig, UserConfig,
};

/// Between two datagrams: ASCII record separator.
const SEPARATOR: u8 = 0x1e;
/// Datagrams of one input.
const DATAGRAMS_MAX: usize = 200;
/// Messages that one datagram may cause at once, beside a NOTIFY to each subscription: the most are those of a MESSAGE to
/// all ten contacts, or the ACK and BYE to an answer too many, with what the script does about it.
const MESSAGES_PER_DATAGRAM_MAX: usize = 12;
/// Timers that may fire until nothing is going on, for each datagram: the most are those of the probes of a contact,
/// twelve in an hour with eleven repetitions each.
const TIMERS_MAX: usize = 250;
const PROBES_EVERY: Duration = Duration::from_secs(300);
/// The realm and the host of what the phone registers.
const REALM: &str = "center.example";
const USER: &str = "1001";
const PASSWORD: &str = "secret";
const SDP: &[u8] = b"v=0\r\n";

/// Datagrams of anybody: every message that leaves is whole, each session ends in one event, and when the time has
/// passed nothing is left.
pub fn sip_endpoint(input: &[u8]) {
    let mut attack = Attack::new();
    let pieces: Vec<&[u8]> = input.split(|byte| *byte == SEPARATOR).take(DATAGRAMS_MAX).collect();
    for piece in &pieces {
        attack.datagram(piece);
    }
    attack.end(pieces.len());
}

struct Attack {
    endpoint: Endpoint,
    now: Now,
    /// Whether each session has ended.
    sessions: BTreeMap<SessionId, bool>,
    /// The last request of ours, and the last answer.
    request: Option<Message>,
    answer: Option<Message>,
    requests: usize,
    sent: usize,
}

impl Attack {
    fn new() -> Self {
        let mut config = EndpointConfig::new(REALM, server());
        let peers = vec![IpPrefix { addr: trunk().ip(), len: 32 }];
        config.trunks = vec![TrunkConfig::new("trunk", peers)];
        let ha1 = [Algorithm::Sha256, Algorithm::Md5]
            .map(|algorithm| (algorithm, Ha1::new(algorithm, USER, REALM, PASSWORD)));
        let user = UserConfig { agent: AgentId::from(USER), ha1: ha1.to_vec() };
        config.users = BTreeMap::from([(USER.to_owned(), user)]);
        config.names = BTreeMap::from([(USER.to_owned(), AgentId::from(USER))]);
        config.probes = ProbeConfig { whom: Probed::Everybody, interval: PROBES_EVERY };
        Self {
            endpoint: Endpoint::new(config, Rng::from_number(1), [7; 32]),
            now: Now { mono: Time(1_000_000), wall: WallTime(1_700_000_000_000_000) },
            sessions: BTreeMap::new(),
            request: None,
            answer: None,
            requests: 0,
            sent: 0,
        }
    }

    fn datagram(&mut self, piece: &[u8]) {
        let (control, text) = piece.split_at(piece.len().min(2));
        self.pass(pause(control.get(1).copied().unwrap_or_default()));
        let remote = match control.first() {
            Some(b't') => trunk(),
            Some(b'p') => phone(),
            Some(_) | None => stranger(),
        };
        let bytes = Bytes::from(self.fill_in(text));
        self.sent = 0;
        let most = MESSAGES_PER_DATAGRAM_MAX + self.endpoint.subscriptions();
        self.endpoint.handle_datagram(self.now, Datagram { flow: Flow::udp(server(), remote), bytes });
        self.drain();
        assert!(self.sent <= most, "one datagram came and {} left", self.sent);
    }

    /// Lets time pass.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            self.wake(at);
        }
        self.now = end;
    }

    fn wake(&mut self, at: Time) {
        let due = self.endpoint.poll_timeout();
        self.now = self.now + at.since(self.now.mono);
        self.endpoint.handle_timeout(self.now);
        self.drain();
        assert!(self.endpoint.poll_timeout().is_none_or(|(next, _)| next > at), "{due:?} spins");
    }

    /// Everybody hangs up; then there is nothing left to wait for.
    fn end(&mut self, datagrams: usize) {
        let alive: Vec<SessionId> =
            self.sessions.iter().filter(|(_, over)| !**over).map(|(session, _)| *session).collect();
        for session in alive {
            self.endpoint.hang_up(self.now, session, None);
            self.drain();
        }
        assert!(self.sessions.values().all(|over| *over), "a call that is hung up is over");
        let mut timers = 0;
        while let Some((at, _)) = self.endpoint.poll_timeout() {
            self.wake(at);
            timers += 1;
            assert!(timers <= (datagrams + 1) * TIMERS_MAX, "timers go on for ever");
        }
        assert!(self.endpoint.is_idle() && self.endpoint.contact(USER).is_none());
        assert_eq!(self.endpoint.subscriptions(), 0, "nobody is told anything for ever");
    }

    fn drain(&mut self) {
        loop {
            while let Some(transmit) = self.endpoint.poll_transmit() {
                self.sent += 1;
                let message = match Message::parse(transmit.bytes) {
                    Ok(message) => message,
                    Err(Malformed { message: Some(refusal), .. })
                        if refusal.status().is_some_and(|status| (400..600).contains(&status)) =>
                    {
                        // It lacks what the request lacked.
                        refusal
                    }
                    Err(malformed) => panic!("what leaves is whole: {malformed}"),
                };
                if message.method().is_some() {
                    self.requests += 1;
                    self.request = Some(message);
                } else {
                    self.answer = Some(message);
                }
            }
            let Some(event) = self.endpoint.poll_event() else { break };
            self.on_event(event);
        }
        // A transaction needs a datagram of somebody or a request of ours.
        assert!(self.endpoint.sessions() <= self.sessions.len());
    }

    fn on_event(&mut self, event: Event) {
        if let Some(session) = event.session() {
            let over = self.sessions.entry(session).or_default();
            assert!(!*over, "{session} goes on after its end");
            *over = event.is_terminal();
        }
        let now = self.now;
        match event {
            Event::Incoming { session, .. } => {
                self.endpoint.assign(now, session, &AgentId::from(USER));
                match session.0 % 4 {
                    0 => self.endpoint.ring(now, session, None),
                    3 => self.endpoint.reject(now, session, 486, None),
                    _ => self.endpoint.answer(now, session, Bytes::from_static(SDP)),
                }
            }
            Event::Confirmed { session, .. } if session.0 % 4 == 2 => {
                self.endpoint.reoffer(now, session, Bytes::from_static(SDP));
            }
            Event::Reoffer { session, .. } if session.0 % 2 == 0 => {
                self.endpoint.refuse_reoffer(now, session, 488);
            }
            Event::Reoffer { session, .. } => {
                self.endpoint.answer_reoffer(now, session, Bytes::from_static(SDP));
            }
            Event::Refer { session, .. } if session.0 % 2 == 0 => {
                self.endpoint.accept_refer(now, session);
                self.endpoint.report_refer(now, session, 200);
            }
            Event::Refer { session, .. } => self.endpoint.refuse_refer(now, session, 603),
            Event::Registered { .. } => self.call_the_phone(),
            Event::Trying { .. }
            | Event::ProbeAnswered { .. }
            | Event::ProbeMissed { .. }
            | Event::MessageAnswered { .. }
            | Event::Ringing { .. }
            | Event::Answered { .. }
            | Event::Confirmed { .. }
            | Event::Failed { .. }
            | Event::Cancelled { .. }
            | Event::Ended { .. }
            | Event::ReofferAnswered { .. }
            | Event::ReofferRefused { .. }
            | Event::Info { .. }
            | Event::Unregistered { .. }
            | Event::RegistrationSucceeded { .. }
            | Event::RegistrationFailed { .. } => {}
        }
    }

    fn call_the_phone(&mut self) {
        let Some(contact) = self.endpoint.contact(USER) else { return };
        let uri = Uri::parse(&contact.uri).expect("a contact that was taken is a URI");
        let invite = Invite {
            uri: contact.uri,
            flow: contact.flow,
            routes: contact.routes,
            from: NameAddr::parse("<sip:+15550100@192.0.2.1>").expect("an address"),
            to: NameAddr::new(uri),
            headers: Vec::new(),
            overrides: Vec::new(),
            offer: Bytes::from_static(SDP),
            credentials: None,
        };
        if let Ok(session) = self.endpoint.invite(self.now, invite) {
            self.sessions.insert(session, false);
        }
    }

    /// Puts in what a peer has to repeat: of the last request `{via}`, `{from}`, `{call-id}` and `{cseq}`, of the
    /// last answer the tag `{tag}`, and `{auth}`, the phone's credentials for the last challenge.
    fn fill_in(&self, text: &[u8]) -> Vec<u8> {
        let mut filled = text.to_vec();
        if !filled.contains(&b'{') {
            return filled;
        }
        if let Some(request) = &self.request {
            let words = [
                ("{via}", HeaderName::Via),
                ("{from}", HeaderName::From),
                ("{call-id}", HeaderName::CallId),
                ("{cseq}", HeaderName::CSeq),
            ];
            for (word, name) in words {
                replace(&mut filled, word, request.header(name).as_deref().unwrap_or_default());
            }
        }
        if let Some(answer) = &self.answer {
            replace(&mut filled, "{tag}", answer.to_tag().as_deref().unwrap_or_default());
            let challenge = answer.header(HeaderName::WwwAuthenticate);
            if let Some(Ok(challenge)) = challenge.as_deref().map(Challenge::parse) {
                let first_line = String::from_utf8_lossy(text);
                let mut words = first_line.split(' ');
                let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let credentials = challenge.answer(USER, PASSWORD, method, uri, "cnonce", 1);
                replace(&mut filled, "{auth}", &credentials.to_string());
            }
        }
        filled
    }
}

fn replace(text: &mut Vec<u8>, word: &str, with: &str) {
    // What is put in may hold the word, if the peer wrote it there; one round is enough.
    let mut from = 0;
    while let Some(at) = text[from..].windows(word.len()).position(|window| window == word.as_bytes()) {
        let at = from + at;
        text.splice(at..at + word.len(), with.bytes());
        from = at + with.len();
    }
}

/// `0` for none, then 10 ms, 40 ms … 11 min.
fn pause(digit: u8) -> Duration {
    match digit {
        b'1'..=b'9' => Duration::from_millis(10 << (2 * u32::from(digit - b'1'))),
        _ => Duration::ZERO,
    }
}

fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn trunk() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 5060))
}

fn phone() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 3], 5060))
}

fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 5060))
}
