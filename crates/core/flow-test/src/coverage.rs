//! Which steps and exits the tests have reached.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::FlowId;
use hotline_ivr::{Flows, StepName};

use crate::outcome::Outcome;

/// What tests have reached of all flows.
#[derive(Clone, Debug)]
pub struct Coverage {
    flows: BTreeMap<FlowId, FlowCoverage>,
}

/// What tests have reached of one flow.
#[derive(Clone, Debug, Default)]
pub struct FlowCoverage {
    /// Steps, and whether a call was in them.
    steps: BTreeMap<StepName, bool>,
    /// Steps and the names of their exits, and whether a call took them.
    exits: BTreeMap<(StepName, String), bool>,
}

/// A step or exit that no test has reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreached {
    /// The step.
    pub step: StepName,
    /// The exit; `None` if the step itself was not reached.
    pub exit: Option<String>,
}

impl Coverage {
    /// Nothing is reached yet.
    #[must_use]
    pub fn new(flows: &Flows) -> Self {
        let flows = flows.iter().map(|(name, flow)| {
            let mut coverage = FlowCoverage::default();
            for (step, exits) in flow.exits() {
                coverage.steps.insert(step.clone(), false);
                let exits = exits.iter().map(|exit| ((step.clone(), exit.name()), false));
                coverage.exits.extend(exits);
            }
            (name.clone(), coverage)
        });
        Self { flows: flows.collect() }
    }

    /// Counts what one test has reached, whether it passed or not.
    pub fn add(&mut self, outcome: &Outcome) {
        for (flow, step) in &outcome.path {
            let Some(flow) = self.flows.get_mut(flow) else { continue };
            if let Some(reached) = flow.steps.get_mut(&step.step) {
                *reached = true;
            }
            if let Some(reached) = flow.exits.get_mut(&(step.step.clone(), step.exit.to_string())) {
                *reached = true;
            }
        }
        if let Some((flow, step)) = &outcome.last
            && let Some(reached) = self.flows.get_mut(flow).and_then(|flow| flow.steps.get_mut(step))
        {
            *reached = true;
        }
    }

    /// The flows by name.
    pub fn flows(&self) -> impl Iterator<Item = (&FlowId, &FlowCoverage)> {
        self.flows.iter()
    }

    /// How much of all steps and exits of all flows is reached, in percent, rounded down; 100 if there are none.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let counts = self.flows.values().map(FlowCoverage::counts);
        let (reached, all) = counts.fold((0, 0), |sum, (reached, all)| (sum.0 + reached, sum.1 + all));
        percent(reached, all)
    }
}

impl FlowCoverage {
    /// Steps that were reached, and all.
    #[must_use]
    pub fn steps(&self) -> (usize, usize) {
        (self.steps.values().filter(|reached| **reached).count(), self.steps.len())
    }

    /// Exits that were taken, and all.
    #[must_use]
    pub fn exits(&self) -> (usize, usize) {
        (self.exits.values().filter(|reached| **reached).count(), self.exits.len())
    }

    /// How much of all steps and exits is reached, in percent, rounded down; 100 if there are none.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let (reached, all) = self.counts();
        percent(reached, all)
    }

    /// What no test has reached, by step. Of a step that was not reached, the exits are not listed.
    #[must_use]
    pub fn unreached(&self) -> Vec<Unreached> {
        let missed: BTreeSet<&StepName> =
            self.steps.iter().filter(|(_, reached)| !**reached).map(|(step, _)| step).collect();
        let exits = self.exits.iter().filter(|((step, _), reached)| !**reached && !missed.contains(step));
        let exits = exits.map(|((step, exit), _)| Unreached { step: step.clone(), exit: Some(exit.clone()) });
        let mut all: Vec<Unreached> = missed
            .iter()
            .map(|step| Unreached { step: StepName::clone(step), exit: None })
            .chain(exits)
            .collect();
        all.sort();
        all
    }

    fn counts(&self) -> (usize, usize) {
        let (steps, exits) = (self.steps(), self.exits());
        (steps.0 + exits.0, steps.1 + exits.1)
    }
}

fn percent(reached: usize, all: usize) -> u8 {
    (reached * 100).checked_div(all).map_or(100, |percent| u8::try_from(percent).unwrap_or(100))
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exit {
            Some(exit) => write!(f, "step `{}`: exit `{exit}`", self.step),
            None => write!(f, "step `{}`", self.step),
        }
    }
}
