//! Values as YAML text: short ones on one line, others by lines.

use crate::Value;

/// The longest collection that is written on one line, in characters.
const LINE_MAX: usize = 90;

/// On one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "~".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Decimal(value) => format!("{value:?}"),
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|(key, node)| format!("{}: {}", scalar(&key.text), flow(&node.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// By lines, the first one without its indentation, which is `indent`; without the last line's end.
pub(crate) fn block(value: &Value, indent: usize) -> String {
    let margin = format!("\n{}", " ".repeat(indent));
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            let lines = entries.iter().map(|(key, node)| entry(&key.text, &node.value, indent));
            lines.collect::<Vec<_>>().join(&margin)
        }
        Value::List(items) if !items.is_empty() => {
            let lines = items.iter().map(|item| {
                let text =
                    if is_short(&item.value) { flow(&item.value) } else { block(&item.value, indent + 2) };
                format!("- {text}")
            });
            lines.collect::<Vec<_>>().join(&margin)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => flow(value),
    }
}

/// An entry of a mapping that is written by lines at `indent`, the first line without its indentation.
pub(crate) fn entry(key: &str, value: &Value, indent: usize) -> String {
    let key = scalar(key);
    if is_beside(value, indent) {
        return format!("{key}: {}", flow(value));
    }
    let below = indent + 2;
    format!("{key}:\n{}{}", " ".repeat(below), block(value, below))
}

/// Whether it stands on the line of its key, which begins at `indent`. A mapping at the margin, and what has a name of its own
/// there, reads best by lines.
pub(crate) fn is_beside(value: &Value, indent: usize) -> bool {
    let by_lines = indent < 4 && matches!(value, Value::Map(entries) if !entries.is_empty());
    is_short(value) && !by_lines
}

/// Whether one line is enough.
pub(crate) fn is_short(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Text(_) => true,
        Value::List(items) if items.is_empty() => true,
        Value::Map(entries) if entries.is_empty() => true,
        Value::List(_) | Value::Map(_) => flow(value).chars().count() <= LINE_MAX,
    }
}

/// Bare where nothing else could be meant, else in quotes.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "_- ./".contains(one))
        && !text.ends_with([' ', '-'])
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for one in text.chars() {
        match one {
            '"' | '\\' => quoted.extend(['\\', one]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // A text takes whatever is written into it.
            one if one.is_control() || ('\u{2028}'..='\u{2029}').contains(&one) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(one)));
            }
            one => quoted.push(one),
        }
    }
    quoted.push('"');
    quoted
}

/// What some reader of YAML takes for something else than a text.
const WORDS: [&str; 13] =
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "none"];
