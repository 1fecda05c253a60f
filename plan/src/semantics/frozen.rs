//! Plain sets, bags and maps.

use super::{Call, Domain, ELEMENTS_MAX, Outcome, element, list, order, within};
use crate::functions::frozen::Frozen;
use crate::plan::RowError::{self, Missing, Overflow};
use crate::types::{Type, TypeId};

pub(super) fn apply<D: Domain>(d: &mut D, entry: Frozen, call: &Call<'_, D>) -> Outcome<D> {
    match entry {
        Frozen::SetSize
        | Frozen::SetIsEmpty
        | Frozen::SetContains
        | Frozen::SetContainsAll
        | Frozen::SetUnion
        | Frozen::SetIntersect
        | Frozen::SetDifference
        | Frozen::SetAdd
        | Frozen::SetRemove
        | Frozen::SetMap
        | Frozen::SetFilter
        | Frozen::SetAny
        | Frozen::SetAll
        | Frozen::SetFold
        | Frozen::SetToList
        | Frozen::SetLeast
        | Frozen::SetGreatest
        | Frozen::SetSum => set(d, entry, call),
        Frozen::BagSize
        | Frozen::BagIsEmpty
        | Frozen::BagContains
        | Frozen::BagCount
        | Frozen::BagToSet
        | Frozen::BagToList
        | Frozen::BagEntries => bag(d, entry, call),
        Frozen::MapSize
        | Frozen::MapIsEmpty
        | Frozen::MapContains
        | Frozen::MapAt
        | Frozen::MapGet
        | Frozen::MapKeys
        | Frozen::MapValues
        | Frozen::MapEntries
        | Frozen::MapInsert
        | Frozen::MapRemove
        | Frozen::MapUnion
        | Frozen::MapMapValues
        | Frozen::MapFilter => map(d, entry, call),
    }
}

fn set<D: Domain>(d: &mut D, entry: Frozen, call: &Call<'_, D>) -> Outcome<D> {
    let elements = call.parts(d, 0);
    let ty = call.element(d, 0);
    let changed = match entry {
        Frozen::SetSize => return Ok(call.make_size(d, elements.len())),
        Frozen::SetIsEmpty => return Ok(call.make_bool(d, elements.is_empty())),
        Frozen::SetContains => {
            let found = order::has(d, ty, &elements, &call.value(d, 1));
            return Ok(call.make_bool(d, found));
        }
        Frozen::SetContainsAll => {
            let found = order::contains_all(d, ty, &elements, &call.parts(d, 1));
            return Ok(call.make_bool(d, found));
        }
        Frozen::SetAny => return list::any(d, call, elements),
        Frozen::SetAll => return list::all(d, call, elements),
        Frozen::SetFold => return list::fold(d, call, elements),
        Frozen::SetToList => return call.make_list(d, elements),
        Frozen::SetLeast => return Ok(call.make_option(d, elements.first().cloned())),
        Frozen::SetGreatest => return Ok(call.make_option(d, elements.last().cloned())),
        Frozen::SetSum => {
            let sum = list::int_sum(d, &elements)?;
            return Ok(call.make_int(d, sum));
        }
        Frozen::SetUnion => {
            let both = elements.into_iter().chain(call.parts(d, 1)).collect();
            order::sorted(d, ty, both)
        }
        Frozen::SetIntersect => order::shared(d, ty, elements, &call.parts(d, 1), true),
        Frozen::SetDifference => order::shared(d, ty, elements, &call.parts(d, 1), false),
        Frozen::SetAdd => {
            let both = elements.into_iter().chain([call.value(d, 1)]).collect();
            order::sorted(d, ty, both)
        }
        Frozen::SetRemove => order::shared(d, ty, elements, &[call.value(d, 1)], false),
        Frozen::SetMap => mapped(d, call, elements)?,
        _ => list::filtered(d, call, elements)?,
    };
    Ok(d.make_set(call.result, changed))
}

/// The function at 1 of each element, as a set of the result's type.
pub(super) fn mapped<D: Domain>(
    d: &mut D,
    call: &Call<'_, D>,
    elements: Vec<D::Value>,
) -> Result<Vec<D::Value>, RowError> {
    let images: Result<Vec<_>, _> = elements
        .into_iter()
        .map(|element| call.apply(d, 1, &[element]))
        .collect();
    let ty = element(d.types(), call.result);
    Ok(order::sorted(d, ty, images?))
}

