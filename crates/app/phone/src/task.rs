//! The phone's task: owns the endpoint, both sockets and the voice.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hotline_base::{Now, Pii, Rng, Time, WallTime};
use hotline_rtp::Digit;
use hotline_sdp::{self as sdp, Direction, Local, Negotiated};
use hotline_sip::{
    Datagram, Endpoint, EndpointConfig, Event, Invite, IpPrefix, Listener, Login, NameAddr, Register,
    RegistrationId, SessionId, SipUri, Transport, TrunkConfig,
};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::browser::Browser;
use crate::ladder::{LadderEntry, Way, label};
use crate::phone::{PhoneConfig, PhoneError, PhoneEvent};
use crate::speech::Speech;
use crate::voice::{Senses, Voice};
use crate::wire::Wire;

const DATAGRAM_MAX: usize = 65_536;
const REGISTER_EXPIRES: Duration = Duration::from_secs(300);

/// What a script tells its phone.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    Register,
    Unregister,
    Dial(String),
    Ring,
    Answer,
    Reject(u16),
    HangUp,
    Press(char),
    Say(Speech),
    Hold(bool),
}

pub(crate) struct Task {
    config: PhoneConfig,
    endpoint: Endpoint,
    sip: Wire,
    rtp: UdpSocket,
    browser: Option<Browser>,
    /// Whether the browser began the handshake of this call.
    is_client: Option<bool>,
    address: SocketAddr,
    rtp_address: SocketAddr,
    /// In a lock that is never taken: codecs may be sent to another thread, but not be seen by two.
    voice: Mutex<Voice>,
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<PhoneEvent>,
    call: Option<Call>,
    registration: Option<RegistrationId>,
    started: Instant,
    /// The same in every description of one call (`o=`).
    session_id: u64,
    /// What we described last in this call.
    described: Option<sdp::Session>,
}

struct Call {
    session: SessionId,
    /// Their offer, until we answer it.
    offer: Option<Bytes>,
    /// Our offer, until they answer it.
    offered: Option<sdp::Session>,
    /// Both sides know that the call is up: nothing may be offered before (RFC 3264 §4).
    is_up: bool,
    /// What to offer when that is so, or when the present offer is answered.
    hold_next: Option<bool>,
}

