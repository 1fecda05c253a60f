//! The circuit in a SAT solver: each gate that matters a variable, each AND its clauses (Tseitin, 1968).

use batsat::{Callbacks, ClauseKind};
use rustc_hash::FxHashMap;
use rustsat::clause;
use rustsat::instances::{BasicVarManager, ManageVars};
use rustsat::solvers::{Solve, SolveIncremental, SolverResult};
use rustsat::types::{Clause, Lit as SatLit, TernaryVal};

use super::circuit::{Circuit, Gate, Lit};
use super::counter::Counter;
use super::proof::Proof;

/// An incremental solver over gates of one circuit.
pub struct Solver<'c> {
    circuit: &'c Circuit,
    inner: rustsat_batsat::Solver<Learnt>,
    variables: BasicVarManager,
    /// The variable of each gate that was needed so far.
    known: FxHashMap<usize, SatLit>,
    clauses: usize,
    /// The clauses, if a proof is asked for.
    kept: Option<Vec<Vec<i32>>>,
}

/// What the solver learns, if a proof is asked for.
#[derive(Default)]
struct Learnt(Option<Vec<Vec<i32>>>);

impl Callbacks for Learnt {
    fn on_new_clause(&mut self, clause: &[batsat::Lit], kind: ClauseKind) {
        if let (Some(lemmas), ClauseKind::Learnt) = (&mut self.0, kind) {
            let literal = |literal: &batsat::Lit| {
                let variable = literal.var().idx() as i32 + 1;
                if literal.sign() { variable } else { -variable }
            };
            lemmas.push(clause.iter().map(literal).collect());
        }
    }
}

impl<'c> Solver<'c> {
    /// A solver that keeps what proves its answers, if that is asked for.
    pub fn new(circuit: &'c Circuit, keeps_proof: bool) -> Self {
        let mut inner = rustsat_batsat::Solver::<Learnt>::default();
        inner.batsat_mut().cb_mut().0 = keeps_proof.then(Vec::new);
        Solver {
            circuit,
            inner,
            variables: BasicVarManager::default(),
            known: FxHashMap::default(),
            clauses: 0,
            kept: keeps_proof.then(Vec::new),
        }
    }

    /// How many variables and clauses there are.
    pub fn size(&self) -> (usize, usize) {
        (self.variables.n_used() as usize, self.clauses)
    }

    /// Why there is no assignment at all; none if that was not kept.
    pub fn proof(&self, faults: impl Iterator<Item = (Lit, String)>) -> Option<Proof> {
        let lemmas = self.inner.batsat_ref().cb().0.clone()?;
        let faults = faults.filter(|(lit, _)| self.knows(*lit));
        Some(Proof {
            variables: self.variables.n_used(),
            clauses: self.kept.clone()?,
            lemmas,
            faults: faults
                .map(|(lit, name)| (self.literal(lit).to_ipasir(), name))
                .collect(),
        })
    }

    /// Whether the solver knows the gate.
    pub fn knows(&self, lit: Lit) -> bool {
        self.known.contains_key(&lit.gate())
    }

    /// The literal of the solver, with all that it depends on.
    pub fn encode(&mut self, lit: Lit) -> SatLit {
        let mut open = vec![lit.gate()];
        while let Some(&gate) = open.last() {
            if self.known.contains_key(&gate) {
                open.pop();
                continue;
            }
            let operands: &[Lit] = match &self.circuit.gates()[gate] {
                Gate::And(operands) => operands,
                Gate::True | Gate::Variable { .. } => &[],
            };
            let before = open.len();
            let unknown = operands.iter().map(|operand| operand.gate());
            open.extend(unknown.filter(|gate| !self.known.contains_key(gate)));
            if open.len() > before {
                continue;
            }
            open.pop();
            self.define(gate);
        }
        self.literal(lit)
    }

    fn literal(&self, lit: Lit) -> SatLit {
        let literal = self.known[&lit.gate()];
        match lit.is_negated() {
            true => !literal,
            false => literal,
        }
    }

    fn define(&mut self, gate: usize) {
        let own = self.variables.new_lit();
        self.known.insert(gate, own);
        match &self.circuit.gates()[gate] {
            Gate::True => self.clause(clause![own]),
            Gate::Variable { .. } => {}
            Gate::And(operands) => {
                let mut all = Clause::default();
                all.add(own);
                for &operand in operands {
                    let operand = self.literal(operand);
                    self.clause(clause![!own, operand]);
                    all.add(!operand);
                }
                self.clause(all);
            }
        }
    }

    fn clause(&mut self, clause: Clause) {
        self.clauses += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(clause.iter().map(|literal| literal.to_ipasir()).collect());
        }
        self.inner
            .add_clause(clause)
            .expect("the solver takes any clause");
    }

    /// Asks that one of the literals hold.
    pub fn require(&mut self, literals: impl IntoIterator<Item = Lit>) {
        let mut clause = Clause::default();
        for literal in literals {
            clause.add(self.encode(literal));
        }
        self.clause(clause);
    }

    /// Whether there is an assignment in which all of these hold.
    pub fn solve(&mut self, assumptions: &[SatLit]) -> bool {
        let result = self.inner.solve_assumps(assumptions);
        result.expect("the solver has no bound on its time") == SolverResult::Sat
    }

    /// Whether the literal holds in the assignment that was found. What matters to nothing does not.
    pub fn holds(&self, lit: Lit) -> bool {
        let Some(&literal) = self.known.get(&lit.gate()) else {
            return false;
        };
        let value = self.inner.lit_val(literal);
        let value = value.expect("an assignment was found") == TernaryVal::True;
        value != lit.is_negated()
    }

    /// A counter of the literals that hold, up to `most`.
    pub fn counter(&mut self, literals: &[Lit], most: usize) -> Counter {
        let literals = literals.iter().map(|&lit| self.encode(lit)).collect();
        let (counter, clauses) = Counter::new(literals, most, &mut self.variables);
        for clause in clauses {
            self.clause(clause);
        }
        counter
    }
}
