//! Upkeep by deleting and deriving again (DRed; Gupta, Mumick & Subrahmanian 1993), for relations
//! that depend on themselves or have lattice columns.
//!
//! First what may have lost its support goes: the rows that some derivation gave which used a row
//! that went, and so on. Then what remains is asked for each of them (`support`), and what comes is
//! followed to the fixpoint as ever.
//!
//! In a relation without lattice columns a row does not go if it still has support in rows that were
//! there before it did: such support cannot rest on the row itself. That is the idea of counting only
//! derivations that are not recursive (Hu, Motik & Horrocks 2018, DRed with counters), by the order
//! in which rows came; where there are many ways to derive a row, as in a dense graph, hardly anything
//! goes in vain. Stamps that order rows are kept from the first time on that rows go; where none has gone
//! before, a relation's rows stand in the order in which they came, and are stamped by it.
//!
//! Such support may be of this tick: it used a row of the stratum that goes only later, and one that has come. No
//! derivation of the last tick tells of it, so where rows have come from outside the stratum, what dies is followed
//! through derivations as they are now, too.
//!
//! A lattice value that grew has no such order, as what it was before supported others. Its row goes
//! when any derivation that contributed does; one that a `Max` or `Min` was already beyond did not.
//! If its relation does not depend on itself, the row goes only if what it would be is different.
//!
//! A relation of the stratum that keeps its rows loses none because something else went. What was deleted from it may
//! take rows of others along, and comes back itself if a rule still derives it. Rows of such a relation say nothing
//! of an order either, so what may have lost its support goes there.

use std::sync::Arc;

use bloom_plan::plan::{RelationId, VersionId};
use bloom_plan::types::Type;

use crate::relation::Stamping;

use super::{Machine, Mode};

impl Machine {
    /// Whether rows of the stratum can be taken out one by one.
    pub(super) fn can_rederive(&mut self, stratum: usize) -> bool {
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        let heads = &schedule.heads[stratum];
        let is_ready = |id: &RelationId| {
            let head = &self.relations[id.0 as usize];
            !head.shape().lattices.is_empty() || head.is_stamped()
        };
        let ordered = schedule.recursive[stratum] && !schedule.lasts[stratum];
        if !ordered || heads.iter().all(is_ready) {
            return true;
        }
        // Relations that depend on each other have no order in common.
        let [head] = heads[..] else {
            return false;
        };
        let rows = self.relations[head.0 as usize].len() as u64;
        self.clock = self.clock.max(rows);
        self.relation(head).stamp_by_order()
    }

    /// From now on rows of the stratum are stamped.
    pub(super) fn stamp_rows(&mut self, stratum: usize) {
        let program = Arc::clone(&self.program);
        if !program.schedule().recursive[stratum] {
            return;
        }
        let now = self.clock;
        for &id in &program.schedule().heads[stratum] {
            self.relation(id).stamping = Stamping::Now(now);
        }
    }

    /// Follows what came and went. False if something goes wrong.
    pub(super) fn rederive(&mut self, stratum: usize) -> bool {
        let program = Arc::clone(&self.program);
        let heads = &program.schedule().heads[stratum];
        let versions = &program.plan().strata[stratum];
        let dead = self.overdelete(stratum);
        for &id in heads {
            self.relation(id).begin_stratum();
        }
        // What still follows comes back.
        for (&id, dead) in heads.iter().zip(&dead) {
            if self.keeps_rows(id) {
                let gone = self.relations[id.0 as usize].gone().to_vec();
                self.run_on_rows(&versions.support, id, &gone);
            } else {
                self.run_on_rows(&versions.support, id, dead);
            }
        }
        self.run_gains(&versions.gains);
        let reads: Vec<RelationId> = program.schedule().deltas[stratum]
            .iter()
            .copied()
            .filter(|id| !heads.contains(id) || self.keeps_rows(*id))
            .collect();
        self.run_increment(stratum, &reads)
    }

