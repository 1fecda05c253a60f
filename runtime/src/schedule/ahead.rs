//! Look-ups of which all keys are known before a version runs: they stand in the rows that it begins with.
//!
//! Generated code looks up one key after the other and waits for memory each time. Where the first thing it does with
//! a row is to look for one of another relation by its key, all of that can be on its way beforehand.

use bloom_plan::plan::{Expr, Extent, Op, Plan, RelationId, Role, Version};

/// See the module's documentation.
#[derive(Debug)]
pub struct Ahead {
    /// The relation that the version begins with, and whether only with its delta.
    pub from: RelationId,
    pub delta: bool,
    /// The columns of its rows that make the key, in the order of the key's.
    pub columns: Vec<usize>,
    /// The relation that is looked into.
    pub into: RelationId,
}

impl Ahead {
    pub fn of(plan: &Plan, version: &Version) -> Option<Ahead> {
        let [first, second, ..] = &version.nest[..] else {
            return None;
        };
        let Op::Scan {
            relation,
            part: part @ (Extent::Total | Extent::Delta),
            bind,
        } = first
        else {
            return None;
        };
        let (Op::Probe { index, key, .. } | Op::Exists { index, key, .. }) = second else {
            return None;
        };
        let index = &plan.indexes[index.0 as usize];
        let declared = &plan.relations[index.relation.0 as usize].columns;
        let keys = (0..declared.len() as u32).filter(|&c| declared[c as usize].role == Role::Key);
        if index.part != Extent::Total || !keys.eq(index.columns.iter().copied()) {
            return None;
        }
        let column = |expr: &Expr| match expr {
            Expr::Register(register) => {
                let bind = bind.iter().find(|bind| bind.into == *register)?;
                Some(bind.column as usize)
            }
            _ => None,
        };
        Some(Ahead {
            from: *relation,
            delta: *part == Extent::Delta,
            columns: key.iter().map(column).collect::<Option<_>>()?,
            into: index.relation,
        })
    }
}
