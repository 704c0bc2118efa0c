//! The center's configuration: one document, its sections, its versions.

use core::fmt;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{FieldProblem, FlowMistake, Timestamp};

/// Answer to `GET`, `PUT` of `/api/v1/config` and to a roll-back. Passwords are `***` unless they were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The file as it lies on disk, with its comments; the text in force if what is on disk is no YAML.
    pub text: String,
    /// What it says, by section.
    pub sections: Map<String, Value>,
    /// The version in force; `null` if the database could not be asked.
    pub version: Option<ConfigVersion>,
    /// Whether what is on disk is in force.
    pub is_current: bool,
    /// Why what is on disk is not in force.
    pub mistakes: Vec<FlowMistake>,
    /// Sections whose change counts only once the server is started again.
    pub needs_restart: Vec<String>,
}

/// A part of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigPart {
    /// What it says, as in the file. Passwords are `***` unless they were asked for.
    pub value: Value,
    /// Sections whose change counts only once the server is started again.
    pub needs_restart: Vec<String>,
}

/// Body of `PUT /api/v1/config` and `POST /api/v1/config/check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigDraft {
    /// The whole file; the one on disk if absent. Where a password is `***`, the one that is there stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Parts that are then put into it, in this order, all of them or none; at most 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<ConfigPartDraft>>,
    /// Flows that change with it, by name; `null` takes one away. Others stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<BTreeMap<String, Option<String>>>,
}

/// Only an object: as all can be absent, what is derived would take any short list, too.
impl<'de> Deserialize<'de> for ConfigDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            text: Option<String>,
            parts: Option<Vec<ConfigPartDraft>>,
            flows: Option<BTreeMap<String, Option<String>>>,
        }
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `text`, `parts` or `flows`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fields, A::Error> {
                Fields::deserialize(MapAccessDeserializer::new(map))
            }
        }
        let Fields { text, parts, flows } = deserializer.deserialize_map(Object)?;
        Ok(Self { text, parts, flows })
    }
}

/// A part of the configuration as it is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigPartDraft {
    /// The section: `queues`, `routes`.
    pub section: String,
    /// The entry of it; the section as a whole if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is to say; `null` takes it away. Where a password is `***`, the one that is there stays.
    pub value: Value,
}

/// Answer to `POST /api/v1/config/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigCheck {
    /// Fields that are wrong.
    pub errors: Vec<FieldProblem>,
    /// Mistakes with their places, those of flows included. Without any it could come into force.
    pub mistakes: Vec<FlowMistake>,
    /// Sections whose change would count only once the server is started again.
    pub needs_restart: Vec<String>,
    /// What differs from the file on disk, in the unified form; empty if nothing does.
    pub diff: String,
}

/// A configuration that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigVersion {
    /// Counted from 1, the oldest.
    pub version: u64,
    /// In force from here until the next version.
    pub since: Timestamp,
    /// The user who changed it; `file` if the file was changed on disk.
    pub author: String,
    /// What was changed: `queues/sales`, `center.yaml`, `version 3`.
    pub change: String,
}

/// Answer to `GET /api/v1/config/versions`, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigVersionList {
    /// The versions.
    pub versions: Vec<ConfigVersion>,
    /// The cursor of the next page; `null` at the end.
    pub next: Option<String>,
}

/// Answer to `GET /api/v1/config/versions/{version}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigVersionText {
    /// The version.
    #[serde(flatten)]
    pub version: ConfigVersion,
    /// Its text. Passwords are `***`.
    pub text: String,
}

/// Answer to `GET /api/v1/config/diff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigDiff {
    /// In the unified form; empty if nothing differs. A password that is another one shows as `*** (another)`.
    pub diff: String,
}

/// Body of `POST /api/v1/config/rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigRollback {
    /// The version whose text comes into force as a new one.
    pub version: u64,
}
