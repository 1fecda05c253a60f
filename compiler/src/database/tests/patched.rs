//! What the consistency analysis makes of what it found before an edit is what it finds from nothing, for each collection,
//! output and view. Rules come, go, change their order and move from file to file: those of the corpus, and rules drawn at
//! random over collections of all kinds.

use std::fs;

use bloom_stdx::random::Random;
use salsa::Setter;

use super::super::{Database, File, Language, Package, flows, program};
use crate::calm;
use crate::calm::tests::lineage;
use crate::check::tests::{bloom_files, root, stdlib};

const SEQUENCES: u64 = 40;
const EDITS: usize = 50;
const CORPUS_EDITS: usize = 12;

/// Where rules read and write, each after those that it may be derived from in one tick.
const COLLECTIONS: [(&str, &str); 18] = [
    ("a", "input a(x: Int, y: Int);"),
    ("b", "input b(x: Int, y: Int) sealed by x;"),
    ("c", "input c(x: Int => y: Int);"),
    ("w0", "channel w0(@to: Addr, x: Int, y: Int);"),
    ("w1", "channel w1(@to: Addr, x: Int, y: Int) sealed by x;"),
    ("l0", "loopback l0(x: Int, y: Int);"),
    ("t0", "table t0(x: Int, y: Int);"),
    ("s0", "scratch s0(x: Int, y: Int);"),
    ("p.right", "import further.pair as p;"),
    ("t1", "table t1(x: Int, y: Int);"),
    ("s1", "scratch s1(x: Int, y: Int);"),
    ("t2", "table t2(x: Int => y: Int);"),
    ("s2", "scratch s2(x: Int => y: Int);"),
    ("s3", "scratch s3(x: Int, y: Int);"),
    ("o0", "output o0(x: Int, y: Int);"),
    ("o1", "output o1(x: Int => y: Int);"),
    ("v0", "view v0(x: Int, y: Int);"),
    ("v1", "view v1(x: Int => y: Int);"),
];
/// Those that rules of their own write.
const HEADS: [usize; 11] = [6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17];
/// Many rules write it, so that they are a crowd.
const CROWDED: usize = 14;

/// As [`COLLECTIONS`], of the other file.
const INNER: [&str; 4] = ["left", "kept", "mid", "right"];

fn outer_rule(random: &mut Random) -> String {
    let place = match random.chance(1, 8) {
        true => CROWDED,
        false => HEADS[random.below(HEADS.len())],
    };
    let name = |place: usize| COLLECTIONS[place].0;
    let (head, n) = (name(place), random.below(3));
    let kept = head.starts_with('t');
    let arrow = match random.below(8) {
        0 if kept => "<-",
        1 if kept => "<+-",
        2 if kept || head.starts_with('s') => "<+",
        _ => "<=",
    };
    // Within a tick what is denied or counted comes before.
    let before = match arrow {
        "<=" => place,
        _ => 14,
    };
    let r = name(random.below((before + 1).min(14)));
    let (q, p) = (
        name(random.below(before.min(14))),
        name(random.below(before.min(14))),
    );
    match random.below(18) {
        0 => format!("{head}{{x, y}} {arrow} {r}{{x, y}}, {q}{{x: y}};"),
        1 => format!("{head}{{x, y}} {arrow} {r}{{x, y}}, not {q}{{x}};"),
        2 => format!("{head}{{x, y}} {arrow} {r}{{x, y}}, not {q}{{x, y}}, {p}{{x}};"),
        3 => format!("{head}{{x, y}} {arrow} {r}{{x, y}}, y > {n};"),
        4 => format!("{head}{{x, y: count()}} <= {q}{{x}};"),
        5 => format!("{head}{{x, y: count()}} <= {q}{{x}}, b.sealed{{x}};"),
        6 => format!("{head}{{x, y}} {arrow} {p}{{x, y}}, b.sealed{{x}}, not {q}{{x}};"),
        7 => format!("{head}{{x: y, y: x}} {arrow} {r}{{x, y}};"),
        8 => format!("{head}{{x, y: {n}}} {arrow} {r}{{x}}, tick{{}};"),
        9 => format!("w0{{to: self, x, y}} <~ {r}{{x, y}}, not {q}{{x}};"),
        10 => format!("w1{{to: self, x, y}} <~ {r}{{x, y}};"),
        11 => format!("l0{{x, y}} <~ {r}{{x, y}}, {q}{{x}};"),
        12 => format!("{head}{{x, y}} {arrow} {p}{{x, y}}, w1.sealed{{x}};"),
        13 => format!("{head}{{x, y: {n}}} {arrow} {r}{{x, y: {n}}};"),
        14 => format!("{head}({n}, {n});"),
        15 => format!("p.left{{x, y}} <= {}{{x, y}};", name(random.below(8))),
        _ => format!("{head}{{x, y}} {arrow} {r}{{x, y}};"),
    }
}

