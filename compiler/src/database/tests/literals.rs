//! Numbers that rules compare with, edited at random: mostly the consistency analysis need not run again, and what is
//! said then is what it says from nothing.

use std::fs;

use bloom_stdx::random::Random;
use salsa::Setter;

use super::super::{Database, File, Language, Package, checked, effort};
use super::facts;
use crate::check;
use crate::check::tests::{bloom_files, root, stdlib};

const EDITS: usize = 5;

/// Below and above what the analysis tells apart.
const NUMBERS: [&str; 6] = ["0", "1", "2", "3", "7", "40"];

const COMPARISONS: [&str; 5] = [" > ", " < ", " >= ", " != ", " == "];

/// Where the text compares with a number: the number's bytes.
fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    for comparison in COMPARISONS {
        for (at, _) in text.match_indices(comparison) {
            let start = at + comparison.len();
            let rest = &text[start..];
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let follows = rest[digits..].starts_with([',', ';', '\n', ' ']);
            if digits > 0 && follows {
                places.push(start..start + digits);
            }
        }
    }
    places
}

/// Edits one program, and compares after each edit. How many edits left a program to analyse, and how many of these
/// were not analysed again.
fn compare(
    name: &str,
    text: &str,
    library: &[(String, String)],
    random: &mut Random,
) -> [usize; 2] {
    let mut db = Database::default();
    let input = |db: &Database, name: &str, text: &str| {
        File::new(db, name.to_owned(), Language::Bloom, text.to_owned())
    };
    let file = input(&db, name, text);
    let files = library.iter().map(|(name, text)| input(&db, name, text));
    let files = [file].into_iter().chain(files).collect();
    let package = Package::new(&db, files);
    checked(&db, package);
    let mut now = text.to_owned();
    let mut counts = [0, 0];
    for _ in 0..EDITS {
        let places = places(&now);
        let Some(place) = places.get(random.below(places.len().max(1))) else {
            break;
        };
        let number = NUMBERS[random.below(NUMBERS.len())];
        if now[place.clone()] == *number {
            continue;
        }
        now.replace_range(place.clone(), number);
        file.set_text(&mut db).to(now.clone().into());
        let warm = checked(&db, package);
        let cold = check::tests::check_text(name, &now, library);
        assert_eq!(facts(&warm), facts(&cold), "{name}:\n{now}");
        if cold.is_fine() && !cold.tables().rules.is_empty() {
            counts[0] += 1;
            counts[1] += usize::from(!effort(&db, package).is_judged);
        }
    }
    counts
}

#[test]
fn a_report_that_stands_is_what_it_is_from_nothing() {
    let library = stdlib();
    let mut random = Random::new(5);
    let [mut analysed, mut stood] = [0, 0];
    for folder in [
        "tests/calm",
        "tests/verdicts",
        "tests/conformance",
        "examples",
    ] {
        for path in bloom_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("the corpus is UTF-8");
            let counts = compare("main", &text, &library, &mut random);
            analysed += counts[0];
            stood += counts[1];
        }
    }
    assert!(analysed > 100, "{analysed} edited programs were analysed");
    assert!(stood * 4 > analysed, "of {analysed} reports {stood} stood");
    assert!(stood < analysed, "some numbers matter");
}

/// `o` sends what `b` gives; whether the first rule gives nothing else depends on the two numbers.
const TWO: &str = "\
input a(x: Int);
input r(x: Int);
table b(x: Int);
output o(x: Int);
b{x} <= a{x};
o{x} <= b{x}, x > 5;
o{x} <= b{x}, x > LIMIT, not r{x};
";

#[test]
fn numbers_that_are_compared_with_each_other_are_analysed_again() {
    let text = |limit: &str| TWO.replace("LIMIT", limit);
    let mut db = Database::default();
    let file = File::new(&db, "main".to_owned(), Language::Bloom, text("6"));
    let package = Package::new(&db, vec![file]);
    let mut labels = Vec::new();
    for limit in ["6", "5", "7", "70"] {
        file.set_text(&mut db).to(text(limit).into());
        let warm = checked(&db, package);
        let cold = check::tests::check_text("main", &text(limit), &[]);
        assert_eq!(facts(&warm), facts(&cold), "{limit}");
        labels.push(warm.calm.outputs[0].label.name());
    }
    assert_eq!(labels, ["run", "async", "run", "run"]);
}
