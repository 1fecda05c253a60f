//! Why a place lacks a property: back from it along rules that lack one for want of another, to those where
//! it is lost. Breadth first, so the shortest chain comes first.

mod rule;

use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;

use super::body::Known;
use super::found::Found;
use super::graph::CROWD_MAX;
use super::model::{At, RuleAt};
use super::properties::Props;
use super::report::Cause;
use crate::hir::{Arrow, CollectionKind};

/// Chains for one output are no more than this.
const CHAINS_MAX: usize = 16;

/// What a place should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Want {
    Union,
    Limit,
    Grows,
}

/// Where a property is lost, and the way from there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// None where a source as such is at fault.
    pub rule: Option<RuleAt>,
    /// Place among the atoms of the rule.
    pub atom: Option<usize>,
    pub cause: Cause,
    /// The place whose contents differ when they are read.
    pub over: At,
    /// The places from the head of `rule` (or from the source) to the output.
    pub places: Vec<At>,
    /// What each of `places` should have, as far as what follows asks for it.
    pub wants: Vec<Want>,
    /// The rules that lead from each of `places` to the next, with the atom that reads it.
    pub steps: Vec<(RuleAt, Option<usize>)>,
}

enum Step {
    Up {
        at: At,
        want: Want,
        rule: RuleAt,
        atom: Option<usize>,
    },
    Root {
        rule: Option<RuleAt>,
        atom: Option<usize>,
        cause: Cause,
        over: At,
    },
}

