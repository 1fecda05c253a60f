//! What each word of a text is, for colours: from the tokens of the text, and from what its names mean.
//!
//! A word that is a keyword only in places is one where it is no name and stands as only a keyword can: at the
//! start of something, or before a name. After an edit the words of the lines around it are told anew, and those of
//! items that had other names; all others stay.

use std::ops::Range;
use std::sync::Arc;

use bloom_stdx::{common_text, fitted};

use super::names::{Names, Role, Target, names_of};
use crate::base::{FileId, Span};
use crate::database::{Db, Package};
use crate::syntax::{Token as Lexeme, TokenKind, lex};

mod word;

pub use word::{Word, WordKind, WordRole};

/// How many tokens are looked at before a pause.
const TOKENS_AT_ONCE: usize = 4096;

/// The words of the root file of a package.
#[salsa::tracked(returns(ref), no_eq)]
pub fn words_of(db: &dyn Db, package: Package) -> Arc<Vec<Word>> {
    let Some(root) = package.files(db).first() else {
        return Arc::default();
    };
    let (text, names) = (root.text(db), names_of(db, package));
    let scene = Scene {
        names,
        file: FileId(0),
        text,
        pause: &|| db.unwind_if_revision_cancelled(),
    };
    let before = db.recalls().of_package::<Told>(package);
    let again = before.and_then(|before| before.again(scene));
    let stretch = again.unwrap_or_else(|| scene.stretch(0..text.len()));
    let words = Arc::new(stretch.words);
    let told = Told {
        text: Arc::clone(text),
        names: Arc::clone(names),
        words: Arc::clone(&words),
        is_whole: stretch.is_whole,
    };
    db.recalls().keep(package, Arc::new(told));
    words
}

/// The words of a file. `pause` is called now and then, and does not return where nobody waits any more.
pub fn words(names: &Names, file: FileId, text: &str, pause: &dyn Fn()) -> Vec<Word> {
    let scene = Scene {
        names,
        file,
        text,
        pause,
    };
    scene.stretch(0..text.len()).words
}

/// What words are told from.
#[derive(Clone, Copy)]
struct Scene<'t> {
    names: &'t Names,
    file: FileId,
    text: &'t str,
    pause: &'t dyn Fn(),
}

/// The words of a part of a text.
struct Stretch {
    words: Vec<Word>,
    /// The first two tokens, and the last two.
    first: Option<[Span; 2]>,
    last: Option<[Span; 2]>,
    /// Whether no text and no comment lacks its end.
    is_whole: bool,
}

impl Scene<'_> {
    /// The words of a part that starts and ends between tokens. The first and the last may be others in the whole text.
    fn stretch(self, part: Range<usize>) -> Stretch {
        let start = part.start as u32;
        let lexed = lex(&self.text[part.clone()]);
        let comments = lexed.comments.iter().map(|comment| comment.span);
        let comment = |span: Span| {
            let (kind, role) = (WordKind::Comment, WordRole::Plain);
            Word::of(self.text, span.shifted(start), kind, role)
        };
        let mut words: Vec<Word> = comments.flat_map(comment).collect();
        let known = self.names.in_part(self.file, start, part.end as u32);
        let mut known = known.peekable();
        for (at, token) in lexed.tokens.iter().enumerate() {
            if at % TOKENS_AT_ONCE == 0 {
                (self.pause)();
            }
            let span = token.span.shifted(start);
            while known
                .next_if(|mention| mention.place.span.start < span.start)
                .is_some()
            {}
            let mut named = None;
            while let Some(mention) = known.next_if(|mention| mention.place.span == span) {
                // Of a column and a variable in one word the column tells more.
                named = named.or(Some(mention));
            }
            let told = match named {
                Some(mention) => Some((kind_of(mention.target), role_of(mention.role))),
                None => unnamed(&lexed.tokens, at, &self.text[span.range()]),
            };
            if let Some((kind, role)) = told {
                words.extend(Word::of(self.text, span, kind, role));
            }
        }
        words.sort_by_key(|word| word.start);
        // They are kept as long as the text stands.
        let spans = |two: &[Lexeme; 2]| two.map(|token| token.span.shifted(start));
        Stretch {
            words: fitted(words),
            first: lexed.tokens.first_chunk().map(spans),
            last: lexed.tokens.last_chunk().map(spans),
            is_whole: lexed.diagnostics.is_empty(),
        }
    }
}

/// The words of a file, and what they were told from.
#[derive(Debug)]
struct Told {
    text: Arc<String>,
    names: Arc<Names>,
    words: Arc<Vec<Word>>,
    is_whole: bool,
}

/// How many lines are read before an edit and behind it: at first, and after each try.
const LINES_AROUND: [usize; 4] = [1, 8, 64, 512];

