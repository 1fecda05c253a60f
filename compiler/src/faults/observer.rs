//! A spec as a kind of node: its relations are scratches, and so is each collection that it looks at, with a
//! first column that says where a row is. So a spec has a plan, which the engine runs on what all nodes hold,
//! and which whoever searches for faults evaluates as it does the plans of nodes.
//!
//! In the observer, values of lattice columns are seen as they are, and told apart like any others: every column
//! is part of the key.

use std::collections::BTreeSet;
use std::sync::Arc;

use bloom_plan::plan::Delivery;
use bloom_plan::testing::{HistoryRelation, Observed, Observer, Source};
use bloom_plan::types::{Type, TypeId};
use bloom_stdx::arena::{Arena, Id};
use smol_str::{SmolStr, format_smolstr};

use crate::analysis::{Analysis, NodeAnalysis, RuleAnalysis, SpecAnalysis};
use crate::compile::Typing;
use crate::hir::{
    self, AtomArg, Body, Collection, CollectionId, CollectionKind, Column, Expr, ExprNode, Head,
    LiteralNode, Location, NodeId, NodeKind, Origin, Pat, PatId, PatNode, RuleId, Spec,
    SpecLiteral, SpecRule, Var,
};
use crate::rir;
use crate::syntax::ast::{Arrow, BinaryOp};
use crate::typing::{BodyTypes, ColumnTypes, NodeTypes, SpecTypes, Typed};

/// The program of the observer of a spec, and what it observes.
pub(super) fn lower(of: Typing<'_>, spec: usize) -> (rir::Program, Observer) {
    let mut typed = of.typed.clone();
    let addr = typed.types.intern(Type::Addr);
    let int = typed.types.intern(Type::Int);
    let bool_type = typed.types.intern(Type::Bool);
    let mut making = Making {
        of,
        spec: &of.program.specs[spec],
        types: &of.typed.specs[spec],
        analysis: &of.analysis.specs[spec],
        addr,
        int,
        bool_type,
        kind: NodeKind {
            name: format_smolstr!("spec {}", of.program.specs[spec].name),
            replicated: false,
            constants: file_constants(of),
            parameters: Vec::new(),
            collections: Arc::default(),
            rules: Arena::new(),
            extern_paths: Vec::new(),
            protocols: Vec::new(),
            doc: SmolStr::default(),
            loc: of.program.specs[spec].loc,
        },
        collections: Arena::new(),
        bodies: Arena::new(),
        strata: Arena::new(),
        rules: Arena::new(),
        observed: Vec::new(),
        sources: Vec::new(),
    };
    making.relations();
    for (rule, place) in making.spec.rules.iter().zip(0..) {
        making.rule(rule, place);
    }
    making.finish(typed)
}

/// Constants that rules of a spec may read: those of the file, which all kinds share.
fn file_constants(of: Typing<'_>) -> Vec<hir::ConstantId> {
    let mut kinds = of.program.nodes.values();
    let first = kinds.next().map(|kind| kind.constants.clone());
    let of_all = |id: &hir::ConstantId| {
        let mut kinds = of.program.nodes.values();
        !of.program.constants[*id].parameter && kinds.all(|kind| kind.constants.contains(id))
    };
    first
        .unwrap_or_default()
        .into_iter()
        .filter(of_all)
        .collect()
}

struct Making<'m> {
    of: Typing<'m>,
    spec: &'m Spec,
    types: &'m SpecTypes,
    analysis: &'m SpecAnalysis,
    addr: TypeId,
    int: TypeId,
    bool_type: TypeId,
    kind: NodeKind,
    collections: Arena<CollectionId, Vec<ColumnTypes>>,
    bodies: Arena<RuleId, Arc<BodyTypes>>,
    strata: Arena<CollectionId, u32>,
    rules: Arena<RuleId, Arc<RuleAnalysis>>,
    observed: Vec<Observed>,
    /// The first source of each observed relation, for the order of columns.
    sources: Vec<(NodeId, CollectionId, CollectionId)>,
}

