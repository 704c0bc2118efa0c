//! Whether a trunk's servers are there: what OPTIONS and calls have shown.

use std::time::Duration;

use hotline_base::{Now, Time};
use hotline_sip::uri::Uri;
use hotline_sip::{Place, ProbeId, SipUri};
use serde::{Deserialize, Serialize};

use super::{Outer, Spot, Trunk, TrunkFault, Trunks};

/// OPTIONS in a row that a server leaves unanswered before it is tried last.
pub(super) const MISSES_MAX: u8 = 2;
/// How long a server that left a call unanswered is tried last, unless it answers an OPTIONS before.
pub(super) const REST: Duration = Duration::from_secs(60);

/// What is known of one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    probe: Option<ProbeId>,
    /// OPTIONS in a row without an answer.
    misses: u8,
    rests_until: Option<Time>,
}

impl Health {
    pub(super) const fn probe(&self) -> Option<ProbeId> {
        self.probe
    }

    /// Why it is tried last.
    pub(super) fn fault(&self, now: Now) -> Option<TrunkFault> {
        if self.misses >= MISSES_MAX {
            return Some(TrunkFault::OptionsUnanswered);
        }
        let rests = self.rests_until.is_some_and(|until| until > now.mono);
        rests.then_some(TrunkFault::CallUnanswered)
    }
}

impl Trunks {
    /// Asks every place of a trunk that wants it, and none that is not there any more.
    pub(super) fn sync_probes(&mut self, now: Now, trunk: &Trunk, places: &[Place], outer: &mut Outer<'_>) {
        let state = self.states.entry(trunk.id.clone()).or_default();
        let is_there = |spot: &Spot| places.iter().any(|place| (place.transport, place.remote) == *spot);
        let gone: Vec<Spot> = state.health.keys().filter(|spot| !is_there(spot)).copied().collect();
        for spot in gone {
            if let Some(probe) = state.health.remove(&spot).and_then(|health| health.probe) {
                self.probes.remove(&probe);
                outer.sip.stop_probe(probe);
            }
        }
        for place in places {
            let spot = (place.transport, place.remote);
            let health = state.health.entry(spot).or_default();
            let Some(interval) = trunk.probe.filter(|_| health.probe.is_none()) else { continue };
            let Some(flow) = outer.sip.way_to(place.transport, place.remote) else { continue };
            let host = trunk.domain.clone().unwrap_or_else(|| place.remote.ip().into());
            let uri = Uri::from(SipUri::new(None, host, None));
            health.probe = outer.sip.probe(now, flow, uri, interval);
            if let Some(probe) = health.probe {
                self.probes.insert(probe, (trunk.id.clone(), spot));
            }
        }
    }

    /// Servers of this trunk are asked no more, until they are to be asked anew.
    pub(super) fn stop_probes(&mut self, id: &hotline_base::TrunkId, outer: &mut Outer<'_>) {
        let Some(state) = self.states.get_mut(id) else { return };
        for probe in state.health.values_mut().filter_map(|health| health.probe.take()) {
            self.probes.remove(&probe);
            outer.sip.stop_probe(probe);
        }
    }

    /// A server answered an OPTIONS, or has left so many in a row unanswered.
    pub(crate) fn on_probe(&mut self, now: Now, probe: ProbeId, misses: u8, outer: &mut Outer<'_>) {
        let Some((id, spot)) = self.probes.get(&probe).cloned() else { return };
        let Some(health) = self.states.get_mut(&id).and_then(|state| state.health.get_mut(&spot)) else {
            return;
        };
        health.misses = misses;
        if misses == 0 {
            health.rests_until = None;
        }
        if let Some(trunk) = outer.center.trunks.get(&id) {
            self.tell(now, trunk);
        }
    }

    /// A server left a call without a response, or cannot be reached: others go first for a while.
    pub(crate) fn rest(&mut self, now: Now, id: &hotline_base::TrunkId, spot: Spot) {
        if let Some(health) = self.states.get_mut(id).and_then(|state| state.health.get_mut(&spot)) {
            health.rests_until = Some(now.mono + REST);
        }
    }

    /// A server took a call: it is there.
    pub(crate) fn revive(&mut self, id: &hotline_base::TrunkId, spot: Spot) {
        if let Some(health) = self.states.get_mut(id).and_then(|state| state.health.get_mut(&spot)) {
            health.rests_until = None;
            health.misses = 0;
        }
    }
}
