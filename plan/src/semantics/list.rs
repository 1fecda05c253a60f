//! Lists.

use super::{Call, Domain, ELEMENTS_MAX, Outcome, clamped, count, element, order, place, within};
use crate::functions::list::List;
use crate::plan::RowError::{self, Missing, Overflow};
use crate::types::{Type, TypeId};

pub(super) fn apply<D: Domain>(d: &mut D, entry: List, call: &Call<'_, D>) -> Outcome<D> {
    if let List::Range = entry {
        return range(d, call);
    }
    let list = call.parts(d, 0);
    match entry {
        List::Len
        | List::IsEmpty
        | List::At
        | List::Get
        | List::First
        | List::Last
        | List::Contains
        | List::IndexOf
        | List::Least
        | List::Greatest => look_up(d, entry, call, list),
        List::Map
        | List::Filter
        | List::FlatMap
        | List::Fold
        | List::Any
        | List::All
        | List::Find
        | List::CountWhere
        | List::SortBy => walk(d, entry, call, list),
        List::SumInt | List::SumFloat | List::SumDuration => sum(d, entry, call, &list),
        List::ToSet | List::ToBag | List::ToMap => convert(d, entry, call, list),
        List::Sort
        | List::Reverse
        | List::Concat
        | List::Push
        | List::Set
        | List::Take
        | List::Drop
        | List::Slice
        | List::Zip
        | List::Enumerate
        | List::Flatten
        | List::Unique => {
            let elements = rearrange(d, entry, call, list)?;
            call.make_list(d, elements)
        }
        List::Range => unreachable!("handled above: no list comes first"),
    }
}

fn look_up<D: Domain>(
    d: &mut D,
    entry: List,
    call: &Call<'_, D>,
    list: Vec<D::Value>,
) -> Outcome<D> {
    let ty = call.element(d, 0);
    let nth = |at: i64| place(at, list.len()).map(|at| list[at].clone());
    Ok(match entry {
        List::Len => call.make_size(d, list.len()),
        List::IsEmpty => call.make_bool(d, list.is_empty()),
        List::At => nth(call.int(d, 1)).ok_or(Missing)?,
        List::Get => {
            let found = nth(call.int(d, 1));
            call.make_option(d, found)
        }
        List::First => call.make_option(d, list.first().cloned()),
        List::Last => call.make_option(d, list.last().cloned()),
        List::Contains => {
            let wanted = call.value(d, 1);
            call.make_bool(d, list.contains(&wanted))
        }
        List::IndexOf => {
            let wanted = call.value(d, 1);
            let int = call.some_type(d);
            let found = list.iter().position(|element| *element == wanted);
            let found = found.map(|place| d.make_int(int, count(place)));
            call.make_option(d, found)
        }
        List::Least => {
            let least = list.into_iter().min_by(|a, b| d.compare(ty, a, b));
            call.make_option(d, least)
        }
        List::Greatest => {
            let greatest = list.into_iter().max_by(|a, b| d.compare(ty, a, b));
            call.make_option(d, greatest)
        }
        _ => unreachable!("does not look one element up"),
    })
}

/// What calls a function for each element.
fn walk<D: Domain>(d: &mut D, entry: List, call: &Call<'_, D>, list: Vec<D::Value>) -> Outcome<D> {
    match entry {
        List::Map => {
            let mapped: Result<Vec<_>, _> = list
                .into_iter()
                .map(|element| call.apply(d, 1, &[element]))
                .collect();
            call.make_list(d, mapped?)
        }
        List::Filter => {
            let kept = filtered(d, call, list)?;
            call.make_list(d, kept)
        }
        List::FlatMap => {
            let mut all = Vec::new();
            for element in list {
                let part = call.apply(d, 1, &[element])?;
                all.extend(d.parts(&part));
                within(all.len(), ELEMENTS_MAX)?;
            }
            call.make_list(d, all)
        }
        List::Fold => fold(d, call, list),
        List::Any => any(d, call, list),
        List::All => all(d, call, list),
        List::Find => {
            for element in list {
                if call.holds(d, 1, std::slice::from_ref(&element))? {
                    return Ok(call.make_option(d, Some(element)));
                }
            }
            Ok(call.make_option(d, None))
        }
        List::CountWhere => {
            let kept = filtered(d, call, list)?;
            Ok(call.make_size(d, kept.len()))
        }
        List::SortBy => {
            let ty = function_result(d, call.types[1]);
            let mut keyed: Vec<(D::Value, D::Value)> = Vec::with_capacity(list.len());
            for element in list {
                let key = call.apply(d, 1, std::slice::from_ref(&element))?;
                keyed.push((key, element));
            }
            keyed.sort_by(|(a, _), (b, _)| d.compare(ty, a, b));
            let sorted = keyed.into_iter().map(|(_, element)| element).collect();
            call.make_list(d, sorted)
        }
        _ => unreachable!("calls no function"),
    }
}

/// The elements for which the condition at 1 holds.
pub(super) fn filtered<D: Domain>(
    d: &mut D,
    call: &Call<'_, D>,
    elements: Vec<D::Value>,
) -> Result<Vec<D::Value>, RowError> {
    let mut kept = Vec::new();
    for element in elements {
        if call.holds(d, 1, std::slice::from_ref(&element))? {
            kept.push(element);
        }
    }
    Ok(kept)
}

