//! Times the front end on one program: each stage in one shot, then edits of single rules through the queries.
//!
//! `cargo bench -p bloom-compiler --bench front -- FILE` prints one line a figure: its name, the least and the
//! median time in microseconds; of edits the 99th percentile as well.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads a file and the clock, and prints"
)]

use std::time::Instant;

use bloom_compiler::base::FileId;
use bloom_compiler::database::{self, Database, File, Language, Package};
use bloom_compiler::{analysis, calm, check, hir, ide, syntax, typing};
use salsa::Setter;

/// That of the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REPETITIONS: usize = 7;

const EDITS: usize = 101;

fn main() {
    let path = std::env::args().find(|argument| argument.ends_with(".bloom"));
    let Some(path) = path else {
        println!("usage: cargo bench -p bloom-compiler --bench front -- FILE.bloom");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the file can be read");
    one_shot(&text);
    edits(&text);
}

fn one_shot(text: &str) {
    let module = syntax::parse(text).module;
    let sources = [hir::Source {
        name: "main",
        file: FileId(0),
        module: &module,
    }];
    let program = hir::resolve(&sources).program;
    let typed = typing::infer(&program);
    let analysis = analysis::analyze(&program, &typed);
    let flows = calm::summarize(&program, &typed, &analysis);
    let files = [check::File {
        name: "main",
        text,
        dedalus: false,
    }];
    let checked = check::check(&files);
    assert!(checked.is_fine(), "the program has no errors");
    print("outline", || syntax::outline(text));
    print("parse", || syntax::parse(text));
    print("resolve", || hir::resolve(&sources));
    print("infer", || typing::infer(&program));
    print("analyze", || analysis::analyze(&program, &typed));
    print("summarize", || calm::summarize(&program, &typed, &analysis));
    print("calm", || calm::analyze(&program, &flows));
    print("check", || check::check(&files));
}

/// What edits change, and what each series of them is called.
const SERIES: [(&str, Edit); 3] = [
    ("edit", Edit::Number),
    ("take out", Edit::TakeOut),
    ("put back", Edit::PutBack),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// A number in one rule after another.
    Number,
    /// One rule after another, put back before the next goes.
    TakeOut,
    PutBack,
}

/// What is asked for after an edit, in turn.
const STAGES: [(&str, Stage); 9] = [
    ("parse", |db, package| {
        database::module(db, package.files(db)[0]);
    }),
    ("resolve", |db, package| {
        database::program(db, package);
    }),
    ("infer", |db, package| {
        database::typed(db, package);
    }),
    ("analyze", |db, package| {
        database::analyzed(db, package);
    }),
    ("calm", |db, package| {
        database::calm_report(db, package);
    }),
    ("diagnostics", |db, package| {
        database::diagnostics(db, package);
    }),
    ("problems", |db, package| {
        database::problems(db, package);
    }),
    ("names", |db, package| {
        ide::names_of(db, package);
    }),
    ("words", |db, package| {
        ide::words_of(db, package);
    }),
];

/// So many of them make up `all`: those up to the diagnostics.
const OF_ALL: usize = 6;

type Stage = fn(&Database, Package);

/// Edits one place after another, and asks for each answer in turn.
fn edits(text: &str) {
    let mut db = Database::default();
    let file = File::new(&db, "main".to_owned(), Language::Bloom, text.to_owned());
    let package = Package::new(&db, vec![file]);
    for (_, stage) in STAGES {
        stage(&db, package);
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len())
        .filter(|&line| lines[line].contains(" > ") && lines[line].ends_with(';'))
        .collect();
    let mut times: Vec<Vec<Vec<u128>>> = vec![vec![Vec::new(); STAGES.len() + 1]; SERIES.len()];
    for edit in 0..EDITS {
        let line = rules[edit * rules.len() / EDITS];
        let rule = lines[line].clone();
        for ((_, series), times) in SERIES.iter().zip(&mut times) {
            lines[line] = match series {
                Edit::Number => rule.replace(" > ", &format!(" > 1{edit} + ")),
                Edit::TakeOut => String::new(),
                Edit::PutBack => rule.clone(),
            };
            file.set_text(&mut db).to(lines.join("\n").into());
            let mut all = 0;
            for (number, (_, stage)) in STAGES.iter().enumerate() {
                let from = Instant::now();
                stage(&db, package);
                let time = from.elapsed().as_micros();
                times[number].push(time);
                all += if number < OF_ALL { time } else { 0 };
            }
            times[STAGES.len()].push(all);
        }
    }
    for ((series, _), times) in SERIES.iter().zip(&mut times) {
        let names = STAGES.iter().map(|(name, _)| *name).chain(["all"]);
        for (name, times) in names.zip(times) {
            times.sort_unstable();
            println!(
                "{series}: {name} {} {} {}",
                times[0],
                times[EDITS / 2],
                times[EDITS - 2]
            );
        }
    }
}

fn print<T>(name: &str, mut run: impl FnMut() -> T) {
    let mut times: Vec<u128> = (0..REPETITIONS)
        .map(|_| {
            let start = Instant::now();
            let result = run();
            let time = start.elapsed();
            drop(result);
            time.as_micros()
        })
        .collect();
    times.sort_unstable();
    println!("{name} {} {}", times[0], times[REPETITIONS / 2]);
}
