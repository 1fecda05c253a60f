//! The run that a question is about: one of a recording, or that of a saved counterexample.

use std::path::Path;

use bloom_host::recording::{Digest, Recording};
use bloom_plan::plan::Plan;
use bloom_sim::lineage::{History, Life, Taken};

use crate::args::{Coordination, WhyArgs};
use crate::faults::saved;
use crate::outcome::Misuse;
use crate::sources::Sources;
use crate::{pipeline, recorded, terminal};

/// The history; none if the program of a counterexample has errors, which were told.
pub(super) fn history(args: &WhyArgs) -> Result<Option<History>, Misuse> {
    if saved::is_saved(&args.path) {
        return saved::history(&args.path);
    }
    let Some(recording) = &args.recording else {
        let is_program = args
            .path
            .extension()
            .is_some_and(|e| e == "bloom" || e == "ded");
        if is_program || args.path.is_dir() {
            return Err(Misuse::new(
                "a program alone has no run to ask about: --recording FILE, which `bloom run --record FILE` writes",
            ));
        }
        return of_recording(&args.path, None, args).map(Some);
    };
    of_recording(recording, Some(&args.path), args).map(Some)
}

fn of_recording(path: &Path, program: Option<&Path>, args: &WhyArgs) -> Result<History, Misuse> {
    let recording = recorded::read(path)?;
    let run = match args.run {
        None => recording.runs() - 1,
        Some(run) if run >= 1 && run <= recording.runs() => run - 1,
        Some(_) => {
            let runs = recording.runs();
            return Err(Misuse::new(format_args!("the recording has {runs} runs")));
        }
    };
    if let Some(program) = program {
        compare(&recording, run, program)?;
    }
    let programs = recorded::programs(&recording, run)?;
    let start = recording.start(run);
    let mut lives: Vec<Life> = Vec::new();
    let mut did: Vec<Vec<Digest>> = Vec::new();
    for beginning in &start.nodes {
        did.push(Vec::new());
        lives.push(Life {
            program: programs[beginning.kind].clone(),
            config: beginning.config(),
            ticks: Vec::new(),
            observer: None,
        });
    }
    for (at, tick) in (0..).zip(recording.ticks(run)) {
        let tick = tick.map_err(Misuse::new)?;
        did[tick.node].push(tick.did);
        lives[tick.node].ticks.push(Taken {
            at,
            input: tick.input,
            chance: tick.chance,
        });
    }
    let keeps_outputs = start.keeps_outputs;
    let history = History::new(
        lives,
        Box::new(|_, _, _| true),
        &mut |moment, node, output| {
            // Rows of outputs are no part of what was noted of a batch.
            let mut output = output.clone();
            if keeps_outputs {
                output.outputs.clear();
            }
            let now = Digest::of(node.program().plan(), &output);
            match now == did[moment.life][moment.tick as usize - 1] {
                true => Ok(()),
                false => Err(format!(
                    "tick {} does something else than when it was recorded; `bloom replay` says what",
                    moment.tick
                )),
            }
        },
    );
    history.map_err(Misuse::new)
}

/// Tells if the program is not the one that was recorded: what is explained is what was.
fn compare(recording: &Recording, run: usize, path: &Path) -> Result<(), Misuse> {
    let sources = Sources::load(path)?;
    let start = recording.start(run);
    let coordination = match start.keeps_outputs {
        true => Coordination::Off,
        false => Coordination::Auto,
    };
    let compiled = pipeline::compile(&sources, coordination.into());
    // As they are written: a table of types also has what it looks them up by.
    let written = |plan: &Plan| postcard::to_stdvec(plan).ok();
    let own: Vec<_> = compiled
        .kinds
        .iter()
        .map(|(plan, _)| written(plan))
        .collect();
    let is_same = start.plans.iter().all(|plan| own.contains(&written(plan)));
    if !is_same {
        terminal::note(format_args!(
            "{} is not the program that was recorded, or not with that coordination; what is told is of the recorded one",
            path.display()
        ));
    }
    Ok(())
}
