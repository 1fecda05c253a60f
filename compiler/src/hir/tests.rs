//! The resolved program of small programs, and the diagnostics of wrong ones.

use super::{Source, resolve};
use crate::base::FileId;
use crate::syntax;
use expect_test::{Expect, expect};

/// Resolves files given as `name`, `text`; the first is the root. The dump is followed by the diagnostics.
fn check_files(files: &[(&str, &str)], expect: &Expect) {
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
    let resolved = resolve(&sources);
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
        &expect![[""]],
    );
}

#[test]
fn an_import_is_an_instance_of_its_own() {
    check(
        r#"
        module counter(step: Int = 1) {
          input  bump(id: Int);
          output value(=> n: Int);
          table  log(id: Int => n: Int);
          log{id, n: step} <= bump{id};
          value{n: sum(n)} <= log{id, n};
        }
        import counter as ones;
        import counter(step: 10) as tens;
        input  hit(id: Int);
        scratch result(n: Int);
        ones.bump{id} <= hit{id};
        tens.bump(id) <= hit(id);
        result{n} <= ones.value{n}, tens.value(n);
        "#,
        &expect![[""]],
    );
}

#[test]
fn a_protocol_parameter_is_a_module() {
    check(
        r#"
        protocol Delivery<P> {
          input  send(dst: Addr, id: Int => payload: P);
          output deliver(src: Addr, id: Int => payload: P);
        }
        module best<P> : Delivery<P> {
          channel data(@dst: Addr, src: Addr = self, id: Int => payload: P);
          data{dst, id, payload} <~ send{dst, id, payload};
          deliver{src, id, payload} <= data{src, id, payload};
        }
        module reliable<P>(every: Duration = 500ms, under: Delivery<P> = best) : Delivery<P> {
          import under as lower;
          periodic again(every: every);
          table buffer(dst: Addr, id: Int => payload: P);
          buffer{dst, id, payload} <= send{dst, id, payload};
          lower.send{dst, id, payload} <= again(), buffer{dst, id, payload};
          deliver{src, id, payload} <= lower.deliver{src, id, payload};
        }
        node Peer(friend: Addr) {
          import reliable<String>(every: 1s) as wire;
          input say(id: Int, text: String);
          wire.send{dst: friend, id, payload: text} <= say{id, text};
        }
        "#,
        &expect![[""]],
    );
}

#[test]
fn an_include_mixes_names_in_and_leaves_groups_out() {
    check(
        r#"
        module greeter {
          input  guest(name: String);
          output greeting(text: String);
          rules wording { greeting{text: "hello {name}"} <= guest{name}; }
        }
        include greeter without wording;
        greeting{text: "good day {name}"} <= guest{name};
        "#,
        &expect![[""]],
    );
}

#[test]
fn files_import_files() {
    check_files(
        &[
            ("app", "import lib.kvs as k;\nimport std.lists.pairs<Int> as p;\nk.put{key} <= p.all{key: key};"),
            ("lib.kvs", "input put(key: Int);\nimport types as t;\ntable store(key: Int, c: t.Color);"),
            ("lib.types", "enum Color { Red, Green }"),
            ("std.lists", "module pairs<T> { output all(key: T); record R { t: T } table m(r: R); all{key: r.t} <= m{r}; }"),
        ],
        &expect![[""]],
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
        &expect![[""]],
    );
}

#[test]
fn a_sealed_channel_waits_for_its_producers() {
    check(
        r#"
        channel click(@to: Addr, campaign: Int, id: Int) sealed by campaign;
        node Server {
          input closed(campaign: Int);
          click{to: self, campaign, id: 1} <~ closed{campaign};
          seal click{to: self, campaign} <~ closed{campaign};
        }
        node Report {
          output done(campaign: Int);
          done{campaign} <= click.sealed{campaign};
        }
        "#,
        &expect![[""]],
    );
}

#[test]
fn tests_name_nodes_and_collections() {
    check(
        r#"
        node Server(name: String, peers: Set<Addr> = {}) {
          input ask(id: Int, at: Addr);
          table answers(id: Int => name: String);
          answers{id, name} <= ask{id};
        }
        test "ask" {
          node a: Server("zoe", {a, b});
          node b: Server("bob");
          a.ask{id: 1, at: b};
          tick 2;
          tick a, b;
          partition {a} | {b};
          expect a.answers == { (1, "zoe") };
          expect not b.answers{id: 1};
          expect a.ask(_, b);
          expect error "zero";
        }
        "#,
        &expect![[""]],
    );
}

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
        &expect![[""]],
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
        &expect![[""]],
    );
}
