//! What came of a replay, for people and as JSON.

use std::fmt::Write;
use std::sync::Arc;

use bloom_host::recording::replay::{Departure, Replayed};
use bloom_host::schema::{JsonRow, Schema};
use bloom_plan::display;
use bloom_plan::plan::Plan;
use bloom_plan::value::Row;
use bloom_runtime::{Output, Program};
use serde::Serialize;

use super::{Again, Dump};
use crate::terminal::{Color, painted};

/// Differences of a tick that are shown.
const DIFFERENCES_MAX: usize = 8;

pub(super) fn human(again: &Again, programs: &[Arc<Program>], runs: usize) -> String {
    let mut text = String::new();
    if runs > 1 {
        push(&mut text, format_args!("run {}\n", again.run));
    }
    for (node, before) in again.nodes.iter().zip(&again.before) {
        let Replayed { address, ticks, .. } = node;
        let ticks = match ticks {
            1 => "1 tick".to_owned(),
            ticks => format!("{ticks} ticks"),
        };
        match &node.departure {
            None => {
                let word = painted("same", Color::Green);
                push(&mut text, format_args!("{word}     {address}: {ticks}\n"));
            }
            Some(departure) => {
                let word = painted("departs", Color::Red);
                push(
                    &mut text,
                    format_args!(
                        "{word}  {address}: after {ticks}, in tick {}: {}\n",
                        departure.tick,
                        departure.differs.join(", ")
                    ),
                );
                let plan = programs
                    .iter()
                    .find(|program| program.plan().name == node.kind);
                if let (Some(before), Some(program)) = (before, plan) {
                    differences(&mut text, program.plan(), before, departure);
                }
            }
        }
    }
    text
}

/// What a tick no longer does, and what it does instead.
fn differences(text: &mut String, plan: &Plan, before: &Output, departure: &Departure) {
    let (before, now) = (lines(plan, before), lines(plan, &departure.output));
    let gone = before
        .iter()
        .filter(|line| !now.contains(line))
        .map(|l| ('-', l));
    let new = now
        .iter()
        .filter(|line| !before.contains(line))
        .map(|l| ('+', l));
    let all: Vec<(char, &String)> = gone.chain(new).collect();
    for (sign, line) in all.iter().take(DIFFERENCES_MAX) {
        push(text, format_args!("  {sign} {line}\n"));
    }
    if all.len() > DIFFERENCES_MAX {
        push(text, format_args!("  … {} in all\n", all.len()));
    }
}

/// What a tick gave out, a line a thing.
fn lines(plan: &Plan, output: &Output) -> Vec<String> {
    let row = |name: &str, row: &Row| {
        let relation = plan.relations.iter().find(|relation| relation.name == name);
        let columns = relation.into_iter().flat_map(|relation| &relation.columns);
        let columns: Vec<_> = columns.map(|column| column.ty).collect();
        format!("{name}{}", display::row(&plan.types, &columns, row))
    };
    let mut lines = Vec::new();
    for message in &output.sends {
        let sent = row(&message.channel, &message.row);
        lines.push(format!("sends {} {sent}", message.to));
    }
    for (relation, rows) in &output.outputs {
        let name = &plan.relations[relation.0 as usize].name;
        lines.extend(
            rows.iter()
                .map(|shown| format!("shows {}", row(name, shown))),
        );
    }
    for change in &output.durable {
        let deletes = change.deletes.iter();
        lines.extend(deletes.map(|gone| format!("deletes {}", row(&change.table, gone))));
        let upserts = change.upserts.iter();
        lines.extend(upserts.map(|new| format!("keeps {}", row(&change.table, new))));
    }
    lines.extend(output.stdout.iter().map(|line| format!("writes {line}")));
    lines.extend(output.stderr.iter().map(|line| format!("writes {line}")));
    lines.extend(
        output
            .errors
            .iter()
            .map(|e| format!("fails at {}: {}", e.rule, e.message)),
    );
    lines.extend(output.halt.map(|code| format!("halts with {code}")));
    let conflict = output.halted_by_conflict.as_ref();
    lines.extend(conflict.map(ToString::to_string));
    lines.extend(output.stopped.as_ref().map(ToString::to_string));
    lines
}

#[derive(Serialize)]
struct Line<'a> {
    run: usize,
    same: bool,
    nodes: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    node: &'a str,
    kind: &'a str,
    /// Those that did the same.
    ticks: u64,
    departs: Option<Departs<'a>>,
}

#[derive(Serialize)]
struct Departs<'a> {
    tick: u64,
    differs: &'a [&'static str],
}

pub(super) fn json(again: &Again) -> String {
    let nodes = again.nodes.iter().map(|node| Node {
        node: &node.address,
        kind: &node.kind,
        ticks: node.ticks,
        departs: node.departure.as_ref().map(|departure| Departs {
            tick: departure.tick,
            differs: &departure.differs,
        }),
    });
    line(&Line {
        run: again.run,
        same: again.nodes.iter().all(|node| node.departure.is_none()),
        nodes: nodes.collect(),
    })
}

#[derive(Serialize)]
struct DumpLine<'a> {
    node: &'a str,
    tick: u64,
    collection: &'a str,
    row: JsonRow<'a>,
}

/// As a service prints rows of outputs.
pub(super) fn row(dump: &Dump, schema: &Schema<'_>, row: &Row) -> String {
    line(&DumpLine {
        node: &dump.node,
        tick: dump.tick,
        collection: &schema.relation.name,
        row: schema.json_of_row(row),
    })
}

fn line(line: &impl Serialize) -> String {
    let text = serde_json::to_string(line).expect("rows fit their types");
    format!("{text}\n")
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
