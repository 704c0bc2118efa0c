//! What a flow reads beside its own call: the queues, the calendar, the clock, the customer.

use hotline_base::{HoursId, Now, QueueId};
use hotline_hours::State;
use hotline_ivr::{Customer, HoursExit, LocalTime, QueueFact, Surroundings};

use crate::call::Call;
use crate::env::Env;

/// The center as it is in this turn, and who calls.
pub(super) struct Around<'e> {
    env: &'e Env,
    now: Now,
    customer: Option<Customer>,
}

impl<'e> Around<'e> {
    pub(super) fn of(call: &Call, env: &'e Env, now: Now) -> Self {
        let customer = call.customer().map(|customer| Customer {
            name: customer.name.clone(),
            company: customer.company.clone().unwrap_or_default(),
            class: customer.class.clone().unwrap_or_default(),
            language: customer.language.clone().unwrap_or_default(),
            vip: customer.vip,
            blocked: customer.blocked,
            agent: customer.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
            last_agent: customer.last_agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        });
        Self { env, now, customer }
    }
}

impl Surroundings for Around<'_> {
    fn queue(&self, queue: &QueueId, fact: QueueFact) -> i64 {
        // Of a queue in which nobody works nobody knows.
        let expected = || self.env.acd.queue_wait(queue).map_or(-1, |wait| seconds(wait.to));
        let Some(view) = self.env.acd.queue(queue) else { return 0 };
        match fact {
            QueueFact::Waiting => i64::try_from(view.on_the_line().count()).unwrap_or(i64::MAX),
            QueueFact::LongestWait => {
                view.longest_since.map_or(0, |since| seconds(self.now.wall.since(since)))
            }
            QueueFact::Ready => view.offerable.into(),
            QueueFact::SignedIn => view.working.into(),
            // Somebody is free for whoever comes now.
            QueueFact::EstimatedWait if view.on_the_line().count() < view.offerable as usize => 0,
            QueueFact::EstimatedWait => expected(),
        }
    }

    /// A schedule that is not configured is closed; the checker finds that.
    fn hours(&self, schedule: &str, now: Now) -> HoursExit {
        let id = HoursId::from(schedule);
        let Some(schedule) = self.env.center.hours.get(&id) else { return HoursExit::Closed };
        match schedule.at(now.wall, self.env.by_hand.get(&id).copied()).state {
            State::Open => HoursExit::Open,
            State::Closed => HoursExit::Closed,
            State::Holiday(_) => HoursExit::Holiday,
        }
    }

    fn local_time(&self, now: Now) -> LocalTime {
        let shown = self.env.center.zone.local(now.wall);
        LocalTime {
            year: shown.year,
            month: shown.month,
            day: shown.day,
            weekday: shown.weekday,
            hour: shown.hour,
            minute: shown.minute,
        }
    }

    fn customer(&self) -> Option<Customer> {
        self.customer.clone()
    }
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
