//! The language of flows as a JSON Schema (draft 2020-12), from which editors complete and check what is typed.

use core::fmt::Write as _;

use crate::decode::{MAX_ENTRIES, MAX_LANGUAGES, MAX_PROMPTS, MAX_RETRIES, MAX_STEPS, MAX_VARIABLES};
use crate::expression::{MAX_TEXT, MAX_WRITTEN};
use crate::format::{CURRENCIES, DECLARATION, Field, SPOKEN, Shape, TOP, TYPES, kinds};
use crate::sequence::{KEYS, MAX_SEQUENCE};

/// What a name looks like.
const NAME: &str = r#"{"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}"#;

/// The JSON Schema of a flow, as `hotline schema ivr` prints it.
#[must_use]
pub fn schema() -> String {
    let steps = kinds().iter().map(|kind| {
        let properties = [property(kind.name, kind.about, &shape(kind.shape))];
        object("A step.", &properties, &[kind.name])
    });
    let definitions = [
        ("name", NAME.to_owned()),
        ("key", key()),
        ("prompts", prompts()),
        ("step", format!(r#"{{"oneOf": [{}]}}"#, steps.collect::<Vec<_>>().join(", "))),
        ("variable", variable()),
        ("expression", expression()),
        ("text", format!(r#"{{"type": "string", "maxLength": {MAX_TEXT}}}"#)),
    ];
    let definitions: Vec<String> =
        definitions.iter().map(|(name, body)| format!("{}: {body}", quoted(name))).collect();
    let fields = of_fields("A flow: what callers hear and which keys lead where.", TOP);
    let inside = fields.strip_prefix('{').unwrap_or(&fields);
    let whole = format!(
        r#"{{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Hotline IVR flow", "$defs": {{{}}}, {inside}"#,
        definitions.join(", ")
    );
    indented(&whole)
}

/// A mapping with these keys.
fn of_fields(about: &str, fields: &[Field]) -> String {
    let properties: Vec<String> =
        fields.iter().map(|field| property(field.name, field.about, &shape(field.shape))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    object(about, &properties, &required)
}

fn object(about: &str, properties: &[String], required: &[&str]) -> String {
    let required: Vec<String> = required.iter().map(|name| quoted(name)).collect();
    let about =
        if about.is_empty() { String::new() } else { format!(r#""description": {}, "#, quoted(about)) };
    format!(
        r#"{{{about}"type": "object", "properties": {{{}}}, "required": [{}], "additionalProperties": false}}"#,
        properties.join(", "),
        required.join(", ")
    )
}

/// One key with what it means.
fn property(name: &str, about: &str, body: &str) -> String {
    let inside = body.strip_prefix('{').unwrap_or(body);
    format!(r#"{}: {{"description": {}, {inside}"#, quoted(name), quoted(about))
}

fn shape(shape: Shape) -> String {
    match shape {
        Shape::Step | Shape::Name => reference("name"),
        Shape::Prompts => reference("prompts"),
        Shape::Boolean => r#"{"type": "boolean"}"#.to_owned(),
        Shape::Seconds(least, most) => {
            format!(r#"{{"type": "number", "minimum": {least}, "maximum": {most}}}"#)
        }
        Shape::Count(least, most) => {
            format!(r#"{{"type": "integer", "minimum": {least}, "maximum": {most}}}"#)
        }
        Shape::Key => reference("key"),
        Shape::Keys => format!(
            r#"{{"type": "object", "propertyNames": {}, "additionalProperties": {}, "minProperties": 1}}"#,
            reference("key"),
            reference("name")
        ),
        Shape::KeySequences => format!(
            r#"{{"type": "object", "propertyNames": {{"pattern": "^[{KEYS}]{{1,{MAX_SEQUENCE}}}$"}}, "additionalProperties": {}, "minProperties": 1}}"#,
            reference("name")
        ),
        Shape::Expression => reference("expression"),
        Shape::Template | Shape::Text => reference("text"),
        Shape::Scalar => r#"{"type": ["string", "number", "boolean"]}"#.to_owned(),
        Shape::Retries => list(&reference("prompts"), MAX_RETRIES),
        Shape::OneOf(names) => format!(r#"{{"enum": [{}]}}"#, all_quoted(names)),
        Shape::Assignments => map(&reference("expression")),
        Shape::Templates => map(r#"{"type": ["string", "number", "boolean"]}"#),
        Shape::Headers => map(&reference("text")),
        Shape::Names => map(r#"{"type": "string"}"#),
        Shape::Levels => map(r#"{"type": "integer", "minimum": 1, "maximum": 10}"#),
        Shape::Counts => list(r#"{"type": "integer", "minimum": 1, "maximum": 32}"#, 32),
        Shape::Languages => list(&reference("name"), MAX_LANGUAGES),
        Shape::Variables => list(&reference("name"), MAX_VARIABLES),
        Shape::Declarations => sized_map(&reference("variable"), 0, MAX_VARIABLES),
        Shape::Steps => sized_map(&reference("step"), 1, MAX_STEPS),
        Shape::Fields(fields) => of_fields("", fields),
        Shape::List(fields) => list(&of_fields("", fields), MAX_ENTRIES),
    }
}

fn reference(name: &str) -> String {
    format!(r##"{{"$ref": "#/$defs/{name}"}}"##)
}

fn list(items: &str, most: usize) -> String {
    format!(r#"{{"type": "array", "items": {items}, "minItems": 1, "maxItems": {most}}}"#)
}

fn map(values: &str) -> String {
    format!(r#"{{"type": "object", "additionalProperties": {values}, "maxProperties": {MAX_ENTRIES}}}"#)
}

fn sized_map(values: &str, least: usize, most: usize) -> String {
    let names = reference("name");
    format!(
        r#"{{"type": "object", "propertyNames": {names}, "additionalProperties": {values}, "minProperties": {least}, "maxProperties": {most}}}"#
    )
}

/// YAML reads `1:` as a number, and JSON Schema sees the text that a key always is in JSON.
fn key() -> String {
    let keys: Vec<String> = KEYS.chars().map(|key| quoted(&key.to_string())).collect();
    format!(r#"{{"enum": [{}]}}"#, keys.join(", "))
}

fn prompts() -> String {
    let mut kinds: Vec<String> = vec![reference("name")];
    for name in SPOKEN.iter().filter(|name| **name != "money") {
        kinds.push(object(
            &format!("A value said as {name}."),
            &[property(name, "the value", &reference("expression"))],
            &[name],
        ));
    }
    let money = [
        property("money", "the amount", &reference("expression")),
        property("currency", "its currency", &format!(r#"{{"enum": [{}]}}"#, all_quoted(CURRENCIES))),
    ];
    kinds.push(object("An amount of money.", &money, &["money", "currency"]));
    let speak = property("speak", "the text", &reference("text"));
    kinds.push(object("A text said by the speech engine.", &[speak], &["speak"]));
    let recorded = property("recorded", "the variable of a `record` step", &reference("name"));
    kinds.push(object("What the caller recorded before.", &[recorded], &["recorded"]));
    list(&format!(r#"{{"oneOf": [{}]}}"#, kinds.join(", ")), MAX_PROMPTS)
}

fn variable() -> String {
    format!(r#"{{"oneOf": [{{"enum": [{}]}}, {}]}}"#, all_quoted(TYPES), of_fields("", DECLARATION))
}

fn expression() -> String {
    format!(
        r#"{{"oneOf": [{{"type": "string", "maxLength": {MAX_WRITTEN}}}, {{"type": "number"}}, {{"type": "boolean"}}]}}"#
    )
}

fn all_quoted(names: &[&str]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                json.push('\\');
                json.push(c);
            }
            c if c.is_control() => {
                write!(json, "\\u{:04x}", u32::from(c)).expect("a string takes everything")
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// The same JSON, a line for each member.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(c) = chars.next() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_text = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                if chars.peek().is_some_and(|next| *next != '}' && *next != ']') {
                    depth += 1;
                    line(&mut out, depth);
                } else if let Some(end) = chars.next() {
                    out.push(end);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ' ' if out.ends_with(' ') || out.ends_with('\n') || !out.ends_with(':') => {}
            c => out.push(c),
        }
    }
    out.push('\n');
    out
}
