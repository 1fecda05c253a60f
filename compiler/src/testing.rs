//! Tests of a program as data: their expressions are evaluated here, so that whoever runs them
//! knows values only.
//!
//! An expression that ends in a row error has no value; the step that it stands in is then left
//! out and the error told, at its place.

use bloom_plan::plan::RowError;
use bloom_plan::testing::{Action, Pattern, Step, Test, TestNode};
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use crate::base::Sources;
use crate::eval::{Evaluator, Frame};
use crate::hir::{self, AtomArg, CollectionId, ExprId, HeadColumn, Pat, PatId};
use crate::typing::{BodyTypes, Typed};

/// What a test cannot do, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub loc: hir::Loc,
    pub error: RowError,
}

/// The tests of the program, and what of them has no value.
pub fn lower_tests(
    program: &hir::Program,
    typed: &Typed,
    sources: &Sources,
) -> (Vec<Test>, Vec<Failure>) {
    let mut failures = Vec::new();
    let tests = program.tests.iter().zip(&typed.tests);
    let tests =
        tests.map(|(test, types)| lower_test(program, typed, sources, test, types, &mut failures));
    (tests.collect(), failures)
}

/// One test; also that of a `fault test`.
pub fn lower_test(
    program: &hir::Program,
    typed: &Typed,
    sources: &Sources,
    test: &hir::Test,
    types: &BodyTypes,
    failures: &mut Vec<Failure>,
) -> Test {
    let mut evaluator = Evaluator::new(program, typed);
    evaluator.nodes = test.nodes.iter().map(|node| node.name.clone()).collect();
    let mut lowering = Lowering {
        program,
        typed,
        sources,
        test,
        types,
        evaluator,
    };
    let mut nodes = Vec::new();
    for node in &test.nodes {
        let arguments = lowering.arguments(node).unwrap_or_else(|error| {
            failures.push(Failure {
                loc: node.loc,
                error,
            });
            Vec::new()
        });
        nodes.push(TestNode {
            name: node.name.clone(),
            kind: program.nodes[node.kind].name.clone(),
            arguments,
        });
    }
    let mut steps = Vec::new();
    for step in &test.steps {
        match lowering.action(&step.action) {
            Ok(Some(action)) => {
                let (line, column, text) = lowering.place(step.loc);
                steps.push(Step {
                    line,
                    column,
                    text: text.to_owned(),
                    action,
                });
            }
            Ok(None) => {}
            Err(error) => failures.push(Failure {
                loc: step.loc,
                error,
            }),
        }
    }
    let (line, column, _) = lowering.place(test.loc);
    Test {
        name: test.name.to_string(),
        file: sources.path(program.file_span(test.loc).file).to_owned(),
        line,
        column,
        nodes,
        // Whoever makes plans of specs adds them.
        observers: Vec::new(),
        steps,
    }
}

struct Lowering<'a> {
    program: &'a hir::Program,
    typed: &'a Typed,
    sources: &'a Sources,
    test: &'a hir::Test,
    types: &'a BodyTypes,
    evaluator: Evaluator<'a>,
}

impl<'a> Lowering<'a> {
    fn place(&self, loc: hir::Loc) -> (u32, u32, &'a str) {
        let span = self.program.file_span(loc);
        let (start, _) = self.sources.positions(span);
        let text = &self.sources.text(span.file)[self.sources.range(span)];
        (start.line as u32, start.column as u32, text)
    }

    /// Values of all parameters, defaults included.
    fn arguments(&mut self, node: &hir::TestNode) -> Result<Row, RowError> {
        let kind = &self.program.nodes[node.kind];
        let mut given = Vec::new();
        for argument in &node.args {
            given.push(argument.map(|argument| self.value(argument)).transpose()?);
        }
        self.evaluator.self_addr = node.name.clone();
        self.evaluator
            .start(kind, &given)
            .map_err(|(_, error)| error)?;
        kind.parameters
            .iter()
            .map(|&parameter| self.evaluator.constant(parameter))
            .collect()
    }

    fn value(&self, expr: ExprId) -> Result<Value, RowError> {
        self.evaluator
            .expr(&mut Frame::new(&self.test.body, self.types), expr)
    }

    fn values(&self, exprs: &[ExprId]) -> Result<Row, RowError> {
        exprs.iter().map(|&expr| self.value(expr)).collect()
    }

    fn name(&self, node: u32, collection: CollectionId) -> SmolStr {
        self.collection(node, collection).name.clone()
    }

