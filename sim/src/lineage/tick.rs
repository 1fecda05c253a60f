//! One tick evaluated again, rule by rule, with every derivation kept: from what was there before and what arrived
//! to what the node of production held at its end.
//!
//! Invariant: an evaluation whose collections end otherwise than those of the node is an error, never an answer; so
//! whatever is read off an evaluation is of the run itself.

mod base;

use std::fmt;
use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId, RelationKind, RuleId, VersionId};
use bloom_plan::types::TypeId;
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Input, Interpreter};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::chance::Chance;
use crate::shape::{Shape, Words};

use super::contents::Contents;
use super::firing::{Derivation, Stop, fire};
use super::history::{History, Life, Moment};
use base::{Base, base};

/// Iterations of a fixpoint past which an evaluation gives up.
const ITERATIONS_MAX: u32 = 100_000;

/// Why a tick cannot be explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    TooLarge {
        moment: Moment,
    },
    /// Chance decides what a rule looks for.
    Chance {
        rule: SmolStr,
    },
    /// The evaluation ended otherwise than the run.
    Differs {
        moment: Moment,
        collection: SmolStr,
    },
    Start(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::TooLarge { moment } => {
                write!(
                    f,
                    "tick {} derives too much to be looked through",
                    moment.tick
                )
            }
            Trouble::Chance { rule } => {
                write!(
                    f,
                    "chance decides what the rule at {rule} looks for, which is not recorded"
                )
            }
            Trouble::Differs { moment, collection } => write!(
                f,
                "tick {} cannot be explained: `{collection}` is not what its rules give by themselves, as after key conflicts",
                moment.tick
            ),
            Trouble::Start(why) => f.write_str(why),
        }
    }
}

/// The derivations of a tick.
#[derive(Debug, Default)]
pub struct Evaluated {
    pub derivations: Vec<Derivation>,
    /// By head and key of its row, those of `<=`.
    merges: FxHashMap<(RelationId, Words), Vec<u32>>,
    /// By head, those of other arrows.
    closing: FxHashMap<RelationId, Vec<u32>>,
}

impl Evaluated {
    pub fn merges(&self, head: RelationId, key: &[u64]) -> impl Iterator<Item = &Derivation> {
        let places = self.merges.get(&(head, key.into())).into_iter().flatten();
        places.map(|&place| &self.derivations[place as usize])
    }

    pub fn closing(&self, head: RelationId) -> impl Iterator<Item = &Derivation> {
        let places = self.closing.get(&head).into_iter().flatten();
        places.map(|&place| &self.derivations[place as usize])
    }
}

/// Evaluates the ticks of one life.
#[derive(Debug)]
pub struct Evaluator {
    life: usize,
    plan: Arc<Plan>,
    pub interpreter: Interpreter,
    chance: Chance,
    pub shapes: Vec<Shape>,
    /// By stratum, the relations that it derives.
    heads: Vec<Vec<RelationId>>,
    restored: bool,
}

