//! The program as a whole: kinds of node with their collections and rules, functions, constants.

use super::{
    Body, CollectionId, ConstantId, ExprId, FaultTest, FunctionId, ItemRef, NodeId, PatId, RuleId,
    SortKey, Spec, Test, TypeDef, TypeDefId, TypeParam, TypeRef,
};
use crate::base::{FileId, FileSpan, Span};
use bloom_stdx::arena::{Arena, Id};
use bloom_stdx::graph::components;
use smol_str::SmolStr;
use std::sync::Arc;
use thin_vec::ThinVec;

pub use crate::syntax::ast::{Arrow, FunctionKind};
pub use bloom_plan::plan::Delivery;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Program {
    pub types: Arena<TypeDefId, TypeDef>,
    pub functions: Arena<FunctionId, Function>,
    pub constants: Arena<ConstantId, Constant>,
    pub nodes: Arena<NodeId, NodeKind>,
    /// Modules that nothing imports, with opaque type parameters, each as if it were a kind of node. They are
    /// checked, but not compiled.
    pub unused: Vec<NodeKind>,
    pub tests: Vec<Test>,
    pub specs: Vec<Spec>,
    pub fault_tests: Vec<FaultTest>,
    /// Where items are: the only part that an edit elsewhere in the file changes.
    pub places: Arena<ItemRef, Place>,
}

impl Program {
    /// The kinds of node, then the modules that nothing imports.
    pub fn kinds(&self) -> impl Iterator<Item = &NodeKind> {
        self.nodes.values().chain(&self.unused)
    }

    /// Of each definition of a type, the definitions that its fields mention.
    pub fn type_mentions(&self) -> Vec<Vec<usize>> {
        let mentions = |def: &TypeDef| {
            let mut found = Vec::new();
            for field in def.all_fields() {
                field.ty.walk(&mut |ty| {
                    if let TypeRef::Def(def, _) = ty {
                        found.push(def.index());
                    }
                });
            }
            found
        };
        self.types.values().map(mentions).collect()
    }

    /// Of each definition of a type, whether its fields lead back to it.
    pub fn cyclic_types(&self) -> Vec<bool> {
        let mentions = self.type_mentions();
        let mut cyclic = vec![false; mentions.len()];
        for component in components(&mentions) {
            let is_cycle = component.len() > 1 || mentions[component[0]].contains(&component[0]);
            for def in component {
                cyclic[def] = is_cycle;
            }
        }
        cyclic
    }
}

/// Where an item starts in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub file: FileId,
    pub offset: u32,
}

/// A place in the program that does not change when other items do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Loc {
    pub item: ItemRef,
    /// Counts from the start of the item.
    pub span: Span,
}

/// A kind of process: one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeKind {
    pub name: SmolStr,
    /// Several instances run on the same inputs and are expected to agree.
    pub replicated: bool,
    /// All constants that the kind's rules, defaults and functions may read, in order of evaluation: an `init`
    /// reads only earlier ones. Includes those of the file and of imports.
    pub constants: Vec<ConstantId>,
    /// The parameters given at start, in order; each is among `constants` too.
    pub parameters: Vec<ConstantId>,
    /// Shared with programs that declare the same.
    pub collections: Arc<Arena<CollectionId, Collection>>,
    /// Shared, so that programs that are nearly the same can share what is.
    pub rules: Arena<RuleId, Arc<Rule>>,
    /// Paths through components that are not written in Bloom.
    pub extern_paths: Vec<ExternPath>,
    /// Names of the protocols that the node declares.
    pub protocols: Vec<SmolStr>,
    pub doc: SmolStr,
    pub loc: Loc,
}

impl NodeKind {
    /// The collections, to change them: from then on no other program's.
    pub fn collections_mut(&mut self) -> &mut Arena<CollectionId, Collection> {
        Arc::make_mut(&mut self.collections)
    }
}

/// `path input -> output: label(gate, …)` of an `extern node`, as Blazes annotates components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternPath {
    pub input: CollectionId,
    pub output: CollectionId,
    /// `CR`, `CW`, `OR` or `OW`.
    pub label: SmolStr,
    /// Columns of the input by which its order matters; empty for all of it.
    pub gate: Vec<u32>,
    pub loc: Loc,
}

impl ExternPath {
    /// Whether the component says that the order of its input does not matter.
    pub fn is_confluent(&self) -> bool {
        self.label.starts_with('C')
    }
}

