//! The plan of one kind of node: relations, indexes, and for every rule its versions as nests of
//! operators over registers. Machine code is generated from it, one function a version.
//!
//! Evaluation it stands for (semi-naive, Bancilhon & Ramakrishnan 1986): each stratum runs its
//! `initial` versions once over `total`; then, until no relation of the stratum has a `delta`, its
//! `recursive` versions, each of which reads the `delta` of one body literal and the `total` of
//! the others. Iterations are synchronous: what one emits is seen by the next. After the last
//! stratum the `closing` versions run once (`<+`, `<-`, `<+-`, `<~`).
//!
//! From tick to tick a stratum follows what has changed, in the way its [`Upkeep`] says, by versions
//! that begin with a change: the delta is then what came into a relation since the last tick, or what
//! went, and [`Extent::Before`] is a relation as it was then.

mod expr;
pub mod fallible;
pub mod layout;
mod stratum;
pub mod verify;
mod visit;

pub use expr::{Argument, BinaryOp, CompareOp, Expr, RowError, UnaryOp};
pub use stratum::{Standing, Stratum, Upkeep};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::functions::BuiltinId;
use crate::types::{TypeId, TypeTable};
use crate::value::Value;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

ids! {
    RelationId "rel";
    IndexId "index";
    /// A rule of the source after module expansion.
    RuleId "rule";
    VersionId "version";
    FunctionId "fn";
    ConstantId "const";
    LiteralId "lit";
    AggregateId "agg";
    /// A call of a built-in with its types.
    SiteId "site";
    /// A register of a version or function: one word.
    Register "r";
}

/// Everything a node of one kind needs but its machine code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The kind of node.
    pub name: SmolStr,
    /// Whether its instances are replicas, which share their ordered logs.
    pub replicated: bool,
    pub types: TypeTable,
    pub constants: Vec<Constant>,
    pub literals: Vec<Literal>,
    pub functions: Vec<Function>,
    pub sites: Vec<Site>,
    pub own_lattices: Vec<OwnLattice>,
    pub relations: Vec<Relation>,
    pub indexes: Vec<Index>,
    pub aggregates: Vec<Aggregate>,
    pub rules: Vec<Rule>,
    pub versions: Vec<Version>,
    pub strata: Vec<Stratum>,
    /// Versions that run once a tick, after the last stratum.
    pub closing: Vec<VersionId>,
    /// What rules of the other arrows derive from what stays.
    pub standing: Vec<Standing>,
}

impl Plan {
    /// A kind of node in which there is nothing yet.
    pub fn empty(name: impl Into<SmolStr>, types: TypeTable) -> Self {
        Plan {
            name: name.into(),
            replicated: false,
            types,
            constants: Vec::new(),
            literals: Vec::new(),
            functions: Vec::new(),
            sites: Vec::new(),
            own_lattices: Vec::new(),
            relations: Vec::new(),
            indexes: Vec::new(),
            aggregates: Vec::new(),
            rules: Vec::new(),
            versions: Vec::new(),
            strata: Vec::new(),
            closing: Vec::new(),
            standing: Vec::new(),
        }
    }
}

/// A value fixed at the node's start: a parameter (`init` is none, or its default), a `const`, or
/// an argument of an import. In order of evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    pub name: SmolStr,
    pub ty: TypeId,
    pub parameter: bool,
    pub init: Option<FunctionId>,
}

/// A value of the source text that is not a bare word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Literal {
    pub ty: TypeId,
    pub value: Value,
}

/// A pure function from words to a word. The first registers are its parameters (for a lambda:
/// first what it captures, then its own).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub name: SmolStr,
    pub parameters: Vec<TypeId>,
    pub result: TypeId,
    pub registers: Vec<Slot>,
    pub body: Expr,
}

/// A call of a built-in: which, and at which types (arguments, receiver first, and result).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    pub builtin: BuiltinId,
    pub arguments: Vec<TypeId>,
    pub result: TypeId,
}

/// Functions of a lattice with its own merge: `bottom(): L`, `merge(a: L, b: L): L`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnLattice {
    pub ty: TypeId,
    pub bottom: FunctionId,
    pub merge: FunctionId,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RelationKind {
    /// Rows stay until deleted.
    Table {
        durable: bool,
    },
    /// Rows live for one tick.
    Scratch,
    /// Rows of the first tick stay; nothing writes later.
    Static,
    /// Fed from outside; one tick.
    Input,
    /// Read from outside; one tick.
    Output,
    /// Read from outside as of now; derived anew each tick.
    View,
    /// Rows arrive from the network; one tick. `location` is the column with the receiver.
    Channel {
        location: u32,
    },
    /// A channel to oneself.
    Loopback,
    /// Rows `(id: Int, at: Time)` of a timer; `every` is a `Duration`.
    Periodic {
        every: ConstantId,
    },
    /// `stdout`, `stderr`: one `String` column; written with `<~`.
    Stdout,
    Stderr,
    /// One `Int` column; written with `<~`.
    Halt,
    /// `stdin(line: String)`: one tick.
    Stdin,
    /// `cluster(addr, kind)`: static, filled by the deployment.
    Cluster,
    /// `alive(addr)`: given anew by the deployment whenever it changes.
    Alive,
    /// `errors(rule, message, row)`: rows of this tick's strata that ran before a reader; those
    /// raised later are of the next tick.
    Errors,
}

