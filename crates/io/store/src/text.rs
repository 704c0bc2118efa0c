//! Limits of the texts that people write, checked before the database sees them.

use crate::{StoreError, TextProblem};

/// Refuses a `text` with U+0000 or with more than `chars_max` characters.
pub(crate) fn check(field: &'static str, text: &str, chars_max: usize) -> Result<(), StoreError> {
    let problem = if text.contains('\0') {
        TextProblem::Nul
    } else if text.len() > chars_max && text.chars().count() > chars_max {
        TextProblem::TooLong(chars_max)
    } else {
        return Ok(());
    };
    Err(StoreError::Invalid { field, problem })
}

/// The same, and refuses a `text` of blanks only.
pub(crate) fn check_required(field: &'static str, text: &str, chars_max: usize) -> Result<(), StoreError> {
    if text.trim().is_empty() {
        return Err(StoreError::Invalid { field, problem: TextProblem::Empty });
    }
    check(field, text, chars_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(result: Result<(), StoreError>) -> Option<TextProblem> {
        match result {
            Err(StoreError::Invalid { field: "name", problem }) => Some(problem),
            Ok(()) => None,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn counts_characters_not_bytes() {
        assert_eq!(problem(check("name", "王小明", 3)), None);
        assert_eq!(problem(check("name", "王小明明", 3)), Some(TextProblem::TooLong(3)));
    }

    #[test]
    fn refuses_nul_and_blanks() {
        assert_eq!(problem(check("name", "a\0b", 9)), Some(TextProblem::Nul));
        assert_eq!(problem(check_required("name", " \t", 9)), Some(TextProblem::Empty));
        assert_eq!(problem(check("name", "", 9)), None);
    }
}
