//! Lattices. Each arm is a morphism or monotone as the table says; the laws are tested in the
//! package `tests` by joining random arguments before and after.

use super::frozen::{bag_size, mapped};
use super::{Call, Domain, ELEMENTS_MAX, Outcome, list, order, within};
use crate::functions::lattice::Lattice;
use crate::plan::RowError::{self, Invalid, Missing, Overflow};
use crate::types::{Type, TypeId};

pub(super) fn apply<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    match entry {
        Lattice::Merge => {
            let (a, b) = (call.value(d, 0), call.value(d, 1));
            d.join(call.result, &a, &b)
        }
        Lattice::MaxAtLeast
        | Lattice::MaxAbove
        | Lattice::MinAtMost
        | Lattice::MinBelow
        | Lattice::MaxPlusInt
        | Lattice::MaxPlusFloat
        | Lattice::MaxPlusDuration
        | Lattice::MaxPlusTime
        | Lattice::MinPlusInt
        | Lattice::MinPlusFloat
        | Lattice::MinPlusDuration
        | Lattice::MinPlusTime
        | Lattice::MaxAddInt
        | Lattice::MaxAddFloat
        | Lattice::MaxAddDuration
        | Lattice::MinAddInt
        | Lattice::MinAddFloat
        | Lattice::MinAddDuration => chain(d, entry, call),
        Lattice::OrOr | Lattice::AndOr => {
            let either = call.bool(d, 0) || call.bool(d, 1);
            Ok(call.make_bool(d, either))
        }
        Lattice::OrAnd | Lattice::AndAnd => {
            let both = call.bool(d, 0) && call.bool(d, 1);
            Ok(call.make_bool(d, both))
        }
        Lattice::AndIsFalse => {
            let ended = !call.bool(d, 0);
            Ok(call.make_bool(d, ended))
        }
        Lattice::SetSize
        | Lattice::SetContains
        | Lattice::SetContainsAll
        | Lattice::SetUnion
        | Lattice::SetIntersect
        | Lattice::SetWithout
        | Lattice::SetProduct
        | Lattice::SetMap
        | Lattice::SetFilter
        | Lattice::SetAny
        | Lattice::SetGreatest
        | Lattice::SetLeast
        | Lattice::PosSetSize
        | Lattice::PosSetContains
        | Lattice::PosSetUnion
        | Lattice::PosSetFilter
        | Lattice::PosSetSum => set(d, entry, call),
        Lattice::BagSize
        | Lattice::BagCount
        | Lattice::BagContains
        | Lattice::BagKeys
        | Lattice::BagUnion
        | Lattice::BagPlus
        | Lattice::BagFilter => bag(d, entry, call),
        Lattice::MapSize
        | Lattice::MapContains
        | Lattice::MapAt
        | Lattice::MapAtOrBottom
        | Lattice::MapKeys
        | Lattice::MapUnion
        | Lattice::MapFilterKeys
        | Lattice::MapJoinValues
        | Lattice::MapSum
        | Lattice::MapCovers => map(d, entry, call),
        Lattice::LwwStamp
        | Lattice::LexFirst
        | Lattice::OnceIsSet
        | Lattice::OnceIsConflict
        | Lattice::Sealable
        | Lattice::SealedClose
        | Lattice::SealedIsClosed
        | Lattice::SealedInner => compound(d, entry, call),
    }
}

/// `Max` and `Min`.
fn chain<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    let value = call.value(d, 0);
    match entry {
        Lattice::MaxAtLeast | Lattice::MaxAbove | Lattice::MinAtMost | Lattice::MinBelow => {
            let bound = call.value(d, 1);
            let ty = call.element(d, 0);
            // A bottom may be no value of the type, so it is not compared by the type's order.
            let is_bottom = value == d.bottom(call.types[0])?;
            let passed = if value == bound {
                matches!(entry, Lattice::MaxAtLeast | Lattice::MinAtMost)
            } else if is_bottom {
                false
            } else {
                let above = d.compare(ty, &value, &bound).is_gt();
                above == matches!(entry, Lattice::MaxAtLeast | Lattice::MaxAbove)
            };
            Ok(call.make_bool(d, passed))
        }
        // Bottom is no number yet, and stays bottom.
        _ if value == d.bottom(call.types[0])? => Ok(value),
        Lattice::MaxAddInt
        | Lattice::MaxAddFloat
        | Lattice::MaxAddDuration
        | Lattice::MinAddInt
        | Lattice::MinAddFloat
        | Lattice::MinAddDuration
            if call.value(d, 1) == d.bottom(call.types[1])? =>
        {
            Ok(call.value(d, 1))
        }
        Lattice::MaxPlusFloat
        | Lattice::MinPlusFloat
        | Lattice::MaxAddFloat
        | Lattice::MinAddFloat => {
            let sum = d.float(&value) + call.float(d, 1);
            Ok(call.make_float(d, sum))
        }
        _ => {
            let sum = d.int(&value).checked_add(call.int(d, 1));
            Ok(call.make_int(d, sum.ok_or(Overflow)?))
        }
    }
}

