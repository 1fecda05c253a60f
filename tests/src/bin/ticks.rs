//! Feeds a node tick by tick in its own process, for `cargo xtask bench`: `ticks PROGRAM FACTS OUT`.
//!
//! `FACTS` has the rows that are there before, in a file for each table, and `ops.facts` with rows of tick, kind of
//! operation and two numbers. What the ticks answered is written to `OUT/answer.csv` after the last of them; how
//! many there were, and how many nanoseconds they took, is printed. To make the input of a tick from numbers and to
//! take the answers from its output counts.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for developers talks by printing"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bloom_plan::plan::RelationId;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Node};
use bloom_tests::program::{load, module_name, standard_library};

/// Rows that are loaded in one tick.
const LOADED_MAX: usize = 1 << 20;

/// No run takes longer, however many ticks are left.
const TIME_MAX: Duration = Duration::from_secs(5);

/// How the operations of a program are told to it.
struct Form {
    program: &'static str,
    /// A file, and the collection that takes its rows.
    before: &'static [(&'static str, &'static str)],
    /// For each kind of operation the collection, if it has one.
    kinds: [Option<&'static str>; 3],
}

const FORMS: [Form; 5] = [
    Form {
        program: "store",
        before: &[("store", "put")],
        kinds: [Some("put"), Some("get"), None],
    },
    Form {
        program: "not_probe",
        before: &[("seen", "seen")],
        kinds: [None, Some("ask"), None],
    },
    Form {
        program: "live_count",
        before: &[("member", "enter")],
        kinds: [Some("enter"), Some("ask"), Some("leave")],
    },
    Form {
        program: "live_join",
        before: &[("left", "add_left"), ("right", "add_right")],
        kinds: [Some("add_left"), Some("ask"), Some("add_right")],
    },
    Form {
        program: "live_paths",
        before: &[("edge", "link")],
        kinds: [Some("link"), Some("ask"), Some("cut")],
    },
];

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let done = match arguments.as_slice() {
        [program, facts, out] => run(program, facts, out),
        _ => Err("usage: ticks PROGRAM FACTS OUT".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: &Path, facts: &Path, out: &Path) -> Result<(), String> {
    let name = module_name(program);
    let form = FORMS.iter().find(|form| form.program == name);
    let form = form.ok_or(format!("it is not said how `{name}` is fed"))?;
    let mut node = start(program, &name)?;
    let relation = |node: &Node, name: &str| node.relation(name).ok_or(format!("no `{name}`"));
    for (file, collection) in form.before {
        let collection = relation(&node, collection)?;
        for rows in numbers(&facts.join(format!("{file}.facts")))?.chunks(LOADED_MAX) {
            let row = |row: &Vec<i64>| (collection, row.iter().copied().map(Value::Int).collect());
            step(&mut node, rows.iter().map(row).collect())?;
        }
    }
    let kinds = form
        .kinds
        .map(|name| name.map(|name| relation(&node, name)));
    let [add, ask, take] = kinds.map(Option::transpose);
    let kinds = [add?, ask?, take?];
    // What was deferred by the last of the rows, and one tick without any.
    step(&mut node, Vec::new())?;
    step(&mut node, Vec::new())?;
    let ticks = operations(facts)?;
    let mut answers = Vec::new();
    let mut done = 0;
    let begin = Instant::now();
    for ops in &ticks {
        let row = |[kind, a, b]: &[i64; 3]| {
            let collection = kinds[*kind as usize].ok_or(format!("no operation {kind}"))?;
            Ok((collection, vec![Value::Int(*a), Value::Int(*b)]))
        };
        let rows = ops.iter().map(row).collect::<Result<_, String>>()?;
        answers.extend(step(&mut node, rows)?);
        done += 1;
        if begin.elapsed() > TIME_MAX {
            break;
        }
    }
    println!("{done} {}", begin.elapsed().as_nanos());
    write(out, &answers)
}

fn start(program: &Path, name: &str) -> Result<Node, String> {
    let text = fs::read_to_string(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let loaded = load(name, &text, &standard_library()).map_err(|errors| errors.join("\n"))?;
    let [(_, program)] = loaded.programs.as_slice() else {
        return Err(format!("`{name}` is not a program of one node"));
    };
    Node::new(program.clone(), Config::default()).map_err(|e| e.to_string())
}

/// One tick; its answers.
fn step(node: &mut Node, rows: Vec<(RelationId, Row)>) -> Result<Vec<Row>, String> {
    let output = node.step(Input {
        rows,
        ..Input::default()
    });
    if let Some(conflict) = output.halted_by_conflict {
        return Err(conflict.to_string());
    }
    if let Some(error) = output.errors.first() {
        return Err(format!("{}: {}", error.rule, error.message));
    }
    Ok(output
        .outputs
        .into_iter()
        .flat_map(|(_, rows)| rows)
        .collect())
}

/// By ticks.
fn operations(facts: &Path) -> Result<Vec<Vec<[i64; 3]>>, String> {
    let mut ticks = Vec::<Vec<[i64; 3]>>::new();
    for row in numbers(&facts.join("ops.facts"))? {
        let [tick, kind, a, b] = row[..] else {
            return Err(format!("{row:?} is no operation"));
        };
        let tick = usize::try_from(tick).map_err(|_| format!("there is no tick {tick}"))?;
        if ticks.len() <= tick {
            ticks.resize_with(tick + 1, Vec::new);
        }
        ticks[tick].push([kind, a, b]);
    }
    Ok(ticks)
}

fn numbers(path: &Path) -> Result<Vec<Vec<i64>>, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = fs::read_to_string(path).map_err(|e| told(&e))?;
    let row = |line: &str| line.split('\t').map(str::parse).collect::<Result<_, _>>();
    text.lines()
        .map(row)
        .collect::<Result<_, _>>()
        .map_err(|e| told(&e))
}

fn write(out: &Path, answers: &[Row]) -> Result<(), String> {
    let mut text = String::new();
    for row in answers {
        for (place, value) in row.iter().enumerate() {
            let Value::Int(number) = value else {
                return Err(format!("{value:?} is not a number"));
            };
            let end = if place + 1 == row.len() { '\n' } else { ',' };
            write!(text, "{number}{end}").expect("writing to a string never fails");
        }
    }
    fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    fs::write(out.join("answer.csv"), text).map_err(|e| format!("{}: {e}", out.display()))
}
