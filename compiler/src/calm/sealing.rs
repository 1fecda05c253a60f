//! What no longer changes for a partition once seals have come: "frozen" by them.
//!
//! A table that only `<=` rules fill from a sealed stream, and that keeps the columns of the partition, has
//! in the tick of the seal all that it will ever have of that partition: the seal comes when every row has
//! arrived, rows are taken in and merged in the tick of their arrival, and a later row is a run-time
//! error. The same holds of what is derived within a tick from such tables. A collection's [`Need`]s say
//! which seals must have come, and where it has the columns of their partitions.
//!
//! Where one producer's messages come in the order sent, its last one does what a seal does: see
//! [`super::fifo`].
//!
//! This is a property of form. Who relies on it must also know that the contents do not depend on the
//! schedule (U of a table, L of what is derived).

use rustc_hash::FxHashMap;

use super::asking::Topic;
use super::fifo::{self, Sequence};
use super::flow::{Atom, RuleSummary, Term};
use super::graph::Due;
use super::model::{At, Model, RuleAt};
use crate::hir::{Arrow, CollectionKind, Supply};

/// More seals than this are not followed.
const NEEDS_MAX: usize = 8;

/// A seal that must have come.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Need {
    pub source: At,
    /// Of each column of the source's partition in order, the column that has its value.
    pub columns: Vec<usize>,
}

/// What is known of a collection.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Status {
    /// Nothing derives it so far.
    Unknown,
    /// Its rows live for the tick of their arrival.
    Passing(Vec<Need>),
    /// Complete as soon as the seals have come.
    Frozen(Vec<Need>),
    Never,
}

#[derive(Debug)]
pub struct Sealing {
    status: Vec<Status>,
    /// Of each `C.sealed`, the place of `C`.
    sources: FxHashMap<At, At>,
    /// Channels that keep the order of their sender.
    queued: Vec<At>,
    /// Of channels in the order of their sender.
    sequences: FxHashMap<At, Sequence>,
}

impl Sealing {
    pub fn new(model: &Model<'_>) -> Self {
        let mut sealing = Sealing {
            status: vec![Status::Unknown; model.place_count()],
            sources: FxHashMap::default(),
            queued: fifo::queued(model),
            sequences: FxHashMap::default(),
        };
        sealing.sequences = fifo::sequences(model, &sealing.queued);
        for at in model.places() {
            let collection = model.collection(at);
            if let CollectionKind::Sealed { of } = collection.kind {
                let source = model.place_of(model.node_of(at), of);
                sealing.sources.insert(at, source);
            }
        }
        for component in model.components().iter() {
            sealing.find(model, component);
        }
        sealing
    }

    /// Goes over to a program in which other rules write these places: gives the places of which something else is known
    /// now. None if other channels have a last word.
    pub fn again(&mut self, model: &Model<'_>, touched: &[At]) -> Option<Vec<At>> {
        if fifo::sequences(model, &self.queued) != self.sequences {
            return None;
        }
        let components = model.components();
        let mut due = Due::new(components);
        for &at in touched {
            due.push(components.rank(at));
        }
        let mut changed = Vec::new();
        while let Some(rank) = due.pop() {
            let component = components.component(rank);
            let before: Vec<Status> = component
                .iter()
                .map(|at| std::mem::replace(&mut self.status[at.index()], Status::Unknown))
                .collect();
            self.find(model, component);
            for (&at, before) in component.iter().zip(before) {
                if self.status[at.index()] == before {
                    continue;
                }
                changed.push(at);
                let heads = model.readers(at).iter().map(|&rule| model.head(rule));
                let others = heads.map(|head| components.rank(head));
                others
                    .filter(|&other| other != rank)
                    .for_each(|other| due.push(other));
            }
        }
        Some(changed)
    }

    /// Finds the statuses of places that depend on each other, once those of all that they depend on besides are known.
    /// Least fixpoint: statuses only rise, and each has few to rise to.
    fn find(&mut self, model: &Model<'_>, component: &[At]) {
        let components = model.components();
        let mut open = Vec::new();
        for &at in component {
            self.status[at.index()] = self.start(model, at);
            open.push(at);
        }
        while let Some(from) = open.pop() {
            for &rule in model.readers(from) {
                let head = model.head(rule);
                if components.rank(head) != components.rank(from) {
                    continue;
                }
                let now = self.of_head(model, head);
                if self.status[head.index()] != now {
                    self.status[head.index()] = now;
                    open.push(head);
                }
            }
        }
    }

