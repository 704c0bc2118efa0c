//! Changes values of a document and leaves its comments, its order and its style as they are.
//!
//! Every change is read again before it is given back: what comes out says what was asked for, or there is an error.

use core::ops::Range;

use crate::layout::{Form, Parts, Spot, layout};
use crate::write::{block, entry, flow, is_beside};
use crate::{Diagnostic, Place, Source, Value, read};

/// Steps of one change beyond which a collection is written as a whole.
const STEPS_MAX: usize = 100;

/// Why a text cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text before cannot be read.
    #[error("the file cannot be read")]
    Unreadable(Box<Diagnostic>),
    /// There is something else than a mapping on the way.
    #[error("`{0}` is no mapping")]
    NoMapping(String),
    /// The text could not be written so that it says what it is to say.
    #[error("the file is written in a way that cannot be changed value by value")]
    Unwritable,
}

/// A text that stands alone, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The keys that lead there; items of lists by their number.
    pub path: Vec<String>,
    /// The bytes that it takes.
    pub bytes: Range<usize>,
    /// What it says, if it is a text.
    pub text: Option<String>,
}

/// The text with another value at `path`; `None` takes the entry away. What is the same already stays as it is written.
///
/// # Errors
/// [`EditError`]. A path into an absent mapping makes it.
pub fn edit(text: &str, path: &[&str], value: Option<&Value>) -> Result<String, EditError> {
    let wanted = with(&tree(text)?.node.value, path, value)?;
    let mut changed = text.to_owned();
    for _ in 0..STEPS_MAX {
        let spot = tree(&changed)?;
        if same(&spot.node.value, &wanted) {
            return Ok(changed);
        }
        let Some((bytes, text)) = difference(&changed, &spot, &wanted, 0) else { break };
        changed.replace_range(bytes, &text);
    }
    // By steps it does not work out: the entry of the document is written as a whole.
    let spot = tree(text)?;
    let changed = whole(text, &spot, path, &wanted).ok_or(EditError::Unwritable)?;
    if same(&tree(&changed)?.node.value, &wanted) { Ok(changed) } else { Err(EditError::Unwritable) }
}

/// Everything that stands alone, in the order of the text.
///
/// # Errors
/// [`EditError::Unreadable`].
pub fn scalars(text: &str) -> Result<Vec<Scalar>, EditError> {
    let (mut found, mut path) = (Vec::new(), Vec::new());
    collect(&tree(text)?, &mut path, &mut found);
    Ok(found)
}

/// The keys that lead to the innermost value that stands at `place`, as `queues.sales.members.0`; empty for none.
#[must_use]
pub fn field_at(text: &str, place: Place) -> String {
    let Ok(spot) = tree(text) else { return String::new() };
    let line = usize::try_from(place.line).unwrap_or(1).saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    let at = before + text[before.min(text.len())..].chars().take(column).map(char::len_utf8).sum::<usize>();
    let mut path = Vec::new();
    descend(&spot, at, &mut path);
    path.join(".")
}

/// Where the value at these keys begins; `None` if there is none.
#[must_use]
pub fn place_at(text: &str, path: &[&str]) -> Option<Place> {
    let mut node = read(&Source::new("", text)).ok()?;
    for key in path {
        let Value::Map(entries) = node.value else { return None };
        node = entries.into_iter().find(|(known, _)| known.text == *key)?.1;
    }
    Some(node.place)
}

/// Whether two values say the same, in whatever order.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Decimal(one), Value::Decimal(other)) => one == other,
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| same(&one.value, &other.value))
        }
        (Value::Map(one), Value::Map(other)) => {
            let has = |key: &str, value: &Value| {
                other.iter().any(|(known, node)| known.text == key && same(value, &node.value))
            };
            one.len() == other.len() && one.iter().all(|(key, node)| has(&key.text, &node.value))
        }
        (
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_),
            _,
        ) => false,
    }
}

fn tree(text: &str) -> Result<Spot, EditError> {
    layout(&Source::new("", text)).map_err(|mistake| EditError::Unreadable(Box::new(mistake)))
}

