//! Programs of two files, edited at random where it matters: after every edit the queries give what a check
//! from nothing gives.
//!
//! A program is a list of places, each of which holds one of several texts or none; so an edit changes
//! a rule, a type, a declaration, an import or a module into another that is often right, and a program
//! that is wrong becomes right again. Comments come and go between the places, and now and then a text is cut
//! short, as while somebody types it.

use bloom_stdx::random::Random;
use salsa::Setter;

use super::super::{Database, File, Language, Package, checked, effort};
use super::facts;
use crate::base::FileId;
use crate::check;
use crate::ide::{self, Mention, Word};

const SEQUENCES: u64 = 30;

const EDITS: usize = 30;

/// What may stand at each place of the root file; `#` is some number. The first text is there at the start.
const ROOT: &[&[&str]] = &[
    &["//! Orders.\n", "//! Orders, again.\n//! And more.\n"],
    &[
        "import shapes as s;",
        "import shapes as s; // of the same folder",
        "import shapes as t;",
    ],
    &[
        "import scaled as double;",
        "import scaled(by: #) as double;",
        "import scaled(by: id) as double;",
    ],
    &["import shapes.pair as p;", "import s.pair as p;"],
    &["include mixed;", "include mixed without some;"],
    &[
        "type Id = Int;",
        "type Id = String;",
        "type Id = (Int, Int);",
    ],
    &[
        "record Point { x: Int, y: Int }",
        "record Point { x: Int, y: String }",
        "record Point { y: Int, x: Int }",
    ],
    &[
        "enum Colour { Red, Green }",
        "enum Colour { Red, Green, Blue(n: Int) }",
        "enum Colour { Red }",
    ],
    &[
        "const limit: Int = #;",
        "const limit: Int = 1 + #;",
        "const limit: String = \"#\";",
    ],
    &[
        "fn twice(n: Int): Int = n * #;",
        "fn twice(n: Int): Int = if n > # { n } else { 0 };",
        "fn twice<T>(n: T): T = n;",
    ],
    &[
        "input order(id: Int, amount: Int);",
        "input order(id: Int, amount: Int, more: Int);",
        "input order(id: Id, amount: String);",
    ],
    &[
        "input place(at: Point, colour: Colour);",
        "input place(at: Point => colour: Colour);",
    ],
    &[
        "table kept(id: Int, amount: Int);",
        "scratch kept(id: Int, amount: Int);",
        "table kept(id: Int => amount: Int);",
        "table kept(id: Int => amount: Max<Int>);",
    ],
    &[
        "scratch open(id: Int);",
        "scratch open(id);",
        "table open(id: Int);",
    ],
    &[
        "scratch counts(id: Int => n: Int);",
        "table counts(id: Int => n: Int);",
    ],
    &[
        "output seen(id: Int, amount: Int);",
        "/// What was seen.\noutput seen(id: Int, amount: Int);",
        "#[nondeterministic(\"for #\")]\noutput seen(id: Int, amount: Int);",
    ],
    &[
        "channel wire(@to: Addr, id: Int, amount: Int);",
        "channel wire(@to: Addr, id: Int, amount: Int) sealed by id;",
        "channel wire(@to: Addr, id: Int, amount: Int) delivery once;",
    ],
    &["periodic clock(every: 1s);", "periodic clock(every: #s);"],
    &[
        "module scaled(by: Int = 2) {\n  input x(v: Int);\n  output y(v: Int);\n  y{v: v * by} <= x{v};\n}",
        "module scaled(by: Int = 2) {\n  input x(v: Int);\n  output y(v: Int);\n  y{v: v * by + #} <= x{v}; // changed\n}",
        "module scaled(by: Int = 2) {\n  input x(v: Int);\n  output y(v: Int);\n\n  y{v: v * by} <= x{v};\n  y{v: v - #} <= x{v}, v > by;\n}",
        "module scaled(by: Int = #) {\n  input x(v: Int);\n  table old(v: Int);\n  output y(v: Int);\n  old{v} <= x{v};\n  y{v} <= old{v};\n}",
    ],
    &[
        "module mixed {\n  scratch inner(id: Int);\n  rules some { inner{id} <= open{id}; }\n}",
        "module mixed {\n  scratch inner(id: Int);\n  rules some { inner{id} <= open{id}, id > #; }\n}",
        "module mixed {\n  scratch inner(id: Int);\n  inner{id} <= kept{id};\n}",
    ],
    &[
        "kept{id, amount} <= order{id, amount};",
        "kept{id, amount} <= order{id, amount}, amount > #;",
        "kept{id, amount: amount + #} <= order{id, amount};",
        "kept{id, amount: Max(amount)} <= order{id, amount};",
    ],
    &[
        "open{id} <= kept{id}, not order{id, amount: #};",
        "open{id} <= kept{id};",
        "open{id} <- kept{id}, order{id, amount: #};",
    ],
    &[
        "counts{id, n: count()} <= kept{id};",
        "counts{id, n: sum(amount)} <= kept{id, amount};",
        "counts{id, n: twice(amount)} <= order{id, amount};",
    ],
    &[
        "seen{id, amount} <= kept{id, amount}, open{id};",
        "seen{id, amount: n} <= counts{id, n}, open{id};",
        "#[nondeterministic(\"so #\")]\nseen{id, amount: #} <= open{id};",
    ],
    &[
        "wire{to: self, id, amount} <~ kept{id, amount};",
        "wire{to: self, id, amount: limit} <~ open{id};",
    ],
    &[
        "kept{id, amount} <= wire{id, amount};",
        "kept{id, amount} <+ wire{id, amount}, id < #;",
    ],
    &["kept(#, #);", "kept(1, 2);\nkept(#, 2);"],
    &[
        "bootstrap { kept{id: #, amount: 1}; }",
        "bootstrap { kept{id: limit, amount: 1}; }",
    ],
    &[
        "double.x{v: amount} <= order{amount};",
        "double.x{v: #} <= order{};",
    ],
    &[
        "seen{id: #, amount: v} <= double.y{v};",
        "seen{id: v, amount: v} <= double.y{v}, v > limit;",
    ],
    &[
        "p.left{n: id} <= order{id};",
        "p.left{n: id + #} <= order{id};",
    ],
    &[
        "open{id: n} <= p.right{n};",
        "open{id: n} <= p.right{n}, n != #;",
    ],
    &[
        "open{id: at.x} <= place{at, colour: Red};",
        "open{id: at.x} <= place{at, colour}, colour == Green;",
        "open{id: x} <= place{at: Point{x, y: #}};",
    ],
    &[
        "open{id: n} <= errors{}, order{id: n};",
        "open{id: #} <= clock();",
        "open{id: #} <= sys.rule{};",
    ],
    &[
        "node Peer {\n  input go(n: Int);\n  table had(n: Int);\n  had{n} <= go{n};\n}",
        "node Peer {\n  input go(n: Int);\n  table had(n: Int);\n  had{n} <= go{n}, n > #;\n  had{n: n + 1} <+ had{n}, n < #;\n}",
    ],
];

