//! Reachability, paths and components, semi-naive: each iteration extends only the rows of the last.

use rows::Run;

use crate::table::{ByKey, Map, Relation, Set, at, by_key, pack, unpack};

/// path(x, y) <= edge(x, y); path(x, z) <= path(x, y), edge(y, z).
pub fn closure(run: &Run) {
    let edges = run.read::<2>("edge");
    let next = by_key(edges.iter().copied());
    let mut all = Set::default();
    let mut rows = Vec::new();
    for [x, y] in edges {
        if all.insert(pack(x, y)) {
            rows.push(pack(x, y));
        }
    }
    // A row needs to be extended once only, in whatever order.
    let mut done = 0;
    while let Some(&row) = rows.get(done) {
        done += 1;
        let [x, y] = unpack(row);
        for &z in at(&next, y) {
            if all.insert(pack(x, z)) {
                rows.push(pack(x, z));
            }
        }
    }
    drop(all);
    run.write("path", rows.into_iter().map(unpack));
}

/// same(x, y) <= parent(x, p), parent(y, p), x != y; same(x, y) <= parent(x, a), same(a, b), parent(y, b), x != y.
pub fn same_generation(run: &Run) {
    let children = by_key(run.read::<2>("parent").into_iter().map(|[x, p]| [p, x]));
    let mut all = Set::default();
    let mut rows = Vec::new();
    let mut add = |rows: &mut Vec<u64>, x: u32, y: u32| {
        if x != y && all.insert(pack(x, y)) {
            rows.push(pack(x, y));
        }
    };
    for siblings in children.values() {
        for &x in siblings {
            for &y in siblings {
                add(&mut rows, x, y);
            }
        }
    }
    let mut done = 0;
    while let Some(&row) = rows.get(done) {
        done += 1;
        let [a, b] = unpack(row);
        for &x in at(&children, a) {
            for &y in at(&children, b) {
                add(&mut rows, x, y);
            }
        }
    }
    run.write("same", rows.into_iter().map(unpack));
}

/// p(x, w) <= a(x, w) | a(x, y), q(y, z), b(z, w); q(x, w) <= b(x, w) | b(x, y), r(y, z), c(z, w);
/// r(x, w) <= c(x, w) | p(x, y), c(y, z), q(z, w).
pub fn context_free(run: &Run) {
    let [a, b, c] = ["a", "b", "c"].map(|name| run.read::<2>(name));
    let backward = |rows: &[[u32; 2]]| by_key(rows.iter().map(|&[x, y]| [y, x]));
    let (a_to, b_from, b_to) = (backward(&a), by_key(b.iter().copied()), backward(&b));
    let (c_from, c_to) = (by_key(c.iter().copied()), backward(&c));
    let (mut p, mut q, mut r) = (Relation::default(), Relation::default(), Relation::default());
    a.iter().for_each(|&[x, y]| p.insert(x, y));
    b.iter().for_each(|&[x, y]| q.insert(x, y));
    c.iter().for_each(|&[x, y]| r.insert(x, y));
    let (mut p_to, mut q_from) = (ByKey::default(), ByKey::default());
    loop {
        let more = [p.advance(), q.advance(), r.advance()];
        if more == [false; 3] {
            break;
        }
        for [x, y] in p.delta() {
            p_to.entry(y).or_default().push(x);
        }
        for [x, y] in q.delta() {
            q_from.entry(x).or_default().push(y);
        }
        for [y, z] in q.delta() {
            for &x in at(&a_to, y) {
                at(&b_from, z).iter().for_each(|&w| p.insert(x, w));
            }
        }
        for [x, y] in p.delta() {
            for &z in at(&c_from, y) {
                at(&q_from, z).iter().for_each(|&w| r.insert(x, w));
            }
        }
        for [z, w] in q.delta() {
            for &y in at(&c_to, z) {
                at(&p_to, y).iter().for_each(|&x| r.insert(x, w));
            }
        }
        for [y, z] in r.delta() {
            for &x in at(&b_to, y) {
                at(&c_from, z).iter().for_each(|&w| q.insert(x, w));
            }
        }
    }
    run.write("p", p.rows());
    run.write("q", q.rows());
    run.write("r", r.rows());
}

/// The least distance of every node from the sources.
pub fn shortest(run: &Run) {
    let mut next = Map::<u32, Vec<(u32, u32)>>::default();
    for [x, y, length] in run.read::<3>("edge") {
        next.entry(x).or_default().push((y, length));
    }
    let mut distance = Map::<u32, u32>::default();
    let mut delta = Set::default();
    for [source] in run.read::<1>("source") {
        distance.insert(source, 0);
        delta.insert(source);
    }
    while !delta.is_empty() {
        let mut new = Set::default();
        for x in delta {
            let so_far = distance[&x];
            for &(y, length) in next.get(&x).map_or(&[][..], Vec::as_slice) {
                let found = so_far + length;
                let known = distance.entry(y).or_insert(u32::MAX);
                if found < *known {
                    *known = found;
                    new.insert(y);
                }
            }
        }
        delta = new;
    }
    run.write("distance", distance.into_iter().map(|(x, d)| [x, d]));
}

/// The least node that each node reaches over edges in both directions.
pub fn components(run: &Run) {
    let edges = run.read::<2>("edge");
    let next = by_key(edges.iter().flat_map(|&[x, y]| [[x, y], [y, x]]));
    let mut label: Map<u32, u32> = next.keys().map(|&x| (x, x)).collect();
    let mut delta: Set<u32> = next.keys().copied().collect();
    while !delta.is_empty() {
        let mut new = Set::default();
        for x in delta {
            let own = label[&x];
            for &y in at(&next, x) {
                let other = label.get_mut(&y).expect("every node has a label");
                if own < *other {
                    *other = own;
                    new.insert(y);
                }
            }
        }
        delta = new;
    }
    run.write("component", label.into_iter().map(|(x, c)| [x, c]));
}
