//! The benchmarks: `cargo xtask bench [ID]… [OPTION]…` generates inputs, builds Bloom and what it is compared with,
//! and writes `bench/results.md` section by section.
//!
//! Invariant: a time counts only if its run's answers were those of all others, row for row.

mod answers;
mod batch;
mod compile;
mod coordination;
mod editor;
mod inputs;
mod memory;
mod options;
mod peers;
pub(crate) mod process;
mod results;
mod smoke;
mod ticks;
mod workers;
mod works;

use std::path::Path;
use std::time::Instant;

use options::Options;
use results::Page;

/// What there is, in the order of the page, and its titles.
const SECTIONS: [(&str, &str); 11] = [
    ("B1", "transitive closure"),
    ("B2", "program analyses and other recursion"),
    ("B3", "least values: shortest paths and components"),
    ("B4", "negation and groups"),
    ("B5", "a store, by rows in a tick"),
    ("B6", "a tick of one row, as what is there grows"),
    ("B8", "compiling and starting"),
    ("B9", "what coordination costs"),
    ("B10", "two workers"),
    ("B11", "memory"),
    ("E1", "what an editor waits for"),
];

pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let options = match Options::parse(arguments)? {
        Some(options) => options,
        None => {
            print!("{}", options::USAGE);
            return Ok(());
        }
    };
    if options.smoke {
        return smoke::run(root);
    }
    peers::build_bloom(root, peers::Profile::Release)?;
    let mut page = Page::read(root)?;
    let commit = results::commit(root)?;
    let mut failed = Vec::new();
    for (id, title) in SECTIONS {
        if !options.takes(id) || options.resume && page.is_of(id, &commit) {
            continue;
        }
        let (load, begin) = (results::load(), Instant::now());
        // What goes wrong with one says nothing about the others.
        let text = match section(root, id, &options) {
            Ok(text) => text,
            Err(message) => {
                println!("{id}: {message}");
                failed.push(id);
                continue;
            }
        };
        let on = results::measured_on(root, &options, &commit, &load)?;
        let section = format!("## {id}: {title}\n\n{text}\n{on}\n");
        println!("{section}\n{id} took {:.0?}", begin.elapsed());
        page.replace(id, section);
        if options.is_whole() {
            page.write(root)?;
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("failed: {}", failed.join(", "))),
    }
}

fn section(root: &Path, id: &str, options: &Options) -> Result<String, String> {
    match id {
        "B1" | "B2" | "B3" | "B4" => batch::section(root, id, options),
        "B5" => ticks::section_of_sizes(root, options),
        "B6" => ticks::section_of_growth(root, options),
        "B8" => compile::section(root, options),
        "B9" => coordination::section(root),
        "B10" => workers::section(root, options),
        "B11" => memory::section(root, options),
        "E1" => editor::section(root, options.seed),
        other => unreachable!("{other} is in the list of sections"),
    }
}
