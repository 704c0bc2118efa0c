//! In which order servers are tried for one call.

use std::collections::VecDeque;

use hotline_base::{Now, Rng, TrunkId};
use hotline_sip::{Place, shuffle};
use serde::{Deserialize, Serialize};

use super::{Route, Spot, Trunk, Trunks};
use crate::center::Center;

/// One place to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) trunk: TrunkId,
    /// Its server, as it is configured.
    pub(crate) server: String,
    pub(crate) at: Spot,
}

/// Servers tried for one call at most: whoever dials does not wait for longer.
pub(super) const CANDIDATES_MAX: usize = 16;

impl Trunks {
    /// Every place that a call over `route` may be sent to, the best first: by the priorities and weights of the route's
    /// trunks, of their servers, and of what DNS says (RFC 2782). What is known to be down, or not registered, comes
    /// after all that is not.
    pub(crate) fn choose(
        &self,
        now: Now,
        center: &Center,
        route: &Route,
        rng: &mut Rng,
    ) -> VecDeque<Candidate> {
        let trunks = shuffle(route.trunks.iter().map(|entry| (entry.priority, entry.weight, entry)), rng);
        let (mut good, mut bad) = (VecDeque::new(), Vec::new());
        for entry in trunks {
            let Some(trunk) = center.trunks.get(&entry.trunk) else { continue };
            let is_registered =
                self.states.get(&trunk.id).is_none_or(|state| state.registering.fault().is_none());
            for candidate in self.candidates_of(trunk, rng) {
                if is_registered && self.is_well(now, &candidate) {
                    good.push_back(candidate);
                } else {
                    bad.push(candidate);
                }
            }
        }
        good.extend(bad);
        good.truncate(CANDIDATES_MAX);
        good
    }

    fn candidates_of(&self, trunk: &Trunk, rng: &mut Rng) -> Vec<Candidate> {
        let servers =
            shuffle(trunk.servers.iter().map(|server| (server.priority, server.weight, server)), rng);
        let mut candidates: Vec<Candidate> = Vec::new();
        for server in servers {
            let places =
                self.located.get(&server.destination).map(|known| &*known.places).unwrap_or_default();
            let spot = |place: &Place| (place.transport, place.remote);
            for at in shuffle(places.iter().map(|place| (place.priority, place.weight, spot(place))), rng) {
                if candidates.iter().all(|known| known.at != at) {
                    let server = server.destination.to_string();
                    candidates.push(Candidate { trunk: trunk.id.clone(), server, at });
                }
            }
        }
        candidates
    }

    fn is_well(&self, now: Now, candidate: &Candidate) -> bool {
        let health = self.states.get(&candidate.trunk).and_then(|state| state.health.get(&candidate.at));
        health.is_none_or(|health| health.fault(now).is_none())
    }
}
