//! Rewritings that editors offer, on random programs: each leaves a program without errors; and those that are to
//! keep the meaning leave every collection that was there before with the same rows, tick by tick, on the
//! reference evaluator, as long as nothing fails.

use std::collections::BTreeMap;

use bloom_compiler::base::Span;
use bloom_compiler::database::{Database, File, Language, Package};
use bloom_compiler::ide::{self, Action};
use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::value::Row;
use bloom_runtime::{Config, OnConflict};
use bloom_sim::{Kinds, Machine};
use bloom_stdx::random::Random;
use bloom_tests::compare::inputs;
use bloom_tests::generate::Case;
use bloom_tests::program::{Loaded, load, standard_library};

const PROGRAMS: u64 = 450;

/// Selections tried in each.
const SELECTIONS: usize = 12;

/// What each collection of a node holds after each tick, up to the first that has errors.
fn run(loaded: &Loaded, wanted: &[String]) -> Vec<Vec<(String, Vec<Row>)>> {
    let test = &loaded.tests[0];
    let kind = &test.nodes[0].kind;
    let model = loaded.model();
    let config = Config {
        address: "n".into(),
        on_conflict: OnConflict::Continue,
        ..Config::default()
    };
    let mut node = model.start(kind, config).expect("it starts");
    let plan: &Plan = model.plan(kind).expect("it is the kind's");
    let mut ticks = Vec::new();
    let mut sent = Vec::new();
    for mut input in inputs(test, plan) {
        input.messages = std::mem::take(&mut sent);
        let output = node.step(input);
        if !output.errors.is_empty() {
            break;
        }
        sent = output.sends;
        let relations = plan.relations.iter().enumerate();
        let named =
            relations.filter(|(_, relation)| wanted.iter().any(|name| *name == *relation.name));
        let rows = named.map(|(at, relation)| {
            let at = RelationId(u32::try_from(at).expect("there are few"));
            (relation.name.to_string(), node.rows(at))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        ticks.push(rows);
    }
    ticks
}

/// Collections that the program itself declares.
fn declared(loaded: &Loaded) -> Vec<String> {
    let nodes = loaded.checked.program.nodes.values();
    let all = nodes.flat_map(|node| node.collections.values());
    let own = all.filter(|collection| !collection.is_everywhere());
    own.map(|collection| collection.name.to_string()).collect()
}

/// What is offered and passes its trial.
fn sound(db: &Database, package: Package, selected: Span) -> Vec<Action> {
    let mut found = ide::actions(db, package, selected, &[]);
    found.retain(|action| ide::trial(db, package, action).is_none_or(|trial| trial.passes()));
    found
}

fn applied(text: &str, action: &Action) -> String {
    let mut text = text.to_owned();
    for edit in action.edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.new_text);
    }
    text
}

fn keeps_meaning(action: &Action) -> bool {
    ["Name ", "Take ", "Inline "]
        .iter()
        .any(|word| action.title.starts_with(word))
}

/// A place, or a part of a line: rules and declarations stand on one line each.
fn selection(random: &mut Random, text: &str) -> Span {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let line = lines[random.below(lines.len())];
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let (one, other) = (random.below(line.len()), random.below(line.len()));
    let (first, last) = (start + one.min(other), start + one.max(other));
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at as u32
    };
    match random.chance(1, 2) {
        true => Span::at(boundary(first)),
        false => Span::new(boundary(first), boundary(last)),
    }
}

#[test]
fn actions_leave_programs_that_are_sound_and_mean_the_same() {
    let library = standard_library();
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    let mut compared = 0;
    for seed in 0..PROGRAMS {
        let text = Case::random(seed).to_string();
        let Ok(before) = load("random", &text, &library) else {
            continue;
        };
        let db = Database::default();
        let file = File::new(&db, "random".to_owned(), Language::Bloom, text.clone());
        let mut files = vec![file];
        let prelude = library.iter().find(|(name, _)| name == "std.prelude");
        files.extend(
            prelude.map(|(name, text)| File::new(&db, name.clone(), Language::Bloom, text.clone())),
        );
        let package = Package::new(&db, files);
        let mut random = Random::split(seed, 0xac);
        for _ in 0..SELECTIONS {
            let selected = selection(&mut random, &text);
            for action in sound(&db, package, selected) {
                check(seed, &before, &text, &action, &library, &mut compared);
                let words: Vec<&str> = action.title.split(' ').take(2).collect();
                *done.entry(words.join(" ")).or_default() += 1;
            }
        }
        let mut trip = Trip {
            seed,
            db: &db,
            before: &before,
            library: &library,
            compared: &mut compared,
        };
        trip.inline_what_was_taken_out(&text, &mut random);
    }
    assert!(compared > 1_000, "{compared} ticks were compared");
    for (words, at_least) in [("Take ", 20), ("Keep the", 20), ("Name ", 100)] {
        let found: usize = done
            .iter()
            .filter(|(known, _)| known.starts_with(words))
            .map(|(_, count)| count)
            .sum();
        assert!(found >= at_least, "{words}: {found} of {done:?}");
    }
}

fn check(
    seed: u64,
    before: &Loaded,
    text: &str,
    action: &Action,
    library: &[(String, String)],
    compared: &mut usize,
) {
    let changed = applied(text, action);
    let after = load("random", &changed, library).unwrap_or_else(|errors| {
        panic!(
            "seed {seed}: {} leaves {errors:#?}\n{changed}",
            action.title
        )
    });
    if keeps_meaning(action) {
        let (old, new) = (declared(before), declared(&after));
        let both: Vec<String> = old.into_iter().filter(|name| new.contains(name)).collect();
        let (rows, others) = (run(before, &both), run(&after, &both));
        let ticks = rows.len().min(others.len());
        *compared += ticks;
        assert_eq!(
            rows[..ticks],
            others[..ticks],
            "seed {seed}: {}\n{text}\n{changed}",
            action.title
        );
        // Nothing new fails.
        assert!(
            others.len() >= rows.len(),
            "seed {seed}: {}\n{text}\n{changed}",
            action.title
        );
    }
}

struct Trip<'t> {
    seed: u64,
    db: &'t Database,
    before: &'t Loaded,
    library: &'t [(String, String)],
    compared: &'t mut usize,
}

impl Trip<'_> {
    /// What `extract` makes, `inline` takes back.
    fn inline_what_was_taken_out(&mut self, text: &str, random: &mut Random) {
        let Trip {
            seed,
            db,
            before,
            library,
            ref mut compared,
        } = *self;

        for _ in 0..SELECTIONS {
            let selected = selection(random, text);
            let file = File::new(db, "random".to_owned(), Language::Bloom, text.to_owned());
            let package = Package::new(db, vec![file]);
            let found = sound(db, package, selected);
            let Some(taken) = found.iter().find(|one| one.title.starts_with("Take ")) else {
                continue;
            };
            let extracted = applied(text, taken);
            let Some(at) = extracted.find("scratch found") else {
                continue;
            };
            let name = Span::at(at as u32 + 8);
            let file = File::new(db, "random".to_owned(), Language::Bloom, extracted.clone());
            let package = Package::new(db, vec![file]);
            let back = sound(db, package, name);
            let Some(inline) = back.iter().find(|one| one.title.starts_with("Inline ")) else {
                panic!("seed {seed}: what was taken out is not taken back\n{extracted}");
            };
            check(seed, before, &extracted, inline, library, compared);
            return;
        }
    }
}
