//! Random programs that run for many ticks: tables to which rows are added, from which they are deleted
//! and in which they are replaced, and views over them with joins, recursion, `not`, every aggregate
//! and lattices. A tick brings little, so that what follows it has much to get wrong.

use bloom_stdx::random::Random;

use super::rule;
use super::{Case, Collection, Kind, LEVELS, Rule, Ty, constant};

const TICKS_MIN: usize = 30;

/// What a table takes in.
struct Store {
    table: Collection,
    inputs: Vec<Collection>,
}

pub(super) fn case(seed: u64) -> Case {
    let mut random = Random::split(seed, 0x71c5);
    let stores: Vec<Store> = (0..2 + random.below(2))
        .map(|place| store(&mut random, place))
        .collect();
    let mut case = Case::default();
    let mut collections = Vec::new();
    for store in &stores {
        case.rules.extend(writes(&mut random, store));
        collections.push(store.table.clone());
        // Few views read what arrives as well.
        if random.chance(1, 3) {
            collections.push(store.inputs[0].clone());
        }
    }
    let inputs: Vec<&Collection> = stores.iter().flat_map(|s| &s.inputs).collect();
    let tables = stores.iter().map(|store| store.table.declaration());
    case.declarations
        .extend(inputs.iter().map(|input| input.declaration()).chain(tables));
    let derived: Vec<Collection> = (0..2 + random.below(4))
        .map(|place| derived(&mut random, place))
        .collect();
    collections.extend(derived.iter().cloned());
    case.declarations
        .extend(derived.iter().map(Collection::declaration));
    for head in &derived {
        for _ in 0..1 + random.below(2) {
            let arrow = match (head.kind, random.below(12)) {
                (Kind::Table, 0..3) => "<+",
                (Kind::Table, 3..7) => "<-",
                (Kind::Table, 7) => "<+-",
                _ => "<=",
            };
            let drawn = rule::derived(&mut random, &collections, head, arrow);
            case.rules.extend(drawn);
        }
    }
    closure(&mut random, &stores, &mut case);
    groups(&mut random, &stores, &mut case);
    let ticks = TICKS_MIN + random.below(12);
    case.ticks = (0..ticks)
        .map(|tick| {
            let fed = if tick == 0 { 8 } else { random.below(4) };
            (0..fed)
                .map(|_| feed(&mut random, &stores))
                .collect::<Vec<String>>()
        })
        .collect();
    case
}

/// A table, keyed in one way or another, and inputs with its columns.
fn store(random: &mut Random, place: usize) -> Store {
    let columns = match random.below(6) {
        0 => vec![(Ty::Int, true)],
        1..4 => vec![(Ty::Int, true), (Ty::Int, true)],
        4 => vec![(Ty::Int, true), (Ty::Int, false)],
        _ => {
            let lattice = *random.pick(&[Ty::Max, Ty::Min, Ty::Set]);
            vec![(Ty::Int, true), (lattice, false)]
        }
    };
    let named = |name: String, kind: Kind, columns: Vec<(Ty, bool)>| Collection {
        name,
        kind,
        level: usize::from(kind == Kind::Table),
        durable: false,
        columns,
    };
    let plain = |(ty, _): &(Ty, bool)| match ty {
        Ty::Max | Ty::Min | Ty::Set => (Ty::Int, true),
        _ => (*ty, true),
    };
    let fed: Vec<(Ty, bool)> = columns.iter().map(plain).collect();
    let table = Collection {
        durable: random.chance(1, 4),
        ..named(format!("t{place}"), Kind::Table, columns)
    };
    let input = |what: &str| named(format!("{what}{place}"), Kind::Input, fed.clone());
    Store {
        inputs: vec![input("add"), input("del")],
        table,
    }
}

fn writes(random: &mut Random, store: &Store) -> Vec<Rule> {
    let name = &store.table.name;
    let columns = &store.table.columns;
    let keyed = columns.len() == 2 && !columns[1].1;
    let variables = ["x", "y"];
    let all = variables[..columns.len()].join(", ");
    let row = match columns.last() {
        Some((Ty::Set, _)) => "x, {y}".to_owned(),
        _ => all.clone(),
    };
    let add = match keyed {
        // Rows of one tick conflict all the same, now and then.
        true => *random.pick(&["<+-", "<+-", "<+-", "<="]),
        false => *random.pick(&["<=", "<=", "<+"]),
    };
    let deleted = match keyed {
        true => "a: x".to_owned(),
        false => format!("a: x{}", if columns.len() == 2 { ", b: y" } else { "" }),
    };
    let literal =
        |store: &Store, place: usize| vec![format!("{}({all})", store.inputs[place].name)];
    vec![
        Rule {
            head: format!("{name}({row})"),
            arrow: add,
            literals: literal(store, 0),
        },
        Rule {
            head: format!("{name}{{{deleted}}}"),
            arrow: "<-",
            literals: literal(store, 1),
        },
    ]
}

