//! Patterns: of rows and bindings, where a variable belongs to the whole rule, and of arms, lambdas and
//! `let … in`, where it is new.

use super::bodies::BodyCx;
use crate::base::codes;
use crate::hir::{Pat, PatId};
use crate::syntax::ast::{self, PatternKind};
use thin_vec::ThinVec;

impl BodyCx<'_, '_> {
    /// A pattern whose variables are the rule's.
    pub fn pattern(&mut self, pattern: &ast::Pattern) -> PatId {
        self.any_pattern(pattern, false)
    }

    /// A pattern whose variables are new.
    pub fn local_pattern(&mut self, pattern: &ast::Pattern) -> PatId {
        self.any_pattern(pattern, true)
    }

    /// The variable that `{name}` is short for.
    pub fn name_pattern(&mut self, name: &ast::Name, local: bool) -> PatId {
        let pat = if let Some(constant) = self.r.constant(self.scope, name.as_str()) {
            Pat::Constant(constant)
        } else if let Some(&node) = self.test_nodes.get(&name.text) {
            Pat::TestNode(node)
        } else if local {
            Pat::Var(self.local_var(name))
        } else {
            Pat::Var(self.rule_var(name))
        };
        self.alloc_pat(pat, name.span)
    }

    fn any_pattern(&mut self, pattern: &ast::Pattern, local: bool) -> PatId {
        let pat = match &pattern.kind {
            PatternKind::Error => Pat::Error,
            PatternKind::Wildcard => Pat::Wildcard,
            PatternKind::Var(name) => return self.name_pattern(name, local),
            PatternKind::SelfAddr => Pat::SelfAddr,
            PatternKind::Literal(literal) => Pat::Literal(literal.clone()),
            PatternKind::Tuple(parts) => Pat::Tuple(self.patterns(parts, local)),
            PatternKind::List(parts) => Pat::List(self.patterns(parts, local)),
            PatternKind::Variant { path, args } => {
                let loc = self.loc(path.span());
                let ctor = self.r.constructor(self.scope, path, loc);
                let args = self.patterns(args, local);
                ctor.map_or(Pat::Error, |ctor| Pat::Variant {
                    ctor: Box::new(ctor),
                    args,
                })
            }
            PatternKind::Record { path, fields } => self.record_pattern(path, fields, local),
        };
        self.alloc_pat(pat, pattern.span)
    }

    fn patterns(&mut self, patterns: &[ast::Pattern], local: bool) -> ThinVec<PatId> {
        patterns
            .iter()
            .map(|pattern| self.any_pattern(pattern, local))
            .collect()
    }

    fn record_pattern(
        &mut self,
        path: &ast::Path,
        fields: &[ast::FieldPattern],
        local: bool,
    ) -> Pat {
        let loc = self.loc(path.span());
        let def = self.r.record_def(self.scope, path, loc);
        let mut resolved: Vec<(u32, PatId)> = Vec::with_capacity(fields.len());
        for field in fields {
            let pat = match &field.pattern {
                Some(pattern) => self.any_pattern(pattern, local),
                None => self.name_pattern(&field.name, local),
            };
            let Some(def) = def else { continue };
            let loc = self.loc(field.name.span);
            match self.r.record_field(def, &field.name, loc) {
                Some(place) if resolved.iter().any(|&(before, _)| before == place) => {
                    let message = format!("the field `{}` is named twice", field.name);
                    self.r.error(codes::E0211, loc, message, "named again");
                }
                Some(place) => resolved.push((place, pat)),
                None => {}
            }
        }
        match def {
            Some(def) => Pat::Record {
                def,
                fields: resolved.into(),
            },
            None => Pat::Error,
        }
    }
}
