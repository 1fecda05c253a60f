//! Channels of which another channel's message is the last word: in the order of their sender, a row of
//! `T` comes after all rows of `N` that it stands for, and is as good as a seal.
//!
//! The claim. Let `N` and `T` be of one `#[fifo]` group, and all rules that send them of one kind of node. Let
//! every such rule put the sender's address into one column. Let the rows of `N` be made of one row of an
//! input `S` each, in the tick in which that row is there, and carry the key of `S`; let `S` be `immutable`,
//! or all key. Let every row of `T` carry the key of a row of `S` that was there in an earlier tick of the
//! same node. Then where a row of `T` has arrived, all rows of `N` have arrived that agree with it in the
//! address and the key, as far as any arrives there.
//!
//! Why. The address says that the sender is one node, and the key, which row of `S` it had. What it sends in
//! `N` is a function of that row (and of itself), so all of it is sent in the first tick that has the row,
//! and only repeated if the row is fed again. The row of `T` is sent in a later tick. What one sender sends
//! to one receiver in one group is taken in tick after tick; so to whichever node a row of `T` goes,
//! what went there before it is there. Rows of one tick would do only where they are taken in together, which
//! is not relied on.
//!
//! All of it is found by form: [`sequences`] for the sender, [`follows`] for who reads.

use rustc_hash::FxHashMap;

use super::flow::{RuleSummary, Term};
use super::model::{At, Model, RuleAt};
use super::sealing::same_value;
use crate::hir::{Arrow, CollectionKind, Delivery, NodeId, Supply};

/// Rules are followed back so many steps.
const DEPTH_MAX: usize = 16;

/// Of a channel, what tells its parts apart, and what comes last of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The sender's address, then the key of the input.
    pub columns: Vec<usize>,
    /// Channels whose rows come after, each with its columns of the same values.
    pub last: Vec<(At, Vec<usize>)>,
}

/// The channels that keep the order of their sender.
pub fn queued(model: &Model<'_>) -> Vec<At> {
    let places = model.places();
    places.filter(|&at| group(model, at).is_some()).collect()
}

/// Those of them that have such a last word.
pub fn sequences(model: &Model<'_>, queued: &[At]) -> FxHashMap<At, Sequence> {
    let mut found = FxHashMap::default();
    for &at in queued {
        let Some(part) = part(model, at) else {
            continue;
        };
        let others = queued
            .iter()
            .copied()
            .filter(|&other| other != at && group(model, other) == group(model, at));
        let last = others.filter_map(|other| Some((other, after(model, other, &part)?)));
        let last: Vec<(At, Vec<usize>)> = last.collect();
        if !last.is_empty() {
            let columns = part.columns;
            found.insert(at, Sequence { columns, last });
        }
    }
    found
}

fn group<'a>(model: &Model<'a>, at: At) -> Option<&'a str> {
    let collection = model.collection(at);
    match (&collection.kind, &collection.delivery) {
        (CollectionKind::Channel { .. }, Delivery::Fifo(group)) => Some(group),
        (_, Delivery::Fifo(_) | Delivery::Free | Delivery::Once | Delivery::Ordered(_)) => None,
    }
}

/// What a channel sends of one row of an input.
struct Part {
    sender: NodeId,
    input: At,
    columns: Vec<usize>,
}

fn part(model: &Model<'_>, at: At) -> Option<Part> {
    let sender = sender(model, at)?;
    let input = model
        .writers(at)
        .iter()
        .find_map(|&rule| input(model, rule, 0))?;
    let shape = model.shape(input);
    let is_promised = model.collection(input).immutable || !shape.has_plain_values();
    let grows = shape.columns.iter().any(|column| column.lattice);
    if !is_promised || grows {
        return None;
    }
    let mut columns = vec![address(model, at)?];
    for key in shape.key_columns() {
        let mut own = 0..model.shape(at).columns.len();
        let carries = |column: &usize| {
            let mut rules = model.writers(at).iter();
            rules.all(|&rule| is_made_of(model, rule, *column, input, key, 0))
        };
        columns.push(own.find(carries)?);
    }
    Some(Part {
        sender,
        input,
        columns,
    })
}

/// The only kind of node that sends the channel.
fn sender(model: &Model<'_>, at: At) -> Option<NodeId> {
    let mut rules = model.writers(at).iter();
    let first = model.rule_ref(*rules.next()?).node;
    rules
        .all(|&rule| model.rule_ref(rule).node == first)
        .then_some(first)
}

/// The column that has the sender's address in every row.
fn address(model: &Model<'_>, at: At) -> Option<usize> {
    let location = model.location(at);
    let mut columns = 0..model.shape(at).columns.len();
    columns.find(|&column| {
        let mut rules = model.writers(at).iter();
        let own = |&rule: &RuleAt| model.rule(rule).columns[column] == Term::SelfAddr;
        Some(column) != location && rules.all(own)
    })
}

/// Whether all that the rule gives is a function of the one row that it reads.
fn is_of_one_row(summary: &RuleSummary) -> bool {
    let [atom] = summary.atoms.as_slice() else {
        return false;
    };
    !atom.negated && !summary.chance && !summary.bootstrap && summary.aggregates.is_empty()
}