impl Making<'_> {
    /// The spec's own relations, in their order, then `up` and `crashed`.
    fn relations(&mut self) {
        for (place, collection) in self.spec.collections.iter().enumerate() {
            let types = &self.types.collections[place];
            let columns = collection
                .columns
                .iter()
                .cloned()
                .zip(types.iter().copied());
            // What is observed is complete before anything is derived.
            let stratum = self.analysis.strata[place] + 1;
            self.collection(collection.name.clone(), columns.collect(), stratum);
        }
        let node = (SmolStr::new_static("node"), self.addr);
        self.collection("up".into(), vec![node.clone()], 0);
        let tick = (SmolStr::new_static("tick"), self.int);
        self.collection("crashed".into(), vec![node, tick], 0);
    }

    fn up(&self) -> CollectionId {
        CollectionId::from_index(self.spec.collections.len())
    }

    fn crashed(&self) -> CollectionId {
        CollectionId::from_index(self.spec.collections.len() + 1)
    }

    fn collection(
        &mut self,
        name: SmolStr,
        columns: Vec<(SmolStr, TypeId)>,
        stratum: u32,
    ) -> CollectionId {
        let loc = self.spec.loc;
        let names = columns.iter().map(|(name, _)| Column {
            name: name.clone(),
            ty: None,
            key: true,
            location: false,
            default: None,
            doc: SmolStr::default(),
            loc,
        });
        // Names of relations of a node are told apart; the spec may have one that is called as a collection.
        let taken = |name: &SmolStr| self.kind.collections.values().any(|c| c.name == *name);
        let mut own = name;
        while taken(&own) {
            own = format_smolstr!("{own}'");
        }
        self.strata.push(stratum);
        self.collections.push(
            columns
                .iter()
                .map(|&(_, ty)| ColumnTypes { ty, default: None })
                .collect(),
        );
        self.kind.collections_mut().push(Collection {
            name: own,
            kind: CollectionKind::Scratch,
            columns: names.collect(),
            durable: false,
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            imported: false,
            nondeterministic: None,
            delivery: Delivery::Free,
            doc: SmolStr::default(),
            loc,
        })
    }

    /// The relation that holds the rows of a collection of all kinds of node that have it.
    fn observe(&mut self, of: &[(NodeId, CollectionId)]) -> CollectionId {
        let (node, first) = of[0];
        let known = self.sources.iter().find(|s| (s.0, s.1) == (node, first));
        if let Some(&(_, _, relation)) = known {
            return relation;
        }
        let declared = &self.of.program.nodes[node].collections[first];
        let types = &self.of.typed.nodes[node].collections[first];
        let own = declared.columns.iter().zip(types);
        let own = own.map(|(column, types)| (column.name.clone(), types.ty));
        let at = (SmolStr::new_static("@"), self.addr);
        let columns = std::iter::once(at).chain(own).collect();
        let relation = self.collection(format_smolstr!("{}@", declared.name), columns, 0);
        self.sources.push((node, first, relation));
        let source = |&(kind, id): &(NodeId, CollectionId)| {
            let kind = &self.of.program.nodes[kind];
            let collection = &kind.collections[id];
            let columns = declared.columns.iter().map(|c| collection.column(&c.name));
            Some(Source {
                kind: kind.name.clone(),
                collection: collection.name.clone(),
                columns: columns.collect::<Option<Vec<u32>>>()?,
            })
        };
        self.observed.push(Observed {
            relation: self.kind.collections[relation].name.clone(),
            sources: of.iter().filter_map(source).collect(),
        });
        relation
    }

    fn rule(&mut self, rule: &SpecRule, place: usize) {
        let mut types = self.types.rules[place].clone();
        let mut body = rule.body.clone();
        let mut literals = Vec::new();
        for literal in &rule.literals {
            let made = self.literal(literal, &mut body, &mut types);
            let span = rule.loc.span;
            literals.extend(
                made.into_iter()
                    .map(|literal| LiteralNode { literal, span }),
            );
        }
        let head = CollectionId::from_index(rule.head.collection as usize);
        // The stratum is that of the head; the lowering asks for nothing else.
        self.rules.push(Arc::default());
        self.bodies.push(Arc::new(types));
        self.kind.rules.push(Arc::new(hir::Rule {
            head: Head {
                collection: head,
                columns: rule.head.columns.as_slice().into(),
                span: rule.loc.span,
            },
            arrow: Arrow::Merge,
            literals: literals.into(),
            bootstrap: false,
            group: None,
            origin: Origin::Written,
            nondeterministic: None,
            body,
            loc: rule.loc,
        }));
    }

    /// The literal of a rule of the observer, perhaps with a condition on where the row is.
    fn literal(
        &mut self,
        literal: &SpecLiteral,
        body: &mut Body,
        types: &mut BodyTypes,
    ) -> Vec<hir::Literal> {
        let atom = |collection, args, negated| match negated {
            true => hir::Literal::Not { collection, args },
            false => hir::Literal::Atom { collection, args },
        };
        match literal {
            SpecLiteral::Error => Vec::new(),
            SpecLiteral::Condition(condition) => vec![hir::Literal::Condition(*condition)],
            SpecLiteral::Let { pat, value } => vec![hir::Literal::Let {
                pat: *pat,
                value: *value,
            }],
            SpecLiteral::In { pat, source } => vec![hir::Literal::In {
                pat: *pat,
                source: *source,
            }],
            SpecLiteral::Row {
                collection,
                args,
                negated,
            } => {
                let collection = CollectionId::from_index(*collection as usize);
                vec![atom(collection, args.as_slice().into(), *negated)]
            }
            SpecLiteral::Up { node, negated } => {
                let args = Box::new([AtomArg {
                    column: 0,
                    pat: *node,
                }]);
                vec![atom(self.up(), args, *negated)]
            }
            SpecLiteral::Crashed {
                node,
                tick,
                negated,
            } => {
                let args = [(0, *node), (1, *tick)];
                let args = args.map(|(column, pat)| AtomArg { column, pat });
                vec![atom(self.crashed(), args.into(), *negated)]
            }
            SpecLiteral::At {
                collections,
                at,
                args,
                negated,
            } => {
                let relation = self.observe(collections);
                let columns = &self.kind.collections[relation].columns;
                let place = |name: &SmolStr| columns.iter().skip(1).position(|c| c.name == *name);
                let mut columns: Vec<AtomArg> = args
                    .iter()
                    .filter_map(|(name, pat)| {
                        let column = place(name)? as u32 + 1;
                        Some(AtomArg { column, pat: *pat })
                    })
                    .collect();
                let mut made = Vec::new();
                match at {
                    Location::Any => {}
                    Location::Pat(pat) => columns.push(AtomArg {
                        column: 0,
                        pat: *pat,
                    }),
                    Location::Expr(expr) => {
                        let (pat, bind) = self.bound_to(*expr, *negated, body, types);
                        columns.push(AtomArg { column: 0, pat });
                        made.push(bind);
                    }
                }
                made.push(atom(relation, columns.into(), *negated));
                made
            }
        }
    }

    /// A variable that is the expression: for a row that is there by a comparison, which can wait until all is
    /// bound, for one that is not by a binding.
    fn bound_to(
        &self,
        expr: hir::ExprId,
        negated: bool,
        body: &mut Body,
        types: &mut BodyTypes,
    ) -> (PatId, hir::Literal) {
        let span = body.exprs[expr].span;
        let var = body.vars.push(Var {
            name: "@".into(),
            span,
            local: false,
        });
        types.vars.push(self.addr);
        let mut pattern = |body: &mut Body| {
            types.pats.push(self.addr);
            let pat = Pat::Var(var);
            body.pats.push(PatNode { pat, span })
        };
        let pat = pattern(body);
        if negated {
            let bind = pattern(body);
            return (
                pat,
                hir::Literal::Let {
                    pat: bind,
                    value: expr,
                },
            );
        }
        types.exprs.push(self.addr);
        let left = body.exprs.push(ExprNode {
            expr: Expr::Var(var),
            span,
        });
        types.exprs.push(self.bool_type);
        let same = body.exprs.push(ExprNode {
            expr: Expr::Binary {
                op: BinaryOp::Equal,
                left,
                right: expr,
            },
            span,
        });
        (pat, hir::Literal::Condition(same))
    }

    /// The relations that the checkers of the spec read.
    fn history(&self) -> Vec<(HistoryRelation, SmolStr)> {
        let checkers = self.spec.checkers.iter();
        let read = checkers.flat_map(|checker| checker.checker.relations());
        let read: BTreeSet<HistoryRelation> = read.map(|(relation, _)| *relation).collect();
        let is_there = |relation: &HistoryRelation| {
            let mut collections = self.spec.collections.iter();
            collections.any(|collection| collection.name == relation.name())
        };
        let named = |relation: HistoryRelation| (relation, SmolStr::new_static(relation.name()));
        read.into_iter().filter(is_there).map(named).collect()
    }

    fn finish(self, mut typed: Typed) -> (rir::Program, Observer) {
        let named = |name: &str| {
            let mut collections = self.spec.collections.iter();
            let found = collections.find(|collection| collection.name == name);
            found.map(|collection| collection.name.clone())
        };
        let never = self.spec.collections.iter().filter(|c| c.never);
        let history = self.history();
        let observer = Observer {
            spec: self.spec.name.clone(),
            kind: self.kind.name.clone(),
            up: self.kind.collections[self.up()].name.clone(),
            crashed: self.kind.collections[self.crashed()].name.clone(),
            observed: self.observed,
            pre: named("pre"),
            post: named("post"),
            never: never.map(|collection| collection.name.clone()).collect(),
            history,
            checkers: self.spec.checkers.iter().map(|c| c.checker).collect(),
        };
        let mut program = self.of.program.clone();
        let node = program.nodes.push(self.kind);
        typed.nodes.push(NodeTypes {
            collections: Arc::new(self.collections),
            rules: self.bodies,
        });
        let mut analysis = Analysis {
            nodes: self.of.analysis.nodes.clone(),
            ..Analysis::default()
        };
        analysis.nodes.push(NodeAnalysis {
            strata: self.strata,
            stratum_count: self.analysis.stratum_count + 1,
            rules: self.rules,
        });
        let program = rir::lower::lower(&program, &typed, &analysis, self.of.sources, node);
        (program, observer)
    }
}
