//! A program under test in pieces that can be changed and left out, and how it prints as Bloom.
//!
//! Pieces are text where nothing looks into them: a term is `x`, `_`, `1` or any head expression, a
//! condition is what stands there. What they mean is the front end's to say; a subject that it
//! refuses is no subject.

use std::fmt::{self, Display, Formatter};

/// A program, and what its nodes are fed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Channels between roles.
    pub channels: Vec<Collection>,
    pub roles: Vec<Role>,
    /// Each is explored by itself; those after the first few only where these tell no runs apart.
    pub sets: Vec<Vec<Event>>,
    /// What the program was made from.
    pub made_of: Vec<&'static str>,
}

/// A kind of node; each runs once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub replicated: bool,
    /// Whether it takes the address of the last role.
    pub has_peer: bool,
    pub collections: Vec<Collection>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    pub name: String,
    pub kind: Kind,
    pub columns: Vec<Column>,
    pub immutable: bool,
    /// Names of columns.
    pub sealed_by: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Input,
    Output,
    View,
    Table,
    Scratch,
    Static,
    Loopback,
    /// Its first column is the location.
    Channel,
    Periodic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub ty: String,
    pub key: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub head: Row,
    /// Empty for a fact.
    pub arrow: String,
    pub literals: Vec<Literal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub collection: String,
    pub terms: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    Is(Row),
    Not(Row),
    /// A condition, a binding or a generator.
    Other(String),
}

/// What comes from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub role: usize,
    pub collection: String,
    /// Of a row, or for a seal of its key.
    pub values: Vec<String>,
    /// Names of the columns that a seal gives; empty for a row.
    pub sealed: Vec<String>,
}

pub const KINDS: [(Kind, &str); 9] = [
    (Kind::Input, "input"),
    (Kind::Output, "output"),
    (Kind::View, "view"),
    (Kind::Table, "table"),
    (Kind::Scratch, "scratch"),
    (Kind::Static, "static"),
    (Kind::Loopback, "loopback"),
    (Kind::Channel, "channel"),
    (Kind::Periodic, "periodic"),
];

impl Kind {
    pub fn word(self) -> &'static str {
        let found = KINDS.iter().find(|(kind, _)| *kind == self);
        found.expect("the table has every kind").1
    }

    /// Whether rules may read it.
    pub fn is_read(self) -> bool {
        match self {
            Kind::Output | Kind::View => false,
            Kind::Input
            | Kind::Table
            | Kind::Scratch
            | Kind::Static
            | Kind::Loopback
            | Kind::Channel
            | Kind::Periodic => true,
        }
    }
}

impl Subject {
    /// The collection of that name as the role sees it.
    pub fn collection(&self, role: usize, name: &str) -> Option<&Collection> {
        let own = self.roles[role].collections.iter();
        own.chain(&self.channels).find(|c| c.name == name)
    }

    /// The text without tests.
    pub fn program(&self) -> String {
        let channels = self.channels.iter().map(|c| format!("{c}\n"));
        let roles = self.roles.iter().map(|role| format!("\n{role}"));
        channels.chain(roles).collect()
    }

    fn test(&self, number: usize) -> String {
        let mut text = format!("test \"inputs {number}\" {{\n");
        // Peers are named before who is given them.
        for role in self.roles.iter().rev() {
            let peer = match role.has_peer {
                true => format!("({})", self.peer()),
                false => String::new(),
            };
            let name = role.node();
            text += &format!("  node {name}: {}{peer};\n", role.name);
        }
        for event in &self.sets[number] {
            text += &format!("  {}\n", event.text(&self.roles[event.role].node()));
        }
        text + "  tick;\n}\n"
    }

    fn peer(&self) -> String {
        self.roles.last().map_or(String::new(), Role::node)
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program())?;
        (0..self.sets.len()).try_for_each(|number| write!(f, "\n{}", self.test(number)))
    }
}

impl Role {
    /// What its node is called.
    pub fn node(&self) -> String {
        self.name.to_lowercase()
    }
}

impl Event {
    /// The step of a test that feeds it to the node.
    pub fn text(&self, node: &str) -> String {
        let (name, values) = (&self.collection, self.values.join(", "));
        if self.sealed.is_empty() {
            return format!("{node}.{name}({values});");
        }
        let pairs = self.sealed.iter().zip(&self.values);
        let pairs: Vec<String> = pairs.map(|(c, v)| format!("{c}: {v}")).collect();
        format!("seal {node}.{name}{{{}}};", pairs.join(", "))
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let peer = if self.has_peer { "(peer: Addr)" } else { "" };
        let replicated = if self.replicated { " replicated" } else { "" };
        writeln!(f, "node {}{peer}{replicated} {{", self.name)?;
        self.collections
            .iter()
            .try_for_each(|c| writeln!(f, "  {c}"))?;
        self.rules.iter().try_for_each(|r| writeln!(f, "  {r}"))?;
        writeln!(f, "}}")
    }
}

impl Display for Collection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}(", self.kind.word(), self.name)?;
        if self.kind == Kind::Periodic {
            return write!(f, "every: 1s);");
        }
        let part = |key: bool| {
            let columns = self
                .columns
                .iter()
                .enumerate()
                .filter(|(_, c)| c.key == key);
            let columns = columns.map(|(place, c)| {
                let location = place == 0 && self.kind == Kind::Channel;
                let at = if location { "@" } else { "" };
                format!("{at}{}: {}", c.name, c.ty)
            });
            columns.collect::<Vec<String>>().join(", ")
        };
        let (keys, values) = (part(true), part(false));
        let between = match (keys.is_empty(), values.is_empty()) {
            (_, true) => "",
            (true, false) => "=> ",
            (false, false) => " => ",
        };
        write!(f, "{keys}{between}{values})")?;
        if self.immutable {
            write!(f, " immutable")?;
        }
        if !self.sealed_by.is_empty() {
            write!(f, " sealed by {}", self.sealed_by.join(", "))?;
        }
        write!(f, ";")
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head)?;
        if self.literals.is_empty() {
            return write!(f, ";");
        }
        let literals: Vec<String> = self.literals.iter().map(Literal::to_string).collect();
        write!(f, " {} {};", self.arrow, literals.join(", "))
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.collection, self.terms.join(", "))
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Is(row) => write!(f, "{row}"),
            Literal::Not(row) => write!(f, "not {row}"),
            Literal::Other(text) => f.write_str(text),
        }
    }
}
