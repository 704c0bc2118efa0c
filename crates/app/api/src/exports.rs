//! All customers as one file, CSV or XLSX; other tables as CSV.
//!
//! A spreadsheet takes text that begins with `=`, `+`, `-` or `@` for a formula and carries it out on the machine of whoever
//! opens the file (CWE-1236). Such text gets an apostrophe before it, which an import takes away again.

use hotline_access::Permission;
use hotline_api_types as api;
use rust_xlsxwriter::{Workbook, XlsxError};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::auth::Identity;
use crate::convert::{self, Lens, Sight};
use crate::error::ApiError;
use crate::viewer::Subject;

/// Customers of one export.
const EXPORT_ROWS_MAX: usize = 50_000;
/// XLSX files that are made at once.
static XLSX_AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How many are read at a time.
const PORTION: usize = 1000;
const HEADER: [&str; 13] = [
    "id",
    "name",
    "company",
    "email",
    "numbers",
    "note",
    "class",
    "language",
    "vip",
    "blocked",
    "tags",
    "agent",
    "changed_at",
];

/// All customers as this user sees them, as CSV.
pub(crate) async fn csv(app: &App, who: &Identity) -> Result<Vec<u8>, ApiError> {
    written(customers(app, who, "csv").await?).await
}

/// A table as CSV, in which nothing is a formula.
pub(crate) async fn written(rows: Vec<Vec<String>>) -> Result<Vec<u8>, ApiError> {
    let written = tokio::task::spawn_blocking(move || lines(&rows));
    // Nothing can be in the way of a buffer.
    written.await.ok().flatten().ok_or(ApiError::Panicked)
}

/// The same as XLSX.
pub(crate) async fn xlsx(app: &App, who: &Identity) -> Result<Vec<u8>, ApiError> {
    let _permit = XLSX_AT_ONCE.try_acquire().map_err(|_| ApiError::Busy)?;
    let rows = customers(app, who, "xlsx").await?;
    let made = tokio::task::spawn_blocking(move || workbook(&rows)).await;
    made.map_err(|_| ApiError::Panicked)?.map_err(|error| {
        tracing::error!(%error, "a workbook cannot be made");
        ApiError::Panicked
    })
}

async fn customers(app: &App, who: &Identity, form: &str) -> Result<Vec<Vec<String>>, ApiError> {
    who.may(Permission::CustomersExport, Subject::Center)?;
    let fields = app.fields().await?;
    let lens = Lens::of(&who.viewer, Sight::of(&who.viewer, Subject::Anything), &fields);
    let own: Vec<String> = fields.seen_by(&who.viewer.roles).map(|field| field.name.clone()).collect();
    let header = HEADER.iter().map(|name| (*name).to_owned());
    let mut rows = vec![header.chain(own.iter().map(|name| format!("field:{name}"))).collect::<Vec<_>>()];
    let mut after = None;
    loop {
        let portion = app.ports.store.customers_after(after, PORTION).await?;
        rows.extend(portion.iter().map(|one| row(&convert::customer(one, lens), &own)));
        if rows.len() > EXPORT_ROWS_MAX + 1 {
            return Err(ApiError::Kept("there are more customers than fit into one file"));
        }
        after = portion.last().map(|last| last.id);
        if portion.len() < PORTION {
            break;
        }
    }
    let detail = serde_json::json!({ "rows": rows.len() - 1, "as": form });
    app.audit(&who.user.name, "customer.export", "customers", detail).await?;
    Ok(rows)
}

fn row(of: &api::Customer, own: &[String]) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let numbers: Vec<&str> = of.numbers.iter().map(api::Number::as_str).collect();
    let value = |name: &String| match of.fields.get(name) {
        Some(api::FieldValue::Text(text)) => text.clone(),
        Some(api::FieldValue::Number(number)) => number.to_string(),
        Some(api::FieldValue::Boolean(value)) => value.to_string(),
        None => String::new(),
    };
    let fixed = [
        of.id.clone(),
        of.name.clone(),
        text(&of.company),
        text(&of.email),
        numbers.join("; "),
        text(&of.note),
        text(&of.class),
        text(&of.language),
        of.vip.to_string(),
        of.blocked.to_string(),
        of.tags.join("; "),
        text(&of.agent),
        of.changed_at.to_string(),
    ];
    fixed.into_iter().chain(own.iter().map(value)).collect()
}

/// Texts are written as texts, which no spreadsheet computes.
fn workbook(rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("customers")?;
    for (line, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(line, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}

fn lines(rows: &[Vec<String>]) -> Option<Vec<u8>> {
    // Without the mark a spreadsheet takes UTF-8 for something else.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).ok()?;
    }
    writer.into_inner().ok()
}

fn harmless(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::sheet::Sheet;

    fn rows() -> Vec<Vec<String>> {
        [["name", "numbers"], ["=cmd|'/c calc'!A1", "+4930123456"], ["王, \"x\"", "-1"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec()
    }

    #[test]
    fn no_cell_of_a_csv_file_is_a_formula_and_it_reads_back_as_it_was() {
        let bytes = lines(&rows()).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains("\n'=cmd|") && text.contains(",'+4930123456"), "{text}");
        let read = Sheet::read(&bytes).unwrap();
        assert_eq!(read.rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows()[1..]);
    }

    #[test]
    fn a_workbook_reads_back_as_it_was() {
        let read = Sheet::read_xlsx(&workbook(&rows()).unwrap()).unwrap();
        assert_eq!(read.rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows()[1..]);
    }
}
