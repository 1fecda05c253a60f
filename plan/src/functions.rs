//! The table of built-in functions and methods: one line each, from which the type checker takes
//! the signature, the analysis the kind, code generation the number, and the editor the text.
//!
//! Each area of the table is a file, and an `enum` with one variant an entry; `semantics` gives
//! every variant its meaning by an exhaustive `match`, so that an entry without a body does not
//! compile. Invariants, held by the tests below: a function's name stands once; of methods with
//! one name, no receiver is an instance of another; the number of an entry is its place.

use self::{
    bytes::Bytes, frozen::Frozen, generic::Generic, lattice::Lattice, list::List, number::Number,
    option::Optional, text::Text, time::Clock,
};

pub mod bytes;
pub mod frozen;
pub mod generic;
pub mod lattice;
pub mod list;
pub mod number;
pub mod option;
pub mod text;
pub mod time;

/// Index into [`BUILTINS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct BuiltinId(pub u16);

impl BuiltinId {
    /// The entry with this number; numbers come from [`find`] or from a plan of the same build.
    pub fn get(self) -> &'static Builtin {
        &BUILTINS[usize::from(self.0)]
    }
}

/// What a function does to growing lattice arguments, to each of them with the others fixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `f(a join b) = f(a) join f(b)`.
    Morphism,
    /// Grows with its arguments, but sees them whole.
    Monotone,
    /// Takes no lattice, or is not monotone in it.
    Plain,
    /// May give another result each time (`now`, `random`, `fresh_id`).
    Nondeterministic,
}

/// One built-in. `signature` is in the language's own syntax: `abs(Int): Int` for a function,
/// `String.split(String): List<String>` for a method, `int_max: Int` for a constant. Single
/// upper-case letters are type variables; `L` and `M` stand for lattices only. A receiver that is
/// a variable takes any type (`L`: any lattice).
///
/// `x.reveal` is no entry: it reads like a field, and its result type is found by typing.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    pub name: &'static str,
    pub signature: &'static str,
    pub kind: Kind,
    /// Whether a call can end in a row error.
    pub fallible: bool,
    pub doc: &'static str,
    pub entry: Entry,
}

/// Which built-in, by area.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Entry {
    Generic(Generic),
    Number(Number),
    Text(Text),
    Bytes(Bytes),
    Clock(Clock),
    List(List),
    Optional(Optional),
    Frozen(Frozen),
    Lattice(Lattice),
}

