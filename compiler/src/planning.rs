//! From rules to plans: which versions a rule has, in which order each evaluates its literals, and
//! through which indexes.
//!
//! Semi-naive evaluation (Bancilhon & Ramakrishnan 1986): a rule of a recursive stratum has an
//! initial version over totals, and for each of its atoms on a relation of the stratum one that
//! scans that atom's delta first; so has every rule for its other atoms, to take up what came since
//! the last tick. Invariants: a literal that can fail is placed after all that
//! cannot and that need nothing of it; a version's registers are numbered in order of binding.

mod indexes;
mod nest;

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::verify;
use bloom_plan::plan::{
    Aggregate, AggregateId, Plan, RelationId, RuleId, Stratum, Version, VersionId,
};

use crate::rir::{Head, Literal, Program};
use indexes::Indexes;

/// The plan of the program.
pub fn make_plan(program: &Program) -> Plan {
    let mut planner = Planner {
        program,
        fallible: Fallible::of(&program.declarations),
        indexes: Indexes::default(),
        aggregates: Vec::new(),
        versions: Vec::new(),
    };
    let strata = program
        .strata
        .iter()
        .map(|rules| planner.stratum(rules))
        .collect();
    let closing = program
        .closing
        .iter()
        .map(|&rule| planner.version(rule, None))
        .collect();
    let plan = Plan {
        indexes: planner.indexes.into_vec(),
        aggregates: planner.aggregates,
        versions: planner.versions,
        strata,
        closing,
        ..program.declarations.clone()
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
    fallible: Fallible,
    indexes: Indexes,
    aggregates: Vec<Aggregate>,
    versions: Vec<Version>,
}

impl Planner<'_> {
    fn stratum(&mut self, rules: &[RuleId]) -> Stratum {
        let program = self.program;
        let mut stratum = Stratum::default();
        for &rule in rules {
            stratum.initial.push(self.version(rule, None));
            let source = &program.rules[rule.0 as usize];
            if source.head.is_aggregate() {
                continue;
            }
            for (place, literal) in source.literals.iter().enumerate() {
                let Literal::Atom { relation, .. } = literal else {
                    continue;
                };
                let version = self.version(rule, Some((place, *relation)));
                if program.derives(rules, *relation) {
                    stratum.recursive.push(version);
                } else {
                    stratum.incremental.push(version);
                }
            }
        }
        stratum
    }

    /// Adds the version that reads the delta of the literal at that place, or totals only.
    fn version(&mut self, rule: RuleId, delta: Option<(usize, RelationId)>) -> VersionId {
        let aggregate = self.aggregate(rule);
        let source = &self.program.rules[rule.0 as usize];
        let (registers, nest) = nest::Nest::new(
            &self.program.declarations,
            &self.fallible,
            &mut self.indexes,
            source,
            rule,
        )
        .build(delta.map(|(place, _)| place), aggregate);
        let id = VersionId(self.versions.len() as u32);
        self.versions.push(Version {
            rule,
            delta: delta.map(|(_, relation)| relation),
            registers,
            nest,
        });
        id
    }

    fn aggregate(&mut self, rule: RuleId) -> Option<AggregateId> {
        let Head::Group { group, columns, .. } = &self.program.rules[rule.0 as usize].head else {
            return None;
        };
        let declared = &self.program.declarations.rules[rule.0 as usize];
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
        self.aggregates.push(Aggregate {
            rule,
            relation: declared.head,
            arrow: declared.arrow,
            group,
            columns: columns.clone(),
        });
        Some(AggregateId(self.aggregates.len() as u32 - 1))
    }
}

#[cfg(test)]
mod tests;
