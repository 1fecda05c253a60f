//! Where rows go that arrive or are derived: into `new` of their relations, to what is deferred, or to what is sent.

use bloom_plan::plan::{Arrow, RelationId, RowError};

use crate::cells::Fed;
use crate::deferred::Deferred;
use crate::pieces::drop_large;
use crate::relation::Origin;
use crate::report;
use crate::rows::{each_row, rows_in};

use super::Machine;

impl Machine {
    /// Merges rows from outside; their keys must not conflict among themselves, nor with what is
    /// there. Of large pieces nothing is left.
    pub fn load(&mut self, arrivals: &mut Fed) {
        if arrivals.is_empty() {
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(arrivals.iter().map(|(id, _)| *id));
        if touched.len() > 1 {
            touched.sort_unstable();
            touched.dedup();
        }
        for &id in &touched {
            self.expect_rows(id);
        }
        let shape = |id: RelationId| self.relations[id.0 as usize].shape();
        let may_clash = touched.iter().any(|&id| !shape(id).plain.is_empty());
        loop {
            for (id, rows) in arrivals.iter_mut() {
                self.merge_rows(*id, rows, Origin::ARRIVAL);
                // Where all are merged again if some conflict, all are needed until then.
                if !may_clash {
                    drop_large(rows);
                }
            }
            if !self.merge_all(&touched) {
                self.commit();
                break;
            }
        }
        for &id in &touched {
            self.relation(id).clear_delta();
        }
        touched.clear();
        self.touched = touched;
    }

    /// Takes derived rows, of all arrows but `<-`.
    #[inline]
    pub(super) fn derive(&mut self, id: RelationId, arrow: Arrow, rows: &[u64], origin: Origin) {
        let place = id.0 as usize;
        if arrow == Arrow::Merge {
            return self.merge_rows(id, rows, origin);
        }
        let stride = self.relations[place].shape().stride;
        let each = each_row(rows, stride);
        match arrow {
            Arrow::Merge => unreachable!("its rows are merged"),
            Arrow::Deferred => self
                .deferring(id)
                .merge(rows, rows_in(rows.len(), stride), origin),
            Arrow::Upsert => self
                .deferring(id)
                .upsert(rows, rows_in(rows.len(), stride), origin),
            Arrow::Async => {
                if self.sent[place].is_empty() {
                    self.sending.push(id);
                }
                each.for_each(|row| {
                    self.sent[place].insert(row);
                });
            }
            Arrow::Delete => unreachable!("a `<-` derives rows one by one"),
        }
    }

    /// What is deferred of a relation, of which something is about to be.
    #[inline]
    pub(super) fn deferring(&mut self, id: RelationId) -> &mut Deferred {
        let deferred = &mut self.deferred[id.0 as usize];
        if deferred.is_empty() {
            self.deferring.push(id);
        }
        deferred
    }

    pub(super) fn merge_rows(&mut self, id: RelationId, rows: &[u64], origin: Origin) {
        let stride = self.relations[id.0 as usize].shape().stride;
        let count = rows_in(rows.len(), stride);
        let crew = self.threads().filter(|crew| crew.puts_in(count)).cloned();
        let relation = &mut self.relations[id.0 as usize];
        if let Some(crew) = crew.filter(|_| relation.is_splittable()) {
            return relation.emit_by(&*crew, rows);
        }
        let mut failed = Vec::new();
        relation.emit_batch(&mut self.context, rows, origin, &mut failed);
        if !failed.is_empty() {
            for (place, error) in failed {
                self.fail_row(id, &rows[place * stride..][..stride], origin, error);
            }
        }
    }

    /// Drops a head row whose lattices do not join.
    pub fn fail_row(&mut self, id: RelationId, row: &[u64], origin: Origin, error: RowError) {
        self.note_origin(origin);
        let columns = self.relations[id.0 as usize].shape().types.len();
        let row: Vec<(usize, u64)> = row.iter().copied().enumerate().take(columns).collect();
        let (store, plan) = (&self.context.store, self.program.plan());
        let error = report::head_error(store, plan, id, &row, origin, error);
        self.attempt.errors.insert(error);
    }

    /// The attempt stands, and so does what went wrong in it.
    #[inline]
    pub fn commit(&mut self) {
        if !self.attempt.is_empty() {
            self.trouble.append(std::mem::take(&mut self.attempt));
        }
    }
}
