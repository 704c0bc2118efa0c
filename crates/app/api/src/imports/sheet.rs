//! Tables that people have as CSV files (RFC 4180): values with commas, semicolons or tabs between them, in UTF-8, read within limits.
//! XLSX files are read in `workbook.rs`.

use hotline_store::{IMPORT_ROWS_MAX, NOTE_CHARS_MAX};

use super::workbook;

/// The largest file, in bytes.
pub(crate) const SHEET_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Columns of a table.
pub(crate) const COLUMNS_MAX: usize = 100;

/// What requests and answers call it.
pub(crate) const CSV: &str = "text/csv";

/// A table: its first line, and the others that are not empty with their numbers in the file, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    /// Reads a file. Takes its time: not for the threads that answer requests.
    ///
    /// # Errors
    /// In words what is wrong with it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut sheet = Self::default();
        read_csv(bytes, &mut sheet)?;
        sheet.with_header()
    }

    /// Reads the first sheet of an XLSX file. Takes its time, too.
    ///
    /// # Errors
    /// In words what is wrong with it.
    pub(crate) fn read_xlsx(bytes: &[u8]) -> Result<Self, String> {
        let mut sheet = Self::default();
        workbook::read(bytes, &mut sheet)?;
        sheet.with_header()
    }

    fn with_header(self) -> Result<Self, String> {
        if self.header.iter().all(String::is_empty) {
            return Err("the first line must name the columns".to_owned());
        }
        Ok(self)
    }

    /// Puts a line behind the others; `number` is its own in the file.
    pub(super) fn push(&mut self, number: usize, cells: Vec<String>) -> Result<(), String> {
        let mut cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.len() > COLUMNS_MAX {
            return Err(format!("line {number} has more than {COLUMNS_MAX} columns"));
        }
        if cells.iter().any(|cell| cell.chars().count() > NOTE_CHARS_MAX) {
            return Err(format!("a cell of line {number} has more than {NOTE_CHARS_MAX} characters"));
        }
        if number == 1 {
            self.header = cells;
        } else if !cells.is_empty() {
            if self.rows.len() >= IMPORT_ROWS_MAX {
                return Err(format!("there are more than {IMPORT_ROWS_MAX} lines"));
            }
            self.rows.push((number, cells));
        }
        Ok(())
    }
}

fn read_csv(bytes: &[u8], sheet: &mut Sheet) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not in UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    // Spreadsheets of half the world write semicolons.
    let delimiter =
        [b';', b'\t', b','].into_iter().max_by_key(|one| first.bytes().filter(|byte| byte == one).count());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| format!("line {} cannot be read: {error}", index + 1))?;
        sheet.push(index + 1, record.iter().map(str::to_owned).collect())?;
    }
    Ok(())
}

/// What an export wrote so that no spreadsheet takes it for a formula.
fn plain(cell: &str) -> String {
    let cell = cell.trim();
    let behind = cell.strip_prefix('\'').filter(|behind| behind.starts_with(['=', '+', '-', '@']));
    behind.unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        let comma = Sheet::read(b"Name,Phone\nAda,'+49 30 1\n\n\"B, C\",2\n").unwrap();
        assert_eq!(comma.header, ["Name", "Phone"]);
        let cells: Vec<&str> =
            comma.rows.iter().flat_map(|(_, row)| row.iter().map(String::as_str)).collect();
        assert_eq!(cells, ["Ada", "+49 30 1", "B, C", "2"]);
        let semicolon = Sheet::read("\u{feff}Name;Phone\r\n王;1,5\r\n".as_bytes()).unwrap();
        assert_eq!(semicolon.rows, [(2, vec!["王".to_owned(), "1,5".to_owned()])]);
    }

    #[test]
    fn what_is_no_table_or_too_large_is_refused_in_words() {
        let wide = "a,".repeat(COLUMNS_MAX + 1) + "b";
        let long = format!("name\n{}", "a\n".repeat(IMPORT_ROWS_MAX + 1));
        for (bytes, word) in [
            (b"\xff\xfe".as_slice(), "UTF-8"),
            (b"".as_slice(), "first line"),
            (wide.as_bytes(), "columns"),
            (long.as_bytes(), "lines"),
        ] {
            let problem = Sheet::read(bytes).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
