//! The search for one order of operations that explains what each read was answered.
//!
//! Wing and Gong, *Testing and Verifying Concurrent Objects* (1993): try what may come next, go back where nothing
//! can. What was tried is remembered by the operations that are done and what the registers then hold, as Lowe has
//! it (*Testing for Linearizability*, 2017). A read that may come next and fits is taken at once: it changes
//! nothing, so an order in which it comes later can be rearranged to have it here.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::operation::History;
use super::order::{Order, Set};

/// States that a search remembers, past which it gives up.
pub const STATES_MAX: usize = 500_000;

/// What a search found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    Order,
    NoOrder,
    /// There were more than [`STATES_MAX`] states.
    TooMany,
}

/// What an operation does to its register.
#[derive(Clone, Copy, Debug)]
struct Move {
    register: usize,
    /// Number of the value; 0 is none.
    value: u32,
    is_write: bool,
    /// Whether it has to be in the order.
    must: bool,
}

/// Whether some of these operations, all but unanswered ones among them, have an order that extends the given one
/// of their places, in which each read is answered what was last written.
pub(super) fn serialize(history: &History, operations: &[usize], order: &Order) -> Found {
    let moves = moves(history, operations);
    let items = 0..moves.len();
    let before = |item: usize| {
        items
            .clone()
            .filter(move |&other| order.is_before(other, item))
    };
    let mut search = Search {
        waits_for: items.clone().map(|item| before(item).count()).collect(),
        then: after(order, moves.len()),
        values: vec![0; moves.iter().map(|m| m.register + 1).max().unwrap_or(0)],
        done: Set::new(moves.len()),
        missing: moves.iter().filter(|m| m.must).count(),
        seen: FxHashSet::default(),
        moves,
    };
    search.run()
}

/// What comes after each item.
fn after(order: &Order, items: usize) -> Vec<Vec<usize>> {
    let mut after = vec![Vec::new(); items];
    for item in 0..items {
        for (earlier, then) in after.iter_mut().enumerate() {
            if order.is_before(earlier, item) {
                then.push(item);
            }
        }
    }
    after
}

/// Reads that were not answered, and unanswered writes that nobody read, change nothing: they are done before
/// the search begins, or never.
fn moves(history: &History, operations: &[usize]) -> Vec<Move> {
    let mut registers = BTreeMap::new();
    let mut values = BTreeMap::new();
    let all = operations.iter().map(|&number| &history.operations[number]);
    let moves = all.map(|operation| {
        let next = registers.len();
        let register = *registers.entry(&operation.key).or_insert(next);
        let value = operation.value().map_or(0, |value| {
            let next = values.len() as u32 + 1;
            *values.entry(value).or_insert(next)
        });
        Move {
            register,
            value,
            is_write: operation.is_write(),
            must: operation.answered.is_some(),
        }
    });
    moves.collect()
}

struct Search {
    moves: Vec<Move>,
    /// Of each item, how many that come before it are not done.
    waits_for: Vec<usize>,
    /// What comes after each item.
    then: Vec<Vec<usize>>,
    done: Set,
    /// What each register holds.
    values: Vec<u32>,
    /// Operations that have to be done and are not.
    missing: usize,
    seen: FxHashSet<(Set, Box<[u32]>)>,
}

/// A choice of the search, to be taken back.
struct Step {
    /// Reads that came with it.
    reads: Vec<usize>,
    /// The writes that may come next, the next one to try first.
    open: Vec<usize>,
    /// The write that is tried, and what its register held before.
    tried: Option<(usize, u32)>,
}

impl Search {
    fn run(&mut self) -> Found {
        let mut steps: Vec<Step> = Vec::new();
        let first = self.enter();
        steps.push(first);
        loop {
            if self.missing == 0 {
                return Found::Order;
            }
            if self.seen.len() > STATES_MAX {
                return Found::TooMany;
            }
            let Some(step) = steps.last_mut() else {
                return Found::NoOrder;
            };
            if let Some((write, before)) = step.tried.take() {
                self.undo(write);
                self.values[self.moves[write].register] = before;
            }
            let Some(write) = step.open.pop() else {
                let left = steps.pop().expect("there is a last step");
                left.reads.iter().for_each(|&read| self.undo(read));
                continue;
            };
            let register = self.moves[write].register;
            step.tried = Some((write, self.values[register]));
            self.perform(write);
            self.values[register] = self.moves[write].value;
            let next = self.enter();
            steps.push(next);
        }
    }

    /// Takes the reads that fit, and tells which writes may come next; none where this state was seen before.
    fn enter(&mut self) -> Step {
        let mut reads = Vec::new();
        while let Some(read) = self.fitting_read() {
            self.perform(read);
            reads.push(read);
        }
        let is_new = self
            .seen
            .insert((self.done.clone(), self.values.clone().into()));
        let open = match is_new {
            true => self.next_writes(),
            false => Vec::new(),
        };
        Step {
            reads,
            open,
            tried: None,
        }
    }

    fn fitting_read(&self) -> Option<usize> {
        (0..self.moves.len()).find(|&item| {
            let this = self.moves[item];
            let fits = !this.is_write && this.must && self.values[this.register] == this.value;
            fits && self.may_come(item)
        })
    }

    fn next_writes(&self) -> Vec<usize> {
        let writes = (0..self.moves.len()).filter(|&item| {
            let this = self.moves[item];
            this.is_write && self.may_come(item) && (this.must || self.is_wanted(this))
        });
        writes.collect()
    }

    /// Whether some read still waits for what the write writes.
    fn is_wanted(&self, write: Move) -> bool {
        self.moves.iter().enumerate().any(|(item, read)| {
            let same = (read.register, read.value) == (write.register, write.value);
            same && !read.is_write && read.must && !self.done.has(item)
        })
    }

    fn may_come(&self, item: usize) -> bool {
        self.waits_for[item] == 0 && !self.done.has(item)
    }

    fn perform(&mut self, item: usize) {
        self.done.insert(item);
        for &later in &self.then[item] {
            self.waits_for[later] -= 1;
        }
        self.missing -= usize::from(self.moves[item].must);
    }

    fn undo(&mut self, item: usize) {
        self.done.remove(item);
        for &later in &self.then[item] {
            self.waits_for[later] += 1;
        }
        self.missing += usize::from(self.moves[item].must);
    }
}
