//! The properties of a place, from those of the rules that write it, or of where it comes from.

use crate::calm::body::{Body, Known};
use crate::calm::flow::RuleSummary;
use crate::calm::found::Found;
use crate::calm::model::{At, Model, RuleAt};
use crate::calm::properties::Props;
use crate::hir::{Arrow, CollectionKind};

/// The properties of a place, given those of its rules.
pub fn contents(known: Known<'_, '_>, found: &Found, at: At) -> Props {
    let model = known.model;
    if model.is_source(at) {
        return source(known, found, at);
    }
    if model.inserters(at).next().is_none() {
        return Props::ALL;
    }
    if model.is_kept(at) {
        return kept(known, found, at);
    }
    let conflict = known.dependencies.has_conflict(at);
    let bodies = model.inserters(at).map(|rule| arriving(model, found, rule));
    let mut props = bodies.fold(Props::ALL, Props::and).closed();
    if conflict && (model.is_asynchronous(at) || !props.has(Props::CONSTANT)) {
        // Rows in conflict are not there; which of them arrive together, the schedule says.
        props = props.and(Props::LIMIT.with(Props::FADES).with(Props::EMPTY));
    }
    match model.is_asynchronous(at) {
        true => sent(model, at, props),
        false => settled(model, at, props),
    }
}

/// What the rule adds to a collection whose rows live for one tick.
fn arriving(model: &Model<'_>, found: &Found, rule: RuleAt) -> Props {
    let summary = model.rule(rule);
    let props = found.rules[rule].props;
    match summary.arrow {
        // One tick later, so there is nothing in the first.
        Arrow::DeferredMerge | Arrow::Upsert if !props.has(Props::EMPTY) => {
            props.without(Props::CONSTANT.with(Props::SHRINKS))
        }
        Arrow::Merge
        | Arrow::DeferredMerge
        | Arrow::Upsert
        | Arrow::AsyncMerge
        | Arrow::DeferredDelete => props,
    }
}

/// What arrives of what is sent. A message comes some time after it was sent; after the last one nothing
/// comes. What is sent for ever, arrives for ever.
fn sent(model: &Model<'_>, at: At, props: Props) -> Props {
    if props.has(Props::EMPTY) {
        return Props::ALL;
    }
    let ends = props.has(Props::FADES) && !model.is_cyclic(at);
    Props::when(props.has(Props::UNION), Props::UNION)
        .with(Props::when(ends, Props::FADES))
        .closed()
}

/// What depends on itself over ticks settles only where it grows to what no schedule decides.
fn settled(model: &Model<'_>, at: At, props: Props) -> Props {
    if !model.is_cyclic(at) || props.has(Props::EMPTY) {
        return props;
    }
    let props = props.without(Props::CONSTANT);
    match props.has(Props::GROWS.with(Props::UNION)) {
        true => props,
        false => props.without(Props::LIMIT.with(Props::FADES)),
    }
}

/// The properties of what stays until it is deleted.
fn kept(known: Known<'_, '_>, found: &Found, at: At) -> Props {
    let model = known.model;
    let rules = || {
        model
            .writers(at)
            .iter()
            .map(|&rule| (model.rule(rule), found.rules[rule]))
    };
    let live = |body: &Body| !body.props.has(Props::EMPTY);
    let inserts =
        || rules().filter(move |(rule, body)| rule.arrow != Arrow::DeferredDelete && live(body));
    let deletes =
        || rules().filter(move |(rule, body)| rule.arrow == Arrow::DeferredDelete && live(body));
    if inserts().next().is_none() {
        return Props::ALL;
    }
    let conflict = known.dependencies.has_conflict(at);
    let replaces = inserts().any(|(rule, _)| rule.arrow == Arrow::Upsert) && {
        let lattice = model.shape(at).columns.iter().any(|column| column.lattice);
        conflict || lattice
    };
    if replaces {
        return Props::NONE;
    }
    // Of a fact and a rule that conflict, the rule's row comes in the second tick.
    let from_the_start =
        !conflict && inserts().all(|(rule, body)| rule.arrow == Arrow::Merge && body.constant);
    let union = !conflict && inserts().all(|(_, body)| body.props.has(Props::UNION));
    if deletes().next().is_none() {
        return Props::GROWS
            .with(Props::when(union, Props::UNION))
            .with(Props::when(from_the_start, Props::CONSTANT))
            .closed();
    }
    let whole = deletes().all(|(rule, _)| !compares_lattice(model, at, rule));
    let once = Props::GROWS.with(Props::LIMIT);
    let tombstones = whole && deletes().all(|(_, body)| body.props.has(once));
    let settles = |body: &Body| body.props.has(Props::UNION.with(Props::LIMIT));
    let settles = !conflict && inserts().all(|(_, body)| body.buried || settles(&body));
    // What is there from the start and is taken away by whatever comes stays away.
    let drained =
        from_the_start && whole && deletes().all(|(_, body)| body.props.has(Props::UNION));
    let limit = !model.is_cyclic(at) && ((union && drained) || (tombstones && settles));
    Props::when(union, Props::UNION)
        .with(Props::when(from_the_start, Props::SHRINKS))
        .with(Props::when(limit, Props::LIMIT))
        .closed()
}

