//! What was found, as an object a line.

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{Counterexample, Engine, Fault, Verdict};
use serde::Serialize;

use super::sweep::Frontier;
use super::{Searched, compared};

#[derive(Serialize)]
struct Line<'a> {
    test: &'a str,
    file: &'a str,
    verdict: &'static str,
    /// Of a vacuous test or where a bound was reached: why.
    why: Option<&'a str>,
    bounds: Bounds,
    /// `formula`, `lineage` or `random`.
    engine: &'static str,
    executions: usize,
    seconds: f64,
    fault_space: String,
    /// How many faults a smallest set has.
    minimum: Option<usize>,
    minimal_sets: Option<Sets>,
    counterexample: Option<Example<'a>>,
    /// In what the run without faults differs from that of the counterexample, from what is broken down to what
    /// made the difference.
    contrast: Vec<compared::Line<'a>>,
    /// Whether it is certified where crashed nodes only send nothing.
    certified_if_mute: bool,
    /// The command that finds it again.
    again: Option<&'a str>,
    exhaustive: Option<Exhaustive>,
}

#[derive(Serialize)]
struct Bounds {
    eot: u32,
    eff: u32,
    crashes: u32,
    delays: u32,
    duplicates: bool,
    partitions: u32,
    slow: u32,
    skews: u32,
    restarts: u32,
}

#[derive(Serialize)]
struct Sets {
    count: usize,
    complete: bool,
    up_to_symmetry: usize,
}

#[derive(Serialize)]
struct Example<'a> {
    crashes: Vec<CrashOf<'a>>,
    losses: Vec<Loss<'a>>,
    delays: Vec<Late<'a>>,
    duplicates: Vec<Late<'a>>,
    partitions: Vec<Parted<'a>>,
    nodes: Vec<Ails<'a>>,
    violated: &'a str,
    spec: &'a str,
    /// The tick in which it shows.
    tick: u32,
}

#[derive(Serialize)]
struct CrashOf<'a> {
    node: &'a str,
    tick: u32,
}

/// All that is sent over a link in a tick is lost; `channel` is the first channel that loses something.
#[derive(Serialize)]
struct Loss<'a> {
    channel: String,
    channels: Vec<String>,
    from: &'a str,
    to: &'a str,
    tick: u32,
}

/// All that is sent over a link in a tick arrives so many ticks later; of a duplicate: again, so much later.
#[derive(Serialize)]
struct Late<'a> {
    from: &'a str,
    to: &'a str,
    tick: u32,
    by: u32,
}

/// Something ails a node from one tick to another: `paused`, `slow:2`, `clock:1`, `restarted`, `disk-lost`, …
#[derive(Serialize)]
struct Ails<'a> {
    node: &'a str,
    what: String,
    first: u32,
    last: u32,
}

/// Nothing passes between these nodes and the others, from one tick to another.
#[derive(Serialize)]
struct Parted<'a> {
    nodes: Vec<&'a str>,
    first: u32,
    last: u32,
}

#[derive(Serialize)]
struct Exhaustive {
    executions: usize,
    complete: bool,
    minimal_sets: usize,
    agrees: bool,
}

#[derive(Serialize)]
struct Sweep<'a> {
    test: &'a str,
    file: &'a str,
    frontier: &'a [Frontier],
}

/// How far a test is certified.
pub(super) fn frontiers(test: &FaultTest, frontiers: &[Frontier]) -> String {
    let sweep = Sweep {
        test: &test.name,
        file: &test.file,
        frontier: frontiers,
    };
    let text = serde_json::to_string(&sweep).expect("strings and numbers are JSON");
    format!("{text}\n")
}

pub(super) fn line(searched: &Searched) -> String {
    let report = &searched.report;
    let (verdict, why, example) = match &report.verdict {
        Verdict::Certified => ("certified", None, None),
        Verdict::Counterexample(found) => ("counterexample", None, Some(&**found)),
        Verdict::Vacuous(why) => ("vacuous", Some(why.as_str()), None),
        Verdict::BoundReached(why) => ("bound-reached", Some(why.as_str()), None),
    };
    let enumeration = searched.enumeration.as_ref();
    let line = Line {
        test: &searched.test.name,
        file: &searched.test.file,
        verdict,
        why,
        bounds: Bounds {
            eot: searched.spec.eot,
            eff: searched.spec.eff,
            crashes: searched.spec.crashes,
            delays: searched.spec.delays,
            duplicates: searched.spec.duplicates,
            partitions: searched.spec.partitions,
            slow: searched.spec.slow,
            skews: searched.spec.skews,
            restarts: searched.spec.restarts,
        },
        engine: match report.engine {
            Engine::Formula => "formula",
            Engine::Supports => "lineage",
            Engine::Random => "random",
        },
        executions: report.executions,
        seconds: searched.seconds,
        fault_space: format!("{:.1e}", report.space),
        minimum: example.map(|found| found.hypothesis.len()),
        minimal_sets: report.minimal.as_ref().map(|minimal| Sets {
            count: minimal.sets.len(),
            complete: minimal.complete,
            up_to_symmetry: minimal.classes,
        }),
        counterexample: example.map(|found| shown(searched, found)),
        contrast: compared::lines(&searched.contrast),
        certified_if_mute: searched.only_if_stopped,
        again: searched.again.as_deref(),
        exhaustive: enumeration.and_then(|found| {
            let found = found.as_ref().ok()?;
            Some(Exhaustive {
                executions: found.executions,
                complete: found.complete,
                minimal_sets: found.minimal.len(),
                agrees: searched.disagreement().is_none(),
            })
        }),
    };
    let text = serde_json::to_string(&line).expect("strings and numbers are JSON");
    format!("{text}\n")
}

fn shown<'a>(searched: &'a Searched, found: &'a Counterexample) -> Example<'a> {
    let name = |node: usize| searched.test.nodes[node].name.as_str();
    let mut crashes = Vec::new();
    let mut losses = Vec::new();
    let mut delays = Vec::new();
    let mut duplicates = Vec::new();
    let mut partitions = Vec::new();
    let mut nodes = Vec::new();
    for fault in &found.hypothesis.0 {
        match *fault {
            Fault::Crash { node, tick } => crashes.push(CrashOf {
                node: name(node),
                tick,
            }),
            Fault::Loss { from, to, tick } => {
                let (from, to) = (name(from), name(to));
                let lost = found.execution.channels_lost(from, to, tick);
                let channels: Vec<String> = lost.iter().map(ToString::to_string).collect();
                losses.push(Loss {
                    channel: channels.first().cloned().unwrap_or_default(),
                    channels,
                    from,
                    to,
                    tick,
                });
            }
            Fault::Delay { from, to, tick, by } => delays.push(Late {
                from: name(from),
                to: name(to),
                tick,
                by,
            }),
            Fault::Duplicate { from, to, tick } => duplicates.push(Late {
                from: name(from),
                to: name(to),
                tick,
                by: 1,
            }),
            Fault::Partition { side, first, last } => partitions.push(Parted {
                nodes: side.nodes().map(name).collect(),
                first,
                last,
            }),
            Fault::Node {
                node,
                first,
                last,
                what,
            } => nodes.push(Ails {
                node: name(node),
                what: what.word(),
                first,
                last,
            }),
        }
    }
    let first = found.broken.first();
    Example {
        crashes,
        losses,
        delays,
        duplicates,
        partitions,
        nodes,
        violated: first.map_or("", |(_, what, _)| what),
        spec: first.map_or("", |(spec, _, _)| spec),
        tick: first.map_or(0, |(_, _, tick)| *tick),
    }
}
