//! A registration that we keep at another server: RFC 3261 §10.2, as a phone or towards a trunk.

use core::time::Duration;

use hotline_base::Time;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Event, Login, Register, RegistrationId};
use crate::flow::Flow;
use crate::login::authorise;
use crate::message::NameAddr;
use crate::outgoing::{CALL_ID_LENGTH, Outgoing, TAG_LENGTH};
use crate::session::{Context, Owner};
use crate::uri::{SipUri, Uri};
use crate::{HeaderName, Message, Method};

/// How long after a failure the next try follows, unless the server says otherwise; twice as long after each further
/// failure in a row (RFC 5626 §4.5).
pub const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// The longest that failures in a row make us wait (RFC 5626 §4.5).
pub const BACK_OFF_MAX: Duration = Duration::from_secs(1800);
/// How long at least after a refusal that somebody must mend, such as a wrong password: too often would look like
/// guessing.
pub const REFUSED_INTERVAL: Duration = Duration::from_secs(900);
/// The longest that a server may make us wait with Retry-After.
pub const RETRY_INTERVAL_MAX: Duration = Duration::from_secs(3600);
/// Refreshed after this part of the granted time: four fifths.
const REFRESH: (u32, u32) = (4, 5);
/// The shortest time between refreshes, whatever the server grants.
const REFRESH_MIN: Duration = Duration::from_secs(5);

/// One registration.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Registration {
    id: RegistrationId,
    flow: Flow,
    login: Option<Login>,
    expires: Duration,
    /// The latest REGISTER.
    request: Outgoing,
    /// In a row.
    failures: u8,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// A REGISTER is on its way.
    Requesting,
    /// In force.
    Registered { refresh_at: Time },
    /// Failed.
    Waiting { retry_at: Time },
    /// The last REGISTER is on its way.
    Removing,
    /// Nothing more will happen.
    Over,
}

impl Registration {
    /// Sends the first REGISTER.
    pub(crate) fn new(ctx: &mut Context<'_>, id: RegistrationId, register: Register) -> Self {
        let Register { flow, user, domain, credentials, expires } = register;
        let (registrar, sent_by) = (flow.remote, ctx.config.sent_by(&flow));
        let own = |host: &str| {
            Uri::parse(host).unwrap_or_else(|_| Uri::from(SipUri::new(None, registrar.ip(), None)))
        };
        let domain_uri = own(&format!("sip:{domain}"));
        let mut address = domain_uri.clone();
        if let Uri::Sip(uri) = &mut address {
            uri.user = SipUri::new(Some(user.expose()), registrar.ip(), None).user;
        }
        let contact = SipUri::at(Some(user.expose()), sent_by);
        let tag = ctx.rng.hex(TAG_LENGTH);
        let request = Outgoing {
            method: Method::Register,
            uri: domain_uri,
            sent_by,
            branch: String::new(),
            from: NameAddr::new(address.clone()).with_tag(&tag),
            to: NameAddr::new(address),
            call_id: ctx.rng.hex(CALL_ID_LENGTH),
            cseq: 0,
            routes: Vec::new(),
            headers: vec![
                (HeaderName::Contact, NameAddr::new(contact).to_string()),
                (HeaderName::UserAgent, ctx.config.user_agent.clone()),
            ],
            overrides: Vec::new(),
            answers: Vec::new(),
            body: None,
            stays: false,
        };
        let mut registration =
            Self { id, flow, login: credentials, expires, request, failures: 0, state: State::Requesting };
        registration.request(ctx, expires, State::Requesting);
        registration
    }

    /// True when it can be forgotten.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Takes it back.
    pub(crate) fn remove(&mut self, ctx: &mut Context<'_>) {
        match self.state {
            State::Requesting | State::Registered { .. } => {
                self.request(ctx, Duration::ZERO, State::Removing)
            }
            State::Waiting { .. } => self.state = State::Over,
            State::Removing | State::Over => {}
        }
    }

    /// A response to a REGISTER came.
    pub(crate) fn handle_response(&mut self, ctx: &mut Context<'_>, response: &Message) {
        let (Ok(cseq), Some(status)) = (response.cseq(), response.status()) else { return };
        let waits = matches!(self.state, State::Requesting | State::Removing);
        if status < 200 || cseq.number != self.request.cseq || !waits {
            return;
        }
        let again = self.login.as_ref().and_then(|login| authorise(ctx.rng, &self.request, response, login));
        match (status, again) {
            (..300, _) => self.granted(ctx, status, response),
            (_, Some(request)) => {
                self.request = request;
                self.send(ctx);
            }
            (423, None) => self.too_brief(ctx, response),
            (_, None) => {
                let least = if is_refusal(status) { REFUSED_INTERVAL } else { Duration::ZERO };
                let told = response.retry_after().unwrap_or(self.back_off());
                self.failed(ctx, status, told.clamp(least, RETRY_INTERVAL_MAX));
            }
        }
    }

