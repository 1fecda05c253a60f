//! Rules: the head's collection and columns, the literals, and which arrow may write what.

use super::Resolver;
use super::atom::Found;
use super::bodies::{BodyCx, Mode};
use super::kind::PendingRule;
use crate::base::{Diagnostic, Fix, Span, codes};
use crate::hir::{
    Aggregate, AggregateFunction, Arrow, CollectionId, CollectionKind, Expr, Head, HeadColumn,
    Literal, LiteralNode, Loc, Origin, Pat, PatId, Rule, SortKey,
};
use crate::syntax::ast::{self, ExprKind, HeadArgs, LiteralKind};
use smol_str::SmolStr;

impl<'a> Resolver<'a> {
    pub fn resolve_rule(&mut self, pending: &PendingRule<'a>) {
        let rule = pending.rule;
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
        let Some(Found { id: collection, .. }) = head else {
            return;
        };
        let columns = cx.head_columns(collection, &rule.head, arrow);
        cx.check_bound(&literals, &columns);
        let body = cx.body;
        self.kind.node.rules.push(Rule {
            head: Head {
                collection,
                columns,
                span: rule.head.span,
            },
            arrow,
            literals,
            bootstrap: first_tick,
            group: (!pending.group.is_empty()).then(|| pending.group.clone()),
            origin: if pending.seal {
                Origin::SealSend
            } else {
                Origin::Written
            },
            nondeterministic: pending.nondeterministic.clone(),
            body,
            loc,
        });
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
                format!("{word} takes only `<=` and `<+`: `{name}` is {written}"),
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
                format!("{word} takes only `<=`: `{name}` is {written}"),
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
            | CollectionKind::Sealed { .. } => (format!("no rule writes `{name}`"), None),
        };
        let mut diagnostic = self
            .diagnostic(codes::E0207, place, message, "does not fit the collection")
            .with_label(
                self.program.file_span(collection.loc),
                format!("`{name}` is declared here"),
            );
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
            LiteralKind::Let { pattern, .. } | LiteralKind::In { pattern, .. } => {
                Some(Bound::Pat(self.pattern(pattern)))
            }
        }
    }

    /// A call of a name that means nothing, where a row may stand.
    fn is_unknown_row(&mut self, expr: &ast::Expr) -> bool {
        let Some((path, args)) = expr.as_call() else {
            return false;
        };
        let Some(name) = path.as_name().filter(|name| !name.is_upper()) else {
            return false;
        };
        self.r.value(self.scope, name.as_str()).is_none()
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
                let args = self.atom_args(collection, atom);
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
    fn bind_all(&mut self, args: &ast::AtomArgs) {
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

    /// What the head gives each column of its collection.
    pub fn head_columns(
        &mut self,
        id: CollectionId,
        head: &ast::Head,
        arrow: Arrow,
    ) -> Vec<HeadColumn> {
        let collection = &self.r.kind.node.collections[id];
        let shape = RowShape {
            name: collection.name.clone(),
            columns: collection.columns.iter().map(|c| c.name.clone()).collect(),
            may_lack: collection
                .columns
                .iter()
                .map(|column| {
                    if column.default.is_some() {
                        Some(HeadColumn::Default)
                    } else if arrow == Arrow::DeferredDelete && !column.key {
                        Some(HeadColumn::Omitted)
                    } else {
                        None
                    }
                })
                .collect(),
            declared: collection.loc,
        };
        self.row_columns(&shape, &head.args, head.span)
    }

    /// The columns of a row that is built, each given once.
    pub fn row_columns(
        &mut self,
        shape: &RowShape,
        args: &HeadArgs,
        span: Span,
    ) -> Vec<HeadColumn> {
        let mut given: Vec<Option<HeadColumn>> = vec![None; shape.columns.len()];
        match args {
            HeadArgs::Positional(values) => {
                if values.len() != given.len() {
                    self.report_arity(&shape.name, given.len(), values.len(), span);
                    given.fill(Some(HeadColumn::Omitted));
                }
                for (place, value) in values.iter().enumerate() {
                    let free = matches!(value.kind, ExprKind::Wildcard);
                    let column = match shape.may_lack.get(place) {
                        Some(Some(lacking)) if free => lacking.clone(),
                        Some(_) | None => self.head_column(value),
                    };
                    if place < given.len() {
                        given[place] = Some(column);
                    }
                }
            }
            HeadArgs::Named(fields) => {
                for field in fields {
                    let column = self.column(&shape.name, &shape.columns, &field.name);
                    let value = match &field.value {
                        Some(value) => self.head_column(value),
                        None => {
                            let name =
                                ast::Expr::new(ExprKind::Name(field.name.clone()), field.name.span);
                            HeadColumn::Expr(self.expr(&name))
                        }
                    };
                    match column.map(|column| &mut given[column as usize]) {
                        Some(Some(_)) => self.report_named_twice(&field.name),
                        Some(place) => *place = Some(value),
                        // A mistyped name may be of the column that then seems left out.
                        None => {
                            for place in given.iter_mut().filter(|place| place.is_none()) {
                                *place = Some(HeadColumn::Omitted);
                            }
                        }
                    }
                }
            }
        }
        self.fill(shape, given, span)
    }

    fn fill(
        &mut self,
        shape: &RowShape,
        given: Vec<Option<HeadColumn>>,
        span: Span,
    ) -> Vec<HeadColumn> {
        let mut missing = Vec::new();
        let columns = given
            .into_iter()
            .enumerate()
            .map(|(place, column)| {
                column
                    .or_else(|| shape.may_lack[place].clone())
                    .unwrap_or_else(|| {
                        missing.push(format!("`{}`", shape.columns[place]));
                        HeadColumn::Omitted
                    })
            })
            .collect();
        if !missing.is_empty() {
            let message = format!("`{}` is given no {}", shape.name, missing.join(", "));
            let declared = self.r.program.file_span(shape.declared);
            let loc = self.loc(span);
            let diagnostic = self
                .r
                .diagnostic(
                    codes::E0210,
                    loc,
                    message,
                    "column left out, and it has no default",
                )
                .with_label(declared, "declared here");
            self.r.report(diagnostic);
        }
        columns
    }

    fn head_column(&mut self, value: &ast::Expr) -> HeadColumn {
        let aggregate = value.as_aggregate().and_then(|aggregate| {
            let known = AggregateFunction::find(aggregate.function.as_str())?;
            let own = self
                .r
                .value(self.scope, aggregate.function.as_str())
                .is_some();
            (!own).then_some((aggregate, known))
        });
        match aggregate {
            Some((aggregate, function)) => self.aggregate(&aggregate, function),
            None => HeadColumn::Expr(self.expr(value)),
        }
    }

    fn aggregate(&mut self, written: &ast::Aggregate, function: AggregateFunction) -> HeadColumn {
        let operand = written.operand.as_ref().map(|operand| self.expr(operand));
        let by: Vec<SortKey> = written
            .by
            .iter()
            .map(|key| SortKey {
                key: self.expr(&key.key),
                descending: key.descending,
            })
            .collect();
        let name = function.name();
        let wrong = match function {
            AggregateFunction::Count if !by.is_empty() => Some(format!("`{name}` takes no `by`")),
            AggregateFunction::Count => None,
            _ if operand.is_none() => {
                Some(format!("`{name}` needs what it ranges over: `{name}(e)`"))
            }
            AggregateFunction::Argmin | AggregateFunction::Argmax | AggregateFunction::First => by
                .is_empty()
                .then(|| format!("`{name}` needs an order: `{name}(e by k)`")),
            AggregateFunction::List => None,
            AggregateFunction::Sum
            | AggregateFunction::Min
            | AggregateFunction::Max
            | AggregateFunction::Avg
            | AggregateFunction::Set
            | AggregateFunction::Any
            | AggregateFunction::All => (!by.is_empty()).then(|| format!("`{name}` takes no `by`")),
        };
        let distinct_wrong = (written.distinct && function != AggregateFunction::Count)
            .then(|| format!("`distinct` is only for `count`, not `{name}`"));
        if let Some(message) = wrong.or(distinct_wrong) {
            let loc = self.loc(written.span);
            self.r
                .error(codes::E0228, loc, message, "not such an aggregate");
            return HeadColumn::Omitted;
        }
        HeadColumn::Aggregate(Aggregate {
            function,
            distinct: written.distinct,
            operand,
            by,
            span: written.span,
        })
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

/// The columns of a row that is to be built.
pub(super) struct RowShape {
    pub name: SmolStr,
    pub columns: Vec<SmolStr>,
    /// What stands for a column that is left out, if it may be.
    pub may_lack: Vec<Option<HeadColumn>>,
    pub declared: Loc,
}

/// What a literal binds, before expressions are looked at.
enum Bound {
    Row(Literal),
    Pat(PatId),
}
