//! Fixtures with a cursor, `$0`, in a program.

use super::{Names, Role, Source, Symbol, SymbolKind, hover, symbols};
use crate::base::{FileId, FileSpan};
use crate::check::tests::check_text;
use crate::database::Database;
use crate::hir::Program;
use crate::syntax;
use bloom_stdx::random::Random;

mod actions;
mod editing;
mod forgetting;
mod hovering;
mod words;

/// The program without its cursor, and where that was.
fn cursor(fixture: &str) -> (String, u32) {
    let at = fixture.find("$0").expect("a fixture has a cursor");
    (fixture.replacen("$0", "", 1), at as u32)
}

/// The names of a program of one file.
fn names_of(program: &Program, text: &str) -> Names {
    let module = syntax::parse(text).module;
    let source = Source {
        name: "main",
        text,
        module: &module,
    };
    Names::new(program, &program.places, &[source])
}

fn shown(text: &str, place: FileSpan) -> String {
    let before = &text[..place.span.start as usize];
    let line = before.matches('\n').count() + 1;
    format!("{line}:{}", &text[place.span.range()])
}

/// What hovering says, where the name is declared, and where it is mentioned, each by line.
fn look(fixture: &str) -> (String, Vec<String>, Vec<String>) {
    let (text, offset) = cursor(fixture);
    let checked = check_text("main", &text, &[]);
    let program = &checked.program;
    let names = names_of(program, &text);
    let Some(found) = names.at(FileId(0), offset) else {
        return (String::new(), Vec::new(), Vec::new());
    };
    let db = Database::default();
    let said = hover(&db, editing::package(&db, &text), (FileId(0), offset));
    let said = said.map(|hover| {
        [vec![hover.declaration], hover.paragraphs]
            .concat()
            .join("\n")
    });
    let declared = names.declarations(found.target);
    let mentions = names.of(found.target);
    (
        said.unwrap_or_default(),
        declared
            .into_iter()
            .map(|place| shown(&text, place))
            .collect(),
        mentions
            .map(|mention| shown(&text, mention.place))
            .collect(),
    )
}

#[test]
fn a_collection_is_told_with_its_label_and_why() {
    let (said, declared, mentions) = look(
        "/// Raw.\ninput a(x: Int);\ninput b(x: Int);\n/// The rest.\noutput c(x: Int);\n\
         c$0{x} <= a{x}, not b{x};\nc{x: 1} <= b{x};\n",
    );
    assert_eq!(declared, ["5:c"]);
    assert_eq!(mentions, ["5:c", "6:c", "7:c"]);
    let expected = "output c(x: Int)\nThe rest.\n**run**: differs from run to run: ";
    assert!(said.starts_with(expected), "{said}");
    assert!(
        said.ends_with("Written in 2 places, read nowhere."),
        "{said}"
    );
    let (said, ..) = look("input a(x: Int);\noutput c(x: Int);\n$0c{x} <= a{x};\n");
    assert!(said.contains("**async**"), "{said}");
}

#[test]
fn what_is_inferred_is_told() {
    let program = "input a(x: Int => m: Max<Int>);\nscratch s(x, m);\ns{x, m} <= a{x, m};\n";
    let (said, ..) = look(&program.replace("s{x", "s$0{x"));
    assert!(said.starts_with("scratch s(x: Int, m: "), "{said}");
    let (said, declared, mentions) = look(&program.replace("a{x, m}", "a{x, $0m}"));
    assert!(said.starts_with("m: "), "{said}");
    assert_eq!((declared.len(), mentions), (1, vec!["3:m".to_owned(); 2]));
}

#[test]
fn names_are_found_through_modules() {
    let program = "\
module count {
  input hit(id: Int);
  output sum(id: Int, n: Int);
  const one: Int = 1;
  fn more(n: Int): Int = n + one;
  sum{id, n: more(id)} <= hit{id};
}
import count as first;
import count as second;
input go(id: Int);
output out(n: Int);
first.hit{id} <= go{id};
second.hit{id} <= go{id};
out{n} <= first.sum{n}, not second.sum{id: n};
";
    let at = |text: &str| {
        let (_, declared, mentions) = look(&program.replacen(text, &format!("{text}$0"), 1));
        (declared, mentions)
    };
    let one = |name: &str| vec![name.to_owned()];
    let sums = ["3:sum", "6:sum", "14:sum", "14:sum"].map(str::to_owned);
    assert_eq!(at("out{n} <= first.su"), (one("3:sum"), sums.to_vec()));
    let hits = ["2:hit", "6:hit", "12:hit", "13:hit"].map(str::to_owned);
    assert_eq!(at("second.hi"), (one("2:hit"), hits.to_vec()));
    let more = ["5:more", "6:more"].map(str::to_owned);
    assert_eq!(at("n: mor"), (one("5:more"), more.to_vec()));
    let ones = ["4:one", "5:one"].map(str::to_owned);
    assert_eq!(at("n + on"), (one("4:one"), ones.to_vec()));
}

