//! Which variables a literal reads and which it can bind.

use bloom_plan::plan::{Expr, Register};

use super::{Head, Literal, Rule};

impl Literal {
    /// The expressions that must have their variables bound before the literal is evaluated.
    pub fn inputs(&self) -> Vec<&Expr> {
        match self {
            Literal::Atom { columns, .. } => columns
                .iter()
                .flatten()
                .filter(|column| !matches!(column, Expr::Register(_)))
                .collect(),
            Literal::Not { columns, .. } => columns.iter().flatten().collect(),
            Literal::Condition(condition) => vec![condition],
            Literal::Let { guard, bind } => guard
                .iter()
                .chain(bind.iter().map(|(_, value)| value))
                .collect(),
            Literal::Each { source, .. } => vec![source],
            Literal::Range { from, to, .. } => vec![from, to],
        }
    }

    /// Every expression in the literal.
    pub fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Literal::Atom { columns, .. } | Literal::Not { columns, .. } => {
                columns.iter_mut().flatten().collect()
            }
            Literal::Condition(condition) => vec![condition],
            Literal::Let { guard, bind } => guard
                .iter_mut()
                .chain(bind.iter_mut().map(|(_, value)| value))
                .collect(),
            Literal::Each { source, .. } => vec![source],
            Literal::Range { from, to, .. } => vec![from, to],
        }
    }

    /// The variables that it binds, unless they are bound already.
    pub fn binds(&self) -> Vec<Register> {
        match self {
            Literal::Atom { columns, .. } => columns
                .iter()
                .flatten()
                .filter_map(|column| match column {
                    Expr::Register(variable) => Some(*variable),
                    _ => None,
                })
                .collect(),
            Literal::Not { .. } | Literal::Condition(_) => Vec::new(),
            Literal::Let { bind, .. } => bind.iter().map(|(variable, _)| *variable).collect(),
            Literal::Each { into, .. } => into.clone(),
            Literal::Range { into, .. } => vec![*into],
        }
    }

    /// The variables that must be bound before: read, and not bound by the literal itself first.
    pub fn needs(&self) -> Vec<Register> {
        let mut own = Vec::new();
        let mut needs = Vec::new();
        if let Literal::Let { guard, bind } = self {
            if let Some(guard) = guard {
                guard.reads(&mut |v| needs.push(v));
            }
            for (variable, value) in bind {
                value.reads(&mut |v| {
                    if !own.contains(&v) {
                        needs.push(v);
                    }
                });
                own.push(*variable);
            }
        } else {
            for input in self.inputs() {
                input.reads(&mut |v| needs.push(v));
            }
        }
        needs
    }

    /// Every variable that occurs, as often as it does.
    pub fn occurrences(&self) -> Vec<Register> {
        let mut all = self.binds();
        for input in self.inputs() {
            input.reads(&mut |v| all.push(v));
        }
        all
    }
}

impl Head {
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Head::Row(columns) => columns.iter().flatten().collect(),
            Head::Group {
                group, arguments, ..
            } => group.iter().chain(arguments).collect(),
        }
    }

    pub fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Head::Row(columns) => columns.iter_mut().flatten().collect(),
            Head::Group {
                group, arguments, ..
            } => group.iter_mut().chain(arguments).collect(),
        }
    }

    pub fn is_aggregate(&self) -> bool {
        matches!(self, Head::Group { .. })
    }
}

impl Rule {
    /// How often each variable occurs in literals and head.
    pub fn occurrences(&self) -> Vec<u32> {
        let mut counts = vec![0; self.variables.len()];
        for literal in &self.literals {
            for variable in literal.occurrences() {
                counts[variable.0 as usize] += 1;
            }
        }
        for expr in self.head.exprs() {
            expr.reads(&mut |variable| counts[variable.0 as usize] += 1);
        }
        counts
    }

    /// Every expression of the rule.
    pub fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        let literals = self.literals.iter_mut().flat_map(Literal::exprs_mut);
        literals.chain(self.head.exprs_mut()).collect()
    }
}
