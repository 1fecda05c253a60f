//! Evaluates a version of a rule and keeps, for each row that it derives, what it was derived from: the rows that
//! each operator read, and what there was none of.
//!
//! What chance decides is not evaluated: of a head with `random()` in a column, the rows that the run has are taken.

use std::sync::Arc;

use bloom_plan::plan::{
    AggregateColumn, AggregateFunction, AggregateId, Arrow, Expr, Extent, IndexId, Op, Plan,
    RelationId, RuleId, VersionId,
};
use bloom_runtime::Interpreter;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::elements::elements;
use crate::shape::Words;

use super::chance::Chance;
use super::contents::Contents;

/// What a body reads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Literal {
    Row {
        relation: RelationId,
        row: Words,
    },
    /// No row has these values in these columns.
    Absent {
        relation: RelationId,
        columns: Box<[u32]>,
        key: Words,
    },
}

/// A row that a rule derives, and from what. None stands for what a `<-` head leaves out, or chance decides.
#[derive(Clone, Debug)]
pub struct Derivation {
    pub rule: RuleId,
    pub head: RelationId,
    pub arrow: Arrow,
    pub columns: Vec<Option<u64>>,
    pub body: Vec<Literal>,
    /// Of a group-by: how many matches the group has, all of which or one of which the body shows.
    pub group: Option<Group>,
    /// Some columns of the head are decided by chance.
    pub by_chance: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group {
    pub matches: usize,
    pub shown: Shown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    All,
    /// The one that decides, such as the least for `min`.
    Deciding,
}

/// Derivations of one tick past which an evaluation gives up.
const DERIVATIONS_MAX: usize = 3_000_000;

/// Why a rule cannot be followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    TooMany,
    /// Chance decides what the rule looks for.
    Chance(RuleId),
}

/// Fires a version. Its delta are the rows that came in `iteration`.
pub fn fire(
    chances: &Chance,
    interpreter: &mut Interpreter,
    contents: &mut [Contents],
    version: VersionId,
    iteration: u32,
    derived: &mut Vec<Derivation>,
) -> Result<(), Stop> {
    let plan = Arc::clone(interpreter.plan());
    let rule = plan.versions[version.0 as usize].rule;
    let version = &plan.versions[version.0 as usize];
    for op in &version.nest {
        if let Op::Probe { index, .. } | Op::Exists { index, .. } = op {
            let index = &plan.indexes[index.0 as usize];
            contents[index.relation.0 as usize].index(&index.columns);
        }
    }
    let mut firing = Firing {
        plan: &plan,
        chances,
        rule,
        aggregates: matches!(version.nest.last(), Some(Op::Accumulate { .. })),
        interpreter,
        contents,
        iteration,
        registers: vec![0; version.registers.len()],
        chance: vec![false; version.registers.len()],
        body: Vec::new(),
        groups: None,
        derived,
    };
    firing.ops(&version.nest)?;
    if let Some((id, groups)) = firing.groups.take() {
        for matches in groups.into_values() {
            firing.finish(id, matches);
        }
    }
    Ok(())
}

/// Matches of one group: words of group and arguments, and what each is a match of.
type Matches = Vec<(Vec<u64>, Vec<Literal>)>;

struct Firing<'f> {
    plan: &'f Plan,
    chances: &'f Chance,
    rule: RuleId,
    aggregates: bool,
    interpreter: &'f mut Interpreter,
    contents: &'f [Contents],
    iteration: u32,
    registers: Vec<u64>,
    /// By register: chance decides what is in it.
    chance: Vec<bool>,
    body: Vec<Literal>,
    groups: Option<(AggregateId, IndexMap<Words, Matches, FxBuildHasher>)>,
    derived: &'f mut Vec<Derivation>,
}

