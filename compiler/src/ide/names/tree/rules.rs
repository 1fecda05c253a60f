//! Names in rules, patterns and expressions.

use super::{Expr, ExprKind, Name, Role, Span, Walk};
use crate::hir::Collection;
use crate::syntax::ast::{
    self, Atom, AtomArgs, HeadArgs, Literal, LiteralKind, Pattern, PatternKind, StrPart,
};

impl<'p> Walk<'p, '_, '_> {
    pub(super) fn rule(&mut self, rule: &ast::Rule) {
        self.head(&rule.head.path, &rule.head.args, rule.head.span);
        for literal in &rule.body {
            self.literal(literal, literal.span);
        }
    }

    /// A head, or a row that a test feeds; `whole` is where its collection is known by.
    pub(super) fn head(&mut self, path: &ast::Path, args: &HeadArgs, whole: Span) {
        self.path(path);
        match args {
            HeadArgs::Named(fields) => {
                for field in fields {
                    self.field(whole, path, &field.name, Role::Writes);
                    field.value.iter().for_each(|value| self.expr(value));
                }
            }
            HeadArgs::Positional(values) => values.iter().for_each(|value| self.expr(value)),
        }
    }

    pub(super) fn literal(&mut self, literal: &Literal, whole: Span) {
        match &literal.kind {
            LiteralKind::Atom(atom) | LiteralKind::Not(atom) => self.atom(atom, whole),
            LiteralKind::Expr(expr) => self.expr(expr),
            LiteralKind::Let { pattern, value } => {
                self.pattern(pattern);
                self.expr(value);
            }
            LiteralKind::In { pattern, source } => {
                self.pattern(pattern);
                self.expr(source);
            }
        }
    }

    fn atom(&mut self, atom: &Atom, whole: Span) {
        self.path(&atom.path);
        match &atom.args {
            AtomArgs::Named(fields) => {
                for field in fields {
                    self.field(whole, &atom.path, &field.name, Role::Reads);
                    field
                        .pattern
                        .iter()
                        .for_each(|pattern| self.pattern(pattern));
                }
            }
            AtomArgs::Positional(patterns) => {
                patterns.iter().for_each(|pattern| self.pattern(pattern));
            }
        }
    }

    fn field(&mut self, whole: Span, path: &ast::Path, name: &Name, role: Role) {
        for collection in self.collections(whole, path) {
            self.column(collection, name, role);
        }
    }

    /// The collections that a path may mean in the row at a place.
    pub(super) fn collections(&self, whole: Span, path: &ast::Path) -> Vec<&'p Collection> {
        let own = path.last().as_str();
        let rows = self.rows.at(self.place(whole));
        rows.filter(|row| row.name == own)
            .map(|row| row.of)
            .collect()
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Variant { path, args } => {
                self.path(path);
                args.iter().for_each(|pattern| self.pattern(pattern));
            }
            PatternKind::Record { path, fields } => {
                self.named_fields(path, fields.iter().map(|field| &field.name));
                let patterns = fields.iter().filter_map(|field| field.pattern.as_ref());
                patterns.for_each(|pattern| self.pattern(pattern));
            }
            PatternKind::Tuple(parts) | PatternKind::List(parts) => {
                parts.iter().for_each(|pattern| self.pattern(pattern));
            }
            PatternKind::Wildcard
            | PatternKind::Var(_)
            | PatternKind::SelfAddr
            | PatternKind::Literal(_)
            | PatternKind::Error => {}
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        if let Some(path) = expr.as_path() {
            self.path(&path);
            return;
        }
        match &expr.kind {
            ExprKind::Literal(_)
            | ExprKind::Wildcard
            | ExprKind::SelfAddr
            | ExprKind::Name(_)
            | ExprKind::Error => {}
            ExprKind::Interpolation(parts) => {
                for part in parts {
                    if let StrPart::Expr(expr) = part {
                        self.expr(expr);
                    }
                }
            }
            ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => self.expr(base),
            ExprKind::Call { callee, args } => {
                let named = args.iter().filter_map(|arg| arg.name.as_ref());
                match callee.as_path() {
                    Some(path) => self.named_fields(&path, named),
                    None => self.expr(callee),
                }
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::MethodCall { receiver, args, .. } => {
                self.expr(receiver);
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::Aggregate { operand, by, .. } => {
                self.expr(operand);
                by.iter().for_each(|key| self.expr(&key.key));
            }
            ExprKind::Record { path, fields } => {
                self.named_fields(path, fields.iter().map(|field| &field.name));
                let values = fields.iter().filter_map(|field| field.value.as_ref());
                values.for_each(|value| self.expr(value));
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                parts.iter().for_each(|part| self.expr(part));
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Paren(inner)
            | ExprKind::Desc(inner)
            | ExprKind::Unary { operand: inner, .. } => self.expr(inner),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Range {
                start: left,
                end: right,
            } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee);
                for arm in arms {
                    self.pattern(&arm.pattern);
                    arm.guard.iter().for_each(|guard| self.expr(guard));
                    self.expr(&arm.body);
                }
            }
            ExprKind::Let {
                pattern,
                value,
                body,
            } => {
                self.pattern(pattern);
                self.expr(value);
                self.expr(body);
            }
            ExprKind::Lambda(lambda) => {
                lambda.params.iter().for_each(|param| self.pattern(param));
                self.expr(&lambda.body);
            }
        }
    }
}
