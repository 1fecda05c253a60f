//! One node of the symbolic run: its relations from tick to tick.
//!
//! Everything here is under the assumption that the node is up: whoever looks at it from outside, as the network
//! and the observer do, adds that condition. So what a crash of the node itself changes costs no gate here.
//!
//! A tick has the phases of the runtime's: deferred changes and arrivals, strata, closing rules. A stratum that
//! is recursive is iterated from nothing, all rules at once, so that a row is derived only from rows of earlier
//! iterations and none supports itself. Under any one hypothesis each iteration but the last brings in a row that
//! was not there before, so there are no more of them than rows that were there in some iteration.

use std::sync::Arc;

use bloom_plan::plan::{Arrow, Plan, RelationId, RelationKind, Stratum, VersionId};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Interpreter, Program};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::shape::{Shape, Words};

use super::annotated::{FxIndexMap, Merging, Relation, Rows};
use super::body::{Derivation, fire};
use super::circuit::{Circuit, GATES_MAX, Lit};
use super::limit::Limit;
use super::supported::supported;

/// Rows of a recursive stratum past which a search gives up.
const RECURSIVE_ROWS_MAX: usize = 20_000;

/// How often a recursive stratum may be iterated.
const ITERATIONS_MAX: usize = 4_000;

/// A row that leaves the node by `<~`.
#[derive(Debug)]
pub struct Send {
    pub relation: RelationId,
    pub words: Words,
    pub condition: Lit,
}

#[derive(Debug)]
pub struct Node {
    pub name: SmolStr,
    plan: Arc<Plan>,
    interpreter: Interpreter,
    shapes: Vec<Shape>,
    relations: Vec<Relation>,
    /// What is there when the next tick starts, before anything arrives.
    earlier: Vec<Rows>,
    /// By stratum, the relations that it derives.
    heads: Vec<Vec<RelationId>>,
    ticks: u32,
    /// It began with what was on its disk, so that nothing is written there for a first time.
    restored: bool,
}

/// What the disk of a node holds: the rows of its durable tables.
pub type Disk = Vec<(RelationId, Vec<(Row, Lit)>)>;

impl Node {
    pub fn start(
        name: &SmolStr,
        program: &Arc<Program>,
        parameters: &[Value],
    ) -> Result<Node, Limit> {
        let plan = Arc::clone(program.plan());
        supported(&plan)?;
        let interpreter = interpreter(name, program, parameters)?;
        Ok(Node {
            name: name.clone(),
            interpreter,
            shapes: plan.relations.iter().map(Shape::new).collect(),
            relations: plan.relations.iter().map(|_| Relation::default()).collect(),
            earlier: plan.relations.iter().map(|_| Rows::default()).collect(),
            heads: plan
                .strata
                .iter()
                .map(|stratum| heads(&plan, stratum))
                .collect(),
            plan,
            ticks: 0,
            restored: false,
        })
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn relation(&self, name: &str) -> Option<RelationId> {
        let place = self.plan.relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// The periods of its timers, in nanoseconds.
    pub fn periods(&self) -> impl Iterator<Item = (RelationId, i64)> + '_ {
        periods(&self.plan, &self.interpreter)
    }

    /// The words of a row from elsewhere; none if it does not fit, so that the runtime refuses it.
    pub fn words(&mut self, relation: RelationId, row: &Row) -> Option<Words> {
        let words = self.interpreter.words(relation, row).ok()?;
        Some(words.into())
    }

    /// The rows of the tick that has run.
    pub fn rows(&self, relation: RelationId) -> impl Iterator<Item = (Row, Lit)> + '_ {
        let rows = self.relations[relation.0 as usize].rows().iter();
        rows.map(move |(words, &condition)| (self.interpreter.row(relation, words), condition))
    }

    pub fn row(&self, relation: RelationId, words: &[u64]) -> Row {
        self.interpreter.row(relation, words)
    }

    /// Gives a relation these rows, from the next tick on for those that last.
    pub fn load(&mut self, relation: RelationId, rows: Rows) {
        self.earlier[relation.0 as usize] = rows;
    }

