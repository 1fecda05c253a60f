//! Collections: their columns, and those that the language provides.

use super::kind::PendingColumns;
use super::{Resolver, doc};
use crate::base::{Span, codes};
use crate::hir::{
    Builtin, Collection, CollectionId, CollectionKind, Column, Delivery, ItemRef, Loc, NodeKind,
    TypeRef,
};
use crate::syntax::ast;
use smol_str::SmolStr;

type BuiltIn = (
    &'static str,
    CollectionKind,
    &'static [(&'static str, Builtin)],
);

/// What the language provides, added to a kind that names it.
pub(super) const BUILT_IN: &[BuiltIn] = &[
    (
        "cluster",
        CollectionKind::Cluster,
        &[("addr", Builtin::Addr), ("kind", Builtin::String)],
    ),
    ("alive", CollectionKind::Alive, &[("addr", Builtin::Addr)]),
    ("stdin", CollectionKind::Stdin, &[("line", Builtin::String)]),
    (
        "errors",
        CollectionKind::Errors,
        &[
            ("rule", Builtin::String),
            ("message", Builtin::String),
            ("row", Builtin::String),
        ],
    ),
    (
        "stdout",
        CollectionKind::Stdout,
        &[("line", Builtin::String)],
    ),
    (
        "stderr",
        CollectionKind::Stderr,
        &[("line", Builtin::String)],
    ),
    ("halt", CollectionKind::Halt, &[("code", Builtin::Int)]),
    (
        "sys.rule",
        CollectionKind::SysRule,
        &[
            ("rule", Builtin::String),
            ("head", Builtin::String),
            ("arrow", Builtin::String),
        ],
    ),
    (
        "sys.collection",
        CollectionKind::SysCollection,
        &[("name", Builtin::String), ("kind", Builtin::String)],
    ),
    (
        "sys.depends",
        CollectionKind::SysDepends,
        &[
            ("head", Builtin::String),
            ("body", Builtin::String),
            ("negated", Builtin::Bool),
        ],
    ),
    (
        "sys.stratum",
        CollectionKind::SysStratum,
        &[("collection", Builtin::String), ("stratum", Builtin::Int)],
    ),
];

pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|&(known, ..)| known == name)
}

/// The built-in collection in a kind, added if it is new there.
pub(super) fn built_in_of(node: &mut NodeKind, name: &str, loc: Loc) -> Option<CollectionId> {
    let &(name, kind, columns) = BUILT_IN.iter().find(|&&(known, ..)| known == name)?;
    let known = node
        .collections
        .iter()
        .find(|(_, collection)| collection.kind == kind);
    if let Some((id, _)) = known {
        return Some(id);
    }
    let columns = columns
        .iter()
        .map(|&(name, ty)| plain_column(name, Some(TypeRef::plain(ty)), loc))
        .collect();
    Some(node.collections_mut().push(Collection {
        name: SmolStr::new(name),
        kind,
        columns,
        durable: false,
        immutable: false,
        sealed_by: Vec::new(),
        public: false,
        imported: false,
        nondeterministic: None,
        delivery: Delivery::Free,
        doc: SmolStr::default(),
        loc,
    }))
}

/// A key column without more to it.
pub(super) fn plain_column(name: &str, ty: Option<TypeRef>, loc: Loc) -> Column {
    Column {
        name: SmolStr::new(name),
        ty,
        key: true,
        location: false,
        default: None,
        doc: SmolStr::default(),
        loc,
    }
}

impl<'a> Resolver<'a> {
    pub fn built_in(&mut self, name: &str) -> Option<CollectionId> {
        let loc = Loc::new(self.item(0, 0), Span::default());
        built_in_of(&mut self.kind.node, name, loc)
    }

    /// Kind and columns of a declaration, without what needs other names: types, defaults.
    pub fn columns_as_declared(
        &mut self,
        decl: &ast::Collection,
        item: ItemRef,
    ) -> (CollectionKind, Vec<Column>) {
        let no_values = Vec::new();
        let values = decl.values.as_ref().unwrap_or(&no_values);
        let mut columns: Vec<Column> = Vec::with_capacity(decl.keys.len() + values.len());
        let keys = decl.keys.iter().map(|column| (column, true));
        for (column, key) in keys.chain(values.iter().map(|column| (column, false))) {
            let loc = Loc::new(item, column.name.span);
            if let Some(before) = columns
                .iter()
                .find(|before| before.name == column.name.text)
            {
                let before = before.loc;
                self.report_duplicate(column.name.as_str(), loc, before);
            }
            columns.push(Column {
                name: column.name.text.clone(),
                ty: None,
                key,
                location: column.at.is_some(),
                default: None,
                doc: doc(&column.docs),
                loc,
            });
        }
        let location = self.check_location(decl, item);
        self.check_modifiers(decl, item);
        let kind = match decl.kind {
            ast::CollectionKind::Table => CollectionKind::Table,
            ast::CollectionKind::Scratch => CollectionKind::Scratch,
            ast::CollectionKind::Static => CollectionKind::Static,
            ast::CollectionKind::Input => CollectionKind::Input,
            ast::CollectionKind::Output => CollectionKind::Output,
            ast::CollectionKind::View => CollectionKind::View,
            ast::CollectionKind::Channel => CollectionKind::Channel { location },
            ast::CollectionKind::Loopback => CollectionKind::Loopback,
        };
        (kind, columns)
    }

