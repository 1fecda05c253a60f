//! Works that have all their input at once.

use differential_dataflow::operators::Iterate;
use differential_dataflow::operators::iterate::Variable;
use rows::Run;
use timely::order::Product;

use crate::workers::{Found, Pair, Triple, pairs, run_all, triples, write_pairs};

/// A step of an iteration.
fn next() -> Product<u32, u32> {
    Product::new(0, 1)
}

fn swap((a, b): Pair) -> Pair {
    (b, a)
}

pub fn closure(run: &Run) {
    let edges = pairs(run, "edge");
    let found = run_all(
        run,
        move |scope, share| {
            let edge = share.load(scope, &edges);
            let ends = edge.clone().map(swap);
            // By its end.
            let path = ends.clone().iterate(|inner, path| {
                let edge = edge.enter(inner);
                let longer = path.join_map(edge, |_y, &x, &z| (z, x));
                longer.concat(ends.enter(inner)).distinct()
            });
            Found::of(path.map(swap))
        },
        Found::take,
    );
    write_pairs(run, "path", found);
}

pub fn same_generation(run: &Run) {
    let parents = pairs(run, "parent");
    let found = run_all(
        run,
        move |scope, share| {
            let child = share.load(scope, &parents).map(swap);
            let siblings = child.clone().join_map(child.clone(), |_p, &x, &y| (x, y));
            let siblings = siblings.filter(|(x, y)| x != y).distinct();
            let same = siblings.clone().iterate(|inner, same| {
                let child = child.enter(inner);
                let half = same.join_map(child.clone(), |_a, &b, &x| (b, x));
                let whole = half.join_map(child, |_b, &x, &y| (x, y));
                whole.filter(|(x, y)| x != y).concat(siblings.enter(inner)).distinct()
            });
            Found::of(same)
        },
        Found::take,
    );
    write_pairs(run, "same", found);
}

pub fn context_free(run: &Run) {
    let [a, b, c] = ["a", "b", "c"].map(|name| pairs(run, name));
    let found = run_all(
        run,
        move |scope, share| {
            let [a, b, c] = [&a, &b, &c].map(|rows| share.load(scope, rows));
            let (p, q, r) = scope.iterative::<u32, _, _>(|inner| {
                let [a, b, c] = [a, b, c].map(|rows| rows.enter(inner));
                let (p_set, p) = Variable::new(inner, next());
                let (q_set, q) = Variable::new(inner, next());
                let (r_set, r) = Variable::new(inner, next());
                let aq = q.clone().join_map(a.clone().map(swap), |_y, &z, &x| (z, x));
                let p_new = aq.join_map(b.clone(), |_z, &x, &w| (x, w)).concat(a).distinct();
                let br = r.clone().join_map(b.clone().map(swap), |_y, &z, &x| (z, x));
                let q_new = br.join_map(c.clone(), |_z, &x, &w| (x, w)).concat(b).distinct();
                let pc = p.clone().map(swap).join_map(c.clone(), |_y, &x, &z| (z, x));
                let r_new = pc.join_map(q, |_z, &x, &w| (x, w)).concat(c).distinct();
                p_set.set(p_new.clone());
                q_set.set(q_new.clone());
                r_set.set(r_new.clone());
                (p_new.leave(scope), q_new.leave(scope), r_new.leave(scope))
            });
            [Found::of(p), Found::of(q), Found::of(r)]
        },
        |found| found.map(Found::take),
    );
    for (place, name) in ["p", "q", "r"].into_iter().enumerate() {
        write_pairs(run, name, found.iter().map(|found| found[place].clone()));
    }
}

