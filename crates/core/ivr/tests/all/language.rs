//! The schema and the reference say of the language what its reader does.

use std::path::PathBuf;

use hotline_ivr::{parse, schema, tables, with_tables};
use hotline_yaml::{Node, Source, Value as Yaml};
use serde_json::{Value, json};

use crate::corpus::texts;

fn file(path: &str) -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    (path, text)
}

/// Leaves what the file must be where a person can take it from.
fn expect(path: &str, wanted: &str) {
    let (path, text) = file(path);
    if text != wanted {
        let name = path.file_name().expect("a file");
        let beside = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&beside, wanted).expect("the folder is there");
        panic!("{} is not up to date: copy {} there", path.display(), beside.display());
    }
}

#[test]
fn the_schema_beside_the_flows_is_the_languages() {
    expect("ivr-flows/flow.schema.json", &schema());
}

#[test]
fn the_references_tables_are_the_languages() {
    let (_, text) = file("docs/flows.md");
    for table in tables() {
        assert!(text.contains(&format!("<!-- table: {table} -->\n")), "docs/flows.md has no table `{table}`");
    }
    expect("docs/flows.md", &with_tables(&text));
}

#[test]
fn the_references_examples_read_well() {
    let (_, text) = file("docs/flows.md");
    let mut whole = 0;
    for example in text.split("```yaml\n").skip(1) {
        let example = example.split("```").next().unwrap_or_default();
        let Some(name) = example.lines().find_map(|line| line.strip_prefix("flow: ")) else {
            let indented: String = example.lines().map(|line| format!("  {line}\n")).collect();
            let variables = "variables: {tries: {type: integer, initial: 0}, account: text, extension: text, message: \
                             text, balance: decimal, name: text, wish: text, allowed: boolean, pin: {type: text, \
                             sensitive: true}, due: text, day: text}";
            let flow = format!("flow: x\nlanguages: [en, zh]\n{variables}\nstart: x\nsteps:\n{indented}");
            let read = parse("x.yaml", &flow);
            assert!(read.is_ok(), "{example}\n{}", read.unwrap_err()[0]);
            continue;
        };
        whole += 1;
        let read = parse(&format!("{name}.yaml"), example);
        assert!(read.is_ok(), "{}", read.unwrap_err()[0]);
    }
    assert!(whole > 0, "an example of a whole flow");
}

/// A node as JSON has it.
fn as_json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Integer(number) => json!(number),
        Yaml::Decimal(number) => json!(number),
        Yaml::Text(text) => json!(text),
        Yaml::List(items) => items.iter().map(as_json).collect(),
        Yaml::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.clone(), as_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Whether `value` fits `schema`: the keywords that ours uses, and a panic for any other.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let keywords = schema.as_object().expect("a schema");
    keywords.iter().all(|(keyword, wanted)| fits_keyword(root, keywords, keyword, wanted, value))
}

fn fits_keyword(
    root: &Value,
    schema: &serde_json::Map<String, Value>,
    keyword: &str,
    wanted: &Value,
    value: &Value,
) -> bool {
    let number = || wanted.as_f64().expect("a number");
    let count = || usize::try_from(wanted.as_u64().expect("a count")).expect("a count");
    let length = || value.as_array().map(Vec::len);
    let members = || value.as_object().into_iter().flatten();
    match keyword {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let pointer =
                wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference within");
            fits(root, root.pointer(pointer).expect("it is defined"), value)
        }
        "oneOf" => {
            let fitting = wanted.as_array().expect("schemas").iter().filter(|one| fits(root, one, value));
            fitting.count() == 1
        }
        "enum" => wanted.as_array().expect("values").contains(value),
        "type" => wanted.as_array().map_or_else(
            || is_of_type(wanted, value),
            |types| types.iter().any(|one| is_of_type(one, value)),
        ),
        "pattern" => value.as_str().is_none_or(|text| {
            regex_lite::Regex::new(wanted.as_str().expect("a pattern")).expect("a pattern").is_match(text)
        }),
        "minimum" => value.as_f64().is_none_or(|found| found >= number()),
        "maximum" => value.as_f64().is_none_or(|found| found <= number()),
        "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= count()),
        "minItems" => length().is_none_or(|found| found >= count()),
        "maxItems" => length().is_none_or(|found| found <= count()),
        "minProperties" => value.as_object().is_none_or(|found| found.len() >= count()),
        "maxProperties" => value.as_object().is_none_or(|found| found.len() <= count()),
        "items" => value.as_array().into_iter().flatten().all(|item| fits(root, wanted, item)),
        "propertyNames" => members().all(|(name, _)| fits(root, wanted, &json!(name))),
        "properties" => {
            members().all(|(name, member)| wanted.get(name).is_none_or(|schema| fits(root, schema, member)))
        }
        "required" => {
            let names = wanted.as_array().expect("names").iter().filter_map(Value::as_str);
            value.as_object().is_none_or(|object| names.into_iter().all(|name| object.contains_key(name)))
        }
        "additionalProperties" => {
            let listed = schema.get("properties");
            let others =
                members().filter(|(name, _)| listed.is_none_or(|listed| listed.get(*name).is_none()));
            match wanted.as_bool() {
                Some(allowed) => allowed || others.count() == 0,
                None => others.into_iter().all(|(_, member)| fits(root, wanted, member)),
            }
        }
        other => panic!("unknown keyword {other}"),
    }
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        other => panic!("unknown type {other}"),
    }
}

