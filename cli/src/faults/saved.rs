//! Counterexamples in files, to be run again: `--save FILE.fault`, then `bloom test FILE.fault`.
//!
//! A file says which programs to run, relative to itself, which test, the bounds, and each fault by the names of
//! its nodes. Running it is one deterministic run on the production engine, in which nothing is searched for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bloom_plan::testing::FaultTest;
use bloom_runtime::Program;
use bloom_sim::faults::reenacted::reenact;
use bloom_sim::faults::{Ailment, Crash, Fault, FaultSpec, Hypothesis, Side, execute};
use bloom_sim::lineage::History;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::request;
use crate::args::FaultsSelection;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pipeline;
use crate::terminal::{self, Color, painted};

/// How the file looks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// Relative to the file.
    programs: Vec<PathBuf>,
    test: String,
    eot: u32,
    eff: u32,
    crashes: u32,
    mute_crashes: bool,
    /// Where the command line named them.
    nodes: Vec<String>,
    spec: Option<String>,
    faults: Vec<SavedFault>,
    /// What was broken when it was saved.
    broken: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum SavedFault {
    Crash {
        node: String,
        tick: u32,
    },
    Loss {
        from: String,
        to: String,
        tick: u32,
    },
    Delay {
        from: String,
        to: String,
        tick: u32,
        by: u32,
    },
    Duplicate {
        from: String,
        to: String,
        tick: u32,
    },
    /// What ails a node, as one word.
    Node {
        node: String,
        first: u32,
        last: u32,
        what: String,
    },
    /// Between these nodes and all others.
    Partition {
        nodes: Vec<String>,
        first: u32,
        last: u32,
    },
}

/// Whether the path is such a file.
pub(crate) fn is_saved(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "fault")
}

/// What is to be saved.
pub(super) struct ToSave<'s> {
    pub(super) selection: &'s FaultsSelection,
    pub(super) test: &'s FaultTest,
    pub(super) spec: &'s FaultSpec,
    pub(super) hypothesis: &'s Hypothesis,
    pub(super) broken: BTreeSet<String>,
}

pub(super) fn save(path: &Path, what: &ToSave<'_>) -> Result<(), Misuse> {
    let name = |node: usize| what.test.nodes[node].name.to_string();
    let faults = what.hypothesis.0.iter().map(|fault| match *fault {
        Fault::Crash { node, tick } => SavedFault::Crash {
            node: name(node),
            tick,
        },
        Fault::Loss { from, to, tick } => SavedFault::Loss {
            from: name(from),
            to: name(to),
            tick,
        },
        Fault::Delay { from, to, tick, by } => SavedFault::Delay {
            from: name(from),
            to: name(to),
            tick,
            by,
        },
        Fault::Duplicate { from, to, tick } => SavedFault::Duplicate {
            from: name(from),
            to: name(to),
            tick,
        },
        Fault::Partition { side, first, last } => SavedFault::Partition {
            nodes: side.nodes().map(name).collect(),
            first,
            last,
        },
        Fault::Node {
            node,
            first,
            last,
            what,
        } => SavedFault::Node {
            node: name(node),
            first,
            last,
            what: what.word(),
        },
    });
    let folder = path.parent().unwrap_or(Path::new(""));
    let programs = what
        .selection
        .paths
        .iter()
        .map(|program| relative(folder, program));
    let saved = Saved {
        programs: programs.collect(),
        test: what.test.name.clone(),
        eot: what.spec.eot,
        eff: what.spec.eff,
        crashes: what.spec.crashes,
        mute_crashes: what.spec.crash == Crash::Mute,
        nodes: what.selection.nodes.clone(),
        spec: what.selection.spec.clone(),
        faults: faults.collect(),
        broken: what.broken.clone(),
    };
    let text = serde_json::to_string_pretty(&saved).expect("strings and numbers are JSON");
    std::fs::write(path, text + "\n")
        .map_err(|error| Misuse::new(format_args!("{}: {error}", path.display())))
}

/// A path to a program from a folder: as it is where it is absolute, or the folder is the one we are in.
fn relative(folder: &Path, program: &Path) -> PathBuf {
    if program.is_absolute() || folder.as_os_str().is_empty() {
        return program.to_owned();
    }
    if let Ok(inside) = program.strip_prefix(folder) {
        return inside.to_owned();
    }
    match std::path::absolute(program) {
        Ok(absolute) => absolute,
        Err(_) => program.to_owned(),
    }
}

/// Runs saved counterexamples again; it is fine where they break nothing any more.
pub(crate) fn rerun(paths: &[PathBuf]) -> Outcome {
    let mut fine = true;
    for path in paths {
        fine &= rerun_one(path)?;
    }
    Ok(Verdict::of(fine))
}

/// A saved counterexample with what runs it.
struct Read {
    programs: Vec<(SmolStr, Arc<Program>)>,
    test: FaultTest,
    spec: FaultSpec,
    hypothesis: Hypothesis,
}

