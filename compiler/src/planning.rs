//! From rules to plans: which versions a rule has, in which order each evaluates its literals, and
//! through which indexes.
//!
//! Semi-naive evaluation (Bancilhon & Ramakrishnan 1986): a rule of a recursive stratum has an
//! initial version over totals, and for each of its atoms on a relation of the stratum one that
//! scans that atom's delta first. What follows changes from tick to tick is in `upkeep`.
//! Large programs are planned by several threads: `shares`.
//! Invariants: a literal that can fail is placed after all that cannot and that need nothing of it;
//! a version's registers are numbered in order of binding; a version stands in the plan once.

mod classes;
mod components;
mod cost;
mod explain;
mod indexes;
mod joined;
mod lead;
mod nest;
mod opened;
mod parts;
mod reorder;
mod shared;
mod shares;
mod standing;
mod upkeep;

use std::num::NonZeroUsize;

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::verify;
use bloom_plan::plan::{
    Aggregate, AggregateId, Extent, IndexId, Plan, RelationId, Role, RuleId, Standing, Stratum,
    Version, VersionId,
};

use rustc_hash::FxHashMap;

use crate::rir::{Head, Literal, Program, Rule};
use classes::Classes;
use indexes::Indexes;
use nest::Nest;

pub use explain::explain;
pub use reorder::{Replanned, replan};

/// The plan of the program.
pub fn make_plan(program: Program) -> Plan {
    make_plan_by(program, NonZeroUsize::MIN)
}

/// As [`make_plan`], where so many threads plan a large program. The plan is the same.
pub fn make_plan_by(mut program: Program, threads: NonZeroUsize) -> Plan {
    shared::share(&mut program);
    joined::keep(&mut program);
    let mut classes = Classes::new(&program);
    components::split(&mut program);
    let kept = standing::keep_closing(&mut program, &mut classes);
    upkeep::keep_parts(&mut program, &mut classes);
    let fallible = Fallible::of(&program.declarations);
    let planner = || Planner::new(&program, &classes, &fallible);
    let (mut planner, strata) = shares::plan(&program.strata, threads, planner);
    let closing = program.closing.iter();
    let closing = closing.map(|&rule| planner.initial(rule)).collect();
    let standing = kept.iter().map(|kept| planner.standing(kept)).collect();
    let Planner {
        indexes,
        aggregates,
        versions,
        ..
    } = planner;
    let plan = Plan {
        indexes: indexes.into_vec(),
        aggregates,
        versions,
        strata,
        closing,
        standing,
        ..program.declarations
    };
    if cfg!(debug_assertions)
        && let Err(broken) = verify::verify(&plan)
    {
        panic!("planning broke its contract: {broken}");
    }
    plan
}

struct Planner<'p> {
    program: &'p Program,
    classes: &'p Classes,
    fallible: &'p Fallible,
    indexes: Indexes,
    aggregates: Vec<Aggregate>,
    aggregate_of: FxHashMap<RuleId, AggregateId>,
    versions: Vec<Version>,
    of_rule: FxHashMap<RuleId, Vec<VersionId>>,
}

/// How a version differs from the one over totals in the order that seems best.
#[derive(Clone, Default)]
struct Form {
    /// The literal to begin with.
    first: Option<(usize, Extent)>,
    /// For each literal, which rows it reads; of those past the end, all.
    extents: Vec<Extent>,
    /// Each combination of rows counts.
    counted: bool,
    negated: Option<IndexId>,
    /// The literals that find rows, in the order that costs least; empty where sizes are not known.
    order: Vec<usize>,
    /// For each literal, those that must come before it for other reasons than variables; of those past the
    /// end, none.
    after: Vec<Vec<usize>>,
}

impl Form {
    fn delta(place: usize) -> Form {
        Form {
            first: Some((place, Extent::Delta)),
            ..Form::default()
        }
    }
}

impl<'p> Planner<'p> {
    fn new(program: &'p Program, classes: &'p Classes, fallible: &'p Fallible) -> Self {
        Planner {
            program,
            classes,
            fallible,
            indexes: Indexes::default(),
            aggregates: Vec::new(),
            aggregate_of: FxHashMap::default(),
            versions: Vec::new(),
            of_rule: FxHashMap::default(),
        }
    }

    fn stratum(&mut self, rules: &[RuleId]) -> Stratum {
        let program = self.program;
        let mut stratum = Stratum {
            initial: rules.iter().map(|&rule| self.initial(rule)).collect(),
            ..Stratum::default()
        };
        for &rule in rules {
            let source = &program.rules[rule.0 as usize];
            if source.head.is_aggregate() {
                continue;
            }
            for (place, literal) in source.literals.iter().enumerate() {
                if let Literal::Atom { relation, .. } = literal
                    && program.derives(rules, *relation)
                {
                    let version = self.version(rule, source, Form::delta(place));
                    stratum.recursive.push(version);
                }
            }
        }
        upkeep::plan(self, rules, &mut stratum);
        stratum
    }

