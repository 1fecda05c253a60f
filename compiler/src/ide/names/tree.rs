//! Names that the syntax trees have the places of: all declarations, columns, types, modules, nodes of tests.
//!
//! What a name of a type or module means is looked up along the modules around it, as resolution does; what
//! stands in a row, [`Rows`] tells.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::program::Parts;
use super::{Found, Known, Mention, Role, Rows, Source, Target};
use crate::base::{FileId, FileSpan, Span};
use crate::hir::{Collection, Place};
use crate::syntax::ast::{
    self, Expr, ExprKind, Item, ItemKind, ItemNode, Name, Path, Type, TypeKind,
};

mod groups;
mod rules;
mod tests;

/// In scope everywhere.
const PRELUDE: &str = "std.prelude";

/// After so many items it is asked whether somebody waits.
const ITEMS_AT_ONCE: usize = 256;

/// Finds the names of each item, those that the program says among them.
pub(super) fn names<'s>(known: Known<'_>, sources: &'s [Source<'s>], found: &mut Found<'_>) {
    let mut levels = FxHashMap::default();
    for (file, source) in (0..).map(FileId).zip(sources) {
        let level = Level {
            file,
            base: 0,
            items: &source.module.items,
        };
        find_levels(level, &mut levels);
        levels.insert(Target::File(file), level);
    }
    let prelude = sources.iter().position(|source| source.name == PRELUDE);
    let mut walk = Walk {
        known,
        parts: Parts::new(known),
        sources,
        rows: Rows::default(),
        mentions: Vec::new(),
        found,
        fields: fields(levels.values()),
        levels,
        scopes: Vec::new(),
        file: FileId(0),
        base: 0,
        around: (&[], 0),
    };
    for (number, source) in (0..).zip(sources) {
        walk.scopes.clear();
        if let Some(prelude) = prelude {
            walk.enter(Target::File(FileId(prelude as u32)));
        }
        walk.enter(Target::File(FileId(number)));
        walk.file = FileId(number);
        walk.items(&source.module.items, 0);
    }
}

/// What one file or module declares.
#[derive(Clone, Copy)]
struct Level<'s> {
    file: FileId,
    base: u32,
    items: &'s [ItemNode],
}

fn find_levels<'s>(level: Level<'s>, levels: &mut FxHashMap<Target, Level<'s>>) {
    for node in level.items {
        if let ItemKind::Module(module) = &node.item.kind {
            let inner = Level {
                base: level.base + node.offset,
                items: &module.items,
                ..level
            };
            let name = FileSpan::new(level.file, module.name.span.shifted(inner.base));
            levels.insert(Target::Module(name), inner);
            find_levels(inner, levels);
        }
    }
}

type Scope = FxHashMap<SmolStr, Target>;

/// Names, and where they are declared.
type Fields = Vec<(SmolStr, FileSpan)>;

fn fields<'l, 's: 'l>(levels: impl Iterator<Item = &'l Level<'s>>) -> FxHashMap<Target, Fields> {
    let mut found = FxHashMap::default();
    for level in levels {
        for node in level.items {
            let base = level.base + node.offset;
            let place = |name: &Name| FileSpan::new(level.file, name.span.shifted(base));
            let field = |field: &ast::Field| (field.name.text.clone(), place(&field.name));
            let mut add = |of: Target, fields: &[ast::Field]| {
                found.insert(of, fields.iter().map(field).collect());
            };
            if let ItemKind::Record(record) = &node.item.kind {
                add(Target::Type(place(&record.name)), &record.fields);
            }
            if let ItemKind::Lattice(lattice) = &node.item.kind {
                add(Target::Type(place(&lattice.name)), &lattice.fields);
            }
            if let ItemKind::Enum(item) = &node.item.kind {
                for variant in &item.variants {
                    add(Target::Variant(place(&variant.name)), &variant.fields);
                }
            }
        }
    }
    found
}

/// What can be named in a file or module. Imports are called as values are, and hide no module.
#[derive(Default)]
struct Scopes {
    names: Scope,
    imports: Scope,
    /// Of a module, which may stand for other modules.
    params: Scope,
}

