//! Orders, strata and readings of small programs, and what is refused or warned of.

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::analyze;
use crate::hir::{Source, resolve};
use crate::syntax;
use crate::typing::infer;

/// Analyses a program that is well typed. The dump is followed by the diagnostics with the text that
/// each points at.
fn check(text: &str, expect: &Expect) {
    let parse = syntax::parse(text);
    assert_eq!(parse.diagnostics, []);
    let resolved = resolve(&[Source {
        name: "main",
        file: crate::base::FileId(0),
        module: &parse.module,
    }]);
    assert_eq!(resolved.diagnostics, []);
    let program = resolved.program;
    let typed = infer(&program);
    assert_eq!(typed.diagnostics, []);
    let analysis = analyze(&program, &typed);
    let mut shown = analysis.dump(&program);
    for diagnostic in &analysis.diagnostics {
        let at = &text[diagnostic.primary.place().span.range()];
        writeln!(shown, "{} {} [{at}]", diagnostic.code, diagnostic.message)
            .expect("strings take all");
    }
    expect.assert_eq(&shown);
}

#[test]
fn literals_are_ordered_by_what_they_bind() {
    check(
        r#"
        table a(x: Int, y: Int);
        table b(y: Int, z: Int);
        scratch s(x: Int, z: Int);
        s{x, z} <= z > w, let w = v + 1, not a{x: z, y: x}, v in x..y, b{y, z}, a{x, y};
        s{x, z} <= 10 / z > 1, a{x, y: z}, x != z;
        "#,
        &expect![[r#"
            node Main: 1 strata
              rule0 s: stratum 0, [4, 5, 2, 3, 1, 0], [Variables, Variables, Complete, Variables, Morphism, Morphism]
              rule1 s: stratum 0, [1, 2, 0], [Variables, Morphism, Variables]
        "#]],
    );
}

#[test]
fn strata_follow_negation_and_aggregates() {
    check(
        r#"
        table edge(a: Int, b: Int);
        scratch reach(a: Int, b: Int);
        scratch apart(a: Int, b: Int);
        scratch degree(a: Int => n: Int);
        scratch lonely(a: Int);
        reach(a, b) <= edge(a, b);
        reach(a, c) <= reach(a, b), reach(b, c);
        apart(a, b) <= edge(a, _), edge(_, b), not reach(a, b);
        degree{a, n: count()} <= apart{a, b};
        lonely{a} <= degree{a, n}, n > 5;
        "#,
        &expect![[r#"
            node Main: 4 strata
              rule0 reach: stratum 0, [0], [Morphism]
              rule1 reach: stratum 0, [0, 1], [Morphism, Morphism]
              rule2 apart: stratum 1, [0, 1, 2], [Morphism, Morphism, Complete]
              rule3 degree: stratum 2, [0], [Complete]
              rule4 lonely: stratum 3, [0, 1], [Morphism, Variables]
        "#]],
    );
}

#[test]
fn lattices_that_grow_stay_in_their_stratum() {
    check(
        r#"
        monotone fn enough(votes: Set<Int>, least: Int): Or = votes.size() >= least;
        morphism fn far(d: Min<Int>, km: Int): Min<Int> = d + km;
        fn now(s: Set<Int>): Int = s.reveal.size();
        table edge(a: Int, b: Int, km: Int);
        scratch dist(a: Int, b: Int => km: Min<Int>);
        scratch votes(a: Int => who: Set<Int>);
        scratch done(a: Int);
        scratch counted(a: Int => n: Int);
        dist{a, b, km} <= edge{a, b, km};
        dist{a, b: c, km: far(d, km)} <= dist{a, b, km: d}, edge{a: b, b: c, km};
        votes{a, who: {b}} <= dist{a, b, km}, km <= 9;
        votes{a, who: w.union(w)} <= votes{a: b, who: w}, edge{a, b};
        votes{a, who: {b}} <= votes{a, who}, b in who, enough(who, 3);
        done{a} <= votes{a, who: w}, w.contains(1) && w.size() > 2;
        counted{a, n: now(w)} <= votes{a, who: w};
        "#,
        &expect![[r#"
            fn enough [Monotone, Constant]
            fn far [Morphism, Constant]
            fn now [Neither]
            node Main: 4 strata
              rule0 dist: stratum 0, [0], [Morphism]
              rule1 dist: stratum 0, [0, 1], [Morphism, Morphism]
              rule2 votes: stratum 1, [0, 1], [Morphism, Variables]
              rule3 votes: stratum 1, [0, 1], [Morphism, Morphism]
              rule4 votes: stratum 1, [0, 1, 2], [Monotone, Variables, Variables]
              rule5 done: stratum 2, [0, 1], [Monotone, Variables]
              rule6 counted: stratum 3, [0], [Complete]
        "#]],
    );
}

#[test]
fn a_cycle_through_negation_is_spelled_out() {
    check(
        r#"
        table p(x: Int);
        scratch a(x: Int);
        scratch b(x: Int);
        scratch c(x: Int);
        scratch d(=> n: Max<Int>);
        a{x} <= p{x}, b{x};
        b{x} <= c{x};
        c{x} <= p{x}, not a{x};
        d{n: n.reveal + 1} <= d{n};
        "#,
        &expect![[r#"
            node Main: 2 strata
              rule0 a: stratum 0, [0, 1], [Morphism, Morphism]
              rule1 b: stratum 0, [0], [Morphism]
              rule2 c: stratum 0, [0, 1], [Morphism, Complete]
              rule3 d: stratum 1, [0], [Complete]
            E0503 cycle through negation: `c` needs `not` of `a`, `a` needs `b`, `b` needs `c` [not a{x}]
            E0503 cycle through a lattice that is revealed: `d` needs a lattice value seen as it is now of `d` [d{n}]
        "#]],
    );
}

#[test]
fn errors_are_complete_when_all_else_is() {
    check(
        r#"
        input i(x: Int);
        scratch half(x: Int);
        scratch seen(m: String);
        scratch more(m: String);
        half{x: 10 / x} <= i{x};
        seen{m} <= errors{message: m};
        more{m} <= seen{m};
        "#,
        &expect![[r#"
            node Main: 4 strata
              rule0 half: stratum 0, [0], [Morphism]
              rule1 seen: stratum 2, [0], [Morphism]
              rule2 more: stratum 3, [0], [Morphism]
        "#]],
    );
}

#[test]
fn promises_of_functions_are_held() {
    check(
        r#"
        morphism fn size(s: Set<Int>): Max<Int> = s.size();
        monotone fn now(s: Set<Int>): Int = s.reveal.size();
        morphism fn twice(a: Max<Int>, s: Set<Int>): Set<Int> = s.union(s);
        "#,
        &expect![[r#"
            fn size [Monotone]
            fn now [Neither]
            fn twice [Constant, Morphism]
            node Main: 1 strata
            E0406 function `size` is not a morphism in `s` [size]
            E0406 function `now` is not monotone in `s` [now]
        "#]],
    );
}

#[test]
fn conflicts_from_outside_are_warned_of() {
    check(
        r#"
        input put(req: Int => key: String, val: String);
        input once(req: Int => val: String) immutable;
        table store(key: String => val: String);
        table log(req: Int => val: String);
        table fixed(req: Int => val: String);
        scratch now(req: Int => val: String);
        table seen(key: String => val: Set<String>);
        store{key, val} <= put{key, val};
        log{req, val} <= put{req, val};
        fixed{req, val} <= once{req, val};
        now{req, val} <= put{req, val};
        seen{key, val: {val}} <= put{key, val};
        store{key, val} <+- put{key, val};
        "#,
        &expect![[r#"
            node Main: 5 strata
              rule0 store: stratum 0, [0], [Morphism]
              rule1 log: stratum 1, [0], [Morphism]
              rule2 fixed: stratum 2, [0], [Morphism]
              rule3 now: stratum 3, [0], [Morphism]
              rule4 seen: stratum 4, [0], [Morphism]
              rule5 store: stratum 0, [0], [Morphism]
            W0401 rows of `put` can give one key of `store` two values of `val` [store{key, val}]
            W0401 rows of `put` can give one key of `log` two values of `val` [log{req, val}]
        "#]],
    );
}

#[test]
fn conflicts_are_found_behind_what_copies_rows_from_outside() {
    check(
        r#"
        input put(req: Int, key: String, val: String);
        scratch seen(key: String, val: String);
        table fixed(key: String, val: String);
        table store(key: String => val: String);
        table copy(key: String => val: String);
        table known(key: String => val: String);
        seen{key, val} <= put{key, val};
        store{key, val} <= seen{key, val};
        copy{key, val} <= store{key, val};
        known{key, val} <= fixed{key, val};
        "#,
        &expect![[r#"
            node Main: 4 strata
              rule0 seen: stratum 0, [0], [Morphism]
              rule1 store: stratum 1, [0], [Morphism]
              rule2 copy: stratum 2, [0], [Morphism]
              rule3 known: stratum 3, [0], [Morphism]
            W0401 rows of `seen` can give one key of `store` two values of `val` [store{key, val}]
        "#]],
    );
}

#[test]
fn broken_laws_are_shown_by_a_small_example() {
    check(
        r#"
        enum Level { Low, Mid, High }
        lattice Sum(n: Int) { bottom = Sum(0); merge(a, b) = Sum(if a.n == b.n then a.n else a.n / 2 + b.n / 2); }
        lattice Gap(lo: Int, hi: Int) { bottom = Gap(int_max, int_min); merge(a, b) = Gap(min(a.lo, b.lo), max(a.hi, b.hi)); }
        lattice Floor(n: Int) { bottom = Floor(0); merge(a, b) = Floor(max(a.n, b.n)); }
        lattice Last(l: Level) { bottom = Last(Low); merge(a, b) = if b == Last(Low) then a else b; }
        table t(=> a: Sum, b: Gap, c: Floor, d: Last);
        "#,
        &expect![[r#"
            fn Sum.bottom []
            fn Sum.merge [Neither, Neither]
            fn Gap.bottom []
            fn Gap.merge [Neither, Neither]
            fn Floor.bottom []
            fn Floor.merge [Neither, Neither]
            fn Last.bottom []
            fn Last.merge [Morphism, Neither]
            node Main: 1 strata
            E0405 merge not neutral for its bottom, which must be the identity: merge(bottom, a) is Sum(n: 0) for a = Sum(n: 1) [Sum]
            E0405 merge not neutral for its bottom, which must be the identity: merge(bottom, a) is Floor(n: 0) for a = Floor(n: -1) [Floor]
            E0405 merge not commutative: merge(a, b) is Last(l: High) and merge(b, a) is Last(l: Mid) for a = Last(l: Mid), b = Last(l: High) [Last]
        "#]],
    );
}
