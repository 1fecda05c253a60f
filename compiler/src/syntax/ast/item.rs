//! Items: everything that stands at the top of a file or in the body of a module.

use super::{Arg, Expr, FaultTest, Name, Path, Rule, RuleItem, Seal, Spec, Test};
use crate::base::Span;
use smol_str::SmolStr;
use std::sync::Arc;
use thin_vec::ThinVec;

/// An item and where it starts, counted from the start of the file or of the item around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemNode {
    pub offset: u32,
    /// Shared by all trees that hold the very same text here.
    pub item: Arc<Item>,
}

/// Starts at its first doc line or attribute; `span` starts at 0 and covers the whole item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    pub docs: ThinVec<DocLine>,
    pub attributes: ThinVec<Attribute>,
    pub kind: ItemKind,
    pub span: Span,
}

impl Item {
    /// The rules that it is or holds, but for those of a module, which are items of their own, and of a spec, whose
    /// heads are no collections. For whoever looks at few items: the trees of folded rules stay.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let (one, more): (Option<&Rule>, &[Rule]) = match &self.kind {
            ItemKind::Rule(rule) => (Some(rule.tree()), &[]),
            ItemKind::Seal(seal) => (Some(&seal.rule), &[]),
            ItemKind::Bootstrap(block) => (None, &block.rules),
            ItemKind::Rules(group) => (None, &group.rules),
            ItemKind::Module(_)
            | ItemKind::Import(_)
            | ItemKind::Include(_)
            | ItemKind::TypeAlias(_)
            | ItemKind::Record(_)
            | ItemKind::Enum(_)
            | ItemKind::Lattice(_)
            | ItemKind::Function(_)
            | ItemKind::Const(_)
            | ItemKind::Collection(_)
            | ItemKind::Periodic(_)
            | ItemKind::Spec(_)
            | ItemKind::Test(_)
            | ItemKind::FaultTest(_)
            | ItemKind::Extern(_)
            | ItemKind::Broken(_) => (None, &[]),
        };
        one.into_iter().chain(more)
    }
}

/// What one `///` or `//!` line says, without the slashes and one space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocLine {
    pub text: SmolStr,
    pub span: Span,
}

/// `#[name(args)]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    pub name: Name,
    pub args: Vec<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ItemKind {
    // Boxed, as most items are rules.
    Import(Box<Import>),
    Include(Box<Include>),
    TypeAlias(Box<TypeAlias>),
    Record(Box<Record>),
    Enum(Box<Enum>),
    Lattice(Box<Lattice>),
    Function(Box<Function>),
    Const(Box<Const>),
    Collection(Box<Collection>),
    Periodic(Box<Periodic>),
    /// A rule; a fact is a rule without an arrow.
    Rule(RuleItem),
    Bootstrap(Block),
    Rules(Box<RuleGroup>),
    Seal(Box<Seal>),
    /// `module`, `node` and `protocol`.
    Module(Box<ModuleItem>),
    Spec(Box<Spec>),
    Test(Box<Test>),
    FaultTest(Box<FaultTest>),
    Extern(Box<ExternNode>),
    /// What could not be parsed; the error is in the parse's diagnostics.
    Broken(Box<Broken>),
}

/// Names of a broken item, so that their uses need not be errors as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Broken {
    /// Those that it seems to declare.
    pub declares: Vec<Name>,
    /// All that stand in it, once each: some may be what it should have declared.
    pub mentions: Vec<SmolStr>,
}

/// What is imported or included: `std.delivery.reliable<Put>(every: 200ms)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleRef {
    pub path: Path,
    pub type_args: Vec<Type>,
    pub args: Vec<Arg>,
    pub span: Span,
}

/// `import target as alias;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Import {
    pub target: ModuleRef,
    pub alias: Option<Name>,
}

/// `include target without group, group;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Include {
    pub target: ModuleRef,
    pub without: Vec<GroupName>,
}

/// The name of a rule group.
pub type GroupName = Name;

/// `type Name<P> = ty;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeAlias {
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub ty: Type,
}

/// `record Name<P> { field: Type, … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub fields: Vec<Field>,
}

