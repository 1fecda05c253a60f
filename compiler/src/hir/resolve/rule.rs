//! Rules: the head's collection and columns, the literals, and which arrow may write what.

use super::Resolver;
use super::atom::Found;
use super::bodies::{BodyCx, Mode};
use super::kind::PendingRule;
use super::scope::Value;
use crate::base::{Diagnostic, Fix, codes};
use crate::hir::{
    AggregateFunction, Arrow, CollectionKind, Expr, Head, Literal, LiteralNode, Loc, Origin, Pat,
    PatId, Rule,
};
use crate::syntax::ast::{self, LiteralKind};
use bloom_stdx::fitted_thin;
use std::sync::Arc;

impl<'a> Resolver<'a> {
    /// Adds the rule to the kind, as it was resolved before or anew.
    pub fn resolve_rule(&mut self, pending: &PendingRule<'a>) {
        if let Some(rule) = self.recall_rule(pending) {
            self.kind.node.rules.push(rule);
            return;
        }
        self.count_resolved();
        let extent = self.extent();
        let Some(rule) = self.resolved_rule(pending) else {
            return;
        };
        let rule = Arc::new(fitted(rule));
        if self.recalls && self.extent() == extent {
            self.remember_rule(pending, &rule);
        }
        self.kind.node.rules.push(rule);
    }

    pub fn resolved_rule(&mut self, pending: &PendingRule<'a>) -> Option<Rule> {
        let rule = &*pending.rule.read();
        let before = self.mistakes;
        let loc = Loc::new(pending.item, rule.span);
        let path_loc = loc.at(rule.head.path.span());
        let head = self.find_collection(pending.scope, &rule.head.path, path_loc);
        let head = match head {
            Some(found) if pending.seal => self.seal_head(found, path_loc),
            other => other,
        };
        let arrow = rule.arrow.unwrap_or(Arrow::Merge);
        let first_tick = pending.bootstrap || rule.arrow.is_none();
        if let Some(found) = head {
            self.check_arrow(found, rule, first_tick, loc);
        }
        let mut cx = BodyCx::new(self, pending.scope, Mode::Rule, loc);
        let literals = cx.literals(&rule.body);
        let Found { id: collection, .. } = head?;
        let columns = cx.head_columns(collection, &rule.head, arrow);
        if rule.arrow.is_none() {
            cx.refuse_aggregates_of_facts(&columns, rule.head.span);
        }
        cx.check_bound(&literals, &columns, before);
        cx.body.mistaken = cx.r.mistakes > before;
        let body = cx.body;
        Some(Rule {
            head: Head {
                collection,
                columns: columns.into(),
                span: rule.head.span,
            },
            arrow,
            literals: literals.into(),
            bootstrap: first_tick,
            group: (!pending.group.is_empty()).then(|| Box::new(pending.group.clone())),
            origin: if pending.seal {
                Origin::SealSend
            } else {
                Origin::Written
            },
            nondeterministic: pending.nondeterministic.clone().map(Box::new),
            body,
            loc,
        })
    }

    /// The hidden channel that a `seal` writes.
    fn seal_head(&mut self, found: Found, loc: Loc) -> Option<Found> {
        let seals = self.seals_of(found.id, loc)?;
        let Some(id) = seals.seal else {
            let name = self.kind.node.collections[found.id].name.clone();
            let message = format!("the input `{name}` is sealed by whoever feeds it");
            self.error(
                codes::E0223,
                loc,
                message,
                "only a channel is sealed by rules",
            );
            return None;
        };
        Some(Found {
            id,
            imported: found.imported,
        })
    }

    /// Holds the rule to the arrows that its head's collection takes.
    fn check_arrow(&mut self, found: Found, rule: &ast::Rule, first_tick: bool, loc: Loc) {
        let collection = &self.kind.node.collections[found.id];
        let kind = collection.kind;
        let arrow = rule.arrow.unwrap_or(Arrow::Merge);
        let fits = match kind {
            CollectionKind::Table => arrow != Arrow::AsyncMerge,
            CollectionKind::Scratch => matches!(arrow, Arrow::Merge | Arrow::DeferredMerge),
            CollectionKind::View | CollectionKind::Output => {
                arrow == Arrow::Merge && !found.imported
            }
            CollectionKind::Input => arrow == Arrow::Merge && found.imported,
            CollectionKind::Static => arrow == Arrow::Merge && first_tick,
            CollectionKind::Channel { .. }
            | CollectionKind::Seal { .. }
            | CollectionKind::Loopback
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt => arrow == Arrow::AsyncMerge,
            CollectionKind::Periodic { .. }
            | CollectionKind::Cluster
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => false,
        };
        if !fits {
            let diagnostic = self.wrong_arrow(found, rule, loc);
            self.report(diagnostic);
        }
    }

