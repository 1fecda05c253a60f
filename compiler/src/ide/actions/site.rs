//! What is around a selection: the rule or declaration, what its names mean, what its variables are.

use std::collections::BTreeSet;

use super::super::complete::Scene;
use super::super::names::{Target, names_of};
use crate::base::{FileId, FileSpan, Span};
use crate::calm::fixes::Declaration;
use crate::database::{self, Db, Package};
use crate::hir::VarId;
use crate::syntax::ast::{
    AtomArgs, Collection, Expr, ExprKind, FieldPattern, Head, HeadArgs, HeadField, Item, ItemKind,
    ItemNode, Literal, LiteralKind, Path, Pattern, PatternKind, Rule,
};
use crate::syntax::{Token, TokenKind, lex};
use crate::typing::BodyTypes;

pub(super) struct Site<'d> {
    pub db: &'d dyn Db,
    pub package: Package,
    pub scene: Scene<'d>,
    /// Of the root file.
    pub text: &'d str,
    pub selected: Span,
}

/// A rule, and the item that it is or stands in.
#[derive(Clone, Copy)]
pub(super) struct RuleSite<'d> {
    pub rule: &'d Rule,
    pub item: &'d Item,
    /// What places in the item count from.
    pub base: u32,
}

/// A declaration of a collection.
#[derive(Clone, Copy)]
pub(super) struct Declared<'d> {
    pub decl: &'d Collection,
    pub item: &'d Item,
    pub base: u32,
}

/// A row in a rule: its collection, whole extent, and what stands in its columns.
pub(super) struct Row<'d> {
    pub path: Path,
    pub span: Span,
    pub columns: Columns<'d>,
    pub is_negated: bool,
}

pub(super) enum Columns<'d> {
    ByPosition(Vec<Value<'d>>),
    ByName(Vec<(&'d str, Option<Value<'d>>)>),
}

