//! CSV, TSV and facts.
//!
//! The first line of a CSV or TSV file is its header if it names a column of the collection; then all of
//! it must, each once, in any order. Otherwise every line is a row, columns by position. So a file of
//! plain numbers needs no header, and a misspelt header is an error in its first line.
//!
//! A collection without columns has at most one row; its file holds `()` for it. An empty line is a row of a
//! collection with one column of text in a tab-separated file, and nothing elsewhere.

mod digits;
mod numbers;
mod tabs;
mod writing;

use std::fs::File;
use std::io::{BufReader, Chain, Read};
use std::path::Path;

use bloom_plan::plan::Column;
use bloom_plan::types::Type;
use bloom_plan::value::Value;
use bloom_runtime::{Crew, Feed};
use csv::{ByteRecord, ReaderBuilder};
use writing::{names, write_header};

use super::{BYTE_ORDER_MARK, Sink, TableError, cell};
use crate::schema::{GivenRow, Schema};

/// A dialect.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    cells: Cells,
    header: bool,
}

impl Dialect {
    fn separator(self) -> u8 {
        match self.cells {
            Cells::Quoted => b',',
            Cells::Tabs => b'\t',
        }
    }
}

/// How a line is parted into cells.
#[derive(Clone, Copy)]
enum Cells {
    /// By commas, RFC 4180.
    Quoted,
    /// By tabs and nothing else.
    Tabs,
}

pub(super) use writing::{write, write_rows};

pub(super) const CSV: Dialect = Dialect {
    cells: Cells::Quoted,
    header: true,
};
pub(super) const TSV: Dialect = Dialect {
    cells: Cells::Tabs,
    header: true,
};
pub(super) const FACTS: Dialect = Dialect {
    cells: Cells::Tabs,
    header: false,
};

const BUFFER_BYTES: usize = 1 << 16;

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
    read_lines(path, dialect, schema, &mut |layout, record| {
        row(schema, layout, record).and_then(&mut *sink)
    })
}

/// As [`read`], into a node.
pub(super) fn feed(
    path: &Path,
    dialect: Dialect,
    schema: &Schema<'_>,
    feed: &mut Feed<'_>,
    crew: &dyn Crew,
) -> Result<u64, TableError> {
    if feed.is_of_numbers()
        && let Some(count) = feed_numbers(path, dialect, schema, feed, crew)?
    {
        return Ok(count);
    }
    read_lines(path, dialect, schema, &mut |layout, record| {
        feed_row(schema, layout, record, feed)
    })
}

/// As [`feed`], a file of nothing but plain numbers; none, and nothing is fed, if it is not.
fn feed_numbers(
    path: &Path,
    dialect: Dialect,
    schema: &Schema<'_>,
    feed: &mut Feed<'_>,
    crew: &dyn Crew,
) -> Result<Option<u64>, TableError> {
    let mut columns = schema.relation.columns.iter();
    // Durations are read by their units.
    if !columns.all(|c| schema.types.get(c.ty) == &Type::Int) {
        return Ok(None);
    }
    let mut header = Vec::new();
    if dialect.header {
        let written = write_header(&mut header, dialect, &names(schema));
        written.expect("writing to a vector never fails");
    }
    let lines = numbers::Lines {
        path,
        separator: dialect.separator(),
        header: dialect.header.then(|| header.trim_ascii_end()),
        width: feed.width(),
    };
    let start = feed.position();
    let count = lines.read(crew, &mut |rows, expected| {
        if feed.position() == start {
            feed.reserve(expected);
        }
        feed.numbers(rows);
    });
    let count = count.map_err(|source| TableError::Io {
        path: path.to_owned(),
        source,
    })?;
    if count.is_none() {
        feed.go_back(start);
    }
    Ok(count)
}

/// Takes the row of a line, or tells what is wrong with it.
type TakeLine<'t> = dyn FnMut(&Layout, &ByteRecord) -> Result<(), String> + 't;

fn read_lines(
    path: &Path,
    dialect: Dialect,
    schema: &Schema<'_>,
    take: &mut TakeLine<'_>,
) -> Result<u64, TableError> {
    let mut records = Records::open(path, dialect, schema)?;
    let mut record = ByteRecord::new();
    let mut layout: Option<Layout> = None;
    let mut count = 0;
    while let Some(line) = records.next(path, &mut record)? {
        let content = |message: String| TableError::Content {
            path: path.to_owned(),
            line,
            message,
        };
        if layout.is_none() {
            strip_byte_order_mark(&mut record);
            if let Some(header) = dialect.header.then(|| header(schema, &record)).flatten() {
                layout = Some(header.map_err(content)?);
                continue;
            }
        }
        let layout = layout.get_or_insert_with(|| Layout::positional(schema));
        take(layout, &record).map_err(content)?;
        count += 1;
    }
    Ok(count)
}

