//! `docs/functions.md` is the table of built-ins. `UPDATE_EXPECT=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use bloom_plan::functions::{BUILTINS, Builtin, Entry, Kind};

const HEADER: &str = "\
# Functions and methods

Every built-in of the language, as `plan/src/functions/` declares it; this page is written from there
(`UPDATE_EXPECT=1 cargo test -p bloom-plan --test functions_page`). A name before the dot is the type
whose method it is; single upper-case letters are any type, `L` and `M` any lattice.

*fails*: the call can end in a row error. *morphism*: it commutes with the merging of lattices, so that
only what grew flows on. *monotone*: it grows with its lattice arguments. *nondeterministic*: it may give
another result each time, which the analysis knows.

`x.reveal` is written like a field: the plain value of a lattice value as it is now. `Set<T>` gives a
`FrozenSet<T>`, `Bag<T>` a `FrozenBag<T>`, `Map<K, L>` a `FrozenMap` of what the values reveal; `Max`, `Min`
and `Lww` give the value, `Once` an `Option`, a product a record of its revealed parts.
";

fn area(entry: Entry) -> &'static str {
    match entry {
        Entry::Generic(_) => "Any type, time and chance",
        Entry::Number(_) => "Numbers",
        Entry::Text(_) => "Strings, regular expressions, JSON, addresses",
        Entry::Bytes(_) => "Bytes and hashes",
        Entry::Clock(_) => "Times and durations",
        Entry::List(_) => "Lists",
        Entry::Optional(_) => "Options",
        Entry::Frozen(_) => "Plain sets, bags and maps",
        Entry::Lattice(_) => "Lattices",
    }
}

fn notes(builtin: &Builtin) -> String {
    let kind = match builtin.kind {
        Kind::Morphism => "morphism",
        Kind::Monotone => "monotone",
        Kind::Plain => "",
        Kind::Nondeterministic => "nondeterministic",
    };
    let fails = if builtin.fallible { "fails" } else { "" };
    let notes: Vec<&str> = [kind, fails]
        .into_iter()
        .filter(|n| !n.is_empty())
        .collect();
    notes.join(", ")
}

fn page() -> String {
    let mut page = HEADER.to_owned();
    let mut last = "";
    for builtin in BUILTINS {
        let area = area(builtin.entry);
        if area != last {
            write!(page, "\n## {area}\n\n| | | |\n| --- | --- | --- |\n")
                .expect("a string takes everything");
            last = area;
        }
        let Builtin { signature, doc, .. } = builtin;
        writeln!(page, "| `{signature}` | {doc} | {} |", notes(builtin))
            .expect("a string takes everything");
    }
    page
}

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/functions.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, page()).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).expect("docs/functions.md is there");
    assert_eq!(
        written,
        page(),
        "run with UPDATE_EXPECT=1 to write the page anew"
    );
}
