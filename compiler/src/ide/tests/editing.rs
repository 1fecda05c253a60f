//! What is offered while writing: completions, signatures, other names, colours, hints.

use super::super::{
    CompletionKind, Hint, Mention, Target, WordKind, all_names, built_ins, completions, folds,
    hints, names_of, rename, selections, signatures, words,
};
use super::cursor;
use crate::base::{FileId, FileSpan, Span};
use crate::check::tests::{bloom_files, root};
use crate::database::{self, Database, File, Language, Package};
use crate::syntax;
use bloom_stdx::random::Random;

pub(super) fn package(db: &Database, text: &str) -> Package {
    let file = File::new(db, "main".to_owned(), Language::Bloom, text.to_owned());
    Package::new(db, vec![file])
}

const MODULES: [&str; 2] = ["std.delivery.reliable", "std.voting.agent"];

/// The labels that are offered, likeliest first.
fn offered(fixture: &str) -> Vec<String> {
    let (text, offset) = cursor(fixture);
    let db = Database::default();
    let modules = MODULES.map(str::to_owned);
    let (_, found) = completions(&db, package(&db, &text), offset, &modules);
    found.into_iter().map(|one| one.label).collect()
}

const STORE: &str = "\
type Stamp = (Int, Addr);
record Item { name: String, price: Int }
enum Size { Small, Large(by: Int) }
/// What is put.
input put(key: String, stamp: Stamp => val: String);
input get(req: Req, key: String);
output got(req: Req => val: String);
table store(key: String => val: Lww<Stamp, String>);
fn more(n: Int, by: Int): Int = n + by;
";

fn in_store(rest: &str) -> Vec<String> {
    offered(&format!("{STORE}{rest}"))
}

fn has(found: &[String], wanted: &[&str]) {
    for one in wanted {
        assert!(found.iter().any(|label| label == one), "{one} of {found:?}");
    }
}

#[test]
fn columns_that_are_not_named_yet_come_first() {
    assert_eq!(in_store("got{req, $0} <= get{req, key};\n"), ["val"]);
    assert_eq!(
        in_store("got{req, val} <= put{key, $0};\n"),
        ["stamp", "val"]
    );
    assert_eq!(in_store("got{req, val} <= put{k$0}"), ["key"]);
    assert_eq!(in_store("got{$0, val} <= get{req, key};\n"), ["req"]);
    assert_eq!(
        in_store("const i: Item = Item{name: \"a\", $0};\n"),
        ["price"]
    );
}

#[test]
fn what_a_statement_can_begin_with_depends_on_its_block() {
    let items = in_store("$0");
    has(&items, &["table", "got", "fault test", "node"]);
    let steps = in_store("test \"a\" {\n  node n: Main;\n  $0\n}\n");
    has(&steps, &["tick", "settle", "n"]);
    assert!(!steps.contains(&"table".to_owned()), "{steps:?}");
    assert_eq!(in_store("spec s {\n  nev$0\n}\n"), ["never"]);
    let rules = in_store("rules group {\n  $0\n}\n");
    assert!(rules.contains(&"got".to_owned()) && !rules.contains(&"table".to_owned()));
}

#[test]
fn members_are_those_of_what_stands_before_the_dot() {
    let methods = in_store("got{req, val: val.$0} <= get{req, key}, store{key, val};\n");
    has(&methods, &["reveal"]);
    assert!(!methods.contains(&"split".to_owned()), "{methods:?}");
    let methods = in_store("got{req, val: key.$0} <= get{req, key};\n");
    has(&methods, &["split", "len"]);
    assert!(!methods.contains(&"reveal".to_owned()), "{methods:?}");
    assert_eq!(in_store("const s: Size = Size.$0;\n"), ["Large", "Small"]);
    let rows = in_store("test \"a\" {\n  node n: Main;\n  n.$0\n}\n");
    has(&rows, &["put", "get", "store"]);
    let module = "module m {\n  input go(x: Int);\n  output out(x: Int);\n  table own(x: Int);\n  out{x} <= go{x};\n}\n\
                  import m as a;\ninput go(x: Int);\n";
    assert_eq!(offered(&format!("{module}a.$0")), ["go", "out"]);
}

