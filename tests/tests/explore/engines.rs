//! The engine under the explorer: going back to an earlier state is like starting anew, and all
//! schedules lead where they lead the reference evaluator.

use std::collections::BTreeSet;

use bloom_plan::plan::RelationId;
use bloom_plan::testing::Action;
use bloom_plan::value::Row;
use bloom_runtime::{Config, Input, Node, OnConflict, Output};
use bloom_sim::explore::{
    Contents, Deployment, Fed, Feed, Observed, Options, Outcomes, Unexplored, explore,
};
use bloom_sim::world::Setup;
use bloom_sim::{Kinds, Programs, Resumable};
use bloom_stdx::random::Random;
use bloom_tests::generate::Case;
use bloom_tests::program::{Loaded, load, standard_library};

/// Larger explorations would take the reference too long.
const ENGINE_STATES_MAX: usize = 150;
/// The reference keeps errors for rules that a program may not have, and so has more states.
const REFERENCE_STATES_MAX: usize = 3000;

fn loaded(case: &Case, library: &[(String, String)]) -> Option<Loaded> {
    load("random", &case.to_string(), library).ok()
}

/// What a random program's test feeds, in order.
fn fed(loaded: &Loaded) -> Vec<(RelationId, Row)> {
    let relations = &loaded.plans[0].relations;
    let steps = loaded.tests[0].steps.iter();
    let fed = steps.filter_map(|step| match &step.action {
        Action::Feed {
            collection, row, ..
        } => {
            let place = relations.iter().position(|r| r.name == *collection)?;
            Some((RelationId(place as u32), row.clone()))
        }
        _ => None,
    });
    fed.collect()
}

fn start(loaded: &Loaded) -> Node {
    let config = Config {
        address: "n".into(),
        on_conflict: OnConflict::Continue,
        ..Config::default()
    };
    let node = Programs(&loaded.programs).start(&loaded.plans[0].name, config);
    node.unwrap_or_else(|error| panic!("{error}"))
}

/// What can be seen of a tick: what it gives, and what its collections hold.
fn seen(node: &Node, output: &Output) -> String {
    let relations = node.program().plan().relations.len();
    let rows = (0..relations).map(|r| node.rows(RelationId(r as u32)));
    let rows: Vec<Vec<Row>> = rows.collect();
    let Output {
        sends,
        outputs,
        errors,
        ..
    } = output;
    format!("{sends:?} {outputs:?} {errors:?} {rows:?}")
}

/// Walks over a tree of ticks, going back at random, and runs each path again from its start.
fn walk(loaded: &Loaded, seed: u64) {
    let mut random = Random::new(seed);
    let rows = fed(loaded);
    let mut node = start(loaded);
    let mut paths = vec![(node.snapshot(), Vec::<Input>::new())];
    for _ in 0..12 {
        let (snapshot, mut path) = random.pick(&paths).clone();
        node.restore(&snapshot);
        assert_eq!(node.snapshot(), snapshot);
        let count = random.below(4);
        let batch = (0..count)
            .filter(|_| !rows.is_empty())
            .map(|_| random.pick(&rows).clone());
        let input = Input {
            rows: batch.collect(),
            ..Input::default()
        };
        let output = node.step(input.clone());
        path.push(input);
        let mut again = start(loaded);
        let outputs: Vec<Output> = path.iter().map(|input| again.step(input.clone())).collect();
        let last = outputs
            .last()
            .unwrap_or_else(|| panic!("a path has a tick"));
        assert_eq!(seen(&node, &output), seen(&again, last), "{path:?}");
        paths.push((node.snapshot(), path));
    }
}

#[test]
fn a_restored_node_goes_on_as_one_that_took_the_same_way() {
    let library = standard_library();
    let mut walked = 0;
    for seed in 0..60 {
        let case = Case::random(seed);
        if let Some(loaded) = loaded(&case, &library) {
            walk(&loaded, seed);
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked} random programs run");
}

/// All outcomes of a random program's first feeds, over everything that the user declared.
fn outcomes<K: Kinds>(
    kinds: &K,
    loaded: &Loaded,
    observed: &[Observed],
    states_max: usize,
) -> Result<Outcomes, Unexplored>
where
    K::Node: Resumable,
{
    let plan = &loaded.plans[0];
    let deployment = Deployment {
        nodes: vec![Setup {
            name: "n".into(),
            kind: plan.name.clone(),
            parameters: Vec::new(),
        }],
        ..Deployment::default()
    };
    let feeds = fed(loaded).into_iter().take(3).map(|(id, row)| Feed {
        to: vec![0],
        what: Fed::Row {
            collection: plan.relations[id.0 as usize].name.clone(),
            row,
        },
        after: Vec::new(),
    });
    let options = Options {
        states_max,
        ..Options::default()
    };
    explore(
        kinds,
        &deployment,
        &feeds.collect::<Vec<_>>(),
        observed,
        &options,
    )
}

#[test]
fn the_engine_has_the_outcomes_of_the_reference() {
    let library = standard_library();
    let (mut compared, mut several) = (0, 0);
    for seed in 1000..1050 {
        let case = Case::random(seed);
        let Some(loaded) = loaded(&case, &library) else {
            continue;
        };
        let observed: Vec<Observed> = case
            .declarations
            .iter()
            .map(|declaration| Observed {
                node: 0,
                collection: declaration.name.as_str().into(),
            })
            .collect();
        let Ok(engine) = outcomes(
            &Programs(&loaded.programs),
            &loaded,
            &observed,
            ENGINE_STATES_MAX,
        ) else {
            continue;
        };
        let reference = outcomes(&loaded.model(), &loaded, &observed, REFERENCE_STATES_MAX);
        let reference = reference.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let contents = |outcomes: &Outcomes| -> BTreeSet<Vec<Contents>> {
            outcomes
                .outcomes
                .iter()
                .map(|o| o.contents.clone())
                .collect()
        };
        assert_eq!(
            contents(&engine),
            contents(&reference),
            "seed {seed}:\n{case}"
        );
        compared += 1;
        several += usize::from(engine.outcomes.len() > 1);
    }
    assert!(
        compared > 20 && several > 8,
        "{compared} compared, {several} with several outcomes"
    );
}
