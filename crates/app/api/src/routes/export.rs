//! Call records as a table: CSV for programs, XLSX for spreadsheets.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use hotline_access::Permission;
use hotline_api_types as api;
use hotline_store::{CALL_PAGE_MAX, CallCursor, CallPage, CallSearch};
use rust_xlsxwriter::{Workbook, XlsxError};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::calls::shape;
use super::search::{self, CallQuery};
use crate::answer::{CsvFile, XlsxFile};
use crate::app::App;
use crate::auth::Identity;
use crate::cursor;
use crate::error::ApiError;
use crate::extract::Query;

/// Calls in one CSV file at most.
const CSV_ROWS_MAX: usize = 1_000_000;
/// Calls in one XLSX file at most: it is made in memory.
const XLSX_ROWS_MAX: usize = 50_000;
/// XLSX files that are made at once.
static XLSX_AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The columns.
const COLUMNS: [&str; 20] = [
    "id",
    "started_at",
    "direction",
    "caller",
    "caller_name",
    "called",
    "number",
    "flow",
    "trunk",
    "queues",
    "agent",
    "customer",
    "waited_s",
    "talked_s",
    "cause",
    "ended_by",
    "ended_at",
    "recordings",
    "dispositions",
    "notes",
];

/// `GET /api/v1/calls.csv`
pub(crate) async fn csv(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<CallQuery>,
) -> Result<CsvFile, ApiError> {
    let mut export = Export::begin(app, who, &query, CSV_ROWS_MAX)?;
    // What is wrong is told before the file begins.
    let first = export.page().await?;
    export.audit("csv", &query).await?;
    let head = lines(&[COLUMNS.map(|name| Cell::Text(name.to_owned()))])?;
    let begin = head.into_iter().chain(lines(&first)?).collect::<Vec<u8>>();
    let rest = try_unfold((Some(Bytes::from(begin)), export), |(begun, mut export)| async move {
        if let Some(begun) = begun {
            return Ok(Some((begun, (None, export))));
        }
        if export.is_over {
            return Ok(None);
        }
        let rows = export.page().await.map_err(|error| {
            tracing::warn!(%error, "an export of calls broke off");
            io::Error::other("the export broke off")
        })?;
        let bytes = lines(&rows).map_err(|_| io::Error::other("the export broke off"))?;
        Ok::<_, io::Error>(Some((Bytes::from(bytes), (None, export))))
    });
    Ok(CsvFile { name: "calls".to_owned(), body: Body::from_stream(rest) })
}

/// `GET /api/v1/calls.xlsx`
pub(crate) async fn xlsx(
    State(app): State<Arc<App>>,
    who: Identity,
    Query(query): Query<CallQuery>,
) -> Result<XlsxFile, ApiError> {
    let _permit = XLSX_AT_ONCE.try_acquire().map_err(|_| ApiError::Busy)?;
    let mut export = Export::begin(app, who, &query, XLSX_ROWS_MAX)?;
    let mut rows = Vec::new();
    while !export.is_over {
        rows.extend(export.page().await?);
    }
    export.audit("xlsx", &query).await?;
    let made = tokio::task::spawn_blocking(move || workbook(&rows)).await;
    let body = made.map_err(|_| ApiError::Panicked)?.map_err(|error| {
        tracing::error!(%error, "a workbook cannot be made");
        ApiError::Panicked
    })?;
    Ok(XlsxFile { name: "calls".to_owned(), body })
}

/// An export as far as it has come.
struct Export {
    app: Arc<App>,
    who: Identity,
    search: CallSearch,
    cursor: Option<CallCursor>,
    /// Rows that may follow.
    left: usize,
    is_over: bool,
}

impl Export {
    fn begin(app: Arc<App>, who: Identity, query: &CallQuery, most: usize) -> Result<Self, ApiError> {
        let cursor = cursor::read(query.cursor.as_deref())?;
        let cursor = cursor.map(|(started_at, call)| CallCursor { started_at, call });
        let search = search::read(query, &who.viewer, Permission::RecordsExport, &app.center().dial_plan)?;
        let left = query.limit.unwrap_or(most).clamp(1, most);
        Ok(Self { app, who, search, cursor, left, is_over: false })
    }

    async fn page(&mut self) -> Result<Vec<[Cell; COLUMNS.len()]>, ApiError> {
        let size = self.left.min(CALL_PAGE_MAX);
        let page = self.app.ports.store.search_calls(&self.search, self.cursor, size).await?;
        let CallPage { calls, next } = page;
        self.left -= calls.len();
        self.is_over = next.is_none() || self.left == 0;
        self.cursor = next;
        Ok(calls.iter().map(|record| cells(&shape(&self.who, record))).collect())
    }