    fn wrong_arrow(&self, found: Found, rule: &ast::Rule, loc: Loc) -> Diagnostic {
        let collection = &self.kind.node.collections[found.id];
        let (name, word) = (&collection.name, collection.kind.word());
        let (place, written) = match rule.arrow {
            Some(arrow) => (
                loc.at(rule.arrow_span),
                format!("written with `{}`", symbol(arrow)),
            ),
            None => (loc.at(rule.head.span), "written as a fact".to_string()),
        };
        let (message, wanted) = match collection.kind {
            CollectionKind::Channel { .. }
            | CollectionKind::Seal { .. }
            | CollectionKind::Loopback
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt => (
                format!("{word} needs async arrow `<~`: `{name}` is {written}"),
                Some(Arrow::AsyncMerge),
            ),
            CollectionKind::Table if rule.arrow == Some(Arrow::AsyncMerge) => (
                format!("table takes no async arrow: `{name}` is {written}"),
                Some(Arrow::Merge),
            ),
            CollectionKind::Table | CollectionKind::Scratch => (
                format!("{word} takes only the arrows `<=` and `<+`: `{name}` is {written}"),
                Some(Arrow::Merge),
            ),
            CollectionKind::Static => (
                format!("static takes only facts and `bootstrap` rules: `{name}` is {written}"),
                None,
            ),
            CollectionKind::Input if !found.imported => (
                format!("input is written by no rule of its own: `{name}` is fed from outside"),
                None,
            ),
            CollectionKind::Output | CollectionKind::View if found.imported => {
                (format!("{word} of an import is only read: `{name}`"), None)
            }
            CollectionKind::Output | CollectionKind::View | CollectionKind::Input => (
                format!("{word} takes only the arrow `<=`: `{name}` is {written}"),
                Some(Arrow::Merge),
            ),
            CollectionKind::Periodic { .. }
            | CollectionKind::Cluster
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => {
                (format!("{word} is written by no rule: `{name}`"), None)
            }
        };
        let mut diagnostic =
            self.diagnostic(codes::E0207, place, message, "does not fit the collection");
        if !collection.is_everywhere() {
            let declared = self.program.file_span(collection.loc);
            diagnostic = diagnostic.with_label(declared, format!("`{name}` is declared here"));
        }
        if let (Some(wanted), Some(_)) = (wanted, rule.arrow) {
            let arrow = self.program.file_span(loc.at(rule.arrow_span));
            let title = format!("write `{}`", symbol(wanted));
            diagnostic = diagnostic.with_fix(Fix::replace(title, arrow, symbol(wanted)));
        }
        diagnostic
    }
}

pub(super) fn symbol(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Merge => "<=",
        Arrow::DeferredMerge => "<+",
        Arrow::DeferredDelete => "<-",
        Arrow::Upsert => "<+-",
        Arrow::AsyncMerge => "<~",
    }
}

impl BodyCx<'_, '_> {
    /// The literals of a body: first everything that binds, then the expressions, so that the order in which
    /// they are written means nothing.
    pub fn literals(&mut self, literals: &[ast::Literal]) -> Vec<LiteralNode> {
        let binding: Vec<Option<Bound>> = literals.iter().map(|l| self.bindings(l)).collect();
        literals
            .iter()
            .zip(binding)
            .map(|(literal, bound)| LiteralNode {
                literal: self.literal(literal, bound),
                span: literal.span,
            })
            .collect()
    }

