//! A run in space and time as SVG: time goes down, an arrow from the tick in which a message is sent to the tick in
//! which it arrives.

use std::fmt::Write;

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::contrast::Step;
use bloom_sim::faults::{Counterexample, FaultSpec};

use super::compared;
use super::diagram::arrows;

const LEFT: usize = 70;
const TOP: usize = 50;
const COLUMN: usize = 150;
const TICK: usize = 46;

const STYLE: &str = "\
text { font: 12px sans-serif; fill: #222 }\
.life { stroke: #999; stroke-width: 1 }\
.sent { stroke: #2a6; stroke-width: 1.3 }\
.lost { stroke: #c33; stroke-width: 1.3; stroke-dasharray: 5 4 }\
.code { font: 12px monospace; white-space: pre }\
.bad { fill: #c33; font-weight: bold }\
.faint { fill: #777 }";

/// The picture of a counterexample.
pub(super) fn drawn(
    test: &FaultTest,
    spec: &FaultSpec,
    found: &Counterexample,
    steps: &[Step],
) -> String {
    let mut picture = Picture::default();
    let (x, y) = (
        |node: usize| LEFT + node * COLUMN,
        |tick: u32| TOP + tick as usize * TICK,
    );
    for (number, node) in test.nodes.iter().enumerate() {
        let crash = found.hypothesis.crash_of(number);
        let end = crash.unwrap_or(spec.eot);
        picture.text(x(number), TOP, "", "middle", &node.name);
        picture.line("life", (x(number), y(1)), (x(number), y(end)));
        if let Some(back) = found.hypothesis.return_of(number) {
            picture.line("life", (x(number), y(back)), (x(number), y(spec.eot)));
        }
        if crash.is_some() {
            picture.text(x(number), y(end) + 5, "bad", "middle", "✗");
        }
    }
    for tick in 1..=spec.eot {
        picture.text(LEFT - 50, y(tick) + 4, "faint", "end", &tick.to_string());
    }
    for arrow in arrows(test, &found.execution) {
        let start = (x(arrow.from), y(arrow.tick));
        let end = (x(arrow.to), y(arrow.tick + arrow.after.unwrap_or(1)));
        // A lost message ends on its way.
        let is_lost = arrow.after.is_none();
        let (class, share) = if is_lost { ("lost", 6) } else { ("sent", 10) };
        let stop = (part(start.0, end.0, share), part(start.1, end.1, share));
        picture.line(class, start, stop);
        let mark = if is_lost { "✗" } else { "•" };
        let mark_class = if is_lost { "bad" } else { "" };
        picture.text(stop.0, stop.1 + 4, mark_class, "middle", mark);
        let label = (part(start.0, end.0, 4), part(start.1, end.1, 4));
        picture.text(label.0, label.1 - 3, "faint", "middle", &arrow.label);
    }
    for (line, (_, what, _)) in found.broken.iter().enumerate() {
        picture.text(LEFT, y(spec.eot) + 30 + 18 * line, "bad", "start", what);
    }
    let below = y(spec.eot) + 40 + 18 * found.broken.len();
    let text = compared::shown(steps);
    let lines = if steps.is_empty() { "" } else { &text };
    for (number, line) in lines.lines().enumerate() {
        picture.text(LEFT - 50, below + 16 * number, "code", "start", line);
    }
    let height = below + 16 * lines.lines().count();
    let longest = lines.lines().map(|line| line.chars().count()).max();
    let width = (LEFT + test.nodes.len() * COLUMN).max(LEFT + longest.unwrap_or(0) * 8);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <title>{}</title>\n{}</svg>\n",
        escaped(&test.name),
        picture.0
    )
}

/// So many tenths of the way.
fn part(from: usize, to: usize, tenths: usize) -> usize {
    (from * (10 - tenths) + to * tenths) / 10
}

#[derive(Default)]
struct Picture(String);

impl Picture {
    fn line(&mut self, class: &str, from: (usize, usize), to: (usize, usize)) {
        self.push(format_args!(
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
            from.0, from.1, to.0, to.1
        ));
    }

    fn text(&mut self, x: usize, y: usize, class: &str, anchor: &str, text: &str) {
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>\n",
            escaped(text)
        ));
    }

    fn push(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(arguments)
            .expect("a string takes any text");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
