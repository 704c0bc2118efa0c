//! `name-addr` and `addr-spec` with their parameters: From, To, Contact, Route and their kin (RFC 3261 §20.10).

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::error::HeaderError;
use super::lexis;
use super::params::Params;
use crate::uri::{Uri, UriError, UriView};

/// Somebody: a display name, a URI, parameters. `Debug` hides the name and whom the URI names.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameAddr {
    /// The display name as a person reads it: no quotes, no backslashes.
    pub display: Option<Box<str>>,
    /// The URI.
    pub uri: Uri,
    /// The parameters of the header, not those inside `<…>`.
    pub params: Params,
}

impl NameAddr {
    /// `<uri>` without a display name.
    #[must_use]
    pub fn new(uri: impl Into<Uri>) -> Self {
        Self { display: None, uri: uri.into(), params: Params::new() }
    }

    /// Reads one value of a header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// The `tag` parameter (RFC 3261 §19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// With this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The `expires` parameter of a Contact in seconds. A malformed one counts as 3600 (RFC 3261 §20.10).
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        const MALFORMED: u32 = 3600;
        let value = self.params.get("expires")?;
        Some(super::seconds(value.as_bytes()).unwrap_or(MALFORMED))
    }

    /// The `q` parameter of a Contact in thousandths, 0 to 1000; absent or malformed counts as 1000.
    #[must_use]
    pub fn q_thousandths(&self) -> u16 {
        self.params.get("q").and_then(q_value).unwrap_or(1000)
    }

    /// The `+sip.instance` parameter of a Contact without its quotes (RFC 5626 §4.1).
    #[must_use]
    pub fn instance(&self) -> Option<Cow<'_, str>> {
        self.params.text("+sip.instance")
    }

    /// The `reg-id` parameter of a Contact: which of several ways to one phone (RFC 5626 §4.1), from 1.
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        let value = lexis::number(self.params.get("reg-id")?.as_bytes())?;
        u32::try_from(value).ok().filter(|&way| way != 0)
    }

    pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let view = NameAddrView::split(bytes)?;
        let display = lexis::text(view.display);
        let display = lexis::unquoted(&display);
        Ok(Self {
            display: (!display.is_empty()).then(|| display.into()),
            uri: Uri::parse_bytes(view.uri)?,
            params: Params::parse(view.params)?,
        })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", lexis::quoted(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let display = if self.display.is_some() { "\"***\" " } else { "" };
        write!(f, "{display}<{:?}>{}", self.uri, self.params)
    }
}

/// `0`, `0.5`, `1.000` in thousandths (`qvalue`, RFC 3261 §25.1).
fn q_value(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths =
        fraction.bytes().chain([b'0'; 3]).take(3).fold(0, |sum, b| sum * 10 + u16::from(b - b'0'));
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// The parts of a value as ranges of its bytes; costs no allocation.
#[derive(Clone, Debug)]
pub(crate) struct NameAddrView<'a> {
    display: &'a [u8],
    uri: &'a [u8],
    params: &'a [u8],
}

