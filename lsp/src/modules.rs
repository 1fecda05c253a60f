//! What a file can import, for completion: modules of the standard library, and files beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bloom_compiler::syntax::ast::{ItemKind, ModuleKind};
use bloom_compiler::syntax::parse;

use crate::library::Texts;

/// No more files than this are offered, and folders nest no deeper.
const FILES_MAX: usize = 1_000;
const DEPTH_MAX: usize = 4;

/// The paths of all modules, but for the file itself. What cannot be read is not offered.
pub fn importable(library: Texts, roots: &[PathBuf], own: &str) -> Arc<[String]> {
    let mut found = Vec::new();
    for (path, text) in library {
        let file = format!("std.{}", path.replace('/', "."));
        let module = parse(text).module;
        let nested = module
            .items
            .iter()
            .filter_map(|node| match &node.item.kind {
                ItemKind::Module(module) if module.kind == ModuleKind::Module => {
                    Some(format!("{file}.{}", module.name))
                }
                _ => None,
            });
        found.extend(nested);
    }
    for root in roots {
        files(root, "", DEPTH_MAX, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|module| module != own);
    found.into()
}

fn files(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        if found.len() >= FILES_MAX {
            return;
        }
        let path = entry.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            continue;
        }
        let module = format!("{prefix}{name}");
        if path
            .extension()
            .is_some_and(|extension| extension == "bloom")
        {
            found.push(module);
        } else if depth > 0 && path.is_dir() {
            files(&path, &format!("{module}."), depth - 1, found);
        }
    }
}
