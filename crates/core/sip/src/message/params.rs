//! Parameters of headers and URIs, in the order and spelling of the wire.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::error::HeaderError;
use super::lexis;

/// `;name=value` parameters. Names compare without case; values are kept as on the wire, quotes and escapes
/// included, so that printing gives back what came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Params(Vec<(Box<str>, Option<Box<str>>)>);

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of `name` as on the wire; empty for a parameter without value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or(""))
    }

    /// The value of `name` without the quotes and backslashes of a quoted string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(lexis::unquoted)
    }

    /// Whether `name` is there, with or without value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name`, in its old place or at the end. `value` is written as it is.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(Box::from);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(param) => param.1 = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// Takes `name` away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Name and value of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Header parameters: empty, or beginning with `;`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let mut params = Vec::new();
        for item in lexis::params(bytes) {
            let (name, value) = item?;
            params.push((lexis::text(name).into(), value.map(|value| lexis::text(value).into())));
        }
        Ok(Self(params))
    }

    /// Adds one without looking for an earlier one of that name.
    pub(crate) fn push(&mut self, name: &str, value: Option<&str>) {
        self.0.push((name.into(), value.map(Box::from)));
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter() {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_in_any_case_and_printed_as_it_came() {
        let mut params = Params::parse(b";Branch=z9hG4bKa ; rport;x=\"a\\\"b\"").unwrap();
        assert_eq!(params.get("branch"), Some("z9hG4bKa"));
        assert_eq!(params.get("RPORT"), Some(""));
        assert_eq!(params.text("x").unwrap(), "a\"b");
        params.set("rport", Some("5060"));
        params.remove("branch");
        params.set("received", Some("192.0.2.1"));
        assert_eq!(params.to_string(), ";rport=5060;x=\"a\\\"b\";received=192.0.2.1");
    }
}
