//! A scripted phone: the same SIP endpoint as the server's, seen from the other side, and a person's manners.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{Now, Pii, Rng, Time};
use hotline_sdp::{self as sdp, Codec, Direction, Local};
use hotline_sip::{
    Datagram, Endpoint, EndpointConfig, Event, Flow, HeaderName, Invite, IpPrefix, Login, NameAddr, Register,
    RegistrationId, Replaces, SessionId, SipUri, Transmit, TrunkConfig,
};

use crate::center::{DOMAIN, SERVER, domain};

/// How long a phone registers for; it refreshes in time.
const REGISTER_EXPIRES: Duration = Duration::from_secs(300);

/// The CSeq before that of the first REFER: after every request of the endpoint in that dialog.
const FIRST_REFER: u32 = 10;

/// Names a phone of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhoneId(pub usize);

/// What the person at a phone does by itself.
#[derive(Clone, Debug)]
pub struct Manners {
    /// When called.
    pub pick_up: PickUp,
    /// Keys pressed, each so long after the call is up.
    pub keys: Vec<(Duration, char)>,
    /// Hangs up so long after the call is up.
    pub hang_up_after: Option<Duration>,
}

impl Manners {
    /// A key that is pressed each time `after` has passed, until it must have been heard: the network may be slower to tell
    /// of the answer than the finger.
    #[must_use]
    pub fn press(key: char, after: Duration) -> Vec<(Duration, char)> {
        (1..8).map(|times| (times * after, key)).collect()
    }
}

/// What is done when the phone rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickUp {
    /// Answered after this long.
    After(Duration),
    /// Plays something before the answer, moves its audio by UPDATE after this long (RFC 3311), and is answered after as
    /// long again.
    Moving(Duration),
    /// Let ring.
    Never,
    /// Refused with a status before it rings, as a server does that has no way.
    Reject(u16),
    /// Refused with a status.
    Refuse {
        /// After this long.
        after: Duration,
        /// 486, 603…
        status: u16,
    },
}

/// Something done at a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Registers, and goes on refreshing.
    Register,
    /// Takes the registration back.
    Unregister,
    /// Calls a number.
    Dial(String),
    /// Takes the place of the phone in this dialog (RFC 3891).
    Replace(Replaces),
    /// Takes this call, if it still rings.
    PickUp(SessionId),
    /// Wants its audio elsewhere, if it still rings.
    Move(SessionId),
    /// Refuses this call, if it still rings.
    Refuse(SessionId, u16),
    /// Hangs up, or gives up dialling.
    HangUp,
    /// Puts the other side on hold (`true`), or takes it back.
    Hold(bool),
    /// Presses a key.
    Press(char),
    /// Puts the call aside and calls somebody else.
    Consult(String),
    /// Presses the transfer key: the call that was put aside goes to the one called meanwhile.
    Join,
    /// Loses its power: says nothing and hears nothing from here on.
    Vanish,
    /// Is lost to SIP, while its audio goes on.
    LoseSip,
}

/// A call at a phone.
#[derive(Debug)]
pub struct Talk {
    session: SessionId,
    /// Their offer, while the phone rings.
    offer: Option<Bytes>,
    /// Our offer, until they answer.
    offered: Option<sdp::Session>,
    /// What we described last.
    described: Option<sdp::Session>,
    /// Where we send audio, once agreed.
    pub server_port: Option<u16>,
    /// Answered, by either side.
    pub is_up: bool,
}

/// A phone with its person.
pub struct Phone {
    /// What ladders call it.
    pub name: String,
    /// Its SIP address.
    pub address: SocketAddr,
    /// Where it receives audio.
    pub audio: SocketAddr,
    /// How its person behaves.
    pub manners: Manners,
    /// The call it is in.
    pub talk: Option<Talk>,
    /// The call that was put aside.
    pub aside: Option<SessionId>,
    /// True while its registration is in force.
    pub is_registered: bool,
    /// Calls that were answered, by either side.
    pub answered: u32,
    /// How often its audio has moved.
    pub moved: u32,
    /// Why its last call failed, if it did.
    pub failed: Option<u16>,
    endpoint: Endpoint,
    login: Option<Login>,
    registration: Option<RegistrationId>,
    is_dead: bool,
    /// What its transfer key sends.
    refers: VecDeque<Transmit>,
    /// How often the transfer key was pressed.
    joins: u32,
    plans: VecDeque<(Duration, Act)>,
}

