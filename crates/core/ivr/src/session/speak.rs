//! From what a step says to what the caller hears.

use hotline_base::{Now, Pii};

use super::Session;
use crate::action::{Prompt, Surroundings};
use crate::expression::{EvaluationError, Scope, Value};
use crate::model::{SayItem, SpokenAs};
use crate::name::Language;
use crate::spoken::{self, Spoken, SpokenKind};

impl Session {
    /// What the caller is to hear, and whether all of it can be said: a date that is none is left out.
    pub(super) fn prompts(
        &mut self,
        now: Now,
        around: &dyn Surroundings,
        items: &[SayItem],
    ) -> (Vec<Prompt>, bool) {
        let mut prompts = Vec::with_capacity(items.len());
        let mut complete = true;
        for item in items {
            match spoken(item, &self.language, &self.reading(now, around)) {
                Ok(found) => prompts.extend(found),
                Err(_) => complete = false,
            }
        }
        if !complete {
            self.failed_expressions += 1;
        }
        (prompts, complete)
    }
}

fn spoken(item: &SayItem, language: &Language, scope: &dyn Scope) -> Result<Vec<Prompt>, EvaluationError> {
    match item {
        SayItem::Prompt(name) => Ok(vec![Prompt::Name(name.value.clone())]),
        SayItem::Speech(text) => {
            let text = text.fill(scope, str::to_owned)?;
            Ok(if text.trim().is_empty() { Vec::new() } else { vec![Prompt::Speech(Pii::new(text))] })
        }
        SayItem::Recorded(variable) => match scope.variable(&variable.value) {
            Some(Value::Text(name)) => Ok(vec![Prompt::Recording(name)]),
            Some(_) | None => Err(EvaluationError::Unset),
        },
        SayItem::Value { kind, value } => {
            let value = value.evaluate(scope)?;
            phrases(kind, language, &value).ok_or(EvaluationError::NotANumber)
        }
    }
}

/// The phrases that say a value; `None` for one that is none, such as a date that does not exist.
fn phrases(kind: &SpokenAs, language: &Language, value: &Value) -> Option<Vec<Prompt>> {
    let kind = kind.kind(value.value_type())?;
    let spoken = Spoken::read(kind, &written(kind, value)).ok()?;
    let names = spoken::phrases(language, &spoken)?;
    Some(names.into_iter().map(Prompt::Name).collect())
}

/// A value as it is read for being said. A computed fraction has as many places as can be heard.
fn written(kind: SpokenKind, value: &Value) -> String {
    match (kind, value) {
        (SpokenKind::Money(_), Value::Decimal(amount)) => format!("{amount:.2}"),
        (_, Value::Decimal(number)) => {
            let written = format!("{number:.6}");
            written.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        (_, Value::Text(_) | Value::Integer(_) | Value::Boolean(_)) => value.written(),
    }
}
