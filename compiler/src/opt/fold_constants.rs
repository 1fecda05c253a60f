//! Constant folding: operators whose operands are words become words, and choices between known
//! branches one of them. What would end in a row error is left for run time to report.

use bloom_plan::plan::{BinaryOp, CompareOp, Expr, UnaryOp};
use bloom_plan::types::TypeTable;

use crate::rir::Program;

pub(super) fn run(program: &mut Program) {
    let types = std::mem::take(&mut program.declarations.types);
    let mut step = |expr: &mut Expr| {
        if let Some(folded) = fold(expr, &types) {
            *expr = folded;
        }
    };
    for function in &mut program.declarations.functions {
        function.body.rewrite(&mut step);
    }
    for rule in &mut program.rules {
        for expr in rule.exprs_mut() {
            expr.rewrite(&mut step);
        }
    }
    program.declarations.types = types;
}

fn fold(expr: &Expr, types: &TypeTable) -> Option<Expr> {
    match expr {
        Expr::Unary(op, a) => unary(*op, word(a)?).map(Expr::Word),
        Expr::Binary(op, a, b) => {
            binary(*op, word(a)? as i64, word(b)? as i64).map(|n| Expr::Word(n as u64))
        }
        Expr::Compare(op, ty, a, b) => {
            let (a, b) = (word(a)? as i64, word(b)? as i64);
            let by_word = matches!(op, CompareOp::Eq | CompareOp::Ne);
            (by_word || is_ordered_as_int(types, *ty))
                .then(|| Expr::Word(compare(*op, a, b).into()))
        }
        Expr::And(a, b) => match (word(a), word(b)) {
            (Some(0), _) => Some(Expr::Word(0)),
            (Some(_), _) => Some((**b).clone()),
            (None, Some(1)) => Some((**a).clone()),
            (None, _) => None,
        },
        Expr::Or(a, b) => match (word(a), word(b)) {
            (Some(0), _) => Some((**b).clone()),
            (Some(_), _) => Some(Expr::Word(1)),
            (None, Some(0)) => Some((**a).clone()),
            (None, _) => None,
        },
        Expr::If(condition, then, otherwise) => {
            let chosen = if word(condition)? != 0 {
                then
            } else {
                otherwise
            };
            Some((**chosen).clone())
        }
        Expr::Word(_)
        | Expr::Literal(_)
        | Expr::Register(_)
        | Expr::Constant(_)
        | Expr::SelfAddr
        | Expr::Let(..)
        | Expr::Make(..)
        | Expr::Part(..)
        | Expr::Retype(..)
        | Expr::Join(..)
        | Expr::Call(..)
        | Expr::Builtin(..)
        | Expr::Fail(_) => None,
    }
}

fn word(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Word(word) => Some(*word),
        _ => None,
    }
}

fn unary(op: UnaryOp, a: u64) -> Option<u64> {
    match op {
        UnaryOp::Not => Some(a ^ 1),
        UnaryOp::IntNeg => (a as i64).checked_neg().map(|n| n as u64),
        UnaryOp::FloatNeg => Some(bloom_plan::value::canonical_float(-f64::from_bits(a)).to_bits()),
        UnaryOp::IntToFloat => Some((a as i64 as f64).to_bits()),
    }
}

fn binary(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::IntAdd => a.checked_add(b),
        BinaryOp::IntSub => a.checked_sub(b),
        BinaryOp::IntMul => a.checked_mul(b),
        BinaryOp::IntDiv => a.checked_div(b),
        BinaryOp::IntRem => a.checked_rem(b),
        BinaryOp::FloatAdd
        | BinaryOp::FloatSub
        | BinaryOp::FloatMul
        | BinaryOp::FloatDiv
        | BinaryOp::FloatRem => None,
    }
}

fn compare(op: CompareOp, a: i64, b: i64) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}

fn is_ordered_as_int(types: &TypeTable, ty: bloom_plan::types::TypeId) -> bool {
    use bloom_plan::types::Type;
    match types.get(ty) {
        Type::Float => false,
        Type::Max(inner) | Type::Min(inner) => is_ordered_as_int(types, *inner),
        _ => types.is_word(ty),
    }
}
