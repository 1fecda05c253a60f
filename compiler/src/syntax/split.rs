//! Cuts tokens into units that are parsed one by one: items, headers of blocks, rules, steps.
//!
//! A unit ends with its `;`, for no unit but a block has a `;` inside; so a mistake stays in its unit
//! whatever it did to the brackets. What braces of blocks are missing or too many is decided here, once
//! strictly and, where that leaves some over, again by how the lines are indented. Iterative, so that any
//! depth of nesting is safe.

use super::token::{Token, TokenKind};
use std::cell::Cell;
use std::ops::Range;

/// Blocks nest no deeper than this.
pub const BLOCK_DEPTH_MAX: usize = 32;

/// An attribute is no longer than this.
const ATTRIBUTE_TOKENS_MAX: usize = 1000;

/// The start of a line is looked for in so many tokens.
const LINE_TOKENS_MAX: usize = 1000;

/// A unit, and the body if it is the header of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Indices of tokens; of a header the opening brace is the last.
    pub tokens: Range<usize>,
    pub body: Option<Body>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub mode: Mode,
    pub pieces: Vec<Piece>,
    /// The index after the closing brace, or after the last token inside where that is missing.
    pub end: usize,
}

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Items,
    Rules,
    SpecLines,
    Steps,
    LatticeParts,
    ExternParts,
}

/// A brace that has no partner, or one too many around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A closing brace that closes nothing.
    Stray(usize),
    /// An opening brace that is never closed.
    Unclosed(usize),
    /// A block nested too deeply; the rest of the text is left out.
    TooDeep(usize),
}

impl Piece {
    /// The index after the last token of the piece, its body included.
    pub fn end(&self) -> usize {
        self.body.as_ref().map_or(self.tokens.end, |body| body.end)
    }
}

/// What [`split`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub pieces: Vec<Piece>,
    pub mismatches: Vec<Mismatch>,
    /// Whether each piece was cut without regard to those before it: no brace is missing or too many.
    pub is_regular: bool,
    /// Whether some piece would have gone on, had there been more tokens.
    pub looks_beyond: bool,
}

/// Cuts all of `tokens`, the lexed `text`.
pub fn split(text: &str, tokens: &[Token]) -> Split {
    let strict = Splitter::new(text, tokens, false).run();
    if strict.mismatches.is_empty() {
        return strict;
    }
    Splitter::new(text, tokens, true).run()
}

struct Splitter<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// Whether blocks end where indentation says so.
    by_indentation: bool,
    at: usize,
    open: Vec<Frame>,
    top: Vec<Piece>,
    mismatches: Vec<Mismatch>,
    /// How many closing braces may come that units before have opened by mistake.
    forgiven: usize,
    is_regular: bool,
    looks_beyond: Cell<bool>,
}

/// A block that is open.
struct Frame {
    header: Range<usize>,
    mode: Mode,
    pieces: Vec<Piece>,
    /// Of the line that the header starts on.
    indentation: usize,
}

impl<'t> Splitter<'t> {
    fn new(text: &'t str, tokens: &'t [Token], by_indentation: bool) -> Self {
        Self {
            text,
            tokens,
            by_indentation,
            at: 0,
            open: Vec::new(),
            top: Vec::new(),
            mismatches: Vec::new(),
            forgiven: 0,
            is_regular: true,
            looks_beyond: Cell::new(false),
        }
    }

    fn run(mut self) -> Split {
        while let Some(token) = self.tokens.get(self.at) {
            if self.by_indentation && self.outside_by_indentation(token) {
                self.close_unclosed();
            } else if token.kind == TokenKind::CloseBrace {
                self.closing_brace();
            } else {
                self.unit();
            }
        }
        while !self.open.is_empty() {
            self.close_unclosed();
        }
        Split {
            pieces: self.top,
            is_regular: self.is_regular && !self.by_indentation && self.mismatches.is_empty(),
            mismatches: self.mismatches,
            looks_beyond: self.looks_beyond.get(),
        }
    }

