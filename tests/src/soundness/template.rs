//! How templates are written, and how one becomes pieces of a subject.
//!
//! A template is Bloom in short: columns without a type are `Int`, atoms are by position, `A:` and
//! `B:` say whose statements follow. `[x|y|z]` is one of its alternatives; they may nest and be
//! empty; of those with the same tag, as in `[1:x|y]`, always the same is drawn. The first stands for what makes the template clean and is drawn as often as all others
//! together, so that every template is met whole and with each near miss.

use std::collections::BTreeMap;

use bloom_stdx::random::Random;

use super::subject::{Collection, Column, KINDS, Kind, Literal, Role, Row, Rule, Subject};

const ARROWS: [&str; 5] = ["<+-", "<=", "<+", "<~", "<-"];

/// A template with its alternatives drawn.
pub fn draw(random: &mut Random, name: &'static str, text: &str) -> Subject {
    let mut subject = Subject {
        made_of: vec![name],
        ..Subject::default()
    };
    subject.roles.push(role("A"));
    let mut current = 0;
    let text = choose(random, text, &mut Tags::new());
    for statement in text.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let statement = match statement.split_once(':') {
            Some((name @ ("A" | "B"), rest)) => {
                current = usize::from(name == "B");
                while subject.roles.len() <= current {
                    subject.roles[0].has_peer = true;
                    subject.roles.push(role("B"));
                }
                rest.trim()
            }
            _ => statement,
        };
        add(&mut subject, current, statement);
    }
    subject
}

/// What was drawn for each tag.
type Tags = BTreeMap<char, usize>;

/// Draws the alternatives of a text, innermost last.
fn choose(random: &mut Random, text: &str, tags: &mut Tags) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        out.push_str(&rest[..start]);
        let (tag, inner) = match rest[start + 1..].split_once(':') {
            Some((tag, inner)) if tag.len() == 1 => (tag.chars().next(), inner),
            _ => (None, &rest[start + 1..]),
        };
        let (alternatives, after) = alternatives(inner);
        let drawn = match alternatives.len() > 1 && random.chance(1, 2) {
            true => 1 + random.below(alternatives.len() - 1),
            false => 0,
        };
        let chosen = match tag {
            Some(tag) => *tags.entry(tag).or_insert(drawn),
            None => drawn,
        };
        out.push_str(&choose(random, alternatives[chosen], tags));
        rest = after;
    }
    out + rest
}

/// Parts at the bars up to the bracket that closes, and what follows it.
fn alternatives(text: &str) -> (Vec<&str>, &str) {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            ']' => {
                parts.push(&text[start..at]);
                return (parts, &text[at + 1..]);
            }
            _ => {}
        }
    }
    panic!("a bracket of a template is not closed: {text}");
}

fn role(name: &str) -> Role {
    Role {
        name: name.to_owned(),
        ..Role::default()
    }
}

fn add(subject: &mut Subject, current: usize, statement: &str) {
    let word = statement.split_whitespace().next().unwrap_or_default();
    if let Some((kind, _)) = KINDS.iter().find(|(_, w)| *w == word) {
        let collection = collection(*kind, statement[word.len()..].trim());
        match kind {
            Kind::Channel => subject.channels.push(collection),
            Kind::Input
            | Kind::Output
            | Kind::View
            | Kind::Table
            | Kind::Scratch
            | Kind::Static
            | Kind::Loopback
            | Kind::Periodic => subject.roles[current].collections.push(collection),
        }
        return;
    }
    subject.roles[current].rules.push(rule(statement));
}

