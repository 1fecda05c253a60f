//! What a file declares, as an outline.

use crate::base::Span;
use crate::syntax::ast::{Item, ItemKind, ItemNode, Module, ModuleKind, Test};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    Module,
    Node,
    Protocol,
    Collection,
    Type,
    Function,
    Constant,
    /// A group of rules.
    Rules,
    Spec,
    Test,
}

/// A declaration, with those inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// All of it, counted from the start of the file.
    pub span: Span,
    /// Its name; of a test, with its quotes.
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
        let (name, name_span, kind) = declared(&node.item)?;
        let mut children = Vec::new();
        if let ItemKind::Module(module) = &node.item.kind {
            children = of_items(&module.items, offset);
        }
        Some(Symbol {
            name: name.to_owned(),
            kind,
            span: node.item.span.shifted(offset),
            name_span: name_span.shifted(offset),
            children,
        })
    });
    symbols.collect()
}

/// The name and kind of what an item declares; none of rules and imports.
fn declared(item: &Item) -> Option<(&str, Span, SymbolKind)> {
    let (name, kind) = match &item.kind {
        ItemKind::TypeAlias(alias) => (&alias.name, SymbolKind::Type),
        ItemKind::Record(record) => (&record.name, SymbolKind::Type),
        ItemKind::Enum(item) => (&item.name, SymbolKind::Type),
        ItemKind::Lattice(lattice) => (&lattice.name, SymbolKind::Type),
        ItemKind::Function(function) => (&function.name, SymbolKind::Function),
        ItemKind::Const(constant) => (&constant.name, SymbolKind::Constant),
        ItemKind::Collection(collection) => (&collection.name, SymbolKind::Collection),
        ItemKind::Periodic(periodic) => (&periodic.name, SymbolKind::Collection),
        ItemKind::Module(module) => {
            let kind = match module.kind {
                ModuleKind::Module => SymbolKind::Module,
                ModuleKind::Node => SymbolKind::Node,
                ModuleKind::Protocol => SymbolKind::Protocol,
            };
            (&module.name, kind)
        }
        ItemKind::Extern(node) => (&node.name, SymbolKind::Node),
        ItemKind::Rules(group) => (&group.name, SymbolKind::Rules),
        ItemKind::Spec(spec) => (&spec.name, SymbolKind::Spec),
        ItemKind::Test(test) => return Some(of_test(test)),
        ItemKind::FaultTest(fault) => return Some(of_test(&fault.test)),
        ItemKind::Import(_)
        | ItemKind::Include(_)
        | ItemKind::Rule(_)
        | ItemKind::Bootstrap(_)
        | ItemKind::Seal(_)
        | ItemKind::Broken(_) => return None,
    };
    Some((&name.text, name.span, kind))
}

fn of_test(test: &Test) -> (&str, Span, SymbolKind) {
    // An editor shows no name that is empty.
    let name = Some(test.name.as_str()).filter(|name| !name.trim().is_empty());
    (name.unwrap_or("test"), test.name_span, SymbolKind::Test)
}
