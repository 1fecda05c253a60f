//! Rows at the edge of a node by the cell, without a `Value` where a cell is a number or a text: rows going
//! in ([`Feed`]) and rows coming out in order ([`Rows`]).

mod order;
mod packing;

use bloom_plan::plan::Column;
use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::Value;

use crate::api::Misfit;
use crate::context::Context;
use crate::crew::Crew;
use crate::pieces::Pieces;

pub use order::{Part, Rows};
pub(crate) use packing::Packing;

/// A thread's share of rows is no smaller than that.
const SHARE_ROWS_MIN: usize = 1 << 15;

/// What a cell of a type looks like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A 64-bit integer.
    Number,
    /// A `String` or `Addr`.
    Text,
    Other,
}

impl Form {
    pub fn of(types: &TypeTable, ty: TypeId) -> Form {
        match types.get(ty) {
            Type::Int | Type::Time | Type::Duration | Type::Req => Form::Number,
            Type::Max(inner) | Type::Min(inner) if Form::of(types, *inner) == Form::Number => {
                Form::Number
            }
            Type::String | Type::Addr => Form::Text,
            _ => Form::Other,
        }
    }

    /// Whether all columns are of numbers, and there are some.
    pub fn are_numbers(forms: &[Form]) -> bool {
        !forms.is_empty() && forms.iter().all(|&form| form == Form::Number)
    }
}

/// Takes rows of one collection in, cell by cell, for the node's next tick.
#[derive(Debug)]
pub struct Feed<'n> {
    context: &'n mut Context,
    columns: &'n [Column],
    forms: &'n [Form],
    /// Rows, whole up to `done`.
    words: &'n mut Vec<u64>,
    done: usize,
}

impl<'n> Feed<'n> {
    pub(crate) fn new(
        context: &'n mut Context,
        columns: &'n [Column],
        forms: &'n [Form],
        words: &'n mut Vec<u64>,
    ) -> Feed<'n> {
        Feed {
            forms,
            done: words.len(),
            context,
            columns,
            words,
        }
    }

    /// The column that the next cell is of.
    fn column(&self) -> usize {
        self.words.len() - self.done
    }

    /// What the next cell is to be.
    pub fn form(&self) -> Form {
        self.forms[self.column()]
    }

    /// Takes a cell of a column of numbers.
    pub fn number(&mut self, number: i64) {
        assert_eq!(
            self.form(),
            Form::Number,
            "a number for a column of numbers"
        );
        self.words.push(number as u64);
    }

    /// Whether all columns are of numbers, and there are some.
    pub fn is_of_numbers(&self) -> bool {
        Form::are_numbers(self.forms)
    }

    /// Cells a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// So many more rows are likely to come.
    pub fn reserve(&mut self, rows: usize) {
        self.words.reserve(rows * self.columns.len().max(1));
    }

    /// Takes whole rows of a collection of numbers, one after the other.
    #[inline]
    pub fn numbers(&mut self, rows: &[i64]) {
        debug_assert!(self.is_of_numbers(), "numbers for columns of numbers");
        let are_whole = rows.len().is_multiple_of(self.columns.len());
        assert!(are_whole, "a cell for each column");
        self.words.extend(rows.iter().map(|&number| number as u64));
        self.done = self.words.len();
    }

    /// A place between rows, to go back to.
    pub fn position(&self) -> usize {
        self.done
    }

    /// Takes back the rows since a position.
    pub fn go_back(&mut self, position: usize) {
        self.words.truncate(position);
        self.done = position;
    }

    /// Takes a cell of a column of texts.
    pub fn text(&mut self, text: &str) {
        assert_eq!(self.form(), Form::Text, "a text for a column of texts");
        let ty = self.columns[self.column()].ty;
        let word = self.context.store.make_bytes(ty, text.as_bytes());
        self.words.push(word);
    }

    /// Takes a cell of any column.
    pub fn value(&mut self, value: &Value) -> Result<(), Misfit> {
        let column = &self.columns[self.column()];
        let word = self.context.store.word(column.ty, value);
        let word = word.map_err(|misfit| misfit.in_column(&column.name))?;
        self.words.push(word);
        Ok(())
    }

    /// Takes a column's default for its cell.
    pub fn left_out(&mut self) -> Result<(), Misfit> {
        let column = &self.columns[self.column()];
        let name = || column.name.clone();
        let default = column
            .default
            .ok_or_else(|| Misfit::Missing { column: name() })?;
        let made = self.context.call(default, &[]);
        let word = made.map_err(|error| Misfit::Default {
            column: name(),
            error,
        })?;
        self.words.push(word);
        Ok(())
    }

    /// Ends a row of which all cells were taken.
    pub fn end_row(&mut self) {
        assert_eq!(self.column(), self.columns.len(), "a cell for each column");
        if self.columns.is_empty() {
            self.words.push(0);
        }
        self.done = self.words.len();
    }

    /// Takes a whole row.
    pub fn row(&mut self, row: &[Value]) -> Result<(), Misfit> {
        if row.len() != self.columns.len() {
            return Err(Misfit::Width {
                expected: self.columns.len(),
                found: row.len(),
            });
        }
        for value in row {
            self.value(value)?;
        }
        self.end_row();
        Ok(())
    }
}

impl Drop for Feed<'_> {
    /// A row that was given up is none.
    fn drop(&mut self) {
        self.words.truncate(self.done);
    }
}

/// A cell of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell<'r> {
    Number(i64),
    Text(&'r str),
    Other(Value),
}

/// Rows for the next tick, by collection.
pub(crate) type Fed = Pieces<Vec<u64>>;

/// Into how many shares so many rows are to be parted.
fn shares(crew: Option<&dyn Crew>, rows: usize) -> usize {
    crew.map_or(1, |crew| crew.size().min(rows / SHARE_ROWS_MIN).max(1))
}

#[cfg(test)]
mod tests;
