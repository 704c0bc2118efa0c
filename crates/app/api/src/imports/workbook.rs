//! The first sheet of an XLSX file as a table. What the file says of itself is not believed: its parts are unpacked within a limit before
//! anything reads them, and cells are taken one by one.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError, open_workbook_from_rs};
use hotline_store::IMPORT_ROWS_MAX;
use zip::ZipArchive;

use super::sheet::{COLUMNS_MAX, Sheet};

/// Everything in the file, unpacked, in bytes.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files in the file.
const PARTS_MAX: usize = 1000;

/// Reads the first sheet.
///
/// # Errors
/// In words what is wrong with it.
pub(super) fn read(bytes: &[u8], sheet: &mut Sheet) -> Result<(), String> {
    check_size(bytes)?;
    let told = |error: XlsxError| format!("the file cannot be read as XLSX: {error}");
    let mut workbook: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(told)?;
    let first = workbook.sheet_names().first().cloned().ok_or("the file has no sheet")?;
    let mut cells = workbook.worksheet_cells_reader(&first).map_err(told)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while let Some(cell) = cells.next_cell().map_err(told)? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(format!("line {} has more than {COLUMNS_MAX} columns", u64::from(row) + 1));
        }
        let line = rows.entry(row).or_default();
        if line.len() <= column {
            line.resize(column + 1, String::new());
        }
        line[column] = text;
        // The first line is the header.
        if rows.len() > IMPORT_ROWS_MAX + 1 {
            return Err(format!("there are more than {IMPORT_ROWS_MAX} lines"));
        }
    }
    for (row, line) in rows {
        sheet.push(usize::try_from(row).unwrap_or(usize::MAX).saturating_add(1), line)?;
    }
    Ok(())
}

/// Unpacks everything and keeps nothing.
fn check_size(bytes: &[u8]) -> Result<(), String> {
    let broken = "the file is no XLSX file";
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken)?;
    if archive.len() > PARTS_MAX {
        return Err(format!("the file has more than {PARTS_MAX} parts"));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| broken)?;
        let unpacked = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|_| broken)?;
        left = left.checked_sub(unpacked).ok_or("the file holds too much")?;
    }
    Ok(())
}

/// A cell as somebody would write it into a CSV file.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Float(number) => float(*number),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => date(moment),
        // `#N/A` and the like say that there is nothing.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Numbers of telephones and customers are whole, and written without an exponent.
fn float(number: f64) -> String {
    /// Up to here a spreadsheet's number is exact (2^53).
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT { format!("{number:.0}") } else { number.to_string() }
}

fn date(moment: &ExcelDateTime) -> String {
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime as Written, Format, Workbook};

    use super::*;

    fn read_back(workbook: &mut Workbook) -> Result<Sheet, String> {
        Sheet::read_xlsx(&workbook.save_to_buffer().unwrap())
    }

    #[test]
    fn a_sheet_is_read_as_its_cells_are_shown() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, name) in (0..).zip(["Name", "Phone", "VIP", "Since"]) {
            sheet.write_string(0, column, name).unwrap();
        }
        sheet.write_string(1, 0, " 王 ").unwrap();
        sheet.write_number(1, 1, 4_930_901_820_f64).unwrap();
        sheet.write_boolean(1, 2, true).unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_datetime_with_format(1, 3, Written::from_ymd(2027, 1, 31).unwrap(), &format).unwrap();
        sheet.write_string(4, 1, "'+49 30 1").unwrap();
        workbook.add_worksheet().write_string(0, 0, "another sheet").unwrap();
        let sheet = read_back(&mut workbook).unwrap();
        assert_eq!(sheet.header, ["Name", "Phone", "VIP", "Since"]);
        let first = ["王", "4930901820", "true", "2027-01-31"].map(str::to_owned).to_vec();
        assert_eq!(sheet.rows, [(2, first), (5, vec![String::new(), "+49 30 1".to_owned()])]);
    }

    #[test]
    fn what_is_no_workbook_or_too_large_is_refused_in_words() {
        let mut wide = Workbook::new();
        wide.add_worksheet().write_string(0, 16_000, "far away").unwrap();
        assert!(read_back(&mut wide).unwrap_err().contains("columns"));
        let mut long = Workbook::new();
        let sheet = long.add_worksheet();
        for row in 0..=u32::try_from(IMPORT_ROWS_MAX).unwrap() + 1 {
            sheet.write_string(row, 0, "a").unwrap();
        }
        assert!(read_back(&mut long).unwrap_err().contains("lines"));
        let mut empty = Workbook::new();
        empty.add_worksheet();
        assert!(read_back(&mut empty).unwrap_err().contains("first line"));
        assert!(Sheet::read_xlsx(b"name,number\nAda,1\n").unwrap_err().contains("XLSX"));
    }

    #[test]
    fn a_file_that_unpacks_to_more_than_it_may_is_refused() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
        let zeroes = usize::try_from(UNPACKED_BYTES_MAX + 1).unwrap();
        io::Write::write_all(&mut writer, &vec![b' '; zeroes]).unwrap();
        let bomb = writer.finish().unwrap().into_inner();
        assert!(bomb.len() < 1024 * 1024);
        assert!(Sheet::read_xlsx(&bomb).unwrap_err().contains("too much"));
    }
}
