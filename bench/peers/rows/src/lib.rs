//! What every peer shares: its arguments, and rows of numbers read from and written to files, so that no peer is
//! slow because of the way it reads.
//!
//! A peer is called as `PEER WORK FACTS OUT [WORKERS]`: it reads `FACTS/NAME.facts` (tab-separated, without a
//! header) and writes `OUT/NAME.csv`. Peers that take rows tick by tick print one line: how many ticks there
//! were, how many of them were timed, and the nanoseconds of processor time that these took.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// No run takes longer, however many ticks are left.
const TIME_MAX: Duration = Duration::from_secs(5);

/// So many ticks are not timed: in the first some programs arrange what later ones rest on. Nor is more than a quarter.
const WARM_TICKS: usize = 40;

/// Bytes that are gathered before they are written.
const CHUNK_BYTES: usize = 1 << 16;

/// What a peer is told to do.
#[derive(Clone)]
pub struct Run {
    pub work: String,
    pub workers: usize,
    facts: PathBuf,
    out: PathBuf,
}

impl Run {
    /// From the command line.
    ///
    /// # Panics
    /// If it is not as the crate's documentation says.
    pub fn from_arguments() -> Run {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().expect("WORK FACTS OUT [WORKERS]");
        let (work, facts, out) = (next(), PathBuf::from(next()), PathBuf::from(next()));
        let workers = arguments.next().map_or(1, |n| n.parse().expect("a number"));
        std::fs::create_dir_all(&out).expect("the folder of outputs can be made");
        Run {
            work,
            workers,
            facts,
            out,
        }
    }

    pub fn read<const N: usize>(&self, name: &str) -> Vec<[u32; N]> {
        let path = self.facts.join(format!("{name}.facts"));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut rows = Vec::new();
        let (mut row, mut place, mut number) = ([0; N], 0, 0);
        for byte in bytes {
            match byte {
                b'0'..=b'9' => number = number * 10 + u32::from(byte - b'0'),
                b'\t' | b'\n' => {
                    row[place] = number;
                    (place, number) = (place + 1, 0);
                    if byte == b'\n' {
                        assert_eq!(place, N, "{}: a row of another width", path.display());
                        rows.push(row);
                        place = 0;
                    }
                }
                _ => panic!("{}: not a number", path.display()),
            }
        }
        rows
    }

    pub fn write<const N: usize, V: Into<u64>>(
        &self,
        name: &str,
        rows: impl IntoIterator<Item = [V; N]>,
    ) {
        let path = self.out.join(format!("{name}.csv"));
        let mut file = File::create(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 64 * N);
        for row in rows {
            for (place, value) in row.into_iter().enumerate() {
                push_number(&mut chunk, value.into());
                chunk.push(if place + 1 == N { b'\n' } else { b',' });
            }
            if chunk.len() >= CHUNK_BYTES {
                file.write_all(&chunk).expect("the output can be written");
                chunk.clear();
            }
        }
        file.write_all(&chunk).expect("the output can be written");
    }

    /// Times `tick` over all ticks of operations, and writes what it answered.
    pub fn drive<const N: usize>(&self, mut tick: impl FnMut(&[Op], &mut Vec<[u32; N]>)) {
        let ticks = ticks(self);
        let mut answers = Vec::new();
        let warm = WARM_TICKS.min(ticks.len() / 4);
        for ops in &ticks[..warm] {
            tick(ops, &mut answers);
        }
        let mut done: u64 = 0;
        let (wall, begin) = (Instant::now(), ProcessTime::now());
        for ops in &ticks[warm..] {
            tick(ops, &mut answers);
            done += 1;
            if is_looked_at(done) && wall.elapsed() > TIME_MAX {
                break;
            }
        }
        let passed = begin.elapsed().as_nanos();
        println!("{} {done} {passed}", warm as u64 + done);
        self.write("answer", answers);
    }
}

/// Whether to look at the clock after so many ticks: seldom, for that takes as long as a tick may.
fn is_looked_at(done: u64) -> bool {
    done.is_power_of_two() || done.is_multiple_of(64)
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// An operation of a work that goes tick by tick, as `ops.facts` has it.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub kind: u32,
    pub a: u32,
    pub b: u32,
}

/// The operations of `ops.facts` (rows of tick, kind and two numbers, sorted by tick), by ticks.
fn ticks(run: &Run) -> Vec<Vec<Op>> {
    let mut ticks: Vec<Vec<Op>> = Vec::new();
    for [tick, kind, a, b] in run.read("ops") {
        if ticks.len() <= tick as usize {
            ticks.resize_with(tick as usize + 1, Vec::new);
        }
        ticks[tick as usize].push(Op { kind, a, b });
    }
    ticks
}