    /// What is on its disk when the tick that has run is over.
    pub fn disk(&self) -> Disk {
        let durable = RelationKind::Table { durable: true };
        let relations = (0..).map(RelationId).zip(&self.plan.relations);
        let tables = relations.filter(|(_, relation)| relation.kind == durable);
        let rows = |id: RelationId| {
            let rows = self.earlier[id.0 as usize].iter();
            rows.map(move |(words, &condition)| (self.row(id, words), condition))
        };
        tables.map(|(id, _)| (id, rows(id).collect())).collect()
    }

    /// Begins with what the disk of an earlier life held: one of these, each where its condition holds.
    pub fn restore(&mut self, circuit: &mut Circuit, disks: &[(Lit, &Disk)]) {
        self.restored = true;
        for (held, disk) in disks {
            for (id, rows) in *disk {
                for (row, condition) in rows {
                    let Some(words) = self.words(*id, row) else {
                        continue;
                    };
                    let condition = circuit.and([*held, *condition]);
                    let there = self.earlier[id.0 as usize].entry(words);
                    let there = there.or_insert(Lit::FALSE);
                    *there = circuit.or([*there, condition]);
                }
            }
        }
        for rows in &mut self.earlier {
            rows.retain(|_, condition| *condition != Lit::FALSE);
        }
    }

    /// Runs one tick and gives what leaves the node.
    pub fn tick(
        &mut self,
        circuit: &mut Circuit,
        now: i64,
        arrivals: Vec<(RelationId, Words, Lit)>,
    ) -> Result<Vec<Send>, Limit> {
        self.interpreter.set_now(now);
        self.ticks += 1;
        let mut new: Vec<Vec<(Words, Lit)>> = vec![Vec::new(); self.relations.len()];
        for (relation, words, condition) in arrivals {
            new[relation.0 as usize].push((words, condition));
        }
        let derived: Vec<RelationId> = self.heads.iter().flatten().copied().collect();
        for (place, arrived) in new.iter().enumerate() {
            if !derived.contains(&RelationId(place as u32)) {
                self.merge(circuit, place, arrived, &[])?;
            }
        }
        for stratum in 0..self.heads.len() {
            if self.only_keeps(stratum) {
                continue;
            }
            self.stratum(circuit, stratum, &new)?;
            if circuit.gates().len() > GATES_MAX {
                return Err(Limit::Gates(self.name.clone()));
            }
        }
        let mut closing = Vec::new();
        let plan = Arc::clone(&self.plan);
        // What the engine keeps of rules from tick to tick is derived at once here.
        let standing = plan.standing.iter().map(|standing| standing.version);
        for version in plan.closing.iter().copied().chain(standing) {
            self.fire(circuit, version, &mut closing)?;
        }
        self.close(circuit, closing)
    }

    /// Whether the relation is where the engine keeps what a closing rule derives.
    pub fn is_kept(&self, relation: RelationId) -> bool {
        let mut standing = self.plan.standing.iter();
        standing.any(|standing| standing.relation == relation)
    }

    fn only_keeps(&self, stratum: usize) -> bool {
        self.heads[stratum].iter().all(|&head| self.is_kept(head))
    }

    fn fire(
        &mut self,
        circuit: &mut Circuit,
        version: VersionId,
        derived: &mut Vec<Derivation>,
    ) -> Result<(), Limit> {
        let rule = self.plan.versions[version.0 as usize].rule;
        let rule = &self.plan.rules[rule.0 as usize];
        let head = self.plan.relations[rule.head.0 as usize].kind;
        let is_kept = self.restored && head == RelationKind::Table { durable: true };
        if rule.bootstrap && (self.ticks > 1 || is_kept) {
            return Ok(());
        }
        fire(
            circuit,
            &mut self.interpreter,
            &mut self.relations,
            version,
            derived,
        )
    }

    /// Gives a relation what was there before, merged with what is new. Whether that changed it.
    fn merge(
        &mut self,
        circuit: &mut Circuit,
        place: usize,
        arrived: &[(Words, Lit)],
        derived: &[(Words, Lit)],
    ) -> Result<bool, Limit> {
        let mut merging = Merging {
            circuit,
            interpreter: &mut self.interpreter,
        };
        let new = arrived.iter().chain(derived).cloned();
        let rows = merging.merge(&self.shapes[place], &self.earlier[place], new)?;
        let changed = rows != *self.relations[place].rows();
        self.relations[place].replace(rows);
        Ok(changed)
    }

