//! Random rules over given collections. They need not be safe, typed or stratified: what the front
//! end refuses is drawn again.

use bloom_stdx::random::Random;

use super::subject::{Collection, Kind, Literal, Row, Rule};

const VARIABLES: [&str; 3] = ["x", "y", "z"];

/// A rule for the head, if rules may write it and there is something to read.
pub fn random_rule(random: &mut Random, all: &[Collection], head: &Collection) -> Option<Rule> {
    let arrow = random_arrow(random, head.kind)?;
    let readable: Vec<&Collection> = all.iter().filter(|c| c.kind.is_read()).collect();
    if readable.is_empty() {
        return None;
    }
    // What is derived in this tick mostly reads what stands before it, so that it is stratified.
    let place = all
        .iter()
        .position(|c| c.name == head.name)
        .unwrap_or(all.len());
    let before: Vec<&Collection> = all[..place].iter().filter(|c| c.kind.is_read()).collect();
    let usable = match arrow == "<=" && !before.is_empty() && !random.chance(1, 10) {
        true => &before,
        false => &readable,
    };
    let mut literals = Vec::new();
    let mut bound = Vec::new();
    for _ in 0..1 + random.below(5) / 3 {
        let mostly_new = other_than(random, &literals, usable);
        if mostly_new.is_empty() {
            break;
        }
        let collection = *random.pick(&mostly_new);
        let row = random_row(random, collection, &mut bound);
        literals.push(Literal::Is(row));
    }
    if random.chance(2, 5) {
        let mostly_new = other_than(random, &literals, usable);
        literals.extend(random_literal(random, &mostly_new, &mut bound));
    }
    let aggregates = arrow == "<=" && random.chance(1, 6);
    let terms = (0..head.columns.len()).map(|n| {
        let last = n + 1 == head.columns.len();
        head_term(random, head, n, &bound, aggregates && last)
    });
    let terms = terms.collect();
    let collection = head.name.clone();
    Some(Rule {
        head: Row { collection, terms },
        arrow: arrow.to_owned(),
        literals,
    })
}

/// Collections that the literals do not read yet, mostly: a row that is there and not there, or that is
/// there twice, is no near miss of anything.
pub fn other_than<'a>(
    random: &mut Random,
    literals: &[Literal],
    usable: &[&'a Collection],
) -> Vec<&'a Collection> {
    let reads = |collection: &Collection| {
        literals.iter().any(|literal| match literal {
            Literal::Is(row) | Literal::Not(row) => row.collection == collection.name,
            Literal::Other(_) => false,
        })
    };
    let others: Vec<&Collection> = usable.iter().copied().filter(|c| !reads(c)).collect();
    match random.chance(1, 16) {
        true => usable.to_vec(),
        false => others,
    }
}

/// An arrow that may write the kind.
pub fn random_arrow(random: &mut Random, kind: Kind) -> Option<&'static str> {
    let arrows: &[&'static str] = match kind {
        Kind::Table => &["<=", "<=", "<=", "<=", "<+", "<+", "<-", "<-", "<+-"],
        Kind::Scratch => &["<=", "<=", "<=", "<+"],
        Kind::Output | Kind::View => &["<="],
        Kind::Loopback => &["<~"],
        Kind::Channel | Kind::Input | Kind::Static | Kind::Periodic => return None,
    };
    Some(*random.pick(arrows))
}

/// What a body binds: a name and its type.
pub type Bound = Vec<(String, String)>;

/// A row of the collection, and the variables that it binds.
pub fn random_row(random: &mut Random, collection: &Collection, bound: &mut Bound) -> Row {
    let terms = collection.columns.iter().map(|column| {
        if column.ty != "Int" {
            return match random.chance(3, 4) && column.ty != "Addr" {
                true => {
                    let name = format!("m{}", bound.len());
                    bound.push((name.clone(), column.ty.clone()));
                    name
                }
                false => "_".to_owned(),
            };
        }
        match random.below(10) {
            0 => "_".to_owned(),
            1 => (1 + random.below(2)).to_string(),
            _ => {
                let name = random.pick(&VARIABLES).to_string();
                bound.push((name.clone(), column.ty.clone()));
                name
            }
        }
    });
    Row {
        terms: terms.collect(),
        collection: collection.name.clone(),
    }
}

