//! Which of the columns of the rows that a version begins with come back in many of the rows that it derives.

use bloom_plan::plan::{Arrow, Expr, Extent, Op, Version};

/// The first column of the delta that a version begins with which it puts into what it derives, beside values that it
/// finds for each row. None if it derives no rows into relations, or begins otherwise.
pub(super) fn column(version: &Version) -> Option<usize> {
    let (first, rest) = version.nest.split_first()?;
    let Op::Scan {
        part: Extent::Delta,
        bind,
        ..
    } = first
    else {
        return None;
    };
    let Some(Op::Emit {
        arrow: Arrow::Merge,
        columns,
        ..
    }) = rest.last()
    else {
        return None;
    };
    let of_delta = |column: &Option<Expr>| column.as_ref()?.column_of(bind);
    let is_found = columns.iter().any(|column| of_delta(column).is_none());
    let mut recurring = columns.iter().filter_map(of_delta);
    recurring.next().filter(|_| is_found)
}