impl<'f> Firing<'f> {
    fn ops(&mut self, nest: &[Op]) -> Result<(), Stop> {
        let Some((op, rest)) = nest.split_first() else {
            return Ok(());
        };
        match op {
            Op::Scan {
                relation,
                part,
                bind,
            } => {
                let contents: &'f Contents = &self.contents[relation.0 as usize];
                let rows: Vec<&Words> = match part {
                    Extent::Delta => contents.came_in(self.iteration).collect(),
                    Extent::Total | Extent::Before | Extent::Founded => contents.rows().collect(),
                };
                for row in rows {
                    for bind in bind {
                        self.registers[bind.into.0 as usize] = row[bind.column as usize];
                    }
                    self.reading(*relation, row, rest)?;
                }
                Ok(())
            }
            Op::Probe { index, key, bind } => {
                let Some((relation, _, rows)) = self.probe(*index, key)? else {
                    return Ok(());
                };
                for row in rows {
                    for bind in bind {
                        self.registers[bind.into.0 as usize] = row[bind.column as usize];
                    }
                    self.reading(relation, row, rest)?;
                }
                Ok(())
            }
            Op::Exists {
                index,
                key,
                negated,
            } => self.exists(*index, key, *negated, rest),
            Op::Each { source, ty, into } => {
                let Some(value) = self.value(source)? else {
                    return Ok(());
                };
                for element in elements(self.plan, self.interpreter, *ty, value) {
                    for (register, word) in into.iter().zip(element) {
                        self.registers[register.0 as usize] = word;
                    }
                    self.ops(rest)?;
                }
                Ok(())
            }
            Op::Range { from, to, into } => {
                let (Some(from), Some(to)) = (self.value(from)?, self.value(to)?) else {
                    return Ok(());
                };
                for number in from.cast_signed()..to.cast_signed() {
                    self.registers[into.0 as usize] = number.cast_unsigned();
                    self.ops(rest)?;
                }
                Ok(())
            }
            Op::Let { into, value } => {
                let place = into.0 as usize;
                self.chance[place] = self.is_chance(value);
                if !self.chance[place] {
                    let Some(word) = self.value(value)? else {
                        return Ok(());
                    };
                    self.registers[place] = word;
                }
                self.ops(rest)
            }
            Op::Filter { condition } => match self.value(condition)? {
                Some(0) | None => Ok(()),
                Some(_) => self.ops(rest),
            },
            Op::Emit {
                relation,
                arrow,
                columns,
            } => self.emit(*relation, *arrow, columns),
            Op::Accumulate {
                aggregate,
                group,
                arguments,
            } => {
                let mut words = Vec::with_capacity(group.len() + arguments.len());
                for expr in group.iter().chain(arguments) {
                    match self.value(expr)? {
                        Some(word) => words.push(word),
                        None => return Ok(()),
                    }
                }
                self.room()?;
                let (_, groups) = self
                    .groups
                    .get_or_insert_with(|| (*aggregate, IndexMap::default()));
                let of_group = groups.entry(words[..group.len()].into()).or_default();
                of_group.push((words, self.body.clone()));
                Ok(())
            }
        }
    }

    fn room(&self) -> Result<(), Stop> {
        match self.derived.len() < DERIVATIONS_MAX {
            true => Ok(()),
            false => Err(Stop::TooMany),
        }
    }

    /// The word of an expression on which something depends; none if it ends in a row error.
    fn value(&mut self, expr: &Expr) -> Result<Option<u64>, Stop> {
        if self.is_chance(expr) {
            return Err(Stop::Chance(self.rule));
        }
        Ok(self.interpreter.eval(expr, &mut self.registers).ok())
    }

    fn is_chance(&self, expr: &Expr) -> bool {
        self.chances.decides(self.plan, &self.chance, expr)
    }

    /// Goes on with a row that was read.
    fn reading(&mut self, relation: RelationId, row: &Words, rest: &[Op]) -> Result<(), Stop> {
        let row = row.clone();
        self.under(Literal::Row { relation, row }, rest)
    }

    fn under(&mut self, literal: Literal, rest: &[Op]) -> Result<(), Stop> {
        self.body.push(literal);
        let done = self.ops(rest);
        self.body.pop();
        done
    }

    fn exists(
        &mut self,
        index: IndexId,
        key: &[Expr],
        negated: bool,
        rest: &[Op],
    ) -> Result<(), Stop> {
        let Some((relation, key, rows)) = self.probe(index, key)? else {
            return Ok(());
        };
        if negated {
            let columns = self.plan.indexes[index.0 as usize]
                .columns
                .as_slice()
                .into();
            let absent = Literal::Absent {
                relation,
                columns,
                key,
            };
            return match rows.is_empty() {
                true => self.under(absent, rest),
                false => Ok(()),
            };
        }
        // Each is another way to the same row; but a match of a group counts once.
        let most = if self.aggregates { 1 } else { rows.len() };
        for row in rows.into_iter().take(most) {
            self.reading(relation, row, rest)?;
        }
        Ok(())
    }

