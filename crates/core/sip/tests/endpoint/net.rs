//! Endpoints joined by a network with virtual time that loses, repeats, delays and reorders, all from one seed.
//! After each step it checks what must hold always.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hotline_base::{Now, Rng, Time, WallTime};
use hotline_sip::endpoint::{
    Datagram, Endpoint, EndpointConfig, Event, Invite, IpPrefix, SessionId, Transmit, TrunkConfig,
};
use hotline_sip::message::{Kind, Malformed, NameAddr};
use hotline_sip::uri::Uri;
use hotline_sip::{Flow, HeaderName, Message, Transport};

/// SDP in the eyes of a machine that never reads it.
pub(crate) const OFFER: &str = "v=0 offer";
pub(crate) const ANSWER: &str = "v=0 answer";

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) loss_percent: u64,
    pub(crate) repeat_percent: u64,
    /// Each datagram takes 1 ms to this many.
    pub(crate) delay_max_ms: u64,
}

pub(crate) const PERFECT: Faults = Faults { loss_percent: 0, repeat_percent: 0, delay_max_ms: 1 };
pub(crate) const BAD: Faults = Faults { loss_percent: 12, repeat_percent: 10, delay_max_ms: 300 };

pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
    pub(crate) events: Vec<Event>,
    /// How often it was told that the peer has the INVITE.
    pub(crate) trying: u32,
    over: BTreeSet<SessionId>,
    /// The final status of each server transaction.
    pub(crate) finals: BTreeMap<String, u16>,
}

/// What decides whether a datagram arrives: sender and message.
type Filter = Box<dyn FnMut(usize, &Message) -> bool>;

pub(crate) struct Net {
    pub(crate) now: Now,
    pub(crate) rng: Rng,
    pub(crate) nodes: Vec<Node>,
    /// Datagrams to addresses where no endpoint is.
    pub(crate) outside: Vec<Message>,
    /// One line for each datagram sent between endpoints: `0>1 INVITE`.
    pub(crate) ladder: Vec<String>,
    pub(crate) filter: Option<Filter>,
    faults: Faults,
    flying: BTreeMap<(Time, u64), Transmit>,
    sent: u64,
}

pub(crate) fn address(node: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10 + u8::try_from(node).unwrap()], 5060))
}

/// An endpoint that trusts the addresses of all the others.
pub(crate) fn open_config(node: usize) -> EndpointConfig {
    let mut config = EndpointConfig::new("center.example", address(node));
    let peers = vec![IpPrefix { addr: address(0).ip(), len: 24 }];
    config.trunks = vec![TrunkConfig { trusted: true, ..TrunkConfig::new("net", peers) }];
    config
}

