//! One random change of a subject: what makes near misses of everything.

use bloom_stdx::random::Random;

use super::rules::{Bound, other_than, random_arrow, random_literal, random_rule};
use super::subject::{Collection, Kind, Literal, Role, Row, Rule, Subject};

/// Changes a subject in one place. Some changes have nowhere to go, and change nothing.
pub fn mutate(random: &mut Random, subject: &mut Subject) {
    let number = random.below(subject.roles.len());
    let channels = subject.channels.clone();
    let role = &mut subject.roles[number];
    let seen: Vec<Collection> = role.collections.iter().chain(&channels).cloned().collect();
    if role.rules.is_empty() {
        return;
    }
    let rule = random.below(role.rules.len());
    match random.below(12) {
        0 => drop_literal(random, &mut role.rules[rule]),
        1 => other_collection(random, &seen, &mut role.rules[rule]),
        2 => other_arrow(random, &seen, &mut role.rules[rule]),
        3 => negate(random, &mut role.rules[rule]),
        4 | 5 => other_term(random, &mut role.rules[rule]),
        6 => other_comparison(random, &mut role.rules[rule]),
        7 | 8 => other_kind(random, role),
        9 => more_rules(random, &seen, role),
        10 => more_literals(random, &seen, &mut role.rules[rule]),
        _ => copy_rule(random, &seen, role, rule),
    }
}

fn drop_literal(random: &mut Random, rule: &mut Rule) {
    if rule.literals.len() > 1 {
        rule.literals.remove(random.below(rule.literals.len()));
    }
}

/// Reads or writes another collection with columns of the same types.
fn other_collection(random: &mut Random, seen: &[Collection], rule: &mut Rule) {
    let mut rows = rule.rows_mut();
    let at = random.below(rows.len());
    let row = &mut rows[at];
    let Some(now) = seen.iter().find(|c| c.name == row.collection) else {
        return;
    };
    let types =
        |c: &Collection| -> Vec<String> { c.columns.iter().map(|c| c.ty.clone()).collect() };
    let fits = |c: &&Collection| c.name != now.name && types(c) == types(now) && c.kind.is_read();
    let others: Vec<&Collection> = seen.iter().filter(fits).collect();
    if !others.is_empty() {
        row.collection = random.pick(&others).name.clone();
    }
}

fn other_arrow(random: &mut Random, seen: &[Collection], rule: &mut Rule) {
    let head = seen.iter().find(|c| c.name == rule.head.collection);
    if let Some(arrow) = head.and_then(|head| random_arrow(random, head.kind))
        && !rule.literals.is_empty()
    {
        rule.arrow = arrow.to_owned();
    }
}

fn negate(random: &mut Random, rule: &mut Rule) {
    if rule.literals.is_empty() {
        return;
    }
    let at = random.below(rule.literals.len());
    let literal = &mut rule.literals[at];
    *literal = match literal.clone() {
        Literal::Is(row) => Literal::Not(row),
        Literal::Not(row) => Literal::Is(row),
        Literal::Other(text) => Literal::Other(text),
    };
}

fn other_term(random: &mut Random, rule: &mut Rule) {
    let mut rows = rule.rows_mut();
    let at = random.below(rows.len());
    let Row { terms, .. } = &mut *rows[at];
    if !terms.is_empty() {
        let at = random.below(terms.len());
        terms[at] = random
            .pick(&["x", "y", "_", "1", "2", "count()"])
            .to_string();
    }
}

fn other_comparison(random: &mut Random, rule: &mut Rule) {
    const COMPARISONS: [&str; 6] = [" >= ", " <= ", " == ", " != ", " < ", " > "];
    for literal in &mut rule.literals {
        let Literal::Other(text) = literal else {
            continue;
        };
        if let Some(now) = COMPARISONS.iter().find(|c| text.contains(**c)) {
            *text = text.replace(now, random.pick::<&str>(&COMPARISONS));
        }
    }
}

fn other_kind(random: &mut Random, role: &mut Role) {
    if role.collections.is_empty() {
        return;
    }
    let at = random.below(role.collections.len());
    let collection = &mut role.collections[at];
    let flips = random.chance(1, 2);
    match collection.kind {
        Kind::Table if flips && collection.columns.len() > 1 => {
            let last = collection
                .columns
                .last_mut()
                .expect("there are two columns");
            last.key = !last.key;
        }
        Kind::Table => collection.kind = Kind::Scratch,
        Kind::Scratch => collection.kind = Kind::Table,
        Kind::Output => collection.kind = Kind::View,
        Kind::View => collection.kind = Kind::Output,
        Kind::Input if flips => collection.immutable = !collection.immutable,
        Kind::Input if collection.sealed_by.is_empty() => {
            collection.sealed_by = vec![collection.columns[0].name.clone()];
        }
        Kind::Input | Kind::Static | Kind::Loopback | Kind::Channel | Kind::Periodic => {}
    }
}

fn more_rules(random: &mut Random, seen: &[Collection], role: &mut Role) {
    if role.collections.is_empty() {
        return;
    }
    let head = random.pick(&role.collections).clone();
    role.rules.extend(random_rule(random, seen, &head));
}

fn more_literals(random: &mut Random, seen: &[Collection], rule: &mut Rule) {
    let readable: Vec<&Collection> = seen.iter().filter(|c| c.kind.is_read()).collect();
    if !rule.literals.is_empty() && !readable.is_empty() {
        let mut bound = bound(seen, rule);
        let readable = other_than(random, &rule.literals, &readable);
        let literal = random_literal(random, &readable, &mut bound);
        rule.literals.extend(literal);
    }
}

/// Writes a rule twice, the second time with one literal more or less.
fn copy_rule(random: &mut Random, seen: &[Collection], role: &mut Role, at: usize) {
    let mut copy = role.rules[at].clone();
    match random.chance(1, 2) {
        true => more_literals(random, seen, &mut copy),
        false => drop_literal(random, &mut copy),
    }
    role.rules.push(copy);
}

/// The variables that the rows of a body bind.
fn bound(seen: &[Collection], rule: &Rule) -> Bound {
    let mut bound = Bound::new();
    for literal in &rule.literals {
        let Literal::Is(row) = literal else { continue };
        let Some(of) = seen.iter().find(|c| c.name == row.collection) else {
            continue;
        };
        let pairs = row.terms.iter().zip(&of.columns);
        let variables = pairs.filter(|(term, _)| term.starts_with(char::is_lowercase));
        bound.extend(variables.map(|(term, column)| (term.clone(), column.ty.clone())));
    }
    bound
}
