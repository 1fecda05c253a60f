//! Rules: literals as sets of atoms, conditions and bindings, and heads.

use bloom_plan::plan::{
    self, AggregateColumn, AggregateFunction, Arrow, Column, Delivery, Expr, OrderBy, Register,
    Relation, RelationId, RelationKind, Role,
};
use bloom_plan::types::{Type, TypeId};
use bloom_stdx::arena::Id;
use smol_str::{SmolStr, SmolStrBuilder};

use super::schedule::Slot;
use super::scope::{BodyLowering, Place};
use super::{Lowering, relation_of};
use crate::hir::{self, AtomArg, HeadColumn, Pat, PatId, RuleId};
use crate::rir::{Head, Literal, Rule};
use crate::syntax::ast;

/// Appends the rule; rules that it needs beside itself go to `helpers`.
pub(super) fn lower<'a>(
    cx: &mut Lowering<'a>,
    id: RuleId,
    source: &'a hir::Rule,
    helpers: &mut Vec<Helper>,
) {
    let declared = declared(cx, source);
    let slot = Slot::of(cx, source);
    let types = &cx.typed.nodes[cx.node].rules[id];
    let mut lowering = RuleLowering {
        body: BodyLowering::new(cx, &source.body, types),
        declared: &declared,
        slot,
        literals: Vec::new(),
        helpers,
    };
    for node in &source.literals {
        lowering.literal(&node.literal);
    }
    let head = lowering.head(source);
    let literals = lowering.literals;
    let (cx, variables) = lowering.body.into_slots();
    let rule = Rule {
        variables,
        literals,
        head,
    };
    cx.add_rule(declared, rule, slot);
}

/// A rule that another needs beside itself.
pub(super) struct Helper {
    pub declared: plan::Rule,
    pub rule: Rule,
    pub slot: Slot,
}

fn declared(cx: &Lowering<'_>, source: &hir::Rule) -> plan::Rule {
    let place = cx.sources.real(cx.program.file_span(source.loc));
    let (start, _) = cx.sources.positions(place);
    let path = cx.sources.path(place.file);
    let mut text = SmolStrBuilder::new();
    for (n, word) in cx.sources.text(place.file)[cx.sources.range(place)]
        .split_whitespace()
        .enumerate()
    {
        if n > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
    plan::Rule {
        at: smol_str::format_smolstr!("{path}:{}:{}", start.line, start.column),
        text: text.finish(),
        head: relation_of(source.head.collection),
        arrow: match source.arrow {
            ast::Arrow::Merge => Arrow::Merge,
            ast::Arrow::DeferredMerge => Arrow::Deferred,
            ast::Arrow::DeferredDelete => Arrow::Delete,
            ast::Arrow::Upsert => Arrow::Upsert,
            ast::Arrow::AsyncMerge => Arrow::Async,
        },
        bootstrap: source.bootstrap,
    }
}

struct RuleLowering<'r, 'l, 'a> {
    body: BodyLowering<'l, 'a>,
    declared: &'r plan::Rule,
    slot: Slot,
    literals: Vec<Literal>,
    helpers: &'r mut Vec<Helper>,
}

impl<'a> RuleLowering<'_, '_, 'a> {
    fn literal(&mut self, literal: &hir::Literal) {
        match literal {
            hir::Literal::Error => {}
            hir::Literal::Atom { collection, args } => {
                let relation = relation_of(*collection);
                let place = self.literals.len();
                let columns = self.atom_columns(relation, args);
                self.literals
                    .insert(place, Literal::Atom { relation, columns });
            }
            hir::Literal::Not { collection, args } => self.negation(relation_of(*collection), args),
            hir::Literal::Condition(condition) => {
                let condition = self.body.expr(*condition);
                self.literals.push(Literal::Condition(condition));
            }
            hir::Literal::Let { pat, value } => {
                let ty = self.body.types.adjusted(*value);
                let value = self.body.expr(*value);
                let place = self.literals.len();
                let register = self.whole(*pat, ty);
                let bind = vec![(register, value)];
                self.literals
                    .insert(place, Literal::Let { guard: None, bind });
            }
            hir::Literal::In { pat, source } => self.generator(*pat, *source),
        }
    }

