//! A witness as text: a space-time diagram (Lamport 1978) for each run, one column a node, time
//! going down.

use std::fmt::Write;

use bloom_plan::display;
use bloom_plan::plan::{Column, Plan};
use bloom_plan::types::TypeId;
use bloom_plan::value::{Row, Value};
use bloom_runtime::Message;

use crate::machine::Kinds;

use super::deployment::Fed;
use super::outcome::{Arrival, Contents, Step, Tick};
use super::witness::{Difference, Run, Witness};

const GAP: &str = "   ";

impl Witness {
    /// The inputs and both runs, for a terminal.
    pub fn text<K: Kinds>(&self, kinds: &K) -> String {
        let shown = Shown {
            witness: self,
            kinds,
        };
        let mut text = String::from("inputs\n");
        for (number, _) in self.inputs.iter().enumerate() {
            text.push_str(&format!("  {}\n", shown.input(number)));
        }
        if self.inputs.is_empty() {
            text.push_str("  none\n");
        }
        match self.difference {
            Difference::Runs => {
                for (name, run) in [("one run", &self.first), ("another run", &self.second)] {
                    text.push_str(&format!("\n{name}: {}\n", shown.contents(run)));
                    shown.schedule(run, &mut text);
                }
            }
            Difference::Moments => {
                text.push_str(&format!("\none run: {}\n", shown.contents(&self.first)));
                shown.schedule(&self.first, &mut text);
            }
            Difference::Replicas => {
                for run in [&self.first, &self.second] {
                    let node = &self.deployment.nodes[run.node].name;
                    text.push_str(&format!("\nat {node}: {}", shown.contents(run)));
                }
                text.push('\n');
                shown.schedule(&self.first, &mut text);
            }
        }
        text
    }
}

struct Shown<'a, K> {
    witness: &'a Witness,
    kinds: &'a K,
}

