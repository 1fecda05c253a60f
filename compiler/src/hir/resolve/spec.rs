//! Specs: rules over the rows of every node.

use super::Resolver;
use super::bodies::{BodyCx, Mode};
use super::bound::{Uses, args_vars, expr_vars, head_reads};
use super::head::RowShape;
use super::scope::ScopeId;
use crate::base::codes;
use crate::hir::{
    Body, CallArg, Checker, CollectionId, FaultBounds, ItemRef, Loc, Location, NodeId, Pat, PatId,
    Spec, SpecCollection, SpecHead, SpecLiteral, SpecRule,
};
use crate::syntax::ast::{self, AtomArgs, HeadArgs, LiteralKind, LocationKind, SpecLine};
use smol_str::{SmolStr, format_smolstr};

impl<'a> Resolver<'a> {
    pub fn resolve_spec(&mut self, spec: &'a ast::Spec, scope: ScopeId, item: ItemRef) {
        let loc = Loc::new(item, spec.name.span);
        if self
            .program
            .specs
            .iter()
            .any(|known| known.name == spec.name.text)
        {
            let before = self
                .program
                .specs
                .iter()
                .find(|known| known.name == spec.name.text);
            let before = before.map_or(loc, |known| known.loc);
            self.report_duplicate(spec.name.as_str(), loc, before);
        }
        let collections = spec_collections(spec);
        let mut rules = Vec::new();
        let mut checkers = Vec::new();
        for line in &spec.lines {
            let rule = match line {
                SpecLine::Rule(rule) => rule,
                SpecLine::Never(never) => &never.rule,
                SpecLine::Checker(checker) => {
                    let loc = Loc::new(item, checker.name.span);
                    checkers.extend(self.checker(checker, loc, &collections));
                    continue;
                }
            };
            let cx = BodyCx::new(self, scope, Mode::Rule, Loc::new(item, rule.span));
            rules.extend(spec_rule(cx, rule, &collections));
        }
        self.program.specs.push(Spec {
            name: spec.name.text.clone(),
            collections,
            rules,
            checkers,
            loc,
        });
    }

    /// The checker of histories that a line names, or a report.
    fn checker(
        &mut self,
        line: &ast::Checker,
        loc: Loc,
        collections: &[SpecCollection],
    ) -> Option<Checker> {
        use bloom_plan::testing::Checker as Known;
        let name = line.name.as_str();
        let Some(checker) = Known::named(name) else {
            let names = Known::ALL.map(Known::name);
            let message = format!("unknown checker {name}");
            let label = "no checker of this name";
            self.report_unknown(codes::E0805, loc, name, names, message, label);
            return None;
        };
        let mut fits = true;
        for &(relation, is_optional) in checker.relations() {
            let mut known = collections.iter();
            let found = known.find(|collection| collection.name == relation.name());
            let problem = match found {
                Some(found) if relation.fits(found.columns.len()) => continue,
                None if is_optional => continue,
                Some(_) => "has other columns",
                None => "is not there",
            };
            fits = false;
            self.error(
                codes::E0806,
                loc,
                format!("{name} looks at {}, which {problem}", relation.shape()),
                "the spec has to derive it",
            );
        }
        fits.then_some(Checker { checker, loc })
    }

    /// The spec that a test names, or a report.
    pub fn find_spec(&mut self, path: &ast::Path, loc: Loc) -> Option<u32> {
        let name = path.last();
        let place = self
            .program
            .specs
            .iter()
            .position(|spec| spec.name == name.text);
        if place.is_none() {
            let names: Vec<SmolStr> = self
                .program
                .specs
                .iter()
                .map(|spec| spec.name.clone())
                .collect();
            let message = format!("unknown spec {path}");
            let at = loc.at(path.span());
            let names = names.iter().map(SmolStr::as_str);
            self.report_unknown(
                codes::E0804,
                at,
                name.as_str(),
                names,
                message,
                "no spec of this name",
            );
        }
        place.map(|place| place as u32)
    }

    /// The collections of that name, of every kind of node that has one.
    fn collections_named(&self, name: &str) -> Vec<(NodeId, CollectionId)> {
        self.program
            .nodes
            .iter()
            .filter_map(|(id, node)| Some((id, node.collection(name)?)))
            .collect()
    }
}

