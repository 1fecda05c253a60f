//! Random programs over graphs whose recursion goes through relations that keep their rows and such that do not, and
//! whose rules derive what does not lead back to where it came from: computed keys, products, lattices without key.
//! Rows come and go, so that what no longer follows has to leave the views, and nothing else.

use bloom_stdx::random::Random;

use super::{Case, Rule};

/// Nodes of the graphs.
const NODES: usize = 4;
const TICKS: usize = 12;

/// `r` and `k` keep their rows, `p` and `q` do not. In a body `E` stands for a relation outside of the recursion, `R`
/// for one in it.
const RULES: [(&str, &[&str]); 14] = [
    ("r{a, b}", &["R{a, b}"]),
    ("r{a, b: c}", &["R{a, b}", "E{a: b, b: c}"]),
    ("p{a, b: c}", &["R{a, b}", "R{a: b, b: c}"]),
    ("p{a, b}", &["R{a, b}", "not E{a: b, b: a}"]),
    ("q{a: b, b: a}", &["R{a, b}", "E{a}"]),
    ("q{a, b}", &["R{a, b}", "k{a, least}", "least <= b"]),
    ("k{a, least: b}", &["R{a, b}"]),
    ("p{a, b: (b + 1) % 4}", &["E{a, b}"]),
    ("q{a: (a + b) % 4, b}", &["R{a, b}"]),
    ("p{a, b: a}", &["R{a, b}", "E{a: c, b: c}"]),
    ("q{a, b}", &["E{a}", "E{a: b, b: c}", "c > 1"]),
    ("p{a, b: max(c)}", &["E{a, b: c}"]),
    ("r{a, b: count()}", &["arc{a, b}"]),
    ("p{a, b: count()}", &["arc{a, b}"]),
];

/// Rules of lattices that are not of the recursion.
const LATTICES: [(&str, &str, &[&str]); 6] = [
    ("most( => v: Max<Int>)", "most{v: a + b}", &["p{a, b}"]),
    (
        "most( => v: Max<Int>)",
        "most{v: b}",
        &["r{a, b}", "not t{a}"],
    ),
    ("all( => v: Set<Int>)", "all{v: {a}}", &["q{a, b}"]),
    (
        "near(a: Int => v: Min<Int>)",
        "near{a: (a + 1) % 4, v: b}",
        &["t{a, b}"],
    ),
    (
        "near(a: Int => v: Min<Int>)",
        "near{a, v: c}",
        &["t{a, b}", "f{a: c}"],
    ),
    (
        "near(a: Int => v: Min<Int>)",
        "near{a, v: min(b)}",
        &["arc{a, b}"],
    ),
];

pub(super) fn case(seed: u64) -> Case {
    let mut random = Random::split(seed, 0x317e);
    let mut case = Case::default();
    for text in [
        "input come(a: Int, b: Int);",
        "input go(a: Int, b: Int);",
        "input arc(a: Int, b: Int);",
        "table t(a: Int, b: Int);",
        "table f(a: Int, b: Int);",
        "table r(a: Int, b: Int);",
        "table k(a: Int => least: Min<Int>);",
        "view p(a: Int, b: Int);",
        "scratch q(a: Int, b: Int);",
    ] {
        case.declare(text);
    }
    for (head, arrow, body) in [
        ("t{a, b}", "<+", "come{a, b}"),
        ("t{a, b}", "<-", "go{a, b}"),
        ("f{a: b, b: a}", "<+", "come{a, b}"),
        ("f{a, b}", "<-", "go{a, b}"),
        ("r{a, b}", "<-", "go{a, b: c}, r{a, b}"),
        ("k{a}", "<-", "go{a, b}"),
        ("p{a, b}", "<=", "t{a, b}"),
    ] {
        rule(&mut case, head, arrow, &[body.to_owned()]);
    }
    for _ in 0..3 + random.below(5) {
        let (head, body) = RULES[random.below(RULES.len())];
        let body: Vec<String> = body.iter().map(|text| written(&mut random, text)).collect();
        rule(&mut case, head, "<=", &body);
    }
    if random.chance(2, 3) {
        let (declared, head, body) = LATTICES[random.below(LATTICES.len())];
        case.declare(&format!("view {declared};"));
        let body: Vec<String> = body.iter().map(|text| (*text).to_owned()).collect();
        rule(&mut case, head, "<=", &body);
    }
    case.ticks = (0..TICKS)
        .map(|_| super::edges_fed(&mut random, NODES))
        .collect();
    case
}

fn written(random: &mut Random, literal: &str) -> String {
    let within = *random.pick(&["p", "q", "r"]);
    let outside = *random.pick(&["t", "f", "t", "f", "arc"]);
    literal
        .replace("R{", &format!("{within}{{"))
        .replace("E{", &format!("{outside}{{"))
}

fn rule(case: &mut Case, head: &str, arrow: &'static str, literals: &[String]) {
    case.rules.push(Rule {
        head: head.to_owned(),
        arrow,
        literals: literals.to_vec(),
    });
}

#[cfg(test)]
mod tests {
    use super::case;
    use crate::program::load;

    /// Else the differential test would say nothing of them.
    #[test]
    fn many_programs_mix_what_lasts_with_what_does_not() {
        let library = crate::program::standard_library();
        let mixes = (0..40).filter(|&seed| {
            let loaded = load("random", &case(seed).to_string(), &library);
            let loaded = loaded.expect("the generator writes what compiles");
            let (_, program) = &loaded.programs[0];
            let plan = program.plan();
            let mut strata = plan.strata.iter();
            strata.any(|stratum| {
                let versions = stratum.initial.iter();
                let rules = versions.map(|v| plan.versions[v.0 as usize].rule);
                let heads = rules.map(|rule| plan.rules[rule.0 as usize].head);
                let mut lives: Vec<bool> = heads
                    .map(|head| plan.relations[head.0 as usize].kind.is_transient())
                    .collect();
                lives.dedup();
                lives.len() > 1
            })
        });
        let mixes = mixes.count();
        assert!(mixes > 12, "{mixes} of 40");
    }
}
