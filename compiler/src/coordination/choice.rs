//! The cheapest set of candidates, one a violation. What several need is paid once, so the choice for one
//! violation changes the price for others: a weighted hitting problem, exact for few, greedy for many.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use crate::calm::report::Place;

/// So many violations are solved exactly, if there are no more combinations than this.
const EXACT_VIOLATIONS_MAX: usize = 12;
const COMBINATIONS_MAX: usize = 1 << 18;

/// For each violation, the place of the candidate that is chosen. Each has one at least.
pub(super) fn choose(candidates: &[Vec<Candidate>]) -> Vec<usize> {
    let combinations = candidates
        .iter()
        .try_fold(1usize, |n, of| n.checked_mul(of.len()))
        .filter(|&n| n <= COMBINATIONS_MAX);
    match combinations {
        Some(combinations) if candidates.len() <= EXACT_VIOLATIONS_MAX => {
            exact(candidates, combinations)
        }
        _ => greedy(candidates),
    }
}

fn exact(candidates: &[Vec<Candidate>], combinations: usize) -> Vec<usize> {
    let nth = |mut number: usize| -> Vec<usize> {
        let digit = |of: &Vec<Candidate>| {
            let digit = number % of.len();
            number /= of.len();
            digit
        };
        candidates.iter().map(digit).collect()
    };
    let best = (0..combinations).min_by_key(|&number| cost(candidates, &nth(number)));
    nth(best.unwrap_or(0))
}

/// Violation by violation, what costs least beside what is there.
fn greedy(candidates: &[Vec<Candidate>]) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for (number, of) in candidates.iter().enumerate() {
        let with = |choice: usize| {
            let choices = [chosen.as_slice(), &[choice]].concat();
            cost(&candidates[..=number], &choices)
        };
        chosen.push(
            (0..of.len())
                .min_by_key(|&choice| with(choice))
                .unwrap_or(0),
        );
    }
    chosen
}

/// The weight of everything that is needed, then the number of edits, then earlier candidates first.
fn cost(candidates: &[Vec<Candidate>], choices: &[usize]) -> (u32, usize, Vec<usize>) {
    let mut paid: BTreeSet<(u32, Place)> = BTreeSet::new();
    let mut edits = 0;
    for (of, &choice) in candidates.iter().zip(choices) {
        paid.extend(of[choice].means.costs());
        edits += of[choice].edits.len();
    }
    (
        paid.iter().map(|(weight, _)| weight).sum(),
        edits,
        choices.to_vec(),
    )
}
