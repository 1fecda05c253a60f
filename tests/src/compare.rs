//! One program on the engine and on the reference evaluator, tick by tick: every collection must
//! hold the same rows, and the same must have gone wrong. The engine runs it twice, once with workers that it
//! shares all it can with, and with a planner that puts joins in another order again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bloom_compiler::codegen::{self, Ahead, Target};
use bloom_compiler::compile;
use bloom_plan::artifact::Patch;
use bloom_plan::display;
use bloom_plan::plan::{Plan, RelationId, RelationKind, Role, VersionId};
use bloom_plan::statistics::Statistics;
use bloom_plan::testing::{Action, Test};
use bloom_plan::types::TypeId;
use bloom_plan::value::Row;
use bloom_runtime::{
    Config, Crew, DurableChange, ErrorKind, Input, Message, OnConflict, Output, Planner, Program,
    Work,
};
use bloom_sim::{Kinds, Machine, Programs};
use bloom_stdx::random::Random;
use smol_str::SmolStr;

use crate::generate::Case;
use crate::program::{Loaded, load};
use crate::shrink::shrink;

/// Programs tried while a failing one is made smaller.
const SHRINK_TRIES_MAX: usize = 3_000;

/// How rarely a plan is made anew: code takes its time in builds that are not optimised.
const STALE_EVERY: u64 = 40;

/// How many programs there are for one that comes without code.
const BARE_EVERY: usize = 3;

/// Workers who take on the last chunk first, most numbers of rows however small, and all in another order.
#[derive(Debug)]
struct Backwards;

impl Crew for Backwards {
    fn size(&self) -> usize {
        3
    }

    fn shares(&self, work: Work) -> bool {
        !work.rows.is_multiple_of(4)
    }

    fn parts(&self, _: Work, _: usize) -> bool {
        true
    }

    fn chunk_rows(&self, rows: usize, _: usize) -> Option<usize> {
        (rows > 1).then_some(1 + rows % 5)
    }

    fn round_rows(&self, shown: Work) -> usize {
        1 + shown.derived % 7
    }

    fn sifts(&self, shown: Work) -> bool {
        shown.derived % 3 == 1
    }

    fn puts_in(&self, rows: usize) -> bool {
        !rows.is_multiple_of(3)
    }

    fn catches_up(&self, rows: usize) -> bool {
        rows > 0
    }

    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..jobs).rev().for_each(job);
    }
}

/// Makes plans anew at random moments, for sizes that are not those of any relation.
#[derive(Debug, Default)]
struct Restless(AtomicU64);

impl Restless {
    fn random(&self) -> u64 {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        Random::new(count).next()
    }
}

impl Planner for Restless {
    fn replan(
        &self,
        plan: &Plan,
        versions: &[VersionId],
        _: &dyn Statistics,
    ) -> Option<(Plan, Patch)> {
        compile::replan(plan, versions, self, &Target::native())
    }

    fn code(&self, plan: &Plan, versions: &[VersionId]) -> Patch {
        let count = 1 + self.random() as usize % versions.len();
        codegen::generate_some(plan, &versions[..count], &Target::native())
    }

    fn is_stale(&self, _: u64, _: u64) -> bool {
        self.random().is_multiple_of(STALE_EVERY)
    }
}

impl Statistics for Restless {
    fn rows(&self, _: RelationId) -> u64 {
        1 << (self.random() % 24)
    }

    fn distinct(&self, _: RelationId, _: &[u32]) -> u64 {
        1 << (self.random() % 24)
    }
}

/// What came of a random program.
#[derive(Debug)]
pub enum Outcome {
    Same,
    /// The compiler refuses it.
    Refused(Vec<String>),
    /// How the two differ.
    Differs(String),
}

/// Runs a random program on both.
pub fn compare(case: &Case, library: &[(String, String)]) -> Outcome {
    let loaded = match load("random", &case.to_string(), library) {
        Ok(loaded) => loaded,
        Err(errors) => return Outcome::Refused(errors),
    };
    match difference(&loaded) {
        Some(difference) => Outcome::Differs(difference),
        None => Outcome::Same,
    }
}

