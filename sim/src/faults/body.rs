//! Evaluates the versions of rules over annotated relations: an operator that reads a row adds its condition,
//! `not` the negated conditions of all rows that may match, and a derived row holds under all that was added.
//!
//! A derivation that ends in a row error is dropped, as the runtime drops it.

use std::sync::Arc;

use bloom_plan::plan::{AggregateId, Arrow, Expr, IndexId, Op, Plan, RelationId, VersionId};
use bloom_runtime::Interpreter;

use crate::elements::elements;
use crate::shape::Words;

use super::aggregate;
use super::annotated::{FxIndexMap, Relation};
use super::circuit::{Circuit, Lit};
use super::limit::Limit;

/// A row that a rule derives, and when. `None` stands for what a `<-` head leaves out.
#[derive(Debug)]
pub struct Derivation {
    pub relation: RelationId,
    pub arrow: Arrow,
    pub columns: Vec<Option<u64>>,
    pub condition: Lit,
}

impl Derivation {
    /// The row of a head that gives every column.
    pub fn row(&self) -> Words {
        self.columns.iter().map(|word| word.unwrap_or(0)).collect()
    }
}

/// Matches of an aggregate's body by group: each the words of the group and of the arguments.
pub type Groups = FxIndexMap<Words, Vec<(Vec<u64>, Lit)>>;

/// Derivations of one tick past which a search gives up.
const DERIVATIONS_MAX: usize = 2_000_000;

/// Evaluates a version; derivations are appended.
pub fn fire(
    circuit: &mut Circuit,
    interpreter: &mut Interpreter,
    relations: &mut [Relation],
    version: VersionId,
    derived: &mut Vec<Derivation>,
) -> Result<(), Limit> {
    let plan = Arc::clone(interpreter.plan());
    let version = &plan.versions[version.0 as usize];
    for op in &version.nest {
        if let Op::Probe { index, .. } | Op::Exists { index, .. } = op {
            let index = &plan.indexes[index.0 as usize];
            relations[index.relation.0 as usize].index(&index.columns);
        }
    }
    let mut firing = Firing {
        plan: &plan,
        circuit,
        interpreter,
        relations,
        registers: vec![0; version.registers.len()],
        conditions: Vec::new(),
        groups: None,
        derived,
    };
    firing.ops(&version.nest)?;
    let Some((id, groups)) = firing.groups else {
        return Ok(());
    };
    aggregate::finish(circuit, interpreter, id, groups, derived)
}

struct Firing<'f> {
    plan: &'f Plan,
    circuit: &'f mut Circuit,
    interpreter: &'f mut Interpreter,
    relations: &'f [Relation],
    registers: Vec<u64>,
    /// Of the rows that the operators so far read.
    conditions: Vec<Lit>,
    groups: Option<(AggregateId, Groups)>,
    derived: &'f mut Vec<Derivation>,
}