pub fn points_to(run: &Run) {
    let inputs = ["address", "copy", "load", "store"].map(|name| pairs(run, name));
    let found = run_all(
        run,
        move |scope, share| {
            let [address, copy, load, store] = inputs.each_ref().map(|rows| share.load(scope, rows));
            let points = address.clone().iterate(|inner, points| {
                let copy = copy.map(swap).enter(inner);
                let load = load.map(swap).enter(inner);
                let store = store.enter(inner);
                let points = points.arrange_by_key();
                let copied = points.clone().join_core(copy.arrange_by_key(), |_w, &o, &v| [(v, o)]);
                let loaded = points.clone().join_core(load.arrange_by_key(), |_w, &p, &v| [(p, v)]);
                let loaded = loaded.arrange_by_key().join_core(points.clone(), |_p, &v, &o| [(v, o)]);
                let stored = points.clone().join_core(store.arrange_by_key(), |_v, &p, &w| [(w, p)]);
                let stored = stored.arrange_by_key().join_core(points, |_w, &p, &o| [(p, o)]);
                copied.concat(loaded).concat(stored).concat(address.enter(inner)).distinct()
            });
            Found::of(points)
        },
        Found::take,
    );
    write_pairs(run, "points", found);
}

pub fn virtual_calls(run: &Run) {
    let calls = run.read::<4>("call").into_iter().map(|[c, base, name, m]| (c, base, name, m));
    let calls: Vec<(u32, u32, u32, u32)> = calls.collect();
    let mains: Vec<u32> = run.read::<1>("main").into_iter().map(|[method]| method).collect();
    let of_two = ["type_of", "copy", "this", "result", "target"].map(|name| pairs(run, name));
    let of_three =
        ["alloc", "load", "store", "lookup", "formal", "actual"].map(|name| triples(run, name));
    let found = run_all(
        run,
        move |scope, share| {
            let main = share.load(scope, &mains);
            let call = share.load(scope, &calls);
            let [type_of, copy, this, result, target] =
                of_two.each_ref().map(|rows| share.load(scope, rows));
            let [alloc, load, store, lookup, formal, actual] =
                of_three.each_ref().map(|rows| share.load(scope, rows));
            let (points, fields, calls, reachable) = scope.iterative::<u32, _, _>(|inner| {
                let (points_set, points) = Variable::new(inner, next());
                let (fields_set, fields) = Variable::new(inner, next());
                let (calls_set, calls) = Variable::new(inner, next());
                let reachable = main.enter(inner).concat(calls.clone().map(|(_, m)| m)).distinct();
                // Calls in methods that are reached, by the receiver.
                let call = call.map(|(c, base, name, m)| (m, (c, base, name))).enter(inner);
                let call = call.semijoin(reachable.clone()).map(|(_, (c, base, name))| (base, (c, name)));
                let points_by = points.clone().arrange_by_key();
                let on = points_by.clone().join_core(call.arrange_by_key(), |_b, &o, &(c, name)| [(o, (c, name))]);
                let typed = on.join_map(type_of.enter(inner), |&o, &(c, name), &t| ((t, name), (c, o)));
                let lookup = lookup.map(|(t, name, m)| ((t, name), m)).enter(inner);
                let called = typed.join_map(lookup, |_, &(c, o), &m| (m, (c, o)));
                let received = called.clone().join_map(this.enter(inner), |_m, &(_, o), &v| (v, o));
                let calls_new = called.map(|(m, (c, _))| (c, m)).distinct();
                let by_method = calls_new.clone().map(swap);
                let formal = formal.map(|(m, place, v)| (m, (place, v))).enter(inner);
                let actual = actual.map(|(c, place, v)| ((c, place), v)).enter(inner);
                let given = by_method.clone().join_map(formal, |_m, &c, &(place, v)| ((c, place), v));
                let given = given.join_map(actual, |_, &v, &w| (w, v));
                let returned = by_method.join_map(result.enter(inner), |_m, &c, &w| (c, w));
                let returned = returned.join_map(target.enter(inner), |_c, &w, &v| (w, v));
                let passed = given.concat(returned).distinct().concat(copy.map(swap).enter(inner));
                let moved = points_by.clone().join_core(passed.arrange_by_key(), |_w, &o, &v| [(v, o)]);
                let alloc = alloc.map(|(m, v, o)| (m, (v, o))).enter(inner);
                let made = alloc.semijoin(reachable.clone()).map(|(_, row)| row);
                let load = load.map(|(base, field, v)| (base, (field, v))).enter(inner);
                let loaded = points_by.clone().join_core(load.arrange_by_key(), |_b, &at, &(field, v)| [((at, field), v)]);
                let loaded = loaded.join_map(fields.clone(), |_, &v, &o| (v, o));
                let store = store.map(|(base, field, w)| (base, (field, w))).enter(inner);
                let stored = points_by.clone().join_core(store.arrange_by_key(), |_b, &at, &(field, w)| [(w, (at, field))]);
                let stored = points_by.join_core(stored.arrange_by_key(), |_w, &o, &(at, field)| [((at, field), o)]);
                let points_new = received.concat(moved).concat(made).concat(loaded).distinct();
                let fields_new = stored.distinct();
                points_set.set(points_new.clone());
                fields_set.set(fields_new.clone());
                calls_set.set(calls_new.clone());
                let reachable = reachable.leave(scope);
                (points_new.leave(scope), fields_new.leave(scope), calls_new.leave(scope), reachable)
            });
            (Found::of(points), Found::of(fields), Found::of(calls), Found::of(reachable))
        },
        |(points, fields, calls, reachable)| {
            (points.take(), fields.take(), calls.take(), reachable.take())
        },
    );
    write_pairs(run, "points", found.iter().map(|found| found.0.clone()));
    let fields = found.iter().flat_map(|found| &found.1);
    run.write("field_points", fields.map(|&((at, field), o)| [at, field, o]));
    write_pairs(run, "calls", found.iter().map(|found| found.2.clone()));
    run.write("reachable", found.iter().flat_map(|found| &found.3).map(|&m| [m]));
}

