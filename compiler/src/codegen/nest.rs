//! Versions: a nest of operators becomes a nest of loops, each operator's code inside the one
//! before it.
//!
//! Every operator has a block to go on at when its row does not match or is done: the step of the
//! innermost loop around it, or the end of the function. A row error goes there too, by way of the
//! runtime, which is given the registers bound so far.

use bloom_plan::artifact::{RuntimeFunction, frame};
use bloom_plan::plan::layout::Layout;
use bloom_plan::plan::{
    Arrow, Bind, Expr, Extent, IndexId, Op, Plan, Register, RelationId, VersionId,
};
use bloom_plan::types::{Type, TypeId};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, Function, InstBuilder, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilderContext;

use super::assembly::{Assembly, WORD, empty};
use bloom_plan::plan::fallible::Fallible;

/// `extern "C" fn(frame)`.
pub(super) fn build(
    plan: &Plan,
    fallible: &Fallible,
    layouts: &[Layout],
    isa: &dyn TargetIsa,
    building: &mut FunctionBuilderContext,
    id: VersionId,
) -> Function {
    let source = &plan.versions[id.0 as usize];
    let mut function = empty((0, id.0), 1, false, isa);
    let mut asm = Assembly::new(
        plan,
        fallible,
        isa,
        &mut function,
        building,
        source.registers.len(),
    );
    let end = asm.builder.create_block();
    Nest {
        asm: &mut asm,
        layouts,
        version: id,
    }
    .ops(&source.nest, 0, end);
    asm.builder.switch_to_block(end);
    asm.ins().return_(&[]);
    asm.finish();
    function
}

struct Nest<'n, 'b> {
    asm: &'n mut Assembly<'b>,
    layouts: &'n [Layout],
    version: VersionId,
}

impl Nest<'_, '_> {
    /// Code of `ops`, of which operators before bound `bound` registers; ends at `next`.
    fn ops(&mut self, ops: &[Op], bound: u32, next: Block) {
        let Some((op, rest)) = ops.split_first() else {
            self.asm.jump(next);
            return;
        };
        let (version, layouts) = (self.version, self.layouts);
        self.asm.with_failures(
            |asm| {
                let mut nest = Nest {
                    asm,
                    layouts,
                    version,
                };
                nest.op(op, rest, bound, next);
            },
            |asm| {
                let registers: Vec<Value> = (0..bound).map(|r| asm.get(Register(r))).collect();
                let (version, words) = (asm.int(version.0.into()), asm.array(&registers));
                let count = asm.int(bound.into());
                asm.call_runtime(RuntimeFunction::RowError, &[version, words, count]);
                asm.jump(next);
            },
        );
    }

    fn op(&mut self, op: &Op, rest: &[Op], bound: u32, next: Block) {
        match op {
            Op::Scan {
                relation,
                part,
                bind,
            } => {
                let slice = self.asm.room(2);
                let relation_number = self.asm.int(relation.0.into());
                let extent = self.asm.int(match part {
                    Extent::Total => 0,
                    Extent::Delta => 1,
                    Extent::Before => 2,
                    Extent::Founded => 3,
                });
                self.asm
                    .call_runtime(RuntimeFunction::Scan, &[relation_number, extent, slice]);
                let stride = self.stride(*relation);
                self.each_item(slice, stride, next, |nest, row, step| {
                    nest.bind(row, bind);
                    nest.ops(rest, bound + bind.len() as u32, step);
                });
            }
            Op::Probe { index, key, bind } => self.probe(*index, key, bind, rest, bound, next),
            Op::Exists {
                index,
                key,
                negated,
            } => {
                let key = self.asm.exprs(key);
                let (number, key) = (self.asm.int(index.0.into()), self.asm.array(&key));
                let found = self
                    .asm
                    .ask_runtime(RuntimeFunction::Exists, &[number, key]);
                let inside = self.asm.builder.create_block();
                if *negated {
                    self.asm.branch(found, next, inside);
                } else {
                    self.asm.branch(found, inside, next);
                }
                self.inside(inside, rest, bound, next);
            }
            Op::Each { source, ty, into } => self.each(source, *ty, into, rest, bound, next),
            Op::Range { from, to, into } => {
                let (from, to) = (self.asm.expr(from), self.asm.expr(to));
                self.count(from, to, next, |nest, number, step| {
                    nest.asm.set(*into, number);
                    nest.ops(rest, bound + 1, step);
                });
            }
            Op::Let { into, value } => {
                let value = self.asm.expr(value);
                self.asm.set(*into, value);
                self.ops(rest, bound + 1, next);
            }
            Op::Filter { condition } => {
                let inside = self.asm.builder.create_block();
                self.asm.condition(condition, inside, next);
                self.inside(inside, rest, bound, next);
            }
            Op::Emit {
                arrow: Arrow::Delete,
                columns,
                ..
            } => self.emit_delete(columns, next),
            Op::Emit { columns, .. } => self.emit(columns, next),
            Op::Accumulate {
                group, arguments, ..
            } => {
                let words = self.asm.exprs(group.iter().chain(arguments));
                self.put_out(&words, next);
            }
        }
    }

