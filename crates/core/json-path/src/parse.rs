//! Paths as they are written: RFC 9535 §2.1 to §2.3, and §2.5.1 without what may give several values.

use core::fmt;
use core::iter::Peekable;
use core::str::CharIndices;

use crate::{PATH_MAX, STEPS_MAX, Step};

/// RFC 7493 §2.2, which RFC 9535 §2.1 asks for.
const INDEX_MAX: i64 = (1 << 53) - 1;

/// Where a path is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError {
    /// How many bytes of the path are right.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It does not begin with `$`.
    #[error("begins with `$`, as in `$.customer.name`")]
    Root,
    /// Neither `.name` nor `[…]`.
    #[error("here may follow `.name`, `['name']` or `[0]`")]
    Step,
    /// `..`, `*`, `?`, `:` or `,`.
    #[error("may give several values, and a variable takes one: name the place, as in `$.phones[0]`")]
    Several,
    /// A name after a dot that must be quoted.
    #[error("a name after a dot has letters, digits and `_` and does not begin with a digit: write `['…']`")]
    Name,
    /// A quote or bracket is not closed.
    #[error("is not closed")]
    Open,
    /// A `\` before what needs none, or half of a character.
    #[error("this is no escape of JSON: write `\\\\` for a backslash")]
    Escape,
    /// A control character within quotes.
    #[error("a control character must be written as `\\u00…`")]
    Control,
    /// A number with a leading zero, or too large.
    #[error("an index is a whole number without leading zeros, below 2^53")]
    Index,
    /// More than [`PATH_MAX`] bytes or [`STEPS_MAX`] steps.
    #[error("is longer than {PATH_MAX} bytes or {STEPS_MAX} steps")]
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JSON path, after {} bytes: {}", self.at, self.problem)
    }
}

impl core::error::Error for PathError {}

struct Parser<'p> {
    path: &'p str,
    chars: Peekable<CharIndices<'p>>,
}

pub(crate) fn steps(path: &str) -> Result<Vec<Step>, PathError> {
    if path.len() > PATH_MAX {
        return Err(PathError { at: PATH_MAX, problem: Problem::TooLong });
    }
    let mut parser = Parser { path, chars: path.char_indices().peekable() };
    parser.expect('$', Problem::Root)?;
    let mut steps = Vec::new();
    loop {
        let blanks = parser.skip_blanks();
        if parser.peek().is_none() {
            // What follows the last step belongs to nothing.
            return if blanks { Err(parser.error(Problem::Step)) } else { Ok(steps) };
        }
        if steps.len() == STEPS_MAX {
            return Err(parser.error(Problem::TooLong));
        }
        steps.push(parser.step()?);
    }
}

