//! Plans made anew while a program runs, where relations have turned out to be of other sizes than the order
//! of joins is good for.
//!
//! A version's operators are read back as the rule that they evaluate, put in the order that costs least, and
//! planned as ever; so this needs nothing but the plan, and executables have it, too. Versions keep their
//! numbers, rules, deltas and results, and indexes theirs, so that a running machine can go on with the new
//! plan between any two versions that it runs. What an order may decide is left as it is: literals that can
//! fail still come after all others and in the same order among themselves, a version that begins with a delta
//! still does, and versions that ask for chance or the time are not touched.

use bloom_plan::functions::Kind;
use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{
    AggregateId, Argument, CompareOp, Expr, Extent, Op, Plan, Register, RelationId, Stratum,
    Upkeep, Version, VersionId,
};
use bloom_plan::statistics::Statistics;

use super::Form;
use super::cost::Join;
use super::indexes::Indexes;
use super::nest::Nest;
use crate::rir::{Head, Literal, Rule};

/// An order must cost at most this share of the one that there is, or nothing changes.
const WORTH_SHARE: f64 = 0.7;

/// A plan that differs from another in how some versions evaluate their rules.
#[derive(Debug)]
pub struct Replanned {
    pub plan: Plan,
    /// The versions that differ, and those that read an index that holds other things now.
    pub changed: Vec<VersionId>,
}

/// Puts the literals of versions into the best order; none if all are good as they are.
pub fn replan(
    plan: &Plan,
    versions: &[VersionId],
    statistics: &dyn Statistics,
) -> Option<Replanned> {
    let fallible = Fallible::of(plan);
    let mut indexes = Indexes::of(plan);
    let mut changed = Vec::new();
    for &id in versions {
        let version = reorder(plan, &fallible, &mut indexes, id, statistics);
        changed.extend(version.map(|version| (id, version)));
    }
    if changed.is_empty() {
        return None;
    }
    let mut new = plan.clone();
    new.indexes = indexes.into_vec();
    let mut ids: Vec<VersionId> = changed.iter().map(|(id, _)| *id).collect();
    for (id, version) in changed {
        new.versions[id.0 as usize] = version;
    }
    ids.extend(readers_of_changed(plan, &new));
    ids.sort_unstable();
    ids.dedup();
    Some(Replanned {
        plan: new,
        changed: ids,
    })
}

/// Versions that read an index that holds other things than before.
fn readers_of_changed(old: &Plan, new: &Plan) -> Vec<VersionId> {
    use bloom_plan::plan::layout::layouts;
    let (before, after) = (layouts(old), layouts(new));
    let differs: Vec<bool> = before.iter().zip(&after).map(|(b, a)| b != a).collect();
    let reads = |version: &Version| {
        version.nest.iter().any(|op| match op {
            Op::Probe { index, .. } => differs.get(index.0 as usize).is_some_and(|&d| d),
            _ => false,
        })
    };
    let versions = (0..).map(VersionId).zip(&new.versions);
    let readers = versions.filter(|(_, version)| reads(version));
    readers.map(|(id, _)| id).collect()
}

/// The version in a better order, if there is one.
fn reorder(
    plan: &Plan,
    fallible: &Fallible,
    indexes: &mut Indexes,
    id: VersionId,
    statistics: &dyn Statistics,
) -> Option<Version> {
    let version = &plan.versions[id.0 as usize];
    if is_volatile(plan, version) {
        return None;
    }
    let read = ReadBack::new(plan, id)?;
    let join = Join {
        plan,
        fallible,
        statistics,
        rule: &read.rule,
        first: read.form.first.map(|(place, _)| place),
        extents: &read.form.extents,
        after: &read.form.after,
    };
    let best = join.best()?;
    let mut now = best.literals.clone();
    now.sort_unstable();
    if now == best.literals || best.cost > WORTH_SHARE * join.cost_of(&now)? {
        return None;
    }
    let form = Form {
        order: best.literals,
        ..read.form
    };
    let nest = Nest::new(plan, fallible, indexes, &read.rule, version.rule, form);
    let (registers, nest) = nest.build(read.aggregate);
    Some(Version {
        registers,
        nest,
        ..version.clone()
    })
}

/// A version as a rule with the literals in their order.
struct ReadBack {
    rule: Rule,
    form: Form,
    aggregate: Option<AggregateId>,
}