impl Evaluator {
    pub fn new(number: usize, life: &Life) -> Result<Evaluator, Trouble> {
        let plan = Arc::clone(life.program.plan());
        let interpreter = Interpreter::begin(&life.program, &life.config)
            .map_err(|error| Trouble::Start(error.to_string()))?;
        Ok(Evaluator {
            life: number,
            interpreter,
            chance: Chance::of(&plan),
            shapes: plan.relations.iter().map(Shape::new).collect(),
            heads: heads(&plan),
            restored: life.config.durable.is_some(),
            plan,
        })
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The words of a row that a node took in or held.
    pub fn words(&mut self, relation: RelationId, row: &Row) -> Option<Words> {
        let words = self.interpreter.words(relation, row).ok()?;
        Some(words.into())
    }

    pub fn row(&self, relation: RelationId, words: &[u64]) -> Row {
        self.interpreter.row(relation, words)
    }

    pub fn value(&self, ty: TypeId, word: u64) -> Option<Value> {
        Some(self.interpreter.value(ty, word))
    }

    /// Whether the relation is one in which the engine keeps what a closing rule derives.
    pub fn is_kept(&self, relation: RelationId) -> bool {
        self.plan.standing.iter().any(|s| s.relation == relation)
    }

    /// Whether rules derive rows of it by `<=`.
    pub fn is_derived(&self, relation: RelationId) -> bool {
        self.heads.iter().flatten().any(|&head| head == relation)
    }

    fn is_due(&self, rule: RuleId, tick: u64) -> bool {
        let rule = &self.plan.rules[rule.0 as usize];
        let head = self.plan.relations[rule.head.0 as usize].kind;
        let is_durable = head == RelationKind::Table { durable: true };
        !rule.bootstrap || tick == 1 && !(self.restored && is_durable)
    }

    /// All derivations of a tick.
    pub fn evaluate(&mut self, history: &History, tick: u64) -> Result<Evaluated, Trouble> {
        let moment = Moment {
            life: self.life,
            tick,
        };
        let input = &history.taken(moment).input;
        self.interpreter.set_now(input.now);
        let mut work = Work {
            moment,
            contents: self.shapes.iter().map(|_| Contents::default()).collect(),
            base: FxHashMap::default(),
            evaluated: Evaluated::default(),
        };
        self.load(history, moment, input, &mut work);
        let plan = Arc::clone(&self.plan);
        for place in 0..plan.strata.len() {
            let only_keeps = self.heads[place].iter().all(|&head| self.is_kept(head));
            if !only_keeps {
                self.stratum(place, &mut work)?;
            }
        }
        self.compare(history, &work)?;
        let standing = plan.standing.iter().map(|standing| standing.version);
        let mut derived = Vec::new();
        for version in plan.closing.iter().copied().chain(standing) {
            self.fire(version, 0, &mut work, &mut derived)?;
        }
        for derivation in derived {
            let place = work.evaluated.derivations.len() as u32;
            let of_head = work.evaluated.closing.entry(derivation.head).or_default();
            of_head.push(place);
            work.evaluated.derivations.push(derivation);
        }
        Ok(work.evaluated)
    }

    fn fire(
        &mut self,
        version: VersionId,
        iteration: u32,
        work: &mut Work,
        derived: &mut Vec<Derivation>,
    ) -> Result<(), Trouble> {
        let rule = self.plan.versions[version.0 as usize].rule;
        if !self.is_due(rule, work.moment.tick) {
            return Ok(());
        }
        let (interpreter, contents) = (&mut self.interpreter, &mut work.contents);
        let fired = fire(
            &self.chance,
            interpreter,
            contents,
            version,
            iteration,
            derived,
        );
        fired.map_err(|stop| match stop {
            Stop::TooMany => Trouble::TooLarge {
                moment: work.moment,
            },
            Stop::Chance(rule) => Trouble::Chance {
                rule: self.plan.rules[rule.0 as usize].at.clone(),
            },
        })
    }

    /// What is there before rules run: of what no rule derives, what the node held; of the rest, what was there
    /// before and what arrived.
    fn load(&mut self, history: &History, moment: Moment, input: &Input, work: &mut Work) {
        for id in (0..self.shapes.len() as u32).map(RelationId) {
            if self.is_derived(id) && !self.is_kept(id) {
                let rows = base(history, self, moment, id, input);
                work.base.insert(id, rows);
                continue;
            }
            let rows: Vec<Row> = history.rows(moment, id).cloned().collect();
            for row in rows {
                if let Some(words) = self.words(id, &row) {
                    work.contents[id.0 as usize].put(&self.shapes[id.0 as usize], words, 0);
                }
            }
        }
    }

    fn stratum(&mut self, number: usize, work: &mut Work) -> Result<(), Trouble> {
        let plan = Arc::clone(&self.plan);
        let stratum = &plan.strata[number];
        let heads = self.heads[number].clone();
        let is_recursive = !stratum.recursive.is_empty();
        for &head in &heads {
            let base = work.base.remove(&head).unwrap_or_default();
            if is_recursive {
                self.settle(head, base.earlier, base.arrived, 0, work);
            } else {
                work.base.insert(head, base);
            }
        }
        // Rules of a stratum that is not recursive read none of its heads but as they were found.
        let mut derived = Vec::new();
        for &version in &stratum.initial {
            self.fire(version, 0, work, &mut derived)?;
        }
        let mut iteration = 0;
        let mut seen: FxHashSet<u64> = FxHashSet::default();
        loop {
            let mut by_head: FxHashMap<RelationId, Vec<Words>> = FxHashMap::default();
            for derivation in derived.drain(..) {
                if is_recursive && !seen.insert(fingerprint(&derivation)) {
                    continue;
                }
                for row in self.rows_of(&derivation, work) {
                    by_head
                        .entry(derivation.head)
                        .or_default()
                        .push(row.clone());
                    self.note(derivation.clone(), row, work);
                }
            }
            iteration += 1;
            let mut changed = false;
            for &head in &heads {
                let new = by_head.remove(&head).unwrap_or_default();
                let base = work.base.remove(&head).unwrap_or_default();
                let arrived = base.arrived.into_iter().chain(new).collect();
                changed |= self.settle(head, base.earlier, arrived, iteration, work);
            }
            if !is_recursive || !changed {
                return Ok(());
            }
            if iteration > ITERATIONS_MAX {
                return Err(Trouble::TooLarge {
                    moment: work.moment,
                });
            }
            for &version in &stratum.recursive {
                self.fire(version, iteration, work, &mut derived)?;
            }
        }
    }

    /// The rows that a derivation stands for: of one that chance decides, those that the run has.
    fn rows_of(&self, derivation: &Derivation, work: &Work) -> Vec<Words> {
        if let Some(row) = derivation
            .columns
            .iter()
            .copied()
            .collect::<Option<Words>>()
        {
            return vec![row];
        }
        let held = work.base.get(&derivation.head).map(|base| &base.held);
        let fits = |row: &&Words| {
            let given = derivation.columns.iter().zip(row.iter());
            given
                .into_iter()
                .all(|(given, word)| given.is_none_or(|g| g == *word))
        };
        held.into_iter().flatten().filter(fits).cloned().collect()
    }

    fn note(&self, mut derivation: Derivation, row: Words, work: &mut Work) {
        let head = derivation.head;
        let key = self.shapes[head.0 as usize].key(&row);
        derivation.columns = row.iter().copied().map(Some).collect();
        let place = work.evaluated.derivations.len() as u32;
        work.evaluated.derivations.push(derivation);
        work.evaluated
            .merges
            .entry((head, key))
            .or_default()
            .push(place);
    }

    /// Merges new rows with those of the same keys. Whether something changed.
    fn settle(
        &mut self,
        head: RelationId,
        earlier: Vec<Words>,
        new: Vec<Words>,
        iteration: u32,
        work: &mut Work,
    ) -> bool {
        let shape = &self.shapes[head.0 as usize];
        let contents = &mut work.contents[head.0 as usize];
        for row in earlier {
            contents.put(shape, row, 0);
        }
        let mut keys: indexmap::IndexMap<Words, Vec<Words>, rustc_hash::FxBuildHasher> =
            indexmap::IndexMap::default();
        for row in new {
            keys.entry(shape.key(&row)).or_default().push(row);
        }
        let mut changed = false;
        for rows in keys.into_values() {
            let there = contents.of_key(shape, &rows[0]).cloned();
            let first = there.clone().unwrap_or_else(|| rows[0].clone());
            // Of unequal values none merges.
            if !rows.iter().all(|row| shape.same_plain(row, &first)) {
                continue;
            }
            let joined = rows.iter().try_fold(first, |joined, row| {
                shape.join(&mut self.interpreter, &joined, row)
            });
            let Ok(joined) = joined else { continue };
            if there.as_ref() != Some(&joined) {
                contents.put(shape, joined, iteration);
                changed = true;
            }
        }
        changed
    }

    /// Holds the evaluation to what the node held.
    fn compare(&mut self, history: &History, work: &Work) -> Result<(), Trouble> {
        for id in self.heads.clone().into_iter().flatten() {
            if self.is_kept(id) {
                continue;
            }
            let held = history.rows(work.moment, id);
            let held: FxHashSet<Words> = held
                .cloned()
                .collect::<Vec<Row>>()
                .iter()
                .filter_map(|row| self.words(id, row))
                .collect();
            let own: FxHashSet<Words> = work.contents[id.0 as usize].rows().cloned().collect();
            if held != own {
                return Err(Trouble::Differs {
                    moment: work.moment,
                    collection: self.plan.relations[id.0 as usize].name.clone(),
                });
            }
        }
        Ok(())
    }
}

struct Work {
    moment: Moment,
    contents: Vec<Contents>,
    base: FxHashMap<RelationId, Base>,
    evaluated: Evaluated,
}

fn heads(plan: &Plan) -> Vec<Vec<RelationId>> {
    let of_stratum = |versions: &[VersionId]| {
        let mut heads = Vec::new();
        for version in versions {
            let rule = &plan.rules[plan.versions[version.0 as usize].rule.0 as usize];
            if !heads.contains(&rule.head) {
                heads.push(rule.head);
            }
        }
        heads
    };
    plan.strata
        .iter()
        .map(|stratum| of_stratum(&stratum.initial))
        .collect()
}

fn fingerprint(derivation: &Derivation) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    derivation.rule.hash(&mut hasher);
    derivation.columns.hash(&mut hasher);
    derivation.body.hash(&mut hasher);
    hasher.finish()
}
