//! Rules, literals, atoms.

use super::{BRACES, PARENS, Printer};
use crate::syntax::ast::{
    Arrow, Atom, AtomArgs, Head, HeadArgs, Literal, LiteralKind, Location, LocationKind, Rule,
};

impl Printer {
    /// The rule and the end of its line.
    pub fn rule(&mut self, rule: &Rule) {
        self.docs(&rule.docs);
        self.attributes(&rule.attributes);
        self.head(&rule.head);
        if let Some(arrow) = rule.arrow {
            self.infix(symbol(arrow));
            self.commas(&rule.body, Self::literal);
        }
        self.end();
    }

    pub fn head(&mut self, head: &Head) {
        self.path(&head.path);
        self.head_args(&head.args);
    }

    pub fn head_args(&mut self, args: &HeadArgs) {
        match args {
            HeadArgs::Named(fields) => self.bracketed(BRACES, fields, |printer, field| {
                printer.word(field.name.as_str());
                if let Some(value) = &field.value {
                    printer.mark(": ");
                    printer.expr(value);
                }
            }),
            HeadArgs::Positional(values) => self.bracketed(PARENS, values, Self::expr),
        }
    }

    pub fn literal(&mut self, literal: &Literal) {
        match &literal.kind {
            LiteralKind::Atom(atom) => self.atom(atom),
            LiteralKind::Not(atom) => {
                self.word("not");
                self.atom(atom);
            }
            LiteralKind::Expr(expr) => self.expr(expr),
            LiteralKind::Let { pattern, value } => {
                self.word("let");
                self.pattern(pattern);
                self.infix("=");
                self.expr(value);
            }
            LiteralKind::In { pattern, source } => {
                self.pattern(pattern);
                self.word("in");
                self.expr(source);
            }
        }
    }

    fn atom(&mut self, atom: &Atom) {
        self.path(&atom.path);
        if let Some(at) = &atom.at {
            self.location(at);
        }
        match &atom.args {
            AtomArgs::Named(fields) => self.field_patterns(fields),
            AtomArgs::Positional(patterns) => self.bracketed(PARENS, patterns, Self::pattern),
        }
    }

    fn location(&mut self, location: &Location) {
        match &location.kind {
            LocationKind::Name(name) => self.mark(&format!("@{name}")),
            LocationKind::Any => self.mark("@_"),
            LocationKind::SelfAddr => self.mark("@self"),
            LocationKind::Expr(expr) => {
                self.mark("@(");
                self.expr(expr);
                self.mark(")");
            }
            LocationKind::Address(address) => self.mark(&format!("@\"{address}\"")),
        }
    }
}

fn symbol(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Merge => "<=",
        Arrow::DeferredMerge => "<+",
        Arrow::DeferredDelete => "<-",
        Arrow::Upsert => "<+-",
        Arrow::AsyncMerge => "<~",
    }
}