impl Task {
    pub(crate) async fn new(
        config: PhoneConfig,
        mut rng: Rng,
        orders: mpsc::Receiver<Order>,
        events: mpsc::Sender<PhoneEvent>,
        senses: Senses,
    ) -> Result<Self, PhoneError> {
        let sip = match config.web {
            Some(server) => Wire::web(config.bind, server).await?,
            None => Wire::udp(config.bind).await?,
        };
        let browser = config.web.map(|_| Browser::generate(config.bind.ip(), &mut rng)).transpose()?;
        let rtp = UdpSocket::bind((config.bind.ip(), 0)).await?;
        let (address, rtp_address) = (sip.local_addr()?, rtp.local_addr()?);
        let mut endpoint_config = EndpointConfig::new(&config.domain.to_string(), address);
        endpoint_config.user_agent = "Hotline phone".to_owned();
        if config.web.is_some() {
            let web = Listener { transport: Transport::Ws, local: address, advertised: address };
            endpoint_config.listeners.push(web);
        }
        // A phone takes calls from its server, whoever that is.
        let server = IpPrefix { addr: config.web.unwrap_or(config.server).ip(), len: 128 };
        endpoint_config.trunks = vec![TrunkConfig::new("server", vec![server])];
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let voice = Voice::new(&mut rng, config.speech.clone(), senses);
        let endpoint = Endpoint::new(endpoint_config, rng, secret);
        Ok(Self {
            config,
            endpoint,
            sip,
            rtp,
            browser,
            is_client: None,
            address,
            rtp_address,
            voice: Mutex::new(voice),
            orders,
            events,
            call: None,
            registration: None,
            started: Instant::now(),
            session_id: u64::from(address.port()) << 16,
            described: None,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until the script drops its handle.
    pub(crate) async fn run(mut self) {
        let mut beat: Interval = interval(Duration::from_millis(20));
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut rtp_buffer = vec![0; DATAGRAM_MAX];
        loop {
            self.flush().await;
            let wake = self
                .endpoint
                .poll_timeout()
                .map_or(Duration::from_secs(3600), |(at, _)| at - self.now().mono);
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.on_order(order),
                    None => return,
                },
                received = self.sip.receive() => match received {
                    Ok((bytes, remote)) => self.on_sip(bytes, remote),
                    // The connection is gone, as if the page were closed.
                    Err(_) if self.browser.is_some() => return,
                    Err(_) => {}
                },
                received = self.rtp.recv_from(&mut rtp_buffer) => {
                    if let Ok((length, _)) = received {
                        self.voice().receive(&mut rtp_buffer[..length]);
                    }
                }
                _ = beat.tick() => self.voice().tick(),
                () = tokio::time::sleep(wake) => {
                    let now = self.now();
                    self.endpoint.handle_timeout(now);
                }
            }
        }
    }

    async fn flush(&mut self) {
        self.flush_sip().await;
        while let Some((to, packet)) = self.voice().poll_transmit() {
            self.log_failure(self.rtp.send_to(&packet, to).await.map(drop));
        }
    }

    async fn flush_sip(&mut self) {
        loop {
            while let Some(event) = self.endpoint.poll_event() {
                self.on_event(event);
            }
            let Some(transmit) = self.endpoint.poll_transmit() else { return };
            self.rung(Way::ToServer, &transmit.bytes);
            let sent = self.sip.send(&transmit.bytes, transmit.flow.remote).await;
            self.log_failure(sent);
        }
    }

    /// A phone on a lossy network goes on; the timers repeat what matters.
    fn log_failure(&self, sent: io::Result<()>) {
        if let Err(error) = sent {
            tracing::debug!(phone = self.config.name, %error, "sending");
        }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Time(self.started.elapsed().as_micros() as u64),
            wall: WallTime(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
        }
    }

    fn rung(&self, way: Way, message: &[u8]) {
        let Some(ladder) = &self.config.ladder else { return };
        let entry = LadderEntry {
            at: SystemTime::now(),
            phone: self.config.name.clone(),
            way,
            label: label(message),
        };
        if ladder.try_send(entry).is_err() {
            tracing::trace!("the ladder is not read");
        }
    }

    fn on_sip(&mut self, bytes: Bytes, remote: SocketAddr) {
        self.rung(Way::FromServer, &bytes);
        let now = self.now();
        let flow = self.sip.flow(self.address, remote);
        self.endpoint.handle_datagram(now, Datagram { flow, bytes });
    }

    fn tell(&self, event: PhoneEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!(phone = self.config.name, "the script does not listen");
        }
    }

    fn login(&self) -> Option<Login> {
        let password = self.config.password.clone()?;
        Some(Login { username: Pii::new(self.config.user.clone()), password: Pii::new(password) })
    }

    fn on_order(&mut self, order: Order) {
        let now = self.now();
        match order {
            Order::Register => self.register(now),
            Order::Unregister => match self.registration.take() {
                Some(registration) => self.endpoint.unregister(now, registration),
                None => self.tell(PhoneEvent::Unregistered),
            },
            Order::Dial(number) => self.dial(now, &number),
            Order::Ring => {
                if let Some(call) = &self.call {
                    self.endpoint.ring(now, call.session, None);
                }
            }
            Order::Answer => self.answer(now),
            Order::Reject(status) => {
                if let Some(call) = self.call.take() {
                    self.endpoint.reject(now, call.session, status, None);
                }
            }
            Order::HangUp => {
                self.voice().stop();
                if let Some(call) = self.call.take() {
                    self.endpoint.hang_up(now, call.session, None);
                }
            }
            Order::Press(key) => {
                if let Some(digit) = Digit::from_char(key) {
                    self.voice().press(digit);
                }
            }
            Order::Say(speech) => self.voice().say(speech),
            Order::Hold(held) => self.hold(now, held),
        }
    }

