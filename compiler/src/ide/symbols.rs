//! What a file declares, as an outline.

use crate::base::Span;
use crate::syntax::ast::{Item, ItemKind, ItemNode, Module, ModuleKind, Name};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    Module,
    Node,
    Protocol,
    Collection,
    Type,
    Function,
    Constant,
}

/// A declaration, with those inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// All of it, counted from the start of the file.
    pub span: Span,
    /// Its name; the start of it where it has none.
    pub name_span: Span,
    pub children: Vec<Symbol>,
}

/// The declarations of a file, in its order.
pub fn symbols(module: &Module) -> Vec<Symbol> {
    of_items(&module.items, 0)
}

fn of_items(items: &[ItemNode], base: u32) -> Vec<Symbol> {
    let symbols = items.iter().filter_map(|node| {
        let offset = base + node.offset;
        let (name, kind) = declared(&node.item)?;
        let mut children = Vec::new();
        if let ItemKind::Module(module) = &node.item.kind {
            children = of_items(&module.items, offset);
        }
        Some(Symbol {
            name: name.text.to_string(),
            kind,
            span: node.item.span.shifted(offset),
            name_span: name.span.shifted(offset),
            children,
        })
    });
    symbols.collect()
}

/// The name and kind of what an item declares; none of rules and imports.
fn declared(item: &Item) -> Option<(&Name, SymbolKind)> {
    match &item.kind {
        ItemKind::TypeAlias(alias) => Some((&alias.name, SymbolKind::Type)),
        ItemKind::Record(record) => Some((&record.name, SymbolKind::Type)),
        ItemKind::Enum(item) => Some((&item.name, SymbolKind::Type)),
        ItemKind::Lattice(lattice) => Some((&lattice.name, SymbolKind::Type)),
        ItemKind::Function(function) => Some((&function.name, SymbolKind::Function)),
        ItemKind::Const(constant) => Some((&constant.name, SymbolKind::Constant)),
        ItemKind::Collection(collection) => Some((&collection.name, SymbolKind::Collection)),
        ItemKind::Periodic(periodic) => Some((&periodic.name, SymbolKind::Collection)),
        ItemKind::Module(module) => {
            let kind = match module.kind {
                ModuleKind::Module => SymbolKind::Module,
                ModuleKind::Node => SymbolKind::Node,
                ModuleKind::Protocol => SymbolKind::Protocol,
            };
            Some((&module.name, kind))
        }
        ItemKind::Import(_)
        | ItemKind::Include(_)
        | ItemKind::Rule(_)
        | ItemKind::Bootstrap(_)
        | ItemKind::Rules(_)
        | ItemKind::Seal(_)
        | ItemKind::Spec(_)
        | ItemKind::Test(_)
        | ItemKind::FaultTest(_)
        | ItemKind::Extern(_)
        | ItemKind::Broken(_) => None,
    }
}
