//! Rules of a grammar for tree-sitter, and how they are written as JSON: in their order, since the first is the start.

use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    Blank,
    Symbol(String),
    /// A token as it is written.
    Text(String),
    Sequence(Vec<Rule>),
    Choice(Vec<Rule>),
    Repeat(Box<Rule>),
    Field(String, Box<Rule>),
    /// Read before all that has no precedence.
    Before(Box<Rule>),
    /// Shown under a name; `is_named` of a node, else of a token.
    Alias {
        content: Box<Rule>,
        value: String,
        is_named: bool,
    },
}

impl Rule {
    pub fn optional(rule: Rule) -> Rule {
        Rule::Choice(vec![rule, Rule::Blank])
    }

    /// One part alone is no sequence.
    pub fn sequence(mut parts: Vec<Rule>) -> Rule {
        match parts.len() {
            0 => Rule::Blank,
            1 => parts.remove(0),
            _ => Rule::Sequence(parts),
        }
    }

    pub fn choice(mut parts: Vec<Rule>) -> Rule {
        match parts.len() {
            1 => parts.remove(0),
            _ => Rule::Choice(parts),
        }
    }

    pub fn json(&self) -> Value {
        let all = |parts: &[Rule]| parts.iter().map(Rule::json).collect::<Vec<Value>>();
        match self {
            Rule::Blank => json!({ "type": "BLANK" }),
            Rule::Symbol(name) => json!({ "type": "SYMBOL", "name": name }),
            Rule::Text(text) => json!({ "type": "STRING", "value": text }),
            Rule::Sequence(parts) => json!({ "type": "SEQ", "members": all(parts) }),
            Rule::Choice(parts) => json!({ "type": "CHOICE", "members": all(parts) }),
            Rule::Repeat(inner) => json!({ "type": "REPEAT", "content": inner.json() }),
            Rule::Field(name, inner) => {
                json!({ "type": "FIELD", "name": name, "content": inner.json() })
            }
            Rule::Before(inner) => json!({ "type": "PREC", "value": 1, "content": inner.json() }),
            Rule::Alias {
                content,
                value,
                is_named,
            } => json!({
                "type": "ALIAS", "content": content.json(), "named": is_named, "value": value,
            }),
        }
    }
}
