//! Expressions, patterns, types.

use super::{BRACES, PARENS, Printer};
use crate::syntax::ast::{
    Arg, Arm, BinaryOp, Expr, ExprKind, FieldInit, FieldPattern, LitKind, Path, Pattern,
    PatternKind, SortKey, StrPart, Type, TypeKind,
};
use crate::syntax::literal::DURATION_UNITS;

/// How tightly an expression holds together; operands of an operator hold at least so tightly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Whole,
    Or,
    And,
    Comparison,
    Range,
    Sum,
    Product,
    Unary,
    Postfix,
}

impl Level {
    fn of(expr: &Expr) -> Level {
        match &expr.kind {
            ExprKind::If { .. }
            | ExprKind::Let { .. }
            | ExprKind::Lambda(_)
            | ExprKind::Desc(_) => Level::Whole,
            ExprKind::Binary { op, .. } => Level::of_op(*op),
            ExprKind::Range { .. } => Level::Range,
            ExprKind::Unary { .. } => Level::Unary,
            ExprKind::Literal(literal) if is_negative(literal) => Level::Unary,
            _ => Level::Postfix,
        }
    }

    fn of_op(op: BinaryOp) -> Level {
        match op {
            BinaryOp::Or => Level::Or,
            BinaryOp::And => Level::And,
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => Level::Comparison,
            BinaryOp::Add | BinaryOp::Subtract => Level::Sum,
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => Level::Product,
        }
    }

    /// The next tighter level.
    fn tighter(self) -> Level {
        match self {
            Level::Whole => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Comparison,
            Level::Comparison => Level::Range,
            Level::Range => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Unary,
            Level::Unary | Level::Postfix => Level::Postfix,
        }
    }
}

fn is_negative(literal: &LitKind) -> bool {
    match literal {
        LitKind::Int(n) | LitKind::Duration(n) => *n < 0,
        LitKind::Float(x) => x.value().is_sign_negative(),
        LitKind::Str(_) | LitKind::Bytes(_) | LitKind::Bool(_) | LitKind::Address(_) => false,
    }
}

impl Printer {
    pub fn expr(&mut self, expr: &Expr) {
        self.operand(expr, Level::Whole);
    }

