//! Random histories of registers, and what they are by definition: every order of their operations is tried.
//!
//! The checkers of `sim::history` are held to this. Nothing here is clever, and nothing is shared with them but the
//! shape of a history.

use bloom_sim::history::{Act, History, Operation};
use bloom_stdx::random::Random;
use smol_str::{SmolStr, format_smolstr};

/// Operations of a random history: all their orders must be few enough to try.
pub const OPERATIONS_MAX: usize = 7;

/// Linearizable by definition: some order of the answered operations and of some unanswered writes keeps the order
/// in which operations came after others, and explains the reads.
pub fn is_linearizable(history: &History) -> bool {
    has_order(&history.operations, &|a, b| a.precedes(b))
}

/// Sequentially consistent by definition.
pub fn is_sequential(history: &History) -> bool {
    has_order(&history.operations, &|a, b| {
        a.process == b.process && a.precedes(b)
    })
}

/// Causal memory by definition: for each process there is an order of all writes and its own reads that keeps what
/// follows from what and explains the reads. No value may be written twice to a register.
pub fn is_causal(history: &History) -> bool {
    let all = &history.operations;
    let mut follows = vec![vec![false; all.len()]; all.len()];
    for (a, first) in all.iter().enumerate() {
        for (b, second) in all.iter().enumerate() {
            let in_process = first.process == second.process && first.precedes(second);
            follows[a][b] = in_process || reads_from(second, first);
        }
    }
    for middle in 0..all.len() {
        for a in 0..all.len() {
            for b in 0..all.len() {
                follows[a][b] |= follows[a][middle] && follows[middle][b];
            }
        }
    }
    let mut processes: Vec<&SmolStr> = all.iter().map(|operation| &operation.process).collect();
    processes.sort();
    processes.dedup();
    processes.into_iter().all(|process| {
        let is_seen = |operation: &Operation| {
            operation.is_write() || operation.process == *process && operation.answered.is_some()
        };
        let seen: Vec<usize> = (0..all.len()).filter(|&n| is_seen(&all[n])).collect();
        let mut order = Vec::new();
        some_order(&seen, &mut order, &|order| {
            let respects = order.iter().enumerate().all(|(place, &later)| {
                let mut earlier = order[..place].iter().chain([&later]);
                earlier.all(|&earlier| !follows[later][earlier])
            });
            let operations: Vec<&Operation> = order.iter().map(|&number| &all[number]).collect();
            respects && explains(&operations)
        })
    })
}

fn reads_from(read: &Operation, write: &Operation) -> bool {
    let is_read = !read.is_write() && read.answered.is_some() && read.value().is_some();
    is_read && write.is_write() && read.key == write.key && read.value() == write.value()
}

fn has_order(all: &[Operation], before: &dyn Fn(&Operation, &Operation) -> bool) -> bool {
    let answered: Vec<usize> = (0..all.len())
        .filter(|&n| all[n].answered.is_some())
        .collect();
    let open: Vec<usize> = (0..all.len())
        .filter(|&n| all[n].answered.is_none() && all[n].is_write())
        .collect();
    (0..1_usize << open.len()).any(|chosen| {
        let taken = open.iter().enumerate();
        let taken = taken.filter(|(bit, _)| chosen >> bit & 1 == 1);
        let items: Vec<usize> = answered
            .iter()
            .copied()
            .chain(taken.map(|(_, &n)| n))
            .collect();
        some_order(&items, &mut Vec::new(), &|order| {
            let respects = order.iter().enumerate().all(|(place, &later)| {
                let mut earlier = order[..place].iter();
                earlier.all(|&earlier| !before(&all[later], &all[earlier]))
            });
            let operations: Vec<&Operation> = order.iter().map(|&number| &all[number]).collect();
            respects && explains(&operations)
        })
    })
}

/// Whether some order of the items is good. A good one begins with good ones.
fn some_order(items: &[usize], order: &mut Vec<usize>, is_good: &dyn Fn(&[usize]) -> bool) -> bool {
    if !is_good(order) {
        return false;
    }
    if order.len() == items.len() {
        return true;
    }
    items.iter().any(|&item| {
        if order.contains(&item) {
            return false;
        }
        order.push(item);
        let found = some_order(items, order, is_good);
        order.pop();
        found
    })
}

/// Whether each read is answered what was last written.
fn explains(order: &[&Operation]) -> bool {
    order.iter().enumerate().all(|(place, read)| {
        if read.is_write() {
            return true;
        }
        let mut before = order[..place].iter().rev();
        let last = before.find(|write| write.is_write() && write.key == read.key);
        last.and_then(|write| write.value()) == read.value()
    })
}

/// How a random history comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Each operation happens at one time between its request and its answer: linearizable.
    Atomic,
    /// All happen in one order that follows each process, whatever the clock says: sequentially consistent.
    Ordered,
    /// Each process has a copy, and hears of writes in an order that keeps what follows from what: causal.
    Copies,
    /// Answers at random.
    Any,
}

