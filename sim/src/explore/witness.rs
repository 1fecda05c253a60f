//! Witnesses: a small deployment, a few inputs and two schedules after which a collection does not
//! hold the same.
//!
//! Deployments and inputs are tried from small to large, as in small-scope checking (Jackson's
//! Alloy): where contents can differ, few messages mostly suffice. The first that is found is made
//! smaller by leaving inputs out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bloom_plan::plan::Plan;
use bloom_stdx::random::Random;
use smol_str::SmolStr;

use crate::machine::{Kinds, Resumable};

use super::depends::{self, Slice};
use super::deployment::{Deployment, Feed, Observed, Options};
use super::domain::Domains;
use super::inputs::{Candidate, candidates, draw, each_set, feeds};
use super::outcome::{Contents, Outcome, Schedule, Unexplored};
use super::session::{Session, relation};
use super::shape::{Hints, is_replicated, shapes};

/// Of the attempts, this part is drawn at random after the others.
const RANDOM_SHARE: usize = 4;
const RANDOM_SEED: u64 = 0xb100;
/// Firings at any time and at the end of a run, where time means something.
const FIRINGS: u8 = 1;
const CLOSINGS: u8 = 2;

/// The collection whose contents are asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub kind: SmolStr,
    pub collection: SmolStr,
}

/// How long a witness is looked for.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Sets of inputs.
    pub attempts_max: usize,
    /// States of all attempts together.
    pub states_max: usize,
    /// Inputs of one attempt.
    pub inputs_max: usize,
    /// How each attempt is explored. Whether time passes is settled by the program, and when to
    /// stop by what is looked for.
    pub options: Options,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            attempts_max: 1_000,
            states_max: 60_000,
            inputs_max: 4,
            options: Options {
                states_max: 2_000,
                ..Options::default()
            },
        }
    }
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub witness: Option<Witness>,
    pub attempts: usize,
    pub states: usize,
    pub ticks: usize,
    /// Attempts that met a bound, so that they say nothing.
    pub unexplored: usize,
}

/// Two runs of one deployment with the same inputs that come out differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    pub target: Target,
    /// The seed is the first run's.
    pub deployment: Deployment,
    pub inputs: Vec<Feed>,
    pub difference: Difference,
    pub first: Run,
    pub second: Run,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference {
    /// Between two runs.
    Runs,
    /// Between two replicas in one run: both schedules are the same.
    Replicas,
    /// Between one moment and another, for ever: both runs are the same.
    Moments,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The node whose collection it is.
    pub node: usize,
    /// Of what is drawn at random.
    pub seed: u64,
    pub schedule: Schedule,
    pub contents: Contents,
}

/// Looks for inputs and two schedules after which the target does not hold the same: in two runs, or,
/// for a replicated kind, at two replicas in one run. `program` names the kinds of the program.
pub fn find_witness<K>(
    kinds: &K,
    program: &[SmolStr],
    target: &Target,
    hints: &Hints,
    budget: &Budget,
) -> Result<Search, Unexplored>
where
    K: Kinds,
    K::Node: Resumable,
{
    let mut plans: BTreeMap<SmolStr, &Plan> = BTreeMap::new();
    for kind in program.iter().chain([&target.kind]) {
        let missing = || Unexplored::Start(format!("there is no kind of node `{kind}`"));
        plans.insert(kind.clone(), kinds.plan(kind).ok_or_else(missing)?);
    }
    let plan = plans[&target.kind];
    let id = relation(plan, &target.collection).ok_or_else(|| Unexplored::Collection {
        node: target.kind.clone(),
        collection: target.collection.clone(),
    })?;
    let slice = depends::slice(&plans, [(target.kind.clone(), id)].into_iter());
    let domains = Domains::new(&plans);
    let mut search = Search::default();
    let shapes = shapes(&plans, &slice, hints, &domains);
    let count = shapes.len();
    for (place, deployment) in shapes.into_iter().enumerate() {
        let candidates = candidates(&deployment, &plans, &slice, hints, &domains);
        let mut hunt = Hunt::new(kinds, deployment, target, hints, budget, &plans, &slice)?;
        // What earlier shapes have left is for the later ones.
        let attempts = (budget.attempts_max - search.attempts) / (count - place);
        let until = search.attempts + attempts;
        hunt.run(&candidates, until, &mut search)?;
        if search.witness.is_some() {
            break;
        }
    }
    Ok(search)
}

