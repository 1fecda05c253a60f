//! Points of order: where an output or a view loses what it should have, in words for the reader and as
//! [`Violation`]s for coordination.
//!
//! The chains of [`blame`] are what is reported; each becomes a violation with the sources that race in it,
//! and with what tells one partition of the literal from another.

use std::cell::OnceCell;

use smol_str::SmolStr;

use super::blame::{self, Chain, Want};
use super::body::Known;
use super::flow::Term;
use super::found::Found;
use super::lineage::{Lineage, Sources};
use super::model::{At, RuleAt};
use super::moments::IdleTicks;
use super::properties::Props;
use super::report::{Blame, Cause};
use super::sealing::groups;
use super::verdict::{is_captured, name};
use super::violation::{Gate, Moments, Origin, Violation};

/// What points of order are found with, over one program.
pub struct Points<'k, 'a> {
    known: Known<'k, 'a>,
    found: &'k Found,
    /// Found where something is wrong, and then kept.
    sources: &'k OnceCell<Sources>,
    lineage: OnceCell<Lineage<'k, 'a>>,
    /// Asked for where a violation is at a node that has replicas.
    ticks: OnceCell<IdleTicks<'k, 'a>>,
}

impl<'k, 'a> Points<'k, 'a> {
    pub fn new(known: Known<'k, 'a>, found: &'k Found, sources: &'k OnceCell<Sources>) -> Self {
        Points {
            known,
            found,
            sources,
            lineage: OnceCell::new(),
            ticks: OnceCell::new(),
        }
    }

    fn lineage(&self) -> &Lineage<'k, 'a> {
        let model = self.known.model;
        let sources = || self.sources.get_or_init(|| Sources::new(model));
        self.lineage.get_or_init(|| Lineage::new(model, sources()))
    }

    /// The reasons in words, and the numbers of their violations, which are added to those known.
    pub fn reasons(
        &self,
        at: At,
        want: Want,
        violations: &mut Vec<Violation>,
    ) -> (Vec<Blame>, Vec<usize>) {
        let mut because = Vec::new();
        let mut spoiled = Vec::new();
        let mut chains = blame::explain(self.known, self.found, at, want);
        chains.sort_by_key(|chain| chain.places.len());
        for chain in &chains {
            because.push(self.blame_of(chain));
            if let Some(violation) = self.violation(chain) {
                let number = violations
                    .iter()
                    .position(|known| *known == violation)
                    .unwrap_or_else(|| {
                        violations.push(violation);
                        violations.len() - 1
                    });
                if !spoiled.contains(&number) {
                    spoiled.push(number);
                }
            }
        }
        (because, spoiled)
    }

    fn blame_of(&self, chain: &Chain) -> Blame {
        let known = self.known;
        let model = known.model;
        let rule = chain.rule.map(|rule| model.hir_rule(rule).loc);
        let mut path: Vec<SmolStr> = Vec::new();
        let ways = self
            .lineage()
            .way(chain.over)
            .into_iter()
            .chain(chain.places.iter().copied());
        for at in ways {
            let name = name(known.model, at);
            if path.last() != Some(&name) {
                path.push(name);
            }
        }
        Blame {
            rule: rule.unwrap_or(model.collection(chain.over).loc),
            cause: chain.cause,
            over: model.collection(chain.over).name.clone(),
            path,
            text: text(known, chain),
        }
    }

    fn violation(&self, chain: &Chain) -> Option<Violation> {
        let known = self.known;
        let model = known.model;
        let rule = chain
            .rule
            .or_else(|| chain.steps.first().map(|step| step.0))?;
        let upwards = upwards(chain, rule);
        let captures =
            |at: At| is_captured(known.model, at) || model.is_kept(at) || model.is_asynchronous(at);
        // What only has to grow, for what is derived from it, is captured there.
        let until = upwards
            .iter()
            .position(|&(rule, _, want)| want != Want::Grows && captures(model.head(rule)))
            .unwrap_or(upwards.len() - 1);
        let capture = upwards[until].0;
        let changing = match (chain.cause, chain.atom) {
            (Cause::Nondeterministic, _) => Vec::new(),
            (_, Some(_)) => self.sources([chain.over]),
            (_, None) => {
                let atoms = model.rule(rule).atoms.iter();
                self.sources(atoms.map(|atom| model.place(rule, atom.collection)))
            }
        };
        let mut triggers = Vec::new();
        for &(rule, read, _) in &upwards[..=until] {
            let atoms = model.rule(rule).atoms.iter().enumerate();
            let others = atoms.filter(|(place, atom)| {
                let at = model.place(rule, atom.collection);
                Some(*place) != read && !self.found.place(at).has(Props::CONSTANT)
            });
            let places = others.map(|(_, atom)| model.place(rule, atom.collection));
            triggers.extend(self.sources(places));
        }
        // What takes rows away, or puts others in their place, races with whatever puts them there.
        match chain.cause {
            Cause::Delete | Cause::Upsert | Cause::KeyConflict | Cause::Cycle => {
                triggers.extend(self.sources([model.head(rule)]));
            }
            Cause::Negation
            | Cause::Aggregate
            | Cause::Reveal
            | Cause::Function
            | Cause::Nondeterministic
            | Cause::Batch => {}
        }
        triggers.sort_unstable();
        triggers.dedup();
        Some(Violation {
            captured: model.origin(model.head(capture)),
            capture: model.rule_ref(capture),
            rule: model.rule_ref(rule),
            literal: chain
                .atom
                .map(|place| model.rule(rule).atoms[place].literal),
            cause: chain.cause,
            gate: self.gate(rule, chain, &changing, &triggers),
            moments: self.moments(capture),
            changing: changing.into_iter().map(|at| model.origin(at)).collect(),
            triggers: triggers.into_iter().map(|at| model.origin(at)).collect(),
        })
    }