/// `name(a, b => c: Max<Int>) immutable sealed by a`
fn collection(kind: Kind, text: &str) -> Collection {
    let (name, rest) = text.split_once('(').expect("a declaration has columns");
    let (columns, modifiers) = rest.rsplit_once(')').expect("columns are closed");
    let (keys, values) = columns.split_once("=>").unwrap_or((columns, ""));
    let location = (kind == Kind::Channel).then(|| column("to: Addr", true));
    let keys = split(keys).into_iter().map(|text| column(text, true));
    let values = split(values).into_iter().map(|text| column(text, false));
    let timer = [column("id", true), column("at: Time", true)];
    let columns = match kind {
        Kind::Periodic => timer.into(),
        Kind::Input
        | Kind::Output
        | Kind::View
        | Kind::Table
        | Kind::Scratch
        | Kind::Static
        | Kind::Loopback
        | Kind::Channel => location.into_iter().chain(keys).chain(values).collect(),
    };
    let sealed_by = modifiers.split_once("sealed by").map_or("", |(_, by)| by);
    Collection {
        name: name.trim().to_owned(),
        kind,
        columns,
        immutable: modifiers.contains("immutable"),
        sealed_by: split(sealed_by).into_iter().map(str::to_owned).collect(),
    }
}

fn column(text: &str, key: bool) -> Column {
    let (name, ty) = text.split_once(':').unwrap_or((text, "Int"));
    Column {
        name: name.trim().to_owned(),
        ty: ty.trim().to_owned(),
        key,
    }
}

fn rule(text: &str) -> Rule {
    // The first arrow parts head and body; a comparison can only stand behind it.
    let found = ARROWS.iter().filter_map(|&a| Some((text.find(a)?, a)));
    let first = found.min_by_key(|&(at, arrow)| (at, usize::MAX - arrow.len()));
    let (head, arrow, body) = match first {
        Some((at, arrow)) => (&text[..at], arrow, &text[at + arrow.len()..]),
        None => (text, "", ""),
    };
    Rule {
        head: row(head).unwrap_or_else(|| panic!("not a head: {text}")),
        arrow: arrow.to_owned(),
        literals: split(body).into_iter().map(literal).collect(),
    }
}

fn literal(text: &str) -> Literal {
    if let Some(rest) = text.strip_prefix("not ") {
        return Literal::Not(row(rest).unwrap_or_else(|| panic!("not a row: {text}")));
    }
    match row(text) {
        Some(row) => Literal::Is(row),
        None => Literal::Other(text.to_owned()),
    }
}

/// `name(x, _)`, where nothing follows and the name is no method: only `C.sealed` has a dot.
fn row(text: &str) -> Option<Row> {
    let text = text.trim();
    let (name, terms) = text.strip_suffix(')')?.split_once('(')?;
    let plain = name.strip_suffix(".sealed").unwrap_or(name);
    let is_name = plain.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| Row {
        collection: name.to_owned(),
        terms: split(terms).into_iter().map(str::to_owned).collect(),
    })
}

/// Parts at the commas that no bracket encloses, those of types like `Lww<Int, Int>` among them.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut angles, mut start) = (0, 0, 0);
    for (at, c) in text.char_indices() {
        let opens_type = text[at + c.len_utf8()..].starts_with(char::is_uppercase);
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            '<' if opens_type => angles += 1,
            '>' if angles > 0 => angles -= 1,
            ',' if depth == 0 && angles == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_prints_as_bloom() {
        let text = "input p(a, b => c: Max<Int>) immutable sealed by a; table t(=> n: Max<Int>);
            t(m) <+- p(x, 1, m), not t(_), x <= 2, p.sealed(x); t(1)";
        let subject = draw(&mut Random::new(1), "t", text);
        let expected = "\nnode A {
  input p(a: Int, b: Int => c: Max<Int>) immutable sealed by a;
  table t(=> n: Max<Int>);
  t(m) <+- p(x, 1, m), not t(_), x <= 2, p.sealed(x);
  t(1);
}
";
        assert_eq!(subject.program(), expected);
    }

    #[test]
    fn alternatives_nest() {
        let drawn = |seed| {
            choose(
                &mut Random::new(seed),
                "a[1:b|c[d|e]|]f[1:x|y|z]",
                &mut Tags::new(),
            )
        };
        let mut all: Vec<String> = (0..200).map(drawn).collect();
        all.sort();
        all.dedup();
        assert_eq!(all, ["abfx", "acdfy", "acefy", "afz"]);
    }
}
