//! Lines of cells parted by tabs, as Soufflé's `.facts` have them: no character quotes or escapes another, so
//! a cell may hold anything but a tab and the end of a line.

use std::io::{self, BufRead};

use csv::ByteRecord;

/// Reads the next line into `record`; false at the end of the file. A line ends with `\n` or `\r\n`.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
    record: &mut ByteRecord,
) -> io::Result<bool> {
    line.clear();
    if reader.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    record.clear();
    for cell in text.split(|&byte| byte == b'\t') {
        record.push_field(cell);
    }
    Ok(true)
}

/// Writes a row's cells, or tells which of them would not be read back.
pub(super) fn write_line<'t>(
    out: &mut impl io::Write,
    cells: impl Iterator<Item = (&'t str, &'t [u8])>,
) -> io::Result<()> {
    for (place, (column, cell)) in cells.enumerate() {
        if cell.iter().any(|byte| b"\t\n\r".contains(byte)) {
            let message = format!(
                "column `{column}`: a tab or the end of a line cannot stand in a tab-separated \
                 file; csv, jsonl and parquet can hold it"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if place > 0 {
            out.write_all(b"\t")?;
        }
        out.write_all(cell)?;
    }
    out.write_all(b"\n")
}
