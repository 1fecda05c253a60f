//! What a program says about itself: rows of `sys.rule`, `sys.collection`, `sys.depends` and
//! `sys.stratum`, as facts of the first tick.

use std::collections::BTreeSet;

use bloom_plan::plan::{self, Arrow, Expr, RelationId, RelationKind};
use bloom_plan::value::Value;
use smol_str::SmolStr;

use super::schedule::Slot;
use super::{Lowering, relation_of, rule};
use crate::hir::CollectionKind;
use crate::rir::{Head, Literal, Rule};
use crate::syntax::ast;

pub(super) fn describe(cx: &mut Lowering<'_>) {
    let described = cx.plan.rules.len();
    for (id, collection) in cx.program.nodes[cx.node].collections.iter() {
        let rows = match collection.kind {
            CollectionKind::SysRule => rules(cx, described),
            CollectionKind::SysCollection => collections(cx),
            CollectionKind::SysDepends => depends(cx, described),
            CollectionKind::SysStratum => strata(cx),
            _ => continue,
        };
        for row in rows {
            fact(cx, relation_of(id), row);
        }
    }
}

enum Word {
    Text(SmolStr),
    Bool(bool),
    Int(usize),
}

fn fact(cx: &mut Lowering<'_>, head: RelationId, row: Vec<Word>) {
    let string = cx.string();
    let columns = row.into_iter().map(|word| {
        Some(match word {
            Word::Text(text) => cx.literal(string, Value::String(text)),
            Word::Bool(b) => Expr::Word(b.into()),
            Word::Int(n) => Expr::Word(n as u64),
        })
    });
    let columns = columns.collect();
    let name = cx.plan.relations[head.0 as usize].name.clone();
    let declared = plan::Rule {
        at: name.clone(),
        text: name,
        head,
        arrow: Arrow::Merge,
        bootstrap: true,
    };
    let rule = Rule {
        variables: Vec::new(),
        literals: Vec::new(),
        head: Head::Row(columns),
    };
    cx.add_rule(declared, rule, Slot::FACT);
}

fn rules(cx: &Lowering<'_>, described: usize) -> Vec<Vec<Word>> {
    let row = |(id, rule): (usize, &plan::Rule)| {
        let arrow = match rule.arrow {
            Arrow::Merge => "<=",
            Arrow::Deferred => "<+",
            Arrow::Delete => "<-",
            Arrow::Upsert => "<+-",
            Arrow::Async => "<~",
        };
        vec![
            Word::Text(rule::name_of(id)),
            name(cx, rule.head),
            Word::Text(arrow.into()),
        ]
    };
    cx.plan.rules[..described]
        .iter()
        .enumerate()
        .map(row)
        .collect()
}

fn collections(cx: &Lowering<'_>) -> Vec<Vec<Word>> {
    let row = |relation: &plan::Relation| {
        vec![
            Word::Text(relation.name.clone()),
            Word::Text(kind(relation.kind).into()),
        ]
    };
    cx.plan.relations.iter().map(row).collect()
}

fn depends(cx: &Lowering<'_>, described: usize) -> Vec<Vec<Word>> {
    let mut edges = Vec::new();
    for (declared, rule) in cx.plan.rules[..described].iter().zip(&cx.rules) {
        for literal in &rule.literals {
            match literal {
                Literal::Atom { relation, .. } => edges.push((declared.head, *relation, false)),
                Literal::Not { relation, .. } => edges.push((declared.head, *relation, true)),
                Literal::Condition(_)
                | Literal::Let { .. }
                | Literal::Each { .. }
                | Literal::Range { .. } => {}
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    let row = |(head, body, negated)| vec![name(cx, head), name(cx, body), Word::Bool(negated)];
    edges.into_iter().map(row).collect()
}

/// Of each collection that `<=` rules derive.
fn strata(cx: &Lowering<'_>) -> Vec<Vec<Word>> {
    let rules = cx.program.nodes[cx.node].rules.values();
    let merges = rules.filter(|rule| rule.arrow == ast::Arrow::Merge);
    let heads: BTreeSet<_> = merges.map(|rule| rule.head.collection).collect();
    let row = |id| {
        let stratum = cx.analysis.strata[id] as usize;
        vec![name(cx, relation_of(id)), Word::Int(stratum)]
    };
    heads.into_iter().map(row).collect()
}

fn name(cx: &Lowering<'_>, relation: RelationId) -> Word {
    Word::Text(cx.plan.relations[relation.0 as usize].name.clone())
}

fn kind(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table { .. } => "table",
        RelationKind::Scratch => "scratch",
        RelationKind::Static => "static",
        RelationKind::Input => "input",
        RelationKind::Output => "output",
        RelationKind::View => "view",
        RelationKind::Channel { .. } => "channel",
        RelationKind::Loopback => "loopback",
        RelationKind::Periodic { .. } => "periodic",
        RelationKind::Stdout => "stdout",
        RelationKind::Stderr => "stderr",
        RelationKind::Halt => "halt",
        RelationKind::Stdin => "stdin",
        RelationKind::Cluster => "cluster",
        RelationKind::Alive => "alive",
        RelationKind::Errors => "errors",
    }
}