impl Phone {
    /// A phone that is on and idle.
    #[must_use]
    pub fn new(
        name: &str,
        address: SocketAddr,
        login: Option<Login>,
        manners: Manners,
        mut rng: Rng,
    ) -> Self {
        let mut config = EndpointConfig::new(DOMAIN, address);
        config.user_agent = "Scripted phone".to_owned();
        let server = IpPrefix { addr: SERVER.ip(), len: 32 };
        config.trunks = vec![TrunkConfig::new("server", vec![server])];
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        Self {
            name: name.to_owned(),
            address,
            audio: SocketAddr::new(address.ip(), 4000),
            manners,
            talk: None,
            aside: None,
            is_registered: false,
            answered: 0,
            moved: 0,
            failed: None,
            endpoint: Endpoint::new(config, rng, secret),
            login,
            registration: None,
            is_dead: false,
            refers: VecDeque::new(),
            joins: 0,
            plans: VecDeque::new(),
        }
    }

    /// A datagram came.
    pub fn handle_datagram(&mut self, now: Now, datagram: Datagram) {
        if !self.is_dead {
            self.endpoint.handle_datagram(now, datagram);
            self.follow(now);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now);
        self.follow(now);
    }

    /// Its person does something.
    pub fn handle_act(&mut self, now: Now, act: Act) {
        match act {
            Act::Register => self.register(now),
            Act::Unregister => {
                if let Some(registration) = self.registration.take() {
                    self.endpoint.unregister(now, registration);
                }
            }
            Act::Dial(number) => self.dial(now, &number, None),
            Act::Replace(dialog) => self.dial(now, "server", Some(&dialog)),
            Act::PickUp(session) => self.pick_up(now, session),
            Act::Move(session) => self.shift(now, session),
            Act::Refuse(session, status) => {
                if self.talk.as_ref().is_some_and(|talk| talk.session == session && !talk.is_up) {
                    self.talk = None;
                    self.endpoint.reject(now, session, status, None);
                }
            }
            Act::Consult(number) => {
                self.aside = self.talk.take().map(|talk| talk.session);
                self.dial(now, &number, None);
            }
            Act::Join => self.join(),
            Act::HangUp => {
                if let Some(aside) = self.aside.take() {
                    self.endpoint.hang_up(now, aside, None);
                }
                if let Some(talk) = self.talk.take() {
                    self.endpoint.hang_up(now, talk.session, None);
                }
            }
            Act::Hold(holds) => self.hold(now, holds),
            Act::Vanish | Act::LoseSip => {
                self.is_dead = true;
                self.is_registered = false;
                self.talk = None;
            }
            // Keys travel with the audio, which the world carries.
            Act::Press(_) => {}
        }
        self.follow(now);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        let transmit = self.endpoint.poll_transmit().or_else(|| self.refers.pop_front())?;
        (!self.is_dead).then_some(transmit)
    }

    /// The next thing its person intends, and in how long.
    pub fn poll_plan(&mut self) -> Option<(Duration, Act)> {
        self.plans.pop_front()
    }

