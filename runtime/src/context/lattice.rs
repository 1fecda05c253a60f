//! Joins and bottoms of all lattices.
//!
//! A join gives back one of its arguments' own words when that argument is the join, so that "has it
//! grown?" is a comparison of words.

use std::cmp::Ordering;
use std::sync::Arc;

use bloom_plan::plan::{OwnLattice, RowError};
use bloom_plan::types::{BOTTOM, Lattice, LatticeKind, Type, TypeId};

use super::Context;
use crate::store::Types;

impl Context {
    /// The join of two values of a lattice type. Fails only where an own `merge` fails.
    pub fn join(&mut self, ty: TypeId, a: u64, b: u64) -> Result<u64, RowError> {
        if a == b {
            return Ok(a);
        }
        if let Some(word) = self.join_made(ty, a, b) {
            return Ok(word);
        }
        let types = Arc::clone(self.store.types());
        match lattice(&types, ty) {
            Lattice::Set(t) => {
                let words = self.union(t, a, b, 1, |_, x, _| Ok(x))?;
                Ok(self.store.make(ty, &words))
            }
            Lattice::Bag(t) => {
                let words = self.union(t, a, b, 2, |_, x, y| Ok(x.max(y)))?;
                Ok(self.store.make(ty, &words))
            }
            Lattice::Map(k, v) => {
                let words = self.union(k, a, b, 2, |context, x, y| context.join(v, x, y))?;
                Ok(self.store.make(ty, &words))
            }
            Lattice::Tuple(parts) => self.join_parts(ty, parts, a, b),
            Lattice::Lex(first, second) => self.join_lex(ty, &[first, second], a, b),
            Lattice::Once(_) => Ok(self.join_once(ty, a, b)),
            Lattice::Sealed(inner) => {
                let (x, y) = (self.pair(a), self.pair(b));
                let inner = self.join(inner, x.1, y.1)?;
                Ok(self.store.make(ty, &[x.0 | y.0, inner]))
            }
            Lattice::Declared(kind, fields) => {
                let parts: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
                match kind {
                    LatticeKind::Product => self.join_parts(ty, &parts, a, b),
                    LatticeKind::Lex => self.join_lex(ty, &parts, a, b),
                    LatticeKind::Own => self.call(self.own(ty).merge, &[a, b]),
                }
            }
            Lattice::Max(_) | Lattice::Min(_) | Lattice::Or | Lattice::And | Lattice::Lww(..) => {
                unreachable!("their joins need no new value")
            }
        }
    }

    /// The join, where the type is one whose join of two values needs no value that is not made yet.
    fn join_made(&self, ty: TypeId, a: u64, b: u64) -> Option<u64> {
        match self.store.types().get(ty) {
            Type::Max(t) => Some(self.choose(*t, a, b, Ordering::Greater)),
            Type::Min(t) => Some(self.choose(*t, a, b, Ordering::Less)),
            Type::Or => Some(a | b),
            Type::And => Some(a & b),
            // The greater stamp wins; of equal stamps the greater value: the order of pairs.
            Type::Lww(..) => Some(self.greatest(ty, a, b)),
            _ => None,
        }
    }

    /// The least value of a lattice type.
    pub fn bottom(&mut self, ty: TypeId) -> Result<u64, RowError> {
        let types = Arc::clone(self.store.types());
        match lattice(&types, ty) {
            Lattice::Max(t) => Ok(match types.get(types.class(t)) {
                Type::Bool => 0,
                Type::Float => f64::NEG_INFINITY.to_bits(),
                _ if types.is_word(t) => i64::MIN as u64,
                _ => BOTTOM,
            }),
            // `Float` orders NaN last.
            Lattice::Min(t) => Ok(match types.get(types.class(t)) {
                Type::Bool => 1,
                Type::Float => f64::NAN.to_bits(),
                _ if types.is_word(t) => i64::MAX as u64,
                _ => BOTTOM,
            }),
            Lattice::Or => Ok(0),
            Lattice::And => Ok(1),
            Lattice::Set(_) | Lattice::Bag(_) | Lattice::Map(..) => Ok(self.store.make(ty, &[])),
            Lattice::Tuple(parts) => self.bottom_of_parts(ty, parts),
            Lattice::Lex(a, b) => self.bottom_of_parts(ty, &[a, b]),
            Lattice::Lww(..) => Ok(BOTTOM),
            Lattice::Once(_) => Ok(self.store.make(ty, &[0])),
            Lattice::Sealed(inner) => {
                let inner = self.bottom(inner)?;
                Ok(self.store.make(ty, &[0, inner]))
            }
            Lattice::Declared(LatticeKind::Own, _) => self.call(self.own(ty).bottom, &[]),
            Lattice::Declared(LatticeKind::Product | LatticeKind::Lex, fields) => {
                let parts: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
                self.bottom_of_parts(ty, &parts)
            }
        }
    }

