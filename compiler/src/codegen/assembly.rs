//! What all generated functions share: the frame, registers, calls through the runtime's table,
//! and the error path.

use bloom_plan::artifact::{RuntimeFunction, frame};
use bloom_plan::plan::{Plan, Register, RowError};
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, Function, Inst, InstBuilder, MemFlagsData, SigRef, Signature, StackSlotData,
    StackSlotKind, Type, UserFuncName, Value,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};

use bloom_plan::plan::fallible::Fallible;

/// Bytes of a word.
pub(super) const WORD: i64 = 8;

pub(super) struct Assembly<'b> {
    pub(super) plan: &'b Plan,
    pub(super) fallible: &'b Fallible,
    pub(super) builder: FunctionBuilder<'b>,
    /// Address of the frame.
    pub(super) frame: Value,
    registers: Vec<Variable>,
    call_conv: CallConv,
    config: TargetFrontendConfig,
    signatures: Vec<((usize, bool), SigRef)>,
    failures: Failures,
}

/// Where the expressions of one operator go when they fail: for each row error a block that stores
/// its code, and all of them then to `target`, where the code is already stored.
#[derive(Default)]
struct Failures {
    /// None as long as nothing fails: most operators have no error path.
    target: Option<Block>,
    codes: Vec<(RowError, Block)>,
}

/// Starts a function of `parameters` words, the frame first.
pub(super) fn empty(
    number: (u32, u32),
    parameters: usize,
    result: bool,
    isa: &dyn TargetIsa,
) -> Function {
    let signature = signature(isa.default_call_conv(), parameters, result);
    Function::with_name_signature(UserFuncName::user(number.0, number.1), signature)
}

fn signature(call_conv: CallConv, parameters: usize, result: bool) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params = vec![AbiParam::new(I64); parameters];
    signature.returns = vec![AbiParam::new(I64); usize::from(result)];
    signature
}

impl<'b> Assembly<'b> {
    pub(super) fn new(
        plan: &'b Plan,
        fallible: &'b Fallible,
        isa: &dyn TargetIsa,
        function: &'b mut Function,
        building: &'b mut FunctionBuilderContext,
        registers: usize,
    ) -> Self {
        let mut builder = FunctionBuilder::new(function, building);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let frame = builder.block_params(entry)[0];
        let registers = (0..registers).map(|_| builder.declare_var(I64)).collect();
        Assembly {
            plan,
            fallible,
            builder,
            frame,
            registers,
            call_conv: isa.default_call_conv(),
            config: isa.frontend_config(),
            signatures: Vec::new(),
            failures: Failures::default(),
        }
    }

    pub(super) fn finish(mut self) {
        let outside = self.failures.target.is_some() || !self.failures.codes.is_empty();
        assert!(
            !outside,
            "every failure has an operator or a function around it"
        );
        self.builder.seal_all_blocks();
        self.builder.finalize(self.config);
    }

    pub(super) fn ins(&mut self) -> cranelift_frontend::FuncInstBuilder<'_, 'b> {
        self.builder.ins()
    }

