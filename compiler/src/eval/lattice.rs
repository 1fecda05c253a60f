//! Bottom, join and reveal of every lattice, over [`Value`]s.
//!
//! Invariant: [`join`] is associative, commutative and idempotent and [`bottom`] its identity for
//! every built-in type (the tests here hold it to that); for a declared lattice with its own merge
//! that is what the checker of laws establishes.
//!
//! `Lww` keeps of equal stamps the greater value, so it is the lexicographic product of a chain and
//! a chain, and a lattice. `Lex<A, B>` compares the revealed first parts only for equality: of
//! incomparable firsts their join decides and the second starts at bottom.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use bloom_plan::plan::RowError;
use bloom_plan::types::{Lattice, LatticeKind, Type, TypeId, TypeTable};
use bloom_plan::value::Value;

/// What a declaration with its own merge says.
pub trait OwnLattices {
    fn own_bottom(&self, ty: TypeId) -> Result<Value, RowError>;
    fn own_merge(&self, ty: TypeId, a: &Value, b: &Value) -> Result<Value, RowError>;
}

/// For types that hold no declared lattice with its own merge.
pub struct NoOwnLattices;

impl OwnLattices for NoOwnLattices {
    fn own_bottom(&self, _: TypeId) -> Result<Value, RowError> {
        Err(RowError::Invalid)
    }

    fn own_merge(&self, _: TypeId, _: &Value, _: &Value) -> Result<Value, RowError> {
        Err(RowError::Invalid)
    }
}

/// The least value of a lattice type.
pub fn bottom(types: &TypeTable, ty: TypeId, own: &dyn OwnLattices) -> Result<Value, RowError> {
    let lattice = types.get(ty).as_lattice().ok_or(RowError::Invalid)?;
    let value = match lattice {
        Lattice::Or => Value::Bool(false),
        Lattice::And => Value::Bool(true),
        Lattice::Set(_) => Value::Set(Arc::new([])),
        Lattice::Bag(_) => Value::Bag(Arc::new([])),
        Lattice::Map(..) => Value::Map(Arc::new([])),
        Lattice::Once(_) => Value::Variant(0, Arc::new([])),
        Lattice::Tuple(parts) => tuple_of_bottoms(types, parts.iter().copied(), own)?,
        Lattice::Lex(a, b) => tuple_of_bottoms(types, [a, b], own)?,
        Lattice::Sealed(inner) => {
            Value::Tuple([Value::Bool(false), bottom(types, inner, own)?].into())
        }
        Lattice::Declared(LatticeKind::Own, _) => own.own_bottom(ty)?,
        Lattice::Declared(LatticeKind::Product | LatticeKind::Lex, fields) => {
            tuple_of_bottoms(types, fields.iter().map(|field| field.ty), own)?
        }
        Lattice::Max(inner) => extreme(types, inner, false),
        Lattice::Min(inner) => extreme(types, inner, true),
        // A chain whose bottom is no value of the type below.
        Lattice::Lww(..) => Value::Bottom,
    };
    Ok(value)
}

/// The least or greatest value of a type whose values are words: the bottom of a `Max` or `Min` of
/// it. Other types have none, and the bottom stands outside.
fn extreme(types: &TypeTable, ty: TypeId, greatest: bool) -> Value {
    let number = if greatest { i64::MAX } else { i64::MIN };
    match types.get(ty) {
        Type::Bool | Type::Or | Type::And => Value::Bool(greatest),
        Type::Int => Value::Int(number),
        Type::Time => Value::Time(number),
        Type::Duration => Value::Duration(number),
        Type::Req => Value::Req(number),
        // `Float` orders NaN last.
        Type::Float if greatest => Value::Float(f64::NAN),
        Type::Float => Value::Float(f64::NEG_INFINITY),
        Type::Max(inner) | Type::Min(inner) => extreme(types, *inner, greatest),
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
        | Type::Set(_)
        | Type::PosSet(_)
        | Type::Bag(_)
        | Type::Map(..)
        | Type::Lex(..)
        | Type::Lww(..)
        | Type::Once(_)
        | Type::Sealed(_)
        | Type::Lattice { .. } => Value::Bottom,
    }
}

