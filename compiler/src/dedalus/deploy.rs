//! A Dedalus program on named nodes, as a Bloom program with a spec and a fault test.
//!
//! [`super::translate`] gives a program that holds the facts of all places at one node. A search for faults needs
//! the places apart: each becomes a node that holds the facts whose first column is its name, and what is sent
//! with `@async` goes over a channel. What only `pre` and `post` rest on is no part of any node: it becomes a
//! spec, which looks at all of them, as does `crash(_, node, time)`.
//!
//! | Dedalus | Bloom |
//! | --- | --- |
//! | relation `p` that some `@next` or `@async` rule rests on | a `scratch`, or a `table` if all its rows stay |
//! | relation `p` with `@async` rules | a channel `p`, and `p_now` for what there is of it |
//! | `p(…)@3;` | a row fed in tick 3 to the node that the first column names |
//! | `p(…)@1` in a body | `p_at_1`, what `p` was at 1 |
//! | any other relation | a relation of the spec |
//!
//! A rule takes place where the first row of its body is. Facts at places that are no nodes are refused here. What the
//! spec derives at such places is known when the program runs: those rows are `misplaced`, which breaks the spec.
//!
//! Relations of which there are only facts of tick 1, all of which stay, are how the deployment is set up. Every
//! node may know them whole: a rule that reads them at another place reads `p_anywhere`.
//!
//! The result is text, since that is the one form that every later stage takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

mod claims;
mod print;

use super::ast::{Atom, ExprKind, Literal, LiteralKind, Program, Rule, Statement, Time};
use super::equations::Bound;
use super::schema::{ColumnType, infer};
use super::translate::keeps_all;
use crate::syntax;
use print::{Body, arguments, comparison, declared, expr, names};
use smol_str::{SmolStr, format_smolstr};

/// The nodes and bounds of a search.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub nodes: Vec<SmolStr>,
    pub ticks: u32,
    pub losses_until: u32,
    pub crashes: u32,
}

/// Names of collections, variables and spec words that mean something else where the program is deployed.
const TAKEN: [&str; 16] = [
    "pre",
    "post",
    "up",
    "crashed",
    "tick",
    "cluster",
    "alive",
    "stdin",
    "stdout",
    "stderr",
    "halt",
    "errors",
    "never",
    "place",
    MISPLACED,
    "tick_number",
];

/// What the spec calls rows that it looks for at a node and that are at none: of which relation, and where.
pub const MISPLACED: &str = "misplaced";

fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name) || syntax::is_reserved(name)
}

/// The Bloom program, or what keeps the Dedalus program from being spread over nodes.
pub fn deploy(files: &[Program], deployment: &Deployment) -> Result<String, Vec<String>> {
    let mut program = Program::default();
    for node in files.iter().flat_map(|file| &file.statements) {
        // What several files include is there once.
        let mut known = program.statements.iter();
        if known.all(|other| other.statement != node.statement) {
            program.statements.push(node.clone());
        }
    }
    let (schema, diagnostics) = infer(&program);
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_iter().map(|d| d.message).collect());
    }
    let rules = program
        .statements
        .iter()
        .filter_map(|node| match &node.statement {
            Statement::Rule(rule) => Some(rule),
            Statement::Include(_) => None,
        });
    let (facts, rules): (Vec<&Rule>, Vec<&Rule>) = rules.partition(|rule| rule.body.is_empty());
    let mut writer = Writer {
        deployment,
        columns: schema.relations.into_iter().collect(),
        local: local_relations(&rules),
        settings: settings(&facts, &rules),
        anywhere: BTreeSet::new(),
        sent: BTreeSet::new(),
        past: BTreeSet::new(),
        text: String::new(),
        problems: Vec::new(),
    };
    writer.program(&facts, &rules);
    match writer.problems.is_empty() {
        true => Ok(writer.text),
        false => Err(writer.problems),
    }
}

/// Relations that nodes have: what rules with `@next` and `@async` rest on, and what they derive.
fn local_relations(rules: &[&Rule]) -> BTreeSet<SmolStr> {
    let mut local = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.time != Time::Now) {
        local.insert(rule.head.relation.clone());
        local.extend(atoms(rule).map(|atom| atom.relation.clone()));
    }
    let mut grows = true;
    while grows {
        let before = local.len();
        for rule in rules.iter().filter(|rule| rule.time == Time::Now) {
            if local.contains(&rule.head.relation) {
                local.extend(atoms(rule).map(|atom| atom.relation.clone()));
            }
        }
        grows = local.len() > before;
    }
    // Who crashes, no node can see.
    local.remove("crash");
    // What no rule derives is facts, which are at nodes.
    let derived: BTreeSet<&SmolStr> = rules.iter().map(|rule| &rule.head.relation).collect();
    let all = rules.iter().flat_map(|rule| atoms(rule));
    let facts = all.filter(|atom| !derived.contains(&atom.relation) && atom.relation != "crash");
    local.extend(facts.map(|atom| atom.relation.clone()));
    local
}

