//! What can be named at a cursor, of the program as far as it was understood.

use std::collections::BTreeMap;

use super::super::cursor::Cursor;
use super::super::signature::Signature;
use crate::base::{FileId, FileSpan};
use crate::database::{self, Db, Package};
use crate::hir::{Collection, CollectionId, Loc, NodeKind, Program};
use crate::syntax::TokenKind as T;
use crate::syntax::ast::{Import, ItemKind, ItemNode, Module, StepKind};
use crate::typing::{NodeTypes, Typed};

/// A collection, with what is known of its types.
#[derive(Clone, Copy)]
pub(in super::super) struct Seen<'d> {
    pub collection: &'d Collection,
    pub id: CollectionId,
    pub types: Option<&'d NodeTypes>,
}

pub(in super::super) struct Scene<'d> {
    db: &'d dyn Db,
    package: Package,
    pub program: &'d Program,
    pub typed: &'d Typed,
    pub module: &'d Module,
    offset: u32,
}

impl<'d> Scene<'d> {
    /// At a byte of the root file.
    pub fn new(db: &'d dyn Db, package: Package, offset: u32) -> Option<Self> {
        let root = *package.files(db).first()?;
        Some(Self {
            db,
            package,
            program: database::program(db, package),
            typed: database::typed(db, package),
            module: database::module(db, root),
            offset,
        })
    }

    fn place(&self, loc: Loc) -> FileSpan {
        database::file_span(self.db, self.package, loc)
    }

    fn kinds(&self) -> impl Iterator<Item = (&'d NodeKind, Option<&'d NodeTypes>)> {
        let types = self.typed.nodes.values().chain(&self.typed.unused);
        let types = types.map(Some).chain(std::iter::repeat(None));
        let kinds = self.program.nodes.values().chain(&self.program.unused);
        kinds.zip(types)
    }

    /// The items of the file and of the modules around the cursor, and where they count from.
    pub fn levels(&self) -> Vec<(&'d [ItemNode], u32)> {
        let mut levels = vec![(self.module.items.as_slice(), 0)];
        let mut next = levels.last().copied();
        while let Some((items, base)) = next {
            next = items.iter().find_map(|node| {
                let span = node.item.span.shifted(base + node.offset);
                let is_around = span.start < self.offset && self.offset < span.end;
                match &node.item.kind {
                    ItemKind::Module(module) if is_around => {
                        Some((module.items.as_slice(), base + node.offset))
                    }
                    _ => None,
                }
            });
            levels.extend(next);
        }
        levels
    }

    /// The kind of node that the cursor is in.
    fn kind_around(&self) -> Option<(&'d NodeKind, Option<&'d NodeTypes>)> {
        let mut around = None;
        for (items, base) in self.levels() {
            for node in items {
                let start = base + node.offset;
                let span = node.item.span.shifted(start);
                if let ItemKind::Module(module) = &node.item.kind
                    && span.start < self.offset
                    && self.offset < span.end
                {
                    around = Some(FileSpan::new(FileId(0), module.name.span.shifted(start)));
                }
            }
        }
        match around {
            Some(name) => self.kinds().find(|(kind, _)| self.place(kind.loc) == name),
            None if self.program.nodes.len() == 1 => self.kinds().next(),
            None => None,
        }
    }

