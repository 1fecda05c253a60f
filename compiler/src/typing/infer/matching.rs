//! Matches as a whole: that their arms cover every value, and that each arm is reached.

use bloom_plan::value::Value;

use super::{Found, Infer};
use crate::base::codes;
use crate::hir::{Body, Builtin, ExprId, Pat, PatId, TypeDefId};
use crate::syntax::ast::LitKind;
use crate::typing::context::Context;
use crate::typing::exhaustive::{self, Constructor, Constructors, Shape};
use crate::typing::literal_value;
use crate::typing::ty::{Con, Ty};

/// A match to be judged when the types of its parts are known.
pub(super) struct Pending {
    pub expr: ExprId,
    pub scrutinee: Ty,
    /// Patterns, and whether a guard stands behind.
    pub arms: Vec<(PatId, bool)>,
}

impl Infer<'_, '_> {
    pub(super) fn check_matches(&mut self) {
        for pending in std::mem::take(&mut self.matches) {
            if self.silent || self.cx.store.holds_error(pending.scrutinee) {
                continue;
            }
            let shapes: Vec<(Shape, bool)> = pending
                .arms
                .iter()
                .map(|&(pat, guarded)| (shape(self.body, &self.found, pat), guarded))
                .collect();
            let mut types = Types { cx: &mut *self.cx };
            let verdict = exhaustive::judge(&mut types, pending.scrutinee, &shapes);
            if let Some(missing) = verdict.missing {
                let shown = show(self.cx, &missing, pending.scrutinee);
                let diagnostic = self
                    .at(
                        codes::E0308,
                        self.body.expr_loc(pending.expr),
                        format!("match is not exhaustive: it does not cover `{shown}`"),
                        "no arm takes it",
                    )
                    .with_help(format!("add an arm for what is missing: `{shown} => …`"));
                self.report(diagnostic);
            }
            for place in verdict.unreachable {
                let diagnostic = self.at(
                    codes::W0301,
                    self.body.pat_loc(pending.arms[place].0),
                    "no value reaches this arm",
                    "the arms before it take all that it would",
                );
                self.report(diagnostic);
            }
        }
    }
}

fn shape(body: &Body, found: &Found, pat: PatId) -> Shape {
    let all = |parts: &[PatId]| parts.iter().map(|&part| shape(body, found, part)).collect();
    match body.pat(pat) {
        Pat::Error | Pat::Wildcard | Pat::Var(_) => Shape::Any,
        // Equal to something that is not known here: it may not match, and covers nothing.
        Pat::Constant(_) | Pat::SelfAddr | Pat::TestNode(_) => {
            let unknown = Value::string(format!("{pat}"));
            Shape::Of(Constructor::Literal(unknown), Vec::new())
        }
        Pat::Literal(LitKind::Bool(value)) => {
            Shape::Of(Constructor::Variant(u32::from(*value)), Vec::new())
        }
        Pat::Literal(literal) => {
            Shape::Of(Constructor::Literal(literal_value(literal)), Vec::new())
        }
        Pat::Tuple(parts) => Shape::Of(Constructor::Only, all(parts)),
        Pat::List(parts) => Shape::Of(Constructor::List(parts.len()), all(parts)),
        Pat::Variant { args, .. } => match found.variants.get(&pat) {
            Some(&variant) => Shape::Of(Constructor::Variant(variant), all(args)),
            None => Shape::Of(Constructor::Only, all(args)),
        },
        Pat::Record { fields, .. } => {
            let places = fields
                .iter()
                .map(|(place, _)| *place + 1)
                .max()
                .unwrap_or(0);
            let mut parts = vec![Shape::Any; places as usize];
            for &(place, part) in fields {
                parts[place as usize] = shape(body, found, part);
            }
            Shape::Of(Constructor::Only, parts)
        }
    }
}

/// The constructors of types under inference.
struct Types<'c, 'a> {
    cx: &'c mut Context<'a>,
}

impl Constructors for Types<'_, '_> {
    type Ty = Ty;

    fn all(&mut self, ty: Ty) -> Option<Vec<(Constructor, Vec<Ty>)>> {
        let variants = match self.cx.store.head(ty)? {
            (Con::Builtin(Builtin::Bool), _) => Some(2),
            (Con::Tuple, _) => None,
            (Con::Def { def, .. }, _) => enum_variants(self.cx, *def),
            (Con::Builtin(_) | Con::Function | Con::Opaque { .. }, _) => return None,
        };
        let constructors = match variants {
            Some(count) => (0..count).map(Constructor::Variant).collect(),
            None => vec![Constructor::Only],
        };
        let of = |constructor: Constructor| (constructor.clone(), self.parts(ty, &constructor));
        Some(constructors.into_iter().map(of).collect())
    }

    fn parts(&mut self, ty: Ty, constructor: &Constructor) -> Vec<Ty> {
        let cx = &mut *self.cx;
        let Some((con, args)) = cx.store.head(ty) else {
            return Vec::new();
        };
        let args = args.to_vec();
        match (con.clone(), constructor) {
            (Con::Def { def, .. }, Constructor::Variant(n)) => cx.variant_fields(def, *n, &args),
            (Con::Def { .. }, Constructor::Only) => {
                cx.fields(ty).into_iter().map(|(_, ty)| ty).collect()
            }
            (Con::Tuple, Constructor::Only) => args,
            (Con::Builtin(Builtin::List), Constructor::List(len)) => vec![args[0]; *len],
            (
                Con::Builtin(_) | Con::Tuple | Con::Function | Con::Opaque { .. } | Con::Def { .. },
                _,
            ) => Vec::new(),
        }
    }
}

fn enum_variants(cx: &Context<'_>, def: TypeDefId) -> Option<u32> {
    let variants = cx.program.types[def].variants().len();
    let is_enum = matches!(
        cx.program.types[def].kind,
        crate::hir::TypeDefKind::Enum { .. }
    );
    is_enum.then_some(variants as u32)
}

/// A shape as a pattern of the language.
fn show(cx: &mut Context<'_>, shape: &Shape, ty: Ty) -> String {
    let Shape::Of(constructor, parts) = shape else {
        return "_".to_owned();
    };
    let tys = Types { cx: &mut *cx }.parts(ty, constructor);
    let parts: Vec<String> = parts
        .iter()
        .zip(tys)
        .map(|(part, ty)| show(cx, part, ty))
        .collect();
    let list = parts.join(", ");
    match (constructor, cx.store.head(ty)) {
        (Constructor::Variant(n), Some((Con::Def { def, .. }, _))) => {
            let name = &cx.program.types[*def].variants()[*n as usize].name;
            match parts.is_empty() {
                true => name.to_string(),
                false => format!("{name}({list})"),
            }
        }
        (Constructor::Variant(n), _) => (*n == 1).to_string(),
        (Constructor::List(_), _) => format!("[{list}]"),
        (Constructor::Only, Some((Con::Def { def, .. }, _))) => {
            let def = &cx.program.types[*def];
            let fields = def.fields().iter().zip(&parts);
            let fields: Vec<String> = fields
                .map(|(f, part)| format!("{}: {part}", f.name))
                .collect();
            format!("{}{{{}}}", def.name, fields.join(", "))
        }
        (Constructor::Only | Constructor::Literal(_), _) => format!("({list})"),
    }
}
