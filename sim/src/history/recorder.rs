//! What an observer makes of the relations of a spec: the history so far, and what replicas hold at the end.
//!
//! The relations have fixed names and columns. A row counts from the first tick in which it is seen:
//!
//! - `write(process, id, key, value)` and `read(process, id, key)`: an operation is asked for.
//! - `wrote(process, id)`: the write is answered. `got(process, id, value)` and `missed(process, id)`: the read is,
//!   with a value or with nothing. A read that is answered twice is two reads.
//! - `holds(replica, …)` and `replica(node)`: what is compared in the last tick. Without `replica` all nodes that
//!   are up are replicas.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::testing::{Checker, HistoryRelation};
use smol_str::SmolStr;

use super::causal::causal;
use super::converges::{Holdings, difference};
use super::linearizable::linearizable;
use super::operation::{Act, History, Operation, Verdict};
use super::sequential::sequential;

/// A row of one of the relations, its values as texts.
pub type Seen = (HistoryRelation, Vec<SmolStr>);

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// Each row of a history with the tick in which it was first seen.
    first: BTreeMap<Seen, u32>,
}

impl Recorder {
    /// Takes in the rows of a tick.
    pub fn see(&mut self, tick: u32, rows: impl IntoIterator<Item = Seen>) {
        for row in rows {
            let first = self.first.entry(row).or_insert(tick);
            *first = tick.min(*first);
        }
    }

    /// The operations that were seen, or what is wrong with what the spec calls so.
    pub fn history(&self) -> Result<History, String> {
        let mut operations = Vec::new();
        let mut known: BTreeMap<&[SmolStr], bool> = BTreeMap::new();
        for ((relation, row), &invoked) in &self.first {
            match relation {
                HistoryRelation::Write => self.write(row, invoked, &mut operations),
                HistoryRelation::Read => self.read(row, invoked, &mut operations),
                HistoryRelation::Wrote
                | HistoryRelation::Got
                | HistoryRelation::Missed
                | HistoryRelation::Holds
                | HistoryRelation::Replica => continue,
            }
            known.insert(&row[..2], *relation == HistoryRelation::Write);
        }
        for (relation, row) in self.first.keys() {
            let of_write = match relation {
                HistoryRelation::Wrote => true,
                HistoryRelation::Got | HistoryRelation::Missed => false,
                HistoryRelation::Write
                | HistoryRelation::Read
                | HistoryRelation::Holds
                | HistoryRelation::Replica => continue,
            };
            if known.get(&row[..2]) != Some(&of_write) {
                let (what, row) = (relation.name(), row.join(", "));
                return Err(format!("`{what}({row})` answers what nobody asked for"));
            }
        }
        operations.sort_by(|a: &Operation, b| (a.invoked, a).cmp(&(b.invoked, b)));
        Ok(History { operations })
    }

    fn write(&self, row: &[SmolStr], invoked: u32, operations: &mut Vec<Operation>) {
        let answered = self.answers(HistoryRelation::Wrote, &row[..2]);
        operations.push(Operation {
            process: row[0].clone(),
            key: row[2].clone(),
            act: Act::Write(row[3].clone()),
            invoked,
            answered: answered.map(|(_, tick)| tick).min(),
        });
    }

    fn read(&self, row: &[SmolStr], invoked: u32, operations: &mut Vec<Operation>) {
        let got = self.answers(HistoryRelation::Got, &row[..2]);
        let got = got.map(|(rest, tick)| (rest.first().cloned(), tick));
        let missed = self.answers(HistoryRelation::Missed, &row[..2]);
        let answers: Vec<_> = got.chain(missed.map(|(_, tick)| (None, tick))).collect();
        let operation = |value, answered| Operation {
            process: row[0].clone(),
            key: row[2].clone(),
            act: Act::Read(value),
            invoked,
            answered,
        };
        if answers.is_empty() {
            operations.push(operation(None, None));
        }
        let answers = answers.into_iter();
        operations.extend(answers.map(|(value, tick)| operation(value, Some(tick))));
    }

    /// The rest of each row that answers an operation, and when it was first seen.
    fn answers<'r>(
        &'r self,
        relation: HistoryRelation,
        id: &'r [SmolStr],
    ) -> impl Iterator<Item = (&'r [SmolStr], u32)> + 'r {
        let from = (relation, id.to_vec());
        let rows = self.first.range(from..);
        let of_id = rows.take_while(move |((of, row), _)| *of == relation && row.starts_with(id));
        of_id.map(|((_, row), &tick)| (&row[2..], tick))
    }

    /// What is wrong by a checker at the end of a run: a text that begins with its name. `last` are the rows of
    /// the last tick, and `up` the nodes that are up in it.
    pub fn broken(
        &self,
        checker: Checker,
        last: &[Seen],
        up: &[SmolStr],
    ) -> Result<Option<String>, String> {
        let check = match checker {
            Checker::Converges => {
                let found = difference(&holdings(last, up));
                return Ok(found.map(|why| format!("{}: {why}", checker.name())));
            }
            Checker::Linearizable => linearizable,
            Checker::Sequential => sequential,
            Checker::Causal => causal,
        };
        let history = self.history()?;
        match check(&history) {
            Verdict::Holds => Ok(None),
            Verdict::Broken { why, operations } => {
                let shown = history.in_words(&operations);
                Ok(Some(format!("{}: {why}{shown}", checker.name())))
            }
            Verdict::Undecided(why) => Err(why),
        }
    }
}

fn holdings(last: &[Seen], up: &[SmolStr]) -> Holdings {
    let rows_of = |wanted: HistoryRelation| {
        let rows = last.iter().filter(move |(relation, _)| *relation == wanted);
        rows.map(|(_, row)| row)
    };
    let named: BTreeSet<&SmolStr> = rows_of(HistoryRelation::Replica)
        .filter_map(|row| row.first())
        .collect();
    let replicas: Vec<&SmolStr> = match named.is_empty() {
        true => up.iter().collect(),
        false => named.into_iter().collect(),
    };
    let mut holdings: Holdings = replicas
        .into_iter()
        .map(|replica| (replica.clone(), BTreeSet::new()))
        .collect();
    for row in rows_of(HistoryRelation::Holds) {
        if let Some((replica, rest)) = row.split_first()
            && let Some(rows) = holdings.get_mut(replica)
        {
            rows.insert(format!("({})", rest.join(", ")));
        }
    }
    holdings
}
