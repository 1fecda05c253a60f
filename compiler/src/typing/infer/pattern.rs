//! Patterns: what they match, and that rules join on plain values only.

use super::{Infer, Setting};
use crate::base::codes;
use crate::hir::{Builtin, Ctor, Pat, PatId, VarId};
use crate::typing::infer::call::count;
use crate::typing::ty::{Con, Ty};
use bloom_stdx::arena::Id;

impl Infer<'_, '_> {
    /// Matches values of type `ty`.
    pub(super) fn pattern(&mut self, pat: PatId, ty: Ty) {
        self.found.pats[pat.index()] = ty;
        let body = self.body;
        match body.pat(pat) {
            Pat::Error | Pat::Wildcard => {}
            Pat::Var(var) => self.bind(pat, *var, ty),
            Pat::Constant(constant) => {
                let own = self.cx.constant(*constant);
                self.match_value(pat, own, ty);
            }
            Pat::SelfAddr | Pat::TestNode(_) => self.match_value(pat, Ty::ADDR, ty),
            Pat::Literal(literal) => {
                let own = self.literal(literal, Some(ty));
                self.match_value(pat, own, ty);
            }
            Pat::Tuple(parts) => self.tuple_pattern(pat, parts, ty),
            Pat::List(parts) => {
                let element = self.cx.store.fresh();
                let own = self.cx.store.builtin(Builtin::List, [element]);
                self.match_value(pat, own, ty);
                for &part in parts {
                    self.pattern(part, element);
                }
            }
            Pat::Variant { ctor, args } => self.constructor_pattern(pat, ctor, args, ty),
            Pat::Record { def, fields } => {
                let (own, _) = self.instance_of(*def, Some(ty));
                self.match_value(pat, own, ty);
                let tys = self.cx.fields(own);
                for &(field, part) in fields {
                    if let Some((_, own)) = tys.get(field as usize) {
                        self.pattern(part, *own);
                    }
                }
            }
        }
    }

    fn bind(&mut self, pat: PatId, var: VarId, ty: Ty) {
        let own = self.var(var);
        let joins = std::mem::replace(&mut self.bound[var.index()], true);
        let store = &self.cx.store;
        let either = match store.is_lattice(own) {
            true => own,
            false => ty,
        };
        if joins && self.setting == Setting::Rule && store.is_lattice(either) {
            let name = &self.body.vars[var].name;
            let shown = self.cx.show(either);
            let first = self.body.loc.at(self.body.vars[var].span);
            let first = self.cx.program.file_span(first);
            let diagnostic = self
                .at(
                    codes::E0403,
                    self.body.pat_loc(pat),
                    format!("joining on `{name}`, a growing lattice `{shown}`"),
                    "joined here",
                )
                .with_label(first, "bound here")
                .with_help("join on `.reveal`, its plain value as it is now, or give the two different names");
            self.report(diagnostic);
            return;
        }
        if self.cx.store.unify(own, ty) {
            return;
        }
        if self.cx.store.holds_error(own) || self.cx.store.holds_error(ty) {
            return;
        }
        let name = &self.body.vars[var].name;
        let (own_text, ty_text) = (self.cx.show(own), self.cx.show(ty));
        let first = self.body.loc.at(self.body.vars[var].span);
        let first = self.cx.program.file_span(first);
        let diagnostic = self
            .at(
                codes::E0301,
                self.body.pat_loc(pat),
                format!("type mismatch: `{name}` is `{own_text}` and cannot also be `{ty_text}`"),
                format!("a `{ty_text}` here"),
            )
            .with_label(first, format!("first a `{own_text}`"));
        self.report(diagnostic);
        // Which of the two was meant is not known: what else reads the variable is not judged.
        self.found.vars[var.index()] = Ty::ERROR;
    }