    /// The connection to the registrar broke: it is opened again, as it is the way calls come.
    pub(crate) fn handle_disconnect(&mut self, ctx: &mut Context<'_>, gone: Flow) {
        if self.flow == gone && matches!(self.state, State::Registered { .. }) {
            self.request(ctx, self.expires, State::Requesting);
        }
    }

    /// Nobody answered (408), or there is no way to the registrar (503).
    pub(crate) fn handle_no_response(&mut self, ctx: &mut Context<'_>, cseq: u32, status: u16) {
        if cseq == self.request.cseq && matches!(self.state, State::Requesting | State::Removing) {
            self.failed(ctx, status, self.back_off());
        }
    }

    /// Refreshes or tries again when it is time.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.state {
            State::Registered { refresh_at: at } | State::Waiting { retry_at: at } if at <= ctx.now.mono => {
                self.request(ctx, self.expires, State::Requesting);
            }
            State::Registered { .. }
            | State::Waiting { .. }
            | State::Requesting
            | State::Removing
            | State::Over => {}
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) const fn poll_timeout(&self) -> Option<Time> {
        match self.state {
            State::Registered { refresh_at: at } | State::Waiting { retry_at: at } => Some(at),
            State::Requesting | State::Removing | State::Over => None,
        }
    }

    fn granted(&mut self, ctx: &mut Context<'_>, status: u16, response: &Message) {
        if self.state == State::Removing {
            ctx.events.push_back(Event::RegistrationSucceeded { id: self.id, expires: Duration::ZERO });
            self.state = State::Over;
            return;
        }
        let expires = self.expires_in(response);
        if expires.is_zero() {
            return self.failed(ctx, status, self.back_off());
        }
        ctx.events.push_back(Event::RegistrationSucceeded { id: self.id, expires });
        self.failures = 0;
        let wait = (expires * REFRESH.0 / REFRESH.1).max(REFRESH_MIN);
        self.state = State::Registered { refresh_at: ctx.now.mono + wait };
    }

    /// What the server grants our contact.
    fn expires_in(&self, response: &Message) -> Duration {
        let ours = self.request.headers.iter().find(|(name, _)| *name == HeaderName::Contact);
        let ours = ours.and_then(|(_, value)| NameAddr::parse(value).ok());
        let contacts = response.name_addrs(HeaderName::Contact).unwrap_or_default();
        let contact = ours.and_then(|ours| contacts.into_iter().find(|one| one.uri.equivalent(&ours.uri)));
        let told = contact.and_then(|contact| contact.expires()).or(response.expires().ok().flatten());
        told.map_or(self.expires, |seconds| Duration::from_secs(seconds.into()))
    }

    /// RFC 3261 §10.2.8: asks again for as long as the server wants at least.
    fn too_brief(&mut self, ctx: &mut Context<'_>, response: &Message) {
        let least = response.header(HeaderName::MinExpires).and_then(|value| value.parse().ok());
        match least.map(Duration::from_secs) {
            Some(least) if least > self.expires && self.state == State::Requesting => {
                self.expires = least;
                self.request(ctx, least, State::Requesting);
            }
            Some(_) | None => self.failed(ctx, 423, self.back_off()),
        }
    }

    /// How long to wait before the next try if this one has failed.
    fn back_off(&self) -> Duration {
        (RETRY_INTERVAL * 2_u32.pow(u32::from(self.failures.min(6)))).min(BACK_OFF_MAX)
    }

    fn failed(&mut self, ctx: &mut Context<'_>, status: u16, wait: Duration) {
        self.failures = self.failures.saturating_add(1);
        ctx.events.push_back(Event::RegistrationFailed { id: self.id, status });
        self.state = match self.state {
            State::Removing => State::Over,
            State::Requesting | State::Registered { .. } | State::Waiting { .. } | State::Over => {
                State::Waiting { retry_at: ctx.now.mono + wait }
            }
        };
    }

    /// Sends a new REGISTER without credentials: nonces rarely live as long as registrations.
    fn request(&mut self, ctx: &mut Context<'_>, expires: Duration, state: State) {
        self.request = self.request.again(ctx.rng);
        self.request.headers.retain(|(name, _)| *name != HeaderName::Expires);
        self.request.headers.push((HeaderName::Expires, expires.as_secs().to_string()));
        self.request.answers.clear();
        self.state = state;
        self.send(ctx);
    }

    fn send(&mut self, ctx: &mut Context<'_>) {
        if ctx.request(&self.request, self.flow, Owner::Registration(self.id)).is_err() {
            self.failed(ctx, 503, self.back_off());
        }
    }
}

/// Whether trying again soon cannot help.
const fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 403 | 404 | 407)
}
