//! Seals that carry the count of what they close: the protocol that `sealed by` stands for when a program
//! runs.
//!
//! The network may deliver a seal before the rows that it closes. So a producer counts the distinct rows
//! that it sent to a receiver in a partition, and its seal carries the count; the partition is complete
//! when every producer's count is reached (punctuations: Tucker, Maier et al., TKDE 2003; with counts:
//! Alvaro et al., "Blazes", ICDE 2014, §5.2). The rules of `hir` say what completeness means if nothing is
//! overtaken; this stage rewrites them, after the analysis, to hold in any order. For a channel `C` with
//! location `to`, partition `K` and further columns `R`, at its producers:
//!
//! ```text
//! C.seal.out{…}              <= …                           // each rule that sends C, once more
//! C.seal.sent{to, K, R}      <= C.seal.out{to, K, R}, not C.seal.closed{to, K}
//! C.seal.sent{to, K, R}      <- C.seal.sent{to, K, R}, C.seal.closed{to, K}
//! C.seal.count{to, K, rows: count()} <= C.seal.sent{to, K}
//! C.seal.closing{to, K}      <= …                           // `seal C{to, K} <~ …`
//! C.seal.total{to, K, rows}  <= C.seal.closing{to, K}, C.seal.closed{to, K, rows}
//! C.seal.total{to, K, rows}  <= C.seal.closing{to, K}, C.seal.count{to, K, rows}, not C.seal.closed{to, K}
//! C.seal.total{to, K, rows: 0} <= C.seal.closing{to, K}, not C.seal.sent{to, K}, not C.seal.closed{to, K}
//! C.seal.closed{to, K, rows} <+ C.seal.total{to, K, rows}
//! C.seal{to, K, rows}        <~ C.seal.total{to, K, rows}
//! ```
//!
//! and at its receivers, where the node fills `C.seal.arrived` with the rows that came, who sent them, and a
//! number each:
//!
//! ```text
//! C.seal.got{producer, K, R}      <= C.seal.arrived{producer, number, to, K, R}
//! C.seal.received{producer, K, rows: count()} <= C.seal.got{producer, K}
//! C.seal.promised{producer, K, rows} <= C.seal{producer, K, rows}
//! C.seal.reached{producer, K}     <= C.seal.promised{producer, K, rows: 0}
//! C.seal.reached{producer, K}     <= C.seal.promised{producer, K, rows}, C.seal.received{producer, K, rows: n}, n >= rows
//! C.unsealed{K} <= C.seals{K}, cluster{…}, not C.seal.reached{producer, K}    // was: not C.seals{producer, K}
//! C.unsealed{K} <= C.seals{producer, K}, not C.seal.reached{producer, K}
//! ```
//!
//! A row beyond its producer's count, or of a node that is no producer after all of them are done, is a row
//! error. So is, of an input, a row that comes in a later tick than its partition's seal.
//!
//! Cost: where each message is sent once ([`messages`]), it is delivered once, and producers and receivers keep a
//! number for each partition; what they do in a tick is what was sent or came in it:
//!
//! ```text
//! C.seal.batch{to, K, rows: count()} <= C.seal.out{to, K}
//! C.seal.count{to, K, rows}       <= what was sent before and the batch, if not C.seal.closed{to, K}
//! C.seal.sent{to, K, rows}        <+- C.seal.batch{to, K}, C.seal.count{to, K, rows}
//!
//! C.seal.come{producer, K, rows: count()} <= C.seal.arrived{producer, K}
//! C.seal.received{producer, K, rows} <= what came before and what comes
//! C.seal.got{producer, K, rows}   <+- C.seal.come{producer, K}, C.seal.received{producer, K, rows}
//! ```
//!
//! Elsewhere (a rule without an event sends its rows again in every tick, another one does when it is asked to) a producer keeps the rows of its open
//! partitions, and a number for each closed one; a receiver keeps one copy of every row, without which it could not
//! tell a row that came twice from one that is late.

