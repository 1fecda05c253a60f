//! Puts the standard library and the pages of `bloom explain` into the binary: each file under
//! `stdlib/` and `docs/errors/`, as a table of names and texts.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    let mut text = String::new();
    table(&mut text, "STDLIB", &root.join("stdlib"), "bloom")?;
    table(&mut text, "PAGES", &root.join("docs/errors"), "md")?;
    fs::write(out, text)
}

/// A constant with one `(path without extension, text)` a file, by path.
fn table(out: &mut String, name: &str, folder: &Path, extension: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    collect(&folder, extension, &mut files)?;
    files.sort();
    let _infallible = writeln!(out, "pub(crate) const {name}: &[(&str, &str)] = &[");
    for file in files {
        let relative = file
            .strip_prefix(&folder)
            .unwrap_or(&file)
            .with_extension("");
        let _infallible = writeln!(out, "    ({relative:?}, include_str!({file:?})),");
    }
    let _infallible = writeln!(out, "];");
    Ok(())
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
    Ok(())
}
