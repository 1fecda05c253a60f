//! Rules: rows bind variables first, then bindings and generators as soon as what they read is
//! known, then conditions, then the head. So the order of literals does not matter.

use super::Infer;
use crate::base::codes;
use crate::hir::{AtomArg, Builtin, ExprId, Head, HeadColumn, Literal, PatId, Rule};
use crate::typing::infer::Found;
use crate::typing::ty::{Con, Ty};
use crate::typing::walk;

/// A binding or generator.
#[derive(Clone, Copy)]
pub(super) enum Binder {
    Let { pat: PatId, value: ExprId },
    In { pat: PatId, source: ExprId },
}

impl Infer<'_, '_> {
    /// Types a rule of a kind of node, by the kind's place.
    pub fn rule(mut self, kind: usize, rule: &Rule) -> Found {
        let mut binders = Vec::new();
        let mut conditions = Vec::new();
        for node in &rule.literals {
            match &node.literal {
                Literal::Error => {}
                Literal::Atom { collection, args } | Literal::Not { collection, args } => {
                    let columns = self.cx.columns(kind, *collection).to_vec();
                    self.atom(args, &columns);
                }
                Literal::Condition(condition) => conditions.push(*condition),
                Literal::Let { pat, value } => binders.push(Binder::Let {
                    pat: *pat,
                    value: *value,
                }),
                Literal::In { pat, source } => binders.push(Binder::In {
                    pat: *pat,
                    source: *source,
                }),
            }
        }
        self.binders(binders);
        for condition in conditions {
            self.condition(condition);
        }
        self.head(kind, &rule.head);
        self.finish()
    }

    pub(super) fn atom(&mut self, args: &[AtomArg], columns: &[Ty]) {
        for arg in args {
            let ty = columns.get(arg.column as usize).copied();
            self.pattern(arg.pat, ty.unwrap_or(Ty::ERROR));
        }
    }

    /// Types binders, those first whose variables are known.
    pub(super) fn binders(&mut self, mut open: Vec<Binder>) {
        while !open.is_empty() {
            let known = open.iter().position(|binder| self.is_known(binder.reads()));
            match open.remove(known.unwrap_or(0)) {
                Binder::Let { pat, value } => {
                    let found = self.infer(value, None);
                    self.pattern(pat, found);
                }
                Binder::In { pat, source } => self.generator(pat, source),
            }
        }
    }

    fn is_known(&self, expr: ExprId) -> bool {
        let mut vars = walk::variables(self.body, expr).into_iter();
        vars.all(|var| !self.cx.store.is_var(self.var(var)))
    }

    pub(super) fn generator(&mut self, pat: PatId, source: ExprId) {
        let found = self.infer(source, None);
        let element = match self.cx.store.head(found) {
            Some((Con::Builtin(builtin), args)) => match builtin {
                Builtin::List
                | Builtin::Set
                | Builtin::PosSet
                | Builtin::Bag
                | Builtin::FrozenSet
                | Builtin::FrozenBag => Some(args[0]),
                Builtin::Map | Builtin::FrozenMap => {
                    let entry = args.to_vec();
                    Some(self.cx.store.tuple(entry))
                }
                _ => None,
            },
            Some(_) => None,
            None if self.cx.store.is_error(found) => Some(Ty::ERROR),
            None => Some(self.uninferred(source)),
        };
        let element = element.unwrap_or_else(|| {
            let shown = self.cx.show(found);
            let diagnostic = self
                .at(
                    codes::E0312,
                    self.body.expr_loc(source),
                    format!("`{shown}` has no elements for `in`"),
                    format!("this is `{shown}`"),
                )
                .with_help("`in` takes a list, set, bag, map or range");
            self.fail(diagnostic)
        });
        self.pattern(pat, element);
    }

    /// A condition is a `Bool`, or an `Or`, which once true stays so.
    pub(super) fn condition(&mut self, condition: ExprId) {
        let found = self.infer(condition, None);
        if self.cx.store.resolve(found) != Ty::OR {
            self.coerce(condition, found, Ty::BOOL);
        }
    }

    fn head(&mut self, kind: usize, head: &Head) {
        let columns = self.cx.columns(kind, head.collection).to_vec();
        let grouped = head
            .columns
            .iter()
            .any(|column| matches!(column, HeadColumn::Aggregate(_)));
        let names = &self.cx.kinds[kind].collections[head.collection];
        for (place, (column, ty)) in head.columns.iter().zip(columns).enumerate() {
            match column {
                HeadColumn::Expr(expr) => {
                    let declared = &names.columns[place];
                    let text = match declared.ty.is_some() {
                        true => format!(
                            "column `{}` of `{}` is `{}`",
                            declared.name,
                            names.name,
                            self.cx.show(ty)
                        ),
                        false => format!("column `{}` is declared here", declared.name),
                    };
                    self.column = Some((*expr, self.cx.program.file_span(declared.loc), text));
                    self.check(*expr, ty);
                    self.column = None;
                    if grouped {
                        let found = self.type_of(*expr);
                        self.bounds.push((self.body.expr_loc(*expr), found, false));
                    }
                }
                HeadColumn::Aggregate(aggregate) => self.aggregate(place as u32, aggregate, ty),
                HeadColumn::Default | HeadColumn::Omitted => {}
            }
        }
    }
}

impl Binder {
    /// The expression whose variables it reads.
    fn reads(self) -> ExprId {
        match self {
            Binder::Let { value, .. } => value,
            Binder::In { source, .. } => source,
        }
    }
}
