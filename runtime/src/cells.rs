//! Rows at the edge of a node by the cell, without a `Value` where a cell is a number or a text: rows going
//! in ([`Feed`]) and rows coming out in order ([`Rows`]).
//!
//! Rows of numbers are sorted packed: of each column its distance from the column's least number, in as many
//! bits as the greatest needs, the first column uppermost. The order of rows is then that of words, and
//! these are sorted digit by digit from the last (radix sort, Knuth 5.2.5), in the memory of the rows themselves if
//! nobody needs these any more. Where rows do not fit a word,
//! or have columns that are no numbers, their numbers are sorted by comparing rows.

use bloom_plan::plan::Column;
use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::{Row, Value};

use crate::api::Misfit;
use crate::context::Context;
use crate::pieces::Pieces;
use crate::report;
use crate::rows::each_row;
use crate::store::Store;

/// Bits of a digit.
const DIGIT_BITS_MAX: u32 = 11;
/// Fewer words are sorted by comparing.
const RADIX_ROWS_MIN: usize = 1 << 10;

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
        !self.forms.is_empty() && self.forms.iter().all(|&form| form == Form::Number)
    }

    /// Cells a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// So many more rows are likely to come.
    pub fn reserve(&mut self, rows: usize) {
        self.words.reserve(rows * self.columns.len().max(1));
    }

    /// Takes a whole row of a collection of numbers.
    #[inline]
    pub fn numbers(&mut self, row: &[i64]) {
        debug_assert!(self.is_of_numbers(), "numbers for columns of numbers");
        assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.words.extend(row.iter().map(|&number| number as u64));
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

/// The rows of a collection in the order of their values.
#[derive(Debug)]
pub struct Rows<'n> {
    store: &'n Store,
    types: &'n [TypeId],
    forms: &'n [Form],
    order: Order<'n>,
}

#[derive(Debug)]
enum Order<'n> {
    Packed {
        columns: Vec<Packed>,
        rows: Vec<u64>,
    },
    /// As they stand.
    Stored { total: &'n [u64], stride: usize },
    Numbers {
        total: &'n [u64],
        stride: usize,
        numbers: Vec<u32>,
    },
}

impl<'n> Order<'n> {
    fn new(store: &Store, types: &[TypeId], forms: &[Form], total: &'n [u64]) -> Order<'n> {
        let stride = types.len().max(1);
        match pack(forms, total) {
            Some(Packing { columns, bits }) => {
                let rows = total
                    .chunks_exact(stride)
                    .map(|row| pack_row(&columns, row));
                let mut rows: Vec<u64> = rows.collect();
                let mut spare = vec![0; rows.len()];
                sort_words(&mut rows, &mut spare, bits);
                Order::Packed { columns, rows }
            }
            None => {
                let mut numbers: Vec<u32> = (0..(total.len() / stride) as u32).collect();
                let row = |n: u32| &total[n as usize * stride..][..types.len()];
                numbers.sort_unstable_by(|&a, &b| {
                    let cells = row(a).iter().zip(row(b)).zip(types);
                    let mut orders = cells.map(|((&a, &b), &ty)| store.compare(ty, a, b));
                    orders
                        .find(|order| order.is_ne())
                        .unwrap_or(std::cmp::Ordering::Equal)
                });
                Order::Numbers {
                    total,
                    stride,
                    numbers,
                }
            }
        }
    }
}

/// How rows fit words.
#[derive(Debug)]
pub(crate) struct Packing {
    columns: Vec<Packed>,
    /// Of a word.
    bits: u32,
}

/// Where in a word a column is.
#[derive(Clone, Copy, Debug)]
struct Packed {
    least: i64,
    shift: u32,
    mask: u64,
}

impl<'n> Rows<'n> {
    pub(crate) fn new(
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        total: &'n [u64],
    ) -> Rows<'n> {
        let stride = types.len().max(1);
        let order = match total.len() <= stride || stand_in_order(forms, total) {
            true => Order::Stored { total, stride },
            false => Order::new(store, types, forms, total),
        };
        Rows {
            store,
            types,
            forms,
            order,
        }
    }

