//! How fast the simulator is: a store on three nodes that tell each other what they know, under faults of the whole
//! alphabet.

use std::fmt::{self, Display, Formatter, Write};
use std::time::{Duration, Instant};

use bloom_sim::faults::execute;
use bloom_sim::faults::random::{Alphabet, draw_whole};
use bloom_stdx::random::Random;

use super::{bounds, load};

/// Ticks of one run, and until when there are faults.
const TICKS: u32 = 4_000;
const FAULTS_UNTIL: u32 = 3_000;

/// Every so many ticks something is put.
const PUT_EVERY: u32 = 20;

const STORE: &str = r#"
input   put(key: Int, stamp: Int, val: String);
table   store(key: Int => val: Lww<Int, String>) durable;
channel gossip(@to: Addr, key: Int, stamp: Int, val: String);

store{key, val: Lww(stamp, val)} <= put{key, stamp, val};
gossip{to, key, stamp, val} <~ put{key, stamp, val}, cluster{addr: to}, to != self;
store{key, val: Lww(stamp, val)} <= gossip{key, stamp, val};

spec kept {
  pre(n)  <= store@n{key: 1}, up(n);
  post(n) <= store@n{key: 1}, up(n);
}

spec whole {
  never negative(n) <= store@n{key}, key < 0;
}
"#;

/// Runs of one kind.
#[derive(Debug)]
pub struct Speed {
    pub what: &'static str,
    pub runs: u32,
    /// Ticks of all nodes.
    pub ticks: u64,
    pub time: Duration,
}

/// Runs for about so long with a spec that looks at the end, and with one that looks after every tick.
pub fn measure(time: Duration) -> Vec<Speed> {
    let mut text = STORE.to_owned();
    for spec in ["kept", "whole"] {
        write!(
            text,
            "fault test \"{spec}\" checks {spec} with ticks {TICKS}, losses until {FAULTS_UNTIL}, crashes 1 {{\n  node a, b, c: Store;\n"
        )
        .expect("a string takes any text");
        for number in 0..TICKS / PUT_EVERY {
            let node = ["a", "b", "c"][number as usize % 3];
            let key = number % 16;
            write!(
                text,
                "  {node}.put{{key: {key}, stamp: {number}, val: \"v{number}\"}};\n  tick {PUT_EVERY};\n"
            )
            .expect("a string takes any text");
        }
        text.push_str("}\n");
    }
    let loaded = load("store", &text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let tests = ["a spec looks at the end", "a spec looks after each tick"];
    tests
        .into_iter()
        .zip(&loaded.tests)
        .map(|(what, test)| {
            let spec = Alphabet::Whole.bounds(&bounds(test));
            let mut speed = Speed {
                what,
                runs: 0,
                ticks: 0,
                time: Duration::ZERO,
            };
            while speed.time < time {
                let mut random = Random::new(u64::from(speed.runs));
                let start = Instant::now();
                let faults = draw_whole(&bounds(test), test.nodes.len(), &mut random);
                let done = execute(&loaded.programs, test, &spec, &faults);
                speed.time += start.elapsed();
                done.expect("every node starts and ends its ticks");
                speed.runs += 1;
                speed.ticks += u64::from(spec.eot) * test.nodes.len() as u64;
            }
            speed
        })
        .collect()
}

impl Display for Speed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let second = self.ticks as f64 / self.time.as_secs_f64();
        write!(
            f,
            "| {} | {} | {} | {:.0} |",
            self.what, self.runs, self.ticks, second
        )
    }
}
