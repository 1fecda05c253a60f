//! Fault tests of the corpus, loaded; and the symbolic run held to runs on the production engine: under a random
//! hypothesis every collection of every node must hold in every tick what the formula says.

pub mod alternation;

pub mod deployment;

pub mod trial;

pub mod campaign;

pub mod simulated;

pub mod figures;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bloom_compiler::base::Sources;
use bloom_compiler::codegen::Target;
use bloom_compiler::compile::{Typing, compile};
use bloom_compiler::faults::lower_fault_tests;
use bloom_plan::testing::FaultTest;
use bloom_plan::value::Row;
use bloom_runtime::Program;
use bloom_sim::faults::concrete::execute_watched;
use bloom_sim::faults::run::{Outcome, run_recorded};
use bloom_sim::faults::{Ailment, Crash, Fault, FaultSpec, Hypothesis};
use bloom_stdx::random::Random;
use smol_str::SmolStr;
use trial::Trouble;

use crate::program::{bloom_files, check_text, errors, module_name, read, root, standard_library};

/// A program's fault tests with all that they run.
pub struct Loaded {
    pub programs: Vec<(SmolStr, Arc<Program>)>,
    pub tests: Vec<FaultTest>,
}

/// The programs of the corpus.
pub fn corpus() -> Vec<PathBuf> {
    bloom_files(&root().join("tests/faults"))
}

pub fn load_file(path: &std::path::Path) -> Loaded {
    let loaded = load(&module_name(path), &read(path));
    loaded.unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()))
}

/// Compiles a program with its fault tests, or tells why it is refused.
pub fn load(name: &str, text: &str) -> Result<Loaded, Vec<String>> {
    let library = standard_library();
    let checked = check_text(name, text, &library);
    if !checked.is_fine() {
        return Err(errors(&checked));
    }
    let mut sources = Sources::single(format!("{name}.bloom"), text);
    for (name, text) in &library {
        sources.add(name.clone(), text.clone());
    }
    let typing = Typing {
        program: &checked.program,
        typed: &checked.typed,
        analysis: &checked.analysis,
        sources: &sources,
    };
    let target = Target::native();
    let lowered = lower_fault_tests(typing, &target);
    if !lowered.problems.is_empty() {
        return Err(lowered.problems.into_iter().map(|p| p.message).collect());
    }
    let mut programs = Vec::new();
    for (plan, artifact) in compile(typing, &target)
        .into_iter()
        .chain(lowered.observers)
    {
        let name = plan.name.clone();
        let program = Program::load(plan, artifact).map_err(|error| vec![error.to_string()])?;
        programs.push((name, program));
    }
    Ok(Loaded {
        programs,
        tests: lowered.tests,
    })
}

/// The bounds that a fault test gives itself.
pub fn bounds(test: &FaultTest) -> FaultSpec {
    FaultSpec {
        eot: test.bounds.ticks,
        eff: test.bounds.losses_until,
        crashes: test.bounds.crashes,
        crash: Crash::Stop,
        delays: test.bounds.delays,
        duplicates: test.bounds.duplicates,
        partitions: test.bounds.partitions,
        slow: test.bounds.slow,
        skews: test.bounds.skews,
        restarts: test.bounds.restarts,
    }
}

/// A hypothesis within the bounds. How likely a loss is differs from seed to seed.
pub fn random_hypothesis(spec: &FaultSpec, nodes: usize, random: &mut Random) -> Hypothesis {
    let mut hypothesis = Hypothesis::default();
    let one_in = 2 + random.below(8);
    // Who comes back has crashed.
    let mut all: Vec<usize> = (0..nodes).collect();
    random.shuffle(&mut all);
    for &node in all.iter().take(spec.crashes as usize) {
        if random.chance(2, 3) && spec.eot > 1 {
            let tick = 1 + random.below(spec.eot as usize - 1) as u32;
            hypothesis.0.insert(Fault::Crash { node, tick });
        }
    }
    for fault in spec.faults(nodes) {
        let may = match fault {
            Fault::Loss { .. } | Fault::Delay { .. } | Fault::Duplicate { .. } => true,
            Fault::Partition { .. } => hypothesis.partitions() < spec.partitions as usize,
            Fault::Node {
                node, first, what, ..
            } => {
                let alike = |other: Ailment| {
                    std::mem::discriminant(&other) == std::mem::discriminant(&what)
                };
                let most = match what {
                    Ailment::Slow { .. } => spec.slow,
                    Ailment::Clock { .. } => spec.skews,
                    Ailment::Restarted if hypothesis.is_down(node, first) => spec.restarts,
                    Ailment::Restarted
                    | Ailment::Paused
                    | Ailment::Disk(_)
                    | Ailment::Deaf
                    | Ailment::Mute => 0,
                };
                hypothesis.ailments(alike) < most as usize
            }
            Fault::Crash { .. } => false,
        };
        if may && random.chance(1, one_in) {
            hypothesis.0.insert(fault);
        }
    }
    hypothesis
}

/// Runs a test under random hypotheses both ways; tells the first difference.
pub fn agrees(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
    seeds: std::ops::Range<u64>,
) -> Result<(), Trouble> {
    let outcome = run_recorded(&loaded.programs, test, spec, true);
    let outcome = outcome.map_err(|limit| Trouble::Limit(limit.to_string()))?;
    for seed in seeds {
        let mut random = Random::new(seed);
        let hypothesis = random_hypothesis(spec, test.nodes.len(), &mut random);
        difference(loaded, test, spec, &outcome, &hypothesis)
            .map_err(|what| Trouble::Wrong(format!("{}, {hypothesis:?}: {what}", test.name)))?;
    }
    Ok(())
}

fn difference(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
    outcome: &Outcome,
    hypothesis: &Hypothesis,
) -> Result<(), String> {
    let values = outcome.variables.assign(&outcome.circuit, hypothesis);
    let mut differs = None;
    let execution = execute_watched(
        &loaded.programs,
        test,
        spec,
        hypothesis,
        &mut |tick, world| {
            for contents in outcome.contents.iter().filter(|c| c.tick == tick) {
                // What a node holds that is down matters to nobody.
                if !world.is_up(contents.node) {
                    continue;
                }
                // Where lines go, and errors, is no part of the symbolic run.
                if matches!(
                    contents.collection.as_str(),
                    "stdout" | "stderr" | "halt" | "errors"
                ) {
                    continue;
                }
                let there = contents.rows.iter().filter(|(_, lit)| values.of(*lit));
                let symbolic: BTreeSet<Row> = there.map(|(row, _)| row.clone()).collect();
                let rows = world.rows(contents.node, &contents.collection);
                let concrete: BTreeSet<Row> = rows.unwrap_or_default().into_iter().collect();
                if symbolic != concrete && differs.is_none() {
                    differs = Some(format!(
                        "in tick {tick} `{}` at {} holds\n  formula  {symbolic:?}\n  engine   {concrete:?}",
                        contents.collection, test.nodes[contents.node].name
                    ));
                }
            }
        },
    )?;
    if let Some(differs) = differs {
        return Err(differs);
    }
    let broken = outcome.violations.iter().filter(|v| values.of(v.condition));
    let mut broken: BTreeSet<_> = broken
        .map(|v| (v.spec.clone(), v.what.clone(), v.tick))
        .collect();
    for histories in &outcome.histories {
        broken.extend(histories.broken(|lit| values.of(lit))?);
    }
    match broken == execution.broken {
        true => Ok(()),
        false => Err(format!(
            "{broken:?} by the formula, {:?} by the engine",
            execution.broken
        )),
    }
}
