//! Types of small programs, and what is said of wrong ones.

use expect_test::{Expect, expect};

use crate::hir::{Source, resolve};
use crate::syntax;

/// Infers a program that parses and resolves. The dump, without built-in collections, is followed
/// by the diagnostics with the text that each points at.
fn check(text: &str, expect: &Expect) {
    let parse = syntax::parse(text);
    assert_eq!(parse.diagnostics, []);
    let resolved = resolve(&[Source {
        name: "main",
        file: crate::base::FileId(0),
        module: &parse.module,
    }]);
    assert_eq!(resolved.diagnostics, []);
    let typed = super::infer(&resolved.program);
    let mut shown = match typed.diagnostics.is_empty() {
        true => typed.dump(&resolved.program),
        false => String::new(),
    };
    for diagnostic in &typed.diagnostics {
        let at = &text[diagnostic.primary.place().span.range()];
        shown += &format!("{} {} [{at}]\n", diagnostic.code, diagnostic.message);
        for help in &diagnostic.help {
            shown += &format!("  help: {help}\n");
        }
    }
    expect.assert_eq(&shown);
}

#[test]
fn plain_values_become_lattices_where_these_are_expected() {
    check(
        r#"
        input vote(who: String, n: Int);
        table board(=> top: Max<Int>, all: Set<String>, by: Map<String, Max<Int>>, last: Lww<Int, String>, any: Or);
        board{top: n, all: {who}, by: {who: n}, last: Lww(n, who), any: n > 3} <= vote{who, n};
        "#,
        &expect![[r#"
            node Main
              coll0 vote(who: String, n: Int)
              coll1 board(top: Max<Int>, all: Set<String>, by: Map<String, Max<Int>>, last: Lww<Int, String>, any: Or)
              rule0 who: String, n: Int; e0 into Max<Int>; e4 into Max<Int>; e11 into Or
        "#]],
    );
}

#[test]
fn columns_without_types_take_them_from_rules_in_any_order() {
    check(
        r#"
        input edge(a: Int, b: String);
        scratch far(a, b);
        scratch pair(a, b);
        far{a: y, b: x} <= pair{a: x, b: y};
        pair{a: z, b: y} <= pair{a: z, b: y}, edge{a: z};
        pair(a, b) <= edge(a, b);
        "#,
        &expect![[r#"
            node Main
              coll0 edge(a: Int, b: String)
              coll1 far(a: String, b: Int)
              coll2 pair(a: Int, b: String)
              rule0 x: Int, y: String
              rule1 z: Int, y: String
              rule2 a: Int, b: String
        "#]],
    );
}

#[test]
fn operators_on_lattices_are_thresholds_and_sums() {
    check(
        r#"
        table road(a: Int, b: Int => km: Min<Int>);
        scratch near(a: Int, b: Int);
        scratch path(a: Int, b: Int => km: Min<Int>);
        path{a, b: c, km: d + 2} <= path{a, b, km: d}, road{a: b, b: c};
        near{a, b} <= path{a, b, km}, km <= 3 || 5 > km;
        path{a, b: c, km: d + e} <= path{a, b, km: d}, path{a: b, b: c, km: e};
        "#,
        &expect![[r#"
            node Main
              coll0 road(a: Int, b: Int, km: Min<Int>)
              coll1 near(a: Int, b: Int)
              coll2 path(a: Int, b: Int, km: Min<Int>)
              rule0 a: Int, b: Int, d: Min<Int>, c: Int
              rule1 a: Int, b: Int, km: Min<Int>
              rule2 a: Int, b: Int, d: Min<Int>, c: Int, e: Min<Int>
        "#]],
    );
}

#[test]
fn what_is_not_monotone_is_refused_with_what_to_do() {
    check(
        r#"
        table road(a: Int => km: Min<Int>, who: Set<Int>);
        scratch a(n: Int);
        a{n} <= road{a: n, km}, km > 3;
        a{n} <= road{a: n, km}, km == 3;
        a{n} <= road{a: n, km: 3};
        a{n} <= road{a: n, who}, road{a: n, who};
        a{n: km} <= road{km};
        a{n} <= road{a: n, who}, who == {1};
        "#,
        &expect![[r#"
            E0402 comparison `>` of the growing lattice `Min<Int>` is not monotone [km > 3]
              help: a monotone threshold compares it with a plain value by `<=` or `<`, and stays true once it is
              help: its `.reveal` is the plain value as it is now; to compare that is a point of order
            E0402 comparison `==` of the growing lattice `Min<Int>` is not monotone [km == 3]
              help: a monotone threshold compares it with a plain value by `<=` or `<`, and stays true once it is
              help: its `.reveal` is the plain value as it is now; to compare that is a point of order
            E0403 a growing lattice `Min<Int>` cannot be matched with a value [3]
              help: bind it to a variable, and compare that by a threshold such as `>=` or by its `.reveal`
            E0403 joining on `who`, a growing lattice `Set<Int>` [who]
              help: join on `.reveal`, its plain value as it is now, or give the two different names
            E0301 type mismatch: expected `Int`, found `Min<Int>` [km]
              help: `.reveal` gives its plain value as it is now, which is a point of order
            E0402 comparison `==` of the growing lattice `Set<Int>` is not monotone [who == {1}]
              help: its `.reveal` is the plain value as it is now; to compare that is a point of order
        "#]],
    );
}

#[test]
fn one_mistake_is_one_diagnostic() {
    check(
        r#"
        record P { x: Int, y: Int }
        table at(id: Int => p: P);
        scratch s(a: Int, b: String, c: Bool);
        s{a: p.z + 1, b: "{p.z}", c: p.z == 3} <= at{p}, p.q > 3, let (u, v) = p.w, u > v;
        s{a: p.x.lenn(), b: 1, c: 2} <= at{p};
        s{a: x, b: x, c: x} <= at{id: x}, s{b: x}, x > 2;
        "#,
        &expect![[r#"
            E0302 `P` has no field `w` [w]
            E0302 `P` has no field `q` [q]
            E0302 `P` has no field `z` [z]
            E0302 `P` has no field `z` [z]
            E0302 `P` has no field `z` [z]
            E0303 `Int` has no method `lenn` [lenn]
            E0301 type mismatch: expected `String`, found `Int` [1]
              help: a string of any value is written by interpolation: `"{value}"`
            E0301 type mismatch: expected `Bool`, found `Int` [2]
            E0301 type mismatch: `x` is `Int` and cannot also be `String` [x]
        "#]],
    );
}

#[test]
fn generic_functions_are_typed_where_they_are_called() {
    check(
        r#"
        fn twice<T>(x: T, f: fn(T): T): T = f(f(x));
        fn join_all<lattice L>(a: L, b: L): L = a.merge(b);
        fn inc(n: Int): Int = n + 1;
        input see(n: Int, s: String);
        scratch out(n: Int, s: String => m: Max<Int>);
        out{n: twice(n, inc), s: twice(s, |t| t.upper()), m: join_all(n, 3)} <= see{n, s};
        "#,
        &expect![[r#"
            inst0 twice<String>(x: String, f: fn(String): String): String
            inst1 inc(n: Int): Int
            inst2 join_all<Max<Int>>(a: Max<Int>, b: Max<Int>): Max<Int>
            inst3 twice<Int>(x: Int, f: fn(Int): Int): Int
            node Main
              coll0 see(n: Int, s: String)
              coll1 out(n: Int, s: String, m: Max<Int>)
              rule0 n: Int, s: String, t: String; e8 into Max<Int>; e9 into Max<Int>
        "#]],
    );
}

#[test]
fn variants_mean_those_of_the_expected_type() {
    check(
        r#"
        enum Door { Open, Shut(by: String?) }
        enum Shop { Open, Closed(until: Time) }
        table door(id: Int => d: Door);
        scratch who(s: String);
        door{id: 1, d: Open} <= door{id: 2, d: Shut(None)};
        who{s} <= door{d: Shut(Some(s))};
        who{s: match d { Open => "", Shut(x) => x.unwrap_or("?") }} <= door{d};
        "#,
        &expect![[r#"
            node Main
              coll0 door(id: Int, d: Door)
              coll1 who(s: String)
              rule0 
              rule1 s: String
              rule2 d: Door, x: String?
        "#]],
    );
}

#[test]
fn matches_cover_every_value() {
    check(
        r#"
        enum Cmd { Stop, Go(to: (Int, Bool)) }
        fn a(c: Cmd): Int = match c { Stop => 0, Go((1, _)) => 1, Go((_, true)) => 2 };
        fn b(c: Cmd): Int = match c { Stop => 0, _ if 1 > 2 => 1, Go(_) => 2, Stop => 3 };
        fn c(x: Bool, n: Int?): Int = match (x, n) { (true, Some(k)) => k, (false, _) => 0 };
        "#,
        &expect![[r#"
            E0308 match is not exhaustive: it does not cover `Go((_, false))` [match c { Stop => 0, Go((1, _)) => 1, Go((_, true)) => 2 }]
              help: add an arm for what is missing: `Go((_, false)) => …`
            W0301 no value reaches this arm [Stop]
            E0308 match is not exhaustive: it does not cover `(true, None)` [match (x, n) { (true, Some(k)) => k, (false, _) => 0 }]
              help: add an arm for what is missing: `(true, None) => …`
        "#]],
    );
}

#[test]
fn elements_of_everything_that_has_them() {
    check(
        r#"
        table t(=> s: Set<Int>, m: Map<String, Max<Int>>, b: Bag<Int>);
        table l(xs: List<(Int, String)>);
        scratch a(n: Int);
        a{n: x} <= t{s}, x in s;
        a{n: x} <= t{m}, (k, v) in m, x in 0..k.len(), v >= x;
        a{n: x} <= t{b}, x in b;
        a{n: x} <= l{xs}, (x, _) in xs;
        a{n: x} <= t{m}, (_, x) in m.reveal;
        "#,
        &expect![[r#"
            node Main
              coll0 t(s: Set<Int>, m: Map<String, Max<Int>>, b: Bag<Int>)
              coll1 l(xs: List<(Int, String)>)
              coll2 a(n: Int)
              rule0 s: Set<Int>, x: Int
              rule1 m: Map<String, Max<Int>>, k: String, v: Max<Int>, x: Int
              rule2 b: Bag<Int>, x: Int
              rule3 xs: List<(Int, String)>, x: Int
              rule4 m: Map<String, Max<Int>>, x: Int
        "#]],
    );
}

#[test]
fn aggregates_have_their_types() {
    check(
        r#"
        table t(k: String => n: Int, d: Duration, f: Float);
        scratch s(k: String => c: Int, a: Float, l: List<Int>, m: Max<Int>, u: Set<Int>, v: FrozenSet<Int>, w: String, d: Duration, o: Or);
        s{k, c: count(distinct n), a: avg(f), l: list(n by d desc), m: max(n), u: set(n), v: set(n), w: argmax(k by n), d: sum(d), o: any(n > 3)} <= t{k, n, d, f};
        "#,
        &expect![[r#"
            node Main
              coll0 t(k: String, n: Int, d: Duration, f: Float)
              coll1 s(k: String, c: Int, a: Float, l: List<Int>, m: Max<Int>, u: Set<Int>, v: FrozenSet<Int>, w: String, d: Duration, o: Or)
              rule0 k: String, n: Int, d: Duration, f: Float
        "#]],
    );
}

#[test]
fn times_and_durations_add_up() {
    check(
        r#"
        table t(a: Time, b: Time, d: Duration);
        scratch s(a: Time, d: Duration, n: Int);
        s{a: a + 5s, d: a - b, n: d / 2ms} <= t{a, b, d};
        s{a: a - d * 2, d: d % 3s, n: (a + b).as_nanos()} <= t{a, b, d};
        "#,
        &expect![[r#"
            E0307 type mismatch: `+` is not defined for `Time` and `Time` [a + b]
        "#]],
    );
}

#[test]
fn wrong_declarations_are_refused() {
    check(
        r#"
        record R { n: Max<Int> }
        lattice L(a: Max<Int>, b: Int);
        table key(n: Set<Int>);
        table inner(=> n: List<Set<Int>>);
        table outer(=> n: Map<String, Int>);
        channel c(@to: String, n: Int);
        periodic p(every: 5);
        scratch unknown(a);
        "#,
        &expect![[r#"
            E0301 type mismatch: expected `Duration`, found `Int` [5]
            E0404 field `n` is of the lattice type `Max<Int>` [n]
              help: declare a `lattice` with these fields, which merges each
            E0407 `Int` is not a lattice [b]
              help: use a lattice such as `Max`, or give the lattice its own `merge`
            E0401 key column `n` is of the lattice type `Set<Int>` [n]
              help: move it behind `=>`, where it merges: `(… => n: Set<Int>)`
            E0404 the lattice `Set<Int>` stands inside the plain part of `List<Set<Int>>` [n]
            E0407 `Int` is not a lattice [n]
            E0301 type mismatch: location column `to` must be `Addr`, found `String` [to]
            E0306 the type of column `a` cannot be inferred [a]
              help: declare it: `a: Int`
        "#]],
    );
}

#[test]
fn what_is_meant_is_offered() {
    check(
        r#"
        fn area(width: Int, height: Int): Int = width * height;
        table t(k: String => s: Set<Int>, v: Lww<Int, String>);
        scratch o(n: Int, s: String);
        o{n: k.length(), s: v} <= t{k, v};
        o{n: area(1, hight: 2), s: k.uper()} <= t{k};
        o{n: s.sum(), s: k + 1} <= t{k, s};
        o{n: 1.5, s: k} <= t{k}, for_all in k;
        o{n: s.reveal.len(), s: k.to_upper()} <= t{k, s};
        "#,
        &expect![[r#"
            E0303 `String` has no method `length` [length]
              help: did you mean `len`?
            E0301 type mismatch: expected `String`, found `Lww<Int, String>` [v]
              help: `.reveal` gives its plain value as it is now, which is a point of order
            E0304 function `area` has no argument `hight` [2]
              help: did you mean `height`?
            E0303 `String` has no method `uper` [uper]
              help: did you mean `upper`?
            E0303 `Set<Int>` has no method `sum` [sum]
              help: `.reveal.sum` asks its plain value as it is now, which is a point of order
            E0307 type mismatch: `+` is not defined for `String` and `Int` [k + 1]
              help: interpolate: `"{a}{b}"`
            E0312 `String` has no elements for `in` [k]
              help: `in` takes a list, set, bag, map or range
            E0301 type mismatch: expected `Int`, found `Float` [1.5]
            E0303 `FrozenSet<Int>` has no method `len` [len]
              help: did you mean `size`?
            E0303 `String` has no method `to_upper` [to_upper]
              help: did you mean `upper`?
        "#]],
    );
}

#[test]
fn types_that_share_their_parts_are_no_trouble() {
    let pairs: String = (1..60)
        .map(|n| format!(", let v{n} = (v{}, v{})", n - 1, n - 1))
        .collect();
    let text = format!("table t(v0: Int);\nscratch s(n: Int);\ns{{n: v0}} <= t{{v0}}{pairs};");
    let parse = syntax::parse(&text);
    let resolved = resolve(&[Source {
        name: "main",
        file: crate::base::FileId(0),
        module: &parse.module,
    }]);
    assert_eq!(super::infer(&resolved.program).diagnostics, []);
}