    /// Columns of an atom; literals that take its nested patterns apart are appended.
    fn atom_columns(&mut self, relation: RelationId, args: &[AtomArg]) -> Vec<Option<Expr>> {
        let mut columns = self.free_columns(relation);
        for arg in args {
            let ty =
                self.body.cx.plan.relations[relation.0 as usize].columns[arg.column as usize].ty;
            columns[arg.column as usize] = match self.body.body.pat(arg.pat) {
                Pat::Error | Pat::Wildcard => None,
                Pat::Constant(_) | Pat::SelfAddr | Pat::Literal(_) | Pat::TestNode(_) => {
                    self.body.as_value(arg.pat)
                }
                Pat::Var(_)
                | Pat::Tuple(_)
                | Pat::List(_)
                | Pat::Variant { .. }
                | Pat::Record { .. } => Some(Expr::Register(self.whole(arg.pat, ty))),
            };
        }
        columns
    }

    fn free_columns(&self, relation: RelationId) -> Vec<Option<Expr>> {
        vec![
            None;
            self.body.cx.plan.relations[relation.0 as usize]
                .columns
                .len()
        ]
    }

    /// The variable that the pattern is, or a new one that is taken apart by a literal of its own.
    fn whole(&mut self, pat: PatId, ty: TypeId) -> Register {
        if let Pat::Var(var) = self.body.body.pat(pat)
            && let Place::Register(register) = self.body.look_up(*var)
        {
            return register;
        }
        let whole = self.body.fresh(ty);
        let matched = self.body.matching(pat, Expr::Register(whole));
        if !(matched.tests.is_empty() && matched.bind.is_empty()) {
            let guard = super::scalar::all_of(matched.tests);
            self.literals.push(Literal::Let {
                guard,
                bind: matched.bind,
            });
        }
        whole
    }

    /// `not`: columns are looked up by value. Where a pattern is no value, as in `not p{(x, _)}`,
    /// a relation of its own holds what of `p` matches, and there is no such row in that.
    fn negation(&mut self, relation: RelationId, args: &[AtomArg]) {
        let mut columns = self.free_columns(relation);
        let mut partial = false;
        for arg in args {
            if matches!(self.body.body.pat(arg.pat), Pat::Error | Pat::Wildcard) {
                continue;
            }
            let value = self.body.as_value(arg.pat);
            partial |= value.is_none();
            columns[arg.column as usize] = value;
        }
        if partial {
            let (helper, variables) = self.matching_rows(relation, args);
            let columns = variables
                .into_iter()
                .map(|variable| Some(Expr::Register(variable)))
                .collect();
            self.literals.push(Literal::Not {
                relation: helper,
                columns,
            });
        } else {
            self.literals.push(Literal::Not { relation, columns });
        }
    }

    /// A relation with what the arguments' variables are in the rows that match, and those variables.
    fn matching_rows(
        &mut self,
        relation: RelationId,
        args: &[AtomArg],
    ) -> (RelationId, Vec<Register>) {
        let outer = std::mem::take(&mut self.literals);
        let columns = self.atom_columns(relation, args);
        let mut literals = std::mem::replace(&mut self.literals, outer);
        literals.insert(0, Literal::Atom { relation, columns });
        let slots = self.body.slots().to_vec();
        let mut variables: Vec<Register> = literals.iter().flat_map(Literal::binds).collect();
        variables.sort_unstable();
        variables.dedup();
        variables.retain(|variable| !slots[variable.0 as usize].name.is_empty());
        let relations = &mut self.body.cx.plan.relations;
        let helper = RelationId(relations.len() as u32);
        let column = |variable: &Register| {
            let slot = &slots[variable.0 as usize];
            Column {
                name: slot.name.clone(),
                ty: slot.ty,
                role: Role::Key,
                default: None,
            }
        };
        relations.push(Relation {
            name: smol_str::format_smolstr!(
                "{}.matching{}",
                relations[relation.0 as usize].name,
                helper.0
            ),
            kind: RelationKind::Scratch,
            columns: variables.iter().map(column).collect(),
            immutable: false,
            sealed_by: Vec::new(),
            delivery: Delivery::Free,
            public: false,
        });
        let head = variables
            .iter()
            .map(|&variable| Some(Expr::Register(variable)))
            .collect();
        let declared = plan::Rule {
            head: helper,
            arrow: Arrow::Merge,
            bootstrap: false,
            ..self.declared.clone()
        };
        self.helpers.push(Helper {
            declared,
            rule: Rule {
                variables: slots,
                literals,
                head: Head::Row(head),
            },
            slot: self.slot.before(),
        });
        (helper, variables)
    }

