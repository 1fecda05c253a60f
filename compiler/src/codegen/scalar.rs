//! Scalar expressions and the functions of a plan.
//!
//! Conditions branch where they stand ([`Assembly::condition`]) and become words only where a word
//! is asked for. Floats are kept canonical (one NaN, no negative zero), so that equality is that
//! of words, and order is that of integers once negative ones are mirrored.

use bloom_plan::artifact::{RuntimeFunction, frame};
use bloom_plan::plan::{
    Argument, BinaryOp, CompareOp, Expr, FunctionId, Plan, Register, RowError, UnaryOp,
};
use bloom_plan::types::{Type, TypeId};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{Block, Function, InstBuilder, MemFlagsData, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;

use super::assembly::{Assembly, WORD, empty};
use bloom_plan::plan::fallible::Fallible;

/// `extern "C" fn(frame, arguments) -> word`.
pub(super) fn build(
    plan: &Plan,
    fallible: &Fallible,
    isa: &dyn TargetIsa,
    building: &mut FunctionBuilderContext,
    id: FunctionId,
) -> Function {
    let source = &plan.functions[id.0 as usize];
    let mut function = empty((1, id.0), 2, true, isa);
    let mut asm = Assembly::new(
        plan,
        fallible,
        isa,
        &mut function,
        building,
        source.registers.len(),
    );
    let entry = asm.builder.current_block().expect("the entry block");
    let arguments = asm.builder.block_params(entry)[1];
    for parameter in 0..source.parameters.len() as u32 {
        let word = asm.load(I64, arguments, (i64::from(parameter) * WORD) as i32);
        asm.set(Register(parameter), word);
    }
    asm.with_failures(
        |asm| {
            let result = asm.expr(&source.body);
            asm.ins().return_(&[result]);
        },
        return_zero,
    );
    asm.finish();
    function
}

fn return_zero(asm: &mut Assembly<'_>) {
    let zero = asm.int(0);
    asm.ins().return_(&[zero]);
}

impl Assembly<'_> {
    pub(super) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Value> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Value {
        let frame = self.frame;
        match expr {
            Expr::Word(word) => self.int(*word as i64),
            Expr::Literal(literal) => self.entry(frame::LITERALS, literal.0),
            Expr::Constant(constant) => self.entry(frame::CONSTANTS, constant.0),
            Expr::Register(register) => self.get(*register),
            Expr::SelfAddr => self.load_fixed(frame, frame::SELF_ADDR),
            Expr::Unary(op, a) => self.unary(*op, a),
            Expr::Binary(op, a, b) => self.binary(*op, a, b),
            Expr::Compare(op, ty, a, b) => {
                let truth = self.compare(*op, *ty, a, b);
                self.word_of(truth)
            }
            Expr::And(..) | Expr::Or(..) => self.condition_word(expr),
            Expr::If(condition, then, otherwise) => self.choice(condition, then, otherwise),
            Expr::Let(register, value, body) => {
                let value = self.expr(value);
                self.set(*register, value);
                self.expr(body)
            }
            Expr::Make(ty, parts) => {
                let parts = self.exprs(parts);
                let (ty, words, count) = (
                    self.int(ty.0.into()),
                    self.array(&parts),
                    self.int(parts.len() as i64),
                );
                let result = self.ask_runtime(RuntimeFunction::Make, &[ty, words, count]);
                if self.fallible.call(expr) {
                    self.check_error();
                }
                result
            }
            Expr::Part(whole, n) => {
                let whole = self.expr(whole);
                let words = self.ask_runtime(RuntimeFunction::Words, &[whole]);
                self.load(I64, words, (i64::from(*n) * WORD) as i32)
            }
            Expr::Retype(ty, a) => {
                let (ty, a) = (self.int(ty.0.into()), self.expr(a));
                let result = self.ask_runtime(RuntimeFunction::Retype, &[ty, a]);
                if self.fallible.call(expr) {
                    self.check_error();
                }
                result
            }
            Expr::Join(ty, a, b) => {
                let (ty, a, b) = (self.int(ty.0.into()), self.expr(a), self.expr(b));
                self.ask_runtime(RuntimeFunction::Join, &[ty, a, b])
            }
            Expr::Call(function, arguments) => {
                let arguments = self.exprs(arguments);
                let result = self.call_function(function.0, &arguments);
                if self.fallible.call(expr) {
                    self.check_error();
                }
                result
            }
            Expr::Builtin(site, arguments) => {
                let words: Vec<Value> = arguments.iter().map(|a| self.argument(a)).collect();
                let (number, words) = (self.int(site.0.into()), self.array(&words));
                let result = self.ask_runtime(RuntimeFunction::Builtin, &[number, words]);
                if self.fallible.call(expr) {
                    self.check_error();
                }
                result
            }
            Expr::Fail(error) => {
                let failed = self.failure(*error);
                self.jump(failed);
                // What follows cannot be reached, but the expression must have a value.
                let after = self.builder.create_block();
                self.builder.switch_to_block(after);
                self.int(0)
            }
        }
    }

    /// Ends the current block: to `then` if the expression holds, else to `otherwise`.
    pub(super) fn condition(&mut self, expr: &Expr, then: Block, otherwise: Block) {
        match expr {
            Expr::Compare(op, ty, a, b) => {
                let truth = self.compare(*op, *ty, a, b);
                self.branch(truth, then, otherwise);
            }
            Expr::Unary(UnaryOp::Not, a) => self.condition(a, otherwise, then),
            Expr::And(a, b) => {
                let second = self.builder.create_block();
                self.condition(a, second, otherwise);
                self.builder.switch_to_block(second);
                self.condition(b, then, otherwise);
            }
            Expr::Or(a, b) => {
                let second = self.builder.create_block();
                self.condition(a, then, second);
                self.builder.switch_to_block(second);
                self.condition(b, then, otherwise);
            }
            other => {
                let word = self.expr(other);
                self.branch(word, then, otherwise);
            }
        }
    }

    fn condition_word(&mut self, expr: &Expr) -> Value {
        let (yes, no) = (self.builder.create_block(), self.builder.create_block());
        let (end, result) = self.block_with_word();
        self.condition(expr, yes, no);
        for (block, word) in [(yes, 1), (no, 0)] {
            self.builder.switch_to_block(block);
            let word = self.int(word);
            self.jump_with(end, word);
        }
        self.builder.switch_to_block(end);
        result
    }

    fn choice(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Value {
        let (yes, no) = (self.builder.create_block(), self.builder.create_block());
        let (end, result) = self.block_with_word();
        self.condition(condition, yes, no);
        for (block, branch) in [(yes, then), (no, otherwise)] {
            self.builder.switch_to_block(block);
            let word = self.expr(branch);
            self.jump_with(end, word);
        }
        self.builder.switch_to_block(end);
        result
    }

    /// Word `number` of one of the frame's tables.
    fn entry(&mut self, table: i32, number: u32) -> Value {
        let frame = self.frame;
        let table = self.load_fixed(frame, table);
        self.load_fixed(table, (i64::from(number) * WORD) as i32)
    }

    fn argument(&mut self, argument: &Argument) -> Value {
        match argument {
            Argument::Value(expr) => self.expr(expr),
            Argument::Lambda { function, captures } => {
                let captures = self.exprs(captures);
                let mut words = vec![self.int(function.0.into()), self.int(captures.len() as i64)];
                words.extend(captures);
                self.array(&words)
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, a: &Expr) -> Value {
        let a = self.expr(a);
        match op {
            UnaryOp::Not => {
                let one = self.int(1);
                self.ins().bxor(a, one)
            }
            UnaryOp::IntNeg => {
                let zero = self.int(0);
                let (result, overflow) = self.ins().ssub_overflow(zero, a);
                self.fail_if(overflow, RowError::Overflow);
                result
            }
            UnaryOp::FloatNeg => {
                let x = self.float(a);
                let negated = self.ins().fneg(x);
                self.canonical(negated)
            }
            UnaryOp::IntToFloat => {
                let x = self.ins().fcvt_from_sint(F64, a);
                self.ins().bitcast(I64, MemFlagsData::new(), x)
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr) -> Value {
        let (x, y) = (self.expr(a), self.expr(b));
        let (result, overflow) = match op {
            BinaryOp::IntAdd => self.ins().sadd_overflow(x, y),
            BinaryOp::IntSub => self.ins().ssub_overflow(x, y),
            BinaryOp::IntMul => self.ins().smul_overflow(x, y),
            BinaryOp::IntDiv => {
                self.guard_division(x, y, b);
                return self.ins().sdiv(x, y);
            }
            BinaryOp::IntRem => {
                self.guard_division(x, y, b);
                return self.ins().srem(x, y);
            }
            BinaryOp::FloatRem => return self.ask_runtime(RuntimeFunction::FloatRem, &[x, y]),
            BinaryOp::FloatAdd | BinaryOp::FloatSub | BinaryOp::FloatMul | BinaryOp::FloatDiv => {
                let (x, y) = (self.float(x), self.float(y));
                let result = match op {
                    BinaryOp::FloatAdd => self.ins().fadd(x, y),
                    BinaryOp::FloatSub => self.ins().fsub(x, y),
                    BinaryOp::FloatMul => self.ins().fmul(x, y),
                    _ => self.ins().fdiv(x, y),
                };
                return self.canonical(result);
            }
        };
        self.fail_if(overflow, RowError::Overflow);
        result
    }

    /// No check where the divisor is known to be harmless.
    fn guard_division(&mut self, x: Value, y: Value, divisor: &Expr) {
        if matches!(divisor, Expr::Word(word) if *word != 0 && *word != u64::MAX) {
            return;
        }
        let zero = self.int(0);
        let by_zero = self.ins().icmp(IntCC::Equal, y, zero);
        self.fail_if(by_zero, RowError::DivisionByZero);
        let (least, minus_one) = (self.int(i64::MIN), self.int(-1));
        let is_least = self.ins().icmp(IntCC::Equal, x, least);
        let negates = self.ins().icmp(IntCC::Equal, y, minus_one);
        let overflow = self.ins().band(is_least, negates);
        self.fail_if(overflow, RowError::Overflow);
    }

    fn float(&mut self, word: Value) -> Value {
        self.ins().bitcast(F64, MemFlagsData::new(), word)
    }

    /// The word of a float: adding zero makes negative zero positive, and every NaN becomes one.
    fn canonical(&mut self, x: Value) -> Value {
        let zero = self.ins().f64const(0.0);
        let x = self.ins().fadd(x, zero);
        let is_nan = self.ins().fcmp(FloatCC::Unordered, x, x);
        let bits = self.ins().bitcast(I64, MemFlagsData::new(), x);
        let nan = self.int(f64::NAN.to_bits() as i64);
        self.ins().select(is_nan, nan, bits)
    }

    fn compare(&mut self, op: CompareOp, ty: TypeId, a: &Expr, b: &Expr) -> Value {
        let (x, y) = (self.expr(a), self.expr(b));
        let code = condition_code(op);
        if matches!(op, CompareOp::Eq | CompareOp::Ne) {
            // Handles of equal values are equal, and floats are canonical.
            return self.ins().icmp(code, x, y);
        }
        match word_order(self.plan, ty) {
            Some(WordOrder::Signed) => self.ins().icmp(code, x, y),
            Some(WordOrder::Float) => {
                let (x, y) = (self.mirrored(x), self.mirrored(y));
                self.ins().icmp(code, x, y)
            }
            None => {
                let ty = self.int(ty.0.into());
                let order = self.ask_runtime(RuntimeFunction::Compare, &[ty, x, y]);
                let zero = self.int(0);
                self.ins().icmp(code, order, zero)
            }
        }
    }

    /// An integer ordered as the canonical float of these bits: of negative ones all bits but the
    /// sign are flipped. The one NaN is positive and thus last.
    fn mirrored(&mut self, bits: Value) -> Value {
        let (sign, one) = (self.int(63), self.int(1));
        let all = self.ins().sshr(bits, sign);
        let flips = self.ins().ushr(all, one);
        self.ins().bxor(bits, flips)
    }
}

enum WordOrder {
    Signed,
    Float,
}

/// How words of the type are ordered; none where the runtime must look behind them.
fn word_order(plan: &Plan, ty: TypeId) -> Option<WordOrder> {
    match plan.types.get(ty) {
        Type::Float => Some(WordOrder::Float),
        Type::Max(inner) | Type::Min(inner) => word_order(plan, *inner),
        _ if plan.types.is_word(ty) => Some(WordOrder::Signed),
        _ => None,
    }
}

fn condition_code(op: CompareOp) -> IntCC {
    match op {
        CompareOp::Eq => IntCC::Equal,
        CompareOp::Ne => IntCC::NotEqual,
        CompareOp::Lt => IntCC::SignedLessThan,
        CompareOp::Le => IntCC::SignedLessThanOrEqual,
        CompareOp::Gt => IntCC::SignedGreaterThan,
        CompareOp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}
