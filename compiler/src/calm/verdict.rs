//! From properties to the report.

use smol_str::{SmolStr, format_smolstr};

use super::blame::{self, Chain, Want};
use super::body::{Found, Known};
use super::lineage::Lineage;
use super::model::{At, RuleAt};
use super::properties::Props;
use super::report::{Blame, Cause, Label, Output, Place, Report, RuleVerdict, View};
use super::violation::{Gate, Origin, Violation};
use super::{certificate, paths};
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// The report of a program.
pub fn report(known: Known<'_, '_>, found: &Found) -> Report {
    let lineage = Lineage::new(known.model);
    let mut report = Report::default();
    for at in known.model.places() {
        if is_captured(known, at) {
            let output = output(known, found, &lineage, at, &mut report.violations);
            report.outputs.push(output);
        } else if is_view(known, at) {
            let view = view(known, found, &lineage, at, &mut report.violations);
            report.views.push(view);
        }
    }
    report.rules = rules(known);
    report.paths = paths::table(known);
    report
}

/// What cannot be taken back: `output`s, and effects that are written.
pub fn is_captured(known: Known<'_, '_>, at: At) -> bool {
    let collection = known.model.collection(at);
    match collection.kind {
        CollectionKind::Output => collection.public,
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
    lineage: &Lineage<'_, '_>,
    at: At,
    violations: &mut Vec<Violation>,
) -> Output {
    let model = known.model;
    let collection = model.collection(at);
    let place = model.origin(at);
    let fine = found.places[at.index()].has(Props::UNION);
    let (because, spoiled) = match fine {
        true => (Vec::new(), Vec::new()),
        false => reasons(known, found, lineage, at, Want::Union, violations),
    };
    let certificate = match fine {
        true => certificate::of(known, found, at),
        false => Vec::new(),
    };
    Output {
        place,
        node: model.program.nodes[place.node].name.clone(),
        name: collection.name.clone(),
        label: label(known, found, at, fine, &spoiled, violations),
        lower_bound: certificate::is_lower_bound(known, found, at),
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
    lineage: &Lineage<'_, '_>,
    at: At,
    violations: &mut Vec<Violation>,
) -> View {
    let model = known.model;
    let collection = model.collection(at);
    let place = model.origin(at);
    let props = found.places[at.index()];
    let converges = props.has(Props::LIMIT);
    let (because, spoiled) = match converges {
        true => (Vec::new(), Vec::new()),
        false => reasons(known, found, lineage, at, Want::Limit, violations),
    };
    View {
        place,
        node: model.program.nodes[place.node].name.clone(),
        name: collection.name.clone(),
        converges,
        prefix_safe: props.has(Props::GROWS),
        certificate: match converges {
            true => certificate::of(known, found, at),
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

/// The label in Blazes' words. Replicas of a node give different answers where a live value is read for a
/// request; what they keep, or give out of what they keep, differs for ever.
fn label(
    known: Known<'_, '_>,
    found: &Found,
    at: At,
    fine: bool,
    spoiled: &[usize],
    violations: &[Violation],
) -> Label {
    if fine {
        return match seals(known, found, at) {
            seals if seals.is_empty() => Label::Async,
            seals => Label::Seal(seals),
        };
    }
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
            found.places[model.place(rule, atom.collection).index()].has(Props::FADES)
        });
        request && !model.is_kept(place)
    });
    match is_read && !spoiled.is_empty() {
        true => Label::Instance,
        false => Label::Diverge,
    }
}

/// The columns of the seals that the rules upstream wait for.
fn seals(known: Known<'_, '_>, found: &Found, at: At) -> Vec<SmolStr> {
    let mut columns = Vec::new();
    for source in certificate::seals(known, found, at) {
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

fn reasons(
    known: Known<'_, '_>,
    found: &Found,
    lineage: &Lineage<'_, '_>,
    at: At,
    want: Want,
    violations: &mut Vec<Violation>,
) -> (Vec<Blame>, Vec<usize>) {
    let mut because = Vec::new();
    let mut spoiled = Vec::new();
    let mut chains = blame::explain(known, found, at, want);
    chains.sort_by_key(|chain| chain.places.len());
    for chain in &chains {
        because.push(blame_of(known, lineage, chain));
        if let Some(violation) = violation(known, found, lineage, chain) {
            let number = violations
                .iter()
                .position(|known| *known == violation)
                .unwrap_or_else(|| {
                    violations.push(violation);
                    violations.len() - 1
                });
            if !spoiled.contains(&number) {
                spoiled.push(number);
            }
        }
    }
    (because, spoiled)
}

fn blame_of(known: Known<'_, '_>, lineage: &Lineage<'_, '_>, chain: &Chain) -> Blame {
    let model = known.model;
    let rule = chain.rule.map(|rule| model.hir_rule(rule).loc);
    let mut path: Vec<SmolStr> = Vec::new();
    let ways = lineage
        .way(chain.over)
        .into_iter()
        .chain(chain.places.iter().copied());
    for at in ways {
        let name = name(known, at);
        if path.last() != Some(&name) {
            path.push(name);
        }
    }
    Blame {
        rule: rule.unwrap_or(model.collection(chain.over).loc),
        cause: chain.cause,
        over: model.collection(chain.over).name.clone(),
        path,
        text: text(known, chain),
    }
}

fn text(known: Known<'_, '_>, chain: &Chain) -> String {
    let over = name(known, chain.over);
    let head = name(known, chain.places[0]);
    match chain.cause {
        Cause::Negation => {
            format!(
                "`{head}` is derived while `not {over}` holds, but a row of `{over}` may still come"
            )
        }
        Cause::Aggregate => {
            format!("`{head}` aggregates over `{over}`, of which more rows may still come")
        }
        Cause::Reveal => format!("`{head}` reveals a value of `{over}` that may still grow"),
        Cause::Delete => {
            format!(
                "rows of `{head}` are deleted when `{over}` says so, which has no effect on rows that come later"
            )
        }
        Cause::Upsert => {
            format!(
                "rows of `{head}` are replaced, and which one comes last differs from run to run"
            )
        }
        Cause::Function => {
            format!(
                "`{head}` is given a function of what `{over}` has in one tick, which depends on what arrives together"
            )
        }
        Cause::Nondeterministic => {
            format!(
                "`{head}` depends on a clock, a timer, a random value or a failure, by way of `{over}`"
            )
        }
        Cause::KeyConflict => {
            format!(
                "two rows of `{over}` may have one key and different values: which is kept differs from run to run"
            )
        }
        Cause::Batch => {
            format!(
                "`{head}` is derived from rows that live for one tick: what `{over}` has by then differs from run to run"
            )
        }
        Cause::Cycle => {
            format!("`{over}` depends on itself over ticks, and does not only grow")
        }
    }
}

fn violation(
    known: Known<'_, '_>,
    found: &Found,
    lineage: &Lineage<'_, '_>,
    chain: &Chain,
) -> Option<Violation> {
    let model = known.model;
    let rule = chain
        .rule
        .or_else(|| chain.steps.first().map(|step| step.0))?;
    let upwards: Vec<(RuleAt, Option<usize>)> = [(rule, chain.atom)]
        .into_iter()
        .chain(chain.steps.iter().copied().filter(|step| step.0 != rule))
        .collect();
    let captures =
        |at: At| is_captured(known, at) || model.is_kept(at) || model.is_asynchronous(at);
    let until = upwards
        .iter()
        .position(|step| captures(model.head(step.0)))
        .unwrap_or(upwards.len() - 1);
    let capture = upwards[until].0;
    let changing = match (chain.cause, chain.atom) {
        (Cause::Nondeterministic, _) => Vec::new(),
        (_, Some(_)) => sources(lineage, [chain.over]),
        (_, None) => {
            let atoms = model.rule(rule).atoms.iter();
            sources(
                lineage,
                atoms.map(|atom| model.place(rule, atom.collection)),
            )
        }
    };
    let mut triggers = Vec::new();
    for &(rule, read) in &upwards[..=until] {
        let atoms = model.rule(rule).atoms.iter().enumerate();
        let others = atoms.filter(|(place, atom)| {
            let at = model.place(rule, atom.collection);
            Some(*place) != read && !found.places[at.index()].has(Props::CONSTANT)
        });
        let places = others.map(|(_, atom)| model.place(rule, atom.collection));
        triggers.extend(sources(lineage, places));
    }
    // What takes rows away, or puts others in their place, races with whatever puts them there.
    match chain.cause {
        Cause::Delete | Cause::Upsert | Cause::KeyConflict | Cause::Cycle => {
            triggers.extend(sources(lineage, [model.head(rule)]));
        }
        Cause::Negation
        | Cause::Aggregate
        | Cause::Reveal
        | Cause::Function
        | Cause::Nondeterministic
        | Cause::Batch => {}
    }
    triggers.sort_unstable();
    triggers.dedup();
    Some(Violation {
        captured: model.origin(model.head(capture)),
        capture: model.rule_ref(capture),
        rule: model.rule_ref(rule),
        literal: chain
            .atom
            .map(|place| model.rule(rule).atoms[place].literal),
        cause: chain.cause,
        gate: gate(known, lineage, rule, chain, &changing, &triggers),
        changing: changing.into_iter().map(|at| model.origin(at)).collect(),
        triggers: triggers.into_iter().map(|at| model.origin(at)).collect(),
    })
}

fn sources(lineage: &Lineage<'_, '_>, places: impl IntoIterator<Item = At>) -> Vec<At> {
    let mut all: Vec<At> = places
        .into_iter()
        .flat_map(|at| lineage.sources(at).iter().copied().collect::<Vec<At>>())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The columns that tell one partition of the literal from another.
fn gate(
    known: Known<'_, '_>,
    lineage: &Lineage<'_, '_>,
    rule: RuleAt,
    chain: &Chain,
    changing: &[At],
    triggers: &[At],
) -> Vec<Gate> {
    use super::flow::Term;
    let model = known.model;
    let summary = model.rule(rule);
    let hir = model.hir_rule(rule);
    let mut found: Vec<Gate> = Vec::new();
    let mut add = |column: Option<u32>, term: &Term| {
        let Term::Var(var) = term else { return };
        let name = hir.body.vars[*var].name.clone();
        if found.iter().any(|gate| gate.name == name) {
            return;
        }
        let origins = lineage.of_term(rule, term);
        let involved = |at: &At| changing.contains(at) || triggers.contains(at);
        let origins = origins.iter().filter(|(at, _)| involved(at));
        let origins = origins.flat_map(|(&at, columns)| {
            let source = model.origin(at);
            columns.iter().map(move |&column| Origin { source, column })
        });
        found.push(Gate {
            column,
            name,
            origins: origins.collect(),
        });
    };
    let atom = chain.atom.map(|place| (place, &summary.atoms[place]));
    match (chain.cause, atom) {
        (Cause::Aggregate, _) => {
            for term in super::sealing::groups(summary) {
                let column = atom.and_then(|(_, atom)| atom.terms.iter().position(|t| *t == term));
                add(column.map(|column| column as u32), &term);
            }
        }
        (_, Some((place, atom))) => {
            for (column, term) in (0..).zip(&atom.terms) {
                let bound = term.vars().iter().any(|&var| {
                    summary.positive().any(|(other, of)| {
                        other != place && of.terms.iter().any(|t| t.vars().contains(&var))
                    })
                });
                if bound || atom.negated {
                    add(Some(column), term);
                }
            }
        }
        (_, None) => {
            let keys = model.shape(model.head(rule)).key_columns();
            for key in keys {
                add(None, &summary.columns[key]);
            }
        }
    }
    found
}

fn rules(known: Known<'_, '_>) -> Vec<RuleVerdict> {
    let model = known.model;
    let rules = (0..model.rule_count()).filter(|&rule| model.is_written(rule));
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
                loc: model.hir_rule(rule).loc,
                node: model.program.nodes[place.node].name.clone(),
                head: model.collection(model.head(rule)).name.clone(),
                why,
            }
        })
        .collect()
}