/// Relations of which there are only facts of tick 1, and all rows stay.
fn settings(facts: &[&Rule], rules: &[&Rule]) -> BTreeSet<SmolStr> {
    let all_rules = |relation: &SmolStr| {
        let mut of = rules.iter().filter(|rule| rule.head.relation == *relation);
        of.all(|rule| keeps_all(rule))
    };
    let from_start = |relation: &SmolStr| {
        let mut of = facts.iter().filter(|fact| fact.head.relation == *relation);
        of.all(|fact| fact.time == Time::At(1))
    };
    let kept = rules.iter().filter(|rule| keeps_all(rule));
    kept.map(|rule| rule.head.relation.clone())
        .filter(|relation| all_rules(relation) && from_start(relation))
        .collect()
}

fn atoms(rule: &Rule) -> impl Iterator<Item = &Atom> {
    rule.body.iter().filter_map(|literal| match &literal.kind {
        LiteralKind::Atom { atom, .. } => Some(atom),
        LiteralKind::Compare { .. } => None,
    })
}

struct Writer<'d> {
    deployment: &'d Deployment,
    columns: BTreeMap<SmolStr, Vec<ColumnType>>,
    local: BTreeSet<SmolStr>,
    /// Relations that every node may know whole.
    settings: BTreeSet<SmolStr>,
    /// Those of them that some rule reads at another place than its own.
    anywhere: BTreeSet<SmolStr>,
    /// Relations with `@async` rules.
    sent: BTreeSet<SmolStr>,
    /// Relations that are read as of a time.
    past: BTreeSet<(SmolStr, i64)>,
    text: String,
    problems: Vec<String>,
}

