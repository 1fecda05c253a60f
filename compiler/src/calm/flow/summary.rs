//! From a rule to its summary.

use bloom_plan::functions::{self, Kind};
use bloom_plan::types::{Type, TypeId};
use bloom_stdx::arena::Arena;
use bloom_stdx::fitted_thin;
use thin_vec::ThinVec;

use super::terms::{comparison, contains, is_whole, reads, value_term};
use super::{Aggregate, Atom, Binding, ColumnShape, Form, RuleSummary, Shape, Source, Term, Test};
use crate::analysis::fallible::callees_first;
use crate::analysis::{Growth, Reading};
use crate::hir::{
    AggregateFunction, Arrow, AtomArg, Body, Collection, CollectionId, ConstantId, Expr, ExprId,
    FunctionId, HeadColumn, LitKind, Literal, NodeKind, Pat, PatId, Program, Rule, SortKey,
    UnaryOp,
};
use crate::typing::{ColumnTypes, NodeTypes, Typed, walk};

/// What the summaries of rules need to know of the program around them.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Of each function, whether it reads a clock or draws a random value.
    functions: Arena<FunctionId, bool>,
    constants: Arena<ConstantId, bool>,
}

impl Declared {
    pub fn new(program: &Program) -> Self {
        let mut declared = Declared {
            functions: program.functions.map(|_, _| false),
            constants: program.constants.map(|_, _| false),
        };
        let by_chance = |body: &Body, declared: &Declared| {
            body.value
                .is_some_and(|value| declared.by_chance(body, value))
        };
        for id in callees_first(program) {
            declared.functions[id] = by_chance(&program.functions[id].body, &declared);
        }
        // A constant reads only those before it in some node's order.
        let nodes = program.nodes.values().flat_map(|node| &node.constants);
        for &id in nodes {
            let init = program.constants[id].init.as_ref();
            declared.constants[id] = init.is_some_and(|body| by_chance(body, &declared));
        }
        declared
    }

    /// Whether evaluating the expression twice may give two values.
    fn by_chance(&self, body: &Body, expr: ExprId) -> bool {
        let mut found = false;
        body.walk_expr(expr, &mut |_, expr| {
            found = found
                || match expr {
                    Expr::Call { function, .. } | Expr::Function(function) => {
                        self.functions[*function]
                    }
                    Expr::Constant(constant) => self.constants[*constant],
                    Expr::CallBuiltin { .. } | Expr::Method { .. } => {
                        let called = expr.called().into_iter();
                        let mut entries = called.flat_map(functions::named);
                        entries.any(|(_, entry)| entry.kind == Kind::Nondeterministic)
                    }
                    _ => false,
                };
        });
        found
    }
}

/// The shape of each collection of a kind.
pub fn shapes(kind: &NodeKind, types: &NodeTypes, typed: &Typed) -> Arena<CollectionId, Shape> {
    let shape = |id: CollectionId, collection: &Collection| {
        let types: &[ColumnTypes] = &types.collections[id];
        let columns = collection.columns.iter().zip(types);
        let column = |(column, types): (&crate::hir::Column, &ColumnTypes)| ColumnShape {
            key: column.key,
            lattice: typed.types.is_lattice(types.ty),
            elements: matches!(
                typed.types.get(types.ty),
                Type::List(_) | Type::FrozenSet(_) | Type::FrozenBag(_) | Type::FrozenMap(..)
            ),
        };
        Shape {
            columns: columns.map(column).collect(),
        }
    };
    kind.collections.map(shape)
}

/// What surrounds a rule.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub declared: &'a Declared,
    pub typed: &'a Typed,
    pub kind: &'a NodeKind,
    pub types: &'a NodeTypes,
    pub shapes: &'a Arena<CollectionId, Shape>,
}

