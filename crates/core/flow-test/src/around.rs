//! What lies around a tested call: what the test says, and else what the center has.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use hotline_base::{Now, Pii, QueueId, Time};
use hotline_ivr::{
    Customer, CustomerField, HoursExit, Language, LocalTime, PromptName, QueueFact, Surroundings,
};

use crate::model::Given;

/// How long a prompt takes whose length is not known.
pub const PROMPT_LENGTH: Duration = Duration::from_secs(2);

/// What a center knows that tests need not repeat.
pub trait Center {
    /// How long a recorded prompt takes.
    fn prompt_length(&self, language: &Language, prompt: &PromptName) -> Option<Duration>;
    /// What the center's calendar says of a schedule.
    fn hours(&self, schedule: &str, time: LocalTime) -> Option<HoursExit>;
}

/// A center that knows nothing: each prompt takes [`PROMPT_LENGTH`], and tests say all hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCenter;

impl Center for NoCenter {
    fn prompt_length(&self, _: &Language, _: &PromptName) -> Option<Duration> {
        None
    }

    fn hours(&self, _: &str, _: LocalTime) -> Option<HoursExit> {
        None
    }
}

pub(crate) struct Around<'t> {
    pub(crate) given: &'t Given,
    pub(crate) center: &'t dyn Center,
    /// Whose call it is now.
    pub(crate) customer: Option<Customer>,
    /// Schedules that neither the test nor the center knows.
    unknown_hours: RefCell<BTreeSet<String>>,
}

impl<'t> Around<'t> {
    pub(crate) fn new(given: &'t Given, center: &'t dyn Center) -> Self {
        Self { given, center, customer: given.customer.clone(), unknown_hours: RefCell::default() }
    }

    /// The first schedule that was asked for in vain.
    pub(crate) fn unknown_hours(&self) -> Option<String> {
        self.unknown_hours.borrow().first().cloned()
    }
}

impl Surroundings for Around<'_> {
    fn queue(&self, queue: &QueueId, fact: QueueFact) -> i64 {
        let unsaid = match fact {
            QueueFact::EstimatedWait => -1,
            QueueFact::Waiting | QueueFact::LongestWait | QueueFact::Ready | QueueFact::SignedIn => 0,
        };
        self.given
            .queues
            .get(queue)
            .and_then(|facts: &BTreeMap<_, _>| facts.get(&fact))
            .copied()
            .unwrap_or(unsaid)
    }

    fn hours(&self, schedule: &str, now: Now) -> HoursExit {
        let said = self.given.hours.get(schedule).copied();
        said.or_else(|| self.center.hours(schedule, self.local_time(now))).unwrap_or_else(|| {
            self.unknown_hours.borrow_mut().insert(schedule.to_owned());
            HoursExit::Closed
        })
    }

    fn local_time(&self, now: Now) -> LocalTime {
        self.given.at.after(now.mono.since(Time::ZERO))
    }

    fn customer(&self, field: &CustomerField) -> Option<Pii<String>> {
        self.customer.as_ref()?.value(field)
    }
}