    /// Whether the line that starts here stands too far left to be inside the innermost block.
    fn outside_by_indentation(&self, token: &Token) -> bool {
        token.first_on_line
            && token.kind != TokenKind::CloseBrace
            && self.open.last().is_some_and(|frame| {
                self.indentation(self.at) <= frame.indentation && self.at > frame.header.end
            })
    }

    fn closing_brace(&mut self) {
        let plausible = self.open.last().is_some_and(|frame| {
            let token = &self.tokens[self.at];
            !self.by_indentation
                || (token.first_on_line && self.indentation(self.at) <= frame.indentation)
                || (self.same_line(frame.header.end - 1, self.at))
        });
        self.at += 1;
        if plausible {
            self.close();
        } else if self.forgiven > 0 {
            self.forgiven -= 1;
        } else {
            self.mismatches.push(Mismatch::Stray(self.at - 1));
        }
    }

    fn close_unclosed(&mut self) {
        if let Some(frame) = self.open.last() {
            let brace = frame.header.end - 1;
            if self.tokens[brace].kind == TokenKind::OpenBrace {
                self.mismatches.push(Mismatch::Unclosed(brace));
            }
        }
        self.close();
    }

    fn close(&mut self) {
        if let Some(frame) = self.open.pop() {
            self.push(Piece {
                tokens: frame.header,
                body: Some(Body {
                    mode: frame.mode,
                    pieces: frame.pieces,
                    end: self.at,
                }),
            });
        }
    }

    fn push(&mut self, piece: Piece) {
        match self.open.last_mut() {
            Some(frame) => frame.pieces.push(piece),
            None => self.top.push(piece),
        }
    }

    fn mode(&self) -> Mode {
        self.open.last().map_or(Mode::Items, |frame| frame.mode)
    }

    /// Cuts the unit that starts here, which is at least one token long.
    fn unit(&mut self) {
        let start = self.at;
        let word = self.after_attributes(start);
        if self.mode() == Mode::Items {
            if let Some(mode) = self.block(word)
                && let Some(end) = self.header_end(word)
            {
                self.open_block(start..end, mode);
                return;
            }
            if self.is_braced_item(word) {
                self.at = self.braced_end(word);
                self.push_unit(start);
                return;
            }
        }
        self.at = self.unit_end(start.max(word));
        self.push_unit(start);
    }

    fn push_unit(&mut self, start: usize) {
        let unit = &self.tokens[start..self.at];
        let opened = unit.iter().filter(|t| t.kind == TokenKind::OpenBrace);
        let closed = unit.iter().filter(|t| t.kind == TokenKind::CloseBrace);
        let unclosed = opened.count().saturating_sub(closed.count());
        self.forgiven += unclosed;
        self.is_regular &= unclosed == 0;
        self.push(Piece {
            tokens: start..self.at,
            body: None,
        });
    }

    fn open_block(&mut self, header: Range<usize>, mode: Mode) {
        if self.open.len() == BLOCK_DEPTH_MAX {
            self.mismatches.push(Mismatch::TooDeep(header.start));
            self.at = self.tokens.len();
            // The blocks around are cut short by this, so their braces are not missed.
            while !self.open.is_empty() {
                self.close();
            }
            return;
        }
        self.at = header.end;
        let indentation = self.line_indentation(header.start);
        self.open.push(Frame {
            header,
            mode,
            pieces: Vec::new(),
            indentation,
        });
    }

    /// The index of the first token after the attributes at `at`.
    fn after_attributes(&self, mut at: usize) -> usize {
        while self.kind(at) == Some(TokenKind::Hash)
            && self.kind(at + 1) == Some(TokenKind::OpenBracket)
        {
            let rest = &self.tokens[at..self.tokens.len().min(at + ATTRIBUTE_TOKENS_MAX)];
            let close = rest
                .iter()
                .position(|t| matches!(t.kind, TokenKind::CloseBracket | TokenKind::Semicolon));
            match close {
                Some(len) if rest[len].kind == TokenKind::CloseBracket => at += len + 1,
                Some(_) => break,
                None => {
                    self.looks_beyond.set(true);
                    break;
                }
            }
        }
        at
    }

