//! Expressions, patterns and types as source. Every operator stands in parentheses, so that nothing here
//! knows precedence.

use super::names::{Names, plain};
use crate::hir::{
    Arm, AtomArg, Body, CallArg, Collection, Ctor, Expr, ExprId, LitKind, Part, Pat, PatId,
    Program, TestNode, TypeParam, TypeRef,
};
use bloom_plan::display;
use bloom_stdx::arena::Id;

pub(super) struct Writer<'a> {
    pub program: &'a Program,
    pub names: &'a Names,
    pub body: &'a Body,
    /// Of a test.
    pub nodes: &'a [TestNode],
}

impl Writer<'_> {
    pub fn expr(&self, id: ExprId) -> String {
        match self.body.expr(id) {
            Expr::Error => "()".to_owned(),
            Expr::Literal(value) => literal(value),
            Expr::Interpolation(parts) => {
                let part = |part: &Part| match part {
                    Part::Text(text) => {
                        let quoted = display::string(text).to_string();
                        quoted[1..quoted.len() - 1].to_owned()
                    }
                    Part::Expr(expr) => format!("{{ {} }}", self.expr(*expr)),
                };
                format!("\"{}\"", parts.iter().map(part).collect::<String>())
            }
            Expr::SelfAddr => "self".to_owned(),
            Expr::Var(var) => self.body.vars[*var].name.to_string(),
            Expr::Constant(id) => self.names.constants[id.index()].clone(),
            Expr::Function(id) => self.names.functions[id.index()].clone(),
            Expr::TestNode(node) => self.nodes[*node as usize].name.to_string(),
            Expr::Call { function, args } => {
                format!(
                    "{}({})",
                    self.names.functions[function.index()],
                    self.args(args)
                )
            }
            Expr::CallBuiltin { name, args } if args.is_empty() && is_constant(name) => {
                name.to_string()
            }
            Expr::CallBuiltin { name, args } => format!("{name}({})", self.all(args)),
            Expr::CallVar { var, args } => {
                format!("{}({})", self.body.vars[*var].name, self.all(args))
            }
            Expr::Method {
                receiver,
                member,
                args,
            } => {
                let name = &member.name;
                format!("{}.{name}({})", self.receiver(*receiver), self.all(args))
            }
            Expr::Field { receiver, member } => {
                format!("{}.{}", self.receiver(*receiver), member.name)
            }
            Expr::TupleField { receiver, index } => format!("{}.{index}", self.receiver(*receiver)),
            Expr::Construct { ctor, args } if args.is_empty() => self.ctor(ctor),
            Expr::Construct { ctor, args } => format!("{}({})", self.ctor(ctor), self.args(args)),
            Expr::Record { def, fields } => {
                let of = self.program.types[*def].fields();
                let fields: Vec<String> = fields
                    .iter()
                    .map(|f| format!("{}: {}", of[f.field as usize].name, self.expr(f.value)))
                    .collect();
                format!("{}{{{}}}", self.names.types[def.index()], fields.join(", "))
            }
            Expr::Tuple(parts) => format!("({})", self.all(parts)),
            Expr::List(parts) => format!("[{}]", self.all(parts)),
            Expr::Set(parts) => format!("{{{}}}", self.all(parts)),
            Expr::Map(entries) => {
                let entry =
                    |(k, v): &(ExprId, ExprId)| format!("{}: {}", self.expr(*k), self.expr(*v));
                format!(
                    "{{{}}}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
                )
            }
            Expr::Unary { op, operand } => format!("({}{})", op.symbol(), self.expr(*operand)),
            Expr::Binary { op, left, right } => {
                format!(
                    "({} {} {})",
                    self.expr(*left),
                    op.symbol(),
                    self.expr(*right)
                )
            }
            Expr::Range { start, end } => format!("{} .. {}", self.expr(*start), self.expr(*end)),
            Expr::If {
                condition,
                then,
                otherwise,
            } => format!(
                "(if {} then {} else {})",
                self.expr(*condition),
                self.expr(*then),
                self.expr(*otherwise)
            ),
            Expr::Match { scrutinee, arms } => {
                let arms: Vec<String> = arms.iter().map(|arm| self.arm(arm)).collect();
                format!(
                    "(match ({}) {{ {} }})",
                    self.expr(*scrutinee),
                    arms.join(", ")
                )
            }
            Expr::Let { pat, value, body } => {
                let (pat, value) = (self.pat(*pat), self.expr(*value));
                format!("(let {pat} = {value} in {})", self.expr(*body))
            }
            Expr::Lambda { params, body } => {
                format!("|{}| {}", self.pats(params), self.expr(*body))
            }
        }
    }

    /// A number before a dot would be read as a fraction.
    fn receiver(&self, id: ExprId) -> String {
        match self.body.expr(id) {
            Expr::Literal(LitKind::Int(_) | LitKind::Float(_)) | Expr::Range { .. } => {
                format!("({})", self.expr(id))
            }
            _ => self.expr(id),
        }
    }

    fn arm(&self, arm: &Arm) -> String {
        let guard = arm
            .guard
            .map(|guard| format!(" if {}", self.expr(guard)))
            .unwrap_or_default();
        format!("{}{guard} => {}", self.pat(arm.pat), self.expr(arm.body))
    }

    pub fn all(&self, exprs: &[ExprId]) -> String {
        exprs
            .iter()
            .map(|&expr| self.expr(expr))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn args(&self, args: &[CallArg]) -> String {
        let arg = |arg: &CallArg| match &arg.name {
            Some(name) => format!("{name}: {}", self.expr(arg.value)),
            None => self.expr(arg.value),
        };
        args.iter().map(arg).collect::<Vec<_>>().join(", ")
    }

    fn ctor(&self, ctor: &Ctor) -> String {
        match ctor {
            Ctor::Variant(of) => {
                let variant = &self.program.types[of.def].variants()[of.variant as usize];
                format!("{}.{}", self.names.types[of.def.index()], variant.name)
            }
            Ctor::Named { name, .. } => name.to_string(),
            Ctor::Lattice(def) => self.names.types[def.index()].clone(),
            Ctor::Builtin(builtin) => builtin.name().to_string(),
        }
    }

    fn pats(&self, pats: &[PatId]) -> String {
        pats.iter()
            .map(|&pat| self.pat(pat))
            .collect::<Vec<_>>()
            .join(", ")
    }

    pub fn pat(&self, id: PatId) -> String {
        match self.body.pat(id) {
            Pat::Error | Pat::Wildcard => "_".to_owned(),
            Pat::Var(var) => self.body.vars[*var].name.to_string(),
            Pat::Constant(id) => self.names.constants[id.index()].clone(),
            Pat::SelfAddr => "self".to_owned(),
            Pat::TestNode(node) => self.nodes[*node as usize].name.to_string(),
            Pat::Literal(value) => literal(value),
            Pat::Tuple(parts) => format!("({})", self.pats(parts)),
            Pat::List(parts) => format!("[{}]", self.pats(parts)),
            Pat::Variant { ctor, args } if args.is_empty() => self.ctor(ctor),
            Pat::Variant { ctor, args } => format!("{}({})", self.ctor(ctor), self.pats(args)),
            Pat::Record { def, fields } => {
                let of = self.program.types[*def].fields();
                let field = |(place, pat): &(u32, PatId)| {
                    format!("{}: {}", of[*place as usize].name, self.pat(*pat))
                };
                let fields: Vec<String> = fields.iter().map(field).collect();
                format!("{}{{{}}}", self.names.types[def.index()], fields.join(", "))
            }
        }
    }

    pub fn row(&self, of: &Collection, args: &[AtomArg]) -> String {
        format!("{}{{{}}}", plain(&of.name), self.columns(of, args))
    }

    /// What stands between the braces of a row.
    pub fn columns(&self, of: &Collection, args: &[AtomArg]) -> String {
        let column = |arg: &AtomArg| {
            format!(
                "{}: {}",
                of.columns[arg.column as usize].name,
                self.pat(arg.pat)
            )
        };
        let columns: Vec<String> = args.iter().map(column).collect();
        columns.join(", ")
    }
}

