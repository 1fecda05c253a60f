//! From properties to the report.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::blame::Want;
use super::body::Known;
use super::certificate::{self, Upstream};
use super::found::Found;
use super::model::At;
use super::paths;
use super::points::Points;
use super::properties::Props;
use super::report::{Cause, Label, Output, Place, Report, RuleVerdict, View};
use super::violation::Violation;
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// The report of a program.
pub fn report(known: Known<'_, '_>, found: &Found) -> Report {
    let points = Points::new(known, found);
    let mut report = Report::default();
    for at in known.model.places() {
        if is_captured(known, at) {
            let output = output(known, found, &points, at, &mut report.violations);
            report.outputs.push(output);
        } else if is_view(known, at) {
            let view = view(known, found, &points, at, &mut report.violations);
            report.views.push(view);
        }
    }
    report.rules = Arc::new(rules(known));
    report.paths = Arc::new(paths::table(known));
    report
}

/// What cannot be taken back: `output`s, and effects that are written.
pub fn is_captured(known: Known<'_, '_>, at: At) -> bool {
    let collection = known.model.collection(at);
    match collection.kind {
        CollectionKind::Output => {
            collection.public || known.model.extern_inputs(at).next().is_some()
        }
        CollectionKind::Stdout | CollectionKind::Stderr | CollectionKind::Halt => {
            !known.model.writers(at).is_empty()
        }
        _ => false,
    }
}

pub fn is_view(known: Known<'_, '_>, at: At) -> bool {
    let collection = known.model.collection(at);
    collection.kind == CollectionKind::View && collection.public
}

/// The name of a collection, with its kind of node where there are several.
pub fn name(known: Known<'_, '_>, at: At) -> SmolStr {
    let name = &known.model.collection(at).name;
    let program = known.model.program;
    match program.nodes.len() {
        1 => name.clone(),
        _ => match known.model.collection(at).kind {
            CollectionKind::Channel { .. } => name.clone(),
            _ => format_smolstr!("{}.{name}", program.nodes[known.model.node_of(at)].name),
        },
    }
}

fn output(
    known: Known<'_, '_>,
    found: &Found,
    points: &Points<'_, '_>,
    at: At,
    violations: &mut Vec<Violation>,
) -> Output {
    let model = known.model;
    let collection = model.collection(at);
    let place = model.origin(at);
    let fine = found.place(at).has(Props::UNION);
    let (because, spoiled) = match fine {
        true => (Vec::new(), Vec::new()),
        false => points.reasons(at, Want::Union, violations),
    };
    let upstream = Upstream::of(known, at);
    let certificate = match fine {
        true => certificate::of(known, found, &upstream),
        false => Vec::new(),
    };
    Output {
        place,
        node: model.program.nodes[place.node].name.clone(),
        name: collection.name.clone(),
        label: match fine {
            true => fine_label(known, found, &upstream),
            false => label(known, found, at, &spoiled, violations),
        },
        lower_bound: certificate::is_lower_bound(known, found, &upstream),
        certificate,
        because,
        violations: spoiled,
        accepted: accepted(known, at),
        loc: collection.loc,
    }
}

fn view(
    known: Known<'_, '_>,
    found: &Found,
    points: &Points<'_, '_>,
    at: At,
    violations: &mut Vec<Violation>,
) -> View {
    let model = known.model;
    let collection = model.collection(at);
    let place = model.origin(at);
    let props = found.place(at);
    let converges = props.has(Props::LIMIT);
    let (because, spoiled) = match converges {
        true => (Vec::new(), Vec::new()),
        false => points.reasons(at, Want::Limit, violations),
    };
    View {
        place,
        node: model.program.nodes[place.node].name.clone(),
        name: collection.name.clone(),
        converges,
        prefix_safe: props.has(Props::GROWS),
        certificate: match converges {
            true => certificate::of(known, found, &Upstream::of(known, at)),
            false => Vec::new(),
        },
        because,
        violations: spoiled,
        accepted: accepted(known, at),
        loc: collection.loc,
    }
}