    fn probe(
        &mut self,
        index: IndexId,
        key: &[Expr],
        bind: &[Bind],
        rest: &[Op],
        bound: u32,
        next: Block,
    ) {
        let key = self.asm.exprs(key);
        let (number, key) = (self.asm.int(index.0.into()), self.asm.array(&key));
        let bound = bound + bind.len() as u32;
        let layout = self.layouts[index.0 as usize].clone();
        if layout == Layout::Key {
            let row = self.asm.ask_runtime(RuntimeFunction::Find, &[number, key]);
            let inside = self.asm.builder.create_block();
            self.asm.branch(row, inside, next);
            self.asm.builder.switch_to_block(inside);
            self.bind(row, bind);
            self.ops(rest, bound, next);
            return;
        }
        let slice = self.asm.room(3);
        self.asm
            .call_runtime(RuntimeFunction::Probe, &[number, key, slice]);
        match layout {
            Layout::Columns(columns) => {
                let place = |column| columns.iter().position(|&c| c == column);
                let held = bind.iter().map(|bind| Bind {
                    column: place(bind.column).expect("the index holds it") as u32,
                    into: bind.into,
                });
                let held: Vec<Bind> = held.collect();
                let stride = columns.len() as i64 * WORD;
                self.each_words(slice, stride, next, |nest, item, step| {
                    nest.bind(item, &held);
                    nest.ops(rest, bound, step);
                });
            }
            Layout::Key | Layout::Numbers => {
                let stride = self.stride(self.asm.plan.indexes[index.0 as usize].relation);
                let base = self.asm.load(I64, slice, 2 * WORD as i32);
                self.each_words(slice, WORD, next, |nest, item, step| {
                    let asm = &mut *nest.asm;
                    let number = asm.load(I64, item, 0);
                    let stride = asm.int(stride);
                    let offset = asm.ins().imul(number, stride);
                    let row = asm.ins().iadd(base, offset);
                    nest.bind(row, bind);
                    nest.ops(rest, bound, step);
                });
            }
        }
    }

    /// Puts a derived row where derived rows go.
    fn emit(&mut self, columns: &[Option<Expr>], next: Block) {
        let row = columns
            .iter()
            .map(|column| column.as_ref().expect("only a `<-` leaves columns out"));
        let row = self.asm.exprs(row);
        self.put_out(&row, next);
    }

    /// Puts words, at least one, where what is derived goes.
    fn put_out(&mut self, words: &[Value], next: Block) {
        let asm = &mut *self.asm;
        let frame = asm.frame;
        let out = asm.load(I64, frame, frame::OUT);
        for (place, &word) in words.iter().enumerate() {
            asm.store(word, out, (place as i64 * WORD) as i32);
        }
        if words.is_empty() {
            let word = asm.int(0);
            asm.store(word, out, 0);
        }
        let stride = asm.int(words.len().max(1) as i64 * WORD);
        let following = asm.ins().iadd(out, stride);
        asm.store(following, frame, frame::OUT);
        let end = asm.load(I64, frame, frame::OUT_END);
        let is_full = asm.ins().icmp(IntCC::Equal, following, end);
        let full = asm.builder.create_block();
        asm.branch(is_full, full, next);
        asm.builder.switch_to_block(full);
        let version = asm.int(self.version.0.into());
        asm.call_runtime(RuntimeFunction::Flush, &[version]);
        asm.jump(next);
    }

    fn emit_delete(&mut self, columns: &[Option<Expr>], next: Block) {
        let present = columns
            .iter()
            .enumerate()
            .filter(|(i, column)| *i < 63 && column.is_some())
            .fold(1u64 << 63, |bits, (i, _)| bits | 1 << i);
        let absent = Expr::Word(0);
        let row = self.asm.exprs(
            columns
                .iter()
                .map(|column| column.as_ref().unwrap_or(&absent)),
        );
        let (version, row) = (self.asm.int(self.version.0.into()), self.asm.array(&row));
        let present = self.asm.int(present as i64);
        self.asm
            .call_runtime(RuntimeFunction::Emit, &[version, row, present]);
        self.asm.jump(next);
    }

