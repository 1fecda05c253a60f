//! From properties to the report.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::blame::Want;
use super::body::Known;
use super::certificate::{self, Grounds, Promises, Upstream};
use super::found::Found;
use super::lineage::Sources;
use super::model::{At, Model};
use super::points::Points;
use super::properties::Props;
use super::report::{Cause, Label, Output, Place, Report, RuleVerdict, View};
use super::violation::Violation;
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// What was said of outputs and views of which nothing bad was to be said, by place.
#[derive(Debug, Default)]
pub struct Fine {
    outputs: FxHashMap<At, Output>,
    views: FxHashMap<At, View>,
}

/// What verdicts rest on.
#[derive(Clone, Copy)]
pub struct Evidence<'e> {
    pub promises: &'e Promises,
    pub grounds: &'e Grounds,
    /// Found where something is wrong.
    pub sources: &'e OnceCell<Sources>,
}

impl Fine {
    /// Forgets what depends on places that have changed.
    pub fn forget(&mut self, model: &Model<'_>, changed: Vec<At>) {
        // What halts a node is asked for wherever that has a part.
        let halts = |at: &At| model.collection(*at).kind == CollectionKind::Halt;
        if changed.iter().any(halts) {
            *self = Fine::default();
        }
        if self.outputs.is_empty() && self.views.is_empty() {
            return;
        }
        let mut open = changed;
        let mut seen = vec![false; model.place_count()];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at.index()], true) {
                continue;
            }
            let heads = model.readers(at).iter().map(|&rule| model.head(rule));
            open.extend(heads.chain(model.follow(at)));
        }
        self.outputs.retain(|at, _| !seen[at.index()]);
        self.views.retain(|at, _| !seen[at.index()]);
    }
}

/// The report of a program; what is fine is kept.
pub fn report<'k>(
    known: Known<'k, '_>,
    found: &'k Found,
    evidence: Evidence<'k>,
    fine: &mut Fine,
) -> Report {
    let points = Points::new(known, found, evidence.sources);
    let mut report = Report::default();
    for &at in known.model.ends() {
        if is_captured(known.model, at) {
            let output = match fine.outputs.get(&at) {
                Some(output) => output.clone(),
                None => output(known, found, evidence, &points, at, &mut report.violations),
            };
            if output.because.is_empty() && output.violations.is_empty() {
                fine.outputs.entry(at).or_insert_with(|| output.clone());
            }
            report.outputs.push(output);
        } else if is_view(known.model, at) {
            let view = match fine.views.get(&at) {
                Some(view) => view.clone(),
                None => view(known, found, evidence, &points, at, &mut report.violations),
            };
            if view.because.is_empty() && view.violations.is_empty() {
                fine.views.entry(at).or_insert_with(|| view.clone());
            }
            report.views.push(view);
        }
    }
    report
}

/// What cannot be taken back: `output`s, and effects that are written.
pub fn is_captured(model: &Model<'_>, at: At) -> bool {
    let collection = model.collection(at);
    match collection.kind {
        CollectionKind::Output => collection.public || model.extern_inputs(at).next().is_some(),
        CollectionKind::Stdout | CollectionKind::Stderr | CollectionKind::Halt => {
            !model.writers(at).is_empty()
        }
        _ => false,
    }
}

pub fn is_view(model: &Model<'_>, at: At) -> bool {
    let collection = model.collection(at);
    collection.kind == CollectionKind::View && collection.public
}

/// The name of a collection, with its kind of node where there are several.
pub fn name(model: &Model<'_>, at: At) -> SmolStr {
    let name = &model.collection(at).name;
    let program = model.program;
    match program.nodes.len() {
        1 => name.clone(),
        _ => match model.collection(at).kind {
            CollectionKind::Channel { .. } => name.clone(),
            _ => format_smolstr!("{}.{name}", program.nodes[model.node_of(at)].name),
        },
    }
}

fn output(
    known: Known<'_, '_>,
    found: &Found,
    evidence: Evidence<'_>,
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
        true => certificate::of(known, evidence, &upstream),
        false => Vec::new(),
    };
    Output {
        place,
        node: model.program.nodes[place.node].name.clone(),
        name: collection.name.clone(),
        label: match fine {
            true => fine_label(known, evidence.grounds, &upstream),
            false => label(known, found, at, &spoiled, violations),
        },
        lower_bound: certificate::is_lower_bound(known, found, evidence.promises, &upstream),
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
    evidence: Evidence<'_>,
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
            true => certificate::of(known, evidence, &Upstream::of(known, at)),
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
        let rule = known.model.hir_rule(known.model.accepted(at)?);
        rule.nondeterministic.as_deref().cloned()
    })
}

fn fine_label(known: Known<'_, '_>, grounds: &Grounds, upstream: &Upstream) -> Label {
    match seals(known, grounds, upstream) {
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
fn seals(known: Known<'_, '_>, grounds: &Grounds, upstream: &Upstream) -> Vec<SmolStr> {
    let mut columns = Vec::new();
    for source in certificate::seals(known, grounds, upstream) {
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

/// The verdicts on single rules.
pub fn rules(model: &Model<'_>) -> Vec<RuleVerdict> {
    let rules = model.rules().filter(|&rule| model.is_written(rule));
    rules
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
        .collect()
}
