//! The fields that the center has added to customers: who sees which, and what can stand in them.

use std::collections::{BTreeMap, BTreeSet};

use hotline_api_types as api;
use hotline_base::Pii;
use hotline_call::FieldValue;
use hotline_store::{CustomerField, CustomerFieldKind, FIELD_CHARS_MAX};

/// All of them, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet(pub(crate) Vec<CustomerField>);

impl FieldSet {
    /// Those that somebody with these roles sees.
    pub(crate) fn seen_by<'s>(
        &'s self,
        roles: &'s BTreeSet<String>,
    ) -> impl Iterator<Item = &'s CustomerField> {
        self.0.iter().filter(|field| is_seen(field, roles))
    }

    /// What somebody with these roles sees of a customer's fields.
    pub(crate) fn shown(
        &self,
        values: &BTreeMap<String, FieldValue>,
        roles: &BTreeSet<String>,
    ) -> BTreeMap<String, api::FieldValue> {
        let seen = self.seen_by(roles);
        seen.filter_map(|field| Some((field.name.clone(), shown(values.get(&field.name)?)?))).collect()
    }

    /// What is kept of the fields that somebody with these roles has given; what they do not see stays as it was.
    ///
    /// # Errors
    /// Each field that is wrong, with what is wrong with it.
    pub(crate) fn checked(
        &self,
        given: BTreeMap<String, api::FieldValue>,
        before: Option<&BTreeMap<String, FieldValue>>,
        roles: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, FieldValue>, Vec<(String, String)>> {
        let (mut values, mut mistakes) = (BTreeMap::new(), Vec::new());
        let seen: BTreeMap<&str, &CustomerField> =
            self.seen_by(roles).map(|field| (field.name.as_str(), field)).collect();
        for (name, value) in given {
            match seen.get(name.as_str()).map(|field| check(&field.kind, value)) {
                Some(Ok(Some(value))) => {
                    values.insert(name, value);
                }
                Some(Ok(None)) => {}
                Some(Err(problem)) => mistakes.push((format!("fields.{name}"), problem)),
                None => mistakes.push(("fields".to_owned(), "names a field that there is not".to_owned())),
            }
        }
        for field in seen.values().filter(|field| field.required && !values.contains_key(&field.name)) {
            mistakes.push((format!("fields.{}", field.name), "must not be empty".to_owned()));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let hidden = self.0.iter().filter(|field| !seen.contains_key(field.name.as_str()));
        for field in hidden {
            if let Some(value) = before.and_then(|before| before.get(&field.name)) {
                values.insert(field.name.clone(), value.clone());
            }
        }
        Ok(values)
    }
}

fn is_seen(field: &CustomerField, roles: &BTreeSet<String>) -> bool {
    field.visible_to.is_empty() || field.visible_to.iter().any(|role| roles.contains(role))
}

fn shown(value: &FieldValue) -> Option<api::FieldValue> {
    Some(match value {
        FieldValue::Text(text) => api::FieldValue::Text(text.expose().clone()),
        FieldValue::Number(number) => api::FieldValue::Number(number.expose().parse().ok()?),
        FieldValue::Boolean(value) => api::FieldValue::Boolean(*value),
    })
}

/// The value as it is kept; `None` for an empty text.
fn check(kind: &CustomerFieldKind, value: api::FieldValue) -> Result<Option<FieldValue>, String> {
    match (kind, value) {
        (CustomerFieldKind::Boolean, api::FieldValue::Boolean(value)) => Ok(Some(FieldValue::Boolean(value))),
        (CustomerFieldKind::Number, api::FieldValue::Number(number)) => {
            Ok(Some(FieldValue::Number(Pii::new(number.to_string()))))
        }
        (CustomerFieldKind::Boolean, _) => Err("must be true or false".to_owned()),
        (CustomerFieldKind::Number, _) => Err("must be a number".to_owned()),
        (kind, api::FieldValue::Text(text)) => {
            let text = text.trim();
            if text.is_empty() {
                return Ok(None);
            }
            check_text(kind, text).map(|()| Some(FieldValue::Text(Pii::from(text))))
        }
        (CustomerFieldKind::Text | CustomerFieldKind::Date | CustomerFieldKind::Choice(_), _) => {
            Err("must be text".to_owned())
        }
    }
}

fn check_text(kind: &CustomerFieldKind, text: &str) -> Result<(), String> {
    if text.contains('\0') || text.chars().count() > FIELD_CHARS_MAX {
        return Err(format!("must have at most {FIELD_CHARS_MAX} characters and no NUL"));
    }
    match kind {
        CustomerFieldKind::Date if !is_date(text) => Err("must be a date such as 2026-11-30".to_owned()),
        CustomerFieldKind::Choice(choices) if !choices.iter().any(|choice| choice == text) => {
            Err("must be one of the choices of the field".to_owned())
        }
        CustomerFieldKind::Text
        | CustomerFieldKind::Date
        | CustomerFieldKind::Choice(_)
        | CustomerFieldKind::Number
        | CustomerFieldKind::Boolean => Ok(()),
    }
}

/// `2026-11-30`, on a day that there is (ISO 8601).
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let digits = |text: &str, count: usize| {
        let fits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use hotline_base::WallTime;

    use super::*;

    fn field(name: &str, kind: CustomerFieldKind, visible_to: &[&str]) -> CustomerField {
        CustomerField {
            name: name.into(),
            label_en: name.into(),
            label_zh: name.into(),
            kind,
            required: false,
            visible_to: visible_to.iter().map(|role| (*role).to_owned()).collect(),
            changed_at: WallTime(0),
        }
    }

    fn set() -> FieldSet {
        let choice = CustomerFieldKind::Choice(vec!["a".into(), "b".into()]);
        FieldSet(vec![
            field("born", CustomerFieldKind::Date, &[]),
            field("size", CustomerFieldKind::Number, &[]),
            field("kind", choice, &[]),
            field("credit", CustomerFieldKind::Text, &["admin"]),
        ])
    }

    fn text(text: &str) -> api::FieldValue {
        api::FieldValue::Text(text.into())
    }

    fn roles(role: &str) -> BTreeSet<String> {
        BTreeSet::from([role.to_owned()])
    }

    #[test]
    fn what_does_not_fit_a_field_is_named() {
        for (name, value, good) in [
            ("born", text("2024-02-29"), true),
            ("born", text("2023-02-29"), false),
            ("born", text("2023-2-1"), false),
            ("size", api::FieldValue::Number(7.into()), true),
            ("size", text("7"), false),
            ("kind", text("a"), true),
            ("kind", text("c"), false),
            ("colour", text("red"), false),
        ] {
            let given = BTreeMap::from([(name.to_owned(), value)]);
            assert_eq!(set().checked(given, None, &roles("agent")).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn what_a_role_does_not_see_it_neither_reads_nor_changes_nor_loses() {
        let before = BTreeMap::from([("credit".to_owned(), FieldValue::Text("bad".into()))]);
        assert!(set().shown(&before, &roles("agent")).is_empty());
        assert_eq!(set().shown(&before, &roles("admin")).len(), 1);
        let given = BTreeMap::from([("credit".to_owned(), text("good"))]);
        assert!(set().checked(given, Some(&before), &roles("agent")).is_err());
        assert_eq!(set().checked(BTreeMap::new(), Some(&before), &roles("agent")).unwrap(), before);
    }

    #[test]
    fn a_required_field_must_be_there() {
        let mut set = set();
        set.0[0].required = true;
        let mistakes = set.checked(BTreeMap::from([("born".into(), text(" "))]), None, &roles("agent"));
        assert_eq!(mistakes.unwrap_err()[0].0, "fields.born");
    }
}
