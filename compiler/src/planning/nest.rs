//! One version: the order of its literals, greedily.
//!
//! At each step, what only tells rows apart (conditions, `not`, bindings, known rows) goes first,
//! as soon as its variables are bound; then the atom of which most is known, with generators before
//! atoms of which nothing is. Literals that can fail wait until nothing else can go on. Where sizes are known,
//! `cost` says in which order atoms and generators come.

use std::cmp::Reverse;

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{
    AggregateId, Bind, CompareOp, Expr, Extent, Op, Plan, Register, RelationId, RelationKind,
    RuleId, Slot,
};

use super::Form;
use super::indexes::{Indexes, columns_to_probe, determines_row};
use crate::rir::{Head, Literal, Rule};

pub(super) struct Nest<'n> {
    plan: &'n Plan,
    fallible: &'n Fallible,
    indexes: &'n mut Indexes,
    rule: &'n Rule,
    id: RuleId,
    form: Form,
    /// How often variables occur in what is not placed yet: one that does not need not be bound.
    pending: Vec<u32>,
    bound: Vec<bool>,
    /// By literal.
    placed: Vec<bool>,
    /// Variables of the rule in order of binding, and copies made to compare with them.
    order: Vec<Register>,
    /// Variables, followed by copies.
    variables: Vec<Slot>,
    ops: Vec<Op>,
}

impl<'n> Nest<'n> {
    pub(super) fn new(
        plan: &'n Plan,
        fallible: &'n Fallible,
        indexes: &'n mut Indexes,
        rule: &'n Rule,
        id: RuleId,
        form: Form,
    ) -> Self {
        Nest {
            form,
            plan,
            fallible,
            indexes,
            rule,
            id,
            pending: rule.occurrences(),
            bound: vec![false; rule.variables.len()],
            placed: vec![false; rule.literals.len()],
            order: Vec::new(),
            variables: rule.variables.clone(),
            ops: Vec::new(),
        }
    }

    /// Registers and operators of the version.
    pub(super) fn build(mut self, aggregate: Option<AggregateId>) -> (Vec<Slot>, Vec<Op>) {
        self.place_all();
        self.head(aggregate);
        self.renumber()
    }