/// The summary of a rule: of its own text and of what is declared, so that it changes with these only.
pub fn summarize(setting: Setting<'_>, rule: &Rule, readings: &[Reading]) -> RuleSummary {
    let cx = Summary { setting, rule };
    let mut summary = RuleSummary {
        head: rule.head.collection,
        arrow: cx.arrow(),
        bootstrap: rule.bootstrap,
        columns: ThinVec::with_capacity(rule.head.columns.len()),
        aggregates: ThinVec::new(),
        atoms: ThinVec::new(),
        bindings: ThinVec::new(),
        tests: ThinVec::new(),
        chance: cx.by_chance(),
        origin: rule.origin,
    };
    for (place, column) in (0..).zip(&rule.head.columns) {
        summary.columns.push(cx.head_term(place, column));
        if let HeadColumn::Aggregate(aggregate) = column {
            if let Some(term) = cx.told_by_group(place, aggregate) {
                summary.columns[place as usize] = term;
                continue;
            }
            summary.aggregates.push(Aggregate {
                column: place,
                function: aggregate.function,
                operand: aggregate.operand.map(|expr| cx.value_term(expr)),
                by: aggregate.by.iter().map(|key| cx.sort_term(key)).collect(),
                growth: cx.aggregate_growth(place, aggregate.function),
            });
        }
    }
    let mut columns = rule.head.columns.iter();
    let aggregates = columns.any(|column| matches!(column, HeadColumn::Aggregate(_)));
    for (literal, node) in (0..).zip(&rule.literals) {
        match &node.literal {
            Literal::Error => {}
            Literal::Atom { collection, args } => {
                let reading = readings.get(literal as usize).copied().unwrap_or_default();
                let reading = match aggregates {
                    false => reading,
                    true => cx.aggregated_reading(*collection, args),
                };
                summary
                    .atoms
                    .push(cx.atom(literal, *collection, args, false, reading));
            }
            Literal::Not { collection, args } => {
                let atom = cx.atom(literal, *collection, args, true, Reading::Complete);
                summary.atoms.push(atom);
            }
            Literal::Condition(expr) => summary.tests.push(cx.test(*expr)),
            Literal::Let { pat, value } => {
                let source = Source::Value(cx.value_term(*value));
                summary
                    .bindings
                    .push(cx.binding(*pat, *value, false, source));
            }
            Literal::In { pat, source } => {
                let term = match cx.rule.body.expr(*source) {
                    Expr::Range { start, end } => {
                        Source::Range(cx.value_term(*start), cx.value_term(*end))
                    }
                    _ => Source::Value(cx.value_term(*source)),
                };
                summary.bindings.push(cx.binding(*pat, *source, true, term));
            }
        }
    }
    RuleSummary {
        aggregates: fitted_thin(summary.aggregates),
        atoms: fitted_thin(summary.atoms),
        bindings: fitted_thin(summary.bindings),
        tests: fitted_thin(summary.tests),
        ..summary
    }
}

struct Summary<'a> {
    setting: Setting<'a>,
    rule: &'a Rule,
}