/// What stands in a column: where, and the variable or `_` that it is.
#[derive(Clone, Copy)]
pub(super) struct Value<'d> {
    pub span: Span,
    pub is: Simple<'d>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Simple<'d> {
    Name(&'d str),
    Wildcard,
    Other,
}

impl<'d> Site<'d> {
    /// Whether a place holds all that is selected.
    pub fn holds(&self, span: Span) -> bool {
        span.start <= self.selected.start && self.selected.end <= span.end
    }

    pub fn written(&self, span: Span) -> &'d str {
        &self.text[span.range()]
    }

    /// The blanks that the line of a place begins with.
    pub fn indent(&self, at: u32) -> &'d str {
        let before = &self.text[..at as usize];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &self.text[line..at as usize];
        &rest[..rest.len() - rest.trim_start().len()]
    }

    /// The rules of the items at places that are wanted, with those in modules.
    fn rules(&self, is_wanted: impl Fn(Span) -> bool) -> Vec<RuleSite<'d>> {
        let mut found = Vec::new();
        walk(&self.scene.module.items, 0, &mut |item, base| {
            if is_wanted(item.span.shifted(base)) {
                found.extend(item.rules().map(|rule| RuleSite { rule, item, base }));
            }
        });
        found
    }

    /// The rules of the file that name the collection which is declared at a place.
    pub fn rules_of(&self, name: FileSpan) -> Vec<RuleSite<'d>> {
        let mentions = names_of(self.db, self.package).of(Target::Collection(name));
        let mentions = mentions.map(|one| one.place);
        let own = mentions.filter(|place| place.file == FileId(0));
        let mut starts: Vec<u32> = own.map(|place| place.span.start).collect();
        starts.sort_unstable();
        self.rules(|item| {
            let next = starts.partition_point(|&start| start < item.start);
            starts.get(next).is_some_and(|&start| start < item.end)
        })
    }

    /// The rule that the selection is in.
    pub fn rule(&self) -> Option<RuleSite<'d>> {
        let rules = self.rules(|item| self.holds(item));
        rules
            .into_iter()
            .find(|site| self.holds(site.place(site.rule.span)))
    }

    /// The declaration that the selection is in.
    pub fn declaration(&self) -> Option<Declared<'d>> {
        self.declarations()
            .into_iter()
            .find(|found| self.holds(found.item.span.shifted(found.base)))
    }

    /// The declaration of a name at a place.
    pub fn declared_at(&self, name: FileSpan) -> Option<Declared<'d>> {
        self.declarations()
            .into_iter()
            .find(|found| FileSpan::new(FileId(0), found.name()) == name)
    }

    fn declarations(&self) -> Vec<Declared<'d>> {
        let mut found = Vec::new();
        walk(&self.scene.module.items, 0, &mut |item, base| {
            if let ItemKind::Collection(decl) = &item.kind {
                found.push(Declared { decl, item, base });
            }
        });
        found
    }

    /// Where the collection is declared whose name ends at the end of a path in the file.
    pub fn meant_by(&self, path: &Path, base: u32) -> Option<FileSpan> {
        let name = path.last().span.shifted(base);
        let found = names_of(self.db, self.package).all_at(FileId(0), name.start);
        let mut found = found.filter(|mention| mention.place.span == name);
        found.find_map(|mention| mention.target.collection())
    }

    /// The types of a rule's variables, of each kind of node that has it.
    pub fn types_of(&self, of: &RuleSite<'_>) -> Option<(&'d crate::hir::Body, &'d BodyTypes)> {
        let place = FileSpan::new(FileId(0), of.place(of.rule.span));
        let (program, typed) = (self.scene.program, self.scene.typed);
        typed.kinds(program).find_map(|(kind, types)| {
            let mut rules = kind.rules.iter();
            let is_it = |loc| database::file_span(self.db, self.package, loc) == place;
            let (id, rule) = rules.find(|(_, rule)| is_it(rule.loc))?;
            Some((&rule.body, &**types?.rules.get(id)?))
        })
    }

    /// Whether a variable of a rule is of a lattice type, or of one that is not known.
    pub fn may_grow(&self, of: &RuleSite<'_>, name: &str) -> bool {
        let Some((body, types)) = self.types_of(of) else {
            return true;
        };
        let mut vars = body.vars.iter().filter(|(_, var)| var.name == name);
        let is_lattice = |var: VarId| {
            let ty = types.vars.get(var);
            ty.is_none_or(|&ty| self.scene.typed.types.is_lattice(ty))
        };
        vars.any(|(var, _)| is_lattice(var))
    }

    /// A name that nothing in the file has.
    pub fn fresh(&self, wanted: &str) -> String {
        let words = words(self.text);
        let mut number = 1;
        let mut name = wanted.to_owned();
        while words.contains(name.as_str()) {
            number += 1;
            name = format!("{wanted}{number}");
        }
        name
    }
}

/// All words of a text.
fn words(text: &str) -> BTreeSet<&str> {
    let tokens = lex(text).tokens;
    tokens
        .iter()
        .map(|token| &text[token.span.range()])
        .collect()
}

/// Words of a part of a rule that may be variables: names that no bracket, dot or colon follows or leads to.
pub(super) fn variables(text: &str) -> BTreeSet<&str> {
    let tokens: Vec<Token> = lex(text).tokens;
    let kind = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.kind);
    let words = tokens.iter().enumerate().filter(|(at, token)| {
        let before = kind(at.checked_sub(1));
        let after = kind(at.checked_add(1));
        token.kind.is_lower_name()
            && before != Some(TokenKind::Dot)
            && !matches!(
                after,
                Some(TokenKind::OpenBrace | TokenKind::OpenParen | TokenKind::Colon)
            )
    });
    let words = words.map(|(_, token)| &text[token.span.range()]);
    words.filter(|word| *word != "_").collect()
}

