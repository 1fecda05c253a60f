//! What `sealed by` stands for.
//!
//! For a channel `C` sealed by `K`, with location column `to`:
//!
//! ```text
//! channel C.seal(@to, producer: Addr = self, K);       // what `seal C{to, K} <~ …` sends
//! table   C.seals(producer: Addr, K);
//! scratch C.unsealed(K);
//! scratch C.sealed(K);                                 // what bodies read
//! C.seals{producer, K} <= C.seal{producer, K};
//! C.unsealed{K} <= C.seals{K}, cluster{addr: p, kind: "…"}, not C.seals{producer: p, K};   // per kind that sends C
//! C.sealed{K}   <= C.seals{K}, not C.unsealed{K};
//! ```
//!
//! For an input there are no producers: `table C.seals(K)`, which whoever feeds the input feeds too, and
//! `C.sealed{K} <= C.seals{K}`. The negations range over the static `cluster`, so that `C.sealed` only grows;
//! the rules are marked [`Origin::SealCollect`].
//!
//! These rules say what completeness means if no seal overtakes the rows that it closes. What runs counts
//! them: [`crate::coordination`] rewrites the rules after the analysis.

use super::Resolver;
use super::collection::{built_in_of, plain_column};
use super::kind::PendingColumns;
use crate::base::codes;
use crate::hir::{
    Arrow, AtomArg, Body, Builtin, Collection, CollectionId, CollectionKind, Column, Delivery,
    Expr, ExprNode, Head, HeadColumn, LitKind, Literal, LiteralNode, Loc, NodeId, NodeKind, Origin,
    Pat, PatNode, Rule, TypeRef, Var, VarId,
};
use bloom_stdx::arena::Arena;
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

/// The collections that one `sealed by` stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seals {
    /// Of a channel.
    pub seal: Option<CollectionId>,
    pub seals: CollectionId,
    pub sealed: CollectionId,
}

impl<'a> Resolver<'a> {
    /// Declares the collections of `sealed by`; their columns are typed with those of the sealed one.
    pub fn declare_sealing(&mut self, pending: &PendingColumns<'a>) {
        let &PendingColumns { id, decl, item, .. } = pending;
        if decl.sealed_by.is_empty() {
            return;
        }
        let of = &self.kind.node.collections[id];
        let (name, loc, imported) = (of.name.clone(), of.loc, of.imported);
        // A seal says what came before it, so it arrives as the rows do.
        let sent = of.delivery.clone();
        let location = match of.kind {
            CollectionKind::Channel { location } => Some(location),
            CollectionKind::Input => None,
            CollectionKind::Table
            | CollectionKind::Scratch
            | CollectionKind::Static
            | CollectionKind::Output
            | CollectionKind::View
            | CollectionKind::Loopback
            | CollectionKind::Periodic { .. }
            | CollectionKind::Cluster
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum
            | CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => {
                let loc = Loc::new(item, decl.sealed_by[0].span);
                let message = format!("only a channel or input can be sealed, not `{}`", decl.name);
                self.error(
                    codes::E0223,
                    loc,
                    message,
                    "nothing arrives in it from elsewhere",
                );
                return;
            }
        };
        let mut partition = Vec::new();
        for by in &decl.sealed_by {
            let Some(place) = self.kind.node.collections[id].column(by.as_str()) else {
                let columns = &self.kind.node.collections[id].columns;
                let names: Vec<SmolStr> =
                    columns.iter().map(|column| column.name.clone()).collect();
                let message = format!("unknown column {by}: `{}` has no column `{by}`", decl.name);
                let loc = Loc::new(item, by.span);
                let names = names.iter().map(SmolStr::as_str);
                self.report_unknown(
                    codes::E0204,
                    loc,
                    by.as_str(),
                    names,
                    message,
                    "unknown column",
                );
                continue;
            };
            partition.push(place);
        }
        self.kind.node.collections_mut()[id]
            .sealed_by
            .clone_from(&partition);
        let of = &self.kind.node.collections[id];
        let column = |place: u32| plain_column(&of.columns[place as usize].name, None, loc);
        let by: Vec<Column> = partition.iter().map(|&place| column(place)).collect();
        let producer = plain_column("producer", Some(TypeRef::plain(Builtin::Addr)), loc);
        let to = location.map(|place| Column {
            location: true,
            ..column(place)
        });
        let mut declare = |suffix: &str, kind, columns| {
            let delivery = match kind {
                CollectionKind::Seal { .. } => sent.clone(),
                _ => Delivery::Free,
            };
            self.kind.node.collections_mut().push(Collection {
                name: format_smolstr!("{name}.{suffix}"),
                kind,
                columns,
                durable: false,
                immutable: false,
                sealed_by: Vec::new(),
                public: false,
                imported,
                nondeterministic: None,
                delivery,
                doc: SmolStr::default(),
                loc,
            })
        };
        let sent_by = Column {
            default: Some(Box::new(self_body(loc))),
            ..producer.clone()
        };
        let seal = to.map(|to| {
            let columns = [vec![to, sent_by], by.clone()].concat();
            declare("seal", CollectionKind::Seal { of: id }, columns)
        });
        let producers = if seal.is_some() {
            vec![producer]
        } else {
            Vec::new()
        };
        let seals = declare(
            "seals",
            CollectionKind::Seals { of: id },
            [producers, by.clone()].concat(),
        );
        let sealed = declare("sealed", CollectionKind::Sealed { of: id }, by);
        self.kind.seals.insert(
            id,
            Seals {
                seal,
                seals,
                sealed,
            },
        );
    }

