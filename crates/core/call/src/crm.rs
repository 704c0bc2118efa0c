//! The page of a customer in another system: an address with places for what is known of the call.

use hotline_base::{CallId, CustomerId, Pii, QueueId};

/// The longest address with its places, in characters.
pub const CRM_URL_CHARS_MAX: usize = 1024;

/// What can stand in braces.
const PLACES: [&str; 5] = ["number", "called", "customer", "call", "queue"];

/// An address with places such as `{number}`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmLink {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(&'static str),
}

/// What is known of a call.
#[derive(Clone, Copy, Debug)]
pub struct CrmFacts<'a> {
    /// The number of the one who is served, normalised if it can be.
    pub number: &'a Pii<String>,
    /// What was dialled.
    pub called: &'a Pii<String>,
    /// The customer, if known.
    pub customer: Option<CustomerId>,
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: Option<&'a QueueId>,
}

/// The address for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmPage {
    /// With everything filled in.
    pub url: Pii<String>,
    /// Whether a telephone number is in it.
    pub tells_number: bool,
}

impl CrmLink {
    /// Reads `https://crm.example/?n={number}`.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !(text.starts_with("https://") || text.starts_with("http://")) {
            return Err("the address must begin with https:// or http://".into());
        }
        if text.chars().count() > CRM_URL_CHARS_MAX {
            return Err(format!("the address is longer than {CRM_URL_CHARS_MAX} characters"));
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err("the address holds a blank or a control character".into());
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) =
                behind.split_once('}').ok_or_else(|| "a `{` has no `}` behind it".to_owned())?;
            let place = PLACES.iter().find(|known| **known == name);
            let place = place
                .ok_or_else(|| format!("there is no `{{{name}}}`; there are {{{}}}", PLACES.join("}, {")))?;
            // Who is asked must not depend on who calls.
            if !before.is_empty() || !parts.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Place(place));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let host_ends = match &parts[0] {
            Part::Text(text) => text
                .split_once("://")
                .is_some_and(|(_, behind)| parts.len() == 1 || behind.contains(['/', '?', '#'])),
            Part::Place(_) => false,
        };
        if !host_ends {
            return Err("the name of the server must stand before the first place".into());
        }
        Ok(Self { parts })
    }

    /// The address for one call; what is not known is empty.
    #[must_use]
    pub fn page(&self, facts: &CrmFacts<'_>) -> CrmPage {
        let (mut url, mut tells_number) = (String::new(), false);
        for part in &self.parts {
            match part {
                Part::Text(text) => url.push_str(text),
                Part::Place("number") => {
                    tells_number = true;
                    encode(&mut url, facts.number.expose());
                }
                Part::Place("called") => {
                    tells_number = true;
                    encode(&mut url, facts.called.expose());
                }
                Part::Place("customer") => {
                    encode(&mut url, &facts.customer.map(|id| id.to_string()).unwrap_or_default());
                }
                Part::Place("call") => encode(&mut url, &facts.call.to_string()),
                Part::Place(_) => encode(&mut url, facts.queue.map_or("", QueueId::as_str)),
            }
        }
        CrmPage { url: Pii::new(url), tells_number }
    }
}

/// RFC 3986 §2.1: everything that is not unreserved (§2.3) is written as bytes.
fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            for digit in [byte >> 4, byte & 15] {
                url.push(char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hotline_base::{Rng, WallTime};

    use super::*;

    fn page(template: &str, number: &str) -> CrmPage {
        let facts = CrmFacts {
            number: &Pii::from(number),
            called: &Pii::from("100"),
            customer: None,
            call: CallId::generate(WallTime(0), &mut Rng::from_seed([0; 32])),
            queue: Some(&"sales".into()),
        };
        CrmLink::parse(template).unwrap().page(&facts)
    }

    #[test]
    fn what_is_filled_in_cannot_leave_its_place() {
        let shown = page("https://crm.example/?n={number}&q={queue}&c={customer}", "+49 30/1&x=ü");
        assert_eq!(shown.url.expose(), "https://crm.example/?n=%2B49%2030%2F1%26x%3D%C3%BC&q=sales&c=");
        assert!(shown.tells_number);
        assert!(!page("https://crm.example/{queue}", "1").tells_number);
    }

    #[test]
    fn addresses_that_are_none_are_refused_in_words() {
        for (template, word) in [
            ("ftp://crm.example", "https://"),
            ("https://{queue}.example/", "server"),
            ("https://crm{queue}/", "server"),
            ("https://crm.example/{nummer}", "nummer"),
            ("https://crm.example/{number", "behind"),
            ("https://crm.example/ x", "blank"),
        ] {
            let problem = CrmLink::parse(template).unwrap_err();
            assert!(problem.contains(word), "{template}: {problem}");
        }
    }
}