fn walk<'d>(items: &'d [ItemNode], base: u32, visit: &mut impl FnMut(&'d Item, u32)) {
    for node in items {
        let start = base + node.offset;
        visit(&node.item, start);
        if let ItemKind::Module(module) = &node.item.kind {
            walk(&module.items, start, visit);
        }
    }
}

impl<'d> RuleSite<'d> {
    pub fn place(&self, span: Span) -> Span {
        span.shifted(self.base)
    }

    /// Whether it is an item, or one of a group: one of a `bootstrap` holds in the first tick only.
    pub fn is_lasting(&self) -> bool {
        !matches!(self.item.kind, ItemKind::Bootstrap(_))
    }

    /// The rows of the body, with their literals.
    pub fn body(&self) -> impl Iterator<Item = (&'d Literal, Row<'d>)> {
        let literals = self.rule.body.iter();
        literals.filter_map(|literal| Some((literal, row_of(literal)?)))
    }
}

impl Declared<'_> {
    pub fn name(&self) -> Span {
        self.decl.name.span.shifted(self.base)
    }

    /// Its text, of which edits are made.
    pub fn written<'t>(&self, site: &Site<'t>) -> Declaration<'t> {
        let item = self.item.span.shifted(self.base);
        Declaration::new(FileId(0), site.text, self.base, item, self.decl.clone())
    }
}

fn simple(kind: &ExprKind) -> Simple<'_> {
    match kind {
        ExprKind::Name(name) if !name.is_upper() => Simple::Name(name.as_str()),
        ExprKind::Wildcard => Simple::Wildcard,
        ExprKind::Name(_)
        | ExprKind::Literal(_)
        | ExprKind::Interpolation(_)
        | ExprKind::SelfAddr
        | ExprKind::Field { .. }
        | ExprKind::TupleField { .. }
        | ExprKind::Call { .. }
        | ExprKind::MethodCall { .. }
        | ExprKind::Aggregate { .. }
        | ExprKind::Record { .. }
        | ExprKind::Tuple(_)
        | ExprKind::List(_)
        | ExprKind::Set(_)
        | ExprKind::Map(_)
        | ExprKind::Paren(_)
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Range { .. }
        | ExprKind::If { .. }
        | ExprKind::Match { .. }
        | ExprKind::Let { .. }
        | ExprKind::Lambda(_)
        | ExprKind::Desc(_)
        | ExprKind::Error => Simple::Other,
    }
}

fn value(expr: &Expr) -> Value<'_> {
    Value {
        span: expr.span,
        is: simple(&expr.kind),
    }
}

fn value_of(pattern: &Pattern) -> Value<'_> {
    let is = match &pattern.kind {
        PatternKind::Var(name) => Simple::Name(name.as_str()),
        PatternKind::Wildcard => Simple::Wildcard,
        PatternKind::SelfAddr
        | PatternKind::Literal(_)
        | PatternKind::Tuple(_)
        | PatternKind::List(_)
        | PatternKind::Variant { .. }
        | PatternKind::Record { .. }
        | PatternKind::Error => Simple::Other,
    };
    let span = pattern.span;
    Value { span, is }
}

/// The row that a rule derives.
pub(super) fn row_of_head<'d>(head: &'d Head) -> Row<'d> {
    let columns = match &head.args {
        HeadArgs::Positional(values) => Columns::ByPosition(values.iter().map(value).collect()),
        HeadArgs::Named(fields) => {
            let field =
                |field: &'d HeadField| (field.name.as_str(), field.value.as_deref().map(value));
            Columns::ByName(fields.iter().map(field).collect())
        }
    };
    Row {
        path: head.path.clone(),
        span: head.span,
        columns,
        is_negated: false,
    }
}