/// The search in one deployment.
struct Hunt<'a, M: Resumable> {
    target: &'a Target,
    deployment: Deployment,
    /// The nodes of the target's kind.
    nodes: Vec<usize>,
    replicated: bool,
    /// One for each seed that may make a difference.
    sessions: Vec<(u64, Session<'a, M>)>,
    options: Options,
    budget: &'a Budget,
}

impl<'a, M: Resumable> Hunt<'a, M> {
    fn new<K: Kinds<Node = M>>(
        kinds: &'a K,
        deployment: Deployment,
        target: &'a Target,
        hints: &Hints,
        budget: &'a Budget,
        plans: &BTreeMap<SmolStr, &Plan>,
        slice: &Slice,
    ) -> Result<Self, Unexplored> {
        let nodes = 0..deployment.nodes.len();
        let nodes: Vec<usize> = nodes
            .filter(|&n| deployment.nodes[n].kind == target.kind)
            .collect();
        let observed = nodes.iter().map(|&node| Observed {
            node,
            collection: target.collection.clone(),
        });
        let observed: Vec<Observed> = observed.collect();
        let replicated = is_replicated(plans, hints, &target.kind);
        let part =
            |(kind, set): (&SmolStr, _)| (!slice[kind].is_empty()).then_some((plans[kind], set));
        let timed = slice
            .iter()
            .filter_map(part)
            .any(|(plan, set)| depends::is_timed(plan, set));
        let draws = slice
            .iter()
            .filter_map(part)
            .any(|(plan, _)| depends::is_nondeterministic(plan));
        let mut options = budget.options.clone();
        if timed {
            (options.firings, options.closings) = (FIRINGS, CLOSINGS);
        }
        if replicated {
            options.replicas = vec![(0..nodes.len()).collect()];
        } else {
            options.outcomes_wanted = Some(2);
        }
        let seeds: &[u64] = if draws { &[0, 1] } else { &[0] };
        let mut sessions = Vec::new();
        for &seed in seeds {
            let seeded = Deployment {
                seed,
                ..deployment.clone()
            };
            let session = Session::new(kinds, &seeded, &observed, options.free_loopback)?;
            sessions.push((seed, session));
        }
        Ok(Hunt {
            target,
            deployment,
            nodes,
            replicated,
            sessions,
            options,
            budget,
        })
    }

