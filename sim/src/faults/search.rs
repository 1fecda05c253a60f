//! Decides a fault test: certified within its bounds, or the smallest set of faults that breaks a spec.
//!
//! Before any verdict it is checked that the spec says something: without faults, `pre` and `post` must hold
//! rows, and nothing may be broken. The smallest set is found by a counter over all faults, whose bound is
//! lowered as long as there is a solution. All minimal sets are found one by one: a solution is made smaller
//! until no subset of it is a solution, and everything that contains it is then excluded. Each set that is told
//! was run on the production engine, which must find the same broken.

use std::collections::BTreeSet;

use bloom_plan::testing::FaultTest;
use smol_str::SmolStr;

use super::ailment::Ailment;
use super::circuit::{Lit, Values};
use super::concrete::{Execution, execute};
use super::hunt::Hunt;
use super::hypothesis::{Fault, FaultSpec, Hypothesis};
use super::proof::Proof;
use super::run::{Outcome, Programs, run, run_over};
use super::symmetry::classes;
use crate::watch::Broken;

/// What to find beside a verdict.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// So many minimal sets are looked for; none if it is 0.
    pub minimal_sets_max: usize,
    /// Whether to keep what proves a certificate.
    pub proof: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            minimal_sets_max: 1_000,
            proof: false,
        }
    }
}

#[derive(Debug)]
pub struct Report {
    pub verdict: Verdict,
    pub engine: Engine,
    /// Runs on the production engine.
    pub executions: usize,
    /// How many sets of faults the bounds allow.
    pub space: f64,
    pub minimal: Option<Minimal>,
    /// Of a random run that broke a spec: with which seed it was the first.
    pub seed: Option<u64>,
    pub size: Size,
    /// Of a certificate, if it was asked for and a formula alone gave it.
    pub proof: Option<Proof>,
}

/// What a verdict rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// One formula for all hypotheses.
    Formula,
    /// Runs of which each stands for all hypotheses that agree with it in what its outcome rests on.
    Supports,
    /// Random hypotheses, run one by one: what they find is real, and may not be the smallest there is.
    Random,
}

/// How large the formula was.
#[derive(Clone, Copy, Default, Debug)]
pub struct Size {
    pub gates: usize,
    pub variables: usize,
    pub clauses: usize,
}

#[derive(Debug)]
pub enum Verdict {
    /// No set of faults within the bounds breaks a spec.
    Certified,
    Counterexample(Box<Counterexample>),
    /// A spec says nothing, and why.
    Vacuous(String),
    /// Nothing is known, and why.
    BoundReached(String),
}

/// A smallest set of faults that breaks a spec; empty if it is broken without faults.
#[derive(Debug)]
pub struct Counterexample {
    pub hypothesis: Hypothesis,
    /// What is broken, as the production engine found it.
    pub broken: Vec<(SmolStr, String, u32)>,
    pub execution: Execution,
}

/// Sets of faults that break a spec, and of which no part does.
#[derive(Debug)]
pub struct Minimal {
    /// Smallest first.
    pub sets: Vec<Hypothesis>,
    /// Whether these are all of them.
    pub complete: bool,
    /// How many they are but for the names of nodes.
    pub classes: usize,
}

/// Searches for faults that break a spec of the test.
pub fn search(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    options: &Options,
) -> Report {
    let mut search = Search {
        programs,
        test,
        spec,
        executions: 0,
        size: Size::default(),
        proof: None,
    };
    let (verdict, minimal) = match search.verdict(options) {
        Ok(found) => found,
        Err(why) => (Verdict::BoundReached(why), None),
    };
    Report {
        verdict,
        engine: Engine::Formula,
        executions: search.executions,
        space: spec.space(test.nodes.len()),
        minimal,
        seed: None,
        size: search.size,
        proof: search.proof,
    }
}

struct Search<'s> {
    programs: &'s Programs,
    test: &'s FaultTest,
    spec: &'s FaultSpec,
    executions: usize,
    size: Size,
    proof: Option<Proof>,
}