struct Walk<'p, 's, 'f> {
    known: Known<'p>,
    parts: Parts<'p>,
    sources: &'s [Source<'s>],
    /// Of the item.
    rows: Rows<'p>,
    /// Of the item.
    mentions: Vec<Mention>,
    found: &'f mut Found<'f>,
    /// What is in files, modules and imports.
    levels: FxHashMap<Target, Level<'s>>,
    /// Of each record, variant and lattice, by where it is declared.
    fields: FxHashMap<Target, Fields>,
    /// The innermost last.
    scopes: Vec<Scopes>,
    file: FileId,
    /// Where the item begins that places count from.
    base: u32,
    /// The items around it, and what they count from.
    around: (&'s [ItemNode], u32),
}

impl<'s> Walk<'_, 's, '_> {
    fn place(&self, span: Span) -> FileSpan {
        FileSpan::new(self.file, span.shifted(self.base))
    }

    fn add(&mut self, span: Span, role: Role, target: Target) {
        let place = self.place(span);
        if !place.span.is_empty() {
            self.mentions.push(Mention {
                place,
                role,
                target,
            });
        }
    }

    fn declare(&mut self, name: &Name, target: fn(FileSpan) -> Target) {
        let target = target(self.place(name.span));
        self.add(name.span, Role::Declares, target);
    }

    /// Puts what a file or module declares into a scope of its own; imports last, since they name modules.
    fn enter(&mut self, of: Target) {
        let Some(&level) = self.levels.get(&of) else {
            self.scopes.push(Scopes::default());
            return;
        };
        self.scopes.push(Scopes {
            names: declared(level),
            ..Scopes::default()
        });
        self.file = level.file;
        for node in level.items {
            if let ItemKind::Import(import) = &node.item.kind {
                self.base = level.base + node.offset;
                let named = import.alias.as_ref().unwrap_or(import.target.path.last());
                let target = Target::Import(self.place(named.span));
                let module = self.module(&import.target.path).last().copied().flatten();
                if let Some(&inner) = module.and_then(|module| self.levels.get(&module)) {
                    self.levels.insert(target, inner);
                }
                let scope = self.scopes.last_mut().expect("it was just pushed");
                scope.imports.insert(named.text.clone(), target);
            }
        }
    }

    fn find(&self, name: &Name) -> Option<Target> {
        let mut scopes = self.scopes.iter().rev();
        scopes.find_map(|scope| scope.names.get(&name.text).copied())
    }

    fn find_import(&self, name: &Name) -> Option<Target> {
        let mut scopes = self.scopes.iter().rev();
        scopes.find_map(|scope| scope.imports.get(&name.text).copied())
    }

    /// What is declared under that name in a file, module or import.
    fn member(&self, of: Target, name: &Name) -> Option<Target> {
        let level = *self.levels.get(&of)?;
        declared(level).get(&name.text).copied()
    }

    /// What each part of a module's path means; none of folders.
    fn module(&self, path: &Path) -> Vec<Option<Target>> {
        let segments = &path.segments;
        let mut found = vec![None; segments.len()];
        let first = self.find(&segments[0]).filter(|&first| is_module(first));
        let mut known = match first {
            Some(first) => Some((0, first)),
            None => {
                let import = || Some((0, self.find_import(&segments[0])?));
                self.file_of(segments).or_else(import)
            }
        };
        while let Some((at, target)) = known {
            found[at] = Some(target);
            let next = segments.get(at + 1);
            let next = next.and_then(|name| self.member(target, name));
            known = next.map(|target| (at + 1, target));
        }
        found
    }