/// The least upper bound of two values of a lattice type.
pub fn join(
    types: &TypeTable,
    ty: TypeId,
    a: &Value,
    b: &Value,
    own: &dyn OwnLattices,
) -> Result<Value, RowError> {
    match (types.get(ty), a, b) {
        (
            Type::Lattice {
                kind: LatticeKind::Own,
                ..
            },
            _,
            _,
        ) => own.own_merge(ty, a, b),
        (_, Value::Bottom, x) | (_, x, Value::Bottom) => Ok(x.clone()),
        (Type::Max(_), _, _) => Ok(a.max(b).clone()),
        (Type::Min(_), _, _) => Ok(a.min(b).clone()),
        (Type::Or, _, _) => Ok(a.max(b).clone()),
        (Type::And, _, _) => Ok(a.min(b).clone()),
        (Type::Lww(..), _, _) => Ok(a.max(b).clone()),
        (Type::Set(_) | Type::PosSet(_), Value::Set(xs), Value::Set(ys)) => {
            Ok(Value::set(xs.iter().chain(ys.iter()).cloned()))
        }
        (Type::Bag(_), Value::Bag(xs), Value::Bag(ys)) => Ok(join_bags(xs, ys)),
        (Type::Map(_, inner), Value::Map(xs), Value::Map(ys)) => {
            join_maps(types, *inner, xs, ys, own)
        }
        (Type::Once(_), _, _) => Ok(join_once(a, b)),
        (Type::Tuple(parts), Value::Tuple(xs), Value::Tuple(ys)) => {
            join_parts(types, parts.iter().copied(), xs, ys, own)
        }
        (Type::Sealed(inner), Value::Tuple(xs), Value::Tuple(ys)) => {
            let closed = (&xs[0]).max(&ys[0]).clone();
            let inner = join(types, *inner, &xs[1], &ys[1], own)?;
            Ok(Value::Tuple([closed, inner].into()))
        }
        (Type::Lex(first, second), Value::Tuple(xs), Value::Tuple(ys)) => {
            join_lex(types, &[*first, *second], xs, ys, own)
        }
        (Type::Lattice { kind, fields, .. }, Value::Tuple(xs), Value::Tuple(ys)) => {
            let parts: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            match kind {
                LatticeKind::Lex => join_lex(types, &parts, xs, ys, own),
                LatticeKind::Product | LatticeKind::Own => join_parts(types, parts, xs, ys, own),
            }
        }
        // Shapes that the type rules out.
        _ => Err(RowError::Invalid),
    }
}

/// Whether `a` is below or equal to `b`.
pub fn leq(
    types: &TypeTable,
    ty: TypeId,
    a: &Value,
    b: &Value,
    own: &dyn OwnLattices,
) -> Result<bool, RowError> {
    Ok(join(types, ty, a, b, own)? == *b)
}

/// The plain value of a lattice value as it is now. A chain at its bottom has none.
pub fn reveal(types: &TypeTable, ty: TypeId, value: &Value) -> Result<Value, RowError> {
    match (types.get(ty), value) {
        (_, Value::Bottom) => Err(RowError::Missing),
        (Type::Lww(..), Value::Tuple(parts)) => Ok(parts[1].clone()),
        (Type::Once(_), Value::Variant(2, _)) => Err(RowError::Conflict),
        (Type::Sealed(inner), Value::Tuple(parts)) => reveal(types, *inner, &parts[1]),
        (Type::Map(_, inner), Value::Map(entries)) => {
            let entries: Result<Vec<_>, RowError> = entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), reveal(types, *inner, value)?)))
                .collect();
            Ok(Value::Map(entries?.into()))
        }
        (Type::Tuple(tys), Value::Tuple(parts)) => reveal_parts(types, tys.iter().copied(), parts),
        (Type::Lex(a, b), Value::Tuple(parts)) => reveal_parts(types, [*a, *b], parts),
        (Type::Lattice { fields, .. }, Value::Tuple(parts)) => {
            reveal_parts(types, fields.iter().map(|field| field.ty), parts)
        }
        _ => Ok(value.clone()),
    }
}

