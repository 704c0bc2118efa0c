//! The configuration in force, as the parts of the server see it that are beside call processing.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hotline_api::{Center, Dispositions, Teams};
use hotline_api_types::CenterNumber;
use hotline_base::{AgentId, Pii, QueueId};
use hotline_config::{Configuration, Kept};
use hotline_flow_test::Center as KnownCenter;
use hotline_ivr::{HoursExit, Language, LocalTime, PromptName};
use tokio::sync::watch;

use crate::flow_tests::Known;

/// Tells of every configuration that comes into force. Cheap to clone.
#[derive(Clone)]
pub(crate) struct InForce {
    configuration: watch::Sender<Arc<Configuration>>,
    center: watch::Sender<Arc<Center>>,
    kept: watch::Sender<Kept>,
    tests: LiveKnown,
}

/// What tests of flows need not say, of the center in force.
#[derive(Clone)]
pub(crate) struct LiveKnown(
    /// Written when another center comes into force, read while tests run.
    Arc<RwLock<Arc<Known>>>,
);

impl InForce {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        Self {
            configuration: watch::Sender::new(Arc::new(configuration.clone())),
            center: watch::Sender::new(Arc::new(center(configuration))),
            kept: watch::Sender::new(configuration.kept.clone()),
            tests: LiveKnown(Arc::new(RwLock::new(Arc::new(known(configuration))))),
        }
    }

    /// Call processing has this one.
    pub(crate) fn publish(&self, configuration: &Configuration) {
        self.configuration.send_replace(Arc::new(configuration.clone()));
        self.center.send_replace(Arc::new(center(configuration)));
        self.kept.send_if_modified(|kept| {
            let other = configuration.kept.clone();
            let is_other = *kept != other;
            *kept = other;
            is_other
        });
        *self.tests.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known(configuration));
    }

    /// All of it, at this moment.
    pub(crate) fn configuration(&self) -> Arc<Configuration> {
        Arc::clone(&self.configuration.borrow())
    }

    pub(crate) fn center(&self) -> watch::Receiver<Arc<Center>> {
        self.center.subscribe()
    }

    /// How long things are kept.
    pub(crate) fn kept(&self) -> watch::Receiver<Kept> {
        self.kept.subscribe()
    }

    pub(crate) fn tests(&self) -> LiveKnown {
        self.tests.clone()
    }
}

impl LiveKnown {
    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KnownCenter for LiveKnown {
    fn prompt_length(&self, language: &Language, prompt: &PromptName) -> Option<Duration> {
        self.known().prompt_length(language, prompt)
    }

    fn hours(&self, schedule: &str, time: LocalTime) -> Option<HoursExit> {
        self.known().hours(schedule, time)
    }
}

fn known(configuration: &Configuration) -> Known {
    Known::of(Some(configuration), &configuration.center.flows)
}

fn center(configuration: &Configuration) -> Center {
    Center {
        zone: configuration.center.zone.clone(),
        dial_plan: configuration.center.dial_plan.clone(),
        outside_numbers: outside_numbers(configuration),
        numbers: numbers(configuration),
        teams: Arc::new(teams(configuration)),
        control: Arc::new(configuration.center.clone()),
        dispositions: dispositions(configuration),
        hours: configuration.center.hours.clone(),
        scripts: scripts(configuration),
    }
}

/// The numbers at which each agent may choose to be reached.
fn outside_numbers(configuration: &Configuration) -> BTreeMap<AgentId, Vec<Pii<String>>> {
    let agents = configuration.center.agents.iter();
    agents.map(|(id, agent)| (id.clone(), agent.outside_numbers.clone())).collect()
}

/// What the directory of agents says of the center's numbers.
fn numbers(configuration: &Configuration) -> Vec<CenterNumber> {
    let numbers = configuration.center.numbers.iter();
    let entry = |(dialled, number): (&String, &hotline_call::Number)| CenterNumber {
        number: dialled.clone(),
        name: number.name.clone(),
        flow: number.flow.to_string(),
        language: number.language.clone(),
    };
    numbers.map(entry).collect()
}

/// Who can be overseen together.
fn teams(configuration: &Configuration) -> Teams {
    let center = &configuration.center;
    let agents = center.agents.iter().map(|(id, agent)| (id.clone(), agent.groups.clone()));
    let queues = center.queues.iter().map(|(id, queue)| {
        (id.clone(), queue.routing.members.iter().map(|member| member.agent.clone()).collect())
    });
    Teams::new(agents, queues, configuration.masked_queues.clone()).with_groups(&center.staffing.groups)
}

/// Every queue, with its script if it has one.
fn scripts(configuration: &Configuration) -> BTreeMap<QueueId, Option<String>> {
    let queues = configuration.center.queues.keys();
    queues.map(|id| (id.clone(), configuration.scripts.get(id).cloned())).collect()
}

/// What can become of calls; queues that have all are not named.
fn dispositions(configuration: &Configuration) -> Dispositions {
    let queues = configuration.center.queues.iter();
    let queues = queues.map(|(id, queue)| (id.clone(), queue.dispositions.clone()));
    Dispositions {
        names: configuration.center.staffing.dispositions.clone(),
        groups: configuration.center.staffing.disposition_groups.clone(),
        queues: queues.filter(|(_, codes)| !codes.is_empty()).collect(),
    }
}
