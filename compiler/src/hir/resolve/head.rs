//! Heads: what each column of the collection is given.

use super::bodies::BodyCx;
use super::scope::Value;
use crate::base::{FileSpan, Fix, Span, codes};
use crate::hir::{Aggregate, AggregateFunction, Arrow, CollectionId, HeadColumn, Loc, SortKey};
use crate::syntax::ast::{self, ExprKind, HeadArgs};
use smol_str::SmolStr;

/// The columns of a row that is to be built.
pub(super) struct RowShape {
    pub name: SmolStr,
    pub columns: Vec<SmolStr>,
    /// What stands for a column that is left out, if it may be.
    pub may_lack: Vec<Option<HeadColumn>>,
    /// Where; none for what every program has.
    pub declared: Option<Loc>,
}

impl BodyCx<'_, '_> {
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
            declared: (!collection.is_everywhere()).then_some(collection.loc),
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
        self.fill(shape, given, span, end_of_columns(args))
    }

    fn fill(
        &mut self,
        shape: &RowShape,
        given: Vec<Option<HeadColumn>>,
        span: Span,
        end: Option<u32>,
    ) -> Vec<HeadColumn> {
        let mut missing = Vec::new();
        let columns = given
            .into_iter()
            .enumerate()
            .map(|(place, column)| {
                column
                    .or_else(|| shape.may_lack[place].clone())
                    .unwrap_or_else(|| {
                        missing.push(shape.columns[place].as_str());
                        HeadColumn::Omitted
                    })
            })
            .collect();
        if !missing.is_empty() {
            let columns = if missing.len() == 1 {
                "column"
            } else {
                "columns"
            };
            let message = format!(
                "missing {columns}: `{}` is given no {columns} {}",
                shape.name,
                quoted(&missing)
            );
            let loc = self.loc(span);
            let label = "column left out, and it has no default";
            let mut diagnostic = self.r.diagnostic(codes::E0210, loc, message, label);
            if let Some(declared) = shape.declared {
                let declared = self.r.program.file_span(declared);
                diagnostic = diagnostic.with_label(declared, "declared here");
            }
            let place = self.r.program.file_span(loc);
            let fix = names_added(place, span, end, &missing);
            self.r.report(diagnostic.with_fix(fix));
        }
        columns
    }

    /// Without a body there is nothing to range over.
    pub fn refuse_aggregates_of_facts(&mut self, columns: &[HeadColumn], head: Span) {
        let is_aggregate = |column: &HeadColumn| matches!(column, HeadColumn::Aggregate(_));
        if columns.iter().any(is_aggregate) {
            let loc = self.loc(head);
            let message = "an aggregate without a body: there are no rows that it could range over";
            let diagnostic = self
                .r
                .diagnostic(codes::E0220, loc, message, "a fact has no body")
                .with_help("write what it ranges over, as in `n{c: count()} <= x{};`");
            self.r.report(diagnostic);
        }
    }

    fn head_column(&mut self, value: &ast::Expr) -> HeadColumn {
        let aggregate = value.as_aggregate().and_then(|aggregate| {
            let known = AggregateFunction::find(aggregate.function.as_str())?;
            // Of what has the same name, only a function can be called.
            let own = self.r.value(self.scope, aggregate.function.as_str());
            let is_call = matches!(own, Some(Value::Function(_) | Value::Error));
            (!is_call).then_some((aggregate, known))
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
        if function == AggregateFunction::Count && operand.is_some() && !written.distinct {
            let loc = self.loc(written.span);
            let message = "`count` of a value without `distinct`";
            let diagnostic = self
                .r
                .diagnostic(codes::E0228, loc, message, "not such an aggregate")
                .with_help(
                    "`count()` is the number of rows, `count(distinct e)` that of different values",
                );
            self.r.report(diagnostic);
            return HeadColumn::Omitted;
        }
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
        HeadColumn::Aggregate(Box::new(Aggregate {
            function,
            distinct: written.distinct,
            operand,
            by,
            span: written.span,
        }))
    }
}

/// Where the last column of a row by name ends, if it has one.
fn end_of_columns(args: &HeadArgs) -> Option<u32> {
    match args {
        HeadArgs::Positional(_) => None,
        HeadArgs::Named(fields) => fields.last().map(|field| {
            let value = field.value.as_ref().map(|value| value.span);
            value.unwrap_or(field.name.span).end
        }),
    }
}

pub(super) fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Names variables for what is missing in braces: after what is there, else before the closing brace. `place` is
/// where `span` is in the file.
pub(super) fn names_added(place: FileSpan, span: Span, end: Option<u32>, missing: &[&str]) -> Fix {
    let (at, separator) = match end {
        Some(end) => (place.span.start + (end - span.start), ", "),
        None => (place.span.end.saturating_sub(1), ""),
    };
    let place = FileSpan::new(place.file, Span::at(at));
    let names = missing.join(", ");
    Fix::replace(
        format!("add {}", quoted(missing)),
        place,
        format!("{separator}{names}"),
    )
}
