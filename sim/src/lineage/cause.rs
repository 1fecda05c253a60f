//! Why a fact holds: every way in which it came about, each with what it rests on.
//!
//! A row that stays is explained in the tick in which it came; one that lives for a tick, in that tick. A row with
//! lattice columns is a join: of its contributions a smallest set that gives the whole value is taken.

use std::rc::Rc;

use bloom_plan::plan::{Arrow, RelationId, RelationKind, RuleId};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Message;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::contents::Words;
use super::firing::{Derivation, Group, Literal};
use super::history::{History, Moment, Span};
use super::tick::{Evaluated, Evaluator, Trouble};

/// Senders of one message that are looked at.
const SENDERS_MAX: usize = 8;

/// A row of a collection in a tick.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fact {
    pub moment: Moment,
    pub relation: RelationId,
    pub row: Row,
    /// No row that is there when the tick ends, but what was joined to one with its key, or what that was before.
    pub part: bool,
}

/// What there was no row of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Absence {
    pub moment: Moment,
    pub relation: RelationId,
    /// By column: the value that it would have had; none for any.
    pub columns: Vec<Option<Value>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Premise {
    There(Fact),
    Absent(Absence),
}

/// One way in which a fact came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    pub how: How,
    pub premises: Vec<Premise>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum How {
    /// A rule of the same node derived it: in the same tick, or by `<+`, `<+-` or to itself in the one before.
    Rule(Fired),
    /// Another node sent it.
    Sent(Fired),
    /// It is the join of what it rests on.
    Joined,
    /// A spec sees what a node has.
    Seen,
    Given(Given),
}

/// A rule that derived something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    pub moment: Moment,
    pub rule: RuleId,
    pub arrow: Arrow,
    pub group: Option<Group>,
    pub by_chance: bool,
}

