//! Many programs on several threads, and what they add up to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::features::features;
use super::figures::Figures;
use super::inputs::keep_promises;
use super::judge::Judged;
use super::mending::mend;
use super::reduce::reduce;
use super::report::{describe, describe_false_alarm};
use super::subject::Subject;
use super::trial::{Drawn, compile, draw, judge, unsound};

/// Programs tried while a failing one is made smaller.
const REDUCE_TRIES_MAX: usize = 1_500;
/// Failures that are made smaller and reported; the rest are counted.
const REPORTS_MAX: usize = 8;

/// Which programs are tried.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed; each program has the next.
    pub seed: u64,
    pub programs: u64,
    pub threads: usize,
    /// No program begins after this.
    pub time: Option<Duration>,
    /// How many false alarms to show.
    pub false_alarms: usize,
}

#[derive(Debug, Default)]
pub struct Results {
    pub figures: Figures,
    /// A report of each failure.
    pub failures: Vec<String>,
    pub false_alarms: Vec<String>,
}

impl Campaign {
    /// Tries all programs. `progress` is told from time to time how many are done.
    pub fn run(&self, progress: impl Fn(u64) + Sync) -> Results {
        let next = AtomicU64::new(0);
        let results = Mutex::new(Results::default());
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while self.time.is_none_or(|time| start.elapsed() < time) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.programs {
                            break;
                        }
                        self.try_one(self.seed.wrapping_add(number), &results);
                        progress(number + 1);
                    }
                });
            }
        });
        results
            .into_inner()
            .expect("no thread ends while it counts")
    }

    fn try_one(&self, seed: u64, results: &Mutex<Results>) {
        // A panic of the engine is a finding, and must name its program.
        let tried = catch_unwind(AssertUnwindSafe(|| try_seed(seed)));
        let Ok((subject, judged, figures, unkept)) = tried else {
            let mut results = results.lock().expect("no thread ends while it counts");
            results.failures.push(format!("seed {seed}: panics"));
            return;
        };
        let fails = !unsound(&judged).is_empty();
        let (report, alarm) = {
            let mut results = results.lock().expect("no thread ends while it counts");
            results.figures.merge(figures);
            let alarm = judged.iter().find(|j| j.is_false_alarm());
            let alarm = alarm.filter(|_| results.false_alarms.len() < self.false_alarms);
            (results.failures.len() < REPORTS_MAX, alarm)
        };
        let alarm = alarm.map(|alarm| describe_false_alarm(seed, &subject, alarm));
        let failure = fails.then(|| match report {
            true => report_failure(seed, &subject),
            false => format!("seed {seed}: unsound"),
        });
        let mut results = results.lock().expect("no thread ends while it counts");
        results.failures.extend(failure);
        let unkept = unkept
            .into_iter()
            .map(|report| format!("seed {seed}: {report}"));
        results.failures.extend(unkept);
        results.false_alarms.extend(alarm);
    }
}

/// The program of a seed, what was found of it, and what that counts.
pub fn try_seed(seed: u64) -> (Subject, Vec<Judged>, Figures, Vec<String>) {
    let Drawn {
        subject,
        loaded,
        refused,
    } = draw(seed);
    let trial = judge(&subject, &loaded);
    let mut figures = Figures {
        refused,
        states: trial.states,
        features: features(&subject),
        ..Figures::default()
    };
    figures.add(&subject.made_of, &trial.judged);
    let (mended, failures) = mend(&subject, &trial.judged);
    figures.mended = mended;
    (subject, trial.judged, figures, failures)
}

/// The smallest program found that fails as well, its inputs, and two schedules.
fn report_failure(seed: u64, subject: &Subject) -> String {
    let is_unsound =
        |subject: &Subject| keep_promises(subject) && !unsound(&judge_once(subject)).is_empty();
    let small = reduce(subject, REDUCE_TRIES_MAX, is_unsound);
    let judged = judge_once(&small);
    let failed: Vec<&Judged> = judged.iter().filter(|j| j.is_unsound()).collect();
    let runs: String = failed.iter().map(|j| describe(j)).collect();
    format!("seed {seed}: clean, but there are two outcomes\n{runs}\n{small}")
}

/// What is found of a subject under its own inputs; nothing where it is refused.
fn judge_once(subject: &Subject) -> Vec<Judged> {
    match compile(subject) {
        Ok(loaded) => judge(subject, &loaded).judged,
        Err(_) => Vec::new(),
    }
}
