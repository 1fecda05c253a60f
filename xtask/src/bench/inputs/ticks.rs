//! Inputs of the works that go tick by tick: what is there before, and in `ops.facts` rows of tick, kind of
//! operation and two numbers. Questions are numbered, those of later ticks higher.

use std::io;

use super::Facts;

use bloom_stdx::random::Random;

/// Kinds of operations.
const ADD: usize = 0;
const ASK: usize = 1;
const TAKE: usize = 2;
/// Of joins: adding on one side and the other, and taking away there.
const ADD_SIDE: [usize; 2] = [0, 2];
const TAKE_SIDE: [usize; 2] = [3, 4];

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

/// A member comes or one that is there goes, in turns, and its group is asked for.
pub fn live_count(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    facts.rows("member", (0..size).map(|id| [id, id % GROUPS]))?;
    let random = &mut facts.random;
    let mut members: Vec<usize> = (0..size).collect();
    let mut ops = Vec::new();
    for tick in 0..ticks {
        let (kind, id) = match tick % 2 {
            0 => {
                members.push(size + tick);
                (ADD, size + tick)
            }
            _ => (TAKE, take(&mut members, random)),
        };
        ops.push([tick, kind, id, id % GROUPS]);
        ops.push([tick, ASK, tick, id % GROUPS]);
    }
    facts.rows("ops", ops)
}

/// On one side and then the other a row comes and, in the next tick, one that is there goes; and the question for its key.
/// So each side keeps its size, and a key two rows a side on average, however many keys there are.
pub fn live_join(facts: &mut Facts<'_>, size: usize, ticks: usize) -> io::Result<()> {
    let keys = size.div_ceil(2);
    let random = &mut facts.random;
    let mut sides = [(); 2]
        .map(|()| -> Vec<[usize; 2]> { (0..size).map(|row| [random.below(keys), row]).collect() });
    facts.rows("left", sides[0].iter().copied())?;
    facts.rows("right", sides[1].iter().copied())?;
    let random = &mut facts.random;
    let mut ops = Vec::new();
    for tick in 0..ticks {
        let side = tick / 2 % 2;
        let (kind, [key, value]) = match tick % 2 {
            0 => {
                let row = [random.below(keys), size + tick];
                sides[side].push(row);
                (ADD_SIDE[side], row)
            }
            _ => (TAKE_SIDE[side], take(&mut sides[side], random)),
        };
        ops.push([tick, kind, key, value]);
        ops.push([tick, ASK, tick, key]);
    }
    facts.rows("ops", ops)
}

/// Takes one out, by chance.
fn take<T>(all: &mut Vec<T>, random: &mut Random) -> T {
    let place = random.below(all.len());
    all.swap_remove(place)
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
