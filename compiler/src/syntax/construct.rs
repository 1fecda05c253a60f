//! What the actions of the grammar build trees with.

use super::ast::{
    Arg, Atom, AtomArgs, Attribute, BinaryOp, Collection, CollectionKind, Column, DocLine, Expr,
    ExprKind, ExternPath, FaultBounds, FieldInit, FloatBits, Head, ItemKind, Lattice, LitKind,
    Literal, Location, LocationKind, Merge, ModuleItem, Name, Path, Pattern, Rule, SortKey,
    SpecLine, Step, StrPart, Type, TypeKind, UnaryOp,
};
use super::literal::Decoder;
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use bloom_stdx::fitted;
use smol_str::SmolStr;
use thin_vec::ThinVec;

/// What one parse gives: the kind that the token in front asked for.
#[derive(Debug)]
pub enum Unit {
    Item(Vec<Attribute>, Box<ItemKind>),
    Header(Vec<Attribute>, Box<Header>),
    Rule(Rule),
    Step(Step),
    SpecLine(SpecLine),
    LatticePart(LatticePart),
    ExternPart(ExternPart),
    Expr(Expr),
    Literal(Literal),
}

impl Unit {
    /// Whether others name what is in it, so that it is better kept with a mistake than lost.
    pub fn declares(&self) -> bool {
        match self {
            Unit::Item(_, item) => match &**item {
                ItemKind::Rule(_) | ItemKind::Function(_) | ItemKind::Const(_) => false,
                ItemKind::Import(_)
                | ItemKind::Include(_)
                | ItemKind::TypeAlias(_)
                | ItemKind::Record(_)
                | ItemKind::Enum(_)
                | ItemKind::Lattice(_)
                | ItemKind::Collection(_)
                | ItemKind::Periodic(_)
                | ItemKind::Bootstrap(_)
                | ItemKind::Rules(_)
                | ItemKind::Seal(_)
                | ItemKind::Module(_)
                | ItemKind::Spec(_)
                | ItemKind::Test(_)
                | ItemKind::FaultTest(_)
                | ItemKind::Extern(_)
                | ItemKind::Broken(_) => true,
            },
            Unit::Header(..) | Unit::LatticePart(_) | Unit::ExternPart(_) => true,
            Unit::Rule(_)
            | Unit::Step(_)
            | Unit::SpecLine(_)
            | Unit::Expr(_)
            | Unit::Literal(_) => false,
        }
    }
}

/// What stands before the `{` of a block.
#[derive(Debug)]
pub enum Header {
    Module(ModuleItem),
    Lattice(Lattice),
    Bootstrap,
    Rules(Name),
    Spec(Name),
    Test(SmolStr, Span, Vec<Path>),
    FaultTest(SmolStr, Span, Vec<Path>, FaultBounds),
    Extern(Name),
}

#[derive(Debug)]
pub enum LatticePart {
    Bottom(Expr),
    Merge(Merge),
}

#[derive(Debug)]
pub enum ExternPart {
    Collection(Collection),
    Path(ExternPath),
}

#[derive(Debug)]
pub enum Modifier {
    Durable(Span),
    Immutable(Span),
    SealedBy(Vec<Name>),
}

/// What the actions may look at besides the tokens, and where they put what they find.
pub struct Context<'t> {
    /// The text from the start of the item on: spans index into it.
    pub text: &'t str,
    /// Doc lines by the start of the token that follows them, in order; taken as they are attached.
    pub docs: Vec<(u32, DocLine)>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the `<` and `>` of type arguments and parameters are.
    pub angles: Vec<u32>,
    /// Marks `desc`, `by` and `distinct` that no aggregate has taken so far.
    pub loose_marks: Vec<Span>,
}

impl<'t> Context<'t> {
    pub fn new(text: &'t str, docs: Vec<(u32, DocLine)>) -> Self {
        Self {
            text,
            docs,
            diagnostics: Vec::new(),
            angles: Vec::new(),
            loose_marks: Vec::new(),
        }
    }

    fn slice(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    fn decoder(&mut self, span: Span) -> Decoder<'_> {
        Decoder {
            at: span.start,
            diagnostics: &mut self.diagnostics,
        }
    }

