//! Names that the resolved program says the meaning of: in heads, literals, expressions and steps.

use super::{Known, Mention, Role, Row, Rows, Source, Target};
use crate::base::{FileSpan, Span};
use crate::hir::{
    Action, Body, Collection, CollectionId, CollectionKind, ConstantId, Expr, Literal, Loc,
    NodeKind, Origin, Param, Pat, Place, Rule, SpecLiteral, SpecRule, Test, VarId,
};

/// What the program has of the items, in the order of their places.
pub(super) struct Parts<'p>(Vec<(Place, Part<'p>)>);

enum Part<'p> {
    /// Of a function or constant, or the default of a column.
    Body(&'p Body),
    Rule(&'p NodeKind, &'p Rule),
    Test(&'p Test),
    SpecRule(&'p SpecRule),
}

impl<'p> Parts<'p> {
    /// Those of the items that names are looked for in.
    pub(super) fn new(known: Known<'p>) -> Self {
        let mut parts = Vec::new();
        let mut add = |loc: Loc, part: Part<'p>| {
            let place = known.places[loc.item];
            if known.wants(place) {
                parts.push((place, part));
            }
        };
        let program = known.program;
        let functions = program.functions.values().map(|function| &function.body);
        let constants = program.constants.values();
        let constants = constants.filter_map(|constant| constant.init.as_ref());
        for body in functions.chain(constants) {
            add(body.loc, Part::Body(body));
        }
        for kind in program.kinds() {
            let columns = kind.collections.values().flat_map(|of| of.columns.iter());
            for body in columns.filter_map(|column| column.default.as_ref()) {
                add(body.loc, Part::Body(body));
            }
            for rule in kind.rules.values().filter(|rule| is_written(rule)) {
                add(rule.loc, Part::Rule(kind, rule));
            }
        }
        let fault_tests = program.fault_tests.iter().map(|fault| &fault.test);
        for test in program.tests.iter().chain(fault_tests) {
            add(test.body.loc, Part::Test(test));
        }
        for rule in program.specs.iter().flat_map(|spec| &spec.rules) {
            add(rule.loc, Part::SpecRule(rule));
        }
        parts.sort_by_key(|(place, _)| *place);
        Self(parts)
    }

    /// Adds the names of an item, and which collection each row in it is of.
    pub(super) fn names(
        &self,
        item: Place,
        (known, sources): (Known<'p>, &[Source<'_>]),
        mentions: &mut Vec<Mention>,
        rows: &mut Rows<'p>,
    ) {
        let mut walk = Walk {
            known,
            sources,
            mentions,
            rows,
        };
        let first = self.0.partition_point(|(place, _)| *place < item);
        let own = self.0[first..].iter();
        for (_, part) in own.take_while(|(place, _)| *place == item) {
            match part {
                Part::Body(body) => walk.body(body),
                Part::Rule(kind, rule) => walk.rule(kind, rule),
                Part::Test(test) => walk.test(test),
                Part::SpecRule(rule) => walk.spec_rule(rule),
            }
        }
    }
}

struct Walk<'p, 's, 'm> {
    known: Known<'p>,
    sources: &'s [Source<'s>],
    mentions: &'m mut Vec<Mention>,
    rows: &'m mut Rows<'p>,
}

