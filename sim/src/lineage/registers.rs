//! Which registers an expression reads.

use bloom_plan::plan::{Argument, Expr};

/// Adds the registers that are read, but for those that the expression binds itself.
pub fn read_by(expr: &Expr, into: &mut Vec<usize>) {
    let mut read = |expr: &Expr| read_by(expr, into);
    match expr {
        Expr::Word(_) | Expr::Literal(_) | Expr::Constant(_) | Expr::SelfAddr | Expr::Fail(_) => {}
        Expr::Register(register) => {
            let register = register.0 as usize;
            if !into.contains(&register) {
                into.push(register);
            }
        }
        Expr::Unary(_, a) | Expr::Part(a, _) | Expr::Retype(_, a) => read(a),
        Expr::Binary(_, a, b)
        | Expr::Compare(_, _, a, b)
        | Expr::And(a, b)
        | Expr::Or(a, b)
        | Expr::Join(_, a, b) => {
            read(a);
            read(b);
        }
        Expr::If(a, b, c) => {
            read(a);
            read(b);
            read(c);
        }
        Expr::Let(register, value, body) => {
            read(value);
            let mut inside = Vec::new();
            read_by(body, &mut inside);
            let own = register.0 as usize;
            for register in inside {
                if register != own && !into.contains(&register) {
                    into.push(register);
                }
            }
        }
        Expr::Make(_, parts) | Expr::Call(_, parts) => parts.iter().for_each(read),
        Expr::Builtin(_, arguments) => {
            for argument in arguments {
                match argument {
                    Argument::Value(value) => read(value),
                    Argument::Lambda { captures, .. } => captures.iter().for_each(&mut read),
                }
            }
        }
    }
}
