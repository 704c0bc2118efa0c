//! Checks what a person typed into the form of a customer, and finds all mistakes at once.

use std::collections::BTreeSet;

use hotline_api_types::{CustomerDraft, FieldProblem};
use hotline_base::{CustomerId, Pii, WallTime};
use hotline_call::number::normalise;
use hotline_call::{Customer, DialPlan};
use hotline_store::{
    CLASS_CHARS_MAX, COMPANY_CHARS_MAX, CUSTOMER_NUMBERS_MAX, EMAIL_CHARS_MAX, LANGUAGE_CHARS_MAX,
    NAME_CHARS_MAX, NOTE_CHARS_MAX,
};

/// A customer without what the server sets.
pub(crate) struct Checked {
    name: String,
    company: Option<String>,
    email: Option<String>,
    numbers: Vec<String>,
    note: Option<String>,
    class: Option<String>,
    language: Option<String>,
}

impl Checked {
    /// With what the server sets.
    pub(crate) fn into_customer(self, id: CustomerId, changed_at: WallTime) -> Customer {
        Customer {
            id,
            name: Pii::new(self.name),
            company: self.company.map(Pii::new),
            email: self.email.map(Pii::new),
            numbers: self.numbers.into_iter().map(Pii::new).collect(),
            note: self.note.map(Pii::new),
            class: self.class,
            language: self.language,
            last_agent: None,
            changed_at,
        }
    }
}

/// Trims, normalises and checks.
///
/// # Errors
/// Every field that is wrong.
pub(crate) fn check(draft: CustomerDraft, plan: &DialPlan) -> Result<Checked, Vec<FieldProblem>> {
    let mut mistakes = Mistakes::default();
    let name = draft.name.trim().to_owned();
    if name.is_empty() {
        mistakes.add("name", "must not be empty");
    }
    mistakes.check_text("name", &name, NAME_CHARS_MAX);
    let company = optional(draft.company);
    let email = optional(draft.email);
    let note = optional(draft.note);
    let class = optional(draft.class);
    let language = optional(draft.language);
    let texts = [
        ("company", &company, COMPANY_CHARS_MAX),
        ("email", &email, EMAIL_CHARS_MAX),
        ("note", &note, NOTE_CHARS_MAX),
        ("class", &class, CLASS_CHARS_MAX),
        ("language", &language, LANGUAGE_CHARS_MAX),
    ];
    for (field, text, chars_max) in texts {
        mistakes.check_text(field, text.as_deref().unwrap_or_default(), chars_max);
    }
    if email.as_deref().is_some_and(|email| !looks_like_address(email)) {
        mistakes.add("email", "is not an e-mail address");
    }
    let numbers = check_numbers(&draft.numbers, plan, &mut mistakes);
    if mistakes.0.is_empty() {
        return Ok(Checked { name, company, email, numbers, note, class, language });
    }
    Err(mistakes.0)
}

fn check_numbers(numbers: &[String], plan: &DialPlan, mistakes: &mut Mistakes) -> Vec<String> {
    if numbers.len() > CUSTOMER_NUMBERS_MAX {
        mistakes.add("numbers", format!("must be at most {CUSTOMER_NUMBERS_MAX}"));
        return Vec::new();
    }
    let (mut seen, mut normalised) = (BTreeSet::new(), Vec::new());
    for (index, number) in numbers.iter().enumerate() {
        match normalise(number, plan) {
            Some(number) if seen.insert(number.clone()) => normalised.push(number),
            Some(_) => mistakes.add(format!("numbers[{index}]"), "is there twice"),
            None => mistakes.add(format!("numbers[{index}]"), "is not a telephone number"),
        }
    }
    normalised
}

#[derive(Default)]
struct Mistakes(Vec<FieldProblem>);

impl Mistakes {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(FieldProblem { field: field.into(), problem: problem.into() });
    }

    fn check_text(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.chars().count() > chars_max {
            self.add(field, format!("must have at most {chars_max} characters"));
        }
        if text.contains('\0') {
            self.add(field, "must not hold a NUL character");
        }
    }
}

fn optional(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// One `@` with something on both sides and no blanks: mail servers know the rest.
fn looks_like_address(text: &str) -> bool {
    let blank = text.chars().any(|character| character.is_whitespace() || character.is_control());
    !blank
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn germany() -> DialPlan {
        DialPlan {
            country: "49".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
            national_digits: None,
        }
    }

    fn fields(draft: CustomerDraft) -> Vec<String> {
        let Err(mistakes) = check(draft, &germany()) else { return Vec::new() };
        mistakes.into_iter().map(|mistake| mistake.field).collect()
    }

    #[test]
    fn a_good_draft_is_trimmed_and_its_numbers_normalised() {
        let draft = CustomerDraft {
            name: " Ada Lovelace ".into(),
            company: Some("  ".into()),
            email: Some("ada@example.org".into()),
            numbers: vec!["030 123-456".into(), "+44 20 7946 0000".into()],
            note: None,
            class: None,
            language: None,
        };
        let checked = check(draft, &germany()).ok().unwrap();
        assert_eq!((checked.name.as_str(), checked.company), ("Ada Lovelace", None));
        assert_eq!(checked.numbers, ["+4930123456", "+442079460000"]);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let draft = CustomerDraft {
            name: "\t".into(),
            company: Some("x".repeat(COMPANY_CHARS_MAX + 1)),
            email: Some("ada at example".into()),
            numbers: vec!["030 123456".into(), "call me".into(), "+4930-123456".into()],
            note: Some("a\0b".into()),
            class: None,
            language: None,
        };
        assert_eq!(fields(draft), ["name", "company", "note", "email", "numbers[1]", "numbers[2]"]);
    }

    #[test]
    fn too_many_numbers_are_one_mistake() {
        let numbers = (0..=CUSTOMER_NUMBERS_MAX).map(|number| number.to_string()).collect();
        assert_eq!(
            fields(CustomerDraft { name: "Ada".into(), numbers, ..CustomerDraft::default() }),
            ["numbers"]
        );
    }

    #[test]
    fn addresses() {
        for (text, good) in [
            ("a@b", true),
            ("a.b+c@d.example", true),
            ("a", false),
            ("a@", false),
            ("@b", false),
            ("a@b@c", false),
            ("a b@c", false),
        ] {
            assert_eq!(looks_like_address(text), good, "{text}");
        }
    }
}
