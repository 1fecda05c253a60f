//! What can be named at a cursor, of the program as far as it was understood.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::super::cursor::Cursor;
use super::super::language;
use super::super::signature::Signature;
use crate::base::{FileId, FileSpan, Span};
use crate::database::{self, Db, Language, Package};
use crate::hir::{Collection, CollectionId, Loc, NodeKind, Program, Rule, RuleId};
use crate::syntax::TokenKind as T;
use crate::syntax::ast::{Import, ItemKind, ItemNode, Module, StepKind};
use crate::typing::{NodeTypes, Typed};

/// How many items before and behind the one with the cursor are read with it: where one is not whole, the next may go
/// on with it.
const ITEMS_BEFORE: usize = 1;
const ITEMS_BEHIND: usize = 2;

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
    /// The items of the file and of the modules around the cursor, and where they count from.
    levels: Vec<(&'d [ItemNode], u32)>,
    imports: OnceCell<Vec<(String, &'d Import)>>,
    rule: OnceCell<Option<RuleAt<'d>>>,
}

/// The rule that the cursor is in.
#[derive(Clone, Copy)]
struct RuleAt<'d> {
    id: RuleId,
    rule: &'d Rule,
    types: Option<&'d NodeTypes>,
}

impl<'d> Scene<'d> {
    /// At a byte of the root file.
    pub fn new(db: &'d dyn Db, package: Package, offset: u32) -> Option<Self> {
        let root = *package.files(db).first()?;
        let module = database::module(db, root);
        Some(Self {
            db,
            package,
            program: database::program(db, package),
            typed: database::typed(db, package),
            module,
            offset,
            levels: levels(&module.items, offset),
            imports: OnceCell::new(),
            rule: OnceCell::new(),
        })
    }

    /// What the cursor is to be read with: the items of the file next to it.
    pub fn stretch(&self) -> Span {
        let root = self.package.files(self.db).first().copied();
        let is_bloom = root.is_some_and(|root| root.language(self.db) == Language::Bloom);
        let end = root.map_or(0, |root| root.text(self.db).len() as u32);
        if !is_bloom {
            return Span::new(0, end);
        }
        let items = &self.module.items;
        let next = items.partition_point(|node| node.offset < self.offset);
        let before = next.checked_sub(1 + ITEMS_BEFORE);
        let behind = items[next..].iter().map(|node| node.offset);
        let mut behind = behind
            .filter(|&offset| offset > self.offset)
            .skip(ITEMS_BEHIND);
        Span::new(
            before.map_or(0, |before| items[before].offset),
            behind.next().unwrap_or(end),
        )
    }

    fn place(&self, loc: Loc) -> FileSpan {
        database::file_span(self.db, self.package, loc)
    }

    fn kinds(&self) -> impl Iterator<Item = (&'d NodeKind, Option<&'d NodeTypes>)> {
        self.typed.kinds(self.program)
    }

    /// The items of the file and of the modules around the cursor, and where they count from.
    pub fn levels(&self) -> &[(&'d [ItemNode], u32)] {
        &self.levels
    }

    /// The kind of node that the cursor is in.
    fn kind_around(&self) -> Option<(&'d NodeKind, Option<&'d NodeTypes>)> {
        let around = self.levels.iter().rev().find_map(|&(items, base)| {
            let node = around(items, base, self.offset)?;
            let ItemKind::Module(module) = &node.item.kind else {
                return None;
            };
            let name = module.name.span.shifted(base + node.offset);
            Some(FileSpan::new(FileId(0), name))
        });
        match around {
            Some(name) => self.kinds().find(|(kind, _)| self.place(kind.loc) == name),
            None if self.program.nodes.len() == 1 => self.kinds().next(),
            None => None,
        }
    }

    /// The collection of this name that every program has.
    pub fn everywhere(&self, name: &str) -> Option<Signature> {
        self.kinds().find_map(|(kind, types)| {
            let mut all = kind.collections.iter();
            let (id, collection) = all.find(|(_, one)| one.name == name && one.is_everywhere())?;
            let seen = Seen {
                collection,
                id,
                types,
            };
            let mut signature = self.row(name, seen);
            signature.doc = language::collection(collection.kind)?.to_owned();
            Some(signature)
        })
    }

    /// The collections that can be named by one name, each by it; where several have one name, the first.
    pub fn collections(&self) -> Vec<(&'d str, Seen<'d>)> {
        if let Some((kind, types)) = self.kind_around() {
            let all = kind.collections.iter();
            let named = all.filter(|(_, collection)| !collection.name.contains('.'));
            let seen = named.map(|(id, collection)| {
                let seen = Seen {
                    collection,
                    id,
                    types,
                };
                (collection.name.as_str(), seen)
            });
            return seen.collect();
        }
        // In a module that others import, or outside of all nodes: what is declared around the cursor.
        let mut found = Vec::new();
        for (kind, types) in self.kinds() {
            for (id, collection) in kind.collections.iter() {
                let own = collection.name.rsplit('.').next().unwrap_or_default();
                let is_here = collection.is_everywhere() && !collection.name.contains('.')
                    || self.is_declared_around(self.place(collection.loc));
                if is_here {
                    let seen = Seen {
                        collection,
                        id,
                        types,
                    };
                    found.push((own, seen));
                }
            }
        }
        found.sort_by_key(|(name, _)| *name);
        found.dedup_by_key(|(name, _)| *name);
        found
    }

    /// Whether the place is in the file or in a module around the cursor, and in none that is not.
    fn is_declared_around(&self, declared: FileSpan) -> bool {
        let mut levels = self.levels.iter();
        declared.file == FileId(0)
            && levels.any(|(items, base)| {
                let at = declared.span.start;
                let upto = items.partition_point(|node| base + node.offset <= at);
                items[..upto].last().is_some_and(|node| {
                    !matches!(node.item.kind, ItemKind::Module(_))
                        && node.item.span.shifted(base + node.offset).contains(at)
                })
            })
    }

    /// The collection with this name among those that one name can mean.
    pub fn named(&self, name: &str) -> Option<Seen<'d>> {
        if let Some((kind, types)) = self.kind_around() {
            let mut all = kind.collections.iter();
            let (id, collection) = all.find(|(_, collection)| collection.name == name)?;
            return (!name.contains('.')).then_some(Seen {
                collection,
                id,
                types,
            });
        }
        let all = self.collections();
        let at = all.binary_search_by_key(&name, |(own, _)| own).ok()?;
        Some(all[at].1)
    }

