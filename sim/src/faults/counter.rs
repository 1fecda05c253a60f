//! Counters of literals for the solver: the totalizer of Bailleux and Boufkhad, 2003.

use rustsat::encodings::card::{BoundUpper, Totalizer};
use rustsat::instances::{BasicVarManager, Cnf};
use rustsat::types::Lit;

/// Literals of which at most so many may hold.
pub struct Counter(Totalizer);

impl Counter {
    /// Counts up to `most`; the clauses are what makes it count.
    pub fn new(literals: Vec<Lit>, most: usize, variables: &mut BasicVarManager) -> (Counter, Cnf) {
        let mut totalizer: Totalizer = literals.into_iter().collect();
        let mut clauses = Cnf::new();
        totalizer
            .encode_ub(0..=most, &mut clauses, variables)
            .expect("there is memory for the counter");
        (Counter(totalizer), clauses)
    }

    /// What holds, or is to be assumed, so that at most so many do.
    pub fn at_most(&self, bound: usize) -> Vec<Lit> {
        self.0
            .enforce_ub(bound)
            .expect("the counter was made for the bound")
    }
}