    /// Gives the columns their types, and adds the rule that needs no other kind.
    pub fn complete_sealing(&mut self, pending: &PendingColumns<'a>) {
        let Some(&Seals {
            seal,
            seals,
            sealed,
        }) = self.kind.seals.get(&pending.id)
        else {
            return;
        };
        let typed: Vec<(SmolStr, Option<TypeRef>)> = self.kind.node.collections[pending.id]
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.ty.clone()))
            .collect();
        for id in [seal, Some(seals), Some(sealed)].into_iter().flatten() {
            for column in &mut self.kind.node.collections_mut()[id].columns {
                if let Some((_, ty)) = typed.iter().find(|(name, _)| *name == column.name)
                    && column.ty.is_none()
                {
                    column.ty.clone_from(ty);
                }
            }
        }
        let node = &mut self.kind.node;
        let (head, from) = match seal {
            Some(seal) => (seals, seal),
            None => (sealed, seals),
        };
        let rule = Collector::new(node, pending.id).rule(node, head, &[Reads::Row(from)]);
        node.rules.push(Arc::new(rule));
    }

    /// The collection `C.sealed`, or a report.
    pub fn sealed_of(&mut self, id: CollectionId, loc: Loc) -> Option<CollectionId> {
        self.seals_of(id, loc).map(|seals| seals.sealed)
    }

    /// What `sealed by` of a collection stands for, or a report.
    pub fn seals_of(&mut self, id: CollectionId, loc: Loc) -> Option<Seals> {
        if let Some(&seals) = self.kind.seals.get(&id) {
            return Some(seals);
        }
        let collection = &self.kind.node.collections[id];
        let declared = self.program.file_span(collection.loc);
        let message = format!("`{}` is not sealed by anything", collection.name);
        let diagnostic = self
            .diagnostic(codes::E0223, loc, message, "has no seals")
            .with_label(declared, "declared without `sealed by`");
        self.report(diagnostic);
        None
    }

    /// Adds the rules that wait for the producers of sealed channels, when all kinds are known.
    pub fn complete_seals(&mut self) {
        let ids: Vec<NodeId> = self.program.nodes.ids().collect();
        for id in ids {
            let sealed: Vec<(CollectionId, CollectionId)> = self.program.nodes[id]
                .collections
                .iter()
                .filter_map(|(sealed, collection)| match collection.kind {
                    CollectionKind::Sealed { of } => Some((sealed, of)),
                    _ => None,
                })
                .collect();
            for (sealed, of) in sealed {
                if matches!(
                    self.program.nodes[id].collections[of].kind,
                    CollectionKind::Channel { .. }
                ) {
                    self.collect_seals(id, sealed, of);
                }
            }
        }
    }

    fn collect_seals(&mut self, id: NodeId, sealed: CollectionId, of: CollectionId) {
        let producers = self.producers(id, of);
        let node = &mut self.program.nodes[id];
        let seals = node.collections.iter().find_map(|(seals, collection)| {
            (collection.kind == CollectionKind::Seals { of }).then_some(seals)
        });
        let Some(seals) = seals else { return };
        let loc = node.collections[of].loc;
        let unsealed = Collection {
            name: format_smolstr!("{}.unsealed", node.collections[of].name),
            kind: CollectionKind::Scratch,
            ..node.collections[sealed].clone()
        };
        let unsealed = node.collections_mut().push(unsealed);
        let cluster = built_in_of(node, "cluster", loc).expect("the language provides it");
        for kind in producers {
            let reads = [
                Reads::Partition(seals),
                Reads::Member(cluster, kind),
                Reads::NoRow(seals),
            ];
            let rule = Collector::new(node, of).rule(node, unsealed, &reads);
            node.rules.push(Arc::new(rule));
        }
        let reads = [Reads::Partition(seals), Reads::NoRow(unsealed)];
        let rule = Collector::new(node, of).rule(node, sealed, &reads);
        node.rules.push(Arc::new(rule));
    }

    /// The kinds that send a channel of this kind.
    fn producers(&self, id: NodeId, of: CollectionId) -> Vec<SmolStr> {
        let channel = &self.program.nodes[id].collections[of];
        let sends = |node: &NodeKind| {
            node.rules.values().any(|rule| {
                let head = &node.collections[rule.head.collection];
                let head = match head.kind {
                    CollectionKind::Seal { of } => &node.collections[of],
                    _ => head,
                };
                head.name == channel.name && head.loc == channel.loc
            })
        };
        let nodes = self.program.nodes.values();
        nodes
            .filter(|node| sends(node))
            .map(|node| node.name.clone())
            .collect()
    }
}