    pub(super) fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(I64, value)
    }

    pub(super) fn get(&mut self, register: Register) -> Value {
        self.builder.use_var(self.registers[register.0 as usize])
    }

    pub(super) fn set(&mut self, register: Register, value: Value) {
        self.builder
            .def_var(self.registers[register.0 as usize], value);
    }

    /// A block with one word as parameter.
    pub(super) fn block_with_word(&mut self) -> (Block, Value) {
        let block = self.builder.create_block();
        let word = self.builder.append_block_param(block, I64);
        (block, word)
    }

    pub(super) fn jump(&mut self, block: Block) {
        self.builder.ins().jump(block, &[]);
    }

    pub(super) fn jump_with(&mut self, block: Block, word: Value) {
        self.builder.ins().jump(block, &[word.into()]);
    }

    pub(super) fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.builder
            .ins()
            .brif(condition, then, &[], otherwise, &[]);
    }

    /// Goes on here unless `condition`, then with the row error.
    pub(super) fn fail_if(&mut self, condition: Value, error: RowError) {
        let (failed, next) = (self.failure(error), self.builder.create_block());
        self.branch(condition, failed, next);
        self.builder.switch_to_block(next);
    }

    pub(super) fn failure(&mut self, error: RowError) -> Block {
        if let Some((_, block)) = self.failures.codes.iter().find(|(e, _)| *e == error) {
            return *block;
        }
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        self.failures.codes.push((error, block));
        block
    }

    /// Where the error path starts once the code is stored.
    fn failure_target(&mut self) -> Block {
        let target = self.failures.target.unwrap_or_else(|| {
            let block = self.builder.create_block();
            self.builder.set_cold_block(block);
            block
        });
        self.failures.target = Some(target);
        target
    }

    /// Goes to the error path if a callee left an error in the frame.
    pub(super) fn check_error(&mut self) {
        let frame = self.frame;
        let error = self.load(I64, frame, frame::ERROR);
        let (target, next) = (self.failure_target(), self.builder.create_block());
        self.branch(error, target, next);
        self.builder.switch_to_block(next);
    }

    /// Generates with an error path of its own: `body` must end its last block, `recover` starts
    /// with the code stored in the frame and must end its block.
    pub(super) fn with_failures(
        &mut self,
        body: impl FnOnce(&mut Self),
        recover: impl FnOnce(&mut Self),
    ) {
        let outer = std::mem::take(&mut self.failures);
        body(self);
        for (error, block) in std::mem::take(&mut self.failures.codes) {
            self.builder.switch_to_block(block);
            let code = self.int(error as i64);
            let frame = self.frame;
            self.store(code, frame, frame::ERROR);
            let target = self.failure_target();
            self.jump(target);
        }
        let failures = std::mem::replace(&mut self.failures, outer);
        if let Some(target) = failures.target {
            self.builder.switch_to_block(target);
            recover(self);
        }
    }

    pub(super) fn load(&mut self, ty: Type, address: Value, offset: i32) -> Value {
        self.builder
            .ins()
            .load(ty, MemFlagsData::trusted(), address, offset)
    }

    /// From memory that nothing writes while the function runs.
    pub(super) fn load_fixed(&mut self, address: Value, offset: i32) -> Value {
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        self.builder.ins().load(I64, flags, address, offset)
    }

    pub(super) fn store(&mut self, value: Value, address: Value, offset: i32) {
        self.builder
            .ins()
            .store(MemFlagsData::trusted(), value, address, offset);
    }

    /// Room for `words` words on the stack; its address.
    pub(super) fn room(&mut self, words: usize) -> Value {
        let size = (words.max(1) as u32) * WORD as u32;
        let slot = self.builder.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            size,
            3,
        ));
        self.builder.ins().stack_addr(I64, slot, 0)
    }

    /// `words` in memory; their address.
    pub(super) fn array(&mut self, words: &[Value]) -> Value {
        if words.is_empty() {
            return self.int(0);
        }
        let address = self.room(words.len());
        for (i, &word) in words.iter().enumerate() {
            self.store(word, address, (i as i64 * WORD) as i32);
        }
        address
    }

    /// Calls a runtime function; `arguments` without the frame.
    pub(super) fn call_runtime(&mut self, function: RuntimeFunction, arguments: &[Value]) -> Inst {
        let frame = self.frame;
        let table = self.load_fixed(frame, frame::RUNTIME);
        let callee = self.load_fixed(table, (function as i64 * WORD) as i32);
        self.call(callee, arguments, gives_word(function))
    }

    /// As [`Self::call_runtime`], for those that give a word.
    pub(super) fn ask_runtime(&mut self, function: RuntimeFunction, arguments: &[Value]) -> Value {
        let call = self.call_runtime(function, arguments);
        self.builder.inst_results(call)[0]
    }

    /// Calls a function of the plan.
    pub(super) fn call_function(&mut self, function: u32, arguments: &[Value]) -> Value {
        let frame = self.frame;
        let arguments = self.array(arguments);
        let table = self.load_fixed(frame, frame::FUNCTIONS);
        let callee = self.load_fixed(table, (i64::from(function) * WORD) as i32);
        let call = self.call(callee, &[arguments], true);
        self.builder.inst_results(call)[0]
    }

    fn call(&mut self, callee: Value, arguments: &[Value], result: bool) -> Inst {
        let shape = (arguments.len() + 1, result);
        let signature = match self.signatures.iter().find(|(s, _)| *s == shape) {
            Some((_, signature)) => *signature,
            None => {
                let imported =
                    self.builder
                        .import_signature(signature(self.call_conv, shape.0, result));
                self.signatures.push((shape, imported));
                imported
            }
        };
        let words: Vec<Value> = std::iter::once(self.frame)
            .chain(arguments.iter().copied())
            .collect();
        self.builder.ins().call_indirect(signature, callee, &words)
    }

    /// The word of a truth value.
    pub(super) fn word_of(&mut self, truth: Value) -> Value {
        debug_assert_eq!(self.builder.func.dfg.value_type(truth), I8);
        self.builder.ins().uextend(I64, truth)
    }
}

fn gives_word(function: RuntimeFunction) -> bool {
    match function {
        RuntimeFunction::Scan
        | RuntimeFunction::Probe
        | RuntimeFunction::Emit
        | RuntimeFunction::RowError
        | RuntimeFunction::Iterate
        | RuntimeFunction::Flush => false,
        RuntimeFunction::Exists
        | RuntimeFunction::Find
        | RuntimeFunction::Make
        | RuntimeFunction::Words
        | RuntimeFunction::Compare
        | RuntimeFunction::Join
        | RuntimeFunction::Retype
        | RuntimeFunction::Builtin
        | RuntimeFunction::FloatRem => true,
    }
}
