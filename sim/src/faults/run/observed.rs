//! What the observers of a run see of it, and what of that breaks their specs.

use bloom_plan::plan::RelationId;
use bloom_plan::value::{Row, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{Claims, Run, Violation};
use crate::faults::circuit::Lit;
use crate::faults::histories::Histories;
use crate::faults::hypothesis::{Crash, Fault};
use crate::faults::limit::Limit;
use crate::shape::Words;
use crate::watch::{history_row, shown};

impl Run<'_> {
    /// Lets the observers look.
    pub(super) fn observe(&mut self, tick: u32) -> Result<(), Limit> {
        let is_last = tick == self.spec.eot;
        for place in 0..self.observers.len() {
            let observer = self.observers[place].0;
            if !is_last && observer.never.is_empty() && observer.history.is_empty() {
                continue;
            }
            let arrivals = self.seen(place, tick);
            let node = &mut self.observers[place].1;
            node.tick(&mut self.circuit, 0, arrivals)?;
            self.never(place, tick);
            self.see_history(place, tick);
            if is_last {
                self.claim(place, tick);
            }
        }
        Ok(())
    }

    /// What an observer sees of all nodes.
    fn seen(&mut self, place: usize, tick: u32) -> Vec<(RelationId, Words, Lit)> {
        let (observer, watch) = &mut self.observers[place];
        let mut arrivals = Vec::new();
        let mut add = |relation: &str, row: &Row, condition: Lit| {
            if let Some(id) = watch.relation(relation)
                && let Some(words) = watch.words(id, row)
                && condition != Lit::FALSE
            {
                arrivals.push((id, words, condition));
            }
        };
        for (number, node) in self.test.nodes.iter().enumerate() {
            let at = Value::Addr(node.name.clone());
            add(
                &observer.up,
                &vec![at.clone()],
                self.variables.up(number, tick),
            );
            let returned = self.variables.returns(number).iter();
            let returned = returned.filter(|(when, _)| *when <= tick);
            let still: Vec<Lit> = returned.map(|(_, returns)| !*returns).collect();
            for (fault, condition) in &self.variables.faults {
                if let Fault::Crash {
                    node: crashed,
                    tick: when,
                } = fault
                    && *crashed == number
                    && *when <= tick
                {
                    let row = vec![at.clone(), Value::Int(i64::from(*when))];
                    let is_down = still.iter().copied().chain([*condition]);
                    add(&observer.crashed, &row, self.circuit.and(is_down));
                }
            }
        }
        for life in self.lives.iter().filter(|life| life.from <= tick) {
            let named = &self.test.nodes[life.place];
            let at = Value::Addr(named.name.clone());
            // A node that only sends nothing any more is seen as it is.
            let visible = match self.spec.crash {
                Crash::Stop => life.is_lived(&self.variables, tick),
                Crash::Mute => Lit::TRUE,
            };
            for observed in &observer.observed {
                let of_kind = observed.sources.iter();
                for source in of_kind.filter(|source| source.kind == named.kind) {
                    let Some(relation) = life.node.relation(&source.collection) else {
                        continue;
                    };
                    for (row, condition) in life.node.rows(relation) {
                        let columns = source.columns.iter().map(|&c| row[c as usize].clone());
                        let row = std::iter::once(at.clone()).chain(columns).collect();
                        let condition = self.circuit.and([condition, visible]);
                        add(&observed.relation, &row, condition);
                    }
                }
            }
        }
        arrivals
    }

    /// Keeps this tick's rows of the relations that make a history.
    fn see_history(&mut self, place: usize, tick: u32) {
        let (observer, watch) = &self.observers[place];
        if observer.checkers.is_empty() {
            return;
        }
        let known = self.histories.iter().position(|h| h.spec == observer.spec);
        let known = known.unwrap_or_else(|| {
            self.histories.push(Histories {
                spec: observer.spec.clone(),
                checkers: observer.checkers.clone(),
                rows: Vec::new(),
                up: Vec::new(),
                last: self.spec.eot,
            });
            self.histories.len() - 1
        });
        let history = &mut self.histories[known];
        for (what, name) in &observer.history {
            let Some(relation) = watch.relation(name) else {
                continue;
            };
            let rows = watch.rows(relation).map(|(row, condition)| {
                let seen = history_row(watch.plan(), *what, relation, &row);
                (tick, seen, condition)
            });
            history.rows.extend(rows);
        }
        if tick == self.spec.eot {
            let nodes = self.test.nodes.iter().enumerate();
            let up =
                nodes.map(|(number, node)| (node.name.clone(), self.variables.up(number, tick)));
            history.up = up.collect();
        }
    }

    fn never(&mut self, place: usize, tick: u32) {
        let (observer, watch) = &self.observers[place];
        for name in &observer.never {
            let Some(relation) = watch.relation(name) else {
                continue;
            };
            for (row, condition) in watch.rows(relation) {
                self.violations.push(Violation {
                    spec: observer.spec.clone(),
                    what: format!("never {name}{}", shown(watch.plan(), relation, &row)),
                    condition,
                    tick,
                });
            }
        }
    }

    fn claim(&mut self, place: usize, tick: u32) {
        let (observer, watch) = &self.observers[place];
        let relation = |name: &Option<SmolStr>| watch.relation(name.as_deref()?);
        let Some(pre) = relation(&observer.pre) else {
            return;
        };
        let post = relation(&observer.post);
        let fulfilled: FxHashMap<Row, Lit> = match post {
            Some(post) => watch.rows(post).collect(),
            None => FxHashMap::default(),
        };
        let mut claims = Claims {
            spec: observer.spec.clone(),
            pre: Vec::new(),
            post: fulfilled.values().copied().collect(),
        };
        for (row, condition) in watch.rows(pre) {
            let there = fulfilled.get(&row).copied().unwrap_or(Lit::FALSE);
            claims.pre.push(condition);
            let broken = self.circuit.and([condition, !there]);
            if broken != Lit::FALSE {
                self.violations.push(Violation {
                    spec: observer.spec.clone(),
                    what: format!("post{}", shown(watch.plan(), pre, &row)),
                    condition: broken,
                    tick,
                });
            }
        }
        self.claims.push(claims);
    }
}