    fn generator(&mut self, pat: PatId, source: hir::ExprId) {
        if let hir::Expr::Range { start, end } = self.body.body.expr(source) {
            let (from, to) = (self.body.expr(*start), self.body.expr(*end));
            let place = self.literals.len();
            let int = self.body.cx.int();
            let into = self.whole(pat, int);
            self.literals
                .insert(place, Literal::Range { from, to, into });
            return;
        }
        let ty = self.body.types.adjusted(source);
        let source = self.body.expr(source);
        let place = self.literals.len();
        let into = match *self.body.cx.plan.types.get(ty) {
            Type::Map(key, value) | Type::FrozenMap(key, value) => self.entry(pat, key, value),
            Type::List(element)
            | Type::Set(element)
            | Type::PosSet(element)
            | Type::Bag(element)
            | Type::FrozenSet(element)
            | Type::FrozenBag(element) => vec![self.whole(pat, element)],
            _ => Vec::new(),
        };
        self.literals
            .insert(place, Literal::Each { source, ty, into });
    }

    /// Registers of a map's key and value: parts of the pattern, or of the tuple that it is.
    fn entry(&mut self, pat: PatId, key: TypeId, value: TypeId) -> Vec<Register> {
        if let Pat::Tuple(parts) = self.body.body.pat(pat)
            && let &[first, second] = parts.as_slice()
        {
            return vec![self.whole(first, key), self.whole(second, value)];
        }
        let into = vec![self.body.fresh(key), self.body.fresh(value)];
        let ty = self
            .body
            .cx
            .plan
            .types
            .intern(Type::Tuple(vec![key, value]));
        let place = self.literals.len();
        let whole = self.whole(pat, ty);
        let tuple = Expr::Make(ty, into.iter().map(|&part| Expr::Register(part)).collect());
        self.literals.insert(
            place,
            Literal::Let {
                guard: None,
                bind: vec![(whole, tuple)],
            },
        );
        into
    }

