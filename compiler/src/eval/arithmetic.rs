//! Arithmetic of plain numbers, times and durations: what leaves 64 bits is a row error, floats
//! follow IEEE and stay canonical.

use bloom_plan::plan::RowError;
use bloom_plan::types::Type;
use bloom_plan::value::{Value, canonical_float};

use crate::syntax::ast::BinaryOp;

type Outcome = Result<Value, RowError>;

pub fn negate(value: &Value) -> Outcome {
    let negated = |n: i64| n.checked_neg().ok_or(RowError::Overflow);
    match value {
        Value::Int(n) => negated(*n).map(Value::Int),
        Value::Duration(n) => negated(*n).map(Value::Duration),
        Value::Float(x) => Ok(Value::Float(canonical_float(-x))),
        _ => Err(RowError::Invalid),
    }
}

/// `op` is arithmetic; `result` is the type of what it gives.
pub fn binary(op: BinaryOp, left: &Value, right: &Value, result: &Type) -> Outcome {
    if let (Value::Float(a), Value::Float(b)) = (left, right) {
        return float(op, *a, *b);
    }
    let (Some(a), Some(b)) = (word(left), word(right)) else {
        return Err(RowError::Invalid);
    };
    let n = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide | BinaryOp::Remainder if b == 0 => return Err(RowError::DivisionByZero),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        _ => return Err(RowError::Invalid),
    };
    let n = n.ok_or(RowError::Overflow)?;
    Ok(match result {
        Type::Time => Value::Time(n),
        Type::Duration => Value::Duration(n),
        _ => Value::Int(n),
    })
}

fn float(op: BinaryOp, a: f64, b: f64) -> Outcome {
    let x = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Remainder => a % b,
        _ => return Err(RowError::Invalid),
    };
    Ok(Value::Float(canonical_float(x)))
}

/// What is a whole number in 64 bits.
fn word(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) | Value::Time(n) | Value::Duration(n) => Some(*n),
        _ => None,
    }
}
