//! Aggregates over matches that are there under conditions: every result that a group may have, with the
//! condition under which it has it.
//!
//! `count` is a cardinality network, `min`, `max` and their like the first match in order that is there. Whatever
//! else is told apart match by match: those that are there for certain in all cases, the others in every
//! combination, up to a bound, and the runtime's own aggregate computes each.

use std::cmp::Ordering;
use std::sync::Arc;

use bloom_plan::plan::{Aggregate, AggregateColumn, AggregateFunction, AggregateId, OrderBy, Plan};
use bloom_plan::types::TypeId;
use bloom_runtime::Interpreter;

use super::annotated::FxIndexMap;
use super::body::{Derivation, Groups};
use super::circuit::{Circuit, Lit};
use super::limit::Limit;

/// Uncertain matches of a group of which every combination is told apart.
const UNCERTAIN_MAX: usize = 12;

/// The matches of one group: the words of group and arguments, and when there is such a match.
type Matches = Vec<(Vec<u64>, Lit)>;

/// Appends the head rows of all groups.
pub fn finish(
    circuit: &mut Circuit,
    interpreter: &mut Interpreter,
    id: AggregateId,
    groups: Groups,
    derived: &mut Vec<Derivation>,
) -> Result<(), Limit> {
    let plan = Arc::clone(interpreter.plan());
    let aggregate = &plan.aggregates[id.0 as usize];
    for matches in groups.into_values() {
        let rows = match only_function(aggregate) {
            Some(function) => simple(circuit, interpreter, aggregate, &function, &matches),
            None => None,
        };
        let rows = match rows {
            Some(rows) => rows,
            None => combinations(circuit, interpreter, &plan, id, &matches)?,
        };
        for (row, condition) in rows {
            if condition != Lit::FALSE {
                derived.push(Derivation {
                    relation: aggregate.relation,
                    arrow: aggregate.arrow,
                    columns: row.into_iter().map(Some).collect(),
                    condition,
                });
            }
        }
    }
    Ok(())
}

/// The one function column of an aggregate.
struct Only<'a> {
    function: AggregateFunction,
    /// Place of its first argument among the words of a match.
    first: usize,
    value: Option<TypeId>,
    by: &'a [OrderBy],
}

fn only_function(aggregate: &Aggregate) -> Option<Only<'_>> {
    let mut functions = aggregate.columns.iter().filter_map(|column| match column {
        AggregateColumn::Group(_) => None,
        AggregateColumn::Function {
            function,
            first,
            value,
            by,
            ..
        } => Some(Only {
            function: *function,
            first: aggregate.group.len() + *first as usize,
            value: *value,
            by,
        }),
    });
    let only = functions.next()?;
    functions.next().is_none().then_some(only)
}

/// Rows of a group with one function that has an encoding of its own.
fn simple(
    circuit: &mut Circuit,
    interpreter: &Interpreter,
    aggregate: &Aggregate,
    only: &Only<'_>,
    matches: &Matches,
) -> Option<Vec<(Vec<u64>, Lit)>> {
    let results = match only.function {
        AggregateFunction::Count => count(circuit, matches.iter().map(|m| m.1).collect()),
        AggregateFunction::CountDistinct => {
            let mut values: FxIndexMap<u64, Vec<Lit>> = FxIndexMap::default();
            for (words, condition) in matches {
                values
                    .entry(words[only.first])
                    .or_default()
                    .push(*condition);
            }
            let present = values.into_values().map(|v| circuit.or(v)).collect();
            count(circuit, present)
        }
        AggregateFunction::Min
        | AggregateFunction::Max
        | AggregateFunction::ArgMin
        | AggregateFunction::ArgMax
        | AggregateFunction::First => first_present(circuit, interpreter, only, matches),
        AggregateFunction::Any | AggregateFunction::All => {
            let deciding = u64::from(only.function == AggregateFunction::Any);
            let decides = |m: &&(Vec<u64>, Lit)| m.0[only.first] == deciding;
            let decided = circuit.or(matches.iter().filter(decides).map(|m| m.1));
            let some = circuit.or(matches.iter().map(|m| m.1));
            let other = circuit.and([some, !decided]);
            vec![(deciding, decided), (1 - deciding, other)]
        }
        AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Set => return None,
    };
    let group = &matches.first()?.0[..aggregate.group.len()];
    let row = |result: u64| {
        let word = |column: &AggregateColumn| match column {
            AggregateColumn::Group(part) => group[*part as usize],
            AggregateColumn::Function { .. } => result,
        };
        aggregate.columns.iter().map(word).collect()
    };
    Some(results.into_iter().map(|(r, c)| (row(r), c)).collect())
}

