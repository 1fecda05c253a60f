//! Versions by which a stratum follows changes from tick to tick.
//!
//! Which way a stratum goes depends on what it derives:
//! - relations that keep their rows (and such as live for one tick): new matches, and for what was
//!   deleted from them, whether a rule still derives it ([`Upkeep::Flow`]). Rules that read events
//!   run in every tick, from the events;
//! - one relation that its rules do not read and that has no lattice columns: derivations are
//!   counted ([`Upkeep::Counting`]). With literals L1 … Ln, Δ(L1 ⋈ … ⋈ Ln) is the sum over i of
//!   L1 ⋈ … ⋈ ΔLi ⋈ … ⋈ Ln, where the literals before i are read as they are and those after it
//!   as they were (Gupta, Mumick & Subrahmanian 1993, §4);
//! - otherwise what may have lost its support goes and what still has some comes back
//!   ([`Upkeep::Rederive`]). A rule whose rows' support cannot be looked up by indexes then runs from its
//!   start; relations that keep their rows lose none by that;
//! - where rules ask for the time or for chance, what they derived says nothing of what they will
//!   ([`Upkeep::Anew`]).

use bloom_plan::plan::{Extent, Op, RelationId, Role, RuleId, Stratum, Upkeep, VersionId};

use super::classes::{Class, Classes};
use super::{Form, Planner, opened, standing};
use crate::rir::{Literal, Program};

/// Parts rules from strata that do not count and could not follow them.
pub(super) fn keep_parts(program: &mut Program, classes: &mut Classes) {
    for stratum in std::mem::take(&mut program.strata) {
        if !counts(program, classes, &stratum) {
            let before = standing::keep_parts(program, classes, &stratum);
            program.strata.extend(before);
        }
        program.strata.push(stratum);
    }
}

fn heads<'p>(program: &'p Program, rules: &'p [RuleId]) -> impl Iterator<Item = RelationId> + 'p {
    let declared = &program.declarations.rules;
    rules.iter().map(|rule| declared[rule.0 as usize].head)
}

fn is_recursive(program: &Program, rules: &[RuleId]) -> bool {
    rules.iter().any(|rule| {
        let literals = &program.rules[rule.0 as usize].literals;
        literals.iter().any(|literal| match literal {
            Literal::Atom { relation, .. } => program.derives(rules, *relation),
            _ => false,
        })
    })
}

/// Whether derivations of the stratum's relation can be counted.
fn counts(program: &Program, classes: &Classes, rules: &[RuleId]) -> bool {
    let relations = &program.declarations.relations;
    let lattice = |id: RelationId| {
        let mut columns = relations[id.0 as usize].columns.iter();
        columns.any(|column| column.role == Role::Lattice)
    };
    let views = heads(program, rules).all(|id| classes.of(id) == Class::View && !lattice(id));
    views && !is_recursive(program, rules)
}

/// Adds to a stratum what its upkeep needs.
pub(super) fn plan(planner: &mut Planner<'_>, rules: &[RuleId], stratum: &mut Stratum) {
    let (program, classes) = (planner.program, planner.classes);
    let declared = &program.declarations.rules;
    let lasting: Vec<RuleId> = rules
        .iter()
        .copied()
        .filter(|rule| !declared[rule.0 as usize].bootstrap)
        .collect();
    let mut of_heads = heads(program, rules).map(|id| classes.of(id));
    let no_views = of_heads.all(|class| class != Class::View);
    let is_event = |rule: &RuleId| classes.has_event(&program.rules[rule.0 as usize]);
    let volatile = |rule: &RuleId| classes.is_volatile(program, *rule);
    let steady: Vec<RuleId> = match no_views {
        true => lasting.iter().copied().filter(|r| !is_event(r)).collect(),
        false => lasting.clone(),
    };
    let fits = !steady.iter().any(volatile);
    stratum.upkeep = if !fits {
        Upkeep::Anew
    } else if no_views {
        flow(planner, rules, &lasting, &steady, stratum);
        Upkeep::Flow
    } else if counts(program, classes, rules) {
        counting(planner, &lasting, stratum);
        Upkeep::Counting
    } else {
        rederive(planner, rules, &lasting, stratum);
        Upkeep::Rederive
    };
    if stratum.upkeep != Upkeep::Counting {
        incremental(planner, rules, &steady, stratum);
    }
}

/// New rows of literals of earlier strata.
fn incremental(
    planner: &mut Planner<'_>,
    rules: &[RuleId],
    steady: &[RuleId],
    stratum: &mut Stratum,
) {
    let program = planner.program;
    for &rule in steady {
        let source = &program.rules[rule.0 as usize];
        if source.head.is_aggregate() {
            continue;
        }
        for (place, literal) in source.literals.iter().enumerate() {
            if let Literal::Atom { relation, .. } = literal
                && !program.derives(rules, *relation)
            {
                let opened = opened::from_literal(&program.declarations, source, place);
                let version = planner.version(rule, &opened, Form::delta(place));
                stratum.incremental.push(version);
            }
        }
    }
}

