//! The part of the benchmarks that gates: small inputs, Bloom and the hand-written programs alone, equal answers.

use std::path::Path;

use super::batch::{self, Entry};
use super::options::Options;
use super::peers::{self, Peer, Profile};
use super::ticks;
use super::works::WORKS;

const SIZE: usize = 500;
const TICKS: usize = 60;

pub fn run(root: &Path) -> Result<(), String> {
    let options = ["--runs", "1", "--scale", "0.001", "--peers", ""];
    let options = Options::parse(&options)?.expect("no help was asked for");
    peers::build_bloom(root, Profile::Debug)?;
    peers::build(root, &[Peer::Hand], Profile::Debug)?;
    for work in &WORKS {
        let both = [Peer::Bloom, Peer::Hand].map(|peer| Entry {
            peer,
            workers: 1,
            runs: 1,
        });
        let measured = batch::run(root, Profile::Debug, work, &both, &options)?;
        if measured.rows == 0 {
            return Err(format!("{}: no rows, so nothing was compared", work.name));
        }
    }
    for work in ticks::growth_works(SIZE, TICKS) {
        let mut measured = ticks::Measured::default();
        ticks::run(root, Profile::Debug, &work, &[], &options, &mut measured)?;
    }
    Ok(())
}
