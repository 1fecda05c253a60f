//! What a rule derives: every way in which its literals hold, and the head of each.

use std::collections::BTreeMap;

use bloom_compiler::eval::interpreter::{Env, Scope};
use bloom_compiler::hir::{AtomArg, CollectionId, HeadColumn, Literal, Rule, RuleId};
use bloom_plan::plan::RowError;
use bloom_plan::value::{Row, Value};

use super::Reference;
use super::aggregate::{self, Term};

/// A derived row; `None` for value columns that a `<-` head leaves out.
pub type Derived = Vec<Option<Value>>;

/// What one evaluation of a rule gave.
#[derive(Debug, Default)]
pub struct Firing {
    pub rows: Vec<Derived>,
    pub errors: Vec<RowError>,
}

/// Terms of each aggregate column, one list a match.
type Matches = Vec<Vec<Term>>;

impl<'p> Reference<'p> {
    /// Evaluates a rule over all rows.
    pub(super) fn fire(&self, id: RuleId) -> Firing {
        let rule = &self.kind.rules[id];
        let scope = Scope {
            body: &rule.body,
            types: &self.types.rules[id],
        };
        let order = &self.analysis.rules[id].order;
        let mut ways = Vec::new();
        let mut firing = Firing::default();
        let env = Env::new(&rule.body);
        self.solve(rule, scope, order, env, &mut ways, &mut firing.errors);
        let columns = &rule.head.columns;
        if columns
            .iter()
            .any(|column| matches!(column, HeadColumn::Aggregate(_)))
        {
            self.aggregate(id, scope, &ways, &mut firing);
            return firing;
        }
        for env in &ways {
            let row: Result<Derived, RowError> = (0..columns.len())
                .map(|place| self.head_column(rule, scope, place, env))
                .collect();
            match row {
                Ok(row) => firing.rows.push(row),
                Err(error) => firing.errors.push(error),
            }
        }
        firing
    }

    /// Adds every way in which the literals, taken in `order`, hold.
    fn solve(
        &self,
        rule: &'p Rule,
        scope: Scope<'p>,
        order: &[u32],
        env: Env<'p>,
        ways: &mut Vec<Env<'p>>,
        errors: &mut Vec<RowError>,
    ) {
        let Some((&first, rest)) = order.split_first() else {
            ways.push(env);
            return;
        };
        let next = match self.extend(&rule.literals[first as usize].literal, scope, env) {
            Ok(next) => next,
            Err(error) => {
                errors.push(error);
                return;
            }
        };
        for env in next {
            self.solve(rule, scope, rest, env, ways, errors);
        }
    }