impl Parser<'_> {
    fn step(&mut self) -> Result<Step, PathError> {
        match self.peek() {
            Some('.') => {
                self.chars.next();
                self.name().map(Step::Name)
            }
            Some('[') => {
                self.chars.next();
                self.bracket()
            }
            Some(_) | None => Err(self.error(Problem::Step)),
        }
    }

    /// `member-name-shorthand`.
    fn name(&mut self) -> Result<String, PathError> {
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        match self.peek() {
            Some(first) if is_first(first) => {}
            Some('.' | '*' | '[') => return Err(self.error(Problem::Several)),
            Some(_) | None => return Err(self.error(Problem::Name)),
        }
        let mut name = String::new();
        while let Some(next) = self.peek().filter(|c| is_first(*c) || c.is_ascii_digit()) {
            name.push(next);
            self.chars.next();
        }
        match self.peek() {
            None | Some('.' | '[' | ' ' | '\t' | '\n' | '\r') => Ok(name),
            Some(_) => Err(self.error(Problem::Name)),
        }
    }

    /// `bracketed-selection` with one selector.
    fn bracket(&mut self) -> Result<Step, PathError> {
        self.skip_blanks();
        let step = match self.peek() {
            Some(quote @ ('\'' | '"')) => {
                self.chars.next();
                Step::Name(self.quoted(quote)?)
            }
            Some('-' | '0'..='9') => Step::Index(self.index()?),
            Some('*' | '?' | ':') => return Err(self.error(Problem::Several)),
            Some(_) => return Err(self.error(Problem::Step)),
            None => return Err(self.error(Problem::Open)),
        };
        self.skip_blanks();
        match self.peek() {
            Some(',' | ':') => Err(self.error(Problem::Several)),
            Some(_) | None => self.expect(']', Problem::Open).map(|()| step),
        }
    }

    fn index(&mut self) -> Result<i64, PathError> {
        let begin = self.at();
        while self.peek().is_some_and(|c| c == '-' || c.is_ascii_digit()) {
            self.chars.next();
        }
        let text = &self.path[begin..self.at()];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_plain = text == "0" || !digits.starts_with('0');
        let index = text.parse().ok().filter(|index: &i64| is_plain && index.abs() <= INDEX_MAX);
        index.ok_or(PathError { at: begin, problem: Problem::Index })
    }

    /// `string-literal` after its first quote.
    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error(Problem::Open)),
                Some('\0'..='\x1f') => return Err(self.error(Problem::Control)),
                Some('\\') => text.push(self.escape(quote)?),
                Some(next) => {
                    self.chars.next();
                    if next == quote {
                        return Ok(text);
                    }
                    text.push(next);
                }
            }
        }
    }

    /// `escapable`, and the quote that would end the text.
    fn escape(&mut self, quote: char) -> Result<char, PathError> {
        let wrong = self.error(Problem::Escape);
        self.chars.next();
        let (_, escaped) = self.chars.next().ok_or(wrong)?;
        match escaped {
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            '/' | '\\' => Ok(escaped),
            'u' => self.unicode().ok_or(wrong),
            other if other == quote => Ok(other),
            _ => Err(wrong),
        }
    }

    /// Four digits, and four more if they are the first half of a character.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        let units = match first {
            0xd800..0xdc00 => {
                self.chars.next_if(|(_, c)| *c == '\\')?;
                self.chars.next_if(|(_, c)| *c == 'u')?;
                vec![first, self.hex()?]
            }
            _ => vec![first],
        };
        let mut decoded = char::decode_utf16(units);
        decoded.next()?.ok().filter(|_| decoded.next().is_none())
    }

    fn hex(&mut self) -> Option<u16> {
        let mut value = 0;
        for _ in 0..4 {
            let (_, digit) = self.chars.next_if(|(_, c)| c.is_ascii_hexdigit())?;
            value = value * 16 + digit.to_digit(16)?;
        }
        u16::try_from(value).ok()
    }

    fn expect(&mut self, wanted: char, problem: Problem) -> Result<(), PathError> {
        self.chars.next_if(|(_, c)| *c == wanted).map(drop).ok_or_else(|| self.error(problem))
    }

    fn skip_blanks(&mut self) -> bool {
        let mut any = false;
        while self.chars.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {
            any = true;
        }
        any
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.path.len(), |(at, _)| *at)
    }

    fn error(&mut self, problem: Problem) -> PathError {
        PathError { at: self.at(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (path, at, problem) in [
            ("", 0, Problem::Root),
            ("customer", 0, Problem::Root),
            (" $", 0, Problem::Root),
            ("$customer", 1, Problem::Step),
            ("$ ", 2, Problem::Step),
            ("$..name", 2, Problem::Several),
            ("$.*", 2, Problem::Several),
            ("$[*]", 2, Problem::Several),
            ("$[0,1]", 3, Problem::Several),
            ("$[0:1]", 3, Problem::Several),
            ("$[?@.a]", 2, Problem::Several),
            ("$.1st", 2, Problem::Name),
            ("$.first-name", 7, Problem::Name),
            ("$.", 2, Problem::Name),
            ("$['a", 4, Problem::Open),
            ("$['a'", 5, Problem::Open),
            ("$[", 2, Problem::Open),
            ("$[01]", 2, Problem::Index),
            ("$[-0]", 2, Problem::Index),
            ("$[-]", 2, Problem::Index),
            ("$[9007199254740992]", 2, Problem::Index),
            ("$['\\x']", 3, Problem::Escape),
            ("$['\\\"']", 3, Problem::Escape),
            ("$['\\ud83d']", 3, Problem::Escape),
            ("$['\\udc00']", 3, Problem::Escape),
            ("$['\n']", 3, Problem::Control),
        ] {
            assert_eq!(steps(path), Err(PathError { at, problem }), "{path}");
        }
        assert_eq!(steps(&format!("$.{}", "x".repeat(PATH_MAX))).unwrap_err().problem, Problem::TooLong);
        assert!(steps(&format!("${}", ".x".repeat(STEPS_MAX))).is_ok());
        assert_eq!(steps(&format!("${}", ".x".repeat(STEPS_MAX + 1))).unwrap_err().problem, Problem::TooLong);
        let told = steps("$.phones[*].number").unwrap_err().to_string();
        assert!(told.starts_with("JSON path, after 9 bytes: may give several values"), "{told}");
    }
}
