//! Names in tests and specs.

use super::{Name, Path, Role, Scope, Scopes, Span, Target, Walk};
use crate::syntax::ast::{Expect, LiteralKind, LocationKind, Spec, SpecLine, Step, StepKind, Test};

impl Walk<'_, '_, '_> {
    pub(super) fn test(&mut self, test: &Test) {
        for path in &test.checks {
            if let Some(target @ Target::Spec(_)) = self.find(path.last()) {
                self.add(path.last().span, Role::Reads, target);
            }
        }
        // The names of nodes hold in the whole test.
        let mut nodes = Scope::default();
        for step in &test.steps {
            if let StepKind::Node(decl) = &step.kind {
                for name in &decl.names {
                    let place = self.place(name.span);
                    nodes.insert(name.text.clone(), Target::TestNode(place));
                }
            }
        }
        self.scopes.push(Scopes {
            names: nodes,
            ..Scopes::default()
        });
        test.steps.iter().for_each(|step| self.step(step));
        self.scopes.pop();
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Node(decl) => {
                for name in &decl.names {
                    self.declare(name, Target::TestNode);
                }
                self.node_kind(&decl.kind);
                decl.type_args.iter().for_each(|ty| self.ty(ty));
                decl.args.iter().for_each(|arg| self.expr(&arg.value));
            }
            StepKind::Feed(feed) | StepKind::Seal(feed) => {
                self.step_path(&feed.path, step.span, Role::Writes);
                self.head(&feed.path, &feed.args, step.span);
            }
            StepKind::Tick { count, nodes } => {
                count.iter().for_each(|count| self.expr(count));
                self.nodes(nodes);
            }
            StepKind::Advance(expr) => self.expr(expr),
            StepKind::Crash(nodes) | StepKind::Restart(nodes) => self.nodes(nodes),
            StepKind::Partition(sides) => sides.iter().for_each(|side| self.nodes(side)),
            StepKind::Drop { from, to, channel } => {
                self.nodes(&[from.clone(), to.clone()]);
                self.step_path(channel, step.span, Role::Reads);
            }
            StepKind::Expect(Expect::Literal(literal)) => {
                let mut path = match &literal.kind {
                    LiteralKind::Atom(atom) | LiteralKind::Not(atom) => Some(atom.path.clone()),
                    LiteralKind::Expr(_) | LiteralKind::Let { .. } | LiteralKind::In { .. } => None,
                };
                if let LiteralKind::Expr(expr) = &literal.kind {
                    path = expr.as_call().map(|(path, _)| path);
                    if let crate::syntax::ast::ExprKind::Binary { left, .. } = &expr.kind {
                        path = left.as_path();
                    }
                }
                if let Some(path) = path {
                    self.step_path(&path, step.span, Role::Reads);
                }
                self.literal(literal, step.span);
            }
            StepKind::Settle
            | StepKind::Heal
            | StepKind::Expect(Expect::Error { .. })
            | StepKind::Broken => {}
        }
    }

    /// A kind of node, which may be what the file has outside of all nodes: `Cart` of `cart.bloom`.
    fn node_kind(&mut self, kind: &Path) {
        self.module_path(kind);
        let [name] = kind.segments.as_slice() else {
            return;
        };
        let place = self.place(name.span);
        let is_told = self.module(kind).first().is_some_and(Option::is_some);
        let whole = self.known.program.nodes.values().find(|kind| {
            let is_named = kind.name == name.text && !is_told;
            is_named && self.known.place(kind.loc).file == place.file
        });
        if whole.is_some() {
            self.add(name.span, Role::Reads, Target::File(self.file));
        }
    }

    /// `node.collection`, or `collection`, in a step.
    fn step_path(&mut self, path: &Path, whole: Span, role: Role) {
        if let [node, _, ..] = path.segments.as_slice() {
            self.nodes(std::slice::from_ref(node));
        }
        self.row_name(path, whole, role);
    }

    fn row_name(&mut self, path: &Path, whole: Span, role: Role) {
        let found = self.collections(whole, path);
        let found: Vec<Target> = found
            .into_iter()
            .filter(|collection| !collection.is_everywhere())
            .map(|collection| Target::Collection(self.known.place(collection.loc)))
            .collect();
        for target in found {
            self.add(path.last().span, role, target);
        }
    }

    fn nodes(&mut self, names: &[Name]) {
        for name in names {
            if let Some(target @ Target::TestNode(_)) = self.find(name) {
                self.add(name.span, Role::Reads, target);
            }
        }
    }

    pub(super) fn spec(&mut self, spec: &Spec) {
        self.declare(&spec.name, Target::Spec);
        for line in &spec.lines {
            let rule = match line {
                SpecLine::Rule(rule) => rule,
                SpecLine::Never(never) => &never.rule,
                SpecLine::Checker(_) => continue,
            };
            for literal in &rule.body {
                if let LiteralKind::Atom(atom) | LiteralKind::Not(atom) = &literal.kind {
                    self.row_name(&atom.path, rule.span, Role::Reads);
                    let at = atom.at.as_ref().map(|at| &at.kind);
                    if let Some(LocationKind::Expr(expr)) = at {
                        self.expr(expr);
                    }
                }
                self.literal(literal, rule.span);
            }
        }
    }
}