/// What may stand at each place of the file that it imports.
const SHAPES: &[&[&str]] = &[
    &["//! Shapes.\n"],
    &[
        "module pair {\n  input left(n: Int);\n  output right(n: Int);\n  right{n} <= left{n};\n}",
        "module pair {\n  input left(n: Int);\n  output right(n: Int);\n  right{n: n + #} <= left{n};\n}",
        "module pair {\n  input left(n: Int);\n  output right(n: Int);\n  scratch far(n: Int);\n  far{n} <= left{n}, n > #;\n  right{n} <= far{n};\n}",
        "module pair {\n  input left(n: String);\n  output right(n: Int);\n  right{n: #} <= left{};\n}",
    ],
    &[
        "fn area(n: Int): Int = n * n;",
        "fn area(n: Int): Int = n * n * #;",
    ],
    &["table own(n: Int);", "table own(n: Int, m: Int);"],
    &["own(#);", "own(#);\nown(1);"],
    &[
        "own{n: n + 1} <+ own{n}, n < #;",
        "own{n: area(n)} <+ own{n}, n < #;",
    ],
];

const COMMENTS: [&str; 5] = [
    "// a remark\n",
    "/* one\n   two */\n",
    "\n\n",
    "// kept{id} <= open{id};\n",
    "/* nested /* twice */ */ ",
];

