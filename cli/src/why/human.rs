//! A derivation as a tree of text.

use super::explained::{Because, Rule, Step, Way};
use crate::terminal::{Color, painted};

pub(super) fn tree(step: &Step) -> String {
    let mut text = String::new();
    write_step(&mut text, "", "", step);
    text
}

/// `first` stands before the first line, `rest` before those below it.
fn write_step(text: &mut String, first: &str, rest: &str, step: &Step) {
    let shown = painted(&step.shown, Color::Bold);
    let when = match step.until {
        _ if step.part => format!("joined at {} in tick {}", step.node, step.tick),
        Some(until) if until > step.tick => {
            format!("at {} in ticks {} to {until}", step.node, step.tick)
        }
        Some(_) | None => format!("at {} in tick {}", step.node, step.tick),
    };
    let only = match step.ways.as_slice() {
        [only] => headline(only),
        _ if step.again => ", explained above".to_owned(),
        [] => ", and nothing that leads to it".to_owned(),
        several => format!(", in {} ways", several.len()),
    };
    text.push_str(&format!("{first}{shown} {when}{only}\n"));
    match step.ways.as_slice() {
        [only] => write_way(text, rest, only),
        several => {
            for (place, way) in several.iter().enumerate() {
                let (tee, bar) = branch(place + 1 == several.len());
                text.push_str(&format!("{rest}{tee}way {}{}\n", place + 1, headline(way)));
                write_way(text, &format!("{rest}{bar}"), way);
            }
        }
    }
}

/// What stands behind a row.
fn headline(way: &Way) -> String {
    match (way.how, &way.rule, &way.from) {
        ("sent", Some(rule), Some(from)) => format!(", sent by {from} in its tick {}", rule.tick),
        ("rule", Some(rule), _) if rule.deferred => format!(", by tick {}", rule.tick),
        ("rule", ..) => String::new(),
        ("joined", ..) => ", the join of".to_owned(),
        ("seen", ..) => ", seen by the spec".to_owned(),
        ("message", _, Some(from)) => format!(", from {from}, of which nothing is recorded"),
        ("fed", ..) => ", fed from outside".to_owned(),
        ("timer", ..) => ", a timer".to_owned(),
        ("stdin", ..) => ", a line of standard input".to_owned(),
        ("sealed", ..) => ", from seals and what they count".to_owned(),
        ("start", ..) => ", there from the start".to_owned(),
        ("alive", ..) => ", told by the failure detector".to_owned(),
        ("raised", ..) => ", raised by the engine".to_owned(),
        ("told", ..) => ", told to the spec".to_owned(),
        (how, ..) => format!(", {how}"),
    }
}

fn write_way(text: &mut String, before: &str, way: &Way) {
    let children = way.because.len() + usize::from(way.rule.is_some());
    let mut left = children;
    let mut next = || {
        left -= 1;
        branch(left == 0)
    };
    if let Some(rule) = &way.rule {
        let (tee, bar) = next();
        let at = painted(&rule.at, Color::Faint);
        text.push_str(&format!("{before}{tee}{at} {}{}\n", rule.text, notes(rule)));
        let _lines_below = bar;
    }
    for because in &way.because {
        let (tee, bar) = next();
        match because {
            Because::There(step) => {
                write_step(
                    text,
                    &format!("{before}{tee}"),
                    &format!("{before}{bar}"),
                    step,
                );
            }
            Because::Absent(absent) => {
                let (shown, node, tick) = (&absent.shown, &absent.node, absent.tick);
                text.push_str(&format!(
                    "{before}{tee}no {shown} at {node} in tick {tick}\n"
                ));
            }
        }
    }
}

fn notes(rule: &Rule) -> String {
    let group = match rule.matches {
        Some(matches) if rule.one_decides => format!("  (one of {matches} matches decides)"),
        Some(1) | None => String::new(),
        Some(matches) => format!("  (over {matches} matches)"),
    };
    let chance = if rule.by_chance {
        "  (with a value by chance)"
    } else {
        ""
    };
    format!("{group}{chance}")
}

fn branch(is_last: bool) -> (&'static str, &'static str) {
    match is_last {
        true => ("└─ ", "   "),
        false => ("├─ ", "│  "),
    }
}
