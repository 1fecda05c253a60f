//! The loop for programs that no formula has room for: a run, why it came out well, and faults that stand in the way
//! of that, again and again.
//!
//! Each good run has a support: every hypothesis that agrees with it there is good as well (`support`). It becomes a
//! clause of one incremental solver: the next hypothesis differs in some fault of each support that was seen. Small
//! ones come first, so that the first that breaks a spec is as small as any. If the solver has none left, each
//! hypothesis within the bounds agrees with some run in all that matters; only then it is claimed that none breaks a
//! spec.
//!
//! Source: the alternation of Molly, Alvaro, Rosen and Hellerstein, *Lineage-driven Fault Injection*, 2015, §3.

use std::collections::BTreeSet;

use bloom_plan::testing::FaultTest;
use rustc_hash::FxHashMap;
use rustsat::clause;
use rustsat::instances::{BasicVarManager, ManageVars};
use rustsat::solvers::{Solve, SolveIncremental, SolverResult};
use rustsat::types::{Clause, Lit as SatLit, TernaryVal};

use super::ailment::Ailment;
use super::concrete::Execution;
use super::counter::Counter;
use super::hypothesis::{Fault, FaultSpec, Hypothesis};
use super::random::shrink;
use super::reenacted::reenact;
use super::run::Programs;
use super::search::{Counterexample, Engine, Report, Size, Verdict};
use super::space::{Space, Support};
use super::support::{shows_all_traffic, support};
use crate::lineage::{History, Moment};

/// Sets of up to so many faults are tried by size, smaller ones first.
const SIZES_MAX: usize = 5;

/// Searches for faults that break a spec, as long as `go_on` says so; it is told how many runs there were. `before`
/// says why there is no formula.
pub fn search_by_supports(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    before: &str,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Report {
    let mut alternation = Alternation {
        programs,
        test,
        spec,
        space: Space::new(test, spec),
        executions: 0,
    };
    let verdict = alternation.verdict(before, go_on);
    Report {
        verdict: verdict.unwrap_or_else(Verdict::BoundReached),
        engine: Engine::Supports,
        executions: alternation.executions,
        space: spec.space(test.nodes.len()),
        minimal: None,
        seed: None,
        size: Size::default(),
        proof: None,
    }
}

struct Alternation<'a> {
    programs: &'a Programs,
    test: &'a FaultTest,
    spec: &'a FaultSpec,
    space: Space<'a>,
    executions: usize,
}

impl Alternation<'_> {
    fn verdict(
        &mut self,
        before: &str,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Verdict, String> {
        let mut candidates = Candidates::new(&self.space.faults, self.spec, self.test.nodes.len());
        let mut size = 0;
        while let Some(next) = candidates.next(&mut size) {
            if self.executions > 0 && !go_on(self.executions) {
                let covered = match size.checked_sub(1) {
                    Some(0) => "only the run without faults is covered".to_owned(),
                    Some(covered) => format!("no set of up to {covered} faults breaks a spec"),
                    None => "no run was long enough".to_owned(),
                };
                return Ok(Verdict::BoundReached(format!(
                    "{before}; {} runs by lineage broke nothing: {covered}, larger ones may",
                    self.executions
                )));
            }
            let (execution, history) = reenact(self.programs, self.test, self.spec, &next)?;
            self.executions += 1;
            if !execution.broken.is_empty() {
                return self.counterexample(next, execution);
            }
            if next.is_empty()
                && let Some(why) = vacuous(&history)
            {
                return Ok(Verdict::Vacuous(why));
            }
            candidates.exclude(&self.explained(&next, &execution, &history));
        }
        Ok(Verdict::Certified)
    }

    fn explained(&self, run: &Hypothesis, execution: &Execution, history: &History) -> Support {
        support(&self.space, run, execution, history)
            .unwrap_or_else(|| self.space.whole(run, execution, shows_all_traffic(history)))
    }

    fn counterexample(
        &mut self,
        found: Hypothesis,
        execution: Execution,
    ) -> Result<Verdict, String> {
        let (smaller, tries) = shrink(self.programs, self.test, self.spec, found, execution)?;
        self.executions += tries;
        let (hypothesis, execution) = smaller;
        Ok(Verdict::Counterexample(Box::new(Counterexample {
            hypothesis,
            broken: execution.broken.iter().cloned().collect(),
            execution,
        })))
    }
}

