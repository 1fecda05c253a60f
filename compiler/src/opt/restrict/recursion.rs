//! Which relations depend on each other.
//!
//! Whatever is on no cycle is taken out first, so that in a program of many strata little is searched.

use bloom_plan::plan::RelationId;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::rir::{Literal, Program};

/// Who reads whom, of the relations that may depend on themselves.
pub(super) struct Dependencies {
    reads: FxHashMap<RelationId, Vec<RelationId>>,
    readers: FxHashMap<RelationId, Vec<RelationId>>,
    stratum_of: FxHashMap<RelationId, usize>,
}

impl Dependencies {
    pub(super) fn new(program: &Program) -> Dependencies {
        let mut found = Dependencies {
            reads: FxHashMap::default(),
            readers: FxHashMap::default(),
            stratum_of: FxHashMap::default(),
        };
        for (stratum, rules) in program.strata.iter().enumerate() {
            for rule in rules {
                let head = program.declarations.rules[rule.0 as usize].head;
                found.stratum_of.insert(head, stratum);
                for literal in &program.rules[rule.0 as usize].literals {
                    if let Literal::Atom { relation, .. } = literal {
                        found.reads.entry(head).or_default().push(*relation);
                        found.readers.entry(*relation).or_default().push(head);
                    }
                }
            }
        }
        // What reads nothing, or what nothing reads, is on no cycle. So little is left to be searched.
        peel(&mut found.reads, &mut found.readers);
        peel(&mut found.readers, &mut found.reads);
        found
    }

    /// The relations that depend on this one and that it depends on, with their stratum; none if it does not
    /// depend on itself.
    pub(super) fn recursion(&self, id: RelationId) -> Option<(usize, Vec<RelationId>)> {
        let below = reached(&self.reads, id);
        if !below.contains(&id) {
            return None;
        }
        let above = reached(&self.readers, id);
        let mut members: Vec<RelationId> = below.intersection(&above).copied().collect();
        members.sort_unstable();
        Some((*self.stratum_of.get(&id)?, members))
    }
}

/// Takes nodes out from which no step leads on, again and again. `back` has the same steps the other way round.
fn peel(
    steps: &mut FxHashMap<RelationId, Vec<RelationId>>,
    back: &mut FxHashMap<RelationId, Vec<RelationId>>,
) {
    let mut left: FxHashMap<RelationId, usize> = FxHashMap::default();
    for (&from, to) in steps.iter() {
        left.insert(from, to.len());
    }
    let mut open: Vec<RelationId> = back.keys().copied().collect();
    open.retain(|id| !left.contains_key(id));
    while let Some(id) = open.pop() {
        for from in back.remove(&id).into_iter().flatten() {
            // None if it was taken out before.
            let Some(count) = left.get_mut(&from) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                steps.remove(&from);
                open.push(from);
            }
        }
    }
}

/// What can be reached from a relation, by one step at least.
fn reached(
    steps: &FxHashMap<RelationId, Vec<RelationId>>,
    from: RelationId,
) -> FxHashSet<RelationId> {
    let mut seen: FxHashSet<RelationId> = FxHashSet::default();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for &next in steps.get(&id).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}
