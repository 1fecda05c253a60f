//! Causal memory (Ahamad, Neiger, Burns, Kohli and Hutto, 1995): each process sees an order of all writes and its own
//! reads that agrees with what follows from what.
//!
//! Decided by the bad patterns of Bouajjani, Enea, Guerraoui and Hamza, *On Verifying Causal Consistency* (POPL
//! 2017), for histories in which no register is written one value twice: then it is known which write each read
//! read from. `CO`, what follows from what, is the transitive closure of the order of each process and of reading.
//! `HB` of a process adds, for each of its reads, that a write to the same register that happened before it comes
//! before the one that it read from. The patterns are complete where a process has one operation open at a time;
//! where it has several, its reads have no order, and one is searched for.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::operation::{Act, History, Verdict};
use super::order::Order;
use super::sequential::in_process_order;
use super::serialize::{Found, STATES_MAX, serialize};

pub fn causal(history: &History) -> Verdict {
    let looking = match Looking::new(history) {
        Ok(looking) => looking,
        Err(verdict) => return verdict,
    };
    if let Some(verdict) = looking.bad_pattern_of_all() {
        return verdict;
    }
    let mut processes: Vec<&SmolStr> = history.operations.iter().map(|o| &o.process).collect();
    processes.sort();
    processes.dedup();
    for process in processes {
        if let Some(verdict) = looking.bad_pattern_of(process) {
            return verdict;
        }
        match looking.has_order(process) {
            Found::Order => {}
            Found::NoOrder => {
                let mut operations = looking.seen_by(process);
                operations.retain(|&number| history.operations[number].answered.is_some());
                return broken(
                    &format!("no order of the writes explains what {} read", process),
                    operations,
                );
            }
            Found::TooMany => {
                return Verdict::Undecided(format!(
                    "whether the history is causally consistent takes more than {STATES_MAX} states"
                ));
            }
        }
    }
    Verdict::Holds
}

fn broken(why: &str, operations: Vec<usize>) -> Verdict {
    Verdict::Broken {
        why: why.to_owned(),
        operations,
    }
}

struct Looking<'h> {
    history: &'h History,
    /// Of each read that was answered with a value: the write that it read from.
    from: BTreeMap<usize, usize>,
    /// What follows from what.
    causes: Order,
}

impl<'h> Looking<'h> {
    fn new(history: &'h History) -> Result<Self, Verdict> {
        let operations = &history.operations;
        let mut writes: BTreeMap<(&SmolStr, &SmolStr), usize> = BTreeMap::new();
        for (number, operation) in operations.iter().enumerate() {
            if let Act::Write(value) = &operation.act
                && writes.insert((&operation.key, value), number).is_some()
            {
                return Err(Verdict::Undecided(format!(
                    "`causal` tells writes apart by what they write, and {} is written {} twice",
                    operation.key, value
                )));
            }
        }
        let mut from = BTreeMap::new();
        for (number, operation) in operations.iter().enumerate() {
            let (Act::Read(Some(value)), Some(_)) = (&operation.act, operation.answered) else {
                continue;
            };
            match writes.get(&(&operation.key, value)) {
                Some(&write) => _ = from.insert(number, write),
                None => return Err(broken("it reads what nobody wrote", vec![number])),
            }
        }
        let mut causes = Order::new(operations.len(), |a, b| {
            in_process_order(&operations[a], &operations[b])
        });
        for (&read, &write) in &from {
            causes.add(write, read);
        }
        causes.close();
        Ok(Looking {
            history,
            from,
            causes,
        })
    }

    /// Both, and what follows from the first and has the second follow from it.
    fn path(&self, first: usize, last: usize) -> Vec<usize> {
        let numbers = 0..self.history.operations.len();
        let between = numbers.filter(|&number| {
            let is_end = number == first || number == last;
            let follows = |a, b| self.causes.is_before(a, b);
            is_end || follows(first, number) && follows(number, last)
        });
        between.collect()
    }