impl Writer<'_> {
    fn program(&mut self, facts: &[&Rule], rules: &[&Rule]) {
        let asynchronous = rules.iter().filter(|rule| rule.time == Time::Async);
        self.sent = asynchronous
            .map(|rule| rule.head.relation.clone())
            .collect();
        for literal in rules.iter().flat_map(|rule| &rule.body) {
            if let LiteralKind::Atom {
                atom, at: Some(at), ..
            } = &literal.kind
            {
                self.past.insert((atom.relation.clone(), *at));
            }
        }
        let kept = rules.iter().filter(|rule| keeps_all(rule));
        let kept: BTreeSet<SmolStr> = kept.map(|rule| rule.head.relation.clone()).collect();
        self.declare(&kept);
        let (local, observed): (Vec<&Rule>, Vec<&Rule>) = rules
            .iter()
            .partition(|rule| self.local.contains(&rule.head.relation));
        for rule in local {
            if !keeps_all(rule) {
                self.local_rule(rule);
            }
        }
        for relation in self.anywhere.clone() {
            let columns = declared(self.columns.get(&relation).map_or(&[], Vec::as_slice));
            self.line(format_args!("table {relation}_anywhere({columns});"));
            for fact in facts.iter().filter(|fact| fact.head.relation == relation) {
                let args = arguments(&fact.head);
                self.line(format_args!("{relation}_anywhere({args});"));
            }
        }
        self.spec(facts, &observed);
        self.test(facts);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.text
            .write_fmt(format_args!("{line}\n"))
            .expect("a string takes any text");
    }

    /// The collection of a node that holds a relation.
    fn name(&self, relation: &SmolStr) -> SmolStr {
        if self.sent.contains(relation) {
            return format_smolstr!("{relation}_now");
        }
        match is_taken(relation) {
            true => format_smolstr!("{relation}_"),
            false => relation.clone(),
        }
    }

    fn channel(&self, relation: &SmolStr) -> SmolStr {
        match is_taken(relation) {
            true => format_smolstr!("{relation}_"),
            false => relation.clone(),
        }
    }

    /// A relation of the spec.
    fn seen(&self, relation: &SmolStr) -> SmolStr {
        let own = matches!(relation.as_str(), "pre" | "post" | "crash");
        match is_taken(relation) && !own {
            true => format_smolstr!("{relation}_"),
            false => relation.clone(),
        }
    }

    fn declare(&mut self, kept: &BTreeSet<SmolStr>) {
        for relation in self.local.clone() {
            let Some(types) = self.columns.get(&relation).cloned() else {
                continue;
            };
            let columns = declared(&types);
            let kind = if kept.contains(&relation) {
                "table"
            } else {
                "scratch"
            };
            let name = self.name(&relation);
            self.line(format_args!("{kind} {name}({columns});"));
            if self.sent.contains(&relation) {
                let channel = self.channel(&relation);
                let names = names(types.len());
                self.line(format_args!("channel {channel}(@to: Addr, {columns});"));
                self.line(format_args!("{name}({names}) <= {channel}(_, {names});"));
            }
        }
        let past: Vec<(SmolStr, i64)> = self.past.iter().cloned().collect();
        let past = past
            .into_iter()
            .filter(|(relation, _)| self.local.contains(relation));
        let past: Vec<(SmolStr, i64)> = past.collect();
        let Some(last) = past.iter().map(|(_, time)| *time).max() else {
            return;
        };
        self.line(format_args!(
            "scratch tick_number(n: Int);\ntick_number(1);"
        ));
        self.line(format_args!(
            "tick_number{{n: n + 1}} <+ tick_number{{n}}, n < {last};"
        ));
        for (relation, time) in past {
            let Some(types) = self.columns.get(&relation).cloned() else {
                continue;
            };
            let (columns, names) = (declared(&types), names(types.len()));
            let name = self.name(&relation);
            self.line(format_args!("table {relation}_at_{time}({columns});"));
            self.line(format_args!(
                "{relation}_at_{time}({names}) <= {name}({names}), tick_number{{n: {time}}};"
            ));
        }
    }

    /// A rule of a node: all its rows are at one place, which its head names unless it is sent.
    fn local_rule(&mut self, rule: &Rule) {
        let place = |atom: &Atom| atom.args.first().map(|arg| arg.kind.clone());
        let first = atoms(rule).map(place).next().flatten();
        let elsewhere = |atom: &&Atom| place(atom) != first;
        let (known, apart): (Vec<&Atom>, Vec<&Atom>) = atoms(rule)
            .filter(elsewhere)
            .partition(|atom| self.settings.contains(&atom.relation));
        let anywhere: BTreeSet<SmolStr> = known.iter().map(|atom| atom.relation.clone()).collect();
        self.anywhere.extend(anywhere);
        let apart = !apart.is_empty()
            || first
                .as_ref()
                .is_none_or(|place| *place == ExprKind::Wildcard)
            || (rule.time != Time::Async && place(&rule.head) != first);
        if apart {
            self.problems.push(format!(
                "a rule of `{}` needs rows of several places at once, which no node has",
                rule.head.relation
            ));
        }
        let mut body = Body::default();
        let mut bound = Bound::by_rows(rule);
        let literals: Vec<String> = rule
            .body
            .iter()
            .map(|literal| {
                let text = self.literal(literal, &mut bound, &mut body, false);
                match &literal.kind {
                    LiteralKind::Atom { atom, .. } if elsewhere(&atom) => {
                        let name = self.name(&atom.relation);
                        text.replacen(
                            &format!("{name}("),
                            &format!("{}_anywhere(", atom.relation),
                            1,
                        )
                    }
                    LiteralKind::Atom { .. } | LiteralKind::Compare { .. } => text,
                }
            })
            .collect();
        let body = literals
            .into_iter()
            .chain(body.conditions)
            .collect::<Vec<_>>()
            .join(", ");
        let args: Vec<String> = rule.head.args.iter().map(expr).collect();
        let relation = &rule.head.relation;
        let name = self.name(relation);
        match rule.time {
            Time::Async => {
                let channel = self.channel(relation);
                let to = args.first().cloned().unwrap_or_default();
                let args = args.join(", ");
                self.line(format_args!(
                    "{channel}(({to}).to_addr(), {args}) <~ {body};"
                ));
            }
            Time::Next => self.line(format_args!("{name}({}) <+ {body};", args.join(", "))),
            Time::Now | Time::At(_) => {
                self.line(format_args!("{name}({}) <= {body};", args.join(", ")));
            }
        }
    }

    /// A literal, of a node or of the spec.
    fn literal(
        &self,
        literal: &Literal,
        bound: &mut Bound,
        body: &mut Body,
        in_spec: bool,
    ) -> String {
        if let Some((variable, value)) = bound.definition(literal) {
            return format!("let {} = {}", expr(variable), expr(value));
        }
        match &literal.kind {
            LiteralKind::Compare { op, left, right } => {
                format!("{} {} {}", expr(left), comparison(*op), expr(right))
            }
            LiteralKind::Atom { atom, negated, at } => {
                let args: Vec<String> = atom.args.iter().map(|arg| body.argument(arg)).collect();
                let relation = &atom.relation;
                let is_local = self.local.contains(relation);
                let name = match (at, in_spec, is_local) {
                    (Some(time), _, _) => format_smolstr!("{relation}_at_{time}"),
                    (None, true, true) => format_smolstr!("{}@_", self.name(relation)),
                    (None, true, false) => self.seen(relation),
                    (None, false, _) => self.name(relation),
                };
                let not = if *negated { "not " } else { "" };
                format!("{not}{name}({})", args.join(", "))
            }
        }
    }
}