impl Search<'_> {
    /// The verdict, with all minimal sets; or why there is none.
    fn verdict(&mut self, options: &Options) -> Result<(Verdict, Option<Minimal>), String> {
        let mut outcome =
            run(self.programs, self.test, self.spec).map_err(|limit| limit.to_string())?;
        let nothing = Hypothesis::default();
        let values = outcome.variables.assign(&outcome.circuit, &nothing);
        let execution = self.replay(&outcome, &values, &nothing)?;
        if !execution.broken.is_empty() {
            let counterexample = counterexample(nothing, execution);
            return Ok((Verdict::Counterexample(Box::new(counterexample)), None));
        }
        if let Some(why) = vacuous(&outcome, &values) {
            return Ok((Verdict::Vacuous(why), None));
        }
        let root = outcome.circuit.or(outcome
            .violations
            .iter()
            .map(|violation| violation.condition));
        self.size.gates = outcome.circuit.gates().len();
        if root == Lit::FALSE && outcome.histories.is_empty() {
            self.proof = options.proof.then(Proof::of_nothing);
            return Ok((Verdict::Certified, None));
        }
        let crashes: Vec<Lit> = outcome.variables.crashes().collect();
        let crashes = outcome.circuit.at_least(&crashes);
        let too_many = too_many(&mut outcome, self.spec);
        let histories = std::mem::take(&mut outcome.histories);
        let circuit = &mut outcome.circuit;
        let determining = histories.iter().flat_map(|h| h.determining(circuit));
        let determining: Vec<Lit> = determining.collect();
        outcome.histories = histories;
        let outcome = outcome;
        let mut hunt = Hunt::new(&outcome, root, determining, options.proof);
        if let Some(&too_many) = crashes.get(self.spec.crashes as usize) {
            hunt.solver.require([!too_many]);
        }
        for too_many in too_many.into_iter().filter(|&lit| lit != Lit::FALSE) {
            hunt.solver.require([!too_many]);
        }
        let smallest = hunt.smallest();
        (self.size.variables, self.size.clauses) = hunt.solver.size();
        if let Some(why) = hunt.gave_up {
            return Err(why);
        }
        let Some(smallest) = smallest else {
            // What a checker of histories said of runs is no part of the formula.
            if outcome.histories.is_empty() {
                let faults = outcome.variables.faults.iter();
                let faults = faults.map(|(fault, lit)| (*lit, fault.named(&self.test.nodes)));
                self.proof = hunt.solver.proof(faults);
            }
            return Ok((Verdict::Certified, None));
        };
        let values = outcome.variables.assign(&outcome.circuit, &smallest);
        let execution = self.replay(&outcome, &values, &smallest)?;
        let minimal = self.minimal(&outcome, &mut hunt, &smallest, options.minimal_sets_max)?;
        let counterexample = counterexample(smallest, execution);
        Ok((Verdict::Counterexample(Box::new(counterexample)), minimal))
    }

    fn minimal(
        &mut self,
        outcome: &Outcome,
        hunt: &mut Hunt<'_>,
        smallest: &Hypothesis,
        most: usize,
    ) -> Result<Option<Minimal>, String> {
        if most == 0 {
            return Ok(None);
        }
        let (mut sets, complete) = hunt.all_minimal(smallest, most);
        for set in sets.iter().filter(|set| *set != smallest) {
            let values = outcome.variables.assign(&outcome.circuit, set);
            self.replay(outcome, &values, set)?;
        }
        sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let classes = classes(self.programs, self.test, &sets).len();
        Ok(Some(Minimal {
            sets,
            complete,
            classes,
        }))
    }

    /// Runs a hypothesis on the production engine, which must find broken what the formula says.
    fn replay(
        &mut self,
        outcome: &Outcome,
        values: &Values,
        hypothesis: &Hypothesis,
    ) -> Result<Execution, String> {
        self.executions += 1;
        let execution = execute(self.programs, self.test, self.spec, hypothesis)?;
        let found = broken(outcome, values)?;
        if found == execution.broken {
            return Ok(execution);
        }
        Err(format!(
            "the formula and a run with {} do not agree on what is broken: {} and {}; this is a mistake in bloom, please report it",
            hypothesis.in_words(),
            listed(found.iter()),
            listed(execution.broken.iter()),
        ))
    }
}