fn set<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    let elements = call.parts(d, 0);
    let ty = call.element(d, 0);
    let changed = match entry {
        Lattice::SetSize | Lattice::PosSetSize => return Ok(call.make_size(d, elements.len())),
        Lattice::SetContains | Lattice::PosSetContains => {
            let found = order::has(d, ty, &elements, &call.value(d, 1));
            return Ok(call.make_bool(d, found));
        }
        Lattice::SetContainsAll => {
            let found = order::contains_all(d, ty, &elements, &call.parts(d, 1));
            return Ok(call.make_bool(d, found));
        }
        Lattice::SetAny => return list::any(d, call, elements),
        Lattice::SetGreatest => return or_bottom(d, call, elements.last()),
        Lattice::SetLeast => return or_bottom(d, call, elements.first()),
        Lattice::PosSetSum => {
            let sum = sum_of_growing(d, &elements)?;
            return Ok(call.make_int(d, sum));
        }
        Lattice::SetUnion | Lattice::PosSetUnion => {
            let both = elements.into_iter().chain(call.parts(d, 1)).collect();
            order::sorted(d, ty, both)
        }
        Lattice::SetIntersect => order::shared(d, ty, elements, &call.parts(d, 1), true),
        Lattice::SetWithout => order::shared(d, ty, elements, &call.parts(d, 1), false),
        Lattice::SetProduct => {
            let others = call.parts(d, 1);
            within(elements.len().saturating_mul(others.len()), ELEMENTS_MAX)?;
            let pair = super::element(d.types(), call.result);
            let mut pairs = Vec::with_capacity(elements.len() * others.len());
            for a in &elements {
                for b in &others {
                    pairs.push(d.make_tuple(pair, vec![a.clone(), b.clone()]));
                }
            }
            pairs
        }
        Lattice::SetMap => mapped(d, call, elements)?,
        _ => list::filtered(d, call, elements)?,
    };
    Ok(d.make_set(call.result, changed))
}

fn or_bottom<D: Domain>(d: &mut D, call: &Call<'_, D>, value: Option<&D::Value>) -> Outcome<D> {
    match value {
        Some(value) => Ok(value.clone()),
        None => d.bottom(call.result),
    }
}

/// A sum that can only grow when values are added or grow: none may be below 0.
fn sum_of_growing<D: Domain>(d: &D, values: &[D::Value]) -> Result<i64, RowError> {
    if values.iter().any(|value| d.int(value) < 0) {
        return Err(Invalid);
    }
    list::int_sum(d, values)
}

fn bag<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    let counts = call.counts(d, 0);
    let ty = call.element(d, 0);
    let changed = match entry {
        Lattice::BagSize => {
            let size = bag_size(&counts)?;
            return Ok(call.make_int(d, size));
        }
        Lattice::BagCount => {
            let found = order::at(d, ty, &counts, &call.value(d, 1)).copied();
            return match found {
                Some(count) => Ok(call.make_int(d, count)),
                None => Ok(call.make_int(d, 0)),
            };
        }
        Lattice::BagContains => {
            let found = order::at(d, ty, &counts, &call.value(d, 1)).is_some();
            return Ok(call.make_bool(d, found));
        }
        Lattice::BagKeys => {
            let elements = counts.into_iter().map(|(element, _)| element).collect();
            return Ok(d.make_set(call.result, elements));
        }
        Lattice::BagUnion => {
            let others = call.counts(d, 1);
            order::merged(d, ty, counts, others, |_, a, b| Ok::<_, RowError>(a.max(b)))?
        }
        Lattice::BagPlus => {
            let others = call.counts(d, 1);
            order::merged(d, ty, counts, others, |_, a, b| {
                a.checked_add(b).ok_or(Overflow)
            })?
        }
        _ => {
            let mut kept = Vec::new();
            for (element, count) in counts {
                if call.holds(d, 1, std::slice::from_ref(&element))? {
                    kept.push((element, count));
                }
            }
            kept
        }
    };
    Ok(d.make_bag(call.result, changed))
}

