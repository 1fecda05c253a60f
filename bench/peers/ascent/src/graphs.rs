//! Joins, least values and groups.

use ascent::lattice::Dual;
use ascent::{aggregators, ascent};
use rows::Run;

use crate::{pairs, triples, write_pairs};

ascent! {
    struct Closure;
    relation edge(u32, u32);
    relation path(u32, u32);
    path(x, y) <-- edge(x, y);
    path(x, z) <-- path(x, y), edge(y, z);
}

pub fn closure(run: &Run) {
    let mut program = Closure { edge: pairs(run, "edge"), ..Closure::default() };
    program.run();
    write_pairs(run, "path", program.path);
}

ascent! {
    struct SameGeneration;
    relation parent(u32, u32);
    relation same(u32, u32);
    same(x, y) <-- parent(x, p), parent(y, p), if x != y;
    same(x, y) <-- same(a, b), parent(x, a), parent(y, b), if x != y;
}

pub fn same_generation(run: &Run) {
    let mut program = SameGeneration { parent: pairs(run, "parent"), ..SameGeneration::default() };
    program.run();
    write_pairs(run, "same", program.same);
}

ascent! {
    struct ContextFree;
    relation a(u32, u32);
    relation b(u32, u32);
    relation c(u32, u32);
    relation p(u32, u32);
    relation q(u32, u32);
    relation r(u32, u32);
    p(x, y) <-- a(x, y);
    q(x, y) <-- b(x, y);
    r(x, y) <-- c(x, y);
    p(x, w) <-- q(y, z), a(x, y), b(z, w);
    q(x, w) <-- r(y, z), b(x, y), c(z, w);
    r(x, w) <-- p(x, y), c(y, z), q(z, w);
}

pub fn context_free(run: &Run) {
    let mut program = ContextFree {
        a: pairs(run, "a"),
        b: pairs(run, "b"),
        c: pairs(run, "c"),
        ..ContextFree::default()
    };
    program.run();
    write_pairs(run, "p", program.p);
    write_pairs(run, "q", program.q);
    write_pairs(run, "r", program.r);
}

ascent! {
    struct PointsTo;
    relation address(u32, u32);
    relation copy(u32, u32);
    relation load(u32, u32);
    relation store(u32, u32);
    relation points(u32, u32);
    points(v, o) <-- address(v, o);
    points(v, o) <-- points(w, o), copy(v, w);
    points(v, o) <-- load(v, w), points(w, p), points(p, o);
    points(p, o) <-- store(v, w), points(v, p), points(w, o);
}

pub fn points_to(run: &Run) {
    let mut program = PointsTo {
        address: pairs(run, "address"),
        copy: pairs(run, "copy"),
        load: pairs(run, "load"),
        store: pairs(run, "store"),
        ..PointsTo::default()
    };
    program.run();
    write_pairs(run, "points", program.points);
}

ascent! {
    struct Shortest;
    relation edge(u32, u32, u32);
    relation source(u32);
    lattice least(u32, Dual<u32>);
    least(x, Dual(0)) <-- source(x);
    least(y, Dual(so_far.0 + length)) <-- least(x, so_far), edge(x, y, length);
}

pub fn shortest(run: &Run) {
    let source = run.read::<1>("source").into_iter().map(|[x]| (x,)).collect();
    let mut program = Shortest { edge: triples(run, "edge"), source, ..Shortest::default() };
    program.run();
    run.write("distance", program.least.into_iter().map(|(x, length)| [x, length.0]));
}

ascent! {
    struct Components;
    relation edge(u32, u32);
    lattice label(u32, Dual<u32>);
    label(x, Dual(*x)) <-- edge(x, _);
    label(y, Dual(*y)) <-- edge(_, y);
    label(y, least) <-- label(x, least), edge(x, y);
    label(x, least) <-- label(y, least), edge(x, y);
}

pub fn components(run: &Run) {
    let mut program = Components { edge: pairs(run, "edge"), ..Components::default() };
    program.run();
    run.write("component", program.label.into_iter().map(|(x, least)| [x, least.0]));
}

ascent! {
    struct NegationGroups;
    relation sale(u32, u32, u32);
    relation returned(u32, u32);
    relation kept(u32, u32, u32);
    relation customer(u32);
    relation spent(u32, usize, u32);
    kept(customer, product, amount) <-- sale(customer, product, amount), !returned(customer, product);
    customer(x) <-- kept(x, _, _);
    spent(customer, count, sum) <--
        customer(customer),
        agg count = aggregators::count() in kept(customer, _, _),
        agg sum = aggregators::sum(amount) in kept(customer, _, amount);
}

pub fn negation_groups(run: &Run) {
    let mut program = NegationGroups {
        sale: triples(run, "sale"),
        returned: pairs(run, "returned"),
        ..NegationGroups::default()
    };
    program.run();
    let rows = program.spent.into_iter();
    run.write("spent", rows.map(|(customer, count, sum)| [customer, count as u32, sum]));
}