    /// What the block that starts at `at` holds, if one does.
    fn block(&self, at: usize) -> Option<Mode> {
        use TokenKind as T;
        let next = self.kind(at + 1);
        let names = |kind: Option<T>| kind.is_some_and(|k| k.is_lower_name() || k == T::Upper);
        match self.kind(at)? {
            T::Bootstrap => Some(Mode::Rules),
            T::Rules if names(next) => Some(Mode::Rules),
            T::Module | T::Node | T::Protocol if names(next) => Some(Mode::Items),
            T::Spec if names(next) => Some(Mode::SpecLines),
            T::Test if matches!(next, Some(T::Str | T::Bad)) => Some(Mode::Steps),
            T::Fault if next == Some(T::Test) => Some(Mode::Steps),
            T::Lattice if names(next) => Some(Mode::LatticeParts),
            T::Extern if next == Some(T::Node) => Some(Mode::ExternParts),
            kind => self.broken_block(kind, at),
        }
    }

    /// What the block holds of which this seems to be the broken header: its line ends with `{`.
    fn broken_block(&self, kind: TokenKind, at: usize) -> Option<Mode> {
        use TokenKind as T;
        let line = self.tokens[at + 1..].iter().take(LINE_TOKENS_MAX);
        let line: Vec<T> = line
            .take_while(|token| !token.first_on_line)
            .map(|token| token.kind)
            .collect();
        // Not the line of another unit that ends so: `const a = match "b" {`, `tick; test "t" {`.
        let is_test = match line.as_slice() {
            [words @ .., T::Str, T::OpenBrace] => words.iter().all(|word| word.is_lower_name()),
            [T::OpenBrace] => kind == T::Str,
            _ => false,
        };
        if is_test {
            return Some(Mode::Steps);
        }
        let is_row = matches!(line.first(), Some(T::OpenBrace | T::OpenParen | T::Dot));
        if is_row || line.last() != Some(&T::OpenBrace) {
            return None;
        }
        match kind {
            T::Rules => Some(Mode::Rules),
            T::Module | T::Node | T::Protocol => Some(Mode::Items),
            T::Spec => Some(Mode::SpecLines),
            T::Test => Some(Mode::Steps),
            _ => None,
        }
    }

    fn is_braced_item(&self, at: usize) -> bool {
        let next = self.kind(at + 1);
        matches!(self.kind(at), Some(TokenKind::Record | TokenKind::Enum))
            && next.is_some_and(|kind| kind.is_lower_name() || kind == TokenKind::Upper)
    }

    /// The index after the brace that opens the block whose header starts at `start`; where it seems to be
    /// missing, the index where it should be. `None` if this is no block after all: `lattice L(…);`.
    fn header_end(&self, start: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in start..self.tokens.len() {
            match self.tokens[at].kind {
                TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
                TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
                TokenKind::OpenBrace
                    if depth == 0 || (self.by_indentation && self.last_on_line(at)) =>
                {
                    return Some(at + 1);
                }
                TokenKind::Semicolon => return None,
                _ => {}
            }
            if self.by_indentation && at > start && depth == 0 && self.starts_body(at) {
                return Some(at);
            }
            if at > start + 1 && self.tokens[at].first_on_line && self.declares(at) {
                return None;
            }
        }
        self.looks_beyond.set(true);
        None
    }

    /// Whether a line starts at `at` that cannot go on with a header.
    fn starts_body(&self, at: usize) -> bool {
        use TokenKind as T;
        let continues = matches!(
            self.tokens[at].kind,
            T::OpenBrace
                | T::OpenParen
                | T::Colon
                | T::Comma
                | T::CloseParen
                | T::Replicated
                | T::Checks
                | T::With
        ) || matches!(
            self.tokens[at - 1].kind,
            T::Colon | T::Comma | T::Checks | T::With
        );
        self.tokens[at].first_on_line && !continues
    }