    /// The version over totals. It begins with what lives for one tick where the rule reads other
    /// rows as well, so that a tick without any costs nothing.
    fn initial(&mut self, rule: RuleId) -> VersionId {
        let source = &self.program.rules[rule.0 as usize];
        let is_atom = |literal: &Literal| matches!(literal, Literal::Atom { .. });
        let atoms = source.literals.iter().filter(|l| is_atom(l)).count();
        let is_event = |&place: &usize| self.classes.is_event(&source.literals[place]);
        let events: Vec<usize> = (0..source.literals.len()).filter(is_event).collect();
        let form = Form {
            first: match events[..] {
                [first, ..] if events.len() < atoms => Some((first, Extent::Total)),
                _ => None,
            },
            ..Form::default()
        };
        match form.first {
            Some((first, _)) => {
                let plan = &self.program.declarations;
                let opened = opened::from_literal(plan, source, first);
                self.version(rule, &opened, form)
            }
            None => self.version(rule, source, form),
        }
    }

    /// The version of a rule, which may be in another form, unless it is there already.
    fn version(&mut self, id: RuleId, rule: &Rule, form: Form) -> VersionId {
        let aggregate = self.aggregate(id, rule);
        let plan = &self.program.declarations;
        let delta = match form.first {
            Some((place, Extent::Delta)) => match &rule.literals[place] {
                Literal::Atom { relation, .. } => Some(*relation),
                _ => unreachable!("a delta is of an atom"),
            },
            _ => None,
        };
        let negated = form.negated;
        let nest = Nest::new(plan, self.fallible, &mut self.indexes, rule, id, form);
        let (registers, nest) = nest.build(aggregate);
        let version = Version {
            rule: id,
            delta,
            negated,
            registers,
            nest,
        };
        let versions = &mut self.versions;
        let own = self.of_rule.entry(id).or_default();
        let there = own.iter().find(|v| versions[v.0 as usize] == version);
        if let Some(&there) = there {
            return there;
        }
        let number = VersionId(versions.len() as u32);
        versions.push(version);
        own.push(number);
        number
    }

    fn aggregate(&mut self, id: RuleId, rule: &Rule) -> Option<AggregateId> {
        let Head::Group { group, columns, .. } = &rule.head else {
            return None;
        };
        let declared = &self.program.declarations.rules[id.0 as usize];
        let relation = &self.program.declarations.relations[declared.head.0 as usize];
        // A part of the group has the type of the column that shows it.
        let group = (0..group.len() as u32)
            .map(|part| {
                let place = columns
                    .iter()
                    .position(
                        |c| matches!(c, bloom_plan::plan::AggregateColumn::Group(n) if *n == part),
                    )
                    .expect("every part of a group is a column of the head");
                relation.columns[place].ty
            })
            .collect();
        let aggregate = Aggregate {
            rule: id,
            relation: declared.head,
            arrow: declared.arrow,
            group,
            columns: columns.clone(),
        };
        let aggregates = &mut self.aggregates;
        let number = self.aggregate_of.entry(id).or_insert_with(|| {
            aggregates.push(aggregate);
            AggregateId(aggregates.len() as u32 - 1)
        });
        Some(*number)
    }

    fn standing(&mut self, kept: &standing::Kept) -> Standing {
        let declared = &self.program.declarations.rules[kept.rule.0 as usize];
        let head = &self.program.declarations.relations[declared.head.0 as usize];
        let gives: Vec<bool> = match &kept.whole.head {
            Head::Row(columns) => columns.iter().map(Option::is_some).collect(),
            Head::Group { columns, .. } => vec![true; columns.len()],
        };
        let mut next = 0..;
        let columns = gives
            .iter()
            .map(|&gives| if gives { next.next() } else { None });
        let columns: Vec<Option<u32>> = columns.collect();
        let keys = columns.iter().zip(&head.columns);
        let keys = keys.filter(|(_, column)| column.role == Role::Key);
        let keys = keys.filter_map(|(column, _)| *column).collect();
        Standing {
            relation: kept.relation,
            head: declared.head,
            arrow: declared.arrow,
            columns,
            index: self.indexes.on(kept.relation, keys, Extent::Total),
            version: self.version(kept.rule, &kept.whole, Form::default()),
        }
    }

    /// The relation that a rule derives.
    fn head(&self, rule: RuleId) -> RelationId {
        self.program.declarations.rules[rule.0 as usize].head
    }
}

#[cfg(test)]
mod tests;
