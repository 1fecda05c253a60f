//! What is about running nodes: seals, tests, specs, kinds of node.

use super::check;
use expect_test::expect;

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

#[test]
fn an_extern_node_is_seen_from_outside() {
    check(
        r#"
        extern node Report {
          input  click(campaign: Int, id: Int);
          output total(campaign: Int => n: Int);
          path click -> total: OW(campaign);
          path click -> totl: XW(id, n);
        }
        input  seen(campaign: Int, id: Int);
        output shown(campaign: Int => n: Int);
        click{campaign, id} <= seen{campaign, id};
        shown{campaign, n} <= total{campaign, n};
        "#,
        &expect![[r#"
            node0 node Main
              coll0 input click(campaign: Int, id: Int)
              coll1 output total(campaign: Int => n: Int)
              coll2 input seen(campaign: Int, id: Int) public
              coll3 output shown(campaign: Int => n: Int) public
              path click -> total: OW
              rule0 click{campaign: campaign, id: id} <= seen{campaign: campaign, id: id}
              rule1 shown{campaign: campaign, n: n} <= total{campaign: campaign, n: n}
            E0201 undeclared collection totl [totl]
              fix: write `total`
            E0202 unknown label XW: a path is `CR`, `CW`, `OR` or `OW` [XW]
              fix: write `CW`
        "#]],
    );
}
