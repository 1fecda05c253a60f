//! How rows of a relation are told apart and merge: by key, plain values and lattices.

use std::cmp::Ordering;

use bloom_plan::plan::{self, Role, RowError};
use bloom_plan::types::{Type, TypeId};

use crate::context::Context;
use crate::rows::{SHARED_HASH, hash, key_hash};
use crate::store::Types;

/// What of a relation's declaration decides how rows merge.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Words a row; at least 1.
    pub stride: usize,
    pub keys: Vec<usize>,
    /// The key is the first so many columns: the common case, and the fast one.
    pub prefix: Option<usize>,
    /// Value columns that are no lattices.
    pub plain: Vec<usize>,
    pub lattices: Vec<(usize, TypeId)>,
    /// By lattice: how a number that replaces another one compares with it, if the join chooses between numbers.
    pub chooses: Vec<Option<Ordering>>,
    /// The type of every column.
    pub types: Vec<TypeId>,
}

impl Shape {
    pub fn new(types: &Types, declaration: &plan::Relation) -> Shape {
        let columns = &declaration.columns;
        let with = |role: Role| (0..columns.len()).filter(move |&c| columns[c].role == role);
        let keys: Vec<usize> = with(Role::Key).collect();
        let is_prefix = keys.iter().copied().eq(0..keys.len());
        Shape {
            stride: columns.len().max(1),
            prefix: is_prefix.then_some(keys.len()),
            keys,
            plain: with(Role::Value).collect(),
            chooses: with(Role::Lattice)
                .map(|c| chooses(types, columns[c].ty))
                .collect(),
            lattices: with(Role::Lattice).map(|c| (c, columns[c].ty)).collect(),
            types: columns.iter().map(|c| c.ty).collect(),
        }
    }

    /// Whether rows with equal keys are equal.
    pub fn is_keys_only(&self) -> bool {
        self.plain.is_empty() && self.lattices.is_empty()
    }

    pub fn key_of(&self, row: &[u64]) -> Vec<u64> {
        self.keys.iter().map(|&c| row[c]).collect()
    }

    #[inline]
    pub fn key_hash(&self, row: &[u64]) -> u64 {
        match self.prefix {
            Some(1) => key_hash(&[row[0]]),
            Some(2) => key_hash(&[row[0], row[1]]),
            Some(prefix) => key_hash(&row[..prefix]),
            None => hash_at(row, &self.keys),
        }
    }

    #[inline]
    pub fn same_key(&self, a: &[u64], b: &[u64]) -> bool {
        match self.prefix {
            Some(1) => a[0] == b[0],
            Some(2) => a[0] == b[0] && a[1] == b[1],
            Some(prefix) => a[..prefix] == b[..prefix],
            None => self.keys.iter().all(|&c| a[c] == b[c]),
        }
    }

    pub fn same_plain(&self, a: &[u64], b: &[u64]) -> bool {
        self.plain.iter().all(|&c| a[c] == b[c])
    }

    /// Whether the lattice columns of `row` surely take in those of `other` without growing.
    #[inline]
    pub fn absorbs(&self, row: &[u64], other: &[u64]) -> bool {
        let mut lattices = self.lattices.iter().zip(&self.chooses);
        lattices.all(|(&(column, _), chooses)| {
            let (there, new) = (row[column], other[column]);
            match *chooses {
                Some(better) => choose(better, there, new) == there,
                None => there == new,
            }
        })
    }

    /// Joins the lattice columns of `other` into `row`; whether that changed it.
    #[inline]
    pub fn join(
        &self,
        context: &mut Context,
        row: &mut [u64],
        other: &[u64],
    ) -> Result<bool, RowError> {
        self.join_by(row, other, |ty, there, new| context.join(ty, there, new))
    }

    /// Whether all lattices choose between numbers, of which there are some.
    pub fn joins_numbers(&self) -> bool {
        !self.chooses.is_empty() && self.chooses.iter().all(Option::is_some)
    }

    /// As [`Shape::join`], where it [joins numbers](Shape::joins_numbers).
    #[inline]
    pub fn join_numbers(&self, row: &mut [u64], other: &[u64]) -> Result<bool, RowError> {
        self.join_by(row, other, |_, _, _| unreachable!("a choice needs nothing"))
    }

    /// Joins lattices that do not choose between numbers by `others`.
    #[inline]
    fn join_by(
        &self,
        row: &mut [u64],
        other: &[u64],
        mut others: impl FnMut(TypeId, u64, u64) -> Result<u64, RowError>,
    ) -> Result<bool, RowError> {
        let mut grown = false;
        for (&(column, ty), chooses) in self.lattices.iter().zip(&self.chooses) {
            let joined = match *chooses {
                Some(better) => choose(better, row[column], other[column]),
                None => others(ty, row[column], other[column])?,
            };
            grown |= joined != row[column];
            row[column] = joined;
        }
        Ok(grown)
    }
}

/// The hash of a key that stands in these columns of a row.
#[inline]
pub fn hash_at(row: &[u64], columns: &[usize]) -> u64 {
    match *columns {
        [a] => key_hash(&[row[a]]),
        [a, b] => key_hash(&[row[a], row[b]]),
        [a, b, c] => key_hash(&[row[a], row[b], row[c]]),
        _ => hash(columns.iter().map(|&c| row[c])) | SHARED_HASH,
    }
}

fn chooses(types: &Types, ty: TypeId) -> Option<Ordering> {
    let (inner, better) = match types.get(ty) {
        Type::Max(inner) => (*inner, Ordering::Greater),
        Type::Min(inner) => (*inner, Ordering::Less),
        _ => return None,
    };
    let is_number = matches!(
        types.get(inner),
        Type::Int | Type::Time | Type::Duration | Type::Req
    );
    is_number.then_some(better)
}

#[inline]
fn choose(better: Ordering, there: u64, new: u64) -> u64 {
    match (new as i64).cmp(&(there as i64)) == better {
        true => new,
        false => there,
    }
}