    /// The expression, in parentheses unless it holds together at least as tightly as `least`.
    fn operand(&mut self, expr: &Expr, least: Level) {
        if Level::of(expr) >= least {
            return self.bare(expr);
        }
        self.word("(");
        self.bare(expr);
        self.mark(")");
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal_value(literal),
            ExprKind::Interpolation(parts) => self.interpolation(parts),
            ExprKind::Wildcard | ExprKind::Error => self.word("_"),
            ExprKind::SelfAddr => self.word("self"),
            ExprKind::Name(name) => self.word(name.as_str()),
            ExprKind::Field { base, name } => {
                self.operand(base, Level::Postfix);
                self.mark(&format!(".{name}"));
            }
            ExprKind::TupleField { base, index, .. } => {
                self.operand(base, Level::Postfix);
                self.mark(&format!(".{index}"));
            }
            ExprKind::Call { callee, args } => {
                self.operand(callee, Level::Postfix);
                self.args(args);
            }
            ExprKind::MethodCall {
                receiver,
                name,
                args,
            } => {
                self.operand(receiver, Level::Postfix);
                self.mark(&format!(".{name}"));
                self.args(args);
            }
            ExprKind::Aggregate {
                function,
                distinct,
                operand,
                by,
            } => {
                self.word(function.as_str());
                self.mark("(");
                self.marked(*distinct, operand, by);
                self.mark(")");
            }
            ExprKind::Record { path, fields } => {
                self.path(path);
                self.fields(fields);
            }
            ExprKind::Paren(inner) => {
                self.word("(");
                self.expr(inner);
                self.mark(")");
            }
            ExprKind::Tuple(parts) => self.list("(", parts, ")"),
            ExprKind::List(parts) => self.list("[", parts, "]"),
            ExprKind::Set(parts) => self.list("{", parts, "}"),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Unary { op, operand } => {
                self.word(op.symbol());
                self.operand(operand, Level::Unary);
            }
            ExprKind::Binary {
                op, left, right, ..
            } => self.binary(*op, left, right),
            ExprKind::Range { start, end } => {
                self.operand(start, Level::Sum);
                self.infix("..");
                self.operand(end, Level::Sum);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.word("if");
                self.expr(condition);
                self.word("then");
                self.expr(then);
                self.word("else");
                self.expr(otherwise);
            }
            ExprKind::Match { scrutinee, arms } => self.match_(scrutinee, arms),
            ExprKind::Let {
                pattern,
                value,
                body,
            } => {
                self.word("let");
                self.pattern(pattern);
                self.infix("=");
                self.expr(value);
                self.word("in");
                self.expr(body);
            }
            ExprKind::Lambda(lambda) => {
                self.word("|");
                self.commas(&lambda.params, Self::pattern);
                self.word("|");
                self.expr(&lambda.body);
            }
            ExprKind::Desc(key) => {
                self.expr(key);
                self.word("desc");
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let level = Level::of_op(op);
        // Comparisons do not chain, so both sides are tighter.
        let left_level = if level == Level::Comparison {
            level.tighter()
        } else {
            level
        };
        self.operand(left, left_level);
        self.infix(op.symbol());
        self.operand(right, level.tighter());
    }

    fn match_(&mut self, scrutinee: &Expr, arms: &[Arm]) {
        self.word("match");
        let start = self.out.len();
        self.expr(scrutinee);
        // A brace after an upper-case name would be a record's.
        let ends_upper = self.out[start..]
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .find(|word| !word.is_empty())
            .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        if ends_upper {
            self.out.insert(start, '(');
            self.mark(")");
        }
        self.word("{");
        self.commas(arms, |printer, arm| {
            printer.pattern(&arm.pattern);
            if let Some(guard) = &arm.guard {
                printer.word("if");
                printer.expr(guard);
            }
            printer.infix("=>");
            printer.expr(&arm.body);
        });
        self.word("}");
    }

    fn list(&mut self, open: &str, parts: &[Expr], close: &str) {
        self.word(open);
        self.commas(parts, Self::expr);
        self.mark(close);
    }

    fn map(&mut self, entries: &[(Expr, Expr)]) {
        self.word("{");
        self.commas(entries, |printer, (key, value)| {
            printer.expr(key);
            printer.mark(": ");
            printer.expr(value);
        });
        self.mark("}");
    }

    pub fn args(&mut self, args: &[Arg]) {
        self.bracketed(PARENS, args, |printer, arg| {
            if let Some(name) = &arg.name {
                printer.word(name.as_str());
                printer.mark(": ");
            }
            printer.expr(&arg.value);
        });
    }

    fn marked(&mut self, distinct: bool, operand: &Expr, by: &[SortKey]) {
        if distinct {
            self.word("distinct");
        }
        self.expr(operand);
        match by {
            [] => {}
            [key] => {
                self.word("by");
                self.sort_key(key);
            }
            keys => {
                self.word("by");
                self.word("(");
                self.commas(keys, Self::sort_key);
                self.mark(")");
            }
        }
    }

    fn sort_key(&mut self, key: &SortKey) {
        self.expr(&key.key);
        if key.descending {
            self.word("desc");
        }
    }

    pub fn fields(&mut self, fields: &[FieldInit]) {
        self.bracketed(BRACES, fields, |printer, field| {
            printer.word(field.name.as_str());
            if let Some(value) = &field.value {
                printer.mark(": ");
                printer.expr(value);
            }
        });
    }

    // ---- Literals ----

    fn literal_value(&mut self, literal: &LitKind) {
        let text = match literal {
            LitKind::Int(n) => n.to_string(),
            LitKind::Float(x) => format!("{:?}", x.value()),
            LitKind::Str(text) => format!("\"{}\"", escaped(text)),
            LitKind::Bytes(bytes) => {
                let bytes: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("b\"{bytes}\"")
            }
            LitKind::Bool(value) => value.to_string(),
            LitKind::Duration(nanos) => duration(*nanos),
            LitKind::Address(address) => format!("@\"{address}\""),
        };
        self.word(text);
    }

    fn interpolation(&mut self, parts: &[StrPart]) {
        self.blank();
        self.out.push('"');
        for part in parts {
            match part {
                StrPart::Text(text) => self.out.push_str(&escaped(text)),
                StrPart::Expr(expr) => {
                    self.out.push_str("{ ");
                    self.expr(expr);
                    self.out.push('}');
                }
            }
        }
        self.out.push_str("\" ");
    }

    // ---- Patterns ----

    pub fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Error => self.word("_"),
            PatternKind::Var(name) => self.word(name.as_str()),
            PatternKind::SelfAddr => self.word("self"),
            PatternKind::Literal(literal) => self.literal_value(literal),
            PatternKind::Tuple(parts) => {
                self.word("(");
                self.commas(parts, Self::pattern);
                self.mark(")");
            }
            PatternKind::List(parts) => {
                self.word("[");
                self.commas(parts, Self::pattern);
                self.mark("]");
            }
            PatternKind::Variant { path, args } => {
                self.path(path);
                if !args.is_empty() {
                    self.bracketed(PARENS, args, Self::pattern);
                }
            }
            PatternKind::Record { path, fields } => {
                self.path(path);
                self.field_patterns(fields);
            }
        }
    }

    pub fn field_patterns(&mut self, fields: &[FieldPattern]) {
        self.bracketed(BRACES, fields, |printer, field| {
            printer.word(field.name.as_str());
            if let Some(pattern) = &field.pattern {
                printer.mark(": ");
                printer.pattern(pattern);
            }
        });
    }

    // ---- Names and types ----

    pub fn path(&mut self, path: &Path) {
        self.word(path.to_string());
    }

    pub fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Path { path, args } => {
                self.path(path);
                self.type_args(args);
            }
            TypeKind::Tuple(parts) => {
                self.word("(");
                self.commas(parts, Self::ty);
                self.mark(")");
            }
            TypeKind::Option(inner) => {
                let function = matches!(inner.kind, TypeKind::Function { .. });
                if function {
                    self.word("(");
                }
                self.ty(inner);
                self.mark(if function { ")?" } else { "?" });
            }
            TypeKind::Function { params, ret } => {
                self.word("fn");
                self.bracketed(PARENS, params, Self::ty);
                self.mark(": ");
                self.ty(ret);
            }
        }
        self.out.push(' ');
    }

    pub fn type_args(&mut self, args: &[Type]) {
        if !args.is_empty() {
            self.bracketed(("<", ">"), args, Self::ty);
            self.out.push(' ');
        }
    }
}

/// The text as it stands between the quotes of a string.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The duration in the greatest unit that leaves no rest.
fn duration(nanos: i64) -> String {
    let unit = DURATION_UNITS
        .iter()
        .find(|(_, size)| nanos % size == 0 && nanos != 0);
    let (name, size) = unit.unwrap_or(&("ns", 1));
    format!("{}{name}", nanos / size)
}