    async fn audit(&self, form: &str, query: &CallQuery) -> Result<(), ApiError> {
        let mut detail = serde_json::to_value(query).unwrap_or_default();
        if let Some(fields) = detail.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            fields.insert("as".to_owned(), form.into());
        }
        self.app.audit(&self.who.user.name, "records.export", "calls", detail).await
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Text(String),
    Number(u32),
    Empty,
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

fn cells(record: &api::Record) -> [Cell; COLUMNS.len()] {
    let trunk = match &record.source {
        api::Source::Trunk(trunk) => Some(trunk.clone()),
        api::Source::Agent(_) | api::Source::Queue(_) => record.dials.first().map(|dial| dial.trunk.clone()),
    };
    let seconds = |ms: u64| Cell::Number(u32::try_from(ms / 1000).unwrap_or(u32::MAX));
    let talked = record.connected_at.zip(record.ended_at).map(|(from, until)| {
        seconds(until.as_unix_millis().saturating_sub(from.as_unix_millis()).max(0).unsigned_abs())
    });
    let joined =
        |texts: Vec<String>| if texts.is_empty() { Cell::Empty } else { Cell::Text(texts.join("; ")) };
    let said = |disposition: &api::Disposition| format!("{}: {}", disposition.agent, disposition.code);
    let notes = record.dispositions.iter().filter_map(|disposition| disposition.note.clone());
    [
        Cell::Text(record.id.clone()),
        Cell::Text(record.started_at.to_string()),
        word(&record.direction),
        Cell::Text(record.caller.to_string()),
        record.caller_name.clone().into(),
        Cell::Text(record.called.to_string()),
        record.number.clone().into(),
        record.flow.clone().into(),
        trunk.into(),
        joined(record.queues.iter().map(|visit| visit.queue.clone()).collect()),
        record.agent.clone().into(),
        record.customer.clone().into(),
        seconds(record.queues.iter().filter_map(|visit| visit.waited_ms).sum()),
        talked.unwrap_or(Cell::Empty),
        record.cause.as_ref().map_or(Cell::Empty, |cause| word(&cause.kind)),
        record.ended_by.as_ref().map_or(Cell::Empty, word),
        record.ended_at.map(|at| at.to_string()).into(),
        Cell::Number(u32::try_from(record.recordings.len()).unwrap_or(u32::MAX)),
        joined(record.dispositions.iter().map(said).collect()),
        joined(notes.collect()),
    ]
}

/// A word of the interface.
fn word(value: &impl Serialize) -> Cell {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).into()
}

/// Rows as lines of CSV (RFC 4180).
fn lines(rows: &[[Cell; COLUMNS.len()]]) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let fields = row.iter().map(|cell| match cell {
            Cell::Text(text) => harmless(text),
            Cell::Number(number) => number.to_string(),
            Cell::Empty => String::new(),
        });
        writer.write_record(fields).map_err(|_| ApiError::Panicked)?;
    }
    writer.into_inner().map_err(|_| ApiError::Panicked)
}

/// A spreadsheet takes a text that begins so for a formula, and callers choose their names: an apostrophe makes it text. A telephone
/// number stays as it is; as a formula it is a number.
fn harmless(text: &str) -> String {
    let is_number =
        text.strip_prefix('+').is_some_and(|rest| rest.chars().all(|one| one.is_ascii_digit() || one == '•'));
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula && !is_number { format!("'{text}") } else { text.to_owned() }
}

/// Texts are written as texts, which no spreadsheet computes.
fn workbook(rows: &[[Cell; COLUMNS.len()]]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("calls")?;
    for (column, name) in (0..).zip(COLUMNS) {
        sheet.write_string(0, column, name)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            match cell {
                Cell::Text(text) => sheet.write_string(line, column, text).map(drop)?,
                Cell::Number(number) => sheet.write_number(line, column, *number).map(drop)?,
                Cell::Empty => {}
            }
        }
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        for (text, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("+4930901820", "+4930901820"),
            ("+•••••••820", "+•••••••820"),
            ("王小明", "王小明"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), written);
        }
    }

    #[test]
    fn lines_are_quoted_where_they_must_be() {
        let mut row = [const { Cell::Empty }; COLUMNS.len()];
        row[0] = Cell::Text("a \"b\", c\nd".to_owned());
        row[1] = Cell::Number(7);
        let line = String::from_utf8(lines(&[row]).unwrap()).unwrap();
        assert_eq!(line, format!("\"a \"\"b\"\", c\nd\",7{}\r\n", ",".repeat(COLUMNS.len() - 2)));
    }
}
