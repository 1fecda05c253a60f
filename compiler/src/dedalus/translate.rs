//! A Dedalus program as a Bloom module.
//!
//! | Dedalus | Bloom |
//! | --- | --- |
//! | relation `p` | `scratch p(c0: String, …);` (`output` for `pre` and `post`) |
//! | `p(X, …)@next :- p(X, …)` | `table p(…)`, and no rule |
//! | `p(…) :- …` | `p(…) <= …;` |
//! | `p(…)@next :- …` | `p(…) <+ …;` |
//! | `p(…)@async :- …` | `p_async(…) <~ …;`, a loopback, and `p(…) <= p_async(…);` |
//! | `p(…)@3;` | `p(…) <+ dedalus_clock(2);`, where `dedalus_clock` counts up to the greatest time that is named |
//! | `p(…);` | `p(…) <= dedalus_always();` |
//! | `X == Y + 1`, where no row of the body has `X` | `let x = y + 1` |
//! | `p(…)@1` in a body | `p_at_1(…)`, a table that keeps what `p` was at 1 |

use std::sync::Arc;

use thin_vec::ThinVec;

use super::ast::{
    Atom, Expr, ExprKind, Literal, LiteralKind, Program, Rule, Statement, StatementNode, Time,
};
use super::build::{
    argument, binary, body_atom, column, comparison, expr, int, int_pattern, name, pattern, row,
    rule_of,
};
use super::equations::Bound;
use super::schema::{ColumnType, Schema, infer};
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use crate::syntax::ast as bloom;
use indexmap::IndexSet;
use smol_str::{SmolStr, format_smolstr};

const CLOCK: &str = "dedalus_clock";
const ALWAYS: &str = "dedalus_always";

/// The module that means the same, and what is wrong with the program. Spans are those of the file.
pub fn translate(program: &Program) -> (bloom::Module, Vec<Diagnostic>) {
    let (schema, diagnostics) = infer(program);
    let mut translation = Translation {
        schema,
        items: Vec::new(),
        needs: Needs::default(),
        diagnostics,
    };
    for node in &program.statements {
        match &node.statement {
            // Its text stands behind that of the file.
            Statement::Include(_) => {}
            // Was reported, and what is wrong there should not be once more.
            Statement::Rule(_) if translation.schema.misfits.contains(&node.offset) => {}
            Statement::Rule(rule) if keeps_all(rule) => {
                translation.needs.kept.insert(rule.head.relation.clone());
            }
            Statement::Rule(rule) => translation.rule(rule, node),
        }
    }
    translation.declare();
    let module = bloom::Module {
        docs: Vec::new(),
        items: translation.items,
    };
    (module, translation.diagnostics)
}

struct Translation {
    schema: Schema,
    items: Vec<bloom::ItemNode>,
    needs: Needs,
    diagnostics: Vec<Diagnostic>,
}

/// What has to be declared beside the relations.
#[derive(Default)]
struct Needs {
    /// The greatest time named, if any is.
    clock: Option<i64>,
    always: bool,
    asynchronous: IndexSet<SmolStr>,
    /// Relations with a rule that an `output` cannot have.
    deferred: IndexSet<SmolStr>,
    past: IndexSet<(SmolStr, i64)>,
    /// Relations whose rows all stay.
    kept: IndexSet<SmolStr>,
}

impl Translation {
    fn rule(&mut self, rule: &Rule, node: &StatementNode) {
        let (name, arrow) = self.head_of(rule, node);
        let mut bound = Bound::by_rows(rule);
        let mut body: Vec<bloom::Literal> = Vec::with_capacity(rule.body.len());
        for literal in &rule.body {
            body.push(match bound.definition(literal) {
                Some((variable, value)) => bloom::Literal {
                    kind: bloom::LiteralKind::Let {
                        pattern: Box::new(argument(variable)),
                        value: expr(value),
                    },
                    span: literal.span,
                },
                None => self.literal(literal, node.offset),
            });
        }
        match rule.time {
            Time::At(1) if rule.body.is_empty() => {}
            Time::At(time) => {
                self.needs.reach(time);
                body.push(row(
                    CLOCK,
                    vec![int_pattern(time - 1, node.span)],
                    node.span,
                ));
            }
            Time::Now if rule.body.is_empty() => {
                self.needs.always = true;
                body.push(row(ALWAYS, Vec::new(), node.span));
            }
            Time::Now | Time::Next | Time::Async => {}
        }
        let arrow = (!body.is_empty()).then_some(arrow);
        let args = rule.head.args.iter().map(expr).collect();
        self.push(
            node.offset,
            node.span,
            rule_of(&name, args, arrow, body, rule.head.span),
        );
    }

