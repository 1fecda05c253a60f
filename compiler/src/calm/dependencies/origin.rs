//! Where a value comes from, with the key that it had there: two rules that hand on one collection's value
//! under its key cannot disagree.

use super::{Dependencies, Span};
use crate::calm::flow::{RuleSummary, Term};
use crate::calm::model::{At, RuleAt};
use crate::hir::{CollectionKind, LitKind, VarId};

/// How many rules a value is followed back through.
const ORIGIN_DEPTH_MAX: usize = 16;

/// The collection whose value it is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Root {
    at: At,
    column: usize,
    /// What each key column of `at` is.
    keys: Vec<Part>,
    /// At which node: this one, or the one that a key column names.
    node: Option<usize>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// A key column of what the root is told of.
    Column(usize),
    Literal(LitKind),
    /// The address of the node where the row is.
    Here,
}

enum Found {
    Root(Root),
    /// The rule only hands on what is being looked at.
    Itself,
    Unknown,
}

impl Dependencies<'_, '_> {
    /// Whether both rules give the value column of `at` the value that one collection has under its key.
    pub(super) fn same_origin(
        &self,
        at: At,
        column: usize,
        one: RuleAt,
        other: RuleAt,
        span: Span,
    ) -> bool {
        // Of one tick's contents, whatever they are.
        if span == Span::Tick
            && let (Some(a), Some(b)) = (self.step(at, column, one), self.step(at, column, other))
            && a == b
        {
            return true;
        }
        let mut open = vec![(at, column)];
        let a = self.through(at, column, one, &mut open);
        let b = self.through(at, column, other, &mut open);
        match (a, b) {
            (Found::Root(a), Found::Root(b)) => a == b,
            (Found::Itself, Found::Root(_) | Found::Itself) | (Found::Root(_), Found::Itself) => {
                true
            }
            (Found::Unknown, _) | (_, Found::Unknown) => false,
        }
    }

    /// The origin of a column of a collection.
    fn origin(&self, at: At, column: usize, open: &mut Vec<(At, usize)>) -> Found {
        if open.contains(&(at, column)) {
            return Found::Itself;
        }
        let itself = || match self.lasts(at) && !self.is_channel(at) {
            true => {
                let keys = self.model.shape(at).key_columns().map(Part::Column);
                Found::Root(Root {
                    at,
                    column,
                    keys: keys.collect(),
                    node: None,
                })
            }
            false => Found::Unknown,
        };
        let rules: Vec<RuleAt> = self.model.inserters(at).collect();
        if self.model.is_source(at) || rules.is_empty() || open.len() > ORIGIN_DEPTH_MAX {
            return itself();
        }
        open.push((at, column));
        let mut common: Option<Root> = None;
        for rule in rules {
            match self.through(at, column, rule, open) {
                Found::Itself => {}
                Found::Root(root) if common.as_ref().is_none_or(|known| *known == root) => {
                    common = Some(root);
                }
                Found::Root(_) | Found::Unknown => {
                    open.pop();
                    return itself();
                }
            }
        }
        open.pop();
        match common {
            Some(root) => Found::Root(root),
            None => itself(),
        }
    }

    /// The origin of a head's column, by one rule.
    fn through(&self, at: At, column: usize, rule: RuleAt, open: &mut Vec<(At, usize)>) -> Found {
        let Some(step) = self.step(at, column, rule) else {
            return Found::Unknown;
        };
        let root = match self.origin(step.at, step.column, open) {
            // The row that is handed on must be the same row, under the same key.
            Found::Itself => {
                let same = step.at == at
                    && step.column == column
                    && step.node.is_none()
                    && self
                        .model
                        .shape(at)
                        .key_columns()
                        .zip(&step.keys)
                        .all(|(own, part)| *part == Part::Column(own));
                return match same {
                    true => Found::Itself,
                    false => Found::Unknown,
                };
            }
            Found::Unknown => return Found::Unknown,
            Found::Root(root) => root,
        };
        let keys: Vec<usize> = self.model.shape(step.at).key_columns().collect();
        let translate = |part: &Part| match part {
            Part::Literal(literal) => Some(Part::Literal(literal.clone())),
            // Seen from the head of a channel, it is the sender.
            Part::Here => Some(step.node.map_or(Part::Here, Part::Column)),
            Part::Column(place) => {
                let nth = keys.iter().position(|key| key == place)?;
                step.keys.get(nth).cloned()
            }
        };
        let Some(translated) = root
            .keys
            .iter()
            .map(translate)
            .collect::<Option<Vec<Part>>>()
        else {
            return Found::Unknown;
        };
        let node = match root.node {
            // Seen from the head of a channel, this node is the one that its rows name.
            None => step.node,
            Some(place) => match translate(&Part::Column(place)) {
                Some(Part::Column(place)) => Some(place),
                Some(Part::Literal(_) | Part::Here) | None => return Found::Unknown,
            },
        };
        Found::Root(Root {
            keys: translated,
            node,
            ..root
        })
    }

    /// The atom of the rule that gives the head's column its value, with its key as the head has it.
    fn step(&self, at: At, column: usize, rule: RuleAt) -> Option<Root> {
        let summary = self.model.rule(rule);
        let shape = self.model.shape(at);
        let Term::Var(var) = &summary.columns[column] else {
            return None;
        };
        let head_keys: Vec<usize> = shape.key_columns().collect();
        let (from, place, atom) = summary.positive().find_map(|(_, atom)| {
            let from = self.model.place(rule, atom.collection);
            let mut values = self.model.shape(from).plain_values();
            let place = values.find(|&place| atom.terms[place] == Term::Var(*var))?;
            Some((from, place, atom))
        })?;
        let location = match self.model.collection(from).kind {
            CollectionKind::Channel { location } => Some(location as usize),
            _ => None,
        };
        let part = |key: usize| match &atom.terms[key] {
            Term::Literal(literal) => Some(Part::Literal(literal.clone())),
            Term::SelfAddr => Some(Part::Here),
            Term::Any if Some(key) == location => Some(Part::Here),
            Term::Var(var) => named(summary, &head_keys, *var).map(Part::Column),
            Term::Any | Term::Constant(_) | Term::Of { .. } => None,
        };
        let keys = self.model.shape(from).key_columns();
        let keys = keys.map(part).collect::<Option<Vec<Part>>>()?;
        let node = match self.is_channel(at) {
            false => None,
            true => Some(
                *head_keys
                    .iter()
                    .find(|&&key| summary.columns[key] == Term::SelfAddr)?,
            ),
        };
        Some(Root {
            at: from,
            column: place,
            keys,
            node,
        })
    }

    fn is_channel(&self, at: At) -> bool {
        matches!(
            self.model.collection(at).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        )
    }
}

/// The key column of the head that has the variable.
fn named(summary: &RuleSummary, head_keys: &[usize], var: VarId) -> Option<usize> {
    head_keys
        .iter()
        .copied()
        .find(|&key| summary.columns[key] == Term::Var(var))
}
