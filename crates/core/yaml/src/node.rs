//! YAML text to a tree of nodes with positions. It refuses what
//! a configuration never needs and an attacker does: anchors, merges, depth and size.

use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, MessageFormatter, Spanned};

use crate::{Diagnostic, Place, Source};

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The deepest nesting; flows need seven levels.
const MAX_DEPTH: usize = 24;
/// The most values in a file.
const MAX_NODES: usize = 50_000;

/// One value and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it begins.
    pub place: Place,
}

/// A value as YAML's core schema resolves it.
#[derive(Clone, Debug)]
pub enum Value {
    /// `~`, or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Decimal(f64),
    /// Everything else that stands alone.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// Entries in their order, duplicates included.
    Map(Vec<(Key, Node)>),
}

/// A key, spelled as in the file.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

impl Value {
    /// What it is, for "expected … but found …".
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a true/false value",
            Self::Integer(_) | Self::Decimal(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
///
/// # Errors
/// The first place that is no YAML, or a limit.
pub fn read(source: &Source) -> Result<Node, Diagnostic> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let problem = format!("the file is larger than {} KiB", MAX_BYTES / 1024);
        return Err(source.diagnostic(START, problem, "split it into several files"));
    }
    if let Some(place) = not_utf8(source) {
        return Err(source.diagnostic(place, "the text is not UTF-8 here", "save the file as UTF-8"));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_anchors: 0,
            max_aliases: 0,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| diagnose(source, &error))
}

const START: Place = Place { line: 1, column: 1 };

fn diagnose(source: &Source, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = error.location().map(place).filter(|place| place.line > 0).unwrap_or(START);
    let message = serde_saphyr::UserMessageFormatter.format_message(error);
    let problem: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // The reader stands behind the tab.
    let is_tab = problem.contains("tab");
    let place = if is_tab { first_tab(source, place) } else { place };
    let problem = exceeded(error).map_or(problem, str::to_owned);
    let remedy = if matches!(error, Error::Budget { .. } | Error::UnknownAnchor { .. }) {
        "write without anchors (`&`), without aliases and with little depth; the key `*` is written \"*\""
    } else if matches!(error, Error::MergeKeyNotAllowed { .. }) {
        "write the keys out; `<<` is not used here"
    } else if is_tab {
        "indent with spaces"
    } else {
        "YAML: two spaces for each level, `key: value`, texts with special characters in quotes"
    };
    source.diagnostic(place, problem, remedy)
}

/// What a file has more of than it may.
fn exceeded(error: &Error) -> Option<&'static str> {
    let Error::Budget { breach, .. } = error else { return None };
    if matches!(breach, BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }) {
        return Some("anchors and aliases are not used here");
    }
    if matches!(breach, BudgetBreach::Depth { .. }) {
        return Some("this is nested too deep");
    }
    matches!(breach, BudgetBreach::Nodes { .. }).then_some("there are too many values")
}

/// The first tab of the line; the place itself if there is none.
fn first_tab(source: &Source, place: Place) -> Place {
    let line =
        usize::try_from(place.line).ok().and_then(|line| source.text().lines().nth(line.checked_sub(1)?));
    let column = line.and_then(|line| line.chars().position(|c| c == '\t'));
    let column = column.and_then(|column| u32::try_from(column + 1).ok());
    Place { column: column.unwrap_or(place.column), ..place }
}

/// Where the text was no UTF-8 before it was made a text.
fn not_utf8(source: &Source) -> Option<Place> {
    let before = source.text().split_once(char::REPLACEMENT_CHARACTER)?.0;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(Place { line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? })
}

fn place(location: Location) -> Place {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Place { line: number(location.line()), column: number(location.column()) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, place: place(spanned.referenced) })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { text: spanned.value, place: place(spanned.referenced) })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Decimal(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<Node, Diagnostic> {
        read(&Source::new("f", text))
    }

    #[test]
    fn every_value_and_key_has_its_place() {
        let node = tree("a: 1\nb:\n  - x\n  - {c: true, 0: \"0\"}\n").unwrap();
        let Value::Map(entries) = node.value else { panic!("a map") };
        assert_eq!((entries[0].0.place.line, entries[0].0.place.column), (1, 1));
        assert_eq!((entries[0].1.place.line, entries[0].1.place.column), (1, 4));
        let Value::List(items) = &entries[1].1.value else { panic!("a list") };
        assert_eq!((items[1].place.line, items[1].place.column), (4, 5));
        let Value::Map(inner) = &items[1].value else { panic!("a map") };
        assert_eq!((inner[1].0.text.as_str(), inner[1].0.place.column), ("0", 15));
        assert!(matches!(inner[0].1.value, Value::Bool(true)));
    }

    #[test]
    fn numbers_with_leading_zeros_stay_texts() {
        let Value::List(items) = tree("[0123, 12, 1.5, ~, yes]").unwrap().value else { panic!("a list") };
        assert!(matches!(&items[0].value, Value::Text(text) if text == "0123"));
        assert!(matches!(items[1].value, Value::Integer(12)));
        assert!(matches!(items[2].value, Value::Decimal(_)));
        assert!(matches!(items[3].value, Value::Null));
        assert!(matches!(&items[4].value, Value::Text(text) if text == "yes"));
    }

    #[test]
    fn an_alias_bomb_is_refused_at_its_first_anchor() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n";
        let diagnostic = tree(bomb).unwrap_err();
        assert_eq!(diagnostic.line, 1, "{diagnostic}");
        assert!(diagnostic.remedy.contains("anchors"), "{diagnostic}");
        assert_eq!(diagnostic.problem, "anchors and aliases are not used here");
    }

    #[test]
    fn tabs_depth_size_and_several_documents_are_refused() {
        let tab = tree("a:\n\tb: 1\n").unwrap_err();
        assert_eq!((tab.line, tab.column, tab.remedy.as_str()), (2, 1, "indent with spaces"), "{tab}");
        assert!(tree(&"[".repeat(100_000)).is_err());
        assert!(tree(&format!("a: {}", "x".repeat(MAX_BYTES))).unwrap_err().problem.contains("larger"));
        assert!(tree("a: 1\n---\nb: 2\n").is_err());
        assert!(tree("a: 1\n<<: {b: 2}\n").is_err());
        assert!(tree("a: *b\n").is_err());
        let strange = tree(&String::from_utf8_lossy(b"a: 1\nb: x\xffy\n")).unwrap_err();
        assert_eq!(
            (strange.line, strange.column, strange.problem.as_str()),
            (2, 5, "the text is not UTF-8 here")
        );
    }
}
