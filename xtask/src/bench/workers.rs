//! B10: the works of B1 to B4 by one worker and by two. Wall time, since that is what a second worker is for.

use std::fmt::Write;
use std::path::Path;

use super::batch::{self, Entry};
use super::options::Options;
use super::peers::{self, Peer, Profile};
use super::results::{met, reached};
use super::works::WORKS;

const LEAST: f64 = 1.6;
const GOAL: f64 = 1.9;

pub fn section(root: &Path, options: &Options) -> Result<String, String> {
    peers::build(root, &[Peer::Hand], Profile::Release)?;
    let mut text = format!(
        "Wall seconds of the whole process, medians. It says nothing where other work takes the second core.\n\n\
         | work | rows out | 1 worker | 2 workers | times as fast | at least {LEAST} | goal {GOAL} |\n\
         | --- | ---: | ---: | ---: | ---: | --- | --- |\n"
    );
    for work in WORKS.iter().filter(|work| options.has_work(work.name)) {
        let entry = |peer, workers, runs| Entry {
            peer,
            workers,
            runs,
        };
        let all = [
            entry(Peer::Bloom, 1, options.runs),
            entry(Peer::Bloom, 2, options.runs),
            // For its answers.
            entry(Peer::Hand, 1, 1),
        ];
        let measured = batch::run(root, Profile::Release, work, &all, options)?;
        let [one, two] = [0, 1].map(|place| measured.median(place, |cost| cost.wall).as_secs_f64());
        let ratio = one / two;
        let line = format!(
            "| {} | {} | {one:.3} | {two:.3} | {ratio:.2} | {} | {} |",
            work.name,
            measured.rows,
            met(ratio >= LEAST),
            reached(ratio >= GOAL)
        );
        writeln!(text, "{line}").expect("writing to a string never fails");
    }
    Ok(text)
}
