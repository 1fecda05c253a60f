//! A hash-consed circuit of AND gates and negations over fault variables.
//!
//! Invariants: equal gates are one gate; the operands of a gate are older than it, ascend, and hold neither a
//! constant, nor one twice, nor one with its negation. An operand that is a small conjunction is merged into
//! the gate, so that conjunctions which differ only in how they were put together are one gate.
//!
//! Variables may form chains: of a chain, each variable implies all earlier ones ("still up at tick 5"
//! implies "still up at tick 4"). A gate keeps of each chain what says most, so that "was up all the time" costs
//! one operand.

use rustc_hash::FxHashMap;

/// A gate or variable, perhaps negated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lit(u32);

impl Lit {
    pub const TRUE: Lit = Lit(0);
    pub const FALSE: Lit = Lit(1);

    /// The gate or variable, without its sign.
    pub fn gate(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    fn of(gate: usize) -> Lit {
        let gate = u32::try_from(gate).expect("gates are bounded by `GATES_MAX`");
        Lit(gate << 1)
    }
}

impl std::ops::Not for Lit {
    type Output = Lit;

    fn not(self) -> Lit {
        Lit(self.0 ^ 1)
    }
}

/// What a gate is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gate {
    True,
    /// A fault variable; its place in a chain, if it is in one.
    Variable {
        chain: Option<(u32, u32)>,
    },
    And(Box<[Lit]>),
}

/// Gates past which a search gives up.
pub const GATES_MAX: usize = 20_000_000;

/// Conjunctions of up to so many operands are merged into the gate that they are an operand of.
const MERGED_OPERANDS_MAX: usize = 6;

#[derive(Debug)]
pub struct Circuit {
    gates: Vec<Gate>,
    known: FxHashMap<Box<[Lit]>, u32>,
    /// Room for the operands of the gate that is being made.
    operands: Vec<Lit>,
}

impl Default for Circuit {
    fn default() -> Self {
        Circuit {
            gates: vec![Gate::True],
            known: FxHashMap::default(),
            operands: Vec::new(),
        }
    }
}

impl Circuit {
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    pub fn variable(&mut self) -> Lit {
        self.push(Gate::Variable { chain: None })
    }

    /// A variable of the chain; it implies those of lower places.
    pub fn chained(&mut self, chain: u32, place: u32) -> Lit {
        let chain = Some((chain, place));
        self.push(Gate::Variable { chain })
    }

    fn push(&mut self, gate: Gate) -> Lit {
        self.gates.push(gate);
        Lit::of(self.gates.len() - 1)
    }

    pub fn and(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        let mut all = std::mem::take(&mut self.operands);
        all.clear();
        for operand in operands {
            match &self.gates[operand.gate()] {
                Gate::And(inner) if !operand.is_negated() && inner.len() <= MERGED_OPERANDS_MAX => {
                    all.extend_from_slice(inner);
                }
                Gate::True if !operand.is_negated() => {}
                Gate::True | Gate::Variable { .. } | Gate::And(_) => all.push(operand),
            }
        }
        let result = self.conjunction(&mut all);
        self.operands = all;
        result
    }

    fn conjunction(&mut self, all: &mut Vec<Lit>) -> Lit {
        all.sort_unstable();
        all.dedup();
        let contradicts = |pair: &[Lit]| pair[0] == !pair[1];
        if all.first() == Some(&Lit::FALSE) || all.windows(2).any(contradicts) {
            return Lit::FALSE;
        }
        if !self.keep_strongest(all) {
            return Lit::FALSE;
        }
        match all[..] {
            [] => return Lit::TRUE,
            [one] => return one,
            _ => {}
        }
        if self.has_absorbed(all) {
            return Lit::FALSE;
        }
        if let Some(&known) = self.known.get(&all[..]) {
            return Lit::of(known as usize);
        }
        let gate = self.push(Gate::And(all.as_slice().into()));
        self.known.insert(all.as_slice().into(), gate.gate() as u32);
        gate
    }

    /// Drops operands which others of their chain imply; false if two contradict each other.
    fn keep_strongest(&self, all: &mut Vec<Lit>) -> bool {
        let chain = |lit: Lit| match self.gates[lit.gate()] {
            Gate::Variable { chain } => chain,
            Gate::True | Gate::And(_) => None,
        };
        if all.iter().filter(|&&lit| chain(lit).is_some()).count() < 2 {
            return true;
        }
        let chained: Vec<(u32, u32, bool)> = all
            .iter()
            .filter_map(|&lit| chain(lit).map(|(chain, at)| (chain, at, lit.is_negated())))
            .collect();
        let contradicted = chained.iter().any(|&(chain, at, negated)| {
            let below =
                |&(other, place, sign): &(u32, u32, bool)| other == chain && sign && place <= at;
            !negated && chained.iter().any(below)
        });
        if contradicted {
            return false;
        }
        all.retain(|&lit| {
            let Some((own, at)) = chain(lit) else {
                return true;
            };
            let stronger = |&(other, place, negated): &(u32, u32, bool)| {
                other == own
                    && negated == lit.is_negated()
                    && if negated { place < at } else { place > at }
            };
            !chained.iter().any(stronger)
        });
        true
    }

    /// Whether some operand is the negation of a conjunction of others: then all of them cannot hold.
    fn has_absorbed(&self, all: &[Lit]) -> bool {
        all.iter().any(|lit| match &self.gates[lit.gate()] {
            Gate::And(inner) if lit.is_negated() && inner.len() < all.len() => {
                inner.iter().all(|l| all.binary_search(l).is_ok())
            }
            Gate::And(_) | Gate::True | Gate::Variable { .. } => false,
        })
    }

