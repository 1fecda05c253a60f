//! `extern node`s: components that are not written in Bloom. Their collections are among those of each kind of node
//! that sees them; they are declared once, with their paths.

use super::{Collection, CollectionKind, NodeKind, Source, names};
use crate::hir::{ExternPath, ItemRef};

/// Whether the collection is one of a component that is not written in Bloom.
pub(super) fn is_foreign(node: &NodeKind, collection: &Collection) -> bool {
    let mut paths = node.extern_paths.iter();
    paths.any(|path| path.loc.item == collection.loc.item)
}

impl Source<'_> {
    /// An item a component. The program does not know their names.
    pub(super) fn foreign_nodes(&self) -> Vec<String> {
        let mut seen: Vec<ItemRef> = Vec::new();
        let mut all = Vec::new();
        for node in self.program.nodes.values() {
            for path in &node.extern_paths {
                let item = path.loc.item;
                if !seen.contains(&item) {
                    seen.push(item);
                    all.push(self.foreign_node(node, item, seen.len()));
                }
            }
        }
        all
    }

    fn foreign_node(&self, node: &NodeKind, item: ItemRef, number: usize) -> String {
        let mut text = format!("\nextern node {} {{\n", self.foreign_name(number));
        for (_, collection) in node.collections.iter() {
            let is_declared = matches!(
                collection.kind,
                CollectionKind::Input | CollectionKind::Output
            );
            if collection.loc.item == item && is_declared {
                let word = collection.kind.word();
                text += &format!("{}\n", self.declared(word, collection, false));
            }
        }
        let paths = node.extern_paths.iter();
        for path in paths.filter(|path| path.loc.item == item) {
            text += &format!("{}\n", path_text(node, path));
        }
        text + "}"
    }

    /// One that no kind of node has.
    fn foreign_name(&self, number: usize) -> String {
        let mut name = format!("Component{number}");
        let is_taken = |name: &str| {
            let mut nodes = self.program.nodes.values();
            nodes.any(|node| names::of_node(&node.name) == name)
        };
        while is_taken(&name) {
            name.push('_');
        }
        name
    }
}

/// `path in -> out: OW(column);`
fn path_text(node: &NodeKind, path: &ExternPath) -> String {
    let input = &node.collections[path.input];
    let name = |id| names::plain(&node.collections[id].name);
    let gate = path.gate.iter();
    let gate: Vec<&str> = gate
        .map(|&column| input.columns[column as usize].name.as_str())
        .collect();
    let gate = match gate.as_slice() {
        [] => String::new(),
        columns => format!("({})", columns.join(", ")),
    };
    let (from, to, label) = (name(path.input), name(path.output), &path.label);
    format!("path {from} -> {to}: {label}{gate};")
}
