//! What a file imports, as far as its syntax tells: for whoever has to find the files of a program.

use super::ast::{Expr, ExprKind, ItemKind, ItemNode, Module, ModuleRef, Path};

/// Paths that a file imports or includes, each in parts, and those that stand where a module may: arguments of
/// imports and defaults of parameters. A path too many costs a look at the disk.
pub fn imports(module: &Module) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    items(&module.items, &mut paths);
    paths
}

fn items(nodes: &[ItemNode], paths: &mut Vec<Vec<String>>) {
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
            ItemKind::TypeAlias(_)
            | ItemKind::Record(_)
            | ItemKind::Enum(_)
            | ItemKind::Lattice(_)
            | ItemKind::Function(_)
            | ItemKind::Const(_)
            | ItemKind::Collection(_)
            | ItemKind::Periodic(_)
            | ItemKind::Rule(_)
            | ItemKind::Bootstrap(_)
            | ItemKind::Rules(_)
            | ItemKind::Seal(_)
            | ItemKind::Spec(_)
            | ItemKind::Test(_)
            | ItemKind::FaultTest(_)
            | ItemKind::Extern(_)
            | ItemKind::Broken(_) => {}
        }
    }
}

fn target(target: &ModuleRef, paths: &mut Vec<Vec<String>>) {
    paths.push(parts(&target.path));
    for argument in &target.args {
        module_argument(&argument.value, paths);
    }
}

/// `best_effort`, `std.delivery.best_effort`, or one with arguments of its own.
fn module_argument(expr: &Expr, paths: &mut Vec<Vec<String>>) {
    if let Some(path) = expr.as_path() {
        paths.push(parts(&path));
    } else if let ExprKind::Call { callee, args } = &expr.kind {
        module_argument(callee, paths);
        for argument in args {
            module_argument(&argument.value, paths);
        }
    }
}

fn parts(path: &Path) -> Vec<String> {
    let parts = path.segments.iter().map(|name| name.as_str().to_owned());
    parts.collect()
}
