//! `cargo xtask grammar`: the tree-sitter grammar, made from the grammar of the parser.
//!
//! What is made from it by rules alone, [`files`] gives, so that a test can tell whether it is current; `parser.c` is
//! then made by tree-sitter's own generator, which is a package of its own: it wants JSON in another order than the
//! rest of the workspace.

use std::path::Path;
use std::process::Command;

use serde_json::json;

mod derive;
mod names;
mod read;
mod rule;

use derive::derive;
use names::{NAME, TOKENS, WORDS_AS_NAMES};
use read::{Nonterminal, Symbol};
use rule::Rule;

const SOURCE: &str = "compiler/src/syntax/grammar.lalrpop";
const FOLDER: &str = "editors/tree-sitter-bloom";

/// Words that are values, or names of values.
const VALUES: [&str; 4] = ["true", "false", "self", "_"];

/// What stands in `highlights.scm` before and behind the words that are made.
const BEGIN: &str = "; keywords, made by `cargo xtask grammar`\n";
const END: &str = "; end of keywords\n";

/// What the scanner gives besides tokens: comments, and what must not be taken for a token.
const OTHERS: [&str; 2] = ["block_comment", "_no_token"];

/// Arrows that begin as `<` does, in the scanner's order: where none of them can stand, they are not read as `<`.
const ARROWS: [&str; 4] = ["<+-", "<+", "<-", "<~"];

pub fn run(root: &Path) -> Result<(), String> {
    for (path, text) in files(root)? {
        std::fs::write(root.join(&path), text).map_err(|error| format!("{path}: {error}"))?;
    }
    let manifest = root.join(FOLDER).join("generate/Cargo.toml");
    let mut generate = Command::new("cargo");
    generate.args(["run", "--quiet", "--release", "--locked", "--manifest-path"]);
    generate.arg(manifest).arg("--").arg(root.join(FOLDER));
    match generate.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the parser was not generated: {status}")),
        Err(error) => Err(format!("the generator cannot be run: {error}")),
    }
}

/// Paths and texts of what is made from the parser's grammar.
pub fn files(root: &Path) -> Result<Vec<(String, String)>, String> {
    let read = |path: &str| {
        std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
    };
    let grammar = read::read(&read(SOURCE)?)?;
    let queries = format!("{FOLDER}/queries/highlights.scm");
    let known = read(&queries)?;
    let (before, rest) = known.split_once(BEGIN).ok_or("no place for keywords")?;
    let (_, after) = rest.split_once(END).ok_or("no end of keywords")?;
    let keywords = format!("{before}{BEGIN}{}{END}{after}", keywords(&grammar));
    let rules = grammar_json(&derive(&grammar)?)?;
    Ok(vec![
        (format!("{FOLDER}/src/grammar.json"), rules),
        (queries, keywords),
    ])
}

fn grammar_json(rules: &[(String, Rule)]) -> Result<String, String> {
    let shown =
        |value: &serde_json::Value| serde_json::to_string(value).map_err(|error| error.to_string());
    let symbol = |name: &str| json!({ "type": "SYMBOL", "name": name });
    let pattern = |pattern: &str| json!({ "type": "PATTERN", "value": pattern });
    let mut lines = Vec::new();
    for (name, rule) in rules {
        lines.push(format!("    \"{name}\": {}", shown(&rule.json())?));
    }
    let patterns = TOKENS
        .iter()
        .filter_map(|(_, node, text)| Some((*node, (*text)?)));
    for (name, text) in patterns.chain([("line_comment", "//[^\\n]*")]) {
        lines.push(format!("    \"{name}\": {}", shown(&pattern(text))?));
    }
    let given = TOKENS.iter().filter(|(.., text)| text.is_none());
    let given = given.map(|(_, node, _)| *node).chain(OTHERS);
    let arrows = ARROWS.map(|arrow| json!({ "type": "STRING", "value": arrow }));
    let externals: Vec<_> = given.map(symbol).chain(arrows).collect();
    let blanks = pattern(r"[ \t\r\n\u{feff}]");
    let extras = [blanks, symbol("line_comment"), symbol("block_comment")];
    Ok(format!(
        "{{\n  \"name\": \"bloom\",\n  \"word\": \"{NAME}\",\n  \"rules\": {{\n{}\n  }},\n  \"extras\": {},\n  \
         \"conflicts\": [],\n  \"precedences\": [],\n  \"externals\": {},\n  \"inline\": [],\n  \
         \"supertypes\": []\n}}\n",
        lines.join(",\n"),
        shown(&json!(extras))?,
        shown(&json!(externals))?,
    ))
}

/// All words but values, each as a query wants it.
fn keywords(grammar: &[Nonterminal]) -> String {
    let rules = grammar
        .iter()
        .filter(|one| WORDS_AS_NAMES.contains(&one.name.as_str()));
    let symbols = rules.flat_map(|one| one.alternatives.iter().flatten());
    let words = symbols.filter_map(|symbol| match symbol {
        Symbol::Token(word) => Some(word.as_str()),
        Symbol::Rule(..)
        | Symbol::Sequence(_)
        | Symbol::Named(..)
        | Symbol::Optional(_)
        | Symbol::Repeated(_) => None,
    });
    let words: Vec<&str> = words.filter(|word| !VALUES.contains(word)).collect();
    let mut text = "[\n".to_owned();
    for line in words.chunks(8) {
        let quoted: Vec<String> = line.iter().map(|word| format!("\"{word}\"")).collect();
        text += &format!("  {}\n", quoted.join(" "));
    }
    text + "] @keyword\n"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn what_is_made_from_the_grammar_is_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (path, text) in super::files(&root).expect("the grammar can be read") {
            let known = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
            assert!(known == text, "{path} is old: `cargo xtask grammar`");
        }
    }
}
