//! Feeds a node tick by tick in its own process, for `cargo xtask bench`: `ticks PROGRAM FACTS OUT`.
//!
//! `FACTS` has the rows that are there before, in a file for each table, and `ops.facts` with rows of tick, kind of
//! operation and two numbers. What the ticks answered is written to `OUT/answer.csv` after the last of them; how
//! many there were, how many of them were timed, and the nanoseconds of processor time that these took are printed. To make the input of a tick from numbers and to
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

use bloom_plan::plan::{RelationId, RelationKind};
use bloom_runtime::{Config, Input, Node, Output};
use bloom_tests::program::{load, module_name, standard_library};
use cpu_time::ProcessTime;

/// Rows that are loaded in one tick.
const LOADED_MAX: usize = 1 << 20;

/// So many ticks are not timed: in the first of them a node arranges what later ones rest on. Nor is more than a
/// quarter.
const WARM_TICKS: usize = 40;

/// No run takes longer, however many ticks are left.
const TIME_MAX: Duration = Duration::from_secs(5);

/// How the operations of a program are told to it.
struct Form {
    program: &'static str,
    /// A file, and the collection that takes its rows.
    before: &'static [(&'static str, &'static str)],
    /// For each kind of operation the collection, if it has one.
    kinds: &'static [Option<&'static str>],
}

const FORMS: [Form; 5] = [
    Form {
        program: "store",
        before: &[("store", "put")],
        kinds: &[Some("put"), Some("get"), None],
    },
    Form {
        program: "not_probe",
        before: &[("seen", "seen")],
        kinds: &[None, Some("ask"), None],
    },
    Form {
        program: "live_count",
        before: &[("member", "enter")],
        kinds: &[Some("enter"), Some("ask"), Some("leave")],
    },
    Form {
        program: "live_join",
        before: &[("left", "add_left"), ("right", "add_right")],
        kinds: &[
            Some("add_left"),
            Some("ask"),
            Some("add_right"),
            Some("drop_left"),
            Some("drop_right"),
        ],
    },
    Form {
        program: "live_paths",
        before: &[("edge", "link")],
        kinds: &[Some("link"), Some("ask"), Some("cut")],
    },
];

/// That of `bloom`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    // Rows are taken from it cell by cell.
    node.keep_outputs();
    let mut answers = Answers::of(&node)?;
    let relation = |node: &Node, name: &str| node.relation(name).ok_or(format!("no `{name}`"));
    for (file, collection) in form.before {
        let collection = relation(&node, collection)?;
        let (width, cells) = numbers(&facts.join(format!("{file}.facts")))?;
        for rows in cells.chunks(LOADED_MAX * width) {
            feed(&mut node, collection, rows.chunks_exact(width));
            step(&mut node)?;
        }
    }
    let kinds = form.kinds.iter();
    let kinds = kinds.map(|name| name.map(|name| relation(&node, name)).transpose());
    let kinds: Vec<_> = kinds.collect::<Result<_, _>>()?;
    let (input, mut output) = (Input::default(), Output::default());
    // What was deferred by the last of the rows, and one tick without any.
    step(&mut node)?;
    step(&mut node)?;
    let ticks = operations(facts, &kinds)?;
    let mut tick = |ops: &Ops| {
        for (collection, rows) in ops {
            feed(
                &mut node,
                *collection,
                rows.iter().map(<[i64; 2]>::as_slice),
            );
        }
        node.step_into(&input, &mut output);
        check(&output)?;
        answers.take(&node);
        Ok::<_, String>(())
    };
    let warm = WARM_TICKS.min(ticks.len() / 4);
    ticks[..warm].iter().try_for_each(&mut tick)?;
    let mut done: u64 = 0;
    let (wall, begin) = (Instant::now(), ProcessTime::now());
    for ops in &ticks[warm..] {
        tick(ops)?;
        done += 1;
        if is_looked_at(done) && wall.elapsed() > TIME_MAX {
            break;
        }
    }
    let passed = begin.elapsed().as_nanos();
    println!("{} {done} {passed}", warm as u64 + done);
    answers.write(out)
}

