//! Which expressions and functions can end in a row error.
//!
//! A rule's fallible literals are evaluated where all others hold, and callers of an infallible
//! function need not look for an error.

use crate::types::Type;

use super::{Argument, BinaryOp, Expr, FunctionId, Plan, UnaryOp};

/// One answer a function of a plan.
#[derive(Clone, Debug)]
pub struct Fallible {
    functions: Vec<bool>,
    calls: Calls,
}

/// What can fail without regard to functions of the plan.
#[derive(Clone, Debug)]
struct Calls {
    /// One answer a site.
    sites: Vec<bool>,
    /// A type that holds a `Once` or `Lww` somewhere may have no plain value; that one is involved
    /// is assumed where the program has such a type at all.
    retypes: bool,
    /// Types that hold themselves: a value of one may come to nest too deep.
    recursive: Vec<bool>,
}

impl Fallible {
    pub fn of(plan: &Plan) -> Fallible {
        let partial = |ty: &Type| matches!(ty, Type::Once(_) | Type::Lww(..));
        let calls = Calls {
            sites: plan
                .sites
                .iter()
                .map(|site| site.builtin.get().fallible)
                .collect(),
            retypes: plan.types.iter().any(|(_, ty)| partial(ty)),
            recursive: plan.types.recursive(),
        };
        let mut search = Search {
            plan,
            calls: &calls,
            known: vec![None; plan.functions.len()],
        };
        let functions = (0..plan.functions.len() as u32)
            .map(|f| search.function(FunctionId(f)))
            .collect();
        Fallible { functions, calls }
    }

    pub fn function(&self, function: FunctionId) -> bool {
        self.functions[function.0 as usize]
    }

    /// Whether evaluating the expression can end in a row error.
    pub fn expr(&self, expr: &Expr) -> bool {
        fails(expr, &self.calls, &mut |function| self.function(function))
    }

    /// Whether the call itself can, its arguments aside.
    pub fn call(&self, expr: &Expr) -> bool {
        fails_itself(expr, &self.calls, &mut |function| self.function(function))
    }
}

struct Search<'p> {
    plan: &'p Plan,
    calls: &'p Calls,
    known: Vec<Option<bool>>,
}

impl Search<'_> {
    /// Functions do not recur, so this ends; were one to, it would count as fallible.
    fn function(&mut self, function: FunctionId) -> bool {
        let number = function.0 as usize;
        if let Some(answer) = self.known[number] {
            return answer;
        }
        self.known[number] = Some(true);
        let (plan, calls) = (self.plan, self.calls);
        let answer = fails(&plan.functions[number].body, calls, &mut |callee| {
            self.function(callee)
        });
        self.known[number] = Some(answer);
        answer
    }
}

fn fails(expr: &Expr, calls: &Calls, function: &mut dyn FnMut(FunctionId) -> bool) -> bool {
    fails_itself(expr, calls, function)
        || expr
            .children()
            .into_iter()
            .any(|child| fails(child, calls, function))
}

fn fails_itself(expr: &Expr, calls: &Calls, function: &mut dyn FnMut(FunctionId) -> bool) -> bool {
    match expr {
        Expr::Unary(op, _) => *op == UnaryOp::IntNeg,
        Expr::Binary(op, ..) => operator_fails(*op),
        Expr::Call(callee, _) => function(*callee),
        Expr::Builtin(site, arguments) => {
            calls.sites[site.0 as usize]
                || arguments.iter().any(|argument| match argument {
                    Argument::Value(_) => false,
                    Argument::Lambda {
                        function: callee, ..
                    } => function(*callee),
                })
        }
        Expr::Retype(..) => calls.retypes,
        Expr::Make(ty, _) => calls.recursive[ty.0 as usize],
        Expr::Fail(_) => true,
        Expr::Word(_)
        | Expr::Literal(_)
        | Expr::Register(_)
        | Expr::Constant(_)
        | Expr::SelfAddr
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::If(..)
        | Expr::Let(..)
        | Expr::Part(..)
        | Expr::Join(..) => false,
    }
}

fn operator_fails(op: BinaryOp) -> bool {
    match op {
        BinaryOp::IntAdd
        | BinaryOp::IntSub
        | BinaryOp::IntMul
        | BinaryOp::IntDiv
        | BinaryOp::IntRem => true,
        BinaryOp::FloatAdd
        | BinaryOp::FloatSub
        | BinaryOp::FloatMul
        | BinaryOp::FloatDiv
        | BinaryOp::FloatRem => false,
    }
}
