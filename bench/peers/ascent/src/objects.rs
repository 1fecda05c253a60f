//! The analysis of virtual calls.

use ascent::ascent;
use rows::Run;

use crate::{pairs, triples, write_pairs};

ascent! {
    struct VirtualCalls;
    relation main(u32);
    relation alloc(u32, u32, u32);
    relation type_of(u32, u32);
    relation copy(u32, u32);
    relation load(u32, u32, u32);
    relation store(u32, u32, u32);
    relation call(u32, u32, u32, u32);
    relation lookup(u32, u32, u32);
    relation this(u32, u32);
    relation formal(u32, u32, u32);
    relation actual(u32, u32, u32);
    relation result(u32, u32);
    relation target(u32, u32);
    relation points(u32, u32);
    relation field_points(u32, u32, u32);
    relation calls(u32, u32);
    relation reachable(u32);
    relation passed(u32, u32);
    reachable(method) <-- main(method);
    reachable(method) <-- calls(_, method);
    calls(c, found), points(receiver, o) <--
        points(base, o), call(c, base, name, method), reachable(method), type_of(o, ty),
        lookup(ty, name, found), this(found, receiver);
    passed(v, w) <-- calls(c, method), formal(method, place, v), actual(c, place, w);
    passed(v, w) <-- calls(c, method), result(method, w), target(c, v);
    points(v, o) <-- reachable(method), alloc(method, v, o);
    points(v, o) <-- points(w, o), copy(v, w);
    points(v, o) <-- passed(v, w), points(w, o);
    points(v, o) <-- load(base, field, v), points(base, at), field_points(at, field, o);
    field_points(at, field, o) <-- store(base, field, w), points(base, at), points(w, o);
}

pub fn virtual_calls(run: &Run) {
    let call = run.read::<4>("call").into_iter().map(|[a, b, c, d]| (a, b, c, d));
    let mut program = VirtualCalls {
        main: run.read::<1>("main").into_iter().map(|[method]| (method,)).collect(),
        alloc: triples(run, "alloc"),
        type_of: pairs(run, "type_of"),
        copy: pairs(run, "copy"),
        load: triples(run, "load"),
        store: triples(run, "store"),
        call: call.collect(),
        lookup: triples(run, "lookup"),
        this: pairs(run, "this"),
        formal: triples(run, "formal"),
        actual: triples(run, "actual"),
        result: pairs(run, "result"),
        target: pairs(run, "target"),
        ..VirtualCalls::default()
    };
    program.run();
    write_pairs(run, "points", program.points);
    let rows = program.field_points.into_iter();
    run.write("field_points", rows.map(|(at, field, o)| [at, field, o]));
    write_pairs(run, "calls", program.calls);
    run.write("reachable", program.reachable.into_iter().map(|(method,)| [method]));
}
