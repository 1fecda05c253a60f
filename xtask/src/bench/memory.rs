//! B11: peak memory of B1 to B4, bytes a row, and a store whose values are replaced again and again.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::batch::{self, Entry};
use super::options::Options;
use super::peers::{self, Peer, Profile};
use super::process::measure;
use super::results::met;
use super::works::WORKS;

/// Times what the hand-written program holds.
const MOST: f64 = 1.5;
/// By how much what is resident may grow and still be called flat.
const FLAT: f64 = 1.1;

const ROWS: usize = 10_000_000;
const PUTS: usize = 100_000_000;

pub fn section(root: &Path, options: &Options) -> Result<String, String> {
    peers::build(root, &[Peer::Hand], Profile::Release)?;
    let mut text = format!(
        "Peak memory of the whole process in MiB.\n\n\
         | work | rows out | bloom | hand | bloom / hand | at most {MOST} |\n\
         | --- | ---: | ---: | ---: | ---: | --- |\n"
    );
    for work in WORKS.iter().filter(|work| options.has_work(work.name)) {
        // What is resident hardly differs from run to run.
        let all = [Peer::Bloom, Peer::Hand].map(|peer| Entry {
            peer,
            workers: 1,
            runs: 1,
        });
        let measured = batch::run(root, Profile::Release, work, &all, options)?;
        let peak = |peer| measured.peak(peer).unwrap_or_default() as f64 / f64::from(1 << 20);
        let (own, hand) = (peak(Peer::Bloom), peak(Peer::Hand));
        let (ratio, is_met) = (own / hand, met(own / hand <= MOST));
        let (name, rows) = (work.name, measured.rows);
        line(
            &mut text,
            &format!("| {name} | {rows} | {own:.0} | {hand:.0} | {ratio:.2} | {is_met} |"),
        );
    }
    bytes_a_row(root, options, &mut text)?;
    overwritten(root, options, &mut text)?;
    Ok(text)
}

fn bytes_a_row(root: &Path, options: &Options, text: &mut String) -> Result<(), String> {
    let count = options.size(ROWS).max(10_000);
    let folder = root.join(format!("target/bench/rows-{count}"));
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("size.facts"), format!("{count}\n")));
    written.map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut own = Command::new(peers::bloom_memory(root));
    own.arg("rows").arg(peers::program(root, "two_ints"));
    own.arg(count.to_string());
    let hand = |work| {
        let mut hand = Command::new(peers::hand(root));
        hand.arg(work).arg(&folder).arg(&folder);
        hand
    };
    let a_row = |command: &Command| {
        let resident = told(command, &folder)?;
        let [few, all] = resident[..] else {
            return Err(format!("{command:?} told {resident:?}"));
        };
        // Of nine tenths of the rows.
        Ok(all.saturating_sub(few) as f64 / (count as f64 * 0.9))
    };
    let (own, narrow) = (a_row(&own)?, a_row(&hand("rows"))?);
    let wide = a_row(&hand("wide_rows"))?;
    let (ratio, is_met) = (own / narrow, met(own / narrow <= MOST));
    let of_wide = own / wide;
    line(
        text,
        &format!(
            "\nOf a relation of two numbers with an index by the second, from {} to {count} rows that came {} a tick,\n\
             bytes a row: bloom {own:.1}, hand {narrow:.1} with numbers of 32 bits; {ratio:.2} times as much, at most {MOST}: {is_met}.\n\
             With numbers of 64 bits, as an `Int` has, hand {wide:.1}; {of_wide:.2} times as much.",
            count / 10,
            1_000
        ),
    );
    Ok(())
}

fn overwritten(root: &Path, options: &Options, text: &mut String) -> Result<(), String> {
    let count = options.size(PUTS).max(100_000);
    let folder = root.join("target/bench");
    let mut command = Command::new(peers::bloom_memory(root));
    command
        .arg("overwrite")
        .arg(peers::program(root, "overwrite"));
    command.arg(count.to_string());
    let resident = told(&command, &folder)?;
    let [first, second, third] = resident[..] else {
        return Err(format!("{command:?} told {resident:?}"));
    };
    let is_met = met(third as f64 <= first as f64 * FLAT);
    let [first, second, third] = [first, second, third].map(|bytes| bytes as f64 / 1e6);
    line(
        text,
        &format!(
            "\nA store of a thousand texts, overwritten {count} times, resident after a hundredth of them, a tenth, and all:\n\
             {first:.1}, {second:.1}, {third:.1} MB; flat: {is_met}."
        ),
    );
    Ok(())
}

/// The numbers that a program printed.
fn told(command: &Command, folder: &Path) -> Result<Vec<u64>, String> {
    let cost = measure(command, folder)?;
    println!("{command:?}: {} in {:.2?}", cost.stdout.trim(), cost.wall);
    let numbers = cost.stdout.split_whitespace().map(str::parse);
    numbers
        .collect::<Result<_, _>>()
        .map_err(|e| format!("{command:?}: {e}"))
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string never fails");
}
