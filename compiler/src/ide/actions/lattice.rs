//! A plain value column becomes one that only grows: its rows no longer conflict, they merge.

use super::site::{Columns, Declared, Site, row_of_head};
use super::{Action, ActionKind, replaced};
use crate::base::{Edit, FileId, FileSpan, Span};
use crate::syntax::ast::Column;

/// The lattices that a column may be of: what a plain type becomes, and whether its values are then put in braces.
fn choices(plain: &str) -> Vec<(String, bool)> {
    let mut all = match plain {
        "Bool" => vec![("Or".to_owned(), false), ("And".to_owned(), false)],
        _ => vec![
            (format!("Max<{plain}>"), false),
            (format!("Min<{plain}>"), false),
        ],
    };
    all.push((format!("Set<{plain}>"), true));
    all
}

pub(super) fn to_lattice(site: &Site<'_>) -> Vec<Action> {
    let Some(declared) = site.declaration() else {
        return Vec::new();
    };
    let values: Vec<&Column> = declared.decl.values.iter().flatten().collect();
    let is_selected = |column: &&Column| site.holds(column.span.shifted(declared.base));
    let Some(place) = values.iter().position(is_selected) else {
        return Vec::new();
    };
    let column = values[place];
    let Some(ty) = &column.ty else {
        return Vec::new();
    };
    let ty = ty.span.shifted(declared.base);
    let plain = site.written(ty).trim_end();
    let ty = Span::new(ty.start, ty.start + plain.len() as u32);
    let position = declared.decl.keys.len() + place;
    let action = |(lattice, in_braces): (String, bool)| {
        let mut edits = match in_braces {
            true => braced(site, &declared, column, position),
            false => Vec::new(),
        };
        edits.push(replaced(ty, lattice.as_str()));
        edits.sort_by_key(|edit| edit.span);
        Action {
            title: format!("Make `{}` a lattice: `{lattice}`", column.name),
            kind: ActionKind::Rewrite,
            edits,
        }
    };
    choices(plain).into_iter().map(action).collect()
}

/// Each value that a rule gives the column, as a set of one.
fn braced(site: &Site<'_>, declared: &Declared<'_>, column: &Column, position: usize) -> Vec<Edit> {
    let name = FileSpan::new(FileId(0), declared.name());
    let mut edits = Vec::new();
    for of in site.rules_of(name) {
        let head = &of.rule.head;
        if site.meant_by(&head.path, of.base) != Some(name) {
            continue;
        }
        let given = match row_of_head(head).columns {
            Columns::ByPosition(values) => values.get(position).map(|value| value.span),
            Columns::ByName(fields) => {
                let mut fields = fields.into_iter().enumerate();
                let field = fields.find(|(_, (name, _))| *name == column.name.as_str());
                match field {
                    Some((_, (_, Some(value)))) => Some(value.span),
                    Some((at, (_, None))) => {
                        edits.extend(short(site, of.place(head.span), at));
                        None
                    }
                    None => None,
                }
            }
        };
        if let Some(span) = given {
            let span = of.place(span);
            edits.push(replaced(Span::at(span.start), "{"));
            edits.push(replaced(Span::at(span.end), "}"));
        }
    }
    edits
}

/// `{a, n}` becomes `{a, n: {n}}`: the field at a place, which is a name alone.
fn short(site: &Site<'_>, head: Span, place: usize) -> Option<Edit> {
    use crate::syntax::{TokenKind as T, lex};
    let text = site.written(head);
    let mut depth = 0usize;
    let mut commas = 0;
    for token in lex(text).tokens {
        match token.kind {
            T::OpenBrace | T::OpenParen | T::OpenBracket | T::StrBegin => depth += 1,
            T::CloseBrace | T::CloseParen | T::CloseBracket | T::StrEnd => depth -= 1,
            T::Comma if depth == 1 => commas += 1,
            kind if depth == 1 && commas == place && kind.is_lower_name() => {
                let name = &text[token.span.range()];
                let span = token.span.shifted(head.start);
                return Some(replaced(span, format!("{name}: {{{name}}}")));
            }
            _ => {}
        }
    }
    None
}
