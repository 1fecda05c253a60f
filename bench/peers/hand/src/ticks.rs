//! Works that go tick by tick: in each, questions are answered from what the ticks before left (and for joins,
//! counts and paths from what this tick changed, too). Only the ticks are timed; answers are kept and written after.

use rows::Run;

use crate::table::{ByKey, Map, Set, at, pack, unpack};

/// Kind 0 puts value b under key a, from the next tick on; kind 1 is question a, for key b.
pub fn store(run: &Run) {
    let mut store: Map<u32, u32> = run.read::<2>("store").into_iter().map(|[k, v]| (k, v)).collect();
    run.drive(|ops, answers| {
        for op in ops.iter().filter(|op| op.kind == 1) {
            if let Some(&value) = store.get(&op.b) {
                answers.push([op.a, value]);
            }
        }
        for op in ops.iter().filter(|op| op.kind == 0) {
            store.insert(op.a, op.b);
        }
    });
}

/// Kind 1 is question a: was b never asked for? It has been from the next tick on.
pub fn not_probe(run: &Run) {
    let mut seen: Set<u32> = run.read::<1>("seen").into_iter().map(|[x]| x).collect();
    run.drive(|ops, answers| {
        for op in ops {
            if !seen.contains(&op.b) {
                answers.push([op.a, op.b]);
            }
        }
        seen.extend(ops.iter().map(|op| op.b));
    });
}

/// Kind 0 adds member a to group b, kind 2 takes it away from the next tick on; kind 1 is question
/// a, how many members group b has.
pub fn live_count(run: &Run) {
    let mut members = Set::default();
    let mut counts = Map::<u32, u32>::default();
    for [member, group] in run.read::<2>("member") {
        if members.insert(pack(group, member)) {
            *counts.entry(group).or_default() += 1;
        }
    }
    run.drive(|ops, answers| {
        for op in ops.iter().filter(|op| op.kind == 0) {
            if members.insert(pack(op.b, op.a)) {
                *counts.entry(op.b).or_default() += 1;
            }
        }
        for op in ops.iter().filter(|op| op.kind == 1) {
            if let Some(&count) = counts.get(&op.b).filter(|count| **count > 0) {
                answers.push([op.a, count]);
            }
        }
        for op in ops.iter().filter(|op| op.kind == 2) {
            if members.remove(&pack(op.b, op.a)) {
                *counts.get_mut(&op.b).expect("its members were counted") -= 1;
            }
        }
    });
}

/// Two tables and their join, by key.
#[derive(Default)]
struct Join {
    left: ByKey,
    right: ByKey,
    joined: Map<u32, Set<u64>>,
}

impl Join {
    fn add_left(&mut self, key: u32, value: u32) {
        self.left.entry(key).or_default().push(value);
        for &found in at(&self.right, key) {
            self.joined.entry(key).or_default().insert(pack(value, found));
        }
    }

    fn add_right(&mut self, key: u32, value: u32) {
        self.right.entry(key).or_default().push(value);
        for &found in at(&self.left, key) {
            self.joined.entry(key).or_default().insert(pack(found, value));
        }
    }

    fn drop_left(&mut self, key: u32, value: u32) {
        drop_row(&mut self.left, key, value);
        if let Some(joined) = self.joined.get_mut(&key) {
            at(&self.right, key).iter().for_each(|&found| {
                joined.remove(&pack(value, found));
            });
        }
    }

    fn drop_right(&mut self, key: u32, value: u32) {
        drop_row(&mut self.right, key, value);
        if let Some(joined) = self.joined.get_mut(&key) {
            at(&self.left, key).iter().for_each(|&found| {
                joined.remove(&pack(found, value));
            });
        }
    }
}

fn drop_row(table: &mut ByKey, key: u32, value: u32) {
    if let Some(values) = table.get_mut(&key)
        && let Some(place) = values.iter().position(|there| *there == value)
    {
        values.swap_remove(place);
    }
}

/// Kinds 0 and 2 add (a, b) on the left and the right, kinds 3 and 4 take it away from there from the next tick on; kind 1
/// is question a, for the joined pairs of key b.
pub fn live_join(run: &Run) {
    let mut join = Join::default();
    run.read::<2>("left").into_iter().for_each(|[k, v]| join.add_left(k, v));
    run.read::<2>("right").into_iter().for_each(|[k, v]| join.add_right(k, v));
    run.drive(|ops, answers| {
        for op in ops {
            match op.kind {
                0 => join.add_left(op.a, op.b),
                2 => join.add_right(op.a, op.b),
                _ => {}
            }
        }
        for op in ops.iter().filter(|op| op.kind == 1) {
            for &pair in join.joined.get(&op.b).into_iter().flatten() {
                let [a, b] = unpack(pair);
                answers.push([op.a, a, b]);
            }
        }
        for op in ops {
            match op.kind {
                3 => join.drop_left(op.a, op.b),
                4 => join.drop_right(op.a, op.b),
                _ => {}
            }
        }
    });
}

/// Edges, and what each node reaches and is reached by.
#[derive(Default)]
struct Paths {
    next: Map<u32, Set<u32>>,
    to: Map<u32, Set<u32>>,
    from: Map<u32, Set<u32>>,
    /// How many paths have come and gone so far.
    changed: u64,
}

impl Paths {
    /// A node with all that reach it.
    fn before(&self, x: u32) -> Vec<u32> {
        let before = self.from.get(&x).into_iter().flatten().copied();
        before.filter(|&y| y != x).chain([x]).collect()
    }

    fn insert(&mut self, x: u32, y: u32) {
        if !self.next.entry(x).or_default().insert(y) {
            return;
        }
        let after = self.to.get(&y).into_iter().flatten().copied();
        let after: Vec<u32> = after.filter(|&z| z != y).chain([y]).collect();
        for a in self.before(x) {
            for &b in &after {
                self.changed += u64::from(self.to.entry(a).or_default().insert(b));
                self.from.entry(b).or_default().insert(a);
            }
        }
    }

    /// Only what reached x may reach less than before.
    fn remove(&mut self, x: u32, y: u32) {
        if !self.next.get_mut(&x).is_some_and(|next| next.remove(&y)) {
            return;
        }
        for a in self.before(x) {
            let mut reached = Set::default();
            let mut work = vec![a];
            while let Some(b) = work.pop() {
                for &c in self.next.get(&b).into_iter().flatten() {
                    if reached.insert(c) {
                        work.push(c);
                    }
                }
            }
            let before = self.to.insert(a, reached).unwrap_or_default();
            for b in before.difference(&self.to[&a]) {
                self.from.get_mut(b).expect("paths are kept both ways").remove(&a);
                self.changed += 1;
            }
        }
    }
}

/// Kind 0 adds the edge (a, b), kind 2 takes it away, both from the next tick on; kind 1 is question a: what does b
/// reach? Tells last how many paths came and went in these ticks.
pub fn live_paths(run: &Run) {
    let mut paths = Paths::default();
    run.read::<2>("edge").into_iter().for_each(|[x, y]| paths.insert(x, y));
    paths.changed = 0;
    run.drive(|ops, answers| {
        for op in ops.iter().filter(|op| op.kind == 1) {
            let reached = paths.to.get(&op.b).into_iter().flatten();
            answers.extend(reached.map(|&y| [op.a, y]));
        }
        for op in ops {
            match op.kind {
                0 => paths.insert(op.a, op.b),
                2 => paths.remove(op.a, op.b),
                _ => {}
            }
        }
    });
    println!("{}", paths.changed);
}
