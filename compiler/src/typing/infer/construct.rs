//! Constructors: variants of enums, records, declared lattices, and built-in lattices by name.

use smol_str::SmolStr;

use super::call::count;
use super::{Infer, Setting};
use crate::base::codes;
use crate::hir::{
    Builtin, CallArg, Ctor, ExprId, FieldValue, Loc, TypeDefId, TypeDefKind, VariantRef,
};
use crate::typing::Use;
use crate::typing::ty::{Con, Ty};

impl Infer<'_, '_> {
    pub(super) fn construct(
        &mut self,
        expr: ExprId,
        ctor: &Ctor,
        args: &[CallArg],
        expected: Option<Ty>,
    ) -> Ty {
        match ctor {
            Ctor::Variant(_) | Ctor::Named { .. } => {
                match self.variant_of(ctor, expected, self.body.expr_loc(expr)) {
                    Some(variant) => self.variant(expr, variant, args, expected),
                    None => Ty::ERROR,
                }
            }
            Ctor::Lattice(def) => {
                let (ty, _) = self.instance_of(*def, expected);
                let (names, tys): (Vec<SmolStr>, Vec<Ty>) = self.cx.fields(ty).into_iter().unzip();
                let what = format!("lattice `{}`", self.cx.program.types[*def].name);
                let Some(arguments) = self.arrange(expr, &what, args, &names) else {
                    return ty;
                };
                for (&arg, field) in arguments.iter().zip(tys) {
                    self.check(arg, field);
                }
                self.used(expr, Use::Fields { arguments }, ty)
            }
            Ctor::Builtin(builtin) => self.builtin_lattice(expr, *builtin, args, expected),
        }
    }

    /// Which variant a constructor's name means, by the expected type if it has one of that name.
    pub(super) fn variant_of(
        &mut self,
        ctor: &Ctor,
        expected: Option<Ty>,
        loc: Loc,
    ) -> Option<VariantRef> {
        let (name, candidates) = match ctor {
            Ctor::Variant(variant) => return Some(*variant),
            Ctor::Named { name, candidates } => (name, candidates),
            Ctor::Lattice(_) | Ctor::Builtin(_) => return None,
        };
        let expected = expected.map(|ty| self.beneath(ty));
        let def = expected.and_then(|ty| match self.cx.store.head(ty) {
            Some((Con::Def { def, .. }, _)) => Some(*def),
            _ => None,
        });
        if let Some(def) = def {
            let variants = self.cx.program.types[def].variants();
            if let Some(place) = variants.iter().position(|variant| variant.name == *name) {
                let variant = place as u32;
                return Some(VariantRef { def, variant });
            }
        }
        match candidates.as_slice() {
            [only] => return Some(*only),
            _ if expected.is_some_and(|ty| self.cx.store.is_error(ty)) => return None,
            _ => {}
        }
        let ways: Vec<String> = candidates
            .iter()
            .map(|candidate| format!("`{}.{name}`", self.cx.program.types[candidate.def].name))
            .collect();
        let diagnostic = match ways.is_empty() {
            true => self.at(
                codes::E0309,
                loc,
                format!("no variant `{name}` of the expected type"),
                "no such variant",
            ),
            false => self
                .at(
                    codes::E0309,
                    loc,
                    format!("`{name}` is a variant of several enums"),
                    "which one is meant is not known here",
                )
                .with_help(format!("write {}", ways.join(" or "))),
        };
        self.report(diagnostic);
        None
    }

    /// A definition at new type arguments, or at those of the expected type if it is the same.
    pub(super) fn instance_of(&mut self, def: TypeDefId, expected: Option<Ty>) -> (Ty, Vec<Ty>) {
        let (ty, args) = self.cx.fresh_def(def);
        if let Some(expected) = expected {
            let expected = self.beneath(expected);
            self.fits(ty, expected);
        }
        (ty, args)
    }

    fn variant(
        &mut self,
        expr: ExprId,
        VariantRef { def, variant }: VariantRef,
        args: &[CallArg],
        expected: Option<Ty>,
    ) -> Ty {
        let (ty, type_args) = self.instance_of(def, expected);
        let own = &self.cx.program.types[def].variants()[variant as usize];
        let names: Vec<SmolStr> = own.fields.iter().map(|field| field.name.clone()).collect();
        let what = format!("variant `{}`", own.name);
        let Some(arguments) = self.arrange(expr, &what, args, &names) else {
            return ty;
        };
        let tys = self.cx.variant_fields(def, variant, &type_args);
        for (&arg, field) in arguments.iter().zip(tys) {
            self.check(arg, field);
        }
        self.used(expr, Use::Variant { variant, arguments }, ty)
    }