    fn start(&self, model: &Model<'_>, at: At) -> Status {
        let collection = model.collection(at);
        let sealed = !collection.sealed_by.is_empty();
        let arrives = matches!(
            collection.kind,
            CollectionKind::Input | CollectionKind::Channel { .. }
        );
        if arrives && sealed {
            return Status::Passing(vec![Need {
                source: at,
                columns: collection.sealed_by.iter().map(|&c| c as usize).collect(),
            }]);
        }
        match collection.kind.supply() {
            Supply::Messages => match self.sequences.get(&at) {
                Some(sequence) => Status::Passing(vec![Need {
                    source: at,
                    columns: sequence.columns.clone(),
                }]),
                None => Status::Never,
            },
            Supply::Fixed => Status::Frozen(Vec::new()),
            Supply::Rules { .. } | Supply::Input if !model.is_source(at) => {
                match model.writers(at).is_empty() {
                    true => Status::Frozen(Vec::new()),
                    false => self.of_head(model, at),
                }
            }
            Supply::Rules { .. }
            | Supply::Input
            | Supply::Seals
            | Supply::Happening
            | Supply::Effects => Status::Never,
        }
    }

    fn of_head(&self, model: &Model<'_>, head: At) -> Status {
        if model.is_source(head) || model.is_asynchronous(head) {
            return self.status[head.index()].clone();
        }
        let kept = model.is_kept(head);
        if kept && !model.only_gains(head) {
            return Status::Never;
        }
        let mut needs: Vec<Need> = Vec::new();
        let (mut passes, mut known) = (false, false);
        for &rule in model.writers(head) {
            match self.of_rule(model, rule) {
                Status::Unknown => {}
                Status::Passing(more) => {
                    (passes, known) = (true, true);
                    needs.extend(more);
                }
                Status::Frozen(more) => {
                    known = true;
                    needs.extend(more);
                }
                Status::Never => return Status::Never,
            }
        }
        needs.sort();
        needs.dedup();
        match (known, passes && !kept) {
            _ if needs.len() > NEEDS_MAX => Status::Never,
            (false, _) => Status::Unknown,
            (true, true) => Status::Passing(needs),
            (true, false) => Status::Frozen(needs),
        }
    }

    fn of_rule(&self, model: &Model<'_>, rule: RuleAt) -> Status {
        let summary = model.rule(rule);
        if summary.arrow != Arrow::Merge || summary.chance {
            return Status::Never;
        }
        // The first tick's facts stay only in what is kept.
        let stays = model.is_kept(model.head(rule)) && summary.atoms.is_empty();
        if summary.bootstrap && !stays {
            return Status::Never;
        }
        let (mut needs, mut passes) = (Vec::new(), false);
        for atom in &summary.atoms {
            let from = model.place(rule, atom.collection);
            let more = match &self.status[from.index()] {
                Status::Unknown => return Status::Unknown,
                Status::Never => return Status::Never,
                Status::Passing(_) if atom.negated || !summary.aggregates.is_empty() => {
                    return Status::Never;
                }
                Status::Passing(more) => {
                    passes = true;
                    more
                }
                Status::Frozen(more) => more,
            };
            for need in more {
                match carried(summary, atom, need) {
                    Some(need) => needs.push(need),
                    None => return Status::Never,
                }
            }
        }
        match passes {
            true => Status::Passing(needs),
            false => Status::Frozen(needs),
        }
    }

    fn status(&self, model: &Model<'_>, at: At) -> &Status {
        model.asking().note(Topic::facts(at));
        &self.status[at.index()]
    }

    /// Whether the rule's own seals freeze the rows that the atom can read.
    pub fn is_frozen(&self, model: &Model<'_>, rule: RuleAt, atom: &Atom) -> bool {
        let at = model.place(rule, atom.collection);
        let Status::Frozen(needs) = self.status(model, at) else {
            return false;
        };
        needs
            .iter()
            .all(|need| self.has_come(model, rule, atom, need))
    }

    /// Whether the rule's own seals freeze the rows of `parent`, from which a rule derives those that the atom
    /// can read.
    pub fn is_frozen_through(
        &self,
        model: &Model<'_>,
        (rule, atom): (RuleAt, &Atom),
        (inner, parent): (RuleAt, &Atom),
    ) -> bool {
        let at = model.place(inner, parent.collection);
        let Status::Frozen(needs) = self.status(model, at) else {
            return false;
        };
        needs.iter().all(|need| {
            let derived = carried(model.rule(inner), parent, need);
            derived.is_some_and(|need| self.has_come(model, rule, atom, &need))
        })
    }

    fn has_come(&self, model: &Model<'_>, rule: RuleAt, atom: &Atom, need: &Need) -> bool {
        let mut seals = model.rule(rule).positive();
        seals.any(|(_, seal)| {
            self.answers(model, rule, seal, atom, need)
                || self.is_last(model, rule, seal, atom, need)
        })
    }

    /// Whether the source has no seal, and its sender's last message takes the place of one.
    pub fn is_sequence(&self, source: At) -> bool {
        self.sequences.contains_key(&source)
    }

    /// The seals that [`Sealing::is_frozen`] of the atom rests on.
    pub fn sources(&self, model: &Model<'_>, rule: RuleAt, atom: &Atom) -> Vec<At> {
        let at = model.place(rule, atom.collection);
        match self.status(model, at) {
            Status::Frozen(needs) => needs.iter().map(|need| need.source).collect(),
            Status::Unknown | Status::Passing(_) | Status::Never => Vec::new(),
        }
    }