impl ReadBack {
    /// None if its literals must stay where they are.
    fn new(plan: &Plan, id: VersionId) -> Option<ReadBack> {
        let version = &plan.versions[id.0 as usize];
        let (last, ops) = version.nest.split_last()?;
        let mut copies = copies(version);
        let mut read = ReadBack {
            rule: Rule {
                variables: version.registers.clone(),
                literals: Vec::new(),
                head: Head::Row(Vec::new()),
            },
            form: Form {
                counted: is_counted(plan, id),
                negated: version.negated,
                first: first(plan, ops),
                ..Form::default()
            },
            aggregate: None,
        };
        for (place, op) in ops.iter().enumerate() {
            read.op(plan, place, op, &mut copies)?;
        }
        read.rule.head = match last {
            Op::Emit { columns, .. } => Head::Row(columns.clone()),
            Op::Accumulate {
                aggregate,
                group,
                arguments,
            } => {
                read.aggregate = Some(*aggregate);
                Head::Group {
                    group: group.clone(),
                    arguments: arguments.clone(),
                    columns: Vec::new(),
                }
            }
            _ => unreachable!("a nest ends with `Emit` or `Accumulate`"),
        };
        Some(read)
    }

    fn op(
        &mut self,
        plan: &Plan,
        place: usize,
        op: &Op,
        copies: &mut [Option<Expr>],
    ) -> Option<()> {
        let column = |copies: &[Option<Expr>], register: Register| {
            let copied = copies[register.0 as usize].clone();
            copied.unwrap_or(Expr::Register(register))
        };
        let (literal, extent) = match op {
            Op::Scan {
                relation,
                part,
                bind,
            } => {
                if *part == Extent::Founded {
                    return None;
                }
                let width = plan.relations[relation.0 as usize].columns.len();
                let mut columns = vec![None; width];
                for bind in bind {
                    // What comes first has nothing to be compared with yet.
                    if self.form.first == Some((place, *part)) {
                        copies[bind.into.0 as usize] = None;
                    }
                    columns[bind.column as usize] = Some(column(copies, bind.into));
                }
                let relation = *relation;
                (Literal::Atom { relation, columns }, *part)
            }
            Op::Probe { index, key, bind } => {
                let index = &plan.indexes[index.0 as usize];
                let width = plan.relations[index.relation.0 as usize].columns.len();
                let mut columns = vec![None; width];
                for (&place, key) in index.columns.iter().zip(key) {
                    columns[place as usize] = Some(key.clone());
                }
                for bind in bind {
                    columns[bind.column as usize] = Some(column(copies, bind.into));
                }
                let relation = index.relation;
                (Literal::Atom { relation, columns }, index.part)
            }
            Op::Exists {
                index,
                key,
                negated,
            } => {
                let index = &plan.indexes[index.0 as usize];
                let width = plan.relations[index.relation.0 as usize].columns.len();
                let mut columns = vec![None; width];
                for (&place, key) in index.columns.iter().zip(key) {
                    columns[place as usize] = Some(key.clone());
                }
                let relation = index.relation;
                let literal = match negated {
                    true => Literal::Not { relation, columns },
                    false => Literal::Atom { relation, columns },
                };
                (literal, index.part)
            }
            Op::Each { source, ty, into } => {
                let (source, ty, into) = (source.clone(), *ty, into.clone());
                (Literal::Each { source, ty, into }, Extent::Total)
            }
            Op::Range { from, to, into } => {
                let (from, to, into) = (from.clone(), to.clone(), *into);
                (Literal::Range { from, to, into }, Extent::Total)
            }
            Op::Let { into, value } => {
                let bind = vec![(*into, value.clone())];
                (Literal::Let { guard: None, bind }, Extent::Total)
            }
            Op::Filter { condition } => {
                if copied(condition).is_some_and(|(copy, _)| copies[copy.0 as usize].is_some()) {
                    return Some(());
                }
                (Literal::Condition(condition.clone()), Extent::Total)
            }
            Op::Emit { .. } | Op::Accumulate { .. } => {
                unreachable!("a nest ends with `Emit` or `Accumulate`")
            }
        };
        if extent == Extent::Founded {
            return None;
        }
        self.push(literal, extent);
        Some(())
    }