    pub(super) fn record(
        &mut self,
        expr: ExprId,
        def: TypeDefId,
        fields: &[FieldValue],
        expected: Option<Ty>,
    ) -> Ty {
        let (ty, _) = self.instance_of(def, expected);
        let tys = self.cx.fields(ty);
        for field in fields {
            if let Some((_, own)) = tys.get(field.field as usize) {
                self.check(field.value, *own);
            }
        }
        let value = |place: usize| {
            let field = fields.iter().find(|field| field.field as usize == place);
            field.map(|field| field.value).ok_or(place)
        };
        match (0..tys.len()).map(value).collect::<Result<Vec<_>, usize>>() {
            Ok(arguments) => self.used(expr, Use::Fields { arguments }, ty),
            Err(place) => {
                let name = &self.cx.program.types[def].name;
                let diagnostic = self.at(
                    codes::E0305,
                    self.body.expr_loc(expr),
                    format!("record `{name}` lacks its field `{}`", tys[place].0),
                    "not all fields are given",
                );
                self.report(diagnostic);
                ty
            }
        }
    }

    /// `Lww(s, v)`, `Lex(a, b)`, `Bag([…])`, `Max(x)`: parts by position.
    fn builtin_lattice(
        &mut self,
        expr: ExprId,
        builtin: Builtin,
        args: &[CallArg],
        expected: Option<Ty>,
    ) -> Ty {
        let expected = expected.map(|ty| self.cx.store.resolve(ty));
        let wanted = expected.and_then(|ty| self.cx.store.args_of(ty, builtin));
        let params = match wanted {
            Some(args) => args.to_vec(),
            None => (0..builtin.params())
                .map(|_| self.cx.store.fresh())
                .collect(),
        };
        let parts = match builtin {
            Builtin::Lww | Builtin::Lex | Builtin::Max | Builtin::Min | Builtin::Once => {
                params.clone()
            }
            Builtin::Sealed => params.clone(),
            Builtin::Or | Builtin::And => vec![Ty::BOOL],
            Builtin::Set | Builtin::PosSet => {
                vec![self.cx.store.builtin(Builtin::FrozenSet, params.clone())]
            }
            Builtin::Bag | Builtin::FrozenBag => {
                vec![self.cx.store.builtin(Builtin::List, params.clone())]
            }
            Builtin::Bool
            | Builtin::Int
            | Builtin::Float
            | Builtin::String
            | Builtin::Bytes
            | Builtin::Addr
            | Builtin::Time
            | Builtin::Duration
            | Builtin::Req
            | Builtin::List
            | Builtin::FrozenSet
            | Builtin::FrozenMap
            | Builtin::Map => {
                let diagnostic = self.at(
                    codes::E0309,
                    self.body.expr_loc(expr),
                    format!("`{}` is not built by its name", builtin.name()),
                    "not a constructor",
                );
                return self.fail(diagnostic);
            }
        };
        let ty = self.cx.store.builtin(builtin, params);
        if args.len() != parts.len() || args.iter().any(|arg| arg.name.is_some()) {
            let diagnostic = self.at(
                codes::E0304,
                self.body.expr_loc(expr),
                format!(
                    "`{}` takes {} by position, found {}",
                    builtin.name(),
                    count(parts.len()),
                    args.len()
                ),
                "wrong arguments",
            );
            self.report(diagnostic);
            return ty;
        }
        let lattices = matches!(builtin, Builtin::Lex | Builtin::Sealed);
        for (arg, part) in args.iter().zip(parts) {
            self.check(arg.value, part);
            self.bounds
                .push((self.body.expr_loc(arg.value), part, lattices));
        }
        let arguments = args.iter().map(|arg| arg.value).collect();
        self.used(expr, Use::Lattice { builtin, arguments }, ty)
    }

    /// Whether values of the definition are opaque to patterns of rules: their join looks inside.
    pub(super) fn merges_as_a_whole(&self, def: TypeDefId) -> bool {
        let form = match &self.cx.program.types[def].kind {
            TypeDefKind::Lattice { form, .. } => form,
            TypeDefKind::Record { .. } | TypeDefKind::Enum { .. } => return false,
        };
        self.setting == Setting::Rule && !matches!(form, crate::hir::LatticeForm::Product)
    }
}