impl<'a> NameAddrView<'a> {
    /// Finds the parts. Spaces inside the brackets and commas in an unquoted display name are forgiven
    /// (RFC 4475 §3.1.2.14 and §3.1.2.15 leave it to us).
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let bytes = lexis::trim(bytes);
        let display_end = match bytes.first() {
            None => return Err(HeaderError::Syntax),
            Some(b'"') => {
                let quoted = lexis::quoted_length(bytes).ok_or(HeaderError::Quote)?;
                lexis::after(&bytes[quoted..], b'<').ok_or(HeaderError::Syntax)?;
                memchr::memchr(b'<', &bytes[quoted..]).map(|length| quoted + length)
            }
            // A quote before any bracket belongs to a parameter of a bare URI.
            Some(_) => memchr::memchr2(b'<', b'"', bytes).filter(|&at| bytes[at] == b'<'),
        };
        let Some(open) = display_end else { return Self::split_bare(bytes) };
        let close = memchr::memchr(b'>', &bytes[open..]).ok_or(HeaderError::Syntax)? + open;
        Ok(Self {
            display: lexis::trim(&bytes[..open]),
            uri: lexis::trim(&bytes[open + 1..close]),
            params: &bytes[close + 1..],
        })
    }

    /// A URI without brackets: what follows a `;` belongs to the header, and `,` and `?` must not be in it
    /// (RFC 3261 §20.10).
    fn split_bare(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let end = memchr::memchr(b';', bytes).unwrap_or(bytes.len());
        let uri = lexis::trim(&bytes[..end]);
        if memchr::memchr2(b',', b'?', uri).is_some() {
            return Err(HeaderError::Uri(UriError::Headers));
        }
        Ok(Self { display: &[], uri, params: &bytes[end..] })
    }

    /// Checks everything that [`NameAddr::parse`] would refuse.
    pub(crate) fn check(&self) -> Result<(), HeaderError> {
        UriView::split(self.uri)?;
        lexis::params(self.params).try_for_each(|item| item.map(|_| ()))
    }

    /// The raw value of a parameter.
    pub(crate) fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        lexis::params(self.params)
            .map_while(Result::ok)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn display_names_hold_anything_when_quoted() {
        let value = parse(r#""Bell; A. > \"Al\" J\u{fc}" <sip:a@b;lr>;tag=x;+u.x="<;>""#);
        assert_eq!(value.display.as_deref(), Some(r#"Bell; A. > "Al" Ju{fc}"#));
        assert_eq!(value.uri.to_string(), "sip:a@b;lr");
        assert_eq!(value.tag(), Some("x"));
        assert_eq!(value.params.text("+u.x").unwrap(), "<;>");
        assert_eq!(parse(&value.to_string()), value);
    }

    #[test]
    fn all_the_forms_of_the_grammar_and_some_more_are_read() {
        for (text, display, uri, tag) in [
            ("<sip:a@b>", None, "sip:a@b", None),
            ("sip:a@b;tag=1", None, "sip:a@b", Some("1")),
            ("Bob <sip:a@b>;tag=1", Some("Bob"), "sip:a@b", Some("1")),
            ("The Operator<sip:a@b> ; tag = 1", Some("The Operator"), "sip:a@b", Some("1")),
            ("Bell, Alexander <sip:a@b>;tag=43", Some("Bell, Alexander"), "sip:a@b", Some("43")),
            ("\"Watson\" < sip:t@b >", Some("Watson"), "sip:t@b", None),
            ("\"\" <tel:+123>", None, "tel:+123", None),
            ("sip:a@b;x=\"<\"", None, "sip:a@b", None),
            ("\u{6797}<sip:a@b>;", Some("\u{6797}"), "sip:a@b", None),
        ] {
            let value = parse(text);
            assert_eq!(value.display.as_deref(), display, "{text}");
            assert_eq!(value.uri.to_string(), uri, "{text}");
            assert_eq!(value.tag(), tag, "{text}");
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for (text, error) in [
            ("", HeaderError::Syntax),
            ("\"J. User <sip:j@e.com>", HeaderError::Quote),
            ("\"J\" sip:j@e.com", HeaderError::Syntax),
            ("<sip:j@e.com", HeaderError::Syntax),
            ("<sip:j@e.com>tag=1", HeaderError::Syntax),
            ("<sip:j@e.com>;;;;", HeaderError::Syntax),
            ("sip:user@example.com?Route=%3Csip:sip.example.com%3E", HeaderError::Uri(UriError::Headers)),
            ("<>", HeaderError::Uri(UriError::Scheme)),
        ] {
            assert_eq!(NameAddr::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn contact_parameters_have_their_meaning() {
        let value = parse("<sip:a@b>;q=0.85;expires=60;+sip.instance=\"<urn:uuid:0>\"");
        assert_eq!((value.q_thousandths(), value.expires()), (850, Some(60)));
        assert_eq!(value.instance().unwrap(), "<urn:uuid:0>");
        assert_eq!(parse("<sip:a@b>;reg-id=2").reg_id(), Some(2));
        for wrong in ["0", "-1", "x", "", "4294967296", "99999999999"] {
            assert_eq!(parse(&format!("<sip:a@b>;reg-id={wrong}")).reg_id(), None, "{wrong}");
        }
        assert_eq!(parse("<sip:a@b>;expires=soon").expires(), Some(3600));
        assert_eq!(parse("<sip:a@b>;expires=99999999999").expires(), Some(u32::MAX));
        assert_eq!(parse("<sip:a@b>").expires(), None);
        for (q, thousandths) in
            [("1", 1000), ("1.000", 1000), ("0", 0), ("0.5", 500), ("1.5", 1000), ("x", 1000)]
        {
            assert_eq!(parse(&format!("<sip:a@b>;q={q}")).q_thousandths(), thousandths, "{q}");
        }
    }

    #[test]
    fn a_person_is_not_in_a_log() {
        let printed = format!("{:?}", parse("\"Alice\" <sip:alice@h>;tag=1"));
        assert_eq!(printed, "\"***\" <sip:***@h>;tag=1");
    }
}
