//! CSV, TSV and facts.
//!
//! The first line of a CSV or TSV file is its header if it names a column of the collection; then all of
//! it must, each once, in any order. Otherwise every line is a row, columns by position. So a file of
//! plain numbers needs no header, and a misspelt header is an error in its first line.
//!
//! A collection without columns has at most one row; its file holds `()` for it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bloom_plan::value::{Row, Value};
use csv::{ByteRecord, QuoteStyle, ReaderBuilder, WriterBuilder};

use super::{BYTE_ORDER_MARK, Sink, TableError, cell};
use crate::schema::{GivenRow, Schema};

/// A dialect.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    delimiter: u8,
    header: bool,
    quoting: bool,
}

pub(super) const CSV: Dialect = Dialect {
    delimiter: b',',
    header: true,
    quoting: true,
};
pub(super) const TSV: Dialect = Dialect {
    delimiter: b'\t',
    header: true,
    quoting: true,
};
pub(super) const FACTS: Dialect = Dialect {
    delimiter: b'\t',
    header: false,
    quoting: false,
};

/// The row of a collection without columns.
const UNIT: &str = "()";

/// Read after the end of a file: a line of its own, unless a quote is open. Not UTF-8, so never a cell.
const END: &[u8] = b"\n\xff\xfeend\xfe\xff\n";

pub(super) fn read(
    path: &Path,
    dialect: Dialect,
    schema: &Schema<'_>,
    sink: &mut Sink<'_>,
) -> Result<u64, TableError> {
    let file = File::open(path).map_err(|source| TableError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mut reader = ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .has_headers(false)
        .flexible(true)
        .quoting(dialect.quoting)
        .buffer_capacity(1 << 16)
        .from_reader(file.chain(END));
    let mut record = ByteRecord::new();
    let mut layout: Option<Layout> = None;
    let mut count = 0;
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|e| csv_error(path, e))?;
        if !more {
            return Ok(count);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let content = |message: String| TableError::Content {
            path: path.to_owned(),
            line,
            message,
        };
        match record.iter().next_back() {
            Some(field) if record.len() == 1 && field == END.trim_ascii() => return Ok(count),
            Some(field) if field.ends_with(END) => {
                let before = record.iter().take(record.len() - 1).flatten();
                let lines = before.filter(|&&byte| byte == b'\n').count() as u64;
                return Err(TableError::Content {
                    path: path.to_owned(),
                    line: line + lines,
                    message: "a quote is never closed".to_owned(),
                });
            }
            _ => {}
        }
        if layout.is_none() {
            strip_byte_order_mark(&mut record);
            if let Some(header) = dialect.header.then(|| header(schema, &record)).flatten() {
                layout = Some(header.map_err(content)?);
                continue;
            }
        }
        let layout = layout.get_or_insert_with(|| Layout::positional(schema));
        row(schema, layout, &record)
            .and_then(&mut *sink)
            .map_err(content)?;
        count += 1;
    }
}

pub(super) fn write(
    out: impl io::Write,
    dialect: Dialect,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> io::Result<u64> {
    let mut writer = WriterBuilder::new()
        .delimiter(dialect.delimiter)
        .quote_style(if dialect.quoting {
            QuoteStyle::Necessary
        } else {
            QuoteStyle::Never
        })
        .buffer_capacity(1 << 16)
        .from_writer(out);
    let columns = &schema.relation.columns;
    if dialect.header && !columns.is_empty() {
        writer.write_record(columns.iter().map(|column| column.name.as_str()))?;
    }
    let mut text = Vec::new();
    let mut count = 0;
    for row in rows {
        if columns.is_empty() {
            writer.write_record([UNIT])?;
        }
        for (column, value) in columns.iter().zip(&row) {
            text.clear();
            cell::write(&mut text, schema.types, column.ty, value);
            writer.write_field(&text)?;
        }
        if !columns.is_empty() {
            writer.write_record(None::<&[u8]>)?;
        }
        count += 1;
    }
    writer.flush()?;
    Ok(count)
}

/// Which field of a line holds each column; none for columns that are left out.
struct Layout {
    fields: Vec<Option<usize>>,
    /// How many fields a line has.
    width: usize,
}

impl Layout {
    fn positional(schema: &Schema<'_>) -> Layout {
        let width = schema.relation.columns.len();
        Layout {
            fields: (0..width).map(Some).collect(),
            width,
        }
    }
}

/// The layout that a first line names; none if it names no column and so is a row.
fn header(schema: &Schema<'_>, record: &ByteRecord) -> Option<Result<Layout, String>> {
    let column = |field: &[u8]| schema.column(std::str::from_utf8(field).ok()?.trim());
    record.iter().find_map(column)?;
    let mut fields = vec![None; schema.relation.columns.len()];
    for (i, field) in record.iter().enumerate() {
        let name = String::from_utf8_lossy(field);
        let Some(column) = column(field) else {
            return Some(Err(schema.unknown_column(name.trim()).to_string()));
        };
        if fields[column].replace(i).is_some() {
            return Some(Err(format!(
                "column `{}` stands twice in the header",
                name.trim()
            )));
        }
    }
    for (i, field) in fields.iter().enumerate() {
        if let (None, Err(missing)) = (field, schema.may_be_left_out(i)) {
            return Some(Err(missing.to_string()));
        }
    }
    Some(Ok(Layout {
        fields,
        width: record.len(),
    }))
}

fn row(schema: &Schema<'_>, layout: &Layout, record: &ByteRecord) -> Result<GivenRow, String> {
    let columns = &schema.relation.columns;
    if columns.is_empty() {
        return match record.iter().next() {
            Some(field) if field == UNIT.as_bytes() => Ok(GivenRow::new()),
            _ => Err(format!(
                "a row of `{}`, which has no columns, is `{UNIT}`",
                schema.relation.name
            )),
        };
    }
    if record.len() != layout.width {
        return Err(format!(
            "expected {} fields ({}), found {}",
            layout.width,
            schema.column_names(),
            record.len()
        ));
    }
    let value = |(i, field): (usize, &Option<usize>)| -> Result<Option<Value>, String> {
        let Some(field) = field else {
            return Ok(None);
        };
        let column = &columns[i];
        let text = std::str::from_utf8(&record[*field])
            .map_err(|_| format!("column `{}`: not UTF-8", column.name))?;
        cell::read(schema.types, column.ty, text)
            .map(Some)
            .map_err(|message| format!("column `{}`: {message}", column.name))
    };
    layout.fields.iter().enumerate().map(value).collect()
}

/// Spreadsheets put one in front of the first field.
fn strip_byte_order_mark(record: &mut ByteRecord) {
    if record
        .get(0)
        .is_some_and(|field| field.starts_with(BYTE_ORDER_MARK))
    {
        let position = record.position().cloned();
        let mut stripped = ByteRecord::new();
        for (i, field) in record.iter().enumerate() {
            stripped.push_field(if i == 0 {
                &field[BYTE_ORDER_MARK.len()..]
            } else {
                field
            });
        }
        stripped.set_position(position);
        *record = stripped;
    }
}

fn csv_error(path: &Path, error: csv::Error) -> TableError {
    let path = path.to_owned();
    let line = error.position().map(csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => TableError::Io { path, source },
        kind => TableError::Content {
            path,
            line: line.unwrap_or(0),
            message: format!("{kind:?}"),
        },
    }
}
