//! Why a fact holds: every way in which it came about, each with what it rests on.
//!
//! A row that stays is explained in the tick in which it came; one that lives for a tick, in that tick. A row with
//! lattice columns is a join: of its contributions a smallest set that gives the whole value is taken.

mod fact;
mod given;

use std::rc::Rc;

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use rustc_hash::FxHashMap;

pub use fact::{Absence, Edge, Fact, Fired, Given, How, Premise};

use super::firing::{Derivation, Literal};
use super::history::{History, Moment, Span};
use super::tick::{Evaluated, Evaluator, Trouble};
use crate::shape::Words;

/// Explains facts of one history.
pub struct Explainer<'h> {
    history: &'h History,
    evaluators: Vec<Evaluator>,
    evaluated: FxHashMap<Moment, Rc<Evaluated>>,
}

impl<'h> Explainer<'h> {
    pub fn new(history: &'h History) -> Result<Explainer<'h>, Trouble> {
        let lives = history.lives();
        let evaluators = lives.map(|(number, life)| Evaluator::new(number, life));
        Ok(Explainer {
            history,
            evaluators: evaluators.collect::<Result<_, _>>()?,
            evaluated: FxHashMap::default(),
        })
    }

    pub fn history(&self) -> &'h History {
        self.history
    }

    pub fn evaluator(&mut self, life: usize) -> &mut Evaluator {
        &mut self.evaluators[life]
    }

    fn evaluated(&mut self, moment: Moment) -> Result<Rc<Evaluated>, Trouble> {
        if let Some(known) = self.evaluated.get(&moment) {
            return Ok(Rc::clone(known));
        }
        let evaluated = self.evaluators[moment.life].evaluate(self.history, moment.tick)?;
        let evaluated = Rc::new(evaluated);
        self.evaluated.insert(moment, Rc::clone(&evaluated));
        Ok(evaluated)
    }

    /// The fact of a row that is there in a tick: of one that stays, as of the tick in which it came. A row that
    /// is not there when the tick ends was the value of its key on the way.
    pub fn fact(&self, moment: Moment, relation: RelationId, row: &Row) -> Fact {
        let kind = self.history.plan(moment.life).relations[relation.0 as usize].kind;
        let span = self.history.span(moment, relation, row);
        let came = span.filter(|_| !kind.is_transient()).map(|span| span.first);
        Fact {
            moment: Moment {
                tick: came.unwrap_or(moment.tick),
                ..moment
            },
            relation,
            row: row.clone(),
            part: span.is_none(),
        }
    }

    /// For how long the fact holds.
    pub fn span(&self, fact: &Fact) -> Option<Span> {
        self.history.span(fact.moment, fact.relation, &fact.row)
    }

    /// Every way in which a fact came about.
    pub fn edges(&mut self, fact: &Fact) -> Result<Vec<Edge>, Trouble> {
        let shape = &self.evaluators[fact.moment.life].shapes[fact.relation.0 as usize];
        let is_lattice = !shape.lattices.is_empty();
        let mut edges = match is_lattice {
            true => self.joined(fact)?,
            false => self
                .contributions(fact, Some(&fact.row))?
                .into_iter()
                .map(|c| c.1)
                .collect(),
        };
        let mut unlike: Vec<Edge> = Vec::new();
        for edge in edges.drain(..) {
            if !unlike.contains(&edge) {
                unlike.push(edge);
            }
        }
        Ok(unlike)
    }

    /// The ways to a row with lattice columns.
    fn joined(&mut self, fact: &Fact) -> Result<Vec<Edge>, Trouble> {
        let life = fact.moment.life;
        let Some(whole) = self.evaluators[life].words(fact.relation, &fact.row) else {
            return Ok(Vec::new());
        };
        let contributions = self.contributions(fact, None)?;
        let alone = contributions.iter().filter(|(row, _)| *row == fact.row);
        let mut edges: Vec<Edge> = alone.map(|(_, edge)| edge.clone()).collect();
        let shape = self.evaluators[life].shapes[fact.relation.0 as usize].clone();
        let mut parts: Vec<(Words, Premise)> = Vec::new();
        for (row, _) in contributions {
            let evaluator = &mut self.evaluators[life];
            let Some(words) = evaluator.words(fact.relation, &row) else {
                continue;
            };
            // What is the value by itself stands above; what goes beyond it came later.
            let joined = shape.join(&mut evaluator.interpreter, &whole, &words);
            if words == whole || joined.as_ref() != Ok(&whole) {
                continue;
            }
            let part = Fact {
                row,
                part: true,
                ..fact.clone()
            };
            parts.push((words, Premise::There(part)));
        }
        let mut premises = self.fewest(fact.relation, life, &whole, parts.clone());
        if premises.is_none()
            && let Some((before, row)) = self.value_before(fact)
            && let Some(words) = self.evaluators[life].words(fact.relation, &row)
        {
            parts.push((
                words,
                Premise::There(self.fact(before, fact.relation, &row)),
            ));
            premises = self.fewest(fact.relation, life, &whole, parts);
        }
        edges.extend(premises.map(|premises| Edge {
            how: How::Joined,
            premises,
        }));
        Ok(edges)
    }