    fn inside(&mut self, block: Block, rest: &[Op], bound: u32, next: Block) {
        self.asm.builder.switch_to_block(block);
        self.ops(rest, bound, next);
    }

    fn each(
        &mut self,
        source: &Expr,
        ty: TypeId,
        into: &[Register],
        rest: &[Op],
        bound: u32,
        next: Block,
    ) {
        let value = self.asm.expr(source);
        let (slice, number) = (self.asm.room(2), self.asm.int(ty.0.into()));
        self.asm
            .call_runtime(RuntimeFunction::Iterate, &[number, value, slice]);
        let bound = bound + into.len() as u32;
        let plan = self.asm.plan;
        match plan.types.get(ty) {
            Type::Map(..) | Type::FrozenMap(..) => {
                self.each_item(slice, 2 * WORD, next, |nest, entry, step| {
                    for (i, register) in into.iter().enumerate() {
                        let word = nest.asm.load(I64, entry, (i as i64 * WORD) as i32);
                        nest.asm.set(*register, word);
                    }
                    nest.ops(rest, bound, step);
                })
            }
            Type::Bag(_) | Type::FrozenBag(_) => {
                self.each_item(slice, 2 * WORD, next, |nest, entry, step| {
                    let word = nest.asm.load(I64, entry, 0);
                    nest.asm.set(into[0], word);
                    let (zero, multiplicity) =
                        (nest.asm.int(0), nest.asm.load(I64, entry, WORD as i32));
                    nest.count(zero, multiplicity, step, |nest, _, step| {
                        nest.ops(rest, bound, step)
                    });
                })
            }
            _ => self.each_item(slice, WORD, next, |nest, element, step| {
                let word = nest.asm.load(I64, element, 0);
                nest.asm.set(into[0], word);
                nest.ops(rest, bound, step);
            }),
        }
    }

    fn bind(&mut self, row: Value, bind: &[Bind]) {
        for bind in bind {
            let word = self
                .asm
                .load(I64, row, (i64::from(bind.column) * WORD) as i32);
            self.asm.set(bind.into, word);
        }
    }

    /// Bytes from one row to the next.
    fn stride(&self, relation: RelationId) -> i64 {
        self.asm.plan.relations[relation.0 as usize]
            .columns
            .len()
            .max(1) as i64
            * WORD
    }

    /// A loop over the items of a slice: `body` gets an item's address and where to go on.
    fn each_item(
        &mut self,
        slice: Value,
        stride: i64,
        next: Block,
        body: impl FnOnce(&mut Self, Value, Block),
    ) {
        let first = self.asm.load(I64, slice, 0);
        let count = self.asm.load(I64, slice, WORD as i32);
        let bytes = self.asm.int(stride);
        let length = self.asm.ins().imul(count, bytes);
        let end = self.asm.ins().iadd(first, length);
        self.steps(first, end, stride, IntCC::NotEqual, next, body);
    }

    /// As [`Self::each_item`], where the slice counts words.
    fn each_words(
        &mut self,
        slice: Value,
        stride: i64,
        next: Block,
        body: impl FnOnce(&mut Self, Value, Block),
    ) {
        let first = self.asm.load(I64, slice, 0);
        let count = self.asm.load(I64, slice, WORD as i32);
        let length = self.asm.ins().ishl_imm_u(count, 3);
        let end = self.asm.ins().iadd(first, length);
        self.steps(first, end, stride, IntCC::NotEqual, next, body);
    }

    /// A loop over the integers from `from` up to, not including, `to`.
    fn count(
        &mut self,
        from: Value,
        to: Value,
        next: Block,
        body: impl FnOnce(&mut Self, Value, Block),
    ) {
        self.steps(from, to, 1, IntCC::SignedLessThan, next, body);
    }

    /// `for (at = from; at ~ to; at += step)`.
    fn steps(
        &mut self,
        from: Value,
        to: Value,
        step: i64,
        goes_on: IntCC,
        next: Block,
        body: impl FnOnce(&mut Self, Value, Block),
    ) {
        let (head, at) = self.asm.block_with_word();
        let (inside, stepping) = (
            self.asm.builder.create_block(),
            self.asm.builder.create_block(),
        );
        self.asm.jump_with(head, from);
        self.asm.builder.switch_to_block(head);
        let going = self.asm.ins().icmp(goes_on, at, to);
        self.asm.branch(going, inside, next);
        self.asm.builder.switch_to_block(inside);
        body(self, at, stepping);
        self.asm.builder.switch_to_block(stepping);
        let step = self.asm.int(step);
        let following = self.asm.ins().iadd(at, step);
        self.asm.jump_with(head, following);
    }
}
