//! Where the rows of a collection come from, within its node: the sources whose rows have a part in them,
//! and which of a source's columns a column has its value from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::flow::{RuleSummary, Term};
use super::model::{At, Model, RuleAt};
use crate::hir::{CollectionKind, VarId};

/// Of each source, its columns that have the value.
type Carried = BTreeMap<At, BTreeSet<u32>>;

pub struct Lineage<'m, 'a> {
    model: &'m Model<'a>,
    sources: RefCell<FxHashMap<At, Rc<BTreeSet<At>>>>,
    carried: RefCell<FxHashMap<(At, usize), Rc<Carried>>>,
}

impl<'m, 'a> Lineage<'m, 'a> {
    pub fn new(model: &'m Model<'a>) -> Self {
        Lineage {
            model,
            sources: RefCell::default(),
            carried: RefCell::default(),
        }
    }

    /// The asynchronous sources from which rows of the place can come at its node.
    pub fn sources(&self, at: At) -> Rc<BTreeSet<At>> {
        if let Some(known) = self.sources.borrow().get(&at) {
            return Rc::clone(known);
        }
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if let Some((source, _)) = self.sealed(at) {
                found.insert(source);
                continue;
            }
            if self.model.is_asynchronous(at) {
                found.insert(at);
                continue;
            }
            for &rule in self.model.writers(at) {
                for atom in &self.model.rule(rule).atoms {
                    let from = self.model.place(rule, atom.collection);
                    if seen.insert(from) {
                        open.push(from);
                    }
                }
            }
        }
        let found = Rc::new(found);
        self.sources.borrow_mut().insert(at, Rc::clone(&found));
        found
    }

    /// Of a collection of seals: what they are the seals of, and of each column its column there. Seals come
    /// as rows do, at any time, so they race as such.
    fn sealed(&self, at: At) -> Option<(At, Vec<Option<u32>>)> {
        let node = self.model.node_of(at);
        let kind = self.model.collection(at).kind;
        let of = match kind {
            CollectionKind::Seal { of }
            | CollectionKind::Seals { of }
            | CollectionKind::Sealed { of } => of,
            _ => return None,
        };
        let source = &self.model.program.nodes[node].collections[of];
        let is_channel = matches!(source.kind, CollectionKind::Channel { .. });
        // The columns before are the receiver and the producer.
        let before = match kind {
            CollectionKind::Seal { .. } => 2,
            CollectionKind::Seals { .. } if is_channel => 1,
            _ => 0,
        };
        let partition = source.sealed_by.iter().map(|&column| Some(column));
        let columns = std::iter::repeat_n(None, before).chain(partition);
        Some((self.model.place_of(node, of), columns.collect()))
    }

    /// The columns of sources whose value the column always has.
    pub fn carried(&self, at: At, column: usize) -> Rc<Carried> {
        let key = (at, column);
        if let Some(known) = self.carried.borrow().get(&key) {
            return Rc::clone(known);
        }
        if let Some((source, columns)) = self.sealed(at) {
            let own = columns.get(column).copied().flatten();
            return Rc::new(Carried::from([(source, own.into_iter().collect())]));
        }
        if self.model.is_asynchronous(at) {
            return Rc::new(Carried::from([(at, BTreeSet::from([column as u32]))]));
        }
        // While it is looked at: nothing is known, so nothing is claimed.
        self.carried.borrow_mut().insert(key, Rc::default());
        let mut all: Option<Carried> = None;
        for &rule in self.model.writers(at) {
            let term = &self.model.rule(rule).columns[column];
            let own = self.of_term(rule, term);
            let known = all.get_or_insert_default();
            for source in self.sources_of(rule) {
                let columns = own.get(&source).cloned().unwrap_or_default();
                known
                    .entry(source)
                    .and_modify(|before| before.retain(|column| columns.contains(column)))
                    .or_insert(columns);
            }
        }
        let found = Rc::new(all.unwrap_or_default());
        self.carried.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// The same of a value in a rule: of every row of a source that takes part in the rule.
    pub fn of_term(&self, rule: RuleAt, term: &Term) -> Carried {
        match term {
            Term::Var(var) => self.of_var(rule, *var),
            Term::Any | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => {
                Carried::new()
            }
        }
    }

    fn of_var(&self, rule: RuleAt, var: VarId) -> Carried {
        let summary = self.model.rule(rule);
        let mut all = Carried::new();
        for atom in &summary.atoms {
            let from = self.model.place(rule, atom.collection);
            let mut own = Carried::new();
            for (column, term) in atom.terms.iter().enumerate() {
                if *term == Term::Var(var) {
                    for (source, columns) in self.carried(from, column).iter() {
                        own.entry(*source).or_default().extend(columns);
                    }
                }
            }
            for &source in self.sources(from).iter() {
                let columns = own.remove(&source).unwrap_or_default();
                all.entry(source)
                    .and_modify(|before| before.retain(|column| columns.contains(column)))
                    .or_insert(columns);
            }
        }
        all
    }

    fn sources_of(&self, rule: RuleAt) -> BTreeSet<At> {
        let summary: &RuleSummary = self.model.rule(rule);
        let atoms = summary.atoms.iter();
        atoms
            .flat_map(|atom| {
                let from = self.model.place(rule, atom.collection);
                self.sources(from).iter().copied().collect::<Vec<At>>()
            })
            .collect()
    }

    /// A shortest way from an asynchronous source, or else from any source, to the place, both ends included.
    pub fn way(&self, to: At) -> Vec<At> {
        let mut came: FxHashMap<At, At> = FxHashMap::default();
        let mut queue = std::collections::VecDeque::from([to]);
        let mut seen = BTreeSet::from([to]);
        let mut last = to;
        while let Some(at) = queue.pop_front() {
            last = at;
            if self.model.is_asynchronous(at) || self.model.is_source(at) {
                break;
            }
            for &rule in self.model.writers(at) {
                for atom in &self.model.rule(rule).atoms {
                    let from = self.model.place(rule, atom.collection);
                    if seen.insert(from) {
                        came.insert(from, at);
                        queue.push_back(from);
                    }
                }
            }
        }
        let mut way = vec![last];
        while let Some(&next) = way.last().and_then(|at| came.get(at)) {
            way.push(next);
        }
        way
    }
}