    fn report(&mut self, code: codes::Code, span: Span, message: &str, help: &str) {
        let place = FileSpan::new(FileId::default(), span);
        self.diagnostics
            .push(Diagnostic::new(code, place, message, "here").with_help(help));
    }

    /// The doc lines right before the token that starts at `start`.
    pub fn docs(&mut self, start: u32) -> ThinVec<DocLine> {
        let (taken, rest) = std::mem::take(&mut self.docs)
            .into_iter()
            .partition(|(before, _)| *before == start);
        self.docs = rest;
        let taken: Vec<(u32, DocLine)> = taken;
        taken.into_iter().map(|(_, line)| line).collect()
    }

    pub fn angle(&mut self, open: u32, close: u32) {
        self.angles.extend([open, close]);
    }

    pub fn name(&mut self, start: u32, end: u32) -> Name {
        let span = Span::new(start, end);
        Name::new(self.slice(span), span)
    }

    pub fn path(&mut self, mut qualifier: Vec<Name>, name: Name) -> Path {
        qualifier.push(name);
        Path {
            segments: fitted(qualifier),
        }
    }

    pub fn prefixed(&mut self, first: Name, mut rest: Path) -> Path {
        rest.segments.insert(0, first);
        rest.segments = fitted(rest.segments);
        rest
    }

    // ---- Literals ----

    pub fn int(&mut self, span: Span) -> Expr {
        let text = self.slice(span);
        let value = self.decoder(span).int(text);
        literal(LitKind::Int(value), span)
    }

    /// `-x`. The least Int is the only literal that fits with its sign and not without.
    pub fn negated(&mut self, start: u32, operand: Expr) -> Expr {
        if self.is_least_int(operand.span) {
            self.diagnostics
                .retain(|found| found.primary.place().span != operand.span);
            let span = Span::new(start, operand.span.end);
            return literal(LitKind::Int(i64::MIN), span);
        }
        unary(UnaryOp::Negate, start, operand)
    }

    fn is_least_int(&self, digits: Span) -> bool {
        self.slice(digits).replace('_', "").parse() == Ok(i64::MIN.unsigned_abs())
    }

    pub fn float(&mut self, span: Span) -> Expr {
        let text = self.slice(span);
        let value = self.decoder(span).float(text);
        literal(LitKind::Float(FloatBits::new(value)), span)
    }

    pub fn duration(&mut self, span: Span) -> Expr {
        let text = self.slice(span);
        let value = self.decoder(span).duration(text);
        literal(LitKind::Duration(value), span)
    }

    pub fn text(&mut self, span: Span) -> SmolStr {
        let text = self.slice(span);
        self.decoder(span).string(text).into()
    }

    pub fn string(&mut self, span: Span) -> Expr {
        let value = self.text(span);
        literal(LitKind::text(value), span)
    }

    pub fn bytes(&mut self, span: Span) -> Expr {
        let text = self.slice(span);
        let value = self.decoder(span).bytes(text);
        literal(LitKind::Bytes(value.into()), span)
    }

    pub fn address(&mut self, span: Span) -> Expr {
        let value = self.address_text(span);
        literal(LitKind::address(value), span)
    }

    pub fn address_location(&mut self, span: Span) -> Location {
        let kind = LocationKind::Address(self.address_text(span));
        Location { kind, span }
    }

    /// The text inside `@"…"`.
    fn address_text(&self, span: Span) -> SmolStr {
        let text = self.slice(span);
        text[2..text.len() - 1].into()
    }

    /// `"first {hole} middle {hole} last"`
    pub fn interpolation(
        &mut self,
        first: (Span, Expr),
        rest: Vec<(Span, Expr)>,
        last: Span,
    ) -> ExprKind {
        let mut parts = Vec::new();
        for (span, hole) in std::iter::once(first).chain(rest) {
            self.string_part(span, &mut parts);
            parts.push(StrPart::Expr(hole));
        }
        self.string_part(last, &mut parts);
        ExprKind::Interpolation(parts)
    }

