//! The resolved program of small programs, and the diagnostics of wrong ones.

mod mistakes;
mod modules;
mod running;

use super::{Resolved, Source, resolve};
use crate::base::FileId;
use crate::syntax;
use expect_test::{Expect, expect};

/// Resolves files given as `name`, `text`; the first is the root.
fn resolve_files(files: &[(&str, &str)]) -> Resolved {
    let parsed: Vec<syntax::Parse> = files.iter().map(|(_, text)| syntax::parse(text)).collect();
    for parse in &parsed {
        assert!(parse.diagnostics.is_empty(), "{:#?}", parse.diagnostics);
    }
    let sources: Vec<Source<'_>> = files
        .iter()
        .zip(&parsed)
        .enumerate()
        .map(|(i, ((name, _), parse))| Source {
            name,
            file: FileId(i as u32),
            module: &parse.module,
        })
        .collect();
    resolve(&sources)
}

/// Compares the dump, followed by the diagnostics.
fn check_files(files: &[(&str, &str)], expect: &Expect) {
    let resolved = resolve_files(files);
    let mut text = resolved.program.dump();
    for diagnostic in &resolved.diagnostics {
        let place = diagnostic.primary.place();
        let source = files[place.file.0 as usize].1;
        let at = &source[place.span.range()];
        text += &format!("{} {} [{at}]\n", diagnostic.code, diagnostic.message);
        for fix in &diagnostic.fixes {
            text += &format!("  fix: {}\n", fix.title);
        }
    }
    expect.assert_eq(&text);
}

fn check(text: &str, expect: &Expect) {
    check_files(&[("main", text)], expect);
}

#[test]
fn names_in_rules_are_columns_variables_and_constants() {
    check(
        r#"
        const least: Int = 3;
        input  put(key: String, n: Int);
        table  store(key: String => n: Int);
        output big(key: String => n: Int = 7);
        store{key, n} <+- put{key, n};
        big{key, n: n + least} <= store{key, n}, n > least, not put(_, least);
        big{key: "x"} <= store("y", _);
        "#,
        &expect![[r#"
            node0 node Main
              const least: Int = 3
              coll0 input put(key: String, n: Int) public
              coll1 table store(key: String => n: Int)
              coll2 output big(key: String => n: Int = 7) public
              rule0 store{key: key, n: n} <+- put{key: key, n: n}
              rule1 big{key: key, n: (n + least)} <= store{key: key, n: n}, (n > least), not put{n: const least}
              rule2 big{key: "x", n: default} <= store{key: "y"}
        "#]],
    );
}

#[test]
fn functions_patterns_and_constructors() {
    check(
        r#"
        record Point { x: Int, y: Int }
        enum Cmd { Stop, Go(to: Point), Turn(deg: Int) }
        lattice Gap(lo: Int, hi: Int) {
          bottom = Gap(int_max, int_min);
          merge(a, b) = Gap(min(a.lo, b.lo), max(a.hi, b.hi));
        }
        type Id<T> = (T, T?);
        input cmd(id: Id<Int> => c: Cmd);
        table gap(=> g: Gap);
        scratch best(a, b);
        fn weight(c: Cmd): Int = match c { Stop => 0, Go(p) if p.x > 0 => p.x, Go(p) => p.y, Cmd.Turn(d) => d };
        fn twice<T>(f: fn(T): T, x: T): T = f(f(x));
        best{a: argmin(c by (weight(c), c) desc), b: count(distinct x)} <= cmd{id: (x, Some(y)), c}, c == Go(Point{x: 1, y}), z in [1, 2].map(|k| k + y), let w = z;
        gap{g: Gap(lo: 1, hi: 2)} <= cmd{c: Go(Point{x})}, x in 0..3;
        "#,
        &expect![[r#"
            type1 record Point { x: Int, y: Int }
            type2 enum Cmd { Stop, Go(to: Point), Turn(deg: Int) }
            type3 lattice Gap(lo: Int, hi: Int)
            fn0 fn weight(c: Cmd): Int = match c { Stop => 0, Go(p) if (p.x > 0) => p.x, Go(p) => p.y, Cmd.Turn(d) => d }
            fn1 fn twice(f: fn($0): $0, x: $0): $0 = f(f(x))
            fn2 fn Gap.bottom(): Gap = Gap(int_max(), int_min())
            fn3 fn Gap.merge(a: Gap, b: Gap): Gap = Gap(min(a.lo, b.lo), max(a.hi, b.hi))
            node0 node Main
              coll0 input cmd(id: (Int, Option<Int>) => c: Cmd) public
              coll1 table gap(=> g: Gap)
              coll2 scratch best(a, b)
              rule0 best{a: aggregate argmin(c by (weight(c), c) desc), b: aggregate count(distinct x)} <= cmd{id: (x, Some(y)), c: c}, (c == Go(Point{x: 1, y: y})), z in [1, 2].map(|k| (k + y)), let w = z
              rule1 gap{g: Gap(lo: 1, hi: 2)} <= cmd{c: Go(Point{x: x})}, x in 0..3
        "#]],
    );
}
