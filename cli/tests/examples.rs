//! The examples do what they say, on inputs of the size that they are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bloom_xtask::{cart_log, dependency_facts};
use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder is this test's own");
    }
    fs::create_dir_all(&folder).expect("tests may write below the target folder");
    folder
}

fn bloom(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bloom"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the binary was built for this test")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the target folder has a plain name")
}

fn succeeded(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    String::from_utf8(output.stdout).expect("results are UTF-8")
}

/// Every program below `examples`.
fn programs() -> Vec<String> {
    let mut programs = Vec::new();
    let folders = fs::read_dir(root().join("examples")).expect("there are examples");
    for folder in folders {
        let folder = folder.expect("the folder can be read").path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder).expect("the folder can be read") {
            let path = file.expect("the folder can be read").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "bloom")
            {
                let below = path.strip_prefix(root()).expect("it is below the root");
                programs.push(text(below).to_owned());
            }
        }
    }
    programs.sort();
    programs
}

#[test]
fn the_tests_inside_the_examples_pass() {
    let programs = programs();
    assert!(programs.len() > 10, "{programs:?}");
    for path in programs {
        let output = bloom(&["test", &path]);
        assert!(output.status.success(), "{path}: {output:?}");
        let report = String::from_utf8(output.stdout).expect("results are UTF-8");
        assert!(
            report.contains("passed")
                && !report.contains("\n0 passed")
                && !report.starts_with("0 passed"),
            "{path}: {report}"
        );
    }
}

#[test]
fn the_examples_are_formatted() {
    for path in programs() {
        let output = bloom(&["fmt", "--check", &path]);
        assert!(output.status.success(), "{path}: {output:?}");
    }
}

/// Three replicas count the same, and the same as the log says when it is read from top to bottom.
#[test]
fn replicas_of_the_cart_agree_on_a_long_log() {
    let mut log = Vec::new();
    cart_log::write(&mut log, 12_000, 7).expect("a vector takes everything");
    let log = String::from_utf8(log).expect("JSON is UTF-8");
    let path = folder("cart").join("log.jsonl");
    fs::write(&path, &log).expect("the folder is there");

    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for line in log.lines() {
        let line: Json = serde_json::from_str(line).expect("the log is JSON");
        if line["collection"] == "action" {
            let item = line["row"]["item"].as_str().expect("an item has a name");
            *expected.entry(item.to_owned()).or_default() += line["row"]["quantity"]
                .as_i64()
                .expect("a quantity is a number");
        }
    }

    let arguments = [
        "run",
        "examples/cart/cart.bloom",
        "--nodes",
        "3",
        "--seed",
        "1",
        "--in",
    ];
    let printed = succeeded(bloom(&[&arguments[..], &[text(&path)]].concat()));
    let mut totals: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    let mut verdicts = BTreeSet::new();
    for line in printed.lines() {
        let line: Json = serde_json::from_str(line).expect("outputs are JSON");
        let row = &line["row"];
        let replica = row["replica"]
            .as_str()
            .expect("a replica is an address")
            .to_owned();
        if line["collection"] == "total" {
            let item = row["item"].as_str().expect("an item has a name").to_owned();
            let quantity = row["quantity"].as_i64().expect("a quantity is a number");
            totals.entry(replica).or_default().insert(item, quantity);
        } else {
            assert_eq!(
                (&row["replicas"], &row["agree"]),
                (&Json::from(3), &Json::from(true))
            );
            verdicts.insert(replica);
        }
    }
    assert_eq!(verdicts.len(), 3);
    assert_eq!(totals.len(), 3);
    for (replica, total) in totals {
        assert_eq!(total, expected, "{replica}");
    }
}

/// What the program finds in this workspace's lock file is what a search from each package finds.
#[test]
fn dependencies_are_found_transitively() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is committed");
    let csv = dependency_facts::csv(&lock).expect("Cargo wrote it");
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (package, dependency) in csv.lines().skip(1).filter_map(|line| line.split_once(',')) {
        needs.entry(package).or_default().push(dependency);
    }
    let mut expected = BTreeSet::new();
    for &package in needs.keys() {
        let mut open = vec![package];
        while let Some(next) = open.pop() {
            for &dependency in needs.get(next).into_iter().flatten() {
                if expected.insert(format!("{package},{dependency}")) {
                    open.push(dependency);
                }
            }
        }
    }

    let folder = folder("deps");
    let (facts, out) = (folder.join("facts"), folder.join("out"));
    fs::create_dir(&facts).expect("the folder is new");
    fs::write(facts.join("needs.csv"), &csv).expect("the folder is there");
    let path = "examples/deps/deps.bloom";
    succeeded(bloom(&[
        "run",
        path,
        "--facts",
        text(&facts),
        "--out",
        text(&out),
    ]));

    let found = fs::read_to_string(out.join("needs_all.csv")).expect("the output was written");
    let found: BTreeSet<String> = found.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(found, expected);
}