impl Told {
    /// The words of what the text has become: told from the lines around an edit alone, if these read by themselves as they
    /// do in their place.
    fn again(&self, now: Scene<'_>) -> Option<Stretch> {
        if !self.is_whole {
            return None;
        }
        let (old, new) = (self.text.as_str(), now.text);
        let (same_before, same_behind) = common_text(old, new);
        let mut changed = same_before..new.len() - same_behind;
        let lengths = (old.len(), new.len());
        if let Some(others) = now.names.differ(&self.names, now.file, lengths) {
            changed.start = changed.start.min(others.start);
            changed.end = changed.end.max(others.end);
        }
        let mut tries = LINES_AROUND.iter();
        tries.find_map(|&lines| self.around(now, &changed, lines))
    }

    /// With what has changed and so many lines around it told anew.
    fn around(&self, now: Scene<'_>, changed: &Range<usize>, lines: usize) -> Option<Stretch> {
        let text = now.text;
        let mut breaks = text[..changed.start].rmatch_indices('\n');
        let start = breaks.nth(lines).map_or(0, |(at, _)| at + 1);
        let mut breaks = text[changed.end..].match_indices('\n');
        let end = breaks.nth(lines);
        let end = end.map_or(text.len(), |(at, _)| changed.end + at + 1);
        let behind = text.len() - end;
        if !self.is_between(start) || !self.is_between(self.text.len() - behind) {
            return None;
        }
        let stretch = now.stretch(start..end);
        if !stretch.is_whole {
            return None;
        }
        // What a token is the one before it and the one behind it tell as well. So the first and the last are taken from
        // before, where these are what they were.
        let has_break = |part: Range<usize>| text.get(part).is_some_and(|part| part.contains('\n'));
        let old = &self.words;
        let (before, from) = match (start, stretch.first) {
            (0, _) => (0, 0),
            (_, Some([first, second])) if has_break(second.end as usize..changed.start) => {
                let is_before = |word: &Word| word.start <= first.start;
                (old.partition_point(is_before), first.end)
            }
            _ => return None,
        };
        let (after, upto) = match (behind, stretch.last) {
            (0, _) => (old.len(), u32::MAX),
            (_, Some([other, last])) if has_break(changed.end..other.start as usize) => {
                let was = (last.start as usize + self.text.len() - text.len()) as u32;
                let is_before = |word: &Word| word.start < was;
                (old.partition_point(is_before), last.start)
            }
            _ => return None,
        };
        let moved = |at: u32| (at as usize + text.len() - self.text.len()) as u32;
        let own = stretch.words.iter();
        let own = own.filter(|word| from <= word.start && word.start < upto);
        let mut words = Vec::with_capacity(old.len() + stretch.words.len());
        words.extend_from_slice(&old[..before]);
        words.extend(own);
        words.extend(old[after..].iter().map(|word| word.at(moved(word.start))));
        Some(Stretch { words, ..stretch })
    }

    /// Whether a line starts here between two tokens.
    fn is_between(&self, at: usize) -> bool {
        let until = self
            .words
            .partition_point(|word| (word.start as usize) < at);
        let last = self.words[..until].last();
        // The break of a line stands behind all tokens but those that go on in the next one.
        last.is_none_or(|word| (word.end() as usize) < at)
    }
}

fn role_of(role: Role) -> WordRole {
    match role {
        Role::Declares => WordRole::Declares,
        Role::Writes => WordRole::Writes,
        Role::Reads => WordRole::Plain,
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

/// A token that the program has no name for, by its text.
fn unnamed(tokens: &[Lexeme], at: usize, own: &str) -> Option<(WordKind, WordRole)> {
    use TokenKind as T;
    let token = tokens[at];
    let before = at.checked_sub(1).map(|before| tokens[before].kind);
    let after = tokens.get(at + 1).map(|token| token.kind);
    let kind = match token.kind {
        T::Int | T::Float | T::Duration => WordKind::Number,
        T::Str | T::StrBegin | T::StrMiddle | T::StrEnd | T::Bytes | T::Address => WordKind::Text,
        T::Upper => {
            return Some((WordKind::Type, WordRole::BuiltIn));
        }
        kind if crate::syntax::is_reserved(own) => {
            debug_assert!(kind != T::Lower, "reserved words have kinds of their own");
            WordKind::Keyword
        }
        kind if kind.is_contextual() && is_keyword(before, after) => WordKind::Keyword,
        kind if kind.is_lower_name() => {
            return (after == Some(T::OpenParen))
                .then_some((WordKind::Function, WordRole::BuiltIn));
        }
        T::LessEqual
        | T::LessPlus
        | T::LessMinus
        | T::LessPlusMinus
        | T::LessTilde
        | T::FatArrow => WordKind::Operator,
        _ => return None,
    };
    Some((kind, WordRole::Plain))
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