    /// Tries sets of candidates until a witness is found or the budget is used up.
    fn run(
        &mut self,
        candidates: &[Candidate],
        until: usize,
        search: &mut Search,
    ) -> Result<(), Unexplored> {
        let systematic = until - (until - search.attempts) / RANDOM_SHARE;
        let inputs_max = self.budget.inputs_max;
        let mut failed = None;
        let ended = each_set(candidates, inputs_max, &mut |chosen| {
            if search.attempts >= systematic {
                return ControlFlow::Break(());
            }
            match self.attempt(chosen, search) {
                Ok(true) => ControlFlow::Break(()),
                Ok(false) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        // When all sets were tried, drawing some again is of no use.
        if search.witness.is_some() || ended.is_continue() {
            return Ok(());
        }
        let mut random = Random::new(RANDOM_SEED);
        while search.attempts < until && !candidates.is_empty() {
            let chosen = draw(candidates, inputs_max, &mut random);
            if self.attempt(&chosen, search)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the search is over.
    fn attempt(&mut self, chosen: &[&Candidate], search: &mut Search) -> Result<bool, Unexplored> {
        search.attempts += 1;
        if let Some(witness) = self.explore(&feeds(chosen), search)? {
            search.witness = Some(self.minimise(chosen, witness, search)?);
            return Ok(true);
        }
        Ok(search.states >= self.budget.states_max)
    }

    /// Leaves out inputs as long as the rest still shows a difference. Of what is left, runs in which
    /// nothing goes wrong tell more than others.
    fn minimise(
        &mut self,
        chosen: &[&Candidate],
        witness: Witness,
        search: &mut Search,
    ) -> Result<Witness, Unexplored> {
        let (mut chosen, mut witness) = (chosen.to_vec(), witness);
        let mut place = 0;
        while place < chosen.len() {
            let mut fewer = chosen.clone();
            fewer.remove(place);
            match self.explore(&feeds(&fewer), search)? {
                Some(smaller) => (chosen, witness, place) = (fewer, smaller, 0),
                None => place += 1,
            }
        }
        if witness.first.schedule.has_errors() || witness.second.schedule.has_errors() {
            let wanted = std::mem::take(&mut self.options.outcomes_wanted);
            let all = self.explore(&feeds(&chosen), search);
            self.options.outcomes_wanted = wanted;
            witness = all?.unwrap_or(witness);
        }
        Ok(witness)
    }

    fn explore(
        &mut self,
        inputs: &[Feed],
        search: &mut Search,
    ) -> Result<Option<Witness>, Unexplored> {
        let mut known: Vec<(u64, Outcome)> = Vec::new();
        let mut split: Option<(u64, Outcome)> = None;
        for (seed, session) in &mut self.sessions {
            let outcomes = match session.explore(inputs, &self.options) {
                Ok(outcomes) => outcomes,
                Err(Unexplored::States(_) | Unexplored::Messages(_) | Unexplored::Endless(_)) => {
                    search.unexplored += 1;
                    search.states += self.options.states_max;
                    continue;
                }
                Err(
                    error @ (Unexplored::Stuck
                    | Unexplored::Start(_)
                    | Unexplored::Collection { .. }),
                ) => return Err(error),
            };
            search.states += outcomes.states;
            search.ticks += outcomes.ticks;
            if let Some(place) = outcomes.split {
                split = Some((*seed, outcomes.outcomes[place].clone()));
                break;
            }
            known.extend(
                outcomes
                    .outcomes
                    .into_iter()
                    .map(|outcome| (*seed, outcome)),
            );
        }
        // A stable sort: the shortest come first among those in which nothing goes wrong.
        known.sort_by_key(|(_, outcome)| outcome.schedule.has_errors());
        let restless =
            |(_, outcome): &&(u64, Outcome)| outcome.contents.contains(&Contents::Oscillates);
        if let Some((seed, outcome)) = &split {
            let differs = |c: &&Contents| **c != outcome.contents[0];
            let places = (0, place_of(outcome, differs));
            return Ok(Some(self.in_one_run(
                inputs,
                *seed,
                outcome,
                Difference::Replicas,
                places,
            )));
        }
        if let Some((seed, outcome)) = known.iter().find(restless) {
            let place = place_of(outcome, |c| **c == Contents::Oscillates);
            let places = (place, place);
            return Ok(Some(self.in_one_run(
                inputs,
                *seed,
                outcome,
                Difference::Moments,
                places,
            )));
        }
        if self.replicated || known.is_empty() {
            return Ok(None);
        }
        let second = known[1..]
            .iter()
            .find(|(_, other)| other.contents != known[0].1.contents);
        Ok(second.map(|second| self.runs_differ(inputs, &known[0], second)))
    }

    fn in_one_run(
        &self,
        inputs: &[Feed],
        seed: u64,
        outcome: &Outcome,
        difference: Difference,
        (first, second): (usize, usize),
    ) -> Witness {
        let run = |place: usize| Run {
            node: self.nodes[place],
            seed,
            schedule: outcome.schedule.clone(),
            contents: outcome.contents[place].clone(),
        };
        Witness {
            target: self.target.clone(),
            deployment: self.deployment.clone(),
            inputs: inputs.to_vec(),
            difference,
            first: run(first),
            second: run(second),
        }
    }

    fn runs_differ(
        &self,
        inputs: &[Feed],
        first: &(u64, Outcome),
        second: &(u64, Outcome),
    ) -> Witness {
        let mut places = 0..self.nodes.len();
        let differs = places.find(|&p| first.1.contents[p] != second.1.contents[p]);
        let place = differs.expect("distinct outcomes differ somewhere");
        let run = |(seed, outcome): &(u64, Outcome)| Run {
            node: self.nodes[place],
            seed: *seed,
            schedule: outcome.schedule.clone(),
            contents: outcome.contents[place].clone(),
        };
        Witness {
            target: self.target.clone(),
            deployment: self.deployment.clone(),
            inputs: inputs.to_vec(),
            difference: Difference::Runs,
            first: run(first),
            second: run(second),
        }
    }
}

/// The first place of an outcome that is like this, of which there is one.
fn place_of(outcome: &Outcome, like: impl Fn(&&Contents) -> bool) -> usize {
    let place = outcome.contents.iter().position(|contents| like(&contents));
    place.expect("the outcome was chosen for it")
}
