//! Matches as a whole: that their arms cover every value, and that each arm is reached.

use bloom_plan::value::Value;
use bloom_stdx::arena::Id;

use super::{Found, Infer};
use crate::base::{Fix, Span, codes};
use crate::hir::{Body, Builtin, Expr, ExprId, Pat, PatId, TypeDefId};
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
            let unreachable = verdict.unreachable;
            if let Some(missing) = verdict.missing {
                let shown = show(self.cx, &missing, pending.scrutinee);
                let mut diagnostic = self
                    .at(
                        codes::E0308,
                        self.body.expr_loc(pending.expr),
                        format!("match is not exhaustive: it does not cover `{shown}`"),
                        "no arm takes it",
                    )
                    .with_help(format!("add an arm for what is missing: `{shown} => …`"));
                let arms = self.missing_arms(pending.scrutinee, shapes, missing);
                diagnostic
                    .fixes
                    .extend(self.arms_added(pending.expr, &arms));
                self.report(diagnostic);
            }
            for place in unreachable {
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

/// No more arms than this are added at once.
const ARMS_MAX: usize = 16;

impl Infer<'_, '_> {
    /// Patterns for all that no arm takes, from the first such value on.
    fn missing_arms(
        &mut self,
        scrutinee: Ty,
        mut shapes: Vec<(Shape, bool)>,
        first: Shape,
    ) -> Vec<String> {
        let mut shown = Vec::new();
        let mut next = Some(first);
        while let Some(missing) = next.take() {
            shown.push(show(self.cx, &missing, scrutinee));
            shapes.push((missing, false));
            if shown.len() < ARMS_MAX {
                let mut types = Types { cx: &mut *self.cx };
                next = exhaustive::judge(&mut types, scrutinee, &shapes).missing;
            }
        }
        shown
    }

    /// The arms behind those that are there, each with a plain value of the match's type, if there is one to name.
    fn arms_added(&mut self, expr: ExprId, patterns: &[String]) -> Option<Fix> {
        let Expr::Match { arms, .. } = self.body.expr(expr) else {
            return None;
        };
        let last = self.body.expr_loc(arms.last()?.body);
        let value = match self.found.exprs.get(expr.index()) {
            Some(&ty) => placeholder(self.cx, ty),
            None => "_",
        };
        let arms = patterns
            .iter()
            .map(|pattern| format!(", {pattern} => {value}"));
        let text: String = arms.collect();
        let mut place = self.at(codes::E0308, last, "", "").primary.place();
        place.span = Span::at(place.span.end);
        let title = match patterns {
            [one] => format!("add the arm `{one}`"),
            all => format!("add the {} arms that are missing", all.len()),
        };
        Some(Fix::replace(title, place, text))
    }
}

/// A value of a type to begin with; `_`, which is none, where the author must think.
fn placeholder(cx: &Context<'_>, ty: Ty) -> &'static str {
    match cx.store.head(ty) {
        Some((Con::Builtin(Builtin::Bool), _)) => "false",
        Some((Con::Builtin(Builtin::Int), _)) => "0",
        Some((Con::Builtin(Builtin::Float), _)) => "0.0",
        Some((Con::Builtin(Builtin::String), _)) => "\"\"",
        Some((Con::Builtin(Builtin::List), _)) => "[]",
        Some((Con::Builtin(Builtin::Set | Builtin::Map), _)) => "{}",
        Some(_) | None => "_",
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
