//! Files that are part of the binary: the standard library, and the pages of `bloom explain`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a file of the standard library by its path below `stdlib/`, without extension.
pub(crate) fn library(path: &str) -> Option<&'static str> {
    find(STDLIB, path)
}

/// The page of a diagnostic code.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    find(PAGES, code)
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table
        .binary_search_by_key(&name, |(path, _)| path)
        .ok()
        .map(|at| table[at].1)
}
