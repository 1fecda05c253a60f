//! The body being lowered: which register each variable has, through nested lambdas.
//!
//! Each lambda is a scope with registers of its own. A variable of an outer scope gets one there
//! too when it is first read, and becomes a capture.

use bloom_plan::plan::{Expr, Function, FunctionId, Register, Slot};
use bloom_plan::types::TypeId;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Lowering;
use crate::hir::{Body, VarId};
use crate::typing::BodyTypes;

pub(super) struct BodyLowering<'l, 'a> {
    pub(super) cx: &'l mut Lowering<'a>,
    pub(super) body: &'a Body,
    pub(super) types: &'a BodyTypes,
    /// Innermost last; the first is that of the rule or function.
    scopes: Vec<Scope>,
}

#[derive(Default)]
pub(super) struct Scope {
    places: FxHashMap<VarId, Place>,
    pub(super) slots: Vec<Slot>,
    /// Registers of the scope around it, and their copies here.
    captures: Vec<(Register, Register)>,
}

/// What a variable is.
#[derive(Clone)]
pub(super) enum Place {
    Register(Register),
    /// A parameter of function type: the function is known where it is called from.
    Function(FunctionValue),
}

/// A function of the plan with the registers it captures, in the scope where it is named.
#[derive(Clone)]
pub(super) struct FunctionValue {
    pub(super) function: FunctionId,
    pub(super) captures: Vec<Register>,
}

impl<'l, 'a> BodyLowering<'l, 'a> {
    pub(super) fn new(cx: &'l mut Lowering<'a>, body: &'a Body, types: &'a BodyTypes) -> Self {
        BodyLowering {
            cx,
            body,
            types,
            scopes: vec![Scope::default()],
        }
    }

    /// A function without parameters that gives the body's value.
    pub(super) fn thunk(mut self, name: &SmolStr) -> FunctionId {
        let (body, result) = self.value();
        let (cx, registers) = self.into_slots();
        cx.add_function(Function {
            name: name.clone(),
            parameters: Vec::new(),
            result,
            registers,
            body,
        })
    }

    /// The body's value and its type.
    pub(super) fn value(&mut self) -> (Expr, TypeId) {
        match self.body.value {
            Some(value) => (self.expr(value), self.types.adjusted(value)),
            None => (
                Expr::Fail(bloom_plan::plan::RowError::Invalid),
                self.cx.int(),
            ),
        }
    }

    /// The outermost registers.
    pub(super) fn into_slots(mut self) -> (&'l mut Lowering<'a>, Vec<Slot>) {
        (self.cx, std::mem::take(&mut self.scopes[0].slots))
    }

    /// Lowers another body, without variables of its own scope, with registers of this one.
    pub(super) fn inline(&mut self, body: &'a Body, types: &'a BodyTypes) -> Expr {
        let slots = std::mem::take(&mut self.scope().slots);
        let mut inner = BodyLowering::new(self.cx, body, types);
        inner.scope().slots = slots;
        let (value, _) = inner.value();
        let (_, slots) = inner.into_slots();
        self.scope().slots = slots;
        value
    }

    fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("there is always a scope")
    }

    pub(super) fn slots(&mut self) -> &[Slot] {
        &self.scope().slots
    }

    /// A register that no variable has.
    pub(super) fn fresh(&mut self, ty: TypeId) -> Register {
        self.named(SmolStr::default(), ty)
    }

    fn named(&mut self, name: SmolStr, ty: TypeId) -> Register {
        let slots = &mut self.scope().slots;
        slots.push(Slot { name, ty });
        Register(slots.len() as u32 - 1)
    }

    /// The register of a variable that is bound in the innermost scope.
    pub(super) fn declare(&mut self, var: VarId) -> Register {
        if let Some(Place::Register(known)) = self.scope().places.get(&var) {
            return *known;
        }
        let register = self.named(self.body.vars[var].name.clone(), self.types.vars[var]);
        self.scope().places.insert(var, Place::Register(register));
        register
    }

    pub(super) fn declare_function(&mut self, var: VarId, value: FunctionValue) {
        self.scope().places.insert(var, Place::Function(value));
    }

    /// What the variable is in the innermost scope; one of the rule is declared when it is first met.
    pub(super) fn look_up(&mut self, var: VarId) -> Place {
        self.look_up_at(self.scopes.len() - 1, var)
    }

    fn look_up_at(&mut self, depth: usize, var: VarId) -> Place {
        if let Some(place) = self.scopes[depth].places.get(&var) {
            return place.clone();
        }
        let place = if depth == 0 {
            let slots = &mut self.scopes[0].slots;
            slots.push(Slot {
                name: self.body.vars[var].name.clone(),
                ty: self.types.vars[var],
            });
            Place::Register(Register(slots.len() as u32 - 1))
        } else {
            match self.look_up_at(depth - 1, var) {
                Place::Register(outer) => Place::Register(self.capture(depth, outer)),
                Place::Function(value) => Place::Function(FunctionValue {
                    function: value.function,
                    captures: value
                        .captures
                        .into_iter()
                        .map(|outer| self.capture(depth, outer))
                        .collect(),
                }),
            }
        };
        self.scopes[depth].places.insert(var, place.clone());
        place
    }

    fn capture(&mut self, depth: usize, outer: Register) -> Register {
        let slot = self.scopes[depth - 1].slots[outer.0 as usize].clone();
        let scope = &mut self.scopes[depth];
        scope.slots.push(slot);
        let own = Register(scope.slots.len() as u32 - 1);
        scope.captures.push((outer, own));
        own
    }

    /// The function that `build` gives parameters and a body for, in a scope of its own.
    pub(super) fn lambda(
        &mut self,
        build: impl FnOnce(&mut Self) -> (Vec<Register>, Expr, TypeId),
    ) -> FunctionValue {
        self.scopes.push(Scope::default());
        let (parameters, mut body, result) = build(self);
        let scope = self.scopes.pop().expect("pushed above");
        // Captures come first, then parameters, then the rest.
        let (outer, own): (Vec<Register>, Vec<Register>) = scope.captures.into_iter().unzip();
        let first: Vec<Register> = own.into_iter().chain(parameters).collect();
        let others = (0..scope.slots.len() as u32)
            .map(Register)
            .filter(|r| !first.contains(r));
        let order: Vec<Register> = first.iter().copied().chain(others).collect();
        let mut numbers = vec![Register(0); order.len()];
        for (number, old) in (0..).zip(&order) {
            numbers[old.0 as usize] = Register(number);
        }
        body.rename(&mut |register| numbers[register.0 as usize]);
        let registers: Vec<Slot> = order
            .iter()
            .map(|old| scope.slots[old.0 as usize].clone())
            .collect();
        let function = self.cx.add_function(Function {
            name: SmolStr::default(),
            parameters: registers[..first.len()]
                .iter()
                .map(|slot| slot.ty)
                .collect(),
            result,
            registers,
            body,
        });
        FunctionValue {
            function,
            captures: outer,
        }
    }
}
