//! Random subjects: templates alone, in chains, under random rules, and mutated, so that most stand
//! near the border between what the analysis calls clean and what it does not.

use bloom_stdx::random::Random;

use super::inputs::input_sets;
use super::mutate::mutate;
use super::rules::random_rule;
use super::subject::{Collection, Column, Kind, Literal, Role, Row, Rule, Subject};
use super::template::draw;
use super::templates::TEMPLATES;

/// Outputs and views of a subject: each costs a comparison.
const RESULTS_MAX: usize = 4;

impl Subject {
    /// The subject of a seed. The front end may refuse it.
    pub fn random(seed: u64) -> Subject {
        let random = &mut Random::split(seed, 0xca1f);
        let mut subject = match random.below(20) {
            0..9 => one(random),
            9..15 => chain(random),
            _ => free(random),
        };
        if random.chance(1, 8) {
            relay(random, &mut subject);
        }
        for _ in 0..random.below(4).saturating_sub(1) {
            mutate(random, &mut subject);
        }
        if random.chance(1, 3) {
            probe(random, &mut subject);
        }
        let last = subject.roles.len() - 1;
        subject.roles[last].replicated = random.chance(1, 5);
        subject.sets = input_sets(random, &subject);
        subject
    }
}

fn one(random: &mut Random) -> Subject {
    let (name, text) = *random.pick(&TEMPLATES);
    draw(random, name, text)
}

/// Two templates, the second fed by what the first has, or beside it.
fn chain(random: &mut Random) -> Subject {
    let (mut first, mut second) = (one(random), one(random));
    if first.roles.len() + second.roles.len() > 2 {
        return first;
    }
    second.rename(|name| format!("{name}2"));
    let (role, mut other) = (&mut first.roles[0], second.roles.remove(0));
    feed(random, role, &mut other);
    role.collections.append(&mut other.collections);
    role.rules.append(&mut other.rules);
    first.made_of.append(&mut second.made_of);
    first
}

/// Replaces one input of the second by a collection of the first with the same columns.
fn feed(random: &mut Random, first: &Role, second: &mut Role) {
    let is_input = |c: &&Collection| c.kind == Kind::Input && c.sealed_by.is_empty();
    let inputs: Vec<Collection> = second
        .collections
        .iter()
        .filter(is_input)
        .cloned()
        .collect();
    let Some(input) = (!inputs.is_empty()).then(|| random.pick(&inputs).clone()) else {
        return;
    };
    let fits = |c: &&Collection| {
        let types =
            |c: &Collection| -> Vec<String> { c.columns.iter().map(|c| c.ty.clone()).collect() };
        c.kind.is_read() && types(c) == types(&input)
    };
    let sources: Vec<&Collection> = first.collections.iter().filter(fits).collect();
    if sources.is_empty() {
        return;
    }
    let source = random.pick(&sources).name.clone();
    second.collections.retain(|c| c.name != input.name);
    if random.chance(1, 2) {
        second.rename(&|name: &str| match name == input.name {
            true => source.clone(),
            false => name.to_owned(),
        });
        return;
    }
    // Or it hops: the input becomes a loopback, or a scratch of the next tick.
    let (kind, arrow) = *random.pick(&[
        (Kind::Loopback, "<~"),
        (Kind::Scratch, "<+"),
        (Kind::Table, "<+"),
    ]);
    let terms: Vec<String> = (0..input.columns.len()).map(|n| format!("x{n}")).collect();
    let row = |collection: &str| Row {
        collection: collection.to_owned(),
        terms: terms.clone(),
    };
    second.rules.push(Rule {
        head: row(&input.name),
        arrow: arrow.to_owned(),
        literals: vec![Literal::Is(row(&source))],
    });
    second.collections.push(Collection {
        kind,
        immutable: false,
        ..input
    });
}

/// A few collections and random rules over them.
fn free(random: &mut Random) -> Subject {
    let mut role = Role {
        name: "A".to_owned(),
        ..Role::default()
    };
    let kinds = [
        (Kind::Input, 1 + random.below(3), "p"),
        (Kind::Table, 1 + random.below(2), "t"),
        (Kind::Scratch, random.below(3), "s"),
        (Kind::Static, random.below(3) / 2, "k"),
        (Kind::Loopback, random.below(2), "l"),
        (Kind::Output, 1, "o"),
        (Kind::View, random.below(2), "v"),
    ];
    for (kind, count, name) in kinds {
        for number in 0..count {
            role.collections
                .push(free_collection(random, kind, format!("{name}{number}")));
        }
    }
    for column in 0..role.collections.len() {
        let head = role.collections[column].clone();
        if head.kind == Kind::Static {
            for values in 1..=1 + random.below(2) {
                role.rules.push(Rule {
                    head: Row {
                        collection: head.name.clone(),
                        terms: vec![values.to_string(); head.columns.len()],
                    },
                    arrow: String::new(),
                    literals: Vec::new(),
                });
            }
            continue;
        }
        for _ in 0..1 + random.below(5) / 3 {
            role.rules
                .extend(random_rule(random, &role.collections, &head));
        }
    }
    Subject {
        roles: vec![role],
        made_of: vec!["random rules"],
        ..Subject::default()
    }
}

