//! Where the rows of a collection come from, within its node: the sources whose rows have a part in them,
//! and which of a source's columns a column has its value from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use bloom_stdx::graph::components_by;
use rustc_hash::{FxHashMap, FxHashSet};

use super::flow::{RuleSummary, Term};
use super::graph::Due;
use super::model::{At, Model, RuleAt};
use crate::hir::{CollectionKind, VarId};

/// Of each source, its columns that have the value.
type Carried = BTreeMap<At, BTreeSet<u32>>;

/// The asynchronous sources from which rows of each place can come at its node. Places that depend on each other have the
/// same, and mostly so have those that follow.
#[derive(Debug)]
pub struct Sources {
    places: Vec<Arc<[At]>>,
    /// Each set of sources once.
    sets: FxHashSet<Arc<[At]>>,
}

impl Sources {
    pub fn new(model: &Model<'_>) -> Self {
        let mut sources = Sources {
            places: vec![Arc::default(); model.place_count()],
            sets: FxHashSet::default(),
        };
        for component in model.components().iter() {
            sources.find(model, component);
        }
        sources
    }

    /// Goes over to a program in which other rules write these places.
    pub fn again(&mut self, model: &Model<'_>, touched: &[At]) {
        let components = model.components();
        let mut due = Due::new(components);
        touched.iter().for_each(|&at| due.push(components.rank(at)));
        while let Some(rank) = due.pop() {
            let component = components.component(rank);
            let before: Vec<Arc<[At]>> = component
                .iter()
                .map(|at| Arc::clone(&self.places[at.index()]))
                .collect();
            self.find(model, component);
            for (&at, before) in component.iter().zip(before) {
                if self.places[at.index()] != before {
                    let heads = model.readers(at).iter().map(|&rule| model.head(rule));
                    let ranks = heads.map(|head| components.rank(head));
                    ranks
                        .filter(|&other| other > rank)
                        .for_each(|other| due.push(other));
                }
            }
        }
    }

    pub fn of(&self, at: At) -> &[At] {
        &self.places[at.index()]
    }

    /// Finds those of places that depend on each other, once those of all that they depend on besides are known. Rows of
    /// what comes by itself do not come from what derives it, so that is left out of how they depend on each other.
    fn find(&mut self, model: &Model<'_>, component: &[At]) {
        let mut derived: Vec<At> = Vec::new();
        for &at in component {
            let own = match sealed(model, at) {
                Some((source, _)) => Some(source),
                None => model.is_asynchronous(at).then_some(at),
            };
            match own {
                Some(source) => self.places[at.index()] = Arc::new([source]),
                None => derived.push(at),
            }
        }
        if let [at] = derived[..] {
            return self.join(model, &[at]);
        }
        derived.sort_unstable();
        let further = |node: usize, nth: usize| {
            let rule = *model.readers(derived[node]).get(nth)?;
            // What is not among them is as good as nothing new.
            Some(derived.binary_search(&model.head(rule)).unwrap_or(node))
        };
        let parts = components_by(derived.len(), further);
        for part in parts.iter().rev() {
            let part: Vec<At> = part.iter().map(|&node| derived[node]).collect();
            self.join(model, &part);
        }
    }

    /// Gives places that have the same sources what they read from others.
    fn join(&mut self, model: &Model<'_>, part: &[At]) {
        let mut all: Vec<&Arc<[At]>> = Vec::new();
        let rules = part.iter().flat_map(|&at| model.writers(at));
        for from in rules.flat_map(|&rule| model.reads_of(rule)) {
            let more = &self.places[from.index()];
            let is_known = more.is_empty() || all.iter().any(|known| Arc::ptr_eq(known, more));
            if !is_known && part.binary_search(from).is_err() {
                all.push(more);
            }
        }
        let joined: Arc<[At]> = match &all[..] {
            [] => Arc::default(),
            [only] => Arc::clone(only),
            _ => {
                let all: BTreeSet<At> = all.iter().flat_map(|one| one.iter().copied()).collect();
                let all: Arc<[At]> = all.into_iter().collect();
                match self.sets.get(&all) {
                    Some(known) => Arc::clone(known),
                    None => {
                        self.sets.insert(Arc::clone(&all));
                        all
                    }
                }
            }
        };
        for at in part {
            self.places[at.index()] = Arc::clone(&joined);
        }
    }
}

pub struct Lineage<'m, 'a> {
    model: &'m Model<'a>,
    sources: &'m Sources,
    carried: RefCell<FxHashMap<(At, usize), Rc<Carried>>>,
}

impl<'m, 'a> Lineage<'m, 'a> {
    pub fn new(model: &'m Model<'a>, sources: &'m Sources) -> Self {
        Lineage {
            model,
            sources,
            carried: RefCell::default(),
        }
    }

    /// The asynchronous sources from which rows of the place can come at its node.
    pub fn sources(&self, at: At) -> &'m [At] {
        self.sources.of(at)
    }

    /// The columns of sources whose value the column always has.
    pub fn carried(&self, at: At, column: usize) -> Rc<Carried> {
        let key = (at, column);
        if let Some(known) = self.carried.borrow().get(&key) {
            return Rc::clone(known);
        }
        if let Some((source, columns)) = sealed(self.model, at) {
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
            for &source in self.sources(from) {
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
                self.sources(from).iter().copied()
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

/// Of a collection of seals: what they are the seals of, and of each column its column there. Seals come
/// as rows do, at any time, so they race as such.
pub(super) fn sealed(model: &Model<'_>, at: At) -> Option<(At, Vec<Option<u32>>)> {
    let node = model.node_of(at);
    let kind = model.collection(at).kind;
    let of = match kind {
        CollectionKind::Seal { of }
        | CollectionKind::Seals { of }
        | CollectionKind::Sealed { of } => of,
        _ => return None,
    };
    let source = &model.program.nodes[node].collections[of];
    let is_channel = matches!(source.kind, CollectionKind::Channel { .. });
    // The columns before are the receiver and the producer.
    let before = match kind {
        CollectionKind::Seal { .. } => 2,
        CollectionKind::Seals { .. } if is_channel => 1,
        _ => 0,
    };
    let partition = source.sealed_by.iter().map(|&column| Some(column));
    let columns = std::iter::repeat_n(None, before).chain(partition);
    Some((model.place_of(node, of), columns.collect()))
}
