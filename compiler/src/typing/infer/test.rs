//! Tests: rows fed and expected, arguments of nodes, counts and durations.

use super::{Found, Infer};
use crate::hir::{Action, ExprId, FaultBounds, HeadColumn, Test};
use crate::typing::ty::Ty;

impl Infer<'_, '_> {
    /// Types a test; of a fault test also its bounds.
    pub fn test(mut self, test: &Test, bounds: Option<&FaultBounds>) -> Found {
        for node in &test.nodes {
            let program = self.cx.program;
            let parameters = &program.nodes[node.kind].parameters;
            for (arg, parameter) in node.args.iter().zip(parameters) {
                if let Some(arg) = arg {
                    let ty = self.cx.constant(*parameter);
                    self.check(*arg, ty);
                }
            }
        }
        for step in &test.steps {
            self.action(test, &step.action);
        }
        let numbers = bounds.into_iter().flat_map(|bounds| {
            let known = [bounds.ticks, bounds.losses_until, bounds.crashes];
            let others = bounds.others.iter().map(|arg| arg.value);
            known.into_iter().flatten().chain(others)
        });
        for number in numbers {
            self.check(number, Ty::INT);
        }
        self.finish()
    }

    fn action(&mut self, test: &Test, action: &Action) {
        match action {
            Action::Feed {
                node,
                collection,
                row,
            } => {
                let columns = self.columns_at(test, *node, *collection);
                for (column, ty) in row.iter().zip(columns) {
                    match column {
                        HeadColumn::Expr(expr) => self.check(*expr, ty),
                        // Refused by resolution, as a test has no rows to aggregate.
                        HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => {}
                    }
                }
            }
            Action::Seal {
                node,
                collection,
                key,
            } => {
                let columns = self.columns_at(test, *node, *collection);
                let kind = test.nodes[*node as usize].kind;
                let program = self.cx.program;
                let sealed_by = &program.nodes[kind].collections[*collection].sealed_by;
                for (&value, &column) in key.iter().zip(sealed_by) {
                    self.check(value, columns[column as usize]);
                }
            }
            Action::Tick { count, .. } => {
                if let Some(count) = count {
                    self.check(*count, Ty::INT);
                }
            }
            Action::Advance(duration) => self.check(*duration, Ty::DURATION),
            Action::ExpectRows {
                node,
                collection,
                rows,
            } => {
                let columns = self.columns_at(test, *node, *collection);
                for row in rows {
                    self.row(row, &columns);
                }
            }
            Action::ExpectMatch {
                node,
                collection,
                args,
                ..
            } => {
                let columns = self.columns_at(test, *node, *collection);
                self.atom(args, &columns);
            }
            Action::Error
            | Action::Start { .. }
            | Action::Settle
            | Action::Crash(_)
            | Action::Restart(_)
            | Action::Partition(_)
            | Action::Heal
            | Action::Drop { .. }
            | Action::ExpectError { .. } => {}
        }
    }

    fn row(&mut self, row: &[ExprId], columns: &[Ty]) {
        for (&value, &ty) in row.iter().zip(columns) {
            self.check(value, ty);
        }
    }

    fn columns_at(&self, test: &Test, node: u32, collection: crate::hir::CollectionId) -> Vec<Ty> {
        let kind = test.nodes[node as usize].kind;
        self.cx.columns(kind.0 as usize, collection).to_vec()
    }
}