    /// As [`Rows::new`], of rows that nobody needs any more: they are packed into the first half of their own memory, or
    /// less, and sorted with the help of the rest.
    pub(crate) fn of_own(
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        mut total: Vec<u64>,
        packing: Packing,
    ) -> Rows<'n> {
        let Packing { columns, bits } = packing;
        let (stride, count) = (columns.len(), total.len() / columns.len());
        for place in 0..count {
            total[place] = pack_row(&columns, &total[place * stride..][..stride]);
        }
        if total.len() < 2 * count {
            total.resize(2 * count, 0);
        }
        let (rows, spare) = total.split_at_mut(count);
        sort_words(rows, &mut spare[..count], bits);
        total.truncate(count);
        Rows {
            store,
            types,
            forms,
            order: Order::Packed {
                columns,
                rows: total,
            },
        }
    }

    pub fn len(&self) -> usize {
        match &self.order {
            Order::Packed { rows, .. } => rows.len(),
            Order::Stored { total, stride } => total.len() / stride,
            Order::Numbers { numbers, .. } => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By column.
    pub fn forms(&self) -> &[Form] {
        self.forms
    }

    /// The words of a row, to be looked at by [`Rows::cell`]. One a column.
    #[inline]
    pub fn read(&self, place: usize, words: &mut Vec<u64>) {
        words.clear();
        match &self.order {
            Order::Packed { columns, rows } => {
                let row = rows[place];
                let unpack = |c: &Packed| ((row >> c.shift & c.mask) as i64).wrapping_add(c.least);
                words.extend(columns.iter().map(|c| unpack(c) as u64));
            }
            Order::Stored { total, stride } => {
                words.extend_from_slice(&total[place * stride..][..self.types.len()]);
            }
            Order::Numbers {
                total,
                stride,
                numbers,
            } => {
                let start = numbers[place] as usize * stride;
                words.extend_from_slice(&total[start..start + self.types.len()]);
            }
        }
    }

    /// What stands in a column, given its word.
    #[inline]
    pub fn cell(&self, column: usize, word: u64) -> Cell<'_> {
        match self.forms[column] {
            Form::Number => Cell::Number(word as i64),
            Form::Text => Cell::Text(self.store.text(word)),
            Form::Other => Cell::Other(self.store.value(self.types[column], word)),
        }
    }

    pub fn values(&self) -> impl Iterator<Item = Row> {
        let mut words = Vec::with_capacity(self.types.len());
        (0..self.len()).map(move |place| {
            self.read(place, &mut words);
            report::values(self.store, self.types, &words)
        })
    }
}

/// Whether rows of numbers stand in the order of their values, as rows do that follow from others which came so.
fn stand_in_order(forms: &[Form], total: &[u64]) -> bool {
    if forms.is_empty() || forms.iter().any(|&form| form != Form::Number) {
        return false;
    }
    let follows = |before: &[u64], row: &[u64]| {
        let cells = before.iter().zip(row);
        let other = cells
            .map(|(&a, &b)| (a as i64, b as i64))
            .find(|(a, b)| a != b);
        other.is_none_or(|(a, b)| a < b)
    };
    let mut before = &total[..forms.len()];
    each_row(total, forms.len()).all(|row| follows(std::mem::replace(&mut before, row), row))
}

/// How rows fit words; none if they do not.
pub(crate) fn pack(forms: &[Form], total: &[u64]) -> Option<Packing> {
    if forms.is_empty() || forms.iter().any(|&form| form != Form::Number) {
        return None;
    }
    let mut bounds = vec![(i64::MAX, i64::MIN); forms.len()];
    for row in total.chunks_exact(forms.len()) {
        for ((least, greatest), &word) in bounds.iter_mut().zip(row) {
            *least = (*least).min(word as i64);
            *greatest = (*greatest).max(word as i64);
        }
    }
    let mut columns = Vec::with_capacity(forms.len());
    let mut shift = 0;
    for &(least, greatest) in bounds.iter().rev() {
        let span = greatest.wrapping_sub(least) as u64;
        let bits = if total.is_empty() {
            0
        } else {
            u64::BITS - span.leading_zeros()
        };
        if shift + bits > u64::BITS {
            return None;
        }
        // A column of no bits has no place of its own.
        let mask = if bits == 0 {
            0
        } else {
            u64::MAX >> (u64::BITS - bits)
        };
        let at = if bits == 0 { 0 } else { shift };
        columns.push(Packed {
            least,
            shift: at,
            mask,
        });
        shift += bits;
    }
    columns.reverse();
    Some(Packing {
        columns,
        bits: shift,
    })
}

#[inline]
fn pack_row(columns: &[Packed], row: &[u64]) -> u64 {
    let cells = columns.iter().zip(row);
    cells.fold(0, |packed, (column, &word)| {
        packed | ((word as i64).wrapping_sub(column.least) as u64) << column.shift
    })
}

/// Sorts words that are below 2^`bits`, with room for as many.
fn sort_words(words: &mut [u64], spare: &mut [u64], bits: u32) {
    if words.len() < RADIX_ROWS_MIN {
        words.sort_unstable();
        return;
    }
    let passes = bits.div_ceil(DIGIT_BITS_MAX);
    let (mut from, mut into) = (words, spare);
    for pass in 0..passes {
        let width = bits.div_ceil(passes);
        let mask = (1_u64 << width) - 1;
        let digit = |word: u64| (word >> (pass * width) & mask) as usize;
        let mut places = vec![0_usize; 1 << width];
        for &word in &*from {
            places[digit(word)] += 1;
        }
        let mut sum = 0;
        for place in &mut places {
            sum += std::mem::replace(place, sum);
        }
        for &word in &*from {
            let place = &mut places[digit(word)];
            into[*place] = word;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut into);
    }
    if passes % 2 == 1 {
        into.copy_from_slice(from);
    }
}

/// Rows for the next tick, by collection.
pub(crate) type Fed = Pieces<Vec<u64>>;

#[cfg(test)]
mod tests;
