//! Random programs, as source text: what the engine is compared with the reference evaluator on.
//!
//! A program is well-typed, stratified and finite by construction. Collections have levels; a `<=`
//! rule reads its own level only positively and without making new numbers, so that what a tick
//! derives is drawn from a small domain. Rules of the other arrows read anything. Key conflicts
//! and row errors are wanted, and come of themselves.

mod bound;
mod joining;
mod lasting;
mod mixing;
mod rule;
mod sharing;

use std::fmt::{self, Display, Formatter};

use bloom_stdx::random::Random;

/// A program in pieces that can be left out.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub declarations: Vec<Declaration>,
    pub rules: Vec<Rule>,
    /// What is fed before each tick.
    pub ticks: Vec<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Declaration {
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub head: String,
    pub arrow: &'static str,
    pub literals: Vec<String>,
}

/// A type that columns have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ty {
    Int,
    Text,
    Bool,
    Pair,
    Maybe,
    List,
    Max,
    Min,
    Set,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Input,
    Loopback,
    /// Its location column, always `self`, comes before the others.
    Channel,
    Table,
    Scratch,
    View,
}

#[derive(Clone, Debug)]
struct Collection {
    name: String,
    kind: Kind,
    level: usize,
    durable: bool,
    /// Type, and whether it is of the key.
    columns: Vec<(Ty, bool)>,
}

const COLUMN_NAMES: [&str; 4] = ["a", "b", "c", "d"];
const LEVELS: usize = 4;

impl Case {
    /// The program of a seed that runs for many ticks.
    pub fn lasting(seed: u64) -> Case {
        lasting::case(seed)
    }

    /// The program of a seed in which constants are asked of recursion.
    pub fn bound(seed: u64) -> Case {
        bound::case(seed)
    }

    /// The program of a seed whose rules have joins in common.
    pub fn sharing(seed: u64) -> Case {
        sharing::case(seed)
    }

    /// The program of a seed whose recursive rules join rows of what they derive.
    pub fn joining(seed: u64) -> Case {
        joining::case(seed)
    }

    /// The program of a seed whose recursion goes through relations that keep their rows and such that do not.
    pub fn mixing(seed: u64) -> Case {
        mixing::case(seed)
    }

    /// Adds a declaration: a kind of collection, its name, its columns.
    fn declare(&mut self, text: &str) {
        let (_, rest) = text.split_once(' ').expect("a kind stands before the name");
        let (name, _) = rest.split_once('(').expect("columns stand after the name");
        self.declarations.push(Declaration {
            name: name.to_owned(),
            text: text.to_owned(),
        });
    }

    /// The program of a seed.
    pub fn random(seed: u64) -> Case {
        let mut random = Random::split(seed, 0xb100);
        // A third are plain Datalog over numbers, where joins find much and recursion goes deep.
        let dense = random.chance(1, 3);
        let collections = collections(&mut random, dense);
        let inputs: Vec<&Collection> = collections
            .iter()
            .filter(|c| c.kind == Kind::Input)
            .collect();
        let rules = rule::rules(&mut random, &collections);
        let ticks = 3 + random.below(5);
        let ticks = (0..ticks)
            .map(|_| {
                let fed = random.below(if dense { 16 } else { 9 });
                (0..fed).map(|_| feed(&mut random, &inputs)).collect()
            })
            .collect();
        Case {
            declarations: collections.iter().map(Collection::declaration).collect(),
            rules,
            ticks,
        }
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for declaration in &self.declarations {
            writeln!(f, "{}", declaration.text)?;
        }
        for rule in &self.rules {
            writeln!(f, "{rule}")?;
        }
        writeln!(f, "test \"random\" {{")?;
        for rows in &self.ticks {
            for row in rows {
                writeln!(f, "  {row}")?;
            }
            writeln!(f, "  tick;")?;
        }
        writeln!(f, "}}")
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.literals.is_empty() {
            return write!(f, "{};", self.head);
        }
        write!(
            f,
            "{} {} {};",
            self.head,
            self.arrow,
            self.literals.join(", ")
        )
    }
}

impl Collection {
    fn declaration(&self) -> Declaration {
        let kind = match self.kind {
            Kind::Input => "input",
            Kind::Table => "table",
            Kind::Loopback => "loopback",
            Kind::Channel => "channel",
            Kind::Scratch => "scratch",
            Kind::View => "view",
        };
        let columns = |key: bool| {
            let columns = self.columns.iter().zip(COLUMN_NAMES);
            let columns = columns.filter(|((_, k), _)| *k == key);
            let columns: Vec<String> = columns.map(|((ty, _), n)| format!("{n}: {ty}")).collect();
            columns.join(", ")
        };
        let values = columns(false);
        let values = if values.is_empty() {
            values
        } else {
            format!(" => {values}")
        };
        let keys = match self.kind {
            Kind::Channel => format!("@to: Addr, {}", columns(true)),
            _ => columns(true),
        };
        let durable = if self.durable { " durable" } else { "" };
        Declaration {
            name: self.name.clone(),
            text: format!("{kind} {}({keys}{values}){durable};", self.name),
        }
    }
}