fn fits_language(text: &str) -> bool {
    let root: Value = serde_json::from_str(&schema()).expect("the schema is JSON");
    let node = hotline_yaml::read(&Source::new("f.yaml", text)).expect("YAML");
    fits(&root, &root, &as_json(&node))
}

#[test]
fn what_reads_well_fits_the_schema() {
    for folder in ["good", "called"] {
        for (name, text) in texts(folder) {
            assert!(fits_language(&text), "{name}");
        }
    }
    for name in ["main", "support"] {
        assert!(fits_language(&file(&format!("ivr-flows/{name}.yaml")).1), "{name}");
    }
}

#[test]
fn wrong_shapes_do_not_fit_the_schema() {
    let mut tried = 0;
    for (name, text) in texts("defects") {
        if text.contains("# a defect of shape") {
            tried += 1;
            assert!(!fits_language(&text), "{name}");
        }
    }
    assert!(tried >= 10, "{tried} defects of shape");
}

/// A value that fits a schema, as small as can be.
fn example(root: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return match reference {
            "#/$defs/expression" => json!("1 == 1"),
            "#/$defs/text" => json!("https://example.net/1"),
            "#/$defs/name" => json!("n"),
            "#/$defs/prompts" => json!(["n"]),
            other => example(root, root.pointer(&other[1..]).expect("it is defined")),
        };
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    match schema.get("type") {
        Some(Value::String(name)) if name == "object" => match schema.get("properties") {
            Some(properties) => {
                let all = properties.as_object().expect("keys");
                all.iter()
                    .map(|(name, one)| (name.clone(), example(root, one)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            None => json!({"1": example(root, &schema["additionalProperties"])}),
        },
        Some(Value::String(name)) if name == "array" => json!([example(root, &schema["items"])]),
        Some(Value::String(name)) if name == "boolean" => json!(true),
        Some(Value::String(name)) if name == "integer" || name == "number" => schema["minimum"].clone(),
        _ => json!("n"),
    }
}

/// The reader knows every key that the schema offers: it may find a value wrong, but never the key.
#[test]
fn the_reader_knows_every_key_of_the_schema() {
    let root: Value = serde_json::from_str(&schema()).expect("the schema is JSON");
    let kinds = root["$defs"]["step"]["oneOf"].as_array().expect("kinds");
    assert_eq!(kinds.len(), 23);
    for kind in kinds {
        let step = example(&root, kind);
        let flow = json!({
            "flow": "n", "languages": ["n"], "start": "n", "parameters": ["n"], "results": ["n"],
            "variables": {"n": {"type": "text", "initial": "x", "sensitive": false}}, "steps": {"n": step},
        });
        let told = parse("n.yaml", &flow.to_string()).err().unwrap_or_default();
        let unknown = told.iter().find(|one| one.problem.contains("unknown k"));
        assert!(unknown.is_none(), "{flow}\n{}", unknown.expect("found"));
    }
}
