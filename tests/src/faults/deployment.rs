//! Random programs with a fault test: a random program of one node, spread over several.
//!
//! What the program sends to itself it sends to all nodes here, and rows are fed to nodes that a hash of their text
//! chooses, so that they stay there while the program is made smaller. The spec asks that nodes which are up hold
//! the same rows of one collection, and of another that none is anywhere at any tick: both fail often, and not
//! always.

use std::fmt::{self, Display, Formatter};

use bloom_stdx::random::Random;

use crate::generate::{Case, Declaration, Rule};
use crate::shrink::{Piece, remove, remove_inner};

/// A program on several nodes, and the bounds of a search.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub case: Case,
    nodes: usize,
    losses_until: usize,
    crashes: usize,
    delays: usize,
    duplicates: bool,
    partitions: usize,
    restarts: usize,
    /// The collections that the spec asks about; none if there is none left.
    alike: Option<String>,
    never: Option<String>,
}

/// Ticks of a run beyond those in which rows are fed.
const TICKS_MORE: usize = 2;

/// Ticks in which rows are fed.
const FED_MAX: usize = 3;

const NODES: [&str; 3] = ["a", "b", "c"];

impl Deployment {
    /// The deployment of a seed.
    pub fn random(seed: u64) -> Deployment {
        let mut random = Random::split(seed, 0xfa17);
        let mut case = Case::random(seed);
        case.ticks.truncate(FED_MAX);
        for rows in &mut case.ticks {
            rows.truncate(4);
        }
        for declaration in &mut case.declarations {
            spread(declaration);
        }
        let sent: Vec<String> = case
            .declarations
            .iter()
            .filter(|d| is_sent(d))
            .map(|d| d.name.clone())
            .collect();
        for rule in &mut case.rules {
            address(rule, &sent, &mut random);
        }
        let held: Vec<String> = case
            .declarations
            .iter()
            .filter(|d| is_held(d))
            .map(|d| d.name.clone())
            .collect();
        let pick = |random: &mut Random| (!held.is_empty()).then(|| random.pick(&held).clone());
        let (alike, never) = (pick(&mut random), pick(&mut random));
        Deployment {
            nodes: 2 + random.below(2),
            losses_until: 1 + random.below(4),
            crashes: random.below(3),
            delays: random.below(5).saturating_sub(2),
            duplicates: random.chance(1, 4),
            partitions: usize::from(random.chance(1, 4)),
            restarts: random.below(6).saturating_sub(3),
            alike,
            never: never.filter(|_| random.chance(1, 3)),
            case,
        }
    }

    fn ticks(&self) -> usize {
        self.case.ticks.len() + TICKS_MORE
    }

    fn declaration(&self, name: &str) -> Option<&Declaration> {
        self.case.declarations.iter().find(|d| d.name == name)
    }

    /// What can be left out.
    pub fn pieces() -> [Piece<Deployment>; 10] {
        [
            |d, at| remove(&mut d.case.ticks, at),
            |d, at| remove(&mut d.case.rules, at),
            |d, at| remove_inner(d.case.ticks.iter_mut(), at),
            |d, at| remove_inner(d.case.rules.iter_mut().map(|rule| &mut rule.literals), at),
            |d, at| remove(&mut d.case.declarations, at),
            |d, at| lower(&mut d.crashes, at, 0) || lower(&mut d.nodes, at.saturating_sub(1), 2),
            |d, at| at == 0 && d.never.take().is_some(),
            |d, at| lower(&mut d.delays, at, 0) || at == 0 && std::mem::take(&mut d.duplicates),
            |d, at| lower(&mut d.partitions, at, 0),
            |d, at| lower(&mut d.restarts, at, 0),
        ]
    }
}

/// One less of it, if the piece is the first and there is one to spare.
fn lower(number: &mut usize, at: usize, least: usize) -> bool {
    let can = at == 0 && *number > least;
    *number -= usize::from(can);
    can
}

/// Makes a loopback a channel.
fn spread(declaration: &mut Declaration) {
    if let Some(rest) = declaration.text.strip_prefix("loopback ") {
        declaration.text = format!("channel {}", rest.replacen('(', "(@to: Addr, ", 1));
    }
}

fn is_sent(declaration: &Declaration) -> bool {
    declaration.text.starts_with("channel ")
}

