//! Telephone numbers, as far as whoever asks may read them.

use core::fmt;
use core::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A telephone number; for whoever may not read it, all digits but the last three are `•`. A type of its own, so that no
/// shape can show one without somebody having decided about it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Number(String);

impl Number {
    /// A number that was decided about.
    #[must_use]
    pub const fn decided(text: String) -> Self {
        Self(text)
    }

    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Number {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Numbers are personal data: they are not printed with what holds them.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq<str> for Number {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Number {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
