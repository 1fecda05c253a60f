//! A context around no code, for tests of what needs none.

use std::sync::Arc;

use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::types::TypeTable;

use super::Context;
use crate::code::{Code, RuntimeTable};
use crate::store::Types;

static NO_RUNTIME: RuntimeTable = RuntimeTable([std::ptr::null(); _]);

/// A context of a plan that has types and nothing else.
pub fn context(types: TypeTable) -> Context {
    let plan = Plan::empty("Test", types);
    let artifact = Artifact {
        target: std::env::consts::ARCH.into(),
        code: Vec::new(),
        versions: Vec::new(),
        functions: Vec::new(),
    };
    let code = Code::load(&plan, &artifact).expect("an artifact without code loads");
    let types = Arc::new(Types::new(plan.types.clone()));
    Context::new(Arc::new(plan), types, Arc::new(code), &NO_RUNTIME, "n", 0)
}
