//! What the analysis says of a subject's outputs and views.

use std::collections::BTreeSet;

use bloom_compiler::calm::Report;
use bloom_compiler::calm::report::{Assumption, Blame};

use super::exploration::Place;
use super::judge::Verdict;
use super::subject::Subject;
use crate::program::Loaded;

/// One for each place.
pub fn verdicts(subject: &Subject, loaded: &Loaded, places: &[Place]) -> Vec<Verdict> {
    let report = &loaded.checked.calm;
    places
        .iter()
        .map(|place| verdict(report, &subject.roles[place.role].name, &place.collection))
        .collect()
}

fn verdict(report: &Report, kind: &str, name: &str) -> Verdict {
    let output = report
        .outputs
        .iter()
        .find(|o| o.node == kind && o.name == name);
    let view = report
        .views
        .iter()
        .find(|v| v.node == kind && v.name == name);
    match (output, view) {
        (Some(output), _) if output.label.is_deterministic() => clean(&output.certificate),
        (Some(output), _) => flagged(&output.because),
        (None, Some(view)) if view.converges => clean(&view.certificate),
        (None, Some(view)) => flagged(&view.because),
        (None, None) => panic!("the report says nothing of `{kind}.{name}`"),
    }
}

fn clean(certificate: &[Assumption]) -> Verdict {
    let because: BTreeSet<String> = certificate
        .iter()
        .map(|a| format!("{:?}", a.kind).to_lowercase())
        .collect();
    Verdict::Clean { because }
}

fn flagged(because: &[Blame]) -> Verdict {
    let cause = because
        .first()
        .map_or("nothing", |blame| blame.cause.name());
    Verdict::Flagged {
        cause: cause.to_owned(),
    }
}
