//! Functions of the program: one of the plan for each list of types, and for each list of
//! functions that are passed to it, since those are known at every call.

use bloom_plan::plan::{Function, FunctionId, Register};
use bloom_plan::types::TypeId;

use super::Lowering;
use super::scope::{BodyLowering, FunctionValue};
use crate::typing::InstanceId;

/// A function that stands for a parameter of function type: what it captures are parameters instead.
pub(super) struct Passed {
    pub(super) function: FunctionId,
    pub(super) captures: Vec<TypeId>,
}

/// The function at one list of types, with `passed` for its parameters of function type, in order.
pub(super) fn lower(cx: &mut Lowering<'_>, id: InstanceId, passed: &[Passed]) -> FunctionId {
    let (program, typed) = (cx.program, cx.typed);
    let instance = &typed.instances[id];
    let source = &program.functions[instance.function];
    let mut lowering = BodyLowering::new(cx, &source.body, &instance.body);
    let mut passed = passed.iter();
    for (param, &ty) in source.body.params.iter().zip(&instance.params) {
        let var = param.var;
        match lowering.cx.is_function(ty).then(|| passed.next()).flatten() {
            None => {
                lowering.declare(var);
            }
            Some(value) => {
                let captures: Vec<Register> = value
                    .captures
                    .iter()
                    .map(|&ty| lowering.fresh(ty))
                    .collect();
                lowering.declare_function(
                    var,
                    FunctionValue {
                        function: value.function,
                        captures,
                    },
                );
            }
        }
    }
    let parameters = lowering.slots().iter().map(|slot| slot.ty).collect();
    let (body, _) = lowering.value();
    let (cx, registers) = lowering.into_slots();
    cx.add_function(Function {
        name: source.name.clone(),
        parameters,
        result: instance.result,
        registers,
        body,
    })
}

impl Lowering<'_> {
    pub(super) fn is_function(&self, ty: TypeId) -> bool {
        matches!(
            self.plan.types.get(ty),
            bloom_plan::types::Type::Function { .. }
        )
    }
}
