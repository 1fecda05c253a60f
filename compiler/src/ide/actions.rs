//! Rewritings that a person may want where nothing is wrong: columns by name instead of by position, all columns
//! named, literals taken out into a collection of their own.
//!
//! As with renaming, an action is offered only if the rewritten program has no mistake more than before.

use std::collections::BTreeSet;

use super::complete::Scene;
use super::rename::errors_of;
use crate::base::{Edit, FileId, Span};
use crate::database::{self, Db, Language, Package};
use crate::syntax::ast::{
    AtomArgs, Expr, HeadArgs, ItemKind, ItemNode, Literal, LiteralKind, Path, Rule,
};
use crate::syntax::{Token, TokenKind, lex};

/// A rewriting of the root file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    /// By place; none over another.
    pub edits: Vec<Edit>,
}

/// What can be done with what is selected.
pub fn actions(db: &dyn Db, package: Package, selected: Span) -> Vec<Action> {
    let Some(&root) = package.files(db).first() else {
        return Vec::new();
    };
    if root.language(db) == Language::Dedalus {
        return Vec::new();
    }
    let text = root.text(db).as_str();
    let mut found = Vec::new();
    let module = database::module(db, root);
    if let Some((rule, base)) = rule_at(&module.items, 0, selected)
        && let Some(scene) = Scene::new(db, package, selected.start)
    {
        let place = Rewrite {
            scene,
            text,
            base,
            selected,
        };
        found.extend(place.rows(rule));
        found.extend(place.extracted(rule));
    }
    let before = database::parse_and_resolution_errors(db, package);
    found.retain(|action| errors_with(db, package, action) <= before);
    found
}

fn errors_with(db: &dyn Db, package: Package, action: &Action) -> usize {
    let files = package.files(db);
    let mut texts: Vec<String> = files.iter().map(|file| file.text(db).clone()).collect();
    for edit in action.edits.iter().rev() {
        texts[edit.file.0 as usize].replace_range(edit.span.range(), &edit.new_text);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name(db).as_str()).collect();
    errors_of(&names, &texts)
}

/// The rule around a selection, and where its places count from.
fn rule_at(items: &[ItemNode], base: u32, selected: Span) -> Option<(&Rule, u32)> {
    items.iter().find_map(|node| {
        let start = base + node.offset;
        let is_around = |span: Span| {
            let span = span.shifted(start);
            span.start <= selected.start && selected.end <= span.end
        };
        if !is_around(node.item.span) {
            return None;
        }
        let among = |rules: &'_ [Rule]| rules.iter().position(|rule| is_around(rule.span));
        match &node.item.kind {
            ItemKind::Rule(rule) => Some((rule, start)),
            ItemKind::Bootstrap(block) => Some((&block.rules[among(&block.rules)?], start)),
            ItemKind::Rules(group) => Some((&group.rules[among(&group.rules)?], start)),
            ItemKind::Module(module) => rule_at(&module.items, start, selected),
            _ => None,
        }
    })
}

/// A row in a rule: its collection, whole extent, and the places of its values or names.
struct Row {
    path: Path,
    span: Span,
    by_position: Vec<Span>,
    by_name: Vec<String>,
    is_named: bool,
}

struct Rewrite<'d> {
    scene: Scene<'d>,
    text: &'d str,
    base: u32,
    selected: Span,
}