/// A file as the places it has, in some order.
#[derive(Clone)]
struct Text {
    of: &'static [&'static [&'static str]],
    order: Vec<usize>,
    places: Vec<Place>,
}

#[derive(Clone, Default)]
struct Place {
    /// None where nothing stands.
    chosen: Option<usize>,
    number: usize,
    comment: Option<usize>,
    /// How much of the text is left off at its end.
    cut: usize,
}

impl Text {
    fn new(of: &'static [&'static [&'static str]]) -> Self {
        let place = Place {
            chosen: Some(0),
            ..Place::default()
        };
        Text {
            of,
            order: (0..of.len()).collect(),
            places: vec![place; of.len()],
        }
    }

    fn edit(&mut self, random: &mut Random) {
        let at = random.below(self.places.len());
        let texts = self.of[at].len();
        let place = &mut self.places[at];
        match random.below(20) {
            0..=4 => place.number = random.below(9),
            5..=9 => place.chosen = Some(random.below(texts)),
            10 | 11 => place.chosen = place.chosen.is_none().then(|| random.below(texts)),
            12..=15 => {
                place.comment = match place.comment {
                    Some(_) => None,
                    None => Some(random.below(COMMENTS.len())),
                }
            }
            16 => place.cut = 1 + random.below(12),
            17 | 18 => {
                // As when typing is done: what was cut is whole, and what was tried is taken back.
                for place in &mut self.places {
                    place.cut = 0;
                    place.chosen = Some(0);
                }
            }
            _ => {
                let other = random.below(self.order.len());
                self.order.swap(at, other);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for &at in &self.order {
            let place = &self.places[at];
            if let Some(comment) = place.comment {
                text.push_str(COMMENTS[comment]);
            }
            if let Some(chosen) = place.chosen {
                let whole = self.of[at][chosen].replace('#', &place.number.to_string());
                let end = whole.len().saturating_sub(place.cut);
                text.push_str(&whole[..end]);
                text.push('\n');
            }
        }
        text
    }
}

/// What the edits of all sequences came to.
#[derive(Default)]
struct Tally {
    programs: usize,
    /// Programs without errors.
    right: usize,
    /// Edits after which fewer than all rules were resolved.
    spared: usize,
}

fn compare(seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let mut texts = [Text::new(ROOT), Text::new(SHAPES)];
    let mut db = Database::default();
    let file =
        |name: &str, text: &Text| File::new(&db, name.to_owned(), Language::Bloom, text.text());
    let files = [file("main", &texts[0]), file("shapes", &texts[1])];
    let package = Package::new(&db, files.to_vec());
    for _ in 0..EDITS {
        let (root, shapes) = (texts[0].text(), texts[1].text());
        let warm = checked(&db, package);
        let cold =
            check::tests::check_text("main", &root, &[("shapes".to_owned(), shapes.clone())]);
        let told = || format!("seed {seed}:\n{root}\n=== shapes ===\n{shapes}");
        assert_eq!(warm.diagnostics, cold.diagnostics, "{}", told());
        assert!(
            names(&db, package) == cold_names(&root, &shapes),
            "{}",
            told()
        );
        let (of_warm, of_cold) = (facts(&warm), facts(&cold));
        assert!(
            of_warm.0 == of_cold.0,
            "{}\n{}\n{}",
            told(),
            of_warm.0,
            of_cold.0
        );
        tally.programs += 1;
        tally.right += usize::from(!cold.diagnostics.iter().any(|d| d.is_error()));
        let rules: usize = cold
            .program
            .nodes
            .values()
            .map(|kind| kind.rules.len())
            .sum();
        tally.spared += usize::from(effort(&db, package).resolved < rules);
        for _ in 0..=random.below(3) / 2 {
            let which = usize::from(random.chance(1, 5));
            texts[which].edit(&mut random);
        }
        for (file, text) in files.iter().zip(&texts) {
            file.set_text(&mut db).to(text.text().into());
        }
    }
}

/// The names of a program, and the words of its root file.
fn names(db: &Database, package: Package) -> (Vec<Mention>, Vec<Word>) {
    let names = ide::names_of(db, package);
    let files = (0..package.files(db).len() as u32).map(FileId);
    let names = files.flat_map(|file| names.in_file(file));
    (names.collect(), ide::words_of(db, package).to_vec())
}

fn cold_names(root: &str, shapes: &str) -> (Vec<Mention>, Vec<Word>) {
    let db = Database::default();
    let file =
        |name: &str, text: &str| File::new(&db, name.to_owned(), Language::Bloom, text.to_owned());
    let package = Package::new(&db, vec![file("main", root), file("shapes", shapes)]);
    names(&db, package)
}

#[test]
fn edits_of_all_kinds_give_what_a_check_from_nothing_gives() {
    let mut tally = Tally::default();
    for seed in 0..SEQUENCES {
        compare(seed, &mut tally);
    }
    let Tally {
        programs,
        right,
        spared,
    } = tally;
    assert!(
        right * 4 > programs,
        "{right} of {programs} programs are right"
    );
    assert!(
        spared * 2 > programs,
        "of {programs} programs, {spared} were resolved in part"
    );
}
