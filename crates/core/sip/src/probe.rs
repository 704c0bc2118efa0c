//! Whether a peer is there: an OPTIONS at an interval (RFC 3261 §11), which also keeps the way through a NAT open. Must
//! not know whom it asks: its owner says where to, and hears what was found.

use core::time::Duration;

use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use crate::dialog::routed;
use crate::endpoint::ACCEPT;
use crate::flow::Flow;
use crate::message::NameAddr;
use crate::outgoing::{CALL_ID_LENGTH, Outgoing, TAG_LENGTH};
use crate::session::{Context, Owner};
use crate::uri::{SipUri, Uri};
use crate::{HeaderName, Method};

/// Probes in a row that a peer leaves unanswered before it counts as gone.
pub const MAX_MISSES: u8 = 3;

/// One probe. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProbeId(pub(crate) u64);

/// Who is asked, and by which way.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    pub(crate) routes: Vec<NameAddr>,
    pub(crate) flow: Flow,
}

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It answers.
    There,
    /// It has left one more OPTIONS unanswered, so many in a row by now.
    Missed(u8),
}

/// The asking of one peer. It goes on until it is dropped, also while nobody answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Probe {
    id: ProbeId,
    flow: Flow,
    interval: Duration,
    /// The latest OPTIONS.
    request: Outgoing,
    state: State,
}

/// `misses` counts the OPTIONS before, in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Nothing is waited for until the next OPTIONS.
    Resting { until: Time, misses: u8 },
    /// An OPTIONS is out, and missed when it is time for the next.
    Asking { until: Time, misses: u8 },
}

impl Probe {
    /// Asks `target` for the first time at `first`, then every `interval`.
    pub(crate) fn new(
        ctx: &mut Context<'_>,
        id: ProbeId,
        target: &Target,
        first: Time,
        interval: Duration,
    ) -> Self {
        let sent_by = ctx.config.sent_by(&target.flow);
        let (uri, routes) = routed(&target.uri, &target.routes);
        let ours = NameAddr::new(SipUri::at(None, sent_by));
        let contact = ours.to_string();
        let request = Outgoing {
            method: Method::Options,
            uri,
            sent_by,
            branch: String::new(),
            from: ours.with_tag(&ctx.rng.hex(TAG_LENGTH)),
            to: NameAddr::new(target.uri.clone().into_request_uri()),
            call_id: ctx.rng.hex(CALL_ID_LENGTH),
            cseq: 0,
            routes,
            headers: vec![
                (HeaderName::Contact, contact),
                (HeaderName::Accept, ACCEPT.to_owned()),
                (HeaderName::UserAgent, ctx.config.user_agent.clone()),
            ],
            overrides: Vec::new(),
            answers: Vec::new(),
            body: None,
            stays: false,
        };
        let state = State::Resting { until: first, misses: 0 };
        Self { id, flow: target.flow, interval, request, state }
    }

    /// Asks when it is time.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) -> Option<Finding> {
        match self.state {
            State::Resting { until, .. } | State::Asking { until, .. } if until > ctx.now.mono => None,
            State::Resting { misses, .. } => {
                self.ask(ctx, misses);
                None
            }
            State::Asking { misses, .. } => {
                let misses = misses.saturating_add(1);
                self.ask(ctx, misses);
                Some(Finding::Missed(misses))
            }
        }
    }

    /// A response came, perhaps to an earlier OPTIONS, which shows as much.
    pub(crate) fn handle_response(&mut self, status: u16) -> Option<Finding> {
        if !is_of_peer(status) {
            return None;
        }
        let (State::Resting { until, .. } | State::Asking { until, .. }) = self.state;
        self.state = State::Resting { until, misses: 0 };
        Some(Finding::There)
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) const fn poll_timeout(&self) -> Time {
        let (State::Resting { until, .. } | State::Asking { until, .. }) = self.state;
        until
    }

    /// Where there is no room for the OPTIONS that is no fault of the peer.
    fn ask(&mut self, ctx: &mut Context<'_>, misses: u8) {
        self.request = self.request.again(ctx.rng);
        let until = next(ctx.now, self.interval);
        self.state = match ctx.request(&self.request, self.flow, Owner::Probe(self.id)) {
            Ok(()) => {
                ctx.counters.probes += 1;
                State::Asking { until, misses }
            }
            Err(_) => State::Resting { until, misses },
        };
    }
}

fn next(now: Now, interval: Duration) -> Time {
    now.mono + interval
}

/// Whether a final response shows that the peer itself is there: any, but what a proxy on the way says of a peer that it
/// does not reach (RFC 3261 §16.7, RFC 5626 §5.3).
const fn is_of_peer(status: u16) -> bool {
    status >= 200 && !matches!(status, 408 | 430 | 503 | 504)
}
