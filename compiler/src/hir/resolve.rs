//! From trees to the resolved program.
//!
//! Each kind of node is built by itself: its file, its own items and every import are opened as scopes
//! ([`modules`], [`declare`]), which declares all names; then what the declarations hold is resolved
//! ([`kind`]), when every name is known. A function, constant or type that several kinds share is resolved
//! once, and a diagnostic that several instances give is kept once.

mod again;
mod atom;
mod attributes;
mod bodies;
mod bound;
mod collection;
mod construct;
mod declare;
mod expr;
mod extern_node;
mod head;
mod kind;
mod modules;
mod order;
mod pattern;
mod recall;
mod recursion;
mod rule;
mod scope;
mod seal;
mod spec;
mod steps;
mod system;
mod types;
mod wording;

use super::{
    ConstantId, Field, FunctionId, ItemRef, Loc, OPTION, Place, Program, TypeDef, TypeDefId,
    TypeDefKind, TypeParam, TypeRef, Variant,
};
use crate::base::{Code, Diagnostic, FileId, FileSpan, Span};
use crate::syntax::ast;
pub(crate) use again::same_header;
use bloom_stdx::arena::Arena;
use kind::Kind;
pub use recall::Recall;
pub(crate) use recall::is_rule;
use rustc_hash::{FxHashMap, FxHashSet};
use scope::{Scope, ScopeId};
use smol_str::SmolStr;
use std::sync::Arc;

/// A parsed file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its path as a module: `kvs`, `std.delivery`.
    pub name: &'a str,
    pub file: FileId,
    pub module: &'a Arc<ast::Module>,
}

/// What [`resolve`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resolved {
    pub program: Program,
    /// By file and place; parse errors are not among them.
    pub diagnostics: Vec<Diagnostic>,
}

/// Name of the file whose types and functions are in scope everywhere, if it is among the sources.
pub const PRELUDE: &str = "std.prelude";