impl RelationKind {
    /// Whether rows live for one tick.
    pub fn is_transient(self) -> bool {
        match self {
            RelationKind::Table { .. }
            | RelationKind::Static
            | RelationKind::Cluster
            | RelationKind::Alive => false,
            RelationKind::Scratch
            | RelationKind::Input
            | RelationKind::Output
            | RelationKind::View
            | RelationKind::Channel { .. }
            | RelationKind::Loopback
            | RelationKind::Periodic { .. }
            | RelationKind::Stdout
            | RelationKind::Stderr
            | RelationKind::Halt
            | RelationKind::Stdin
            | RelationKind::Errors => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Qualified by the imports that lead to it: `wire.buffer`.
    pub name: SmolStr,
    pub kind: RelationKind,
    pub columns: Vec<Column>,
    /// A key never comes with two contents over the whole stream; enforced.
    pub immutable: bool,
    /// Columns of `sealed by`.
    pub sealed_by: Vec<u32>,
    /// Whether the outside may see it (`input`, `output`, `view` of the node itself).
    pub public: bool,
    pub delivery: Delivery,
}

impl Relation {
    /// The columns of its key, in their order.
    pub fn key_columns(&self) -> impl Iterator<Item = u32> {
        let columns = (0..).zip(&self.columns);
        columns.filter_map(|(number, column)| (column.role == Role::Key).then_some(number))
    }
}

/// What holds of the arrivals of an input, channel or loopback, beyond that each was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Delivery {
    /// Nothing: messages are lost, repeated and reordered.
    #[default]
    Free,
    /// Each message is taken in exactly once.
    Once,
    /// As `Once`, and what one sender sends to one receiver over the channels of the group is taken in in the
    /// order in which it was sent, what one tick sent in one tick.
    Fifo(SmolStr),
    /// All replicas of the kind take in the same sequence of batches.
    Ordered(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: SmolStr,
    pub ty: TypeId,
    pub role: Role,
    /// For rows from outside that leave the column out.
    pub default: Option<FunctionId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Role {
    Key,
    /// Determined by the key; two different ones are a key conflict.
    Value,
    /// Merges.
    Lattice,
}

/// A hash index on columns of a relation; none for "is it empty".
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Index {
    pub relation: RelationId,
    pub columns: Vec<u32>,
    /// Which rows a look-up finds; never the delta.
    pub part: Extent,
}

/// A rule as the user knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// `cart.bloom:14:1`.
    pub at: SmolStr,
    /// One line of source, for reports.
    pub text: SmolStr,
    pub head: RelationId,
    pub arrow: Arrow,
    /// Runs in the first tick only: facts, and rules of `bootstrap`.
    pub bootstrap: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Arrow {
    /// `<=`
    Merge,
    /// `<+`
    Deferred,
    /// `<-`
    Delete,
    /// `<+-`
    Upsert,
    /// `<~`
    Async,
}

/// One way to evaluate a rule: a nest of operators, each inside the one before it. The last is
/// `Emit` or `Accumulate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub rule: RuleId,
    /// The relation whose `delta` it reads; none for an initial or closing version.
    pub delta: Option<RelationId>,
    /// Of a version that begins with a `not`: by what it looks up. Its delta has one row for each key
    /// for which rows were there before and are no more, or the other way round.
    pub negated: Option<IndexId>,
    pub registers: Vec<Slot>,
    pub nest: Vec<Op>,
}

/// What a register holds. Those that operators bind come first, in the order in which they are
/// bound, so that at any operator a prefix is defined; then those of `Expr::Let`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The variable of the source, for reports; empty where there is none.
    pub name: SmolStr,
    pub ty: TypeId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// For each row.
    Scan {
        relation: RelationId,
        part: Extent,
        bind: Vec<Bind>,
    },
    /// For each row of `total` whose index columns equal the key.
    Probe {
        index: IndexId,
        key: Vec<Expr>,
        bind: Vec<Bind>,
    },
    /// Go on if there is such a row (`negated`: no such row).
    Exists {
        index: IndexId,
        key: Vec<Expr>,
        negated: bool,
    },
    /// For each element of a list, set, bag (each as often as it is in it), or entry of a map
    /// (two registers).
    Each {
        source: Expr,
        ty: TypeId,
        into: Vec<Register>,
    },
    /// For each `Int` from `from` up to, not including, `to`.
    Range {
        from: Expr,
        to: Expr,
        into: Register,
    },
    Let {
        into: Register,
        value: Expr,
    },
    Filter {
        condition: Expr,
    },
    /// One expression a column; none only for value columns that a `<-` head leaves out.
    Emit {
        relation: RelationId,
        arrow: Arrow,
        columns: Vec<Option<Expr>>,
    },
    /// Adds one match of the body to its group.
    Accumulate {
        aggregate: AggregateId,
        group: Vec<Expr>,
        arguments: Vec<Expr>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Extent {
    Total,
    Delta,
    /// All rows as of the end of the last tick.
    Before,
    /// Rows that were there before the row whose support is being looked for.
    Founded,
}

/// Loads a column of the current row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bind {
    pub column: u32,
    pub into: Register,
}

/// A group-by. After its version has run, each group gives one row of the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    pub rule: RuleId,
    pub relation: RelationId,
    pub arrow: Arrow,
    pub group: Vec<TypeId>,
    /// One a head column, in order.
    pub columns: Vec<AggregateColumn>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AggregateColumn {
    /// The n-th part of the group.
    Group(u32),
    /// Over arguments `first ..` of `Accumulate`: the value, if any, then what `by` names.
    Function {
        function: AggregateFunction,
        first: u32,
        value: Option<TypeId>,
        by: Vec<OrderBy>,
        result: TypeId,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderBy {
    pub ty: TypeId,
    pub descending: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AggregateFunction {
    Count,
    CountDistinct,
    /// `Int`, `Float` or `Duration`; overflow is a row error and the group gives no row.
    Sum,
    Min,
    Max,
    /// A `Float`.
    Avg,
    List,
    Set,
    ArgMin,
    ArgMax,
    Any,
    All,
    First,
}
