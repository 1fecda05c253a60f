//! What the words and arrows of the language mean where they stand for no name of the program.

use super::Hover;
use crate::base::{FileId, FileSpan};
use crate::database::{Db, Package};
use crate::ide::complete::Scene;
use crate::ide::cursor::Cursor;
use crate::syntax::TokenKind as T;

/// The keyword or arrow at a byte, or the column of a collection that the language declares.
pub(super) fn hover(db: &dyn Db, package: Package, (file, offset): (FileId, u32)) -> Option<Hover> {
    if file != FileId(0) {
        return None;
    }
    let text = package.files(db).first()?.text(db);
    let scene = Scene::new(db, package, offset)?;
    let around = Cursor::new(text, scene.stretch(), offset)?;
    let mut tokens = around.tokens.iter();
    let token = *tokens.find(|token| token.span.contains(offset))?;
    let cursor = Cursor::new(text, scene.stretch(), token.span.start)?;
    let start = token.span.start;
    let at = cursor.tokens.partition_point(|one| one.span.start < start);
    let word = &text[token.span.range()];
    let (declaration, doc) = match column(&scene, &cursor, word) {
        Some((column, of)) => (column, format!("A column of `{of}`.")),
        None => {
            let doc = meaning(&cursor, at, token.kind)?;
            (word.to_owned(), doc.to_owned())
        }
    };
    Some(Hover {
        place: FileSpan::new(file, token.span),
        declaration,
        paragraphs: vec![doc],
    })
}

/// The column with its type, and its collection, of a row in whose braces the cursor is.
fn column(scene: &Scene<'_>, cursor: &Cursor<'_>, word: &str) -> Option<(String, String)> {
    let row = cursor.bracket()?;
    let path = cursor.path_before(row.open);
    let [name] = path[..] else { return None };
    let columns = scene.everywhere(name)?.parameters;
    let mut columns = columns.into_iter();
    let column = columns.find(|column| column.split(':').next() == Some(word))?;
    Some((column, name.to_owned()))
}

fn meaning(cursor: &Cursor<'_>, at: usize, kind: T) -> Option<&'static str> {
    match kind {
        T::LessEqual | T::LessPlus | T::LessMinus | T::LessPlusMinus | T::LessTilde => {
            arrow(kind).filter(|_| is_arrow(cursor, at))
        }
        // In a declaration, where it parts the key from the rest.
        T::FatArrow if cursor.is_collection() => Some(
            "What stands before it is the key: a collection holds one row for each. What stands behind it belongs to \
             the key: lattices merge, and other values must not differ.",
        ),
        T::At if cursor.is_collection() => Some("The column that says to which node a row goes."),
        _ => {
            let next = cursor.kind(at + 1);
            let before = at.checked_sub(1).and_then(|before| cursor.kind(before));
            let is_name = before == Some(T::Dot) || matches!(next, Some(T::Dot | T::Colon));
            match is_name && kind != T::SelfWord {
                true => None,
                false => keyword(kind),
            }
        }
    }
}

/// Whether this is the arrow of a rule, and no comparison.
fn is_arrow(cursor: &Cursor<'_>, at: usize) -> bool {
    let second = match cursor.kind(cursor.start) {
        Some(T::Never) => cursor.start + 2,
        _ => cursor.start + 1,
    };
    let heads = matches!(
        cursor.kind(second),
        Some(T::OpenBrace | T::OpenParen | T::Dot)
    );
    let before = cursor.tokens.get(cursor.start..at).unwrap_or_default();
    let mut before = before.iter();
    heads && cursor.brackets.is_empty() && !before.any(|token| arrow(token.kind).is_some())
}

fn arrow(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::LessEqual => "Now: the rows are there in the same tick.",
        T::LessPlus => "Next: the rows are there from the next tick on.",
        T::LessMinus => "Delete: the rows are gone in the next tick.",
        T::LessPlusMinus => {
            "Replace: in the next tick the row takes the place of the one with its key. Lattice columns are replaced \
             too, not merged."
        }
        T::LessTilde => {
            "Send: the rows are there some day, at the node that their `@` column names. They may be late, come in \
             another order, twice or not at all."
        }
        _ => return None,
    })
}

fn keyword(kind: T) -> Option<&'static str> {
    declaring(kind)
        .or_else(|| computing(kind))
        .or_else(|| testing(kind))
}

