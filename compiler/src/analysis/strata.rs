//! Stratification of the `<=` rules (Apt, Blair and Walker 1988): strongly connected components of
//! the dependence graph in topological order, none with a negative edge inside.
//!
//! Negative are `not`, aggregates, and lattice values that are seen as they are now. Reading
//! `errors` waits for every collection that does not itself depend on `errors`.

use bloom_stdx::arena::Id;
use bloom_stdx::graph::{components_by, path};

use super::{Reading, RuleAnalysis, Scope, SpecAnalysis};
use crate::base::{Diagnostic, codes};
use crate::hir::{
    Collection, CollectionId, CollectionKind, HeadColumn, Literal, Loc, NodeKind, Program, Rule,
    Spec, SpecLiteral,
};
use crate::syntax::ast::Arrow;
use crate::typing::SpecTypes;

/// Strata by the places of collections.
#[derive(Debug)]
pub(super) struct Strata {
    pub levels: Vec<u32>,
    pub count: u32,
}

/// Why a collection must be complete before another can be derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Not,
    Aggregate,
    /// A lattice value is read as it is now.
    Now,
    /// What ends a derivation is told after it.
    Errors,
}

impl Cause {
    fn noun(self) -> &'static str {
        match self {
            Cause::Not => "negation",
            Cause::Aggregate => "aggregation",
            Cause::Now => "a lattice that is revealed",
            Cause::Errors => "`errors`",
        }
    }

    /// What is needed of the collection.
    fn of(self) -> &'static str {
        match self {
            Cause::Not => "`not`",
            Cause::Aggregate => "an aggregate",
            Cause::Now => "a lattice value seen as it is now",
            Cause::Errors => "`errors`",
        }
    }
}

/// What a rule's head depends on.
struct Edge {
    head: usize,
    body: usize,
    negative: bool,
    /// What makes it so: `not`, `an aggregate`.
    cause: Cause,
    place: Loc,
}

/// The strata of a kind of node; cycles through negation are reported.
pub(super) fn of_node<'r>(
    program: &Program,
    kind: &NodeKind,
    readings: impl Iterator<Item = &'r [Reading]>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Strata {
    let mut edges = Vec::with_capacity(2 * kind.rules.len());
    let mut derived = vec![false; kind.collections.len()];
    for (rule, readings) in kind.rules.values().zip(readings) {
        if rule.arrow != Arrow::Merge {
            continue;
        }
        derived[rule.head.collection.index()] = true;
        let aggregates = has_aggregate(&rule.head.columns);
        for (node, reading) in rule.literals.iter().zip(readings) {
            let (collection, negated) = match &node.literal {
                Literal::Atom { collection, .. } => (collection, false),
                Literal::Not { collection, .. } => (collection, true),
                Literal::Error
                | Literal::Condition(_)
                | Literal::Let { .. }
                | Literal::In { .. } => continue,
            };
            let cause = match (negated, aggregates) {
                (true, _) => Cause::Not,
                (false, true) => Cause::Aggregate,
                (false, false) => Cause::Now,
            };
            edges.push(Edge {
                head: rule.head.collection.index(),
                body: collection.index(),
                negative: *reading == Reading::Complete,
                cause,
                place: rule.body.loc.at(node.span),
            });
        }
    }
    let names: Vec<&str> = kind
        .collections
        .values()
        .map(|collection| collection.name.as_str())
        .collect();
    wait_for_errors(kind, &mut edges);
    // `errors` comes of all that it waits for.
    let waits = |(id, collection): (CollectionId, &Collection)| {
        let is_errors = collection.kind == CollectionKind::Errors;
        (is_errors && edges.iter().any(|edge| edge.head == id.index())).then_some(id)
    };
    for id in kind.collections.iter().filter_map(waits) {
        derived[id.index()] = true;
    }
    stratify(program, &names, &edges, &derived, diagnostics)
}

