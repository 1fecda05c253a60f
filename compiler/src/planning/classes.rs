//! What of a program lasts from tick to tick.
//!
//! A relation is `Lasting` if its rows stay until they are deleted; an `Event` if it is empty in
//! every tick in which nothing arrives, since each of its rules reads an event; else a `View`, which
//! has what its rules derive, so that it must follow what they read. Events are the greatest set
//! for which that holds, so a relation that only depends on itself and on arrivals is one.

use bloom_plan::functions::Kind;
use bloom_plan::plan::{Argument, Arrow, Expr, Plan, RelationId, RuleId};

use crate::rir::{Literal, Program, Rule};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Lasting,
    Event,
    View,
}

/// What is known of relations and functions.
pub(super) struct Classes {
    relations: Vec<Class>,
    /// Functions that may give another result each time.
    volatile: Vec<bool>,
}

impl Classes {
    pub(super) fn new(program: &Program) -> Self {
        let declared = &program.declarations;
        let relations = declared.relations.iter();
        let mut classes = Classes {
            relations: relations
                .map(|r| match r.kind.is_transient() {
                    true => Class::Event,
                    false => Class::Lasting,
                })
                .collect(),
            volatile: volatile(declared),
        };
        loop {
            let mut changed = false;
            for (place, declared) in declared.rules.iter().enumerate() {
                let class = classes.of(declared.head);
                let merges = declared.arrow == Arrow::Merge && !declared.bootstrap;
                if merges && class == Class::Event && !classes.has_event(&program.rules[place]) {
                    classes.relations[declared.head.0 as usize] = Class::View;
                    changed = true;
                }
            }
            if !changed {
                return classes;
            }
        }
    }

    pub(super) fn of(&self, relation: RelationId) -> Class {
        self.relations[relation.0 as usize]
    }

    /// Takes in a relation that comes later.
    pub(super) fn push(&mut self, class: Class) {
        self.relations.push(class);
    }

    /// Whether a positive literal reads an event.
    pub(super) fn has_event(&self, rule: &Rule) -> bool {
        rule.literals.iter().any(|literal| self.is_event(literal))
    }

    pub(super) fn is_event(&self, literal: &Literal) -> bool {
        matches!(literal, Literal::Atom { relation, .. } if self.of(*relation) == Class::Event)
    }

    /// Whether a rule asks for the time, for chance or for fresh numbers.
    pub(super) fn is_volatile(&self, program: &Program, rule: RuleId) -> bool {
        let rule = &program.rules[rule.0 as usize];
        let inputs = rule.literals.iter().flat_map(Literal::inputs);
        let mut exprs = inputs.chain(rule.head.exprs());
        exprs.any(|expr| is_volatile(&program.declarations, &self.volatile, expr))
    }
}

fn volatile(plan: &Plan) -> Vec<bool> {
    let mut volatile = vec![false; plan.functions.len()];
    loop {
        let mut changed = false;
        for (place, function) in plan.functions.iter().enumerate() {
            if !volatile[place] && is_volatile(plan, &volatile, &function.body) {
                volatile[place] = true;
                changed = true;
            }
        }
        if !changed {
            return volatile;
        }
    }
}

fn is_volatile(plan: &Plan, functions: &[bool], expr: &Expr) -> bool {
    let own = match expr {
        Expr::Call(function, _) => functions[function.0 as usize],
        Expr::Builtin(site, arguments) => {
            let builtin = plan.sites[site.0 as usize].builtin;
            let lambda = |argument: &Argument| match argument {
                Argument::Lambda { function, .. } => functions[function.0 as usize],
                Argument::Value(_) => false,
            };
            builtin.get().kind == Kind::Nondeterministic || arguments.iter().any(lambda)
        }
        _ => false,
    };
    let mut children = expr.children().into_iter();
    own || children.any(|child| is_volatile(plan, functions, child))
}