/// Its run with all that is needed to ask why; none if its program has errors, which are told.
pub(crate) fn history(path: &Path) -> Result<Option<History>, Misuse> {
    let Some(read) = read(path)? else {
        return Ok(None);
    };
    let reenacted = reenact(&read.programs, &read.test, &read.spec, &read.hypothesis);
    let (_, history) = reenacted.map_err(|why| misuse(path, why))?;
    Ok(Some(history))
}

fn misuse(path: &Path, why: impl std::fmt::Display) -> Misuse {
    Misuse::new(format_args!("{}: {why}", path.display()))
}

/// Reads a counterexample; none if its program has errors, which are told.
fn read(path: &Path) -> Result<Option<Read>, Misuse> {
    let text = std::fs::read_to_string(path).map_err(|error| misuse(path, error))?;
    let saved: Saved = serde_json::from_str(&text).map_err(|error| misuse(path, error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let selection = FaultsSelection {
        paths: saved
            .programs
            .iter()
            .map(|program| folder.join(program))
            .collect(),
        eot: Some(saved.eot),
        eff: Some(saved.eff),
        crashes: Some(saved.crashes),
        nodes: saved.nodes.clone(),
        spec: saved.spec.clone(),
        mute_crashes: saved.mute_crashes,
        delays: None,
        duplicates: false,
        partitions: None,
        slow: None,
        skews: None,
        restarts: None,
    };
    for request in request::programs(&selection)? {
        let Some(mut compiled) = pipeline::compile_faults(&request.sources) else {
            return Err(Misuse::new("this machine cannot run the program"));
        };
        if !super::is_whole(&request.sources, &compiled) {
            return Ok(None);
        }
        for test in &mut compiled.tests {
            request.rename(test);
        }
        // Paths may differ from those that named a Dedalus program when it was saved.
        let is_meant = |test: &&FaultTest| test.name == saved.test || request.deployed.is_some();
        if let Some(test) = compiled.tests.iter().find(is_meant).cloned() {
            let hypothesis = hypothesis(path, &saved, &test)?;
            return Ok(Some(Read {
                programs: compiled.programs,
                hypothesis,
                spec: bounds(&saved),
                test,
            }));
        }
    }
    Err(misuse(
        path,
        format_args!("its programs have no fault test \"{}\"", saved.test),
    ))
}

fn bounds(saved: &Saved) -> FaultSpec {
    FaultSpec {
        eot: saved.eot,
        eff: saved.eff,
        crashes: saved.crashes,
        crash: match saved.mute_crashes {
            true => Crash::Mute,
            false => Crash::Stop,
        },
        ..FaultSpec::default()
    }
}

fn hypothesis(path: &Path, saved: &Saved, test: &FaultTest) -> Result<Hypothesis, Misuse> {
    let number = |name: &String| {
        let found = test
            .nodes
            .iter()
            .position(|node| node.name == name.as_str());
        found.ok_or_else(|| misuse(path, format_args!("there is no node `{name}`")))
    };
    let mut hypothesis = Hypothesis::default();
    for fault in &saved.faults {
        hypothesis.0.insert(match fault {
            SavedFault::Crash { node, tick } => Fault::Crash {
                node: number(node)?,
                tick: *tick,
            },
            SavedFault::Loss { from, to, tick } => Fault::Loss {
                from: number(from)?,
                to: number(to)?,
                tick: *tick,
            },
            SavedFault::Delay { from, to, tick, by } => Fault::Delay {
                from: number(from)?,
                to: number(to)?,
                tick: *tick,
                by: *by,
            },
            SavedFault::Duplicate { from, to, tick } => Fault::Duplicate {
                from: number(from)?,
                to: number(to)?,
                tick: *tick,
            },
            SavedFault::Node {
                node,
                first,
                last,
                what,
            } => Fault::Node {
                node: number(node)?,
                first: *first,
                last: *last,
                what: Ailment::read(what)
                    .ok_or_else(|| misuse(path, format_args!("nothing is called `{what}`")))?,
            },
            SavedFault::Partition { nodes, first, last } => {
                let side = nodes.iter().map(number).collect::<Result<Vec<_>, _>>()?;
                Fault::Partition {
                    side: Side::of(side.into_iter(), test.nodes.len()),
                    first: *first,
                    last: *last,
                }
            }
        });
    }
    Ok(hypothesis)
}

fn rerun_one(path: &Path) -> Result<bool, Misuse> {
    let Some(read) = read(path)? else {
        return Ok(false);
    };
    let Read {
        programs,
        test,
        spec,
        hypothesis,
    } = &read;
    let execution = execute(programs, test, spec, hypothesis);
    let execution = execution.map_err(|why| misuse(path, why))?;
    let faults = hypothesis.in_words();
    if execution.broken.is_empty() {
        let word = painted("passed", Color::Green);
        terminal::print(&format!(
            "{word}  {}: {} with {faults}\n",
            path.display(),
            test.name
        ));
        return Ok(true);
    }
    let word = painted("failed", Color::Red);
    terminal::print(&format!(
        "{word}  {}: {} with {faults}\n",
        path.display(),
        test.name
    ));
    for (spec, what, tick) in &execution.broken {
        terminal::print(&format!("  in tick {tick} of spec {spec}: {what}\n"));
    }
    Ok(false)
}