/// The lines of a file, as cells.
enum Records {
    Quoted(Box<csv::Reader<Chain<File, &'static [u8]>>>),
    Tabs {
        reader: BufReader<File>,
        line: Vec<u8>,
        number: u64,
        empty_lines_count: bool,
    },
}

impl Records {
    fn open(path: &Path, dialect: Dialect, schema: &Schema<'_>) -> Result<Records, TableError> {
        let file = File::open(path).map_err(|source| TableError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(match dialect.cells {
            Cells::Quoted => Records::Quoted(Box::new(
                ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .buffer_capacity(BUFFER_BYTES)
                    .from_reader(file.chain(END)),
            )),
            Cells::Tabs => Records::Tabs {
                reader: BufReader::with_capacity(BUFFER_BYTES, file),
                line: Vec::new(),
                number: 0,
                empty_lines_count: match schema.relation.columns.as_slice() {
                    [column] => cell::read(schema.types, column.ty, "").is_ok(),
                    _ => false,
                },
            },
        })
    }

    /// Reads the next line that counts, and gives its number; none at the end.
    fn next(&mut self, path: &Path, record: &mut ByteRecord) -> Result<Option<u64>, TableError> {
        match self {
            Records::Quoted(reader) => next_quoted(reader, path, record),
            Records::Tabs {
                reader,
                line,
                number,
                empty_lines_count,
            } => loop {
                let more = tabs::read_line(reader, line, record);
                let more = more.map_err(|source| TableError::Io {
                    path: path.to_owned(),
                    source,
                })?;
                *number += 1;
                if !more {
                    return Ok(None);
                }
                if *empty_lines_count || record.len() > 1 || !record[0].is_empty() {
                    return Ok(Some(*number));
                }
            },
        }
    }
}

fn next_quoted(
    reader: &mut csv::Reader<impl Read>,
    path: &Path,
    record: &mut ByteRecord,
) -> Result<Option<u64>, TableError> {
    let more = reader
        .read_byte_record(record)
        .map_err(|e| csv_error(path, e))?;
    if !more {
        return Ok(None);
    }
    let line = record.position().map_or(0, csv::Position::line);
    match record.iter().next_back() {
        Some(field) if record.len() == 1 && field == END.trim_ascii() => Ok(None),
        Some(field) if field.ends_with(END) => {
            let before = record.iter().take(record.len() - 1).flatten();
            let lines = before.filter(|&&byte| byte == b'\n').count() as u64;
            Err(TableError::Content {
                path: path.to_owned(),
                line: line + lines,
                message: "a quote is never closed".to_owned(),
            })
        }
        _ => Ok(Some(line)),
    }
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
    check_line(schema, layout, record)?;
    let columns = &schema.relation.columns;
    let value = |(i, field): (usize, &Option<usize>)| -> Result<Option<Value>, String> {
        let Some(field) = field else {
            return Ok(None);
        };
        let column = &columns[i];
        read_cell(schema, column, &record[*field]).map(Some)
    };
    layout.fields.iter().enumerate().map(value).collect()
}

/// Gives a node the row of a line.
fn feed_row(
    schema: &Schema<'_>,
    layout: &Layout,
    record: &ByteRecord,
    feed: &mut Feed<'_>,
) -> Result<(), String> {
    check_line(schema, layout, record)?;
    for (column, field) in schema.relation.columns.iter().zip(&layout.fields) {
        let fed = match field.map(|field| &record[field]) {
            None => feed.left_out(),
            Some(text) => {
                if schema.types.get(column.ty) == &Type::Int
                    && let Some(number) = plain_number(text)
                {
                    feed.number(number);
                    continue;
                }
                feed.value(&read_cell(schema, column, text)?)
            }
        };
        fed.map_err(|misfit| misfit.to_string())?;
    }
    feed.end_row();
    Ok(())
}

/// The number that a cell of nothing but a sign and a few digits is.
fn plain_number(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > numbers::DIGITS_MAX {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(if is_negative { -number } else { number })
}

/// Refuses a line that has not the cells of a row.
fn check_line(schema: &Schema<'_>, layout: &Layout, record: &ByteRecord) -> Result<(), String> {
    if schema.relation.columns.is_empty() {
        return match record.iter().next() {
            Some(field) if field == UNIT.as_bytes() => Ok(()),
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
    Ok(())
}

fn read_cell(schema: &Schema<'_>, column: &Column, text: &[u8]) -> Result<Value, String> {
    let text =
        std::str::from_utf8(text).map_err(|_| format!("column `{}`: not UTF-8", column.name))?;
    cell::read(schema.types, column.ty, text)
        .map_err(|message| format!("column `{}`: {message}", column.name))
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
