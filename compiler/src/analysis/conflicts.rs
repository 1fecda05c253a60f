//! Key conflicts that rows from outside can cause: heads whose key does not determine their plain
//! values, by the functional dependencies of the rule's body (Armstrong's closure).
//!
//! Rows come from outside over an input or channel, and so does all that is derived from them, through
//! any number of rules. A row's key determines its values; for a table only if it does so over the whole stream, which
//! is what `immutable` promises of an input or channel.

use bloom_stdx::arena::Id;

use crate::base::{Diagnostic, codes};
use crate::hir::{
    Collection, CollectionId, CollectionKind, ExprId, HeadColumn, Literal, NodeKind, PatId,
    Program, Rule, RuleId, VarId,
};
use crate::syntax::ast::Arrow;
use crate::typing::{NodeTypes, Typed, walk};

/// A rule that can derive two plain values for one key.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    /// The collections that it reads rows of.
    sources: Vec<CollectionId>,
    column: usize,
}

/// The conflict that a rule by itself can cause, whatever its rows come from.
pub(super) fn of_rule(
    typed: &Typed,
    kind: &NodeKind,
    types: &NodeTypes,
    rule: &Rule,
) -> Option<Conflict> {
    let head = &kind.collections[rule.head.collection];
    let columns = &types.collections[rule.head.collection];
    let is_plain =
        |place: usize| !head.columns[place].key && !typed.types.is_lattice(columns[place].ty);
    if !matches!(rule.arrow, Arrow::Merge | Arrow::DeferredMerge) || head.imported {
        return None;
    }
    let determined = determined(kind, rule, head);
    let column = (0..head.columns.len()).find(|&place| {
        is_plain(place)
            && match &rule.head.columns[place] {
                HeadColumn::Expr(expr) => !is_determined(rule, *expr, &determined),
                // Groups are the other columns, which hold the key.
                HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => false,
            }
    })?;
    Some(Conflict {
        sources: sources(rule).collect(),
        column,
    })
}

/// Warns of the rules whose conflicts rows from outside can cause.
pub(super) fn report<'c>(
    program: &Program,
    kind: &NodeKind,
    conflicts: impl Iterator<Item = (RuleId, &'c Conflict)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut conflicts = conflicts.peekable();
    if conflicts.peek().is_none() {
        return;
    }
    let outside = outside(kind);
    for (id, conflict) in conflicts {
        let sources = conflict.sources.iter();
        let direct = |&&source: &&CollectionId| is_outside(&kind.collections[source].kind);
        let source = sources.clone().find(direct).or_else(|| {
            let mut sources = sources;
            sources.find(|source| outside[source.index()])
        });
        if let Some(&source) = source {
            diagnostics.push(warning(program, kind, id, conflict, source));
        }
    }
}

fn warning(
    program: &Program,
    kind: &NodeKind,
    id: RuleId,
    conflict: &Conflict,
    source: CollectionId,
) -> Diagnostic {
    let rule = &kind.rules[id];
    let head = &kind.collections[rule.head.collection];
    let (name, column) = (&head.name, &head.columns[conflict.column].name);
    let source = &kind.collections[source];
    let message = format!(
        "rows of `{}` can give one key of `{name}` two values of `{column}`",
        source.name
    );
    let place = program.file_span(rule.body.loc.at(rule.head.span));
    let label = match is_outside(&source.kind) {
        true => "the key does not determine the value".to_owned(),
        false => format!(
            "the key does not determine the value; rows of `{}` follow from those that come from outside",
            source.name
        ),
    };
    Diagnostic::new(codes::W0401, place, message, label)
        .with_help(format!(
            "make `{column}` a lattice that merges, such as `Lww` or `Max`, or a key column"
        ))
        .with_help("or replace the row that is there by `<+-`")
}

fn is_outside(kind: &CollectionKind) -> bool {
    matches!(kind, CollectionKind::Input | CollectionKind::Channel { .. })
}

/// Whether the program's own rules, and no time that passes, say what rows there are.
fn is_derived(kind: &CollectionKind) -> bool {
    matches!(
        kind,
        CollectionKind::Scratch | CollectionKind::View | CollectionKind::Output
    )
}

/// The collections whose rows a rule reads.
fn sources(rule: &Rule) -> impl Iterator<Item = CollectionId> {
    rule.literals.iter().filter_map(|node| match &node.literal {
        Literal::Atom { collection, .. } => Some(*collection),
        Literal::Error
        | Literal::Not { .. }
        | Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::In { .. } => None,
    })
}

/// Of each collection, whether rows of it come from outside or follow from some that do.
fn outside(kind: &NodeKind) -> Vec<bool> {
    let mut outside: Vec<bool> = kind
        .collections
        .values()
        .map(|own| is_outside(&own.kind))
        .collect();
    let mut heads: Vec<Vec<usize>> = vec![Vec::new(); outside.len()];
    for rule in kind.rules.values() {
        for source in sources(rule) {
            heads[source.index()].push(rule.head.collection.index());
        }
    }
    let mut open: Vec<usize> = (0..outside.len()).filter(|&place| outside[place]).collect();
    while let Some(place) = open.pop() {
        for &head in &heads[place] {
            if !std::mem::replace(&mut outside[head], true) {
                open.push(head);
            }
        }
    }
    outside
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

/// Whether a key of `source` determines its values for as long as rows of `head` stay. What is derived
/// anew each tick is taken to say the same of a key each time: only who knows the program knows better.
fn holds_long_enough(source: &Collection, head: &Collection) -> bool {
    let stays = matches!(head.kind, CollectionKind::Table | CollectionKind::Static);
    !stays || !source.is_transient() || source.immutable || is_derived(&source.kind)
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