/// `enum Name<P> { Variant, Variant(x: A), … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enum {
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    pub docs: ThinVec<DocLine>,
    pub name: Name,
    pub fields: Vec<Field>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub docs: ThinVec<DocLine>,
    pub name: Name,
    pub ty: Type,
    pub span: Span,
}

/// `lattice Name<P>(fields);`, with `lex` before the fields, or with a body that merges.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lattice {
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub fields: Vec<Field>,
    pub form: LatticeForm,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LatticeForm {
    /// Each field merges.
    Product,
    /// The first field that differs decides.
    Lexicographic,
    Own(Box<OwnMerge>),
}

/// `{ bottom = …; merge(a, b) = …; }`. Parts that were left out or did not parse are `None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct OwnMerge {
    pub bottom: Option<Expr>,
    pub merge: Option<Merge>,
}

/// `merge(left, right) = body`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Merge {
    pub left: Name,
    pub right: Name,
    pub body: Expr,
}

/// `fn name<P>(params): ret = body;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    pub kind: FunctionKind,
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub params: Vec<Param>,
    pub ret: Type,
    pub body: Expr,
}

/// What the author holds the function to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    Inferred,
    Monotone,
    Morphism,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    pub name: Name,
    pub ty: Type,
    pub span: Span,
}

/// `const name: ty = value;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Const {
    pub name: Name,
    pub ty: Option<Type>,
    pub value: Expr,
}

/// `kind name(keys => values) modifiers;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Collection {
    pub kind: CollectionKind,
    pub name: Name,
    pub keys: Vec<Column>,
    /// The columns after `=>`; `None` where there is no `=>`, and then every column is key.
    pub values: Option<Vec<Column>>,
    /// The span of each word, where it is given.
    pub durable: Option<Span>,
    pub immutable: Option<Span>,
    /// The columns after `sealed by`.
    pub sealed_by: ThinVec<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    Table,
    Scratch,
    Static,
    Input,
    Output,
    View,
    Channel,
    Loopback,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    pub docs: ThinVec<DocLine>,
    /// The `@` that marks the location column.
    pub at: Option<Span>,
    pub name: Name,
    pub ty: Option<Type>,
    /// Boxed, as few columns have one.
    pub default: Option<Box<Expr>>,
    pub span: Span,
}

/// `periodic name(every: period);`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Periodic {
    pub name: Name,
    pub every: Expr,
}

/// Rules of a `bootstrap` block. Their spans count from the start of the block's item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    pub rules: Vec<Rule>,
}

/// `rules name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleGroup {
    pub name: GroupName,
    pub rules: Vec<Rule>,
}

/// `module name<P>(params) : Protocol, … { … }`, and alike `node` and `protocol`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleItem {
    pub kind: ModuleKind,
    pub name: Name,
    pub type_params: Vec<TypeParam>,
    pub params: Vec<ValueParam>,
    /// The word `replicated`, which only a node may bear.
    pub replicated: Option<Span>,
    /// The types after `:`, each a path with type arguments.
    pub protocols: Vec<Type>,
    pub items: Vec<ItemNode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModuleKind {
    Module,
    Node,
    Protocol,
}

/// A parameter of a module or node. One whose type is a protocol takes a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueParam {
    pub name: Name,
    pub ty: Type,
    pub default: Option<Expr>,
    pub span: Span,
}

/// `P`, or `lattice L`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeParam {
    pub name: Name,
    pub lattice: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `Map<K, L>`, `m.T`
    Path { path: Path, args: ThinVec<Type> },
    /// `(A, B)`; `()` has no parts, `(A)` is just `A`.
    Tuple(Vec<Type>),
    /// `T?`
    Option(Box<Type>),
    /// `fn(A): B`
    Function { params: Vec<Type>, ret: Box<Type> },
}

/// A component that is not written in Bloom: `extern node X { path in -> out: OW(campaign); }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternNode {
    pub name: Name,
    pub collections: Vec<Collection>,
    pub paths: Vec<ExternPath>,
}

/// `path input -> output: label(gate, …);`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternPath {
    pub input: Path,
    pub output: Path,
    /// `CR`, `CW`, `OR` or `OW`.
    pub label: Name,
    pub gate: Vec<Name>,
    pub span: Span,
}