    /// The collection that the rule writes, and how.
    fn head_of(&mut self, rule: &Rule, node: &StatementNode) -> (SmolStr, bloom::Arrow) {
        let relation = rule.head.relation.clone();
        match rule.time {
            Time::Now => (relation, bloom::Arrow::Merge),
            Time::Async => {
                self.needs.asynchronous.insert(relation.clone());
                (async_name(&relation), bloom::Arrow::AsyncMerge)
            }
            Time::Next => {
                self.needs.deferred.insert(relation.clone());
                (relation, bloom::Arrow::DeferredMerge)
            }
            Time::At(time) => {
                if time < 1 || !rule.body.is_empty() {
                    let place = FileSpan::new(FileId::default(), node.span.shifted(node.offset));
                    let message = "only a fact holds at one time, and times count from 1";
                    let label = "this cannot hold at that time alone";
                    self.diagnostics
                        .push(Diagnostic::new(codes::E0903, place, message, label));
                }
                self.needs.deferred.insert(relation.clone());
                (relation, bloom::Arrow::DeferredMerge)
            }
        }
    }

    fn literal(&mut self, literal: &Literal, offset: u32) -> bloom::Literal {
        match &literal.kind {
            LiteralKind::Atom { atom, negated, at } => {
                self.refuse_arithmetic(atom, offset);
                let name = match at {
                    None => atom.relation.clone(),
                    Some(time) => {
                        self.needs.reach(*time);
                        self.needs.past.insert((atom.relation.clone(), *time));
                        past_name(&atom.relation, *time)
                    }
                };
                let atom = body_atom(&name, atom);
                let kind = if *negated {
                    bloom::LiteralKind::Not(atom)
                } else {
                    bloom::LiteralKind::Atom(atom)
                };
                bloom::Literal {
                    kind,
                    span: literal.span,
                }
            }
            LiteralKind::Compare { op, left, right } => {
                let kind = bloom::ExprKind::Binary {
                    op: comparison(*op),
                    op_span: literal.span,
                    left: Box::new(expr(left)),
                    right: Box::new(expr(right)),
                };
                let condition = bloom::Expr::new(kind, literal.span);
                bloom::Literal {
                    kind: bloom::LiteralKind::Expr(condition),
                    span: literal.span,
                }
            }
        }
    }

    fn refuse_arithmetic(&mut self, atom: &Atom, offset: u32) {
        let is_plain = |arg: &&Expr| !matches!(arg.kind, ExprKind::Binary(..));
        for arg in atom.args.iter().filter(|arg| !is_plain(arg)) {
            let place = FileSpan::new(FileId::default(), arg.span.shifted(offset));
            let message = "a row of a body holds variables and constants, no arithmetic";
            self.diagnostics.push(
                Diagnostic::new(codes::E0904, place, message, "computed here")
                    .with_help("put a variable here and compare it: `p(X), X == Y + 1`"),
            );
        }
    }

    fn declare(&mut self) {
        let relations: Vec<_> = self
            .schema
            .relations
            .iter()
            .map(|(n, c)| (n.clone(), c.clone()))
            .collect();
        for (name, columns) in &relations {
            self.collection(self.kind_of(name), name, columns);
            if self.needs.asynchronous.contains(name) {
                let sent = async_name(name);
                self.collection(bloom::CollectionKind::Loopback, &sent, columns);
                self.copy(&sent, name, columns.len(), None);
            }
        }
        for (name, time) in std::mem::take(&mut self.needs.past) {
            let columns = self.schema.relations[&name].clone();
            let kept = past_name(&name, time);
            self.collection(bloom::CollectionKind::Table, &kept, &columns);
            self.copy(&name, &kept, columns.len(), Some(time));
        }
        self.declare_time();
    }

    fn kind_of(&self, relation: &SmolStr) -> bloom::CollectionKind {
        if self.needs.kept.contains(relation) {
            bloom::CollectionKind::Table
        } else if matches!(relation.as_str(), "pre" | "post")
            && !self.needs.deferred.contains(relation)
        {
            bloom::CollectionKind::Output
        } else {
            bloom::CollectionKind::Scratch
        }
    }