impl<K: Kinds> Shown<'_, K> {
    fn plan(&self, node: usize) -> &Plan {
        let kind = &self.witness.deployment.nodes[node].kind;
        let plan = self.kinds.plan(kind);
        plan.expect("a witness is shown with the program that it is of")
    }

    fn name(&self, node: usize) -> &str {
        &self.witness.deployment.nodes[node].name
    }

    /// `payment(1) at shop`
    fn input(&self, number: usize) -> String {
        let feed = &self.witness.inputs[number];
        let mut text = self.fed(number);
        if self.witness.deployment.nodes.len() > 1 {
            let nodes: Vec<&str> = feed.to.iter().map(|&node| self.name(node)).collect();
            let _ = write!(text, " at {}", nodes.join(" and "));
        }
        text
    }

    fn fed(&self, number: usize) -> String {
        let feed = &self.witness.inputs[number];
        let plan = self.plan(feed.to[0]);
        match &feed.what {
            Fed::Row { collection, row } => self.row(plan, collection, row),
            Fed::Seal { collection, key } => {
                let relation = plan.relations.iter().find(|r| r.name == *collection);
                let columns = relation
                    .into_iter()
                    .flat_map(|r| r.sealed_by.iter().map(|&c| &r.columns[c as usize]));
                let types: Vec<TypeId> = columns.map(|column| column.ty).collect();
                let key = display::row(&plan.types, &types, key);
                format!("seal {collection}{key}")
            }
            Fed::Line(line) => format!("stdin({})", display::string(line)),
            Fed::Alive(alive) => format!("alive {{{}}}", alive.join(", ")),
        }
    }

    /// `payment(1)`
    fn row(&self, plan: &Plan, collection: &str, row: &[Value]) -> String {
        let relation = plan.relations.iter().find(|r| r.name == *collection);
        let columns: &[Column] = relation.map_or(&[], |r| &r.columns);
        let types: Vec<TypeId> = columns.iter().map(|column| column.ty).collect();
        format!("{collection}{}", display::row(&plan.types, &types, row))
    }

    fn message(&self, node: usize, message: &Message) -> String {
        self.row(self.plan(node), &message.channel, &message.row)
    }

    fn contents(&self, run: &Run) -> String {
        let collection = &self.witness.target.collection;
        match &run.contents {
            Contents::Oscillates => format!("{collection} changes for ever"),
            Contents::Rows(rows) => {
                let rows = self.rows(run.node, rows);
                rows.unwrap_or_else(|| format!("{collection} holds nothing"))
            }
        }
    }

    /// Rows of the target; none if there are none.
    fn rows(&self, node: usize, rows: &[Row]) -> Option<String> {
        let (plan, collection) = (self.plan(node), &self.witness.target.collection);
        let rows: Vec<String> = rows
            .iter()
            .map(|row| self.row(plan, collection, row))
            .collect();
        (!rows.is_empty()).then(|| rows.join(", "))
    }

    fn schedule(&self, run: &Run, text: &mut String) {
        let nodes = self.nodes(run);
        let mut lines: Vec<(usize, String)> = Vec::new();
        for (place, step) in run.schedule.steps.iter().enumerate() {
            if run.schedule.repeats_from == Some(place) {
                lines.push((
                    self.step_node(step),
                    "~ from here on again and again".to_owned(),
                ));
            }
            self.step(step, &mut lines);
        }
        if lines.is_empty() {
            text.push_str("  nothing happens\n");
            return;
        }
        let width = |node: usize| {
            let own = lines.iter().filter(|(of, _)| *of == node);
            let widths = own.map(|(_, line)| line.chars().count());
            widths
                .chain([self.name(node).chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = nodes.iter().map(|&node| width(node)).collect();
        let mut put = |cells: Vec<&str>| {
            let cells = cells.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, &width)| format!("{cell:width$}"))
                .collect();
            let line = cells.join(GAP);
            text.push_str(&format!("  {}\n", line.trim_end()));
        };
        put(nodes.iter().map(|&node| self.name(node)).collect());
        for (of, line) in &lines {
            let cell = |&node: &usize| if node == *of { line.as_str() } else { "|" };
            put(nodes.iter().map(cell).collect());
        }
    }

    /// The nodes that do something in the run.
    fn nodes(&self, run: &Run) -> Vec<usize> {
        let steps = run.schedule.steps.iter();
        let mut nodes: Vec<usize> = steps.map(|step| self.step_node(step)).collect();
        nodes.push(run.node);
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn step_node(&self, step: &Step) -> usize {
        match step {
            Step::Tick(tick) => tick.node,
            Step::Loss(message) => {
                let mut nodes = self.witness.deployment.nodes.iter();
                let receiver = nodes.position(|node| node.name == message.to);
                receiver.expect("only messages to nodes are on their way")
            }
        }
    }

    fn step(&self, step: &Step, lines: &mut Vec<(usize, String)>) {
        let node = self.step_node(step);
        let tick = match step {
            Step::Tick(tick) => tick,
            Step::Loss(message) => {
                lines.push((node, format!("x {} is lost", self.message(node, message))));
                return;
            }
        };
        lines.push((node, format!("* {}", self.arrivals(tick))));
        for message in &tick.sends {
            let sent = self.message(node, message);
            lines.push((node, format!("|   sends {sent} to {}", message.to)));
        }
        for error in &tick.errors {
            lines.push((node, format!("!   {error}")));
        }
        for (_, rows) in &tick.holds {
            let holds = self
                .rows(node, rows)
                .unwrap_or_else(|| "nothing".to_owned());
            lines.push((node, format!("|   holds {holds}")));
        }
        for (_, row) in &tick.emits {
            let row = self.row(self.plan(node), &self.witness.target.collection, row);
            lines.push((node, format!("|   shows {row}")));
        }
    }

    fn arrivals(&self, tick: &Tick) -> String {
        let mut parts = Vec::new();
        if tick.fires {
            parts.push(format!("{} passed", display::duration(tick.now)));
        }
        let arrivals = tick.arrivals.iter().map(|arrival| match arrival {
            Arrival::Feed(number) => self.fed(*number),
            Arrival::Message(message) => self.message(tick.node, message),
            Arrival::Loopback { collection, row } => {
                self.row(self.plan(tick.node), collection, row)
            }
        });
        parts.extend(arrivals);
        match parts.is_empty() {
            true => "a tick without arrivals".to_owned(),
            false => parts.join(" with "),
        }
    }
}