impl<'p, 's> Walk<'p, 's, '_> {
    /// Nothing if the place is not in its text, as after a mistake.
    fn text_at(&self, place: FileSpan) -> &'s str {
        let source = self.sources.get(place.file.0 as usize);
        let text = source.and_then(|source| source.text.get(place.span.range()));
        text.unwrap_or_default()
    }

    fn add(&mut self, place: FileSpan, role: Role, target: Target) {
        if !place.span.is_empty() {
            self.mentions.push(Mention {
                place,
                role,
                target,
            });
        }
    }

    fn rule(&mut self, kind: &'p NodeKind, rule: &'p Rule) {
        let head = rule.loc.at(rule.head.span);
        self.path(head, Role::Writes, kind, rule.head.collection);
        for node in &rule.literals {
            match node.literal {
                Literal::Atom { collection, .. } | Literal::Not { collection, .. } => {
                    let literal = rule.loc.at(node.span);
                    self.path(literal, Role::Reads, kind, collection);
                }
                Literal::Error
                | Literal::Condition(_)
                | Literal::Let { .. }
                | Literal::In { .. } => {}
            }
        }
        self.body(&rule.body);
    }

    /// The tree has the places of what its steps name; here is what they mean.
    fn test(&mut self, test: &'p Test) {
        for step in &test.steps {
            let (node, collection) = match step.action {
                Action::Feed {
                    node, collection, ..
                }
                | Action::Seal {
                    node, collection, ..
                }
                | Action::ExpectRows {
                    node, collection, ..
                }
                | Action::ExpectMatch {
                    node, collection, ..
                }
                | Action::Drop {
                    from: node,
                    channel: collection,
                    ..
                } => (node, collection),
                Action::Error
                | Action::Start { .. }
                | Action::Tick { .. }
                | Action::Settle
                | Action::Advance(_)
                | Action::Crash(_)
                | Action::Restart(_)
                | Action::Partition(_)
                | Action::Heal
                | Action::ExpectError { .. } => continue,
            };
            let node = test.nodes.get(node as usize);
            let kind = node.and_then(|node| self.known.program.nodes.get(node.kind));
            if let Some(kind) = kind {
                self.row(step.loc, kind, collection);
            }
        }
        self.body(&test.body);
    }

    fn spec_rule(&mut self, rule: &'p SpecRule) {
        for literal in &rule.literals {
            if let SpecLiteral::At { collections, .. } = literal {
                for &(node, collection) in collections {
                    self.row(rule.loc, &self.known.program.nodes[node], collection);
                }
            }
        }
        self.body(&rule.body);
    }

    fn row(&mut self, whole: Loc, kind: &'p NodeKind, collection: CollectionId) -> &'p Collection {
        let place = self.known.place(whole);
        let own = &kind.collections[collection];
        let of = declared(kind, own);
        // Only `seal c{…}` writes into what is so.
        let name = match matches!(own.kind, CollectionKind::Seal { .. }) {
            true => &of.name,
            false => &own.name,
        };
        let name = name.rsplit('.').next().unwrap_or_default();
        self.rows.0.push((place, Row { name, of }));
        of
    }

    /// A collection named at the start of a head or literal.
    fn path(&mut self, whole: Loc, role: Role, kind: &'p NodeKind, collection: CollectionId) {
        let own = &kind.collections[collection];
        let collection = self.row(whole, kind, collection);
        if collection.is_everywhere() {
            return;
        }
        let place = self.known.place(whole);
        let text = self.text_at(place);
        // Of `c.sealed`, `c`.
        let is_part = matches!(
            own.kind,
            CollectionKind::Sealed { .. } | CollectionKind::Seals { .. }
        );
        let path = match is_part {
            true => last_of_path(text).start.saturating_sub(1) as usize,
            false => text.len(),
        };
        let span = last_of_path(&text[..path]).shifted(place.span.start);
        let target = Target::Collection(self.known.place(collection.loc));
        self.add(FileSpan::new(place.file, span), role, target);
    }

    fn body(&mut self, body: &Body) {
        let of = self.known.place(body.loc);
        for (_, node) in body.pats.iter() {
            if let Pat::Var(var) = node.pat {
                self.variable(body, of, var, node.span);
            }
            if let Pat::Constant(constant) = node.pat {
                let place = self.known.place(body.loc.at(node.span));
                let span = last_of_path(self.text_at(place)).shifted(place.span.start);
                self.constant(FileSpan::new(place.file, span), constant);
            }
        }
        for (_, node) in body.exprs.iter() {
            let place = self.known.place(body.loc.at(node.span));
            let path = || last_of_path(self.text_at(place)).shifted(place.span.start);
            match node.expr {
                Expr::Var(var) => self.variable(body, of, var, node.span),
                Expr::Function(function) | Expr::Call { function, .. } => {
                    let named = FileSpan::new(place.file, path());
                    let function = self.known.program.functions[function].loc;
                    let target = Target::Function(self.known.place(function));
                    self.add(named, Role::Reads, target);
                }
                Expr::Constant(constant) => {
                    self.constant(FileSpan::new(place.file, path()), constant);
                }
                Expr::Error
                | Expr::Literal(_)
                | Expr::Interpolation(_)
                | Expr::SelfAddr
                | Expr::TestNode(_)
                | Expr::CallBuiltin { .. }
                | Expr::CallVar { .. }
                | Expr::Method { .. }
                | Expr::Field { .. }
                | Expr::TupleField { .. }
                | Expr::Construct { .. }
                | Expr::Record { .. }
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::Set(_)
                | Expr::Map(_)
                | Expr::Unary { .. }
                | Expr::Binary { .. }
                | Expr::Range { .. }
                | Expr::If { .. }
                | Expr::Match { .. }
                | Expr::Let { .. }
                | Expr::Lambda { .. } => {}
            }
        }
        for &Param { var, .. } in &body.params {
            self.variable(body, of, var, body.vars[var].span);
        }
    }

    fn constant(&mut self, named: FileSpan, constant: ConstantId) {
        let constant = self.known.program.constants[constant].loc;
        let target = Target::Constant(self.known.place(constant));
        self.add(named, Role::Reads, target);
    }

    fn variable(&mut self, body: &Body, of: FileSpan, var: VarId, span: Span) {
        let known = &body.vars[var];
        let place = self.known.place(body.loc.at(span));
        let role = match known.span == span {
            true => Role::Writes,
            false => Role::Reads,
        };
        // What stands for a variable without naming it, such as a column left out, is not its place.
        if self.text_at(place) == known.name.as_str() {
            self.add(place, role, Target::Variable(of, var));
        }
    }
}

/// The collection that a program declares, where the language has others for what is sealed of it.
fn declared<'p>(kind: &'p NodeKind, collection: &'p Collection) -> &'p Collection {
    if let CollectionKind::Seal { of }
    | CollectionKind::Seals { of }
    | CollectionKind::Sealed { of } = collection.kind
    {
        return &kind.collections[of];
    }
    collection
}

/// Whether a rule stands in a text as one.
pub(super) fn is_written(rule: &Rule) -> bool {
    match rule.origin {
        Origin::Written | Origin::SealSend => true,
        Origin::System | Origin::SealCollect(_) => false,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the last name of the path is that the text begins with, behind `not`.
fn last_of_path(text: &str) -> Span {
    let inner = match text.strip_prefix("not") {
        Some(rest) if !rest.starts_with(is_word) => rest.trim_start(),
        _ => text,
    };
    let from = text.len() - inner.len();
    let path = inner.split(|c| !is_word(c) && c != '.').next();
    let path = path.unwrap_or_default();
    let last = path.rfind('.').map_or(0, |dot| dot + 1);
    Span::new((from + last) as u32, (from + path.len()) as u32)
}