    fn string_part(&mut self, span: Span, parts: &mut Vec<StrPart>) {
        let text = self.slice(span);
        let decoded = self.decoder(span).string_part(text);
        if !decoded.is_empty() {
            parts.push(StrPart::Text(decoded.into()));
        }
    }

    // ---- Expressions ----

    pub fn tuple_field(&mut self, base: Expr, index_span: Span, span: Span) -> Expr {
        let text = self.slice(index_span);
        let value = self.decoder(index_span).int(text);
        let index = u32::try_from(value).unwrap_or(u32::MAX);
        let kind = ExprKind::TupleField {
            base: Box::new(base),
            index,
            index_span,
        };
        Expr::new(kind, span)
    }

    pub fn record(&mut self, path: Expr, fields: Vec<FieldInit>, span: Span) -> Expr {
        let path = self.expect_path(&path);
        let path = Box::new(path);
        Expr::new(ExprKind::Record { path, fields }, span)
    }

    /// What stands in parentheses: one part alone is no tuple.
    pub fn parenthesized(&mut self, mut parts: Vec<Expr>) -> ExprKind {
        match parts.len() {
            1 => ExprKind::Paren(Box::new(parts.remove(0))),
            _ => ExprKind::Tuple(parts),
        }
    }

    /// An argument marked by `distinct` or `by`; the call around it becomes an aggregate.
    pub fn marked(&mut self, distinct: bool, operand: Expr, by: Option<Expr>, span: Span) -> Expr {
        let by = by.map(|by| self.sort_keys(by)).unwrap_or_default();
        self.loose_marks.push(span);
        let kind = ExprKind::Aggregate {
            function: Box::new(Name::new("", Span::at(span.start))),
            distinct,
            operand: Box::new(operand),
            by: by.into(),
        };
        Expr::new(kind, span)
    }

    /// `key desc`
    pub fn descending(&mut self, key: Expr, span: Span) -> Expr {
        self.loose_marks.push(span);
        Expr::new(ExprKind::Desc(Box::new(key)), span)
    }

    /// What stands after `by`: one key, or a tuple of keys.
    fn sort_keys(&mut self, by: Expr) -> Vec<SortKey> {
        match by.kind {
            ExprKind::Tuple(keys) => keys.into_iter().map(|key| self.sort_key(key)).collect(),
            _ => vec![self.sort_key(by)],
        }
    }

    fn sort_key(&mut self, expr: Expr) -> SortKey {
        match expr.kind {
            ExprKind::Desc(key) => {
                self.loose_marks.retain(|mark| *mark != expr.span);
                SortKey {
                    key: *key,
                    descending: true,
                }
            }
            _ => SortKey {
                key: expr,
                descending: false,
            },
        }
    }

    /// `callee(args)`: a method call if the callee is a field, an aggregate if the one argument is marked.
    pub fn call(&mut self, callee: Expr, mut args: Vec<Arg>, span: Span) -> Expr {
        let kind = match callee.kind {
            ExprKind::Name(function) if is_marked(&args) => {
                let argument = args.remove(0).value;
                self.loose_marks.retain(|mark| *mark != argument.span);
                aggregate(function, argument)
            }
            ExprKind::Field { base, name } => ExprKind::MethodCall {
                receiver: base,
                name: Box::new(name),
                args,
            },
            _ => ExprKind::Call {
                callee: Box::new(callee),
                args,
            },
        };
        Expr::new(kind, span)
    }

    pub fn tuple_type(&mut self, mut parts: Vec<Type>, span: Span) -> Type {
        match parts.len() {
            1 => parts.remove(0),
            _ => Type {
                kind: TypeKind::Tuple(parts),
                span,
            },
        }
    }

    pub fn pattern(&mut self, expr: &Expr) -> Pattern {
        expr.to_pattern(&mut self.diagnostics)
    }

    fn expect_path(&mut self, expr: &Expr) -> Path {
        expr.as_path().unwrap_or_else(|| {
            let help = "a row or record starts with a name, perhaps after names parted by dots";
            self.report(codes::E0113, expr.span, "this is not a name", help);
            Path::single(Name::new("", expr.span))
        })
    }

