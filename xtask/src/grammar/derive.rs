//! The parser's grammar as one for tree-sitter: the same rules over the same tokens, under the nodes' names.
//!
//! What differs: units, which the parser cuts apart first, follow each other here, and a block's header its body; what
//! may be empty is put where it is used, since no rule of tree-sitter may match nothing; the macros for lists are
//! written out. Tokens are the scanner's.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{ALTERNATIVES, BLOCKS, NAME, NODES, OPEN_RECORD, TOKENS, WORDS_AS_NAMES};
use super::read::{Nonterminal, Symbol};
use super::rule::Rule;

/// Rules that only choose what to read, and those whose place the assembly takes.
const LEFT_OUT: [&str; 2] = ["Unit", "Header"];

/// The rule of what a record is called.
const RECORD_NAME: &str = "_record_name";

/// The rules, the start first.
pub fn derive(grammar: &[Nonterminal]) -> Result<Vec<(String, Rule)>, String> {
    let by_name: BTreeMap<&str, &Nonterminal> =
        grammar.iter().map(|one| (one.name.as_str(), one)).collect();
    let mut derive = Derive {
        nullable: nullable(grammar),
        by_name,
        rules: Vec::new(),
    };
    derive.assembly()?;
    for one in grammar {
        let is_inlined = derive.nullable.contains(one.name.as_str());
        let is_left_out = LEFT_OUT.contains(&one.name.as_str());
        if one.parameters.is_empty() && !is_inlined && !is_left_out {
            derive.define(one)?;
        }
    }
    derive.rules.extend(record_names());
    Ok(derive.rules)
}

