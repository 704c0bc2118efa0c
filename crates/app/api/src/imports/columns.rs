//! Which column of a table is which part of a customer.

use hotline_api_types::{self as api, CustomerDraft};
use hotline_store::{CustomerField, CustomerFieldKind};

use crate::fields::FieldSet;

/// What stands before the name of a field that the center has added.
const OWN: &str = "field:";

/// Parts of a customer, with words by which people head their columns.
const PARTS: [(&str, &[&str]); 12] = [
    ("id", &[]),
    ("name", &["full name", "customer", "姓名", "客户", "名称"]),
    ("company", &["organisation", "organization", "firm", "公司", "单位"]),
    ("email", &["e-mail", "mail", "e-mail address", "邮箱", "电子邮件"]),
    ("numbers", &["number", "phone", "phones", "telephone", "mobile", "tel", "电话", "手机", "号码"]),
    ("note", &["notes", "remark", "remarks", "备注"]),
    ("class", &["category", "级别", "等级"]),
    ("language", &["语言"]),
    ("vip", &[]),
    ("blocked", &["黑名单"]),
    ("tags", &["tag", "标签"]),
    ("agent", &["坐席", "专属坐席"]),
];

/// The part of a customer that a column's heading names.
pub(crate) fn guess(heading: &str, fields: &FieldSet) -> Option<String> {
    let heading = heading.trim().to_lowercase();
    let part = PARTS.iter().find(|(part, words)| *part == heading || words.contains(&heading.as_str()));
    if let Some((part, _)) = part {
        return Some((*part).to_owned());
    }
    let named = |field: &&CustomerField| {
        [&field.name, &field.label_en, &field.label_zh].iter().any(|name| name.to_lowercase() == heading)
            || heading.strip_prefix(OWN) == Some(&field.name)
    };
    fields.0.iter().find(named).map(|field| format!("{OWN}{}", field.name))
}

/// Whether there is such a part.
pub(crate) fn is_known(part: &str, fields: &FieldSet) -> bool {
    PARTS.iter().any(|(known, _)| *known == part) || own(part, fields).is_some()
}

fn own<'f>(part: &str, fields: &'f FieldSet) -> Option<&'f CustomerField> {
    let name = part.strip_prefix(OWN)?;
    fields.0.iter().find(|field| field.name == name)
}

/// Several values in one cell.
pub(crate) fn several(cell: &str) -> impl Iterator<Item = String> {
    cell.split([';', '\n', '|']).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned)
}

/// Puts a line of a table into a draft: what its columns are, the rest stays. An empty cell empties.
///
/// # Errors
/// The part that is wrong, and how.
pub(crate) fn fill(
    draft: &mut CustomerDraft,
    columns: &[Option<String>],
    cells: &[String],
    fields: &FieldSet,
) -> Result<(), (String, String)> {
    let (mut numbers, mut has_numbers) = (Vec::new(), false);
    for (index, part) in columns.iter().enumerate() {
        let Some(part) = part else { continue };
        let cell = cells.get(index).map_or("", String::as_str);
        let wrong = |problem: &str| (part.clone(), problem.to_owned());
        let text = || Some(cell.to_owned());
        match part.as_str() {
            "id" => {}
            "name" => cell.clone_into(&mut draft.name),
            "company" => draft.company = text(),
            "email" => draft.email = text(),
            "numbers" => {
                has_numbers = true;
                numbers.extend(several(cell));
            }
            "note" => draft.note = text(),
            "class" => draft.class = text(),
            "language" => draft.language = text(),
            "vip" => draft.vip = truth(cell).ok_or_else(|| wrong("must be yes or no"))?,
            "blocked" => draft.blocked = truth(cell).ok_or_else(|| wrong("must be yes or no"))?,
            "tags" => draft.tags = several(cell).collect(),
            "agent" => draft.agent = text(),
            _ => {
                let Some(field) = own(part, fields) else { continue };
                match value(&field.kind, cell).map_err(wrong)? {
                    Some(value) => draft.fields.insert(field.name.clone(), value),
                    None => draft.fields.remove(&field.name),
                };
            }
        }
    }
    if has_numbers {
        draft.numbers = numbers;
    }
    Ok(())
}

fn truth(cell: &str) -> Option<bool> {
    match cell.trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "是" => Some(true),
        "" | "false" | "no" | "n" | "0" | "否" => Some(false),
        _ => None,
    }
}

fn value(kind: &CustomerFieldKind, cell: &str) -> Result<Option<api::FieldValue>, &'static str> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    Ok(Some(match kind {
        CustomerFieldKind::Number => api::FieldValue::Number(cell.parse().map_err(|_| "must be a number")?),
        CustomerFieldKind::Boolean => api::FieldValue::Boolean(truth(cell).ok_or("must be yes or no")?),
        CustomerFieldKind::Text | CustomerFieldKind::Date | CustomerFieldKind::Choice(_) => {
            api::FieldValue::Text(cell.to_owned())
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_people_are_understood() {
        let fields = FieldSet::default();
        for (heading, part) in [
            ("E-Mail", Some("email")),
            (" 电话 ", Some("numbers")),
            ("Mobile", Some("numbers")),
            ("Colour", None),
        ] {
            assert_eq!(guess(heading, &fields).as_deref(), part, "{heading}");
        }
    }

    #[test]
    fn a_line_changes_what_its_columns_are_and_nothing_else() {
        let mut draft =
            CustomerDraft { name: "Ada".into(), note: Some("old".into()), ..CustomerDraft::default() };
        let columns = ["numbers", "vip", "numbers"].map(|part| Some(part.to_owned()));
        let cells = ["1; 2".to_owned(), "yes".to_owned(), "3".to_owned()];
        fill(&mut draft, &columns, &cells, &FieldSet::default()).unwrap();
        assert_eq!((draft.numbers, draft.vip), (vec!["1".into(), "2".into(), "3".to_owned()], true));
        assert_eq!((draft.name.as_str(), draft.note.as_deref()), ("Ada", Some("old")));
    }
}
