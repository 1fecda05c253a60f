//! Imports, includes, protocols, files.

use super::{check, check_files, resolve_files};
use expect_test::expect;

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
        include_str!("../../../../stdlib/delivery.bloom"),
    );
    let voting = (
        "std.voting",
        include_str!("../../../../stdlib/voting.bloom"),
    );
    let prelude = (
        "std.prelude",
        include_str!("../../../../stdlib/prelude.bloom"),
    );
    for root in [("app", app), delivery, voting, prelude] {
        let others = [prelude, delivery, voting];
        let mut files = vec![root];
        files.extend(others.into_iter().filter(|file| file.0 != root.0));
        let resolved = resolve_files(&files);
        assert_eq!(resolved.diagnostics, [], "{}", root.0);
    }
}
