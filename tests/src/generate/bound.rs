//! Random programs with recursion of which constants are asked: what restriction by bindings works on.

use bloom_stdx::random::Random;

use super::{Case, Declaration, Rule};

/// Nodes of the graphs.
const NODES: usize = 6;
const TICKS: usize = 8;

/// One base rule, and recursive ones of several shapes; `E` stands for a relation of edges.
const BASES: [&str; 4] = [
    "p{a, b} <= E{a, b}",
    "p{a: b, b: a} <= E{a, b}",
    "p{a, b: a} <= E{a}",
    "p{a, b} <= E{a, b}, f{a: b}, a != 2",
];
const STEPS: [&str; 17] = [
    "p{a, b: c} <= p{a, b}, E{a: b, b: c}",
    "p{a, b: c} <= E{a, b}, p{a: b, b: c}",
    "p{a, b: c} <= p{a, b}, p{a: b, b: c}",
    "p{a, b} <= E{a, b: c}, p{a: c, b: d}, E{a: b, b: d}",
    "p{a: b, b: a} <= p{a, b}",
    "p{a, b: c} <= p{a, b}, E{a: b, b: c}, not f{a: c, b: a}",
    "p{a, b: c} <= E{a, b}, f{a: c}, p{a: b, b: c}, a != c",
    "p{a, b} <= p{a, b: c}, p{a: b, b: d}, E{a: c, b: d}",
    "p{a: 3, b} <= p{a: b}, E{a: b}",
    "p{a, b} <= E{a, b: c}, p{a: d, b}, f{a: c, b: d}",
    "p{a, b: c} <= E{a, b}, let c = max(a, b), p{a: c, b: b}",
    // With `r`, which depends on it: the second step of the two is needed for a recursion.
    "r{a, b} <= p{a, b}, E{a: b}",
    "r{a, b: c} <= p{a, b}, E{a: b, b: c}",
    "r{a: b, b: c} <= E{a, b}, p{a, b: c}",
    "p{a, b: c} <= r{a, b}, E{a: b, b: c}",
    "p{a, b: c} <= E{a, b}, r{a: b, b: c}",
    "p{a, b: c} <= r{a, b}, p{a: b, b: c}",
];
/// What asks for some of it; `K` stands for a constant.
const READERS: [&str; 10] = [
    "one{a: b} <= p{a: K, b}",
    "one{a: b} <= p{a: K, b}",
    "one{a} <= p{a, b: K}",
    "one{a: b} <= p{a, b}, a == K",
    "one{a: K} <= p{a: K, b: K}",
    "two{a, b} <= E{a, b}, not p{a: K, b}",
    "two{a, b} <= f{a, b}, p{a: K, b: a}, p{a: K, b}",
    "kept{a: b, b: K} <+ p{a: K, b}",
    "one{a: b} <= r{a: K, b}",
    "two{a, b} <= p{a, b}",
];

pub(super) fn case(seed: u64) -> Case {
    let mut random = Random::split(seed, 0xb0d5);
    let edges = random.pick(&["t", "arc", "t", "f"]).to_string();
    let mut case = Case::default();
    for (name, kind) in [
        ("come", "input"),
        ("go", "input"),
        ("arc", "input"),
        ("t", "table"),
        ("f", "table"),
        ("kept", "table"),
        ("p", "scratch"),
        ("r", "scratch"),
        ("two", "view"),
    ] {
        let text = format!("{kind} {name}(a: Int, b: Int);");
        let name = name.to_owned();
        case.declarations.push(Declaration { name, text });
    }
    for (name, text) in [
        ("one", "view one(a: Int);"),
        ("number", "view number(n: Int);"),
    ] {
        let (name, text) = (name.to_owned(), text.to_owned());
        case.declarations.push(Declaration { name, text });
    }
    for fixed in [
        "t{a, b} <+ come{a, b}",
        "t{a, b} <- go{a, b}",
        "f{a: b, b: a} <+ come{a, b}, a < b",
        "f{a, b} <- go{a, b}",
    ] {
        case.rules.push(rule(fixed, &edges, 0));
    }
    case.rules
        .push(rule(BASES[random.below(BASES.len())], &edges, 0));
    for _ in 0..1 + random.below(5) {
        case.rules
            .push(rule(STEPS[random.below(STEPS.len())], &edges, 0));
    }
    let constant = random.below(NODES);
    for _ in 0..1 + random.below(3) {
        let constant = match random.chance(2, 3) {
            true => constant,
            false => random.below(NODES),
        };
        // All of it is wanted rarely, as nothing is restricted then.
        let readers = READERS.len() - usize::from(random.chance(9, 10));
        let reader = READERS[random.below(readers)];
        case.rules.push(rule(reader, &edges, constant));
    }
    if random.chance(1, 4) {
        case.rules.push(Rule {
            head: "number{n: count()}".into(),
            arrow: "<=",
            literals: vec![format!("p{{a: {constant}, b}}")],
        });
    }
    case.ticks = (0..TICKS)
        .map(|_| super::edges_fed(&mut random, NODES))
        .collect();
    case
}

fn rule(text: &str, edges: &str, constant: usize) -> Rule {
    let text = text
        .replace("E{", &format!("{edges}{{"))
        .replace('K', &constant.to_string());
    let arrow = [" <= ", " <+ ", " <- "]
        .into_iter()
        .find(|a| text.contains(a));
    let arrow = arrow.expect("a rule has an arrow");
    let (head, body) = text.split_once(arrow).expect("it has just been found");
    // Literals are left out one by one when a program is made smaller.
    let literals = body.split("}, ").map(|literal| {
        let open = literal.contains('{') && !literal.ends_with('}');
        format!("{literal}{}", if open { "}" } else { "" })
    });
    Rule {
        head: head.to_owned(),
        arrow: match arrow.trim() {
            "<+" => "<+",
            "<-" => "<-",
            _ => "<=",
        },
        literals: literals.collect(),
    }
}
