//! The bodies of a rule that are nearest to deriving a row: those that lack least.
//!
//! The rule is followed with what its head must be. A literal without a fitting row is assumed, at a cost; what it would
//! bind is unknown then, and what rests on the unknown is passed over. Each body is a list of what it lacks.

use std::sync::Arc;

use bloom_plan::plan::{AggregateColumn, Expr, Op, Plan, RelationId, Version, VersionId};
use bloom_plan::value::{Row, Value};

use crate::elements::elements;
use crate::shape::Words;

use super::cause::{Absence, Explainer, Fact};
use super::history::Moment;
use super::registers::read_by;

/// Steps of the search in one rule.
const STEPS_MAX: usize = 20_000;
/// Bodies of one rule that are told.
const BODIES_MAX: usize = 2;

/// What a body lacks, before it is asked why.
#[derive(Clone, Debug)]
pub enum Wanting {
    Row(RelationId, Vec<Option<Value>>),
    /// `not`, and there is such a row.
    There(Fact),
    /// A condition that does not hold, with what it reads.
    Condition(Vec<(String, String)>),
    /// The head has another value than what is asked for.
    Differs(Row),
}

/// The bodies of a rule that lack least in a tick: what each lacks.
pub fn nearest(
    explainer: &mut Explainer<'_>,
    what: &Absence,
    moment: Moment,
    version: VersionId,
) -> Vec<Vec<Wanting>> {
    let history = explainer.history();
    let plan = Arc::clone(history.plan(moment.life));
    let now = history.taken(moment).input.now;
    let version: &Version = &plan.versions[version.0 as usize];
    let evaluator = explainer.evaluator(moment.life);
    evaluator.interpreter.set_now(now);
    let Some(head) = version.nest.last() else {
        return Vec::new();
    };
    let columns = head_columns(&plan, head);
    let declared = columns.iter().zip(&what.columns);
    let mut wanted = vec![None; version.registers.len()];
    let mut asked = Vec::new();
    let types = &plan.relations[target_of(&plan, head).0 as usize].columns;
    for ((expr, value), column) in declared.zip(types) {
        let Some(value) = value else { continue };
        let Some(word) = evaluator.interpreter.word(column.ty, value) else {
            return Vec::new();
        };
        if let Some(Expr::Register(register)) = expr {
            wanted[register.0 as usize] = Some(word);
        }
        asked.push((*expr, word));
    }
    let mut body = Following {
        explainer,
        plan: &plan,
        moment,
        wanted,
        asked,
        bound: vec![None; version.registers.len()],
        lacks: Vec::new(),
        best: Vec::new(),
        steps: 0,
        version,
    };
    body.ops(&version.nest);
    body.best
}

/// The collection that a version derives into.
pub fn target(plan: &Plan, version: VersionId) -> Option<RelationId> {
    let op = plan.versions[version.0 as usize].nest.last()?;
    Some(target_of(plan, op))
}

fn target_of(plan: &Plan, op: &Op) -> RelationId {
    match op {
        Op::Emit { relation, .. } | Op::Scan { relation, .. } => *relation,
        Op::Accumulate { aggregate, .. } => plan.aggregates[aggregate.0 as usize].relation,
        Op::Probe { .. }
        | Op::Exists { .. }
        | Op::Each { .. }
        | Op::Range { .. }
        | Op::Let { .. }
        | Op::Filter { .. } => unreachable!("a nest ends with its head"),
    }
}

/// By column of the head: what gives it, if that is not an aggregate's result.
fn head_columns<'p>(plan: &Plan, op: &'p Op) -> Vec<Option<&'p Expr>> {
    match op {
        Op::Emit { columns, .. } => columns.iter().map(Option::as_ref).collect(),
        Op::Accumulate {
            aggregate, group, ..
        } => {
            let columns = plan.aggregates[aggregate.0 as usize].columns.iter();
            let expr = |column: &AggregateColumn| match column {
                AggregateColumn::Group(part) => group.get(*part as usize),
                AggregateColumn::Function { .. } => None,
            };
            columns.map(expr).collect()
        }
        Op::Scan { .. }
        | Op::Probe { .. }
        | Op::Exists { .. }
        | Op::Each { .. }
        | Op::Range { .. }
        | Op::Let { .. }
        | Op::Filter { .. } => Vec::new(),
    }
}