#[test]
fn types_modules_and_values_are_told_apart() {
    let types = in_store("table t(a: $0);\n");
    has(&types, &["Int", "Max", "Stamp", "Item", "Size"]);
    assert!(!types.contains(&"got".to_owned()), "{types:?}");
    assert_eq!(in_store("import $0"), MODULES);
    assert_eq!(in_store("import std.d$0"), ["delivery.reliable"]);
    let body = in_store("got{req, val} <= get{req, key}, $0");
    has(&body, &["store", "put", "not", "let", "more", "req", "key"]);
    let value = in_store("got{req, val: $0} <= get{req, key};\n");
    has(&value, &["key", "max", "count", "if", "more"]);
    assert_eq!(in_store("got{req} <= relia$0"), ["reliable"]);
    assert!(in_store("// go$0").is_empty());
    assert!(in_store("const a: String = \"go$0\";").is_empty());
}

#[test]
fn a_module_that_is_not_imported_brings_its_import() {
    let (text, offset) = cursor("input a(x: Int);\nrel$0\n");
    let db = Database::default();
    let modules = MODULES.map(str::to_owned);
    let (word, found) = completions(&db, package(&db, &text), offset, &modules);
    assert_eq!(&text[word.range()], "rel");
    let one = found.iter().find(|one| one.kind == CompletionKind::Import);
    let one = one.expect("it is offered");
    assert_eq!(one.edits[0].new_text, "import std.delivery.reliable;\n");
}

#[test]
fn signatures_say_which_parameter_is_written() {
    let at = |rest: &str| {
        let (text, offset) = cursor(&format!("{STORE}{rest}"));
        let db = Database::default();
        let (found, active) = signatures(&db, package(&db, &text), offset)?;
        Some((
            found[0].label.clone(),
            found[0].parameters.get(active).cloned(),
        ))
    };
    let label = "fn more(n: Int, by: Int): Int".to_owned();
    let wanted = Some((label, Some("by: Int".to_owned())));
    assert_eq!(at("const a: Int = more(1, $0);\n"), wanted);
    let row = at("got(r, v) <= put(k, $0").expect("a row has a signature");
    assert_eq!(row.1.as_deref(), Some("stamp: (Int, Addr)"));
    let row = at("got{req, val} <= put{val: $0}").expect("a row has a signature");
    assert_eq!(row.1.as_deref(), Some("val: String"));
    let method = at("got{req, val: key.slice(0, $0)} <= get{req, key};\n");
    assert!(method.is_some_and(|(label, _)| label.starts_with("String.slice")));
    assert_eq!(at("$0"), None);
    let made = |rest: &str| at(rest).expect("a constructor has a signature");
    let record = "Item { name: String, price: Int }".to_owned();
    let price = Some("price: Int".to_owned());
    assert_eq!(
        made("const i: Item = Item{name: \"a\", price: $0};\n"),
        (record, price)
    );
    let variant = ("Large(by: Int)".to_owned(), Some("by: Int".to_owned()));
    assert_eq!(made("const s: Size = Large($0);\n"), variant);
    let lattice = made("store{key, val: Lww($0)} <= put{key};\n");
    assert_eq!(lattice.0, "lattice Lww<S, T>");
}

pub(super) fn renamed(fixture: &str, new_name: &str) -> Result<String, String> {
    let (mut text, offset) = cursor(fixture);
    let db = Database::default();
    let package = package(&db, &text);
    let edits = rename(&db, package, (FileId(0), offset), new_name, &|_| true)?;
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.new_text);
    }
    Ok(text)
}

#[test]
fn names_change_everywhere_and_short_forms_are_written_out() {
    let text = "input a(x: Int);\noutput b(x: Int);\nb{x} <= a{x}, x > 1;\ntest \"t\" {\n  a{x: 1};\n  tick;\n  expect b{x: 1};\n}\n";
    let column = renamed(&text.replacen("a(x", "a($0x", 1), "y");
    let expected = text
        .replace("a(x", "a(y")
        .replace("<= a{x}", "<= a{y: x}")
        .replace("a{x: 1}", "a{y: 1}");
    assert_eq!(column, Ok(expected));
    let variable = renamed(&text.replacen("x > 1", "$0x > 1", 1), "z");
    let expected = text.replace("b{x} <= a{x}, x > 1", "b{x: z} <= a{x: z}, z > 1");
    assert_eq!(variable, Ok(expected));
    let collection = renamed(&text.replacen("b{x} <=", "$0b{x} <=", 1), "out");
    let expected = text
        .replace("output b", "output out")
        .replace("b{x", "out{x");
    assert_eq!(collection, Ok(expected));
}

