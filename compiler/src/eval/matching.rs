//! Whether a value matches a pattern, and what the pattern's variables then are.

use bloom_plan::value::Value;

use super::interpreter::{Binding, Env, Interpreter, Scope};
use crate::hir::{Pat, PatId};

impl<'p> Interpreter<'p> {
    /// Matches where a variable that is bound already must have an equal value. A failed match may
    /// leave variables bound.
    pub fn matches(&self, scope: Scope<'p>, pat: PatId, value: &Value, env: &mut Env<'p>) -> bool {
        match (scope.body.pat(pat), value) {
            (Pat::Error | Pat::Wildcard, _) => true,
            (Pat::Var(var), _) => match env.get(*var) {
                Some(known) => known == value,
                None => {
                    env.set(*var, Some(Binding::Value(value.clone())));
                    true
                }
            },
            (Pat::Constant(constant), _) => self.constant(*constant).as_ref() == Ok(value),
            (Pat::SelfAddr, Value::Addr(address)) => *address == self.address,
            (Pat::TestNode(node), _) => self.test_node(*node) == *value,
            (Pat::Literal(literal), _) => self.literal(literal, scope.types.pats[pat]) == *value,
            (Pat::Tuple(parts), Value::Tuple(values)) | (Pat::List(parts), Value::List(values)) => {
                self.all_match(scope, parts, values, env)
            }
            (Pat::Variant { args, .. }, Value::Variant(number, values)) => {
                scope.types.variants.get(&pat) == Some(number)
                    && self.all_match(scope, args, values, env)
            }
            (Pat::Record { fields, .. }, Value::Tuple(values)) => {
                fields.iter().all(|&(field, pat)| {
                    let value = values.get(field as usize);
                    value.is_some_and(|value| self.matches(scope, pat, value, env))
                })
            }
            (
                Pat::SelfAddr
                | Pat::Tuple(_)
                | Pat::List(_)
                | Pat::Variant { .. }
                | Pat::Record { .. },
                _,
            ) => false,
        }
    }

    /// Matches a pattern whose own variables begin anew: of a lambda, an arm, a `let … in`. The
    /// same body may be evaluated again with other values of them.
    pub fn matches_anew(
        &self,
        scope: Scope<'p>,
        pat: PatId,
        value: &Value,
        env: &mut Env<'p>,
    ) -> bool {
        forget_locals(scope, pat, env);
        self.matches(scope, pat, value, env)
    }

    fn all_match(
        &self,
        scope: Scope<'p>,
        pats: &[PatId],
        values: &[Value],
        env: &mut Env<'p>,
    ) -> bool {
        let mut pairs = pats.iter().zip(values);
        pats.len() == values.len() && pairs.all(|(&pat, v)| self.matches(scope, pat, v, env))
    }
}

fn forget_locals(scope: Scope<'_>, pat: PatId, env: &mut Env<'_>) {
    match scope.body.pat(pat) {
        Pat::Var(var) if scope.body.vars[*var].local => env.set(*var, None),
        Pat::Tuple(parts) | Pat::List(parts) | Pat::Variant { args: parts, .. } => {
            for &part in parts {
                forget_locals(scope, part, env);
            }
        }
        Pat::Record { fields, .. } => {
            for &(_, part) in fields {
                forget_locals(scope, part, env);
            }
        }
        Pat::Error
        | Pat::Wildcard
        | Pat::Var(_)
        | Pat::Constant(_)
        | Pat::SelfAddr
        | Pat::TestNode(_)
        | Pat::Literal(_) => {}
    }
}
