//! What was found, for people.

use std::fmt::Write;

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{Counterexample, Engine, Fault, Hypothesis, Verdict};
use smol_str::SmolStr;

use super::sweep::Frontier;
use super::{Searched, compared, diagram, hint};
use crate::terminal::{Color, painted};

/// What a report shows of what is broken.
const BROKEN_SHOWN_MAX: usize = 8;

/// Minimal sets that are shown without `--all`.
const SETS_SHOWN_MAX: usize = 3;

pub(super) fn shown(searched: &Searched, all: bool) -> String {
    let mut text = String::new();
    let report = &searched.report;
    let name = painted(&searched.test.name, Color::Bold);
    match &report.verdict {
        Verdict::Certified => {
            let word = painted("certified", Color::Green);
            push(&mut text, format_args!("{word}       {name}\n"));
            line(&mut text, "no set of faults within the bounds breaks it");
            if report.engine == Engine::Supports {
                line(
                    &mut text,
                    "no formula has room for it: each set agrees with one of the runs in all that its outcome rests on",
                );
            }
        }
        Verdict::Counterexample(found) => {
            let word = painted("counterexample", Color::Red);
            push(&mut text, format_args!("{word}  {name}\n"));
            counterexample(&mut text, searched, found);
            if let Some(diagram) = diagram::shown(&searched.test, &searched.spec, found) {
                text.push_str(&diagram);
            }
            if !searched.contrast.is_empty() {
                text.push_str(&compared::shown(&searched.contrast));
            }
            if searched.only_if_stopped {
                line(
                    &mut text,
                    "hint: certified with --mute-crashes, where crashed nodes only send nothing: does the spec excuse nodes that are down?",
                );
            } else if let Some(hint) = hint::hint(&searched.test, found, report.minimal.as_ref()) {
                line(&mut text, &format!("hint: {hint}"));
            }
        }
        Verdict::Vacuous(why) => {
            let word = painted("vacuous", Color::Red);
            push(&mut text, format_args!("{word}         {name}\n"));
            line(&mut text, why);
        }
        Verdict::BoundReached(why) => {
            let word = painted("bound reached", Color::Yellow);
            push(&mut text, format_args!("{word}   {name}\n"));
            line(&mut text, &format!("not certified: {why}"));
        }
    }
    if let Some(minimal) = report.minimal.as_ref().filter(|m| m.sets.len() > 1) {
        let count = match minimal.complete {
            true => format!("{} minimal sets of faults", minimal.sets.len()),
            false => format!("at least {} minimal sets of faults", minimal.sets.len()),
        };
        line(
            &mut text,
            &format!("{count}, {} but for the names of nodes", minimal.classes),
        );
        let others = match all {
            true => minimal.sets.len(),
            false => SETS_SHOWN_MAX.min(minimal.sets.len()),
        };
        for set in &minimal.sets[..others] {
            line(&mut text, &format!("  {}", in_a_line(&searched.test, set)));
        }
        if others < minimal.sets.len() {
            line(&mut text, "  … (--all lists them)");
        }
    }
    effort(&mut text, searched);
    text
}

fn counterexample(text: &mut String, searched: &Searched, found: &Counterexample) {
    let bounds = match found.hypothesis.is_empty() {
        true => "it fails without any fault".to_owned(),
        false => match searched.report.engine {
            Engine::Formula | Engine::Supports => {
                format!("needs {}", found.hypothesis.in_words())
            }
            // There may be a smaller set that has nothing to do with this one.
            Engine::Random => format!("broken by {}", found.hypothesis.in_words()),
        },
    };
    line(text, &bounds);
    let name = |node: usize| &searched.test.nodes[node].name;
    for fault in &found.hypothesis.0 {
        let told = match *fault {
            Fault::Crash { node, tick } => format!("  {} crashes in tick {tick}", name(node)),
            Fault::Loss { from, to, tick } => {
                let lost = found.execution.channels_lost(name(from), name(to), tick);
                let what = match lost.as_slice() {
                    [] => "all messages".to_owned(),
                    channels => channels.join(", "),
                };
                format!(
                    "  {what} from {} to {}, sent in tick {tick}, is lost",
                    name(from),
                    name(to)
                )
            }
            Fault::Delay { from, to, tick, by } => {
                let ticks = counted(by as usize, "tick", "ticks");
                format!(
                    "  what {} sends {} in tick {tick} is {ticks} late",
                    name(from),
                    name(to)
                )
            }
            Fault::Duplicate { from, to, tick } => format!(
                "  what {} sends {} in tick {tick} arrives again in tick {}",
                name(from),
                name(to),
                tick + 2
            ),
            Fault::Partition { side, first, last } => {
                let when = ticks(first, last);
                let inside: Vec<&str> = side.nodes().map(|node| name(node).as_str()).collect();
                format!("  {} cut off in {when}", inside.join(", "))
            }
            Fault::Node {
                node,
                first,
                last,
                what,
            } => format!("  {} {}", name(node), what.in_words(first, last)),
        };
        line(text, &told);
    }
    for (spec, what, tick) in found.broken.iter().take(BROKEN_SHOWN_MAX) {
        line(text, &violated(spec, what, *tick));
    }
    if found.broken.len() > BROKEN_SHOWN_MAX {
        line(text, &format!("… {} rows in all", found.broken.len()));
    }
}