/// Whether a deletion names a lattice value, which must then be the one that is there.
fn compares_lattice(model: &Model<'_>, at: At, rule: &RuleSummary) -> bool {
    let columns = model.shape(at).columns.iter().zip(&rule.columns);
    columns
        .into_iter()
        .any(|(column, term)| column.lattice && !term.is_any())
}

/// The properties of what comes from outside the rules.
pub fn source(known: Known<'_, '_>, found: &Found, at: At) -> Props {
    let model = known.model;
    match model.collection(at).kind {
        CollectionKind::Input => match known.dependencies.has_conflict(at) {
            false => Props::EVENTS,
            true => Props::EVENTS.without(Props::UNION),
        },
        CollectionKind::Stdin => Props::EVENTS,
        // The detector is right in the end.
        CollectionKind::Alive => Props::LIMIT,
        CollectionKind::Cluster
        | CollectionKind::SysRule
        | CollectionKind::SysCollection
        | CollectionKind::SysDepends
        | CollectionKind::SysStratum => Props::FIXED,
        CollectionKind::Seals { .. } => Props::GROWS.with(Props::UNION).closed(),
        CollectionKind::Sealed { of } => {
            let node = model.node_of(at);
            let kind = &model.program.nodes[node];
            let mut all = kind.collections.iter();
            let seals = all.find(|(_, c)| c.kind == CollectionKind::Seals { of });
            let union = seals.is_some_and(|(seals, _)| {
                found.place(model.place_of(node, seals)).has(Props::UNION)
            });
            Props::GROWS.with(Props::when(union, Props::UNION)).closed()
        }
        CollectionKind::Output => foreign(model, found, at),
        CollectionKind::Periodic { .. }
        | CollectionKind::Errors
        | CollectionKind::Table
        | CollectionKind::Scratch
        | CollectionKind::Static
        | CollectionKind::View
        | CollectionKind::Channel { .. }
        | CollectionKind::Loopback
        | CollectionKind::Stdout
        | CollectionKind::Stderr
        | CollectionKind::Halt
        | CollectionKind::Seal { .. } => Props::NONE,
    }
}

/// What a component gives that is not written in Bloom: for confluent paths events, as its inputs are; for a
/// path that depends on order, only if its input is sealed by columns of the gate, so that the component
/// sees each partition whole.
fn foreign(model: &Model<'_>, found: &Found, at: At) -> Props {
    let node = model.node_of(at);
    let kind = &model.program.nodes[node];
    let mut paths = model.extern_paths(at).peekable();
    if paths.peek().is_none() {
        return Props::NONE;
    }
    let fine = paths.all(|path| {
        let input = &kind.collections[path.input];
        let by = &input.sealed_by;
        let sealed = !by.is_empty() && by.iter().all(|column| path.gate.contains(column));
        let at = model.place_of(node, path.input);
        found.place(at).has(Props::UNION) && (path.is_confluent() || sealed)
    });
    Props::when(fine, Props::EVENTS)
}
