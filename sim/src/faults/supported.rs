//! Whether the formula knows what every rule of a plan means. What it does not know is refused before anything is
//! evaluated, so that no certificate rests on it.

use bloom_plan::functions::Kind;
use bloom_plan::plan::{Delivery, Op, Plan, RelationId, RelationKind};

use crate::shape::Shape;

use super::limit::Limit;

/// Whether the symbolic run knows what every rule means.
pub fn supported(plan: &Plan) -> Result<(), Limit> {
    let refuse = |what: String| Err(Limit::Unsupported(what));
    for site in &plan.sites {
        let builtin = site.builtin.get();
        let is_now = builtin.name == "now";
        if builtin.kind == Kind::Nondeterministic && !is_now {
            return refuse(format!(
                "calls `{}`, which differs from run to run",
                builtin.name
            ));
        }
    }
    for relation in &plan.relations {
        if relation.name.ends_with(".seal.arrived") {
            return refuse(format!("waits for seals of `{}`", relation.name));
        }
        if relation.delivery != Delivery::Free {
            return refuse(format!(
                "has messages of `{}` delivered once or in order",
                relation.name
            ));
        }
        if relation.immutable && !Shape::new(relation).is_set() {
            return refuse(format!("has the immutable collection `{}`", relation.name));
        }
    }
    let kind = |id: RelationId| plan.relations[id.0 as usize].kind;
    for op in plan.versions.iter().flat_map(|version| &version.nest) {
        if matches!(op, Op::Emit { relation, .. } if kind(*relation) == RelationKind::Halt) {
            return refuse("derives into `halt`".to_owned());
        }
        if op
            .read(plan)
            .is_some_and(|id| kind(id) == RelationKind::Errors)
        {
            return refuse("reads `errors`".to_owned());
        }
    }
    Ok(())
}
