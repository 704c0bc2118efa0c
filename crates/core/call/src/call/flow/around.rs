//! What a flow reads beside its own call: the queues, the calendar, the clock, the customer.

use std::sync::Arc;

use hotline_base::{AgentId, HoursId, Now, Pii, QueueId};
use hotline_hours::State;
use hotline_ivr::{CustomerFact, CustomerField, HoursExit, LocalTime, QueueFact, Surroundings};

use crate::call::Call;
use crate::customer::{Customer, FieldValue, Found};
use crate::env::Env;

/// The center as it is in this turn, and who calls.
pub(super) struct Around<'e> {
    env: &'e Env,
    now: Now,
    customer: Option<Arc<Found>>,
}

impl<'e> Around<'e> {
    pub(super) fn of(call: &Call, env: &'e Env, now: Now) -> Self {
        let customer = call.found().map(Arc::clone);
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

    fn customer(&self, field: &CustomerField) -> Option<Pii<String>> {
        value(&self.customer.as_ref()?.customer, field)
    }
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// What a customer's field holds, as flows get it; nothing if it is empty.
pub(super) fn value(customer: &Customer, field: &CustomerField) -> Option<Pii<String>> {
    let fact = match field {
        CustomerField::Own(fact) => fact,
        CustomerField::Added(name) => {
            return customer.fields.get(name.as_str()).map(|value| match value {
                FieldValue::Text(text) | FieldValue::Number(text) => text.clone(),
                FieldValue::Boolean(truth) => Pii::new(truth.to_string()),
            });
        }
    };
    let text = |text: Option<&str>| Pii::new(text.unwrap_or_default().to_owned());
    Some(match fact {
        CustomerFact::Known => text(Some("true")),
        CustomerFact::Name => customer.name.clone(),
        CustomerFact::Company => customer.company.clone().unwrap_or_default(),
        CustomerFact::Class => text(customer.class.as_deref()),
        CustomerFact::Language => text(customer.language.as_deref()),
        CustomerFact::Vip => Pii::new(customer.vip.to_string()),
        CustomerFact::Blocked => Pii::new(customer.blocked.to_string()),
        CustomerFact::Agent => text(customer.agent.as_ref().map(AgentId::as_str)),
        CustomerFact::LastAgent => text(customer.last_agent.as_ref().map(AgentId::as_str)),
    })
}
