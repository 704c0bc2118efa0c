//! Personal data: numbers, digits, names. It prints as `***` unless asked for by name.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A value about a person. `Debug` and `Display` hide it, so it cannot reach a log by accident;
/// [`Pii::expose`] is what a reviewer looks for.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Marks `value` as personal data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for records, screens of people who may see it, and the wire.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Pii<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_prints_its_value() {
        let number: Pii<String> = Pii::from("+4930123456");
        assert_eq!(format!("{number} {number:?} {number:#?}"), "*** *** ***");
        assert_eq!(number.expose(), "+4930123456");
    }
}
