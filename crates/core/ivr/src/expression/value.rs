//! The values of variables and call facts: four types, each bounded.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The most characters of a text; longer ones are cut where they come from outside, and refused where a flow makes
/// them.
pub const MAX_TEXT: usize = 2000;

/// The type of a variable, a call fact or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    /// Characters; digits that were pressed are a text, so that a leading zero stays.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// `true` or `false`.
    Boolean,
}

impl Type {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Integer, Self::Decimal, Self::Boolean];

    /// The name in flows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
        }
    }

    /// The one with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    pub(crate) const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value. `Debug` shows only its type: what callers enter is personal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// At most [`MAX_TEXT`] characters.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Never infinite and always a number.
    Decimal(f64),
    /// Yes or no.
    Boolean(bool),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.value_type())
    }
}

impl Value {
    /// A text, cut after [`MAX_TEXT`] characters.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.chars().take(MAX_TEXT).collect())
    }

    /// Its type.
    #[must_use]
    pub const fn value_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Integer(_) => Type::Integer,
            Self::Decimal(_) => Type::Decimal,
            Self::Boolean(_) => Type::Boolean,
        }
    }

    /// The value that a text means in `wanted`: `"12"` as an integer. `None` if it means none.
    #[must_use]
    pub fn parse(text: &str, wanted: Type) -> Option<Self> {
        match wanted {
            Type::Text => Some(Self::text(text)),
            Type::Integer => text.trim().parse().ok().map(Self::Integer),
            Type::Decimal => {
                text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Decimal)
            }
            Type::Boolean => match text.trim() {
                "true" => Some(Self::Boolean(true)),
                "false" => Some(Self::Boolean(false)),
                _ => None,
            },
        }
    }

    /// As it stands in a text: `12`, `2.5`, `true`.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }

    /// The same in `wanted`, if nothing is lost: a whole number is a decimal too.
    #[must_use]
    pub fn widened(self, wanted: Type) -> Option<Self> {
        match (self, wanted) {
            #[expect(clippy::cast_precision_loss, reason = "exact to 2^53, far beyond what a call counts")]
            (Self::Integer(number), Type::Decimal) => Some(Self::Decimal(number as f64)),
            (value, wanted) => (value.value_type() == wanted).then_some(value),
        }
    }
}