/// A report of a mismatch: the seed, a small program that shows it, and what differs.
pub fn report(seed: u64, case: &Case, library: &[(String, String)]) -> String {
    let differs = |case: &Case| matches!(compare(case, library), Outcome::Differs(_));
    let small = shrink(case, SHRINK_TRIES_MAX, differs);
    let difference = match compare(&small, library) {
        Outcome::Differs(difference) => difference,
        Outcome::Same | Outcome::Refused(_) => String::new(),
    };
    format!("seed {seed}: engine and reference evaluator differ\n{difference}\n\n{small}")
}

/// The programs, of which one in so many comes without code: to make all code twice takes most of a run's time.
fn bare(loaded: &Loaded) -> Vec<(SmolStr, Arc<Program>)> {
    let bare = |(name, program): &(SmolStr, Arc<Program>)| {
        let plan = program.plan();
        if !plan.versions.len().is_multiple_of(BARE_EVERY) {
            return (name.clone(), Arc::clone(program));
        }
        let artifact = codegen::generate_ahead(plan, &Target::native(), Ahead::None);
        let program = Program::load(Plan::clone(plan), artifact);
        (
            name.clone(),
            program.expect("it could be loaded with all its code"),
        )
    };
    loaded.programs.iter().map(bare).collect()
}

/// How the two differ on the first test of the program.
fn difference(loaded: &Loaded) -> Option<String> {
    let test = &loaded.tests[0];
    let kind = &test.nodes[0].kind;
    let (programs, model) = (Programs(&loaded.programs), loaded.model());
    let config = Config {
        address: "n".into(),
        on_conflict: OnConflict::Continue,
        ..Config::default()
    };
    let engine = programs.start(kind, config.clone());
    let bare = bare(loaded);
    let shared = Programs(&bare).start(kind, config.clone());
    let reference = model.start(kind, config.clone());
    let (Ok(mut engine), Ok(mut shared), Ok(mut reference)) = (engine, shared, reference) else {
        return Some("a node does not start".to_owned());
    };
    let restricted =
        (!loaded.restricted.is_empty()).then(|| Programs(&loaded.restricted).start(kind, config));
    let mut restricted = match restricted.transpose() {
        Ok(restricted) => restricted,
        Err(_) => return Some("a node does not start".to_owned()),
    };
    if let Some(restricted) = &mut restricted {
        // It has no code for what follows changes.
        restricted.lend_planner(Arc::new(Restless::default()));
    }
    shared.lend(Arc::new(Backwards));
    shared.lend_planner(Arc::new(Restless::default()));
    let plan = model.plan(kind)?;
    let mut sent: Vec<Message> = Vec::new();
    let mut disks = [Disk::new(), Disk::new()];
    for (number, mut input) in inputs(test, plan).into_iter().enumerate() {
        // What is sent, is sent to oneself.
        input.messages = std::mem::take(&mut sent);
        let mine = reference.step(input.clone());
        let with_workers = shared.step(input.clone());
        let unseen = restricted.as_mut().map(|node| node.step(input.clone()));
        let theirs = engine.step(input);
        let place = format!("in tick {}", number + 1);
        for relation in (0..plan.relations.len()).map(|r| RelationId(r as u32)) {
            let rows = (engine.rows(relation), reference.rows(relation));
            if rows.0 != rows.1 && reference.declares(relation) {
                return Some(describe(plan, relation, &place, &rows.0, &rows.1));
            }
            let rows = (shared.rows(relation), rows.0);
            if rows.0 != rows.1 {
                let place = format!("with workers and other plans {place}");
                return Some(describe(plan, relation, &place, &rows.0, &rows.1));
            }
        }
        if let (Some(node), Some(output)) = (&restricted, &unseen) {
            for relation in (0..plan.relations.len()).map(|r| RelationId(r as u32)) {
                let rows = (node.rows(relation), engine.rows(relation));
                let is_hidden = plan.relations[relation.0 as usize].kind == RelationKind::Scratch;
                if !is_hidden && rows.0 != rows.1 {
                    let place = format!("restricted {place}");
                    return Some(describe(plan, relation, &place, &rows.0, &rows.1));
                }
            }
            if (&output.errors, &output.sends) != (&theirs.errors, &theirs.sends) {
                return Some(format!(
                    "{place} the engine restricted gives {output:#?}\nwhole {theirs:#?}"
                ));
            }
        }
        if (&with_workers.errors, &with_workers.sends) != (&theirs.errors, &theirs.sends) {
            return Some(format!(
                "{place} the engine with workers gives {with_workers:#?}\nwithout {theirs:#?}"
            ));
        }
        if kinds_of_errors(&theirs) != kinds_of_errors(&mine) {
            return Some(format!(
                "{place} the engine raises {:#?}\nthe reference evaluator {:#?}",
                theirs.errors, mine.errors
            ));
        }
        if theirs.sends != mine.sends {
            return Some(format!(
                "{place} the engine sends {:?}\nthe reference evaluator {:?}",
                theirs.sends, mine.sends
            ));
        }
        for (disk, output) in disks.iter_mut().zip([&theirs, &mine]) {
            output
                .durable
                .iter()
                .for_each(|change| write(disk, plan, change));
        }
        if disks[0] != disks[1] {
            return Some(format!(
                "{place} disks differ:\n{:?}\n{:?}",
                disks[0], disks[1]
            ));
        }
        sent = mine.sends;
        if engine.wants_tick() != reference.wants_tick() {
            return Some(format!(
                "{place} they differ on whether something is to come"
            ));
        }
    }
    None
}