fn inner_rule(random: &mut Random) -> String {
    let place = 1 + random.below(3);
    let (head, n) = (INNER[place], random.below(3));
    let (r, q) = (INNER[random.below(place + 1)], INNER[random.below(place)]);
    match random.below(5) {
        0 => format!("  {head}{{x, y}} <= {r}{{x, y}}, not {q}{{x: y}};"),
        1 => format!("  {head}{{x, y}} <= {r}{{x, y}}, y > {n};"),
        2 => format!("  {head}{{x, y: count()}} <= {q}{{x}};"),
        3 => format!("  kept{{x, y}} <- {r}{{x, y}}, {q}{{x}};"),
        _ => format!("  {head}{{x, y}} <= {r}{{x, y}};"),
    }
}

/// The rules of two files.
struct Rules {
    outer: Vec<String>,
    inner: Vec<String>,
}

impl Rules {
    fn new(random: &mut Random, crowd: usize) -> Self {
        let own = (0..4 + random.below(30))
            .map(|_| outer_rule(random))
            .collect();
        let inner = (0..1 + random.below(5))
            .map(|_| inner_rule(random))
            .collect();
        let mut rules = Rules { outer: own, inner };
        let crowded = COLLECTIONS[CROWDED].0;
        for number in 0..crowd {
            let from = ["a", "t0", "s0", "t1"][number % 4];
            let rule = format!("{crowded}{{x, y}} <= {from}{{x, y}}, x > {number};");
            rules.outer.push(rule);
        }
        rules
    }

    fn edit(&mut self, random: &mut Random) {
        let outer = random.chance(4, 5);
        let rules = match outer {
            true => &mut self.outer,
            false => &mut self.inner,
        };
        let new = match outer {
            true => outer_rule(random),
            false => inner_rule(random),
        };
        let (at, other) = (random.below(rules.len() + 1), random.below(rules.len() + 1));
        match random.below(8) {
            0..3 => rules.insert(at, new),
            3..6 if at < rules.len() => drop(rules.remove(at)),
            6 if at < rules.len() => rules[at] = new,
            7 if at < rules.len() && other < rules.len() => rules.swap(at, other),
            _ => {}
        }
    }

    fn texts(&self) -> [String; 2] {
        let declared = COLLECTIONS.map(|(_, declared)| declared).join("\n");
        let (outer, inner) = (self.outer.join("\n"), self.inner.join("\n"));
        [
            format!("{declared}\nperiodic tick(every: 1s);\n{outer}\n"),
            format!(
                "module pair {{\n  input left(x: Int, y: Int);\n  table kept(x: Int, y: Int);\n  \
                 scratch mid(x: Int, y: Int);\n  output right(x: Int, y: Int);\n{inner}\n}}\n"
            ),
        ]
    }
}

/// What programs came to.
#[derive(Debug, Default)]
struct Tally {
    programs: usize,
    /// Programs without errors.
    right: usize,
    /// Of these, those of which not all rules were looked at.
    spared: usize,
}

/// Compares what is found of the program with what is found of it from nothing.
fn compare(db: &Database, package: Package, tally: &mut Tally, told: impl Fn() -> String) {
    tally.programs += 1;
    let flows = flows(db, package);
    if flows.is_empty() {
        return;
    }
    let program = program(db, package);
    let cold = calm::found_with(program, flows, &mut calm::Recall::default());
    let mut recalls = db.recalls.lock();
    let recall = recalls.packages.get_mut(&package).expect("it was resolved");
    let warm = calm::found_with(program, flows, &mut recall.calm);
    assert_eq!(warm, cold, "{}", told());
    let of_places = lineage::compare(program, flows, &recall.calm);
    assert_eq!(of_places, Ok(()), "{}", told());
    let all: usize = flows.values().map(|kind| kind.rules.len()).sum();
    tally.right += 1;
    tally.spared += usize::from(recall.calm.remembered_forms() < all);
}

