//! The hunt for sets of faults under which a formula holds: a smallest one, and all minimal ones.
//!
//! The smallest is found by a counter over all faults, whose bound is lowered as long as there is a solution. A solution
//! is made smaller until no subset of it is one, and everything that contains it is then excluded. Where checkers look at
//! histories, each is checked once, and if it is good, no other faults that lead to it are looked at.

use rustsat::types::Lit as SatLit;

use super::circuit::{Circuit, Lit};
use super::histories::HISTORIES_MAX;
use super::hypothesis::{Fault, Hypothesis};
use super::run::Outcome;
use super::solver::Solver;

/// The hunt for sets of faults under which a formula holds.
pub struct Hunt<'h> {
    outcome: &'h Outcome,
    pub solver: Solver<'h>,
    /// That a spec is broken by a row.
    root: Lit,
    /// What determines the histories, if checkers look at some.
    determining: Vec<Lit>,
    /// Histories that were checked.
    histories: usize,
    /// Why it knows nothing more.
    pub gave_up: Option<String>,
    /// The faults that matter.
    faults: Vec<(Fault, Lit)>,
}

impl<'h> Hunt<'h> {
    pub fn new(outcome: &'h Outcome, root: Lit, determining: Vec<Lit>, keeps_proof: bool) -> Self {
        let circuit: &Circuit = &outcome.circuit;
        let mut solver = Solver::new(circuit, keeps_proof);
        if outcome.histories.is_empty() {
            solver.require([root]);
        }
        solver.encode(root);
        for &lit in &determining {
            solver.encode(lit);
        }
        for (later, earlier) in outcome.variables.implications() {
            solver.require([!later, earlier]);
        }
        let faults = outcome.variables.faults.iter().copied();
        // What the formula does not read need not be lost.
        let matters = |(fault, lit): &(Fault, Lit)| match fault {
            Fault::Crash { .. } => true,
            Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Partition { .. }
            | Fault::Node { .. } => solver.knows(*lit),
        };
        let faults: Vec<(Fault, Lit)> = faults.filter(matters).collect();
        Hunt {
            outcome,
            solver,
            root,
            determining,
            histories: 0,
            gave_up: None,
            faults,
        }
    }

    /// Looks for a solution in which all of these hold: for faults under which a row breaks a spec, or a history
    /// does.
    fn solve(&mut self, assumptions: &[SatLit]) -> bool {
        while self.gave_up.is_none() && self.solver.solve(assumptions) {
            if self.solver.holds(self.root) {
                return true;
            }
            match self.history_breaks() {
                Ok(true) => return true,
                Ok(false) => self.exclude_history(),
                Err(why) => self.gave_up = Some(why),
            }
        }
        false
    }

    fn history_breaks(&mut self) -> Result<bool, String> {
        self.histories += 1;
        if self.histories > HISTORIES_MAX {
            return Err(format!("there are more than {HISTORIES_MAX} histories"));
        }
        for histories in &self.outcome.histories {
            let broken = histories.broken(|lit| match lit {
                Lit::TRUE => true,
                Lit::FALSE => false,
                lit => self.solver.holds(lit),
            })?;
            if !broken.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for other solutions than those with this history, unless a row breaks a spec.
    fn exclude_history(&mut self) {
        let holds = |lit: &Lit| self.solver.holds(*lit);
        let others = self.determining.iter();
        let others = others.map(|lit| if holds(lit) { !*lit } else { *lit });
        let clause: Vec<Lit> = others.chain([self.root]).collect();
        self.solver.require(clause);
    }

    pub fn solution(&self) -> Hypothesis {
        let there = self
            .faults
            .iter()
            .filter(|(_, lit)| self.solver.holds(*lit));
        Hypothesis(there.map(|(fault, _)| *fault).collect())
    }

    /// A solution with as few faults as any.
    pub fn smallest(&mut self) -> Option<Hypothesis> {
        for place in 0..self.faults.len() {
            let lit = self.faults[place].1;
            self.solver.encode(lit);
        }
        if !self.solve(&[]) {
            return None;
        }
        let found = self.solution();
        let mut best = self.shrink(found);
        if best.len() <= 1 {
            return Some(best);
        }
        let crashes = self.outcome.variables.crashes();
        let losses = self.faults.iter().filter_map(|(fault, lit)| match fault {
            Fault::Crash { .. } => None,
            Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Partition { .. }
            | Fault::Node { .. } => Some(*lit),
        });
        let all: Vec<Lit> = crashes
            .chain(losses)
            .filter(|&lit| lit != Lit::FALSE)
            .collect();
        let counter = self.solver.counter(&all, best.len() - 1);
        while best.len() > 1 && self.solve(&counter.at_most(best.len() - 1)) {
            best = self.solution();
        }
        Some(best)
    }

    /// A part of a solution that is a solution, and of which no part is.
    pub fn shrink(&mut self, mut set: Hypothesis) -> Hypothesis {
        let mut needed = Hypothesis::default();
        while let Some(&fault) = set.0.difference(&needed.0).next() {
            let mut smaller = set.clone();
            smaller.0.remove(&fault);
            if self.within(&smaller) {
                set = self.solution();
            } else {
                needed.0.insert(fault);
            }
        }
        set
    }

    /// Whether some part of the set is a solution.
    pub fn within(&mut self, set: &Hypothesis) -> bool {
        let absent = self
            .faults
            .iter()
            .filter(|(fault, _)| !set.0.contains(fault));
        let absent: Vec<Lit> = absent.map(|(_, lit)| !*lit).collect();
        let assumptions: Vec<_> = absent.iter().map(|&lit| self.solver.encode(lit)).collect();
        self.solve(&assumptions)
    }

    /// Minimal solutions, up to so many, and whether these are all.
    pub fn all_minimal(&mut self, first: &Hypothesis, most: usize) -> (Vec<Hypothesis>, bool) {
        let mut sets = vec![first.clone()];
        self.exclude(first);
        while self.solve(&[]) {
            if sets.len() >= most {
                return (sets, false);
            }
            let found = self.solution();
            let found = self.shrink(found);
            self.exclude(&found);
            sets.push(found);
        }
        let complete = self.gave_up.is_none();
        (sets, complete)
    }

    /// Asks for other solutions than those that contain the set.
    fn exclude(&mut self, set: &Hypothesis) {
        let lits = self
            .faults
            .iter()
            .filter(|(fault, _)| set.0.contains(fault));
        let lits: Vec<Lit> = lits.map(|(_, lit)| !*lit).collect();
        self.solver.require(lits);
    }
}
