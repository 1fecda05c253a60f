//! Names without dots, each once.

use crate::hir::{CollectionKind, ConstantId, Program};
use bloom_stdx::arena::Id;
use rustc_hash::FxHashSet;
use std::collections::HashSet;

/// What types, constants and functions are called, by number.
pub(super) struct Names {
    pub types: Vec<String>,
    pub constants: Vec<String>,
    pub functions: Vec<String>,
    /// Constants that are the periods of timers.
    pub periods: HashSet<ConstantId>,
}

impl Names {
    pub fn new(program: &Program) -> Names {
        let mut taken: FxHashSet<String> = FxHashSet::default();
        let mut fresh = |name: &str| {
            let mut chosen = plain(name);
            while !taken.insert(chosen.clone()) {
                chosen.push('_');
            }
            chosen
        };
        let periods = program.nodes.iter().flat_map(|(_, node)| {
            node.collections
                .iter()
                .filter_map(|(_, collection)| match collection.kind {
                    CollectionKind::Periodic { every } => Some(every),
                    _ => None,
                })
        });
        Names {
            periods: periods.collect(),
            types: program
                .types
                .iter()
                .map(|(_, def)| fresh(type_name(&def.name)))
                .collect(),
            constants: program
                .constants
                .iter()
                .map(|(_, constant)| fresh(&constant.name))
                .collect(),
            functions: program
                .functions
                .iter()
                .map(|(_, function)| fresh(&function.name))
                .collect(),
        }
    }
}

impl Names {
    pub fn constant(&self, id: ConstantId) -> &str {
        &self.constants[id.index()]
    }
}

/// A name qualified by imports as one word. What belongs to the language keeps its dots.
pub(super) fn plain(name: &str) -> String {
    if name.starts_with("sys.") {
        return name.to_owned();
    }
    for part in [".sealed", ".seals", ".seal"] {
        if let Some(of) = name.strip_suffix(part) {
            return format!("{}{part}", plain(of));
        }
    }
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(letter).collect()
}

/// What `sealed by` stands for, and what it needs on the way.
pub(super) fn is_of_language(name: &str) -> bool {
    [".sealed", ".seals", ".seal", ".unsealed"]
        .iter()
        .any(|part| name.ends_with(part))
}

/// A type's own name: without the module that declares it, and the type arguments of that.
fn type_name(name: &str) -> &str {
    let (path, _) = name.split_once('<').unwrap_or((name, ""));
    path.rsplit('.').next().unwrap_or(path)
}

/// A kind of node that is a whole file may be called after a file that begins with a digit; one of a generic
/// node has its type arguments in its name.
pub(super) fn of_node(name: &str) -> String {
    let name = &plain(name);
    if name.starts_with(|c: char| c.is_ascii_uppercase()) {
        name.clone()
    } else {
        format!("Node{name}")
    }
}