/// Each number from 1 on, and whether exactly so many of the literals hold.
fn count(circuit: &mut Circuit, literals: Vec<Lit>) -> Vec<(u64, Lit)> {
    let counts = circuit.at_least(&literals);
    let mut exactly = Vec::with_capacity(counts.len());
    for (place, &enough) in counts.iter().enumerate() {
        let more = counts.get(place + 1).copied().unwrap_or(Lit::FALSE);
        exactly.push((place as u64 + 1, circuit.and([enough, !more])));
    }
    exactly
}

/// The values in order, each if it is there and none before it.
fn first_present(
    circuit: &mut Circuit,
    interpreter: &Interpreter,
    only: &Only<'_>,
    matches: &Matches,
) -> Vec<(u64, Lit)> {
    let mut ordered: Vec<&(Vec<u64>, Lit)> = matches.iter().collect();
    ordered.sort_by(|a, b| compare(interpreter, only, &a.0[only.first..], &b.0[only.first..]));
    let mut results = Vec::new();
    let mut none_before = Lit::TRUE;
    let equal = |a: &&(Vec<u64>, Lit), b: &&(Vec<u64>, Lit)| {
        compare(interpreter, only, &a.0[only.first..], &b.0[only.first..]).is_eq()
    };
    for same in ordered.chunk_by(equal) {
        let present = circuit.or(same.iter().map(|m| m.1));
        results.push((same[0].0[only.first], circuit.and([none_before, present])));
        none_before = circuit.and([none_before, !present]);
    }
    results
}

/// Which of two matches comes first, as in the runtime: by what `by` names, then the least value.
fn compare(interpreter: &Interpreter, only: &Only<'_>, a: &[u64], b: &[u64]) -> Ordering {
    let mut by = Ordering::Equal;
    for (place, order) in only.by.iter().enumerate() {
        let part = interpreter.compare(order.ty, a[1 + place], b[1 + place]);
        by = by.then(if order.descending {
            part.reverse()
        } else {
            part
        });
    }
    let value = only
        .value
        .map_or(Ordering::Equal, |ty| interpreter.compare(ty, a[0], b[0]));
    match only.function {
        AggregateFunction::Max => value.reverse(),
        AggregateFunction::ArgMax => by.reverse().then(value),
        AggregateFunction::Count
        | AggregateFunction::CountDistinct
        | AggregateFunction::Sum
        | AggregateFunction::Min
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Set
        | AggregateFunction::ArgMin
        | AggregateFunction::Any
        | AggregateFunction::All
        | AggregateFunction::First => by.then(value),
    }
}

/// Rows of a group for every combination of the matches that are not certain.
fn combinations(
    circuit: &mut Circuit,
    interpreter: &mut Interpreter,
    plan: &Plan,
    id: AggregateId,
    matches: &Matches,
) -> Result<Vec<(Vec<u64>, Lit)>, Limit> {
    let (certain, uncertain): (Matches, Matches) =
        matches.iter().cloned().partition(|m| m.1 == Lit::TRUE);
    if uncertain.len() > UNCERTAIN_MAX {
        let relation = plan.aggregates[id.0 as usize].relation;
        let name = plan.relations[relation.0 as usize].name.clone();
        return Err(Limit::Results(name));
    }
    let mut rows: FxIndexMap<Vec<u64>, Vec<Lit>> = FxIndexMap::default();
    for chosen in 0_u32..1 << uncertain.len() {
        let is_chosen = |place: usize| chosen >> place & 1 == 1;
        let conditions = uncertain.iter().enumerate();
        let conditions = conditions.map(|(place, m)| if is_chosen(place) { m.1 } else { !m.1 });
        let condition = circuit.and(conditions);
        let mut there: Vec<Vec<u64>> = certain.iter().map(|m| m.0.clone()).collect();
        let of_choice = uncertain.iter().enumerate();
        there.extend(
            of_choice
                .filter(|(place, _)| is_chosen(*place))
                .map(|(_, m)| m.0.clone()),
        );
        if condition == Lit::FALSE || there.is_empty() {
            continue;
        }
        // A group whose aggregate ends in a row error gives no row.
        if let Ok(row) = interpreter.aggregate(id, &there) {
            rows.entry(row).or_default().push(condition);
        }
    }
    let rows = rows.into_iter();
    Ok(rows.map(|(row, c)| (row, circuit.or(c))).collect())
}