fn is_held(declaration: &Declaration) -> bool {
    ["table ", "scratch ", "view "]
        .iter()
        .any(|kind| declaration.text.starts_with(kind))
}

/// Sends to nodes what the rule would send to its own: to all, to all others, or to those that seem to be up.
fn address(rule: &mut Rule, sent: &[String], random: &mut Random) {
    let Some((name, columns)) = rule.head.split_once('{') else {
        return;
    };
    if !sent.iter().any(|s| s == name) {
        return;
    }
    let columns = columns.strip_prefix("to: self").unwrap_or(columns);
    let columns = columns.strip_prefix(", ").unwrap_or(columns);
    let comma = if columns.starts_with('}') { "" } else { ", " };
    rule.head = format!("{name}{{to: where{comma}{columns}");
    match random.below(4) {
        0 => rule.literals.push("cluster{addr: where}".to_owned()),
        1 => rule.literals.push("alive(where)".to_owned()),
        _ => rule
            .literals
            .extend(["cluster{addr: where}", "where != self"].map(str::to_owned)),
    }
}

/// The columns of a declaration.
fn columns(declaration: &Declaration) -> Vec<&str> {
    let inside = declaration
        .text
        .split_once('(')
        .map_or("", |(_, rest)| rest);
    let names = inside
        .split(": ")
        .filter_map(|part| part.rsplit([' ', '(', ',']).next());
    let is_name = |name: &&str| name.len() == 1 && name.chars().all(|c| c.is_ascii_lowercase());
    names.filter(is_name).collect()
}

/// Where a row is fed.
fn place(row: &str, nodes: usize) -> usize {
    let hash = row.bytes().fold(0_usize, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    hash % nodes
}

impl Display for Deployment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for declaration in &self.case.declarations {
            writeln!(f, "{}", declaration.text)?;
        }
        for rule in &self.case.rules {
            writeln!(f, "{rule}")?;
        }
        writeln!(f, "spec alike {{")?;
        let alike = self
            .alike
            .as_deref()
            .and_then(|name| self.declaration(name));
        match alike {
            Some(declaration) => {
                let (name, columns) = (&declaration.name, columns(declaration));
                let of = |place: &str| [&[place], columns.as_slice()].concat().join(", ");
                let (own, at) = (of("n"), of("m"));
                let row = columns.join(", ");
                writeln!(
                    f,
                    "  lacks({at}) <= {name}@_{{{row}}}, up(m), not {name}@(m){{{row}}};"
                )?;
                writeln!(f, "  lacking({row}) <= lacks({});", of("_"))?;
                writeln!(f, "  pre({own}) <= {name}@n{{{row}}}, up(n);")?;
                writeln!(f, "  post({own}) <= {name}@n{{{row}}}, not lacking({row});")?;
            }
            None => writeln!(f, "  pre(n) <= up(n);\n  post(n) <= up(n);")?,
        }
        if let Some(declaration) = self
            .never
            .as_deref()
            .and_then(|name| self.declaration(name))
        {
            let (name, columns) = (&declaration.name, columns(declaration));
            let row = columns.join(", ");
            writeln!(
                f,
                "  never bad(n, m) <= {name}@n{{{row}}}, up(n), crashed(m, t), t > 1;"
            )?;
        }
        writeln!(f, "}}")?;
        writeln!(
            f,
            "fault test \"random\" checks alike\n  with ticks {}, losses until {}, crashes {}, delays {}, duplicates {}, partitions {}, restarts {} {{",
            self.ticks(),
            self.losses_until,
            self.crashes,
            self.delays,
            u8::from(self.duplicates),
            self.partitions,
            self.restarts
        )?;
        let nodes = &NODES[..self.nodes];
        writeln!(f, "  node {}: Random;", nodes.join(", "))?;
        for rows in &self.case.ticks {
            for row in rows {
                writeln!(f, "  {}.{row}", nodes[place(row, self.nodes)])?;
            }
            writeln!(f, "  tick;")?;
        }
        writeln!(f, "}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_off_a_declaration() {
        let declaration = |text: &str| Declaration {
            name: "t".to_owned(),
            text: text.to_owned(),
        };
        let of = declaration("table t(a: Int, b: (Int, Int) => c: Max<Int>) durable;");
        assert_eq!(columns(&of), ["a", "b", "c"]);
        assert_eq!(columns(&declaration("view t( => a: Int?);")), ["a"]);
    }
}