/// What is from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    Fed,
    /// By a node whose run is not known.
    Message(SmolStr),
    Timer,
    Line,
    Sealed,
    /// Of the deployment, or from before the run.
    Start,
    Alive,
    /// The engine raised it.
    Raised,
    /// A spec is told of faults.
    Told,
    /// It was not looked any further.
    Unknown,
}

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

    fn given(&self, fact: &Fact, fits: &dyn Fn(&Row) -> bool, found: &mut Vec<(Row, Edge)>) {
        let moment = fact.moment;
        let life = self.history.life(moment.life);
        let declared = &self.history.plan(moment.life).relations[fact.relation.0 as usize];
        let input = &self.history.taken(moment).input;
        let mut give = |row: &Row, edge: Edge| found.push((row.clone(), edge));
        let is_outside = |given: Given| Edge {
            how: How::Given(given),
            premises: Vec::new(),
        };
        let fed = input
            .rows
            .iter()
            .filter(|(of, row)| *of == fact.relation && fits(row));
        for (_, row) in fed {
            give(row, self.fed(moment, &declared.name, row));
        }
        let given = match declared.kind {
            RelationKind::Periodic { .. } => Some(Given::Timer),
            RelationKind::Stdin => Some(Given::Line),
            RelationKind::Cluster => Some(Given::Start),
            RelationKind::Alive => Some(Given::Alive),
            RelationKind::Errors => Some(Given::Raised),
            RelationKind::Table { .. }
                if declared.name.ends_with(".seals")
                    || declared.name.ends_with(".seal.arrived") =>
            {
                Some(Given::Sealed)
            }
            RelationKind::Table { .. }
            | RelationKind::Scratch
            | RelationKind::Static
            | RelationKind::Input
            | RelationKind::Output
            | RelationKind::View
            | RelationKind::Channel { .. }
            | RelationKind::Loopback
            | RelationKind::Stdout
            | RelationKind::Stderr
            | RelationKind::Halt => None,
        };
        let restored = life.config.durable.iter().flatten();
        let of_table = restored.filter(|(table, _)| *table == declared.name);
        if moment.tick == 1 {
            for row in of_table.flat_map(|(_, rows)| rows).filter(|row| fits(row)) {
                give(row, is_outside(Given::Start));
            }
        }
        if let Some(given) = given {
            give(&fact.row, is_outside(given));
        }
    }

    /// Of a spec, a row that it is fed is one of a node.
    fn fed(&self, moment: Moment, relation: &str, row: &Row) -> Edge {
        let outside = |given: Given| Edge {
            how: How::Given(given),
            premises: Vec::new(),
        };
        let Some(observer) = &self.history.life(moment.life).observer else {
            return outside(Given::Fed);
        };
        let Some(seen) = observer
            .observed
            .iter()
            .find(|seen| seen.relation == relation)
        else {
            return outside(Given::Told);
        };
        let at = self.history.taken(moment).at;
        let seen = || {
            let [Value::Addr(address), columns @ ..] = row.as_slice() else {
                return None;
            };
            let node = self.history.at(address, at)?;
            let kind = &self.history.plan(node.life).name;
            let source = seen.sources.iter().find(|source| source.kind == *kind)?;
            let relation = self.history.relation(node.life, &source.collection)?;
            let fits = |row: &&Row| {
                let places = source.columns.iter().zip(columns);
                places
                    .into_iter()
                    .all(|(&place, value)| row[place as usize] == *value)
            };
            let row = self.history.rows(node, relation).find(fits)?;
            Some(self.fact(node, relation, row))
        };
        match seen() {
            Some(fact) => Edge {
                how: How::Seen,
                premises: vec![Premise::There(fact)],
            },
            None => outside(Given::Told),
        }
    }

    /// Messages that a channel took in.
    fn messages(
        &mut self,
        fact: &Fact,
        fits: &dyn Fn(&Row) -> bool,
        found: &mut Vec<(Row, Edge)>,
    ) -> Result<(), Trouble> {
        let name = &self.history.plan(fact.moment.life).relations[fact.relation.0 as usize].name;
        let messages = self.history.taken(fact.moment).input.messages.iter();
        let messages: Vec<&Message> = messages
            .filter(|message| message.channel == *name && fits(&message.row))
            .collect();
        for message in messages {
            let senders = self.history.sent(message, fact.moment);
            let senders: Vec<Moment> = senders.take(SENDERS_MAX).collect();
            let before = found.len();
            for sender in senders {
                for edge in self.fired(sender, name, &message.row, Arrow::Async)? {
                    found.push((message.row.clone(), edge));
                }
            }
            if found.len() == before {
                let edge = Edge {
                    how: How::Given(Given::Message(message.from.clone())),
                    premises: Vec::new(),
                };
                found.push((message.row.clone(), edge));
            }
        }
        Ok(())
    }

    /// The rules other than `<=` that derived a row in a tick.
    pub fn fired(
        &mut self,
        moment: Moment,
        collection: &str,
        row: &Row,
        arrow: Arrow,
    ) -> Result<Vec<Edge>, Trouble> {
        let Some(relation) = self.history.relation(moment.life, collection) else {
            return Ok(Vec::new());
        };
        let Some(words) = self.evaluators[moment.life].words(relation, row) else {
            return Ok(Vec::new());
        };
        let evaluated = self.evaluated(moment)?;
        let fits = |derivation: &&Derivation| {
            let mut columns = derivation.columns.iter().zip(words.iter());
            derivation.arrow == arrow
                && columns.all(|(given, word)| given.is_none_or(|given| given == *word))
        };
        let is_sent = arrow == Arrow::Async;
        let derivations = evaluated.closing(relation).filter(fits);
        Ok(derivations
            .map(|derivation| self.rule(moment, derivation, is_sent))
            .collect())
    }

    /// What the tick before left: by `<+` and `<+-`, and over loopbacks.
    fn left(
        &mut self,
        fact: &Fact,
        fits: &dyn Fn(&Row) -> bool,
        found: &mut Vec<(Row, Edge)>,
    ) -> Result<(), Trouble> {
        let Some(left) = self.history.left_for(fact.moment) else {
            return Ok(());
        };
        let before = Moment {
            tick: fact.moment.tick - 1,
            ..fact.moment
        };
        let plan = self.history.plan(fact.moment.life);
        let name = plan.relations[fact.relation.0 as usize].name.clone();
        let looped = left.loopback.iter().filter(|(of, _)| *of == fact.relation);
        let looped = looped.flat_map(|(_, rows)| rows).filter(|row| fits(row));
        for row in looped.cloned().collect::<Vec<Row>>() {
            for edge in self.fired(before, &name, &row, Arrow::Async)? {
                found.push((row.clone(), edge));
            }
        }
        let change = left.changes.iter().find(|(of, ..)| *of == fact.relation);
        let inserts = change.map_or(&[][..], |(_, _, inserts)| inserts);
        let keys = self.evaluators[fact.moment.life].shapes[fact.relation.0 as usize]
            .keys
            .clone();
        let same_key = |row: &Row| keys.iter().all(|&column| row[column] == fact.row[column]);
        if !inserts.iter().any(same_key) {
            return Ok(());
        }
        // Of a lattice several rules may have given parts of the row.
        let evaluated = self.evaluated(before)?;
        let of_head = evaluated.closing(fact.relation);
        let deferred = of_head.filter(|d| matches!(d.arrow, Arrow::Deferred | Arrow::Upsert));
        for derivation in deferred {
            let row = self.head(before.life, derivation, &fact.row);
            if fits(&row) {
                found.push((row, self.rule(before, derivation, false)));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Explainer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explainer")
            .field("history", self.history)
            .finish_non_exhaustive()
    }
}
