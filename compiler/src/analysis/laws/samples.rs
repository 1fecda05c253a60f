//! Values of types to try laws on, the simplest first, and random ones.

use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::Value;
use bloom_stdx::random::Random;
use rustc_hash::FxHashMap;

/// Values of one field, and of the lattice, that are tried against each other.
const FIELD_VALUES_MAX: usize = 7;
pub const VALUES_MAX: usize = 24;

/// Types may be deep, or hold themselves; beyond this only the first value is tried, if it is plain to see.
const DEPTH_MAX: usize = 6;

/// What was found of a type at a depth.
type Memo = FxHashMap<(TypeId, usize), Vec<Value>>;

/// A few values of a type, the simplest first.
pub fn smallest(types: &TypeTable, ty: TypeId) -> Vec<Value> {
    small_values(types, ty, 0, &mut Memo::default())
}

fn small_values(types: &TypeTable, ty: TypeId, depth: usize, memo: &mut Memo) -> Vec<Value> {
    if depth > DEPTH_MAX {
        return least(types, ty).into_iter().collect();
    }
    if let Some(known) = memo.get(&(ty, depth)) {
        return known.clone();
    }
    let values = listed(types, ty, depth, memo);
    memo.insert((ty, depth), values.clone());
    values
}

fn listed(types: &TypeTable, ty: TypeId, depth: usize, memo: &mut Memo) -> Vec<Value> {
    let mut inner = |ty: TypeId| small_values(types, ty, depth + 1, memo);
    let ints = |make: fn(i64) -> Value| [0, 1, 2, -1, 3, i64::MAX, i64::MIN].map(make).to_vec();
    let mut values = match types.get(ty) {
        Type::Bool | Type::Or | Type::And => vec![Value::Bool(false), Value::Bool(true)],
        Type::Int => ints(Value::Int),
        Type::Time => ints(Value::Time),
        Type::Duration => ints(Value::Duration),
        Type::Req => ints(Value::Req),
        Type::Float => [0.0, 1.0, -1.0, 0.5, f64::INFINITY, f64::NAN]
            .map(Value::Float)
            .to_vec(),
        Type::String => ["", "a", "b"].map(Value::string).to_vec(),
        Type::Bytes => [&b""[..], b"a", b"b"]
            .map(|b| Value::Bytes(b.into()))
            .to_vec(),
        Type::Addr => ["a", "b"].map(|a| Value::Addr(a.into())).to_vec(),
        Type::Max(of) | Type::Min(of) => inner(*of),
        Type::Tuple(parts) => tuples(types, parts, depth, memo),
        Type::Lex(a, b) | Type::Lww(a, b) => tuples(types, &[*a, *b], depth, memo),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            let parts: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            tuples(types, &parts, depth, memo)
        }
        Type::Enum { variants, .. } => {
            let mut all = Vec::new();
            for (number, variant) in (0..).zip(variants) {
                let parts: Vec<TypeId> = variant.fields.iter().map(|field| field.ty).collect();
                for value in tuples(types, &parts, depth, memo) {
                    if let Value::Tuple(fields) = value {
                        all.push(Value::Variant(number, fields));
                    }
                }
            }
            all
        }
        Type::List(of) => {
            let ones = inner(*of)
                .into_iter()
                .map(|value| Value::List([value].into()));
            [Value::List([].into())].into_iter().chain(ones).collect()
        }
        Type::Set(of) | Type::PosSet(of) | Type::FrozenSet(of) => {
            let elements = inner(*of);
            let ones = elements.iter().map(|value| Value::set([value.clone()]));
            let pair = Value::set(elements.iter().take(2).cloned());
            [Value::set([])]
                .into_iter()
                .chain(ones)
                .chain([pair])
                .collect()
        }
        Type::Bag(of) | Type::FrozenBag(of) => {
            let ones = inner(*of)
                .into_iter()
                .map(|value| Value::Bag([(value, 1)].into()));
            [Value::Bag([].into())].into_iter().chain(ones).collect()
        }
        Type::Map(key, value) | Type::FrozenMap(key, value) => {
            let entries = tuples(types, &[*key, *value], depth, memo).into_iter();
            let ones = entries.filter_map(|entry| match entry {
                Value::Tuple(parts) => Some(Value::map([(parts[0].clone(), parts[1].clone())])),
                _ => None,
            });
            [Value::map([])].into_iter().chain(ones).collect()
        }
        Type::Once(of) => {
            let some = inner(*of)
                .into_iter()
                .map(|value| Value::Variant(1, [value].into()));
            let none = Value::Variant(0, [].into());
            [none].into_iter().chain(some).collect()
        }
        Type::Sealed(of) => {
            let open = inner(*of)
                .into_iter()
                .map(|value| [Value::Bool(false), value]);
            open.map(|parts| Value::Tuple(parts.into())).collect()
        }
        Type::Function { .. } => Vec::new(),
    };
    values.truncate(match depth {
        0 => VALUES_MAX,
        _ => FIELD_VALUES_MAX,
    });
    values
}

fn least(types: &TypeTable, ty: TypeId) -> Option<Value> {
    match types.get(ty) {
        Type::Int => Some(Value::Int(0)),
        Type::Bool | Type::Or | Type::And => Some(Value::Bool(false)),
        Type::String => Some(Value::string("")),
        Type::Set(_) | Type::FrozenSet(_) => Some(Value::set([])),
        _ => None,
    }
}

/// Combinations of values, those of small parts first: all whose places sum to 0, then to 1, ….
fn tuples(types: &TypeTable, parts: &[TypeId], depth: usize, memo: &mut Memo) -> Vec<Value> {
    let choices: Vec<Vec<Value>> = parts
        .iter()
        .map(|&part| small_values(types, part, depth + 1, memo))
        .collect();
    let greatest: usize = choices.iter().map(|own| own.len().saturating_sub(1)).sum();
    let mut found = Vec::new();
    for sum in 0..=greatest {
        combine(&choices, sum, &mut Vec::new(), &mut found);
        if found.len() >= VALUES_MAX {
            break;
        }
    }
    found
}

fn combine(choices: &[Vec<Value>], sum: usize, chosen: &mut Vec<Value>, found: &mut Vec<Value>) {
    if found.len() >= VALUES_MAX {
        return;
    }
    let Some(own) = choices.get(chosen.len()) else {
        if sum == 0 {
            found.push(Value::Tuple(chosen.as_slice().into()));
        }
        return;
    };
    for (place, value) in own.iter().enumerate().take(sum + 1) {
        chosen.push(value.clone());
        combine(choices, sum - place, chosen, found);
        chosen.pop();
    }
}

/// A random value: parts anew, leaves from a wider range than the small ones.
pub fn random_value(types: &TypeTable, ty: TypeId, random: &mut Random, depth: usize) -> Value {
    let mut parts = |tys: &[TypeId]| {
        let parts = tys
            .iter()
            .map(|&ty| random_value(types, ty, random, depth + 1));
        Value::Tuple(parts.collect())
    };
    match types.get(ty) {
        Type::Int => Value::Int(random.below(2_000) as i64 - 1_000),
        Type::Tuple(tys) => parts(tys),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            let tys: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            parts(&tys)
        }
        Type::Max(of) | Type::Min(of) if depth < DEPTH_MAX => {
            random_value(types, *of, random, depth + 1)
        }
        _ => {
            let values = small_values(types, ty, depth, &mut Memo::default());
            match values.is_empty() {
                true => Value::Bottom,
                false => random.pick(&values).clone(),
            }
        }
    }
}
