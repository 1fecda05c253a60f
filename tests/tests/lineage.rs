//! Derivations, held to the engine by other means: every row of every collection in every tick of a run has one;
//! each step's rows are those of nodes that ran by themselves, and what it says is absent is; and a fresh node that is
//! given the rows of a step's body, and no others, derives the step's row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bloom_plan::plan::{Arrow, Plan, RelationId, RelationKind, Role};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Node};
use bloom_sim::faults::Hypothesis;
use bloom_sim::faults::reenacted::reenact;
use bloom_sim::lineage::{
    Absence, Edge, Explainer, Fact, Fired, Given, History, How, Lack, Life, Missing, Moment,
    Premise, Reason, lineage, missing,
};
use bloom_stdx::random::Random;
use bloom_tests::faults::deployment::Deployment;
use bloom_tests::faults::{Loaded, bounds, corpus, load, load_file, random_hypothesis};

/// What was checked.
#[derive(Default, Debug)]
struct Checked {
    facts: usize,
    steps: usize,
    rules: usize,
    sends: usize,
    joins: usize,
    groups: usize,
    absences: usize,
    /// Steps that needed more than the rows of their body to keep absent what is absent.
    in_context: usize,
    /// Ticks that cannot be explained, such as after key conflicts.
    refused: usize,
}

/// What nodes that run by themselves hold in every tick.
type Held = BTreeMap<(Moment, RelationId), BTreeSet<Row>>;

fn held(history: &History) -> Held {
    let mut held = Held::new();
    for (number, life) in history.lives() {
        let node = Node::new(Arc::clone(&life.program), life.config.clone());
        let mut node = node.expect("it started before");
        for (tick, taken) in (1..).zip(&life.ticks) {
            node.step(taken.input.clone());
            let moment = Moment { life: number, tick };
            for id in (0..life.program.plan().relations.len() as u32).map(RelationId) {
                held.insert((moment, id), node.rows(id).into_iter().collect());
            }
        }
    }
    held
}

struct Judge<'j> {
    history: &'j History,
    held: Held,
    checked: Checked,
}