    fn bindings(&mut self, literal: &ast::Literal) -> Option<Bound> {
        match &literal.kind {
            LiteralKind::Atom(atom) => Some(Bound::Row(self.row(atom, false))),
            LiteralKind::Not(atom) => Some(Bound::Row(self.row(atom, true))),
            LiteralKind::Expr(expr) if self.is_row(expr) || self.is_unknown_row(expr) => {
                let mut diagnostics = Vec::new();
                let atom = expr.as_atom(&mut diagnostics)?;
                let named = expr.as_call().into_iter().flat_map(|(_, args)| args);
                for name in named.filter_map(|arg| arg.name.as_ref()) {
                    let loc = self.loc(name.span);
                    let message =
                        format!("columns are named in braces: `{}{{{name}: …}}`", atom.path);
                    self.r
                        .error(codes::E0229, loc, message, "arguments are by position");
                }
                self.r.report_in(self.body.loc.item, diagnostics);
                Some(Bound::Row(self.row(&atom, false)))
            }
            LiteralKind::Expr(_) => None,
            // A constant's name here is its value: the literal is a test.
            LiteralKind::Let { pattern, .. } | LiteralKind::In { pattern, .. } => {
                Some(Bound::Pat(self.pattern(pattern)))
            }
        }
    }

    /// A call of a name that means nothing, or whose declaration was reported, where a row may stand.
    fn is_unknown_row(&mut self, expr: &ast::Expr) -> bool {
        let Some((path, args)) = expr.as_call() else {
            return false;
        };
        let Some(name) = path.as_name().filter(|name| !name.is_upper()) else {
            return false;
        };
        let value = self.r.value(self.scope, name.as_str());
        matches!(value, None | Some(Value::Error))
            && bloom_plan::functions::named(name.as_str()).next().is_none()
            && AggregateFunction::find(name.as_str()).is_none()
            && args
                .iter()
                .all(|arg| arg.value.to_pattern(&mut Vec::new()).kind != ast::PatternKind::Error)
    }

    fn row(&mut self, atom: &ast::Atom, negated: bool) -> Literal {
        if let Some(at) = &atom.at {
            let loc = self.loc(at.span);
            let message = "only a spec says at which node it reads";
            self.r
                .error(codes::E0803, loc, message, "a rule reads its own node");
        }
        let loc = self.loc(atom.path.span());
        match self.r.find_collection(self.scope, &atom.path, loc) {
            Some(Found { id: collection, .. }) => {
                let args = self.atom_args(collection, atom).into();
                if negated {
                    Literal::Not { collection, args }
                } else {
                    Literal::Atom { collection, args }
                }
            }
            None => {
                self.bind_all(&atom.args);
                Literal::Error
            }
        }
    }

    /// The variables of a row that was reported are bound all the same.
    pub fn bind_all(&mut self, args: &ast::AtomArgs) {
        match args {
            ast::AtomArgs::Positional(patterns) => {
                for pattern in patterns {
                    let pat = self.pattern(pattern);
                    self.excuse(pat);
                }
            }
            ast::AtomArgs::Named(fields) => {
                for field in fields {
                    let pat = self.field_pattern(field);
                    self.excuse(pat);
                }
            }
        }
    }

    fn literal(&mut self, literal: &ast::Literal, bound: Option<Bound>) -> Literal {
        match (&literal.kind, bound) {
            (_, Some(Bound::Row(row))) => row,
            (LiteralKind::Let { value, .. }, Some(Bound::Pat(pat))) => Literal::Let {
                pat,
                value: self.expr(value),
            },
            (LiteralKind::In { source, .. }, Some(Bound::Pat(pat))) => Literal::In {
                pat,
                source: self.expr(source),
            },
            (LiteralKind::Expr(expr), _) => Literal::Condition(self.expr(expr)),
            _ => Literal::Error,
        }
    }

    /// What [`super::bound`] must not take for a value any more.
    pub fn forget(&mut self, unbound: &[crate::hir::VarId]) {
        for (_, node) in self.body.exprs.iter_mut() {
            if matches!(node.expr, Expr::Var(var) if unbound.contains(&var)) {
                node.expr = Expr::Error;
            }
        }
        for (_, node) in self.body.pats.iter_mut() {
            if matches!(node.pat, Pat::Var(var) if unbound.contains(&var)) {
                node.pat = Pat::Error;
            }
        }
    }
}

/// What a literal binds, before expressions are looked at.
enum Bound {
    Row(Literal),
    Pat(PatId),
}

/// The rule without memory for more than it has: most stay as they are for as long as an editor is open.
pub(super) fn fitted(mut rule: Rule) -> Rule {
    rule.body.fit();
    rule.literals = fitted_thin(rule.literals);
    rule.head.columns = fitted_thin(rule.head.columns);
    rule
}
