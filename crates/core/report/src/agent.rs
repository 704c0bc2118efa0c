//! Where the time of agents went, and what became of the calls they were offered.

use std::collections::BTreeMap;

use crate::queue::{mean_ms, share};

/// What became of an offer to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfferOutcome {
    /// Taken.
    Answered,
    /// Rang to the end.
    Missed,
    /// Rejected, or met by a busy phone.
    Rejected,
    /// The phone or the server failed.
    Failed,
    /// The caller hung up, or a colleague took the call.
    Elsewhere,
}

impl OfferOutcome {
    /// By the word of a call's counted offers.
    #[must_use]
    pub fn told(word: &str) -> Self {
        match word {
            "answered" => Self::Answered,
            "missed" => Self::Missed,
            "rejected" | "busy" => Self::Rejected,
            "elsewhere" | "caller_gone" => Self::Elsewhere,
            _ => Self::Failed,
        }
    }
}

/// The time of one agent within some time, by state, and the offers of that time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentTally {
    /// Microseconds by the word of the state.
    states: BTreeMap<String, u64>,
    /// Microseconds of not ready by reason.
    reasons: BTreeMap<String, u64>,
    offers: BTreeMap<OfferOutcome, u64>,
}

impl AgentTally {
    /// Adds time in a state; `detail` is the reason of not ready.
    pub fn spend(&mut self, state: &str, detail: Option<&str>, time_us: u64) {
        *self.states.entry(state.to_owned()).or_default() += time_us;
        if state == "not_ready" {
            *self.reasons.entry(detail.unwrap_or_default().to_owned()).or_default() += time_us;
        }
    }

    /// Counts offers.
    pub fn count(&mut self, outcome: OfferOutcome, offers: u64) {
        *self.offers.entry(outcome).or_default() += offers;
    }

    /// Adds another tally: the figures of a group are those of its agents together.
    pub fn add(&mut self, other: &Self) {
        for (state, time_us) in &other.states {
            *self.states.entry(state.clone()).or_default() += time_us;
        }
        for (reason, time_us) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += time_us;
        }
        for (outcome, offers) in &other.offers {
            self.count(*outcome, *offers);
        }
    }

    /// The numbers, each by its definition.
    #[must_use]
    pub fn figures(&self) -> AgentFigures {
        let in_state = |word: &str| self.states.get(word).copied().unwrap_or_default();
        let offers = |outcome| self.offers.get(&outcome).copied().unwrap_or_default();
        let (talk, hold, wrap_up) = (in_state("talking"), in_state("hold"), in_state("wrap_up"));
        let (ready, ring) = (in_state("ready"), in_state("reserved") + in_state("ringing"));
        let handle = talk + hold + wrap_up;
        let signed_in: u64 =
            self.states.iter().filter(|(word, _)| *word != "logged_out").map(|(_, time_us)| time_us).sum();
        AgentFigures {
            signed_in_ms: signed_in / 1000,
            ready_ms: ready / 1000,
            offline_grace_ms: in_state("offline_grace") / 1000,
            ring_ms: ring / 1000,
            talk_ms: talk / 1000,
            hold_ms: hold / 1000,
            wrap_up_ms: wrap_up / 1000,
            not_ready_ms: in_state("not_ready") / 1000,
            not_ready_by_reason_ms: self
                .reasons
                .iter()
                .map(|(reason, time_us)| (reason.clone(), time_us / 1000))
                .collect(),
            occupancy: share(handle, handle + ready),
            occupancy_with_ring: share(handle + ring, handle + ring + ready),
            utilisation: share(handle, signed_in),
            offered: self.offers.values().sum(),
            answered: offers(OfferOutcome::Answered),
            missed: offers(OfferOutcome::Missed),
            rejected: offers(OfferOutcome::Rejected),
            failed: offers(OfferOutcome::Failed),
            aht_ms: mean_ms(handle, offers(OfferOutcome::Answered)),
        }
    }
}

/// The numbers of an agent or a group. What nothing was divided by is absent; shares lie between 0 and 1. See
/// [`AGENT_DEFINITIONS`](crate::AGENT_DEFINITIONS).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is defined in AGENT_DEFINITIONS")]
pub struct AgentFigures {
    pub signed_in_ms: u64,
    pub ready_ms: u64,
    /// Ready, but without a phone.
    pub offline_grace_ms: u64,
    pub ring_ms: u64,
    pub talk_ms: u64,
    pub hold_ms: u64,
    pub wrap_up_ms: u64,
    pub not_ready_ms: u64,
    pub not_ready_by_reason_ms: BTreeMap<String, u64>,
    pub occupancy: Option<f64>,
    pub occupancy_with_ring: Option<f64>,
    pub utilisation: Option<f64>,
    pub offered: u64,
    pub answered: u64,
    pub missed: u64,
    pub rejected: u64,
    pub failed: u64,
    pub aht_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occupancy_is_told_with_and_without_ringing() {
        let mut tally = AgentTally::default();
        for (state, seconds) in [
            ("ready", 300),
            ("reserved", 20),
            ("ringing", 40),
            ("talking", 400),
            ("hold", 50),
            ("wrap_up", 150),
            ("not_ready", 240),
            ("logged_out", 9000),
        ] {
            tally.spend(state, Some("lunch"), seconds * 1_000_000);
        }
        tally.count(OfferOutcome::Answered, 3);
        tally.count(OfferOutcome::told("busy"), 1);
        let figures = tally.figures();
        assert_eq!(figures.signed_in_ms, 1_200_000);
        assert!((figures.occupancy.unwrap() - 600.0 / 900.0).abs() < 1e-12);
        assert!((figures.occupancy_with_ring.unwrap() - 660.0 / 960.0).abs() < 1e-12);
        assert!((figures.utilisation.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(figures.not_ready_by_reason_ms, BTreeMap::from([("lunch".to_owned(), 240_000)]));
        assert_eq!((figures.offered, figures.rejected, figures.aht_ms), (4, 1, Some(200_000)));
    }
}
