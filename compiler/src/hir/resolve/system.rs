//! The program about itself: facts of `sys.rule`, `sys.collection` and `sys.depends` for a kind that reads them.
//!
//! `sys.stratum` is filled where strata are known.

use super::Resolver;
use super::rule::symbol;
use crate::hir::{
    Arrow, Body, CollectionId, CollectionKind, Expr, ExprNode, Head, HeadColumn, LitKind, Literal,
    Loc, Origin, Rule,
};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;
use thin_vec::ThinVec;

impl<'a> Resolver<'a> {
    pub fn describe_program(&mut self) {
        let node = &self.kind.node;
        let mut facts: Vec<(CollectionId, Vec<Vec<LitKind>>)> = Vec::new();
        for (id, collection) in node.collections.iter() {
            match collection.kind {
                CollectionKind::SysRule => facts.push((id, self.rule_rows())),
                CollectionKind::SysCollection => facts.push((id, self.collection_rows())),
                CollectionKind::SysDepends => facts.push((id, self.dependency_rows())),
                _ => {}
            }
        }
        for (id, rows) in facts {
            for row in rows {
                let loc = self.kind.node.loc;
                self.kind.node.rules.push(Arc::new(fact(id, row, loc)));
            }
        }
    }

    fn rule_rows(&self) -> Vec<Vec<LitKind>> {
        let node = &self.kind.node;
        node.rules
            .iter()
            .map(|(id, rule)| {
                let head = node.collections[rule.head.collection].name.clone();
                let texts = [
                    format_smolstr!("{id}"),
                    head,
                    SmolStr::new(symbol(rule.arrow)),
                ];
                texts.map(LitKind::text).to_vec()
            })
            .collect()
    }

    fn collection_rows(&self) -> Vec<Vec<LitKind>> {
        let collections = self.kind.node.collections.values();
        collections
            .map(|collection| {
                let kind = SmolStr::new(collection.kind.word());
                vec![LitKind::text(collection.name.clone()), LitKind::text(kind)]
            })
            .collect()
    }

    fn dependency_rows(&self) -> Vec<Vec<LitKind>> {
        let node = &self.kind.node;
        let mut rows: Vec<(SmolStr, SmolStr, bool)> = Vec::new();
        for rule in node.rules.values() {
            let head = &node.collections[rule.head.collection].name;
            for literal in &rule.literals {
                let (collection, negated) = match &literal.literal {
                    Literal::Atom { collection, .. } => (collection, false),
                    Literal::Not { collection, .. } => (collection, true),
                    Literal::Error
                    | Literal::Condition(_)
                    | Literal::Let { .. }
                    | Literal::In { .. } => {
                        continue;
                    }
                };
                rows.push((
                    head.clone(),
                    node.collections[*collection].name.clone(),
                    negated,
                ));
            }
        }
        rows.sort();
        rows.dedup();
        let literals = rows.into_iter().map(|(head, body, negated)| {
            vec![
                LitKind::text(head),
                LitKind::text(body),
                LitKind::Bool(negated),
            ]
        });
        literals.collect()
    }
}

fn fact(collection: CollectionId, row: Vec<LitKind>, loc: Loc) -> Rule {
    let mut body = Body::new(loc);
    let columns = row
        .into_iter()
        .map(|literal| {
            let expr = Expr::Literal(literal);
            HeadColumn::Expr(body.exprs.push(ExprNode {
                expr,
                span: loc.span,
            }))
        })
        .collect();
    Rule {
        head: Head {
            collection,
            columns,
            span: loc.span,
        },
        arrow: Arrow::Merge,
        literals: ThinVec::new(),
        bootstrap: true,
        group: None,
        origin: Origin::System,
        nondeterministic: None,
        body,
        loc,
    }
}
