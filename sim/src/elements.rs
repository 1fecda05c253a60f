//! What `in` binds: the elements of a collection, the keys and values of a map.

use bloom_plan::plan::Plan;
use bloom_plan::types::{Type, TypeId};
use bloom_runtime::Interpreter;

/// The words of each element in order: one, or two of a map.
pub(crate) fn elements(
    plan: &Plan,
    interpreter: &Interpreter,
    ty: TypeId,
    value: u64,
) -> Vec<Vec<u64>> {
    let is_map = matches!(plan.types.get(ty), Type::Map(..) | Type::FrozenMap(..));
    let words = interpreter.elements(ty, value);
    let elements = words.chunks_exact(if is_map { 2 } else { 1 });
    elements.map(<[u64]>::to_vec).collect()
}
