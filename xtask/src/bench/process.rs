//! What a process costs: wall time, processor time and peak memory, as the kernel counted them.
//!
//! A process of its own starts the one that is measured and asks for what its children used (`getrusage`), so
//! that no other child mixes in. It is small, for Linux counts into the peak of a process what its parent held
//! when it forked.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The task under which this program measures.
pub const MEASURE: &str = "measure-process";

#[derive(Clone, Debug)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_bytes: u64,
    /// What it printed.
    pub stdout: String,
}

/// Runs a command, whose program and arguments count and nothing else of it.
pub fn measure(command: &Command, folder: &Path) -> Result<Cost, String> {
    let own = std::env::current_exe().map_err(|e| format!("this program: {e}"))?;
    let report = folder.join("cost");
    let mut outer = Command::new(own);
    outer.arg(MEASURE).arg(&report);
    outer.arg(command.get_program()).args(command.get_args());
    let output = outer.output().map_err(|e| format!("{outer:?}: {e}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{told}", output.status));
    }
    let text = fs::read_to_string(&report).map_err(|e| format!("{}: {e}", report.display()))?;
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|n| n.parse().ok())
        .collect();
    let [wall, cpu, peak_kib] = numbers[..] else {
        return Err(format!("{}: not a cost: {text}", report.display()));
    };
    Ok(Cost {
        wall: Duration::from_micros(wall),
        cpu: Duration::from_micros(cpu),
        peak_bytes: peak_kib * 1024,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

/// The process that measures.
pub fn run_measured(report: &str, program: &str, arguments: &[&str]) -> Result<(), String> {
    let begin = Instant::now();
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).status();
    let wall = begin.elapsed();
    let status = status.map_err(|e| format!("{program}: {e}"))?;
    if !status.success() {
        return Err(format!("{program}: {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| format!("getrusage: {e}"))?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let text = format!("{} {cpu} {}\n", wall.as_micros(), usage.max_rss());
    fs::write(report, text).map_err(|e| format!("{report}: {e}"))
}
