//! The node of the program that is being typed: its ticks, and what they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use bloom_plan::display;
use bloom_plan::plan::{Relation, RelationId, RelationKind};
use bloom_plan::testing::Action;
use bloom_plan::types::TypeId;
use bloom_runtime::{Config, Input, Member, Node, OnConflict, Output, Program};

use crate::pipeline;
use crate::progress::Progress;

/// What `self` is, and what the kind of node is called.
const ADDRESS: &str = "local";
/// A program that defers something in every tick would never end.
const TICKS_MAX: u64 = 10_000;
/// Changes that are shown at once.
const CHANGES_SHOWN_MAX: usize = 200;

const FITS: &str = "writing to a string never fails";

/// A node with what it held when it was last looked at.
#[derive(Default)]
pub(super) struct Live {
    /// None: nothing typed so far is a program that can run.
    node: Option<Node>,
    contents: Contents,
    /// What the next tick takes in.
    input: Input,
    /// Lines and errors so far.
    printed: Vec<String>,
}

/// Rows as text, by collection.
#[derive(Default)]
struct Contents(BTreeMap<String, Shown>);

#[derive(Default)]
struct Shown {
    rows: BTreeSet<String>,
    /// Its rows come and go with their tick, so that going is no news.
    of_a_tick: bool,
}

impl Live {
    /// Starts a node, and lets it tick until nothing is deferred.
    pub(super) fn start(program: Option<Arc<Program>>) -> Result<Live, String> {
        let mut live = Live::default();
        let Some(program) = program else {
            return Ok(live);
        };
        let kind = program.plan().name.clone();
        let config = Config {
            address: ADDRESS.into(),
            cluster: vec![Member {
                address: ADDRESS.into(),
                kind,
            }],
            on_conflict: OnConflict::Halt,
            ..Config::default()
        };
        live.node = Some(Node::new(program, config).map_err(|e| e.to_string())?);
        live.settle()?;
        live.look();
        Ok(live)
    }

    /// Does what a step of a test does; the text is what it changed.
    pub(super) fn step(&mut self, action: &Action) -> Result<String, String> {
        let relation = |name: &str| {
            let found = self.node.as_ref().and_then(|node| node.relation(name));
            found.ok_or_else(|| format!("there is no collection `{name}`"))
        };
        match action {
            Action::Feed {
                collection, row, ..
            } => {
                self.input.rows.push((relation(collection)?, row.clone()));
                Ok(String::new())
            }
            Action::Seal {
                collection, key, ..
            } => {
                self.input.seals.push((relation(collection)?, key.clone()));
                Ok(String::new())
            }
            Action::Advance { nanoseconds } => {
                self.input.now = self.input.now.saturating_add(*nanoseconds);
                Ok(String::new())
            }
            Action::Tick { count, .. } => {
                let mut text = String::new();
                for _ in 0..*count {
                    text += &self.tick_and_tell()?;
                }
                Ok(text)
            }
            Action::Settle => {
                let mut text = String::new();
                for _ in 0..TICKS_MAX {
                    if !self.wants_tick() {
                        return Ok(text);
                    }
                    text += &self.tick_and_tell()?;
                }
                Ok(text + &stopped_early())
            }
            Action::Start { .. } => Ok(String::new()),
            Action::Crash { .. }
            | Action::Restart { .. }
            | Action::Partition { .. }
            | Action::Heal
            | Action::Drop { .. }
            | Action::ExpectRows { .. }
            | Action::ExpectMatch { .. }
            | Action::ExpectError { .. } => {
                Err("only feeds, `seal`, `advance`, `tick` and `settle` can be typed here".into())
            }
        }
    }

    pub(super) fn program(&self) -> Option<Arc<Program>> {
        self.node.as_ref().map(|node| Arc::clone(node.program()))
    }

    /// Whether rows wait for a tick.
    pub(super) fn is_fed(&self) -> bool {
        !self.input.rows.is_empty() || !self.input.seals.is_empty()
    }

    /// What is different from `before`: lines printed since, and rows that came and went.
    pub(super) fn news(&self, before: &Live) -> String {
        let mut known = before.printed.clone();
        let mut text = String::new();
        for line in &self.printed {
            match known.iter().position(|old| old == line) {
                Some(place) => drop(known.swap_remove(place)),
                None => writeln!(text, "{line}").expect(FITS),
            }
        }
        text + &self.contents.changes_since(&before.contents)
    }

    pub(super) fn rows(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.contents.0.get(name).map(|shown| &shown.rows)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.contents.0.keys().map(String::as_str)
    }

    /// Whether a row of the collection is an event that a tick takes in, rather than a fact of the program.
    pub(super) fn is_fed_from_outside(&self, name: &str) -> bool {
        let Some(node) = &self.node else {
            return false;
        };
        let relations = &node.program().plan().relations;
        let kind = node.relation(name).map(|id| relations[id.0 as usize].kind);
        kind.is_some_and(|kind| match kind {
            RelationKind::Input
            | RelationKind::Channel { .. }
            | RelationKind::Loopback
            | RelationKind::Periodic { .. }
            | RelationKind::Stdin => true,
            RelationKind::Table { .. }
            | RelationKind::Scratch
            | RelationKind::Static
            | RelationKind::Output
            | RelationKind::View
            | RelationKind::Stdout
            | RelationKind::Stderr
            | RelationKind::Halt
            | RelationKind::Cluster
            | RelationKind::Alive
            | RelationKind::Errors => false,
        })
    }