    fn collection(&self, node: u32, collection: CollectionId) -> &'a hir::Collection {
        let kind = self.test.nodes[node as usize].kind;
        &self.program.nodes[kind].collections[collection]
    }

    /// None for what was reported before.
    fn action(&mut self, action: &hir::Action) -> Result<Option<Action>, RowError> {
        let places = |nodes: &[u32]| nodes.iter().map(|&node| node as usize).collect::<Vec<_>>();
        Ok(Some(match action {
            hir::Action::Error => return Ok(None),
            hir::Action::Start { node } => Action::Start {
                node: *node as usize,
            },
            hir::Action::Feed {
                node,
                collection,
                row,
            } => Action::Feed {
                node: *node as usize,
                collection: self.name(*node, *collection),
                row: self.row(*node, *collection, row)?,
            },
            hir::Action::Seal {
                node,
                collection,
                key,
            } => Action::Seal {
                node: *node as usize,
                collection: self.name(*node, *collection),
                key: self.values(key)?,
            },
            hir::Action::Tick { count, nodes } => Action::Tick {
                count: match count {
                    Some(count) => self
                        .integer(*count)?
                        .try_into()
                        .map_err(|_| RowError::Invalid)?,
                    None => 1,
                },
                nodes: nodes.as_deref().map(places),
            },
            hir::Action::Settle => Action::Settle,
            hir::Action::Advance(by) => Action::Advance {
                nanoseconds: self.integer(*by)?,
            },
            hir::Action::Crash(node) => Action::Crash {
                node: *node as usize,
            },
            hir::Action::Restart(node) => Action::Restart {
                node: *node as usize,
            },
            hir::Action::Partition(groups) => Action::Partition {
                groups: groups.iter().map(|group| places(group)).collect(),
            },
            hir::Action::Heal => Action::Heal,
            hir::Action::Drop { from, to, channel } => Action::Drop {
                from: *from as usize,
                to: *to as usize,
                channel: self.name(*from, *channel),
            },
            hir::Action::ExpectRows {
                node,
                collection,
                rows,
            } => Action::ExpectRows {
                node: *node as usize,
                collection: self.name(*node, *collection),
                rows: rows
                    .iter()
                    .map(|row| self.values(row))
                    .collect::<Result<_, _>>()?,
            },
            hir::Action::ExpectMatch {
                node,
                collection,
                args,
                negated,
            } => Action::ExpectMatch {
                node: *node as usize,
                collection: self.name(*node, *collection),
                columns: self.columns(self.collection(*node, *collection), args)?,
                negated: *negated,
            },
            hir::Action::ExpectError { text } => Action::ExpectError {
                text: text.to_string(),
            },
        }))
    }

    /// A whole number, or the nanoseconds of a duration.
    fn integer(&self, expr: ExprId) -> Result<i64, RowError> {
        match self.value(expr)? {
            Value::Int(n) | Value::Duration(n) => Ok(n),
            _ => Err(RowError::Invalid),
        }
    }

    fn row(&mut self, node: u32, id: CollectionId, row: &[HeadColumn]) -> Result<Row, RowError> {
        let (collection, kind) = (
            self.collection(node, id),
            self.test.nodes[node as usize].kind,
        );
        self.evaluator.self_addr = self.test.nodes[node as usize].name.clone();
        let columns = row.iter().zip(&collection.columns);
        let columns = columns.zip(&self.typed.nodes[kind].collections[id]);
        columns
            .map(|((given, column), types)| match given {
                HeadColumn::Expr(expr) => self.value(*expr),
                HeadColumn::Default => {
                    let default = column.default.as_ref().zip(types.default.as_ref());
                    let (body, types) = default.ok_or(RowError::Missing)?;
                    self.evaluator.value(body, types)
                }
                HeadColumn::Aggregate(_) | HeadColumn::Omitted => Err(RowError::Missing),
            })
            .collect()
    }

    fn columns(
        &self,
        collection: &hir::Collection,
        args: &[AtomArg],
    ) -> Result<Vec<Pattern>, RowError> {
        let mut columns = vec![Pattern::Any; collection.columns.len()];
        for arg in args {
            columns[arg.column as usize] = self.pattern(arg.pat)?;
        }
        Ok(columns)
    }

    fn pattern(&self, pat: PatId) -> Result<Pattern, RowError> {
        let body = &self.test.body;
        Ok(match body.pat(pat) {
            Pat::Error | Pat::Wildcard => Pattern::Any,
            Pat::Var(var) => Pattern::Variable(body.vars[*var].name.clone()),
            Pat::Constant(_) | Pat::SelfAddr | Pat::TestNode(_) | Pat::Literal(_) => {
                let value = self
                    .evaluator
                    .pattern_value(&Frame::new(body, self.types), pat)?;
                value.map_or(Pattern::Any, Pattern::Value)
            }
            Pat::Tuple(parts) => Pattern::Tuple(self.patterns(parts)?),
            Pat::List(parts) => Pattern::List(self.patterns(parts)?),
            Pat::Variant { args, .. } => match self.types.variants.get(&pat) {
                Some(&variant) => Pattern::Variant(variant, self.patterns(args)?),
                // A lattice of several parts.
                None => Pattern::Tuple(self.patterns(args)?),
            },
            Pat::Record { def, fields } => {
                let mut parts = vec![Pattern::Any; self.program.types[*def].fields().len()];
                for &(field, pat) in fields {
                    parts[field as usize] = self.pattern(pat)?;
                }
                Pattern::Tuple(parts)
            }
        })
    }

    fn patterns(&self, pats: &[PatId]) -> Result<Vec<Pattern>, RowError> {
        pats.iter().map(|&pat| self.pattern(pat)).collect()
    }
}
