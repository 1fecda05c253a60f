//! Random programs whose recursive rules join several rows of what they derive: joins that a fixpoint keeps, and rows
//! that are new on both sides of one.

use bloom_stdx::random::Random;

use super::{Case, Rule};

/// Nodes of the graphs.
const NODES: usize = 5;
const TICKS: usize = 8;

/// Bodies in which `R` and `S` stand for relations of the recursion, `E` and `F` for others.
const BODIES: [&[&str]; 8] = [
    &["E{a, b}", "R{a: b, b: c}", "S{a: c, b: d}"],
    &["E{a, b}", "R{a, b: c}", "S{a: b, b: d}"],
    &["R{a, b}", "E{a: b, b: c}", "S{a: c, b: d}"],
    &["R{a, b}", "S{a: b, b: c}", "E{a: c, b: d}"],
    &["E{a, b}", "R{a, b: c}", "S{a: c, b}", "F{a: c, b: d}"],
    &["R{a, b}", "E{a: b, b: c}", "F{a: c, b: d}", "S{a: d, b: a}"],
    &["R{a, b}", "S{a: b, b: c}", "R{a: c, b: d}"],
    &["R{a, b}", "S{a: b, b: d}"],
];
/// What a rule has beside.
const OTHERS: [&str; 5] = [
    "a != d",
    "not F{a: d, b: a}",
    "b < d || a == d",
    "E{a: d}",
    "R{a: d}",
];
const HEADS: [&str; 4] = ["p{a, b: d}", "p{a: d, b: a}", "q{a, b: d}", "q{a: b, b: d}"];

pub(super) fn case(seed: u64) -> Case {
    let mut random = Random::split(seed, 0x301e);
    let mut case = Case::default();
    // What lives for a tick is derived anew; what lasts is kept up.
    let source = if random.chance(1, 3) { "arc" } else { "t" };
    let kind = |random: &mut Random| *random.pick(&["view", "scratch"]);
    for text in [
        "input come(a: Int, b: Int);".to_owned(),
        "input go(a: Int, b: Int);".to_owned(),
        "input arc(a: Int, b: Int);".to_owned(),
        "table t(a: Int, b: Int);".to_owned(),
        "table f(a: Int, b: Int);".to_owned(),
        format!("{} p(a: Int, b: Int);", kind(&mut random)),
        format!("{} q(a: Int, b: Int);", kind(&mut random)),
    ] {
        case.declare(&text);
    }
    let begins = format!("{source}{{a, b}}");
    for (head, arrow, literal) in [
        ("t{a, b}", "<+", "come{a, b}"),
        ("t{a, b}", "<-", "go{a, b}"),
        ("f{a: b, b: a}", "<+", "come{a, b}"),
        ("f{a, b}", "<-", "go{a, b}"),
        ("p{a, b}", "<=", &begins),
        ("q{a: b, b: a}", "<=", "p{a, b}"),
    ] {
        case.rules.push(Rule {
            head: head.to_owned(),
            arrow,
            literals: vec![literal.to_owned()],
        });
    }
    for _ in 0..1 + random.below(3) {
        case.rules.push(rule(&mut random));
    }
    case.ticks = (0..TICKS)
        .map(|_| super::edges_fed(&mut random, NODES))
        .collect();
    case
}

fn rule(random: &mut Random) -> Rule {
    let mut literals = BODIES[random.below(BODIES.len())].to_vec();
    if random.chance(1, 3) {
        literals.push(OTHERS[random.below(OTHERS.len())]);
    }
    random.shuffle(&mut literals);
    let relations = [
        ("R{", *random.pick(&["p", "q"])),
        ("S{", *random.pick(&["p", "q"])),
        ("E{", *random.pick(&["t", "arc", "f"])),
        ("F{", *random.pick(&["t", "arc", "f"])),
    ];
    let write = |literal: &str| {
        let parts = relations.iter();
        parts.fold(literal.to_owned(), |text, (letter, name)| {
            text.replace(letter, &format!("{name}{{"))
        })
    };
    Rule {
        head: (*random.pick(&HEADS)).to_owned(),
        arrow: "<=",
        literals: literals.into_iter().map(write).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::case;
    use crate::program::load;

    /// Else the differential test would say nothing of joins that are kept.
    #[test]
    fn many_programs_keep_a_join() {
        let library = crate::program::standard_library();
        let keeps = (0..40).filter(|&seed| {
            let loaded = load("random", &case(seed).to_string(), &library);
            let loaded = loaded.expect("the generator writes what compiles");
            let (_, program) = &loaded.programs[0];
            let mut relations = program.plan().relations.iter();
            relations.any(|relation| relation.name.contains(".joined."))
        });
        let keeps = keeps.count();
        assert!(keeps > 12, "{keeps} of 40");
    }
}
