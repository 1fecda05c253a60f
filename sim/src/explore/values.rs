//! Values of types, and rows of values, simple ones first.

use bloom_plan::plan::Plan;
use bloom_plan::types::{Type, TypeId, Variant};
use bloom_plan::value::{Row, Value};

/// Values of one type.
pub const VALUES_MAX: usize = 6;
/// Rows of one collection, without those made at random.
const ROWS_MAX: usize = 12;

/// Rows from the values of their columns: the first of all, then those that differ from it in one
/// column, then in more.
pub fn rows(columns: &[Vec<Value>]) -> Vec<Row> {
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    for values in columns {
        let longer = choices.iter().flat_map(|choice| {
            (0..values.len()).map(|value| {
                let mut longer = choice.clone();
                longer.push(value);
                longer
            })
        });
        choices = longer.collect();
        // Those that differ least come first; the others are not worth their number.
        choices.sort_by_key(|choice| weight(choice));
        choices.truncate(4 * ROWS_MAX);
    }
    choices.truncate(ROWS_MAX);
    let row = |choice: &Vec<usize>| {
        let values = choice.iter().zip(columns);
        values
            .map(|(&value, values)| values[value].clone())
            .collect()
    };
    choices.iter().map(row).collect()
}

fn weight(choice: &[usize]) -> (usize, usize) {
    let changed = choice.iter().filter(|&&value| value > 0).count();
    (changed.max(choice.iter().sum()), changed)
}

/// A value of a type that is a word by itself.
pub fn word_value(ty: &Type, word: u64) -> Option<Value> {
    match ty {
        Type::Bool | Type::Or | Type::And => Some(Value::Bool(word == 1)),
        Type::Int => Some(Value::Int(word as i64)),
        Type::Float => Some(Value::Float(f64::from_bits(word))),
        Type::Time => Some(Value::Time(word as i64)),
        Type::Duration => Some(Value::Duration(word as i64)),
        Type::Req => Some(Value::Req(word as i64)),
        Type::String
        | Type::Bytes
        | Type::Addr
        | Type::Tuple(_)
        | Type::List(_)
        | Type::Record { .. }
        | Type::Enum { .. }
        | Type::FrozenSet(_)
        | Type::FrozenBag(_)
        | Type::FrozenMap(..)
        | Type::Function { .. }
        | Type::Max(_)
        | Type::Min(_)
        | Type::Set(_)
        | Type::PosSet(_)
        | Type::Bag(_)
        | Type::Map(..)
        | Type::Lex(..)
        | Type::Lww(..)
        | Type::Once(_)
        | Type::Sealed(_)
        | Type::Lattice { .. } => None,
    }
}

/// Whether a constant of a class can stand in a column of it: the class may hold both a lattice and
/// what it is made of.
pub fn fits(plan: &Plan, ty: TypeId, value: &Value) -> bool {
    match (plan.types.get(ty), value) {
        (Type::Max(inner) | Type::Min(inner), _) => fits(plan, *inner, value),
        (Type::Bool | Type::Or | Type::And, Value::Bool(_))
        | (Type::Int, Value::Int(_))
        | (Type::Float, Value::Float(_))
        | (Type::String, Value::String(_))
        | (Type::Bytes, Value::Bytes(_))
        | (Type::Time, Value::Time(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Req, Value::Req(_))
        | (Type::Enum { .. }, Value::Variant(..))
        | (Type::List(_), Value::List(_))
        | (Type::Tuple(_) | Type::Record { .. }, Value::Tuple(_)) => true,
        _ => false,
    }
}

/// A few values of a type, simple ones first.
pub fn made_up(plan: &Plan, ty: TypeId, addresses: &[Value], depth: usize) -> Vec<Value> {
    if depth == 0 {
        return Vec::new();
    }
    let inner = |ty: TypeId| made_up(plan, ty, addresses, depth - 1);
    let product = |types: &[TypeId]| -> Vec<Value> {
        let parts: Vec<Vec<Value>> = types.iter().map(|&ty| inner(ty)).collect();
        let rows = if parts.iter().any(Vec::is_empty) && !types.is_empty() {
            Vec::new()
        } else {
            rows(&parts)
        };
        let tuples = rows.into_iter().map(|row| Value::Tuple(row.into()));
        tuples.take(VALUES_MAX).collect()
    };
    let sets = |ty: TypeId| -> Vec<Value> {
        let elements = inner(ty);
        let one = elements.iter().map(|e| Value::set([e.clone()]));
        let two = Value::set(elements.iter().take(2).cloned());
        one.take(2).chain([two, Value::set([])]).collect()
    };
    match plan.types.get(ty) {
        Type::Bool | Type::Or | Type::And => [true, false].map(Value::Bool).into(),
        Type::Int => [1, 2, 3, 4].map(Value::Int).into(),
        Type::Float => [1.0, 2.0].map(Value::Float).into(),
        Type::String => ["a", "b", "c", "d"].map(Value::string).into(),
        Type::Bytes => ["a", "b"].map(|s| Value::Bytes(s.as_bytes().into())).into(),
        Type::Addr => addresses.to_vec(),
        Type::Time => [1, 2].map(Value::Time).into(),
        Type::Duration => [1_000_000_000, 2_000_000_000].map(Value::Duration).into(),
        Type::Req => [1, 2, 3].map(Value::Req).into(),
        Type::Tuple(parts) => product(parts),
        Type::Lex(a, b) | Type::Lww(a, b) => product(&[*a, *b]),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            product(&fields.iter().map(|field| field.ty).collect::<Vec<_>>())
        }
        Type::List(element) => {
            let elements = inner(*element);
            let list = |n: usize| Value::List(elements.iter().take(n).cloned().collect());
            let second = elements.get(1).map(|e| Value::List([e.clone()].into()));
            [list(2), list(1)]
                .into_iter()
                .chain(second)
                .chain([list(0)])
                .collect()
        }
        Type::FrozenSet(element) | Type::Set(element) | Type::PosSet(element) => sets(*element),
        Type::FrozenBag(element) | Type::Bag(element) => {
            let bags = inner(*element).into_iter();
            bags.map(|e| Value::Bag([(e, 1)].into())).take(2).collect()
        }
        Type::FrozenMap(key, value) | Type::Map(key, value) => {
            let (keys, values) = (inner(*key), inner(*value));
            let entry = |k: usize, v: usize| Some((keys.get(k)?.clone(), values.get(v)?.clone()));
            let places = [(0, 0), (0, 1), (1, 0)];
            let entries = places.iter().filter_map(|&(k, v)| entry(k, v));
            entries.map(|entry| Value::map([entry])).collect()
        }
        Type::Enum { variants, .. } => {
            let of_variant = |(number, variant): (usize, &Variant)| {
                let fields: Vec<TypeId> = variant.fields.iter().map(|f| f.ty).collect();
                let fields = product(&fields).into_iter().take(2);
                let variants = fields.filter_map(move |fields| match fields {
                    Value::Tuple(fields) => Some(Value::Variant(number as u32, fields)),
                    _ => None,
                });
                variants.collect::<Vec<Value>>()
            };
            variants.iter().enumerate().flat_map(of_variant).collect()
        }
        Type::Max(of) | Type::Min(of) => inner(*of),
        Type::Once(of) => {
            let values = inner(*of).into_iter();
            values.map(|v| Value::Variant(1, [v].into())).collect()
        }
        Type::Sealed(of) => {
            let values = inner(*of).into_iter();
            values
                .map(|v| Value::Tuple([Value::Bool(false), v].into()))
                .collect()
        }
        Type::Function { .. } => Vec::new(),
    }
}
