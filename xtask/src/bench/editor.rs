//! E1: how long an editor waits for the language server, and what the server holds.
//!
//! One client, in turns with nothing. Times go from the message that is sent to the answer that is read, so they
//! include both processes' work on the text of the messages; those of tokens to the last byte of the answer.

mod client;

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use bloom_stdx::random::Random;
use bloom_xtask::rules_program;
use serde_json::Value;

use super::results::met;
use client::Client;

/// Lines a rule, so that programs have about so many lines.
const LINES_A_RULE: f64 = 1.515;
const EDITS: usize = 200;
/// As many as a 99th of 100 needs.
const RULE_EDITS: usize = 100;
const QUESTIONS: usize = 100;
const STEADY_EDITS: usize = 10_000;
const STARTS: usize = 5;

/// What is promised: the name of the measure, what was measured, the bound.
struct Line {
    what: String,
    measured: String,
    bound: String,
    is_met: bool,
}

/// The section of the page.
pub(super) fn section(root: &Path, seed: u64) -> Result<String, String> {
    let bloom = root.join("target/release/bloom");
    let mut lines = Vec::new();
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(Client::start(&bloom)?.1);
    }
    lines.push(time("ready", &mut starts, 0.5, 100));
    let (mut small, _) = Client::start(&bloom)?;
    small.open(&program(100, seed))?;
    small.ask_about("textDocument/diagnostic", None)?;
    lines.push(memory("memory, 100 lines", small.memory()?, 60));
    drop(small);
    for (count, p50, p99) in [(10_000, Some(5), 30), (100_000, None, 50)] {
        let text = program(count, seed);
        let size = format!("{} lines", text.lines().count());
        let (mut client, _) = Client::start(&bloom)?;
        client.open(&text)?;
        client.ask_about("textDocument/diagnostic", None)?;
        let numbers = edits(&mut client, &text, seed)?;
        let [out, back] = rules(&mut client, &text, seed)?;
        for (edit, mut waits) in [
            ("edit of a number", numbers),
            ("rule taken out", out),
            ("rule put back", back),
        ] {
            if let Some(bound) = p50 {
                let what = format!("{edit} to diagnostics, {size}, median");
                lines.push(time(&what, &mut waits, 0.5, bound));
            }
            let what = format!("{edit} to diagnostics, {size}, 99th of 100");
            lines.push(time(&what, &mut waits, 0.99, p99));
        }
        for (name, method, bound) in [
            ("completion", "textDocument/completion", 20),
            ("hover", "textDocument/hover", 10),
            ("definition", "textDocument/definition", 10),
        ] {
            let mut waits = questions(&mut client, &text, method, seed)?;
            lines.push(time(
                &format!("{name}, {size}, 95th of 100"),
                &mut waits,
                0.95,
                bound,
            ));
        }
        if count == 10_000 {
            let mut waits = tokens_after_edits(&mut client, &text, seed)?;
            lines.push(time(
                &format!("tokens after an edit, {size}, 95th of 100"),
                &mut waits,
                0.95,
                10,
            ));
        } else {
            let mut waits = cancelled(&mut client)?;
            lines.push(time(
                &format!("a cancelled request, {size}, 95th of 100"),
                &mut waits,
                0.95,
                10,
            ));
            lines.push(memory(&format!("memory, {size}"), client.memory()?, 300));
        }
    }
    lines.extend(steadiness(&bloom, seed)?);
    Ok(page(&lines))
}

fn program(lines: usize, seed: u64) -> String {
    rules_program::text((lines as f64 / LINES_A_RULE) as usize, seed)
}

/// Lines with a rule that compares a number at their ends: where a digit can be written and taken away again.
fn places(text: &str) -> Vec<(usize, usize)> {
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(number, line)| {
        let at = line.find(" > ")?;
        Some((number, at + " > ".len()))
    });
    found.collect()
}

fn edits(client: &mut Client, text: &str, seed: u64) -> Result<Vec<Duration>, String> {
    let (places, mut random) = (places(text), Random::new(seed));
    let mut waits = Vec::new();
    for _ in 0..EDITS {
        let (line, column) = places[random.below(places.len())];
        for (columns, text) in [((column, column), "1"), ((column, column + 1), "")] {
            let from = Instant::now();
            client.edit(line, columns, text)?;
            client.ask_about("textDocument/diagnostic", None)?;
            waits.push(from.elapsed());
        }
    }
    Ok(waits)
}

/// Takes a rule out, so that what stands on the page means something else, and puts it back, so that it means again what
/// it did: how long each takes.
fn rules(client: &mut Client, text: &str, seed: u64) -> Result<[Vec<Duration>; 2], String> {
    let lines = text.lines().enumerate();
    let whole = lines.filter(|(_, line)| line.contains("<= ") && line.ends_with(';'));
    let whole: Vec<(usize, &str)> = whole.collect();
    let mut random = Random::new(seed);
    let mut waits = [Vec::new(), Vec::new()];
    for _ in 0..RULE_EDITS {
        let (line, rule) = whole[random.below(whole.len())];
        let edits = [((0, rule.len()), ""), ((0, 0), rule)];
        for (waits, (columns, text)) in waits.iter_mut().zip(edits) {
            let from = Instant::now();
            client.edit(line, columns, text)?;
            client.ask_about("textDocument/diagnostic", None)?;
            waits.push(from.elapsed());
        }
    }
    Ok(waits)
}

