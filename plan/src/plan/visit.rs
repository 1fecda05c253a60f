//! Walking operators and expressions, and rewriting these, so that passes name only the cases they care about.

use super::{Argument, Bind, Expr, Op, Plan, Register, RelationId};

impl Op {
    /// The relation that is read.
    pub fn read(&self, plan: &Plan) -> Option<RelationId> {
        match self {
            Op::Scan { relation, .. } => Some(*relation),
            Op::Probe { index, .. } | Op::Exists { index, .. } => {
                Some(plan.indexes[index.0 as usize].relation)
            }
            Op::Each { .. }
            | Op::Range { .. }
            | Op::Let { .. }
            | Op::Filter { .. }
            | Op::Emit { .. }
            | Op::Accumulate { .. } => None,
        }
    }

    /// The expressions that it evaluates.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Op::Scan { .. } => Vec::new(),
            Op::Probe { key, .. } | Op::Exists { key, .. } => key.iter().collect(),
            Op::Each { source: expr, .. }
            | Op::Let { value: expr, .. }
            | Op::Filter { condition: expr } => vec![expr],
            Op::Range { from, to, .. } => vec![from, to],
            Op::Emit { columns, .. } => columns.iter().flatten().collect(),
            Op::Accumulate {
                group, arguments, ..
            } => group.iter().chain(arguments).collect(),
        }
    }

    /// Calls `visit` with every register that is read.
    pub fn reads(&self, visit: &mut dyn FnMut(Register)) {
        for expr in self.exprs() {
            expr.reads(visit);
        }
    }
}

impl Expr {
    /// The column of rows bound so that it is, if it is nothing else.
    pub fn column_of(&self, bind: &[Bind]) -> Option<usize> {
        let Expr::Register(register) = self else {
            return None;
        };
        let bind = bind.iter().find(|bind| bind.into == *register)?;
        Some(bind.column as usize)
    }

    /// The expressions directly inside, in order of evaluation.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Word(_)
            | Expr::Literal(_)
            | Expr::Register(_)
            | Expr::Constant(_)
            | Expr::SelfAddr
            | Expr::Fail(_) => Vec::new(),
            Expr::Unary(_, a) | Expr::Part(a, _) | Expr::Retype(_, a) => vec![a],
            Expr::Binary(_, a, b)
            | Expr::Compare(_, _, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Let(_, a, b)
            | Expr::Join(_, a, b) => vec![a, b],
            Expr::If(a, b, c) => vec![a, b, c],
            Expr::Make(_, parts) | Expr::Call(_, parts) => parts.iter().collect(),
            Expr::Builtin(_, arguments) => arguments.iter().flat_map(Argument::exprs).collect(),
        }
    }

    /// As [`Expr::children`].
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Expr::Word(_)
            | Expr::Literal(_)
            | Expr::Register(_)
            | Expr::Constant(_)
            | Expr::SelfAddr
            | Expr::Fail(_) => Vec::new(),
            Expr::Unary(_, a) | Expr::Part(a, _) | Expr::Retype(_, a) => vec![a],
            Expr::Binary(_, a, b)
            | Expr::Compare(_, _, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Let(_, a, b)
            | Expr::Join(_, a, b) => vec![a, b],
            Expr::If(a, b, c) => vec![a, b, c],
            Expr::Make(_, parts) | Expr::Call(_, parts) => parts.iter_mut().collect(),
            Expr::Builtin(_, arguments) => arguments
                .iter_mut()
                .flat_map(|argument| match argument {
                    Argument::Value(expr) => std::slice::from_mut(expr),
                    Argument::Lambda { captures, .. } => captures.as_mut_slice(),
                })
                .collect(),
        }
    }

    /// Calls `visit` with every register that is read, and with none that a `Let` inside binds.
    pub fn reads(&self, visit: &mut dyn FnMut(Register)) {
        match self {
            Expr::Register(register) => visit(*register),
            Expr::Let(bound, value, body) => {
                value.reads(visit);
                body.reads(&mut |register| {
                    if register != *bound {
                        visit(register);
                    }
                });
            }
            other => {
                for child in other.children() {
                    child.reads(visit);
                }
            }
        }
    }

    /// Gives every register, read or bound by a `Let`, the number that `rename` gives it.
    pub fn rename(&mut self, rename: &mut dyn FnMut(Register) -> Register) {
        if let Expr::Register(register) | Expr::Let(register, ..) = self {
            *register = rename(*register);
        }
        for child in self.children_mut() {
            child.rename(rename);
        }
    }

    /// Rewrites from the leaves up.
    pub fn rewrite(&mut self, step: &mut dyn FnMut(&mut Expr)) {
        for child in self.children_mut() {
            child.rewrite(step);
        }
        step(self);
    }
}

impl Argument {
    fn exprs(&self) -> &[Expr] {
        match self {
            Argument::Value(expr) => std::slice::from_ref(expr),
            Argument::Lambda { captures, .. } => captures,
        }
    }
}
