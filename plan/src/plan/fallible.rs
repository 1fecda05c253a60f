//! Which expressions and functions can end in a row error.
//!
//! A rule's fallible literals are evaluated where all others hold, and callers of an infallible
//! function need not look for an error.

use super::{Argument, BinaryOp, Expr, FunctionId, Plan, UnaryOp};

/// One answer a function of a plan.
#[derive(Clone, Debug)]
pub struct Fallible {
    functions: Vec<bool>,
    sites: Vec<bool>,
}

impl Fallible {
    pub fn of(plan: &Plan) -> Fallible {
        let sites: Vec<bool> = plan
            .sites
            .iter()
            .map(|site| site.builtin.get().fallible)
            .collect();
        let mut search = Search {
            plan,
            sites: &sites,
            known: vec![None; plan.functions.len()],
        };
        let functions = (0..plan.functions.len() as u32)
            .map(|f| search.function(FunctionId(f)))
            .collect();
        Fallible { functions, sites }
    }

    pub fn function(&self, function: FunctionId) -> bool {
        self.functions[function.0 as usize]
    }

    /// Whether evaluating the expression can end in a row error.
    pub fn expr(&self, expr: &Expr) -> bool {
        fails(expr, &self.sites, &mut |function| self.function(function))
    }

    /// Whether the call itself can, its arguments aside.
    pub fn call(&self, expr: &Expr) -> bool {
        fails_itself(expr, &self.sites, &mut |function| self.function(function))
    }
}

struct Search<'p> {
    plan: &'p Plan,
    sites: &'p [bool],
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
        let (plan, sites) = (self.plan, self.sites);
        let answer = fails(&plan.functions[number].body, sites, &mut |callee| {
            self.function(callee)
        });
        self.known[number] = Some(answer);
        answer
    }
}

fn fails(expr: &Expr, sites: &[bool], function: &mut dyn FnMut(FunctionId) -> bool) -> bool {
    fails_itself(expr, sites, function)
        || expr
            .children()
            .into_iter()
            .any(|child| fails(child, sites, function))
}

fn fails_itself(expr: &Expr, sites: &[bool], function: &mut dyn FnMut(FunctionId) -> bool) -> bool {
    match expr {
        Expr::Unary(op, _) => *op == UnaryOp::IntNeg,
        Expr::Binary(op, ..) => operator_fails(*op),
        Expr::Call(callee, _) => function(*callee),
        Expr::Builtin(site, arguments) => {
            sites[site.0 as usize]
                || arguments.iter().any(|argument| match argument {
                    Argument::Value(_) => false,
                    Argument::Lambda {
                        function: callee, ..
                    } => function(*callee),
                })
        }
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
        | Expr::Make(..)
        | Expr::Part(..)
        | Expr::Retype(..)
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
