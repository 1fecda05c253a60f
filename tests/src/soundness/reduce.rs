//! The pieces of a subject that can be left out, for [`crate::shrink`].

use super::subject::{Kind, Rule, Subject};
use crate::shrink::{Piece, remove, remove_inner, shrink_pieces};

/// A smaller subject that still fails. `fails` is asked at most `tries_max` times.
pub fn reduce(subject: &Subject, tries_max: usize, fails: impl FnMut(&Subject) -> bool) -> Subject {
    shrink_pieces(subject, &PIECES, tries_max, fails)
}

const PIECES: [Piece<Subject>; 9] = [
    |subject, at| remove(&mut subject.sets, at),
    |subject, at| remove_inner(subject.roles.iter_mut().map(|role| &mut role.rules), at),
    |subject, at| remove_inner(subject.sets.iter_mut(), at),
    |subject, at| remove_inner(literals(subject), at),
    |subject, at| {
        remove_inner(
            subject.roles.iter_mut().map(|role| &mut role.collections),
            at,
        )
    },
    |subject, at| remove(&mut subject.channels, at),
    forget_replicas,
    forget_promises,
    forget_column,
];

fn literals(subject: &mut Subject) -> impl Iterator<Item = &mut Vec<super::subject::Literal>> {
    let rules = subject.roles.iter_mut().flat_map(|role| &mut role.rules);
    // A rule that loses its last literal is a fact of another meaning.
    rules
        .map(|rule| &mut rule.literals)
        .filter(|literals| literals.len() > 1)
}

fn forget_replicas(subject: &mut Subject, at: usize) -> bool {
    let mut replicated = subject.roles.iter_mut().filter(|role| role.replicated);
    let role = replicated.nth(at);
    role.map(|role| role.replicated = false).is_some()
}

fn forget_promises(subject: &mut Subject, at: usize) -> bool {
    let collections = subject
        .roles
        .iter_mut()
        .flat_map(|role| &mut role.collections);
    let Some(collection) = collections
        .filter(|c| c.immutable || !c.sealed_by.is_empty())
        .nth(at)
    else {
        return false;
    };
    match collection.immutable {
        true => collection.immutable = false,
        false => collection.sealed_by.clear(),
    }
    true
}

/// Leaves out a column of a collection, and its terms and values wherever they stand.
fn forget_column(subject: &mut Subject, at: usize) -> bool {
    let mut left = at;
    for role in 0..subject.roles.len() {
        for number in 0..subject.roles[role].collections.len() {
            let collection = &mut subject.roles[role].collections[number];
            let count = match collection.kind {
                Kind::Periodic => 0,
                Kind::Input
                | Kind::Output
                | Kind::View
                | Kind::Table
                | Kind::Scratch
                | Kind::Static
                | Kind::Loopback
                | Kind::Channel => collection.columns.len(),
            };
            if left >= count {
                left -= count;
                continue;
            }
            collection.columns.remove(left);
            let name = collection.name.clone();
            for row in subject.roles[role]
                .rules
                .iter_mut()
                .flat_map(Rule::rows_mut)
            {
                if row.collection == name && left < row.terms.len() {
                    row.terms.remove(left);
                }
            }
            for event in subject.sets.iter_mut().flatten() {
                let is_row =
                    event.role == role && event.collection == name && event.sealed.is_empty();
                if is_row && left < event.values.len() {
                    event.values.remove(left);
                }
            }
            return true;
        }
    }
    false
}