/// The reason of `#[nondeterministic("reason")]` on the collection, or on the rules that write it.
fn accepted(known: Known<'_, '_>, at: At) -> Option<SmolStr> {
    let collection = known.model.collection(at);
    collection.nondeterministic.clone().or_else(|| {
        let rules = known.model.writers(at).iter();
        rules
            .filter_map(|&rule| known.model.hir_rule(rule).nondeterministic.clone())
            .next()
    })
}

fn fine_label(known: Known<'_, '_>, found: &Found, upstream: &Upstream) -> Label {
    match seals(known, found, upstream) {
        seals if seals.is_empty() => Label::Async,
        seals => Label::Seal(seals),
    }
}

/// The label of a bad one in Blazes' words. Replicas of a node give different answers where a live value is read for a
/// request; what they keep, or give out of what they keep, differs for ever.
fn label(
    known: Known<'_, '_>,
    found: &Found,
    at: At,
    spoiled: &[usize],
    violations: &[Violation],
) -> Label {
    let model = known.model;
    let replicated = |place: Place| model.program.nodes[place.node].replicated;
    let own = model.origin(at);
    let captured = spoiled.iter().map(|&number| &violations[number]);
    let is_replicated = replicated(own) || captured.clone().any(|v| replicated(v.captured));
    // Replicas that take in one sequence of batches do the same, whatever it is.
    let is_ordered = !spoiled.is_empty() && captured.clone().all(|v| v.is_ordered(model.program));
    if !is_replicated || is_ordered {
        return Label::Run;
    }
    let is_read = captured.clone().all(|violation| {
        let place = model.place_of(violation.captured.node, violation.captured.collection);
        let rule = model.rule_at(violation.capture.node, violation.capture.rule);
        let mut atoms = model.rule(rule).positive();
        let request = atoms.any(|(_, atom)| {
            found
                .place(model.place(rule, atom.collection))
                .has(Props::FADES)
        });
        // What is read must itself settle, or replicas go on to answer differently.
        let at_fault = model.rule_at(violation.rule.node, violation.rule.rule);
        let state = model.head(at_fault);
        let settles = !model.is_kept(state) || found.place(state).has(Props::LIMIT);
        request && settles && !model.is_kept(place)
    });
    match is_read && !spoiled.is_empty() {
        true => Label::Instance,
        false => Label::Diverge,
    }
}

/// The columns of the seals that the rules upstream wait for.
fn seals(known: Known<'_, '_>, found: &Found, upstream: &Upstream) -> Vec<SmolStr> {
    let mut columns = Vec::new();
    for source in certificate::seals(known, found, upstream) {
        let collection = known.model.collection(source);
        for &column in &collection.sealed_by {
            let name = collection.columns[column as usize].name.clone();
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    columns
}

fn rules(known: Known<'_, '_>) -> Vec<RuleVerdict> {
    let model = known.model;
    let rules = (0..model.rule_count()).filter(|&rule| model.is_written(rule));
    let mut verdicts: Vec<RuleVerdict> = rules
        .map(|rule| {
            let summary = model.rule(rule);
            let mut why = Vec::new();
            let mut add = |holds: bool, cause: Cause| {
                if holds && !why.contains(&cause) {
                    why.push(cause);
                }
            };
            add(
                summary.atoms.iter().any(|atom| atom.negated),
                Cause::Negation,
            );
            add(summary.aggregates_whole(), Cause::Aggregate);
            let reveals =
                |(_, atom): (usize, &super::flow::Atom)| atom.reading == Reading::Complete;
            add(summary.positive().any(reveals), Cause::Reveal);
            add(summary.arrow == Arrow::DeferredDelete, Cause::Delete);
            add(summary.arrow == Arrow::Upsert, Cause::Upsert);
            add(summary.chance, Cause::Nondeterministic);
            let place = model.rule_ref(rule);
            RuleVerdict {
                rule: place,
                node: model.program.nodes[place.node].name.clone(),
                head: model.collection(model.head(rule)).name.clone(),
                why,
            }
        })
        .collect();
    // They are kept with the report.
    verdicts.shrink_to_fit();
    verdicts
}
