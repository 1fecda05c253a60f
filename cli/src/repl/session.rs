//! What has been typed, and the node that runs it.
//!
//! An entry is either part of the program or a step: a feed, `tick;`, `settle;`, `advance 5s;`, `seal …;`, with
//! the syntax and meaning that they have in tests. A step acts on the node as it stands. Where the program
//! changes, it is compiled, and all steps are done again in the new one.

use std::fmt::Write;
use std::sync::Arc;

use bloom_compiler::coordination::Coordination;
use bloom_compiler::syntax;
use bloom_compiler::syntax::ast::ItemKind;
use bloom_plan::testing::Action;
use bloom_runtime::Program;

use super::live::Live;
use crate::pipeline;
use crate::report;
use crate::sources::Sources;

/// What entries that are steps begin with, if they are no feed.
const STEP_WORDS: [&str; 5] = ["tick", "settle", "advance", "seal", "expect"];

#[derive(Default)]
pub(super) struct Session {
    log: Vec<Entry>,
    /// The entries that are no steps.
    program: String,
    live: Live,
}

#[derive(Clone)]
enum Entry {
    Text(String),
    /// As written, and what it does.
    Steps(String, Vec<Action>),
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

    /// Takes a step, or adds an entry to the program if the program is then fine.
    pub(super) fn enter(&mut self, entry: &str) -> Answer {
        if self.is_step(entry) {
            return self.take(entry);
        }
        let mut log = self.log.clone();
        log.push(Entry::Text(entry.to_owned()));
        self.become_program(log)
    }

    pub(super) fn undo(&mut self) -> Answer {
        let mut log = self.log.clone();
        if log.pop().is_none() {
            return Answer::Refused("there is nothing to take back\n".into());
        }
        self.become_program(log)
    }

    pub(super) fn query(&self, name: &str) -> Answer {
        let Some(rows) = self.live.rows(name) else {
            let near = bloom_stdx::nearest(name, self.live.names());
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

    /// Whether an entry is for the node rather than for the program.
    fn is_step(&self, entry: &str) -> bool {
        if is_step_word(entry) {
            return true;
        }
        let module = syntax::parse(entry).module;
        let is_feed = |kind: &ItemKind| match kind {
            ItemKind::Rule(rule) => {
                let rule = rule.read();
                let name = rule.head.path.to_string();
                rule.arrow.is_none() && self.live.is_fed_from_outside(&name)
            }
            _ => false,
        };
        // What follows a feed may be steps, which are no items.
        let first = module.items.first();
        first.is_some_and(|item| is_feed(&item.item.kind))
    }

    fn take(&mut self, entry: &str) -> Answer {
        let text = format!("{}test \"typed\" {{\n{entry}\n}}\n", self.program);
        let sources = match Sources::load_text("<repl>", "repl", text) {
            Ok(sources) => sources,
            Err(misuse) => return Answer::Refused(format!("{misuse}\n")),
        };
        let lowered = pipeline::lower(&sources);
        if !lowered.is_fine() {
            let shown = lowered.diagnostics.iter().filter(|d| d.is_error());
            return Answer::Refused(shown.map(|d| report::human(d, &sources.texts)).collect());
        }
        if let Some(failure) = lowered.failures.first() {
            return Answer::Refused(format!("{}\n", failure.message));
        }
        let typed = lowered.tests.into_iter().next_back();
        let steps = typed.map(|test| test.steps).unwrap_or_default();
        let actions: Vec<Action> = steps.into_iter().map(|step| step.action).collect();
        let mut shown = String::new();
        for action in &actions {
            match self.live.step(action) {
                Ok(text) => shown += &text,
                Err(message) => {
                    // As it was before the entry, which may have more steps than this.
                    if let Ok(live) = replayed(self.live.program(), &self.log) {
                        self.live = live;
                    }
                    return Answer::Refused(format!("{shown}{message}\n"));
                }
            }
        }
        self.log.push(Entry::Steps(entry.to_owned(), actions));
        if self.live.is_fed() {
            shown.push_str("(waits for `tick;`)\n");
        }
        Answer::Shown(shown)
    }

    fn become_program(&mut self, log: Vec<Entry>) -> Answer {
        let texts = log.iter().filter_map(|entry| match entry {
            Entry::Text(text) => Some(format!("{}\n", text.trim_end())),
            Entry::Steps(..) => None,
        });
        let program: String = texts.collect();
        let sources = match Sources::load_text("<repl>", "repl", program.clone()) {
            Ok(sources) => sources,
            Err(misuse) => return Answer::Refused(format!("{misuse}\n")),
        };
        let compiled = pipeline::compile(&sources, Coordination::Off);
        if !compiled.is_fine() {
            let shown = compiled.diagnostics.iter().filter(|d| d.is_error());
            return Answer::Refused(shown.map(|d| report::human(d, &sources.texts)).collect());
        }
        let kind = compiled.kinds.into_iter().next();
        let loaded = kind.map(|(plan, artifact)| Program::load(plan, artifact));
        let loaded = loaded.transpose().map_err(|e| e.to_string());
        match loaded.and_then(|loaded| replayed(loaded, &log)) {
            Ok(live) => {
                let text = live.news(&self.live);
                *self = Session { log, program, live };
                Answer::Shown(text)
            }
            Err(message) => Answer::Refused(format!("{message}\n")),
        }
    }
}

/// The program after all steps typed so far.
fn replayed(program: Option<Arc<Program>>, log: &[Entry]) -> Result<Live, String> {
    let mut live = Live::start(program)?;
    for entry in log {
        let Entry::Steps(text, actions) = entry else {
            continue;
        };
        for action in actions {
            live.step(action)
                .map_err(|message| format!("after this, `{}`: {message}", text.trim()))?;
        }
    }
    Ok(live)
}

/// Whether the entry begins with a word that is a step here, as the parser of tests has it.
pub(super) fn is_step_word(entry: &str) -> bool {
    let text = entry.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    STEP_WORDS.contains(&word) && !rest.trim_start().starts_with(['{', '(', '.', '<'])
}
