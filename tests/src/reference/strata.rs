//! Which collections are of one stratum: what the compiler has found. It matters for more than
//! order, for a key conflict makes its whole stratum begin again.

use std::collections::BTreeMap;

use bloom_compiler::hir::{CollectionId, CollectionKind, Literal, NodeKind};
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
        let count = plan.strata.len().max(1);
        for (id, collection) in kind.collections.iter() {
            if collection.kind == CollectionKind::Errors {
                of.insert(id, first_reader(kind, &of, id).unwrap_or(count));
            }
        }
        Strata { of, count }
    }

    /// One after all is for `errors` that only rules of other arrows read.
    pub fn count(&self) -> usize {
        self.count
    }

    pub fn of(&self, collection: CollectionId) -> usize {
        self.of.get(&collection).copied().unwrap_or(0)
    }
}

/// The first stratum that reads the collection. What it reads is of that stratum's beginning.
fn first_reader(
    kind: &NodeKind,
    of: &BTreeMap<CollectionId, usize>,
    read: CollectionId,
) -> Option<usize> {
    let reads = |literal: &Literal| match literal {
        Literal::Atom { collection, .. } | Literal::Not { collection, .. } => *collection == read,
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => false,
    };
    let rules = kind.rules.iter().map(|(_, rule)| rule);
    let readers = rules.filter(|rule| rule.literals.iter().any(|node| reads(&node.literal)));
    let strata = readers.filter_map(|rule| of.get(&rule.head.collection).copied());
    strata.min()
}