/// A value fixed at the node's start: a parameter of the node, a `const`, or an argument of an import.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constant {
    /// Qualified by imports: `wire.every`.
    pub name: SmolStr,
    /// A `const` may leave it out.
    pub ty: Option<TypeRef>,
    /// Given at start; then `init` is the default.
    pub parameter: bool,
    /// `None` for a parameter without default, and where it was left out by mistake.
    pub init: Option<Body>,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    pub name: SmolStr,
    pub type_params: Vec<TypeParam>,
    /// In the order of `body.params`.
    pub params: Vec<TypeRef>,
    /// Names of the parameters.
    pub param_names: Vec<SmolStr>,
    pub result: TypeRef,
    /// What the author holds it to.
    pub kind: FunctionKind,
    /// The lattice whose `bottom` or `merge` it is.
    pub lattice: Option<OwnLattice>,
    pub body: Body,
    pub doc: SmolStr,
    pub loc: Loc,
}

/// Marks the functions of a lattice with its own merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnLattice {
    Bottom(TypeDefId),
    Merge(TypeDefId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Qualified by imports: `wire.buffer`.
    pub name: SmolStr,
    pub kind: CollectionKind,
    pub columns: Vec<Column>,
    pub durable: bool,
    /// A key never comes with two contents over the whole stream.
    pub immutable: bool,
    /// Places of the columns of `sealed by`.
    pub sealed_by: Vec<u32>,
    /// Whether the outside may see it: `input`, `output` and `view` of the node itself.
    pub public: bool,
    /// Whether it belongs to an import of the node, rather than to the node and its file.
    pub imported: bool,
    /// The reason given in `#[nondeterministic("reason")]`.
    pub nondeterministic: Option<SmolStr>,
    /// What `#[once]`, `#[fifo("group")]` or `#[ordered("log")]` asks for.
    pub delivery: Delivery,
    pub doc: SmolStr,
    pub loc: Loc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    Table,
    Scratch,
    Static,
    Input,
    Output,
    View,
    /// `location` is the column with the receiver.
    Channel {
        location: u32,
    },
    Loopback,
    /// `(id: Int, at: Time)`; `every` is a constant of its own.
    Periodic {
        every: ConstantId,
    },
    Cluster,
    Alive,
    Stdin,
    Errors,
    Stdout,
    Stderr,
    Halt,
    /// `sys.rule`, `sys.collection`, `sys.depends`, `sys.stratum`: filled by the compiler.
    SysRule,
    SysCollection,
    SysDepends,
    SysStratum,
    /// `C.seal` of a channel: the location, the producer, the columns of `sealed by`. Sent with `<~`.
    Seal {
        of: CollectionId,
    },
    /// `C.seals`: what is sealed so far, and for a channel by whom. A table; the test step `seal` feeds that
    /// of an input.
    Seals {
        of: CollectionId,
    },
    /// `C.sealed`: the partitions that are complete. Monotone, whatever its rules look like.
    Sealed {
        of: CollectionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: SmolStr,
    /// `None` where a scratch leaves it to inference.
    pub ty: Option<TypeRef>,
    /// Before the `=>`, or there is none.
    pub key: bool,
    /// Marked by `@`.
    pub location: bool,
    /// Evaluated where a row is derived that leaves the column out; may read `self` and constants.
    /// Boxed, as few columns have one.
    pub default: Option<Box<Body>>,
    pub doc: SmolStr,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub head: Head,
    /// [`Arrow::Merge`] for facts.
    pub arrow: Arrow,
    /// In the order written; empty for facts.
    pub literals: ThinVec<LiteralNode>,
    /// Of the first tick only: a fact, or a rule of a `bootstrap` block.
    pub bootstrap: bool,
    /// The `rules` group, qualified by imports.
    pub group: Option<Box<SmolStr>>,
    pub origin: Origin,
    /// The reason given in `#[nondeterministic("reason")]`.
    pub nondeterministic: Option<Box<SmolStr>>,
    pub body: Body,
    /// The whole rule.
    pub loc: Loc,
}

/// Why there is a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    Written,
    /// A fact about the program, of `sys.rule` and its like.
    System,
    /// Written as `seal C{…} <~ …`.
    SealSend,
    /// Part of what `sealed by` stands for: collects the seals of this collection. The analysis takes what it
    /// derives as monotone.
    SealCollect(CollectionId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub collection: CollectionId,
    /// One a column of the collection, in its order.
    pub columns: ThinVec<HeadColumn>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadColumn {
    Expr(ExprId),
    /// Boxed, as most columns are none.
    Aggregate(Box<Aggregate>),
    /// Takes the column's default.
    Default,
    /// Left out: in a head of `<-`, a value column that need not agree. After an error, any column.
    Omitted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    pub function: AggregateFunction,
    pub distinct: bool,
    /// `None` only for `count`.
    pub operand: Option<ExprId>,
    pub by: Vec<SortKey>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    Count,
    Sum,
    Min,
    Max,
    Avg,
    List,
    Set,
    Argmin,
    Argmax,
    Any,
    All,
    First,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiteralNode {
    pub literal: Literal,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Was reported; holds.
    Error,
    Atom {
        collection: CollectionId,
        args: Box<[AtomArg]>,
    },
    Not {
        collection: CollectionId,
        args: Box<[AtomArg]>,
    },
    Condition(ExprId),
    Let {
        pat: PatId,
        value: ExprId,
    },
    In {
        pat: PatId,
        source: ExprId,
    },
}

/// What a column must match; columns that no argument names are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtomArg {
    pub column: u32,
    pub pat: PatId,
}

/// Where a spec looks for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// `@_`, or none given.
    Any,
    Pat(PatId),
    Expr(ExprId),
}

impl Program {
    /// Whether values of a type join.
    pub fn is_lattice(&self, ty: &TypeRef) -> bool {
        match ty {
            TypeRef::Builtin(builtin, _) => builtin.is_lattice(),
            TypeRef::Def(def, _) => self.types[*def].is_lattice(),
            TypeRef::Opaque { lattice, .. } => *lattice,
            TypeRef::Tuple(parts) => {
                !parts.is_empty() && parts.iter().all(|part| self.is_lattice(part))
            }
            TypeRef::Error | TypeRef::Param(_) | TypeRef::Function { .. } => false,
        }
    }

    /// The place in its file that a location stands for.
    pub fn file_span(&self, loc: Loc) -> FileSpan {
        let place = self.places[loc.item];
        FileSpan::new(place.file, loc.span.shifted(place.offset))
    }
}

impl Loc {
    pub const fn new(item: ItemRef, span: Span) -> Self {
        Self { item, span }
    }

    /// Another place in the same item.
    #[must_use]
    pub const fn at(self, span: Span) -> Self {
        Self::new(self.item, span)
    }
}

impl NodeKind {
    /// The collection of that qualified name.
    pub fn collection(&self, name: &str) -> Option<CollectionId> {
        self.collections
            .iter()
            .find(|(_, collection)| collection.name == name)
            .map(|(id, _)| id)
    }
}

impl Collection {
    /// The place of the column of that name.
    pub fn column(&self, name: &str) -> Option<u32> {
        let place = self.columns.iter().position(|column| column.name == name)?;
        u32::try_from(place).ok()
    }

    /// Whether every program has it, so that it is declared nowhere.
    pub fn is_everywhere(&self) -> bool {
        match self.kind {
            CollectionKind::Cluster
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum => true,
            CollectionKind::Table
            | CollectionKind::Scratch
            | CollectionKind::Static
            | CollectionKind::Input
            | CollectionKind::Output
            | CollectionKind::View
            | CollectionKind::Channel { .. }
            | CollectionKind::Loopback
            | CollectionKind::Periodic { .. }
            | CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => false,
        }
    }

    /// Whether rows live for one tick, unless derived anew.
    pub fn is_transient(&self) -> bool {
        !matches!(
            self.kind,
            CollectionKind::Table
                | CollectionKind::Static
                | CollectionKind::Cluster
                | CollectionKind::Seals { .. }
        )
    }
}

impl AggregateFunction {
    pub const ALL: &[AggregateFunction] = &[
        AggregateFunction::Count,
        AggregateFunction::Sum,
        AggregateFunction::Min,
        AggregateFunction::Max,
        AggregateFunction::Avg,
        AggregateFunction::List,
        AggregateFunction::Set,
        AggregateFunction::Argmin,
        AggregateFunction::Argmax,
        AggregateFunction::Any,
        AggregateFunction::All,
        AggregateFunction::First,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::Avg => "avg",
            AggregateFunction::List => "list",
            AggregateFunction::Set => "set",
            AggregateFunction::Argmin => "argmin",
            AggregateFunction::Argmax => "argmax",
            AggregateFunction::Any => "any",
            AggregateFunction::All => "all",
            AggregateFunction::First => "first",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.name() == name)
    }
}