/// From the value at 1, by the function at 2.
pub(super) fn fold<D: Domain>(
    d: &mut D,
    call: &Call<'_, D>,
    elements: Vec<D::Value>,
) -> Outcome<D> {
    let start = call.value(d, 1);
    elements.into_iter().try_fold(start, |so_far, element| {
        call.apply(d, 2, &[so_far, element])
    })
}

pub(super) fn any<D: Domain>(d: &mut D, call: &Call<'_, D>, elements: Vec<D::Value>) -> Outcome<D> {
    for element in elements {
        if call.holds(d, 1, &[element])? {
            return Ok(call.make_bool(d, true));
        }
    }
    Ok(call.make_bool(d, false))
}

pub(super) fn all<D: Domain>(d: &mut D, call: &Call<'_, D>, elements: Vec<D::Value>) -> Outcome<D> {
    for element in elements {
        if !call.holds(d, 1, &[element])? {
            return Ok(call.make_bool(d, false));
        }
    }
    Ok(call.make_bool(d, true))
}

fn function_result<D: Domain>(d: &D, ty: TypeId) -> TypeId {
    match d.types().get(ty) {
        Type::Function { result, .. } => *result,
        _ => ty,
    }
}

fn sum<D: Domain>(d: &mut D, entry: List, call: &Call<'_, D>, list: &[D::Value]) -> Outcome<D> {
    if let List::SumFloat = entry {
        let sum = list.iter().map(|x| d.float(x)).fold(0.0, |a, b| a + b);
        return Ok(call.make_float(d, sum));
    }
    let sum = int_sum(d, list)?;
    Ok(call.make_int(d, sum))
}

pub(super) fn int_sum<D: Domain>(d: &D, values: &[D::Value]) -> Result<i64, RowError> {
    values
        .iter()
        .try_fold(0_i64, |sum, n| sum.checked_add(d.int(n)))
        .ok_or(Overflow)
}

fn convert<D: Domain>(
    d: &mut D,
    entry: List,
    call: &Call<'_, D>,
    list: Vec<D::Value>,
) -> Outcome<D> {
    let ty = element(d.types(), call.result);
    Ok(match entry {
        List::ToSet => {
            let elements = order::sorted(d, ty, list);
            d.make_set(call.result, elements)
        }
        List::ToBag => {
            let counts = order::counted(d, ty, list);
            d.make_bag(call.result, counts)
        }
        _ => {
            let entries = list.iter().map(|entry| {
                let parts = d.parts(entry);
                (parts[0].clone(), parts[1].clone())
            });
            let entries = order::keyed(d, ty, entries.collect());
            d.make_map(call.result, entries)
        }
    })
}

/// What gives a list of what is there.
fn rearrange<D: Domain>(
    d: &mut D,
    entry: List,
    call: &Call<'_, D>,
    mut list: Vec<D::Value>,
) -> Result<Vec<D::Value>, RowError> {
    let ty = call.element(d, 0);
    let result = element(d.types(), call.result);
    match entry {
        List::Sort => list.sort_by(|a, b| d.compare(ty, a, b)),
        List::Reverse => list.reverse(),
        List::Concat => list.extend(call.parts(d, 1)),
        List::Push => list.push(call.value(d, 1)),
        List::Set => {
            let at = place(call.int(d, 1), list.len()).ok_or(Missing)?;
            list[at] = call.value(d, 2);
        }
        List::Take => list.truncate(clamped(0, call.int(d, 1), list.len()).end),
        List::Drop => drop(list.drain(clamped(0, call.int(d, 1), list.len()))),
        List::Slice => {
            let range = clamped(call.int(d, 1), call.int(d, 2), list.len());
            list = list.drain(range).collect();
        }
        List::Zip => {
            let pairs = list.into_iter().zip(call.parts(d, 1));
            list = pairs
                .map(|(a, b)| d.make_tuple(result, vec![a, b]))
                .collect();
        }
        List::Enumerate => {
            let int = first_of_pair(d, result);
            let places = (0..).zip(list);
            list = places
                .map(|(place, element)| {
                    let place = d.make_int(int, place);
                    d.make_tuple(result, vec![place, element])
                })
                .collect();
        }
        List::Flatten => list = list.iter().flat_map(|part| d.parts(part)).collect(),
        List::Unique => {
            let mut seen: Vec<D::Value> = Vec::new();
            list.retain(|element| {
                let place = seen.binary_search_by(|known| d.compare(ty, known, element));
                let new = place.err();
                new.inspect(|&at| seen.insert(at, element.clone()))
                    .is_some()
            });
        }
        _ => unreachable!("gives no list of the same elements"),
    }
    Ok(list)
}

fn first_of_pair<D: Domain>(d: &D, pair: TypeId) -> TypeId {
    match d.types().get(pair) {
        Type::Tuple(parts) => parts[0],
        _ => pair,
    }
}

fn range<D: Domain>(d: &mut D, call: &Call<'_, D>) -> Outcome<D> {
    let (from, to) = (call.int(d, 0), call.int(d, 1));
    let len = to.saturating_sub(from).max(0);
    within(usize::try_from(len).unwrap_or(usize::MAX), ELEMENTS_MAX)?;
    let int = element(d.types(), call.result);
    let numbers = (from..to).map(|n| d.make_int(int, n)).collect();
    call.make_list(d, numbers)
}
