//! Aggregates in head columns: what they take, and the plain value they give (§6 of the language).

use super::Infer;
use crate::base::codes;
use crate::hir::{Aggregate, AggregateFunction, Builtin, Loc};
use crate::typing::ty::Ty;

impl Infer<'_, '_> {
    /// The aggregate at a place of the head, whose column is of type `column`.
    pub(super) fn aggregate(&mut self, place: u32, aggregate: &Aggregate, column: Ty) {
        let loc = self.body.loc.at(aggregate.span);
        for key in &aggregate.by {
            let found = self.infer(key.key, None);
            self.bounds
                .push((self.body.expr_loc(key.key), found, false));
        }
        let Some(result) = self.aggregate_result(aggregate, column, loc) else {
            return;
        };
        self.found.aggregates.insert(place, result);
        let fits = match self.cx.store.is_lattice(column) {
            true => self.injects(result, column),
            false => self.cx.store.unify(result, column),
        };
        let store = &self.cx.store;
        if fits || store.holds_error(result) || store.holds_error(column) {
            return;
        }
        let (found, expected) = (self.cx.show(result), self.cx.show(column));
        let name = aggregate.function.name();
        let diagnostic = self.at(
            codes::E0301,
            loc,
            format!("type mismatch: expected `{expected}`, found `{found}`"),
            format!("`{name}` gives a `{found}`"),
        );
        self.report(diagnostic);
    }

    fn aggregate_result(&mut self, aggregate: &Aggregate, column: Ty, loc: Loc) -> Option<Ty> {
        use AggregateFunction as F;
        let function = aggregate.function;
        let name = function.name();
        let ordered = matches!(function, F::Argmin | F::Argmax | F::First);
        if ordered && aggregate.by.is_empty() {
            let message = format!("`{name}` needs `by`: `{name}(e by k)`");
            return self.wrong_aggregate(loc, message, "ordered by nothing");
        }
        if !ordered && function != F::List && !aggregate.by.is_empty() {
            let message = format!("`{name}` takes no `by`");
            return self.wrong_aggregate(loc, message, "the order does not matter to it");
        }
        if aggregate.distinct && function != F::Count {
            let message = format!("`{name}` takes no `distinct`");
            return self.wrong_aggregate(loc, message, "only `count` does");
        }
        let Some(operand) = aggregate.operand else {
            return match function {
                F::Count => Some(Ty::INT),
                _ => {
                    let message = format!("`{name}` needs an expression: `{name}(e)`");
                    self.wrong_aggregate(loc, message, "of what?")
                }
            };
        };
        let hint = match function {
            F::Any | F::All => Some(Ty::BOOL),
            F::Sum | F::Min | F::Max | F::Argmin | F::Argmax | F::First => {
                Some(self.beneath(column))
            }
            F::Count | F::Avg | F::List | F::Set => None,
        };
        let hint = hint.filter(|_| self.takes_hint(operand));
        let found = self.infer(operand, hint);
        self.bounds
            .push((self.body.expr_loc(operand), found, false));
        let found = self.cx.store.resolve(found);
        // Which the bound above reports.
        if self.cx.store.is_lattice(found) {
            return None;
        }
        let of = |ty: Ty, kinds: &[Ty]| kinds.contains(&ty);
        let unknown = self.cx.store.is_var(found) || self.cx.store.is_error(found);
        let summable = unknown || of(found, &[Ty::INT, Ty::FLOAT, Ty::DURATION]);
        let averages = unknown || of(found, &[Ty::INT, Ty::FLOAT]);
        let result = match function {
            F::Count => Ty::INT,
            F::Sum if summable => found,
            F::Avg if averages => Ty::FLOAT,
            F::Sum | F::Avg => {
                let shown = self.cx.show(found);
                let message = format!("type mismatch: `{name}` is not defined for `{shown}`");
                return self.wrong_aggregate(loc, message, "of numbers only");
            }
            F::Any | F::All => {
                self.coerce(operand, found, Ty::BOOL);
                Ty::BOOL
            }
            F::Min | F::Max | F::Argmin | F::Argmax | F::First => found,
            F::List => self.cx.store.builtin(Builtin::List, [found]),
            F::Set => self.cx.store.builtin(Builtin::FrozenSet, [found]),
        };
        Some(result)
    }

    fn wrong_aggregate(&mut self, loc: Loc, message: String, label: &str) -> Option<Ty> {
        let diagnostic = self.at(codes::E0310, loc, message, label);
        self.report(diagnostic);
        None
    }
}