/// Why a spec says nothing of a run.
fn vacuous(history: &History) -> Option<String> {
    for (life, lived) in history.lives() {
        let Some(observer) = &lived.observer else {
            continue;
        };
        let last = Moment {
            life,
            tick: history.last_tick(life),
        };
        let claims = [("pre", &observer.pre), ("post", &observer.post)];
        for (name, relation) in claims {
            let relation = relation
                .as_ref()
                .and_then(|name| history.relation(life, name));
            let is_empty = |relation| history.rows(last, relation).next().is_none();
            if observer.pre.is_some() && relation.is_none_or(is_empty) {
                let spec = &observer.spec;
                return Some(format!(
                    "without faults, `{name}` of spec `{spec}` has no row"
                ));
            }
        }
    }
    None
}

/// Hypotheses within the bounds that no support excludes.
struct Candidates {
    solver: rustsat_batsat::BasicSolver,
    faults: Vec<(Fault, SatLit)>,
    literals: FxHashMap<Fault, SatLit>,
    by_size: Counter,
}

impl Candidates {
    fn new(all: &[Fault], spec: &FaultSpec, nodes: usize) -> Candidates {
        let mut variables = BasicVarManager::default();
        let faults: Vec<(Fault, SatLit)> = all.iter().map(|&f| (f, variables.new_lit())).collect();
        let of = |is_one: &dyn Fn(&Fault) -> bool| -> Vec<SatLit> {
            let kind = faults.iter().filter(|(fault, _)| is_one(fault));
            kind.map(|(_, lit)| *lit).collect()
        };
        let ails = |fault: &Fault, is: fn(Ailment) -> bool| matches!(fault, Fault::Node { what, .. } if is(*what));
        let mut bounds = vec![
            (of(&|f| matches!(f, Fault::Crash { .. })), spec.crashes),
            (
                of(&|f| matches!(f, Fault::Partition { .. })),
                spec.partitions,
            ),
            (
                of(&|f| ails(f, |what| matches!(what, Ailment::Slow { .. }))),
                spec.slow,
            ),
            (
                of(&|f| ails(f, |what| matches!(what, Ailment::Clock { .. }))),
                spec.skews,
            ),
            (
                of(&|f| ails(f, |what| what == Ailment::Restarted)),
                spec.restarts,
            ),
        ];
        // No node crashes twice.
        bounds.extend((0..nodes).map(|node| {
            (
                of(&|f| matches!(f, Fault::Crash { node: own, .. } if *own == node)),
                1,
            )
        }));
        let mut solver = rustsat_batsat::BasicSolver::default();
        for (literals, most) in bounds {
            let most = most as usize;
            if literals.len() > most {
                let (counter, clauses) = Counter::new(literals, most, &mut variables);
                add(&mut solver, clauses);
                for unit in counter.at_most(most) {
                    add(&mut solver, [clause![unit]]);
                }
            }
        }
        let every = faults.iter().map(|(_, lit)| *lit).collect();
        let (by_size, clauses) = Counter::new(every, SIZES_MAX, &mut variables);
        add(&mut solver, clauses);
        Candidates {
            solver,
            literals: faults.iter().copied().collect(),
            faults,
            by_size,
        }
    }

    /// A smallest one; `size` is how many faults it may have, and all smaller ones are excluded.
    fn next(&mut self, size: &mut usize) -> Option<Hypothesis> {
        loop {
            let is_bounded = *size <= SIZES_MAX && *size < self.faults.len();
            let assumed = match is_bounded {
                true => self.by_size.at_most(*size),
                false => Vec::new(),
            };
            let solved = self.solver.solve_assumps(&assumed);
            if solved.expect("the solver has no bound on its time") == SolverResult::Sat {
                return Some(self.solution());
            }
            if !is_bounded {
                return None;
            }
            *size += 1;
        }
    }

    fn solution(&self) -> Hypothesis {
        let there = |lit: &SatLit| {
            let value = self.solver.lit_val(*lit);
            value.expect("an assignment was found") == TernaryVal::True
        };
        let faults = self.faults.iter().filter(|(_, lit)| there(lit));
        Hypothesis(faults.map(|(fault, _)| *fault).collect::<BTreeSet<Fault>>())
    }

    /// Asks for others than those that agree with a good run in its support.
    fn exclude(&mut self, support: &Support) {
        let mut clause = Clause::default();
        for (fault, there) in support {
            // What the bounds do not allow is as it is in all of them.
            if let Some(&lit) = self.literals.get(fault) {
                clause.add(if *there { !lit } else { lit });
            }
        }
        add(&mut self.solver, [clause]);
    }
}

fn add(solver: &mut rustsat_batsat::BasicSolver, clauses: impl IntoIterator<Item = Clause>) {
    for clause in clauses {
        solver
            .add_clause(clause)
            .expect("the solver takes any clause");
    }
}
