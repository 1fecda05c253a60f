//! Arity and column types of the relations of a program, which Dedalus leaves unsaid.
//!
//! Columns that share a variable have one type: a union-find over columns and variables, where numbers and
//! arithmetic say `Int`, texts say `String`. A column of which nothing is known is a `String`.

use super::ast::{Atom, Expr, ExprKind, LiteralKind, Program, Rule, Statement};
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Int,
    Text,
}

/// The relations in order of first mention, and the types of their columns.
#[derive(Debug, Default)]
pub struct Schema {
    pub relations: IndexMap<SmolStr, Vec<ColumnType>>,
    /// Where statements start of which a row has a wrong number of columns.
    pub misfits: FxHashSet<u32>,
}

/// Finds the relations. Reports each use with another number of columns than the first.
pub fn infer(program: &Program) -> (Schema, Vec<Diagnostic>) {
    let mut inference = Inference::default();
    for node in &program.statements {
        if let Statement::Rule(rule) = &node.statement {
            inference.rule(rule, node.offset);
        }
    }
    inference.finish()
}

#[derive(Default)]
struct Inference {
    /// The first cell of each relation, and its arity.
    relations: IndexMap<SmolStr, (usize, usize)>,
    parents: Vec<usize>,
    types: Vec<Option<ColumnType>>,
    diagnostics: Vec<Diagnostic>,
    misfits: FxHashSet<u32>,
}

impl Inference {
    fn rule(&mut self, rule: &Rule, offset: u32) {
        let mut variables = FxHashMap::default();
        self.atom(&rule.head, offset, &mut variables);
        for literal in &rule.body {
            match &literal.kind {
                LiteralKind::Atom { atom, .. } => self.atom(atom, offset, &mut variables),
                LiteralKind::Compare { left, right, .. } => {
                    let left = self.expr(left, &mut variables);
                    let right = self.expr(right, &mut variables);
                    self.union(left, right);
                }
            }
        }
    }

    fn atom(&mut self, atom: &Atom, offset: u32, variables: &mut FxHashMap<SmolStr, usize>) {
        let (first, arity) = match self.relations.get(&atom.relation) {
            Some(&known) => known,
            None => {
                let first = self.parents.len();
                for _ in &atom.args {
                    self.cell(None);
                }
                self.relations
                    .insert(atom.relation.clone(), (first, atom.args.len()));
                (first, atom.args.len())
            }
        };
        if arity != atom.args.len() {
            self.misfits.insert(offset);
            let place = FileSpan::new(FileId::default(), Span::shifted(atom.span, offset));
            let message = format!(
                "`{}` has {arity} columns elsewhere, and {} here",
                atom.relation,
                atom.args.len()
            );
            self.diagnostics.push(Diagnostic::new(
                codes::E0902,
                place,
                message,
                "not as before",
            ));
            return;
        }
        for (column, arg) in atom.args.iter().enumerate() {
            let cell = self.expr(arg, variables);
            self.union(first + column, cell);
        }
    }

    fn expr(&mut self, expr: &Expr, variables: &mut FxHashMap<SmolStr, usize>) -> usize {
        match &expr.kind {
            ExprKind::Variable(name) => match variables.get(name) {
                Some(&cell) => cell,
                None => {
                    let cell = self.cell(None);
                    variables.insert(name.clone(), cell);
                    cell
                }
            },
            ExprKind::Wildcard => self.cell(None),
            ExprKind::Int(_) => self.cell(Some(ColumnType::Int)),
            ExprKind::Text(_) => self.cell(Some(ColumnType::Text)),
            ExprKind::Binary(_, left, right) => {
                let result = self.cell(Some(ColumnType::Int));
                for operand in [left, right] {
                    let cell = self.expr(operand, variables);
                    self.union(result, cell);
                }
                result
            }
            ExprKind::Aggregate(function, operand) => match (function.as_str(), operand) {
                ("min" | "max", Some(name)) => {
                    let expr = Expr {
                        kind: ExprKind::Variable(name.clone()),
                        span: expr.span,
                    };
                    self.expr(&expr, variables)
                }
                _ => self.cell(Some(ColumnType::Int)),
            },
        }
    }

    fn cell(&mut self, ty: Option<ColumnType>) -> usize {
        self.parents.push(self.parents.len());
        self.types.push(ty);
        self.parents.len() - 1
    }

    fn find(&mut self, mut cell: usize) -> usize {
        while self.parents[cell] != cell {
            self.parents[cell] = self.parents[self.parents[cell]];
            cell = self.parents[cell];
        }
        cell
    }

    /// Two types that do not agree stay with the first; the type checker reports the rule.
    fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b
            || (self.types[a].is_some()
                && self.types[b].is_some()
                && self.types[a] != self.types[b])
        {
            return;
        }
        self.types[a] = self.types[a].or(self.types[b]);
        self.parents[b] = a;
    }

    fn finish(mut self) -> (Schema, Vec<Diagnostic>) {
        let relations = std::mem::take(&mut self.relations);
        let relations = relations
            .into_iter()
            .map(|(name, (first, arity))| {
                let types = (first..first + arity)
                    .map(|cell| {
                        let root = self.find(cell);
                        self.types[root].unwrap_or(ColumnType::Text)
                    })
                    .collect();
                (name, types)
            })
            .collect();
        let misfits = self.misfits;
        (Schema { relations, misfits }, self.diagnostics)
    }
}
