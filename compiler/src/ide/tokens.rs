//! What each word of a text is, for colours: from the tokens of the text, and from what its names mean.
//!
//! A word that is a keyword only in places is one where it is no name and stands as only a keyword can: at the
//! start of something, or before a name.

use std::sync::Arc;

use super::names::{Names, Role, Target, names_of};
use crate::base::{FileId, Span};
use crate::database::{Db, Package};
use crate::syntax::{Token as Lexeme, TokenKind, lex};

/// How many tokens are looked at before a pause.
const TOKENS_AT_ONCE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    Keyword,
    Comment,
    Text,
    Number,
    Operator,
    Collection,
    Column,
    Function,
    Constant,
    Variable,
    Type,
    Variant,
    Module,
    Spec,
}

/// A stretch of the text, none over another, in order. A comment or text may have several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub span: Span,
    pub kind: WordKind,
    pub declares: bool,
    /// Whether rows are derived here.
    pub writes: bool,
    /// Whether it comes with the language.
    pub is_built_in: bool,
}

/// The words of the root file of a package.
#[salsa::tracked(returns(ref), no_eq)]
pub fn words_of(db: &dyn Db, package: Package) -> Arc<Vec<Word>> {
    let root = package.files(db).first();
    let words = root.map_or_else(Vec::new, |root| {
        let pause = || db.unwind_if_revision_cancelled();
        words(names_of(db, package), FileId(0), root.text(db), &pause)
    });
    Arc::new(words)
}

/// The words of a file. `pause` is called now and then, and does not return where nobody waits any more.
pub fn words(names: &Names, file: FileId, text: &str, pause: &dyn Fn()) -> Vec<Word> {
    let lexed = lex(text);
    let mut words: Vec<Word> = lexed
        .comments
        .iter()
        .map(|comment| plain(comment.span, WordKind::Comment))
        .collect();
    let mut known = names.in_file(file).peekable();
    for (at, token) in lexed.tokens.iter().enumerate() {
        if at % TOKENS_AT_ONCE == 0 {
            pause();
        }
        while known
            .next_if(|mention| mention.place.span.start < token.span.start)
            .is_some()
        {}
        let mut named = None;
        while let Some(mention) = known.next_if(|mention| mention.place.span == token.span) {
            // Of a column and a variable in one word the column tells more.
            named = named.or(Some(mention));
        }
        let word = match named {
            Some(mention) => Some(Word {
                declares: mention.role == Role::Declares,
                writes: mention.role == Role::Writes,
                ..plain(token.span, kind_of(mention.target))
            }),
            None => unnamed(&lexed.tokens, at, text),
        };
        words.extend(word);
    }
    words.sort_by_key(|word| word.span.start);
    // They are kept as long as the text stands.
    words.shrink_to_fit();
    words
}

fn plain(span: Span, kind: WordKind) -> Word {
    Word {
        span,
        kind,
        declares: false,
        writes: false,
        is_built_in: false,
    }
}

fn kind_of(target: Target) -> WordKind {
    match target {
        Target::Collection(_) => WordKind::Collection,
        Target::Column(_) | Target::Field(_) => WordKind::Column,
        Target::Function(_) => WordKind::Function,
        Target::Constant(_) => WordKind::Constant,
        Target::Variable(..) | Target::TestNode(_) => WordKind::Variable,
        Target::Type(_) => WordKind::Type,
        Target::Variant(_) => WordKind::Variant,
        Target::File(_) | Target::Module(_) | Target::Import(_) => WordKind::Module,
        Target::Spec(_) | Target::Group(_) => WordKind::Spec,
    }
}

/// A token that the program has no name for.
fn unnamed(tokens: &[Lexeme], at: usize, text: &str) -> Option<Word> {
    use TokenKind as T;
    let token = tokens[at];
    let before = at.checked_sub(1).map(|before| tokens[before].kind);
    let after = tokens.get(at + 1).map(|token| token.kind);
    let own = &text[token.span.range()];
    let kind = match token.kind {
        T::Int | T::Float | T::Duration => WordKind::Number,
        T::Str | T::StrBegin | T::StrMiddle | T::StrEnd | T::Bytes | T::Address => WordKind::Text,
        T::Upper => {
            return Some(Word {
                is_built_in: true,
                ..plain(token.span, WordKind::Type)
            });
        }
        kind if crate::syntax::is_reserved(own) => {
            debug_assert!(kind != T::Lower, "reserved words have kinds of their own");
            WordKind::Keyword
        }
        kind if kind.is_contextual() && is_keyword(before, after) => WordKind::Keyword,
        kind if kind.is_lower_name() => {
            return (after == Some(T::OpenParen)).then(|| Word {
                is_built_in: true,
                ..plain(token.span, WordKind::Function)
            });
        }
        T::LessEqual
        | T::LessPlus
        | T::LessMinus
        | T::LessPlusMinus
        | T::LessTilde
        | T::FatArrow => WordKind::Operator,
        _ => return None,
    };
    Some(plain(token.span, kind))
}

/// Whether a word between these tokens is there as a keyword.
fn is_keyword(before: Option<TokenKind>, after: Option<TokenKind>) -> bool {
    use TokenKind as T;
    let names = |kind: T| kind.is_lower_name() || kind == T::Upper;
    let part_of_row = matches!(
        after,
        Some(T::Colon | T::Comma | T::OpenParen | T::Dot | T::CloseParen | T::CloseBrace)
    );
    let starts = match before {
        None => true,
        Some(before) => {
            matches!(
                before,
                T::Semicolon | T::OpenBrace | T::CloseBrace | T::CloseParen
            ) || names(before)
        }
    };
    let leads =
        after.is_some_and(|after| names(after) || matches!(after, T::Str | T::Int | T::OpenBrace));
    before != Some(T::Dot) && !part_of_row && (starts || leads)
}