    fn wants_tick(&self) -> bool {
        let due = |node: &Node| {
            let timer = node.next_timer().is_some_and(|due| due <= self.input.now);
            node.wants_tick() || timer
        };
        self.is_fed() || !self.input.messages.is_empty() || self.node.as_ref().is_some_and(due)
    }

    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..TICKS_MAX {
            if !self.wants_tick() {
                return Ok(());
            }
            self.tick()?;
        }
        self.printed.push(stopped_early().trim_end().to_owned());
        Ok(())
    }

    fn tick_and_tell(&mut self) -> Result<String, String> {
        let printed = self.printed.len();
        self.tick()?;
        let mut text = String::new();
        for line in &self.printed[printed..] {
            writeln!(text, "{line}").expect(FITS);
        }
        let before = self.look();
        Ok(text + &self.contents.changes_since(&before))
    }

    fn tick(&mut self) -> Result<(), String> {
        let Some(node) = &mut self.node else {
            return Err("there is no program yet".into());
        };
        let progress = Progress::of_ticks(node.watch());
        let output = node.step(self.input.clone());
        drop(progress);
        if let Some(conflict) = output.halted_by_conflict {
            return Err(conflict.to_string());
        }
        if let Some(stopped) = output.stopped {
            return Err(stopped.to_string());
        }
        self.input = Input {
            now: self.input.now,
            ..Input::default()
        };
        self.print(output);
        Ok(())
    }

    fn print(&mut self, output: Output) {
        self.printed.extend(output.stdout);
        self.printed.extend(output.stderr);
        for error in output.errors {
            let line = format!("! {}: {}: {}", error.rule, error.message, error.row);
            // What fails fails in every tick; once is news.
            if !self.printed.contains(&line) {
                self.printed.push(line);
            }
        }
        // What it sends to itself comes back; nobody else is there.
        let here = output.sends.into_iter().filter(|m| m.to == ADDRESS);
        self.input.messages.extend(here);
        if let Some(code) = output.halt {
            self.printed.push(format!("halt({code})"));
        }
    }

    /// Sees what the node holds now; gives what it was seen to hold before.
    fn look(&mut self) -> Contents {
        let contents = self.node.as_ref().map(Contents::of).unwrap_or_default();
        std::mem::replace(&mut self.contents, contents)
    }
}

fn stopped_early() -> String {
    format!("! stopped after {TICKS_MAX} ticks; more would follow\n")
}

impl Contents {
    fn of(node: &Node) -> Contents {
        let plan = node.program().plan();
        let rows = |(i, relation): (usize, &Relation)| {
            let columns: Vec<TypeId> = relation.columns.iter().map(|column| column.ty).collect();
            let rows = node.rows(RelationId(i as u32));
            let text = rows
                .iter()
                .map(|row| display::row(&plan.types, &columns, row).to_string());
            let shown = Shown {
                rows: text.collect(),
                of_a_tick: is_of_a_tick(relation.kind),
            };
            (relation.name.to_string(), shown)
        };
        let relations = plan.relations.iter().enumerate();
        Contents(relations.filter(|(_, r)| is_shown(r)).map(rows).collect())
    }

    fn changes_since(&self, before: &Contents) -> String {
        let none = Shown::default();
        let mut lines = Vec::new();
        let names: BTreeSet<&String> = before.0.keys().chain(self.0.keys()).collect();
        for name in names {
            let old = before.0.get(name).unwrap_or(&none);
            let new = self.0.get(name).unwrap_or(&none);
            if !old.of_a_tick {
                let gone = old.rows.difference(&new.rows);
                lines.extend(gone.map(|row| format!("- {name}{row}\n")));
            }
            let come = new.rows.difference(&old.rows);
            lines.extend(come.map(|row| format!("+ {name}{row}\n")));
        }
        let more = lines.len().saturating_sub(CHANGES_SHOWN_MAX);
        let mut text: String = lines.into_iter().take(CHANGES_SHOWN_MAX).collect();
        if more > 0 {
            writeln!(text, "… and {more} more").expect(FITS);
        }
        text
    }
}

/// Collections of the user's, not those that every program has.
fn is_shown(relation: &Relation) -> bool {
    match relation.kind {
        RelationKind::Stdout
        | RelationKind::Stderr
        | RelationKind::Halt
        | RelationKind::Stdin
        | RelationKind::Cluster
        | RelationKind::Alive
        | RelationKind::Errors => false,
        RelationKind::Table { .. }
        | RelationKind::Scratch
        | RelationKind::Static
        | RelationKind::Input
        | RelationKind::Output
        | RelationKind::View
        | RelationKind::Channel { .. }
        | RelationKind::Loopback
        | RelationKind::Periodic { .. } => {
            !relation.name.starts_with("sys.") && !pipeline::is_of_planner(&relation.name)
        }
    }
}

/// Whether its rows are events.
fn is_of_a_tick(kind: RelationKind) -> bool {
    match kind {
        RelationKind::Input
        | RelationKind::Output
        | RelationKind::Channel { .. }
        | RelationKind::Loopback
        | RelationKind::Periodic { .. }
        | RelationKind::Stdout
        | RelationKind::Stderr
        | RelationKind::Halt
        | RelationKind::Stdin
        | RelationKind::Errors => true,
        RelationKind::Table { .. }
        | RelationKind::Scratch
        | RelationKind::Static
        | RelationKind::View
        | RelationKind::Cluster
        | RelationKind::Alive => false,
    }
}
