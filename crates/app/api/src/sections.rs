//! The sections of the center's file, as they stand in paths.

use hotline_config::SECTIONS;
use serde::{Deserialize, Deserializer, de};

/// One of [`SECTIONS`].
pub(crate) struct Section(pub(crate) String);

/// One of [`SECTIONS`], and the name of an entry.
pub(crate) struct Part(pub(crate) String, pub(crate) String);

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        known(String::deserialize(deserializer)?).map(Self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (section, name) = <(String, String)>::deserialize(deserializer)?;
        Ok(Self(known(section)?, name))
    }
}

/// Whether it is one of [`SECTIONS`].
pub(crate) fn is_section(section: &str) -> bool {
    SECTIONS.contains(&section)
}

fn known<E: de::Error>(section: String) -> Result<String, E> {
    if is_section(&section) { Ok(section) } else { Err(E::custom("there is no such section")) }
}