    /// When to call [`Self::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        let (at, _) = self.endpoint.poll_timeout()?;
        (!self.is_dead).then_some(at)
    }

    /// The server's audio port, while a call is up.
    #[must_use]
    pub fn server_port(&self) -> Option<u16> {
        self.talk.as_ref().filter(|talk| talk.is_up)?.server_port
    }

    fn register(&mut self, now: Now) {
        let register = Register {
            flow: Flow::udp(self.address, SERVER),
            user: Pii::new(self.name.clone()),
            domain: DOMAIN.to_owned(),
            credentials: self.login.clone(),
            expires: REGISTER_EXPIRES,
        };
        let registration = self.endpoint.register(now, register);
        self.registration = Some(registration.expect("a phone is far below the endpoint's limits"));
    }

    /// How the server knows the dialog of the present call.
    pub(crate) fn dialog(&self) -> Option<Replaces> {
        self.endpoint.dialog_at_peer(self.talk.as_ref()?.session)
    }

    fn dial(&mut self, now: Now, number: &str, replaces: Option<&Replaces>) {
        let offered = sdp::offer(&self.local());
        let uri = SipUri::new(Some(number), domain(), None);
        let invite = Invite {
            uri: uri.to_string(),
            flow: Flow::udp(self.address, SERVER),
            routes: Vec::new(),
            from: NameAddr::new(SipUri::new(Some(&self.name), domain(), None)),
            to: NameAddr::new(uri),
            headers: replaces.map(|dialog| (HeaderName::Replaces, dialog.to_string())).into_iter().collect(),
            overrides: Vec::new(),
            offer: Bytes::from(offered.print()),
            credentials: self.login.clone(),
        };
        let session = self.endpoint.invite(now, invite).expect("a phone is far below the endpoint's limits");
        self.talk = Some(Talk {
            session,
            offer: None,
            described: Some(offered.clone()),
            offered: Some(offered),
            server_port: None,
            is_up: false,
        });
    }

    /// Sends a REFER within the call that was put aside (RFC 3515). By hand, and so anew each time: to the endpoint it is no
    /// request of its own.
    fn join(&mut self) {
        self.joins += 1;
        let (Some(aside), Some(talk)) = (self.aside, &self.talk) else { return };
        let at_server = |session| self.endpoint.dialog_at_peer(session);
        let (Some(first), Some(second)) = (at_server(aside), at_server(talk.session)) else { return };
        let named = second.to_string().replace(';', "%3B").replace('=', "%3D");
        let text = format!(
            "REFER sip:server@{SERVER} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKrefer{}{};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{}@{DOMAIN}>;tag={}\r\nTo: <sip:server@{DOMAIN}>;tag={}\r\nCall-ID: {}\r\nCSeq: {} REFER\r\n\
             Contact: <sip:{}@{}>\r\nRefer-To: <sip:other@{DOMAIN}?Replaces={named}>\r\nContent-Length: 0\r\n\r\n",
            self.address,
            first.from_tag,
            self.joins,
            self.name,
            first.from_tag,
            first.to_tag,
            first.call_id,
            FIRST_REFER + self.joins,
            self.name,
            self.address,
        );
        self.refers.push_back(Transmit { flow: Flow::udp(self.address, SERVER), bytes: text.into() });
    }

    fn pick_up(&mut self, now: Now, session: SessionId) {
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.session == session) else { return };
        let answer = match (talk.offer.take(), &talk.described) {
            (Some(offer), _) => self.agree(&offer),
            (None, Some(described)) if !talk.is_up => Bytes::from(described.print()),
            (None, _) => return,
        };
        self.endpoint.answer(now, session, answer);
        self.go_up();
    }

    /// Asks for audio at another port.
    fn shift(&mut self, now: Now, session: SessionId) {
        let port = self.other_port();
        let local = Local { port, rtcp_port: port + 1, ..self.local() };
        let offer = sdp::offer(&local);
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.session == session && !talk.is_up) else {
            return;
        };
        let text = Bytes::from(offer.print());
        talk.offered = Some(offer);
        self.endpoint.reoffer(now, session, text);
    }

    const fn other_port(&self) -> u16 {
        self.audio.port() ^ 2
    }

    fn on_shifted(&mut self, session: SessionId, answer: &Bytes) {
        let port = self.other_port();
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.session == session) else { return };
        let Some(offered) = talk.offered.take() else { return };
        let answer = sdp::parse(answer).expect("the server's answer is SDP");
        let agreed = sdp::accept(&offered, &answer).expect("the server answers what we offered");
        talk.server_port = Some(agreed.remote.port());
        talk.described = Some(offered);
        self.audio.set_port(port);
        self.moved += 1;
    }

    fn hold(&mut self, now: Now, holds: bool) {
        if !self.talk.as_ref().is_some_and(|talk| talk.is_up) {
            return;
        }
        let direction = if holds { Direction::SendOnly } else { Direction::SendReceive };
        let offer = sdp::offer(&Local { direction, ..self.local() });
        let text = Bytes::from(offer.print());
        let Some(talk) = &mut self.talk else { return };
        talk.described = Some(offer);
        let session = talk.session;
        self.endpoint.reoffer(now, session, text);
    }

    fn local(&self) -> Local<'_> {
        let previous = self.talk.as_ref().and_then(|talk| talk.described.as_ref());
        Local { previous, ..Local::new(self.audio.ip(), self.audio.port(), 1, &Codec::ALL) }
    }

    /// The answer to the server's offer.
    fn agree(&mut self, offer: &[u8]) -> Bytes {
        let offer = sdp::parse(offer).expect("the server's offer is SDP");
        let (answer, agreed) = sdp::answer(&offer, &self.local()).expect("the server offers what we have");
        if let Some(talk) = &mut self.talk {
            talk.server_port = Some(agreed.remote.port());
            talk.described = Some(answer.clone());
        }
        Bytes::from(answer.print())
    }

    /// The call is up: keys and the end of the talk are planned.
    fn go_up(&mut self) {
        if let Some(talk) = &mut self.talk {
            talk.is_up = true;
        }
        self.answered += 1;
        let keys = self.manners.keys.iter().map(|(after, key)| (*after, Act::Press(*key)));
        self.plans.extend(keys);
        self.plans.extend(self.manners.hang_up_after.map(|after| (after, Act::HangUp)));
    }

    fn follow(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(now, event);
        }
    }

    fn on_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Incoming { session, offer, .. } => self.on_incoming(now, session, offer),
            Event::Answered { session, body } => self.on_answered(session, body.as_ref()),
            Event::Failed { session, failure } => {
                if self.forget(session) {
                    self.failed = Some(failure.status);
                }
            }
            Event::Cancelled { session, .. } | Event::Ended { session, .. } => {
                self.forget(session);
            }
            Event::Reoffer { session, offer: Some(offer) } => {
                let answer = self.agree(&offer);
                self.endpoint.answer_reoffer(now, session, answer);
            }
            Event::ReofferAnswered { session, body: Some(answer) } => self.on_shifted(session, &answer),
            Event::RegistrationSucceeded { expires, .. } => self.is_registered = !expires.is_zero(),
            Event::RegistrationFailed { .. } => self.is_registered = false,
            Event::Reoffer { offer: None, .. }
            | Event::Trying { .. }
            | Event::ProbeAnswered { .. }
            | Event::ProbeMissed { .. }
            | Event::MessageAnswered { .. }
            | Event::Ringing { .. }
            | Event::Confirmed { .. }
            | Event::ReofferAnswered { .. }
            | Event::Refer { .. }
            | Event::ReofferRefused { .. }
            | Event::Info { .. }
            | Event::Registered { .. }
            | Event::Unregistered { .. } => {}
        }
    }

    fn on_incoming(&mut self, now: Now, session: SessionId, offer: Option<Bytes>) {
        if self.talk.is_some() {
            self.endpoint.reject(now, session, 486, None);
            return;
        }
        if let PickUp::Reject(status) = self.manners.pick_up {
            self.endpoint.reject(now, session, status, None);
            return;
        }
        self.talk =
            Some(Talk { session, offer, offered: None, described: None, server_port: None, is_up: false });
        let early = match self.manners.pick_up {
            PickUp::Moving(_) => self.talk.as_mut().and_then(|talk| talk.offer.take()),
            PickUp::After(_) | PickUp::Never | PickUp::Reject(_) | PickUp::Refuse { .. } => None,
        };
        let early = early.map(|offer| self.agree(&offer));
        self.endpoint.ring(now, session, early);
        match self.manners.pick_up {
            PickUp::After(after) => self.plans.push_back((after, Act::PickUp(session))),
            PickUp::Moving(after) => {
                self.plans.push_back((after, Act::Move(session)));
                self.plans.push_back((after * 2, Act::PickUp(session)));
            }
            PickUp::Never | PickUp::Reject(_) => {}
            PickUp::Refuse { after, status } => self.plans.push_back((after, Act::Refuse(session, status))),
        }
    }

    fn on_answered(&mut self, session: SessionId, answer: Option<&Bytes>) {
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.session == session) else { return };
        let (Some(offered), Some(answer)) = (talk.offered.take(), answer) else { return };
        let answer = sdp::parse(answer).expect("the server's answer is SDP");
        let agreed = sdp::accept(&offered, &answer).expect("the server answers what we offered");
        talk.server_port = Some(agreed.remote.port());
        self.go_up();
    }

    /// The session is over. True if it was the call at hand.
    fn forget(&mut self, session: SessionId) -> bool {
        let ours = self.talk.as_ref().is_some_and(|talk| talk.session == session);
        if ours {
            self.talk = None;
        }
        self.aside.take_if(|aside| *aside == session);
        ours
    }
}
