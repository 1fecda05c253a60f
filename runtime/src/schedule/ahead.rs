//! Look-ups of which all keys are known before a version runs: they stand in the rows that it begins with.
//!
//! Generated code looks up one key after the other and waits for memory each time. Where the first thing it does with
//! a row is to look for one of another relation by its key, all of that can be on its way beforehand.

use bloom_plan::plan::{Arrow, Extent, Op, Plan, RelationId, Version};

/// See the module's documentation.
#[derive(PartialEq, Eq, Debug)]
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
        let keys = plan.relations[index.relation.0 as usize].key_columns();
        if index.part != Extent::Total || !keys.eq(index.columns.iter().copied()) {
            return None;
        }
        Some(Ahead {
            from: *relation,
            delta: *part == Extent::Delta,
            columns: key
                .iter()
                .map(|key| key.column_of(bind))
                .collect::<Option<_>>()?,
            into: index.relation,
        })
    }

    /// By relation: what is looked up in the tick in which its rows arrive, by versions that begin with them.
    pub fn of_arrivals(plan: &Plan) -> Vec<Vec<Ahead>> {
        let mut all: Vec<Vec<Ahead>> = plan.relations.iter().map(|_| Vec::new()).collect();
        for version in &plan.versions {
            for ahead in [Ahead::of(plan, version), Ahead::of_change(plan, version)] {
                let Some(ahead) = ahead else { continue };
                let from = ahead.from.0 as usize;
                let is_new = all[from].iter().all(|other| !other.is_as(&ahead));
                if plan.relations[from].kind.is_transient() && is_new {
                    all[from].push(ahead);
                }
            }
        }
        all
    }

    /// The look-up of what a version defers.
    fn of_change(plan: &Plan, version: &Version) -> Option<Ahead> {
        let (Some(first), Some(last)) = (version.nest.first(), version.nest.last()) else {
            return None;
        };
        let (
            Op::Scan {
                relation,
                part,
                bind,
            },
            Op::Emit {
                relation: into,
                arrow: Arrow::Deferred | Arrow::Upsert,
                columns,
            },
        ) = (first, last)
        else {
            return None;
        };
        let keys = plan.relations[into.0 as usize].key_columns();
        let columns = keys.map(|key| columns.get(key as usize)?.as_ref()?.column_of(bind));
        let columns: Vec<usize> = columns.collect::<Option<_>>()?;
        (!columns.is_empty()).then_some(Ahead {
            from: *relation,
            delta: *part == Extent::Delta,
            columns,
            into: *into,
        })
    }

    fn is_as(&self, other: &Ahead) -> bool {
        self.into == other.into && self.columns == other.columns
    }
}
