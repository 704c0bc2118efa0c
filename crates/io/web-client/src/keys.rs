//! Header fields that services get besides what a flow writes: keys and tokens of the server's configuration.

use std::sync::Arc;

use hotline_base::Pii;
use http::header::{HeaderName, HeaderValue};

use crate::Failure;
use crate::limits::{HEADERS_MAX, HEADERS_SIZE_MAX, URL_MAX};
use crate::request::RESERVED;

/// A name and a value that no log shows.
pub type Field = (String, Pii<String>);

/// Which addresses get which header fields. Cheap to clone; `Debug` shows no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    keys: Arc<[Key]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// Scheme, host and port.
    place: Place,
    /// What the rest of the address begins with.
    path: String,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    scheme: String,
    host: String,
    port: u16,
}

impl Keys {
    /// Keys by the beginnings of addresses with `http`, `https`, `ws` or `wss`.
    ///
    /// # Errors
    /// [`Failure::BadUrl`] for what is no address, [`Failure::BadRequest`] for header fields that cannot be sent.
    pub fn new(keys: impl IntoIterator<Item = (String, Vec<Field>)>) -> Result<Self, Failure> {
        let keys: Result<Vec<Key>, Failure> =
            keys.into_iter().map(|(url, fields)| key(&url, fields)).collect();
        Ok(Self { keys: keys?.into() })
    }

    /// The header fields for an address: those of every beginning that fits, in their order.
    pub fn fields(&self, url: &str) -> impl Iterator<Item = &Field> {
        let split = if self.keys.is_empty() { None } else { split(url) };
        let fitting = self.keys.iter().filter(move |key| {
            split.as_ref().is_some_and(|(place, path)| key.place == *place && is_below(path, &key.path))
        });
        fitting.flat_map(|key| &key.fields)
    }
}

fn key(url: &str, fields: Vec<Field>) -> Result<Key, Failure> {
    let (place, path) = split(url).ok_or(Failure::BadUrl)?;
    let size: usize = fields.iter().map(|(name, value)| name.len() + value.expose().len()).sum();
    if fields.len() > HEADERS_MAX || size > HEADERS_SIZE_MAX {
        return Err(Failure::BadRequest);
    }
    for (name, value) in &fields {
        let name: HeaderName = name.parse().map_err(|_| Failure::BadRequest)?;
        let value: Result<HeaderValue, _> = value.expose().parse();
        if value.is_err() || RESERVED.contains(&name) {
            return Err(Failure::BadRequest);
        }
    }
    Ok(Key { place, path: path.to_owned(), fields })
}

/// An address as scheme, host and port, and the rest without its first `/`; `None` for one that is never asked.
fn split(url: &str) -> Option<(Place, &str)> {
    if url.len() > URL_MAX {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // Whatever could be taken for another host is none.
    let authority: http::uri::Authority = authority.parse().ok().filter(|_| !authority.contains('@'))?;
    let port = authority.port_u16().unwrap_or(default_port);
    let host = authority.host().to_ascii_lowercase();
    let place = Place { scheme, host, port };
    (!place.host.is_empty()).then_some((place, path.strip_prefix('/').unwrap_or(path)))
}

/// Whether a path is one of `beginning`: `api` has `api/x` and `api?x`, and not `apis`.
fn is_below(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| {
        beginning.is_empty()
            || beginning.ends_with('/')
            || rest.is_empty()
            || rest.starts_with(['/', '?', '#'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(beginnings: &[&str]) -> Keys {
        let field = |url: &str| vec![("X-Key".to_owned(), Pii::new(format!("for {url}")))];
        Keys::new(beginnings.iter().map(|url| ((*url).to_owned(), field(url)))).expect("good keys")
    }

    fn got(keys: &Keys, url: &str) -> usize {
        keys.fields(url).count()
    }

    #[test]
    fn only_what_begins_like_the_configured_address_gets_the_key() {
        let keys = keys(&["https://crm.example/api"]);
        for fits in
            ["https://crm.example/api", "https://CRM.example:443/api/x?y=1", "HTTPS://crm.example/api?x"]
        {
            assert_eq!(got(&keys, fits), 1, "{fits}");
        }
        for other in [
            "http://crm.example/api",
            "https://crm.example/",
            "https://crm.example/apis",
            "https://crm.example.evil.example/api",
            "https://crm.example:8443/api",
            "https://crm.example@evil.example/api",
            "https://evil.example/https://crm.example/api",
            "wss://crm.example/api",
            "crm.example/api",
        ] {
            assert_eq!(got(&keys, other), 0, "{other}");
        }
    }

    #[test]
    fn a_host_alone_has_all_of_its_paths_and_every_beginning_that_fits_counts() {
        let keys = keys(&["wss://bot.example", "wss://bot.example/talk/"]);
        assert_eq!((got(&keys, "wss://bot.example/"), got(&keys, "wss://bot.example/talk/1")), (1, 2));
        assert_eq!(got(&Keys::default(), "wss://bot.example/"), 0);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_and_values_are_never_shown() {
        let one = |url: &str, name: &str, value: &str| {
            Keys::new([(url.to_owned(), vec![(name.to_owned(), Pii::new(value.to_owned()))])])
        };
        assert_eq!(one("ftp://a", "x", "y").err(), Some(Failure::BadUrl));
        assert_eq!(one("https://a", "x y", "y").err(), Some(Failure::BadRequest));
        assert_eq!(one("https://a", "Host", "y").err(), Some(Failure::BadRequest));
        assert_eq!(one("https://a", "x", "y\nz").err(), Some(Failure::BadRequest));
        let shown = format!("{:?}", one("https://a", "x", "hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
