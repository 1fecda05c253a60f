//! Rows of a collection in files: CSV, TSV, tab-separated facts without a header, JSON lines, Parquet.
//!
//! Reading is directed by the collection's types and stops at the first thing that does not fit, with
//! file, line and column. Columns are found by name where the file names them, else by position.
//!
//! A cell of CSV, TSV and facts holds a number, `true`/`false` or plain text for the types that have
//! such a form, and JSON (see [`crate::json`]) for all others.

mod cell;
mod delimited;
mod lines;
mod parquet;
mod turns;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::{Row, Value};

use bloom_runtime::{Crew, Feed, Misfit, Rows};

use crate::schema::{GivenRow, Schema};

/// Spreadsheets and some editors put one in front of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file holds rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Commas, RFC 4180. Written with a header; read with or without.
    Csv,
    /// Tabs, never quoted. Written with a header; read with or without.
    Tsv,
    /// Tabs, never a header, never quoted.
    Facts,
    /// A JSON object or array a line.
    Jsonl,
    Parquet,
}

impl Format {
    pub const ALL: [Format; 5] = [
        Format::Csv,
        Format::Tsv,
        Format::Facts,
        Format::Jsonl,
        Format::Parquet,
    ];

    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Facts => "facts",
            Format::Jsonl => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    pub fn of_extension(extension: &str) -> Option<Format> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension().eq_ignore_ascii_case(extension))
    }
}

/// Why a file of rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}:{line}: {message}", path.display())]
    Content {
        path: PathBuf,
        /// From 1; in Parquet the row's number.
        line: u64,
        message: String,
    },
    #[error("{}: {message}", path.display())]
    Format { path: PathBuf, message: String },
}

/// A file of rows found in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    pub collection: String,
    pub format: Format,
    pub path: PathBuf,
}

/// What a folder has, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Files that have a table's extension.
    pub sources: Vec<Source>,
    /// All else that is not hidden.
    pub others: Vec<PathBuf>,
}

/// The files of rows in a folder.
pub fn find(folder: &Path) -> Result<Found, TableError> {
    let failed = |source| TableError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut found = Found::default();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let format = path
            .extension()
            .and_then(|e| e.to_str())
            .and_then(Format::of_extension);
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let (Some(format), Some(name), true) = (format, name, path.is_file()) {
            found.sources.push(Source {
                collection: name.to_owned(),
                format,
                path: path.clone(),
            });
        } else if !is_hidden(&path) {
            found.others.push(path);
        }
    }
    found.sources.sort_by(|a, b| a.path.cmp(&b.path));
    found.others.sort();
    Ok(found)
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Takes the rows of a file, or tells what is wrong with one.
pub type Sink<'s> = dyn FnMut(GivenRow) -> Result<(), String> + 's;

/// Gives every row of a file to `sink`, in order; returns how many there were.
pub fn read(
    path: &Path,
    format: Format,
    schema: &Schema<'_>,
    sink: &mut Sink<'_>,
) -> Result<u64, TableError> {
    match format {
        Format::Csv => delimited::read(path, delimited::CSV, schema, sink),
        Format::Tsv => delimited::read(path, delimited::TSV, schema, sink),
        Format::Facts => delimited::read(path, delimited::FACTS, schema, sink),
        Format::Jsonl => lines::read(path, schema, sink),
        Format::Parquet => parquet::read(path, schema, sink),
    }
}

/// Gives every row of a file to a node, in order; returns how many there were. A large file of plain numbers is read by all
/// of the crew.
pub fn feed(
    path: &Path,
    format: Format,
    schema: &Schema<'_>,
    feed: &mut Feed<'_>,
    crew: &dyn Crew,
) -> Result<u64, TableError> {
    match format {
        Format::Csv => delimited::feed(path, delimited::CSV, schema, feed, crew),
        Format::Tsv => delimited::feed(path, delimited::TSV, schema, feed, crew),
        Format::Facts => delimited::feed(path, delimited::FACTS, schema, feed, crew),
        Format::Jsonl | Format::Parquet => read(path, format, schema, &mut |given| {
            feed_given(feed, given).map_err(|misfit| misfit.to_string())
        }),
    }
}

fn feed_given(feed: &mut Feed<'_>, given: GivenRow) -> Result<(), Misfit> {
    for value in given {
        match value {
            Some(value) => feed.value(&value)?,
            None => feed.left_out()?,
        }
    }
    feed.end_row();
    Ok(())
}

/// The value that the text of a cell, or of a parameter on a command line, stands for.
pub fn value_of_text(types: &TypeTable, ty: TypeId, text: &str) -> Result<Value, String> {
    cell::read(types, ty, text)
}

/// Writes the rows to a file, which it replaces.
pub fn write(
    path: &Path,
    format: Format,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> Result<u64, TableError> {
    if format == Format::Parquet {
        return parquet::write(path, schema, rows);
    }
    let failed = |source| TableError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::create(path).map_err(failed)?;
    write_to(
        io::BufWriter::with_capacity(1 << 16, file),
        format,
        schema,
        rows,
    )
    .map_err(failed)
}

/// Writes a node's rows to a file, which it replaces. Lines are made by all of the crew.
pub fn write_rows(
    path: &Path,
    format: Format,
    schema: &Schema<'_>,
    rows: &Rows<'_>,
    crew: &dyn Crew,
) -> Result<u64, TableError> {
    if format == Format::Parquet {
        return write(path, format, schema, &mut rows.values());
    }
    let failed = |source| TableError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::create(path).map_err(failed)?;
    write_rows_to(file, format, schema, rows, crew).map_err(failed)
}

/// Writes a node's rows as text; Parquet, which is no text, as CSV. Lines are made by all of the crew.
pub fn write_rows_to(
    out: impl io::Write + Send,
    format: Format,
    schema: &Schema<'_>,
    rows: &Rows<'_>,
    crew: &dyn Crew,
) -> io::Result<u64> {
    let dialect = match format {
        Format::Csv | Format::Parquet => delimited::CSV,
        Format::Tsv => delimited::TSV,
        Format::Facts => delimited::FACTS,
        Format::Jsonl => {
            let out = io::BufWriter::with_capacity(1 << 16, out);
            return lines::write(out, schema, &mut rows.values());
        }
    };
    delimited::write_rows(out, dialect, schema, rows, crew)
}

/// Writes the rows as text; Parquet, which is no text, as CSV.
pub fn write_to(
    out: impl io::Write,
    format: Format,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> io::Result<u64> {
    match format {
        Format::Csv | Format::Parquet => delimited::write(out, delimited::CSV, schema, rows),
        Format::Tsv => delimited::write(out, delimited::TSV, schema, rows),
        Format::Facts => delimited::write(out, delimited::FACTS, schema, rows),
        Format::Jsonl => lines::write(out, schema, rows),
    }
}