    // ---- Items and rules ----

    pub fn collection(
        &mut self,
        kind: CollectionKind,
        name: Name,
        keys: Vec<Column>,
        values: Option<Vec<Column>>,
        modifiers: Vec<Modifier>,
    ) -> Collection {
        let mut collection = Collection {
            kind,
            name,
            keys,
            values,
            durable: None,
            immutable: None,
            sealed_by: ThinVec::new(),
        };
        for modifier in modifiers {
            match modifier {
                Modifier::Durable(span) => collection.durable = Some(span),
                Modifier::Immutable(span) => collection.immutable = Some(span),
                Modifier::SealedBy(columns) => collection.sealed_by.extend(columns),
            }
        }
        collection
    }

    pub fn fact(&mut self, head: Head, span: Span) -> Rule {
        Rule {
            docs: ThinVec::new(),
            attributes: Vec::new(),
            head,
            arrow: None,
            arrow_span: Span::at(span.end),
            body: Vec::new(),
            span,
        }
    }

    /// The arguments of a row by position, which bear no names.
    pub fn unnamed(&mut self, args: Vec<Arg>) -> Vec<Expr> {
        if let Some(name) = args.iter().find_map(|arg| arg.name.as_ref()) {
            let help = "name columns in braces: `row{column: value}`";
            self.report(
                codes::E0116,
                name.span,
                "a name among columns by position",
                help,
            );
        }
        args.into_iter().map(|arg| arg.value).collect()
    }

    pub fn named_row(
        &mut self,
        path: Expr,
        at: Option<Location>,
        fields: Vec<FieldInit>,
        span: Span,
    ) -> Atom {
        let path = self.expect_path(&path);
        let args = AtomArgs::Named(FieldInit::patterns(&fields, &mut self.diagnostics));
        Atom {
            path,
            at: at.map(Box::new),
            args,
            span,
        }
    }

    pub fn positional_row(&mut self, path: Expr, at: Location, args: Vec<Arg>, span: Span) -> Atom {
        let path = self.expect_path(&path);
        let args = self.unnamed(args);
        let patterns = args.iter().map(|arg| self.pattern(arg)).collect();
        Atom {
            path,
            at: Some(Box::new(at)),
            args: AtomArgs::Positional(patterns),
            span,
        }
    }

    /// What stands after `not` and is no row with named columns.
    pub fn negated_call(&mut self, expr: Expr) -> Atom {
        expr.as_atom(&mut self.diagnostics).unwrap_or_else(|| {
            let help = "`not` takes a row, `not seen{id}`; negate a condition with `!`";
            self.report(codes::E0113, expr.span, "this is not a row", help);
            Atom {
                path: Path::single(Name::new("", expr.span)),
                at: None,
                args: AtomArgs::Positional(Vec::new()),
                span: expr.span,
            }
        })
    }
}

pub fn binary(op: BinaryOp, op_span: Span, left: Expr, right: Expr) -> Expr {
    let span = left.span.cover(right.span);
    let kind = ExprKind::Binary {
        op,
        op_span,
        left: Box::new(left),
        right: Box::new(right),
    };
    Expr::new(kind, span)
}

pub fn unary(op: UnaryOp, start: u32, operand: Expr) -> Expr {
    let span = Span::new(start, operand.span.end);
    let kind = ExprKind::Unary {
        op,
        operand: Box::new(operand),
    };
    Expr::new(kind, span)
}

/// Whether the arguments are one, marked, and not yet an aggregate's.
fn is_marked(args: &[Arg]) -> bool {
    let [Arg { name: None, value }] = args else {
        return false;
    };
    matches!(&value.kind, ExprKind::Aggregate { function, .. } if function.text.is_empty())
}

/// Puts the function's name into its marked argument.
fn aggregate(name: Name, argument: Expr) -> ExprKind {
    let mut kind = argument.kind;
    if let ExprKind::Aggregate { function, .. } = &mut kind {
        **function = name;
    }
    kind
}

fn literal(kind: LitKind, span: Span) -> Expr {
    Expr::new(ExprKind::Literal(kind), span)
}