    /// Whether the atom reads a seal.
    pub fn is_seal(&self, model: &Model<'_>, rule: RuleAt, atom: &Atom) -> bool {
        self.sources
            .contains_key(&model.place(rule, atom.collection))
    }

    fn answers(
        &self,
        model: &Model<'_>,
        rule: RuleAt,
        seal: &Atom,
        atom: &Atom,
        need: &Need,
    ) -> bool {
        let at = model.place(rule, seal.collection);
        let asked = need.columns.iter().map(|&column| &atom.terms[column]);
        if let Some(source) = self.sources.get(&at) {
            let mut columns = asked.zip(&seal.terms);
            return *source == need.source && columns.all(|(asked, term)| same_value(term, asked));
        }
        // A row that was made of a seal is there only once that has come, and then it lasts.
        let columns = asked.map(|asked| seal.terms.iter().position(|term| same_value(term, asked)));
        let Some(columns) = columns.collect::<Option<Vec<usize>>>() else {
            return false;
        };
        let keys: Vec<usize> = (0..columns.len()).collect();
        let mut seals = self.sources.iter();
        seals.any(|(&sealed, &source)| {
            source == need.source && fifo::follows(model, at, &columns, sealed, &keys)
        })
    }

    /// Whether a row of `seal` is there only once a message has come after the rows that are needed.
    fn is_last(
        &self,
        model: &Model<'_>,
        rule: RuleAt,
        seal: &Atom,
        atom: &Atom,
        need: &Need,
    ) -> bool {
        let Some(sequence) = self.sequences.get(&need.source) else {
            return false;
        };
        let columns = need.columns.iter().map(|&column| {
            let mut terms = seal.terms.iter();
            terms.position(|term| same_value(term, &atom.terms[column]))
        });
        let Some(columns) = columns.collect::<Option<Vec<usize>>>() else {
            return false;
        };
        let at = model.place(rule, seal.collection);
        let mut last = sequence.last.iter();
        last.any(|(last, keys)| fifo::follows(model, at, &columns, *last, keys))
    }

    /// Whether the rule's aggregates, once there, stay as they are: all rows are frozen by seals whose
    /// partitions are groups, or never change at all. By form alone, as above.
    pub fn is_final(&self, model: &Model<'_>, rule: RuleAt) -> bool {
        let summary = model.rule(rule);
        let groups = groups(summary);
        !summary.chance
            && summary
                .atoms
                .iter()
                .all(|atom| match self.is_seal(model, rule, atom) {
                    true => is_guard(model, rule, atom, &groups, false),
                    false => {
                        self.is_frozen(model, rule, atom)
                            || is_guard(model, rule, atom, &groups, false)
                    }
                })
    }
}

/// The need where a rule hands the row on: the head has the columns of the partition.
fn carried(summary: &RuleSummary, atom: &Atom, need: &Need) -> Option<Need> {
    let columns = need.columns.iter().map(|&column| {
        let term = &atom.terms[column];
        let mut heads = summary.columns.iter();
        heads.position(|head| same_value(head, term))
    });
    Some(Need {
        source: need.source,
        columns: columns.collect::<Option<Vec<usize>>>()?,
    })
}

/// Whether two terms of one rule have one value.
pub fn same_value(a: &Term, b: &Term) -> bool {
    match (a, b) {
        (Term::Var(a), Term::Var(b)) => a == b,
        (Term::Literal(a), Term::Literal(b)) => a == b,
        (Term::Constant(a), Term::Constant(b)) => a == b,
        (Term::SelfAddr, Term::SelfAddr) => true,
        (
            Term::Any
            | Term::Var(_)
            | Term::Literal(_)
            | Term::Constant(_)
            | Term::SelfAddr
            | Term::Of { .. },
            _,
        ) => false,
    }
}

/// The variables that tell one group of a rule with aggregates from another.
pub fn groups(summary: &RuleSummary) -> Vec<Term> {
    let is_aggregate = |place: usize| {
        summary
            .aggregates
            .iter()
            .any(|a| a.column as usize == place)
    };
    let columns = summary.columns.iter().enumerate();
    columns
        .filter(|(place, _)| !is_aggregate(*place))
        .map(|(_, term)| term.clone())
        .collect()
}

/// Whether at most one row of the atom takes part in a group, over the whole run if `lasting` says that its
/// key determines it so long: the atom only says whether there is the group. (A negated one takes no row at
/// all.)
pub fn is_guard(
    model: &Model<'_>,
    rule: RuleAt,
    atom: &Atom,
    groups: &[Term],
    lasting: bool,
) -> bool {
    let shape = model.shape(model.place(rule, atom.collection));
    let told = |term: &Term| term.is_fixed() || groups.iter().any(|group| same_value(group, term));
    let columns = shape.columns.iter().zip(&atom.terms);
    match atom.negated {
        true => columns
            .into_iter()
            .all(|(_, term)| told(term) || term.vars().iter().all(|&var| told(&Term::Var(var)))),
        false => columns.into_iter().all(|(column, term)| match column.key {
            true => told(term),
            false => term.is_any() || ((lasting || told(term)) && !column.lattice),
        }),
    }
}
