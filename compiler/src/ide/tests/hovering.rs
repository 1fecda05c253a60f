//! What hovering says of what a program is put together of, and of what the language itself has.

use super::super::hover;
use super::cursor;
use crate::base::FileId;
use crate::check::tests::root;
use crate::database::{Database, File, Language, Package};

/// All that is said at the cursor, with a blank line between paragraphs; the standard library is there.
fn said(fixture: &str) -> String {
    let (text, offset) = cursor(fixture);
    let db = Database::default();
    let mut files = vec![("main".to_owned(), text)];
    for name in ["prelude", "delivery"] {
        let path = root().join(format!("stdlib/{name}.bloom"));
        let text = std::fs::read_to_string(path).expect("the library is there");
        files.push((format!("std.{name}"), text));
    }
    let files = files.into_iter();
    let files = files.map(|(name, text)| File::new(&db, name, Language::Bloom, text));
    let package = Package::new(&db, files.collect());
    let found = hover(&db, package, (FileId(0), offset));
    found.map_or_else(String::new, |found| {
        [vec![found.declaration], found.paragraphs]
            .concat()
            .join("\n\n")
    })
}

/// The program with the cursor before the first place of a text.
fn at(program: &str, text: &str) -> String {
    assert!(program.contains(text), "{text}");
    said(&program.replacen(text, &format!("$0{text}"), 1))
}

const PROGRAM: &str = "\
import std.delivery.reliable<Int>(every: 200ms) as wire;
import std.delivery.once<Int>(under: best);
import std.delivery;
import std.delivery.best_effort as best;
/// Counts what comes.
module count<P>(least: Int = 3, under: delivery.Delivery<P> = reliable) {
  import under as lower;
  input hit(id: P);
  output sum(id: P => n: Int);
  table own(id: P);
  /// Only the sums.
  rules sums {
    sum{id, n: count()} <= hit{id};
    own{id} <= hit{id};
  }
}
import count<Int> as first;
protocol Serves { input go(x: Int); output gone(x: Int); }
/// Serves all.
node Server : Serves {
  import std.delivery.once<Int> as link;
  output most(n: Int);
  gone{x} <= go{x}, x < int_max;
  link.send{dst: self, id: x, payload: x} <= go{x};
  most{n: max(payload)} <= link.deliver{payload};
  include count<Int> without sums;
}
/// Nothing below zero.
spec fine {
  never low(x) <= gone@n{x}, x < 0;
  pre(x) <= go@n{x};
  post(x) <= gone@n{x};
}
/// It goes.
test \"goes\" checks fine {
  node a, b: Server;
  a.go{x: 1};
  settle;
  expect a.gone{x: 1};
}
";

const RELIABLE: &str =
    "module reliable<P>(every: Duration = 500ms, under: Delivery<P> = best_effort) : Delivery<P> {
  input send(dst: Addr, id: Int => payload: P);
  output deliver(src: Addr, id: Int => payload: P);
}";

#[test]
fn an_import_is_told_with_what_comes_from_where() {
    let wire = at(PROGRAM, "wire;");
    let head = "import std.delivery.reliable<Int>(every: 200ms) as wire\n\nFrom `std.delivery`:";
    assert!(
        wire.starts_with(&format!(
            "{head}\n\n```bloom\n{RELIABLE}\n```\n\nAt least once: "
        )),
        "{wire}"
    );
    let path = at(PROGRAM, "reliable<Int>");
    assert!(path.starts_with(RELIABLE), "{path}");
    let file = at(PROGRAM, "delivery.reliable");
    assert!(
        file.starts_with("module std.delivery\n\nGetting messages"),
        "{file}"
    );
    let declares = "Declares `Delivery`, `best_effort`, `reliable` and `once`.";
    assert!(file.ends_with(declares), "{file}");
    let whole = at(PROGRAM, "delivery;");
    assert!(
        whole.starts_with("import std.delivery\n\nAll of a file:"),
        "{whole}"
    );
    // Where a name of it stands, and where it is given to a module.
    let link = at(PROGRAM, "link.send");
    assert!(
        link.starts_with("import std.delivery.once<Int> as link\n"),
        "{link}"
    );
    let best = at(PROGRAM, "best);");
    assert!(
        best.starts_with("import std.delivery.best_effort as best\n"),
        "{best}"
    );
    // A collection is told as this node has it, not as the modules below do.
    let send = at(PROGRAM, "send{dst");
    let expected = "input link.send(dst: Addr, id: Int => payload: Int)\n\nTo be sent.";
    assert!(send.starts_with(expected), "{send}");
    let own = at(PROGRAM, "first;");
    assert!(
        own.starts_with(
            "import count<Int> as first\n\nFrom this file:\n\n```bloom\nmodule count<P>("
        ),
        "{own}"
    );
}