    fn own(&self, ty: TypeId) -> &OwnLattice {
        let found = self.plan().own_lattices.iter().find(|own| own.ty == ty);
        found.expect("a lattice with its own merge has an entry in the plan")
    }

    fn choose(&self, ty: TypeId, a: u64, b: u64, wanted: Ordering) -> u64 {
        if !self.store.types().is_word(ty) {
            if a == BOTTOM {
                return b;
            }
            if b == BOTTOM {
                return a;
            }
        }
        if self.store.compare(ty, a, b) == wanted {
            a
        } else {
            b
        }
    }

    fn greatest(&self, ty: TypeId, a: u64, b: u64) -> u64 {
        if self.store.compare(ty, a, b).is_ge() {
            a
        } else {
            b
        }
    }

    fn pair(&self, handle: u64) -> (u64, u64) {
        let words = self.store.words(handle);
        (words[0], words[1])
    }

    fn join_once(&mut self, ty: TypeId, a: u64, b: u64) -> u64 {
        match (self.store.words(a)[0], self.store.words(b)[0]) {
            (0, _) => b,
            (_, 0) => a,
            // Two different values, or a conflict already.
            _ => self.store.make(ty, &[2]),
        }
    }

    fn join_parts(
        &mut self,
        ty: TypeId,
        parts: &[TypeId],
        a: u64,
        b: u64,
    ) -> Result<u64, RowError> {
        let mut words = Vec::with_capacity(parts.len());
        for (place, &part) in parts.iter().enumerate() {
            let (x, y) = (self.store.words(a)[place], self.store.words(b)[place]);
            words.push(self.join(part, x, y)?);
        }
        Ok(self.store.make(ty, &words))
    }

    /// The first part in which the two differ decides: the one whose part is greater wins. Where
    /// neither is, the part is their join, and what it decides over starts from bottom.
    fn join_lex(&mut self, ty: TypeId, parts: &[TypeId], a: u64, b: u64) -> Result<u64, RowError> {
        let mut words = Vec::with_capacity(parts.len());
        for (place, &part) in parts.iter().enumerate() {
            let (x, y) = (self.store.words(a)[place], self.store.words(b)[place]);
            let joined = self.join(part, x, y)?;
            words.push(joined);
            if x == y {
                continue;
            }
            if joined == x {
                return Ok(a);
            }
            if joined == y {
                return Ok(b);
            }
            for &rest in &parts[place + 1..] {
                words.push(self.bottom(rest)?);
            }
            break;
        }
        Ok(self.store.make(ty, &words))
    }

    fn bottom_of_parts(&mut self, ty: TypeId, parts: &[TypeId]) -> Result<u64, RowError> {
        let words: Result<Vec<u64>, RowError> = parts.iter().map(|&p| self.bottom(p)).collect();
        Ok(self.store.make(ty, &words?))
    }

    /// Merges two ascending sequences of entries of `stride` words; `both` joins the second words
    /// of entries that are in both.
    fn union(
        &mut self,
        key: TypeId,
        a: u64,
        b: u64,
        stride: usize,
        mut both: impl FnMut(&mut Context, u64, u64) -> Result<u64, RowError>,
    ) -> Result<Vec<u64>, RowError> {
        let (a, b) = (self.store.words(a).to_vec(), self.store.words(b).to_vec());
        let mut words = Vec::with_capacity(a.len() + b.len());
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            match self.store.compare(key, a[i], b[j]) {
                Ordering::Less => {
                    words.extend_from_slice(&a[i..i + stride]);
                    i += stride;
                }
                Ordering::Greater => {
                    words.extend_from_slice(&b[j..j + stride]);
                    j += stride;
                }
                Ordering::Equal => {
                    words.push(a[i]);
                    if stride == 2 {
                        words.push(both(self, a[i + 1], b[j + 1])?);
                    }
                    i += stride;
                    j += stride;
                }
            }
        }
        words.extend_from_slice(&a[i..]);
        words.extend_from_slice(&b[j..]);
        Ok(words)
    }
}

fn lattice(types: &Types, ty: TypeId) -> Lattice<'_> {
    let lattice = types.get(ty).as_lattice();
    lattice.expect("only values of lattices are joined, or have a bottom")
}

#[cfg(test)]
mod tests;