/// That there are more faults of a kind than the bounds allow.
fn too_many(outcome: &mut Outcome, spec: &FaultSpec) -> Vec<Lit> {
    let of_nodes = |is_one: fn(Ailment) -> bool| move |fault: &Fault| matches!(fault, Fault::Node { what, .. } if is_one(*what));
    let variables = &outcome.variables;
    let kinds = [
        (
            variables.of_kind(|fault| matches!(fault, Fault::Partition { .. })),
            spec.partitions,
        ),
        (
            variables.of_kind(of_nodes(|what| matches!(what, Ailment::Slow { .. }))),
            spec.slow,
        ),
        (
            variables.of_kind(of_nodes(|what| matches!(what, Ailment::Clock { .. }))),
            spec.skews,
        ),
        (
            variables.of_kind(of_nodes(|what| what == Ailment::Restarted)),
            spec.restarts,
        ),
    ];
    let circuit = &mut outcome.circuit;
    kinds
        .map(|(faults, most)| circuit.more_than(&faults, most as usize))
        .into()
}

/// A part of a hypothesis that breaks a spec, and of which no part does: read off the formula, in which what does not
/// matter for what is broken has no say. None where there is no formula, or it says otherwise.
pub fn needed(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
) -> Option<Hypothesis> {
    let crashes = hypothesis.crashes() as u32;
    let spec = FaultSpec {
        crashes: spec.crashes.max(crashes),
        ..*spec
    };
    let mut faults: Vec<Fault> = hypothesis.0.iter().copied().collect();
    if crashes > 0 {
        for node in 0..test.nodes.len() {
            let all = (1..spec.eot).map(|tick| Fault::Crash { node, tick });
            faults.extend(all.filter(|fault| !hypothesis.0.contains(fault)));
        }
    }
    let mut outcome = run_over(programs, test, &spec, &faults, false).ok()?;
    let violations = outcome.violations.iter().map(|v| v.condition);
    let root = outcome.circuit.or(violations);
    let histories = std::mem::take(&mut outcome.histories);
    let circuit = &mut outcome.circuit;
    let determining = histories.iter().flat_map(|h| h.determining(circuit));
    let determining: Vec<Lit> = determining.collect();
    outcome.histories = histories;
    let mut hunt = Hunt::new(&outcome, root, determining, false);
    if !hunt.within(hypothesis) {
        return None;
    }
    let found = hunt.solution();
    let needed = hunt.shrink(found);
    hunt.gave_up.is_none().then_some(needed)
}

fn listed<'b>(broken: impl Iterator<Item = &'b (SmolStr, String, u32)>) -> String {
    let shown: Vec<&str> = broken.map(|(_, what, _)| what.as_str()).collect();
    match shown.is_empty() {
        true => "nothing".to_owned(),
        false => shown.join(", "),
    }
}

fn broken(outcome: &Outcome, values: &Values) -> Result<BTreeSet<Broken>, String> {
    let violations = outcome.violations.iter();
    let violations = violations.filter(|v| values.of(v.condition));
    let mut broken: BTreeSet<Broken> = violations
        .map(|v| (v.spec.clone(), v.what.clone(), v.tick))
        .collect();
    for histories in &outcome.histories {
        broken.extend(histories.broken(|lit| values.of(lit))?);
    }
    Ok(broken)
}

fn counterexample(hypothesis: Hypothesis, execution: Execution) -> Counterexample {
    Counterexample {
        hypothesis,
        broken: execution.broken.iter().cloned().collect(),
        execution,
    }
}

/// Why a spec says nothing of the run without faults.
fn vacuous(outcome: &Outcome, values: &Values) -> Option<String> {
    let holds = |rows: &[Lit]| rows.iter().any(|&row| values.of(row));
    let claims = outcome.claims.iter().find_map(|claims| {
        let spec = &claims.spec;
        if !holds(&claims.pre) {
            return Some(format!("without faults, `pre` of spec `{spec}` has no row"));
        }
        (!holds(&claims.post))
            .then(|| format!("without faults, `post` of spec `{spec}` has no row"))
    });
    let mut histories = outcome.histories.iter();
    claims.or_else(|| histories.find_map(|histories| histories.vacuous(|lit| values.of(lit))))
}