impl Judge<'_> {
    fn plan(&self, life: usize) -> &Plan {
        self.history.plan(life)
    }

    fn step(&mut self, fact: &Fact, edge: &Edge) -> Result<(), String> {
        self.checked.steps += 1;
        if !fact.part && !self.held[&(fact.moment, fact.relation)].contains(&fact.row) {
            return Err(format!("{fact:?} is not there"));
        }
        for premise in &edge.premises {
            self.premise(premise)?;
        }
        match &edge.how {
            How::Rule(fired) | How::Sent(fired) => self.fired(fact, edge, fired),
            How::Joined => {
                self.checked.joins += 1;
                Ok(())
            }
            How::Seen => self.seen(fact, edge),
            How::Given(given) => self.given(fact, given),
        }
    }

    fn premise(&mut self, premise: &Premise) -> Result<(), String> {
        match premise {
            Premise::There(fact) if fact.part => Ok(()),
            Premise::There(fact) => {
                let is_there = self.held[&(fact.moment, fact.relation)].contains(&fact.row);
                is_there
                    .then_some(())
                    .ok_or_else(|| format!("{fact:?} is not there"))
            }
            Premise::Absent(absence) => {
                self.checked.absences += 1;
                let fits = |row: &Row| {
                    let mut columns = absence.columns.iter().zip(row);
                    columns.all(|(wanted, value)| wanted.as_ref().is_none_or(|w| w == value))
                };
                let rows = &self.held[&(absence.moment, absence.relation)];
                match rows.iter().find(|row| fits(row)) {
                    None => Ok(()),
                    Some(row) => Err(format!("{absence:?}, but there is {row:?}")),
                }
            }
        }
    }

    /// A node that has the rows of the body, and no others, derives the row.
    fn fired(&mut self, fact: &Fact, edge: &Edge, fired: &Fired) -> Result<(), String> {
        self.checked.rules += 1;
        self.checked.groups += usize::from(fired.group.is_some_and(|group| group.matches > 1));
        self.checked.sends += usize::from(matches!(edge.how, How::Sent(_)));
        let life = self.history.life(fired.moment.life);
        let history = self.history;
        let plan = history.plan(fired.moment.life);
        let name = &self.plan(fact.moment.life).relations[fact.relation.0 as usize].name;
        let head = life.program.relation(name).ok_or("the head is there")?;
        let mut body: Vec<&Fact> = Vec::new();
        for premise in &edge.premises {
            if let Premise::There(fact) = premise {
                body.push(fact);
            }
        }
        let mut rows: Vec<(RelationId, Row)> = body
            .iter()
            .map(|fact| (fact.relation, fact.row.clone()))
            .collect();
        let now = self.history.taken(fired.moment).input.now;
        let derived = |rows: &[(RelationId, Row)]| {
            // Facts of the program's text come in the first tick, and may be in the way of others.
            let first = derives(life, now, rows, fired.arrow, head, &fact.row, false)?;
            Ok::<bool, String>(
                first || derives(life, now, rows, fired.arrow, head, &fact.row, true)?,
            )
        };
        if derived(&rows)? {
            return Ok(());
        }
        let has_absences = edge
            .premises
            .iter()
            .any(|p| matches!(p, Premise::Absent(_)));
        if has_absences {
            // What is absent in the run may follow from few rows alone: then all else is there as well.
            self.checked.in_context += 1;
            let of_body: BTreeSet<RelationId> = body.iter().map(|fact| fact.relation).collect();
            for id in (0..plan.relations.len() as u32).map(RelationId) {
                if id != head && !of_body.contains(&id) {
                    let held = self.held[&(fired.moment, id)].iter();
                    rows.extend(held.map(|row| (id, row.clone())));
                }
            }
            if derived(&rows)? {
                return Ok(());
            }
        }
        let rule = &plan.rules[fired.rule.0 as usize];
        Err(format!(
            "{} does not derive {fact:?} from {:?}",
            rule.text, edge.premises
        ))
    }

    /// The row of a spec has the node's name before columns of the node's row.
    fn seen(&self, fact: &Fact, edge: &Edge) -> Result<(), String> {
        let [Premise::There(seen)] = edge.premises.as_slice() else {
            return Err(format!("{edge:?} is of one row"));
        };
        let [Value::Addr(node), columns @ ..] = fact.row.as_slice() else {
            return Err(format!("{fact:?} names no node"));
        };
        let is_it = self.history.address(seen.moment.life) == node
            && columns.iter().all(|value| seen.row.contains(value));
        is_it
            .then_some(())
            .ok_or_else(|| format!("{fact:?} is not {seen:?}"))
    }

    fn given(&self, fact: &Fact, given: &Given) -> Result<(), String> {
        let input = &self.history.taken(fact.moment).input;
        let is_so = match given {
            Given::Fed | Given::Told => input
                .rows
                .iter()
                .any(|(id, row)| *id == fact.relation && *row == fact.row),
            Given::Timer | Given::Start | Given::Alive => true,
            // Of a run in which all is known, nothing else is from outside.
            Given::Message(_) | Given::Line | Given::Sealed | Given::Raised | Given::Unknown => {
                false
            }
        };
        is_so
            .then_some(())
            .ok_or_else(|| format!("{fact:?} is not {given:?}"))
    }
}

/// Whether a fresh node that takes these rows in derives the row.
fn derives(
    life: &Life,
    now: i64,
    rows: &[(RelationId, Row)],
    arrow: Arrow,
    head: RelationId,
    row: &Row,
    in_second_tick: bool,
) -> Result<bool, String> {
    let config = Config {
        durable: None,
        ..life.config.clone()
    };
    let plan = life.program.plan();
    let mut node = Node::new(Arc::clone(&life.program), config).map_err(|e| e.to_string())?;
    let mut input = Input {
        now,
        ..Input::default()
    };
    for (id, row) in rows {
        match (plan.relations[id.0 as usize].kind, &row[..]) {
            (RelationKind::Alive, [Value::Addr(who)]) => {
                input.alive.get_or_insert_default().push(who.clone());
            }
            _ => input.rows.push((*id, row.clone())),
        }
    }
    if in_second_tick {
        node.step(Input {
            now,
            ..Input::default()
        });
    }
    let output = node.step(input);
    let has_lattice = plan.relations[head.0 as usize]
        .columns
        .iter()
        .any(|column| column.role == Role::Lattice);
    Ok(match arrow {
        Arrow::Merge | Arrow::Deferred | Arrow::Upsert if has_lattice => {
            if arrow != Arrow::Merge {
                node.step(Input {
                    now,
                    ..Input::default()
                });
            }
            covers(life, &node, head, row, now)?
        }
        Arrow::Merge => node.rows(head).contains(row),
        Arrow::Async => {
            let name = &plan.relations[head.0 as usize].name;
            let looped = node.pending().loopback;
            let sent = output
                .sends
                .iter()
                .any(|m| m.channel == *name && m.row == *row);
            sent || looped
                .iter()
                .any(|(id, rows)| *id == head && rows.contains(row))
        }
        Arrow::Deferred | Arrow::Upsert => {
            node.step(Input {
                now,
                ..Input::default()
            });
            node.rows(head).contains(row)
        }
        Arrow::Delete => false,
    })
}

