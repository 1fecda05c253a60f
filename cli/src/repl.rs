//! `bloom repl`: a program that grows line by line.
//!
//! Each entry is added to the text of the program; the program is compiled and run anew, from its first
//! tick until nothing is deferred; and what the entry changed is printed, collection by collection. An entry
//! with errors is reported and not added. So the order of entries does not matter, as in a file. Rows of
//! inputs, and the steps of tests that feed and tick, act on the node that runs.

mod live;
mod session;

use std::io::{BufRead, IsTerminal};

use bloom_compiler::syntax;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::args::ReplArgs;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::sources::read;
use crate::terminal;
use session::{Answer, Session};

const HELP: &str = "\
Type declarations, facts and rules; each ends with `;` or a block. What follows from them is shown:
`+` for rows that came, `-` for rows that went.

  path?                 the rows of a collection
  put{key: \"a\"};        a row of an input, for the next tick
  tick;  tick 3;        a tick, or several
  settle;               ticks until nothing is deferred
  advance 5s;           lets time pass; timers that fall due fire in the next tick
  :list                 the program so far
  :undo                 takes the last entry back
  :reset                starts again with nothing
  :help                 this text
  :quit                 ends; so does Ctrl-D
";

/// Steps that need no `;`.
const BARE_STEPS: [&str; 2] = ["tick", "settle"];

pub(crate) fn repl(args: &ReplArgs) -> Outcome {
    let mut session = Session::default();
    if let Some(path) = &args.path {
        let answer = session.enter(&read(path)?);
        if let Answer::Refused(text) = answer {
            terminal::report(&text);
            return Ok(Verdict::Failed);
        }
    }
    if std::io::stdin().is_terminal() {
        interactive(&mut session)
    } else {
        piped(&mut session)
    }
}

fn interactive(session: &mut Session) -> Outcome {
    let failed = |e: &dyn std::fmt::Display| Misuse::new(format_args!("cannot read lines: {e}"));
    let mut editor = DefaultEditor::new().map_err(|e| failed(&e))?;
    terminal::print(&format!(
        "bloom {}. `:help` tells what can be typed, `:quit` ends.\n",
        env!("CARGO_PKG_VERSION")
    ));
    let mut entry = String::new();
    loop {
        let prompt = if entry.is_empty() {
            "bloom> "
        } else {
            "  ...> "
        };
        match editor.readline(prompt) {
            Ok(line) => {
                // Not remembering a line is no reason to stop.
                let _remembered = editor.add_history_entry(&line);
                entry.push_str(&line);
                entry.push('\n');
                if is_whole(&entry) && !obey(session, &std::mem::take(&mut entry)).goes_on {
                    return Ok(Verdict::Fine);
                }
            }
            Err(ReadlineError::Interrupted) => entry.clear(),
            Err(ReadlineError::Eof) => return Ok(Verdict::Fine),
            Err(e) => return Err(failed(&e)),
        }
    }
}

/// Without a terminal: the same without prompts, and the exit code tells whether all was accepted.
fn piped(session: &mut Session) -> Outcome {
    let mut entry = String::new();
    let mut fine = true;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Misuse::new(format_args!("<stdin>: {e}")))?;
        entry.push_str(&line);
        entry.push('\n');
        if is_whole(&entry) {
            let obeyed = obey(session, &std::mem::take(&mut entry));
            fine &= obeyed.fine;
            if !obeyed.goes_on {
                return Ok(Verdict::of(fine));
            }
        }
    }
    if !entry.trim().is_empty() {
        fine &= obey(session, &entry).fine;
    }
    Ok(Verdict::of(fine))
}

/// Whether an entry ends here: a command, a query, or an item's end with all brackets closed. An empty line
/// ends anything. A `}` ends a block; after a name it may be the head of a rule, which goes on up to its `;`.
fn is_whole(entry: &str) -> bool {
    let text = entry.trim_end();
    if text.is_empty()
        || text.trim_start().starts_with(':')
        || BARE_STEPS.contains(&text.trim_start())
        || entry.ends_with("\n\n")
    {
        return true;
    }
    let tokens = syntax::dump::tokens(text);
    let mut depth = 0usize;
    let mut first = None;
    let mut last = None;
    for kind in tokens.lines().filter_map(|line| line.split(' ').nth(1)) {
        if depth == 0 && last == Some("Semicolon") {
            first = None;
        }
        first = first.or(Some(kind));
        last = Some(kind);
        match kind {
            // What is wrong is told now, not when brackets fit.
            "Bad" => return text.ends_with([';', '}', '?']),
            "OpenBrace" | "OpenRecord" | "OpenParen" | "OpenBracket" | "StrBegin" => depth += 1,
            "CloseBrace" | "CloseParen" | "CloseBracket" | "StrEnd" => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    depth == 0
        && match last {
            None | Some("Semicolon" | "Question") => true,
            Some("CloseBrace") => first != Some("Lower"),
            Some(_) => false,
        }
}

struct Obeyed {
    goes_on: bool,
    fine: bool,
}

fn obey(session: &mut Session, entry: &str) -> Obeyed {
    let entry = entry.trim();
    let mut fine = true;
    match entry {
        "" => {}
        ":quit" | ":q" | ":exit" => {
            return Obeyed {
                goes_on: false,
                fine,
            };
        }
        ":help" | ":h" => terminal::print(HELP),
        ":list" => terminal::print(session.program()),
        ":reset" => *session = Session::default(),
        ":undo" => fine = show(session.undo()),
        _ if entry.starts_with(':') => {
            terminal::error(format_args!(
                "there is no command `{entry}`; `:help` lists them"
            ));
            fine = false;
        }
        _ if BARE_STEPS.contains(&entry) => fine = show(session.enter(&format!("{entry};"))),
        _ => match entry.strip_suffix('?') {
            Some(name) => fine = show(session.query(name.trim())),
            None => fine = show(session.enter(entry)),
        },
    }
    Obeyed {
        goes_on: true,
        fine,
    }
}

fn show(answer: Answer) -> bool {
    match answer {
        Answer::Shown(text) => {
            terminal::print(&text);
            true
        }
        Answer::Refused(text) => {
            terminal::report(&text);
            false
        }
    }
}