    fn register(&mut self, now: Now) {
        let register = Register {
            flow: self.sip.flow(self.address, self.config.server),
            user: Pii::new(self.config.user.clone()),
            domain: self.config.domain.to_string(),
            credentials: self.login(),
            expires: REGISTER_EXPIRES,
        };
        match self.endpoint.register(now, register) {
            Some(registration) => self.registration = Some(registration),
            None => self.tell(PhoneEvent::RegistrationFailed(503)),
        }
    }

    fn dial(&mut self, now: Now, number: &str) {
        self.begin_call();
        let offer = self.offer(Direction::SendReceive);
        let domain = self.config.domain.clone();
        let uri = SipUri::new(Some(number), domain.clone(), None);
        let mut from = NameAddr::new(SipUri::new(Some(&self.config.user), domain, None));
        from.display = self.config.display.clone().map(Into::into);
        let invite = Invite {
            uri: uri.to_string(),
            flow: self.sip.flow(self.address, self.config.server),
            routes: Vec::new(),
            from,
            to: NameAddr::new(uri),
            headers: Vec::new(),
            overrides: Vec::new(),
            offer: Bytes::from(offer.print()),
            credentials: self.login(),
        };
        match self.endpoint.invite(now, invite) {
            Ok(session) => {
                self.call =
                    Some(Call { session, offer: None, offered: Some(offer), is_up: false, hold_next: None })
            }
            Err(error) => {
                tracing::warn!(phone = self.config.name, %error, "dialling");
                self.tell(PhoneEvent::Failed(503));
            }
        }
    }

    /// One offer at a time (RFC 3264 §4): a hold that is asked for during another waits for its answer.
    fn hold(&mut self, now: Now, held: bool) {
        let offer = self.offer(if held { Direction::SendOnly } else { Direction::SendReceive });
        let Some(call) = &mut self.call else { return };
        if call.offered.is_some() || !call.is_up {
            call.hold_next = Some(held);
            return;
        }
        let session = call.session;
        let text = Bytes::from(offer.print());
        call.offered = Some(offer);
        self.endpoint.reoffer(now, session, text);
    }

    /// The answer to an offer of ours came, or it was refused, or the peer has acknowledged our answer.
    fn on_agreed(&mut self, answer: Option<&Bytes>) {
        self.accept(answer);
        let Some(call) = &mut self.call else { return };
        (call.is_up, call.offered) = (true, None);
        if let Some(held) = call.hold_next.take() {
            let now = self.now();
            self.hold(now, held);
        }
    }

    fn offer(&mut self, direction: Direction) -> sdp::Session {
        let offer = sdp::offer(&self.local(direction));
        self.described = Some(offer.clone());
        offer
    }

    /// Descriptions of a new call are no continuation of those of the last.
    fn begin_call(&mut self) {
        self.session_id += 1;
        self.described = None;
        self.is_client = None;
    }

