//! What `bloom calm` says of the case studies of the literature, as `examples` has them.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// What is expected of a program below `examples`.
struct Verdict {
    program: &'static str,
    /// Outputs with their labels as written; views with `settles` and the like.
    labels: &'static [(&'static str, &'static str)],
}

const VERDICTS: &[Verdict] = &[
    Verdict {
        program: "wordcount/wordcount",
        labels: &[("frequency", "seal(batch)"), ("running", "settles")],
    },
    Verdict {
        program: "ads/threshold",
        labels: &[("popular", "async")],
    },
    Verdict {
        program: "ads/poor",
        labels: &[("poor", "diverge")],
    },
    Verdict {
        program: "ads/window",
        labels: &[("poor", "diverge")],
    },
    Verdict {
        program: "ads/campaign",
        labels: &[("poor", "diverge")],
    },
    Verdict {
        program: "ads/campaign_by_window",
        labels: &[("poor", "diverge")],
    },
    Verdict {
        program: "carts/destructive",
        labels: &[("order", "run")],
    },
    Verdict {
        program: "carts/disorderly",
        labels: &[("order", "run"), ("present", "settles")],
    },
    Verdict {
        program: "waits/deadlock",
        labels: &[("deadlocked", "async")],
    },
    Verdict {
        program: "waits/garbage",
        labels: &[("garbage", "run")],
    },
    Verdict {
        program: "commit/commit",
        labels: &[("decided", "async"), ("result", "async")],
    },
    Verdict {
        program: "bank/deposits",
        labels: &[("reached", "async"), ("balance", "settles")],
    },
    Verdict {
        program: "bank/overdraft",
        labels: &[("paid", "diverge")],
    },
    Verdict {
        program: "ids/by_origin",
        labels: &[("stored", "async")],
    },
    Verdict {
        program: "ids/dense",
        labels: &[("stored", "diverge")],
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
        let found: Vec<(&str, &str)> = written
            .iter()
            .map(|(name, title)| (&**name, &**title))
            .collect();
        if found != verdict.labels {
            wrong.push(format!("{}: {found:?}", verdict.program));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