#[test]
fn parameters_of_modules_are_told_and_stand_for_modules() {
    let parameter = "under: delivery.Delivery<P> = reliable\n\nA parameter of `count`.";
    assert_eq!(at(PROGRAM, "under as lower"), parameter);
    let lower = at(PROGRAM, "lower;");
    assert!(lower.contains("What a parameter stands for:"), "{lower}");
    assert_eq!(
        at(PROGRAM, "least: Int"),
        "least: Int = 3\n\nA parameter of `count`."
    );
}

#[test]
fn protocols_and_nodes_show_what_others_see() {
    let interface = "{\n  input go(x: Int);\n  output gone(x: Int);\n}";
    for place in ["Serves {", "Serves {\n"] {
        let said = at(PROGRAM, place);
        assert_eq!(
            said,
            format!("protocol Serves {interface}\n\nImplemented by `Server`.")
        );
    }
    let node = "node Server : Serves {\n  output most(n: Int);\n  input go(x: Int);\n  output gone(x: Int);\n}";
    assert_eq!(
        at(PROGRAM, "Server : Serves"),
        format!("{node}\n\nServes all.")
    );
    assert!(at(PROGRAM, "Server;").starts_with(node));
}

#[test]
fn groups_tell_their_rules_and_who_leaves_them_out() {
    let group = "rules sums\n\nOnly the sums.\n\n2 rules of `count`: derive `sum` and `own`.\n\n\
                 1 `include` leaves it out.";
    assert_eq!(at(PROGRAM, "sums {"), group);
    assert_eq!(at(PROGRAM, "sums;"), group);
}

#[test]
fn specs_and_tests_tell_what_they_check() {
    let spec = at(PROGRAM, "fine {");
    assert!(spec.starts_with("spec fine {\n  never low(x) <="), "{spec}");
    assert!(
        spec.ends_with(
            "Nothing below zero.\n\nA row of `low` at any tick violates it. At the end of a run each row of \
             `pre` needs the same in `post`.\n\nChecked by `\"goes\"`."
        ),
        "{spec}"
    );
    assert_eq!(at(PROGRAM, "fine {\n  node"), spec);
    assert_eq!(
        at(PROGRAM, "goes\" checks"),
        "test \"goes\" checks fine\n\nIt goes.\n\nHolds the run to `fine`.\n\n\
         2 nodes, 1 row given, 1 expectation.\n\n```bloom\nexpect a.gone{x: 1};\n```"
    );
    let node = "node b: Server\n\nA node of the test \"goes\".";
    assert_eq!(at(PROGRAM, "b: Server"), node);
}

#[test]
fn what_the_language_has_is_told() {
    // The module of that name is no value.
    let count = at(PROGRAM, "count()}");
    assert!(
        count.starts_with("count(): Int\ncount(distinct e): Int\n\nHow many combinations"),
        "{count}"
    );
    let max = at(PROGRAM, "max(payload)");
    assert!(max.contains("max(T, T): T\nmax(e)") && max.contains("The largest `e`."));
    assert!(at(PROGRAM, "int_max").starts_with("int_max: Int"));
    assert!(at(PROGRAM, "Int>(every").starts_with("type Int\n\nA whole number"));
    assert_eq!(
        at("table t(k: Int => v: Max<Int>);\n", "Max<"),
        "lattice Max<T>\n\nMerges to the larger value: it only grows."
    );
    let clock = at("table t(k: Int => v: VClock);\n", "VClock");
    assert!(
        clock.starts_with("type VClock = Map<Addr, Max<Int>>\n\nA vector clock"),
        "{clock}"
    );
    assert!(at(PROGRAM, "settle").starts_with("settle\n\nDelivers messages"));
}

/// What is half written is told as far as it goes.
#[test]
fn broken_text_is_told_as_far_as_it_goes() {
    let cut = PROGRAM.split("  expect a").next().expect("it has a start");
    assert!(at(cut, "wire;").contains("From `std.delivery`:"));
    assert!(
        at("import std.delivery.nothing as x;\n", "x;")
            .starts_with("import std.delivery.nothing as x")
    );
    assert_eq!(at("import here as ;\n", "here"), "");
}

