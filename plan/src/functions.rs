//! The table of built-in functions and methods: one line each, from which the type checker takes
//! the signature, the analysis the kind, code generation the number, and the editor the text.
//! The runtime and the compiler's evaluator each implement every entry; a test holds them to it.

/// Index into [`BUILTINS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct BuiltinId(pub u16);

/// What a function does to growing lattice arguments.
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
/// `String.split(String): List<String>` for a method. Single upper-case letters are type
/// variables; `L` and `M` stand for lattices only.
#[derive(Debug)]
pub struct Builtin {
    pub name: &'static str,
    pub signature: &'static str,
    pub kind: Kind,
    /// Whether a call can end in a row error.
    pub fallible: bool,
    pub doc: &'static str,
}

/// Every built-in. An entry's place is its number, so entries of one build never move; a plan
/// names built-ins by signature in its text form.
pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "abs",
        signature: "abs(Int): Int",
        kind: Kind::Plain,
        fallible: true,
        doc: "The absolute value; a row error for the least `Int`.",
    },
    Builtin {
        name: "size",
        signature: "Set<T>.size(): Max<Int>",
        kind: Kind::Monotone,
        fallible: false,
        doc: "How many elements there are so far.",
    },
];
