//! A busy lamp: a phone that does nothing but watch the calls of another (RFC 6665, RFC 4235), written from the RFCs and
//! not with the endpoint that it checks.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{Now, Time};
use hotline_sip::digest::Challenge;
use hotline_sip::{Datagram, Flow, HeaderName, Message, Method, Transmit};

use crate::center::{DOMAIN, SERVER};

/// Names a lamp of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LampId(pub usize);

/// How often a SUBSCRIBE is repeated that nobody has answered.
const REPEAT: Duration = Duration::from_millis(500);
/// How long it asks for.
const EXPIRES_SECONDS: u32 = 120;
/// How long before the end it asks again.
const AHEAD: Duration = Duration::from_secs(20);

/// What a lamp shows of the phone that it watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Nothing was told yet.
    Unknown,
    /// No call.
    Off,
    /// A call has begun.
    Trying,
    /// The phone rings, or the other one does.
    Early,
    /// They talk.
    Confirmed,
}

/// One lamp.
#[derive(Debug)]
pub struct Lamp {
    /// What it shows.
    pub light: Light,
    /// What it has shown, without repetitions.
    pub shown: Vec<Light>,
    /// Why its subscription has ended.
    pub ended: Option<String>,
    pub(crate) address: SocketAddr,
    user: String,
    password: String,
    watched: String,
    state: State,
    cseq: u32,
    /// The server's tag, once it is known.
    tag: Option<String>,
    /// The number of the latest document.
    version: Option<u32>,
    transmits: VecDeque<Transmit>,
}

#[derive(Debug)]
enum State {
    /// It has no power, and hears nothing.
    Unplugged,
    /// It asks for nothing more, and answers what still comes.
    Resting,
    /// A SUBSCRIBE is out.
    Asking { request: Bytes, again_at: Time },
    /// It is told what happens until it asks again.
    On { until: Time },
}

impl Lamp {
    pub(crate) fn new(now: Now, address: SocketAddr, user: &str, password: String, watched: String) -> Self {
        let mut lamp = Self {
            light: Light::Unknown,
            shown: Vec::new(),
            ended: None,
            address,
            user: user.to_owned(),
            password,
            watched,
            state: State::Resting,
            cseq: 0,
            tag: None,
            version: None,
            transmits: VecDeque::new(),
        };
        lamp.ask(now, None);
        lamp
    }

    /// It is pulled out.
    pub(crate) fn unplug(&mut self) {
        self.state = State::Unplugged;
        self.transmits.clear();
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Time> {
        match self.state {
            State::Unplugged | State::Resting => None,
            State::Asking { again_at: at, .. } | State::On { until: at } => Some(at),
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        match &mut self.state {
            State::Unplugged | State::Resting => {}
            State::Asking { request, again_at } => {
                *again_at = now.mono + REPEAT;
                let request = request.clone();
                self.send(request);
            }
            State::On { .. } => self.ask(now, None),
        }
    }

    pub(crate) fn handle_datagram(&mut self, now: Now, datagram: Datagram) {
        if matches!(self.state, State::Unplugged) {
            return;
        }
        let message = Message::parse(datagram.bytes).expect("what the core sends is SIP");
        match (message.method(), message.status()) {
            (Some(Method::Notify), _) => self.on_notify(&message),
            (Some(method), _) => panic!("a lamp gets {method}"),
            (None, Some(status)) => self.on_answer(now, status, &message),
            (None, None) => {}
        }
    }

    fn on_answer(&mut self, now: Now, status: u16, answer: &Message) {
        let is_latest = answer.cseq().is_ok_and(|cseq| cseq.number == self.cseq);
        if !is_latest || !matches!(self.state, State::Asking { .. }) {
            return;
        }
        match status {
            200 => {
                let granted = answer.expires().expect("a number").expect("a 200 says for how long");
                assert_eq!(granted, EXPIRES_SECONDS);
                self.tag = answer.to_tag().map(|tag| tag.into_owned());
                let until = now.mono + (Duration::from_secs(granted.into()) - AHEAD);
                self.state = State::On { until };
            }
            401 => {
                let challenge = answer.header(HeaderName::WwwAuthenticate).expect("a challenge");
                let challenge = Challenge::parse(&challenge).expect("a challenge that can be read");
                let (uri, password) = (format!("sip:{}@{DOMAIN}", self.watched), self.password.clone());
                let proof = challenge.answer(&self.user, &password, "SUBSCRIBE", &uri, "cnonce", 1);
                self.ask(now, Some(proof.to_string()));
            }
            // The subscription is over, and so it begins anew; or nobody is registered any more.
            481 if self.tag.is_some() => {
                self.tag = None;
                self.version = None;
                self.ask(now, None);
            }
            403 => self.state = State::Resting,
            other => panic!("a SUBSCRIBE is answered with {other}"),
        }
    }

    fn on_notify(&mut self, notify: &Message) {
        self.confirm(notify);
        let body = String::from_utf8(notify.body().to_vec()).expect("a document is UTF-8");
        let version =
            between(&body, "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"", "\"");
        let version: u32 = version.expect("a document has a version").parse().expect("a number");
        // A repetition may come late.
        if self.version.is_some_and(|seen| version <= seen) {
            return;
        }
        self.version = Some(version);
        let lines = body.lines().filter_map(|line| between(line, "<state>", "</state>"));
        let light = lines.map(|state| match state {
            "trying" => Light::Trying,
            "early" => Light::Early,
            "confirmed" => Light::Confirmed,
            "terminated" => Light::Off,
            other => panic!("a call is {other}"),
        });
        self.light = light.max().unwrap_or(Light::Off);
        if self.shown.last() != Some(&self.light) {
            self.shown.push(self.light);
        }
        let state = notify.header(HeaderName::SubscriptionState).expect("a NOTIFY says how it stands");
        if let Some(reason) = state.strip_prefix("terminated;reason=") {
            self.ended = Some(reason.to_owned());
            self.state = State::Resting;
        }
    }

    fn confirm(&mut self, notify: &Message) {
        let header = |name| notify.header(name).expect("a NOTIFY has it");
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {}\r\n\r\n",
            header(HeaderName::Via),
            header(HeaderName::From),
            header(HeaderName::To),
            header(HeaderName::CallId),
            header(HeaderName::CSeq)
        );
        self.send(text.into());
    }

    fn ask(&mut self, now: Now, proof: Option<String>) {
        self.cseq += 1;
        let Self { address, user, watched, cseq, .. } = self;
        let tag = self.tag.as_ref().map_or_else(String::new, |tag| format!(";tag={tag}"));
        let proof = proof.map_or_else(String::new, |proof| format!("Authorization: {proof}\r\n"));
        let text = format!(
            "SUBSCRIBE sip:{watched}@{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bKlamp{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{DOMAIN}>;tag=lamp\r\nTo: <sip:{watched}@{DOMAIN}>{tag}\r\n\
             Call-ID: lamp-{address}\r\nCSeq: {cseq} SUBSCRIBE\r\nContact: <sip:{user}@{address}>\r\n\
             Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: {EXPIRES_SECONDS}\r\n{proof}\
             Content-Length: 0\r\n\r\n"
        );
        let request = Bytes::from(text);
        self.state = State::Asking { request: request.clone(), again_at: now.mono + REPEAT };
        self.send(request);
    }

    fn send(&mut self, bytes: Bytes) {
        self.transmits.push_back(Transmit { flow: Flow::udp(self.address, SERVER), bytes });
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}
