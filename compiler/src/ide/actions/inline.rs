//! A scratch that one rule fills gives way to that rule's body wherever it is read.
//!
//! Each reader then has a match for every way in which a row of the scratch follows, not one for each row; so
//! none may aggregate, and the scratch may hold no lattice values, which would have merged. If both the rule and a
//! reader have parts that can fail, those would no longer be evaluated one after the other, and nothing is offered.

use std::collections::{BTreeMap, BTreeSet};

use super::super::names::{Mention, Role, Target, names_of};
use super::site::{
    Columns, Declared, Row, RuleSite, Simple, Site, has_aggregate, is_total_head, is_total_literal,
    row_of, row_of_head, variables,
};
use super::{Action, ActionKind, replaced};
use crate::base::{Edit, FileId, FileSpan, Span};
use crate::syntax::ast::{Arrow, CollectionKind, ItemKind, Literal};

pub(super) fn inline(site: &Site<'_>) -> Option<Action> {
    let declared = selected(site)?;
    if declared.decl.kind != CollectionKind::Scratch || !declared.item.attributes.is_empty() {
        return None;
    }
    let name = FileSpan::new(FileId(0), declared.name());
    let all = names_of(site.db, site.package).of(Target::Collection(name));
    let mentions: Vec<Mention> = all.collect();
    let rules = site.rules_of(name);
    let heads = rules
        .iter()
        .filter(|of| site.meant_by(&of.rule.head.path, of.base) == Some(name));
    let heads: Vec<&RuleSite<'_>> = heads.collect();
    let [defining] = heads.as_slice() else {
        return None;
    };
    let definition = Definition::new(site, defining, &declared)?;
    let mut edits = Vec::new();
    let mut read = 0;
    for of in &rules {
        let rows = of
            .body()
            .filter(|(_, row)| site.meant_by(&row.path, of.base) == Some(name));
        let rows: Vec<(&Literal, Row<'_>)> = rows.collect();
        if rows.is_empty() {
            continue;
        }
        if !definition.suits(site, of) {
            return None;
        }
        let mut taken: BTreeSet<String> = variables(site.written(of.place(of.rule.span)))
            .into_iter()
            .map(str::to_owned)
            .collect();
        for (literal, row) in rows {
            let body = definition.body_for(site, &row, &mut taken)?;
            edits.push(replaced(of.place(literal.span), body));
            read += 1;
        }
    }
    // Whatever else names it, as a test does, would miss it.
    let readers = mentions.iter().filter(|one| one.role == Role::Reads);
    if read == 0 || readers.count() != read || mentions.len() != read + 2 {
        return None;
    }
    edits.push(without(site, declared.item.span.shifted(declared.base)));
    edits.push(without(site, defining.place(defining.item.span)));
    edits.sort_by_key(|edit| edit.span);
    Some(Action {
        title: format!("Inline the scratch `{}`", declared.decl.name),
        kind: ActionKind::Inline,
        edits,
    })
}

/// The declaration of the scratch whose name is selected, be it declared, written or read there.
fn selected<'d>(site: &Site<'d>) -> Option<Declared<'d>> {
    let mut mentions = names_of(site.db, site.package).all_at(FileId(0), site.selected.start);
    let place = mentions.find_map(|mention| mention.target.collection())?;
    site.declared_at(place)
}

/// An item goes, with the end of its line if nothing else is on it.
fn without(site: &Site<'_>, item: Span) -> Edit {
    let rest = &site.text[item.end as usize..];
    let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let start = item.start as usize;
    let before = site.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let is_alone = rest[..line].trim().is_empty() && site.text[before..start].trim().is_empty();
    match is_alone {
        true => replaced(Span::new(before as u32, item.end + line as u32), ""),
        false => replaced(item, ""),
    }
}

/// The rule that fills the scratch.
struct Definition<'d> {
    of: RuleSite<'d>,
    /// The variable that each column has.
    columns: BTreeMap<String, String>,
    by_position: Vec<String>,
    /// The whole body.
    body: Span,
    /// Where the body names variables, each with whether that names a column, too.
    variables: Vec<(Span, String, bool)>,
    is_total: bool,
}

