//! Constants whose value fails: every node would fail as it starts. What reads a parameter, the node's address
//! or a test's nodes is known only then, and is not tried.

use bloom_plan::plan::RowError;
use rustc_hash::FxHashMap;

use crate::base::{Diagnostic, codes};
use crate::eval::Evaluator;
use crate::hir::{Body, ConstantId, Expr, FunctionId, Program};
use crate::typing::Typed;

pub(super) fn check(program: &Program, typed: &Typed, diagnostics: &mut Vec<Diagnostic>) {
    if typed.diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    let evaluator = Evaluator::new(program, typed);
    let mut fixed = Fixed {
        program,
        functions: FxHashMap::default(),
    };
    for (id, constant) in program.constants.iter() {
        if !fixed.constant(id) {
            continue;
        }
        let error = match evaluator.constant(id) {
            // Also of what has no meaning here, such as a type that is not known.
            Ok(_) | Err(RowError::Invalid) => continue,
            Err(error) => error,
        };
        let fails = |id: ConstantId| evaluator.constant(id).is_err();
        if constants(constant.init.as_ref()).any(fails) {
            continue;
        }
        diagnostics.push(Diagnostic::new(
            codes::E0314,
            program.file_span(constant.loc),
            format!(
                "the value of `{}` fails: {}",
                constant.name,
                error.message()
            ),
            "has no value",
        ));
    }
}

/// The constants that a value reads itself.
fn constants(body: Option<&Body>) -> impl Iterator<Item = ConstantId> {
    let exprs = body.into_iter().flat_map(|body| body.exprs.iter());
    exprs.filter_map(|(_, node)| match node.expr {
        Expr::Constant(id) => Some(id),
        _ => None,
    })
}

/// Tells what has the same value in every node.
struct Fixed<'a> {
    program: &'a Program,
    functions: FxHashMap<FunctionId, bool>,
}

impl Fixed<'_> {
    fn constant(&mut self, id: ConstantId) -> bool {
        let constant = &self.program.constants[id];
        let init = constant.init.as_ref();
        !constant.parameter && init.is_some_and(|body| self.body(body))
    }

    fn function(&mut self, id: FunctionId) -> bool {
        if let Some(&known) = self.functions.get(&id) {
            return known;
        }
        let fixed = self.body(&self.program.functions[id].body);
        self.functions.insert(id, fixed);
        fixed
    }

    fn body(&mut self, body: &Body) -> bool {
        body.exprs.iter().all(|(_, node)| match node.expr {
            Expr::Error | Expr::SelfAddr | Expr::TestNode(_) => false,
            Expr::Constant(id) => self.constant(id),
            Expr::Function(id) | Expr::Call { function: id, .. } => self.function(id),
            _ => true,
        })
    }
}
