//! The kinds of token.
//!
//! Words that are keywords only in places have kinds of their own; the grammar takes each of them for a
//! name wherever a name can stand.

use crate::base::Span;
use logos::Logos;

/// A token and its place. Its text is that of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
    /// Whether only blanks and comments stand before it on its line.
    pub first_on_line: bool,
}

macro_rules! token_kinds {
    (
        patterns { $($(#[$attribute:meta])* $pattern:ident,)* }
        reserved { $($reserved:ident $reserved_text:tt,)* }
        fixed { $($fixed:ident $text:tt,)* }
        contextual { $($word:ident $word_text:tt,)* }
    ) => {
        #[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[logos(skip r"[ \t\r\n\u{feff}]+")]
        pub enum TokenKind {
            $($(#[$attribute])* $pattern,)*
            $(#[token($reserved_text)] $reserved,)*
            $(#[token($text)] $fixed,)*
            $(#[token($word_text)] $word,)*
        }

        /// The words that are keywords everywhere, and so no names.
        pub const RESERVED: &[&str] = &[$($reserved_text),*];

        /// The words that are keywords only where the grammar expects them.
        pub const CONTEXTUAL: &[&str] = &[$($word_text),*];

        impl TokenKind {
            /// Whether this is a word that is a keyword only where the grammar expects it.
            pub const fn is_contextual(self) -> bool {
                matches!(self, $(TokenKind::$word)|*)
            }
        }
    };
}

token_kinds! {
    patterns {
        #[regex(r"[a-z_][A-Za-z0-9_]*", priority = 1)]
        Lower,
        #[regex(r"[A-Z][A-Za-z0-9_]*", priority = 1)]
        Upper,
        #[regex(r"[0-9][0-9_]*", priority = 3)]
        #[regex(r"0x[0-9A-Fa-f_]+", priority = 3)]
        Int,
        #[regex(r"[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?", priority = 3)]
        #[regex(r"[0-9][0-9_]*[eE][+-]?[0-9]+", priority = 3)]
        Float,
        #[regex(r"[0-9][0-9_]*(ns|us|ms|s|min|h|d)", priority = 3)]
        Duration,
        /// A number that runs into letters: `12abc`.
        #[regex(r"[0-9][0-9A-Za-z_]*", priority = 2)]
        BadNumber,
        /// A whole string without interpolation, raw or not.
        Str,
        /// `"text {`
        StrBegin,
        /// `} text {`
        StrMiddle,
        /// `} text"`
        StrEnd,
        Bytes,
        Address,
        /// Something that starts no token, or a string without its end.
        Bad,
        #[token("\"")]
        Quote,
        #[token("b\"")]
        BytesQuote,
        #[token("@\"")]
        AddressQuote,
        #[regex("r#*\"")]
        RawQuote,
        #[regex("//[^\n]*", allow_greedy = true)]
        LineComment,
        #[token("/*")]
        BlockComment,
        /// A brace that follows an upper-case name; made from the one that the lexer gives.
        OpenRecord,
        /// Tells the grammar what to read; never in a text.
        ReadItem,
        ReadHeader,
        ReadRule,
        ReadStep,
        ReadSpecLine,
        ReadLatticePart,
        ReadExternPart,
        ReadExpr,
        ReadLiteral,
    }
    reserved {
        Not "not", In "in", LetWord "let", If "if", Then "then", Else "else", Match "match", True "true",
        False "false", SelfWord "self", Fn "fn", Bootstrap "bootstrap", Distinct "distinct",
    }
    fixed {
        Underscore "_",
        OpenParen "(", CloseParen ")", OpenBracket "[", CloseBracket "]", OpenBrace "{", CloseBrace "}",
        Semicolon ";", Comma ",", Colon ":", Dot ".", DotDot "..", At "@", Hash "#", Question "?",
        FatArrow "=>", Arrow "->", Assign "=", Bar "|",
        LessEqual "<=", LessPlus "<+", LessMinus "<-", LessPlusMinus "<+-", LessTilde "<~",
        Less "<", Greater ">", GreaterEqual ">=", EqualEqual "==", NotEqual "!=",
        OrOr "||", AndAnd "&&", Bang "!", Plus "+", Minus "-", Star "*", Slash "/", Percent "%",
    }
    contextual {
        Table "table", Scratch "scratch", Static "static", Input "input", Output "output", View "view",
        Channel "channel", Loopback "loopback", Periodic "periodic", Every "every",
        Durable "durable", Sealed "sealed", Immutable "immutable", By "by", Desc "desc",
        Import "import", As "as", Include "include", Without "without",
        Type "type", Record "record", Enum "enum", Lattice "lattice", Lex "lex", BottomWord "bottom",
        Merge "merge", Monotone "monotone", Morphism "morphism", Const "const",
        Rules "rules", Seal "seal", Module "module", Node "node", Protocol "protocol",
        Replicated "replicated", Extern "extern", PathWord "path",
        Spec "spec", Never "never", Test "test", Fault "fault", Checks "checks", With "with", Until "until",
        Tick "tick", Settle "settle", Advance "advance", Crash "crash", Restart "restart",
        Partition "partition", Heal "heal", Drop "drop", Expect "expect", ErrorWord "error",
    }
}

pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

impl TokenKind {
    /// Whether this can be the name of a collection, column, variable, function or module.
    pub const fn is_lower_name(self) -> bool {
        matches!(self, TokenKind::Lower) || self.is_contextual()
    }

    /// Whether this declares a collection when a name follows.
    pub const fn is_collection_kind(self) -> bool {
        matches!(
            self,
            TokenKind::Table
                | TokenKind::Scratch
                | TokenKind::Static
                | TokenKind::Input
                | TokenKind::Output
                | TokenKind::View
                | TokenKind::Channel
                | TokenKind::Loopback
                | TokenKind::Periodic
        )
    }

    /// Whether this is one of the words that cannot be a name anywhere.
    pub const fn is_reserved(self) -> bool {
        matches!(
            self,
            TokenKind::Not
                | TokenKind::In
                | TokenKind::LetWord
                | TokenKind::If
                | TokenKind::Then
                | TokenKind::Else
                | TokenKind::Match
                | TokenKind::True
                | TokenKind::False
                | TokenKind::SelfWord
                | TokenKind::Fn
                | TokenKind::Bootstrap
                | TokenKind::Distinct
        )
    }
}
