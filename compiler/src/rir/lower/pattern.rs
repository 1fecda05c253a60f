//! Patterns: what to test of a value, and which of its parts variables are.

use bloom_plan::plan::{CompareOp, Expr, Register};
use bloom_plan::types::{Type, TypeId};

use super::scope::{BodyLowering, Place};
use crate::hir::{Pat, PatId, VarId};

/// A value matches if the tests hold, taken in order; then the variables are bound. A part is read
/// only after the test that it is there.
#[derive(Default)]
pub(super) struct Matched {
    pub(super) tests: Vec<Expr>,
    pub(super) bind: Vec<(Register, Expr)>,
}

impl BodyLowering<'_, '_> {
    pub(super) fn matching(&mut self, pat: PatId, value: Expr) -> Matched {
        let mut matched = Matched::default();
        self.match_into(pat, value, &mut matched);
        matched
    }

    /// The register of a pattern that always matches, and what else it binds.
    pub(super) fn bind_whole(
        &mut self,
        pat: PatId,
        ty: TypeId,
    ) -> (Register, Vec<(Register, Expr)>) {
        if let Pat::Var(var) = self.body.pat(pat) {
            return (self.declare_variable(*var), Vec::new());
        }
        let whole = self.fresh(ty);
        (whole, self.matching(pat, Expr::Register(whole)).bind)
    }

    fn match_into(&mut self, pat: PatId, value: Expr, matched: &mut Matched) {
        match self.body.pat(pat) {
            Pat::Error | Pat::Wildcard => {}
            Pat::Var(var) => {
                let register = self.declare_variable(*var);
                match matched.bind.iter().find(|(known, _)| *known == register) {
                    Some((_, first)) => {
                        let first = first.clone();
                        matched.tests.push(self.equal(pat, value, first));
                    }
                    None => matched.bind.push((register, value)),
                }
            }
            Pat::Constant(_) | Pat::SelfAddr | Pat::Literal(_) | Pat::TestNode(_) => {
                if let Some(expected) = self.as_value(pat) {
                    let test = self.equal(pat, value, expected);
                    matched.tests.push(test);
                }
            }
            Pat::Tuple(parts) => self.match_parts(parts, 0, &value, matched),
            Pat::List(parts) => {
                let (ty, int) = (self.types.pats[pat], self.cx.int());
                let length = self
                    .cx
                    .builtin("List<T>.len(): Int", vec![(ty, value.clone())], int);
                let expected = Expr::Word(parts.len() as u64);
                matched.tests.push(Expr::Compare(
                    CompareOp::Eq,
                    int,
                    Box::new(length),
                    Box::new(expected),
                ));
                self.match_parts(parts, 0, &value, matched);
            }
            Pat::Variant { args, .. } => {
                let Some(&variant) = self.types.variants.get(&pat) else {
                    // A declared lattice, taken apart.
                    return self.match_parts(args, 0, &value, matched);
                };
                let ty = self.types.pats[pat];
                if !matches!(self.cx.plan.types.get(ty), Type::Enum { variants, .. } if variants.len() == 1)
                {
                    let int = self.cx.int();
                    let number = Expr::Part(Box::new(value.clone()), 0);
                    let expected = Expr::Word(variant.into());
                    matched.tests.push(Expr::Compare(
                        CompareOp::Eq,
                        int,
                        Box::new(number),
                        Box::new(expected),
                    ));
                }
                self.match_parts(args, 1, &value, matched);
            }
            Pat::Record { fields, .. } => {
                for &(field, pat) in fields {
                    self.match_into(pat, Expr::Part(Box::new(value.clone()), field), matched);
                }
            }
        }
    }

    fn match_parts(&mut self, parts: &[PatId], first: u32, value: &Expr, matched: &mut Matched) {
        for (place, &part) in (first..).zip(parts) {
            self.match_into(part, Expr::Part(Box::new(value.clone()), place), matched);
        }
    }

    /// The value that the pattern alone matches; none if it has a `_` or leaves a field out. Its
    /// variables are read, not bound.
    pub(super) fn as_value(&mut self, pat: PatId) -> Option<Expr> {
        let ty = self.types.pats[pat];
        Some(match self.body.pat(pat) {
            Pat::Error | Pat::Wildcard | Pat::TestNode(_) => return None,
            Pat::Var(var) => Expr::Register(self.declare_variable(*var)),
            Pat::Constant(constant) => self.constant(*constant),
            Pat::SelfAddr => Expr::SelfAddr,
            Pat::Literal(literal) => self.literal(literal, ty),
            Pat::Tuple(parts) | Pat::List(parts) => Expr::Make(ty, self.as_values(parts)?),
            Pat::Variant { args, .. } => {
                let variant = *self.types.variants.get(&pat)?;
                let mut words = vec![Expr::Word(variant.into())];
                words.extend(self.as_values(args)?);
                Expr::Make(ty, words)
            }
            Pat::Record { def, fields } => {
                if fields.len() != self.cx.program.types[*def].fields().len() {
                    return None;
                }
                let mut fields = fields.clone();
                fields.sort_by_key(|(place, _)| *place);
                let pats: Vec<PatId> = fields.into_iter().map(|(_, pat)| pat).collect();
                Expr::Make(ty, self.as_values(&pats)?)
            }
        })
    }

    fn as_values(&mut self, pats: &[PatId]) -> Option<Vec<Expr>> {
        pats.iter().map(|&pat| self.as_value(pat)).collect()
    }

    fn equal(&mut self, pat: PatId, a: Expr, b: Expr) -> Expr {
        Expr::Compare(
            CompareOp::Eq,
            self.types.pats[pat],
            Box::new(a),
            Box::new(b),
        )
    }

    /// Local variables are bound where they stand; those of the rule have one register in it.
    fn declare_variable(&mut self, var: VarId) -> Register {
        if self.body.vars[var].local {
            return self.declare(var);
        }
        match self.look_up(var) {
            Place::Register(register) => register,
            Place::Function(_) => self.declare(var),
        }
    }
}
