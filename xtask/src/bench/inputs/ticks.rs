//! Inputs of the works that go tick by tick: what is there before, and in `ops.facts` rows of tick, kind of
//! operation and two numbers. Questions are numbered, those of later ticks higher.

use std::io;

use super::Facts;

/// Kinds of operations.
const ADD: usize = 0;
const ASK: usize = 1;
/// Or, of joins, adding on the other side.
const TAKE: usize = 2;

/// Groups whose members are counted, however many they are.
const GROUPS: usize = 100;

/// Edges of a chain of the graph of `live_paths`.
const CHAIN: usize = 10;

/// Puts and gets of keys that are there, half each, no key twice in a tick.
pub fn store(facts: &mut Facts<'_>, keys: usize, ticks: usize, per_tick: usize) -> io::Result<()> {
    facts.rows("store", (0..keys).map(|key| [key, key % 1_000]))?;
    let random = &mut facts.random;
    let mut ops = Vec::with_capacity(ticks * per_tick);
    let mut taken = std::collections::HashSet::new();
    for tick in 0..ticks {
        taken.clear();
        for place in 0..per_tick {
            let mut key = random.below(keys);
            while !taken.insert(key) {
                key = random.below(keys);
            }
            ops.push(match random.below(2) {
                0 => [tick, ADD, key, random.below(1_000)],
                _ => [tick, ASK, tick * per_tick + place, key],
            });
        }
    }
    facts.rows("ops", ops)
}

/// Questions, half of them for what was asked before.
pub fn not_probe(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    facts.rows("seen", (0..size).map(|x| [x]))?;
    let random = &mut facts.random;
    let ops = (0..ticks).map(|tick| match random.below(2) {
        0 => [tick, ASK, tick, random.below(size)],
        _ => [tick, ASK, tick, size + tick],
    });
    let ops: Vec<_> = ops.collect();
    facts.rows("ops", ops)
}

/// A member comes or goes, and its group is asked for.
pub fn live_count(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    facts.rows("member", (0..size).map(|id| [id, id % GROUPS]))?;
    let random = &mut facts.random;
    let mut ops = Vec::new();
    for tick in 0..ticks {
        let id = match tick % 2 {
            0 => size + tick,
            _ => random.below(size),
        };
        let kind = if tick % 2 == 0 { ADD } else { TAKE };
        ops.push([tick, kind, id, id % GROUPS]);
        ops.push([tick, ASK, tick, id % GROUPS]);
    }
    facts.rows("ops", ops)
}

/// A row on one side, in turns, and the question for its key.
pub fn live_join(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    let keys = size.div_ceil(2);
    facts.rows("left", (0..size).map(|row| [row % keys, row]))?;
    facts.rows("right", (0..size).map(|row| [row % keys, row]))?;
    let random = &mut facts.random;
    let mut ops = Vec::new();
    for tick in 0..ticks {
        let key = random.below(keys);
        let kind = if tick % 2 == 0 { ADD } else { TAKE };
        ops.push([tick, kind, key, size + tick]);
        ops.push([tick, ASK, tick, key]);
    }
    facts.rows("ops", ops)
}

/// Chains; an edge is taken away, its chain is asked for, and the edge comes back.
pub fn live_paths(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    let edge = |n: usize| {
        [
            n / CHAIN * (CHAIN + 1) + n % CHAIN,
            n / CHAIN * (CHAIN + 1) + n % CHAIN + 1,
        ]
    };
    facts.rows("edge", (0..size).map(edge))?;
    let random = &mut facts.random;
    let mut ops = Vec::new();
    let mut cut = [0, 0];
    for tick in 0..ticks {
        match tick % 4 {
            0 => {
                cut = edge(random.below(size));
                ops.push([tick, TAKE, cut[0], cut[1]]);
            }
            2 => ops.push([tick, ADD, cut[0], cut[1]]),
            _ => ops.push([tick, ASK, tick, cut[0] / (CHAIN + 1) * (CHAIN + 1)]),
        }
    }
    facts.rows("ops", ops)
}