    /// The place of the location column: a channel has exactly one, nothing else has any.
    fn check_location(&mut self, decl: &ast::Collection, item: ItemRef) -> u32 {
        let is_channel = decl.kind == ast::CollectionKind::Channel;
        let columns = decl.keys.iter().chain(decl.values.iter().flatten());
        let mut marked = columns
            .enumerate()
            .filter_map(|(place, column)| column.at.map(|span| (place, span)));
        let first = marked.next();
        match (is_channel, first) {
            (true, None) => {
                let loc = Loc::new(item, decl.name.span);
                let message = format!("the channel `{}` has no location column", decl.name);
                let diagnostic = self
                    .diagnostic(codes::E0222, loc, message, "`@` stands before no column")
                    .with_help("mark the column with the receiver's address: `@to: Addr`");
                self.report(diagnostic);
            }
            (false, Some((_, span))) => {
                let message = format!("`{}` is no channel and has no location column", decl.name);
                self.error(
                    codes::E0222,
                    Loc::new(item, span),
                    message,
                    "`@` is for channels",
                );
            }
            (true, Some(_)) => {
                if let Some((_, span)) = marked.next() {
                    let message = format!("the channel `{}` has two location columns", decl.name);
                    self.error(
                        codes::E0222,
                        Loc::new(item, span),
                        message,
                        "the second `@`",
                    );
                }
            }
            (false, None) => {}
        }
        first.map_or(0, |(place, _)| place as u32)
    }

    /// Only a table outlives a tick, and so a crash; only rows from outside need a promise about the stream.
    fn check_modifiers(&mut self, decl: &ast::Collection, item: ItemRef) {
        let (survives, promises) = match decl.kind {
            ast::CollectionKind::Table => (true, false),
            ast::CollectionKind::Input
            | ast::CollectionKind::Channel
            | ast::CollectionKind::Loopback => (false, true),
            ast::CollectionKind::Scratch
            | ast::CollectionKind::Static
            | ast::CollectionKind::Output
            | ast::CollectionKind::View => (false, false),
        };
        let misplaced = [
            ("durable", decl.durable, survives, "a table"),
            (
                "immutable",
                decl.immutable,
                promises,
                "an input, channel or loopback",
            ),
        ];
        for (word, span, fits, of) in misplaced {
            if let Some(span) = span.filter(|_| !fits) {
                let message = format!("only {of} can be {word}, not `{}`", decl.name);
                self.error(
                    codes::E0230,
                    Loc::new(item, span),
                    message,
                    "does not fit the collection",
                );
            }
        }
    }

    /// Types and defaults of columns, and `sealed by`.
    pub fn resolve_columns(&mut self, pending: &PendingColumns<'a>) {
        let &PendingColumns {
            id,
            decl,
            scope,
            item,
        } = pending;
        let columns = decl.keys.iter().chain(decl.values.iter().flatten());
        for (place, column) in columns.enumerate() {
            let ty = match &column.ty {
                Some(ty) => {
                    let loc = Loc::new(item, column.name.span);
                    Some(self.resolve_kept_type(scope, &[], ty, loc))
                }
                None if decl.kind == ast::CollectionKind::Scratch => None,
                None => {
                    let loc = Loc::new(item, column.name.span);
                    let message = format!(
                        "the column `{}` of the {} `{}` has no type",
                        column.name,
                        self.kind.node.collections[id].kind.word(),
                        decl.name
                    );
                    self.error(
                        codes::E0224,
                        loc,
                        message,
                        "only a scratch may leave out types",
                    );
                    Some(TypeRef::Error)
                }
            };
            let default = column
                .default
                .as_ref()
                .map(|value| Box::new(self.closed_body(scope, value, item)));
            let resolved = &mut self.kind.node.collections_mut()[id].columns[place];
            resolved.ty = ty;
            resolved.default = default;
        }
        self.complete_sealing(pending);
    }
}