fn start(program: &Path, name: &str) -> Result<Node, String> {
    let text = fs::read_to_string(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let loaded = load(name, &text, &standard_library()).map_err(|errors| errors.join("\n"))?;
    let [(_, program)] = loaded.programs.as_slice() else {
        return Err(format!("`{name}` is not a program of one node"));
    };
    Node::new(program.clone(), Config::default()).map_err(|e| e.to_string())
}

/// Hands a node rows for its next tick.
fn feed<'r>(node: &mut Node, relation: RelationId, rows: impl Iterator<Item = &'r [i64]>) {
    let mut feed = node.feed(relation);
    for row in rows {
        feed.numbers(row);
    }
}

/// One tick.
fn step(node: &mut Node) -> Result<(), String> {
    check(&node.step(Input::default()))
}

fn check(output: &Output) -> Result<(), String> {
    if let Some(conflict) = &output.halted_by_conflict {
        return Err(conflict.to_string());
    }
    match output.errors.first() {
        Some(error) => Err(format!("{}: {}", error.rule, error.message)),
        None => Ok(()),
    }
}

/// Rows of the one output, cell by cell.
struct Answers {
    output: RelationId,
    width: usize,
    words: Vec<u64>,
    row: Vec<u64>,
}

impl Answers {
    fn of(node: &Node) -> Result<Answers, String> {
        let relations = (0..).map(RelationId).zip(&node.program().plan().relations);
        let mut outputs = relations.filter(|(_, r)| r.kind == RelationKind::Output);
        let (output, relation) = outputs.next().ok_or("the program has no output")?;
        Ok(Answers {
            output,
            width: relation.columns.len(),
            words: Vec::new(),
            row: vec![0; relation.columns.len()],
        })
    }

    /// Takes what a tick answered.
    fn take(&mut self, node: &Node) {
        let rows = node.sorted(self.output);
        let part = rows.part(0..rows.len());
        for place in 0..part.len() {
            part.read(place, &mut self.row);
            self.words.extend_from_slice(&self.row);
        }
    }

    fn write(&self, out: &Path) -> Result<(), String> {
        let mut text = String::new();
        for row in self.words.chunks_exact(self.width) {
            for (place, word) in row.iter().enumerate() {
                let end = if place + 1 == row.len() { '\n' } else { ',' };
                write!(text, "{word}{end}").expect("writing to a string never fails");
            }
        }
        fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
        fs::write(out.join("answer.csv"), text).map_err(|e| format!("{}: {e}", out.display()))
    }
}

/// The operations of a tick, by collections.
type Ops = Vec<(RelationId, Vec<[i64; 2]>)>;

/// By ticks.
fn operations(facts: &Path, kinds: &[Option<RelationId>]) -> Result<Vec<Ops>, String> {
    let mut ticks = Vec::<Ops>::new();
    let (width, cells) = numbers(&facts.join("ops.facts"))?;
    for row in cells.chunks_exact(width) {
        let &[tick, kind, a, b] = row else {
            return Err(format!("{row:?} is no operation"));
        };
        let tick = usize::try_from(tick).map_err(|_| format!("there is no tick {tick}"))?;
        if ticks.len() <= tick {
            ticks.resize_with(tick + 1, Vec::new);
        }
        let collection = usize::try_from(kind)
            .ok()
            .and_then(|kind| *kinds.get(kind)?);
        let collection = collection.ok_or(format!("no operation {kind}"))?;
        let ops = &mut ticks[tick];
        match ops.iter_mut().find(|(other, _)| *other == collection) {
            Some((_, rows)) => rows.push([a, b]),
            None => ops.push((collection, vec![[a, b]])),
        }
    }
    Ok(ticks)
}

/// How many a row has, and all of them.
fn numbers(path: &Path) -> Result<(usize, Vec<i64>), String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = fs::read_to_string(path).map_err(|e| told(&e))?;
    let first = text.lines().next();
    let width = first.map_or(1, |line| line.split('\t').count());
    let cells = text.split(['\t', '\n']).filter(|cell| !cell.is_empty());
    let cells: Result<Vec<i64>, _> = cells.map(str::parse).collect();
    let cells = cells.map_err(|e| told(&e))?;
    match cells.len().is_multiple_of(width) {
        true => Ok((width, cells)),
        false => Err(told(&"a row has another width than the first")),
    }
}

/// Whether to look at the clock after so many ticks: seldom, for that takes as long as a tick may.
fn is_looked_at(done: u64) -> bool {
    done.is_power_of_two() || done.is_multiple_of(64)
}