    /// `to(v0, …) <= from(v0, …);`, perhaps only at one time.
    fn copy(&mut self, from: &str, to: &str, arity: usize, time: Option<i64>) {
        let span = Span::at(0);
        let names = || (0..arity).map(|i| name(&format!("v{i}"), span));
        let patterns = names()
            .map(|n| pattern(bloom::PatternKind::Var(n), span))
            .collect();
        let mut body = vec![row(from, patterns, span)];
        body.extend(time.map(|t| row(CLOCK, vec![int_pattern(t, span)], span)));
        let args = names()
            .map(|n| bloom::Expr::new(bloom::ExprKind::Name(n), span))
            .collect();
        self.push(
            0,
            span,
            rule_of(to, args, Some(bloom::Arrow::Merge), body, span),
        );
    }

    fn declare_time(&mut self) {
        let span = Span::at(0);
        if self.needs.always {
            self.collection(bloom::CollectionKind::Table, ALWAYS, &[]);
            self.push(0, span, rule_of(ALWAYS, Vec::new(), None, Vec::new(), span));
        }
        let Some(last) = self.needs.clock else { return };
        self.collection(bloom::CollectionKind::Scratch, CLOCK, &[ColumnType::Int]);
        self.push(
            0,
            span,
            rule_of(CLOCK, vec![int(1, span)], None, Vec::new(), span),
        );
        let now = || bloom::Expr::new(bloom::ExprKind::Name(name("v0", span)), span);
        let var = pattern(bloom::PatternKind::Var(name("v0", span)), span);
        let before_last = binary(bloom::BinaryOp::Less, now(), int(last, span), span);
        let body = vec![
            row(CLOCK, vec![var], span),
            bloom::Literal {
                kind: bloom::LiteralKind::Expr(before_last),
                span,
            },
        ];
        let next = binary(bloom::BinaryOp::Add, now(), int(1, span), span);
        let rule = rule_of(
            CLOCK,
            vec![next],
            Some(bloom::Arrow::DeferredMerge),
            body,
            span,
        );
        self.push(0, span, rule);
    }

    fn collection(&mut self, kind: bloom::CollectionKind, relation: &str, columns: &[ColumnType]) {
        let span = Span::at(0);
        let keys = columns
            .iter()
            .enumerate()
            .map(|(i, ty)| column(i, *ty))
            .collect();
        let collection = bloom::Collection {
            kind,
            name: name(relation, span),
            keys,
            values: None,
            durable: None,
            immutable: None,
            sealed_by: ThinVec::new(),
        };
        self.push(0, span, bloom::ItemKind::Collection(Box::new(collection)));
    }

    fn push(&mut self, offset: u32, span: Span, kind: bloom::ItemKind) {
        let item = Arc::new(bloom::Item {
            docs: ThinVec::new(),
            attributes: ThinVec::new(),
            kind,
            span,
        });
        self.items.push(bloom::ItemNode { offset, item });
    }
}

impl Needs {
    fn reach(&mut self, time: i64) {
        self.clock = Some(self.clock.map_or(time, |known| known.max(time)));
    }
}

/// Whether the rule only says that every row of a relation is there again at the next tick.
pub(super) fn keeps_all(rule: &Rule) -> bool {
    let [
        Literal {
            kind:
                LiteralKind::Atom {
                    atom,
                    negated: false,
                    at: None,
                },
            ..
        },
    ] = rule.body.as_slice()
    else {
        return false;
    };
    let mut seen = IndexSet::new();
    let same = |(a, b): (&Expr, &Expr)| match (&a.kind, &b.kind) {
        (ExprKind::Variable(a), ExprKind::Variable(b)) => a == b && seen.insert(a.clone()),
        _ => false,
    };
    rule.time == Time::Next
        && atom.relation == rule.head.relation
        && atom.args.len() == rule.head.args.len()
        && rule.head.args.iter().zip(&atom.args).all(same)
}

fn async_name(relation: &str) -> SmolStr {
    format_smolstr!("{relation}_async")
}

fn past_name(relation: &str, time: i64) -> SmolStr {
    format_smolstr!("{relation}_at_{time}")
}