impl<'d> Rewrite<'d> {
    fn written(&self, span: Span) -> &'d str {
        &self.text[span.shifted(self.base).range()]
    }

    fn edit(&self, span: Span, new_text: String) -> Edit {
        Edit {
            file: FileId(0),
            span: span.shifted(self.base),
            new_text,
        }
    }

    fn is_selected(&self, span: Span) -> bool {
        let span = span.shifted(self.base);
        span.start <= self.selected.start && self.selected.end <= span.end
    }

    /// What can be done with the row that the selection is in.
    fn rows(&self, rule: &Rule) -> Vec<Action> {
        let literals = rule.body.iter().filter_map(row_of);
        let rows = [row_of_head(rule)].into_iter().chain(literals);
        let selected = rows.filter(|row| self.is_selected(row.span));
        selected.filter_map(|row| self.named(&row)).collect()
    }

    fn named(&self, row: &Row) -> Option<Action> {
        let path: Vec<&str> = row.path.segments.iter().map(|name| name.as_str()).collect();
        let seen = self.scene.find(&path)?;
        let columns = seen
            .collection
            .columns
            .iter()
            .map(|column| column.name.as_str());
        let columns: Vec<&str> = columns.collect();
        let whole = self.written(row.span);
        let bracket = whole.find(if row.is_named { '{' } else { '(' })?;
        let opened = Span::new(row.span.start + bracket as u32, row.span.end);
        if row.is_named {
            let missing: Vec<&str> = columns
                .into_iter()
                .filter(|column| !row.by_name.iter().any(|name| name == column))
                .collect();
            let inside = self.written(opened).trim_end();
            let inside = inside
                .strip_prefix('{')?
                .strip_suffix('}')?
                .trim()
                .trim_end_matches(',');
            let rest = missing.join(", ");
            let new_text = match inside.is_empty() {
                true => format!("{{{rest}}}"),
                false => format!("{{{inside}, {rest}}}"),
            };
            return (!missing.is_empty()).then(|| Action {
                title: format!("Name all columns of `{}`", path.join(".")),
                edits: vec![self.edit(opened, new_text)],
            });
        }
        if columns.len() != row.by_position.len() {
            return None;
        }
        let values = columns.iter().zip(&row.by_position);
        let fields = values.filter_map(|(column, &span)| match self.written(span) {
            "_" => None,
            value if value == *column => Some(value.to_owned()),
            value => Some(format!("{column}: {value}")),
        });
        let fields: Vec<String> = fields.collect();
        Some(Action {
            title: format!("Name the columns of `{}`", path.join(".")),
            edits: vec![self.edit(opened, format!("{{{}}}", fields.join(", ")))],
        })
    }

    /// The selected literals as a scratch of their own, which has the columns that the rest of the rule needs.
    fn extracted(&self, rule: &Rule) -> Option<Action> {
        let touches = |literal: &&Literal| {
            let span = literal.span.shifted(self.base);
            span.start < self.selected.end && self.selected.start < span.end
        };
        let inside: Vec<&Literal> = rule.body.iter().filter(touches).collect();
        let (first, last) = (inside.first()?, inside.last()?);
        if inside.len() == rule.body.len() || inside.len() < 2 {
            return None;
        }
        let moved = first.span.cover(last.span);
        let around = [
            Span::new(rule.span.start, moved.start),
            Span::new(moved.end, rule.span.end),
        ];
        let words = |span: Span| variables(self.written(span));
        let outside: BTreeSet<&str> = around.into_iter().flat_map(words).collect();
        let shared: Vec<&str> = words(moved).intersection(&outside).copied().collect();
        let name = self.fresh("found");
        let columns = shared.join(", ");
        let start = Span::at(rule.span.start);
        let declared = format!(
            "scratch {name}({columns});\n{name}{{{columns}}} <= {};\n",
            self.written(moved)
        );
        Some(Action {
            title: format!("Take {} literals out into a scratch", inside.len()),
            edits: vec![
                self.edit(start, declared),
                self.edit(moved, format!("{name}{{{columns}}}")),
            ],
        })
    }

    /// A name that nothing in the file has.
    fn fresh(&self, wanted: &str) -> String {
        let tokens = lex(self.text).tokens;
        let words: BTreeSet<&str> = tokens
            .iter()
            .map(|token| &self.text[token.span.range()])
            .collect();
        let mut number = 1;
        let mut name = wanted.to_owned();
        while words.contains(name.as_str()) {
            number += 1;
            name = format!("{wanted}{number}");
        }
        name
    }
}

/// Words of a part of a rule that may be variables: names that no bracket, dot or colon follows or leads to.
fn variables(text: &str) -> BTreeSet<&str> {
    let tokens: Vec<Token> = lex(text).tokens;
    let kind = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.kind);
    let words = tokens.iter().enumerate().filter(|(at, token)| {
        let before = kind(at.checked_sub(1));
        let after = kind(at.checked_add(1));
        token.kind.is_lower_name()
            && before != Some(TokenKind::Dot)
            && !matches!(
                after,
                Some(TokenKind::OpenBrace | TokenKind::OpenParen | TokenKind::Colon)
            )
    });
    let words = words.map(|(_, token)| &text[token.span.range()]);
    words.filter(|word| *word != "_").collect()
}

fn row_of_head(rule: &Rule) -> Row {
    let (by_position, by_name, is_named) = match &rule.head.args {
        HeadArgs::Positional(values) => (
            values.iter().map(|value| value.span).collect(),
            Vec::new(),
            false,
        ),
        HeadArgs::Named(fields) => {
            let names = fields.iter().map(|field| field.name.text.to_string());
            (Vec::new(), names.collect(), true)
        }
    };
    Row {
        path: rule.head.path.clone(),
        span: rule.head.span,
        by_position,
        by_name,
        is_named,
    }
}

fn row_of(literal: &Literal) -> Option<Row> {
    let of_call = |expr: &Expr| {
        let (path, args) = expr.as_call()?;
        Some(Row {
            path,
            span: expr.span,
            by_position: args.iter().map(|arg| arg.value.span).collect(),
            by_name: Vec::new(),
            is_named: false,
        })
    };
    match &literal.kind {
        LiteralKind::Atom(atom) | LiteralKind::Not(atom) => {
            let (by_position, by_name, is_named) = match &atom.args {
                AtomArgs::Positional(patterns) => (
                    patterns.iter().map(|pattern| pattern.span).collect(),
                    Vec::new(),
                    false,
                ),
                AtomArgs::Named(fields) => {
                    let names = fields.iter().map(|field| field.name.text.to_string());
                    (Vec::new(), names.collect(), true)
                }
            };
            Some(Row {
                path: atom.path.clone(),
                span: atom.span,
                by_position,
                by_name,
                is_named,
            })
        }
        LiteralKind::Expr(expr) => of_call(expr),
        LiteralKind::Let { .. } | LiteralKind::In { .. } => None,
    }
}