pub(crate) fn sdp(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// A call from node 0 to node 1.
pub(crate) fn call() -> Invite {
    call_to("sip:100@192.0.2.11", 1)
}

pub(crate) fn call_to(uri: &str, node: usize) -> Invite {
    Invite {
        uri: uri.into(),
        flow: Flow::udp(address(0), address(node)),
        routes: Vec::new(),
        from: NameAddr::parse("\"Ann\" <sip:+4930123@192.0.2.10>").unwrap(),
        to: NameAddr::new(Uri::parse(uri).unwrap()),
        headers: vec![(HeaderName::Subject, "test".into())],
        overrides: Vec::new(),
        offer: sdp(OFFER),
        credentials: None,
    }
}

impl Net {
    pub(crate) fn new(seed: u64, faults: Faults, configs: Vec<EndpointConfig>) -> Self {
        let mut rng = Rng::from_number(seed);
        let nodes = configs.into_iter().enumerate().map(|(number, config)| Node {
            address: address(number),
            endpoint: Endpoint::new(config, rng.fork(), [u8::try_from(number).unwrap(); 32]),
            events: Vec::new(),
            trying: 0,
            over: BTreeSet::new(),
            finals: BTreeMap::new(),
        });
        let nodes = nodes.collect();
        Self {
            now: Now { mono: Time::ZERO, wall: WallTime(1_800_000_000_000_000) },
            rng,
            nodes,
            outside: Vec::new(),
            ladder: Vec::new(),
            filter: None,
            faults,
            flying: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Two endpoints that trust each other.
    pub(crate) fn pair(seed: u64, faults: Faults) -> Self {
        Self::new(seed, faults, vec![open_config(0), open_config(1)])
    }

    /// Does something to an endpoint and takes what comes out.
    pub(crate) fn on<T>(&mut self, node: usize, action: impl FnOnce(&mut Endpoint, Now) -> T) -> T {
        let result = action(&mut self.nodes[node].endpoint, self.now);
        self.collect(node);
        result
    }

    /// A datagram from an address of its own; the responses to it, if they come at once.
    pub(crate) fn inject(&mut self, node: usize, from: &str, text: &str) -> Vec<Message> {
        self.inject_over(node, Transport::Udp, from, text)
    }

    /// The same by another transport.
    pub(crate) fn inject_over(&mut self, node: usize, by: Transport, from: &str, text: &str) -> Vec<Message> {
        let (local, remote) = (self.nodes[node].address, from.parse().unwrap());
        let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
        let flow = Flow { transport: by, local, remote };
        self.on(node, |endpoint, now| endpoint.handle_datagram(now, Datagram { flow, bytes }));
        core::mem::take(&mut self.outside)
    }

    /// Lets time pass, at most until `until`; false if nothing was left to happen before.
    fn step(&mut self, until: Time) -> bool {
        let flying = self.flying.first_key_value().map(|((at, _), _)| *at);
        let timers =
            self.nodes.iter().filter_map(|node| node.endpoint.poll_timeout()).map(|(at, _)| at).min();
        let Some(at) = flying.into_iter().chain(timers).min().filter(|at| *at <= until) else { return false };
        let passed = at.since(self.now.mono);
        self.now = self.now + passed;
        if flying == Some(at)
            && let Some((_, Transmit { flow, bytes })) = self.flying.pop_first()
        {
            if let Some(node) = self.nodes.iter().position(|node| node.address == flow.remote) {
                let datagram = Datagram { flow: flow.reversed(), bytes };
                self.on(node, |endpoint, now| endpoint.handle_datagram(now, datagram));
            }
        } else {
            for node in 0..self.nodes.len() {
                self.on(node, Endpoint::handle_timeout);
            }
        }
        true
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        let until = self.now.mono + duration;
        while self.step(until) {}
        let left = until.since(self.now.mono);
        self.now = self.now + left;
    }

    pub(crate) fn run_ms(&mut self, millis: u64) {
        self.run_for(Duration::from_millis(millis));
    }

    /// Runs until nothing is left to happen, and checks that nothing is left at all.
    pub(crate) fn run_out(&mut self) {
        let limit = self.now.mono + Duration::from_secs(600);
        while self.step(limit) {}
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let left = (node.endpoint.sessions(), node.endpoint.transactions(), node.endpoint.poll_timeout());
            assert_eq!(left, (0, 0, None), "node {number} has something left");
            assert!(node.endpoint.is_idle(), "node {number} is not idle");
            for event in &node.events {
                let Some(session) = event.session() else { continue };
                assert!(node.over.contains(&session), "session {session} of node {number} has no end");
            }
        }
    }

    /// The names of a node's events about sessions.
    pub(crate) fn told(&self, node: usize) -> Vec<String> {
        self.nodes[node].events.iter().map(name).collect()
    }

    pub(crate) fn find(&self, node: usize, what: &str) -> Option<&Event> {
        self.nodes[node].events.iter().find(|event| name(event) == what)
    }

    /// The session of the first call that came to `node`.
    pub(crate) fn incoming(&self, node: usize) -> Option<SessionId> {
        self.find(node, "Incoming").and_then(Event::session)
    }

    fn collect(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        let mut transmits = Vec::new();
        while let Some(transmit) = node.endpoint.poll_transmit() {
            transmits.push(transmit);
        }
        while let Some(event) = node.endpoint.poll_event() {
            // That the peer has the INVITE is news only to whoever would call another.
            if let Event::Trying { .. } = event {
                node.trying += 1;
                continue;
            }
            if let Some(session) = event.session() {
                assert!(!node.over.contains(&session), "{event:?} after the end");
                if event.is_terminal() {
                    node.over.insert(session);
                }
            }
            node.events.push(event);
        }
        for transmit in transmits {
            self.send(number, transmit);
        }
    }

    fn send(&mut self, from: usize, transmit: Transmit) {
        let message = match Message::parse(transmit.bytes.clone()) {
            Ok(message) => message,
            // The refusal of a malformed request repeats its headers as they came.
            Err(Malformed { message: Some(message), .. }) if message.status() >= Some(400) => message,
            Err(malformed) => panic!("an endpoint sent a bad message: {malformed}"),
        };
        self.check_final(from, &message);
        let Some(to) = self.nodes.iter().position(|node| node.address == transmit.flow.remote) else {
            self.outside.push(message);
            return;
        };
        self.ladder.push(format!("{from}>{to} {}", title(&message)));
        if let Some(filter) = &mut self.filter
            && !filter(from, &message)
        {
            return;
        }
        if self.rng.chance(self.faults.loss_percent, 100) {
            return;
        }
        let copies = if self.rng.chance(self.faults.repeat_percent, 100) { 2 } else { 1 };
        for _ in 0..copies {
            let delay = Duration::from_millis(1 + self.rng.below(self.faults.delay_max_ms));
            self.sent += 1;
            self.flying.insert((self.now.mono + delay, self.sent), transmit.clone());
        }
    }

    /// Only one final status leaves each server transaction.
    fn check_final(&mut self, from: usize, message: &Message) {
        let Some(status) = message.status().filter(|status| *status >= 200) else { return };
        let via = message.header(HeaderName::Via).unwrap_or_default();
        let key = format!("{via} {}", message.header(HeaderName::CSeq).unwrap_or_default());
        let first = *self.nodes[from].finals.entry(key).or_insert(status);
        assert_eq!(first, status, "two final responses to {message:?}");
    }
}

/// `INVITE` or `180 INVITE`.
pub(crate) fn title(message: &Message) -> String {
    match message.kind() {
        Kind::Request { method, .. } => method.to_string(),
        Kind::Response { status, .. } => format!("{status} {}", message.cseq().unwrap().method),
    }
}

/// The variant of an event.
pub(crate) fn name(event: &Event) -> String {
    format!("{event:?}").split('(').next().unwrap().to_owned()
}