    /// The ways in which one literal holds where `env` does.
    fn extend(
        &self,
        literal: &'p Literal,
        scope: Scope<'p>,
        env: Env<'p>,
    ) -> Result<Vec<Env<'p>>, RowError> {
        let eval = |expr| self.interpreter.eval(scope, expr, &env);
        Ok(match literal {
            Literal::Error => vec![env],
            Literal::Atom { collection, args } => self.partners(*collection, args, scope, &env),
            Literal::Not { collection, args } => {
                match self.partners(*collection, args, scope, &env).is_empty() {
                    true => vec![env],
                    false => Vec::new(),
                }
            }
            Literal::Condition(condition) => match eval(*condition)? == Value::Bool(true) {
                true => vec![env],
                false => Vec::new(),
            },
            Literal::Let { pat, value } => {
                let value = eval(*value)?;
                let mut env = env;
                match self.interpreter.matches(scope, *pat, &value, &mut env) {
                    true => vec![env],
                    false => Vec::new(),
                }
            }
            Literal::In { pat, source } => elements(&eval(*source)?)
                .iter()
                .filter_map(|element| {
                    let mut env = env.clone();
                    let holds = self.interpreter.matches(scope, *pat, element, &mut env);
                    holds.then_some(env)
                })
                .collect(),
        })
    }

    fn partners(
        &self,
        collection: CollectionId,
        args: &[AtomArg],
        scope: Scope<'p>,
        env: &Env<'p>,
    ) -> Vec<Env<'p>> {
        let rows = self.relations[collection].rows.values();
        let matching = rows.filter_map(|row| {
            let mut env = env.clone();
            let holds = args.iter().all(|arg| {
                let value = &row[arg.column as usize];
                self.interpreter.matches(scope, arg.pat, value, &mut env)
            });
            holds.then_some(env)
        });
        matching.collect()
    }

    /// A head column that is no aggregate.
    fn head_column(
        &self,
        rule: &Rule,
        scope: Scope<'p>,
        place: usize,
        env: &Env<'p>,
    ) -> Result<Option<Value>, RowError> {
        match &rule.head.columns[place] {
            HeadColumn::Expr(expr) => self.interpreter.eval(scope, *expr, env).map(Some),
            HeadColumn::Default => self.default(rule.head.collection, place).map(Some),
            HeadColumn::Omitted | HeadColumn::Aggregate(_) => Ok(None),
        }
    }

    /// The default of a column.
    pub(super) fn default(
        &self,
        collection: CollectionId,
        place: usize,
    ) -> Result<Value, RowError> {
        let body = self.kind.collections[collection].columns[place]
            .default
            .as_ref();
        let types = self.types.collections[collection][place].default.as_ref();
        let (body, types) = body.zip(types).ok_or(RowError::Invalid)?;
        let value = body.value.ok_or(RowError::Invalid)?;
        self.interpreter
            .eval(Scope { body, types }, value, &Env::new(body))
    }

    /// One row a group.
    fn aggregate(&self, id: RuleId, scope: Scope<'p>, ways: &[Env<'p>], firing: &mut Firing) {
        let rule = &self.kind.rules[id];
        let mut groups: BTreeMap<Row, (Derived, Matches)> = BTreeMap::new();
        for env in ways {
            match self.terms(rule, scope, env) {
                Ok((row, terms)) => {
                    let key: Row = row.iter().flatten().cloned().collect();
                    groups
                        .entry(key)
                        .or_insert_with(|| (row, Vec::new()))
                        .1
                        .push(terms);
                }
                Err(error) => firing.errors.push(error),
            }
        }
        for (mut row, matches) in groups.into_values() {
            match self.complete(id, &mut row, &matches) {
                Ok(()) => firing.rows.push(row),
                Err(error) => firing.errors.push(error),
            }
        }
    }

    /// The columns of a match that group, and what it adds to each aggregate.
    fn terms(
        &self,
        rule: &Rule,
        scope: Scope<'p>,
        env: &Env<'p>,
    ) -> Result<(Derived, Vec<Term>), RowError> {
        let (mut row, mut terms) = (Derived::new(), Vec::new());
        for place in 0..rule.head.columns.len() {
            row.push(self.head_column(rule, scope, place, env)?);
            if let HeadColumn::Aggregate(aggregate) = &rule.head.columns[place] {
                let eval = |expr| self.interpreter.eval(scope, expr, env);
                let by: Result<Vec<Value>, _> = aggregate.by.iter().map(|k| eval(k.key)).collect();
                terms.push(Term {
                    value: aggregate.operand.map(eval).transpose()?,
                    by: by?,
                });
            }
        }
        Ok((row, terms))
    }

    /// Fills in the aggregates of a group.
    fn complete(&self, id: RuleId, row: &mut Derived, matches: &Matches) -> Result<(), RowError> {
        let rule = &self.kind.rules[id];
        let columns = &self.types.collections[rule.head.collection];
        let mut nth = 0;
        for (place, column) in rule.head.columns.iter().enumerate() {
            if let HeadColumn::Aggregate(aggregate) = column {
                let terms: Vec<&Term> = matches.iter().map(|terms| &terms[nth]).collect();
                let types = &self.interpreter.typed.types;
                row[place] = Some(aggregate::value(
                    aggregate,
                    &terms,
                    columns[place].ty,
                    types,
                )?);
                nth += 1;
            }
        }
        Ok(())
    }
}

/// What a generator goes over.
fn elements(source: &Value) -> Vec<Value> {
    match source {
        Value::List(elements) | Value::Set(elements) => elements.to_vec(),
        Value::Bag(counts) => counts
            .iter()
            .flat_map(|(element, n)| (0..*n).map(move |_| element.clone()))
            .collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(k, v)| Value::Tuple([k.clone(), v.clone()].into()))
            .collect(),
        _ => Vec::new(),
    }
}