/// Durable tables: rows by their keys.
type Disk = BTreeMap<SmolStr, BTreeMap<Row, Row>>;

fn write(disk: &mut Disk, plan: &Plan, change: &DurableChange) {
    let relation = plan.relations.iter().find(|r| r.name == change.table);
    let columns = &relation.expect("nodes name their tables").columns;
    let key = |row: &Row| -> Row {
        let pairs = columns.iter().zip(row);
        let keys = pairs.filter(|(column, _)| column.role == Role::Key);
        keys.map(|(_, value)| value.clone()).collect()
    };
    let table = disk.entry(change.table.clone()).or_default();
    for row in &change.deletes {
        table.remove(&key(row));
    }
    for row in &change.upserts {
        table.insert(key(row), row.clone());
    }
    // A row that came and went in one tick may be told or not.
    disk.retain(|_, table| !table.is_empty());
}

/// What each tick of a test takes in.
pub fn inputs(test: &Test, plan: &Plan) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut next = Input::default();
    for step in &test.steps {
        match &step.action {
            Action::Feed {
                collection, row, ..
            } => {
                let place = plan.relations.iter().position(|r| r.name == *collection);
                let relation = RelationId(place.expect("tests name collections") as u32);
                next.rows.push((relation, row.clone()));
            }
            Action::Tick { .. } => inputs.push(std::mem::take(&mut next)),
            _ => {}
        }
    }
    inputs
}

/// Which row errors there were, and whether there was a conflict: of several derivations that
/// conflict, the two may name others.
fn kinds_of_errors(output: &Output) -> BTreeSet<String> {
    let errors = output.errors.iter();
    errors
        .map(|error| match error.kind {
            ErrorKind::KeyConflict => "key conflict".to_owned(),
            ErrorKind::RowError | ErrorKind::Refused => error.message.clone(),
        })
        .collect()
}

fn describe(
    plan: &Plan,
    relation: RelationId,
    place: &str,
    engine: &[Row],
    reference: &[Row],
) -> String {
    let relation = &plan.relations[relation.0 as usize];
    let types: Vec<TypeId> = relation.columns.iter().map(|column| column.ty).collect();
    let list = |rows: &[Row]| {
        let rows = rows
            .iter()
            .map(|row| display::row(&plan.types, &types, row).to_string());
        rows.collect::<Vec<String>>().join(", ")
    };
    format!(
        "{place} `{}` holds\n  engine     {{ {} }}\n  reference  {{ {} }}",
        relation.name,
        list(engine),
        list(reference)
    )
}
