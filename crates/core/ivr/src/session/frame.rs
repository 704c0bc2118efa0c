//! A flow that runs, with its variables, and what expressions read of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_base::{Now, Time};
use serde::{Deserialize, Serialize};

use crate::action::{Facts, Surroundings};
use crate::expression::{CallFact, CustomerField, Fact, Scope, TimeFact, Type, Value};
use crate::model::{CallFlow, Flow};
use crate::name::{Language, StepName, Variable};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Frame {
    pub(super) flow: Arc<Flow>,
    pub(super) variables: BTreeMap<Variable, Value>,
    /// The step of this flow that has called the flow above it, and when it began.
    pub(super) calling: Option<(StepName, Now, Arc<CallFlow>)>,
}

impl Frame {
    pub(super) fn new(flow: Arc<Flow>) -> Self {
        let initial = flow.variables.iter().filter_map(|(name, declared)| {
            let value = declared.initial.clone()?;
            Some((name.clone(), value))
        });
        Self { variables: initial.collect(), flow, calling: None }
    }
}

/// What the expressions of a step read.
pub(super) struct Reading<'s> {
    pub(super) frame: &'s Frame,
    pub(super) facts: &'s Facts,
    pub(super) language: &'s Language,
    pub(super) answered: bool,
    pub(super) began: Time,
    pub(super) now: Now,
    pub(super) surroundings: &'s dyn Surroundings,
}

impl Scope for Reading<'_> {
    fn variable(&self, name: &Variable) -> Option<Value> {
        self.frame.variables.get(name).cloned()
    }

    fn fact(&self, fact: &Fact) -> Value {
        match fact {
            Fact::Call(fact) => self.call(*fact),
            Fact::Time(fact) => self.time(*fact),
            Fact::Customer(fact) => customer(self.surroundings, fact),
            Fact::Queue(queue, fact) => Value::Integer(self.surroundings.queue(queue, *fact)),
        }
    }
}

impl Reading<'_> {
    fn call(&self, fact: CallFact) -> Value {
        match fact {
            CallFact::Caller => Value::text(self.facts.caller.expose()),
            CallFact::Called => Value::text(self.facts.called.expose()),
            CallFact::Trunk => Value::text(&self.facts.trunk),
            CallFact::Language => Value::text(self.language.as_str()),
            CallFact::Area => Value::text(&self.facts.area),
            CallFact::Seconds => {
                let seconds = self.now.mono.since(self.began).as_secs();
                Value::Integer(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
            CallFact::Answered => Value::Boolean(self.answered),
        }
    }

    fn time(&self, fact: TimeFact) -> Value {
        let time = self.surroundings.local_time(self.now);
        match fact {
            TimeFact::Date => Value::Text(format!("{:04}-{:02}-{:02}", time.year, time.month, time.day)),
            TimeFact::Clock => Value::Text(format!("{:02}:{:02}", time.hour, time.minute)),
            TimeFact::Year => Value::Integer(time.year.into()),
            TimeFact::Month => Value::Integer(time.month.into()),
            TimeFact::Day => Value::Integer(time.day.into()),
            TimeFact::Weekday => Value::Integer(time.weekday.into()),
            TimeFact::Hour => Value::Integer(time.hour.into()),
            TimeFact::Minute => Value::Integer(time.minute.into()),
        }
    }
}

fn customer(surroundings: &dyn Surroundings, field: &CustomerField) -> Value {
    let text = surroundings.customer(field);
    match field.value_type() {
        Type::Boolean => Value::Boolean(text.is_some_and(|text| text.expose() == "true")),
        Type::Text | Type::Integer | Type::Decimal => {
            Value::text(text.as_ref().map_or("", |text| text.expose()))
        }
    }
}