/// Asks behind the first letter of rules' bodies.
fn questions(
    client: &mut Client,
    text: &str,
    method: &str,
    seed: u64,
) -> Result<Vec<Duration>, String> {
    let lines = text.lines().enumerate();
    let bodies =
        lines.filter_map(|(number, line)| Some((number, line.find("<= ")? + "<= ".len() + 1)));
    let bodies: Vec<(usize, usize)> = bodies.collect();
    let mut random = Random::new(seed);
    let mut waits = Vec::new();
    for _ in 0..QUESTIONS {
        let place = bodies[random.below(bodies.len())];
        let from = Instant::now();
        let answer = client.ask_about(method, Some(place))?;
        waits.push(from.elapsed());
        // What is completed is a list with whether there is more.
        let found = answer.get("items").unwrap_or(&answer);
        if found.is_null() || found.as_array().is_some_and(Vec::is_empty) {
            return Err(format!("{method} has no answer at {place:?}"));
        }
    }
    Ok(waits)
}

/// How long all tokens take, asked for as editors do: after each edit, when its diagnostics are there.
fn tokens_after_edits(client: &mut Client, text: &str, seed: u64) -> Result<Vec<Duration>, String> {
    let (places, mut random) = (places(text), Random::new(seed));
    let mut waits = Vec::new();
    for _ in 0..QUESTIONS {
        let (line, column) = places[random.below(places.len())];
        client.edit(line, (column, column), "1")?;
        client.ask_about("textDocument/diagnostic", None)?;
        let (tokens, wait) = client.tokens()?;
        waits.push(wait);
        if tokens.len() < text.lines().count() {
            return Err("too few tokens".to_owned());
        }
    }
    Ok(waits)
}

/// How long it takes until a request is given up, from the message that cancels it on.
fn cancelled(client: &mut Client) -> Result<Vec<Duration>, String> {
    let mut waits = Vec::new();
    for _ in 0..20 {
        let id = client.begin("textDocument/semanticTokens/full")?;
        let from = Instant::now();
        client.cancel(id)?;
        // It may have been answered just before.
        let _ = client.answer(id)?;
        waits.push(from.elapsed());
    }
    Ok(waits)
}

/// After many edits the server says what one does that starts with the text as it is then, and has not grown.
fn steadiness(bloom: &Path, seed: u64) -> Result<[Line; 2], String> {
    let mut lines: Vec<String> = program(1_000, seed).lines().map(str::to_owned).collect();
    let places = places(&lines.join("\n"));
    let mut random = Random::new(seed + 1);
    let (mut client, _) = Client::start(bloom)?;
    client.open(&lines.join("\n"))?;
    let mut before = 0;
    for number in 0..STEADY_EDITS {
        let (line, column) = places[random.below(places.len())];
        let own = &mut lines[line];
        let (columns, text) = match own.len() > column + 20 || random.chance(1, 2) {
            true => ((column, own.len()), "1;"),
            false => ((column, column), ["9", "x", " + 1", "("][random.below(4)]),
        };
        client.edit(line, columns, text)?;
        own.replace_range(columns.0..columns.1, text);
        if number % 50 == 0 {
            client.ask_about("textDocument/diagnostic", None)?;
        }
        // What is warm after a tenth stays.
        if number == STEADY_EDITS / 10 {
            before = client.memory()?;
        }
    }
    let after_edits = client.ask_about("textDocument/diagnostic", None)?;
    let growth = client.memory()? as f64 / before as f64 - 1.0;
    let (mut cold, _) = Client::start(bloom)?;
    cold.open(&lines.join("\n"))?;
    let fresh: Value = cold.ask_about("textDocument/diagnostic", None)?;
    let same = fresh == after_edits;
    Ok([
        Line {
            what: format!("answer after {STEADY_EDITS} edits"),
            measured: if same {
                "that of a cold start"
            } else {
                "another than a cold start's"
            }
            .to_owned(),
            bound: "that of a cold start".to_owned(),
            is_met: same,
        },
        Line {
            what: format!(
                "growth of memory from edit {} to edit {STEADY_EDITS}",
                STEADY_EDITS / 10
            ),
            measured: format!("{:.1} %", 100.0 * growth),
            bound: "2 %".to_owned(),
            is_met: growth <= 0.02,
        },
    ])
}

fn time(what: &str, waits: &mut [Duration], quantile: f64, bound: u64) -> Line {
    waits.sort();
    let at = ((waits.len() as f64 * quantile).ceil() as usize).clamp(1, waits.len()) - 1;
    let wait = waits[at];
    Line {
        what: what.to_owned(),
        measured: format!("{wait:.1?}"),
        bound: format!("{bound} ms"),
        is_met: wait <= Duration::from_millis(bound),
    }
}

fn memory(what: &str, bytes: u64, bound: u64) -> Line {
    Line {
        what: what.to_owned(),
        measured: format!("{} MB", bytes / 1_000_000),
        bound: format!("{bound} MB"),
        is_met: bytes <= bound * 1_000_000,
    }
}

fn page(lines: &[Line]) -> String {
    let mut page =
        "`bloom lsp` with one client, which waits for each answer; diagnostics are asked for. Tokens are those of the \
         whole document, timed to the last byte.\n\n\
                    | | measured | at most | |\n| --- | ---: | ---: | --- |\n"
            .to_owned();
    for Line {
        what,
        measured,
        bound,
        is_met,
    } in lines
    {
        writeln!(page, "| {what} | {measured} | {bound} | {} |", met(*is_met))
            .expect("writing to a string never fails");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_times_in_order() {
        let mut waits: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let line = time("x", &mut waits, 0.99, 99);
        assert_eq!((line.measured.as_str(), line.is_met), ("99.0ms", true));
        assert!(!time("x", &mut waits, 1.0, 99).is_met);
    }

    #[test]
    fn programs_have_as_many_lines_as_asked_for() {
        for wanted in [1_000_usize, 10_000] {
            let lines = program(wanted, 1).lines().count();
            assert!(lines.abs_diff(wanted) < wanted / 10, "{lines}");
        }
        assert!(places(&program(1_000, 1)).len() > 50);
    }
}