/// Words with which items begin, and those that stand in them.
fn declaring(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::Table => "A collection whose rows stay until they are deleted.",
        T::Scratch => "A collection whose rows live for one tick.",
        T::Static => "Facts that the program begins with.",
        T::Input => "A collection whose rows come from outside.",
        T::Output => "A collection whose rows go outside, and cannot be taken back.",
        T::View => "What is derived, as outsiders may read it at any time.",
        T::Channel => "A collection whose rows go to the node that their `@` column names.",
        T::Loopback => "A channel to oneself: rows come back in a later tick.",
        T::Periodic => "A timer: a row each time that the duration is over.",
        T::Every => "How often the timer gives a row.",
        T::Durable => "The table is written to disk, and is there after a crash.",
        T::Sealed => {
            "Producers say of each value of these columns when they have sent all of its rows; then it is sealed, and \
             `not` and aggregates over it are final."
        }
        T::Immutable => {
            "A key never comes with other values again, however long the stream goes on."
        }
        T::Import => "An instance of a module, with collections of its own.",
        T::Include => "Mixes the names of a module in, as if they were written here.",
        T::Without => "Leaves groups of rules out.",
        T::As => "Another name for what is imported.",
        T::Type => "Another name for a type.",
        T::Record => "A type with named fields.",
        T::Enum => "A type that has one of several variants.",
        T::Lattice => "A type whose values merge, so that they only grow.",
        T::Lex => "The first field decides; where it is equal, the next merges.",
        T::BottomWord => "The least value, which merging leaves as it is.",
        T::Merge => "How two values become one: the least that is above both.",
        T::Monotone => {
            "Asks the compiler to hold the function to this: where its argument grows, so does its result."
        }
        T::Morphism => {
            "Asks the compiler to hold the function to this: it gives the same before and after merging."
        }
        T::Const => "A value that is fixed when the program starts.",
        T::Fn => "A pure function.",
        T::Rules => "A group of rules, which tools show as one and `without` leaves out.",
        T::Bootstrap => "Rules of a node's first tick alone.",
        T::Module => "Collections and rules to import.",
        T::Node => "A kind of process, or one of them in a test.",
        T::Protocol => "Inputs and outputs that several modules have.",
        T::Replicated => {
            "Several nodes of this kind do the same work, and have to agree in the end."
        }
        T::Extern => {
            "A component that is not written in Bloom; what it is said to be is taken for granted."
        }
        _ => return None,
    })
}

/// Words of rules and expressions.
fn computing(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::Not => {
            "Holds where there is no such row now. What comes later may change that, so it needs to be known that \
             nothing will: a point of order."
        }
        T::In => "Each element of a list, set or map by itself.",
        T::LetWord => "Gives a value a name.",
        T::If | T::Then | T::Else => "One value or the other, by a condition.",
        T::Match => "A value by the shape of another.",
        T::True | T::False => "A value of `Bool`.",
        T::SelfWord => "The address of the node that evaluates this.",
        T::Distinct => "Counts each value once.",
        T::By => "What is put in order, or parted, by it.",
        T::Desc => "The greatest first.",
        T::Seal => {
            "Says that a partition of a stream is complete: none of its rows comes any more."
        }
        _ => return None,
    })
}

/// Words of specs and tests.
fn testing(kind: T) -> Option<&'static str> {
    Some(match kind {
        T::Spec => "What must hold, whatever fails.",
        T::Never => "A row of it, at any node and tick, is a violation.",
        T::Test => "Steps that nodes take, and what must be so then.",
        T::Fault => "Searches for losses and crashes after which a spec is violated.",
        T::Checks => "The specs that runs are held to.",
        T::With => "Within which bounds to search.",
        T::Until => "The last tick in which something may go wrong.",
        T::Tick => "Runs a tick of every node, or so many.",
        T::Settle => "Delivers messages and runs ticks until nothing changes.",
        T::Advance => "Moves the clock.",
        T::Crash => "Stops a node: what is not durable is lost.",
        T::Restart => "Starts a node again, with what is durable.",
        T::Partition => "Cuts the network in two.",
        T::Heal => "Mends the network.",
        T::Drop => "Loses the next message of a channel.",
        T::Expect => "What must be so now.",
        T::ErrorWord => "A row error that must have come.",
        _ => return None,
    })
}