/// Whether two rules with these readings give the same edges, so that strata are the same with either.
pub(super) fn same_edges(a: (&Rule, &[Reading]), b: (&Rule, &[Reading])) -> bool {
    let edges = |(rule, readings): (&Rule, &[Reading])| {
        let literals = rule.literals.iter().zip(readings);
        let read = literals.filter_map(|(node, &reading)| match node.literal {
            Literal::Atom { collection, .. } => Some((collection, false, reading)),
            Literal::Not { collection, .. } => Some((collection, true, reading)),
            Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => {
                None
            }
        });
        read.collect::<Vec<_>>()
    };
    a.0.arrow == b.0.arrow
        && a.0.head.collection == b.0.head.collection
        && has_aggregate(&a.0.head.columns) == has_aggregate(&b.0.head.columns)
        && edges(a) == edges(b)
}

/// `errors` is complete when all is that does not depend on it.
fn wait_for_errors(kind: &NodeKind, edges: &mut Vec<Edge>) {
    let mut collections = kind.collections.iter();
    let errors = collections.find(|(_, collection)| collection.kind == CollectionKind::Errors);
    let Some(errors) = errors.map(|(id, _)| id.index()) else {
        return;
    };
    let reads: Vec<Loc> = edges
        .iter()
        .filter(|edge| edge.body == errors)
        .map(|edge| edge.place)
        .collect();
    let Some(&place) = reads.first() else {
        return;
    };
    let mut readers = vec![Vec::new(); kind.collections.len()];
    for edge in edges.iter() {
        readers[edge.body].push(edge.head);
    }
    let mut downstream = vec![false; kind.collections.len()];
    let mut open = vec![errors];
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut downstream[node], true) {
            open.extend(&readers[node]);
        }
    }
    let others = (0..kind.collections.len()).filter(|&node| !downstream[node]);
    edges.extend(others.map(|body| Edge {
        head: errors,
        body,
        negative: true,
        cause: Cause::Errors,
        place,
    }));
}

/// `derived` tells what some rule derives, if only by a fact.
fn stratify(
    program: &Program,
    names: &[&str],
    edges: &[Edge],
    derived: &[bool],
    diagnostics: &mut Vec<Diagnostic>,
) -> Strata {
    let depends = Depends::new(names.len(), edges);
    let components = components_by(names.len(), |node, nth| {
        depends.of(node).get(nth).map(|&body| body as usize)
    });
    let mut component_of = vec![0; names.len()];
    for (place, component) in components.iter().enumerate() {
        for &node in component {
            component_of[node] = place;
        }
    }
    let is_circle =
        |edge: &Edge| edge.negative && component_of[edge.head] == component_of[edge.body];
    if edges.iter().any(is_circle) {
        report_cycles(program, names, edges, &component_of, diagnostics);
    }
    let mut levels = vec![0; names.len()];
    let mut count: u32 = 0;
    for component in components.iter() {
        if !component.iter().any(|&node| derived[node]) {
            continue;
        }
        for &node in component {
            levels[node] = count;
        }
        count += 1;
    }
    // What nothing derives is of stratum 0, which there always is.
    Strata {
        levels,
        count: count.max(1),
    }
}

/// Of each collection those that it depends on, one behind the other, in the order of edges.
struct Depends {
    bodies: Vec<u32>,
    /// Where those of each collection begin, and where the last ones end.
    bounds: Vec<u32>,
}

impl Depends {
    fn new(count: usize, edges: &[Edge]) -> Self {
        let mut bounds = vec![0; count + 1];
        for edge in edges {
            bounds[edge.head + 1] += 1;
        }
        for node in 0..count {
            bounds[node + 1] += bounds[node];
        }
        let mut next = bounds.clone();
        let mut bodies = vec![0; edges.len()];
        for edge in edges {
            let place = &mut next[edge.head];
            bodies[*place as usize] = edge.body as u32;
            *place += 1;
        }
        Depends { bodies, bounds }
    }

    fn of(&self, node: usize) -> &[u32] {
        &self.bodies[self.bounds[node] as usize..self.bounds[node + 1] as usize]
    }
}