fn free_collection(random: &mut Random, kind: Kind, name: String) -> Collection {
    let column = |name: &str, ty: &str, key: bool| Column {
        name: name.to_owned(),
        ty: ty.to_owned(),
        key,
    };
    let mut columns = vec![column("a", "Int", true)];
    if random.chance(1, 3) {
        let lattices = ["Max<Int>", "Set<Int>", "Min<Int>"];
        columns.push(match (kind, random.below(8)) {
            (Kind::Table | Kind::Scratch, 0..3) => {
                column("b", random.pick::<&str>(&lattices), false)
            }
            (Kind::Table | Kind::Input, 3) => column("b", "Int", false),
            _ => column("b", "Int", true),
        });
    }
    let sealed_by = match kind == Kind::Input && random.chance(1, 4) {
        true => vec!["a".to_owned()],
        false => Vec::new(),
    };
    Collection {
        immutable: kind == Kind::Input && random.chance(1, 4) && columns.iter().any(|c| !c.key),
        name,
        kind,
        columns,
        sealed_by,
    }
}

/// Lets one input come over a channel from another node.
fn relay(random: &mut Random, subject: &mut Subject) {
    let [role] = subject.roles.as_mut_slice() else {
        return;
    };
    let fits = |c: &&Collection| c.kind == Kind::Input && c.sealed_by.is_empty();
    let inputs: Vec<Collection> = role.collections.iter().filter(fits).cloned().collect();
    let Some(input) = (!inputs.is_empty()).then(|| random.pick(&inputs).clone()) else {
        return;
    };
    role.name = "B".to_owned();
    role.collections.retain(|c| c.name != input.name);
    for row in role.rules.iter_mut().flat_map(Rule::rows_mut) {
        if row.collection == input.name {
            row.terms.insert(0, "_".to_owned());
        }
    }
    let mut channel = Collection {
        kind: Kind::Channel,
        ..input.clone()
    };
    let location = Column {
        name: "to".to_owned(),
        ty: "Addr".to_owned(),
        key: true,
    };
    channel.columns.insert(0, location);
    let terms: Vec<String> = (0..input.columns.len()).map(|n| format!("x{n}")).collect();
    let sent = [vec!["peer".to_owned()], terms.clone()].concat();
    let source = Collection {
        name: format!("{}_in", input.name),
        ..input.clone()
    };
    let rule = Rule {
        head: Row {
            collection: input.name,
            terms: sent,
        },
        arrow: "<~".to_owned(),
        literals: vec![Literal::Is(Row {
            collection: source.name.clone(),
            terms,
        })],
    };
    let sender = Role {
        name: "A".to_owned(),
        has_peer: true,
        collections: vec![source],
        rules: vec![rule],
        ..Role::default()
    };
    subject.channels.push(channel);
    subject.roles.insert(0, sender);
}

/// One more output or view, of a collection that is there.
fn probe(random: &mut Random, subject: &mut Subject) {
    let results = subject.roles.iter().flat_map(|r| &r.collections);
    if results.filter(|c| !c.kind.is_read()).count() >= RESULTS_MAX {
        return;
    }
    let role = random.below(subject.roles.len());
    let role = &mut subject.roles[role];
    let plain = |c: &&Collection| {
        matches!(c.kind, Kind::Table | Kind::Scratch) && c.columns.iter().all(|c| c.ty == "Int")
    };
    let sources: Vec<&Collection> = role.collections.iter().filter(plain).collect();
    if sources.is_empty() {
        return;
    }
    let source = (*random.pick(&sources)).clone();
    let kind = *random.pick(&[Kind::Output, Kind::View]);
    let terms: Vec<String> = (0..source.columns.len()).map(|n| format!("x{n}")).collect();
    let row = |collection: &str| Row {
        collection: collection.to_owned(),
        terms: terms.clone(),
    };
    role.rules.push(Rule {
        head: row("probe"),
        arrow: "<=".to_owned(),
        literals: vec![Literal::Is(row(&source.name))],
    });
    role.collections.push(Collection {
        name: "probe".to_owned(),
        kind,
        ..source
    });
}

impl Subject {
    fn rename(&mut self, name: impl Fn(&str) -> String) {
        self.roles.iter_mut().for_each(|role| role.rename(&name));
    }
}

impl Role {
    /// Gives every collection another name, wherever it stands.
    fn rename(&mut self, name: &impl Fn(&str) -> String) {
        for collection in &mut self.collections {
            collection.name = name(&collection.name);
        }
        for row in self.rules.iter_mut().flat_map(Rule::rows_mut) {
            row.collection = match row.collection.strip_suffix(".sealed") {
                Some(of) => format!("{}.sealed", name(of)),
                None => name(&row.collection),
            };
        }
    }
}

impl Rule {
    /// Its head and the rows of its body.
    pub fn rows_mut(&mut self) -> Vec<&mut Row> {
        let mut rows = vec![&mut self.head];
        rows.extend(
            self.literals
                .iter_mut()
                .filter_map(|literal| match literal {
                    Literal::Is(row) | Literal::Not(row) => Some(row),
                    Literal::Other(_) => None,
                }),
        );
        rows
    }
}