    /// The file that the longest beginning of a path names, from the folder of this file or the root, and which
    /// part is its name.
    fn file_of(&self, segments: &[Name]) -> Option<(usize, Target)> {
        let own = self.sources[self.file.0 as usize].name;
        let folder = own.rsplit_once('.').map(|(folder, _)| folder);
        (1..=segments.len()).rev().find_map(|length| {
            let parts: Vec<&str> = segments[..length].iter().map(Name::as_str).collect();
            let path = parts.join(".");
            let inside = folder.map(|folder| format!("{folder}.{path}"));
            let mut sources = self.sources.iter();
            let number = sources
                .position(|source| source.name == path || inside.as_deref() == Some(source.name))?;
            Some((length - 1, Target::File(FileId(number as u32))))
        })
    }

    fn module_ref(&mut self, module: &ast::ModuleRef) {
        self.module_path(&module.path);
        module.type_args.iter().for_each(|ty| self.ty(ty));
        module.args.iter().for_each(|arg| self.argument(&arg.value));
    }

    /// What a parameter of a module gets, which may be another module.
    fn argument(&mut self, value: &Expr) {
        match value.as_path() {
            Some(path) => {
                self.lead(&path, true);
            }
            None => self.expr(value),
        }
    }

    fn module_path(&mut self, path: &Path) {
        if let [name] = path.segments.as_slice() {
            let params = self.scopes.last().map(|scope| &scope.params);
            if let Some(&param) = params.and_then(|params| params.get(&name.text)) {
                self.add(name.span, Role::Reads, param);
                return;
            }
        }
        for (name, target) in path.segments.iter().zip(self.module(path)) {
            if let Some(target) = target {
                self.add(name.span, Role::Reads, target);
            }
        }
    }

    /// A path to a variant or value: what it names on its way is told here, and what it leads to.
    fn path(&mut self, path: &Path) -> Option<Target> {
        self.lead(path, false)
    }

    /// As [`Self::path`], for places where a module can stand as a whole: a value may be called as one is.
    fn lead(&mut self, path: &Path, to_module: bool) -> Option<Target> {
        let first = &path.segments[0];
        let mut target = self.find_import(first).or_else(|| self.find(first));
        let mut last = None;
        for (at, name) in path.segments.iter().enumerate() {
            let found = target?;
            let next = path.segments.get(at + 1);
            let is_told = match found {
                Target::Type(_) | Target::Variant(_) | Target::TestNode(_) => true,
                Target::Import(_) | Target::Module(_) => to_module || next.is_some(),
                Target::File(_)
                | Target::Collection(_)
                | Target::Column(_)
                | Target::Function(_)
                | Target::Constant(_)
                | Target::Field(_)
                | Target::Spec(_)
                | Target::Group(_)
                | Target::Variable(..) => false,
            };
            if is_told {
                self.add(name.span, Role::Reads, found);
            }
            target = next.and_then(|name| match found {
                // A variant by its type: those of a name are few.
                Target::Type(ty) => self.variant(ty, name),
                _ => self.member(found, name),
            });
            last = Some(found);
        }
        last
    }