#[test]
fn a_name_that_is_taken_or_none_is_refused() {
    let text = "input a(x: Int, y: Int);\noutput b(x: Int);\nb{x} <= a{x, y}, x > y;\n";
    let of = |from: &str, to: &str| renamed(&text.replacen(from, &format!("$0{from}"), 1), to);
    for (from, to) in [
        ("b(x", "a"),
        ("x > y", "y"),
        ("x: Int, y", "y"),
        ("b(x", "not"),
        ("b(x", "Big"),
        ("b(x", "1"),
    ] {
        assert!(of(from, to).is_err(), "{from} to {to}");
    }
    assert!(of("Int", "Number").is_err());
}

/// A random name of every program of the corpus is renamed and renamed back, and the text is as before but for
/// short forms that were written out; nothing panics where it is refused.
#[test]
fn renaming_there_and_back_gives_the_same_program() {
    let mut random = Random::new(7);
    let mut done = 0;
    for path in bloom_files(&root().join("tests/conformance")) {
        let text = std::fs::read_to_string(&path).expect("the corpus is UTF-8");
        let db = Database::default();
        let package = package(&db, &text);
        let names = names_of(&db, package);
        let all: Vec<Mention> = names.in_file(FileId(0)).collect();
        let is_refused = database::parse_and_resolution_errors(&db, package) > 0;
        if all.is_empty() || is_refused {
            continue;
        }
        let mention = all[random.below(all.len())];
        let own = &text[mention.place.span.range()];
        let fresh = match own.starts_with(|c: char| c.is_ascii_uppercase()) {
            true => "Zz9",
            false => "zz9",
        };
        let at = |text: &str, offset: u32| {
            format!("{}$0{}", &text[..offset as usize], &text[offset as usize..])
        };
        let Ok(there) = renamed(&at(&text, mention.place.span.start), fresh) else {
            continue;
        };
        let place = there.find(fresh).expect("the new name is there") as u32;
        let back = renamed(&at(&there, place), own);
        let back = back.unwrap_or_else(|why| panic!("{}: {own}: {why}", path.display()));
        let written_out = format!("{own}: {own}");
        let same = |text: &str| text.replace(&written_out, own);
        assert_eq!(same(&back), same(&text), "{}: {own}", path.display());
        done += 1;
    }
    assert!(done > 100, "{done} names were renamed");
}

#[test]
fn hints_show_what_is_left_out() {
    let text = "input a(x: Int, y: Int);\nscratch s(u, v);\noutput o(n: Int);\ns(p, x) <= a(p, x), let q = p + 1;\no{n: u} <= s(u, _);\n";
    let db = Database::default();
    let package = package(&db, text);
    let places = &database::resolved(&db, package).places;
    let (program, typed) = (
        database::program(&db, package),
        database::typed(&db, package),
    );
    let report = database::calm_report(&db, package);
    let whole = FileSpan::new(FileId(0), Span::new(0, text.len() as u32));
    let mut shown = text.to_owned();
    let mut found: Vec<Hint> = hints(program, places, typed, report, text, whole);
    found.sort_by_key(|hint| std::cmp::Reverse(hint.at));
    for hint in found {
        shown.insert_str(hint.at as usize, &format!("[{}]", hint.text));
    }
    let expected = "input a(x: Int, y: Int);\nscratch s(u[: Int], v[: Int]);\noutput o(n: Int);\n\
                    s([u: ]p, [v: ]x) <= a([x: ]p, [y: ]x), let q[: Int] = p + 1;\n\
                    o{n: u} <= s(u, _);[ async]\n";
    assert_eq!(shown, expected);
}

/// Of every program of the corpus, cut anywhere: words follow each other, selections hold each other, and
/// whatever is asked at the cut is answered.
#[test]
fn broken_programs_are_answered() {
    let mut random = Random::new(3);
    let mut keywords = 0;
    for path in bloom_files(&root().join("tests/conformance")) {
        let whole = std::fs::read_to_string(&path).expect("the corpus is UTF-8");
        let mut end = random.below(whole.len());
        while !whole.is_char_boundary(end) {
            end -= 1;
        }
        let text = &whole[..end];
        let offset = end as u32;
        let db = Database::default();
        let package = package(&db, text);
        let words = words(names_of(&db, package), FileId(0), text, &|| {});
        for pair in words.windows(2) {
            assert!(
                pair[0].end() <= pair[1].start,
                "{}: {pair:?}",
                path.display()
            );
        }
        keywords += words
            .iter()
            .filter(|word| word.kind == WordKind::Keyword)
            .count();
        let module = syntax::parse(text).module;
        let chain = selections(text, &module, offset);
        for pair in chain.windows(2) {
            assert!(pair[1].start <= pair[0].start && pair[0].end <= pair[1].end);
        }
        for fold in folds(text, &module) {
            assert!(text[fold.span.range()].contains('\n'));
        }
        completions(&db, package, offset, &[]);
        signatures(&db, package, offset);
    }
    assert!(keywords > 1_000, "{keywords} keywords");
}

