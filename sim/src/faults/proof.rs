//! A certificate that anybody can check: the formula, and lemmas that lead to the empty clause, each by unit
//! propagation from what stands before it (reverse unit propagation, Goldberg and Novikov, 2003; the lemmas are those
//! that the solver learnt). Written as DIMACS and DRAT, which `drat-trim` and other checkers read.
//!
//! What it proves is that the formula has no solution; that the formula says what the program does is held by runs.

use std::fmt::Write;

/// Clauses are literals of DIMACS: a variable from 1 on, negative where it is negated.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proof {
    pub variables: u32,
    pub clauses: Vec<Vec<i32>>,
    pub lemmas: Vec<Vec<i32>>,
    /// What variables stand for, as far as they are faults.
    pub faults: Vec<(i32, String)>,
}

impl Proof {
    /// Of a formula that was false before any solver saw it.
    pub fn of_nothing() -> Proof {
        Proof {
            clauses: vec![Vec::new()],
            ..Proof::default()
        }
    }

    /// The formula in DIMACS.
    pub fn cnf(&self) -> String {
        let mut text = String::new();
        for (literal, fault) in &self.faults {
            push(&mut text, format_args!("c {literal} {fault}\n"));
        }
        push(
            &mut text,
            format_args!("p cnf {} {}\n", self.variables, self.clauses.len()),
        );
        write_clauses(&mut text, &self.clauses);
        text
    }

    /// The lemmas in DRAT, the empty clause last.
    pub fn drat(&self) -> String {
        let mut text = String::new();
        write_clauses(&mut text, &self.lemmas);
        text.push_str("0\n");
        text
    }
}

fn write_clauses(text: &mut String, clauses: &[Vec<i32>]) {
    for clause in clauses {
        for literal in clause {
            push(text, format_args!("{literal} "));
        }
        text.push_str("0\n");
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
