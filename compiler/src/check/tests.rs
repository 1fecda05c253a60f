//! Every conformance program is accepted or refused as it says, and small programs get the
//! diagnostics that they should.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Checked, File, check};
use crate::base::codes::ALL;
use crate::base::{Category, Diagnostic, Sources};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn bloom_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(bloom_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "bloom") {
            files.push(path);
        }
    }
    files
}

/// The standard library, by module names.
pub(crate) fn stdlib() -> Vec<(String, String)> {
    let folder = root().join("stdlib");
    let files = bloom_files(&folder).into_iter().map(|path| {
        let inner = path.strip_prefix(&folder).expect("found below the folder");
        let name = inner.with_extension("").display().to_string();
        let text = fs::read_to_string(&path).expect("the standard library is UTF-8");
        (format!("std.{}", name.replace('/', ".")), text)
    });
    files.collect()
}

pub(crate) fn check_text(name: &str, text: &str, library: &[(String, String)]) -> Checked {
    let root = File {
        name,
        text,
        dedalus: false,
    };
    let library = library.iter().map(|(name, text)| File {
        name,
        text,
        dedalus: false,
    });
    let files: Vec<File<'_>> = [root].into_iter().chain(library).collect();
    check(&files)
}

#[test]
fn programs_are_accepted_or_refused_as_they_say() {
    let library = stdlib();
    let mut wrong = Vec::new();
    for folder in ["tests/conformance", "tests/calm", "examples"] {
        for path in bloom_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("programs are UTF-8");
            let stem = path
                .file_stem()
                .expect("a file has a name")
                .display()
                .to_string();
            let checked = check_text(&stem, &text, &library);
            let errors: Vec<&Diagnostic> = checked
                .diagnostics
                .iter()
                .filter(|d| d.is_error())
                .collect();
            let reject = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("//! reject:"));
            let fine = match reject {
                Some(reason) => {
                    let has = |error: &Diagnostic, word: &str| {
                        let labels = [&error.primary].into_iter().chain(&error.labels);
                        let labels = labels.map(|label| &label.text);
                        let mut texts = [&error.message]
                            .into_iter()
                            .chain(&error.help)
                            .chain(labels);
                        texts.any(|text| text.to_lowercase().contains(&word.to_lowercase()))
                    };
                    let mut errors = errors.iter();
                    errors.any(|error| reason.split_whitespace().all(|word| has(error, word)))
                }
                None => errors.is_empty(),
            };
            if !fine {
                wrong.push(format!("{}:", path.display()));
                wrong.extend(errors.iter().map(|error| {
                    let sources = Sources::single(stem.clone(), text.clone());
                    let (at, _) = sources.positions(error.primary.place());
                    let file = error.primary.file.0;
                    format!(
                        "    {file}:{}:{} {} {}",
                        at.line, at.column, error.code, error.message
                    )
                }));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The first example of each page of a code of these stages gives that diagnostic and no other, the
/// rest none.
#[test]
fn pages_of_errors_are_true() {
    let ours = [Category::Types, Category::Lattices, Category::Strata];
    let mut wrong = Vec::new();
    for code in ALL.iter().filter(|code| ours.contains(&code.category())) {
        let page = root().join(format!("docs/errors/{code}.md"));
        let page = fs::read_to_string(page).expect("each code has a page");
        for (place, example) in page.split("```bloom\n").skip(1).enumerate() {
            let text = example
                .split("```")
                .next()
                .expect("a split has a first part");
            let checked = check_text("main", text, &[]);
            let found: Vec<&str> = checked.diagnostics.iter().map(|d| d.code.id()).collect();
            let wanted = match place {
                0 => vec![code.id()],
                _ => Vec::new(),
            };
            if found != wanted {
                let messages: Vec<&str> = checked
                    .diagnostics
                    .iter()
                    .map(|d| d.message.as_str())
                    .collect();
                wrong.push(format!("example {place} of {code}: {found:?} {messages:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A stage whose time grows faster than the program, or that recurses along its rules, does not come
/// through this.
#[test]
fn ten_thousand_rules_are_checked() {
    use std::fmt::Write;
    let mut text = String::from(
        "input start(x: Int, y: Int);\ntable c0(x: Int, y: Int);\nc0{x, y} <= start{x, y};\n",
    );
    for n in 1..2_000 {
        let before = n - 1;
        writeln!(text, "scratch c{n}(x: Int, y: Int);").expect("strings take all");
        for rule in [
            format!("c{n}{{x, y}} <= c{before}{{x, y}}, x < y;"),
            format!("c{n}{{x, y: z}} <= c{before}{{x, y}}, c{n}{{x: y, y: z}};"),
            format!("c{n}{{x, y: y + 1}} <= c{before}{{x, y}}, not c{before}{{x: y, y: x}};"),
            format!("c{n}{{x, y}} <= c{before}{{x, y: z}}, let y = z * 2, y > {n};"),
            format!("c{n}{{x: 1, y}} <= c{before}{{x: 1, y}}, i in 0..3, i != y;"),
        ] {
            writeln!(text, "{rule}").expect("strings take all");
        }
    }
    let checked = check_text("main", &text, &[]);
    assert_eq!(checked.diagnostics, []);
    let rules: usize = checked
        .typed
        .nodes
        .values()
        .map(|node| node.rules.len())
        .sum();
    assert!(rules > 9_900, "{rules}");
}

/// Whatever is wrong with a program, checking it ends, and says so where a token is gone that
/// mattered.
#[test]
fn programs_with_a_token_changed_are_checked() {
    let library = stdlib();
    let mut random = bloom_stdx::random::Random::new(7);
    for path in bloom_files(&root().join("tests/conformance")) {
        let text = fs::read_to_string(&path).expect("programs are UTF-8");
        let words: Vec<&str> = text
            .split_inclusive(|c: char| !c.is_alphanumeric() && c != '_')
            .collect();
        for _ in 0..3 {
            let (at, with) = (random.below(words.len()), random.below(words.len()));
            let mut changed = words.clone();
            match random.below(3) {
                0 => drop(changed.remove(at)),
                1 => changed[at] = words[with],
                _ => changed.insert(at, words[with]),
            }
            check_text("main", &changed.concat(), &library);
        }
    }
}