/// The rules that may match nothing.
fn nullable(grammar: &[Nonterminal]) -> BTreeSet<String> {
    fn is_empty(symbol: &Symbol, known: &BTreeSet<String>) -> bool {
        match symbol {
            Symbol::Token(_) => false,
            Symbol::Rule(name, _) => known.contains(name),
            Symbol::Sequence(parts) => parts.iter().all(|part| is_empty(part, known)),
            Symbol::Named(_, inner) => is_empty(inner, known),
            Symbol::Optional(_) | Symbol::Repeated(_) => true,
        }
    }
    let mut known = BTreeSet::new();
    loop {
        let before = known.len();
        for one in grammar {
            let empty = |parts: &Vec<Symbol>| parts.iter().all(|part| is_empty(part, &known));
            if one.alternatives.iter().any(empty) {
                known.insert(one.name.clone());
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

struct Derive<'g> {
    by_name: BTreeMap<&'g str, &'g Nonterminal>,
    nullable: BTreeSet<String>,
    rules: Vec<(String, Rule)>,
}

impl Derive<'_> {
    fn rule(&self, name: &str) -> Result<&Nonterminal, String> {
        let found = self.by_name.get(name).copied();
        found.ok_or_else(|| format!("there is no rule `{name}`"))
    }

    /// Items and blocks, which the parser puts together by itself.
    fn assembly(&mut self) -> Result<(), String> {
        let symbol = |name: &str| Rule::Symbol(name.to_owned());
        let repeat = |rule: Rule| Rule::Repeat(Box::new(rule));
        let blocks = BLOCKS.iter().map(|(name, _)| self.block_symbol(name));
        let kinds: Vec<Rule> = std::iter::once(symbol("_item_kind"))
            .chain(blocks)
            .collect();
        let attributes = || repeat(symbol("attribute"));
        let mut first = vec![
            ("source_file".to_owned(), repeat(symbol("_item"))),
            (
                "_item".to_owned(),
                Rule::Sequence(vec![attributes(), Rule::Choice(kinds)]),
            ),
            (
                "_attributed_rule".to_owned(),
                Rule::Sequence(vec![attributes(), symbol("rule")]),
            ),
        ];
        let headers = self.rule("Header")?.alternatives.clone();
        if headers.len() != BLOCKS.len() {
            return Err(format!("{} headers of blocks have names", BLOCKS.len()));
        }
        for (header, (name, body)) in headers.iter().zip(BLOCKS) {
            let mut parts = self.symbols(header)?;
            parts.push(repeat(symbol(body)));
            parts.push(token("}"));
            first.push((block_rule(name), Rule::Sequence(parts)));
        }
        self.rules = first;
        Ok(())
    }

    fn block_symbol(&self, name: &str) -> Rule {
        let rule = block_rule(name);
        match rule == *name {
            true => Rule::Symbol(rule),
            false => named(Rule::Symbol(rule), name),
        }
    }

    fn define(&mut self, one: &Nonterminal) -> Result<(), String> {
        let names = ALTERNATIVES.iter().find(|(rule, _)| *rule == one.name);
        let mut names = names.map_or(&[] as &[&str], |(_, names)| names).iter();
        let has_names = names.len() > 0;
        let mut alternatives = Vec::new();
        for (number, alternative) in one.alternatives.iter().enumerate() {
            if WORDS_AS_NAMES.contains(&one.name.as_str()) {
                let words = self.symbols(alternative)?;
                let words = words.into_iter().map(|word| match word.clone() {
                    Rule::Text(_) => named(word, NAME),
                    other => other,
                });
                alternatives.extend(words);
                continue;
            }
            let rule = Rule::sequence(self.symbols(alternative)?);
            if !has_names || alternative.len() < 2 {
                alternatives.push(rule);
                continue;
            }
            let missing = || format!("an alternative of `{}` has no name", one.name);
            let name = *names.next().ok_or_else(missing)?;
            let own = format!("_{}_{number}", snake(&one.name));
            self.rules.push((own.clone(), rule));
            alternatives.push(named(Rule::Symbol(own), name));
        }
        if let Some(name) = names.next() {
            return Err(format!("`{}` has no alternative for `{name}`", one.name));
        }
        self.rules
            .push((rule_name(&one.name), Rule::choice(alternatives)));
        Ok(())
    }

    fn symbols(&mut self, symbols: &[Symbol]) -> Result<Vec<Rule>, String> {
        let mut rules = Vec::new();
        for (at, symbol) in symbols.iter().enumerate() {
            let is_record = symbols.get(at + 1) == Some(&Symbol::Token(OPEN_RECORD.to_owned()));
            let rule = match symbol {
                Symbol::Named(field, _) if is_record => Rule::Field(
                    field.clone(),
                    Box::new(Rule::Symbol(RECORD_NAME.to_owned())),
                ),
                other => self.symbol(other)?,
            };
            rules.push(rule);
        }
        Ok(rules)
    }

    fn symbol(&mut self, symbol: &Symbol) -> Result<Rule, String> {
        Ok(match symbol {
            Symbol::Token(name) => token(name),
            Symbol::Rule(name, arguments) => self.reference(name, arguments)?,
            Symbol::Sequence(parts) => Rule::sequence(self.symbols(parts)?),
            Symbol::Named(name, inner) => match self.symbol(inner)? {
                Rule::Blank => Rule::Blank,
                // What it is, the node itself tells.
                inner if name == "kind" => inner,
                inner => Rule::Field(name.clone(), Box::new(inner)),
            },
            Symbol::Optional(inner) => Rule::optional(self.symbol(inner)?),
            Symbol::Repeated(inner) => Rule::Repeat(Box::new(self.symbol(inner)?)),
        })
    }

    fn reference(&mut self, name: &str, arguments: &[Symbol]) -> Result<Rule, String> {
        if let [element] = arguments {
            return self.list(name, element);
        }
        let found = self.rule(name)?.clone();
        if !self.nullable.contains(name) {
            let symbol = Rule::Symbol(rule_name(name));
            let node = NODES.iter().find(|(rule, _)| *rule == name);
            return Ok(match node {
                Some((_, node)) if rule_name(name) != **node => named(symbol, node),
                Some(_) | None => symbol,
            });
        }
        let mut alternatives = Vec::new();
        for alternative in &found.alternatives {
            alternatives.push(Rule::sequence(self.symbols(alternative)?));
        }
        Ok(Rule::choice(alternatives))
    }

    /// `Comma<X>`, `Comma1<X>`, `Sep1<X>`
    fn list(&mut self, name: &str, element: &Symbol) -> Result<Rule, String> {
        let one = self.symbol(element)?;
        let comma = token(",");
        let more = Rule::Repeat(Box::new(Rule::Sequence(vec![comma.clone(), one.clone()])));
        let mut parts = vec![one, more];
        if name != "Sep1" {
            parts.push(Rule::optional(comma));
        }
        let list = Rule::Sequence(parts);
        match name {
            "Comma" => Ok(Rule::optional(list)),
            "Comma1" | "Sep1" => Ok(list),
            _ => Err(format!("there is no list `{name}`")),
        }
    }
}

/// Before the brace of a record stands what ends in an upper-case name, and there is no other reading of the two.
fn record_names() -> Vec<(String, Rule)> {
    let upper = || Rule::Symbol("type_identifier".to_owned());
    let inner = Rule::Sequence(vec![
        Rule::Field(
            "base".to_owned(),
            Box::new(Rule::Symbol("_postfix".to_owned())),
        ),
        Rule::Text(".".to_owned()),
        Rule::Field("name".to_owned(), Box::new(upper())),
    ]);
    let qualified = format!("{RECORD_NAME}_qualified");
    let alternatives = vec![
        upper(),
        named(Rule::Symbol(qualified.clone()), "field_expression"),
    ];
    vec![
        (qualified, Rule::Before(Box::new(inner))),
        (
            RECORD_NAME.to_owned(),
            Rule::Before(Box::new(Rule::Choice(alternatives))),
        ),
    ]
}

/// A token is shown as it is written if it is no node.
fn token(name: &str) -> Rule {
    match TOKENS.iter().find(|(token, ..)| *token == name) {
        Some((_, node, _)) => Rule::Symbol((*node).to_owned()),
        None if name == OPEN_RECORD => Rule::Text("{".to_owned()),
        None => Rule::Text(name.to_owned()),
    }
}

fn named(content: Rule, value: &str) -> Rule {
    Rule::Alias {
        content: Box::new(content),
        value: value.to_owned(),
        is_named: true,
    }
}

/// What the rule of a block is called: a lattice without a body is another rule of the same node.
fn block_rule(name: &str) -> String {
    match name {
        "lattice" => "_lattice_block".to_owned(),
        _ => name.to_owned(),
    }
}

/// The first rule that is a node of a name has that name; others are shown under it.
fn rule_name(name: &str) -> String {
    let node = NODES.iter().find(|(rule, _)| *rule == name);
    match (name, node) {
        ("Item", _) => "_item_kind".to_owned(),
        (_, Some((_, node))) => {
            let first = NODES.iter().find(|(_, other)| other == node);
            match first.is_some_and(|(rule, _)| *rule == name) {
                true => (*node).to_owned(),
                false => format!("_{}", snake(name)),
            }
        }
        (_, None) => format!("_{}", snake(name)),
    }
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