    fn head(&mut self, source: &'a hir::Rule) -> Head {
        let columns = &source.head.columns;
        // Deletes and upserts take a value whole, and so do messages, of which some may be lost.
        let merges = matches!(source.arrow, ast::Arrow::Merge | ast::Arrow::DeferredMerge);
        let grows = |(place, column): (usize, &HeadColumn)| match column {
            HeadColumn::Aggregate(aggregate) => merges && self.is_merge(place, aggregate),
            HeadColumn::Expr(_) | HeadColumn::Default | HeadColumn::Omitted => true,
        };
        let collection = source.head.collection;
        if columns.iter().enumerate().all(grows) {
            let columns = columns.iter().enumerate();
            return Head::Row(
                columns
                    .map(|(place, column)| self.column(collection, place, column))
                    .collect(),
            );
        }
        let (mut group, mut arguments, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for (place, column) in columns.iter().enumerate() {
            shown.push(match column {
                HeadColumn::Aggregate(aggregate) => {
                    self.aggregate(place, aggregate, &mut arguments)
                }
                HeadColumn::Expr(_) | HeadColumn::Default | HeadColumn::Omitted => {
                    let value = self.column(collection, place, column);
                    group.push(value.unwrap_or(Expr::Word(0)));
                    AggregateColumn::Group(group.len() as u32 - 1)
                }
            });
        }
        Head::Group {
            group,
            arguments,
            columns: shown,
        }
    }

    /// One column of a row; in a lattice column, an aggregate that is its join is one value of it.
    fn column(
        &mut self,
        collection: hir::CollectionId,
        place: usize,
        column: &HeadColumn,
    ) -> Option<Expr> {
        match column {
            HeadColumn::Expr(expr) => Some(self.body.expr(*expr)),
            HeadColumn::Omitted => None,
            HeadColumn::Default => {
                let node = self.body.cx.node;
                let (program, typed) = (self.body.cx.program, self.body.cx.typed);
                let default = &program.nodes[node].collections[collection].columns[place].default;
                let types = &typed.nodes[node].collections[collection][place].default;
                let (body, types) = default.as_ref().zip(types.as_ref())?;
                Some(self.body.inline(body, types))
            }
            HeadColumn::Aggregate(aggregate) => {
                let operand = aggregate.operand?;
                let (from, value) = (self.body.types.adjusted(operand), self.body.expr(operand));
                let ty = self.column_type(place);
                Some(match self.body.cx.plan.types.get(ty) {
                    Type::Set(element) if *element == from => Expr::Make(ty, vec![value]),
                    _ => self.body.inject(value, from, ty),
                })
            }
        }
    }

    /// Whether the aggregate is what the column's lattice does anyway, so that each row can merge
    /// its own value and the rule stays monotone.
    fn is_merge(&self, place: usize, aggregate: &hir::Aggregate) -> bool {
        use hir::AggregateFunction as F;
        let ty = self.body.cx.plan.types.get(self.column_type(place));
        matches!(
            (aggregate.function, ty),
            (F::Max, Type::Max(_))
                | (F::Min, Type::Min(_))
                | (F::Set, Type::Set(_))
                | (F::Any, Type::Or)
                | (F::All, Type::And)
        )
    }

    fn column_type(&self, place: usize) -> TypeId {
        self.body.cx.plan.relations[self.declared.head.0 as usize].columns[place].ty
    }

    fn aggregate(
        &mut self,
        place: usize,
        aggregate: &hir::Aggregate,
        arguments: &mut Vec<Expr>,
    ) -> AggregateColumn {
        let first = arguments.len() as u32;
        let value = aggregate.operand.map(|operand| {
            arguments.push(self.body.expr(operand));
            self.body.types.adjusted(operand)
        });
        let by = aggregate.by.iter().map(|key| {
            arguments.push(self.body.expr(key.key));
            OrderBy {
                ty: self.body.types.adjusted(key.key),
                descending: key.descending,
            }
        });
        let by = by.collect();
        AggregateColumn::Function {
            function: aggregate_function(aggregate),
            first,
            value,
            by,
            result: self.column_type(place),
        }
    }
}

fn aggregate_function(aggregate: &hir::Aggregate) -> AggregateFunction {
    use hir::AggregateFunction as F;
    match aggregate.function {
        F::Count if aggregate.distinct => AggregateFunction::CountDistinct,
        F::Count => AggregateFunction::Count,
        F::Sum => AggregateFunction::Sum,
        F::Min => AggregateFunction::Min,
        F::Max => AggregateFunction::Max,
        F::Avg => AggregateFunction::Avg,
        F::List => AggregateFunction::List,
        F::Set => AggregateFunction::Set,
        F::Argmin => AggregateFunction::ArgMin,
        F::Argmax => AggregateFunction::ArgMax,
        F::Any => AggregateFunction::Any,
        F::All => AggregateFunction::All,
        F::First => AggregateFunction::First,
    }
}

/// The name that a rule has in `sys.rule`.
pub(super) fn name_of(id: usize) -> SmolStr {
    smol_str::format_smolstr!("{}", RuleId::from_index(id))
}
