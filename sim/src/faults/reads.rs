//! What rules read: of each rule of a plan the relations of its body, and whether it asks for rows or for none.

use bloom_plan::plan::{Arrow, Op, Plan, RelationId, VersionId};

/// A rule, as far as it matters on what its head depends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    pub head: RelationId,
    pub arrow: Arrow,
    /// It runs in the first tick only.
    pub bootstrap: bool,
    /// It is a group-by: one match more may change or take away what the others give.
    pub aggregates: bool,
    /// The relations of which it reads rows.
    pub some: Vec<RelationId>,
    /// Those of which it asks that there be no row.
    pub none: Vec<RelationId>,
}

impl Rule {
    pub fn all(&self) -> impl Iterator<Item = RelationId> + '_ {
        self.some.iter().chain(&self.none).copied()
    }
}

/// The rules of a plan, each once.
pub fn rules(plan: &Plan) -> Vec<Rule> {
    let strata = plan.strata.iter();
    let strata = strata.flat_map(|stratum| stratum.initial.iter().copied());
    let standing = plan.standing.iter().map(|standing| standing.version);
    let all = strata.chain(plan.closing.iter().copied()).chain(standing);
    let mut rules = Vec::new();
    for version in all {
        let rule = rule(plan, version);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn rule(plan: &Plan, version: VersionId) -> Rule {
    let version = &plan.versions[version.0 as usize];
    let declared = &plan.rules[version.rule.0 as usize];
    let mut rule = Rule {
        head: declared.head,
        arrow: declared.arrow,
        bootstrap: declared.bootstrap,
        aggregates: false,
        some: Vec::new(),
        none: Vec::new(),
    };
    for op in &version.nest {
        match op {
            Op::Exists { negated: true, .. } => rule.none.extend(op.read(plan)),
            Op::Scan { .. } | Op::Probe { .. } | Op::Exists { .. } => {
                rule.some.extend(op.read(plan));
            }
            Op::Accumulate { aggregate, .. } => {
                rule.aggregates = true;
                rule.head = plan.aggregates[aggregate.0 as usize].relation;
            }
            Op::Emit { relation, .. } => rule.head = *relation,
            Op::Each { .. } | Op::Range { .. } | Op::Let { .. } | Op::Filter { .. } => {}
        }
    }
    rule
}
