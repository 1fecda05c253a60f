//! What of a program chance decides: expressions that call a function which differs from run to run, directly or by
//! functions of the program.

use bloom_plan::functions::Kind;
use bloom_plan::plan::{Argument, Expr, Plan, Site};

/// What of a plan draws on chance. The time does not count: it is that of the tick.
#[derive(Debug)]
pub struct Chance {
    functions: Vec<bool>,
    any: bool,
}

impl Chance {
    pub fn of(plan: &Plan) -> Chance {
        let draws = |site: &Site| {
            let builtin = site.builtin.get();
            builtin.kind == Kind::Nondeterministic && builtin.name != "now"
        };
        let mut chance = Chance {
            functions: vec![false; plan.functions.len()],
            any: plan.sites.iter().any(draws),
        };
        let mut changed = chance.any;
        while changed {
            changed = false;
            for (place, function) in plan.functions.iter().enumerate() {
                if !chance.functions[place] && chance.decides(plan, &[], &function.body) {
                    chance.functions[place] = true;
                    changed = true;
                }
            }
        }
        chance
    }

    /// Whether chance decides the value of an expression, over registers of which it decides some.
    pub fn decides(&self, plan: &Plan, registers: &[bool], expr: &Expr) -> bool {
        if !self.any {
            return false;
        }
        let is = |expr: &Expr| self.decides(plan, registers, expr);
        match expr {
            Expr::Word(_)
            | Expr::Literal(_)
            | Expr::Constant(_)
            | Expr::SelfAddr
            | Expr::Fail(_) => false,
            Expr::Register(register) => {
                let decided = registers.get(register.0 as usize);
                decided.copied().unwrap_or(false)
            }
            Expr::Unary(_, a) | Expr::Part(a, _) | Expr::Retype(_, a) => is(a),
            Expr::Binary(_, a, b)
            | Expr::Compare(_, _, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Let(_, a, b)
            | Expr::Join(_, a, b) => is(a) || is(b),
            Expr::If(a, b, c) => is(a) || is(b) || is(c),
            Expr::Make(_, parts) => parts.iter().any(is),
            Expr::Call(function, arguments) => {
                self.functions[function.0 as usize] || arguments.iter().any(is)
            }
            Expr::Builtin(site, arguments) => {
                let builtin = plan.sites[site.0 as usize].builtin.get();
                let draws = builtin.kind == Kind::Nondeterministic && builtin.name != "now";
                draws
                    || arguments.iter().any(|argument| match argument {
                        Argument::Value(value) => is(value),
                        Argument::Lambda { function, captures } => {
                            self.functions[function.0 as usize] || captures.iter().any(is)
                        }
                    })
            }
        }
    }
}
