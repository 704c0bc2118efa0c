//! The shapes of bodies. What the server reads and what it writes differ in what may be left out, so each is generated on
//! its own; those that come out the same both ways have one name.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

const READ: &str = "#/components/read/";
const WRITTEN: &str = "#/components/schemas/";

/// See the module.
pub(crate) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = |path: &str| {
            let path = path.trim_start_matches('#').trim_end_matches('/').to_owned();
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings(READ).for_deserialize().into_generator(),
            written: settings(WRITTEN).for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// What the server reads.
    pub(crate) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// What the server writes.
    pub(crate) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// The fields of an object, each with whether it must be there.
    pub(crate) fn fields<T: JsonSchema>(&mut self) -> Vec<(String, bool, Value)> {
        let mut schema = T::json_schema(&mut self.read).to_value();
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let Some(Value::Object(fields)) = schema.get_mut("properties").map(Value::take) else {
            return Vec::new();
        };
        // Text in an address cannot be null: what is not there is left out.
        let fields =
            fields.into_iter().map(|(name, schema)| (required.contains(&name), name, never_null(schema)));
        fields.map(|(required, name, schema)| (name, required, schema)).collect()
    }

    /// All shapes by name, and `paths` with references to these names alone.
    pub(crate) fn finish(mut self, paths: &mut Value) -> Map<String, Value> {
        let mut written = self.written.take_definitions(true);
        let read = self.read.take_definitions(true);
        let names = names_of_read(&read, &written);
        for (name, mut schema) in read {
            let Some(new) = names.get(&name) else { continue };
            rename(&mut schema, &names);
            written.entry(new.clone()).or_insert(schema);
        }
        rename(paths, &names);
        written
    }
}

/// By which name each shape that is read goes: its own, unless the one that is written differs.
fn names_of_read(read: &Map<String, Value>, written: &Map<String, Value>) -> BTreeMap<String, String> {
    let own: BTreeMap<String, String> = read.keys().map(|name| (name.clone(), name.clone())).collect();
    let mut differing = BTreeSet::new();
    loop {
        let before = differing.len();
        for (name, schema) in read {
            let mut same = schema.clone();
            rename(&mut same, &own);
            let leads_to = references(schema).iter().any(|other| differing.contains(other));
            if leads_to || written.get(name).is_some_and(|other| *other != same) {
                differing.insert(name.clone());
            }
        }
        if differing.len() == before {
            break;
        }
    }
    let differs = |name: &String| written.contains_key(name) && differing.contains(name);
    let name = |name: &String| if differs(name) { format!("{name}Input") } else { name.clone() };
    read.keys().map(|own| (own.clone(), name(own))).collect()
}

fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix(READ));
            found.extend(name.map(str::to_owned));
            found.extend(fields.values().flat_map(references));
        }
        Value::Array(entries) => found.extend(entries.iter().flat_map(references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

fn rename(schema: &mut Value, names: &BTreeMap<String, String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(READ)
            {
                let name = names.get(name).map_or(name, String::as_str);
                *reference = format!("{WRITTEN}{name}");
            }
            fields.values_mut().for_each(|schema| rename(schema, names));
        }
        Value::Array(entries) => entries.iter_mut().for_each(|schema| rename(schema, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn never_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    schema
}
