//! Tests: which node and collection each step means.

mod rows;

use super::bodies::{BodyCx, Mode};
use super::scope::ScopeId;
use super::{Resolver, wording};
use crate::base::codes;
use crate::hir::{Action, ExprId, FaultTest, Loc, NodeId, Step, Test, TestNode, TypeRef};
use crate::syntax::ast::{self, ItemKind, StepKind};
use smol_str::SmolStr;

impl<'a> Resolver<'a> {
    /// Resolves the specs, tests and fault tests among the root's items.
    pub fn resolve_tests(&mut self, items: &'a [ast::ItemNode]) {
        for node in items {
            let item = self.item(0, node.offset);
            if let ItemKind::Spec(spec) = &node.item.kind
                && let Some(scope) = self.test_scope(Loc::new(item, spec.name.span))
            {
                self.resolve_spec(spec, scope, item);
            }
        }
        for node in items {
            let item = self.item(0, node.offset);
            match &node.item.kind {
                ItemKind::Test(test) => {
                    if let Some(scope) = self.test_scope(Loc::new(item, test.name_span)) {
                        let test = self
                            .resolve_test(test, scope, Loc::new(item, test.name_span))
                            .body_done();
                        self.program.tests.push(test);
                    }
                }
                ItemKind::FaultTest(fault) => {
                    let loc = Loc::new(item, fault.test.name_span);
                    if let Some(scope) = self.test_scope(loc) {
                        let fault = self.resolve_fault_test(fault, scope, loc);
                        self.program.fault_tests.push(fault);
                    }
                }
                _ => {}
            }
        }
    }

    /// The scope of the root file in its first kind of node; without any there is nothing to test.
    fn test_scope(&mut self, loc: Loc) -> Option<ScopeId> {
        let file = self.kind_scopes.first().and_then(|&scope| {
            self.chain(scope)
                .find(|&scope| self.scopes[scope].source == 0 && self.scopes[scope].key.is_empty())
        });
        let items: &'a [ast::ItemNode] = &self.sources[0].module.items;
        let file = file.or_else(|| {
            let has_node = items.iter().any(is_node);
            has_node.then(|| self.file_scope()).flatten()
        });
        if file.is_none() && self.diagnostics.is_empty() {
            self.error(
                codes::E0801,
                loc,
                "the file has no node to test",
                "nothing can run here",
            );
        }
        file
    }

    fn resolve_fault_test(
        &mut self,
        fault: &'a ast::FaultTest,
        scope: ScopeId,
        loc: Loc,
    ) -> FaultTest {
        let mut steps = self.resolve_test(&fault.test, scope, loc);
        let bounds = steps.cx.fault_bounds(&fault.bounds);
        FaultTest {
            test: steps.body_done(),
            bounds,
        }
    }

    fn resolve_test(&mut self, test: &'a ast::Test, scope: ScopeId, loc: Loc) -> Steps<'_, 'a> {
        let checks = test.checks.iter();
        let checks = checks
            .filter_map(|path| self.find_spec(path, loc))
            .collect();
        let cx = BodyCx::new(self, scope, Mode::Test, loc);
        let mut steps = Steps {
            cx,
            checks,
            file: scope,
            nodes: Vec::new(),
            steps: Vec::new(),
            name: test.name.clone(),
            broken: test.steps.iter().any(|step| step.kind == StepKind::Broken),
        };
        steps.declare_nodes(test);
        for step in &test.steps {
            steps.step(step);
        }
        steps
    }
}

fn is_node(node: &ast::ItemNode) -> bool {
    matches!(&node.item.kind, ItemKind::Module(header) if header.kind == ast::ModuleKind::Node)
}

/// A test while it is resolved.
struct Steps<'r, 'a> {
    cx: BodyCx<'r, 'a>,
    checks: Vec<u32>,
    file: ScopeId,
    /// `None` where the kind was reported.
    nodes: Vec<(SmolStr, Option<NodeId>, Loc)>,
    steps: Vec<Step>,
    name: SmolStr,
    /// Whether a step did not parse, which may be one that names a node.
    broken: bool,
}