#[test]
fn what_is_left_of_rules_drawn_at_random_is_right() {
    let mut tally = Tally::default();
    for seed in 0..SEQUENCES {
        let mut random = Random::new(seed);
        let crowd = [0, 0, 60, 64][random.below(4)];
        let mut rules = Rules::new(&mut random, crowd);
        let mut db = Database::default();
        let file = |name: &str| File::new(&db, name.to_owned(), Language::Bloom, String::new());
        let files = [file("main"), file("further")];
        let package = Package::new(&db, files.to_vec());
        for edit in 0..EDITS {
            let texts = rules.texts();
            for (file, text) in files.iter().zip(&texts) {
                if **file.text(&db) != *text {
                    file.set_text(&mut db).to(text.clone().into());
                }
            }
            let told = || {
                format!(
                    "seed {seed}, edit {edit}:\n{}",
                    texts.join("\n=== further\n")
                )
            };
            compare(&db, package, &mut tally, told);
            for _ in 0..=random.below(3) / 2 {
                rules.edit(&mut random);
            }
        }
    }
    let Tally {
        programs,
        right,
        spared,
    } = tally;
    assert!(right * 2 > programs && spared * 4 > right, "{tally:?}");
}

#[test]
fn what_is_left_of_the_corpus_is_right() {
    let library = stdlib();
    let mut tally = Tally::default();
    let files = ["tests/calm", "tests/verdicts", "tests/soundness"];
    let files = files.map(|folder| root().join(folder));
    let files = files.iter().filter(|folder| folder.exists());
    for (seed, path) in (0..).zip(files.flat_map(|folder| bloom_files(folder))) {
        let text = fs::read_to_string(&path).expect("the corpus is UTF-8");
        let mut random = Random::new(seed);
        let mut db = Database::default();
        let input = |db: &Database, name: &str, text: &str| {
            File::new(db, name.to_owned(), Language::Bloom, text.to_owned())
        };
        let root = input(&db, "main", &text);
        let others = library.iter().map(|(name, text)| input(&db, name, text));
        let package = Package::new(&db, [root].into_iter().chain(others).collect());
        let mut lines: Vec<&str> = text.lines().collect();
        for _ in 0..CORPUS_EDITS {
            compare(&db, package, &mut tally, || {
                format!("{}:\n{}", path.display(), lines.join("\n"))
            });
            let is_rule = |line: &&str| line.contains(" <") && line.trim_end().ends_with(';');
            let rules = (0..lines.len()).filter(|&at| is_rule(&lines[at]));
            let rules: Vec<usize> = rules.collect();
            if rules.is_empty() {
                break;
            }
            let mut one = || rules[random.below(rules.len())];
            let (at, other) = (one(), one());
            match random.below(5) {
                0 => lines.swap(at, other),
                1 => lines.insert(at, lines[other]),
                2 => lines = text.lines().collect(),
                _ => drop(lines.remove(at)),
            }
            root.set_text(&mut db).to(lines.join("\n").into());
        }
    }
    assert!(tally.spared * 4 > tally.right, "{tally:?}");
}

/// As when one rule is put back and another taken out, far from it.
#[test]
fn rules_between_two_that_changed_are_left_alone() {
    const RULES: usize = 400;
    let tables: String = (0..RULES)
        .map(|n| format!("table t{n}(x: Int);\n"))
        .collect();
    let without = |left_out: usize| {
        let rules = (0..RULES).filter(|&n| n != left_out);
        let rules: String = rules.map(|n| format!("t{n}{{x}} <= a{{x}};\n")).collect();
        format!("input a(x: Int);\n{tables}{rules}")
    };
    let mut db = Database::default();
    let file = File::new(&db, "main".to_owned(), Language::Bloom, without(3));
    let package = Package::new(&db, vec![file]);
    let looked_for = |db: &Database| {
        compare(db, package, &mut Tally::default(), String::new);
        let recalls = db.recalls.lock();
        recalls.packages[&package].calm.remembered_forms()
    };
    assert_eq!(looked_for(&db), RULES - 1);
    file.set_text(&mut db).to(without(RULES - 3).into());
    let again = looked_for(&db);
    assert!(again < 10, "{again} of {RULES}");
}
