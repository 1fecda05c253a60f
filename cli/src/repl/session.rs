//! The program that is being typed, and what it last held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bloom_plan::display;
use bloom_plan::plan::{Relation, RelationId, RelationKind};
use bloom_plan::types::TypeId;
use bloom_runtime::{Config, Input, Member, Node, OnConflict, Program};

use crate::pipeline::{self, Compiled};
use crate::report;
use crate::sources::Sources;

/// What `self` is, and what the kind of node is called.
const ADDRESS: &str = "local";
/// A program that defers something in every tick would never end.
const TICKS_MAX: u64 = 10_000;
/// Changes that an entry shows.
const CHANGES_SHOWN_MAX: usize = 200;

/// Rows as text, by collection.
type Contents = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
pub(super) struct Session {
    /// What was accepted, one entry after the other.
    entries: Vec<String>,
    program: String,
    contents: Contents,
}

/// What an entry gives.
pub(super) enum Answer {
    Shown(String),
    Refused(String),
}

impl Session {
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    /// Adds an entry to the program, if the program is then fine.
    pub(super) fn enter(&mut self, entry: &str) -> Answer {
        let mut entries = self.entries.clone();
        entries.push(entry.to_owned());
        self.become_program(entries)
    }

    pub(super) fn undo(&mut self) -> Answer {
        let mut entries = self.entries.clone();
        if entries.pop().is_none() {
            return Answer::Refused("there is nothing to take back\n".into());
        }
        self.become_program(entries)
    }

    pub(super) fn query(&self, name: &str) -> Answer {
        let Some(rows) = self.contents.get(name) else {
            let near = bloom_stdx::nearest(name, self.contents.keys().map(String::as_str));
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Answer::Refused(format!("there is no collection `{name}`{hint}\n"));
        };
        let mut text = String::new();
        for row in rows {
            writeln!(text, "{name}{row}").expect("writing to a string never fails");
        }
        if rows.is_empty() {
            text.push_str("(no rows)\n");
        }
        Answer::Shown(text)
    }

    fn become_program(&mut self, entries: Vec<String>) -> Answer {
        let program: String = entries
            .iter()
            .map(|entry| format!("{}\n", entry.trim_end()))
            .collect();
        let sources = match Sources::load_text("<repl>", "repl", program.clone()) {
            Ok(sources) => sources,
            Err(misuse) => return Answer::Refused(format!("{misuse}\n")),
        };
        let compiled = pipeline::compile(&sources);
        if !compiled.is_fine() {
            let shown = compiled.diagnostics.iter().filter(|d| d.is_error());
            return Answer::Refused(shown.map(|d| report::human(d, &sources.texts)).collect());
        }
        match run(compiled) {
            Ok((contents, printed)) => {
                let text = printed + &changes(&self.contents, &contents);
                *self = Session {
                    entries,
                    program,
                    contents,
                };
                Answer::Shown(text)
            }
            Err(message) => Answer::Refused(format!("{message}\n")),
        }
    }
}

/// Runs the program's first kind of node until nothing is deferred: what it then holds, and what it printed.
fn run(compiled: Compiled) -> Result<(Contents, String), String> {
    let Some((plan, artifact)) = compiled.kinds.into_iter().next() else {
        return Ok(Default::default());
    };
    let program = Program::load(plan, artifact).map_err(|e| e.to_string())?;
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
    let mut node = Node::new(program.clone(), config).map_err(|e| e.to_string())?;
    let mut printed = String::new();
    while node.wants_tick() && node.tick() < TICKS_MAX {
        let output = node.step(Input::default());
        if let Some(conflict) = output.halted_by_conflict {
            return Err(conflict.to_string());
        }
        for line in output.stdout.iter().chain(&output.stderr) {
            printed.push_str(line);
            printed.push('\n');
        }
        for error in &output.errors {
            writeln!(
                printed,
                "! {}: {}: {}",
                error.rule, error.message, error.row
            )
            .expect("writing to a string never fails");
        }
        if output.halt.is_some() {
            break;
        }
    }
    if node.tick() == TICKS_MAX && node.wants_tick() {
        writeln!(
            printed,
            "! stopped after {TICKS_MAX} ticks; more would follow"
        )
        .expect("writing to a string never fails");
    }
    Ok((contents(&program, &node), printed))
}

fn contents(program: &Program, node: &Node) -> Contents {
    let plan = program.plan();
    let shown = |(_, relation): &(usize, &Relation)| is_shown(relation);
    let rows = |(i, relation): (usize, &Relation)| {
        let columns: Vec<TypeId> = relation.columns.iter().map(|column| column.ty).collect();
        let rows = node.rows(RelationId(i as u32));
        let text = rows
            .iter()
            .map(|row| display::row(&plan.types, &columns, row).to_string());
        (relation.name.to_string(), text.collect())
    };
    plan.relations
        .iter()
        .enumerate()
        .filter(shown)
        .map(rows)
        .collect()
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
        | RelationKind::Periodic { .. } => !relation.name.starts_with("sys."),
    }
}

fn changes(before: &Contents, after: &Contents) -> String {
    let none = BTreeSet::new();
    let mut lines = Vec::new();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let old = before.get(name).unwrap_or(&none);
        let new = after.get(name).unwrap_or(&none);
        lines.extend(old.difference(new).map(|row| format!("- {name}{row}\n")));
        lines.extend(new.difference(old).map(|row| format!("+ {name}{row}\n")));
    }
    let more = lines.len().saturating_sub(CHANGES_SHOWN_MAX);
    let mut text: String = lines.into_iter().take(CHANGES_SHOWN_MAX).collect();
    if more > 0 {
        writeln!(text, "… and {more} more").expect("writing to a string never fails");
    }
    text
}