    /// Whether a relation loses no rows because of others.
    fn keeps_rows(&self, id: RelationId) -> bool {
        !self.program.schedule().is_transient(id)
    }

    /// Takes out the rows that may have lost their support; gives them, by head.
    fn overdelete(&mut self, stratum: usize) -> Vec<Vec<u64>> {
        let program = Arc::clone(&self.program);
        let heads = &program.schedule().heads[stratum];
        let versions = &program.plan().strata[stratum];
        let mut followed = versions.losses.clone();
        if !program.schedule().lasts[stratum] && self.has_new_support(stratum) {
            followed.extend(&versions.recursive);
        }
        // By head: rows that are dead but not yet followed.
        let mut dying: Vec<Vec<u32>> = vec![Vec::new(); heads.len()];
        self.lose_from_outside(stratum, &mut dying);
        while let Some(place) = dying.iter().position(|numbers| !numbers.is_empty()) {
            let numbers = std::mem::take(&mut dying[place]);
            let relation = &self.relations[heads[place].0 as usize];
            let rows = numbers.iter().flat_map(|&n| relation.row(n)).copied();
            let rows: Vec<u64> = rows.collect();
            for &version in &followed {
                if program.plan().versions[version.0 as usize].delta == Some(heads[place]) {
                    self.lose(stratum, version, heads[place], &rows, &mut dying);
                }
            }
        }
        let mut all = Vec::new();
        for &id in heads {
            self.touch(id);
            let relation = self.relation(id);
            let mut numbers: Vec<u32> = relation.dead.drain().collect();
            numbers.sort_unstable();
            let rows = numbers.iter().flat_map(|&n| relation.row(n)).copied();
            all.push(rows.collect());
            for number in numbers.into_iter().rev() {
                relation.take_out(number);
            }
        }
        all
    }

    /// Whether there may be derivations that there were none of in the last tick, beside those from rows of the
    /// stratum itself.
    fn has_new_support(&self, stratum: usize) -> bool {
        let schedule = self.program.schedule();
        let mut reads = schedule.reads[stratum].iter();
        !self.program.plan().strata[stratum].gains.is_empty()
            || reads.any(|id| self.relations[id.0 as usize].has_come())
    }

    fn lose_from_outside(&mut self, stratum: usize, dying: &mut [Vec<u32>]) {
        let program = Arc::clone(&self.program);
        let heads = &program.schedule().heads[stratum];
        for &id in &program.plan().strata[stratum].losses {
            let version = &program.plan().versions[id.0 as usize];
            let read = version.delta.expect("a version of losses begins with one");
            let is_outside = !heads.contains(&read) || self.keeps_rows(read);
            if !is_outside || self.relations[read.0 as usize].is_unchanged() {
                continue;
            }
            let rows = match version.negated {
                Some(index) => self.turned(index).1,
                None => {
                    let relation = self.relation(read);
                    relation.set_delta_went();
                    relation.delta().to_vec()
                }
            };
            self.lose(stratum, id, read, &rows, dying);
        }
    }

    /// Marks as dead what the version derives from the rows, unless it has other support.
    fn lose(
        &mut self,
        stratum: usize,
        version: VersionId,
        read: RelationId,
        rows: &[u64],
        dying: &mut [Vec<u32>],
    ) {
        if rows.is_empty() || !self.is_due(version) {
            return;
        }
        self.relation(read).set_delta_rows(rows);
        let candidates = self.gather(version);
        self.relation(read).clear_delta();
        let program = Arc::clone(&self.program);
        let rule = program.plan().versions[version.0 as usize].rule;
        let head = program.plan().rules[rule.0 as usize].head;
        let heads = &program.schedule().heads[stratum];
        let place = heads.iter().position(|&id| id == head);
        let place = place.expect("a version of the stratum derives one of its relations");
        let stride = self.relations[head.0 as usize].shape().stride;
        self.warm_candidates(stratum, head, &candidates);
        for row in candidates.chunks_exact(stride) {
            let relation = &self.relations[head.0 as usize];
            let Some(number) = relation.find(row) else {
                continue;
            };
            if relation.dead.contains(&number) || !self.contributes(head, number, row) {
                continue;
            }
            if !self.has_support(stratum, head, number) {
                self.relation(head).dead.insert(number);
                dying[place].push(number);
            }
        }
    }

