//! Runs all tests of a program, several at a time. Results come in the order of the tests,
//! whichever ended first, so that two runs print the same.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bloom_plan::testing::Test;
use bloom_runtime::Program;
use smol_str::SmolStr;

use crate::script::{TestResult, run_test};

/// Which tests to run, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Each test runs under each seed from `first_seed` on, until one fails.
    pub first_seed: u64,
    pub seeds: u64,
    /// Only tests whose names have this in them.
    pub filter: Option<String>,
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            first_seed: 0,
            seeds: 1,
            filter: None,
            threads: 2,
        }
    }
}

/// Runs the tests, one result each: of the first seed that fails, or of the last. `progress` is
/// told of each as it ends, in any order.
pub fn run_suite(
    programs: &[(SmolStr, Arc<Program>)],
    tests: &[Test],
    options: &Options,
    progress: &(dyn Fn(&TestResult) + Sync),
) -> Vec<TestResult> {
    let chosen: Vec<&Test> = tests
        .iter()
        .filter(|test| {
            options
                .filter
                .as_ref()
                .is_none_or(|f| test.name.contains(f))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; chosen.len()]);
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = chosen.get(place) else {
                return;
            };
            let result = under_all_seeds(programs, test, options);
            progress(&result);
            results.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.min(chosen.len()) {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let all = results.into_iter();
    all.map(|r| r.expect("every place was taken by one thread"))
        .collect()
}

fn under_all_seeds(
    programs: &[(SmolStr, Arc<Program>)],
    test: &Test,
    options: &Options,
) -> TestResult {
    let mut result = run_test(programs, test, options.first_seed);
    for seed in 1..options.seeds {
        if !result.passed() {
            break;
        }
        result = run_test(programs, test, options.first_seed + seed);
    }
    result
}
