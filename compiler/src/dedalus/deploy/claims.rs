//! What looks at all nodes: the rules that only `pre` and `post` rest on, as a spec, and the facts, as a fault
//! test that feeds each to the node that its first column names.

use std::collections::BTreeSet;

use bloom_plan::display;
use smol_str::{SmolStr, format_smolstr};

use super::super::ast::{Atom, ExprKind, Rule, Time};
use super::super::equations::Bound;
use super::print::{Body, arguments, names};
use super::{Deployment, MISPLACED, Writer, atoms};

impl Writer<'_> {
    /// The rules that look at all nodes.
    pub(super) fn spec(&mut self, facts: &[&Rule], rules: &[&Rule]) {
        self.line(format_args!("spec correct {{"));
        let nodes = self.deployment.nodes.clone();
        for node in &nodes {
            self.line(format_args!("  place({});", display::string(node)));
        }
        self.line(format_args!(
            "  crash(o, n, t) <= place(o), crashed(a, t), let n = a.to_string();"
        ));
        let past = self.past.clone();
        for (relation, time) in past {
            // Facts stay visible when the node that was given them is gone.
            let given = facts.iter().filter(|fact| {
                fact.head.relation == relation && matches!(fact.time, Time::At(t) if t == time)
            });
            let given: Vec<String> = given.map(|fact| arguments(&fact.head)).collect();
            for args in given {
                self.line(format_args!("  {relation}_at_{time}({args});"));
            }
            if self.local.contains(&relation) {
                let names = names(self.columns.get(&relation).map_or(0, Vec::len));
                self.line(format_args!(
                    "  {relation}_at_{time}({names}) <= {relation}_at_{time}@_({names});"
                ));
            }
        }
        for rule in rules {
            let mut body = Body::default();
            let mut bound = Bound::by_rows(rule);
            let literals = rule.body.iter();
            let literals: Vec<String> = literals
                .map(|l| self.literal(l, &mut bound, &mut body, true))
                .collect();
            let body = literals
                .into_iter()
                .chain(body.conditions)
                .collect::<Vec<_>>()
                .join(", ");
            let (name, args) = (self.seen(&rule.head.relation), arguments(&rule.head));
            self.line(format_args!("  {name}({args}) <= {body};"));
        }
        for fact in facts.iter().filter(|fact| fact.time == Time::Now) {
            if !self.local.contains(&fact.head.relation) {
                let (name, args) = (self.seen(&fact.head.relation), arguments(&fact.head));
                self.line(format_args!("  {name}({args});"));
            }
        }
        self.misplaced(rules);
        for claim in ["pre", "post"] {
            let relation = SmolStr::new_static(claim);
            if self.local.contains(&relation) {
                let names = names(self.columns.get(&relation).map_or(0, Vec::len));
                let name = self.name(&relation);
                self.line(format_args!("  {claim}({names}) <= {name}@_({names});"));
            } else if !rules.iter().any(|rule| rule.head.relation == relation) {
                self.problems.push(format!(
                    "no rule derives `{claim}`, so there is nothing to check"
                ));
            }
        }
        self.line(format_args!("}}"));
    }

    /// No rule of the spec may take place where there is no node.
    fn misplaced(&mut self, rules: &[&Rule]) {
        let first = rules.iter().filter_map(|rule| atoms(rule).next());
        let derived = first.filter(|atom| {
            let place = atom.args.first().map(|arg| &arg.kind);
            !self.local.contains(&atom.relation)
                && atom.relation != "crash"
                && place.is_some_and(|place| *place != ExprKind::Wildcard)
        });
        let derived: BTreeSet<SmolStr> = derived.map(|atom| atom.relation.clone()).collect();
        for relation in derived {
            let columns = self.columns.get(&relation).map_or(0, Vec::len);
            let (name, names) = (self.seen(&relation), names(columns));
            let relation = display::string(&relation);
            self.line(format_args!(
                "  never {MISPLACED}({relation}, at) <= {name}({names}), let at = c0.to_string(), not place(at);"
            ));
        }
    }

    pub(super) fn test(&mut self, facts: &[&Rule]) {
        let Deployment {
            nodes,
            ticks,
            losses_until,
            crashes,
        } = self.deployment.clone();
        self.line(format_args!(
            "fault test \"correct\" checks correct with ticks {ticks}, losses until {losses_until}, crashes {crashes} {{"
        ));
        let names: Vec<String> = (0..nodes.len()).map(|node| format!("n{node}")).collect();
        self.line(format_args!("  node {}: Dedalus;", names.join(", ")));
        let is_local = |fact: &&&Rule| self.local.contains(&fact.head.relation);
        let facts: Vec<&Rule> = facts.iter().filter(is_local).copied().collect();
        for tick in 1..=ticks {
            for fact in &facts {
                let is_due = match fact.time {
                    Time::At(time) => time == i64::from(tick),
                    Time::Now => true,
                    Time::Next | Time::Async => false,
                };
                if is_due {
                    self.feed(&fact.head, &nodes);
                }
            }
            if tick < ticks {
                self.text.push_str("  tick;\n");
            }
        }
        self.line(format_args!("}}"));
    }

    /// A fact of the node that its first column names.
    fn feed(&mut self, head: &Atom, nodes: &[SmolStr]) {
        let place = match head.args.first().map(|arg| &arg.kind) {
            Some(ExprKind::Text(text)) => text.clone(),
            Some(ExprKind::Int(n)) => format_smolstr!("{n}"),
            _ => SmolStr::default(),
        };
        let Some(node) = nodes.iter().position(|node| *node == place) else {
            let problem = format!(
                "a fact of `{}` is at `{place}`, which --nodes does not name",
                head.relation
            );
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
            return;
        };
        let (name, args) = (self.name(&head.relation), arguments(head));
        self.line(format_args!("  n{node}.{name}({args});"));
    }
}