/// A plain value as a lattice value: `3` as a `Max<Int>`, a frozen map of plain values as a `Map`.
pub fn inject(types: &TypeTable, to: TypeId, value: &Value) -> Value {
    match (types.get(to), value) {
        (Type::Once(_), Value::Variant(..)) => value.clone(),
        (Type::Once(_), _) => Value::Variant(1, [value.clone()].into()),
        (Type::Sealed(inner), _) => {
            Value::Tuple([Value::Bool(false), inject(types, *inner, value)].into())
        }
        (Type::Map(_, inner), Value::Map(entries)) => {
            let inject =
                |(key, value): &(Value, Value)| (key.clone(), inject(types, *inner, value));
            Value::Map(entries.iter().map(inject).collect())
        }
        (Type::Tuple(tys), Value::Tuple(parts)) => {
            let parts = tys.iter().zip(parts.iter());
            Value::Tuple(parts.map(|(&ty, part)| inject(types, ty, part)).collect())
        }
        _ => value.clone(),
    }
}

fn tuple_of_bottoms(
    types: &TypeTable,
    parts: impl IntoIterator<Item = TypeId>,
    own: &dyn OwnLattices,
) -> Result<Value, RowError> {
    let parts: Result<Arc<[Value]>, RowError> = parts
        .into_iter()
        .map(|part| bottom(types, part, own))
        .collect();
    Ok(Value::Tuple(parts?))
}

fn join_parts(
    types: &TypeTable,
    tys: impl IntoIterator<Item = TypeId>,
    xs: &[Value],
    ys: &[Value],
    own: &dyn OwnLattices,
) -> Result<Value, RowError> {
    let parts: Result<Arc<[Value]>, RowError> = tys
        .into_iter()
        .zip(xs.iter().zip(ys))
        .map(|(ty, (x, y))| join(types, ty, x, y, own))
        .collect();
    Ok(Value::Tuple(parts?))
}

/// The first part that differs decides. Where the two differ incomparably, what follows is of
/// neither, and starts anew.
fn join_lex(
    types: &TypeTable,
    tys: &[TypeId],
    xs: &[Value],
    ys: &[Value],
    own: &dyn OwnLattices,
) -> Result<Value, RowError> {
    let mut parts = Vec::with_capacity(tys.len());
    for (place, (&ty, (x, y))) in tys.iter().zip(xs.iter().zip(ys)).enumerate() {
        if x == y {
            parts.push(x.clone());
            continue;
        }
        let joined = join(types, ty, x, y, own)?;
        let rest = match (joined == *x, joined == *y) {
            (true, _) => xs[place + 1..].to_vec(),
            (_, true) => ys[place + 1..].to_vec(),
            (false, false) => tys[place + 1..]
                .iter()
                .map(|&ty| bottom(types, ty, own))
                .collect::<Result<_, _>>()?,
        };
        // The last part merges on a tie of all before it, whichever way it comes out.
        parts.push(joined);
        parts.extend(rest);
        break;
    }
    Ok(Value::Tuple(parts.into()))
}

fn join_bags(xs: &[(Value, i64)], ys: &[(Value, i64)]) -> Value {
    let mut counts: BTreeMap<Value, i64> = xs.iter().cloned().collect();
    for (element, count) in ys {
        let known = counts.entry(element.clone()).or_default();
        *known = (*known).max(*count);
    }
    Value::Bag(counts.into_iter().collect())
}