    /// The index after the record or enum that starts at `start`.
    fn braced_end(&self, start: usize) -> usize {
        let mut depth = 0usize;
        for at in start..self.tokens.len() {
            if at > start + 1 && self.tokens[at].first_on_line && self.declares(at) {
                return at;
            }
            match self.tokens[at].kind {
                TokenKind::OpenBrace => depth += 1,
                TokenKind::CloseBrace if depth <= 1 => return at + 1,
                TokenKind::CloseBrace => depth -= 1,
                TokenKind::Semicolon => return at + 1,
                _ => {}
            }
        }
        self.looks_beyond.set(true);
        self.tokens.len()
    }

    /// The index after the unit that starts at `start` and is no block.
    fn unit_end(&self, start: usize) -> usize {
        let mut braces = 0usize;
        for at in start..self.tokens.len() {
            if at > start + 1
                && self.tokens[at].first_on_line
                && !self.sorts(at)
                && self.declares(at)
            {
                return at;
            }
            match self.tokens[at].kind {
                TokenKind::Semicolon => return at + 1,
                TokenKind::OpenBrace => braces += 1,
                TokenKind::CloseBrace if braces > 0 => braces -= 1,
                TokenKind::CloseBrace if at > start && self.closes_block(at) => return at,
                _ => {}
            }
        }
        self.looks_beyond.set(true);
        self.tokens.len()
    }

    /// Whether the brace at `at`, before which a `;` is missing, closes the innermost block.
    fn closes_block(&self, at: usize) -> bool {
        self.open.last().is_some_and(|frame| {
            self.tokens[at].first_on_line
                || (self.last_on_line(at) && self.same_line(frame.header.end - 1, at))
        })
    }

    /// Whether the word at `at` is a name in an aggregate: `argmin(table by (node desc))` may be on several
    /// lines, one of which begins with it.
    fn sorts(&self, at: usize) -> bool {
        match self.kind(at + 1) {
            Some(TokenKind::By) => true,
            // What comes after the name of a declaration is neither.
            Some(TokenKind::Desc) => matches!(
                self.kind(at + 2),
                Some(TokenKind::Comma | TokenKind::CloseParen)
            ),
            _ => false,
        }
    }

    /// Whether the tokens at `at` can only be the start of a declaration.
    fn declares(&self, at: usize) -> bool {
        use TokenKind as T;
        let (Some(kind), Some(next)) = (self.kind(at), self.kind(at + 1)) else {
            return false;
        };
        let named = next.is_lower_name() || next == T::Upper;
        match kind {
            T::Bootstrap => next == T::OpenBrace,
            T::Fn => next.is_lower_name(),
            T::Test => next == T::Str,
            T::Monotone | T::Morphism => next == T::Fn,
            T::Fault => next == T::Test,
            T::Extern => next == T::Node,
            T::Import
            | T::Include
            | T::Type
            | T::Record
            | T::Enum
            | T::Const
            | T::Rules
            | T::Module
            | T::Protocol
            | T::Spec => named,
            // Not the `lattice L` among type parameters.
            T::Lattice => {
                let after = self.kind(at + 2);
                named && matches!(after, Some(T::OpenParen | T::Less | T::Lex))
            }
            T::Node | T::Seal => named && self.mode() == Mode::Items,
            T::Hash => next == T::OpenBracket,
            _ => kind.is_collection_kind() && named && self.kind(at + 2) == Some(T::OpenParen),
        }
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn last_on_line(&self, at: usize) -> bool {
        self.tokens
            .get(at + 1)
            .is_none_or(|next| next.first_on_line)
    }

    fn same_line(&self, from: usize, to: usize) -> bool {
        self.tokens[from + 1..=to].iter().all(|t| !t.first_on_line)
    }

    /// How far right the token at `at` stands.
    fn indentation(&self, at: usize) -> usize {
        let start = self.tokens[at].span.start as usize;
        let line = self.text[..start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        start - line
    }

    /// How far right the line starts that the token at `at` is on.
    fn line_indentation(&self, at: usize) -> usize {
        let mut back = (0..=at).rev().take(LINE_TOKENS_MAX);
        let first = back.find(|&i| self.tokens[i].first_on_line);
        self.indentation(first.unwrap_or(at))
    }
}
