//! Times the front end on one program, each stage in one shot.
//!
//! `cargo bench -p bloom-compiler --bench front -- FILE` prints one line a figure: its name and its median in
//! microseconds.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads a file and the clock, and prints"
)]

use std::time::Instant;

use bloom_compiler::base::FileId;
use bloom_compiler::{analysis, check, hir, syntax, typing};

const REPETITIONS: usize = 7;

fn main() {
    let path = std::env::args().find(|argument| argument.ends_with(".bloom"));
    let Some(path) = path else {
        println!("usage: cargo bench -p bloom-compiler --bench front -- FILE.bloom");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let module = syntax::parse(&text).module;
    let sources = [hir::Source {
        name: "main",
        file: FileId(0),
        module: &module,
    }];
    let program = hir::resolve(&sources).program;
    let typed = typing::infer(&program);
    let files = [check::File {
        name: "main",
        text: &text,
        dedalus: false,
    }];
    let checked = check::check(&files);
    assert!(checked.is_fine(), "the program has no errors");
    print("parse", || syntax::parse(&text));
    print("resolve", || hir::resolve(&sources));
    print("infer", || typing::infer(&program));
    print("analyze", || analysis::analyze(&program, &typed));
    print("check", || check::check(&files));
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
    println!("{name} {}", times[REPETITIONS / 2]);
}