/// Follows one rule.
struct Following<'f, 's, 'h> {
    explainer: &'s mut Explainer<'h>,
    plan: &'f Plan,
    moment: Moment,
    /// By register: what the head asks for.
    wanted: Vec<Option<u64>>,
    asked: Vec<(Option<&'f Expr>, u64)>,
    /// By register: its value, if it is known.
    bound: Vec<Option<u64>>,
    lacks: Vec<Wanting>,
    best: Vec<Vec<Wanting>>,
    steps: usize,
    version: &'f Version,
}

impl Following<'_, '_, '_> {
    /// Whether a body that lacks one thing more is still of interest.
    fn may_lack_more(&self) -> bool {
        let least = self.best.first().map_or(usize::MAX, Vec::len);
        let is_full = self.best.len() >= BODIES_MAX;
        let next = self.lacks.len() + 1;
        next < least || next == least && !is_full
    }

    fn lacking(&mut self, lack: Wanting, rest: &[Op]) {
        if self.may_lack_more() {
            self.lacks.push(lack);
            self.ops(rest);
            self.lacks.pop();
        }
    }

    /// The value of an expression; none if it reads what is not known, or ends in a row error.
    fn value(&mut self, expr: &Expr) -> Option<u64> {
        let mut reads = Vec::new();
        read_by(expr, &mut reads);
        let mut registers: Vec<u64> = self.bound.iter().map(|word| word.unwrap_or(0)).collect();
        let all_known = reads.iter().all(|register| self.bound[*register].is_some());
        let evaluator = self.explainer.evaluator(self.moment.life);
        all_known
            .then(|| evaluator.interpreter.eval(expr, &mut registers).ok())
            .flatten()
    }

    fn rows(&mut self, relation: RelationId, pattern: &[Option<u64>]) -> Vec<Words> {
        let history = self.explainer.history();
        let rows: Vec<Row> = history.rows(self.moment, relation).cloned().collect();
        let evaluator = self.explainer.evaluator(self.moment.life);
        let words = rows.iter().filter_map(|row| evaluator.words(relation, row));
        let fits = |row: &Words| {
            let mut columns = pattern.iter().zip(row.iter());
            columns.all(|(wanted, word)| wanted.is_none_or(|wanted| wanted == *word))
        };
        let mut found: Vec<Words> = words.filter(fits).collect();
        found.sort_unstable();
        found
    }

    fn values(&mut self, relation: RelationId, pattern: &[Option<u64>]) -> Vec<Option<Value>> {
        let columns = &self.plan.relations[relation.0 as usize].columns;
        let evaluator = self.explainer.evaluator(self.moment.life);
        let values = columns.iter().zip(pattern);
        values
            .map(|(column, word)| evaluator.value(column.ty, (*word)?))
            .collect()
    }

    fn ops(&mut self, nest: &[Op]) {
        let Some((op, rest)) = nest.split_first() else {
            return;
        };
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return;
        }
        match op {
            Op::Scan { relation, bind, .. } => {
                let pattern = vec![None; self.plan.relations[relation.0 as usize].columns.len()];
                self.literal(*relation, pattern, bind, rest);
            }
            Op::Probe { index, key, bind } => {
                let (relation, pattern) = self.pattern(*index, key);
                self.literal(relation, pattern, bind, rest);
            }
            Op::Exists {
                index,
                key,
                negated,
            } => {
                let (relation, pattern) = self.pattern(*index, key);
                if !negated {
                    return self.literal(relation, pattern, &[], rest);
                }
                let is_known = key.iter().all(|expr| self.value(expr).is_some());
                match self.rows(relation, &pattern).first() {
                    Some(row) if is_known => {
                        let row = self
                            .explainer
                            .evaluator(self.moment.life)
                            .row(relation, row);
                        let fact = self.explainer.fact(self.moment, relation, &row);
                        self.lacking(Wanting::There(fact), rest);
                    }
                    Some(_) | None => self.ops(rest),
                }
            }
            Op::Each { source, ty, into } => {
                let Some(value) = self.value(source) else {
                    return self
                        .unknown(&into.iter().map(|r| r.0 as usize).collect::<Vec<_>>(), rest);
                };
                let evaluator = self.explainer.evaluator(self.moment.life);
                let elements = elements(self.plan, &evaluator.interpreter, *ty, value);
                let registers: Vec<usize> = into.iter().map(|r| r.0 as usize).collect();
                for element in elements {
                    let given: Vec<(usize, u64)> = registers.iter().copied().zip(element).collect();
                    if given
                        .iter()
                        .all(|&(r, word)| self.wanted[r].is_none_or(|w| w == word))
                    {
                        self.with(&given, rest);
                    }
                }
                let why = self.condition(source);
                let before: Vec<_> = registers.iter().map(|&r| self.bound[r]).collect();
                registers
                    .iter()
                    .for_each(|&r| self.bound[r] = self.wanted[r]);
                self.lacking(why, rest);
                registers
                    .iter()
                    .zip(before)
                    .for_each(|(&r, word)| self.bound[r] = word);
            }
            Op::Range { from, to, into } => {
                let register = into.0 as usize;
                let (from_value, to_value) = (self.value(from), self.value(to));
                let (Some(first), Some(end)) = (from_value, to_value) else {
                    return self.unknown(&[register], rest);
                };
                let range = first.cast_signed()..end.cast_signed();
                match self.wanted[register] {
                    Some(word) if range.contains(&word.cast_signed()) => {
                        self.with(&[(register, word)], rest);
                    }
                    Some(_) => {
                        let why = self.condition(to);
                        self.lacking(why, rest);
                    }
                    None => {
                        for number in range.take(STEPS_MAX) {
                            self.with(&[(register, number.cast_unsigned())], rest);
                        }
                    }
                }
            }
            Op::Let { into, value } => {
                let register = into.0 as usize;
                match (self.value(value), self.wanted[register]) {
                    (Some(word), Some(wanted)) if word != wanted => {
                        let why = self.condition(value);
                        self.lacking(why, rest);
                    }
                    (Some(word), _) => self.with(&[(register, word)], rest),
                    (None, _) => self.unknown(&[register], rest),
                }
            }
            Op::Filter { condition } => match self.value(condition) {
                Some(0) => {
                    let why = self.condition(condition);
                    self.lacking(why, rest);
                }
                Some(_) | None => self.ops(rest),
            },
            Op::Emit { .. } | Op::Accumulate { .. } => self.head(),
        }
    }

    /// The columns that an index look-up gives, as far as they are known.
    fn pattern(
        &mut self,
        index: bloom_plan::plan::IndexId,
        key: &[Expr],
    ) -> (RelationId, Vec<Option<u64>>) {
        let index = &self.plan.indexes[index.0 as usize];
        let columns = self.plan.relations[index.relation.0 as usize].columns.len();
        let mut pattern = vec![None; columns];
        for (&column, expr) in index.columns.iter().zip(key) {
            let known = self.value(expr);
            let wanted = match expr {
                Expr::Register(register) => self.wanted[register.0 as usize],
                _ => None,
            };
            pattern[column as usize] = known.or(wanted);
        }
        (index.relation, pattern)
    }

    /// A positive literal: each row that fits; if none does, it is assumed.
    fn literal(
        &mut self,
        relation: RelationId,
        mut pattern: Vec<Option<u64>>,
        bind: &[bloom_plan::plan::Bind],
        rest: &[Op],
    ) {
        for bind in bind {
            if let Some(wanted) = self.wanted[bind.into.0 as usize] {
                pattern[bind.column as usize] = Some(wanted);
            }
        }
        let rows = self.rows(relation, &pattern);
        for row in &rows {
            let given = bind
                .iter()
                .map(|b| (b.into.0 as usize, row[b.column as usize]));
            let given: Vec<(usize, u64)> = given.collect();
            self.with(&given, rest);
        }
        // Where there are rows, what is wrong with each is told further on.
        if !rows.is_empty() {
            return;
        }
        if !self.may_lack_more() {
            return;
        }
        let values = self.values(relation, &pattern);
        let before: Vec<_> = bind.iter().map(|b| self.bound[b.into.0 as usize]).collect();
        for bind in bind {
            self.bound[bind.into.0 as usize] = pattern[bind.column as usize];
        }
        self.lacking(Wanting::Row(relation, values), rest);
        for (bind, word) in bind.iter().zip(before) {
            self.bound[bind.into.0 as usize] = word;
        }
    }

    fn with(&mut self, given: &[(usize, u64)], rest: &[Op]) {
        let before: Vec<_> = given.iter().map(|&(r, _)| self.bound[r]).collect();
        for &(register, word) in given {
            self.bound[register] = Some(word);
        }
        self.ops(rest);
        for (&(register, _), word) in given.iter().zip(before) {
            self.bound[register] = word;
        }
    }

    fn unknown(&mut self, registers: &[usize], rest: &[Op]) {
        let before: Vec<_> = registers.iter().map(|&r| self.bound[r]).collect();
        for &register in registers {
            self.bound[register] = self.wanted[register];
        }
        self.ops(rest);
        for (&register, word) in registers.iter().zip(before) {
            self.bound[register] = word;
        }
    }

    /// What an expression reads, by the names of the source.
    fn condition(&mut self, expr: &Expr) -> Wanting {
        let mut reads = Vec::new();
        read_by(expr, &mut reads);
        let mut shown = Vec::new();
        for register in reads {
            let slot = &self.version.registers[register];
            let (Some(word), false) = (self.bound[register], slot.name.is_empty()) else {
                continue;
            };
            let evaluator = self.explainer.evaluator(self.moment.life);
            if let Some(value) = evaluator.value(slot.ty, word) {
                let value = bloom_plan::display::value(&self.plan.types, slot.ty, &value);
                shown.push((slot.name.to_string(), value.to_string()));
            }
        }
        Wanting::Condition(shown)
    }

    /// The body has all that it needs, but for what it lacks; does the head come out as it should?
    fn head(&mut self) {
        let asked = self.asked.clone();
        let differs = asked.iter().any(|(expr, word)| {
            expr.is_some_and(|expr| self.value(expr).is_some_and(|value| value != *word))
        });
        let is_group = matches!(self.version.nest.last(), Some(Op::Accumulate { .. }));
        if differs || is_group && self.lacks.is_empty() {
            if !self.may_lack_more() {
                return;
            }
            let row = self.derived();
            self.lacks.push(Wanting::Differs(row));
            self.keep();
            self.lacks.pop();
            return;
        }
        self.keep();
    }

    /// The head's values, as far as they follow from the body.
    fn derived(&mut self) -> Row {
        let Some(op) = self.version.nest.last() else {
            return Row::new();
        };
        let head = target_of(self.plan, op);
        let exprs = head_columns(self.plan, op);
        let mut row = Row::new();
        for (expr, column) in exprs
            .into_iter()
            .zip(&self.plan.relations[head.0 as usize].columns)
        {
            let word = expr.and_then(|expr| self.value(expr));
            let evaluator = self.explainer.evaluator(self.moment.life);
            let value = word.and_then(|word| evaluator.value(column.ty, word));
            row.push(value.unwrap_or(Value::Bottom));
        }
        row
    }

    fn keep(&mut self) {
        let least = self.best.first().map_or(usize::MAX, Vec::len);
        if self.lacks.len() < least {
            self.best.clear();
        }
        if self.lacks.len() <= least && self.best.len() < BODIES_MAX {
            self.best.push(self.lacks.clone());
        }
    }
}
