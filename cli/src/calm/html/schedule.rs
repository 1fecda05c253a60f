//! A witness as a picture: a lane a node, time from left to right, a circle a tick, above it what arrives and
//! below it what comes of it; the two runs one below the other.

use std::fmt::Write;

use crate::calm::document::{Run, Tick, Witness, set};
use crate::calm::graph::svg::escaped;

const LETTER_WIDTH: f64 = 7.3;
const LINE_HEIGHT: f64 = 15.0;
const LANE_GAP: f64 = 26.0;
const LEFT: f64 = 20.0;

/// One tick as it is drawn.
struct Mark<'w> {
    x: f64,
    lane: usize,
    number: u64,
    arrivals: &'w [String],
    rows: &'w [String],
}

pub(super) fn diagram(witness: &Witness, name: &str) -> String {
    let mut out = String::from("<div class=\"wide\">\n");
    for (number, run) in (1..).zip(&witness.runs) {
        let title = match witness.runs.len() {
            1 => String::new(),
            _ => format!("run {number}"),
        };
        draw(&mut out, &title, run, name).expect("a string takes any text");
    }
    out.push_str("</div>\n");
    out
}

fn draw(out: &mut String, title: &str, run: &Run, name: &str) -> std::fmt::Result {
    let mut lanes: Vec<&str> = Vec::new();
    for tick in &run.ticks {
        if !lanes.contains(&tick.node.as_str()) {
            lanes.push(&tick.node);
        }
    }
    lanes.sort_unstable();
    let names = lanes.iter().map(|lane| width(lane)).fold(0.0, f64::max);
    let (marks, end) = marks(run, &lanes, LEFT + names + 20.0);
    let arrivals_max = marks
        .iter()
        .map(|mark| mark.arrivals.len())
        .max()
        .unwrap_or(0);
    let rows_max = marks
        .iter()
        .map(|mark| mark.rows.len().min(1))
        .max()
        .unwrap_or(0);
    let above = (arrivals_max.max(1) as f64) * LINE_HEIGHT + 22.0;
    let lane_height = above + rows_max as f64 * LINE_HEIGHT + LANE_GAP;
    let outcome = run.outcome(name);
    let full_width = end + width(&outcome) + 40.0;
    let height = 26.0 + lanes.len() as f64 * lane_height;
    writeln!(
        out,
        "<svg class=\"schedule\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"a run\">"
    )?;
    text(out, "head", 0.0, 16.0, title)?;
    let lane_y = |lane: usize| 26.0 + lane as f64 * lane_height + above;
    for (lane, name) in lanes.iter().enumerate() {
        let y = lane_y(lane);
        text(out, "faint", LEFT, y + 4.0, name)?;
        let start = LEFT + names + 8.0;
        writeln!(
            out,
            "<line class=\"lane\" x1=\"{start:.1}\" y1=\"{y:.1}\" x2=\"{end:.1}\" y2=\"{y:.1}\"/>"
        )?;
    }
    for (from, to) in messages(run) {
        let (from, to) = (&marks[from], &marks[to]);
        message(out, (from.x, lane_y(from.lane)), (to.x, lane_y(to.lane)))?;
    }
    for mark in &marks {
        tick(out, mark, lane_y(mark.lane))?;
    }
    let y = 26.0 + lanes.len().saturating_sub(1) as f64 * lane_height / 2.0 + above;
    let boxed = width(&outcome) + 16.0;
    writeln!(
        out,
        "<rect class=\"outcome\" x=\"{:.1}\" y=\"{:.1}\" width=\"{boxed:.1}\" height=\"24\" rx=\"5\"/>",
        end + 12.0,
        y - 12.0
    )?;
    text(out, "", end + 20.0, y + 4.0, &outcome)?;
    writeln!(out, "</svg>")
}

/// The ticks between which messages go: each message to the first later tick that takes it in.
fn messages(run: &Run) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (from, tick) in run.ticks.iter().enumerate() {
        for sent in &tick.sends {
            let takes = |other: &Tick| other.node == sent.to && other.arrivals.contains(&sent.row);
            if let Some(wait) = run.ticks[from + 1..].iter().position(takes) {
                pairs.push((from, from + 1 + wait));
            }
        }
    }
    pairs.dedup();
    pairs
}

/// From the edge of one tick's circle to that of another.
fn message(out: &mut String, from: (f64, f64), to: (f64, f64)) -> std::fmt::Result {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (x, y) = (to.0 - 10.0 * ux, to.1 - 10.0 * uy);
    writeln!(
        out,
        "<path class=\"message\" d=\"M{:.1} {:.1} L{x:.1} {y:.1}\"/>",
        from.0 + 10.0 * ux,
        from.1 + 10.0 * uy
    )?;
    writeln!(
        out,
        "<path class=\"head\" d=\"M{x:.1} {y:.1} L{:.1} {:.1} L{:.1} {:.1} Z\"/>",
        x - 8.0 * ux - 4.0 * uy,
        y - 8.0 * uy + 4.0 * ux,
        x - 8.0 * ux + 4.0 * uy,
        y - 8.0 * uy - 4.0 * ux
    )
}

/// Where each tick stands, wide enough for what arrives, and where the lanes end.
fn marks<'w>(run: &'w Run, lanes: &[&str], left: f64) -> (Vec<Mark<'w>>, f64) {
    let mut marks = Vec::new();
    let mut x = left;
    for tick in &run.ticks {
        let given = match tick.rows.as_slice() {
            [] => 0.0,
            rows => width(&set(rows)) + 4.0 * LETTER_WIDTH,
        };
        let widest = tick
            .arrivals
            .iter()
            .map(|one| width(one))
            .fold(given, f64::max)
            .max(48.0);
        marks.push(Mark {
            x: x + widest / 2.0,
            lane: lanes
                .iter()
                .position(|lane| *lane == tick.node)
                .unwrap_or(0),
            number: tick.tick,
            arrivals: &tick.arrivals,
            rows: &tick.rows,
        });
        x += widest + 24.0;
    }
    (marks, x)
}

fn tick(out: &mut String, mark: &Mark<'_>, y: f64) -> std::fmt::Result {
    let x = mark.x;
    if !mark.arrivals.is_empty() {
        writeln!(
            out,
            "<path class=\"arrival\" d=\"M{x:.1} {:.1} V{:.1} m-3 -5 l3 5 l3 -5\"/>",
            y - 24.0,
            y - 10.0
        )?;
    }
    for (row, arrival) in (0u32..).zip(mark.arrivals.iter().rev()) {
        middle(
            out,
            "over",
            x,
            y - 28.0 - f64::from(row) * LINE_HEIGHT,
            arrival,
        )?;
    }
    writeln!(
        out,
        "<circle class=\"tick\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"9\"/>"
    )?;
    middle(out, "", x, y + 4.0, &mark.number.to_string())?;
    if !mark.rows.is_empty() {
        middle(out, "faint", x, y + 24.0, &format!("→ {}", set(mark.rows)))?;
    }
    Ok(())
}

fn middle(out: &mut String, class: &str, x: f64, y: f64, content: &str) -> std::fmt::Result {
    writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
        escaped(content)
    )
}

fn text(out: &mut String, class: &str, x: f64, y: f64, content: &str) -> std::fmt::Result {
    writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(content)
    )
}

fn width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER_WIDTH
}
