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
    // 09: Dedalus
    E0901 Error Dedalus "not a Dedalus statement";
    E0902 Error Dedalus "relation with two numbers of columns";
    E0903 Error Dedalus "time that a rule cannot have";
    E0904 Error Dedalus "arithmetic in a body's row";
}