fn derived(random: &mut Random, place: usize) -> Collection {
    let kind = *random.pick(&[
        Kind::Scratch,
        Kind::Scratch,
        Kind::View,
        Kind::View,
        Kind::Table,
    ]);
    let mut columns = vec![(Ty::Int, true); 1 + random.below(2)];
    if random.chance(1, 3) {
        let value = match random.below(8) {
            0 => Ty::Int,
            1..4 => Ty::Max,
            4 | 5 => Ty::Min,
            6 => Ty::Set,
            _ => Ty::Or,
        };
        columns.push((value, false));
    }
    Collection {
        name: format!("s{place}"),
        kind,
        level: 2 + random.below(LEVELS - 1),
        durable: false,
        columns,
    }
}

/// The transitive closure of a table, alone or by views that depend on each other, or shortest distances in it, which
/// random rules seldom hit.
fn closure(random: &mut Random, stores: &[Store], case: &mut Case) {
    let pairs = |s: &&Store| s.table.columns.len() == 2 && s.table.columns[1].0 == Ty::Int;
    let Some(store) = stores.iter().find(pairs) else {
        return;
    };
    let edge = &store.table.name;
    let without = match stores.last() {
        Some(last) if random.chance(1, 3) && last.table.name != *edge => {
            format!(", not {}{{a: x}}", last.table.name)
        }
        _ => String::new(),
    };
    let (declared, rules) = match random.below(6) {
        0 => (
            "view r(a: Int, b: Int);",
            vec![
                format!("r(x, y) <= {edge}(x, y){without};"),
                format!("r(x, z) <= r(x, y), {edge}(y, z);"),
            ],
        ),
        1 => (
            "view r(a: Int, b: Int);",
            vec![
                format!("r(x, y) <= {edge}(x, y){without};"),
                "r(x, z) <= r(x, y), r(y, z);".to_owned(),
            ],
        ),
        2 => (
            "view r(a: Int, b: Int => d: Min<Int>);",
            vec![
                format!("r(x, y, 1) <= {edge}(x, y){without};"),
                format!("r(x, z, d + 1) <= r(x, y, d), {edge}(y, z);"),
            ],
        ),
        3 => {
            case.declare("view q(a: Int, b: Int);");
            (
                "view r(a: Int, b: Int);",
                vec![
                    format!("r(x, y) <= {edge}(x, y){without};"),
                    format!("q(x, z) <= r(x, y), {edge}(y, z);"),
                    format!("r(x, z) <= q(x, y), {edge}(y, z);"),
                ],
            )
        }
        4 => {
            case.declare("view q(a: Int, b: Int);");
            (
                "view r(a: Int, b: Int);",
                vec![
                    format!("r(x, y) <= {edge}(x, y);"),
                    format!("q(x, z) <= r(x, y), r(y, z){without};"),
                    "r(x, z) <= q(x, y), q(y, z);".to_owned(),
                    format!("q(x, y) <= {edge}(y, x);"),
                ],
            )
        }
        _ => return,
    };
    case.declare(declared);
    for text in rules {
        let (head, literals) = text.split_once(" <= ").expect("a rule has an arrow");
        case.rules.push(Rule {
            head: head.to_owned(),
            arrow: "<=",
            literals: vec![literals.trim_end_matches(';').to_owned()],
        });
    }
}

/// Every aggregate, over a table of pairs.
fn groups(random: &mut Random, stores: &[Store], case: &mut Case) {
    const AGGREGATES: [(&str, &str); 15] = [
        ("Int", "count()"),
        ("Int", "count(distinct y)"),
        ("Int", "sum(y)"),
        ("Float", "sum(y.to_float() * 0.1)"),
        ("Int", "min(y)"),
        ("Int", "max(y)"),
        ("Float", "avg(y)"),
        ("List<Int>", "list(y)"),
        ("List<Int>", "list(y by z desc)"),
        ("FrozenSet<Int>", "set(y)"),
        ("Int", "argmin(y by z)"),
        ("Int", "argmax(y by (z, y desc))"),
        ("Bool", "any(y > z)"),
        ("Bool", "all(y >= z)"),
        ("Int", "first(y by z)"),
    ];
    for place in 0..1 + random.below(3) {
        let store = random.pick(stores);
        let columns = &store.table.columns;
        if columns.len() < 2 || columns[1].0 != Ty::Int {
            continue;
        }
        let (ty, aggregate) = *random.pick(&AGGREGATES);
        let name = format!("g{place}");
        let table = &store.table.name;
        let kind = match random.below(4) {
            0 => "table",
            1 => "scratch",
            _ => "view",
        };
        let key = match kind {
            // Else what it was stands against what it is.
            "table" => format!("a: Int, b: {ty}"),
            _ => format!("a: Int => b: {ty}"),
        };
        case.declare(&format!("{kind} {name}({key});"));
        case.rules.push(Rule {
            head: format!("{name}{{a: x, b: {aggregate}}}"),
            arrow: "<=",
            literals: vec![format!("{table}{{a: x, b: y}}"), format!("{table}{{b: z}}")],
        });
    }
}

fn feed(random: &mut Random, stores: &[Store]) -> String {
    let store = random.pick(stores);
    // Rows come oftener than they go, but not much.
    let input = &store.inputs[usize::from(random.chance(2, 5))];
    let row = input.columns.iter().map(|(ty, _)| constant(random, *ty));
    let row: Vec<String> = row.collect();
    format!("{}({});", input.name, row.join(", "))
}