/// The row that a literal is, or may be by its form.
pub(super) fn row_of<'d>(literal: &'d Literal) -> Option<Row<'d>> {
    match &literal.kind {
        LiteralKind::Atom(atom) | LiteralKind::Not(atom) => {
            let columns = match &atom.args {
                AtomArgs::Positional(patterns) => {
                    Columns::ByPosition(patterns.iter().map(value_of).collect())
                }
                AtomArgs::Named(fields) => {
                    let field = |field: &'d FieldPattern| {
                        (field.name.as_str(), field.pattern.as_deref().map(value_of))
                    };
                    Columns::ByName(fields.iter().map(field).collect())
                }
            };
            // Where another node is asked, this is no row of this node's collection.
            atom.at.is_none().then(|| Row {
                path: atom.path.clone(),
                span: atom.span,
                columns,
                is_negated: matches!(literal.kind, LiteralKind::Not(_)),
            })
        }
        LiteralKind::Expr(expr) => {
            let (path, args) = expr.as_call()?;
            let values = args.iter().map(|arg| value(&arg.value));
            Some(Row {
                path,
                span: expr.span,
                columns: Columns::ByPosition(values.collect()),
                is_negated: false,
            })
        }
        LiteralKind::Let { .. } | LiteralKind::In { .. } => None,
    }
}

/// Whether the evaluation of an expression cannot fail, whatever its parts are.
pub(super) fn is_total(expr: &Expr) -> bool {
    use crate::syntax::ast::BinaryOp as Op;
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Wildcard | ExprKind::SelfAddr | ExprKind::Name(_) => true,
        ExprKind::TupleField { base, .. } | ExprKind::Paren(base) => is_total(base),
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            parts.iter().all(is_total)
        }
        ExprKind::Unary { op, operand } => {
            *op == crate::syntax::ast::UnaryOp::Not && is_total(operand)
        }
        ExprKind::Binary {
            op, left, right, ..
        } => {
            let is_logic = match op {
                Op::Or
                | Op::And
                | Op::Equal
                | Op::NotEqual
                | Op::Less
                | Op::LessEqual
                | Op::Greater
                | Op::GreaterEqual => true,
                Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => false,
            };
            is_logic && is_total(left) && is_total(right)
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => is_total(condition) && is_total(then) && is_total(otherwise),
        // What a field, call or constructor does, only its type tells.
        ExprKind::Interpolation(_)
        | ExprKind::Field { .. }
        | ExprKind::Call { .. }
        | ExprKind::MethodCall { .. }
        | ExprKind::Aggregate { .. }
        | ExprKind::Record { .. }
        | ExprKind::Map(_)
        | ExprKind::Range { .. }
        | ExprKind::Match { .. }
        | ExprKind::Let { .. }
        | ExprKind::Lambda(_)
        | ExprKind::Desc(_)
        | ExprKind::Error => false,
    }
}

/// Whether a literal neither fails nor asks for chance or time. `is_row` says which calls are rows.
pub(super) fn is_total_literal(literal: &Literal, is_row: bool) -> bool {
    match &literal.kind {
        LiteralKind::Atom(_) | LiteralKind::Not(_) => true,
        LiteralKind::Expr(expr) => is_row || is_total(expr),
        LiteralKind::Let { value, .. } => is_total(value),
        LiteralKind::In { source, .. } => is_total(source),
    }
}

/// Whether a head has an aggregate, or what may be one.
pub(super) fn has_aggregate(head: &Head) -> bool {
    let is_aggregate = |expr: &Expr| expr.as_aggregate().is_some();
    match &head.args {
        HeadArgs::Positional(values) => values.iter().any(is_aggregate),
        HeadArgs::Named(fields) => {
            let mut values = fields.iter().filter_map(|field| field.value.as_deref());
            values.any(is_aggregate)
        }
    }
}

/// Whether nothing in a head fails.
pub(super) fn is_total_head(head: &Head) -> bool {
    match &head.args {
        HeadArgs::Positional(values) => values.iter().all(is_total),
        HeadArgs::Named(fields) => {
            let mut values = fields.iter().filter_map(|field| field.value.as_deref());
            values.all(is_total)
        }
    }
}
