//! The schema of the center's file fits what is read: the shipped file, and everything that the documentation shows.

use hotline_config::{SECTIONS, center_schema, section_schema};
use hotline_yaml::{Node, Source, Value as Yaml, read};
use serde_json::{Value, json};

/// A node as JSON has it.
fn as_json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Integer(number) => json!(number),
        Yaml::Decimal(number) => json!(number),
        Yaml::Text(text) => json!(text),
        Yaml::List(items) => items.iter().map(as_json).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.text.clone(), as_json(value)));
            Value::Object(entries.collect())
        }
    }
}

/// The first place at which `value` does not fit `schema`: the keywords that ours uses, and a panic for any other.
fn misfit(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let keywords = schema.as_object().expect("a schema");
    let here = |fits: bool| (!fits).then(|| format!("{at}: {value}"));
    let length = || value.as_array().map_or(1, Vec::len) as u64;
    let members = || value.as_object().into_iter().flatten();
    keywords.iter().find_map(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" => None,
        "$ref" => {
            let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("within");
            misfit(root, root.pointer(pointer).expect("it is defined"), value, at)
        }
        "anyOf" => {
            let any = wanted.as_array().expect("schemas");
            here(any.iter().any(|one| misfit(root, one, value, at).is_none()))
        }
        "enum" => here(wanted.as_array().expect("values").contains(value)),
        "type" => {
            let types = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
            here(types.iter().any(|one| is_of_type(one, value)))
        }
        "pattern" => {
            assert_eq!(wanted, "^[A-Za-z0-9_-]{1,64}$");
            here(value.as_str().is_some_and(hotline_yaml::is_name))
        }
        "minimum" => here(value.as_f64() >= wanted.as_f64()),
        "maximum" => here(value.as_f64() <= wanted.as_f64()),
        "minItems" => here(length() >= wanted.as_u64().expect("a count")),
        "maxItems" => here(length() <= wanted.as_u64().expect("a count")),
        "items" => value
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|item| misfit(root, wanted, item, &format!("{at}[]"))),
        "propertyNames" => members().find_map(|(name, _)| misfit(root, wanted, &json!(name), at)),
        "properties" => members()
            .find_map(|(name, member)| misfit(root, wanted.get(name)?, member, &format!("{at}.{name}"))),
        "required" => {
            let mut names = wanted.as_array().expect("names").iter().filter_map(Value::as_str);
            here(names.all(|name| value.get(name).is_some()))
        }
        "additionalProperties" => members()
            .filter(|(name, _)| schema.get("properties").is_none_or(|listed| listed.get(*name).is_none()))
            .find_map(|(name, member)| {
                if wanted.is_object() {
                    misfit(root, wanted, member, &format!("{at}.{name}"))
                } else {
                    Some(format!("{at}.{name} is not known"))
                }
            }),
        other => panic!("unknown keyword {other}"),
    })
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

fn center_misfit(text: &str) -> Option<String> {
    let root = center_schema();
    misfit(&root, &root, &as_json(&read(&Source::new("center.yaml", text)).expect("YAML")), "")
}

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../config/center.yaml");

#[test]
fn the_shipped_center_fits() {
    let text = std::fs::read_to_string(SHIPPED).expect("the shipped center");
    assert_eq!(center_misfit(&text), None);
}

#[test]
fn what_the_reader_refuses_does_not_fit() {
    let text = std::fs::read_to_string(SHIPPED).expect("the shipped center");
    for (good, bad) in [
        ("ring_timeout_s: 15", "ring_timeout_s: 1"),
        ("strategy: longest_idle", "strategy: longest"),
        ("name: Sales", "nam: Sales"),
        ("extension: \"1001\"", "extension: 1001"),
        ("members: [\"1002\", \"1003\"]", "members: []"),
    ] {
        let wrong = text.replacen(good, bad, 1);
        assert_ne!(wrong, text, "{good} is in the shipped center");
        assert!(center_misfit(&wrong).is_some(), "{bad}");
    }
}

#[test]
fn every_section_has_a_schema_of_its_own_that_says_what_it_is_for() {
    for section in SECTIONS {
        let schema = section_schema(section).expect("there is one");
        assert!(schema["description"].as_str().is_some_and(|about| about.ends_with('.')), "{section}");
    }
    assert!(section_schema("nonsense").is_none());
    let groups = section_schema("groups").expect("there is one");
    let value = json!({ "early": { "label": "Early", "leaders": ["1001"], "members": ["1001"] } });
    assert_eq!(misfit(&groups, &groups, &value, ""), None);
}