    /// Places all literals; their order.
    pub(super) fn place_all(&mut self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.rule.literals.len());
        let mut left: Vec<usize> = (0..self.rule.literals.len()).collect();
        if let Some((place, extent)) = self.form.first {
            left.retain(|&literal| literal != place);
            self.place(place, extent);
            order.push(place);
        }
        while let Some(next) = self.choose(&left) {
            left.retain(|&literal| literal != next);
            let extent = self.form.extents.get(next).copied();
            self.place(next, extent.unwrap_or(Extent::Total));
            order.push(next);
        }
        assert!(
            left.is_empty(),
            "the analysis found an order for every rule: {} {left:?}",
            self.id
        );
        order
    }

    /// The literal to place next, of those whose inputs are bound.
    fn choose(&self, left: &[usize]) -> Option<usize> {
        let ready = left.iter().copied().filter(|&place| self.is_ready(place));
        let next = ready.min_by_key(|&place| (self.rank(place), self.is_founded(place), place))?;
        let mut order = self.form.order.iter();
        match self.rank(next) {
            Rank::Filter | Rank::Lookup | Rank::CanFail => Some(next),
            // One of several orders, chosen by what they cost.
            Rank::Row | Rank::Probe(_) | Rank::Generator | Rank::Scan(_) => {
                let chosen = order.find(|place| left.contains(place));
                Some(chosen.copied().unwrap_or(next))
            }
        }
    }

    fn is_ready(&self, place: usize) -> bool {
        let literal = &self.rule.literals[place];
        literal
            .needs()
            .iter()
            .all(|variable| self.bound[variable.0 as usize])
            && self.form.after.get(place).is_none_or(|before| {
                let mut before = before.iter();
                before.all(|&place| self.placed[place])
            })
    }

    /// Whether only some of the rows that it finds count. Each is then asked when it came, and a stratum's own relations
    /// are mostly larger than those that they follow from.
    fn is_founded(&self, place: usize) -> bool {
        self.form.extents.get(place) == Some(&Extent::Founded)
    }

    fn rank(&self, place: usize) -> Rank {
        let literal = &self.rule.literals[place];
        let fails = literal
            .inputs()
            .into_iter()
            .any(|input| self.fallible.expr(input));
        match literal {
            _ if fails => Rank::CanFail,
            Literal::Condition(_) | Literal::Let { .. } => Rank::Filter,
            Literal::Not { .. } => Rank::Lookup,
            Literal::Each { .. } | Literal::Range { .. } => Rank::Generator,
            Literal::Atom { relation, columns } => {
                let known = self.known(columns);
                let declared = &self.plan.relations[relation.0 as usize];
                if !known.is_empty() && determines_row(declared, &known) {
                    Rank::Row
                } else if !columns_to_probe(declared, &known).is_empty() {
                    Rank::Probe(Reverse(known.len()))
                } else {
                    Rank::Scan(scan_cost(declared.kind))
                }
            }
        }
    }

    /// Columns whose value is bound, ascending.
    fn known(&self, columns: &[Option<Expr>]) -> Vec<u32> {
        (0..columns.len() as u32)
            .filter(|&column| match &columns[column as usize] {
                None => false,
                Some(Expr::Register(variable)) => self.bound[variable.0 as usize],
                Some(_) => true,
            })
            .collect()
    }

    fn place(&mut self, place: usize, extent: Extent) {
        let rule = self.rule;
        let literal = &rule.literals[place];
        self.placed[place] = true;
        for variable in literal.occurrences() {
            self.pending[variable.0 as usize] -= 1;
        }
        match literal {
            Literal::Condition(condition) => self.filter(condition.clone()),
            Literal::Let { guard, bind } => {
                if let Some(guard) = guard {
                    self.filter(guard.clone());
                }
                for (variable, value) in bind {
                    self.bind_to(*variable, value.clone());
                }
            }
            Literal::Not { relation, columns } => {
                let (key_columns, key) = given(columns);
                let index = self.indexes.on(*relation, key_columns, extent);
                self.ops.push(Op::Exists {
                    index,
                    key,
                    negated: true,
                });
            }
            Literal::Each { source, ty, into } => {
                let (source, ty) = (source.clone(), *ty);
                self.binding(into, |into| Op::Each { source, ty, into });
            }
            Literal::Range { from, to, into } => {
                let (from, to) = (from.clone(), to.clone());
                self.binding(&[*into], |into| Op::Range {
                    from,
                    to,
                    into: into[0],
                });
            }
            Literal::Atom { relation, columns } => self.atom(*relation, columns, extent),
        }
    }

    fn atom(&mut self, relation: RelationId, columns: &[Option<Expr>], extent: Extent) {
        let declared = &self.plan.relations[relation.0 as usize];
        let known = self.known(columns);
        let probed = match extent {
            Extent::Total | Extent::Before | Extent::Founded => columns_to_probe(declared, &known),
            Extent::Delta => Vec::new(),
        };
        let looked_at = |column: &u32| match &columns[*column as usize] {
            None => false,
            Some(Expr::Register(variable)) => {
                known.contains(column)
                    || self.pending[variable.0 as usize] > 0
                    || occurs_twice(columns, *variable)
            }
            Some(_) => true,
        };
        let rest: Vec<u32> = (0..columns.len() as u32)
            .filter(|column| !probed.contains(column))
            .filter(looked_at)
            .collect();
        // Where combinations count, a row is looked at even if nothing of it is used.
        let counts = self.rule.head.is_aggregate() || self.form.counted;
        let one_is_enough = !counts || determines_row(declared, &known);
        let key = |columns: &[Option<Expr>], probed: &[u32]| {
            probed
                .iter()
                .filter_map(|&column| columns[column as usize].clone())
                .collect::<Vec<_>>()
        };
        if rest.is_empty() && one_is_enough && extent != Extent::Delta {
            let key = key(columns, &probed);
            let index = self.indexes.on(relation, probed, extent);
            self.ops.push(Op::Exists {
                index,
                key,
                negated: false,
            });
            return;
        }
        let mut bind = Vec::new();
        let mut equal = Vec::new();
        for column in rest {
            let ty = declared.columns[column as usize].ty;
            let into = match &columns[column as usize] {
                Some(Expr::Register(variable)) if !self.bound[variable.0 as usize] => {
                    self.mark_bound(*variable);
                    *variable
                }
                Some(value) => {
                    let copy = self.copy(ty);
                    equal.push(Expr::Compare(
                        CompareOp::Eq,
                        ty,
                        Box::new(Expr::Register(copy)),
                        Box::new(value.clone()),
                    ));
                    copy
                }
                None => continue,
            };
            bind.push(Bind { column, into });
        }
        if probed.is_empty() {
            self.ops.push(Op::Scan {
                relation,
                part: extent,
                bind,
            });
        } else {
            let key = key(columns, &probed);
            let index = self.indexes.on(relation, probed, extent);
            self.ops.push(Op::Probe { index, key, bind });
        }
        equal
            .into_iter()
            .for_each(|condition| self.filter(condition));
    }

    fn head(&mut self, aggregate: Option<AggregateId>) {
        let declared = &self.plan.rules[self.id.0 as usize];
        self.ops.push(match (&self.rule.head, aggregate) {
            (
                Head::Group {
                    group, arguments, ..
                },
                Some(aggregate),
            ) => Op::Accumulate {
                aggregate,
                group: group.clone(),
                arguments: arguments.clone(),
            },
            (Head::Group { .. }, None) => unreachable!("a group-by has its aggregate"),
            (Head::Row(columns), _) => Op::Emit {
                relation: declared.head,
                arrow: declared.arrow,
                columns: columns.clone(),
            },
        });
    }

    fn filter(&mut self, condition: Expr) {
        self.ops.push(Op::Filter { condition });
    }

    fn bind_to(&mut self, variable: Register, value: Expr) {
        if self.bound[variable.0 as usize] {
            let ty = self.variables[variable.0 as usize].ty;
            let variable = Expr::Register(variable);
            self.filter(Expr::Compare(
                CompareOp::Eq,
                ty,
                Box::new(variable),
                Box::new(value),
            ));
        } else {
            self.mark_bound(variable);
            self.ops.push(Op::Let {
                into: variable,
                value,
            });
        }
    }

    /// An operator that binds one register after another; those bound already are compared with.
    fn binding(&mut self, into: &[Register], op: impl FnOnce(Vec<Register>) -> Op) {
        let mut fresh = Vec::new();
        let mut equal = Vec::new();
        for &variable in into {
            if self.bound[variable.0 as usize] {
                let ty = self.variables[variable.0 as usize].ty;
                let copy = self.copy(ty);
                let (a, b) = (Expr::Register(copy), Expr::Register(variable));
                equal.push(Expr::Compare(CompareOp::Eq, ty, Box::new(a), Box::new(b)));
                fresh.push(copy);
            } else {
                self.mark_bound(variable);
                fresh.push(variable);
            }
        }
        self.ops.push(op(fresh));
        equal
            .into_iter()
            .for_each(|condition| self.filter(condition));
    }

    fn mark_bound(&mut self, variable: Register) {
        self.bound[variable.0 as usize] = true;
        self.order.push(variable);
    }

    fn copy(&mut self, ty: bloom_plan::types::TypeId) -> Register {
        let copy = Register(self.variables.len() as u32);
        self.variables.push(Slot {
            name: Default::default(),
            ty,
        });
        self.order.push(copy);
        copy
    }

    /// Registers in order of binding, then those of `Expr::Let` that occur.
    fn renumber(mut self) -> (Vec<Slot>, Vec<Op>) {
        let mut numbers: Vec<Option<Register>> = vec![None; self.variables.len()];
        let mut slots = Vec::new();
        for register in &self.order {
            numbers[register.0 as usize] = Some(Register(slots.len() as u32));
            slots.push(self.variables[register.0 as usize].clone());
        }
        let variables = &self.variables;
        let mut number = |register: Register| {
            *numbers[register.0 as usize].get_or_insert_with(|| {
                slots.push(variables[register.0 as usize].clone());
                Register(slots.len() as u32 - 1)
            })
        };
        for op in &mut self.ops {
            rename(op, &mut number);
        }
        (slots, self.ops)
    }
}