/// The reasons why `at` lacks what it should have.
pub fn explain(known: Known<'_, '_>, found: &Found, at: At, want: Want) -> Vec<Chain> {
    let search = Search { known, found };
    // Each with where it came from.
    let mut visited: Vec<Visited> = vec![(at, want, None)];
    let mut queue = VecDeque::from([0]);
    let mut seen = BTreeSet::from([(at, want)]);
    let mut chains: Vec<Chain> = Vec::new();
    while let Some(number) = queue.pop_front()
        && chains.len() < CHAINS_MAX
    {
        let (at, want, _) = visited[number];
        // Of a place that many rules write no more of them are looked at than is told.
        let _ = search.steps(at, want, &mut |step| {
            match step {
                Step::Up {
                    at,
                    want,
                    rule,
                    atom,
                } => {
                    if seen.insert((at, want)) {
                        visited.push((at, want, Some((number, rule, atom))));
                        queue.push_back(visited.len() - 1);
                    }
                }
                Step::Root {
                    rule,
                    atom,
                    cause,
                    over,
                } => {
                    let is_known = |chain: &Chain| {
                        (chain.rule, chain.atom, chain.cause) == (rule, atom, cause)
                            && chain.over == over
                    };
                    if !chains.iter().any(is_known) {
                        let (places, wants, steps) = way_up(&visited, number);
                        chains.push(Chain {
                            rule,
                            atom,
                            cause,
                            over,
                            places,
                            wants,
                            steps,
                        });
                    }
                }
            }
            match chains.len() < CHAINS_MAX {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
    }
    if chains.is_empty() {
        chains.extend(search.on_a_cycle(&visited));
    }
    chains
}

/// A place, what it should have, and from which visited place a rule's atom led to it.
type Visited = (At, Want, Option<(usize, RuleAt, Option<usize>)>);

type Way = (Vec<At>, Vec<Want>, Vec<(RuleAt, Option<usize>)>);

fn way_up(visited: &[Visited], number: usize) -> Way {
    let (at, want, mut before) = visited[number];
    let (mut places, mut wants, mut steps) = (vec![at], vec![want], Vec::new());
    while let Some((next, rule, atom)) = before {
        let (at, want, further) = visited[next];
        places.push(at);
        wants.push(want);
        steps.push((rule, atom));
        before = further;
    }
    (places, wants, steps)
}

/// Takes a step, and says whether more are wanted.
type Show<'s> = dyn FnMut(Step) -> ControlFlow<()> + 's;

struct Search<'k, 'a> {
    known: Known<'k, 'a>,
    found: &'k Found,
}

impl Search<'_, '_> {
    fn props(&self, at: At) -> Props {
        self.found.place(at)
    }

    /// Shows the steps back from a place, until no more are wanted.
    fn steps(&self, at: At, want: Want, show: &mut Show<'_>) -> ControlFlow<()> {
        let model = self.known.model;
        if model.is_source(at) {
            return self.of_source(at).into_iter().try_for_each(show);
        }
        if want != Want::Grows && self.known.dependencies.has_conflict(at) {
            let clash = self.clash(at);
            if !clash.is_empty() {
                return clash.into_iter().try_for_each(show);
            }
        }
        if model.is_kept(at) {
            return self.of_kept(at, want).into_iter().try_for_each(show);
        }
        let mut is_shown = false;
        for rule in self.failing(at, want) {
            for step in self.of_rule(rule, want) {
                is_shown = true;
                show(step)?;
            }
        }
        let cycles = model.is_cyclic(at) && want == Want::Limit;
        if is_shown && !cycles {
            return ControlFlow::Continue(());
        }
        show(Step::Root {
            rule: self.temporal_rule(at),
            atom: None,
            cause: match cycles {
                true => Cause::Cycle,
                false => Cause::Batch,
            },
            over: at,
        })
    }

    /// The rules by which a place lacks something; of a crowd only the first: there are reasons enough.
    fn failing(&self, at: At, want: Want) -> impl Iterator<Item = RuleAt> {
        let rules = self.known.model.inserters(at);
        let failing = rules.filter(move |&rule| !self.found.rules[rule].props.has(wanted(want)));
        failing.take(CROWD_MAX)
    }

    /// Where each place lacks what it should have only because another one does, in a circle: the circle is the reason.
    fn on_a_cycle(&self, visited: &[Visited]) -> Option<Chain> {
        let model = self.known.model;
        let mut numbers = 0..visited.len();
        let number = numbers
            .find(|&number| model.is_cyclic(visited[number].0))
            .or_else(|| visited.len().checked_sub(1))?;
        let (over, ..) = visited[number];
        let (places, wants, steps) = way_up(visited, number);
        Some(Chain {
            rule: self.temporal_rule(over),
            atom: None,
            cause: match model.is_cyclic(over) {
                true => Cause::Cycle,
                false => Cause::Batch,
            },
            over,
            places,
            wants,
            steps,
        })
    }

    /// A rule that carries the place over ticks, if there is one.
    fn temporal_rule(&self, at: At) -> Option<RuleAt> {
        let model = self.known.model;
        let deferred = model
            .inserters(at)
            .find(|&rule| model.rule(rule).arrow != Arrow::Merge);
        deferred.or_else(|| model.inserters(at).next())
    }

    fn of_source(&self, at: At) -> Vec<Step> {
        let model = self.known.model;
        let collection = model.collection(at);
        let root = |cause| Step::Root {
            rule: None,
            atom: None,
            cause,
            over: at,
        };
        match collection.kind {
            CollectionKind::Input | CollectionKind::Stdin => match self.props(at).has(Props::UNION)
            {
                true => vec![root(Cause::Batch)],
                false => vec![root(Cause::KeyConflict)],
            },
            CollectionKind::Output => vec![root(Cause::Function)],
            CollectionKind::Periodic { .. }
            | CollectionKind::Alive
            | CollectionKind::Errors
            | CollectionKind::Cluster
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum => vec![root(Cause::Nondeterministic)],
            CollectionKind::Table
            | CollectionKind::Scratch
            | CollectionKind::Static
            | CollectionKind::View
            | CollectionKind::Channel { .. }
            | CollectionKind::Loopback
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt
            | CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => vec![root(Cause::Batch)],
        }
    }

    fn clash(&self, at: At) -> Vec<Step> {
        use super::dependencies::Conflict;
        let rules = match self.known.dependencies.conflict(at) {
            None | Some(Conflict::Source) => Vec::new(),
            Some(Conflict::Within(rule)) => vec![rule],
            Some(Conflict::Between(_, other)) => vec![other],
        };
        let upserts = |rule: RuleAt| self.known.model.rule(rule).arrow == Arrow::Upsert;
        rules
            .into_iter()
            .map(|rule| Step::Root {
                rule: Some(rule),
                atom: None,
                cause: match upserts(rule) {
                    true => Cause::Upsert,
                    false => Cause::KeyConflict,
                },
                over: at,
            })
            .collect()
    }

    fn of_kept(&self, at: At, want: Want) -> Vec<Step> {
        let model = self.known.model;
        let arrow = |rule: RuleAt| model.rule(rule).arrow;
        let mut steps = Vec::new();
        if want != Want::Grows {
            for rule in self.failing(at, Want::Union) {
                steps.extend(self.of_rule(rule, Want::Union));
            }
        }
        let upserting = || {
            let rules = model.inserters(at);
            rules.filter(|&rule| arrow(rule) == Arrow::Upsert)
        };
        // Lattice values do not join where one row is put in place of another.
        let mut columns = model.shape(at).columns.iter();
        if want == Want::Union && columns.any(|column| column.lattice) {
            steps.extend(upserting().map(|rule| self.root_at(rule, 0, Cause::Upsert)));
        }
        if want == Want::Union || !steps.is_empty() {
            return steps;
        }
        let once = Props::GROWS.with(Props::LIMIT);
        let takes = model.writers(at).iter().copied();
        for rule in takes.filter(|&rule| arrow(rule) == Arrow::DeferredDelete) {
            if want == Want::Grows || !self.found.rules[rule].props.has(once) {
                steps.push(self.root_at(rule, 0, Cause::Delete));
            }
        }
        for rule in upserting() {
            steps.push(self.root_at(rule, 0, Cause::Upsert));
        }
        if want == Want::Limit {
            for rule in self.failing(at, Want::Limit) {
                steps.extend(self.of_rule(rule, Want::Limit));
            }
        }
        if steps.is_empty() {
            steps.push(Step::Root {
                rule: self.temporal_rule(at),
                atom: None,
                cause: Cause::Cycle,
                over: at,
            });
        }
        steps
    }
}

pub const fn wanted(want: Want) -> Props {
    match want {
        Want::Union => Props::UNION,
        Want::Limit => Props::LIMIT,
        Want::Grows => Props::GROWS,
    }
}