    #[expect(
        clippy::type_complexity,
        reason = "what a look-up was for, and what it found"
    )]
    fn probe(
        &mut self,
        index: IndexId,
        key: &[Expr],
    ) -> Result<Option<(RelationId, Words, Vec<&'f Words>)>, Stop> {
        let mut words = Vec::with_capacity(key.len());
        for expr in key {
            match self.value(expr)? {
                Some(word) => words.push(word),
                None => return Ok(None),
            }
        }
        let index = &self.plan.indexes[index.0 as usize];
        let contents: &'f [Contents] = self.contents;
        let rows = contents[index.relation.0 as usize].probe(&index.columns, &words);
        Ok(Some((index.relation, words.into(), rows)))
    }

    fn emit(
        &mut self,
        head: RelationId,
        arrow: Arrow,
        columns: &[Option<Expr>],
    ) -> Result<(), Stop> {
        self.room()?;
        let mut words = Vec::with_capacity(columns.len());
        let mut by_chance = false;
        for column in columns {
            words.push(match column {
                None => None,
                Some(expr) if self.is_chance(expr) => {
                    by_chance = true;
                    None
                }
                Some(expr) => match self.interpreter.eval(expr, &mut self.registers) {
                    Ok(word) => Some(word),
                    Err(_) => return Ok(()),
                },
            });
        }
        self.derived.push(Derivation {
            rule: self.rule,
            head,
            arrow,
            columns: words,
            body: self.body.clone(),
            group: None,
            by_chance,
        });
        Ok(())
    }

    /// The row of a group, with what it rests on. A group whose aggregate ends in a row error gives none.
    fn finish(&mut self, id: AggregateId, matches: Matches) {
        let words: Vec<Vec<u64>> = matches.iter().map(|(words, _)| words.clone()).collect();
        let Ok(row) = self.interpreter.aggregate(id, &words) else {
            return;
        };
        let aggregate = &self.plan.aggregates[id.0 as usize];
        let mut push = |body: Vec<Literal>, shown| {
            self.derived.push(Derivation {
                rule: aggregate.rule,
                head: aggregate.relation,
                arrow: aggregate.arrow,
                columns: row.iter().copied().map(Some).collect(),
                body,
                group: Some(Group {
                    matches: matches.len(),
                    shown,
                }),
                by_chance: false,
            });
        };
        let of_type = |column: &AggregateColumn| match column {
            AggregateColumn::Group(_) => true,
            AggregateColumn::Function { function, .. } => chooses(*function),
        };
        let result = aggregate.columns.iter().zip(&row);
        let all_decide = result.clone().all(|(column, &word)| match column {
            AggregateColumn::Function {
                function: AggregateFunction::Any,
                ..
            } => word == 1,
            AggregateColumn::Function {
                function: AggregateFunction::All,
                ..
            } => word == 0,
            AggregateColumn::Group(_) | AggregateColumn::Function { .. } => true,
        });
        if matches.len() > 1 && all_decide && aggregate.columns.iter().all(of_type) {
            let alone = |words: &Vec<u64>| {
                let words = std::slice::from_ref(words);
                self.interpreter.aggregate(id, words).ok()
            };
            let mut alone = alone;
            let deciding: Vec<&Vec<Literal>> = matches
                .iter()
                .filter(|(words, _)| alone(words).as_ref() == Some(&row))
                .map(|(_, body)| body)
                .collect();
            if !deciding.is_empty() {
                for body in deciding {
                    push(body.clone(), Shown::Deciding);
                }
                return;
            }
        }
        let mut body = Vec::new();
        for literal in matches.iter().flat_map(|(_, body)| body) {
            if !body.contains(literal) {
                body.push(literal.clone());
            }
        }
        push(body, Shown::All);
    }
}

/// Whether one match decides what the function gives.
fn chooses(function: AggregateFunction) -> bool {
    match function {
        AggregateFunction::Min
        | AggregateFunction::Max
        | AggregateFunction::ArgMin
        | AggregateFunction::ArgMax
        | AggregateFunction::First
        | AggregateFunction::Any
        | AggregateFunction::All => true,
        AggregateFunction::Count
        | AggregateFunction::CountDistinct
        | AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Set => false,
    }
}