    fn push(&mut self, literal: Literal, extent: Extent) {
        // What takes a value apart may rely on any test before it.
        let tests = (0..).zip(&self.rule.literals);
        let tests = tests.filter(|(_, literal)| matches!(literal, Literal::Condition(_)));
        let after = match literal.inputs().into_iter().any(takes_apart) {
            true => tests.map(|(place, _)| place).collect(),
            false => Vec::new(),
        };
        self.rule.literals.push(literal);
        self.form.extents.push(extent);
        self.form.after.push(after);
    }
}

/// Registers that stand for a column only to be compared with something: what, by register.
fn copies(version: &Version) -> Vec<Option<Expr>> {
    let mut found = vec![None; version.registers.len()];
    let mut uses = vec![0; version.registers.len()];
    for op in &version.nest {
        op.reads(&mut |register| uses[register.0 as usize] += 1);
    }
    for op in &version.nest {
        if let Op::Filter { condition } = op
            && let Some((copy, value)) = copied(condition)
            && version.registers[copy.0 as usize].name.is_empty()
            && uses[copy.0 as usize] == 1
        {
            found[copy.0 as usize] = Some(value.clone());
        }
    }
    let mut of_columns = vec![false; version.registers.len()];
    for op in &version.nest {
        if let Op::Scan { bind, .. } | Op::Probe { bind, .. } = op {
            bind.iter()
                .for_each(|bind| of_columns[bind.into.0 as usize] = true);
        }
    }
    for (found, of_column) in found.iter_mut().zip(of_columns) {
        if !of_column {
            *found = None;
        }
    }
    found
}

/// The parts of a condition that compares a register with something.
fn copied(condition: &Expr) -> Option<(Register, &Expr)> {
    match condition {
        Expr::Compare(CompareOp::Eq, _, a, b) => match **a {
            Expr::Register(copy) => Some((copy, b)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether each match of the version counts.
fn is_counted(plan: &Plan, id: VersionId) -> bool {
    let strata = plan.strata.iter();
    let mut counted = strata.flat_map(|s| s.counting.iter().chain(&s.changes));
    counted.any(|&version| version == id)
}

/// The scan that must come first, if there is one.
fn first(plan: &Plan, ops: &[Op]) -> Option<(usize, Extent)> {
    match ops.first() {
        Some(Op::Scan { part, .. }) => {
            let must = *part == Extent::Delta || begins_with_event(plan, ops);
            must.then_some((0, *part))
        }
        _ => None,
    }
}

/// Whether operators go on from rows that live for one tick to rows that do not: then they must begin with
/// the former, so that a tick in which few come costs little.
fn begins_with_event(plan: &Plan, ops: &[Op]) -> bool {
    let mut read = ops.iter().filter_map(|op| op.read(plan));
    let begins =
        matches!(ops.first(), Some(Op::Scan { relation, .. }) if is_event(plan, *relation));
    begins && !read.all(|relation| is_event(plan, relation))
}

fn is_event(plan: &Plan, relation: RelationId) -> bool {
    let stays = !plan.relations[relation.0 as usize].kind.is_transient();
    let head = |version: &VersionId| {
        plan.rules[plan.versions[version.0 as usize].rule.0 as usize].head == relation
    };
    let follows =
        |stratum: &Stratum| stratum.upkeep != Upkeep::Flow && stratum.initial.iter().any(head);
    !stays && !plan.strata.iter().any(follows)
}

fn takes_apart(expr: &Expr) -> bool {
    matches!(expr, Expr::Part(..)) || expr.children().into_iter().any(takes_apart)
}

/// Whether the version may give something else each time.
pub(super) fn is_volatile(plan: &Plan, version: &Version) -> bool {
    let volatile =
        |builtin: bloom_plan::functions::BuiltinId| builtin.get().kind == Kind::Nondeterministic;
    if !plan.sites.iter().any(|site| volatile(site.builtin)) {
        return false;
    }
    let asks = |expr: &Expr| match expr {
        Expr::Call(..) => true,
        Expr::Builtin(site, arguments) => {
            let lambda = |argument: &Argument| matches!(argument, Argument::Lambda { .. });
            volatile(plan.sites[site.0 as usize].builtin) || arguments.iter().any(lambda)
        }
        _ => false,
    };
    let mut exprs = version.nest.iter().flat_map(Op::exprs);
    exprs.any(|expr| any(expr, &asks))
}

fn any(expr: &Expr, is_it: &dyn Fn(&Expr) -> bool) -> bool {
    is_it(expr) || expr.children().into_iter().any(|child| any(child, is_it))
}