/// A literal that restricts: a negation, a condition, a threshold, or a wait for a seal.
pub fn random_literal(
    random: &mut Random,
    usable: &[&Collection],
    bound: &mut Bound,
) -> Option<Literal> {
    let lattice = bound.iter().find(|(_, ty)| ty != "Int").cloned();
    match (random.below(8), lattice) {
        (0..3, Some((name, ty))) => Some(Literal::Other(threshold(random, &name, &ty))),
        (6, _) => {
            let sealed = usable.iter().find(|c| !c.sealed_by.is_empty())?;
            let term = pick_bound(random, bound).unwrap_or_else(|| "_".to_owned());
            let row = Row {
                collection: format!("{}.sealed", sealed.name),
                terms: vec![term; sealed.sealed_by.len()],
            };
            Some(match random.chance(1, 6) {
                true => Literal::Not(row),
                false => Literal::Is(row),
            })
        }
        (7, _) => {
            let x = pick_bound(random, bound)?;
            let comparison = random.pick(&["==", "!=", "<", ">="]);
            Some(Literal::Other(format!(
                "{x} {comparison} {}",
                1 + random.below(2)
            )))
        }
        _ => {
            if usable.is_empty() {
                return None;
            }
            let collection = *random.pick(usable);
            if collection.kind == Kind::Static && !bound.iter().any(|(_, ty)| ty == "Int") {
                return None;
            }
            let terms = collection.columns.iter().map(|column| {
                let known = pick_bound(random, bound);
                match known {
                    Some(name) if column.ty == "Int" && random.chance(5, 6) => name,
                    _ => "_".to_owned(),
                }
            });
            Some(Literal::Not(Row {
                terms: terms.collect(),
                collection: collection.name.clone(),
            }))
        }
    }
}

/// A condition on a variable of a lattice type.
fn threshold(random: &mut Random, name: &str, ty: &str) -> String {
    let n = 1 + random.below(2);
    let choices = match ty {
        "Max<Int>" => [
            format!("{name} >= {n}"),
            format!("{name}.reveal == {n}"),
            format!("{name} > 1"),
        ],
        "Min<Int>" => [
            format!("{name} <= {n}"),
            format!("{name}.reveal == {n}"),
            format!("{name} < 2"),
        ],
        "Set<Int>" => [
            format!("{name}.contains({n})"),
            format!("{name}.size() >= {n}"),
            format!("{name}.reveal == {{{n}}}"),
        ],
        _ => [
            name.to_owned(),
            format!("{name}.reveal"),
            format!("!{name}.reveal"),
        ],
    };
    random.pick(&choices).clone()
}

fn pick_bound(random: &mut Random, bound: &Bound) -> Option<String> {
    let plain: Vec<&String> = bound
        .iter()
        .filter(|(_, ty)| ty == "Int")
        .map(|(n, _)| n)
        .collect();
    (!plain.is_empty()).then(|| (*random.pick(&plain)).clone())
}

fn head_term(
    random: &mut Random,
    head: &Collection,
    n: usize,
    bound: &Bound,
    aggregate: bool,
) -> String {
    let column = &head.columns[n];
    let known = pick_bound(random, bound).unwrap_or_else(|| "1".to_owned());
    let same = bound.iter().find(|(_, ty)| *ty == column.ty);
    match (column.ty.as_str(), same) {
        ("Int", _) if aggregate => {
            let function = random.pick(&["count()", "max", "min", "count(distinct"]);
            match *function {
                "count()" => "count()".to_owned(),
                "count(distinct" => format!("count(distinct {known})"),
                function => format!("{function}({known})"),
            }
        }
        ("Int", _) => known,
        (_, Some((name, _))) if random.chance(2, 3) => name.clone(),
        ("Set<Int>", _) => format!("{{{known}}}"),
        ("Or", _) => format!("{known} >= 2"),
        _ => known,
    }
}