    fn local(&self, direction: Direction) -> Local<'_> {
        let (address, port) = (self.rtp_address.ip(), self.rtp_address.port());
        Local {
            direction,
            previous: self.described.as_ref(),
            browser: self.browser.as_ref().map(|browser| browser.described(self.is_client)),
            ..Local::new(address, port, self.session_id, &self.config.codecs)
        }
    }

    fn answer(&mut self, now: Now) {
        let Some((session, offer)) =
            self.call.as_mut().and_then(|call| Some((call.session, call.offer.take()?)))
        else {
            return;
        };
        match self.agree(&offer) {
            Some(description) => self.endpoint.answer(now, session, description),
            None => self.endpoint.reject(now, session, 488, None),
        }
    }

    fn voice(&mut self) -> &mut Voice {
        self.voice.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers an offer and points the voice at its sender.
    fn agree(&mut self, offer: &[u8]) -> Option<Bytes> {
        let offer = sdp::parse(offer).ok()?;
        let (answer, peer) = sdp::answer(&offer, &self.local(Direction::SendReceive)).ok()?;
        let text = answer.print();
        self.described = Some(answer);
        self.set_peer(peer, &offer);
        Some(Bytes::from(text))
    }

    fn accept(&mut self, answer: Option<&Bytes>) {
        let Some(call) = &mut self.call else { return };
        let (Some(answer), Some(offered)) = (answer, &call.offered) else { return };
        let Ok(answer) = sdp::parse(answer) else { return };
        if let Ok(peer) = sdp::accept(offered, &answer) {
            self.set_peer(peer, &answer);
        }
    }

    fn set_peer(&mut self, agreed: Negotiated, theirs: &sdp::Session) {
        let voice = self.voice.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (Some(browser), Some(dtls)) = (&self.browser, agreed.dtls.clone()) else {
            return voice.set_peer(agreed);
        };
        self.is_client = Some(dtls.is_client);
        let name = dtls.peer_ufrag.clone();
        voice.set_met(agreed, name, || browser.meet(theirs, &dtls, Instant::now()));
    }

    fn on_event(&mut self, event: Event) {
        let ours = event
            .session()
            .is_some_and(|session| self.call.as_ref().is_some_and(|call| call.session == session));
        match event {
            Event::Incoming { session, caller, offer, .. } => {
                self.on_incoming(session, caller.user.into_inner(), offer)
            }
            Event::RegistrationSucceeded { expires, .. } if expires.is_zero() => {
                self.tell(PhoneEvent::Unregistered)
            }
            Event::RegistrationSucceeded { .. } => self.tell(PhoneEvent::Registered),
            Event::RegistrationFailed { status, .. } => self.tell(PhoneEvent::RegistrationFailed(status)),
            Event::Ringing { status, body, .. } if ours => {
                self.accept(body.as_ref());
                self.tell(PhoneEvent::Progress(status));
            }
            Event::Answered { body, .. } if ours => {
                self.on_agreed(body.as_ref());
                self.tell(PhoneEvent::Up);
            }
            Event::Confirmed { .. } if ours => {
                self.on_agreed(None);
                self.tell(PhoneEvent::Up);
            }
            Event::ReofferAnswered { body, .. } if ours => self.on_agreed(body.as_ref()),
            Event::ReofferRefused { .. } if ours => self.on_agreed(None),
            Event::Failed { failure, .. } if ours => self.over(PhoneEvent::Failed(failure.status)),
            Event::Cancelled { .. } | Event::Ended { .. } if ours => self.over(PhoneEvent::Ended),
            Event::Reoffer { session, offer: Some(offer) } if ours => {
                let now = self.now();
                match self.agree(&offer) {
                    Some(description) => self.endpoint.answer_reoffer(now, session, description),
                    None => self.endpoint.refuse_reoffer(now, session, 488),
                }
            }
            Event::Reoffer { session, .. } => {
                let now = self.now();
                self.endpoint.refuse_reoffer(now, session, 488);
            }
            Event::Refer { session, .. } => {
                let now = self.now();
                self.endpoint.refuse_refer(now, session, 603);
            }
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
            | Event::Registered { .. }
            | Event::Unregistered { .. } => {}
        }
    }

    fn on_incoming(&mut self, session: SessionId, caller: String, offer: Option<Bytes>) {
        if self.call.is_some() {
            let now = self.now();
            self.endpoint.reject(now, session, 486, None);
            return;
        }
        self.begin_call();
        self.call = Some(Call { session, offer, offered: None, is_up: false, hold_next: None });
        self.tell(PhoneEvent::Incoming(caller));
    }

    fn over(&mut self, event: PhoneEvent) {
        self.call = None;
        self.voice().stop();
        self.tell(event);
    }
}