impl<'a> Steps<'_, 'a> {
    fn body_done(self) -> Test {
        let mut nodes = Vec::new();
        let args = self.cx.node_args.clone();
        for (place, (name, kind, loc)) in self.nodes.into_iter().enumerate() {
            nodes.push(TestNode {
                name,
                // What was reported runs nothing; any kind does.
                kind: kind.unwrap_or(NodeId(0)),
                args: args.get(place).cloned().unwrap_or_default(),
                loc,
            });
        }
        Test {
            name: self.name,
            checks: self.checks,
            nodes,
            steps: self.steps,
            loc: self.cx.body.loc,
            body: self.cx.body,
        }
    }

    /// Names all nodes first: a node's arguments may name later ones.
    fn declare_nodes(&mut self, test: &'a ast::Test) {
        for step in &test.steps {
            let StepKind::Node(decl) = &step.kind else {
                continue;
            };
            let kind = self.find_kind(decl);
            for name in &decl.names {
                let loc = self.cx.loc(name.span);
                if let Some(&place) = self.cx.test_nodes.get(&name.text) {
                    let before = self.nodes[place as usize].2;
                    self.cx.r.report_duplicate(name.as_str(), loc, before);
                    continue;
                }
                let place = self.nodes.len() as u32;
                self.cx.test_nodes.insert(name.text.clone(), place);
                self.nodes.push((name.text.clone(), kind, loc));
            }
        }
        if self.nodes.is_empty() {
            let loc = self.cx.body.loc;
            if self.cx.r.program.nodes.len() > 1 && !self.broken {
                let message = "the file has several kinds of node: a test must say which it runs";
                self.cx.r.error(
                    codes::E0801,
                    loc,
                    message,
                    "no `node a: Kind;` in this test",
                );
            }
            self.nodes.push((SmolStr::default(), Some(NodeId(0)), loc));
            self.cx.node_args.push(Vec::new());
            self.steps.push(Step {
                action: Action::Start { node: 0 },
                loc,
            });
        }
    }

    fn find_kind(&mut self, decl: &'a ast::NodeDecl) -> Option<NodeId> {
        let loc = self.cx.loc(decl.kind.span());
        let item = loc.item;
        let name = decl.kind.last();
        let type_args: Vec<TypeRef> = decl
            .type_args
            .iter()
            .map(|ty| self.cx.r.resolve_type(self.file, &[], ty, item))
            .collect();
        let wanted = smol_str::format_smolstr!("{name}{}", self.cx.r.show_args(&type_args));
        let r = &mut *self.cx.r;
        let known = r.program.nodes.iter().find(|(_, node)| node.name == wanted);
        if let Some((id, _)) = known {
            return Some(id);
        }
        let generic = r.sources[0]
            .module
            .items
            .iter()
            .find_map(|node| match &node.item.kind {
                ItemKind::Module(header) if header.name.text == name.text => {
                    Some((header, &node.item, node.offset))
                }
                _ => None,
            });
        if let Some((header, item, base)) = generic
            && header.kind == ast::ModuleKind::Node
        {
            if header.type_params.len() != type_args.len() {
                let wanted = wording::count(header.type_params.len(), "type argument");
                let message = format!("`{name}` takes {wanted}, {} given", type_args.len());
                r.error(codes::E0216, loc, message, "wrong number of type arguments");
                return None;
            }
            return r.generic_kind(header, item, base, &type_args);
        }
        let names: Vec<SmolStr> = r
            .program
            .nodes
            .values()
            .map(|node| node.name.clone())
            .collect();
        let message = format!("unknown kind of node {}", decl.kind);
        let names = names.iter().map(SmolStr::as_str);
        r.report_unknown(
            codes::E0801,
            loc,
            name.as_str(),
            names,
            message,
            "no node of this name",
        );
        None
    }

    fn step(&mut self, step: &'a ast::Step) {
        let loc = self.cx.loc(step.span);
        self.cx.scope = self.file;
        let action = match &step.kind {
            StepKind::Node(decl) => {
                self.start(decl, loc);
                return;
            }
            StepKind::Crash(names) | StepKind::Restart(names) => {
                let crash = matches!(step.kind, StepKind::Crash(_));
                for node in self.nodes_named(names) {
                    let action = if crash {
                        Action::Crash(node)
                    } else {
                        Action::Restart(node)
                    };
                    self.steps.push(Step { action, loc });
                }
                return;
            }
            StepKind::Feed(feed) => self.feed(feed, step.span),
            StepKind::Seal(feed) => self.seal(feed, step.span),
            StepKind::Tick { count, nodes } => Action::Tick {
                count: count.as_ref().map(|count| self.cx.expr(count)),
                nodes: (!nodes.is_empty()).then(|| self.nodes_named(nodes)),
            },
            StepKind::Settle => Action::Settle,
            StepKind::Advance(duration) => Action::Advance(self.cx.expr(duration)),
            StepKind::Partition(groups) => {
                Action::Partition(groups.iter().map(|group| self.nodes_named(group)).collect())
            }
            StepKind::Heal => Action::Heal,
            StepKind::Drop { from, to, channel } => self.drop_message(from, to, channel),
            StepKind::Expect(expect) => self.expect(expect),
            StepKind::Broken => Action::Error,
        };
        self.steps.push(Step { action, loc });
    }

    fn start(&mut self, decl: &'a ast::NodeDecl, loc: Loc) {
        for name in &decl.names {
            let Some(&node) = self.cx.test_nodes.get(&name.text) else {
                continue;
            };
            let args = self.node_args(decl, self.nodes[node as usize].1);
            let given = &mut self.cx.node_args;
            given.resize(given.len().max(node as usize + 1), Vec::new());
            given[node as usize] = args;
            self.steps.push(Step {
                action: Action::Start { node },
                loc,
            });
        }
    }

    /// The arguments of a node, one a parameter of its kind.
    fn node_args(&mut self, decl: &'a ast::NodeDecl, kind: Option<NodeId>) -> Vec<Option<ExprId>> {
        let Some(kind) = kind else {
            return Vec::new();
        };
        let node = &self.cx.r.program.nodes[kind];
        let kind_name = node.name.clone();
        let params: Vec<(SmolStr, bool)> = node
            .parameters
            .iter()
            .map(|&id| &self.cx.r.program.constants[id])
            .map(|param| (param.name.clone(), param.init.is_some()))
            .collect();
        let mut args = vec![None; params.len()];
        for (i, arg) in decl.args.iter().enumerate() {
            let place = match &arg.name {
                Some(name) => params.iter().position(|(param, _)| *param == name.text),
                None => Some(i).filter(|&i| i < params.len()),
            };
            let value = self.cx.expr(&arg.value);
            match place {
                Some(place) => args[place] = Some(value),
                None => {
                    let span = arg.name.as_ref().map_or(arg.value.span, |name| name.span);
                    let loc = self.cx.loc(span);
                    let message = match &arg.name {
                        Some(name) => format!(
                            "unknown parameter {name}: `{kind_name}` has no parameter `{name}`"
                        ),
                        None => {
                            let count = wording::count(params.len(), "parameter");
                            format!("`{kind_name}` has {count}, this is argument {}", i + 1)
                        }
                    };
                    self.cx
                        .r
                        .error(codes::E0604, loc, message, "no such parameter");
                }
            }
        }
        let missing = params
            .iter()
            .zip(&args)
            .find(|((_, default), arg)| !default && arg.is_none());
        if let Some(((name, _), _)) = missing
            && decl.args.len() < params.len()
        {
            let message = format!("missing argument: `{kind_name}` needs an argument for `{name}`");
            let loc = self.cx.loc(decl.kind.span());
            self.cx
                .r
                .error(codes::E0605, loc, message, "argument missing");
        }
        args
    }

    fn nodes_named(&mut self, names: &[ast::Name]) -> Vec<u32> {
        names
            .iter()
            .filter_map(|name| self.node_named(name))
            .collect()
    }

    fn node_named(&mut self, name: &ast::Name) -> Option<u32> {
        if let Some(&node) = self.cx.test_nodes.get(&name.text) {
            return Some(node);
        }
        if self.broken {
            return None;
        }
        let names: Vec<SmolStr> = self.nodes.iter().map(|(name, ..)| name.clone()).collect();
        let message = format!("unknown node {name}");
        let loc = self.cx.loc(name.span);
        let names = names.iter().map(SmolStr::as_str);
        self.cx.r.report_unknown(
            codes::E0801,
            loc,
            name.as_str(),
            names,
            message,
            "not a node of this test",
        );
        None
    }
}
