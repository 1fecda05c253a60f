//! Parses the pieces of a fragment and puts the tree together.
//!
//! A fragment is the text of one item at the top of a file (or of several, where what parts them is missing).
//! Each unit gives at most one syntax error, and what the lexer found wrong in a unit is all that is said
//! about it: one mistake, one error.

mod blocks;
mod docs;

pub use docs::doc_line;

use super::ast::{Item, ItemKind, ItemNode, Rule};
use super::construct::{Context, Unit};
use super::depth::too_deep;
use super::lexer::{Comment, CommentKind, Lexed, lex};
use super::split::{Mismatch, Split, split};
use super::token::{Token, TokenKind};
use super::{ERRORS_MAX, grammar, messages};
use crate::base::{Diagnostic, FileId};
use bloom_stdx::fitted;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// What one fragment of a file holds. Offsets and spans count from the start of the fragment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fragment {
    pub items: Vec<ItemNode>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the `<` and `>` of type arguments and parameters are.
    pub angles: Vec<u32>,
}

pub fn parse_fragment(text: &str) -> Fragment {
    fragment(text, None)
}

/// An item inside a block without mistakes.
#[derive(Clone, Debug)]
pub struct Known {
    pub item: Arc<Item>,
    /// Those of the fragment that are in it, counted from its start.
    pub angles: Vec<u32>,
}

/// Items by their texts.
pub type KnownItems<'k> = FxHashMap<&'k str, Known>;

/// As [`parse_fragment`], to be kept: rules are folded, and an item in a block that is among the known ones is not
/// parsed.
pub fn parse_fragment_again(text: &str, known: &KnownItems<'_>) -> Fragment {
    fragment(text, Some(known))
}

fn fragment(text: &str, known: Option<&KnownItems<'_>>) -> Fragment {
    let lexed = lex(text);
    let Split {
        pieces, mismatches, ..
    } = split(text, &lexed.tokens);
    let mut parser = Parser::new(text, lexed);
    // A brace too many or too few may change what an item's text means.
    if mismatches.is_empty() {
        parser.known = known;
        parser.folds = known.is_some();
    }
    let items = parser.items(&pieces, 0);
    parser.mismatches(&mismatches);
    parser.finish(items)
}

/// The rule that the text of an item is.
pub fn read_rule(text: &str) -> Option<Rule> {
    match parse_unit(text, TokenKind::ReadItem) {
        (Some(Unit::Item(_, kind)), _) => match *kind {
            ItemKind::Rule(rule) => Some(rule.into_rule()),
            _ => None,
        },
        _ => None,
    }
}

/// Parses all of `text` as the unit that `read` asks for.
pub fn parse_unit(text: &str, read: TokenKind) -> (Option<Unit>, Vec<Diagnostic>) {
    let lexed = lex(text);
    let tokens = 0..lexed.tokens.len();
    let mut parser = Parser::new(text, lexed);
    let unit = parser.unit(read, tokens, 0);
    (unit, parser.finish(Vec::new()).diagnostics)
}

struct Parser<'t> {
    text: &'t str,
    known: Option<&'t KnownItems<'t>>,
    /// Whether rules that are items are kept folded.
    folds: bool,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    /// What the lexer found.
    lexical: Vec<Diagnostic>,
    diagnostics: Vec<Diagnostic>,
    angles: Vec<u32>,
    /// How many units did not parse.
    failures: usize,
    /// The end of the last unit that did not parse; what goes on on its line is part of that mistake.
    failed_upto: Option<usize>,
    /// Doc comments that belong to something, by their starts.
    attached: Vec<u32>,
}