fn join_maps(
    types: &TypeTable,
    inner: TypeId,
    xs: &[(Value, Value)],
    ys: &[(Value, Value)],
    own: &dyn OwnLattices,
) -> Result<Value, RowError> {
    let mut entries: BTreeMap<Value, Value> = xs.iter().cloned().collect();
    for (key, value) in ys {
        let joined = match entries.get(key) {
            Some(known) => join(types, inner, known, value, own)?,
            None => value.clone(),
        };
        entries.insert(key.clone(), joined);
    }
    Ok(Value::Map(entries.into_iter().collect()))
}

fn join_once(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Variant(0, _), other) | (other, Value::Variant(0, _)) => other.clone(),
        _ if a.cmp(b) == Ordering::Equal => a.clone(),
        _ => Value::Variant(2, Arc::new([])),
    }
}

fn reveal_parts(
    types: &TypeTable,
    tys: impl IntoIterator<Item = TypeId>,
    parts: &[Value],
) -> Result<Value, RowError> {
    let parts: Result<Arc<[Value]>, RowError> = tys
        .into_iter()
        .zip(parts)
        .map(|(ty, part)| reveal(types, ty, part))
        .collect();
    Ok(Value::Tuple(parts?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All laws, for every three of the values and bottom.
    fn holds_laws(types: &TypeTable, ty: TypeId, mut values: Vec<Value>) {
        let own = &NoOwnLattices;
        let join = |a: &Value, b: &Value| join(types, ty, a, b, own).expect("values have the type");
        let least = bottom(types, ty, own).expect("a lattice has a bottom");
        values.push(least.clone());
        for a in &values {
            assert_eq!(join(a, a), *a, "idempotent");
            assert_eq!(join(&least, a), *a, "identity");
            for b in &values {
                assert_eq!(join(a, b), join(b, a), "commutative");
                for c in &values {
                    assert_eq!(join(&join(a, b), c), join(a, &join(b, c)), "associative");
                }
            }
        }
    }

    fn int(n: i64) -> Value {
        Value::Int(n)
    }

    fn pair(a: Value, b: Value) -> Value {
        Value::Tuple([a, b].into())
    }

    #[test]
    fn built_in_lattices_hold_the_laws() {
        let mut types = TypeTable::default();
        let n = types.intern(Type::Int);
        let max = types.intern(Type::Max(n));
        let set = types.intern(Type::Set(n));
        let sets = vec![
            Value::set([int(1)]),
            Value::set([int(2)]),
            Value::set([int(1), int(2)]),
        ];
        holds_laws(&types, max, vec![int(-1), int(3)]);
        holds_laws(&types, set, sets.clone());

        let lww = types.intern(Type::Lww(n, n));
        let stamped = [(1, 1), (1, 2), (2, 0)].map(|(s, v)| pair(int(s), int(v)));
        holds_laws(&types, lww, stamped.to_vec());

        let once = types.intern(Type::Once(n));
        let values = [1, 2].map(|v| Value::Variant(1, [int(v)].into()));
        holds_laws(&types, once, values.to_vec());

        let lex = types.intern(Type::Lex(set, max));
        let lexes: Vec<Value> = sets
            .iter()
            .flat_map(|s| [pair(s.clone(), int(1)), pair(s.clone(), int(2))])
            .collect();
        holds_laws(&types, lex, lexes);

        let map = types.intern(Type::Map(n, max));
        let maps = [
            vec![(int(1), int(1))],
            vec![(int(1), int(2)), (int(2), int(0))],
            vec![(int(2), int(5))],
        ];
        holds_laws(&types, map, maps.map(Value::map).to_vec());

        let bag = types.intern(Type::Bag(n));
        let bags = [vec![(int(1), 2)], vec![(int(1), 1), (int(2), 3)]];
        holds_laws(&types, bag, bags.map(|b| Value::Bag(b.into())).to_vec());
    }

    #[test]
    fn a_once_in_conflict_reveals_nothing() {
        let mut types = TypeTable::default();
        let n = types.intern(Type::Int);
        let once = types.intern(Type::Once(n));
        let conflict = Value::Variant(2, Arc::new([]));
        assert_eq!(reveal(&types, once, &conflict), Err(RowError::Conflict));
    }
}