#[test]
fn types_are_told_with_what_they_are_made_of() {
    let program = "/// A place.\nrecord Point { x: Int, y: Int }\nenum Move { Stay, By(dx: Int) }\n\
                   input at(p: Point, m: Move);\nprotocol Maps { input go(x: Int); }\n\
                   /// Serves.\nnode Map: Maps { table t(x: Int); t{x} <= go{x}; }\n";
    let said = |text: &str| look(&program.replacen(text, &format!("$0{text}"), 1)).0;
    assert_eq!(said("Point {"), "record Point { x: Int, y: Int }\nA place.");
    assert_eq!(said("Move)"), "enum Move { Stay, By(dx: Int) }");
    assert_eq!(said("By("), "By(dx: Int)\nA variant of `Move`.");
    assert_eq!(said("y: Int"), "y: Int\nA field of `Point`.");
    assert_eq!(
        said("Map: "),
        "node Map : Maps {\n  input go(x: Int);\n}\nServes."
    );
    let alone = look("/// As all.\nprotocol $0Maps { input go(x: Int); }\ninput a(x: Int);\n").0;
    assert_eq!(alone, "protocol Maps {\n  input go(x: Int);\n}\nAs all.");
}

#[test]
fn groups_of_rules_are_found_where_they_are_left_out() {
    let program = "\
module m {
  input a(x: Int);
  output b(x: Int);
  rules twice { b{x} <= a{x}; }
  rules twice { b{x} <= a{x}, x > 1; }
}
include m without twice;
rules twice { b{x} <= a{x}, x > 2; }
";
    let at = |text: &str| look(&program.replacen(text, &format!("{text}$0"), 1)).2;
    let inner = ["4:twice", "5:twice", "7:twice"].map(str::to_owned);
    assert_eq!(at("without tw"), inner);
    assert_eq!(at("rules tw"), inner);
    assert_eq!(at(";\nrules tw"), ["8:twice"]);
}

#[test]
fn nothing_is_said_of_nothing() {
    let (said, declared, mentions) = look("input a(x: Int);\n$0\n// a\n");
    assert_eq!((said.as_str(), declared.len(), mentions.len()), ("", 0, 0));
}

#[test]
fn an_outline_has_what_is_declared_and_what_is_checked() {
    let text = "\
input a(x: Int);
node Map {
  table t(x: Int);
  rules more { t{x} <= a{x}; }
}
spec never_two { never t{x: 2}; }
test \"it comes\" { }
test \"\" { }
";
    let module = syntax::parse(text).module;
    fn shown(symbols: &[Symbol], text: &str) -> Vec<String> {
        let one = |symbol: &Symbol| {
            let inside = shown(&symbol.children, text).join(", ");
            let at = &text[symbol.name_span.range()];
            format!("{:?} {} at {at} [{inside}]", symbol.kind, symbol.name)
        };
        symbols.iter().map(one).collect()
    }
    assert_eq!(
        shown(&symbols(&module), text),
        [
            "Collection a at a []",
            "Node Map at Map [Collection t at t [], Rules more at more []]",
            "Spec never_two at never_two []",
            "Test it comes at \"it comes\" []",
            "Test test at \"\" []",
        ]
    );
}

/// Every name of the corpus, cut at random, is where its own text stands, and declared at most where it is
/// written.
#[test]
fn names_stand_where_their_texts_are() {
    let mut random = Random::new(1);
    let folder = crate::check::tests::root().join("tests/conformance");
    let mut found = 0;
    for path in crate::check::tests::bloom_files(&folder) {
        let whole = std::fs::read_to_string(&path).expect("the corpus is UTF-8");
        let mut end = whole.len();
        if random.chance(1, 2) {
            end = random.below(whole.len());
            while !whole.is_char_boundary(end) {
                end -= 1;
            }
        }
        let text = &whole[..end];
        let checked = check_text("main", text, &[]);
        let program = &checked.program;
        let names = names_of(program, text);
        for mention in names.all() {
            let word = &text[mention.place.span.range()];
            let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '_');
            assert!(is_word, "{}: {word}", path.display());
            let at = names.at(mention.place.file, mention.place.span.start);
            let at = at.expect("a name is where it is");
            assert_eq!(at.place, mention.place, "{}: {word}", path.display());
            let declares = names.declarations(mention.target);
            found += usize::from(!declares.is_empty() && mention.role != Role::Declares);
        }
        let inside = |symbol: &Symbol| {
            let (all, own) = (symbol.span, symbol.name_span);
            let written = &text[own.range()];
            let is_named = match symbol.kind {
                SymbolKind::Test => written.starts_with('"'),
                _ => written == symbol.name,
            };
            all.start <= own.start && own.end <= all.end && is_named
        };
        let module = syntax::parse(text).module;
        assert!(symbols(&module).iter().all(inside), "{}", path.display());
    }
    assert!(found > 1_000, "{found} names were found");
}
