//! From which places rules of a tick may lead to a place, so that most questions of [`super::entailed`] are answered
//! before a single rule is followed.
//!
//! Sets of places are signs of a few bits, to which each place gives one: where two signs share no bit, the sets share
//! no place.

use std::cell::RefCell;

use super::entailed::{DEPTH_MAX, RULES_MAX};
use crate::calm::model::{At, Model};
use crate::hir::Arrow;

/// A set of places, seen roughly; without bits, the empty one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Sign(u128);

/// What leads to each place in each number of steps, found as it is asked for.
#[derive(Debug)]
pub struct Leads(RefCell<Vec<[Sign; DEPTH_MAX + 1]>>);

impl Sign {
    pub fn add(&mut self, at: At) {
        // Places that are declared together are asked for together: they are spread.
        self.0 |= 1 << (at.0.wrapping_mul(0x9e37_79b9) >> (u32::BITS - 7));
    }

    const fn shares(self, other: Sign) -> bool {
        self.0 & other.0 != 0
    }
}

impl FromIterator<At> for Sign {
    fn from_iter<I: IntoIterator<Item = At>>(places: I) -> Self {
        let mut sign = Sign::default();
        places.into_iter().for_each(|at| sign.add(at));
        sign
    }
}

impl Leads {
    pub fn new(model: &Model<'_>) -> Self {
        Leads(RefCell::new(vec![
            [Sign::default(); DEPTH_MAX + 1];
            model.place_count()
        ]))
    }

    /// Whether rules may lead from one of the places to this one within so many steps.
    pub fn may_lead(&self, model: &Model<'_>, from: Sign, to: At, depth: usize) -> bool {
        from.shares(self.sign(model, to, depth))
    }

    fn sign(&self, model: &Model<'_>, at: At, depth: usize) -> Sign {
        model.asking().answering(at, || self.find(model, at, depth))
    }

    /// Whether what was asked for in another program, which differs in rules alone, is the same of the place.
    pub fn is_same(&self, other: &Leads, model: &Model<'_>, at: At) -> bool {
        let known = other.0.borrow()[at.index()];
        let mut known = known.iter().enumerate();
        known.all(|(depth, &sign)| sign == Sign::default() || sign == self.find(model, at, depth))
    }

    fn find(&self, model: &Model<'_>, at: At, depth: usize) -> Sign {
        let known = self.0.borrow()[at.index()][depth];
        if known != Sign::default() {
            return known;
        }
        let mut sign: Sign = [at].into_iter().collect();
        let writers = model.writers(at);
        if depth > 0 && writers.len() <= RULES_MAX {
            for &writer in writers {
                let of = model.rule(writer);
                if of.arrow == Arrow::Merge {
                    for (_, atom) in of.positive() {
                        let from = model.place(writer, atom.collection);
                        sign.0 |= self.find(model, from, depth - 1).0;
                    }
                }
            }
        }
        self.0.borrow_mut()[at.index()][depth] = sign;
        sign
    }
}