/// A random history; with `differ`, no register is written one value twice.
pub fn random_history(source: Source, differ: bool, random: &mut Random) -> History {
    let mut history = History {
        operations: requests(differ, random),
    };
    match source {
        Source::Atomic => answer_atomically(&mut history, random),
        Source::Ordered => answer_in_order(&mut history, random),
        Source::Copies => answer_from_copies(&mut history, random),
        Source::Any => {
            for place in 0..history.operations.len() {
                spoil(&mut history, place, random);
            }
        }
    }
    history
}

/// Gives a read another answer, so that the history may be good no more.
pub fn spoil_one(history: &mut History, random: &mut Random) {
    let reads = history.operations.iter().enumerate();
    let reads: Vec<usize> = reads
        .filter(|(_, operation)| !operation.is_write())
        .map(|(place, _)| place)
        .collect();
    if !reads.is_empty() {
        let place = *random.pick(&reads);
        spoil(history, place, random);
    }
}

fn spoil(history: &mut History, place: usize, random: &mut Random) {
    let read = &history.operations[place];
    let writes = history.operations.iter();
    let mut values: Vec<Option<SmolStr>> = writes
        .filter(|other| other.is_write() && other.key == read.key)
        .map(|other| other.value().cloned())
        .collect();
    values.push(None);
    let value = random.pick(&values).clone();
    if let Act::Read(answer) = &mut history.operations[place].act {
        *answer = value;
    }
}

fn requests(differ: bool, random: &mut Random) -> Vec<Operation> {
    let number = 2 + random.below(OPERATIONS_MAX - 1);
    let (processes, keys) = (1 + random.below(3), 1 + random.below(2));
    let one_at_a_time = random.chance(2, 3);
    let mut busy_until = vec![0_u32; processes];
    let requests = (0..number).map(|place| {
        let process = random.below(processes);
        let from = match one_at_a_time {
            true => busy_until[process] + 1,
            false => 1,
        };
        let invoked = from + random.below(4) as u32;
        let until = invoked + random.below(4) as u32;
        busy_until[process] = busy_until[process].max(until);
        let value = match differ {
            true => place,
            false => random.below(3),
        };
        Operation {
            process: format_smolstr!("p{process}"),
            key: format_smolstr!("k{}", random.below(keys)),
            act: match random.chance(1, 2) {
                true => Act::Write(format_smolstr!("{value}")),
                false => Act::Read(None),
            },
            invoked,
            answered: random.chance(7, 8).then_some(until),
        }
    });
    requests.collect()
}

fn answer(history: &mut History, order: &[usize]) {
    for (place, &number) in order.iter().enumerate() {
        let operations = &history.operations;
        let of = &operations[number];
        let mut before = order[..place].iter().rev();
        let last = before.find(|&&n| operations[n].is_write() && operations[n].key == of.key);
        let value = last.and_then(|&write| operations[write].value().cloned());
        if let Act::Read(answer) = &mut history.operations[number].act {
            *answer = value;
        }
    }
}

fn answer_atomically(history: &mut History, random: &mut Random) {
    let mut moments: Vec<(u32, u64, usize)> = Vec::new();
    for (number, operation) in history.operations.iter().enumerate() {
        let happens = operation.answered.is_some() || random.chance(1, 2);
        let last = operation.answered.unwrap_or(operation.invoked + 6);
        let at = operation.invoked + random.below((last - operation.invoked + 1) as usize) as u32;
        // Within a tick any order will do.
        moments.extend(happens.then(|| (at, random.next(), number)));
    }
    moments.sort_unstable();
    let order: Vec<usize> = moments.into_iter().map(|(_, _, number)| number).collect();
    answer(history, &order);
}

fn answer_in_order(history: &mut History, random: &mut Random) {
    let mut order: Vec<usize> = Vec::new();
    let all = &history.operations;
    let mut open: Vec<usize> = (0..all.len()).collect();
    while !open.is_empty() {
        let waits = |number: usize| {
            let mut others = open.iter();
            others.any(|&o| all[o].process == all[number].process && all[o].precedes(&all[number]))
        };
        let free: Vec<usize> = open.iter().copied().filter(|&n| !waits(n)).collect();
        let next = *random.pick(&free);
        open.retain(|&number| number != next);
        order.push(next);
    }
    answer(history, &order);
}

/// Each process applies writes in an order of its own that keeps causes before effects.
fn answer_from_copies(history: &mut History, random: &mut Random) {
    let mut by_time: Vec<usize> = (0..history.operations.len()).collect();
    by_time.sort_by_key(|&number| (history.operations[number].invoked, number));
    // What each process has applied, in its order.
    let mut applied: std::collections::BTreeMap<SmolStr, Vec<usize>> = Default::default();
    // What had been applied where a write was made, before it.
    let mut causes: std::collections::BTreeMap<usize, Vec<usize>> = Default::default();
    for &number in &by_time {
        let process = history.operations[number].process.clone();
        let mut own = applied.remove(&process).unwrap_or_default();
        let known: Vec<usize> = causes.keys().copied().collect();
        for write in known {
            let is_ready = causes[&write].iter().all(|cause| own.contains(cause));
            if !own.contains(&write) && is_ready && random.chance(1, 2) {
                own.push(write);
            }
        }
        if history.operations[number].is_write() {
            causes.insert(number, own.clone());
            own.push(number);
        } else {
            own.push(number);
            answer(history, &own);
            own.pop();
        }
        applied.insert(process, own);
    }
}
