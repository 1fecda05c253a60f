//! What a node holds in memory, for `cargo xtask bench`.
//!
//! `memory rows PROGRAM N` feeds N rows of two numbers and prints the bytes resident with a tenth of them and with
//! all, each time after a question that an index answers. `memory overwrite PROGRAM N` puts N values under a thousand keys and prints the bytes resident after a
//! hundredth of them, after a tenth, and at the end.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for developers talks by printing"
)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use bloom_plan::plan::RelationId;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Node};
use bloom_tests::program::{load, module_name, standard_library};

/// Rows that come in one tick. Few, so that what is held beside the relation is small.
const ROWS_A_TICK: i64 = 1_000;
const KEYS: i64 = 1_000;

/// That of `bloom`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["rows", program, count] => number(count).and_then(|count| rows(program, count)),
        ["overwrite", program, count] => number(count).and_then(|count| overwrite(program, count)),
        _ => Err("usage: memory rows|overwrite PROGRAM N".to_owned()),
    };
    match done {
        Ok(resident) => {
            let resident: Vec<String> = resident.iter().map(u64::to_string).collect();
            println!("{}", resident.join(" "));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn rows(program: &str, count: i64) -> Result<Vec<u64>, String> {
    let (mut node, add) = start(program, "add")?;
    let values = (count / 10).max(1);
    let row = |a: i64| vec![Value::Int(a), Value::Int(a % values)];
    let ask = relation(&node, "ask")?;
    let question = Some((ask, vec![Value::Int(0)]));
    feed(&mut node, add, count, &[count / 10, count], row, question)
}

fn overwrite(program: &str, count: i64) -> Result<Vec<u64>, String> {
    let (mut node, put) = start(program, "put")?;
    let row = |n: i64| {
        let value = Value::String(format!("the value number {n}").into());
        vec![Value::Int(n % KEYS), value]
    };
    feed(
        &mut node,
        put,
        count,
        &[count / 100, count / 10, count],
        row,
        None,
    )
}

/// Feeds so many rows; bytes resident when as many were fed as `marks` say.
fn feed(
    node: &mut Node,
    relation: RelationId,
    count: i64,
    marks: &[i64],
    row: impl Fn(i64) -> Row,
    question: Option<(RelationId, Row)>,
) -> Result<Vec<u64>, String> {
    let mut resident = Vec::new();
    let mut fed = 0;
    while fed < count {
        let mark = marks[resident.len()];
        let to = (fed + ROWS_A_TICK).min(mark);
        let output = node.step(Input {
            rows: (fed..to).map(|n| (relation, row(n))).collect(),
            ..Input::default()
        });
        if let Some(error) = output.errors.first() {
            return Err(format!("{}: {}", error.rule, error.message));
        }
        fed = to;
        if fed == mark {
            // An index is brought up to date when it is looked into.
            node.step(Input {
                rows: question.iter().cloned().collect(),
                ..Input::default()
            });
            resident.push(resident_bytes()?);
        }
    }
    Ok(resident)
}

fn start(path: &str, input: &str) -> Result<(Node, RelationId), String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let name = module_name(Path::new(path));
    let loaded = load(&name, &text, &standard_library()).map_err(|errors| errors.join("\n"))?;
    let [(_, program)] = loaded.programs.as_slice() else {
        return Err(format!("`{name}` is not a program of one node"));
    };
    let node = Node::new(program.clone(), Config::default()).map_err(|e| e.to_string())?;
    let relation = relation(&node, input)?;
    Ok((node, relation))
}

fn relation(node: &Node, name: &str) -> Result<RelationId, String> {
    node.relation(name).ok_or(format!("no `{name}`"))
}

fn resident_bytes() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    let kibibytes: u64 = kibibytes.ok_or("the system does not tell what is resident")?;
    Ok(kibibytes * 1024)
}