    /// Fields that are named with values, of the record, variant or lattice that a path leads to.
    fn named_fields<'n>(&mut self, path: &Path, names: impl Iterator<Item = &'n Name>) {
        let of = self.path(path);
        let Some(known) = of.and_then(|of| self.fields.get(&of)).cloned() else {
            return;
        };
        for name in names {
            if let Some((_, declared)) = known.iter().find(|(own, _)| *own == name.text) {
                self.add(name.span, Role::Reads, Target::Field(*declared));
            }
        }
    }

    fn variant(&self, of: FileSpan, name: &Name) -> Option<Target> {
        let mut levels = self.levels.values().filter(|level| level.file == of.file);
        levels.find_map(|level| {
            level.items.iter().find_map(|node| {
                let ItemKind::Enum(item) = &node.item.kind else {
                    return None;
                };
                let base = level.base + node.offset;
                let is_it = item.name.span.shifted(base) == of.span;
                let mut variants = item.variants.iter().filter(|_| is_it);
                let variant = variants.find(|variant| variant.name.text == name.text)?;
                let span = variant.name.span.shifted(base);
                Some(Target::Variant(FileSpan::new(level.file, span)))
            })
        })
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Path { path, args } => {
                self.lead(path, true);
                args.iter().for_each(|ty| self.ty(ty));
            }
            TypeKind::Tuple(parts) => parts.iter().for_each(|ty| self.ty(ty)),
            TypeKind::Option(inner) => self.ty(inner),
            TypeKind::Function { params, ret } => {
                params.iter().for_each(|ty| self.ty(ty));
                self.ty(ret);
            }
        }
    }

    fn items(&mut self, items: &'s [ItemNode], base: u32) {
        for (number, node) in items.iter().enumerate() {
            if number % ITEMS_AT_ONCE == 0 {
                (self.known.pause)();
            }
            self.around = (items, base);
            self.base = base + node.offset;
            let place = Place {
                file: self.file,
                offset: self.base,
            };
            if self.known.wants(place) {
                let known = (self.known, self.sources);
                self.rows.0.clear();
                let (mentions, rows) = (&mut self.mentions, &mut self.rows);
                self.parts.names(place, known, mentions, rows);
                self.rows.sort();
                self.item(&node.item);
                (self.found)(place, &mut self.mentions);
            }
            // What is in a module may be wanted where the module as such is not.
            if let ItemKind::Module(module) = &node.item.kind {
                self.inside(module, base + node.offset);
            }
        }
    }

    fn item(&mut self, item: &'s Item) {
        match &item.kind {
            ItemKind::Import(import) => {
                self.module_ref(&import.target);
                let named = import.alias.as_ref().unwrap_or(import.target.path.last());
                self.declare(named, Target::Import);
            }
            ItemKind::Include(include) => self.include(include),
            ItemKind::TypeAlias(alias) => {
                self.declare(&alias.name, Target::Type);
                self.ty(&alias.ty);
            }
            ItemKind::Record(record) => {
                self.declare(&record.name, Target::Type);
                self.declare_fields(&record.fields);
            }
            ItemKind::Enum(item) => {
                self.declare(&item.name, Target::Type);
                for variant in &item.variants {
                    self.declare(&variant.name, Target::Variant);
                    self.declare_fields(&variant.fields);
                }
            }
            ItemKind::Lattice(lattice) => self.lattice(lattice),
            ItemKind::Function(function) => {
                self.declare(&function.name, Target::Function);
                function.params.iter().for_each(|param| self.ty(&param.ty));
                self.ty(&function.ret);
                self.expr(&function.body);
            }
            ItemKind::Const(constant) => {
                self.declare(&constant.name, Target::Constant);
                constant.ty.iter().for_each(|ty| self.ty(ty));
                self.expr(&constant.value);
            }
            ItemKind::Collection(collection) => self.collection(collection),
            ItemKind::Periodic(periodic) => {
                self.declare(&periodic.name, Target::Collection);
                self.expr(&periodic.every);
            }
            ItemKind::Rule(rule) => self.rule(&rule.read()),
            ItemKind::Bootstrap(block) => block.rules.iter().for_each(|rule| self.rule(rule)),
            ItemKind::Rules(rules) => self.group(rules),
            ItemKind::Seal(seal) => self.rule(&seal.rule),
            ItemKind::Module(module) => self.module_header(module),
            ItemKind::Spec(spec) => self.spec(spec),
            ItemKind::Test(test) => self.test(test),
            ItemKind::FaultTest(fault) => self.test(&fault.test),
            ItemKind::Extern(node) => node
                .collections
                .iter()
                .for_each(|collection| self.collection(collection)),
            ItemKind::Broken(_) => {}
        }
    }

    fn module_header(&mut self, module: &ast::ModuleItem) {
        self.declare(&module.name, Target::Module);
        for protocol in &module.protocols {
            if let TypeKind::Path { path, args } = &protocol.kind {
                self.module_path(path);
                args.iter().for_each(|ty| self.ty(ty));
            }
        }
        for param in &module.params {
            self.declare(&param.name, Target::Constant);
            self.ty(&param.ty);
            let default = param.default.iter();
            default.for_each(|default| self.argument(default));
        }
    }

    /// The items of a module that starts at `base`.
    fn inside(&mut self, module: &'s ast::ModuleItem, base: u32) {
        let file = self.file;
        let place = |name: &Name| FileSpan::new(file, name.span.shifted(base));
        let params = module.params.iter();
        let params: Scope = params
            .map(|param| {
                (
                    param.name.text.clone(),
                    Target::Constant(place(&param.name)),
                )
            })
            .collect();
        self.enter(Target::Module(place(&module.name)));
        self.scopes.last_mut().expect("it was just pushed").params = params;
        self.file = file;
        self.items(&module.items, base);
        self.scopes.pop();
    }

    fn lattice(&mut self, lattice: &ast::Lattice) {
        self.declare(&lattice.name, Target::Type);
        self.declare_fields(&lattice.fields);
        if let ast::LatticeForm::Own(own) = &lattice.form {
            own.bottom.iter().for_each(|bottom| self.expr(bottom));
            own.merge.iter().for_each(|merge| self.expr(&merge.body));
        }
    }

    fn declare_fields(&mut self, fields: &[ast::Field]) {
        for field in fields {
            self.declare(&field.name, Target::Field);
            self.ty(&field.ty);
        }
    }

    fn collection(&mut self, collection: &ast::Collection) {
        self.declare(&collection.name, Target::Collection);
        let columns = collection
            .keys
            .iter()
            .chain(collection.values.iter().flatten());
        let mut places = FxHashMap::default();
        for column in columns {
            self.declare(&column.name, Target::Column);
            places.insert(&column.name.text, self.place(column.name.span));
            column.ty.iter().for_each(|ty| self.ty(ty));
            column.default.iter().for_each(|default| self.expr(default));
        }
        for name in &collection.sealed_by {
            if let Some(&column) = places.get(&name.text) {
                self.add(name.span, Role::Reads, Target::Column(column));
            }
        }
    }

    /// A column that a row of a collection names.
    fn column(&mut self, of: &Collection, name: &Name, role: Role) {
        let column = of.columns.iter().find(|column| column.name == name.text);
        if let Some(column) = column.filter(|_| !of.is_everywhere()) {
            let target = Target::Column(self.known.place(column.loc));
            self.add(name.span, role, target);
        }
    }
}

