//! What a file imports, as far as its syntax tells.

use bloom_compiler::dedalus;
use bloom_compiler::syntax;
use bloom_compiler::syntax::ast::{Expr, ExprKind, ItemKind, ItemNode, ModuleRef, Path};

/// `std.delivery.reliable`, in parts.
pub(super) type ModulePath = Vec<String>;

/// Paths that a Bloom file imports or includes, and those that stand where a module may: arguments of
/// imports and defaults of parameters. A path too many costs a look at the disk.
pub(super) fn of_bloom(text: &str) -> Vec<ModulePath> {
    // Most files import nothing, and then need not be parsed here.
    if !text.contains("import") && !text.contains("include") {
        return Vec::new();
    }
    let mut paths = Vec::new();
    items(&syntax::parse(text).module.items, &mut paths);
    paths
}

/// Files that a Dedalus file includes.
pub(super) fn of_dedalus(text: &str) -> Vec<ModulePath> {
    let program = dedalus::parse(text).program;
    let included = program
        .statements
        .iter()
        .filter_map(|node| match &node.statement {
            dedalus::ast::Statement::Include(file) => Some(file),
            _ => None,
        });
    included
        .map(|file| {
            let stem = file.trim_end_matches(".ded").trim_end_matches(".bloom");
            stem.split('/')
                .filter(|part| !matches!(*part, "" | "."))
                .map(str::to_owned)
                .collect()
        })
        .filter(|path: &ModulePath| !path.is_empty())
        .collect()
}

fn items(nodes: &[ItemNode], paths: &mut Vec<ModulePath>) {
    for node in nodes {
        match &node.item.kind {
            ItemKind::Import(import) => target(&import.target, paths),
            ItemKind::Include(include) => target(&include.target, paths),
            ItemKind::Module(module) => {
                for parameter in &module.params {
                    if let Some(default) = &parameter.default {
                        module_argument(default, paths);
                    }
                }
                items(&module.items, paths);
            }
            _ => {}
        }
    }
}

fn target(target: &ModuleRef, paths: &mut Vec<ModulePath>) {
    paths.push(parts(&target.path));
    for argument in &target.args {
        module_argument(&argument.value, paths);
    }
}

/// `best_effort`, `std.delivery.best_effort`, or one with arguments of its own.
fn module_argument(expr: &Expr, paths: &mut Vec<ModulePath>) {
    if let Some(path) = expr.as_path() {
        paths.push(parts(&path));
    } else if let ExprKind::Call { callee, args } = &expr.kind {
        module_argument(callee, paths);
        for argument in args {
            module_argument(&argument.value, paths);
        }
    }
}

fn parts(path: &Path) -> ModulePath {
    path.segments
        .iter()
        .map(|name| name.as_str().to_owned())
        .collect()
}