fn map<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    let entries = call.entries(d, 0);
    let ty = call.element(d, 0);
    let changed = match entry {
        Lattice::MapSize => return Ok(call.make_size(d, entries.len())),
        Lattice::MapContains => {
            let found = order::at(d, ty, &entries, &call.value(d, 1)).is_some();
            return Ok(call.make_bool(d, found));
        }
        Lattice::MapAt => {
            let found = order::at(d, ty, &entries, &call.value(d, 1)).cloned();
            return found.ok_or(Missing);
        }
        Lattice::MapAtOrBottom => {
            let found = order::at(d, ty, &entries, &call.value(d, 1)).cloned();
            return or_bottom(d, call, found.as_ref());
        }
        Lattice::MapKeys => {
            let keys = entries.into_iter().map(|(key, _)| key).collect();
            return Ok(d.make_set(call.result, keys));
        }
        Lattice::MapJoinValues => {
            let bottom = d.bottom(call.result)?;
            return entries.iter().try_fold(bottom, |so_far, (_, value)| {
                d.join(call.result, &so_far, value)
            });
        }
        Lattice::MapSum => {
            let bottom = d.bottom(call.result)?;
            let values = entries.into_iter().map(|(_, value)| value);
            // A counter that has not started counts as 0.
            let values: Vec<D::Value> = values.filter(|value| *value != bottom).collect();
            let sum = sum_of_growing(d, &values)?;
            return Ok(call.make_int(d, sum));
        }
        Lattice::MapCovers => {
            let covered = covers(d, call, &entries)?;
            return Ok(call.make_bool(d, covered));
        }
        Lattice::MapUnion => {
            let (part, others) = (value_type(d, call.result), call.entries(d, 1));
            order::merged(d, ty, entries, others, |d, a, b| d.join(part, &a, &b))?
        }
        _ => {
            let mut kept = Vec::new();
            for (key, value) in entries {
                if call.holds(d, 1, std::slice::from_ref(&key))? {
                    kept.push((key, value));
                }
            }
            kept
        }
    };
    Ok(d.make_map(call.result, changed))
}

fn value_type<D: Domain>(d: &D, map: TypeId) -> TypeId {
    match d.types().get(map) {
        Type::Map(_, value) | Type::FrozenMap(_, value) => *value,
        _ => map,
    }
}

/// Whether every key of the plain map at 1 has at least its value.
fn covers<D: Domain>(
    d: &mut D,
    call: &Call<'_, D>,
    entries: &[(D::Value, D::Value)],
) -> Result<bool, RowError> {
    let key = call.element(d, 0);
    let (chain, plain) = (value_type(d, call.types[0]), value_type(d, call.types[1]));
    let bottom = d.bottom(chain)?;
    let wanted = call.entries(d, 1);
    Ok(wanted.iter().all(|(k, least)| {
        order::at(d, key, entries, k).is_some_and(|value| {
            value == least || *value != bottom && d.compare(plain, value, least).is_gt()
        })
    }))
}

/// `Lww`, `Lex`, `Once`, `Sealed`.
fn compound<D: Domain>(d: &mut D, entry: Lattice, call: &Call<'_, D>) -> Outcome<D> {
    let value = call.value(d, 0);
    match entry {
        Lattice::LwwStamp => {
            if value == d.bottom(call.types[0])? {
                return d.bottom(call.result);
            }
            Ok(d.parts(&value).swap_remove(0))
        }
        Lattice::LexFirst => Ok(d.parts(&value).swap_remove(0)),
        Lattice::OnceIsSet => {
            let set = d.variant(&value).0 != 0;
            Ok(call.make_bool(d, set))
        }
        Lattice::OnceIsConflict => {
            let conflict = d.variant(&value).0 == 2;
            Ok(call.make_bool(d, conflict))
        }
        Lattice::Sealable => sealed(d, call, false, value),
        Lattice::SealedClose => {
            let inner = d.parts(&value).swap_remove(1);
            sealed(d, call, true, inner)
        }
        Lattice::SealedIsClosed => {
            let closed = d.bool(&d.parts(&value)[0]);
            Ok(call.make_bool(d, closed))
        }
        _ => Ok(d.parts(&value).swap_remove(1)),
    }
}

fn sealed<D: Domain>(d: &mut D, call: &Call<'_, D>, closed: bool, inner: D::Value) -> Outcome<D> {
    // The flag's word is that of a `Bool` or of an `Or`, which are the same.
    let closed = d.make_bool(call.result, closed);
    Ok(d.make_tuple(call.result, vec![closed, inner]))
}
