//! Key conflicts that rows from outside can cause: heads whose key does not determine their plain
//! values, by the functional dependencies of the rule's body (Armstrong's closure).
//!
//! A row's key determines its values; for a table only if it does so over the whole stream, which
//! is what `immutable` promises of an input or channel.

use bloom_stdx::arena::Id;

use crate::base::{Diagnostic, codes};
use crate::hir::{
    Collection, CollectionKind, ExprId, HeadColumn, Literal, NodeKind, PatId, Program, Rule, VarId,
};
use crate::syntax::ast::Arrow;
use crate::typing::{NodeTypes, Typed, walk};

/// Warns of a rule that can derive two plain values for one key from rows that come from outside.
pub(super) fn of_rule(
    program: &Program,
    typed: &Typed,
    kind: &NodeKind,
    types: &NodeTypes,
    rule: &Rule,
) -> Option<Diagnostic> {
    let head = &kind.collections[rule.head.collection];
    let columns = &types.collections[rule.head.collection];
    let is_plain =
        |place: usize| !head.columns[place].key && !typed.types.is_lattice(columns[place].ty);
    let source = outside(kind, rule)?;
    if !matches!(rule.arrow, Arrow::Merge | Arrow::DeferredMerge) || head.imported {
        return None;
    }
    let determined = determined(kind, rule, head);
    let place = (0..head.columns.len()).find(|&place| {
        is_plain(place)
            && match &rule.head.columns[place] {
                HeadColumn::Expr(expr) => !is_determined(rule, *expr, &determined),
                // Groups are the other columns, which hold the key.
                HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => false,
            }
    })?;
    let (name, column) = (&head.name, &head.columns[place].name);
    let message = format!(
        "rows of `{}` can give one key of `{name}` two values of `{column}`",
        kind.collections[source].name
    );
    let place = program.file_span(rule.body.loc.at(rule.head.span));
    let diagnostic = Diagnostic::new(
        codes::W0401,
        place,
        message,
        "the key does not determine the value",
    );
    Some(
        diagnostic
            .with_help(format!(
                "make `{column}` a lattice that merges, such as `Lww` or `Max`, or a key column"
            ))
            .with_help("or replace the row that is there by `<+-`"),
    )
}

/// A collection of the body whose rows come from outside.
fn outside(kind: &NodeKind, rule: &Rule) -> Option<crate::hir::CollectionId> {
    rule.literals.iter().find_map(|node| match &node.literal {
        Literal::Atom { collection, .. } => matches!(
            kind.collections[*collection].kind,
            CollectionKind::Input | CollectionKind::Channel { .. }
        )
        .then_some(*collection),
        _ => None,
    })
}

/// The variables that the head's key determines.
fn determined(kind: &NodeKind, rule: &Rule, head: &Collection) -> Vec<bool> {
    let body = &rule.body;
    let mut known = vec![false; body.vars.len()];
    for (column, declared) in rule.head.columns.iter().zip(&head.columns) {
        if let (true, HeadColumn::Expr(expr)) = (declared.key, column)
            && let crate::hir::Expr::Var(var) = body.expr(*expr)
        {
            known[var.index()] = true;
        }
    }
    loop {
        let before = known.clone();
        for node in &rule.literals {
            match &node.literal {
                Literal::Atom { collection, args } => {
                    let source = &kind.collections[*collection];
                    let columns = |key: bool| {
                        let of = args.iter();
                        of.filter(move |arg| source.columns[arg.column as usize].key == key)
                            .map(|arg| arg.pat)
                    };
                    let keys = source.columns.iter().filter(|column| column.key).count();
                    let all_keys = columns(true).count() == keys;
                    let fixed = |pat: PatId| fixes(rule, pat, &known);
                    if all_keys && holds_long_enough(source, head) && columns(true).all(fixed) {
                        learn(rule, columns(false), &mut known);
                    }
                }
                Literal::Let { pat, value } if is_determined(rule, *value, &known) => {
                    learn(rule, [*pat], &mut known);
                }
                Literal::Error
                | Literal::Not { .. }
                | Literal::Condition(_)
                | Literal::Let { .. }
                | Literal::In { .. } => {}
            }
        }
        if known == before {
            return known;
        }
    }
}

/// Whether a key of `source` determines its values for as long as rows of `head` stay.
fn holds_long_enough(source: &Collection, head: &Collection) -> bool {
    let stays = matches!(head.kind, CollectionKind::Table | CollectionKind::Static);
    !stays || !source.is_transient() || source.immutable
}

/// Whether a pattern has no variable that is not known. `_` is free.
fn fixes(rule: &Rule, pat: PatId, known: &[bool]) -> bool {
    let mut open = vec![pat];
    while let Some(pat) = open.pop() {
        match rule.body.pat(pat) {
            crate::hir::Pat::Wildcard | crate::hir::Pat::Error => return false,
            crate::hir::Pat::Var(var) if !known[var.index()] => return false,
            _ => open.extend(rule.body.pat_children(pat)),
        }
    }
    true
}

fn learn(rule: &Rule, pats: impl IntoIterator<Item = PatId>, known: &mut [bool]) {
    for pat in pats {
        for var in walk::pat_variables(&rule.body, pat) {
            known[var.index()] = true;
        }
    }
}

fn is_determined(rule: &Rule, expr: ExprId, known: &[bool]) -> bool {
    let vars: Vec<VarId> = walk::variables(&rule.body, expr);
    vars.into_iter().all(|var| known[var.index()])
}