    /// Writes to the register of an operation that come before it in an order.
    fn writes_before(&self, order: &Order, of: usize) -> Vec<usize> {
        let operations = &self.history.operations;
        let numbers = 0..operations.len();
        numbers
            .filter(|&write| {
                operations[write].is_write()
                    && operations[write].key == operations[of].key
                    && write != of
                    && order.is_before(write, of)
            })
            .collect()
    }

    /// The numbers of the reads that were answered, perhaps of one process.
    fn reads(&self, process: Option<&SmolStr>) -> Vec<usize> {
        let operations = self.history.operations.iter().enumerate();
        let reads = operations.filter(|(_, operation)| {
            !operation.is_write()
                && operation.answered.is_some()
                && process.is_none_or(|process| operation.process == *process)
        });
        reads.map(|(number, _)| number).collect()
    }

    /// `CyclicCO`, `WriteCOInitRead` and `WriteCORead`.
    fn bad_pattern_of_all(&self) -> Option<Verdict> {
        if self.causes.cyclic().is_some() {
            let in_cycle = (0..self.history.operations.len())
                .filter(|&number| self.causes.is_before(number, number));
            return Some(broken(
                "each of these operations follows from the next",
                in_cycle.collect(),
            ));
        }
        self.reads(None).into_iter().find_map(|read| {
            let earlier = self.writes_before(&self.causes, read);
            match self.from.get(&read) {
                None => earlier.first().map(|&write| {
                    let path = self.path(write, read);
                    broken("it finds nothing though it follows from a write", path)
                }),
                Some(&from) => {
                    let between = earlier.into_iter().find(|&w| self.causes.is_before(from, w));
                    between.map(|write| {
                        broken(
                            "it reads what was overwritten before: the read follows from the second write, and that from the first",
                            [self.path(from, write), self.path(write, read)].concat(),
                        )
                    })
                }
            }
        })
    }

    /// `CyclicHB` and `WriteHBInitRead` of a process.
    fn bad_pattern_of(&self, process: &SmolStr) -> Option<Verdict> {
        let reads = self.reads(Some(process));
        let mut happened = self.causes.clone();
        loop {
            let mut grew = false;
            for &read in &reads {
                for earlier in self.writes_before(&happened, read) {
                    let Some(&from) = self.from.get(&read) else {
                        return Some(broken(
                            "it finds nothing though a write happened before, as its process saw it",
                            vec![earlier, read],
                        ));
                    };
                    if earlier != from && !happened.is_before(earlier, from) {
                        happened.add(earlier, from);
                        grew = true;
                    }
                }
            }
            if !grew {
                return None;
            }
            happened.close();
            if happened.cyclic().is_some() {
                let in_cycle = (0..self.history.operations.len())
                    .filter(|&number| happened.is_before(number, number));
                let why = format!("what {} read puts these writes in two orders", process);
                return Some(broken(&why, in_cycle.chain(reads).collect()));
            }
        }
    }

    /// All writes, and the reads of a process.
    fn seen_by(&self, process: &SmolStr) -> Vec<usize> {
        let operations = self.history.operations.iter().enumerate();
        let seen = operations.filter(|(_, o)| o.is_write() || o.process == *process);
        seen.map(|(number, _)| number).collect()
    }

    /// Looks for the order that a process sees, where the patterns do not tell: its reads have none themselves.
    fn has_order(&self, process: &SmolStr) -> Found {
        let reads = self.reads(Some(process));
        let is_total = reads.iter().enumerate().all(|(place, &a)| {
            let mut later = reads[place + 1..].iter();
            later.all(|&b| self.causes.is_before(a, b) || self.causes.is_before(b, a))
        });
        if is_total {
            return Found::Order;
        }
        let seen = self.seen_by(process);
        let order = Order::new(seen.len(), |a, b| self.causes.is_before(seen[a], seen[b]));
        serialize(self.history, &seen, &order)
    }
}
