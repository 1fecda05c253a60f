//! Expressions, patterns and rows as text.

use crate::hir::{
    AtomArg, BinaryOp, Body, CallArg, Collection, Ctor, Expr, ExprId, HeadColumn, LitKind, Part,
    Pat, PatId, Program, SortKey, Test,
};

pub(super) struct Printer<'a> {
    pub program: &'a Program,
    pub body: &'a Body,
    /// Whose nodes are named.
    pub test: Option<&'a Test>,
}

impl Printer<'_> {
    pub fn expr(&self, id: ExprId) -> String {
        let all = |exprs: &[ExprId]| self.exprs(exprs);
        match self.body.expr(id) {
            Expr::Error => "error".to_string(),
            Expr::Literal(literal) => show_literal(literal),
            Expr::Interpolation(parts) => {
                let parts: String = parts
                    .iter()
                    .map(|part| match part {
                        Part::Text(text) => text.to_string(),
                        Part::Expr(expr) => format!("{{{}}}", self.expr(*expr)),
                    })
                    .collect();
                format!("\"{parts}\"")
            }
            Expr::SelfAddr => "self".to_string(),
            Expr::Var(var) => self.body.vars[*var].name.to_string(),
            Expr::Constant(id) => self.program.constants[*id].name.to_string(),
            Expr::Function(id) => self.program.functions[*id].name.to_string(),
            Expr::TestNode(node) => self.node(*node),
            Expr::Call { function, args } => {
                format!(
                    "{}({})",
                    self.program.functions[*function].name,
                    self.args(args)
                )
            }
            Expr::CallBuiltin { name, args } => format!("{name}({})", all(args)),
            Expr::CallVar { var, args } => format!("{}({})", self.body.vars[*var].name, all(args)),
            Expr::Method {
                receiver,
                member,
                args,
            } => {
                let name = &member.name;
                format!("{}.{name}({})", self.expr(*receiver), all(args))
            }
            Expr::Field { receiver, member } => {
                format!("{}.{}", self.expr(*receiver), member.name)
            }
            Expr::TupleField { receiver, index } => format!("{}.{index}", self.expr(*receiver)),
            Expr::Construct { ctor, args } if args.is_empty() => self.ctor(ctor),
            Expr::Construct { ctor, args } => format!("{}({})", self.ctor(ctor), self.args(args)),
            Expr::Record { def, fields } => {
                let def = &self.program.types[*def];
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| {
                        let name = &def.fields()[field.field as usize].name;
                        format!("{name}: {}", self.expr(field.value))
                    })
                    .collect();
                format!("{}{{{}}}", def.name, fields.join(", "))
            }
            Expr::Tuple(parts) => format!("({})", all(parts)),
            Expr::List(parts) => format!("[{}]", all(parts)),
            Expr::Set(parts) => format!("{{{}}}", all(parts)),
            Expr::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|&(key, value)| format!("{}: {}", self.expr(key), self.expr(value)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Expr::Unary { op, operand } => format!("{}{}", op.symbol(), self.expr(*operand)),
            Expr::Binary { op, left, right } => self.binary(*op, *left, *right),
            Expr::Range { start, end } => format!("{}..{}", self.expr(*start), self.expr(*end)),
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
                let arms: Vec<String> = arms
                    .iter()
                    .map(|arm| {
                        let guard = arm.guard.map(|guard| format!(" if {}", self.expr(guard)));
                        let (pat, body) = (self.pat(arm.pat), self.expr(arm.body));
                        format!("{pat}{} => {body}", guard.unwrap_or_default())
                    })
                    .collect();
                format!("match {} {{ {} }}", self.expr(*scrutinee), arms.join(", "))
            }
            Expr::Let { pat, value, body } => {
                format!(
                    "(let {} = {} in {})",
                    self.pat(*pat),
                    self.expr(*value),
                    self.expr(*body)
                )
            }
            Expr::Lambda { params, body } => {
                let params: Vec<String> = params.iter().map(|&pat| self.pat(pat)).collect();
                format!("|{}| {}", params.join(", "), self.expr(*body))
            }
        }
    }

    fn binary(&self, op: BinaryOp, left: ExprId, right: ExprId) -> String {
        format!("({} {} {})", self.expr(left), op.symbol(), self.expr(right))
    }

    fn exprs(&self, exprs: &[ExprId]) -> String {
        let exprs: Vec<String> = exprs.iter().map(|&expr| self.expr(expr)).collect();
        exprs.join(", ")
    }

    fn args(&self, args: &[CallArg]) -> String {
        let args: Vec<String> = args
            .iter()
            .map(|arg| match &arg.name {
                Some(name) => format!("{name}: {}", self.expr(arg.value)),
                None => self.expr(arg.value),
            })
            .collect();
        args.join(", ")
    }

    fn ctor(&self, ctor: &Ctor) -> String {
        match ctor {
            Ctor::Variant(variant) => {
                let def = &self.program.types[variant.def];
                format!(
                    "{}.{}",
                    def.name,
                    def.variants()[variant.variant as usize].name
                )
            }
            Ctor::Named { name, .. } => name.to_string(),
            Ctor::Lattice(def) => self.program.types[*def].name.to_string(),
            Ctor::Builtin(builtin) => builtin.name().to_string(),
        }
    }

    pub fn pat(&self, id: PatId) -> String {
        let all = |pats: &[PatId]| {
            pats.iter()
                .map(|&pat| self.pat(pat))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self.body.pat(id) {
            Pat::Error => "error".to_string(),
            Pat::Wildcard => "_".to_string(),
            Pat::Var(var) => self.body.vars[*var].name.to_string(),
            Pat::Constant(id) => format!("const {}", self.program.constants[*id].name),
            Pat::SelfAddr => "self".to_string(),
            Pat::TestNode(node) => self.node(*node),
            Pat::Literal(literal) => show_literal(literal),
            Pat::Tuple(parts) => format!("({})", all(parts)),
            Pat::List(parts) => format!("[{}]", all(parts)),
            Pat::Variant { ctor, args } if args.is_empty() => self.ctor(ctor),
            Pat::Variant { ctor, args } => format!("{}({})", self.ctor(ctor), all(args)),
            Pat::Record { def, fields } => {
                let def = &self.program.types[*def];
                let fields: Vec<String> = fields
                    .iter()
                    .map(|&(field, pat)| {
                        format!("{}: {}", def.fields()[field as usize].name, self.pat(pat))
                    })
                    .collect();
                format!("{}{{{}}}", def.name, fields.join(", "))
            }
        }
    }

    pub fn row(&self, of: &Collection, args: &[AtomArg]) -> String {
        let args: Vec<String> = args
            .iter()
            .map(|arg| {
                format!(
                    "{}: {}",
                    of.columns[arg.column as usize].name,
                    self.pat(arg.pat)
                )
            })
            .collect();
        format!("{}{{{}}}", of.name, args.join(", "))
    }

    pub fn head_column(&self, column: &HeadColumn) -> String {
        match column {
            HeadColumn::Expr(expr) => self.expr(*expr),
            HeadColumn::Default => "default".to_string(),
            HeadColumn::Omitted => "omitted".to_string(),
            HeadColumn::Aggregate(aggregate) => {
                let distinct = if aggregate.distinct { "distinct " } else { "" };
                let operand = aggregate
                    .operand
                    .map_or_else(String::new, |operand| self.expr(operand));
                let by: Vec<String> = aggregate.by.iter().map(|key| self.sort_key(key)).collect();
                let by = if by.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", by.join(", "))
                };
                format!(
                    "aggregate {}({distinct}{operand}{by})",
                    aggregate.function.name()
                )
            }
        }
    }

    fn sort_key(&self, key: &SortKey) -> String {
        let desc = if key.descending { " desc" } else { "" };
        format!("{}{desc}", self.expr(key.key))
    }

    fn node(&self, node: u32) -> String {
        let named = self.test.and_then(|test| test.nodes.get(node as usize));
        named.map_or_else(|| format!("node{node}"), |node| node.name.to_string())
    }
}

fn show_literal(literal: &LitKind) -> String {
    match literal {
        LitKind::Int(n) => n.to_string(),
        LitKind::Float(x) => format!("{x:?}"),
        LitKind::Str(text) => format!("{text:?}"),
        LitKind::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        LitKind::Bool(b) => b.to_string(),
        LitKind::Duration(n) => format!("{n}ns"),
        LitKind::Address(address) => format!("@{address:?}"),
    }
}