fn violated(spec: &SmolStr, what: &str, tick: u32) -> String {
    match what.strip_prefix("never ") {
        Some(row) => format!("then in tick {tick} spec {spec} has {row}, which must never be"),
        None if what.starts_with("post(") => {
            format!("then in tick {tick} spec {spec} lacks {what}, though there is its `pre`")
        }
        // What a checker says, with the history below it.
        None => format!("then spec {spec} fails at {}", what.replace('\n', "\n    ")),
    }
}

/// How far a test is certified.
pub(super) fn frontiers(test: &FaultTest, frontiers: &[Frontier]) -> String {
    let mut text = String::new();
    let name = painted(&test.name, Color::Bold);
    push(&mut text, format_args!("sweep           {name}\n"));
    for frontier in frontiers {
        let crashes = counted(frontier.crashes as usize, "crash", "crashes");
        let certified = match frontier.certified {
            Some(reached) => format!(
                "certified up to {} ticks, losses before {}",
                reached.eot, reached.eff
            ),
            None => "certified nowhere".to_owned(),
        };
        let stopped = frontier.stopped.as_ref().map(|stop| {
            format!(
                "; not with {} ticks, losses before {}: {}",
                stop.eot, stop.eff, stop.why
            )
        });
        line(
            &mut text,
            &format!("{crashes}: {certified}{}", stopped.unwrap_or_default()),
        );
    }
    text
}

/// `a crashes in 3; a to b lost in 1, 2`
pub(super) fn in_a_line(test: &FaultTest, set: &Hypothesis) -> String {
    let name = |node: usize| &test.nodes[node].name;
    let faults = set.0.iter().map(|fault| match *fault {
        Fault::Crash { node, tick } => format!("{} crashes in {tick}", name(node)),
        Fault::Loss { from, to, tick } => format!("{}→{} lost in {tick}", name(from), name(to)),
        Fault::Delay { from, to, tick, by } => {
            format!("{}→{} of {tick} late by {by}", name(from), name(to))
        }
        Fault::Duplicate { from, to, tick } => {
            format!("{}→{} of {tick} twice", name(from), name(to))
        }
        Fault::Partition { side, first, last } => {
            let inside: Vec<&str> = side.nodes().map(|node| name(node).as_str()).collect();
            format!("{} cut off in {}", inside.join(","), ticks(first, last))
        }
        Fault::Node {
            node,
            first,
            last,
            what,
        } => format!("{} {}", name(node), what.in_words(first, last)),
    });
    faults.collect::<Vec<_>>().join("; ")
}

/// Bounds, and what was done.
fn effort(text: &mut String, searched: &Searched) {
    let spec = &searched.spec;
    let losses = match spec.loss_end() {
        1 => "no losses".to_owned(),
        end => format!("losses of what is sent before tick {end}"),
    };
    let mut bounds = format!(
        "bounds: {} ticks, {losses}, {}",
        spec.eot,
        counted(spec.crashes as usize, "crash", "crashes")
    );
    if spec.delays > 0 {
        bounds += &format!(
            ", up to {} late",
            counted(spec.delays as usize, "tick", "ticks")
        );
    }
    if spec.duplicates {
        bounds += ", duplicates";
    }
    if spec.partitions > 0 {
        bounds += &format!(
            ", {}",
            counted(spec.partitions as usize, "partition", "partitions")
        );
    }
    for (number, one, more) in [
        (spec.slow, "slow node", "slow nodes"),
        (spec.skews, "wrong clock", "wrong clocks"),
        (spec.restarts, "restart", "restarts"),
    ] {
        if number > 0 {
            bounds += &format!(", {}", counted(number as usize, one, more));
        }
    }
    let report = &searched.report;
    let how = match report.engine {
        Engine::Formula => format!("{} gates", report.size.gates),
        Engine::Supports => "run by run".to_owned(),
        Engine::Random => "at random".to_owned(),
    };
    let done = format!(
        "{:.1e} hypotheses, {how}, {}, {:.3} s",
        report.space,
        counted(report.executions, "execution", "executions"),
        searched.seconds
    );
    line(text, &painted(&format!("{bounds}; {done}"), Color::Faint));
    if let Some(again) = &searched.again {
        line(text, &format!("again: {again}"));
    }
    let Some(enumeration) = &searched.enumeration else {
        return;
    };
    if let Some(why) = searched.disagreement() {
        line(
            text,
            &format!("{} {why}", painted("one by one:", Color::Red)),
        );
    } else if let Ok(found) = enumeration {
        let extent = match found.complete {
            true => "all hypotheses that differ",
            false => "as many hypotheses as the bound allows",
        };
        line(
            text,
            &format!(
                "one by one: {} executions of {extent} agree",
                found.executions
            ),
        );
    }
}

/// `tick 3`, or `ticks 3 to 5`.
fn ticks(first: u32, last: u32) -> String {
    match first == last {
        true => format!("tick {first}"),
        false => format!("ticks {first} to {last}"),
    }
}

fn counted(number: usize, one: &str, more: &str) -> String {
    match number {
        0 => format!("no {more}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {more}"),
    }
}

fn line(text: &mut String, line: &str) {
    push(text, format_args!("  {line}\n"));
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
