//! Expressions read as something else: a path, an atom, an aggregate, a pattern.
//!
//! The grammar reads rows, calls and patterns as expressions; what they are is decided here by shape, and
//! later by name. Diagnostics count from the start of the item, as all spans in the tree do.

use super::{
    Aggregate, Arg, Atom, AtomArgs, Expr, ExprKind, FieldInit, FieldPattern, FloatBits, LitKind,
    Name, Path, Pattern, PatternKind, UnaryOp,
};
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use bloom_stdx::fitted;

impl Expr {
    /// The path that this is, if it is names parted by dots.
    pub fn as_path(&self) -> Option<Path> {
        let mut segments = Vec::with_capacity(1);
        let mut expr = self;
        loop {
            match &expr.kind {
                ExprKind::Field { base, name } => {
                    segments.push(name.clone());
                    expr = base;
                }
                ExprKind::Name(name) => {
                    segments.push(name.clone());
                    segments.reverse();
                    let segments = fitted(segments);
                    return Some(Path { segments });
                }
                _ => return None,
            }
        }
    }

    /// The path that this calls and the arguments, if it is `f(x)` or `m.f(x)`.
    pub fn as_call(&self) -> Option<(Path, &[Arg])> {
        match &self.kind {
            ExprKind::Call { callee, args } => Some((callee.as_path()?, args)),
            ExprKind::MethodCall {
                receiver,
                name,
                args,
            } => {
                let mut path = receiver.as_path()?;
                path.segments.push(Name::clone(name));
                Some((path, args))
            }
            _ => None,
        }
    }

    /// The row by position that this is, if the path it calls names a collection. Arguments that are no
    /// patterns are reported.
    pub fn as_atom(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Atom> {
        let (path, args) = self.as_call()?;
        let patterns = args
            .iter()
            .map(|arg| arg.value.to_pattern(diagnostics))
            .collect();
        Some(Atom {
            path,
            at: None,
            args: AtomArgs::Positional(patterns),
            span: self.span,
        })
    }

    /// The aggregate that this is, if the name it calls is an aggregate's: with at most one operand.
    pub fn as_aggregate(&self) -> Option<Aggregate> {
        match &self.kind {
            ExprKind::Aggregate {
                function,
                distinct,
                operand,
                by,
            } => Some(Aggregate {
                function: Name::clone(function),
                distinct: *distinct,
                operand: Some(operand.as_ref().clone()),
                by: by.to_vec(),
                span: self.span,
            }),
            ExprKind::Call { callee, args } => {
                let ExprKind::Name(function) = &callee.kind else {
                    return None;
                };
                let operand = match args.as_slice() {
                    [] => None,
                    [Arg { name: None, value }] => Some(value.clone()),
                    _ => return None,
                };
                Some(Aggregate {
                    function: function.clone(),
                    distinct: false,
                    operand,
                    by: Vec::new(),
                    span: self.span,
                })
            }
            _ => None,
        }
    }

    /// The pattern that this is: a variable, `_`, `self`, a literal, or a tuple, list, variant or record of
    /// patterns. Anything else is reported, and the pattern is an error.
    pub fn to_pattern(&self, diagnostics: &mut Vec<Diagnostic>) -> Pattern {
        let kind = self.pattern_kind(diagnostics).unwrap_or_else(|| {
            diagnostics.push(not_a_pattern(self.span));
            PatternKind::Error
        });
        Pattern {
            kind,
            span: self.span,
        }
    }

    fn pattern_kind(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<PatternKind> {
        let kind = match &self.kind {
            ExprKind::Error => PatternKind::Error,
            ExprKind::Wildcard => PatternKind::Wildcard,
            ExprKind::SelfAddr => PatternKind::SelfAddr,
            ExprKind::Literal(literal) => PatternKind::Literal(literal.clone()),
            ExprKind::Unary {
                op: UnaryOp::Negate,
                operand,
            } => PatternKind::Literal(operand.negated_literal()?),
            ExprKind::Name(name) if !name.is_upper() => PatternKind::Var(name.clone()),
            ExprKind::Name(_) | ExprKind::Field { .. } => self.variant(&[], diagnostics)?,
            ExprKind::Call { callee, args } => callee.variant(args, diagnostics)?,
            ExprKind::MethodCall { args, .. } => {
                let (path, _) = self.as_call()?;
                variant(path, args, diagnostics)?
            }
            ExprKind::Paren(inner) => inner.to_pattern(diagnostics).kind,
            ExprKind::Tuple(parts) => PatternKind::Tuple(patterns(parts, diagnostics)),
            ExprKind::List(parts) => PatternKind::List(patterns(parts, diagnostics)),
            ExprKind::Record { path, fields } => PatternKind::Record {
                path: Path::clone(path),
                fields: FieldInit::patterns(fields, diagnostics),
            },
            ExprKind::Interpolation(_)
            | ExprKind::TupleField { .. }
            | ExprKind::Aggregate { .. }
            | ExprKind::Set(_)
            | ExprKind::Map(_)
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Range { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Let { .. }
            | ExprKind::Lambda(_)
            | ExprKind::Desc(_) => return None,
        };
        Some(kind)
    }

    fn variant(&self, args: &[Arg], diagnostics: &mut Vec<Diagnostic>) -> Option<PatternKind> {
        variant(self.as_path()?, args, diagnostics)
    }

    /// The number of which this is the absolute value, below zero.
    fn negated_literal(&self) -> Option<LitKind> {
        match &self.kind {
            ExprKind::Literal(LitKind::Int(n)) => Some(LitKind::Int(n.checked_neg()?)),
            ExprKind::Literal(LitKind::Float(x)) => {
                Some(LitKind::Float(FloatBits::new(-x.value())))
            }
            ExprKind::Literal(LitKind::Duration(n)) => Some(LitKind::Duration(n.checked_neg()?)),
            _ => None,
        }
    }
}

impl FieldInit {
    /// Fields of a record or columns of a row, each read as a pattern.
    pub fn patterns(fields: &[FieldInit], diagnostics: &mut Vec<Diagnostic>) -> Vec<FieldPattern> {
        fields
            .iter()
            .map(|field| FieldPattern {
                name: field.name.clone(),
                pattern: field
                    .value
                    .as_ref()
                    .map(|value| Box::new(value.to_pattern(diagnostics))),
            })
            .collect()
    }
}

fn variant(path: Path, args: &[Arg], diagnostics: &mut Vec<Diagnostic>) -> Option<PatternKind> {
    if !path.last().is_upper() || args.iter().any(|arg| arg.name.is_some()) {
        return None;
    }
    let args = args
        .iter()
        .map(|arg| arg.value.to_pattern(diagnostics))
        .collect();
    Some(PatternKind::Variant { path, args })
}

fn patterns(parts: &[Expr], diagnostics: &mut Vec<Diagnostic>) -> Vec<Pattern> {
    parts
        .iter()
        .map(|part| part.to_pattern(diagnostics))
        .collect()
}

fn not_a_pattern(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::E0112,
        FileSpan::new(FileId::default(), span),
        "this is not a pattern",
        "matches nothing by itself",
    )
    .with_help(
        "a pattern is a variable, `_`, `self`, a literal, or a tuple, list, variant or record of patterns; \
         bind the column to a variable and compare that in a condition",
    )
}