/// The input of which the rule's rows are made.
fn input(model: &Model<'_>, rule: RuleAt, depth: usize) -> Option<At> {
    let [atom] = model.rule(rule).atoms.as_slice() else {
        return None;
    };
    let from = model.place(rule, atom.collection);
    if is_fed(model, from) {
        return Some(from);
    }
    let writer = model.inserters(from).next().filter(|_| depth < DEPTH_MAX)?;
    input(model, writer, depth + 1)
}

/// Whether its rows are given from outside, and in no other way.
fn is_fed(model: &Model<'_>, at: At) -> bool {
    let collection = model.collection(at);
    collection.kind == CollectionKind::Input && collection.public && model.writers(at).is_empty()
}

/// Whether each row of the rule is made of one row of the input, in its tick, and has the key column's value.
fn is_made_of(
    model: &Model<'_>,
    rule: RuleAt,
    column: usize,
    of: At,
    key: usize,
    depth: usize,
) -> bool {
    let summary = model.rule(rule);
    let in_time = matches!(
        (summary.arrow, depth),
        (Arrow::AsyncMerge, 0) | (Arrow::Merge, 1..)
    );
    if !in_time || !is_of_one_row(summary) || depth > DEPTH_MAX {
        return false;
    }
    let atom = &summary.atoms[0];
    let from = model.place(rule, atom.collection);
    let mut places = (0..atom.terms.len())
        .filter(|&place| same_value(&summary.columns[column], &atom.terms[place]));
    if from == of {
        return places.any(|place| place == key);
    }
    let passes = matches!(
        model.collection(from).kind,
        CollectionKind::Scratch | CollectionKind::Input
    ) && !model.is_source(from)
        && !model
            .shape(from)
            .columns
            .iter()
            .any(|column| column.lattice);
    let writers = model.writers(from);
    passes
        && !writers.is_empty()
        && places.any(|place| {
            let mut writers = writers.iter();
            writers.all(|&writer| is_made_of(model, writer, place, of, key, depth + 1))
        })
}

/// The columns of a channel whose rows are sent after the part that they name.
fn after(model: &Model<'_>, at: At, part: &Part) -> Option<Vec<usize>> {
    if sender(model, at)? != part.sender {
        return None;
    }
    let keys: Vec<usize> = model.shape(part.input).key_columns().collect();
    let mut columns = vec![address(model, at)?];
    // Column by column first; that they are of one row is asked of all together.
    for &key in &keys {
        let mut own = 0..model.shape(at).columns.len();
        columns.push(
            own.find(|&column| ticks_after(model, at, &[column], part.input, &[key]).is_some())?,
        );
    }
    let ticks = ticks_after(model, at, &columns[1..], part.input, &keys);
    ticks.filter(|&ticks| ticks > 0)?;
    Some(columns)
}

/// Whether where there is a row of `at`, a row of `of` was there at the same node, in that tick or before, with
/// the values in `keys` that it has in `columns`.
pub fn follows(model: &Model<'_>, at: At, columns: &[usize], of: At, keys: &[usize]) -> bool {
    at_least(model, at, columns, of, keys, &mut Vec::new()).is_some()
}

/// How many ticks at least lie between a row of `of` and what is sent of it.
fn ticks_after(
    model: &Model<'_>,
    channel: At,
    columns: &[usize],
    of: At,
    keys: &[usize],
) -> Option<usize> {
    least(model, channel, columns, of, keys, &mut Vec::new())
}

fn at_least(
    model: &Model<'_>,
    at: At,
    columns: &[usize],
    of: At,
    keys: &[usize],
    open: &mut Vec<At>,
) -> Option<usize> {
    if at == of {
        return (columns == keys).then_some(0);
    }
    let kind = model.collection(at).kind;
    let stays = match kind.supply() {
        Supply::Rules { .. } | Supply::Input => !model.is_source(at),
        Supply::Messages => kind == CollectionKind::Loopback,
        Supply::Seals | Supply::Fixed | Supply::Happening | Supply::Effects => false,
    };
    if !stays || open.contains(&at) || open.len() > DEPTH_MAX {
        return None;
    }
    open.push(at);
    let ticks = least(model, at, columns, of, keys, open);
    open.pop();
    ticks
}

/// Over all rules that derive it.
fn least(
    model: &Model<'_>,
    at: At,
    columns: &[usize],
    of: At,
    keys: &[usize],
    open: &mut Vec<At>,
) -> Option<usize> {
    let lattice = |column: &usize| model.shape(at).columns[*column].lattice;
    if columns.iter().any(lattice) {
        return None;
    }
    let mut all: Option<usize> = None;
    for rule in model.inserters(at) {
        let summary = model.rule(rule);
        let is_loopback = model.collection(at).kind == CollectionKind::Loopback;
        let more = match summary.arrow {
            Arrow::DeferredMerge | Arrow::Upsert => 1,
            Arrow::AsyncMerge if is_loopback => 1,
            Arrow::Merge | Arrow::AsyncMerge | Arrow::DeferredDelete => 0,
        };
        let ticks = summary.positive().filter_map(|(_, atom)| {
            let carried = columns.iter().map(|&column| {
                let mut terms = atom.terms.iter();
                terms.position(|term| same_value(&summary.columns[column], term))
            });
            let carried: Vec<usize> = carried.collect::<Option<_>>()?;
            let from = model.place(rule, atom.collection);
            at_least(model, from, &carried, of, keys, open)
        });
        let ticks = ticks.max()? + more;
        all = Some(all.map_or(ticks, |known| known.min(ticks)));
    }
    all
}