mod messages;
mod producer;
mod receiver;

use smol_str::{SmolStr, format_smolstr};

use super::writing::{Cell, RuleWriter, column, declare};
use crate::check::{Checked, check_resolved};
use crate::hir::{
    Arrow, Builtin, CollectionId, CollectionKind, Column, Delivery, HeadColumn, Loc, NodeId,
    NodeKind, Origin, Program, TypeRef,
};
use crate::typing::Typed;

/// The program with its seals counted; `None` if it has none.
pub fn with_counts(program: &Program, typed: &Typed) -> Option<Checked> {
    let sealed: Vec<(NodeId, CollectionId)> = program
        .nodes
        .iter()
        .flat_map(|(id, node)| sealed_collections(node).into_iter().map(move |of| (id, of)))
        .collect();
    if sealed.is_empty() {
        return None;
    }
    let mut counted = program.clone();
    for (id, sealed) in sealed {
        let of = Sealed::new(program, typed, id, sealed);
        let node = &mut counted.nodes[id];
        match of.location {
            Some(_) => {
                if of.counts == Counts::Messages {
                    deliver_once(node, &of);
                }
                producer::count(node, &of);
                receiver::await_counts(node, &of);
            }
            None => receiver::refuse_late_rows(node, &of),
        }
    }
    Some(check_resolved(counted, Vec::new()))
}

/// Messages and seals are numbered, if nothing else is said of them.
fn deliver_once(node: &mut NodeKind, of: &Sealed) {
    for id in [Some(of.id), of.seal].into_iter().flatten() {
        let delivery = &mut node.collections_mut()[id].delivery;
        if *delivery == Delivery::Free {
            *delivery = Delivery::Once;
        }
    }
}

fn sealed_collections(node: &NodeKind) -> Vec<CollectionId> {
    let sealed = node.collections.iter().filter_map(|(_, c)| match c.kind {
        CollectionKind::Sealed { of } => Some(of),
        _ => None,
    });
    sealed.collect()
}

/// What seals count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counts {
    /// Distinct rows, however often each is sent and arrives.
    Rows,
    /// Messages, each of which arrives once.
    Messages,
}

/// A channel or input that is sealed, and what its columns are.
struct Sealed {
    counts: Counts,
    id: CollectionId,
    name: SmolStr,
    columns: Vec<Column>,
    /// Of a channel.
    location: Option<usize>,
    /// Places of the columns of the partition.
    partition: Vec<usize>,
    /// Places of the columns that are neither.
    rest: Vec<usize>,
    /// By place: whether the column holds a lattice.
    lattices: Vec<bool>,
    /// `C.seal`, of a channel.
    seal: Option<CollectionId>,
    /// `C.seals`
    seals: Option<CollectionId>,
    /// `C.sealed`
    sealed: Option<CollectionId>,
    loc: Loc,
}

impl Sealed {
    fn new(program: &Program, typed: &Typed, node_id: NodeId, id: CollectionId) -> Self {
        let node = &program.nodes[node_id];
        let of = &node.collections[id];
        let location = match of.kind {
            CollectionKind::Channel { location } => Some(location as usize),
            _ => None,
        };
        let partition: Vec<usize> = of.sealed_by.iter().map(|&place| place as usize).collect();
        let is_rest = |place: &usize| Some(*place) != location && !partition.contains(place);
        let types = &typed.nodes[node_id].collections[id];
        let companion = |kind| {
            let mut all = node.collections.iter();
            all.find(|(_, c)| c.kind == kind).map(|(id, _)| id)
        };
        Self {
            counts: messages::counts(program, of),
            id,
            name: of.name.clone(),
            location,
            rest: (0..of.columns.len()).filter(is_rest).collect(),
            lattices: types.iter().map(|c| typed.types.is_lattice(c.ty)).collect(),
            partition,
            columns: of.columns.clone(),
            seal: companion(CollectionKind::Seal { of: id }),
            seals: companion(CollectionKind::Seals { of: id }),
            sealed: companion(CollectionKind::Sealed { of: id }),
            loc: of.loc,
        }
    }

