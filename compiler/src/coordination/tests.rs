//! What is inserted into small programs, and that all of it is needed.

mod ads;
mod fifo;
mod insertions;

use std::fmt::Write;

use expect_test::Expect;

use super::{Coordinated, Coordination, Insertion, coordinate};
use crate::base::codes::ALL;
use crate::calm::Report;
use crate::check::{Checked, File, check};

fn checked(text: &str) -> Checked {
    let checked = check(&[File {
        name: "main",
        text,
        dedalus: false,
    }]);
    assert!(checked.is_fine(), "{:#?}", checked.diagnostics);
    checked
}

fn verdicts(report: &Report) -> Vec<String> {
    let outputs = report.outputs.iter();
    let outputs = outputs.map(|output| format!("{} {}", output.name, output.label.name()));
    let views = report.views.iter().map(|view| match view.converges {
        true => format!("{} converges", view.name),
        false => format!("{} wavers", view.name),
    });
    outputs.chain(views).collect()
}

fn line(insertion: &Insertion) -> String {
    let mends: Vec<&str> = insertion.mends.iter().map(|m| m.name.as_str()).collect();
    let log = match &insertion.strategy {
        super::Strategy::Order { log } => format!(" \"{log}\""),
        super::Strategy::Fifo { group } => format!(" \"{group}\""),
        super::Strategy::Once | super::Strategy::Seal | super::Strategy::KeyOrder => String::new(),
    };
    let by = match insertion.by.as_slice() {
        [] => String::new(),
        by => format!(" by {}", by.join(", ")),
    };
    format!(
        "{}{log} on {}{by} for {}",
        insertion.strategy.name(),
        insertion.on.join(", "),
        mends.join(", ")
    )
}

/// What is inserted and advised, the verdicts before and after, and which rules are new or changed.
fn shown(text: &str, mode: Coordination) -> (Coordinated, String) {
    let checked = checked(text);
    let done = coordinate(&checked, mode);
    let mut shown = String::new();
    let mut add = |line: String| writeln!(shown, "{line}").expect("strings take all");
    add(format!("before: {}", verdicts(&done.before).join(", ")));
    for insertion in &done.insertions {
        add(format!("insert {}", line(insertion)));
    }
    for advice in &done.advice {
        add(format!("advise {}", line(advice)));
    }
    for diagnostic in &done.diagnostics {
        add(format!("{} {}", diagnostic.code, diagnostic.message));
    }
    add(format!("after: {}", verdicts(&done.after).join(", ")));
    let before = checked.program.source(None);
    for line in done.program.source(None).lines() {
        if !before.contains(line) {
            add(format!("  {line}"));
        }
    }
    (done, shown)
}

/// Compares what coordination does; what it prints must compile to the same verdicts.
fn coordinates(text: &str, expect: &Expect) {
    let (done, shown) = shown(text, Coordination::Auto);
    expect.assert_eq(&shown);
    let again = checked(&done.program.source(None));
    assert_eq!(verdicts(&again.calm), verdicts(&done.after));
}

/// The first example of each page of this stage gives that diagnostic and no other, the rest none.
#[test]
fn pages_of_errors_are_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors/");
    let ours = ALL.iter();
    for code in ours.filter(|code| code.id().starts_with("E07")) {
        let page = std::fs::read_to_string(format!("{folder}{code}.md"));
        let page = page.expect("each code has a page");
        for (place, example) in page.split("```bloom\n").skip(1).enumerate() {
            let text = example.split("```").next().unwrap_or_default();
            let done = coordinate(&checked(text), Coordination::Auto);
            let found: Vec<&str> = done.diagnostics.iter().map(|d| d.code.id()).collect();
            let wanted = match place {
                0 => vec![code.id()],
                _ => Vec::new(),
            };
            assert_eq!(found, wanted, "example {place} of {code}");
        }
    }
}
