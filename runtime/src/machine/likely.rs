//! Code of versions when they first have something to do.
//!
//! A program may come without code for its versions: of a large one, most may never derive anything. What a version
//! needs is made when it is about to run, and together with it that of versions that are likely to run after it: so code
//! is made in few pieces, each by all cores, where everything runs, and hardly any in vain where little does. Likely is what comes
//! later in the tick and finds rows in all that it reads, if everything likely before it derives some. Such guesses
//! go as far as they have been right before: as many versions at most get code in advance as have got some already.

use bloom_plan::plan::{Arrow, RelationId, Stratum, Upkeep, VersionId};

use crate::profile::Place;
use crate::schedule::Target;

use super::Machine;

/// Versions that get their code together, if so many are likely.
const TOGETHER_MIN: usize = 32;

impl Machine {
    /// Has code for a version that is about to run.
    #[inline]
    pub(super) fn complete(&mut self, version: VersionId) {
        if !self.context.code().has(version) {
            self.generate_with(version);
        }
    }

    #[cold]
    fn generate_with(&mut self, version: VersionId) {
        let outer = self.enter(Place::Code);
        let planner = self.planner();
        let planner =
            planner.expect("whoever loads a program without all its code lends a planner");
        let versions = self.likely_with(version);
        let patch = planner.code(self.program.plan(), &versions);
        self.generated += patch.versions.len();
        let code = self.context.code().patched(&patch);
        let code = code.expect("memory that code runs from could be had before");
        self.context.adopt(self.program.plan(), &code.into());
        self.leave(outer);
    }

    /// A version without code that is about to run, and others that are likely to follow.
    fn likely_with(&self, version: VersionId) -> Vec<VersionId> {
        let plan = self.program.plan();
        let mut guess = Guess::new(self);
        guess.take(version);
        for number in self.stratum..plan.strata.len() {
            guess.stratum(number);
            if guess.is_full() {
                return guess.chosen;
            }
        }
        for &closing in &plan.closing {
            guess.look_at(closing);
        }
        if self.first_tick {
            for standing in &plan.standing {
                guess.look_at(standing.version);
            }
        }
        guess.chosen
    }
}

/// Which versions are likely to run, in order.
struct Guess<'m> {
    machine: &'m Machine,
    /// By relation: whether there are rows, or some are expected.
    filled: Vec<bool>,
    /// By relation: whether it is other than in the last tick, or that is expected.
    moved: Vec<bool>,
    /// Those of the versions that have no code.
    chosen: Vec<VersionId>,
    chosen_max: usize,
    is_chosen: Vec<bool>,
}

impl Guess<'_> {
    fn new(machine: &Machine) -> Guess<'_> {
        let relations = machine.relations.iter();
        let filled: Vec<bool> = relations.clone().map(|r| !r.is_empty()).collect();
        Guess {
            moved: match machine.first_tick {
                true => filled.clone(),
                false => relations.map(|r| !r.is_unchanged()).collect(),
            },
            filled,
            chosen: Vec::new(),
            chosen_max: TOGETHER_MIN.max(machine.generated),
            is_chosen: vec![false; machine.program.plan().versions.len()],
            machine,
        }
    }

    fn is_full(&self) -> bool {
        self.chosen.len() >= self.chosen_max
    }

    fn stratum(&mut self, number: usize) {
        let program = &self.machine.program;
        let stratum = &program.plan().strata[number];
        let mut reads = program.schedule().reads[number].iter();
        let lists = match self.machine.first_tick {
            true => of_first_tick(stratum),
            false if reads.any(|id| self.moved[id.0 as usize]) => of_later_tick(stratum),
            false => vec![&stratum.events[..]],
        };
        // What its versions fill may make others of them likely.
        while lists
            .iter()
            .fold(false, |more, versions| self.look_at_all(versions) | more)
        {}
    }

    fn look_at_all(&mut self, versions: &[VersionId]) -> bool {
        versions
            .iter()
            .fold(false, |more, &version| self.look_at(version) | more)
    }

    /// Takes a version if it is likely to run; whether something is expected now that was not before.
    fn look_at(&mut self, version: VersionId) -> bool {
        if self.is_full() {
            return false;
        }
        let program = &self.machine.program;
        let mut needs = program.schedule().needs[version.0 as usize].iter();
        let delta = program.plan().versions[version.0 as usize].delta;
        let is_likely = self.machine.is_of_this_tick(version)
            && delta.is_none_or(|id| self.moved[id.0 as usize])
            && needs.all(|id| self.filled[id.0 as usize]);
        is_likely && self.take(version)
    }

    fn take(&mut self, version: VersionId) -> bool {
        let place = version.0 as usize;
        let has_code = self.machine.context.code().has(version);
        if !has_code && !std::mem::replace(&mut self.is_chosen[place], true) {
            self.chosen.push(version);
        }
        match self.filled_by(version) {
            Some(RelationId(head)) => {
                let was = [&mut self.filled, &mut self.moved]
                    .map(|marks| std::mem::replace(&mut marks[head as usize], true));
                was != [true; 2]
            }
            None => false,
        }
    }

    /// What a version derives into within the tick.
    fn filled_by(&self, version: VersionId) -> Option<RelationId> {
        let (head, arrow) = match self.machine.target(version) {
            Target::Rows { relation, arrow } => (relation, arrow),
            Target::Groups(aggregate) => {
                let declared = &self.machine.program.plan().aggregates[aggregate.0 as usize];
                (declared.relation, declared.arrow)
            }
        };
        (arrow == Arrow::Merge).then_some(head)
    }
}

fn of_first_tick(stratum: &Stratum) -> Vec<&[VersionId]> {
    vec![&stratum.initial, &stratum.recursive]
}

/// What may run in a tick that brings a stratum up to date.
fn of_later_tick(stratum: &Stratum) -> Vec<&[VersionId]> {
    let mut lists: Vec<&[VersionId]> = vec![
        &stratum.events,
        &stratum.incremental,
        &stratum.recursive,
        &stratum.gains,
        &stratum.losses,
        &stratum.support,
        &stratum.changes,
    ];
    match stratum.upkeep {
        Upkeep::Anew => lists.push(&stratum.initial),
        Upkeep::Counting => lists.push(&stratum.counting),
        Upkeep::Flow | Upkeep::Rederive => {}
    }
    lists
}
