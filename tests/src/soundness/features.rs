//! What a subject is made of, as words: how much of the language and of the analysis the random
//! programs reach is how many different words a run has met.

use std::collections::BTreeSet;

use super::subject::{Collection, Kind, Literal, Role, Rule, Subject};

/// The features of a subject: each pairs what is read, how, by which arrow and into what.
pub fn features(subject: &Subject) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = subject.made_of.iter().map(|m| m.to_string()).collect();
    if subject.roles.len() > 1 {
        found.insert("two kinds of node".to_owned());
    }
    for (number, role) in subject.roles.iter().enumerate() {
        if role.replicated {
            found.insert("replicated".to_owned());
        }
        let declared = role.collections.iter().flat_map(of_collection);
        found.extend(declared);
        for rule in &role.rules {
            found.extend(of_rule(subject, number, rule));
        }
        if is_recursive(role) {
            found.insert("recursion".to_owned());
        }
    }
    found
}

fn of_collection(collection: &Collection) -> Vec<String> {
    let word = collection.kind.word();
    let mut found = vec![word.to_owned()];
    let types = collection.columns.iter().filter(|c| c.ty != "Int");
    found.extend(types.map(|c| format!("{word} with {}", c.ty)));
    if collection.columns.iter().any(|c| !c.key) {
        found.push(format!("{word} with values"));
    }
    if collection.immutable {
        found.push(format!("{word} immutable"));
    }
    if !collection.sealed_by.is_empty() {
        found.push(format!("{word} sealed"));
    }
    found
}

fn of_rule(subject: &Subject, role: usize, rule: &Rule) -> Vec<String> {
    let kind = |name: &str| {
        let plain = name.strip_suffix(".sealed");
        let found = subject.collection(role, plain.unwrap_or(name));
        match (found, plain) {
            (_, Some(_)) => "sealed",
            (Some(collection), None) => collection.kind.word(),
            (None, None) => "unknown",
        }
    };
    let head = kind(&rule.head.collection);
    let aggregates = rule.head.terms.iter().filter_map(|t| t.split_once('('));
    let mut found: Vec<String> = aggregates
        .map(|(function, _)| format!("{function}() in a {head}"))
        .collect();
    for literal in &rule.literals {
        found.push(match literal {
            Literal::Is(row) => format!("{} {} {head}", kind(&row.collection), rule.arrow),
            Literal::Not(row) => {
                let wide = if row.terms.iter().any(|t| t == "_") {
                    " any"
                } else {
                    ""
                };
                format!("not{wide} {} {} {head}", kind(&row.collection), rule.arrow)
            }
            Literal::Other(text) => format!("{} {} {head}", shape(text), rule.arrow),
        });
    }
    found
}

/// A condition without its names and numbers.
fn shape(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || "().{}".contains(c));
    let telling = [
        "reveal", "size", "contains", "in", "let", ">=", "<=", "==", "!=", "<", ">",
    ];
    let words: Vec<&str> = words.filter(|word| telling.contains(word)).collect();
    words.join(" ")
}

fn is_recursive(role: &Role) -> bool {
    let of_this_tick = |rule: &&Rule| rule.arrow == "<=";
    role.rules.iter().filter(of_this_tick).any(|rule| {
        let reads_itself = |literal: &Literal| match literal {
            Literal::Is(row) => row.collection == rule.head.collection,
            Literal::Not(_) | Literal::Other(_) => false,
        };
        rule.literals.iter().any(reads_itself)
    })
}

/// Whether a collection of the kind is one whose verdict is compared.
pub fn is_result(collection: &Collection) -> bool {
    matches!(collection.kind, Kind::Output | Kind::View)
}
