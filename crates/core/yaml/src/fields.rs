//! Reads typed values out of YAML nodes and notes every mistake instead of stopping at the first.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Key, Node, Place, Source, Value, suggest};

/// The most mistakes that are told at once.
pub const MAX_DIAGNOSTICS: usize = 100;

/// The longest name of anything, in bytes.
pub const MAX_NAME: usize = 64;

/// Letters, digits, `_` and `-`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// Notes mistakes. Every reader returns `None` after noting one, so its caller goes on with the next value.
pub struct Reader<'s> {
    source: &'s Source,
    diagnostics: Vec<Diagnostic>,
    /// Those beyond [`MAX_DIAGNOSTICS`] included.
    mistakes: usize,
    absences: usize,
}

/// The entries of one mapping whose keys are all known.
pub struct Fields<'n> {
    entries: BTreeMap<&'n str, &'n Node>,
    place: Place,
    /// What the mapping is, for messages: "menu".
    what: &'static str,
}

impl<'n> Fields<'n> {
    /// The value of `key`, if it is there.
    #[must_use]
    pub fn optional(&self, key: &str) -> Option<&'n Node> {
        self.entries.get(key).copied()
    }
}

impl<'s> Reader<'s> {
    /// A reader without mistakes yet.
    #[must_use]
    pub const fn new(source: &'s Source) -> Self {
        Self { source, diagnostics: Vec::new(), mistakes: 0, absences: 0 }
    }

    /// All mistakes, in the order in which they were found.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// How many mistakes there were until here, those included that are not told: what was read between two looks at it is
    /// whole if they are equal.
    #[must_use]
    pub const fn mistakes(&self) -> usize {
        self.mistakes
    }

    /// How many keys were missing until here.
    #[must_use]
    pub const fn absences(&self) -> usize {
        self.absences
    }

    /// Notes a mistake; beyond [`MAX_DIAGNOSTICS`] nothing more is noted.
    pub fn mistake(&mut self, place: Place, problem: impl Into<String>, remedy: impl Into<String>) {
        self.mistakes += 1;
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(self.source.diagnostic(place, problem, remedy));
        }
    }

    /// A mapping with only these keys, each once.
    pub fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
    ) -> Option<Fields<'n>> {
        let mut entries = BTreeMap::new();
        for (key, value) in self.entries(node, what)? {
            if !known.contains(&key.text.as_str()) {
                let is_told = self.diagnostics.len() < MAX_DIAGNOSTICS;
                let remedy = if is_told { suggest(&key.text, known.iter().copied()) } else { String::new() };
                self.mistake(key.place, format!("unknown key `{}` in {what}", shown(&key.text)), remedy);
            }
            entries.insert(key.text.as_str(), value);
        }
        Some(Fields { entries, place: node.place, what })
    }

    /// The entries of a mapping in their order, each key once.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<Vec<(&'n Key, &'n Node)>> {
        let Value::Map(entries) = &node.value else {
            self.unexpected(node, &format!("{what} as a mapping of `key: value` lines"));
            return None;
        };
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        let mut unique = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match seen.get(key.text.as_str()) {
                None => {
                    seen.insert(&key.text, key.place.line);
                    unique.push((key, value));
                }
                Some(line) => {
                    let problem = format!("`{}` is there twice", shown(&key.text));
                    self.mistake(key.place, problem, format!("keep one; the first is in line {line}"));
                }
            }
        }
        Some(unique)
    }

    /// The value of `key`; its absence is a mistake.
    pub fn required<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let node = fields.optional(key);
        if node.is_none() {
            self.absences += 1;
            self.mistake(fields.place, format!("{} without `{key}`", fields.what), format!("add `{key}: …`"));
        }
        node
    }

    /// A text.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) => {
                self.unexpected(node, &format!("{what}, in quotes if it is a number or a special character"));
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.unexpected(node, what);
                None
            }
        }
    }

    /// A name: letters, digits, `_` and `-`.
    pub fn name<T: for<'a> From<&'a str>>(&mut self, node: &Node, what: &str) -> Option<At<T>> {
        let text = self.text(node, what)?;
        self.check_name(text, node.place, what)?;
        Some(At { value: T::from(text), place: node.place })
    }

    /// Notes a text that cannot be a name.
    pub fn check_name(&mut self, text: &str, place: Place, what: &str) -> Option<()> {
        if is_name(text) {
            return Some(());
        }
        let remedy = format!("1 to {MAX_NAME} letters, digits, `_` or `-`");
        self.mistake(place, format!("`{}` cannot be {what}", shown(text)), remedy);
        None
    }

    /// `true` or `false`; `default` if it is absent.
    pub fn bool(&mut self, node: Option<&Node>, default: bool) -> Option<bool> {
        let Some(node) = node else { return Some(default) };
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.unexpected(node, "`true` or `false`");
        None
    }

    /// Seconds, whole or decimal.
    pub fn seconds(&mut self, node: &Node, allowed: RangeInclusive<u32>) -> Option<Duration> {
        let seconds = match node.value {
            #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 it is out of range anyway")]
            Value::Integer(seconds) => Some(seconds as f64),
            Value::Decimal(seconds) => Some(seconds),
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
        };
        let range = f64::from(*allowed.start())..=f64::from(*allowed.end());
        match seconds.filter(|seconds| range.contains(seconds)) {
            Some(seconds) => Some(Duration::from_secs_f64(seconds)),
            None => {
                self.unexpected(node, &format!("seconds from {} to {}", allowed.start(), allowed.end()));
                None
            }
        }
    }

    /// A whole number.
    pub fn count(&mut self, node: &Node, allowed: RangeInclusive<usize>) -> Option<usize> {
        if let Value::Integer(number) = node.value
            && let Some(number) = usize::try_from(number).ok().filter(|number| allowed.contains(number))
        {
            return Some(number);
        }
        self.unexpected(node, &format!("a number from {} to {}", allowed.start(), allowed.end()));
        None
    }

    /// A list of 1 to `most` values.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str, most: usize) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) if (1..=most).contains(&items.len()) => Some(items),
            Value::List(items) => {
                let remedy = format!("1 to {most} of them");
                self.mistake(node.place, format!("{} {what}", items.len()), remedy);
                None
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Text(_)
            | Value::Map(_) => {
                self.unexpected(node, &format!("a list of {what}, such as `[first, second]`"));
                None
            }
        }
    }

    fn unexpected(&mut self, node: &Node, expected: &str) {
        let problem = match &node.value {
            Value::Integer(number) => format!("unexpected number {number}"),
            Value::Decimal(number) => format!("unexpected number {number}"),
            Value::Text(text) => format!("unexpected text `{}`", shown(text)),
            other @ (Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_)) => {
                format!("unexpected {}", other.describe())
            }
        };
        self.mistake(node.place, problem, format!("expected {expected}"));
    }
}

/// A text from the file, short and on one line.
#[must_use]
pub fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 40;
    let line: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > MAX_SHOWN { format!("{line}…") } else { line }
}