/// Resolves the program whose root is the first source. The others are what it may import.
pub fn resolve(sources: &[Source<'_>]) -> Resolved {
    let mut resolver = Resolver::new(sources, None);
    resolver.resolve_all();
    Resolved {
        program: resolver.program,
        diagnostics: resolver.diagnostics,
    }
}

/// What [`resolve_again`] gives.
#[derive(Clone, Debug)]
pub struct Again {
    /// Every place in it counts from its item, as if that were a file of the item's number: an edit elsewhere
    /// leaves it equal.
    pub program: Arc<Program>,
    /// Where items are.
    pub places: Arena<ItemRef, Place>,
    /// By file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// As [`resolve`]; what did not change since the recall was last given is not resolved again.
pub fn resolve_again(sources: &[Source<'_>], recall: &mut Recall) -> Again {
    if let Some(again) = recall.again(sources) {
        return again;
    }
    let mut resolver = Resolver::new(sources, Some(recall));
    resolver.resolve_all();
    recall.end(&mut resolver);
    let relative = resolver.program.places.map(|item, _| Place {
        file: FileId(item.0),
        offset: 0,
    });
    let places = std::mem::replace(&mut resolver.program.places, relative);
    let program = Arc::new(std::mem::take(&mut resolver.program));
    recall.standing = again::Standing::new(&mut resolver, &program, &places);
    Again {
        program,
        places,
        diagnostics: resolver.diagnostics,
    }
}

struct Resolver<'a> {
    sources: &'a [Source<'a>],
    program: Program,
    diagnostics: Vec<Diagnostic>,
    reported: FxHashSet<(Code, FileSpan)>,
    /// Names that mean nothing and were reported, so that each is once.
    unknown: FxHashSet<(Code, SmolStr)>,
    /// All names in items that do not parse: these may be declared there.
    in_broken: FxHashSet<SmolStr>,
    /// How many mistakes were met, those included that were not reported again.
    mistakes: usize,
    items: FxHashMap<(FileId, u32), ItemRef>,
    scopes: Arena<ScopeId, Scope<'a>>,
    /// The kind of node that is being built.
    kind: Kind<'a>,
    /// The scope of each finished kind, for tests.
    kind_scopes: Vec<ScopeId>,
    /// Definitions by item and the type arguments of the modules around it.
    types: FxHashMap<(ItemRef, Vec<TypeRef>), TypeDefId>,
    /// By key of the instance and name.
    constants: FxHashMap<(SmolStr, SmolStr), ConstantId>,
    functions: FxHashMap<(SmolStr, SmolStr), FunctionId>,
    /// Modules that are being opened, for cyclic imports.
    opening: Vec<modules::Identity>,
    /// Modules that were opened.
    opened: FxHashSet<modules::Identity>,
    /// Types that are being defined, for types that contain themselves; whether each is an alias.
    defining: Vec<(ItemRef, bool)>,
    /// Names of all variants of all sources: one of these may be what an expected type has.
    variant_names: FxHashSet<SmolStr>,
    /// Whether rules are remembered.
    recalls: bool,
    recalled: recall::Recalled,
    /// Of the kinds of node, and of the unused modules, as they are finished.
    standing_nodes: Vec<again::StandingKind>,
    standing_unused: Vec<again::StandingKind>,
}

impl<'a> Resolver<'a> {
    fn empty(sources: &'a [Source<'a>]) -> Self {
        Self {
            sources,
            program: Program::default(),
            diagnostics: Vec::new(),
            reported: FxHashSet::default(),
            unknown: FxHashSet::default(),
            in_broken: FxHashSet::default(),
            mistakes: 0,
            items: FxHashMap::default(),
            scopes: Arena::new(),
            kind: Kind::default(),
            kind_scopes: Vec::new(),
            types: FxHashMap::default(),
            constants: FxHashMap::default(),
            functions: FxHashMap::default(),
            opening: Vec::new(),
            opened: FxHashSet::default(),
            defining: Vec::new(),
            variant_names: FxHashSet::from_iter([SmolStr::new("None"), SmolStr::new("Some")]),
            recalls: false,
            recalled: recall::Recalled::default(),
            standing_nodes: Vec::new(),
            standing_unused: Vec::new(),
        }
    }

    fn new(sources: &'a [Source<'a>], recall: Option<&mut Recall>) -> Self {
        let mut resolver = Self::empty(sources);
        resolver.recalls = recall.is_some();
        if let Some(recall) = recall {
            recall.begin(&mut resolver, sources);
        }
        for source in sources {
            collect_variant_names(&source.module.items, &mut resolver.variant_names);
            collect_broken(&source.module.items, &mut resolver.in_broken);
        }
        resolver.define_option();
        resolver
    }

    fn resolve_all(&mut self) {
        if !self.sources.is_empty() {
            self.resolve_root();
        }
        self.diagnostics
            .sort_by_key(|diagnostic| (diagnostic.primary.place(), diagnostic.code.id()));
    }

    /// The item at `offset` of the file.
    fn item(&mut self, source: usize, offset: u32) -> ItemRef {
        let file = self.sources[source].file;
        *self
            .items
            .entry((file, offset))
            .or_insert_with(|| self.program.places.push(Place { file, offset }))
    }

    /// A diagnostic about a place of the program.
    fn diagnostic(
        &self,
        code: Code,
        loc: Loc,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, self.program.file_span(loc), message, label)
    }

    /// Keeps the diagnostic, unless the same mistake was met in another instance.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.mistakes += usize::from(diagnostic.is_error());
        if self
            .reported
            .insert((diagnostic.code, diagnostic.primary.place()))
        {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Shorthand for a diagnostic without labels or help.
    fn error(
        &mut self,
        code: Code,
        loc: Loc,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        let diagnostic = self.diagnostic(code, loc, message, label);
        self.report(diagnostic);
    }

    /// Keeps diagnostics whose spans count from the start of the item.
    fn report_in(&mut self, item: ItemRef, diagnostics: Vec<Diagnostic>) {
        let place = self.program.places[item];
        for diagnostic in diagnostics {
            self.report(diagnostic.placed(place.file, place.offset));
        }
    }

    /// `enum Option<T> { None, Some(value: T) }`, at no place of any file.
    fn define_option(&mut self) {
        let item = self.item_of_language();
        let loc = Loc::new(item, Span::default());
        let variant = |name: &str, fields| Variant {
            name: SmolStr::new(name),
            fields,
            doc: SmolStr::default(),
            loc,
        };
        let value = Field {
            name: SmolStr::new("value"),
            ty: TypeRef::Param(0),
            doc: SmolStr::default(),
            loc,
        };
        let id = self.program.types.push(TypeDef {
            name: SmolStr::new("Option"),
            params: vec![TypeParam {
                name: SmolStr::new("T"),
                lattice: false,
            }],
            kind: TypeDefKind::Enum {
                variants: vec![variant("None", Vec::new()), variant("Some", vec![value])],
            },
            doc: SmolStr::new("A value, or none."),
            loc,
        });
        assert_eq!(id, OPTION, "it is the first definition");
    }

    /// The place of what the language itself declares: the start of the root file.
    fn item_of_language(&mut self) -> ItemRef {
        if self.sources.is_empty() {
            return self.program.places.push(Place {
                file: FileId::default(),
                offset: 0,
            });
        }
        self.item(0, 0)
    }
}

fn collect_variant_names(items: &[ast::ItemNode], names: &mut FxHashSet<SmolStr>) {
    for node in items {
        match &node.item.kind {
            ast::ItemKind::Enum(item) => {
                names.extend(
                    item.variants
                        .iter()
                        .map(|variant| variant.name.text.clone()),
                );
            }
            ast::ItemKind::Module(module) => collect_variant_names(&module.items, names),
            _ => {}
        }
    }
}

fn collect_broken(items: &[ast::ItemNode], names: &mut FxHashSet<SmolStr>) {
    for node in items {
        match &node.item.kind {
            ast::ItemKind::Broken(broken) => names.extend(broken.mentions.iter().cloned()),
            ast::ItemKind::Module(module) => collect_broken(&module.items, names),
            _ => {}
        }
    }
}

/// The text of doc lines.
fn doc(lines: &[ast::DocLine]) -> SmolStr {
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    SmolStr::new(lines.join("\n"))
}
