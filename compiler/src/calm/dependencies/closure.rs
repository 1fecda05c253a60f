//! What the values of some variables say of others in one rule: Armstrong's closure over the keys of what it reads.

use super::{Dependencies, Span, is_fact};
use crate::calm::flow::{Comparison, Form, SELF, Term, Test};
use crate::calm::model::{At, RuleAt};
use crate::hir::{CollectionKind, VarId};

/// Rules are looked through so deep.
const RULES_DEEP_MAX: usize = 8;

impl Dependencies<'_, '_> {
    /// The variables that the seeds determine.
    pub fn closure(&self, rule: RuleAt, seeds: Vec<VarId>, span: Span) -> Vec<VarId> {
        let summary = self.model.rule(rule);
        let mut known = seeds;
        loop {
            let before = known.len();
            // What is in a collection differs from node to node.
            if known.contains(&SELF) {
                for (_, atom) in summary.positive() {
                    let from = self.model.place(rule, atom.collection);
                    let shape = self.model.shape(from);
                    // What arrives, arrives here.
                    let location = self.model.location(from);
                    let fixed = shape.key_columns().all(|place| {
                        fixes(&atom.terms[place], &known)
                            || (atom.terms[place].is_any() && Some(place) == location)
                    });
                    if !fixed || (span == Span::Run && !self.lasts(from)) {
                        let told = self.told_by_rule(from, &atom.terms, &known);
                        learn(&mut known, &told);
                        continue;
                    }
                    for (column, term) in shape.columns.iter().zip(&atom.terms) {
                        if !column.key && (span == Span::Tick || !column.lattice) {
                            learn(&mut known, term.vars());
                        }
                    }
                }
            }
            for binding in &summary.bindings {
                if !binding.generates && binding.reads.iter().all(|var| known.contains(var)) {
                    learn(&mut known, &binding.binds);
                }
            }
            for test in &summary.tests {
                if let Test::Compare {
                    left,
                    op: Comparison::Equal,
                    right,
                } = test
                {
                    for (one, other) in [(left, right), (right, left)] {
                        if let Term::Var(var) = one
                            && fixes_value(other, &known)
                        {
                            learn(&mut known, &[*var]);
                        }
                    }
                }
            }
            if known.len() == before {
                return known;
            }
        }
    }

    /// The variables of a row that others of its columns determine over the whole run, whatever is a key: the only
    /// rule that fills the collection takes them from a row that those determine.
    fn told_by_rule(&self, from: At, terms: &[Term], known: &[VarId]) -> Vec<VarId> {
        let mut inserters = self.model.inserters(from);
        let many = matches!(
            self.model.collection(from).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        );
        let (Some(rule), false) = (inserters.next(), many || self.model.is_source(from)) else {
            return Vec::new();
        };
        let summary = self.model.rule(rule);
        let same = inserters.all(|other| {
            let of = self.model.rule(other);
            if of.is_alike(summary) {
                self.model.note_literals(&[rule, other]);
            }
            of == summary
        });
        let is_open =
            self.through.borrow().contains(&rule) || self.through.borrow().len() > RULES_DEEP_MAX;
        if !same || is_open || summary.chance || is_fact(summary) {
            return Vec::new();
        }
        let columns = summary.columns.iter().zip(terms);
        let given = columns.clone().filter(|(_, term)| fixes(term, known));
        let seeds: Vec<VarId> = given
            .filter_map(|(column, _)| match column {
                Term::Var(var) => Some(*var),
                Term::Any
                | Term::Literal(_)
                | Term::Constant(_)
                | Term::SelfAddr
                | Term::Of { .. } => None,
            })
            .chain([SELF])
            .collect();
        self.through.borrow_mut().push(rule);
        let inner = self.closure(rule, seeds, Span::Run);
        self.through.borrow_mut().pop();
        // A lattice column holds the join of what all rows brought.
        let shape = self.model.shape(from).columns.iter();
        columns
            .zip(shape)
            .filter(|((column, _), of)| !of.lattice && fixes_value(column, &inner))
            .flat_map(|((_, term), _)| term.vars().to_vec())
            .collect()
    }
}

fn learn(known: &mut Vec<VarId>, vars: &[VarId]) {
    for var in vars {
        if !known.contains(var) {
            known.push(*var);
        }
    }
}

/// Whether a column with this term has one value, given the variables.
pub(super) fn fixes(term: &Term, known: &[VarId]) -> bool {
    match term {
        Term::Any => false,
        Term::Of { form, .. } => {
            *form == Form::Whole && term.vars().iter().all(|var| known.contains(var))
        }
        Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => {
            term.vars().iter().all(|var| known.contains(var))
        }
    }
}

/// As [`fixes`], of an expression.
fn fixes_value(term: &Term, known: &[VarId]) -> bool {
    !term.is_any() && term.vars().iter().all(|var| known.contains(var))
}
