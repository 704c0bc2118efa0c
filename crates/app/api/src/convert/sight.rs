//! What somebody may read of telephone numbers. The only place where one becomes text for outside.

use hotline_access::mask;
use hotline_api_types as api;
use hotline_base::{AgentId, Pii};
use serde_json::Value;

use crate::viewer::{Subject, Viewer};

/// How telephone numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// In full.
    Plain,
    /// Their last digits.
    Masked,
}

impl Sight {
    /// What this viewer reads of numbers there.
    pub(crate) fn of(viewer: &Viewer, subject: Subject<'_>) -> Self {
        if viewer.reads_numbers(subject) { Self::Plain } else { Self::Masked }
    }

    /// What this viewer reads of the numbers at which an agent is reached. One's own are one's own.
    pub(crate) fn of_agent(viewer: &Viewer, agent: &AgentId) -> Self {
        if viewer.is(agent) { Self::Plain } else { Self::of(viewer, Subject::Agent(agent)) }
    }

    /// A telephone number.
    pub(crate) fn number(self, number: &Pii<String>) -> api::Number {
        api::Number::decided(self.show(number.expose()))
    }

    /// A text that is a telephone number more often than one would think: a name that a carrier sent, pressed keys.
    pub(crate) fn text(self, text: Option<&Pii<String>>) -> Option<String> {
        text.map(|text| self.show(text.expose()))
    }

    /// Every text in a JSON value that has nothing but what numbers are written with.
    pub(crate) fn json(self, value: Value) -> Value {
        match value {
            Value::String(text) if text.chars().all(is_of_number) => Value::String(self.show(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, field)| (name, self.json(field))).collect())
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
        }
    }

    fn show(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Masked => mask(text),
        }
    }
}

fn is_of_number(one: char) -> bool {
    one.is_ascii_digit() || "+-()/ *#".contains(one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_in_json_are_masked_and_nothing_else_is() {
        let detail = json!({ "to": "+49 30 901820", "ids": ["0192f1b1-aaaa", "1001"], "bytes": 1234567 });
        let masked = json!({ "to": "+•• •• •••820", "ids": ["0192f1b1-aaaa", "1001"], "bytes": 1234567 });
        assert_eq!(Sight::Masked.json(detail.clone()), masked);
        assert_eq!(Sight::Plain.json(detail.clone()), detail);
    }
}