impl Ty {
    fn is_lattice(self) -> bool {
        match self {
            Ty::Max | Ty::Min | Ty::Set | Ty::Or => true,
            Ty::Int | Ty::Text | Ty::Bool | Ty::Pair | Ty::Maybe | Ty::List => false,
        }
    }
}

impl Display for Ty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ty::Int => "Int",
            Ty::Text => "String",
            Ty::Bool => "Bool",
            Ty::Pair => "(Int, Int)",
            Ty::Maybe => "Int?",
            Ty::List => "List<Int>",
            Ty::Max => "Max<Int>",
            Ty::Min => "Min<Int>",
            Ty::Set => "Set<Int>",
            Ty::Or => "Or",
        })
    }
}

/// A literal of a plain type, from a domain small enough for joins to match.
fn constant(random: &mut Random, ty: Ty) -> String {
    match ty {
        Ty::Text => format!("\"{}\"", random.pick(&["a", "b", "c"])),
        Ty::Bool | Ty::Or => random.pick(&["true", "false"]).to_string(),
        Ty::Pair => format!("({}, {})", random.below(3), random.below(3)),
        Ty::Maybe if random.chance(1, 3) => "None".to_owned(),
        Ty::Maybe => format!("Some({})", random.below(3)),
        Ty::List => format!("[{}, {}]", random.below(3), random.below(3)),
        Ty::Set => format!("{{{}}}", random.below(4)),
        Ty::Int | Ty::Max | Ty::Min => random.below(4).to_string(),
    }
}

fn plain_type(random: &mut Random, dense: bool) -> Ty {
    if dense {
        return Ty::Int;
    }
    match random.below(16) {
        0..8 => Ty::Int,
        8..11 => Ty::Text,
        11..13 => Ty::Bool,
        13 => Ty::Pair,
        14 => Ty::Maybe,
        _ => Ty::List,
    }
}

fn collections(random: &mut Random, dense: bool) -> Vec<Collection> {
    let mut all = Vec::new();
    for (name, kind, count) in [
        ("in", Kind::Input, 1 + random.below(3)),
        ("l", Kind::Loopback, random.below(2)),
        ("c", Kind::Channel, random.below(2)),
    ] {
        for i in 0..count {
            let mut columns: Vec<(Ty, bool)> = (0..1 + random.below(3))
                .map(|_| (plain_type(random, dense), true))
                .collect();
            if random.chance(1, 12) {
                columns.push((plain_type(random, dense), false));
            }
            let name = format!("{name}{i}");
            all.push(Collection {
                name,
                kind,
                level: 0,
                durable: false,
                columns,
            });
        }
    }
    for i in 0..3 + random.below(5) {
        let kind = *random.pick(&[
            Kind::Table,
            Kind::Table,
            Kind::Scratch,
            Kind::Scratch,
            Kind::View,
        ]);
        let mut columns: Vec<(Ty, bool)> = (0..random.below(4))
            .map(|_| (plain_type(random, dense), true))
            .collect();
        let values = match columns.is_empty() {
            true => 1,
            false if dense => random.below(5) / 4,
            false => random.below(3),
        };
        for _ in 0..values.min(4 - columns.len()) {
            let ty = match random.below(10) {
                0..3 => Ty::Int,
                3 => plain_type(random, dense),
                4..6 => Ty::Max,
                6 => Ty::Min,
                7..9 => Ty::Set,
                _ => Ty::Or,
            };
            columns.push((ty, false));
        }
        let name = match kind {
            Kind::Table => format!("t{i}"),
            _ => format!("s{i}"),
        };
        let level = 1 + random.below(LEVELS);
        all.push(Collection {
            name,
            kind,
            level,
            durable: kind == Kind::Table && random.chance(1, 3),
            columns,
        });
    }
    all
}

fn feed(random: &mut Random, inputs: &[&Collection]) -> String {
    let input = random.pick(inputs);
    let columns = input.columns.iter();
    let row: Vec<String> = columns.map(|(ty, _)| constant(random, *ty)).collect();
    format!("{}({});", input.name, row.join(", "))
}

/// What a tick of a program over graphs is fed: edges between so many nodes, into `come`, `go` and `arc`.
fn edges_fed(random: &mut Random, nodes: usize) -> Vec<String> {
    let row = |random: &mut Random| {
        let input = random.pick(&["come", "come", "come", "go", "arc", "arc"]);
        let (a, b) = (random.below(nodes), random.below(nodes));
        format!("{input}({a}, {b});")
    };
    (0..random.below(9)).map(|_| row(random)).collect()
}
