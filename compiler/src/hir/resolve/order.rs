//! The order in which constants are evaluated, and the refusal of what would never end: constants that need
//! themselves, functions that call themselves.

use super::Resolver;
use crate::base::codes;
use crate::hir::{Body, ConstantId, Expr, FunctionId};
use rustc_hash::FxHashMap;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Item {
    Constant(ConstantId),
    Function(FunctionId),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Visiting,
    Done,
}

impl<'a> Resolver<'a> {
    /// Sorts the kind's constants so that each reads only earlier ones.
    pub fn order_constants(&mut self) {
        let mut states = FxHashMap::default();
        let mut ordered = Vec::new();
        let constants = std::mem::take(&mut self.kind.node.constants);
        let functions: Vec<FunctionId> = self.program.functions.ids().collect();
        for function in functions {
            self.visit(Item::Function(function), &mut states, &mut Vec::new());
        }
        states.retain(|item, _| matches!(item, Item::Function(_)));
        // Functions are visited again, for the constants that they read.
        states.clear();
        for constant in constants {
            self.visit(Item::Constant(constant), &mut states, &mut ordered);
        }
        self.kind.node.constants = ordered;
    }

    fn visit(
        &mut self,
        item: Item,
        states: &mut FxHashMap<Item, State>,
        ordered: &mut Vec<ConstantId>,
    ) {
        match states.get(&item) {
            Some(State::Done) => return,
            Some(State::Visiting) => {
                self.cut(item);
                return;
            }
            None => {}
        }
        states.insert(item, State::Visiting);
        let needs = match item {
            Item::Constant(id) => self.program.constants[id].init.as_ref().map(needs),
            Item::Function(id) => Some(needs(&self.program.functions[id].body)),
        };
        for needed in needs.unwrap_or_default() {
            self.visit(needed, states, ordered);
        }
        states.insert(item, State::Done);
        if let Item::Constant(id) = item {
            ordered.push(id);
        }
    }

    /// Reports what needs itself, and takes its value away, so that later stages end.
    fn cut(&mut self, item: Item) {
        let (code, name, loc, what) = match item {
            Item::Constant(id) => {
                let constant = &self.program.constants[id];
                (
                    codes::E0218,
                    constant.name.clone(),
                    constant.loc,
                    "constant",
                )
            }
            Item::Function(id) => {
                let function = &self.program.functions[id];
                (
                    codes::E0311,
                    function.name.clone(),
                    function.loc,
                    "function",
                )
            }
        };
        let message =
            format!("recursive {what} `{name}`: recursion in its value, which needs itself");
        let diagnostic = self
            .diagnostic(code, loc, message, "leads back here")
            .with_help("recursion is for rules: derive the result into a collection");
        self.report(diagnostic);
        let body = match item {
            Item::Constant(id) => self.program.constants[id].init.as_mut(),
            Item::Function(id) => Some(&mut self.program.functions[id].body),
        };
        if let Some(body) = body
            && let Some(value) = body.value
        {
            body.exprs[value].expr = Expr::Error;
        }
    }
}

/// The constants and functions that a value reads.
fn needs(body: &Body) -> Vec<Item> {
    let mut needs = Vec::new();
    if let Some(value) = body.value {
        body.walk_expr(value, &mut |_, expr| match expr {
            Expr::Constant(id) => needs.push(Item::Constant(*id)),
            Expr::Function(id) | Expr::Call { function: id, .. } => needs.push(Item::Function(*id)),
            _ => {}
        });
    }
    needs
}
