//! The operations of registers, and what a checker says of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use smol_str::SmolStr;

/// How many operations of a history a report shows.
const OPERATIONS_SHOWN_MAX: usize = 40;

/// Reads and writes of registers, each known by its key. Before its first write a register is empty. Processes,
/// keys and values are texts, of which only matters whether they are equal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    pub operations: Vec<Operation>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Operation {
    /// Who asked. What a process is answered it knows when it asks again in a later tick.
    pub process: SmolStr,
    pub key: SmolStr,
    pub act: Act,
    /// The tick in which it was asked for.
    pub invoked: u32,
    /// The tick in which it was answered; none if it never was. Then a write may have happened at any time
    /// since, or not at all, and a read says nothing.
    pub answered: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    Write(SmolStr),
    /// What it was answered: none if the register was empty.
    Read(Option<SmolStr>),
}

/// What a checker says of a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Holds,
    /// It does not: why, and the operations that show it, by their numbers.
    Broken {
        why: String,
        operations: Vec<usize>,
    },
    /// Nothing is known, and why.
    Undecided(String),
}

impl Act {
    pub fn is_write(&self) -> bool {
        match self {
            Act::Write(_) => true,
            Act::Read(_) => false,
        }
    }
}

impl Operation {
    /// Whether it was answered before the other was asked for.
    pub fn precedes(&self, other: &Operation) -> bool {
        self.answered
            .is_some_and(|answered| answered < other.invoked)
    }

    pub fn is_write(&self) -> bool {
        self.act.is_write()
    }

    /// What a write wrote, or a read was answered.
    pub fn value(&self) -> Option<&SmolStr> {
        match &self.act {
            Act::Write(value) => Some(value),
            Act::Read(value) => value.as_ref(),
        }
    }

    /// `ticks 1 to 3: a writes x = 1`
    fn in_words(&self) -> String {
        let when = match self.answered {
            Some(answered) if answered == self.invoked => format!("tick {answered}"),
            Some(answered) => format!("ticks {} to {answered}", self.invoked),
            None => format!("from tick {}, unanswered", self.invoked),
        };
        let (process, key) = (&self.process, &self.key);
        match &self.act {
            Act::Write(value) => format!("{when}: {process} writes {key} = {value}"),
            Act::Read(Some(value)) => format!("{when}: {process} reads {key} = {value}"),
            Act::Read(None) => format!("{when}: {process} reads {key}, and finds nothing"),
        }
    }
}

impl History {
    /// The numbers of the operations of each key.
    pub fn by_key(&self) -> BTreeMap<&SmolStr, Vec<usize>> {
        let mut keys: BTreeMap<&SmolStr, Vec<usize>> = BTreeMap::new();
        for (number, operation) in self.operations.iter().enumerate() {
            keys.entry(&operation.key).or_default().push(number);
        }
        keys
    }

    /// These operations, a line each, in the order in which they were asked for.
    pub fn in_words(&self, operations: &[usize]) -> String {
        let mut shown: Vec<&Operation> = operations.iter().map(|&n| &self.operations[n]).collect();
        shown.sort_by_key(|operation| (operation.invoked, operation.answered, *operation));
        shown.dedup();
        let mut text = String::new();
        for operation in shown.iter().take(OPERATIONS_SHOWN_MAX) {
            push(&mut text, format_args!("\n{}", operation.in_words()));
        }
        if shown.len() > OPERATIONS_SHOWN_MAX {
            push(&mut text, format_args!("\n… {} in all", shown.len()));
        }
        text
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