    /// A pattern whose own values are of type `own` where values of type `ty` are matched. Tests
    /// match lattices by what they hold.
    fn match_value(&mut self, pat: PatId, own: Ty, ty: Ty) {
        let asked = match self.setting {
            Setting::Test | Setting::Spec => self.beneath(ty),
            Setting::Rule | Setting::Value | Setting::Merge => ty,
        };
        let store = &self.cx.store;
        if store.is_lattice(asked) && !store.is_lattice(own) {
            if matches!(self.setting, Setting::Test | Setting::Spec) && self.injects(own, asked) {
                return;
            }
            let shown = self.cx.show(asked);
            let diagnostic = self
                .at(
                    codes::E0403,
                    self.body.pat_loc(pat),
                    format!("a growing lattice `{shown}` cannot be matched with a value"),
                    "it may grow past this",
                )
                .with_help(
                    "bind it to a variable, and compare that by a threshold such as `>=` or by its `.reveal`",
                );
            self.report(diagnostic);
            return;
        }
        if self.cx.store.unify(own, asked)
            || self.cx.store.holds_error(own)
            || self.cx.store.holds_error(asked)
        {
            return;
        }
        let (own_text, ty_text) = (self.cx.show(own), self.cx.show(asked));
        let diagnostic = self.at(
            codes::E0301,
            self.body.pat_loc(pat),
            format!("type mismatch: a pattern of `{own_text}` for values of `{ty_text}`"),
            format!("matches `{own_text}`"),
        );
        self.report(diagnostic);
    }

    fn tuple_pattern(&mut self, pat: PatId, parts: &[PatId], ty: Ty) {
        let tys = match self.cx.store.head(ty) {
            Some((Con::Tuple, tys)) if tys.len() == parts.len() => tys.to_vec(),
            _ => {
                let tys: Vec<Ty> = parts.iter().map(|_| self.cx.store.fresh()).collect();
                let own = self.cx.store.tuple(tys.clone());
                self.match_value(pat, own, ty);
                tys
            }
        };
        for (&part, ty) in parts.iter().zip(tys) {
            self.pattern(part, ty);
        }
    }

    /// A variant; a declared lattice by its fields; a built-in lattice by its parts, in tests.
    fn constructor_pattern(&mut self, pat: PatId, ctor: &Ctor, args: &[PatId], ty: Ty) {
        let loc = self.body.pat_loc(pat);
        let (own, tys) = match ctor {
            Ctor::Variant(_) | Ctor::Named { .. } => {
                let Some(variant) = self.variant_of(ctor, Some(ty), loc) else {
                    return self.free(args);
                };
                self.found.variants.insert(pat, variant.variant);
                let (own, type_args) = self.instance_of(variant.def, Some(ty));
                let tys = self
                    .cx
                    .variant_fields(variant.def, variant.variant, &type_args);
                (own, tys)
            }
            Ctor::Lattice(def) if !self.merges_as_a_whole(*def) => {
                let (own, _) = self.instance_of(*def, Some(ty));
                let tys = self.cx.fields(own).into_iter().map(|(_, ty)| ty).collect();
                (own, tys)
            }
            Ctor::Builtin(builtin @ (Builtin::Lww | Builtin::Lex))
                if matches!(self.setting, Setting::Test | Setting::Spec) =>
            {
                let tys = vec![self.cx.store.fresh(), self.cx.store.fresh()];
                (self.cx.store.builtin(*builtin, tys.clone()), tys)
            }
            Ctor::Lattice(_) | Ctor::Builtin(_) => {
                let shown = self.cx.show(ty);
                let diagnostic = self
                    .at(
                        codes::E0403,
                        loc,
                        format!("a growing `{shown}` cannot be taken apart by a pattern"),
                        "its parts do not grow by themselves",
                    )
                    .with_help("bind it to a variable and use its methods or `.reveal`");
                self.report(diagnostic);
                return self.free(args);
            }
        };
        self.match_value(pat, own, ty);
        if tys.len() != args.len() {
            let diagnostic = self.at(
                codes::E0304,
                loc,
                format!(
                    "the pattern takes {}, found {}",
                    count(tys.len()),
                    args.len()
                ),
                "wrong number of parts",
            );
            self.report(diagnostic);
            return self.free(args);
        }
        for (&arg, ty) in args.iter().zip(tys) {
            self.pattern(arg, ty);
        }
    }

    /// After a mistake: the parts match what they will.
    fn free(&mut self, parts: &[PatId]) {
        for &part in parts {
            self.pattern(part, Ty::ERROR);
        }
    }
}