fn is_module(target: Target) -> bool {
    matches!(
        target,
        Target::File(_) | Target::Module(_) | Target::Import(_)
    )
}

/// What a file or module declares by name; of imports, nothing.
fn declared(level: Level<'_>) -> Scope {
    let mut scope = Scope::default();
    for node in level.items {
        let base = level.base + node.offset;
        let place = |name: &Name| FileSpan::new(level.file, name.span.shifted(base));
        let (name, target): (&Name, fn(FileSpan) -> Target) = match &node.item.kind {
            ItemKind::TypeAlias(alias) => (&alias.name, Target::Type),
            ItemKind::Record(record) => (&record.name, Target::Type),
            ItemKind::Enum(item) => {
                for variant in &item.variants {
                    let target = Target::Variant(place(&variant.name));
                    scope.entry(variant.name.text.clone()).or_insert(target);
                }
                (&item.name, Target::Type)
            }
            ItemKind::Lattice(lattice) => (&lattice.name, Target::Type),
            ItemKind::Module(module) => (&module.name, Target::Module),
            ItemKind::Spec(spec) => (&spec.name, Target::Spec),
            ItemKind::Function(function) => (&function.name, Target::Function),
            ItemKind::Const(constant) => (&constant.name, Target::Constant),
            ItemKind::Collection(collection) => (&collection.name, Target::Collection),
            ItemKind::Periodic(periodic) => (&periodic.name, Target::Collection),
            ItemKind::Import(_)
            | ItemKind::Include(_)
            | ItemKind::Rule(_)
            | ItemKind::Bootstrap(_)
            | ItemKind::Rules(_)
            | ItemKind::Seal(_)
            | ItemKind::Test(_)
            | ItemKind::FaultTest(_)
            | ItemKind::Extern(_)
            | ItemKind::Broken(_) => continue,
        };
        scope.insert(name.text.clone(), target(place(name)));
    }
    scope
}
