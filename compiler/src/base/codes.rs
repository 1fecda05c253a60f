//! The table of diagnostic codes.
//!
//! One row a code: what it is called, how grave it is, which stage says it. The number's hundreds are the
//! stage: 01 syntax, 02 names, 03 types, 04 lattices, 05 strata, 06 modules, 07 analysis and
//! coordination, 08 tests and specs, 09 Dedalus. `E` is an error, `W` a warning. Each has a page in
//! `docs/errors/`.

use std::fmt;
use std::hash::{Hash, Hasher};

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Info,
}

/// The stage that a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    Syntax,
    Names,
    Types,
    Lattices,
    Strata,
    Modules,
    Analysis,
    Tests,
    Dedalus,
}

/// A row of the table below. Two codes are equal when their ids are.
#[derive(Clone, Copy)]
pub struct Code(&'static Entry);

struct Entry {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    category: Category,
}

impl Code {
    /// As users see it: `E0101`.
    pub fn id(self) -> &'static str {
        self.0.id
    }

    pub fn title(self) -> &'static str {
        self.0.title
    }

    pub fn severity(self) -> Severity {
        self.0.severity
    }

    pub fn category(self) -> Category {
        self.0.category
    }

    /// The code that users call `id`, in either case.
    pub fn find(id: &str) -> Option<Code> {
        ALL.iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(id))
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

macro_rules! codes {
    ($($id:ident $severity:ident $category:ident $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $id: Code = Code(&Entry {
                id: stringify!($id),
                title: $title,
                severity: Severity::$severity,
                category: Category::$category,
            });
        )*

        /// Every code, in the order of the table.
        pub const ALL: &[Code] = &[$($id),*];
    };
}

codes! {
    // 01: syntax
    E0101 Error Syntax "unexpected token";
    E0102 Error Syntax "missing `;`";
    E0103 Error Syntax "unclosed bracket";
    E0104 Error Syntax "closing bracket without an opening one";
    E0105 Error Syntax "character that starts no token";
    E0106 Error Syntax "unclosed string";
    E0107 Error Syntax "unknown escape in a string";
    E0108 Error Syntax "number out of range";
    E0109 Error Syntax "unclosed block comment";
    E0110 Error Syntax "nesting too deep";
    E0111 Error Syntax "file too large";
    E0112 Error Syntax "not a pattern";
    E0113 Error Syntax "not a collection's name";
    E0114 Error Syntax "reserved word used as a name";
    E0115 Error Syntax "sort or `distinct` mark outside an aggregate";
    E0116 Error Syntax "name among columns by position";
    E0199 Error Syntax "too many syntax errors";
    W0101 Warning Syntax "doc comment that belongs to nothing";
    // 03: types
    E0301 Error Types "type mismatch";
    E0302 Error Types "unknown field";
    E0303 Error Types "unknown method";
    E0304 Error Types "wrong arguments";
    E0305 Error Types "missing field";
    E0306 Error Types "type that cannot be inferred";
    E0307 Error Types "operator that is not defined for its operands";
    E0308 Error Types "match that does not cover every value";
    E0309 Error Types "constructor that means nothing here";
    E0310 Error Types "aggregate used wrongly";
    E0311 Error Types "function that calls itself";
    E0312 Error Types "generator over what has no elements";
    E0313 Error Types "type that holds itself";
    W0301 Warning Types "arm that no value reaches";
    // 04: lattices
    E0401 Error Lattices "lattice in a key column";
    E0402 Error Lattices "operation that is not monotone";
    E0403 Error Lattices "join on a growing lattice";
    E0404 Error Lattices "lattice inside a plain type";
    E0405 Error Lattices "merge that breaks a law of lattices";
    E0406 Error Lattices "function that does not grow as it promises";
    E0407 Error Lattices "lattice or plain value where the other is needed";
    W0401 Warning Lattices "rows from outside can conflict";
    // 05: safety and strata
    E0501 Error Strata "unbound variable";
    E0502 Error Strata "unbound variable in negation";
    E0503 Error Strata "cycle through negation";
    // 09: Dedalus
    E0901 Error Dedalus "not a Dedalus statement";
    E0902 Error Dedalus "relation with two numbers of columns";
    E0903 Error Dedalus "time that a rule cannot have";
    E0904 Error Dedalus "arithmetic in a body's row";
}