impl<'d> Definition<'d> {
    fn new(site: &Site<'d>, of: &RuleSite<'d>, declared: &Declared<'_>) -> Option<Self> {
        let rule = of.rule;
        let is_item = matches!(of.item.kind, ItemKind::Rule(_));
        if !is_item || rule.arrow != Some(Arrow::Merge) || !of.item.attributes.is_empty() {
            return None;
        }
        let names: Vec<String> = declared_columns(declared);
        let values: Vec<(String, Simple<'_>)> = match row_of_head(&rule.head).columns {
            Columns::ByPosition(values) => {
                let pairs = names.iter().cloned().zip(values);
                pairs.map(|(name, value)| (name, value.is)).collect()
            }
            Columns::ByName(fields) => {
                let value = |(name, value): (&'d str, Option<super::site::Value<'d>>)| {
                    (
                        name.to_owned(),
                        value.map_or(Simple::Name(name), |value| value.is),
                    )
                };
                fields.into_iter().map(value).collect()
            }
        };
        let mut columns = BTreeMap::new();
        for (column, value) in values {
            let Simple::Name(variable) = value else {
                return None;
            };
            let twice = columns.values().any(|known| known == variable);
            if twice || site.may_grow(of, variable) {
                return None;
            }
            columns.insert(column, variable.to_owned());
        }
        let by_position = names.iter().map(|name| columns.get(name).cloned());
        let by_position: Option<Vec<String>> = by_position.collect();
        let (first, last) = (rule.body.first()?, rule.body.last()?);
        let body = of.place(first.span.cover(last.span));
        Some(Self {
            of: *of,
            by_position: by_position?,
            columns,
            body,
            variables: places_of_variables(site, body),
            is_total: has_total_body(site, of),
        })
    }

    /// Whether the body can stand in a rule.
    fn suits(&self, site: &Site<'_>, reader: &RuleSite<'_>) -> bool {
        let is_total = || has_total_body(site, reader) && is_total_head(&reader.rule.head);
        reader.is_lasting()
            && !has_aggregate(&reader.rule.head)
            && (self.is_total || is_total())
            && !std::ptr::eq(reader.rule, self.of.rule)
    }

    /// The body with the variables of a reader's row, and others that are its own.
    fn body_for(
        &self,
        site: &Site<'_>,
        row: &Row<'_>,
        taken: &mut BTreeSet<String>,
    ) -> Option<String> {
        if row.is_negated {
            return None;
        }
        let mut renamed: BTreeMap<&str, String> = BTreeMap::new();
        let mut bind = |variable: &'_ String, is: Simple<'_>| match is {
            Simple::Wildcard => Some(()),
            Simple::Name(name) => {
                let of = self.columns.values().find(|known| *known == variable)?;
                renamed.insert(of, name.to_owned());
                Some(())
            }
            Simple::Other => None,
        };
        match &row.columns {
            Columns::ByPosition(values) if values.len() == self.by_position.len() => {
                for (variable, value) in self.by_position.iter().zip(values) {
                    bind(variable, value.is)?;
                }
            }
            Columns::ByPosition(_) => return None,
            Columns::ByName(fields) => {
                for (column, value) in fields {
                    let is = value.map_or(Simple::Name(column), |value| value.is);
                    bind(self.columns.get(*column)?, is)?;
                }
            }
        }
        for (_, variable, _) in &self.variables {
            if !renamed.contains_key(variable.as_str()) {
                let mut own = variable.clone();
                let mut number = 1;
                while taken.contains(&own) {
                    number += 1;
                    own = format!("{variable}{number}");
                }
                taken.insert(own.clone());
                renamed.insert(variable, own);
            }
        }
        Some(self.written(site, &renamed))
    }

    fn written(&self, site: &Site<'_>, renamed: &BTreeMap<&str, String>) -> String {
        let mut text = String::new();
        let mut from = self.body.start;
        for (span, variable, is_short) in &self.variables {
            text.push_str(site.written(Span::new(from, span.start)));
            let name = &renamed[variable.as_str()];
            if *is_short && name != variable {
                text.push_str(&format!("{variable}: "));
            }
            text.push_str(name);
            from = span.end;
        }
        text.push_str(site.written(Span::new(from, self.body.end)));
        text
    }
}

fn declared_columns(declared: &Declared<'_>) -> Vec<String> {
    let values = declared.decl.values.iter().flatten();
    let columns = declared.decl.keys.iter().chain(values);
    columns.map(|column| column.name.text.to_string()).collect()
}

/// Where variables stand in a part of a rule.
fn places_of_variables(site: &Site<'_>, part: Span) -> Vec<(Span, String, bool)> {
    let names = || names_of(site.db, site.package).in_file(FileId(0));
    let inside = |mention: &Mention| {
        let span = mention.place.span;
        part.start <= span.start && span.end <= part.end
    };
    let is_column = |span: Span| {
        names().any(|other| other.place.span == span && matches!(other.target, Target::Column(_)))
    };
    let mut found: Vec<(Span, String, bool)> = Vec::new();
    for mention in names().filter(inside) {
        let span = mention.place.span;
        let is_new = found.last().is_none_or(|(last, ..)| *last != span);
        if matches!(mention.target, Target::Variable(..)) && is_new {
            found.push((span, site.written(span).to_owned(), is_column(span)));
        }
    }
    found
}

/// Whether nothing in the body of a rule fails.
fn has_total_body(site: &Site<'_>, of: &RuleSite<'_>) -> bool {
    of.rule.body.iter().all(|literal| {
        let row = row_of(literal);
        let is_row = row.is_some_and(|row| site.meant_by(&row.path, of.base).is_some());
        is_total_literal(literal, is_row)
    })
}
