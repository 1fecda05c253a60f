//! The greatest fixpoint of properties over a program's rules.
//!
//! All places start with every property; rules and places are looked at again when something that they
//! depend on lost one. Transfer functions are monotone, so the order does not matter, and each place changes
//! at most as often as it has properties: the work is linear in the size of the program. Places are taken in
//! the order in which rows flow, so that most are looked at once.

use super::bodies::{Bodies, Judged};
use super::body::{Body, Known, Share};
use super::flow::RuleSummary;
use super::found::Found;
use super::model::{At, Model, RuleAt};
use super::properties::Props;
use crate::hir::{Arrow, CollectionKind};

/// Computes the properties of all places and rules.
pub fn solve(known: Known<'_, '_>, bodies: &mut Bodies) -> Found {
    let model = known.model;
    let mut found = Found::new(
        vec![Props::ALL; model.place_count()],
        vec![START; model.rule_count()],
    );
    for at in model.places() {
        if model.is_source(at) {
            found.places[at.index()] = source(known, &found, at);
        }
    }
    let mut pass = Pass {
        known,
        bodies,
        found,
        dependents: Dependents::new(known),
        open: Open {
            rules: vec![true; model.rule_count()],
            places: vec![true; model.place_count()],
        },
    };
    let mut is_done = false;
    while !is_done {
        is_done = true;
        for component in model.downstream() {
            // What is derived from it sees it only when it is done, unless that is looked at some other way.
            while component
                .iter()
                .fold(false, |changed, &at| pass.look_at(at) | changed)
            {
                is_done = false;
            }
        }
    }
    pass.found
}

/// Looks at places, one after the other.
struct Pass<'p, 'k, 'a> {
    known: Known<'k, 'a>,
    bodies: &'p mut Bodies,
    found: Found,
    dependents: Dependents,
    open: Open,
}

impl Pass<'_, '_, '_> {
    /// Looks at the place and the rules that write it, where that is due. Whether something has changed.
    fn look_at(&mut self, at: At) -> bool {
        let model = self.known.model;
        let mut has_changed = false;
        for &rule in model.writers(at) {
            if !std::mem::take(&mut self.open.rules[rule]) {
                continue;
            }
            let judged = self.bodies.judge(self.known, rule, &self.found);
            self.dependents.add(model, rule, &judged);
            let body = judged.body;
            if self.found.rules[rule] != body {
                let looked_through = self.found.rules[rule].plain != body.plain;
                self.found.rules[rule] = body;
                self.open.places[at.index()] = true;
                if looked_through {
                    self.open.mark(model.readers(at));
                    self.open.mark(&self.dependents.rules[at.index()]);
                    has_changed = true;
                }
            }
        }
        if !std::mem::take(&mut self.open.places[at.index()]) {
            return has_changed;
        }
        let before = self.found.place(at);
        let now = contents(self.known, &self.found, at).and(before);
        if now != before {
            self.found.places[at.index()] = now;
            self.open.mark(model.readers(at));
            self.open.mark(&self.dependents.rules[at.index()]);
            for other in &self.dependents.places[at.index()] {
                self.open.places[other.index()] = true;
            }
            has_changed = true;
        }
        has_changed
    }
}

const START: Body = Body {
    props: Props::ALL,
    constant: true,
    plain: Share {
        props: Props::ALL,
        distributes: true,
        positive: true,
    },
    buried: true,
};

/// What is to be looked at again.
struct Open {
    rules: Vec<bool>,
    places: Vec<bool>,
}

impl Open {
    fn mark(&mut self, rules: &[RuleAt]) {
        for &rule in rules {
            self.rules[rule] = true;
        }
    }
}

/// What depends on a place without reading it.
struct Dependents {
    rules: Vec<Vec<RuleAt>>,
    places: Vec<Vec<At>>,
}

impl Dependents {
    fn new(known: Known<'_, '_>) -> Self {
        let model = known.model;
        let mut dependents = Dependents {
            rules: vec![Vec::new(); model.place_count()],
            places: vec![Vec::new(); model.place_count()],
        };
        for (node, kind) in model.program.nodes.iter() {
            for path in &kind.extern_paths {
                let input = model.place_of(node, path.input);
                let output = model.place_of(node, path.output);
                dependents.places[input.index()].push(output);
            }
            for (id, collection) in kind.collections.iter() {
                if let CollectionKind::Sealed { of } = collection.kind {
                    let mut all = kind.collections.iter();
                    let seals = all.find(|(_, c)| c.kind == CollectionKind::Seals { of });
                    if let Some((seals, _)) = seals {
                        let seals = model.place_of(node, seals);
                        dependents.places[seals.index()].push(model.place_of(node, id));
                    }
                }
            }
        }
        dependents
    }

    /// A rule is judged by what it reads, and may read more when that changes.
    fn add(&mut self, model: &Model<'_>, rule: RuleAt, judged: &Judged) {
        for at in judged.reads.iter().map(|read| read.place()) {
            let mut atoms = model.rule(rule).atoms.iter();
            let known = &mut self.rules[at.index()];
            if atoms.all(|atom| model.place(rule, atom.collection) != at)
                && known.last() != Some(&rule)
            {
                known.push(rule);
            }
        }
    }
}

/// The properties of a place, given those of its rules.
fn contents(known: Known<'_, '_>, found: &Found, at: At) -> Props {
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
fn source(known: Known<'_, '_>, found: &Found, at: At) -> Props {
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
