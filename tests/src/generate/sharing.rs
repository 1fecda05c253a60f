//! Random programs whose rules have joins in common, in other words and in other orders: what is evaluated once for
//! all of them.

use bloom_stdx::random::Random;

use super::{Case, Declaration, Rule};

/// Nodes of the graphs.
const NODES: usize = 5;
const TICKS: usize = 8;

/// What rules have in common. `E` stands for a relation of edges.
const PARTS: [&[&str]; 7] = [
    &["t{a, b}", "E{a: b, b: c}", "t{a: c, b: d}"],
    &["E{a, b}", "f{a: b, b: c}", "t{a: c, b: d}", "a != d"],
    &["p{a, b}", "t{a: b, b: c}", "E{a: c, b: d}"],
    &[
        "p{a, b}",
        "p{a: b, b: c}",
        "E{a: c, b: d}",
        "b < c || a == d",
    ],
    &[
        "t{a, b}",
        "t{a: b, b: c}",
        "E{a: c, b: d}",
        "not f{a, b: d}",
    ],
    &["E{a, b: 2}", "t{a, b}", "f{a: b, b: c}", "t{a: d, b: c}"],
    &["t{a, b: a}", "E{a, b: c}", "t{a: c, b}", "f{a: b, b: d}"],
];
/// What a rule has beside.
const OTHERS: [&str; 8] = [
    "t{a: d, b: e}",
    "f{a: c, b: a}",
    "a < c",
    "not f{a: d, b: a}",
    "p{a: d, b: c}",
    "t{a: c}",
    "let e = max(a, d)",
    "E{a: b, b: d}",
];
const HEADS: [(&str, &str); 8] = [
    ("p{a, b: d}", "<="),
    ("p{a: d, b: a}", "<="),
    ("q{a, b: c}", "<="),
    ("q{a: b, b: d}", "<="),
    ("three{a, b: c, c: d}", "<="),
    ("one{a: b}", "<="),
    ("number{n: count()}", "<="),
    ("kept{a, b: d}", "<+"),
];

pub(super) fn case(seed: u64) -> Case {
    let mut random = Random::split(seed, 0x5a4e);
    let mut case = Case::default();
    for (name, text) in [
        ("come", "input come(a: Int, b: Int);"),
        ("go", "input go(a: Int, b: Int);"),
        ("arc", "input arc(a: Int, b: Int);"),
        ("t", "table t(a: Int, b: Int);"),
        ("f", "table f(a: Int, b: Int);"),
        ("kept", "table kept(a: Int, b: Int);"),
        ("p", "scratch p(a: Int, b: Int);"),
        ("q", "view q(a: Int, b: Int);"),
        ("three", "view three(a: Int, b: Int, c: Int);"),
        ("one", "view one(a: Int);"),
        ("number", "view number(n: Int);"),
    ] {
        let (name, text) = (name.to_owned(), text.to_owned());
        case.declarations.push(Declaration { name, text });
    }
    for (head, arrow, literal) in [
        ("t{a, b}", "<+", "come{a, b}"),
        ("t{a, b}", "<-", "go{a, b}"),
        ("f{a: b, b: a}", "<+", "come{a, b}"),
        ("f{a, b}", "<-", "go{a, b}"),
        ("p{a, b}", "<=", "t{a, b}"),
    ] {
        case.rules.push(Rule {
            head: head.to_owned(),
            arrow,
            literals: vec![literal.to_owned()],
        });
    }
    let edges = random.pick(&["t", "arc", "f"]).to_string();
    for _ in 0..1 + random.below(2) {
        let part = PARTS[random.below(PARTS.len())];
        for _ in 0..2 + random.below(3) {
            case.rules.push(rule(&mut random, part, &edges));
        }
    }
    case.ticks = (0..TICKS)
        .map(|_| super::edges_fed(&mut random, NODES))
        .collect();
    case
}

/// A rule with this part of a body, whose variables have other names and whose literals stand in another order.
fn rule(random: &mut Random, part: &[&str], edges: &str) -> Rule {
    let (head, arrow) = HEADS[random.below(HEADS.len())];
    let mut literals: Vec<&str> = part.to_vec();
    for _ in 0..random.below(3) {
        let other = OTHERS[random.below(OTHERS.len())];
        if !literals.contains(&other) {
            literals.push(other);
        }
    }
    for last in (1..literals.len()).rev() {
        literals.swap(last, random.below(last + 1));
    }
    let renames = random.chance(1, 2);
    let write = |text: &str| {
        let text = text.replace("E{", &format!("{edges}{{"));
        if renames { renamed(&text) } else { text }
    };
    Rule {
        head: write(head),
        arrow,
        literals: literals.into_iter().map(write).collect(),
    }
}

/// The text with every variable called otherwise; columns keep their names.
fn renamed(text: &str) -> String {
    let is_variable = |c: char| ('a'..='e').contains(&c);
    let mut result = String::new();
    let chars: Vec<char> = text.chars().collect();
    let braces = chars.iter().position(|&c| c == '{').unwrap_or(chars.len());
    for (place, &c) in chars.iter().enumerate() {
        let near = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied();
        let stands_alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let alone = stands_alone(near(place.checked_sub(1))) && stands_alone(near(Some(place + 1)));
        let variable = format!("v{c}");
        match near(Some(place + 1)) {
            _ if !is_variable(c) || !alone => result.push(c),
            // A column, with what stands in it, or alone for both.
            Some(':') => result.push(c),
            Some(',' | '}') if place > braces && near(place.checked_sub(2)) != Some(':') => {
                result += &format!("{c}: {variable}");
            }
            _ => result += &variable,
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{case, renamed};
    use crate::program::load;

    /// Else the differential test would say nothing of what is shared.
    #[test]
    fn most_programs_share_something() {
        let library = crate::program::standard_library();
        let shares = (0..40).filter(|&seed| {
            let loaded = load("random", &case(seed).to_string(), &library);
            let loaded = loaded.expect("the generator writes what compiles");
            let (_, program) = &loaded.programs[0];
            let mut relations = program.plan().relations.iter();
            relations.any(|relation| relation.name.contains(".shared."))
        });
        assert!(shares.count() > 20);
    }

    #[test]
    fn variables_are_renamed_and_columns_are_not() {
        assert_eq!(renamed("t{a, b: c}"), "t{a: va, b: vc}");
        assert_eq!(renamed("t{a: c, b}"), "t{a: vc, b: vb}");
        assert_eq!(renamed("E{a, b: 2}"), "E{a: va, b: 2}");
        assert_eq!(renamed("let e = max(a, d)"), "let ve = max(va, vd)");
        assert_eq!(renamed("b < c || a == d"), "vb < vc || va == vd");
        assert_eq!(renamed("number{n: count()}"), "number{n: count()}");
    }
}