/// A literal of a rule that collects seals.
enum Reads {
    /// A row with its producer.
    Row(CollectionId),
    /// A row of any producer.
    Partition(CollectionId),
    /// The producer is a node of that kind.
    Member(CollectionId, SmolStr),
    NoRow(CollectionId),
}

/// Writes the rules above: a variable for the producer, and one for each column of the partition.
struct Collector {
    of: CollectionId,
    loc: Loc,
    body: Body,
    vars: Vec<(SmolStr, VarId)>,
}

impl Collector {
    fn new(node: &NodeKind, of: CollectionId) -> Self {
        let collection = &node.collections[of];
        let loc = collection.loc;
        let mut body = Body::new(loc);
        let partition = collection.sealed_by.iter();
        let names = partition.map(|&place| collection.columns[place as usize].name.clone());
        let vars = std::iter::once(SmolStr::new("producer"))
            .chain(names)
            .map(|name| {
                let var = body.vars.push(Var {
                    name: name.clone(),
                    span: loc.span,
                    local: false,
                });
                (name, var)
            })
            .collect();
        Self {
            of,
            loc,
            body,
            vars,
        }
    }

    fn rule(mut self, node: &NodeKind, head: CollectionId, reads: &[Reads]) -> Rule {
        let literals = reads.iter().map(|read| self.literal(node, read)).collect();
        let columns = node.collections[head]
            .columns
            .iter()
            .map(|column| {
                let var = self
                    .var(&column.name)
                    .expect("a head has only columns of the partition");
                HeadColumn::Expr(self.body.exprs.push(ExprNode {
                    expr: Expr::Var(var),
                    span: self.loc.span,
                }))
            })
            .collect();
        Rule {
            head: Head {
                collection: head,
                columns,
                span: self.loc.span,
            },
            arrow: Arrow::Merge,
            literals,
            bootstrap: false,
            group: None,
            origin: Origin::SealCollect(self.of),
            nondeterministic: None,
            body: self.body,
            loc: self.loc,
        }
    }

    fn var(&self, name: &str) -> Option<VarId> {
        self.vars
            .iter()
            .find(|(var, _)| var == name)
            .map(|&(_, var)| var)
    }

    fn literal(&mut self, node: &NodeKind, read: &Reads) -> LiteralNode {
        let literal = match read {
            Reads::Row(collection) => {
                let args = self.args(node, *collection, true).into();
                Literal::Atom {
                    collection: *collection,
                    args,
                }
            }
            Reads::Partition(collection) => {
                let args = self.args(node, *collection, false).into();
                Literal::Atom {
                    collection: *collection,
                    args,
                }
            }
            Reads::NoRow(collection) => {
                let args = self.args(node, *collection, true).into();
                Literal::Not {
                    collection: *collection,
                    args,
                }
            }
            Reads::Member(collection, kind) => {
                let producer = self.var("producer").expect("every collector has one");
                let addr = self.pat(Pat::Var(producer));
                let kind = self.pat(Pat::Literal(LitKind::text(kind.clone())));
                Literal::Atom {
                    collection: *collection,
                    args: Box::new([
                        AtomArg {
                            column: 0,
                            pat: addr,
                        },
                        AtomArg {
                            column: 1,
                            pat: kind,
                        },
                    ]),
                }
            }
        };
        LiteralNode {
            literal,
            span: self.loc.span,
        }
    }

    fn args(&mut self, node: &NodeKind, of: CollectionId, with_producer: bool) -> Vec<AtomArg> {
        let columns = node.collections[of].columns.iter().enumerate();
        columns
            .filter(|(_, column)| with_producer || column.name != "producer")
            .filter_map(|(place, column)| {
                let var = self.var(&column.name)?;
                Some(AtomArg {
                    column: place as u32,
                    pat: self.pat(Pat::Var(var)),
                })
            })
            .collect()
    }

    fn pat(&mut self, pat: Pat) -> crate::hir::PatId {
        self.body.pats.push(PatNode {
            pat,
            span: self.loc.span,
        })
    }
}

/// The default `self`.
fn self_body(loc: Loc) -> Body {
    let mut exprs = Arena::new();
    let value = exprs.push(ExprNode {
        expr: Expr::SelfAddr,
        span: loc.span,
    });
    Body {
        exprs,
        value: Some(value),
        ..Body::new(loc)
    }
}
