//! The grammar that editors colour by before the language server has answered, made from the lexer's own words.
//!
//! `UPDATE_EXPECT=1` writes it anew.

use std::path::PathBuf;

use bloom_compiler::syntax::{CONTEXTUAL, RESERVED};
use serde_json::{Value, json};

fn path() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join("editors/vscode/syntaxes/bloom.tmLanguage.json")
}

fn rule(name: &str, pattern: &str) -> Value {
    json!({ "name": format!("{name}.bloom"), "match": pattern })
}

fn string(name: &str, begin: &str, with_escapes: bool) -> Value {
    let mut inside = vec![json!({ "include": "#interpolation" })];
    if with_escapes {
        let escapes = r#"\\(?:[nrt0\\"]|u\{[0-9A-Fa-f]{1,6}\})|\{\{|\}\}"#;
        inside.insert(0, rule("constant.character.escape", escapes));
    }
    json!({ "name": format!("{name}.bloom"), "begin": begin, "end": "\"|$", "patterns": inside })
}

fn grammar() -> Value {
    let values = ["true", "false", "self"];
    let words = RESERVED.iter().filter(|word| !values.contains(word));
    let reserved: Vec<&str> = words.copied().collect();
    let reserved = format!(r"(?<![.\w])(?:{})\b(?!\s*:)", reserved.join("|"));
    let contextual = format!(
        r#"(?<![.\w])(?:{})\b(?=\s+[\w"@{{\[]|\s*;|\s*$)"#,
        CONTEXTUAL.join("|")
    );
    let declared = r"(?<![.\w])(table|scratch|static|input|output|view|channel|loopback|periodic)\s+([a-z_]\w*)";
    json!({
        "name": "Bloom",
        "scopeName": "source.bloom",
        "patterns": [{ "include": "#all" }],
        "repository": {
            "all": { "patterns": [
                { "include": "#comments" },
                { "include": "#strings" },
                { "name": "meta.attribute.bloom", "begin": r"#\[", "end": r"\]", "patterns": [
                    { "include": "#strings" },
                    rule("entity.other.attribute-name", r"[a-z_]\w*"),
                ] },
                { "match": declared, "captures": {
                    "1": { "name": "storage.type.bloom" },
                    "2": { "name": "entity.name.type.collection.bloom" },
                } },
                rule("keyword.control", &reserved),
                rule("storage.modifier", &contextual),
                rule("constant.language", &format!(r"(?<![.\w])(?:{})\b", values.join("|"))),
                rule("constant.numeric", r"\b(?:0x[0-9A-Fa-f_]+|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+|ns|us|ms|s|min|h|d)?)\b"),
                rule("keyword.operator.arrow", r"<\+-|<=|<\+|<-|<~|=>|->"),
                rule("keyword.operator", r"==|!=|>=|&&|\|\||\.\.|[-+*/%<>!=|@?]"),
                rule("entity.name.type", r"\b[A-Z]\w*"),
                rule("variable.other.member", r"\b[a-z_]\w*(?=\s*:(?!:))"),
                rule("entity.name.function", r"\b[a-z_]\w*(?=\s*\()"),
                rule("variable.language.wildcard", r"\b_\b"),
            ] },
            "comments": { "patterns": [
                rule("comment.line.documentation", r"//[/!].*$"),
                rule("comment.line.double-slash", r"//.*$"),
                { "include": "#block" },
            ] },
            "block": {
                "name": "comment.block.bloom", "begin": r"/\*", "end": r"\*/",
                "patterns": [{ "include": "#block" }],
            },
            "strings": { "patterns": [
                { "name": "string.quoted.raw.bloom", "begin": "\\br(#*)\"", "end": "\"\\1" },
                string("string.quoted.double.bytes", "\\bb\"", true),
                string("string.quoted.other.address", "@\"", false),
                string("string.quoted.double", "\"", true),
            ] },
            "interpolation": {
                "name": "meta.interpolation.bloom", "begin": r"\{", "end": r"\}|$",
                "patterns": [{ "include": "#all" }],
            },
        },
    })
}

#[test]
fn the_grammar_has_the_words_of_the_lexer() {
    let mut text = serde_json::to_string_pretty(&grammar()).expect("a grammar is JSON");
    text.push('\n');
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path(), &text).expect("the folder is there");
    }
    let known = std::fs::read_to_string(path()).expect("the grammar is there");
    assert_eq!(known, text, "UPDATE_EXPECT=1 writes it anew");
}
