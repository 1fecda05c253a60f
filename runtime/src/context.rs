//! What a pure function of the plan runs in: the store of values, the plan's literals and constants,
//! the tick's time, and the way to call functions of the plan. Built-ins see this and no more.
//!
//! How control passes: [`Context::call`] gives generated code a frame pointer made from its own
//! exclusive reference; a runtime function turns that pointer back into an exclusive reference for
//! as long as it runs. At any moment only the innermost of these references is in use.

#![expect(unsafe_code, reason = "calls generated code")]

mod lattice;
mod reveal;
#[cfg(test)]
pub mod testing;

use std::ops::Range;
use std::sync::Arc;

use bloom_plan::plan::{FunctionId, LiteralId, Plan, RowError, Site, SiteId};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::Value;
use bloom_stdx::random::Random;

use crate::api::{Misfit, StartError};
use crate::code::{Code, Frame, RuntimeTable};
use crate::store::{Marks, Store, Types};

/// See the module's documentation. `repr(C)` with the frame first, so that a pointer to the frame
/// is one to the context.
#[repr(C)]
#[derive(Debug)]
pub struct Context {
    frame: Frame,
    pub store: Store,
    plan: Arc<Plan>,
    code: Arc<Code>,
    literals: Vec<u64>,
    constants: Vec<u64>,
    /// Lambdas that the running built-ins were given, innermost last.
    lambdas: Vec<Lambda>,
    now: i64,
    random: Random,
}

// SAFETY: the frame's pointers lead to the function table, which is static, and into what the
// context owns itself or holds by an `Arc` that may be sent.
unsafe impl Send for Context {}

/// A function with what it has captured.
#[derive(Clone, Debug)]
struct Lambda {
    function: FunctionId,
    captures: Vec<u64>,
}

impl Context {
    /// A context with the plan's literals; constants follow by [`Context::start`].
    pub fn new(
        plan: Arc<Plan>,
        types: Arc<Types>,
        code: Arc<Code>,
        runtime: &'static RuntimeTable,
        address: &str,
        seed: u64,
    ) -> Context {
        let mut store = Store::new(types);
        let self_addr = store.make_bytes(store.types().addr(), address.as_bytes());
        let literal = |l: &bloom_plan::plan::Literal| {
            store
                .word(l.ty, &l.value)
                .expect("the compiler makes literals of their type")
        };
        let literals: Vec<u64> = plan.literals.iter().map(literal).collect();
        let constants = vec![0; plan.constants.len()];
        Context {
            frame: Frame {
                runtime,
                functions: code.functions(),
                literals: literals.as_ptr(),
                constants: constants.as_ptr(),
                self_addr,
                error: 0,
                out: std::ptr::null_mut(),
                out_end: std::ptr::null_mut(),
            },
            store,
            plan,
            code,
            literals,
            constants,
            lambdas: Vec::new(),
            now: 0,
            random: Random::new(seed),
        }
    }

    /// Gives the constants their values: parameters as given, the others by their functions.
    pub fn start(&mut self, parameters: &[Value]) -> Result<(), StartError> {
        let plan = Arc::clone(&self.plan);
        let expected = plan.constants.iter().filter(|c| c.parameter).count();
        if parameters.len() > expected {
            let given = parameters.len();
            return Err(StartError::TooManyParameters { given, expected });
        }
        let mut parameters = parameters.iter();
        for (place, constant) in plan.constants.iter().enumerate() {
            let name = || constant.name.clone();
            let given = match constant.parameter {
                true => parameters.next(),
                false => None,
            };
            let word = match (given, constant.init) {
                (Some(value), _) => self.store.word(constant.ty, value).map_err(|error| {
                    let name = name();
                    StartError::Parameter { name, error }
                })?,
                (None, Some(init)) => self.call(init, &[]).map_err(|error| {
                    let name = name();
                    StartError::Constant { name, error }
                })?,
                (None, None) => return Err(StartError::MissingParameter(name())),
            };
            self.constants[place] = word;
            self.frame.constants = self.constants.as_ptr();
        }
        Ok(())
    }

    /// From now on generated code calls these runtime functions.
    pub fn set_runtime(&mut self, runtime: &'static RuntimeTable) {
        self.frame.runtime = runtime;
    }