    /// Whether the log of a node with replicas must carry all that makes it tick.
    fn moments(&self, capture: RuleAt) -> Moments {
        let model = self.known.model;
        let node = model.rule_ref(capture).node;
        if !model.program.nodes[node].replicated {
            return Moments::Racing;
        }
        let ticks = self.ticks.get_or_init(|| IdleTicks::new(model, self.found));
        ticks.moments(capture)
    }

    fn sources(&self, places: impl IntoIterator<Item = At>) -> Vec<At> {
        let mut all: Vec<At> = places
            .into_iter()
            .flat_map(|at| self.lineage().sources(at).iter().copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The columns that tell one partition of the literal from another.
    fn gate(&self, rule: RuleAt, chain: &Chain, changing: &[At], triggers: &[At]) -> Vec<Gate> {
        let model = self.known.model;
        let summary = model.rule(rule);
        let hir = model.hir_rule(rule);
        let mut found: Vec<Gate> = Vec::new();
        let mut add = |column: Option<u32>, term: &Term| {
            let Term::Var(var) = term else { return };
            let name = hir.body.vars[*var].name.clone();
            if found.iter().any(|gate| gate.name == name) {
                return;
            }
            let origins = self.lineage().of_term(rule, term);
            let involved = |at: &At| changing.contains(at) || triggers.contains(at);
            let origins = origins.iter().filter(|(at, _)| involved(at));
            let origins = origins.flat_map(|(&at, columns)| {
                let source = model.origin(at);
                columns.iter().map(move |&column| Origin { source, column })
            });
            found.push(Gate {
                column,
                name,
                origins: origins.collect(),
            });
        };
        let atom = chain.atom.map(|place| (place, &summary.atoms[place]));
        match (chain.cause, atom) {
            (Cause::Aggregate, _) => {
                for term in groups(summary) {
                    let column =
                        atom.and_then(|(_, atom)| atom.terms.iter().position(|t| *t == term));
                    add(column.map(|column| column as u32), &term);
                }
            }
            (Cause::Delete | Cause::Upsert, _) => {
                let keys = model.shape(model.head(rule)).key_columns();
                for key in keys {
                    add(None, &summary.columns[key]);
                }
            }
            (_, Some((place, atom))) => {
                for (column, term) in (0..).zip(&atom.terms) {
                    let bound = term.vars().iter().any(|&var| {
                        summary.positive().any(|(other, of)| {
                            other != place && of.terms.iter().any(|t| t.vars().contains(&var))
                        })
                    });
                    if bound || atom.negated {
                        add(Some(column), term);
                    }
                }
            }
            (_, None) => {
                let keys = model.shape(model.head(rule)).key_columns();
                for key in keys {
                    add(None, &summary.columns[key]);
                }
            }
        }
        found
    }
}

/// The rules from the one at fault to the output, each with the atom that leads there and with what its head
/// should have.
fn upwards(chain: &Chain, first: RuleAt) -> Vec<(RuleAt, Option<usize>, Want)> {
    let (own, above) = match chain.rule {
        Some(_) => (chain.wants[0], &chain.wants[1..]),
        None => (
            *chain.wants.get(1).unwrap_or(&chain.wants[0]),
            &chain.wants[1..],
        ),
    };
    let steps = chain.steps.iter().zip(above);
    let steps = steps.map(|(&(rule, atom), &want)| (rule, atom, want));
    let start = (first, chain.atom, own);
    let rest = steps.filter(|(rule, _, _)| *rule != first);
    std::iter::once(start).chain(rest).collect()
}

fn text(known: Known<'_, '_>, chain: &Chain) -> String {
    let over = name(known.model, chain.over);
    let head = name(known.model, chain.places[0]);
    match chain.cause {
        Cause::Negation => {
            format!(
                "`{head}` is derived while `not {over}` holds, but a row of `{over}` may still come"
            )
        }
        Cause::Aggregate => {
            format!("`{head}` aggregates over `{over}`, of which more rows may still come")
        }
        Cause::Reveal => format!("`{head}` reveals a value of `{over}` that may still grow"),
        Cause::Delete => {
            format!(
                "rows of `{head}` are deleted when `{over}` says so, which has no effect on rows that come later"
            )
        }
        Cause::Upsert => {
            format!(
                "rows of `{head}` are replaced, and which one comes last differs from run to run"
            )
        }
        Cause::Function => {
            format!(
                "`{head}` is given a function of what `{over}` has in one tick, which depends on what arrives together"
            )
        }
        Cause::Nondeterministic => {
            format!(
                "`{head}` depends on a clock, a timer, a random value or a failure, by way of `{over}`"
            )
        }
        Cause::KeyConflict => {
            format!(
                "two rows of `{over}` may have one key and different values: which is kept differs from run to run"
            )
        }
        Cause::Batch => {
            format!(
                "`{head}` is derived from rows that live for one tick: what `{over}` has by then differs from run to run"
            )
        }
        Cause::Cycle => {
            format!("`{over}` depends on itself over ticks, and does not only grow")
        }
    }
}
