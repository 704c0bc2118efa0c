//! Everybody else's SIP: the carrier from which callers come, and the phones of agents. Each is an endpoint of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hotline_base::{AgentId, Now, Pii, Rng};
use hotline_sdp::{self as sdp, Codec, Local};
use hotline_sip::uri::Host;
use hotline_sip::{
    Endpoint, EndpointConfig, Event, Flow, Invite, IpPrefix, Login, NameAddr, Register, RegistrationId,
    SessionId, SipUri, TrunkConfig,
};

use super::stage::{CARRIER, SERVER, password};
use crate::floor::{Ring, number_of};

/// How long phones register for; they refresh in time.
const REGISTERED_FOR: Duration = Duration::from_secs(3600);
/// Where audio would go.
const AUDIO_PORT: u16 = 4000;

fn endpoint(address: SocketAddr, domain: &Host, rng: Rng) -> Endpoint {
    let mut config = EndpointConfig::new(&domain.to_string(), address);
    config.user_agent = "Simulation".to_owned();
    config.trunks = vec![TrunkConfig::new("server", vec![IpPrefix { addr: SERVER.ip(), len: 32 }])];
    config.limits.sessions = 100_000;
    Endpoint::new(config, rng, [7; 32])
}

fn local(address: SocketAddr) -> Local<'static> {
    Local::new(address.ip(), AUDIO_PORT, 1, &Codec::ALL)
}

/// Where callers come from.
pub(super) struct Carrier {
    pub(super) endpoint: Endpoint,
    domain: Host,
    offer: Bytes,
    by_session: BTreeMap<SessionId, usize>,
    by_caller: BTreeMap<usize, SessionId>,
    /// Callers whose call was refused.
    pub(super) refused: u64,
}

impl Carrier {
    pub(super) fn new(domain: &Host, rng: Rng) -> Self {
        Self {
            endpoint: endpoint(CARRIER, domain, rng),
            domain: domain.clone(),
            offer: Bytes::from(sdp::offer(&local(CARRIER)).print()),
            by_session: BTreeMap::new(),
            by_caller: BTreeMap::new(),
            refused: 0,
        }
    }

    /// The caller dials.
    pub(super) fn dial(&mut self, now: Now, caller: usize, number: &str) {
        let uri = SipUri::new(Some(number), self.domain.clone(), None);
        let invite = Invite {
            uri: uri.to_string(),
            flow: Flow::udp(CARRIER, SERVER),
            routes: Vec::new(),
            from: NameAddr::new(SipUri::new(Some(&number_of(caller)), self.domain.clone(), None)),
            to: NameAddr::new(uri),
            headers: Vec::new(),
            overrides: Vec::new(),
            offer: self.offer.clone(),
            credentials: None,
        };
        match self.endpoint.invite(now, invite) {
            Ok(session) => {
                self.by_session.insert(session, caller);
                self.by_caller.insert(caller, session);
            }
            Err(_) => self.refused += 1,
        }
    }

    /// The caller hangs up.
    pub(super) fn hang_up(&mut self, now: Now, caller: usize) {
        if let Some(session) = self.by_caller.get(&caller) {
            self.endpoint.hang_up(now, *session, None);
        }
    }

    /// Follows what the endpoint tells.
    #[expect(clippy::wildcard_enum_match_arm, reason = "callers notice nothing else")]
    pub(super) fn follow(&mut self) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Failed { session, .. } => {
                    self.refused += 1;
                    self.forget(session);
                }
                Event::Cancelled { session, .. } | Event::Ended { session, .. } => self.forget(session),
                _ => {}
            }
        }
    }

    fn forget(&mut self, session: SessionId) {
        if let Some(caller) = self.by_session.remove(&session) {
            self.by_caller.remove(&caller);
        }
    }
}

/// An agent's phone.
pub(super) struct Phone {
    pub(super) agent: AgentId,
    pub(super) address: SocketAddr,
    pub(super) endpoint: Endpoint,
    domain: Host,
    registration: Option<RegistrationId>,
    /// Rings, with the offer.
    ringing: Option<(SessionId, Bytes)>,
    talking: Option<SessionId>,
    /// Says and hears nothing.
    pub(super) is_lost: bool,
}

impl Phone {
    pub(super) fn new(agent: &AgentId, address: SocketAddr, domain: &Host, rng: Rng) -> Self {
        Self {
            agent: agent.clone(),
            address,
            endpoint: endpoint(address, domain, rng),
            domain: domain.clone(),
            registration: None,
            ringing: None,
            talking: None,
            is_lost: true,
        }
    }

    /// Is there again, as after it was switched on: knows no call.
    pub(super) fn start(&mut self, now: Now, rng: Rng) {
        *self = Self::new(&self.agent, self.address, &self.domain, rng);
        self.is_lost = false;
        let register = Register {
            flow: Flow::udp(self.address, SERVER),
            user: Pii::from(self.agent.as_str()),
            domain: self.domain.to_string(),
            credentials: Some(Login {
                username: Pii::from(self.agent.as_str()),
                password: Pii::new(password(&self.agent)),
            }),
            expires: REGISTERED_FOR,
        };
        self.registration = self.endpoint.register(now, register);
    }

    /// The agent picks up, if this still rings.
    pub(super) fn pick_up(&mut self, now: Now, ring: u64) {
        let Some((session, offer)) = self.ringing.take_if(|(session, _)| session.0 == ring) else { return };
        let offered = sdp::parse(&offer).expect("the server's offer is SDP");
        let (answer, _) =
            sdp::answer(&offered, &local(self.address)).expect("the server offers what phones know");
        self.talking = Some(session);
        self.endpoint.answer(now, session, Bytes::from(answer.print()));
    }

    /// Follows what the endpoint tells; the call that has begun to ring.
    #[expect(clippy::wildcard_enum_match_arm, reason = "phones notice nothing else")]
    pub(super) fn follow(&mut self, now: Now) -> Option<Ring> {
        let mut rings = None;
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Incoming { session, offer, .. } => match offer {
                    Some(offer) if self.ringing.is_none() && self.talking.is_none() => {
                        self.endpoint.ring(now, session, None);
                        self.ringing = Some((session, offer));
                        rings = Some(Ring { agent: self.agent.clone(), number: session.0 });
                    }
                    Some(_) | None => self.endpoint.reject(now, session, 486, None),
                },
                Event::Reoffer { session, offer: Some(offer) } => {
                    let offered = sdp::parse(&offer).expect("the server's offer is SDP");
                    let (answer, _) = sdp::answer(&offered, &local(self.address))
                        .expect("the server offers what phones know");
                    self.endpoint.answer_reoffer(now, session, Bytes::from(answer.print()));
                }
                Event::Failed { session, .. }
                | Event::Cancelled { session, .. }
                | Event::Ended { session, .. } => {
                    self.ringing.take_if(|(ringing, _)| *ringing == session);
                    self.talking.take_if(|talking| *talking == session);
                }
                _ => {}
            }
        }
        rings
    }
}