/// Whether the node holds a row that would not change if this one were joined to it.
fn covers(life: &Life, node: &Node, head: RelationId, row: &Row, now: i64) -> Result<bool, String> {
    let plan = life.program.plan();
    let columns = &plan.relations[head.0 as usize].columns;
    let same_key = |other: &&Row| {
        let mut values = columns.iter().zip(row).zip(other.iter());
        values.all(|((column, a), b)| column.role != Role::Key || a == b)
    };
    let rows = node.rows(head);
    let Some(there) = rows.iter().find(same_key) else {
        return Ok(false);
    };
    // Another node joins the two; of its own it has at most what its program's text gives.
    let config = life.config.clone();
    let joined = |rows: Vec<Row>| -> Result<Option<Row>, String> {
        let node = Node::new(Arc::clone(&life.program), config.clone());
        let mut node = node.map_err(|e| e.to_string())?;
        node.step(Input {
            now,
            rows: rows.into_iter().map(|row| (head, row)).collect(),
            ..Input::default()
        });
        Ok(node.rows(head).iter().find(same_key).cloned())
    };
    let alone = joined(vec![there.clone()])?;
    Ok(alone.is_some() && alone == joined(vec![there.clone(), row.clone()])?)
}

/// Explains every row of a run and judges all steps of the smallest derivations.
fn check(loaded: &Loaded, hypothesis: &Hypothesis, total: &mut Checked) -> Result<(), String> {
    let test = &loaded.tests[0];
    let (_, history) = reenact(&loaded.programs, test, &bounds(test), hypothesis)?;
    let mut judge = Judge {
        held: held(&history),
        history: &history,
        checked: Checked::default(),
    };
    let mut explainer = Explainer::new(&history).map_err(|trouble| trouble.to_string())?;
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (life, _) in history.lives() {
        let plan = Arc::clone(history.plan(life));
        for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
            // What the engine keeps for itself has no rule of the program.
            if relation.name.contains(".kept.") || relation.name.contains(".groups.") {
                continue;
            }
            for tick in 1..=history.last_tick(life) {
                let moment = Moment { life, tick };
                let rows: Vec<Row> = history.rows(moment, id).cloned().collect();
                for row in rows {
                    let goal = explainer.fact(moment, id, &row);
                    judge.checked.facts += 1;
                    let Ok(lineage) = lineage(&mut explainer, &goal) else {
                        judge.checked.refused += 1;
                        continue;
                    };
                    if lineage.best(&goal).is_none() {
                        return Err(format!("nothing leads to {} {goal:?}", relation.name));
                    }
                    for (fact, edge) in lineage.smallest(&goal) {
                        if known.insert(format!("{fact:?}")) {
                            judge.step(fact, edge)?;
                        }
                    }
                }
            }
        }
    }
    let checked = judge.checked;
    total.facts += checked.facts;
    total.steps += checked.steps;
    total.rules += checked.rules;
    total.sends += checked.sends;
    total.joins += checked.joins;
    total.groups += checked.groups;
    total.absences += checked.absences;
    total.in_context += checked.in_context;
    total.refused += checked.refused;
    Ok(())
}

