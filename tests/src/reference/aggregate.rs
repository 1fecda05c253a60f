//! Aggregates over the matches of a group.

use std::cmp::Ordering;

use bloom_compiler::eval::lattice;
use bloom_compiler::hir::{Aggregate, AggregateFunction, SortKey};
use bloom_plan::plan::RowError;
use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::{Value, canonical_float};

/// What one match adds to an aggregate.
#[derive(Clone, Debug)]
pub struct Term {
    pub value: Option<Value>,
    pub by: Vec<Value>,
}

/// The aggregate of a group, of which there is at least one match, for a column of type `ty`.
pub fn value(
    aggregate: &Aggregate,
    terms: &[&Term],
    ty: TypeId,
    types: &TypeTable,
) -> Result<Value, RowError> {
    let mut terms = terms.to_vec();
    // By what `by` says, and of equals the smallest first.
    terms.sort_by(|a, b| compare_by(&aggregate.by, a, b).then_with(|| a.value.cmp(&b.value)));
    let mut values: Vec<&Value> = terms
        .iter()
        .filter_map(|term| term.value.as_ref())
        .collect();
    let value = match aggregate.function {
        AggregateFunction::Count if aggregate.distinct => {
            values.sort();
            values.dedup();
            Value::Int(values.len() as i64)
        }
        AggregateFunction::Count => Value::Int(terms.len() as i64),
        AggregateFunction::Sum => sum(&values)?,
        AggregateFunction::Avg => average(&values)?,
        AggregateFunction::Min => extreme(values.into_iter().min())?,
        AggregateFunction::Max => extreme(values.into_iter().max())?,
        AggregateFunction::List => Value::List(values.into_iter().cloned().collect()),
        AggregateFunction::Set => Value::set(values.into_iter().cloned()),
        AggregateFunction::Argmin | AggregateFunction::First => extreme(values.first().copied())?,
        AggregateFunction::Argmax => {
            let last = terms.last().ok_or(RowError::Missing)?;
            let mut best = terms.iter();
            let best = best.find(|t| compare_by(&aggregate.by, t, last) == Ordering::Equal);
            extreme(best.and_then(|term| term.value.as_ref()))?
        }
        AggregateFunction::Any => Value::Bool(values.contains(&&Value::Bool(true))),
        AggregateFunction::All => Value::Bool(!values.contains(&&Value::Bool(false))),
    };
    Ok(lattice::inject(types, ty, &value))
}

fn compare_by(keys: &[SortKey], a: &Term, b: &Term) -> Ordering {
    let parts = keys.iter().zip(a.by.iter().zip(&b.by));
    let orders = parts.map(|(key, (a, b))| match key.descending {
        true => b.cmp(a),
        false => a.cmp(b),
    });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn extreme(value: Option<&Value>) -> Result<Value, RowError> {
    value.cloned().ok_or(RowError::Missing)
}

/// Only the total can overflow, whatever the order.
fn sum(values: &[&Value]) -> Result<Value, RowError> {
    let whole = |n: &i64| i128::from(*n);
    let total: i128 = values
        .iter()
        .map(|value| match value {
            Value::Int(n) | Value::Duration(n) => whole(n),
            _ => 0,
        })
        .sum();
    let total = i64::try_from(total).map_err(|_| RowError::Overflow);
    match values.first() {
        Some(Value::Float(_)) => Ok(Value::Float(canonical_float(
            values.iter().map(float).sum(),
        ))),
        Some(Value::Duration(_)) => total.map(Value::Duration),
        _ => total.map(Value::Int),
    }
}

fn average(values: &[&Value]) -> Result<Value, RowError> {
    let total = match sum(values) {
        Ok(Value::Int(n)) => n as f64,
        Ok(Value::Float(x)) => x,
        _ => values.iter().map(float).sum(),
    };
    Ok(Value::Float(canonical_float(total / values.len() as f64)))
}

fn float(value: &&Value) -> f64 {
    match value {
        Value::Float(x) => *x,
        Value::Int(n) => *n as f64,
        _ => 0.0,
    }
}