/// The relations that the spec's heads make, each with the columns of its first head.
fn spec_collections(spec: &ast::Spec) -> Vec<SpecCollection> {
    let mut collections: Vec<SpecCollection> = Vec::new();
    for line in &spec.lines {
        let (rule, never) = match line {
            SpecLine::Rule(rule) => (rule, false),
            SpecLine::Never(never) => (&never.rule, true),
            SpecLine::Checker(_) => continue,
        };
        let name = rule.head.path.last();
        if let Some(known) = collections.iter_mut().find(|known| known.name == name.text) {
            known.never |= never;
            continue;
        }
        let columns = match &rule.head.args {
            HeadArgs::Named(fields) => fields.iter().map(|field| field.name.text.clone()).collect(),
            HeadArgs::Positional(values) => {
                (0..values.len()).map(|i| format_smolstr!("{i}")).collect()
            }
        };
        collections.push(SpecCollection {
            name: name.text.clone(),
            columns,
            never,
        });
    }
    collections
}

fn spec_rule(
    mut cx: BodyCx<'_, '_>,
    rule: &ast::Rule,
    collections: &[SpecCollection],
) -> Option<SpecRule> {
    let head = collections
        .iter()
        .position(|known| known.name == rule.head.path.last().text)?;
    let before = cx.r.mistakes;
    let binding: Vec<Option<Binding>> = rule
        .body
        .iter()
        .map(|l| bindings(&mut cx, l, collections))
        .collect();
    let literals: Vec<SpecLiteral> = rule
        .body
        .iter()
        .zip(binding)
        .map(|(literal, bound)| spec_literal(&mut cx, literal, bound))
        .collect();
    let shape = RowShape {
        name: collections[head].name.clone(),
        columns: collections[head].columns.clone(),
        may_lack: vec![None; collections[head].columns.len()],
        declared: Some(cx.loc(rule.head.span)),
    };
    let columns = cx.row_columns(&shape, &rule.head.args, rule.head.span);
    let uses: Vec<Uses> = literals
        .iter()
        .map(|literal| uses(&cx.body, literal))
        .collect();
    let reads = head_reads(&cx.body, &columns);
    cx.check_uses(&uses, &reads, before);
    cx.body.mistaken = cx.r.mistakes > before;
    Some(SpecRule {
        head: SpecHead {
            collection: head as u32,
            columns,
        },
        literals,
        loc: cx.body.loc,
        body: cx.body,
    })
}

/// What a literal binds, before expressions are looked at.
enum Binding {
    Row(SpecLiteral),
    Pat(PatId),
}

fn bindings(
    cx: &mut BodyCx<'_, '_>,
    literal: &ast::Literal,
    collections: &[SpecCollection],
) -> Option<Binding> {
    match &literal.kind {
        LiteralKind::Atom(atom) => Some(Binding::Row(row(cx, atom, false, collections))),
        LiteralKind::Not(atom) => Some(Binding::Row(row(cx, atom, true, collections))),
        LiteralKind::Expr(expr) => {
            let (path, _) = expr.as_call()?;
            let name = path.to_string();
            let is_row = matches!(name.as_str(), "up" | "crashed")
                || collections.iter().any(|known| known.name == name)
                || !cx.r.collections_named(&name).is_empty();
            if !is_row {
                return None;
            }
            let mut diagnostics = Vec::new();
            let atom = expr.as_atom(&mut diagnostics)?;
            cx.r.report_in(cx.body.loc.item, diagnostics);
            Some(Binding::Row(row(cx, &atom, false, collections)))
        }
        LiteralKind::Let { pattern, .. } | LiteralKind::In { pattern, .. } => {
            Some(Binding::Pat(cx.pattern(pattern)))
        }
    }
}

fn spec_literal(
    cx: &mut BodyCx<'_, '_>,
    literal: &ast::Literal,
    bound: Option<Binding>,
) -> SpecLiteral {
    match (&literal.kind, bound) {
        (_, Some(Binding::Row(row))) => row,
        (LiteralKind::Let { value, .. }, Some(Binding::Pat(pat))) => SpecLiteral::Let {
            pat,
            value: cx.expr(value),
        },
        (LiteralKind::In { source, .. }, Some(Binding::Pat(pat))) => SpecLiteral::In {
            pat,
            source: cx.expr(source),
        },
        (LiteralKind::Expr(expr), _) => SpecLiteral::Condition(cx.expr(expr)),
        _ => SpecLiteral::Error,
    }
}

