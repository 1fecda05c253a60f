//! From which places rules of a tick may lead to a place, so that most questions of [`super::entailed`] are answered
//! before a single rule is followed.
//!
//! Sets of places are signs of a few bits, to which each place gives one: where two signs share no bit, the sets share
//! no place.

use std::cell::RefCell;

use rustc_hash::FxHashSet;

use super::entailed::{DEPTH_MAX, RULES_MAX};
use crate::calm::asking::Topic;
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
        model
            .asking()
            .answering(Topic::facts(at), || self.find(model, at, depth))
    }

    /// Goes over to a program in which other rules write these places: gives the places of which something that was asked
    /// for has another answer.
    pub fn again(&self, model: &Model<'_>, touched: &[At]) -> Vec<At> {
        let mut near: FxHashSet<At> = touched.iter().copied().collect();
        let mut last = touched.to_vec();
        for _ in 1..DEPTH_MAX {
            let rules = last.iter().flat_map(|&at| model.readers(at));
            let heads = rules
                .filter(|&&rule| !model.is_temporal(rule))
                .map(|&rule| model.head(rule));
            let heads: Vec<At> = heads.filter(|&head| near.insert(head)).collect();
            last = heads;
        }
        let mut near: Vec<At> = near.into_iter().collect();
        near.sort_unstable();
        let forget = |at: &At| std::mem::take(&mut self.0.borrow_mut()[at.index()]);
        let before: Vec<[Sign; DEPTH_MAX + 1]> = near.iter().map(forget).collect();
        let is_other = |(at, known): &(At, [Sign; DEPTH_MAX + 1])| {
            let mut known = known.iter().enumerate();
            known.any(|(depth, &sign)| {
                sign != Sign::default() && sign != self.find(model, *at, depth)
            })
        };
        let changed = near.into_iter().zip(before).filter(is_other);
        changed.map(|(at, _)| at).collect()
    }

    fn find(&self, model: &Model<'_>, at: At, depth: usize) -> Sign {
        let known = self.0.borrow()[at.index()][depth];
        if known != Sign::default() {
            return known;
        }
        let mut sign: Sign = [at].into_iter().collect();
        let writers = if depth > 0 {
            model.few_writers(at, RULES_MAX)
        } else {
            None
        };
        for &writer in writers.unwrap_or_default() {
            let of = model.rule(writer);
            if of.arrow == Arrow::Merge {
                for (_, atom) in of.positive() {
                    let from = model.place(writer, atom.collection);
                    sign.0 |= self.find(model, from, depth - 1).0;
                }
            }
        }
        self.0.borrow_mut()[at.index()][depth] = sign;
        sign
    }
}
