//! The good run and the bad one side by side, in two columns: what came about in the one and not in the other.

use bloom_sim::faults::contrast::{Difference, Run, Step};
use serde::Serialize;

/// Columns of the left half.
const WIDTH_MAX: usize = 58;

/// Both halves, a line a step, each in the half of the run that has the row.
pub(super) fn shown(steps: &[Step]) -> String {
    let lines: Vec<(String, String)> = steps.iter().map(halves).collect();
    let widths = lines.iter().map(|(left, _)| left.chars().count());
    let width = widths.max().unwrap_or(0).clamp(16, WIDTH_MAX);
    let mut text = format!("  {:<width$}  {}\n", "without faults", "with them");
    for (left, right) in lines {
        text.push_str(&format!("  {left:<width$}  {right}\n"));
    }
    text
}

fn halves(step: &Step) -> (String, String) {
    let indent = "  ".repeat(step.depth);
    let place = match &step.node {
        Some(node) => format!(" at {node} in tick {}", step.tick),
        None => String::new(),
    };
    let row = format!("{indent}{}{place}", step.row);
    let other = format!("{indent}{}", otherwise(step));
    match step.run {
        Run::Good => (row, other),
        Run::Bad => (other, row),
    }
}

/// What the other run has instead.
fn otherwise(step: &Step) -> String {
    match &step.difference {
        Difference::Follows => "✗".to_owned(),
        Difference::Lost { from, sent } => {
            let to = step.node.as_deref().unwrap_or("it");
            format!("✗ from {from} to {to}, sent in tick {sent}: did not arrive then")
        }
        Difference::Down(node) if step.run == Run::Bad => format!("✗ {node} is up"),
        Difference::Down(node) => format!("✗ {node} is down"),
        Difference::Forgotten(node) => format!("✗ {node} came back without it"),
        Difference::Again => "✗ as above".to_owned(),
        Difference::Otherwise => "✗ something else stands in its way".to_owned(),
    }
}

/// A step as JSON has it.
#[derive(Serialize)]
pub(super) struct Line<'s> {
    depth: usize,
    /// The run that has the row: `good` or `bad`.
    run: &'static str,
    node: Option<&'s str>,
    row: &'s str,
    tick: u64,
    /// Why the other lacks it: `follows` from what is one deeper, `message`, `down`,
    /// `forgotten`, `again`, `otherwise`.
    because: &'static str,
    /// Of a message its sender; of a node that is down that node.
    by: Option<&'s str>,
    sent: Option<u64>,
}

pub(super) fn lines(steps: &[Step]) -> Vec<Line<'_>> {
    steps.iter().map(line).collect()
}

fn line(step: &Step) -> Line<'_> {
    let (because, by, sent) = match &step.difference {
        Difference::Follows => ("follows", None, None),
        Difference::Lost { from, sent } => ("message", Some(from.as_str()), Some(*sent)),
        Difference::Down(node) => ("down", Some(node.as_str()), None),
        Difference::Forgotten(node) => ("forgotten", Some(node.as_str()), None),
        Difference::Again => ("again", None, None),
        Difference::Otherwise => ("otherwise", None, None),
    };
    Line {
        depth: step.depth,
        run: match step.run {
            Run::Good => "good",
            Run::Bad => "bad",
        },
        node: step.node.as_deref(),
        row: &step.row,
        tick: step.tick,
        because,
        by,
        sent,
    }
}
