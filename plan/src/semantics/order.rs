//! Sorting, searching and merging of values in the order of their type: what sets, bags and maps
//! are made of. All sequences here ascend, and hold nothing twice.

use std::cmp::Ordering;

use super::Domain;
use crate::types::TypeId;

/// Ascending, and each once.
pub(super) fn sorted<D: Domain>(d: &D, ty: TypeId, mut values: Vec<D::Value>) -> Vec<D::Value> {
    values.sort_by(|a, b| d.compare(ty, a, b));
    values.dedup_by(|a, b| a == b);
    values
}

/// Ascending with multiplicities.
pub(super) fn counted<D: Domain>(
    d: &D,
    ty: TypeId,
    mut values: Vec<D::Value>,
) -> Vec<(D::Value, i64)> {
    values.sort_by(|a, b| d.compare(ty, a, b));
    let mut counts: Vec<(D::Value, i64)> = Vec::new();
    for value in values {
        match counts.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => counts.push((value, 1)),
        }
    }
    counts
}

/// Ascending by key; of equal keys the last stays.
pub(super) fn keyed<D: Domain>(
    d: &D,
    ty: TypeId,
    mut entries: Vec<(D::Value, D::Value)>,
) -> Vec<(D::Value, D::Value)> {
    entries.reverse();
    // The sort is stable, so that the first of equals is now the one that came last.
    entries.sort_by(|(a, _), (b, _)| d.compare(ty, a, b));
    entries.dedup_by(|(a, _), (b, _)| a == b);
    entries
}

pub(super) fn has<D: Domain>(d: &D, ty: TypeId, set: &[D::Value], value: &D::Value) -> bool {
    set.binary_search_by(|element| d.compare(ty, element, value))
        .is_ok()
}

/// The second part of the entry whose first is the key.
pub(super) fn at<'a, D: Domain, T>(
    d: &D,
    ty: TypeId,
    entries: &'a [(D::Value, T)],
    key: &D::Value,
) -> Option<&'a T> {
    let place = entries.binary_search_by(|(k, _)| d.compare(ty, k, key));
    place.ok().map(|place| &entries[place].1)
}

/// The elements of `a` for which it is as `wanted` that `b` has them too.
pub(super) fn shared<D: Domain>(
    d: &D,
    ty: TypeId,
    a: Vec<D::Value>,
    b: &[D::Value],
    wanted: bool,
) -> Vec<D::Value> {
    a.into_iter()
        .filter(|value| has(d, ty, b, value) == wanted)
        .collect()
}

pub(super) fn contains_all<D: Domain>(
    d: &D,
    ty: TypeId,
    set: &[D::Value],
    others: &[D::Value],
) -> bool {
    others.iter().all(|value| has(d, ty, set, value))
}

/// Both sequences of entries as one; a key in both gets what `both` makes of its two values.
pub(super) fn merged<D: Domain, T, E>(
    d: &mut D,
    ty: TypeId,
    a: Vec<(D::Value, T)>,
    b: Vec<(D::Value, T)>,
    mut both: impl FnMut(&mut D, T, T) -> Result<T, E>,
) -> Result<Vec<(D::Value, T)>, E> {
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    let mut merged = Vec::new();
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some((x, _)), Some((y, _))) => d.compare(ty, x, y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(merged),
        };
        match order {
            Ordering::Less => merged.extend(a.next()),
            Ordering::Greater => merged.extend(b.next()),
            Ordering::Equal => {
                if let (Some((key, x)), Some((_, y))) = (a.next(), b.next()) {
                    merged.push((key, both(d, x, y)?));
                }
            }
        }
    }
}
