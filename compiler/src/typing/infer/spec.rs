//! Rules of specs: rows of any node, and relations whose columns have their types from the rules.

use super::rule::Binder;
use super::{Found, Infer};
use crate::base::codes;
use crate::hir::{HeadColumn, Location, SpecLiteral, SpecRule};
use crate::typing::ty::Ty;

impl Infer<'_, '_> {
    /// Types a rule; `relations` has the types of the columns of the spec's own relations.
    pub fn spec_rule(mut self, rule: &SpecRule, relations: &[Vec<Ty>]) -> Found {
        let mut binders = Vec::new();
        let mut conditions = Vec::new();
        for literal in &rule.literals {
            match literal {
                SpecLiteral::Error => {}
                SpecLiteral::At {
                    collections,
                    at,
                    args,
                    ..
                } => {
                    match at {
                        Location::Any => {}
                        Location::Pat(pat) => self.pattern(*pat, Ty::ADDR),
                        Location::Expr(expr) => self.check(*expr, Ty::ADDR),
                    }
                    for (name, pat) in args {
                        let ty = self.column_of_any(collections, name, *pat);
                        self.pattern(*pat, ty);
                    }
                }
                SpecLiteral::Up { node, .. } => self.pattern(*node, Ty::ADDR),
                SpecLiteral::Crashed { node, tick, .. } => {
                    self.pattern(*node, Ty::ADDR);
                    self.pattern(*tick, Ty::INT);
                }
                SpecLiteral::Row {
                    collection, args, ..
                } => {
                    let columns = relations.get(*collection as usize);
                    self.atom(args, columns.map_or(&[][..], Vec::as_slice));
                }
                SpecLiteral::Condition(condition) => conditions.push(*condition),
                SpecLiteral::Let { pat, value } => binders.push(Binder::Let {
                    pat: *pat,
                    value: *value,
                }),
                SpecLiteral::In { pat, source } => binders.push(Binder::In {
                    pat: *pat,
                    source: *source,
                }),
            }
        }
        self.binders(binders);
        for condition in conditions {
            self.condition(condition);
        }
        let columns = relations.get(rule.head.collection as usize);
        let columns = columns.map_or(&[][..], Vec::as_slice);
        for (place, (column, &ty)) in rule.head.columns.iter().zip(columns).enumerate() {
            match column {
                HeadColumn::Expr(expr) => self.check(*expr, ty),
                HeadColumn::Aggregate(aggregate) => self.aggregate(place as u32, aggregate, ty),
                HeadColumn::Default | HeadColumn::Omitted => {}
            }
        }
        self.finish()
    }

    /// The type of a column that collections of several kinds of node share.
    fn column_of_any(
        &mut self,
        collections: &[(crate::hir::NodeId, crate::hir::CollectionId)],
        name: &str,
        pat: crate::hir::PatId,
    ) -> Ty {
        let mut shared: Option<Ty> = None;
        for &(node, collection) in collections {
            let kind = node.0 as usize;
            let Some(place) = self.cx.kinds[kind].collections[collection].column(name) else {
                continue;
            };
            let ty = self.cx.columns(kind, collection)[place as usize];
            let Some(first) = shared else {
                shared = Some(ty);
                continue;
            };
            if !self.cx.store.unify(first, ty) {
                let (a, b) = (self.cx.show(first), self.cx.show(ty));
                let diagnostic = self.at(
                    codes::E0301,
                    self.body.pat_loc(pat),
                    format!("type mismatch: column `{name}` is `{a}` at one kind of node and `{b}` at another"),
                    "of both kinds",
                );
                return self.fail(diagnostic);
            }
        }
        shared.unwrap_or(Ty::ERROR)
    }
}
