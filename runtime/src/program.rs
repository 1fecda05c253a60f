//! A plan with its machine code, ready to start any number of nodes.

use std::hash::Hasher;
use std::sync::Arc;

use bloom_plan::artifact::Artifact;
use bloom_plan::plan::{Plan, RelationId, RelationKind};
use rustc_hash::FxHasher;

use crate::api::LoadError;
use crate::code::Code;
use crate::schedule::Schedule;
use crate::store::Types;

/// A node kind, loaded.
#[derive(Debug)]
pub struct Program {
    plan: Arc<Plan>,
    types: Arc<Types>,
    code: Arc<Code>,
    schedule: Schedule,
}

impl Program {
    /// Maps the code and makes it executable.
    pub fn load(plan: Plan, artifact: Artifact) -> Result<Arc<Program>, LoadError> {
        let code = Code::load(&plan, &artifact)?;
        Ok(Arc::new(Program {
            types: Arc::new(Types::new(plan.types.clone())),
            schedule: Schedule::new(&plan),
            plan: Arc::new(plan),
            code: Arc::new(code),
        }))
    }

    /// The same program by another plan.
    pub(crate) fn with_plan(&self, plan: Plan, code: Code) -> Arc<Program> {
        Arc::new(Program {
            types: Arc::clone(&self.types),
            schedule: Schedule::new(&plan),
            plan: Arc::new(plan),
            code: Arc::new(code),
        })
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn types(&self) -> &Arc<Types> {
        &self.types
    }

    pub fn code(&self) -> &Arc<Code> {
        &self.code
    }

    pub(crate) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub fn relation(&self, name: &str) -> Option<RelationId> {
        let place = self.plan.relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// Channels by name, each with a hash of its columns and delivery: what two nodes compare when they connect.
    /// The same on every machine and for every node kind that declares the channel alike.
    pub fn channel_schemas(&self) -> impl Iterator<Item = (&str, u64)> {
        let channel =
            |r: &&bloom_plan::plan::Relation| matches!(r.kind, RelationKind::Channel { .. });
        self.plan.relations.iter().filter(channel).map(|relation| {
            let mut hasher = FxHasher::default();
            for column in &relation.columns {
                hasher.write(column.name.as_bytes());
                hasher.write_u8(column.role as u8);
                hasher.write(self.types.describe(column.ty).as_bytes());
            }
            hasher.write(format!("{:?}", relation.delivery).as_bytes());
            (relation.name.as_str(), hasher.finish())
        })
    }

    /// Whether no rule asks for the time, for chance or for fresh numbers.
    pub fn is_deterministic(&self) -> bool {
        self.schedule.deterministic
    }

    /// One hash over all channels.
    pub fn schema_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for (name, hash) in self.channel_schemas() {
            hasher.write(name.as_bytes());
            hasher.write_u64(hash);
        }
        hasher.finish()
    }
}
