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

    // 02: names
    E0201 Error Names "undeclared collection";
    E0202 Error Names "unknown name";
    E0203 Error Names "unknown type";
    E0204 Error Names "unknown column";
    E0205 Error Names "wrong number of columns";
    E0206 Error Names "duplicate declaration";
    E0207 Error Names "arrow does not fit the collection";
    E0210 Error Names "column left out of a head";
    E0211 Error Names "column or field named twice";
    E0212 Error Names "variable shadows a constant";
    E0213 Error Names "unknown function";
    E0214 Error Names "unknown variant or constructor";
    E0216 Error Names "wrong number of type arguments";
    E0218 Error Names "constant that needs itself";
    E0219 Error Names "collection used as a value";
    E0220 Error Names "aggregate inside an expression";
    E0221 Error Names "`_` used as a value";
    E0222 Error Names "location column missing or misplaced";
    E0223 Error Names "seal of what is not sealed";
    E0224 Error Names "column without a type";
    E0225 Error Names "unknown attribute";
    E0228 Error Names "malformed aggregate";
    E0229 Error Names "named argument where arguments are by position";
    E0230 Error Names "modifier that does not fit the collection";
    E0231 Error Names "delivery that does not fit";
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
    E0314 Error Types "constant whose value fails";
    E0315 Error Types "function where a value is kept";
    W0301 Warning Types "arm that no value reaches";
    // 04: lattices
    E0401 Error Lattices "lattice in a key column";
    E0402 Error Lattices "operation that is not monotone";
    E0403 Error Lattices "join on a growing lattice";
    E0404 Error Lattices "lattice inside a plain type";
    E0405 Error Lattices "merge that breaks a law of lattices";
    E0406 Error Lattices "function that does not grow as it promises";
    E0407 Error Lattices "lattice or plain value where the other is needed";
    E0408 Error Lattices "own lattice without bottom or merge";
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
    W0901 Warning Dedalus "variable that stands only in a negated row";

    // 06: modules
    E0601 Error Modules "unknown module";
    E0602 Error Modules "cyclic import";
    E0603 Error Modules "private collection of an import";
    E0604 Error Modules "unknown parameter";
    E0605 Error Modules "argument missing";
    E0606 Error Modules "output of a protocol without a rule";
    E0607 Error Modules "module does not implement the protocol";
    E0608 Error Modules "unknown rule group";
    E0609 Error Modules "item that cannot stand here";

    // 07: analysis and coordination
    E0701 Error Analysis "replicas that may differ";
    W0701 Warning Analysis "point of order";

    // 08: tests and specs
    E0801 Error Tests "unknown node";
    E0802 Error Tests "nothing that can be expected";
    E0803 Error Tests "location outside a spec";
    E0804 Error Tests "unknown spec";
    E0805 Error Tests "unknown checker";
    E0806 Error Tests "checker without its relations";
}