    /// The row that the key had in the tick before, of a collection that stays.
    fn value_before(&self, fact: &Fact) -> Option<(Moment, Row)> {
        let kind = self.history.plan(fact.moment.life).relations[fact.relation.0 as usize].kind;
        let before = Moment {
            tick: fact
                .moment
                .tick
                .checked_sub(1)
                .filter(|&tick| tick > 0 && !kind.is_transient())?,
            ..fact.moment
        };
        let shape = &self.evaluators[fact.moment.life].shapes[fact.relation.0 as usize];
        let same_key = |row: &&Row| shape.keys.iter().all(|&c| row[c] == fact.row[c]);
        let row = self.history.rows(before, fact.relation).find(same_key)?;
        Some((before, row.clone()))
    }

    /// Parts whose join is the whole, and of which none can be left out.
    fn fewest(
        &mut self,
        relation: RelationId,
        life: usize,
        whole: &Words,
        mut parts: Vec<(Words, Premise)>,
    ) -> Option<Vec<Premise>> {
        let gives_whole = |evaluator: &mut Evaluator, parts: &[(Words, Premise)]| {
            let shape = evaluator.shapes[relation.0 as usize].clone();
            let (first, rest) = parts.split_first()?;
            let joined = rest.iter().try_fold(first.0.clone(), |joined, (part, _)| {
                shape.join(&mut evaluator.interpreter, &joined, part).ok()
            })?;
            (joined == *whole).then_some(())
        };
        let evaluator = &mut self.evaluators[life];
        gives_whole(evaluator, &parts)?;
        // Those that came first stay, so that none is left that follows from the whole.
        for place in (0..parts.len()).rev() {
            let left_out = parts.remove(place);
            if gives_whole(evaluator, &parts).is_none() {
                parts.insert(place, left_out);
            }
        }
        Some(parts.into_iter().map(|(_, premise)| premise).collect())
    }

    /// All that was given or derived for the key of a fact in its tick; only what is the row itself, if one is
    /// given.
    fn contributions(
        &mut self,
        fact: &Fact,
        only: Option<&Row>,
    ) -> Result<Vec<(Row, Edge)>, Trouble> {
        let mut found: Vec<(Row, Edge)> = Vec::new();
        let shape = &self.evaluators[fact.moment.life].shapes[fact.relation.0 as usize];
        let keys = shape.keys.clone();
        let fits = |row: &Row| match only {
            Some(only) => row == only,
            None => keys.iter().all(|&c| row[c] == fact.row[c]),
        };
        self.given(fact, &fits, &mut found);
        self.messages(fact, &fits, &mut found)?;
        self.left(fact, &fits, &mut found)?;
        let evaluator = &mut self.evaluators[fact.moment.life];
        if evaluator.is_derived(fact.relation) && !evaluator.is_kept(fact.relation) {
            let Some(words) = evaluator.words(fact.relation, &fact.row) else {
                return Ok(found);
            };
            let key = evaluator.shapes[fact.relation.0 as usize].key(&words);
            let evaluated = self.evaluated(fact.moment)?;
            for derivation in evaluated.merges(fact.relation, &key) {
                let row = self.head(fact.moment.life, derivation, &fact.row);
                if fits(&row) {
                    found.push((row, self.rule(fact.moment, derivation, false)));
                }
            }
        }
        Ok(found)
    }

    /// The head row of a derivation; what it leaves out is as in `like`.
    fn head(&self, life: usize, derivation: &Derivation, like: &Row) -> Row {
        let words = derivation.columns.iter().map(|word| word.unwrap_or(0));
        let words: Vec<u64> = words.collect();
        let row = self.evaluators[life].row(derivation.head, &words);
        let given = derivation.columns.iter().zip(row).zip(like);
        given
            .map(|((word, value), like)| match word {
                Some(_) => value,
                None => like.clone(),
            })
            .collect()
    }

    fn rule(&self, moment: Moment, derivation: &Derivation, sent: bool) -> Edge {
        let fired = Fired {
            moment,
            rule: derivation.rule,
            arrow: derivation.arrow,
            group: derivation.group,
            by_chance: derivation.by_chance,
        };
        let premises = derivation
            .body
            .iter()
            .map(|literal| self.premise(moment, literal));
        Edge {
            how: if sent {
                How::Sent(fired)
            } else {
                How::Rule(fired)
            },
            premises: premises.collect(),
        }
    }

    pub fn premise(&self, moment: Moment, literal: &Literal) -> Premise {
        let evaluator = &self.evaluators[moment.life];
        match literal {
            Literal::Row { relation, row } => {
                let row = evaluator.row(*relation, row);
                Premise::There(self.fact(moment, *relation, &row))
            }
            Literal::Absent {
                relation,
                columns,
                key,
            } => {
                let declared = &evaluator.plan().relations[relation.0 as usize].columns;
                let mut words = vec![None; declared.len()];
                for (&column, &word) in columns.iter().zip(key) {
                    words[column as usize] = Some(word);
                }
                let value = |(column, word): (usize, Option<u64>)| {
                    evaluator.value(declared[column].ty, word?)
                };
                Premise::Absent(Absence {
                    moment,
                    relation: *relation,
                    columns: words.into_iter().enumerate().map(value).collect(),
                })
            }
        }
    }
}

impl std::fmt::Debug for Explainer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explainer")
            .field("history", self.history)
            .finish_non_exhaustive()
    }
}