impl<'f> Firing<'f> {
    fn ops(&mut self, nest: &[Op]) -> Result<(), Limit> {
        let Some((op, rest)) = nest.split_first() else {
            return Ok(());
        };
        match op {
            Op::Scan { relation, bind, .. } => {
                let relations = self.relations;
                for (row, &condition) in relations[relation.0 as usize].rows() {
                    for bind in bind {
                        self.registers[bind.into.0 as usize] = row[bind.column as usize];
                    }
                    self.under(condition, rest)?;
                }
                Ok(())
            }
            Op::Probe { index, key, bind } => {
                let Some(rows) = self.probe(*index, key) else {
                    return Ok(());
                };
                for (row, condition) in rows {
                    for bind in bind {
                        self.registers[bind.into.0 as usize] = row[bind.column as usize];
                    }
                    self.under(condition, rest)?;
                }
                Ok(())
            }
            Op::Exists {
                index,
                key,
                negated,
            } => {
                let Some(rows) = self.probe(*index, key) else {
                    return Ok(());
                };
                let some = self
                    .circuit
                    .or(rows.into_iter().map(|(_, condition)| condition));
                self.under(if *negated { !some } else { some }, rest)
            }
            Op::Each { source, ty, into } => {
                let Ok(value) = self.interpreter.eval(source, &mut self.registers) else {
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
                let from = self.interpreter.eval(from, &mut self.registers);
                let to = self.interpreter.eval(to, &mut self.registers);
                let (Ok(from), Ok(to)) = (from, to) else {
                    return Ok(());
                };
                for number in from.cast_signed()..to.cast_signed() {
                    self.registers[into.0 as usize] = number.cast_unsigned();
                    self.ops(rest)?;
                }
                Ok(())
            }
            Op::Let { into, value } => {
                let Ok(word) = self.interpreter.eval(value, &mut self.registers) else {
                    return Ok(());
                };
                self.registers[into.0 as usize] = word;
                self.ops(rest)
            }
            Op::Filter { condition } => {
                match self.interpreter.eval(condition, &mut self.registers) {
                    Ok(0) | Err(_) => Ok(()),
                    Ok(_) => self.ops(rest),
                }
            }
            Op::Emit {
                relation,
                arrow,
                columns,
            } => {
                let mut words = Vec::with_capacity(columns.len());
                for column in columns {
                    words.push(match column {
                        None => None,
                        Some(expr) => match self.interpreter.eval(expr, &mut self.registers) {
                            Ok(word) => Some(word),
                            Err(_) => return Ok(()),
                        },
                    });
                }
                self.emit(*relation, *arrow, words)
            }
            Op::Accumulate {
                aggregate,
                group,
                arguments,
            } => {
                let mut words = Vec::with_capacity(group.len() + arguments.len());
                for expr in group.iter().chain(arguments) {
                    match self.interpreter.eval(expr, &mut self.registers) {
                        Ok(word) => words.push(word),
                        Err(_) => return Ok(()),
                    }
                }
                let condition = self.condition();
                if condition != Lit::FALSE {
                    let groups = self
                        .groups
                        .get_or_insert_with(|| (*aggregate, Groups::default()));
                    let of_group = groups.1.entry(words[..group.len()].into()).or_default();
                    of_group.push((words, condition));
                }
                Ok(())
            }
        }
    }

    /// Goes on where a row is there.
    fn under(&mut self, condition: Lit, rest: &[Op]) -> Result<(), Limit> {
        if condition == Lit::TRUE {
            return self.ops(rest);
        }
        if condition == Lit::FALSE || self.conditions.contains(&!condition) {
            return Ok(());
        }
        self.conditions.push(condition);
        let done = self.ops(rest);
        self.conditions.pop();
        done
    }

    fn condition(&mut self) -> Lit {
        self.circuit.and(self.conditions.iter().copied())
    }

    /// The rows that match; none if the key has no value.
    fn probe(&mut self, index: IndexId, key: &[Expr]) -> Option<Vec<(&'f Words, Lit)>> {
        let mut words = Vec::with_capacity(key.len());
        for expr in key {
            words.push(self.interpreter.eval(expr, &mut self.registers).ok()?);
        }
        let index = &self.plan.indexes[index.0 as usize];
        let relations: &'f [Relation] = self.relations;
        Some(relations[index.relation.0 as usize].probe(&index.columns, &words))
    }

    fn emit(
        &mut self,
        relation: RelationId,
        arrow: Arrow,
        columns: Vec<Option<u64>>,
    ) -> Result<(), Limit> {
        let condition = self.condition();
        if condition == Lit::FALSE {
            return Ok(());
        }
        if self.derived.len() >= DERIVATIONS_MAX {
            let name = self.plan.relations[relation.0 as usize].name.clone();
            return Err(Limit::Rows {
                node: self.plan.name.clone(),
                relation: name,
                max: DERIVATIONS_MAX,
            });
        }
        self.derived.push(Derivation {
            relation,
            arrow,
            columns,
            condition,
        });
        Ok(())
    }
}