    /// How far from the cursor a collection is declared; what is not in this file is far.
    pub fn distance(&self, seen: Seen<'d>) -> u32 {
        let declared = self.place(seen.collection.loc);
        match declared.file == FileId(0) {
            true => declared.span.start.abs_diff(self.offset),
            false => u32::MAX,
        }
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
            [name] => self.named(name),
            [first, name] => self.imported(first).remove(*name).or_else(|| {
                self.of_node(&self.test_nodes().remove(*first)?)
                    .remove(*name)
            }),
            _ => None,
        }
    }

    pub fn imports(&self) -> &[(String, &'d Import)] {
        self.imports.get_or_init(|| {
            let items = self.levels.iter().flat_map(|(items, _)| *items);
            let imports = items.filter_map(|node| match &node.item.kind {
                ItemKind::Import(import) => {
                    let named = import.alias.as_ref().unwrap_or(import.target.path.last());
                    Some((named.text.to_string(), &**import))
                }
                _ => None,
            });
            imports.collect()
        })
    }

    /// The nodes of the test around the cursor, with the names of their kinds.
    pub fn test_nodes(&self) -> BTreeMap<String, String> {
        let mut nodes = BTreeMap::new();
        for &(items, base) in &self.levels {
            let upto = items.partition_point(|node| base + node.offset < self.offset);
            let Some(node) = items[..upto].last() else {
                continue;
            };
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
        Some(self.row(&path.join("."), self.find(path)?))
    }

    fn row(&self, path: &str, seen: Seen<'d>) -> Signature {
        let columns = seen.collection.columns.iter().enumerate();
        let parameters: Vec<String> = columns
            .map(|(at, column)| match self.column_type(seen, at) {
                ty if ty.is_empty() => column.name.to_string(),
                ty => format!("{}: {ty}", column.name),
            })
            .collect();
        let word = seen.collection.kind.word();
        let word = match seen.collection.is_everywhere() {
            true => String::new(),
            false => format!("{word} "),
        };
        Signature {
            label: format!("{word}{path}({})", parameters.join(", ")),
            parameters,
            doc: seen.collection.doc.to_string(),
        }
    }

    /// The type of a variable of the statement that the cursor is in: as it was inferred, or as a row of the
    /// statement that names it in a column tells.
    pub fn variable_type(&self, cursor: &Cursor<'_>, name: &str) -> Option<String> {
        let inferred = || {
            let RuleAt { id, rule, types } = self.rule()?;
            let (var, _) = rule.body.vars.iter().find(|(_, var)| var.name == name)?;
            let ty = *types?.rules.get(id)?.vars.get(var)?;
            Some(self.typed.types.show(ty))
        };
        inferred().or_else(|| self.column_of(cursor, name))
    }

    fn rule(&self) -> Option<RuleAt<'d>> {
        *self.rule.get_or_init(|| {
            self.kinds().find_map(|(kind, types)| {
                let mut rules = kind.rules.iter();
                let (id, rule) = rules.find(|(_, rule)| {
                    let FileSpan { file, span } = self.place(rule.loc);
                    file == FileId(0) && span.start <= self.offset && self.offset <= span.end
                })?;
                Some(RuleAt { id, rule, types })
            })
        })
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

/// The module that the offset is in.
fn around(items: &[ItemNode], base: u32, offset: u32) -> Option<&ItemNode> {
    let upto = items.partition_point(|node| base + node.offset < offset);
    let node = items[..upto].last()?;
    let span = node.item.span.shifted(base + node.offset);
    let is_module = matches!(node.item.kind, ItemKind::Module(_));
    (is_module && span.start < offset && offset < span.end).then_some(node)
}

/// The items of a file and of the modules around an offset in it.
fn levels(items: &[ItemNode], offset: u32) -> Vec<(&[ItemNode], u32)> {
    let mut levels = vec![(items, 0)];
    let mut next = levels.last().copied();
    while let Some((items, base)) = next {
        next = around(items, base, offset).and_then(|node| match &node.item.kind {
            ItemKind::Module(module) => Some((module.items.as_slice(), base + node.offset)),
            _ => None,
        });
        levels.extend(next);
    }
    levels
}

/// Whether those who import its module can name it.
fn is_seen_outside(collection: &Collection) -> bool {
    use crate::hir::CollectionKind as Kind;
    let is_open = matches!(collection.kind, Kind::Input | Kind::Output | Kind::View);
    is_open && collection.imported
}
