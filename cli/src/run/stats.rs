//! Where the time of a batch run went.

use std::time::{Duration, Instant};

use serde::Serialize;

/// A stopwatch with a lap for each phase.
#[derive(Debug)]
pub(super) struct Phases {
    lap: Instant,
    compile: Duration,
    load: Duration,
    evaluate: Duration,
    write: Duration,
}

#[derive(Debug, Serialize)]
pub(super) struct Stats {
    rows: Rows,
    ticks: u64,
    iterations: u64,
    /// How often the plan was made anew.
    replanned: u64,
    seconds: Seconds,
    peak_memory_bytes: Option<u64>,
    /// Threads that evaluated.
    workers: usize,
}

#[derive(Debug, Serialize)]
struct Rows {
    #[serde(rename = "in")]
    read: u64,
    merged: u64,
    out: u64,
}

#[derive(Debug, Serialize)]
struct Seconds {
    compile: f64,
    load: f64,
    evaluate: f64,
    write: f64,
}

/// What a run counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) read: u64,
    pub(super) merged: u64,
    pub(super) written: u64,
    pub(super) ticks: u64,
    pub(super) iterations: u64,
    pub(super) replanned: u64,
    pub(super) workers: usize,
}

impl Phases {
    pub(super) fn start() -> Self {
        let zero = Duration::ZERO;
        Self {
            lap: Instant::now(),
            compile: zero,
            load: zero,
            evaluate: zero,
            write: zero,
        }
    }

    pub(super) fn compiled(&mut self) {
        self.compile = self.lap();
    }

    pub(super) fn loaded(&mut self) {
        self.load = self.lap();
    }

    pub(super) fn evaluated(&mut self) {
        self.evaluate = self.lap();
    }

    pub(super) fn written(&mut self) {
        self.write = self.lap();
    }

    pub(super) fn stats(&self, counts: Counts) -> Stats {
        Stats {
            rows: Rows {
                read: counts.read,
                merged: counts.merged,
                out: counts.written,
            },
            ticks: counts.ticks,
            iterations: counts.iterations,
            replanned: counts.replanned,
            seconds: Seconds {
                compile: self.compile.as_secs_f64(),
                load: self.load.as_secs_f64(),
                evaluate: self.evaluate.as_secs_f64(),
                write: self.write.as_secs_f64(),
            },
            peak_memory_bytes: peak_memory(),
            workers: counts.workers,
        }
    }

    /// What passed outside of ticks.
    pub(super) fn around(&self) -> [(&'static str, Duration); 3] {
        [
            ("compile", self.compile),
            ("load", self.load),
            ("write", self.write),
        ]
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.lap;
        self.lap = now;
        lap
    }
}

/// The most memory that was resident at once; Linux tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
