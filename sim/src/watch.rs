//! Observers: the specs of a test, as nodes of their own that look at all others after each tick.
//!
//! An observer has no part in the run. What it sees, and so what it says, follows from the rows that nodes hold.

use bloom_plan::display;
use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::testing::{HistoryRelation, Observer};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Node, OnConflict};
use smol_str::SmolStr;

use crate::history::recorder::{Recorder, Seen};
use crate::machine::{Kinds, Machine};
use crate::world::World;

/// What breaks a spec: the spec, the row or what a checker says, and the tick in which it shows.
pub type Broken = (SmolStr, String, u32);

/// A running observer.
#[derive(Debug)]
pub struct Watch<'o, N = Node> {
    observer: &'o Observer,
    node: N,
    plan: Plan,
    recorder: Recorder,
    /// Names of the nodes that were up in the last tick.
    up: Vec<SmolStr>,
}

impl<'o, N: Machine> Watch<'o, N> {
    pub fn start(
        programs: &impl Kinds<Node = N>,
        observer: &'o Observer,
    ) -> Result<Watch<'o, N>, String> {
        let config = Config {
            address: observer.kind.clone(),
            on_conflict: OnConflict::Continue,
            ..Config::default()
        };
        let plan = programs.plan(&observer.kind);
        let plan = plan.ok_or_else(|| format!("spec `{}` has no plan", observer.spec))?;
        Ok(Watch {
            observer,
            node: programs.start(&observer.kind, config)?,
            plan: plan.clone(),
            recorder: Recorder::default(),
            up: Vec::new(),
        })
    }

    /// Whether only the last tick matters.
    pub fn looks_at_the_end(&self) -> bool {
        self.observer.never.is_empty() && self.observer.history.is_empty()
    }

    /// Looks at all nodes after a tick, and tells what must never be. `crashed` says of a node since when it is
    /// down, if it is.
    pub fn look<K: Kinds>(
        &mut self,
        world: &World<'_, K>,
        crashed: &dyn Fn(usize) -> Option<u32>,
        tick: u32,
    ) -> Result<Vec<Broken>, String> {
        let rows = self.seen(world, crashed)?;
        let output = self.node.step(Input {
            rows,
            ..Input::default()
        });
        if let Some(stopped) = output.stopped {
            return Err(format!("spec `{}`: {stopped}", self.observer.spec));
        }
        let rows = self.history_rows();
        self.recorder.see(tick, rows);
        let mut broken = Vec::new();
        for name in &self.observer.never {
            let Some(relation) = self.relation(name) else {
                continue;
            };
            for row in self.node.rows(relation) {
                let what = format!("never {name}{}", shown(&self.plan, relation, &row));
                broken.push((self.observer.spec.clone(), what, tick));
            }
        }
        Ok(broken)
    }

    /// What is wrong at the end of a run, after the last look.
    pub fn finish(&self, tick: u32) -> Result<Vec<Broken>, String> {
        let mut broken = Vec::new();
        let named = |name: &Option<SmolStr>| self.relation(name.as_deref()?);
        if let Some(pre) = named(&self.observer.pre) {
            let post = named(&self.observer.post);
            let post = post.map(|post| self.node.rows(post)).unwrap_or_default();
            let lacking = self.node.rows(pre).into_iter();
            let lacking = lacking.filter(|row| !post.contains(row));
            broken.extend(lacking.map(|row| format!("post{}", shown(&self.plan, pre, &row))));
        }
        let last = match self.observer.checkers.is_empty() {
            true => Vec::new(),
            false => self.history_rows(),
        };
        for &checker in &self.observer.checkers {
            let found = self.recorder.broken(checker, &last, &self.up);
            broken.extend(found.map_err(|why| format!("spec `{}`: {why}", self.observer.spec))?);
        }
        let spec = &self.observer.spec;
        Ok(broken
            .into_iter()
            .map(|what| (spec.clone(), what, tick))
            .collect())
    }

    /// The rows of `pre` and `post`, where the spec has them: what it speaks of in the last tick.
    pub fn claims(&self) -> Option<(Vec<Row>, Vec<Row>)> {
        let rows = |name: &Option<SmolStr>| {
            let relation = self.relation(name.as_deref()?)?;
            Some(self.node.rows(relation))
        };
        Some((
            rows(&self.observer.pre)?,
            rows(&self.observer.post).unwrap_or_default(),
        ))
    }

    fn relation(&self, name: &str) -> Option<RelationId> {
        let place = self.plan.relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// This tick's rows of the relations that make the history.
    fn history_rows(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for (what, name) in &self.observer.history {
            let Some(relation) = self.relation(name) else {
                continue;
            };
            let rows = self.node.rows(relation).into_iter();
            seen.extend(rows.map(|row| history_row(&self.plan, *what, relation, &row)));
        }
        seen
    }

    fn seen<K: Kinds>(
        &mut self,
        world: &World<'_, K>,
        crashed: &dyn Fn(usize) -> Option<u32>,
    ) -> Result<Vec<(RelationId, Row)>, String> {
        let mut seen = Vec::new();
        let mut add = |relation: Option<RelationId>, row: Row| {
            seen.extend(relation.map(|relation| (relation, row)));
        };
        let mut up = Vec::new();
        let (is_up, is_down) = (
            self.relation(&self.observer.up),
            self.relation(&self.observer.crashed),
        );
        for number in world.all() {
            let name = world.name(number);
            let at = Value::Addr(name.clone());
            match crashed(number) {
                Some(when) => add(is_down, vec![at.clone(), Value::Int(i64::from(when))]),
                None => {
                    add(is_up, vec![at.clone()]);
                    up.push(name.clone());
                }
            }
            if !world.is_up(number) {
                continue;
            }
            for observed in &self.observer.observed {
                let relation = self.relation(&observed.relation);
                let of_kind = observed.sources.iter();
                for source in of_kind.filter(|source| source.kind == *world.kind(number)) {
                    // What lives for a tick is gone where there was none.
                    let plan = world.plan(number);
                    let mut named = plan
                        .relations
                        .iter()
                        .filter(|r| r.name == source.collection);
                    let is_gone = named.any(|relation| relation.kind.is_transient());
                    if is_gone && !world.has_just_ticked(number) {
                        continue;
                    }
                    for row in world.rows(number, &source.collection)? {
                        let columns = source.columns.iter().map(|&c| row[c as usize].clone());
                        add(
                            relation,
                            std::iter::once(at.clone()).chain(columns).collect(),
                        );
                    }
                }
            }
        }
        self.up = up;
        Ok(seen)
    }
}

/// A row of a relation that makes the history, as the recorder takes it.
pub fn history_row(plan: &Plan, what: HistoryRelation, relation: RelationId, row: &Row) -> Seen {
    let columns = plan.relations[relation.0 as usize].columns.iter();
    let texts = columns.zip(row).map(|(column, value)| match value {
        // Processes are nodes most often.
        Value::Addr(name) => name.clone(),
        value => display::value(&plan.types, column.ty, value)
            .to_string()
            .into(),
    });
    (what, texts.collect())
}

/// A row as reports have it: `(c, hello)`.
pub fn shown(plan: &Plan, relation: RelationId, row: &Row) -> String {
    let columns = plan.relations[relation.0 as usize].columns.iter();
    let values = columns.zip(row).map(|(column, value)| match value {
        Value::String(text) | Value::Addr(text) => text.to_string(),
        _ => display::value(&plan.types, column.ty, value).to_string(),
    });
    format!("({})", values.collect::<Vec<_>>().join(", "))
}
