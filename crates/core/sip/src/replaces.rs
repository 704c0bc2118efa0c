//! The Replaces header (RFC 3891): which dialog a new call is to take the place of.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::message::{HeaderError, Params};
use crate::uri::Uri;

/// A dialog as the user agent that is to be replaced at knows it. `Debug` shows nothing that a call could be taken
/// over with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of the end that reads this.
    pub to_tag: String,
    /// The tag of the other end.
    pub from_tag: String,
    /// Only if the dialog is not answered yet (RFC 3891 §3).
    pub early_only: bool,
}

impl Replaces {
    /// Reads the header's value.
    ///
    /// # Errors
    /// [`HeaderError::Syntax`] without Call-ID or one of the tags.
    pub fn parse(value: &str) -> Result<Self, HeaderError> {
        let (call_id, params) = value.split_at(value.find(';').unwrap_or(value.len()));
        let params = Params::parse(params.as_bytes())?;
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let call_id = call_id.trim();
        if call_id.is_empty() {
            return Err(HeaderError::Syntax);
        }
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag").ok_or(HeaderError::Syntax)?,
            from_tag: tag("from-tag").ok_or(HeaderError::Syntax)?,
            early_only: params.has("early-only"),
        })
    }

    /// The one that a URI asks to be sent along: `sip:bob@host?Replaces=…` (RFC 3891 §4, RFC 3261 §19.1.1).
    ///
    /// # Errors
    /// If there is one that cannot be read.
    pub fn of_uri(uri: &Uri) -> Result<Option<Self>, HeaderError> {
        let Some(headers) = uri.sip().and_then(|uri| uri.headers.as_deref()) else { return Ok(None) };
        let mut fields = headers.split('&').filter_map(|field| field.split_once('='));
        let found = fields.find(|(name, _)| name.eq_ignore_ascii_case("Replaces"));
        found.map(|(_, value)| Self::parse(&crate::uri::undone(value))).transpose()
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

impl fmt::Debug for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replaces(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["98asjd8@host;to-tag=12;from-tag=34", "a;to-tag=x;from-tag=y;early-only"] {
            assert_eq!(Replaces::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_dialog_needs_three_names() {
        for text in ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"] {
            assert!(Replaces::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_uri_carries_it_escaped() {
        let uri = |text: &str| Replaces::of_uri(&Uri::parse(text).unwrap());
        let found = uri("sip:bob@h?Subject=x&replaces=a%40h%3Bto-tag%3D1%3Bfrom-tag%3D2").unwrap().unwrap();
        assert_eq!(
            (found.call_id.as_str(), found.to_tag.as_str(), found.from_tag.as_str()),
            ("a@h", "1", "2")
        );
        assert_eq!(uri("sip:bob@h?Subject=x"), Ok(None));
        assert!(uri("sip:bob@h?Replaces=a").is_err());
    }
}
