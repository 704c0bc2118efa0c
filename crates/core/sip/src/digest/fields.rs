//! The `Digest name=value, name="value"` form that challenges and credentials share (RFC 7616 §3.3, §3.4).

use core::fmt;
use std::borrow::Cow;

use super::DigestError;
use crate::message::lexis;

/// Fields by name; each value may be quoted or not, whatever its grammar says, since phones do either.
pub(super) struct Fields<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, DigestError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once([' ', '\t']).ok_or(DigestError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Err(DigestError::Scheme);
        }
        let mut fields = Vec::new();
        for item in lexis::list(rest.as_bytes()).filter(|item| !item.is_empty()) {
            let item = core::str::from_utf8(item).map_err(|_| DigestError::Syntax)?;
            let (name, value) = item.split_once('=').ok_or(DigestError::Syntax)?;
            let (name, value) = (name.trim(), value.trim());
            if !lexis::is_token(name.as_bytes()) || !is_value(value) {
                return Err(DigestError::Syntax);
            }
            fields.push((name, lexis::unquoted(value)));
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    pub(super) fn need(&self, name: &'static str) -> Result<Box<str>, DigestError> {
        self.get(name).map(Box::from).ok_or(DigestError::Missing(name))
    }
}

/// One quoted string, or a run without quotes and spaces.
fn is_value(value: &str) -> bool {
    if value.starts_with('"') {
        return lexis::quoted_length(value.as_bytes()) == Some(value.len());
    }
    !value.contains(['"', ' ', '\t', '\r', '\n'])
}

/// Writes `name="value"` with a comma in front.
pub(super) fn write_quoted(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    write!(f, ", {name}={}", lexis::quoted(value))
}
