//! The center's file as JSON, and back.

use hotline_api_types as api;
use hotline_store::CenterVersion;
use hotline_yaml::{Key, Node, Place, Source, Value, read};
use serde_json::{Map, Number, Value as Json};

use super::time;

pub(crate) fn config_version(version: &CenterVersion) -> api::ConfigVersion {
    api::ConfigVersion {
        version: version.number,
        since: time(version.since),
        author: version.author.clone(),
        change: version.change.clone(),
    }
}

/// What a text says; nothing if it cannot be read.
pub(crate) fn to_json(text: &str) -> Json {
    read(&Source::new("", text)).map_or(Json::Null, |node| json(&node.value))
}

/// What a text says there; `None` if nothing.
pub(crate) fn json_at(text: &str, path: &[String]) -> Option<Json> {
    let root = read(&Source::new("", text)).ok()?;
    let mut value = &root.value;
    for key in path {
        value = child(value, key)?;
    }
    Some(json(value))
}

/// A section of a text.
pub(crate) fn section_of(text: &str, section: &str) -> Option<Value> {
    let root = read(&Source::new("", text)).ok()?;
    child(&root.value, section).cloned()
}

fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let Value::Map(entries) = value else { return None };
    entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| &node.value)
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(value) => Json::Number(Number::from(*value)),
        Value::Decimal(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(|item| json(&item.value)).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|(key, node)| (key.text.clone(), json(&node.value))).collect::<Map<_, _>>(),
        ),
    }
}

/// A value of the file. Numbers that it cannot hold become texts, which are refused where a number is needed.
pub(crate) fn from_json(json: &Json) -> Value {
    let node = |json: &Json| Node { value: from_json(json), place: Place::default() };
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(decimal)) if !number.is_u64() => Value::Decimal(decimal),
            (None, _) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(node).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (Key { text: key.clone(), place: Place::default() }, node(value)))
                .collect(),
        ),
    }
}
