//! Lets another process go on with the core: everything through bytes, nothing else kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use hotline_acd::AgentState;
use hotline_base::{Now, Rng};
use hotline_call::{CallState, Center, Configured, Controller, Snapshot};
use hotline_sip::EndpointConfig;

/// What the next process is given besides the bytes, and when it goes on. Has its own randomness, so that a day
/// without it is the same day.
#[derive(Debug)]
pub(crate) struct Restores {
    rng: Rng,
    /// After one in so many steps; never if zero.
    one_in: u64,
    center: Arc<Center>,
    endpoint: EndpointConfig,
    secret: [u8; 32],
    met: BTreeSet<&'static str>,
}

impl Restores {
    pub(crate) fn never(seed: u64, center: Arc<Center>, endpoint: EndpointConfig, secret: [u8; 32]) -> Self {
        let rng = Rng::from_number(!seed);
        Self { rng, one_in: 0, center, endpoint, secret, met: BTreeSet::new() }
    }

    pub(crate) const fn one_in(&mut self, steps: u64) {
        self.one_in = steps;
    }

    pub(crate) fn configure(&mut self, center: Arc<Center>, endpoint: EndpointConfig) {
        (self.center, self.endpoint) = (center, endpoint);
    }

    /// The center, changed, of which the next process knows too.
    pub(crate) fn changed(&mut self, change: impl FnOnce(&mut Center)) -> Configured {
        change(Arc::make_mut(&mut self.center));
        let EndpointConfig { trunks, users, .. } = self.endpoint.clone();
        Configured { center: self.center.clone(), trunks, users }
    }

    pub(crate) fn is_due(&mut self) -> bool {
        self.one_in > 0 && self.rng.chance(1, self.one_in)
    }

    /// The core of the next process. What was not polled yet comes out of it.
    pub(crate) fn run(&mut self, now: Now, controller: &Controller) -> Controller {
        self.met.extend(doings(&controller.snapshot(now)));
        let bytes = controller.save(now);
        let next = Controller::restore(now, self.center.clone(), self.endpoint.clone(), self.secret, &bytes);
        next.expect("what was saved can be read")
    }

    /// What calls and agents were doing.
    pub(crate) const fn met(&self) -> &BTreeSet<&'static str> {
        &self.met
    }
}

fn doings(snapshot: &Snapshot) -> impl Iterator<Item = &'static str> {
    let calls = snapshot.calls.iter().map(|call| match &call.state {
        CallState::InFlow => "in a flow",
        CallState::Queued { .. } => "queued",
        CallState::Offered { .. } => "offered",
        CallState::Dialling => "dialling",
        CallState::ConnectedOutside => "connected outside",
        CallState::Connected { .. } => "connected",
        CallState::Ending => "ending",
    });
    let agents = snapshot.agents.iter().map(|agent| match &agent.state {
        AgentState::LoggedOut => "logged out",
        AgentState::NotReady { .. } => "not ready",
        AgentState::Ready => "ready",
        AgentState::OfflineGrace => "without a phone",
        AgentState::Reserved { .. } => "reserved",
        AgentState::Ringing { .. } => "ringing",
        AgentState::Talking { .. } => "talking",
        AgentState::Hold { .. } => "holding",
        AgentState::WrapUp { .. } => "wrapping up",
    });
    calls.chain(agents)
}
