//! What the text before a cursor says of the place: in which block and statement it is, inside which brackets,
//! and what the word is that is being written. It needs no program, so that it answers in the middle of a word.

use crate::base::Span;
use crate::syntax::{Token, TokenKind as T, lex};

/// What the block around a statement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Items,
    Rules,
    Spec,
    Steps,
    /// Parts of a lattice or of a component that is not written in Bloom.
    Parts,
}

/// A bracket that is open at the cursor, in its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bracket {
    /// The token that opens it.
    pub open: usize,
    /// How many commas of its own there are before the cursor.
    pub commas: usize,
    /// The first token of the argument that the cursor is in.
    pub argument: usize,
}

#[derive(Debug)]
pub(super) struct Cursor<'t> {
    /// All of it, for places count from its start.
    pub text: &'t str,
    /// Of the stretch that is read.
    pub tokens: Vec<Token>,
    /// How many tokens are before the word.
    pub at: usize,
    /// What is written of the word so far.
    pub word: Span,
    pub block: Block,
    /// The first token of the statement.
    pub start: usize,
    /// From the outermost on.
    pub brackets: Vec<Bracket>,
}

impl<'t> Cursor<'t> {
    /// None inside of comments, texts and numbers. Of the text only the stretch is read, at which items begin and end
    /// and in which the offset is.
    pub fn new(text: &'t str, stretch: Span, offset: u32) -> Option<Self> {
        let mut lexed = lex(&text[stretch.range()]);
        for token in &mut lexed.tokens {
            token.span = token.span.shifted(stretch.start);
        }
        for comment in &mut lexed.comments {
            comment.span = comment.span.shifted(stretch.start);
        }
        let inside = |span: Span| span.start < offset && offset < span.end;
        let in_comment = lexed.comments.iter().any(|comment| {
            let is_line = text[comment.span.range()].starts_with("//");
            inside(comment.span) || is_line && comment.span.end == offset
        });
        if in_comment {
            return None;
        }
        let tokens = lexed.tokens;
        let mut at = tokens.partition_point(|token| token.span.end < offset);
        let mut word = Span::at(offset);
        // The token that ends here, or goes on behind here.
        if let Some(token) = tokens.get(at).filter(|token| token.span.start < offset) {
            let written = &text[token.span.start as usize..offset as usize];
            if written.chars().all(|c| c.is_alphanumeric() || c == '_') {
                if written.starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                word = Span::new(token.span.start, offset);
            } else if inside(token.span) {
                return None;
            } else {
                at += 1;
            }
        }
        let mut cursor = Self {
            text,
            tokens,
            at,
            word,
            block: Block::Items,
            start: 0,
            brackets: Vec::new(),
        };
        cursor.read();
        Some(cursor)
    }

    /// Goes through the tokens before the cursor.
    fn read(&mut self) {
        let mut blocks: Vec<Block> = Vec::new();
        for at in 0..self.at {
            match self.tokens[at].kind {
                T::Semicolon => {
                    // No bracket holds a statement's end: what is open was left open by mistake.
                    self.brackets.clear();
                    self.start = at + 1;
                }
                T::OpenBrace => match self.opens(at) {
                    Some(block) if self.brackets.is_empty() => {
                        blocks.push(std::mem::replace(&mut self.block, block));
                        self.start = at + 1;
                    }
                    _ => self.open(at),
                },
                T::OpenParen | T::OpenBracket => self.open(at),
                T::CloseBrace if self.brackets.is_empty() => {
                    self.block = blocks.pop().unwrap_or(Block::Items);
                    self.start = at + 1;
                }
                T::CloseBrace | T::CloseParen | T::CloseBracket => {
                    self.brackets.pop();
                    // Records and enums end with their brace.
                    let ends = self.tokens[at].kind == T::CloseBrace
                        && self.brackets.is_empty()
                        && matches!(self.word_at(self.start), "record" | "enum");
                    if ends {
                        self.start = at + 1;
                    }
                }
                T::Comma => {
                    if let Some(bracket) = self.brackets.last_mut() {
                        bracket.commas += 1;
                        bracket.argument = at + 1;
                    }
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, at: usize) {
        self.brackets.push(Bracket {
            open: at,
            commas: 0,
            argument: at + 1,
        });
    }

    /// The block that a brace opens, by how the statement begins; none of a row, record, set or map.
    fn opens(&self, brace: usize) -> Option<Block> {
        let header = brace - self.start;
        let second = self.tokens.get(self.start + 1).map(|token| token.kind);
        match self.word_at(self.start) {
            "module" | "protocol" if header > 1 => Some(Block::Items),
            "node" if second == Some(T::Upper) => Some(Block::Items),
            "rules" if header == 2 => Some(Block::Rules),
            "bootstrap" if header == 1 => Some(Block::Rules),
            "spec" if header == 2 => Some(Block::Spec),
            "test" if second == Some(T::Str) => Some(Block::Steps),
            "fault" if self.word_at(self.start + 1) == "test" => Some(Block::Steps),
            "lattice" | "extern" if header > 1 => Some(Block::Parts),
            _ => None,
        }
    }

    /// The text of a token before the cursor; nothing of one that is not.
    pub fn word_at(&self, token: usize) -> &'t str {
        match self.tokens.get(token) {
            Some(found) if token < self.at => &self.text[found.span.range()],
            _ => "",
        }
    }

    /// The kind of the n-th token before the word, from 1 on, in the statement.
    pub fn before(&self, n: usize) -> Option<T> {
        let at = self.at.checked_sub(n).filter(|&at| at >= self.start)?;
        Some(self.tokens[at].kind)
    }

    pub fn is_first(&self) -> bool {
        self.at == self.start
    }

    /// The names parted by dots that end just before a token.
    pub fn path_before(&self, token: usize) -> Vec<&'t str> {
        let mut path = Vec::new();
        let mut at = token;
        while at > self.start {
            let kind = self.tokens[at - 1].kind;
            if !(kind.is_lower_name() || kind == T::Upper) {
                break;
            }
            path.push(self.word_at(at - 1));
            match at.checked_sub(2).filter(|&dot| dot >= self.start) {
                Some(dot) if self.tokens[dot].kind == T::Dot => at = dot,
                _ => break,
            }
        }
        path.reverse();
        path
    }

    /// The innermost bracket that is open.
    pub fn bracket(&self) -> Option<Bracket> {
        self.brackets.last().copied()
    }

    pub fn kind(&self, token: usize) -> Option<T> {
        self.tokens.get(token).map(|token| token.kind)
    }

    /// The tokens of the statement, those behind the cursor included.
    pub fn statement(&self) -> &[Token] {
        let rest = &self.tokens[self.start..];
        let end = rest.iter().position(|token| token.kind == T::Semicolon);
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Whether the statement declares a collection, rather than deriving into one that is called so.
    pub fn is_collection(&self) -> bool {
        let kind = self.kind(self.start).filter(|_| self.start < self.at);
        kind.is_some_and(T::is_collection_kind)
            && self.kind(self.start + 1).is_some_and(T::is_lower_name)
    }
}
