//! A run in space and time, for the terminal: a column a node, a line a tick, under it what is sent in that tick.
//!
//! What one node sends another in a tick is one arrow. A message that is lost is dashed and ends in a cross, at one
//! that is late stands by how many ticks; a node that has crashed has a cross, and no line below it until it comes back.

use std::collections::BTreeMap;

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{Counterexample, Execution, FaultSpec, Hypothesis};
use smol_str::SmolStr;

/// Arrows of a diagram; where there are more, only those that are lost or late are drawn.
const ARROWS_MAX: usize = 48;

/// Nodes of a diagram for the terminal.
const NODES_MAX: usize = 8;

/// Ticks of a diagram for the terminal.
const TICKS_MAX: u32 = 40;

const COLUMN_MIN: usize = 12;
const COLUMN_MAX: usize = 20;

/// All that is sent over a link in a tick.
#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) tick: u32,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Channels, parted by commas.
    pub(super) label: String,
    /// In how many ticks it arrives; not at all if it is lost.
    pub(super) after: Option<u32>,
}

/// What is sent from one node to another, in order.
pub(super) fn arrows(test: &FaultTest, execution: &Execution) -> Vec<Arrow> {
    let number = |name: &SmolStr| test.nodes.iter().position(|node| node.name == *name);
    let mut arrows = Vec::new();
    for (tick, sent) in (1..).zip(&execution.traffic) {
        let mut links: BTreeMap<(usize, usize, Option<u32>), Vec<&str>> = BTreeMap::new();
        for message in sent {
            if let (Some(from), Some(to)) = (number(&message.from), number(&message.to))
                && from != to
            {
                let times = message.after.iter().copied().map(Some);
                let times: Vec<Option<u32>> = match message.lost {
                    true => vec![None],
                    false => times.collect(),
                };
                for after in times {
                    let channels = links.entry((from, to, after)).or_default();
                    if !channels.contains(&message.channel.as_str()) {
                        channels.push(&message.channel);
                    }
                }
            }
        }
        arrows.extend(links.into_iter().map(|((from, to, after), channels)| {
            let late = match after {
                Some(after) if after > 1 => format!(" +{}", after - 1),
                Some(_) | None => String::new(),
            };
            Arrow {
                tick,
                from,
                to,
                label: channels.join(",") + &late,
                after,
            }
        }));
    }
    arrows
}

/// The diagram of a counterexample; none if it is too large for a terminal.
pub(super) fn shown(test: &FaultTest, spec: &FaultSpec, found: &Counterexample) -> Option<String> {
    if test.nodes.len() > NODES_MAX || spec.eot > TICKS_MAX {
        return None;
    }
    let mut arrows = arrows(test, &found.execution);
    let all = arrows.len();
    if all > ARROWS_MAX {
        arrows.retain(|arrow| arrow.after != Some(1));
    }
    if arrows.len() > ARROWS_MAX {
        return None;
    }
    let longest = test.nodes.iter().map(|node| node.name.chars().count());
    let labels = arrows.iter().map(|arrow| arrow.label.chars().count() + 4);
    let width = longest.chain(labels).max().unwrap_or(0) + 1;
    let canvas = Canvas {
        width: width.clamp(COLUMN_MIN, COLUMN_MAX),
        nodes: test.nodes.len(),
        faults: &found.hypothesis,
    };
    let mut lines = vec![canvas.header(test)];
    for tick in 1..=spec.eot {
        lines.push(canvas.tick(tick));
        let sent = arrows.iter().filter(|arrow| arrow.tick == tick);
        lines.extend(sent.map(|arrow| canvas.arrow(arrow)));
    }
    if arrows.len() < all {
        lines.push(format!(
            "{} messages, of which those lost or late are drawn",
            all
        ));
    }
    let lines = lines.iter().map(|line| format!("  {}\n", line.trim_end()));
    Some(lines.collect())
}

struct Canvas<'c> {
    /// Of a column.
    width: usize,
    nodes: usize,
    faults: &'c Hypothesis,
}

/// Columns left of the first node.
const MARGIN: usize = 7;

impl Canvas<'_> {
    fn place(&self, node: usize) -> usize {
        MARGIN + node * self.width
    }

    fn header(&self, test: &FaultTest) -> String {
        let mut line = self.blank();
        write_at(&mut line, 0, "tick");
        for (number, node) in test.nodes.iter().enumerate() {
            let room: String = node.name.chars().take(self.width - 1).collect();
            write_at(&mut line, self.place(number), &room);
        }
        line.into_iter().collect()
    }

    fn blank(&self) -> Vec<char> {
        vec![' '; self.place(self.nodes)]
    }

    fn is_down(&self, node: usize, tick: u32) -> bool {
        let is_back = self.faults.return_of(node).is_some_and(|when| when <= tick);
        !is_back && self.faults.crash_of(node).is_some_and(|when| when <= tick)
    }

    fn tick(&self, tick: u32) -> String {
        let mut line = self.blank();
        write_at(&mut line, 0, &format!("{tick:>4}"));
        for node in 0..self.nodes {
            let mark = match self.faults.crash_of(node) {
                Some(when) if when == tick => '✗',
                Some(_) if self.is_down(node, tick) => ' ',
                Some(_) | None => '●',
            };
            line[self.place(node)] = mark;
        }
        line.into_iter().collect()
    }

    fn arrow(&self, arrow: &Arrow) -> String {
        let mut line = self.blank();
        for node in (0..self.nodes).filter(|&node| !self.is_down(node, arrow.tick)) {
            line[self.place(node)] = '│';
        }
        let (from, to) = (self.place(arrow.from), self.place(arrow.to));
        let is_lost = arrow.after.is_none();
        let stroke = if is_lost { '╌' } else { '─' };
        let inside = from.min(to) + 1..from.max(to);
        let length = inside.len();
        for at in inside.clone() {
            line[at] = stroke;
        }
        let (tail, head) = match from < to {
            true => ('├', to - 1),
            false => ('┤', to + 1),
        };
        line[from] = tail;
        line[head] = match (is_lost, from < to) {
            (true, _) => '✗',
            (false, true) => '▶',
            (false, false) => '◀',
        };
        let label: String = arrow.label.chars().take(length.saturating_sub(4)).collect();
        let start = inside.start + (length - label.chars().count()) / 2;
        write_at(&mut line, start, &label);
        line.into_iter().collect()
    }
}

fn write_at(line: &mut [char], at: usize, text: &str) {
    for (place, letter) in line[at..].iter_mut().zip(text.chars()) {
        *place = letter;
    }
}