/// What to place first: the least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Filter,
    Lookup,
    /// At most one row.
    Row,
    Probe(Reverse<usize>),
    Generator,
    Scan(u32),
    CanFail,
}

/// What arrives in a tick is taken to be less than what was derived, and that less than what is kept.
fn scan_cost(kind: RelationKind) -> u32 {
    match kind {
        RelationKind::Periodic { .. } => 0,
        RelationKind::Input
        | RelationKind::Channel { .. }
        | RelationKind::Loopback
        | RelationKind::Stdin
        | RelationKind::Errors => 1,
        RelationKind::Static | RelationKind::Cluster | RelationKind::Alive => 2,
        RelationKind::Scratch
        | RelationKind::Output
        | RelationKind::View
        | RelationKind::Stdout
        | RelationKind::Stderr
        | RelationKind::Halt => 3,
        RelationKind::Table { .. } => 4,
    }
}

fn occurs_twice(columns: &[Option<Expr>], variable: Register) -> bool {
    let same = |column: &&Option<Expr>| matches!(column, Some(Expr::Register(v)) if *v == variable);
    columns.iter().filter(same).count() > 1
}

/// The columns that are given, and their values.
fn given(columns: &[Option<Expr>]) -> (Vec<u32>, Vec<Expr>) {
    (0..)
        .zip(columns)
        .filter_map(|(place, column)| Some((place, column.clone()?)))
        .unzip()
}

fn rename(op: &mut Op, number: &mut dyn FnMut(Register) -> Register) {
    match op {
        Op::Scan { bind, .. } => bind
            .iter_mut()
            .for_each(|bind| bind.into = number(bind.into)),
        Op::Probe { key, bind, .. } => {
            key.iter_mut().for_each(|expr| expr.rename(number));
            bind.iter_mut()
                .for_each(|bind| bind.into = number(bind.into));
        }
        Op::Exists { key, .. } => key.iter_mut().for_each(|expr| expr.rename(number)),
        Op::Each { source, into, .. } => {
            source.rename(number);
            into.iter_mut()
                .for_each(|register| *register = number(*register));
        }
        Op::Range { from, to, into } => {
            from.rename(number);
            to.rename(number);
            *into = number(*into);
        }
        Op::Let { into, value } => {
            value.rename(number);
            *into = number(*into);
        }
        Op::Filter { condition } => condition.rename(number),
        Op::Emit { columns, .. } => columns
            .iter_mut()
            .flatten()
            .for_each(|expr| expr.rename(number)),
        Op::Accumulate {
            group, arguments, ..
        } => {
            group
                .iter_mut()
                .chain(arguments)
                .for_each(|expr| expr.rename(number));
        }
    }
}