    pub fn or(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        !self.and(operands.into_iter().map(|operand| !operand))
    }

    /// Of each number from 1 on, whether at least so many of the literals hold: the sequential counter of Sinz,
    /// *Towards an Optimal CNF Encoding of Boolean Cardinality Constraints*, 2005.
    pub fn at_least(&mut self, literals: &[Lit]) -> Vec<Lit> {
        let mut counts: Vec<Lit> = Vec::with_capacity(literals.len());
        for &literal in literals {
            let mut next = Vec::with_capacity(counts.len() + 1);
            for place in 0..=counts.len() {
                let before = counts.get(place).copied().unwrap_or(Lit::FALSE);
                let fewer = match place {
                    0 => Lit::TRUE,
                    _ => counts[place - 1],
                };
                let step = self.and([fewer, literal]);
                next.push(self.or([before, step]));
            }
            counts = next;
        }
        counts
    }

    /// Whether more than so many of the literals hold: as [`Circuit::at_least`], without counting further.
    pub fn more_than(&mut self, literals: &[Lit], most: usize) -> Lit {
        let mut counts = vec![Lit::FALSE; most + 1];
        for &literal in literals {
            for place in (0..=most).rev() {
                let fewer = match place {
                    0 => Lit::TRUE,
                    _ => counts[place - 1],
                };
                let step = self.and([fewer, literal]);
                counts[place] = self.or([counts[place], step]);
            }
        }
        counts[most]
    }

    /// The value of every gate where variables have the values that `holds` gives by gate.
    pub fn values(&self, holds: impl Fn(usize) -> bool) -> Values {
        let mut values = Vec::with_capacity(self.gates.len());
        for (number, gate) in self.gates.iter().enumerate() {
            let value = match gate {
                Gate::True => true,
                Gate::Variable { .. } => holds(number),
                Gate::And(operands) => operands
                    .iter()
                    .all(|operand| values[operand.gate()] != operand.is_negated()),
            };
            values.push(value);
        }
        Values(values)
    }
}

/// One value a gate.
#[derive(Debug)]
pub struct Values(Vec<bool>);

impl Values {
    pub fn of(&self, lit: Lit) -> bool {
        self.0[lit.gate()] != lit.is_negated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloom_stdx::random::Random;

    #[test]
    fn constants_doubles_and_contradictions_fold() {
        let mut circuit = Circuit::default();
        let (a, b) = (circuit.variable(), circuit.variable());
        assert_eq!(circuit.and([a, Lit::TRUE]), a);
        assert_eq!(circuit.and([a, Lit::FALSE]), Lit::FALSE);
        assert_eq!(circuit.and([a, !a]), Lit::FALSE);
        assert_eq!(circuit.or([a, !a]), Lit::TRUE);
        assert_eq!(circuit.and([a, b, a]), circuit.and([b, a]));
        let both = circuit.and([a, b]);
        assert_eq!(circuit.and([both, b]), both);
        assert_eq!(circuit.and([!both, a, b]), Lit::FALSE);
    }

    #[test]
    fn of_a_chain_what_says_most_is_kept() {
        let mut circuit = Circuit::default();
        let first = circuit.chained(0, 1);
        let second = circuit.chained(0, 2);
        let other = circuit.chained(1, 1);
        assert_eq!(circuit.and([first, second]), second);
        assert_eq!(circuit.and([!first, !second]), !first);
        assert_eq!(circuit.and([!first, second]), Lit::FALSE);
        assert_ne!(circuit.and([first, !second]), Lit::FALSE);
        let both = circuit.and([first, other]);
        assert_eq!(
            circuit.gates()[both.gate()],
            Gate::And([first, other].into())
        );
    }

    /// Whatever simplifies, means the same as a formula evaluated as it is written.
    #[test]
    fn gates_mean_what_their_operands_say() {
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let mut circuit = Circuit::default();
            let mut lits = vec![Lit::TRUE];
            for place in 0..3 {
                lits.push(circuit.chained(0, place));
                lits.push(circuit.variable());
            }
            // Of the chain each implies those before it, so it is fixed by how many hold.
            let length = random.below(4) as u32;
            let mut variables = Vec::new();
            for gate in circuit.gates() {
                variables.push(match gate {
                    Gate::Variable {
                        chain: Some((_, place)),
                    } => *place < length,
                    Gate::True | Gate::Variable { chain: None } | Gate::And(_) => {
                        random.chance(1, 2)
                    }
                });
            }
            variables[0] = true;
            let mut expected: Vec<bool> = lits.iter().map(|lit| variables[lit.gate()]).collect();
            for _ in 0..40 {
                let mut chosen = Vec::new();
                for _ in 0..1 + random.below(4) {
                    let at = random.below(lits.len());
                    let negated = random.chance(1, 2);
                    chosen.push(match negated {
                        true => (!lits[at], !expected[at]),
                        false => (lits[at], expected[at]),
                    });
                }
                lits.push(circuit.and(chosen.iter().map(|c| c.0)));
                expected.push(chosen.iter().all(|c| c.1));
            }
            let some = &lits[1..lits.len().min(8)];
            let counts = circuit.at_least(some);
            let more_than_two = circuit.more_than(some, 2);
            let values = circuit.values(|gate| variables[gate]);
            for (lit, expected) in lits.iter().zip(&expected) {
                assert_eq!(values.of(*lit), *expected, "seed {seed}");
            }
            let holding = some.iter().filter(|&&lit| values.of(lit)).count();
            assert_eq!(values.of(more_than_two), holding > 2, "seed {seed}");
            for (place, &count) in counts.iter().enumerate() {
                assert_eq!(values.of(count), holding > place, "seed {seed}");
            }
        }
    }
}
