//! Rows to lines.

use std::io;

use bloom_plan::value::Row;
use bloom_runtime::cells::Part;
use bloom_runtime::{Cell, Crew, Form, Rows};
use csv::{QuoteStyle, WriterBuilder};

use super::{BUFFER_BYTES, Cells, Dialect, UNIT, digits, tabs};
use crate::schema::Schema;
use crate::tables::{cell, turns};

/// Rows of numbers whose lines are made at a time: they and their text stay in the processor's cache.
const NUMBER_ROWS: usize = 1 << 14;
/// Other rows: their cells may be long.
const CELL_ROWS: usize = 1 << 10;

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
        lines.write_row(&names, &cells)?;
        count += 1;
    }
    lines.finish()?;
    Ok(count)
}

/// As [`write`], from a node.
pub(in crate::tables) fn write_rows(
    mut out: impl io::Write + Send,
    dialect: Dialect,
    schema: &Schema<'_>,
    rows: &Rows<'_>,
    crew: &dyn Crew,
) -> io::Result<u64> {
    let names = names(schema);
    let is_of_numbers = Form::are_numbers(rows.forms());
    let part_rows = match is_of_numbers {
        true => NUMBER_ROWS,
        false => CELL_ROWS,
    };
    let count = rows.len();
    // The header stands before the first rows, or alone.
    let parts = count.div_ceil(part_rows).max(1);
    let make = |number: usize, text: &mut Vec<u8>| {
        text.clear();
        if number == 0 && dialect.header && !names.is_empty() {
            write_header(text, dialect, &names)?;
        }
        let start = number * part_rows;
        let part = rows.part(start..count.min(start + part_rows));
        if is_of_numbers {
            digits::write_lines(text, &part, names.len(), dialect.separator());
            return Ok(());
        }
        write_cells(text, dialect, schema, &names, rows, &part)
    };
    turns::in_turn(crew, parts, &make, &mut |text| out.write_all(text))?;
    out.flush()?;
    Ok(count as u64)
}

/// Rows that are not only numbers.
fn write_cells(
    text: &mut Vec<u8>,
    dialect: Dialect,
    schema: &Schema<'_>,
    names: &[&str],
    rows: &Rows<'_>,
    part: &Part<'_>,
) -> io::Result<()> {
    let columns = &schema.relation.columns;
    let mut lines = Lines::new(text, dialect);
    let mut cells = vec![Vec::new(); columns.len()];
    let mut words = vec![0; columns.len()];
    let mut digits = itoa::Buffer::new();
    for place in 0..part.len() {
        part.read(place, &mut words);
        for (number, (text, &word)) in cells.iter_mut().zip(&words).enumerate() {
            text.clear();
            match rows.cell(number, word) {
                Cell::Number(n) => text.extend_from_slice(digits.format(n).as_bytes()),
                Cell::Text(cell) => text.extend_from_slice(cell.as_bytes()),
                Cell::Other(value) => cell::write(text, schema.types, columns[number].ty, &value),
            }
        }
        lines.write_row(names, &cells)?;
    }
    lines.finish()
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

    /// Writes the line of a row, which is not empty where there are no columns.
    fn write_row(&mut self, names: &[&str], cells: &[Vec<u8>]) -> io::Result<()> {
        let unit = names.is_empty().then_some(("", UNIT.as_bytes()));
        let named = names.iter().zip(cells);
        let cells = named.map(|(name, cell)| (*name, cell.as_slice()));
        self.write(cells.chain(unit))
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Lines::Quoted(writer) => writer.flush(),
            Lines::Tabs(out) => out.flush(),
        }
    }
}
