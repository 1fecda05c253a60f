//! The resolved program of small programs, and the diagnostics of wrong ones.

use super::{Resolved, Source, resolve};
use crate::base::codes::ALL;
use crate::base::{Category, FileId};
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
        &expect![[r#"
            node0 node Main
              const ones.step: Int = 1
              const tens.step: Int = 10
              coll0 input ones.bump(id: Int)
              coll1 output ones.value(=> n: Int)
              coll2 table ones.log(id: Int => n: Int)
              coll3 input tens.bump(id: Int)
              coll4 output tens.value(=> n: Int)
              coll5 table tens.log(id: Int => n: Int)
              coll6 input hit(id: Int) public
              coll7 scratch result(n: Int)
              rule0 ones.log{id: id, n: ones.step} <= ones.bump{id: id}
              rule1 ones.value{n: aggregate sum(n)} <= ones.log{id: id, n: n}
              rule2 tens.log{id: id, n: tens.step} <= tens.bump{id: id}
              rule3 tens.value{n: aggregate sum(n)} <= tens.log{id: id, n: n}
              rule4 ones.bump{id: id} <= hit{id: id}
              rule5 tens.bump{id: id} <= hit{id: id}
              rule6 result{n: n} <= ones.value{n: n}, tens.value{n: n}
        "#]],
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
          lower.send{dst, id, payload} <= again{}, buffer{dst, id, payload};
          deliver{src, id, payload} <= lower.deliver{src, id, payload};
        }
        node Peer(friend: Addr) {
          import reliable<String>(every: 1s) as wire;
          input say(id: Int, text: String);
          wire.send{dst: friend, id, payload: text} <= say{id, text};
        }
        "#,
        &expect![[r#"
            node0 node Peer
              parameter friend: Addr
              const wire.every: Duration = 1000000000ns
              const wire.again.every: Duration = wire.every
              coll0 channel wire.lower.data(@dst: Addr, src: Addr = self, id: Int => payload: String)
              coll1 input wire.lower.send(dst: Addr, id: Int => payload: String)
              coll2 output wire.lower.deliver(src: Addr, id: Int => payload: String)
              coll3 periodic wire.again(id: Int, at: Time)
              coll4 table wire.buffer(dst: Addr, id: Int => payload: String)
              coll5 input wire.send(dst: Addr, id: Int => payload: String)
              coll6 output wire.deliver(src: Addr, id: Int => payload: String)
              coll7 input say(id: Int, text: String) public
              rule0 wire.lower.data{dst: dst, src: default, id: id, payload: payload} <~ wire.lower.send{dst: dst, id: id, payload: payload}
              rule1 wire.lower.deliver{src: src, id: id, payload: payload} <= wire.lower.data{src: src, id: id, payload: payload}
              rule2 wire.buffer{dst: dst, id: id, payload: payload} <= wire.send{dst: dst, id: id, payload: payload}
              rule3 wire.lower.send{dst: dst, id: id, payload: payload} <= wire.again{}, wire.buffer{dst: dst, id: id, payload: payload}
              rule4 wire.deliver{src: src, id: id, payload: payload} <= wire.lower.deliver{src: src, id: id, payload: payload}
              rule5 wire.send{dst: friend, id: id, payload: text} <= say{id: id, text: text}
        "#]],
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
        &expect![[r#"
            node0 node Main
              coll0 input guest(name: String) public
              coll1 output greeting(text: String) public
              rule0 greeting{text: "good day {name}"} <= guest{name: name}
        "#]],
    );
}

#[test]
fn files_import_files() {
    check_files(
        &[
            (
                "app",
                "import lib.kvs as k;\nimport std.lists.pairs<Int> as p;\nk.put{key} <= p.all{key: key};",
            ),
            (
                "lib.kvs",
                "input put(key: Int);\nimport types as t;\ntable store(key: Int, c: t.Color);",
            ),
            ("lib.types", "enum Color { Red, Green }"),
            (
                "std.lists",
                "module pairs<T> { output all(key: T); record R { t: T } table m(r: R); all{key: r.t} <= m{r}; }",
            ),
        ],
        &expect![[r#"
            type1 enum lib.types.Color { Red, Green }
            type2 record std.lists.R<Int> { t: Int }
            node0 node App
              coll0 input k.put(key: Int)
              coll1 table k.store(key: Int, c: lib.types.Color)
              coll2 output p.all(key: Int)
              coll3 table p.m(r: std.lists.R<Int>)
              rule0 p.all{key: r.t} <= p.m{r: r}
              rule1 k.put{key: key} <= p.all{key: key}
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
        &expect![[r#"
            node0 node Server
              coll0 channel click(@to: Addr, campaign: Int, id: Int) sealed by campaign
              coll1 channel click.seal(@to: Addr, producer: Addr = self, campaign: Int)
              coll2 seals click.seals(producer: Addr, campaign: Int)
              coll3 sealed click.sealed(campaign: Int)
              coll4 input closed(campaign: Int) public
              coll5 scratch click.unsealed(campaign: Int)
              coll6 cluster cluster(addr: Addr, kind: String)
              rule0 click.seals{producer: producer, campaign: campaign} <= click.seal{producer: producer, campaign: campaign}
              rule1 click{to: self, campaign: campaign, id: 1} <~ closed{campaign: campaign}
              rule2 click.seal{to: self, producer: default, campaign: campaign} <~ closed{campaign: campaign}
              rule3 click.unsealed{campaign: campaign} <= click.seals{campaign: campaign}, cluster{addr: producer, kind: "Server"}, not click.seals{producer: producer, campaign: campaign}
              rule4 click.sealed{campaign: campaign} <= click.seals{campaign: campaign}, not click.unsealed{campaign: campaign}
            node1 node Report
              coll0 channel click(@to: Addr, campaign: Int, id: Int) sealed by campaign
              coll1 channel click.seal(@to: Addr, producer: Addr = self, campaign: Int)
              coll2 seals click.seals(producer: Addr, campaign: Int)
              coll3 sealed click.sealed(campaign: Int)
              coll4 output done(campaign: Int) public
              coll5 scratch click.unsealed(campaign: Int)
              coll6 cluster cluster(addr: Addr, kind: String)
              rule0 click.seals{producer: producer, campaign: campaign} <= click.seal{producer: producer, campaign: campaign}
              rule1 done{campaign: campaign} <= click.sealed{campaign: campaign}
              rule2 click.unsealed{campaign: campaign} <= click.seals{campaign: campaign}, cluster{addr: producer, kind: "Server"}, not click.seals{producer: producer, campaign: campaign}
              rule3 click.sealed{campaign: campaign} <= click.seals{campaign: campaign}, not click.unsealed{campaign: campaign}
        "#]],
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
        &expect![[r#"
            node0 node Server
              parameter name: String
              parameter peers: Set<Addr> = {}
              coll0 input ask(id: Int, at: Addr) public
              coll1 table answers(id: Int => name: String)
              rule0 answers{id: id, name: name} <= ask{id: id}
            test "ask"
              node a: Server("zoe", {a, b})
              node b: Server("bob", default)
              start a
              start b
              feed a.ask(1, b)
              tick 2
              tick 1 a, b
              partition {a} | {b}
              expect a.answers == {(1, "zoe")}
              expect not b.answers{id: 1}
              expect a.ask{at: b}
              expect error "zero"
        "#]],
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
            E0204 `b` has no column `w` [w]
            E0501 unbound variable q [q]
            E0501 unbound variable c [c]
            E0204 `b` has no column `z` [z]
            E0205 wrong number of columns: `s` has 1 column, 2 given [s(x, x)]
            E0205 wrong number of columns: `b` has 2 columns, 1 given [b(x)]
            E0220 the aggregate `count` must be the whole of a head column [count]
            E0210 `b` is given no column `y` [b{x}]
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
            type1 record R { r: Option<?> }
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
            E0204 `i` has no column `nothing` [nothing]
            E0311 the function `f` needs itself [f]
            E0313 the type `R` contains itself [R]
            E0313 the type `T` contains itself [T]
            E0601 unknown module nowhere [nowhere]
            E0606 `m` promises the output `mm.o`, but no rule derives it [P ]
            E0605 `m` needs an argument for `p` [m(q: 1)]
            E0604 `m` has no parameter `q` [q]
            E0210 `a` is given no column `x` [a{x: 1}]
            E0603 private collection mm.t of an import [mm.t]
        "#]],
    );
}

#[test]
fn the_standard_library_has_no_mistakes() {
    let app = "
        record Put { key: String, c: PnCounter }
        node Peer {
          import std.delivery.once<Put> as wire;
          include std.voting.agent without decide;
          cast{id, coordinator, yes: false} <= asked{id, coordinator}, not wire.deliver{id};
          input say(to: Addr, id: Int, text: String);
          wire.send{dst: to, id, payload: Put{key: text, c: pn_counter(self, 1, 0)}} <= say{to, id, text};
        }
        node Chair { include std.voting.coordinator; member{addr} <= cluster{addr, kind: \"Peer\"}; }
    ";
    let delivery = (
        "std.delivery",
        include_str!("../../../stdlib/delivery.bloom"),
    );
    let voting = ("std.voting", include_str!("../../../stdlib/voting.bloom"));
    let prelude = ("std.prelude", include_str!("../../../stdlib/prelude.bloom"));
    for root in [("app", app), delivery, voting, prelude] {
        let others = [prelude, delivery, voting];
        let mut files = vec![root];
        files.extend(others.into_iter().filter(|file| file.0 != root.0));
        let resolved = resolve_files(&files);
        assert_eq!(resolved.diagnostics, [], "{}", root.0);
    }
}

#[test]
fn a_generic_node_is_a_kind_for_each_list_of_arguments() {
    check(
        r#"
        node Box<T>(first: T) {
          table all(x: T);
          all{x: first};
        }
        test "kinds" {
          node a: Box<Int>(7);
          node b, c: Box<String>("x");
          tick;
          expect a.all == { (7) };
        }
        "#,
        &expect![[r#"
            node0 node Box<Int>
              parameter first: Int
              coll0 table all(x: Int)
              rule0 all{x: first}  // bootstrap
            node1 node Box<String>
              parameter first: String
              coll0 table all(x: String)
              rule0 all{x: first}  // bootstrap
            test "kinds"
              node a: Box<Int>(7)
              node b: Box<String>("x")
              node c: Box<String>("x")
              start a
              start b
              start c
              tick 1
              expect a.all == {(7)}
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

#[test]
fn specs_see_the_rows_of_every_node() {
    check(
        r#"
        node Broadcast(peers: Set<Addr>) {
          input bcast(payload: String);
          table log(id: Int, payload: String);
          log{id: 1, payload} <= bcast{payload};
        }
        spec delivered {
          missing(p)  <= log@_{payload: p}, up(n), not log@n{payload: p};
          pre(n, p)   <= log@n{payload: p}, up(n);
          post(n, p)  <= log@n{payload: p}, not missing(p);
          never forked(p) <= log@a{id, payload: p}, log@b{id, payload: q}, p != q;
          never bad(p) <= lgo@a{payload: p};
        }
        fault test "broadcast reaches every live node" checks delivered, delivred
          with ticks 6, losses until 4, crashes 1 {
          node a, b, c: Broadcast({a, b, c});
          a.bcast{payload: "hello"};
        }
        "#,
        &expect![[r#"
            node0 node Broadcast
              parameter peers: Set<Addr>
              coll0 input bcast(payload: String) public
              coll1 table log(id: Int, payload: String)
              rule0 log{id: 1, payload: payload} <= bcast{payload: payload}
            spec delivered of 5 rules
            fault test "broadcast reaches every live node"
              node a: Broadcast({a, b, c})
              node b: Broadcast({a, b, c})
              node c: Broadcast({a, b, c})
              start a
              start b
              start c
              feed a.bcast("hello")
            E0201 undeclared collection lgo [lgo]
              fix: write `log`
            E0804 unknown spec delivred [delivred]
              fix: write `delivered`
        "#]],
    );
}

#[test]
fn a_kind_that_reads_about_itself_has_the_facts() {
    check(
        r#"
        input  click(campaign: Int, id: Int) sealed by campaign;
        view   uses(head: String, of: String);
        output done(campaign: Int);
        done{campaign} <= click.sealed{campaign}, not click{campaign};
        uses{head, of: body} <= sys.depends{head, body}, sys.rule{head};
        stdout{line: "up"} <~ alive(_), cluster{kind: "X"};
        bootstrap { halt(1) <~ errors{}; }
        test "sealed" { seal click{campaign: 1}; tick; expect done == { (1) }; expect errors == {}; expect not click.seals(2); }
        "#,
        &expect![[r#"
            node0 node Main
              coll0 input click(campaign: Int, id: Int) sealed by campaign public
              coll1 seals click.seals(campaign: Int)
              coll2 sealed click.sealed(campaign: Int)
              coll3 view uses(head: String, of: String) public
              coll4 output done(campaign: Int) public
              coll5 sys.depends sys.depends(head: String, body: String, negated: Bool)
              coll6 sys.rule sys.rule(rule: String, head: String, arrow: String)
              coll7 stdout stdout(line: String)
              coll8 alive alive(addr: Addr)
              coll9 cluster cluster(addr: Addr, kind: String)
              coll10 halt halt(code: Int)
              coll11 errors errors(rule: String, message: String, row: String)
              rule0 click.sealed{campaign: campaign} <= click.seals{campaign: campaign}
              rule1 done{campaign: campaign} <= click.sealed{campaign: campaign}, not click{campaign: campaign}
              rule2 uses{head: head, of: body} <= sys.depends{head: head, body: body}, sys.rule{head: head}
              rule3 stdout{line: "up"} <~ alive{}, cluster{kind: "X"}
              rule4 halt{code: 1} <~ errors{}  // bootstrap
              rule5 sys.depends{head: "click.sealed", body: "click.seals", negated: false}  // bootstrap
              rule6 sys.depends{head: "done", body: "click", negated: true}  // bootstrap
              rule7 sys.depends{head: "done", body: "click.sealed", negated: false}  // bootstrap
              rule8 sys.depends{head: "halt", body: "errors", negated: false}  // bootstrap
              rule9 sys.depends{head: "stdout", body: "alive", negated: false}  // bootstrap
              rule10 sys.depends{head: "stdout", body: "cluster", negated: false}  // bootstrap
              rule11 sys.depends{head: "uses", body: "sys.depends", negated: false}  // bootstrap
              rule12 sys.depends{head: "uses", body: "sys.rule", negated: false}  // bootstrap
              rule13 sys.rule{rule: "rule0", head: "click.sealed", arrow: "<="}  // bootstrap
              rule14 sys.rule{rule: "rule1", head: "done", arrow: "<="}  // bootstrap
              rule15 sys.rule{rule: "rule2", head: "uses", arrow: "<="}  // bootstrap
              rule16 sys.rule{rule: "rule3", head: "stdout", arrow: "<~"}  // bootstrap
              rule17 sys.rule{rule: "rule4", head: "halt", arrow: "<~"}  // bootstrap
            test "sealed"
              node : Main()
              start 
              seal .click(1)
              tick 1
              expect .done == {(1)}
              expect .errors == {}
              expect not .click.seals{campaign: 2}
        "#]],
    );
}