/// One diagnostic a component with a negative edge inside, the cycle spelled out.
fn report_cycles(
    program: &Program,
    names: &[&str],
    edges: &[Edge],
    component_of: &[usize],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut depends: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    for edge in edges {
        depends[edge.head].push(edge.body);
    }
    let mut reported = Vec::new();
    for edge in edges.iter().filter(|edge| edge.negative) {
        let component = component_of[edge.head];
        if component != component_of[edge.body] || reported.contains(&component) {
            continue;
        }
        reported.push(component);
        // From the collection that is negated back to the one that negates it.
        let back = match edge.body == edge.head {
            true => vec![edge.head],
            false => path(&depends, edge.body, edge.head, |node| {
                component_of[node] == component
            })
            .unwrap_or_default(),
        };
        let mut spelled = format!(
            "`{}` needs {} of `{}`",
            names[edge.head],
            edge.cause.of(),
            names[edge.body]
        );
        for pair in back.windows(2) {
            spelled.push_str(&format!(
                ", `{}` needs `{}`",
                names[pair[0]], names[pair[1]]
            ));
        }
        let mut diagnostic = Diagnostic::new(
            codes::E0503,
            program.file_span(edge.place),
            format!("cycle through {}: {spelled}", edge.cause.noun()),
            format!("needs `{}` complete", names[edge.body]),
        );
        for pair in back.windows(2) {
            let step = edges
                .iter()
                .find(|edge| edge.head == pair[0] && edge.body == pair[1]);
            if let Some(step) = step {
                let text = format!("`{}` needs `{}` here", names[pair[0]], names[pair[1]]);
                diagnostic = diagnostic.with_label(program.file_span(step.place), text);
            }
        }
        diagnostics.push(diagnostic.with_help(
            "defer one of the rules by `<+`, so that it sees the tick before, or use a monotone form",
        ));
    }
}

fn has_aggregate(columns: &[HeadColumn]) -> bool {
    columns
        .iter()
        .any(|column| matches!(column, HeadColumn::Aggregate(_)))
}

impl Scope<'_> {
    /// The order of literals and the strata of a spec's relations.
    pub(super) fn spec(
        &self,
        spec: &Spec,
        types: &SpecTypes,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> SpecAnalysis {
        let mut edges = Vec::new();
        let mut rules = Vec::with_capacity(spec.rules.len());
        for (rule, body_types) in spec.rules.iter().zip(&types.rules) {
            let aggregates = has_aggregate(&rule.head.columns);
            let mut literals = Vec::with_capacity(rule.literals.len());
            for literal in &rule.literals {
                let negated = match literal {
                    SpecLiteral::At { negated, .. }
                    | SpecLiteral::Up { negated, .. }
                    | SpecLiteral::Crashed { negated, .. }
                    | SpecLiteral::Row { negated, .. } => *negated,
                    SpecLiteral::Error
                    | SpecLiteral::Condition(_)
                    | SpecLiteral::Let { .. }
                    | SpecLiteral::In { .. } => {
                        literals.push(Reading::Variables);
                        continue;
                    }
                };
                let complete = negated || aggregates;
                if let SpecLiteral::Row { collection, .. } = literal {
                    edges.push(Edge {
                        head: rule.head.collection as usize,
                        body: *collection as usize,
                        negative: complete,
                        cause: match negated {
                            true => Cause::Not,
                            false => Cause::Aggregate,
                        },
                        place: rule.loc,
                    });
                }
                literals.push(match complete {
                    true => Reading::Complete,
                    false => Reading::Morphism,
                });
            }
            rules.push(RuleAnalysis {
                order: self.spec_order(rule, body_types),
                literals,
            });
        }
        let names: Vec<&str> = spec
            .collections
            .iter()
            .map(|collection| collection.name.as_str())
            .collect();
        let mut derived = vec![false; names.len()];
        for rule in &spec.rules {
            derived[rule.head.collection as usize] = true;
        }
        let strata = stratify(self.program, &names, &edges, &derived, diagnostics);
        SpecAnalysis {
            strata: strata.levels,
            stratum_count: strata.count,
            rules,
        }
    }
}
