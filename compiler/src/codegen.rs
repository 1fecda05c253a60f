//! `Plan` to machine code, with Cranelift's code generator and nothing around it: no module, no
//! linker, no relocations.
//!
//! One function a version and one a function of the plan, laid one after another. What code needs
//! from outside comes through the frame (see `bloom_plan::artifact`). Invariants: the bytes depend on
//! plan and target only; no instruction traps, for every operation that could is guarded by a
//! branch to the error path; nothing is relocated.

mod assembly;
mod nest;
mod scalar;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;

use bloom_plan::artifact::{Artifact, Patch};
use bloom_plan::plan::{FunctionId, Plan, VersionId};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::{self, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use smol_str::SmolStr;
use target_lexicon::Triple;

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::layout::{Layout, layouts};

/// Functions start at multiples of this many bytes.
const ALIGNMENT: usize = 16;

/// A machine that code can be generated for.
#[derive(Clone)]
pub struct Target {
    isa: Arc<dyn TargetIsa>,
}

impl Target {
    /// The machine the compiler itself was built for.
    pub fn native() -> Target {
        Target::of(Triple::host()).expect("the compiler runs only where it can generate code")
    }

    /// `x86_64-unknown-linux-gnu`, `aarch64-apple-darwin`, …; none if there is no back end for it.
    pub fn named(triple: &str) -> Option<Target> {
        Target::of(Triple::from_str(triple).ok()?)
    }

    fn of(triple: Triple) -> Option<Target> {
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "true"),
            // A probe of the stack would be a relocated call; frames here are small.
            ("enable_probestack", "false"),
            ("unwind_info", "false"),
            (
                "enable_verifier",
                if cfg!(debug_assertions) {
                    "true"
                } else {
                    "false"
                },
            ),
        ] {
            flags
                .set(name, value)
                .expect("a setting of this version of Cranelift");
        }
        let isa = isa::lookup(triple)
            .ok()?
            .finish(settings::Flags::new(flags))
            .ok()?;
        Some(Target { isa })
    }

    pub fn triple(&self) -> String {
        self.isa.triple().to_string()
    }
}

/// Machine code for every version and function of `plan`.
pub fn generate(plan: &Plan, target: &Target) -> Artifact {
    let mut code = Vec::new();
    let mut compiler = Compiler::new(plan, target);
    let versions = (0..plan.versions.len() as u32)
        .map(|version| compiler.place(&mut code, |c| c.version(VersionId(version))))
        .collect();
    let functions = (0..plan.functions.len() as u32)
        .map(|function| compiler.place(&mut code, |c| c.function(FunctionId(function))))
        .collect();
    Artifact {
        target: SmolStr::new(target.triple()),
        code,
        versions,
        functions,
    }
}

/// Machine code for some versions of `plan`.
pub fn generate_some(plan: &Plan, versions: &[VersionId], target: &Target) -> Patch {
    let mut code = Vec::new();
    let mut compiler = Compiler::new(plan, target);
    let place = |&id: &VersionId| (id, compiler.place(&mut code, |c| c.version(id)));
    let versions = versions.iter().map(place).collect();
    Patch {
        target: SmolStr::new(target.triple()),
        code,
        versions,
    }
}

/// The code of every version and function before Cranelift's own passes, as text.
pub fn clif(plan: &Plan, target: &Target) -> String {
    let mut compiler = Compiler::new(plan, target);
    let mut text = String::new();
    for version in (0..plan.versions.len() as u32).map(VersionId) {
        let _ = writeln!(text, "; {version}\n{}", compiler.version(version));
    }
    for function in (0..plan.functions.len() as u32).map(FunctionId) {
        let name = &plan.functions[function.0 as usize].name;
        let _ = writeln!(text, "; {function} {name}\n{}", compiler.function(function));
    }
    text
}

struct Compiler<'p> {
    plan: &'p Plan,
    fallible: Fallible,
    layouts: Vec<Layout>,
    target: &'p Target,
    building: FunctionBuilderContext,
    context: Context,
}

impl<'p> Compiler<'p> {
    fn new(plan: &'p Plan, target: &'p Target) -> Self {
        Compiler {
            plan,
            fallible: Fallible::of(plan),
            layouts: layouts(plan),
            target,
            building: FunctionBuilderContext::new(),
            context: Context::new(),
        }
    }

    fn version(&mut self, version: VersionId) -> Function {
        nest::build(
            self.plan,
            &self.fallible,
            &self.layouts,
            &*self.target.isa,
            &mut self.building,
            version,
        )
    }

    fn function(&mut self, function: FunctionId) -> Function {
        scalar::build(
            self.plan,
            &self.fallible,
            &*self.target.isa,
            &mut self.building,
            function,
        )
    }

    /// Appends the code of what `build` makes; its offset.
    fn place(&mut self, code: &mut Vec<u8>, build: impl FnOnce(&mut Self) -> Function) -> u32 {
        let function = build(self);
        self.context.clear();
        self.context.func = function;
        let compiled = self
            .context
            .compile(&*self.target.isa, &mut ControlPlane::default())
            .unwrap_or_else(|e| panic!("a verified plan compiles: {:?}\n{}", e.inner, e.func));
        assert!(
            compiled.buffer.relocs().is_empty(),
            "generated code has no relocations"
        );
        code.resize(code.len().next_multiple_of(ALIGNMENT), 0);
        let offset = code.len() as u32;
        code.extend_from_slice(compiled.code_buffer());
        offset
    }
}
