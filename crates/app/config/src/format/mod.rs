//! What can be written in the center's file: one table for each mapping. The reader takes its keys from them, and the JSON Schema
//! is made of them.

mod tables;

use serde_json::{Map, Value, json};

pub(crate) use tables::*;

/// One key of a mapping.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    /// What it means, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
}

/// What a value looks like.
pub(crate) enum Shape {
    Text,
    /// Letters, digits, `_` and `-`.
    Name,
    Boolean,
    /// A whole number in these limits.
    Count(i64, i64),
    /// Seconds in these limits, whole or decimal.
    Seconds(u32, u32),
    OneOf(&'static [&'static str]),
    /// A list of 1 to so many.
    List(&'static Self, usize),
    /// Any keys with such values.
    Map(&'static Self),
    Fields(&'static [Field]),
    /// Names or groups of names in one another.
    Dispositions,
    /// Nothing, or a text.
    TextOrNothing,
    /// One of these.
    Either(&'static [Self]),
}

/// The keys of a mapping, for the reader.
pub(crate) const fn names<const N: usize>(table: &[Field; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = table[at].name;
        at += 1;
    }
    names
}

/// The JSON Schema (draft 2020-12) of the center's file; its sections are its properties.
#[must_use]
pub fn center_schema() -> Value {
    let mut whole = object(&CENTER);
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!("Hotline center"));
    let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" });
    let dispositions = json!({
        "type": "object",
        "propertyNames": { "$ref": "#/$defs/name" },
        "additionalProperties": { "anyOf": [{ "type": "string" }, {
            "type": "object",
            "properties": { "name": { "type": "string" }, "codes": { "$ref": "#/$defs/dispositions" } },
            "required": ["name", "codes"],
            "additionalProperties": false,
        }] },
    });
    whole.insert("$defs".to_owned(), json!({ "name": name, "dispositions": dispositions }));
    Value::Object(whole)
}

/// The JSON Schema of one section, with what it refers to; `None` if there is no such section.
#[must_use]
pub fn section_schema(section: &str) -> Option<Value> {
    let mut whole = center_schema();
    let definitions = whole["$defs"].take();
    let mut schema = whole["properties"].get(section)?.clone();
    schema["$schema"] = whole["$schema"].take();
    schema["title"] = json!(section);
    schema["$defs"] = definitions;
    Some(schema)
}

fn object(table: &[Field]) -> Map<String, Value> {
    let property = |field: &Field| {
        let mut schema = shape(&field.shape);
        schema.insert("description".to_owned(), json!(field.about));
        (field.name.to_owned(), Value::Object(schema))
    };
    let properties: Map<String, Value> = table.iter().map(property).collect();
    let required: Vec<&str> =
        table.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    into_map(schema)
}

fn shape(of: &Shape) -> Map<String, Value> {
    into_map(match of {
        Shape::Text => json!({ "type": "string" }),
        Shape::Name => json!({ "$ref": "#/$defs/name" }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Seconds(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::List(items, most) => {
            json!({ "type": "array", "items": shape(items), "minItems": 1, "maxItems": most })
        }
        Shape::Map(values) => json!({ "type": "object", "additionalProperties": shape(values) }),
        Shape::Fields(table) => return object(table),
        Shape::Dispositions => json!({ "$ref": "#/$defs/dispositions" }),
        Shape::TextOrNothing => json!({ "type": ["string", "null"] }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(shape).collect::<Vec<_>>() }),
    })
}

fn into_map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!("every schema is an object") };
    map
}
