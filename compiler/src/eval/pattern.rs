//! Patterns against values.

use bloom_plan::plan::RowError;
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::Value;
use bloom_stdx::arena::Id;

use super::{Evaluator, Frame, Slot, lattice};
use crate::hir::{Pat, PatId};
use crate::typing::literal_value;

impl<'a> Evaluator<'a> {
    /// Whether the value matches, binding the pattern's variables; one that is bound must be equal.
    /// After a failure some of them may be bound.
    pub fn matches(
        &self,
        frame: &mut Frame<'a>,
        pat: PatId,
        value: &Value,
    ) -> Result<bool, RowError> {
        let body = frame.body;
        match (body.pat(pat), value) {
            (Pat::Error | Pat::Wildcard, _) => Ok(true),
            (Pat::Var(var), _) => match &frame.slots[var.index()] {
                Some(Slot::Value(known)) => Ok(known == value),
                Some(Slot::Function(_)) => Err(RowError::Invalid),
                None => {
                    frame.set(*var, value.clone());
                    Ok(true)
                }
            },
            (Pat::Constant(_) | Pat::SelfAddr | Pat::TestNode(_) | Pat::Literal(_), _) => {
                Ok(self.pattern_value(frame, pat)?.as_ref() == Some(value))
            }
            (Pat::Tuple(parts), Value::Tuple(values))
            | (Pat::List(parts), Value::List(values))
            | (Pat::Variant { args: parts, .. }, Value::Tuple(values)) => {
                self.all_match(frame, parts, values)
            }
            (Pat::Variant { args, .. }, Value::Variant(number, values)) => {
                match frame.types.variants.get(&pat) == Some(number) {
                    true => self.all_match(frame, args, values),
                    false => Ok(false),
                }
            }
            (Pat::Record { fields, .. }, Value::Tuple(values)) => {
                for &(field, part) in fields {
                    let value = values.get(field as usize).ok_or(RowError::Invalid)?;
                    if !self.matches(frame, part, value)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Pat::Tuple(_) | Pat::List(_) | Pat::Variant { .. } | Pat::Record { .. }, _) => {
                Ok(false)
            }
        }
    }

    fn all_match(
        &self,
        frame: &mut Frame<'a>,
        parts: &[PatId],
        values: &[Value],
    ) -> Result<bool, RowError> {
        if parts.len() != values.len() {
            return Ok(false);
        }
        for (&part, value) in parts.iter().zip(values) {
            if !self.matches(frame, part, value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The one value that a pattern without parts matches, of the type that is matched; none if the
    /// pattern is none such.
    pub fn pattern_value(&self, frame: &Frame<'a>, pat: PatId) -> Result<Option<Value>, RowError> {
        let value = match frame.body.pat(pat) {
            Pat::Constant(constant) => self.constant(*constant)?,
            Pat::SelfAddr => Value::Addr(self.self_addr.clone()),
            Pat::TestNode(place) => {
                let node = self.nodes.get(*place as usize).ok_or(RowError::Invalid)?;
                Value::Addr(node.clone())
            }
            Pat::Literal(literal) => literal_value(literal),
            Pat::Error
            | Pat::Wildcard
            | Pat::Var(_)
            | Pat::Tuple(_)
            | Pat::List(_)
            | Pat::Variant { .. }
            | Pat::Record { .. } => return Ok(None),
        };
        Ok(Some(self.as_matched(frame.types.pats[pat], value)))
    }

    /// A value as one of the type that it is compared with: tests write `Req`s as integers, and
    /// lattices by what they hold.
    fn as_matched(&self, ty: TypeId, value: Value) -> Value {
        match (self.types().get(ty), value) {
            (Type::Req, Value::Int(n)) => Value::Req(n),
            (Type::Max(inner) | Type::Min(inner), value) => self.as_matched(*inner, value),
            (_, value) if self.types().is_lattice(ty) => lattice::inject(self.types(), ty, &value),
            (_, value) => value,
        }
    }
}