/// The whole value with another one at `path`.
fn with(whole: &Value, path: &[&str], value: Option<&Value>) -> Result<Value, EditError> {
    let Some((first, rest)) = path.split_first() else { return Ok(value.cloned().unwrap_or(Value::Null)) };
    let mut entries = match whole {
        Value::Map(entries) => entries.clone(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Text(_) | Value::List(_) => {
            return Err(EditError::NoMapping((*first).to_owned()));
        }
    };
    let at = entries.iter().position(|(key, _)| key.text == *first);
    match (at, value) {
        (None, None) => {}
        (Some(at), None) if rest.is_empty() => drop(entries.remove(at)),
        (Some(at), _) => entries[at].1.value = with(&entries[at].1.value, rest, value)?,
        (None, Some(_)) => {
            let key = crate::Key { text: (*first).to_owned(), place: Place::default() };
            let value = with(&Value::Null, rest, value)?;
            entries.push((key, crate::Node { value, place: Place::default() }));
        }
    }
    Ok(Value::Map(entries))
}

/// The first piece of text that is to be another one.
fn difference(text: &str, spot: &Spot, wanted: &Value, indent: usize) -> Option<(Range<usize>, String)> {
    match (&spot.form, wanted) {
        (Form::Block(Parts::Map(entries)), Value::Map(wanted)) if !wanted.is_empty() => {
            map_difference(text, entries, wanted, column(text, spot.bytes.start))
        }
        (Form::Block(Parts::List(items)), Value::List(wanted)) if items.len() == wanted.len() => {
            let differs =
                items.iter().zip(wanted).find(|(item, wanted)| !same(&item.node.value, &wanted.value));
            differs.and_then(|(item, wanted)| {
                difference(text, item, &wanted.value, column(text, item.bytes.start))
            })
        }
        (Form::Block(_), Value::Map(entries)) if entries.is_empty() => {
            Some((spot.bytes.clone(), "{}".to_owned()))
        }
        (Form::Block(_), wanted) => Some((spot.bytes.clone(), block(wanted, column(text, spot.bytes.start)))),
        (Form::Flow(_), wanted) => Some((spot.bytes.clone(), flow(wanted))),
        (Form::Scalar, wanted) if spot.bytes.is_empty() && spot.bytes.start == 0 => {
            Some((0..0, format!("{}\n", block(wanted, 0))))
        }
        (Form::Scalar, wanted) if is_beside(wanted, indent) => {
            let space = if spot.bytes.is_empty() { " " } else { "" };
            Some((spot.bytes.clone(), format!("{space}{}", flow(wanted))))
        }
        (Form::Scalar, wanted) => {
            let below = indent + 2;
            Some((spot.bytes.clone(), format!("\n{}{}", " ".repeat(below), block(wanted, below))))
        }
    }
}

fn map_difference(
    text: &str,
    entries: &[(String, Range<usize>, Spot)],
    wanted: &[(crate::Key, crate::Node)],
    indent: usize,
) -> Option<(Range<usize>, String)> {
    for (key, key_bytes, spot) in entries {
        match wanted.iter().find(|(known, _)| known.text == *key) {
            None => return removal(text, key_bytes, spot),
            Some((_, node)) if !same(&spot.node.value, &node.value) => {
                return difference(text, spot, &node.value, indent);
            }
            Some(_) => {}
        }
    }
    let (key, node) = wanted.iter().find(|(key, _)| !entries.iter().any(|(known, ..)| *known == key.text))?;
    let (_, key_bytes, last) = entries.last()?;
    let end = line_end(text, last.bytes.end.max(key_bytes.end));
    let line = format!("{}{}", " ".repeat(indent), entry(&key.text, &node.value, indent));
    let is_open = end == text.len() && !text.ends_with('\n');
    Some((end..end, if is_open { format!("\n{line}\n") } else { format!("{line}\n") }))
}

/// The lines of an entry. The first entry of a list's item shares its line with the dash, and is not taken away so.
fn removal(text: &str, key: &Range<usize>, spot: &Spot) -> Option<(Range<usize>, String)> {
    let start = text[..key.start].rfind('\n').map_or(0, |at| at + 1);
    let alone = text[start..key.start].trim().is_empty();
    alone.then(|| (start..line_end(text, spot.bytes.end.max(key.end)), String::new()))
}

/// Writes the first entry on the way as a whole.
fn whole(text: &str, spot: &Spot, path: &[&str], wanted: &Value) -> Option<String> {
    let (Value::Map(wanted), Form::Block(Parts::Map(entries))) = (wanted, &spot.form) else { return None };
    let first = path.first()?;
    let (_, key, spot) = entries.iter().find(|(key, ..)| key == first)?;
    let (_, node) = wanted.iter().find(|(key, _)| key.text == *first)?;
    let mut changed = text.to_owned();
    changed.replace_range(
        key.start..spot.bytes.end.max(key.end + 1),
        &entry(first, &node.value, column(text, key.start)),
    );
    Some(changed)
}

/// Behind the end of the line in which `at` is.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// How far from the beginning of its line, in characters.
fn column(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    text[start..at].chars().count()
}

fn collect(spot: &Spot, path: &mut Vec<String>, found: &mut Vec<Scalar>) {
    match &spot.form {
        Form::Scalar => {
            let text = if let Value::Text(text) = &spot.node.value { Some(text.clone()) } else { None };
            found.push(Scalar { path: path.clone(), bytes: spot.bytes.clone(), text });
        }
        Form::Block(Parts::List(items)) | Form::Flow(Parts::List(items)) => {
            for (number, item) in items.iter().enumerate() {
                path.push(number.to_string());
                collect(item, path, found);
                path.pop();
            }
        }
        Form::Block(Parts::Map(entries)) | Form::Flow(Parts::Map(entries)) => {
            for (key, _, spot) in entries {
                path.push(key.clone());
                collect(spot, path, found);
                path.pop();
            }
        }
    }
}

fn descend(spot: &Spot, at: usize, path: &mut Vec<String>) {
    match &spot.form {
        Form::Scalar => {}
        Form::Block(Parts::List(items)) | Form::Flow(Parts::List(items)) => {
            let found =
                items.iter().enumerate().find(|(_, item)| (item.bytes.start..=item.bytes.end).contains(&at));
            if let Some((number, item)) = found {
                path.push(number.to_string());
                descend(item, at, path);
            }
        }
        Form::Block(Parts::Map(entries)) | Form::Flow(Parts::Map(entries)) => {
            let reach = |key: &Range<usize>, spot: &Spot| key.start..=spot.bytes.end.max(key.end);
            if let Some((key, _, spot)) = entries.iter().find(|(_, key, spot)| reach(key, spot).contains(&at))
            {
                path.push(key.clone());
                descend(spot, at, path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTER: &str = "\
# The center.
queues: # who waits where
  sales:
    name: Sales # shown
    members: [\"1001\", \"1002\"] # in this order
    # plan: later
  support:
    name: Support
trunks:
  carrier: {servers: [sip.example.net], login: {username: me, password: secret}}
  # another: {}
hours:
";

    fn value(text: &str) -> Value {
        read(&Source::new("f", text)).unwrap().value
    }

    fn set(path: &[&str], to: &str) -> String {
        edit(CENTER, path, Some(&value(to))).unwrap()
    }

    #[test]
    fn what_is_not_changed_stays_as_it_is_written() {
        assert_eq!(set(&["queues", "sales", "name"], "Sales"), CENTER);
        assert_eq!(
            set(&["queues", "sales", "name"], "Buying"),
            CENTER.replace("name: Sales #", "name: Buying #")
        );
        assert_eq!(
            set(&["queues", "sales"], "{members: [\"1001\"], name: Sales}"),
            CENTER.replace("[\"1001\", \"1002\"]", "[\"1001\"]")
        );
        let password = set(&["trunks", "carrier", "login", "password"], "other: 1");
        assert!(password.contains("password: {other: 1}}}\n  # another"), "{password}");
    }

    #[test]
    fn entries_come_and_go() {
        let more = set(
            &["queues", "night"],
            "{name: \"Night: late\", members: [{agent: \"1001\", tier: 2}], wrap_up_s: 5}",
        );
        let added = "    name: Support\n  night:\n    name: \"Night: late\"\n    members: [{agent: \"1001\", tier: 2}]\n    wrap_up_s: 5\ntrunks";
        assert!(more.contains(added), "{more}");
        let less = edit(CENTER, &["queues", "sales"], None).unwrap();
        assert_eq!(less.lines().nth(1), Some("queues: # who waits where"));
        assert!(!less.contains("1001") && less.contains("  support:\n    name: Support\n"), "{less}");
        let none = edit(&less, &["queues", "support"], None).unwrap();
        assert!(
            matches!(value(&none), Value::Map(entries) if matches!(&entries[0].1.value, Value::Map(queues) if queues.is_empty()))
        );
        let again = edit(&none, &["queues", "new"], Some(&value("name: New"))).unwrap();
        assert!(
            same(
                &value(&again),
                &value(
                    "{queues: {new: {name: New}}, trunks: {carrier: {servers: [sip.example.net], login: {username: me, password: secret}}}, hours: }"
                )
            ),
            "{again}"
        );
    }

    #[test]
    fn what_is_absent_is_made() {
        let hours = set(&["hours", "office"], "{zone: UTC, weekly: {mon-fri: [\"08:00-12:00\"]}}");
        assert!(
            hours.ends_with("hours:\n  office:\n    zone: UTC\n    weekly: {mon-fri: [\"08:00-12:00\"]}\n"),
            "{hours}"
        );
        let reasons = set(&["reasons", "lunch"], "{class: meal}");
        assert!(reasons.ends_with("hours:\nreasons:\n  lunch:\n    class: meal\n"), "{reasons}");
        let from_nothing = edit("", &["queues", "a", "name"], Some(&value("A"))).unwrap();
        assert_eq!(from_nothing, "queues:\n  a:\n    name: A\n");
        assert_eq!(edit("a: 1", &["b"], Some(&value("\"yes\""))).unwrap(), "a: 1\nb: \"yes\"\n");
    }

    #[test]
    fn lists_by_lines_keep_their_comments() {
        let text =
            "routes:\n  - {numbers: [\"911\"]} # emergency\n  - numbers: [\"+1*\"]\n    trunks: [a]\nz: 1\n";
        let changed = edit(
            text,
            &["routes"],
            Some(&value("[{numbers: [\"911\", \"112\"]}, {numbers: [\"+1*\"], trunks: [b]}]")),
        )
        .unwrap();
        assert_eq!(changed, text.replace("[\"911\"]", "[\"911\", \"112\"]").replace("[a]", "[b]"));
        let shorter = edit(text, &["routes"], Some(&value("[{numbers: [\"+1*\"]}]"))).unwrap();
        assert!(same(&value(&shorter), &value("{routes: [{numbers: [\"+1*\"]}], z: 1}")), "{shorter}");
        let first_key =
            edit(text, &["routes"], Some(&value("[{numbers: [\"911\"]}, {trunks: [a]}]"))).unwrap();
        assert!(
            same(&value(&first_key), &value("{routes: [{numbers: [\"911\"]}, {trunks: [a]}], z: 1}")),
            "{first_key}"
        );
    }

    #[test]
    fn texts_are_found_by_the_keys_that_lead_there() {
        let all = scalars(CENTER).unwrap();
        let password = all.iter().find(|one| one.path == ["trunks", "carrier", "login", "password"]).unwrap();
        assert_eq!((&CENTER[password.bytes.clone()], password.text.as_deref()), ("secret", Some("secret")));
        assert_eq!(field_at(CENTER, Place { line: 5, column: 23 }), "queues.sales.members.1");
        assert_eq!(field_at(CENTER, Place { line: 7, column: 3 }), "queues.support");
        assert_eq!(field_at(CENTER, Place { line: 1, column: 1 }), "");
        assert_eq!(place_at(CENTER, &["queues", "support", "name"]), Some(Place { line: 8, column: 11 }));
        assert_eq!(place_at(CENTER, &["queues", "nobody"]), None);
    }

    #[test]
    fn texts_of_several_lines_and_letters_of_any_alphabet_are_no_hindrance() {
        let text = "a: |\n  名: x\n  y\nb: >-\n  folded\n  on\n\n# 李娜\nc: 'single ''quoted'''\n";
        let changed = edit(text, &["c"], Some(&value("李"))).unwrap();
        assert_eq!(changed, text.replace("'single ''quoted'''", "\"李\""));
        let changed = edit(text, &["b"], Some(&value("1"))).unwrap();
        assert_eq!(changed, "a: |\n  名: x\n  y\nb: 1\n\n# 李娜\nc: 'single ''quoted'''\n");
        let changed = edit(text, &["a"], None).unwrap();
        assert!(changed.starts_with("b: >-\n"), "{changed}");
    }
}
