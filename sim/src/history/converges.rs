//! Convergence: once nothing changes any more, all replicas hold the same.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

/// How many rows a report shows that replicas do not share.
const ROWS_SHOWN_MAX: usize = 8;

/// What each replica holds: its rows as texts.
pub type Holdings = BTreeMap<SmolStr, BTreeSet<String>>;

/// Why the replicas do not hold the same, if they do not: the first that differs from the first of all.
pub fn difference(holdings: &Holdings) -> Option<String> {
    let mut replicas = holdings.iter();
    let (first, rows) = replicas.next()?;
    let (other, others) = replicas.find(|(_, others)| *others != rows)?;
    let only = |name: &str, own: &BTreeSet<String>, others: &BTreeSet<String>| {
        let rows: Vec<&str> = own.difference(others).map(String::as_str).collect();
        match rows.len() {
            0 => String::new(),
            all => {
                let shown = rows[..all.min(ROWS_SHOWN_MAX)].join(", ");
                let more = if all > ROWS_SHOWN_MAX { ", …" } else { "" };
                format!("\nonly {name} holds {shown}{more}")
            }
        }
    };
    Some(format!(
        "{first} and {other} do not hold the same{}{}",
        only(first, rows, others),
        only(other, others, rows)
    ))
}
