//! Many random fault tests on several threads, and what they add up to. A failing one is made smaller.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::deployment::Deployment;
use super::trial::{Compared, Effort, Trouble, try_test};
use super::{bounds, load};
use crate::shrink::shrink_pieces;

/// Programs tried while a failing one is made smaller.
const SHRINK_TRIES_MAX: usize = 800;

/// Failures that are made smaller and reported; the rest are counted.
const REPORTS_MAX: usize = 4;

#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed; each program has the next.
    pub seed: u64,
    pub programs: u64,
    pub threads: usize,
    pub effort: Effort,
}

#[derive(Debug, Default)]
pub struct Results {
    pub programs: u64,
    /// Hypotheses run both ways.
    pub hypotheses: u64,
    /// Programs of which all hypotheses were run.
    pub exhaustive: u64,
    /// Those of them that some set of faults breaks.
    pub broken: u64,
    /// Programs that the formula has no room for, by what it says.
    pub limits: BTreeMap<String, u64>,
    /// Programs that do not compile.
    pub refused: u64,
    pub failures: Vec<String>,
}

impl Campaign {
    /// Tries all programs. `progress` is told how many are done.
    pub fn run(&self, progress: impl Fn(u64) + Sync) -> Results {
        let next = AtomicU64::new(0);
        let results = Mutex::new(Results::default());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.programs {
                            break;
                        }
                        let seed = self.seed.wrapping_add(number);
                        let tried = try_seed(seed, self.effort);
                        let mut results = results.lock().expect("no thread ends while it counts");
                        results.add(seed, self.effort, tried);
                        progress(number + 1);
                    }
                });
            }
        });
        results
            .into_inner()
            .expect("no thread ends while it counts")
    }
}

/// Tries the program of a seed.
pub fn try_seed(seed: u64, effort: Effort) -> Result<Compared, Trouble> {
    try_deployment(&Deployment::random(seed), effort)
}

fn try_deployment(deployment: &Deployment, effort: Effort) -> Result<Compared, Trouble> {
    // A panic is a finding, and must name its program.
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let loaded = load("random", &deployment.to_string());
        let loaded = loaded.map_err(|errors| Trouble::Refused(format!("{errors:?}")))?;
        let test = &loaded.tests[0];
        try_test(&loaded, test, &bounds(test), effort)
    }));
    tried.unwrap_or_else(|_| Err(Trouble::Wrong("panics".to_owned())))
}

impl Results {
    fn add(&mut self, seed: u64, effort: Effort, tried: Result<Compared, Trouble>) {
        self.programs += 1;
        match tried {
            Ok(compared) => {
                self.hypotheses += compared.hypotheses;
                self.exhaustive += u64::from(compared.exhaustive);
                self.broken += u64::from(compared.broken);
            }
            Err(Trouble::Refused(_)) => self.refused += 1,
            Err(Trouble::Limit(why)) => *self.limits.entry(class_of(&why)).or_default() += 1,
            Err(Trouble::Wrong(_)) if self.failures.len() >= REPORTS_MAX => {
                self.failures.push(format!("seed {seed}"));
            }
            Err(Trouble::Wrong(what)) => self.failures.push(smaller(seed, effort, &what)),
        }
    }
}

/// A limit without the names of the program.
fn class_of(why: &str) -> String {
    let parts = why.split('`').enumerate();
    let outside = parts
        .filter(|(place, _)| place % 2 == 0)
        .map(|(_, part)| part);
    outside.collect::<Vec<_>>().join("…")
}

/// A report of a failing program, with a small one that fails as well.
fn smaller(seed: u64, effort: Effort, what: &str) -> String {
    let wrong = |deployment: &Deployment| match try_deployment(deployment, effort) {
        Err(Trouble::Wrong(what)) => Some(what),
        Ok(_) | Err(Trouble::Refused(_) | Trouble::Limit(_)) => None,
    };
    let fails = |deployment: &Deployment| wrong(deployment).is_some();
    let first = Deployment::random(seed);
    let small = shrink_pieces(&first, &Deployment::pieces(), SHRINK_TRIES_MAX, fails);
    let what = wrong(&small).unwrap_or_else(|| what.to_owned());
    format!("seed {seed}: {what}\n{small}")
}

impl Display for Results {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} programs, {} hypotheses both ways; of {} all hypotheses one by one, {} of them break",
            self.programs, self.hypotheses, self.exhaustive, self.broken
        )?;
        for (why, count) in &self.limits {
            writeln!(f, "{count} programs: {why}")?;
        }
        write!(
            f,
            "{} programs do not compile; {} failures",
            self.refused,
            self.failures.len()
        )
    }
}
