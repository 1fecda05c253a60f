//! The order of the `mod` lines in a package's `lib.rs` is its layering: a module names only those
//! declared before it. Names are found by their paths from the root, `crate::store` or, in the
//! module's own file, `super::store`.

use super::Violation;
use super::source::{SourceFile, code};

const LAYERED: [&str; 5] = ["plan", "compiler", "runtime", "delivery", "store"];

pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in LAYERED {
        let own = files.iter().filter(|file| file.package == package);
        let Some(root) = own.clone().find(|file| file.path == "lib") else {
            continue;
        };
        let layers = declared(&root.text);
        for file in own.filter(|file| !is_test(&file.path)) {
            violations.extend(upward(file, &layers));
        }
    }
    violations
}

/// Tests may look down from above.
fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part.ends_with("_tests"))
}

/// The modules of a `lib.rs`, in order.
fn declared(text: &str) -> Vec<&str> {
    let name = |line| {
        let line = str::trim(line);
        let line = line
            .strip_prefix("pub(crate) ")
            .or(line.strip_prefix("pub "))
            .unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    };
    code(text).into_iter().filter_map(name).collect()
}

/// Where a file names a module that is declared after its own.
fn upward(file: &SourceFile, layers: &[&str]) -> Vec<Violation> {
    let module = file.path.split('/').next().unwrap_or(&file.path);
    let Some(own) = layers.iter().position(|layer| *layer == module) else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for (number, line) in (1..).zip(code(&file.text)) {
        let mut named = after(line, "crate::");
        if !file.path.contains('/') {
            named.extend(after(line, "super::"));
        }
        for name in named {
            if layers[own + 1..].contains(&name) {
                violations.push(Violation::new(
                    format!("{}:{number}", file.place),
                    format!("`{module}` names `{name}`, which is declared after it in lib.rs"),
                ));
            }
        }
    }
    violations
}

/// The names that follow the prefix, also those of a list in braces.
fn after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let first_name = |text: &'a str| {
        let text = text.trim_start();
        &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())]
    };
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        // `bloom_plan_crate::` would be another path.
        if line[..at].ends_with(|c: char| is_name(c) || c == ':') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(list.split(',').map(first_name)),
            None => names.push(first_name(rest)),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            package: "plan",
            path: path.to_owned(),
            place: path.to_owned(),
            text: text.to_owned(),
        }
    }

    const ROOT: &str = "//! Root.\npub mod low;\npub mod high;\n";

    #[test]
    fn a_module_may_name_what_is_below() {
        let files = [
            file("lib", ROOT),
            file("high/inner", "use crate::low::Thing;"),
        ];
        assert_eq!(check(&files), []);
    }

    #[test]
    fn a_module_may_not_name_what_is_above() {
        for text in [
            "use crate::high;",
            "use crate::{a, high::B};",
            "fn f() -> super::high::B {}",
        ] {
            let files = [file("lib", ROOT), file("low", text)];
            assert_eq!(check(&files).len(), 1, "{text}");
        }
    }

    #[test]
    fn comments_and_tests_do_not_count() {
        let text = "// crate::high\n#[cfg(test)]\nmod tests { use crate::high; }";
        assert_eq!(check(&[file("lib", ROOT), file("low", text)]), []);
    }
}