    fn stratum(
        &mut self,
        circuit: &mut Circuit,
        number: usize,
        new: &[Vec<(Words, Lit)>],
    ) -> Result<(), Limit> {
        let plan = Arc::clone(&self.plan);
        let stratum = &plan.strata[number];
        let heads = self.heads[number].clone();
        for head in &heads {
            self.merge(circuit, head.0 as usize, &new[head.0 as usize], &[])?;
        }
        let mut ever: FxHashSet<(RelationId, Words)> = FxHashSet::default();
        for iteration in 0.. {
            let mut derived = Vec::new();
            for &version in &stratum.initial {
                self.fire(circuit, version, &mut derived)?;
            }
            let mut by_relation: FxIndexMap<RelationId, Vec<(Words, Lit)>> = FxIndexMap::default();
            for derivation in derived {
                let rows = by_relation.entry(derivation.relation).or_default();
                rows.push((derivation.row(), derivation.condition));
            }
            let mut changed = false;
            for head in &heads {
                let place = head.0 as usize;
                let derived = by_relation.get(head).map_or(&[][..], Vec::as_slice);
                if !stratum.recursive.is_empty() {
                    self.check_conflicts(circuit, place, &new[place], derived)?;
                }
                changed |= self.merge(circuit, place, &new[place], derived)?;
            }
            if stratum.recursive.is_empty() || !changed {
                return Ok(());
            }
            // Of a lattice column, values that were outgrown are counted too: the climb took its iterations.
            for &head in &heads {
                let rows = self.relations[head.0 as usize].rows().keys();
                ever.extend(rows.map(|row| (head, row.clone())));
            }
            self.check_size(&heads, ever.len(), iteration)?;
            if iteration > ever.len() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// In a recursion a key gets one value: of two, none would merge, and what the one that came first led to
    /// would be gone.
    fn check_conflicts(
        &self,
        circuit: &mut Circuit,
        place: usize,
        arrived: &[(Words, Lit)],
        derived: &[(Words, Lit)],
    ) -> Result<(), Limit> {
        let shape = &self.shapes[place];
        if shape.plain.is_empty() {
            return Ok(());
        }
        let mut stored: FxHashMap<Words, Vec<Lit>> = FxHashMap::default();
        for (row, &condition) in &self.earlier[place] {
            let of_key = stored.entry(shape.key(row)).or_default();
            of_key.push(!condition);
        }
        let mut values: FxIndexMap<Words, Vec<(&Words, Lit)>> = FxIndexMap::default();
        for (row, condition) in arrived.iter().chain(derived) {
            let key = shape.key(row);
            let others = values.entry(key.clone()).or_default();
            let differs = |(other, _): &&(&Words, Lit)| !shape.same_plain(other, row);
            for &(_, there) in others.iter().filter(differs) {
                // Where the key has a value from before, that stays.
                let unstored = stored.get(&key).into_iter().flatten().copied();
                let all = unstored.chain([there, *condition]);
                if circuit.and(all) != Lit::FALSE {
                    return Err(Limit::Conflict(shape.name.clone()));
                }
            }
            others.push((row, *condition));
        }
        Ok(())
    }

    fn check_size(&self, heads: &[RelationId], rows: usize, iteration: usize) -> Result<(), Limit> {
        let name = |head: RelationId| self.plan.relations[head.0 as usize].name.clone();
        if rows > RECURSIVE_ROWS_MAX || iteration > ITERATIONS_MAX {
            return Err(Limit::Rows {
                node: self.name.clone(),
                relation: name(heads[0]),
                max: RECURSIVE_ROWS_MAX,
            });
        }
        Ok(())
    }

    /// Applies what `<+`, `<-` and `<+-` derived, for the next tick, and hands out what `<~` did.
    fn close(
        &mut self,
        circuit: &mut Circuit,
        closing: Vec<Derivation>,
    ) -> Result<Vec<Send>, Limit> {
        let mut sends = Vec::new();
        let mut deferred: Vec<Deferred> =
            self.relations.iter().map(|_| Deferred::default()).collect();
        for derivation in closing {
            let place = derivation.relation.0 as usize;
            let condition = derivation.condition;
            match derivation.arrow {
                Arrow::Merge => {}
                Arrow::Deferred => deferred[place].merges.push((derivation.row(), condition)),
                Arrow::Upsert => deferred[place].upserts.push((derivation.row(), condition)),
                Arrow::Delete => deferred[place]
                    .deletes
                    .push((derivation.columns, condition)),
                Arrow::Async => sends.push(Send {
                    relation: derivation.relation,
                    words: derivation.row(),
                    condition,
                }),
            }
        }
        for (place, deferred) in deferred.into_iter().enumerate() {
            let kept = match is_of_a_tick(self.plan.relations[place].kind) {
                true => Rows::default(),
                false => deferred.kept(circuit, self.relations[place].rows()),
            };
            let mut merging = Merging {
                circuit,
                interpreter: &mut self.interpreter,
            };
            let shape = &self.shapes[place];
            self.earlier[place] =
                merging.advance(shape, &kept, deferred.merges, deferred.upserts)?;
        }
        Ok(sends)
    }
}

/// What the closing rules of a tick derived for one relation.
#[derive(Default)]
struct Deferred {
    merges: Vec<(Words, Lit)>,
    upserts: Vec<(Words, Lit)>,
    deletes: Vec<(Vec<Option<u64>>, Lit)>,
}

impl Deferred {
    /// The rows less those that are deleted.
    fn kept(&self, circuit: &mut Circuit, now: &Rows) -> Rows {
        if self.deletes.is_empty() {
            return now.clone();
        }
        let mut kept = Rows::default();
        for (row, &condition) in now {
            let matches = |(given, _): &&(Vec<Option<u64>>, Lit)| {
                let columns = given.iter().zip(row.iter());
                columns
                    .into_iter()
                    .all(|(given, word)| given.is_none_or(|g| g == *word))
            };
            let spared = self.deletes.iter().filter(matches).map(|(_, c)| !*c);
            let stays = circuit.and(spared.collect::<Vec<_>>().into_iter().chain([condition]));
            if stays != Lit::FALSE {
                kept.insert(row.clone(), stays);
            }
        }
        kept
    }
}

fn interpreter(
    name: &SmolStr,
    program: &Arc<Program>,
    parameters: &[Value],
) -> Result<Interpreter, Limit> {
    let interpreter = Interpreter::new(program, name, parameters);
    interpreter.map_err(|error| Limit::Start {
        node: name.clone(),
        error: error.to_string(),
    })
}

/// The periods of a node's timers, without the node.
pub fn timers(
    name: &SmolStr,
    program: &Arc<Program>,
    parameters: &[Value],
) -> Result<Vec<i64>, Limit> {
    let interpreter = interpreter(name, program, parameters)?;
    let periods = periods(program.plan(), &interpreter);
    Ok(periods.map(|(_, every)| every).collect())
}

fn periods<'p>(
    plan: &'p Plan,
    interpreter: &'p Interpreter,
) -> impl Iterator<Item = (RelationId, i64)> + 'p {
    let relations = (0..).map(RelationId).zip(&plan.relations);
    relations.filter_map(|(id, relation)| match relation.kind {
        RelationKind::Periodic { every } => Some((id, interpreter.constant(every).cast_signed())),
        _ => None,
    })
}

fn heads(plan: &Plan, stratum: &Stratum) -> Vec<RelationId> {
    let mut heads = Vec::new();
    for version in &stratum.initial {
        let rule = plan.versions[version.0 as usize].rule;
        let head = plan.rules[rule.0 as usize].head;
        if !heads.contains(&head) {
            heads.push(head);
        }
    }
    heads
}

/// Whether rows live for one tick. Those of `alive` do here: they are given anew each tick.
fn is_of_a_tick(kind: RelationKind) -> bool {
    kind == RelationKind::Alive || kind.is_transient()
}
