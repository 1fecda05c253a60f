//! The diagnostics of wrong programs, each mistake one.

use super::{check, resolve_files};
use crate::base::Category;
use crate::base::codes::ALL;
use expect_test::expect;

#[test]
fn mistakes_in_rules() {
    check(
        r#"
        channel msg(@to: Addr, n: Int);
        table peer(addr: Addr);
        table b(x: Int, y: Int);
        scratch s(x: Int);
        msg{to: addr, n: 1} <= peer{addr};
        s{x} <= ghost{x};
        s{x} <= gohst(x);
        b{x, y} <= s{x};
        s{x} <= b{x}, not s{x: z};
        s{x} <= b{x, w}, w > q;
        s{x: a} <= b{x: p}, let a = c, let c = a;
        s{x} <= b{x, z: 1};
        s(x, x) <= b(x);
        s{x: 1 + count()} <= b{};
        b{x} <= s{x};
        s{x: missing(x)} <= s{x};
        s{x: Foo} <= s{x};
        s{x} <= perr{addr: x};
        peer{addr: self} <~ s{};
        "#,
        &expect![[r#"
            node0 node Main
              coll0 channel msg(@to: Addr, n: Int)
              coll1 table peer(addr: Addr)
              coll2 table b(x: Int, y: Int)
              coll3 scratch s(x: Int)
              rule0 msg{to: addr, n: 1} <= peer{addr: addr}
              rule1 s{x: error} <= error
              rule2 s{x: error} <= error
              rule3 b{x: x, y: error} <= s{x: x}
              rule4 s{x: x} <= b{x: x}, not s{x: error}
              rule5 s{x: x} <= b{x: x}, (error > error)
              rule6 s{x: a} <= b{x: p}, let a = error, let error = a
              rule7 s{x: x} <= b{x: x}
              rule8 s{x: error} <= b{}
              rule9 s{x: (1 + error)} <= b{}
              rule10 b{x: x} <= s{x: x}
              rule11 s{x: error} <= s{x: x}
              rule12 s{x: error} <= s{x: x}
              rule13 s{x: error} <= error
              rule14 peer{addr: self} <~ s{}
            E0207 channel needs async arrow `<~`: `msg` is written with `<=` [<=]
              fix: write `<~`
            E0201 undeclared collection ghost [ghost]
            E0201 undeclared collection gohst [gohst]
            E0501 unbound variable y in the head [y]
            E0502 unbound variable in negation: z [z]
            E0204 unknown column w: `b` has no column `w` [w]
            E0501 unbound variable c [c]
            E0204 unknown column z: `b` has no column `z` [z]
            E0205 wrong number of columns: `s` has 1 column, 2 given [s(x, x)]
            E0205 wrong number of columns: `b` has 2 columns, 1 given [b(x)]
            E0220 the aggregate `count` must be the whole of a head column [count]
            E0210 missing column: `b` is given no column `y` [b{x}]
              fix: add `y`
            E0213 unknown function missing [missing]
            E0214 unknown variant or constructor Foo [Foo]
            E0201 undeclared collection perr [perr]
              fix: write `peer`
            E0207 table takes no async arrow: `peer` is written with `<~` [<~]
              fix: write `<=`
        "#]],
    );
}

#[test]
fn mistakes_in_declarations() {
    check(
        r#"
        table a(x: Int, x: Strin);
        table a(y);
        channel c(to: Addr);
        input i(@to: Addr) sealed by nothing;
        const k: Int = f(1);
        fn f(x: Int): Int = if x > 0 then f(x - 1) else k;
        record R { r: Option<R> }
        type T = List<T>;
        import nowhere as n;
        n.x{a} <= a(a, _);
        module m(p: Int) : P { table t(x: Int); }
        protocol P { output o(x: Int); }
        import m(q: 1) as mm;
        a{x: 1} <= mm.t{x: 1};
        "#,
        &expect![[r#"
            type1 record R { r: Option<R> }
            fn0 fn f(x: Int): Int = error
            node0 node Main
              const mm.p: Int
              const k: Int = f(1)
              coll0 table mm.t(x: Int)
              coll1 output mm.o(x: Int)
              coll2 table a(x: Int, x: ?)
              coll3 channel c(to: Addr)
              coll4 input i(@to: Addr) public
              coll5 seals i.seals()
              coll6 sealed i.sealed()
              rule0 i.sealed{} <= i.seals{}
              rule1 a{x: 1} <= mm.t{x: 1}
            E0206 duplicate declaration of `x` [x]
            E0203 unknown type Strin [Strin]
              fix: write `String`
            E0206 duplicate declaration of `a` [a]
            E0222 the channel `c` has no location column [c]
            E0222 `i` is no channel and has no location column [@]
            E0204 unknown column nothing: `i` has no column `nothing` [nothing]
            E0311 recursive function `f`: recursion in its value, which needs itself [f]
            E0313 recursive type `T`: it contains itself [T]
            E0601 unknown module nowhere [nowhere]
            E0606 `m` promises the output `mm.o`, but no rule derives it [P ]
            E0605 missing argument: `m` needs an argument for `p` [m(q: 1)]
            E0604 unknown parameter q: `m` has no parameter `q` [q]
            E0210 missing column: `a` is given no column `x` [a{x: 1}]
              fix: add `x`
            E0603 private collection mm.t of an import [mm.t]
        "#]],
    );
}

/// The first example of each page of a code of this stage gives that diagnostic and no other, the rest none.
#[test]
fn pages_of_errors_are_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors/");
    let ours = |code: &&crate::base::Code| {
        matches!(
            code.category(),
            Category::Names | Category::Modules | Category::Tests
        )
    };
    for code in ALL.iter().filter(ours) {
        // That each code has a page is for `cargo xtask tidy`.
        let Ok(page) = std::fs::read_to_string(format!("{folder}{code}.md")) else {
            continue;
        };
        let examples = page.split("```bloom\n").skip(1);
        for (place, example) in examples.enumerate() {
            let text = example
                .split("```")
                .next()
                .expect("a split has a first part");
            let resolved = resolve_files(&[("main", text)]);
            let found: Vec<&str> = resolved.diagnostics.iter().map(|d| d.code.id()).collect();
            let wanted = if place == 0 {
                vec![code.id()]
            } else {
                Vec::new()
            };
            assert_eq!(found, wanted, "example {place} of {code}");
        }
    }
}
