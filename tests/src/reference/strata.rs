//! Which collections are of one stratum: what the compiler has found. It matters for more than
//! order, for a key conflict makes its whole stratum begin again.

use std::collections::BTreeMap;

use bloom_compiler::hir::{CollectionId, NodeKind};
use bloom_plan::plan::{Plan, VersionId};

#[derive(Clone, Debug)]
pub struct Strata {
    of: BTreeMap<CollectionId, usize>,
    count: usize,
}

impl Strata {
    /// A collection is of the stratum of the rules that derive it; one that none derives, of the
    /// first.
    pub fn new(kind: &NodeKind, plan: &Plan) -> Self {
        let head = |version: &VersionId| {
            let version = &plan.versions[version.0 as usize];
            let head = plan.rules[version.rule.0 as usize].head;
            kind.collection(&plan.relations[head.0 as usize].name)
        };
        let mut of = BTreeMap::new();
        for (number, stratum) in plan.strata.iter().enumerate() {
            let versions = stratum.initial.iter().chain(&stratum.recursive);
            of.extend(
                versions
                    .filter_map(head)
                    .map(|collection| (collection, number)),
            );
        }
        Strata {
            of,
            count: plan.strata.len().max(1),
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn of(&self, collection: CollectionId) -> usize {
        self.of.get(&collection).copied().unwrap_or(0)
    }
}