#[test]
fn every_row_of_the_protocols_has_a_derivation_that_holds() {
    let mut total = Checked::default();
    for path in corpus() {
        let mut loaded = load_file(&path);
        loaded.tests.truncate(1);
        let test = &loaded.tests[0];
        let mut random = Random::new(7);
        let disturbed = random_hypothesis(&bounds(test), test.nodes.len(), &mut random);
        for hypothesis in [Hypothesis::default(), disturbed] {
            let checked = check(&loaded, &hypothesis, &mut total);
            checked.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }
    assert_eq!(total.refused, 0, "{total:?}");
    assert!(total.sends > 50 && total.absences > 20, "{total:?}");
}

#[test]
fn every_row_of_random_programs_has_a_derivation_that_holds() {
    let seeds = match std::env::var("BLOOM_SEEDS") {
        Ok(range) => {
            let (first, end) = range.split_once("..").expect("FIRST..END");
            first.parse().expect("a number")..end.parse().expect("a number")
        }
        Err(_) => 0..100,
    };
    let mut total = Checked::default();
    let mut programs = 0;
    for seed in seeds {
        let Ok(loaded) = load("random", &Deployment::random(seed).to_string()) else {
            continue;
        };
        let Some(test) = loaded.tests.first() else {
            continue;
        };
        let mut random = Random::new(seed);
        let hypothesis = random_hypothesis(&bounds(test), test.nodes.len(), &mut random);
        programs += 1;
        check(&loaded, &hypothesis, &mut total)
            .unwrap_or_else(|why| panic!("seed {seed}: {why}\n{}", Deployment::random(seed)));
    }
    assert!(
        programs > 50 && total.rules > 500 && total.joins > 5,
        "{programs}, {total:?}"
    );
    assert!(total.refused * 10 < total.facts, "{total:?}");
}

/// Whatever is told of a row that is not there is so: what is lacking is lacking, what is in the way is there.
fn judge_missing(history: &History, held: &Held, told: &Missing, count: &mut usize) {
    *count += 1;
    let rows = &held[&(told.what.moment, told.what.relation)];
    let fits = |row: &Row| {
        let mut columns = told.what.columns.iter().zip(row);
        columns.all(|(wanted, value)| wanted.as_ref().is_none_or(|w| w == value))
    };
    assert!(!rows.iter().any(fits), "{told:?} is there");
    for reason in &told.reasons {
        match reason {
            Reason::Was { row, span } => {
                assert!(fits(row) && span.last < told.what.moment.tick, "{reason:?}");
                let last = Moment {
                    tick: span.last,
                    ..told.what.moment
                };
                assert!(
                    held[&(last, told.what.relation)].contains(row),
                    "{reason:?}"
                );
            }
            Reason::Sent { row, by, .. } => {
                let (then, now) = (history.taken(*by).at, history.taken(told.what.moment).at);
                assert!(fits(row) && then < now, "{reason:?}");
            }
            Reason::NotGiven | Reason::Given { .. } => {}
            Reason::Rule { lacks, .. } => {
                for lack in lacks {
                    match lack {
                        Lack::Row(missing) => judge_missing(history, held, missing, count),
                        Lack::There(fact) => {
                            let rows = &held[&(fact.moment, fact.relation)];
                            assert!(rows.contains(&fact.row), "{fact:?}");
                        }
                        Lack::Condition(_) | Lack::Differs(_) => {}
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_told_of_missing_rows_of_random_programs_is_so() {
    let (mut asked, mut told) = (0, 0);
    for seed in 0..60 {
        let Ok(loaded) = load("random", &Deployment::random(seed).to_string()) else {
            continue;
        };
        let Some(test) = loaded.tests.first() else {
            continue;
        };
        let mut random = Random::new(seed);
        let hypothesis = random_hypothesis(&bounds(test), test.nodes.len(), &mut random);
        let (_, history) = reenact(&loaded.programs, test, &bounds(test), &hypothesis)
            .unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let held = held(&history);
        let mut explainer = Explainer::new(&history).expect("it started before");
        // Rows of one tick in another, in which they are not.
        for ((moment, relation), rows) in held.iter().filter(|_| random.chance(1, 6)) {
            let last = Moment {
                tick: history.last_tick(moment.life),
                ..*moment
            };
            for row in rows
                .iter()
                .filter(|row| !held[&(last, *relation)].contains(*row))
                .take(2)
            {
                let what = Absence {
                    moment: last,
                    relation: *relation,
                    columns: row.iter().cloned().map(Some).collect(),
                };
                asked += 1;
                judge_missing(&history, &held, &missing(&mut explainer, what), &mut told);
            }
        }
    }
    assert!(asked > 100 && told > asked, "{asked} asked, {told} told");
}