const SEALED: &str = "\
channel word(@to: Addr, batch: Int => text: String) sealed by batch;
input ended(batch: Int);
static counter(to: Addr);
output done(batch: Int);
seal word{to: c, batch} <~ ended{batch}, counter{to: c};
done{batch} <= word.sealed{batch};
stdout{line: \"over\"} <~ ended{batch}, cluster{addr}, addr != self;
fn twice(a: Int): Int = a + a;
spec fine { never low(x) <= done@n{batch: x}, x < 0; }
test \"t\" {
  node n, m: Main;
  n.ended{batch: 1};
  tick;
  expect n.counter == { (m) };
}
";

#[test]
fn what_seals_name_is_told_and_renamed() {
    let word = "channel word(@to: Addr, batch: Int => text: String)";
    for place in ["word{to", "word.sealed"] {
        assert!(at(SEALED, place).starts_with(word), "{place}");
    }
    let rename = |place: &str, new: &str| {
        let fixture = SEALED.replacen(place, &format!("$0{place}"), 1);
        super::editing::renamed(&fixture, new)
    };
    let expected = SEALED.replace("word", "told");
    assert_eq!(rename("word(@to", "told"), Ok(expected));
    let by_batch = rename("batch: Int => text", "part").expect("it can be called so");
    let expected = SEALED
        .replace("batch: Int => text", "part: Int => text")
        .replace("sealed by batch", "sealed by part")
        .replace("c, batch} <~", "c, part: batch} <~")
        .replace("word.sealed{batch}", "word.sealed{part: batch}");
    assert_eq!(by_batch, expected);
    let node = rename("m: Main", "other").expect("it can be called so");
    assert_eq!(
        node,
        SEALED
            .replace("m: Main", "other: Main")
            .replace("(m)", "(other)")
    );
}

#[test]
fn what_every_program_has_and_variables_are_told() {
    let cluster = at(SEALED, "cluster{");
    assert!(
        cluster.starts_with("cluster(addr: Addr, kind: String)\n\nThe nodes"),
        "{cluster}"
    );
    assert!(at(SEALED, "stdout{").starts_with("stdout(line: String)"));
    assert_eq!(at(SEALED, "a + a"), "a: Int");
    assert_eq!(at(SEALED, "x < 0"), "x: Int");
    assert_eq!(
        at(SEALED, "m) }"),
        "node m: Main\n\nA node of the test \"t\"."
    );
    assert!(at(SEALED, "Main;").starts_with("module main\n\n```bloom\ninput ended"));
    let reveal = at(
        "input a(m: Max<Int>);\noutput b(n: Int);\nb{n: m.reveal} <= a{m};\n",
        "reveal",
    );
    assert!(
        reveal.starts_with("L.reveal\n\nThe plain value"),
        "{reveal}"
    );
}

#[test]
fn words_and_arrows_are_told_where_they_are_no_names() {
    const TEXT: &str = "\
input ended(batch: Int);
table kept(batch: Int => most: Max<Int>) durable;
channel told(@to: Addr, batch: Int);
scratch table(tick: Int);
rules telling {
  kept{batch, most: batch} <+ ended{batch};
  told{to, batch} <~ kept{batch}, cluster{addr: to}, batch <= 3, not ended{batch};
  table{tick: batch} <= ended{batch};
}
";
    for (needle, start) in [
        (
            "input",
            "input\n\nA collection whose rows come from outside.",
        ),
        ("=> most", "=>\n\nWhat stands before it is the key"),
        ("durable", "durable\n\nThe table is written to disk"),
        ("@to", "@\n\nThe column that says"),
        ("rules", "rules\n\nA group of rules"),
        ("<+ ended", "<+\n\nNext: "),
        ("<~ kept", "<~\n\nSend: "),
        ("not", "not\n\nHolds where there is no such row now."),
        ("<= ended", "<=\n\nNow: "),
        ("addr: to", "addr: Addr\n\nA column of `cluster`."),
    ] {
        let found = at(TEXT, needle);
        assert!(found.starts_with(start), "{needle}: {found}");
    }
    // A comparison, and names that are words elsewhere.
    assert_eq!(at(TEXT, "<= 3"), "");
    assert!(at(TEXT, "table(tick").starts_with("scratch table(tick: Int)"));
    assert!(at(TEXT, "tick: batch").starts_with("tick: Int"));
}
