//! Checks what a person typed into the form of a customer, and finds all mistakes at once.

use std::collections::{BTreeMap, BTreeSet};

use hotline_api_types::{self as api, CustomerDraft, FieldProblem, FieldValue};
use hotline_base::{AgentId, CustomerId, Pii, WallTime};
use hotline_call::number::normalise;
use hotline_call::{Asset, Customer, DialPlan};
use hotline_store::{
    ASSET_CHARS_MAX, CLASS_CHARS_MAX, COMPANY_CHARS_MAX, CUSTOMER_ASSETS_MAX, CUSTOMER_NUMBERS_MAX,
    CUSTOMER_TAGS_MAX, EMAIL_CHARS_MAX, LANGUAGE_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, TAG_CHARS_MAX,
};

use crate::fields::{FieldSet, is_date};
use crate::viewer::Viewer;

/// What a draft is checked against.
pub(crate) struct Around<'a> {
    /// How numbers are dialled here.
    pub(crate) plan: &'a DialPlan,
    /// The fields that the center has added.
    pub(crate) fields: &'a FieldSet,
    /// Who wants it.
    pub(crate) viewer: &'a Viewer,
    /// The customer before, if there is one.
    pub(crate) before: Option<&'a Customer>,
}

/// Trims, normalises and checks; `id` and `changed_at` are what the server sets.
///
/// # Errors
/// Every field that is wrong.
pub(crate) fn check(
    draft: CustomerDraft,
    (id, changed_at): (CustomerId, WallTime),
    around: &Around<'_>,
) -> Result<Customer, Vec<FieldProblem>> {
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
    let checked = Customer {
        id,
        changed_at,
        name: Pii::new(name),
        company: company.map(Pii::new),
        email: email.map(Pii::new),
        numbers: check_numbers(&draft.numbers, around.plan, &mut mistakes),
        note: note.map(Pii::new),
        class,
        language,
        vip: draft.vip,
        blocked: draft.blocked,
        tags: check_tags(&draft.tags, &mut mistakes),
        agent: check_agent(optional(draft.agent), around, &mut mistakes),
        fields: check_fields(draft.fields, around, &mut mistakes),
        assets: check_assets(draft.assets, &mut mistakes),
        last_agent: None,
    };
    if mistakes.0.is_empty() { Ok(checked) } else { Err(mistakes.0) }
}

fn check_fields(
    given: BTreeMap<String, FieldValue>,
    around: &Around<'_>,
    mistakes: &mut Mistakes,
) -> BTreeMap<String, hotline_call::FieldValue> {
    let before = around.before.map(|before| &before.fields);
    around.fields.checked(given, before, &around.viewer.roles).unwrap_or_else(|found| {
        for (field, problem) in found {
            mistakes.add(field, problem);
        }
        BTreeMap::new()
    })
}

