//! What a rule derives: every way in which its literals hold, and the head of each.
//!
//! Literals are taken in any order that binds variables before they are read. One whose evaluation
//! fails counts as an error only where all others hold that can be evaluated without it.

use std::collections::BTreeMap;

use bloom_compiler::eval::Frame;
use bloom_compiler::hir::{
    AtomArg, CollectionId, Expr, ExprId, HeadColumn, Literal, PatId, Rule, RuleId,
};
use bloom_compiler::typing::walk::pat_variables;
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

/// The search for the ways in which the literals of a rule hold.
struct Search<'a, 'p> {
    rule: &'p Rule,
    ways: Vec<Frame<'p>>,
    errors: &'a mut Vec<RowError>,
}

impl<'p> Reference<'p> {
    /// Evaluates a rule over all rows.
    pub(super) fn fire(&self, id: RuleId) -> Firing {
        let rule = &self.kind.rules[id];
        let mut firing = Firing::default();
        let mut search = Search {
            rule,
            ways: Vec::new(),
            errors: &mut firing.errors,
        };
        let frame = Frame::new(&rule.body, &self.types.rules[id]);
        let literals: Vec<&Literal> = rule.literals.iter().map(|node| &node.literal).collect();
        self.solve(&mut search, &literals, frame, None);
        let ways = search.ways;
        let columns = &rule.head.columns;
        if columns
            .iter()
            .any(|column| matches!(column, HeadColumn::Aggregate(_)))
        {
            self.aggregate(id, &ways, &mut firing);
            return firing;
        }
        for frame in &ways {
            let row: Result<Derived, RowError> = (0..columns.len())
                .map(|place| self.head_column(rule, place, frame))
                .collect();
            match row {
                Ok(row) => firing.rows.push(row),
                Err(error) => firing.errors.push(error),
            }
        }
        firing
    }

    /// Adds every way in which the literals hold, or `failed` where all that can be evaluated do.
    fn solve(
        &self,
        search: &mut Search<'_, 'p>,
        literals: &[&'p Literal],
        frame: Frame<'p>,
        failed: Option<RowError>,
    ) {
        let ready = literals
            .iter()
            .position(|literal| is_ready(literal, &frame));
        let Some(ready) = ready else {
            match failed {
                Some(error) => search.errors.push(error),
                None => {
                    assert!(
                        literals.is_empty(),
                        "a rule binds what it reads: {:?}",
                        search.rule
                    );
                    search.ways.push(frame);
                }
            }
            return;
        };
        let mut rest = literals.to_vec();
        let literal = rest.remove(ready);
        match self.extend(literal, &frame) {
            Ok(ways) => {
                for frame in ways {
                    self.solve(search, &rest, frame, failed);
                }
            }
            Err(error) => self.solve(search, &rest, frame, failed.or(Some(error))),
        }
    }

    /// The ways in which one literal holds where `frame` does.
    fn extend(&self, literal: &'p Literal, frame: &Frame<'p>) -> Result<Vec<Frame<'p>>, RowError> {
        let eval = |expr| self.evaluator.expr(&mut frame.clone(), expr);
        let when = |holds: bool| match holds {
            true => vec![frame.clone()],
            false => Vec::new(),
        };
        match literal {
            Literal::Error => Ok(when(true)),
            Literal::Atom { collection, args } => self.partners(*collection, args, frame),
            Literal::Not { collection, args } => {
                Ok(when(self.partners(*collection, args, frame)?.is_empty()))
            }
            Literal::Condition(condition) => Ok(when(eval(*condition)? == Value::Bool(true))),
            Literal::Let { pat, value } => self.matching(*pat, [eval(*value)?], frame),
            Literal::In { pat, source } => self.matching(*pat, elements(&eval(*source)?), frame),
        }
    }

    fn partners(
        &self,
        collection: CollectionId,
        args: &[AtomArg],
        frame: &Frame<'p>,
    ) -> Result<Vec<Frame<'p>>, RowError> {
        let mut ways = Vec::new();
        'rows: for row in self.relations[collection].rows.values() {
            let mut frame = frame.clone();
            for arg in args {
                let value = &row[arg.column as usize];
                if !self.evaluator.matches(&mut frame, arg.pat, value)? {
                    continue 'rows;
                }
            }
            ways.push(frame);
        }
        Ok(ways)
    }

    /// The ways in which a pattern matches one of the values.
    fn matching(
        &self,
        pat: PatId,
        values: impl IntoIterator<Item = Value>,
        frame: &Frame<'p>,
    ) -> Result<Vec<Frame<'p>>, RowError> {
        let mut ways = Vec::new();
        for value in values {
            let mut frame = frame.clone();
            if self.evaluator.matches(&mut frame, pat, &value)? {
                ways.push(frame);
            }
        }
        Ok(ways)
    }

    /// A head column that is no aggregate.
    fn head_column(
        &self,
        rule: &Rule,
        place: usize,
        frame: &Frame<'p>,
    ) -> Result<Option<Value>, RowError> {
        match &rule.head.columns[place] {
            HeadColumn::Expr(expr) => self.evaluator.expr(&mut frame.clone(), *expr).map(Some),
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
        self.evaluator.value(body, types)
    }

    /// One row a group.
    fn aggregate(&self, id: RuleId, ways: &[Frame<'p>], firing: &mut Firing) {
        let rule = &self.kind.rules[id];
        let mut groups: BTreeMap<Row, (Derived, Matches)> = BTreeMap::new();
        for frame in ways {
            match self.terms(rule, frame) {
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
    fn terms(&self, rule: &Rule, frame: &Frame<'p>) -> Result<(Derived, Vec<Term>), RowError> {
        let (mut row, mut terms) = (Derived::new(), Vec::new());
        for place in 0..rule.head.columns.len() {
            row.push(self.head_column(rule, place, frame)?);
            if let HeadColumn::Aggregate(aggregate) = &rule.head.columns[place] {
                let eval = |expr| self.evaluator.expr(&mut frame.clone(), expr);
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
                let types = self.evaluator.types();
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

/// Whether all that a literal reads is bound.
fn is_ready(literal: &Literal, frame: &Frame<'_>) -> bool {
    let bound = |pat: PatId| {
        let mut variables = pat_variables(frame.body, pat).into_iter();
        variables.all(|var| frame.get(var).is_some())
    };
    match literal {
        Literal::Error | Literal::Atom { .. } => true,
        Literal::Not { args, .. } => args.iter().all(|arg| bound(arg.pat)),
        Literal::Condition(expr) | Literal::Let { value: expr, .. } => reads_bound(*expr, frame),
        Literal::In { source, .. } => reads_bound(*source, frame),
    }
}

fn reads_bound(expr: ExprId, frame: &Frame<'_>) -> bool {
    let mut bound = true;
    frame.body.walk_expr(expr, &mut |expr, _| {
        if let Expr::Var(var) = frame.body.expr(expr) {
            bound &= frame.body.vars[*var].local || frame.get(*var).is_some();
        }
    });
    bound
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