    const fn origin(&self) -> Origin {
        Origin::SealCollect(self.id)
    }

    /// The columns at these places, each a key; what is a lattice as its text.
    fn keys(&self, places: &[usize]) -> Vec<Column> {
        let key = |&place: &usize| {
            let of = &self.columns[place];
            let ty = match self.lattices[place] {
                true => Some(TypeRef::plain(Builtin::String)),
                false => of.ty.clone(),
            };
            column(&of.name, ty, true, self.loc)
        };
        places.iter().map(key).collect()
    }

    /// The variable of a column.
    fn cell(place: usize) -> Cell {
        Cell::Var(format_smolstr!("c{place}"))
    }

    fn cells(places: &[usize]) -> Vec<Cell> {
        places.iter().map(|&place| Self::cell(place)).collect()
    }

    fn all_cells(&self) -> Vec<Cell> {
        (0..self.columns.len()).map(Self::cell).collect()
    }

    /// Head columns with what a row is told from others by.
    fn identity(&self, writer: &mut RuleWriter, places: &[usize]) -> Vec<HeadColumn> {
        let column = |&place: &usize| {
            let name = format_smolstr!("c{place}");
            HeadColumn::Expr(match self.lattices[place] {
                true => writer.content(&name),
                false => writer.read(&name),
            })
        };
        places.iter().map(column).collect()
    }

    fn declare(
        &self,
        node: &mut NodeKind,
        suffix: &str,
        kind: CollectionKind,
        columns: Vec<Column>,
    ) -> CollectionId {
        let name = format_smolstr!("{}.seal.{suffix}", self.name);
        declare(node, self.id, name, kind, columns)
    }

    /// `rows: Int`, beside keys.
    fn rows(&self) -> Column {
        column("rows", Some(TypeRef::plain(Builtin::Int)), false, self.loc)
    }

    /// `producer: Addr`
    fn producer(&self) -> Column {
        column(
            "producer",
            Some(TypeRef::plain(Builtin::Addr)),
            true,
            self.loc,
        )
    }

    /// A rule without a computed head.
    fn derive(
        &self,
        node: &mut NodeKind,
        head: CollectionId,
        cells: &[Cell],
        arrow: Arrow,
        mut writer: RuleWriter,
    ) {
        let columns = writer.cells(cells);
        node.rules
            .push(writer.head(head, columns, arrow, self.origin()));
    }
}

/// For what came in this tick: what was there before and it, or it alone. The rules read `rows` more.
fn add_up(
    node: &mut NodeKind,
    of: &Sealed,
    key: &[Cell],
    batch: CollectionId,
    before: CollectionId,
    (into, arrow): (CollectionId, Arrow),
    more: impl Fn(RuleWriter) -> RuleWriter,
) {
    let more_rows = with(key, Cell::Var(SmolStr::new("more")));
    let begin = || more(RuleWriter::new(of.loc).row(batch, &more_rows));
    let mut writer = begin().row(before, &with(key, rows()));
    let mut columns = writer.cells(key);
    columns.push(writer.sum("rows", "more"));
    node.rules
        .push(writer.head(into, columns, arrow, of.origin()));
    of.derive(node, into, &more_rows, arrow, begin().no_row(before, key));
}

/// The cells with one more at their end.
fn with(cells: &[Cell], last: Cell) -> Vec<Cell> {
    cells.iter().cloned().chain([last]).collect()
}

/// The columns with one more at their end.
fn and(columns: &[Column], last: Column) -> Vec<Column> {
    columns.iter().cloned().chain([last]).collect()
}

fn rows() -> Cell {
    Cell::Var(SmolStr::new("rows"))
}