impl Summary<'_> {
    fn body(&self) -> &Body {
        &self.rule.body
    }

    /// Where there are no values to replace, a row that is put in its own place is put in.
    fn arrow(&self) -> Arrow {
        let shape = &self.setting.shapes[self.rule.head.collection];
        match self.rule.arrow {
            Arrow::Upsert if shape.columns.iter().all(|column| column.key) => Arrow::DeferredMerge,
            Arrow::Merge
            | Arrow::DeferredMerge
            | Arrow::Upsert
            | Arrow::AsyncMerge
            | Arrow::DeferredDelete => self.rule.arrow,
        }
    }

    /// The value of an aggregate over values that are all the same in a group: `max(k)` by `k`, `min(1)`. Of such
    /// values there is one.
    fn told_by_group(&self, place: u32, aggregate: &crate::hir::Aggregate) -> Option<Term> {
        let head = &self.setting.shapes[self.rule.head.collection];
        if head.columns.get(place as usize)?.lattice {
            return None;
        }
        let operand = self.value_term(aggregate.operand?);
        let is_group = |column: &HeadColumn| match column {
            HeadColumn::Expr(expr) => self.value_term(*expr) == operand,
            HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => false,
        };
        let is_same = match operand {
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => true,
            Term::Var(_) => self.rule.head.columns.iter().any(is_group),
            Term::Any | Term::Of { .. } => false,
        };
        match aggregate.function {
            _ if !is_same => None,
            AggregateFunction::Count if aggregate.distinct => Some(Term::Literal(LitKind::Int(1))),
            AggregateFunction::Min
            | AggregateFunction::Max
            | AggregateFunction::Any
            | AggregateFunction::All => Some(operand),
            AggregateFunction::Count
            | AggregateFunction::Sum
            | AggregateFunction::Avg
            | AggregateFunction::List
            | AggregateFunction::Set
            | AggregateFunction::Argmin
            | AggregateFunction::Argmax
            | AggregateFunction::First => None,
        }
    }

    fn by_chance(&self) -> bool {
        let declared = self.setting.declared;
        let own = |expr: &ExprId| declared.by_chance(self.body(), *expr);
        let literal = |literal: &Literal| match literal {
            Literal::Condition(expr)
            | Literal::Let { value: expr, .. }
            | Literal::In { source: expr, .. } => own(expr),
            Literal::Error | Literal::Atom { .. } | Literal::Not { .. } => false,
        };
        let head = &self.setting.kind.collections[self.rule.head.collection];
        let column = |(column, place): (&HeadColumn, usize)| match column {
            HeadColumn::Expr(expr) => own(expr),
            HeadColumn::Aggregate(aggregate) => {
                let keys = aggregate.by.iter().map(|key| key.key);
                aggregate.operand.into_iter().chain(keys).any(|e| own(&e))
            }
            HeadColumn::Default => {
                let default = head.columns.get(place).and_then(|c| c.default.as_ref());
                default.is_some_and(|body| {
                    body.value
                        .is_some_and(|value| declared.by_chance(body, value))
                })
            }
            HeadColumn::Omitted => false,
        };
        self.rule.literals.iter().any(|node| literal(&node.literal))
            || self.rule.head.columns.iter().zip(0..).any(column)
    }

    fn head_term(&self, place: u32, column: &HeadColumn) -> Term {
        match column {
            HeadColumn::Expr(expr) => self.value_term(*expr),
            HeadColumn::Aggregate(_) | HeadColumn::Omitted => Term::Any,
            HeadColumn::Default => {
                let head = &self.setting.kind.collections[self.rule.head.collection];
                let column = head.columns.get(place as usize);
                match column.and_then(|column| column.default.as_ref()) {
                    Some(body) => match body.value {
                        Some(value) => value_term(body, value),
                        None => Term::Any,
                    },
                    None => Term::Any,
                }
            }
        }
    }

    fn sort_term(&self, key: &SortKey) -> Term {
        match key.descending {
            false => self.value_term(key.key),
            true => Term::Of {
                vars: ThinVec::new(),
                form: Form::Other,
            },
        }
    }

    fn value_term(&self, expr: ExprId) -> Term {
        value_term(self.body(), expr)
    }

    fn atom(
        &self,
        literal: u32,
        collection: CollectionId,
        args: &[AtomArg],
        negated: bool,
        reading: Reading,
    ) -> Atom {
        let columns = self.setting.shapes[collection].columns.len();
        let mut terms = ThinVec::with_capacity(columns);
        terms.resize(columns, Term::Any);
        for arg in args {
            if let Some(term) = terms.get_mut(arg.column as usize) {
                *term = self.pattern_term(arg.pat);
            }
        }
        Atom {
            literal,
            collection,
            negated,
            reading,
            terms,
        }
    }

    fn pattern_term(&self, pat: PatId) -> Term {
        let body = self.body();
        match body.pat(pat) {
            Pat::Wildcard | Pat::Error => Term::Any,
            Pat::Var(var) => Term::Var(*var),
            Pat::Constant(constant) => Term::Constant(*constant),
            Pat::SelfAddr => Term::SelfAddr,
            Pat::Literal(literal) => Term::Literal(literal.clone()),
            Pat::TestNode(_)
            | Pat::Tuple(_)
            | Pat::List(_)
            | Pat::Variant { .. }
            | Pat::Record { .. } => Term::Of {
                vars: walk::pat_variables(body, pat).into(),
                form: match is_whole(body, pat) {
                    true => Form::Whole,
                    false => Form::Other,
                },
            },
        }
    }

    /// An atom whose rows are aggregated has its lattice values seen as they are.
    fn aggregated_reading(&self, collection: CollectionId, args: &[AtomArg]) -> Reading {
        let shape = &self.setting.shapes[collection];
        let reads_lattice = args.iter().any(|arg| {
            let free = matches!(self.body().pat(arg.pat), Pat::Wildcard);
            !free && shape.columns[arg.column as usize].lattice
        });
        match reads_lattice {
            true => Reading::Complete,
            false => Reading::Morphism,
        }
    }

    /// How an aggregate in a lattice column grows: `max` into `Max` is the join of its rows.
    fn aggregate_growth(&self, place: u32, function: AggregateFunction) -> Growth {
        let columns = &self.setting.types.collections[self.rule.head.collection];
        let Some(column) = columns.get(place as usize) else {
            return Growth::Neither;
        };
        let lattice: TypeId = column.ty;
        match (self.setting.typed.types.get(lattice), function) {
            (Type::Max(_), AggregateFunction::Max)
            | (Type::Min(_), AggregateFunction::Min)
            | (Type::Set(_), AggregateFunction::Set)
            | (Type::Or, AggregateFunction::Any)
            | (Type::And, AggregateFunction::All) => Growth::Morphism,
            (Type::Max(_), AggregateFunction::Count) => Growth::Monotone,
            _ => Growth::Neither,
        }
    }

    fn binding(&self, pat: PatId, value: ExprId, generates: bool, source: Source) -> Binding {
        let body = self.body();
        Binding {
            binds: walk::pat_variables(body, pat).into(),
            reads: reads(body, value).into(),
            generates,
            source,
        }
    }

    fn test(&self, expr: ExprId) -> Test {
        let body = self.body();
        match body.expr(expr) {
            Expr::Var(var) => Test::Holds {
                var: *var,
                negated: false,
            },
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => match body.expr(*operand) {
                Expr::Var(var) => Test::Holds {
                    var: *var,
                    negated: true,
                },
                _ => Test::Other {
                    reads: reads(body, expr).into(),
                },
            },
            Expr::Binary { op, left, right } => match comparison(*op) {
                Some(op) => Test::Compare {
                    left: self.value_term(*left),
                    op,
                    right: self.value_term(*right),
                },
                None => Test::Other {
                    reads: reads(body, expr).into(),
                },
            },
            _ => match contains(body, expr) {
                Some((elements, element)) => Test::Contains { elements, element },
                None => Test::Other {
                    reads: reads(body, expr).into(),
                },
            },
        }
    }
}
