//! Every fix that `bloom calm` proposes for the programs of `tests/calm`, applied to the text, does what it
//! says: the program has no errors, and the output or view is better.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// From good to bad.
const LABELS: [&str; 5] = ["async", "seal", "run", "instance", "diverge"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What is said of a program as it is written.
fn report(path: &Path) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_bloom"))
        .arg("calm")
        .arg(path)
        .args(["--format", "json", "--no-witness", "--coordination", "off"])
        .output()
        .expect("the binary was built for this test");
    assert!(output.status.success(), "{}: {output:?}", path.display());
    serde_json::from_slice(&output.stdout).expect("it is one JSON document")
}

/// The program with a fix's edits made, by lines and columns.
fn applied(program: &str, fix: &Json) -> String {
    let offset = |place: &Json| {
        let number = |name: &str| place[name].as_u64().expect("a number") as usize;
        let lines = program.split_inclusive('\n').take(number("line") - 1);
        let line = lines.map(str::len).sum::<usize>();
        let letters = program[line..].chars().take(number("column") - 1);
        line + letters.map(char::len_utf8).sum::<usize>()
    };
    let mut edits: Vec<(usize, usize, &str)> = Vec::new();
    for edit in fix["edits"].as_array().expect("a list") {
        let text = edit["new_text"].as_str().expect("a text");
        edits.push((
            offset(&edit["span"]["start"]),
            offset(&edit["span"]["end"]),
            text,
        ));
    }
    edits.sort_unstable();
    let mut text = program.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

fn find<'r>(report: &'r Json, list: &str, like: &Json) -> Option<&'r Json> {
    let entries = report[list].as_array()?;
    let same = |entry: &&Json| entry["node"] == like["node"] && entry["name"] == like["name"];
    entries.iter().find(same)
}

fn is_better(subject: &Json, after: &Json) -> bool {
    if find(after, "accepted", subject).is_some() {
        return true;
    }
    if let Some(view) = find(after, "views", subject) {
        return view["converges"] == true;
    }
    let rank = |output: &Json| LABELS.iter().position(|label| output["label"] == *label);
    find(after, "outputs", subject).is_some_and(|output| rank(output) < rank(subject))
}

#[test]
fn every_fix_applied_gives_a_better_report() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixes");
    fs::create_dir_all(&folder).expect("tests may write below the target folder");
    let mut programs: Vec<PathBuf> = fs::read_dir(root().join("tests/calm"))
        .expect("the corpus is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "bloom")
        })
        .collect();
    programs.sort();
    let (mut tried, mut without, mut wrong) = (0, Vec::new(), Vec::new());
    for path in &programs {
        let text = fs::read_to_string(path).expect("the program can be read");
        let name = path.file_name().expect("it is a file");
        let report = report(path);
        let subjects = ["outputs", "views"]
            .into_iter()
            .flat_map(|list| report[list].as_array().into_iter().flatten());
        for subject in subjects {
            let is_bad = subject["deterministic"] == false || subject["converges"] == false;
            let fixes = subject["fixes"].as_array().expect("a list");
            if is_bad && fixes.is_empty() && find(&report, "accepted", subject).is_none() {
                without.push(format!("{}: {}", path.display(), subject["name"]));
            }
            for fix in fixes {
                tried += 1;
                let fixed = folder.join(name);
                fs::write(&fixed, applied(&text, fix)).expect("the folder takes files");
                if !is_better(subject, &self::report(&fixed)) {
                    wrong.push(format!("{}: {}", path.display(), fix["title"]));
                }
            }
        }
    }
    assert!(tried > 50, "{tried} fixes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(without.is_empty(), "nothing mends\n{}", without.join("\n"));
}
