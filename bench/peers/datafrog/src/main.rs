//! The works in datafrog, which joins two relations at a time, each sorted by the key that it is joined on.

use datafrog::{Iteration, PrefixFilter, Relation, Variable};
use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Pair = (u32, u32);

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "tc" => closure(&run),
        "same_generation" => same_generation(&run),
        "context_free" => context_free(&run),
        "points_to" => points_to(&run),
        other => panic!("no work `{other}`"),
    }
}

fn read(run: &Run, name: &str) -> Relation<Pair> {
    run.read::<2>(name).into_iter().map(|[a, b]| (a, b)).collect()
}

fn swapped(relation: &Relation<Pair>) -> Relation<Pair> {
    relation.iter().map(|&(a, b)| (b, a)).collect()
}

fn write(run: &Run, name: &str, rows: Relation<Pair>, swapped: bool) {
    let rows = rows.elements.into_iter();
    run.write(name, rows.map(|(a, b)| if swapped { [b, a] } else { [a, b] }));
}

fn closure(run: &Run) {
    let edge = read(run, "edge");
    let mut iteration = Iteration::new();
    // By its end.
    let path: Variable<Pair> = iteration.variable("path");
    path.insert(swapped(&edge));
    while iteration.changed() {
        path.from_join(&path, &edge, |_y, &x, &z| (z, x));
    }
    write(run, "path", path.complete(), true);
}

fn same_generation(run: &Run) {
    let child = swapped(&read(run, "parent"));
    let mut iteration = Iteration::new();
    let children: Variable<Pair> = iteration.variable("children");
    let same: Variable<Pair> = iteration.variable("same");
    // A child of the first, by the second.
    let half: Variable<Pair> = iteration.variable("half");
    let raw: Variable<Pair> = iteration.variable("raw");
    children.insert(child.clone());
    while iteration.changed() {
        raw.from_join(&children, &child, |_p, &x, &y| (x, y));
        half.from_join(&same, &child, |_a, &b, &x| (b, x));
        raw.from_join(&half, &child, |_b, &x, &y| (x, y));
        same.from_leapjoin(&raw, PrefixFilter::from(|&(x, y): &Pair| x != y), |&pair, &()| pair);
    }
    write(run, "same", same.complete(), false);
}

fn context_free(run: &Run) {
    let [a, b, c] = ["a", "b", "c"].map(|name| read(run, name));
    let (a_to, b_to) = (swapped(&a), swapped(&b));
    let mut iteration = Iteration::new();
    // By their end; q by its beginning, too.
    let p: Variable<Pair> = iteration.variable("p by its end");
    let q: Variable<Pair> = iteration.variable("q");
    let r: Variable<Pair> = iteration.variable("r");
    // The first two of three, by the key of the third.
    let (aq, br, pc): (Variable<Pair>, Variable<Pair>, Variable<Pair>) = (
        iteration.variable("a q"),
        iteration.variable("b r"),
        iteration.variable("p c"),
    );
    p.insert(swapped(&a));
    q.insert(b.clone());
    r.insert(c.clone());
    while iteration.changed() {
        aq.from_join(&q, &a_to, |_y, &z, &x| (z, x));
        p.from_join(&aq, &b, |_z, &x, &w| (w, x));
        br.from_join(&r, &b_to, |_y, &z, &x| (z, x));
        q.from_join(&br, &c, |_z, &x, &w| (x, w));
        pc.from_join(&p, &c, |_y, &x, &z| (z, x));
        r.from_join(&pc, &q, |_z, &x, &w| (x, w));
    }
    write(run, "p", p.complete(), true);
    write(run, "q", q.complete(), false);
    write(run, "r", r.complete(), false);
}

fn points_to(run: &Run) {
    let copies = swapped(&read(run, "copy"));
    let loads = swapped(&read(run, "load"));
    let stores = read(run, "store");
    let mut iteration = Iteration::new();
    let points: Variable<Pair> = iteration.variable("points");
    // By what is pointed to: where a load from it goes; by what is stored: where it goes.
    let (loaded, stored): (Variable<Pair>, Variable<Pair>) =
        (iteration.variable("loaded"), iteration.variable("stored"));
    points.insert(read(run, "address"));
    while iteration.changed() {
        points.from_join(&points, &copies, |_w, &o, &v| (v, o));
        loaded.from_join(&points, &loads, |_w, &p, &v| (p, v));
        points.from_join(&loaded, &points, |_p, &v, &o| (v, o));
        stored.from_join(&points, &stores, |_v, &p, &w| (w, p));
        points.from_join(&stored, &points, |_w, &p, &o| (p, o));
    }
    write(run, "points", points.complete(), false);
}
