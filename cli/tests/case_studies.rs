//! What `bloom calm` says of the case studies of the literature, as `examples` has them.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// What is expected of a program below `examples`.
struct Verdict {
    program: &'static str,
    /// Outputs with their labels as written, and with what was inserted; views with `settles` and the like.
    labels: &'static [(&'static str, &'static str, &'static str)],
    /// What is inserted: kind, sources, columns.
    inserted: &'static [(&'static str, &'static str, &'static str)],
}

const VERDICTS: &[Verdict] = &[
    Verdict {
        program: "wordcount/wordcount",
        labels: &[
            ("frequency", "seal(batch)", "seal(batch)"),
            ("running", "settles", "settles"),
        ],
        inserted: &[],
    },
    Verdict {
        program: "ads/threshold",
        labels: &[("popular", "async", "async")],
        inserted: &[],
    },
    Verdict {
        program: "ads/poor",
        labels: &[("poor", "diverge", "run")],
        inserted: &[("order", "click, request", "")],
    },
    Verdict {
        program: "ads/window",
        labels: &[("poor", "diverge", "seal(window)")],
        inserted: &[("seal", "click", "window")],
    },
    Verdict {
        program: "ads/campaign",
        labels: &[("poor", "diverge", "seal(campaign)")],
        inserted: &[("seal", "click", "campaign")],
    },
    Verdict {
        program: "ads/campaign_by_window",
        labels: &[("poor", "diverge", "run")],
        inserted: &[("order", "click, request", "")],
    },
    Verdict {
        program: "carts/destructive",
        labels: &[("order", "run", "run")],
        inserted: &[],
    },
    Verdict {
        program: "carts/disorderly",
        labels: &[
            ("order", "run", "seal(session)"),
            ("present", "settles", "settles"),
        ],
        inserted: &[("seal", "change", "session")],
    },
    Verdict {
        program: "waits/deadlock",
        labels: &[("deadlocked", "async", "async")],
        inserted: &[],
    },
    Verdict {
        program: "waits/garbage",
        labels: &[("garbage", "run", "run")],
        inserted: &[],
    },
    Verdict {
        program: "commit/commit",
        labels: &[("decided", "async", "async"), ("result", "async", "async")],
        inserted: &[],
    },
    Verdict {
        program: "bank/deposits",
        labels: &[
            ("reached", "async", "async"),
            ("balance", "settles", "settles"),
        ],
        inserted: &[],
    },
    Verdict {
        program: "bank/overdraft",
        labels: &[("paid", "diverge", "run")],
        inserted: &[("order", "deposit, withdraw", "")],
    },
    Verdict {
        program: "ids/by_origin",
        labels: &[("stored", "async", "async")],
        inserted: &[],
    },
    Verdict {
        program: "ids/dense",
        labels: &[("stored", "diverge", "run")],
        inserted: &[("order", "put", "")],
    },
];

fn report(program: &str) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_bloom"))
        .args([
            "calm",
            &format!("examples/{program}.bloom"),
            "--format",
            "json",
            "--no-witness",
        ])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("the binary was built for this test");
    assert!(output.status.success(), "{program}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("it is one JSON document")
}

fn words(value: &Json) -> String {
    let all = value.as_array().into_iter().flatten();
    let words: Vec<&str> = all.filter_map(Json::as_str).collect();
    words.join(", ")
}

/// `seal(window)`, or `settles` of a view.
fn title(entry: &Json) -> String {
    if let Some(title) = entry["title"].as_str() {
        return title.to_owned();
    }
    let label = entry["label"].as_str().expect("an output has a label");
    match entry.get("by") {
        Some(by) => format!("{label}({})", words(by)),
        None => label.to_owned(),
    }
}

/// Names and titles of the outputs and views in two lists of the report.
fn titles(report: &Json, outputs: &str, views: &str) -> Vec<(String, String)> {
    let both = [&report[outputs], &report[views]];
    let entries = both
        .into_iter()
        .flat_map(|list| list.as_array().into_iter().flatten());
    entries
        .map(|entry| {
            (
                entry["name"].as_str().expect("it has a name").to_owned(),
                title(entry),
            )
        })
        .collect()
}

#[test]
fn the_case_studies_come_out() {
    let mut wrong = Vec::new();
    for verdict in VERDICTS {
        let report = report(verdict.program);
        let written = titles(&report, "outputs", "views");
        let after = titles(&report, "after", "after_views");
        let found: Vec<(&str, &str, &str)> = written
            .iter()
            .zip(&after)
            .map(|((name, before), (_, after))| (&**name, &**before, &**after))
            .collect();
        let inserted: Vec<(String, String, String)> = report["coordination"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                let word = |name: &str| one[name].as_str().expect("it is a word").to_owned();
                (word("kind"), word("on"), words(&one["by"]))
            })
            .collect();
        let inserted: Vec<(&str, &str, &str)> = inserted
            .iter()
            .map(|(kind, on, by)| (&**kind, &**on, &**by))
            .collect();
        if found != verdict.labels || inserted != verdict.inserted {
            wrong.push(format!(
                "{}: {found:?}, inserted {inserted:?}",
                verdict.program
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
