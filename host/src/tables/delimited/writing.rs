//! Rows to lines.

use std::io;

use bloom_plan::value::Row;
use bloom_runtime::{Cell, Form, Rows};
use csv::{QuoteStyle, WriterBuilder};

use super::{BUFFER_BYTES, Cells, Dialect, LINE_BYTES, UNIT, tabs};
use crate::schema::Schema;
use crate::tables::cell;

pub(in crate::tables) fn write(
    out: impl io::Write,
    dialect: Dialect,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> io::Result<u64> {
    let mut lines = Lines::new(out, dialect);
    let columns = &schema.relation.columns;
    let names = names(schema);
    if dialect.header && !columns.is_empty() {
        lines.write(names.iter().map(|name| (*name, name.as_bytes())))?;
    }
    let mut cells = vec![Vec::new(); columns.len()];
    let mut count = 0;
    for row in rows {
        for ((column, value), text) in columns.iter().zip(&row).zip(&mut cells) {
            text.clear();
            cell::write(text, schema.types, column.ty, value);
        }
        let unit = columns.is_empty().then_some(("", UNIT.as_bytes()));
        let named = names.iter().zip(&cells);
        let cells = named.map(|(name, cell)| (*name, cell.as_slice()));
        lines.write(cells.chain(unit))?;
        count += 1;
    }
    lines.finish()?;
    Ok(count)
}

/// As [`write`], from a node.
pub(in crate::tables) fn write_rows(
    mut out: impl io::Write,
    dialect: Dialect,
    schema: &Schema<'_>,
    rows: &Rows<'_>,
) -> io::Result<u64> {
    if rows.forms().is_empty() || rows.forms().iter().any(|&form| form != Form::Number) {
        return write_cells(out, dialect, schema, rows);
    }
    let between = dialect.separator();
    let mut text = Vec::with_capacity(BUFFER_BYTES + LINE_BYTES);
    if dialect.header {
        write_header(&mut text, dialect, &names(schema))?;
    }
    let mut words = Vec::new();
    let mut digits = itoa::Buffer::new();
    for place in 0..rows.len() {
        rows.read(place, &mut words);
        for &word in &words {
            text.extend_from_slice(digits.format(word as i64).as_bytes());
            text.push(between);
        }
        if let Some(last) = text.last_mut() {
            *last = b'\n';
        }
        if text.len() >= BUFFER_BYTES {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)?;
    out.flush()?;
    Ok(rows.len() as u64)
}

/// Rows that are not only numbers.
fn write_cells(
    out: impl io::Write,
    dialect: Dialect,
    schema: &Schema<'_>,
    rows: &Rows<'_>,
) -> io::Result<u64> {
    let columns = &schema.relation.columns;
    let names = names(schema);
    let mut lines = Lines::new(io::BufWriter::with_capacity(BUFFER_BYTES, out), dialect);
    if dialect.header && !columns.is_empty() {
        lines.write(names.iter().map(|name| (*name, name.as_bytes())))?;
    }
    let mut cells = vec![Vec::new(); columns.len()];
    let mut words = Vec::new();
    let mut digits = itoa::Buffer::new();
    for place in 0..rows.len() {
        rows.read(place, &mut words);
        for (number, (text, &word)) in cells.iter_mut().zip(&words).enumerate() {
            text.clear();
            match rows.cell(number, word) {
                Cell::Number(n) => text.extend_from_slice(digits.format(n).as_bytes()),
                Cell::Text(cell) => text.extend_from_slice(cell.as_bytes()),
                Cell::Other(value) => cell::write(text, schema.types, columns[number].ty, &value),
            }
        }
        let unit = columns.is_empty().then_some(("", UNIT.as_bytes()));
        let named = names.iter().zip(&cells);
        let cells = named.map(|(name, cell)| (*name, cell.as_slice()));
        lines.write(cells.chain(unit))?;
    }
    lines.finish()?;
    Ok(rows.len() as u64)
}

pub(super) fn write_header(text: &mut Vec<u8>, dialect: Dialect, names: &[&str]) -> io::Result<()> {
    let mut lines = Lines::new(text, dialect);
    lines.write(names.iter().map(|name| (*name, name.as_bytes())))?;
    lines.finish()
}

pub(super) fn names<'s>(schema: &Schema<'s>) -> Vec<&'s str> {
    let columns = schema.relation.columns.iter();
    columns.map(|column| column.name.as_str()).collect()
}

/// Where lines go.
enum Lines<W: io::Write> {
    Quoted(Box<csv::Writer<W>>),
    Tabs(W),
}

impl<W: io::Write> Lines<W> {
    fn new(out: W, dialect: Dialect) -> Lines<W> {
        match dialect.cells {
            Cells::Quoted => Lines::Quoted(Box::new(
                WriterBuilder::new()
                    .quote_style(QuoteStyle::Necessary)
                    .buffer_capacity(BUFFER_BYTES)
                    .from_writer(out),
            )),
            Cells::Tabs => Lines::Tabs(out),
        }
    }

    /// Writes a line of cells, each with its column's name.
    fn write<'t>(&mut self, cells: impl Iterator<Item = (&'t str, &'t [u8])>) -> io::Result<()> {
        match self {
            Lines::Quoted(writer) => Ok(writer.write_record(cells.map(|(_, cell)| cell))?),
            Lines::Tabs(out) => tabs::write_line(out, cells),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Lines::Quoted(writer) => writer.flush(),
            Lines::Tabs(out) => out.flush(),
        }
    }
}