fn bag<D: Domain>(d: &mut D, entry: Frozen, call: &Call<'_, D>) -> Outcome<D> {
    let counts = call.counts(d, 0);
    let ty = call.element(d, 0);
    Ok(match entry {
        Frozen::BagSize => {
            let size = bag_size(&counts)?;
            call.make_int(d, size)
        }
        Frozen::BagIsEmpty => call.make_bool(d, counts.is_empty()),
        Frozen::BagContains => {
            let found = order::at(d, ty, &counts, &call.value(d, 1)).is_some();
            call.make_bool(d, found)
        }
        Frozen::BagCount => {
            let found = order::at(d, ty, &counts, &call.value(d, 1)).copied();
            call.make_int(d, found.unwrap_or(0))
        }
        Frozen::BagToSet => {
            let elements = counts.into_iter().map(|(element, _)| element).collect();
            d.make_set(call.result, elements)
        }
        Frozen::BagToList => {
            let size = usize::try_from(bag_size(&counts)?).unwrap_or(usize::MAX);
            within(size, ELEMENTS_MAX)?;
            let each = counts.into_iter().flat_map(|(element, count)| {
                std::iter::repeat_n(element, usize::try_from(count).unwrap_or(0))
            });
            call.make_list(d, each.collect())?
        }
        _ => {
            let (pair, int) = pair_types(d, call.result);
            let pairs = counts.into_iter().map(|(element, count)| {
                let count = d.make_int(int, count);
                d.make_tuple(pair, vec![element, count])
            });
            let pairs = pairs.collect();
            call.make_list(d, pairs)?
        }
    })
}

/// How many elements a bag has, each as often as it is in it.
pub(super) fn bag_size<V>(counts: &[(V, i64)]) -> Result<i64, RowError> {
    counts
        .iter()
        .try_fold(0_i64, |sum, (_, count)| sum.checked_add(*count))
        .ok_or(Overflow)
}

/// Of a list of pairs: the pair's type, and that of its second part.
fn pair_types<D: Domain>(d: &D, list: TypeId) -> (TypeId, TypeId) {
    let pair = element(d.types(), list);
    match d.types().get(pair) {
        Type::Tuple(parts) => (pair, parts[1]),
        _ => (pair, pair),
    }
}

fn map<D: Domain>(d: &mut D, entry: Frozen, call: &Call<'_, D>) -> Outcome<D> {
    let mut entries = call.entries(d, 0);
    let ty = call.element(d, 0);
    match entry {
        Frozen::MapSize => return Ok(call.make_size(d, entries.len())),
        Frozen::MapIsEmpty => return Ok(call.make_bool(d, entries.is_empty())),
        Frozen::MapContains | Frozen::MapAt | Frozen::MapGet => {
            let found = order::at(d, ty, &entries, &call.value(d, 1)).cloned();
            return match entry {
                Frozen::MapAt => found.ok_or(Missing),
                Frozen::MapGet => Ok(call.make_option(d, found)),
                _ => Ok(call.make_bool(d, found.is_some())),
            };
        }
        Frozen::MapKeys => {
            let keys = entries.into_iter().map(|(key, _)| key).collect();
            return Ok(d.make_set(call.result, keys));
        }
        Frozen::MapValues => {
            let values = entries.into_iter().map(|(_, value)| value).collect();
            return call.make_list(d, values);
        }
        Frozen::MapEntries => {
            let (pair, _) = pair_types(d, call.result);
            let pairs = entries
                .into_iter()
                .map(|(key, value)| d.make_tuple(pair, vec![key, value]));
            let pairs = pairs.collect();
            return call.make_list(d, pairs);
        }
        Frozen::MapInsert => {
            entries.push((call.value(d, 1), call.value(d, 2)));
            entries = order::keyed(d, ty, entries);
        }
        Frozen::MapRemove => {
            let key = call.value(d, 1);
            entries.retain(|(k, _)| *k != key);
        }
        Frozen::MapUnion => {
            entries.extend(call.entries(d, 1));
            entries = order::keyed(d, ty, entries);
        }
        Frozen::MapMapValues => {
            for (_, value) in &mut entries {
                *value = call.apply(d, 1, std::slice::from_ref(value))?;
            }
        }
        _ => {
            let mut kept = Vec::new();
            for (key, value) in entries {
                if call.holds(d, 1, &[key.clone(), value.clone()])? {
                    kept.push((key, value));
                }
            }
            entries = kept;
        }
    }
    Ok(d.make_map(call.result, entries))
}