const POINTS: &str = "\
record Point { x: Int, y: Int }
record Pair<T> { x: T, other: T }
enum Move { Stay, By(dx: Int) }
lattice Box(low: Min<Int>, high: Max<Int>);
input at(p: Point, q: Pair<Int>);
table bounds(id: Int => b: Box);
output o(n: Int);
output low(n: Int);
fn sum(p: Point): Int = p.x + p.y;
fn unused(p: Point): Int = p.y;
fn over(p: Point): Int = match p { Point{x, y: 0} => x, Point{y} => y };
bounds{id: 1, b: Box(low: p.x, high: p.y)} <= at{p};
o{n: sum(p) + over(p) + q.x} <= at{p, q};
low{n: b.low.reveal} <= bounds{b};
const origin: Point = Point{x: 0, y: 0};
const step: Move = By(dx: 2);
";

/// The lines, from 1, on which the field is that stands behind the text, each with its word.
fn field_at(before: &str) -> Vec<String> {
    let db = Database::default();
    let package = package(&db, POINTS);
    let offset = POINTS.find(before).expect("it is there") + before.len();
    let names = all_names(&db, package);
    let mentions = names.all_at(FileId(0), offset as u32);
    let field = mentions
        .iter()
        .find(|mention| matches!(mention.target, Target::Field(_)));
    let field = field.expect("a field is there");
    let mut places: Vec<FileSpan> = names
        .of(field.target)
        .map(|mention| mention.place)
        .collect();
    places.sort_unstable();
    let shown = places.into_iter().map(|place| {
        let line = POINTS[..place.span.start as usize].matches('\n').count() + 1;
        format!("{line}:{}", &POINTS[place.span.range()])
    });
    shown.collect()
}

#[test]
fn fields_are_found_by_the_types_of_what_they_are_of() {
    let db = Database::default();
    let problems = database::diagnostics(&db, package(&db, POINTS));
    assert!(problems.iter().all(|one| !one.is_error()), "{problems:?}");
    assert_eq!(
        field_at("record Point { "),
        ["1:x", "9:x", "11:x", "12:x", "15:x"]
    );
    assert_eq!(
        field_at("= p.x + p."),
        ["1:y", "9:y", "10:y", "11:y", "11:y", "12:y", "15:y"]
    );
    assert_eq!(field_at("over(p) + q."), ["2:x", "13:x"]);
    assert_eq!(field_at("low{n: b."), ["4:low", "12:low", "14:low"]);
    assert_eq!(field_at("Stay, By("), ["3:dx", "16:dx"]);
}

#[test]
fn fields_get_other_names_everywhere() {
    let at = |before: &str| POINTS.replacen(before, &format!("{before}$0"), 1);
    let changed = renamed(&at("record Point { "), "left").expect("it can be called so");
    let expected = POINTS
        .replace("Point { x", "Point { left")
        .replace("p.x", "p.left")
        .replace("Point{x, ", "Point{left: x, ")
        .replace("Point{x: 0", "Point{left: 0");
    assert_eq!(changed, expected);
    let taken = renamed(&at("record Point { "), "y").expect_err("there is one");
    assert!(
        taken.contains("mistake more") || taken.contains("called `y` already"),
        "{taken}"
    );
}

#[test]
fn what_is_built_in_is_told() {
    let labels = |fixture: &str| {
        let (text, offset) = cursor(fixture);
        let db = Database::default();
        let found = built_ins(&db, package(&db, &text), offset);
        found.map(|(place, found)| {
            let labels: Vec<String> = found.into_iter().map(|one| one.label).collect();
            (text[place.range()].to_owned(), labels)
        })
    };
    let (word, found) = labels("const n: Int = a$0bs(-1);\n").expect("it is built in");
    assert_eq!(word, "abs");
    has(&found, &["abs(Int): Int"]);
    let (word, found) = labels("const n: Int = \"a\".$0len();\n").expect("it is built in");
    assert_eq!(word, "len");
    assert!(
        found.iter().all(|label| label.contains(".len")),
        "{found:?}"
    );
    assert_eq!(labels("// a$0bs(-1)\nconst n: Int = 1;\n"), None);
}