    /// Has the memory on its way that looking up rows and their support takes, which is done for one after the other.
    fn warm_candidates(&self, stratum: usize, head: RelationId, rows: &[u64]) {
        let program = &self.program;
        let relation = &self.relations[head.0 as usize];
        relation.warm(rows);
        for &version in &program.plan().strata[stratum].support {
            if let Some(ahead) = &program.schedule().ahead[version.0 as usize]
                && ahead.from == head
                && ahead.delta
            {
                let into = &self.relations[ahead.into.0 as usize];
                into.warm_keys(rows, relation.shape().stride, &ahead.columns);
            }
        }
    }

    /// What a version derives.
    fn gather(&mut self, version: VersionId) -> Vec<u64> {
        self.gathered.clear();
        self.mode = Mode::Gather;
        self.run(version);
        self.mode = Mode::Merge;
        std::mem::take(&mut self.gathered)
    }

    /// Whether the row that is there could be less without the derived one. Not if one of its
    /// lattices is totally ordered and beyond.
    fn contributes(&self, head: RelationId, number: u32, row: &[u64]) -> bool {
        let relation = &self.relations[head.0 as usize];
        let shape = relation.shape();
        let there = relation.row(number);
        if !shape.same_plain(there, row) {
            return false;
        }
        let types = self.context.store.types();
        let beyond = |&(column, ty): &(usize, bloom_plan::types::TypeId)| {
            let total = matches!(types.get(ty), Type::Max(_) | Type::Min(_));
            total && there[column] != row[column]
        };
        shape.lattices.is_empty() || !shape.lattices.iter().all(beyond)
    }

    /// Whether what is there without the row still gives it.
    fn has_support(&mut self, stratum: usize, head: RelationId, number: u32) -> bool {
        let program = Arc::clone(&self.program);
        let recursive = program.schedule().recursive[stratum];
        let relation = &self.relations[head.0 as usize];
        let lattices = !relation.shape().lattices.is_empty();
        if recursive && (lattices || program.schedule().lasts[stratum]) {
            return false;
        }
        let row = relation.row(number).to_vec();
        if recursive {
            let stamp = relation.stamp(number);
            for &id in &program.schedule().heads[stratum] {
                self.relation(id).founded_below = stamp;
            }
        }
        let found = self.supports(&program.plan().strata[stratum].support, head, &row);
        for &id in &program.schedule().heads[stratum] {
            self.relation(id).founded_below = u64::MAX;
        }
        found
    }

    fn supports(&mut self, versions: &[VersionId], head: RelationId, row: &[u64]) -> bool {
        let program = Arc::clone(&self.program);
        let mut joined: Option<Vec<u64>> = None;
        for &version in versions {
            if program.plan().versions[version.0 as usize].delta != Some(head) {
                continue;
            }
            self.relation(head).set_delta_rows(row);
            let derived = self.gather(version);
            self.relation(head).clear_delta();
            for other in derived.chunks_exact(row.len()) {
                let shape = self.relations[head.0 as usize].shape().clone();
                match &mut joined {
                    None => joined = Some(other.to_vec()),
                    // A join that fails is met again when the row is derived.
                    Some(joined) => {
                        if shape.join(&mut self.context, joined, other).is_err() {
                            return false;
                        }
                    }
                }
                if joined.as_deref() == Some(row) {
                    return true;
                }
            }
        }
        false
    }
}