fn flow(
    planner: &mut Planner<'_>,
    rules: &[RuleId],
    lasting: &[RuleId],
    steady: &[RuleId],
    stratum: &mut Stratum,
) {
    for &rule in lasting.iter().filter(|rule| !steady.contains(rule)) {
        let version = planner.initial(rule);
        stratum.events.push(version);
    }
    for &rule in steady {
        gains(planner, rule, stratum);
        let version = support(planner, rules, rule);
        stratum.support.push(version);
    }
}

fn rederive(
    planner: &mut Planner<'_>,
    rules: &[RuleId],
    lasting: &[RuleId],
    stratum: &mut Stratum,
) {
    let (program, classes) = (planner.program, planner.classes);
    for &rule in lasting {
        let version = support(planner, rules, rule);
        stratum.support.push(version);
        gains(planner, rule, stratum);
        if classes.of(planner.head(rule)) == Class::Lasting {
            continue;
        }
        let source = &program.rules[rule.0 as usize];
        // Nothing has gone from a view of the stratum yet. From a relation that keeps its rows, what was deleted has.
        let is_whole = |relation: RelationId| {
            program.derives(rules, relation) && classes.of(relation) != Class::Lasting
        };
        let extents = source.literals.iter().map(|literal| match literal {
            Literal::Atom { relation, .. } if is_whole(*relation) => Extent::Total,
            _ => Extent::Before,
        });
        let extents: Vec<Extent> = extents.collect();
        let versions = each_change(planner, rule, false, &|_| extents.clone());
        stratum.losses.extend(versions);
    }
}

fn counting(planner: &mut Planner<'_>, lasting: &[RuleId], stratum: &mut Stratum) {
    for &rule in lasting {
        let source = &planner.program.rules[rule.0 as usize];
        let form = Form {
            counted: true,
            ..Form::default()
        };
        let version = planner.version(rule, source, form);
        stratum.counting.push(version);
        let count = source.literals.len();
        let versions = each_change(planner, rule, true, &|changed| {
            let extent = |place| match place <= changed {
                true => Extent::Total,
                false => Extent::Before,
            };
            (0..count).map(extent).collect()
        });
        stratum.changes.extend(versions);
    }
}

/// For each literal that reads a relation, the version that begins with its change.
fn each_change(
    planner: &mut Planner<'_>,
    rule: RuleId,
    counted: bool,
    extents: &dyn Fn(usize) -> Vec<Extent>,
) -> Vec<VersionId> {
    let program = planner.program;
    let source = &program.rules[rule.0 as usize];
    let mut versions = Vec::new();
    for place in 0..source.literals.len() {
        let negated = match &source.literals[place] {
            Literal::Atom { .. } => None,
            Literal::Not { .. } => Some(looked_up(planner, &source.literals[place])),
            Literal::Condition(_)
            | Literal::Let { .. }
            | Literal::Each { .. }
            | Literal::Range { .. } => continue,
        };
        let opened = opened::from_literal(&program.declarations, source, place);
        let form = Form {
            extents: extents(place),
            counted,
            negated,
            ..Form::delta(place)
        };
        versions.push(planner.version(rule, &opened, form));
    }
    versions
}

/// Matches that come because what a `not` denies has gone.
fn gains(planner: &mut Planner<'_>, rule: RuleId, stratum: &mut Stratum) {
    let program = planner.program;
    let source = &program.rules[rule.0 as usize];
    for (place, literal) in source.literals.iter().enumerate() {
        if matches!(literal, Literal::Not { .. }) {
            let form = Form {
                negated: Some(looked_up(planner, literal)),
                ..Form::delta(place)
            };
            let opened = opened::from_literal(&program.declarations, source, place);
            stratum.gains.push(planner.version(rule, &opened, form));
        }
    }
}

/// The index by which a `not` looks for rows.
fn looked_up(planner: &mut Planner<'_>, literal: &Literal) -> bloom_plan::plan::IndexId {
    let Literal::Not { relation, columns } = literal else {
        unreachable!("only a `not` looks for rows that are not there");
    };
    let given = (0..).zip(columns).filter(|(_, column)| column.is_some());
    let given = given.map(|(place, _)| place).collect();
    planner.indexes.on(*relation, given, Extent::Total)
}

/// What the rule derives for the rows of its head that are the delta; or all that it derives, where looking for each
/// row would go through all rows of a relation that may be large.
fn support(planner: &mut Planner<'_>, rules: &[RuleId], rule: RuleId) -> VersionId {
    let program = planner.program;
    let head = planner.head(rule);
    let source = &program.rules[rule.0 as usize];
    let opened = opened::from_head(&program.declarations, source, head);
    let extents = opened.literals.iter().map(|literal| match literal {
        Literal::Atom { relation, .. } if program.derives(rules, *relation) => Extent::Founded,
        _ => Extent::Total,
    });
    let form = Form {
        extents: extents.collect(),
        ..Form::delta(opened.literals.len() - 1)
    };
    let version = planner.version(rule, &opened, form);
    let nest = &planner.versions[version.0 as usize].nest;
    let classes = planner.classes;
    let scans = nest[1..].iter().any(|op| match op {
        Op::Scan { relation, .. } => classes.of(*relation) != Class::Event,
        _ => false,
    });
    match scans {
        true => planner.initial(rule),
        false => version,
    }
}
