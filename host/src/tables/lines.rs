//! JSON lines: an object by column name, or an array by position, a line. Empty lines are skipped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use bloom_plan::value::Row;

use super::{BYTE_ORDER_MARK, Sink, TableError};
use crate::json;
use crate::schema::Schema;

/// No line is longer; what is longer is no line of ours.
const LINE_BYTES_MAX: usize = 64 << 20;

pub(super) fn read(
    path: &Path,
    schema: &Schema<'_>,
    sink: &mut Sink<'_>,
) -> Result<u64, TableError> {
    let failed = |source| TableError::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let mut text = Vec::new();
    let (mut line, mut count) = (0, 0);
    loop {
        text.clear();
        let mut bounded = io::Read::take(&mut reader, LINE_BYTES_MAX as u64);
        if bounded.read_until(b'\n', &mut text).map_err(failed)? == 0 {
            return Ok(count);
        }
        line += 1;
        let content = |message| TableError::Content {
            path: path.to_owned(),
            line,
            message,
        };
        if text.len() == LINE_BYTES_MAX {
            return Err(content(format!(
                "a line of more than {LINE_BYTES_MAX} bytes"
            )));
        }
        let mut text = text.trim_ascii_end();
        if line == 1 {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        if text.is_empty() {
            continue;
        }
        let json = json::parse(text).map_err(|e| content(no_json(&e)))?;
        let row = schema.row_of_json(&json).map_err(|e| e.to_string());
        row.and_then(&mut *sink).map_err(content)?;
        count += 1;
    }
}

pub(super) fn write(
    mut out: impl Write,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> io::Result<u64> {
    let mut count = 0;
    for row in rows {
        serde_json::to_writer(&mut out, &schema.json_of_row(&row))?;
        out.write_all(b"\n")?;
        count += 1;
    }
    out.flush()?;
    Ok(count)
}

/// The parser's message without its line, which is always 1 here.
fn no_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    match error.column() {
        0 => message.to_owned(),
        column => format!("column {column}: {message}"),
    }
}
