//! The types of bodies, each once. A program has few forms of rules that differ in their types, so most bodies have
//! those of another.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::BodyTypes;

/// Types of bodies by a hash of what stands in all of them.
#[derive(Default)]
pub(super) struct Shared(FxHashMap<u64, Vec<Arc<BodyTypes>>>);

impl Shared {
    pub fn shared(&mut self, types: BodyTypes) -> Arc<BodyTypes> {
        let key = FxBuildHasher.hash_one((&types.exprs, &types.pats, &types.vars));
        let alike = self.0.entry(key).or_default();
        if let Some(same) = alike.iter().find(|known| ***known == types) {
            return Arc::clone(same);
        }
        let types = Arc::new(types);
        alike.push(Arc::clone(&types));
        types
    }
}
