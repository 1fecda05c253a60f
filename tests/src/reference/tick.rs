//! One tick: arrivals, strata, then what is deferred and sent.

use std::collections::{BTreeMap, BTreeSet};

use bloom_compiler::hir::{CollectionId, CollectionKind, RuleId};
use bloom_compiler::syntax::ast::Arrow;
use bloom_plan::plan::RowError;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{DurableChange, ErrorKind, ErrorRow, Input, Message, Output};

use super::body::Derived;
use super::deferred::{Change, Deferred, Trouble};
use super::relation::Merged;
use super::{Reference, ids};

/// Rows by where they go.
type Candidates = Vec<(CollectionId, Row)>;

/// What an iteration did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    Nothing,
    Changed,
    /// New rows conflicted; the stratum must begin again.
    Conflict,
}

impl Reference<'_> {
    pub(super) fn tick(&mut self, input: Input) -> Output {
        let arrivals = self.begin(input);
        let mut errors = BTreeSet::new();
        for stratum in 0..=self.strata.count() {
            self.stratum(stratum, &arrivals, &mut errors);
        }
        let mut output = Output::default();
        self.close(&mut errors, &mut output);
        self.remember_immutable();
        self.ticks += 1;
        output.tick = self.ticks;
        output.durable = self.durable_changes();
        output.errors = errors.into_iter().collect();
        output
    }

    /// Starts the tick: what was deferred is there, transient rows are gone. Gives the arrivals.
    fn begin(&mut self, input: Input) -> Candidates {
        for (id, collection) in self.kind.collections.iter() {
            let relation = &mut self.relations[id];
            relation.poisoned.clear();
            if collection.is_transient() && collection.kind != CollectionKind::Alive {
                relation.rows.clear();
            }
        }
        for (id, change) in std::mem::take(&mut self.changes) {
            apply(&change, &mut self.relations[id].rows);
        }
        for id in ids(&self.relations) {
            self.relations[id].earlier = self.relations[id].rows.clone();
        }
        self.seen_errors.clear();
        let mut arrivals = std::mem::take(&mut self.looped);
        for timer in &mut self.timers {
            while timer.due <= input.now {
                let row = vec![Value::Int(timer.fired), Value::Time(timer.due)];
                arrivals.push((timer.collection, row));
                timer.due += timer.every;
                timer.fired += 1;
            }
        }
        arrivals.extend(input.rows.into_iter().filter_map(|(relation, row)| {
            Some((self.relations_of_plan[relation.0 as usize]?, row))
        }));
        arrivals.extend(input.seals.into_iter().filter_map(|(relation, key)| {
            let sealed = self.relations_of_plan[relation.0 as usize]?;
            let mut collections = self.kind.collections.iter();
            let is_seals = |kind| kind == CollectionKind::Seals { of: sealed };
            let (seals, _) = collections.find(|(_, c)| is_seals(c.kind))?;
            Some((seals, key))
        }));
        for (number, message) in (0..).zip(input.messages) {
            let Some(channel) = self.kind.collection(&message.channel) else {
                continue;
            };
            let counted = format!("{}.seal.arrived", message.channel);
            if let Some(arrived) = self.kind.collection(&counted) {
                let before = [Value::Addr(message.from), Value::Int(number)];
                let row = before.into_iter().chain(message.row.clone());
                arrivals.push((arrived, row.collect()));
            }
            arrivals.push((channel, message.row));
        }
        self.ambient(input.alive, input.stdin, &mut arrivals);
        arrivals
    }

    /// What the surroundings tell: the cluster, who is alive, standard input, earlier errors.
    fn ambient(
        &mut self,
        alive: Option<Vec<smol_str::SmolStr>>,
        stdin: Vec<String>,
        arrivals: &mut Candidates,
    ) {
        for (id, collection) in self.kind.collections.iter() {
            let mut add = |row| arrivals.push((id, row));
            match collection.kind {
                CollectionKind::Cluster => self.cluster.drain(..).for_each(add),
                CollectionKind::Errors => self.late_errors.drain(..).for_each(add),
                CollectionKind::Alive => {
                    if let Some(alive) = &alive {
                        self.relations[id].rows.clear();
                        self.relations[id].earlier.clear();
                        alive.iter().for_each(|a| add(vec![Value::Addr(a.clone())]));
                    }
                }
                CollectionKind::Stdin => {
                    stdin.iter().for_each(|line| add(vec![Value::string(line)]));
                }
                _ => {}
            }
        }
    }

    /// Evaluates the rules of a stratum until nothing changes. Where new rows conflict, their key
    /// is left out and the stratum begins again.
    fn stratum(&mut self, stratum: usize, arrivals: &Candidates, errors: &mut BTreeSet<ErrorRow>) {
        let mut arrivals: Candidates = arrivals.clone();
        arrivals.retain(|(id, _)| self.strata.of(*id) == stratum);
        arrivals.extend(self.errors_so_far(stratum, errors));
        let rules: Vec<RuleId> = ids(&self.kind.rules)
            .filter(|&id| self.runs(id) && self.kind.rules[id].arrow == Arrow::Merge)
            .filter(|&id| self.strata.of(self.kind.rules[id].head.collection) == stratum)
            .collect();
        loop {
            for id in ids(&self.relations) {
                if self.strata.of(id) == stratum {
                    self.relations[id].rows = self.relations[id].earlier.clone();
                }
            }
            let mut found = BTreeSet::new();
            let mut progress = self.merge_all(&arrivals, &mut found, errors);
            while progress != Progress::Conflict {
                let derived = self.derive(&rules, &mut found);
                progress = self.merge_all(&derived, &mut found, errors);
                if progress == Progress::Nothing {
                    errors.extend(found);
                    return;
                }
            }
        }
    }

    /// Merges the rows of one iteration. Conflicts are told for good, other errors only for this
    /// attempt at the stratum.
    fn merge_all(
        &mut self,
        candidates: &Candidates,
        found: &mut BTreeSet<ErrorRow>,
        errors: &mut BTreeSet<ErrorRow>,
    ) -> Progress {
        let mut progress = Progress::Nothing;
        let mut conflicts = Vec::new();
        for (id, row) in candidates {
            match self.relations[*id].merge(row, &self.evaluator) {
                Ok(Merged::Nothing) => {}
                Ok(Merged::Changed) => progress = Progress::Changed,
                Ok(Merged::Refused) => {
                    errors.insert(self.conflict(*id, row));
                }
                Ok(Merged::Conflict) => conflicts.push((*id, row)),
                Err(error) => {
                    found.insert(row_error(self.name(*id), error));
                }
            }
        }
        for (id, row) in conflicts {
            errors.insert(self.conflict(id, row));
            let key = self.relations[id].key(row);
            self.relations[id].poisoned.insert(key);
            progress = Progress::Conflict;
        }
        progress
    }

    /// What the rules derive from the rows that there are.
    fn derive(&self, rules: &[RuleId], found: &mut BTreeSet<ErrorRow>) -> Candidates {
        let mut derived = Vec::new();
        for &id in rules {
            let head = self.kind.rules[id].head.collection;
            let firing = self.fire(id);
            found.extend(firing.errors.iter().map(|e| row_error(self.name(head), *e)));
            derived.extend(firing.rows.into_iter().map(|row| (head, whole(row))));
        }
        derived
    }

    /// Runs the rules of the other arrows, once.
    fn close(&mut self, errors: &mut BTreeSet<ErrorRow>, output: &mut Output) {
        let mut deferred: BTreeMap<CollectionId, Deferred> = BTreeMap::new();
        let kind = self.kind;
        for (id, rule) in kind.rules.iter() {
            let head = rule.head.collection;
            if rule.arrow == Arrow::Merge || !self.runs(id) {
                continue;
            }
            let firing = self.fire(id);
            errors.extend(firing.errors.iter().map(|e| row_error(self.name(head), *e)));
            for row in firing.rows {
                let of_head = deferred.entry(head).or_default();
                match rule.arrow {
                    Arrow::Merge => {}
                    Arrow::DeferredMerge => of_head.merges.push(whole(row)),
                    Arrow::Upsert => of_head.upserts.push(whole(row)),
                    Arrow::DeferredDelete => of_head.deletes.push(row),
                    Arrow::AsyncMerge => self.send(head, whole(row), output),
                }
            }
        }
        output.sends.sort();
        output.sends.dedup();
        self.looped.sort();
        self.looped.dedup();
        for (id, deferred) in deferred {
            let stays = !self.kind.collections[id].is_transient();
            let mut troubles = Vec::new();
            let relation = &self.relations[id];
            let change = deferred.settle(relation, stays, &self.evaluator, &mut troubles);
            if change != Change::default() {
                self.changes.push((id, change));
            }
            errors.extend(troubles.iter().map(|trouble| match trouble {
                Trouble::Conflict(key) => self.conflict(id, key),
                Trouble::Error(error) => row_error(self.name(id), *error),
            }));
        }
        let unseen = errors.difference(&self.seen_errors);
        self.late_errors = unseen.map(error_row).collect();
    }

    fn send(&mut self, head: CollectionId, row: Row, output: &mut Output) {
        let collection = &self.kind.collections[head];
        match (collection.kind, row.first()) {
            (CollectionKind::Loopback, _) => self.looped.push((head, row)),
            (CollectionKind::Stdout, Some(Value::String(line))) => {
                output.stdout.push(line.to_string());
            }
            (CollectionKind::Stderr, Some(Value::String(line))) => {
                output.stderr.push(line.to_string());
            }
            (CollectionKind::Halt, Some(Value::Int(code))) => {
                output.halt = Some(output.halt.map_or(*code, |least| least.min(*code)));
            }
            _ => {
                let location = collection.columns.iter().position(|column| column.location);
                if let Some(Value::Addr(to)) = location.map(|place| &row[place]) {
                    output.sends.push(Message {
                        from: self.evaluator.self_addr.clone(),
                        to: to.clone(),
                        channel: collection.name.clone(),
                        row,
                    });
                }
            }
        }
    }

    /// Whether a rule runs in this tick.
    fn runs(&self, id: RuleId) -> bool {
        let rule = &self.kind.rules[id];
        let restored = self.restored && self.kind.collections[rule.head.collection].durable;
        !rule.bootstrap || (self.ticks == 0 && !restored)
    }

    /// Rows of `errors` for its readers: what the strata below it have raised.
    fn errors_so_far(&mut self, stratum: usize, errors: &BTreeSet<ErrorRow>) -> Candidates {
        let mut collections = self.kind.collections.iter();
        let found = collections.find(|(_, c)| c.kind == CollectionKind::Errors);
        match found {
            Some((id, _)) if self.strata.of(id) == stratum => {
                self.seen_errors = errors.clone();
                errors.iter().map(|error| (id, error_row(error))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn remember_immutable(&mut self) {
        for id in ids(&self.relations) {
            let relation = &mut self.relations[id];
            if let Some(ever) = &mut relation.ever {
                ever.extend(relation.rows.clone());
            }
        }
    }

    fn durable_changes(&mut self) -> Vec<DurableChange> {
        let mut changes = Vec::new();
        for (id, collection) in self.kind.collections.iter().filter(|(_, c)| c.durable) {
            let mut next = self.relations[id].rows.clone();
            for (_, change) in self.changes.iter().filter(|(of, _)| *of == id) {
                apply(change, &mut next);
            }
            let disk = std::mem::replace(&mut self.relations[id].disk, next);
            let next = &self.relations[id].disk;
            let gone = disk
                .values()
                .filter(|row| !next.values().any(|n| n == *row));
            let new = next
                .values()
                .filter(|row| !disk.values().any(|d| d == *row));
            changes.push(DurableChange {
                table: collection.name.clone(),
                deletes: gone.cloned().collect(),
                upserts: new.cloned().collect(),
            });
        }
        changes.retain(|change| !change.deletes.is_empty() || !change.upserts.is_empty());
        changes
    }

    fn conflict(&self, id: CollectionId, row: &Row) -> ErrorRow {
        ErrorRow {
            rule: self.name(id).clone(),
            message: format!("key conflict in `{}`", self.name(id)),
            row: format!("{:?}", self.relations[id].key(row)),
            kind: ErrorKind::KeyConflict,
        }
    }
}

fn apply(change: &Change, rows: &mut BTreeMap<Row, Row>) {
    rows.retain(|key, _| !change.deletes.contains(key));
    rows.extend(change.inserts.clone());
}

/// A row of a head that gives every column.
fn whole(row: Derived) -> Row {
    let all = row.into_iter();
    all.map(|value| value.unwrap_or(Value::Bottom)).collect()
}

fn row_error(rule: &str, error: RowError) -> ErrorRow {
    ErrorRow {
        rule: rule.into(),
        message: error.message().to_owned(),
        row: String::new(),
        kind: ErrorKind::RowError,
    }
}

fn error_row(error: &ErrorRow) -> Row {
    [&*error.rule, &error.message, &error.row]
        .map(Value::string)
        .into()
}
