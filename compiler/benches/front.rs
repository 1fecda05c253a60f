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
use bloom_compiler::{analysis, calm, check, hir, syntax, typing};
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

/// Changes a number in one rule after another, and asks for each answer in turn.
fn edits(text: &str) {
    let mut db = Database::default();
    let file = File::new(&db, "main".to_owned(), Language::Bloom, text.to_owned());
    let package = Package::new(&db, vec![file]);
    database::diagnostics(&db, package);
    database::calm_report(&db, package);
    let lines: Vec<&str> = text.lines().collect();
    let rules: Vec<usize> = (0..lines.len())
        .filter(|&line| lines[line].contains(" > "))
        .collect();
    let names = [
        "edit: parse",
        "edit: resolve",
        "edit: infer",
        "edit: analyze",
        "edit: calm",
        "edit: diagnostics",
        "edit: all",
    ];
    let mut times: [Vec<u128>; 7] = Default::default();
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    for edit in 0..EDITS {
        let line = rules[edit * rules.len() / EDITS];
        lines[line] = lines[line].replace(" > ", &format!(" > 1{edit} + "));
        file.set_text(&mut db).to(lines.join("\n"));
        let begin = Instant::now();
        let mut last = begin;
        let mut lap = |times: &mut Vec<u128>| {
            times.push(last.elapsed().as_micros());
            last = Instant::now();
        };
        database::module(&db, file);
        lap(&mut times[0]);
        database::program(&db, package);
        lap(&mut times[1]);
        database::typed(&db, package);
        lap(&mut times[2]);
        database::analyzed(&db, package);
        lap(&mut times[3]);
        database::calm_report(&db, package);
        lap(&mut times[4]);
        database::diagnostics(&db, package);
        lap(&mut times[5]);
        times[6].push(begin.elapsed().as_micros());
    }
    for (name, times) in names.iter().zip(&mut times) {
        times.sort_unstable();
        println!(
            "{name} {} {} {}",
            times[0],
            times[EDITS / 2],
            times[EDITS - 2]
        );
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