/// Declares one area of the table: an `enum`, and its `TABLE`.
///
/// `Variant = "signature", Kind;` is total, `Variant = "signature", Kind, fallible;` is not; the
/// doc comment is the built-in's own text.
macro_rules! area {
    (
        $(#[$attribute:meta])*
        enum $area:ident in $wrap:ident {
            $($(#[doc = $doc:literal])+ $entry:ident = $signature:literal, $kind:ident $(, $fallible:ident)?;)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $area {
            $($(#[doc = $doc])+ $entry,)*
        }

        /// This area's part of the table of built-ins.
        pub(super) const TABLE: &[$crate::functions::Builtin] = &[
            $($crate::functions::Builtin {
                name: $crate::functions::name_of($signature),
                signature: $signature,
                kind: $crate::functions::Kind::$kind,
                fallible: $crate::functions::is_fallible(&[$(stringify!($fallible))?]),
                doc: $crate::functions::without_indent(concat!($($doc),+)),
                entry: $crate::functions::Entry::$wrap($area::$entry),
            },)*
        ];
    };
}
use area;

const AREAS: [&[Builtin]; 9] = [
    generic::TABLE,
    number::TABLE,
    text::TABLE,
    bytes::TABLE,
    time::TABLE,
    list::TABLE,
    option::TABLE,
    frozen::TABLE,
    lattice::TABLE,
];

const COUNT: usize = {
    let (mut area, mut count) = (0, 0);
    while area < AREAS.len() {
        count += AREAS[area].len();
        area += 1;
    }
    count
};

/// Every built-in. An entry's place is its number, so entries of one build never move; a plan
/// names built-ins by signature in its text form.
pub const BUILTINS: &[Builtin] = &ALL;

static ALL: [Builtin; COUNT] = {
    let mut all = [generic::TABLE[0]; COUNT];
    let (mut area, mut at) = (0, 0);
    while area < AREAS.len() {
        let mut i = 0;
        while i < AREAS[area].len() {
            all[at] = AREAS[area][i];
            at += 1;
            i += 1;
        }
        area += 1;
    }
    all
};

/// The entries called `name`, functions and methods alike, in table order.
pub fn named(name: &str) -> impl Iterator<Item = (BuiltinId, &'static Builtin)> {
    (0..)
        .map(BuiltinId)
        .zip(BUILTINS)
        .filter(move |(_, builtin)| builtin.name == name)
}

/// The entry with exactly this signature.
pub fn find(signature: &str) -> Option<BuiltinId> {
    let at = BUILTINS.iter().position(|b| b.signature == signature)?;
    u16::try_from(at).ok().map(BuiltinId)
}

impl Builtin {
    /// The receiver's type as the signature has it; none for functions and constants.
    pub fn receiver(&self) -> Option<&'static str> {
        let before = self.signature.split_at(name_end(self.signature)).0;
        before.rsplit_once('.').map(|(receiver, _)| receiver)
    }

    /// Whether it is written without arguments and parentheses.
    pub fn is_constant(&self) -> bool {
        self.signature.as_bytes().get(self.name.len()) == Some(&b':')
    }
}

/// The name in a signature: what stands between the receiver's dot, if there is one, and the
/// parameters.
const fn name_of(signature: &'static str) -> &'static str {
    let end = name_end(signature);
    let mut start = end;
    while start > 0 && signature.as_bytes()[start - 1] != b'.' {
        start -= 1;
    }
    signature.split_at(end).0.split_at(start).1
}

/// Where the name ends: at the first parenthesis (of a constant: the colon) that is not among the
/// receiver's type arguments. No receiver is a tuple.
const fn name_end(signature: &str) -> usize {
    let text = signature.as_bytes();
    let (mut end, mut depth) = (0, 0);
    while depth > 0 || text[end] != b'(' && text[end] != b':' {
        match text[end] {
            b'<' => depth += 1,
            b'>' => depth -= 1,
            _ => {}
        }
        end += 1;
    }
    end
}

/// A doc comment's text starts with the space after its slashes.
const fn without_indent(doc: &'static str) -> &'static str {
    doc.split_at(1).1
}

const fn is_fallible(words: &[&str]) -> bool {
    !words.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_read_from_signatures() {
        assert_eq!(name_of("abs(Int): Int"), "abs");
        assert_eq!(name_of("Map<K, L>.at(K): L"), "at");
        assert_eq!(name_of("int_max: Int"), "int_max");
        assert_eq!(name_of("List<(K, V)>.to_map(): FrozenMap<K, V>"), "to_map");
    }

    #[test]
    fn a_function_name_stands_once() {
        let mut seen = BTreeSet::new();
        for builtin in BUILTINS.iter().filter(|b| b.receiver().is_none()) {
            assert!(seen.insert(builtin.name), "{} stands twice", builtin.name);
        }
    }

    #[test]
    fn receivers_of_one_method_do_not_overlap() {
        let methods: Vec<_> = BUILTINS
            .iter()
            .filter_map(|b| Some((b.name, b.receiver()?)))
            .collect();
        for (i, (name, receiver)) in methods.iter().enumerate() {
            for (other, with) in &methods[..i] {
                assert!(
                    name != other || !overlap(receiver, with),
                    "{name} on {receiver} and on {with}"
                );
            }
        }
    }

    /// Whether two receivers have a common instance; a variable matches anything.
    fn overlap(a: &str, b: &str) -> bool {
        let variable = |s: &str| s.len() == 1;
        if variable(a) || variable(b) || a == b {
            return true;
        }
        let parts = |s: &str| {
            let (head, rest) = s.split_once('<').unwrap_or((s, ">"));
            (head.to_owned(), rest[..rest.len() - 1].to_owned())
        };
        let ((a, inside_a), (b, inside_b)) = (parts(a), parts(b));
        a == b
            && inside_a
                .split(", ")
                .zip(inside_b.split(", "))
                .all(|(a, b)| overlap(a, b))
    }

    #[test]
    fn every_entry_has_a_sentence() {
        for builtin in BUILTINS {
            assert!(
                builtin.doc.ends_with('.') && !builtin.doc.starts_with(' '),
                "{}: {:?}",
                builtin.signature,
                builtin.doc
            );
        }
    }
}
