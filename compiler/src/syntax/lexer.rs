//! From text to tokens, with comments put aside.
//!
//! A string with interpolations becomes several tokens, `"text {`, `} text {`, `} text"`, with those of the
//! expressions between them; so the stack of open strings lives here, not in a recursion. A string that does
//! not end on its line is a [`TokenKind::Bad`] token, which gives back the brackets and `;` at the line's end:
//! they were most likely meant to be outside.

use super::token::{Token, TokenKind};
use crate::base::{Code, Diagnostic, FileId, FileSpan, Span, codes};
use logos::Logos;

/// What [`lex`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Lexed {
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
    /// One for each [`TokenKind::Bad`] token, and one for a block comment without its end.
    pub diagnostics: Vec<Diagnostic>,
}

/// A comment and the token that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
    pub kind: CommentKind,
    /// The index among the tokens of the one that comes next.
    pub before: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentKind {
    /// `// …` or `/* … */`
    Plain,
    /// `/// …`
    Doc,
    /// `//! …`
    ModuleDoc,
}

const RAW_HASHES_MAX: usize = 8;

pub fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        raw: TokenKind::lexer(text),
        open_strings: Vec::new(),
        raw_end_missing: [false; RAW_HASHES_MAX + 1],
        line_is_blank: true,
        line_seen: 0,
        out: Lexed::default(),
    };
    while lexer.step() {}
    lexer.give_up_strings();
    lexer.out
}

struct Lexer<'t> {
    text: &'t str,
    raw: logos::Lexer<'t, TokenKind>,
    open_strings: Vec<OpenString>,
    /// For each number of hashes, whether no raw string with so many ends after this point.
    raw_end_missing: [bool; RAW_HASHES_MAX + 1],
    line_is_blank: bool,
    /// The text up to here is reflected in `line_is_blank`.
    line_seen: usize,
    out: Lexed,
}

/// A string around this point, inside an interpolation of which it is.
struct OpenString {
    /// The index of the token that opened the interpolation.
    token: usize,
    /// How many braces are open inside it.
    braces: u32,
}

/// How a stretch of string text ends.
enum StringEnd {
    Quote,
    Interpolation,
    Missing,
}

