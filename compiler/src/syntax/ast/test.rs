//! Tests, specs and fault tests. All spans count from the start of the item.

use super::{Arg, Expr, Head, HeadArgs, Literal, Name, Path, Rule, Type};
use crate::base::Span;
use smol_str::SmolStr;

/// `test "name" checks spec { steps }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    pub name: SmolStr,
    pub name_span: Span,
    pub checks: Vec<Path>,
    pub steps: Vec<Step>,
}

/// `fault test "name" checks spec with bounds { steps }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FaultTest {
    pub test: Test,
    pub bounds: FaultBounds,
}

/// `ticks 6, losses until 4, crashes 1`
pub type FaultBounds = Vec<FaultOption>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FaultOption {
    pub name: Name,
    /// Whether `until` stands before the value.
    pub until: bool,
    pub value: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    pub kind: StepKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    Node(NodeDecl),
    Feed(Feed),
    /// `seal click{campaign: 1};`
    Seal(Feed),
    /// `tick;`, `tick 3;`, `tick a, b;`: no count is one, no nodes are all.
    Tick {
        count: Option<Expr>,
        nodes: Vec<Name>,
    },
    Settle,
    /// `advance 5s;`
    Advance(Expr),
    Crash(Vec<Name>),
    Restart(Vec<Name>),
    /// `partition {a} | {b, c};`
    Partition(Vec<Vec<Name>>),
    Heal,
    /// `drop from -> to channel;`
    Drop {
        from: Name,
        to: Name,
        channel: Path,
    },
    Expect(Expect),
    /// Did not parse; the error is in the diagnostics.
    Broken,
}

/// `node a, b: Kind<T>(args);`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeDecl {
    pub names: Vec<Name>,
    pub kind: Path,
    pub type_args: Vec<Type>,
    pub args: Vec<Arg>,
}

/// A row put into a collection: `a.put{key: "k"};`. The node, if named, is the path's first segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feed {
    pub path: Path,
    pub args: HeadArgs,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// `expect error "text";`
    Error { text: SmolStr, span: Span },
    /// A row that is there, a `not` row, or a condition such as `n.got == { (1, "y") }`.
    Literal(Box<Literal>),
}

/// `spec name { lines }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub name: Name,
    pub lines: Vec<SpecLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpecLine {
    Rule(Rule),
    Never(Never),
    Checker(Checker),
}

/// `never head <= body;`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Never {
    pub rule: Rule,
}

/// `linearizable;`: a checker of histories, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checker {
    pub name: Name,
}

impl Feed {
    pub fn from_head(head: Head) -> Self {
        Self {
            path: head.path,
            args: head.args,
        }
    }
}