    /// The collections that can be named by one name, by it.
    pub fn collections(&self) -> BTreeMap<String, Seen<'d>> {
        let mut found = BTreeMap::new();
        if let Some((kind, types)) = self.kind_around() {
            for (id, collection) in kind.collections.iter() {
                if !collection.name.contains('.') {
                    let seen = Seen {
                        collection,
                        id,
                        types,
                    };
                    found.insert(collection.name.to_string(), seen);
                }
            }
            return found;
        }
        // In a module that others import, or outside of all nodes: what is declared around the cursor.
        let levels = self.levels();
        for (kind, types) in self.kinds() {
            for (id, collection) in kind.collections.iter() {
                let declared = self.place(collection.loc);
                let own = collection.name.rsplit('.').next().unwrap_or_default();
                let is_here = collection.is_everywhere() && !collection.name.contains('.')
                    || declared.file == FileId(0)
                        && levels.iter().any(|(items, base)| {
                            items.iter().any(|node| {
                                !matches!(node.item.kind, ItemKind::Module(_))
                                    && node
                                        .item
                                        .span
                                        .shifted(base + node.offset)
                                        .contains(declared.span.start)
                            })
                        });
                if is_here {
                    let seen = Seen {
                        collection,
                        id,
                        types,
                    };
                    found.entry(own.to_owned()).or_insert(seen);
                }
            }
        }
        found
    }

    /// What an import lets be seen of its collections, by their own names.
    pub fn imported(&self, alias: &str) -> BTreeMap<String, Seen<'d>> {
        let mut found = BTreeMap::new();
        for (kind, types) in self.kinds() {
            for (id, collection) in kind.collections.iter() {
                let mut parts = collection.name.rsplit('.');
                let own = parts.next().unwrap_or_default();
                if parts.next() == Some(alias) && is_seen_outside(collection) {
                    let seen = Seen {
                        collection,
                        id,
                        types,
                    };
                    found.entry(own.to_owned()).or_insert(seen);
                }
            }
        }
        found
    }

    /// The collections of a kind of node, by its name.
    pub fn of_node(&self, name: &str) -> BTreeMap<String, Seen<'d>> {
        let kind = self.kinds().find(|(kind, _)| kind.name == name);
        let all = kind.into_iter().flat_map(|(kind, types)| {
            let collections = kind.collections.iter();
            collections.map(move |(id, collection)| {
                (
                    collection.name.to_string(),
                    Seen {
                        collection,
                        id,
                        types,
                    },
                )
            })
        });
        all.collect()
    }

    /// The collection that a path means here: of an import, of a node of a test, or by one name.
    pub fn find(&self, path: &[&str]) -> Option<Seen<'d>> {
        match path {
            [name] => self.collections().remove(*name),
            [first, name] => self.imported(first).remove(*name).or_else(|| {
                self.of_node(&self.test_nodes().remove(*first)?)
                    .remove(*name)
            }),
            _ => None,
        }
    }

    pub fn imports(&self) -> Vec<(String, &'d Import)> {
        let levels = self.levels();
        let items = levels.into_iter().flat_map(|(items, _)| items);
        let imports = items.filter_map(|node| match &node.item.kind {
            ItemKind::Import(import) => {
                let named = import.alias.as_ref().unwrap_or(import.target.path.last());
                Some((named.text.to_string(), import))
            }
            _ => None,
        });
        imports.collect()
    }

    /// The nodes of the test around the cursor, with the names of their kinds.
    pub fn test_nodes(&self) -> BTreeMap<String, String> {
        let mut nodes = BTreeMap::new();
        for (items, base) in self.levels() {
            for node in items {
                let span = node.item.span.shifted(base + node.offset);
                let steps = match &node.item.kind {
                    ItemKind::Test(test) => &test.steps,
                    ItemKind::FaultTest(fault) => &fault.test.steps,
                    _ => continue,
                };
                if span.start < self.offset && self.offset <= span.end {
                    for step in steps {
                        if let StepKind::Node(decl) = &step.kind {
                            let kind = decl.kind.last().text.to_string();
                            let named = decl.names.iter();
                            nodes.extend(named.map(|name| (name.text.to_string(), kind.clone())));
                        }
                    }
                }
            }
        }
        nodes
    }

    /// The type of a column, as it is written.
    pub fn column_type(&self, seen: Seen<'d>, column: usize) -> String {
        let types = seen.types.and_then(|types| types.collections.get(seen.id));
        let ty = types.and_then(|columns| columns.get(column));
        ty.map_or_else(String::new, |ty| self.typed.types.show(ty.ty))
    }

    /// What a row of the collection that a path means takes.
    pub fn row_signature(&self, path: &[&str]) -> Option<Signature> {
        let seen = self.find(path)?;
        let columns = seen.collection.columns.iter().enumerate();
        let parameters: Vec<String> = columns
            .map(|(at, column)| match self.column_type(seen, at) {
                ty if ty.is_empty() => column.name.to_string(),
                ty => format!("{}: {ty}", column.name),
            })
            .collect();
        let word = seen.collection.kind.word();
        Some(Signature {
            label: format!("{word} {}({})", path.join("."), parameters.join(", ")),
            parameters,
            doc: seen.collection.doc.to_string(),
        })
    }

    /// The type of a variable of the statement that the cursor is in: as it was inferred, or as a row of the
    /// statement that names it in a column tells.
    pub fn variable_type(&self, cursor: &Cursor<'_>, name: &str) -> Option<String> {
        let inferred = self.kinds().find_map(|(kind, types)| {
            let mut rules = kind.rules.iter();
            let (id, rule) = rules.find(|(_, rule)| {
                let place = self.place(rule.loc);
                let FileSpan { file, span } = place;
                file == FileId(0) && span.start <= self.offset && self.offset <= span.end
            })?;
            let (var, _) = rule.body.vars.iter().find(|(_, var)| var.name == name)?;
            let ty = *types?.rules.get(id)?.vars.get(var)?;
            Some(self.typed.types.show(ty))
        });
        inferred.or_else(|| self.column_of(cursor, name))
    }

    fn column_of(&self, cursor: &Cursor<'_>, name: &str) -> Option<String> {
        let tokens = cursor.statement();
        let text = |at: usize| {
            tokens
                .get(at)
                .map_or("", |token| &cursor.text[token.span.range()])
        };
        let mut open: Vec<(Option<Seen<'d>>, usize)> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                T::OpenBrace | T::OpenParen | T::OpenBracket => {
                    let before = at.checked_sub(1).map(|before| tokens[before].kind);
                    let row = before.filter(|kind| kind.is_lower_name());
                    let row = row.and_then(|_| match at.checked_sub(3) {
                        Some(first) if tokens[at - 2].kind == T::Dot => {
                            self.find(&[text(first), text(at - 1)])
                        }
                        _ => self.find(&[text(at - 1)]),
                    });
                    open.push((row, 0));
                }
                T::CloseBrace | T::CloseParen | T::CloseBracket => {
                    open.pop();
                }
                T::Comma => {
                    if let Some((_, commas)) = open.last_mut() {
                        *commas += 1;
                    }
                }
                kind if kind.is_lower_name() && text(at) == name => {
                    let Some(&(Some(seen), commas)) = open.last() else {
                        continue;
                    };
                    let after = tokens.get(at + 1).map(|token| token.kind);
                    let is_whole = matches!(after, Some(T::Comma | T::CloseBrace | T::CloseParen));
                    let before = at.checked_sub(1).map(|before| tokens[before].kind);
                    let column = match before {
                        Some(T::Colon) => seen.collection.column(text(at - 2)),
                        Some(T::OpenBrace) => seen.collection.column(name),
                        Some(T::Comma) => {
                            let named = seen.collection.column(name);
                            named.or(u32::try_from(commas).ok())
                        }
                        Some(T::OpenParen) => Some(0),
                        _ => None,
                    };
                    if let Some(column) = column.filter(|_| is_whole) {
                        let shown = self.column_type(seen, column as usize);
                        return Some(shown).filter(|shown| !shown.is_empty());
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// Whether those who import its module can name it.
fn is_seen_outside(collection: &Collection) -> bool {
    use crate::hir::CollectionKind as Kind;
    let is_open = matches!(collection.kind, Kind::Input | Kind::Output | Kind::View);
    is_open && collection.imported
}
