//! What a file imports, as far as its syntax tells.

use bloom_compiler::dedalus;
use bloom_compiler::syntax;

/// `std.delivery.reliable`, in parts.
pub(super) type ModulePath = Vec<String>;

/// Paths that a Bloom file imports or includes, and those that stand where a module may: arguments of
/// imports and defaults of parameters. A path too many costs a look at the disk.
pub(super) fn of_bloom(text: &str) -> Vec<ModulePath> {
    // Most files import nothing, and then need not be parsed here.
    if !text.contains("import") && !text.contains("include") {
        return Vec::new();
    }
    syntax::imports(&syntax::parse(text).module)
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