    /// Goes on with another plan, which differs in how versions are evaluated, and its code.
    pub fn adopt(&mut self, plan: &Arc<Plan>, code: &Arc<Code>) {
        self.plan = Arc::clone(plan);
        self.code = Arc::clone(code);
        self.frame.functions = code.functions();
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub fn code(&self) -> &Arc<Code> {
        &self.code
    }

    /// A call of a built-in.
    pub fn site(&self, site: SiteId) -> &Site {
        &self.plan.sites[site.0 as usize]
    }

    pub fn constant(&self, place: usize) -> u64 {
        self.constants[place]
    }

    pub fn literal(&self, literal: LiteralId) -> u64 {
        self.literals[literal.0 as usize]
    }

    /// Word of the node's own address.
    pub fn self_addr(&self) -> u64 {
        self.frame.self_addr
    }

    /// The time at which the tick started, in nanoseconds.
    pub fn now(&self) -> i64 {
        self.now
    }

    pub fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// State of the random numbers, so that a tick can be taken back.
    pub fn random(&self) -> &Random {
        &self.random
    }

    pub fn set_random(&mut self, random: Random) {
        self.random = random;
    }

    /// The next random word.
    pub fn random_word(&mut self) -> u64 {
        self.random.next()
    }

    /// Calls a function of the plan.
    pub fn call(&mut self, function: FunctionId, arguments: &[u64]) -> Result<u64, RowError> {
        let parameters = self.plan.functions[function.0 as usize].parameters.len();
        assert_eq!(arguments.len(), parameters, "arguments of {function}");
        let code = self.code.function(function);
        let frame: *mut Frame = (&raw mut *self).cast();
        // SAFETY: the frame is the first field of this context, which is of the code's own plan;
        // functions call only runtime functions that need a context and no machine, and the
        // arguments are as many as the function reads.
        let word = unsafe { code(frame, arguments.as_ptr()) };
        match self.take_error() {
            Some(error) => Err(error),
            None => Ok(word),
        }
    }

    /// Calls a lambda that the running built-in was given as an argument.
    pub fn call_lambda(&mut self, lambda: u64, arguments: &[u64]) -> Result<u64, RowError> {
        let Lambda { function, captures } = &self.lambdas[lambda as usize];
        let function = *function;
        let mut all = Vec::with_capacity(captures.len() + arguments.len());
        all.extend_from_slice(captures);
        all.extend_from_slice(arguments);
        self.call(function, &all)
    }

    /// Whether a type is one of functions: such an argument of a built-in is a lambda's number.
    pub fn is_function(&self, ty: TypeId) -> bool {
        matches!(self.store.types().get(ty), Type::Function { .. })
    }

    /// Takes in a lambda for the built-in about to run; the number stands for it.
    pub fn push_lambda(&mut self, function: FunctionId, captures: &[u64]) -> u64 {
        let captures = captures.to_vec();
        self.lambdas.push(Lambda { function, captures });
        self.lambdas.len() as u64 - 1
    }

    pub fn lambda_count(&self) -> usize {
        self.lambdas.len()
    }

    /// Forgets the lambdas of a built-in that has returned.
    pub fn truncate_lambdas(&mut self, count: usize) {
        self.lambdas.truncate(count);
    }

    /// A frame for code that runs beside the context, with other runtime functions.
    pub fn frame_for(&self, runtime: &'static RuntimeTable) -> Frame {
        Frame {
            runtime,
            out: std::ptr::null_mut(),
            out_end: std::ptr::null_mut(),
            ..self.frame
        }
    }

    /// Where generated code is to put derived rows.
    pub fn set_out(&mut self, room: Range<*mut u64>) {
        self.frame.out = room.start;
        self.frame.out_end = room.end;
    }

    /// Up to where it has put some.
    pub fn out(&self) -> *mut u64 {
        self.frame.out
    }

    pub fn set_error(&mut self, error: RowError) {
        self.frame.error = error as u64;
    }

    pub fn take_error(&mut self) -> Option<RowError> {
        RowError::from_code(std::mem::take(&mut self.frame.error))
    }

    /// The words of a row of values, appended to `out`.
    pub fn words_of_row(
        &mut self,
        columns: &[bloom_plan::plan::Column],
        row: &[Value],
        out: &mut Vec<u64>,
    ) -> Result<(), Misfit> {
        if columns.len() != row.len() {
            return Err(Misfit::Width {
                expected: columns.len(),
                found: row.len(),
            });
        }
        for (column, value) in columns.iter().zip(row) {
            let word = self.store.word(column.ty, value);
            out.push(word.map_err(|misfit| misfit.in_column(&column.name))?);
        }
        Ok(())
    }

    /// Starts a sweep of the store that keeps what the context itself needs.
    pub fn mark(&mut self) -> Marks<'_> {
        let addr = self.store.types().addr();
        let mut marks = self.store.mark();
        marks.keep(addr, self.frame.self_addr);
        for (literal, &word) in self.plan.literals.iter().zip(&self.literals) {
            marks.keep(literal.ty, word);
        }
        for (constant, &word) in self.plan.constants.iter().zip(&self.constants) {
            marks.keep(constant.ty, word);
        }
        marks
    }
}
