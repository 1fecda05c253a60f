//! A plan's scalar expressions, joins and aggregates over words, without the machine code of its versions:
//! for whoever follows the operators of a plan in another way than a node does, such as the search for faults.
//!
//! Invariant: an expression gives the word that generated code computes for it, or the same row error.
//! Functions of the plan, built-ins and lattices are those of the node; only what `codegen` turns into
//! instructions is written a second time here. Values are never reclaimed: what is interpreted is short.

use std::sync::Arc;

use bloom_plan::plan::{
    AggregateId, Argument, BinaryOp, CompareOp, ConstantId, Expr, Plan, RelationId, RowError,
    UnaryOp,
};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Row, Value, canonical_float};

use crate::aggregate::Groups;
use crate::api::{Config, Misfit, StartError};
use crate::builtins;
use crate::context::Context;
use crate::machine::Machine;
use crate::program::Program;

/// What a node's expressions are evaluated in.
#[derive(Debug)]
pub struct Interpreter {
    context: Context,
    plan: Arc<Plan>,
}

impl Interpreter {
    /// Of a node with that address and those parameters.
    pub fn new(
        program: &Arc<Program>,
        address: &str,
        parameters: &[Value],
    ) -> Result<Interpreter, StartError> {
        // Of a machine, only what its expressions run in is kept.
        let Machine { mut context, .. } = Machine::new(Arc::clone(program), address, 0);
        context.start(parameters)?;
        Ok(Interpreter {
            context,
            plan: Arc::clone(program.plan()),
        })
    }