/// `int_max` and its like are written without parentheses.
fn is_constant(name: &str) -> bool {
    bloom_plan::functions::named(name).any(|(_, builtin)| builtin.is_constant())
}

fn literal(value: &LitKind) -> String {
    match value {
        LitKind::Int(n) => n.to_string(),
        LitKind::Float(x) => format!("{x:?}"),
        LitKind::Str(text) => display::string(text).to_string(),
        LitKind::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        LitKind::Bool(b) => b.to_string(),
        LitKind::Duration(n) => display::duration(*n).to_string(),
        LitKind::Address(address) => format!("@{}", display::string(address)),
    }
}

/// A type as it is written where `params` are in scope.
pub(super) fn type_text(names: &Names, ty: &TypeRef, params: &[TypeParam]) -> String {
    let list = |types: &[TypeRef]| {
        let text = |ty| type_text(names, ty, params);
        types.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    let applied = |name: &str, args: &[TypeRef]| match args {
        [] => name.to_owned(),
        args => format!("{name}<{}>", list(args)),
    };
    match ty {
        TypeRef::Error => "()".to_owned(),
        TypeRef::Builtin(builtin, args) => applied(builtin.name(), args),
        TypeRef::Def(def, args) => applied(&names.types[def.index()], args),
        TypeRef::Param(i) => params
            .get(*i as usize)
            .map_or_else(|| format!("T{i}"), |param| param.name.to_string()),
        TypeRef::Opaque { name, .. } => name.to_string(),
        TypeRef::Tuple(parts) => format!("({})", list(parts)),
        TypeRef::Function { params: of, result } => {
            format!("fn({}): {}", list(of), type_text(names, result, params))
        }
    }
}