pub fn shortest(run: &Run) {
    let edges: Vec<(u32, Pair)> =
        triples(run, "edge").into_iter().map(|(x, y, length)| (x, (y, length))).collect();
    let sources: Vec<Pair> = run.read::<1>("source").into_iter().map(|[x]| (x, 0)).collect();
    let found = run_all(
        run,
        move |scope, share| {
            let edge = share.load(scope, &edges);
            let source = share.load(scope, &sources);
            let least = source.clone().iterate(|inner, least| {
                let longer = least.join_map(edge.enter(inner), |_x, &so_far, &(y, length)| (y, so_far + length));
                longer
                    .concat(source.enter(inner))
                    .reduce(|_x, lengths, out| out.push((*lengths[0].0, 1)))
            });
            Found::of(least)
        },
        Found::take,
    );
    write_pairs(run, "distance", found);
}

pub fn components(run: &Run) {
    let edges = pairs(run, "edge");
    let found = run_all(
        run,
        move |scope, share| {
            let edge = share.load(scope, &edges);
            let edge = edge.clone().map(swap).concat(edge);
            let own = edge.clone().map(|(x, _)| (x, x)).distinct();
            let least = own.clone().iterate(|inner, label| {
                let told = label.join_map(edge.enter(inner), |_x, &least, &y| (y, least));
                told.concat(own.enter(inner)).reduce(|_x, labels, out| out.push((*labels[0].0, 1)))
            });
            Found::of(least)
        },
        Found::take,
    );
    write_pairs(run, "component", found);
}

pub fn negation_groups(run: &Run) {
    let sales: Vec<(Pair, u32)> =
        triples(run, "sale").into_iter().map(|(c, p, amount)| ((c, p), amount)).collect();
    let returned = pairs(run, "returned");
    let found = run_all(
        run,
        move |scope, share| {
            let sale = share.load(scope, &sales).distinct();
            let returned = share.load(scope, &returned).distinct();
            let kept = sale.antijoin(returned).map(|((customer, product), amount)| (customer, (product, amount)));
            let spent = kept.reduce(|_customer, rows, out| {
                let sum: u32 = rows.iter().map(|((_, amount), _)| amount).sum();
                out.push(((rows.len() as u32, sum), 1));
            });
            Found::of(spent.map(|(customer, (count, sum))| -> Triple { (customer, count, sum) }))
        },
        Found::take,
    );
    run.write("spent", found.into_iter().flatten().map(|(customer, count, sum)| [customer, count, sum]));
}