/// Why a unit did not parse.
struct Failure {
    /// The index of the token at fault; the end of the unit's range if something is missing there.
    at: usize,
    expected: Vec<String>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, lexed: Lexed) -> Self {
        Self {
            text,
            known: None,
            folds: false,
            tokens: lexed.tokens,
            comments: lexed.comments,
            lexical: lexed.diagnostics,
            diagnostics: Vec::new(),
            angles: Vec::new(),
            failures: 0,
            failed_upto: None,
            attached: Vec::new(),
        }
    }

    fn finish(mut self, items: Vec<ItemNode>) -> Fragment {
        let items = fitted(items);
        self.diagnostics.append(&mut self.lexical);
        for comment in self.comments.iter().filter(|c| c.kind == CommentKind::Doc) {
            if self.attached.binary_search(&comment.span.start).is_err() {
                self.diagnostics.push(messages::loose_doc(comment.span));
            }
        }
        self.diagnostics.sort_by_key(|d| d.primary.span);
        Fragment {
            items,
            diagnostics: self.diagnostics,
            angles: self.angles,
        }
    }

    fn mismatches(&mut self, mismatches: &[Mismatch]) {
        for mismatch in mismatches {
            let diagnostic = match *mismatch {
                Mismatch::Stray(at) => messages::stray_brace(self.tokens[at].span),
                Mismatch::Unclosed(at) => messages::unclosed_brace(self.tokens[at].span),
                Mismatch::TooDeep(at) => messages::too_deep(self.tokens[at].span),
            };
            self.diagnostics.push(diagnostic);
        }
    }

    /// Parses `tokens` as one unit and reports the one error that may be in it.
    fn unit(&mut self, read: TokenKind, tokens: Range<usize>, base: u32) -> Option<Unit> {
        let end = tokens.end;
        let (unit, used) = self.repaired_unit(read, tokens, base);
        if used < end && unit.is_some() {
            let span = self.tokens[used].span;
            self.diagnostics.push(messages::left_over(span));
        }
        unit
    }

    /// Parses the unit at the start of `tokens`. It is all of them, but where a line starts at which only
    /// a `;` was missing the unit ends there. Returns the index after its last token.
    fn repaired_unit(
        &mut self,
        read: TokenKind,
        tokens: Range<usize>,
        base: u32,
    ) -> (Option<Unit>, usize) {
        if self.failures > ERRORS_MAX {
            return (None, tokens.end);
        }
        let has_bad = self.has_bad(&tokens);
        let explained = has_bad || self.continues_mistake(tokens.start);
        if let Some(at) = too_deep(&self.tokens[tokens.clone()]) {
            let span = self.tokens[tokens.start + at].span;
            self.diagnostics.push(messages::too_deep(span));
            return (None, tokens.end);
        }
        let failure = match self.attempt(read, tokens.clone(), false, base) {
            Ok(unit) => {
                // Without what the lexer took away, the rest of it means something else.
                let unit = Some(unit).filter(|unit| !has_bad || unit.declares());
                return (unit, tokens.end);
            }
            Err(failure) => failure,
        };
        self.failures += 1;
        let semicolon = failure.expected.iter().any(|word| word == "\";\"");
        let ends_here = failure.at == tokens.end || self.tokens[failure.at].first_on_line;
        if semicolon && ends_here && failure.at > tokens.start {
            let used = tokens.start..failure.at;
            let unit = self.attempt(read, used, true, base).ok();
            if !explained {
                let last = self.tokens[failure.at - 1].span;
                self.diagnostics.push(messages::missing_semicolon(last));
            }
            return (unit, failure.at);
        }
        if !explained {
            self.report(read, &tokens, &failure);
        }
        self.failed_upto = Some(tokens.end);
        (None, tokens.end)
    }

    /// Whether the unit that starts at `start` is on the line on which one has failed.
    fn continues_mistake(&self, start: usize) -> bool {
        self.failed_upto == Some(start) && !self.tokens[start].first_on_line
    }

    fn report(&mut self, read: TokenKind, tokens: &Range<usize>, failure: &Failure) {
        let unit = &self.tokens[tokens.clone()];
        let at = failure.at - tokens.start;
        let diagnostic = messages::syntax_error(self.text, read, unit, at, &failure.expected);
        self.diagnostics.push(diagnostic);
    }

    /// Runs the grammar over `tokens`, with a `;` after them if `semicolon`.
    fn attempt(
        &mut self,
        read: TokenKind,
        tokens: Range<usize>,
        semicolon: bool,
        base: u32,
    ) -> Result<Unit, Failure> {
        let docs = self.doc_lines(&tokens, base);
        let mut context = Context::new(&self.text[base as usize..], docs);
        let end = self.end_of(tokens.end) - base;
        let first = (0, read, 0);
        let last = semicolon.then_some((end, TokenKind::Semicolon, end));
        let middle = terminals(&self.tokens[tokens.clone()], base);
        let stream = std::iter::once(first).chain(middle).chain(last);
        let result = grammar::UnitParser::new().parse(&mut context, stream);
        let unit = result.map_err(|error| self.failure(error, &tokens, base))?;
        let Context {
            docs,
            diagnostics,
            angles,
            loose_marks,
            ..
        } = context;
        let loose = loose_marks.into_iter().map(messages::loose_mark);
        let diagnostics = diagnostics.into_iter().chain(loose);
        let placed = diagnostics.map(|d| d.placed(FileId::default(), base));
        self.diagnostics.extend(placed);
        self.angles.extend(angles.iter().map(|at| at + base));
        self.attach_all_but(&tokens, &docs, base);
        Ok(unit)
    }

    fn failure(
        &self,
        error: lalrpop_util::ParseError<u32, TokenKind, std::convert::Infallible>,
        tokens: &Range<usize>,
        base: u32,
    ) -> Failure {
        use lalrpop_util::ParseError as E;
        let (at, expected) = match error {
            E::UnrecognizedToken { token, expected } => {
                let start = token.0 + base;
                let unit = &self.tokens[tokens.clone()];
                let index = unit.partition_point(|t| t.span.start < start);
                (tokens.start + index, expected)
            }
            E::UnrecognizedEof { expected, .. } => (tokens.end, expected),
            E::ExtraToken { token } => {
                let start = token.0 + base;
                let unit = &self.tokens[tokens.clone()];
                (
                    tokens.start + unit.partition_point(|t| t.span.start < start),
                    Vec::new(),
                )
            }
            E::InvalidToken { .. } => (tokens.end, Vec::new()),
            E::User { error } => match error {},
        };
        Failure { at, expected }
    }

    /// Whether the lexer has something to say about the unit.
    fn has_bad(&self, tokens: &Range<usize>) -> bool {
        let unit = &self.tokens[tokens.clone()];
        unit.iter().any(|token| token.kind == TokenKind::Bad)
    }
}

/// The tokens as the grammar wants them: counted from `base`, without bad ones, and with the braces of
/// records told from others.
fn terminals(tokens: &[Token], base: u32) -> impl Iterator<Item = (u32, TokenKind, u32)> {
    let mut last = TokenKind::Semicolon;
    let good = tokens.iter().filter(|token| token.kind != TokenKind::Bad);
    good.map(move |token| {
        let kind = match token.kind {
            TokenKind::OpenBrace if last == TokenKind::Upper => TokenKind::OpenRecord,
            kind => kind,
        };
        last = kind;
        (token.span.start - base, kind, token.span.end - base)
    })
}

/// The index after the attributes that start at `at`.
pub fn after_attributes(tokens: &[Token], mut at: usize, end: usize) -> usize {
    while at < end && tokens[at].kind == TokenKind::Hash {
        let rest = &tokens[at..end];
        let close = rest.iter().position(|t| t.kind == TokenKind::CloseBracket);
        match close {
            Some(len) => at += len + 1,
            None => break,
        }
    }
    at
}