fn check_tags(given: &[String], mistakes: &mut Mistakes) -> Vec<String> {
    if given.len() > CUSTOMER_TAGS_MAX {
        mistakes.add("tags", format!("must be at most {CUSTOMER_TAGS_MAX}"));
        return Vec::new();
    }
    let mut tags: Vec<String> = Vec::new();
    for (index, tag) in given.iter().map(|tag| tag.trim()).enumerate() {
        let field = format!("tags[{index}]");
        if tag.is_empty() {
            mistakes.add(&*field, "must not be empty");
        }
        mistakes.check_text(&field, tag, TAG_CHARS_MAX);
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// An agent that is not configured any more may stay.
fn check_agent(given: Option<String>, around: &Around<'_>, mistakes: &mut Mistakes) -> Option<AgentId> {
    let agent = AgentId::from(given?.as_str());
    let stays = around.before.is_some_and(|before| before.agent.as_ref() == Some(&agent));
    if !stays && !around.viewer.knows(&agent) {
        mistakes.add("agent", "is no agent");
    }
    Some(agent)
}

fn check_assets(given: Vec<api::Asset>, mistakes: &mut Mistakes) -> Vec<Asset> {
    if given.len() > CUSTOMER_ASSETS_MAX {
        mistakes.add("assets", format!("must be at most {CUSTOMER_ASSETS_MAX}"));
        return Vec::new();
    }
    let mut assets = Vec::new();
    for (index, asset) in given.into_iter().enumerate() {
        let product = asset.product.trim().to_owned();
        if product.is_empty() {
            mistakes.add(format!("assets[{index}].product"), "must not be empty");
        }
        let (serial, contract) = (optional(asset.serial), optional(asset.contract));
        for (field, text) in
            [("product", Some(&product)), ("serial", serial.as_ref()), ("contract", contract.as_ref())]
        {
            let text = text.map_or("", String::as_str);
            mistakes.check_text(&format!("assets[{index}].{field}"), text, ASSET_CHARS_MAX);
        }
        let warranty_end = optional(asset.warranty_end);
        if warranty_end.as_deref().is_some_and(|end| !is_date(end)) {
            mistakes.add(format!("assets[{index}].warranty_end"), "must be a date such as 2026-11-30");
        }
        let (serial, contract) = (serial.map(Pii::new), contract.map(Pii::new));
        assets.push(Asset { product, serial, contract, warranty_end });
    }
    assets
}

fn check_numbers(numbers: &[String], plan: &DialPlan, mistakes: &mut Mistakes) -> Vec<Pii<String>> {
    if numbers.len() > CUSTOMER_NUMBERS_MAX {
        mistakes.add("numbers", format!("must be at most {CUSTOMER_NUMBERS_MAX}"));
        return Vec::new();
    }
    let (mut seen, mut normalised) = (BTreeSet::new(), Vec::new());
    for (index, number) in numbers.iter().enumerate() {
        match normalise(number, plan) {
            Some(number) if seen.insert(number.clone()) => normalised.push(Pii::new(number)),
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

    fn checked(draft: CustomerDraft) -> Result<Customer, Vec<FieldProblem>> {
        let viewer = crate::testing::viewer(None, "agent");
        let (plan, fields) = (germany(), FieldSet::default());
        let id = CustomerId::generate(WallTime(0), &mut hotline_base::Rng::from_number(1));
        check(
            draft,
            (id, WallTime(0)),
            &Around { plan: &plan, fields: &fields, viewer: &viewer, before: None },
        )
    }

    fn fields(draft: CustomerDraft) -> Vec<String> {
        let Err(mistakes) = checked(draft) else { return Vec::new() };
        mistakes.into_iter().map(|mistake| mistake.field).collect()
    }

    #[test]
    fn a_good_draft_is_trimmed_and_its_numbers_normalised() {
        let draft = CustomerDraft {
            name: " Ada Lovelace ".into(),
            company: Some("  ".into()),
            email: Some("ada@example.org".into()),
            numbers: vec!["030 123-456".into(), "+44 20 7946 0000".into()],
            ..CustomerDraft::default()
        };
        let checked = checked(draft).ok().unwrap();
        assert_eq!((checked.name.expose().as_str(), checked.company), ("Ada Lovelace", None));
        assert_eq!(checked.numbers, ["+4930123456".into(), "+442079460000".into()]);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let draft = CustomerDraft {
            name: "\t".into(),
            company: Some("x".repeat(COMPANY_CHARS_MAX + 1)),
            email: Some("ada at example".into()),
            numbers: vec!["030 123456".into(), "call me".into(), "+4930-123456".into()],
            note: Some("a\0b".into()),
            tags: vec![" ".into()],
            agent: Some("1001".into()),
            fields: BTreeMap::from([("size".into(), FieldValue::Boolean(true))]),
            assets: vec![api::Asset {
                product: "Router".into(),
                serial: None,
                contract: None,
                warranty_end: Some("2026-02-30".into()),
            }],
            ..CustomerDraft::default()
        };
        let basic = ["name", "company", "note", "email", "numbers[1]", "numbers[2]"];
        let more = ["tags[0]", "agent", "fields", "assets[0].warranty_end"];
        assert_eq!(fields(draft), [&basic[..], &more].concat());
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
