//! What stands above a line to be pressed: a test to run, an output whose contents are not the same in every run.
//!
//! The commands are the client's: `bloom.runTest` and `bloom.runFaultTest` take the file and the test's name,
//! `bloom.showWitness` the file and the output, `bloom.showCoordination` the file.

use bloom_compiler::base::FileId;
use bloom_compiler::calm::report::Label;
use bloom_compiler::coordination::{Insertion, insertions_of};
use bloom_compiler::database;
use bloom_compiler::syntax::ast::{ItemKind, ItemNode};
use serde_json::{Value, json};
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::translate::Places;

/// What a larger program needs is told by `bloom calm`.
const COORDINATED_RULES_MAX: usize = 500;

pub fn lenses(snapshot: &Snapshot) -> Vec<lsp::CodeLens> {
    let mut lenses = Vec::new();
    let module = database::module(&snapshot.db, snapshot.file);
    tests(snapshot, &module.items, 0, &mut lenses);
    outputs(snapshot, &mut lenses);
    lenses
}

fn lens(range: lsp::Range, title: String, command: &str, arguments: Vec<Value>) -> lsp::CodeLens {
    lsp::CodeLens {
        range,
        command: Some(lsp::Command {
            title,
            command: command.to_owned(),
            arguments: Some(arguments),
        }),
        data: None,
    }
}

fn uri(snapshot: &Snapshot) -> Value {
    json!(snapshot.uris.first())
}

fn tests(snapshot: &Snapshot, items: &[ItemNode], base: u32, lenses: &mut Vec<lsp::CodeLens>) {
    let lines = snapshot.lines();
    for node in items {
        let start = base + node.offset;
        let (test, title, command) = match &node.item.kind {
            ItemKind::Test(test) => (&**test, "Run test", "bloom.runTest"),
            ItemKind::FaultTest(fault) => (&fault.test, "Run fault test", "bloom.runFaultTest"),
            ItemKind::Module(module) => {
                tests(snapshot, &module.items, start, lenses);
                continue;
            }
            _ => continue,
        };
        let range = lines.range(test.name_span.shifted(start));
        let arguments = vec![uri(snapshot), json!(test.name.as_str())];
        lenses.push(lens(range, title.to_owned(), command, arguments));
    }
}

/// Of outputs that are not the same in every run: what is inserted to mend that, or where the witness is.
fn outputs(snapshot: &Snapshot, lenses: &mut Vec<lsp::CodeLens>) {
    let (db, package) = (&snapshot.db, snapshot.package);
    let report = database::calm_report(db, package);
    let is_good = |label: &Label| matches!(label, Label::Async | Label::Seal(_));
    let bad = report
        .outputs
        .iter()
        .filter(|output| !is_good(&output.label));
    let bad: Vec<_> = bad.filter(|output| output.accepted.is_none()).collect();
    let rules = database::program(db, package).nodes.values();
    let rules: usize = rules.map(|kind| kind.rules.len()).sum();
    let insertions = match bad.is_empty() || rules > COORDINATED_RULES_MAX {
        true => &[][..],
        false => insertions_of(db, package),
    };
    let mut places = Places::new(snapshot);
    for output in bad {
        let place = database::file_span(db, package, output.loc);
        if place.file != FileId(0) {
            continue;
        }
        let range = places.range(place);
        let title = format!("{}: show two runs that differ", output.label.name());
        let name = format!("{}.{}", output.node, output.name);
        let arguments = vec![uri(snapshot), json!(name)];
        lenses.push(lens(range, title, "bloom.showWitness", arguments));
        let is_for = |insertion: &&Insertion| {
            let mut mended = insertion.mends.iter();
            mended.any(|mended| mended.place == output.place)
        };
        for insertion in insertions.iter().filter(is_for) {
            let title = title_of(insertion);
            lenses.push(lens(
                range,
                title,
                "bloom.showCoordination",
                vec![uri(snapshot)],
            ));
        }
    }
}

/// `coordination: seal click by campaign`
fn title_of(insertion: &Insertion) -> String {
    let mut title = format!("coordination: {}", insertion.strategy.name());
    for (word, names) in [("", &insertion.on), (" by", &insertion.by)] {
        if !names.is_empty() {
            title += &format!("{word} {}", names.join(", "));
        }
    }
    title
}