fn row(
    cx: &mut BodyCx<'_, '_>,
    atom: &ast::Atom,
    negated: bool,
    collections: &[SpecCollection],
) -> SpecLiteral {
    let name = SmolStr::new(atom.path.to_string());
    let own = collections.iter().position(|known| known.name == name);
    if let (Some(place), None) = (own, &atom.at) {
        let columns = collections[place].columns.clone();
        return SpecLiteral::Row {
            collection: place as u32,
            args: cx.row_args(&name, &columns, atom),
            negated,
        };
    }
    let found = cx.r.collections_named(&name);
    if name == "up" && found.is_empty() {
        let args = cx.row_args(&name, &[SmolStr::new("node")], atom);
        let span = atom.span;
        let node = match args.first() {
            Some(arg) => arg.pat,
            None => cx.alloc_pat(Pat::Wildcard, span),
        };
        return SpecLiteral::Up { node, negated };
    }
    if name == "crashed" && found.is_empty() {
        let args = cx.row_args(&name, &[SmolStr::new("node"), SmolStr::new("tick")], atom);
        let mut column = |place: u32| {
            let given = args.iter().find(|arg| arg.column == place);
            given.map_or_else(|| cx.alloc_pat(Pat::Wildcard, atom.span), |arg| arg.pat)
        };
        return SpecLiteral::Crashed {
            node: column(0),
            tick: column(1),
            negated,
        };
    }
    let Some(&(node, id)) = found.first() else {
        let loc = cx.loc(atom.path.span());
        let mut names: Vec<SmolStr> =
            cx.r.program
                .nodes
                .values()
                .flat_map(|node| {
                    node.collections
                        .values()
                        .map(|collection| collection.name.clone())
                })
                .chain(collections.iter().map(|known| known.name.clone()))
                .collect();
        names.sort_unstable();
        let message = format!("undeclared collection {name}");
        let names = names.iter().map(SmolStr::as_str);
        cx.r.report_unknown(codes::E0201, loc, &name, names, message, "not declared");
        cx.bind_all(&atom.args);
        return SpecLiteral::Error;
    };
    let columns: Vec<SmolStr> = cx.r.program.nodes[node].collections[id]
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let at = location(cx, atom.at.as_deref());
    let args = match &atom.args {
        AtomArgs::Named(_) | AtomArgs::Positional(_) => cx.row_args(&name, &columns, atom),
    };
    SpecLiteral::At {
        collections: found,
        at,
        args: args
            .into_iter()
            .map(|arg| (columns[arg.column as usize].clone(), arg.pat))
            .collect(),
        negated,
    }
}

fn location(cx: &mut BodyCx<'_, '_>, at: Option<&ast::Location>) -> Location {
    let Some(at) = at else {
        return Location::Any;
    };
    match &at.kind {
        LocationKind::Any => Location::Any,
        LocationKind::Name(name) => Location::Pat(cx.name_pattern(name, false)),
        LocationKind::SelfAddr => Location::Pat(cx.alloc_pat(Pat::SelfAddr, at.span)),
        LocationKind::Expr(expr) => Location::Expr(cx.expr(expr)),
        LocationKind::Address(address) => {
            let literal = Pat::Literal(crate::hir::LitKind::address(address.clone()));
            Location::Pat(cx.alloc_pat(literal, at.span))
        }
    }
}

fn uses(body: &Body, literal: &SpecLiteral) -> Uses {
    let mut uses = Uses::default();
    let (pats, negated): (Vec<PatId>, bool) = match literal {
        SpecLiteral::Error => return uses,
        SpecLiteral::Condition(expr) => {
            uses.reads = expr_vars(body, *expr);
            return uses;
        }
        SpecLiteral::Let { pat, value: source } | SpecLiteral::In { pat, source } => {
            uses.reads = expr_vars(body, *source);
            (vec![*pat], false)
        }
        SpecLiteral::Up { node, negated } => (vec![*node], *negated),
        SpecLiteral::Crashed {
            node,
            tick,
            negated,
        } => (vec![*node, *tick], *negated),
        SpecLiteral::Row { args, negated, .. } => {
            (args.iter().map(|arg| arg.pat).collect(), *negated)
        }
        SpecLiteral::At {
            at, args, negated, ..
        } => {
            let at = match at {
                Location::Any => None,
                Location::Pat(pat) => Some(*pat),
                Location::Expr(expr) => {
                    uses.reads = expr_vars(body, *expr);
                    None
                }
            };
            (
                at.into_iter()
                    .chain(args.iter().map(|&(_, pat)| pat))
                    .collect(),
                *negated,
            )
        }
    };
    let vars = args_vars(body, pats);
    uses.negated = negated;
    if negated {
        uses.reads.extend(vars);
    } else {
        uses.binds = vars;
    }
    uses
}

impl BodyCx<'_, '_> {
    pub fn fault_bounds(&mut self, options: &[ast::FaultOption]) -> FaultBounds {
        let mut bounds = FaultBounds::default();
        for option in options {
            let value = option.value.as_ref().map(|value| self.expr(value));
            match (option.name.as_str(), option.until) {
                ("ticks", false) => bounds.ticks = value,
                ("losses", true) => bounds.losses_until = value,
                ("crashes", false) => bounds.crashes = value,
                _ => bounds.others.extend(value.map(|value| CallArg {
                    name: Some(option.name.text.clone()),
                    value,
                })),
            }
        }
        bounds
    }
}
