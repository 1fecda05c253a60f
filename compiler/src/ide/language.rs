//! What the language itself has: its types, and what aggregates take and mean, in the words of signatures. How each is
//! typed, `typing` says.

use super::signature::Signature;
use crate::hir::{AggregateFunction, Builtin, CollectionKind};

/// A type of the language.
pub(super) fn ty(builtin: Builtin) -> Signature {
    use Builtin as B;
    let (written, doc) = match builtin {
        B::Bool => ("Bool", "`true` or `false`."),
        B::Int => (
            "Int",
            "A whole number of 64 bits, with a sign. Overflow is a row error.",
        ),
        B::Float => ("Float", "A number of 64 bits in binary floating point."),
        B::String => ("String", "A text."),
        B::Bytes => ("Bytes", "A row of bytes."),
        B::Addr => ("Addr", "The address of a node; `self` is one's own."),
        B::Time => ("Time", "A point in time, by the clock of a node."),
        B::Duration => ("Duration", "A length of time: `200ms`, `5s`."),
        B::Req => ("Req", "The request of a client that waits for an answer."),
        B::List => (
            "List<T>",
            "Values in an order, any of them as often as it comes.",
        ),
        B::FrozenSet => (
            "FrozenSet<T>",
            "A set that does not grow, and so can be compared and be a key.",
        ),
        B::FrozenBag => (
            "FrozenBag<T>",
            "A set with the number of times that each element is in it, which does not grow.",
        ),
        B::FrozenMap => (
            "FrozenMap<K, V>",
            "A map that does not grow, in the order of its keys.",
        ),
        B::Max => ("Max<T>", "Merges to the larger value: it only grows."),
        B::Min => ("Min<T>", "Merges to the smaller value: it only shrinks."),
        B::Or => ("Or", "Merges by `||`: once true, it stays so."),
        B::And => ("And", "Merges by `&&`: once false, it stays so."),
        B::Set => ("Set<T>", "Merges by union."),
        B::PosSet => (
            "PosSet<T>",
            "Merges by union. Meant for numbers from 0 on, whose `sum()` then only grows.",
        ),
        B::Bag => (
            "Bag<T>",
            "Merges to the larger number of times for each element.",
        ),
        B::Map => (
            "Map<K, L>",
            "Merges key by key, by the lattice `L` of the values.",
        ),
        B::Lex => ("Lex<L, M>", "`L` decides; where it is equal, `M` merges."),
        B::Lww => (
            "Lww<S, T>",
            "The value with the greatest stamp: the last writer wins.",
        ),
        B::Sealed => (
            "Sealed<L>",
            "An `L` that can be closed, after which it no longer grows.",
        ),
        B::Once => (
            "Once<T>",
            "Holds one value; a second one that differs is a conflict.",
        ),
    };
    let word = match builtin.is_lattice() {
        true => "lattice",
        false => "type",
    };
    Signature {
        label: format!("{word} {written}"),
        parameters: Vec::new(),
        doc: doc.to_owned(),
    }
}

/// `x.reveal`
pub(super) fn reveal() -> Signature {
    Signature {
        label: "L.reveal".to_owned(),
        parameters: Vec::new(),
        doc: "The plain value of a lattice value as it is now. What depends on it is not monotone: the value may still grow."
            .to_owned(),
    }
}

/// What a collection holds that every program has; none of one that a program declares.
pub(super) fn collection(kind: CollectionKind) -> Option<&'static str> {
    match kind {
        CollectionKind::Cluster => {
            Some("The nodes of the deployment with their kinds. It never changes.")
        }
        CollectionKind::Alive => Some(
            "The nodes that answer, as far as this node can tell. It may be wrong at any time.",
        ),
        CollectionKind::Stdin => Some("The lines of the standard input, each in one tick."),
        CollectionKind::Errors => {
            Some("Row errors of the tick before: by which rule, why, and of which row.")
        }
        CollectionKind::Stdout => Some("Each row is a line of the standard output."),
        CollectionKind::Stderr => Some("Each row is a line of the standard error."),
        CollectionKind::Halt => Some("A row ends the node after this tick, with that code."),
        CollectionKind::SysRule => Some("The rules of this program."),
        CollectionKind::SysCollection => Some("The collections of this program."),
        CollectionKind::SysDepends => Some("Which collections of this program depend on which."),
        CollectionKind::SysStratum => Some("The stratum of each collection of this program."),
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
        | CollectionKind::Sealed { .. }
        | CollectionKind::Seals { .. } => None,
    }
}

/// What is written, its parameters, and what it gives.
type Form = (&'static str, &'static [&'static str], &'static str);

/// How an aggregate is written; one that can be written in several ways has several.
pub(super) fn aggregate(function: AggregateFunction) -> Vec<Signature> {
    use AggregateFunction as F;
    let (forms, doc): (&[Form], &str) = match function {
        F::Count => (
            &[
                ("count()", &[], "Int"),
                ("count(distinct e)", &["distinct e"], "Int"),
            ],
            "How many combinations of rows match the body; with `distinct`, how many values of `e` they have.",
        ),
        F::Sum => (
            &[("sum(e)", &["e"], "Int, Float or Duration, as `e` is")],
            "The sum of `e` over all combinations of rows that match, equal values as often as they come.",
        ),
        F::Min => (&[("min(e)", &["e"], "as `e` is")], "The smallest `e`."),
        F::Max => (&[("max(e)", &["e"], "as `e` is")], "The largest `e`."),
        F::Avg => (
            &[("avg(e)", &["e"], "Float")],
            "The mean of the numbers `e`, equal values as often as they come.",
        ),
        F::List => (
            &[
                ("list(e)", &["e"], "List of what `e` is"),
                ("list(e by k)", &["e by k"], "List of what `e` is"),
            ],
            "All `e` in ascending order, or in that of `k`; a key followed by `desc` descends.",
        ),
        F::Set => (
            &[("set(e)", &["e"], "FrozenSet; in a lattice column Set")],
            "The values of `e`, each once.",
        ),
        F::Argmin => (
            &[("argmin(e by k)", &["e by k"], "as `e` is")],
            "The `e` with the smallest `k`; of several such the smallest `e`.",
        ),
        F::Argmax => (
            &[("argmax(e by k)", &["e by k"], "as `e` is")],
            "The `e` with the largest `k`; of several such the smallest `e`.",
        ),
        F::Any => (
            &[("any(e)", &["e"], "Bool")],
            "Whether the condition `e` holds for a combination of rows that matches.",
        ),
        F::All => (
            &[("all(e)", &["e"], "Bool")],
            "Whether the condition `e` holds for all combinations of rows that match.",
        ),
        F::First => (
            &[("first(e by k)", &["e by k"], "as `e` is")],
            "The `e` that comes first in the order of `k`; a key followed by `desc` descends.",
        ),
    };
    let rest = "An aggregate is the whole of a head column, and the columns without one group. Over no rows there is no row.";
    let signature = |(written, parameters, result): &Form| Signature {
        label: format!("{written}: {result}"),
        parameters: parameters.iter().map(|&one| one.to_owned()).collect(),
        doc: format!("{doc}\n\n{rest}"),
    };
    forms.iter().map(signature).collect()
}