impl Lexer<'_> {
    /// Lexes one token or comment; false at the end of the text.
    fn step(&mut self) -> bool {
        let Some(result) = self.raw.next() else {
            return false;
        };
        let start = self.raw.span().start;
        match result {
            Ok(TokenKind::LineComment) => self.line_comment(),
            Ok(TokenKind::BlockComment) => self.block_comment(start),
            Ok(TokenKind::Quote) => self.string(start, TokenKind::Str, TokenKind::StrBegin),
            Ok(TokenKind::BytesQuote) => self.quoted(start, TokenKind::Bytes),
            Ok(TokenKind::AddressQuote) => self.quoted(start, TokenKind::Address),
            Ok(TokenKind::RawQuote) => self.raw_string(start),
            Ok(TokenKind::OpenBrace) => self.open_brace(),
            Ok(TokenKind::CloseBrace) => self.close_brace(start),
            Ok(TokenKind::Float) if self.follows_dot() => self.two_indices(start),
            Ok(TokenKind::BadNumber) => self.bad_number(start),
            Ok(kind) => self.push(kind, start, self.raw.span().end),
            Err(()) => self.bad_character(start),
        }
        true
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.see_line(start);
        self.out.tokens.push(Token {
            kind,
            span: span(start, end),
            first_on_line: self.line_is_blank,
        });
        self.line_is_blank = false;
        self.line_seen = end;
    }

    fn see_line(&mut self, upto: usize) {
        if self.text[self.line_seen..upto].contains('\n') {
            self.line_is_blank = true;
            self.give_up_strings();
        }
        self.line_seen = upto;
    }

    /// Reports the strings that are still open where a line ends.
    fn give_up_strings(&mut self) {
        if let Some(outermost) = self.open_strings.first() {
            let token = &mut self.out.tokens[outermost.token];
            token.kind = TokenKind::Bad;
            let range = token.span.range();
            self.report_unclosed(range.start, range.end);
        }
        self.open_strings.clear();
    }

    fn push_bad(&mut self, start: usize, end: usize, code: Code, message: &str, label: &str) {
        self.push(TokenKind::Bad, start, end);
        self.report(start, end, code, message, label);
    }

    fn report(&mut self, start: usize, end: usize, code: Code, message: &str, label: &str) {
        let place = FileSpan::new(FileId::default(), span(start, end));
        self.out
            .diagnostics
            .push(Diagnostic::new(code, place, message, label));
    }

    fn comment(&mut self, kind: CommentKind) {
        let range = self.raw.span();
        self.out.comments.push(Comment {
            span: span(range.start, range.end),
            kind,
            before: self.out.tokens.len(),
        });
    }

    fn line_comment(&mut self) {
        let text = self.raw.slice();
        let kind = if text.starts_with("//!") {
            CommentKind::ModuleDoc
        } else if text.starts_with("///") && !text.starts_with("////") {
            CommentKind::Doc
        } else {
            CommentKind::Plain
        };
        self.comment(kind);
    }

    fn block_comment(&mut self, start: usize) {
        let mut depth = 1usize;
        let rest = self.raw.remainder().as_bytes();
        let mut at = 0;
        while depth > 0 && at < rest.len() {
            let step = match &rest[at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    2
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
            at += step;
        }
        self.raw.bump(at);
        self.comment(CommentKind::Plain);
        if depth > 0 {
            let message = "this block comment has no end";
            self.report(
                start,
                start + 2,
                codes::E0109,
                message,
                "opened here, never closed by `*/`",
            );
        }
    }

    fn open_brace(&mut self) {
        let range = self.raw.span();
        self.push(TokenKind::OpenBrace, range.start, range.end);
        if let Some(string) = self.open_strings.last_mut() {
            string.braces += 1;
        }
    }

    fn close_brace(&mut self, start: usize) {
        self.see_line(start);
        match self.open_strings.last_mut() {
            Some(string) if string.braces == 0 => {
                self.open_strings.pop();
                self.string(start, TokenKind::StrEnd, TokenKind::StrMiddle);
                return;
            }
            Some(string) => string.braces -= 1,
            None => {}
        }
        self.push(TokenKind::CloseBrace, start, start + 1);
    }

    /// A stretch of string text, to be called `whole` if a quote ends it and `part` if an interpolation
    /// follows.
    fn string(&mut self, start: usize, whole: TokenKind, part: TokenKind) {
        let (len, end) = string_text(self.raw.remainder());
        self.raw.bump(len);
        let stop = self.raw.span().end;
        match end {
            StringEnd::Quote => self.push(whole, start, stop),
            StringEnd::Interpolation => {
                self.push(part, start, stop);
                self.open_strings.push(OpenString {
                    token: self.out.tokens.len() - 1,
                    braces: 0,
                });
            }
            StringEnd::Missing => self.unclosed(start),
        }
    }

    /// A string without interpolation.
    fn quoted(&mut self, start: usize, kind: TokenKind) {
        let rest = self.raw.remainder();
        let mut escaped = false;
        let end = rest.bytes().position(|byte| {
            let stop = !escaped && matches!(byte, b'"' | b'\n') || byte == b'\n';
            escaped = byte == b'\\' && !escaped;
            stop
        });
        match end {
            Some(at) if rest.as_bytes()[at] == b'"' => {
                self.raw.bump(at + 1);
                self.push(kind, start, self.raw.span().end);
            }
            at => {
                self.raw.bump(at.unwrap_or(rest.len()));
                self.unclosed(start);
            }
        }
    }

    fn raw_string(&mut self, start: usize) {
        let hashes = self.raw.slice().len() - 2;
        let close = format!("\"{}", "#".repeat(hashes));
        let rest = self.raw.remainder();
        let known_missing = self.raw_end_missing.get(hashes).copied().unwrap_or(true);
        let end = if known_missing {
            None
        } else {
            rest.find(&close)
        };
        if let Some(at) = end {
            self.raw.bump(at + close.len());
            self.push(TokenKind::Str, start, self.raw.span().end);
            return;
        }
        if let Some(missing) = self.raw_end_missing.get_mut(hashes) {
            *missing = true;
        }
        self.raw.bump(rest.find('\n').unwrap_or(rest.len()));
        self.unclosed(start);
    }

    /// Ends the token at the lexer's place, but for the brackets and `;` before it.
    fn unclosed(&mut self, start: usize) {
        self.open_strings.clear();
        let end = self.raw.span().end;
        let kept = self.text[start + 1..end]
            .trim_end_matches([')', '}', ']', ';', ',', ' ', '\t', '\r'])
            .len();
        let end = start + 1 + kept;
        self.raw = TokenKind::lexer(self.text);
        self.raw.bump(end);
        self.push(TokenKind::Bad, start, end);
        self.report_unclosed(start, end);
    }

    fn report_unclosed(&mut self, start: usize, end: usize) {
        let label = "a string ends on its line with `\"`";
        self.report(start, end, codes::E0106, "this string has no end", label);
    }

    fn follows_dot(&self) -> bool {
        let last = self.out.tokens.last();
        last.is_some_and(|last| last.kind == TokenKind::Dot)
    }

    /// `t.0.1`: what looks like a number with a fraction is two indices.
    fn two_indices(&mut self, start: usize) {
        let end = self.raw.span().end;
        let dot = start + self.raw.slice().find('.').unwrap_or(end - start);
        self.push(TokenKind::Int, start, dot);
        if dot < end {
            self.push(TokenKind::Dot, dot, dot + 1);
            self.push(TokenKind::Int, dot + 1, end);
        }
    }

    fn bad_number(&mut self, start: usize) {
        let end = self.raw.span().end;
        let message = format!("`{}` is not a number", self.raw.slice());
        self.push_bad(
            start,
            end,
            codes::E0108,
            &message,
            "digits run into letters here",
        );
    }

    /// Text in single quotes, as other languages have it.
    fn single_quotes(&mut self, start: usize) {
        let rest = self.raw.remainder();
        let close = rest
            .find(['\'', '\n'])
            .filter(|&at| rest[at..].starts_with('\''));
        if let Some(at) = close {
            self.raw.bump(at + 1);
        }
        self.push_bad(
            start,
            self.raw.span().end,
            codes::E0105,
            "`'` is not part of the language",
            "text stands in double quotes",
        );
    }

    fn bad_character(&mut self, start: usize) {
        let mut end = self.raw.span().end.max(start + 1);
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        if self.raw.span().end < end {
            self.raw.bump(end - self.raw.span().end);
        }
        if let Some(last) = self.out.tokens.last_mut()
            && last.kind == TokenKind::Bad
            && last.span.end as usize == start
        {
            last.span.end = offset(end);
            if let Some(diagnostic) = self.out.diagnostics.last_mut() {
                diagnostic.primary.span.end = offset(end);
            }
            self.line_seen = end;
            return;
        }
        if self.text[start..end] == *"'" {
            self.single_quotes(start);
            return;
        }
        let shown: String = self.text[start..end].escape_debug().collect();
        let message = format!("`{shown}` is not part of the language");
        self.push_bad(
            start,
            end,
            codes::E0105,
            &message,
            "remove it, or put it in a string",
        );
    }
}

/// How long the stretch of string text at the start of `rest` is, its end included, and how it ends.
fn string_text(rest: &str) -> (usize, StringEnd) {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'"', ..] => return (at + 1, StringEnd::Quote),
            [b'\n', ..] => return (at, StringEnd::Missing),
            [b'\\', b'u', b'{', ..] => at += 3,
            [b'\\', b'\n', ..] => at += 1,
            [b'\\', _, ..] | [b'{', b'{', ..] => at += 2,
            [b'{', ..] => return (at + 1, StringEnd::Interpolation),
            _ => at += 1,
        }
    }
    (bytes.len(), StringEnd::Missing)
}

fn span(start: usize, end: usize) -> Span {
    Span::new(offset(start), offset(end))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a text longer than SOURCE_BYTES_MAX is not lexed")
}
