//! Certificates, checked without the solver: each lemma follows from what stands before it by unit propagation, and
//! so does the empty clause, by a checker that shares no code with what made the proof.

use bloom_sim::faults::proof::Proof;
use bloom_sim::faults::{Options, Verdict, search};
use bloom_tests::faults::{bounds, corpus, load_file};

/// Clauses in the order in which they came, each watched by two of its literals.
struct Checker {
    clauses: Vec<Vec<i32>>,
    /// By literal: clauses that watch it.
    watched: Vec<Vec<usize>>,
    /// By variable: its value, if it has one.
    values: Vec<Option<bool>>,
    trail: Vec<i32>,
    /// Of the clauses alone, without anything assumed.
    contradicts: bool,
}

fn place(literal: i32) -> usize {
    literal.unsigned_abs() as usize * 2 + usize::from(literal < 0)
}

impl Checker {
    fn new(variables: u32) -> Checker {
        Checker {
            clauses: Vec::new(),
            watched: vec![Vec::new(); (variables as usize + 1) * 2],
            values: vec![None; variables as usize + 1],
            trail: Vec::new(),
            contradicts: false,
        }
    }

    fn value(&self, literal: i32) -> Option<bool> {
        self.values[literal.unsigned_abs() as usize].map(|value| value == (literal > 0))
    }

    /// Sets the literal; false if it has the other value.
    fn set(&mut self, literal: i32) -> bool {
        match self.value(literal) {
            Some(value) => value,
            None => {
                self.values[literal.unsigned_abs() as usize] = Some(literal > 0);
                self.trail.push(literal);
                true
            }
        }
    }

    /// Whether unit propagation from a place of the trail on meets no contradiction.
    fn propagate(&mut self, mut from: usize) -> bool {
        while from < self.trail.len() {
            let falsified = -self.trail[from];
            from += 1;
            let watching = std::mem::take(&mut self.watched[place(falsified)]);
            let mut kept = Vec::with_capacity(watching.len());
            let mut fine = true;
            for (at, &number) in watching.iter().enumerate() {
                let clause = &mut self.clauses[number];
                if clause[0] == falsified {
                    clause.swap(0, 1);
                }
                let other = clause[0];
                let values = &self.values;
                let is_false =
                    |literal: i32| values[literal.unsigned_abs() as usize] == Some(literal < 0);
                if let Some(next) = (2..clause.len()).find(|&next| !is_false(clause[next])) {
                    clause.swap(1, next);
                    let literal = clause[1];
                    self.watched[place(literal)].push(number);
                    continue;
                }
                kept.push(number);
                if !self.set(other) {
                    kept.extend(&watching[at + 1..]);
                    fine = false;
                    break;
                }
            }
            self.watched[place(falsified)].extend(kept);
            if !fine {
                return false;
            }
        }
        true
    }

    fn add(&mut self, clause: &[i32]) {
        let mut clause: Vec<i32> = clause.to_vec();
        clause.sort_unstable();
        clause.dedup();
        // Literals that are not false come first, to be watched.
        clause.sort_by_key(|&literal| self.value(literal) == Some(false));
        let open = clause
            .iter()
            .filter(|&&l| self.value(l) != Some(false))
            .count();
        let start = self.trail.len();
        match (open, clause.first()) {
            (0, _) => self.contradicts = true,
            (1, Some(&only)) if !self.set(only) || !self.propagate(start) => {
                self.contradicts = true;
            }
            _ => {}
        }
        if clause.len() >= 2 {
            let number = self.clauses.len();
            self.watched[place(clause[0])].push(number);
            self.watched[place(clause[1])].push(number);
            self.clauses.push(clause);
        }
    }

    /// Whether the clause follows: if all its literals are false, propagation meets a contradiction.
    fn follows(&mut self, clause: &[i32]) -> bool {
        if self.contradicts {
            return true;
        }
        let start = self.trail.len();
        let fine = clause.iter().all(|&literal| self.set(-literal)) && self.propagate(start);
        for literal in self.trail.drain(start..) {
            self.values[literal.unsigned_abs() as usize] = None;
        }
        !fine
    }
}

/// Reads what is written, as any checker would.
fn parse(text: &str) -> Vec<Vec<i32>> {
    let lines = text.lines().filter(|line| !line.starts_with(['c', 'p']));
    let numbers = lines.flat_map(str::split_whitespace);
    let mut clauses = vec![Vec::new()];
    for number in numbers {
        match number.parse().expect("a literal is a number") {
            0 => clauses.push(Vec::new()),
            literal => clauses.last_mut().expect("there is one").push(literal),
        }
    }
    assert_eq!(clauses.pop(), Some(Vec::new()), "the last clause is ended");
    clauses
}

/// The first lemma that does not follow, if there is one.
fn check(cnf: &str, drat: &str, variables: u32) -> Result<usize, Vec<i32>> {
    let mut checker = Checker::new(variables);
    for clause in parse(cnf) {
        checker.add(&clause);
    }
    let lemmas = parse(drat);
    assert_eq!(
        lemmas.last(),
        Some(&Vec::new()),
        "a refutation ends with nothing"
    );
    for lemma in &lemmas {
        if !checker.follows(lemma) {
            return Err(lemma.clone());
        }
        checker.add(lemma);
    }
    Ok(lemmas.len())
}

#[test]
fn the_checker_tells_what_follows() {
    let all = "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n";
    assert_eq!(check(all, "2 0\n0\n", 2), Ok(2));
    assert_eq!(check(all, "0\n", 2), Err(Vec::new()), "it takes a lemma");
    let open = "p cnf 2 3\n1 2 0\n-1 2 0\n1 -2 0\n";
    assert_eq!(
        check(open, "2 0\n0\n", 2),
        Err(Vec::new()),
        "it has a solution"
    );
    assert_eq!(check(open, "-1 0\n0\n", 2), Err(vec![-1]));
}

#[test]
fn every_certificate_of_the_corpus_is_proved() {
    let options = Options {
        minimal_sets_max: 0,
        proof: true,
    };
    let (mut proofs, mut lemmas, mut damaged) = (0, 0, 0);
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let report = search(&loaded.programs, test, &bounds(test), &options);
            if !matches!(report.verdict, Verdict::Certified) {
                assert_eq!(report.proof, None, "{}", test.name);
                continue;
            }
            // Checkers of histories are run, and are no part of a formula.
            if test.observers.iter().any(|o| !o.checkers.is_empty()) {
                assert_eq!(report.proof, None, "{}", test.name);
                continue;
            }
            let proof = report
                .proof
                .unwrap_or_else(|| panic!("{}: no proof", test.name));
            let (cnf, drat) = (proof.cnf(), proof.drat());
            let checked = check(&cnf, &drat, proof.variables);
            let checked = checked.unwrap_or_else(|lemma| panic!("{}: {lemma:?}", test.name));
            (proofs, lemmas) = (proofs + 1, lemmas + checked);
            // What asks for a broken spec is the formula's point: without it nothing is refuted.
            let weaker = Proof {
                clauses: proof.clauses[..proof.clauses.len() / 2].to_vec(),
                ..proof
            };
            damaged += usize::from(check(&weaker.cnf(), &drat, weaker.variables).is_err());
        }
    }
    assert!(
        proofs >= 15 && lemmas > 1_000,
        "{proofs} proofs, {lemmas} lemmas"
    );
    assert!(
        damaged >= 5,
        "{damaged} proofs of half a formula are refused"
    );
}
