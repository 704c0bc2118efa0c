//! What is wrong with a flow, where, and what would be right.

use core::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The most characters of the source line that a diagnostic shows.
const MAX_SHOWN: usize = 120;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot take effect.
    Error,
    /// It can, but hardly as it is meant.
    Warning,
}

/// One mistake in a file. `Display` gives several lines for a person; editors use the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was given to [`Source::new`].
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// What is wrong, without place and full stop.
    pub problem: String,
    /// What would be right, without full stop.
    pub remedy: String,
    /// The line of the file, at most 120 characters of it.
    pub source_line: Box<str>,
    /// The line before it, cut alike; empty if there is none or if it says nothing.
    pub line_before: Box<str>,
}

impl Diagnostic {
    /// The same as a warning.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// True if the file cannot take effect.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.severity, Severity::Error)
    }

    /// The column behind the word that is wrong, counted from 1 in characters: what an editor underlines.
    #[must_use]
    pub fn end_column(&self) -> u32 {
        self.column.saturating_add(u32::try_from(self.word()).unwrap_or(1))
    }

    /// How many characters the word at the place has: a text in quotes, a name, or one character.
    fn word(&self) -> usize {
        let before = usize::try_from(self.column).unwrap_or(usize::MAX).saturating_sub(1);
        let mut rest = self.source_line.chars().skip(before).peekable();
        let named = |c: &char| c.is_alphanumeric() || "_-.".contains(*c);
        match rest.peek().copied() {
            Some(quote @ ('"' | '\'')) => {
                let inside: Vec<char> = rest.skip(1).collect();
                inside.iter().position(|c| *c == quote).map_or(1, |end| end + 2)
            }
            Some(_) | None => rest.take_while(named).count().max(1),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.is_error() { "" } else { "warning: " };
        writeln!(f, "{}:{}:{}: {warning}{}", self.file, self.line, self.column, self.problem)?;
        let shown = usize::try_from(self.column).unwrap_or(usize::MAX).saturating_sub(1);
        if shown <= self.source_line.chars().count() {
            if !self.line_before.is_empty() {
                writeln!(f, "{:>5} | {}", self.line.saturating_sub(1), self.line_before)?;
            }
            writeln!(f, "{:>5} | {}", self.line, self.source_line)?;
            writeln!(f, "      | {:shown$}{}", "", "^".repeat(self.word()))?;
        }
        write!(f, "      = {}", self.remedy)
    }
}

/// A position in a file, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The file that diagnostics point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    file: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// A file by its name for messages, and its text.
    #[must_use]
    pub fn new(file: &str, text: &str) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What the file says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A mistake at `place`.
    #[must_use]
    pub fn diagnostic(
        &self,
        place: Place,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Diagnostic {
        let index = usize::try_from(place.line).unwrap_or(usize::MAX).saturating_sub(1);
        // A tab has no width of its own, and the caret must stand below its character.
        let shown = |index: usize| -> Box<str> {
            let line = self.text.lines().nth(index).unwrap_or_default();
            line.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        let before = index.checked_sub(1).map(shown).unwrap_or_default();
        Diagnostic {
            severity: Severity::Error,
            file: self.file.to_string(),
            line: place.line,
            column: place.column,
            problem: problem.into(),
            remedy: remedy.into(),
            source_line: shown(index),
            line_before: if before.trim().is_empty() { Box::default() } else { before },
        }
    }
}

/// "did you mean `sales`?" or, if nothing is near, the list of what there is.
#[must_use]
pub fn suggest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    /// More names than this make no sentence.
    const MAX_LISTED: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().filter(|name| is_near(written, name));
    let near = near.map(|name| (distance(written, name), *name)).min();
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none".to_owned(),
        None if known.len() > MAX_LISTED => {
            format!("one of {} and {} more", quoted(&known[..MAX_LISTED]), known.len() - MAX_LISTED)
        }
        None => format!("one of {}", quoted(&known)),
    }
}

/// Whether `written` may be meant to be `name`.
#[must_use]
pub fn is_near(written: &str, name: &str) -> bool {
    distance(written, name) <= 1 + name.chars().count() / 4
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many characters must be inserted, deleted, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    /// Longer words are compared by their beginning.
    const MAX_COMPARED: usize = 64;
    let a: Vec<char> = a.chars().take(MAX_COMPARED).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(MAX_COMPARED).flat_map(char::to_lowercase).collect();
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_before_and_underlines_the_word() {
        let source = Source::new("main.yaml", "steps:\n\tqueue: sale\n");
        let place = Place { line: 2, column: 9 };
        let diagnostic =
            source.diagnostic(place, "unknown queue `sale`", suggest("sale", ["sales", "support"]));
        assert_eq!(
            diagnostic.to_string(),
            "main.yaml:2:9: unknown queue `sale`\n    1 | steps:\n    2 |  queue: sale\n      |         ^^^^\n      = did you mean `sales`?"
        );
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(suggest("slaes", ["sales", "support"]), "did you mean `sales`?");
        assert_eq!(suggest("Promts", ["prompts", "then"]), "did you mean `prompts`?");
        assert_eq!(suggest("x", ["sales", "support"]), "one of `sales`, `support`");
        assert_eq!(suggest("x", []), "there is none");
        assert_eq!(suggest("sal", ["a", "sales", "z"]), "did you mean `sales`?");
    }

    #[test]
    fn editors_are_told_where_the_word_ends() {
        let source = Source::new("f", "a: [two-words, \"in quotes\", {b: 'open]");
        let end = |column| source.diagnostic(Place { line: 1, column }, "p", "r").end_column();
        assert_eq!((end(5), end(16), end(29), end(33)), (14, 27, 30, 34));
    }

    #[test]
    fn a_warning_says_so() {
        let shown = Source::new("f", "a: b").diagnostic(Place { line: 1, column: 4 }, "p", "r").as_warning();
        assert_eq!(shown.to_string(), "f:1:4: warning: p\n    1 | a: b\n      |    ^\n      = r");
        assert!(!shown.is_error());
    }

    #[test]
    fn a_place_beyond_the_line_or_file_is_shown_without_caret() {
        let source = Source::new("f", "a");
        let shown = source.diagnostic(Place { line: 9, column: 9 }, "p", "r").to_string();
        assert_eq!(shown, "f:9:9: p\n      = r");
    }
}