    /// Of a node that starts so.
    pub fn begin(program: &Arc<Program>, config: &Config) -> Result<Interpreter, StartError> {
        let program = Arc::clone(program);
        let plan = Arc::clone(program.plan());
        let Machine { mut context, .. } = Machine::new(program, &config.address, config.seed);
        context.set_now(config.start);
        context.start(&config.parameters)?;
        Ok(Interpreter { context, plan })
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The time that `now()` gives, in nanoseconds.
    pub fn set_now(&mut self, now: i64) {
        self.context.set_now(now);
    }

    pub fn constant(&self, constant: ConstantId) -> u64 {
        self.context.constant(constant.0 as usize)
    }

    /// The words of a row; of a relation without columns there are none.
    pub fn words(&mut self, relation: RelationId, row: &[Value]) -> Result<Vec<u64>, Misfit> {
        let plan = Arc::clone(&self.plan);
        let mut words = Vec::with_capacity(row.len());
        let columns = &plan.relations[relation.0 as usize].columns;
        self.context.words_of_row(columns, row, &mut words)?;
        Ok(words)
    }

    /// The row that words of the relation stand for.
    pub fn row(&self, relation: RelationId, words: &[u64]) -> Row {
        let columns = &self.plan.relations[relation.0 as usize].columns;
        let columns = columns.iter().zip(words);
        columns
            .map(|(column, &word)| self.context.store.value(column.ty, word))
            .collect()
    }

    /// The word of a value; none if it is of another type.
    pub fn word(&mut self, ty: TypeId, value: &Value) -> Option<u64> {
        self.context.store.word(ty, value).ok()
    }

    /// The value that a word stands for.
    pub fn value(&self, ty: TypeId, word: u64) -> Value {
        self.context.store.value(ty, word)
    }

    pub fn join(&mut self, ty: TypeId, a: u64, b: u64) -> Result<u64, RowError> {
        self.context.join(ty, a, b)
    }

    pub fn compare(&self, ty: TypeId, a: u64, b: u64) -> std::cmp::Ordering {
        self.context.store.compare(ty, a, b)
    }

    /// The words of the elements of a list, set or bag, each as often as it is in it; of a map, of its
    /// entries one after the other.
    pub fn elements(&self, ty: TypeId, value: u64) -> Vec<u64> {
        let words = self.context.store.words(value);
        match self.context.store.types().get(ty) {
            Type::Bag(_) | Type::FrozenBag(_) => {
                let counts = words.chunks_exact(2);
                counts
                    .flat_map(|entry| std::iter::repeat_n(entry[0], entry[1] as usize))
                    .collect()
            }
            _ => words.to_vec(),
        }
    }

    /// The head row of the one group that these matches make: each the words of the group, then of the
    /// arguments. None of them may be left out.
    pub fn aggregate(
        &mut self,
        aggregate: AggregateId,
        matches: &[Vec<u64>],
    ) -> Result<Vec<u64>, RowError> {
        let plan = Arc::clone(&self.plan);
        let aggregate = &plan.aggregates[aggregate.0 as usize];
        let mut groups = Groups::default();
        for words in matches {
            // One without words stands for itself all the same.
            let words = if words.is_empty() { &[0][..] } else { words };
            groups.accumulate(aggregate, &self.context.store, words, words.len());
        }
        let mut rows = groups.finish(aggregate, &mut self.context);
        match rows.pop() {
            Some(row) if rows.is_empty() => row.map_err(|(_, error)| error),
            _ => Err(RowError::Missing),
        }
    }

    /// The word of an expression over registers.
    pub fn eval(&mut self, expr: &Expr, registers: &mut [u64]) -> Result<u64, RowError> {
        Ok(match expr {
            Expr::Word(word) => *word,
            Expr::Literal(literal) => self.context.literal(*literal),
            Expr::Register(register) => registers[register.0 as usize],
            Expr::Constant(constant) => self.constant(*constant),
            Expr::SelfAddr => self.context.self_addr(),
            Expr::Unary(op, operand) => unary(*op, self.eval(operand, registers)?)?,
            Expr::Binary(op, a, b) => {
                let a = self.eval(a, registers)?;
                binary(*op, a, self.eval(b, registers)?)?
            }
            Expr::Compare(op, ty, a, b) => {
                let a = self.eval(a, registers)?;
                let b = self.eval(b, registers)?;
                u64::from(self.holds(*op, *ty, a, b))
            }
            Expr::And(a, b) => match self.eval(a, registers)? {
                0 => 0,
                _ => self.eval(b, registers)?,
            },
            Expr::Or(a, b) => match self.eval(a, registers)? {
                0 => self.eval(b, registers)?,
                word => word,
            },
            Expr::If(condition, then, otherwise) => {
                let chosen = match self.eval(condition, registers)? {
                    0 => otherwise,
                    _ => then,
                };
                self.eval(chosen, registers)?
            }
            Expr::Let(register, value, body) => {
                registers[register.0 as usize] = self.eval(value, registers)?;
                self.eval(body, registers)?
            }
            Expr::Make(ty, parts) => {
                let words = self.all(parts, registers)?;
                self.context.store.make(*ty, &words)
            }
            Expr::Part(of, place) => {
                let handle = self.eval(of, registers)?;
                self.context.store.words(handle)[*place as usize]
            }
            Expr::Retype(ty, value) => {
                let word = self.eval(value, registers)?;
                self.context.retype(*ty, word)?
            }
            Expr::Join(ty, a, b) => {
                let a = self.eval(a, registers)?;
                let b = self.eval(b, registers)?;
                self.context.join(*ty, a, b)?
            }
            Expr::Call(function, arguments) => {
                let words = self.all(arguments, registers)?;
                self.context.call(*function, &words)?
            }
            Expr::Builtin(site, arguments) => {
                let outer = self.context.lambda_count();
                let result = self.builtin(*site, arguments, registers);
                self.context.truncate_lambdas(outer);
                result?
            }
            Expr::Fail(error) => return Err(*error),
        })
    }

    fn all(&mut self, exprs: &[Expr], registers: &mut [u64]) -> Result<Vec<u64>, RowError> {
        exprs
            .iter()
            .map(|expr| self.eval(expr, registers))
            .collect()
    }

    fn builtin(
        &mut self,
        site: bloom_plan::plan::SiteId,
        arguments: &[Argument],
        registers: &mut [u64],
    ) -> Result<u64, RowError> {
        let mut words = Vec::with_capacity(arguments.len());
        for argument in arguments {
            words.push(match argument {
                Argument::Value(value) => self.eval(value, registers)?,
                Argument::Lambda { function, captures } => {
                    let captures = self.all(captures, registers)?;
                    self.context.push_lambda(*function, &captures)
                }
            });
        }
        let plan = Arc::clone(&self.plan);
        builtins::call(&mut self.context, &plan.sites[site.0 as usize], &words)
    }

    fn holds(&self, op: CompareOp, ty: TypeId, a: u64, b: u64) -> bool {
        match op {
            // Values are hash-consed, so equal words are equal values.
            CompareOp::Eq => a == b,
            CompareOp::Ne => a != b,
            CompareOp::Lt => self.compare(ty, a, b).is_lt(),
            CompareOp::Le => self.compare(ty, a, b).is_le(),
            CompareOp::Gt => self.compare(ty, a, b).is_gt(),
            CompareOp::Ge => self.compare(ty, a, b).is_ge(),
        }
    }
}

fn unary(op: UnaryOp, word: u64) -> Result<u64, RowError> {
    Ok(match op {
        UnaryOp::Not => word ^ 1,
        UnaryOp::IntNeg => {
            let negated = word.cast_signed().checked_neg();
            negated.ok_or(RowError::Overflow)?.cast_unsigned()
        }
        UnaryOp::FloatNeg => canonical_float(-f64::from_bits(word)).to_bits(),
        UnaryOp::IntToFloat => canonical_float(word.cast_signed() as f64).to_bits(),
    })
}

fn binary(op: BinaryOp, a: u64, b: u64) -> Result<u64, RowError> {
    let (x, y) = (a.cast_signed(), b.cast_signed());
    let int = |result: Option<i64>| result.map(i64::cast_unsigned).ok_or(RowError::Overflow);
    let float = |result: f64| Ok(canonical_float(result).to_bits());
    let (u, v) = (f64::from_bits(a), f64::from_bits(b));
    match op {
        BinaryOp::IntAdd => int(x.checked_add(y)),
        BinaryOp::IntSub => int(x.checked_sub(y)),
        BinaryOp::IntMul => int(x.checked_mul(y)),
        BinaryOp::IntDiv | BinaryOp::IntRem if y == 0 => Err(RowError::DivisionByZero),
        BinaryOp::IntDiv => int(x.checked_div(y)),
        BinaryOp::IntRem => int(x.checked_rem(y)),
        BinaryOp::FloatAdd => float(u + v),
        BinaryOp::FloatSub => float(u - v),
        BinaryOp::FloatMul => float(u * v),
        BinaryOp::FloatDiv => float(u / v),
        BinaryOp::FloatRem => float(u % v),
    }
}
