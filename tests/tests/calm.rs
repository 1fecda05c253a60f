//! Verdicts of the consistency analysis on programs that say themselves what to expect: the first lines of
//! each file in `tests/calm`, and of those in `tests/verdicts` for which a small search finds no witness, are `//! expect: output NAME = ok|flagged` and
//! `//! expect: view NAME = converges|flagged`.

use std::path::{Path, PathBuf};

use bloom_compiler::calm::Report;
use bloom_tests::program::{bloom_files, check_text, module_name, read, root, standard_library};

/// One line of a header.
#[derive(Debug)]
struct Expectation {
    kind: String,
    name: String,
    verdict: String,
}

fn programs() -> Vec<PathBuf> {
    let folders = ["tests/calm", "tests/verdicts"];
    let files = folders.map(|folder| bloom_files(&root().join(folder)));
    files.concat()
}

fn expectations(text: &str) -> Vec<Expectation> {
    let lines = text.lines();
    let headers = lines.filter_map(|line| line.strip_prefix("//! expect: "));
    headers
        .map(|line| {
            let (what, verdict) = line
                .split_once(" = ")
                .expect("an expectation has a verdict");
            let (kind, name) = what.split_once(' ').expect("an expectation has a name");
            Expectation {
                kind: kind.to_owned(),
                name: name.to_owned(),
                verdict: verdict.to_owned(),
            }
        })
        .collect()
}

fn report(path: &Path, text: &str) -> Report {
    let checked = check_text(&module_name(path), text, &standard_library());
    assert!(
        checked.is_fine(),
        "{}: {:#?}",
        path.display(),
        checked.diagnostics
    );
    checked.calm
}

/// The verdicts of an expectation's name, one a kind of node that has it.
fn verdicts(report: &Report, expected: &Expectation) -> Vec<&'static str> {
    match expected.kind.as_str() {
        "output" => {
            let outputs = report.outputs.iter().filter(|o| o.name == expected.name);
            outputs
                .map(|output| match output.label.is_deterministic() {
                    true => "ok",
                    false => "flagged",
                })
                .collect()
        }
        "view" => {
            let views = report
                .views
                .iter()
                .filter(|view| view.name == expected.name);
            views
                .map(|view| match view.converges {
                    true => "converges",
                    false => "flagged",
                })
                .collect()
        }
        other => panic!("`{other}` is neither `output` nor `view`"),
    }
}

#[test]
fn verdicts_are_those_of_the_headers() {
    let mut wrong = Vec::new();
    for path in programs() {
        let text = read(&path);
        let expected = expectations(&text);
        assert!(!expected.is_empty(), "{}: no expectation", path.display());
        let report = report(&path, &text);
        for expectation in expected {
            let verdicts = verdicts(&report, &expectation);
            if verdicts.is_empty() || verdicts.iter().any(|v| *v != expectation.verdict) {
                wrong.push(format!(
                    "{}: {expectation:?}, found {verdicts:?}",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_flagged_says_why() {
    for path in programs() {
        let text = read(&path);
        let report = report(&path, &text);
        let outputs = report.outputs.iter();
        let bad = outputs
            .filter(|output| !output.label.is_deterministic())
            .map(|output| (&output.name, &output.because));
        let views = report.views.iter().filter(|view| !view.converges);
        for (name, because) in bad.chain(views.map(|view| (&view.name, &view.because))) {
            assert!(!because.is_empty(), "{}: {name}", path.display());
        }
    }
}
