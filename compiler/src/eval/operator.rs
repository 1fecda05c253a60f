//! Operators on plain values: checked arithmetic, comparison by the order of the type, lazy logic.

use bloom_plan::plan::RowError;
use bloom_plan::value::{Value, canonical_float};

use super::{Evaluator, Frame};
use crate::hir::ExprId;
use crate::syntax::ast::{BinaryOp, UnaryOp};

impl<'a> Evaluator<'a> {
    pub(super) fn binary(
        &self,
        frame: &mut Frame<'a>,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    ) -> Result<Value, RowError> {
        let a = self.expr(frame, left)?;
        match (op, &a) {
            (BinaryOp::And, Value::Bool(false)) | (BinaryOp::Or, Value::Bool(true)) => {
                return Ok(a);
            }
            _ => {}
        }
        let b = self.expr(frame, right)?;
        let truth = |holds: bool| Ok(Value::Bool(holds));
        match op {
            BinaryOp::And | BinaryOp::Or => Ok(b),
            BinaryOp::Equal => truth(a == b),
            BinaryOp::NotEqual => truth(a != b),
            BinaryOp::Less => truth(a < b),
            BinaryOp::LessEqual => truth(a <= b),
            BinaryOp::Greater => truth(a > b),
            BinaryOp::GreaterEqual => truth(a >= b),
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => arithmetic(op, a, b),
        }
    }
}

pub(super) fn unary(op: UnaryOp, operand: Value) -> Result<Value, RowError> {
    let negated = |n: i64| n.checked_neg().ok_or(RowError::Overflow);
    match (op, operand) {
        (UnaryOp::Not, Value::Bool(holds)) => Ok(Value::Bool(!holds)),
        (UnaryOp::Negate, Value::Int(n)) => negated(n).map(Value::Int),
        (UnaryOp::Negate, Value::Duration(n)) => negated(n).map(Value::Duration),
        (UnaryOp::Negate, Value::Float(x)) => Ok(Value::Float(canonical_float(-x))),
        (UnaryOp::Not | UnaryOp::Negate, _) => Err(RowError::Invalid),
    }
}

fn arithmetic(op: BinaryOp, a: Value, b: Value) -> Result<Value, RowError> {
    let (make, x, y): (fn(i64) -> Value, i64, i64) = match (a, b) {
        (Value::Float(x), Value::Float(y)) => return Ok(Value::Float(floats(op, x, y)?)),
        (Value::Duration(x), Value::Duration(y)) if op == BinaryOp::Divide => (Value::Int, x, y),
        (Value::Int(x), Value::Int(y)) => (Value::Int, x, y),
        (Value::Duration(x), Value::Duration(y) | Value::Int(y))
        | (Value::Int(x), Value::Duration(y))
        | (Value::Time(x), Value::Time(y)) => (Value::Duration, x, y),
        (Value::Time(x), Value::Duration(y)) | (Value::Duration(x), Value::Time(y)) => {
            (Value::Time, x, y)
        }
        _ => return Err(RowError::Invalid),
    };
    integers(op, x, y).map(make)
}

fn integers(op: BinaryOp, x: i64, y: i64) -> Result<i64, RowError> {
    let divides = matches!(op, BinaryOp::Divide | BinaryOp::Remainder);
    if divides && y == 0 {
        return Err(RowError::DivisionByZero);
    }
    let result = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Subtract => x.checked_sub(y),
        BinaryOp::Multiply => x.checked_mul(y),
        BinaryOp::Divide => x.checked_div(y),
        BinaryOp::Remainder => x.checked_rem(y),
        _ => return Err(RowError::Invalid),
    };
    result.ok_or(RowError::Overflow)
}

fn floats(op: BinaryOp, x: f64, y: f64) -> Result<f64, RowError> {
    let result = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::Divide => x / y,
        BinaryOp::Remainder => x % y,
        _ => return Err(RowError::Invalid),
    };
    Ok(canonical_float(result))
}
